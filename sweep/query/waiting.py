# SPDX-License-Identifier: MIT
"""Ctrl-C while DuckDB works: it does not hear it by itself."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from typing import TypeVar

import duckdb

Got = TypeVar("Got")


def interruptible(connection: duckdb.DuckDBPyConnection, call: Callable[[], Got]) -> Got:
    """`call()` in another thread, so that this one hears Ctrl-C and stops what `connection` does."""
    with ThreadPoolExecutor(1, "query") as thread:
        working = thread.submit(call)
        try:
            return working.result()
        except KeyboardInterrupt:
            connection.interrupt()
            wait([working])
            raise
