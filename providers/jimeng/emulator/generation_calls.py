"""Endpoints of tasks: submit, query, queue position, best links, cancel."""

from collections.abc import Mapping
from typing import Any

import orjson
from starlette.responses import Response

from providers.jimeng.catalogue import catalogue
from providers.jimeng.emulator import checks, records
from providers.jimeng.emulator.answers import Refusal, envelope, refused_submit
from providers.jimeng.emulator.calls import Call, Endpoint, subject_of
from providers.jimeng.emulator.clip_drafts import read_clip_draft
from providers.jimeng.emulator.drafts import Draft, read_submission
from providers.jimeng.emulator.faults import Subject
from providers.jimeng.emulator.picture_drafts import read_picture_draft
from providers.jimeng.emulator.reading import field, one_of, require, strings
from providers.jimeng.emulator.result_calls import link_maker
from providers.jimeng.emulator.service import Service
from providers.jimeng.emulator.sites import Site
from providers.jimeng.emulator.tasks import Task

_COMPONENTS = ("image_base_component", "video_base_component")
_MAX_IDS = 100


async def submit(call: Call) -> Response:
    site, account = call.check()
    checks.check_versions(call.headers, call.query)
    draft = read_draft(call, site)
    call.service.inputs(account.session, draft)
    call.fail_by_rule()
    task = call.service.submit(account, draft, call.now)
    data = records.accepted(
        task,
        call.service.tasks.positions().get(task.history_id),
        call.service.tasks.waiting_count(draft.kind),
        has_queue_info=call.service.options.has_queue_info,
    )
    if call.rule is not None and call.rule.omits_history_id:
        data["aigc_data"] = {}
    return envelope(data, now=call.now)


def read_draft(call: Call, site: Site) -> Draft:
    call.json()
    submission = read_submission(call.body, site)
    component = one_of(submission.component, "type", _COMPONENTS)
    if component == "video_base_component":
        return read_clip_draft(submission, site)
    return read_picture_draft(submission, site, images_per_task=call.service.options.images_per_task)


def submit_subject(call: Call) -> Subject:
    """With model, kind and prompt, if the body can be parsed."""
    plain = subject_of(call)
    try:
        body = orjson.loads(call.body)
        component = orjson.loads(body["draft_content"])["component_list"][0]
        key, is_clip = body["extend"]["root_model"], component["type"] == "video_base_component"
        prompt = _prompt(component["abilities"])
    except (orjson.JSONDecodeError, KeyError, IndexError, TypeError, AttributeError):
        return plain
    model = catalogue().by_key(key) if isinstance(key, str) else None
    kind = "VIDEO" if is_clip else "IMAGE"
    return Subject(plain.endpoint, plain.session, plain.site, kind, model.name if model else None, prompt)


def _prompt(abilities: Mapping[str, Any]) -> str:
    if "gen_video" in abilities:
        asked = abilities["gen_video"]["text_to_video_params"]["video_gen_inputs"][0]
        metas = (asked.get("unified_edit_input") or {}).get("meta_list") or []
        return "".join(str(meta.get("text", "")) for meta in metas) or str(asked["prompt"])
    return str((abilities.get("blend") or abilities["generate"])["core_param"]["prompt"])


async def query(call: Call) -> Response:
    """Tasks of the account by history_ids and submit_ids; keys of the response are the requested ids."""
    _, account = call.check()
    body = call.json()
    call.fail_by_rule()
    history_ids, submit_ids = strings(body, "history_ids"), strings(body, "submit_ids")
    require(0 < len(history_ids) + len(submit_ids) <= _MAX_IDS, "there are no ids, or more than 100")
    service, data = call.service, {}
    positions, link = service.tasks.positions(), link_maker(call)
    for asked, task in (
        *((asked, service.tasks.get(asked)) for asked in history_ids),
        *((asked, service.tasks.by_submit(account.session, asked)) for asked in submit_ids),
    ):
        if task is not None and task.session == account.session and task.is_visible(call.now):
            data[asked] = records.record(
                task,
                call.now,
                link,
                positions.get(task.history_id),
                service.tasks.waiting_count(task.draft.kind),
                has_queue_info=service.options.has_queue_info,
            )
    return envelope(data, now=call.now)


async def queue(call: Call) -> Response:
    _, account = call.check()
    ids = strings(call.json(), "history_ids")
    require(bool(ids), "history_ids is missing")
    call.fail_by_rule()
    tasks, positions = call.service.tasks, call.service.tasks.positions()
    own = [task for asked in ids if (task := tasks.get(asked)) is not None and task.session == account.session]
    data = {
        task.history_id: {
            "queue_info": records.queue_info(task, positions.get(task.history_id), tasks.waiting_count(task.draft.kind))
        }
        for task in own
    }
    return envelope(data, now=call.now)


async def item_list(call: Call) -> Response:
    """The best links of items. Unknown items and those of other accounts are omitted."""
    _, account = call.check()
    wanted = strings(call.json(), "item_id_list")
    require(bool(wanted), "item_id_list is missing")
    call.fail_by_rule()
    link = link_maker(call)
    found = [_item_of(call.service, account.session, asked) for asked in wanted]
    items = [records.download_item(task, number, link, call.now) for task, number in filter(None, found)]
    return envelope({"item_list": items}, now=call.now)


async def image_by_uri(call: Call) -> Response:
    """Fresh links of pictures, by URI. Unknown ones and those of other accounts are omitted."""
    _, account = call.check()
    wanted = strings(call.json(), "uris")
    require(bool(wanted), "uris is missing")
    call.fail_by_rule()
    link, data = link_maker(call), {}
    for uri in wanted:
        history_id, _, number = uri.removeprefix("tos-result/").rpartition("-")
        task = call.service.tasks.get(history_id)
        if task is None or task.session != account.session or not number.isdecimal() or not task.has_links(call.now):
            continue
        if records.is_downloadable(task) and int(number) < task.items(call.now):
            data[uri] = {"image_uri": uri, "image_url": link(task, int(number), "preview")}
    return envelope(data, now=call.now)


def _item_of(service: Service, session: str, asked: str) -> tuple[Task, int] | None:
    found = service.tasks.item(asked)
    if found is None or found[0].session != session or not records.is_downloadable(found[0]):
        return None
    return found


async def cancel(call: Call) -> Response:
    _, account = call.check()
    history_id = field(call.json(), "history_id", str)
    call.fail_by_rule()
    task = call.service.tasks.get(history_id)
    require(task is not None and task.session == account.session, "the account has no such task")
    assert task is not None
    call.service.cancel(task, call.now)
    return envelope({}, now=call.now)


def _refuse_submit(call: Call, refusal: Refusal) -> Response:
    return refused_submit(refusal, now=call.now)


ENDPOINTS = {
    "/mweb/v1/aigc_draft/generate": Endpoint("submit", submit, submit_subject, _refuse_submit),
    "/mweb/v1/get_history_by_ids": Endpoint("query", query),
    "/mweb/v1/get_history_queue_info": Endpoint("queue", queue),
    "/mweb/v1/get_local_item_list": Endpoint("item_list", item_list),
    "/mweb/v1/get_image_by_uri": Endpoint("image_by_uri", image_by_uri),
    "/mweb/v1/aigc_draft/cancel_generate": Endpoint("cancel", cancel),
}
