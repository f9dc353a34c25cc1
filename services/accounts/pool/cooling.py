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
BRIEF_SECONDS = 30.0
"The shortest wait between two requests after risk control (protocol)."
DOUBT_SECONDS = 60.0
"The first rest after risk control that may be about the job: a minute later, another job finds out."
MODEL_LIMIT_CAP_SECONDS = 30.0
"The longest cooldown after too many concurrent tasks of a model: a slot of it may become free at any time."
HOLD_SECONDS = 300.0
"The longest time for which an account waits for its second look; the look itself ends it earlier."
PUNISHED_LOOKS = 6
"A punished account is held for so many times the delay of a second look before its probe."
_RELOOK_FACTORS = (1, 5, 15, 60, 360)
STEP_TRIES = 3
JOB_BACKOFF = Backoff(base=2.0, cap=60.0)
"The wait of a job that meets limits which other jobs do not meet."
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


def relook_seconds(looks: int, interval_seconds: float) -> float | None:
    """Seconds until the next look at an account that the server deactivated, after so many looks in a row that found it
    unusable: the interval, then 5, 15 and 60 times it, then 360 times it; None if the interval is 0, which turns the
    looks off. With the default of a minute: 1, 5, 15, 60 minutes and 6 hours.
    """
    if not interval_seconds:
        return None
    return interval_seconds * _RELOOK_FACTORS[min(max(0, looks), len(_RELOOK_FACTORS) - 1)]


def backoff_seconds(failures: int) -> float:
    """The backoff before a step is retried on the same account: 1, 2, 4 …; failures: from 1."""
    return STEP_BACKOFF.wait(failures)


def present_limit(learned: int | None, maximum: int, *, seconds_since: float) -> int:
    """The learned limit plus one per LIMIT_RECOVERY_SECONDS since it was learned, at most `maximum`."""
    if learned is None:
        return maximum
    return min(maximum, learned + int(max(0.0, seconds_since) // LIMIT_RECOVERY_SECONDS))
