# SPDX-License-Identifier: GPL-2.0-only
"""A run as a page to step through."""
