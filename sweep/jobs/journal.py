# SPDX-License-Identifier: MIT
"""The journal of one run: a JSON line per attempt, in logs/.  For people and for `sweep status`; nothing rests on it.

An attempt's line has its chunk, slice, strategy, node, how it ended, and seconds: `waited_s` from hand-out to a free
worker, `took_s` until it ended, `simulate_s` and `compile_s` inside it.
"""

from __future__ import annotations

import json
import os
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any


class Journal:
    """Lines of a run, in a file of its own in the directory `logs`."""

    def __init__(self, logs: Path) -> None:
        self._path = logs / f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{os.getpid()}.jsonl"

    def add(self, **line: Any) -> None:
        """One line: what happened, now.  A full disk is told of where it matters: at a part."""
        text = json.dumps({"at": datetime.now(UTC).isoformat(timespec="milliseconds"), **line})
        with suppress(OSError), open(self._path, "a", encoding="utf-8") as file:
            file.write(f"{text}\n")
