# SPDX-License-Identifier: MIT
"""The highest loads in words and for programs, compared with files in golden/, one per hard case.

A change on purpose: `SWEEP_GOLDEN=write pytest tests/sizing/test_load_document.py`, then read the difference.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from synthetic_grid import PACKETS, Array, cube, noise, question, searched_loads

from sweep.document import markdown, plain_text
from sweep.sizing.load_answer import LoadAnswer, load_verdicts
from sweep.sizing.load_document import load_document
from sweep.sizing.load_record import LOAD_FORMAT, load_record
from sweep.sizing.search import Question

GOLDEN = Path(__file__).parent / "golden"
DROPS, TAIL = "drop_ratio < 0.5 %", "latency_p99_ns < 50_000"
LOADS = tuple(round(float(load), 6) for load in np.geomspace(0.01, 1, 200))
LINE_PPS = 14.88e6


def answered(asked: Question, values: dict[str, Array]) -> LoadAnswer:
    """What a search over made-up values has found, as its answer."""
    rate = {"total_pps": LINE_PPS * np.array(LOADS)[:, None, None, None]}
    search = searched_loads(asked, {**rate, **values})
    wanted, grid = int(search.count.sum()), int(asked.cube.there.sum()) * asked.replicates
    return LoadAnswer(
        name="made_up",
        objectives=asked.objectives,
        confidence=asked.confidence,
        looks=asked.looks,
        loads=asked.cube.loads,
        verdicts=load_verdicts(search),
        wanted=wanted,
        grid=grid,
        simulated=wanted,
        missing=0,
        wanted_packets=wanted * PACKETS,
        grid_packets=grid * PACKETS,
    )


def dropped(*capacities: float) -> Array:
    """What servers of these capacities drop at each load, a server per column."""
    return np.maximum(1 - np.array(capacities)[:, None] / np.array(LOADS), 0)[None, :, :, None, None, None]


def ordinary() -> LoadAnswer:
    """Three columns that are told apart, one of which takes the line rate, and two rings."""
    columns = ("page_allocator", "refcount_recycle", "page_pool")
    asked = question(cube(columns=columns, loads=LOADS, rings=(256, 1024), drawn=False), DROPS)
    return answered(asked, {"drop_ratio": dropped(0.3, 0.62, 2.0)})


def undecided() -> LoadAnswer:
    """Replicates that differ much near the bound, and columns that cannot be told apart."""
    asked = question(cube(columns=("page_allocator", "page_pool"), loads=LOADS, rings=(256,)), DROPS)
    return answered(asked, {"drop_ratio": np.abs(dropped(0.5, 0.505) + 2e-3 * noise(asked, 2, 1.0))})


def no_drop() -> LoadAnswer:
    """No loss at all is asked for where something is random; a column loses some at every load."""
    asked = question(cube(columns=("page_allocator", "page_pool"), loads=LOADS, rings=(256,)), "drop_ratio <= 0")
    return answered(asked, {"drop_ratio": dropped(0.005, 0.5)})


def contradicted() -> LoadAnswer:
    """What fails at low loads and meets at higher ones; and a metric without a value."""
    asked = question(cube(mixes=2, loads=LOADS, rings=(256,), drawn=False), DROPS, TAIL)
    drops = np.where(np.array(LOADS)[:, None, None, None] < 0.02, 0.2, dropped(0.5))
    tail = np.array([1000.0, np.nan])[:, None, None, None, None, None]
    return answered(asked, {"drop_ratio": drops, "latency_p99_ns": tail})


CASES: dict[str, Callable[[], LoadAnswer]] = {
    "ordinary": ordinary,
    "undecided": undecided,
    "no_drop": no_drop,
    "contradicted": contradicted,
}
FORMATS: dict[str, Callable[[LoadAnswer], str]] = {
    "txt": lambda answer: plain_text.render(load_document(answer)),
    "md": lambda answer: markdown.render(load_document(answer)),
    "json": lambda answer: json.dumps(load_record(answer), indent=1) + "\n",
}


@pytest.fixture(scope="module")
def answers() -> dict[str, LoadAnswer]:
    return {name: make() for name, make in CASES.items()}


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("form", ["txt", "md"])
def test_golden(answers: dict[str, LoadAnswer], name: str, form: str) -> None:
    got = FORMATS[form](answers[name])
    path = GOLDEN / f"load_{name}.{form}"
    if os.environ.get("SWEEP_GOLDEN") == "write":
        path.write_text(got, encoding="utf-8")
    assert got == path.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("width", [60, 72, 100])
def test_no_line_is_wider_than_asked(answers: dict[str, LoadAnswer], name: str, width: int) -> None:
    assert max(map(len, plain_text.render(load_document(answers[name]), width).splitlines())) <= width


@pytest.mark.parametrize("name", CASES)
def test_the_record_is_json_of_a_format_and_says_what_the_document_says(
    answers: dict[str, LoadAnswer], name: str
) -> None:
    answer = answers[name]
    found = json.loads(json.dumps(load_record(answer), allow_nan=False))
    assert (found["format"], found["found"]) == (LOAD_FORMAT, "load")
    for verdict, told in zip(answer.verdicts, found["verdicts"], strict=True):
        assert (told["best"] is None) == (verdict.best is None)
        for each, series in zip(verdict.series, told["series"], strict=True):
            assert series["load"] == (each.quoted.load if each.quoted else None)
            assert series["shown"] == (each.highest is not None)
            assert series["fails_from_load"] == (each.fails_from.load if each.fails_from else None)
            assert (series["packets_per_s"] is None) == (series["load"] is None)
            tried = {probe["load"]: probe["word"] for probe in series["loads"]}
            assert series["load"] is None or tried[series["load"]] == ("meets" if series["shown"] else "undecided")
            assert series["fails_from_load"] is None or tried[series["fails_from_load"]] == "fails"
