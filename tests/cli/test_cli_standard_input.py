# SPDX-License-Identifier: MIT
""" "-" in the place of a file: what is read, what its places and the run directory are called, what to type again."""

from __future__ import annotations

import io
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from typed import REPOSITORY, SWEEP

from sweep import standard_input
from sweep.config import load
from sweep.jobs.origin import Origin
from sweep.jobs.submission.submit import _gather_files, errand
from sweep.model.compiler.kernel_cache import VARIABLE, root
from sweep.report.parts.reproduction import elsewhere
from sweep.storage import resume

UNNAMED = SWEEP.replace("name: tiny\n", "")
TRACES = REPOSITORY / "tests" / "golden" / "page_pool" / "traces.public.jsonl"


def piped(directory: Path, text: str, *words: str, code: int = 0) -> tuple[str, str]:
    """Standard output and error of `sweep` with these words and this standard input; it must exit with `code`."""
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY), VARIABLE: str(root())}
    command = [sys.executable, "-m", "sweep", *words]
    done = subprocess.run(
        command, cwd=directory, env=environment, input=text, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == code, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    return done.stdout, done.stderr


@pytest.fixture
def stdin(monkeypatch: pytest.MonkeyPatch) -> io.BytesIO:
    """Standard input of this process; what is written into it is read from its beginning."""
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(raw))
    monkeypatch.setattr(standard_input, "_kept", [])
    return raw


def send(stdin: io.BytesIO, text: str) -> None:
    stdin.write(text.encode())
    stdin.seek(0)


def test_a_sweep_is_run_from_it_and_again_as_is_said(tmp_path: Path) -> None:
    out, _ = piped(tmp_path, SWEEP, "run", "-", "--executor", "inline", "--no-report", "--set", "replicates=1")
    assert "done 3 · failed 0" in out
    shown, _ = piped(tmp_path, "", "show", "runs/tiny", "ring=64")
    command = re.search(r"sweep run - .*? --only [0-9a-f]+", " ".join(shown.split()))[0]
    assert command.startswith("sweep run - --set replicates=1 < FILE --executor inline --no-report --only ")
    (tmp_path / "FILE").write_text(SWEEP)
    again = command.replace("sweep", f"{sys.executable} -m sweep", 1)
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY), VARIABLE: str(root())}
    done = subprocess.run(again, shell=True, cwd=tmp_path, env=environment, capture_output=True, text=True, check=True)
    assert "done 1 · failed 0" in done.stdout


def test_a_mistake_has_its_place(tmp_path: Path) -> None:
    _, error = piped(tmp_path, SWEEP.replace("load: 0.3", "load: many"), "plan", "-", code=2)
    assert error.startswith('<stdin>:8:7: load "many" is not a number.')
    assert piped(tmp_path, "", "plan", "-", code=2)[1].startswith("<stdin>:1:1: is empty")


def test_without_a_name_it_needs_a_run_directory(tmp_path: Path) -> None:
    _, error = piped(tmp_path, UNNAMED, "plan", "-", code=2)
    assert 'give it a "name:", or give --out LOCATION' in error
    assert "= 6 simulations" in piped(tmp_path, UNNAMED, "plan", "-", "--out", "mine")[0]


def test_kernel_traces_and_experiments_are_read_from_it(tmp_path: Path) -> None:
    first = TRACES.read_text().splitlines(keepends=True)[0]
    assert piped(tmp_path, first, "replay", "-")[0].endswith("1 of 1 equal\n")
    assert "<stdin>:2" in piped(tmp_path, first + "{", "replay", "-", code=2)[1]
    assert piped(tmp_path, "title: t\nrwos: 1\n", "validate", "-", code=2)[1].startswith("<stdin>:2:1: ")


def test_a_gate_is_read_from_it(done: Path) -> None:
    out, _ = piped(done, "margins: 1\n", "compare", "runs/tiny", "runs/tiny", "--gate", "-", code=2)[::-1]
    assert out.startswith("<stdin>:1:1: ")


def test_it_is_read_once_and_kept(stdin: io.BytesIO) -> None:
    send(stdin, SWEEP)
    assert load("-").document == load("-").document
    assert load("-").name == "tiny"


def test_what_is_sent_to_a_cluster_has_it_as_a_file(stdin: io.BytesIO, tmp_path: Path) -> None:
    send(stdin, UNNAMED)
    task = errand(Path("-"), ["replicates=3"], "s3://bucket/mine", 0, [])
    _gather_files(task, tmp_path / "sent")
    assert (tmp_path / "sent" / "stdin.yaml").read_text() == UNNAMED
    assert task.words[:4] == ["run", "stdin.yaml", "--set", "replicates=3"]


def test_commands_to_repeat_say_that_there_is_something_to_send() -> None:
    origin = Origin.of("-", ["ring=64"], "runs/x y", ["--executor", "inline"])
    assert origin.resume == "sweep run - --set ring=64 --out 'runs/x y' < FILE --executor inline"
    assert standard_input.typed(["size", "my.yaml"]) == "sweep size my.yaml"
    assert resume.at(origin.resume, "y") == "sweep run - --set ring=64 --out y --executor inline < FILE"
    assert elsewhere(origin.resume) == "sweep run - --set ring=64 --executor inline --out again < FILE"
    assert resume.at("sweep run my.yaml < FILE", "y") == "sweep run my.yaml '<' FILE --out y"  # nobody's redirect
