"""The control interface under /__emulator__/, for tests and demos: ledger, accounts, rules, settings, clock."""

import dataclasses
import functools
from collections.abc import Awaitable, Callable
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from providers.jimeng.emulator.answers import json_response
from providers.jimeng.emulator.faults import rule_from
from providers.jimeng.emulator.options import change
from providers.jimeng.emulator.service import Service
from providers.jimeng.emulator.tasks import Task

PREFIX = "/__emulator__"
_Handler = Callable[[Service, Any], Awaitable[Any]]


async def _ledger(service: Service, _: Any) -> Any:
    now = service.clock.now()
    return {"tasks": [_entry(task, now) for task in service.tasks.all()]}


def _entry(task: Task, now: float) -> dict[str, Any]:
    return {
        "history_id": task.history_id,
        "account": task.session,
        "site": task.site,
        "submit_id": task.submit_id,
        "model": task.draft.model.name,
        "kind": task.draft.kind,
        "prompt": task.draft.prompt,
        "uris": list(task.draft.uris),
        "materials": [dataclasses.asdict(material) for material in task.draft.materials],
        "created_at": task.created_at,
        "visible_at": task.visible_at,
        "started_at": task.started_at,
        "ended_at": task.ended_at,
        "end": task.end,
        "status": task.status(now),
        "task_status": task.task_status(now),
        "fail_code": task.outcome.fail_code if task.end == "FAILED" else "",
        "charge": task.charge,
        "refund": task.refund,
        "times_submitted": task.times_submitted,
    }


async def _accounts(service: Service, _: Any) -> Any:
    return {
        "accounts": [
            account.as_mapping()
            | {"in_flight": {kind: service.tasks.open_count(account.session, kind) for kind in ("IMAGE", "VIDEO")}}
            for account in service.accounts.all()
        ]
    }


async def _put_accounts(service: Service, body: Any) -> Any:
    """One account, or {"accounts": [...]}; adds each, or changes the one with the same session."""
    entries = body.get("accounts", [body])
    return {"accounts": [service.accounts.put(entry).as_mapping() for entry in entries]}


async def _rules(service: Service, _: Any) -> Any:
    rules = [dataclasses.asdict(rule) | {"hits": service.rules.hits.get(rule.name, 0)} for rule in service.rules.rules]
    return {"rules": rules}


async def _put_rules(service: Service, body: Any) -> Any:
    """{"rules": [...], "clear": true, "remove": [names]}; clear and remove are applied first. Same names replace."""
    rules = [rule_from(entry, number) for number, entry in enumerate(body.get("rules", []), start=1)]
    removed = body.get("remove", [])
    if body.get("clear"):
        service.rules.rules.clear()
        service.rules.forget()
    service.rules.rules = [rule for rule in service.rules.rules if rule.name not in removed]
    service.rules.put(rules)
    return await _rules(service, body)


async def _settings(service: Service, _: Any) -> Any:
    return service.options.as_mapping()


async def _put_settings(service: Service, body: Any) -> Any:
    change(service.options, body)
    service.rules.seed = service.options.seed
    return service.options.as_mapping()


async def _put_clock(service: Service, body: Any) -> Any:
    service.clock.advance(float(body["advance_seconds"]))
    service.settle(service.clock.now())
    return {"now": service.clock.now()}


async def _statistics(service: Service, _: Any) -> Any:
    return service.statistics.as_mapping(service.clock.now(), service.tasks, service.accounts, service.rules.hits)


async def _reset(service: Service, _: Any) -> Any:
    await service.reset()
    return {}


async def _serve(handler: _Handler, service: Service, request: Request) -> Response:
    service.settle(service.clock.now())
    try:
        content = await request.body()
        body = orjson.loads(content) if content else {}
        if not isinstance(body, dict):
            raise ValueError("the body must be a JSON object")
        return json_response(await handler(service, body))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        response = json_response({"error": str(error)})
        response.status_code = 400
        return response


def control_routes(service: Service) -> list[Route]:
    handlers: tuple[tuple[str, str, _Handler], ...] = (
        ("GET", "ledger", _ledger),
        ("GET", "accounts", _accounts),
        ("POST", "accounts", _put_accounts),
        ("GET", "rules", _rules),
        ("POST", "rules", _put_rules),
        ("GET", "settings", _settings),
        ("POST", "settings", _put_settings),
        ("POST", "clock", _put_clock),
        ("GET", "statistics", _statistics),
        ("POST", "reset", _reset),
    )
    return [
        Route(f"{PREFIX}/{name}", functools.partial(_serve, handler, service), methods=[method])
        for method, name, handler in handlers
    ]
