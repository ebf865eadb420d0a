# SPDX-License-Identifier: MIT
"""One writer where there is no lock: a lease made of puts, lists and deletes alone.

A process that wants to write puts a *claim*, an object of its own under `lock/`, and keeps its server time fresh.  A
claim is *live* unless its time is `ttl_s` behind that of the claim of whoever asks, so only the store's clock counts,
or its process is known to be dead (same machine, no such pid).  Whoever wants the lease

    1. puts a claim, lists; if another's is live, deletes its own and gives up; deletes the claims that are not live
    2. puts the claim again, now marked as held, lists; if another's is live, deletes its own and gives up

else holds it.  Of those that only try, the first by name lists again, for a while, before it gives up: the others will
have given way.  `check`, which comes before each publication, lists once more: its own claim must be there and no
other live one that is held, but for those that it deleted itself in step 1.

Why no two hold it.  The store is strongly consistent: a list that begins after a put has ended shows it.  Let A and B
pass both steps, their claims live.  If A's last list does not show B's claim, B's first put ended after that list
began, so all lists of B began after A's last put had ended: they show A's claim, and B gave up.  If it shows it, A
gave up.

Why a sleeper does no harm.  Let W hold the lease, sleep for `ttl_s` and lose it to B, who deleted its claim.  W wakes:
its claim is gone, and `check` stops it.  Or a put that it had under way brings the claim back: if that comes before
B's last list, B sees a live claim and gives up; if it comes later, B's claim is there and held, and `check` stops W,
while B knows W's claim as one that it deleted.  So once B holds the lease, no check of W passes.  A check that passed
just before may still be followed by a publication: that is a whole snapshot, swapped in with one put, after which
`check` is asked again before anything is removed.

Not modelled: a process that sleeps between that check and that put until its successor has published and removed its
draft; the manifest then names what is gone, readers say so, and the next run publishes anew.  Nor a store that is not
strongly consistent, or whose servers' clocks differ by more than `ttl_s` / 2.
"""

from __future__ import annotations

import json
import os
import random
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, Protocol

from sweep import records
from sweep.errors import IncompleteError, SweepError
from sweep.records import COUNT, TEXT

from .holder import is_dead, machine, shown_holder, this_process

TTL_S = 60.0
RENEWALS = 4  # in that time
ATTEMPTS = 4  # against others that are starting too
PAUSE_S = 1.0  # between them, on average, and for the others to give way
POLLS = 10  # in that time
JOIN_S = 10.0  # to wait for a renewal that is under way


class Claims(Protocol):
    """The folder of claims in the store."""

    def put_claim(self, name: str, data: bytes) -> None: ...
    def get_claim(self, name: str) -> bytes:
        """The bytes of a claim.  Raises FileNotFoundError."""

    def delete_claim(self, name: str) -> None:
        """Remove a claim; does nothing if it is not there."""

    def claims(self) -> dict[str, float]:
        """Name of each claim -> when the store received it, seconds of the store's clock."""


