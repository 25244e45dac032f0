# SPDX-License-Identifier: GPL-2.0-only
"""Configuration space as bytes: one PCI domain, laid out as an ECAM window. The last hop of a config cycle.

A function is at bus << 20 | device << 15 | function << 12 and has 4096 bytes there, little-endian on every host. An
image is sparse: a whole domain of 256 buses costs what its functions cost. Behaviour is in the rest of hw/.
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
    """The registers of a PCI domain, in private memory unless made by in_place().

    Threads may share it. After a fork both processes have the same registers, not a copy each.

    :param size: bytes, whole functions from bus 0 on; all zero to begin with
    :raises MachineError: an image cannot have that *size*"""

    __slots__ = ("_fd", "_image", "_name", "size")

    def __init__(self, size: int = DOMAIN_SIZE) -> None:
        _check_size("image", size)
        # Not anonymous memory: a file knows which of its pages hold data.
        fd = os.memfd_create("config image")
        try:
            os.truncate(fd, size)
            self._map(fd, size, "image")
        except BaseException:
            os.close(fd)
            raise

    def _map(self, fd: int, size: int, name: str) -> None:
        """Give *fd* to the shim, which closes it with the image or when the image is garbage collected."""
        image = lib.config_image_open(fd, size)
        if image == ffi.NULL:
            raise OSError(ffi.errno, f"cannot map {size} bytes of configuration space: {os.strerror(ffi.errno)}")
        self._image = ffi.gc(image, lib.config_image_free)
        self._fd = fd
        self._name = name
        self.size = size

    @classmethod
    def copy_of(cls, path: str | os.PathLike[str], file: BinaryIO | None = None) -> ConfigImage:
        """Read a raw ECAM file into private memory; the file is never written.

        :param file: the same, if it is open already
        :raises MachineError: the file cannot be read or is not an image; the message has file, offset and remedy"""
        fd = _open(path, os.O_RDONLY) if file is None else os.dup(file.fileno())
        try:
            image = cls(size := _size(fd, path))
            _copy(fd, image._fd, size)
        finally:
            os.close(fd)
        return image

    @classmethod
    def in_place(cls, path: str | os.PathLike[str]) -> ConfigImage:
        """Map a raw ECAM file and claim it: each write changes the file, for other processes too.

        If the file is truncated while in use, reads return all ones from then on, and check() raises.

        :raises MachineError: the file cannot be written, is not an image, or another process has claimed it; the
            message has file, offset and remedy"""
        image = cls.__new__(cls)
        fd = _open(path, os.O_RDWR)
        try:
            size = _size(fd, path)
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
        """Release the memory. From then on reads return all ones and writes are dropped. May be called again."""
        lib.config_image_close(self._image)
        self._fd = -1

    def read(self, bus: int, devfn: int, reg: int, size: int) -> int:
        """Return a register of *size* 1, 2 or 4 bytes; all ones if misaligned or outside the image."""
        return lib.pci_mmcfg_read(self._image, bus, devfn, reg, size)

    def write(self, bus: int, devfn: int, reg: int, size: int, value: int) -> None:
        """Store the low *size* bytes, 1, 2 or 4, of a 32-bit *value*; dropped if misaligned or outside the image."""
        lib.pci_mmcfg_write(self._image, bus, devfn, reg, size, value)

    def reader(self, bus: int, devfn: int) -> Callable[[int, int], int]:
        """Return a fast read() of one function, which calls the shim directly."""
        return partial(lib.pci_mmcfg_read, self._image, bus, devfn)

    def writer(self, bus: int, devfn: int) -> Callable[[int, int, int], object]:
        """Return a fast write() of one function, which calls the shim directly."""
        return partial(lib.pci_mmcfg_write, self._image, bus, devfn)

    def masked_writer(self, bus: int, devfn: int, masks: RegisterMasks) -> Callable[[int, int, int], object]:
        """Return a write() of one function that changes only what *masks* allows."""
        return partial(lib.pci_mmcfg_write_masked, self._image, masks, bus, devfn)

    def load(self, address: Address, data: bytes) -> None:
        """Set the first bytes of the function at *address* to *data*.

        :raises MachineError: the image ends before that, or *data* is longer than a function"""
        offset = self._offset(address, len(data))
        lib.config_image_put(self._image, offset, data, len(data))

    def merge(self, address: Address, mask: bytes, data: bytes) -> None:
        """Set the bits of *mask* in the first bytes of the function at *address* to those of *data*.

        :raises MachineError: the image ends before that, or both are longer than a function"""
        length = min(len(mask), len(data))
        lib.config_image_merge(self._image, self._offset(address, length), mask, data, length)

    def dump(self, address: Address, size: int = FUNCTION_SIZE) -> bytes:
        """Return the first *size* bytes of the function at *address*; all ones if the image is closed or lost.

        :raises MachineError: the image ends before that, or *size* is larger than a function"""
        offset = self._offset(address, size)
        data = bytearray(size)
        if lib.config_image_get(self._image, offset, ffi.from_buffer(data), size):
            return _ONES[:size]
        return bytes(data)

    def check(self) -> None:
        """Check that the file mapped in place still has all its bytes.

        :raises MachineError: it does not; reads have returned all ones since"""
        if lib.config_image_lost(self._image):
            raise MachineError(
                f"{self._name}: bytes were lost while it was in use: it was truncated, or the disk is full; "
                "restore the whole file, leave it alone, and start again"
            )

    def functions(self, domain: int = 0) -> Iterator[Address]:
        """Yield the address, in *domain*, of each function that holds anything but all zeros or all ones, ascending."""
        for offset, page in _pages(self._fd):
            if page != _ONES:
                yield Address.of(domain, offset >> 20, offset >> 12 & 0xFF)

    def save(self, file: BinaryIO) -> None:
        """Write the registers to *file* as a sparse raw ECAM image.

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
    """Make the argument of masked_writer() from the bits that are read-write and those that writing 1 clears.

    Bytes beyond the end of a function are dropped: no register is there."""
    masks: RegisterMasks = ffi.new("struct register_masks *")
    ffi.memmove(masks.rw, rw, min(len(rw), FUNCTION_SIZE))
    ffi.memmove(masks.w1c, w1c, min(len(w1c), FUNCTION_SIZE))
    return masks


