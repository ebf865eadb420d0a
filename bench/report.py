# SPDX-License-Identifier: MIT
"""`make bench`: the report of a sweep of twelve thousand points, with its page.

`sweep report` is measured as its user meets it, on rows that are made up as in `bench.scale`.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from sweep import config
from sweep import plan as planning
from sweep.jobs.store.parts import Store

from .scale import made_up_parts, measured, sweep_file, verdict

AIM = (30.0, 1000)  # seconds, MB


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m bench.report", description="The report of a large sweep.")
    parser.add_argument("--points", type=int, default=12_000, help="points of the sweep, at least (default 12000)")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="sweep-report-") as name:
        folder = Path(name)
        file = sweep_file(folder, options.points)
        survey = planning.survey(config.load(file))
        store = Store(folder / "run")
        with store.writing():
            for chunk, data in made_up_parts(survey):
                store.commit(chunk, data)
        measured(["run", file.name, "--out", "run", "--executor", "inline", "--no-report"], folder)
        usage, _ = measured(["report", "run"], folder)
        size = (folder / "run" / "report.html").stat().st_size
        print(verdict(f"sweep report of {survey.simulations:,} rows", usage, AIM) + f" (page {size / 1e6:.1f} MB)")
    return 0


if __name__ == "__main__":
    sys.exit(main())
