"""Running a storyboard's record again, with some of its parameters changed."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from errors import BadInputError, NotFoundError
from models.enums import MediaKind, Polling, Priority
from models.generation import GenerationRecord
from models.generation_parameters import PARAMETERS
from models.generation_requests import GenerationRequest
from models.jobs import Job
from services.generation.admission import admit_all
from services.generation.generation_input import GenerationInput, default_parameters

MUTATION = "regenerate"
MAX_PROJECTS_NAMED = 5

# What a record keeps where nothing is said of it.
_KEPT = (*PARAMETERS, "callback_url")


@dataclass(frozen=True)
class Regeneration:
    """project_id None: the only project that has such a record. changes: what was given, by GenerationInput's names."""

    kind: MediaKind
    work_id: str
    storyboard_id: str
    project_id: str | None = None
    polling: Polling = Polling.AUTO
    changes: Mapping[str, Any] = field(default_factory=dict)


async def regenerate(owner: str, wanted: Regeneration, idempotency_key: str | None, priority: Priority) -> Job:
    """Makes a record's result anew, under the same record; what is not given keeps its former value.

    Without a project there must be one record of the work's storyboard: it costs too much to guess. Raises
    NotFoundError where there is none, BadInputError where there are several or a parameter cannot be, ConflictError
    where its job is live.
    """

    async def ask() -> GenerationInput:
        record = await _find(owner, wanted)
        former = GenerationRequest.from_json(record.params)
        return repeated(former, wanted.changes, wanted.polling, record.project_name)

    values = {part.name: getattr(wanted, part.name) for part in fields(wanted)}
    callback_url = wanted.changes.get("callback_url")
    return await admit_all(owner, MUTATION, idempotency_key, values, ask, priority, callback_url)


async def _find(owner: str, wanted: Regeneration) -> GenerationRecord:
    query = GenerationRecord.filter(
        owner=owner,
        kind=wanted.kind,
        work_id=wanted.work_id,
        storyboard_id=wanted.storyboard_id,
        deleted_at__isnull=True,
    )
    if wanted.project_id is not None:
        query = query.filter(project_id=wanted.project_id)
    rows = await query.order_by("-id").limit(MAX_PROJECTS_NAMED)
    if not rows:
        raise NotFoundError("There is no record of that storyboard yet.", path=["input", "storyboardId"])
    if len(rows) > 1:
        named = ", ".join(row.project_id for row in rows)
        raise BadInputError(
            f"Several projects have a record of that storyboard; say which: {named}.", path=["input", "projectId"]
        )
    return rows[0]


def repeated(
    former: GenerationRequest, changes: Mapping[str, Any], polling: Polling, project_name: str | None
) -> GenerationInput:
    """The former request with its changes. What was not changed gives way where another model does not take it."""
    kept: dict[str, Any] = {name: getattr(former, name) for name in _KEPT}
    if "ratio" in changes or "resolution" in changes:
        kept["size"] = None  # a size would win over them
    for name, value in default_parameters(former.kind).items():
        kept[name] = kept[name] or value
    given = {
        "kind": former.kind,
        "model": former.model,
        "work_id": former.work_id,
        "storyboard_id": former.storyboard_id,
        "project_id": former.project_id,
        "project_name": project_name,
        "strategy": former.strategy,
        **kept,
        **changes,
    }
    return GenerationInput(**given, polling=polling, defaulted=frozenset(set(_KEPT) - set(changes)))
