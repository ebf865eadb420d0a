# SPDX-License-Identifier: MIT
"""Gate files: what they may say, and every mistake with its place; and the proof that a gate can fail."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from made_tables import table, unchanged, worse

from sweep import compare, config
from sweep.compare.gate import DEFAULT
from sweep.compare.gate_self_test import DeadGateError
from sweep.errors import ConfigError, SweepError
from sweep.fields.metrics import METRICS
from sweep.stats.margins import Verdict


def against(text: str, base=None, new=None):
    """Two tables compared against a gate of this text, in gate.yaml."""
    Path("gate.yaml").write_text(text)
    return compare.runs(base or table(), new or table(version="new"), gate="gate.yaml")


MISTAKES = {
    "metrics: [{metric: ns_per_paket, margin: 1 %}]": (
        'gate.yaml:1:20: metric "ns_per_paket" is not in the tables. Did you mean "ns_per_packet"? '
        "4 cells would not be gated by it.\n  known: ns_per_packet, drop_ratio, "
    ),
    "metrics: [{metric: packet, margin: 1 %}]": (
        'gate.yaml:1:20: metric "packet" is a part of several names. 4 cells would not be gated by it.\n'
        "  choose: ns_per_packet, allocator_calls_per_packet"
    ),
    "metrics: [{metric: ns_per_packet, margn: 1 %}]": (
        'gate.yaml:1:35: the key "margn" is not known. Did you mean "margin"?'
    ),
    "metrics: [{metric: ns_per_packet}]": 'gate.yaml:1:11: an entry of "metrics" needs "margin".',
    "metrics: [{metric: ns_per_packet, margin: 5}]": (
        'gate.yaml:1:43: margin "5" has no unit; "ns_per_packet" has "ps", "ns", "us", "ms", "s", or "%" of BASE: '
        "write 0.5 % or 5 ns."
    ),
    "metrics: [{metric: ns_per_packet, margin: 5 pages}]": 'margin "5 pages" has the unit "pages"; "ns_per_packet" has',
    "metrics: [{metric: ns_per_packet, margin: much}]": 'margin "much" is not an amount: write 0.5 % or 5 ns.',
    "metrics: [{metric: ns_per_packet, margin: -1 %}]": 'margin "-1 %" is below zero.',
    "metrics: [{metric: ns_per_packet, margin: 100 %}]": 'margin "100 %" lets a metric double or vanish',
    "metrics: [{metric: drop_ratio, margin: 1}]": 'margin "1" lets everything through: "drop_ratio" is at most 1.',
    "metrics: [{metric: drop_ratio, margin: 0.1, floor: 1}]": "gate.yaml:1:52: floor goes with a margin in %",
    "metrics: [{metric: drop_ratio, margin: 1 %, floor: 1 %}]": (
        'floor "1 %" is a share; it takes an amount such as 0.001.'
    ),
    "metrics: [{metric: ns_per_packet, margin: 1 %, better: higher}]": (
        'gate.yaml:1:56: better "higher" would let every regression of "ns_per_packet" through: lower is better.'
    ),
    "metrics: [{metric: recycle_ring, margin: 1 %}]": 'metric "recycle_ring" needs "better:", lower or higher',
    "metrics: [{metric: ns_per_packet, margin: 1 %, better: smaller}]": 'better "smaller" is not known.',
    "metrics: [{metric: ns_per_packet, margin: 1 %, where: ring > 4096}]": (
        'gate.yaml:1:55: where "ring > 4096" selects none of 4 cells.'
    ),
    "metrics: [{metric: ns_per_packet, margin: 1 %, where: rng > 64}]": (
        'has "rng" in it, which is not a parameter with a number (character 1). Did you mean "ring"?'
    ),
    "metrics: [{metric: ns_per_packet, margin: 1 %, where: traffic == routr}]": 'Did you mean "router"?',
    "metrics: [{metric: ns_per_packet, margin: 1 %, where: ring = 65}]": 'where "ring = 65" selects none of 4 cells.',
    "metrics: []": "gate.yaml:1:10: metrics is empty, so it would let everything through.",
    "confidence: 95 %": 'gate.yaml:1:1: has no "metrics:", so it would let everything through.',
    "": "a gate file has no value; it takes a mapping.",
    "[1, 2]": "a gate file takes a mapping, not a list.",
    "metrics: [{metric: ns_per_packet, margin: 1 %}]\nconfidence: 120 %": (
        'gate.yaml:2:13: confidence "120 %" is not one'
    ),
    "metrics: [{metric: ns_per_packet, margin: 1 %}]\ncells: al": 'gate.yaml:2:8: cells "al" is not known.',
    "metrics: [{metric: ns_per_packet, margin: 1 %}]\nmetric: x": (
        'the key "metric" is not known. Did you mean "metrics"?'
    ),
    "metrics: [{metric: ns_per_packet, margin: 1 %": "is not valid YAML",
    "metrics: [{metric: ring, margin: 1 %}]": 'metric "ring" is not in the tables',
    "metrics: [{metric: recycle_ring, margin: 0, better: higher, where: strategy == page_allocator}]": (
        'metric "recycle_ring" has no value in any of the 2 gated cells of BASE.'
    ),
}


@pytest.mark.parametrize("text", MISTAKES)
def test_a_mistake_has_its_place_and_the_choices(text, gate):
    with pytest.raises(ConfigError) as error:
        against(text)
    assert MISTAKES[text] in str(error.value)
    assert str(error.value).startswith("gate.yaml")
    assert error.value.exit_code == 2


def test_all_mistakes_of_a_file_are_told_at_once(gate):
    with pytest.raises(ConfigError) as error:
        against("cells: al\nconfidence: 2\nmetrics:\n  - {metric: [a, b], margin: 1 %, wher: x}\n")
    assert [line.split(": ")[0] for line in str(error.value).splitlines() if line.startswith("gate.yaml")] == [
        f"gate.yaml:{place}" for place in ("1:8", "2:13", "4:15", "4:18", "4:35")
    ]


def test_a_gate_that_is_not_there(gate):
    with pytest.raises(ConfigError, match=r"none\.yaml: cannot be read: No such file") as error:
        compare.runs(table(), table(), gate="none.yaml")
    assert "docs/how-to/compare.md" in str(error.value)


def test_a_metric_by_a_part_of_its_name(gate):
    found = against("metrics: [{metric: drops, margin: 0.001}, {metric: ns_per_packet, margin: 1 %}]")
    assert [rule.metric for rule in found.gate.rules] == ["drop_ratio", "ns_per_packet"]


def test_where_and_margins_in_several_rules(gate):
    text = """\
