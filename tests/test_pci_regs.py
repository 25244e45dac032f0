# SPDX-License-Identifier: GPL-2.0-only
"""Register names: the literals of pci_regs.py, the values of the cdef and <linux/pci_regs.h>, all three the same."""

import re
import shlex
import subprocess
import sysconfig

import pytest
from paths import ROOT

from kernel_port import pci_regs
from kernel_port._shims import ffi, lib

NAMES = {name: value for name, value in vars(pci_regs).items() if name.startswith("PCI_") and isinstance(value, int)}

#: Names of Linux 3.11 that a header of today may lack, the value they had, and why it lacks them.
GONE = {
    "PCI_PM_CAP_PME_D3": (0x4000, "PCI_PM_CAP_PME_D3hot now"),
    "PCI_ERR_UNC_TRAIN": (0x00000001, "PCI_ERR_UNC_UND now: undefined since PCIe 1.1"),
}

#: Names of later than 3.11, that an older header may lack.
LATER = {"PCI_CAP_ID_EA"} | {
    f"PCI_EXT_CAP_ID_{name}" for name in ("DPC", "L1SS", "PTM", "DVSEC", "DLF", "PL_16GT", "DOE")
}

CDEF = (ROOT / "c_shims" / "pci_regs.cdef.h").read_text()


@pytest.fixture(scope="module")
def header():
    """The names that the machine's <linux/pci_regs.h> defines."""
    compiler = shlex.split(sysconfig.get_config_var("CC"))
    macros = subprocess.run(
        [*compiler, "-E", "-dM", "-"], input="#include <linux/pci_regs.h>", capture_output=True, text=True, check=True
    )
    return set(re.findall(r"^#define (PCI_\w+) ", macros.stdout, re.MULTILINE))


def compiled(name):
    """What the compiler says of a name; its complaint if that is not what the cdef says."""
    try:
        return getattr(lib, name) & 0xFFFFFFFF  # complements are an unsigned long in one header and an int in another
    except ffi.error as error:
        return str(error)


def test_values_are_the_compilers():
    # cffi compares the cdef with the header as a name is read, and raises if they differ. A register has 32 bits.
    assert {name: compiled(name) for name in NAMES} == {name: value & 0xFFFFFFFF for name, value in NAMES.items()}


def test_the_compiler_compares_every_name_but_those_listed(header):
    assert set(NAMES) - header <= set(GONE) | LATER


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, (value, _) in GONE.items()])
def test_name_that_is_gone_has_its_value_of_2013(name, value):
    assert NAMES[name] == value


def test_cdef_has_the_names_in_the_same_order():
    assert re.findall(r"^#define (\w+) ", CDEF, re.MULTILINE) == list(NAMES)


def test_every_name_of_the_cdef_was_compiled():
    assert {name for name in dir(lib) if name.startswith("PCI_")} == set(NAMES)
    assert ffi.sizeof("uint32_t") == 4


def test_ext_cap_header_fields():
    # 0x1501 | version 2 << 16 | next 0x148 << 20, ID 0x0001 (AER) of a dump: 01 00 82 14
    header = 0x14820001
    assert pci_regs.PCI_EXT_CAP_ID(header) == pci_regs.PCI_EXT_CAP_ID_ERR
    assert pci_regs.PCI_EXT_CAP_VER(header) == 2
    assert pci_regs.PCI_EXT_CAP_NEXT(header) == 0x148
    # The two low bits of the offset are reserved: 0x14b is 0x148.
    assert pci_regs.PCI_EXT_CAP_NEXT(0x14B20001) == 0x148
