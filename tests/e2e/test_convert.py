# SPDX-License-Identifier: MIT
"""`kedge serve --dnsmasq` and `--atftpd`: what is printed for each option, that serve takes it,
and what is said of lines that are wrong."""
import subprocess

import pytest


@pytest.fixture
def convert(kedge, tmp_path):
    """convert(OPTION, VALUE): exit status, output and errors of `kedge serve OPTION VALUE`."""
    def do(*words):
        done = subprocess.run([kedge, "serve", *words], capture_output=True, text=True,
                              timeout=60, cwd=tmp_path)
        return done.returncode, done.stdout, done.stderr
    return do


@pytest.fixture
def dnsmasq(convert, tmp_path):
    """dnsmasq(TEXT): the lines for a file that serves tmp_path, and has TEXT besides."""
    def do(text, ahead="enable-tftp\ntftp-root={root}\n"):
        (tmp_path / "conf").write_text((ahead + text).format(root=tmp_path))
        code, out, err = convert("--dnsmasq", "conf")
        assert (code, err) == (0, ""), err
        return out.splitlines()
    return do


def without_comments(lines):
    return [line for line in lines if not line.startswith("#")]


OPTIONS = [
    ("tftp-root=/usr/lib", 'root = "/usr/lib"'),
    ("tftp-root=usr/lib", 'root = "/usr/lib"'),
    ('tftp-root="{root}/a b,c"', 'root = "{root}/a b,c"'),
    ('tftp-root="{root}/it\'s $5 \\\\"', "root = '{root}/it\\'s $5 \\\\'"),
    ("tftp-root=/srv/%arch", 'root = "/srv/%%arch"'),
    ("tftp-root=/usr/50%,eth1", 'client "interface eth1" {{ root = "/usr/50%%" }}'),
    ("tftp-root=/usr,eth1", 'client "interface eth1" {{ root = "/usr" }}'),
    ("tftp-lowercase", "ignore-case = yes"),
    ("tftp-max=20 # a comment", 'max-transfers = "20"'),
    ("  tftp-max = 20", 'max-transfers = "20"'),
    ("tftp-max=20\ntftp-max=30", 'max-transfers = "30"'),
    ("tftp-mtu=1000", 'blksize-max = "968"'),
    ("tftp-mtu=1000", 'client "::/0" {{ blksize-max = "948" }}'),
    ("tftp-no-blocksize", 'blksize-max = "512"'),
    ("tftp-port-range=5000,5100", 'port-range = "5000-5100"'),
    ("tftp-port-range=5100,5000", 'port-range = "5000-5100"'),
    ("tftp-single-port\ntftp-port-range=5000,5100", 'single-port = "always"'),
    ("user=root", 'user = "root"'),
    ("listen-address=192.0.2.1,2001:db8::1",
     'listen = {{ "tftp://192.0.2.1", "tftp://[2001:db8::1]" }}'),
    ("interface=eth0", 'client "interface eth0" {{ get = "allow" }}'),
    ("interface=eth0", 'client "interface lo" {{ get = "allow" }}'),
    ("interface=eth0", 'default {{ get = "refuse" }}'),
    ("enable-tftp=eth2,eth3", 'client "interface eth3" {{ get = "allow" }}'),
    ("except-interface=eth9", 'client "interface eth9" {{ get = "refuse" }}'),
    ("no-dhcp-interface=eth9", 'client "interface eth9" {{ get = "refuse" }}'),
    ("interface=eth0\ninterface=eth9\nexcept-interface=eth9",
     'client "interface eth9" {{ get = "refuse" }}'),
    ("enable-tftp=eth0\ntftp-root=/usr,eth0",
     'client "interface eth0" {{ root = "/usr" get = "allow" }}'),
    ("server=/example/192.0.2.1\ndhcp-range=192.0.2.3,192.0.2.9\nno-resolv",
     'listen = {{ "tftp://*" }}'),
]


@pytest.mark.parametrize("text, line", OPTIONS)
def test_an_option_of_dnsmasq_is_a_line_of_the_policy(dnsmasq, tmp_path, text, line):
    assert line.format(root=tmp_path) in without_comments(dnsmasq(text))


