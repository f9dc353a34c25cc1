"""Endpoints of an upload: apply, content, commit. They have no envelope, and use signatures instead of cookies.

Pictures go to ImageX and films to VOD: other actions, versions and names, in the same three steps.
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from starlette.responses import JSONResponse, Response

from providers.jimeng.emulator.answers import Refusal
from providers.jimeng.emulator.calls import Call, Endpoint
from providers.jimeng.emulator.faults import Subject
from providers.jimeng.emulator.signature import WrongSignature, read_authorization, verify
from providers.jimeng.emulator.uploads import COMMITTED, FILM_SPACE, Upload, UploadKey, UploadRefusal

Json = dict[str, Any]


@dataclass(frozen=True)
class Action:
    """One of the actions that the query names. service: of the signature. kind: what it uploads, IMAGE or VIDEO."""

    name: str
    method: str
    version: str
    service: str
    kind: str


ACTIONS = {
    action.name: action
    for action in (
        Action("ApplyImageUpload", "GET", "2018-08-01", "imagex", "IMAGE"),
        Action("CommitImageUpload", "POST", "2018-08-01", "imagex", "IMAGE"),
        Action("ApplyUploadInner", "GET", "2020-11-19", "vod", "VIDEO"),
        Action("CommitUploadInner", "POST", "2020-11-19", "vod", "VIDEO"),
    )
}


def endpoint_of(action: str) -> Endpoint | None:
    """The endpoint of an action; pictures and films have the same ones, so that rules hold for both."""
    known = ACTIONS.get(action)
    return None if known is None else APPLY if known.method == "GET" else COMMIT


async def apply(call: Call) -> Response:
    action = ACTIONS[call.query["Action"]]

    def run() -> Json:
        key = _signed_by(call, action)
        call.fail_by_rule()
        size = call.query.get("FileSize", "")
        if not size.isdecimal():
            raise UploadRefusal("InvalidParameter.FileSize", "FileSize is not a number")
        if action.kind == "VIDEO" and (call.query.get("FileType"), call.query.get("IsInner")) != ("video", "1"):
            raise UploadRefusal("InvalidParameter.FileType", "FileType is not video, or IsInner is not 1")
        return _address(call.service.uploads.apply(key, int(size)), call.headers.get("host", ""))

    return _answered(call, action, run)


def _address(upload: Upload, host: str) -> Json:
    stores = [{"StoreUri": upload.uri, "Auth": upload.auth}]
    if upload.kind == "IMAGE":
        return {"UploadAddress": {"StoreInfos": stores, "UploadHosts": [host], "SessionKey": upload.session_key}}
    node = {
        "StoreInfos": stores,
        "UploadHost": host,
        "SessionKey": upload.session_key,
        "Vid": upload.vid,
        "Type": "direct",
    }
    return {"InnerUploadAddress": {"UploadNodes": [node]}}


async def commit(call: Call) -> Response:
    action = ACTIONS[call.query["Action"]]

    def run() -> Json:
        key = _signed_by(call, action)
        call.fail_by_rule()
        upload = call.service.uploads.commit(key, _session_key(call.body, action))
        return _committed_film(upload) if action.kind == "VIDEO" else _committed_picture(upload)

    return await asyncio.to_thread(_answered, call, action, run)


def _session_key(body: bytes, action: Action) -> str:
    try:
        values = orjson.loads(body)
        session_key = str(values["SessionKey"])
    except (orjson.JSONDecodeError, KeyError, TypeError):
        raise UploadRefusal("InvalidParameter.SessionKey", "the body names no SessionKey") from None
    if action.kind == "VIDEO" and not isinstance(values.get("Functions"), list):
        raise UploadRefusal("InvalidParameter.Functions", "the body has no list Functions")
    return session_key


def _committed_picture(upload: Upload) -> Json:
    told = {
        "ImageUri": upload.uri,
        "ImageWidth": upload.width,
        "ImageHeight": upload.height,
        "ImageFormat": upload.format,
    }
    return {"Results": [{"Uri": upload.uri, "UriStatus": COMMITTED}], "PluginResult": [told]}


def _committed_film(upload: Upload) -> Json:
    meta = {
        "Uri": upload.uri,
        "Width": upload.width,
        "Height": upload.height,
        "Duration": upload.duration_ms / 1000,
        "Bitrate": upload.size * 8000 // upload.duration_ms,
        "Format": upload.format,
        "Size": upload.size,
    }
    return {"Results": [{"Vid": upload.vid, "VideoMeta": meta}]}


async def upload(call: Call) -> Response:
    call.fail_by_rule()
    headers = call.headers
    try:
        stored = await asyncio.to_thread(
            call.service.uploads.store,
            call.request.path_params["uri"],
            headers.get("authorization", ""),
            headers.get("content-crc32", ""),
            call.body,
        )
    except UploadRefusal as refused:
        call.note_refusal(refused.code, refused.message)
        return JSONResponse({"code": 4000, "message": refused.message, "error": refused.code}, refused.http_status)
    return JSONResponse({"code": COMMITTED, "message": "Success", "data": {"crc32": stored.crc32}})


def _signed_by(call: Call, action: Action) -> UploadKey:
    """The key that signed the call. Raises WrongSignature, UploadRefusal."""
    signed = read_authorization(call.headers.get("authorization", ""))
    now = call.service.clock.callers_time()
    key = call.service.uploads.key(signed.access_key, call.headers.get("x-amz-security-token", ""), now=call.now)
    if signed.service != action.service:
        why = f"the scope's service is {signed.service}, and that of {action.name} is {action.service}"
        raise WrongSignature("SignatureDoesNotMatch", why)
    if signed.region != key.site.upload_region:
        why = f"the scope's region is {signed.region}, and the site's is {key.site.upload_region}"
        raise WrongSignature("SignatureDoesNotMatch", why)
    verify(
        signed,
        secret=key.secret,
        method=call.request.method,
        path=call.request.url.path,
        query=call.request.query_params.multi_items(),
        headers=call.headers,
        body=call.body,
        now=now,
    )
    if call.request.method != action.method or call.query.get("Version") != action.version:
        raise UploadRefusal("InvalidParameter.Version", "method or version does not match the action")
    if key.kind != action.kind:
        scene = "1, for films" if key.kind == "VIDEO" else "2, for pictures"
        raise UploadRefusal("AccessDenied", f"the key is of scene {scene}; {action.name} takes none of those", 403)
    name, allowed = _place_of(action, key)
    if call.query.get(name) not in allowed:
        raise UploadRefusal(f"InvalidParameter.{name}", f"{name} does not match the site")
    return key


def _place_of(action: Action, key: UploadKey) -> tuple[str, tuple[str, ...]]:
    """The parameter that names where the file goes, and its allowed values."""
    return ("SpaceName", (FILM_SPACE,)) if action.kind == "VIDEO" else ("ServiceId", key.site.service_ids)


def _answered(call: Call, action: Action, run: Callable[[], Json]) -> Response:
    meta: Json = {
        "RequestId": f"{int(call.now * 1000)}",
        "Action": action.name,
        "Version": action.version,
        "Service": action.service,
    }
    try:
        result = run()
    except WrongSignature as wrong:
        return _refused(call, meta, wrong.code, wrong.message, 403)
    except UploadRefusal as refused:
        return _refused(call, meta, refused.code, refused.message, refused.http_status)
    return JSONResponse({"ResponseMetadata": meta, "Result": result})


def _refused(call: Call, meta: Mapping[str, Any], code: str, message: str, http_status: int) -> Response:
    call.note_refusal(code, message)
    return JSONResponse({"ResponseMetadata": {**meta, "Error": {"Code": code, "Message": message}}}, http_status)


def _refuse(call: Call, refused: Refusal) -> Response:
    """A rule's ret in the format of uploads: an error in a response with HTTP 200."""
    error = {"Code": refused.ret, "Message": refused.errmsg}
    return JSONResponse({"ResponseMetadata": {"RequestId": str(int(call.now * 1000)), "Error": error}})


def _key_subject(call: Call) -> Subject:
    action = ACTIONS.get(call.query.get("Action", ""))
    kind = None if action is None else action.kind
    try:
        access_key = read_authorization(call.headers.get("authorization", "")).access_key
    except WrongSignature:
        return Subject(call.endpoint, kind=kind)
    return _of_session(call, call.service.uploads.session_of_key(access_key), kind)


def _file_subject(call: Call) -> Subject:
    found = call.service.uploads.get(call.request.path_params["uri"])
    return _of_session(call, found.session if found else None, found.kind if found else None)


def _of_session(call: Call, session: str | None, kind: str | None) -> Subject:
    account = call.service.accounts.get(session) if session else None
    return Subject(call.endpoint, session, account.site if account else None, kind)


APPLY = Endpoint("apply", apply, _key_subject, _refuse)
COMMIT = Endpoint("commit", commit, _key_subject, _refuse)
UPLOAD = Endpoint("upload", upload, _file_subject, _refuse)
