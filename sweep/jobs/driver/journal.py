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

from sweep.jobs.executors.work import AttemptOutcome, RunSlice
from sweep.jobs.store.part import About
from sweep.storage.beneath import appending

from .attempts import Attempt

ERROR_BYTES = 2000  # of each error, its end, that a line keeps


class Journal:
    """The journal of one run, a file of its own in the directory `logs`; lines are written by `flush`."""

    def __init__(self, logs: Path) -> None:
        self.path = logs / f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{os.getpid()}.jsonl"
        self._lines: list[str] = []

    def add(self, **line: Any) -> None:
        """Add one line with the current time."""
        self._lines.append(json.dumps({"at": datetime.now(UTC).isoformat(timespec="milliseconds"), **line}))

    def flush(self) -> None:
        """Append the lines to the file.  A full disk is not reported here but where it matters: at a part."""
        if self._lines:
            lines, self._lines = self._lines, []
            with suppress(OSError), appending(self.path) as file:
                file.write("".join(f"{line}\n" for line in lines).encode())

    def attempted(
        self,
        piece: dict[str, object],
        work: RunSlice,
        attempt: Attempt,
        outcome: AttemptOutcome | None = None,
        about: About | None = None,
    ) -> None:
        """An attempt at `piece` (`Pieces.slice`) has ended; without an outcome it was cancelled.

        about: the description of the rows that were committed, if there are any.
        """
        self.add(
            **piece,
            attempt=work.attempt,
            ending=outcome.ending if outcome else "cancelled",
            node=outcome.node if outcome else "",
            waited_s=round(attempt.waited_s, 4),
            took_s=round(attempt.took_s, 4),
            failed=len(outcome.failed) if outcome else 0,
            **_error(outcome),
            **({name: about[name] for name in ("simulate_s", "compile_s", "pid")} if about else {}),
        )

    def warmed(self, strategy: str, outcome: AttemptOutcome) -> None:
        """Note that the kernel of a strategy was compiled, or could not be."""
        self.add(warmed=strategy, ending=outcome.ending, seconds=outcome.seconds, **_error(outcome))


def _error(outcome: AttemptOutcome | None) -> dict[str, str]:
    return {"error": outcome.error[-ERROR_BYTES:]} if outcome and outcome.error else {}
