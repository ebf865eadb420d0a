# SPDX-License-Identifier: MIT
"""Local Ray: the same table, on loopback only, every kind of ending told apart, and nothing left behind."""

from __future__ import annotations

import ipaddress
import os
import signal
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pytest
from processes import alive, descendants, listening, named, private_directories, until
from ray_plans import HEAVY, LONG, SHORT, WRONG, collect, mixed_plan, wait_until

from sweep import config
from sweep.errors import RunError, SweepError
from sweep.jobs.executors.choice import open_executor
from sweep.jobs.executors.protocol import Executor, Join
from sweep.jobs.executors.work import Ending, RunSlice, WarmKernel
from sweep.jobs.origin import Origin
from sweep.jobs.request import RunRequest
from sweep.jobs.run import RunSummary, run
from tests.tiny_sweep import SIMULATIONS, MakeRequest, read

ALLOWED_BYTES = 150 << 20  # a worker: what it takes is in tests/faults


@dataclass
class Seen:
    """What was there while the run was going on, and after it."""

    summary: RunSummary
    addresses: set[str]  # on which this process's descendants listened
    during: set[int]  # descendants
    after: set[int]
    environment: tuple[dict[str, str], dict[str, str]]  # before and after
    stderr: str
    directories: set[Path]  # of Ray


@pytest.fixture(scope="module")
def seen(sweep_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Seen:
    directory = tmp_path_factory.mktemp("ray") / "run"
    environment, terminal = dict(os.environ), tempfile.TemporaryFile()  # noqa: SIM115
    addresses: set[str] = set()
    before, during = descendants(), set[int]()  # before: of other tests, as a browser
    directories: set[Path] = set()

    def watch(progress: object) -> None:
        during.update(descendants() - before)
        addresses.update(listening(during))
        directories.update(private_directories(during))

    stderr = os.dup(2)
    os.dup2(terminal.fileno(), 2)
    try:
        request = RunRequest(
            config.load(sweep_file), directory, Origin.of("tiny.yaml", (), None), workers=2, chunk_s=1e-6, shuffle=5
        )
        summary = run(request, watch)
    finally:
        os.dup2(stderr, 2)
        os.close(stderr)
    after = alive(during)
    terminal.seek(0)
    said = terminal.read().decode()
    terminal.close()
    return Seen(summary, addresses, during, after, (environment, dict(os.environ)), said, directories)


def test_same_table_as_inline(seen: Seen, undisturbed: pa.Table) -> None:
    assert (seen.summary.exit_code, seen.summary.done) == (0, SIMULATIONS)
    assert seen.summary.progress.executor == "local Ray, 2 workers"
    assert read(seen.summary.directory).equals(undisturbed)


def test_listens_on_loopback_only(seen: Seen) -> None:
    assert seen.addresses
    assert all(ipaddress.ip_address(address).is_loopback for address in seen.addresses), seen.addresses


def test_leaves_nothing_behind(seen: Seen) -> None:
    """Not a process, not a file, not a variable: at once, without waiting."""
    assert len(seen.during) > 5
    assert not seen.after
    assert len(seen.directories) == 1
    assert not any(path.exists() for path in seen.directories)
    assert seen.environment[0] == seen.environment[1]


def test_says_nothing_on_the_terminal(seen: Seen) -> None:
    assert seen.stderr == ""


@pytest.fixture(scope="module")
def executor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Executor]:
    """Two workers without a compiler, so that LONG is long, with little memory each."""
    folder = tmp_path_factory.mktemp("executor")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SWEEP_PLAIN_PYTHON", "1")
        patch.setenv("SWEEP_WORKER_MEMORY_BYTES", str(ALLOWED_BYTES))
        executor = open_executor("ray", mixed_plan(folder), 2, None, folder / "executor.log")
    try:
        executor.submit(WarmKernel("page_pool"))
        outcomes = collect(executor, [WarmKernel("page_pool")])
        assert outcomes[WarmKernel("page_pool")].ending is Ending.DONE, outcomes
        assert (executor.workers, executor.name) == (2, "local Ray, 2 workers")
        yield executor
    finally:
        executor.close()


