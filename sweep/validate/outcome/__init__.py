# SPDX-License-Identifier: MIT
"""What a validation came to: its summary, document, charts and files."""
