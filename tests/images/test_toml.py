# SPDX-License-Identifier: GPL-2.0-only
"""Machine descriptions: composed bytes against lspci and bytes worked out by hand, and what is refused."""

import re
import shutil
import subprocess

import pytest
from lspci import described

from kernel_port.hw import known
from kernel_port.hw.address import Address
from kernel_port.hw.config_space import capabilities, extended_capabilities
from kernel_port.hw.description import FunctionDescription, MachineDescription
from kernel_port.hw.errors import MachineError
from kernel_port.hw.locations import register_map
from kernel_port.images import load, save
from kernel_port.images.capabilities import BARE
from kernel_port.images.machine_toml import parse, write
from kernel_port.machine import boot

CARD = '[[function]]\naddress = "01:00.0"\n'
PORT = '[[function]]\naddress = "00:1c.0"\nkind = "root-port"\nbus = [1, 1]\n'

needs_lspci = pytest.mark.skipif(shutil.which("lspci") is None, reason="pciutils is not installed")


def functions(content):
    return {str(function.address): function for function in parse(content.encode(), "m.toml").functions}


def card(lines, kind="endpoint"):
    return functions(f'{CARD}kind = "{kind}"\n{lines}')["0000:01:00.0"]


def capability(config, wanted):
    """Bytes of a capability, found by walking the list from 0x34 by hand."""
    where = config[0x34]
    while where:
        if config[where] == wanted:
            return config[where:]
        where = config[where + 1]
    return None


def le(data, where, size):
    return int.from_bytes(data[where : where + size], "little")


def test_parse_header_of_an_endpoint():
    ids = "vendor = 0x10de\ndevice = 0x0a65\nsubsystem = [0x1043, 0x8334]\n"
    config = card(ids + "class = 0x030000\nrevision = 0xa2").config
    assert config[:4] == bytes([0xDE, 0x10, 0x65, 0x0A])
    assert config[8:12] == bytes([0xA2, 0x00, 0x00, 0x03])
    assert config[0x0E] == 0
    assert config[0x2C:0x30] == bytes([0x43, 0x10, 0x34, 0x83])
    assert len(config) == 4096


def test_parse_conventional_function_has_256_bytes_and_no_express():
    function = card("", "pci")
    assert (len(function.config), function.size) == (256, 256)
    assert capability(function.config, 0x10) is None


def test_parse_bridge_bus_numbers():
    config = functions(PORT)["0000:00:1c.0"].config
    assert config[0x0E] == 1
    assert list(config[0x18:0x1B]) == [0, 1, 1]


def test_parse_pm_options():
    # PM capability: +2 capabilities (version 3, D1 0x200), +4 control (D3hot 3, No_Soft_Reset 8).
    pm = capability(card('pm = {state = "D3hot", no_soft_reset = true, d1 = true}').config, 1)
    assert le(pm, 2, 2) & 0x0607 == 0x0203
    assert le(pm, 4, 2) == 0x000B


def test_parse_express_flr_and_pending():
    # +2 flags: version 2, type 0; +4 Device Capabilities bit 28 FLR; +10 Device Status bit 5 transactions pending.
    express = capability(card("express = {flr = true, pending = true}").config, 0x10)
    assert le(express, 2, 2) == 0x0002
    assert le(express, 4, 4) >> 28 & 1 == 1
    assert le(express, 10, 2) == 0x0020
    assert le(capability(card("").config, 0x10), 4, 4) >> 28 & 1 == 0


def test_parse_slot_registers():
    # +2 flags: 2 | root port 4 << 4 | slot 0x100; +20 Slot Capabilities: surprise 0x20, hot-plug 0x40, power
    # controller 2, no command completed 0x40000, number 7 << 19.
    port = PORT + "slot = {number = 7, surprise = true, power_controller = true, no_command_completed = true}\n"
    express = capability(functions(port)["0000:00:1c.0"].config, 0x10)
    assert le(express, 2, 2) == 0x0142
    assert le(express, 20, 4) == 7 << 19 | 0x40062


def test_parse_slot_indicators_by_their_names_before_0_2_0():
    # +20 Slot Capabilities: attention indicator 0x08, power indicator 0x10, hot-plug 0x40.
    old = "slot = {attention_lamp = true, power_lamp = true}\n"
    (port,) = functions(PORT + old).values()
    assert capability(port.config, 0x10)[20] == 0x58
    assert port == functions(PORT + old.replace("lamp", "indicator"))["0000:00:1c.0"]


