# SPDX-License-Identifier: MIT
"""Standard output and standard error of the command line: nothing that is written there is obeyed by a terminal.

Whatever prints (a verb, the parser of the command line, a library, a traceback) writes to these, and each text goes
through `foreign.visible`.  Only what draws on a terminal by itself, rich's bars and live views, gets at what is below,
through `console`, and makes the words in its drawings visible itself.
"""

from __future__ import annotations

import sys
from io import TextIOWrapper
from typing import IO, TYPE_CHECKING

from sweep.foreign import visible

if TYPE_CHECKING:
    from rich.console import Console


class Screen(TextIOWrapper):
    """A text stream that shows control characters and does not send them."""

    def write(self, text: str) -> int:
        super().write(visible(text))
        return len(text)

    def draw(self, text: str) -> int:
        """Write as it is: escape sequences of our own."""
        return super().write(text)


class _Drawing:
    """What rich writes to: the stream below a `Screen`."""

    def __init__(self, screen: Screen) -> None:
        self._screen = screen
        self.write, self.flush, self.isatty, self.fileno = screen.draw, screen.flush, screen.isatty, screen.fileno
        self.encoding = screen.encoding


def install() -> None:
    """Put a `Screen` in the place of both standard streams, for good."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if isinstance(stream, TextIOWrapper) and not isinstance(stream, Screen):
            how = {
                "encoding": stream.encoding,
                "errors": stream.errors,
                "line_buffering": stream.line_buffering,
                "write_through": stream.write_through,
            }
            screen = Screen(stream.detach(), **how)  # type: ignore[arg-type]
            setattr(sys, name, screen)
            setattr(sys, f"__{name}__", screen)


def console(*, error: bool = False) -> Console:
    """A console of rich that may draw: its texts must be `visible` already."""
    from rich.console import Console

    stream = sys.stderr if error else sys.stdout
    file: IO[str] = _Drawing(stream) if isinstance(stream, Screen) else stream  # type: ignore[assignment]
    return Console(file=file, markup=False, highlight=False, emoji=False)
