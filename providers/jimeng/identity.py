"""Query string, headers and cookies that identify the client, as upstream's web page sends them."""

import random
import re
import secrets
from dataclasses import dataclass

from errors import JobErrorCode
from providers.jimeng.signing import PLATFORM, sign
from providers.jimeng.sites import UpstreamSite, origin
from providers.pooled import FaultKind, UpstreamFaultError
from settings import JimengSettings

# The lifetime of a session in seconds, and a constant date.
_SID_GUARD_TAIL = "5184000%7CMon%2C+03-Feb-2025+08%3A17%3A09+GMT"
# Allowed characters of a cookie value (RFC 6265, cookie-octet). httpx's error for others would contain the value.
_COOKIE_VALUE = re.compile(r"[\x21\x23-\x2b\x2d-\x3a\x3c-\x5b\x5d-\x7e]+")

_BROWSER = {
    "Accept": "application/json, text/plain, */*",
    "Accept-Language": "zh-CN,zh;q=0.9",
    "Cache-Control": "no-cache",
    "Pragma": "no-cache",
    "Priority": "u=1, i",
    "User-Agent": "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/142.0.0.0 Safari/537.36",
    "Sec-Ch-Ua": '"Chromium";v="142", "Google Chrome";v="142", "Not_A Brand";v="99"',
    "Sec-Ch-Ua-Mobile": "?0",
    "Sec-Ch-Ua-Platform": '"Windows"',
    "Sec-Fetch-Dest": "empty",
    "Sec-Fetch-Mode": "cors",
    "Sec-Fetch-Site": "same-origin",
}


@dataclass(frozen=True)
class Device:
    """Random ids, created once per Caller. web_id: 19 digits. user_id: 32 hexadecimal digits."""

    web_id: str
    user_id: str

    @staticmethod
    def new() -> "Device":
        return Device(str(random.randrange(7 * 10**18, 8 * 10**18)), secrets.token_hex(16))


def query_parameters(settings: JimengSettings, site: UpstreamSite, device: Device) -> dict[str, str]:
    web_id = {"webId": device.web_id} if site.region.sends_web_id else {}
    return {
        "aid": str(site.aid),
        "device_platform": "web",
        "region": site.region.region_query,
        **web_id,
        "da_version": settings.default_da_version,
        "os": "windows",
        "web_component_open_flag": "1",
        "web_version": settings.default_web_version,
        "aigc_features": "app_lip_sync",
    }


def browser_headers(base_url: str, referer: str | None = None) -> dict[str, str]:
    """Headers of a browser without those of the API, e.g. for uploads. httpx sets Accept-Encoding itself."""
    return {
        **_BROWSER,
        "Origin": origin(base_url),
        "Referer": referer or origin(base_url),
    }


def call_headers(
    settings: JimengSettings,
    site: UpstreamSite,
    device: Device,
    *,
    base_url: str,
    path: str,
    session_id: str,
    now_seconds: int,
    referer: str | None = None,
) -> dict[str, str]:
    """All headers of a call except Content-Type. path: without host and query string. now_seconds: Unix time."""
    return {
        **browser_headers(base_url, referer),
        "Appid": str(site.aid),
        "Appvr": settings.default_app_version,
        "Pf": PLATFORM,
        "App-Sdk-Version": "48.0.0",
        "Device-Time": str(now_seconds),
        "Sign": sign(path, app_version=settings.default_app_version, device_time=now_seconds),
        "Sign-Ver": "1",
        "Tdid": "",
        "Lan": site.region.lan,
        "Loc": site.region.loc,
        "Cookie": cookies(device, session_id, now_seconds),
    }


def cookies(device: Device, session_id: str, now_seconds: int) -> str:
    """The Cookie header. Raises UpstreamFaultError SESSION_EXPIRED for a session id with invalid characters."""
    if not _COOKIE_VALUE.fullmatch(session_id):
        raise UpstreamFaultError(
            FaultKind.SESSION_EXPIRED,
            JobErrorCode.AUTH_FAILED,
            "The account's session id is invalid: it contains characters that are not allowed in cookies.",
        )
    pairs = {
        "_tea_web_id": device.web_id,
        "is_staff_user": "false",
        "sid_guard": f"{session_id}%7C{now_seconds}%7C{_SID_GUARD_TAIL}",
        "uid_tt": device.user_id,
        "uid_tt_ss": device.user_id,
        "sid_tt": session_id,
        "sessionid": session_id,
        "sessionid_ss": session_id,
    }
    return "; ".join(f"{name}={value}" for name, value in pairs.items())
