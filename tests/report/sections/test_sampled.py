# SPDX-License-Identifier: MIT
"""A sample from its sweep file to its report: what is told is right, and what needs a grid is refused."""

from __future__ import annotations

import re

import numpy as np
import pytest
from typer.testing import CliRunner

from sweep import report
from sweep.cli import app
from sweep.errors import RunError, SweepError
from sweep.report.sections import sampled
from sweep.results import dataset
from sweep.results.analysis import analyse

SWEEP = """\
name: sampled
host: xeon-e5-1650v4
nic: 10g
kernel: "6.12"
packets: 300
warmup: 100
axes:
  strategy: [page_allocator, page_pool]
  traffic: [router, host_slow_reader]
  ring: {log: [32, 256]}
  load: {linspace: [5 %, 60 %]}
sample: {sobol: 64}
replicates: 2
baseline: {strategy: page_allocator}
claims:
  - {name: cheap, that: "ns_per_packet[page_pool] < 1 ns"}
seed: 1
"""


def typed(*words: object) -> tuple[int, str]:
    """Exit code and output of a command; what is no SweepError is raised."""
    result = CliRunner().invoke(app, [str(word) for word in words])
    error = result.exception
    if isinstance(error, SweepError):
        return error.exit_code, f"{result.output}{error}"
    if error is not None and not isinstance(error, SystemExit):
        raise error
    return result.exit_code, result.output


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    """A directory with the file and its run."""
    folder = tmp_path_factory.mktemp("sampled")
    (folder / "sampled.yaml").write_text(SWEEP)
    code, output = typed("run", folder / "sampled.yaml", "--executor", "inline", "--out", folder / "run")
    assert code == 0, output
    return folder


@pytest.fixture(scope="module")
def analysis(ran):
    return analyse(dataset.read(report.read(ran / "run")))


def test_every_point_is_a_cell_with_all_strategies(analysis):
    data = analysis.data
    assert data.index.shape == (2, 64, 1, 2, 2)
    assert (data.index >= 0).sum() == 256
    assert len(data.sample.axes) == 3
    row = data.table.slice(int(data.index[0, :, 0].max()), 1).to_pylist()[0]
    words = {data.words(mix, point, 0) for mix in range(2) for point in range(64) if data.index[mix, point].max() >= 0}
    assert f"ring {row['ring']}, load {row['load']:g}" in words
    assert len(words) == 64


def test_differences_over_the_points_are_those_of_the_table(ran, analysis):
    """The geometric mean over points and replicates, and the range over points, computed from the rows alone."""
    rows = report.read(ran / "run").to_pylist()
    cost = {(r["strategy"], r["traffic"], r["ring"], r["load"], r["replicate"]): r["ns_per_packet"] for r in rows}
    logs: dict[tuple, list[float]] = {}
    for (strategy, *where, replicate), ns in cost.items():
        if strategy == "page_pool" and where[0] == "router":
            logs.setdefault(tuple(where), []).append(np.log(ns / cost[("page_allocator", *where, replicate)]))
    by_point = np.array([np.mean(each) for each in logs.values()])
    (row,) = [row for row in sampled.against(analysis).rows if row[0].text == "router" and row[1].text == "page_pool"]
    shown = float(re.match(r"[+-][\d.]+", row[2].text).group())
    assert shown == pytest.approx(100 * np.expm1(by_point.mean()), abs=0.06)
    low, high = (float(number) for number in re.findall(r"[+-][\d.]+", row[3].text))
    assert low == pytest.approx(100 * np.expm1(by_point.min()), abs=0.06)
    assert high == pytest.approx(100 * np.expm1(by_point.max()), abs=0.06)


def test_the_report_has_shares_claims_and_says_what_is_left_out(ran):
    code, output = typed("report", ran / "run", "--full")
    assert code == 0, output
    text = " ".join(output.split())
    assert "2 strategies, 64 points of a sample (Sobol' points) over traffic, ring, load, 2 replicates" in text
    assert "no maps of winners, no curves against ring size, no smallest ring" in text
    assert "ns per packet: share of variance, %, 64 points, 2 replicates" in text
    assert re.search("cheap.{0,40}refuted", text)
    assert re.search(r"Against it: page_pool in \w+ at ring \d+, load 0\.\d+[.;]", text)
    for title in ("Against ring size", "Winners", "Does a larger ring", "ring 0)"):
        assert title not in text
    page = (ran / "run" / "report.html").read_text()
    assert "share of variance" in page
    assert "Every point, and how to get it again" not in page


