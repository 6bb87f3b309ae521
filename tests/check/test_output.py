# SPDX-License-Identifier: MIT
"""What `kedge check` prints and writes: findings for people, JSON, JUnit, pcap, and the options
that choose among the checks."""
import json
import re
import struct
import subprocess
import xml.etree.ElementTree as xml

import pytest

HEX = re.compile(r"^      [0-9a-f]{4}  ((?:[0-9a-f]{2} )+) +(\S.*)$")


@pytest.fixture
def said(kedge):
    """said(*words): exit status, output and errors of `kedge check`."""
    def run(*words, timeout=120):
        done = subprocess.run([kedge, "check", *map(str, words)], text=True, timeout=timeout,
                              capture_output=True)
        return done.returncode, done.stdout, done.stderr
    return run


def ids(kedge):
    listed = subprocess.run([kedge, "check", "--list"], check=True, capture_output=True,
                            text=True).stdout
    return [line.split()[0] for line in listed.splitlines()]


def test_a_failure_says_all_of_it(said, faulty, made):
    """The ports of both sides, the packets in words, the wrong one in hex with its bytes marked,
    what was expected, the section, and a sentence for who has to mend it."""
    url = faulty(made, "sorcerer")
    code, out, _ = said("--only", "lockstep-duplicate-ack", url)
    lines = out.splitlines()
    assert code == 1
    assert lines[0].split() == ["lockstep-duplicate-ack", "FAILS", "RFC", "1123", "4.2.3.1"]
    assert lines[1] == "    a duplicate ACK brings no DATA"
    packets = [re.fullmatch(r" +\d+\.\d{3} ms  kedge +(\d+) ([<>]) (\d+) +(\S.*)", line)
               for line in lines[2:9]]
    assert [m[2] + " " + m[4] for m in packets] == [
        '> RRQ "kedge-check-2000" octet', "< DATA 1, 512 bytes", "> ACK 1",
        "< DATA 2, 512 bytes", "> ACK 1", "< DATA 2, 512 bytes", '> ERROR 0 "end"']
    own, server = packets[1][1], packets[1][3]
    assert {m[1] for m in packets} == {own}
    assert packets[0][3] == url.split(":")[2].rstrip("/") != server
    assert {m[3] for m in packets[1:]} == {server}
    assert lines[9] == "    expected: nothing for 30 ms"
    assert lines[10] == f"    got:      DATA 2, 512 bytes, from port {server} to {own}"
    assert HEX.match(lines[11])[1].startswith("00 03 00 02 ")
    assert lines[12] == " " * 12 + "^^ ^^ ^^ ^^"
    assert lines[-3].startswith("    a duplicate ACK is answered with DATA: ")


def test_a_foreign_port_is_seen(said, faulty, made):
    _, out, _ = said("--only", "lockstep-foreign-ack", faulty(made, "takes-any-port"))
    own = re.findall(r"kedge +(\d+) > \d+ +(\S+)", out)
    assert [word for _, word in own] == ["RRQ", "ACK", "ERROR"]
    assert own[0][0] == own[2][0] != own[1][0]


def test_strict_counts_deviations(said, faulty, made):
    url = faulty(made, "padding-refused")
    assert said("--only", "request-padded", url)[0] == 0
    assert said("--only", "request-padded", "--strict", url)[0] == 1


def test_junit(said, faulty, made, tmp_path):
    file, url = tmp_path / "results.xml", faulty(made, "padding-refused", "sorcerer")
    for strict, failures in ((), 1), (("--strict",), 2):
        said("--only", "request-padded,lockstep-duplicate-ack,request-broadcast,request-size-1",
             "--junit", file, *strict, url)
        suite = xml.parse(file).getroot()
        cases = {case.get("name"): case for case in suite}
        assert len(cases) == 4 and suite.get("name") == "kedge check"
        assert len(suite.findall(".//failure")) == failures
        assert len(suite.findall(".//skipped")) == 1
        failure = cases["lockstep-duplicate-ack"].find("failure")
        assert "RFC 1123 4.2.3.1: expected nothing for 30 ms" in failure.text


def test_pcap_has_each_packet(said, faulty, made, tmp_path):
    """Raw IP; as many datagrams as the run says that there were."""
    file = tmp_path / "packets.pcap"
    _, out, _ = said("--only", "request-size-1", "--pcap", file, faulty(made))
    data, packets = file.read_bytes(), 0
    assert struct.unpack("<IHH", data[:8]) in ((0xa1b2c3d4, 2, 4), (0xa1b23c4d, 2, 4))
    assert struct.unpack("<I", data[20:24])[0] == 101
    at = 24
    while at < len(data):
        kept, whole = struct.unpack("<II", data[at + 8:at + 16])
        packet = data[at + 16:at + 16 + kept]
        assert kept == whole and packet[0] == 0x45 and packet[9] == 17
        packets, at = packets + 1, at + 16 + kept
    assert f"; {packets} packets in" in out and packets >= 3


def test_each_check_is_explained(said, kedge):
    for name in ids(kedge):
        code, out, _ = said("--explain", name)
        assert code == 0 and out.startswith(f"{name}: ")
        for heading in "The rule: ", "The reason: ", "If it fails: ":
            assert f"\n\n{heading}" in out, name
        assert out.count("|\n") >= 1 or "It is not played" in out, name


def test_only_chooses(said, faulty, made):
    code, out, _ = said("--json", "--only", "netascii,request-size-1", faulty(made))
    rows = [x["id"] for x in map(json.loads, out.splitlines()) if x["event"] == "check"]
    assert code == 0 and rows[0] == "request-size-1" and len(rows) == 6
    assert all(i.startswith("netascii-") for i in rows[1:])
    listed = said("--list", "--only", "netascii,request-size-1")[1].splitlines()
    assert [line.split()[0] for line in listed] == rows


@pytest.mark.parametrize("words, told", [
    ((), "name the server, as tftp://HOST/"),
    (("tftp://127.0.0.1/", "tftp://127.0.0.1/"), "name the server, as tftp://HOST/"),
    (("--only", "nix", "tftp://127.0.0.1/"), "no check or group is called 'nix'"),
    (("--explain", "nix"), "no check is called 'nix' (see: kedge check --list)"),
    (("--wait", "tftp://127.0.0.1/"), "name the server"),
    (("--client",), "--client takes a command with {url} or {port} in it"),
    (("--client", "--", "true"), "--client takes a command with {url} or {port} in it"),
    (("--client", "--put-name", "up", "--", "true", "{url}"), "--put-name"),
    (("http://127.0.0.1/",), "http"),
    (("tftp://224.0.0.1/",), "check one server, not a network"),
    (("tftp://255.255.255.255/",), "check one server, not a network"),
    (("--nix",), "--nix"),
])
def test_what_cannot_be_meant_is_said(said, words, told):
    code, out, err = said(*words)
    assert (code, out) == (64, "") and told in err and err.count("\n") <= 3
