# SPDX-License-Identifier: MIT
"""The section `precision:`: what it may say, how often it looks, which points it compares."""

from __future__ import annotations

import pytest
from jsonschema import Draft202012Validator

from sweep.config import Precision, Target, baseline_points, compared, from_document, json_schema
from sweep.errors import ConfigError
from tests.config.sweep_files import GRID, MINIMAL

SECTION = """\
replicates: 4
precision:
  drop_ratio: 0.1 pp
  ns_per_packet: 0.5 %
baseline: {strategy: page_allocator}
"""
PAIRED = f"""\
name: paired
host: xeon-e5-1650v4
nic: 10g
load: 0.3
axes:
  strategy: [page_allocator, page_frag, page_pool]
  traffic: [router, host]
  ring: [256, 1024]
zip:
  - {{strategy.pool_size: [ring, 2*ring], label: [one, two]}}
{SECTION}"""


def line(text: str) -> int:
    """Of the first line that starts so, from 1."""
    return next(n for n, each in enumerate(PAIRED.splitlines(), 1) if each.strip().startswith(text))


def test_what_it_says(sweep_of) -> None:
    sweep = sweep_of(PAIRED)
    assert sweep.precision == Precision(
        (Target("ns_per_packet", 0.005, True), Target("drop_ratio", 0.001, False)), 4, 32, True
    )
    assert sweep.precision.looks == (4, 8, 16, 32)
    assert sweep.replicates == 32
    assert sweep.simulations == 32 * sweep.points
    again = from_document(sweep.document)
    assert again.precision == sweep.precision
    assert again.replicates == 32


def test_without_it_nothing_is_said(sweep_of) -> None:
    sweep = sweep_of(PAIRED, "precision=null")
    assert sweep.precision is None
    assert sweep.replicates == 4
    assert "precision" not in sweep.document


@pytest.mark.parametrize(
    ("sets", "looks"),
    [
        (["precision.most_replicates=4"], (4,)),
        (["precision.most_replicates=9"], (4, 8, 9)),
        (["replicates=3"], (3, 6, 12, 24)),
        (["replicates=2", "precision.most_replicates=64"], (2, 4, 8, 16, 32, 64)),
        (["replicates=1_000_000"], (1_000_000,)),
    ],
)
def test_looks_are_doublings_up_to_the_cap(sweep_of, sets: list[str], looks: tuple[int, ...]) -> None:
    assert sweep_of(PAIRED, *sets).precision.looks == looks


def test_an_override_changes_one_of_them(sweep_of) -> None:
    found = sweep_of(PAIRED, "precision.drop_ratio=2 %", "precision.latency_p99_ns=5 %").precision
    assert {target.text for target in found.targets} == {"ns_per_packet 0.5 %", "drop_ratio 2 %", "latency_p99_ns 5 %"}
    alone = sweep_of(f"{MINIMAL}replicates: 2\n", "precision.drop_ratio=0.1 pp").precision
    assert alone.targets == (Target("drop_ratio", 0.001, False),)
    assert not alone.paired


def test_a_metric_by_a_part_of_its_name(sweep_of) -> None:
    short = PAIRED.replace("drop_ratio: 0.1 pp", "drops: 0.1 pp\n  p99: 5 %")
    named, in_full = sweep_of(short), sweep_of(PAIRED, "precision.latency_p99_ns=5 %")
    assert named.precision == in_full.precision
    assert named.document == in_full.document
    assert sweep_of(short, "precision.drop_ratio=1 pp").precision.targets[1] == Target("drop_ratio", 0.01, False)
    with pytest.raises(ConfigError, match='latency_p99_ns "4 %" is the half width of the metric that "p99" is already'):
        sweep_of(short.replace("p99: 5 %", "p99: 5 %\n  latency_p99_ns: 4 %"))


def test_the_baseline_s_point_of_each_cell(sweep_of) -> None:
    sweep = sweep_of(PAIRED)
    scenarios, found = [sweep.scenario(point, 0) for point in range(sweep.points)], baseline_points(sweep)
    for own, other in zip(scenarios, (scenarios[each] for each in found), strict=True):
        assert other.strategy == "page_allocator"
        assert (own.traffic, own.ring) == (other.traffic, other.ring)
    strategies = [scenarios[point].strategy for point in compared(sweep)]
    assert sorted(set(strategies)) == ["page_frag", "page_pool"]
    assert len(strategies) == 4 * (1 + 2)  # cells, and there page_frag and both pools


def test_the_first_variant_of_the_baseline_counts_and_the_others_are_compared(sweep_of) -> None:
    sweep = sweep_of(PAIRED, "baseline={strategy: page_pool}")
    labels = {sweep.labels(point)["label"] for point in baseline_points(sweep)}
    assert labels == {"one"}
    assert {sweep.labels(point).get("label") for point in compared(sweep)} == {None, "two"}
    named = sweep_of(PAIRED, "baseline={strategy: page_pool, label: two}")
    assert {named.labels(point)["label"] for point in baseline_points(named)} == {"two"}


def test_cells_are_told_apart_by_values_not_by_where_they_are_written(sweep_of) -> None:
    explicit = """\
points:
  - {strategy: page_allocator, traffic: router, ring: 64}
  - {strategy: page_pool, traffic: router, ring: 64}
  - {strategy: page_pool, traffic: router, ring: 128}
"""
    sweep = sweep_of(PAIRED + explicit)
    found = baseline_points(sweep)
    first = sweep.points - 3
    assert found[first:].tolist() == [first, first, -1]
    assert set(compared(sweep).tolist()) >= {first + 1, first + 2}


