# SPDX-License-Identifier: MIT
"""The answer in words and for programs, compared with files in golden/, one per hard case.

A change on purpose: `SWEEP_GOLDEN=write pytest tests/sizing/test_sizing_documents.py`, then read the difference.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from synthetic_grid import RINGS, USUAL, Array, cube, noise, objective, question, searched

from sweep.document import markdown, plain_text
from sweep.sizing.answer import SizingAnswer, verdicts
from sweep.sizing.document import document
from sweep.sizing.record import FORMAT, record
from sweep.sizing.search import COST, HELD, Question, Search

GOLDEN = Path(__file__).parent / "golden"
CALLS, DROPS, TAIL = "allocator_calls_per_packet < 0.01", "drop_ratio < 0.1 %", "latency_p99_ns < 50_000"
COLUMNS = ("page_allocator", "refcount_recycle", "page_pool (pool=ring)", "page_pool (pool=2x)")


def answered(asked: Question, values: dict[str, Array]) -> SizingAnswer:
    return answer_of(asked, searched(asked, values))


def answer_of(asked: Question, search: Search) -> SizingAnswer:
    """What a search has found, as its answer."""
    wanted, grid = int(search.count.sum()), int(asked.cube.there.sum()) * asked.replicates
    return SizingAnswer(
        name="made_up",
        objectives=asked.objectives,
        confidence=asked.confidence,
        looks=asked.looks,
        rings=asked.cube.rings,
        pools=asked.cube.pools,
        verdicts=verdicts(search),
        wanted=wanted,
        grid=grid,
        simulated=wanted,
        missing=0,
        wanted_packets=wanted * 100_000,
        grid_packets=grid * 100_000,
    )


def over_columns(*rows: list[float]) -> Array:
    """A row of rings per column."""
    return np.array(rows)[None, :, None, :, None, None]


def ordinary() -> SizingAnswer:
    """A strategy that never does, one from ring 256 on, two that tie at the smallest; two loads."""
    asked = question(cube(columns=COLUMNS, loads=(0.1, 0.5)), CALLS, DROPS)
    calls = over_columns([1.0] * 7, [0.3, 0.05, 0.002, 0.001, 0, 0, 0], [1e-4] * 7, [1e-4] * 7)
    cost = over_columns([620.0] * 7, [500.0] * 7, [450.0] * 7, [450.5] * 7)
    held = over_columns(*[[float(ring) for ring in RINGS]] * 4)
    own = noise(asked, 1, 1e-5, shared=0)
    return answered(asked, {"allocator_calls_per_packet": calls, COST: cost * np.exp(own), HELD: held})


def undecided() -> SizingAnswer:
    """Close to the bound at some rings; nowhere far from it under one mix; strategies that cannot be told apart."""
    asked = question(cube(mixes=2, columns=("refcount_recycle", "page_pool")), DROPS, replicates=5)
    means = np.array([[0.02, 0.0012, 0.0009, 0, 0, 0, 0], [0.0011] * 7])[:, None, None, :, None, None]
    spread = np.array([[4e-4, 4e-4, 4e-4, 0, 0, 0, 0], [4e-4] * 7])[:, None, None, :, None, None]
    cost = 500 * np.exp(noise(asked, 4, 0.05, shared=0))
    return answered(asked, {"drop_ratio": np.abs(means + noise(asked, 2, 1.0) * spread), COST: cost})


def none() -> SizingAnswer:
    """Every ring fails in one mix; the metric has no value there in another column."""
    asked = question(cube(columns=("page_pool", "page_frag")), TAIL, replicates=3)
    tail = np.array([90_000.0, np.nan])[None, :, None, None, None, None]
    return answered(asked, {"latency_p99_ns": tail})


def lossy() -> SizingAnswer:
    """Every ring drops too much: in the socket in one column, for want of a descriptor in another."""
    asked = question(cube(columns=("page_pool", "page_frag")), DROPS, replicates=3)
    in_socket = np.array([1.0, 0.0])[None, :, None, None, None, None]
    lost = 0.02 * USUAL["offered_packets"]
    counts = {"drop_socket_buffer_packets": lost * in_socket, "drop_no_descriptor_packets": lost * (1 - in_socket)}
    none = dict.fromkeys((name for name in asked.metrics if name.startswith("drop_") and name != "drop_ratio"), 0.0)
    return answered(asked, {"drop_ratio": np.array([0.02])} | {k: np.array([v]) for k, v in none.items()} | counts)


def contradicted() -> SizingAnswer:
    """Allocator calls that rise with the ring, and a pool that is an axis of its own."""
    asked = question(cube(rings=RINGS[:4], pools=(128, 512)), CALLS, replicates=3)
    calls = np.array([[0.02, 0.02], [0.002, 0.002], [0.03, 0.03], [0.05, 0.05]])[None, None, None, :, :, None]
    return answered(asked, {"allocator_calls_per_packet": calls, COST: np.array([480.0])})


def stalls() -> SizingAnswer:
    """A reader that stalls in one window of two: none lost in four stalls, and no more windows to be had."""
    asked = question(cube(columns=("page_pool",), rings=RINGS[:3], episode="stall"), DROPS, replicates=8)
    drops = np.zeros((3, 1, 8))
    drops[0, 0, [2, 5]] = 0.04
    seen = np.array([0, 1.0] * 4)
    return answered(asked, {"drop_ratio": drops, "episodes": seen, "loss_episodes": (drops > 0) * 1.0})


CASES: dict[str, Callable[[], SizingAnswer]] = {
    "ordinary": ordinary,
    "undecided": undecided,
    "none": none,
    "lossy": lossy,
    "contradicted": contradicted,
    "stalls": stalls,
}
FORMATS: dict[str, Callable[[SizingAnswer], str]] = {
    "txt": lambda answer: plain_text.render(document(answer)),
    "md": lambda answer: markdown.render(document(answer)),
    "json": lambda answer: json.dumps(record(answer), indent=1) + "\n",
}


@pytest.fixture(scope="module")
def answers() -> dict[str, SizingAnswer]:
    return {name: make() for name, make in CASES.items()}


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("form", FORMATS)
def test_golden(answers: dict[str, SizingAnswer], name: str, form: str) -> None:
    got = FORMATS[form](answers[name])
    path = GOLDEN / f"{name}.{form}"
    if os.environ.get("SWEEP_GOLDEN") == "write":
        path.parent.mkdir(exist_ok=True)
        path.write_text(got, encoding="utf-8")
    assert got == path.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("width", [60, 72, 100])
def test_no_line_is_wider_than_asked(answers: dict[str, SizingAnswer], name: str, width: int) -> None:
    assert max(map(len, plain_text.render(document(answers[name]), width).splitlines())) <= width


def test_where_every_ring_fails_it_says_what_packets_are_lost_to(answers: dict[str, SizingAnswer]) -> None:
    text = " ".join(FORMATS["txt"](answers["lossy"]).split())
    assert (
        "page_pool: at ring 4096 100 % of what is dropped is lost in the socket's receive buffer: no ring can" in text
    )
    assert "page_frag: at ring 4096 100 % of what is dropped is lost for want of a descriptor" in text
    (verdict,) = record(answers["lossy"])["verdicts"]
    assert [each["lost"] and each["lost"]["cause"] for each in verdict["series"]] == ["socket_buffer", "no_descriptor"]
    assert "is lost" not in FORMATS["txt"](answers["none"]), "its objective does not speak of drops"


@pytest.mark.parametrize("name", CASES)
def test_the_record_is_json_of_a_format_and_says_what_the_document_says(
    answers: dict[str, SizingAnswer], name: str
) -> None:
    answer = answers[name]
    found = json.loads(json.dumps(record(answer), allow_nan=False))
    assert found["format"] == FORMAT
    for verdict, told in zip(answer.verdicts, found["verdicts"], strict=True):
        best = told["best"]
        assert (best is None) == (verdict.standing is None)
        for each, series in zip(verdict.series, told["series"], strict=True):
            assert series["ring"] == (each.answer.ring if each.answer else None)
            for rung in series["rungs"]:
                assert (rung["how"] == "simulated") == (rung["replicates"] > 0) == bool(rung["measured"])
                assert rung["how"] != "implied" or rung["word"] in ("meets", "fails")
                assert rung["how"] != "not needed" or rung["word"] is None
        if best is not None:
            (sized,) = (series for series in told["series"] if series["column"] == best)
            assert told["apply"]["ethtool"] == f"ethtool -G DEV rx {sized['ring']}"


def test_who_is_not_compared_and_who_is_not_asked_is_said() -> None:
    grid = cube(columns=("page_allocator", "page_pool"))
    speaks = np.repeat([False, True], len(RINGS))
    asked = Question(grid, (objective(DROPS, grid, speaks),), 3, 0.95)
    found = plain_text.render(document(answered(asked, {"drop_ratio": np.array([0.0005, 0.0012, 0.0013])})))
    assert "¹ no objective speaks of it, so any ring does" in found
    assert "² undecided, so not compared: page_pool" in found


def test_a_ring_of_several_pools_is_named_with_its_pool() -> None:
    asked = question(cube(rings=RINGS[:2], pools=(64, 256, 1024)), CALLS, replicates=3)
    means = np.array([[0.05, 0.0099, 0.001], [0.001] * 3])[:, :, None]
    calls = means + np.array([[0, 3e-4, 0], [0] * 3])[:, :, None] * np.array([-1, 1, 0.4])
    found = plain_text.render(document(answered(asked, {"allocator_calls_per_packet": calls})))
    assert "ring 64 with pool 64 fails, ring 64 with pool 1024 does, what is between is undecided" in " ".join(
        found.split()
    )


def test_nothing_is_said_of_a_ring_that_was_not_simulated(answers: dict[str, SizingAnswer]) -> None:
    """No number of it, and if a word then the word that it is implied."""
    for answer in answers.values():
        for verdict in answer.verdicts:
            for each in verdict.series:
                for rung in each.rungs:
                    assert bool(rung.measured) == (rung.replicates > 0)
                    assert rung.how == "simulated" if rung.replicates else rung.how in ("implied", "not needed")
                if each.answer is not None:
                    assert each.answer.how == "simulated"
