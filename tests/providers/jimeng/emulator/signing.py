"""Headers as upstream's web page sends them, independent of the project's client."""

import hashlib
import time

from providers.jimeng.emulator.sites import SITES


def page_headers(path: str, session: str, site: str = "CN", *, now: float | None = None) -> dict[str, str]:
    """now: Unix seconds; default: the current time."""
    known, moment = SITES[site], int(time.time() if now is None else now)
    text = f"9e2c|{path[-7:]}|7|8.4.0|{moment}||11ac"
    return {
        "Appid": str(known.aid),
        "Appvr": "8.4.0",
        "Pf": "7",
        "Device-Time": str(moment),
        "Sign": hashlib.md5(text.encode()).hexdigest(),
        "Sign-Ver": "1",
        "Tdid": "",
        "Loc": known.loc,
        "Content-Type": "application/json",
        "Cookie": f"_tea_web_id=7000000000000000000; sid_tt={session}; sessionid={session}; store-region=cn-gd",
    }
