#!/usr/bin/python3
"""Each result code slapd may give, for a read, a write and a login: what the client is told. slapd's own overlay retcode gives them."""

import os
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.environ.get("top_srcdir") or os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))), "tests", "lib"))

import directory
import faults
import gateway
import tap

# Code: what a GET is told, and what a DELETE is told. None: the default, 500.
INTERNAL = (500, "internal")
READ_ONLY = (503, "read_only")
UNAVAILABLE = (503, "unavailable")
CODES = {
    1: (INTERNAL, INTERNAL),
    2: (INTERNAL, INTERNAL),
    3: ((504, "directory_slow"), (504, "directory_slow")),
    4: (INTERNAL, INTERNAL),
    7: (INTERNAL, INTERNAL),
    8: (INTERNAL, INTERNAL),
    10: (INTERNAL, READ_ONLY),
    11: ((504, "directory_limit"), (504, "directory_limit")),
    12: (INTERNAL, INTERNAL),
    13: (INTERNAL, INTERNAL),
    17: (INTERNAL, INTERNAL),
    18: (INTERNAL, INTERNAL),
    32: ((404, "not_found"), (404, "not_found")),
    33: (INTERNAL, INTERNAL),
    34: (INTERNAL, INTERNAL),
    50: ((403, "forbidden"), (403, "forbidden")),
    51: ((503, "directory_busy"), (503, "directory_busy")),
    52: ((503, "directory_down"), (503, "directory_down")),
    53: (UNAVAILABLE, READ_ONLY),
    54: (INTERNAL, INTERNAL),
    71: (INTERNAL, INTERNAL),
    80: (UNAVAILABLE, (503, "directory_failed")),
    118: (INTERNAL, INTERNAL),
    119: (INTERNAL, INTERNAL),
    120: (INTERNAL, INTERNAL),
    121: (INTERNAL, INTERNAL),
    123: ((403, "forbidden"), (403, "forbidden")),
}
# What a change is told that gets a code about what it writes.
CONTENDED = (503, "contended")
CHANGES = {1: INTERNAL, 2: INTERNAL, 16: CONTENDED, 17: INTERNAL, 18: INTERNAL, 19: (422, "directory_constraint"), 20: CONTENDED, 21: (422, "directory_syntax"),
           34: INTERNAL, 53: READ_ONLY, 64: INTERNAL, 65: (422, "directory_schema"), 67: INTERNAL, 80: (503, "directory_failed"), 122: CONTENDED}
LOGINS = {49: (401, "unauthenticated"), 50: (401, "unauthenticated"), 51: (503, "directory_busy"), 52: (503, "directory_down"),
          53: UNAVAILABLE, 80: UNAVAILABLE, 3: (504, "directory_slow"), 1: INTERNAL, 8: INTERNAL}

OTHER = "provostDomainName=other.example,ou=domains,dc=provost"
MODULE = """\
dn: cn=module{0},cn=config
changetype: modify
add: olcModuleLoad
olcModuleLoad: retcode
"""
# Whatever is below that domain is the overlay's. Elsewhere entries say themselves what they answer: a deletion reads
# its entry first.
OVERLAY = """\
dn: olcOverlay=retcode,olcDatabase={1}mdb,cn=config
changetype: add
objectClass: olcOverlayConfig
objectClass: olcRetcodeConfig
olcOverlay: retcode
olcRetcodeInDir: TRUE
olcRetcodeParent: provostDomainName=codes.example,ou=domains,dc=provost
"""

# Who logs in is nobody yet, and the overlay looks for his entry as him.
SEEN = """
dn: olcDatabase={1}mdb,cn=config
changetype: modify
add: olcAccess
olcAccess: {0}to dn.children="%s" attrs=entry,objectClass,errCode,errOp,errText,errSleepTime,errMatchedDN by anonymous read by * break
""" % OTHER


def name(code, kind):
    return "code%03d%s@codes.example" % (code, kind)


def items():
    """Names that answer searches with a code."""
    found = []

    def add(address, code, more):
        found.append('olcRetcodeItem: "mail=%s" 0x%02x %s' % (address, code, more))

    for code in CODES:
        add(name(code, "r"), code, "op=search" + (" ref=ldap://elsewhere.example/" if code == 10 else ""))
    add("slow@codes.example", 32, "op=search sleeptime=1")
    add("slower@codes.example", 32, "op=search sleeptime=4")
    add("cut@codes.example", 52, "op=search flags=pre-disconnect")
    add("late@codes.example", 51, "op=search flags=post-disconnect")
    return "\n".join(found) + "\n"


