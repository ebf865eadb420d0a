# SPDX-License-Identifier: MIT
"""Intervals of a table that counts episodes, held against a second computation, cell by cell.

episodes.parquet is what `sweep run` published of episodes.yaml, with cells of every kind: many episodes, few and hardly
any, with losses and without, and one mix in which nothing is drawn at random.
"""

from __future__ import annotations

import csv
import io
import math
from functools import cache
from itertools import permutations
from pathlib import Path

import numpy as np
import pytest
import second_evidence as second
from pyarrow import parquet
from test_report_sentences import documents

from sweep import evidence, report, stats
from sweep.document.blocks import Document, Table
from sweep.document.statements import Count, MeanOfPoint
from sweep.evidence import Cells
from sweep.report.parts.differences import TOO_LITTLE
from sweep.report.projection.document import ProjectionRequest, project
from sweep.results import dataset
from tests.report.generated_tables import made
from tests.report.second_cells import SLOW, Found
from tests.report.table_in_sql import Facts

RARE = ("drop_ratio", "allocator_calls_per_packet", "pages_taken_per_packet", "reuse_ratio")
STOCKS = ("pages_held_mean_pages", "rx_ring_mean_buffers", "socket_mean_buffers")
QUANTILES = ("latency_p50_ns", "latency_p99_ns", "latency_p99.9_ns")
COSTS = ("ns_per_packet", "stack_ns_per_packet")
COUNTERS = ("drop_socket_buffer_packets", "allocator_calls", "pages_taken")
DELIVERED = ("throughput_pps", "delivered_ratio")
METRICS = (*RARE, *STOCKS, *QUANTILES[:2], *COSTS, *COUNTERS, *DELIVERED)
SURE = 1 - 0.05 / 42  # as where one of many cells refutes


@cache
def source():
    return parquet.read_table(Path(__file__).parent / "episodes.parquet")


@cache
def data() -> dataset.Dataset:
    return dataset.read(source())


@cache
def facts() -> Facts:
    return Facts(source())


def points() -> list[tuple]:
    """Places in the cube, without the column."""
    return [tuple(place) for place in np.argwhere((data().index >= 0).any(axis=(-2, -1)))]


def cell(place: tuple, column: int) -> second.Cell:
    at = data()
    return facts().evidence((at.mixes[place[0]], at.loads[place[1]], at.rings[place[2]], at.columns[column]))


def same(found: stats.Estimate, place: tuple, told: Found) -> None:
    own = [float(getattr(found, name)[place]) for name in ("center", "low", "high")]
    assert own == pytest.approx(list(told[:3]), rel=1e-9, abs=1e-12, nan_ok=True), (place, own, told)
    assert int(found.pairs[place]) == told.pairs


@pytest.mark.parametrize("confidence", [stats.CONFIDENCE, SURE])
@pytest.mark.parametrize("metric", [*METRICS, QUANTILES[2]])
def test_a_mean_has_the_interval_of_the_text(metric, confidence):
    found = evidence.estimate(metric, data().cells, confidence)
    for place in points():
        for column in range(len(data().columns)):
            same(found, (*place, column), second.mean(metric, cell(place, column), confidence))


@pytest.mark.parametrize("metric", METRICS)
def test_one_replicate_has_no_interval(metric):
    alone = data().cells.mapped(lambda values: values[:, :, :, :, :1])
    found = evidence.estimate(metric, alone)
    assert np.isfinite(found.center).any()
    assert np.isnan(found.low).all()
    assert np.isnan(found.high).all()


@pytest.mark.parametrize("confidence", [stats.CONFIDENCE, SURE])
def test_slow_allocations_have_it_too(confidence):
    found = evidence.per_packet("alloc_slow", data().cells, confidence)
    for place in points():
        for column in range(len(data().columns)):
            same(found, (*place, column), second.mean(SLOW, cell(place, column), confidence))


