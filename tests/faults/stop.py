#!/usr/bin/python3
"""SIGTERM while 16 clients read and write: what was taken is answered, nothing acknowledged is lost, and it ends in time."""

import base64
import json
import os
import signal
import socket
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.environ.get("top_srcdir") or os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))), "tests", "lib"))

import faults
import gateway
import tap

CLIENTS = 16
LIMIT = 10  # seconds, and what a busy machine adds
SLACK = 5


class Client(threading.Thread):
    """Sends requests over one connection until it is closed, and remembers what became of each."""

    def __init__(self, g, number, pair):
        super().__init__(daemon=True)
        host, port = g.address.rsplit(":", 1)
        self.where = (host, int(port))
        self.number = number
        self.pair = base64.b64encode(pair.encode()).decode()
        self.acknowledged, self.lost, self.answered, self.odd = [], [], 0, []

    def exchange(self, wire, method, path, body=None):
        """Status of the reply; None if the connection was closed without one."""
        data = json.dumps(body).encode() if body else b""
        head = "%s %s HTTP/1.1\r\nHost: a\r\nAuthorization: Basic %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
        received = b""
        try:
            wire.sendall((head % (method, path, self.pair, len(data))).encode() + data)
            while b"\r\n\r\n" not in received:
                piece = wire.recv(65536)
                if not piece:
                    return None if not received else -1
                received += piece
            headers, _, rest = received.partition(b"\r\n\r\n")
            length = int(dict(line.lower().split(b": ", 1) for line in headers.split(b"\r\n")[1:])[b"content-length"])
            while len(rest) < length:
                piece = wire.recv(65536)
                if not piece:
                    return -1
                rest += piece
        except OSError:
            return None if not received else -1
        return int(received.split()[1])

    def run(self):
        try:
            wire = socket.create_connection(self.where, timeout=30)
        except OSError:
            return
        n = 0
        while True:
            name = "c%dn%d.example" % (self.number, n)
            writes = n % 2 == 0
            status = self.exchange(wire, *(("POST", "/v1/domains", {"name": name}) if writes else ("GET", "/v1/domains?limit=5")))
            n += 1
            if status is None:
                self.lost.append(name if writes else None)
                break
            self.answered += 1
            if status == 201:
                self.acknowledged.append(name)
            elif status != 200:
                self.odd.append(status)
            if status == -1:
                break
        wire.close()


def once(how, delay, hang=False):
    with gateway.Gateway("--loops", "2", "--ldap-remember-millis", "60000", ldap_port=False) as g:
        admin = g.admin()
        clients = [Client(g, number, "admin:" + admin.password) for number in range(CLIENTS)]
        for client in clients:
            client.start()
        time.sleep(delay)
        if hang:
            os.kill(faults.slapd_of(g), signal.SIGSTOP)
            time.sleep(0.3)
        status, seconds = faults.timed(g.stop, how)
        for client in clients:
            client.join(30)
        tap.is_(status, 0, "it ends in order")
        tap.ok(seconds < LIMIT + SLACK, "within its limit", seconds)
        tap.ok(not any(client.is_alive() for client in clients), "every client knows")
        answered = sum(client.answered for client in clients)
        odd = [status for client in clients for status in client.odd]
        tap.ok(answered > CLIENTS, "there was load", answered)
        tap.ok(hang or odd == [], "what was taken is answered, and well", odd)
        tap.ok(-1 not in odd, "no reply is cut off")
        acknowledged = {name for client in clients for name in client.acknowledged}
        lost = {name for client in clients for name in client.lost if name}
        g.start()
        admin = g.admin()
        missing = [name for name in acknowledged if admin.get("/v1/domains/" + name).status != 200]
        tap.is_(missing, [], "no acknowledged write is lost")
        taken = [name for name in lost if admin.get("/v1/domains/" + name).status != 404]
        tap.ok(hang or taken == [], "a request without an answer was not taken", taken)
        tap.note("%s%s: %d answered, %d writes acknowledged, %d connections closed before the next request was taken, ended after %.2f s" % (
            how.name, ", the directory hangs" if hang else "", answered, len(acknowledged), len(lost), seconds))


def main():
    for delay in (0.5, 1.0, 1.3):
        once(signal.SIGTERM, delay)
    once(signal.SIGINT, 0.7)
    once(signal.SIGTERM, 0.5, hang=True)
    tap.done()


main()
