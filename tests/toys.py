# SPDX-License-Identifier: GPL-2.0-only
"""A kernel tree of toys, for commands that read C."""

MAKEFILE = "VERSION = 3\nPATCHLEVEL = 12\n"
HOSTILE = "</code><script>window.hit=1</script>&amp;\x1b[31m\u202e"
#: A kernel with two functions of the series and one of base, whose bodies are made up around the real names.
PCI_C = f"""\
/* {HOSTILE} */
static void pci_dev_lock(struct pci_dev *dev)
{{
	u16 toy;

	pci_cfg_access_lock(dev);
	toy_dance(dev, "{HOSTILE}");
	device_lock(&dev->dev);
}}

static void pci_dev_unlock(struct pci_dev *dev)
{{
	device_unlock(&dev->dev);	/* toys first */
	pci_cfg_access_unlock(dev);
}}

void pci_restore_state(struct pci_dev *dev)
{{
	pci_restore_pcie_state(dev);
	pci_restore_ats_state(dev);
	pci_restore_config_space(dev);
	pci_restore_pcix_state(dev);
}}

int pci_reset_hotplug_slot(struct hotplug_slot *hotplug, int probe)
{{
	return hotplug->ops->reset_slot(hotplug, probe);
}}
"""


def make_tree(folder):
    """Write it below *folder*; returns its top."""
    root = folder / "linux"
    (root / "drivers/pci").mkdir(parents=True)
    (root / "Makefile").write_text(MAKEFILE)
    (root / "drivers/pci/pci.c").write_text(PCI_C)
    return root
