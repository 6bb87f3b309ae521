# SPDX-License-Identifier: MIT
"""kedge trace COMMAND: any program's calls on its sockets, and nothing else of it changed."""
import os
import re
import signal
import subprocess
import time

import pytest

from e2e.lib.trace import calls, names, path

PYTHON = "/usr/bin/python3"
ECHO = """
import socket
s = socket.create_server(("127.0.0.1", 0))
c = socket.create_connection(s.getsockname())
a, _ = s.accept()
c.sendall(b"hello")
assert a.recv(10) == b"hello"
c.close()
assert a.recv(10) == b""
a.close()
s.close()
print("all said")
"""


@pytest.fixture
def trace(kedge):
    def run(*words, **more):
        done = subprocess.run([kedge, "trace", *words], stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True, timeout=60, **more)
        return done.returncode, done.stdout, done.stderr
    return run


@pytest.fixture
def c_program(tmp_path):
    """c_program(TEXT, *FLAGS): a program made of it."""
    def make(text, *flags):
        (tmp_path / "own.c").write_text(text)
        subprocess.run(["cc", "-O2", *flags, "-o", tmp_path / "own", tmp_path / "own.c"],
                       check=True, timeout=60)
        return tmp_path / "own"
    return make


def test_a_python_program(trace):
    code, out, err = trace(PYTHON, "-c", ECHO)
    assert (code, out) == (0, "all said\n")
    found = calls(err)
    assert names(found)[:4] == ["socket", "SO_REUSEADDR 1", "bind", "listen"]
    assert [c.rest for c in found if c.name == "recv"][0].startswith("ESTABLISHED, rtt ")
    assert [c.result for c in found if c.name == "recv"] == ["5", "0"]
    assert next(c for c in found if c.name == "listen").rest.startswith("CLOSED > LISTEN")
    connect = next(c for c in found if c.name == "connect")
    assert connect.rest.startswith("CLOSED > (SYN-SENT) > ESTABLISHED, with 127.0.0.1:")
    assert path(found, connect.socket) == ["CLOSED", "SYN-SENT", "ESTABLISHED", "FIN-WAIT-1",
                                           "FIN-WAIT-2", "TIME-WAIT"]
    assert "[TIME-WAIT]" in err and "┏━━━━━━━━━━[CLOSED]━━━━━━━━━━┓" in err


