# SPDX-License-Identifier: GPL-2.0-only
"""How fast the port is and how it grows, measured on this computer."""
