# SPDX-License-Identifier: MIT
"""A cluster that is there already: nodes that come, go, differ or do not come at all; a demand that is taken back."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from processes import descendants, named, ray_process, until
from ray_plans import LONG, SHORT, SHORTS, collect, mixed_plan, wait_until
from small_cluster import ENVIRONMENT, SmallCluster

import sweep
from sweep.errors import IncompleteError, RunError
from sweep.jobs.executors.choice import open_executor
from sweep.jobs.executors.protocol import Executor, Join
from sweep.jobs.executors.work import Ending, RunSlice, WarmKernel

pytestmark = pytest.mark.slow

Open = Callable[..., Executor]


@pytest.fixture(scope="module")
def cluster() -> Iterator[SmallCluster]:
    """A head without CPUs.  Tests add the nodes that they need and kill them."""
    cluster = SmallCluster()
    try:
        yield cluster
    finally:
        cluster.close()


@pytest.fixture
def join(cluster: SmallCluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Open]:
    """Joins the cluster; `close` is up to this fixture."""
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    opened: list[Executor] = []

    def make(nodes: int = 0, timeout_s: float = 60.0) -> Executor:
        join = Join(cluster.address, nodes, timeout_s)
        opened.append(open_executor("ray", mixed_plan(tmp_path), 1, join, tmp_path / "executor.log"))
        return opened[-1]

    yield make
    for executor in opened:
        executor.close()


def _until_workers(executor: Executor, number: int) -> None:
    wait_until(executor, lambda: executor.workers == number, f"{number} workers")


def _run_shorts(executor: Executor, copy: int = 0) -> set[Ending]:
    work = [RunSlice(SHORT + number, attempt=copy) for number in range(SHORTS)]
    for each in work:
        executor.submit(each)
    return {outcome.ending for outcome in collect(executor, work).values()}


def test_it_waits_for_the_nodes_that_were_promised_and_says_so(cluster: SmallCluster, join: Open) -> None:
    """And asks the autoscaler for as many CPUs as there are chunks, until it has closed."""
    executor = join(nodes=2)
    executor.submit(WarmKernel("page_pool"))
    wait_until(executor, lambda: "0 of 2 nodes there" in executor.name, "it says that it waits")
    until(lambda: cluster.ask("demand") == str(SHORT + SHORTS), "the demand of all chunks")
    nodes = [cluster.ask("add")]
    wait_until(executor, lambda: "1 of 2 nodes there" in executor.name, "one node")
    assert executor.workers == 0
    nodes.append(cluster.ask("add"))
    outcomes = collect(executor, [WarmKernel("page_pool")])
    assert outcomes[WarmKernel("page_pool")].ending is Ending.DONE
    assert (executor.workers, executor.name) == (2, f"Ray at {cluster.address}, 2 workers")
    assert _run_shorts(executor) == {Ending.DONE}
    until(lambda: cluster.ask("demand") == "3", "a demand of what is left")
    executor.close()
    assert cluster.ask("demand") == "0"
    for node in nodes:
        cluster.ask(f"kill {node}")


def test_nodes_come_and_go(cluster: SmallCluster, join: Open) -> None:
    """It starts with the first; what ran on a node that dies is lost, at once; work finds the node that comes."""
    executor = join()
    executor.submit(WarmKernel("page_pool"))
    wait_until(executor, lambda: "0 of 1 nodes there" in executor.name, "it says that it waits")
    first = cluster.ask("add")
    assert collect(executor, [WarmKernel("page_pool")])[WarmKernel("page_pool")].ending is Ending.DONE
    executor.submit(RunSlice(LONG))
    worker = until(lambda: named("ray::run_chunk"), "a worker at the long chunk")
    cluster.ask(f"kill {first}")
    lost = collect(executor, [RunSlice(LONG)])[RunSlice(LONG)]
    assert lost.ending is Ending.LOST
    assert "node" in lost.error
    assert not worker & descendants(), "a worker ends with its node"
    _until_workers(executor, 0)
    executor.submit(RunSlice(LONG, attempt=1))
    until(lambda: cluster.ask("demand") == str(SHORT + SHORTS), "a demand for what was lost, too")
    executor.cancel(RunSlice(LONG, attempt=1))
    second = cluster.ask("add")
    _until_workers(executor, 1)
    assert _run_shorts(executor) == {Ending.DONE}
    cluster.ask(f"kill {second}")


def test_a_worker_that_dies_a_moment_before_its_node_is_lost_with_it(cluster: SmallCluster, join: Open) -> None:
    node = cluster.ask("add")
    executor = join(nodes=1)
    executor.submit(RunSlice(LONG))
    wait_until(executor, lambda: named("ray::run_chunk"), "a worker at the long chunk")
    (worker,) = named("ray::run_chunk")
    os.kill(worker, signal.SIGKILL)
    until(lambda: worker not in descendants(), "the end of the worker")
    cluster.ask(f"kill {node}")
    assert collect(executor, [RunSlice(LONG)])[RunSlice(LONG)].ending is Ending.LOST


def test_a_node_with_other_sources_is_not_used(cluster: SmallCluster, join: Open, tmp_path: Path) -> None:
    good = cluster.ask("add")
    executor = join()
    _until_workers(executor, 1)
    bad = cluster.ask(f"add {_other_sources(tmp_path)}")
    wait_until(executor, lambda: "not used" in executor.name, "the other node is found out")
    assert executor.workers == 1
    assert _run_shorts(executor) == {Ending.DONE}
    executor.close()
    with pytest.raises(RunError, match=r'the source of sweep is "[0-9a-f]+" there and "[0-9a-f]+" here'):
        wait_until(join(), lambda: False, "refusal")
    for node in (good, bad):
        cluster.ask(f"kill {node}")


def _other_sources(folder: Path) -> Path:
    """A copy of sweep in which one file has one more line."""
    shutil.copytree(Path(sweep.__file__).parent, folder / "other" / "sweep")
    with open(folder / "other" / "sweep" / "model" / "strategies" / "page_pool.py", "a") as file:
        file.write("# one more line\n")
    return folder / "other"


def test_nodes_that_do_not_come(join: Open) -> None:
    with pytest.raises(IncompleteError, match="0 of 7 nodes have come"):
        wait_until(join(nodes=7, timeout_s=3), lambda: False, "giving up")


@pytest.mark.parametrize("token", ["b" * 64, None])
def test_without_the_token_nobody_gets_in(join: Open, monkeypatch: pytest.MonkeyPatch, token: str | None) -> None:
    monkeypatch.delenv("RAY_AUTH_MODE")
    if token:
        monkeypatch.setenv("RAY_AUTH_TOKEN", token)
    else:
        monkeypatch.delenv("RAY_AUTH_TOKEN")
        monkeypatch.setenv("HOME", "/nowhere")
    with pytest.raises(RunError, match="does not accept the token of this machine"):
        wait_until(join(), lambda: False, "refusal")


def test_a_machine_that_is_no_node_is_told_so(cluster: SmallCluster, join: Open, tmp_path: Path) -> None:
    """As seen from other process ids: no Ray node is here.  Ray itself would look for one for a minute."""
    code = """
