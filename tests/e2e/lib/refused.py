# SPDX-License-Identifier: MIT
"""A kernel without the calls that make kedge fast, as an old one or a container's filter has
it: they fail for COMMAND and its children.

    python3 refused.py ENOSYS|EPERM NAME... -- COMMAND...
"""
import ctypes
import errno
import os
import platform
import struct
import sys

# Number on x86_64 and elsewhere (the kernel's common table), and which argument has to be
# what for it to be refused. UDP_GRO is an option, to populate a mapping an advice.
CALLS = {
    "recvmmsg": (299, 243, None), "sendmmsg": (307, 269, None), "preadv2": (327, 286, None),
    "epoll_pwait2": (441, 441, None), "timerfd_create": (283, 85, None),
    "UDP_GRO": (54, 208, (2, 104)), "MADV_POPULATE_READ": (28, 233, (2, 22)),
}
LOAD, JUMP_IF, RETURN = 0x20, 0x15, 0x06
REFUSE, ALLOW = 0x00050000, 0x7fff0000
PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP, FILTER = 38, 22, 2


def instruction(code, k, if_not=0):
    return struct.pack("=HBBI", code, 0, if_not, k)


def refusal(name, code):
    """The instructions that refuse one call; they go on behind themselves for others."""
    number = CALLS[name][platform.machine() != "x86_64"]
    argument = CALLS[name][2]
    out = [instruction(LOAD, 0), instruction(JUMP_IF, number, 3 if argument else 1)]
    if argument:
        which, value = argument
        out += [instruction(LOAD, 16 + 8 * which), instruction(JUMP_IF, value, 1)]
    return [*out, instruction(RETURN, REFUSE | code)]


def refuse(names, code):
    program = b"".join([*(i for n in names for i in refusal(n, code)),
                        instruction(RETURN, ALLOW)])
    room = ctypes.create_string_buffer(program)
    head = struct.pack("@HP", len(program) // 8, ctypes.addressof(room))
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 or \
            libc.prctl(PR_SET_SECCOMP, FILTER, head, 0, 0) < 0:
        sys.exit(os.strerror(ctypes.get_errno()))


if __name__ == "__main__":
    at = sys.argv.index("--")
    refuse(sys.argv[2:at], getattr(errno, sys.argv[1]))
    os.execvp(sys.argv[at + 1], sys.argv[at + 1:])
