"""How a charge is read from upstream's credit history, and from the balance before and after."""

import pytest

from models.enums import MediaKind
from providers.pooled import Charges
from services.accounts.settling import measured_by_balance, measured_by_history
from services.stores.charges import Unsettled


def unsettled_attempt(**values: object) -> Unsettled:
    known: dict[str, object] = {
        "id": 1,
        "job_id": 1,
        "kind": MediaKind.IMAGE,
        "submit_id": "s",
        "price_key": None,
        "credits_spent": None,
        "credits_source": None,
        "is_accepted": True,
        "has_failed": False,
        "accepted_at_ms": 1,
        "sent_at_ms": 1,
        "quota_day": None,
        "balance_before": None,
        "looked_until_ms": 1,
        "is_over": False,
    }
    return Unsettled(**{**known, **values})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("charges", "failed", "over", "expected"),
    [
        (Charges(), False, False, None),
        (Charges({"s": 5}), False, False, (5, False)),
        (Charges({"s": 0}), False, False, (0, False)),
        (Charges({"s": 5}), True, False, (5, True)),
        (Charges({"s": 5}), True, True, (5, False)),
        (Charges({"s": 5}, {"s": 5}), True, False, (0, False)),
        (Charges({"s": 5}, {"s": 2}), True, False, (3, False)),
        (Charges({"s": 5}, {"s": 9}), True, False, (0, False)),
        (Charges({"other": 5}), False, True, None),
    ],
)
def test_the_history_tells_a_charge(
    charges: Charges, failed: bool, over: bool, expected: tuple[int, bool] | None
) -> None:
    told = measured_by_history(unsettled_attempt(has_failed=failed, is_over=over), charges)
    assert (None if told is None else (told.credits, told.goes_on)) == expected


@pytest.mark.parametrize(
    ("before", "after", "charge"), [(100, 75, 25), (100, 100, None), (100, 160, None), (None, 5, None)]
)
def test_only_a_balance_that_fell_tells_a_charge(before: int | None, after: int, charge: int | None) -> None:
    told = measured_by_balance(unsettled_attempt(balance_before=before), after)
    assert (None if told is None else told.credits) == charge
