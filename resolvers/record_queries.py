"""Queries of generation records (by id, as lists, by storyboard) and of models."""

from typing import Annotated

import strawberry

from errors import BadInputError
from models.enums import MediaKind
from resolvers.fields import query
from resolvers.ids import Id
from resolvers.lists import ListFilter, filter_id, listed, several
from resolvers.nodes import load_node
from schema.context import Info
from schema.fields import given
from schema.models import Model
from schema.paging import Connection, paged
from schema.records import GenerationRecord, RecordFilter, StoryboardRecord, maybe_record, record_from_row
from services.generation.catalogue import default_model
from services.generation.catalogue import models as list_models
from services.generation.checking import parameters_of
from services.platform.paging import MAX_IDS, PageRequest, check_id_count
from services.queries.orders import RECORD_ORDERS
from services.queries.records import RECORDS, RecordConditions, latest_records, records_where


def record_conditions(wanted: RecordFilter) -> RecordConditions:
    storyboard_ids = several(wanted.storyboard_ids)
    if storyboard_ids is not None:
        check_id_count(storyboard_ids, "filter", "storyboardIds")
    return RecordConditions(
        kind=given(wanted.kind),
        work_id=given(wanted.work_id),
        project_id=given(wanted.project_id),
        storyboard_ids=storyboard_ids,
        batch_id=filter_id(wanted.batch_id, "Batch"),
        statuses=several(wanted.status),
        model=given(wanted.model),
        prompt_contains=given(wanted.prompt_contains),
        created_after=given(wanted.created_after),
        created_before=given(wanted.created_before),
    )


@strawberry.type
class RecordQueries:
    @query("A record of the caller's; null where there is none.")
    async def record(self, info: Info, id: Id) -> GenerationRecord | None:
        return await load_node(info, id, GenerationRecord)

    @paged("The caller's records, those of the newest storyboards first.", RECORD_ORDERS)
    async def records(
        self,
        info: Info,
        request: PageRequest,
        filter: ListFilter[RecordFilter] = strawberry.UNSET,
    ) -> Connection[GenerationRecord] | None:
        owner = info.context.owner
        where = records_where(owner, record_conditions(given(filter) or RecordFilter()))
        return await listed(owner, RECORDS, where, request, record_from_row)

    @query("The newest record of each storyboard, in the requested order; record is null where there is none.")
    async def latest_records(
        self,
        info: Info,
        kind: Annotated[MediaKind, strawberry.argument(description="Pictures or clips.")],
        work_id: Annotated[str, strawberry.argument(description="The caller's id for the work.")],
        storyboard_ids: Annotated[
            list[str],
            strawberry.argument(description=f"The storyboards, at most {MAX_IDS}; duplicates are allowed."),
        ],
        project_id: Annotated[
            str | None, strawberry.argument(description="Only this project's; null: the newest of all projects.")
        ] = strawberry.UNSET,
    ) -> list[StoryboardRecord] | None:
        if len(storyboard_ids) > MAX_IDS:
            raise BadInputError(f"At most {MAX_IDS} storyboards are allowed.", path=["storyboardIds"])
        rows = await latest_records(info.context.owner, kind, work_id, given(project_id), storyboard_ids)
        return [
            StoryboardRecord(storyboard_id=storyboard_id, record=maybe_record(row))
            for storyboard_id, row in zip(storyboard_ids, rows, strict=True)
        ]

    @query("The available models with their ratios, resolutions, durations, sites and credit costs.")
    def models(
        self,
        kind: Annotated[
            MediaKind | None, strawberry.argument(description="Pictures or clips; null: both.")
        ] = strawberry.UNSET,
    ) -> list[Model] | None:
        return [
            Model.of(model, model.name == default_model(MediaKind(model.kind)), parameters_of(model))
            for model in list_models(given(kind))
        ]