def entries():
    """Users whose deletion, or whose login, answers with a code."""
    text = directory.ldif(OTHER, directory.domain_entry("other.example"))
    items = [("code", code, "delete") for code in CODES if code != 10]  # the overlay would have to name another place
    items += [("change", code, "modify") for code in CHANGES]
    for what, code, operation in items + [("login", code, "bind") for code in LOGINS]:
        address = "%s%03d@other.example" % (what, code)
        entry = directory.user_entry(address, errCode=str(code), errOp=operation)
        entry["objectClass"] = entry["objectClass"] + ["errAuxObject"]
        text += directory.ldif("mail=%s,%s" % (address, OTHER), entry)
    return text


class Server(faults.Server):
    """One with the overlay."""

    def slapadd(self, options, text):
        said = super().slapadd(options, text)
        if "-n0" in options:
            self.modify(MODULE)
            self.modify(OVERLAY + items() + SEEN)
        return said


def table(admin):
    for code, (read, write) in CODES.items():
        tap.is_(faults.code_of(admin.get("/v1/users/" + name(code, "r"))), read, "a read that gets %d" % code)
        if code != 10:
            tap.is_(faults.code_of(admin.delete("/v1/users/code%03d@other.example" % code)), write, "a deletion that gets %d" % code)
    for code, want in CHANGES.items():
        place = "/v1/users/change%03d@other.example" % code
        tap.is_(faults.code_of(admin.patch(place, {"name": "Another"})), want, "a change that gets %d" % code)
        tap.ok(admin.get(place).json["name"] != "Another", "and is not made")
    for code, want in LOGINS.items():
        tap.is_(faults.code_of(admin.as_("login%03d@other.example" % code, "right").get("/v1/me")), want, "a login that gets %d" % code)


def slow(g, admin):
    """One that is slow while others are answered does not open the circuit."""
    reply, seconds = faults.timed(admin.get, "/v1/users/slow@codes.example")
    tap.ok(reply.status in (200, 404) and 0.9 < seconds < 2.5, "a slow answer is waited for", (reply, seconds))
    times, statuses, stop = [], set(), threading.Event()

    def others():
        client = admin.as_("admin", admin.password)
        while not stop.is_set():
            reply, seconds = faults.timed(client.get, "/v1/domains/other.example")
            times.append(seconds)
            statuses.add(reply.status)

    thread = threading.Thread(target=others)
    thread.start()
    reply, seconds = faults.timed(admin.get, "/v1/users/slower@codes.example")
    time.sleep(0.5)
    stop.set()
    thread.join(20)
    tap.ok(faults.code_of(reply) == (504, "directory_slow") and seconds < 3, "one that is slower is given up", (reply, seconds))
    tap.is_(statuses, {200}, "others are answered meanwhile")
    tap.note("given up after %.2f s; others meanwhile: %s" % (seconds, faults.millis(times)))
    alone, seconds = faults.timed(admin.get, "/v1/users/slower@codes.example")
    after = {admin.as_("admin", admin.password).get("/v1/domains/other.example").status for _ in range(8)}
    tap.ok(alone.status == 504 and after == {200}, "nor does one that is slow while nobody else asks", (alone, after))
    tap.ok("directory-silent" not in g.log(), "nothing was found silent", g.log()[-2000:])


def cut(g, admin):
    """slapd closes the connection instead of answering."""
    reply, seconds = faults.timed(admin.get, "/v1/users/cut@codes.example")
    tap.is_(faults.code_of(reply), (503, "directory_down"), "a read that is cut off each time")
    tap.note("after %.2f s" % seconds)
    reply, seconds = faults.timed(admin.get, "/v1/users/late@codes.example")
    tap.ok(reply.status == 503, "a read that is answered and cut off then", (reply, seconds))
    gateway.until(lambda: admin.get("/v1/domains/other.example").status == 200, "another connection", 5)
    tap.ok(True, "then all is well")


def main():
    with Server(entries=entries()) as server:
        with server.gateway("--loops", "1", "--ldap-remember-millis", "60000", "--mail-trash-days", "0") as g:
            admin = server.client(g)
            table(admin)
            # In this order: slapd hangs up only when it has done with slow operations on that connection.
            cut(g, admin)
            slow(g, admin)
            tap.ok("event=alarm" in g.log(), "that the gateway may not act for its callers is an alarm")
            complaints = [text for text in admin.complaints if "500" not in text and "403" not in text]
            tap.is_(complaints, [], "every reply is as described")
            tap.is_(g.stop(), 0, "it ends in order")
            tap.ok("Sanitizer" not in g.log() and "runtime error" not in g.log(), "no sanitizer report", g.log()[-4000:])
    tap.done()


main()
