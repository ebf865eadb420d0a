# SPDX-License-Identifier: MIT
"""A document as values, and the writers that render it: text, Markdown, charts, and claims that can be checked."""
