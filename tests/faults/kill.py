#!/usr/bin/python3
"""kill -9, again and again, of slapd and of the gateway, while several clients write: what was acknowledged is there.

Each client has names of its own and knows of each what it must hold: after an acknowledged write one value, after a
request whose outcome nobody knows one of two. Two controls show that the comparison would find a loss.
"""

import base64
import http.client
import json
import os
import random
import shutil
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.environ.get("top_srcdir") or os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))), "tests", "lib"))

import directory
import faults
import gateway
import tap

CLIENTS = 4
NAMES = 25
KILLS = int(os.environ.get("FAULTS_KILLS", "20"))  # of each
SEED = int(os.environ.get("FAULTS_SEED", "0")) or int(time.time())
DOMAIN = "kill.example"
ABSENT = None


class Writer(threading.Thread):
    """Creates, changes and deletes aliases, one request at a time."""

    def __init__(self, address, password, number, stop):
        super().__init__(daemon=True)
        self.address, self.stop, self.number = address, stop, number
        self.pair = base64.b64encode(("admin:" + password).encode()).decode()
        self.random = random.Random(SEED * 100 + number)
        self.may = {"c%dn%d@%s" % (number, n, DOMAIN): [ABSENT] for n in range(NAMES)}  # what each name may hold
        self.counts = {"acknowledged": 0, "refused": 0, "unknown": 0}
        self.wrong = []
        self.wire = None
        self.serial = 0

    def ask(self, method, path, body=None):
        """Status and JSON; (None, None) if there was no answer, (0, None) if there was nobody to send it to."""
        if self.wire is None and not self.connect():
            time.sleep(0.02)
            return 0, None
        try:
            self.wire.request(method, path, json.dumps(body) if body else None,
                              {"Authorization": "Basic " + self.pair, "Content-Type": "application/json"})
            reply = self.wire.getresponse()
            text = reply.read()
            return reply.status, json.loads(text) if text else None
        except (OSError, http.client.HTTPException, ValueError):
            self.wire.close()
            self.wire = None
            return None, None

    def connect(self):
        host, port = self.address.rsplit(":", 1)
        self.wire = http.client.HTTPConnection(host, int(port), timeout=20)
        try:
            self.wire.connect()
        except OSError:
            self.wire = None
        return self.wire is not None

    def value(self):
        self.serial += 1
        return "v%d-%d" % (self.number, self.serial)

    def step(self):
        name = self.random.choice(list(self.may))
        if len(self.may[name]) > 1 and not self.settle(name):
            return
        before, after = self.may[name][0], self.value()
        if before is ABSENT:
            status, reply = self.ask("POST", "/v1/aliases", {"address": name, "destinations": ["x@example.org"], "description": after})
        elif self.random.random() < 0.3:
            after = ABSENT
            status, reply = self.ask("DELETE", "/v1/aliases/" + name)
        else:
            status, reply = self.ask("PATCH", "/v1/aliases/" + name, {"description": after})
        self.note(name, before, after, status, reply)

    def note(self, name, before, after, status, reply):
        if status in (200, 201, 204):
            self.counts["acknowledged"] += 1
            self.may[name] = [after]
        elif status is None or (status == 503 and reply["code"] == "outcome_unknown"):
            self.counts["unknown"] += 1
            self.may[name] = [before, after]
        elif status in (0, 503, 504):
            self.counts["refused"] += 1  # nothing was changed: it may hold what it held
            time.sleep(0.01)
        else:
            self.wrong.append("%s: %s -> %s: %s %s" % (name, before, after, status, reply))

    def settle(self, name):
        """See which of two it is, once that cannot change any more."""
        time.sleep(0.1)
        status, reply = self.ask("GET", "/v1/aliases/" + name)
        if status not in (200, 404):
            return False
        held = reply["description"] if status == 200 else ABSENT
        if held not in self.may[name]:
            self.wrong.append("%s holds %s, and may hold %s" % (name, held, self.may[name]))
        self.may[name] = [held]
        return True

    def run(self):
        while not self.stop.is_set():
            self.step()


def held_by(server):
    """What the directory holds, by asking it directly."""
    admin = server.admin()
    found = admin.search_s(server.domain(DOMAIN), directory.ldap.SCOPE_ONELEVEL, "(objectClass=provostAlias)", ["mail", "description"])
    admin.unbind_s()
    return {entry["mail"][0].decode(): entry["description"][0].decode() for _, entry in found}