@pytest.mark.parametrize(("below", "present", "active"), [("", 0, 0), (CARD, 0x40, 0x2000)])
def test_parse_slot_occupied_and_link_active_if_a_function_is_below(below, present, active):
    # +26 Slot Status bit 6 presence; +18 Link Status bit 13 data link active.
    express = capability(functions(PORT + "slot = {}\n" + below)["0000:00:1c.0"].config, 0x10)
    assert le(express, 26, 2) == present
    assert le(express, 18, 2) & 0x2000 == active


def test_parse_af():
    # AF: length 6, capabilities TP 1 | FLR 2, +5 status transactions pending.
    af = capability(card("af = {pending = true}", "pci").config, 0x13)
    assert af[2:6] == bytes([6, 3, 0, 1])


def test_parse_bars_addresses_do_not_overlap_and_lie_in_the_windows():
    bars = 'bars = {0 = "16M", 1 = "256M 64-bit prefetchable", 5 = "128 io"}\nrom = "512K"\n'
    found = functions(PORT + CARD + bars)
    device, port = found["0000:01:00.0"], found["0000:00:1c.0"].config
    bar0, bar1, bar5, rom = (le(device.config, where, size) for where, size in ((16, 4), (20, 8), (36, 4), (48, 4)))
    assert bar0 & 0xFFFFFF == 0
    assert bar1 & 0xFFFFFFF == 0x0C  # 64-bit, prefetchable
    assert bar5 & 0x7F == 1  # I/O
    assert rom >= bar0 + (16 << 20)
    assert le(port, 0x20, 2) << 16 <= bar0
    assert rom + (512 << 10) <= (le(port, 0x22, 2) << 16) + (1 << 20)
    prefetchable = le(port, 0x28, 4) << 32 | (le(port, 0x24, 2) & 0xFFF0) << 16
    assert prefetchable <= bar1
    assert device.bars == {0: 16 << 20, 1: 256 << 20, 5: 128}
    assert le(device.config, 4, 2) == 0x0007


def test_parse_windows_of_neighbouring_bridges_do_not_overlap():
    """Two cards of 64 KiB: each bridge passes on its own MiB, the second begins where the first has ended."""
    second = PORT.replace("1c.0", "1d.0").replace("[1, 1]", "[2, 2]")
    cards = CARD + 'bars = {0 = "64K"}\n' + CARD.replace("01:", "02:") + 'bars = {0 = "64K"}\n'
    found = functions(PORT + second + cards)
    windows = [le(found[at].config, 0x20, 4) for at in ("0000:00:1c.0", "0000:00:1d.0")]
    assert windows == [0x8000_8000, 0x8010_8010]


def test_parse_link_speeds_supported_up_to_the_one_given():
    # Link Capabilities 2 at +44: bits 1, 2, 3 for 2.5, 5, 8 GT/s.
    express = capability(card("express = {speed = 3, width = 4}").config, 0x10)
    assert le(express, 44, 4) == 0x0E
    assert le(express, 12, 4) & 0x3FF == 0x043


def test_parse_multifunction_only_with_a_sibling():
    assert card("").config[0x0E] == 0
    both = functions(CARD + CARD.replace("00.0", "00.1"))
    assert both["0000:01:00.0"].config[0x0E] == 0x80


def test_parse_ari_next_function_chain():
    """The extended capability's next function number, at 0x105: 0, 1, 8, end."""
    text = PORT + "".join(f'[[function]]\naddress = "{at}"\nari = {{}}\n' for at in ("01:00.0", "01:00.1", "01:01.0"))
    found = functions(text)
    assert [found[f"0000:{at}"].config[0x105] for at in ("01:00.0", "01:00.1", "01:01.0")] == [1, 8, 0]
    assert found["0000:01:00.0"].config[0x100:0x104] == bytes([0x0E, 0, 1, 0])


def test_parse_ari_next_function_as_given():
    assert card("ari = {next = 7}").config[0x105] == 7


def test_parse_capability_true_is_the_one_without_options():
    assert capability(card("af = true").config, 0x13)[2:4] == bytes([6, 3])
    assert card("af = true").config == card("af = {}").config


