# SPDX-License-Identifier: MIT
"""LLVM instructions for the arithmetic of device code, each defined for every operand.

int64 wraps in two's complement.  // and % round towards minus infinity, as Python's; by zero both are 0, as NumPy's.
A shift by 64 or more, or by a negative number, moves every bit out, as NumPy's.
"""

from __future__ import annotations

import ast
from collections.abc import Callable

from .values import BOOL, INT, UINT, Scalar, Value

BITS = 64
COMPARISONS: dict[type[ast.cmpop], tuple[str, str, Callable[[int, int], bool]]] = {
    ast.Eq: ("eq", "eq", lambda a, b: a == b),
    ast.NotEq: ("ne", "ne", lambda a, b: a != b),
    ast.Lt: ("slt", "ult", lambda a, b: a < b),
    ast.LtE: ("sle", "ule", lambda a, b: a <= b),
    ast.Gt: ("sgt", "ugt", lambda a, b: a > b),
    ast.GtE: ("sge", "uge", lambda a, b: a >= b),
}
SIMPLE: dict[type[ast.operator], tuple[str, Callable[[int, int], int]]] = {
    ast.Add: ("add", lambda a, b: a + b),
    ast.Sub: ("sub", lambda a, b: a - b),
    ast.Mult: ("mul", lambda a, b: a * b),
    ast.BitAnd: ("and", lambda a, b: a & b),
    ast.BitOr: ("or", lambda a, b: a | b),
    ast.BitXor: ("xor", lambda a, b: a ^ b),
}
BITWISE = (ast.BitAnd, ast.BitOr, ast.BitXor)


def literal(number: int, scalar: Scalar) -> Value:
    """A number that is known now, wrapped into its type."""
    if scalar is BOOL:
        return Value("true" if number else "false", BOOL, int(bool(number)))
    number &= (1 << BITS) - 1
    signed = number - (1 << BITS) if number >> BITS - 1 else number
    return Value(str(signed), scalar, signed if scalar is INT else number)


