# SPDX-License-Identifier: MIT
"""`sweep report --row ... --col ...`: complete outputs in golden/projection/, one per hard case, and every bad input.

A change on purpose: `SWEEP_GOLDEN=write pytest tests/report/projection/test_projection.py`, then read the difference.
"""

from __future__ import annotations

import csv
import io
import os
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from sweep import report, stats
from sweep.report.projection.document import ProjectionRequest
from tests.report.synthetic_sweep import Effects, table

GOLDEN = Path(__file__).parent / "golden"
COSTS = {"page_allocator": 600.0, "refcount_recycle": 600.0, "page_frag": 540.0, "page_pool": 480.0}
SMALL = {"mixes": ("host",), "loads": (0.3,), "rings": (256, 1024), "replicates": 3}
NOISY = Effects(ns=lambda row: COSTS[row["strategy"]], noise=0.02, own_noise=0.004)
LOSSY = Effects(
    ns=lambda row: COSTS[row["strategy"]],
    drop_ratio=lambda row: {"page_pool": 0.03, "page_frag": 0.0102}.get(row["strategy"], 0.01),
)


def without(source: pa.Table, absent) -> pa.Table:
    rows = source.select(["strategy", "ring", "load", "replicate", "traffic"]).to_pylist()
    return source.filter(pa.array([not absent(row) for row in rows]))


def holes(row: dict) -> bool:
    """No baseline at the small ring, no pool at the large one, one replicate of page_frag lost."""
    return (
        (row["strategy"] == "page_allocator" and row["ring"] == 256)
        or (row["strategy"] == "page_pool" and row["ring"] == 1024)
        or (row["strategy"] == "page_frag" and row["replicate"] == 1)
    )


def invalid(row: dict) -> bool:
    return row["strategy"] == "page_pool" and row["replicate"] == 2


BROKEN = Effects(
    ns=lambda row: COSTS[row["strategy"]],
    overrides={
        "valid": lambda row: not invalid(row),
        "violation": lambda row: "pages: 1 lost" if invalid(row) else None,
    },
)
SHORT = Effects(
    ns=lambda row: COSTS[row["strategy"]],
    overrides={"warmup": lambda row: 2000, "pages_held_end": lambda row: row["pages_held_start"] * 2},
)
AGAINST = ProjectionRequest(baseline="page_allocator")
WIDE = {**SMALL, "mixes": ("router", "host_slow_reader"), "loads": (0.1, 0.3), "variants": True}

