# SPDX-License-Identifier: MIT
"""Which node gets a chunk, and which nodes answer: without Ray."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from sweep.jobs.executors.ray import nodes as ray_nodes
from sweep.jobs.executors.ray import reach as ray_reach
from sweep.jobs.executors.ray.assignments import Assignments
from sweep.jobs.executors.ray.nodes import ClusterNode, Nodes
from sweep.jobs.executors.ray.reach import ANSWER_S, SILENT_S, Reach, answering
from sweep.jobs.executors.work import RunSlice

SMALL, LARGE = ClusterNode("s", "small", 1, "192.0.2.1", 1), ClusterNode("l", "large", 4, "192.0.2.2", 1)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[float]]:
    """The time, to be set."""
    now = [1000.0]
    monkeypatch.setattr(ray_reach.time, "monotonic", lambda: now[0])
    return now


def _filled(places: Assignments, *nodes: ClusterNode) -> list[str]:
    """Ids of the nodes that chunks 0, 1, ... were put on until one had to wait."""
    given: list[str] = []
    while node := places.choose(RunSlice(len(given)), nodes):
        places.put(RunSlice(len(given)), node.id)
        given.append(node.id)
    return given


def test_every_node_gets_as_many_as_it_runs() -> None:
    places = Assignments()
    given = _filled(places, SMALL, LARGE)
    assert (given.count("s"), given.count("l")) == (1, 4)
    places.take(RunSlice(given.index("s")), "s")
    assert places.choose(RunSlice(100), [SMALL, LARGE]) == SMALL


def test_an_only_node_gets_one_more_that_waits_there() -> None:
    assert _filled(Assignments(), LARGE) == ["l"] * 5


def test_another_attempt_goes_to_another_node_if_there_is_one() -> None:
    places, first = Assignments(), RunSlice(7, 2, 4)
    places.put(first, "l")
    again = first._replace(attempt=1)
    assert places.choose(again, [SMALL, LARGE]) == SMALL
    assert places.choose(again, [LARGE]) == LARGE
    places.put(RunSlice(0), "s")
    assert places.choose(RunSlice(7, 0, 2), [SMALL, LARGE]) == LARGE, "other simulations"
    assert places.choose(again, [SMALL, LARGE]) is None, "it waits for the other node"
    places.take(first, "l")
    assert places.choose(again, [SMALL, LARGE]) == LARGE


def test_what_is_to_be_alone_goes_to_the_largest_node() -> None:
    places = Assignments()
    for number in range(4):
        places.put(RunSlice(number), "l")
    assert places.choose(RunSlice(9, alone=True), [SMALL, LARGE]) == LARGE
    assert places.choose(RunSlice(9, alone=True), []) is None


def test_a_node_that_has_lost_work_gets_none_for_a_while(clock: list[float]) -> None:
    nodes = Nodes()
    nodes.look([SMALL, LARGE])
    for node in (SMALL, LARGE):
        nodes.judge(node.id, "")
    nodes.doubt("s")
    assert nodes.usable == [LARGE]
    clock[0] += ray_nodes.DOUBT_S
    assert nodes.usable == [SMALL, LARGE]


def test_who_accepts_a_connection_or_refuses_it_answers() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_server(("127.0.0.1", 0)) as closed:
        open_port, closed_port = server.getsockname()[1], closed.getsockname()[1]
        closed.close()
        nodes = [
            ClusterNode("accepts", "a", 1, "127.0.0.1", open_port),
            ClusterNode("refuses", "b", 1, "127.0.0.1", closed_port),
            ClusterNode("has a name", "c", 1, "somewhere", 1),
        ]
        assert answering(nodes, 5.0) == {"accepts", "refuses", "has a name"}


def test_who_does_not_answer_for_long_is_not_there(clock: list[float], monkeypatch: pytest.MonkeyPatch) -> None:
    answers = {"s", "l"}
    monkeypatch.setattr(ray_reach, "answering", lambda nodes, timeout_s: answers & {node.id for node in nodes})
    reach = Reach()
    assert reach.there([SMALL, LARGE]) == [SMALL, LARGE]
    answers.remove("s")
    clock[0] += SILENT_S - 0.1
    assert reach.there([SMALL, LARGE]) == [SMALL, LARGE], "a cable may be plugged in again"
    clock[0] += 0.2
    assert reach.there([SMALL, LARGE]) == [LARGE]
    answers.add("s")
    assert reach.there([SMALL, LARGE]) == [SMALL, LARGE]
    clock[0] += ANSWER_S
    assert reach.there([LARGE]) == [LARGE]
