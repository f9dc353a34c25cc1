"""Reads settings from the environment; names variables and their allowed values."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, TypeVar, get_args, get_origin

from pydantic import ValidationError
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings

from errors import ConfigurationError
from settings.deployment import Settings
from settings.jimeng import JimengSettings

Kind = TypeVar("Kind", bound=BaseSettings)


def read_settings(**overrides: object) -> Settings:
    """Settings from the environment, with overrides by field name (command line options).

    Raises ConfigurationError naming each variable with an invalid value. The value itself is left out, since it may be
    a secret.
    """
    return _read(Settings, overrides)


def read_jimeng_settings(**overrides: object) -> JimengSettings:
    """As read_settings, for JimengSettings."""
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
    """The error text of one invalid value: the validator's message, else the allowed values as in the table."""
    name = str(fault["loc"][0])
    reason = fault.get("ctx", {}).get("error")
    allowed = allowed_values(kind.model_fields[name]).replace("`", "")
    return f"{variable_name(kind, name)}: {reason or 'must be ' + allowed}"


def variable_name(kind: type[BaseSettings], name: str) -> str:
    """The environment variable of a field, e.g. EKONTE_PORT of Settings' port."""
    return f"{kind.model_config.get('env_prefix', '')}{name.upper()}"


def allowed_values(field: FieldInfo) -> str:
    """The allowed values in Markdown: type and limits."""
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
            return "a list, separated by commas" if get_origin(annotation) is tuple else named[choice]
    return "text, kept secret"
