#!/usr/bin/python3
"""A connection that is slow, is reset before, within or after a reply, or loses what goes one way."""

import os
import sys
import time

sys.path.insert(0, os.path.join(os.environ.get("top_srcdir") or os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))), "tests", "lib"))

import faults
import gateway
import proxy
import tap

UNKNOWN = (503, "outcome_unknown")
ANSWERED = 3.0  # seconds in which anything is answered: 2.1, and what a busy machine adds
OPENED_ANEW = 12.0  # 5 s of silence, and as much


class World:
    """A gateway that reaches its slapd through the proxy."""

    def __enter__(self):
        self.server = faults.Server().__enter__()
        self.between = proxy.Between(self.server.place, self.server.socket_path()).__enter__()
        self.gateway = self.server.gateway("--loops", "1", "--ldap-remember-millis", "60000", "--mail-trash-days", "0", uri=self.between.uri).__enter__()
        self.admin = self.server.client(self.gateway)
        self.admin.post("/v1/domains", {"name": "link.example"})
        return self

    def __exit__(self, *_):
        self.gateway.close()
        self.between.__exit__()
        self.server.remove()

    def get(self, name="link.example"):
        return self.admin.get("/v1/domains/" + name)

    def newcomer(self, name):
        """Somebody whose login was verified just now, and is remembered for the next minute."""
        address = name + "@link.example"
        self.admin.post("/v1/users", {"address": address, "password": "very long and good"})
        client = self.admin.as_(address, "very long and good")
        gateway.until(lambda: client.get("/v1/me").status == 200, name + " to log in", OPENED_ANEW)
        return client

    def well(self):
        """All is as it should be again; how long that took."""
        self.between.do("pass")
        began = time.monotonic()
        gateway.until(lambda: self.get().status == 200, "another connection", 15)
        return time.monotonic() - began


def writes_reset(w):
    """What is acknowledged is there, what is refused is not, and of the rest the client is told that nobody knows."""
    for n, (when, operation) in enumerate((when, operation) for operation in ("add", "modify", "delete")
                                          for when in ("before", "middle", "after")):
        name = "n%d.example" % n
        if operation != "add":
            w.admin.post("/v1/domains", {"name": name})
        w.between.do("reset", when, operation)
        reply, seconds = faults.timed({
            "add": lambda: w.admin.post("/v1/domains", {"name": name}),
            "modify": lambda: w.admin.patch("/v1/domains/" + name, {"description": "changed"}),
            "delete": lambda: w.admin.delete("/v1/domains/" + name)}[operation])
        w.well()
        held = w.get(name)
        done = {"add": held.status == 200, "modify": held.status == 200 and held.json["description"] == "changed",
                "delete": held.status == 404}[operation]
        what = "%s, reset %s the reply" % (operation, {"middle": "within"}.get(when, when))
        tap.note("%s: %s after %.3f s, done: %s" % (what, faults.code_of(reply), seconds, done))
        tap.ok(reply.status in (200, 201, 204) or faults.code_of(reply) == UNKNOWN, "%s: told as what it is" % what, reply)
        tap.ok(done or reply.status == 503, "%s: what was acknowledged is there" % what)
        tap.ok(done or when == "before", "%s: it was done" % what)
        tap.ok(seconds < ANSWERED, "%s: in time" % what, seconds)


def trash_reset(w):
    """A deletion into the trash is two writes: whichever is cut off, it is there or can be restored."""
    with w.server.gateway("--loops", "1", uri=w.between.uri) as g:
        admin = w.server.client(g)
        for n, (when, operation) in enumerate((when, operation) for operation in ("add", "rename") for when in ("before", "middle", "after")):
            place = "/v1/aliases/t%d@link.example" % n
            made = admin.put(place, {"destinations": ["a@elsewhere.example"]}).json
            w.between.do("reset", when, operation, made["id"] if operation == "add" else "t%d@link" % n)
            reply, seconds = faults.timed(admin.delete, place)
            w.well()
            gateway.until(lambda: admin.get("/v1/domains/link.example").status == 200, "this one, too", 15)
            there, kept = admin.get(place).status, admin.get("/v1/trash/" + made["id"]).status
            what = "%s of a deletion into the trash, reset %s the reply" % (operation, {"middle": "within"}.get(when, when))
            tap.note("%s: %s after %.3f s" % (what, faults.code_of(reply), seconds))
            tap.ok((there, kept) == ((404, 200) if reply.status == 204 else (200, 404)), "%s: told as what it is" % what, (reply, there, kept))
            if there == 404:
                tap.is_(admin.post("/v1/trash/%s/restore" % made["id"], None).status, 200, "%s: it can be restored" % what)
            tap.ok(seconds < ANSWERED, "%s: in time" % what, seconds)
        results_of_moves(w, admin)


