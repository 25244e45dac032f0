# SPDX-License-Identifier: GPL-2.0-only
"""Today's Linux beside 3.11's. Oracles: the case of a real report, Debian's kernel source, files reset_method made by
hand as Linux 6.1 would fill them."""

import json
import re
import tarfile
from dataclasses import replace
from pathlib import Path

import pytest
from paths import TESTS

from kernel_port.cli import main
from kernel_port.images import load
from kernel_port.images.machine_toml import parse
from kernel_port.machine import boot
from kernel_port.why.ladder import survey
from kernel_port.why.quirks_today import ANY, NO_BUS, NO_FLR, NO_PM, QUIRKS, RETRAIN, SPECIFIC, quirks
from kernel_port.why.today import differences, lines, today

MATISSE = TESTS / "cases/dumps/26-matisse-usb-no-flr-quirk.toml"
DEBIAN = Path("/usr/src/linux-source-6.1.tar.xz")

PORT = '[[function]]\naddress = "00:01.0"\nkind = "root-port"\nbus = [1, 1]\n'


def ask(description, bdf):
    with boot(description, trace_boot=False) as machine:
        ladders = {ladder.bdf: ladder for ladder in survey(machine, explain=False).ladders}
        return today(machine, ladders[bdf])


def card(lines_, port="", second=False):
    text = f'{PORT}{port}[[function]]\naddress = "01:00.0"\n{lines_}'
    return parse((text + ('[[function]]\naddress = "01:00.1"\n' if second else "")).encode(), "card")


def test_matisse_usb_flr_is_taken_here_and_forbidden_today(capsys):
    assert main(["why", str(MATISSE), "0a:00.3", "--json"]) == 0
    (function,) = json.loads(capsys.readouterr().out)["functions"]
    assert function["taken"] == "pcie_flr"
    assert function["today"]["listed"] == []
    assert [(row["effect"], row["ids"], row["since"], row["commit"]) for row in function["today"]["quirks"]] == [
        ("no FLR", "1022:149c", "5.8", "0d14f06cd665")
    ]


def test_matisse_usb_report_says_both_and_tells_nobody_to_unbind_vfio_pci(capsys):
    assert main(["why", str(MATISSE), "0a:00.3"]) == 0
    text = " ".join(capsys.readouterr().out.split())
    assert "no FLR for 1022:149c since v5.8, 0d14f06cd665" in text
    assert "Not run here" in text
    assert "(vfio-pci)" not in text
    assert "from vfio-pci" not in text


def test_first_function_of_a_card_lists_bus_and_refuses_it():
    # pci_init_reset_methods() runs before list_add_tail(&dev->bus_list): function 0 sees an empty bus, function 1 not.
    both = card("express = {flr = true}\n", second=True)
    first, second = ask(both, "0000:01:00.0"), ask(both, "0000:01:00.1")
    assert (first.listed, first.refused) == (("flr", "bus"), True)
    assert (second.listed, second.refused) == ((), False)
    alone = ask(card("express = {flr = true}\n"), "0000:01:00.0")
    assert (alone.listed, alone.refused) == (("flr", "bus"), False)


def test_first_function_of_a_multifunction_card_alone_on_its_bus_still_has_the_bus():
    # multifunction, but nothing else is there: not by the slot (dev->multifunction), by the bus
    now = ask(card("multifunction = true\n", port="slot = {}\n"), "0000:01:00.0")
    assert (now.listed, now.refused, now.alone_in_slot) == (("bus",), False, False)


