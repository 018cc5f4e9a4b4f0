"""Clients that take what they get and give nothing: idle ones, slow headers, slow bodies, and always as many as there were."""

import argparse
import collections
import errno
import json
import os
import random
import resource
import select
import signal
import socket
import sys
import time

SOURCES = 60  # addresses of the loopback network that they come from
OPENED_AT_ONCE = 100
TICK = 0.02  # seconds
BODY = 1 << 20  # bytes announced
BODY_RATE = 1200  # bytes a second: just enough not to be cut off for it
SECOND = 1.0

IDLE, HEADERS, BODIES = "idle", "headers", "bodies"


class One:
    """One of them, on its connection."""

    def __init__(self, kind, number, address, login):
        self.kind, self.source, self.address = kind, "127.0.1.%d" % (number % SOURCES + 1), address
        self.head = b"GET /livez HTTP/1.1\r\nHost: a\r\nX-Slow: " + b"a" * 200
        if kind == BODIES:
            self.head = b"POST /v1/domains HTTP/1.1\r\nHost: a\r\nAuthorization: %s\r\nContent-Length: %d\r\n\r\n" % (login.encode(), BODY)
        self.socket = None

    def open(self):
        self.socket = socket.socket()
        self.socket.setblocking(False)
        self.socket.setsockopt(socket.IPPROTO_IP, 24, 1)  # IP_BIND_ADDRESS_NO_PORT: so many share the ports
        self.socket.bind((self.source, 0))
        code = self.socket.connect_ex(self.address)
        if code not in (0, errno.EINPROGRESS):
            raise OSError(code, os.strerror(code))
        self.began, self.sent = time.monotonic(), 0
        return self.socket.fileno()

    def next(self):
        """What it sends in this second."""
        if self.kind == HEADERS:
            return self.head[self.sent:self.sent + 1]
        if self.kind == BODIES:
            return self.head if self.sent == 0 else b" " * BODY_RATE
        return b""

    def send(self):
        try:
            self.sent += self.socket.send(self.next())
        except BlockingIOError:
            pass  # not connected as yet, or nobody reads
        except OSError:
            pass  # it is over: epoll tells

    def close(self):
        self.socket.close()
        return time.monotonic() - self.began


class Crowd:
    """All of them, in one thread."""

    def __init__(self, address, counts, login="x"):
        host, port = address.rsplit(":", 1)
        self.waiting = collections.deque()  # to be opened
        for kind, count in counts.items():
            self.waiting += [One(kind, number, (host, int(port)), login) for number in range(count)]
        random.shuffle(self.waiting)
        self.size = len(self.waiting)
        self.open, self.due = {}, collections.deque()
        self.epoll = select.epoll()
        self.longest = dict.fromkeys(counts, 0.0)
        self.ended = dict.fromkeys(counts, 0)
        self.refused = 0  # connections

    def _open_some(self):
        for _ in range(min(OPENED_AT_ONCE, len(self.waiting))):
            one = self.waiting.popleft()
            fd = one.open()
            self.open[fd] = one
            self.epoll.register(fd, select.EPOLLIN | select.EPOLLRDHUP)
            if one.kind != IDLE:
                self.due.append((time.monotonic() + random.random() * SECOND, one, one.began))

    def _end(self, fd):
        one = self.open.pop(fd)
        self.epoll.unregister(fd)
        refused = one.socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) != 0 and one.sent == 0
        self.refused += refused
        lived = one.close()
        self.ended[one.kind] += 1
        self.longest[one.kind] = max(self.longest[one.kind], lived)
        self.waiting.append(one)

    def _send_due(self):
        now = time.monotonic()
        while self.due and self.due[0][0] <= now:
            _, one, began = self.due.popleft()
            if one.began != began or self.open.get(one.socket.fileno()) is not one:
                continue  # another connection by now
            one.send()
            self.due.append((now + SECOND, one, began))

    def turn(self):
        self._open_some()
        for fd, _ in self.epoll.poll(TICK):
            try:
                ended = not self.open[fd].socket.recv(1 << 16)
            except BlockingIOError:
                continue
            except OSError:
                ended = True
            if ended:
                self._end(fd)
        self._send_due()

    def state(self):
        kinds = collections.Counter(one.kind for one in self.open.values())
        return {"open": dict(kinds), "ended": self.ended, "longest_seconds": self.longest, "refused": self.refused}

    def close(self):
        for one in self.open.values():
            self.longest[one.kind] = max(self.longest[one.kind], one.close())
        self.open = {}


def main():
    """On its own: until it is told to end, then say how it went; each line on standard output is its state."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--address", required=True)
    parser.add_argument("--login", default="x")
    for kind in (IDLE, HEADERS, BODIES):
        parser.add_argument("--" + kind, type=int, default=0)
    options = parser.parse_args()
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    crowd = Crowd(options.address, {kind: getattr(options, kind) for kind in (IDLE, HEADERS, BODIES)}, options.login)
    told = []
    signal.signal(signal.SIGTERM, lambda *_: told.append(True))
    said = time.monotonic()
    while not told:
        crowd.turn()
        if time.monotonic() - said >= SECOND:
            said = time.monotonic()
            print(json.dumps(crowd.state()), flush=True)
    crowd.close()
    print(json.dumps(crowd.state()), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
