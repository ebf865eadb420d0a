# SPDX-License-Identifier: MIT
"""Random device functions, and an independent reading of what they must compute.

A `Writer` writes the source of functions.  `oracle` turns that source into Python in which each operation is a function
of this module that states its own wrap-around; compiled code has to equal it bit for bit.
"""

from __future__ import annotations

import ast
import random
from collections.abc import Callable
from typing import Any

MASK = (1 << 64) - 1
FIELDS = ("red", "green", "blue", "black")  # of the record that functions read and write
CELLS = 8  # entries of the array that they read and write
EDGES = (0, 1, -1, 2, 3, 7, 63, 64, 255, -1000, 1 << 31, (1 << 32) - 1, -(1 << 31), 1 << 62, (1 << 63) - 1, -(1 << 63))
INTEGERS = {"LIMIT": 1000, "SHIFT": 10, "PRIME": 7919, "LARGE": 1 << 40, "LEAST": -37, "SMALLEST": -(1 << 63)}
UNSIGNED = {"U_ODD": 0x9E3779B97F4A7C15, "U_LOW": 0xFFFFFFFF, "U_ONE": 1, "U_ALL": MASK}
DIVISORS = (
    "1",
    "2",
    "3",
    "7",
    "8",
    "1000",
    "1024",
    "LIMIT",
    "PRIME",
    "LARGE",
    "-1",
    "-3",
    "-8",
    "LEAST",
    "(1 << SHIFT)",
)
PRELUDE = "\n".join(
    [
        "from typing import Any",
        "import numpy as np",
        "from sweep.model.compiler.jit import device",
        *(f"{name} = {value}" for name, value in INTEGERS.items()),
        *(f"{name} = np.uint64({value})" for name, value in UNSIGNED.items()),
        "",
    ]
)


