# SPDX-License-Identifier: MIT
"""Chunks on Ray: a process of its own for Ray, what it needs to start, its nodes, and what its errors mean."""
