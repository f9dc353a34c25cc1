"""Regeneration of a record with some of its parameters changed."""

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
from services.platform.faults import collected

MUTATION = "regenerate"
MAX_PROJECTS_NAMED = 5

# The fields that keep the previous value if they are not given.
_KEPT = (*PARAMETERS, "callback_url")


@dataclass(frozen=True)
class Regeneration:
    """project_id None: the only project with such a record. changes: the given fields, by the names of
    GenerationInput.
    """

    kind: MediaKind
    work_id: str
    storyboard_id: str
    project_id: str | None = None
    polling: Polling = Polling.AUTO
    changes: Mapping[str, Any] = field(default_factory=dict)


async def regenerate(owner: str, wanted: Regeneration, idempotency_key: str | None, priority: Priority) -> Job:
    """Generates a new result for an existing record; returns the job. Fields that are not given keep their previous
    value.

    Without a project there must be exactly one record of the work's storyboard, since guessing could cost credits.
    Raises NotFoundError if there is none, BadInputError if there are several or for an invalid parameter, ConflictError
    if the record has a live job.
    """

    async def read_input() -> GenerationInput:
        collected().check()  # ids that no column takes find no record
        record = await _find(owner, wanted)
        previous = GenerationRequest.from_json(record.params)
        return with_changes(previous, wanted.changes, wanted.polling, record.project_name)

    values = {part.name: getattr(wanted, part.name) for part in fields(wanted)}
    callback_url = wanted.changes.get("callback_url")
    return await admit_all(owner, MUTATION, idempotency_key, values, read_input, priority, callback_url)


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
        raise NotFoundError("There is no record of this storyboard yet.", path=["input", "storyboardId"])
    if len(rows) > 1:
        named = ", ".join(row.project_id for row in rows)
        raise BadInputError(
            f"Several projects have a record of this storyboard; give one of them as projectId: {named}.",
            path=["input", "projectId"],
        )
    return rows[0]


def with_changes(
    previous: GenerationRequest, changes: Mapping[str, Any], polling: Polling, project_name: str | None
) -> GenerationInput:
    """The previous request with the changes. Unchanged fields are marked as defaulted, so that they are replaced if a
    new model does not accept them.
    """
    kept: dict[str, Any] = {name: getattr(previous, name) for name in _KEPT}
    if "ratio" in changes or "resolution" in changes:
        kept["size"] = None  # a size would replace them
    for name, other in (("inputs", "references"), ("references", "inputs")):
        if changes.get(name):
            kept[other] = ()  # a clip has one of both
    for name, value in default_parameters(previous.kind).items():
        kept[name] = kept[name] or value
    given = {
        "kind": previous.kind,
        "model": previous.model,
        "work_id": previous.work_id,
        "storyboard_id": previous.storyboard_id,
        "project_id": previous.project_id,
        "project_name": project_name,
        "strategy": previous.strategy,
        **kept,
        **changes,
    }
    return GenerationInput(**given, polling=polling, defaulted=frozenset(set(_KEPT) - set(changes)))
