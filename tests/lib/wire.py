"""Requests byte by byte, as attackers send them, and what is left of them in the directory."""

import base64
import os
import re
import socket
import ssl
import struct
import sys
import threading
import time

sys.path.insert(1, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "e2e"))

import ldap

from described import Client

BASE = "dc=provost"
ANSWER_SECONDS = 10  # a reply takes no longer, even on a busy machine
MIB = 1 << 20

class RawReply:
    """A reply as it came over the wire."""

    def __init__(self, head, body):
        lines = head.decode("latin-1").split("\r\n")
        self.status = int(lines[0].split(" ")[1])
        self.headers = [tuple(line.split(": ", 1)) for line in lines[1:]]
        self.body = body

    def header(self, name):
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)

    @property
    def ours(self):
        """Whether it is of the gateway, and not of libmicrohttpd itself."""
        return self.header("X-Request-Id") is not None


class Sealed:
    """A socket with TLS on it: unlike Python's own it can close its sending half, and be reset."""

    def __init__(self, plain, context, name="localhost"):
        self.plain, self.incoming, self.outgoing = plain, ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context.wrap_bio(self.incoming, self.outgoing, server_hostname=name)
        self.lock = threading.Lock()

    def __getattr__(self, name):
        return getattr(self.plain, name)

    def handshake(self):
        while True:
            try:
                self.tls.do_handshake()
                return self.flush()
            except ssl.SSLWantReadError:
                self.flush()
                self.feed()
            except ssl.SSLError as end:
                raise ConnectionResetError(str(end)) from None

    def flush(self):
        data = self.outgoing.read()
        if data:
            self.plain.sendall(data)

    def feed(self):
        data = self.plain.recv(1 << 16)
        with self.lock:
            self.incoming.write(data)
            if not data:
                self.incoming.write_eof()

    def sendall(self, data):
        for at in range(0, len(data), 1 << 16):
            with self.lock:
                self.tls.write(data[at:at + (1 << 16)])
                sealed = self.outgoing.read()
            self.plain.sendall(sealed)

    def recv(self, size):
        while True:
            try:
                with self.lock:
                    return self.tls.read(size)
            except ssl.SSLWantReadError:
                self.feed()
            except (ssl.SSLZeroReturnError, ssl.SSLEOFError):
                return b""

    def shutdown(self, _):
        """Say that nothing more will come, and go on listening."""
        try:
            self.tls.unwrap()
        except ssl.SSLWantReadError:
            pass
        self.flush()


class Wire:
    """A connection on which anything can be sent."""

    context = None  # of TLS, for gateways that speak it
    said = []  # everything that any server ever said
    ids = []

    def __init__(self, address, source=None, receive=None, plain=False):
        host, port = address.rsplit(":", 1)
        self.socket = socket.socket()
        if receive:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive)
        if source:
            self.socket.bind((source, 0))
        self.socket.settimeout(ANSWER_SECONDS)
        self.socket.connect((host, int(port)))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self.context and not plain:
            self.socket = Sealed(self.socket, self.context)
            self.socket.handshake()
        self.data = b""
        self.ended = False

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, data):
        """Send as much as is taken: a server that has refused reads no more."""
        try:
            self.socket.sendall(data)
            return True
        except (ConnectionError, socket.timeout):
            return False

    def half_close(self):
        self.socket.shutdown(socket.SHUT_WR)

    def reset(self):
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()

    def fill(self, seconds):
        """Wait for more; False if there is none."""
        self.socket.settimeout(max(seconds, 0.001))
        try:
            data = self.socket.recv(1 << 16)
        except socket.timeout:
            return False
        except ConnectionError:
            data = b""
        self.ended = self.ended or not data
        self.data += data
        Wire.said.append(data)
        return bool(data)

    def reply(self, seconds=ANSWER_SECONDS):
        """The next reply; None if there is none in that time, or the connection has ended."""
        deadline = time.monotonic() + seconds
        while True:
            head, found, rest = self.data.partition(b"\r\n\r\n")
            if found:
                length = re.search(rb"(?i)\r\ncontent-length: (\d+)", head)
                size = int(length.group(1)) if length else 0
                if len(rest) >= size or self.ended:
                    self.data = rest[size:]
                    reply = RawReply(head, rest[:size])
                    if reply.ours:
                        Wire.ids.append(reply.header("X-Request-Id"))
                    return reply
            left = deadline - time.monotonic()
            if self.ended or left <= 0:
                return None
            self.fill(left)

    def end(self, seconds):
        """How long it takes until the server closes; None if it does not."""
        began = time.monotonic()
        while not self.ended and time.monotonic() - began < seconds:
            self.fill(seconds - (time.monotonic() - began))
        return time.monotonic() - began if self.ended else None


