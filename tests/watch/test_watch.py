# SPDX-License-Identifier: MIT
"""Watching a run from its directory alone: finished, killed, running, failing, far away; and Ctrl-C harms nobody."""

from __future__ import annotations

import json
import os
import pty
import re
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from half_done import SIMULATIONS, SWEEP, environment, sweep

from sweep import storage
from sweep.errors import SweepError
from sweep.jobs.store.failure import Failure
from sweep.jobs.store.parts import Store
from sweep.plan.identity import canonical, digest
from sweep.watch import Observer

BOUND_S = 60.0


def state(directory: Path) -> list[tuple[str, int]]:
    return sorted((str(path), path.lstat().st_mtime_ns) for path in directory.rglob("*"))


def test_a_finished_run(finished: Path) -> None:
    before = state(finished)
    view = Observer(finished).look()
    assert (view.name, view.simulations, view.done, view.failed) == ("watched", SIMULATIONS, SIMULATIONS, 0)
    assert (view.complete, view.over, view.published) == (True, True, True)
    assert view.share == 1.0
    assert view.cells.decided + len(view.cells.undecided) == 2
    assert view.cells.waiting == 0
    assert state(finished) == before


def test_the_comparisons_are_those_of_the_report(finished: Path) -> None:
    from sweep import report
    from sweep.results import dataset
    from sweep.results.analysis import analyse

    outcomes = analyse(dataset.read(report.read(finished))).outcomes.values()
    assert Observer(finished).look().cells.decided == sum(outcome.decided for outcome in outcomes)


