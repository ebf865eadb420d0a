# SPDX-License-Identifier: MIT
"""`make audit`: simulate, measure, print promised beside realised; exit 1 if a promise is not kept."""

from __future__ import annotations

import argparse
import multiprocessing
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from . import parts
from .simulate import simulate
from .table import FAIL, OPEN, render

FOLDER = Path("runs/audit")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the parts that are asked for."""
    parser = argparse.ArgumentParser(prog="python -m bench.audit", description="What is promised beside what is done.")
    parser.add_argument("--seed", type=int, default=1, help="of all simulations (default 1)")
    parser.add_argument("--only", action="append", choices=sorted(parts.PARTS), help="this part; may be repeated")
    parser.add_argument("--quick", action="store_true", help="a twentieth of the replicates: does the audit work?")
    parser.add_argument("--workers", type=int, default=2, help="processes (default 2)")
    parser.add_argument("--runs", type=Path, default=FOLDER, help=f"where simulations are kept (default {FOLDER})")
    options = parser.parse_args(arguments)
    tasks = [task for name in options.only or parts.PARTS for task in parts.PARTS[name]]
    plans = list(dict.fromkeys(plan for task in tasks for plan in task.plans))
    folder = options.runs / f"seed-{options.seed}{'-quick' if options.quick else ''}"
    start = time.perf_counter()
    with ProcessPoolExecutor(options.workers, multiprocessing.get_context("spawn")) as pool:
        for one in [pool.submit(simulate, plan, folder, options.seed, quick=options.quick) for plan in plans]:
            one.result()
        simulated_s = time.perf_counter() - start
        asked = [pool.submit(parts.measure, task, folder, options.seed, quick=options.quick) for task in tasks]
        sections = [each.result() for each in asked]
    print(render(sections))
    verdicts = [line.verdict for section in sections for line in section.lines if line.verdict]
    bad, unshown = verdicts.count(FAIL), verdicts.count(OPEN)
    print(
        f"\n{len(verdicts)} promises: {len(verdicts) - bad - unshown} kept, {bad} not kept, {unshown} not shown; "
        f"simulated in {simulated_s:.0f} s, measured in {time.perf_counter() - start - simulated_s:.0f} s, "
        f"seed {options.seed}"
    )
    return 1 if bad or unshown else 0


if __name__ == "__main__":
    sys.exit(main())
