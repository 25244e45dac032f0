# SPDX-License-Identifier: GPL-2.0-only
"""The course: lessons and a glossary."""
