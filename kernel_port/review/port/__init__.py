# SPDX-License-Identifier: GPL-2.0-only
"""Our own source as data: definitions, exports, and the C of each."""
