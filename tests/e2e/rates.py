#!/usr/bin/python3
"""How often somebody may ask: token buckets by source, of what was refused, and by login; and who asks through a proxy (R19 of attacks.py)."""

import concurrent.futures
import json
import math
import os
import re
import signal
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.environ.get("top_srcdir") or os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))), "tests", "lib"))
sys.path.insert(1, os.path.dirname(os.path.abspath(__file__)))

import gateway
import tap
from described import complaint_of_headers
from wire import Wire, basic

PROXY = "127.0.0.3"
CONNECTIONS = 24  # from one source at a time
BURST = 20
LOOPS = 2


class Reply:
    """A reply over the wire, held to the description as those of other tests are."""

    def __init__(self, asker, method, target, raw):
        self.status, self.headers = raw.status, dict(raw.headers)
        self.text = raw.body.decode()
        self.json = json.loads(self.text) if "json" in (raw.header("Content-Type") or "") else None
        for complain in (gateway.Description.complaint, complaint_of_headers):
            complaint = complain(asker.description, method, target, self)
            if complaint:
                asker.complaints.append(complaint)

    def left(self, name):
        """Tokens that a bucket has left, or None."""
        found = re.search(r'"%s";r=(\d+)' % name, self.headers.get("RateLimit", ""))
        return int(found.group(1)) if found else None


class Asker:
    """Requests from chosen addresses."""

    description = None
    complaints = []
    served = 0

    def __init__(self, g):
        Asker.description = Asker.description or gateway.Description()
        self.g, self.login = g, basic("admin", g.secret("admin-password"))

    def ask(self, source, target="/livez", login=b"", extra="", method="GET", body=None, wire=None):
        """One request on a connection of its own, which any loop may get."""
        data = b"" if body is None else json.dumps(body).encode()
        head = "%s %s HTTP/1.1\r\nHost: a\r\n%s" % (method, target, extra)
        if body is not None:
            head += "Content-Type: application/json\r\nContent-Length: %d\r\n" % len(data)
        with Wire(self.g.address, source=source) as own:
            own.send(head.encode() + login + b"\r\n" + data)
            return Reply(self, method, target, own.reply())

    def count(self, source, tries=BURST + 10, **more):
        """How many of these are let in, and the last reply."""
        replies = [self.ask(source, **more) for _ in range(tries)]
        return sum(reply.status != 429 for reply in replies), replies[-1]

    def drain(self, source, **more):
        """How many are let in until one is not, and that one: a token may have come back just before."""
        count = 0
        while count < 20 * BURST:
            reply = self.ask(source, **more)
            if reply.status == 429:
                return count, reply
            count += 1
        return count, reply

    def is_empty(self, source, *requests):
        """Whether all of these are refused, one after the other, unless a token comes back among them."""
        for _ in range(20):
            if {self.ask(source, **request).status for request in requests} == {429}:
                return True
        return False


def returned(began, rate):
    """How many tokens may have come back since then."""
    return math.floor((time.monotonic() - began) * rate + 1)


def within(count, burst, began, rate):
    """Whether that many were let in since then: what comes back meanwhile counts as well."""
    return burst <= count <= burst + returned(began, rate)


class Configured:
    """The file of options, read again by all loops."""

    def __init__(self):
        self.place = tempfile.TemporaryDirectory(prefix="provost-rates-")
        os.chmod(self.place.name, 0o755)
        self.file = os.path.join(self.place.name, "provostd.conf")
        self.write()

    def write(self, **rates):
        with open(self.file, "w", encoding="utf-8") as file:
            file.write("[rate]\n" + "".join("%s = %s\n" % pair for pair in rates.items()))
        os.chmod(self.file, 0o644)

    def reload(self, g, seen, **rates):
        """Until `seen` holds on every loop."""
        self.write(**rates)
        before = len(g.log())
        g.process.send_signal(signal.SIGHUP)
        gateway.until(lambda: "reloaded" in g.log()[before:], "what became of it", 30)
        gateway.until(lambda: all([seen() for _ in range(LOOPS * 8)]), "every loop", 30)


