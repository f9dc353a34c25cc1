"""Limits of one owner, and of the tokens that name one."""

from pydantic import Field
from pydantic_settings import BaseSettings


class OwnerSettings(BaseSettings):
    """Part of Settings. Limits are of one owner each; 0: there is none."""

    max_owner_connections: int = Field(
        100, ge=0, description="Open WebSockets and event streams of an owner, in each server process; 0: no limit."
    )
    max_owner_subscriptions: int = Field(
        200, ge=0, description="Running subscriptions of an owner, in each server process; 0: no limit."
    )
    max_owner_jobs: int = Field(
        5000,
        ge=0,
        description="Jobs of an owner that wait or run, without their parts; 0: no limit.",
    )
    max_owner_workflows: int = Field(
        100, ge=0, description="Workflows of an owner that wait, run or are paused; 0: no limit."
    )
    max_owner_accounts: int = Field(5000, ge=0, description="Accounts of an owner; 0: no limit.")
    max_owner_bytes: int = Field(
        1024**4, ge=0, description="Bytes of an owner's stored files, beyond which nothing new is taken; 0: no limit."
    )
    max_owner_checks_per_minute: int = Field(
        200, ge=0, description="Calls upstream that an owner asks for, one for each account or job; 0: no limit."
    )
    max_owner_uploads_per_minute: int = Field(120, ge=0, description="Uploaded files of an owner; 0: no limit.")
    max_owner_redeliveries_per_minute: int = Field(
        20, ge=0, description="Callbacks that an owner has sent again; 0: no limit."
    )
    token_max_days: float = Field(
        366, gt=0, le=36_500, description="Longest life of a token that `server.py token` makes, in days."
    )
