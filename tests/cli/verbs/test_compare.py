# SPDX-License-Identifier: MIT
"""`sweep compare` as it is typed, on real runs: itself, 3 % in one cost of a host file, and what is typed wrongly."""

from __future__ import annotations

import json
import re
import shutil
import signal
from pathlib import Path
from xml.etree import ElementTree

import pytest
from typed import REPOSITORY, SWEEP, sweep

COST = "stack_forward_kernel"
BEFORE, AFTER = "514.966 ns", "530.415 ns"  # 3 % more
RUN = ("run", "tiny.yaml", "--executor", "inline", "--no-report", "--set", "replicates=4")
DROPS = "{metric: drop_ratio, margin: 0.1}"  # four windows of 200 packets without a drop show no less than 7 %
GATE = f"metrics: [{{metric: [ns_per_packet, stack_ns_per_packet], margin: %s}}, {DROPS}]\n"


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """runs/base, and runs/new with a host file in which one cost is 3 % higher."""
    directory = tmp_path_factory.mktemp("compare")
    (directory / "tiny.yaml").write_text(SWEEP)
    sweep(directory, *RUN, "--out", "runs/base")
    sweep(directory, *RUN, "--out", "runs/one", "--set", "replicates=1")
    shutil.copytree(REPOSITORY / "configs/hosts", directory / "hosts")
    host = directory / "hosts/xeon-e5-1650v4.yaml"
    text = host.read_text()
    changed = re.sub(rf"({COST}:\n    value: ){BEFORE}", rf"\g<1>{AFTER}", text)
    assert changed != text
    host.write_text(changed)
    sweep(directory, *RUN, "--out", "runs/new")
    return directory


def test_a_run_with_itself_passes_and_equivalence_is_shown(here: Path) -> None:
    out, error = sweep(here, "compare", "runs/base", "runs/base")
    assert error == ""
    assert out.startswith("PASS: all 42 comparisons are shown to be within their margins: 42 equivalent.\n")
    assert "nothing: all pairs are the same simulations (equal ids)" in out.replace("\n", " ")
    one, _ = sweep(here, "compare", "runs/one", "runs/one")  # one pair is enough where both are one simulation
    assert one.startswith("PASS")


def test_3_percent_in_one_cost_of_the_host_file_is_found(here: Path) -> None:
    out, _ = sweep(here, "compare", "runs/base", "runs/new", code=1)
    assert out.startswith("REGRESSED: ")
    assert f"host.{COST}: 514.966 → 530.415 ns (+3.0 %)" in out.replace("\n", " ")
    out, _ = sweep(here, "compare", "runs/base", "runs/new", "--format", "json", code=1)
    record = json.loads(out)
    worse = {each["metric"] for each in record["comparisons"] if each["verdict"] == "regressed"}
    assert {"ns_per_packet", "stack_ns_per_packet"} <= worse
    shares = [each["change"] for each in record["comparisons"] if each["metric"] == "stack_ns_per_packet"]
    assert shares == pytest.approx([0.03] * 3, abs=1e-4)
    (here / "mended.yaml").write_text(GATE % "1 %")
    out, _ = sweep(here, "compare", "runs/new", "runs/base", "--gate", "mended.yaml", "--format", "json")
    assert json.loads(out)["counts"] | {"equivalent": 3, "better": 6} == json.loads(out)["counts"]


def test_what_is_written_for_ci(here: Path) -> None:
    files = {
        "compare.md": "md",
        "compare.xml": "junit",
        "compare.json": "json",
        "compare.html": "html",
        "compare.txt": "txt",
    }
    words = [word for file in files for word in ("--out", file)]
    out, _ = sweep(here, "compare", "runs/base", "file://" + str(here / "runs/new"), *words, code=1)
    assert (here / "compare.txt").read_text() == out
    assert (here / "compare.md").read_text().startswith("# REGRESSED: ")
    assert ElementTree.parse(here / "compare.xml").getroot().find(".//failure") is not None
    assert json.loads((here / "compare.json").read_text())["exit_code"] == 1
    page = (here / "compare.html").read_text()
    assert page.startswith("<!doctype html>")
    assert f"<h1>{out.splitlines()[0][:11]}" in page  # "REGRESSED: "
    sweep(here, "compare", "runs/base", "runs/base", "--out", "odd.name", "--format", "junit")
    assert (here / "odd.name").read_text().startswith("<?xml")


