# SPDX-License-Identifier: MIT
"""A document as data, the writers that render it (text, Markdown, charts), and claims that tests can check."""
