"""Query string, headers and cookies of calls."""

import re

import pytest

from providers.jimeng.identity import Device, call_headers, cookies, query_parameters
from providers.jimeng.signing import sign
from providers.jimeng.sites import origin, upstream_site
from providers.pooled import FaultKind, UpstreamFaultError
from settings import JimengSettings

DEVICE = Device("7000000000000000001", "0123456789abcdef" * 2)
SETTINGS = JimengSettings(_env_file=None)
PATH = "/mweb/v1/aigc_draft/generate"


def test_a_device_looks_like_one() -> None:
    device = Device.new()
    assert re.fullmatch(r"7\d{18}", device.web_id)
    assert re.fullmatch(r"[0-9a-f]{32}", device.user_id)


def test_cookies_stand_in_the_pages_order() -> None:
    assert cookies(DEVICE, "abc", 1_700_000_000) == (
        "_tea_web_id=7000000000000000001; is_staff_user=false; "
        "sid_guard=abc%7C1700000000%7C5184000%7CMon%2C+03-Feb-2025+08%3A17%3A09+GMT; "
        f"uid_tt={DEVICE.user_id}; uid_tt_ss={DEVICE.user_id}; sid_tt=abc; sessionid=abc; sessionid_ss=abc"
    )


@pytest.mark.parametrize("session_id", ["", "a b", "a;b", "a\r\nX: y", 'a"b', "会话"])
def test_a_session_id_that_no_cookie_may_hold_is_refused_without_repeating_it(session_id: str) -> None:
    with pytest.raises(UpstreamFaultError) as refused:
        cookies(DEVICE, session_id, 1)
    assert refused.value.kind is FaultKind.SESSION_EXPIRED
    assert not session_id or session_id not in refused.value.message


def test_the_query_names_the_versions_of_the_settings() -> None:
    assert query_parameters(SETTINGS, upstream_site(SETTINGS, "CN"), DEVICE) == {
        "aid": "513695",
        "device_platform": "web",
        "region": "cn",
        "webId": DEVICE.web_id,
        "da_version": "3.3.9",
        "os": "windows",
        "web_component_open_flag": "1",
        "web_version": "7.5.0",
        "aigc_features": "app_lip_sync",
    }
    abroad = query_parameters(SETTINGS, upstream_site(SETTINGS, "US"), DEVICE)
    assert (abroad["aid"], abroad["region"]) == ("513641", "US")
    assert "webId" not in abroad


def test_headers_agree_with_the_signature() -> None:
    settings = JimengSettings(_env_file=None, default_app_version="9.0.1")
    site = upstream_site(settings, "JP")
    headers = call_headers(
        settings, site, DEVICE, base_url=site.base_url, path=PATH, session_id="abc", now_seconds=1_700_000_000
    )
    assert headers["Sign"] == sign(PATH, app_version="9.0.1", device_time=1_700_000_000)
    expected = {
        "Appid": "513641", "Appvr": "9.0.1", "Pf": "7", "App-Sdk-Version": "48.0.0", "Device-Time": "1700000000",
        "Sign-Ver": "1", "Tdid": "", "Lan": "ja", "Loc": "jp", "Origin": "https://mweb-api-sg.capcut.com",
        "Referer": "https://mweb-api-sg.capcut.com", "Accept": "application/json, text/plain, */*",
        "Sec-Fetch-Site": "same-origin",
    }  # fmt: skip
    assert expected.items() <= headers.items()
    assert "Chrome/142" in headers["User-Agent"]


def test_jp_and_sg_use_hks_hosts_unless_they_have_their_own() -> None:
    settings = JimengSettings(_env_file=None, jimeng_hk_base_url="http://hk", jimeng_sg_base_url="http://sg/api/")
    assert upstream_site(settings, "JP").base_url == "http://hk"
    assert upstream_site(settings, "SG").base_url == "http://sg/api"
    assert upstream_site(settings, "SG").commerce_url == "https://commerce-api-sg.capcut.com"
    assert origin("http://sg:8080/api") == "http://sg:8080"


def test_a_site_that_is_not_there_is_refused() -> None:
    with pytest.raises(UpstreamFaultError, match="no site MARS"):
        upstream_site(SETTINGS, "MARS")