def claim(fd: int, path: str | os.PathLike[str]) -> None:
    """Lock the file at *path*, open as *fd*, against other processes that claim it, until *fd* is closed.

    :raises MachineError: another process has it, or has just replaced the file"""
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        mine = os.path.samestat(os.fstat(fd), Path(path).stat())
    except (BlockingIOError, FileNotFoundError):
        mine = False
    if not mine:
        raise MachineError(f"{os.fspath(path)}: another process is using it; wait for it to end, or use a copy")


def _open(path: str | os.PathLike[str], flags: int) -> int:
    """Open a raw ECAM file; return its descriptor."""
    try:
        return os.open(path, flags | os.O_CLOEXEC | os.O_NONBLOCK)  # a pipe would wait for its other end
    except OSError as error:
        what = "not a file" if error.errno == errno.EISDIR else error.strerror
        raise MachineError(f"{os.fspath(path)}: {what}; give a raw ECAM image") from error


def _size(fd: int, path: str | os.PathLike[str]) -> int:
    """Return the size of an open raw ECAM file."""
    name, status = os.fspath(path), os.fstat(fd)
    if not stat.S_ISREG(status.st_mode):
        raise MachineError(f"{name}: not a file; give a raw ECAM image")
    _check_size(name, status.st_size)
    return status.st_size


def _check_size(name: str, size: int) -> None:
    if not FUNCTION_SIZE <= size <= DOMAIN_SIZE:
        raise MachineError(
            f"{name}: {size} bytes are not a raw ECAM image, which has {FUNCTION_SIZE} bytes per function, "
            f"1 MiB per bus, at most {DOMAIN_SIZE >> 20} MiB; give each domain a file of its own"
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
