# SPDX-License-Identifier: GPL-2.0-only
"""Functions of the ported C files that are left out, as of v3.11, by reason: all that are not ported.

Names only; taken once from v3.11 with csource.py. Functions in headers are not counted.
"""

from __future__ import annotations

#: Why a function is left out.
REASONS = {
    "driver core": (
        "matching, registering, suspending and resuming drivers; here most drivers are only names that are bound and "
        "unbound"
    ),
    "enable": (
        "managed devices, which are disabled when their driver is unbound, and hooks of architectures; enabling and "
        "disabling a device are ported"
    ),
    "errors": "error reporting and recovery (AER); its own bus reset is ported",
    "features": (
        "features that drivers or the architecture enable, and virtual functions as devices; a reset only saves, "
        "restores or loses their registers"
    ),
    "hypertransport": "HyperTransport capabilities; no reset uses them",
    "interrupts": (
        "INTx routing and masking: here each device has its own interrupt; the part of MSI and MSI-X that is in memory "
        "or in sysfs, and architecture hooks whose work the functions of io_apic.c do"
    ),
    "lifetime": "allocation, reference counts and release of devices, buses and host bridges: Python counts references",
    "lookup": "searches for devices and buses that no ported function uses",
    "macro": "made by the macro GET_STATUS(), which is ported",
    "module": "boot and module parameters, init and exit of modules",
    "options": "options of architectures other than x86",
    "power": (
        "platform power management (ACPI), run-time power management and wake-up: there is no platform, no device "
        "suspends at run time, and so a wake-up event (PME) is only acknowledged"
    ),
    "quirks": "workarounds for particular hardware; device-specific resets are ported",
    "resources": ("assigning, claiming and requesting address ranges: addresses stay as firmware left them"),
    "scanning": "rescans, and scans for other architectures",
    "services": "initialization and boot parameters of the port driver and its bus, and its hooks for the driver core",
    "suspend": "suspend and resume of the whole system",
    "sysfs": "all sysfs files of a function but `reset`, and those of slots' speeds and addresses",
    "unused": "no ported function calls it",
    "users": (
        "what a VFIO user can do besides opening, resetting and closing a device, and the groups and containers that "
        "decide who may"
    ),
    "vpd": "Vital Product Data; no reset reads it",
}

#: C file -> how many functions it has, those that macros generate included.
FUNCTIONS = {
    "drivers/pci/access.c": 37,
    "drivers/pci/ats.c": 16,
    "drivers/pci/bus.c": 14,
    "drivers/pci/hotplug-pci.c": 1,
    "drivers/pci/hotplug/pci_hotplug_core.c": 24,
    "drivers/pci/hotplug/pciehp_acpi.c": 5,
    "drivers/pci/hotplug/pciehp_core.c": 16,
    "drivers/pci/hotplug/pciehp_ctrl.c": 17,
    "drivers/pci/hotplug/pciehp_hpc.c": 41,
    "drivers/pci/iov.c": 28,
    "drivers/pci/hotplug/pciehp_pci.c": 2,
    "drivers/pci/msi.c": 50,
    "drivers/pci/pci-driver.c": 48,
    "drivers/pci/pci-sysfs.c": 66,
    "drivers/pci/pci.c": 164,
    "drivers/pci/pcie/aer/aerdrv_core.c": 27,
    "drivers/pci/pcie/pme.c": 14,
    "drivers/pci/pcie/portdrv_bus.c": 3,
    "drivers/pci/pcie/portdrv_core.c": 20,
    "drivers/pci/pcie/portdrv_pci.c": 21,
    "drivers/pci/probe.c": 61,
    "drivers/pci/quirks.c": 126,
    "drivers/pci/remove.c": 9,
    "drivers/pci/search.c": 12,
    "drivers/pci/setup-bus.c": 48,
    "drivers/pci/setup-res.c": 10,
    "drivers/pci/slot.c": 16,
    "drivers/vfio/pci/vfio_pci.c": 15,
    "drivers/vfio/pci/vfio_pci_config.c": 43,
    "drivers/vfio/vfio.c": 59,
}

