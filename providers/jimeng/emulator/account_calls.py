"""Endpoints of an account: credit, daily credits, credit history, account check, upload tokens, image check."""

from typing import Any

from starlette.responses import Response

from providers.jimeng.emulator.answers import Refusal, commerce_envelope, envelope, html_page, json_response
from providers.jimeng.emulator.calls import Call, Endpoint
from providers.jimeng.emulator.reading import field, json_object, objects, require, whole
from providers.jimeng.emulator.sites import site_by_loc
from providers.jimeng.emulator.uploads import FILM_SPACE

_NOTHING_RECEIVED: dict[str, Any] = {
    "is_first_receive": False, "receive_quota": 0, "has_popup": False, "receive_inter_days": 0
}  # fmt: skip
PICTURE_SCENE = 2
_CHECKED_SCENE = "image_face_ip"


async def credit(call: Call) -> Response:
    """The only call that is sent without a query string."""
    _, account = call.check(needs_query=False)
    call.json()
    call.fail_by_rule()
    purses = {name: getattr(account, name) for name in ("gift_credit", "purchase_credit", "vip_credit")}
    return commerce_envelope({"credit": purses}, now=call.now)


async def receive(call: Call) -> Response:
    _, account = call.check()
    field(call.json(), "time_zone", str)
    call.fail_by_rule()
    is_first = not account.received_on
    quota = account.receive(call.now)
    data = _NOTHING_RECEIVED | {
        "is_first_receive": is_first,
        "receive_quota": quota,
        "cur_total_credits": account.credit,
    }
    return commerce_envelope(data, now=call.now)


async def credit_history(call: Call) -> Response:
    """Newest first. history_type 2: spent credits, 1: received ones and refunds, others: all. Entries appear with the
    delay of the options.
    """
    _, account = call.check(needs_query=False)
    body = call.json()
    count, cursor = whole(body, "count", 1, 100), field(body, "cursor", str)
    require(cursor.isdecimal(), "cursor is not a number")
    call.fail_by_rule()
    kind, until = body.get("history_type"), call.now - call.service.options.credit_history_delay_seconds
    entries = [
        entry
        for entry in reversed(account.history)
        if entry.at <= until and (kind not in (1, 2) or (entry.amount < 0) == (kind == 2))
    ]
    begin = int(cursor)
    shown = entries[begin : begin + count]
    records = [
        {
            "amount": abs(entry.amount),
            "create_time": int(entry.at),
            "title": entry.title,
            "submit_id": entry.submit_id,
            "status": 1,
        }
        for entry in shown
    ]
    data = {
        "total_credit": account.credit,
        "records": records,
        "new_cursor": str(begin + len(shown)),
        "has_more": begin + len(shown) < len(entries),
    }
    return commerce_envelope(data, now=call.now)


async def passport(call: Call) -> Response:
    """As on the real service, the response has no `ret`, and the sites HK, JP and SG answer 404."""
    site = site_by_loc(call.headers.get("loc", ""))
    if site is not None and not site.has_passport:
        call.note_refusal("404", f"the site {site.name} has no account check")
        return html_page(404, "Not Found")
    _, account = call.check()
    require(call.query.get("account_sdk_source") == "web", "account_sdk_source is not web")
    require(not call.body, "the body is not empty")
    call.fail_by_rule()
    data = {"user_id": account.user_id, "user_id_str": str(account.user_id), "name": f"user {account.user_id}"}
    return json_response({"data": data, "message": "success"})


async def upload_token(call: Call) -> Response:
    site, account = call.check()
    kind = "IMAGE" if whole(call.json(), "scene", 1, 2) == PICTURE_SCENE else "VIDEO"
    call.fail_by_rule()
    service = call.service
    expires_at = call.now + service.options.token_seconds
    key = service.uploads.new_key(account.session, site, kind, expires_at=expires_at)
    data = {
        "access_key_id": key.access_key,
        "secret_access_key": key.secret,
        "session_token": key.token,
        "service_id": site.service_ids[0],
        "space_name": site.service_ids[0] if kind == "IMAGE" else FILM_SPACE,
        "upload_domain": call.headers.get("host", ""),
    }
    return envelope(data, now=call.now)


async def image_check(call: Call) -> Response:
    """The content check of site CN; a rule with ret 2003 makes it refuse a picture."""
    site, account = call.check()
    require(site.name == "CN", "only site CN checks pictures")
    body = call.json()
    require(body.get("scene") == _CHECKED_SCENE, "scene is not image_face_ip")
    json_object(call.query.get("babi_param", ""), "babi_param")
    for file in objects(body, "file_list"):
        is_known = call.service.uploads.committed(account.session, field(file, "file_uri", str)) is not None
        require(is_known, "the picture was not uploaded by this account")
    call.fail_by_rule()
    return envelope({}, now=call.now)


def _refuse_commerce(call: Call, refused: Refusal) -> Response:
    """Refusals of the commerce hosts contain `data` too."""
    data = _NOTHING_RECEIVED if call.endpoint == "receive" else {}
    return commerce_envelope(data, now=call.now, ret=refused.ret, errmsg=refused.errmsg)


ENDPOINTS = {
    "/commerce/v1/benefits/user_credit": Endpoint("credit", credit, refuse=_refuse_commerce),
    "/commerce/v1/benefits/credit_receive": Endpoint("receive", receive, refuse=_refuse_commerce),
    "/commerce/v1/benefits/user_credit_history": Endpoint("credit_history", credit_history, refuse=_refuse_commerce),
    "/passport/account/info/v2": Endpoint("passport", passport),
    "/mweb/v1/get_upload_token": Endpoint("upload_token", upload_token),
    "/mweb/v1/algo_proxy": Endpoint("image_check", image_check),
}
