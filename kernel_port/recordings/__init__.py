# SPDX-License-Identifier: GPL-2.0-only
"""What others recorded: golden traces of the real C, captures of a real Linux; replay and comparison."""