@pytest.mark.parametrize("confidence", [stats.CONFIDENCE, SURE])
@pytest.mark.parametrize("metric", METRICS)
def test_a_paired_difference_has_the_interval_of_the_text(metric, confidence):
    for own, other in permutations(range(len(data().columns)), 2):
        sides = [data().cells.at((*[slice(None)] * 3, column)) for column in (own, other)]
        found = evidence.difference(metric, *sides, confidence)
        ratio = evidence.log_ratio(metric, *sides, confidence)
        for place in points():
            cells = cell(place, own), cell(place, other)
            same(found, place, second.difference(metric, *cells, confidence))
            same(ratio, place, second.ratio(metric, *cells, confidence))


@pytest.mark.parametrize("seed", [0, 14, 19, 364])
def test_generated_tables_have_these_intervals(seed):
    """Replicates are missing, nothing or everything is lost, queues are unknown, and episodes are few by a little."""
    table, col = made(seed)
    found, told = dataset.read(table), Facts(table, col=col)
    for metric in (name for name in METRICS if found.has(name)):
        means, apart = found.estimate(metric), found.against(metric, slice(0, 1))
        for place in (tuple(place) for place in np.argwhere((found.index >= 0).any(axis=-1))):
            at = (found.mixes[place[0]], found.loads[place[1]], found.rings[place[2]])
            own, base = (told.evidence((*at, found.columns[column])) for column in (place[3], 0))
            same(means, place, second.mean(metric, own))
            same(apart, place, second.difference(metric, own, base))


@pytest.mark.parametrize("metric", METRICS)
def test_a_difference_is_the_same_from_either_side(metric):
    """Of mixes too: of a cell that is exact from one that is not."""
    every = data().cells.at((slice(None), 0, slice(None)))
    for of in (
        [data().cells.at((*[slice(None)] * 3, column)) for column in range(3)],
        [every.at((i,)) for i in range(7)],
    ):
        for one, other in permutations(of, 2):
            there, back = evidence.difference(metric, one, other), evidence.difference(metric, other, one)
            np.testing.assert_allclose(there.low, -back.high, rtol=1e-9, atol=1e-12)
            np.testing.assert_allclose(there.high, -back.low, rtol=1e-9, atol=1e-12)


def test_the_table_has_cells_of_every_kind():
    """Otherwise the tests above would say little."""
    cells = [cell(place, column) for place in points() for column in range(len(data().columns))]
    assert any(each.constant for each in cells)
    drawn = [each for each in cells if not each.constant]
    assert any(each.pieces < 10 for each in drawn)
    assert any(each.episodes < 10 <= each.pieces for each in drawn)
    for many in (False, True):
        seen = [each for each in drawn if each.enough and each.many == many]
        for episodes in ("loss_episodes", "allocation_episodes"):
            assert any(each.total(episodes) == 0 for each in seen)
            assert any(0 < each.total(episodes) < 30 for each in seen)
    assert any(each.total("allocation_episodes") >= 30 for each in drawn if each.many)


@pytest.mark.parametrize("baseline", ["page_allocator", "ring=128", "traffic=metronome"])
def test_a_projection_shows_these_intervals(baseline):
    """Every number of the tidy table, to the last digit: means, p50 and p99, and differences from a baseline."""
    metrics = (*RARE[:2], RARE[3], STOCKS[0], "latency_p50_ns", "latency_p99_ns", "p99.9", COSTS[0])
    request = ProjectionRequest(rows=("ring",), columns=("strategy",), metrics=metrics, baseline=baseline)
    rows = list(csv.DictReader(io.StringIO(report.render(source(), "csv", request))))
    assert len(rows) == len(metrics) * facts().count("points")
    for row in rows:
        point = (row["traffic"], 0.3, int(row["ring"]), row["strategy"])
        compared = {
            "page_allocator": (*point[:3], "page_allocator"),
            "ring=128": (*point[:2], 128, point[3]),
            "traffic=metronome": ("metronome", *point[1:]),
        }[baseline]
        own, base = facts().evidence(point), facts().evidence(compared)
        shown(row, ("mean", "low", "high"), second.mean(row["metric"], own))
        if row["difference_unit"] == "ratio - 1":
            found = second.relative(row["metric"], own, base)
            found = Found(*map(math.expm1, found[:3]), found.pairs)
        else:
            found = second.difference(row["metric"], own, base)
        if point != compared:
            shown(row, ("difference", "difference_low", "difference_high"), found)


