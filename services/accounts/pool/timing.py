"""When to ask upstream how far a task is: pure functions over measured durations. Times are milliseconds.

Until a model's durations are known, pictures are asked for after 5 s and then about every 3 to 5 s, clips after 10 s
and then about every 5 to 10 s. Later the first poll comes when a result is likely.

Every wait has its jitter, so that accounts do not fall into step with each other: `roll` is a number from 0 to 1, by
chance. One roll is for all tasks that are asked about together, which so stay together.
"""

from collections.abc import Sequence

from models.enums import MediaKind
from services.platform.backoff import around, later

MAX_SAMPLES = 32
FEWEST_SAMPLES = 3
FIRST_POLL_MS = {MediaKind.IMAGE: 5_000, MediaKind.VIDEO: 10_000}
SHORTEST_INTERVAL_MS = {MediaKind.IMAGE: 3_000, MediaKind.VIDEO: 5_000}
LONGEST_INTERVAL_MS = {MediaKind.IMAGE: 5_000, MediaKind.VIDEO: 10_000}
EARLIEST_POLL_MS = 1_000
LONGEST_QUEUE_INTERVAL_MS = 30_000
DETACHED_INTERVAL_MS = 60_000
MISSING_INTERVAL_MS = 5_000
MISSING_MS = 60_000
"For so long a task may be missing from upstream's answers: it becomes visible late."
FAILED_POLL_MS = 5_000
UNCONFIRMED_INTERVAL_MS = 5_000
"Between two look-ups of a submit that had no answer."
JITTER = 0.2
FIRST_POLL_JITTER = 0.1
MARGIN_MS = 150


def quantile(durations_ms: Sequence[int], share: float) -> int:
    """The duration that `share` of the samples do not exceed; the list may not be empty."""
    ordered = sorted(durations_ms)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def usual_ms(kind: MediaKind, durations_ms: Sequence[int]) -> int:
    """How long a result usually takes: the 0.9 quantile; three first polls where nothing was measured."""
    return quantile(durations_ms, 0.9) if durations_ms else 3 * FIRST_POLL_MS[kind]


def first_poll_ms(kind: MediaKind, durations_ms: Sequence[int], *, roll: float) -> int:
    """From upstream's acceptance to the first poll: the median and a little more, once three results are known. Up to a
    tenth later, and never earlier: a result is hardly there yet then.
    """
    return int(later(_likely_ms(kind, durations_ms), FIRST_POLL_JITTER, roll))


def _likely_ms(kind: MediaKind, durations_ms: Sequence[int]) -> int:
    if len(durations_ms) < FEWEST_SAMPLES:
        return FIRST_POLL_MS[kind]
    return max(EARLIEST_POLL_MS, quantile(durations_ms, 0.5) + MARGIN_MS)


def next_poll_ms(
    kind: MediaKind, durations_ms: Sequence[int], *, age_ms: int, queue_position: int | None, roll: float
) -> int:
    """From a poll to the next one: short around the time at which results come, longer after it, and stretched while
    upstream has other tasks to do before this one; give or take a fifth. One that came too early waits until a result
    is likely, and up to a tenth longer. age_ms: since upstream took it.
    """
    shortest, longest = SHORTEST_INTERVAL_MS[kind], LONGEST_INTERVAL_MS[kind]
    if queue_position:
        return jittered_ms(min(LONGEST_QUEUE_INTERVAL_MS, longest + 1_000 * queue_position), roll)
    until_likely = _likely_ms(kind, durations_ms) - age_ms
    if until_likely > shortest:
        return int(later(until_likely, FIRST_POLL_JITTER, roll))
    return jittered_ms(shortest if age_ms < 2 * usual_ms(kind, durations_ms) else longest, roll)


def jittered_ms(wait_ms: int, roll: float) -> int:
    """The wait, give or take a fifth."""
    return int(around(wait_ms, JITTER, roll))


def missing_poll_ms(*, missing_ms: int, is_detached: bool, roll: float) -> int:
    """Until a task is asked about again that upstream's answer left out; missing_ms: for how long it has done so."""
    if missing_ms > MISSING_MS:
        return jittered_ms(DETACHED_INTERVAL_MS // 2, roll)
    return jittered_ms(DETACHED_INTERVAL_MS if is_detached else MISSING_INTERVAL_MS, roll)


def failed_poll_ms(*, is_out: bool, told_ms: int | None, roll: float) -> int:
    """Until an account is asked again that could not be: is_out, it needs a person first; told_ms: as long as upstream
    said, at least, but a minute at most, since time-outs go on and links of finished results end.
    """
    if is_out:
        return jittered_ms(DETACHED_INTERVAL_MS, roll)
    if told_ms is not None:
        told = int(later(told_ms, JITTER, roll))
        return told if told <= DETACHED_INTERVAL_MS else int(DETACHED_INTERVAL_MS * (1 - JITTER * roll))
    return jittered_ms(FAILED_POLL_MS, roll)


def with_sample(samples_ms: Sequence[int], sample_ms: int, most: int = MAX_SAMPLES) -> list[int]:
    """The newest samples with one more, at most so many."""
    return [*samples_ms, max(0, sample_ms)][-most:]
