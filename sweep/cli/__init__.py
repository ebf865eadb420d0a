# SPDX-License-Identifier: MIT
"""The command line: parse, call, print, exit code.  A file per verb; each imports what it needs when it is called.

Exit codes: 0 done, 1 failed or regressed, 2 wrong use, 3 incomplete or not comparable, 4 too little data to compare.
"""

from __future__ import annotations

import typer

from .compare import compare
from .exits import guarded
from .plan import plan
from .replay import replay
from .report import report
from .run import run
from .schema import schema
from .show import show
from .status import status
from .submit import follow, submit
from .validate import validate
from .warm import warm

app = typer.Typer(
    name="sweep",
    help="Sweeps of NIC receive rings and page recycling strategies, exact to the kernel's counters.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,  # rich costs a tenth of a second at every --help
    pretty_exceptions_enable=False,
)
for verb in (plan, run, status, report, show, compare, replay, validate, schema, submit, follow, warm):
    app.command()(guarded(verb))


def main() -> None:
    """Parse the command line, call the verb, exit."""
    app(prog_name="sweep")
