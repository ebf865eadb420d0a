# SPDX-License-Identifier: MIT
"""A report is written once: again only if what it follows from has changed, or what was written."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from sweep import report, storage
from sweep.package import PACKAGE
from sweep.report import unchanged
from sweep.storage.snapshot import Draft
from tests.report.synthetic_sweep import Effects, table

SMALL = {"mixes": ("host",), "loads": (0.3,), "rings": (64, 256), "replicates": 2}


def publish(directory: Path, effects: Effects | None = None) -> None:
    """As `sweep run` publishes, with a manifest."""
    import pyarrow as pa

    source, files = table(effects=effects or Effects(), **SMALL), storage.open(directory)
    with files.writing():
        draft = Draft(files)
        with draft.file("results.arrow") as sink, pa.ipc.new_file(sink, source.schema) as writer:
            writer.write_table(source)
        about = {"name": "x", "command": "", "created": "", "simulations": len(source), "rows": len(source)}
        draft.publish({**about, "failed": 0, "exit_code": 0, "versions": {}})


@pytest.fixture
def directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A published run whose report is written; what is rendered after that is in `rendered`."""
    publish(tmp_path)
    report.write(tmp_path)
    return tmp_path


@pytest.fixture
def rendered(directory: Path, monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """The formats that each later call of `write` renders."""
    calls: list[list[str]] = []
    original = report.Published._rendered

    def noted(self: report.Published, names: dict[str, str]) -> dict[str, str]:
        calls.append(list(names.values()))
        return original(self, names)

    monkeypatch.setattr(report.Published, "_rendered", noted)
    return calls


def state(directory: Path) -> dict[str, tuple[int, int]]:
    stats = {path.name: path.stat() for path in directory.glob("report.*")}
    return {name: (stat.st_ino, stat.st_mtime_ns) for name, stat in stats.items()}


def test_nothing_is_rendered_or_written_again(directory: Path, rendered: list[list[str]]) -> None:
    before = state(directory)
    assert sorted(report.write(directory)) == ["html", "md", "txt"]
    assert (rendered, state(directory)) == ([], before)


def test_force_renders_all(directory: Path, rendered: list[list[str]]) -> None:
    report.write(directory, force=True)
    assert rendered == [["txt", "md", "html"]]


@pytest.mark.parametrize("change", ["removed", "edited"])
def test_a_file_that_is_not_as_written_is_made_again(directory: Path, rendered: list[list[str]], change: str) -> None:
    path = directory / "report.md"
    text = path.read_text()
    path.unlink() if change == "removed" else path.write_text(text + "mine")
    report.write(directory)
    assert rendered == [["md"]]
    assert path.read_text() == text
    report.write(directory)
    assert rendered == [["md"]]


def test_other_results_make_it_anew(directory: Path, rendered: list[list[str]]) -> None:
    publish(directory, Effects(ns=lambda row: 500.0))
    report.write(directory)
    report.write(directory, formats=("txt",))
    assert rendered == [["txt", "md", "html"]]


def test_other_code_makes_it_anew(directory: Path, rendered: list[list[str]], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unchanged, "_code", lambda: "another")
    report.write(directory)
    assert rendered == [["txt", "md", "html"]]


def test_another_name_of_the_directory_makes_it_anew(
    directory: Path, rendered: list[list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its commands name the directory as it was named."""
    monkeypatch.chdir(directory.parent)
    report.write(directory.name)
    assert rendered == [["txt", "md", "html"]]


@pytest.mark.parametrize("record", ["{", "[]", '{"made_of": 1, "files": {}}', '{"made_of": "", "files": {"../x": ""}}'])
def test_a_damaged_record_counts_as_none(directory: Path, rendered: list[list[str]], record: str) -> None:
    (directory / unchanged.RECORD).write_text(record)
    report.write(directory)
    assert rendered == [["txt", "md", "html"]]


def test_all_the_code_of_a_report_is_in_the_digest(directory: Path) -> None:
    code = (
        "import sys; from sweep import report; print(report.write(sys.argv[1], force=True) and '');"
        "print(*(m.__file__ for n, m in sys.modules.items() if n.partition('.')[0] == 'sweep'), sep='\\n')"
    )
    done = subprocess.run([sys.executable, "-c", code, str(directory)], capture_output=True, text=True, check=True)
    used = {str(Path(line).relative_to(PACKAGE)) for line in done.stdout.split()}
    assert "report/brief.py" in used
    outside = {name for name in used if "/" in name and name.split("/")[0] not in unchanged.FOLDERS}
    assert outside == set()
