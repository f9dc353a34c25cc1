"""Generation records, by id, as lists and by storyboard; and the models that there are."""

from typing import Annotated

import strawberry

from errors import BadInputError
from models.enums import MediaKind
from resolvers.ids import number_of
from resolvers.list_queries import several
from resolvers.node_queries import load_node
from schema.context import Info
from schema.fields import resolved
from schema.models import Model
from schema.paging import After, Before, Connection, First, Last, PageNumber, given, listed
from schema.records import GenerationRecord, RecordFilter, StoryboardRecord, maybe_record, record_from_row
from services.generation.catalogue import default_model
from services.generation.catalogue import models as list_models
from services.generation.checking import parameters_of
from services.platform.paging import MAX_IDS, check_id_count, page_request
from services.queries.records import RecordConditions, latest_records, records_query


def record_conditions(wanted: RecordFilter | None) -> RecordConditions:
    if given(wanted) is None or wanted is None:
        return RecordConditions()
    storyboard_ids = several(wanted.storyboard_ids)
    if storyboard_ids is not None:
        check_id_count(storyboard_ids, "filter", "storyboardIds")
    batch_id = given(wanted.batch_id)
    return RecordConditions(
        kind=given(wanted.kind),
        work_id=given(wanted.work_id),
        project_id=given(wanted.project_id),
        storyboard_ids=storyboard_ids,
        batch_id=None if batch_id is None else number_of(batch_id, "Batch") or 0,
        statuses=several(wanted.status),
        model=given(wanted.model),
        prompt_contains=given(wanted.prompt_contains),
        created_after=given(wanted.created_after),
        created_before=given(wanted.created_before),
    )


@strawberry.type
class RecordQueries:
    @resolved("A record of the caller's, or null.")
    async def record(
        self, info: Info, id: Annotated[strawberry.ID, strawberry.argument(description="Its id.")]
    ) -> GenerationRecord | None:
        return await load_node(info, id, "GenerationRecord")  # type: ignore[no-any-return]

    @resolved("The caller's records, those of the newest storyboards first.")
    async def records(
        self,
        info: Info,
        filter: Annotated[
            RecordFilter | None, strawberry.argument(description="Which to list; null: all.")
        ] = strawberry.UNSET,
        first: First = strawberry.UNSET,
        after: After = strawberry.UNSET,
        last: Last = strawberry.UNSET,
        before: Before = strawberry.UNSET,
        page: PageNumber = strawberry.UNSET,
    ) -> Connection[GenerationRecord]:
        request = page_request(given(first), given(after), given(last), given(before), given(page))
        query = records_query(info.context.owner, record_conditions(filter))
        return await listed(query, request, record_from_row)

    @resolved("The newest record of each storyboard, in the order asked for; record is null where there is none.")
    async def latest_records(
        self,
        info: Info,
        kind: Annotated[MediaKind, strawberry.argument(description="Pictures or clips.")],
        work_id: Annotated[str, strawberry.argument(description="The caller's id for the work.")],
        storyboard_ids: Annotated[
            list[str],
            strawberry.argument(description=f"The storyboards, at most {MAX_IDS}; one may stand there twice."),
        ],
        project_id: Annotated[
            str | None, strawberry.argument(description="Only this project's; null: the newest of all projects.")
        ] = strawberry.UNSET,
    ) -> list[StoryboardRecord]:
        if len(storyboard_ids) > MAX_IDS:
            raise BadInputError(f"At most {MAX_IDS} storyboards are taken at once.", path=["storyboardIds"])
        rows = await latest_records(info.context.owner, kind, work_id, given(project_id), storyboard_ids)
        return [
            StoryboardRecord(storyboard_id=storyboard_id, record=maybe_record(row))
            for storyboard_id, row in zip(storyboard_ids, rows, strict=True)
        ]

    @resolved("What can be generated: models with their ratios, resolutions, durations, sites and credit costs.")
    def models(
        self,
        kind: Annotated[
            MediaKind | None, strawberry.argument(description="Pictures or clips; null: both.")
        ] = strawberry.UNSET,
    ) -> list[Model]:
        return [
            Model.of(model, model.name == default_model(MediaKind(model.kind)), parameters_of(model))
            for model in list_models(given(kind))
        ]
