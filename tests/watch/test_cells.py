# SPDX-License-Identifier: MIT
"""Which cells are decided, which wait, which are furthest from a decision: known truths in synthetic tables."""

from __future__ import annotations

import json

import numpy as np
import pyarrow as pa

from sweep.watch import cells

COLUMNS = ("page_allocator", "page_pool", "page_frag")
RINGS = (64, 128, 256)


def table(costs: dict[tuple[str, int], list[float | None]], drops: float = 0.0) -> pa.Table:
    """Every simulation of COLUMNS x RINGS x 4 replicates; None where it has not run."""
    rows = []
    for strategy in COLUMNS:
        for ring in RINGS:
            for replicate, cost in enumerate(costs.get((strategy, ring), [None] * 4)):
                rows.append(
                    {
                        **{"strategy": strategy, "traffic": "router", "ring": ring, "load": 0.3, "seed": 1},
                        **{"replicate": replicate, "ns_per_packet": cost},
                        "drop_ratio": None if cost is None else drops,
                    }
                )
    schema = pa.schema(
        [(n, pa.string()) for n in ("strategy", "traffic")]
        + [(n, pa.int64()) for n in ("ring", "seed", "replicate")]
        + [(n, pa.float64()) for n in ("load", "ns_per_packet", "drop_ratio")]
    )
    said = json.dumps({"name": "x", "baseline": {"strategy": "page_allocator"}})
    return pa.Table.from_pylist(rows, schema=schema).replace_schema_metadata({"sweep": said})


CLEAR = {"page_allocator": [600.0, 601, 602, 603], "page_pool": [500.0, 501, 502, 503], "page_frag": [550.0] * 4}
CLOSE = {**CLEAR, "page_frag": [505.0, 498, 506, 496]}
CLOSER = {**CLEAR, "page_frag": [530.0, 470, 536, 472]}


def costs(**by_ring: dict[str, list[float]]) -> dict[tuple[str, int], list[float | None]]:
    return {(name, int(ring[1:])): list(values) for ring, some in by_ring.items() for name, values in some.items()}


def test_nothing_has_run() -> None:
    assert cells.judge(table({})) == cells.CellCounts(0, 3, ())


def test_decided_undecided_and_waiting() -> None:
    found = cells.judge(table(costs(_64=CLEAR, _128=CLOSE)))
    assert (found.decided, found.waiting, len(found.undecided)) == (1, 1, 1)
    (open_,) = found.undecided
    assert open_.where == "router, load 0.3, ring 128"
    assert open_.between == ("page_frag", "page_pool")
    assert open_.why.startswith("undecided with 4 pairs")


def test_a_cell_with_one_strategy_waits_for_the_others() -> None:
    """It has a winner among those that are there, but the sweep has more."""
    found = cells.judge(table(costs(_64={"page_pool": CLEAR["page_pool"]})))
    assert (found.decided, found.waiting) == (0, 3)


def test_one_pair_is_not_enough() -> None:
    one = {name: [values[0], None, None, None] for name, values in CLEAR.items()}
    two = {name: [*values[:2], None, None] for name, values in CLEAR.items()}
    found = cells.judge(table(costs(_64=one, _128=two)))
    assert (found.decided + len(found.undecided), found.waiting) == (1, 2)


def test_the_furthest_from_a_decision_comes_first() -> None:
    found = cells.judge(table(costs(_64=CLOSE, _128=CLOSER, _256=CLEAR)))
    assert [each.where[-8:] for each in found.undecided] == ["ring 128", " ring 64"]


def test_all_simulations_with_those_that_have_run() -> None:
    every = table({}).drop_columns(["ns_per_packet", "drop_ratio"])
    values = pa.table({"ns_per_packet": [1.0, 2.0], "drop_ratio": pa.array([None, 0.5])})
    numbered = values.append_column("simulation", pa.array([35, 0]))
    found = cells.of_all([numbered], every, {b"a": b"b"})
    assert found["ns_per_packet"].to_pylist() == [2.0, *[None] * 34, 1.0]
    assert found["drop_ratio"].to_pylist() == [0.5, *[None] * 35]
    assert found.schema.metadata == {b"a": b"b"}
    assert np.isfinite(found["ns_per_packet"].to_numpy()).sum() == 2