def ask(address, data, seconds=ANSWER_SECONDS):
    """Send bytes on a connection of their own; the replies, and whether the connection was closed then."""
    with Wire(address) as wire:
        wire.send(data)
        replies = []
        while True:
            reply = wire.reply(seconds)
            if reply is None:
                return replies, wire.ended
            replies.append(reply)


def basic(login, password):
    pair = (login if isinstance(login, bytes) else login.encode()) + b":" + (password if isinstance(password, bytes) else password.encode())
    return b"Authorization: Basic " + base64.b64encode(pair) + b"\r\n"


class Recorder(Client):
    """Keeps what it was told with what was told over the wire."""

    def request(self, *arguments, **more):
        reply = super().request(*arguments, **more)
        Wire.said.append((reply.text + str(reply.headers)).encode())
        return reply


class Target:
    """A gateway to be attacked, and what is known of it."""

    def __init__(self, g):
        self.g, self.address = g, g.address
        self.login = basic("admin", g.secret("admin-password"))
        self.admin = self.as_("admin", g.secret("admin-password"))

    def as_(self, login, password):
        return Recorder(self.address, login, password)

    def get(self, target=b"/livez", extra=b"", version=b"1.1"):
        return b"GET " + target + b" HTTP/" + version + b"\r\nHost: a\r\n" + extra + b"\r\n"

    def post(self, body, extra=b"", target=b"/v1/domains", length=True, verb=b"POST"):
        head = verb + b" " + target + b" HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n" + self.login + extra
        return head + (b"Content-Length: %d\r\n" % len(body) if length else b"") + b"\r\n" + body

    def chunked(self, body, size=16384, **more):
        return self.post(b"", extra=b"Transfer-Encoding: chunked\r\n", length=False, **more) + chunks(body, size)

    def is_alive(self):
        """Whether it serves somebody else."""
        with Wire(self.address) as wire:
            wire.send(self.get(extra=b"Connection: close\r\n"))
            reply = wire.reply()
            return reply is not None and reply.status == 200


def chunks(body, size):
    parts = [body[i:i + size] for i in range(0, len(body), size)]
    return b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"


class Directory:
    """What is there, by LDAP."""

    def __init__(self, g):
        self.connection = ldap.initialize(g.ldap_url)
        self.connection.set_option(ldap.OPT_NETWORK_TIMEOUT, 10)
        self.connection.set_option(ldap.OPT_TIMEOUT, 10)
        self.connection.simple_bind_s("uid=admin,ou=principals," + BASE, g.secret("admin-password"))

    def dump(self):
        """Everything; that a failed login is counted is no change, nor are seals."""
        volatile = {"pwdFailureTime", "entryCSN", "modifyTimestamp", "modifiersName", "contextCSN"}
        found = self.connection.search_s(BASE, ldap.SCOPE_SUBTREE, "(objectClass=*)", ["*", "+"])
        return {dn: {name: sorted(values) for name, values in attributes.items() if name not in volatile} for dn, attributes in found if dn and not dn.endswith("ou=audit," + BASE)}

    def find(self, attribute, value):
        """Entries that have exactly this value; an injection would be escaped here, too."""
        every = self.connection.search_s("ou=domains," + BASE, ldap.SCOPE_SUBTREE, "(objectClass=*)")
        return [(dn, attributes) for dn, attributes in every if value.encode() in attributes.get(attribute, [])]


def padded(name, size):
    body = b'{"name":"%s"}' % name.encode()
    return body + b" " * (size - len(body))


def changes(before, after):
    return sorted(dn for dn in set(before) | set(after) if before.get(dn) != after.get(dn))