@pytest.mark.parametrize(
    ("lines_", "here", "listed"),
    [
        ("vendor = 0x168c\ndevice = 0x003c\n", ("bus",), ()),
        ("vendor = 0x1002\nclass = 0x030000\npm = {}\n", ("pm", "bus"), ("bus",)),
        ("vendor = 0x1002\nclass = 0x040300\npm = {}\n", ("pm", "bus"), ("pm", "bus")),
        ("vendor = 0xd063\ndevice = 0x1000\nrevision = 1\nexpress = {flr = true}\n", ("flr", "bus"), ("bus",)),
        ("vendor = 0xd063\ndevice = 0x1000\nrevision = 2\nexpress = {flr = true}\n", ("flr", "bus"), ("flr", "bus")),
        (
            "vendor = 0x8086\ndevice = 0x0953\nexpress = {flr = true}\n",
            ("flr", "bus"),
            ("device_specific", "flr", "bus"),
        ),
        ("vendor = 0x8086\ndevice = 0x0953\n", ("bus",), ("bus",)),
    ],
)
def test_listed_methods_are_those_here_less_what_the_table_forbids(lines_, here, listed):
    now = ask(card(lines_), "0000:01:00.0")
    assert (now.here, now.listed) == (here, listed)


def test_method_that_depends_on_unknown_bytes_is_neither_listed_nor_missing():
    with boot(card("pm = {}\n"), trace_boot=False) as machine:
        ladder = next(each for each in survey(machine, explain=False).ladders if each.bdf == "0000:01:00.0")
        rungs = tuple(replace(rung, rc=None if rung.function == "pci_pm_reset" else rung.rc) for rung in ladder.rungs)
        now = today(machine, replace(ladder, rungs=rungs))
    assert (now.listed, now.unknown) == (("bus",), ("pm",))
    assert "Unknown, because what decides is not stated: pm." in list(lines(now, "0000:01:00.0", str))


def test_no_pm_reset_does_not_bind_on_a_root_bus():
    lone = parse(b'[[function]]\naddress = "00:03.0"\nkind = "pci"\nvendor = 0x1002\nclass = 0x030000\npm = {}\n', "l")
    assert ask(lone, "0000:00:03.0").listed == ("pm",)


def test_bus_reset_is_refused_for_all_below_a_port_that_forbids_it():
    # NVIDIA GB10's root port: the method "bus" of the card stays, pci_reset_bus() does not.
    now = ask(card("", port="vendor = 0x10de\ndevice = 0x22ce\n"), "0000:01:00.0")
    assert (now.listed, [bdf for bdf, _ in now.together]) == (("bus",), ["0000:00:01.0"])
    assert "refused because of 00:01.0, since v7.0, c81a2ce6b6a8" in " ".join(
        lines(now, "0000:01:00.0", lambda bdf: bdf[5:])
    )


def recorded(tmp_path, **files):
    """Both functions of a card, the first one 8086:1502 that offers FLR, from a sysfs tree with files reset_method."""
    source = card("vendor = 0x8086\ndevice = 0x1502\nexpress = {flr = true}\n", second=True)
    for function in source.functions:
        folder = tmp_path / str(function.address)
        folder.mkdir()
        (folder / "config").write_bytes(function.config)
    for name, text in files.items():
        (tmp_path / f"0000:01:00.{name[-1]}/reset_method").write_text(text)
    return ask(load(tmp_path), "0000:01:00.0"), ask(load(tmp_path), "0000:01:00.1")


def test_recorded_reset_method_differences_are_explained_or_said_not_to_be(tmp_path):
    first, second = recorded(tmp_path, f0="acpi pm bus\n", f1="flr\n")
    assert differences(first) == {
        "acpi": "its firmware has a method _RST, which no register tells of",
        "flr": "forbidden since v4.12, f65fd1aa4f98",
        "pm": "not explained",
        "bus": "listed because it was the first function on its bus, and refused",
    }
    assert second.recorded == ("flr",)
    assert differences(second) == {"flr": "not explained"}  # 1af4:0001 offers none, and no row gives it one


def test_recorded_reset_method_that_a_row_forbids_is_an_older_kernel(tmp_path):
    first, _ = recorded(tmp_path, f0="flr bus\n")
    assert differences(first)["flr"].startswith("listed though forbidden since v4.12")


def test_recorded_file_that_is_missing_means_no_method_if_others_have_one(tmp_path):
    _, second = recorded(tmp_path, f0="bus\n")
    assert (second.recorded, differences(second)) == ((), {})


def test_recorded_by_a_kernel_without_the_file_compares_nothing(tmp_path):
    first, _ = recorded(tmp_path)
    assert first.recorded is None
    assert not any("lists:" in line for line in lines(first, "0000:01:00.0", str))


