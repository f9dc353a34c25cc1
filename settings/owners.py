"""Limits of one owner, and of the tokens that name one."""

from pydantic import Field
from pydantic_settings import BaseSettings


class OwnerSettings(BaseSettings):
    """Part of Settings. 0 of a limit: nothing of that kind at all."""

    max_owner_connections: int = Field(
        100, ge=0, description="Most WebSockets and event streams of one owner at once, in one process."
    )
    max_owner_subscriptions: int = Field(
        200, ge=0, description="Most subscriptions of one owner at once, in one process."
    )
    max_owner_waiting_jobs: int = Field(
        5000, ge=0, description="Most jobs of one owner that wait or run; requests beyond it are QUOTA_EXCEEDED."
    )
    max_owner_workflows: int = Field(
        100, ge=0, description="Most workflows of one owner that wait, run or are paused at once."
    )
    max_owner_accounts: int = Field(5000, ge=0, description="Most accounts of one owner.")
    max_owner_bytes: int = Field(
        1024**4, ge=0, description="Most bytes of one owner's stored files; uploads beyond it are QUOTA_EXCEEDED."
    )
    max_owner_checks_per_minute: int = Field(
        200, ge=0, description="Most requests to upstream of one owner in a minute: one for each account or job."
    )
    max_owner_uploads_per_minute: int = Field(120, ge=0, description="Most uploaded files of one owner in a minute.")
    max_owner_redeliveries_per_minute: int = Field(
        20, ge=0, description="Most callbacks that one owner has sent again in a minute."
    )
    token_max_days: float = Field(
        366, gt=0, le=36_500, description="Longest life of a token that `server.py token` makes, in days."
    )
