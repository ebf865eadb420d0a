# SPDX-License-Identifier: MIT
"""`sweep.run` and `sweep.open`: one class, its tables, what it says of itself, and what a notebook shows."""

from __future__ import annotations

import inspect
import json
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pyarrow as pa
import pytest

import sweep
from sweep import storage
from sweep.errors import IncompleteError, SweepError
from sweep.storage import snapshot
from tests.tiny_sweep import sweep_text

ROOT = Path(__file__).resolve().parents[1]
SWEEP = sweep_text(traffic="router", axes={"strategy": "[page_allocator, page_pool]", "ring": "[64, 128]"})
PROGRAM = """\
import sweep
run = sweep.run("tiny.yaml", executor="inline")
assert (run.done, run.failed, run.invalid) == (8, 0, 0), run
assert type(run) is type(sweep.open("runs/tiny")) is sweep.Run
"""


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A run directory made by `sweep.run`, in plain Python."""
    import os

    directory = tmp_path_factory.mktemp("tiny")
    (directory / "tiny.yaml").write_text(SWEEP)
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "SWEEP_PLAIN_PYTHON": "1"}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], cwd=directory, env=environment, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr
    return str(directory / "runs/tiny")


def test_importing_it_imports_nothing_heavy() -> None:
    script = "import sys, sweep; sweep.Run('x'); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert not {
        "numpy",
        "llvmlite",
        "pyarrow",
        "ray",
        "scipy",
        "pydantic",
        "yaml",
        "rich",
        "jinja2",
        "duckdb",
        "typer",
    } & set(done.stdout.split())


def test_counts_and_words(tiny: str) -> None:
    run = sweep.open(tiny)
    assert (run.location, run.done, run.failed, run.invalid) == (tiny, 8, 0, 0)
    assert repr(run) == f'<sweep.Run "{tiny}": tiny, 8 of 8 simulations>'


def test_tables(tiny: str) -> None:
    run = sweep.open(Path(tiny))
    table = run.table()
    assert table.num_rows == 8
    points = run.points()
    assert points.num_rows == 4
    assert points["replicates"].to_pylist() == [2] * 4
    answer = run.query("select max(ns_per_packet) as most from results")
    assert answer["most"].to_pylist() == [max(table["ns_per_packet"].to_pylist())]
    assert [metric.name for metric in run.metrics()] == [
        field.name for field in table.schema if field.metadata[b"role"] == b"metric"
    ]
    assert run.metrics()[0][:3] == ("ns_per_packet", pa.float64(), "ns")


def test_the_dictionary_is_the_one_that_was_published(tiny: str) -> None:
    found = snapshot.read(storage.open(tiny), "dictionary.arrow")
    published = pa.ipc.open_file(pa.BufferReader(found[1]["dictionary.arrow"])).read_all()
    assert (
        sweep.open(tiny)
        .query("from dictionary")
        .replace_schema_metadata(None)
        .equals(published.cast(sweep.open(tiny).query("from dictionary").schema))
    )


def test_report_and_export(tiny: str, tmp_path: Path) -> None:
    run = sweep.open(tiny)
    assert run.report().startswith("tiny\n")
    run.export(tmp_path / "x.parquet", columns="ring")
    assert (tmp_path / "x.parquet").is_file()
    done = run.export(tmp_path / "x.csv")
    assert done.paths == (str(tmp_path / "x.csv"), str(tmp_path / "x.dictionary.csv"))
    assert done.left_out == ("latency_ns_histogram", "waiting_histogram")
    with pytest.raises(SweepError, match='format "xls" is not known'):
        run.export(tmp_path / "x", format="xls")


class TestCompare:
    def test_a_run_with_itself(self, tiny: str) -> None:
        run = sweep.open(tiny)
        for other in (run, tiny, Path(tiny)):
            found = run.compare(other)
            assert (found.verdict, found.exit_code) == ("pass", 0)

    def test_two_strategies(self, tiny: str) -> None:
        from sweep import compare

        run = sweep.open(tiny)
        found = run.compare("page_allocator", "page_pool")
        known = compare.strategies(tiny, "page_allocator", "page_pool")
        assert compare.write(found, "json") == compare.write(known, "json")
        name = f'<sweep.compare.Comparison of "page_pool" with "page_allocator": {found.verdict}, exit code '
        assert repr(found) == f"{name}{found.exit_code}>"
        assert str(found) == compare.write(found, "txt")

    def test_a_notebook_shows_it_as_text(self, tiny: str, tmp_path: Path) -> None:
        place = tmp_path / "<b>run"
        place.mkdir()
        (place / "results.arrow").write_bytes(Path(tiny, "results.arrow").read_bytes())
        found = sweep.open(place).compare(place)
        bundle = found._repr_mimebundle_()
        assert bundle["text/plain"] == str(found)
        page = Page(bundle["text/html"])
        assert page.tags == {"pre"}
        assert page.text == str(found)

    def test_one_strategy_alone(self, tiny: str) -> None:
        with pytest.raises(SweepError, match=r'"page_pool" is a strategy of this run, .*\n  next: run\.compare'):
            sweep.open(tiny).compare("page_pool")

    def test_what_is_not_there(self, tiny: str, tmp_path: Path) -> None:
        run = sweep.open(tiny)
        with pytest.raises(SweepError, match='"page_pol"'):
            run.compare("page_allocator", "page_pol")
        with pytest.raises(SweepError, match="does not exist"):
            run.compare(tmp_path / "none")
        with pytest.raises(SweepError, match=r"none\.yaml"):
            run.compare(run, gate=tmp_path / "none.yaml")


class TestNotebook:
    def test_the_verdicts_as_text_and_html(self, tiny: str) -> None:
        bundle = sweep.open(tiny)._repr_mimebundle_()
        assert set(bundle) == {"text/plain", "text/html"}
        assert bundle["text/plain"].startswith("tiny\n")
        assert "router: " in bundle["text/plain"]
        page = Page(bundle["text/html"])
        assert page.tags <= {"section", "h4", "p", "dl", "dt", "strong", "dd", "br"}
        assert "router" in page.text
        assert page.text.count("page_pool") >= 1
        assert sweep.open(tiny)._repr_html_() == bundle["text/html"]

    def test_names_of_a_hostile_sweep_file_are_text(self, tmp_path: Path, tiny: str) -> None:
        evil = "<script>alert('x')</script><img src=x onerror=y>"
        table = sweep.open(tiny).table()
        place = table.column_names.index("traffic")
        table = table.set_column(place, table.schema.field("traffic"), pa.array([evil] * len(table)))
        said = json.loads(table.schema.metadata[b"sweep"]) | {"name": evil}
        said["claims"] = [{"name": evil, "that": "ns_per_packet[page_pool] < 1000000"}]
        table = table.replace_schema_metadata({"sweep": json.dumps(said)})
        directory = tmp_path / "<b>run"
        directory.mkdir()
        with pa.ipc.new_file(str(directory / "results.arrow"), table.schema) as writer:
            writer.write_table(table)
        html = sweep.open(directory)._repr_html_()
        page = Page(html)
        assert not page.tags & {"script", "img", "b"}
        assert evil in page.text
        assert "<b>run" in page.text

    def test_what_is_wrong_is_shown_in_its_place(self, tmp_path: Path) -> None:
        (tmp_path / "run.json").write_text("{}")
        run = sweep.open(tmp_path)
        assert (run.done, run.failed) == (0, 0)
        assert repr(run) == f'<sweep.Run "{tmp_path}": nothing is published yet>'
        assert "has no results yet" in Page(run._repr_html_()).text
        with pytest.raises(IncompleteError, match="has no results yet"):
            run.table()
        (tmp_path / "manifest.json").write_text("{")
        assert "is damaged" in repr(run)
        assert "is damaged" in " ".join(run._repr_mimebundle_()["text/plain"].split())


def test_what_is_no_run_directory(tmp_path: Path) -> None:
    for place in (tmp_path, tmp_path / "none"):
        with pytest.raises(
            SweepError, match=r"(has neither|does not exist).*\n(  there are: .*\n)?  next: sweep run FILE --out"
        ):
            sweep.open(place)
    with pytest.raises(SweepError, match='scheme "ftp"'):
        sweep.open("ftp://x/y")


def test_a_table_without_a_manifest(tiny: str, tmp_path: Path) -> None:
    (tmp_path / "results.arrow").write_bytes(Path(tiny, "results.arrow").read_bytes())
    run = sweep.open(tmp_path)
    assert (run.done, run.failed, run.invalid) == (8, 0, 0)
    assert repr(run) == f'<sweep.Run "{tmp_path}": 8 rows>'


def test_a_run_in_an_object_store(tiny: str, s3) -> None:
    s3.put("run/manifest.json", Path(tiny, "manifest.json").read_bytes())
    for path in Path(tiny, "snapshots").glob("*/*"):
        s3.put(f"run/{path.relative_to(tiny)}", path.read_bytes())
    run = sweep.open(s3.uri("run"))
    assert run.done == 8
    assert run.query("select count(*) as n from results")["n"].to_pylist() == [8]


def test_it_is_typed_and_every_public_name_says_what_it_is() -> None:
    assert (ROOT / "sweep/py.typed").is_file()
    for name, member in inspect.getmembers(sweep.Run):
        if not name.startswith("_"):
            assert (member.__doc__ or "").strip(), name
    hints = inspect.get_annotations(sweep.Run.query, eval_str=False)
    assert hints == {"sql": "str", "return": "pyarrow.Table"}


class Page(HTMLParser):
    """Tags and text; that tags nest."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.text = ""
        self._open: list[str] = []
        self.feed(html)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attributes: list) -> None:
        self.tags.add(tag)
        assert not [name for name, _ in attributes if name.startswith("on") or name in ("src", "href")]
        if tag != "br":
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data