class Lease:
    """The lease on `location`, which this process holds inside the block of `validated`."""

    def __init__(self, claims: Claims, location: str, ttl_s: float = TTL_S, pause_s: float = PAUSE_S) -> None:
        self.lost: IncompleteError | None = None  # why this process does not hold it any more
        self._claims, self._location, self._ttl_s, self._pause_s = claims, location, ttl_s, pause_s
        self._name = secrets.token_hex(8)
        self._about = {"who": this_process(), "pid": os.getpid(), "machine": machine()}
        self._displaced: set[str] = set()
        self._over = threading.Event()

    @contextmanager
    def held(self) -> Iterator[None]:
        """Take the lease, keep it fresh, give it back.  Raises IncompleteError if another process has it."""
        self._take()
        keeper = threading.Thread(target=self._keep, name="lease", daemon=True)
        keeper.start()
        try:
            yield
        finally:
            self._over.set()
            keeper.join(JOIN_S)
            with suppress(SweepError):  # the claim grows old by itself
                self._claims.delete_claim(self._name)

    def check(self) -> None:
        """Raises IncompleteError unless this process still holds the lease."""
        if self.lost is None:
            stamps = self._claims.claims()
            if self._name not in stamps:
                self._lose("this process was silent for too long, and its claim is gone")
            else:
                for name, claim in self._rivals(stamps).items():
                    if name not in self._displaced and is_held(claim):
                        self._lose(f"it is being written by another process: {claim['who']}")
        if self.lost is not None:
            raise self.lost

    def _take(self) -> None:
        for attempt in range(ATTEMPTS):
            if attempt:
                time.sleep(self._pause_s * random.uniform(0.5, 1.5))
            rivals = self._try()
            if not rivals:
                return
            if any(is_held(claim) for claim in rivals.values()):
                break
        who = "; ".join(claim["who"] for claim in rivals.values())
        raise IncompleteError(
            f'"{self._location}" is being written by another process: {who}\n'
            "  next: wait for it to end, or give --out another location; "
            f"{self._ttl_s:g} s after its last sign of life the same command takes over"
        )

    def _try(self) -> dict[str, dict[str, Any]]:
        """Take steps 1 and 2; returns the live claims of others that prevented it, {} if the lease is held now."""
        for holding in (False, True):
            self._put(holding)
            rivals = self._look(take_over=not holding)
            for _ in range(POLLS):  # the first by name of those that only try; the others give way
                if not rivals or self._name > min(rivals) or any(is_held(claim) for claim in rivals.values()):
                    break
                time.sleep(self._pause_s / POLLS)
                rivals = self._look(take_over=not holding)
            if rivals:
                self._claims.delete_claim(self._name)
                return rivals
        return {}

    def _look(self, take_over: bool) -> dict[str, dict[str, Any]]:
        """The live claims of others; if there are none, with `take_over`, the dead claims are deleted."""
        stamps = self._claims.claims()
        if self._name not in stamps:  # slept since its put, and was taken for dead
            return {"": {"who": "a process that took this one for dead", "held": True}}
        rivals = self._rivals(stamps)
        if take_over and not rivals:
            self._displaced = set(stamps) - {self._name}
            for name in self._displaced:
                self._claims.delete_claim(name)
        return rivals

    def _rivals(self, stamps: dict[str, float]) -> dict[str, dict[str, Any]]:
        """The live claims of others, by name.  `stamps` has this process's own."""
        live = {}
        for name, stamp in stamps.items():
            if name != self._name and stamps[self._name] - stamp < self._ttl_s:
                claim = read(self._claims, name)
                if claim:
                    live[name] = claim
        return live

    def _put(self, is_held: bool) -> None:
        self._claims.put_claim(self._name, json.dumps({**self._about, "held": is_held}).encode())

    def _lose(self, why: str) -> None:
        self.lost = IncompleteError(
            f'"{self._location}": {why}; nothing was published after that, everything before it is kept\n'
            "  next: see that no other process writes there, then run the same command again: "
            "it runs only what is missing"
        )

    def _keep(self) -> None:
        """Keep the claim fresh, in a thread.  A store that does not answer is ignored here: `check` asks it again."""
        while not self._over.wait(self._ttl_s / RENEWALS) and self.lost is None:
            with suppress(SweepError):
                self.check()
                self._put(True)


def read(claims: Claims, name: str) -> dict[str, Any]:
    """What a claim says of its process; {} if the claim is gone or its process is known to be dead.

    A claim that cannot be read counts as one that holds the lease.
    """
    try:
        claim = records.read(claims.get_claim(name), {"who": TEXT, "pid": COUNT, "machine": TEXT}, ["who"])
    except FileNotFoundError:
        return {}
    except records.RecordError:
        return {"who": "an unknown process"}
    claim["who"] = shown_holder(claim["who"].encode(errors="backslashreplace"))
    return {} if is_dead(claim.get("pid"), claim.get("machine")) else claim


def is_held(about: dict[str, Any]) -> bool:
    """Whether a claim, as `read` returned it, says that it holds the lease."""
    return bool(about and about.get("held", True))
