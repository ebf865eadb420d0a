# SPDX-License-Identifier: MIT
"""Run random programs with a wrong compiler: `python -m tests.model.compiler.wrong_compiler RULE FOLDER`.

A process of its own, because wrong machine code may end it.  Exit status 0 means that nothing was noticed.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

from sweep.model.compiler.arithmetic import Emitter

from .programs import differences

PROGRAMS = 8
NEVER_USED = 3  # exit status if the rule does not occur

# A wrong rule: what the compiler writes in place of an instruction.
WRONG: dict[str, tuple[str, str]] = {
    "addition": (r"^add i64", "sub i64"),
    "subtraction": (r"^sub i64", "add i64"),
    "product": (r"^mul i64", "add i64"),
    "and": (r"^and i64", "or i64"),
    "or": (r"^or i64", "xor i64"),
    "exclusive or": (r"^xor i64", "or i64"),
    "left shift": (r"^shl i64", "lshr i64"),
    "sign lost by a shift": (r"^ashr i64", "lshr i64"),
    "sign made by a shift": (r"^lshr i64", "ashr i64"),
    "unsigned division": (r"^sdiv i64", "udiv i64"),
    "unsigned rest": (r"^srem i64", "urem i64"),
    "less as at most": (r"^icmp slt", "icmp sle"),
    "at most as less": (r"^icmp sle", "icmp slt"),
    "more as at least": (r"^icmp sgt", "icmp sge"),
    "at least as more": (r"^icmp sge", "icmp sgt"),
    "equal": (r"^icmp eq", "icmp sge"),
    "unlike": (r"^icmp ne", "icmp sgt"),
    "comparison without sign": (r"^icmp s(lt|gt|le|ge)", r"icmp u\1"),
    "min": (r"llvm\.smin", "llvm.umin"),
    "max": (r"llvm\.smax", "llvm.umax"),
    "a bool is -1": (r"^zext i1", "sext i1"),
    "choice": (r"^select i1 (\S+), i64 (\S+), i64 (\S+)$", r"select i1 \1, i64 \3, i64 \2"),
    "field": (r"^(getelementptr inbounds i8, .*), i64 8$", r"\1, i64 0"),
}


def main(rule: str, folder: Path) -> int:
    """Make the compiler wrong, and compare."""
    pattern, replacement = WRONG[rule]
    changed: list[str] = []
    right = Emitter.emit

    def emit(self: Emitter, instruction: str) -> str:
        wrong = re.sub(pattern, replacement, instruction)
        if wrong != instruction:
            changed.append(instruction)
        return right(self, wrong)

    Emitter.emit = emit  # type: ignore[method-assign]
    noticed = any(differences(seed, folder, loops=False) for seed in range(PROGRAMS))
    return NEVER_USED if not changed else int(noticed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], Path(sys.argv[2])))
