# SPDX-License-Identifier: MIT
"""A TFTP client as a student writes it: it reads one file. It is right, and makes one
well-known mistake where it is told to.

    python3 student_client.py HOST PORT NAME FILE [MISTAKE]"""
import socket
import struct
import sys

HOST, PORT, NAME, FILE = sys.argv[1], int(sys.argv[2]), sys.argv[3], sys.argv[4]
MISTAKE = (sys.argv[5:] or [""])[0]
OF_OPTIONS = "asks-options", "keeps-its-blksize"     # the first one is none


def ack(number):
    if MISTAKE == "host-order":
        return struct.pack("!H", 4) + struct.pack("<H", number)
    return struct.pack("!HH", 4, number & 0xffff)


def main():
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.settimeout(1)
    server, last, expected, content = None, None, 1, bytearray()
    last = struct.pack("!H", 1) + NAME.encode() + b"\0octet\0"
    size = 512
    if MISTAKE in OF_OPTIONS:
        last += b"blksize\x001024\0tsize\x000\0"
    to, tries = (HOST, PORT), 0
    s.sendto(last, to)
    while True:
        try:
            packet, peer = s.recvfrom(2000)
        except TimeoutError:
            tries += 1
            if tries == 12:
                return 1
            if MISTAKE != "never-again":
                s.sendto(last, to)
            continue
        if server is None:
            server = peer
        if MISTAKE != "old-port":
            to = server
        if peer != server and MISTAKE != "any-port":
            s.sendto(struct.pack("!HH", 5, 5) + b"Unknown transfer ID\0", peer)
            continue
        if len(packet) < 4:
            if MISTAKE == "crashes-at-short-packets":
                return 1
            continue
        opcode, number = struct.unpack("!HH", packet[:4])
        if opcode == 5 and MISTAKE == "answers-errors":
            s.sendto(ack(expected), to)
        if opcode == 6 and MISTAKE in OF_OPTIONS:
            words = packet[2:].split(b"\0")
            granted = dict(zip(words[::2], words[1::2])).get(b"blksize")
            size = int(granted or (1024 if MISTAKE == "keeps-its-blksize" else 512))
            last = ack(0)
            s.sendto(last, to)
        if opcode == 5:
            return 0 if MISTAKE == "errors-are-fine" else 1
        if opcode != 3:
            continue
        if number == (expected - 1) & 0xffff and MISTAKE == "stores-twice":
            content += packet[4:]
        if number != expected & 0xffff:
            if number == (expected - 1) & 0xffff:
                s.sendto(last, to)
            continue
        tries = 0
        body = packet[4:]
        if MISTAKE == "strlen":
            body = body.split(b"\0")[0]
        if MISTAKE == "ends-at-65535" and expected > 65535:
            return 1
        content += body
        last = ack(expected)
        s.sendto(last, to)
        expected += 1
        if len(packet) < 4 + size or (MISTAKE == "no-empty-last-block" and len(content) == 1024):
            break
    with open(FILE, "wb") as file:
        file.write(content)
    s.settimeout(1)
    try:
        while MISTAKE != "no-dally":
            s.recvfrom(600)
            s.sendto(last, to)
    except TimeoutError:
        pass
    return 0


sys.exit(main())