def by_source(a):
    began = time.monotonic()
    replies = [a.ask("127.0.1.1") for _ in range(BURST)]
    left = [reply.left("source") for reply in replies]
    tap.ok([reply.status for reply in replies] == [200] * BURST and left[0] == BURST - 1 and left[-1] <= returned(began, 1), "a source has as many requests as its bucket, on all loops together", left)
    tap.is_(replies[0].headers.get("RateLimit-Policy"), '"source";q=%d;w=%d' % (BURST, BURST), "each reply tells the rule")
    count, last = a.drain("127.0.1.1")
    tap.ok(within(BURST + count, BURST, began, 1), "and no more, to the token", count)
    tap.ok(last.status == 429 and last.json["code"] == "rate_limited" and last.json["status"] == 429 and last.left("source") == 0, "what is beyond is 429", last.text)
    tap.is_(last.headers.get("Retry-After"), "1", "with the time to wait")
    tap.is_(a.ask("127.0.1.2").left("source"), BURST - 1, "another source has its own")
    time.sleep(int(last.headers["Retry-After"]))
    tap.is_(a.ask("127.0.1.1").status, 200, "who waits as long as he was told is let in")
    began = time.monotonic()
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        counts = [future.result()[0] for future in [pool.submit(a.count, "127.0.1.3", 10) for _ in range(4)]]
    tap.ok(within(sum(counts), BURST, began, 1), "so many, however they come at once", counts)
    for target in ("/openapi.json", "/readyz", "/nothing", "/v1/me"):
        tap.ok(a.is_empty("127.0.1.3", {"target": target}), "whatever they ask for: " + target)


def forwarded(*addresses):
    return "X-Forwarded-For: %s\r\n" % ", ".join(addresses)


def through_proxy(a):
    began = time.monotonic()
    counts = [a.count(PROXY, 13, extra=forwarded("2001:db8::%x" % host))[0] for host in (1, 2)]
    tap.ok(counts[0] == 13 and within(sum(counts), BURST, began, 1), "an IPv6 /64 behind a trusted proxy is one source", counts)
    tap.is_(a.ask(PROXY, extra=forwarded("2001:db8:0:1::1")).left("source"), BURST - 1, "the next /64 is another")
    tap.is_(a.ask(PROXY, extra='Forwarded: for="[2001:db8:0:2::1]:4711";proto=https\r\n').left("source"), BURST - 1, "Forwarded says the same")
    began = time.monotonic()
    counts = [a.ask(PROXY, extra=forwarded("198.51.100.%d" % i, "203.0.113.7")).status == 200 for i in range(BURST + 10)]
    tap.ok(within(sum(counts), BURST, began, 1), "what a client writes in front of his address makes him nobody else", sum(counts))
    began = time.monotonic()
    counts = [a.ask("127.0.1.4", extra=forwarded("198.51.100.%d" % i)).status == 200 for i in range(BURST + 10)]
    tap.ok(within(sum(counts), BURST, began, 1), "R19: who is no proxy is believed nothing", sum(counts))
    for value in ("nonsense", "", "203.0.113.8, unknown", "203.0.113.8,"):
        reply = a.ask(PROXY, extra=forwarded(value))
        tap.ok(reply.status == 400 and reply.json["code"] == "bad_request", "R19: of a proxy %r is 400" % value, reply.text)
    tap.is_(a.ask(PROXY, extra=forwarded("203.0.113.8") + "Forwarded: for=203.0.113.9\r\n").status, 400, "so are two who contradict each other")
    tap.is_(a.ask(PROXY, extra=forwarded("203.0.113.10"), target="/v1/me", login=a.login).status, 200, "a login through the proxy")
    tap.ok("source=203.0.113.10 caller=admin" in a.g.log(), "the log has the client, and not the proxy")


