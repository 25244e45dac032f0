# SPDX-License-Identifier: GPL-2.0-only
"""Parts of generated machines, as tables of a machine description: real devices, by their IDs.

Some have function level reset, soft reset, power management or a driver, some do not. Memory below 4 GiB is scarce in a
full segment; I/O ports, scarcer still, are left to the chipset.
"""

from __future__ import annotations

from typing import Any

Table = dict[str, Any]

HOST_BRIDGE: Table = {"kind": "host-bridge", "vendor": 0x8086, "device": 0x3405, "revision": 0x12}  # Intel X58

#: Bridges by kind.
BRIDGES: dict[str, list[Table]] = {
    "root-port": [
        {"vendor": 0x8086, "device": 0x3408, "revision": 0x12},  # Intel X58 root port 1
        {"vendor": 0x8086, "device": 0x3C04, "revision": 0x07},  # Intel Xeon E5/Core i7 root port 2a
        {"vendor": 0x1022, "device": 0x1483},  # AMD Starship/Matisse GPP bridge
    ],
    "upstream-port": [
        {"vendor": 0x10B5, "device": 0x8624, "revision": 0xBB, "bars": {"0": "128K"}},  # PLX PEX 8624 switch
        {"vendor": 0x111D, "device": 0x8061, "revision": 0x02},  # IDT 89HPES24T6 switch
    ],
    "downstream-port": [
        {"vendor": 0x10B5, "device": 0x8624, "revision": 0xBB},
        {"vendor": 0x111D, "device": 0x8061, "revision": 0x02},
    ],
    "express-to-pci-bridge": [{"vendor": 0x12D8, "device": 0xE130, "revision": 0x02}],  # Pericom PI7C9X130
    "pci-bridge": [
        {"vendor": 0x8086, "device": 0x244E, "revision": 0x90, "class": 0x060401},  # Intel 82801
        {"vendor": 0x3388, "device": 0x0021, "revision": 0x11},  # HiNT HB6
    ],
}

_EXPRESS: list[Table] = [
    {  # Intel 82576
        "vendor": 0x8086, "device": 0x10C9, "class": 0x020000, "driver": "igb",
        "bars": {"0": "16K 64-bit prefetchable"}, "pm": {}, "msi": {}, "express": {"flr": True, "width": 4},
    },
    {  # Intel 82574L
        "vendor": 0x8086, "device": 0x10D3, "class": 0x020000, "driver": "e1000e",
        "bars": {"0": "8K"}, "pm": {"no_soft_reset": True}, "msi": {}, "express": {},
    },
    {  # NVIDIA GT218
        "vendor": 0x10DE, "device": 0x0A65, "class": 0x030000, "driver": "nouveau",
        "bars": {"1": "256M 64-bit prefetchable"}, "pm": {}, "msi": {}, "express": {"width": 16},
    },
    {  # NVIDIA High Definition Audio
        "vendor": 0x10DE, "device": 0x0BE3, "class": 0x040300, "driver": "snd_hda_intel",
        "bars": {"0": "4K"}, "pm": {"no_soft_reset": True}, "msi": {}, "express": {"width": 16},
    },
    {  # Samsung XS1715
        "vendor": 0x144D, "device": 0xA820, "class": 0x010802, "driver": "nvme",
        "bars": {"0": "16K 64-bit prefetchable"}, "pm": {"no_soft_reset": True}, "express": {"speed": 3, "width": 4},
    },
    {  # Mellanox ConnectX-3
        "vendor": 0x15B3, "device": 0x1003, "class": 0x028000, "driver": "mlx4_core",
        "bars": {"2": "32M 64-bit prefetchable"}, "pm": {"no_soft_reset": True},
        "express": {"flr": True, "speed": 3, "width": 8},
    },
    {  # JMicron JMB363
        "kind": "legacy-endpoint", "vendor": 0x197B, "device": 0x2363, "class": 0x010601,
        "bars": {"5": "8K"}, "pm": {"version": 2}, "express": {"version": 1, "speed": 1},
    },
    {"vendor": 0x11F8, "device": 0x8001, "class": 0x058000, "express": {"width": 4}},  # PMC-Sierra
]  # fmt: skip

_CONVENTIONAL: list[Table] = [
    {  # Creative EMU10k1
        "kind": "pci", "vendor": 0x1102, "device": 0x0002, "class": 0x040100, "driver": "snd_emu10k1",
        "pm": {"no_soft_reset": True, "version": 1},
    },
    {  # 3Com 3c905C-TX
        "kind": "pci", "vendor": 0x10B7, "device": 0x9200, "class": 0x020000, "driver": "3c59x",
        "bars": {"1": "128"}, "pm": {"version": 2},
    },
    {  # Texas Instruments TSB43AB23
        "kind": "pci", "vendor": 0x104C, "device": 0x8024, "class": 0x0C0010, "driver": "firewire_ohci",
        "bars": {"0": "2K"}, "pm": {"version": 2, "no_soft_reset": True},
    },
    {  # Intel 82540EM
        "kind": "pci", "vendor": 0x8086, "device": 0x100E, "class": 0x020000, "driver": "e1000",
        "bars": {"0": "16K"}, "pm": {"version": 2}, "pcix": {},
    },
    {"kind": "pci", "vendor": 0x109E, "device": 0x036E, "class": 0x040000, "bars": {"0": "4K"}},  # Brooktree Bt878
]  # fmt: skip

_CHIPSET: list[Table] = [
    {  # Intel 5 Series USB2
        "kind": "pci", "vendor": 0x8086, "device": 0x3B3C, "class": 0x0C0320, "driver": "ehci-pci",
        "bars": {"0": "1K"}, "pm": {"no_soft_reset": True}, "af": {},
    },
    {  # Intel ICH9 USB UHCI
        "kind": "pci", "vendor": 0x8086, "device": 0x2934, "class": 0x0C0300, "driver": "uhci_hcd",
        "bars": {"4": "32 io"},
    },
    {  # Intel 5 Series AHCI
        "kind": "pci", "vendor": 0x8086, "device": 0x3B22, "class": 0x010601, "driver": "ahci",
        "bars": {"5": "2K"}, "pm": {"no_soft_reset": True}, "af": {"flr": False},
    },
    {  # Intel 5 Series High Definition Audio
        "kind": "integrated-endpoint", "vendor": 0x8086, "device": 0x3B56, "class": 0x040300, "driver": "snd_hda_intel",
        "bars": {"0": "16K 64-bit"}, "pm": {"no_soft_reset": True}, "msi": {}, "express": {"flr": True},
    },
    {"kind": "pci", "vendor": 0x8086, "device": 0x3B30, "class": 0x0C0500},  # Intel 5 Series SMBus
]  # fmt: skip

#: Devices other than bridges, by kind of bus (generate.py).
DEVICES = {"root": _CHIPSET, "link": _EXPRESS, "switch": _EXPRESS, "conventional": _CONVENTIONAL}
