# SPDX-License-Identifier: GPL-2.0-only
"""The judge: the port held against recordings of the real kernels, and recordings that were altered in one place."""

from dataclasses import replace

import pytest
from paths import REAL

from kernel_port.choice import KernelChoice
from kernel_port.machine import boot
from kernel_port.mends import beneath
from kernel_port.recordings import real_kernel
from kernel_port.recordings.linux61_reasons import NEW, OLD
from kernel_port.recordings.real_boot import common
from kernel_port.recordings.real_kernel import Cycle, Message
from kernel_port.recordings.real_log import spoken
from kernel_port.recordings.real_machine import before_boot, enabled
from kernel_port.recordings.real_replay import compare_calls, judge_calls, replay

#: Every access, value, return code, register and message of the calls is the port's.
IDENTICAL = ["v311-lone", "v311-vga", "p8-each-hp"]
ALSO_IDENTICAL = [
    "p1-xhci", "p3-xhci", "p4-xhci", "v311-xhci", "v311-vgabus", "v311-each-vga", "v311-hp", "v311-poll",
]  # fmt: skip


def recording(name):
    return real_kernel.read(REAL / f"{name}.json.gz")


def altered(name, index, **fields):
    """A recording of which one cycle is otherwise."""
    original = recording(name)
    ops = list(original.ops)
    ops[index] = ops[index]._replace(**fields)
    return replace(original, ops=tuple(ops))


def cycles(original, op, bdf=None, where=None):
    """Indices of the cycles of a kind."""
    return [
        index
        for index, cycle in enumerate(original.ops)
        if cycle.op == op and bdf in (None, cycle.bdf) and where in (None, cycle.where)
    ]


@pytest.mark.parametrize("name", IDENTICAL)
def test_recorded_calls_are_the_ports_to_the_last_access(name):
    original = recording(name)
    judgement = judge_calls(original)
    assert judgement.differences == []
    assert judgement.identical == judgement.accesses == sum(op.op != "mark" for op in original.ops)
    assert judgement.calls_identical == len(original.tests)


def test_kernel_that_dies_at_the_second_removal_dies_in_the_port():
    judgement = judge_calls(recording("p8-mess-bus-twice"))
    assert [(call.expected, call.got) for call in judgement.calls] == [("oops", "oops")]
    assert not any("bus2" in line or "kernel oops" in line for line in judgement.differences)


@pytest.mark.parametrize("name", ["v311-each-conv2", "p8-each-conv2"])
def test_bridge_without_a_driver_is_awake_as_recorded(name):
    judgement = judge_calls(recording(name))
    assert judgement.differences == []
    assert judgement.calls_identical == len(judgement.calls)


def test_boot_makes_no_cycle_of_the_host_bridges_that_is_not_recorded():
    boot = replay(recording("v311-lone")).boot
    assert [line for line in boot.differences if "0000:00:00.0" in line] == []


def test_second_message_of_the_buttons_interrupt_handler_is_its_own():
    # pciehp_ctrl.c: pciehp_handle_attention_button() speaks twice in the interrupt (2500993 and 2501211 us), before any
    # work runs; handle_button_press_event() says once which way the slot is switched.
    by, _ = spoken(recording("p8-button").log)
    button = [function for function in by["0000:00:03.0:pcie04"] if "button" in function]
    assert button == ["pciehp_handle_attention_button"] * 2 + ["handle_button_press_event"]


@pytest.mark.slow
@pytest.mark.parametrize("name", ALSO_IDENTICAL)
def test_further_recorded_calls_are_the_ports_to_the_last_access(name):
    assert judge_calls(recording(name)).differences == []


@pytest.mark.slow
@pytest.mark.parametrize("path", sorted(REAL.glob("*.json.gz")), ids=lambda path: path.name.split(".")[0])
def test_every_recording_can_be_judged(path):
    original = real_kernel.read(path)
    judgement = replay(original)
    assert [call.test for call in judgement.calls] == list(original.tests)
    recorded = sum(op.op != "mark" for op in original.ops)
    let_through = sum(row.side == NEW and row.reason != "" for _, row in judgement.rows)
    only_here = sum(row.side == OLD for _, row in judgement.rows)
    assert judgement.accesses == recorded - let_through + only_here
    wrong = [line for line in judgement.differences if line.startswith("op ")]
    assert judgement.accesses - judgement.identical == len(wrong)


