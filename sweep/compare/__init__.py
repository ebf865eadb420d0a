# SPDX-License-Identifier: MIT
"""Is NEW worse than BASE?  Two runs, or two strategies of one run, paired, judged against a gate, and told.

    found = compare.runs("runs/base", "runs/new")  # or compare.strategies("runs/x", "page_pool", "page_flip")
    found.exit_code, print(found)

`sides` says what may be compared at all, `pairing` brings rows together, `gate` reads what is held to which margin,
`comparison` judges, `injection` proves that the gate can fail, `contents`, `records` and `junit` tell.  Everything
comes from published tables; nothing is simulated.
"""

from __future__ import annotations

from pathlib import Path

from sweep.yamltree.source import Node

from . import gate as gates
from . import pairing, sides
from .comparison import Comparison, compare
from .injection import SelfTest, self_test
from .sides import Location
from .writing import FORMATS, PrintedComparison, form_of, write

__all__ = ["FORMATS", "Comparison", "Location", "SelfTest", "form_of", "runs", "self_test", "strategies", "write"]


def runs(base: Location, new: Location, *, gate: str | Path | None = None) -> Comparison:
    """Compare two run directories (paths, URIs) or their tables; `gate` is a gate file, None the default one.

    Raises SweepError: exit code 2 for what was asked wrongly, 3 for what cannot be compared.
    """
    tree = gates.read(gate)
    return _judged(pairing.pair(*sides.runs(base, new)), tree)


def strategies(run: Location, baseline: str, strategy: str, *, gate: str | Path | None = None) -> Comparison:
    """Compare two strategies of one run: `strategy` against `baseline`, in the same cells and pairs.

    A strategy with variants is named as the report names it: "page_pool (pool=2x)".  Raises SweepError as `runs` does.
    """
    tree = gates.read(gate)
    base, new, keys = sides.strategies(run, baseline, strategy)
    return _judged(pairing.pair(base, new, keys), tree)


def _judged(paired: pairing.Pairing, tree: Node) -> Comparison:
    return PrintedComparison.of(compare(paired, gates.bind(tree, paired)))
