# SPDX-License-Identifier: MIT
"""A published table seen another way: chosen rows, columns and metrics, as text, Markdown or CSV."""
