# SPDX-License-Identifier: MIT
"""What the page carries and what it keeps first: digits as in the tables, the verdict however many tables there are."""

from __future__ import annotations

import re

import numpy as np
import pytest

from sweep import format, report
from sweep.report import brief
from sweep.report.page import html, points
from sweep.results import dataset
from sweep.results.analysis import analyse
from tests.report.synthetic_sweep import Effects, table

SMALL = {"rings": (64, 256), "loads": (0.3,), "replicates": 3}


def test_digits_are_those_of_the_tables() -> None:
    generator = np.random.default_rng(3)
    whole = generator.integers(1000, 16_000, 4000).astype(float)  # pages, for one: tables show all their digits
    parts = np.concatenate([generator.lognormal(0, 4, 4000).clip(1e-6, 999), whole])
    for bits, off in ((points.MEAN_BITS, 0.005), (points.PART_BITS, 0.02)):
        kept = points.rounded(parts, bits).astype(float)
        other = sum(format.significant(a) != format.significant(b) for a, b in zip(parts, kept, strict=True))
        assert other <= len(parts) * off  # those that lie at the edge between two digits


def test_packets_per_second_have_no_digits_that_nobody_carries() -> None:
    data = analyse(dataset.read(table(**SMALL)))
    estimate = points._estimate(data, "throughput_mpps")
    assert estimate is not None
    assert 0 < float(np.nanmax(estimate.center)) < 1000


def test_the_verdict_and_the_maps_stay_where_room_is_short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(html, "TABLES_BYTES", 2_500)
    text = report.render(table(mixes=("router", "host"), **SMALL), "html", location="runs/x")
    assert "tables and pictures are left out" in text
    answers = re.findall(r'<details class="answer".*?</details>', text, re.S)
    assert len(answers) == 2
    assert all(answer.count("<table") == 2 for answer in answers)  # the answer and its map
    assert "left out" not in "".join(answers)


def test_what_a_reader_must_know_stands_by_the_verdict() -> None:
    effects = Effects(overrides={"valid": lambda row: row["replicate"] > 0})
    text = report.render(table(effects=effects, **{**SMALL, "replicates": 4}), "html")
    before_views = text.partition('<details class="view"')[0]
    assert re.search(r"To mind</h2>\s*<p>\d+ simulations of \d+ broke a law: not used\.", before_views)


def test_where_none_wins_nothing_looks_like_a_winner_and_numbers_have_an_owner() -> None:
    winner = {64: "page_pool", 256: "page_frag", 1024: "refcount_recycle"}
    ns = lambda row: 500.0 if row["strategy"] == winner[row["ring"]] else 600.0  # noqa: E731
    source = table(mixes=("host",), rings=tuple(winner), loads=(0.3,), replicates=3, effects=Effects(ns=ns))
    found = brief.verdict_table(analyse(dataset.read(source)))
    (row,) = found.rows
    assert (row[1].text, row[1].tone) == ("no single winner", "tie")
    assert re.fullmatch(r"its numbers here are those of \w+", row[1].notes[0])


def test_one_of_an_axis_is_not_many() -> None:
    document = brief.document(table(mixes=("host",), rings=(64,), loads=(0.3,), replicates=2))
    assert "ring 64, load 0.3, 2 replicates" in document.subtitle
