# SPDX-License-Identifier: MIT
"""Standard output and error of the command line, made safe: no control character in a text reaches the terminal.

Everything that prints (a verb, the parser of the command line, a library, a traceback) writes to these streams, and
each text goes through `safe_text.visible`.  Only rich's bars and live views write escape sequences, through `console`,
and make their own texts visible.
"""

from __future__ import annotations

import sys
from io import TextIOWrapper
from typing import IO, TYPE_CHECKING

from sweep.safe_text import visible

if TYPE_CHECKING:
    from rich.console import Console


class Screen(TextIOWrapper):
    """A text stream that shows control characters and does not send them."""

    def write(self, text: str) -> int:
        super().write(visible(text))
        return len(text)

    def draw(self, text: str) -> int:
        """Write `text` unchanged, including escape sequences."""
        return super().write(text)


class _Drawing:
    """The stream for rich: writes to a `Screen` without making texts visible."""

    def __init__(self, screen: Screen) -> None:
        self._screen = screen
        self.write, self.flush, self.isatty, self.fileno = screen.draw, screen.flush, screen.isatty, screen.fileno
        self.encoding = screen.encoding


def install() -> None:
    """Replace both standard streams by a `Screen`, for good."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if isinstance(stream, TextIOWrapper) and not isinstance(stream, Screen):
            options = {
                "encoding": stream.encoding,
                "errors": stream.errors,
                "line_buffering": stream.line_buffering,
                "write_through": stream.write_through,
            }
            screen = Screen(stream.detach(), **options)  # type: ignore[arg-type]
            setattr(sys, name, screen)
            setattr(sys, f"__{name}__", screen)


def console(*, error: bool = False) -> Console:
    """A rich console that may draw on the terminal; its texts must have gone through `visible`."""
    from rich.console import Console

    stream = sys.stderr if error else sys.stdout
    file: IO[str] = _Drawing(stream) if isinstance(stream, Screen) else stream  # type: ignore[assignment]
    return Console(file=file, markup=False, highlight=False, emoji=False)
