# SPDX-License-Identifier: MIT
"""The JSON Schema of a sweep file, for editors: completion, descriptions, red lines while typing.

It is put together from the pydantic models.  It accepts more than `load`, which alone checks names, combinations and
expressions.
"""

from __future__ import annotations

from types import GenericAlias
from typing import Annotated, Any

from pydantic import Field, create_model
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from sweep.config.models.quantities import Name
from sweep.config.models.sections import Host, NicSection
from sweep.config.models.traffic import Mix
from sweep.yamltree.validation import Forms, SectionModel

from .parameters import Parameter, parameters, settings

Fields = dict[str, tuple[Any, str]]  # type and meaning


class _WithoutNull(GenerateJsonSchema):
    """Leaves null out of the schema: nobody writes null for a value that may be left out."""

    def nullable_schema(self, schema: core_schema.NullableSchema) -> JsonSchemaValue:
        return self.generate_inner(schema["schema"])

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        defaults_to_none = schema.get("default") is None
        return self.generate_inner(schema["schema"]) if defaults_to_none else super().default_schema(schema)


def json_schema() -> dict[str, Any]:
    """JSON Schema (draft 2020-12) of a sweep file."""
    values: Fields = {name: (parameter.type, parameter.meaning) for name, parameter in parameters().items()}
    lists: Fields = {name: (_list(parameter), parameter.meaning) for name, parameter in parameters().items()}
    setting_fields: Fields = {name: (setting.type, setting.meaning) for name, setting in settings().items()}
    point, axes = _model("point", values), _model("axes", lists)
    required: Any = {"strategy": (values["strategy"][0], ...)}
    baseline = create_model("baseline", __base__=point, **required)
    top_level: Fields = {
        **values,
        **setting_fields,
        "baseline": (baseline, "what others are compared with"),
        "axes": (axes, "parameters that vary, each with each"),
        "zip": (GenericAlias(list, axes), "parameters that vary in lockstep"),
        "points": (GenericAlias(list, point), "further points, one by one"),
        "traffic": (Name | dict[str, Mix], "a mix by name, or named mixes"),
        "nic": (Name | NicSection, "a NIC by name, or its settings"),
        "nics": (dict[str, NicSection], "named NICs"),
        "hosts": (dict[str, Host], "named hosts"),
    }
    schema = _model("sweep file", top_level).model_json_schema(schema_generator=_WithoutNull)
    return {"$schema": GenerateJsonSchema.schema_dialect, **schema}


def _model(name: str, fields: Fields, base: type[SectionModel] = SectionModel) -> Any:
    """A pydantic model of these fields, all optional."""
    named: Any = {
        key.replace(".", "__"): (type_, Field(None, alias=key, description=text))
        for key, (type_, text) in fields.items()
    }
    return create_model(name, __base__=base, **named)


def _list(parameter: Parameter) -> Any:
    """Type of a list of values of `parameter`, or of a short form of it."""
    values = Annotated[list[parameter.type], Field(min_length=1)]  # type: ignore[name-defined]
    if parameter.quantity is None or not parameter.quantity.forms:
        return values
    ends = Annotated[list[int | float | str], Field(min_length=2, max_length=3)]
    return values | _model("forms", dict.fromkeys(parameter.quantity.forms, (ends, "")), Forms)
