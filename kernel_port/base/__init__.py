# SPDX-License-Identifier: GPL-2.0-only
"""Linux 3.11 before the series, a room per C file or part of one."""
