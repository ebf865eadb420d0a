# SPDX-License-Identifier: MIT
"""Where a table comes from: versions, sources, machine, command.  Stored as metadata, never in data columns."""

from __future__ import annotations

import platform
import subprocess
from datetime import UTC, datetime
from importlib import metadata
from typing import Any

from sweep.jobs.executors import PACKAGES
from sweep.package import PACKAGE


def versions() -> dict[str, str]:
    """Version of Python and of the packages that take part; "" if not installed."""
    version_of = {"python": platform.python_version()}
    for name in ("sweep", *PACKAGES):
        try:
            version_of[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            version_of[name] = ""
    return version_of


def git_commit() -> str:
    """The commit of the sources, with "+" if they differ from it; "" if they are not in a git checkout."""

    def git(*arguments: str) -> str:
        command = ["git", "-C", str(PACKAGE), *arguments]
        return subprocess.run(command, capture_output=True, text=True, timeout=5, check=True).stdout.strip()

    try:
        return git("rev-parse", "HEAD") + ("+" if git("status", "--porcelain", "--", str(PACKAGE)) else "")
    except (OSError, subprocess.SubprocessError):
        return ""


def provenance() -> dict[str, Any]:
    """Time, versions, commit and machine of this process, for the metadata of a table."""
    return {
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "versions": versions(),
        "git_commit": git_commit(),
        "platform": platform.platform(),
        "node": platform.node(),
    }
