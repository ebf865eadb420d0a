# SPDX-License-Identifier: MIT
"""Rows that are no traces: what is wrong, in quotes, and where."""

from __future__ import annotations

import json
from typing import Any

import pytest

from sweep.replay.trace import TraceError, read_trace
from tests.replay.traces import row, trace

TOKENS = {
    "X1": 'ops token 1 "X1" is not known; known: A F D N R P B C G U H V E L M Z W !',
    "A R1": 'ops token 2 "R1": handle 1 does not exist yet, there are 1',
    "A2 B0-2": 'ops token 2 "B0-2": handle 2 does not exist yet, there are 2',
    "A R": 'ops token 2 "R" is not understood; expected R<handle> or R<first>-<last>, numbers up to 999,999,999',
    "A R0-": 'ops token 2 "R0-" is not understood',
    "A-1": 'ops token 1 "A-1" is not understood; expected A or A<n>',
    "F": 'ops token 1 "F" is not understood; expected F<bytes> or F<bytes>*<n>',
    "F8*": 'ops token 1 "F8*" is not understood',
    "M-2": 'ops token 1 "M-2" is not understood; expected M<node>, -1 for none',
    "V-1": 'ops token 1 "V-1" is not understood',
    "Z1": 'ops token 1 "Z1" is not understood; expected Z',
    "A9999999999": 'ops token 1 "A9999999999" is not understood',
    "A999999999": 'ops token 1 "A999999999": more than 1,000,000 handles',
    "A٣": 'ops token 1 "A٣" is not understood',
}


@pytest.mark.parametrize(("ops", "message"), TOKENS.items(), ids=TOKENS.keys())
def test_a_token_that_is_not_understood(ops: str, message: str) -> None:
    with pytest.raises(TraceError) as caught:
        trace(ops)
    assert str(caught.value).startswith(message)


def without(key: str, *path: str) -> str:
    changed = row(19)
    holder = changed
    for step in path:
        holder = holder[step]
    del holder[key]
    return json.dumps(changed)


def with_value(value: Any, key: str, *path: str) -> str:
    changed = row(19)
    holder = changed
    for step in path:
        holder = holder[step]
    holder[key] = value
    return json.dumps(changed)


ROWS = {
    "not JSON": ('{"id": }', "not JSON: Expecting value"),
    "a list": ("[1, 2]", 'a trace is an object, not "[1, 2]"'),
    "deep": ("[" * 100_000, "not"),
    "no id": (without("id"), '"id" is missing'),
    "id of another kind": (with_value(5, "id"), '"id" must be a string, not "5"'),
    "id with a control character": (with_value("a\x1b[31m", "id"), '"id" must be printable text, not "a?[31m"'),
    "no ops": (without("ops"), '"ops" is missing'),
    "no params": (without("params"), '"params" is missing'),
    "no parameter": (without("napi", "params"), '"params.napi" is missing'),
    "unknown parameter": (with_value(1, "naip", "params"), '"params.naip" is not known; known: pool_size'),
    "parameter out of range": (with_value(2, "napi", "params"), '"params.napi" must be 0 to 1, not "2"'),
    "parameter of another kind": (
        with_value(True, "napi", "params"),
        '"params.napi" must be a 64-bit integer, not "True"',
    ),
    "no answer": (without("expected"), '"expected" is missing'),
    "no hash": (without("handle_hash", "expected"), '"expected.handle_hash" is missing'),
    "no final state": (without("final", "expected"), '"expected.final" is missing'),
    "no column": (without("hold", "expected", "final"), '"expected.final.hold" is missing'),
    "unknown column": (with_value(1, "hodl", "expected", "final"), '"expected.final.hodl" is not known'),
    "short snapshot": (
        with_value([[1, 2]], "snapshots", "expected"),
        '"expected.snapshots[0]" must be a list of 27 integers, not "[1, 2]"',
    ),
    "snapshot of another kind": (
        with_value([[0] * 26 + [0.5]], "snapshots", "expected"),
        '"expected.snapshots[0][26]" must be an integer, not "0.5"',
    ),
}


@pytest.mark.parametrize(("line", "message"), ROWS.values(), ids=ROWS.keys())
def test_a_row_that_is_no_trace(line: str, message: str) -> None:
    with pytest.raises(TraceError) as caught:
        read_trace(line)
    assert str(caught.value).startswith(message)


def test_where_in_the_line() -> None:
    with pytest.raises(TraceError) as caught:
        read_trace('{"id": }')
    assert caught.value.column == 8
