# SPDX-License-Identifier: GPL-2.0-only
"""The hardware model against the hardware behind the golden traces (golden/HARDWARE.md), which was not written here.

Each golden machine is built with its knobs translated and no delays; the tape's writes and delays are carried out in
order. All reads are equal (23971 of 23971 in 756 traces), and so are the registers at the end, but for one thing:
where a knob keeps transactions pending, the golden hardware makes the bit up when it is read, so its image at the end
does not show it; and it has a knob for each of the two bits that the model, with one cause, sets together. PENDING
names the bits; they are left out of the comparison at the end of functions that have a knob.
"""

import json
from itertools import chain

import pytest
from hw_machine import function, port
from paths import GOLDEN, RECORDINGS

from kernel_port.hw.address import Address
from kernel_port.hw.clock import Clock
from kernel_port.hw.description import FunctionDescription, MachineDescription
from kernel_port.hw.fabric import Fabric
from kernel_port.hw.golden import registers as golden_registers
from kernel_port.hw.layout import Layout
from kernel_port.hw.masks import Reset

FILES = sorted(GOLDEN.glob("*.jsonl"))
MS = 1_000_000
EXP, AF = 0x10, 0x13
DEVSTA, SLTSTA, AF_STATUS = 10, 26, 5
#: Knob -> capability, register, its size, the bit: Transactions Pending.
PENDING = {"tp_pcie": (EXP, DEVSTA, 2, 0x20), "tp_af": (AF, AF_STATUS, 1, 0x01)}


def pending(config, knob):
    """Offset, size and bit of what the knob keeps set; a bit of nothing if the function has no such capability."""
    identity, register, size, bit = PENDING[knob]
    position = config[0x34]
    while position and config[position] != identity:
        position = config[position + 1]
    return position + register, size, bit if position else 0


def drained_ms(ops, bdf, where, size, reads):
    """The knob counts reads, the model time: when the first read happens that is to find nothing pending any more."""
    now = 0
    for op in ops:
        now += op[1] if op[0] in ("msleep", "mdelay") else op[2] if op[0] == "wait" and not op[3] else 0
        if op[:4] == ["r", bdf, where, size]:
            if reads == 0:
                return max(now - 0.5, 0.001)
            reads -= 1
    return -1


def describe(trace):
    functions = []
    for golden in trace["machine"]["functions"]:
        knobs = trace["machine"].get("hardware", {}).get(golden["bdf"], {})
        config = bytes.fromhex(golden["config"])
        size = 4096 if golden.get("config_truncated") else len(config)
        bars = {int(number): length for number, length in knobs.get("bars", {}).items()}
        function = FunctionDescription(
            Address.parse(golden["bdf"]),
            config,
            size,
            bars={number: bars.get(number, 0) for number in range(6)},
            rom=knobs.get("rom", 0),
            power_state_changes="pm_stuck" not in knobs,
            presence_follows_link="presence_steady" not in knobs,
            ready_ms=-1 if "dead_after_reset" in knobs else 0,
            command_ms=-1 if "cc_broken" in knobs else knobs.get("cc_delay", 0),
            slot_events=[tuple(knobs["event_at"])] if "event_at" in knobs else [],
            slot_events_on_clear=knobs.get("event_on_clear", 0),
            writes_needed=dict([knobs["bar_stick"]] if "bar_stick" in knobs else []),
        )
        for knob in PENDING.keys() & knobs.keys():
            where, width, _ = pending(config.ljust(size, b"\0"), knob)
            forever = knobs[knob] < 0
            function.pending_ms = -1 if forever else drained_ms(trace["ops"], golden["bdf"], where, width, knobs[knob])
        functions.append(function)
    return MachineDescription(trace["name"], functions, quirks="golden")