#: C file -> reason -> names of functions.
LEFT_OUT = {
    "drivers/pci/access.c": {
        "unused": "pci_bus_set_ops",
        "vpd": (
            "pci_read_vpd pci_write_vpd pci_vpd_pci22_wait pci_vpd_pci22_read pci_vpd_pci22_write "
            "pci_vpd_pci22_release pci_vpd_truncate"
        ),
    },
    "drivers/pci/ats.c": {
        "features": (
            "ats_free_one pci_disable_ats pci_ats_queue_depth pci_enable_pri pci_disable_pri pci_pri_enabled "
            "pci_reset_pri pci_pri_stopped pci_pri_status pci_enable_pasid pci_disable_pasid pci_pasid_features "
            "pci_max_pasids"
        ),
    },
    "drivers/pci/bus.c": {
        "lifetime": "pci_bus_get pci_bus_put",
        "resources": (
            "pci_add_resource_offset pci_add_resource pci_free_resource_list pci_bus_add_resource pci_bus_resource_n "
            "pci_bus_remove_resources pci_bus_alloc_resource pcibios_resource_survey_bus"
        ),
    },
    "drivers/pci/hotplug/pci_hotplug_core.c": {
        "macro": "get_power_status get_attention_status get_latch_status get_adapter_status",
        "module": "pci_hotplug_init pci_hotplug_exit",
    },
    "drivers/pci/hotplug/pciehp_acpi.c": {
        "module": "parse_detect_mode",
    },
    "drivers/pci/hotplug/pciehp_core.c": {
        "module": "pcied_cleanup",
        "suspend": "pciehp_suspend pciehp_resume",
    },
    "drivers/pci/hotplug/pciehp_hpc.c": {
        "unused": "pciehp_writel",
    },
    "drivers/pci/iov.c": {
        "features": (
            "virtfn_bus virtfn_devfn virtfn_add_bus virtfn_remove_bus virtfn_add virtfn_remove sriov_migration "
            "sriov_migration_task sriov_enable_migration sriov_disable_migration sriov_disable sriov_release "
            "pci_iov_release pci_sriov_resource_alignment pci_iov_bus_range pci_disable_sriov pci_sriov_migration "
            "pci_num_vf pci_vfs_assigned pci_sriov_set_totalvfs pci_sriov_get_totalvfs"
        ),
    },
    "drivers/pci/msi.c": {
        "interrupts": (
            "default_setup_msi_irqs default_teardown_msi_irqs arch_msi_check_device __msix_mask_irq msix_mask_irq "
            "show_msi_mode msi_irq_attr_show msi_kobj_release populate_msi_sysfs"
        ),
        "module": "pci_no_msi",
        "unused": (
            "msi_enabled_mask __read_msi_msg read_msi_msg __get_cached_msi_msg get_cached_msi_msg "
            "pci_enable_msi_block_auto msi_remove_pci_irq_vectors pci_msi_enabled"
        ),
    },
    "drivers/pci/pci-driver.c": {
        "driver core": (
            "pci_add_dynid pci_free_dynids store_new_id store_remove_id pci_match_id pci_call_probe "
            "__pci_device_probe pci_device_probe pci_device_shutdown pci_restore_standard_config "
            "pci_pm_default_resume_early pci_pm_set_unknown_state pci_pm_reenable_device pci_legacy_suspend "
            "pci_legacy_suspend_late pci_legacy_resume_early pci_legacy_resume pci_pm_default_resume "
            "pci_pm_default_suspend pci_has_legacy_pm_support pci_pm_prepare pci_pm_complete pci_pm_suspend "
            "pci_pm_suspend_noirq pci_pm_resume_noirq pci_pm_resume pci_pm_freeze pci_pm_freeze_noirq "
            "pci_pm_thaw_noirq pci_pm_thaw pci_pm_poweroff pci_pm_poweroff_noirq pci_pm_restore_noirq pci_pm_restore "
            "pci_pm_runtime_suspend pci_pm_runtime_resume pci_pm_runtime_idle __pci_register_driver "
            "pci_unregister_driver pci_dev_driver pci_bus_match pci_dev_get pci_dev_put pci_uevent pci_driver_init"
        ),
    },
    "drivers/pci/pci-sysfs.c": {
        "sysfs": (
            "vendor_show device_show subsystem_vendor_show subsystem_device_show class_show irq_show "
            "broken_parity_status_show broken_parity_status_store local_cpus_show local_cpulist_show "
            "pci_bus_show_cpuaffinity pci_bus_show_cpumaskaffinity pci_bus_show_cpulistaffinity resource_show "
            "modalias_show is_enabled_store is_enabled_show numa_node_show dma_mask_bits_show "
            "consistent_dma_mask_bits_show msi_bus_show msi_bus_store bus_rescan_store dev_rescan_store "
            "remove_callback remove_store dev_bus_rescan_store d3cold_allowed_store d3cold_allowed_show "
            "sriov_totalvfs_show sriov_numvfs_show sriov_numvfs_store boot_vga_show pci_read_config "
            "pci_write_config read_vpd_attr write_vpd_attr pci_read_legacy_io pci_write_legacy_io "
            "pci_mmap_legacy_mem pci_mmap_legacy_io pci_adjust_legacy_attr pci_create_legacy_files "
            "pci_remove_legacy_files pci_mmap_fits pci_mmap_resource pci_mmap_resource_uc pci_mmap_resource_wc "
            "pci_resource_io pci_read_resource_io pci_write_resource_io pci_remove_resource_files "
            "pci_create_attr pci_create_resource_files pci_write_rom pci_read_rom pcibios_add_platform_entries "
            "pci_dev_attrs_are_visible pci_dev_hp_attrs_are_visible sriov_attrs_are_visible"
        ),
    },
    "drivers/pci/pci.c": {
        "enable": (
            "pcim_release get_pci_dr find_pci_dr pcim_enable_device pcim_pin_device pcibios_add_device "
            "pcibios_release_device pcibios_disable_device"
        ),
        "features": (
            "pcibios_set_pcie_reset_state pci_set_pcie_reset_state pci_enable_ido pci_disable_ido pci_enable_obff "
            "pci_disable_obff pci_ltr_supported pci_enable_ltr pci_disable_ltr __pci_ltr_scale pci_set_ltr "
            "pci_request_acs pci_enable_acs pci_acs_enabled pci_acs_path_enabled pci_set_cacheline_size pci_set_mwi "
            "pci_try_set_mwi pci_clear_mwi pci_set_dma_max_seg_size pci_set_dma_seg_boundary pcix_get_max_mmrbc "
            "pcix_get_mmrbc pcix_set_mmrbc pcie_get_readrq pcie_set_readrq pcie_get_mps pcie_set_mps "
            "pci_register_set_vga_state pci_set_vga_state_arch pci_set_vga_state"
        ),
        "hypertransport": "__pci_find_next_ht_cap pci_find_next_ht_capability pci_find_ht_capability",
        "interrupts": (
            "pci_swizzle_interrupt_pin pci_get_interrupt_pin pci_common_swizzle "
            "pci_check_and_set_intx_mask pci_check_and_mask_intx pci_check_and_unmask_intx pci_msi_off"
        ),
        "module": "pcibios_setup pci_resource_alignment_sysfs_init pci_setup",
        "options": "pci_no_domains pci_ext_cfg_avail pci_fixup_cardbus",
        "power": (
            "pci_set_platform_pm platform_pci_power_manageable platform_pci_set_power_state platform_pci_choose_state "
            "platform_pci_sleep_wake platform_pci_run_wake "
            "__pci_dev_set_current_state __pci_bus_set_current_state pci_choose_state pci_check_pme_status "
            "pci_pme_wakeup pci_pme_wakeup_bus pci_wakeup pci_wakeup_bus pci_pme_capable pci_pme_list_scan "
            "__pci_enable_wake pci_wake_from_d3 pci_target_state pci_prepare_to_sleep pci_back_from_sleep "
            "pci_finish_runtime_suspend pci_dev_run_wake pci_config_pm_runtime_get pci_config_pm_runtime_put"
        ),
        "resources": (
            "pci_ioremap_bar pci_find_parent_resource pci_release_region __pci_request_region pci_request_region "
            "pci_request_region_exclusive pci_release_selected_regions __pci_request_selected_regions "
            "pci_request_selected_regions pci_request_selected_regions_exclusive pci_release_regions "
            "pci_request_regions pci_request_regions_exclusive pci_select_bars pci_specified_resource_alignment "
            "pci_reassigndev_resource_alignment pci_set_resource_alignment_param pci_get_resource_alignment_param "
            "pci_resource_alignment_show pci_resource_alignment_store"
        ),
        "unused": "pci_free_cap_save_buffers",
    },
    "drivers/pci/pcie/aer/aerdrv_core.c": {
        "errors": (
            "pci_enable_pcie_error_reporting pci_disable_pcie_error_reporting pci_cleanup_aer_uncorrect_error_status "
            "add_error_device is_error_source find_device_iter find_source_device report_error_detected "
            "report_mmio_enabled report_slot_reset report_resume broadcast_error_message default_reset_link "
            "find_aer_service_iter find_aer_service reset_link do_recovery handle_error_source aer_recover_queue "
            "aer_recover_work_func get_device_error_info aer_process_err_devices aer_isr_one_error get_e_source "
            "aer_isr aer_init"
        ),
    },
    "drivers/pci/pcie/pme.c": {
        "module": "pcie_pme_setup",
        "power": (
            "pcie_pme_walk_bus pcie_pme_from_pci_bridge pcie_pme_handle_request pcie_pme_set_native "
            "pcie_pme_mark_devices"
        ),
        "suspend": "pcie_pme_resume",
    },
    "drivers/pci/pcie/portdrv_bus.c": {
        "services": "pcie_port_bus_register pcie_port_bus_unregister",
    },
    "drivers/pci/pcie/portdrv_core.c": {
        "power": "suspend_iter pcie_port_device_suspend resume_iter pcie_port_device_resume",
        "services": "pciehp_setup release_pcie_device pcie_port_shutdown_service",
    },
    "drivers/pci/pcie/portdrv_pci.c": {
        "errors": (
            "error_detected_iter pcie_portdrv_error_detected mmio_enabled_iter pcie_portdrv_mmio_enabled "
            "slot_reset_iter pcie_portdrv_slot_reset resume_iter pcie_portdrv_err_resume"
        ),
        "interrupts": "dmi_pcie_pme_disable_msi",
        "power": (
            "pcie_port_resume_noirq pci_dev_d3cold_info pcie_port_runtime_suspend pcie_port_runtime_resume "
            "pci_dev_pme_poll pcie_port_runtime_idle"
        ),
        "services": "pcie_port_setup pcie_portdrv_restore_config pcie_portdrv_init",
    },
    "drivers/pci/probe.c": {
        "features": "pcie_find_smpss pcie_write_mps pcie_write_mrrs pcie_bus_configure_set pcie_bus_configure_settings",
        "lifetime": (
            "release_pcibus_dev pci_release_host_bridge_dev pci_alloc_host_bridge "
            "pci_release_capabilities pci_release_dev alloc_pci_dev pcibios_root_bridge_prepare pcibios_add_bus "
            "pcibios_remove_bus"
        ),
        "lookup": "find_anything no_pci_devices",
        "module": "pcibus_class_init",
        "resources": "get_pci_domain_busn_res pci_bus_release_busn_res",
        "scanning": (
            "pci_fixup_parent_subordinate_busnr pci_scan_bus_parented pci_scan_bus "
            "pci_rescan_bus_bridge_resize pci_rescan_bus pci_sort_bf_cmp pci_sort_breadthfirst"
        ),
    },
    "drivers/pci/quirks.c": {
        "quirks": (
            "quirk_mellanox_tavor quirk_passive_release quirk_isa_dma_hangs "
            "quirk_tigerpoint_bm_sts quirk_nopcipci quirk_nopciamd quirk_triton quirk_vialatency quirk_viaetbf "
            "quirk_vsfx quirk_alimagik quirk_natoma quirk_citrine quirk_s3_64M quirk_cs5536_vsa quirk_io_region "
            "quirk_ati_exploding_mce quirk_ali7101_acpi piix4_io_quirk piix4_mem_quirk quirk_piix4_acpi "
            "quirk_ich4_lpc_acpi ich6_lpc_acpi_gpio ich6_lpc_generic_decode quirk_ich6_lpc ich7_lpc_generic_decode "
            "quirk_ich7_lpc quirk_vt82c586_acpi quirk_vt82c686_acpi quirk_vt8235_acpi quirk_xio2000a quirk_via_ioapic "
            "quirk_via_vt8237_bypass_apic_deassert quirk_amd_ioapic quirk_ioapic_rmw quirk_amd_8131_mmrbc "
            "quirk_via_acpi quirk_via_bridge quirk_via_vlink quirk_vt82c598_id quirk_cardbus_legacy "
            "quirk_amd_ordering quirk_dunord quirk_transparent_bridge quirk_mediagx_master quirk_disable_pxb "
            "quirk_amd_ide_mode quirk_svwks_csb5ide quirk_ide_samemode quirk_no_ata_d3 quirk_eisa_bridge "
            "asus_hides_smbus_hostbridge asus_hides_smbus_lpc asus_hides_smbus_lpc_ich6_suspend "
            "asus_hides_smbus_lpc_ich6_resume_early asus_hides_smbus_lpc_ich6_resume asus_hides_smbus_lpc_ich6 "
            "quirk_sis_96x_smbus quirk_sis_503 asus_hides_ac97_lpc quirk_jmicron_ata quirk_alder_ioapic "
            "quirk_pcie_mch quirk_pcie_pxh quirk_intel_pcie_pm quirk_reroute_to_boot_interrupts_intel "
            "quirk_disable_intel_boot_interrupt quirk_disable_broadcom_boot_interrupt "
            "quirk_disable_amd_813x_boot_interrupt quirk_disable_amd_8111_boot_interrupt quirk_tc86c001_ide "
            "quirk_plx_pci9050 quirk_netmos quirk_e100_interrupt quirk_disable_aspm_l0s fixup_rev1_53c810 "
            "quirk_p64h2_1k_io quirk_nvidia_ck804_pcie_aer_ext_cap quirk_via_cx700_pci_parking_caching "
            "quirk_brcm_570x_limit_vpd quirk_brcm_5719_limit_mrrs quirk_unhide_mch_dev6 quirk_tile_plx_gen1 "
            "quirk_disable_all_msi quirk_disable_msi quirk_amd_780_apc_msi msi_ht_cap_enabled quirk_msi_ht_cap "
            "quirk_nvidia_ck804_msi_ht_cap ht_enable_msi_mapping nvenet_msi_disable nvbridge_check_legacy_irq_routing "
            "ht_check_msi_mapping host_bridge_with_leaf is_end_of_ht_chain nv_ht_enable_msi_mapping "
            "ht_disable_msi_mapping __nv_msi_ht_cap_quirk nv_msi_ht_cap_quirk_all nv_msi_ht_cap_quirk_leaf "
            "quirk_msi_intx_disable_bug quirk_msi_intx_disable_ati_bug quirk_msi_intx_disable_qca_bug "
            "quirk_hotplug_bridge ricoh_mmc_fixup_rl5c476 ricoh_mmc_fixup_r5c832 vtd_mask_spec_errors "
            "fixup_ti816x_class fixup_mpss_256 quirk_intel_mc_errata quirk_intel_ntb fixup_debug_start "
            "fixup_debug_report disable_igfx_irq quirk_broken_intx_masking "
            "pci_apply_final_quirks "
            "pci_func_0_dma_source pci_get_dma_source pci_dev_specific_acs_enabled"
        ),
    },
    "drivers/pci/remove.c": {
        "lifetime": "pci_stop_root_bus pci_remove_root_bus",
        "resources": "pci_free_resources",
    },
    "drivers/pci/search.c": {
        "lookup": (
            "pci_find_upstream_pcie_bridge pci_find_next_bus pci_get_domain_bus_and_slot match_pci_dev_by_id "
            "pci_get_dev_by_id pci_get_subsys pci_get_device pci_get_class pci_dev_present"
        ),
    },
    "drivers/pci/setup-bus.c": {
        "resources": (
            "free_list add_to_list remove_from_list get_res_add_size pdev_sort_resources __dev_sort_resources "
            "reset_resource reassign_resources_sorted assign_requested_resources_sorted pci_fail_res_type_mask "
            "pci_need_to_release __assign_resources_sorted pdev_assign_resources_sorted "
            "pbus_assign_resources_sorted pci_setup_cardbus pci_setup_bridge_io pci_setup_bridge_mmio "
            "pci_setup_bridge_mmio_pref __pci_setup_bridge pci_setup_bridge pci_bridge_check_ranges "
            "find_free_bus_resource calculate_iosize calculate_memsize pcibios_window_alignment "
            "window_alignment pbus_size_io calculate_mem_align pbus_size_mem pci_cardbus_resource_alignment "
            "pci_bus_size_cardbus __pci_bus_size_bridges pci_bus_size_bridges __pci_bus_assign_resources "
            "pci_bus_assign_resources __pci_bridge_assign_resources pci_bridge_release_resources "
            "pci_bus_release_bridge_resources pci_bus_dump_res pci_bus_dump_resources pci_bus_get_depth "
            "pci_get_max_depth pci_realloc_get_opt pci_realloc_enabled pci_realloc_detect "
            "pci_assign_unassigned_bus_resources"
        ),
    },
    "drivers/pci/setup-res.c": {
        "resources": (
            "pci_claim_resource pci_disable_bridge_window pcibios_retrieve_fw_addr pci_revert_fw_address "
            "__pci_assign_resource _pci_assign_resource pci_assign_resource pci_reassign_resource"
        ),
    },
    "drivers/pci/slot.c": {
        "module": "pci_slot_init",
        "sysfs": (
            "address_read_file bus_speed_read max_speed_read_file cur_speed_read_file pci_hp_create_module_link "
            "pci_hp_remove_module_link"
        ),
        "unused": "pci_renumber_slot",
    },
    "drivers/vfio/pci/vfio_pci.c": {
        "errors": "vfio_pci_aer_err_detected",
        "module": "vfio_pci_cleanup vfio_pci_init",
        "users": "vfio_pci_get_irq_count vfio_pci_rw vfio_pci_read vfio_pci_write vfio_pci_mmap",
    },
    "drivers/vfio/pci/vfio_pci_config.c": {
        "users": (
            "vfio_user_config_write vfio_default_config_read vfio_default_config_write vfio_direct_config_read "
            "vfio_raw_config_write vfio_raw_config_read free_perm_bits alloc_perm_bits p_setb p_setw p_setd "
            "vfio_bar_restore vfio_generate_bar_flags vfio_bar_fixup vfio_basic_config_read vfio_basic_config_write "
            "init_pci_cap_basic_perm vfio_pm_config_write init_pci_cap_pm_perm init_pci_cap_pcix_perm "
            "init_pci_cap_exp_perm init_pci_cap_af_perm init_pci_ext_cap_err_perm init_pci_ext_cap_pwr_perm "
            "vfio_pci_uninit_perm_bits vfio_pci_init_perm_bits vfio_find_cap_start vfio_msi_config_read "
            "vfio_msi_config_write init_pci_cap_msi_perm vfio_pci_cap_remaining_dword vfio_config_do_rw "
            "vfio_pci_config_rw"
        ),
    },
    "drivers/vfio/vfio.c": {
        "module": "vfio_devnode vfio_init vfio_cleanup",
        "users": (
            "vfio_register_iommu_driver vfio_unregister_iommu_driver vfio_alloc_group_minor vfio_free_group_minor "
            "vfio_container_get vfio_container_release vfio_container_put vfio_group_unlock_and_free "
            "vfio_create_group vfio_group_release vfio_group_put vfio_group_get vfio_group_try_get "
            "vfio_group_get_from_iommu vfio_group_get_from_minor vfio_whitelisted_driver vfio_dev_viable "
            "vfio_group_nb_add_dev vfio_group_nb_verify vfio_iommu_group_notifier vfio_device_get_from_dev "
            "vfio_device_data vfio_ioctl_check_extension __vfio_container_attach_groups vfio_ioctl_set_iommu "
            "vfio_fops_unl_ioctl vfio_fops_compat_ioctl vfio_fops_open vfio_fops_release vfio_fops_read "
            "vfio_fops_write vfio_fops_mmap __vfio_group_unset_container vfio_group_unset_container "
            "vfio_group_try_dissolve_container vfio_group_set_container vfio_group_viable vfio_group_fops_unl_ioctl "
            "vfio_group_fops_compat_ioctl vfio_group_fops_open vfio_group_fops_release vfio_device_fops_read "
            "vfio_device_fops_write vfio_device_fops_mmap vfio_device_fops_compat_ioctl"
        ),
    },
}


def left_out(c_file: str) -> dict[str, list[str]]:
    """Return the functions of a C file that are left out, by reason."""
    return {reason: names.split() for reason, names in LEFT_OUT.get(c_file, {}).items()}
