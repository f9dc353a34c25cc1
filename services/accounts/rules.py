"""What an account may be: pure checks of plain values, and the site that follows from type and session.

Paths of refusals begin at the account, e.g. ["sessionId"]; whoever has the list puts the account's place before them.
"""

import re
from dataclasses import dataclass, field
from typing import Any

from errors import BadInputError
from models.enums import AccountStatus, AccountType, Site
from services.platform.not_given import NOT_GIVEN, NotGiven

JIMENG = "jimeng"
MAX_NAME_LENGTH = 200
MAX_SESSION_LENGTH = 4096
MAX_PRIORITY = 1_000_000
MAX_CONCURRENT = 100
HINT_LENGTH = 4
TAKEN_OUT = "Its owner took it out."

# Region prefixes of international sessions; they are no part of what is sent upstream.
_PREFIX = re.compile(r"(us|hk|jp|sg)-", re.IGNORECASE)
_DEFAULT_SITE = Site.HK


Limit = int | NotGiven | None
"""None: no limit any more."""


@dataclass(frozen=True)
class NewAccount:
    """An account to add, as it was given."""

    name: str
    session: str = field(repr=False)
    provider: str = JIMENG
    type: AccountType | None = None
    site: Site | None = None
    priority: int = 100
    max_concurrent: int = 3
    daily_image_limit: int | None = None
    daily_video_limit: int | None = None


@dataclass(frozen=True)
class AccountChanges:
    """What is to change about an account; None: stays. account_id None: the id given is no account's."""

    account_id: int | None
    name: str | None = None
    type: AccountType | None = None
    session: str | None = field(default=None, repr=False)
    site: Site | None = None
    status: AccountStatus | None = None
    priority: int | None = None
    max_concurrent: int | None = None
    daily_image_limit: Limit = NOT_GIVEN
    daily_video_limit: Limit = NOT_GIVEN


@dataclass(frozen=True)
class Place:
    """Where an account works: its type, its site, and the session as it is sent there (None: as before)."""

    type: AccountType | None
    site: Site | None
    session: str | None = field(default=None, repr=False)


def check_name(name: str) -> str:
    cleaned = name.strip()
    if not 1 <= len(cleaned) <= MAX_NAME_LENGTH:
        raise BadInputError(f"A name has 1 to {MAX_NAME_LENGTH} characters.", path=["name"])
    return cleaned


def check_session(session: str) -> str:
    """It goes into a cookie: visible ASCII characters, none of which ends a cookie's value."""
    is_sendable = all("!" <= character <= "~" and character not in ";," for character in session)
    if not 1 <= len(session) <= MAX_SESSION_LENGTH or not is_sendable:
        raise BadInputError(
            f"A session id has 1 to {MAX_SESSION_LENGTH} printable ASCII characters without spaces, ; and ,.",
            path=["sessionId"],
        )
    return session


def check_numbers(changes: NewAccount | AccountChanges) -> None:
    """Raises BadInputError for the first number that is out of its range."""
    ranges: tuple[tuple[str, Any, int, int | None], ...] = (
        ("priority", changes.priority, 0, MAX_PRIORITY),
        ("maxConcurrent", changes.max_concurrent, 1, MAX_CONCURRENT),
        ("dailyImageLimit", changes.daily_image_limit, 0, None),
        ("dailyVideoLimit", changes.daily_video_limit, 0, None),
    )
    for name, value, least, most in ranges:
        if value is None or value is NOT_GIVEN:
            continue
        if most is None and value < least:
            raise BadInputError(f"{name} must be at least {least}.", path=[name])
        if most is not None and not least <= value <= most:
            raise BadInputError(f"{name} must be between {least} and {most:,}.", path=[name])


def place_of(provider: str, account_type: AccountType | None, session: str, site: Site | None) -> Place:
    """Where a new account works. Raises BadInputError where type, site and session do not fit each other."""
    if account_type is None:
        if provider == JIMENG:
            raise BadInputError("An account of jimeng needs its type: DOMESTIC or INTERNATIONAL.", path=["type"])
        return Place(None, site, check_session(session))
    bare, prefixed = _without_prefix(check_session(session))
    if account_type is AccountType.DOMESTIC:
        if prefixed is not None:
            raise BadInputError(
                f"The session's prefix says that the account is international ({prefixed.value}), its type that it is"
                " domestic.",
                path=["sessionId"],
            )
        return Place(account_type, _fitting(account_type, site or Site.CN), bare)
    return Place(account_type, _fitting(account_type, site or prefixed or _DEFAULT_SITE), check_session(bare))


def changed_place(provider: str, present: Place, changes: AccountChanges) -> Place:
    """Where the account works after the changes: another type or session finds the site anew. Raises BadInputError."""
    account_type = changes.type or present.type
    if changes.session is not None:
        return place_of(provider, account_type, changes.session, changes.site)
    site = changes.site
    if site is None:
        site = present.site if account_type is present.type else _usual_site(account_type)
    return Place(account_type, site if account_type is None or site is None else _fitting(account_type, site))


def changed_status(present: AccountStatus, wanted: AccountStatus | None) -> dict[str, Any]:
    """The columns that a status set by hand changes. Raises BadInputError for BANNED."""
    if wanted is AccountStatus.BANNED:
        raise BadInputError("BANNED cannot be set by hand; INACTIVE takes an account out.", path=["status"])
    if wanted is AccountStatus.ACTIVE:
        return {"status": wanted, "status_reason": None, "consecutive_failures": 0}
    if wanted is AccountStatus.INACTIVE and present is not AccountStatus.INACTIVE:
        return {"status": wanted, "status_reason": TAKEN_OUT}
    return {}


def hint_of(session: str) -> str:
    """The last four characters; fewer of a session so short that they would tell most of it."""
    return session[-HINT_LENGTH:] if len(session) >= 2 * HINT_LENGTH else session[len(session) - len(session) // 2 :]


def _usual_site(account_type: AccountType | None) -> Site | None:
    if account_type is None:
        return None
    return Site.CN if account_type is AccountType.DOMESTIC else _DEFAULT_SITE


def _without_prefix(session: str) -> tuple[str, Site | None]:
    match = _PREFIX.match(session)
    return (session[match.end() :], Site(match[1].upper())) if match else (session, None)


def _fitting(account_type: AccountType, site: Site) -> Site:
    if (site is Site.CN) != (account_type is AccountType.DOMESTIC):
        allowed = "CN" if account_type is AccountType.DOMESTIC else "US, HK, JP or SG"
        raise BadInputError(
            f"An account of type {account_type.value} is on {allowed}, not on {site.value}.", path=["site"]
        )
    return site
