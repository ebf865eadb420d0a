# SPDX-License-Identifier: MIT
"""Ctrl-C while DuckDB works, and the end of the time that it has: it hears neither by itself."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as Late
from typing import TypeVar

import duckdb

Got = TypeVar("Got")

NAME = "query"  # of the thread that works
GRACE_S = 5.0  # for what was told to stop


def is_left_behind() -> bool:
    """Whether something that was told to stop works on: only the end of the process ends it."""
    return any(thread.name == NAME and thread.is_alive() for thread in threading.enumerate())


def interruptible(connection: duckdb.DuckDBPyConnection, call: Callable[[], Got], seconds: float | None = None) -> Got:
    """`call()` in another thread, so that this one hears Ctrl-C and stops what `connection` does.

    Raises TimeoutError when it has not ended after so many seconds; what hears nothing is left behind.
    """
    found: Future[Got] = Future()

    def work() -> None:
        try:
            found.set_result(call())
        except BaseException as error:
            found.set_exception(error)

    thread = threading.Thread(target=work, name=NAME, daemon=True)
    thread.start()
    try:
        return found.result(seconds)
    except (KeyboardInterrupt, Late):
        if found.done():  # with an error of its own
            raise
        connection.interrupt()
        thread.join(GRACE_S)
        raise
