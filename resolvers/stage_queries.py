"""What the six stages make, by id; a workflow's assets; and what a change would make out of date."""

from typing import Annotated

import strawberry

from models.enums import AssetType
from resolvers.ids import need_all, number_of
from resolvers.node_queries import load_node
from schema.animatics import Animatic
from schema.assets import Asset
from schema.context import Info
from schema.edits import Edit
from schema.fields import resolved
from schema.impact import ChangeImpact
from schema.paging import After, Connection, First, child_connection, given
from schema.scripts import Script
from schema.storyboards import Shot, Storyboard
from schema.videos import Video
from services.film.impact import change_impact
from services.platform.paging import MAX_IDS
from services.queries.children import WORKFLOW_ASSETS

Ids = Annotated[list[strawberry.ID] | None, strawberry.argument(description=f"At most {MAX_IDS} ids.")]


@strawberry.type
class StageQueries:
    @resolved("A script of the caller's, or null.")
    async def script(
        self, info: Info, id: Annotated[strawberry.ID, strawberry.argument(description="Its id.")]
    ) -> Script | None:
        return await load_node(info, id, "Script")  # type: ignore[no-any-return]

    @resolved("An asset of the caller's, or null.")
    async def asset(
        self, info: Info, id: Annotated[strawberry.ID, strawberry.argument(description="Its id.")]
    ) -> Asset | None:
        return await load_node(info, id, "Asset")  # type: ignore[no-any-return]

    @resolved("A storyboard of the caller's, or null.")
    async def storyboard(
        self, info: Info, id: Annotated[strawberry.ID, strawberry.argument(description="Its id.")]
    ) -> Storyboard | None:
        return await load_node(info, id, "Storyboard")  # type: ignore[no-any-return]

    @resolved("An animatic of the caller's, or null.")
    async def animatic(
        self, info: Info, id: Annotated[strawberry.ID, strawberry.argument(description="Its id.")]
    ) -> Animatic | None:
        return await load_node(info, id, "Animatic")  # type: ignore[no-any-return]

    @resolved("A video of the caller's, or null.")
    async def video(
        self, info: Info, id: Annotated[strawberry.ID, strawberry.argument(description="Its id.")]
    ) -> Video | None:
        return await load_node(info, id, "Video")  # type: ignore[no-any-return]

    @resolved("An edit of the caller's, or null.")
    async def edit(
        self, info: Info, id: Annotated[strawberry.ID, strawberry.argument(description="Its id.")]
    ) -> Edit | None:
        return await load_node(info, id, "Edit")  # type: ignore[no-any-return]

    @resolved("A workflow's characters, props and scenes, newest first; empty where there is no such workflow.")
    async def assets(
        self,
        info: Info,
        workflow_id: Annotated[strawberry.ID, strawberry.argument(description="The workflow.")],
        type: Annotated[AssetType | None, strawberry.argument(description="Only this type.")] = strawberry.UNSET,
        first: First = strawberry.UNSET,
        after: After = strawberry.UNSET,
    ) -> Connection[Asset]:
        only = given(type)
        return await child_connection(
            info,
            WORKFLOW_ASSETS,
            number_of(workflow_id, "Workflow") or 0,
            Asset.from_row,
            first=first,
            after=after,
            only=None if only is None else only.value,
        )

    @resolved("What changing these would make out of date, before anything is changed: artifacts, credits and time.")
    async def change_impact(
        self,
        info: Info,
        shot_ids: Ids = [],  # noqa: B006
        asset_ids: Ids = [],  # noqa: B006
        words: Annotated[
            bool | None, strawberry.argument(description="Whether dialogue or narration would change too.")
        ] = False,
    ) -> ChangeImpact:
        impact = await change_impact(
            info.context.owner,
            need_all(shot_ids or [], "Shot", "shotIds"),
            need_all(asset_ids or [], "Asset", "assetIds"),
            bool(words),
        )
        return ChangeImpact(
            shots=[Shot.from_row(row) for row in impact.shots],
            images=impact.images,
            animatic_parts=impact.animatic_parts,
            clips=impact.clips,
            speeches=impact.speeches,
            films=impact.films,
            credits=impact.credits,
            seconds=impact.seconds,
        )
