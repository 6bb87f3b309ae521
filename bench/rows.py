# SPDX-License-Identifier: MIT
"""The matrix: which work is measured, by whom it is done, and what is to be reached."""
import os

from clients import Client
from echo import Idle, Load, Volley
from figures import Row, Target
from loss import Long, Loss
from slow import ColdFile, SlowFiles
from tftp import Cases, Crowd, Download, Get, Limit, PingPong, Policed, Upload, WithLimit

CPU, GIB = "server_us_each", "server_s_per_GiB"
STORM = dict(at_once=256, blksize=512)
# The load generator takes a core of its own.
FOUR_CORES = (Target("per_s", least=1.7, against="one shard"),) \
    if (os.cpu_count() or 1) >= 4 else ()


def at_most(part, metric, against="best"):
    return Target(metric, most=part, against=against)


PING_PONG = "ping-pong"


def lock_step(work, blksize, sockets, a_transfer=None):
    """Beside what the kernel takes for as many blocks, each for an acknowledgement."""
    return WithLimit(work, PingPong(blksize, sockets, a_transfer, work.core), PING_PONG)


TFTP = [
    # With options a transfer of 1 KiB is four answers, without them three.
    Row("storm", lock_step(Download("1KiB", 20000, 2500, **STORM), 512, 256, 4),
        ("dnsmasq", "atftpd", "tftp-hpa"), (at_most(0.55, CPU),), (PING_PONG,)),
    Row("storm, one core",
        lock_step(Download("1KiB", 20000, 2500, core=0, **STORM), 512, 256, 4), ("dnsmasq",),
        (at_most(0.42, CPU), Target("per_s", least=2)), (PING_PONG,)),
    Row("storm, no options", lock_step(Download("1KiB", 20000, 2500, at_once=256), 512, 256, 3),
        ("dnsmasq",), (at_most(0.55, CPU),), (PING_PONG,)),
    Row("storm of 1,000,000", Download("1KiB", 1000000, 1000000, **STORM), (),
        (Target("failed", most=0, against=None),), rounds=1, quick=False),
    Row("1 MiB, 64 at once, lock-step",
        lock_step(Download("1MiB", 300, 64, GIB, at_once=64, blksize=1468), 1468, 64),
        ("dnsmasq", "atftpd"), (at_most(0.75, GIB),), (PING_PONG,)),
    Row("64 MiB, window 16",
        WithLimit(Download("64MiB", 5, 2, GIB, blksize=1468, window=16), Limit("64MiB", 16)),
        ("atftpd",), (at_most(0.25, GIB),), ("kernel",)),
    Row("64 MiB, window 64",
        WithLimit(Download("64MiB", 5, 2, GIB, blksize=1468, window=64), Limit("64MiB", 64)),
        ("atftpd",), (at_most(0.25, GIB),), ("kernel",)),
    Row("64 MiB, window 64, client takes bursts",
        WithLimit(Get("64MiB", 64), Limit("64MiB", 64)), ("atftpd",),
        (at_most(0.16, GIB), at_most(1 / 0.7, GIB, "kernel")), ("kernel",)),
    Row("64 MiB, 65464, lock-step",
        lock_step(Download("64MiB", 10, 4, GIB, blksize=65464), 65464, 1), ("atftpd",),
        (at_most(0.8, GIB),), (PING_PONG,)),
    Row("64 MiB, 8192, lock-step",
        lock_step(Download("64MiB", 5, 2, GIB, blksize=8192), 8192, 1), ("atftpd",),
        (at_most(0.9, GIB),), (PING_PONG,)),
    Row("64 MiB, 65464, window 16", Download("64MiB", 10, 4, GIB, blksize=65464, window=16),
        ("atftpd",), (at_most(0.7, GIB),)),
    Row("10,000 at once, 20 ms",
        Crowd("256KiB", 10000, 10000, at_once=10000, blksize=1468, think_ms=20, shared=1),
        ("dnsmasq",),
        (at_most(0.5, CPU, "dnsmasq"), at_most(1, "repeats_percent", None),
         at_most(4, "KiB_each", None)), rounds=3, quick=False),
    Row("100,000 at once",
        Cases({"100,000": Crowd("4KiB", 100000, 100000, "server_us_a_packet", at_once=100000,
                                blksize=1468, think_ms=3500, shared=1,
                                flags=("--max-transfers", 131072)),
               "1,000": Crowd("4KiB", 50000, 10000, "server_us_a_packet", at_once=1000,
                              blksize=1468, think_ms=35, shared=1)}), ("1,000",),
        (at_most(1.5, "server_us_a_packet", "1,000"), at_most(400, "memory_MiB", None)),
        ours="100,000", rounds=1, quick=False),
    Row("two shards",
        Cases({"two shards": Download("1KiB", 20000, 4000, **STORM, flags=("--shards", 2)),
               "one shard": Download("1KiB", 20000, 4000, **STORM)}), ("one shard",),
        (at_most(1.15, CPU, "one shard"), *FOUR_CORES), ours="two shards"),
    Row("storm, a policy",
        Cases({"a policy": Policed("1KiB", 20000, 4000, **STORM),
               "no policy": Download("1KiB", 20000, 4000, **STORM)}), ("no policy",),
        (at_most(1.02, CPU, "no policy"),), ours="a policy"),
    Row("slow files beside", SlowFiles(100000, 10000), ("alone",),
        (at_most(2, "p99_ms", "alone"),), ours="beside slow files"),
    Row("a cold file beside", ColdFile(100000, 20000), ("beside a warm file", "alone"),
        (at_most(2, "p99_ms", "beside a warm file"),), ours="beside a cold file"),
    Row("upload, lock-step", Upload("64MiB", 1), ("atftpd",), (at_most(0.9, GIB),)),
    Row("upload, window 16", Upload("64MiB", 16), ("atftpd",), (at_most(0.4, GIB),)),
]

