# SPDX-License-Identifier: MIT
"""Faults that were tried and change nothing that can be seen: each is a file, what stands in it
(once), what would stand there, and why it is as good."""

EQUAL = {
    "a datagram that was cut is a block": ("src/serve/tftp/dispatch.c", "    if (in->cut) {\n        note_drop(p->service, TFTP_DROP_CUT);\n        return;\n    }\n", "",
        "a data port takes 65,728 bytes, more than a datagram or a train of them has"),
    "more connect than may": ("src/serve/echo/tcp.c", "i < ECHO_ACCEPTS && e->open < e->limits.connections", "i < ECHO_ACCEPTS && e->free",
        "the table has as many places as connections may be, so none is free at the limit"),
}
