# SPDX-License-Identifier: MIT
"""Turn a node of a file into a value of a pydantic type, and pydantic's errors into mistakes with places."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any, ClassVar, TypeVar, get_args

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SerializerFunctionWrapHandler,
    TypeAdapter,
    ValidationError,
    model_serializer,
    model_validator,
)
from pydantic.fields import FieldInfo

from .source import LISTS, SEE, Mistake, Node, Place, shorten, unknown

T = TypeVar("T")


def meaning(text: str, default: Any = ...) -> Any:
    """A pydantic field with a description; its default is written as in a file."""
    return Field(default, description=text)


class SectionModel(BaseModel):
    """A mapping with known keys; defaults are written as in a file."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True)
    noun: ClassVar[str] = "the key"
    called: ClassVar[str] = ""  # its name in messages, if the path to it is not clear enough

    @classmethod
    def unknown(cls, place: Place, what: str, key: str, known: tuple[str, ...]) -> Mistake:
        """The mistake about an unknown key."""
        return unknown(place, what, key, known)


class Group(SectionModel):
    """A part whose described fields are parameters; messages give keys with their full dotted path.

    Canonical: parameter -> value, those of inner groups by dotted names.
    """

    @classmethod
    def parameters(cls, before: str = "") -> Iterator[tuple[str, FieldInfo]]:
        """Dotted name and field of each parameter."""
        for name, field in cls.model_fields.items():
            inner = field.annotation
            if isinstance(inner, type) and issubclass(inner, Group):
                yield from inner.parameters(f"{before}{name}.")
            elif field.description:
                yield before + name, field

    @model_serializer(mode="wrap")
    def _canonical(self, dump: SerializerFunctionWrapHandler) -> dict[str, Any]:
        dumped = dump(self)
        for name in [name for name, value in self if isinstance(value, Group)]:
            dumped |= {f"{name}.{inner}": value for inner, value in dumped[name].items()}
        return {name: dumped[name] for name, _ in self.parameters()}


class Forms(SectionModel):
    """A mapping with exactly one of its possible keys, such as `{poisson: {}}`."""

    model_config = ConfigDict(json_schema_extra={"minProperties": 1, "maxProperties": 1})
    noun: ClassVar[str] = "the form"

    @model_validator(mode="before")
    @classmethod
    def _one(cls, given: object) -> object:
        if isinstance(given, dict) and len(given) != 1:
            raise ValueError(f"is not exactly one of {', '.join(_keys(cls))}")
        return given

    @property
    def form(self) -> tuple[str, Any]:
        """The key that is given, and its value."""
        (name,) = self.model_fields_set
        return name, getattr(self, name)


NULL = object()  # a value that a file leaves empty; None is a value that is not in the file

# Messages for pydantic's error types, which follow the value in quotes ...
MESSAGES = {
    "value_error": "{error}",
    "bool_parsing": "is neither true nor false",
    "greater_than": "must be above {gt}",
    "too_short": "is too short: {min_length} at least",
    "too_long": "is too long: {max_length} at most",
}
# ... or the shape that is needed; "one value" for types that are not listed.
SHAPES = {"model_type": "a mapping", "dict_type": "a mapping", "list_type": "a list"}


def canonical(adapter: TypeAdapter[Any], given: object) -> Any:
    """The canonical value, as a document keeps it, of the plain value `given`.  Errors: ValidationError."""
    return adapter.dump_python(adapter.validate_python(given), by_alias=True)


def parse(adapter: TypeAdapter[Any], node: Node, what: str) -> Any:
    """The canonical value of a node, called `subject` in messages.  Errors: Mistake, with others in its `also`."""
    return adapter.dump_python(validated(adapter, node, what), by_alias=True)


