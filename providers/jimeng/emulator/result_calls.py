"""Result links: signed, with an expiry time, and downloaded without cookies."""

import hashlib
import hmac
import secrets

from starlette.responses import FileResponse, Response

from errors import JobFailure
from providers.jimeng.emulator.answers import Refusal, html_page
from providers.jimeng.emulator.calls import Call, Endpoint
from providers.jimeng.emulator.faults import Subject
from providers.jimeng.emulator.records import Link
from providers.jimeng.emulator.tasks import Task

ROUTE = "/obj/{history_id}/{number:int}-{purpose}.{extension}"
_KEY = secrets.token_bytes(32)
_MEDIA_TYPES = {"png": "image/png", "webp": "image/webp", "mp4": "video/mp4"}
# Upstream escapes some links twice.
_ESCAPED_AMPERSAND = "\\u0026"


def link_maker(call: Call) -> Link:
    """Links to the host of the call. Preview links of clips have escaped ampersands."""
    service, host = call.service, call.headers.get("host", "")
    expires = int(call.now + service.options.link_seconds)

    def link(task: Task, number: int, purpose: str) -> str:
        is_clip = task.draft.kind == "VIDEO"
        extension = "mp4" if is_clip else service.options.image_format
        path = f"/obj/{task.history_id}/{number}-{purpose}.{extension}"
        ampersand = _ESCAPED_AMPERSAND if is_clip and purpose == "preview" else "&"
        return f"http://{host}{path}?x-expires={expires}{ampersand}x-signature={_signature(path, expires)}"

    return link


async def result(call: Call) -> Response:
    path, expires = call.request.url.path, call.query.get("x-expires", "")
    is_signed = expires.isdecimal() and hmac.compare_digest(
        _signature(path, int(expires)).encode(), call.query.get("x-signature", "").encode()
    )
    if not is_signed or call.now >= int(expires):
        call.note_refusal("403", "the link has expired" if is_signed else "the link's signature is wrong")
        return html_page(403, "Forbidden")
    call.fail_by_rule()
    task, number = _task_of(call), call.request.path_params["number"]
    if task is None or number >= task.items(call.now) or number in task.outcome.dead_items:
        call.note_refusal("404", "there is no such result")
        return html_page(404, "Not Found")
    try:
        found = await call.service.results.get(task, number, call.service.input_paths(task))
    except JobFailure:
        return html_page(500, "Internal Server Error")
    media_type = _MEDIA_TYPES[path.rpartition(".")[2]]
    return (
        Response(found, media_type=media_type)
        if isinstance(found, bytes)
        else FileResponse(found, media_type=media_type)
    )


def _signature(path: str, expires: int) -> str:
    return hmac.digest(_KEY, f"{path}:{expires}".encode(), hashlib.sha256).hex()[:32]


def _task_of(call: Call) -> Task | None:
    return call.service.tasks.get(call.request.path_params["history_id"])


def _subject(call: Call) -> Subject:
    task = _task_of(call)
    if task is None:
        return Subject(call.endpoint)
    draft = task.draft
    return Subject(call.endpoint, task.session, task.site, draft.kind, draft.model.name, draft.prompt)


def _refuse(call: Call, refused: Refusal) -> Response:
    """File hosts have no ret; a refusal is a 403."""
    return html_page(403, "Forbidden")


RESULT = Endpoint("result", result, _subject, _refuse)
