import math
import random

import pytest

from services.notifications.statistics.histogram import GROWTH, bucket_of, middle_ms, quantile_ms


@pytest.mark.parametrize("time_ms", [1, 2, 999, 12_345, 86_400_000])
def test_a_bucket_stands_for_its_times_within_five_percent(time_ms: int) -> None:
    bucket = bucket_of(time_ms)
    assert GROWTH**bucket <= time_ms * (1 + 1e-12)
    assert time_ms < GROWTH ** (bucket + 1)
    assert abs(middle_ms(bucket) / time_ms - 1) < 0.05


def test_less_than_a_millisecond_counts_as_one() -> None:
    assert bucket_of(0) == bucket_of(1) == 0


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("count", [1, 2, 19, 20, 21, 500])
def test_a_quantile_is_that_of_the_times_within_five_percent(seed: int, count: int) -> None:
    random_ = random.Random(seed)
    times = sorted(int(random_.lognormvariate(10, 1)) for _ in range(count))
    counts: dict[int, int] = {}
    for time in times:
        counts[bucket_of(time)] = counts.get(bucket_of(time), 0) + 1
    for share in (0.5, 0.95, 1.0):
        found = quantile_ms(counts, share)
        assert found is not None
        assert abs(found / times[math.ceil(share * count) - 1] - 1) < 0.05


def test_of_nothing_there_is_no_quantile() -> None:
    assert quantile_ms({}, 0.95) is None
    assert quantile_ms({3: 0}, 0.95) is None
