# SPDX-License-Identifier: MIT
"""What verbs print with --format json is what their schema says: every key is declared, and nothing else is printed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from pydantic import TypeAdapter
from typed import SWEEP, sweep

from sweep.cli.json_schemas import NAMES, OUTPUTS, output_type

INLINE = ("--executor", "inline")
WORDS = {
    "plan": ("tiny.yaml", *INLINE, "--set", "replicates=3"),
    "status": ("runs/tiny",),
    "list": (),
    "size": ("tiny.yaml", "--objective", "drop_ratio < 5 %", *INLINE, "--out", "runs/size"),
    "size-load": (
        *("tiny.yaml", "--find", "load", "--objective", "drop_ratio < 5 %", *INLINE, "--out", "runs/loads"),
        *("--set", "axes.load=[0.2, 0.4, 0.8]"),
    ),
    "compare": ("runs/tiny", "runs/tiny"),
}


def declared(verb: str, text: str) -> dict:
    """The JSON in `text`, checked against the type that documents it."""
    value = json.loads(text)
    form = TypeAdapter(output_type(verb))
    assert form.dump_python(form.validate_python(value, strict=True)) == value  # drops what is not declared
    return value


@pytest.mark.parametrize("verb", OUTPUTS)
def test_every_key_is_declared(done: Path, verb: str) -> None:
    out, error = sweep(done, verb.partition("-")[0], *WORDS[verb], "--format", "json")
    found = declared(verb, out)
    assert found["format"] >= 1
    assert error == ""


def test_a_plan_counts_what_is_there(done: Path) -> None:
    found = declared("plan", sweep(done, "plan", *WORDS["plan"], "--format", "json")[0])
    assert (found["simulations"], found["done"] + found["reused"], found["to_run"]) == (9, 6, 3)
    assert found["location"] == "runs/tiny"
    assert found["forecast"]["core_seconds_low"] > 0
    assert (found["looks"], found["shortage"]) == (None, None)


def test_a_plan_with_looks(here: Path) -> None:
    (here / "tiny.yaml").write_text(SWEEP.replace("[page_allocator]", "[page_allocator, page_pool]"))
    out, _ = sweep(here, "plan", "tiny.yaml", *INLINE, "--format", "json", "--set", "precision.ns_per_packet=1 %")
    plan = declared("plan", out)
    assert plan["looks"]["look"] == 1
    assert plan["to_run"] < plan["to_run_at_most"] == plan["simulations_at_most"]


@pytest.mark.parametrize("verb", ["plan", "status"])
def test_a_format_that_is_not_known(done: Path, verb: str) -> None:
    _, error = sweep(done, verb, *WORDS[verb], "--format", "jsn", code=2)
    assert 'format "jsn" is not known. Did you mean "json"?' in error


def test_schemas_are_printed(tmp_path: Path) -> None:
    for name in NAMES:
        schema = json.loads(sweep(tmp_path, "schema", name)[0])
        assert schema["type"] == "object"
        assert "json-schema.org" in schema["$schema"]
    assert "format" in schema["required"]
    assert sweep(tmp_path, "schema")[0] == sweep(tmp_path, "schema", "sweep-file")[0]
    _, error = sweep(tmp_path, "schema", "sice", code=2)
    assert '"sice" has no schema. Did you mean "size"?' in error
