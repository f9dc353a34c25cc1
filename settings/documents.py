"""Limits of GraphQL documents and of their execution."""

from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings


class DocumentSettings(BaseSettings):
    """Part of Settings."""

    max_document_characters: int = Field(65_536, ge=1000, description="Longest GraphQL document, in characters.")
    max_operation_points: int = Field(
        50_000, ge=1000, description="Highest cost of an operation: values that its answer can have."
    )
    points_per_minute: int = Field(
        1_000_000, ge=0, description="Points that an owner may use a minute, refilled evenly; 0: no limit."
    )
    query_timeout_seconds: float = Field(30, gt=0, description="Longest time of a query; mutations have none.")
    max_list_items: int = Field(1000, ge=100, description="Longest list in the variables of a request.")
    max_variable_values: int = Field(
        50_000, ge=1000, description="Most values in the variables of a request: objects, lists, strings, numbers."
    )
    trusted_documents: Path | None = Field(
        None, description="File or folder of the only documents that are executed; not set: any document."
    )
    graphiql: bool = Field(True, description="Whether browsers get GraphiQL at /graphql.")
    get_queries: bool = Field(True, description="Whether queries may be sent by GET.")