def results_of_moves(w, admin):
    """What slapd may say to the move into the trash is told as of a deletion, unless by its rules there is no trash."""
    place, wrong = "/v1/aliases/codes@link.example", {}
    for code, told in RESULTS.items():
        if told[2] is None or code in (0, 66):
            continue
        admin.put(place, {"destinations": ["a@elsewhere.example"]})
        w.between.do("answer", code, "rename", "codes@link.example")
        reply = admin.delete(place)
        w.between.do("pass")
        want = 204 if code in (32, 50, 123) else told[2]
        if want not in (reply.status, faults.code_of(reply)):
            wrong[code] = (faults.code_of(reply), want)
    tap.is_(wrong, {}, "each result of the move is told as what it means")


def reads_reset(w):
    """A search and a login are tried again by themselves."""
    for operation, ask in (("search", w.get),
                           ("bind", lambda: w.admin.as_("admin", "wrong").get("/v1/me"))):
        for when in ("before", "middle", "after"):
            w.between.do("reset", when, operation)
            reply, seconds = faults.timed(ask)
            tap.is_(reply.status, 200 if operation == "search" else 401, "%s, reset %s: answered" % (operation, when))
            tap.note("%s, reset %s: after %.3f s" % (operation, when, seconds))
            w.well()


def delayed(w):
    """Slow answers are waited for, too slow ones are not, and the circuit closes by itself."""
    w.between.do("delay", 700)
    reply, seconds = faults.timed(w.get)
    tap.ok(reply.status == 200 and seconds >= 0.7, "answers that come late are waited for", (reply, seconds))
    tap.note("each answer 0.7 s late: %.2f s" % seconds)
    w.between.do("delay", 3000)
    replies = [faults.timed(w.get) for _ in range(6)]
    tap.ok({reply.status for reply, _ in replies} <= {503, 504}, "too late: given up", replies)
    tap.ok(max(seconds for _, seconds in replies) < ANSWERED, "in time", replies)
    tap.note("each answer 3 s late: %s" % ", ".join("%d after %.2f s" % (reply.status, seconds) for reply, seconds in replies))
    tap.note("well again after %.2f s" % w.well())
    tap.ok(True, "then all is well")


def lost(w):
    """What goes one way vanishes: given up in time, then refused at once, then another connection."""
    for way in ("up", "down", "both"):
        client = w.newcomer(way)
        w.between.do("lose", way, time.time())
        began = time.monotonic()
        first, seconds = faults.timed(client.get, "/v1/me")
        tap.ok(first.status == 504 and seconds < ANSWERED, "lost %s: the first is given up" % way, (first, seconds))
        second, later = faults.timed(client.get, "/v1/me")
        tap.ok(faults.code_of(second) == (503, "directory_slow") and later < 0.5, "lost %s: the next is refused at once" % way,
               (second, later))
        tap.is_(w.gateway.client().get("/readyz").status, 503, "lost %s: /readyz tells" % way)
        gateway.until(lambda: w.get().status == 200, "another connection", OPENED_ANEW)
        tap.note("lost %s: %d after %.2f s, then %.4f s, another connection after %.1f s" % (
            way, first.status, seconds, later, time.monotonic() - began))
        w.well()
    w.between.do("lose", "down", time.time())
    reply, seconds = faults.timed(w.admin.post, "/v1/domains", {"name": "lost.example"})
    tap.ok(faults.code_of(reply) == UNKNOWN or reply.status in (201, 503, 504), "a write whose answer is lost", reply)
    tap.note("a write whose answer is lost: %s after %.2f s" % (faults.code_of(reply), seconds))
    w.between.do("pass")
    gateway.until(lambda: w.get().status == 200, "another connection", OPENED_ANEW)
    held = w.get("lost.example")
    # Where the machine is busy, it is the answer to a question before it that is lost.
    told = reply.status == 201 or faults.code_of(reply) == UNKNOWN
    tap.is_(held.status, 200 if told else 404, "it was done, unless something else was told")


