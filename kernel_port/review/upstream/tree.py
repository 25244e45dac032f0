# SPDX-License-Identifier: GPL-2.0-only
"""Kernel sources: a directory, a revision of a git repository, or a tarball."""

from __future__ import annotations

import bz2
import gzip
import lzma
import os
import re
import subprocess
import tarfile
import zlib
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO, Protocol, cast

from ...files import opened, within
from ...hw.errors import MachineError
from ...terminal import Progress

#: The files read from a kernel: the C files of PCI and VFIO, their headers, and the Makefile for the version.
SCOPE = re.compile(r"(?:drivers/(?:pci|vfio)/.*|include/(?:uapi/)?linux/(?:pci|vfio)[^/]*)\.[ch]|Makefile")
PARTS = ("drivers/pci", "drivers/vfio", "include")
#: Files beside these that base/ has functions of. Read, too, but not looked for in later kernels.
BESIDE = (
    *("drivers/base/bus.c", "drivers/base/core.c", "drivers/base/dd.c", "lib/klist.c", "lib/kobject.c"),
    *("include/linux/kernel.h", "include/linux/list.h", "lib/vsprintf.c"),
    *("arch/x86/pci/common.c", "arch/x86/kernel/apic/io_apic.c"),
)
#: Longer than any C file of a kernel.
LONGEST = 4 << 20
#: For every git: do not fetch what a repository lacks, which would start programs of the repository's choice.
OFFLINE = {"GIT_NO_LAZY_FETCH": "1", "GIT_ALLOW_PROTOCOL": ""}


def is_read(path: str) -> bool:
    """Return whether *path* is one of the files that are read."""
    return path in BESIDE or SCOPE.fullmatch(path) is not None


class Tree(Protocol):
    """C files by their path in the kernel, "drivers/pci/pci.c"."""

    #: The user's name for it.
    name: str

    def paths(self) -> list[str]:
        """Return the files that are read."""

    def text(self, path: str) -> str | None:
        """Return a file's text, None if there is no such file."""


class Texts(Tree):
    """A tree in memory."""

    def __init__(self, name: str, texts: dict[str, str]) -> None:
        self.name = name
        self.texts = texts

    def paths(self) -> list[str]:
        return sorted(self.texts)

    def text(self, path: str) -> str | None:
        return self.texts.get(path)


class Directory(Tree):
    """A source directory. Links that leave it are ignored."""

    def __init__(self, root: Path) -> None:
        self.name = str(root)
        self.root = root

    def paths(self) -> list[str]:
        files = [p for part in PARTS for p in (self.root / part).rglob("*.[ch]")]
        files += [self.root / path for path in BESIDE]
        found = [path.relative_to(self.root).as_posix() for path in files if path.is_file() and within(self.root, path)]
        return sorted(path for path in found if is_read(path))

    def text(self, path: str) -> str | None:
        file = self.root / path
        is_ours = file.is_file() and within(self.root, file)
        return decode(file.read_bytes()) if is_ours and file.stat().st_size <= LONGEST else None


def decode(data: bytes) -> str:
    """Decode a C file. Most are UTF-8."""
    return data.decode("utf-8", "replace")


def git_tree(repository: Path, revision: str) -> Texts:
    """Read the tree of a revision of a git repository, bare or not.

    :raises MachineError: there is no git, no repository or no such revision"""
    if revision.startswith("-"):
        raise MachineError(f"{revision}: no revision; name a commit, tag or branch")
    commit = git(repository, "rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}").decode().strip()
    listing = git(repository, "ls-tree", "-r", "-z", commit, "--", "Makefile", *BESIDE, *(f"{part}/" for part in PARTS))
    entries = (entry.partition("\t") for entry in decode(listing).split("\0"))
    objects = {path: about.split()[2] for about, _, path in entries if is_read(path)}
    asked = "".join(f"{name}\n" for name in objects.values())
    answer = git(repository, "cat-file", "--batch", given=asked.encode())
    texts, at = {}, 0
    for path in objects:
        line_end = answer.index(b"\n", at)
        size = answer[at:line_end].split()[-1]
        if not size.isdigit():
            raise MachineError(f"{repository}: {path} is missing at {revision}; fetch it, or name a full clone")
        at = line_end + 1 + int(size)
        texts[path] = decode(answer[line_end + 1 : at])
        at += 1
    return Texts(f"{repository}@{revision}", texts)


