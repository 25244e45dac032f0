# SPDX-License-Identifier: GPL-2.0-only
"""Where in the port something happened: the statement, its function, and its C."""

from __future__ import annotations

import linecache
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import CodeType

from ..mends import LOADED
from ..review.port.definitions import PACKAGE, Origin, origin

#: Modules that only carry out what their callers decide: an act is attributed to the caller.
ACCESSORS = ("base/access.py", "kernel/")
#: Functions in other modules that do only that.
ACCESSOR_FUNCTIONS = (
    "pciehp_readw", "pciehp_readl", "pciehp_writew", "pciehp_writel", "ctrl_dbg", "ctrl_err", "ctrl_info", "ctrl_warn",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Site:
    """One statement of the port."""

    file: str
    """Its file, relative to the package: "patch/p05_....py"; a user's own file has its whole path."""
    line: int
    function: str
    origin: Origin | None
    """The function's C; None if it names none."""

    def __str__(self) -> str:
        c_source = f" (C: {self.c_source})" if self.c_source else ""
        return f"{self.file}:{self.line} in {self.function}{c_source}"

    @property
    def c_source(self) -> str:
        """The "C:" line of the function's docstring: file, linkage, point of the series; "" if it has none."""
        return str(self.origin or "")

    @property
    def text(self) -> str:
        """The source line."""
        return linecache.getline(str(PACKAGE / self.file), self.line).strip()

    @property
    def carries_out(self) -> bool:
        """Whether the statement carries out what its caller decided."""
        return self.file.startswith(ACCESSORS) or self.function in ACCESSOR_FUNCTIONS


def locate(code: CodeType, lasti: int) -> Site | None:
    """Return the statement of instruction *lasti* of *code*; None if it is not the port's."""
    return _locate(code, code.co_filename, lasti)


@cache
def _locate(code: CodeType, file: str, lasti: int) -> Site | None:
    """Locate by code and *file*: the same function in two files is equal to Python."""
    path = Path(file)
    if path.is_relative_to(PACKAGE):
        path = path.relative_to(PACKAGE)
    elif file not in LOADED:
        return None
    return Site(path.as_posix(), line_at(code, lasti), code.co_name, origin_of(code))


@cache
def line_at(code: CodeType, lasti: int) -> int:
    """Return the line of instruction *lasti* of *code*."""
    return next((line for start, end, line in code.co_lines() if start <= lasti < end and line), code.co_firstlineno)


def origin_of(code: CodeType) -> Origin | None:
    """Return the C of a function, from its docstring."""
    docstring = code.co_consts[0] if code.co_consts and isinstance(code.co_consts[0], str) else ""
    return origin(docstring)


def cause(stack: Iterable[tuple[CodeType, int]]) -> Site | None:
    """Return the statement that caused an act: the innermost of *stack* (innermost first) that is not an accessor's."""
    sites = [site for code, lasti in stack if (site := locate(code, lasti)) is not None]
    return next((site for site in sites if not site.carries_out), sites[0] if sites else None)
