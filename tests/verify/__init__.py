# SPDX-License-Identifier: MIT
"""The model against what is known from elsewhere: measurements, identities, limits."""
