# SPDX-License-Identifier: GPL-2.0-only
"""Recordings: golden traces of the real C and captures of a real Linux; replay and comparison."""
