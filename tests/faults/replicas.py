#!/usr/bin/python3
"""Several directories: one is written to, another is read while that one is away, and never before it has what was acknowledged."""

import os
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.environ.get("top_srcdir") or os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))), "tests", "lib"))

import directory
import faults
import gateway
import proxy
import tap

REPLICA = "cn=replica,ou=services,dc=provost"
SECRET = "secret of the replica"

# What docs/reliability.md tells the operator to do.
MODULE = """\
dn: cn=module{0},cn=config
changetype: modify
add: olcModuleLoad
olcModuleLoad: syncprov
"""
WRITER = """\
dn: olcOverlay=syncprov,olcDatabase={1}mdb,cn=config
changetype: add
objectClass: olcOverlayConfig
objectClass: olcSyncProvConfig
olcOverlay: syncprov
olcSpCheckpoint: 100 10

dn: olcDatabase={1}mdb,cn=config
changetype: modify
add: olcAccess
olcAccess: {0}to * by dn.exact="%s" read by * break
""" % REPLICA
CONSUMER = """\
dn: cn=config
changetype: modify
add: olcServerID
olcServerID: 2

dn: olcDatabase={1}mdb,cn=config
changetype: modify
add: olcSyncrepl
olcSyncrepl: rid=001 provider=%s bindmethod=simple binddn="%s" credentials="%s"
  searchbase="dc=provost" type=refreshAndPersist retry="1 +"
-
add: olcUpdateRef
olcUpdateRef: %s
"""


class Consumer(faults.Server):
    """A replica: it begins empty."""

    def slapadd(self, options, text):
        return "" if "-n0" not in options else super().slapadd(options, text)

    def start(self):
        """It answers before it has anything, so that nobody can log in at first."""
        provider = self.provider
        port = gateway.free_port()
        self.url = "ldap://127.0.0.1:%d" % port
        self.ldapi = "ldapi://" + gateway.urllib.parse.quote(self.socket_path(), safe="")
        self.modify(CONSUMER % (provider.url, REPLICA, SECRET, provider.url))
        self.restart()


def writer():
    entry = {"objectClass": ["organizationalRole", "simpleSecurityObject"], "cn": ["replica"],
             "userPassword": [directory.crypt_hash(SECRET)], "pwdPolicySubentry": ["cn=services,ou=policies,dc=provost"]}
    server = faults.Server(entries=directory.ldif(REPLICA, entry))
    server.make()
    server.modify(MODULE)
    server.modify(WRITER)
    server.start()
    return server


def replica(provider):
    server = Consumer()
    server.provider = provider
    server.make()
    server.start()
    return server


def has(server, address):
    """Whether a server has an entry, as the administrator sees it."""
    try:
        with_admin = server.admin()
        found = with_admin.search_s(server.address(address), 0, "(objectClass=*)", ["cn"])
        with_admin.unbind_s()
        return bool(found)
    except directory.ldap.LDAPError:
        return False


class World:
    """A writer that the gateway reaches through a proxy, and a replica of it."""

    def __enter__(self):
        self.writer = writer()
        self.replica = replica(self.writer)
        self.between = proxy.Between(self.writer.place, self.writer.socket_path()).__enter__()
        self.gateway = self.writer.gateway("--loops", "2", "--ldap-remember-millis", "0",
                                           uri=self.between.uri + " " + self.replica.ldapi).__enter__()
        self.admin = self.writer.client(self.gateway)
        return self

    def __exit__(self, *_):
        self.gateway.close()
        self.between.__exit__()
        self.replica.remove()
        self.writer.remove()

    def caught_up(self, address):
        gateway.until(lambda: has(self.replica, address), "replication", 20)

    def user(self, name):
        return self.admin.post("/v1/users", {"address": name + "@rep.example", "password": "first"})

    def statuses(self, function, count=16):
        """What several connections are told."""
        return {faults.code_of(function(self.writer.client(self.gateway))) for _ in range(count)}


    def writes_go(self):
        """Every loop has the writer again, for operations and logins."""
        gateway.until(lambda: self.statuses(lambda c: c.patch("/v1/domains/rep.example", {"description": str(time.time())}))
                      == {(200, None)}, "the writer on every loop", 20)


def get(name):
    return lambda client: client.get("/v1/users/%s@rep.example" % name)


def away_and_back(w):
    """The writer is gone: reads and logins go on, writes say so, and it is taken back."""
    w.user("ann")
    w.caught_up("ann@rep.example")
    w.writer.kill()
    began = time.monotonic()
    gateway.until(lambda: w.statuses(get("ann"), 4) == {(200, None)}, "reads from the replica", 10)
    tap.note("reads and logins go on %.2f s after the loss" % (time.monotonic() - began))
    tap.is_(w.statuses(get("ann")), {(200, None)}, "the replica answers, on every loop")
    tap.is_(w.admin.as_("ann@rep.example", "first").get("/v1/me").status, 200, "a user logs in")
    tap.is_(w.admin.as_("ann@rep.example", "wrong").get("/v1/me").status, 401, "with his password alone")
    time.sleep(0.3)
    for what, function in [("a creation", lambda c: c.post("/v1/users", {"address": "x@rep.example", "password": "x"})),
                           ("a change", lambda c: c.patch("/v1/users/ann@rep.example", {"given_name": "A"})),
                           ("a deletion", lambda c: c.delete("/v1/users/ann@rep.example"))]:
        reply, seconds = faults.timed(function, w.admin)
        tap.is_(faults.code_of(reply), (503, "read_only"), "%s is refused" % what)
        tap.ok(seconds < 1, "at once", seconds)
    tap.is_(w.gateway.client().get("/readyz").status, 200, "/readyz: something can be done")
    w.writer.restart()
    began = time.monotonic()
    gateway.until(lambda: w.user("back").status in (201, 409), "the writer", 10)
    tap.note("writes go on %.2f s after the start of the writer" % (time.monotonic() - began))
    tap.ok(time.monotonic() - began < 5, "the writer is taken back")


