# SPDX-License-Identifier: MIT
"""What is planned is a function of the sweep file: no BLAS, no C library, no processor, no locale is in it.

`planned.py` is run in one environment after another, and its digests are compared.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
# Kernels, and what else a build calls one that is no other than another's: NumPy's own has few.
BLAS = {
    "Prescott": ("prescott", "katmai"),
    "Haswell": ("haswell",),
    "SkylakeX": ("skylakex",),
    "Zen": ("zen", "haswell"),
}
DECIDES = ("OPENBLAS_", "NPY_", "OMP_", "LC_", "LANG", "LD_PRELOAD", "PYTHONHASHSEED", "TZ")  # what is tried here


def planned(*arguments: str, **environment: str) -> dict[str, Any]:
    """What `planned.py` prints in this environment."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(DECIDES)}
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    command = [sys.executable, str(HERE / "planned.py"), *arguments]
    process = subprocess.run(
        command, env={**kept, "PYTHONPATH": path, **environment}, capture_output=True, text=True, timeout=120
    )
    assert process.returncode == 0, process.stderr
    found: dict[str, Any] = json.loads(process.stdout)
    return found


@cache
def usual() -> dict[str, Any]:
    """What is planned when the environment says nothing."""
    return planned()


@cache
def with_blas(kernel: str) -> dict[str, Any]:
    return planned(OPENBLAS_CORETYPE=kernel)


def same(found: dict[str, Any]) -> bool:
    """Whether everything but the machine is as usual."""
    return {**found, "on": None} == {**usual(), "on": None}


@pytest.mark.parametrize("kernel", BLAS)
def test_no_kernel_of_the_blas_changes_what_is_planned(kernel: str) -> None:
    runs_on = with_blas(kernel)["on"]["blas"]
    if runs_on.lower() not in BLAS[kernel]:
        pytest.skip(f'the BLAS kernel {kernel} does not run on this processor: NumPy has "{runs_on}"')
    assert same(with_blas(kernel))


def test_one_of_the_kernels_is_not_the_usual_one() -> None:
    if not usual()["on"]["blas"]:
        pytest.skip("this NumPy has no OpenBLAS to choose a kernel of")
    assert {with_blas(kernel)["on"]["blas"] for kernel in BLAS} - {usual()["on"]["blas"]}


def test_no_feature_of_the_processor_changes_what_is_planned() -> None:
    features = usual()["on"]["simd"]
    if not features:
        pytest.skip("NumPy uses nothing of this processor beyond the baseline")
    reduced = planned(NPY_DISABLE_CPU_FEATURES=features)
    assert reduced["on"]["simd"] == ""
    assert same(reduced)


def test_no_last_bit_of_the_c_library_changes_what_is_planned(tmp_path: Path) -> None:
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None or sys.platform != "linux":
        pytest.skip("there is no C compiler for a library to preload")
    library = tmp_path / "other_libm.so"
    command = [compiler, "-shared", "-fPIC", "-O1", "-fno-builtin", "-o", library, HERE / "other_libm.c", "-ldl", "-lm"]
    subprocess.run(command, check=True, timeout=60)
    features = usual()["on"]["simd"]  # without them NumPy asks the C library too
    moved = planned(LD_PRELOAD=str(library), **({"NPY_DISABLE_CPU_FEATURES": features} if features else {}))
    ours, theirs = (each["on"]["libm"].split() for each in (usual(), moved))
    assert all(one != other for one, other in zip(ours, theirs, strict=True))  # exp, log, log1p and pow
    assert same(moved)


@pytest.mark.parametrize(
    "environment",
    [
        {"PYTHONHASHSEED": "1", "LC_ALL": "C", "TZ": "Pacific/Chatham", "OMP_NUM_THREADS": "1"},
        {"PYTHONHASHSEED": "77", "LC_ALL": "C.UTF-8", "LANG": "de_DE.UTF-8", "OMP_NUM_THREADS": "7"},
        {"OPENBLAS_NUM_THREADS": "5", "SWEEP_PLAIN_PYTHON": "1", "PYTHONOPTIMIZE": "2"},
    ],
    ids=lambda environment: " ".join(environment),
)
def test_nothing_else_around_it_changes_what_is_planned(environment: dict[str, str]) -> None:
    assert same(planned(**environment))


def test_what_is_planned_is_what_it_was_on_every_other_machine() -> None:
    """If this fails without a change of the model, a sweep that was begun elsewhere would be computed anew here.

    After a change of the model: `python tests/plan/planned.py golden > tests/plan/golden/planned.json`.
    """
    assert planned("golden") == json.loads((HERE / "golden" / "planned.json").read_text())
