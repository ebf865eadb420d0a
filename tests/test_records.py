# SPDX-License-Identifier: MIT
"""JSON of a stranger: one line that says what is wrong, whatever it is."""

from __future__ import annotations

import json

import pytest

from sweep import records

FORM = {
    **{"text": records.TEXT, "count": records.COUNT, "time": records.TIME, "number": records.NUMBER},
    **{"texts": records.TEXTS, "maybe": records.either(records.SECONDS, records.NOTHING), "truth": records.TRUTH},
}
RIGHT = {
    "text": "a",
    "count": 0,
    "time": "2026-11-23T09:00:00+00:00",
    "number": -0.5,
    "texts": {"a": "b"},
    "maybe": None,
}


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"[" * 100_000, "nested"),
        (b"[" * 100 + b"]" * 100, "nested more than 50 levels"),
        (b'{"a":' * 60 + b"1" + b"}" * 60, "nested more than 50 levels"),
        (b'{"a": NaN}', "NaN where a number belongs"),
        (b'{"a": -Infinity}', "-Infinity where a number belongs"),
        (b'{"a": ' + b"9" * 5000 + b"}", "a number that nobody wrote"),
        (b'{"a": 1, "b": 2, "a": 3}', '"a" is given twice'),
        (b'{"a": "\xff"}', "not UTF-8 text"),
        (b"\xff\xfe{\x00}\x00", "not UTF-8 text"),
        (b"", "no JSON"),
        (b"[1, 2]", "it is a list, not a mapping"),
        (b"3", "it is 3, not a mapping"),
    ],
)
def test_what_is_no_record(data: bytes, why: str) -> None:
    with pytest.raises(records.RecordError) as caught:
        records.read(data)
    assert why in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *(("text", value) for value in (1, None, [], {}, True)),
        *(("count", value) for value in (-1, True, "1", 1.0, None, [1], 2**63)),
        *(("time", value) for value in ("yesterday", 3, "0001-01-01", None, "2026-13-01")),
        *(("number", value) for value in ("1", True, None, [], 10**30)),
        *(("texts", value) for value in ({"a": 1}, [], None)),
        *(("maybe", value) for value in (-1, "x")),
        ("truth", 1),
    ],
)
def test_a_field_of_another_type(field: str, value: object) -> None:
    assert records.read(json.dumps(RIGHT), FORM, ["text"]) == RIGHT
    with pytest.raises(records.RecordError, match=f'its "{field}" is .*, not '):
        records.read(json.dumps({**RIGHT, field: value}), FORM)


def test_a_field_that_is_missing_and_one_that_nobody_knows() -> None:
    with pytest.raises(records.RecordError, match='it has no "text"'):
        records.read(b"{}", FORM, ["text"])
    assert records.read(b'{"more": [1]}', FORM) == {"more": [1]}
