# SPDX-License-Identifier: MIT
"""Files below a directory, opened so that nothing that lies in it can lead anywhere else.

A run directory may come from a stranger: any name in it can be a symbolic link to a file of ours, a pipe that blocks
whoever opens it, a device.  So a path is never given to the kernel as a whole.  Each folder on the way is opened from
the descriptor of the one before, following no link, and what is opened at the end has to be a regular file.  Nobody
can put a link in its place in between, and a directory that is moved stays the one that was opened.

Who writes follows no link at all.  Who reads follows links that stay below the directory, as those at the top of a
published one do (`results.arrow -> current/results.arrow`).

All functions raise OSError: `Astray` for what is not what its name promises, with a reason for people.
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

MOST_LINKS = 8  # one after the other; those of a published directory are two
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


class Entry(NamedTuple):
    """Something that lies in a folder."""

    kind: str  # as `kind` says it: "a file", "a directory", "a link", ...
    target: str = ""  # of a link


class Astray(OSError):
    """What is not opened: a link that leads out of the directory, a pipe, a directory in a file's place."""

    def __init__(self, reason: str) -> None:
        super().__init__(errno.ELOOP, reason)


def kind(mode: int) -> str:
    """What has this `st_mode`, for people: "a file", "a directory", "a link", "a pipe", "a socket", "a device"."""
    return next((name for test, name in _KINDS if test(mode)), "something unknown")


def leads_out(target: str) -> bool:
    """Whether a link with this text can lead out of the folder that it lies in."""
    return target.startswith("/") or ".." in target.split("/")


@contextmanager
def directory(path: Path) -> Iterator[int]:
    """A descriptor of the directory `path` itself, which the user has typed and may well be reached through links."""
    found = os.open(path, os.O_PATH | os.O_DIRECTORY)
    try:
        yield found
    finally:
        os.close(found)


@contextmanager
def folder(root: int, name: str) -> Iterator[int]:
    """A descriptor of the folder `name`, "" for `root` itself, to list it; links that stay below are followed."""
    parent, last, _ = _found(root, name or ".")
    try:
        found = os.open(last, _LISTING, dir_fd=parent)
    finally:
        os.close(parent)
    try:
        yield found
    finally:
        os.close(found)


@contextmanager
def place(root: int, name: str, *, make: bool = False) -> Iterator[tuple[int, str]]:
    """The folder that `name` lies in, to be written to, and its name there; no link is followed on the way.

    With `make`, folders that are not there are made, for good.
    """
    *folders, last = name.split("/")
    here = os.open(".", _LISTING, dir_fd=root)
    try:
        for part in folders:
            if make:
                _make(here, part)
            _astray_if_link(here, part)
            before, here = here, os.open(part, _LISTING, dir_fd=here)
            os.close(before)
        yield here, last
    finally:
        os.close(here)


def reading(root: int, name: str) -> int:
    """A descriptor of the regular file `name`, for reading; the caller closes it.

    Where links change meanwhile and what they led to is removed, as a publication does, the new ones are followed.
    """
    before: list[str] | None = None
    while True:
        followed: list[str] = []
        try:
            return _reading(root, name, followed)
        except FileNotFoundError:
            if followed == before:
                raise
            before = followed


def _reading(root: int, name: str, followed: list[str]) -> int:
    """The same, once; `followed` gets the text of each link on the way."""
    parent, last, mode = _found(root, name, followed)
    try:
        if not stat.S_ISREG(mode):
            raise Astray(_what(parent, last, mode))
        found = os.open(last, os.O_RDONLY | _FILE, dir_fd=parent)
    finally:
        os.close(parent)
    return _regular(found, last)


def is_file(root: int, name: str) -> bool:
    """Whether `name` is a regular file, or a link to one that stays below."""
    try:
        parent, _, mode = _found(root, name)
    except (FileNotFoundError, NotADirectoryError):
        return False
    os.close(parent)
    return stat.S_ISREG(mode)


