# SPDX-License-Identifier: MIT
"""The command line: parse, call, print, exit code.  A file per verb; each imports what it needs when it is called.

Exit codes: 0 done, 1 failed or regressed, 2 wrong use, 3 incomplete or not comparable, 4 too little data to compare.
"""

from __future__ import annotations

import os

import typer

from sweep.cli.verbs.compare import compare
from sweep.cli.verbs.doctor import doctor
from sweep.cli.verbs.export import export
from sweep.cli.verbs.import_counters import counters
from sweep.cli.verbs.init import init
from sweep.cli.verbs.list import list
from sweep.cli.verbs.plan import plan
from sweep.cli.verbs.query import query
from sweep.cli.verbs.replay import replay
from sweep.cli.verbs.report import report
from sweep.cli.verbs.run import run
from sweep.cli.verbs.schema import schema
from sweep.cli.verbs.show import show
from sweep.cli.verbs.size import size
from sweep.cli.verbs.status import status
from sweep.cli.verbs.submit import follow, submit
from sweep.cli.verbs.validate import validate
from sweep.cli.verbs.warm import warm
from sweep.cli.verbs.watch import watch

from . import screen
from .arguments import at_home
from .exits import guarded
from .version import top

app = typer.Typer(
    name="sweep",
    help="Sweeps of NIC receive rings and page recycling strategies, exact to the kernel's counters.",
    no_args_is_help=True,
    add_completion=True,
    rich_markup_mode=None,  # rich costs a tenth of a second at every --help
    pretty_exceptions_enable=False,
)
app.callback()(top)
VERBS = (
    init,
    plan,
    run,
    size,
    list,
    status,
    watch,
    report,
    compare,
    show,
    query,
    export,
    replay,
    doctor,
    validate,
    schema,
    submit,
    follow,
    warm,
)
for verb in VERBS:
    app.command()(guarded(at_home(verb)))
imports = typer.Typer(name="import", help="Read what a real host printed: its counters.", no_args_is_help=True)
imports.command()(guarded(at_home(counters)))
app.add_typer(imports)


def main() -> None:
    """Parse the command line, call the verb, exit; when called for shell completion, print the candidates."""
    if "_SWEEP_COMPLETE" in os.environ:
        from .completion import complete

        complete(app)
    screen.install()
    app(prog_name="sweep")
