# SPDX-License-Identifier: GPL-2.0-only
"""The hardware: what answers configuration cycles."""
