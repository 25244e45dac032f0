# SPDX-License-Identifier: GPL-2.0-only
"""Somebody else's C: kernel trees, mailboxes, and what is looked up in them."""
