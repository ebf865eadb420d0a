# SPDX-License-Identifier: MIT
"""What stands between a sweep file and a kernel's inputs computes with nothing that differs between machines.

A function of NumPy or of `math` is on a list here if it is exact, or rounds each element correctly by itself as IEEE
754 says; whoever uses another has to decide.  Logarithms and powers are in `sweep.model.randomness.fixed_point`.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent / "sweep"
FOLDERS = ("model", "fields", "plan", "grid", "config", "conditions")
PATHS = [*(path for folder in FOLDERS for path in sorted(ROOT.glob(f"{folder}/**/*.py")))]
PATHS += [ROOT / "units.py"]
PATHS.remove(ROOT / "fields" / "metrics.py")  # computed when a table is published
PATHS.remove(ROOT / "model" / "compiler" / "machine.py")  # plans nothing: LLVM and the call of what it has made

# "cumsum" adds from the first to the last, unlike "sum".
NUMPY = """
abs arange argsort array asarray ascontiguousarray bincount bool_ broadcast_to bytes_ ceil char concatenate cumsum diff
dtype empty errstate flatnonzero float64 floor frombuffer fromiter full full_like generic iinfo int32 int64 integer
isfinite isin isnan ldexp
load logical_and maximum min_scalar_type minimum nan ndarray ones ones_like recarray repeat rint savez_compressed
searchsorted stack take uint16 uint64 uint8 unique void where zeros zeros_like
"""
EXACT = {
    "math": {"ceil", "comb", "floor", "gcd", "inf", "isfinite", "isinf", "isnan", "isqrt", "lcm", "nan", "prod"},
    "np": set(NUMPY.split()),
}
SHORT = {"numpy": "np", "math": "math"}
BANNED_MODULES = {"cmath", "ctypes", "locale", "random", "scipy", "statistics", "platform"}
# Sobol' points without scrambling are XORs of whole numbers over a power of two: exact.  Their use is looked at below.
SOBOL = ("design.py", "scipy.stats", {"qmc"})
BANNED_METHODS = {"dot", "inv_cdf", "mean", "std", "trace", "var"}
INTEGER_SUMS = {  # files whose arrays that are summed are of whole numbers or of truths
    "bursts.py",
    "check.py",
    "document.py",
    "forecast.py",
    "laws.py",
    "prepare.py",
}


def faults(source: str, file: str = "") -> Iterator[str]:
    """What may come out differently on another machine, with its line."""
    tree = ast.parse(source)
    heads = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    for node in ast.walk(tree):
        text = _fault(node, file, id(node) in heads)
        if text:
            yield f"{file}:{node.lineno}: {text}"  # type: ignore[attr-defined]


def _fault(node: ast.AST, file: str, is_head: bool) -> str:
    match node:
        case ast.Attribute(value=ast.Name(id="np" | "math" as module), attr=name) if name not in EXACT[module]:
            return f"{module}.{name}"
        case ast.Name(id="np" | "math" as module) if not is_head:
            return f"{module} under another name"
        case ast.Call(func=ast.Attribute(attr="argsort")) if "stable" not in ast.unparse(node):
            return "an order of equals that the processor decides"
        case ast.Call(func=ast.Name(id="pow")):
            return "pow"
        case ast.Call(func=ast.Attribute(attr=name)) if name in BANNED_METHODS:
            return f".{name}()"
        case ast.Call(func=ast.Attribute(attr="sum")) if file not in INTEGER_SUMS:
            return ".sum(), of numbers that may be floating point"
        case ast.BinOp(op=ast.MatMult()) | ast.AugAssign(op=ast.MatMult()):
            return "a product of matrices"
        case ast.BinOp(op=ast.Pow(), left=base, right=exponent) if not (_is_whole(base) and _is_whole(exponent)):
            return f"{ast.unparse(node)}, which is not of two whole numbers"
        case ast.AugAssign(op=ast.Pow()):
            return ast.unparse(node)
        case ast.Import(names=names):
            return ", ".join(
                each.name
                for each in names
                if each.name.partition(".")[0] in BANNED_MODULES
                or (each.name in SHORT and (each.asname or each.name) != SHORT[each.name])
            )
        case ast.ImportFrom(module=module, names=names, level=0):
            wrong = {each.name for each in names} - EXACT.get(SHORT.get(str(module), ""), set())
            if (file, module, {each.name for each in names}) == SOBOL:
                return ""
            banned = str(module).partition(".")[0] in BANNED_MODULES
            return f"{module}: {', '.join(sorted(wrong))}" if wrong and (banned or module in SHORT) else ""
    return ""


def _is_whole(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and type(node.value) is int


def test_nothing_that_is_planned_depends_on_the_machine() -> None:
    assert [fault for path in PATHS for fault in faults(path.read_text(), path.name)] == []


def test_of_scipy_only_sobol_points_without_scrambling_are_used() -> None:
    """Its scrambling and its Latin hypercubes draw from NumPy's generators, whose numbers may change."""
    tree = ast.parse((ROOT / "grid" / "design.py").read_text())
    parents = {child: node for node in ast.walk(tree) for child in ast.iter_child_nodes(node)}
    uses = [node for node in ast.walk(tree) if isinstance(node, ast.Name) and node.id == "qmc"]
    calls = [ast.unparse(parents[parents[parents[parents[use]]]]) for use in uses]
    assert calls == ["qmc.Sobol(axes, scramble=False, bits=BITS).random(points)"]


def test_there_is_something_to_look_at() -> None:
    assert len(PATHS) > 60
    assert ROOT / "model" / "randomness" / "quantiles.py" in PATHS


@pytest.mark.parametrize(
    "source",
    [
        "x = np.dot(a, b)",
        "x = a.dot(b)",
        "x = a @ b",
        "a @= b",
        "x = math.exp(1)",
        "from math import log1p",
        "from math import gcd, exp",
        "import math as m",
        "import numpy",
        "from numpy import dot",
        "from statistics import NormalDist",
        "import scipy.special",
        "x = NormalDist().inv_cdf(0.5)",
        "x = a ** 0.5",
        "x = 2.0**-26",
        "x = 2**n",
        "x **= 2",
        "x = pow(a, b)",
        "x = np.argsort(a)",
        "x = np.power(a, b)",
        "x = np.log(a)",
        "x = np.linspace(0, 1, 5)",
        "x = values.mean(axis=1)",
        "x = np.sum(values)",
        "x = values.sum()",
        "x = getattr(np, name)",
        "f = math",
    ],
)
def test_what_may_differ_is_found(source: str) -> None:
    assert list(faults(source))


@pytest.mark.parametrize(
    "source",
    ["x = 10**12", "f(**names)", "from math import gcd", "import numpy as np", "x = np.rint(a * b / c)", "import math"],
)
def test_what_is_the_same_everywhere_is_not(source: str) -> None:
    assert list(faults(source)) == []
