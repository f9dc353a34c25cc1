"""When to ask upstream how far a task is: pure functions over measured durations. Times are milliseconds.

Until a model's durations are known, pictures are asked for after 5 s and then every 3 to 5 s, clips after 10 s and then
every 5 to 10 s. Later the first look comes when a result is likely.
"""

from collections.abc import Sequence

from models.enums import MediaKind

MOST_SAMPLES = 32
FEWEST_SAMPLES = 3
FIRST_POLL_MS = {MediaKind.IMAGE: 5_000, MediaKind.VIDEO: 10_000}
SHORTEST_INTERVAL_MS = {MediaKind.IMAGE: 3_000, MediaKind.VIDEO: 5_000}
LONGEST_INTERVAL_MS = {MediaKind.IMAGE: 5_000, MediaKind.VIDEO: 10_000}
EARLIEST_POLL_MS = 1_000
LONGEST_QUEUE_INTERVAL_MS = 30_000
DETACHED_INTERVAL_MS = 60_000
MARGIN_MS = 150


def quantile(durations_ms: Sequence[int], share: float) -> int:
    """The duration that `share` of the samples do not exceed; the list may not be empty."""
    ordered = sorted(durations_ms)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def usual_ms(kind: MediaKind, durations_ms: Sequence[int]) -> int:
    """How long a result usually takes: the 0.9 quantile; three first looks where nothing was measured."""
    return quantile(durations_ms, 0.9) if durations_ms else 3 * FIRST_POLL_MS[kind]


def first_poll_ms(kind: MediaKind, durations_ms: Sequence[int]) -> int:
    """From upstream's acceptance to the first look: the median and a little more, once three results are known."""
    if len(durations_ms) < FEWEST_SAMPLES:
        return FIRST_POLL_MS[kind]
    return max(EARLIEST_POLL_MS, quantile(durations_ms, 0.5) + MARGIN_MS)


def next_poll_ms(kind: MediaKind, durations_ms: Sequence[int], *, age_ms: int, queue_position: int | None) -> int:
    """From a look to the next one: short around the time at which results come, longer after it, and stretched while
    upstream has other tasks to do before this one. age_ms: since upstream took it.
    """
    shortest, longest = SHORTEST_INTERVAL_MS[kind], LONGEST_INTERVAL_MS[kind]
    if queue_position:
        return min(LONGEST_QUEUE_INTERVAL_MS, longest + 1_000 * queue_position)
    until_likely = first_poll_ms(kind, durations_ms) - age_ms
    if until_likely > shortest:
        return until_likely
    return shortest if age_ms < 2 * usual_ms(kind, durations_ms) else longest


def with_sample(samples_ms: Sequence[int], sample_ms: int, most: int = MOST_SAMPLES) -> list[int]:
    """The newest samples with one more, at most so many."""
    return [*samples_ms, max(0, sample_ms)][-most:]
