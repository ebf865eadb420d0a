# SPDX-License-Identifier: MIT
"""Lines that fit the terminal: broken between words, commands so that a shell reads them as one.

Texts that a program reads (what is piped, JSON, a file that is printed) are left as they are.
"""

from __future__ import annotations

import re
import shutil
import sys
import textwrap
from typing import TextIO

NARROWEST = 40  # columns; a narrower terminal wraps by itself
COMMAND = re.compile(r"(?:^|[:;] |\bwith )(?=(?:\w+=\S+ )?sweep [a-z])")  # where one begins in a line
SHELL_WORD = re.compile(r"""(?:'[^']*'|"[^"]*"|\\.|[^\s'"])+""")
KEPT = "\u00a0"  # a blank at which no line ends: before what separates parts, and between a number and its unit
AFTER_NUMBER = re.compile(r"(?<=\d) (?=[^\W\d]|%)")


def columns(stream: TextIO) -> int | None:
    """The width of the terminal that `stream` writes to, as COLUMNS says it or it is; None if it is no terminal."""
    try:
        is_terminal = stream.isatty()
    except (AttributeError, ValueError):  # a standard stream that is closed
        is_terminal = False
    return max(NARROWEST, shutil.get_terminal_size().columns) if is_terminal else None


def say(text: str, *, error: bool = False) -> None:
    """Print prose for people, fitted to the terminal."""
    stream = sys.stderr if error else sys.stdout
    print(fitted(text, columns(stream)), file=stream, flush=True)


def fitted(text: str, width: int | None) -> str:
    """`text` with no line longer than `width`, but for words that are; continued lines are indented."""
    if width is None:
        return text
    return "\n".join(_line(line, width) if len(line) > width else line for line in text.split("\n"))


def _line(line: str, width: int) -> str:
    indent = line[: len(line) - len(line.lstrip())]
    deeper = f"{indent}    "
    if command := COMMAND.search(line.lstrip()):
        begin = len(indent) + command.end()
        prose = line[:begin].rstrip()
        if prose and len(prose) > width // 2:  # the command has the next line to itself
            return f"{fitted(prose, width)}\n{_folded(deeper, line[begin:], f'{deeper}    ', width)}"
        return _folded(line[:begin], line[begin:], deeper, width)
    kept = AFTER_NUMBER.sub(KEPT, line.strip().replace(" · ", f"{KEPT}· "))
    wrapped = textwrap.wrap(
        kept,
        width,
        initial_indent=indent,
        subsequent_indent=deeper,
        break_long_words=False,
        break_on_hyphens=False,
    )
    return "\n".join(wrapped).replace(KEPT, " ")


def _folded(before: str, command: str, indent: str, width: int) -> str:
    """A command after the text `before`, folded between its words with backslashes."""
    lines, current = [], before
    for word in _with_values(SHELL_WORD.findall(command)):
        gap = "" if current in (before, indent) else " "
        if gap and len(current) + len(word) + 3 > width:
            lines.append(f"{current} \\")
            current, gap = indent, ""
        current += gap + word
    return "\n".join([*lines, current])


def _with_values(words: list[str]) -> list[str]:
    """The words of a command, each option in one with the value after it."""
    joined: list[str] = []
    for word in words:
        if joined and joined[-1].startswith("--") and " " not in joined[-1] and not word.startswith("-"):
            joined[-1] += f" {word}"
        else:
            joined.append(word)
    return joined