# Each function that the library stands in front of, once, as C calls it; fortified, so that
# __read_chk, __recv_chk, __recvfrom_chk and __poll_chk are among them.
EVERY = r"""
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>
#define NEED(truth) do { if (!(truth)) { printf("line %d: %s\n", __LINE__, strerror(errno)); return 1; } } while (0)
int main(int argc, char **argv)
{
    size_t n = (size_t)argc * 16; /* not known when it is compiled */
    char b[64] = { 0 };
    struct iovec v = { b, n };
    struct msghdr m = { .msg_iov = &v, .msg_iovlen = 1 };
    struct mmsghdr mm[2] = { { .msg_hdr = m }, { .msg_hdr = m } };
    struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
    struct sockaddr *any = (struct sockaddr *)&at;
    socklen_t len = sizeof at;
    int pair[2], error = 1, s = socket(AF_INET, SOCK_STREAM, 0), c, a, d, u;
    socklen_t size = sizeof error;

    NEED(bind(s, any, len) == 0 && listen(s, 3) == 0);
    NEED(getsockname(s, any, &len) == 0);
    c = socket(AF_INET, SOCK_STREAM, 0);
    NEED(connect(c, any, len) == 0);
    NEED((a = accept4(s, NULL, NULL, 0)) >= 0);
    NEED(getsockopt(c, SOL_SOCKET, SO_ERROR, &error, &size) == 0 && error == 0);
    NEED(send(c, b, 9, 0) == 9 && sendto(c, b, 9, 0, NULL, 0) == 9);
    NEED(poll(&(struct pollfd){ .fd = a, .events = POLLIN }, (nfds_t)argc, 1000) == 1);
    NEED(recv(a, b, n, MSG_PEEK) > 0);
    NEED(recv(a, b, n, 0) > 0);
    NEED(write(c, b, 9) == 9 && read(a, b, n) > 0);
    NEED(writev(c, &(struct iovec){ b, 9 }, 1) == 9 && readv(a, &v, 1) > 0);
    NEED(sendmsg(c, &(struct msghdr){ .msg_iov = &(struct iovec){ b, 9 }, .msg_iovlen = 1 }, 0) == 9);
    NEED(recvmsg(a, &m, 0) > 0);
    NEED((d = dup(c)) >= 0);
    NEED(shutdown(d, SHUT_WR) == 0 && close(d) == 0);
    NEED(recvfrom(a, b, n, 0, NULL, NULL) == 0);
    NEED(close(a) == 0 && close(c) == 0);
    errno = 0;
    NEED(recv(c, b, n, 0) == -1 && errno == EBADF);
    u = socket(AF_INET, SOCK_DGRAM, 0);
    at.sin_port = 0;
    NEED(bind(u, any, len) == 0 && getsockname(u, any, &len) == 0);
    NEED(connect(u, any, len) == 0);
    NEED(sendmmsg(u, mm, 2, 0) == 2 && recvmmsg(u, mm, 2, 0, NULL) == 2);
    NEED(recv(u, b, n, MSG_DONTWAIT) == -1 && errno == EAGAIN);
    NEED(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
    errno = 77;
    NEED(write(pair[0], b, 3) == 3 && errno == 77);
    NEED(read(pair[1], b, n) == 3 && errno == 77);
    return 7;
}
"""


@pytest.mark.parametrize("flags", [["-O0"], ["-D_FORTIFY_SOURCE=2"]])
def test_each_call_of_c(trace, c_program, flags):
    code, out, err = trace(c_program(EVERY, *flags))
    assert (code, out) == (7, "")
    # On a busy machine the peer's end of a connection may be seen after the call.
    found = [name for name in names(calls(err)) if name != "(later)"]
    assert found == ["socket", "bind", "listen", "socket", "connect", "accept4", "SO_ERROR",
                     "send", "sendto", "poll POLLIN", "recv MSG_PEEK", "recv", "write", "read",
                     "writev", "readv", "sendmsg", "recvmsg", "dup", "shutdown SHUT_WR",
                     "close", "recvfrom", "close", "close", "socket", "bind", "connect",
                     "sendmmsg 1/2", "sendmmsg 2/2", "recvmmsg 1/2", "recvmmsg 2/2", "recv",
                     "socketpair", "socketpair", "write", "read"]
    again = next(c for c in calls(err) if c.result == "EAGAIN")
    assert again.name == "recv" and again.rest == "UDP"


def test_a_socket_keeps_its_number(trace, c_program):
    """Whatever descriptor it is called by: the shutdown above is of dup()'s."""
    _, _, err = trace(c_program(EVERY))
    found = calls(err)
    number = next(c.socket for c in found if c.name == "connect")
    assert {c.socket for c in found if c.name in ("dup", "shutdown SHUT_WR")} == {number}


def test_tftp_in_words(trace, kedge, serve, srv, tmp_path):
    (srv / "boot").write_bytes(b"x" * 700)
    code, _, err = trace(kedge, "get", "-o", tmp_path / "got", "tftp://%s:%d/boot" % serve().at)
    assert code == 0 and (tmp_path / "got").stat().st_size == 700
    rest = [c.rest for c in calls(err)]
    assert any(re.match(r'RRQ "boot" octet, .*blksize \d+.*, to 127\.0\.0\.1:', r) for r in rest)


