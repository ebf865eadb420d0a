# SPDX-License-Identifier: MIT
"""Whether NEW is worse than BASE: two runs, or two strategies of one run, compared in pairs and judged by a gate.

    comparison = compare.runs("runs/base", "runs/new")  # or compare.strategies("runs/x", "page_pool", "page_flip")
    comparison.exit_code, print(comparison)

`sides` checks what can be compared, `pairing` pairs rows, `gate` reads the margins, `comparison` judges,
`gate_self_test` proves that the gate can fail, `contents`, `records` and `junit` write the result.  Everything comes
from published tables; nothing is simulated.
"""

from __future__ import annotations

from pathlib import Path

from sweep.yamltree.source import Node

from . import gate as gates
from . import pairing, sides
from .comparison import Comparison, compare
from .gate_self_test import SelfTest, self_test
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
