# SPDX-License-Identifier: MIT
"""The journal of one run: a JSON line per attempt, in logs/.  For people and for `sweep status`; nothing rests on it.

An attempt's line has its chunk, slice, strategy, node, how it ended, and seconds: `waited_s` from hand-out to a free
worker, `took_s` until it ended, `simulate_s` and `compile_s` inside it.
"""

from __future__ import annotations

import json
import os
import time
from datetime import UTC, datetime
from typing import Any

from .store import Store

EVERY_S = 10.0  # an object store knows no appending: the whole journal is put again


class Journal:
    """Lines of a run, put into the run directory every few seconds."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._name = f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{os.getpid()}.jsonl"
        self._lines: list[str] = []
        self._put = (0, time.perf_counter())  # lines that are there, and since when

    def add(self, **line: Any) -> None:
        """One line: what happened, now."""
        self._lines.append(json.dumps({"at": datetime.now(UTC).isoformat(timespec="milliseconds"), **line}) + "\n")

    def keep(self, *, now: bool = False) -> None:
        """Put it, if there is something new and it is time, or `now`."""
        lines, since = self._put
        if len(self._lines) > lines and (now or time.perf_counter() - since > EVERY_S):
            self._store.log(self._name, "".join(self._lines).encode())
            self._put = len(self._lines), time.perf_counter()