def test_recorded_reset_method_with_a_forged_text_is_not_taken(tmp_path):
    assert recorded(tmp_path, f0="flr \x1b[31m\n")[0].recorded is None


def test_quirks_of_known_devices():
    # from real dumps: AMD's Matisse, Intel's 82579, two Atheros cards, an NVIDIA GPU of the range, one beside it
    known = {(0x1022, 0x149C): NO_FLR, (0x1022, 0x1487): NO_FLR, (0x8086, 0x1502): NO_FLR, (0x168C, 0x003C): NO_BUS,
             (0x168C, 0x0030): NO_BUS, (0x10DE, 0x2342): NO_BUS, (0x1B21, 0x2824): RETRAIN}  # fmt: skip
    assert {ids: [row.effect for row in quirks(*ids, 0x020000, 0)] for ids in known} == {
        ids: [effect] for ids, effect in known.items()
    }
    assert quirks(0x10DE, 0x2380, 0x030000, 0) == ()


def version(text):
    return tuple(map(int, text.split(".")))


def ids_of(header):
    return {name: int(value, 0) for name, value in re.findall(r"#define\s+(PCI_\w+)\s+(0x[0-9a-fA-F]+)", header)}


def debian_rows():
    """(effect, vendor, device or ANY) of each row in Debian's quirks.c: the macros whose function sets a flag, directly
    or through another, and the table of device-specific ways."""
    wanted = {}
    with tarfile.open(DEBIAN, "r:xz") as archive:
        for member in archive:
            if (name := member.name.partition("/")[2]) in ("drivers/pci/quirks.c", "include/linux/pci_ids.h"):
                wanted[name] = archive.extractfile(member).read().decode()
            if len(wanted) == 2:
                break
    source = wanted["drivers/pci/quirks.c"]
    numbers = ids_of(wanted["include/linux/pci_ids.h"]) | ids_of(source) | {"PCI_ANY_ID": ANY}

    def number(text):
        return numbers[text] if text in numbers else int(text, 0)

    bodies = dict(
        re.findall(r"^static void (\w+)\(struct pci_dev \*\w+\)\n\{(.*?)^\}", source, re.MULTILINE | re.DOTALL)
    )
    flags = {NO_BUS: "NO_BUS_RESET", NO_PM: "NO_PM_RESET", NO_FLR: "NO_FLR_RESET"}
    effects = {
        name: effect
        for name, body in bodies.items()
        for effect, flag in flags.items()
        if f"PCI_DEV_FLAGS_{flag}" in body
    }
    effects |= {
        name: effects[called] for name, body in bodies.items() for called in tuple(effects) if f"{called}(" in body
    }
    macro = re.compile(r"^DECLARE_PCI_FIXUP_\w+\((\w+),\s*(\w+),(?:\s*\w+,\s*\w+,)?\s*(\w+)\)", re.MULTILINE)
    rows = {
        (effects[hook], number(vendor), number(device))
        for vendor, device, hook in macro.findall(source)
        if hook in effects
    }
    table = re.search(r"pci_dev_reset_methods\[\] = \{(.*?)\n\};", source, re.DOTALL)[1]
    methods = re.findall(r"\{\s*(\w+),\s*(\w+),\s*\w+\s*\}", table)
    return rows, {(SPECIFIC, number(vendor), number(device)) for vendor, device in methods}


@pytest.mark.slow
@pytest.mark.skipif(not DEBIAN.exists(), reason="linux-source-6.1 is not installed")
def test_table_has_the_rows_of_debians_linux_6_1_and_no_others_up_to_it():
    flagged, specific = debian_rows()
    assert len(flagged) > 25  # the pattern found them
    assert len(specific) > 5
    ours = {}
    for row in QUIRKS:
        if row.effect != RETRAIN:
            # a mask stands for a row of the whole vendor whose function looks at the ID itself
            ours[row.effect, row.vendor, row.device if row.mask == 0xFFFF else ANY] = version(row.since)
    debian = flagged | specific
    assert debian - ours.keys() == set()
    assert {key for key, since in ours.items() if since <= (6, 1)} - debian == set()
