# SPDX-License-Identifier: GPL-2.0-only
"""Our solutions of the exercises that are not patches of the series."""
