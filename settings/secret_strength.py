"""Which secrets are too easy to guess to sign or guard anything."""

import re
from itertools import pairwise

FEWEST_CHARACTERS = 16
FEWEST_DISTINCT = 8

# Words of which people make the secrets that they mean to replace later, and of examples: anywhere, or as whole words.
_ANYWHERE = re.compile(
    r"(?:change|replace)[-_ ]?(?:me|this|it)|placeholder|example|secret|passw(?:or|0r)d|default|insecure|"
    r"qwerty|asdfgh|letmein|foobar|0?123456789?0?|12345",
    re.IGNORECASE,
)
# fmt: off
_WORDS = frozenset({
    "a", "an", "and", "at", "be", "bar", "characters", "dev", "development", "dummy", "enough", "fixme", "foo",
    "for", "generate", "here", "hmac", "in", "insert", "it", "jwt", "key", "least", "long", "me", "must", "my",
    "of", "please", "prod", "production", "random", "real", "sample", "secure", "server", "signing", "some",
    "something", "string", "super", "test", "testing", "that", "the", "this", "to", "todo", "token", "value",
    "very", "with", "your", "32", "64", "256", "bit", "bits",
})
# fmt: on
FEWEST_LEFT = 6


def weakness(secret: str, *, least: int) -> str | None:
    """Why the secret must not be used; None: it may be. least: its fewest characters."""
    if len(secret) < least:
        return f"must have at least {least} characters"
    advice = "make one with: python3 -c 'import secrets; print(secrets.token_urlsafe(32))'"
    if len(set(secret)) < FEWEST_DISTINCT:
        return f"is too easy to guess: it has fewer than {FEWEST_DISTINCT} different characters; {advice}"
    if _is_repetition(secret):
        return f"is too easy to guess: it repeats itself; {advice}"
    if _is_sequence(secret):
        return f"is too easy to guess: it is a sequence such as abcdef; {advice}"
    words = re.split(r"[\W_]+", _ANYWHERE.sub(" ", secret).lower())
    if len(set("".join(word for word in words if word not in _WORDS))) < FEWEST_LEFT:
        return f"is too easy to guess: it is made of words such as changeme, secret and example; {advice}"
    return None


def _is_repetition(secret: str) -> bool:
    """Whether a part of at most half its length, said again and again, gives the whole."""
    return any(
        all(secret[index] == secret[index - period] for index in range(period, len(secret)))
        for period in range(1, len(secret) // 2 + 1)
    )


def _is_sequence(secret: str) -> bool:
    steps = [ord(second) - ord(first) for first, second in pairwise(secret.lower())]
    return sum(step in (-1, 0, 1) for step in steps) > len(steps) * 2 / 3
