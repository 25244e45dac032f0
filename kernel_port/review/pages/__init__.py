# SPDX-License-Identifier: GPL-2.0-only
"""What all pages share: HTML, style, scripts."""
