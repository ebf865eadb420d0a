# SPDX-License-Identifier: MIT
"""What the end of a watched process says of the simulations in it."""

from __future__ import annotations

import pickle
import signal

import pytest

from sweep import plan as planning
from sweep.jobs.executors.trial import outcome_of_exit, run_watched
from sweep.jobs.executors.work import AttemptOutcome, Ending, RunSlice
from sweep.jobs.inventory import take_inventory
from tests.tiny_sweep import SIMULATIONS, MakeRequest


@pytest.mark.parametrize("number", [signal.SIGSEGV, signal.SIGBUS, signal.SIGFPE, signal.SIGILL, signal.SIGABRT])
def test_signals_that_a_program_brings_upon_itself(number: int) -> None:
    assert outcome_of_exit(-number, True, b"", "").ending is Ending.CRASHED
    assert outcome_of_exit(-number, False, b"", "").ending is Ending.ENVIRONMENT


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGXCPU, 40])
@pytest.mark.parametrize("begun", [True, False])
def test_signals_from_outside(number: int, begun: bool) -> None:
    assert outcome_of_exit(-number, begun, b"", "").ending is Ending.KILLED


@pytest.mark.parametrize("code", [0, 1, 99])
def test_an_exit_without_a_result(code: int) -> None:
    crashed, troubled = (
        outcome_of_exit(code, True, b"", "boom"),
        outcome_of_exit(code, False, b"", "ImportError: no llvmlite"),
    )
    assert (crashed.ending, troubled.ending) == (Ending.CRASHED, Ending.ENVIRONMENT)
    assert f"exit code {code}" in crashed.error
    assert "ImportError: no llvmlite" in troubled.error


def test_a_result() -> None:
    outcome = AttemptOutcome(Ending.DONE, b"part")
    assert outcome_of_exit(0, True, pickle.dumps(outcome), "") == outcome


def test_a_chunk_in_a_process_of_its_own(request_of: MakeRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SWEEP_PLAIN_PYTHON", "1")
    inventory = take_inventory(request_of(chunk_s=10.0), [])
    plan = planning.encode(planning.plan(inventory.survey, inventory.chunks))
    outcome = run_watched(plan, RunSlice(0), 2 << 30)
    assert (outcome.ending, outcome.failed) == (Ending.DONE, ())
    assert outcome.data
    assert sum(len(chunk.simulations) for chunk in inventory.chunks) == SIMULATIONS
    broken = run_watched(b"no plan", RunSlice(0), 2 << 30)
    assert broken.ending is Ending.ENVIRONMENT
    assert "plan is damaged" in broken.error
