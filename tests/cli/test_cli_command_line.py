# SPDX-License-Identifier: MIT
"""What a user types and sees: output, exit codes, nothing heavy at --help, no traceback."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from typed import REPOSITORY, SWEEP, start, sweep

HEAVY = {"numpy", "llvmlite", "pyarrow", "ray", "scipy", "pydantic", "yaml", "rich", "jinja2"}


def test_help_imports_nothing_heavy(here: Path) -> None:
    script = "import sys; from sweep.cli import main\ntry: main()\nfinally: print(*sys.modules, file=sys.stderr)"
    command = [sys.executable, "-c", script, "--help"]
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    done = subprocess.run(command, cwd=here, env=environment, capture_output=True, text=True, check=True)
    assert not HEAVY & set(done.stderr.split())
    assert all(verb in done.stdout for verb in ("plan", "run", "report", "replay", "schema"))


def test_help_is_quick(here: Path) -> None:
    """0.2 s of processor time at most, the best of five: other work on the machine does not count."""
    spent = []
    for _ in range(5):
        before = os.times()
        sweep(here, "--help")
        after = os.times()
        user_s, system_s = after.children_user - before.children_user, after.children_system - before.children_system
        spent.append(user_s + system_s)
    assert min(spent) <= 0.2


def test_plan_run_report(here: Path) -> None:
    out, _ = sweep(here, "plan", "tiny.yaml")
    lines = out.splitlines()
    assert lines[0] == "tiny: 3 points × 2 replicates = 6 simulations, 1.8 kpackets"
    assert re.fullmatch(r"  done 0 · reused 0 · to run 6 in \d+ chunks? of about \d+ ms", lines[1])
    assert re.fullmatch(
        r"  predicted [\d.]+–[\d.]+ core-seconds, .+ on \d+ cores? · [\d.]+ GB memory · 7 kB of results", lines[2]
    )
    assert lines[3].startswith("  and before it about 5.0 s to start Ray")
    assert lines[4] == "  results go to runs/tiny"
    assert not (here / "runs").exists()  # a plan writes nothing

    out, error = sweep(here, "run", "tiny.yaml", "--executor", "inline")
    assert error == ""
    assert re.search(
        r"^done 6 · failed 0 · .+ s\n[\d.]+ of [\d.]+ core-seconds simulated \([\d.]+ %\) · .*start and end .+",
        out,
        re.M,
    )
    said = r"^runs/tiny/results\.arrow · results\.parquet \(\d.* [kM]B\) · series\.parquet \(\d.* [kM]B\) · report\.txt"
    assert re.search(said, out, re.M)
    verdict, _, last = out.rpartition("\n\n")
    assert verdict.splitlines()[-2].split() == [
        "traffic",
        "mix",
        "winner",
        "cells",
        "won",
        *("difference", "smallest", "ring"),
    ]
    assert verdict.splitlines()[-1].startswith("  router ")
    assert last == "report: runs/tiny/report.html\n  next: sweep report runs/tiny --open\n"
    assert "\x1b" not in out
    assert {path.name for path in (here / "runs/tiny").glob("report.*")} == {"report.txt", "report.md", "report.html"}

    out, _ = sweep(here, "plan", "tiny.yaml", "--set", "replicates=5")
    assert "done 0 · reused 6 · to run 9 in " in out
    out, _ = sweep(here, "plan", "tiny.yaml")
    assert "done 6 · reused 0 · to run 0" in out


def test_report_prints_the_short_form_as_wide_as_the_terminal(done: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from sweep import report

    table = report.read(done / "runs/tiny", series=True)
    for columns, width in (("40", 60), ("72", 72), ("300", 100)):
        monkeypatch.setenv("COLUMNS", columns)
        out, _ = sweep(done, "report", "runs/tiny")
        assert out.startswith(report.text(table, width, full=False, location="runs/tiny"))
        assert "  sweep report runs/tiny --full\n" in out
        assert out.splitlines()[-1] == "runs/tiny/report.txt · runs/tiny/report.md · runs/tiny/report.html"
    full, _ = sweep(done, "report", "runs/tiny", "--full")
    assert full.startswith(report.text(table, 100, full=True, location="runs/tiny"))
    assert len(full) > len(out)


def test_a_projection_goes_to_the_terminal_or_a_file_and_not_into_the_directory(done: Path) -> None:
    before = {path: path.read_bytes() for path in (done / "runs/tiny").rglob("*") if path.is_file()}
    out, _ = sweep(done, "report", "runs/tiny", "--row", "strategy", "--col", "ring", "--metric", "drop", "--mail")
    assert "  page_allocator" in out
    assert max(map(len, out.splitlines())) <= 72
    for name, first in (("a.md", "# tiny"), ("a.csv", "load,ring,"), ("a.html", "<!doctype html>"), ("a.txt", "tiny")):
        words = ("--table", "load", "--baseline", "ring=64") if name != "a.md" else ()
        out, _ = sweep(done, "report", "runs/tiny", *words, "--out", name)
        assert out == f"{name}\n"
        assert (done / name).read_text().startswith(first)
    assert before == {path: path.read_bytes() for path in (done / "runs/tiny").rglob("*") if path.is_file()}


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--row", "rign"], 'Did you mean "ring"?'),
        (["--metric", "drop_rato"], 'Did you mean "drop_ratio"?'),
        (["--metric", ","], "has no name in it\n  next: --metric drop_ratio"),
        (["--out", "x.pdf"], 'the ending of "x.pdf" says no format'),
        (["--filter", "ring > 256"], "ring here: 64, 128, 256"),
        (["--baseline", "page_pool"], "known: page_allocator"),
        (["--format", "pdf"], "known: txt, md, csv, html"),
        (["--mail", "--format", "csv"], "--mail is for text and Markdown"),
        (["--full", "--row", "ring"], "leave one of them out"),
        (["--format", "md", "--out", "runs/tiny/run.json"], "is what the run itself has published"),
        (["--out", "tiny.yaml/a.md"], '"tiny.yaml/a.md" cannot be written'),
    ],
)
def test_a_projection_of_what_is_not_there(done: Path, words: list[str], message: str) -> None:
    out, error = sweep(done, "report", "runs/tiny", *words, code=2)
    assert out == ""
    assert message in error


def test_a_damaged_table_is_a_failure_that_says_what_to_do(done: Path, tmp_path: Path) -> None:
    whole = (done / "runs/tiny/results.arrow").read_bytes()
    for damaged in (whole[:-100], b"no table", b""):
        (tmp_path / "results.arrow").write_bytes(damaged)
        _, error = sweep(done, "report", str(tmp_path), code=1)
        assert f'"{tmp_path}/results.arrow" is damaged' in error
        assert "next: sweep run" in error


@pytest.mark.parametrize("words", [["plan", "tiny.yaml"], ["report", "runs/tiny", "--full"], ["schema"]])
def test_a_reader_that_goes_away_is_no_news(done: Path, words: list[str]) -> None:
    with start(done, *words) as process:
        assert process.stdout
        assert process.stderr
        process.stdout.close()
        assert process.stderr.read() == ""
        assert process.wait(60) == 1


def test_only_shows_a_row_and_leaves_the_published_table(done: Path) -> None:
    from sweep import report

    table = report.read(done / "runs/tiny", series=True)
    row = table.slice(3, 1).to_pylist()[0]
    before = (done / "runs/tiny/results.arrow").read_bytes()
    only = ("run", "tiny.yaml", "--executor", "inline", "--only", row["id"])
    out, _ = sweep(done, *only)
    shown = {words[0]: words[1] for words in map(str.split, out.splitlines()) if len(words) > 1}
    assert (shown["id"], shown["ring"]) == (row["id"], "128")
    assert shown["rx_packets"] == f"{row['rx_packets']:,}"
    assert "kept in runs/tiny/parts; the published table stays as it is" in out
    assert "results.arrow" not in out
    assert (done / "runs/tiny/results.arrow").read_bytes() == before
    out, _ = sweep(done, *only, "--no-report", "--out", "alone")
    said = r"alone/results\.arrow · results\.parquet \(\d+ kB\) · series\.parquet \(\d+ kB\)"
    assert re.fullmatch(said, out.splitlines()[-1])
    assert report.read(done / "alone").column("id").to_pylist() == [row["id"]]


def test_plain_python_gives_the_same_table(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import pyarrow as pa

    tables = []
    for off in ("0", "1"):
        monkeypatch.setenv("SWEEP_PLAIN_PYTHON", off)
        sweep(here, "run", "tiny.yaml", "--executor", "inline", "--no-report", "--out", off)
        tables.append(pa.ipc.open_file(here / off / "results.arrow").read_all())
    assert tables[0].num_rows == 6
    assert tables[0].equals(tables[1])


def test_wrong_use(here: Path) -> None:
    _, error = sweep(here, "plan", "missing.yaml", code=2)
    assert "missing.yaml" in error
    (here / "bad.yaml").write_text(SWEEP.replace("page_allocator]", "page_alocator]"))
    _, error = sweep(here, "run", "bad.yaml", code=2)
    assert error.startswith("bad.yaml:10:14: ")
    assert 'Did you mean "page_allocator"?' in error
    _, error = sweep(here, "run", "tiny.yaml", "--executor", "inlin", code=2)
    assert 'executor "inlin" is not known. Did you mean "inline"?' in error
    sweep(here, "run", "tiny.yaml", "--no-such-option", code=2)
    sweep(here, "plan", "tiny.yaml", "--only", "zz", code=2)
    sweep(here, "nonsense", code=2)


def test_a_name_that_leads_out_of_the_directory_is_refused(here: Path) -> None:
    (here / "out.yaml").write_text(SWEEP.replace("name: tiny", 'name: "../../tiny"'))
    _, error = sweep(here, "plan", "out.yaml", code=2)
    assert '"../../tiny"' in error


def test_report_of_nothing(here: Path) -> None:
    _, error = sweep(here, "report", "runs/none", code=2)
    assert "runs/none" in error


def test_an_unknown_error_is_one_line_and_a_log(here: Path) -> None:
    (here / "sitecustomize.py").write_text("import sweep.config\nsweep.config.load = None\n")
    environment = {**os.environ, "PYTHONPATH": f"{here}:{REPOSITORY}", "TMPDIR": str(here)}
    command = [sys.executable, "-m", "sweep", "plan", "tiny.yaml"]
    done = subprocess.run(command, cwd=here, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    log = re.search(r"traceback: (\S+)", done.stderr)
    assert log
    assert "TypeError: 'NoneType' object is not callable" in Path(log[1]).read_text()


def test_schema(here: Path) -> None:
    out, _ = sweep(here, "schema")
    assert "axes" in json.loads(out)["properties"]
    sweep(here, "schema", "--out", "sweep.schema.json")
    assert (here / "sweep.schema.json").read_text() == out