WORDS = """
import socket
a, b = (socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2))
a.bind(("127.0.0.1", 0)); b.bind(("127.0.0.1", 0))
def say(packet):
    b.sendto(packet, a.getsockname())
    a.recv(2000)
say(b"\\0\\3\\0\\1early")
say(b"\\0\\1boot\\x1b[2J/x\\0octet\\0blksize\\0001428\\0")
say(b"\\0\\6blksize\\0001428\\0tsize\\0008\\0")
say(b"\\0\\3\\0\\2" + bytes(512))
say(b"\\0\\4\\xff\\xff")
say(b"\\0\\5\\0\\1not \\r\\nhere\\0")
say(b"\\0\\7\\0\\1")
say(b"\\0")
"""


def test_each_packet_in_words_and_nothing_from_the_wire_as_it_is(trace):
    _, _, err = trace(PYTHON, "-c", WORDS)
    sent = [c.rest for c in calls(err) if c.name == "sendto"]
    port = sent[0].rpartition(":")[2]
    assert [s.removesuffix(f"to 127.0.0.1:{port}") for s in sent] == [
        "UDP, ", 'RRQ "boot\\x1b[2J/x" octet, blksize 1428, ',
        "OACK blksize 1428, tsize 8, ", "DATA 2, 512 bytes, ", "ACK 65535, ",
        'ERROR 1, "not \\x0d\\x0ahere", ', "UDP, ", "UDP, "]
    assert "\x1b" not in err and "\r" not in err


def test_a_static_program_is_out_of_reach(trace, c_program):
    program = c_program("int main(void) { return 3; }", "-static")
    code, out, err = trace(program)
    assert (code, out) == (64, "") and err.count("\n") == 1
    assert "is out of reach: it is linked statically" in err


def test_a_set_id_program_is_out_of_reach(trace, c_program):
    program = c_program("int main(void) { return 3; }")
    os.chmod(program, 0o4755)
    if os.geteuid() == 0:
        os.chown(program, 65534, -1)
        os.chmod(program, 0o4755)
        want = 64
    else:
        want = 3  # it is one's own: nothing changes hands
    code, _, err = trace(program)
    assert code == want and ("set-id" in err) == (want == 64)


def test_a_script_is_what_runs_it(trace, c_program, tmp_path):
    c_program("int main(void) { return 3; }", "-static")
    for first, code in (f"#!{PYTHON}", 5), (f"#! {tmp_path}/own", 64):
        (tmp_path / "script").write_text(f"{first}\nimport sys\nsys.exit(5)\n")
        (tmp_path / "script").chmod(0o755)
        assert trace("./script", cwd=tmp_path)[0] == code


@pytest.mark.parametrize("words, code, text", [
    (["no-such-command"], 127, "no-such-command: command not found"),
    (["/etc/passwd"], 126, "/etc/passwd: Permission denied"),
    (["/bin/sh", "-c", "exit 42"], 42, ""),
    (["/bin/sh", "-c", "kill -9 $$"], 137, ""),
    (["--svg", "/none/x", "true"], 9, "/none/x: No such file or directory"),
    (["--svg"], 64, "--svg needs a value"),
    (["--nonsense", "true"], 64, "unknown option --nonsense"),
    ([], 64, "missing operand: COMMAND"),
])
def test_the_status_is_the_commands_own(trace, words, code, text):
    done = trace(*words)
    assert (done[0], done[1]) == (code, "") and text in done[2]
    assert done[2].count("\n") == (1 if text else 0)


def test_options_of_the_command_are_its_own(trace, tmp_path):
    assert trace("echo", "--svg", "x", "-h", "--", "y")[:2] == (0, "--svg x -h -- y\n")
    assert trace("--svg", tmp_path / "x", "echo", "a", "b") == (0, "a b\n", "")


FORK = """
import os, socket
s = socket.create_server(("127.0.0.1", 0))
c = socket.create_connection(s.getsockname())
a, _ = s.accept()
if os.fork() == 0:
    s.close(); c.close()
    a.sendall(a.recv(10))
    a.recv(10)
    os._exit(0)
a.close()
c.sendall(b"hello")
c.recv(10)
c.shutdown(socket.SHUT_WR)
print(c.recv(10), os.wait()[1])
"""


