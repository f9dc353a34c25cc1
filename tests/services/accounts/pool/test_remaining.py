"""What accounts can still make before their reset."""

from dataclasses import replace

import pytest

from models.enums import AccountStatus, MediaKind
from services.accounts.pool.choosing import Candidate, Cooldown
from services.accounts.pool.remaining import Product, remaining, sum_up

NOW = 1_000_000
HOUR_MS = 3_600_000
ACCOUNT = Candidate(id=1, site="CN", slot_limit=2, credit_balance=100, resets_at_ms=NOW + HOUR_MS)
PICTURE = Product("jimeng", "picture", MediaKind.IMAGE, ("CN",), price=4)
COOLING = Cooldown("IMAGE", "picture", NOW + HOUR_MS // 2, "Too many requests.")


@pytest.mark.parametrize(
    ("account", "product", "most"),
    [
        ({}, {}, 25),
        ({}, {"price": 16}, 6),
        ({"credit_balance": -3}, {}, 0),
        ({"daily_limit": 10, "used_today": 3}, {}, 7),
        ({"daily_limit": 3, "used_today": 9}, {}, 0),
        ({}, {"held_ms": HOUR_MS // 4}, 8),
        ({"cooldowns": (COOLING,)}, {"held_ms": HOUR_MS // 4}, 4),
        ({"cooldowns": (replace(COOLING, model="other"),)}, {"held_ms": HOUR_MS // 4}, 8),
        ({"exhausted_until_ms": NOW + HOUR_MS}, {}, 0),
        ({"status": AccountStatus.INACTIVE}, {}, 0),
        ({"site": "US"}, {}, 0),
    ],
)
def test_the_tightest_bound_counts(account: dict[str, object], product: dict[str, object], most: int) -> None:
    found = remaining(replace(ACCOUNT, **account), replace(PICTURE, **product), NOW)  # type: ignore[arg-type]
    assert (found.most, found.is_known) == (most, True)


@pytest.mark.parametrize(
    ("account", "product", "most"),
    [
        ({"credit_balance": None}, {}, None),
        ({}, {"price": None}, None),
        ({"credit_balance": None, "daily_limit": 5}, {}, 5),
        ({}, {"price": None, "held_ms": HOUR_MS}, 2),
    ],
)
def test_unknown_credits_leave_the_other_bounds(
    account: dict[str, object], product: dict[str, object], most: int | None
) -> None:
    found = remaining(replace(ACCOUNT, **account), replace(PICTURE, **product), NOW)  # type: ignore[arg-type]
    assert (found.most, found.is_known) == (most, False)


def test_sums_say_which_accounts_are_unknown() -> None:
    pool = {"jimeng": [ACCOUNT, replace(ACCOUNT, id=2, credit_balance=None), replace(ACCOUNT, id=3, site="US")]}
    dear = replace(PICTURE, model="dear", price=50)
    found = sum_up(pool, [PICTURE, dear], NOW)
    total = found.by_product[PICTURE]
    assert (total.count, total.at_least, total.at_most, total.unknown, total.able) == (None, 25, None, (2,), 2)
    assert (found.by_product[dear].at_least, found.total.at_least, found.total.unknown) == (2, 25, (2,))
    limited = {"jimeng": [ACCOUNT, replace(ACCOUNT, id=2, credit_balance=None, daily_limit=7)]}
    assert sum_up(limited, [PICTURE], NOW).total.at_most == 32
    assert sum_up({"jimeng": [ACCOUNT]}, [PICTURE, dear], NOW).total.count == 25


def test_an_empty_pool_makes_nothing() -> None:
    assert sum_up({}, [PICTURE], NOW).total.count == 0
