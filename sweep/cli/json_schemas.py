# SPDX-License-Identifier: MIT
"""The JSON Schema of everything that a verb prints with `--format json`, and of sweep files."""

from __future__ import annotations

from typing import Any

from sweep.errors import SweepError, did_you_mean

SWEEP_FILE = "sweep-file"
OUTPUTS = ("plan", "status", "list", "size", "size-load", "compare")  # verbs whose JSON has a form of its own
TYPED = {"size-load": "size --find load"}  # what is typed where it is not the verb alone
NAMES = (SWEEP_FILE, *OUTPUTS)


def output_type(verb: str) -> Any:
    """The TypedDict of the JSON of one of OUTPUTS."""
    from sweep.compare.records import ComparisonRecord
    from sweep.sizing.load_record import LoadRecord
    from sweep.sizing.record import SizeRecord

    from .state_records import ListRecord, PlanRecord, StatusRecord

    types = (PlanRecord, StatusRecord, ListRecord, SizeRecord, LoadRecord, ComparisonRecord)
    return dict(zip(OUTPUTS, types, strict=True))[verb]


def json_schema(name: str) -> dict[str, Any]:
    """The JSON Schema of one of NAMES.  Raises SweepError for another name."""
    if name == SWEEP_FILE:
        from sweep import config

        return config.json_schema()
    if name not in OUTPUTS:
        raise SweepError(f'"{name}" has no schema.{did_you_mean(name, NAMES)}\n  known: {", ".join(NAMES)}')
    from pydantic import TypeAdapter

    schema = TypeAdapter(output_type(name)).json_schema()
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}
