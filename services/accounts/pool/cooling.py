"""How long an account is left alone: pure functions of plain values. Times are seconds."""

from services.platform.backoff import Backoff, jitter_up

COOLDOWN = Backoff(base=2.0, cap=1800.0)
JITTER = 0.2
RISK_COOLDOWN_SECONDS = 600.0
"The first wait after risk control; each one in a row is longer by as much, up to the cap of COOLDOWN."
PERMISSION_COOLDOWN_SECONDS = 1800.0
FAILURES_BEFORE_COOLDOWN = 3
"Failures in a row of calls that a wait may cure, before an account cools."
LIMIT_RECOVERY_SECONDS = 60.0
"A learned limit rises by one for each such time without a refusal."
STEP_TRIES = 3
STEP_BACKOFF = Backoff(base=1.0, cap=60.0)


def cooldown_seconds(step: int, *, random: float, told_seconds: float | None = None) -> float:
    """The wait of the `step`th cooldown in a row (from 1): 2, 4, 8 … 1800, up to a fifth longer; what upstream told
    (Retry-After) where that is longer. random: from 0 to 1.
    """
    if told_seconds is not None:
        return max(COOLDOWN.wait(step), told_seconds)
    return min(COOLDOWN.cap, jitter_up(COOLDOWN.wait(step), JITTER, random))


def risk_seconds(step: int, *, random: float) -> float:
    """The wait after the `step`th refusal by risk control in a row: 600, 1200, 1800 …, up to a fifth longer."""
    return jitter_up(min(COOLDOWN.cap, RISK_COOLDOWN_SECONDS * step), JITTER, random)


def backoff_seconds(failures: int) -> float:
    """The wait before a step is tried again on the same account: 1, 2, 4 …; failures count from 1."""
    return STEP_BACKOFF.wait(failures)


def present_limit(learned: int | None, most: int, *, seconds_since: float) -> int:
    """A learned limit as it stands now: it rises by one each LIMIT_RECOVERY_SECONDS, up to the account's own."""
    if learned is None:
        return most
    return min(most, learned + int(max(0.0, seconds_since) // LIMIT_RECOVERY_SECONDS))
