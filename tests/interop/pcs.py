# SPDX-License-Identifier: MIT
"""PCs that boot over the wire, in QEMU: which loader asks, what it loads, and how it says so."""
import shutil
import subprocess
from pathlib import Path

from interop.boards import Guest, nic

LOADED = "loaded-over-the-wire"
GRUB_CFG = f"serial --unit=0\nterminal_output serial\necho {LOADED}\n"
PXELINUX_CFG = f"SERIAL 0 115200\nSAY {LOADED}\nDEFAULT none\n"
PXELINUX, LDLINUX = "/usr/lib/PXELINUX/pxelinux.0", "/usr/lib/syslinux/modules/bios/ldlinux.c32"
OVMF = "/usr/share/OVMF/OVMF_CODE.fd"
GRUB_MODULES = ["tftp", "normal", "serial", "echo", "terminal"]


def grub(srv, target, name, *modules):
    subprocess.run(["grub-mkimage", "-O", target, "-o", srv / name, "-p", "(pxe)/grub",
                    *modules, *GRUB_MODULES], check=True, timeout=60)
    (srv / "grub").mkdir()
    (srv / "grub/grub.cfg").write_text(GRUB_CFG)


def stage_pxelinux(srv):
    shutil.copy(PXELINUX, srv)
    shutil.copy(LDLINUX, srv)
    (srv / "pxelinux.cfg").mkdir()
    (srv / "pxelinux.cfg/default").write_text(PXELINUX_CFG)
    return "pxelinux.0"


def stage_grub(srv):
    grub(srv, "i386-pc-pxe", "core.0", "pxe")
    return "core.0"


def stage_grub_uefi(srv):
    grub(srv, "x86_64-efi", "core.efi", "efinet")
    return "core.efi"


# What loads: whether the firmware is UEFI, and what makes its files and names the first.
LOADERS = {"iPXE and PXELINUX": (False, stage_pxelinux),
           "iPXE and GRUB": (False, stage_grub), "EDK2 and GRUB": (True, stage_grub_uefi)}
# Files of each that go through.
FILES = {"iPXE and PXELINUX": 3, "iPXE and GRUB": 2, "EDK2 and GRUB": 2}
NEEDED = ["/usr/lib/ipxe/qemu/pxe-virtio.rom", OVMF, PXELINUX, LDLINUX,
          "/usr/lib/grub/i386-pc", "/usr/lib/grub/x86_64-efi"]


def missing():
    """What is not here of all that these need; None if nothing."""
    for program in "qemu-system-x86_64", "grub-mkimage", "dnsmasq":
        if not shutil.which(program):
            return program
    return next((path for path in NEEDED if not Path(path).exists()), None)


class PC(Guest):
    """One that boots from its network card: by iPXE, which that has in its ROM, or by EDK2's own
    loader, if it has none. All from its firmware on is one step."""

    PATIENCE = 300

    def __init__(self, wires, uefi):
        firmware, rom = [], ""
        if uefi:
            firmware = ["-drive", f"if=pflash,format=raw,unit=0,readonly=on,file={OVMF}"]
            rom = ",romfile="
        super().__init__(wires, [
            "qemu-system-x86_64", "-M", "pc", "-m", "256", "-nographic", "-no-reboot", *firmware,
            "-boot", "n", *nic(wires, "virtio-net-pci", f"52:54:00:00:00:01{rom}")])
