# SPDX-License-Identifier: MIT
"""A published table laid out as the user chooses: rows, columns, metrics and baseline, as text, Markdown or CSV."""
