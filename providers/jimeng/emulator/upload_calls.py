"""Endpoints of an upload: apply, content, commit. They have no envelope, and use signatures instead of cookies."""

import asyncio
from collections.abc import Callable
from typing import Any

import orjson
from starlette.responses import JSONResponse, Response

from providers.jimeng.emulator.answers import Refusal
from providers.jimeng.emulator.calls import Call, Endpoint
from providers.jimeng.emulator.faults import Subject
from providers.jimeng.emulator.signature import WrongSignature, read_authorization, verify
from providers.jimeng.emulator.uploads import COMMITTED, UploadKey, UploadRefusal

_VERSION = "2018-08-01"
ACTIONS = {"ApplyImageUpload": "GET", "CommitImageUpload": "POST"}


async def apply(call: Call) -> Response:
    def run() -> dict[str, Any]:
        key = _signed_by(call, "ApplyImageUpload")
        call.fail_by_rule()
        size = call.query.get("FileSize", "")
        if not size.isdecimal():
            raise UploadRefusal("InvalidParameter.FileSize", "FileSize is not a number")
        upload = call.service.uploads.apply(key, int(size))
        return {
            "UploadAddress": {
                "StoreInfos": [{"StoreUri": upload.uri, "Auth": upload.auth}],
                "UploadHosts": [call.headers.get("host", "")],
                "SessionKey": upload.session_key,
            }
        }

    return _answered(call, "ApplyImageUpload", run)


async def commit(call: Call) -> Response:
    def run() -> dict[str, Any]:
        key = _signed_by(call, "CommitImageUpload")
        call.fail_by_rule()
        try:
            session_key = orjson.loads(call.body)["SessionKey"]
        except (orjson.JSONDecodeError, KeyError, TypeError):
            raise UploadRefusal("InvalidParameter.SessionKey", "the body names no SessionKey") from None
        upload = call.service.uploads.commit(key, str(session_key))
        return {
            "Results": [{"Uri": upload.uri, "UriStatus": COMMITTED}],
            "PluginResult": [
                {
                    "ImageUri": upload.uri,
                    "ImageWidth": upload.width,
                    "ImageHeight": upload.height,
                    "ImageFormat": upload.format,
                }
            ],
        }

    return await asyncio.to_thread(_answered, call, "CommitImageUpload", run)


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
        return JSONResponse({"code": 4000, "message": refused.message, "error": refused.code}, refused.http_status)
    return JSONResponse({"code": COMMITTED, "message": "Success", "data": {"crc32": stored.crc32}})


def _signed_by(call: Call, action: str) -> UploadKey:
    """The key that signed the call. Raises WrongSignature, UploadRefusal."""
    signed = read_authorization(call.headers.get("authorization", ""))
    now = call.service.clock.callers_time()
    key = call.service.uploads.key(signed.access_key, call.headers.get("x-amz-security-token", ""), now=call.now)
    if (signed.region, signed.service) != (key.site.upload_region, "imagex"):
        raise WrongSignature("SignatureDoesNotMatch", "the scope does not match the site")
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
    if call.request.method != ACTIONS[action] or call.query.get("Version") != _VERSION:
        raise UploadRefusal("InvalidParameter.Version", "method or version does not match the action")
    if call.query.get("ServiceId") not in key.site.service_ids:
        raise UploadRefusal("InvalidParameter.ServiceId", "ServiceId does not match the site")
    return key


def _answered(call: Call, action: str, run: Callable[[], dict[str, Any]]) -> Response:
    request_id = f"{int(call.now * 1000)}"
    meta: dict[str, Any] = {"RequestId": request_id, "Action": action, "Version": _VERSION, "Service": "imagex"}
    try:
        result = run()
    except WrongSignature as wrong:
        return JSONResponse({"ResponseMetadata": meta | {"Error": {"Code": wrong.code, "Message": wrong.message}}}, 403)
    except UploadRefusal as refused:
        error = {"Code": refused.code, "Message": refused.message}
        return JSONResponse({"ResponseMetadata": meta | {"Error": error}}, refused.http_status)
    return JSONResponse({"ResponseMetadata": meta, "Result": result})


def _refuse(call: Call, refused: Refusal) -> Response:
    """A rule's ret in ImageX's format: an error in a response with HTTP 200."""
    error = {"Code": refused.ret, "Message": refused.errmsg}
    return JSONResponse({"ResponseMetadata": {"RequestId": str(int(call.now * 1000)), "Error": error}})


def _key_subject(call: Call) -> Subject:
    try:
        access_key = read_authorization(call.headers.get("authorization", "")).access_key
    except WrongSignature:
        return Subject(call.endpoint)
    return _of_session(call, call.service.uploads.session_of_key(access_key))


def _file_subject(call: Call) -> Subject:
    found = call.service.uploads.get(call.request.path_params["uri"])
    return _of_session(call, found.session if found else None)


def _of_session(call: Call, session: str | None) -> Subject:
    account = call.service.accounts.get(session) if session else None
    return Subject(call.endpoint, session, account.site if account else None)


APPLY = Endpoint("apply", apply, _key_subject, _refuse)
COMMIT = Endpoint("commit", commit, _key_subject, _refuse)
UPLOAD = Endpoint("upload", upload, _file_subject, _refuse)
