"""Plain data out of JSON made into frozen values again: exactly as declared, or not at all."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from datetime import datetime
from enum import StrEnum
from functools import cache
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints


def exactly(kind: Any, value: Any) -> Any:
    """Give a value of this declared type; raises TypeError or ValueError for any other.

    Knows numbers, text, times, enumerations of text, tuples, dataclasses, and None beside one
    of these. Fields that are missing, and fields too many, are errors.
    """
    if kind in (int, str, bool):
        return _of_type(value, kind)
    if kind is float:
        # JSON does not tell 120 from 120.0, except that bool is an int to Python.
        return value if type(value) is float else float(_of_type(value, int))
    if kind is datetime:
        return _moment(value)
    made_of = get_origin(kind)
    if made_of is tuple:
        return _tuple(get_args(kind), _of_type(value, list))
    if made_of in (Union, UnionType):
        (other,) = (one for one in get_args(kind) if one is not NoneType)
        return None if value is None else exactly(other, value)
    if is_dataclass(kind):
        return _dataclass(kind, _of_type(value, dict))
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        return kind(_of_type(value, str))
    message = f"no way to read {kind}"
    raise TypeError(message)


def _of_type(value: Any, kind: type) -> Any:
    if type(value) is not kind:
        message = f"{type(value).__name__} in place of {kind.__name__}"
        raise TypeError(message)
    return value


def _moment(value: Any) -> datetime:
    at = datetime.fromisoformat(_of_type(value, str))
    if at.tzinfo is None:
        message = "a time without its zone"
        raise ValueError(message)
    return at


def _tuple(kinds: tuple[Any, ...], values: list[Any]) -> tuple[Any, ...]:
    if kinds[-1] is not Ellipsis:
        pairs = zip(kinds, values, strict=True)
        return tuple(exactly(kind, value) for kind, value in pairs)
    # Thousands of numbers in each analysis: these are looked at without a call for each.
    if kinds[0] is float and {*map(type, values)} <= {float}:
        return tuple(values)
    return tuple(exactly(kinds[0], value) for value in values)


def _dataclass(kind: Any, values: dict[str, Any]) -> Any:
    hints = _hints(kind)
    if values.keys() != hints.keys():
        message = f"fields that {kind.__name__} does not have, or lacks"
        raise TypeError(message)
    return kind(**{name: exactly(hints[name], value) for name, value in values.items()})


@cache
def _hints(kind: Any) -> dict[str, Any]:
    hints = get_type_hints(kind)
    return {field.name: hints[field.name] for field in fields(kind)}