def connections(a):
    def held(source, count, over):
        """How many are served of so many at once, once those over the limit are sent away: who is answered first might make room for one of them."""
        wires = [Wire(a.g.address, source=source) for _ in range(count)]
        for wire in wires:
            wire.send(b"GET /livez HTTP/1.1\r\n")
        gateway.until(lambda: sum(not wire.fill(0) and wire.ended for wire in wires) == over, "those over the limit to be sent away", 20)
        for wire in wires:
            wire.send(b"Host: a\r\nX-Forwarded-For: 192.0.2.77\r\n\r\n")
        served = sum(wire.reply(20) is not None for wire in wires)
        for wire in wires:
            wire.socket.close()
        return served
    tap.is_(held("127.0.1.5", CONNECTIONS + 6, 6), CONNECTIONS, "a source has so many connections at a time")
    tap.is_(held(PROXY, CONNECTIONS + 6, 0), CONNECTIONS + 6, "a trusted proxy has as many as it likes")


def idle(g):
    """Of those that were answered and are silent only so many stay."""
    wires = []
    for number in range(40):
        wires.append(Wire(g.address, source="127.0.2.%d" % (number // 10 + 1)))
        wires[-1].send(b"GET /livez HTTP/1.1\r\nHost: a\r\n\r\n")
        if wires[-1].reply().status != 200:
            return wires, None
    deadline = time.monotonic() + 20
    while True:
        time.sleep(1)
        alive = [wire.fill(0) or not wire.ended for wire in wires]
        if sum(alive) <= 16 or time.monotonic() > deadline:
            return wires, alive


def many_idle(a):
    wires, alive = idle(a.g)
    try:
        tap.ok(alive and 16 - LOOPS <= sum(alive) <= 16 and alive[-1], "of many that are silent a few stay", alive)
        tap.ok(sum(alive[:12]) == 0, "and those that were silent for longest go", alive)
        wires[-1].send(b"GET /livez HTTP/1.1\r\nHost: a\r\n\r\n")
        tap.is_(wires[-1].reply().status, 200, "who stays may ask again")
    finally:
        for wire in wires:
            wire.socket.close()


def refused(a):
    began = time.monotonic()
    count, last = a.drain("127.0.1.6", target="/v1/me")
    tap.ok(within(count, 10, began, 1), "without a login few are let in", count)
    tap.ok(last.status == 429 and last.left("refused") == 0 and int(last.headers["Retry-After"]) in (1, 2), "and then 429, with the time to wait", (last.text, last.headers))
    bad = basic("admin", "wrong")
    tap.ok(a.is_empty("127.0.1.6", {"target": "/v1/me", "login": bad}, {"target": "/v1/me", "login": a.login}), "before any password is looked at")
    tap.is_((a.ask("127.0.1.6").status, a.ask("127.0.1.7", target="/v1/me", login=a.login).status), (200, 200), "what needs none is served, and so are others")
    time.sleep(int(last.headers["Retry-After"]) + 1)
    wrong = a.ask("127.0.1.6", target="/v1/me", login=bad)
    tap.is_(wrong.status, 401, "who waits is asked who he is")
    many = [a.ask("127.0.1.8", target="/v1/me", login=a.login) for _ in range(40)]
    tap.ok({reply.status for reply in many} == {200} and many[-1].left("refused") is None, "a login that is good is not counted", [reply.status for reply in many])
    count, _ = a.count("127.0.1.9", 20, target="/v1/nothing")
    tap.is_(count, 20, "nor is one stopped from hearing that nothing is there")
    tap.ok(a.is_empty("127.0.1.9", {"target": "/v1/me", "login": a.login}), "but that counts")


def by_login(a):
    """Two logins, and requests that are dearer than others."""
    def ask(source, **more):
        return a.ask(source, login=a.login, **more)
    began = time.monotonic()
    first = ask("127.0.1.10", target="/v1/me")
    tap.ok(first.status == 200 and '"caller";q=60;w=60' in first.headers["RateLimit-Policy"] and first.left("source") is None, "a login has a bucket of its own", first.headers)
    before = ask("127.0.1.10", target="/v1/domains?limit=100").left("caller")
    after = ask("127.0.1.11", target="/v1/domains?limit=1000").left("caller")
    tap.ok(before - 10 <= after <= before - 10 + returned(began, 1), "a list of 1,000 costs ten, from any source", (before, after))
    made = ask("127.0.1.12", target="/v1/users", method="POST", body={"address": "ann@rates.example", "password": "one"})
    tap.ok(made.status == 201 and after - 11 <= made.left("caller") <= after - 11 + returned(began, 1), "a password eleven", (after, made.left("caller")))
    count, last = 0, made
    while last.status != 429 and count < 1000:
        last, count = ask("127.0.1.13", target="/v1/me"), count + 1
    tap.ok(last.status == 429 and last.left("caller") == 0 and made.left("caller") <= count - 1 <= made.left("caller") + returned(began, 1), "then it is empty", count)
    tap.is_(a.ask("127.0.1.13", target="/v1/me", login=basic("ann@rates.example", "one")).left("caller"), 59, "another login has its own")


def bearer(key):
    return b"Authorization: Bearer %s\r\n" % key.encode()


def by_key(a, one, other):
    """Two keys of the same owner."""
    began = time.monotonic()
    count, last = a.drain("127.0.1.14", target="/v1/me", login=bearer(one))
    tap.ok(within(count, 15, began, 1) and last.left("key") == 0, "a key has as many requests as its bucket", (count, last.headers))
    tap.is_(a.ask("127.0.1.14", target="/v1/me", login=bearer(other)).left("key"), 14, "another key of the same owner has its own")
    reply = a.ask("127.0.1.14", target="/v1/me", login=a.login)
    tap.is_((reply.status, reply.headers.get("RateLimit")), (200, None), "without a key there is none")


def main():
    conf = Configured()
    options = ["--config", conf.file, "--loops", str(LOOPS), "--http-trusted-proxies", PROXY + ",192.0.2.0/24", "--http-connections-source", str(CONNECTIONS),
               "--http-connections-idle", "16", "--rate-refused", "1", "--rate-refused-burst", "10"]
    with gateway.Gateway(*options, ldap_port=False) as g:
        a = Asker(g)
        tap.is_(a.ask("127.0.1.1").headers.get("RateLimit"), None, "who is not limited is told nothing")
        connections(a)
        many_idle(a)
        refused(a)
        g.admin().post("/v1/domains", {"name": "rates.example"})
        keys = [g.admin().post("/v1/keys", {"scopes": ["*"]}).json["key"] for _ in range(3)]
        sources = iter(range(1, 255))
        conf.reload(g, lambda: a.ask("127.0.3.%d" % next(sources)).left("source") is not None, source=1, source_burst=BURST)
        by_source(a)
        through_proxy(a)
        conf.reload(g, lambda: a.ask("127.0.3.%d" % next(sources)).left("source") is None)
        tap.is_(a.ask("127.0.1.3").status, 200, "a limit that is taken away holds nobody any more")
        conf.reload(g, lambda: a.ask("127.0.1.13", target="/v1/me", login=a.login).left("caller") is not None, caller=1, caller_burst=60)
        by_login(a)
        conf.reload(g, lambda: a.ask("127.0.1.13", target="/v1/me", login=bearer(keys[2])).left("key") is not None, key=1, key_burst=15)
        by_key(a, *keys[:2])
        tap.is_(Asker.complaints, [], "all replies are as described")
        tap.is_(g.stop(), 0, "it ends well")
    tap.done()


if __name__ == "__main__":
    main()
