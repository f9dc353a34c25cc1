"""The cache: expiry and bounds."""

from providers.jimeng.caching import Cache


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_an_answer_is_used_again_until_its_time_is_over() -> None:
    clock = Clock()
    cache: Cache[int] = Cache(30, max_entries=10, clock=clock)
    cache.put("a", 1)
    cache.put("b", 2, seconds=60)
    clock.now = 29.9
    assert (cache.get("a"), cache.get("b")) == (1, 2)
    clock.now = 30
    assert (cache.get("a"), cache.get("b"), len(cache)) == (None, 2, 1)


def test_what_was_used_least_recently_goes_first() -> None:
    cache: Cache[int] = Cache(30, max_entries=2)
    cache.put("a", 1)
    cache.put("b", 2)
    assert cache.get("a") == 1
    cache.put("c", 3)
    assert (cache.get("a"), cache.get("b"), cache.get("c")) == (1, None, 3)


def test_an_answer_can_be_dropped_twice() -> None:
    cache: Cache[int] = Cache(30, max_entries=2)
    cache.put("a", 1)
    cache.drop("a")
    cache.drop("a")
    assert cache.get("a") is None
