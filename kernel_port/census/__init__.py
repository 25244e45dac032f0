# SPDX-License-Identifier: GPL-2.0-only
"""What can be reset on a whole fleet of machines: paths in, an answer for each, sums, charts and a page out."""