def test_a_killed_run(half: Path) -> None:
    view = Observer(half).look()
    assert (view.done, view.missing, view.complete, view.over) == (SIMULATIONS // 2, SIMULATIONS // 2, False, True)
    assert 0.2 < view.share < 0.8
    assert (view.cells.decided, view.cells.waiting) == (0, 2)
    assert view.left_s is None  # nobody works on it
    assert not view.published


def test_parts_that_are_known_are_not_read_again(half: Path, finished: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    observer = Observer(half)
    observer.look()
    read: list[str] = []
    plain = type(storage.open(half)).get
    monkeypatch.setattr(
        type(storage.open(half)), "get", lambda self, name: read.append(name) or plain(self, name), raising=True
    )
    observer.look()
    assert not [name for name in read if name.startswith("parts/")]
    new = sorted({path.name for path in (finished / "parts").iterdir()} - {p.name for p in (half / "parts").iterdir()})
    (half / "parts" / new[0]).write_bytes((finished / "parts" / new[0]).read_bytes())
    view = observer.look()
    assert [name for name in read if name.startswith("parts/")] == [f"parts/{new[0]}"]
    assert view.done > SIMULATIONS // 2


def test_a_run_that_is_writing(half: Path) -> None:
    """It has a holder and a time left, and is not over."""
    note = json.loads((half / "run.json").read_text())
    note["started"] = "2020-01-01T00:00:00+00:00"
    (half / "run.json").write_text(json.dumps(note))
    with Store(half).writing():
        view = Observer(half).look()
        assert not view.over
        assert f"pid {os.getpid()}" in view.holder
        assert view.left_s > 0
    assert Observer(half).look().over


def test_rows_of_other_sources_are_told_and_not_counted(half: Path) -> None:
    assert Observer(half).look().stale == 0
    note = json.loads((half / "run.json").read_text())
    note["document"]["seed"] = 2
    note["document_digest"] = digest(canonical(note["document"]))
    (half / "run.json").write_text(json.dumps(note))
    view = Observer(half).look()
    assert (view.done, view.stale, view.cells) == (0, SIMULATIONS // 2, None)
    out, _ = sweep(half.parent, "watch", str(half), "--once", code=3)
    assert "\n  not counted: 6 rows of other sources, or of another variant of the sweep\n" in out


@pytest.mark.parametrize("note", ["{", "[]", '{"document": 3}', '{"document": {"format": 99}, "command": "x"}'])
def test_a_damaged_note_is_said_to_be(half: Path, note: str) -> None:
    (half / "run.json").write_text(note)
    with pytest.raises(SweepError, match=r"run\.json.* is damaged(.|\n)*next: sweep run FILE --out"):
        Observer(half).look()


def test_failures_are_told_and_are_not_missing(half: Path) -> None:
    store = Store(half)
    with store.writing():
        from sweep import config, plan

        survey = plan.survey(config.from_document(store.noted("run")["document"]))
        there = {name for part in store.scan(False) for name in part.ids.tolist()}
        lost = tuple(name.decode() for name in survey.ids.tolist() if name not in there)[:2]
        failure = Failure("page_pool", "exception", "Traceback\nValueError: planted", lost, survey.document_digest)
        store.fail(failure.name, failure.record())
    view = Observer(half).look()
    assert (view.failed, view.missing) == (2, SIMULATIONS // 2 - 2)
    assert [failure.reason for failure in view.failures] == ["ValueError: planted"]
    out, _ = sweep(half.parent, "watch", str(half), "--once", code=3)
    assert f"  failed: page_pool, 2 simulations: ValueError: planted\n    {half}/failed/{failure.name}.json" in out


def test_what_is_no_run_directory(tmp_path: Path) -> None:
    with pytest.raises(SweepError, match=r"does not exist\.[^\n]*\n(  there are: .*\n)?  next: sweep run FILE --out"):
        Observer(tmp_path / "none").look()


def test_a_run_in_an_object_store(finished: Path, s3) -> None:
    uri = s3.uri("run")
    for path in finished.rglob("*"):
        if path.is_file() and not path.is_symlink():
            s3.put(f"run/{path.relative_to(finished)}", path.read_bytes())
    s3.put("run/manifest.json", (finished / "manifest.json").read_bytes())
    view = Observer(uri).look()
    assert (view.done, view.complete, view.published) == (SIMULATIONS, True, True)


class TestTyped:
    def test_a_finished_run_in_a_few_lines(self, finished: Path) -> None:
        out, error = sweep(finished.parents[1], "watch", "runs/watched", "--once")
        assert error == ""
        lines = out.splitlines()
        assert lines[0] == f"watched  {'━' * 30}  12/12 simulations · 100.0 % of the predicted cost"
        assert re.fullmatch(r"  nobody writes: the run of \S+ ended with exit 0 at \S+", lines[1])
        assert re.fullmatch(r"  \d cells? decided · \d undecided · 0 waiting for simulations", lines[2])
        assert lines[-1] == "next: sweep report runs/watched"

    def test_a_killed_run_says_how_to_go_on(self, half: Path) -> None:
        out, _ = sweep(half.parent, "watch", "half", code=3)
        assert "6/12 simulations" in out
        assert out.splitlines()[-1].startswith("next: sweep run watched.yaml")

    def test_nothing_there(self, tmp_path: Path) -> None:
        _, error = sweep(tmp_path, "watch", "runs/none", code=2)
        assert error == ('run directory "runs/none" does not exist.\n  next: sweep run FILE --out runs/none\n')

    def test_plain_lines_until_the_run_ends(self, half: Path) -> None:
        """The writer is this test: it holds the directory, adds a part, and goes."""
        with watching(half) as process, Store(half).writing():
            assert process.stdout.readline().startswith("watched: 6/12 simulations · ")
        out, error = process.out
        assert error == ""
        assert "nobody writes" in out
        assert process.returncode == 3

    def test_ctrl_c_ends_the_watching_and_not_the_run(self, half: Path) -> None:
        before = state(half / "parts")
        with Store(half).writing():
            with watching(half) as process:
                assert process.stdout.readline().startswith("watched: 6/12 simulations · ")
                process.send_signal(signal.SIGINT)
            assert process.returncode == 3
            out, error = process.out
            assert "no longer watching; the run goes on. Watch it again with\n  sweep watch half\n" in error
            assert "Traceback" not in out + error
        assert state(half / "parts") == before

    def test_on_a_terminal_it_is_drawn_again_and_again(self, half: Path) -> None:
        ours, theirs = pty.openpty()
        command = [sys.executable, "-m", "sweep", "watch", "half", "--interval", "0.2"]
        known = environment(TERM="xterm", COLUMNS="100", LINES="30")
        with Store(half).writing():
            process = subprocess.Popen(command, cwd=half.parent, env=known, stdout=theirs, stderr=theirs)
            os.close(theirs)
            try:
                shown = _read(ours, "being written by", process)
            except BaseException:
                process.kill()
                raise
        try:
            shown += _read(ours, "next: sweep run", process)
            assert process.wait(BOUND_S) == 3
        finally:
            process.kill()
            process.wait()
            os.close(ours)
        assert "━" in shown
        assert "6/12 simulations" in shown

    def test_a_real_run_is_watched_to_its_end(self, tmp_path: Path) -> None:
        (tmp_path / "watched.yaml").write_text(SWEEP)
        command = [sys.executable, "-m", "sweep", "run", "watched.yaml", "--executor", "inline", "--no-report"]
        run = subprocess.Popen(
            [*command, "--chunk-seconds", "0.001"],
            cwd=tmp_path,
            env=environment(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            until = time.monotonic() + BOUND_S
            while not (tmp_path / "runs/watched/run.json").exists():
                assert time.monotonic() < until, "the run did not begin"
                time.sleep(0.02)
            out, _ = sweep(tmp_path, "watch", "runs/watched", "--interval", "0.2")
            assert "12/12 simulations" in out
            assert out.splitlines()[-1] == "next: sweep report runs/watched"
            assert run.wait(BOUND_S) == 0, run.stderr.read()
        finally:
            run.kill()
            run.wait()
            run.stderr.close()


def _read(terminal: int, until: str, process: subprocess.Popen[bytes]) -> str:
    """What a terminal shows, until these words come."""
    shown, deadline = b"", time.monotonic() + BOUND_S
    while until.encode() not in shown:
        assert time.monotonic() < deadline, f"no {until!r} in {shown!r}"
        ready, _, _ = select.select([terminal], [], [], 0.2)
        if ready:
            shown += os.read(terminal, 1 << 16)
        else:
            assert process.poll() is None, shown
    return shown.decode()


@contextmanager
def watching(directory: Path) -> Iterator[subprocess.Popen[str]]:
    """`sweep watch` on a directory; when the block ends it must end by itself, and `.out` is what it said."""
    process = subprocess.Popen(
        [sys.executable, "-m", "sweep", "watch", directory.name, "--interval", "0.2"],
        cwd=directory.parent,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    except BaseException:
        process.kill()
        process.communicate()
        raise
    try:
        process.out = process.communicate(timeout=BOUND_S)
    finally:
        process.kill()
        process.wait()
