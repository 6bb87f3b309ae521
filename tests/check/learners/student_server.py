# SPDX-License-Identifier: MIT
"""A TFTP server as a student writes it in a week: one transfer at a time, RFC 1350 and no
options but tsize. It is right, and makes one well-known mistake where it is told to.

    python3 student_server.py ROOT [MISTAKE]"""
import os
import socket
import struct
import sys

ROOT, MISTAKE = sys.argv[1], (sys.argv[2:] or [""])[0]
listener = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
listener.bind(("127.0.0.1", 0))
print(listener.getsockname()[1], flush=True)


def data_packet(number, body):
    if MISTAKE == "host-order":
        return struct.pack("!H", 3) + struct.pack("<H", number) + body
    if MISTAKE == "opcode-in-host-order":
        return struct.pack("<H", 3) + struct.pack("!H", number) + body
    return struct.pack("!HH", 3, number & 0xffff) + body


def read_block(file):
    body = file.read(512)
    if MISTAKE == "strlen":
        return body.split(b"\0")[0]
    if MISTAKE == "whole-buffer":
        return body.ljust(512, b"\0")
    if MISTAKE == "short-reads" and len(body) == 512:
        return body[:100]
    return body


def wait_for_ack(s, client, number):
    """True once the block is acknowledged, False when time is up, None to give up."""
    while True:
        try:
            packet, peer = s.recvfrom(600)
        except TimeoutError:
            return False
        if peer != client and MISTAKE != "any-port":
            s.sendto(struct.pack("!HH", 5, 5) + b"Unknown transfer ID\0", peer)
            continue
        opcode, block = struct.unpack("!HH", packet[:4])
        if opcode == 5:
            return None
        if opcode == 4 and block == number & 0xffff:
            return True
        if opcode == 4 and MISTAKE == "answers-each-ack" and number > 1:
            return False
        if opcode == 4 and MISTAKE == "duplicate-ends":
            s.sendto(struct.pack("!HH", 5, 4) + b"Unexpected block\0", client)
            return None


def send_block(s, client, number, packet):
    wait = 0.3
    s.sendto(packet, client)
    for _ in range(6):
        s.settimeout(wait)
        done = wait_for_ack(s, client, number)
        if done or done is None:
            return done
        if MISTAKE == "never-again":
            continue
        if MISTAKE == "next-block-again":
            packet = data_packet(number + 1, b"x" * 512)
        s.sendto(packet, client)
        wait *= 2
    return None


def send_file(s, client, path, options):
    number = 0
    if "tsize" in options:
        size = os.path.getsize(path)
        text = f"{size:o}" if MISTAKE == "octal-size" else str(size)
        oack = struct.pack("!H", 6) + b"tsize\0" + text.encode() + b"\0"
        if MISTAKE == "oack-again-as-ack-0":
            s.sendto(oack, client)
            oack = struct.pack("!HH", 4, 0)
        if not send_block(s, client, 0, oack):
            return
    with open(path, "rb") as file:
        while True:
            number += 1
            body = read_block(file)
            if not body and number > 1 and MISTAKE == "no-empty-last-block":
                return
            if MISTAKE == "ends-at-65535" and number > 65535:
                return
            if not send_block(s, client, number, data_packet(number, body)):
                return
            if len(body) < 512:
                return


def error_packet(code, text):
    return struct.pack("!HH", 5, code) + text + (b"" if MISTAKE == "no-nul" else b"\0")


def serve(packet, client):
    if MISTAKE == "crashes-at-short-packets":
        struct.unpack("!HH", packet[:4])
    parts = packet[2:].split(b"\0")
    if packet[:2] not in (b"\0\1", b"\0\2") or len(parts) < 3:
        return
    s = listener if MISTAKE == "same-port" else socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    name, mode = parts[0].decode(errors="replace").lstrip("/"), parts[1].lower()
    path = os.path.join(ROOT, name)
    if packet[:2] == b"\0\2" or mode != b"octet":
        s.sendto(error_packet(4, b"Not supported"), client)
    elif ".." in name or not os.path.isfile(path) or os.path.islink(path):
        s.sendto(error_packet(1, b"File not found"), client)
    else:
        send_file(s, client, path, [p.decode(errors="replace").lower() for p in parts[2::2]])
    if s is not listener:
        s.close()
    else:
        s.settimeout(None)


while True:
    serve(*listener.recvfrom(2000))
