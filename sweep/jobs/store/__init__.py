# SPDX-License-Identifier: MIT
"""What a run directory holds: parts, failures and decisions; and the tables that are published from them."""
