# SPDX-License-Identifier: MIT
"""Ctrl-C and SIGTERM during a run: the first asks for a stop, the second ends at once.

Python calls a signal's handler between two of its own instructions, and a kernel that is compiled or run in this
process has none for minutes.  So a thread hears of signals as well, through the descriptor that the interpreter's C
code writes to; compiled code and the compiler let it run.
"""

from __future__ import annotations

import os
import select
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

INCOMPLETE = 3  # exit code: what was asked for is there in part
STOPPING = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def stop_on_signal(
    stop: Callable[[], None], give_up: Callable[[], None] | None = None, patience_s: float | None = None
) -> Iterator[None]:
    """Call `stop` on SIGINT or SIGTERM, in this thread or another, perhaps twice; on the second signal, end at once.

    With `give_up`, it ends as well, after calling that, if `patience_s` after the first it is still in the block.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    heard, told = os.pipe()
    os.set_blocking(told, False)
    listener = threading.Thread(target=_listen, args=(heard, stop, give_up, patience_s), daemon=True)
    before = {number: signal.signal(number, lambda number, frame: stop()) for number in STOPPING}
    woken = signal.set_wakeup_fd(told, warn_on_full_buffer=False)
    listener.start()
    try:
        yield
    finally:
        signal.set_wakeup_fd(woken)
        os.close(told)  # the listener then comes to its end
        listener.join()
        os.close(heard)
        for number, handler in before.items():
            signal.signal(number, handler)


def _listen(heard: int, stop: Callable[[], None], give_up: Callable[[], None] | None, patience_s: float | None) -> None:
    """Until the other end of `heard` is closed."""
    seen = 0
    while True:
        if not select.select([heard], [], [], patience_s if seen and give_up else None)[0]:
            if give_up:
                give_up()
            os._exit(INCOMPLETE)
        numbers = os.read(heard, 64)
        if not numbers:
            return
        for _ in (number for number in numbers if number in STOPPING):
            seen += 1
            if seen > 1:
                if os.isatty(2):
                    os.write(2, b"\n")  # the shell's prompt belongs on a line of its own
                os._exit(INCOMPLETE)
            stop()
