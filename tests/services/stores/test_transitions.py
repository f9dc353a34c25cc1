"""What the check of a change of state allows and refuses."""

import pytest

from models.enums import BATCH_TRANSITIONS, BatchStatus
from services.stores.transitions import ForbiddenTransitionError, check_transition


def test_a_change_that_the_table_allows_from_every_expected_state_passes() -> None:
    check_transition(BATCH_TRANSITIONS, [BatchStatus.PENDING, BatchStatus.RUNNING], BatchStatus.PAUSED)


@pytest.mark.parametrize(
    "expected",
    [
        [BatchStatus.SUCCEEDED],
        [BatchStatus.RUNNING, BatchStatus.SUCCEEDED],  # one that may is not enough
        [BatchStatus.PAUSED],  # staying is no change
        [],
    ],
)
def test_a_change_that_one_expected_state_does_not_allow_is_an_error(expected: list[BatchStatus]) -> None:
    with pytest.raises(ForbiddenTransitionError):
        check_transition(BATCH_TRANSITIONS, expected, BatchStatus.PAUSED)
