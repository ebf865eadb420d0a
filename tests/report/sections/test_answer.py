# SPDX-License-Identifier: MIT
"""The answer of a mix: what it recommends, and commands with the values of the cell and no others."""

from __future__ import annotations

from dataclasses import replace

import pyarrow as pa

from sweep.document.blocks import Chart, Paragraph, Table
from sweep.report.sections import answer
from sweep.results import dataset
from sweep.results.analysis import Analysis, analyse
from tests.report.synthetic_sweep import Effects, table

CHEAP = Effects(ns=lambda row: 500.0 if row["strategy"] == "page_pool" else 600.0)
POOL_SIZE = "strategy.pool_size"
COLUMNS = {
    "nic.tx_ring": 512,
    "nic.coalesce.usecs": 8.0,
    "nic.coalesce.frames": 32,
    "nic.tx_coalesce.usecs": 0.0,
    "nic.tx_coalesce.frames": 16,
}


def analysed(effects: Effects = CHEAP, **columns: float | None) -> Analysis:
    source = table(mixes=("host",), loads=(0.3, 0.6), rings=(64, 256), replicates=3, effects=effects)
    source = source.drop_columns([name for name in (POOL_SIZE, *COLUMNS) if name in source.column_names])
    for name, value in columns.items():
        source = source.append_column(name, pa.array([value] * len(source)))
    return analyse(dataset.read(source))


def commands(**columns: float | None) -> tuple[str, ...]:
    analysis = analysed(**columns)
    chosen = answer.choice(analysis, 0)
    assert chosen is not None
    return answer.commands(analysis.data.table, int(analysis.data.index[(*chosen.cell, chosen.column)].max()))


def test_the_winner_and_its_smallest_ring_at_the_highest_load_are_chosen() -> None:
    analysis = analysed()
    chosen = answer.choice(analysis, 0)
    assert chosen is not None
    assert analysis.data.columns[chosen.column] == "page_pool"
    assert (analysis.data.loads[chosen.cell[1]], analysis.data.rings[chosen.cell[2]]) == (0.6, 64)


def test_a_ring_that_drops_is_not_chosen() -> None:
    drops = {"drop_ratio": lambda row: 0.05 if row["ring"] == 64 else 0.0}
    analysis = analysed(replace(CHEAP, overrides=drops))
    chosen = answer.choice(analysis, 0)
    assert chosen is not None
    assert analysis.data.rings[chosen.cell[2]] == 256


def test_commands_have_what_the_cell_has_and_nothing_else() -> None:
    assert commands() == ("ethtool -G DEV rx 64",)
    assert commands(**COLUMNS) == (
        "ethtool -G DEV rx 64 tx 512",
        "ethtool -C DEV rx-usecs 8 rx-frames 32 tx-frames 16",
    )
    assert commands(**{"nic.coalesce.usecs": 8.5}) == ("ethtool -G DEV rx 64",)  # ethtool knows whole microseconds
    assert commands(**{POOL_SIZE: 128})[1:] == ("page_pool_params.pool_size = 128;  // in the driver",)
    assert commands(**{POOL_SIZE: None}) == ("ethtool -G DEV rx 64",)


def test_without_a_winner_nothing_is_recommended_and_it_says_what_is_open() -> None:
    even = analysed(Effects(ns=lambda row: 600.0 + hash_of(row)))
    assert answer.choice(even, 0) is None
    facts, *others = answer.blocks(even, 0)
    assert isinstance(facts, Table)
    assert facts.rows[0][1].text.startswith("Nothing to recommend yet: undecided with 3 pairs")
    assert [row[0].text for row in facts.rows] == ["Set", "Open", "So far", "How sure"]
    assert not any(isinstance(block, Paragraph) for block in others)
    assert isinstance(others[-1], Chart)
    assert others[-1].key[-1].line == "hatched"


def hash_of(row: dict) -> float:
    """Noise that no strategy gains from in the mean."""
    place = sum(ord(letter) for letter in row["strategy"]) + 7 * row["ring"] + int(10 * row["load"])
    return 40.0 * ((place * (row["replicate"] + 3) * 2654435761) % 97) / 97