def test_judge_reads_another_value_names_function_register_and_both_values():
    index = cycles(recording("v311-lone"), "r", "0000:01:00.0", 0x10)[0]
    value = recording("v311-lone").ops[index].value
    judgement = judge_calls(altered("v311-lone", index, value=value ^ 0x1000))
    assert judgement.differences[0] == (
        f"op {index}: pci_save_state: r32 0000:01:00.0 PCI_BASE_ADDRESS_0: expected {value ^ 0x1000:#010x}, "
        f"got {value:#010x} ({value ^ 0x1000:#010x}->{value:#010x})"
    )
    assert judgement.identical < judgement.accesses
    assert [call.wrong for call in judgement.calls] == [True, False]


def test_judge_write_of_another_value_is_one_missing_and_one_too_many():
    index = cycles(recording("v311-lone"), "w", "0000:00:03.0", 0x3E)[0]
    judgement = judge_calls(altered("v311-lone", index, value=0x42))
    line = "pci_parent_bus_reset: w16 0000:00:03.0 PCI_BRIDGE_CONTROL: expected 0x0042, got none"
    assert any(line in difference for difference in judgement.differences)
    assert any("expected none, got w16 0000:00:03.0 PCI_BRIDGE_CONTROL 0x004a" in d for d in judgement.differences)


def test_judge_cycle_that_the_port_does_not_make_is_told_once_and_the_rest_goes_on():
    original = recording("v311-lone")
    index = cycles(original, "w", "0000:00:03.0", 0x3E)[0]
    more = Cycle("r", "0000:00:03.0", 0x74, 4, 0, original.ops[index].time)
    judgement = judge_calls(replace(original, ops=(*original.ops[:index], more, *original.ops[index:])))
    assert judgement.differences == [
        (
            f"op {index}: pci_parent_bus_reset: r32 0000:00:03.0 PCI_EXP_RTSTA: expected 0x00000000, got none: "
            "goes on with w16 0000:00:03.0 PCI_BRIDGE_CONTROL"
        )
    ]
    assert judgement.identical == judgement.accesses - 1


def test_judge_cycle_that_only_the_port_makes_is_told_once_and_the_rest_goes_on():
    original = recording("v311-lone")
    index = cycles(original, "r", "0000:00:03.0", 0x3E)[0]
    judgement = judge_calls(replace(original, ops=original.ops[:index] + original.ops[index + 1 :]))
    assert judgement.differences == [
        f"op {index}: pci_parent_bus_reset: expected none, got r16 0000:00:03.0 PCI_BRIDGE_CONTROL"
    ]


def test_judge_two_cycles_in_the_other_order_are_a_difference():
    original = recording("v311-lone")
    index = cycles(original, "r", "0000:01:00.0", 0x10)[0]
    ops = list(original.ops)
    ops[index], ops[index + 1] = ops[index + 1], ops[index]
    assert judge_calls(replace(original, ops=tuple(ops))).differences


def test_judge_other_return_code_is_told():
    judgement = judge_calls(replace(recording("v311-lone"), return_codes=("0", "1")))
    assert judgement.differences == ["sysfs 01:00.0: expected return 1, got return 0"]
    assert judgement.calls_identical == 1


@pytest.mark.parametrize(("codes", "end"), [(("0", "hang"), "a hang"), (("0",), "an oops")])
def test_judge_other_end_is_told(codes, end):
    judgement = judge_calls(replace(recording("v311-lone"), return_codes=codes))
    assert f"sysfs 01:00.0: expected {end}, got return 0" in judgement.differences


def test_judge_what_the_port_does_when_the_recorded_kernel_is_dead_is_not_told_cycle_by_cycle():
    original = recording("v311-lone")
    begun = [index for index, op in enumerate(original.ops) if op.bdf == "begin"][-1]
    dead = replace(original, return_codes=("0",), ops=original.ops[: begun + 10], config_after={})
    assert judge_calls(dead).differences[0] == "sysfs 01:00.0: expected an oops, got return 0"
    alive = replace(dead, return_codes=("0", "0"))
    assert judge_calls(alive).differences[0].startswith(f"op {begun + 10}: pci_save_state: expected none, got r32")