LOOP = (at_most(1.05, CPU, "epoll loop"), at_most(0.7, CPU, "libuv"))
ECHO = [
    Row("echo tcp, 1 x 64 B", Load("requests"), ("libuv", "socat", "ncat"), LOOP,
        ("epoll loop",), quick=False),
    Row("echo tcp, 50 x 64 B", Load("requests", connections=50), ("libuv", "socat", "ncat"),
        LOOP, ("epoll loop",)),
    Row("echo tcp, 1,000 x 64 B", Load("requests", connections=1000), ("libuv", "socat"),
        LOOP, ("epoll loop",), quick=False),
    Row("echo tcp, 10,000 x 64 B", Load("requests", connections=10000), ("libuv",), LOOP,
        ("epoll loop",)),
    Row("echo tcp, 50 x 4 KiB", Load("requests", connections=50, size=4096),
        ("libuv", "socat"), LOOP, ("epoll loop",), quick=False),
    Row("echo tcp, bulk", Load("bulk", metric="server_us_per_MB"), ("libuv", "socat"),
        (Target("MBps", least=0.75, against="one way"),
         at_most(1.05, "server_us_per_MB", "epoll loop"),
         at_most(0.7, "server_us_per_MB", "libuv")), ("epoll loop", "one way")),
    Row("echo tcp, churn", Load("churn", connections=50, size=64),
        ("libuv", "socat", "ncat"), LOOP, ("epoll loop",)),
    Row("echo tcp, 10,000 idle", Idle(connections=10000),
        ("libuv",), (Target("KiB_each", most=0.2, against=None),), ("epoll loop",), rounds=3),
    Row("echo udp, 64 x 64 B", Volley(sockets=64), (),
        (at_most(1.05, CPU, "recvmmsg loop"),), ("recvmmsg loop",), quick=False),
    Row("echo udp, 64 x 64 B, depth 32", Volley(sockets=64, depth=32), (),
        (at_most(1.05, CPU, "recvmmsg loop"),), ("recvmmsg loop",)),
    Row("echo udp, bursts, 64 B", Volley(sockets=16, depth=64, train=32), (),
        (at_most(0.15, CPU, "recvmmsg loop"),), ("recvmmsg loop",)),
    Row("echo udp, bursts, 1400 B", Volley(sockets=16, depth=64, train=32, size=1400), (),
        (at_most(0.15, CPU, "recvmmsg loop"),), ("recvmmsg loop",), quick=False),
]

CLIENTS = {1468: ("atftp", "curl", "busybox", "tftp-hpa"),  # the last knows 512 alone
           65464: ("atftp", "curl", "busybox")}
CLIENT = [
    Row(f"client {verb}, {server}, {blksize}", Client(verb, server, blksize),
        CLIENTS[blksize], (at_most(0.5, "client_s_per_GiB"), at_most(0.5, "wall_s")),
        rounds=3, quick=verb == "get" and server == "kedge" and blksize == 1468)
    for verb in ("get", "put") for server in ("kedge", "atftpd") for blksize in CLIENTS
]



def pairs(**clients):
    """{"client from server": (server, client)}"""
    return {f"{client} from {server}": (server, client)
            for server, names in clients.items() for client in names}


def loss(name, servers, *options, targets=None, metric="bounds", **more):
    """targets: {client: at most}, from kedge."""
    work = Loss(pairs(**servers), *options, metric=metric, **more)
    ours, *others = work.pairs
    return Row(name, work, tuple(others), tuple(
        Target(metric, most=most, against=None, who=f"{client} from kedge")
        for client, most in (targets or {}).items()), ours=ours, quick="window 64" in name)


EVERYBODY = ("kedge", "curl", "busybox", "atftp")
LOSS = [
    loss("loss, 1 %, lock-step", {"kedge": EVERYBODY}, "--loss", "1%",
         targets={"kedge": 1.15, "curl": 1.25, "busybox": 1.25, "atftp": 1.25}),
    loss("loss, 5 %, lock-step", {"kedge": EVERYBODY}, "--loss", "5%",
         targets={"kedge": 1.5, "curl": 1.5, "busybox": 2}),
    loss("loss, 1 %, lock-step, peers", {"dnsmasq": EVERYBODY[1:], "atftpd": EVERYBODY[1:]},
         "--loss", "1%", links=5),
    loss("loss, 1 %, window 16", {"kedge": ("kedge", "atftp"), "atftpd": ("atftp",)},
         "--loss", "1%", window=16, metric="wall_s", targets={"kedge": 2.5}),
    loss("loss, 1 %, window 64", {"kedge": ("kedge", "atftp"), "atftpd": ("atftp",)},
         "--loss", "1%", window=64, metric="wall_s", targets={"kedge": 1.5}),
    loss("jitter, 10 ms", {"kedge": ("kedge",)}, "--jitter", "10ms",
         metric="repeats_percent", targets={"kedge": 1}),
]
LONG = [
    Row(f"long link, {loss} lost", Long("--loss", loss), ("put",),
        tuple(Target("link_percent", least=80, against=None, who=who)
              for who in ("get", "put")), ours="get", rounds=3, quick=False)
    for loss in ("0%", "0.1%")
]

ROWS = [*TFTP, *ECHO, *CLIENT, *LOSS, *LONG]
