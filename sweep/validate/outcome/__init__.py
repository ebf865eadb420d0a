# SPDX-License-Identifier: MIT
"""The outcome of a validation: summary, document, charts and files."""
