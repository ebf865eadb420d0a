# SPDX-License-Identifier: MIT
"""Whether an exception is the model's fault, as far as its traceback tells, or may be the machine's.

The model is a function of its scenario: what its own code raises, it raises again everywhere.  What the file system,
the import system, the compiler, or the thread library raises, it may not raise on the next machine, or tomorrow.
"""

from __future__ import annotations

import builtins
import re

FRAME = re.compile(r'^ *File "(.+)", line \d+', re.MULTILINE)
# Code of others: Python's own and what is installed beside it, but for NumPy, whose exceptions are about its arguments.
FOREIGN = re.compile(
    r"[\\/](?:site|dist)-packages[\\/](?!numpy[\\/]|sweep[\\/])|[\\/]python3\.\d+[\\/](?!(?:site|dist)-)|^<frozen "
)
SURROUNDINGS = (OSError, ImportError, MemoryError, SystemError, KeyboardInterrupt, SystemExit)


def raised_by_model(traceback: str) -> bool:
    """Whether this traceback, as text, shows beyond doubt that the model's own code raised."""
    lines = [line for line in traceback.strip().splitlines() if line and not line[0].isspace()]
    name = re.split(r"[: ]", lines[-1])[0] if lines else ""
    kind = getattr(builtins, name, None)
    if isinstance(kind, type) and issubclass(kind, SURROUNDINGS):
        return False
    frames = FRAME.findall(traceback)
    return bool(frames) and FOREIGN.search(frames[-1]) is None