def test_parse_knobs_by_their_own_names():
    knobs = "soft_reset_works = false\nready_ms = 2.5\npending_ms = -1\nwrites_needed = {0x10 = 3}\n"
    function = card(knobs + "slot_events = [[250, 8]]")
    assert function.soft_reset_works is False
    assert (function.ready_ms, function.pending_ms) == (2.5, -1)
    assert function.writes_needed == {0x10: 3}
    assert function.slot_events == [(250, 8)]


def test_write_iommu_group_reads_back_equal_and_is_left_out_if_unknown():
    known = parse(f'{CARD}iommu_group = 0\n[[function]]\naddress = "02:00.0"'.encode(), "m.toml")
    assert [function.iommu_group for function in known.functions] == [0, None]
    assert parse("".join(write(known)).encode(), "m.toml").functions == known.functions
    assert "iommu_group" not in "".join(write(parse(CARD.encode(), "m.toml")))


def test_parse_config_rows_exact_bytes_zeros_left_out():
    rows = "00: 86 80 d3 10 06 04 10 00 00 00 00 02 10 00 00 00\n\nf0:" + " 00" * 15 + " 2a\n"
    (function,) = functions(f'{CARD}config = """\n{rows}"""\n').values()
    assert function.config == bytes.fromhex("8680d310060410000000000210000000") + bytes(239) + b"\x2a"


@needs_lspci
@pytest.mark.parametrize(
    ("name", "at", "wanted"),
    [
        ("vga", "00:1c.0", [r"\(v2\) Root Port \(Slot\+\)", r"Slot #1,", r"HotPlug\+ Surprise\+", r"PresDet\+"]),
        ("vga", "01:00.0", [r"VGA compatible controller", r"NoSoftRst-", r"FLReset-"]),
        ("single", "01:00.0", [r"FLReset\+", r"Region 0: Memory at \w+ \(32-bit, non-prefetchable\)"]),
        ("af-flr", "00:1a.0", [r"PCI Advanced Features", r"AFCap: TP\+ FLR\+"]),
        ("d3hot", "01:00.0", [r"SATA controller|JMB363", r"Status: D3 NoSoftRst-", r"Express \(v1\) Legacy Endpoint"]),
        ("nested", "02:00.0", [r"Express \(v2\) Upstream Port", r"primary=02, secondary=03, subordinate=05"]),
        ("twoslots", "00:03.0", [r"AttnBtn\+ PwrCtrl\+ MRL\+ AttnInd\+ PwrInd\+ HotPlug\+ Surprise-", r"Slot #2"]),
        ("calm-slot", "00:1c.0", [r"HotPlug\+ Surprise-"]),
        ("ari", "00:02.0", [r"ARIFwd\+"]),
        ("ari", "01:01.1", [r"Alternative Routing-ID", r"Next Function: 0"]),
    ],
)
def test_example_lspci_sees_what_its_head_says(tmp_path, name, at, wanted):
    save(load(f"example:{name}"), tmp_path / "dump.txt")
    command = ["lspci", "-F", tmp_path / "dump.txt", "-vvv", "-s", at]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    for pattern in wanted:
        assert re.search(pattern, said), (pattern, said)


def test_write_example_reads_back_equal(tmp_path):
    for name in "vga", "d3hot", "twoslots":
        machine = load(f"example:{name}")
        save(machine, tmp_path / "again.toml")
        assert load(tmp_path / "again.toml") == machine


def test_write_read_only_bar_reads_back_equal(tmp_path):
    machine = load("example:vga")
    machine.functions[2].bars[0] = 0
    save(machine, tmp_path / "again.toml")
    assert load(tmp_path / "again.toml") == machine


def test_write_function_of_which_only_the_first_256_bytes_are_known_reads_back_equal(tmp_path):
    machine = load("example:vga")
    machine.functions[1].config = machine.functions[1].config[:256]
    save(machine, tmp_path / "again.toml")
    again = load(tmp_path / "again.toml")
    assert (again.functions[1].size, len(again.functions[1].config)) == (4096, 256)
    assert again.functions == machine.functions
    (warning,) = again.warnings
    assert warning.startswith(
        "0000:00:1c.0: only 256 bytes of 4096 are known: extended capabilities are missing; whoever"
    )