CASES = {  # name -> table, request, options of `render`
    "means": (lambda: table(effects=NOISY, **SMALL), ProjectionRequest(metrics=("ns_per_packet", "drop", "p99")), {}),
    "one_replicate": (lambda: table(effects=NOISY, **{**SMALL, "replicates": 1}), AGAINST, {}),
    "exact": (
        lambda: table(effects=Effects(ns=NOISY.ns, noise=0.0, own_noise=0.0), **SMALL),
        ProjectionRequest(baseline="page_frag"),
        {},
    ),
    "zeros": (
        lambda: table(effects=Effects(overrides={"allocator_calls_per_packet": lambda row: 0.0}), **SMALL),
        ProjectionRequest(metrics=("allocator_calls_per_packet", "drop_ratio"), baseline="page_pool"),
        {},
    ),
    "missing_cells": (lambda: without(table(effects=NOISY, **SMALL), holes), AGAINST, {}),
    "drops": (
        lambda: table(effects=LOSSY, **SMALL),
        ProjectionRequest(metrics=("ns_per_packet", "drop_ratio"), baseline="page_allocator"),
        {},
    ),
    "invalid_rows": (lambda: table(effects=BROKEN, **SMALL), AGAINST, {}),
    "too_short": (lambda: table(effects=SHORT, **SMALL), ProjectionRequest(metrics=("p99.9", "ns_per_packet")), {}),
    "baseline_in_rows": (
        lambda: table(effects=NOISY, **{**SMALL, "loads": (0.1, 0.3)}),
        ProjectionRequest(rows=("strategy",), columns=("load",), tables=("ring",), baseline="page_pool"),
        {},
    ),
    "another_parameter": (
        lambda: table(effects=NOISY, **{**SMALL, "loads": (0.1, 0.3)}),
        ProjectionRequest(rows=("load",), columns=("ring",), baseline="load=0.1", filter="strategy == page_pool"),
        {},
    ),
    "averaged": (
        lambda: without(
            table(effects=NOISY, **{**WIDE, "rings": (256,)}),
            lambda row: row["strategy"] == "page_frag" and row["load"] == 0.3,
        ),
        ProjectionRequest(
            rows=("traffic",), tables=(), metrics=("drop_ratio", "throughput"), baseline="page_allocator"
        ),
        {},
    ),
    "variants_by_pool_size": (
        lambda: table(effects=NOISY, **{**SMALL, "variants": True}),
        ProjectionRequest(rows=("strategy.pool_size",), columns=("strategy",), baseline="page_allocator"),
        {},
    ),
    "mail": (
        lambda: table(effects=NOISY, **WIDE),
        ProjectionRequest(baseline="page_pool/pool=2x"),
        {"width": 72, "mail": True},
    ),
    "mail_markdown": (
        lambda: table(effects=NOISY, **WIDE),
        ProjectionRequest(baseline="page_pool/pool=2x", filter="traffic != router"),
        {"kind": "md", "width": 72, "mail": True},
    ),
    "markdown": (lambda: table(effects=LOSSY, **SMALL), AGAINST, {"kind": "md"}),
    "tidy": (
        lambda: without(table(effects=NOISY, **{**SMALL, "variants": True}), holes),
        ProjectionRequest(metrics=("ns_per_packet", "drop_ratio"), baseline="page_allocator"),
        {"kind": "csv"},
    ),
}


def made(name: str) -> str:
    source, request, options = CASES[name]
    return report.render(source(), **{"kind": "txt", "request": request, "location": "runs/synthetic", **options})


@pytest.mark.parametrize("name", CASES)
def test_golden(name):
    got = made(name)
    path = GOLDEN / name
    if os.environ.get("SWEEP_GOLDEN") == "write":
        path.write_text(got, encoding="utf-8")
    assert got == path.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if case[2].get("kind", "txt") == "txt"])
@pytest.mark.parametrize("width", [60, 72, 100])
def test_no_line_is_wider_than_asked(name, width):
    source, request, _ = CASES[name]
    text = report.render(source(), "txt", request, width=width, location="runs/" + "long_" * 20)
    assert max(map(len, text.splitlines())) <= width


def test_a_mail_keeps_every_cell_and_no_line_is_too_wide():
    asked = ProjectionRequest(baseline="page_pool/pool=2x")
    wide = report.render(table(effects=NOISY, **WIDE), "txt", asked, width=400)
    for kind in ("txt", "md"):
        text = report.render(
            table(effects=NOISY, **WIDE), kind, ProjectionRequest(baseline="page_pool/pool=2x"), width=72, mail=True
        )
        assert max(map(len, text.splitlines())) <= 72
        words = {word for line in wide.splitlines() if line.startswith("  ") for word in line.split()}
        assert all(word in text for word in words if set(word) != {"-"})


def test_markdown_for_a_mail_is_markdown_and_text():
    """Parsed, its tables are blocks of code, its headings headings, and prose has no list in it by accident."""
    from markdown_it import MarkdownIt

    text = report.render(table(effects=NOISY, **WIDE), "md", AGAINST, width=72, mail=True, location="runs/x")
    tokens = MarkdownIt().parse(text)
    kinds = [token.type for token in tokens]
    assert kinds.count("heading_open") == 3
    assert kinds.count("code_block") == 1 + 2  # the tables, one below the other, and two commands
    assert not {"bullet_list_open", "ordered_list_open", "blockquote_open", "html_block"} & set(kinds)
    whole = report.render(table(effects=NOISY, **WIDE), "md", width=72, mail=True)
    assert max(map(len, whole.splitlines())) <= 72
    assert "table_open" not in [token.type for token in MarkdownIt().enable("table").parse(whole)]


