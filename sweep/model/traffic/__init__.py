# SPDX-License-Identifier: MIT
"""Traffic: how packets arrive, and how local ones are read."""
