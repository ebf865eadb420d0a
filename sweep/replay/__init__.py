# SPDX-License-Identifier: MIT
"""Recorded traces of the kernel's page_pool, run through the page_pool code of the model, compared count by count."""
