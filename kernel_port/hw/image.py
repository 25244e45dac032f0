# SPDX-License-Identifier: GPL-2.0-only
"""Configuration space as bytes: one PCI domain, laid out as an ECAM window. The last hop of a config cycle.

A function is at bus << 20 | device << 15 | function << 12 and has 4096 bytes there, little-endian on every host. An
image is sparse: a whole domain of 256 buses costs what its functions cost. It holds bytes; behaviour is the rest of hw.
"""

from __future__ import annotations

import errno
import fcntl
import os
import stat
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, BinaryIO

from .._shims import ffi, lib
from .address import Address
from .errors import MachineError

if TYPE_CHECKING:
    from .._shims import RegisterMasks

FUNCTION_SIZE = 4096
BUS_SIZE = FUNCTION_SIZE << 8
DOMAIN_SIZE = BUS_SIZE << 8

_ZEROS = bytes(FUNCTION_SIZE)
_ONES = b"\xff" * FUNCTION_SIZE


class ConfigImage:
    """The registers of a PCI domain, in private memory unless in_place() is asked for.

    Threads may share it. After a fork both processes have the same registers, not a copy each.

    :param size: bytes, whole functions from bus 0 on; all zero to begin with
    :raises MachineError: *size* is none that an image can have"""

    __slots__ = ("_fd", "_image", "_name", "size")

    def __init__(self, size: int = DOMAIN_SIZE) -> None:
        _check_size("image", size)
        # A file without a name rather than anonymous memory: it knows which of its pages hold data.
        fd = os.memfd_create("config image")
        try:
            os.truncate(fd, size)
            self._map(fd, size, "image")
        except BaseException:
            os.close(fd)
            raise

    def _map(self, fd: int, size: int, name: str) -> None:
        """Give *fd* to the shim, which closes it with the image or when nobody refers to the image any more."""
        image = lib.config_image_open(fd, size)
        if image == ffi.NULL:
            raise OSError(ffi.errno, f"cannot map {size} bytes of configuration space: {os.strerror(ffi.errno)}")
        self._image = ffi.gc(image, lib.config_image_free)
        self._fd = fd
        self._name = name
        self.size = size

    @classmethod
    def copy_of(cls, path: str | os.PathLike[str]) -> ConfigImage:
        """Read a raw ECAM file into private memory; the file is never written.

        :raises MachineError: the file cannot be read or is no image; names it, the offset and the remedy"""
        fd, size = _open(path, os.O_RDONLY)
        try:
            image = cls(size)
            _copy(fd, image._fd, size)
        finally:
            os.close(fd)
        return image

    @classmethod
    def in_place(cls, path: str | os.PathLike[str]) -> ConfigImage:
        """Map a raw ECAM file itself, and claim it: each write changes it, for other processes too.

        Where the file turns out shorter than it was, reads give all ones from then on, and check() complains.

        :raises MachineError: the file cannot be written, is no image, or another process has claimed it; names it, the
            offset and the remedy"""
        image = cls.__new__(cls)
        fd, size = _open(path, os.O_RDWR)
        try:
            claim(fd, path)
            image._map(fd, size, os.fspath(path))
        except BaseException:
            os.close(fd)
            raise
        return image

    def __enter__(self) -> ConfigImage:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Give the memory back. From then on reads give all ones and writes are dropped; closing again is no error."""
        lib.config_image_close(self._image)
        self._fd = -1

    def read(self, bus: int, devfn: int, reg: int, size: int) -> int:
        """Return a register of *size* 1, 2 or 4 bytes; all ones if misaligned or outside the image."""
        return lib.pci_mmcfg_read(self._image, bus, devfn, reg, size)

    def write(self, bus: int, devfn: int, reg: int, size: int, value: int) -> None:
        """Store the low *size* bytes, 1, 2 or 4, of a 32-bit *value*; dropped if misaligned or outside the image."""
        lib.pci_mmcfg_write(self._image, bus, devfn, reg, size, value)

    def reader(self, bus: int, devfn: int) -> Callable[[int, int], int]:
        """Return read() of one function, for callers in a hurry: it goes to the shim directly."""
        return partial(lib.pci_mmcfg_read, self._image, bus, devfn)

    def writer(self, bus: int, devfn: int) -> Callable[[int, int, int], object]:
        """Return write() of one function, for callers in a hurry."""
        return partial(lib.pci_mmcfg_write, self._image, bus, devfn)

    def masked_writer(self, bus: int, devfn: int, masks: RegisterMasks) -> Callable[[int, int, int], object]:
        """Return write() of one function that changes no more than *masks* lets it."""
        return partial(lib.pci_mmcfg_write_masked, self._image, masks, bus, devfn)

    def load(self, address: Address, data: bytes) -> None:
        """Set the first bytes of the function at *address* to *data*.

        :raises MachineError: the image ends before that, or *data* is longer than a function"""
        offset = self._offset(address, len(data))
        lib.config_image_put(self._image, offset, data, len(data))

    def merge(self, address: Address, mask: bytes, data: bytes) -> None:
        """Set the bits of *mask* in the first bytes of the function at *address* to those of *data*.

        :raises MachineError: the image ends before that, or they are more bytes than a function has"""
        length = min(len(mask), len(data))
        lib.config_image_merge(self._image, self._offset(address, length), mask, data, length)

    def dump(self, address: Address, size: int = FUNCTION_SIZE) -> bytes:
        """Return the first *size* bytes of the function at *address*; all ones if the image is closed or lost.

        :raises MachineError: the image ends before that, or *size* is more than a function has"""
        offset = self._offset(address, size)
        data = bytearray(size)
        if lib.config_image_get(self._image, offset, ffi.from_buffer(data), size):
            return _ONES[:size]
        return bytes(data)

    def check(self) -> None:
        """Say so if the file that is mapped in place did not have all its bytes any more.

        :raises MachineError: no register has answered since"""
        if lib.config_image_lost(self._image):
            raise MachineError(
                f"{self._name}: bytes of it went away while it was in use: it was made shorter, or the disk is full; "
                "leave it alone meanwhile, and begin again with a whole one"
            )

    def functions(self, domain: int = 0) -> Iterator[Address]:
        """Yield the address, in *domain*, of each function that holds anything but all zeros or all ones, ascending."""
        for offset, page in _pages(self._fd):
            if page != _ONES:
                yield Address.of(domain, offset >> 20, offset >> 12 & 0xFF)

    def save(self, file: BinaryIO) -> None:
        """Make *file* a sparse raw ECAM image with what is here.

        :raises OSError: it cannot be written"""
        _copy(self._fd, file.fileno(), self.size)

    def _offset(self, address: Address, length: int) -> int:
        offset = address.bus << 20 | address.devfn << 12
        if length > FUNCTION_SIZE or offset + length > self.size:
            raise MachineError(
                f"{address}: {length:#x} bytes at offset {offset:#x} do not fit: "
                f"a function has {FUNCTION_SIZE:#x} and the image {self.size:#x}; make it larger"
            )
        return offset


def register_masks(rw: bytes, w1c: bytes) -> RegisterMasks:
    """Make what masked_writer() takes of a function's bits that can be written, and of those that writing 1 clears.

    What is more than a function has is left out: no such register can be written."""
    masks: RegisterMasks = ffi.new("struct register_masks *")
    ffi.memmove(masks.rw, rw, min(len(rw), FUNCTION_SIZE))
    ffi.memmove(masks.w1c, w1c, min(len(w1c), FUNCTION_SIZE))
    return masks


def claim(fd: int, path: str | os.PathLike[str]) -> None:
    """Have the file at *path*, open as *fd*, for this process alone among those that claim it, until *fd* is closed.

    :raises MachineError: another process has it, or has just put a new file in its place"""
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        mine = os.path.samestat(os.fstat(fd), Path(path).stat())
    except (BlockingIOError, FileNotFoundError):
        mine = False
    if not mine:
        raise MachineError(f"{os.fspath(path)}: another process is at work on it; wait for it to end, or take a copy")


def _open(path: str | os.PathLike[str], flags: int) -> tuple[int, int]:
    """Open a raw ECAM file; return its descriptor and its size."""
    name = os.fspath(path)
    try:
        fd = os.open(path, flags | os.O_CLOEXEC | os.O_NONBLOCK)  # a pipe would wait for whoever is at its other end
    except OSError as error:
        what = "not a file" if error.errno == errno.EISDIR else error.strerror
        raise MachineError(f"{name}: {what}; give a raw ECAM image") from error
    try:
        status = os.fstat(fd)
        if not stat.S_ISREG(status.st_mode):
            raise MachineError(f"{name}: not a file; give a raw ECAM image")
        _check_size(name, status.st_size)
    except BaseException:
        os.close(fd)
        raise
    return fd, status.st_size


def _check_size(name: str, size: int) -> None:
    if not FUNCTION_SIZE <= size <= DOMAIN_SIZE:
        raise MachineError(
            f"{name}: {size} bytes make no raw ECAM image: it has {FUNCTION_SIZE} bytes per function, 1 MiB per bus, "
            f"at most {DOMAIN_SIZE >> 20} MiB; give each domain a file of its own"
        )
    if size % FUNCTION_SIZE:
        whole = size - size % FUNCTION_SIZE
        raise MachineError(
            f"{name}: truncated at offset {size:#x}: the function at {whole:#x} has {size - whole} of its "
            f"{FUNCTION_SIZE} bytes; take the image again, or drop that function with truncate -s {whole}"
        )


def _pages(fd: int) -> Iterator[tuple[int, bytes]]:
    """Yield the offset and the bytes of each page that is not zero; holes cost nothing."""
    end = 0
    while True:
        try:
            start = os.lseek(fd, end, os.SEEK_DATA)
        except OSError as error:
            if error.errno == errno.ENXIO:
                return
            raise
        start -= start % FUNCTION_SIZE
        end = os.lseek(fd, start, os.SEEK_HOLE)
        end += -end % FUNCTION_SIZE
        for offset in range(start, end, FUNCTION_SIZE):
            page = os.pread(fd, FUNCTION_SIZE, offset)
            if page != _ZEROS:
                yield offset, page


def _copy(source: int, target: int, size: int) -> None:
    os.truncate(target, size)
    for offset, page in _pages(source):
        if os.pwrite(target, page, offset) != len(page):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
