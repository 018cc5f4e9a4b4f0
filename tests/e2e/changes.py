#!/usr/bin/python3
"""The feed of changes: in the directory's order, whoever writes, on any gateway, nothing twice or missing, and for each only what he may see."""

import base64
import contextlib
import datetime
import http.client
import json
import os
import re
import signal
import socket
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.environ.get("top_srcdir") or os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))), "tests", "lib"))
sys.path.insert(1, os.path.dirname(os.path.abspath(__file__)))

import ldap
import ldap.modlist
import jsonschema

import gateway
import tap
from described import Client, admin, complaints_of_log, complaint_of_headers
from directory import alias_entry, crypt_hash, principal_entry, user_entry

BASE = "dc=provost"
DOMAINS = "ou=domains," + BASE
PASSWORD = "canary of a password"
HASH = crypt_hash(PASSWORD)
STREAMS = 100
EACH = 104  # of one login
WRITES = 40
MUTES = 8
MUTE_BYTES = 512 * 1024  # of memory for each, at most
LATE = 5  # seconds; a machine with nothing else to do takes a fiftieth
STALL = 20  # seconds until who does not read is cut off


def add(connection, dn, entry):
    connection.add_s(dn, ldap.modlist.addModlist({name: [value.encode() for value in values] for name, values in entry.items()}))


def replace(connection, dn, name, *values):
    connection.modify_s(dn, [(ldap.MOD_REPLACE, name, [value.encode() for value in values])])


def domain_dn(name):
    return "provostDomainName=%s,%s" % (name, DOMAINS)


def user_dn(address):
    return "mail=%s,%s" % (address, domain_dn(address.rpartition("@")[2]))


class Stream:
    """A client that follows changes, on a thread of its own."""

    seen = []  # all of them

    def __init__(self, g, who, query="", last=None, read=True):
        login, password = who
        self.connection = http.client.HTTPConnection(*g.address.rsplit(":", 1), timeout=60)
        if not read:
            self.connection.connect()
            self.connection.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        scheme = "Bearer " + password if login is None else "Basic " + base64.b64encode((login + ":" + password).encode()).decode()
        headers = {"Authorization": scheme, "Accept": "text/event-stream"}
        if last is not None:
            headers["Last-Event-ID"] = last
        self.connection.request("GET", "/v1/changes" + query, headers=headers)
        self.reply = self.connection.getresponse()
        self.status, self.headers = self.reply.status, self.reply.headers
        self.events, self.arrived, self.last, self.beats, self.ended = [], [], last, 0, None
        if self.status != 200:
            self.problem = json.loads(self.reply.read())
        elif read:
            Stream.seen.append(self)
            self.thread = threading.Thread(target=self.read, daemon=True)
            self.thread.start()
            gateway.until(lambda: self.last, "the greeting", 30)

    def read(self):
        block = {}
        try:
            for line in iter(self.reply.readline, b""):
                text = line.decode().rstrip("\n")
                if text:
                    name, _, value = text.partition(":")
                    block[name] = value[1:]
                    continue
                if "data" in block:
                    self.arrived.append(time.time())
                    self.events.append(dict(json.loads(block["data"]), _id=block["id"], _event=block["event"]))
                else:
                    self.beats += 1
                self.last, block = block.get("id", self.last), {}
            self.ended = "end"
        except (OSError, AttributeError, http.client.HTTPException) as broken:  # closed beneath it
            self.ended = repr(broken)

    def short(self):
        return [(one["event"], one["key"]) for one in list(self.events)]

    def wait(self, count, seconds=30):
        with contextlib.suppress(TimeoutError):
            gateway.until(lambda: len(self.events) >= count or self.ended, "events", seconds)
        return self.short()

    def close(self):
        with contextlib.suppress(OSError):
            self.connection.sock.shutdown(socket.SHUT_RDWR)
        self.connection.close()


def heard(g, directory):
    """What was written before is heard of by the gateway, and ends no stream that is opened from now on."""
    heard.count += 1
    login = "last%d" % heard.count
    add(directory, "uid=%s,ou=principals,%s" % (login, BASE), principal_entry(login, userPassword=HASH))
    stream = Stream(g, (login, PASSWORD))
    replace(directory, "uid=%s,ou=principals,%s" % (login, BASE), "description", "heard of")
    gateway.until(lambda: stream.ended, "the end of a stream", 30)


