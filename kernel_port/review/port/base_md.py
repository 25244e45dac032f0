# SPDX-License-Identifier: GPL-2.0-only
"""patches/BASE.md: what is ported, stubbed and left out, on what evidence, and every difference from the C.

Tables are made from the source, so that a test notices when they are out of date; the prose is here.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from ...series import PATCHES
from .definitions import PACKAGE
from .evidence import EVIDENCE
from .kinds import EVENTS, KINDS
from .left_out import FUNCTIONS, REASONS, left_out
from .ported import Ported, ported

#: Folders of the kernel side, where differences from the C are marked.
FOLDERS = ("base", "patch", "kernel")

HEAD = """\
# The base of the series

Written by `kernel-port export patches`; a test compares. The mails beside this file change `linux.py`, which
`kernel-port export 0` writes: the part of Linux 3.11 that a reset reaches, in Python.

## What is known of the series as posted

Of "[PATCH v2 0/8] pci: bus and slot reset interface" (Alex Williamson, Tue 7 May 2013 22:57:40 EST) the cover letter is
available: subjects, order, lines per file (370 insertions and 26 deletions in all) and the purpose of the series are
known; v2 is v1 without a change to the code. The eight mails are not available. The form merged in August 2013 (v3.12)
is known completely.

Of the lines per patch, these follow from the letter's totals: the one function in pci_hotplug_core.c is patch 3's, with
all of its 24 lines, and patch 2, 4 lines in the merged form, leaves it 8 of the 12 of linux/pci_hotplug.h; the pciehp
files are patch 4's alone, with the merged counts; linux/pci.h has a line for each of the three functions that pci.c
exports. All 26 deleted lines are pci.c's, in both forms: 9 in patch 1 and 17 in patch 6 as merged.

What each patch adds to pci.c is open. All add 287 lines to it as posted, 311 as merged, 24 more; 15 of them are the
function that v2 keeps in pci_hotplug_core.c as pci_hp_reset_slot(), merged into patch 5. Which the other 9 are is
unknown; so neither patch 5's 34 lines of the merged form nor any other patch's in pci.c are known to be v2's.

So v2 is ported as the merged code, with pci_hp_reset_slot() in the hotplug core, v2's order of patches and v2's timing
(100 ms held, 100 ms to settle). The base is v3.11, on which the merged series applies; v3.10 is the same in the reset
path. `kernel-port check` compares a real cover letter or mailbox with all this; `kernel-port show --cover` goes
through the letter.
"""

STUBBED = """\
## Stubbed: less than in C

- `reset_ivb_igd` returns 0 and does nothing else: the C writes to the memory of the graphics, which is not modelled.
- `pci_platform_power_transition` always fails, for want of a platform (ACPI); its callers handle that as in C.
- `pci_enable_resources` takes every resource as claimed. A driver that is only a name enables its device and sets up
  its messages (`local_pci_probe`); when unbound it frees the messages and leaves the device enabled.
- `pci_assign_unassigned_resources` and `pci_assign_unassigned_bridge_resources` assign nothing; they enable bridges.
- There is one fixup, `quirk_mmio_always_on`, and one sysfs file of a function, `reset`: it exists if the function could
  be reset at boot or when it was added, and `reset_store` resets it.
- `get_port_device_capability` knows hot-plug, PME and VC; there is no AER service. A PME event is only
  acknowledged.
- `pciehp_configure_device` adds the functions it finds without assigning addresses: a re-added card keeps what its BARs
  hold.
- `pci_init_capabilities` sets up MSI, save buffers, power management and ARI, and finds VPD; no ACS. SR-IOV is set up
  after boot, and only of a function described with it on.
- sysfs files are entries in a dictionary; creating one cannot fail.
- `might_sleep` warns in an interrupt handler and does nothing else. Locks, wait queues, timers and work queues
  (`kernel/`) look to their callers like the C's; one thread runs at a time.

## Messages

Every message is where the C has it, with the C's level and values, but in words of our own: no sentence of Linux is
copied. Nothing depends on the words; `kernel-port read` marks such a line with `"`.

## Who calls it

The series changes no caller. In v3.11 a function is reset by these, all ported:

- pci-sysfs.c: `pci_create_capabilities_sysfs` probes every function (`pci_probe_reset_function`) and makes the file
  `reset` where that returns 0; writing 1 to the file calls `pci_reset_function`.
- vfio_pci.c: `vfio_pci_enable` calls `pci_reset_function` when a user opens a device, `vfio_pci_ioctl` when the user
  asks for it (VFIO_DEVICE_RESET), and `vfio_pci_disable` calls `__pci_reset_function_locked` when the user closes it.

`pci_reset_slot` and `pci_reset_bus` have no caller in the series: VFIO, in v3.12, is the first. Xen, KVM and drivers
that reset their own device are left out.

## Left out: whole subjects

- **ASPM** (pcie/aspm.c): power states change without a look at the other end of the link, as in C with ASPM off.
- **The MSI-X table** is in memory, which is not modelled. The rest of MSI and MSI-X (msi.c) is ported: both are
  switched off when a function is found; its driver enables what the machine description has on, and
  `pci_restore_state` restores it.
- **Virtual functions as devices** (iov.c), **PRI and PASID** (ats.c): SR-IOV and ATS themselves are enabled after boot
  where the machine description has them on, and restored after a reset.
- **AER** (pcie/aer): no errors are detected or reported. Only its own reset of a secondary bus is ported,
  `aer_do_secondary_bus_reset`, for `kernel-port reset --call`: the series does not call it, and from v3.12 on its
  callers use the function of patch 1.