def opened(folder: int, name: str, flags: int) -> int:
    """A descriptor of the regular file `name` in `folder`, which is no link, opened in this way; the caller closes it.

    What is there already is looked at before it is opened: opening a device can have it do something.
    """
    try:
        mode = os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode
        if not stat.S_ISREG(mode):
            raise Astray(_what(folder, name, mode))
    except FileNotFoundError:
        if not flags & os.O_CREAT:
            raise
    return _regular(os.open(name, flags | _FILE, 0o666, dir_fd=folder), name)


def entries(folder: int) -> dict[str, Entry]:
    """All that lies in a folder, by name, but for what goes away meanwhile."""
    found = {}
    with os.scandir(folder) as entries:
        for each in entries:
            if each.is_file(follow_symlinks=False):  # which the folder says itself
                found[each.name] = Entry(FILE)
            else:
                with suppress(FileNotFoundError):
                    found[each.name] = entry(folder, each.name)
    return found


def entry(folder: int, name: str) -> Entry:
    """What lies in a folder under this name."""
    found = kind(os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode)
    return Entry(found, os.readlink(name, dir_fd=folder) if found == LINK else "")


@contextmanager
def appending(path: Path) -> Iterator[BinaryIO]:
    """The file `path`, to be added to; neither it nor the folder that it lies in may be a link.

    A file that has another name, too, may be somebody's: it keeps that name, and another file takes this one.
    """
    above = os.open(path.parent, _LISTING)
    try:
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT
        found = opened(above, path.name, flags)
        if os.fstat(found).st_nlink > 1:
            os.close(found)
            os.unlink(path.name, dir_fd=above)
            found = opened(above, path.name, flags | os.O_EXCL)
    finally:
        os.close(above)
    with os.fdopen(found, "ab") as sink:
        yield sink


def _found(root: int, name: str, followed: list[str] | None = None) -> tuple[int, str, int]:
    """Where `name` leads: a descriptor of its folder, which the caller closes, its name there, its `st_mode`."""
    folders, waiting, link = [os.dup(root)], deque(name.split("/")), ""
    followed = [] if followed is None else followed
    try:
        while True:
            part = waiting.popleft() or "."
            if part == "..":
                if len(folders) == 1:
                    raise Astray(link)
                os.close(folders.pop())
                part = "."
            mode = os.stat(part, dir_fd=folders[-1], follow_symlinks=False).st_mode
            if stat.S_ISLNK(mode):
                target, link = os.readlink(part, dir_fd=folders[-1]), _what(folders[-1], part, mode)
                followed.append(target)
                if target.startswith("/"):
                    raise Astray(link)
                if len(followed) > MOST_LINKS:
                    raise Astray(f'"{name}" leads from link to link without end')
                waiting.extendleft(reversed(target.split("/")))
            elif not waiting:
                return folders.pop(), part, mode
            elif part != ".":
                folders.append(os.open(part, _PLACE, dir_fd=folders[-1]))
    finally:
        for each in folders:
            os.close(each)


def _make(parent: int, name: str) -> None:
    """Make a folder that is not there, and its name last."""
    try:
        os.mkdir(name, dir_fd=parent)
    except FileExistsError:
        return
    os.fsync(parent)


def _astray_if_link(parent: int, name: str) -> None:
    """`open` would refuse a link as well, in words that say nothing of links."""
    mode = os.stat(name, dir_fd=parent, follow_symlinks=False).st_mode
    if stat.S_ISLNK(mode):
        raise Astray(_what(parent, name, mode))


def _what(parent: int, name: str, mode: int) -> str:
    """ "parts" is a link to "/home/x", and no link is followed out of the directory"""
    if stat.S_ISLNK(mode):
        target = os.readlink(name, dir_fd=parent)
        return f'"{name}" is {LINK} to "{target}", and no link is followed out of the directory'
    return f'"{name}" is {kind(mode)}, and a file is needed'


def _regular(found: int, name: str) -> int:
    """The descriptor, unless it is of something else than a file after all."""
    mode = os.fstat(found).st_mode
    if not stat.S_ISREG(mode):
        os.close(found)
        raise Astray(f'"{name}" is {kind(mode)}, and a file is needed')
    return found
