"""Poll intervals, as pure functions of measured durations. Times are milliseconds.

Until a model's durations are known, pictures are polled after 5 s and then about every 3 to 5 s, clips after 10 s and
then about every 5 to 10 s. Later, the first poll is sent when a result is likely.

Every wait has jitter, so that accounts do not poll in step: `roll` is a random number from 0 to 1. All tasks polled in
one request share a roll, so that they stay in one request.
"""

from collections.abc import Sequence

from models.enums import MediaKind
from providers.retry_after import MAX_RETRY_AFTER_SECONDS
from services.platform.backoff import jitter_around, jitter_up

MAX_SAMPLES = 32
MIN_SAMPLES = 3
FIRST_POLL_MS = {MediaKind.IMAGE: 5_000, MediaKind.VIDEO: 10_000}
MIN_INTERVAL_MS = {MediaKind.IMAGE: 3_000, MediaKind.VIDEO: 5_000}
MAX_INTERVAL_MS = {MediaKind.IMAGE: 5_000, MediaKind.VIDEO: 10_000}
MIN_FIRST_POLL_MS = 1_000
MAX_QUEUE_INTERVAL_MS = 30_000
DETACHED_INTERVAL_MS = 60_000
MISSING_INTERVAL_MS = 5_000
MISSING_MS = 60_000
"How long a task may be missing from upstream's responses: it becomes visible late."
FAILED_POLL_MS = 5_000
UNCONFIRMED_INTERVAL_MS = 5_000
"Between two look-ups of a submit that had no answer."
JITTER = 0.2
FIRST_POLL_JITTER = 0.1
MARGIN_MS = 150


def quantile(durations_ms: Sequence[int], share: float) -> int:
    """The quantile (share: 0 to 1) of the samples, which must not be empty."""
    ordered = sorted(durations_ms)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def usual_ms(kind: MediaKind, durations_ms: Sequence[int]) -> int:
    """The usual duration of a task: the 0.9 quantile, or three times FIRST_POLL_MS without samples."""
    return quantile(durations_ms, 0.9) if durations_ms else 3 * FIRST_POLL_MS[kind]


def first_poll_ms(kind: MediaKind, durations_ms: Sequence[int], *, roll: float) -> int:
    """The wait from upstream's acceptance to the first poll: the median plus MARGIN_MS, once three results are known.
    The jitter only adds up to 10 %, since an earlier poll rarely finds a result.
    """
    return int(jitter_up(_likely_ms(kind, durations_ms), FIRST_POLL_JITTER, roll))


def _likely_ms(kind: MediaKind, durations_ms: Sequence[int]) -> int:
    if len(durations_ms) < MIN_SAMPLES:
        return FIRST_POLL_MS[kind]
    return max(MIN_FIRST_POLL_MS, quantile(durations_ms, 0.5) + MARGIN_MS)


def next_poll_ms(
    kind: MediaKind, durations_ms: Sequence[int], *, age_ms: int, queue_position: int | None, roll: float
) -> int:
    """The wait between two polls, ± 20 %: short around the time of likely results, longer after it, and longer while
    the task is in upstream's queue. Before a result is likely, it waits until then plus up to 10 %. age_ms: since
    upstream accepted the task.
    """
    shortest, longest = MIN_INTERVAL_MS[kind], MAX_INTERVAL_MS[kind]
    if queue_position:
        return jittered_ms(min(MAX_QUEUE_INTERVAL_MS, longest + 1_000 * queue_position), roll)
    until_likely = _likely_ms(kind, durations_ms) - age_ms
    if until_likely > shortest:
        return int(jitter_up(until_likely, FIRST_POLL_JITTER, roll))
    return jittered_ms(shortest if age_ms < 2 * usual_ms(kind, durations_ms) else longest, roll)


def jittered_ms(wait_ms: int, roll: float) -> int:
    """The wait ± 20 %."""
    return int(jitter_around(wait_ms, JITTER, roll))


def missing_poll_ms(*, missing_ms: int, is_detached: bool, roll: float) -> int:
    """The wait until the next poll of a task missing from upstream's response. missing_ms: for how long it has been
    missing.
    """
    if missing_ms > MISSING_MS:
        return jittered_ms(DETACHED_INTERVAL_MS // 2, roll)
    return jittered_ms(DETACHED_INTERVAL_MS if is_detached else MISSING_INTERVAL_MS, roll)


def failed_poll_ms(*, is_deactivated: bool, retry_after_ms: int | None, roll: float) -> int:
    """The wait until an account is polled again after a failed poll. is_deactivated: a person has to reactivate it.
    retry_after_ms: how long upstream asks to wait, which is respected, up to half an hour.
    """
    if is_deactivated:
        return jittered_ms(DETACHED_INTERVAL_MS, roll)
    if retry_after_ms is not None:
        wait_ms = int(jitter_up(retry_after_ms, JITTER, roll))
        return max(jittered_ms(FAILED_POLL_MS, roll), min(int(MAX_RETRY_AFTER_SECONDS * 1000), wait_ms))
    return jittered_ms(FAILED_POLL_MS, roll)


def with_sample(samples_ms: Sequence[int], sample_ms: int, limit: int = MAX_SAMPLES) -> list[int]:
    """The samples with one appended, cut to the newest `limit`."""
    return [*samples_ms, max(0, sample_ms)][-limit:]
