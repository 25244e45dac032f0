# SPDX-License-Identifier: GPL-2.0-only
"""What became of the functions of 2013 in later kernels: new names, new shapes, and since when.

All new names here are in Linux 6.1. Versions are those of the change; "about" marks those from memory, and unknown ones
are left out.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Later:
    """What became of a function."""

    #: Its successors, the nearest first; empty if there are none.
    names: tuple[str, ...]
    since: str
    why: str


_IST = "about v4.19", "a threaded interrupt handler has taken the place of the work queue"
_LED = "about v5.4", "both indicators are set by one command"
_SLOT = "about v4.20", "struct slot has become part of struct controller"
_LOCKED = "about v4.20", "devices are locked before they are saved"
_ACCESSOR = "", "the capability accessors are called directly"
_CORE = "about v5.15", "other drivers of PCI devices use it, too: it is in vfio_pci_core.c"
_MAIN = "about v6.0", "vfio.c has become vfio_main.c"
_MSI = "about v5.17", "msi.c has become msi/msi.c"
_MSI_NAMES = "about v3.19", "functions of PCI's messages say so in their names"
_MSI_MASK = "about v5.14", "one function masks and unmasks"
_VECTORS = "about v4.13", "all interrupts of a port are allocated together"
_OSC = "", "_OSC alone decides whether pciehp may control a port"
_SYSFS = "about v5.13", "the driver core creates and removes the files"
_ATS = "about v4.3", "what is known of ATS is part of struct pci_dev"

RENAMES = {
    # pci.c
    "pci_resource_bar": Later(("pci_std_update_resource",), "about v4.10", "computed where needed"),
    "pci_raw_set_power_state": Later(
        ("pci_power_up", "pci_set_low_power_state"), "about v5.19", "wake and sleep are two functions now"
    ),
    "__pci_start_power_transition": Later(("pci_power_up",), "about v5.5", "part of its caller"),
    "__pci_complete_power_transition": Later(("pci_set_low_power_state",), "about v5.5", "part of its caller"),
    "__pci_dev_reset": Later(
        ("__pci_reset_function_locked",), "about v4.13", "later it walks a table, pci_reset_fn_methods"
    ),
    "pci_dev_reset": Later(("pci_reset_function",), "about v4.13", "locking has become part of its callers"),
    "__pci_reset_function": Later((), "about v4.17", "had no caller"),
    "pci_probe_reset_function": Later(("pci_init_reset_methods",), "about v5.15", "found when a device appears"),
    "pci_reset_bridge_secondary_bus": Later(
        ("pci_bridge_secondary_bus_reset", "pci_reset_secondary_bus"),
        "about v4.19",
        "the accesses are in pci_reset_secondary_bus(), which an architecture may replace",
    ),
    "pci_bus_save_and_disable": Later(("pci_bus_save_and_disable_locked",), *_LOCKED),
    "pci_bus_restore": Later(("pci_bus_restore_locked",), *_LOCKED),
    "pci_slot_save_and_disable": Later(("pci_slot_save_and_disable_locked",), *_LOCKED),
    "pci_slot_restore": Later(("pci_slot_restore_locked",), *_LOCKED),
    "pci_reset_slot": Later(
        ("__pci_reset_slot",), "about v4.19", "drivers give pci_reset_bus() a device, and it resets the slot if it can"
    ),
    # access.c
    "pcie_cap_has_devctl": Later((), "v3.12", "every PCI Express device has these registers"),
    "pci_vpd_pci22_init": Later(("pci_vpd_init",), "about v4.6", "there is one kind of VPD"),
    # bus.c, pci-sysfs.c
    "pci_enable_bridges": Later(("pci_enable_bridge",), "v3.12", "a bridge is enabled with the first device behind it"),
    "pci_create_capabilities_sysfs": Later((), *_SYSFS),
    "pci_remove_capabilities_sysfs": Later((), *_SYSFS),
    # msi.c
    "default_restore_msi_irqs": Later(("pci_restore_msi_state",), "about v5.17", "part of its caller"),
    "msi_set_enable": Later(("pci_msi_set_enable",), *_MSI_NAMES),
    "msix_set_enable": Later(("pci_msix_clear_and_set_ctrl",), *_MSI_NAMES),
    "msi_mask": Later(("msi_multi_mask",), "about v5.14", "computed where needed"),
    "msi_capable_mask": Later(("msi_multi_mask",), "about v5.14", "computed where needed"),
    "__msi_mask_irq": Later(("pci_msi_update_mask",), *_MSI_MASK),
    "msi_mask_irq": Later(("pci_msi_update_mask",), *_MSI_MASK),
    "msi_set_mask_bit": Later(("pci_msi_mask_irq",), *_MSI_NAMES),
    "mask_msi_irq": Later(("pci_msi_mask_irq",), *_MSI_NAMES),
    "unmask_msi_irq": Later(("pci_msi_unmask_irq",), *_MSI_NAMES),
    "__write_msi_msg": Later(("__pci_write_msi_msg",), *_MSI_NAMES),
    "write_msi_msg": Later(("pci_write_msi_msg",), *_MSI_NAMES),
    "free_msi_irqs": Later(("free_msi_irqs",), *_MSI),
    "alloc_msi_entry": Later(("msi_setup_msi_desc",), "about v5.17", "the interrupt core keeps the descriptors"),
    "pci_intx_for_msi": Later(("pci_intx_for_msi",), *_MSI),
    "__pci_restore_msi_state": Later(("__pci_restore_msi_state",), *_MSI),
    "__pci_restore_msix_state": Later(("__pci_restore_msix_state",), *_MSI),
    "msi_capability_init": Later(("msi_capability_init",), *_MSI),
    "msix_map_region": Later(("msix_map_region",), *_MSI),
    "msix_setup_entries": Later(("msix_setup_msi_descs",), *_MSI),
    "msix_program_entries": Later(("msix_setup_interrupts",), *_MSI),
    "msix_capability_init": Later(("msix_capability_init",), *_MSI),
    "pci_msi_check_device": Later(("pci_msi_supported",), "about v3.18", "returns whether, no error"),
    "pci_enable_msi_block": Later(("__pci_enable_msi_range",), "about v3.16", "takes the least and the most messages"),
    "pci_msi_shutdown": Later(("pci_msi_shutdown",), *_MSI),
    "pci_msix_table_size": Later(("pci_msix_vec_count",), "about v3.14", "an error where there is no MSI-X"),
    "pci_enable_msix": Later(("__pci_enable_msix_range",), "about v4.12", "takes the least and the most messages"),
    "pci_msix_shutdown": Later(("pci_msix_shutdown",), *_MSI),
    "pci_msi_init_pci_dev": Later(("pci_msi_init", "pci_msix_init"), "", "MSI and MSI-X are looked for separately"),
    # port drivers
    "pcie_port_bus_match": Later(("pcie_port_bus_match",), "about v4.18", "part of pci-driver.c"),
    "pcie_port_msix_add_entry": Later((), *_VECTORS),
    "pcie_port_enable_msix": Later(("pcie_port_enable_irq_vec",), *_VECTORS),
    "init_service_irqs": Later(("pcie_init_service_irqs",), *_VECTORS),
    "cleanup_service_irqs": Later(("pcie_port_device_remove",), *_VECTORS),
    "pcie_pme_service_init": Later(("pcie_pme_init",), "about v4.20", "the port driver calls it"),
    # pci_hotplug_core.c
    "pci_hp_reset_slot": Later(("pci_reset_hotplug_slot",), "v3.12", "merged in pci.c, static"),
    "pci_hp_change_slot_info": Later((), "about v4.20", "the driver is asked each time"),
    "hotplug_slot_info": Later((), "about v4.20", "the driver is asked each time"),
    # pciehp
    "pcied_init": Later(("pcie_hp_init",), "about v4.20", "the port driver calls it"),
    "pciehp_acpi_slot_detection_check": Later((), *_OSC),
    "dummy_probe": Later((), *_OSC),
    "select_detection_mode": Later((), *_OSC),
    "pciehp_acpi_slot_detection_init": Later((), *_OSC),
    "slot": Later(("controller",), *_SLOT),
    "event_info": Later((), *_IST),
    "power_work_info": Later((), *_IST),
    "HP_SUPR_RM": Later((), "", "presence detection is masked where the slot has no button"),
    "EMI": Later((), "", "had no caller"),
    "pciehp_readw": Later(("pcie_capability_read_word",), *_ACCESSOR),
    "pciehp_readl": Later(("pcie_capability_read_dword",), *_ACCESSOR),
    "pciehp_writew": Later(("pcie_capability_write_word",), *_ACCESSOR),
    "int_poll_timeout": Later(("pciehp_poll",), "about v4.19", "a thread polls in place of a timer"),
    "start_int_poll_timer": Later(("pciehp_poll",), "about v4.19", "a thread polls in place of a timer"),
    "pcie_isr": Later(("pciehp_isr", "pciehp_ist"), "about v4.19", "events are handled in a thread"),
    "pcie_init_slot": Later(("pcie_init",), *_SLOT),
    "pcie_cleanup_slot": Later(("pciehp_release_ctrl",), *_SLOT),
    "check_link_active": Later(("pciehp_check_link_active",), "about v3.15", "has other callers"),
    "__pcie_wait_link_active": Later(("pcie_wait_for_link",), "about v4.18", "moved to pci.c"),
    "pcie_wait_link_active": Later(("pcie_wait_for_link",), "about v4.18", "moved to pci.c"),
    "pcie_wait_link_not_active": Later(("pcie_wait_for_link",), "about v4.18", "moved to pci.c"),
    "pciehp_link_disable": Later(("__pciehp_link_set",), "", "enabling and disabling are one function"),
    "pciehp_get_adapter_status": Later(("pciehp_card_present",), "about v4.20", "returns what it finds"),
    "pciehp_set_attention_status": Later(("pciehp_set_indicators",), *_LED),
    "pciehp_green_led_on": Later(("pciehp_set_indicators",), *_LED),
    "pciehp_green_led_off": Later(("pciehp_set_indicators",), *_LED),
    "pciehp_green_led_blink": Later(("pciehp_set_indicators",), *_LED),
    "queue_interrupt_event": Later(("pciehp_request",), *_IST),
    "pciehp_handle_attention_button": Later(("pciehp_handle_button_press",), *_IST),
    "pciehp_handle_switch_change": Later((), *_IST),
    "pciehp_handle_presence_change": Later(("pciehp_handle_presence_or_link_change",), *_IST),
    "pciehp_handle_power_fault": Later(("pciehp_ist",), *_IST),
    "pciehp_power_thread": Later(("pciehp_ist",), *_IST),
    "handle_button_press_event": Later(("pciehp_handle_button_press",), *_IST),
    "handle_surprise_event": Later(("pciehp_handle_presence_or_link_change",), *_IST),
    "interrupt_event_handler": Later(("pciehp_ist",), *_IST),
    "release_slot": Later((), "about v4.20", "the slot is part of the controller, nothing is freed"),
    "enable_slot": Later(("pciehp_sysfs_enable_slot",), *_SLOT),
    "disable_slot": Later(("pciehp_sysfs_disable_slot",), *_SLOT),
    "get_attention_status": Later(("pciehp_get_attention_status",), *_SLOT),
    "reset_slot": Later(("pciehp_reset_slot",), *_SLOT),
    # iov.c, ats.c
    "pci_iov_resource_bar": Later(("pci_iov_update_resource",), "about v4.10", "it writes the BAR itself"),
    "ats_alloc_one": Later(("pci_ats_init",), *_ATS),
    "pci_ats": Later(("pci_dev",), *_ATS),
    "pci_ats_enabled": Later((), *_ATS),
    # aerdrv_core.c, quirks.c
    "aer_do_secondary_bus_reset": Later(
        ("pci_reset_bridge_secondary_bus", "pci_bridge_secondary_bus_reset"), "v3.12", "the function of patch 1 does it"
    ),
    "pci_fixups": Later((), "", "in C, each pass is a section of the linker"),
    "reset_intel_generic_dev": Later((), "", "no device has the class that it asked for"),
    # vfio_pci.c
    "vfio_pci_enable": Later(("vfio_pci_core_enable",), *_CORE),
    "vfio_pci_disable": Later(("vfio_pci_core_disable",), *_CORE),
    "vfio_pci_release": Later(("vfio_pci_core_close_device",), *_CORE),
    "vfio_pci_open": Later(("vfio_pci_open_device",), *_CORE),
    "vfio_pci_ioctl": Later(("vfio_pci_core_ioctl",), *_CORE),
    "vfio_pci_device": Later(("vfio_pci_core_device",), *_CORE),
    # vfio.c
    "vfio": Later((), "", "each device has a completion that the driver waits for"),
    "vfio_group_create_device": Later(("__vfio_register_dev",), *_MAIN),
    "vfio_device_release": Later(("vfio_device_release",), *_MAIN),
    "vfio_device_put": Later(("vfio_device_put_registration",), *_MAIN),
    "vfio_device_get": Later(("vfio_device_try_get_registration",), *_MAIN),
    "vfio_group_get_device": Later(("vfio_group_get_device",), *_MAIN),
    "vfio_add_group_dev": Later(("vfio_register_group_dev",), *_MAIN),
    "vfio_dev_present": Later((), "", "each device has a completion that the driver waits for"),
    "vfio_del_group_dev": Later(("vfio_unregister_group_dev",), *_MAIN),
    "vfio_group_get_device_fd": Later(("vfio_group_ioctl_get_device_fd",), *_MAIN),
    "vfio_device_fops_release": Later(("vfio_device_fops_release",), *_MAIN),
    "vfio_device_fops_unl_ioctl": Later(("vfio_device_fops_unl_ioctl",), *_MAIN),
}