class Emitter:
    """The instructions of one function, as text, while it is being made."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.variables: list[str] = []  # instructions that make room for variables, at the function's start
        self._counted = 0

    def name(self) -> str:
        """A fresh name, for a value or a block."""
        self._counted += 1
        return f"%x{self._counted}"

    def emit(self, instruction: str) -> str:
        """Append an instruction with a result; returns the name of the result."""
        name = self.name()
        self.lines.append(f"  {name} = {instruction}")
        return name

    def do(self, instruction: str) -> None:
        """Append an instruction without a result."""
        self.lines.append(f"  {instruction}")

    def begin(self, block: str) -> None:
        """Begin a block; the one before it must have ended with a jump or a return."""
        self.lines.append(f"{block[1:]}:")

    def jump(self, block: str) -> None:
        """End a block."""
        self.do(f"br label {block}")

    def branch(self, condition: Value, yes: str, no: str) -> None:
        """End a block with a choice."""
        self.do(f"br i1 {condition.code}, label {yes}, label {no}")

    def room(self, kind: str) -> str:
        """Memory for a variable."""
        name = self.name()
        self.variables.append(f"  {name} = alloca {kind}")
        return name

    def select(self, condition: str, yes: str, no: str, kind: str = "i64") -> str:
        """One of two values."""
        return self.emit(f"select i1 {condition}, {kind} {yes}, {kind} {no}")

    def truth(self, value: Value) -> Value:
        """Whether a number is not zero."""
        if value.type is BOOL:
            return value
        if value.constant is not None:
            return literal(value.constant != 0, BOOL)
        return Value(self.emit(f"icmp ne i64 {value.code}, 0"), BOOL)

    def widened(self, value: Value) -> Value:
        """A bool as int64 0 or 1; others as they are."""
        if value.type is not BOOL:
            return value
        if value.constant is not None:
            return literal(value.constant, INT)
        return Value(self.emit(f"zext i1 {value.code} to i64"), INT)

    def opposite(self, value: Value) -> Value:
        """The other bool."""
        if value.constant is not None:
            return literal(not value.constant, BOOL)
        return Value(self.emit(f"xor i1 {value.code}, true"), BOOL)

    def compare(self, op: ast.cmpop, left: Value, right: Value) -> Value:
        """A comparison of two numbers of one type, or of an int64 and a bool."""
        if left.type is not right.type:
            left, right = self.widened(left), self.widened(right)
        signed, unsigned, known = COMPARISONS[type(op)]
        if left.constant is not None and right.constant is not None:
            return literal(known(left.constant, right.constant), BOOL)
        word = signed if left.type is INT else unsigned
        return Value(self.emit(f"icmp {word} {left.type.llvm} {left.code}, {right.code}"), BOOL)

    def smallest(self, left: Value, right: Value, largest: bool) -> Value:
        """min, or max, of two numbers of one type."""
        if left.constant is not None and right.constant is not None:
            return literal((max if largest else min)(left.constant, right.constant), left.type)
        word = ("u" if left.type is UINT else "s") + ("max" if largest else "min")
        return Value(self.emit(f"call i64 @llvm.{word}.i64(i64 {left.code}, i64 {right.code})"), left.type)

    def absolute(self, value: Value) -> Value:
        """abs of an int64; that of the lowest number is itself."""
        if value.constant is not None:
            return literal(abs(value.constant), INT)
        return Value(self.emit(f"call i64 @llvm.abs.i64(i64 {value.code}, i1 false)"), INT)

    def bit_length(self, value: Value) -> Value:
        """Bits of an int64 without its sign and leading zeros."""
        if value.constant is not None:
            return literal(value.constant.bit_length(), INT)
        zeros = self.emit(f"call i64 @llvm.ctlz.i64(i64 {self.absolute(value).code}, i1 false)")
        return Value(self.emit(f"sub i64 {BITS}, {zeros}"), INT)

    def binary(self, op: ast.operator, left: Value, right: Value) -> Value:
        """A binary operation on two numbers of one type; on two bools only a bitwise one."""
        kind, scalar = type(op), left.type
        if kind in SIMPLE:
            word, known = SIMPLE[kind]
            if left.constant is not None and right.constant is not None:
                return literal(known(left.constant, right.constant), scalar)
            return Value(self.emit(f"{word} {scalar.llvm} {left.code}, {right.code}"), scalar)
        if kind in (ast.LShift, ast.RShift):
            return self._shift(kind is ast.LShift, left, right)
        return self._divide(kind is ast.Mod, left, right)

    def _shift(self, to_the_left: bool, left: Value, right: Value) -> Value:
        scalar, by = left.type, right.constant
        arithmetic = not to_the_left and scalar is INT
        word = "shl" if to_the_left else "ashr" if arithmetic else "lshr"
        if by is None:
            if arithmetic:
                most = self.emit(f"call i64 @llvm.umin.i64(i64 {right.code}, i64 {BITS - 1})")
                return Value(self.emit(f"ashr i64 {left.code}, {most}"), scalar)
            within = self.emit(f"icmp ult i64 {right.code}, {BITS}")
            shifted = self.emit(f"{word} i64 {left.code}, {right.code}")
            return Value(self.select(within, shifted, "0"), scalar)
        if not 0 <= by < BITS:
            if not arithmetic:
                return literal(0, scalar)
            by = BITS - 1
        if left.constant is not None:
            return literal(left.constant << by if to_the_left else left.constant >> by, scalar)
        return Value(self.emit(f"{word} i64 {left.code}, {by}"), scalar)

    def _divide(self, rest: bool, left: Value, right: Value) -> Value:
        scalar, by = left.type, right.constant
        if by == 0:
            return literal(0, scalar)
        if by is not None and left.constant is not None:
            return literal(left.constant % by if rest else left.constant // by, scalar)
        if scalar is UINT:
            return Value(self._unsigned(rest, left.code, right), scalar)
        if by is None or by < 0:
            return Value(self._floor(rest, left.code, right.code), scalar)
        if by & (by - 1) == 0:  # a power of two
            word = f"and i64 {left.code}, {by - 1}" if rest else f"ashr i64 {left.code}, {by.bit_length() - 1}"
            return Value(self.emit(word), scalar)
        sign = self.emit(f"ashr i64 {left.code}, 63")  # -1 below zero, where floor(a / b) = ~(~a / b), and ~a = a ^ -1
        size = self.emit(f"xor i64 {left.code}, {sign}")
        cut = self.emit(f"udiv i64 {size}, {by}")
        floor = self.emit(f"xor i64 {cut}, {sign}")
        if rest:
            whole = self.emit(f"mul i64 {floor}, {by}")
            return Value(self.emit(f"sub i64 {left.code}, {whole}"), scalar)
        return Value(floor, scalar)

    def _unsigned(self, rest: bool, left: str, right: Value) -> str:
        word = "urem" if rest else "udiv"
        if right.constant is not None:
            return self.emit(f"{word} i64 {left}, {right.code}")
        zero = self.emit(f"icmp eq i64 {right.code}, 0")
        result = self.emit(f"{word} i64 {left}, {self.select(zero, '1', right.code)}")
        return self.select(zero, "0", result)

    def _floor(self, rest: bool, left: str, right: str) -> str:
        """By a number that may be 0 or -1, for which the machine's division is not defined or traps."""
        zero, minus = self.emit(f"icmp eq i64 {right}, 0"), self.emit(f"icmp eq i64 {right}, -1")
        special = self.emit(f"or i1 {zero}, {minus}")
        by = self.select(special, "1", right)
        part = self.emit(f"srem i64 {left}, {by}")
        some = self.emit(f"icmp ne i64 {part}, 0")
        signs = self.emit(f"xor i64 {part}, {by}")
        apart = self.emit(f"icmp slt i64 {signs}, 0")
        up = self.emit(f"and i1 {some}, {apart}")
        if rest:
            moved = self.emit(f"add i64 {part}, {by}")
            return self.select(special, "0", self.select(up, moved, part))
        cut = self.emit(f"sdiv i64 {left}, {by}")
        down = self.emit(f"sext i1 {up} to i64")
        floor, negative = self.emit(f"add i64 {cut}, {down}"), self.emit(f"sub i64 0, {left}")
        return self.select(zero, "0", self.select(minus, negative, floor))