heard.count = 0


class Mute:
    """A client that asks for a stream, and reads no more than the head of the reply."""

    def __init__(self, g, who, query):
        self.socket = socket.socket()
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        self.socket.settimeout(10)
        self.socket.bind(("127.0.0.2", 0))  # whose places nobody else has
        host, _, port = g.address.rpartition(":")
        self.socket.connect((host, int(port)))
        login = base64.b64encode(":".join(who).encode()).decode()
        self.socket.sendall(("GET /v1/changes%s HTTP/1.1\r\nHost: x\r\nAuthorization: Basic %s\r\nAccept: text/event-stream\r\n\r\n" % (query, login)).encode())
        head = b""
        while b"\r\n\r\n" not in head:
            head += self.socket.recv(1)
        self.id = re.search(rb"(?i)x-request-id: *(\S+)", head).group(1).decode()
        self.opened = time.time()


def resident(pid):
    """Bytes of memory that a process has."""
    with open("/proc/%d/status" % pid, encoding="ascii") as file:
        return 1024 * int(re.search(r"VmRSS:\s+(\d+)", file.read()).group(1))


def mutes(g, client, directory):
    """Some who do not read what there is for them."""
    who = "mute", PASSWORD
    client.post("/v1/principals", {"login": who[0], "password": who[1], "super_administrator": True})
    query = "?cursor=" + slow.begin
    heard(g, directory)
    opened = [Mute(g, who, query)]
    time.sleep(0.5)  # what they share is there
    before = resident(g.process.pid)
    opened += [Mute(g, who, query) for _ in range(MUTES)]
    time.sleep(0.5)
    grown = (resident(g.process.pid) - before) // MUTES
    tap.ok(grown < MUTE_BYTES or os.environ.get("SANITIZED"), "who does not read takes little memory", grown)
    tap.note("%d KiB for each stream that is not read" % (grown // 1024))
    return opened


def cut_off(g, opened):
    """They are gone in time, and their places are free."""
    def ended():
        found = re.findall(r"time=(\S+) level=info event=stream-ended id=(\S+)", g.log())
        return {name: datetime.datetime.fromisoformat(when.replace("Z", "+00:00")).timestamp() for when, name in found}

    with contextlib.suppress(TimeoutError):
        gateway.until(lambda: all(one.id in ended() for one in opened), "all to be cut off", STALL + 40)
    times = ended()
    lasted = [times[one.id] - one.opened for one in opened if one.id in times]
    tap.ok(len(lasted) == len(opened) and max(lasted) < STALL + 30, "who does not read is cut off in time", lasted)
    tap.note("who does not read is cut off after %.1f to %.1f s" % (min(lasted, default=0), max(lasted, default=0)))
    for one in opened:
        one.socket.close()


def cursor_now(client):
    return client.get("/v1/changes?limit=0").json["cursor"]


def page(client, cursor, more=""):
    return client.get("/v1/changes?cursor=%s%s" % (cursor, more)).json


def every(client, cursor, more="&limit=7"):
    """All there is behind a cursor, page by page."""
    found = []
    while True:
        one = page(client, cursor, more)
        found += one["items"]
        if not one["more"]:
            return found, one["cursor"]
        cursor = one["cursor"]


def short(items):
    return [(one["event"], one["key"]) for one in items]


def over_http(g, client, directory, root):
    """What is done over HTTP and by LDAP tools alike, in one order."""
    begin = cursor_now(client)
    stream = Stream(g, root)
    first = client.post("/v1/users", {"address": "john@alpha.example", "password": PASSWORD})
    client.patch("/v1/users/john@alpha.example", {"name": "John", "enabled": False})
    client.patch("/v1/users/john@alpha.example", {"enabled": True})
    client.put("/v1/users/john@alpha.example/password", {"password": PASSWORD})
    client.post("/v1/aliases", {"address": "all@alpha.example", "destinations": ["john@alpha.example"]})
    add(directory, user_dn("jane@alpha.example"), user_entry("jane@alpha.example", userPassword=HASH))
    replace(directory, user_dn("jane@alpha.example"), "description", "by a tool")
    directory.delete_s(user_dn("jane@alpha.example"))
    client.put("/v1/domains/alpha.example/administrators/john@alpha.example", {"role": "viewer"})
    client.patch("/v1/domains/alpha.example", {"description": "x"})
    add(directory, "uid=guest,ou=principals," + BASE, principal_entry("guest", userPassword=HASH))
    client.delete("/v1/aliases/all@alpha.example")
    want = [("user.created", "john@alpha.example"), ("user.changed", "john@alpha.example"), ("user.changed", "john@alpha.example"),
            ("user.changed", "john@alpha.example"), ("alias.created", "all@alpha.example"), ("user.created", "jane@alpha.example"),
            ("user.changed", "jane@alpha.example"), ("user.deleted", "jane@alpha.example"), ("administrators.changed", "alpha.example"),
            ("domain.changed", "alpha.example"), ("principal.created", "guest"), ("alias.deleted", "all@alpha.example")]
    tap.is_(stream.wait(len(want)), want, "a stream tells everything, by HTTP and LDAP tools alike, in order")
    tap.is_(short(every(client, begin)[0]), want, "and so do pages")
    one = stream.events[0]
    tap.is_((one["actor"], one["request_id"], one["id"], one["domain"]), ("admin", first.headers["X-Request-Id"], first.json["id"], "alpha.example"),
            "an event says who did it, by which request, and to what")
    tap.is_([one["changed"] for one in stream.events[1:4]], [["name", "enabled"], ["enabled"], ["password"]], "and which members changed")
    tap.is_((stream.events[5]["actor"], stream.events[5]["request_id"]), ("admin", None), "of an LDAP tool there is no request")
    tap.is_(stream.events[8]["changed"], ["viewers"], "of roles, which")
    tap.is_({(one["event"] == one["_event"], one["cursor"] == one["_id"]) for one in stream.events}, {(True, True)}, "event and id are those of the data")
    tap.is_(stream.headers["Content-Type"], "text/event-stream", "it is what browsers understand")
    tap.is_(short(every(client, begin, "&kind=alias,domain")[0]), [one for one in want if one[0].split(".")[0] in ("alias", "domain")], "by kind")
    tap.is_(short(every(client, begin, "&domain=nowhere.example")[0]), [], "by domain")
    stream.close()


def moved(g, client, root):
    """What gets another name, or goes with its domain."""
    client.post("/v1/domains", {"name": "gone.example"})
    client.post("/v1/users", {"address": "old@gone.example"})
    begin = cursor_now(client)
    client.patch("/v1/users/old@gone.example", {"address": "new@gone.example"})
    found = [one for one in every(client, begin)[0] if one["event"] == "user.renamed"]
    tap.is_([(one["key"], one["renamed_to"]) for one in found], [("old@gone.example", "new@gone.example")], "a rename has both names")
    begin = cursor_now(client)
    client.delete("/v1/domains/gone.example?recursive=true")
    client.post("/v1/domains", {"name": "gone.example"})
    client.post("/v1/users", {"address": "new@gone.example"})
    time.sleep(0.3)
    tap.is_(short(every(client, begin)[0]), [("domain.deleted", "gone.example"), ("domain.created", "gone.example"), ("user.created", "new@gone.example")],
            "a domain goes as a whole, and what is cleared away later is no news about the next of its name")
    tap.is_((Stream(g, root, "?cursor=bm9uc2Vuc2U=").status, client.get("/v1/changes?cursor=%%").status, client.get("/v1/changes?kind=cat").status,
             client.get("/v1/changes?limit=1001").status), (400, 400, 400, 400), "what is no cursor, kind or limit is refused")
    other = base64.b64encode(b"20200101000000.000000Z#000000#000#000000").decode()
    for reply in (client.get("/v1/changes?cursor=" + other), client.get("/v1/changes?limit=0&cursor=" + other)):
        tap.is_((reply.status, reply.json["code"]), (410, "cursor_expired"), "a cursor that the log does not go back to is told from others")
    stream = Stream(g, root, last=other)
    tap.is_((stream.status, stream.problem["code"]), (410, "cursor_expired"), "for a stream, too")


def roles(g, client, directory):
    """Everybody hears of what he may read, and of no more."""
    for name in ("owner", "viewer", "stranger"):
        add(directory, "uid=%s,ou=principals,%s" % (name, BASE), principal_entry(name, userPassword=HASH))
    client.post("/v1/domains", {"name": "other.example"})
    client.put("/v1/domains/alpha.example/administrators/owner", {"role": "owner"})
    client.put("/v1/domains/alpha.example/administrators/viewer", {"role": "viewer"})
    key = client.post("/v1/keys", {"scopes": ["changes:read"], "domains": ["other.example"]}).json
    client.post("/v1/users", {"address": "self@alpha.example", "password": PASSWORD})
    who = {name: (name, PASSWORD) for name in ("owner", "viewer", "stranger", "self@alpha.example")}
    who["key"] = (None, key["key"])
    heard(g, directory)
    begin = cursor_now(client)
    streams = {name: Stream(g, one) for name, one in who.items()}
    client.post("/v1/users", {"address": "a@alpha.example"})
    client.post("/v1/users", {"address": "b@other.example"})
    client.patch("/v1/users/self@alpha.example", {"name": "J."})
    replace(directory, "uid=stranger,ou=principals," + BASE, "description", "himself")
    client.put("/v1/domains/other.example/administrators/stranger", {"role": "viewer"})
    client.post("/v1/users", {"address": "c@other.example"})
    of_alpha = [("user.created", "a@alpha.example"), ("user.changed", "self@alpha.example")]
    of_other = [("user.created", "b@other.example"), ("administrators.changed", "other.example"), ("user.created", "c@other.example")]
    own = {"stranger": [("principal.changed", "stranger")], "self@alpha.example": [("user.changed", "self@alpha.example")]}
    want = {"owner": of_alpha, "viewer": of_alpha, "key": of_other}
    for name, events in want.items():
        tap.is_(streams[name].wait(len(events)), events, "%s hears of what he may read" % name)
    for name, events in own.items():
        gateway.until(lambda: streams[name].ended, name, 30)
        told = streams[name].short()
        again = Stream(g, who[name], last=streams[name].last)
        want = events if name != "stranger" else of_other[:1] + events + of_other[1:]
        tap.is_(told + again.wait(len(want) - len(told)), want, "%s, who was changed himself, comes again, and hears of what he may read now" % name)
        streams[name].close()
        streams[name] = again
    tap.is_([(one["actor"], one["request_id"]) for one in streams["viewer"].events], [(None, None)] * 2, "who may not read the trail is not told who did it")
    tap.is_(streams["owner"].ended, None, "others go on")
    tap.is_([one["actor"] for one in streams["owner"].events], ["admin"] * 2, "who may is")
    viewer = g.client("viewer", PASSWORD)
    tap.is_(short(every(viewer, begin)[0]), of_alpha, "pages are the same as streams")
    revoked(g, client, directory, streams, who, key)


def revoked(g, client, directory, streams, who, key):
    """Rights that are taken away are gone at once."""
    begin, stranger, keyed = cursor_now(client), streams["stranger"], streams["key"]
    had = len(stranger.events)
    client.delete("/v1/domains/other.example/administrators/stranger")
    client.post("/v1/users", {"address": "d@other.example"})
    keyed.wait(5)
    stranger.wait(had + 1)
    tap.is_(stranger.short()[had:], [("administrators.changed", "other.example")], "who loses a role hears that, and nothing more")
    tap.is_(short(every(g.client("stranger", PASSWORD), begin)[0]), [("administrators.changed", "other.example")], "also who asks later")
    began = time.time()
    client.delete("/v1/keys/" + key["id"])
    replace(directory, "uid=owner,ou=principals," + BASE, "userPassword", crypt_hash("another one"))
    for name in ("key", "owner"):
        gateway.until(lambda: streams[name].ended, name, 30)
    took = time.time() - began
    tap.ok(took < LATE, "a key that is revoked and a password that is changed end streams soon", "%.2f s" % took)
    tap.note("after %.0f ms" % (1000 * took))
    tap.is_((Stream(g, who["key"]).status, Stream(g, who["owner"]).status, streams["viewer"].ended), (401, 401, None), "nobody gets in again with them, and others go on")
    begin, viewer = cursor_now(client), streams["viewer"]
    client.post("/v1/domains", {"name": "short.example"})
    client.put("/v1/domains/short.example/administrators/viewer", {"role": "viewer"})
    viewer.wait(3)
    client.delete("/v1/domains/short.example")
    want = [("administrators.changed", "short.example"), ("domain.deleted", "short.example")]
    tap.is_(viewer.wait(4)[2:], want, "who had a role in a domain hears that it is gone")
    tap.is_(short(every(g.client("viewer", PASSWORD), begin)[0])[-1:], want[-1:], "and so does who asks when it is gone")
    for one in streams.values():
        one.close()


def resume(g, client, directory, root):
    """Two gateways, many writers, and a client that is cut off again and again: each change once, in order."""
    with gateway.Gateway("--ldap-uri", g.ldapi, "--ldap-base", BASE, "--http-streams-each", str(EACH)) as other:
        begin = cursor_now(client)

        def write(number):
            mine = Client(g.address, *root)
            tool = ldap.initialize(g.ldap_url)
            tool.simple_bind_s("uid=admin,ou=principals," + BASE, root[1])
            for i in range(WRITES):
                address, to = "w%d-%d@alpha.example" % (number, i), ["john@alpha.example"]
                if number % 2:
                    mine.post("/v1/aliases", {"address": address, "destinations": to})
                else:
                    add(tool, user_dn(address), alias_entry(address, to))

        writers = [threading.Thread(target=write, args=(number,)) for number in range(4)]
        for one in writers:
            one.start()
        got, last, turn = [], begin, 0
        while (len(got) < 4 * WRITES or turn < 6) and turn < 30:
            turn += 1
            stream = Stream((g, other)[turn % 2], root, last=last)
            if stream.status != 200:
                continue  # the machine is busy
            stream.wait(9 if turn < 6 else 4 * WRITES - len(got), 0.3 if turn < 6 else 10)
            stream.close()
            stream.thread.join(5)
            got += stream.events
            last = stream.last
            if turn == 4:
                other.stop(signal.SIGKILL)
                other.start()
        for one in writers:
            one.join()
        missed = every(client, last)[0]
        want, _ = every(client, begin, "&limit=1000")
        tap.ok(turn > 5, "the client came %d times" % turn)
        tap.is_([one["cursor"] for one in got + missed], [one["cursor"] for one in want], "it heard each change once and in order, of gateways in turn, one of which was killed")
        tap.is_(other.stop(), 0, "the other gateway ends well")


def pages_of_old(client, begin):
    """From far behind, by the seals."""
    found, _ = every(client, begin, "&limit=1000")
    whole, _ = every(client, begin, "&limit=13")
    tap.is_([one["cursor"] for one in whole], [one["cursor"] for one in found], "whatever the size of pages")
    tap.is_([one["cursor"] for one in found], sorted((one["cursor"] for one in found), key=base64.b64decode), "in order")
    return found


def processor_seconds(pid):
    with open("/proc/%d/stat" % pid, encoding="ascii") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def children(pid):
    with open("/proc/%d/task/%d/children" % (pid, pid), encoding="ascii") as file:
        return [int(word) for word in file.read().split()]


def measure(g, client, root):
    """What a hundred streams cost, and how soon they hear."""
    slapd = children(g.process.pid)[0]

    def write():
        before = [processor_seconds(pid) for pid in (g.process.pid, slapd)]
        times = []
        for i in range(WRITES):
            client.patch("/v1/users/john@alpha.example", {"name": "John %d" % (i % 2)})
            times.append(time.time())
        time.sleep(0.4)
        return times, [1000 * (processor_seconds(pid) - was) / WRITES for pid, was in zip((g.process.pid, slapd), before)]

    one = Stream(g, root)
    times, alone = write()
    delays = sorted(1000 * (a - t) for a, t in zip(one.arrived, times))
    tap.is_(len(one.events), WRITES, "each write is told")
    tap.ok(delays[len(delays) // 2] < 1000 * LATE, "soon (median)", delays)
    streams = [Stream(g, root) for _ in range(STREAMS - 1)] + [one]
    _, many = write()
    tap.is_({len(stream.wait(WRITES)) for stream in streams[:-1]}, {WRITES}, "a hundred streams are told the same")
    tap.note("from the reply to a write until its event: %.0f ms (median), %.0f ms at most" % (delays[len(delays) // 2], delays[-1]))
    tap.note("processor time for each write: gateway %.1f ms with one stream, %.1f ms with %d; slapd %.1f and %.1f ms" % (alone[0], many[0], STREAMS, alone[1], many[1]))
    more = [Stream(g, root) for _ in range(EACH - STREAMS)]
    full = Stream(g, root)
    tap.is_((full.status, full.problem["code"], full.headers["Retry-After"]), (429, "too_many_streams", "15"), "one more than a login may have is refused")
    tap.is_(complaint_of_headers(gateway.Client.description, "GET", "/v1/changes", full), None, "in the words that are described")
    for stream in streams[:-2] + more:
        stream.close()
    gateway.until(lambda: Stream(g, root).status == 200, "room", 30)
    tap.ok(True, "who goes makes room")


def slow(g, client, directory, root):
    """Who does not read holds up nobody, and is cut off."""
    idle = Stream(g, root, "?cursor=" + slow.begin, read=False)
    tap.is_(idle.status, 200, "somebody who does not read")
    good = Stream(g, root)
    client.patch("/v1/domains/alpha.example", {"description": "while somebody does not read"})
    tap.is_(good.wait(1), [("domain.changed", "alpha.example")], "others hear nevertheless")
    for i in range(4 * STREAMS):
        replace(directory, domain_dn("alpha.example"), "description", str(i))
    good.wait(4 * STREAMS + 1)
    tap.is_(len(good.events), 4 * STREAMS + 1, "of everything")
    return idle, good


def ends(g, streams):
    """Stopping, and reading the options again."""
    idle, good = streams
    g.process.send_signal(signal.SIGHUP)
    gateway.until(lambda: good.ended, "the end", 30)
    tap.is_(good.ended, "end", "a stream ends well when options are read again")
    again = Stream(g, ("admin", g.secret("admin-password")), last=good.last)
    began = time.monotonic()
    tap.is_(g.stop(), 0, "and does not keep the gateway from stopping")
    tap.ok(time.monotonic() - began < 5, "quickly", time.monotonic() - began)
    gateway.until(lambda: again.ended, "the end", 30)
    tap.is_(again.ended, "end", "it ends with it")
    idle.close()


def main():
    with gateway.Gateway("--http-streams-each", str(EACH)) as g:
        client = admin(g)
        root = ("admin", g.secret("admin-password"))
        directory = ldap.initialize(g.ldap_url)
        directory.simple_bind_s("uid=admin,ou=principals," + BASE, root[1])
        slow.begin = cursor_now(client)
        tap.is_(client.get("/v1/changes").json["items"], [], "where the log ends nothing is behind it")
        client.post("/v1/domains", {"name": "alpha.example"})
        begin = slow.begin
        over_http(g, client, directory, root)
        moved(g, client, root)
        roles(g, client, directory)
        resume(g, client, directory, root)
        silent = mutes(g, client, directory)
        measure(g, client, root)
        time.sleep(3.2)
        found = pages_of_old(client, begin)
        tap.is_(found[0]["event"], "domain.created", "from the beginning, when all is sealed")
        schema = dict(gateway.Client.description.document["components"]["schemas"]["ChangeEvent"], components=gateway.Client.description.document["components"])
        judge = jsonschema.Draft202012Validator(schema)
        told = [{name: value for name, value in one.items() if name[0] != "_"} for stream in Stream.seen for one in stream.events]
        tap.is_([one for one in told if not judge.is_valid(one)][:1], [], "all %d events are as described" % len(told))
        tap.is_([one for one in told if HASH in json.dumps(one) or PASSWORD in json.dumps(one)], [], "and have no secret")
        last = slow(g, client, directory, root)
        cut_off(g, silent)
        ends(g, last)
        tap.is_(client.complaints, [], "every reply is as described")
        tap.is_(complaints_of_log(g), [], "the log tells of no error of ours")
    tap.done()


if __name__ == "__main__":
    main()