def test_judge_function_that_nothing_gets_through_to_reads_as_all_ones_at_the_end():
    """As user space found the functions below a port whose function level reset had cost it its bus numbers."""
    original = recording("p8-each-sw")
    assert set(original.config_after["0000:03:00.0"]) == {0xFF}
    assert not [line for line in judge_calls(original).differences if line.startswith("end: ")]


def test_judge_call_of_what_the_port_does_not_have_is_a_difference():
    judgement = judge_calls(replace(recording("v311-lone"), tests=("func 01:00.0", "slot 01:00.0")))
    assert judgement.differences[0] == "the port failed: linux-3.11+0 has no function pci_reset_slot"
    assert "slot 01:00.0: expected return 0, got a failure of the port" in judgement.differences


def test_judge_speaker_in_the_log_who_is_another_function_is_told():
    original = recording("v311-lone")
    log = [
        message._replace(function="pci_save_state") if message.function == "pci_restore_config_dword" else message
        for message in original.log
    ]
    assert judge_calls(replace(original, log=tuple(log))).differences == [
        "log of 0000:01:00.0: message 0: expected pci_save_state, got pci_restore_config_dword (of 8 and 8)"
    ]


def test_judge_speaker_in_the_log_whom_the_port_does_not_have_is_told():
    original = recording("v311-lone")
    judgement = judge_calls(replace(original, log=(*original.log, Message("0000:00:03.0", "pcie_flr", {}))))
    assert judgement.differences == ["log of 0000:00:03.0: message 0: expected pcie_flr, got no more (of 1 and 0)"]


def test_judge_message_that_a_filter_names_is_let_through_and_counted():
    original = recording("v311-lone")
    judgement = judge_calls(replace(original, log=(*original.log, Message("0000:00:1f.0", "quirk", {}))))
    assert judgement.differences == []
    assert judgement.passed["device fixups"] == judge_calls(original).passed["device fixups"] + 1


def test_judge_lockdep_that_speaks_in_only_one_of_them_is_told():
    original = recording("v311-lone")
    judgement = judge_calls(replace(original, log=(*original.log, Message("", "lockdep", {}))))
    assert judgement.differences == ["lockdep: expected a report, got none"]


def test_judge_other_register_at_the_end_is_told():
    original = recording("v311-lone")
    config = bytearray(original.config_after["0000:01:00.0"])
    config[0x04] ^= 0x04
    after = {**original.config_after, "0000:01:00.0": bytes(config)}
    assert judge_calls(replace(original, config_after=after)).differences == [
        "end: 0000:01:00.0 PCI_COMMAND: expected 0x0107, got 0x0103"
    ]


def test_judge_function_that_is_gone_at_the_end_is_told():
    original = recording("v311-lone")
    after = {name: config for name, config in original.config_after.items() if name != "0000:01:00.0"}
    assert judge_calls(replace(original, config_after=after)).differences == [
        "end: 0000:01:00.0: expected gone, got it still there"
    ]


def test_judge_function_that_the_port_does_not_have_at_the_end_is_told():
    original = recording("v311-lone")
    after = {**original.config_after, "0000:02:00.0": bytes(256)}
    assert judge_calls(replace(original, config_after=after)).differences == [
        "end: 0000:02:00.0: expected there, got none: the port has lost it"
    ]


def test_judge_run_that_could_not_be_read_to_its_end_demands_no_registers():
    assert judge_calls(replace(recording("v311-lone"), config_after={})).differences == []


def test_judge_filter_lets_nothing_through_outside_its_phase():
    """Cycles of link power states and of BARs are a scan's: between calls that scan nothing they are differences."""
    original = recording("v311-lone")
    index = cycles(original, "w", "0000:00:03.0", 0x3E)[0]
    for where in (0x64, 0x10):
        more = Cycle("w", "0000:00:03.0", where, 2 if where == 0x64 else 4, 0, original.ops[index].time)
        judgement = judge_calls(replace(original, ops=(*original.ops[:index], more, *original.ops[index:])))
        assert len([line for line in judgement.differences if line.startswith(f"op {index}: ")]) == 1


