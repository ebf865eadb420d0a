# SPDX-License-Identifier: MIT
"""Local Ray: the same table, on loopback only, and nothing left behind.  One cluster serves all tests here."""

from __future__ import annotations

import ipaddress
import os
import signal
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pytest
from tiny_sweep import SIMULATIONS, MakeRequest, read

from sweep import config, plan
from sweep.errors import RunError
from sweep.jobs.executor import Join, open_executor
from sweep.jobs.origin import Origin
from sweep.jobs.request import Request
from sweep.jobs.run import Summary, run
from sweep.jobs.work import Run, Warm

LISTEN = "0A"  # state of a listening socket in /proc/net/tcp


@dataclass
class Seen:
    """What was there while the run was going on, and after it."""

    summary: Summary
    listening: set[str]  # addresses on which this process's descendants listened
    during: set[int]  # descendants
    after: set[int]
    environment: tuple[dict[str, str], dict[str, str]]  # before and after
    stderr: str
    temporary: list[str]  # of this process, after


def _parents() -> dict[int, int]:
    found = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:  # gone meanwhile
            continue
        if fields[0] != "Z":
            found[int(stat.parent.name)] = int(fields[1])
    return found


def _descendants() -> set[int]:
    parents = _parents()
    found: set[int] = set()
    while new := {pid for pid, parent in parents.items() if parent in found | {os.getpid()}} - found:
        found |= new
    return found


def _listening(pids: set[int]) -> set[str]:
    """Addresses of the listening TCP sockets that these processes hold."""
    inodes = set()
    for pid in pids:
        for descriptor in Path(f"/proc/{pid}/fd").glob("*"):
            try:
                inodes.add(os.readlink(descriptor))
            except OSError:
                continue
    found = set()
    for table in ("tcp", "tcp6"):
        for line in Path("/proc/net", table).read_text().splitlines()[1:]:
            words = line.split()
            if words[3] == LISTEN and f"socket:[{words[9]}]" in inodes:
                found.add(_address(words[1].split(":")[0]))
    return found


def _address(text: str) -> str:
    """An address as /proc/net has it: little-endian words of four bytes."""
    raw = b"".join(bytes.fromhex(text[i : i + 8])[::-1] for i in range(0, len(text), 8))
    address = ipaddress.ip_address(raw)
    return str(getattr(address, "ipv4_mapped", None) or address)


@pytest.fixture(scope="module")
def seen(sweep_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Seen:
    directory = tmp_path_factory.mktemp("ray") / "run"
    environment, terminal = dict(os.environ), tempfile.TemporaryFile()  # noqa: SIM115
    listening: set[str] = set()
    during: set[int] = set()

    def watch(progress: object) -> None:
        during.update(_descendants())
        listening.update(_listening(during))

    stderr = os.dup(2)
    os.dup2(terminal.fileno(), 2)
    try:
        request = Request(
            config.load(sweep_file), directory, Origin.of("tiny.yaml", (), None), workers=2, chunk_s=1e-6, shuffle=5
        )
        summary = run(request, watch)
    finally:
        os.dup2(stderr, 2)
        os.close(stderr)
    deadline = time.perf_counter() + 10
    while (after := _descendants() & during) and time.perf_counter() < deadline:
        time.sleep(0.1)
    terminal.seek(0)
    root = Path(tempfile.gettempdir())
    temporary = [path.name for path in root.glob(f"sweep-ray-{os.getpid()}-*")]
    said = terminal.read().decode()
    terminal.close()
    return Seen(summary, listening, during, after, (environment, dict(os.environ)), said, temporary)


def test_same_table_as_inline(seen: Seen, undisturbed: pa.Table) -> None:
    assert (seen.summary.exit_code, seen.summary.done) == (0, SIMULATIONS)
    assert seen.summary.progress.executor == "local Ray, 2 workers"
    assert read(seen.summary.directory).equals(undisturbed)


def test_listens_on_loopback_only(seen: Seen) -> None:
    assert seen.listening
    assert all(ipaddress.ip_address(address).is_loopback for address in seen.listening), seen.listening


def test_leaves_nothing_behind(seen: Seen) -> None:
    assert seen.during
    assert not seen.after
    assert seen.temporary == []
    assert seen.environment[0] == seen.environment[1]


def test_says_nothing_on_the_terminal(seen: Seen) -> None:
    assert seen.stderr == ""


def test_a_worker_that_dies_is_made_good_and_an_exception_comes_back_as_text(
    request_of: MakeRequest, tmp_path: Path
) -> None:
    """A worker killed in the middle costs a retry; a chunk that raises fails alone, with its traceback."""
    survey = plan.survey(request_of().sweep)
    chunks = plan.divide(survey, survey.only(""), 1, 1e-6, {})
    poisoned = plan.Chunk(chunks[0].strategy, chunks[0].simulations, "not its digest", 0.0)
    executor = open_executor("ray", plan.plan(survey, [*chunks, poisoned]), 1, None, tmp_path / "executor.log")
    try:
        executor.submit(Warm("page_pool"))
        assert [(work, outcome.error) for work, outcome in _all(executor, 1)] == [(Warm("page_pool"), "")]
        for number in range(len(chunks) + 1):
            executor.submit(Run(number))
        named = {pid: Path(f"/proc/{pid}/cmdline").read_bytes() for pid in _descendants()}
        workers = [pid for pid, name in named.items() if name.startswith((b"ray::IDLE", b"ray::_chunk"))]
        os.kill(workers[0], signal.SIGKILL)
        outcomes = dict(_all(executor, len(chunks) + 1))
    finally:
        executor.close()
    assert 'chunk "not its digest" comes out as other simulations' in outcomes.pop(Run(len(chunks))).error
    assert {work: (outcome.data or b"")[:6] for work, outcome in outcomes.items()} == {
        Run(number): b"ARROW1" for number in range(len(chunks))
    }


def _all(executor: object, number: int) -> list:  # type: ignore[type-arg]
    found: list = []  # type: ignore[type-arg]
    deadline = time.perf_counter() + 120
    while len(found) < number and time.perf_counter() < deadline:
        found += executor.wait(0.5)  # type: ignore[attr-defined]
    return found


def test_no_cluster_at_an_address(request_of: MakeRequest) -> None:
    """Nobody listens on port 1; Ray itself would try for minutes."""
    with pytest.raises(RunError, match=r'no Ray cluster at "127\.0\.0\.1:1": .*Connection refused'):
        run(request_of(executor="ray", join=Join("127.0.0.1:1")))