def test_means_where_no_baseline_is_named(sweep_of) -> None:
    sweep = sweep_of(PAIRED.replace("baseline: {strategy: page_allocator}\n", ""))
    assert not sweep.precision.paired
    assert compared(sweep).tolist() == list(range(sweep.points))


MISTAKES = [
    ("drop_ratio: 0.1 pp", "drop_rato: 0.1 pp", "3", 'the metric "drop_rato" is not known. Did you mean "drop_ratio"?'),
    ("drop_ratio: 0.1 pp", "p95: 5 %", "3", 'not known. Did you mean "latency_p50_ns" or "latency_p99_ns"?'),
    ("drop_ratio: 0.1 pp", "latency: 5 %", "3", 'the metric "latency" is a part of several names. Did you mean'),
    ("drop_ratio: 0.1 pp", "p99: 0.1", "8", 'precision: p99 "0.1" needs a unit: write "0.5 %".'),
    ("drop_ratio: 0.1 pp", "p99: 1 pp", "8", 'p99 "1 pp" is in percentage points, and only a ratio has these'),
    ("drop_ratio: 0.1 pp", "drops: 0 pp", "10", 'drops "0 pp" is not above zero: write "0.1 pp".'),
    ("drop_ratio: 0.1 pp", "drop_ratio: 0.1", "15", '"0.1" needs a unit: write "0.1 pp" or "0.5 %".'),
    ("drop_ratio: 0.1 pp", "drop_ratio: 0 pp", "15", '"0 pp" is not above zero: write "0.1 pp".'),
    ("drop_ratio: 0.1 pp", "drop_ratio: -1 %", "15", '"-1 %" is not above zero: write "0.1 pp".'),
    ("drop_ratio: 0.1 pp", "drop_ratio: 100 pp", "15", '"100 pp" is too large: write "0.1 pp".'),
    ("drop_ratio: 0.1 pp", "drop_ratio: much", "15", '"much" is not a number.'),
    ("drop_ratio: 0.1 pp", "drop_ratio: [1 pp]", "15", "takes one value, not a list."),
    (
        "ns_per_packet: 0.5 %",
        "ns_per_packet: 1 pp",
        "18",
        'in percentage points, and only a ratio has these: write "0.5 %"',
    ),
    ("ns_per_packet: 0.5 %", "ns_per_packet: 5 ns", "18", '"5 ns" has the unit "ns": write "0.5 %".'),
    ("ns_per_packet: 0.5 %", "most_replicates: 3", "20", 'most_replicates "3" is below replicates "4".'),
    ("ns_per_packet: 0.5 %", "most_replicates: 1", "20", '"1" is too small: 2 to 1,000,000 are allowed.'),
]


@pytest.mark.parametrize(("old", "new", "column", "message"), MISTAKES, ids=[each[1] for each in MISTAKES])
def test_mistakes_have_a_place(sweep_of, old: str, new: str, column: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        sweep_of(PAIRED.replace(old, new))
    text = str(caught.value)
    assert f"my.yaml:{line(old.partition(':')[0])}:{column}: precision: " in text, text
    assert message in text


def test_an_override_above_the_cap_of_the_file_raises_it(sweep_of) -> None:
    """As commands that are printed have it: ... --set replicates=40."""
    capped = PAIRED.replace("  drop_ratio: 0.1 pp", "  drop_ratio: 0.1 pp\n  most_replicates: 16")
    assert sweep_of(capped, "replicates=40").precision.looks == (40,)
    assert sweep_of(capped, "replicates=8").precision.looks == (8, 16)
    with pytest.raises(ConfigError, match='most_replicates "16" is below replicates "40"'):
        sweep_of(PAIRED, "precision.most_replicates=16", "replicates=40")
    with pytest.raises(ConfigError, match='most_replicates "16" is below replicates "17"'):
        sweep_of(capped.replace("replicates: 4", "replicates: 17"))


def test_one_replicate_is_told_where_it_is_written(sweep_of) -> None:
    with pytest.raises(ConfigError) as caught:
        sweep_of(PAIRED.replace("replicates: 4", "replicates: 1"))
    assert f'my.yaml:{line("replicates")}:13: precision: replicates is "1"' in str(caught.value)


def test_a_precision_of_nothing(sweep_of) -> None:
    with pytest.raises(ConfigError, match="names no metric"):
        sweep_of(PAIRED, "precision={}")
    with pytest.raises(ConfigError, match="takes a mapping, not"):
        sweep_of(PAIRED, "precision=high")
    with pytest.raises(ConfigError) as caught:
        sweep_of(PAIRED, "axes.strategy=[page_allocator]", "zip=[]")
    assert 'nothing is compared, for every point is the baseline "page_allocator"' in str(caught.value)


def test_the_schema_knows_it() -> None:
    validator = Draft202012Validator(json_schema()["$defs"]["precision"])
    shorts = ({"p99": "5 %"}, {"drops": "0.1 pp"}, {"latency_p50": "1 %", "throughput": "1 %"})
    for good in ({"drop_ratio": "0.1 pp", "most_replicates": 9}, {"latency_p99_ns": "5 %"}, *shorts):
        assert validator.is_valid(good)
    for bad in (
        {"drop_rato": "0.1 pp"},
        {"latency": "5 %"},
        {"p99": "1 pp"},
        {"drops": 0.1},
        {"ns_per_packet": "1 pp"},
        {"drop_ratio": 0.1},
        {"most_replicates": 1},
    ):
        assert not validator.is_valid(bad)


def test_a_grid_without_variants(sweep_of) -> None:
    sweep = sweep_of(
        f"{GRID}{SECTION}" if "baseline" not in GRID else GRID, "precision.ns_per_packet=1 %", "replicates=2"
    )
    assert len(baseline_points(sweep)) == sweep.points
