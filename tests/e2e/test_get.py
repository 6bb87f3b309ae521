"""kedge get against an independent server, good and bad."""
import hashlib
import os
import re
import signal
import socket
import subprocess
import time
from pathlib import Path

import pytest

from e2e.lib.run import finish, names, run, start
from e2e.peers.tftp import ERROR
from e2e.peers.tftp_peer import Peer


@pytest.fixture
def get(kedge, tmp_path):
    """get(*words): `kedge get` in an empty directory of its own."""
    def get(*words, **more):
        return run(kedge, "get", *words, cwd=here, **more)
    here = tmp_path / "here"
    here.mkdir()
    get.here = here
    return get


def closed_port():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


# ---- whole files ----

@pytest.mark.parametrize("options", [(), ("--no-options",), ("--blksize", "512"),
                                     ("--blksize", "512", "--windowsize", "1"),
                                     ("--blksize", "8", "--windowsize", "7")])
def test_sizes_around_a_block(get, options):
    sizes = [0, 1, 7, 8, 511, 512, 513, 1024, 1536, 5000]
    with Peer({f"f{n}": os.urandom(n) for n in sizes}) as peer:
        done = get(*(f"{peer.url}/f{n}" for n in sizes), *options)
        assert done.code == 0, done.err
        for n in sizes:
            assert (get.here / f"f{n}").read_bytes() == peer.files[f"f{n}"]
        assert peer.confirmed == len(sizes)
    assert names(get.here) == sorted(f"f{n}" for n in sizes)


def test_more_blocks_than_numbers(get):
    content = os.urandom(8 * 66000 + 3)
    with Peer({"f": content}) as peer:
        done = get(f"{peer.url}/f", "--blksize", "8", "--windowsize", "200")
        assert done.code == 0, done.err
    assert (get.here / "f").read_bytes() == content


def test_default_asks(get):
    with Peer({"f": b"x" * 3_000_000}) as peer:
        done = get(f"{peer.url}/f", "--json", "-q")
        options = peer.requests[0].options
    assert done.code == 0
    assert options["blksize"] == "65464" and options["tsize"] == "0"
    assert 1 <= int(options["windowsize"]) <= 32
    assert done.record["granted"].startswith("blksize=65464,tsize=3000000,windowsize=")
    assert (done.record["bytes"], done.record["blocks"]) == (3_000_000, 46)


@pytest.mark.parametrize("words, asked", [
    (("--blksize", "1000"), {"blksize": "1000"}),
    (("--windowsize", "3"), {"windowsize": "3"}),
    (("--timeout", "3"), {"timeout": "3"}),
    (("--timeout", "250ms"), {"utimeout": "250000"}),
    (("--blksize=mtu",), {"blksize": "65464"}),
])
def test_flags_become_options(get, words, asked):
    with Peer({"f": b"abc"}) as peer:
        assert get(f"{peer.url}/f", *words).code == 0
        assert asked.items() <= peer.requests[0].options.items()


def test_no_options_asks_none(get):
    with Peer({"f": b"abc"}) as peer:
        assert get(f"{peer.url}/f", "--no-options").code == 0
        assert [(r.options, r.mode) for r in peer.requests] == [({}, "octet")]


def test_ipv6(get):
    with Peer({"f": b"six"}, host="::1") as peer:
        assert get(f"{peer.url}/f").code == 0
        assert get(f"{peer.url}/f", "-6", "-o", "g").code == 0
        assert get(f"{peer.url}/f", "-4").code == 8
    assert names(get.here) == ["f", "g"]


@pytest.mark.parametrize("host, flag", [("127.0.0.1", "-6"), ("::1", "-4")])
def test_each_address_is_tried(get, kedge, under_hosts, host, flag):
    """A name of two addresses; the server is at one of them."""
    under = under_hosts("127.0.0.1 both\n::1 both\n")
    with Peer({"f": b"here"}, host=host) as peer:
        begun = time.monotonic()
        url = f"tftp://both:{peer.port}/f"
        assert run(*under, kedge, "get", url, cwd=get.here).code == 0
        assert run(*under, kedge, "get", url, flag, cwd=get.here).code == 7
        assert time.monotonic() - begun < 5