metrics:
  - {metric: ns_per_packet, margin: 5 %}
  - {metric: ns_per_packet, margin: 1 %, where: ring >= 512 and strategy == page_pool}
"""
    assert against(text, new=table(worse(0.03), version="new")).count(Verdict.REGRESSED) == 1
    assert against(text, new=table(worse(0.03, ring=256), version="new")).exit_code == 0
    assert against(text, new=table(worse(0.09, ring=256), version="new")).exit_code == 1


def test_an_absolute_margin_has_the_metric_s_unit(gate):
    for text, code in (("20 ns", 0), ("0.02 us", 0), ("10 ns", 1), ("10_000 ps", 1)):
        text = f"metrics: [{{metric: ns_per_packet, margin: {text}}}]"
        assert against(text, new=table(worse(0.025), version="new")).exit_code == code


def test_higher_is_better(gate):
    def slower(row):
        row["throughput_pps"] *= 0.96

    text = "metrics: [{metric: throughput_pps, margin: %s}]"
    assert against(text % "3 %", new=table(slower, version="new")).exit_code == 1
    assert against(text % "5 %", new=table(slower, version="new")).exit_code == 0
    faster = against(text % "3 %", base=table(slower), new=table(version="new"))
    assert faster.count(Verdict.BETTER) == len(faster)
    assert faster.change(0)[0] == pytest.approx(1 / 0.96 - 1)


def test_a_share_means_the_share_of_base_for_both_directions(gate):
    """3 % less throughput is what a margin of 3 % accepts, not 1 / 1.03, which is 2.91 % less."""
    for factor, code in ((0.9701, 0), (0.9699, 1)):

        def slower(row, factor=factor):
            row["throughput_pps"] = 1_000_000 * factor

        base = table(lambda row: row.update(throughput_pps=1_000_000.0))
        assert against("metrics: [{metric: throughput_pps, margin: 3 %}]", base, table(slower)).exit_code == code


def test_cells_that_new_lacks_are_asked_about_unless_the_gate_says_otherwise(gate):
    text = "cells: %s\nmetrics: [{metric: ns_per_packet, margin: 1 %%}]"
    new = table(rings=(256,), version="new")
    assert against(text % "base", new=new).exit_code == 4
    assert against(text % "common", new=new).exit_code == 0


def test_a_rule_without_a_cell_is_refused_not_passed(gate):
    text = "cells: common\nmetrics: [{metric: ns_per_packet, margin: 1 %, where: ring > 512}]"
    with pytest.raises(SweepError, match=r'gate.yaml:2:20: "ns_per_packet where ring > 512" gates no cell') as error:
        against(text, new=table(rings=(256,), version="new"))
    assert error.value.exit_code == 3


def test_confidence_decides_how_much_is_too_little(gate):
    def nudged(row):
        row["ns_per_packet"] *= 1 + 0.003 * (row["replicate"] % 4)

    text = "confidence: %s\nmetrics: [{metric: ns_per_packet, margin: 1 %%}]"
    assert against(text % "60 %", new=table(nudged, version="new")).exit_code == 0
    assert against(text % "99.9 %", new=table(nudged, version="new")).exit_code == 4


# The self-test.


def test_a_gate_that_works_finds_what_was_injected(gate):
    tested = compare.self_test(compare.runs(table(), table(version="new"), gate=gate))
    assert tested.exit_code == 1
    assert tested.comparison.count(Verdict.REGRESSED) == len(tested.comparison)
    tested.check()


@pytest.mark.parametrize("change", [worse(-0.4), worse(0.4), unchanged])
def test_it_does_not_matter_what_new_is_really_like(change, gate):
    tested = compare.self_test(compare.runs(table(), table(change, version="new"), gate=gate))
    assert tested.exit_code == 1
    ns = tested.comparison.rule == 0
    assert tested.comparison.new[ns] == pytest.approx(1.25 * tested.comparison.base[ns], rel=0.01)


def test_a_run_with_itself_is_not_itself_any_more(gate):
    run = table(replicates=2)
    assert compare.runs(run, run, gate=gate).exit_code == 0
    assert compare.self_test(compare.runs(run, run, gate=gate)).exit_code == 1


def test_too_wide_a_margin_is_a_dead_gate(gate):
    tested = compare.self_test(against("metrics:\n  - {metric: [ns_per_packet, throughput_pps], margin: 30 %}\n"))
    assert tested.exit_code == 2
    with pytest.raises(DeadGateError) as error:
        tested.check()
    assert error.value.exit_code == 2
    assert 'gate.yaml:2:15: "ns_per_packet": its margin, 30 %, lets it through in all of its 4 cells' in str(
        error.value
    )
    assert "self-test: 2 of 2 rules cannot fail: NEW was made 25 % or 2 margins worse than BASE, and not found" in str(
        error.value
    )
    assert str(error.value).endswith("\n  next: a smaller margin")


def test_one_pair_can_find_nothing(gate):
    found = compare.runs(table(replicates=1), table(replicates=1, version="new"), gate=gate)
    tested = compare.self_test(found)
    assert tested.exit_code == 4
    with pytest.raises(DeadGateError, match=r"1 pair at most in 4 cells is too little data to find it") as error:
        tested.check()
    assert "next: more pairs: sweep run made.yaml --out runs/new --set replicates=5, and BASE alike" in str(error.value)


def test_nothing_accepted_of_nothing_is_found_too(gate):
    """Base zero, margin zero: one of whatever it is."""
    text = "metrics: [{metric: drop_ratio, margin: 0}]"
    assert compare.self_test(against(text)).exit_code == 1


# The default gate.


@pytest.fixture(scope="module")
def ran(tmp_path_factory) -> Path:
    """A real run, small and in plain Python where that is asked for."""
    from sweep import run

    here = tmp_path_factory.mktemp("ran")
    sets = ("packets=300", "warmup=100", "axes.traffic=[router]", "axes.strategy=[page_allocator]", "axes.ring=[64]")
    run(DEFAULT.parents[1] / "smoke.yaml", sets=sets, out=here / "run", executor="inline")
    return here / "run"


def test_the_default_gate_takes_a_real_run_and_can_fail(ran):
    found = compare.runs(ran, ran)
    assert found.exit_code == 0
    assert found.count(Verdict.EQUIVALENT) == len(found) == len(found.gate.rules)
    assert compare.self_test(found).exit_code == 1


def test_the_default_gate_gives_a_reason_for_every_margin(ran):
    rules = compare.runs(ran, ran).gate.rules
    assert all(rule.why for rule in rules)
    costs = {metric.name for metric in METRICS if metric.name.endswith("_ns_per_packet")}
    gated = {rule.metric for rule in rules}
    assert costs | {"ns_per_packet", "drop_ratio", "allocator_calls_per_packet", "latency_p99_ns"} <= gated


def test_the_default_gate_is_where_it_is_said_to_be():
    assert DEFAULT == config.library.BUILT_IN / "gates" / "default.yaml"
    assert os.access(DEFAULT, os.R_OK)


def test_an_unknown_format_is_refused(gate):
    found = compare.runs(table(), table(), gate=gate)
    with pytest.raises(SweepError, match=r'format "jsn" is not known. Did you mean "json"\?'):
        compare.write(found, "jsn")
