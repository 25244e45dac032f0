# SPDX-License-Identifier: GPL-2.0-only
"""sysfs trees, made by hand as the kernel lays them out; and this computer's own."""

import os
from pathlib import Path

import pytest

from kernel_port.hw.errors import MachineError
from kernel_port.images import load
from kernel_port.images.sysfs import read

DEVICE = bytes.fromhex("8680d310060410000000000210000000").ljust(256, b"\0")
NONE = "0x0000000000000000 0x0000000000000000 0x0000000000000000\n"


def put_function(folder, config=DEVICE, resource=None):
    folder.mkdir(parents=True)
    (folder / "config").write_bytes(config)
    if resource is not None:
        (folder / "resource").write_text(resource)


@pytest.mark.parametrize(("known", "size"), [(64, 256), (256, 256), (4096, 4096)])
def test_read_config_of_each_length(tmp_path, known, size):
    put_function(tmp_path / "0000:01:00.0", DEVICE.ljust(4096, b"\0")[:known])
    (function,) = load(tmp_path).functions
    assert (str(function.address), len(function.config), function.size) == ("0000:01:00.0", known, size)


@pytest.mark.parametrize("where", ["", "devices", "bus/pci/devices", "sys/bus/pci/devices"])
def test_read_finds_the_devices_in_a_copied_tree(tmp_path, where):
    put_function(tmp_path / where / "0001:01:00.0")
    assert [str(function.address) for function in load(tmp_path).functions] == ["0001:01:00.0"]


def test_read_resource_sizes(tmp_path):
    lines = [
        "0x00000000f7c00000 0x00000000f7c1ffff 0x0000000000040200\n",  # 0x20000 bytes
        NONE,
        "0x000000000000e000 0x000000000000e01f 0x0000000000040101\n",  # 32
        "0x00000000000003f6 0x00000000000003f6 0x0000000000000110\n",  # 1
        NONE,
        NONE,
        "0x00000000f7c80000 0x00000000f7cbffff 0x0000000000046200\n",  # 0x40000
    ]
    put_function(tmp_path / "0000:01:00.0", resource="".join(lines))
    (function,) = load(tmp_path).functions
    assert function.bars == {0: 0x20000, 2: 32, 3: 1}
    assert function.rom == 0x40000


def test_read_virtual_function_resources_are_no_bars(tmp_path):
    put_function(tmp_path / "0000:01:10.0", resource="0x00000000f7c00000 0x00000000f7c1ffff 0x0000000000040200\n")
    (tmp_path / "0000:01:10.0/physfn").symlink_to("../0000:01:00.0")
    assert load(tmp_path).functions[0].bars == {}


def test_read_driver_is_the_name_the_link_ends_in(tmp_path):
    put_function(tmp_path / "0000:01:00.0")
    (tmp_path / "0000:01:00.0/driver").symlink_to("../../../../bus/pci/drivers/e1000e")
    assert load(tmp_path).functions[0].driver == "e1000e"


@pytest.mark.parametrize(
    ("target", "group"), [("../../../kernel/iommu_groups/0", 0), ("../../kernel/iommu_groups/x1", None), (None, None)]
)
def test_read_iommu_group_is_the_number_the_link_ends_in(tmp_path, target, group):
    put_function(tmp_path / "0000:01:00.0")
    if target:
        (tmp_path / "0000:01:00.0/iommu_group").symlink_to(target)
    assert load(tmp_path).functions[0].iommu_group == group


def test_read_kernel_layout_follows_links_into_devices(tmp_path):
    put_function(tmp_path / "sys/devices/pci0000:00/0000:00:1c.0")
    links = tmp_path / "sys/bus/pci/devices"
    links.mkdir(parents=True)
    (links / "0000:00:1c.0").symlink_to("../../../devices/pci0000:00/0000:00:1c.0")
    assert [str(function.address) for function in load(links).functions] == ["0000:00:1c.0"]


