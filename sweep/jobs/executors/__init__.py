# SPDX-License-Identifier: MIT
"""Where chunks run: in this process, or in workers on local Ray or a cluster."""
