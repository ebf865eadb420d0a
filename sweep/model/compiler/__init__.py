# SPDX-License-Identifier: MIT
"""From plain Python functions to machine code: binding a strategy into the loop, and the cache of compiled kernels."""
