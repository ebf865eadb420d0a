# SPDX-License-Identifier: MIT
"""Operations, conditions and calls of device code: what each means, and what is refused."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

import numpy as np

from .arithmetic import BITWISE, COMPARISONS, literal
from .intrinsics import bit_length
from .places import Places
from .values import BOOL, INT, UINT, LValue, Scalar, Several, Value

TYPES: dict[Any, Scalar] = {int: INT, np.int64: INT, np.uint64: UINT, bool: BOOL}
ARITHMETIC = (
    *(ast.Add, ast.Sub, ast.Mult, ast.FloorDiv, ast.Mod, ast.LShift, ast.RShift),
    *BITWISE,
)


class Expressions(Places):
    """The expressions of one function."""

    def call(self, callee: Any, node: ast.Call) -> Any:
        """A call of another device function."""
        raise NotImplementedError

    def condition(self, node: ast.expr) -> Value:
        """An expression as a condition: a number is true unless it is 0."""
        if isinstance(node, ast.BoolOp):
            return self._both(node.values, isinstance(node.op, ast.And))
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            return self.opposite(self.condition(node.operand))
        return self.truth(self.number(node))

    def _both(self, nodes: list[ast.expr], conjunction: bool) -> Value:
        """and, or `or`, of conditions; one is evaluated only if those before it leave it open."""
        return self.chain([lambda node=node: self.condition(node) for node in nodes], conjunction)  # type: ignore[misc]

    def chain(self, conditions: list[Callable[[], Value]], conjunction: bool) -> Value:
        """Conditions from left to right until one decides."""
        place, done = self.room("i1"), self.name()
        for make in conditions[:-1]:
            value, following = make(), self.name()
            self.do(f"store i1 {value.code}, ptr {place}")
            self.branch(value, following if conjunction else done, done if conjunction else following)
            self.begin(following)
        self.do(f"store i1 {conditions[-1]().code}, ptr {place}")
        self.jump(done)
        self.begin(done)
        return Value(self.emit(f"load i1, ptr {place}"), BOOL)

    def operate(self, op: ast.operator, left: Value, right: Value, node: ast.AST) -> Value:
        """A binary operation; refuses operands that NumPy would turn into something else."""
        if not isinstance(op, ARITHMETIC):
            self.fault(node, "is no integer arithmetic: + - * // % << >> & | ^ are")
        if (left.type is UINT) != (right.type is UINT):
            self.fault(node, "mixes int64 and uint64, which NumPy makes a float: np.uint64(...) or np.int64(...) first")
        if left.type is BOOL and right.type is BOOL and not isinstance(op, BITWISE):
            self.fault(node, "is arithmetic on two bools, which NumPy and Python do differently: int(...) first")
        if left.type is not right.type:
            left, right = self.widened(left), self.widened(right)
        return self.binary(op, left, right)

    def _binop(self, node: ast.BinOp) -> Value:
        left = self.number(node.left)
        return self.operate(node.op, left, self.number(node.right), node)

    def _unaryop(self, node: ast.UnaryOp) -> Value:
        if isinstance(node.op, ast.Not):
            return self.condition(node)
        value = self.number(node.operand)
        if value.type is BOOL:
            self.fault(node, "is arithmetic on a bool: not is known")
        if isinstance(node.op, ast.UAdd):
            return value
        if isinstance(node.op, ast.Invert):
            return self.binary(ast.BitXor(), value, literal(-1, value.type))
        if value.type is UINT:
            self.fault(node, "is the negative of an unsigned number")
        return self.binary(ast.Sub(), literal(0, INT), value)

    def _boolop(self, node: ast.BoolOp) -> Value:
        def only_bool(item: ast.expr) -> Value:
            value = self.condition(item) if isinstance(item, ast.BoolOp) else self.number(item)
            if value.type is not BOOL:
                self.fault(item, "is a number, and `and` or `or` would return it: compare it with 0")
            return value

        return self.chain([lambda item=item: only_bool(item) for item in node.values], isinstance(node.op, ast.And))  # type: ignore[misc]

    def _compare(self, node: ast.Compare) -> Value:
        if isinstance(node.ops[0], (ast.In, ast.NotIn)) and len(node.ops) == 1:
            return self._within(node)
        left, conditions = self.number(node.left), []
        if len(node.ops) == 1:
            return self._compared(node.ops[0], left, self.number(node.comparators[0]), node)
        before = [left]

        def link(op: ast.cmpop, right: ast.expr) -> Value:
            before.append(self.number(right))
            return self._compared(op, before[-2], before[-1], node)

        for op, right in zip(node.ops, node.comparators, strict=True):
            conditions.append(lambda op=op, right=right: link(op, right))
        return self.chain(conditions, True)  # type: ignore[arg-type]

    def _compared(self, op: ast.cmpop, left: Value, right: Value, node: ast.AST) -> Value:
        if type(op) not in COMPARISONS:
            self.fault(node, "is no comparison of numbers: == != < <= > >= and `in` a tuple are")
        if (left.type is UINT) != (right.type is UINT):
            self.fault(node, "compares int64 with uint64: np.int64(...) or np.uint64(...) first")
        return self.compare(op, left, right)

    def _within(self, node: ast.Compare) -> Value:
        left, items = self.number(node.left), self.evaluate(node.comparators[0])
        if not isinstance(items, Several):
            self.fault(node, "looks for a number in what is no tuple")
        found = literal(False, BOOL)
        for item in items.items:
            found = self.binary(ast.BitOr(), found, self._compared(ast.Eq(), left, item, node))
        return self.opposite(found) if isinstance(node.ops[0], ast.NotIn) else found

    def _ifexp(self, node: ast.IfExp) -> Value:
        condition, yes, no, done = self.condition(node.test), self.name(), self.name(), self.name()
        self.branch(condition, yes, no)
        self.begin(yes)
        first = self.number(node.body)
        place = self.room(first.type.llvm)
        self.do(f"store {first.type.llvm} {first.code}, ptr {place}")
        self.jump(done)
        self.begin(no)
        second = self.number(node.orelse)
        if second.type is not first.type:
            self.fault(node, f"is {first.type.value} or {second.type.value}: both must be of one type")
        self.do(f"store {first.type.llvm} {second.code}, ptr {place}")
        self.jump(done)
        self.begin(done)
        return self.load(LValue(place, first.type))

    def _call(self, node: ast.Call) -> Any:
        if node.keywords or any(isinstance(item, ast.Starred) for item in node.args):
            self.fault(node, "has arguments by name or with *: give them by position")
        callee = self._callee(node)
        if getattr(callee, "is_device", False):
            return self.call(callee, node)
        if isinstance(callee, type) and callee in TYPES:
            return self._converted(TYPES[callee], callee, node)
        if callee in (min, max) and len(node.args) > 1:
            values = [self.number(item) for item in node.args]
            if len({value.type for value in values}) != 1 or values[0].type is BOOL:
                self.fault(node, "wants numbers of one type, int64 or uint64")
            for value in values[1:]:
                values[0] = self.smallest(values[0], value, callee is max)
            return values[0]
        if callee is abs and len(node.args) == 1:
            return self.absolute(self.integer(node.args[0]))
        if callee is bit_length and len(node.args) == 1:
            return self.bit_length(self.integer(node.args[0]))
        return self.fault(
            node,
            "calls what device code does not know: device functions, min, max, abs, int, bool, np.int64, np.uint64",
        )

    def _callee(self, node: ast.Call) -> Any:
        if isinstance(node.func, ast.Name):
            return self.outside(node.func.id)
        if isinstance(node.func, ast.Attribute) and isinstance(node.func.value, ast.Name):
            module = self.outside(node.func.value.id)
            return getattr(module, node.func.attr, None) if getattr(module, "__name__", "") == "numpy" else None
        return None

    def _converted(self, scalar: Scalar, callee: Any, node: ast.Call) -> Value:
        if len(node.args) != 1:
            self.fault(node, "wants one number")
        value = self.number(node.args[0])
        if scalar is BOOL:
            return self.truth(value)
        if callee is int and value.type is UINT:
            self.fault(node, "makes an integer without end of a uint64: np.int64(...) is known")
        value = self.widened(value)
        return Value(value.code, scalar) if value.constant is None else literal(value.constant, scalar)
