# SPDX-License-Identifier: GPL-2.0-only
"""What type checkers see of a linked kernel, if it has all patches.

Written by `python -m kernel_port.review.port.face`; a test compares.
"""

from .base import access as base_access
from .base import aerdrv_core as base_aerdrv_core
from .base import ats as base_ats
from .base import bus as base_bus
from .base import core as base_core
from .base import dd as base_dd
from .base import hotplug_pci as base_hotplug_pci
from .base import io_apic as base_io_apic
from .base import iov as base_iov
from .base import msi as base_msi
from .base import pci as base_pci
from .base import pci_driver as base_pci_driver
from .base import pci_hotplug as base_pci_hotplug
from .base import pci_hotplug_core as base_pci_hotplug_core
from .base import pci_sysfs as base_pci_sysfs
from .base import pcibios as base_pcibios
from .base import pcie_pme as base_pcie_pme
from .base import pciehp as base_pciehp
from .base import pciehp_acpi as base_pciehp_acpi
from .base import pciehp_core as base_pciehp_core
from .base import pciehp_ctrl as base_pciehp_ctrl
from .base import pciehp_hpc as base_pciehp_hpc
from .base import pciehp_pci as base_pciehp_pci
from .base import pcieport_if as base_pcieport_if
from .base import portdrv as base_portdrv
from .base import portdrv_bus as base_portdrv_bus
from .base import portdrv_core as base_portdrv_core
from .base import portdrv_pci as base_portdrv_pci
from .base import probe as base_probe
from .base import quirks as base_quirks
from .base import remove as base_remove
from .base import search as base_search
from .base import setup_bus as base_setup_bus
from .base import setup_res as base_setup_res
from .base import slot as base_slot
from .base import vfio as base_vfio
from .base import vfio_pci as base_vfio_pci
from .base import vfio_pci_config as base_vfio_pci_config
from .kernel import bug as kernel_bug
from .kernel import delay as kernel_delay
from .kernel import export as kernel_export
from .kernel import interrupt as kernel_interrupt
from .kernel import module as kernel_module
from .kernel import mutex as kernel_mutex
from .kernel import printk as kernel_printk
from .kernel import structs as kernel_structs
from .kernel import timer as kernel_timer
from .kernel import wait as kernel_wait
from .kernel import workqueue as kernel_workqueue
from .patch import p01_create_pci_reset_bridge_secondary_bus as patch_p01
from .patch import p02_add_hotplug_slot_ops_reset_slot as patch_p02
from .patch import p03_add_pci_hp_reset_slot as patch_p03
from .patch import p04_implement_reset_slot_for_pciehp as patch_p04
from .patch import p05_add_reset_slot_option_to_pci_dev_reset as patch_p05
from .patch import p06_split_out_pci_dev_lock_unlock_and_save_restore as patch_p06
from .patch import p07_add_slot_and_bus_reset_interfaces as patch_p07
from .patch import p08_wake_up_devices_before_save_for_reset as patch_p08

