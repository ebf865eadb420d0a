# SPDX-License-Identifier: MIT
"""JSON from a run directory, checked against a form when it is read: every field that is there has its type.

A run directory may come from a stranger.  Text that is not JSON, JSON that none of our programs writes (deeply nested,
numbers of a thousand digits, NaN, duplicate keys) and fields of another type are reported in one line when the record
is read; its users need not check again.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any, NamedTuple

DEEPEST = 50  # levels; a sweep's document has eight
LARGEST = 2**63  # of whole numbers: what Arrow and NumPy hold


class RecordError(ValueError):
    """The data is not a valid record; the message says why, in one line that follows the name of the file."""


class FieldKind(NamedTuple):
    """The type of a field: what to call it, and the test for it."""

    noun: str
    test: Callable[[Any], bool]


Form = Mapping[str, FieldKind]  # fields that a record may have; others are passed on as they are


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and -LARGEST <= value < LARGEST


def _is_number(value: Any) -> bool:
    return _is_whole(value) or (isinstance(value, float) and math.isfinite(value))


def _is_time(value: Any) -> bool:
    try:
        datetime.fromisoformat(value).timestamp()
    except (TypeError, ValueError, OverflowError, OSError):
        return False
    return True


def _has_texts(value: Any) -> bool:
    return isinstance(value, dict) and all(isinstance(text, str) for text in value.values())


TEXT = FieldKind("a text", lambda value: isinstance(value, str))
TIME = FieldKind("a time", _is_time)
TRUTH = FieldKind("true or false", lambda value: isinstance(value, bool))
INTEGER = FieldKind("a whole number", _is_whole)
COUNT = FieldKind("a whole number from 0", lambda value: _is_whole(value) and value >= 0)
NUMBER = FieldKind("a number", _is_number)
SECONDS = FieldKind("a number from 0", lambda value: _is_number(value) and value >= 0)
MAPPING = FieldKind("a mapping", lambda value: isinstance(value, dict))
LIST = FieldKind("a list", lambda value: isinstance(value, list))
TEXTS = FieldKind("a mapping to texts", _has_texts)


def either(*kinds: FieldKind) -> FieldKind:
    """A kind that allows any of `kinds`."""
    return FieldKind(" or ".join(kind.noun for kind in kinds), lambda value: any(kind.test(value) for kind in kinds))


NOTHING = FieldKind("null", lambda value: value is None)


def read(data: bytes | str, form: Form | None = None, required: Iterable[str] = ()) -> dict[str, Any]:
    """The JSON mapping in `data`, checked as `validated` does.  Errors: RecordError."""
    return validated(parsed(data), form or {}, required)


def validated(found: Any, form: Form, required: Iterable[str] = ()) -> dict[str, Any]:
    """`record`, if it is a mapping with all fields of `required`, and those of its fields that are in `form` match it.

    Errors: RecordError.
    """
    if not isinstance(found, dict):
        raise RecordError(f"it is {_shape(found)}, not a mapping")
    for name in required:
        if name not in found:
            raise RecordError(f'it has no "{name}"')
    for name, kind in form.items():
        if name in found and not kind.test(found[name]):
            raise RecordError(f'its "{name}" is {_shape(found[name])}, not {kind.noun}')
    return found


def parsed(data: bytes | str) -> Any:
    """The JSON value in `data`, nested at most DEEPEST levels.  Errors: RecordError."""
    try:
        text = data if isinstance(data, str) else bytes(data).decode("utf-8")
        value = json.loads(text, object_pairs_hook=_once, parse_constant=_no_number)
    except UnicodeDecodeError:
        raise RecordError("it is not UTF-8 text") from None
    except RecursionError:
        raise RecordError("it is nested too deep") from None
    except json.JSONDecodeError as error:
        raise RecordError(f"it is no JSON: {error}") from None
    except RecordError:
        raise
    except ValueError as error:  # of integers with thousands of digits
        raise RecordError(f"it has a number that nobody wrote: {str(error).partition(';')[0]}") from None
    level = [value]
    for _ in range(DEEPEST):
        level = [inner for outer in level for inner in _inside(outer)]
        if not level:
            return value
    raise RecordError(f"it is nested more than {DEEPEST} levels deep")


def _inside(value: Any) -> Iterable[Any]:
    return value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    mapping = dict(pairs)
    if len(mapping) < len(pairs):
        names = [name for name, _ in pairs]
        raise RecordError(f'"{next(name for name in names if names.count(name) > 1)[:80]}" is given twice')
    return mapping


def _no_number(word: str) -> Any:
    raise RecordError(f"it has {word} where a number belongs")


def _shape(value: Any) -> str:
    """A short description of a JSON value, for a message."""
    if isinstance(value, dict | list):
        return "a mapping" if isinstance(value, dict) else "a list"
    text = json.dumps(value)
    return text if len(text) <= 60 else f"{text[:59]}…"
