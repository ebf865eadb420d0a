# SPDX-License-Identifier: MIT
"""What is declared of a parameter is said nowhere else, and is what every reader of it says."""

from __future__ import annotations

import re
from dataclasses import fields

import pytest

from sweep import schema
from sweep.config import json_schema
from sweep.config.parameters import parameters
from sweep.fields.kernel import BY_NAME
from sweep.fields.nic import NIC
from sweep.fields.parameter import LAW, REQUIRED, WORD, Parameter
from sweep.fields.parameters import PARAMETERS
from sweep.fields.traffic import READER
from sweep.model.lane.params import PARAMS
from sweep.model.scenario import Nic, Reader
from sweep.package import PACKAGE

SCHEMA, KNOWN = json_schema()["$defs"]["point"]["properties"], parameters()
SOURCES = {path: path.read_text(encoding="utf-8") for path in PACKAGE.rglob("*.py")}
DECLARED = pytest.mark.parametrize("declared", PARAMETERS.values(), ids=PARAMETERS)


@DECLARED
def test_a_parameter_is_declared_once(declared: Parameter) -> None:
    """Its name, beside its meaning, and its meaning alone are in one place of the program."""
    rule = BY_NAME.get(declared.key) if declared.part == "kernel" else None
    meaning = rule.meaning if rule else declared.meaning  # a rule's is made of what holds with it and without it
    places = [path for path, text in SOURCES.items() for _ in range(text.count(f'"{meaning}"'))]
    assert len(places) == 1, places
    assert places[0].parent.name == "fields"


@DECLARED
def test_a_sweep_file_may_say_what_is_declared(declared: Parameter) -> None:
    said = SCHEMA[declared.name]
    assert said["description"] == declared.meaning
    known = KNOWN[declared.name]
    assert known.meaning == declared.meaning
    if declared.part != "host":
        usual = None if declared.like or declared.default is None else declared.default
        assert known.default == usual or (usual is REQUIRED and known.default is ...)
    if declared.kind not in (WORD, LAW):
        assert known.quantity is not None
        assert (known.quantity.low, known.quantity.high) == declared.within


@DECLARED
def test_the_table_says_what_is_declared(declared: Parameter) -> None:
    if declared.name in ("label", "duration"):
        return  # what the file alone says
    if declared.name in ("traffic.fates", "traffic.reader.stall"):
        return  # whose parts are columns
    column = schema.results_schema().field(declared.name)
    said = {key.decode(): text.decode() for key, text in column.metadata.items()}
    part = declared.part or (declared.name if declared.name in ("traffic", "nic", "strategy") else "")
    assert (said["role"], said["meaning"], said["decides"]) == ("parameter", declared.meaning, declared.decides)
    assert said["of"] == ("" if part == "strategy" else part)
    assert said["unit"] == declared.column_unit


def test_the_model_has_every_number_under_its_symbol() -> None:
    names = [field.name for field in PARAMS]
    assert len(names) == len(set(names))
    for declared in PARAMETERS.values():
        if declared.kind not in (WORD, LAW) and declared.in_the_loop:
            assert declared.symbol in names
    assert {field.name for field in fields(Nic)} == {"name", *(each.symbol for each in NIC)}
    assert {field.name for field in fields(Reader)} > {each.symbol for each in READER}


def test_what_a_parameter_is_like_is_a_parameter_of_the_same_part_and_kind() -> None:
    for declared in PARAMETERS.values():
        if declared.like:
            like = PARAMETERS[declared.like]
            assert (like.part, like.kind, like.within, like.like) == (declared.part, declared.kind, declared.within, "")


def test_nothing_is_handed_over_by_position() -> None:
    for path, text in SOURCES.items():
        for given in re.findall(r"(?<!class )\b(?:Nic|Reader)\(([^)]*)", text):
            assert re.match(r"\s*(?:\w+=|\*\*)", given), path
    with pytest.raises(TypeError, match="positional"):
        Nic("lab", 1)