def test_a_child_shares_the_sockets(trace):
    code, out, err = trace(PYTHON, "-c", FORK)
    assert (code, out) == (0, "b'' 0\n")
    found = calls(err)
    accepted = next(c.socket for c in found if c.name.startswith("accept"))
    mine = [c for c in found if c.socket == accepted]
    assert [c.name for c in mine if c.process] == ["recv", "send", "recv"]
    assert [c.rest.partition(",")[0] for c in mine if c.name == "close"] == ["ESTABLISHED"]
    assert len({c.process for c in mine if c.process}) == 1


SPAWN = r"""
#define _GNU_SOURCE
#include <spawn.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
int main(int argc, char **argv)
{
    char *const words[] = { argv[0], "child", NULL };
    posix_spawn_file_actions_t actions;
    pid_t child;
    int status;

    if (argc > 1) { /* the child: what is open, and a socket of its own */
        printf("%d %d\n", access("/proc/self/fd/20", F_OK), access("/proc/self/fd/30", F_OK));
        return close(socket(AF_INET, SOCK_DGRAM, 0));
    }
    if (dup2(0, 20) != 20 || dup2(0, 30) != 30 || posix_spawn_file_actions_init(&actions) != 0 ||
        posix_spawn_file_actions_addclosefrom_np(&actions, 21) != 0 ||
        posix_spawn(&child, argv[0], &actions, NULL, words, environ) != 0)
        return 1;
    return waitpid(child, &status, 0) == child ? status : 2;
}
"""


def test_a_child_whose_descriptors_posix_spawn_closes(trace, c_program):
    """Python's subprocess does so since 3.13."""
    code, out, err = trace(c_program(SPAWN))
    assert (code, out) == (0, "0 -1\n")
    found = calls(err)
    assert names(found) == ["socket", "close"] and all(c.process for c in found)


THREADS = """
import socket, threading
def chat():
    for _ in range(50):
        a, b = socket.socketpair()
        a.sendall(b"x" * 10); b.recv(20); a.close(); b.close()
all = [threading.Thread(target=chat) for _ in range(8)]
[t.start() for t in all]; [t.join() for t in all]
"""


def test_threads(trace):
    """Every call has its line, whole."""
    code, _, err = trace(PYTHON, "-c", THREADS)
    assert code == 0
    lines = err.splitlines()[1:]
    assert len(lines) == 8 * 50 * 6 and len(calls(err)) == len(lines)


def test_a_child_of_the_command_that_closes_all_it_does_not_know(trace):
    """subprocess closes every descriptor but three before it runs a program."""
    text = "import socket; socket.socket().close()"
    code, _, err = trace(PYTHON, "-c", f"import subprocess; subprocess.run([{PYTHON!r}, '-c', "
                                       f"{text!r}], check=True)")
    assert code == 0 and names(calls(err)) == ["socket", "close"]
    assert all(c.process for c in calls(err))


@pytest.mark.parametrize("how", ["os.close(2)", "os.closerange(0, 2000)",
                                 "os.dup2(os.open('/dev/null', os.O_WRONLY), 2)"])
def test_a_program_that_closes_standard_error(trace, how):
    code, _, err = trace(PYTHON, "-c", f"import os, socket\n{how}\n"
                                       "a, b = socket.socketpair()\na.send(b'hello')\n"
                                       "assert b.recv(10) == b'hello'\nos._exit(0)")
    assert code == 0
    assert names(calls(err)) == ["socketpair", "socketpair", "send", "recv"]


def test_its_descriptors_are_as_without(trace):
    """The same numbers, and no more open than before but two out of the way."""
    text = "import os; print([f for f in os.listdir('/proc/self/fd') if int(f) < 900]); " \
           "print(os.open('/dev/null', os.O_RDONLY))"
    plain = subprocess.run([PYTHON, "-c", text], capture_output=True, text=True, timeout=20)
    assert trace(PYTHON, "-c", text)[:2] == (0, plain.stdout)


