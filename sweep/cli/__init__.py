# SPDX-License-Identifier: MIT
"""The command line: parse, call, print, exit code.  A file per verb; each imports what it needs when it is called.

Exit codes: 0 done, 1 failed or regressed, 2 wrong use, 3 incomplete or not comparable, 4 too little data to compare.
"""

from __future__ import annotations

import os

import typer

from . import screen
from .arguments import at_home
from .compare import compare
from .exits import guarded
from .export import export
from .plan import plan
from .query import query
from .replay import replay
from .report import report
from .run import run
from .schema import schema
from .show import show
from .size import size
from .status import status
from .submit import follow, submit
from .validate import validate
from .warm import warm
from .watch import watch

app = typer.Typer(
    name="sweep",
    help="Sweeps of NIC receive rings and page recycling strategies, exact to the kernel's counters.",
    no_args_is_help=True,
    add_completion=True,
    rich_markup_mode=None,  # rich costs a tenth of a second at every --help
    pretty_exceptions_enable=False,
)
VERBS = (
    plan,
    run,
    size,
    status,
    watch,
    report,
    compare,
    show,
    query,
    export,
    replay,
    validate,
    schema,
    submit,
    follow,
    warm,
)
for verb in VERBS:
    app.command()(guarded(at_home(verb)))


def main() -> None:
    """Parse the command line, call the verb, exit; at a Tab, tell the shell what may follow."""
    if "_SWEEP_COMPLETE" in os.environ:
        from .completion import complete

        complete(app)
    screen.install()
    app(prog_name="sweep")
