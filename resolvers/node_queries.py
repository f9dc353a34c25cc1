"""Queries of any object by its id, and of the caller."""

import asyncio
from typing import Annotated

import strawberry

from resolvers.fields import query
from resolvers.nodes import load_node
from schema.catalogue import Viewer
from schema.context import Info
from schema.paging import Node
from services.platform.paging import check_id_count


@strawberry.type
class NodeQueries:
    @query("Any object of the caller's by its id; null where there is none or it is somebody else's.")
    async def node(
        self, info: Info, id: Annotated[strawberry.ID, strawberry.argument(description="The object's id.")]
    ) -> Node | None:
        return await load_node(info, id, Node)

    @query(
        "Objects by their ids, in the requested order, each as node returns it. Fields such as status and type have "
        "other types in other kinds of objects: a document that selects several kinds gives them aliases."
    )
    async def nodes(
        self,
        info: Info,
        ids: Annotated[list[strawberry.ID], strawberry.argument(description="The objects' ids, at most 1000.")],
    ) -> list[Node | None] | None:
        check_id_count(ids, "ids")
        return list(await asyncio.gather(*(load_node(info, global_id, Node) for global_id in ids)))

    @query("The caller's identity in the bearer token.")
    def me(self, info: Info) -> Viewer | None:
        return Viewer.of(info.context.viewer)
