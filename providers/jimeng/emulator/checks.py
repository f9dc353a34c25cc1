"""Checks of every call: site parameters, Sign and Device-Time, versions, and the session cookie."""

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
    """The site by the header Loc. Raises Refusal 1000 if other parameters do not match it."""
    site = site_by_loc(headers.get("loc", ""))
    if site is None:
        raise refusal("1000", why="the header Loc names no site")
    require(headers.get("appid") == str(site.aid), "Appid does not match the site")
    if needs_query or "aid" in query:
        require(query.get("aid") == str(site.aid), "aid does not match the site")
        require(query.get("region") == site.region, "region does not match the site")
        require(query.get("device_platform") == "web", "device_platform is not web")
    return site


def check_sign(path: str, headers: Mapping[str, str], *, now: float, tolerance_seconds: float) -> None:
    """Raises Refusal 1014 unless Sign matches the path and version, and Device-Time is about now."""
    device_time = headers.get("device-time", "")
    if not device_time.isdecimal():
        raise refusal("1014", why="Device-Time is not a number")
    if abs(int(device_time) - now) > tolerance_seconds:
        raise refusal("1014", why="Device-Time differs too much from the current time")
    if headers.get("sign-ver") != "1" or "tdid" not in headers:
        raise refusal("1014", why="Sign-Ver is not 1, or Tdid is missing")
    versions = f"{headers.get('pf', '')}|{headers.get('appvr', '')}"
    text = f"9e2c|{path[-7:]}|{versions}|{device_time}|{headers['tdid']}|11ac"
    expected = hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
    if not hmac.compare_digest(expected.encode(), headers.get("sign", "").encode()):
        raise refusal("1014", why="Sign does not match this call")


def check_versions(headers: Mapping[str, str], query: Mapping[str, str]) -> None:
    """Raises Refusal 3018 for versions that upstream refuses at a submit."""
    is_new = _version(headers.get("appvr")) >= _OLDEST_APP_VERSION
    if not is_new or _version(query.get("da_version")) < _OLDEST_DRAFT_VERSION:
        raise refusal("3018", fail_code="1017", why="Appvr or da_version is too old")


def _version(text: str | None) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split(".")) if text and _VERSION.fullmatch(text) else ()


def session_of(headers: Mapping[str, str]) -> str | None:
    """The session id of the cookie, not validated."""
    cookies: SimpleCookie = SimpleCookie()
    try:
        cookies.load(headers.get("cookie", ""))
    except CookieError:
        return None
    morsel = cookies.get("sessionid")
    return morsel.value if morsel is not None and morsel.value else None


def check_account(session: str | None, site: Site, accounts: AccountBook) -> Account:
    """Raises Refusal 1015 if the session is missing, unknown, expired, or of another site."""
    account = accounts.get(session) if session else None
    if account is None:
        raise refusal("1015", why="the session is unknown")
    if account.site != site.name:
        raise refusal("1015", why=f"the account belongs to site {account.site}, the call is for {site.name}")
    if account.state == "EXPIRED":
        raise refusal("1015", why="the session has expired")
    return account
