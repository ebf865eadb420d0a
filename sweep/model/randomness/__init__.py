# SPDX-License-Identifier: MIT
"""Random numbers without state: counter-based streams, and quantile tables that they are looked up in."""
