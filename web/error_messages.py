"""What callers are told about a document or variables that cannot be used: names, types and places, never values.

graphql-core quotes the value at fault. It may be a session id in the wrong place, and it may be long; whoever sent it
has it, but answers and logs are read by others too.
"""

import re

MAX_MESSAGE_CHARACTERS = 500

# graphql-core's messages that end with a value: what remains of them is before the first match.
_FOUND = re.compile(r"[,;] found: |(?<=\?) Found: ")
_CANNOT_REPRESENT = re.compile(r"(cannot represent [a-z0-9 -]*value): ")
_ENUM_VALUE = re.compile(r"Value '.*' does not exist in ", re.DOTALL)
# Tokens that are values; names and punctuation stay.
_VALUE_TOKEN = re.compile(r"\b(String|BlockString|Int|Float) '.*'\.?$", re.DOTALL)


def without_values(message: str) -> str:
    """graphql-core's message without the values that it quotes, at most MAX_MESSAGE_CHARACTERS long."""
    if message.startswith("Syntax Error: "):
        message = _VALUE_TOKEN.sub(r"\1.", message)
    else:
        found = _FOUND.search(message)
        if found is not None:
            before = message[: found.start()]
            message = before if before.endswith("?") else f"{before}."
        represented = _CANNOT_REPRESENT.search(message)
        if represented is not None:
            message = f"{message[: represented.end(1)]}."
        message = _ENUM_VALUE.sub("The value does not exist in ", message, count=1)
    if len(message) > MAX_MESSAGE_CHARACTERS:
        message = f"{message[: MAX_MESSAGE_CHARACTERS - 1]}…"
    return message
