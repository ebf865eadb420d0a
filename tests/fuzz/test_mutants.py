# SPDX-License-Identifier: MIT
"""Whatever is read may be wrong: mutants of all that `sweep` reads, and a clear end to each command that meets one.

No traceback, no "mistake in sweep", nothing but letters on the terminal, at most 5 s of CPU, and no file changed
outside of the run directory.  The seed is fixed.  One mutant alone, or others:

    python tests/fuzz/test_mutants.py SEED NUMBER [NUMBER...]      these mutants
    python tests/fuzz/test_mutants.py SEED                         the first 2,000 of another seed
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from originals import make
from trial import both, faults, load

SEED, FEW = 20261130, 60
MANY = 450  # of the slow test: about 3 minutes of one core, at 0.4 s each
ALL = 2000  # by hand, with any seed


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make(tmp_path_factory.mktemp("fuzz") / "original")


def told(found: list[str], seed: int) -> str:
    return f"seed {seed}; alone: python {Path(__file__).name} {seed} NUMBER\n" + "\n".join(found)


@pytest.fixture
def printed(tmp_path: Path, original: Path):
    load()
    print(f"seed {SEED}")
    return lambda count: both(SEED, count, original, tmp_path)


def test_a_few_mutants(printed) -> None:
    found = printed(FEW)
    assert not found, told(found, SEED)


@pytest.mark.slow
def test_many_mutants(printed) -> None:
    found = printed(MANY)
    assert not found, told(found, SEED)


def main() -> None:
    seed, *numbers = map(int, sys.argv[1:])
    with tempfile.TemporaryDirectory() as folder:
        original = make(Path(folder) / "original")
        load()
        if numbers:
            found = list(faults(seed, numbers, original, Path(folder)))
        else:
            found = both(seed, ALL, original, Path(folder))
        print(told(found, seed) if found else f"seed {seed}: nothing")


if __name__ == "__main__":
    main()
