# SPDX-License-Identifier: GPL-2.0-only
"""The verdict: how a function can be reset, and why each other way is refused."""
