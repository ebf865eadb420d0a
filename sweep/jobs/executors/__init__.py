# SPDX-License-Identifier: MIT
"""Where chunks run: an executor is a module or package here and a word in `NAMES`; `protocol` says what it offers."""

NAMES = ("ray", "inline")
DEFAULT = NAMES[0]
