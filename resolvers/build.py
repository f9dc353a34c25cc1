"""Builds the GraphQL schema from its query, mutation and subscription types."""

from collections.abc import Iterable
from typing import Any

import strawberry
from strawberry.schema.config import StrawberryConfig

from resolvers.account_mutations import AccountMutations
from resolvers.account_queries import AccountQueries
from resolvers.alert_queries import AlertQueries
from resolvers.asset_mutations import AssetMutations
from resolvers.batch_mutations import BatchMutations
from resolvers.batch_queries import BatchQueries
from resolvers.bounds import bind
from resolvers.callback_mutations import CallbackMutations
from resolvers.catalogue_queries import CatalogueQueries
from resolvers.film_mutations import FilmMutations
from resolvers.job_mutations import JobMutations
from resolvers.list_queries import ListQueries
from resolvers.node_queries import NodeQueries
from resolvers.order_mutations import OrderMutations
from resolvers.project_queries import ProjectQueries
from resolvers.record_mutations import RecordMutations
from resolvers.record_queries import RecordQueries
from resolvers.replay_queries import ReplayQueries
from resolvers.script_mutations import ScriptMutations
from resolvers.stage_queries import StageQueries
from resolvers.statistics_queries import StatisticsQueries
from resolvers.storable_text import StorableText
from resolvers.storyboard_mutations import StoryboardMutations
from resolvers.subscriptions import Subscription
from resolvers.system_queries import SystemQueries
from resolvers.upstream_queries import UpstreamQueries
from resolvers.workflow_mutations import WorkflowMutations
from schema.scalars import SCALARS
from schema.videos import VideoSegment


@strawberry.type(description="All queries.")
class Query(
    NodeQueries,
    AccountQueries,
    AlertQueries,
    RecordQueries,
    BatchQueries,
    ProjectQueries,
    ReplayQueries,
    StatisticsQueries,
    ListQueries,
    StageQueries,
    CatalogueQueries,
    UpstreamQueries,
    SystemQueries,
):
    pass


@strawberry.type(description="All mutations.")
class Mutation(
    AccountMutations,
    RecordMutations,
    BatchMutations,
    JobMutations,
    OrderMutations,
    WorkflowMutations,
    ScriptMutations,
    AssetMutations,
    StoryboardMutations,
    FilmMutations,
    CallbackMutations,
):
    pass


def build_schema(extensions: Iterable[Any] = ()) -> strawberry.Schema:
    schema = strawberry.Schema(
        query=Query,
        mutation=Mutation,
        subscription=Subscription,
        types=[VideoSegment],
        extensions=(StorableText, *extensions),
        config=StrawberryConfig(scalar_map=SCALARS),
    )
    return bind(schema)


schema = build_schema()
