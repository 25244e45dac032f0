# SPDX-License-Identifier: GPL-2.0-only
"""Dumps for lspci to print in words, and what it prints of them."""

import re
import shutil
import subprocess
from random import Random

import pytest

from kernel_port import pci_regs
from kernel_port.images import lspci

#: Options of lspci, from what says most to what says least.
OPTIONS = (("-vvv",), ("-vv", "-nn"), ("-vv", "-n"), ("-v",))
#: Capabilities that lspci prints in words: ID -> bytes.
PLAIN = {
    pci_regs.PCI_CAP_ID_PM: 8, pci_regs.PCI_CAP_ID_AGP: 12, pci_regs.PCI_CAP_ID_SLOTID: 4, pci_regs.PCI_CAP_ID_MSI: 24,
    pci_regs.PCI_CAP_ID_PCIX: 16, pci_regs.PCI_CAP_ID_VNDR: 8, pci_regs.PCI_CAP_ID_DBG: 4, pci_regs.PCI_CAP_ID_SHPC: 8,
    pci_regs.PCI_CAP_ID_SSVID: 8, pci_regs.PCI_CAP_ID_EXP: 60, pci_regs.PCI_CAP_ID_MSIX: 12,
    pci_regs.PCI_CAP_ID_SATA: 8, pci_regs.PCI_CAP_ID_AF: 6, 0x15: 8,
}  # fmt: skip
EXTENDED = {
    pci_regs.PCI_EXT_CAP_ID_ERR: 72, pci_regs.PCI_EXT_CAP_ID_VC: 112, pci_regs.PCI_EXT_CAP_ID_DSN: 12,
    pci_regs.PCI_EXT_CAP_ID_PWR: 16, pci_regs.PCI_EXT_CAP_ID_VNDR: 16, pci_regs.PCI_EXT_CAP_ID_ACS: 8,
    pci_regs.PCI_EXT_CAP_ID_ARI: 8, pci_regs.PCI_EXT_CAP_ID_ATS: 8, pci_regs.PCI_EXT_CAP_ID_SRIOV: 64,
    pci_regs.PCI_EXT_CAP_ID_MCAST: 48, pci_regs.PCI_EXT_CAP_ID_PRI: 16, pci_regs.PCI_EXT_CAP_ID_REBAR: 60,
    pci_regs.PCI_EXT_CAP_ID_DPA: 16, pci_regs.PCI_EXT_CAP_ID_TPH: 12, pci_regs.PCI_EXT_CAP_ID_LTR: 8,
    pci_regs.PCI_EXT_CAP_ID_SECPCI: 16, pci_regs.PCI_EXT_CAP_ID_PASID: 8, pci_regs.PCI_EXT_CAP_ID_DPC: 12,
    pci_regs.PCI_EXT_CAP_ID_L1SS: 16, pci_regs.PCI_EXT_CAP_ID_PTM: 12, pci_regs.PCI_EXT_CAP_ID_DVSEC: 16,
    pci_regs.PCI_EXT_CAP_ID_DLF: 12, pci_regs.PCI_EXT_CAP_ID_PL_16GT: 32, pci_regs.PCI_EXT_CAP_ID_DOE: 24, 0x27: 16,
}  # fmt: skip
#: Port type -> header type, class.
PORTS = {0: (0, 0x0200), 1: (0, 0x0300), 4: (1, 0x0604), 5: (1, 0x0604), 6: (1, 0x0604), 7: (1, 0x0604),
         8: (1, 0x0604), 9: (0, 0x0403), 10: (0, 0x0807)}  # fmt: skip
ENDPOINTS = (0, 1, 9)


def put(config, where, size, value):
    config[where : where + size] = value.to_bytes(size, "little")


def scribbled(seed):
    """A function of which every register says something, made from *seed* alone."""
    rng = Random(f"listing {seed}")
    config = bytearray(rng.randbytes(4096))
    kind = rng.choice(list(PORTS))
    layout, code = PORTS[kind]
    put(config, 0x0A, 2, code)
    config[0x0E] = layout | rng.choice((0, 0x80))
    config[0x06] |= 0x10
    config[0x3D] = rng.randrange(5)
    put(config, 0x10, 24 if layout == 0 else 8, 0)  # base addresses: lspci leaves some out
    put(config, 0x30 if layout == 0 else 0x38, 4, 0)
    link, where = 0x34, 0x40
    for cap in rng.sample(list(PLAIN), len(PLAIN)):
        if where + PLAIN[cap] > 256:
            continue
        config[link] = where | rng.randrange(4)
        config[where] = cap
        if cap == pci_regs.PCI_CAP_ID_EXP:
            config[where + 2] = kind << 4 | rng.choice((1, 2, 2))
            if kind not in ENDPOINTS:
                config[where + 7] &= 0xEF  # only endpoints have FLR
        link, where = where + 1, where + (PLAIN[cap] + 3 & ~3)
    config[link] = 0
    last, where = None, 0x100
    for cap in rng.sample(list(EXTENDED), len(EXTENDED)):
        if last is not None:
            put(config, last + 2, 2, where << 4 | rng.randrange(1, 5))
        put(config, where, 4, rng.randrange(1, 5) << 16 | cap)
        last, where = where, where + EXTENDED[cap]
    return bytes(config)


def dump_of(configs):
    """The text of lspci -xxxx of functions of bus 0, as many as there are."""
    return "".join(
        f"00:{at >> 3:02x}.{at & 7} {config[11]:02x}{config[10]:02x}: 1af4:0001\n{''.join(lspci.rows(config))}\n"
        for at, config in enumerate(configs)
    )


def printed(dump, options):
    """Yield what lspci prints of each function of a dump: its title, and the lines below."""
    if not shutil.which("lspci"):
        pytest.skip("lspci is not installed")
    command = ["lspci", "-D", "-F", str(dump), *options]
    text = subprocess.run(command, capture_output=True, check=True).stdout.decode("latin-1")
    for block in re.split(r"\n\n+(?=\S)", text.strip()):
        title, *lines = block.split("\n")
        yield title, lines


def wrong(listing, config):
    """Say where a listing states something else than *config*, whose bytes past the end are not known."""
    return [
        f"{where:#x}: says {said:02x} of {mask:02x}, is {byte:02x}"
        for where, (said, mask, byte) in enumerate(zip(listing.config, listing.stated, config, strict=False))
        if (said ^ byte) & mask
    ]
