# SPDX-License-Identifier: MIT
"""The last lines of a run: the verdict, in colour on a terminal, the report's page, and how to open it."""

from __future__ import annotations

import os
import shlex
import sys
from typing import TYPE_CHECKING

from sweep.safe_text import visible

from .fitting import say

if TYPE_CHECKING:
    from sweep.report.verdict import ShortVerdict

STYLES = {"best": "bold green", "better": "green", "worse": "red", "tie": "yellow", "missing": "dim"}


def show_verdict(verdict: ShortVerdict, page: str, location: str) -> None:
    """Print the verdict, where the page is, and the command that opens it."""
    print()
    if in_colour():
        _draw(verdict)
    else:
        print(verdict.text)
    say(f"\nreport: {page}\n  next: sweep report {shlex.quote(location)} --open")


def in_colour() -> bool:
    """Whether standard output is a terminal that may be coloured; NO_COLOR (no-color.org) forbids it."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def _draw(verdict: ShortVerdict) -> None:
    from rich.text import Text

    from .screen import console

    text, start = Text(visible(verdict.text)), 0
    for word, tone in verdict.words:
        place = text.plain.find(visible(word), start)
        if place < 0:
            continue  # wrapped over two lines
        start = place + len(visible(word))
        if tone in STYLES:
            text.stylize(STYLES[tone], place, start)
    console().print(text, soft_wrap=True)
