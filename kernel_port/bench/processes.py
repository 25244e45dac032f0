# SPDX-License-Identifier: GPL-2.0-only
"""Start Python processes that run this package, the one that runs here, whatever is in the current directory."""

from __future__ import annotations

import os
import sys
from pathlib import Path

_HERE = str(Path(__file__).parents[2])


def command(module: str, *words: str) -> list[str]:
    """Return the command that runs *module* with *words*."""
    return [sys.executable, "-P", "-m", module, *words]


def environment() -> dict[str, str]:
    """Return the environment in which that finds this package first."""
    paths = [_HERE, os.environ.get("PYTHONPATH", "")]
    return os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, paths))}