@pytest.mark.parametrize("text, name", [
    ("tftp-secure", "conf:3: tftp-secure: "), ("tftp-no-fail", "conf:3: tftp-no-fail: "),
    ("quiet-tftp", "conf:3: quiet-tftp: "), ("group=x", "conf:3: group: "),
    ("bind-interfaces", "conf:3: bind-interfaces: "), ("bind-dynamic", "conf:3: bind-dynamic: "),
    ("\ndhcp-script=/x", "conf:4: dhcp-script: "), ("log-facility=-", "conf:3: log-facility: "),
    ("tftp-lowercase", "conf:3: tftp-lowercase: "),
    ("conf-script=/bin/x", "conf:3: conf-script: "), ("interface=eth0", "interfaces: "),
    ("tftp-no-blocksize", "conf:3: tftp-no-blocksize: "),
    ("tftp-unique-root", "tftp-unique-root: "),
    ("tftp-root=/usr,eth0\ntftp-unique-root", "tftp-unique-root: not for the root of an "),
    ("interface=eth0\nlisten-address=192.0.2.1", "listen-address: "), ("", "names: ")])
def test_what_dnsmasq_has_alone_is_named(dnsmasq, text, name):
    assert any(line.startswith("#     " + name) for line in dnsmasq(text))


def test_clients_with_a_directory_have_it_as_their_root(dnsmasq, tmp_path):
    """As in dnsmasq: whoever has none is served from the root itself."""
    for name in ("192.0.2.7", "2001:db8::7", "52-54-00-12-34-56", "52:54:00:12:34:57", "boot"):
        (tmp_path / name).mkdir()
    (tmp_path / "192.0.2.8").write_text("a file")
    by_ip = [line for line in dnsmasq("tftp-unique-root") if line.startswith("client")]
    assert by_ip == dnsmasq("tftp-unique-root=ip")[-2:] == [
        f'client "192.0.2.7" {{ root = "{tmp_path}/192.0.2.7" }}',
        f'client "2001:db8::7" {{ root = "{tmp_path}/2001:db8::7" }}']
    assert [line for line in dnsmasq("tftp-unique-root=mac") if line.startswith("client")] == [
        f'client "52-54-00-12-34-56" {{ root = "{tmp_path}/52-54-00-12-34-56" }}']


def test_files_that_are_named_are_read_as_dnsmasq_reads_them(dnsmasq, tmp_path):
    """Of a directory: in order, without hidden ones, and by their endings."""
    more = tmp_path / "more.d"
    more.mkdir()
    for name, size in (("a.conf", 1), ("b.conf", 2), ("c.conf~", 3), (".d.conf", 4),
                       ("#e.conf#", 5), ("f.bak", 6)):
        (more / name).write_text(f"tftp-max={size}\n")
    (more / "sub.conf").mkdir()
    assert 'max-transfers = "6"' in dnsmasq("conf-dir={root}/more.d")
    assert 'max-transfers = "2"' in dnsmasq("conf-dir={root}/more.d,*.conf")
    assert 'max-transfers = "2"' in dnsmasq("conf-dir={root}/more.d/,.bak,.old")
    assert 'max-transfers = "1"' in dnsmasq("conf-file={root}/more.d/a.conf")
    (more / "a.conf").write_text("\ntftp-secure\n")
    assert f"#     {more}/a.conf:2: tftp-secure: " in \
        "\n".join(dnsmasq("conf-file={root}/more.d/a.conf"))


