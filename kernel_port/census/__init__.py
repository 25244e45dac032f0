# SPDX-License-Identifier: GPL-2.0-only
"""Which functions of a fleet can be reset: paths in; answers, totals, charts and a page out."""
