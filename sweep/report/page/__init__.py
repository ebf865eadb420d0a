# SPDX-License-Identifier: MIT
"""The report as one offline HTML file, with the data and the scripts that its charts need."""