def test_a_silent_address_leaves_time_for_the_next(get, kedge, under_hosts):
    under = under_hosts("127.0.0.1 both\n::1 both\n")
    with Peer({"f": b"here"}, host="127.0.0.1") as peer, \
            socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as silent:
        silent.bind(("::1", peer.port))
        done = run(*under, kedge, "get", f"tftp://both:{peer.port}/f", "--retry-for", "2",
                   cwd=get.here)
    assert done.code == 0, done.err


def test_single_port_server(get):
    with Peer({"f": os.urandom(100_000)}, single_port=True) as peer:
        assert get(f"{peer.url}/f").code == 0
        assert (get.here / "f").read_bytes() == peer.files["f"]


def test_source(get):
    with Peer({"f": b"abc"}) as peer:
        assert get(f"{peer.url}/f", "--source", "127.0.0.7").code == 0
        port = closed_port()
        assert get(f"{peer.url}/f", "--source", f"127.0.0.8:{port}").code == 0
        sources = [r.source for r in peer.requests]
        assert sources[0][0] == "127.0.0.7" and sources[1] == ("127.0.0.8", port)
        done = get(f"{peer.url}/f", "--source", "192.0.2.1")
        assert done.code == 2 and "Cannot assign" in done.err
        assert get(f"{peer.url}/f", "--source", "::1").code == 2


# ---- names ----

def test_names_are_bytes(get):
    with Peer({"/abs": b"1", "a b%": b"2", "d/e/f": b"3", "\\Boot\\BCD": b"4"}) as peer:
        done = get(f"{peer.url}//abs", f"{peer.url}/a%20b%25", f"{peer.url}/d/e/f",
                   f"{peer.url}/%5CBoot%5CBCD")
        assert done.code == 0, done.err
    assert names(get.here) == ["BCD", "a b%", "abs", "f"]


def test_several_files_are_told_apart(get):
    with Peer({"a": b"1", "c": b"3"}) as peer:
        done = get(f"{peer.url}/a", f"{peer.url}/b", f"{peer.url}/c", "--json")
        assert done.code == 1
        assert [r["outcome"] for r in done.records] == ["ok", "refused", "ok"]
        assert [r["file"] for r in done.records] == ["a", "b", "c"]
        assert get(f"{peer.url}/x", f"{peer.url}/y").code == 2
    assert names(get.here) == ["a", "c"]


# ---- where it goes ----

def test_standard_output(get):
    content = os.urandom(300_000)
    with Peer({"f": content, "g": b"tail"}) as peer:
        done = get(f"{peer.url}/f", f"{peer.url}/g", "-o", "-", "--json")
        assert done.code == 0 and done.out == content + b"tail"
        assert done.err.count('"outcome":"ok"') == 2
        assert get(f"{peer.url}/g", "-o-").out == b"tail"
    assert names(get.here) == []


def test_standard_output_that_goes_away(get, kedge):
    with Peer({"f": os.urandom(3_000_000)}) as peer:
        process = start(kedge, "get", f"{peer.url}/f", "-o", "-", cwd=get.here)
        process.stdout.read(10)
        process.stdout.close()
        process.stdout = None
        assert finish(process).code == 9


def test_target_is_replaced_in_one_step(get):
    (get.here / "f").write_bytes(b"old")
    (get.here / "f").chmod(0o640)
    with Peer({"f": b"new"}) as peer:
        assert get(f"{peer.url}/f").code == 0
    assert (get.here / "f").read_bytes() == b"new"
    assert (get.here / "f").stat().st_mode & 0o777 == 0o640


@pytest.mark.parametrize("fault", [
    {"error_at": (3, 0, "broken")}, {"silent_at": 3}, {"close_at": 3}, {"tsize": 100},
    {"tsize": 90_000}, {"refuse": (2, "no")}])
def test_old_file_survives_any_failure(get, fault):
    (get.here / "f").write_bytes(b"old")
    with Peer({"f": os.urandom(5000)}, **fault) as peer:
        assert get(f"{peer.url}/f", "--blksize", "512", "--windowsize", "2",
                   "--retry-for", "1").code != 0
    assert (get.here / "f").read_bytes() == b"old" and names(get.here) == ["f"]


def test_target_is_a_directory(get):
    (get.here / "d").mkdir()
    with Peer({"f": b"abc"}) as peer:
        done = get(f"{peer.url}/f", "-o", "d")
        assert done.code == 9 and "is a directory" in done.err
        assert peer.requests == []