def test_judge_call_that_the_kernel_has_not_is_a_difference():
    judgement = judge_calls(replace(recording("v311-lone"), tests=("hot 01:00.0",), return_codes=("0",)))
    assert "linux-3.11+0 has no function vfio_pci_hot_reset_info" in str(judgement.differences)
    assert not judgement.conforms


@pytest.mark.parametrize("name", ["v312-xhci", "v312-mess-hot-vga"])
def test_v3_12_is_the_series_and_its_mends_to_the_last_access(name):
    judgement = replay(recording(name))
    assert (judgement.differences, judgement.boot.differences, judgement.boot.log) == ([], [], [])
    assert judgement.conforms


@pytest.mark.slow
@pytest.mark.parametrize("path", sorted(REAL.glob("v312-*.json.gz")), ids=lambda path: path.name.split(".")[0])
def test_every_recording_of_v3_12_conforms(path):
    judgement = replay(real_kernel.read(path))
    assert judgement.conforms, [*judgement.differences, *judgement.boot.differences, *judgement.boot.log]


@pytest.mark.slow
@pytest.mark.parametrize(("name", "without"), [
    ("v312-poll", "pcie-registers-that-exist"), ("v312-lone", "ask-for-express-once"),
    ("v312-lone", "enable-bridges-on-demand"), ("v312-xhci", "usb-handoff-enables-bridges"),
])  # fmt: skip
def test_v3_12_without_one_of_its_mends_does_not_conform(name, without):
    mends = KernelChoice.of(8, ["v3.12"]).mends
    others = tuple(each.name for each in mends if without not in {each.name, *(m.name for m in beneath(each, mends))})
    assert not replay(replace(recording(name), choice=KernelChoice(8, others))).conforms


def test_v3_12_holds_a_bus_in_reset_as_long_as_recorded():
    """From the write that resets to the one that ends it, and from there to the next cycle, which restores."""
    original = recording("v312-vga")
    on, off = cycles(original, "w", "0000:00:03.0", 0x3E)[:2]
    held, settled = (original.ops[b].time - original.ops[a].time for a, b in ((on, off), (off, off + 1)))
    with boot("example:vga", extra=["v3.12"]) as machine:
        machine.call("pci_reset_bridge_secondary_bus", machine.function("00:1c.0"))
        sleeps = [event.args[0] * 1_000_000 for event in machine.events if event.op == "msleep"]
    assert all(0 <= real - ours < 10_000_000 for real, ours in zip((held, settled), sleeps[:2], strict=True))


def of_the_card(judgement):
    """Differences of what the port does to the card; its port's interrupts are others' tests."""
    return [line for line in judgement.differences if "0000:00:03.0" not in line]


@pytest.mark.parametrize("name", ["p5-mess-vfio-reset", "p8-mess-vfio-reset"])
def test_judge_user_of_vfio_opens_resets_and_closes_as_recorded(name):
    original = recording(name)
    judgement = judge_calls(original)
    assert of_the_card(judgement) == []
    assert [call.got for call in judgement.calls] == ["0"]
    # Half of what is judged lies outside the call.
    marks = [index for index, op in enumerate(original.ops) if op.op == "mark"]
    assert [original.ops[index].bdf for index in marks] == ["start", "begin", "end", "settled"]
    assert judgement.identical > 2 * (marks[2] - marks[1])


@pytest.mark.parametrize("mark", ["begin", "end"])
def test_judge_opening_and_closing_are_judged(mark):
    """A write of opening, and one of closing, with another value: told."""
    original = recording("p5-mess-vfio-reset")
    at = next(index for index, op in enumerate(original.ops) if op.op == "mark" and op.bdf == mark)
    command = next(index for index in cycles(original, "w", "0000:01:00.0", 4) if mark == "begin" or index > at)
    ops = list(original.ops)
    ops[command] = ops[command]._replace(value=0x0401)
    assert of_the_card(judge_calls(replace(original, ops=tuple(ops)))) != []


def test_judge_user_of_vfio_hangs_as_recorded_if_the_removal_is_faster():
    judgement = judge_calls(recording("p4-mess-vfio-hang"))
    assert of_the_card(judgement) == []
    assert [(call.got, call.expected) for call in judgement.calls] == [("hang", "hang")]


