# SPDX-License-Identifier: GPL-2.0-only
"""Interrupts as messages. Oracle: v3.11's drivers/pci/msi.c, and the recorded reset of a switch (p8-sw), whose
downstream ports have MSI restored."""

from errno import EINVAL, ERANGE

import pytest
from hw_machine import function
from paper import Paper, listed

from kernel_port.hw.description import MachineDescription
from kernel_port.kernel.sched import Oops
from kernel_port.machine import boot

NAME = "00:00.0"
COMMAND = 0x04
MSI, MSIX = 0x50, 0x70
FLAGS, LOW, HIGH, DATA_32, DATA_64, MASK_32, MASK_64 = (MSI + offset for offset in (2, 4, 8, 8, 12, 12, 16))
IS_64, MASKABLE, ENABLE, OF_4 = 0x80, 0x100, 0x01, 0x04
IRQ = 24


def read(where, size=2):
    return ("r", NAME, where, size)


def write(where, value, size=2):
    return ("w", NAME, where, size, value)


def device(flags=None, entries=None, mask=0):
    """A function with MSI of these flags, or MSI-X of so many entries, in D0, as it was found."""
    paper = Paper()
    capabilities = []
    if flags is not None:
        data = bytearray(18)
        data[0:2] = flags.to_bytes(2, "little")
        at = MASK_64 if flags & IS_64 else MASK_32
        data[at - FLAGS : at - FLAGS + 4] = mask.to_bytes(4, "little")
        capabilities.append((MSI, 0x05, data))
    if entries is not None:
        capabilities.append((MSIX, 0x11, (entries - 1).to_bytes(2, "little")))
    dev = paper.dev(paper.bus(), registers=listed(*capabilities), irq=IRQ)
    paper.kernel.pci_msi_init_pci_dev(dev)
    dev.current_state = 0
    paper.system.msi_message = lambda irq: (0xFEE01000, 0x12, 0x4155)
    paper.take()
    return paper, dev


def test_pci_msi_init_pci_dev_switches_off_what_firmware_left_on():
    paper = Paper()
    registers = listed((MSI, 0x05, b"\x81\x00"), (MSIX, 0x11, b"\x07\x80"))
    dev = paper.dev(paper.bus(), registers=registers)
    paper.kernel.pci_msi_init_pci_dev(dev)
    assert (dev.msi_cap, dev.msix_cap, dev.msi_enabled, dev.msix_enabled) == (MSI, MSIX, 0, 0)
    assert [act for act in paper.take() if act[3] == 2 and act[2] in (FLAGS, MSIX + 2)] == [
        read(FLAGS), write(FLAGS, 0x80), read(MSIX + 2), write(MSIX + 2, 0x0007)
    ]  # fmt: skip


def test_pci_msi_init_pci_dev_writes_even_if_it_is_off():
    paper = Paper()
    dev = paper.dev(paper.bus(), registers=listed((MSI, 0x05, b"\x80\x00")))
    paper.kernel.pci_msi_init_pci_dev(dev)
    assert paper.writes() == [(FLAGS, 2, 0x80)]


MESSAGE_32 = [(LOW, 4, 0xFEE01000), (DATA_32, 2, 0x4155)]
MESSAGE_64 = [(LOW, 4, 0xFEE01000), (HIGH, 4, 0x12), (DATA_64, 2, 0x4155)]


@pytest.mark.parametrize(("flags", "message"), [(0, MESSAGE_32), (IS_64, MESSAGE_64)])
def test_pci_enable_msi_writes_the_message_then_enables(flags, message):
    paper, dev = device(flags)
    assert paper.kernel.pci_enable_msi(dev) == 0
    assert paper.writes() == [
        (FLAGS, 2, flags), (FLAGS, 2, flags), *message, (COMMAND, 2, 0x0400), (FLAGS, 2, flags | ENABLE)
    ]  # fmt: skip
    assert (dev.msi_enabled, dev.irq) == (1, IRQ)


@pytest.mark.parametrize(("flags", "at"), [(MASKABLE, MASK_32), (MASKABLE | IS_64, MASK_64)])
def test_pci_enable_msi_masks_all_until_somebody_listens(flags, at):
    # Four messages (bits 3:1 are 2): four mask bits. Its affinity is set as the first handler comes, as recorded.
    paper, dev = device(flags | OF_4, mask=0x2)
    assert paper.kernel.pci_enable_msi(dev) == 0
    assert [act[1:] for act in paper.writes() if act[0] == at] == [(4, 0xF)]
    paper.kernel.request_irq(IRQ, lambda irq, dev_id: 1, 0, "", dev)
    writes = paper.writes()
    assert writes[0] == (at, 4, 0xE)
    assert [where for where, _, _ in writes[1:]] == [FLAGS, LOW, *([HIGH, DATA_64] if flags & IS_64 else [DATA_32])]
    paper.kernel.free_irq(IRQ, dev)
    assert paper.writes() == [(at, 4, 0xF)]


