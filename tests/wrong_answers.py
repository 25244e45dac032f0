# SPDX-License-Identifier: GPL-2.0-only
# ruff: noqa: E501, ISC004
"""What students write: our solutions with a mistake. Exercise -> name of the mistake, and what is put for what."""

from kernel_port.exercises.templates import standing_alone

WRONG = {
    1: [
        ("forgotten", [("    reset_slot: Callable[[hotplug_slot, int], int] = NULL\n", "")]),
        ("no_default", [("int] = NULL", "int]")]),
        ("other_name", [("    reset_slot:", "    slot_reset:")]),
    ],
    2: [
        ("not_held", [("BUS_RESET\n    pci_write_config_word(dev, PCI_BRIDGE_CONTROL, ctrl)\n    msleep(100)\n\n",
                       "BUS_RESET\n    pci_write_config_word(dev, PCI_BRIDGE_CONTROL, ctrl)\n\n")]),
        ("other_bits_lost", [("    ctrl |= PCI", "    ctrl = PCI"), ("    ctrl &= ~PCI_BRIDGE_CTL_BUS_RESET", "    ctrl = 0")]),
        ("alone_refused", [("        if pdev is not dev:\n", "        if pdev:\n")]),
        ("not_settled", [("ctrl)\n    msleep(100)\n\n\nEXPORT", "ctrl)\n\n\nEXPORT")]),
        ("probe_resets", [("    if probe:\n        return 0\n\n", "")]),
    ],
    3: [
        ("saved_asleep", [("    pci_set_power_state(dev, PCI_D0)\n\n    pci_save_state(dev)\n",
                           "    pci_save_state(dev)\n    pci_set_power_state(dev, PCI_D0)\n")]),
        ("disabled_first", [("    pci_save_state(dev)\n", ""),
                            ("PCI_COMMAND_INTX_DISABLE)\n", "PCI_COMMAND_INTX_DISABLE)\n    pci_save_state(dev)\n")]),
        ("command_cleared", [("PCI_COMMAND, PCI_COMMAND_INTX_DISABLE)", "PCI_COMMAND, 0)")]),
    ],
    4: [
        ("kept", [("    module_put(hotplug.ops.owner)\n\n", "")]),
        ("early_way_out", [("    if hotplug.ops.reset_slot:\n        rc =", "    if not hotplug.ops.reset_slot:\n        return rc\n"
                            "    rc =")]),
        ("not_held", [(" or not try_module_get(hotplug.ops.owner)", ""), ("    module_put(hotplug.ops.owner)\n\n", "")]),
        ("null_called", [("    if hotplug.ops.reset_slot:\n    ", "")]),
    ],
    5: [
        ("bus_first", [("    rc = pci_dev_reset_slot_function(dev, probe)\n", "    rc = pci_parent_bus_reset(dev, probe)\n"),
                       ("    rc = pci_parent_bus_reset(dev, probe)\n    return rc", "    rc = pci_dev_reset_slot_function(dev, probe)\n    return rc")]),
        ("every_neighbour", [("        if pdev is not dev and pdev.slot is dev.slot:\n", "        if pdev is not dev:\n")]),
        ("itself", [("        if pdev is not dev and pdev.slot is dev.slot:\n", "        if pdev.slot is dev.slot:\n")]),
        ("any_error", [("    rc = pci_pm_reset(dev, probe)\n    if rc != -ENOTTY:\n", "    rc = pci_pm_reset(dev, probe)\n    if not rc:\n")]),
    ],
    6: [
        ("device_first", [("    pci_cfg_access_lock(dev)\n", ""), ("    device_lock(dev.dev)\n", "    device_lock(dev.dev)\n    pci_cfg_access_lock(dev)\n")]),
        ("same_order", [("    device_unlock(dev.dev)\n    pci_cfg_access_unlock(dev)\n", "    pci_cfg_access_unlock(dev)\n    device_unlock(dev.dev)\n")]),
        ("probe_locked", [("    if not probe:\n        pci_dev_lock(dev)\n", "    pci_dev_lock(dev)\n"), ("    if not probe:\n        pci_dev_unlock(dev)\n", "    pci_dev_unlock(dev)\n")]),
("not_probed", [("    rc = pci_dev_reset(dev, 1)\n    if rc:\n        return rc\n\n", "")]),
    ],
    7: [
        ("not_masked", [("        pcie_write_cmd(ctrl, 0, PCI_EXP_SLTCTL_PDCE)\n", "        pass\n")]),
        ("event_left", [("        pciehp_writew(ctrl, PCI_EXP_SLTSTA, PCI_EXP_SLTSTA_PDC)\n", "")]),
        ("written_directly", [("        pcie_write_cmd(ctrl, 0, PCI_EXP_SLTCTL_PDCE)\n", "        pciehp_writew(ctrl, PCI_EXP_SLTCTL, 0)\n")]),
        ("always_masked", [("    if HP_SUPR_RM(ctrl):\n        pcie_write_cmd(ctrl, 0,", "    if ctrl:\n        pcie_write_cmd(ctrl, 0,")]),
        ("left_masked", [("        pcie_write_cmd(ctrl, PCI_EXP_SLTCTL_PDCE, PCI_EXP_SLTCTL_PDCE)\n", "")]),
        ("wrong_bit", [("        pcie_write_cmd(ctrl, 0, PCI_EXP_SLTCTL_PDCE)\n", "        pcie_write_cmd(ctrl, 0, PCI_EXP_SLTCTL_HPIE)\n")]),
        ("not_waited", [("        pcie_write_cmd(ctrl, 0, PCI_EXP_SLTCTL_PDCE)\n",
                         "        mutex_lock(ctrl.ctrl_lock)\n        pciehp_readw(ctrl, PCI_EXP_SLTSTA)\n"
                         "        slot_ctrl = pciehp_readw(ctrl, PCI_EXP_SLTCTL)[1]\n"
                         "        pciehp_writew(ctrl, PCI_EXP_SLTCTL, slot_ctrl & ~PCI_EXP_SLTCTL_PDCE)\n        mutex_unlock(ctrl.ctrl_lock)\n")]),
        ("not_set", [("    ops.reset_slot = reset_slot\n", "")]),
    ],
    8: [
        ("probe_locked", [("    if not probe:\n        pci_slot_lock(slot)\n", "    pci_slot_lock(slot)\n"), ("    if not probe:\n        pci_slot_unlock(slot)\n", "    pci_slot_unlock(slot)\n")]),
        ("children_first", [("        pci_dev_restore(dev)\n        if dev.subordinate:\n            pci_bus_restore(dev.subordinate)\n\n\ndef pci_slot_save",
                             "        if dev.subordinate:\n            pci_bus_restore(dev.subordinate)\n        pci_dev_restore(dev)\n\n\ndef pci_slot_save")]),
        ("whole_bus", [('"""Lock every device in and below *slot*, from the top down.\n\n    C: drivers/pci/pci.c, static, patch 7"""\n    for dev in slot.bus.devices:\n        if not dev.slot or dev.slot is not slot:\n            continue\n',
                        '"""Lock."""\n    for dev in slot.bus.devices:\n')]),
        ("not_below", [("        pci_dev_save_and_disable(dev)\n        if dev.subordinate:\n            pci_bus_save_and_disable(dev.subordinate)\n\n\ndef pci_bus_restore", "        pci_dev_save_and_disable(dev)\n\n\ndef pci_bus_restore")]),
        ("unlocked_top_down", [("        if dev.subordinate:\n            pci_bus_unlock(dev.subordinate)\n        pci_dev_unlock(dev)\n\n\ndef pci_slot_lock", "        pci_dev_unlock(dev)\n        if dev.subordinate:\n            pci_bus_unlock(dev.subordinate)\n\n\ndef pci_slot_lock")]),
    ],
    9: [
        ("as_before", [("    slot = bus.slots[0].hotplug if pci_is_pcie(bus.self) and bus.slots else NULL\n    if pci_hp_reset_slot(slot, 0) == -ENOTTY:\n        pci_reset_bridge_secondary_bus(bus.self)\n",
                        "    pci_reset_bridge_secondary_bus(bus.self)\n")]),
        ("only_probed", [("    if pci_hp_reset_slot(slot, 0) == -ENOTTY:\n    ", "    if pci_hp_reset_slot(slot, 1) == 0:\n    ")]),
        ("no_slot", [("bus.slots[0].hotplug if pci_is_pcie(bus.self) and bus.slots else NULL", "bus.slots[0].hotplug")]),
        ("kept_locked", [("    pci_bus_unlock(bus)\n", "")]),
    ],
    10: [
        ("slot_only", [("    for dev in reversed(bus.devices):", "    for dev in bus.devices:")]),
        ("parent_first", [("        if dev.subordinate:\n            pci_bus_unlock(dev.subordinate)\n        pci_dev_unlock(dev)\n", "        pci_dev_unlock(dev)\n        if dev.subordinate:\n            pci_bus_unlock(dev.subordinate)\n")]),
        ("not_below", [("        if dev.subordinate:\n            pci_bus_unlock(dev.subordinate)\n        pci_dev_unlock(dev)\n\n\ndef", "        pci_dev_unlock(dev)\n\n\ndef")]),
    ],
    11: [
        ("one_walk", [("        pci_slot_lock(slot)\n", "        pci_slot_lock(slot)\n        up_read(pci_bus_sem)\n"), ("        pci_slot_unlock(slot)\n        up_read(pci_bus_sem)\n", "        pci_slot_unlock(slot)\n")]),
        ("slot_only", [("    down_read(pci_bus_sem)\n    pci_bus_lock(bus)\n", "    pci_bus_lock(bus)\n"), ("    pci_bus_unlock(bus)\n    up_read(pci_bus_sem)\n", "    pci_bus_unlock(bus)\n")]),
        ("for_writing", [("down_read", "down_write"), ("        up_read", "        down_write"), ("    up_read", "    down_write")]),
        ("never_released", [("        up_read(pci_bus_sem)\n", "")]),
    ],
    12: [
        ("locked_twice", [("    rc = __pci_dev_reset(dev, 0)", "    rc = pci_dev_reset(dev, 0)")]),
        ("restored_outside", [("    pci_dev_restore(dev)\n    pci_dev_unlock(dev)\n", "    pci_dev_unlock(dev)\n    pci_dev_restore(dev)\n")]),
        ("kept_locked", [("    pci_dev_unlock(dev)\n", "")]),
        ("saved_before", [("    pci_dev_lock(dev)\n    pci_dev_save_and_disable(dev)\n", "    pci_dev_save_and_disable(dev)\n    pci_dev_lock(dev)\n")]),
    ],
    13: [
        ("no_claim", [("flr = true", "flr = false")]),
        ("it_works", [("flr_works = false\n", "")]),
        ("no_card", [("01:00.0", "01:01.0")]),
    ],
    14: [
        ("no_sound", [("0x040300", "0x010700")]),
        ("waking_resets", [("pm = {no_soft_reset = true}\nexpress", "pm = {}\nexpress")]),
        ("other_device", [("01:00.1", "01:01.0")]),
    ],
    15: [
        ("no_slot", [("slot = {number = 1, button = true, attention_indicator = true, power_indicator = true}\n", "")]),
        ("waking_resets", [("bus = [2, 3]\npm = {no_soft_reset = true}", "bus = [2, 3]\npm = {}")]),
        ("other_slot", [("number = 1", "number = 4")]),
    ],
    16: [
        ("no_surprise", [("surprise = true, ", "")]),
        ("flr", [("express = {}", "express = {flr = true}")]),
        ("late", [("bars =", "bars =") , ("power_indicator = true}\n", "power_indicator = true}\nslot_status_ms = 300\n")]),
        ("pins", [("power_indicator = true}\n", "power_indicator = true}\npresence_follows_link = false\n")]),
    ],
    17: [
        ("awake", [('pm = {state = "D3hot"}', "pm = {}\ndriver = \"mpt2sas\"")]),
        ("keeps_its_state", [('pm = {state = "D3hot"}', 'pm = {state = "D3hot", no_soft_reset = true}')]),
        ("stays_asleep", [('pm = {state = "D3hot"}\n', 'pm = {state = "D3hot"}\npower_state_changes = false\n')]),
    ],
    18: [
        ("in_time", [("slot_status_ms = 300", "slot_status_ms = 30")]),
        ("no_surprise", [("surprise = true, ", "")]),
        ("no_slot_1", [("number = 1", "number = 2")]),
    ],
}  # fmt: skip


def written(exercise, edits=()):
    """Our solution as a student's file, with *edits*."""
    text = exercise.solution.read_text()
    text = standing_alone(text) if exercise.suffix == ".py" else text
    for old, new in edits:
        assert old in text, old
        text = text.replace(old, new)
    return text
