# SPDX-License-Identifier: MIT
"""Ctrl-C and time limits for DuckDB calls, which by themselves react to neither."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as Late
from typing import TypeVar

import duckdb

Got = TypeVar("Got")

NAME = "query"  # name of the thread that runs the call
GRACE_S = 5.0  # time to stop after an interrupt


def is_left_behind() -> bool:
    """Whether an interrupted call is still running; only the end of the process ends it."""
    return any(thread.name == NAME and thread.is_alive() for thread in threading.enumerate())


def interruptible(connection: duckdb.DuckDBPyConnection, call: Callable[[], Got], seconds: float | None = None) -> Got:
    """Run `call()` in another thread, so that Ctrl-C in this one interrupts `connection`; returns its result.

    Raises TimeoutError if it has not ended after `seconds`; a call that ignores the interrupt is left running.
    """
    future: Future[Got] = Future()

    def work() -> None:
        try:
            future.set_result(call())
        except BaseException as error:
            future.set_exception(error)

    thread = threading.Thread(target=work, name=NAME, daemon=True)
    thread.start()
    try:
        return future.result(seconds)
    except (KeyboardInterrupt, Late):
        if future.done():  # with an error of its own
            raise
        connection.interrupt()
        thread.join(GRACE_S)
        raise