class Writer:
    """Writes one function after another; each may call those before it."""

    def __init__(self, rng: random.Random, loops: bool = True) -> None:
        self.rng, self.loops = rng, loops
        self.functions: list[tuple[str, int, bool]] = []  # name, number of integer arguments, returns a pair
        self.callable: list[tuple[str, int, bool]] = []  # those of them that call nothing: code grows with each call
        self.names: list[str] = []  # integers that have a value here
        self.counters: set[str] = set()  # those of them that end a loop, which nothing else may change
        self.made = 0

    def function(self, name: str) -> str:
        """The source of a function of `sim`, `lane` and up to three integers, that returns an integer or a pair."""
        rng = self.rng
        arguments = [f"a{i}" for i in range(rng.randrange(4))]
        self.names, self.returns_pair = list(arguments), rng.random() < 0.2
        self.calls = 0
        head = "".join(f", {argument}: int" for argument in arguments)
        returns = "tuple[int, int]" if self.returns_pair else "int"
        lines = ["@device", f"def {name}(sim: Any, lane: int{head}) -> {returns}:", "    st = sim.state[lane]"]
        for _ in range(rng.randrange(1, 5)):
            lines += self.statement(1)
        lines.append("    return " + self.result())
        self.functions.append((name, len(arguments), self.returns_pair))
        if self.calls == 0:
            self.callable.append(self.functions[-1])
        return "\n".join(lines)

    def result(self) -> str:
        return f"{self.integer(3)}, {self.integer(2)}" if self.returns_pair else self.integer(4)

    # Expressions.

    def integer(self, depth: int) -> str:
        rng = self.rng
        if depth <= 0 or rng.random() < 0.15:
            return self.leaf()
        depth -= 1
        match rng.randrange(16):
            case 0 | 1 | 2 | 3:
                return f"({self.integer(depth)} {rng.choice('+-*')} {self.integer(depth)})"
            case 4 | 5:
                return f"({self.integer(depth)} {rng.choice(('//', '%'))} {rng.choice(DIVISORS)})"
            case 6:
                divisor = rng.choice((f"max({self.integer(depth)}, 1)", f"min({self.integer(depth)}, -1)"))
                return f"({self.integer(depth)} {rng.choice(('//', '%'))} {divisor})"
            case 7:
                count = rng.choice((str(rng.randrange(64)), f"({self.integer(depth)} & 63)"))
                return f"({self.integer(depth)} {rng.choice(('<<', '>>'))} {count})"
            case 8:
                return f"({self.integer(depth)} {rng.choice('&|^')} {self.integer(depth)})"
            case 9:
                return f"(-{self.integer(depth)})"
            case 10:
                return f"{rng.choice(('min', 'max'))}({self.integer(depth)}, {self.integer(depth)})"
            case 11:
                return f"({self.integer(depth)} if {self.condition(depth)} else {self.integer(depth)})"
            case 12:
                return f"({self.integer(depth)} + {self.comparison(depth)})"
            case 13:
                return f"np.int64({self.unsigned(depth)} >> np.uint64({rng.randrange(1, 64)}))"
            case 14:
                return f"sim.words[lane, {self.integer(depth)} & {CELLS - 1}]"
            case _:
                single = [(name, count) for name, count, pair in self.callable[-6:] if not pair and self.calls < 3]
                return self.call(*rng.choice(single)) if single else self.leaf()

    def leaf(self) -> str:
        pick = self.rng.random()
        if pick < 0.45 and self.names:
            return self.rng.choice(self.names)
        if pick < 0.6:
            return f"{self.rng.choice(('st', 'sim.state[lane]'))}.{self.rng.choice(FIELDS)}"
        if pick < 0.75:
            return self.rng.choice(list(INTEGERS))
        return f"({self.rng.choice(EDGES[:-1]) if self.rng.random() < 0.3 else self.rng.randrange(-40, 100)})"

    def unsigned(self, depth: int) -> str:
        rng = self.rng
        if depth <= 0 or rng.random() < 0.25:
            return rng.choice(list(UNSIGNED)) if rng.random() < 0.5 else f"np.uint64({self.integer(depth - 1)} & LARGE)"
        if rng.random() < 0.3:
            return f"({self.unsigned(depth - 1)} {rng.choice(('<<', '>>'))} np.uint64({rng.randrange(64)}))"
        return f"({self.unsigned(depth - 1)} {rng.choice('+-*^&|')} {self.unsigned(depth - 1)})"

    def call(self, name: str, count: int) -> str:
        self.calls += 1
        return f"{name}({', '.join(['sim', 'lane', *(self.integer(1) for _ in range(count))])})"

    def comparison(self, depth: int) -> str:
        rng, a, b = self.rng, self.integer(depth - 1), self.integer(depth - 1)
        match rng.randrange(8):
            case 0:
                return f"({a} {rng.choice(('<', '<='))} {b} {rng.choice(('<', '<=', '!='))} {self.integer(depth - 1)})"
            case 1:
                return f"({a} {rng.choice(('in', 'not in'))} (LIMIT, {rng.randrange(9)}, LEAST))"
            case _:
                return f"({a} {rng.choice(('<', '<=', '>', '>=', '==', '!='))} {b})"

    def condition(self, depth: int) -> str:
        match self.rng.randrange(5) if depth > 0 else 0:
            case 1:
                return f"(not {self.condition(depth - 1)})"
            case 2:
                return f"({self.condition(depth - 1)} {self.rng.choice(('and', 'or'))} {self.condition(depth - 1)})"
            case _:
                return self.comparison(depth)

    # Statements.

    def statement(self, indent: int) -> list[str]:
        rng, pad = self.rng, "    " * indent
        changeable = [name for name in self.names if name not in self.counters]
        place = rng.choice((f"st.{rng.choice(FIELDS)}", f"sim.words[lane, {rng.randrange(CELLS)}]"))
        match rng.randrange(9):
            case 0 | 1:
                value, name = self.integer(3), self.new_name()
                return [f"{pad}{name} = {value}"]
            case 2 if changeable:
                return [f"{pad}{rng.choice(changeable)} {rng.choice('+-*&|^')}= {self.integer(2)}"]
            case 3:
                return [f"{pad}{place} = {self.integer(3)}"]
            case 4:
                return [f"{pad}{place} {rng.choice('+-*&|^')}= {self.integer(2)}"]
            case 5 | 6 if indent < 4:
                lines = [f"{pad}if {self.condition(2)}:", *self.block(indent + 1, may_return=True)]
                lines += [f"{pad}elif {self.condition(1)}:", *self.block(indent + 1)] if rng.random() < 0.4 else []
                return lines + ([f"{pad}else:", *self.block(indent + 1)] if rng.random() < 0.5 else [])
            case 7 if self.loops and indent < 3:
                return self.loop(indent)
            case 8:
                pairs = [(name, count) for name, count, pair in self.callable[-6:] if pair and self.calls < 3]
                value = self.call(*rng.choice(pairs)) if pairs else f"{self.integer(2)}, {self.integer(2)}"
                return [f"{pad}{self.new_name()}, {self.new_name()} = {value}"]
            case _:
                value = self.integer(2)
                return [f"{pad}{self.new_name()} = {value}"]

    def new_name(self) -> str:
        self.made += 1
        self.names.append(f"v{self.made}")
        return self.names[-1]

    def block(self, indent: int, may_return: bool = False) -> list[str]:
        """Up to three statements, and perhaps a return; what is named in them has no value after them."""
        before = list(self.names)
        lines = [line for _ in range(self.rng.randrange(1, 4)) for line in self.statement(indent)]
        if may_return and self.rng.random() < 0.15:
            lines.append(f"{'    ' * indent}return {self.result()}")
        self.names = before
        return lines

    def loop(self, indent: int) -> list[str]:
        rng, pad, before = self.rng, "    " * indent, list(self.names)
        counter = self.new_name()
        self.counters.add(counter)
        if rng.random() < 0.5:
            lines = [
                f"{pad}for {counter} in range({rng.choice(('4', '1, 5', 'SHIFT - 7', 'sim.words.shape[1] - 5'))}):"
            ]
        else:
            lines = [
                f"{pad}{counter} = {rng.randrange(1, 5)}",
                f"{pad}while {counter} > 0:",
                f"{pad}    {counter} -= 1",
            ]
        lines += self.block(indent + 1)
        if rng.random() < 0.4:
            lines += [f"{pad}    if {self.condition(1)}:", f"{pad}        {rng.choice(('break', 'continue'))}"]
            lines += self.block(indent + 1)
        self.names = before
        return lines


