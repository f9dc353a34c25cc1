"""Queries of the results of the six stages, of a workflow's assets, and of the impact of a change."""

from typing import Annotated

import strawberry

from resolvers.fields import query
from resolvers.ids import Id, need_all, number_of
from resolvers.nodes import load_node
from schema.animatics import Animatic
from schema.assets import Asset, OnlyType, workflow_assets
from schema.context import Info
from schema.edits import Edit
from schema.impact import ChangeImpact
from schema.paging import Connection, paged
from schema.scripts import Script
from schema.storyboards import Storyboard
from schema.videos import Video
from services.film.impact import change_impact
from services.platform.paging import MAX_IDS, PageRequest
from services.queries.orders import ASSET_ORDERS

Ids = Annotated[list[strawberry.ID] | None, strawberry.argument(description=f"At most {MAX_IDS} ids.")]


@strawberry.type
class StageQueries:
    @query("A script of the caller's; null where there is none.")
    async def script(self, info: Info, id: Id) -> Script | None:
        return await load_node(info, id, Script)

    @query("An asset of the caller's; null where there is none.")
    async def asset(self, info: Info, id: Id) -> Asset | None:
        return await load_node(info, id, Asset)

    @query("A storyboard of the caller's; null where there is none.")
    async def storyboard(self, info: Info, id: Id) -> Storyboard | None:
        return await load_node(info, id, Storyboard)

    @query("An animatic of the caller's; null where there is none.")
    async def animatic(self, info: Info, id: Id) -> Animatic | None:
        return await load_node(info, id, Animatic)

    @query("A video of the caller's; null where there is none.")
    async def video(self, info: Info, id: Id) -> Video | None:
        return await load_node(info, id, Video)

    @query("An edit of the caller's; null where there is none.")
    async def edit(self, info: Info, id: Id) -> Edit | None:
        return await load_node(info, id, Edit)

    @paged(
        "A workflow's characters, props and scenes, newest first; empty where there is no such workflow.", ASSET_ORDERS
    )
    async def assets(
        self,
        info: Info,
        request: PageRequest,
        workflow_id: Annotated[strawberry.ID, strawberry.argument(description="The workflow.")],
        type: OnlyType = strawberry.UNSET,
    ) -> Connection[Asset] | None:
        return await workflow_assets(info, number_of(workflow_id, "Workflow") or 0, type, request)

    @query("What changing these would make out of date, before anything is changed: artifacts, credits and time.")
    async def change_impact(
        self,
        info: Info,
        shot_ids: Ids = [],  # noqa: B006
        asset_ids: Ids = [],  # noqa: B006
        words: Annotated[
            bool | None, strawberry.argument(description="Whether dialogue or narration would change too.")
        ] = False,
    ) -> ChangeImpact | None:
        impact = await change_impact(
            info.context.owner,
            need_all(shot_ids or [], "Shot", "shotIds"),
            need_all(asset_ids or [], "Asset", "assetIds"),
            bool(words),
        )
        return ChangeImpact.of(impact)
