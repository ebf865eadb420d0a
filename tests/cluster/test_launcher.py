# SPDX-License-Identifier: MIT
"""`ray up cluster.local.yaml` over real SSH into nodes of their own, sweeps on what comes up, and `ray down`.

One cluster serves all tests here, in their order; the last one takes it down.
"""

from __future__ import annotations

import fcntl
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pytest
import ssh_nodes
import sweep_runs
from namespaces import CommandError, Net, Node, explained
from sweep_runs import RUN_TIMEOUT_S
from waiting import until

pytestmark = pytest.mark.slow

UP_TIMEOUT_S = 180.0  # 10 to 27 s, on two cores that do nothing else
EXEC_TIMEOUT_S = 60.0
JOBS = "http://127.0.0.1:8265"
CLUSTER = "cluster.local.yaml"
OPTIONS = " ".join(sweep_runs.SMALL)


@dataclass
class Launched:
    """A cluster that was launched from `client`, in the directory of the project there."""

    net: Net
    client: Node
    head: Node
    workers: list[Node]
    folder: str

    @property
    def nodes(self) -> list[Node]:
        return [self.head, *self.workers]

    def type(self, line: str, timeout_s: float, exit_codes: tuple[int, ...] = (0,)) -> str:
        """Type a line at the client, in the project's directory; what it prints."""
        words = ("bash", "-c", f"cd {self.folder} && {line}")
        return self.client.run(*words, timeout_s=timeout_s, exit_codes=exit_codes).output


@pytest.fixture(scope="module")
def launched(nodes_can_be_made: None, shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Launched]:
    """Three hosts of which nothing but SSH and Python is known, and `ray up`."""
    if reason := ssh_nodes.lacking():
        pytest.skip(reason)
    with Net(tmp_path_factory.mktemp("net"), {"RAY_AUTH_MODE": "token"}) as net, explained(net):
        client = net.node("client", [shared])
        head, *workers = [net.node("head", [shared]), net.node("worker1"), net.node("worker2")]
        key = ssh_nodes.make_key(client)
        client.write("/root/.ray/auth_token", secrets.token_hex(32))
        for node in (head, *workers):
            ssh_nodes.serve(node, key)
            ssh_nodes.install(node)
        launched = Launched(net, client, head, workers, ssh_nodes.lay_out(client, head, workers))
        launched.type(f"RAY_UP_enable_autoscaler_v2=0 ray up -y {CLUSTER}", UP_TIMEOUT_S)
        yield launched


@pytest.fixture(scope="module")
def undisturbed(nodes_can_be_made: None, shared: Path) -> pa.Table:
    """The table of an inline run of the small sweep that nothing happened to."""
    return sweep_runs.run_inline(shared / "sweep.yaml", shared / "inline", *sweep_runs.SMALL)


@pytest.fixture
def jobs(launched: Launched) -> Iterator[str]:
    """The address of the cluster's Jobs API at the client: an SSH tunnel, as `ray dashboard` makes it."""
    tunnel = launched.client.start("bash", "-c", f"cd {launched.folder} && ray dashboard {CLUSTER}")
    asked = ("bash", "-c", ": < /dev/tcp/127.0.0.1/8265")
    try:
        until(
            lambda: launched.client.run(*asked, timeout_s=10, exit_codes=(0, 1)).exit_code == 0, 60, "a tunnel", tunnel
        )
        yield JOBS
    finally:
        tunnel.process.kill()
        tunnel.process.wait(10)


def test_ray_exec_runs_a_sweep_on_all_workers(launched: Launched, shared: Path, undisturbed: pa.Table) -> None:
    """`ray up` has returned when the head was there; the run waits for the workers."""
    out = shared / "exec"
    run = f"sweep run {shared}/sweep.yaml --address auto --nodes 2 --out {out} {OPTIONS}"
    said = launched.type(f"ray exec {CLUSTER} '{run}'", UP_TIMEOUT_S)
    assert sweep_runs.table(out).equals(undisturbed), said
    assert set(sweep_runs.nodes(out)) == {node.name for node in launched.workers}


def test_submit_returns_the_runs_exit_code(launched: Launched, jobs: str, shared: Path, undisturbed: pa.Table) -> None:
    out = shared / "submitted"
    submit = f"python -m sweep submit {shared}/sweep.yaml --address {jobs} --follow"
    options = f"-- {OPTIONS}"
    said = launched.type(f"{submit} --out {out} {options}", RUN_TIMEOUT_S)
    assert sweep_runs.table(out).equals(undisturbed), said

    held = shared / "held"
    held.mkdir()
    with open(held / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        said = launched.type(f"{submit} --out {held} {options}", EXEC_TIMEOUT_S, exit_codes=(3,))
    assert "is being written by another process" in said


def test_ray_down_and_what_is_to_be_typed_after_it_leave_no_process(launched: Launched) -> None:
    launched.type(f"ray down -y {CLUSTER}", EXEC_TIMEOUT_S)
    launched.type(ssh_nodes.stop_workers_command(launched.workers, launched.head), EXEC_TIMEOUT_S)
    for node in launched.nodes:
        try:
            until(lambda node=node: not ssh_nodes.ray_processes(node), 30, f"{node.name} without Ray")  # type: ignore[misc]
        except CommandError as error:
            raise CommandError(f"{error}\n{ssh_nodes.ray_processes(node)}") from None
