"""Which secrets are too easy to guess to sign or guard anything."""

import re
from itertools import pairwise

FEWEST_CHARACTERS = 16
FEWEST_DISTINCT = 8

# Words of which people make the secrets that they mean to replace later, and of examples.
_PLACEHOLDERS = re.compile(
    r"changeme|change|replaceme|replace|placeholder|example|secret|password|passw0rd|passwd|default|insecure|"
    r"qwerty|asdfgh|letmein|admin|welcome|ekonte|random|string|characters|charac?ters?|long|enough|please|your|"
    r"token|signing|jwt|hmac|key|value|here|this|that|very|super|must|with|some|real|prod(?:uction)?|dev(?:elopment)?|"
    r"test(?:ing)?|server|secure|least|insert|todo|fixme|foobar|foo|bar|dummy|sample|my|me|to|at|in|be|an|of|the|and|"
    r"a(?![a-z])|for|it|0123456789|1234567890|123456789|12345678|1234567|123456|12345|1234",
    re.IGNORECASE,
)


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
    rest = re.sub(r"[\W_]+", "", _PLACEHOLDERS.sub("", secret))
    if len(set(rest.lower())) < FEWEST_DISTINCT:
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
    return sum(step in (-1, 0, 1) for step in steps) > len(steps) / 2