def test_judge_follows_presence_that_a_reset_takes_away_and_brings_back():
    """Slot Status as the changed QEMU shows it, in and out of the reset, and the interrupts that this raises."""
    original = recording("v311-calm")
    status = cycles(original, "r", "0000:00:03.0", 0x6E)
    judgement = judge_calls(original)
    assert [original.ops[index].value for index in status][:2] == [0x08, 0x00]  # presence off, changed
    assert not [line for line in judgement.differences if "PCI_EXP_SLTSTA" in line.partition(": expected")[0]]


def test_judge_pressed_button_is_pressed_in_the_port_too():
    original = recording("p8-button")
    assert any(original.ops[index].value & 1 for index in cycles(original, "r", "0000:00:03.0", 0x6E))
    judgement = judge_calls(original)
    assert not [line for line in judgement.differences if "ABP" in line]


def test_judge_function_that_user_space_enabled_before_the_calls_is_enabled_in_the_port_too():
    original = recording("v311-sw")
    assert enabled(original) == ["0000:04:00.0"]
    assert enabled(recording("v311-each-sw")) == []
    judgement = judge_calls(original)
    assert [(call.test, call.got) for call in judgement.calls][1:] == [("func 04:00.0", "0"), ("rawfunc 04:00.0", "0")]


def test_boot_starts_from_what_its_first_read_of_a_register_has():
    original = recording("v311-lone")
    before, found = before_boot(original)["0000:00:03.0"], original.config_before["0000:00:03.0"]
    command = next(op for op in original.boot if (op.bdf, op.op, op.where) == ("0000:00:03.0", "r", 0x04))
    assert int.from_bytes(before[0x04:0x06], "little") == command.value == 0x0103
    assert int.from_bytes(found[0x04:0x06], "little") == 0x0507  # bus master, as the kernel left it


def test_boot_starts_from_the_reset_value_of_what_is_written_before_it_is_read():
    original = recording("v311-lone")
    boot = tuple(op for op in original.boot if (op.bdf, op.op, op.where) != ("0000:00:03.0", "r", 0x04))
    before = before_boot(replace(original, boot=boot))["0000:00:03.0"]
    assert int.from_bytes(before[0x04:0x06], "little") == 0


def test_boot_cycles_are_counted_from_both_sides():
    boot = replay(recording("v311-lone")).boot
    assert boot.made - boot.identical == len(boot.differences)
    assert boot.expected - boot.found == boot.missing.total()
    assert boot.found > 100


def test_boot_cycle_that_only_the_real_kernel_makes_is_counted():
    original = recording("v311-lone")
    more = Cycle("r", "0000:01:00.0", 0x3E, 1, 0, 0)
    before, after = replay(original).boot, replay(replace(original, boot=(*original.boot, more))).boot
    assert after.missing["function r8 PCI_MIN_GNT"] == 1
    assert (after.expected, after.found) == (before.expected + 1, before.found)


def test_boot_cycle_that_only_the_port_makes_is_told_with_its_function():
    original = recording("v311-lone")
    boot = tuple(op for op in original.boot if (op.bdf, op.where, op.size) != ("0000:01:00.0", 0x0E, 1))
    differences = replay(replace(original, boot=boot)).boot.differences
    assert (
        "boot: pci_setup_device: r8 0000:01:00.0 PCI_HEADER_TYPE 0x00: not there, or not in this order" in differences
    )


def test_boot_read_past_the_end_of_a_functions_registers_leaves_no_trace():
    original = recording("v311-lone")
    assert len(original.config_before["0000:00:00.0"]) == 256
    assert not [line for line in replay(original).boot.differences if "0000:00:00.0 0x100" in line]


def test_common_finds_the_longest_sequence_that_both_have():
    pairs = common("abcbdab", "bdcaba")
    assert len(pairs) == 4  # the textbook's example
    assert all("abcbdab"[i] == "bdcaba"[j] for i, j in pairs)
    assert sorted(pairs) == pairs
    assert common("", "abc") == []


def test_compare_has_both_kernels_side_by_side():
    original = recording("v311-lone")
    first, second = compare_calls(original)
    assert (first.call, first.old_result, first.new_result) == ("pci_reset_function(01:00.0)", "0", "0")
    assert first.count("same") + second.count("same") == sum(op.op != "mark" for op in original.ops)
    assert first.unexplained == 0
    assert any(row.side == "pause" and row.new.value > 90_000 for row in first.rows)
