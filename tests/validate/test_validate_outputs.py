# SPDX-License-Identifier: MIT
"""What `sweep validate` prints, writes and exits with; and that the shipped experiments and the documentation hold."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser

import pyarrow as pa
import pytest
from experiment_files import PLANTED, SERIES, written
from typer.testing import CliRunner

from sweep.cli import app
from sweep.validate import find, judge, read
from sweep.validate.experiment.reading import SHIPPED
from sweep.validate.outcome.document import document
from sweep.validate.outcome.plot import predicted_against_measured
from sweep.validate.outcome.summary import summarise

DOCUMENTATION = SHIPPED.parents[1] / "docs" / "experiments.md"
MIXED = PLANTED + (
    "noise: 5 %\n"
    "rows:\n"
    "  - {id: good, measured: 50, mechanism: lock}\n"
    "  - {id: bad, measured: 70, mechanism: <cache>}\n"
    "ratios: [{id: one, of: good, to: bad, within: 0}]\n"
    "identities: [{id: sum, given: {a: 1, b: 2}, that: a + a == b}]\n"
    "not_predicted: [{id: silent, measured: [7, 8], unit: ns, why: nothing to say}]\n"
)


def run(*words: object) -> tuple[int, str]:
    found = CliRunner(env={"COLUMNS": "100"}).invoke(app, ["validate", *map(str, words)])
    return found.exit_code, found.output


def test_a_miss_without_a_reason_exits_1_and_is_named(tmp_path):
    code, said = run(written(tmp_path, MIXED))
    assert code == 1
    assert "1 of 2 (50 %) of the predicted rows, 1 of 4 (25 %) of all published ones, pass their rule." in said
    assert "2 misses without a reason: mine bad, mine one" in said
    assert re.search(r"^  good +ns +50 +50\.00 +0 +20\.0 +5\.0 +exact$", said, re.M)
    assert re.search(r"^  bad +ns +70 +50\.00 +-28\.6 +20\.0 +5\.0 +miss$", said, re.M)
    assert re.search(r"^  silent 2 +ns +8 +– +– +– +– +not predicted¹$", said, re.M)


def test_an_explained_miss_exits_0(tmp_path):
    code, said = run(written(tmp_path, MIXED + "explained: {bad: no such mechanism, one: as bad}\n"))
    assert code == 0
    assert "miss, explained" in said
    assert "no such mechanism" in said
    assert "1 of 2 (50 %) of the predicted rows" in said


def test_wrong_use_exits_2(tmp_path):
    code, said = run(written(tmp_path, PLANTED + "rows: [{id: drop}]\n"))
    assert code == 2
    assert 'mine.yaml:16:8: a row lacks "measured"' in said
    assert run(written(tmp_path, MIXED), "--workers", 0)[0] == 2


def test_equal_files_give_equal_bytes(tmp_path):
    path = written(tmp_path, MIXED)
    for out in ("one", "two"):
        assert run(path, "--out", tmp_path / out, "--workers", 2)[0] == 1
    for name in ("validation.md", "validation.html", "validation.json", "validation.arrow"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


class Tags(HTMLParser):
    """Counts start tags and keeps their attributes."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))