def git(repository: Path, *arguments: str, given: bytes = b"") -> bytes:
    """Run git, only to read, and return its output.

    :raises MachineError: git is missing or refuses"""
    try:
        done = subprocess.run(
            ["git", "-C", str(repository), *arguments],
            input=given,
            capture_output=True,
            check=True,
            env=os.environ | OFFLINE,
        )
    except FileNotFoundError as error:
        raise MachineError("git is not installed; name a source directory or tarball") from error
    except subprocess.CalledProcessError as error:
        said = decode(error.stderr).strip().partition("\n")[0] or "no such revision"
        raise MachineError(f"{repository}: {said}; name a git repository and a revision in it") from error
    return done.stdout


def tarball(path: Path) -> Texts:
    """Read the tree in a linux-source tarball, compressed with xz, gzip or bzip2, or not.

    :raises MachineError: it is not a tarball, or damaged"""
    if path.suffix == ".zst":
        raise MachineError(f"{path}: Python cannot read zstd; unpack it with: zstd -d {path}")
    texts: dict[str, str] = {}
    try:
        with (
            Progress(f"reading {path.name}") as bar,
            opened(path) as packed,
            unpack(packed) as file,
            tarfile.open(None, "r|", file) as archive,
        ):
            for member in archive:
                bar.at(member.name)
                inside = member.name.removeprefix("./").partition("/")[2]
                if member.isfile() and is_read(inside) and member.size <= LONGEST:
                    content = archive.extractfile(member)
                    assert content is not None
                    texts[inside] = decode(content.read())
    except (tarfile.TarError, lzma.LZMAError, zlib.error, EOFError, OSError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise  # the file cannot be read; errors of gzip and bz2 have no errno
        raise MachineError(f"{path}: not a whole tarball ({error}); fetch it again") from error
    return Texts(str(path), texts)


def is_tarball(path: Path) -> bool:
    """Return whether *path* begins with the header of a tarball."""
    with opened(path) as packed, unpack(packed) as file, suppress(lzma.LZMAError, zlib.error, EOFError, OSError):
        return file.read(tarfile.BLOCKSIZE)[257:262] == b"ustar"
    return False


def unpack(file: BinaryIO) -> BinaryIO:
    """Decompress a file; unlike tarfile, raise if the end is missing."""
    start = file.read(6)
    file.seek(0)
    openers: list[tuple[bytes, Callable[[BinaryIO], Any]]]
    openers = [(b"\x1f\x8b", gzip.open), (b"BZh", bz2.open), (b"\xfd7zXZ\0", lzma.open)]
    for magic, opener in openers:
        if start.startswith(magic):
            return cast(BinaryIO, opener(file))
    return file


def open_tree(path: Path, revision: str = "") -> Tree:
    """Open the kernel sources at *path*.

    :raises MachineError: there are none; the message says what to give"""
    tree = sources(path, revision)
    if not any(name.startswith("drivers/pci/") for name in tree.paths()):
        raise MachineError(f"{tree.name}: no drivers/pci with C files; name the top of a kernel tree")
    return tree


def sources(path: Path, revision: str) -> Tree:
    """Open kernel sources as open_tree() does, without checking them."""
    if revision:
        return git_tree(path, revision)
    if not path.is_dir():
        return tarball(path)
    if not (path / "drivers").is_dir() and ((path / ".git").exists() or (path / "objects").is_dir()):
        raise MachineError(f"{path}: a git repository without its files; name a revision: {path}@v3.12")
    return Directory(path)


def version(tree: Tree) -> tuple[int, int] | None:
    """Return the kernel's version from its Makefile, (3, 11); None if it has none."""
    makefile = tree.text("Makefile") or ""
    numbers = [re.search(rf"^{name}\s*=\s*(\d+)\s*$", makefile, re.MULTILINE) for name in ("VERSION", "PATCHLEVEL")]
    major, minor = numbers
    return (int(major[1]), int(minor[1])) if major and minor else None
