# SPDX-License-Identifier: GPL-2.0-only
"""Load and save machines: texts with dumps in them, sysfs trees, archives, raw ECAM, machine descriptions, examples."""

from .load import example_names, is_name, is_raw_ecam, load
from .save import FORMATS, refuse_format, save

__all__ = ("FORMATS", "example_names", "is_name", "is_raw_ecam", "load", "refuse_format", "save")
