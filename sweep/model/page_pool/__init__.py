# SPDX-License-Identifier: MIT
"""The kernel's page_pool, exact to its counters."""
