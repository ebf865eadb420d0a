# SPDX-License-Identifier: MIT
"""Files below a directory, opened so that nothing that lies in it can lead anywhere else.

A run directory may come from a stranger: any name in it can be a symbolic link to a file of ours, a pipe that blocks
whoever opens it, a device.  So a path is never given to the kernel as a whole.  Each folder on the way is opened from
the descriptor of the one before, following no link, and what is opened at the end has to be a regular file.  Nobody
can put a link in its place in between, and a directory that is moved stays the one that was opened.

Writing follows no link at all.  Reading follows links that stay below the directory, as those at the top of a published
one do (`results.arrow -> current/results.arrow`).

All functions raise OSError: `RefusedEntryError` for what is not opened, with a reason for people.
"""

from __future__ import annotations

import errno
import os
import stat
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, NamedTuple

MOST_LINKS = 8  # followed one after the other; a published directory has chains of two
_KINDS = (
    (stat.S_ISREG, "a file"),
    (stat.S_ISDIR, "a directory"),
    (stat.S_ISLNK, "a link"),
    (stat.S_ISFIFO, "a pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)
FILE, FOLDER, LINK = "a file", "a directory", "a link"
_PLACE = os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW  # of a folder, to go on from: needs no right to list it
_LISTING = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW
_FILE = os.O_NOFOLLOW | os.O_NONBLOCK  # a pipe that took the file's place just now does not block either


class DirectoryEntry(NamedTuple):
    """An entry of a folder: its kind, and the target if it is a link."""

    kind: str  # as `kind` says it: "a file", "a directory", "a link", ...
    target: str = ""  # of a link


class RefusedEntryError(OSError):
    """An entry is not opened: a link that leads out of the directory, a pipe, a directory in the place of a file."""

    def __init__(self, reason: str) -> None:
        super().__init__(errno.ELOOP, reason)


def kind(mode: int) -> str:
    """Kind of a file with this `st_mode`: "a file", "a directory", "a link", "a pipe", "a socket", "a device"."""
    return next((name for test, name in _KINDS if test(mode)), "something unknown")


def leads_out(target: str) -> bool:
    """Whether a link with this text can lead out of the folder that it lies in."""
    return target.startswith("/") or ".." in target.split("/")


@contextmanager
def directory(path: Path) -> Iterator[int]:
    """A descriptor of the directory `path`, as the user typed it; links on the way to it are followed."""
    descriptor = os.open(path, os.O_PATH | os.O_DIRECTORY)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


@contextmanager
def folder(root: int, name: str) -> Iterator[int]:
    """A descriptor of the folder `name`, "" for `root` itself, to list it; links that stay below are followed."""
    parent, last, _ = _found(root, name or ".")
    try:
        descriptor = os.open(last, _LISTING, dir_fd=parent)
    finally:
        os.close(parent)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


@contextmanager
def place(root: int, name: str, *, make: bool = False) -> Iterator[tuple[int, str]]:
    """The folder that `name` lies in, to be written to, and its name there; no link is followed on the way.

    With `make`, folders that are not there are made, for good.
    """
    *folders, last = name.split("/")
    current_folder = os.open(".", _LISTING, dir_fd=root)
    try:
        for part in folders:
            if make:
                _make(current_folder, part)
            _astray_if_link(current_folder, part)
            parent, current_folder = current_folder, os.open(part, _LISTING, dir_fd=current_folder)
            os.close(parent)
        yield current_folder, last
    finally:
        os.close(current_folder)


def reading(root: int, name: str) -> int:
    """A descriptor of the regular file `name`, for reading; the caller closes it.

    Where links change meanwhile and what they led to is removed, as a publication does, the new ones are followed.
    """
    followed_before: list[str] | None = None
    while True:
        followed: list[str] = []
        try:
            return _reading(root, name, followed)
        except FileNotFoundError:
            if followed == followed_before:
                raise
            followed_before = followed


def _reading(root: int, name: str, followed: list[str]) -> int:
    """One try of `reading`; the target of each link on the way is appended to `followed`."""
    parent, last, mode = _found(root, name, followed)
    try:
        if not stat.S_ISREG(mode):
            raise RefusedEntryError(_what(parent, last, mode))
        descriptor = os.open(last, os.O_RDONLY | _FILE, dir_fd=parent)
    finally:
        os.close(parent)
    return _regular(descriptor, last)


def is_file(root: int, name: str) -> bool:
    """Whether `name` is a regular file, or a link to one that stays below."""
    try:
        parent, _, mode = _found(root, name)
    except (FileNotFoundError, NotADirectoryError):
        return False
    os.close(parent)
    return stat.S_ISREG(mode)


def opened(folder: int, name: str, flags: int) -> int:
    """A descriptor of the regular file `name` in `folder`, opened with `flags`, no link followed; the caller closes it.

    What is there already is checked before it is opened, because opening a device can have effects.
    """
    try:
        mode = os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode
        if not stat.S_ISREG(mode):
            raise RefusedEntryError(_what(folder, name, mode))
    except FileNotFoundError:
        if not flags & os.O_CREAT:
            raise
    return _regular(os.open(name, flags | _FILE, 0o666, dir_fd=folder), name)


def entries(folder: int) -> dict[str, DirectoryEntry]:
    """All entries of a folder, by name, except those that are removed meanwhile."""
    by_name = {}
    with os.scandir(folder) as entries:
        for dir_entry in entries:
            if dir_entry.is_file(follow_symlinks=False):  # which the folder says itself
                by_name[dir_entry.name] = DirectoryEntry(FILE)
            else:
                with suppress(FileNotFoundError):
                    by_name[dir_entry.name] = entry(folder, dir_entry.name)
    return by_name


def stats_of_files(folder: int) -> dict[str, os.stat_result]:
    """What the system says of each regular file in a folder, by name, except those that are removed meanwhile."""
    by_name = {}
    with os.scandir(folder) as entries:
        for dir_entry in entries:
            with suppress(FileNotFoundError):
                if dir_entry.is_file(follow_symlinks=False):
                    by_name[dir_entry.name] = dir_entry.stat(follow_symlinks=False)
    return by_name


def entry(folder: int, name: str) -> DirectoryEntry:
    """The entry `name` of a folder."""
    kind_name = kind(os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode)
    return DirectoryEntry(kind_name, os.readlink(name, dir_fd=folder) if kind_name == LINK else "")


@contextmanager
def appending(path: Path) -> Iterator[BinaryIO]:
    """The file `path`, open for appending; neither it nor its folder may be a link.

    A file with several hard links may be somebody else's: it is left to its other names and replaced by a new one.
    """
    parent = os.open(path.parent, _LISTING)
    try:
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT
        descriptor = opened(parent, path.name, flags)
        if os.fstat(descriptor).st_nlink > 1:
            os.close(descriptor)
            os.unlink(path.name, dir_fd=parent)
            descriptor = opened(parent, path.name, flags | os.O_EXCL)
    finally:
        os.close(parent)
    with os.fdopen(descriptor, "ab") as sink:
        yield sink


def _found(root: int, name: str, followed: list[str] | None = None) -> tuple[int, str, int]:
    """Follow `name`; returns a descriptor of its folder, which the caller closes, its name there and `st_mode`."""
    folders, waiting, link = [os.dup(root)], deque(name.split("/")), ""
    followed = [] if followed is None else followed
    try:
        while True:
            part = waiting.popleft() or "."
            if part == "..":
                if len(folders) == 1:
                    raise RefusedEntryError(link)
                os.close(folders.pop())
                part = "."
            mode = os.stat(part, dir_fd=folders[-1], follow_symlinks=False).st_mode
            if stat.S_ISLNK(mode):
                target, link = os.readlink(part, dir_fd=folders[-1]), _what(folders[-1], part, mode)
                followed.append(target)
                if target.startswith("/"):
                    raise RefusedEntryError(link)
                if len(followed) > MOST_LINKS:
                    raise RefusedEntryError(f'"{name}" leads from link to link without end')
                waiting.extendleft(reversed(target.split("/")))
            elif not waiting:
                return folders.pop(), part, mode
            elif part != ".":
                folders.append(os.open(part, _PLACE, dir_fd=folders[-1]))
    finally:
        for descriptor in folders:
            os.close(descriptor)


def _make(parent: int, name: str) -> None:
    """Make a folder if it is not there, and sync its parent so that it lasts."""
    try:
        os.mkdir(name, dir_fd=parent)
    except FileExistsError:
        return
    os.fsync(parent)


def _astray_if_link(parent: int, name: str) -> None:
    """Raises Astray if `name` is a link: `open` would refuse it as well, with a message that does not mention links."""
    mode = os.stat(name, dir_fd=parent, follow_symlinks=False).st_mode
    if stat.S_ISLNK(mode):
        raise RefusedEntryError(_what(parent, name, mode))


def _what(parent: int, name: str, mode: int) -> str:
    """Why a file is not opened: '"parts" is a link to "/home/x", and no link is followed out of the directory'."""
    if stat.S_ISLNK(mode):
        target = os.readlink(name, dir_fd=parent)
        return f'"{name}" is {LINK} to "{target}", and no link is followed out of the directory'
    return f'"{name}" is {kind(mode)}, and a file is needed'


def _regular(found: int, name: str) -> int:
    """`descriptor`, if it is of a regular file; else it is closed.  Raises Astray."""
    mode = os.fstat(found).st_mode
    if not stat.S_ISREG(mode):
        os.close(found)
        raise RefusedEntryError(f'"{name}" is {kind(mode)}, and a file is needed')
    return found