class TestNumbers:
    """The projection shows what the statistics say, worked out here another way."""

    def values(self, source, **where) -> np.ndarray:
        rows = [row for row in source.to_pylist() if all(row[name] == value for name, value in where.items())]
        return np.array([row["ns_per_packet"] for row in sorted(rows, key=lambda row: row["replicate"])])

    def tidy(self, source, request) -> list[dict]:
        return list(csv.DictReader(io.StringIO(report.render(source, "csv", request))))

    def test_a_paired_difference(self):
        source = table(effects=NOISY, **SMALL)
        (row,) = [row for row in self.tidy(source, AGAINST) if row["strategy"] == "page_pool" and row["ring"] == "1024"]
        own, base = (self.values(source, strategy=name, ring=1024) for name in ("page_pool", "page_allocator"))
        expected = stats.ratio(own, base).ratios()
        for name, value in (("difference", expected.center), ("difference_low", expected.low)):
            assert float(row[name]) == pytest.approx(float(value), rel=1e-12)
        assert float(row["mean"]) == pytest.approx(own.mean())
        assert (row["n"], row["pairs"], row["verdict"], row["difference_unit"]) == ("3", "3", "lower", "ratio - 1")
        assert len(row["ids"].split()) == 3

    def test_averaging_is_inside_a_replicate(self):
        source = table(effects=NOISY, **{**SMALL, "loads": (0.1, 0.3)})
        (row,) = [
            row
            for row in self.tidy(source, ProjectionRequest(rows=("ring",), tables=(), baseline="page_allocator"))
            if row["strategy"] == "page_pool" and row["ring"] == "256"
        ]
        logs = [
            np.log(self.values(source, strategy="page_pool", ring=256, load=load))
            - np.log(self.values(source, strategy="page_allocator", ring=256, load=load))
            for load in (0.1, 0.3)
        ]
        expected = stats.mean(np.mean(logs, axis=0)).ratios()
        assert float(row["difference"]) == pytest.approx(float(expected.center), rel=1e-12)
        assert float(row["difference_high"]) == pytest.approx(float(expected.high), rel=1e-12)
        assert row["pairs"] == "3"

    def test_a_ring_as_baseline_is_paired_too(self):
        source = table(effects=NOISY, **SMALL)
        rows = self.tidy(source, ProjectionRequest(baseline="ring=256"))
        (row,) = [row for row in rows if row["strategy"] == "page_frag" and row["ring"] == "1024"]
        own, base = (self.values(source, strategy="page_frag", ring=ring) for ring in (1024, 256))
        assert float(row["difference"]) == pytest.approx(float(stats.ratio(own, base).ratios().center), rel=1e-12)

    def test_without_a_request_the_table_has_all_cells_against_the_baseline_of_the_sweep(self):
        source = table(effects=NOISY, **WIDE)
        rows = list(csv.DictReader(io.StringIO(report.render(source, "csv"))))
        cells = 2 * 2 * 2 * 5
        assert len(rows) == cells * len({row["metric"] for row in rows})
        assert {row["baseline"] for row in rows} == {"page_allocator"}
        assert sum(len(row["ids"].split()) for row in rows if row["metric"] == "ns_per_packet") == len(source)


@pytest.mark.parametrize("kind", ["html", "md", "txt"])
def test_names_from_the_sweep_are_only_text(kind):
    source = table(effects=NOISY, **{**SMALL, "mixes": ("<b>x|y", "router")})
    text = report.render(source, kind, ProjectionRequest(tables=("traffic",)))
    assert "<b>x|y" not in text if kind == "html" else "x" in text
