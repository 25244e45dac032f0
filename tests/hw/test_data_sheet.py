# SPDX-License-Identifier: GPL-2.0-only
"""hw/registers.py and hw/fields.py: oracles are the maps drawn there, setpci, and the kernel's header as installed."""

import re
import shutil
import subprocess
from itertools import chain, pairwise
from pathlib import Path

import pytest
from paths import ROOT

from kernel_port import pci_regs
from kernel_port.hw import registers
from kernel_port.hw.fields import FURTHER_FIELDS, NAMES, NOT_FIELDS, VALUE_PREFIXES, VALUES, fields, lowest
from kernel_port.hw.registers import CAPABILITIES, COMMON, EXTENDED, EXTENDED_CAPABILITIES, HEADERS, LIST, SHEET

SOURCE = Path(registers.__file__).read_text()
HEADER = Path("/usr/include/linux/pci_regs.h")
#: A comment with a map in it, and the table below that.
MAPPED = re.compile(r"((?:^#:.*\n)+)^([A-Z]\w*) = \($", re.MULTILINE)
BOX = re.compile(r"#: (\|.*\|) ([0-9a-f]{2})(?:-([0-9a-f]{2}))?")
MAPS = {match[2]: match[1] for match in MAPPED.finditer(SOURCE) if "|" in match[1]}
#: A capability is drawn as a whole, so these are all tables but what they have in common.
TABLES = {name: table for name, table in vars(registers).items() if name in MAPS}
CLAUSE = re.compile(r"(PCI|BR|CB|PM|PCI-X|AF|PCIe|PCIe-3\.1|ATS|SR-IOV) (\d+(\.\d+)+|I\.1)")


def drawn(text):
    """(name, offset, size) of each box of a map that has a name, and the bytes that the map has."""
    found, covered = set(), []
    rule = next(line[3:] for line in text.splitlines() if line.startswith("#: +"))
    # A mark at the start of each byte, the highest byte of a dword first.
    marks = [place for place, mark in enumerate(rule) if mark == "+"]
    assert len(marks) == 5
    for line in text.splitlines():
        if not (box := BOX.fullmatch(line)):
            assert "|" not in line, line
            continue
        first = int(box[2], 16)
        last = int(box[3], 16) if box[3] else first + 3
        covered += range(first, last + 1)
        edges = [marks.index(place) for place, mark in enumerate(box[1]) if mark == "|"]
        assert edges == [0, 4] or not box[3]
        for name, (left, right) in zip(box[1].strip("|").split("|"), pairwise(edges), strict=True):
            if name.strip():
                size = right - left if not box[3] else last - first + 1
                found.add((f"PCI_{name.strip()}", first + 4 - right, size))
    return found, covered


def test_every_table_has_a_map():
    tables = {*HEADERS.values(), *CAPABILITIES.values(), *EXTENDED_CAPABILITIES.values()}
    forms = {registers.EXP_2, registers.MSI_32, registers.MSI_64, registers.MSI_MASK_32, registers.MSI_MASK_64}
    assert set(TABLES.values()) == tables | forms


@pytest.mark.parametrize("name", MAPS)
def test_map_draws_the_registers_of_its_table(name):
    boxes, covered = drawn(MAPS[name])
    assert boxes == {(row.name, row.offset, row.size) for row in TABLES[name]}
    assert covered == list(range(covered[0], covered[0] + len(covered)))


@pytest.mark.parametrize("name", TABLES)
def test_registers_of_a_table_never_overlap(name):
    rows = sorted(TABLES[name], key=lambda row: row.offset)
    assert [(one.name, other.name) for one, other in pairwise(rows) if one.offset + one.size > other.offset] == []
    # A register is where an access of its size can be.
    assert [row.name for row in rows if row.offset % min(row.size, 4)] == []


def test_every_register_stands_once():
    rows = chain(*TABLES.values(), COMMON, LIST, EXTENDED)
    assert [row.name for row in rows if row is not SHEET[row.name]] == []
    written = re.findall(r'_row\("(PCI_\w+)"', SOURCE)
    assert len(written) == len(set(written))
    assert len(SHEET) == len(written) + len(registers.BASE_ADDRESSES)


def test_every_register_has_its_clause():
    assert [row for row in SHEET.values() if not all(map(CLAUSE.fullmatch, row.clause.split(", ")))] == []


@pytest.mark.parametrize("module", ["regs.py", "caps.py", "bars.py", "fields.py", "config_space.py"])
def test_clauses_of_registers_stand_in_the_sheet_alone(module):
    assert CLAUSE.search((ROOT / "kernel_port/hw" / module).read_text()) is None


def test_offset_stands_in_the_sheet_only_if_linux_has_none():
    given = set(re.findall(r'_row\("(PCI_\w+)",.*offset=', SOURCE))
    assert given == SHEET.keys() - vars(pci_regs).keys()


def test_fields_are_disjoint_and_within_their_register():
    for row in SHEET.values():
        seen = 0
        for field in fields(row.name):
            assert field.mask, field.name
            assert not field.mask & seen, field.name
            assert all(value <= field.mask >> lowest(field.mask) for value in field.values), field.name
            seen |= field.mask
        assert not seen >> 8 * row.size, row.name


