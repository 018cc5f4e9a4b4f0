#!/usr/bin/python3
"""A directory that stalls, or is swallowed by the network: nothing is mixed up, nothing hangs, and it recovers."""

import base64
import os
import signal
import socket
import subprocess
import sys
import threading
import time

TOP = os.environ.get("top_srcdir") or os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(TOP, "tests", "lib"))

import gateway
import tap

BIG_DOMAIN = "%s.%s.%s.%s.example" % ("a" * 60, "b" * 60, "c" * 60, "d" * 40)


class Proxy:
    """Stands between a gateway and slapd's socket. What it is to do is a word in a file."""

    def __init__(self, listen, target, orders):
        self.listen, self.target, self.orders = listen, target, orders
        self.stalled = False

    def order(self):
        try:
            with open(self.orders, encoding="utf-8") as file:
                return file.read().split()
        except FileNotFoundError:
            return ["pass"]

    def swallows(self, born):
        """Connections older than the order lead nowhere; newer ones are well."""
        order = self.order()
        return order[0] == "swallow" and born < float(order[1])

    def run(self):
        server = socket.socket(socket.AF_UNIX)
        server.bind(self.listen)
        os.chmod(self.listen, 0o777)
        server.listen()
        while True:
            client, _ = server.accept()
            slapd = socket.socket(socket.AF_UNIX)
            slapd.connect(self.target)
            born = time.time()
            for way in (self.up, self.down):
                threading.Thread(target=way, args=(client, slapd, born), daemon=True).start()

    def up(self, client, slapd, born):
        """From the gateway: small pieces, so that a large request can be held up in its middle."""
        sent = 0
        try:
            while data := client.recv(4096):
                order = self.order()
                if self.swallows(born):
                    continue
                slapd.sendall(data)
                sent = sent + len(data) if len(data) == 4096 else 0
                if order[0] == "stall" and sent > 40000 and not self.stalled:
                    self.stalled = True
                    time.sleep(float(order[1]))
        except OSError:
            pass
        slapd.close()

    def down(self, client, slapd, born):
        try:
            while data := slapd.recv(65536):
                if not self.swallows(born):
                    client.sendall(data)
        except OSError:
            pass
        client.close()


class Between:
    """A gateway of its own directory, and another that reaches it through a proxy."""

    def __enter__(self):
        self.owner = gateway.Gateway("--loops", "1").__enter__()
        top = self.owner.top
        self.orders = os.path.join(top, "orders")
        listen = os.path.join(top, "proxy")
        os.chmod(top, 0o777)
        # slapd knows the gateway by its system user, so the proxy has to be the same.
        become = ["setpriv", "--reuid=provost", "--regid=provost", "--clear-groups"] if os.geteuid() == 0 else []
        self.proxy = subprocess.Popen(become + ["/usr/bin/python3", os.path.abspath(__file__), "--proxy", listen,
                                                self.owner.state + "/ldapi", self.orders])
        gateway.until(lambda: os.path.exists(listen), "the proxy", 10)
        uri = "ldapi://" + gateway.urllib.parse.quote(listen, safe="")
        # Logins are remembered, so that only operations meet the trouble.
        self.gateway = gateway.Gateway("--loops", "1", "--ldap-remember-millis", "60000", "--ldap-uri", uri).__enter__()
        return self

    def __exit__(self, *_):
        self.gateway.close()
        self.proxy.kill()
        self.proxy.wait()
        self.owner.close()

    def admin(self):
        return self.gateway.client("admin", self.owner.secret("admin-password"))

    def do(self, *order):
        with open(self.orders, "w", encoding="utf-8") as file:
            file.write(" ".join(order))


def in_background(function, *args):
    answers = []
    thread = threading.Thread(target=lambda: answers.append(function(*args)))
    thread.start()
    return thread, answers


def stalled():
    """slapd stops reading in the middle of a large request: what comes after it is not mixed into it."""
    with Between() as between:
        between.admin().post("/v1/domains", {"name": "big.example"})
        big = {"address": "big@big.example", "destinations": ["u%04d@%s" % (n, BIG_DOMAIN) for n in range(1000)]}
        between.do("stall", "6.5")
        thread, answers = in_background(between.admin().post, "/v1/aliases", big)
        time.sleep(5.6)
        meanwhile = [in_background(between.admin().get, "/v1/users/u%d@big.example" % n) for n in range(6)]
        for waiting, _ in meanwhile + [(thread, None)]:
            waiting.join(30)
        tap.is_([reply.status for reply in answers], [201], "the large request is answered when slapd has gone on")
        statuses = [reply.status for _, replies in meanwhile for reply in replies]
        tap.ok(set(statuses) <= {404, 503}, "who comes meanwhile is told at once", statuses)
        statuses = [between.admin().get("/v1/users/u%d@big.example" % n).status for n in range(6)]
        tap.is_(statuses, [404] * 6, "what comes behind it is not mixed into it")
        held = between.admin().get("/v1/aliases/big@big.example")
        tap.ok(held.status == 200 and len(held.json["destinations"]) == 1000, "and was done, as a whole", held)


def swallowed():
    """A connection that leads nowhere is given up for a new one."""
    with Between() as between:
        tap.is_(between.admin().get("/v1/users/nobody@big.example").status, 404, "it works")
        between.do("swallow", str(time.time()))
        first = between.admin().get("/v1/users/nobody@big.example")
        tap.is_(first.status, 504, "at first nobody can know")
        gateway.until(lambda: between.admin().get("/v1/users/nobody@big.example").status == 404, "another connection", 12)
        tap.ok(True, "then a new connection is opened")


def raw(g, credentials, request, body=b"", length=None):
    """A connection on which that was sent; `length` promises more than is sent."""
    host, port = g.address.rsplit(":", 1)
    wire = socket.create_connection((host, int(port)), timeout=20)
    pair = base64.b64encode(credentials.encode()).decode()
    head = "%s HTTP/1.1\r\nHost: a\r\nAuthorization: Basic %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
    wire.sendall((head % (request, pair, len(body) if length is None else length)).encode() + body)
    return wire


def passengers():
    """Two logins with the same credentials share one bind; the one whose time is up first does not wait for it."""
    with gateway.Gateway("--loops", "1", "--http-request-seconds", "5") as g:
        with open(g.state + "/slapd.pid", encoding="utf-8") as file:
            slapd = int(file.read())
        early = raw(g, "admin:wrong", "PUT /v1/users/a@b.example/password", b"{}  ", 5)
        time.sleep(4)
        # Not before: of a directory that is silent for long everybody is told at once.
        os.kill(slapd, signal.SIGSTOP)
        try:
            leader = raw(g, "admin:wrong", "GET /v1/me")
            time.sleep(0.1)
            early.sendall(b" ")
            tap.ok(early.recv(100).startswith(b"HTTP/1.1 504"), "its time is up: 504")
            tap.is_(g.client().get("/livez").status, 200, "and the loop goes on")
        finally:
            os.kill(slapd, signal.SIGCONT)
        tap.ok(leader.recv(100).startswith((b"HTTP/1.1 401", b"HTTP/1.1 504")), "the other one is answered")
        early.close()
        leader.close()
        tap.is_(g.stop(), 0, "it ends in order")


def main():
    if sys.argv[1:2] == ["--proxy"]:
        Proxy(*sys.argv[2:5]).run()
    stalled()
    swallowed()
    passengers()
    tap.done()


main()
