# SPDX-License-Identifier: MIT
"""Faults that were tried and change nothing that can be seen: each is a file, what stands in it
(once), what would stand there, and why it is as good."""

EQUAL = {
    "a datagram that was cut is a block": ("src/serve/tftp/dispatch.c", "    if (in->cut)\n        return;", "",
        "a data port takes 65,728 bytes, more than a datagram or a train of them has"),
    "what an outbox sent is forgotten": ("src/serve/tftp/port.c", "    p->emptied += p->out->emptied;\n", "",
        "it is compared while an outbox is held only; a number that comes again flushes once too often"),
    "frames that were not read are sent": ("src/transfer/send.c", "        x->packets.end = x->packets.first;", "        ;",
        "whoever meets the error ends the session, and nothing is sent after that"),
    "more connect than may": ("src/serve/echo/tcp.c", "i < ECHO_ACCEPTS && e->open < e->limits.connections", "i < ECHO_ACCEPTS && e->free",
        "the table has as many places as connections may be, so none is free at the limit"),
}
