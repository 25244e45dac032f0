# SPDX-License-Identifier: GPL-2.0-only
"""Which kernel: Linux 3.11, the first N patches of the series, and what is put on top."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from .mends import Mend, find, gather, is_path, yours
from .series import PATCHES

#: The whole series.
ALL = len(PATCHES)


@dataclass(frozen=True, slots=True)
class KernelChoice:
    """A kernel to boot. It is a value: it can be compared, hashed, pickled and printed."""

    patches: int = ALL
    """How many patches of the series it has."""
    extra: tuple[str, ...] = ()
    """What is on top: names of mends, versions, paths of files."""
    instead: tuple[tuple[int, str], ...] = ()
    """Which files take the place of a patch of the series: its number, and the path."""

    @classmethod
    def of(
        cls, patches: int | KernelChoice = ALL, extra: Iterable[str | Path] = (), *, needs: bool = False
    ) -> KernelChoice:
        """Return the kernel with *patches* of the series and *extra* on top.

        :param patches: a number, or a choice that *extra* is added to
        :param extra: names of mends, versions, paths of files
        :param needs: take what those require along
        :raises LinkError: they do not fit together
        :raises MachineError: there is no such mend, or a file does not load
        :raises ValueError: the series has no such point"""
        instead: tuple[tuple[int, str], ...] = ()
        if isinstance(patches, KernelChoice):
            extra = (*patches.extra, *extra)
            instead = patches.instead
            patches = patches.patches
        if not 0 <= patches <= len(PATCHES):
            raise ValueError(f"there is no point {patches} of the series: it runs from 0 (base) to {len(PATCHES)}")
        said = tuple(dict.fromkeys(str(what) if not isinstance(what, Path) else named(what) for what in extra))
        mends = gather(said, needs)
        there = {mend for what in said for mend in find(what)}
        return cls(patches, (*(mend.name for mend in mends if mend not in there), *said), instead)

    @property
    def modules(self) -> tuple[str, ...]:
        """The modules of its patches, a user's file in the place of one included.

        :raises MachineError: a file does not load"""
        files = dict(self.instead)
        return tuple(
            yours(Path(files[patch.number])).module if patch.number in files else f"patch.{patch.module}"
            for patch in PATCHES[: self.patches]
        )

    @property
    def mends(self) -> tuple[Mend, ...]:
        """What is on top, in link order."""
        return gather(self.extra)

    @property
    def yours(self) -> tuple[str, ...]:
        """Of each file of the user's on top, a name that changes with what is in it."""
        return tuple(yours(Path(what)).module for what in self.extra if is_path(what))

    @property
    def point(self) -> str:
        """The name of this point of the series: "base", "+5", "+8+try-reset"."""
        series = f"+{self.patches}" if self.patches else "base"
        return series + "".join(f"+{what}" for what in self.names)

    @property
    def names(self) -> list[str]:
        """What is on top, by name: a file by its stem."""
        return [yours_name(what) if is_path(what) else what for what in self.extra]

    @property
    def name(self) -> str:
        """The name of the kernel: "linux-3.11+8+try-reset"."""
        return f"linux-3.11+{self.patches}" + "".join(f"+{what}" for what in self.names)

    @property
    def explained(self) -> str:
        """What the name stands for: "Linux 3.11 with all 8 patches of the series"."""
        count = self.patches
        series = "with all {0} patches" if count == ALL else "with patches 1 to {0}" if count > 1 else "with patch 1"
        base = f"Linux 3.11 {series.format(count) + ' of the series' if count else 'as it was before the series'}"
        return "; ".join([base, *(f"on top {mend.name}: {mend.title}" for mend in self.mends)])

    @property
    def options(self) -> list[str]:
        """The options of the command line that choose it."""
        return ["--patches", str(self.patches), *(word for what in self.extra for word in ("--with", what))]

    def __str__(self) -> str:
        return self.name


def named(path: Path) -> str:
    """Return a path so that it is seen to be one."""
    return str(path) if is_path(str(path)) else f"./{path}"


def yours_name(path: str) -> str:
    """Return the name of a user's file."""
    return Path(path).stem.replace("_", "-")
