# SPDX-License-Identifier: MIT
"""Write a file under an unused temporary name, then rename it; an error removes it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import BinaryIO

from . import beneath
from .files import UNFINISHED_SUFFIX

DEPTH = 1  # of folders below snapshots/, the deepest


@contextmanager
def file(folder: int, name: str) -> Iterator[BinaryIO]:
    """A new file that takes the name `name` when the block ends; an exception leaves what was there."""
    aside = f"{name}.{os.getpid()}.{os.urandom(4).hex()}{UNFINISHED_SUFFIX}"
    descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o666, dir_fd=folder)
    try:
        with os.fdopen(descriptor, "wb") as sink:
            yield sink
        os.replace(aside, name, src_dir_fd=folder, dst_dir_fd=folder)
    finally:
        with suppress(OSError):
            os.unlink(aside, dir_fd=folder)


def clean(folder: int, depth: int = DEPTH) -> None:
    """Remove half-written files in a folder and `depth` levels below it; a link is removed, never followed."""
    for name in os.listdir(folder):
        with suppress(FileNotFoundError):
            is_folder = beneath.entry(folder, name).kind == beneath.FOLDER
            if name.endswith(UNFINISHED_SUFFIX) and not name.startswith("report."):
                if is_folder:
                    shutil.rmtree(name, dir_fd=folder)
                else:
                    os.unlink(name, dir_fd=folder)
            elif is_folder and depth:
                with beneath.place(folder, f"{name}/.") as (inner, _):
                    clean(inner, depth - 1)