def shown(row: dict[str, str], names: tuple[str, ...], found: Found) -> None:
    for name, value in zip(names, found[:3], strict=True):
        if math.isfinite(value):
            assert float(row[name]) == pytest.approx(value, rel=1e-9, abs=1e-12), (name, row)
        else:
            assert row[name] == "", (name, row)


@pytest.mark.parametrize("metric", ["drop_ratio", "latency_p99_ns", "reuse_ratio"])
def test_the_mean_of_differences_is_known_no_better_than_they_are(metric):
    """Below the rows: the ends of the intervals above, averaged."""
    request = ProjectionRequest(rows=("ring",), columns=("strategy",), metrics=(metric,), baseline="page_allocator")
    for grid in project(source(), request).grids:
        (_, mix), *_ = grid.where
        for column, (name,) in enumerate(grid.columns):
            if name == "page_allocator":
                continue
            points = [[(mix, 0.3, int(ring), each) for each in (name, "page_allocator")] for (ring,) in grid.rows]
            compare = second.relative if grid.measure.relative else second.difference
            told = [compare(metric, *map(facts().evidence, pair)) for pair in points]
            shown_below = grid.row_mean_against[column]
            for end in ("center", "low", "high"):
                mean = float(np.mean([getattr(each, end) for each in told]))
                assert float(getattr(shown_below, end)) == pytest.approx(mean, rel=1e-9, abs=1e-12, nan_ok=True)


def levels(document: Document):
    for block in (block for section in document.sections for block in section.blocks if isinstance(block, Table)):
        for each in (each for row in block.rows for each in row):
            yield from ((each, claim) for claim in each.claims if isinstance(claim, MeanOfPoint))


def test_too_little_seen_is_said_where_it_is_and_nowhere_else():
    said = set()
    for document in documents(source()):
        for shown_cell, claim in levels(document):
            (point,) = facts().samples(claim.metric, claim.where)
            found = second.mean(claim.metric, facts().evidence(point))
            assert (TOO_LITTLE in shown_cell.notes) == math.isnan(found.low), (shown_cell, found)
            said.add(TOO_LITTLE in shown_cell.notes)
            if shown_cell.detail.startswith("± "):
                text = shown_cell.detail.removeprefix("± ").replace(",", "")
                rounded = found.half * claim.center.scale
                assert float(text.lstrip("<")) == pytest.approx(rounded, rel=0.06, abs=0.0501), (text, found)
    assert said == {False, True}


def test_points_that_have_seen_too_little_are_counted():
    every = [cell(place, column) for place in points() for column in range(len(data().columns))]
    little = sum(not each.enough and not each.constant for each in every)
    (told,) = {
        claim
        for document in documents(source())
        for section in document.sections
        for block in section.blocks
        for text in [getattr(block, "text", "")]
        if "too few independent episodes were seen" in text
        for claim in text.claims
        if isinstance(claim, Count) and claim.of != "points"
    }
    assert told.number == little > 0


def test_a_quantile_of_what_is_not_drawn_at_random_is_exact():
    """An overload of equal packets is one busy period without end: few pieces, and nothing that varies."""
    counts = np.zeros((1, 3, 256))
    counts[..., 100], counts[..., 103] = 970, 31
    columns = {"episodes": 1_000.0, "busy_peak_packets": 1_001.0, "offered_packets": 1_001.0}
    same = Cells(
        lambda name: np.full((1, 3), columns[name]), columns.__contains__, np.zeros((1, 3), bool), lambda name: counts
    )
    for found in (
        evidence.estimate("latency_p99_ns", same),
        evidence.log_ratio("latency_p99_ns", same, same),
        evidence.difference("latency_p99_ns", same, same),
    ):
        assert found.exact.all()
    drawn = Cells(same.read, same.has, np.ones((1, 3), bool), same.buckets)
    assert not evidence.estimate("latency_p99_ns", drawn).known.any()