def validated(adapter: TypeAdapter[T], node: Node, what: str) -> T:
    """The value of a node as an object of its pydantic type, not yet canonical.  Errors as `parse`."""
    try:
        return adapter.validate_python(_plain(node))
    except ValidationError as invalid:
        errors = invalid.errors(include_url=False)
    # A misspelt key is reported once: as unknown, not also as missing.
    misspelt = {error["loc"][:-1] for error in errors if error["type"] == "extra_forbidden"}
    errors = [error for error in errors if error["type"] != "missing" or error["loc"][:-1] not in misspelt]
    first, *further = (_mistake(error, node, what, adapter._type) for error in errors)
    first.also = further
    raise first


def _plain(node: Node) -> Any:
    """A node as plain dicts, lists, text and NULL."""
    if node.pairs is not None:
        return {key: _plain(value) for key, value in node.pairs.items()}
    if node.items is not None:
        return [_plain(item) for item in node.items]
    return NULL if node.is_null else node.text


def _mistake(error: Any, root: Node, what: str, type_: Any) -> Mistake:
    """A pydantic error as a mistake with the place, the text there, and the choices."""
    kind, loc, context = error["type"], error["loc"], error.get("ctx", {})
    if kind in ("missing", "extra_forbidden"):
        return _key_mistake(kind, loc, root, what, _part(type_, loc[:-1]))
    cause = context.get("error")
    node, path = _walk(root, loc + getattr(cause, "at", ()))
    label = _label(what, path)
    if kind == "literal_error" and node.is_scalar and not node.is_null:
        known = tuple(re.findall("'(.*?)'", context["expected"]))
        return unknown(node.place, label, node.text, known, see=LISTS.get(label, SEE))
    if kind not in MESSAGES:
        node.refuse(label, SHAPES.get(kind, "one value"))
    message = f'{label} "{shorten(node.written())}" {MESSAGES[kind].format(**context)}'
    if node.is_boolean:
        message += " (YAML reads on, off, yes and no as booleans)"
    if units := getattr(cause, "units", ()):
        return Mistake(node.place, f"{message}.", known=units, heading="units")
    known, see, near = getattr(cause, "known", ()), getattr(cause, "see", ""), getattr(cause, "near", None)
    return Mistake(node.place, message + "." * (message[-1] != "?"), known=known, see=see, near=near)


def _key_mistake(kind: str, loc: Sequence[Any], root: Node, what: str, part: type[SectionModel]) -> Mistake:
    node, path = _walk(root, loc[:-1])
    label, key, known = part.called or _label(what, path), loc[-1], [*_keys(part)]
    if kind == "missing":
        return Mistake(node.place, f'{label} lacks "{key}".', known=tuple(known))
    place = node.keys.get(key, node.place)
    if issubclass(part, Group):
        label, (key, *known) = what, [".".join([*path, name]) for name in (key, *known)]
    return part.unknown(place, f"{label}: {part.noun}", key, tuple(known))


def _label(what: str, path: Sequence[str]) -> str:
    return f"{what}: {'.'.join(path)}" if path else what


def _walk(node: Node, loc: Sequence[Any]) -> tuple[Node, list[str]]:
    """The innermost node on the path `loc`, and the keys to it; steps that exist only in pydantic are skipped."""
    path = []
    for step in loc:
        if node.pairs is not None and step in node.pairs:
            node = node.pairs[step]
            path.append(step)
        elif node.items is not None and isinstance(step, int):
            node = node.items[step]
    return node, path


def _part(type_: Any, loc: Sequence[Any]) -> type[SectionModel]:
    """The `SectionModel` model at the path `loc` in a type."""
    parts = list(_parts(type_))
    for step in loc:
        fields = [field for part in parts for name, field in part.model_fields.items() if step in (name, field.alias)]
        parts = [part for field in fields for part in _parts(field.annotation)] or parts
    return parts[0]


def _parts(type_: Any) -> Iterator[type[SectionModel]]:
    if isinstance(type_, type) and issubclass(type_, SectionModel):
        yield type_
    for inner in get_args(type_):
        yield from _parts(inner)


def _keys(part: type[SectionModel]) -> tuple[str, ...]:
    return tuple(field.alias or name for name, field in part.model_fields.items())
