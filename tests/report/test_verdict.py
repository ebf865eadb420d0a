# SPDX-License-Identifier: MIT
"""The verdict at the end of a run: ten lines at most, of any table, at any width, and what the report says."""

from __future__ import annotations

import pytest
from generated_tables import made
from synthetic_sweep import Effects, table

from sweep.report import brief, contents, verdict
from sweep.results.analysis import Analysis

COSTS = {"page_allocator": 600.0, "refcount_recycle": 590.0, "page_frag": 540.0, "page_pool": 480.0}
CHEAP = Effects(ns=lambda row: COSTS[row["strategy"]], noise=0.02, own_noise=0.004)


def analysed(source) -> Analysis | None:
    return contents.compared(source)[1]


@pytest.mark.parametrize("seed", range(24))
def test_ten_lines_at_any_width(seed: int) -> None:
    analysis = analysed(made(seed).table)
    for width in (60, 80, 200):
        found = verdict.of(analysis, width)
        lines = found.text.splitlines()
        assert 0 < len(lines) <= verdict.LINES
        assert max(map(len, lines)) <= width
        assert analysis is None or analysis.data.mixes[0] in found.text


def test_it_says_what_the_report_says() -> None:
    analysis = analysed(table(effects=CHEAP, mixes=("host", "router"), loads=(0.3,), rings=(256, 1024), replicates=3))
    assert analysis
    found = verdict.of(analysis, 100)
    header, *rows = found.text.splitlines()[1:]
    assert header.split() == ["traffic", "mix", "winner", "cells", "won", "difference", "smallest", "ring"]
    whole = brief.verdict_table(analysis)
    for row, line in zip(whole.rows, rows, strict=True):
        assert line.startswith(f"  {row[0].text}")
        assert f" {row[1].text} " in line
        assert row[3].text in line
    assert [word for word, tone in found.words if tone == "best"] == ["page_pool", "page_pool"]


def test_more_mixes_than_fit_are_counted() -> None:
    mixes = tuple(f"mix_{number}" for number in range(14))
    analysis = analysed(table(effects=CHEAP, mixes=mixes, loads=(0.3,), rings=(256,), replicates=3))
    lines = verdict.of(analysis, 80).text.splitlines()
    assert len(lines) == verdict.LINES
    shown = len([line for line in lines if line.startswith("  mix_")])
    assert lines[-1] == f"  and {14 - shown} more traffic mixes"


def test_a_table_without_a_valid_row() -> None:
    assert verdict.of(None, 80) == ("No simulation is valid, so there is nothing to report.", ())


def test_claims_are_counted() -> None:
    from sweep.document.blocks import Finding
    from sweep.document.statements import fixed

    analysis = analysed(table(effects=CHEAP, mixes=("host",), loads=(0.3,), rings=(256,), replicates=3))
    finding = Finding("x", fixed("supported"), fixed("y"), ())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(verdict.user, "judge", lambda analysis: [finding] * 3)
        assert verdict.of(analysis, 80).text.splitlines()[-1] == "claims: 3 supported"


def test_a_winner_with_variants_is_called_by_its_variant() -> None:
    for seed in range(60):
        analysis = analysed(made(seed).table)
        if analysis is None or len(analysis.data.columns) == len(set(analysis.data.strategies)):
            continue
        words = [word for word, tone in verdict.of(analysis, 200).words if tone == "best"]
        won = [word for word in words if any(word.startswith(column) for column in analysis.data.columns)]
        if words:
            assert won
            return
    pytest.fail("no generated table has a winner with variants")


def test_cells_are_without_footnotes() -> None:
    analysis = analysed(made(3).table)
    assert analysis
    row = brief.named_rows(analysis, brief.verdict_table(analysis))[0]
    assert not any(cell.notes for cell in row)
