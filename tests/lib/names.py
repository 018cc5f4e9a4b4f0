"""Servers of the DNS on loopback: NSD with zones of ours, and one that lies."""

import os
import socket
import socketserver
import struct
import subprocess
import tempfile
import threading
import time

TYPES = {"A": 1, "CNAME": 5, "SOA": 6, "MX": 15, "TXT": 16, "AAAA": 28, "SRV": 33}


def free_port():
    """A port of 127.0.0.1 that is free for TCP and UDP."""
    while True:
        with socket.socket() as stream, socket.socket(type=socket.SOCK_DGRAM) as datagram:
            stream.bind(("127.0.0.1", 0))
            try:
                datagram.bind(stream.getsockname())
            except OSError:
                continue
            return stream.getsockname()[1]


class Nsd:
    """NSD with these zones, {name: text of its records}; the SOA is added."""

    def __init__(self, zones):
        self.directory = tempfile.TemporaryDirectory(prefix="provost-nsd-")
        self.port = free_port()
        self.zones = dict(zones)
        self.serial = 1
        os.chmod(self.directory.name, 0o755)
        for zone in self.zones:
            self._write(zone)
        conf = os.path.join(self.directory.name, "nsd.conf")
        with open(conf, "w", encoding="ascii") as file:
            file.write(self._settings())
        self._start()

    def _start(self):
        self.process = subprocess.Popen(["/usr/sbin/nsd", "-d", "-c", os.path.join(self.directory.name, "nsd.conf")],
                                        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, start_new_session=True)
        self._await()

    def _settings(self):
        place = self.directory.name
        text = ('server:\n ip-address: 127.0.0.1@%d\n username: ""\n chroot: ""\n database: ""\n zonesdir: "%s"\n pidfile: "%s/pid"\n'
                ' zonelistfile: "%s/list"\n xfrdfile: ""\n xfrdir: "%s"\n server-count: 1\n rrl-ratelimit: 0\n'
                'remote-control:\n control-enable: no\n' % (self.port, place, place, place, place))
        return text + "".join('zone:\n name: "%s"\n zonefile: "%s/%s.zone"\n' % (zone, place, zone) for zone in self.zones)

    def _write(self, zone):
        path = os.path.join(self.directory.name, zone + ".zone")
        with open(path + ".new", "w", encoding="ascii") as file:
            file.write("$ORIGIN %s.\n$TTL 60\n@ IN SOA ns hostmaster %d 60 60 60 60\n@ IN NS ns\nns IN A 127.0.0.1\n%s\n"
                       % (zone, self.serial, self.zones[zone]))
        os.replace(path + ".new", path)

    def _await(self):
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise RuntimeError(self.process.stderr.read().decode())
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return
            except OSError:
                time.sleep(0.02)
        raise RuntimeError("NSD does not listen")

    @property
    def address(self):
        """As dns.resolvers takes it."""
        return "127.0.0.1@%d" % self.port

    def change(self, zone, text):
        """Let a zone say something else from now on."""
        self.zones[zone] = text
        self.serial += 1
        self._write(zone)
        # Where it is told to read them again, who was there before goes on answering for a while.
        self._end()
        self._start()

    def _end(self):
        self.process.terminate()
        self.process.wait(10)
        self.process.stderr.close()

    def stop(self):
        """End it."""
        self._end()
        self.directory.cleanup()


def wire_name(name):
    """A name as it is in packets."""
    return b"".join(bytes([len(label)]) + label.encode("ascii") for label in name.split(".") if label) + b"\0"


def question(name, kind, ident=1):
    """A packet that asks."""
    return struct.pack("!6H", ident, 0x0100, 1, 0, 0, 0) + wire_name(name) + struct.pack("!2H", TYPES[kind], 1)


def end_of_question(packet):
    """Where the first question of a packet ends."""
    at = 12
    while packet[at]:
        at += packet[at] + 1
    return at + 5


def name_in(packet):
    """The name that a packet asks for."""
    at, labels = 12, []
    while packet[at]:
        labels.append(packet[at + 1:at + 1 + packet[at]].decode("ascii"))
        at += packet[at] + 1
    return ".".join(labels)


def record(kind, data, owner=b"\xc0\x0c", ttl=60):
    """A resource record; the owner is the name that was asked for."""
    return owner + struct.pack("!2HIH", TYPES[kind], 1, ttl, len(data)) + data


def text_data(*strings):
    """The data of a TXT record."""
    return b"".join(bytes([len(s)]) + s for s in strings)


def reply_to(query, answers=(), flags=0x8180, ident=None, asked=None):
    """An answer to a query, as good or bad as is wished for."""
    head = struct.pack("!6H", struct.unpack("!H", query[:2])[0] if ident is None else ident, flags, 1, len(answers), 0, 0)
    return head + (query[12:end_of_question(query)] if asked is None else asked) + b"".join(answers)


class Evil:
    """A server that answers as the first label of the name says; see `how`.

    `how` is {label: function(server, query, send, stream)}; send(packet) answers whom asked.
    """

    def __init__(self, how):
        self.how = how
        self.port = free_port()
        self.asked = []  # (name, source port, id, over TCP)
        self.servers = [self._serve(socketserver.ThreadingUDPServer, self._datagram()),
                        self._serve(socketserver.ThreadingTCPServer, self._stream())]

    @property
    def address(self):
        """As dns.resolvers takes it."""
        return "127.0.0.1@%d" % self.port

    def _serve(self, kind, handler):
        class Server(kind):
            """Whose threads nobody waits for."""
            allow_reuse_address = True
            daemon_threads = True
            block_on_close = False
        server = Server(("127.0.0.1", self.port), handler)
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        return server

    def _answer(self, query, source, send, stream):
        name = name_in(query)
        self.asked.append((name, source, struct.unpack("!H", query[:2])[0], stream))
        self.how[name.split(".")[0]](self, query, send, stream)

    def _datagram(evil):  # pylint: disable=no-self-argument
        class Handler(socketserver.BaseRequestHandler):
            """One datagram."""
            def handle(self):
                query, sock = self.request
                evil.last = self.client_address
                evil._answer(query, self.client_address[1], lambda packet: sock.sendto(packet, self.client_address), False)
        return Handler

    def _stream(evil):  # pylint: disable=no-self-argument
        class Handler(socketserver.BaseRequestHandler):
            """One connection with one query."""
            def handle(self):
                size = struct.unpack("!H", self.request.recv(2))[0]
                query = self.request.recv(size)
                evil._answer(query, self.client_address[1],
                             lambda packet: self.request.sendall(struct.pack("!H", len(packet)) + packet), True)
        return Handler

    def stop(self):
        """End it."""
        for server in self.servers:
            server.shutdown()
            server.server_close()
