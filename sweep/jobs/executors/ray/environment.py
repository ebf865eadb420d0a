# SPDX-License-Identifier: MIT
"""The environment of the Ray process, which all processes of local Ray inherit: what must hold before ray is imported.

No process imports from a folder that others may write: neither from the one it is started in nor from PYTHONPATH.
Variables that change how Python runs are dropped, because Ray needs its docstrings and assertions.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from pathlib import Path

from sweep.jobs.executors.protocol import Join
from sweep.jobs.executors.trust import search_path
from sweep.model.compiler import kernel_cache

# Variables of a cluster that this process may be part of (a Ray job); they must not reach the private one.
FOREIGN = ("RAY_ADDRESS", "RAY_JOB_CONFIG_JSON_ENV_VAR", "RAY_AUTH_TOKEN_PATH", "RAY_NAMESPACE", "RAY_TMPDIR")

# Variables of Python that users set for their own programs.  Ray 2.60 does not start with PYTHONOPTIMIZE=2 (its agents
# add to docstrings) or with warnings as errors, and hangs with PYTHONINSPECT.
OF_PYTHON = (
    "PYTHONASYNCIODEBUG",
    "PYTHONBREAKPOINT",
    "PYTHONDEBUG",
    "PYTHONDEVMODE",
    "PYTHONEXECUTABLE",
    "PYTHONINSPECT",
    "PYTHONOPTIMIZE",
    "PYTHONPROFILEIMPORTTIME",
    "PYTHONSTARTUP",
    "PYTHONTRACEMALLOC",
    "PYTHONVERBOSE",
    "PYTHONWARNINGS",
)
PROXIES = ("http_proxy", "https_proxy", "all_proxy", "grpc_proxy")  # Ray's processes speak to each other only


def environment(join: Join | None, directory: str) -> dict[str, str]:
    """The environment of the Ray process; `join`: the cluster it joins, None for local Ray.

    directory: where local Ray puts its temporary files.
    """
    dropped = (*OF_PYTHON, *PROXIES, *map(str.upper, PROXIES))
    inherited = {name: value for name, value in os.environ.items() if name not in dropped}
    inherited["PYTHONPATH"] = search_path(inherited.get("PYTHONPATH", ""))
    inherited["PYTHONSAFEPATH"] = "1"  # neither the current folder nor that of a script
    inherited["RAY_ENABLE_UV_RUN_RUNTIME_ENV"] = "0"
    if join is not None:
        return {**inherited, **_token_mode(inherited)}
    for name in FOREIGN:
        inherited.pop(name, None)
    return {
        **inherited,
        "TMPDIR": directory,
        kernel_cache.VARIABLE: _cache(directory),
        "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",  # oddly named: bind loopback, as on a laptop
        "RAY_USAGE_STATS_ENABLED": "0",
        "RAY_AUTH_MODE": "token",
        "RAY_AUTH_TOKEN": secrets.token_hex(32),
        "RAY_task_oom_retries": "0",  # without end otherwise
        "RAY_gcs_rpc_server_reconnect_timeout_s": "10",  # then the Ray process ends; 60 otherwise
    }


def _cache(directory: str) -> str:
    """Where the workers keep kernels: where this process does, or among Ray's own files if that cannot be used."""
    root = kernel_cache.root()
    return os.path.abspath(root if root and kernel_cache.writable() else os.path.join(directory, "cache"))


def _token_mode(environment: Mapping[str, str]) -> dict[str, str]:
    """Ask for token authentication where there is a token: Ray itself does so for the address "auto" only."""
    known = "RAY_AUTH_TOKEN" in environment or "RAY_AUTH_TOKEN_PATH" in environment
    if "RAY_AUTH_MODE" in environment or not (known or Path("~/.ray/auth_token").expanduser().exists()):
        return {}
    return {"RAY_AUTH_MODE": "token"}