def test_too_few_points_tell_no_shares(ran, tmp_path):
    out = tmp_path / "few"
    code, output = typed(
        *("run", ran / "sampled.yaml", "--executor", "inline", "--out", out, "--no-report"),
        *("--set", "sample={latin_hypercube: 20}"),
    )
    assert code == 0, output
    code, output = typed("report", out)
    text = " ".join(output.split())
    assert "ns per packet: shares are not told: 20 points with a value of every strategy; 32 are needed." in text
    assert "20 points of a sample (a Latin hypercube) over traffic, ring, load" in text


@pytest.mark.parametrize("options", [("--row", "ring"), ("--filter", "ring > 64"), ("--format", "csv")])
def test_what_needs_a_grid_is_refused_with_the_reason(ran, options):
    code, output = typed("report", ran / "run", *options)
    assert code == 2
    assert "this run is a sample of 64 points, no grid" in output
    assert 'sweep query LOCATION "from points"' in output


def test_size_is_refused_and_plan_says_what_is_sampled(ran):
    code, output = typed("size", ran / "sampled.yaml", "--objective", "drop_ratio < 1 %")
    assert code == 2
    assert "sampled is a sample: its points have no series of rings" in output
    code, output = typed("plan", ran / "sampled.yaml", "--set", "where=load > 30 %", "--out", ran / "run")
    assert code == 0
    assert re.search(r"\d\d sample points of 64 \(sobol\) of traffic, ring, load; all else crossed in full", output)


def test_query_compare_show_watch_status_and_a_second_run_work(ran):
    run = ran / "run"
    code, output = typed("run", ran / "sampled.yaml", "--executor", "inline", "--out", run, "--no-report")
    assert code == 0
    assert "to run 0" in output
    code, output = typed(
        "query", run, "select count(distinct (traffic, ring, load)) as n from points", "--format", "csv"
    )
    assert output.split()[-1] == "64"
    code, output = typed("compare", run, run)
    assert code == 0, output
    code, output = typed("compare", run, "--baseline", "page_allocator", "--strategy", "page_pool")
    assert code in (0, 1, 4), output  # with two replicates most comparisons are open
    assert "Metric by metric" in output
    row = report.read(run).column("id")[5].as_py()
    code, output = typed("show", run, row[:10], "--check")
    assert code == 0, output
    assert "equal, bit for bit" in output
    code, output = typed("watch", run, "--once")
    assert code == 0, output
    decided, undecided = map(int, re.search(r"(\d+) cells? decided · (\d+) undecided · 0 waiting", output).groups())
    assert decided + undecided == 64
    code, output = typed("status", run)
    assert code == 0, output


def test_a_precision_gives_points_of_a_sample_more_replicates(ran, tmp_path):
    out = tmp_path / "precise"
    code, output = typed(
        *("run", ran / "sampled.yaml", "--executor", "inline", "--out", out),
        *("--set", "sample={sobol: 16}", "--set", "precision={ns_per_packet: 0.3 %, most_replicates: 4}"),
    )
    assert code == 0, output
    replicates = np.bincount(report.read(out).column("replicate").to_numpy())
    assert replicates[0] == 32
    assert 0 < replicates[-1] <= 32
    assert len(replicates) == 4


def test_a_damaged_description_of_the_sample_is_told(ran):
    table = report.read(ran / "run")
    for old, new in (
        (b'"method": "sobol"', b'"method": 7'),
        (b'"axes": ["traffic", "ring", "load"]', b'"axes": ["x"]'),
    ):
        assert old in table.schema.metadata[b"sweep"]
        metadata = {b"sweep": table.schema.metadata[b"sweep"].replace(old, new)}
        with pytest.raises(RunError, match="own description is damaged"):
            dataset.read(table.replace_schema_metadata(metadata))


def test_mixes_that_are_crossed_with_the_points_have_shares_of_their_own(ran, tmp_path):
    """Also where a zip gives each mix columns that the other has not."""
    crossed = SWEEP.replace("  traffic: [router, host_slow_reader]\n", "").replace("{sobol: 64}", "{sobol: 32}")
    (tmp_path / "crossed.yaml").write_text(f"{crossed}zip: [{{traffic: [router, host], label: [x, y]}}]\n")
    code, output = typed("run", tmp_path / "crossed.yaml", "--executor", "inline", "--out", tmp_path / "run")
    assert code == 0, output
    text = " ".join(typed("report", tmp_path / "run")[1].split())
    for mix in ("router", "host"):
        assert f"ns per packet, {mix}: share of variance, %, 32 points, 2 replicates" in text
