# SPDX-License-Identifier: MIT
"""Random numbers without state: counter-based streams, and the quantile tables that turn them into quantities."""
