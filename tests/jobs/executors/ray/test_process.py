# SPDX-License-Identifier: MIT
"""What the Ray process decides, event by event, with a Ray that only takes notes."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from noted_ray import WIDE, A, B, Bench

from sweep.errors import IncompleteError, RunError
from sweep.jobs.executors.protocol import Join
from sweep.jobs.executors.ray import process
from sweep.jobs.executors.ray.messages import Cancel, WorkerStatus
from sweep.jobs.executors.ray.process import CRASH_S
from sweep.jobs.executors.versions import versions
from sweep.jobs.executors.work import AttemptOutcome, Ending, RunSlice, WarmKernel

DONE = AttemptOutcome(Ending.DONE, b"part")


@pytest.fixture
def bench() -> Bench:
    return Bench(Join("head:6379"))


def test_nothing_runs_before_every_node_has_given_its_account(bench: Bench) -> None:
    bench.submit(WarmKernel("page_pool"), RunSlice(0))
    bench.look(A, B)
    assert [(task.function, task.node, task.cpus) for task in bench.ray.running] == [
        ("account", A.id, 0),
        ("account", B.id, 0),
    ]
    assert bench.statuses[-1] == WorkerStatus(0, "Ray at head:6379: 0 of 2 nodes there")
    bench.end("account", dict(versions()))
    assert not bench.at("run")
    bench.end("account", dict(versions()))
    assert [task.node for task in bench.at("warm")] == [A.id, B.id]
    assert len(bench.at("run")) == 1
    assert bench.statuses[-1] == WorkerStatus(2, "Ray at head:6379, 2 workers")


def test_a_node_that_comes_later_compiles_what_the_others_have(bench: Bench) -> None:
    bench.join(A)
    bench.submit(WarmKernel("page_pool"))
    bench.end("warm", AttemptOutcome(Ending.DONE, seconds=3.0))
    assert bench.ended() == [(WarmKernel("page_pool"), AttemptOutcome(Ending.DONE, seconds=3.0, node="alpha"))]
    bench.join(A, B)
    assert [(task.node, task.arguments) for task in bench.at("warm")] == [(B.id, ("page_pool",))]
    bench.end("warm", DONE)
    assert bench.ended() == []
    assert bench.statuses[-1].workers == 2


def test_a_node_that_differs_at_the_start_is_an_error(bench: Bench) -> None:
    bench.look(A)
    with pytest.raises(RunError, match=r'node "alpha" is not like this machine: numpy is "1" there and ".*" here'):
        bench.end("account", {**versions(), "numpy": "1"})


def test_a_node_without_sweep_is_an_error(bench: Bench) -> None:
    bench.look(A)
    with pytest.raises(RunError, match=r'node "alpha" is not like this machine: it cannot run sweep: .*No module'):
        bench.end("account", type("RayTaskError", (Exception,), {})("No module named sweep"))


def test_a_node_that_differs_later_gets_no_work(bench: Bench) -> None:
    bench.join(A)
    bench.look(A, WIDE)
    bench.end("account", {**versions(), "numpy": "1"})
    bench.submit(WarmKernel("page_pool"), RunSlice(0), RunSlice(1), RunSlice(2))
    assert {task.node for task in bench.ray.running} == {A.id}
    assert bench.statuses[-1] == WorkerStatus(1, "Ray at head:6379, 1 worker; not used: gamma")
    bench.look(A)
    assert bench.statuses[-1] == WorkerStatus(1, "Ray at head:6379, 1 worker")


def test_what_a_node_that_has_gone_had_in_hand_is_lost_at_once(bench: Bench) -> None:
    bench.join(A, B)
    bench.submit(WarmKernel("page_pool"), *map(RunSlice, range(5)))
    bench.end("warm", DONE, A.id)
    mine = [task.arguments[2] for task in bench.at("run") if task.node == B.id]
    assert len(mine) == 1
    assert len(bench.at("run")) == 2
    bench.look(A)
    ended = bench.ended()
    assert [work for work, _ in ended] == [WarmKernel("page_pool"), *map(RunSlice, mine)]
    assert {(outcome.ending, outcome.node) for _, outcome in ended[1:]} == {(Ending.LOST, "beta")}
    assert 'node "beta" has gone, or does not answer' in ended[1][1].error
    assert {task.node for task in bench.ray.cancelled} == {B.id}
    assert {task.node for task in bench.at("run")} == {A.id}
    late, count = bench.ray.cancelled[-1], len(bench.at("run"))
    bench.ray.running.append(late)  # the link is there again, and brings what was given up
    bench.end("run", DONE, B.id)
    assert bench.ended() == []
    assert len(bench.at("run")) == count


def test_a_second_attempt_goes_to_another_node(bench: Bench) -> None:
    bench.join(A, B)
    bench.submit(RunSlice(0), RunSlice(0, attempt=1))
    assert {task.node for task in bench.at("run")} == {A.id, B.id}


def test_what_is_handed_to_ray_runs_and_the_oldest_goes_first(bench: Bench) -> None:
    """However long one node takes, nothing waits there: deadlines are reckoned by that."""
    bench.join(A, B)
    bench.submit(*map(RunSlice, range(6)))
    assert [task.arguments[2] for task in bench.at("run")] == [0, 1]
    for number in range(2, 6):
        bench.end("run", DONE, B.id)
        assert [task.arguments[2] for task in bench.at("run")] == [0, number]


def test_a_node_that_dies_while_it_is_asked_is_not_waited_for(bench: Bench) -> None:
    bench.look(A, B)
    bench.end("account", type("NodeDiedError", (Exception,), {})("gone"), B.id)
    bench.end("account", dict(versions()), A.id)
    bench.look(A)
    assert bench.statuses[-1].workers == 1


def test_a_node_whose_account_was_lost_is_asked_again(bench: Bench) -> None:
    """One that has just come is not known everywhere."""
    bench.look(A)
    bench.end("account", type("TaskUnschedulableError", (Exception,), {})("no such node"))
    assert not bench.at("account")
    bench.join(A)
    assert bench.statuses[-1].workers == 1


def test_a_crash_on_a_node_that_goes_is_a_loss_and_on_one_that_stays_a_crash(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    later: list[Callable[[], None]] = []

    def timer(seconds: float, function: Callable[..., None], arguments: tuple[Any]) -> SimpleNamespace:
        assert seconds == CRASH_S
        return SimpleNamespace(start=lambda: later.append(lambda: function(*arguments)))

    monkeypatch.setattr(process.threading, "Timer", timer)
    bench.join(A, B)
    bench.submit(RunSlice(0), RunSlice(1))
    for node in (A, B):
        bench.end("run", type("WorkerCrashedError", (Exception,), {})("it died"), node.id)
    assert bench.ended() == []
    bench.look(A)
    for each in later:
        each()
    bench.happen()
    assert [(work, outcome.ending, outcome.node) for work, outcome in bench.ended()] == [
        (RunSlice(1), Ending.LOST, "beta"),
        (RunSlice(0), Ending.CRASHED, "alpha"),
    ]


def test_work_alone_gets_the_largest_node_and_holds_back_the_rest(bench: Bench) -> None:
    bench.join(A, WIDE)
    bench.submit(RunSlice(0), RunSlice(1, alone=True), RunSlice(2))
    assert [(task.arguments[2], task.cpus) for task in bench.at("run")] == [(0, 1), (1, 4)]
    bench.look(A)
    assert [(work, outcome.ending) for work, outcome in bench.ended()] == [(RunSlice(1, alone=True), Ending.LOST)]
    assert [task.arguments[2] for task in bench.ray.cancelled] == [1]
    assert [task.arguments[2] for task in bench.at("run")] == [0, 2]


def test_work_alone_waits_for_the_first_node(bench: Bench) -> None:
    bench.look()
    bench.submit(RunSlice(0, alone=True))
    assert bench.at("run") == []
    bench.join(WIDE)
    assert bench.at("run")[0].cpus == 4


def test_warming_where_there_is_no_node_any_more(bench: Bench) -> None:
    bench.join(B)
    bench.look()
    bench.submit(WarmKernel("page_pool"))
    assert bench.ended() == [(WarmKernel("page_pool"), AttemptOutcome(Ending.DONE))]


def test_cancelled_work_is_never_heard_of(bench: Bench) -> None:
    bench.join(A)
    bench.submit(RunSlice(0), RunSlice(1, alone=True), RunSlice(2))
    task = bench.at("run")[0]
    bench.process._received(Cancel(RunSlice(0)))
    bench.process._received(Cancel(RunSlice(2)))  # which is still held back
    bench.process._received(Cancel(RunSlice(9)))  # which was never there
    assert bench.ray.cancelled == [task]
    bench.ray.running.append(task)  # it had ended already
    bench.end("run", DONE)
    bench.end("run", DONE)
    assert [work for work, _ in bench.ended()] == [RunSlice(1, alone=True)]
    assert bench.ray.running == []


def test_an_outcome_names_its_node(bench: Bench) -> None:
    bench.join(A)
    bench.submit(RunSlice(0), RunSlice(1))
    bench.end("run", DONE)
    bench.end("run", type("OutOfMemoryError", (Exception,), {})(f"(IP: 127.0.0.1, ID: {A.id}) was full"))
    assert [(outcome.ending, outcome.node) for _, outcome in bench.ended()] == [
        (Ending.DONE, "alpha"),
        (Ending.PRESSED, "alpha"),
    ]


def test_two_nodes_on_one_host_have_two_names(bench: Bench) -> None:
    bench.join(A, B._replace(host="alpha"))
    bench.submit(RunSlice(0), RunSlice(1))
    bench.end("run", DONE, B.id)
    assert bench.ended()[0][1].node == "alpha-bbbbbb"


def test_nodes_that_were_promised() -> None:
    bench = Bench(Join("head:6379", nodes=2, timeout_s=0.0))
    with pytest.raises(IncompleteError, match="0 of 2 nodes have come to the Ray cluster in 0 s"):
        bench.look(A)


def test_a_cluster_without_a_node_that_has_cpus_is_not_waited_for_without_end(bench: Bench) -> None:
    bench.look(A._replace(cpus=0))
    assert bench.statuses[-1] == WorkerStatus(0, "Ray at head:6379: 0 of 1 nodes there")
    bench.join(B)
    assert bench.statuses[-1] == WorkerStatus(1, "Ray at head:6379, 1 worker")
    with pytest.raises(IncompleteError, match="0 of 1 nodes have come to the Ray cluster in 0 s"):
        Bench(Join("head:6379", timeout_s=0.0)).look(A._replace(cpus=0))


def test_a_crash_when_a_service_of_local_ray_has_ended_is_the_end_of_ray(monkeypatch: pytest.MonkeyPatch) -> None:
    """The run takes all that was in flight for lost."""
    left: list[int] = []
    bench = Bench()
    monkeypatch.setattr(bench.process, "_leave", left.append)
    bench.look(WIDE)
    bench.submit(RunSlice(0), RunSlice(1))
    bench.end("run", type("WorkerCrashedError", (Exception,), {})("it died"))
    assert left == []
    bench.ray.dead = "gcs_server"
    bench.end("run", type("WorkerCrashedError", (Exception,), {})("it died"))
    assert left == [1]


def test_local_ray_that_loses_a_node_is_given_up() -> None:
    bench = Bench()
    bench.look(WIDE)
    assert bench.statuses == [WorkerStatus(4, "local Ray, 4 workers")]
    bench.submit(RunSlice(0))
    bench.end("run", type("WorkerCrashedError", (Exception,), {})("it died"))
    assert not bench.process._broken
    bench.submit(RunSlice(1))
    bench.end("run", type("NodeDiedError", (Exception,), {})("gone"))
    assert bench.process._broken
    assert [outcome.ending for _, outcome in bench.ended()] == [Ending.CRASHED, Ending.LOST]
