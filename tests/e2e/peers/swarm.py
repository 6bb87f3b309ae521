# SPDX-License-Identifier: MIT
"""Many transfers at once, in one process: sockets of their own in one epoll."""
import select
import socket
import time


class Runner:
    """One transfer, with its socket."""

    def __init__(self, transfer, server):
        self.transfer, self.server = transfer, server
        family = socket.AF_INET6 if ":" in server[0] else socket.AF_INET
        self.sock = socket.socket(family, socket.SOCK_DGRAM)
        self.sock.bind(("::1" if family == socket.AF_INET6 else "127.0.0.1", 0))
        self.sock.setblocking(False)
        self.tid = None
        self.heard_at = time.monotonic()
        self.held = []
        self.error = None

    def send(self, answer):
        for datagram in [answer] if isinstance(answer, bytes) else answer or []:
            self.sock.sendto(datagram, self.tid or self.server)

    def receive(self, hold):
        """Whatever has come. With `hold` answers are kept for release()."""
        while not self.transfer.done:
            try:
                datagram, source = self.sock.recvfrom(65536)
            except BlockingIOError:
                return
            if source != self.tid and (self.tid or datagram[:1] != b"\0"):
                continue        # of another test's: a thousand ports are easily met
            self.heard_at = time.monotonic()
            self.tid = source
            answer = self.transfer.read(datagram)
            if hold:
                self.held.append(answer)
            else:
                self.send(answer)

    def release(self):
        for answer in self.held:
            self.send(answer)
        self.held = []


class Swarm:
    """`hold` stops each transfer after the first answer to it, until go() is called: so
    that all of them are open at once."""

    def __init__(self, server, transfers, hold=False):
        self.runners = [Runner(t, server) for t in transfers]
        self.epoll = select.epoll()
        self.by_fd = {r.sock.fileno(): r for r in self.runners}
        for fd in self.by_fd:
            self.epoll.register(fd, select.EPOLLIN)
        self.hold = hold

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.epoll.close()
        for runner in self.runners:
            runner.sock.close()

    def start(self, batch=50):
        """Ask for all, a few at a time, so that no queue overflows."""
        for i in range(0, len(self.runners), batch):
            for runner in self.runners[i:i + batch]:
                runner.send(runner.transfer.request)
            self.turn(0.005)

    def turn(self, wait):
        for fd, _ in self.epoll.poll(wait):
            runner = self.by_fd[fd]
            try:
                runner.receive(self.hold)
            except Exception as error:      # of this transfer; the others go on
                runner.error = error
            if runner.transfer.done or runner.error:
                self.epoll.unregister(fd)

    def repeat(self, patience):
        """What was lost is asked for again, as any client does."""
        now = time.monotonic()
        for runner in self.runners:
            if not (runner.transfer.done or runner.error or runner.held) and (
                    now - runner.heard_at > patience):
                runner.heard_at = now
                runner.send(runner.transfer.again())

    def until(self, true, seconds=60, patience=2):
        end = time.monotonic() + seconds
        while not all(r.error or true(r) for r in self.runners):
            assert time.monotonic() < end, self.open()
            self.turn(0.1)
            self.repeat(patience)

    def all_answered(self):
        self.until(lambda r: r.tid)

    def go(self):
        self.hold = False
        for runner in self.runners:
            runner.release()
        self.until(lambda r: r.transfer.done)

    def open(self):
        return f"{sum(not r.transfer.done for r in self.runners)} are not done"

    @property
    def errors(self):
        return [r.error for r in self.runners if r.error]