class Replay:
    """Carries a tape out on the model, and collects what differs."""

    def __init__(self, trace):
        self.trace = trace
        self.clock = Clock()
        self.fabric = Fabric(describe(trace), self.clock)
        self.hardware_steps = iter([step for step in trace["call"].get("steps", []) if "hw" in step])
        self.reads, self.differences = 0, []
        self.until = 0
        #: (port, offset of Slot Status) of the interrupt handler that runs in the middle of a delay.
        self.handler = None

    def run(self):
        ops = [op for op in self.trace["ops"] if op[0] != "printk"]
        for index, op in enumerate(ops):
            if self.handler and op[0] not in ("irq", "queue_work") and tuple(op[1:3]) != self.handler:
                self.handler = None
                self.clock.advance(max(self.clock.now, self.until))
            self.act(index, op, interrupted=ops[index + 1 : index + 2] and ops[index + 1][0] == "irq")
        return self

    def act(self, index, op, interrupted):
        match op:
            case ["w", bdf, where, size, value]:
                at = Address.parse(bdf)
                self.fabric.write(at.domain, at.bus, at.devfn, where, size, value)
            case ["r", bdf, where, size, value]:
                at = Address.parse(bdf)
                got = self.fabric.read(at.domain, at.bus, at.devfn, where, size)
                self.reads += 1
                self.expect(got == value, f"op {index} {op}: got {got:#x}")
            case ["msleep" | "mdelay", ms] | ["wait", _, ms, False]:
                self.until = self.clock.now + ms * MS
                if not interrupted:
                    self.clock.advance(self.until)
            case ["wait", _, ms, True]:
                self.until = self.clock.now + ms * MS
            case ["irq", bdf]:
                self.interrupt(index, bdf)
            case ["hw", "reset" | "poke", *_]:
                self.happen(next(self.hardware_steps))

    def interrupt(self, index, bdf):
        while not self.fabric.asserted(bdf) and (self.clock.next_deadline() or self.until + 1) <= self.until:
            self.clock.advance(self.clock.next_deadline())
        self.expect(self.fabric.asserted(bdf), f"op {index}: {bdf} asks for no interrupt")
        layout = self.fabric.function(Address.parse(bdf)).layout
        self.handler = bdf, layout.capabilities[EXP] + SLTSTA

    def happen(self, step):
        function = self.fabric.function(Address.parse(step["target"]))
        if step["hw"] == "poke":
            function.put(step["offset"], step["size"], step["value"])
        else:
            function.reset(Reset.FLR)
            function.ready()

    def expect(self, equal, text):
        if not equal:
            self.differences.append(f"{self.trace['name']}: {text}")

    def compare_end(self):
        for bdf, text in self.trace.get("config_after", {}).items():
            got = bytearray(self.fabric.config(Address.parse(bdf)))
            want = bytearray.fromhex(text).ljust(len(got), b"\0")
            knobs = self.trace["machine"].get("hardware", {}).get(bdf, {})
            for knob in PENDING if PENDING.keys() & knobs.keys() else ():
                where, _, bit = pending(want, knob)
                for image in (got, want):
                    image[where] &= ~bit
            differing = [where for where in range(len(got)) if got[where] != want[where]]
            self.expect(not differing, f"{bdf} differs at the end at {[hex(where) for where in differing]}")
        return self


def traces(path):
    with path.open() as lines:
        return [json.loads(line) for line in lines]


@pytest.mark.parametrize("path", RECORDINGS)
def test_golden_tape_reads_and_end_are_those_of_the_golden_hardware(path):
    replays = [Replay(trace).run().compare_end() for trace in traces(path)]
    assert list(chain.from_iterable(replay.differences for replay in replays)) == []
    assert sum(replay.reads for replay in replays) == sum(op[0] == "r" for t in traces(path) for op in t["ops"])


def test_golden_tape_notices_a_bit():
    trace = next(t for t in traces(FILES[0]) if any(op[0] == "r" for op in t["ops"]))
    index, op = next((i, op) for i, op in enumerate(trace["ops"]) if op[0] == "r")
    op[4] ^= 1
    assert [d for d in Replay(trace).run().differences if f"op {index} " in d]


@pytest.mark.parametrize(
    ("name", "rw", "sticky"),
    [("PCI_EXP_DEVCTL", 0x7FFF, 0), ("PCI_EXP_LNKCTL", 0x01FB, 0), ("PCI_EXP_LNKCTL2", 0x1FFF, 0)],
)
def test_golden_registers_are_those_of_the_page_that_describes_them(name, rw, sticky):
    # golden/HARDWARE.md: "Registers"; a bus reset sets every writable bit to its default.
    rows = {row.name: row for row in golden_registers(Layout(port("00:1c.0", 1, 1)))}
    assert (rows[name].rw, rows[name].w1t, rows[name].sticky) == (rw, 0, sticky)


def test_golden_registers_behind_0x100_read_as_given():
    registers = {"x100_4": 0x00010002}  # a virtual channel
    card = function("01:00.0", size=4096, registers=registers)
    assert {row.name for row in Layout(card).registers() if row.start >= 0x100} == {
        "PCI_VC_PORT_CTRL", "PCI_VC_RES_CTRL",
    }  # fmt: skip
    assert [row.name for row in golden_registers(Layout(card)) if row.start >= 0x100] == []
