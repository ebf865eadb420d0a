# SPDX-License-Identifier: MIT
"""`sweep --version`: the version and what else a bug report needs."""

from __future__ import annotations

from typing import Annotated

import typer


def _show(asked: bool) -> None:
    if asked:
        print(text())
        raise typer.Exit


def top(
    version: Annotated[
        bool,
        typer.Option("--version", is_eager=True, callback=_show, help="Show versions, for bug reports, and exit."),
    ] = False,
) -> None:
    """The options that come before the verb."""


def text() -> str:
    """Version and commit; Python and the packages that take part; the system.  A line each."""
    import platform

    from sweep.jobs.store.provenance import git_commit, versions

    packages = versions()
    own, python = packages.pop("sweep") or "(not installed)", packages.pop("python")
    commit = git_commit()
    changed = ", and changes to it" if commit.endswith("+") else ""
    source = f" (commit {commit.removesuffix('+')}{changed})" if commit else ""
    others = ", ".join(f"{name} {number or 'missing'}" for name, number in packages.items())
    return f"sweep {own}{source}\nPython {python}, {others}\n{platform.platform()}"
