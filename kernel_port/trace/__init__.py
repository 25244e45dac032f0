# SPDX-License-Identifier: GPL-2.0-only
"""Traces: told, held against recordings, explained."""
