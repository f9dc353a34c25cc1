"""The durations of cooldowns and backoffs, as pure functions. Times are seconds."""

from services.platform.backoff import Backoff, jitter_up

COOLDOWN = Backoff(base=2.0, cap=1800.0)
JITTER = 0.2
RISK_COOLDOWN_SECONDS = 600.0
"The first cooldown after risk control; each further one in a row is longer by this, up to the cap of COOLDOWN."
PERMISSION_COOLDOWN_SECONDS = 1800.0
FAILURES_BEFORE_COOLDOWN = 3
"Consecutive temporary failures before an account cools."
LIMIT_RECOVERY_SECONDS = 60.0
"A learned limit rises by one per interval without a refusal."
STEP_TRIES = 3
STEP_BACKOFF = Backoff(base=1.0, cap=60.0)


def cooldown_seconds(step: int, *, random: float, retry_after_seconds: float | None = None) -> float:
    """The duration of the `step`th cooldown in a row (from 1): 2, 4, 8 … 1800, plus up to 20 %; with Retry-After, the
    longer of both without jitter. random: from 0 to 1.
    """
    if retry_after_seconds is not None:
        return max(COOLDOWN.wait(step), retry_after_seconds)
    return min(COOLDOWN.cap, jitter_up(COOLDOWN.wait(step), JITTER, random))


def risk_seconds(step: int, *, random: float) -> float:
    """The cooldown after the `step`th refusal by risk control in a row: 600, 1200, 1800, plus up to 20 %."""
    return jitter_up(min(COOLDOWN.cap, RISK_COOLDOWN_SECONDS * step), JITTER, random)


def backoff_seconds(failures: int) -> float:
    """The backoff before a step is retried on the same account: 1, 2, 4 …; failures: from 1."""
    return STEP_BACKOFF.wait(failures)


def present_limit(learned: int | None, maximum: int, *, seconds_since: float) -> int:
    """The learned limit plus one per LIMIT_RECOVERY_SECONDS since it was learned, at most `maximum`."""
    if learned is None:
        return maximum
    return min(maximum, learned + int(max(0.0, seconds_since) // LIMIT_RECOVERY_SECONDS))
