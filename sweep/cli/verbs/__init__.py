# SPDX-License-Identifier: MIT
"""The verbs of the command line, one file each; each imports what it needs when it is called."""