def test_target_directory_is_missing(get):
    with Peer({"f": b"abc"}) as peer:
        done = get(f"{peer.url}/f", "-o", "no/f")
    assert done.code == 9 and "no/f: no such file" in done.err


def test_target_directory_is_read_only(get, as_nobody):
    get.here.chmod(0o555)
    with Peer({"f": b"abc"}) as peer:
        done = get(f"{peer.url}/f", **as_nobody)
    assert done.code == 9 and "permission denied" in done.err


def test_disk_full(get, small_disk):
    with Peer({"f": os.urandom(4_000_000)}) as peer:
        (small_disk / "f").write_bytes(b"old")
        done = get(f"{peer.url}/f", "-o", small_disk / "f")
        assert done.code == 10 and "disk full" in done.err
        assert (ERROR, 3) in [(op, number) for op, number, _ in peer.heard]
    assert names(small_disk) == ["f"] and (small_disk / "f").read_bytes() == b"old"


def test_device_is_full(get):
    with Peer({"f": b"abc"}) as peer:
        done = get(f"{peer.url}/f", "-o", "/dev/full")
    assert done.code == 10 and "/dev/full: disk full" in done.err


def test_device_and_fifo_are_written_through(get, kedge):
    os.mkfifo(get.here / "fifo")
    with Peer({"f": os.urandom(500_000)}) as peer:
        assert get(f"{peer.url}/f", "-o", "/dev/null").code == 0
        process = start(kedge, "get", f"{peer.url}/f", "-o", "fifo", cwd=get.here)
        assert (get.here / "fifo").read_bytes() == peer.files["f"]
        assert finish(process).code == 0
    assert names(get.here) == ["fifo"]


# ---- netascii ----

@pytest.mark.parametrize("how", ["flag", "url"])
def test_netascii(get, how):
    wire = b"one\r\ntwo\r\0" + b"x" * 500 + b"\r" + b"\nend\r\0\r\n"
    assert wire[511:512] == b"\r" or wire.find(b"\r\n", 500) > 0
    with Peer({"f": wire}) as peer:
        words = [f"{peer.url}/f", "--mode", "netascii"] if how == "flag" else \
            [f"{peer.url}/f;mode=netascii"]
        done = get(*words, "-o", "f")
        assert done.code == 0, done.err
        request = peer.requests[0]
    assert request.mode == "netascii"
    assert not {"windowsize", "tsize"} & request.options.keys()
    assert (get.here / "f").read_bytes() == wire.replace(b"\r\n", b"\n").replace(b"\r\0",
                                                                                 b"\r")


@pytest.mark.parametrize("cut", range(508, 516))
def test_netascii_across_blocks(get, cut):
    wire = b"a" * cut + b"\r\nb\r\0c" + b"d" * 700 + b"\r"
    with Peer({"f": wire}) as peer:
        done = get(f"{peer.url}/f", "--mode=netascii", "--blksize=512", "--sha256",
                   hashlib.sha256(b"a" * cut + b"\nb\rc" + b"d" * 700 + b"\r").hexdigest())
        assert done.code == 0, done.err
    assert (get.here / "f").read_bytes() == b"a" * cut + b"\nb\rc" + b"d" * 700 + b"\r"


# ---- bad links and bad servers ----

@pytest.mark.parametrize("window", ["1", "8"])
@pytest.mark.parametrize("fault", [{"lose": (1,)}, {"lose": (2, 5, 11)}, {"twice": True},
                                   {"lose": (3,), "twice": True}, {"strangers": True}])
def test_bad_links(get, window, fault):
    content = os.urandom(512 * 10 + 100)
    with Peer({"f": content}, **fault) as peer:
        done = get(f"{peer.url}/f", "--blksize", "512", "--windowsize", window, "--json")
        assert done.code == 0, done.err
        assert peer.problems == []
    assert (get.here / "f").read_bytes() == content


def test_request_is_repeated(get):
    with Peer({"f": b"abc"}, deaf_to=1) as peer:
        assert get(f"{peer.url}/f").code == 0
        assert len(peer.requests) == 2
        assert len({r.source for r in peer.requests}) == 1


