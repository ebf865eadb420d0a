# SPDX-License-Identifier: MIT
"""Three Ray nodes, each with a network, processes and a disk of its own, and what happens to nodes: the same table."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pytest
import sweep_runs
from namespaces import Net, Node, Started, explained
from ray_nodes import Cluster, environment
from sweep_runs import RUN_TIMEOUT_S, SIMULATIONS
from waiting import until

pytestmark = pytest.mark.slow

BEGUN = 3  # parts after which a run is in its middle


@pytest.fixture(scope="module")
def cluster(
    nodes_can_be_made: None, undisturbed: pa.Table, shared: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Cluster]:
    """A head with one CPU."""
    with Net(tmp_path_factory.mktemp("net"), environment()) as net:
        net.node("client")
        cluster = Cluster(net, shared)
        cluster.start_head("--include-dashboard=false")
        yield cluster


@pytest.fixture
def out(shared: Path, request: pytest.FixtureRequest) -> Path:
    return shared / request.node.name


def begin(cluster: Cluster, out: Path, *options: str) -> Started:
    """Start the run on the head and wait until it is in its middle."""
    words = ("--nodes", str(1 + len(cluster.workers)), *options)
    run = sweep_runs.start(cluster.head, out.parent / "sweep.yaml", out, cluster.address, *words)
    until(lambda: sweep_runs.done(out) >= BEGUN, 60, f"{BEGUN} simulations in {out}", run)
    return run


def check(cluster: Cluster, run: Started, out: Path, undisturbed: pa.Table) -> None:
    """The run ends well, with every simulation once and the undisturbed table."""
    with explained(cluster.net):
        done = run.wait(RUN_TIMEOUT_S)
        assert done.exit_code == 0, done.output
        assert sweep_runs.done(out) == SIMULATIONS
        assert sweep_runs.table(out).equals(undisturbed)


def at_work(cluster: Cluster, out: Path, run: Started) -> Node:
    """A worker that has done some of the simulations, so that it has others in hand."""
    until(lambda: any(node.name in sweep_runs.nodes(out) for node in cluster.workers), 60, "a part of a worker", run)
    done = sweep_runs.nodes(out)
    return next(node for node in cluster.workers if node.name in done)


def unfinished(out: Path) -> bool:
    return sweep_runs.done(out) < SIMULATIONS - BEGUN


def test_three_nodes_give_the_table_of_one_process(cluster: Cluster, out: Path, undisturbed: pa.Table) -> None:
    cluster.with_workers(2)
    run = begin(cluster, out)
    check(cluster, run, out, undisturbed)
    assert set(sweep_runs.nodes(out)) == {"head", *(node.name for node in cluster.workers)}


def test_a_node_is_killed(cluster: Cluster, out: Path, undisturbed: pa.Table) -> None:
    cluster.with_workers(2)
    run = begin(cluster, out)
    lost = at_work(cluster, out, run)
    lost.kill_processes()
    cluster.forget(lost)
    assert unfinished(out)
    check(cluster, run, out, undisturbed)


def test_a_node_that_joins_gets_work(cluster: Cluster, out: Path, undisturbed: pa.Table) -> None:
    """Nothing is done on the other nodes while it joins, so there is work left for it however long that takes."""
    old = [cluster.head, *cluster.with_workers(1)]
    run = begin(cluster, out)
    for node in old:
        pause_tasks(node)
    before = sweep_runs.done(out)
    new = cluster.add_worker()
    until(lambda: new.name in sweep_runs.nodes(out), 60, f"a part of {new.name}, {before} were there before it", run)
    for node in old:
        resume_tasks(node)
    check(cluster, run, out, undisturbed)
    assert set(sweep_runs.nodes(out)) == {"head", *(node.name for node in cluster.workers)}


@pytest.mark.parametrize("options", [(), ("--deadline-seconds", "3")], ids=["noticed", "late"])
def test_a_link_is_cut_for_good(
    cluster: Cluster, shared: Path, undisturbed: pa.Table, options: tuple[str, ...]
) -> None:
    """Nobody is told that the node is gone: after a while it is taken for lost, or its chunks are late before that."""
    out = shared / f"cut-{len(options)}"
    cluster.with_workers(2)
    run = begin(cluster, out, *options)
    lost = at_work(cluster, out, run)
    cluster.net.cut(lost)
    cluster.forget(lost)
    assert unfinished(out)
    check(cluster, run, out, undisturbed)
    assert lost.alive
    journal = sweep_runs.journal(out)
    if options:
        assert any(line.get("copied") for line in journal), "a second copy was handed out"
    else:
        assert {line.get("node") for line in journal if line.get("ending") == "lost"} == {lost.name}


def pause_tasks(node: Node) -> None:
    """Stop Ray's worker processes on a node; its raylet goes on."""
    node.run("pkill", "-STOP", "-f", "^ray::", timeout_s=10)


def resume_tasks(node: Node) -> None:
    node.run("pkill", "-CONT", "-f", "^ray::", timeout_s=10)