def test_an_exception_comes_back_as_text(executor: Executor) -> None:
    outcome = collect(executor, [_submit(executor, RunSlice(WRONG))])[RunSlice(WRONG)]
    assert (outcome.ending, outcome.data) == (Ending.ENVIRONMENT, None)  # of other sources: no simulation's doing
    assert 'chunk "not its digest" comes out as other simulations' in outcome.error
    assert outcome.node == os.uname().nodename


def test_part_of_a_chunk(executor: Executor) -> None:
    work = _submit(executor, RunSlice(HEAVY, 3, 4))
    data = collect(executor, [work])[work].data
    assert data is not None
    assert pa.ipc.open_file(data).read_all().num_rows == 1


def test_a_worker_that_dies_is_told_from_a_chunk_that_fails(executor: Executor) -> None:
    long = _submit(executor, RunSlice(LONG, attempt=1))
    wait_until(executor, lambda: named("ray::run_chunk"), "a worker at the long chunk")
    for pid in named("ray::run_chunk"):
        os.kill(pid, signal.SIGKILL)
    outcome = collect(executor, [long])[long]
    assert outcome.ending is Ending.CRASHED
    assert "worker died" in outcome.error
    assert _works(executor, copy=2)


def test_cancelled_work_ends_at_once_and_is_never_heard_of(executor: Executor) -> None:
    long = _submit(executor, RunSlice(LONG, attempt=2))
    wait_until(executor, lambda: named("ray::run_chunk"), "a worker at the long chunk")
    workers = named("ray::run_chunk")
    executor.cancel(long)
    until(lambda: not alive(workers), "the worker of cancelled work is gone")
    assert _works(executor, copy=3)
    executor.cancel(RunSlice(SHORT, attempt=3))  # done already: nothing happens
    assert executor.wait(0.2) == []


def test_work_that_wants_a_node_to_itself_gets_it(executor: Executor) -> None:
    """It waits for what runs, and what comes after it waits for it; Ray by itself would let the later ones pass."""
    before = _submit(executor, RunSlice(HEAVY, 0, 2, attempt=4))
    alone = _submit(executor, RunSlice(SHORT, attempt=4, alone=True))
    after = _submit(executor, RunSlice(SHORT + 1, attempt=4))
    outcomes = collect(executor, [before, alone, after])
    assert list(outcomes) == [before, alone, after]
    assert {outcome.ending for outcome in outcomes.values()} == {Ending.DONE}


def test_cancelled_work_holds_nobody_back(executor: Executor) -> None:
    alone = _submit(executor, RunSlice(LONG, attempt=5, alone=True))
    executor.wait(0.5)
    held = _submit(executor, RunSlice(SHORT, attempt=5))
    executor.cancel(alone)
    assert collect(executor, [held])[held].ending is Ending.DONE


def test_closing_while_it_starts(tmp_path: Path) -> None:
    """Nothing is left of a Ray that was only half there."""
    before = descendants()
    executor = open_executor("ray", mixed_plan(tmp_path), 1, None, tmp_path / "executor.log")
    until(lambda: named("gcs_server") - before, "Ray's first service")
    assert executor.workers == 0
    directories = private_directories(descendants() - before)
    assert len(directories) == 1
    executor.close()
    assert descendants() <= before
    assert not directories.pop().exists()
    executor.close()  # and again: nothing


def test_no_cluster_at_an_address(request_of: MakeRequest) -> None:
    """Nobody listens on port 1; Ray itself would try for minutes."""
    with pytest.raises(RunError, match=r'no Ray cluster at "127\.0\.0\.1:1": .*Connection refused'):
        run(request_of(executor="ray", join=Join("127.0.0.1:1")))


def test_ray_client_is_refused_before_anything_starts(tmp_path: Path) -> None:
    with pytest.raises(SweepError, match=r'"ray://head:10001" names a Ray Client server') as error:
        open_executor("ray", mixed_plan(tmp_path), 1, Join("ray://head:10001"), tmp_path / "executor.log")
    assert error.value.exit_code == 2


def _submit(executor: Executor, work: RunSlice) -> RunSlice:
    executor.submit(work)
    return work


def _works(executor: Executor, copy: int) -> bool:
    work = _submit(executor, RunSlice(SHORT, attempt=copy))
    return collect(executor, [work])[work].ending is Ending.DONE
