# SPDX-License-Identifier: MIT
"""`sweep size` as a user types it: answers, formats, going on, mistakes; and the commands of its how-to."""

from __future__ import annotations

import json
import os
import re
import shlex
import signal
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import typer
from typed import REPOSITORY, SWEEP, start, sweep

from sweep.cli.verbs.size import size
from sweep.errors import SweepError
from sweep.model import batch
from sweep.model.scenario import Scenario

SWEEP = SWEEP.replace("packets: 300", "packets: 1_100")  # enough busy periods to say that none lost anything
DROPS = ("--objective", "drop_ratio < 5 %")
INLINE = ("--executor", "inline")
HOW_TO = REPOSITORY / "docs" / "how-to" / "size.md"


@pytest.fixture
def here(tmp_path: Path) -> Path:
    """A directory with a sweep file whose windows are long enough to decide."""
    (tmp_path / "tiny.yaml").write_text(SWEEP)
    return tmp_path


def test_too_little_seen_is_told_with_the_command_that_decides(here: Path) -> None:
    out, _ = sweep(here, "size", "tiny.yaml", *DROPS, *INLINE, "--set", "packets=300", "--replicates=2")
    said = re.search(
        r"only \d+ \S+ .* seen.*; about (\d+) replicates \([\d,]+ packets\) would decide", " ".join(out.split())
    )
    assert said
    last = out.splitlines()[-2]
    wanted = f"to decide what is open: sweep size tiny.yaml {shlex.join([*DROPS, *INLINE])} --set packets=300"
    assert last == f"{wanted} --replicates {said[1]}"
    for _ in range(4):  # it says "about"
        if "to decide what is open: " in out:
            out, _ = sweep(here, *shlex.split(out.splitlines()[-2].partition(": sweep ")[2]))
    assert re.search(r"^  router 0\.3  +≤ 64 ", out, re.M)


def test_the_answer_comes_first_and_the_run_directory_has_it(here: Path) -> None:
    out, error = sweep(here, "size", "tiny.yaml", *DROPS, *INLINE)
    assert error == ""
    lines = out.splitlines()
    assert lines[0] == "tiny: 1 series of 3 rings, at most 2 replicates: 6 simulations if all were run"
    assert lines[1] == "tiny: the smallest ring with drop_ratio < 5 %"
    assert re.search(r"^  router 0\.3  +≤ 64 +– +page_allocator +\d+ +[\d.]+ +–$", out, re.M)
    assert re.search(r"^  0\.3 page_allocator +≤ 64 +– +\d+ +– +0 +[\d.]+ +\+··$", out, re.M)
    assert "To apply: ethtool -G DEV rx N" in out
    assert re.fullmatch(r"simulated 2 · .+ s · runs/tiny/size\.json", lines[-2])
    assert lines[-1] == "all of the grid: sweep run tiny.yaml --executor inline"
    kept = json.loads((here / "runs/tiny/size.json").read_text())
    assert (kept["format"], kept["sweep"], kept["simulations"]["wanted"]) == (3, "tiny", 2)
    assert kept["verdicts"][0]["apply"] == {"ethtool": "ethtool -G DEV rx 64", "ring": 64, "strategy.pool_size": None}
    assert not (here / "runs/tiny/results.arrow").exists()

    out, _ = sweep(here, "size", "tiny.yaml", *DROPS, *INLINE)
    assert "\nsimulated 0, 2 were there · " in out
    out, _ = sweep(here, "run", "tiny.yaml", *INLINE, "--no-report")
    assert "done 2 · reused 0 · to run 4" in out
    out, _ = sweep(here, "size", "tiny.yaml", "--objective", "allocator_calls_per_packet < 0.01", *INLINE)
    assert "none of the rings 64, 128 and 256" in out
    assert "\nsimulated 0, 4 were there · " in out


def test_objectives_of_the_file_and_formats(here: Path) -> None:
    (here / "mine.yaml").write_text(f"{SWEEP}objectives: [drop_ratio < 5 %, 'ns_per_packet > 1']\n")
    out, _ = sweep(here, "size", "mine.yaml", *INLINE, "--format", "json")
    found = json.loads(out)
    assert [each["that"] for each in found["objectives"]] == ["drop_ratio < 5 %", "ns_per_packet > 1"]
    assert out.strip() == (here / "runs/tiny/size.json").read_text()
    out, _ = sweep(here, "size", "mine.yaml", *INLINE, "--format", "md", *DROPS)
    assert out.startswith("# tiny: the smallest ring with drop\\_ratio \\< 5 %\n")
    assert "| router 0.3 | ≤ 64 | – | page\\_allocator |" in out
    out, _ = sweep(here, "size", "mine.yaml", *INLINE, "--format", "html", *DROPS)
    assert out.startswith("<!doctype html>")
    assert "<h1>tiny: the smallest ring with drop_ratio &lt; 5 %</h1>" in out
    assert '<th scope="row">router 0.3</th>' in out
    out, _ = sweep(here, "plan", "tiny.yaml")  # objectives decide no row
    assert "done 0 · reused 2 · to run 4" in out


