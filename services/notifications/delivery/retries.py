"""The retry schedule of callbacks, as a pure function."""

from services.notifications.delivery.sending import SendResult
from services.platform.backoff import jitter_up

WAITS_SECONDS = (5, 300, 1800, 7200, 18_000, 36_000, 36_000)
"Waits after the first, second … failed try. After one more failure there is no further try."
JITTER = 0.1
MAX_TRIES = len(WAITS_SECONDS) + 1


def wait_ms(response: SendResult, failures: int, roll: float) -> int | None:
    """Milliseconds until the next try, at most 10 % longer than in WAITS_SECONDS, or than the wait that the receiver
    asked for where that is longer; None if there is no further try.

    failures: failed tries of this round, including this one. roll: a random number from 0 up to 1.
    """
    if response.is_final or failures > len(WAITS_SECONDS):
        return None
    wait_seconds = max(WAITS_SECONDS[failures - 1], response.retry_after_seconds or 0.0)
    return round(jitter_up(wait_seconds * 1000, JITTER, roll))
