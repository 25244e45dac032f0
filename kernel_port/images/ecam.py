# SPDX-License-Identifier: GPL-2.0-only
"""Raw ECAM images: what a PCI Express machine maps, bus << 20 | device << 15 | function << 12 | register.

The file is sparse: 256 MiB long, a few hundred KiB of it data. A function exists if its first dword is neither 0 (a
hole) nor all ones (no answer); so a virtual function, whose IDs read all ones, is lost. A file has one domain, which is
read as domain 0. A function has 4096 bytes if it has a PCI Express capability or anything but all ones at 0x100, else
256.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterable, Iterator
from typing import BinaryIO

from ..hw.address import Address
from ..hw.config_space import PCI_CFG_SPACE_SIZE, capabilities, dword, header_type
from ..hw.description import FunctionDescription
from ..hw.errors import MachineError
from ..pci_regs import PCI_CAP_ID_EXP, PCI_HEADER_TYPE_CARDBUS, PCI_VENDOR_ID

#: Bytes of an image that each function has.
PAGE = 4096
#: Length of the image of a whole domain: 256 buses.
WHOLE = 256 << 20
#: Header type of a function that answered only for its IDs.
_NO_HEADER = 0x7F
_HOLE = (0, 0xFFFFFFFF)


def read(image: BinaryIO, name: str) -> list[FunctionDescription]:
    """Read the functions of a raw ECAM image; only the parts of the file with data are read.

    :raises MachineError: the length is wrong, or a function's header is invalid; the message has the offset"""
    length = os.fstat(image.fileno()).st_size
    if length % PAGE or length > WHOLE:
        raise MachineError(
            f"{name}: {length} bytes of binary data: a raw ECAM image is a multiple of 4096 and at most {WHOLE} bytes"
        )
    functions = []
    for offset in _data_pages(image.fileno(), length):
        page = os.pread(image.fileno(), PAGE, offset)
        if dword(page, PCI_VENDOR_ID) in _HOLE:
            continue
        if header_type(page) > PCI_HEADER_TYPE_CARDBUS and header_type(page) != _NO_HEADER:
            raise MachineError(
                f"{name}: offset {offset:#x}: header type {header_type(page):#04x}: not a raw ECAM image, or a damaged "
                "one; record the machine again, with lspci -xxxx"
            )
        functions.append(_function(offset, page))
    if not functions:
        raise MachineError(f"{name}: no function in {length} bytes of ECAM image; was it recorded as root?")
    return functions


def _function(offset: int, page: bytes) -> FunctionDescription:
    address = Address.of(0, offset >> 20, offset >> 12 & 0xFF)
    express = any(cap == PCI_CAP_ID_EXP for cap, _ in capabilities(page[:PCI_CFG_SPACE_SIZE]))
    extended = dword(page, PCI_CFG_SPACE_SIZE)
    size = 4096 if (express and extended != 0xFFFFFFFF) or extended not in _HOLE else 256
    return FunctionDescription(address, page[:size], size=size)


def _data_pages(fd: int, length: int) -> Iterator[int]:
    """Yield the offsets of the pages that are not in a hole of the file."""
    page = 0
    while page < length:
        try:
            start = os.lseek(fd, page, os.SEEK_DATA)
            end = os.lseek(fd, start, os.SEEK_HOLE)
        except OSError as error:
            if error.errno == errno.ENXIO:
                return  # nothing but a hole up to the end
            start, end = page, length  # a file system without holes
        start = max(page, start - start % PAGE)
        yield from range(start, end, PAGE)
        page = end + -end % PAGE


def write(functions: Iterable[FunctionDescription], image: BinaryIO, name: str) -> None:
    """Write a sparse raw ECAM image of a whole domain; past the end of a function of 256 bytes, all ones.

    :raises MachineError: there is more than one domain, or some bytes of a function are unknown"""
    functions = list(functions)
    refuse_partial(functions, name)
    for function in functions:
        image.seek(function.address.bus << 20 | function.address.devfn << 12)
        image.write(function.config.ljust(PAGE, b"\xff"))
    image.truncate(WHOLE)


def refuse_partial(functions: list[FunctionDescription], name: str) -> None:
    """Refuse a machine that an image cannot hold.

    :param name: of the image, for the message
    :raises MachineError: there is more than one domain, or some bytes of a function are unknown"""
    domains = sorted({function.address.domain for function in functions})
    if len(domains) > 1:
        listed = ", ".join(f"{domain:04x}" for domain in domains[:8])
        raise MachineError(f"{name}: raw ECAM holds one domain, this machine has {listed}; write lspci text or TOML")
    for function in functions:
        stated = b"\xff" * function.size if function.stated is None else function.stated
        known = stated[: len(function.config)].count(0xFF)
        if known < (function.size if function.stated is None else max(PCI_CFG_SPACE_SIZE, len(function.config))):
            raise MachineError(
                f"{name}: {function.address}: {known} of {function.size} bytes are known, in raw ECAM the rest would "
                "be 0; write lspci text or TOML"
            )
