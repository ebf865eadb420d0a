# SPDX-License-Identifier: MIT
"""Strategies in files of the user's own: found in a sweep file, loaded, checked, and told to others.

A file is code, so it is loaded only where a user has typed its path in a sweep file (or in `--set`), and only if nobody
else could have written it.  Worker processes get its text with the plan.
"""

from __future__ import annotations

import ast
import inspect
import linecache
import os
import re
import stat
import sys
import traceback
import types
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from sweep.config.overrides import FileParts
from sweep.errors import ConfigError
from sweep.fields.field import Field, Knob
from sweep.model import batch, identity, strategies
from sweep.model.compiler import syntax
from sweep.model.compiler.code_identity import UnknownValueError
from sweep.model.compiler.source import KernelError
from sweep.model.declared_strategy import declaration
from sweep.model.strategies.protocol import OPTIONAL, Strategy
from sweep.permissions import changeable_by_others
from sweep.yamltree.source import Mistake, Node, Place, shorten
from sweep.yamltree.tree import parse

SUFFIX = ".py"
MODULE = "sweep_strategy_"  # what the modules of files are called before the strategy's name
MOST_BYTES = 1 << 20
SEE = "docs/how-to/strategy.md"
_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}", re.ASCII)
_DEVICE = ("alloc", "release")
_DECLARES: dict[str, type | tuple[type, ...]] = {"KNOBS": Knob, "COUNTERS": Field, "LAWS": types.FunctionType}


def load_named(root: Node, sets: Sequence[str], beside: Path) -> None:
    """Load the files that a sweep file, or an override of it, names as strategies, for the sweep of this process.

    beside: the folder that paths are relative to.  Errors: Mistake where a file is named, ConfigError in the file.
    """
    files: dict[str, Path] = {}
    loaded: dict[str, Any] = {}
    for node in [*_named(root), *(each for text in sets for each in _named(_override(text)))]:
        if not node.text.endswith(SUFFIX):
            continue
        path = Path(os.path.normpath(beside / Path(node.text).expanduser()))
        name = path.stem
        if not _NAME.fullmatch(name):
            raise Mistake(node.place, f'strategy "{node.text}": "{name}" is no name; small letters, digits and _ are.')
        if name in strategies.NAMES:
            raise Mistake(node.place, f'strategy "{node.text}": "{name}" is the name of a built-in strategy.')
        if files.setdefault(name, path) != path:
            raise Mistake(node.place, f'strategy "{node.text}" has the name of "{files[name]}": rename one of them.')
        if name not in loaded:
            loaded[name] = module_of(name, _text(path, node), str(path))
    strategies.set_own(loaded)
    for name, module in loaded.items():
        _try(name, module)


def rename(parts: FileParts) -> None:
    """Put the names of strategies in the place of their files."""
    settings = parts.settings
    listed = [each for name in ("zip", "points") if name in settings for each in settings[name].items or ()]
    baseline = [settings["baseline"]] if "baseline" in settings else []
    for pairs in (parts.fixed, parts.axes, *(each.pairs or {} for each in [*listed, *baseline])):
        for node in _scalars(pairs.get("strategy")):
            if node.text.endswith(SUFFIX) and (name := Path(node.text).stem) in strategies.own():
                node.text = name


def sources() -> dict[str, tuple[str, str]]:
    """File and text of each strategy of the user's, by its name."""
    return {
        name: (module.__file__ or "", "".join(linecache.getlines(module.__file__ or "")))
        for name, module in strategies.own().items()
        if isinstance(module, types.ModuleType)
    }


def load_sources(texts: Mapping[str, tuple[str, str]]) -> None:
    """Load strategies from what `sources` gave in the process that planned."""
    strategies.set_own({name: module_of(name, text, file) for name, (file, text) in texts.items()})


def declared() -> dict[str, Any]:
    """What a sweep's document says of the strategies of the user's."""
    return {name: declaration(each, identity.strategy_digest(name)) for name, each in strategies.own().items()}


def _named(node: Node) -> Iterator[Node]:
    """Every node below this one that names a strategy."""
    for key, inner in (node.pairs or {}).items():
        yield from _scalars(inner) if key == "strategy" else _named(inner)
    for item in node.items or ():
        yield from _named(item)


def _scalars(node: Node | None) -> list[Node]:
    """The nodes of one value, or of a list of them."""
    return [each for each in (node.items or [node] if node else []) if each.is_scalar]


def _override(text: str) -> Node:
    """A `--set` as a mapping; an empty one if it cannot be read, which is told where it is applied."""
    place = Place(f"--set {shorten(text)}")
    key, _, value = text.partition("=")
    with suppress(Mistake):
        return Node(place, pairs={key.strip().rpartition(".")[2]: parse(value, str(place), marked=False)})
    return Node(place, pairs={})


