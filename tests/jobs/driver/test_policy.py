# SPDX-License-Identifier: MIT
"""The failure policy alone: every poison is found, nothing else fails, and it takes a bounded number of tries.

Whoever kills workers from outside makes none fail, however often: what was killed stays open.
"""

from __future__ import annotations

import math
import random
from collections import deque
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sweep.jobs.driver import policy
from sweep.jobs.driver.policy import Piece, again, blames
from sweep.jobs.executors.work import Ending

Behaviour = Callable[[Piece], Ending]


def play(size: int, ends: Behaviour) -> tuple[set[int], set[int], int]:
    """Simulations that end well and that fail, and the tries it takes; what stays open is in neither."""
    waiting, done, failed, tries = deque([Piece(0, 0, size)]), set(), set(), 0
    while waiting:
        piece = waiting.popleft()
        tries += 1
        ending = ends(piece)
        inside = set(range(piece.start, piece.stop))
        if ending is Ending.DONE:
            done |= inside
        elif more := again(piece, ending):
            waiting.extend(more)
            assert {i for each in more for i in range(each.start, each.stop)} == inside
        elif blames(ending):
            failed |= inside
    return done, failed, tries


@given(st.integers(1, 300), st.data(), st.sampled_from([Ending.CRASHED, Ending.MEMORY, Ending.SLOW]))
def test_poison_alone_fails_and_costs_a_bounded_number_of_tries(size: int, data: st.DataObject, kind: Ending) -> None:
    poison = data.draw(st.sets(st.integers(0, size - 1), max_size=3))

    def ends(piece: Piece) -> Ending:
        return kind if poison & set(range(piece.start, piece.stop)) else Ending.DONE

    done, failed, tries = play(size, ends)
    assert failed == poison
    assert done == set(range(size)) - poison
    depth = math.ceil(math.log2(size)) + 1 if size > 1 else 1
    assert tries <= 1 + len(poison) * depth * 3 + 2 * len(poison)


def seen(piece: Piece, *, poisonous: bool, killed: bool) -> Ending:
    """How an attempt at `piece` ends: of a worker that is gone nobody sees why, of a watched process one does."""
    if killed:
        return Ending.KILLED if piece.watched else Ending.CRASHED
    return Ending.CRASHED if poisonous else Ending.DONE


@pytest.mark.parametrize("chance", [0.1, 0.5, 0.9, 1.0])
@pytest.mark.parametrize("seed", range(50))
def test_a_killer_makes_no_simulation_fail(chance: float, seed: int) -> None:
    draw = random.Random(seed)
    done, failed, tries = play(40, lambda piece: seen(piece, poisonous=False, killed=draw.random() < chance))
    assert failed == set()
    assert len(done) == 40 or chance > 0.5  # the rest stays open
    assert tries <= 2 + 40 * (policy.KILLS + 2 + 2 * policy.CROWDED)


@pytest.mark.parametrize("chance", [0.1, 0.5])
@pytest.mark.parametrize("seed", range(50))
def test_poison_is_found_beside_a_killer(chance: float, seed: int) -> None:
    draw = random.Random(seed)
    poison = {draw.randrange(40)}

    def ends(piece: Piece) -> Ending:
        inside = bool(poison & set(range(piece.start, piece.stop)))
        return seen(piece, poisonous=inside, killed=draw.random() < chance)

    done, failed, _ = play(40, ends)
    assert failed == poison
    assert done == set(range(40)) - poison


@pytest.mark.parametrize("kind", [Ending.KILLED, Ending.LOST, Ending.ENVIRONMENT, Ending.PRESSED])
def test_what_is_not_its_own_doing_ends_and_is_not_held_against_it(kind: Ending) -> None:
    done, failed, tries = play(16, lambda piece: kind)
    assert (done, failed) == (set(), set())
    assert tries < 16 * 2 * (policy.KILLS + 2)


def test_a_crash_that_nobody_saw_is_watched_next() -> None:
    (next_,) = again(Piece(0, 0, 8), Ending.CRASHED)
    assert next_.watched
    halves = again(next_, Ending.CRASHED)
    assert [(half.size, half.watched) for half in halves] == [(4, True), (4, True)]


@pytest.mark.parametrize("kind", [Ending.CRASHED, Ending.LOST])
def test_a_single_accident_costs_one_more_try(kind: Ending) -> None:
    accidents = [kind]
    assert play(64, lambda piece: accidents.pop() if accidents else Ending.DONE) == (set(range(64)), set(), 2)


def test_out_of_memory_is_tried_with_fewer_lanes_and_alone() -> None:
    halves = again(Piece(3, 0, 10), Ending.MEMORY)
    assert [(half.start, half.stop, half.alone) for half in halves] == [(0, 5, True), (5, 10, True)]


def test_what_fills_memory_beside_others_is_tried_twice_alone() -> None:
    first = again(Piece(0, 4, 5), Ending.MEMORY)  # killed with others around it: perhaps a bystander
    assert [piece.alone for piece in first] == [True]
    second = again(first[0], Ending.MEMORY)
    assert len(second) == 1
    assert again(second[0], Ending.MEMORY) == ()


def test_a_lost_node_is_not_the_fault_of_what_ran_there_but_not_for_ever() -> None:
    piece, tries = Piece(0, 0, 1, crashes=1), 0
    while more := again(piece, Ending.LOST):
        (piece,) = more
        tries += 1
    assert tries == policy.LOSSES
    assert piece.crashes == 1


def test_an_exception_outside_any_simulation_is_not_tried_again() -> None:
    assert again(Piece(0, 0, 8), Ending.RAISED) == ()


def test_deadline() -> None:
    assert policy.deadline_s(1.0) == policy.DEADLINE_S
    assert policy.deadline_s(100.0) == 500.0
    assert policy.deadline_s(0.1, least_s=2.0) == 2.0
