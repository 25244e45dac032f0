# SPDX-License-Identifier: GPL-2.0-only
"""What a machine may say to QEMU. Anybody may have written it, so the rule is what is allowed, not what is not."""

import pytest

from kernel_port.cli import main
from kernel_port.hw.errors import MachineError
from kernel_port.qemu.words import checked


@pytest.mark.parametrize(
    "words",
    [
        "-device pcie-root-port,id=p,addr=1c.0,chassis=1,slot=1 -device e1000e,bus=p",
        "-device driver=VGA",
        "-device VGA,romfile=",  # no ROM
        "-device virtio-net-pci,multifunction,mac=52:54:00:12:34:56",
        "-blockdev null-co,node-name=d,size=1G -device nvme,serial=1,drive=d",
        "-blockdev driver=null-co,node-name=d",
    ],
)
def test_checked_takes_devices_and_disks_of_zeros(words):
    assert checked(words) == words.split()


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        ("", "there are no devices"),
        ("-device", "device '' is not allowed"),
        ("-device 'e1000e", "no closing quotation"),
        ("e1000e", "'e1000e' is not allowed"),
        # Programs, networks, files, other processes and this computer's devices.
        ("-netdev user,id=n", "'-netdev' is not allowed"),
        ("-chardev socket,path=s", "'-chardev' is not allowed"),
        ("-monitor stdio", "'-monitor' is not allowed"),
        ("-hda /etc/passwd", "'-hda' is not allowed"),
        ("-device VGA -readconfig f", "'-readconfig' is not allowed"),
        ("-device vfio-pci,host=01:00.0", "device 'vfio-pci' is not allowed"),
        ("-device vhost-scsi-pci", "device 'vhost-scsi-pci' is not allowed"),
        ("-device virtio-input-host-pci,evdev=e", "is not allowed"),
        ("-device help", "device 'help' is not allowed"),
        ("""-device '{"driver":"vfio-pci"}'""", "is not allowed"),
        ("-device VGA,driver=vfio-pci", "driver= of VGA is not allowed"),
        ("-device VGA,romfile=rom", "romfile= of VGA is not allowed"),
        ("-device VGA,xres=/etc/passwd", "is not a property"),
        ("-device VGA,,x", "'' is not a property"),
        ("-blockdev file,filename=f", "'file' is not allowed"),
        ("-blockdev null-co,node-name=d,detect-zeroes=on", "detect-zeroes= of a disk is not allowed"),
        ("-blockdev null-co,driver=file", "driver= of a disk is not allowed"),
    ],
)
def test_checked_refuses_what_leads_out_of_the_machine(words, complaint):
    with pytest.raises(MachineError, match=complaint):
        checked(words)


def test_refusal_is_one_line_and_exit_status_2(capsys):
    assert main(["tree", "qemu:-hda\x1b[1m\nf"]) == 2
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert err.startswith("kernel-port: qemu: '-hda")