def _text(path: Path, node: Node) -> str:
    """The text of a file that only this user and root can change.  Errors: Mistake."""

    def refused(problem: str, next_step: str = "") -> Mistake:
        return Mistake(node.place, f'strategy "{node.text}" is not loaded: {problem}.{next_step}')

    try:
        target = path.resolve(strict=True)
        if not target.is_file():
            raise refused(f'"{path}" is no file')
        descriptor = os.open(target, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except (OSError, RuntimeError) as error:
        raise refused(f'"{path}": {getattr(error, "strerror", None) or error}') from None
    with os.fdopen(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise refused(f'"{path}" is no file')
        for place in dict.fromkeys((path.parent, target)):
            if danger := changeable_by_others(place):
                raise refused(
                    f"it is code, and {danger}", "  Only you may be able to write it and the folders above it."
                )
        data = file.read(MOST_BYTES + 1)
    if len(data) > MOST_BYTES:
        raise refused(f"it is larger than {MOST_BYTES >> 10} KiB")
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise refused(f"{path}:{line}: it is not UTF-8") from None


def module_of(name: str, text: str, file: str) -> types.ModuleType:
    """The module in a text, checked against the protocol.  Errors: ConfigError with file and line."""
    module = types.ModuleType(f"{MODULE}{name}")
    module.__file__ = file
    linecache.cache[file] = (len(text), None, text.splitlines(keepends=True), file)
    syntax.forget()
    sys.modules[module.__name__] = module
    try:
        tree = ast.parse(text, file)
        _check_imports(tree, file)
        exec(compile(tree, file, "exec", dont_inherit=True), vars(module))
    except SyntaxError as error:
        raise ConfigError(f"{file}:{error.lineno or 1}:{error.offset or 1}: {error.msg}") from None
    except ConfigError:
        raise
    except (Exception, SystemExit) as error:
        raise _raised(error, file) from None
    _check(name, module, file)
    return module


def _check_imports(tree: ast.Module, file: str) -> None:
    """Errors: ConfigError for an import of what is not on every worker."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Import | ast.ImportFrom):
            continue
        names = [each.name for each in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom):
            names = ["." if node.level else node.module or ""]
        for name in names:
            if name.partition(".")[0] not in {"sweep", "numpy", *sys.stdlib_module_names}:
                raise ConfigError(
                    f'{file}:{node.lineno}: it imports "{name}": this file alone is sent to workers; they have Python, '
                    f"NumPy and sweep\n  see: {SEE}"
                )


def _raised(error: BaseException, file: str) -> ConfigError:
    """What a file's own code has raised, with its line."""
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == file]
    return ConfigError(f"{file}:{lines[-1] if lines else 1}: {type(error).__name__}: {error}")


def _check(name: str, module: types.ModuleType, file: str) -> None:
    """Errors: ConfigError unless the module is a strategy as `strategies.protocol` says."""
    offered = vars(module)
    optional = [(each, function) for part in OPTIONAL for each, function in vars(part).items() if each[0] != "_"]
    some = [part for part in OPTIONAL if any(each in offered for each in vars(part) if each[0] != "_")]
    needed = {each: thing for part in (Strategy, *some) for each, thing in vars(part).items() if each[0] != "_"}
    if not (module.__doc__ or "").strip():
        raise ConfigError(f'{file}:1: it begins with no docstring "{name}: what it is"\n  see: {SEE}')
    if missing := [each for each in needed if each not in offered]:
        raise ConfigError(f'{file}:1: the strategy "{name}" lacks {", ".join(missing)}\n  see: {SEE}')
    for each, kind in _DECLARES.items():
        value = offered[each]
        if not isinstance(value, tuple) or not all(isinstance(item, kind) for item in value):
            raise ConfigError(
                f"{file}:{_line(each, file)}: {each} is no tuple of {getattr(kind, '__name__', '')}s\n  see: {SEE}"
            )
    if type(offered["DEFERRED_FREE"]) is not bool:
        line = _line("DEFERRED_FREE", file)
        raise ConfigError(
            f"{file}:{line}: DEFERRED_FREE is {offered['DEFERRED_FREE']!r}, not True or False\n  see: {SEE}"
        )
    for each in ("KNOBS", "COUNTERS"):
        known = {
            one.name: one.unit for built_in in strategies.NAMES for one in getattr(strategies.strategy(built_in), each)
        }
        for one in offered[each]:
            if known.get(one.name, one.unit) != one.unit:
                raise ConfigError(
                    f'{file}:{_line(each, file)}: "{one.name}" is in "{one.unit}", and built-in strategies have it in '
                    f'"{known[one.name]}": give it that unit or another name\n  see: {SEE}'
                )
    device = {*_DEVICE, *(each for each, _ in optional)}
    for each, asked in needed.items():
        if isinstance(asked, property):
            continue
        function = offered[each]
        if not isinstance(function, types.FunctionType):
            raise ConfigError(f"{file}:{_line(each, file)}: {each} is no function\n  see: {SEE}")
        line = function.__code__.co_firstlineno
        if each in device and not getattr(function, "is_device", False):
            raise ConfigError(f"{file}:{line}: {each} is kernel code and lacks @device\n  see: {SEE}")
        wanted = list(inspect.signature(asked).parameters)[1:]
        if list(inspect.signature(function).parameters) != wanted:
            raise ConfigError(f"{file}:{line}: {each} takes ({', '.join(wanted)})\n  see: {SEE}")


def _line(name: str, file: str) -> int:
    """The line where a file binds a name, as far as that is plain to see."""
    pattern = re.compile(rf"{name}\b")
    return next((number for number, line in enumerate(linecache.getlines(file), 1) if pattern.match(line)), 1)


def _try(name: str, module: Any) -> None:
    """Call what can be called without a sweep, and hold device code against what the compiler knows.

    Errors: ConfigError with file and line.
    """
    file = str(module.__file__)
    knobs = {knob.name: knob.low for knob in module.KNOBS}
    try:
        for each in ("truesize_bytes", "buffer_bytes", "mapped_pages"):
            if (number := getattr(module, each)(dict(knobs))) < 1 or type(number) is not int:
                line = getattr(module, each).__code__.co_firstlineno
                raise ConfigError(f"{file}:{line}: {each} gives {number!r} and not a number from 1\n  see: {SEE}")
        identity.strategy_digest(name)
        batch.check_kernel(name)
    except ConfigError:
        raise
    except UnknownValueError as error:
        raise ConfigError(f"{file}: {error}\n  see: {SEE}") from None
    except KernelError as error:
        raise ConfigError(f"{error}\n  see: {SEE}") from None
    except (Exception, SystemExit) as error:
        raise _raised(error, file) from None