def test_pci_enable_msi_block_of_more_than_it_has_says_how_many():
    paper, dev = device(OF_4)
    assert (paper.kernel.pci_enable_msi_block(dev, 5), paper.writes()) == (4, [])


def test_pci_enable_msi_block_of_several_says_so_in_the_flags():
    paper, dev = device(OF_4)
    assert paper.kernel.pci_enable_msi_block(dev, 4) == 0
    assert paper.writes()[-1] == (FLAGS, 2, OF_4 | 2 << 4 | ENABLE)


@pytest.mark.parametrize(("count", "error"), [(0, -ERANGE), (1, -EINVAL)])
def test_pci_enable_msi_block_refuses(count, error):
    paper, dev = device(0)
    vars(paper.kernel)["pci_msi_enable"] = int(count == 0)
    assert (paper.kernel.pci_enable_msi_block(dev, count), paper.writes()) == (error, [])


@pytest.mark.parametrize("first", ["msi", "msix"])
def test_pci_enable_the_other_one_beside_it_is_einval(first):
    paper, dev = device(0, 1)
    kernel = paper.kernel
    calls = {"msi": lambda: kernel.pci_enable_msi(dev), "msix": lambda: kernel.pci_enable_msix(dev, [entry(paper)], 1)}
    assert calls.pop(first)() == 0
    assert [call() for call in calls.values()] == [-EINVAL]
    assert (dev.msi_enabled, dev.msix_enabled) == (int(first == "msi"), int(first == "msix"))


def entry(paper, number=0):
    return paper.kernel.msix_entry(entry=number)


def test_pci_enable_msi_of_a_function_without_it_is_einval():
    paper, dev = device()
    assert (paper.kernel.pci_enable_msi(dev), paper.take()) == (-EINVAL, [])
    assert (paper.kernel.pci_enable_msix(dev, [entry(paper)], 1), paper.take()) == (-EINVAL, [])


@pytest.mark.parametrize(("numbers", "result"), [((0, 1, 2, 3, 0), 4), ((4,), -EINVAL), ((1, 1), -EINVAL), ((3, 0), 0)])
def test_pci_enable_msix_checks_the_entries(numbers, result):
    paper, dev = device(entries=4)
    entries = [entry(paper, number) for number in numbers]
    assert paper.kernel.pci_enable_msix(dev, entries, len(entries)) == result
    assert dev.msix_enabled == int(result == 0)


def test_pci_enable_msix_fills_the_table_while_all_are_masked():
    paper, dev = device(entries=4)
    wanted = [entry(paper, 2)]
    assert paper.kernel.pci_enable_msix(dev, wanted, 1) == 0
    assert paper.writes() == [
        (MSIX + 2, 2, 0x0003), (MSIX + 2, 2, 0xC003), (COMMAND, 2, 0x0400), (MSIX + 2, 2, 0x8003)
    ]  # fmt: skip
    assert wanted[0].vector == IRQ


def test_pci_restore_msi_state_without_messages_makes_no_access():
    paper, dev = device(0, 1)
    paper.kernel.pci_restore_msi_state(dev)
    assert paper.take() == []


@pytest.mark.parametrize("command", [0, 0x0400])
def test_pci_restore_msi_state_writes_msi_again(command):
    # op for op what p8-sw has of 02:00.0, which is 64-bit and not maskable
    paper, dev = device(IS_64)
    paper.kernel.pci_enable_msi(dev)
    paper.config[NAME][LOW : LOW + 12] = bytes(12)
    paper.config[NAME][FLAGS : FLAGS + 2] = b"\x80\x00"
    paper.config[NAME][COMMAND : COMMAND + 2] = command.to_bytes(2, "little")
    paper.take()
    paper.kernel.pci_restore_msi_state(dev)
    assert paper.take() == [
        read(COMMAND), *([] if command else [write(COMMAND, 0x0400)]),
        read(FLAGS), write(FLAGS, 0x80), read(FLAGS), write(FLAGS, 0x80),
        write(LOW, 0xFEE01000, 4), write(HIGH, 0x12, 4), write(DATA_64, 0x4155),
        read(FLAGS), write(FLAGS, 0x81),
    ]  # fmt: skip


def test_pci_restore_msi_state_writes_the_mask_before_it_enables():
    paper, dev = device(MASKABLE | OF_4)
    paper.kernel.pci_enable_msi_block(dev, 2)
    paper.kernel.request_irq(IRQ, lambda irq, dev_id: 1, 0, "", dev)
    paper.config[NAME][MASK_32 : MASK_32 + 4] = bytes(4)
    paper.take()
    paper.kernel.pci_restore_msi_state(dev)
    assert paper.writes()[-2:] == [(MASK_32, 4, 0xE), (FLAGS, 2, MASKABLE | OF_4 | 1 << 4 | ENABLE)]