def losses(may, held):
    """Every name that does not hold what it may."""
    found = ["%s holds %s, and may hold %s" % (name, held.get(name, ABSENT), values)
             for name, values in may.items() if held.get(name, ABSENT) not in values]
    return found + ["%s was never written" % name for name in held if name not in may]


class World:
    def __init__(self, server, g):
        self.server, self.gateway = server, g
        self.kills = {"slapd": 0, "provostd": 0}
        self.random = random.Random(SEED)

    def kill_slapd(self):
        self.server.kill()
        self.server.restart()
        self.kills["slapd"] += 1

    def kill_gateway(self):
        g = self.gateway
        g.process.kill()
        g.process.wait()
        g.start()
        self.kills["provostd"] += 1

    def run(self, kills):
        """Clients write while both are killed; what each name may hold, and what was wrong."""
        stop = threading.Event()
        password = self.server.password("admin")
        writers = [Writer(self.gateway.address, password, n, stop) for n in range(CLIENTS)]
        for writer in writers:
            writer.start()
        victims = [self.kill_slapd, self.kill_gateway] * kills
        self.random.shuffle(victims)
        for kill in victims:
            time.sleep(self.random.uniform(0.1, 0.6))
            kill()
        time.sleep(0.5)
        stop.set()
        for writer in writers:
            writer.join(60)
        return writers


def copy_database(server, name):
    """The database as it is, while slapd is stopped."""
    server.stop()
    shutil.copytree(os.path.join(server.place, "database"), os.path.join(server.place, name))
    server.restart()
    gateway.until(lambda: alive(server), "slapd", 20)


def restore_database(server, name):
    server.stop()
    shutil.rmtree(os.path.join(server.place, "database"))
    shutil.copytree(os.path.join(server.place, name), os.path.join(server.place, "database"))
    server.restart()
    gateway.until(lambda: alive(server), "slapd", 20)


def alive(server):
    try:
        server.admin().unbind_s()
        return True
    except directory.ldap.LDAPError:
        return False


def main():
    began = time.monotonic()
    tap.note("seed %d" % SEED)
    # A small map, because its file is copied.
    with faults.Server(edit=lambda config: config.replace("olcDbMaxSize: 8589934592", "olcDbMaxSize: 67108864")) as server:
        port = gateway.free_port()
        with gateway.Gateway("--ldap-uri", server.ldapi, "--loops", "2", "--listen", "127.0.0.1:%d" % port) as g:
            tap.is_(server.client(g).post("/v1/domains", {"name": DOMAIN}).status, 201, "a domain")
            copy_database(server, "older")
            world = World(server, g)
            writers = world.run(KILLS)
            may = {name: values for writer in writers for name, values in writer.may.items()}
            counts = {key: sum(writer.counts[key] for writer in writers) for key in writers[0].counts}
            gateway.until(lambda: alive(server), "slapd", 20)
            held = held_by(server)
            tap.note("%s kills, %s, %d names held at the end" % (world.kills, counts, len(held)))
            tap.ok(min(world.kills.values()) >= KILLS, "both were killed often enough", world.kills)
            tap.ok(counts["acknowledged"] > KILLS * 5, "much was acknowledged", counts)
            tap.is_([text for writer in writers for text in writer.wrong], [], "no answer was wrong")
            tap.is_(losses(may, held), [], "every acknowledged write is there, with its value, and every deletion")
            controls(server, may, held)
            tap.is_(g.stop(), 0, "it ends in order")
    tap.note("%.0f s in all" % (time.monotonic() - began))
    tap.done()


def controls(server, may, held):
    """What must be found: a write that was never made, one that was lost, and a database that is older."""
    never = dict(may, **{"never@" + DOMAIN: ["made up"]})
    tap.is_(len(losses(never, held)), 1, "control: a write that was acknowledged and never made is found")
    name = next(name for name, values in may.items() if len(values) == 1 and values[0] is not ABSENT)
    tap.is_(len(losses(may, {key: value for key, value in held.items() if key != name})), 1, "control: one that was lost is found")
    tap.is_(len(losses(may, dict(held, **{name: "older"}))), 1, "control: one that has an older value is found")
    gone = [name for name, values in may.items() if values == [ABSENT]]
    if gone:
        tap.is_(len(losses(may, dict(held, **{gone[0]: "back"}))), 1, "control: one that is back is found")
    restore_database(server, "older")
    found = losses(may, held_by(server))
    tap.note("control: after an older copy of the database %d losses are found" % len(found))
    tap.ok(len(found) > NAMES / 2, "control: an older copy of the database is found out", found)


main()
