"""The settings of a deployment; limits of callers and of files have files of their own."""

import os
import zoneinfo
from base64 import urlsafe_b64decode
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from cryptography.fernet import Fernet
from pydantic import Field, SecretStr, ValidationInfo, field_validator
from pydantic_settings import NoDecode, SettingsConfigDict

from settings.addresses import checked_host, checked_origin, has_usable_port
from settings.connections import ConnectionSettings
from settings.documents import DocumentSettings
from settings.foreign_files import ForeignFileSettings
from settings.names import ENV_PREFIX
from settings.owners import OwnerSettings
from settings.secret_strength import FEWEST_CHARACTERS, FEWEST_DISTINCT, weakness

SECRET_CHARACTERS = 32


class Settings(DocumentSettings, ForeignFileSettings, OwnerSettings, ConnectionSettings):
    model_config = SettingsConfigDict(
        env_prefix=ENV_PREFIX, env_file=".env", env_file_encoding="utf-8", extra="ignore", frozen=True
    )

    data_dir: Path = Field(Path("data"), description="Folder of the database, the stored files and temporary files.")
    host: str = Field("127.0.0.1", description="Address to listen on.")
    port: int = Field(8000, ge=0, le=65535, description="Port to listen on; 0: any free port.")
    database_url: SecretStr | None = Field(
        None, description="postgres://user:password@host:port/name; not set: SQLite in the data folder."
    )
    redis_url: SecretStr | None = Field(
        None, description="redis://host:port/db for broker and events; not set: both in the process."
    )
    storage_url: SecretStr | None = Field(
        None, description="s3://bucket/prefix?endpoint=…&region=…; not set: a folder in the data folder."
    )
    secret: SecretStr | None = Field(
        None,
        description="Signs tokens and links; at least 32 characters. Not set: loopback only.",
    )
    public_url: str | None = Field(
        None, description="Public address of this server, e.g. https://films.example; file links begin with it."
    )
    jwks_url: str | None = Field(None, description="Address of an identity provider's RS256 or ES256 keys (JWKS).")
    jwt_audience: str | None = Field(None, description="Required audience (aud) of tokens; not set: any.")
    jwt_issuer: str | None = Field(None, description="Required issuer (iss) of tokens; not set: any.")
    render_concurrency: int = Field(
        default_factory=lambda: os.cpu_count() or 1, ge=1, le=256, description="Concurrent renderings on this machine."
    )
    allowed_hosts: Annotated[tuple[str, ...], NoDecode] = Field(
        (), description="Additional Host names to answer, separated by commas; * for any, if a secret is set."
    )
    allowed_origins: Annotated[tuple[str, ...], NoDecode] = Field(
        (), description="Web origins that may use the API from a browser, separated by commas."
    )
    allowed_private_hosts: Annotated[tuple[str, ...], NoDecode] = Field(
        (), description="Hosts, or host:port, with private addresses that may be fetched from, separated by commas."
    )
    max_upload_bytes: int = Field(50 * 1024 * 1024, ge=1, description="Largest uploaded file, in bytes.")
    max_json_bytes: int = Field(16 * 1024**2, ge=1024, description="Largest JSON body or WebSocket message, in bytes.")
    max_request_bytes: int = Field(256 * 1024**2, ge=1024, description="Largest multipart request, in bytes.")
    link_seconds: int = Field(24 * 3600, ge=60, description="How long a signed file link is valid.")
    idempotency_seconds: int = Field(24 * 3600, ge=60, description="How long an idempotency key is kept.")
    unreferenced_file_days: float = Field(7, ge=0, description="Days until an unreferenced file is removed.")
    lease_seconds: float = Field(
        30,
        ge=2,
        description="A worker without a heartbeat for this long loses its jobs.",
    )
    render_timeout_seconds: float = Field(1800, ge=10, description="Longest time of one rendering.")
    encryption_keys: Annotated[tuple[SecretStr, ...], NoDecode] = Field(
        (),
        description="Fernet keys for stored secrets; the first encrypts, all decrypt. Not set: one is created.",
    )
    image_model: str = Field("jimeng-4.5", description="Default model for images.")
    video_model: str = Field("jimeng-video-3.5-pro", description="Default model for videos.")
    unknown_submit_seconds: float = Field(
        120,
        ge=1,
        description="A submit without a readable answer is given up once upstream does not know it for this long.",
    )
    missing_task_seconds: float = Field(
        600,
        ge=1,
        description="A task that upstream's answers lack for this long frees its slot; a late result is still stored.",
    )
    missing_result_seconds: float = Field(
        600,
        ge=1,
        description="How long the results of a task that upstream has finished are asked for where it gives no link.",
    )
    image_timeout_seconds: float = Field(900, ge=1, description="Time-out of an image; a late result is still stored.")
    video_timeout_seconds: float = Field(1200, ge=1, description="Time-out of a video; a late result is still stored.")
    max_submits: int = Field(
        200,
        ge=1,
        le=1000,
        description="Concurrent submits per worker process; result downloads: a quarter of it.",
    )
    priority_ageing_seconds: float = Field(
        900, ge=1, description="A waiting job rises by one priority each time this has passed, at most to HIGH."
    )
    urgent_slot_percent: float = Field(
        10, ge=0, le=100, description="Share of a pool's slots reserved for URGENT, rounded down below ten slots."
    )
    urgent_lookback_hours: float = Field(
        24, ge=0, description="Slots are reserved for owners who created an URGENT job within so many hours."
    )
    load_balance: Literal["ROUND_ROBIN", "LEAST_USED", "PRIORITY"] = Field(
        "LEAST_USED", description="Default load balancing of a request's strategy."
    )
    rate_limit_handling: Literal["WAIT", "SKIP", "SWITCH"] = Field(
        "SWITCH", description="Default rate limit handling of a request's strategy."
    )
    max_attempts: int = Field(5, ge=1, le=100, description="Default of a request's strategy.")
    auto_switch_on_failure: bool = Field(True, description="Default of a request's strategy.")
    max_concurrent_per_account: int | None = Field(
        None, ge=1, description="Default of a request's strategy; not set: each account's own limit."
    )
    allow_http_callbacks: bool = Field(False, description="Whether callback addresses may be http.")
    alert_webhook_url: str | None = Field(None, description="Address that every alert is sent to.")
    alert_webhook_secret: SecretStr | None = Field(
        None, description="Secret that signs those alerts: whsec_ and base64 (Standard Webhooks)."
    )
    failure_rate_percent: float = Field(
        50, ge=1, le=100, description="FAILURE_RATE_HIGH: raised at this share of failed generations."
    )
    failure_rate_minutes: float = Field(15, ge=1, description="FAILURE_RATE_HIGH: length of the window.")
    failure_rate_minimum: int = Field(20, ge=1, description="FAILURE_RATE_HIGH: fewest generations in the window.")
    batch_stalled_seconds: float = Field(
        1800, ge=1, description="BATCH_STALLED: no job of a running batch has started or ended for that long."
    )
    credit_low: int = Field(50, ge=0, description="CREDIT_LOW: fewest credits of an active account; 0: off.")
    storage_low_bytes: int = Field(2 * 1024**3, ge=0, description="STORAGE_LOW: fewest free bytes; 0: off.")
    account_check_seconds: float = Field(
        600, ge=0, description="Interval of the health checks of accounts, varied by a fifth at random; 0: off."
    )
    credit_history_seconds: float = Field(
        60,
        ge=0,
        description="Least time between two looks at an account's credit history upstream, while charges of it are"
        " not measured yet; 0: off.",
    )
    account_check_pause: str | None = Field(
        None, description="Hours without health checks, in EKONTE_TIMEZONE, e.g. 01:00-07:00."
    )
    second_look_seconds: float = Field(
        10, ge=0.1, description="Delay of the look that confirms an ended session before the account is INACTIVE."
    )
    relook_seconds: float = Field(
        60,
        ge=0,
        description="First interval of looks at accounts that the server made INACTIVE, up to 360 times it; 0: off.",
    )
    file_retention_days: float | None = Field(
        None, ge=1, description="Age in days at which results are removed, pinned and chosen ones too; not set: never."
    )
    deleted_row_days: float = Field(30, ge=0, description="Days until deleted rows are removed from the database.")
    audit_days: float = Field(365, ge=1, description="Days until entries of the audit log are removed.")
    metrics_port: int | None = Field(
        None, ge=1, le=65535, description="Separate port for Prometheus' /metrics; not set: none."
    )
    metrics_token: SecretStr | None = Field(
        None, description="Bearer token for /metrics on the server's own port; not set: 404."
    )
    timezone: str = Field("Asia/Shanghai", description="IANA time zone of the deployment's calendar days.")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field("INFO", description="Lowest severity logged.")
    log_format: Literal["auto", "console", "json"] = Field(
        "auto", description="auto: console if the output is a terminal, otherwise json."
    )
    introspection: bool = Field(True, description="Whether introspection queries are answered.")

    @field_validator("allowed_hosts", "allowed_origins", "allowed_private_hosts", mode="before")
    @classmethod
    def _split_commas(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split(",") if part.strip())
        return value

    @field_validator("encryption_keys", mode="before")
    @classmethod
    def _fernet_keys(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        keys = tuple(part.strip() for part in value.split(",") if part.strip())
        for key in keys:
            try:
                Fernet(key)
            except ValueError:
                raise ValueError("must be Fernet keys: 32 bytes each, in URL-safe base64") from None
            if len(set(urlsafe_b64decode(key))) < FEWEST_DISTINCT:
                raise ValueError("must be random keys: cryptography.fernet.Fernet.generate_key() makes one")
        return keys

    @field_validator("secret", "metrics_token")
    @classmethod
    def _hard_to_guess(cls, value: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
        least = SECRET_CHARACTERS if info.field_name == "secret" else FEWEST_CHARACTERS
        if value is not None and (reason := weakness(value.get_secret_value(), least=least)) is not None:
            raise ValueError(reason)
        return value

    @field_validator("redis_url")
    @classmethod
    def _redis_address(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None:
            parts = urlsplit(value.get_secret_value())
            if parts.scheme not in ("redis", "rediss", "unix") or not has_usable_port(parts):
                raise ValueError("must be redis://host:port/db")
        return value

    @field_validator("jwks_url", "public_url")
    @classmethod
    def _web_address(cls, value: str | None) -> str | None:
        if value is not None and (urlsplit(value).scheme not in ("http", "https") or not urlsplit(value).hostname):
            raise ValueError("must be an http or https address")
        return value

    @field_validator("allowed_origins")
    @classmethod
    def _origins(cls, values: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(value if value == "*" else checked_origin(value) for value in values)

    @field_validator("allowed_hosts", "allowed_private_hosts")
    @classmethod
    def _hosts(cls, values: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        may_be_any = info.field_name == "allowed_hosts"
        return tuple(value if value == "*" and may_be_any else checked_host(value) for value in values)

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        try:
            zoneinfo.ZoneInfo(value)
        except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
            raise ValueError("must be an IANA time zone such as Asia/Shanghai") from None
        return value

    @property
    def is_embedded_database(self) -> bool:
        return self.database_url is None or self.database_url.get_secret_value().startswith("sqlite:")