@pytest.mark.parametrize(
    "table",
    [
        {row.fields for row in SHEET.values() if row.fields != f"{row.name}_"},
        NOT_FIELDS,
        VALUE_PREFIXES,
        VALUE_PREFIXES.values(),
        VALUES,
    ],
    ids=["fields", "not fields", "fields with values", "values", "named values"],
)
def test_every_name_of_every_table_exists(table):
    prefixes = {name for name in table if name.endswith("_")}
    assert set(table) - prefixes - NAMES.keys() == set()
    assert [prefix for prefix in prefixes if not any(name.startswith(prefix) for name in NAMES)] == []


def test_every_further_field_is_a_field_of_a_register():
    named = {field.name for name in SHEET for field in fields(name)}
    assert FURTHER_FIELDS.keys() - named == set()
    assert fields("0x58") == ()


#: Names that setpci has and Linux has not.
SETPCI_NAMES = {"REVISION": "REVISION_ID", "CAPABILITIES": "CAPABILITY_LIST", "BRIDGE_ROM_ADDRESS": "ROM_ADDRESS1",
                "CB_CAPABILITIES": "CB_CAPABILITY_LIST", "CB_BUS_NUMBER": "CB_PRIMARY_BUS",
                "CB_CARDBUS_NUMBER": "CB_CARD_BUS"}  # fmt: skip


def test_headers_are_those_of_setpci():
    if not shutil.which("setpci"):
        pytest.skip("setpci is not installed")
    text = subprocess.run(["setpci", "--dumpregs"], capture_output=True, text=True, check=True).stdout
    found = {
        name: (int(offset, 16), " BWL".index(width) if width != "L" else 4)
        for offset, width, name in re.findall(r"^ {5}([0-9a-f]{2}) ([BWL]) (\w+)$", text, re.MULTILINE)
    }
    # CB_CAPABILITIES is a word there, half of which is reserved.
    found["CB_CAPABILITIES"] = (found["CB_CAPABILITIES"][0], 1)
    ours = {name: (row.offset, row.size) for name, row in SHEET.items() if row in chain(*HEADERS.values())}
    theirs = {f"PCI_{SETPCI_NAMES.get(name, name)}": place for name, place in found.items()}
    assert ours.items() - theirs.items() == {("PCI_CB_BRIDGE_CONTROL", (0x3E, 2))}


#: Table -> what Linux calls its length (how much of it has names here, where that is less).
LENGTHS = {
    "TYPE_0": ("PCI_STD_HEADER_SIZEOF", 0),
    "TYPE_1": ("PCI_STD_HEADER_SIZEOF", 0),
    "TYPE_2": ("PCI_STD_HEADER_SIZEOF", 0),
    "PM": ("PCI_PM_SIZEOF", 6),  # of bridges, and data: not named
    "VPD": ("PCI_CAP_VPD_SIZEOF", 0),
    "PCIX": ("PCI_CAP_PCIX_SIZEOF_V0", 0),
    "MSIX": ("PCI_CAP_MSIX_SIZEOF", 0),
    "AF": ("PCI_CAP_AF_SIZEOF", 0),
    "ARI": ("PCI_EXT_CAP_ARI_SIZEOF", 0),
    "ATS": ("PCI_EXT_CAP_ATS_SIZEOF", 0),
    "SRIOV": ("PCI_EXT_CAP_SRIOV_SIZEOF", 0x24),  # BARs of virtual functions: not named
}
#: Where the parts of PCI Express end that only some functions have: the register that follows.
ENDS = {
    "PCI_CAP_EXP_RC_ENDPOINT_SIZEOF_V1": "PCI_EXP_LNKCAP",
    "PCI_CAP_EXP_ENDPOINT_SIZEOF_V1": "PCI_EXP_SLTCAP",
    "PCI_CAP_EXP_RC_ENDPOINT_SIZEOF_V2": "PCI_EXP_LNKCAP2",
}


@pytest.fixture(scope="module")
def linux():
    """Names of the installed header, and their values."""
    if not HEADER.exists():
        pytest.skip(f"{HEADER} is not installed")
    names = re.findall(r"^#define\s+(PCI_\w+)\s+(0x[0-9a-fA-F]+|\d+)\b", HEADER.read_text(), re.MULTILINE)
    return {name: int(value, 0) for name, value in names}


@pytest.mark.parametrize("table", LENGTHS)
def test_table_is_as_long_as_linux_says(linux, table):
    name, named = LENGTHS[table]
    assert max(row.offset + row.size for row in TABLES[table]) == (named or linux[name])


@pytest.mark.parametrize("name", ENDS)
def test_parts_of_express_end_where_linux_says(linux, name):
    before = [row for row in registers.EXP + registers.EXP_2 if row.offset < SHEET[ENDS[name]].offset]
    assert linux[name] == SHEET[ENDS[name]].offset == max(row.offset + row.size for row in before)


def test_offsets_are_what_linux_of_today_says(linux):
    assert [row for row in SHEET.values() if row.offset != linux.get(row.name, row.offset)] == []
    assert len(SHEET.keys() & linux.keys()) > 100
