# SPDX-License-Identifier: MIT
"""Lines fit the terminal: no word is broken, no command is, and nothing changes for a program that reads."""

from __future__ import annotations

import io
import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sweep.cli import fitting
from sweep.cli.fitting import fitted

PROSE = (
    "  host: 0.29 stalls in a window, 1.1 in all 4 replicates: too few to say what is never lost; "
    "duration: 500 ms or replicates: 122 would see 36 or more"
)
ACCOUNTS = "0.1 of 3.4 core-seconds simulated (42.5 %) · dispatch 0.5 s · compile 1.5 s · start and end 0.7 s · next"
COMMAND = (
    "  next: sweep size some/where/host.yaml --executor inline --objective 'drop_ratio < 0.5 %' "
    "--set traffic.reader.rcvbuf='32 MiB' --no-report --out runs/somewhere/else"
)


class Pipe(io.StringIO):
    """What is no terminal."""


class Terminal(io.StringIO):
    """What says that it is one."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize("width", [50, 80, 200])
@pytest.mark.parametrize("text", [PROSE, ACCOUNTS, COMMAND, f"{PROSE}\n{ACCOUNTS}\n\n{COMMAND}\n"])
def test_lines_fit_and_words_are_whole(text: str, width: int) -> None:
    shown = fitted(text, width)
    assert max(map(len, shown.splitlines())) <= width
    assert shown.replace(" \\\n", " ").split() == text.split()


def test_a_number_stays_with_its_unit_and_a_separator_behind_its_part() -> None:
    for width in range(45, 110):
        for line in fitted(ACCOUNTS, width).splitlines():
            assert not line.lstrip().startswith("·")
            assert not line.endswith(tuple("0123456789"))


@pytest.mark.parametrize("width", range(45, 160, 7))
def test_a_folded_command_is_the_same_to_a_shell(width: int) -> None:
    before, _, command = COMMAND.partition("next: ")
    shown = fitted(COMMAND, width)
    typed = shown.removeprefix(f"{before}next: ").replace("\\\n", "")
    assert shlex.split(typed) == shlex.split(command)
    assert "--executor inline" in shown.replace("\n", "|")


def test_a_command_after_long_prose_has_a_line_to_itself() -> None:
    text = (
        "to decide what is open after all these replicates: sweep size host.yaml --replicates 20 --out somewhere/else"
    )
    assert fitted(text, 80).splitlines() == [
        "to decide what is open after all these replicates:",
        "    sweep size host.yaml --replicates 20 --out somewhere/else",
    ]


@given(st.text(alphabet="ab1 ·%\n-'\"\\s", max_size=200), st.integers(40, 120))
def test_nothing_is_lost(text: str, width: int) -> None:
    assert fitted(text, None) == text
    assert "".join(fitted(text, width).split()) == "".join(text.split())


def test_what_is_piped_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    for set_columns, width in (("80", 80), ("7", fitting.NARROWEST)):
        monkeypatch.setenv("COLUMNS", set_columns)
        assert fitting.columns(Pipe()) is None
        assert fitting.columns(Terminal()) == width
    closed = Pipe()
    closed.close()
    assert fitting.columns(closed) is None
