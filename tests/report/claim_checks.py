# SPDX-License-Identifier: MIT
"""How a claim is checked: `check` finds the check of its kind, the others compare a number with the sentence."""

from __future__ import annotations

import math
import re
from functools import singledispatch

from sweep.document import statements as say
from tests.report.table_in_sql import Facts


@singledispatch
def check(claim, facts: Facts, text: str) -> str | None:
    """What is wrong with a claim of a sentence, None if nothing is."""
    return f"no check for {type(claim).__name__}"


def near(one: float, other: float) -> bool:
    return math.isclose(one, other, rel_tol=1e-9, abs_tol=1e-12)


def missing(shown: str, text: str) -> str | None:
    """What is claimed stands in the sentence."""
    before, after = (r"(?<![\d.,])" if shown[:1].isdigit() else "", r"(?!\d|[.,]\d)" if shown[-1:].isdigit() else "")
    return None if re.search(before + re.escape(shown) + after, text) else f'"{shown}" is not in it'


def differs(number: say.Number, found: float, text: str) -> str | None:
    """The number is the one found, and what stands in the sentence is that number, rounded."""
    if not math.isclose(number.value, found, rel_tol=1e-6, abs_tol=1e-9):
        return f"SQL finds {found}"
    if not number.text:
        return None
    if wrong := missing(number.text, text):
        return wrong
    shown = number.text.replace(",", "").replace("+", "")
    scaled = abs(number.value * number.scale) if not shown.startswith("-") else number.value * number.scale
    if shown.startswith("<"):
        return None if scaled < float(shown[1:]) else f"{scaled} is shown as {shown}"
    digits = len(shown.partition(".")[2].partition("e")[0])
    exponent = int(shown.partition("e")[2] or 0)
    return (
        None
        if abs(float(shown) - scaled) <= 0.5000001 * 10 ** (exponent - digits) + 1e-9
        else f"{scaled} is shown as {shown}"
    )