import sys
from pathlib import Path
from ray_plans import mixed_plan, wait_until
from sweep.jobs.executors.protocol import Join
from sweep.jobs.executors.choice import open_executor
folder = Path(sys.argv[2])
executor = open_executor("ray", mixed_plan(folder), 1, Join(sys.argv[1]), folder / "executor.log")
try:
    wait_until(executor, lambda: False, "refusal", 30)
except Exception as error:
    print(error)
finally:
    executor.close()
"""
    namespaces = ["unshare", "--user", "--map-root-user", "--pid", "--fork", "--mount-proc", "--kill-child"]
    paths = [str(Path(__file__).parents[2]), os.environ["PYTHONPATH"]]
    done = subprocess.run(
        [*namespaces, sys.executable, "-c", code, cluster.address, str(tmp_path)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert "this machine is not a node of the Ray cluster" in done.stdout, done


def test_a_connection_that_is_lost_is_made_again_once(cluster: SmallCluster, join: Open) -> None:
    node = cluster.ask("add")
    executor = join(nodes=1)
    _until_workers(executor, 1)
    for copy in (1, 2):
        executor.submit(RunSlice(LONG, attempt=copy))
        wait_until(executor, lambda: named("ray::run_chunk"), "a worker at the long chunk")
        os.kill(ray_process(), signal.SIGKILL)
        if copy == 1:
            assert collect(executor, [RunSlice(LONG, attempt=1)])[RunSlice(LONG, attempt=1)].ending is Ending.LOST
            _until_workers(executor, 1)
            assert executor.name == f"Ray at {cluster.address}, 1 worker (joined again)"
    with pytest.raises(RunError, match="connection lost 2 times"):
        collect(executor, [RunSlice(LONG, attempt=2)])
    cluster.ask(f"kill {node}")


def test_a_head_that_dies_ends_the_run(cluster: SmallCluster, join: Open) -> None:
    """Last: it takes the cluster with it."""
    cluster.ask("add")
    with closing(join(nodes=1)) as executor:
        _until_workers(executor, 1)
        executor.submit(RunSlice(LONG))
        cluster.ask("kill-head")
        with pytest.raises(RunError, match="no Ray cluster at"):
            collect(executor, [RunSlice(LONG), RunSlice(SHORT)])
