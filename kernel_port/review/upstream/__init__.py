# SPDX-License-Identifier: GPL-2.0-only
"""The user's C: kernel trees and mailboxes, and lookups in them."""
