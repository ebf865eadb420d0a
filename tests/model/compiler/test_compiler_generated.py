# SPDX-License-Identifier: MIT
"""Compiled random functions equal an independent reading of their source; a compiler with one wrong rule is caught."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.model.compiler.programs import FUNCTIONS, differences
from tests.model.compiler.wrong_compiler import NEVER_USED, WRONG


@pytest.fixture(autouse=True)
def own_cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """What is made here is made once, and by a compiler that may be wrong: it must not be kept."""
    monkeypatch.setenv("SWEEP_CACHE_DIR", str(tmp_path / "cache"))


def test_generated_functions(tmp_path: Path) -> None:
    assert [line for seed in range(6) for line in differences(seed, tmp_path)] == []


@pytest.mark.slow
def test_ten_thousand_generated_functions(tmp_path: Path) -> None:
    seeds = range(1000, 1000 + 10_000 // FUNCTIONS)
    assert [line for seed in seeds for line in differences(seed, tmp_path)] == []


@pytest.mark.slow
@pytest.mark.parametrize("rule", list(WRONG))
def test_a_wrong_rule_is_caught(rule: str, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.model.compiler.wrong_compiler", rule, str(tmp_path)]
    status = subprocess.run(command, capture_output=True, timeout=300).returncode
    assert status not in (0, NEVER_USED)