def test_a_reader_of_the_lines_that_goes_away(kedge):
    """kedge trace ... 2>&1 | head: the command goes on, and SIGPIPE is none of its own."""
    read, write = os.pipe()
    text = "import signal, socket\nsignal.signal(signal.SIGPIPE, signal.SIG_DFL)\n" \
           "for i in range(3): socket.socket().close()\nprint('whole')"
    process = subprocess.Popen([kedge, "trace", PYTHON, "-c", text], stdout=subprocess.PIPE,
                               stderr=write, text=True)
    os.close(read)
    os.close(write)
    assert process.communicate(timeout=60)[0] == "whole\n" and process.returncode == 0


def test_a_server_that_is_interrupted(kedge):
    """Ctrl-C goes to both; the diagram comes all the same."""
    text = "import signal, socket\nsignal.signal(signal.SIGINT, signal.SIG_DFL)\n" \
           "s = socket.create_server(('127.0.0.1', 0))\nprint('up', flush=True)\ns.accept()"
    process = subprocess.Popen([kedge, "trace", PYTHON, "-c", text], stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, text=True, start_new_session=True)
    assert process.stdout.readline() == "up\n"
    os.killpg(process.pid, signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 128 + signal.SIGINT and "[LISTEN]" in err


def test_a_signal_to_kedge_alone_is_passed_on(kedge):
    process = subprocess.Popen([kedge, "trace", "sleep", "60"], stderr=subprocess.PIPE)
    time.sleep(.3)
    process.terminate()
    process.communicate(timeout=20)
    assert process.returncode == 128 + signal.SIGTERM


def test_the_command_ends_with_kedge(kedge):
    """However kedge is ended, none of it is left."""
    process = subprocess.Popen([kedge, "trace", PYTHON, "-c", "import os, time\n"
                                "print(os.getpid(), flush=True); time.sleep(60)"],
                               stdout=subprocess.PIPE, text=True)
    command = int(process.stdout.readline())
    process.kill()
    process.communicate(timeout=20)  # to the end of what the command prints
    end = time.monotonic() + 20
    while os.path.exists(f"/proc/{command}/exe") and time.monotonic() < end:
        time.sleep(.05)
    assert not os.path.exists(f"/proc/{command}/exe")


def test_what_is_not_a_socket_is_not_seen(trace, tmp_path):
    text = f"import os\nf = os.open({str(tmp_path / 'x')!r}, os.O_RDWR | os.O_CREAT)\n" \
           "os.write(f, b'abc'); os.lseek(f, 0, 0); assert os.read(f, 9) == b'abc'\n" \
           "os.close(f)\nr, w = os.pipe(); os.write(w, b'x'); os.read(r, 1)"
    assert trace(PYTHON, "-c", text) == (0, "", "")


def test_a_program_that_dies_amid_its_calls(trace):
    """Killed at any moment, it leaves what others go on with."""
    text = "import os, signal, socket, threading\n" \
           "if os.fork() == 0:\n" \
           "    [threading.Thread(target=lambda: [socket.socket() for _ in range(10**6)]).start()" \
           " for _ in range(4)]\n" \
           "else:\n" \
           "    import time; time.sleep(.2); os.kill(0, 0)\n" \
           "    pid = int(open('/proc/self/task/%d/children' % os.getpid()).read().split()[0])\n" \
           "    os.kill(pid, 9); os.wait(); socket.socket().close(); print('on')"
    code, out, err = trace(PYTHON, "-c", text)
    assert (code, out) == (0, "on\n")
    assert names([c for c in calls(err) if not c.process]) == ["socket", "close"]


def test_a_drawing(trace, tmp_path):
    code, _, err = trace("--svg", tmp_path / "x.svg", PYTHON, "-c", ECHO)
    text = (tmp_path / "x.svg").read_text()
    assert (code, err) == (0, "") and text.startswith("<svg") and text.endswith("</svg>\n")
    assert "SO_REUSEADDR 1" in text and text.count('class="taken"') >= 8