# The oracle.  Signed numbers are `int`, unsigned ones `Unsigned`.


class Unsigned(int):
    """A number of 64 bits without sign."""


def wrap(value: int, like: int) -> int:
    """`value` in 64 bits, signed or unsigned as `like`."""
    if isinstance(like, Unsigned):
        return Unsigned(value & MASK)
    return (value & MASK) - ((value & MASK) >> 63 << 64)


OPERATIONS: dict[type[ast.AST], Callable[[int, int], int]] = {
    ast.Add: lambda a, b: wrap(int(a) + int(b), a),
    ast.Sub: lambda a, b: wrap(int(a) - int(b), a),
    ast.Mult: lambda a, b: wrap(int(a) * int(b), a),
    ast.FloorDiv: lambda a, b: wrap(int(a) // int(b), a),
    ast.Mod: lambda a, b: wrap(int(a) % int(b), a),
    ast.LShift: lambda a, b: wrap(int(a) << int(b), a),
    ast.RShift: lambda a, b: wrap(int(a) >> int(b), a),
    ast.BitAnd: lambda a, b: wrap(int(a) & int(b), a),
    ast.BitOr: lambda a, b: wrap(int(a) | int(b), a),
    ast.BitXor: lambda a, b: wrap(int(a) ^ int(b), a),
}


class Spell(ast.NodeTransformer):
    """Turn each operation into a call of the function in OPERATIONS, and each conversion into its meaning."""

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        self.generic_visit(node)
        return self.operation(node.op, node.left, node.right)

    def visit_AugAssign(self, node: ast.AugAssign) -> ast.AST:
        self.generic_visit(node)
        read = ast.parse(ast.unparse(node.target), mode="eval").body
        return ast.Assign([node.target], self.operation(node.op, read, node.value), lineno=node.lineno)

    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.AST:
        self.generic_visit(node)
        return self.operation(ast.Sub(), ast.Constant(0), node.operand) if isinstance(node.op, ast.USub) else node

    @staticmethod
    def operation(op: ast.operator, left: ast.expr, right: ast.expr) -> ast.Call:
        return ast.Call(ast.Name(f"op_{type(op).__name__}", ast.Load()), [left, right], [])


class _Integers:
    """What the oracle's functions know as `np`."""

    uint64 = staticmethod(lambda value: Unsigned(value & MASK))
    int64 = staticmethod(lambda value: wrap(value, 0))


def oracle(source: str) -> dict[str, Any]:
    """The functions of `source` by name, in plain Python with every operation spelt out."""
    tree = ast.fix_missing_locations(Spell().visit(ast.parse(source)))
    scope: dict[str, Any] = {f"op_{kind.__name__}": function for kind, function in OPERATIONS.items()}
    scope |= {"np": _Integers, "device": lambda function: function, "Any": Any, **INTEGERS}
    scope |= {name: Unsigned(value) for name, value in UNSIGNED.items()}
    exec(compile(tree, "<oracle>", "exec"), scope)
    return scope
