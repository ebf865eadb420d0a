# SPDX-License-Identifier: MIT
"""docs/theory.md and the checks are the same: `checks` compares the numbers, this the rest."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from .checks import EXACT, rows

HERE = Path(__file__).parent


def literals(function: ast.FunctionDef) -> list[str]:
    """What a function passes as the name of a check, as patterns: an f-string's values may be anything."""
    found = []
    for call in (node for node in ast.walk(function) if isinstance(node, ast.Call)):
        if isinstance(call.func, ast.Name) and call.func.id in ("agree", "within", "exactly"):
            name = call.args[0]
            if isinstance(name, ast.JoinedStr):
                parts = [re.escape(p.value) if isinstance(p, ast.Constant) else ".+" for p in name.values]
                found.append("".join(parts))
            else:
                found.append(re.escape(name.value) if isinstance(name, ast.Constant) else ".+")
    return found


@pytest.mark.parametrize("name", rows())
def test_every_row_is_checked_where_it_says(name: str) -> None:
    file, function = rows()[name].test.split("::")
    tree = ast.parse((HERE / file).read_text())
    (made,) = (node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == function)
    assert any(re.fullmatch(pattern, name) for pattern in literals(made))
    assert rows()[name].bound == EXACT or 0 < float(rows()[name].bound.removesuffix("%")) <= 5


def test_the_page_has_rows() -> None:
    assert len(rows()) >= 40
