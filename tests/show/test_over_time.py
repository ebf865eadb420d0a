# SPDX-License-Identifier: MIT
"""A simulation bin by bin: what is drawn is what its series says, and when it settles is what MSER says."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from shown_sweep import Shown

from sweep.document.blocks import Document
from sweep.document.plain_text import render
from sweep.show import over_time
from sweep.show.choose import Chosen, choose

BINS = 40


def lines(chosen: Chosen) -> list[str]:
    return render(Document("x", "", (over_time.section(chosen),)), 120).splitlines()


def chosen_of(shown: Shown, **lists: list[int]) -> Chosen:
    """One simulation of 1,500 packets, 300 of them warm-up, with some of its lists changed in every replicate."""
    found = choose(shown.table, ["strategy=page_pool traffic=everything ring=64"], "runs/x")

    def changed(table: pa.Table) -> pa.Table:
        for name, values in lists.items():
            place = table.column_names.index(f"series_{name}")
            field = table.schema.field(place)
            table = table.set_column(place, field, pa.array([values] * len(table), field.type))
        return table

    return Chosen(changed(found.row), changed(found.point), found.varied, found.place)


def line(chosen: Chosen, name: str) -> str:
    (found,) = [each for each in lines(chosen) if each.strip().startswith(name)]
    return found


def test_a_line_per_quantity_and_a_character_per_bin(shown: Shown) -> None:
    offered = [37] * BINS
    made = chosen_of(shown, offered_packets=offered, dropped_packets=[0] * 20 + [37] * 20)
    found = line(made, "drops")
    assert found.endswith(" " * 20 + "█" * 20)
    assert "100 %" in found
    assert {"ns per packet", "latency", "pages held"} <= {text[2:16].strip() for text in lines(made)}
    assert "a character is a bin of 37.5 packets, warm-up included; the window opens in bin 9 of 40" in "\n".join(
        lines(made)
    )


def test_when_it_settles_is_said_in_packets(shown: Shown) -> None:
    noise = np.random.default_rng(1).integers(0, 3, BINS)
    start = [1000 * 500 + 900_000 * (place < 8) + int(noise[place]) for place in range(BINS)]
    found = line(chosen_of(shown, rx_packets=[1000] * BINS, cpu_ps=start), "ns per packet")
    assert found.split()[4:7] == ["ns", "300", "300"]  # 8 bins of 37.5 packets: of this one, and of both together
    trend = [1000 * 500 + 10_000 * place for place in range(BINS)]
    found = line(chosen_of(shown, rx_packets=[1000] * BINS, cpu_ps=trend), "ns per packet")
    assert found.split()[4:7] == ["ns", "not", "not"]


def test_a_table_without_series_says_nothing_of_it(shown: Shown) -> None:
    found = choose(shown.table, ["strategy=page_pool traffic=everything ring=64"], "runs/x")
    names = [name for name in found.row.column_names if not name.startswith("series_")]
    plain = Chosen(found.row.select(names), found.point.select(names), found.varied, found.place)
    assert over_time.section(plain).blocks == ()