def test_more_replicates_and_another_confidence(here: Path) -> None:
    out, _ = sweep(here, "size", "tiny.yaml", *DROPS, *INLINE, "--replicates", "8", "--confidence", "99.5")
    assert "at most 8 replicates: 24 simulations if all were run" in out
    assert "At 99.5 % confidence per series, judged after 2, 3, 5 and 8 replicates." in out
    assert out.splitlines()[-1] == "all of the grid: sweep run tiny.yaml --set replicates=8 --executor inline"


MISTAKES = {
    "unknown kind": ({"find": "laod"}, 'find "laod" is not known. Did you mean "load"?\n  known: ring, load'),
    "no load to choose": (
        {"find": "load", "sets": ["axes.load=[0.3]"]},
        'tiny has no axis "load": load is "0.3" at every point, so there is nothing to choose\n'
        "  next: sweep size FILE --set 'axes.load={log: [0.01, 1, 925]}'",
    ),
    "a load in the condition": (
        {"find": "load", "objective": ["drop_ratio[load<=0.5] < 1 %"]},
        '"drop_ratio[load<=0.5] < 1 %" speaks of some loads only, and the load is what is searched\n  next: leave',
    ),
    "easier with load": (
        {"find": "load", "objective": ["lap_ns < 1 us"]},
        '"lap_ns < 1 us" is easier to meet at a higher load, so there is no highest that it allows\n  next: ',
    ),
    "no objective": (
        {"objective": []},
        "tiny has no objective: nothing says what is good enough\n  next: sweep size FILE --objective",
    ),
    "unknown metric": (
        {"objective": ["drop_rato < 1"]},
        '--objective: "drop_rato < 1" has the metric "drop_rato" in it, which is not known. '
        'Did you mean "drop_ratio"?\n  known: ns_per_packet, ',
    ),
    "another unit": (
        {"objective": ["latency_p99_ns < 50 %"]},
        '"latency_p99_ns < 50 %" bounds latency_p99_ns by "50 %", which has the unit "%", which is not one of: ps, ',
    ),
    "no number": ({"objective": ["drop_ratio < low"]}, 'has the metric "low" in it, which is not known'),
    "not readable": (
        {"objective": ["drops are few"]},
        '"drops are few" has no bound such as < 0.01 at its end; write METRIC where CONDITION < VALUE UNIT',
    ),
    "a metric on the right": (
        {"objective": ["drop_ratio < reuse_ratio"]},
        "compares two metrics, and an objective has a number on its right: drop_ratio < 0.1 %.",
    ),
    "a histogram": (
        {"objective": ["latency_ns_histogram < 100"]},
        'is about the histogram "latency_ns_histogram", and an objective is about one number.\n'
        "  known: latency_p50_ns, latency_p99_ns",
    ),
    "a parameter": ({"objective": ["ring < 100"]}, 'is about the parameter "ring", which the sweep file sets.'),
    "no point": (
        {"objective": ["drop_ratio[page_pool] < 1"]},
        'selects no point: "strategy = page_pool" holds at none.',
    ),
    "no ring axis": (
        {"sets": ["ring=64"]},
        'tiny has no axis "ring": ring is "64" at every point, so there is nothing to choose\n'
        "  next: sweep size FILE --set",
    ),
    "one replicate": (
        {"replicates": 1},
        'replicates is "1" in tiny: one shows nothing of how replicates differ\n  next: sweep size FILE --replicates 8',
    ),
    "no replicate": ({"replicates": 0}, '--set replicates=0: replicates "0" is too small'),
    "no confidence": ({"confidence": 100.0}, 'confidence "100" is not a percentage from 50 to 99.99'),
    "unknown format": ({"format": "pdf"}, 'format "pdf" is not known.'),
    "unknown executor": ({"executor": "rya"}, 'executor "rya" is not known. Did you mean "ray"?'),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_one_message_and_nothing_runs(here: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(here)
    options, message = MISTAKES[name]
    with pytest.raises(SweepError) as error:
        size(Path("tiny.yaml"), **{"objective": ["drop_ratio < 0.1 %"], "executor": "inline", **options})  # type: ignore[arg-type]
    assert message in str(error.value)
    assert error.value.exit_code == 2
    assert not list(here.glob("runs/tiny/parts/*"))


def test_a_mistake_is_told_without_a_traceback(here: Path) -> None:
    out, error = sweep(here, "size", "tiny.yaml", "--objective", "drop_rato < 1", code=2)
    assert out == ""
    assert error.startswith('--objective: "drop_rato < 1" has the metric "drop_rato" in it')
    assert error.endswith("\n  see: sweep show metrics\n")


def test_a_mistake_in_the_file_has_its_place(here: Path) -> None:
    (here / "mine.yaml").write_text(f"{SWEEP}objectives:\n  - drop_ratio < 0.1 %\n  - drop_rato < 1\n")
    _, error = sweep(here, "plan", "mine.yaml", code=2)
    line = len(SWEEP.splitlines()) + 3
    assert error.startswith(f'mine.yaml:{line}:5: objectives "drop_rato < 1" has the metric "drop_rato" in it')
    (here / "mine.yaml").write_text(f'{SWEEP}objectives: "drop_ratio[ring>256] < 1"\n')
    _, error = sweep(here, "plan", "mine.yaml", code=2)
    assert error.startswith(f"mine.yaml:{line - 2}:13: ")
    assert 'selects no point: "ring > 256" holds at none' in error


def test_ctrl_c_keeps_what_is_done_and_says_how_to_go_on(tmp_path: Path) -> None:
    long = tmp_path
    text = SWEEP.replace("packets: 1_100", "packets: 3_000_000").replace("replicates: 2", "replicates: 50")
    (long / "long.yaml").write_text(text)
    words = ("size", "long.yaml", "--objective", "latency_p99_ns[ring<=128] < 1", *INLINE)
    process = start(long, *words)
    try:
        until = time.monotonic() + 120
        while not list((long / "runs/tiny/parts").glob("*.arrow")):
            assert process.poll() is None, "it ended before a part was there"
            assert time.monotonic() < until, "no part within two minutes"
            time.sleep(0.02)
        os.kill(process.pid, signal.SIGINT)
        _, error = process.communicate(timeout=60)
    finally:
        process.kill()
        process.wait()
    assert process.returncode == 3, error
    assert error.endswith(f"interrupted; what was finished is kept. Go on with\n  sweep {shlex.join(words)}\n")
    assert not (long / "runs/tiny/size.json").exists()


def typed_words(monkeypatch: pytest.MonkeyPatch, **options: Any) -> int:
    """The exit code of `size` in this process."""
    given = {"objective": [DROPS[1]], "executor": "inline", **options}
    monkeypatch.setattr("sys.argv", ["sweep", "size", "tiny.yaml"])
    try:
        size(Path("tiny.yaml"), **given)
    except typer.Exit as ending:
        return ending.exit_code
    return 0


def test_what_failed_is_told_and_tried_again_on_request(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    simulate = batch.simulate

    def failing(strategy: str, scenarios: Sequence[Scenario], tables: Any) -> Any:
        if any(scenario.ring == 64 for scenario in scenarios):
            raise ValueError("planted")
        return simulate(strategy, scenarios, tables)

    monkeypatch.chdir(here)
    with monkeypatch.context() as patch:
        patch.setattr(batch, "simulate", failing)
        assert typed_words(patch) == 3
    out, error = capsys.readouterr()
    assert "the smallest ring is undecided, ring 128 does" in out
    assert "simulations that the answer needs failed and have no result\n  page_allocator, 2 simulations: " in error
    assert "2 simulations: ValueError: planted" in error
    assert error.endswith("next: mend the cause, then\n  sweep size tiny.yaml --retry-failed\n")
    assert typed_words(monkeypatch) == 3  # it failed before and is not tried again: that is told too
    assert "failed and have no result\nnext: mend the cause" in capsys.readouterr().err
    assert typed_words(monkeypatch, retry_failed=True) == 0
    assert capsys.readouterr().err == ""


def test_rows_that_break_a_law_are_told(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    simulate = batch.simulate

    def broken(*arguments: Any) -> Any:
        result = simulate(*arguments)
        return result._replace(violations=["planted"] * len(result.violations))

    monkeypatch.chdir(here)
    monkeypatch.setattr(batch, "simulate", broken)
    assert typed_words(monkeypatch) == 1
    assert "rows that the answer needs broke a conservation law and have no say in it" in capsys.readouterr().err


def commands() -> list[str]:
    blocks = re.findall(r"```console\n(.*?)```", HOW_TO.read_text(), re.S)
    return [line[2:] for block in blocks for line in block.splitlines() if line.startswith("$ ")]


@pytest.mark.slow
def test_the_how_to_s_commands_run(tmp_path: Path) -> None:
    (tmp_path / "configs").symlink_to(REPOSITORY / "configs")
    typed = commands()
    assert len(typed) >= 6
    for command in typed:
        program, *words = shlex.split(command)
        assert program == "sweep"
        out, _ = sweep(tmp_path, *words)
        assert out.strip(), command


def test_the_how_to_s_objectives_are_some(here: Path) -> None:
    (text,) = re.findall(r"```yaml\n(.*?)```", HOW_TO.read_text(), re.S)
    (here / "mine.yaml").write_text(SWEEP + text)
    out, _ = sweep(here, "plan", "mine.yaml")
    assert out.startswith("tiny: 3 points")