def test_the_files(tmp_path):
    code, said = run(written(tmp_path, MIXED), "--out", tmp_path / "out")
    assert code == 1
    assert str(tmp_path / "out" / "validation.html") in said

    markdown = (tmp_path / "out" / "validation.md").read_text()
    assert "| good | ns | 50 | 50.00 | 0 | 20.0 | 5.0 | exact |" in markdown

    page = (tmp_path / "out" / "validation.html").read_text()
    tags = Tags()
    tags.feed(page)
    assert sum(tag == "svg" for tag, _ in tags.found) == 3  # two charts, and the page's own definitions
    assert not any(tag in ("link", "img", "iframe") for tag, _ in tags.found)
    assert sum(tag == "script" for tag, _ in tags.found) == 1  # sorts and filters; carries no points
    assert "<cache>" not in page
    assert "&lt;cache&gt;" in page

    told = json.loads((tmp_path / "out" / "validation.json").read_text())
    assert told["summary"]["rows"]["passed"] == 1
    (experiment,) = told["experiments"]
    assert experiment["free"][0]["shown"] == "50 ns"
    assert [(row["id"], row["verdict"]) for row in experiment["rows"]] == [
        ("good", "exact"),
        ("bad", "miss"),
        ("one", "miss"),
        ("silent", "not predicted"),
        ("silent", "not predicted"),
    ]

    with pa.memory_map(str(tmp_path / "out" / "validation.arrow")) as source:
        table = pa.ipc.open_file(source).read_all()
    assert table.column("measured").to_pylist() == pytest.approx([50, 70, 50 / 70, 7, 8])
    assert table.column("predicted").to_pylist() == [50.0, 50.0, 1.0, None, None]
    assert all((field.metadata or {}).get(b"meaning") for field in table.schema)


def test_a_folder_that_cannot_be_written(tmp_path):
    (tmp_path / "taken").write_text("a file")
    code, said = run(written(tmp_path, SERIES), "--out", tmp_path / "taken")
    assert code == 2
    assert f'"{tmp_path / "taken"}" cannot be written' in said


def test_units_of_one_kind_share_a_panel(tmp_path):
    text = PLANTED + (
        "rows:\n"
        "  - {id: a, measured: 50}\n"
        "  - {id: b, measured: 0.05, unit: us, predict: stack_ps / rx_packets / 1e6}\n"
        "  - {id: c, measured: 3000, unit: count, predict: packets}\n"
    )
    outcomes = judge([read(written(tmp_path, text))], workers=1)
    (row,) = predicted_against_measured(outcomes).spec["vconcat"]
    titles = [panel["layer"][-1]["encoding"]["x"]["title"] for panel in row["hconcat"]]
    assert titles == ["measured, ns", "measured, count"]
    values = [value for layer in row["hconcat"][0]["layer"][2:] for value in layer["data"]["values"]]
    assert [value["measured"] for value in values] == pytest.approx([50, 50])


def test_the_shipped_experiments_can_be_read(tmp_path):
    names = [read(path).name for path in find([])]
    assert names == sorted(names)
    assert [path.stem for path in find([])] == [name.lower() for name in names]


def test_the_counters_of_v02_are_identities():
    (outcome,) = judge([read(SHIPPED / "v02.yaml")], workers=1)
    assert [check.verdict for check in outcome.identities].count("exact") >= 2
    assert outcome.unexplained == []


def test_an_experiment_without_rows_needs_no_chart():
    outcomes = judge([read(SHIPPED / "v02.yaml")], workers=1)
    titles = [section.title for section in document(outcomes, summarise(outcomes)).sections]
    assert titles == ["Summary", "V02: page_pool that recycles nothing", "How to read this"]


def test_the_documentation_s_file_is_one(tmp_path):
    (text,) = re.findall(r"```yaml\n(.*?)```", DOCUMENTATION.read_text(), re.S)
    found = read(written(tmp_path, text))
    assert len(found.rows) == 6
    assert [free.is_fitted for free in found.free] == [True, False]


def test_the_documentation_knows_every_verdict_and_unit():
    from sweep.validate import verdict
    from sweep.validate.experiment import forms

    text = DOCUMENTATION.read_text()
    words = (verdict.EXACT, verdict.WITHIN, verdict.MISS, verdict.INVALID, verdict.CALIBRATION, verdict.NOT_PREDICTED)
    assert all(f"| `{word}` |" in text for word in words)
    assert all(unit in text for unit in forms.UNITS)
    keys = [name for name in forms.ExperimentForm.model_fields if f"`{name}" not in text]
    assert keys == []


def test_the_source_of_every_shipped_experiment_is_said():
    for path in find([]):
        assert read(path).source.strip()
        assert path.read_text().startswith("# "), "a line that says what was measured"