def test_pci_restore_msi_state_masks_msix_while_the_table_is_written():
    paper, dev = device(entries=4)
    paper.kernel.pci_enable_msix(dev, [entry(paper)], 1)
    paper.config[NAME][MSIX + 2 : MSIX + 4] = b"\x03\x00"
    paper.take()
    paper.kernel.pci_restore_msi_state(dev)
    assert paper.take() == [read(MSIX + 2), read(COMMAND), write(MSIX + 2, 0xC003), write(MSIX + 2, 0x8003)]


def test_write_msi_msg_leaves_a_sleeping_function_alone():
    paper, dev = device(0)
    paper.kernel.pci_enable_msi(dev)
    paper.take()
    dev.current_state = 3
    paper.kernel.write_msi_msg(IRQ, paper.kernel.msi_msg(1, 2, 3))
    assert (paper.take(), dev.msi_list[0].msg.data) == ([], 3)


def test_pci_disable_msi_unmasks_what_it_leaves_behind():
    paper, dev = device(MASKABLE | OF_4)
    paper.kernel.pci_enable_msi(dev)
    paper.take()
    paper.kernel.pci_disable_msi(dev)
    assert paper.writes() == [(FLAGS, 2, MASKABLE | OF_4), (COMMAND, 2, 0), (MASK_32, 4, 0xFFFFFFF0)]
    assert (dev.msi_enabled, dev.msi_list, paper.system.irq_data) == (0, [], {})
    paper.kernel.pci_disable_msi(dev)
    assert paper.take() == []


def test_pci_disable_msix_gives_the_pin_back():
    paper, dev = device(entries=4)
    paper.kernel.pci_enable_msix(dev, [entry(paper)], 1)
    paper.take()
    paper.kernel.pci_disable_msix(dev)
    assert paper.writes() == [(MSIX + 2, 2, 0x0003), (COMMAND, 2, 0)]
    assert (dev.msix_enabled, dev.msi_list, paper.system.irq_data) == (0, [], {})


def test_pci_disable_msi_of_somebody_who_still_listens_is_the_end():
    paper, dev = device(0)
    paper.kernel.pci_enable_msi(dev)
    paper.kernel.request_irq(IRQ, lambda irq, dev_id: 1, 0, "", dev)
    with pytest.raises(Oops, match="free_msi_irqs"):
        paper.kernel.pci_disable_msi(dev)


# -- machines that are described with messages on --------------------------------------------------------------------

CAP = 0x50
REGISTERS = {
    # MSI, enabled: 64-bit, two of four messages, maskable, the third masked
    "msi": (0x05, "95010010e0fe020000005541" + "0000" + "0c000000"),
    # MSI-X, enabled, of eight entries in BAR 0
    "msix": (0x11, "078000000000" + "00200000"),
}


def described(kind, driver):
    capability, rest = REGISTERS[kind]
    data = bytes([capability, 0]) + bytes.fromhex(rest)
    registers = {f"x{CAP + offset:02x}_1": byte for offset, byte in enumerate(data)}
    registers |= {"x04_2": 0x0406, "x06_2": 0x0010, "x34_1": CAP}
    return MachineDescription("test", [function("00:01.0", registers=registers, driver=driver)]), data


@pytest.mark.parametrize("kind", ["msi", "msix"])
@pytest.mark.parametrize(("driver", "name"), [("nvme", "nvme"), ("", "unknown")])
def test_a_function_with_messages_on_has_them_after_boot_and_after_a_reset(kind, driver, name):
    # Who has them on has a driver that enabled them, whether lspci was asked for it or not.
    machine, data = described(kind, driver)
    with boot(machine) as machine:
        dev = machine.function("00:01.0")
        assert dev.driver.name == name
        found = [machine.fabric.read(0, 0, 8, CAP + i, 1) for i in range(len(data))]
        assert bytes(found) == data
        assert (dev.msi_enabled, dev.msix_enabled) == (int(kind == "msi"), int(kind == "msix"))
        machine.call("pci_save_state", dev)
        for i in range(2, len(data)):
            machine.fabric.write(0, 0, 8, CAP + i, 1, 0)
        machine.call("pci_restore_state", dev)
        assert bytes(machine.fabric.read(0, 0, 8, CAP + i, 1) for i in range(len(data))) == data


def test_a_function_that_sends_no_messages_has_no_unknown_driver():
    with boot(MachineDescription("test", [function("00:01.0")])) as machine:
        assert machine.function("00:01.0").driver is None


def test_a_driver_that_goes_gives_its_messages_back():
    machine, _ = described("msi", "nvme")
    with boot(machine) as machine:
        dev = machine.function("00:01.0")
        machine.call("device_release_driver", dev)
        assert (dev.msi_enabled, machine.fabric.read(0, 0, 8, CAP + 2, 2) & 1) == (0, 0)
