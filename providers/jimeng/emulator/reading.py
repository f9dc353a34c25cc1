"""Strict parsing of JSON from callers: a value of the wrong type is an invalid parameter (ret 1000)."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, TypeVar

import orjson

from providers.jimeng.emulator.answers import Refusal, refusal

Value = TypeVar("Value")


def invalid(why: str) -> Refusal:
    return refusal("1000", why=why)


def require(holds: bool, why: str) -> None:
    """Raises Refusal 1000 unless `holds`. why: the reason, for the emulator's list of refusals."""
    if not holds:
        raise invalid(why)


def json_object(text: str | bytes, name: str) -> dict[str, Any]:
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError:
        raise invalid(f"{name} is not JSON") from None
    require(isinstance(value, dict), f"{name} is not a JSON object")
    return value  # type: ignore[no-any-return]


def field(values: Mapping[str, Any], name: str, sort: type[Value]) -> Value:
    value = values.get(name)
    if not isinstance(value, sort) or (isinstance(value, bool) and sort is not bool):
        raise invalid(f"{name} is missing or has the wrong type")
    return value


def number(values: Mapping[str, Any], name: str, low: float, high: float) -> float:
    value = values.get(name)
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    require(is_number and low <= value <= high, f"{name} is not a number from {low} to {high}")  # type: ignore[operator]
    return value  # type: ignore[return-value]


def whole(values: Mapping[str, Any], name: str, low: int, high: int) -> int:
    value = number(values, name, low, high)
    require(isinstance(value, int), f"{name} is not a whole number")
    return int(value)


def one_of(values: Mapping[str, Any], name: str, allowed: Collection[Any]) -> Any:
    value = values.get(name)
    require(isinstance(value, str | int) and value in allowed, f"{name} is not an allowed value")
    return value


def objects(values: Mapping[str, Any], name: str) -> Sequence[Mapping[str, Any]]:
    found = field(values, name, list)
    require(all(isinstance(item, dict) for item in found), f"{name} is not a list of objects")
    return found


def strings(values: Mapping[str, Any], name: str) -> list[str]:
    found = values.get(name, [])
    require(isinstance(found, list) and all(isinstance(item, str) for item in found), f"{name} is not a list of texts")
    return found  # type: ignore[no-any-return]