WRONG = [
    ("enable-tftp=eth*", "conf:1: enable-tftp takes names of interfaces"),
    ("tftp-max=many", "conf:1: tftp-max takes a number, 1 to 1000000, not 'many'"),
    ("tftp-max=", "conf:1: tftp-max needs a value"), ("tftp-root", "conf:1: tftp-root needs a"),
    ("tftp-mtu=20", "conf:1: tftp-mtu takes a number, 60 to 65535, not '20'"),
    ("\n\ntftp-secure=yes", "conf:3: tftp-secure takes no value"),
    ("tftp-unique-root=name", "conf:1: tftp-unique-root takes ip or mac, not 'name'"),
    ("tftp-port-range=7", "conf:1: tftp-port-range takes LOW,HIGH, not '7'"),
    ("tftp-port-range=7,70000", "conf:1: tftp-port-range takes a number, 1 to 65535"),
    ("tftp-colour=red", "conf:1: tftp-colour is no option of dnsmasq 2.90"),
    ('tftp-root="/srv', "conf:1: a quote is not closed"),
    ('tftp-root="/srv\\n"', "conf:1: tftp-root takes 1 to 4095 bytes without control"),
    ("listen-address=here", "conf:1: listen-address takes IP addresses, not 'here'"),
    ("conf-file=/nonexistent", "conf:1: /nonexistent cannot be read: No such file"),
    ("conf-dir=/nonexistent", "conf:1: conf-dir cannot read /nonexistent: No such file"),
    ("conf-file=conf", "conf:1: conf is one of more than 256 files, or 8 in each other"),
    ("enable-tftp\ntftp-root=/nonexistent\ntftp-unique-root",
     "tftp-unique-root cannot read /nonexistent: No such file"),
    ("server=192.0.2.1", "conf has no enable-tftp"),
    ("interface=" + ",".join(f"e{n}" for n in range(33)),
     "conf:1: interface is given more than 32 times"),
]


@pytest.mark.parametrize("text, said", WRONG)
def test_a_wrong_line_of_dnsmasq_is_said(convert, tmp_path, text, said):
    (tmp_path / "conf").write_text(text + "\n")
    code, out, err = convert("--dnsmasq", "conf")
    assert (code, out) == (64, "") and f"kedge serve: {said}" in err


WORDS = [
    ("", 'root = "/tftpboot"'), ("/srv/x/", 'root = "/srv/x"'), ("/", 'root = "/"'),
    ("--port 70 /srv", 'listen = { "tftp://*:70" }'),
    ("--port=70 --bind-address ::1", 'listen = { "tftp://[::1]:70" }'),
    ("--bind-address 192.0.2.1", 'listen = { "tftp://192.0.2.1" }'),
    ("--maxthread 9", 'max-transfers = "9"'), ("-m9", 'max-transfers = "9"'),
    ("--maxt 9", 'max-transfers = "9"'), ("", 'user = "nobody"'), ("", 'uploads = "overwrite"'),
    ("--user me.mine", 'user = "me"'), ("--no-blksize", 'blksize-max = "512"'),
    ("--no-windowsize", 'windowsize-max = "1"'), ("'/srv/it'\"'s\"", 'root = "/srv/it\'s"'),
    ("/srv/a\\ b", 'root = "/srv/a b"'), ("-- /srv", 'root = "/srv"'),
]


@pytest.mark.parametrize("words, line", WORDS)
def test_an_option_of_atftpd_is_a_line_of_the_policy(convert, words, line):
    code, out, err = convert("--atftpd", words)
    assert (code, err) == (0, "") and line in without_comments(out.splitlines())


ALONE = ["--tftpd-timeout 9", "--retry-timeout 9", "--verbose=5", "--verbose", "--trace",
         "--no-timeout", "--no-tsize", "--no-blksize", "--no-windowsize", "--logfile /x",
         "--pidfile /x", "--listen-local", "--no-fork", "--prevent-sas", "--user a.b",
         "--group x", "--mcast-ttl 1", "--mcast-addr 239.255.0.0", "--mcast-port 9",
         "--pcre /x", "--pcre-test /x", "--mtftp /x", "--mtftp-port 9",
         "--no-source-port-checking", "--mcast-switch-client", "--version", "--help"]


@pytest.mark.parametrize("words", ALONE)
def test_what_atftpd_has_alone_is_named(convert, words):
    code, out, _ = convert("--atftpd", words)
    name = words.split()[0].split("=")[0]
    assert code == 0 and f"\n#     {name}: " in out


def test_multicast_and_inetd_are_named_unless_they_are_off(convert):
    _, out, _ = convert("--atftpd", "/srv")
    assert "\n#     multicast: " in out and "\n#     inetd: " in out
    _, out, _ = convert("--atftpd", "--daemon --no-multicast /srv")
    assert "multicast" not in out.split("\n", 1)[1] and "inetd" not in out


