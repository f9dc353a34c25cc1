"""Validation of account input, and the site derived from type and session. Pure functions.

Error paths are relative to the account, e.g. ["sessionId"]; the caller prepends the account's position in the list.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from errors import BadInputError
from models.enums import AccountStatus, AccountType, DeactivatedBy, Site
from services.platform.not_given import NOT_GIVEN, NotGiven

JIMENG = "jimeng"
MAX_NAME_LENGTH = 200
MAX_SESSION_LENGTH = 4096
MAX_PRIORITY = 1_000_000
MAX_CONCURRENT = 100
HINT_LENGTH = 4
DEACTIVATED_BY_OWNER = "Deactivated by its owner."

# Region prefixes of international sessions; they are not sent upstream.
_PREFIX = re.compile(r"(us|hk|jp|sg)-", re.IGNORECASE)
_DEFAULT_SITE = Site.HK


Limit = int | NotGiven | None
"""None removes the limit."""


@dataclass(frozen=True)
class NewAccount:
    """Input of a new account."""

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
    """Input of an account update; None: unchanged. account_id None: the given id is not the id of an account."""

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
    """An account's type, its site, and the session as sent upstream (None: unchanged)."""

    type: AccountType | None
    site: Site | None
    session: str | None = field(default=None, repr=False)


def check_name(name: str) -> str:
    cleaned = name.strip()
    if not 1 <= len(cleaned) <= MAX_NAME_LENGTH:
        raise BadInputError(f"A name must have 1 to {MAX_NAME_LENGTH} characters.", path=["name"])
    return cleaned


def check_session(session: str) -> str:
    """Raises BadInputError unless the session fits in a cookie: visible ASCII characters without ";" and ","."""
    is_sendable = all("!" <= character <= "~" and character not in ";," for character in session)
    if not 1 <= len(session) <= MAX_SESSION_LENGTH or not is_sendable:
        raise BadInputError(
            f"A session id must have 1 to {MAX_SESSION_LENGTH} printable ASCII characters without spaces, ; and ,.",
            path=["sessionId"],
        )
    return session


def number_faults(changes: NewAccount | AccountChanges) -> Iterator[BadInputError]:
    """A fault for each number out of its range."""
    ranges: tuple[tuple[str, Any, int, int | None], ...] = (
        ("priority", changes.priority, 0, MAX_PRIORITY),
        ("maxConcurrent", changes.max_concurrent, 1, MAX_CONCURRENT),
        ("dailyImageLimit", changes.daily_image_limit, 0, None),
        ("dailyVideoLimit", changes.daily_video_limit, 0, None),
    )
    for name, value, minimum, maximum in ranges:
        if value is None or value is NOT_GIVEN:
            continue
        if maximum is None and value < minimum:
            yield BadInputError(f"{name} must be at least {minimum}.", path=[name])
        if maximum is not None and not minimum <= value <= maximum:
            yield BadInputError(f"{name} must be between {minimum} and {maximum:,}.", path=[name])


def place_of(provider: str, account_type: AccountType | None, session: str, site: Site | None) -> Place:
    """The type, site and session of a new account. Raises BadInputError if they contradict each other."""
    if account_type is None:
        if provider == JIMENG:
            raise BadInputError("An account of jimeng requires a type: DOMESTIC or INTERNATIONAL.", path=["type"])
        return Place(None, site, check_session(session))
    bare, prefixed = _without_prefix(check_session(session))
    if account_type is AccountType.DOMESTIC:
        if prefixed is not None:
            raise BadInputError(
                f"The session's prefix is that of an international account ({prefixed.value}), but the type is"
                " DOMESTIC.",
                path=["sessionId"],
            )
        return Place(account_type, _checked_site(account_type, site or Site.CN), bare)
    return Place(account_type, _checked_site(account_type, site or prefixed or _DEFAULT_SITE), check_session(bare))


def changed_place(provider: str, current: Place, changes: AccountChanges) -> Place:
    """The account's type, site and session after the changes; a new type or session derives the site again. Raises
    BadInputError.
    """
    account_type = changes.type or current.type
    if changes.session is not None:
        return place_of(provider, account_type, changes.session, changes.site)
    site = changes.site
    if site is None:
        site = current.site if account_type is current.type else _default_site(account_type)
    return Place(account_type, site if account_type is None or site is None else _checked_site(account_type, site))


def changed_status(current: AccountStatus, requested: AccountStatus | None) -> dict[str, Any]:
    """The column values for a status requested by the owner. Raises BadInputError for BANNED."""
    if requested is AccountStatus.BANNED:
        raise BadInputError("BANNED cannot be set by hand; INACTIVE deactivates an account.", path=["status"])
    if requested is AccountStatus.ACTIVE:
        return {
            "status": requested,
            "status_reason": None,
            "consecutive_failures": 0,
            "deactivated_by": None,
            "look_due_at_ms": None,
            "looks": 0,
        }
    if requested is AccountStatus.INACTIVE and current is not AccountStatus.INACTIVE:
        return {
            "status": requested,
            "status_reason": DEACTIVATED_BY_OWNER,
            "deactivated_by": DeactivatedBy.OWNER,
            "look_due_at_ms": None,
        }
    return {}


def hint_of(session: str) -> str:
    """The last four characters; fewer if the session is so short that they would reveal most of it."""
    return session[-HINT_LENGTH:] if len(session) >= 2 * HINT_LENGTH else session[len(session) - len(session) // 2 :]


def _default_site(account_type: AccountType | None) -> Site | None:
    if account_type is None:
        return None
    return Site.CN if account_type is AccountType.DOMESTIC else _DEFAULT_SITE


def _without_prefix(session: str) -> tuple[str, Site | None]:
    match = _PREFIX.match(session)
    return (session[match.end() :], Site(match[1].upper())) if match else (session, None)


def _checked_site(account_type: AccountType, site: Site) -> Site:
    if (site is Site.CN) != (account_type is AccountType.DOMESTIC):
        allowed = "CN" if account_type is AccountType.DOMESTIC else "US, HK, JP or SG"
        raise BadInputError(
            f"An account of type {account_type.value} must be on {allowed}, not on {site.value}.", path=["site"]
        )
    return site