def test_the_self_test_exits_with_1_or_says_that_the_gate_is_dead(here: Path) -> None:
    (here / "gate.yaml").write_text(GATE % "1 %")
    (here / "wide.yaml").write_text(GATE % "40 %")
    out, error = sweep(here, "compare", "runs/base", "runs/new", "--gate", "gate.yaml", "--self-test", code=1)
    assert out.startswith("SELF-TEST: ")
    assert error == ""
    _, error = sweep(here, "compare", "runs/base", "runs/new", "--gate", "wide.yaml", "--self-test", code=2)
    assert error.startswith("self-test: ")
    assert 'wide.yaml:1:21: "ns_per_packet": its margin, 40 %, lets it through in all of its 3 cells' in error
    _, error = sweep(here, "compare", "runs/one", "runs/one", "--gate", "gate.yaml", "--self-test", code=4)
    assert "is too little data to find it\n" in error
    assert "  next: more pairs: sweep run tiny.yaml" in error


def test_one_pair_is_too_little_data(here: Path) -> None:
    out, _ = sweep(here, "compare", "runs/one", "runs/new", code=4)
    assert out.startswith("TOO LITTLE DATA: ")
    assert "--set replicates=5" in out


WRONG = {  # what is typed -> exit code, what is said, what to type next
    "compare runs/none runs/base": (
        2,
        'run directory "runs/none" does not exist',
        "next: sweep run FILE --out runs/none",
    ),
    "compare runs/empty runs/base": (
        3,
        'run directory "runs/empty" has no results yet',
        "next: sweep run FILE --out runs/empty",
    ),
    "compare runs/unfinished runs/base": (
        3,
        'BASE "runs/unfinished" is incomplete: 2 of 12',
        "  next: sweep run tiny.yaml",
    ),
    "compare runs/base": (2, '"runs/base" has to be compared with something', "  next: sweep compare runs/base NEW"),
    "compare runs/base --baseline page_pool": (2, "give a second run, or two strategies", "--strategy NAME"),
    "compare runs/base runs/new --strategy x": (2, "with NEW there are two runs", "sweep compare runs/base runs/new"),
    "compare runs/base --baseline page_alocator --strategy x": (2, 'Did you mean "page_allocator"?', "known: page_all"),
    "compare runs/base runs/seed": (3, "seed is 1 in BASE and 2 in NEW", "--set seed=1"),
    "compare runs/base runs/long": (3, '"packets" is 300 in BASE and 400 in NEW', "with the packets of BASE"),
    "compare runs/base runs/new --format pdf": (2, 'format "pdf" is not known', "known: txt, md, html, json, junit"),
    "compare runs/base runs/new --out x.pdf": (2, '--out "x.pdf" does not say in which format', "add --format"),
    "compare runs/base runs/new --out tiny.yaml/x.md": (
        2,
        '"tiny.yaml/x.md" cannot be written',
        "next: give --out another file",
    ),
    "compare runs/base runs/new --format md --out runs/new/manifest.json": (
        2,
        "is what the run itself has published",
        "next: give --out another name",
    ),
    "compare runs/base runs/new --gate no.yaml": (2, "no.yaml: cannot be read", "see: docs/how-to/compare.md"),
    "compare runs/base runs/new --gate bad.yaml": (
        2,
        'bad.yaml:1:20: metric "ns" is a part of several names',
        "choose: ns_per_packet",
    ),
    "compare s4://bucket/x runs/base": (2, 'has scheme "s4", which is not known', "known: s3, gs, file"),
    "compare": (2, "Missing argument", "sweep compare --help"),
}


@pytest.fixture(scope="module")
def odd(here: Path) -> Path:
    """Directories that cannot be compared."""
    (here / "runs/empty").mkdir()
    only = json.loads(sweep(here, "compare", "runs/base", "runs/base", "--format", "json")[0])
    assert only["cells"]["base"] == 3
    sweep(here, *RUN, "--out", "runs/seed", "--set", "seed=2")
    sweep(here, *RUN, "--out", "runs/long", "--set", "packets=400")
    (here / "bad.yaml").write_text("metrics: [{metric: ns, margin: 1 %}]\n")
    unfinished(here)
    return here


def unfinished(here: Path) -> None:
    """A run of which two simulations have a result: published by a run of those alone, then asked for in full."""
    import pyarrow as pa

    from sweep import report

    table = report.read(here / "runs/base")
    (here / "runs/unfinished").mkdir()
    about = json.loads(table.schema.metadata[b"sweep"])
    assert about["simulations"] == 12
    with (
        pa.OSFile(str(here / "runs/unfinished/results.arrow"), "wb") as sink,
        pa.ipc.new_file(sink, table.schema) as file,
    ):
        file.write_table(table.slice(0, 2))


@pytest.mark.parametrize("typed", WRONG)
def test_every_wrong_use_has_a_clear_line_and_what_to_type_next(
    odd: Path, typed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In this process, which keeps its signal handlers."""
    from typer.testing import CliRunner

    from sweep.cli import app

    code, said, following = WRONG[typed]
    monkeypatch.chdir(odd)
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        done = CliRunner().invoke(app, typed.split(), prog_name="sweep")
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
    assert (done.exit_code, done.stdout) == (code, "")
    assert said in done.stderr
    assert following in done.stderr
    assert "mistake in sweep" not in done.stderr