def test_load_description_without_a_function_is_known_as_one(tmp_path):
    (tmp_path / "machine").write_text('name = "empty"\n')
    with pytest.raises(MachineError, match=r"machine: no \[\[function\]\]; add one"):
        load(tmp_path / "machine")


def test_write_text_with_quotes_and_knobs_reads_back_equal(tmp_path):
    machine = load("example:vga")
    machine.about = 'quote " backslash \\ two\nlines'
    machine.functions[1].slot_events = [(250.0, 8), (-1, 2)]
    machine.functions[2].writes_needed = {0x10: 3}
    save(machine, tmp_path / "again.toml")
    assert load(tmp_path / "again.toml") == machine


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "m.toml: no [[function]]; add one"),
        ("name = 3\n" + CARD, "m.toml: name: 3 is not a string"),
        ("colour = 1\n" + CARD, "m.toml: colour: no such key; the machine has name, about, quirks"),
        ("function = 3\n", "m.toml: function: not an array of tables; begin each function with [[function]]"),
        ("[[function]]\n", "m.toml: function 1: no address; add one such as"),
        (CARD + CARD, "m.toml: function 2: 0000:01:00.0 is function 1 already; remove one"),
        ('[[function]]\naddress = "01:20.0"', "function 1 (01:20.0): address: '01:20.0' is not an address such as"),
        (CARD + "reddy_ms = 3", "function 1 (01:00.0): reddy_ms: no such key; a function has address"),
        (CARD + 'ready_ms = "3"', "ready_ms: '3' is not a time in milliseconds, or -1 for never"),
        (CARD + "ready_ms = nan", "ready_ms: nan is not a time"),
        (CARD + "vendor = 0x10000", "vendor: 65536 is not an integer from 1 to 0xfffe"),
        (CARD + "vendor = true", "vendor: True is not an integer"),
        (CARD + f"vendor = 0x{'f' * 9000}", "vendor: an integer of more than 64 bits is not"),
        (CARD + 'kind = "toaster"', "kind: 'toaster' is not one of \"root-port\""),
        (CARD + "pm = {state = 3}", "pm.state: 3 is not one of"),
        (CARD + "pm = {sleepy = true}", "pm.sleepy: no such key; pm has state"),
        (CARD + "pm = 3", "pm: 3 is not a table of options"),
        (CARD + "slot = {}", 'kind "endpoint" cannot have slot; remove it or choose another kind'),
        (CARD + 'kind = "pci"\nexpress = {}', 'kind "pci" cannot have express'),
        (CARD + 'kind = "root-port"', 'kind "root-port" needs bus = [secondary, subordinate]'),
        (CARD + 'bars = {0 = "15M"}', "bars: {'0': '15M'} is not a size and kind"),
        (CARD + 'bars = {7 = "16M"}', "bars: {'7': '16M'} is not a table whose keys are each an integer from 0 to 5"),
        (CARD + 'bars = {5 = "16M 64-bit"}', "0000:01:00.0: bars: BAR 5 does not fit"),
        (CARD + 'bars = {0 = "16M 64-bit", 1 = "4K"}', "0000:01:00.0: bars: BAR 1 does not fit"),
        (CARD + 'bars = {0 = "4G"}', "0000:01:00.0: no memory below 4 GiB left for 0x100000000 bytes; make it smaller"),
        (CARD + "rom = 3", "rom: 3 is not a power of two of bytes"),
        (CARD + "size = 512", "size: 512 is neither 256 nor 4096"),
        (CARD + 'vendor = 1\nconfig = "00: 00"', "vendor: config gives the bytes already; remove one of the two"),
        (CARD + 'config = "hello"', "config: 'hello' is not a row such as"),
        (CARD + 'config = "00: 00"', "config: row 0x00 has 1 bytes instead of 16"),
        (CARD + 'config = "08: ' + "00 " * 16 + '"', "config: row 0x08 where row 0x00 should be"),
        (CARD + 'config = "00: ' + "00 " * 16 + '"', "config: 16 bytes, at least 64 are needed; give rows 00 to 30"),
        (CARD + 'size = 256\nconfig = "100: ' + "00 " * 16 + '"', "size: 256, but config has 272 bytes; remove size"),
        (CARD + "size = 256\nari = {}", "size: ari is an extended capability and needs 4096; remove size"),
        (CARD + "soft_reset_works = 1", "soft_reset_works: 1 is not true or false"),
        (CARD + "bus = [1]", "bus: [1] is not two integers from 0 to 255"),
        (CARD + "bars = 3", "bars: 3 is not a table such as"),
        (CARD + 'bars = {0 = "16MM"}', "bars: {'0': '16MM'} is not a size and kind"),
        (CARD + 'bars = {0 = "2 io"}', "bars: BAR 0 has 2 bytes; I/O ports have at least 4"),
        (CARD + "rom = 1024", "rom: at least 2K"),
        (CARD + "slot_events = 3", "slot_events: 3 is not an array of [milliseconds, Slot Status bits]"),
        (CARD + "slot_events = [[1]]", "slot_events: [[1]] is not an array of [milliseconds, Slot Status bits]"),
        (CARD + "x = " + "[\n" * 5000, "nested too deeply"),
        (CARD + "a." * 100 + "b = 1", "m.toml:3: line of 205 characters; break it into shorter ones"),
        (CARD + "vendor = \n", "m.toml: not TOML: Invalid value (at line 3"),
        (CARD + "vendor = " + "9" * 5000, "m.toml: not TOML"),
    ],
)
def test_parse_bad_description_names_table_key_and_remedy(content, message):
    with pytest.raises(MachineError) as error:
        parse(content.encode(), "m.toml")
    assert message in str(error.value)
    assert str(error.value).startswith("m.toml:")
    assert "\n" not in str(error.value)


