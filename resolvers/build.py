"""The schema, put together."""

from collections.abc import Iterable
from typing import Any

import strawberry
from strawberry.schema.config import StrawberryConfig

from resolvers.asset_mutations import AssetMutations
from resolvers.catalogue_queries import CatalogueQueries
from resolvers.film_mutations import FilmMutations
from resolvers.job_mutations import JobMutations
from resolvers.list_queries import ListQueries
from resolvers.node_queries import NodeQueries
from resolvers.script_mutations import ScriptMutations
from resolvers.stage_queries import StageQueries
from resolvers.storable_text import StorableText
from resolvers.storyboard_mutations import StoryboardMutations
from resolvers.subscriptions import Subscription
from resolvers.workflow_mutations import WorkflowMutations
from schema.scalars import SCALARS
from schema.videos import VideoSegment


@strawberry.type(description="What can be asked.")
class Query(NodeQueries, ListQueries, StageQueries, CatalogueQueries):
    pass


@strawberry.type(description="What can be changed.")
class Mutation(JobMutations, WorkflowMutations, ScriptMutations, AssetMutations, StoryboardMutations, FilmMutations):
    pass


def build_schema(extensions: Iterable[Any] = ()) -> strawberry.Schema:
    return strawberry.Schema(
        query=Query,
        mutation=Mutation,
        subscription=Subscription,
        types=[VideoSegment],
        extensions=(StorableText, *extensions),
        config=StrawberryConfig(scalar_map=SCALARS),
    )


schema = build_schema()
