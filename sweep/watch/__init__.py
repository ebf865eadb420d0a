# SPDX-License-Identifier: MIT
"""Watch a run through its run directory alone, on this machine or another, by path or URI.

`Observer` reads the state, `pace` predicts the time left, `cells` finds the comparisons still open.  Nothing is written
to the directory, and its lock is held only long enough to see who has it.
"""

from .observer import Observer, View

__all__ = ["Observer", "View"]
