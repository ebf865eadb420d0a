# SPDX-License-Identifier: MIT
"""A copy of the package with one more strategy: page_allocator, poisonous while SWEEP_POISON says how.

It is so at one ring size, or at all with SWEEP_POISON_EVERYWHERE.

"A new strategy is one file and one word": that is all that the copy differs by.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from scene import REPOSITORY

NAME = "poisoned"
RING = 112
ENDINGS = {"raise": "exception", "crash": "crash", "sleep": "too_slow", "allocate": "memory"}  # what each comes to
CAP_BYTES = 600 << 20  # of a worker's memory, for what allocates

POISON = '''

def poison(ring: int) -> None:
    """What SWEEP_POISON says."""
    import ctypes
    import os
    import time

    how = os.environ.get("SWEEP_POISON", "")
    if ring != RING_OF_POISON and not os.environ.get("SWEEP_POISON_EVERYWHERE"):
        return
    if how == "raise":
        raise ZeroDivisionError("planted")
    if how == "crash":
        ctypes.string_at(0)
    while how == "sleep":
        time.sleep(3600)
    blocks = []
    while how == "allocate":
        blocks.append(bytearray(16 << 20))
        if len(blocks) > 128:  # 2 GiB: nobody stops it; the machine must not suffer
            os._exit(99)
'''


def plant(folder: Path) -> Path:
    """Make the copy in `folder`; where it is, for PYTHONPATH."""
    root = folder / "copy"
    for part in ("sweep", "configs"):
        shutil.copytree(REPOSITORY / part, root / part, ignore=shutil.ignore_patterns("__pycache__"))
    strategies = root / "sweep" / "model" / "strategies"
    text = (strategies / "page_allocator.py").read_text()
    taken = "    page = page_alloc(sim, lane)\n"
    assert taken in text
    poisoned = text.replace(taken, f"    poison(sim.params[lane].ring)\n{taken}")
    (strategies / f"{NAME}.py").write_text(poisoned + POISON.replace("RING_OF_POISON", str(RING)))
    init = (strategies / "__init__.py").read_text()
    (strategies / "__init__.py").write_text(init.replace("NAMES = (\n", f'NAMES = (\n    "{NAME}",\n'))
    return root
