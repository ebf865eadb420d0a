# SPDX-License-Identifier: MIT
"""A folder of claims whose every request waits for its turn, so that a test can try all orders there are."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Sequence
from itertools import combinations
from typing import Any

WAIT_S = 30.0


class Folder:
    """Claims and the store's clock, shared by all processes of a test."""

    def __init__(self) -> None:
        self.now_s = 1000.0
        self.objects: dict[str, tuple[bytes, float]] = {}


class Actor:
    """One process: its own view of the folder, stepping only when told to."""

    def __init__(self, folder: Folder) -> None:
        self.folder = folder
        self.steps = 0  # requests so far
        self.result: Any = None
        self.error: BaseException | None = None
        self._turn, self._done = threading.Semaphore(0), threading.Semaphore(0)
        self._thread: threading.Thread | None = None
        self.ended = False

    def put_claim(self, name: str, data: bytes) -> None:
        self._request(lambda: self.folder.objects.__setitem__(name, (data, self.folder.now_s)))

    def get_claim(self, name: str) -> bytes:
        """Reads what the list just showed: no step of its own, or there would be too many orders."""
        if name not in self.folder.objects:
            raise FileNotFoundError(name)
        return self.folder.objects[name][0]

    def delete_claim(self, name: str) -> None:
        self._request(lambda: self.folder.objects.pop(name, None))

    def claims(self) -> dict[str, float]:
        return self._request(lambda: {name: stamp for name, (_, stamp) in self.folder.objects.items()})

    def start(self, work: Callable[[], Any]) -> None:
        """Begin `work`; it stands before its first request when this returns."""

        def run() -> None:
            try:
                self.result = work()
            except BaseException as error:
                self.error = error
            self.ended = True
            self._done.release()

        self._thread = threading.Thread(target=run, daemon=True)
        self._thread.start()
        self._wait()

    def step(self) -> None:
        """Let one request through."""
        if not self.ended:
            self.steps += 1
            self._turn.release()
            self._wait()

    def finish(self) -> Any:
        """Let all the rest through; what came of it."""
        while not self.ended:
            self.step()
        if self.error:
            raise self.error
        return self.result

    def _request(self, what: Callable[[], Any]) -> Any:
        if threading.current_thread() is not self._thread:  # before `start`: not part of what is scheduled
            return what()
        self._done.release()
        assert self._turn.acquire(timeout=WAIT_S), "nobody let this process go on"
        return what()

    def _wait(self) -> None:
        assert self._done.acquire(timeout=WAIT_S), "the process neither ended nor asked for anything"


def orders(first: int, second: int) -> Iterator[Sequence[int]]:
    """All ways to mix `first` steps of actor 0 with `second` steps of actor 1."""
    for places in combinations(range(first + second), first):
        yield [0 if place in places else 1 for place in range(first + second)]


def claim(is_held: bool = True) -> bytes:
    """A claim of a process on another machine."""
    about = {"who": "pid 7 on elsewhere since 2026-01-01: sweep run x.yaml", "pid": 7, "machine": "elsewhere"}
    return json.dumps({**about, "held": is_held}).encode()
