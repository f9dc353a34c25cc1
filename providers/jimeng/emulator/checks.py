"""What every call has to carry: Sign and Device-Time, the site's numbers, and the cookie of an account of that site."""

import hashlib
import hmac
import re
from collections.abc import Mapping
from http.cookies import CookieError, SimpleCookie

from providers.jimeng.emulator.accounts import Account, AccountBook
from providers.jimeng.emulator.answers import refusal
from providers.jimeng.emulator.reading import require
from providers.jimeng.emulator.sites import Site, site_by_loc

_OLDEST_APP_VERSION = (8, 4, 0)
_OLDEST_DRAFT_VERSION = (3, 3, 8)
_VERSION = re.compile(r"\d+(\.\d+)*")


def check_site(headers: Mapping[str, str], query: Mapping[str, str], *, needs_query: bool) -> Site:
    """The site that the call speaks to, by its header Loc. Raises Refusal 1000 where its numbers disagree."""
    site = site_by_loc(headers.get("loc", ""))
    if site is None:
        raise refusal("1000", why="the header Loc names no site")
    require(headers.get("appid") == str(site.aid), "Appid is not that of the site")
    if needs_query or "aid" in query:
        require(query.get("aid") == str(site.aid), "aid is not that of the site")
        require(query.get("region") == site.region, "region is not that of the site")
        require(query.get("device_platform") == "web", "device_platform is not web")
    return site


def check_sign(path: str, headers: Mapping[str, str], *, now: float, tolerance_seconds: float) -> None:
    """Raises Refusal 1014 unless Sign is that of the path, the versions and a Device-Time of about now."""
    device_time = headers.get("device-time", "")
    if not device_time.isdecimal():
        raise refusal("1014", why="Device-Time is no number")
    if abs(int(device_time) - now) > tolerance_seconds:
        raise refusal("1014", why="Device-Time is too far from the time")
    if headers.get("sign-ver") != "1" or "tdid" not in headers:
        raise refusal("1014", why="Sign-Ver is not 1, or Tdid is missing")
    versions = f"{headers.get('pf', '')}|{headers.get('appvr', '')}"
    text = f"9e2c|{path[-7:]}|{versions}|{device_time}|{headers['tdid']}|11ac"
    expected = hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
    if not hmac.compare_digest(expected.encode(), headers.get("sign", "").encode()):
        raise refusal("1014", why="Sign is not that of this call")


def check_versions(headers: Mapping[str, str], query: Mapping[str, str]) -> None:
    """Raises Refusal 3018 for versions that upstream no longer takes at a submit."""
    is_new = _version(headers.get("appvr")) >= _OLDEST_APP_VERSION
    if not is_new or _version(query.get("da_version")) < _OLDEST_DRAFT_VERSION:
        raise refusal("3018", fail_code="1017", why="Appvr or da_version is too old")


def _version(text: str | None) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split(".")) if text and _VERSION.fullmatch(text) else ()


def session_of(headers: Mapping[str, str]) -> str | None:
    """The session id of the cookie, whether anybody has it or not."""
    cookies: SimpleCookie = SimpleCookie()
    try:
        cookies.load(headers.get("cookie", ""))
    except CookieError:
        return None
    morsel = cookies.get("sessionid")
    return morsel.value if morsel is not None and morsel.value else None


def check_account(session: str | None, site: Site, accounts: AccountBook) -> Account:
    """Raises Refusal 1015 where the session is missing, unknown, expired, or of another site."""
    account = accounts.get(session) if session else None
    if account is None:
        raise refusal("1015", why="nobody has this session")
    if account.site != site.name:
        raise refusal("1015", why=f"the account is one of {account.site}, the call says {site.name}")
    if account.state == "EXPIRED":
        raise refusal("1015", why="the session has expired")
    return account
