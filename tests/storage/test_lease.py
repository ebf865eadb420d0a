# SPDX-License-Identifier: MIT
"""The lease in every order that requests of two processes can come in: never two writers, and no sleeper publishes."""

from __future__ import annotations

import pytest
from scripted_claims import Actor, Folder, claim, orders

from sweep.errors import IncompleteError
from sweep.storage.lease import ATTEMPTS, Lease

TTL_S = 60.0


def lease_of(actor: Actor) -> Lease:
    return Lease(actor, "s3://bucket/x", TTL_S, pause_s=0.0)


def test_of_two_that_start_together_never_both_win() -> None:
    """Each gets six requests in all 924 orders, then one gets all that it wants while the other stands still."""
    outcomes = set()
    for order in orders(6, 6):
        folder = Folder()
        actors = [Actor(folder), Actor(folder)]
        for actor in actors:
            actor.start(lease_of(actor)._try)
        for number in order:
            actors[number].step()
        won = [actor.finish() == {} for actor in actors]
        assert not all(won), order
        assert len(folder.objects) == sum(won)  # a loser leaves no claim
        outcomes.add(tuple(won))
    assert outcomes >= {(True, False), (False, True)}


def test_a_claimant_that_slept_and_another_never_both_hold() -> None:
    """The first is suspended for longer than the lease lasts, after any of its requests and any of the other's."""
    seen = set()
    for before in range(1, 5):
        for beside in range(7):
            for order in orders(before, beside):
                folder = Folder()
                actors = [Actor(folder), Actor(folder)]
                leases = [lease_of(actor) for actor in actors]
                for actor, lease in zip(actors, leases, strict=True):
                    actor.start(lease._try)
                for number in order:
                    actors[number].step()
                folder.now_s += 2 * TTL_S
                second = actors[1].finish() == {}
                first = actors[0].finish() == {}
                assert not (first and second and holds(leases[0])), order
                assert not second or holds(leases[1]), order
                seen.add((first, second))
    assert seen >= {(True, True), (True, False), (False, True)}


def holds(lease: Lease) -> bool:
    try:
        lease.check()
    except IncompleteError:
        return False
    return True


def test_a_holder_that_slept_stops_before_it_publishes() -> None:
    """W held the lease and slept; B comes.  W wakes at any moment, renews, and asks whether it may publish."""
    b_won = w_may = 0
    for order in orders(3, 6):
        folder = Folder()
        w, b = Actor(folder), Actor(folder)
        holder, comer = lease_of(w), lease_of(b)
        assert holder._try() == {}
        folder.now_s += 2 * TTL_S
        asked_at = []

        def wake(holder: Lease = holder, asked_at: list[int] = asked_at, b: Actor = b) -> bool:
            """What `_keep` and then a publication do, the claim's existence having been seen just before it slept."""
            holder._put(True)
            asked_at.append(-1 if b.ended else b.steps)
            return holds(holder)

        w.start(wake)
        b.start(comer._try)
        for number in order:
            (w, b)[number].step()
        may, won = w.finish(), b.finish() == {}
        if won:
            b_won += 1
            comer.check()  # what W left does not stop B
            with pytest.raises(IncompleteError):
                holder.check()
            assert not (may and asked_at == [-1]), order  # not once B held it
        else:
            assert may or holder.lost, order
        w_may += may
    assert b_won > 0
    assert w_may > 0


def test_a_holder_keeps_others_out_and_says_who() -> None:
    folder = Folder()
    folder.objects["other"] = (claim(), folder.now_s - TTL_S + 1)
    with pytest.raises(IncompleteError, match=r"written by another process: pid 7 on elsewhere since") as caught:
        lease_of(Actor(folder))._take()
    assert "next: wait for it to end" in str(caught.value)
    assert "60 s after its last sign of life" in str(caught.value)
    assert set(folder.objects) == {"other"}


def test_a_stale_claim_is_taken_over_and_removed() -> None:
    folder = Folder()
    folder.objects["other"] = (claim(), folder.now_s - TTL_S)
    lease = lease_of(Actor(folder))
    lease._take()
    assert set(folder.objects) == {lease._name}
    lease.check()


def test_only_the_store_s_clock_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.time", lambda: 0.0)
    test_a_stale_claim_is_taken_over_and_removed()
    test_a_holder_keeps_others_out_and_says_who()


def test_others_that_are_only_trying_are_waited_for_a_little() -> None:
    folder = Folder()
    folder.objects["other"] = (claim(is_held=False), folder.now_s)
    actor = Actor(folder)
    actor.claims = lambda: _and_leave(actor, folder)  # type: ignore[method-assign]
    lease_of(actor)._take()

    folder.objects = {"other": (claim(is_held=False), folder.now_s)}
    stubborn, tries = Actor(folder), []
    real = stubborn.put_claim
    stubborn.put_claim = lambda *given: (tries.append(given), real(*given))  # type: ignore[method-assign,assignment]
    with pytest.raises(IncompleteError):
        lease_of(stubborn)._take()
    assert len(tries) == ATTEMPTS


def _and_leave(actor: Actor, folder: Folder) -> dict[str, float]:
    """A list; then the other gives up."""
    found = Actor.claims(actor)
    folder.objects.pop("other", None)
    return found


def test_what_is_no_claim_keeps_others_out() -> None:
    """Somebody put it there; for a while it may be a newer version's."""
    for data in (b"", b"\xff", b"[]", b'{"pid": 1}'):
        folder = Folder()
        folder.objects["other"] = (data, folder.now_s)
        with pytest.raises(IncompleteError, match="an unknown process"):
            lease_of(Actor(folder))._take()


def test_a_claim_that_is_gone_stops_the_writer_for_good() -> None:
    folder = Folder()
    actor = Actor(folder)
    lease = lease_of(actor)
    lease._take()
    mine = dict(folder.objects)
    folder.objects.clear()
    with pytest.raises(IncompleteError, match="silent for too long") as caught:
        lease.check()
    assert "run the same command again" in str(caught.value)
    folder.objects.update(mine)
    with pytest.raises(IncompleteError):
        lease.check()


def test_others_that_try_do_not_stop_the_holder() -> None:
    folder = Folder()
    lease = lease_of(Actor(folder))
    lease._take()
    folder.objects["other"] = (claim(is_held=False), folder.now_s)
    lease.check()
    folder.objects["other"] = (claim(is_held=True), folder.now_s)
    with pytest.raises(IncompleteError, match="pid 7 on elsewhere"):
        lease.check()
