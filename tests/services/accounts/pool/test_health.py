"""The health of an account and its reasons."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.enums import AccountStatus, MediaKind
from services.accounts.pool.health import CoolingNow, Evidence, HealthReasonCode, Outcomes, failure_share, health_of

WELL = Evidence(credit_balance=1_000, cheapest_price=4)
Code = HealthReasonCode


def test_an_account_without_anything_against_it_is_well() -> None:
    assert health_of(WELL).score == 1.0
    assert health_of(WELL).reasons == ()


@pytest.mark.parametrize(
    ("change", "code", "weight"),
    [
        ({"status": AccountStatus.BANNED}, Code.NOT_ACTIVE, 1.0),
        ({"outcomes": (Outcomes(0, failed=2),)}, Code.FAILURES, 0.2),
        ({"outcomes": (Outcomes(6, failed=4),)}, Code.FAILURES, 0.2),
        ({"outcomes": (Outcomes(0, succeeded=4, failed=2),)}, Code.FAILURES, 0.1),
        ({"consecutive_failures": 1}, Code.CONSECUTIVE_FAILURES, 0.1),
        ({"consecutive_failures": 9}, Code.CONSECUTIVE_FAILURES, 0.3),
        ({"cooldowns": (CoolingNow(is_for_model=True),)}, Code.COOLING_DOWN, 0.1),
        ({"cooldowns": (CoolingNow(is_for_model=False, step=3),)}, Code.COOLING_DOWN, 0.3),
        ({"risk_refusals": 2}, Code.RISK_CONTROL, 0.3),
        ({"confirmed_hours_ago": None}, Code.SESSION_UNCONFIRMED, 0.1),
        ({"confirmed_hours_ago": 30.0}, Code.SESSION_UNCONFIRMED, 0.1),
        ({"credit_balance": 3}, Code.OUT_OF_CREDIT, 0.4),
        ({"credit_balance": 0, "cheapest_price": None}, Code.OUT_OF_CREDIT, 0.4),
        ({"credit_balance": 39}, Code.LOW_CREDIT, 0.1),
        ({"credit_balance": None}, Code.CREDIT_UNKNOWN, 0.05),
        ({"exhausted": tuple(MediaKind)}, Code.EXHAUSTED, 0.4),
        ({"slots": 1, "max_slots": 4}, Code.SLOTS_LOWERED, 0.15),
        ({"overdue_tasks": 2}, Code.OVERDUE_TASKS, 0.2),
    ],
)
def test_each_reason_has_its_weight(change: dict[str, object], code: HealthReasonCode, weight: float) -> None:
    found = health_of(replace(WELL, **change))  # type: ignore[arg-type]
    assert [(reason.code, reason.weight) for reason in found.reasons] == [(code, weight)]
    assert found.score == pytest.approx(1 - weight)
    assert found.reasons[0].message.endswith(".")


def test_old_failures_weigh_less_and_successes_make_up_for_them() -> None:
    fresh, old = failure_share([Outcomes(1, failed=3)]), failure_share([Outcomes(23, failed=3)])
    assert fresh > old > 0
    assert failure_share([Outcomes(1, failed=3), Outcomes(0, succeeded=30)]) < fresh
    assert failure_share([]) == 0.0


evidence = st.builds(
    Evidence,
    status=st.sampled_from(AccountStatus),
    outcomes=st.lists(st.builds(Outcomes, st.floats(0, 24), st.integers(0, 99), st.integers(0, 99)), max_size=4),
    consecutive_failures=st.integers(0, 20),
    cooldowns=st.lists(st.builds(CoolingNow, st.booleans(), st.integers(1, 9)), max_size=4),
    risk_refusals=st.integers(0, 9),
    confirmed_hours_ago=st.none() | st.floats(0, 999),
    credit_balance=st.none() | st.integers(-5, 5_000),
    cheapest_price=st.none() | st.integers(0, 100),
    exhausted=st.sets(st.sampled_from(MediaKind)).map(sorted),
    slots=st.integers(1, 9),
    max_slots=st.integers(1, 9),
    overdue_tasks=st.integers(0, 9),
)


@given(evidence)
def test_a_score_is_what_its_reasons_say(seen: Evidence) -> None:
    found = health_of(seen)
    assert 0.0 <= found.score <= 1.0
    assert found.score == pytest.approx(max(0.0, 1 - sum(reason.weight for reason in found.reasons)))
    assert len({reason.code for reason in found.reasons}) == len(found.reasons)
    assert found.reasons == tuple(sorted(found.reasons, key=lambda reason: (-reason.weight, reason.code)))