@pytest.mark.parametrize("code", [0, 4, 8])
def test_options_refused(get, code):
    with Peer({"f": b"abc" * 1000}, refuse_options=code) as peer:
        done = get(f"{peer.url}/f")
        assert done.code == 0, done.err
        assert [bool(r.options) for r in peer.requests] == [True, False]
    assert "the server refuses options: a plain request" in done.err
    assert (get.here / "f").read_bytes() == b"abc" * 1000


@pytest.mark.parametrize("extra", [{"multicast": "1"}, {"blksize": "65465"},
                                   {"windowsize": "65000"}, {"blksize": "nonsense"}])
def test_options_that_were_not_asked(get, extra):
    """The OACK is refused with ERROR 8, and a plain request made."""
    with Peer({"f": b"abc"}, extra=extra) as peer:
        done = get(f"{peer.url}/f", "--blksize", "1000", "--windowsize", "4")
        assert done.code == 0, done.err
        assert (ERROR, 8) in [(op, number) for op, number, _ in peer.heard]
        assert [bool(r.options) for r in peer.requests] == [True, False]


def test_large_blocks_do_not_come_through(get):
    with Peer({"f": os.urandom(50_000)}, deaf_above=1000) as peer:
        done = get(f"{peer.url}/f", "--retry-for", "1")
        assert done.code == 0, done.err
        assert [r.options["blksize"] for r in peer.requests] == ["65464", "1228", "512"]
        assert (get.here / "f").read_bytes() == peer.files["f"]
    assert "a smaller block size" in done.err


def test_large_windows_do_not_come_through(get):
    with Peer({"f": os.urandom(50_000)}, stuck_above=8) as peer:
        done = get(f"{peer.url}/f", "--retry-for", "1", "--blksize", "1000",
                   "--windowsize", "16")
        assert done.code == 0, done.err
        assert [r.options["windowsize"] for r in peer.requests] == ["16", "16", "8"]
        assert (get.here / "f").read_bytes() == peer.files["f"]


def test_recovery_into_a_stream_repeats_nothing(get):
    with Peer({"f": os.urandom(50_000)}, stuck_above=8) as peer:
        done = get(f"{peer.url}/f", "--retry-for", "1", "--blksize", "1000",
                   "--windowsize", "16", "-o", "-")
        assert done.code == 0 and done.out == peer.files["f"]


# ---- ends ----

@pytest.mark.parametrize("code, exit_code", [(0, 5), (1, 3), (2, 4), (3, 5), (4, 5), (6, 5),
                                             (7, 5), (8, 5), (99, 5)])
def test_error_codes(get, code, exit_code):
    with Peer(refuse=(code, "no such luck")) as peer:
        done = get(f"{peer.url}/f")
    assert done.code == exit_code
    assert re.fullmatch(rf"kedge get: tftp://127\.0\.0\.1:{peer.port}/f: the server says: "
                        rf"no such luck \(error {code}\)( \(.*\))?\n", done.err), done.err
    assert names(get.here) == []


def test_error_text_is_made_harmless(get):
    with Peer(refuse=(1, b"\x1b[2J\nbad \xc3\xa9 \xff")) as peer:
        done = get(f"{peer.url}/f")
    assert "\\x1b[2J\\x0abad \u00e9 \\xff (error 1)" in done.err
    assert done.err.count("\n") == 1


def test_error_without_text(get):
    with Peer(refuse=(1, "")) as peer:
        assert "file not found (error 1)" in get(f"{peer.url}/f").err


def test_error_in_the_middle(get):
    with Peer({"f": os.urandom(5000)}, error_at=(4, 3, "server's disk")) as peer:
        done = get(f"{peer.url}/f", "--blksize=512", "--windowsize=1", "--json")
    assert done.code == 5 and done.record["outcome"] == "aborted"
    assert done.record["blocks"] == 3 and "server's disk" in done.record["reason"]


def test_nobody_listens(get):
    begun = time.monotonic()
    done = get(f"tftp://127.0.0.1:{closed_port()}/f", "--json")
    assert time.monotonic() - begun < 3
    assert done.code == 7 and done.record["outcome"] == "gone"
    assert "nobody listens" in done.err and names(get.here) == []


def test_server_goes_away(get):
    with Peer({"f": os.urandom(5000)}, close_at=4) as peer:
        done = get(f"{peer.url}/f", "--blksize=512", "--windowsize=1", "--retry-for=2")
    assert done.code in (6, 7) and names(get.here) == []


