# SPDX-License-Identifier: MIT
"""Marked probes as bytes, as src/echo has them, and who sends them."""
import socket
import struct

LOOP = ("127.0.0.1", 0)
STAMP = struct.Struct("!4sBBHQQ")
ASK = struct.Struct("!B7xQ16x")
TOKEN = struct.Struct("!BxH4xQ16s")
ASKS, REPLY = 2, 1


def ask(sequence, token=0, run=7, flags=ASKS, tail=b"tail"):
    return STAMP.pack(b"kedg", 1, flags, run, sequence, 99) + ASK.pack(1, token) + tail


def client(at):
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.connect(at)
    s.settimeout(2)
    return s


def exchange(s, data):
    s.send(data)
    return s.recv(65536)
