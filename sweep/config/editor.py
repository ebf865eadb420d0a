# SPDX-License-Identifier: MIT
"""The JSON Schema of a sweep file, for editors: completion, descriptions, red lines while typing.

It is wider than `load`: names, combinations and expressions are only checked there.
"""

from __future__ import annotations

from typing import Any

from .kinds import Formula, Kind
from .parameters import HOST, NIC, TRAFFIC, Parameter, parameters


def json_schema() -> dict[str, Any]:
    """JSON Schema (draft 2020-12) of a sweep file, made from the table of parameters."""
    table = parameters()
    values = {name: {"$ref": f"#/$defs/{name}"} for name in table}
    lists = {name: {"$ref": f"#/$defs/{name}.list"} for name in table}
    mixes = {"type": "object", "additionalProperties": {"$ref": "#/$defs/traffic.file"}}
    properties = {
        **values,
        "name": {"type": "string", "description": "name of the sweep; default: the file's"},
        "replicates": {"type": "integer", "minimum": 1, "description": "simulations per point, of different chance"},
        "seed": {"type": "integer", "minimum": 0, "description": "decides all chance"},
        "baseline": {**_object(values), "required": ["strategy"], "description": "what others are compared with"},
        "axes": {**_object(lists), "description": "parameters that vary, each with each"},
        "zip": {"type": "array", "items": _object(lists), "description": "parameters that vary in lockstep"},
        "points": {"type": "array", "items": _object(values), "description": "further points, one by one"},
        "where": {
            "anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}],
            "description": "constraint that points must meet, e.g. strategy != page_frag or ring <= 2048",
        },
        "traffic": {"anyOf": [values["traffic"], mixes], "description": "a mix by name, or named mixes"},
        "nic": {
            "anyOf": [values["nic"], {"$ref": "#/$defs/nic.file"}],
            "description": "a NIC by name, or its settings",
        },
        "nics": {"type": "object", "additionalProperties": {"$ref": "#/$defs/nic.file"}},
        "hosts": {"type": "object", "additionalProperties": {"$ref": "#/$defs/host.file"}},
        "claims": {"type": "array", "items": _object({"name": {"type": "string"}, "that": {"type": "string"}})},
    }
    cost: dict[str, Any] = {"$ref": "#/$defs/cost"}
    cost_file = _object(
        {
            "value": HOST[0].kind.schema(),
            "source": {"type": "string"},
            "assumed": {"type": "boolean"},
            "range": {"type": "array", "items": HOST[0].kind.schema(), "minItems": 2, "maxItems": 2},
        }
    )
    costs = _object({parameter.name.removeprefix("host."): cost for parameter in HOST})
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "sweep file",
        **_object(properties),
        "$defs": {
            **{name: _value(parameter) for name, parameter in table.items()},
            **{f"{name}.list": _list(parameter) for name, parameter in table.items()},
            "traffic.file": _nested(TRAFFIC, "traffic."),
            "cost": cost_file,
            "nic.file": _nested(NIC, "nic."),
            "host.file": {"type": "object", "properties": {"costs": costs}, "required": ["costs"]},
        },
    }


def _value(parameter: Parameter) -> dict[str, Any]:
    return {**parameter.kind.schema(), "description": parameter.meaning}


def _list(parameter: Parameter) -> dict[str, Any]:
    listed = {"type": "array", "items": _item(parameter.kind), "minItems": 1}
    ends: dict[str, Any] = {"type": "array", "minItems": 2, "maxItems": 3}
    forms = [_object({form: ends}) for form in parameter.kind.forms]
    return {"anyOf": [listed, *forms], "description": parameter.meaning}


def _item(kind: Kind) -> dict[str, Any]:
    return kind.schema() if not isinstance(kind, Formula) else {"type": ["integer", "string"]}


def _object(properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "additionalProperties": False}


def _nested(table: tuple[Parameter, ...], prefix: str) -> dict[str, Any]:
    """The schema of a file whose nested keys are the dotted names of `table`."""
    root = _object({"about": {"type": "string"}, "name": {"type": "string"}})
    for parameter in table:
        *path, last = parameter.name.removeprefix(prefix).split(".")
        level = root
        for key in path:
            level = level["properties"].setdefault(key, _object({}))
        level["properties"][last] = {"$ref": f"#/$defs/{parameter.name}"}
    return root
