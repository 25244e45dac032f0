# SPDX-License-Identifier: GPL-2.0-only
"""Where the project and its test data lie."""

from pathlib import Path

TESTS = Path(__file__).parent
ROOT = TESTS.parent
GOLDEN = TESTS / "golden"
LIVE = TESTS / "live"
REAL = TESTS / "real"
SERIES = TESTS / "series"
