"""Whose turn it is."""

from media.fair_queue import FairQueue


def served(queue: FairQueue) -> str:
    """Gives the next waiter a slot; returns its owner."""
    waiter = queue.next()
    assert waiter is not None
    queue.leave(waiter, with_slot=True)
    return waiter.owner


def test_a_waiting_owner_comes_before_anothers_second() -> None:
    queue = FairQueue()
    for owner in ("a", "a", "a", "b", "c"):
        queue.join(owner)
    assert [served(queue) for _ in range(5)] == ["a", "b", "c", "a", "a"]
    assert queue.next() is None


def test_of_equal_owners_the_one_served_longest_ago_is_next() -> None:
    queue = FairQueue()
    for owner in ("a", "b", "a", "b", "a"):
        queue.join(owner)
    order = []
    for _ in range(5):
        order.append(served(queue))
        queue.release(order[-1])
    assert order == ["a", "b", "a", "b", "a"]


def test_of_one_owner_the_first_that_came_is_next() -> None:
    queue = FairQueue()
    first, second = queue.join("a"), queue.join("a")
    assert queue.next() is first
    queue.leave(first, with_slot=False)
    assert queue.next() is second
    assert second.called.is_set()


def test_who_rests_is_passed_over() -> None:
    queue = FairQueue()
    first, other = queue.join("a"), queue.join("b")
    first.is_resting = True
    assert queue.next() is other
    other.is_resting = True
    assert queue.next() is None
    first.is_resting = False
    assert queue.next() is first


def test_nothing_is_kept_of_owners_who_have_gone() -> None:
    queue = FairQueue()
    for number in range(100):
        queue.join(str(number))
    for _ in range(100):
        queue.release(served(queue))
    queue.leave(queue.join("gone"), with_slot=False)
    assert (queue._waiting, dict(queue._held), queue._served) == ({}, {}, {})
