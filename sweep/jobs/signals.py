# SPDX-License-Identifier: MIT
"""Ctrl-C and SIGTERM during a run: the first asks for a stop, the second ends at once.

Python calls a signal handler only between two of its own instructions, and while a kernel is compiled or run in this
process there may be none for minutes.  So a thread listens for signals as well, on the descriptor that the
interpreter's C code writes to; compiled code and the compiler let it run.
"""

from __future__ import annotations

import os
import select
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

INCOMPLETE = 3  # exit code: only part of what was asked for is there
STOPPING = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def stop_on_signal(
    stop: Callable[[], None], give_up: Callable[[], None] | None = None, timeout_s: float | None = None
) -> Iterator[None]:
    """Inside the block, call `stop` on the first SIGINT or SIGTERM, in any thread, perhaps twice; exit on the second.

    With `give_up`, the process also calls that and exits if the block has not ended `timeout_s` after the first.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    read_end, write_end = os.pipe()
    os.set_blocking(write_end, False)
    listener = threading.Thread(target=_listen, args=(read_end, stop, give_up, timeout_s), daemon=True)
    previous_handlers = {number: signal.signal(number, lambda number, frame: stop()) for number in STOPPING}
    previous_fd = signal.set_wakeup_fd(write_end, warn_on_full_buffer=False)
    listener.start()
    try:
        yield
    finally:
        signal.set_wakeup_fd(previous_fd)
        os.close(write_end)  # the listener then comes to its end
        listener.join()
        os.close(read_end)
        for number, handler in previous_handlers.items():
            signal.signal(number, handler)


def _listen(heard: int, stop: Callable[[], None], give_up: Callable[[], None] | None, timeout_s: float | None) -> None:
    """Handle the signals that arrive on the pipe, until its other end is closed."""
    signals = 0
    while True:
        if not select.select([heard], [], [], timeout_s if signals and give_up else None)[0]:
            if give_up:
                give_up()
            os._exit(INCOMPLETE)
        received = os.read(heard, 64)
        if not received:
            return
        for _ in (number for number in received if number in STOPPING):
            signals += 1
            if signals > 1:
                if os.isatty(2):
                    os.write(2, b"\n")  # the shell's prompt belongs on a line of its own
                os._exit(INCOMPLETE)
            stop()
