"""What follows a try of a callback: a pure rule."""

from services.notifications.callbacks.sending import Answer
from services.platform.backoff import later

WAITS_SECONDS = (5, 300, 1800, 7200, 18_000, 36_000, 36_000)
"After the first, second … failed try. After one more there is no further try."
JITTER = 0.1
MAX_TRIES = len(WAITS_SECONDS) + 1


def wait_ms(answer: Answer, failures: int, roll: float) -> int | None:
    """Milliseconds until the next try, at most 10 % more than the table says; None: there is none.

    failures: failed tries of this round, this one included. roll: from 0 up to 1, by chance.
    """
    if answer.is_final or failures > len(WAITS_SECONDS):
        return None
    return round(later(WAITS_SECONDS[failures - 1] * 1000, JITTER, roll))
