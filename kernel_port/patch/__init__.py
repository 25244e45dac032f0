# SPDX-License-Identifier: GPL-2.0-only
"""The series, a module per patch."""
