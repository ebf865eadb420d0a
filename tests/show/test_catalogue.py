# SPDX-License-Identifier: MIT
"""The lists name all there is, and each of them can be asked for."""

from __future__ import annotations

from pathlib import Path

import pytest

from sweep import config, schema
from sweep.config.library import BUILT_IN
from sweep.config.parameters import parameters, settings
from sweep.errors import SweepError
from sweep.fields.host import COST_NAMES
from sweep.fields.kernel import RULES
from sweep.fields.metrics import METRICS
from sweep.model.strategies import NAMES, strategy
from sweep.show import catalogue
from sweep.show.point import text

EXPECTED = {
    "strategies": set(NAMES),
    "mixes": set(config.names("traffic")),
    "hosts": set(config.names("host")),
    "nics": set(config.names("nic")),
    "kernels": {rule.name for rule in RULES},
    "metrics": {metric.name for metric in METRICS},
    "counters": {column.name for column in schema.columns() if column.role == "counter"},
    "parameters": {*parameters(), *settings()}
    | {column.name for column in schema.columns() if column.role == "parameter"},
    "configs": {path.stem for path in BUILT_IN.glob("*.yaml")},
}


@pytest.mark.parametrize("topic", catalogue.TOPICS)
def test_a_list_has_a_line_for_each_with_what_it_is(topic: str) -> None:
    groups = catalogue.TOPICS[topic].groups()
    lines = [line for some in groups.values() for line in some]
    assert {line[0] for line in lines} == EXPECTED[topic]
    assert len(lines) == len(EXPECTED[topic])
    for line in lines:
        assert line[1] or line[-1], line
        assert len(line) == len(catalogue.TOPICS[topic].header)
    shown = text(catalogue.show(topic, None), 100)
    assert max(map(len, shown.splitlines())) <= 100
    assert shown.startswith(catalogue.TOPICS[topic].title)


@pytest.mark.parametrize("topic", catalogue.TOPICS)
def test_each_of_a_list_can_be_asked_for(topic: str) -> None:
    for name in sorted(EXPECTED[topic])[:12]:
        shown = text(catalogue.show(topic, name), 100)
        assert shown.startswith(name)
        assert len(shown.splitlines()) > 2
        assert max(map(len, shown.splitlines())) <= 100


def test_a_release_in_detail_says_of_every_rule_whether_and_since_when_it_has_it() -> None:
    lines = text(catalogue.show("kernels", "6.12.60"), 160).splitlines()
    assert lines[0] == "Linux 6.12.60"
    said = {
        line.split()[0]: line.split()[1:3]
        for line in lines
        if line.split()[:1] and line.split()[0] in EXPECTED["kernels"]
    }
    assert said.keys() == EXPECTED["kernels"]
    assert said["pool_size_clamp"] == ["on", "6.12.58"]
    assert said["pool_locality"] == ["on", "6.10"]
    assert said["fragment_alignment"][0] == said["fragment_statistics"][0] == "off"


def test_what_is_assumed_of_a_release_is_printed() -> None:
    assert "6.6.117 (assumed)" in text(catalogue.show("kernels", "6.6.120"), 160)
    assert "from the literature (assumed)" in text(catalogue.show("kernels", "4.19.3"), 160)
    assert "6.6.117 (assumed)" in text(catalogue.show("kernels", None), 160)
    with pytest.raises(SweepError, match=r'"5\.20" is not one of the kernels'):
        catalogue.show("kernels", "5.20")


def test_a_strategy_in_detail_is_what_its_file_says() -> None:
    for name in NAMES:
        shown = " ".join(text(catalogue.show("strategies", name), 200).split())
        module = strategy(name)
        said = " ".join((module.__doc__ or "").split())
        for part in ("Not modelled: ", "Source: "):
            if part in said:
                begin = said[said.index(part) :][:60]
                assert begin in shown, (name, begin)
        assert all(f"strategy.{knob.name}" in shown for knob in module.KNOBS)
        assert all(field.name in shown and field.kernel in shown for field in module.COUNTERS)


def test_a_host_in_detail_has_every_cost_with_its_source() -> None:
    shown = text(catalogue.show("hosts", "xeon-e5-1650v4"), 100)
    assert all(f"  {name} " in shown for name in COST_NAMES)
    assert "assumed, 400 ns to 800 ns" in shown


def test_files_of_this_folder_are_listed_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "traffic").mkdir()
    (tmp_path / "traffic" / "mine.yaml").write_text("# My own mix.\narrivals: poisson\nsizes: 64 B\nfates: {drop: 1}\n")
    monkeypatch.chdir(tmp_path)
    shown = text(catalogue.show("mixes", None), 100)
    assert "  mine " in shown
    assert "My own mix" in shown
    assert text(catalogue.show("mixes", "mine"), 100).startswith("mine: traffic/mine.yaml\n")


def test_a_name_that_there_is_not_is_said() -> None:
    with pytest.raises(SweepError, match='"page_pol" is not one of the strategies') as error:
        catalogue.show("strategies", "page_pol")
    assert 'Did you mean "page_pool"?' in str(error.value)
    assert "see: sweep show strategies" in str(error.value)


def test_one_of_a_list_names_the_list() -> None:
    assert [catalogue.topic(word) for word in ("strategy", "mix", "metric", "host", "hosts", "runs/x", "")] == [
        *("strategies", "mixes", "metrics", "hosts", "hosts"),
        None,
        None,
    ]
