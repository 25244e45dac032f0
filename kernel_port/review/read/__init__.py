# SPDX-License-Identifier: GPL-2.0-only
"""The series side by side, C and Python."""
