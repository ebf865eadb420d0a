# SPDX-License-Identifier: MIT
"""Errors that are messages for people; only the command line prints them and exits.

A message has the offending value in double quotes, where it came from, the choices, and the next command.
"""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable

from .closest_choice import closest
from .fields.earlier import EARLIER


class SweepError(Exception):
    """`str(error)` is the whole message, one or more lines; `exit_code` is what the process exits with."""

    exit_code = 2


class ConfigError(SweepError):
    """A sweep file, a file that it names, or an override is wrong."""


class RunError(SweepError):
    """A valid request failed."""

    exit_code = 1


class NoRoomError(SweepError):
    """This machine has too little memory, or too low a limit, for a run; nothing was started."""

    exit_code = 1


class ForeignEntryError(RunError):
    """In a run directory, a link, a pipe or a device is in the place of a file."""

    exit_code = 2


class ReadOnlyError(RunError):
    """A location may be read but not written."""


class IncompleteError(SweepError):
    """Only part of what was asked for is there, or another process is still writing it."""

    exit_code = 3


class NotComparableError(SweepError):
    """Two results cannot be compared with each other."""

    exit_code = 3


def renamed(value: str, choices: Collection[str]) -> str:
    """A sentence with today's name of what an earlier version called `value`, if it is one of `choices`; else ""."""
    today = EARLIER[value][0] if value in EARLIER else ""
    return f' It is called "{today}" now.' if today in choices and today != value else ""


def did_you_mean(value: str, choices: Iterable[str]) -> str:
    """A sentence with the choice closest to `value`, starting with a blank; empty if none is close.

    What an earlier version called one of them gets its name of today.  Closest in order where `value` is a number, a
    quantity or a release (`closest_choice`), else in spelling.
    """
    choices = list(choices)
    if today := renamed(value, choices):
        return today
    in_full = [choice for choice in choices if choice.endswith(f".{value}")]
    if len(in_full) == 1 and value not in choices:
        return f' Did you mean "{in_full[0]}"?'
    near = closest(value[:200], choices)
    if near is not None:
        return f' Did you mean "{near}"?'
    folded = {choice.casefold(): choice for choice in choices}
    close = difflib.get_close_matches(value.casefold()[:200], folded, n=1, cutoff=0.6)
    return f' Did you mean "{folded[close[0]]}"?' if close else ""
