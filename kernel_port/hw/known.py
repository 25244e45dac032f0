# SPDX-License-Identifier: GPL-2.0-only
"""Which bits of a function's registers its source states. A run that reads another one guesses."""

from __future__ import annotations

from functools import lru_cache

from .description import FunctionDescription


def unstated(function: FunctionDescription) -> int:
    """Return the bits that nobody stated, bit 0 of byte 0 first; 0 if all are stated."""
    return 0 if function.stated is None and not function.stand_in else _unstated(function.stated or b"", function.size)


@lru_cache(maxsize=1024)
def _unstated(stated: bytes, size: int) -> int:
    return ~int.from_bytes(stated[:size], "little") & (1 << 8 * size) - 1
