# SPDX-License-Identifier: GPL-2.0-only
"""What goes wrong with a machine or an input."""

from __future__ import annotations

from collections.abc import Iterable


class MachineError(ValueError):
    """The machine or its description is bad; the message names file, line or offset, and the remedy."""


def did_you_mean(word: str, known: Iterable[str], otherwise: str = "") -> str:
    """Return the end of a message about an unknown *word*: the known ones that are much like it.

    :param otherwise: said if none is; without it, all are listed"""
    from difflib import get_close_matches  # imported here, because most runs have nothing to report

    bare = {name.lstrip("-"): name for name in known}  # two options have their dashes in common
    near = [bare[name] for name in get_close_matches(word.lstrip("-"), bare)]
    if not near:
        return otherwise or f"there are {', '.join(bare.values())}"
    return f"did you mean {' or '.join(filter(None, [', '.join(near[:-1]), near[-1]]))}?"