- **VFIO** (drivers/vfio) beyond this: a user opens, resets and closes a device, and unbinding the driver waits for the
  user. Containers, IOMMU groups with more than one device, memory, interrupts and register accesses of the user are
  left out; `VFIO_DEVICE_PCI_HOT_RESET` came with v3.12.
- **Platform and run-time power management**: no device suspends at run time; only enabling or resetting one wakes it.
- **Resource assignment** (most of setup-bus.c and of setup-res.c): addresses stay as firmware left them.
- **Reference counts, RCU, sparse annotations, pci_lock**: Python counts references; one thread runs at a time and
  yields only where the C may sleep.
- **sysfs, proc and user space**: of the files that user space reads and writes, only `reset` of functions and those of
  slots. `pci_user_*` and the config access lock are ported, because a reset takes that lock.
"""


def text() -> str:
    """Return the text of BASE.md."""
    everything = ported()
    parts = [HEAD, evidence(), STUBBED, ported_files(everything), kinds_list(), departures_list()]
    return "\n".join(part.rstrip("\n") + "\n" for part in parts)


def evidence() -> str:
    """Return the functions of the series, with the evidence for each."""
    lines = [
        "## Evidence, function by function\n",
        "*v2* is what the cover letter states, *totals* what follows from its counts, *merged* the text of v3.12;",
        "*inferred* is none of these.\n",
        "| patch | function | name and place | text |",
        "| --- | --- | --- | --- |",
    ]
    for patch in PATCHES:
        for name, (place, words) in EVIDENCE[patch.module[:3]].items():
            mark = "+" if name in patch.adds else "~"
            lines.append(f"| {patch.number} | {mark} `{name}` | {place} | {words} |")
    lines.append("\n+ is new, ~ is modified. What a patch does not touch is v3.11's in all points of the series.")
    return "\n".join(lines)


def ported_files(everything: tuple[Ported, ...]) -> str:
    """Return for each C file the functions ported, each with its files, and those left out, each with the reason."""
    files: dict[str, dict[str, list[Ported]]] = defaultdict(lambda: defaultdict(list))
    for each in everything:
        files[each.c_file][each.c_name].append(each)
    lines = [
        "## Ported and left out, by C file\n",
        "Files are those of kernel_port. A function that patches modify has several, from the point of the series on",
        "that is named; a long function of the C may be several of Python, in one file or two. What has no C file of",
        "drivers/pci or drivers/vfio is what the ported functions need of the rest of the kernel.",
    ]
    for c_file in sorted(files, key=lambda path: (not path.startswith(("drivers/pci/", "drivers/vfio/")), path)):
        lines += ["", *ported_file(c_file, files[c_file])]
    return "\n".join(lines)


def ported_file(c_file: str, names: dict[str, list[Ported]]) -> Iterator[str]:
    """Yield the lines of one C file."""
    yield f"### {c_file}\n"
    if c_file in FUNCTIONS:
        yield f"{FUNCTIONS[c_file]} functions in v3.11, {sum(map(len, left_out(c_file).values()))} of them left out.\n"
    yield "| ported | file |"
    yield "| --- | --- |"
    for name, several in names.items():
        ours = dict.fromkeys(f"{each.definition.file}{f' (+{each.point})' if each.point else ''}" for each in several)
        kind = "struct " if several[0].kind == "struct" else ""
        yield f"| {kind}`{name}` | {', '.join(ours)} |"
    for reason, left in left_out(c_file).items():
        yield f"\nLeft out, {reason} ({REASONS[reason]}): {', '.join(f'`{name}`' for name in left)}."


def kinds_list() -> str:
    """Return the differences from the C that recur everywhere."""
    lines = [
        "## Differences from the C that recur\n",
        "Each is told by the functions that a statement calls (kernel_port/review/port/kinds.py).\n",
    ]
    lines += (f"- {kind.reason}: {', '.join(f'`{name}`' for name in sorted(kind.calls))}" for kind in (*KINDS, EVENTS))
    return "\n".join(lines)


def departures_list() -> str:
    """Return every difference from the C that the source marks."""
    lines = [
        "## Differences from the C\n",
        "Each `# PORT:` in the source. File and line are those of kernel_port. With those that recur, these are all:",
        "`kernel-port read --unexplained --c linux@v3.11` lists what of ported functions differs without one.\n",
    ]
    for path in sources():
        where = path.relative_to(PACKAGE).as_posix()
        lines += (f"- {where}:{line}: {words}" for line, words in departures(path.read_text(encoding="utf-8")))
    return "\n".join(lines)


def sources() -> list[Path]:
    """Return the files of the kernel side, in the order of the folders."""
    return [path for folder in FOLDERS for path in sorted((PACKAGE / folder).glob("*.py"))]


def departures(source: str) -> Iterator[tuple[int, str]]:
    """Yield the line and text of each difference that a file marks."""
    lines = source.splitlines()
    for index, line in enumerate(lines):
        before, mark, words = line.partition("PORT: ")
        if mark:
            remark = " ".join([words, *continuation(before, words, lines[index + 1 :])]).removesuffix('"""').strip()
            in_parentheses = remark.count(")") > remark.count("(")
            yield index + 1, remark.removesuffix(")") if in_parentheses else remark


def continuation(before: str, words: str, following: list[str]) -> Iterator[str]:
    """Yield the further lines of a remark, in a comment on lines of its own or in a docstring."""
    if words.endswith('"""'):
        return
    is_comment = before.lstrip().startswith("#")
    if "#" in before and not is_comment:
        return
    for line in following:
        stripped = line.strip()
        ends = not stripped.startswith("#") if is_comment else not stripped or stripped[0] == ":" or stripped == '"""'
        if ends or "PORT:" in stripped:
            return
        yield stripped.lstrip("#: ")
        if stripped.endswith('"""'):
            return