def behind(w):
    """The replica lacks what was acknowledged: it is not read until it has it."""
    w.writes_go()
    for name in ("old", "gone"):
        w.user(name)
        w.caught_up(name + "@rep.example")
    for what, write, check in [
            ("a creation", lambda: w.user("new"), lambda: w.admin.get("/v1/users/new@rep.example").status == 200),
            ("a deletion", lambda: w.admin.delete("/v1/users/gone@rep.example"),
             lambda: w.admin.get("/v1/users/gone@rep.example").status == 404),
            ("a new password", lambda: w.admin.put("/v1/users/old@rep.example/password", {"password": "second"}),
             lambda: w.admin.as_("old@rep.example", "second").get("/v1/me").status == 200)]:
        with faults.Stopped(w.replica.process.pid) as stopped:
            reply = write()
            tap.ok(reply.status in (201, 204), "%s is acknowledged while the replica hangs" % what, reply)
            # What was sent to it must not be in its socket: it would catch up as soon as it goes on.
            w.writer.kill()
            stopped.resume()
        seen = [faults.code_of(w.admin.get("/v1/users/old@rep.example")) for _ in range(10)]
        time.sleep(1)
        seen += [faults.code_of(w.admin.get("/v1/users/old@rep.example")) for _ in range(10)]
        tap.note("%s, meanwhile: %s" % (what, sorted(set(map(str, seen)))))
        tap.ok(set(seen) <= {(200, None), (503, "replica_behind")}, "either it has everything, or it is not read", seen)
        if (200, None) in seen:
            tap.ok(check(), "it shows what was acknowledged")
        w.writer.restart()
        w.writes_go()
        tap.ok(check(), "the writer has it")


def never_stale(w):
    """Writers go on while the gateway's way to the writer is cut again and again: no answer is older than what was acknowledged."""
    w.writes_go()
    w.user("seq")
    w.caught_up("seq@rep.example")
    stop, stale, read, wrote = threading.Event(), [], [0, 0], [0]

    def work():
        client = w.writer.client(w.gateway)
        acknowledged, number = -1, 0
        while not stop.is_set():
            reply = client.patch("/v1/users/seq@rep.example", {"given_name": "n%06d" % number})
            if reply.status == 200:
                acknowledged = number
                wrote[0] += 1
            number += 1
            for _ in range(3):
                seen = client.get("/v1/users/seq@rep.example")
                if seen.status != 200:
                    read[1] += 1
                    continue
                read[0] += 1
                if acknowledged >= 0 and int(seen.json["given_name"][1:]) < acknowledged:
                    stale.append((seen.json["given_name"], acknowledged))

    thread = threading.Thread(target=work)
    thread.start()
    for _ in range(12):
        time.sleep(0.5)
        w.between.do("refuse")
        time.sleep(0.3)
        w.between.do("pass")
    time.sleep(0.5)
    stop.set()
    thread.join(30)
    tap.note("%d writes acknowledged, %d reads answered, %d refused" % (wrote[0], read[0], read[1]))
    tap.ok(wrote[0] > 10 and read[0] > 50, "there was something to see", (wrote, read))
    tap.is_(stale, [], "nothing was older than what was acknowledged")


def referred(w):
    """A gateway that has nothing but a replica: what is refused with a referral is not chased."""
    w.writes_go()
    with w.replica.gateway("--loops", "1") as g:
        admin = w.writer.client(g)
        tap.is_(faults.code_of(admin.get("/v1/domains/rep.example")), (200, None), "a replica alone is read")
        for reply in (admin.patch("/v1/domains/rep.example", {"description": "never"}),
                      admin.post("/v1/domains", {"name": "never.example"}), admin.delete("/v1/domains/rep.example")):
            tap.is_(faults.code_of(reply), (503, "read_only"), "a write is referred elsewhere, and not sent there")
    tap.is_(w.admin.get("/v1/domains/never.example").status, 404, "so it was not made")


def main():
    with World() as w:
        tap.is_(w.admin.post("/v1/domains", {"name": "rep.example"}).status, 201, "writes go to the first")
        away_and_back(w)
        behind(w)
        never_stale(w)
        referred(w)
        tap.is_(w.gateway.stop(), 0, "it ends in order")
        tap.ok("no-contextcsn" not in w.gateway.log(), "every server shows how new it is")
        tap.is_(w.admin.complaints, [], "every reply is as described")
        tap.ok("Sanitizer" not in w.gateway.log() and "runtime error" not in w.gateway.log(), "no sanitizer report")
    tap.done()


main()
