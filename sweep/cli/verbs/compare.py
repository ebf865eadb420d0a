# SPDX-License-Identifier: MIT
"""`sweep compare`: is NEW worse than BASE?  Exit 0 pass, 1 regressed, 3 not comparable, 4 too little data."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sweep.errors import SweepError

from .report import width

if TYPE_CHECKING:
    from sweep.compare import Comparison

LOCATION = "run directory, a path or URI"


def compare(
    base: Annotated[str, typer.Argument(metavar="BASE", help=LOCATION, show_default=False)],
    new: Annotated[str | None, typer.Argument(metavar="[NEW]", help=LOCATION, show_default=False)] = None,
    gate: Annotated[
        Path | None,
        typer.Option(
            "--gate",
            metavar="FILE",
            help='metrics and margins; "-": standard input; default: configs/gates/default.yaml',
        ),
    ] = None,
    baseline: Annotated[
        str | None, typer.Option("--baseline", metavar="NAME", help="without NEW: the strategy to compare with")
    ] = None,
    strategy: Annotated[
        str | None, typer.Option("--strategy", metavar="NAME", help="without NEW: the strategy to judge")
    ] = None,
    self_test: Annotated[
        bool, typer.Option("--self-test", help="make NEW worse in memory: exits 1 if the gate finds it")
    ] = False,
    form: Annotated[
        str | None,
        typer.Option("--format", metavar="txt|md|html|json|junit", help="default: txt, or as --out is named"),
    ] = None,
    out: Annotated[
        list[str] | None,
        typer.Option("--out", metavar="FILE", help="write there, and the text here; repeatable"),
    ] = None,
) -> None:
    """Compare two runs, or two strategies of one, against a gate.

    Pair by pair.  Exits with 0 if nothing is worse, 1 if something regressed, 2 for wrong use, 3 if they are not
    comparable, 4 if there is too little data to tell.
    """
    from sweep import compare as comparing
    from sweep.storage import sink

    forms = {file: comparing.form_of(file, form) for file in out or ()}
    shown = comparing.form_of(None, form)
    comparison = _compared(base, new, gate, baseline, strategy)
    shown_comparison = comparing.self_test(comparison) if self_test else comparison
    for file, file_form in forms.items():
        sink.text(file, comparing.write(shown_comparison, file_form))
    print(comparing.write(shown_comparison, "txt" if forms else shown, width()), end="")
    if isinstance(shown_comparison, comparing.SelfTest):
        shown_comparison.check()
    raise typer.Exit(shown_comparison.exit_code)


def _compared(base: str, new: str | None, gate: Path | None, baseline: str | None, strategy: str | None) -> Comparison:
    """The comparison of two runs, or of two strategies of one.  Raises SweepError for arguments that mix the two."""
    from sweep import compare

    if new is not None and baseline is None and strategy is None:
        return compare.runs(base, new, gate=gate)
    if baseline is not None and baseline == strategy:
        raise SweepError(
            f'--baseline and --strategy are both "{strategy}": nothing would be compared\n'
            f"  next: sweep compare {shlex.join([base, '--baseline', baseline, '--strategy', 'NAME'])}"
        )
    if new is None and baseline is not None and strategy is not None:
        return compare.strategies(base, baseline, strategy, gate=gate)
    if new is not None:
        raise SweepError(
            "--baseline and --strategy name two strategies of one run; with NEW there are two runs\n"
            f"  next: sweep compare {shlex.join([base, new])}"
        )
    names = shlex.join(["--baseline", baseline or "NAME", "--strategy", strategy or "NAME"])
    raise SweepError(
        f'"{base}" has to be compared with something: give a second run, or two strategies of this one\n'
        f"  next: sweep compare {shlex.quote(base)} NEW\n"
        f"  or:   sweep compare {shlex.quote(base)} {names}"
    )
