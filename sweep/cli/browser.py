# SPDX-License-Identifier: MIT
"""Open a report in the user's browser: `--open`."""

from __future__ import annotations

import shlex
import sys

from sweep import storage

from .fitting import say

PAGE = "report.html"


def open_page(location: str) -> None:
    """Show the page of a run directory in the browser that BROWSER, or else the desktop, names.

    What cannot be shown is said on standard error; the run that it is of has ended well all the same.
    """
    import webbrowser

    path = storage.open(location).path
    if path is None:
        copy = f"sweep report {shlex.quote(location)} --out {PAGE}"
        say(f"--open: the page is in an object store, where no browser looks\n  next: {copy}", error=True)
        return
    page = path / PAGE
    sys.stdout.flush()
    if not webbrowser.open(page.absolute().as_uri()):
        say(f"--open: no browser could be started here; BROWSER names one\n  the page: {page}", error=True)
