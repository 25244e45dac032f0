# SPDX-License-Identifier: GPL-2.0-only
"""Where the project and its test data lie."""

from pathlib import Path

import pytest

TESTS = Path(__file__).parent
ROOT = TESTS.parent
GOLDEN = TESTS / "golden"
LIVE = TESTS / "live"
REAL = TESTS / "real"
SERIES = TESTS / "series"

#: From so many bytes on, a file of golden traces is for those who have time.
LONG = 300_000
#: The files of golden traces, for parametrize.
RECORDINGS = [
    pytest.param(path, id=path.stem, marks=pytest.mark.slow if path.stat().st_size > LONG else ())
    for path in sorted(GOLDEN.glob("*.jsonl"))
]
