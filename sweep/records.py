# SPDX-License-Identifier: MIT
"""JSON from a run directory, read as a whole and held to its form: every field that is there is of its type.

A run directory is data from a stranger.  Text that is no JSON, or JSON as no program of ours writes it (nested without
end, numbers of a thousand digits, NaN, a key given twice), and fields of another type are told in one line, where the
record is read; whoever uses a record does not have to ask again.
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
    """It is not such a record; the message says why, in one line that follows the name of the file."""


class Kind(NamedTuple):
    """What a field may be."""

    noun: str
    test: Callable[[Any], bool]


Form = Mapping[str, Kind]  # fields that a record may have; others are passed on as they are


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
    return isinstance(value, dict) and all(isinstance(each, str) for each in value.values())


TEXT = Kind("a text", lambda value: isinstance(value, str))
TIME = Kind("a time", _is_time)
TRUTH = Kind("true or false", lambda value: isinstance(value, bool))
INTEGER = Kind("a whole number", _is_whole)
COUNT = Kind("a whole number from 0", lambda value: _is_whole(value) and value >= 0)
NUMBER = Kind("a number", _is_number)
SECONDS = Kind("a number from 0", lambda value: _is_number(value) and value >= 0)
MAPPING = Kind("a mapping", lambda value: isinstance(value, dict))
LIST = Kind("a list", lambda value: isinstance(value, list))
TEXTS = Kind("a mapping to texts", _has_texts)


def either(*kinds: Kind) -> Kind:
    """One of several."""
    return Kind(" or ".join(kind.noun for kind in kinds), lambda value: any(kind.test(value) for kind in kinds))


NOTHING = Kind("null", lambda value: value is None)


def read(data: bytes | str, form: Form | None = None, required: Iterable[str] = ()) -> dict[str, Any]:
    """The mapping that these bytes are as JSON, held to a form.  Errors: RecordError."""
    return held(parsed(data), form or {}, required)


def held(found: Any, form: Form, required: Iterable[str] = ()) -> dict[str, Any]:
    """`found`, if it is a mapping with all fields of `required`, and those that it has are as `form` says.

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
    """Any value of JSON, of at most DEEPEST levels.  Errors: RecordError."""
    try:
        text = data if isinstance(data, str) else bytes(data).decode("utf-8")
        found = json.loads(text, object_pairs_hook=_once, parse_constant=_no_number)
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
    level = [found]
    for _ in range(DEEPEST):
        level = [inner for each in level for inner in _inside(each)]
        if not level:
            return found
    raise RecordError(f"it is nested more than {DEEPEST} levels deep")


def _inside(value: Any) -> Iterable[Any]:
    return value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        raise RecordError(f'"{next(name for name in names if names.count(name) > 1)[:80]}" is given twice')
    return found


def _no_number(word: str) -> Any:
    raise RecordError(f"it has {word} where a number belongs")


def _shape(value: Any) -> str:
    """What a value is, for a message."""
    if isinstance(value, dict | list):
        return "a mapping" if isinstance(value, dict) else "a list"
    text = json.dumps(value)
    return text if len(text) <= 60 else f"{text[:59]}…"
