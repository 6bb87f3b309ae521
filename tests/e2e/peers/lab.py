#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The classic exercises in sockets, as Python programs write them: the peers of
examples/. They share no code with kedge, and print by print() itself.

    lab.py echo_server|echo_client|udp_server|udp_client HOST PORT [MESSAGE [COUNT]]

Servers take port 0, and say on stderr which one it became.
"""
import socket
import sys


def family(host):
    return socket.AF_INET6 if ":" in host else socket.AF_INET


def say_port(sock):
    print(sock.getsockname()[1], file=sys.stderr, flush=True)


def echo_server(host, port):
    with socket.socket(family(host), socket.SOCK_STREAM) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen()
        say_port(listener)
        while True:
            connection, address = listener.accept()
            with connection:
                print("Connected by", address, flush=True)
                while data := connection.recv(1024):
                    connection.sendall(data)


def echo_client(host, port, message=b"Hello, world"):
    with socket.socket(family(host), socket.SOCK_STREAM) as sock:
        sock.connect((host, port))
        sock.sendall(message)
        data = b""
        while len(data) < len(message) and (part := sock.recv(1024)):
            data += part
    print("Received", repr(data))


def udp_server(host, port):
    with socket.socket(family(host), socket.SOCK_DGRAM) as sock:
        sock.bind((host, port))
        say_port(sock)
        print("UDP server up and listening", flush=True)
        while True:
            message, address = sock.recvfrom(65536)
            print(f"Message from Client:{message}")
            print(f"Client IP Address:{address}", flush=True)
            sock.sendto(b"Hello UDP Client", address)


def udp_client(host, port, message=b"Hello UDP Server", count=1):
    with socket.socket(family(host), socket.SOCK_DGRAM) as sock:
        sock.settimeout(5)
        for _ in range(count):
            sock.sendto(message, (host, port))
            reply = sock.recvfrom(65536)
            print(f"Message from Server {reply[0]}")


def main(what, host, port, message=None, count=None):
    words = [message.encode(errors="surrogateescape")] if message is not None else []
    words += [int(count)] if count is not None else []
    programs = {f.__name__: f for f in (echo_server, echo_client, udp_server, udp_client)}
    programs[what](host, int(port), *words)


if __name__ == "__main__":
    main(*sys.argv[1:])
