# SPDX-License-Identifier: MIT
"""Compile kernels before there is work for them: once per node, so that no chunk of a run waits for a compiler."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context

from sweep.errors import RunError, SweepError, did_you_mean
from sweep.model import batch, strategies
from sweep.model.compiler import jit, kernel_cache

from .kernels import uncompiled
from .trust import safe_search_path


def chosen(names: Sequence[str]) -> list[str]:
    """`names`, each once and sorted; all strategies if there are none.  Raises SweepError for an unknown strategy."""
    for name in names:
        if name not in strategies.NAMES:
            raise SweepError(
                f'"{name}" is no strategy.{did_you_mean(name, strategies.NAMES)} '
                f"There are {', '.join(strategies.NAMES)}\n  see: sweep show strategies"
            )
    return sorted(set(names or strategies.NAMES))


def warm(names: Sequence[str], workers: int) -> Iterator[tuple[str, float | None]]:
    """Have the kernels of these strategies compiled on this machine, `workers` at a time.

    Yields each strategy once, when its kernel is there, with the seconds that took; None if it was there before.
    Processes, not threads: half of the time is spent in Python.  Raises RunError if kernels cannot be kept.
    """
    cold = uncompiled(names)
    yield from ((name, None) for name in names if name not in cold)
    if not cold:
        return
    if problem := kernel_cache.problem():
        raise RunError(f"{problem}; nothing was compiled, because nobody could use it\n  next: {kernel_cache.ADVICE}")
    with safe_search_path(), ProcessPoolExecutor(min(workers, len(cold)), mp_context=get_context("spawn")) as pool:
        compiling = {pool.submit(batch.warm, name): name for name in cold}
        for future in as_completed(compiling):
            yield compiling[future], future.result()


def disabled() -> bool:
    """Whether this process runs kernels as plain Python, so that there is nothing to compile."""
    return jit.plain_python()


def folder() -> str:
    """Where compiled kernels are kept; only for a user who has such a place."""
    return str(kernel_cache.folder())