INTERNAL = (500, "internal")
CONTENDED = (503, "contended")
# What slapd may say to a write, and what a client is told: of a change, a creation, a deletion. None: it is never said to that.
RESULTS = {
    0: (200, 201, 204),
    1: (INTERNAL, INTERNAL, INTERNAL),
    2: (INTERNAL, INTERNAL, INTERNAL),
    3: ((504, "directory_slow"),) * 3,
    4: (INTERNAL, INTERNAL, INTERNAL),
    10: ((503, "read_only"),) * 3,
    11: ((504, "directory_limit"),) * 3,
    16: (CONTENDED, None, None),
    17: (INTERNAL, INTERNAL, None),
    18: (INTERNAL, INTERNAL, None),
    19: ((422, "directory_constraint"), (422, "directory_constraint"), None),
    20: (CONTENDED, None, None),
    21: ((422, "directory_syntax"), (422, "directory_syntax"), None),
    32: ((404, "not_found"), (422, "invalid"), (404, "not_found")),
    34: (INTERNAL, INTERNAL, INTERNAL),
    50: ((403, "forbidden"),) * 3,
    51: ((503, "directory_busy"),) * 3,
    52: ((503, "directory_down"),) * 3,
    53: ((503, "read_only"),) * 3,
    64: (INTERNAL, INTERNAL, None),
    65: ((422, "directory_schema"), (422, "directory_schema"), None),
    66: (None, None, (409, "not_empty")),
    67: (INTERNAL, None, None),
    68: (None, (409, "exists"), None),
    71: (INTERNAL, INTERNAL, INTERNAL),
    118: (INTERNAL, INTERNAL, INTERNAL),
    119: (INTERNAL, INTERNAL, INTERNAL),
    120: (INTERNAL, INTERNAL, INTERNAL),
    121: (INTERNAL, INTERNAL, INTERNAL),
    122: (CONTENDED, None, CONTENDED),
    123: ((403, "forbidden"),) * 3,
}


def results(w):
    """Every result code that a write may get, by the table of docs/reliability.md."""
    place = "/v1/aliases/codes@link.example"
    body = {"address": "codes@link.example", "destinations": ["a@elsewhere.example"]}
    asked = {"modify": lambda: w.admin.patch(place, {"description": "changed"}),
             "add": lambda: w.admin.post("/v1/aliases", body),
             "delete": lambda: w.admin.delete(place)}
    for at, (operation, ask) in enumerate(asked.items()):
        wrong = {}
        for code, told in RESULTS.items():
            if told[at] is None or code == 0:
                continue
            (w.admin.delete if operation == "add" else lambda _: w.admin.post("/v1/aliases", body))(place)
            w.between.do("answer", code, operation, "codes@link.example")
            reply = ask()
            w.between.do("pass")
            if faults.code_of(reply) != told[at]:
                wrong[code] = (faults.code_of(reply), told[at])
        tap.is_(wrong, {}, "%s: each result code is told as what it means" % operation)
        tap.is_(ask().status, RESULTS[0][at], "%s: and none was done" % operation)
    tap.ok("event=alarm" in w.gateway.log(), "that the gateway may not act for its callers is an alarm")


def shut_out(w):
    """The gateway's own login is refused: nobody is told that his is wrong."""
    w.between.do("refuse")
    time.sleep(0.1)
    w.between.do("answer", 49, "bind", "EXTERNAL")
    replies = [w.get(), w.admin.as_("admin", "wrong").get("/v1/me"), w.admin.delete("/v1/domains/link.example")]
    tap.is_({faults.code_of(reply) for reply in replies}, {(503, "directory_down")}, "the gateway is not let in: it is as if there were no directory")
    w.well()


def refused(w):
    w.between.do("refuse")
    time.sleep(0.1)
    first, seconds = faults.timed(w.get)
    time.sleep(0.3)
    second, later = faults.timed(w.get)
    tap.is_([faults.code_of(first), faults.code_of(second)], [(503, "directory_down")] * 2, "nobody there: told so")
    tap.ok(seconds < 1 and later < 0.5, "at once", (seconds, later))
    tap.note("nobody there: %.3f s, then %.4f s; well again after %.2f s" % (seconds, later, w.well()))


def main():
    with World() as w:
        reads_reset(w)
        writes_reset(w)
        results(w)
        trash_reset(w)
        shut_out(w)
        delayed(w)
        lost(w)
        refused(w)
        tap.is_(w.admin.complaints, [], "every reply is as described")
        tap.is_(w.gateway.stop(), 0, "it ends in order")
        tap.ok("Sanitizer" not in w.gateway.log() and "runtime error" not in w.gateway.log(), "no sanitizer report")
    tap.done()


main()
