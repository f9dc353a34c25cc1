"""All configuration, read once from the environment (prefix EKONTE_; what concerns Jimeng has none) and from `.env`.

A value that cannot be used stops the start with the name of its variable; a variable that is no setting is named, too.
docs/settings.md has the table.
"""

import contextlib
import difflib
import os
import re
import zoneinfo
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar, get_args, get_origin
from urllib.parse import SplitResult, urlsplit

from cryptography.fernet import Fernet
from dotenv import dotenv_values
from pydantic import Field, SecretStr, ValidationError, ValidationInfo, field_validator
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from errors import ConfigurationError

ENV_PREFIX = "EKONTE_"
JIMENG_PREFIX = "JIMENG_"
# Read by others: the tests, and examples/demo.py.
TEST_PREFIX = f"{ENV_PREFIX}TEST_"
CLIENT_VARIABLES = (f"{ENV_PREFIX}TOKEN",)

Kind = TypeVar("Kind", bound=BaseSettings)


class Settings(BaseSettings):
    model_config = SettingsConfigDict(
        env_prefix=ENV_PREFIX, env_file=".env", env_file_encoding="utf-8", extra="ignore", frozen=True
    )

    data_dir: Path = Field(Path("data"), description="Folder for the database, files and scratch space.")
    host: str = Field("127.0.0.1", description="Address to listen on.")
    port: int = Field(8000, ge=0, le=65535, description="Port to listen on; 0 takes a free one.")
    database_url: SecretStr | None = Field(
        None, description="postgres://user:password@host:port/name; SQLite in the data folder where not set."
    )
    redis_url: SecretStr | None = Field(
        None, description="redis://host:port/db: broker and events over Redis; in the process where not set."
    )
    storage_url: SecretStr | None = Field(
        None, description="s3://bucket/prefix?endpoint=…&region=…; a folder in the data folder where not set."
    )
    secret: SecretStr | None = Field(
        None, description="At least 32 characters. Signs tokens and links; without it, loopback only."
    )
    public_url: str | None = Field(
        None, description="Where others reach this server, e.g. https://films.example; links to files begin with it."
    )
    jwks_url: str | None = Field(None, description="Where the RS256 or ES256 keys of an identity provider are.")
    jwt_audience: str | None = Field(None, description="Where set, tokens must name it as their audience.")
    jwt_issuer: str | None = Field(None, description="Where set, tokens must come from it.")
    render_concurrency: int = Field(
        default_factory=lambda: os.cpu_count() or 1, ge=1, le=256, description="Renderers at once on this machine."
    )
    allowed_hosts: Annotated[tuple[str, ...], NoDecode] = Field(
        (), description="Further Host names that are answered, with commas; * for any where a secret is set."
    )
    allowed_origins: Annotated[tuple[str, ...], NoDecode] = Field(
        (), description="Web origins that may use the API from a browser, with commas."
    )
    allowed_private_hosts: Annotated[tuple[str, ...], NoDecode] = Field(
        (), description="Hosts, or host:port, that links may name although their addresses are private."
    )
    max_upload_bytes: int = Field(50 * 1024 * 1024, ge=1, description="Largest file taken, in bytes.")
    max_json_bytes: int = Field(16 * 1024**2, ge=1024, description="Largest JSON body or WebSocket message, in bytes.")
    max_request_bytes: int = Field(256 * 1024**2, ge=1024, description="Largest multipart request, in bytes.")
    link_seconds: int = Field(24 * 3600, ge=60, description="How long a signed file link is good, in seconds.")
    idempotency_seconds: int = Field(24 * 3600, ge=60, description="How long an idempotency key is kept.")
    unreferenced_file_days: float = Field(7, ge=0, description="Days until a file that nothing refers to goes.")
    lease_seconds: float = Field(30, ge=2, description="A worker that is silent for so long loses its jobs.")
    render_timeout_seconds: float = Field(1800, ge=10, description="Longest time one rendering may take.")
    encryption_keys: Annotated[tuple[SecretStr, ...], NoDecode] = Field(
        (), description="Fernet keys that seal secrets, with commas; the first seals, all open. Else one is made."
    )
    image_model: str = Field("jimeng-4.5", description="The model for pictures where a request names none.")
    video_model: str = Field("jimeng-video-3.5-pro", description="The model for clips where a request names none.")
    unknown_submit_seconds: float = Field(
        120, ge=1, description="Empty look-ups for so long, before a lost submit is sent again under its old id."
    )
    image_timeout_seconds: float = Field(900, ge=1, description="No picture after so long: the job fails; it may come.")
    video_timeout_seconds: float = Field(1200, ge=1, description="The same for clips.")
    generations_at_once: int = Field(
        200, ge=1, le=1000, description="Submits at once in one worker process; a quarter of it, downloads of results."
    )
    priority_ageing_seconds: float = Field(
        900, ge=1, description="A job that waits so long rises one priority, at most to HIGH; again after as long."
    )
    urgent_slot_percent: float = Field(
        10, ge=0, le=100, description="Slots of a pool kept for URGENT, rounded up; none where there is only one slot."
    )
    load_balance: Literal["ROUND_ROBIN", "LEAST_USED", "PRIORITY"] = Field(
        "LEAST_USED", description="Where a request's strategy says nothing."
    )
    rate_limit_handling: Literal["WAIT", "SKIP", "SWITCH"] = Field(
        "SWITCH", description="Where a request's strategy says nothing."
    )
    max_attempts: int = Field(5, ge=1, le=100, description="Where a request's strategy says nothing.")
    auto_switch_on_failure: bool = Field(True, description="Where a request's strategy says nothing.")
    max_concurrent_per_account: int | None = Field(
        None, ge=1, description="Where a request's strategy says nothing; the account's own where not set."
    )
    allow_http_callbacks: bool = Field(False, description="Whether callback addresses may be http, not https only.")
    alert_webhook_url: str | None = Field(None, description="Where every alert is sent to, signed with its secret.")
    alert_webhook_secret: SecretStr | None = Field(
        None, description="Signs the alerts sent there: whsec_ and base64, as Standard Webhooks has it."
    )
    failure_rate_percent: float = Field(
        50, ge=1, le=100, description="FAILURE_RATE_HIGH: this share of generations failed lately."
    )
    failure_rate_minutes: float = Field(15, ge=1, description="FAILURE_RATE_HIGH: how far back it looks, in minutes.")
    failure_rate_minimum: int = Field(20, ge=1, description="FAILURE_RATE_HIGH: not with fewer ended than that.")
    batch_stalled_seconds: float = Field(
        1800, ge=1, description="BATCH_STALLED: no job of a running batch began or ended for so long."
    )
    credit_low: int = Field(50, ge=0, description="CREDIT_LOW: an active account has fewer credits than that; 0: off.")
    storage_low_bytes: int = Field(2 * 1024**3, ge=0, description="STORAGE_LOW: fewer bytes are free; 0: off.")
    warm_seconds: float = Field(
        600, ge=0, description="Sessions and balances are looked at so often, give or take a fifth; 0: never."
    )
    warm_pause: str | None = Field(
        None, description="Hours without that, in the deployment's zone, e.g. 01:00-07:00; never where not set."
    )
    file_retention_days: float | None = Field(
        None, ge=1, description="Results older than that are removed, pinned and chosen ones too; never where not set."
    )
    deleted_row_days: float = Field(30, ge=0, description="Days until what was deleted goes from the database.")
    audit_days: float = Field(365, ge=1, description="How long the audit log is kept.")
    metrics_port: int | None = Field(
        None, ge=1, le=65535, description="Port of its own for Prometheus' /metrics; none where not set."
    )
    metrics_token: SecretStr | None = Field(
        None, description="Bearer token for /metrics on the server's own port; not there where not set."
    )
    timezone: str = Field("Asia/Shanghai", description="IANA zone of the deployment's calendar day.")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field("INFO", description="Least severe line logged.")
    log_format: Literal["auto", "console", "json"] = Field(
        "auto", description="auto: console where the output is a terminal, else json."
    )
    introspection: bool = Field(True, description="Whether the schema can be asked for.")

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
        return keys

    @field_validator("secret")
    @classmethod
    def _long_enough(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and len(value.get_secret_value()) < 32:
            raise ValueError("must have at least 32 characters")
        return value

    @field_validator("redis_url")
    @classmethod
    def _redis_address(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None:
            parts = urlsplit(value.get_secret_value())
            if parts.scheme not in ("redis", "rediss", "unix") or not _has_usable_port(parts):
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
        for value in values:
            parts = urlsplit(value)
            if value != "*" and (parts.scheme not in ("http", "https") or not parts.hostname or parts.path.strip("/")):
                raise ValueError("must be origins such as https://studio.example, without a path")
        return values

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


class JimengSettings(BaseSettings):
    """Hosts and version numbers of Jimeng (site CN) and Dreamina (US, HK, JP, SG); the names are the variables'."""

    model_config = SettingsConfigDict(env_file=".env", env_file_encoding="utf-8", extra="ignore", frozen=True)

    jimeng_cn_base_url: str = Field("https://jimeng.jianying.com", description="Where site CN is asked.")
    jimeng_us_base_url: str = Field("https://dreamina-api.us.capcut.com", description="Where site US is asked.")
    jimeng_hk_base_url: str = Field("https://mweb-api-sg.capcut.com", description="Where site HK is asked.")
    jimeng_jp_base_url: str | None = Field(None, description="Where site JP is asked; as HK where not set.")
    jimeng_sg_base_url: str | None = Field(None, description="Where site SG is asked; as HK where not set.")
    jimeng_cn_commerce_url: str = Field("https://jimeng.jianying.com", description="Credits of site CN.")
    jimeng_us_commerce_url: str = Field("https://commerce.us.capcut.com", description="Credits of site US.")
    jimeng_hk_commerce_url: str = Field("https://commerce-api-sg.capcut.com", description="Credits of site HK.")
    jimeng_jp_commerce_url: str | None = Field(None, description="Credits of site JP; as HK where not set.")
    jimeng_sg_commerce_url: str | None = Field(None, description="Credits of site SG; as HK where not set.")
    jimeng_cn_imagex_url: str = Field("https://imagex.bytedanceapi.com", description="Uploads of site CN.")
    jimeng_us_imagex_url: str = Field("https://imagex16-normal-us-ttp.capcutapi.us", description="Uploads of site US.")
    jimeng_hk_imagex_url: str = Field("https://imagex-normal-sg.capcutapi.com", description="Uploads of site HK.")
    jimeng_jp_imagex_url: str | None = Field(None, description="Uploads of site JP; as HK where not set.")
    jimeng_sg_imagex_url: str | None = Field(None, description="Uploads of site SG; as HK where not set.")
    jimeng_cn_page_url: str = Field("https://jimeng.jianying.com", description="The web page that requests name, CN.")
    jimeng_us_page_url: str = Field("https://dreamina.capcut.com", description="The same for site US.")
    jimeng_hk_page_url: str = Field("https://dreamina.capcut.com", description="The same for site HK.")
    jimeng_jp_page_url: str | None = Field(None, description="The same for site JP; as HK where not set.")
    jimeng_sg_page_url: str | None = Field(None, description="The same for site SG; as HK where not set.")
    jimeng_cn_aid: int = Field(513695, ge=1, description="Application number of site CN.")
    jimeng_us_aid: int = Field(513641, ge=1, description="Application number of all other sites.")
    default_da_version: str = Field("3.3.9", description="Version of drafts (da_version). Old ones are refused.")
    default_web_version: str = Field("7.5.0", description="Version of the web page (web_version).")
    default_app_version: str = Field("8.4.0", description="Version of the application (Appvr).")
    jimeng_upload_scheme: Literal["https", "http"] = Field("https", description="How upload hosts are asked.")
    jimeng_timeout_seconds: float = Field(45, ge=1, description="Longest time one call may take.")
    jimeng_retry_seconds: float = Field(
        1, ge=0, description="Wait before a call is made again after a fault; doubled each time. Submits never are."
    )
    jimeng_queries_at_once: int = Field(5, ge=1, le=100, description="Look-ups of tasks at once for one account.")

    @field_validator("*")
    @classmethod
    def _usable(cls, value: object, info: ValidationInfo) -> object:
        name = info.field_name or ""
        if name.endswith("_url") and isinstance(value, str):
            parts = urlsplit(value)
            if parts.scheme not in ("http", "https") or not parts.hostname or not _has_usable_port(parts):
                raise ValueError("must be an http or https address")
            if parts.query or parts.fragment or parts.username is not None:
                raise ValueError("must be an address without user name, query and fragment")
            return value.rstrip("/")
        if name.endswith("_version") and not re.fullmatch(r"\d+(\.\d+)*", str(value)):
            raise ValueError("must be a version such as 3.3.9")
        return value


def _has_usable_port(parts: SplitResult) -> bool:
    try:
        return parts.port is None or parts.port > 0
    except ValueError:
        return False


def read_settings(**overrides: object) -> Settings:
    """Settings from the environment, with overrides by field name (command line options).

    Raises ConfigurationError that names each variable with a wrong value; the value itself is not repeated,
    since it may be a secret.
    """
    return _read(Settings, overrides)


def read_jimeng_settings(**overrides: object) -> JimengSettings:
    """As read_settings, for the variables that concern Jimeng."""
    return _read(JimengSettings, overrides)


def _read(kind: type[Kind], overrides: Mapping[str, object]) -> Kind:
    try:
        return kind(**overrides)  # type: ignore[arg-type]
    except ValidationError as error:
        faults = [_fault_text(kind, fault) for fault in error.errors(include_input=False, include_url=False)]
        raise ConfigurationError("; ".join(faults)) from None
    except (OSError, UnicodeDecodeError):
        raise ConfigurationError(".env: cannot be read as UTF-8 text.") from None


def _fault_text(kind: type[BaseSettings], fault: Mapping[str, Any]) -> str:
    """A wrong value in our words: those of the validator that refused it, else what the table says may stand there."""
    name = str(fault["loc"][0])
    own_words = fault.get("ctx", {}).get("error")
    allowed = _allowed(kind.model_fields[name]).replace("`", "")
    return f"{_variable(kind, name)}: {own_words or 'must be ' + allowed}"


def _variable(kind: type[BaseSettings], name: str) -> str:
    return f"{kind.model_config.get('env_prefix', '')}{name.upper()}"


def unknown_variables() -> list[str]:
    """A sentence for each EKONTE_* or JIMENG_* variable of the environment and of `.env` that no setting reads."""
    env_file = Settings.model_config.get("env_file")
    in_file = dotenv_values(env_file, encoding="utf-8") if isinstance(env_file, str) else {}
    return unknown_variable_texts([*os.environ, *in_file])


def unknown_variable_texts(names: Iterable[str]) -> list[str]:
    """As unknown_variables, for these names; the nearest setting is suggested where one is near."""
    texts = []
    for name in sorted(set(names)):
        upper = name.upper()
        prefix = next((prefix for prefix in (ENV_PREFIX, JIMENG_PREFIX) if upper.startswith(prefix)), None)
        known = [variable for variable in _variables() if prefix is not None and variable.startswith(prefix)]
        if known and not upper.startswith(TEST_PREFIX) and upper not in (*CLIENT_VARIABLES, *known):
            # Compared without the prefix, which they all share.
            rests = [variable.removeprefix(prefix or "") for variable in known]
            nearest = difflib.get_close_matches(upper.removeprefix(prefix or ""), rests, n=1)
            suggestion = f"did you mean {prefix}{nearest[0]}?" if nearest else "docs/settings.md lists all."
            texts.append(f"{name} is no setting; {suggestion}")
    return texts


def _variables() -> list[str]:
    return [_variable(kind, name) for kind in (Settings, JimengSettings) for name in kind.model_fields]


def settings_table() -> str:
    """All settings as two tables in Markdown: variable, default, what may stand there, meaning with its unit."""
    return f"{_table(Settings)}\nFor Jimeng and Dreamina:\n\n{_table(JimengSettings)}"


def _table(kind: type[BaseSettings]) -> str:
    rows = ["| variable | default | value | meaning |", "| --- | --- | --- | --- |"]
    for name, field in kind.model_fields.items():
        rows.append(f"| `{_variable(kind, name)}` | {_default(field)} | {_allowed(field)} | {field.description} |")
    return "\n".join(rows) + "\n"


def _allowed(field: FieldInfo) -> str:
    """What may stand there: kind and limits, in Markdown."""
    limits = [
        f"{sign} {value}"
        for item in field.metadata
        for sign, value in (("at least", getattr(item, "ge", None)), ("at most", getattr(item, "le", None)))
        if value is not None
    ]
    return ", ".join([_kind(field.annotation), *limits])


def _kind(annotation: object) -> str:
    if get_origin(annotation) is Literal:
        return " or ".join(f"`{choice}`" for choice in get_args(annotation))
    named = {int: "a whole number", float: "a number", bool: "`true` or `false`", Path: "a path", str: "text"}
    for choice in (annotation, *get_args(annotation)):
        if isinstance(choice, type) and choice in named:
            return "a list with commas" if get_origin(annotation) is tuple else named[choice]
    return "text, kept secret"


def _default(field: FieldInfo) -> str:
    if field.default_factory is not None:
        return "number of cores"
    if field.default is None or field.default == ():
        return "not set"
    return f"`{str(field.default).lower() if isinstance(field.default, bool) else field.default}`"


@dataclass
class _InUse:
    """The settings of this process; None: not read yet. They are wanted before anything is open, and by every layer, so
    they stand here and not in the runtime (services/platform/runtime.py).
    """

    settings: Settings | None = None
    jimeng: JimengSettings | None = None


_in_use = _InUse()


def get_settings() -> Settings:
    """This process's settings: those given to use_settings, else read from the environment at first use."""
    if _in_use.settings is None:
        _in_use.settings = read_settings()
    return _in_use.settings


def get_jimeng_settings() -> JimengSettings:
    """As get_settings, for what concerns Jimeng."""
    if _in_use.jimeng is None:
        _in_use.jimeng = read_jimeng_settings()
    return _in_use.jimeng


def use_settings(settings: Settings) -> None:
    """From now on get_settings() returns these: what the command line and the environment make together."""
    _in_use.settings = settings


@contextlib.contextmanager
def overridden_settings(settings: Settings | None = None) -> Iterator[None]:
    """Inside, get_settings() returns these; without any they are read anew at first use. Afterwards both kinds of
    settings are what they were before, whatever was given to use_settings meanwhile. For tests; may be nested.
    """
    before = (_in_use.settings, _in_use.jimeng)
    _in_use.settings, _in_use.jimeng = settings, None
    try:
        yield
    finally:
        _in_use.settings, _in_use.jimeng = before
