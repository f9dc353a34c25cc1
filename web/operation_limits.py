"""All limits of operations, in one value."""

from dataclasses import dataclass, field

from settings import Settings
from web.graphql_limits import Limits
from web.variable_limits import VariableLimits


@dataclass(frozen=True)
class OperationLimits:
    """max_points: the highest cost of an operation (web.node_cost). points_per_minute: what one owner may use; 0: no
    limit.
    """

    document: Limits = field(default_factory=Limits)
    variables: VariableLimits = field(default_factory=VariableLimits)
    max_points: int = 50_000
    points_per_minute: int = 0
    query_timeout_seconds: float = 30


def limits_of(settings: Settings) -> OperationLimits:
    """The limits of a deployment."""
    return OperationLimits(
        document=Limits(characters=settings.max_document_characters),
        variables=VariableLimits(list_items=settings.max_list_items, values=settings.max_variable_values),
        max_points=settings.max_operation_points,
        points_per_minute=settings.points_per_minute,
        query_timeout_seconds=settings.query_timeout_seconds,
    )
