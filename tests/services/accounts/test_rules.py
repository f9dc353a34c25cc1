"""What an account may be, as tables."""

from typing import Any

import pytest

from errors import BadInputError
from models.enums import AccountStatus, AccountType, Site
from services.accounts.rules import (
    AccountChanges,
    NewAccount,
    Place,
    changed_place,
    changed_status,
    check_name,
    check_session,
    hint_of,
    number_faults,
    place_of,
)

DOMESTIC, INTERNATIONAL = AccountType.DOMESTIC, AccountType.INTERNATIONAL


@pytest.mark.parametrize(
    ("account_type", "session", "given", "site", "bare"),
    [
        (DOMESTIC, "abc", None, Site.CN, "abc"),
        (DOMESTIC, "abc", Site.CN, Site.CN, "abc"),
        (INTERNATIONAL, "abc", None, Site.HK, "abc"),
        (INTERNATIONAL, "us-abc", None, Site.US, "abc"),
        (INTERNATIONAL, "SG-abc", None, Site.SG, "abc"),
        (INTERNATIONAL, "jP-abc", None, Site.JP, "abc"),
        (INTERNATIONAL, "hk-abc", Site.US, Site.US, "abc"),
        (INTERNATIONAL, "cn-abc", None, Site.HK, "cn-abc"),
        (INTERNATIONAL, "us_abc", None, Site.HK, "us_abc"),
    ],
)
def test_the_site_follows_from_type_and_session(
    account_type: AccountType, session: str, given: Site | None, site: Site, bare: str
) -> None:
    assert place_of("jimeng", account_type, session, given) == Place(account_type, site, bare)


@pytest.mark.parametrize(
    ("account_type", "session", "given", "path"),
    [
        (None, "abc", None, "type"),
        (DOMESTIC, "abc", Site.HK, "site"),
        (DOMESTIC, "us-abc", None, "sessionId"),
        (INTERNATIONAL, "abc", Site.CN, "site"),
        (INTERNATIONAL, "us-abc", Site.CN, "site"),
        (INTERNATIONAL, "us-", None, "sessionId"),
    ],
)
def test_what_does_not_fit_is_refused(
    account_type: AccountType | None, session: str, given: Site | None, path: str
) -> None:
    with pytest.raises(BadInputError) as caught:
        place_of("jimeng", account_type, session, given)
    assert caught.value.path == [path]
    assert "abc" not in caught.value.message


def test_another_provider_needs_no_type() -> None:
    assert place_of("keys", None, "us-abc", None) == Place(None, None, "us-abc")


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, (INTERNATIONAL, Site.SG, None)),
        ({"type": INTERNATIONAL}, (INTERNATIONAL, Site.SG, None)),
        ({"type": DOMESTIC}, (DOMESTIC, Site.CN, None)),
        ({"site": Site.JP}, (INTERNATIONAL, Site.JP, None)),
        ({"session": "xyz"}, (INTERNATIONAL, Site.HK, "xyz")),
        ({"session": "us-xyz"}, (INTERNATIONAL, Site.US, "xyz")),
        ({"session": "xyz", "site": Site.SG}, (INTERNATIONAL, Site.SG, "xyz")),
        ({"session": "xyz", "type": DOMESTIC}, (DOMESTIC, Site.CN, "xyz")),
    ],
)
def test_another_type_or_session_finds_the_site_anew(changes: dict[str, Any], expected: tuple[Any, ...]) -> None:
    present = Place(INTERNATIONAL, Site.SG)
    place = changed_place("jimeng", present, AccountChanges(1, **changes))
    assert (place.type, place.site, place.session) == expected


@pytest.mark.parametrize("changes", [{"site": Site.CN}, {"type": DOMESTIC, "site": Site.US}])
def test_a_changed_site_fits_the_type(changes: dict[str, Any]) -> None:
    with pytest.raises(BadInputError) as caught:
        changed_place("jimeng", Place(INTERNATIONAL, Site.SG), AccountChanges(1, **changes))
    assert caught.value.path == ["site"]


@pytest.mark.parametrize("session", ["", "a b", "a;b", "a,b", "a\tb", "a\n", "é", "\x7f", "a" * 4097])
def test_a_session_that_no_cookie_can_carry_is_refused(session: str) -> None:
    with pytest.raises(BadInputError) as caught:
        check_session(session)
    assert caught.value.path == ["sessionId"]


@pytest.mark.parametrize("session", ["a", "a" * 4096, "0f%7C=~!"])
def test_other_sessions_are_taken(session: str) -> None:
    assert check_session(session) == session


@pytest.mark.parametrize(
    ("field", "name", "least", "most"),
    [
        ("priority", "priority", 0, 1_000_000),
        ("max_concurrent", "maxConcurrent", 1, 100),
        ("daily_image_limit", "dailyImageLimit", 0, 2**31 - 1),
        ("daily_video_limit", "dailyVideoLimit", 0, 2**31 - 1),
    ],
)
def test_numbers_have_their_ranges(field: str, name: str, least: int, most: int) -> None:
    for value in (least, most):
        assert not list(number_faults(AccountChanges(1, **{field: value})))  # type: ignore[arg-type]
    for value in (least - 1, *([most + 1] if most < 2**31 - 1 else [])):
        (fault,) = number_faults(NewAccount("a", "s", **{field: value}))  # type: ignore[arg-type]
        assert fault.path == [name]


def test_names_are_trimmed_and_neither_empty_nor_endless() -> None:
    assert check_name("  Mei ") == "Mei"
    for name in ("", "  ", "n" * 201):
        with pytest.raises(BadInputError):
            check_name(name)


def test_active_forgets_and_banned_is_not_for_hands() -> None:
    active = {
        "status": AccountStatus.ACTIVE,
        "status_reason": None,
        "consecutive_failures": 0,
        "deactivated_by": None,
        "look_due_at_ms": None,
        "looks": 0,
    }
    assert changed_status(AccountStatus.BANNED, AccountStatus.ACTIVE) == active
    assert changed_status(AccountStatus.ACTIVE, AccountStatus.ACTIVE) == active
    assert changed_status(AccountStatus.ACTIVE, None) == {}
    assert changed_status(AccountStatus.INACTIVE, AccountStatus.INACTIVE) == {}
    assert changed_status(AccountStatus.ACTIVE, AccountStatus.INACTIVE)["status_reason"] == "Deactivated by its owner."
    with pytest.raises(BadInputError) as caught:
        changed_status(AccountStatus.BANNED, AccountStatus.BANNED)
    assert caught.value.path == ["status"]


def test_a_hint_shows_four_characters_and_never_most_of_a_session() -> None:
    assert hint_of("0123456789abcdef") == "cdef"
    assert [hint_of(session) for session in ("12345678", "123456", "12", "1")] == ["5678", "456", "2", ""]


def test_sessions_stand_in_no_repr() -> None:
    shown = repr(
        (NewAccount("a", "the-secret"), AccountChanges(1, session="the-secret"), Place(None, None, "the-secret"))
    )
    assert "the-secret" not in shown
