# SPDX-License-Identifier: MIT
"""The journal of one run: a JSON line per attempt, in logs/.  For people and for `sweep status`; nothing rests on it.

An attempt's line has its chunk, slice, strategy, node, how it ended, and seconds: `waited_s` from hand-out to a free
worker, `took_s` until it ended, `simulate_s` and `compile_s` inside it; and the end of its error, if it has one.
"""

from __future__ import annotations

import json
import os
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sweep.jobs.executors.work import Outcome, Run
from sweep.jobs.store.parts import Part
from sweep.storage.beneath import appending

from .attempts import Flight

ERROR_BYTES = 2000  # of each


class Journal:
    """Lines of a run, in a file of its own in the directory `logs`."""

    def __init__(self, logs: Path) -> None:
        self.path = logs / f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{os.getpid()}.jsonl"

    def add(self, **line: Any) -> None:
        """One line: what happened, now.  A full disk is told of where it matters: at a part."""
        text = json.dumps({"at": datetime.now(UTC).isoformat(timespec="milliseconds"), **line})
        with suppress(OSError), appending(self.path) as file:
            file.write(f"{text}\n".encode())

    def attempted(
        self,
        piece: dict[str, object],
        work: Run,
        flight: Flight,
        outcome: Outcome | None = None,
        part: Part | None = None,
    ) -> None:
        """An attempt at `piece` (`Pieces.slice`) has ended; without an outcome it was cancelled."""
        self.add(
            **piece,
            attempt=work.attempt,
            ending=outcome.ending if outcome else "cancelled",
            node=outcome.node if outcome else "",
            waited_s=round(flight.waited_s, 4),
            took_s=round(flight.took_s, 4),
            failed=len(outcome.failed) if outcome else 0,
            **_error(outcome),
            **({name: part.about[name] for name in ("simulate_s", "compile_s", "pid")} if part else {}),
        )

    def warmed(self, strategy: str, outcome: Outcome) -> None:
        """The kernel of a strategy is there, or cannot be."""
        self.add(warmed=strategy, ending=outcome.ending, seconds=outcome.seconds, **_error(outcome))


def _error(outcome: Outcome | None) -> dict[str, str]:
    return {"error": outcome.error[-ERROR_BYTES:]} if outcome and outcome.error else {}
