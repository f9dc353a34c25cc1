"""A logarithmic histogram of times: few whole numbers, from which quantiles come with a known error. Pure functions.

Bucket b holds the times from 1.1^b to 1.1^(b + 1) milliseconds and stands for their geometric middle, so a quantile
that is read from it lies within a factor of sqrt(1.1) of the true one: at most 4.9 % above and 4.7 % below.
"""

import math
from collections.abc import Mapping

GROWTH = 1.1


def bucket_of(time_ms: int) -> int:
    """The bucket of a time. One below a millisecond counts as a millisecond."""
    return math.floor(math.log(max(1, time_ms)) / math.log(GROWTH))


def middle_ms(bucket: int) -> float:
    return math.pow(GROWTH, bucket + 0.5)


def quantile_ms(counts: Mapping[int, int], share: float) -> float | None:
    """The time that a share of all (0 to 1) does not exceed, by nearest rank; None where there is none."""
    rank = math.ceil(share * sum(counts.values()))
    seen = 0
    for bucket in sorted(counts):
        seen += counts[bucket]
        if seen >= rank and counts[bucket] > 0:
            return middle_ms(bucket)
    return None
