"""What speaks against an account."""

from dataclasses import replace

import pytest

from models.enums import AccountStatus, MediaKind
from services.accounts.pool.choosing import (
    Candidate,
    Cooldown,
    Demand,
    check_eligibility,
    slots_reserved_for_urgent,
    waiting_reason,
)

NOW = 1_000_000
FREE = Candidate(id=1, site="CN", resets_at_ms=NOW + 9_000)
WANTED = Demand(kind=MediaKind.IMAGE, model="jimeng-4.5", sites=("CN", "US"), cost=4)


@pytest.mark.parametrize(
    ("changes", "reason", "until_ms"),
    [
        ({}, None, None),
        (
            {"status": AccountStatus.INACTIVE, "status_reason": "Its session has expired."},
            "INACTIVE: Its session",
            None,
        ),
        ({"status": AccountStatus.BANNED}, "BANNED", None),
        ({"site": "JP"}, "site JP does not offer", None),
        ({"exhausted_until_ms": NOW + 5}, "used up", NOW + 5),
        ({"exhausted_until_ms": NOW}, None, None),
        ({"cooldowns": (Cooldown("IMAGE", "", NOW + 7, "Too fast."),)}, "Cooling down: Too fast.", NOW + 7),
        ({"cooldowns": (Cooldown("", "", NOW + 7, "Too fast."),)}, "Cooling down", NOW + 7),
        ({"cooldowns": (Cooldown("VIDEO", "", NOW + 7, "Too fast."),)}, None, None),
        ({"cooldowns": (Cooldown("IMAGE", "jimeng-3.0", NOW + 7, "Risk."),)}, None, None),
        ({"cooldowns": (Cooldown("IMAGE", "", NOW, "Too fast."),)}, None, None),
        ({"cooldowns": (Cooldown("IMAGE", "", NOW, "Too fast.", is_probing=True),)}, "probe after a cooldown", None),
        ({"daily_limit": 3, "used_today": 3}, "daily limit of 3", NOW + 9_000),
        ({"credit_balance": 3}, "3 credits", NOW + 9_000),
        ({"credit_balance": 4}, None, None),
        ({"in_flight": 3}, "slots are in use", None),
        ({"kind_limit": 1, "in_flight": 1, "kind_in_flight": 1}, "slots are in use", None),
        ({"kind_limit": 1, "in_flight": 1, "kind_in_flight": 0}, None, None),
    ],
)
def test_the_eligibility_of_an_account(changes: dict[str, object], reason: str | None, until_ms: int | None) -> None:
    check = check_eligibility(replace(FREE, **changes), WANTED, NOW)  # type: ignore[arg-type]
    assert (check.reason is None) == (reason is None)
    assert reason is None or reason in str(check.reason)
    assert check.until_ms == until_ms


def test_what_a_job_waits_for_is_said_with_its_time() -> None:
    cooling = check_eligibility(replace(FREE, cooldowns=(Cooldown("", "", NOW + 9, "Too fast."),)), WANTED, NOW)
    later = check_eligibility(replace(FREE, exhausted_until_ms=NOW + 50), WANTED, NOW)
    assert waiting_reason([later, cooling]) == (
        "Waiting for an account. The next available one: Cooling down: Too fast.",
        NOW + 9,
    )
    busy = check_eligibility(replace(FREE, in_flight=3), WANTED, NOW)
    assert "free account slot" in waiting_reason([busy, cooling])[0]
    assert "createAccounts" in waiting_reason([])[0]


@pytest.mark.parametrize(
    ("slots", "percent", "kept"),
    [
        (0, 10, 0),
        (1, 10, 0),
        (1, 100, 0),
        (2, 10, 0),
        (3, 10, 0),
        (9, 10, 0),
        (9, 50, 4),
        (2, 100, 1),
        (10, 10, 1),
        (11, 10, 2),
        (60, 10, 6),
        (60, 0, 0),
        (30, 33.3, 10),
        (100, 7, 7),
    ],
)
def test_a_share_of_the_slots_is_kept_for_urgent_jobs(slots: int, percent: float, kept: int) -> None:
    assert slots_reserved_for_urgent(slots, percent) == kept
