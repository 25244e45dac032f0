# SPDX-License-Identifier: GPL-2.0-only
"""Which words of QEMU's command line a machine may have: devices that nothing leads out of, and disks of zeros.

A machine may come from anybody, so what is not known to be harmless is refused: no file, program, network or device of
this computer is behind any of these. QEMU itself is denied to start programs (process.py).
"""

from __future__ import annotations

import re
import shlex

from ..hw.errors import MachineError

#: The device models that are taken.
_DEVICES = """
    pcie-root-port ioh3420 x3130-upstream xio3130-downstream pcie-pci-bridge pci-bridge i82801b11-bridge
    nvme nvme-ns nvme-subsys ich9-ahci ahci lsi lsi53c810 lsi53c895a megasas megasas-gen2 mptsas1068 pvscsi am53c974
    dc390 sdhci-pci piix3-ide
    e1000 e1000-82540em e1000-82544gc e1000-82545em e1000e vmxnet3 rtl8139 ne2k_pci pcnet tulip i82550 i82551 i82557a
    i82557b i82557c i82558a i82558b i82559a i82559b i82559c i82559er i82562 i82801
    qemu-xhci nec-usb-xhci usb-ehci pci-ohci piix3-usb-uhci piix4-usb-uhci ich9-usb-ehci1 ich9-usb-ehci2
    ich9-usb-uhci1 ich9-usb-uhci2 ich9-usb-uhci3 ich9-usb-uhci4 ich9-usb-uhci5 ich9-usb-uhci6
    virtio-blk-pci virtio-scsi-pci virtio-net-pci virtio-serial-pci virtio-balloon-pci virtio-rng-pci virtio-gpu-pci
    virtio-keyboard-pci virtio-mouse-pci virtio-tablet-pci virtio-vga
    VGA secondary-vga bochs-display cirrus-vga ati-vga
    intel-hda ich9-intel-hda edu pci-testdev
"""
DEVICES = frozenset(_DEVICES.split())
#: Properties that name a file.
REFUSED = frozenset({"romfile", "filename", "file", "path", "host", "chardev", "netdev", "fsdev", "audiodev"})
#: The disk that is taken, and its properties.
DISK = "null-co"
DISK_PROPERTIES = frozenset({"node-name", "size", "read-zeroes"})

_PROPERTY = re.compile(r"([\w.-]+)(?:=([\w.:-]*))?", re.ASCII)
_ALLOWED = f"give -device with a model such as pcie-root-port, e1000e or nvme, or -blockdev {DISK},node-name=NAME"


def checked(text: str) -> list[str]:
    """Return the words of *text*, as a shell would split it.

    :raises MachineError: one of them is not allowed; names it and says what is"""
    try:
        words = shlex.split(text)
    except ValueError as error:
        raise MachineError(f"qemu: {str(error).lower()}; {_ALLOWED}") from None
    if not words:
        raise MachineError(f"qemu: there are no devices; {_ALLOWED}")
    for option, value in zip(words[::2], [*words[1::2], ""][: len(words[::2])], strict=True):
        match option:
            case "-device":
                _check_device(value)
            case "-blockdev":
                _check_disk(value)
            case _:
                raise MachineError(f"qemu: {option!r} is not allowed; {_ALLOWED}")
    return words


def _properties(value: str) -> tuple[str, list[tuple[str, str]]]:
    """Split "MODEL,name=value,..." up."""
    model, *properties = value.split(",")
    found = [_PROPERTY.fullmatch(each) for each in properties]
    for each, match in zip(properties, found, strict=True):
        if match is None:
            raise MachineError(f"qemu: {each!r} is not a property such as addr=1c.0; paths are not allowed")
    return model.removeprefix("driver="), [(match[1], match[2] or "") for match in found if match]


def _check_device(value: str) -> None:
    model, properties = _properties(value)
    if model not in DEVICES:
        raise MachineError(f"qemu: device {model!r} is not allowed; there are {', '.join(sorted(DEVICES))}")
    for name, content in properties:
        if (name in REFUSED and content) or name == "driver":
            raise MachineError(f"qemu: {name}= of {model} is not allowed: it leads out of the machine; leave it out")


def _check_disk(value: str) -> None:
    kind, properties = _properties(value)
    if kind != DISK:
        raise MachineError(f"qemu: -blockdev {kind!r} is not allowed; give {DISK},node-name=NAME: a disk of zeros")
    for name, _ in properties:
        if name not in DISK_PROPERTIES:
            raise MachineError(
                f"qemu: {name}= of a disk is not allowed; there are {', '.join(sorted(DISK_PROPERTIES))}"
            )
