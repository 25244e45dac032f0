# SPDX-License-Identifier: GPL-2.0-only
"""What is put on top of the series: the mends that ship (kernel_port/later), and files of the user's own.

A name leads to one of them, a version ("v3.12") to all mends of it, a path to a user's file. The order is worked out
from what each requires.
"""

from __future__ import annotations
import __future__

import ast
import os
import re
import sys
import traceback
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from graphlib import CycleError, TopologicalSorter
from importlib import import_module
from importlib.abc import Loader
from importlib.machinery import ModuleSpec, SourceFileLoader
from importlib.util import module_from_spec
from pathlib import Path
from types import CodeType, ModuleType

from .files import opened
from .hw.errors import MachineError, did_you_mean
from .limits import OWN
from .series import PATCHES

PACKAGE = Path(__file__).parent
#: What a module declares to the linker; not part of the kernel.
DECLARATIONS = ("ADDS", "MODIFIES", "REQUIRES")
#: The name of a module in kernel_port/later: v312_tune_bus_reset_timing is of v3.12.
SHIPPED = re.compile(r"v(?P<major>\d)(?P<minor>\d+)_(?P<name>\w+)")
VERSION = re.compile(r"v(\d+)\.(\d+)")
#: Where a paragraph of a docstring begins.
PARAGRAPH = re.compile(r"\n(?=[A-Z][a-z ]+:)")
RELEASED = re.compile(rf"{VERSION.pattern}(?: (?:or|to) {VERSION.pattern})?")
COMMIT = re.compile(r"\b[0-9a-f]{12,40}\b")
#: Under which names modules of users are imported.
USERS = f"{__package__}.yours"


class LinkError(MachineError, ImportError):
    """Modules do not fit together: the message names file, line and symbol."""


@dataclass(frozen=True, slots=True)
class Mend:
    """A module on top of the series."""

    name: str
    """What REQUIRES and --with call it: "tune-bus-reset-timing"; of a user's file its stem."""
    module: str
    """The module: "later.v312_tune_bus_reset_timing"; a user's has a name that stands for its contents."""
    path: Path
    version: str = ""
    """The Linux that has it, "v3.12"; "" of a user's file."""

    @property
    def code(self) -> ModuleType:
        """The module itself."""
        return import_module(f".{self.module}", __package__)

    @property
    def requires(self) -> tuple[str, ...]:
        """The names of the mends that it is written on top of."""
        return names_in(self, "REQUIRES")

    @property
    def adds(self) -> tuple[str, ...]:
        """The functions, structs and variables that are new."""
        return names_in(self, "ADDS")

    @property
    def modifies(self) -> tuple[str, ...]:
        """The functions, structs and variables that change."""
        return names_in(self, "MODIFIES")

    @property
    def title(self) -> str:
        """The first line of its docstring: the title of the commit."""
        return (self.code.__doc__ or "").strip().partition("\n")[0] or self.name

    @property
    def paragraphs(self) -> dict[str, str]:
        """The rest of its docstring: Why, What, Look at, Upstream, Adapted, each with its text."""
        parts = (part.partition(":") for part in PARAGRAPH.split((self.code.__doc__ or "").rstrip())[1:])
        return {label.strip(): " ".join(text.split()) for label, _, text in parts}

    @property
    def commit(self) -> str:
        """The id of the commit, as far as given; "" where it is not verified."""
        found = COMMIT.search(self.paragraphs.get("Upstream", "").partition("not verified")[0])
        return found[0] if found else ""

    @property
    def released(self) -> str:
        """The Linux that has it, as far as verified: "v6.16", "v5.1 or v5.2"."""
        found = RELEASED.search(self.paragraphs.get("Upstream", ""))
        return found[0] if found else self.version

    @property
    def file(self) -> str:
        """Its file as messages name it: kernel_port/later/..., or the user's own path."""
        return str(self.path if self.is_users else self.path.relative_to(PACKAGE.parent))

    @property
    def is_users(self) -> bool:
        """Whether it is a user's file."""
        return not self.version


def names_in(mend: Mend, declaration: str) -> tuple[str, ...]:
    """Return the names that REQUIRES, ADDS or MODIFIES of a mend declares.

    :raises LinkError: it is not a tuple of names"""
    names = getattr(mend.code, declaration, ())
    if not isinstance(names, (tuple, list)) or not all(isinstance(name, str) for name in names):
        example = f"; a tuple of one has a comma: ({names!r},)" if isinstance(names, str) else ""
        raise LinkError(f"{place(mend.code, declaration)}: {declaration} is not a tuple of names{example}")
    return tuple(names)


def place(module: ModuleType, symbol: str) -> str:
    """Return file and line where *module* defines *symbol*, or declares it, or begins."""
    path = Path(module.__file__ or module.__name__)
    shown = path.relative_to(PACKAGE.parent) if path.is_relative_to(PACKAGE) else LOADED.get(str(path), path)
    line = line_of(path.read_text(encoding="utf-8"), symbol) if path.is_file() else 1
    return f"{shown}:{line}"


