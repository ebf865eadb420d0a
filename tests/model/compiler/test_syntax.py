# SPDX-License-Identifier: MIT
"""The text that stands for code: equal for equal code, under every version of Python, and for no other."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import sweep
from sweep.model.compiler.code_identity import Identity, UnknownValueError
from sweep.model.compiler.jit import device

GOLDEN = "7f41ada179dc9211"
SOURCE = '''
def outer(a: int, /, b=LIMIT, *rest: str, key: int = -1, **more) -> str:
    """Does things."""
    global COUNT
    def inner(x):
        nonlocal a
        a = x if x else other.thing.of(b)
        return [name for name in name if (last := name)]
    with open(a) as file, lock: pass
    try:
        assert a > 0, "never"
        raise ValueError(f"{a!r} is bad") from None
    except (OSError, KeyError) as error:
        return f"{a:>{b}}" f" and {last=} {a:}" "\\N{SNOWMAN} é" + error.args[0][1:2, ::3]
    match rest:
        case [1, *others] | {"k": others}: del others
    class Local(Base, metaclass=Meta):
        one: int
        two: int = 2
        def method(self): ...
    return {**more, **{k: v for k, v in key}} and (lambda z, y=b: z * y) and 1e300 * 10 ** -2j and b"\\x00" and ...
'''


def test_it_is_the_same_under_every_version_of_python(tmp_path: Path) -> None:
    """Written out, because not every version is here to be asked; those that are here are."""
    file = tmp_path / "source.py"
    file.write_text(SOURCE)
    script = f"""
import hashlib, sys
sys.path.insert(0, {str(Path(sweep.__file__).parent.parent)!r})
from sweep.model.compiler import syntax
found = syntax._syntax({str(file)!r}, 2, "outer")
print(hashlib.blake2b(repr(found).encode(), digest_size=8).hexdigest(), found)
"""
    asked = []
    for python in filter(None, [sys.executable, *(shutil.which(f"python3.{minor}") for minor in range(11, 15))]):
        if subprocess.run([python, "-c", ""], capture_output=True).returncode == 0:  # else a name with nothing behind
            done = subprocess.run([python, "-P", "-c", script], cwd=tmp_path, capture_output=True, text=True)
            asked.append((python, done.stdout.split(" ")[0], done.stdout + done.stderr))
    assert {digest for _, digest, _ in asked} == {GOLDEN}, asked


def function(text: str, folder: Path, **scope: Any) -> Any:
    file = folder / f"file{len(list(folder.iterdir()))}.py"
    file.write_text(text)
    scope = {"__name__": f"own.{file.stem}", **scope}
    exec(compile(text, str(file), "exec"), scope)
    return scope["f"]


@pytest.mark.parametrize(
    ("one", "other", "are_equal"),
    [
        ("def f(a):\n return a", "def f(a: int) -> int:\n 'What.'\n pass\n return a  # so", True),
        ("@device\ndef f(a: int) -> int:\n return a", "@device\ndef f(a: bool) -> int:\n return a", False),
        ("@device\ndef f(a: int) -> int:\n return a", "@device\ndef f(a: int) -> bool:\n return a", False),
        ("@device\ndef f(a: int) -> int:\n return a", "@device\n@out_of_line\ndef f(a: int) -> int:\n return a", True),
        ("def f(a):\n b = a\n return b", "def f(a):\n b: int = a\n return b", True),
        ("def f(a):\n return K + a", "def f(a):\n return SAME + a", True),
        ("def f(a):\n return K + a", "def f(a):\n return OTHER + a", False),
        ("def f(a):\n return g(a)\ndef g(a):\n return a", "def h(a):\n return a\ndef f(a):\n return h(a)", True),
        ("def f(a):\n return g(a)\ndef g(a):\n return a", "def f(a):\n return g(a)\ndef g(a):\n return -a", False),
        ("def f(K):\n return K", "def f(OTHER):\n return OTHER", False),  # it may be given by name
        ("def f(a):\n return [K for K in a]", "def f(a):\n return [K for L in a]", False),
        ("def f(a):\n return [K for a in K(a)]", "def f(a):\n return [OTHER for a in K(a)]", False),
        ("def f(a):\n return [a for K in K]", "def f(a):\n return [a for K in OTHER]", False),
        ("def f(a):\n return [K for b in a for K in b], K",
         "def f(a):\n return [K for b in a for K in b], OTHER", False),
        ("import math\ndef f(a):\n return math.sin(a)", "from math import sin\ndef f(a):\n return sin(a)", True),
        ("import math\ndef f(a):\n return math.sin(a)", "import cmath\ndef f(a):\n return cmath.sin(a)", False),
        ("def f(a):\n return 1 == a", "def f(a):\n return True == a", False),
        ("def f(a):\n raise OSError('x')", "def f(a):\n raise OSError('y', a)", True),
        ("def f(a, k=1):\n return a", "def f(a, k=2):\n return a", False),
        ("def f(a, k=K):\n return a", "def f(a, k=OTHER):\n return a", False),
        ("def f(a):\n return a and (a or a)", "def f(a):\n return (a and a) or a", False),
        ("def f(a):\n if a:\n  a = 1\n return a", "def f(a):\n if a:\n  a = 1\n  return a", False),
        ("def f():\n def g():\n  return K\n return g", "def f():\n def g():\n  return OTHER\n return g", False),
        ("from functools import cache\n@cache\ndef f():\n return K", "def f():\n return K", False),
        ("f = lambda a: a + K", "f = lambda a: a + OTHER", False),
        ("def f(a):\n return {K: 1}", "def f(a):\n return {OTHER: 1}", False),
        ("class C:\n def m(self):\n  return K\ndef f(c: C):\n return c.m()",
         "class C:\n def m(self):\n  return OTHER\ndef f(c: C):\n return c.m()", False),
        ("class C:\n def m(self):\n  return K\nc = C()\ndef f():\n return C",
         "class C:\n def m(self):\n  return OTHER\nc = C()\ndef f():\n return C", False),
    ],
)  # fmt: skip
def test_equal_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, one: str, other: str, are_equal: bool) -> None:
    told = []
    for text in (one, other):
        f = function(text, tmp_path, K=5, SAME=5, OTHER=6, device=device, out_of_line=device)
        module = ModuleType(f.__module__)
        inner = getattr(f, "__wrapped__", f)
        vars(module).update(inner.__globals__, __file__=inner.__code__.co_filename)
        monkeypatch.setitem(sys.modules, f.__module__, module)
        told.append(Identity({}).digest({"f": f}))
    assert (told[0] == told[1]) is are_equal


def test_what_is_no_constant_cannot_be_told(tmp_path: Path) -> None:
    with pytest.raises(UnknownValueError, match=r'f uses "STATE", a value of type builtins.object that is no constant'):
        Identity({}).digest({"f": function("def f():\n return STATE", tmp_path, STATE=object())})