class PatchedKernel:
    """The symbols of the fully patched kernel."""

    __name__: str

    def __init__(self, name: str) -> None: ...

    # kernel/export.py
    EXPORT_SYMBOL = staticmethod(kernel_export.EXPORT_SYMBOL)
    EXPORT_SYMBOL_GPL = staticmethod(kernel_export.EXPORT_SYMBOL_GPL)

    # kernel/delay.py
    msleep = staticmethod(kernel_delay.msleep)
    ssleep = staticmethod(kernel_delay.ssleep)
    mdelay = staticmethod(kernel_delay.mdelay)
    udelay = staticmethod(kernel_delay.udelay)

    # kernel/mutex.py
    mutex = kernel_mutex.mutex
    rw_semaphore = kernel_mutex.rw_semaphore
    lock_contended = staticmethod(kernel_mutex.lock_contended)
    lock_acquired = staticmethod(kernel_mutex.lock_acquired)
    lock_released = staticmethod(kernel_mutex.lock_released)
    mutex_init = staticmethod(kernel_mutex.mutex_init)
    mutex_lock = staticmethod(kernel_mutex.mutex_lock)
    mutex_trylock = staticmethod(kernel_mutex.mutex_trylock)
    mutex_unlock = staticmethod(kernel_mutex.mutex_unlock)
    mutex_is_locked = staticmethod(kernel_mutex.mutex_is_locked)
    rwsem_wait = staticmethod(kernel_mutex.rwsem_wait)
    down_read = staticmethod(kernel_mutex.down_read)
    up_read = staticmethod(kernel_mutex.up_read)
    down_write = staticmethod(kernel_mutex.down_write)
    up_write = staticmethod(kernel_mutex.up_write)

    # kernel/wait.py
    wait_queue_head = kernel_wait.wait_queue_head
    init_waitqueue_head = staticmethod(kernel_wait.init_waitqueue_head)
    wake_up = staticmethod(kernel_wait.wake_up)
    wait_event = staticmethod(kernel_wait.wait_event)
    wait_event_timeout = staticmethod(kernel_wait.wait_event_timeout)

    # kernel/timer.py
    MSEC_PER_SEC = kernel_timer.MSEC_PER_SEC
    HZ = kernel_timer.HZ
    timer_list = kernel_timer.timer_list
    jiffies = staticmethod(kernel_timer.jiffies)
    msecs_to_jiffies = staticmethod(kernel_timer.msecs_to_jiffies)
    jiffies_to_msecs = staticmethod(kernel_timer.jiffies_to_msecs)
    schedule_timeout_uninterruptible = staticmethod(kernel_timer.schedule_timeout_uninterruptible)
    init_timer = staticmethod(kernel_timer.init_timer)
    add_timer = staticmethod(kernel_timer.add_timer)
    timer_pending = staticmethod(kernel_timer.timer_pending)
    del_timer_sync = staticmethod(kernel_timer.del_timer_sync)

    # kernel/workqueue.py
    WQ_DFL_ACTIVE = kernel_workqueue.WQ_DFL_ACTIVE
    work_struct = kernel_workqueue.work_struct
    delayed_work = kernel_workqueue.delayed_work
    worker = kernel_workqueue.worker
    workqueue_struct = kernel_workqueue.workqueue_struct
    INIT_WORK = staticmethod(kernel_workqueue.INIT_WORK)
    INIT_DELAYED_WORK = staticmethod(kernel_workqueue.INIT_DELAYED_WORK)
    alloc_workqueue = staticmethod(kernel_workqueue.alloc_workqueue)
    alloc_ordered_workqueue = staticmethod(kernel_workqueue.alloc_ordered_workqueue)
    lockdep_map = staticmethod(kernel_workqueue.lockdep_map)
    process_one_work = staticmethod(kernel_workqueue.process_one_work)
    worker_thread = staticmethod(kernel_workqueue.worker_thread)
    need_more_worker = staticmethod(kernel_workqueue.need_more_worker)
    wq_worker_sleeping = staticmethod(kernel_workqueue.wq_worker_sleeping)
    wake_up_worker = staticmethod(kernel_workqueue.wake_up_worker)
    queue_work = staticmethod(kernel_workqueue.queue_work)
    enqueue_work = staticmethod(kernel_workqueue.enqueue_work)
    system_wq = kernel_workqueue.system_wq
    schedule_work = staticmethod(kernel_workqueue.schedule_work)
    queue_delayed_work = staticmethod(kernel_workqueue.queue_delayed_work)
    cancel_delayed_work = staticmethod(kernel_workqueue.cancel_delayed_work)
    destroy_workqueue = staticmethod(kernel_workqueue.destroy_workqueue)

    # kernel/module.py
    module = kernel_module.module
    try_module_get = staticmethod(kernel_module.try_module_get)
    module_put = staticmethod(kernel_module.module_put)

    # kernel/structs.py
    NULL = kernel_structs.NULL
    PCI_D0 = kernel_structs.PCI_D0
    PCI_D1 = kernel_structs.PCI_D1
    PCI_D2 = kernel_structs.PCI_D2
    PCI_D3hot = kernel_structs.PCI_D3hot
    PCI_D3cold = kernel_structs.PCI_D3cold
    PCI_UNKNOWN = kernel_structs.PCI_UNKNOWN
    PCI_POWER_ERROR = kernel_structs.PCI_POWER_ERROR
    PCI_PM_D2_DELAY = kernel_structs.PCI_PM_D2_DELAY
    PCI_PM_D3_WAIT = kernel_structs.PCI_PM_D3_WAIT
    PCI_PM_D3COLD_WAIT = kernel_structs.PCI_PM_D3COLD_WAIT
    PCI_PM_BUS_WAIT = kernel_structs.PCI_PM_BUS_WAIT
    PCI_STD_RESOURCES = kernel_structs.PCI_STD_RESOURCES
    PCI_STD_RESOURCE_END = kernel_structs.PCI_STD_RESOURCE_END
    PCI_ROM_RESOURCE = kernel_structs.PCI_ROM_RESOURCE
    PCI_BRIDGE_RESOURCES = kernel_structs.PCI_BRIDGE_RESOURCES
    PCI_BRIDGE_RESOURCE_NUM = kernel_structs.PCI_BRIDGE_RESOURCE_NUM
    DEVICE_COUNT_RESOURCE = kernel_structs.DEVICE_COUNT_RESOURCE
    IORESOURCE_BITS = kernel_structs.IORESOURCE_BITS
    IORESOURCE_IO = kernel_structs.IORESOURCE_IO
    IORESOURCE_MEM = kernel_structs.IORESOURCE_MEM
    IORESOURCE_BUS = kernel_structs.IORESOURCE_BUS
    IORESOURCE_PREFETCH = kernel_structs.IORESOURCE_PREFETCH
    IORESOURCE_READONLY = kernel_structs.IORESOURCE_READONLY
    IORESOURCE_CACHEABLE = kernel_structs.IORESOURCE_CACHEABLE
    IORESOURCE_SIZEALIGN = kernel_structs.IORESOURCE_SIZEALIGN
    IORESOURCE_MEM_64 = kernel_structs.IORESOURCE_MEM_64
    IORESOURCE_ROM_ENABLE = kernel_structs.IORESOURCE_ROM_ENABLE
    IORESOURCE_PCI_FIXED = kernel_structs.IORESOURCE_PCI_FIXED
    PCIBIOS_SUCCESSFUL = kernel_structs.PCIBIOS_SUCCESSFUL
    PCIBIOS_FUNC_NOT_SUPPORTED = kernel_structs.PCIBIOS_FUNC_NOT_SUPPORTED
    PCIBIOS_BAD_VENDOR_ID = kernel_structs.PCIBIOS_BAD_VENDOR_ID
    PCIBIOS_DEVICE_NOT_FOUND = kernel_structs.PCIBIOS_DEVICE_NOT_FOUND
    PCIBIOS_BAD_REGISTER_NUMBER = kernel_structs.PCIBIOS_BAD_REGISTER_NUMBER
    PCIBIOS_SET_FAILED = kernel_structs.PCIBIOS_SET_FAILED
    PCIBIOS_BUFFER_TOO_SMALL = kernel_structs.PCIBIOS_BUFFER_TOO_SMALL
    PCI_CFG_SPACE_SIZE = kernel_structs.PCI_CFG_SPACE_SIZE
    PCI_CFG_SPACE_EXP_SIZE = kernel_structs.PCI_CFG_SPACE_EXP_SIZE
    PCI_DEV_FLAGS_NO_D3 = kernel_structs.PCI_DEV_FLAGS_NO_D3
    pci_channel_io_normal = kernel_structs.pci_channel_io_normal
    PCI_SPEED_66MHz_PCIX = kernel_structs.PCI_SPEED_66MHz_PCIX
    PCI_SPEED_100MHz_PCIX = kernel_structs.PCI_SPEED_100MHz_PCIX
    PCI_SPEED_133MHz_PCIX = kernel_structs.PCI_SPEED_133MHz_PCIX
    PCI_SPEED_66MHz_PCIX_ECC = kernel_structs.PCI_SPEED_66MHz_PCIX_ECC
    PCI_SPEED_100MHz_PCIX_ECC = kernel_structs.PCI_SPEED_100MHz_PCIX_ECC
    PCI_SPEED_133MHz_PCIX_ECC = kernel_structs.PCI_SPEED_133MHz_PCIX_ECC
    PCI_SPEED_66MHz_PCIX_266 = kernel_structs.PCI_SPEED_66MHz_PCIX_266
    PCI_SPEED_100MHz_PCIX_266 = kernel_structs.PCI_SPEED_100MHz_PCIX_266
    PCI_SPEED_133MHz_PCIX_266 = kernel_structs.PCI_SPEED_133MHz_PCIX_266
    AGP_UNKNOWN = kernel_structs.AGP_UNKNOWN
    AGP_1X = kernel_structs.AGP_1X
    AGP_2X = kernel_structs.AGP_2X
    AGP_4X = kernel_structs.AGP_4X
    AGP_8X = kernel_structs.AGP_8X
    PCI_SPEED_66MHz_PCIX_533 = kernel_structs.PCI_SPEED_66MHz_PCIX_533
    PCI_SPEED_100MHz_PCIX_533 = kernel_structs.PCI_SPEED_100MHz_PCIX_533
    PCI_SPEED_133MHz_PCIX_533 = kernel_structs.PCI_SPEED_133MHz_PCIX_533
    PCIE_SPEED_2_5GT = kernel_structs.PCIE_SPEED_2_5GT
    PCIE_SPEED_5_0GT = kernel_structs.PCIE_SPEED_5_0GT
    PCIE_SPEED_8_0GT = kernel_structs.PCIE_SPEED_8_0GT
    PCI_SPEED_UNKNOWN = kernel_structs.PCI_SPEED_UNKNOWN
    pci_bar_unknown = kernel_structs.pci_bar_unknown
    pci_bar_io = kernel_structs.pci_bar_io
    pci_bar_mem32 = kernel_structs.pci_bar_mem32
    pci_bar_mem64 = kernel_structs.pci_bar_mem64
    PCI_ANY_ID = kernel_structs.PCI_ANY_ID
    PCI_CLASS_NOT_DEFINED = kernel_structs.PCI_CLASS_NOT_DEFINED
    PCI_CLASS_STORAGE_IDE = kernel_structs.PCI_CLASS_STORAGE_IDE
    PCI_CLASS_BRIDGE_HOST = kernel_structs.PCI_CLASS_BRIDGE_HOST
    PCI_CLASS_BRIDGE_PCI = kernel_structs.PCI_CLASS_BRIDGE_PCI
    PCI_CLASS_BRIDGE_CARDBUS = kernel_structs.PCI_CLASS_BRIDGE_CARDBUS
    PCI_CLASS_SERIAL_USB = kernel_structs.PCI_CLASS_SERIAL_USB
    PCI_VENDOR_ID_INTEL = kernel_structs.PCI_VENDOR_ID_INTEL
    device_driver = kernel_structs.device_driver
    device = kernel_structs.device
    resource = kernel_structs.resource
    struct_device = kernel_structs.struct_device
    struct_resource = kernel_structs.struct_resource
    pci_ops = kernel_structs.pci_ops
    pci_sysdata = kernel_structs.pci_sysdata
    pci_cap_saved_data = kernel_structs.pci_cap_saved_data
    pci_slot = kernel_structs.pci_slot
    pci_bus = kernel_structs.pci_bus
    msi_msg = kernel_structs.msi_msg
    msi_attrib = kernel_structs.msi_attrib
    msi_desc = kernel_structs.msi_desc
    msix_entry = kernel_structs.msix_entry
    pci_dev = kernel_structs.pci_dev
    PCI_DEVFN = staticmethod(kernel_structs.PCI_DEVFN)
    PCI_SLOT = staticmethod(kernel_structs.PCI_SLOT)
    PCI_FUNC = staticmethod(kernel_structs.PCI_FUNC)
    pci_name = staticmethod(kernel_structs.pci_name)
    pci_domain_nr = staticmethod(kernel_structs.pci_domain_nr)
    pci_is_root_bus = staticmethod(kernel_structs.pci_is_root_bus)
    pci_is_bridge = staticmethod(kernel_structs.pci_is_bridge)
    pci_ari_enabled = staticmethod(kernel_structs.pci_ari_enabled)
    pci_is_enabled = staticmethod(kernel_structs.pci_is_enabled)
    pci_pcie_cap = staticmethod(kernel_structs.pci_pcie_cap)
    pci_is_pcie = staticmethod(kernel_structs.pci_is_pcie)
    pcie_caps_reg = staticmethod(kernel_structs.pcie_caps_reg)
    pci_pcie_type = staticmethod(kernel_structs.pci_pcie_type)
    pci_slot_name = staticmethod(kernel_structs.pci_slot_name)
    device_lock = staticmethod(kernel_structs.device_lock)
    device_trylock = staticmethod(kernel_structs.device_trylock)
    device_unlock = staticmethod(kernel_structs.device_unlock)
    dev_get_drvdata = staticmethod(kernel_structs.dev_get_drvdata)
    dev_set_drvdata = staticmethod(kernel_structs.dev_set_drvdata)
    pcibios_err_to_errno = staticmethod(kernel_structs.pcibios_err_to_errno)

    # kernel/printk.py
    printk = staticmethod(kernel_printk.printk)
    dev_err = staticmethod(kernel_printk.dev_err)
    dev_warn = staticmethod(kernel_printk.dev_warn)
    dev_info = staticmethod(kernel_printk.dev_info)
    dev_dbg = staticmethod(kernel_printk.dev_dbg)

    # kernel/bug.py
    WARN_ON = staticmethod(kernel_bug.WARN_ON)
    might_sleep = staticmethod(kernel_bug.might_sleep)

    # kernel/interrupt.py
    IRQ_NONE = kernel_interrupt.IRQ_NONE
    IRQ_HANDLED = kernel_interrupt.IRQ_HANDLED
    IRQF_SHARED = kernel_interrupt.IRQF_SHARED
    irqaction = kernel_interrupt.irqaction
    irq_chip = kernel_interrupt.irq_chip
    irq_data = kernel_interrupt.irq_data
    request_irq = staticmethod(kernel_interrupt.request_irq)
    free_irq = staticmethod(kernel_interrupt.free_irq)
    irq_has_action = staticmethod(kernel_interrupt.irq_has_action)
    irq_get_msi_desc = staticmethod(kernel_interrupt.irq_get_msi_desc)
    do_IRQ = staticmethod(kernel_interrupt.do_IRQ)

    # base/access.py
    U8_MAX = base_access.U8_MAX
    U16_MAX = base_access.U16_MAX
    U32_MAX = base_access.U32_MAX
    pci_cfg_wait = base_access.pci_cfg_wait
    pci_bus_read_config_byte = staticmethod(base_access.pci_bus_read_config_byte)
    pci_bus_read_config_word = staticmethod(base_access.pci_bus_read_config_word)
    pci_bus_read_config_dword = staticmethod(base_access.pci_bus_read_config_dword)
    pci_bus_write_config_byte = staticmethod(base_access.pci_bus_write_config_byte)
    pci_bus_write_config_word = staticmethod(base_access.pci_bus_write_config_word)
    pci_bus_write_config_dword = staticmethod(base_access.pci_bus_write_config_dword)
    pci_read_config_byte = staticmethod(base_access.pci_read_config_byte)
    pci_read_config_word = staticmethod(base_access.pci_read_config_word)
    pci_read_config_dword = staticmethod(base_access.pci_read_config_dword)
    pci_write_config_byte = staticmethod(base_access.pci_write_config_byte)
    pci_write_config_word = staticmethod(base_access.pci_write_config_word)
    pci_write_config_dword = staticmethod(base_access.pci_write_config_dword)
    pci_wait_cfg = staticmethod(base_access.pci_wait_cfg)
    pci_user_read_config_byte = staticmethod(base_access.pci_user_read_config_byte)
    pci_user_read_config_word = staticmethod(base_access.pci_user_read_config_word)
    pci_user_read_config_dword = staticmethod(base_access.pci_user_read_config_dword)
    pci_user_write_config_byte = staticmethod(base_access.pci_user_write_config_byte)
    pci_user_write_config_word = staticmethod(base_access.pci_user_write_config_word)
    pci_user_write_config_dword = staticmethod(base_access.pci_user_write_config_dword)
    pci_vpd_pci22_init = staticmethod(base_access.pci_vpd_pci22_init)
    pci_cfg_access_lock = staticmethod(base_access.pci_cfg_access_lock)
    pci_cfg_access_trylock = staticmethod(base_access.pci_cfg_access_trylock)
    pci_cfg_access_unlock = staticmethod(base_access.pci_cfg_access_unlock)
    pcie_cap_version = staticmethod(base_access.pcie_cap_version)
    pcie_cap_has_devctl = staticmethod(base_access.pcie_cap_has_devctl)
    pcie_cap_has_lnkctl = staticmethod(base_access.pcie_cap_has_lnkctl)
    pcie_cap_has_sltctl = staticmethod(base_access.pcie_cap_has_sltctl)
    pcie_cap_has_rtctl = staticmethod(base_access.pcie_cap_has_rtctl)
    pcie_capability_reg_implemented = staticmethod(base_access.pcie_capability_reg_implemented)
    pcie_capability_read_word = staticmethod(base_access.pcie_capability_read_word)
    pcie_capability_read_dword = staticmethod(base_access.pcie_capability_read_dword)
    pcie_capability_write_word = staticmethod(base_access.pcie_capability_write_word)
    pcie_capability_write_dword = staticmethod(base_access.pcie_capability_write_dword)
    pcie_capability_clear_and_set_word = staticmethod(base_access.pcie_capability_clear_and_set_word)
    pcie_capability_clear_and_set_dword = staticmethod(base_access.pcie_capability_clear_and_set_dword)
    pcie_capability_set_word = staticmethod(base_access.pcie_capability_set_word)
    pcie_capability_set_dword = staticmethod(base_access.pcie_capability_set_dword)
    pcie_capability_clear_word = staticmethod(base_access.pcie_capability_clear_word)

    # base/quirks.py
    pci_fixup_early = base_quirks.pci_fixup_early
    pci_fixup_header = base_quirks.pci_fixup_header
    pci_fixup_final = base_quirks.pci_fixup_final
    pci_fixup_enable = base_quirks.pci_fixup_enable
    quirk_mmio_always_on = staticmethod(base_quirks.quirk_mmio_always_on)
    pci_fixup = base_quirks.pci_fixup
    pci_fixups = staticmethod(base_quirks.pci_fixups)
    pci_do_fixups = staticmethod(base_quirks.pci_do_fixups)
    pci_fixup_device = staticmethod(base_quirks.pci_fixup_device)
    struct_pci_dev_reset_methods = base_quirks.struct_pci_dev_reset_methods
    reset_intel_generic_dev = staticmethod(base_quirks.reset_intel_generic_dev)
    reset_intel_82599_sfp_virtfn = staticmethod(base_quirks.reset_intel_82599_sfp_virtfn)
    reset_ivb_igd = staticmethod(base_quirks.reset_ivb_igd)
    PCI_DEVICE_ID_INTEL_82599_SFP_VF = base_quirks.PCI_DEVICE_ID_INTEL_82599_SFP_VF
    PCI_DEVICE_ID_INTEL_IVB_M_VGA = base_quirks.PCI_DEVICE_ID_INTEL_IVB_M_VGA
    PCI_DEVICE_ID_INTEL_IVB_M2_VGA = base_quirks.PCI_DEVICE_ID_INTEL_IVB_M2_VGA
    pci_dev_reset_methods = base_quirks.pci_dev_reset_methods
    pci_dev_specific_reset = staticmethod(base_quirks.pci_dev_specific_reset)

    # base/setup_res.py
    PCI_REGION_FLAG_MASK = base_setup_res.PCI_REGION_FLAG_MASK
    pci_update_resource = staticmethod(base_setup_res.pci_update_resource)
    pci_enable_resources = staticmethod(base_setup_res.pci_enable_resources)

    # base/ats.py
    PCI_ATS_CAP_QDEP = base_ats.PCI_ATS_CAP_QDEP
    PCI_ATS_MAX_QDEP = base_ats.PCI_ATS_MAX_QDEP
    PCI_ATS_CTRL_STU = base_ats.PCI_ATS_CTRL_STU
    PCI_ATS_MIN_STU = base_ats.PCI_ATS_MIN_STU
    pci_ats = base_ats.pci_ats
    pci_ats_enabled = staticmethod(base_ats.pci_ats_enabled)
    ats_alloc_one = staticmethod(base_ats.ats_alloc_one)
    pci_enable_ats = staticmethod(base_ats.pci_enable_ats)
    pci_restore_ats_state = staticmethod(base_ats.pci_restore_ats_state)

    # base/iov.py
    PCI_SRIOV_CAP_VFM = base_iov.PCI_SRIOV_CAP_VFM
    PCI_SRIOV_BAR = base_iov.PCI_SRIOV_BAR
    PCI_SRIOV_NUM_BARS = base_iov.PCI_SRIOV_NUM_BARS
    PCI_IOV_RESOURCES = base_iov.PCI_IOV_RESOURCES
    PCI_IOV_RESOURCE_END = base_iov.PCI_IOV_RESOURCE_END
    PAGE_SIZE = base_iov.PAGE_SIZE
    pci_sriov = base_iov.pci_sriov
    sriov_enable = staticmethod(base_iov.sriov_enable)
    sriov_init = staticmethod(base_iov.sriov_init)
    sriov_restore_state = staticmethod(base_iov.sriov_restore_state)
    pci_iov_init = staticmethod(base_iov.pci_iov_init)
    pci_iov_resource_bar = staticmethod(base_iov.pci_iov_resource_bar)
    pci_restore_iov_state = staticmethod(base_iov.pci_restore_iov_state)
    pci_enable_sriov = staticmethod(base_iov.pci_enable_sriov)

    # base/pcibios.py
    pcibios_enable_device = staticmethod(base_pcibios.pcibios_enable_device)

    # base/pci.py
    pci_pm_d3_delay = base_pci.pci_pm_d3_delay
    pcibios_max_latency = base_pci.pcibios_max_latency
    PCI_FIND_CAP_TTL = base_pci.PCI_FIND_CAP_TTL
    PCI_EXP_SAVE_REGS = base_pci.PCI_EXP_SAVE_REGS
    SIZEOF_U16 = base_pci.SIZEOF_U16
    pci_no_d1d2 = staticmethod(base_pci.pci_no_d1d2)
    pci_dev_d3_sleep = staticmethod(base_pci.pci_dev_d3_sleep)
    pci_bus_max_busnr = staticmethod(base_pci.pci_bus_max_busnr)
    __pci_find_next_cap_ttl = staticmethod(base_pci.__pci_find_next_cap_ttl)
    __pci_find_next_cap = staticmethod(base_pci.__pci_find_next_cap)
    pci_find_next_capability = staticmethod(base_pci.pci_find_next_capability)
    __pci_bus_find_cap_start = staticmethod(base_pci.__pci_bus_find_cap_start)
    pci_find_capability = staticmethod(base_pci.pci_find_capability)
    pci_bus_find_capability = staticmethod(base_pci.pci_bus_find_capability)
    pci_find_next_ext_capability = staticmethod(base_pci.pci_find_next_ext_capability)
    pci_find_ext_capability = staticmethod(base_pci.pci_find_ext_capability)
    pci_restore_bars = staticmethod(base_pci.pci_restore_bars)
    pci_raw_set_power_state = staticmethod(base_pci.pci_raw_set_power_state)
    pci_update_current_state = staticmethod(base_pci.pci_update_current_state)
    pci_power_up = staticmethod(base_pci.pci_power_up)
    pci_platform_power_transition = staticmethod(base_pci.pci_platform_power_transition)
    __pci_start_power_transition = staticmethod(base_pci.__pci_start_power_transition)
    __pci_complete_power_transition = staticmethod(base_pci.__pci_complete_power_transition)
    pci_set_power_state = staticmethod(base_pci.pci_set_power_state)
    pci_saved_state = base_pci.pci_saved_state
    pci_find_saved_cap = staticmethod(base_pci.pci_find_saved_cap)
    pci_save_pcie_state = staticmethod(base_pci.pci_save_pcie_state)
    pci_restore_pcie_state = staticmethod(base_pci.pci_restore_pcie_state)
    pci_save_pcix_state = staticmethod(base_pci.pci_save_pcix_state)
    pci_restore_pcix_state = staticmethod(base_pci.pci_restore_pcix_state)
    pci_save_state = staticmethod(base_pci.pci_save_state)
    pci_restore_config_dword = staticmethod(base_pci.pci_restore_config_dword)
    pci_restore_config_space_range = staticmethod(base_pci.pci_restore_config_space_range)
    pci_restore_config_space = staticmethod(base_pci.pci_restore_config_space)
    pci_restore_state = staticmethod(base_pci.pci_restore_state)
    pci_store_saved_state = staticmethod(base_pci.pci_store_saved_state)
    pci_load_saved_state = staticmethod(base_pci.pci_load_saved_state)
    pci_load_and_free_saved_state = staticmethod(base_pci.pci_load_and_free_saved_state)
    do_pci_enable_device = staticmethod(base_pci.do_pci_enable_device)
    pci_reenable_device = staticmethod(base_pci.pci_reenable_device)
    pci_enable_device_flags = staticmethod(base_pci.pci_enable_device_flags)
    pci_enable_device_io = staticmethod(base_pci.pci_enable_device_io)
    pci_enable_device_mem = staticmethod(base_pci.pci_enable_device_mem)
    pci_enable_device = staticmethod(base_pci.pci_enable_device)
    do_pci_disable_device = staticmethod(base_pci.do_pci_disable_device)
    pci_disable_enabled_device = staticmethod(base_pci.pci_disable_enabled_device)
    pci_disable_device = staticmethod(base_pci.pci_disable_device)
    pci_pme_active = staticmethod(base_pci.pci_pme_active)
    pci_pm_init = staticmethod(base_pci.pci_pm_init)
    pci_add_saved_cap = staticmethod(base_pci.pci_add_saved_cap)
    pci_add_cap_save_buffer = staticmethod(base_pci.pci_add_cap_save_buffer)
    pci_allocate_cap_save_buffers = staticmethod(base_pci.pci_allocate_cap_save_buffers)
    pci_configure_ari = staticmethod(base_pci.pci_configure_ari)
    __pci_set_master = staticmethod(base_pci.__pci_set_master)
    pcibios_set_master = staticmethod(base_pci.pcibios_set_master)
    pci_set_master = staticmethod(base_pci.pci_set_master)
    pci_clear_master = staticmethod(base_pci.pci_clear_master)
    pci_intx = staticmethod(base_pci.pci_intx)
    pci_intx_mask_supported = staticmethod(base_pci.pci_intx_mask_supported)
    pcie_flr = staticmethod(base_pci.pcie_flr)
    pci_af_flr = staticmethod(base_pci.pci_af_flr)
    pci_pm_reset = staticmethod(base_pci.pci_pm_reset)
    __pci_reset_function = staticmethod(base_pci.__pci_reset_function)
    __pci_reset_function_locked = staticmethod(base_pci.__pci_reset_function_locked)
    pci_probe_reset_function = staticmethod(base_pci.pci_probe_reset_function)
    pci_resource_bar = staticmethod(base_pci.pci_resource_bar)

    # base/search.py
    pci_bus_sem = base_search.pci_bus_sem
    pci_do_find_bus = staticmethod(base_search.pci_do_find_bus)
    pci_find_bus = staticmethod(base_search.pci_find_bus)
    pci_get_slot = staticmethod(base_search.pci_get_slot)

    # base/probe.py
    CARDBUS_LATENCY_TIMER = base_probe.CARDBUS_LATENCY_TIMER
    CARDBUS_RESERVE_BUSNR = base_probe.CARDBUS_RESERVE_BUSNR
    ALL_ONES = base_probe.ALL_ONES
    IO_SPACE_LIMIT = base_probe.IO_SPACE_LIMIT
    CRS_VENDOR_ID = base_probe.CRS_VENDOR_ID
    pci_root_buses = base_probe.pci_root_buses
    pci_size = staticmethod(base_probe.pci_size)
    decode_bar = staticmethod(base_probe.decode_bar)
    __pci_read_base = staticmethod(base_probe.__pci_read_base)
    pci_read_bases = staticmethod(base_probe.pci_read_bases)
    pci_read_bridge_io = staticmethod(base_probe.pci_read_bridge_io)
    pci_read_bridge_mmio = staticmethod(base_probe.pci_read_bridge_mmio)
    pci_read_bridge_mmio_pref = staticmethod(base_probe.pci_read_bridge_mmio_pref)
    pci_read_bridge_bases = staticmethod(base_probe.pci_read_bridge_bases)
    pci_alloc_bus = staticmethod(base_probe.pci_alloc_bus)
    pcix_bus_speed = base_probe.pcix_bus_speed
    pcie_link_speed = base_probe.pcie_link_speed
    pcie_update_link_speed = staticmethod(base_probe.pcie_update_link_speed)
    agp_speeds = base_probe.agp_speeds
    agp_speed = staticmethod(base_probe.agp_speed)
    pci_set_bus_speed = staticmethod(base_probe.pci_set_bus_speed)
    pci_alloc_child_bus = staticmethod(base_probe.pci_alloc_child_bus)
    pci_add_new_bus = staticmethod(base_probe.pci_add_new_bus)
    pci_scan_bridge = staticmethod(base_probe.pci_scan_bridge)
    pci_read_irq = staticmethod(base_probe.pci_read_irq)
    set_pcie_port_type = staticmethod(base_probe.set_pcie_port_type)
    set_pcie_hotplug_bridge = staticmethod(base_probe.set_pcie_hotplug_bridge)
    LEGACY_IO_RESOURCE = base_probe.LEGACY_IO_RESOURCE
    pci_setup_device = staticmethod(base_probe.pci_setup_device)
    pci_cfg_space_size_ext = staticmethod(base_probe.pci_cfg_space_size_ext)
    pci_cfg_space_size = staticmethod(base_probe.pci_cfg_space_size)
    pci_alloc_dev = staticmethod(base_probe.pci_alloc_dev)
    pci_bus_read_dev_vendor_id = staticmethod(base_probe.pci_bus_read_dev_vendor_id)
    pci_scan_device = staticmethod(base_probe.pci_scan_device)
    pci_init_capabilities = staticmethod(base_probe.pci_init_capabilities)
    pci_device_add = staticmethod(base_probe.pci_device_add)
    pci_scan_single_device = staticmethod(base_probe.pci_scan_single_device)
    next_fn = staticmethod(base_probe.next_fn)
    only_one_child = staticmethod(base_probe.only_one_child)
    pci_scan_slot = staticmethod(base_probe.pci_scan_slot)
    pci_scan_child_bus = staticmethod(base_probe.pci_scan_child_bus)
    pci_create_root_bus = staticmethod(base_probe.pci_create_root_bus)
    pci_bus_insert_busn_res = staticmethod(base_probe.pci_bus_insert_busn_res)
    pci_bus_update_busn_res_end = staticmethod(base_probe.pci_bus_update_busn_res_end)
    pci_scan_root_buses = staticmethod(base_probe.pci_scan_root_buses)

    # base/core.py
    pci_bus_type = base_core.pci_bus_type
    klist_del = staticmethod(base_core.klist_del)
    dev_attr_store = staticmethod(base_core.dev_attr_store)
    device_create_file = staticmethod(base_core.device_create_file)
    device_remove_file = staticmethod(base_core.device_remove_file)
    bus_add_device = staticmethod(base_core.bus_add_device)
    bus_remove_device = staticmethod(base_core.bus_remove_device)
    device_add = staticmethod(base_core.device_add)
    device_del = staticmethod(base_core.device_del)

    # base/dd.py
    really_probe = staticmethod(base_dd.really_probe)
    driver_probe_device = staticmethod(base_dd.driver_probe_device)
    device_attach = staticmethod(base_dd.device_attach)
    __device_release_driver = staticmethod(base_dd.__device_release_driver)
    device_release_driver = staticmethod(base_dd.device_release_driver)

    # base/pci_driver.py
    pci_drivers = base_pci_driver.pci_drivers
    pci_match_device = staticmethod(base_pci_driver.pci_match_device)
    local_pci_probe = staticmethod(base_pci_driver.local_pci_probe)
    pci_device_remove = staticmethod(base_pci_driver.pci_device_remove)

    # base/pci_sysfs.py
    ULONG_MAX = base_pci_sysfs.ULONG_MAX
    sysfs_initialized = base_pci_sysfs.sysfs_initialized
    kstrtoul = staticmethod(base_pci_sysfs.kstrtoul)
    reset_store = staticmethod(base_pci_sysfs.reset_store)
    pci_create_capabilities_sysfs = staticmethod(base_pci_sysfs.pci_create_capabilities_sysfs)
    pci_create_sysfs_dev_files = staticmethod(base_pci_sysfs.pci_create_sysfs_dev_files)
    pci_remove_capabilities_sysfs = staticmethod(base_pci_sysfs.pci_remove_capabilities_sysfs)
    pci_remove_sysfs_dev_files = staticmethod(base_pci_sysfs.pci_remove_sysfs_dev_files)
    pci_sysfs_init = staticmethod(base_pci_sysfs.pci_sysfs_init)

    # base/bus.py
    pci_bus_add_device = staticmethod(base_bus.pci_bus_add_device)
    pci_bus_add_devices = staticmethod(base_bus.pci_bus_add_devices)
    pci_enable_bridges = staticmethod(base_bus.pci_enable_bridges)
    pci_walk_bus = staticmethod(base_bus.pci_walk_bus)

    # base/setup_bus.py
    pci_assign_unassigned_resources = staticmethod(base_setup_bus.pci_assign_unassigned_resources)
    pci_assign_unassigned_bridge_resources = staticmethod(base_setup_bus.pci_assign_unassigned_bridge_resources)

    # base/remove.py
    list_del = staticmethod(base_remove.list_del)
    pci_stop_dev = staticmethod(base_remove.pci_stop_dev)
    pci_destroy_dev = staticmethod(base_remove.pci_destroy_dev)
    pci_remove_bus = staticmethod(base_remove.pci_remove_bus)
    pci_stop_bus_device = staticmethod(base_remove.pci_stop_bus_device)
    pci_remove_bus_device = staticmethod(base_remove.pci_remove_bus_device)
    pci_stop_and_remove_bus_device = staticmethod(base_remove.pci_stop_and_remove_bus_device)

    # base/pcieport_if.py
    PCIE_ANY_PORT = base_pcieport_if.PCIE_ANY_PORT
    PCIE_PORT_SERVICE_PME_SHIFT = base_pcieport_if.PCIE_PORT_SERVICE_PME_SHIFT
    PCIE_PORT_SERVICE_PME = base_pcieport_if.PCIE_PORT_SERVICE_PME
    PCIE_PORT_SERVICE_HP_SHIFT = base_pcieport_if.PCIE_PORT_SERVICE_HP_SHIFT
    PCIE_PORT_SERVICE_HP = base_pcieport_if.PCIE_PORT_SERVICE_HP
    PCIE_PORT_SERVICE_VC_SHIFT = base_pcieport_if.PCIE_PORT_SERVICE_VC_SHIFT
    PCIE_PORT_SERVICE_VC = base_pcieport_if.PCIE_PORT_SERVICE_VC
    pcie_device = base_pcieport_if.pcie_device
    set_service_data = staticmethod(base_pcieport_if.set_service_data)
    get_service_data = staticmethod(base_pcieport_if.get_service_data)
    pcie_port_service_driver = base_pcieport_if.pcie_port_service_driver

    # base/portdrv.py
    PCIE_PORT_DEVICE_MAXSERVICES = base_portdrv.PCIE_PORT_DEVICE_MAXSERVICES
    PCIE_PORT_MAX_MSIX_ENTRIES = base_portdrv.PCIE_PORT_MAX_MSIX_ENTRIES
    get_descriptor_id = staticmethod(base_portdrv.get_descriptor_id)

    # base/portdrv_core.py
    pcie_port_msix_add_entry = staticmethod(base_portdrv_core.pcie_port_msix_add_entry)
    pcie_port_enable_msix = staticmethod(base_portdrv_core.pcie_port_enable_msix)
    init_service_irqs = staticmethod(base_portdrv_core.init_service_irqs)
    cleanup_service_irqs = staticmethod(base_portdrv_core.cleanup_service_irqs)
    get_port_device_capability = staticmethod(base_portdrv_core.get_port_device_capability)
    pcie_device_init = staticmethod(base_portdrv_core.pcie_device_init)
    pcie_port_device_register = staticmethod(base_portdrv_core.pcie_port_device_register)
    remove_iter = staticmethod(base_portdrv_core.remove_iter)
    pcie_port_device_remove = staticmethod(base_portdrv_core.pcie_port_device_remove)
    pcie_port_probe_service = staticmethod(base_portdrv_core.pcie_port_probe_service)
    pcie_port_remove_service = staticmethod(base_portdrv_core.pcie_port_remove_service)
    pcie_port_service_register = staticmethod(base_portdrv_core.pcie_port_service_register)
    pcie_port_service_unregister = staticmethod(base_portdrv_core.pcie_port_service_unregister)

    # base/portdrv_pci.py
    pcie_clear_root_pme_status = staticmethod(base_portdrv_pci.pcie_clear_root_pme_status)
    pcie_portdrv_probe = staticmethod(base_portdrv_pci.pcie_portdrv_probe)
    pcie_portdrv_remove = staticmethod(base_portdrv_pci.pcie_portdrv_remove)
    pcie_portdriver = staticmethod(base_portdrv_pci.pcie_portdriver)

    # base/portdrv_bus.py
    pcie_port_bus_type = base_portdrv_bus.pcie_port_bus_type
    pcie_port_drivers = base_portdrv_bus.pcie_port_drivers
    pcie_port_bus_match = staticmethod(base_portdrv_bus.pcie_port_bus_match)
    bind_service = staticmethod(base_portdrv_bus.bind_service)
    release_service = staticmethod(base_portdrv_bus.release_service)

    # base/pcie_pme.py
    pcie_pme_service_data = base_pcie_pme.pcie_pme_service_data
    pcie_pme_interrupt_enable = staticmethod(base_pcie_pme.pcie_pme_interrupt_enable)
    pcie_pme_work_fn = staticmethod(base_pcie_pme.pcie_pme_work_fn)
    pcie_pme_irq = staticmethod(base_pcie_pme.pcie_pme_irq)
    pcie_pme_probe = staticmethod(base_pcie_pme.pcie_pme_probe)
    pcie_pme_suspend = staticmethod(base_pcie_pme.pcie_pme_suspend)
    pcie_pme_remove = staticmethod(base_pcie_pme.pcie_pme_remove)
    pcie_pme_driver = staticmethod(base_pcie_pme.pcie_pme_driver)
    pcie_pme_service_init = staticmethod(base_pcie_pme.pcie_pme_service_init)

    # base/aerdrv_core.py
    aer_do_secondary_bus_reset = staticmethod(base_aerdrv_core.aer_do_secondary_bus_reset)

    # base/pci_hotplug.py
    hotplug_slot_info = base_pci_hotplug.hotplug_slot_info
    hotplug_slot = base_pci_hotplug.hotplug_slot
    hotplug_slot_name = staticmethod(base_pci_hotplug.hotplug_slot_name)
    pci_hp_register = staticmethod(base_pci_hotplug.pci_hp_register)

    # base/slot.py
    pci_slots_kset = base_slot.pci_slots_kset
    pci_slot_attr_show = staticmethod(base_slot.pci_slot_attr_show)
    pci_slot_attr_store = staticmethod(base_slot.pci_slot_attr_store)
    kobject_put = staticmethod(base_slot.kobject_put)
    pci_slot_release = staticmethod(base_slot.pci_slot_release)
    make_slot_name = staticmethod(base_slot.make_slot_name)
    rename_slot = staticmethod(base_slot.rename_slot)
    get_slot = staticmethod(base_slot.get_slot)
    pci_create_slot = staticmethod(base_slot.pci_create_slot)
    pci_destroy_slot = staticmethod(base_slot.pci_destroy_slot)

    # base/pci_hotplug_core.py
    pci_hotplug_slot_list = base_pci_hotplug_core.pci_hotplug_slot_list
    pci_hp_mutex = base_pci_hotplug_core.pci_hp_mutex
    GET_STATUS = staticmethod(base_pci_hotplug_core.GET_STATUS)
    simple_strtoul = staticmethod(base_pci_hotplug_core.simple_strtoul)
    power_read_file = staticmethod(base_pci_hotplug_core.power_read_file)
    power_write_file = staticmethod(base_pci_hotplug_core.power_write_file)
    attention_read_file = staticmethod(base_pci_hotplug_core.attention_read_file)
    attention_write_file = staticmethod(base_pci_hotplug_core.attention_write_file)
    latch_read_file = staticmethod(base_pci_hotplug_core.latch_read_file)
    presence_read_file = staticmethod(base_pci_hotplug_core.presence_read_file)
    test_write_file = staticmethod(base_pci_hotplug_core.test_write_file)
    has_power_file = staticmethod(base_pci_hotplug_core.has_power_file)
    has_attention_file = staticmethod(base_pci_hotplug_core.has_attention_file)
    has_latch_file = staticmethod(base_pci_hotplug_core.has_latch_file)
    has_adapter_file = staticmethod(base_pci_hotplug_core.has_adapter_file)
    has_test_file = staticmethod(base_pci_hotplug_core.has_test_file)
    fs_add_slot = staticmethod(base_pci_hotplug_core.fs_add_slot)
    fs_remove_slot = staticmethod(base_pci_hotplug_core.fs_remove_slot)
    get_slot_from_name = staticmethod(base_pci_hotplug_core.get_slot_from_name)
    __pci_hp_register = staticmethod(base_pci_hotplug_core.__pci_hp_register)
    pci_hp_deregister = staticmethod(base_pci_hotplug_core.pci_hp_deregister)
    pci_hp_change_slot_info = staticmethod(base_pci_hotplug_core.pci_hp_change_slot_info)

    # base/hotplug_pci.py
    pci_hp_add_bridge = staticmethod(base_hotplug_pci.pci_hp_add_bridge)

    # base/pciehp.py
    MY_NAME = base_pciehp.MY_NAME
    INT_BUTTON_IGNORE = base_pciehp.INT_BUTTON_IGNORE
    INT_PRESENCE_ON = base_pciehp.INT_PRESENCE_ON
    INT_PRESENCE_OFF = base_pciehp.INT_PRESENCE_OFF
    INT_SWITCH_CLOSE = base_pciehp.INT_SWITCH_CLOSE
    INT_SWITCH_OPEN = base_pciehp.INT_SWITCH_OPEN
    INT_POWER_FAULT = base_pciehp.INT_POWER_FAULT
    INT_POWER_FAULT_CLEAR = base_pciehp.INT_POWER_FAULT_CLEAR
    INT_BUTTON_PRESS = base_pciehp.INT_BUTTON_PRESS
    INT_BUTTON_RELEASE = base_pciehp.INT_BUTTON_RELEASE
    INT_BUTTON_CANCEL = base_pciehp.INT_BUTTON_CANCEL
    STATIC_STATE = base_pciehp.STATIC_STATE
    BLINKINGON_STATE = base_pciehp.BLINKINGON_STATE
    BLINKINGOFF_STATE = base_pciehp.BLINKINGOFF_STATE
    POWERON_STATE = base_pciehp.POWERON_STATE
    POWEROFF_STATE = base_pciehp.POWEROFF_STATE
    slot = base_pciehp.slot
    struct_slot = base_pciehp.struct_slot
    event_info = base_pciehp.event_info
    controller = base_pciehp.controller
    ctrl_dbg = staticmethod(base_pciehp.ctrl_dbg)
    ctrl_err = staticmethod(base_pciehp.ctrl_err)
    ctrl_info = staticmethod(base_pciehp.ctrl_info)
    ctrl_warn = staticmethod(base_pciehp.ctrl_warn)
    ATTN_BUTTN = staticmethod(base_pciehp.ATTN_BUTTN)
    POWER_CTRL = staticmethod(base_pciehp.POWER_CTRL)
    MRL_SENS = staticmethod(base_pciehp.MRL_SENS)
    ATTN_LED = staticmethod(base_pciehp.ATTN_LED)
    PWR_LED = staticmethod(base_pciehp.PWR_LED)
    HP_SUPR_RM = staticmethod(base_pciehp.HP_SUPR_RM)
    EMI = staticmethod(base_pciehp.EMI)
    NO_CMD_CMPL = staticmethod(base_pciehp.NO_CMD_CMPL)
    PSN = staticmethod(base_pciehp.PSN)
    slot_name = staticmethod(base_pciehp.slot_name)

    # base/pciehp_hpc.py
    pciehp_readw = staticmethod(base_pciehp_hpc.pciehp_readw)
    pciehp_readl = staticmethod(base_pciehp_hpc.pciehp_readl)
    pciehp_writew = staticmethod(base_pciehp_hpc.pciehp_writew)
    POWER_ON = base_pciehp_hpc.POWER_ON
    POWER_OFF = base_pciehp_hpc.POWER_OFF
    int_poll_timeout = staticmethod(base_pciehp_hpc.int_poll_timeout)
    start_int_poll_timer = staticmethod(base_pciehp_hpc.start_int_poll_timer)
    pciehp_request_irq = staticmethod(base_pciehp_hpc.pciehp_request_irq)
    pciehp_free_irq = staticmethod(base_pciehp_hpc.pciehp_free_irq)
    pcie_poll_cmd = staticmethod(base_pciehp_hpc.pcie_poll_cmd)
    pcie_wait_cmd = staticmethod(base_pciehp_hpc.pcie_wait_cmd)
    pcie_write_cmd = staticmethod(base_pciehp_hpc.pcie_write_cmd)
    check_link_active = staticmethod(base_pciehp_hpc.check_link_active)
    __pcie_wait_link_active = staticmethod(base_pciehp_hpc.__pcie_wait_link_active)
    pcie_wait_link_active = staticmethod(base_pciehp_hpc.pcie_wait_link_active)
    pcie_wait_link_not_active = staticmethod(base_pciehp_hpc.pcie_wait_link_not_active)
    pci_bus_check_dev = staticmethod(base_pciehp_hpc.pci_bus_check_dev)
    pciehp_check_link_status = staticmethod(base_pciehp_hpc.pciehp_check_link_status)
    __pciehp_link_set = staticmethod(base_pciehp_hpc.__pciehp_link_set)
    pciehp_link_enable = staticmethod(base_pciehp_hpc.pciehp_link_enable)
    pciehp_link_disable = staticmethod(base_pciehp_hpc.pciehp_link_disable)
    pciehp_get_attention_status = staticmethod(base_pciehp_hpc.pciehp_get_attention_status)
    pciehp_get_power_status = staticmethod(base_pciehp_hpc.pciehp_get_power_status)
    pciehp_get_latch_status = staticmethod(base_pciehp_hpc.pciehp_get_latch_status)
    pciehp_get_adapter_status = staticmethod(base_pciehp_hpc.pciehp_get_adapter_status)
    pciehp_query_power_fault = staticmethod(base_pciehp_hpc.pciehp_query_power_fault)
    pciehp_set_attention_status = staticmethod(base_pciehp_hpc.pciehp_set_attention_status)
    pciehp_green_led_on = staticmethod(base_pciehp_hpc.pciehp_green_led_on)
    pciehp_green_led_off = staticmethod(base_pciehp_hpc.pciehp_green_led_off)
    pciehp_green_led_blink = staticmethod(base_pciehp_hpc.pciehp_green_led_blink)
    pciehp_power_on_slot = staticmethod(base_pciehp_hpc.pciehp_power_on_slot)
    pciehp_power_off_slot = staticmethod(base_pciehp_hpc.pciehp_power_off_slot)
    pcie_isr = staticmethod(base_pciehp_hpc.pcie_isr)
    pcie_enable_notification = staticmethod(base_pciehp_hpc.pcie_enable_notification)
    pcie_disable_notification = staticmethod(base_pciehp_hpc.pcie_disable_notification)
    pcie_init_notification = staticmethod(base_pciehp_hpc.pcie_init_notification)
    pcie_shutdown_notification = staticmethod(base_pciehp_hpc.pcie_shutdown_notification)
    pcie_init_slot = staticmethod(base_pciehp_hpc.pcie_init_slot)
    pcie_cleanup_slot = staticmethod(base_pciehp_hpc.pcie_cleanup_slot)
    dbg_ctrl = staticmethod(base_pciehp_hpc.dbg_ctrl)
    pcie_init = staticmethod(base_pciehp_hpc.pcie_init)
    pciehp_release_ctrl = staticmethod(base_pciehp_hpc.pciehp_release_ctrl)

    # base/pciehp_pci.py
    pciehp_configure_device = staticmethod(base_pciehp_pci.pciehp_configure_device)
    pciehp_unconfigure_device = staticmethod(base_pciehp_pci.pciehp_unconfigure_device)

    # base/pciehp_ctrl.py
    EVENT_NAMES = base_pciehp_ctrl.EVENT_NAMES
    queue_interrupt_event = staticmethod(base_pciehp_ctrl.queue_interrupt_event)
    pciehp_handle_attention_button = staticmethod(base_pciehp_ctrl.pciehp_handle_attention_button)
    pciehp_handle_switch_change = staticmethod(base_pciehp_ctrl.pciehp_handle_switch_change)
    pciehp_handle_presence_change = staticmethod(base_pciehp_ctrl.pciehp_handle_presence_change)
    pciehp_handle_power_fault = staticmethod(base_pciehp_ctrl.pciehp_handle_power_fault)
    set_slot_off = staticmethod(base_pciehp_ctrl.set_slot_off)
    board_added = staticmethod(base_pciehp_ctrl.board_added)
    remove_board = staticmethod(base_pciehp_ctrl.remove_board)
    power_work_info = base_pciehp_ctrl.power_work_info
    pciehp_power_thread = staticmethod(base_pciehp_ctrl.pciehp_power_thread)
    pciehp_queue_pushbutton_work = staticmethod(base_pciehp_ctrl.pciehp_queue_pushbutton_work)
    handle_button_press_event = staticmethod(base_pciehp_ctrl.handle_button_press_event)
    handle_surprise_event = staticmethod(base_pciehp_ctrl.handle_surprise_event)
    interrupt_event_handler = staticmethod(base_pciehp_ctrl.interrupt_event_handler)
    pciehp_enable_slot = staticmethod(base_pciehp_ctrl.pciehp_enable_slot)
    pciehp_disable_slot = staticmethod(base_pciehp_ctrl.pciehp_disable_slot)
    pciehp_sysfs_enable_slot = staticmethod(base_pciehp_ctrl.pciehp_sysfs_enable_slot)
    pciehp_sysfs_disable_slot = staticmethod(base_pciehp_ctrl.pciehp_sysfs_disable_slot)

    # base/pciehp_core.py
    pciehp_debug = base_pciehp_core.pciehp_debug
    pciehp_poll_mode = base_pciehp_core.pciehp_poll_mode
    pciehp_poll_time = base_pciehp_core.pciehp_poll_time
    pciehp_force = base_pciehp_core.pciehp_force
    THIS_MODULE = base_pciehp_core.THIS_MODULE
    KBUILD_MODNAME = base_pciehp_core.KBUILD_MODNAME
    PCIE_MODULE_NAME = base_pciehp_core.PCIE_MODULE_NAME
    release_slot = staticmethod(base_pciehp_core.release_slot)
    cleanup_slot = staticmethod(base_pciehp_core.cleanup_slot)
    set_attention_status = staticmethod(base_pciehp_core.set_attention_status)
    enable_slot = staticmethod(base_pciehp_core.enable_slot)
    disable_slot = staticmethod(base_pciehp_core.disable_slot)
    get_power_status = staticmethod(base_pciehp_core.get_power_status)
    get_attention_status = staticmethod(base_pciehp_core.get_attention_status)
    get_latch_status = staticmethod(base_pciehp_core.get_latch_status)
    get_adapter_status = staticmethod(base_pciehp_core.get_adapter_status)
    pciehp_probe = staticmethod(base_pciehp_core.pciehp_probe)
    pciehp_remove = staticmethod(base_pciehp_core.pciehp_remove)
    hpdriver_portdrv = staticmethod(base_pciehp_core.hpdriver_portdrv)
    pcied_init = staticmethod(base_pciehp_core.pcied_init)

    # base/pciehp_acpi.py
    PCIEHP_DETECT_PCIE = base_pciehp_acpi.PCIEHP_DETECT_PCIE
    PCIEHP_DETECT_ACPI = base_pciehp_acpi.PCIEHP_DETECT_ACPI
    slot_detection_mode = base_pciehp_acpi.slot_detection_mode
    pciehp_acpi_slot_detection_check = staticmethod(base_pciehp_acpi.pciehp_acpi_slot_detection_check)
    dummy_probe = staticmethod(base_pciehp_acpi.dummy_probe)
    dummy_driver = staticmethod(base_pciehp_acpi.dummy_driver)
    select_detection_mode = staticmethod(base_pciehp_acpi.select_detection_mode)
    pciehp_acpi_slot_detection_init = staticmethod(base_pciehp_acpi.pciehp_acpi_slot_detection_init)

    # base/msi.py
    pci_msi_enable = base_msi.pci_msi_enable
    msix_table_size = staticmethod(base_msi.msix_table_size)
    default_restore_msi_irqs = staticmethod(base_msi.default_restore_msi_irqs)
    msi_set_enable = staticmethod(base_msi.msi_set_enable)
    msix_set_enable = staticmethod(base_msi.msix_set_enable)
    msi_mask = staticmethod(base_msi.msi_mask)
    msi_capable_mask = staticmethod(base_msi.msi_capable_mask)
    __msi_mask_irq = staticmethod(base_msi.__msi_mask_irq)
    msi_mask_irq = staticmethod(base_msi.msi_mask_irq)
    msi_set_mask_bit = staticmethod(base_msi.msi_set_mask_bit)
    mask_msi_irq = staticmethod(base_msi.mask_msi_irq)
    unmask_msi_irq = staticmethod(base_msi.unmask_msi_irq)
    __write_msi_msg = staticmethod(base_msi.__write_msi_msg)
    write_msi_msg = staticmethod(base_msi.write_msi_msg)
    free_msi_irqs = staticmethod(base_msi.free_msi_irqs)
    alloc_msi_entry = staticmethod(base_msi.alloc_msi_entry)
    pci_intx_for_msi = staticmethod(base_msi.pci_intx_for_msi)
    __pci_restore_msi_state = staticmethod(base_msi.__pci_restore_msi_state)
    __pci_restore_msix_state = staticmethod(base_msi.__pci_restore_msix_state)
    pci_restore_msi_state = staticmethod(base_msi.pci_restore_msi_state)
    msi_capability_init = staticmethod(base_msi.msi_capability_init)
    msix_map_region = staticmethod(base_msi.msix_map_region)
    msix_setup_entries = staticmethod(base_msi.msix_setup_entries)
    msix_program_entries = staticmethod(base_msi.msix_program_entries)
    msix_capability_init = staticmethod(base_msi.msix_capability_init)
    pci_msi_check_device = staticmethod(base_msi.pci_msi_check_device)
    pci_enable_msi_block = staticmethod(base_msi.pci_enable_msi_block)
    pci_enable_msi = staticmethod(base_msi.pci_enable_msi)
    pci_msi_shutdown = staticmethod(base_msi.pci_msi_shutdown)
    pci_disable_msi = staticmethod(base_msi.pci_disable_msi)
    pci_msix_table_size = staticmethod(base_msi.pci_msix_table_size)
    pci_enable_msix = staticmethod(base_msi.pci_enable_msix)
    pci_msix_shutdown = staticmethod(base_msi.pci_msix_shutdown)
    pci_disable_msix = staticmethod(base_msi.pci_disable_msix)
    pci_msi_init_pci_dev = staticmethod(base_msi.pci_msi_init_pci_dev)

    # base/io_apic.py
    MSI_ADDR_BASE_LO = base_io_apic.MSI_ADDR_BASE_LO
    MSI_DATA_LEVEL_ASSERT = base_io_apic.MSI_DATA_LEVEL_ASSERT
    VECTOR_OFFSET_START = base_io_apic.VECTOR_OFFSET_START
    msi_compose_msg = staticmethod(base_io_apic.msi_compose_msg)
    msi_set_affinity = staticmethod(base_io_apic.msi_set_affinity)
    msi_chip = staticmethod(base_io_apic.msi_chip)
    setup_msi_irq = staticmethod(base_io_apic.setup_msi_irq)
    native_setup_msi_irqs = staticmethod(base_io_apic.native_setup_msi_irqs)
    native_teardown_msi_irq = staticmethod(base_io_apic.native_teardown_msi_irq)

    # base/vfio.py
    struct_vfio = base_vfio.struct_vfio
    vfio = base_vfio.vfio
    vfio_device_ops = base_vfio.vfio_device_ops
    vfio_group = base_vfio.vfio_group
    vfio_device = base_vfio.vfio_device
    vfio_group_create_device = staticmethod(base_vfio.vfio_group_create_device)
    vfio_device_release = staticmethod(base_vfio.vfio_device_release)
    vfio_device_put = staticmethod(base_vfio.vfio_device_put)
    vfio_device_get = staticmethod(base_vfio.vfio_device_get)
    vfio_group_get_device = staticmethod(base_vfio.vfio_group_get_device)
    vfio_add_group_dev = staticmethod(base_vfio.vfio_add_group_dev)
    vfio_dev_present = staticmethod(base_vfio.vfio_dev_present)
    vfio_del_group_dev = staticmethod(base_vfio.vfio_del_group_dev)
    vfio_group_get_device_fd = staticmethod(base_vfio.vfio_group_get_device_fd)
    vfio_device_fops_release = staticmethod(base_vfio.vfio_device_fops_release)
    vfio_device_fops_unl_ioctl = staticmethod(base_vfio.vfio_device_fops_unl_ioctl)

    # base/vfio_pci_config.py
    PCI_CAP_ID_MAX = base_vfio_pci_config.PCI_CAP_ID_MAX
    PCI_EXT_CAP_ID_AMD_XXX = base_vfio_pci_config.PCI_EXT_CAP_ID_AMD_XXX
    PCI_EXT_CAP_ID_MAX = base_vfio_pci_config.PCI_EXT_CAP_ID_MAX
    PCI_CAP_SIZEOF = base_vfio_pci_config.PCI_CAP_SIZEOF
    PCI_CAP_FLAGS = base_vfio_pci_config.PCI_CAP_FLAGS
    PCI_CAP_PCIX_SIZEOF_V0 = base_vfio_pci_config.PCI_CAP_PCIX_SIZEOF_V0
    PCI_CAP_PCIX_SIZEOF_V2 = base_vfio_pci_config.PCI_CAP_PCIX_SIZEOF_V2
    PCI_CAP_EXP_ENDPOINT_SIZEOF_V1 = base_vfio_pci_config.PCI_CAP_EXP_ENDPOINT_SIZEOF_V1
    PCI_CAP_EXP_ENDPOINT_SIZEOF_V2 = base_vfio_pci_config.PCI_CAP_EXP_ENDPOINT_SIZEOF_V2
    HT_3BIT_CAP_MASK = base_vfio_pci_config.HT_3BIT_CAP_MASK
    HT_CAP_SIZEOF_LONG = base_vfio_pci_config.HT_CAP_SIZEOF_LONG
    HT_CAP_SIZEOF_SHORT = base_vfio_pci_config.HT_CAP_SIZEOF_SHORT
    PCI_SATA_REGS = base_vfio_pci_config.PCI_SATA_REGS
    PCI_SATA_REGS_MASK = base_vfio_pci_config.PCI_SATA_REGS_MASK
    PCI_SATA_REGS_INLINE = base_vfio_pci_config.PCI_SATA_REGS_INLINE
    PCI_SATA_SIZEOF_SHORT = base_vfio_pci_config.PCI_SATA_SIZEOF_SHORT
    PCI_SATA_SIZEOF_LONG = base_vfio_pci_config.PCI_SATA_SIZEOF_LONG
    PCI_VC_PORT_REG1 = base_vfio_pci_config.PCI_VC_PORT_REG1
    PCI_VC_REG1_EVCC = base_vfio_pci_config.PCI_VC_REG1_EVCC
    PCI_VC_PORT_REG2 = base_vfio_pci_config.PCI_VC_PORT_REG2
    PCI_VC_REG2_32_PHASE = base_vfio_pci_config.PCI_VC_REG2_32_PHASE
    PCI_VC_REG2_64_PHASE = base_vfio_pci_config.PCI_VC_REG2_64_PHASE
    PCI_VC_REG2_128_PHASE = base_vfio_pci_config.PCI_VC_REG2_128_PHASE
    PCI_CAP_VC_BASE_SIZEOF = base_vfio_pci_config.PCI_CAP_VC_BASE_SIZEOF
    PCI_CAP_VC_PER_VC_SIZEOF = base_vfio_pci_config.PCI_CAP_VC_PER_VC_SIZEOF
    PCI_VSEC_HDR = base_vfio_pci_config.PCI_VSEC_HDR
    PCI_VSEC_HDR_LEN_SHIFT = base_vfio_pci_config.PCI_VSEC_HDR_LEN_SHIFT
    PCI_ACS_EGRESS_BITS = base_vfio_pci_config.PCI_ACS_EGRESS_BITS
    PCI_REBAR_CTRL = base_vfio_pci_config.PCI_REBAR_CTRL
    PCI_REBAR_CTRL_NBAR_MASK = base_vfio_pci_config.PCI_REBAR_CTRL_NBAR_MASK
    PCI_REBAR_CTRL_NBAR_SHIFT = base_vfio_pci_config.PCI_REBAR_CTRL_NBAR_SHIFT
    PCI_DPA_CAP = base_vfio_pci_config.PCI_DPA_CAP
    PCI_DPA_CAP_SUBSTATE_MASK = base_vfio_pci_config.PCI_DPA_CAP_SUBSTATE_MASK
    PCI_DPA_BASE_SIZEOF = base_vfio_pci_config.PCI_DPA_BASE_SIZEOF
    PCI_TPH_CAP = base_vfio_pci_config.PCI_TPH_CAP
    PCI_TPH_CAP_LOC_MASK = base_vfio_pci_config.PCI_TPH_CAP_LOC_MASK
    PCI_TPH_LOC_CAP = base_vfio_pci_config.PCI_TPH_LOC_CAP
    PCI_TPH_CAP_ST_MASK = base_vfio_pci_config.PCI_TPH_CAP_ST_MASK
    PCI_TPH_CAP_ST_SHIFT = base_vfio_pci_config.PCI_TPH_CAP_ST_SHIFT
    PCI_TPH_BASE_SIZEOF = base_vfio_pci_config.PCI_TPH_BASE_SIZEOF
    PCI_CAP_ID_BASIC = base_vfio_pci_config.PCI_CAP_ID_BASIC
    PCI_CAP_ID_INVALID = base_vfio_pci_config.PCI_CAP_ID_INVALID
    pci_cap_length = base_vfio_pci_config.pci_cap_length
    pci_ext_cap_length = base_vfio_pci_config.pci_ext_cap_length
    round_up = staticmethod(base_vfio_pci_config.round_up)
    vfio_user_config_read = staticmethod(base_vfio_pci_config.vfio_user_config_read)
    vfio_msi_cap_len = staticmethod(base_vfio_pci_config.vfio_msi_cap_len)
    vfio_vc_cap_len = staticmethod(base_vfio_pci_config.vfio_vc_cap_len)
    vfio_cap_len = staticmethod(base_vfio_pci_config.vfio_cap_len)
    vfio_ext_cap_len = staticmethod(base_vfio_pci_config.vfio_ext_cap_len)
    vfio_fill_vconfig_bytes = staticmethod(base_vfio_pci_config.vfio_fill_vconfig_bytes)
    vfio_cap_init = staticmethod(base_vfio_pci_config.vfio_cap_init)
    vfio_ecap_init = staticmethod(base_vfio_pci_config.vfio_ecap_init)
    vfio_config_init = staticmethod(base_vfio_pci_config.vfio_config_init)
    vfio_config_free = staticmethod(base_vfio_pci_config.vfio_config_free)

    # base/vfio_pci.py
    VFIO_DEVICE_RESET = base_vfio_pci.VFIO_DEVICE_RESET
    vfio_pci_device = base_vfio_pci.vfio_pci_device
    vfio_pci_enable = staticmethod(base_vfio_pci.vfio_pci_enable)
    vfio_pci_disable = staticmethod(base_vfio_pci.vfio_pci_disable)
    vfio_pci_release = staticmethod(base_vfio_pci.vfio_pci_release)
    vfio_pci_open = staticmethod(base_vfio_pci.vfio_pci_open)
    vfio_pci_ioctl = staticmethod(base_vfio_pci.vfio_pci_ioctl)
    vfio_pci_ops = base_vfio_pci.vfio_pci_ops
    vfio_pci_probe = staticmethod(base_vfio_pci.vfio_pci_probe)
    vfio_pci_remove = staticmethod(base_vfio_pci.vfio_pci_remove)
    vfio_pci_driver = base_vfio_pci.vfio_pci_driver

    # patch/p01_create_pci_reset_bridge_secondary_bus.py
    pci_reset_bridge_secondary_bus = staticmethod(patch_p01.pci_reset_bridge_secondary_bus)
    pci_parent_bus_reset = staticmethod(patch_p01.pci_parent_bus_reset)

    # patch/p02_add_hotplug_slot_ops_reset_slot.py
    hotplug_slot_ops = patch_p02.hotplug_slot_ops

    # patch/p03_add_pci_hp_reset_slot.py
    pci_hp_reset_slot = staticmethod(patch_p03.pci_hp_reset_slot)

    # patch/p04_implement_reset_slot_for_pciehp.py
    init_slot = staticmethod(patch_p04.init_slot)
    reset_slot = staticmethod(patch_p04.reset_slot)
    pciehp_reset_slot = staticmethod(patch_p04.pciehp_reset_slot)

    # patch/p05_add_reset_slot_option_to_pci_dev_reset.py
    pci_dev_reset_slot_function = staticmethod(patch_p05.pci_dev_reset_slot_function)
    __pci_dev_reset = staticmethod(patch_p05.__pci_dev_reset)

    # patch/p06_split_out_pci_dev_lock_unlock_and_save_restore.py
    pci_dev_lock = staticmethod(patch_p06.pci_dev_lock)
    pci_dev_unlock = staticmethod(patch_p06.pci_dev_unlock)
    pci_dev_restore = staticmethod(patch_p06.pci_dev_restore)
    pci_dev_reset = staticmethod(patch_p06.pci_dev_reset)
    pci_reset_function = staticmethod(patch_p06.pci_reset_function)

    # patch/p07_add_slot_and_bus_reset_interfaces.py
    pci_bus_lock = staticmethod(patch_p07.pci_bus_lock)
    pci_bus_unlock = staticmethod(patch_p07.pci_bus_unlock)
    pci_slot_lock = staticmethod(patch_p07.pci_slot_lock)
    pci_slot_unlock = staticmethod(patch_p07.pci_slot_unlock)
    pci_bus_save_and_disable = staticmethod(patch_p07.pci_bus_save_and_disable)
    pci_bus_restore = staticmethod(patch_p07.pci_bus_restore)
    pci_slot_save_and_disable = staticmethod(patch_p07.pci_slot_save_and_disable)
    pci_slot_restore = staticmethod(patch_p07.pci_slot_restore)
    pci_slot_reset = staticmethod(patch_p07.pci_slot_reset)
    pci_reset_slot = staticmethod(patch_p07.pci_reset_slot)
    pci_bus_reset = staticmethod(patch_p07.pci_bus_reset)
    pci_reset_bus = staticmethod(patch_p07.pci_reset_bus)

    # patch/p08_wake_up_devices_before_save_for_reset.py
    pci_dev_save_and_disable = staticmethod(patch_p08.pci_dev_save_and_disable)
