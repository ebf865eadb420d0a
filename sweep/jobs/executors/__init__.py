# SPDX-License-Identifier: MIT
"""Where chunks run: an executor is a module or package here and a word in `NAMES`; `protocol` says what it offers."""

NAMES = ("ray", "inline")
DEFAULT = NAMES[0]
HERE = NAMES[1]  # simulates in the process that asks, where a debugger works; starts nothing
PACKAGES = ("numpy", "llvmlite", "pyarrow", "ray")  # what chunks are run with: noted with results, equal on all nodes