def test_parse_not_utf8_names_the_offset():
    with pytest.raises(MachineError, match="offset 0x8: not UTF-8"):
        parse(b'name = "\xe9"', "m.toml")


@pytest.mark.parametrize("stated", [b"\xff" * 64, b"\xff" * 16 + bytes(16) + b"\xff" * 48, b"\x7f" * 256, None])
def test_write_and_read_what_is_stated_equal(stated):
    config = bytes.fromhex("86803412").ljust(256, b"\0")
    described = FunctionDescription(Address(0, 0, 3, 0), config, stated=stated)
    text = "".join(write(MachineDescription("m", [described], recorded=True)))
    again = parse(text.encode(), "text")
    assert again.recorded
    assert known.unstated(again.functions[0]) == known.unstated(described)


def test_stated_without_config_is_refused():
    with pytest.raises(MachineError, match="stated: goes with config; remove it"):
        parse(b'[[function]]\naddress = "00:03.0"\nstated = 64\n', "text")


def test_cardbus_bridge_as_lspci_reads_it(tmp_path):
    text = '[[function]]\naddress = "00:1e.0"\nkind = "cardbus-bridge"\nbus = [1, 4]\nbars = {0 = "4K"}\npm = {}\n'
    (tmp_path / "m.toml").write_text(text)
    save(load(tmp_path / "m.toml"), tmp_path / "m.txt")
    said = described(tmp_path / "m.txt")["0000:00:1e.0"]
    assert "CardBus bridge" in said
    assert "Bus: primary=00, secondary=01, subordinate=04" in said
    assert "Capabilities: [80] Power Management" in said
    with boot(tmp_path / "m.toml", trace_boot=False) as machine:
        assert len(machine.functions) == 1


@pytest.mark.parametrize("name", BARE)
def test_every_capability_is_where_lspci_finds_it_and_harms_nothing(tmp_path, name):
    about = BARE[name]
    text = f'[[function]]\naddress = "00:01.0"\nexpress = {{}}\npm = {{}}\nalso = ["{name}", "agp", "dsn"]\n'
    (tmp_path / "m.toml").write_text(text)
    machine = load(tmp_path / "m.toml")
    save(machine, tmp_path / "m.txt")
    # Power Management is 8 bytes from 0x40 on, PCI Express 0x3c.
    where = "[100 v1]" if about.extended else "[84]"
    assert f"Capabilities: {where} " in described(tmp_path / "m.txt")["0000:00:01.0"]
    config = machine.functions[0].config
    found = extended_capabilities(config) if about.extended else capabilities(config)
    assert (about.number, 0x100 if about.extended else 0x84) in list(found)
    register_map(config)
    with boot(machine, trace_boot=False) as booted:
        assert booted.call("pci_probe_reset_function", booted.function("00:01.0")) in (0, -25)