def line_of(text: str, symbol: str) -> int:
    """Return the line that defines *symbol* in the source *text*, or first mentions it; 1 if none does."""
    body = ast.parse(text).body
    for node in body:
        names = [getattr(node, "name", "")]
        if isinstance(node, (ast.Assign, ast.AnnAssign)):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            names = [each.id for target in targets for each in ast.walk(target) if isinstance(each, ast.Name)]
        if symbol in names:
            return node.lineno
    whole = re.compile(rf"\b{re.escape(symbol)}\b")
    return next((number for number, line in enumerate(text.splitlines(), 1) if whole.search(line)), 1)


# -- the mends that ship -----------------------------------------------------------------------------------------------


@cache
def shipped() -> dict[str, Mend]:
    """Return the mends that ship by name, in the order in which they link."""
    found = {}
    for path in sorted((PACKAGE / "later").glob("v*.py")):
        if match := SHIPPED.fullmatch(path.stem):
            name = match["name"].replace("_", "-")
            found[name] = Mend(name, f"later.{path.stem}", path, f"v{match['major']}.{match['minor']}")
    return {mend.name: mend for mend in order(found.values())}


def versions() -> dict[str, tuple[str, ...]]:
    """Return the names of the mends of each version, oldest first."""
    found: dict[str, tuple[str, ...]] = {}
    for mend in shipped().values():
        found[mend.version] = (*found.get(mend.version, ()), mend.name)
    return found


# -- files of the user's own -------------------------------------------------------------------------------------------

#: Absolute path of a user's file -> the path as it was given.
LOADED: dict[str, Path] = {}


class UsersLoader(SourceFileLoader):
    """Loads a user's file, as it is now: nothing is written beside it, and annotations are text as in all modules."""

    def get_code(self, fullname: str) -> CodeType:
        """Compile the file."""
        flag = __future__.annotations.compiler_flag
        code: CodeType = compile(self.get_data(self.path), self.path, "exec", flag, dont_inherit=True)
        return code


def yours(path: Path) -> Mend:
    """Load a user's file.

    :raises MachineError: it is not Python, or does not run; the message has file and line
    :raises OSError: it cannot be read"""
    mend = Mend(path.stem.replace("_", "-"), users_module(path), path)
    for declaration in {*DECLARATIONS} - assigned(path.read_bytes()):
        vars(mend.code).pop(declaration, None)  # of another module, imported with all that is in it
    return mend


def users_module(path: Path) -> str:
    """Import a user's file.

    :return: the module's name in this package, which stands for its contents: "yours.mine_0123456789abcdef"
    :raises MachineError: it is not Python, or does not run; the message has file and line
    :raises OSError: it cannot be read"""
    import hashlib  # imported here, because most runs have no file of the user's

    if not path.name.isprintable():
        raise MachineError(f"{path}: the name has characters that cannot be printed; rename the file")
    real = path.absolute()
    LOADED[str(real)] = path
    with opened(path, OWN) as file:
        digest = hashlib.sha256(os.fsencode(real) + file.read()).hexdigest()[:16]
    stem = re.sub(r"\W", "_", path.stem)
    module_name = f"yours.{stem}_{digest}"
    name = f"{__package__}.{module_name}"
    if name not in sys.modules:
        loader: Loader = UsersLoader(name, str(real))
        spec = ModuleSpec(name, loader, origin=str(real))
        spec.has_location = True
        module = sys.modules[name] = module_from_spec(spec)
        vars(module).setdefault("__annotations__", {})
        try:
            loader.exec_module(module)
        except (Exception, SystemExit) as error:
            del sys.modules[name]
            raise MachineError(wrong(path, error)) from None
    return module_name


def assigned(source: bytes) -> set[str]:
    """Return the names that the source of a module assigns at its top."""
    targets = [
        target
        for node in ast.parse(source).body
        if isinstance(node, (ast.Assign, ast.AnnAssign))
        for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
    ]
    return {each.id for target in targets for each in ast.walk(target) if isinstance(each, ast.Name)}


def wrong(path: Path, error: BaseException) -> str:
    """Say what is wrong with a user's file that does not load: file, line, and Python's words."""
    if isinstance(error, SyntaxError):
        return f"{path}:{error.lineno or 1}: {error.msg}"
    if found := blame(error):
        return found
    words = re.sub(r" \((?:/|<)[^)]*\)$", "", str(error))
    return f"{path}: {type(error).__name__}: {words}"


def blame(error: BaseException) -> str:
    """Return where in a user's file an error happened, or what it called, and which; "" if it has no part in it."""
    for frame, line in reversed(list(traceback.walk_tb(error.__traceback__))):
        if shown := LOADED.get(frame.f_code.co_filename):
            words = re.sub(r" \((?:/|<)[^)]*\)$", "", str(error))
            return f"{shown}:{line}: {type(error).__name__}: {words}"
    return ""