def test_silence(get):
    with Peer(mute=True) as peer:
        begun = time.monotonic()
        done = get(f"{peer.url}/f", "--retry-for", "1500ms", "--json")
        assert 1.4 < time.monotonic() - begun < 5
        assert len(peer.requests) >= 2
    assert done.code == 6 and done.record["outcome"] == "timeout"
    assert "no answer from 127.0.0.1" in done.err


def test_silence_in_the_middle(get):
    with Peer({"f": os.urandom(5000)}, silent_at=3) as peer:
        done = get(f"{peer.url}/f", "--blksize=512", "--windowsize=1", "--retry-for=1",
                   "--json")
    assert done.code == 6 and done.record["reason"].startswith("no progress after block 2")


@pytest.mark.parametrize("said", [4999, 5001])
def test_size_announced_is_checked(get, said):
    with Peer({"f": os.urandom(5000)}, tsize=said) as peer:
        done = get(f"{peer.url}/f")
        assert done.code == 11 and "not of the size announced" in done.err
        assert ERROR in [op for op, _, _ in peer.heard]
    assert names(get.here) == []


def test_size_zero_announces_nothing(get):
    with Peer({"f": b"abc"}, tsize=0) as peer:
        assert get(f"{peer.url}/f").code == 0


def test_name_does_not_resolve(get):
    done = get("tftp://no-such-host.invalid/f")
    assert done.code == 8 and "no-such-host.invalid" in done.err
    assert done.err.count("\n") == 1


