# SPDX-License-Identifier: MIT
"""The machinery: chunks, files and workers; no page and no packet."""