def suspect(error: BaseException, words: Iterable[str]) -> str:
    """Say of an error elsewhere that a user's file may be behind it; "" if the command line, *words*, names none."""
    named = {Path(word.rpartition("=")[2]) for word in words}
    files = [str(path) for path in dict.fromkeys(LOADED.values()) if path in named]
    at = [(frame.f_code.co_filename, line) for frame, line in traceback.walk_tb(error.__traceback__)]
    at = [(file, line) for file, line in at if Path(file).is_relative_to(PACKAGE)]
    if not files or not at:
        return ""
    file, line = at[-1]
    where = f"{Path(file).relative_to(PACKAGE.parent)}:{line}"
    return f"{', '.join(files)}: with this the kernel fails at {where}: {type(error).__name__}: {error}"


# -- what a name means, and in which order -----------------------------------------------------------------------------


def is_path(what: str | Path) -> bool:
    """Return whether *what* is a user's file, not a name."""
    return isinstance(what, Path) or what.endswith(".py") or "/" in what


def find(what: str | Path) -> tuple[Mend, ...]:
    """Return what a name, a version or a path stands for.

    :raises MachineError: there is no such mend, or the file does not load"""
    if is_path(what):
        return (yours(Path(what)),)
    mends, of_versions = shipped(), versions()
    if what in mends:
        return (mends[str(what)],)
    if what in of_versions:
        return tuple(mends[name] for name in of_versions[str(what)])
    hint = did_you_mean(str(what), [*of_versions, *mends], "kernel-port list has them all.")
    raise MachineError(f"there is no mend {str(what)!r}; {hint} A file of your own ends in .py")


def required_by(mend: Mend, among: dict[str, Mend]) -> tuple[Mend, ...]:
    """Return the mends that one requires: of *among*, or of those that ship.

    :raises LinkError: there is no such mend"""
    found: list[Mend] = []
    for name in mend.requires:
        if name in among:
            found.append(among[name])
        elif name in versions():
            found += find(name)
        elif name in shipped():
            found.append(shipped()[name])
        else:
            raise LinkError(
                f"{place(mend.code, 'REQUIRES')}: REQUIRES {name!r}, and no mend has that name; kernel-port list has "
                "them, a file of your own is to be given with --with as well"
            )
    return tuple(found)


def beneath(mend: Mend, among: Iterable[Mend]) -> frozenset[Mend]:
    """Return those of *among* that *mend* requires, and those that they require in turn."""
    found: set[Mend] = set()
    pending = [mend]
    while pending:
        names = {*pending.pop().requires}
        new = {other for other in among if {other.name, other.version} & names} - found
        found |= new
        pending += new
    return frozenset(found)


def gather(extra: Iterable[str | Path], needs: bool = False) -> tuple[Mend, ...]:
    """Return what *extra* stands for, in link order.

    :param needs: take what they require along
    :raises LinkError: one requires what is not there, or they require each other
    :raises MachineError: there is no such mend, or a file does not load"""
    mends: dict[str, Mend] = {}
    for what in extra:
        for mend in find(what):
            if (other := mends.get(mend.name)) and other != mend:
                raise LinkError(f"{mend.file}:1: is called {mend.name}, like {other.file}: rename one")
            mends[mend.name] = mend
    pending = list(mends.values())
    while pending:
        mend = pending.pop()
        for other in required_by(mend, mends):
            if other.name in mends:
                continue
            if not needs:
                raise LinkError(
                    f"{place(mend.code, 'REQUIRES')}: {mend.name} REQUIRES {other.name}: add --with {other.name}, or "
                    "--with-needs"
                )
            mends[other.name] = other
            pending.append(other)
    return order(mends.values())


def order(mends: Iterable[Mend]) -> tuple[Mend, ...]:
    """Return *mends* in link order: each behind those that it requires; else by version and name, users' files last.

    :raises LinkError: they require each other"""
    ranked = sorted(mends, key=rank)
    among = {mend.name: mend for mend in ranked}
    sorter = TopologicalSorter[str]()
    for mend in ranked:
        sorter.add(mend.name, *(other.name for other in ranked if {other.name, other.version} & {*mend.requires}))
    try:
        sorter.prepare()
    except CycleError as error:
        circle = list(reversed(error.args[1]))
        first = among[circle[0]]
        raise LinkError(
            f"{place(first.code, 'REQUIRES')}: REQUIRES goes in a circle: {' requires '.join(circle)}"
        ) from None
    found: list[Mend] = []
    ready: list[Mend] = []
    while sorter.is_active():
        ready = sorted([*ready, *(among[name] for name in sorter.get_ready())], key=rank)
        found.append(ready.pop(0))
        sorter.done(found[-1].name)
    return tuple(found)


def rank(mend: Mend) -> tuple[bool, tuple[int, ...], str]:
    """Return the sort key of mends that do not require each other."""
    match = VERSION.fullmatch(mend.version)
    return mend.is_users, tuple(map(int, match.groups())) if match else (), mend.name


def adding(symbol: str) -> str:
    """Say which patch of the series, or which mend that ships, adds *symbol*; "" if none does."""
    for patch in PATCHES:
        if symbol in patch.adds:
            return f"patch {patch.number} adds it: --patches {patch.number} or more"
    for mend in shipped().values():
        if symbol in mend.adds:
            return f"{mend.name} adds it: --with {mend.name}"
    return ""