def test_sha256(get):
    with Peer({"f": b"content"}) as peer:
        good = hashlib.sha256(b"content").hexdigest()
        assert get(f"{peer.url}/f", "--sha256", good.upper()).code == 0
        (get.here / "f").write_bytes(b"old")
        done = get(f"{peer.url}/f", "--sha256", "0" * 64)
        assert done.code == 12 and "SHA-256" in done.err
        assert (get.here / "f").read_bytes() == b"old" and names(get.here) == ["f"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupted(get, kedge, number):
    (get.here / "f").write_bytes(b"old")
    with Peer({"f": os.urandom(1_000_000)}, slow=0.05) as peer:
        process = start(kedge, "get", f"{peer.url}/f", "--blksize=512", "--windowsize=1",
                        cwd=get.here)
        while not peer.heard:
            time.sleep(0.02)
        process.send_signal(number)
        done = finish(process)
        end = time.monotonic() + 5
        while ERROR not in [op for op, _, _ in peer.heard] and time.monotonic() < end:
            time.sleep(0.02)
        assert peer.heard[-1][:2] == (ERROR, 0)
    assert done.code == -number and "interrupted" in done.err
    assert (get.here / "f").read_bytes() == b"old" and names(get.here) == ["f"]


def test_interrupted_where_nothing_listens_to_it(get, kedge):
    """A FIFO without a reader cannot be opened, and nothing ends that but the signal."""
    os.mkfifo(get.here / "fifo")
    with Peer({"f": b"abc"}) as peer:
        process = start(kedge, "get", f"{peer.url}/f", "-o", "fifo", cwd=get.here)
        time.sleep(0.5)
        process.send_signal(signal.SIGINT)
        assert finish(process, timeout=10).code == -signal.SIGINT


def test_no_lingering_on_a_good_link(get):
    with Peer({"f": b"abc"}) as peer:
        begun = time.monotonic()
        for _ in range(5):
            assert get(f"{peer.url}/f").code == 0
        assert time.monotonic() - begun < 5


@pytest.mark.parametrize("lose, again", [((), 0), ((2,), 1)])
def test_last_ack_can_be_had_again_where_something_was_lost(get, lose, again):
    with Peer({"f": os.urandom(2000)}, lose=lose, repeat_last=0.05) as peer:
        assert get(f"{peer.url}/f", "--blksize=512", "--windowsize=2").code == 0
    assert (peer.confirmed, peer.reconfirmed) == (1, again)


def test_source_without_permission(get, as_nobody):
    limit = Path("/proc/sys/net/ipv4/ip_unprivileged_port_start")
    if not as_nobody or int(limit.read_text()) <= 7:
        pytest.skip("every user may have every port here")
    get.here.chmod(0o777)
    with Peer({"f": b"abc"}) as peer:
        done = get(f"{peer.url}/f", "--source", "127.0.0.1:7", **as_nobody)
    assert done.code == 13 and "Permission denied" in done.err


# ---- what is said ----

def test_summary(get):
    with Peer({"f": b"x" * 12345}) as peer:
        done = get(f"{peer.url}/f")
        assert re.fullmatch(r"f: 12345 bytes in \d+\.\d{3} ms, \S+ (B|KiB|MiB|GiB)/s\n",
                            done.err), done.err
        assert done.out == b""
        assert get(f"{peer.url}/f", "-q").err == ""


def test_record(get):
    keys = ["time", "event", "peer", "local", "file", "outcome", "reason", "bytes", "ms",
            "rate_Bps", "asked", "granted", "blocks", "resent", "dup", "rtt_us"]
    with Peer({"f\u00e9 \x01": b"x"}) as peer:
        record = get(f"{peer.url}/f%c3%a9%20%01", "--json", "-o", "g").record
    assert list(record) == keys
    assert record["event"] == "get" and record["file"] == "f\u00e9 \x01"
    assert record["local"].startswith("127.0.0.1:") and record["reason"] is None
    assert record["peer"].startswith("127.0.0.1:")


def test_progress_on_a_terminal(get, kedge):
    ours, theirs = os.openpty()
    with Peer({"f": os.urandom(2000)}, slow=0.3) as peer:
        process = subprocess.Popen([kedge, "get", f"{peer.url}/f", "--blksize=512",
                                    "--windowsize=1"], cwd=get.here, stderr=theirs)
        assert process.wait(30) == 0
    os.close(theirs)
    shown = b""
    try:
        while piece := os.read(ours, 4096):
            shown += piece
    except OSError:
        pass  # how a pty ends
    os.close(ours)
    assert b"%" in shown and b"left" in shown and b"/s" in shown
    assert b"\r\x1b[K" in shown and b"2000 bytes in" in shown


@pytest.mark.parametrize("words, why", [
    ((), "missing operand"),
    (("file",), "scheme"),
    (("http://h/f",), "http"),
    (("udp://127.0.0.1:69",), "not a tftp:// URL"),
    (("tftp://h/",), "names no file"),
    (("tftp:///f",), "host"),
    (("tftp://h/d/",), "ends in no file name"),
    (("tftp://h/..",), "ends in no file name"),
    (("tftp://h/a", "tftp://h/b", "-o", "c"), "-o: names one file"),
    (("tftp://h/a", "tftp://h/b", "--sha256", "0" * 64), "--sha256"),
    (("tftp://h/a", "--sha256", "xyz"), "64 hexadecimal digits"),
    (("tftp://h/a", "--sha256", "g" * 64), "64 hexadecimal digits"),
    (("tftp://h/a", "--blksize", "7"), "--blksize"),
    (("tftp://h/a", "--blksize", "65465"), "--blksize"),
    (("tftp://h/a", "--windowsize", "0"), "--windowsize"),
    (("tftp://h/a", "--windowsize", "65536"), "--windowsize"),
    (("tftp://h/a", "--timeout", "5ms"), "--timeout"),
    (("tftp://h/a", "--timeout", "256"), "--timeout"),
    (("tftp://h/a", "--retry-for", "soon"), "--retry-for"),
    (("tftp://h/a", "--mode", "mail"), "octet|netascii"),
    (("tftp://h/a", "--source", "nowhere"), "--source"),
    (("tftp://h/a", "--source", "127.0.0.1:99999"), "--source"),
    (("tftp://h/a", "--source", "[::1]x"), "--source"),
    (("tftp://h/a", "-4", "--source", "::1"), "contradict"),
    (("tftp://h/a", "-4", "-6"), "contradict"),
    (("tftp://h/a", "--no-options", "--blksize", "512"), "contradict"),
    (("tftp://h/a", "--no-options", "--windowsize", "2"), "contradict"),
    (("tftp://h/a", "--no-options", "--timeout", "2"), "contradict"),
    (("tftp://h/a;mode=netascii", "--mode", "octet"), "contradict"),
    (("tftp://h/a;mode=netascii", "--windowsize", "4"), "netascii"),
    (("tftp://h/a", "--frobnicate"), "unknown option --frobnicate"),
])
def test_bad_words(get, words, why):
    done = get(*words)
    assert done.code == 64 and why in done.err, done.err
    assert done.err.count("\n") == 1 and done.out == b""