@pytest.mark.parametrize("words, said", [
    ("--port 0", "--port takes a number, 1 to 65535, not '0'"),
    ("--maxthread x", "--maxthread takes a number, 1 to 1000000, not 'x'"),
    ("--bind-address here", "--bind-address takes an IP address, not 'here'"),
    ("--colour", "--colour is no option of atftpd 0.8, or is ambiguous"),
    ("--mc 1", "--mc is no option of atftpd 0.8, or is ambiguous"),
    ("-m", "-m needs a value"), ("--user", "--user needs a value"),
    ("/a /b", "/b is one directory too many"), ("srv", "srv is no path from /"),
    ("'/srv", "a quote is not closed"), (" ".join(["-v"] * 65), "--atftpd has more than 64 words"),
    ("--user .x", "--user takes 1 to 4095 bytes"), ("'/a\n'", "the directory takes 1 to 4095")])
def test_a_wrong_word_of_atftpd_is_said(convert, words, said):
    code, out, err = convert("--atftpd", words)
    assert (code, out) == (64, "") and f"kedge serve: {said}" in err


@pytest.mark.parametrize("words", [
    ("--dnsmasq", "enable-tftp=lo\ntftp-root={root}\ntftp-root={root},lo\ntftp-unique-root\n"
     "tftp-mtu=1000\ntftp-lowercase\ntftp-max=9\nexcept-interface=eth0\nuser=root\ntftp-secure\n"),
    ("--atftpd", "--user root --port 6970 --maxthread 9 --no-blksize --pcre /x* {root}")])
def test_serve_takes_what_is_printed(convert, tmp_path, words):
    option, text = words[0], words[1].format(root=tmp_path)
    (tmp_path / "192.0.2.7").mkdir()
    if option == "--dnsmasq":
        (tmp_path / "conf").write_text(text)
        text = "conf"
    code, out, _ = convert(option, text)
    assert code == 0
    (tmp_path / "policy").write_text(out)
    assert convert("-c", "policy", "--check") == (0, "", "")


def test_the_command_line_that_is_printed_is_one(convert, tmp_path):
    root = tmp_path / "it's a root"
    root.mkdir()
    (tmp_path / "conf").write_text(f'enable-tftp\ntftp-root="{root}"\ntftp-max=9\ntftp-lowercase\n')
    _, out, _ = convert("--dnsmasq", "conf")
    line = out.splitlines()[3]
    assert line.startswith("#     kedge serve 'tftp://*' --root ")
    done = subprocess.run(["sh", "-c", 'printf "%s\\n" ' + line.split("kedge serve ")[1]],
                          capture_output=True, text=True, timeout=60)
    words = done.stdout.splitlines()
    assert words == ["tftp://*", "--root", str(root), "--ignore-case", "--max-transfers", "9"]
    assert convert(*words, "--check") == (0, "", "")


def test_both_at_once_and_in_a_policy_file_are_refused(convert, tmp_path):
    code, _, err = convert("--dnsmasq", "conf", "--atftpd", "")
    assert code == 64 and "--dnsmasq" in err
    (tmp_path / "policy").write_text("dnsmasq = x\natftpd = x\n")
    code, _, err = convert("-c", "policy", "--check")
    assert code == 64 and ":1: dnsmasq is for the command line only" in err \
        and ":2: atftpd is for the command line only" in err


@pytest.mark.parametrize("root", ["plain", "b.o(o)t[1]+{{2}}*?", "\u00fcber/\u0436", "a#b $5^|c", "it's <x>",
                                  "/".join(["x" * 200] * 9)], ids=lambda r: r[:9])
def test_the_line_of_a_map_takes_the_root_away(kedge, dnsmasq, tmp_path, root):
    path = tmp_path / root.format()
    path.mkdir(parents=True)
    lines = dnsmasq(f'tftp-root="{{root}}/{root}"', ahead="enable-tftp\n")
    line, = [x.partition(" need a map file: ")[2] for x in lines if " need a map file: " in x]
    (tmp_path / "map").write_text(line + "\n")
    done = subprocess.run([kedge, "explain", "--map", tmp_path / "map", "--root", path, "127.0.0.1",
                           "get", f"{path}/boot"], capture_output=True, text=True, timeout=60,
                          env={"LC_ALL": "C.UTF-8"})
    assert "name      boot" in done.stdout.splitlines(), (line, done.stdout, done.stderr)