def test_read_functions_below_a_bridge_in_its_own_folder(tmp_path):
    port = tmp_path / "devices/pci0000:00/0000:00:1c.0"
    put_function(port)
    put_function(port / "0000:01:00.0")
    put_function(tmp_path / "devices/pci0001:00/0001:00:00.0")
    found = [str(function.address) for function in load(tmp_path).functions]
    assert found == ["0000:00:1c.0", "0000:01:00.0", "0001:00:00.0"]


def test_read_function_both_in_the_list_and_below_its_bridge_once(tmp_path):
    put_function(tmp_path / "0000:00:1c.0")
    put_function(tmp_path / "0000:00:1c.0/0000:01:00.0")
    put_function(tmp_path / "0000:01:00.0")
    assert len(load(tmp_path).functions) == 2


def test_read_link_out_of_the_tree_refused(tmp_path):
    put_function(tmp_path / "elsewhere/0000:00:1c.0")
    (tmp_path / "tree").mkdir()
    (tmp_path / "tree/0000:00:1c.0").symlink_to("../elsewhere/0000:00:1c.0")
    with pytest.raises(MachineError, match=r"0000:00:1c\.0: links out of the tree"):
        load(tmp_path / "tree")


def test_read_config_that_is_a_link_refused(tmp_path):
    put_function(tmp_path / "0000:00:1c.0")
    (tmp_path / "secret").write_bytes(DEVICE)
    (tmp_path / "0000:00:1c.0/config").unlink()
    (tmp_path / "0000:00:1c.0/config").symlink_to(tmp_path / "secret")
    with pytest.raises(MachineError, match=r"0000:00:1c\.0/config: .*; read it as root"):
        load(tmp_path)


@pytest.mark.parametrize("config", [b"", DEVICE[:63], DEVICE * 17])
def test_read_config_of_odd_length_names_the_file(tmp_path, config):
    put_function(tmp_path / "0000:00:1c.0", config)
    with pytest.raises(MachineError, match=r"0000:00:1c\.0/config: \d+ bytes, not 64, 128, 256, 4096; copy it again"):
        load(tmp_path)


def test_read_config_missing_names_the_file(tmp_path):
    (tmp_path / "0000:00:1c.0").mkdir()
    with pytest.raises(MachineError, match=r"0000:00:1c\.0/config: No such file"):
        load(tmp_path)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_read_config_unreadable_names_the_file(tmp_path):
    put_function(tmp_path / "0000:00:1c.0")
    (tmp_path / "0000:00:1c.0/config").chmod(0)
    with pytest.raises(MachineError, match=r"0000:00:1c\.0/config: Permission denied; read it as root"):
        load(tmp_path)


def test_read_resource_garbage_names_file_and_line(tmp_path):
    put_function(tmp_path / "0000:00:1c.0", resource=NONE + "what is this\n")
    with pytest.raises(MachineError, match=r"resource:2: not start, end, flags: 'what is this'"):
        load(tmp_path)


def test_read_directory_without_functions_refused(tmp_path):
    with pytest.raises(MachineError, match=r"no folder such as 0000:00:00\.0"):
        load(tmp_path)


@pytest.mark.skipif(not Path("/sys/bus/pci/devices").is_dir(), reason="this computer shows no PCI")
def test_load_host_every_device_with_its_ids():
    """The oracle is the kernel's own vendor and device files."""
    devices = sorted(path.name for path in Path("/sys/bus/pci/devices").iterdir())
    if not devices:
        pytest.skip("this computer has no PCI device")
    functions = {str(function.address): function for function in read(Path("/sys/bus/pci/devices"), "host")}
    assert sorted(functions) == devices
    for name in devices:
        vendor = int(Path("/sys/bus/pci/devices", name, "vendor").read_text(), 16)
        config = functions[name].config
        assert int.from_bytes(config[:2], "little") in (vendor, 0xFFFF)
