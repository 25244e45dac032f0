# SPDX-License-Identifier: GPL-2.0-only
"""Traces: events decoded, shown, compared, exported."""
