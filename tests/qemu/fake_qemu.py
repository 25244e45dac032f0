# SPDX-License-Identifier: GPL-2.0-only
"""Speaks as much of QEMU's test protocol as the port does, for a machine of our own hardware model.

Run as: python fake_qemu.py MACHINE [words, of which "stay" alone counts]."""

import signal
import sys
from dataclasses import replace

from kernel_port.hw.clock import Clock
from kernel_port.hw.fabric import Fabric
from kernel_port.images import load

ECAM = 0xB0000000
SIZES = {"b": 1, "w": 2, "l": 4}


def main(machine):
    fabric = Fabric(replace(load(machine), quirks="qemu"), Clock())
    for line in sys.stdin:
        command, *numbers = line.split()
        at, *rest = [int(number, 0) for number in numbers]
        place = 0, (at - ECAM) >> 20, (at - ECAM) >> 12 & 0xFF, (at - ECAM) & 0xFFF
        answer = ""
        if command == "read":
            dwords = [fabric.read(*place[:3], where, 4) for where in range(0, rest[0], 4)]
            answer = f" 0x{b''.join(dword.to_bytes(4, 'little') for dword in dwords).hex()}"
        elif command.startswith("read"):
            answer = f" {fabric.read(*place, SIZES[command[-1]]):#018x}"
        elif command.startswith("write"):
            fabric.write(*place, SIZES[command[-1]], rest[0])
        elif command != "outl":
            answer = None
        print("FAIL Unknown command" if answer is None else f"OK{answer}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
    if "stay" in sys.argv:  # QEMU does not end with its input
        signal.pause()
