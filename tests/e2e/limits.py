#!/usr/bin/python3
"""Limits of a domain: exact however many write at once on two gateways, and what LDAP tools and dying gateways do to them is put right."""

import os
import re
import signal
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.environ.get("top_srcdir") or os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))), "tests", "lib"))

import ldap

import directory
import faults
import gateway
import tap

THREADS = 50
REQUESTS = 1000
LIMIT = 100
REQUEST_SECONDS, WRITE_SECONDS = 6, 2
OPTIONS = ["--http-request-seconds", str(REQUEST_SECONDS), "--ldap-write-seconds", str(WRITE_SECONDS), "--daemon-lease-seconds", "2"]
RAISED = 15  # seconds until what others added counts; two as a rule
EXACT = REQUEST_SECONDS + WRITE_SECONDS + 20  # until all is counted exactly
PATIENT = 60 if os.environ.get("SANITIZED") else 0


class Crowd:
    """Clients on both gateways, each on a thread of its own."""

    def __init__(self, server, gateways):
        self.server = server
        self.clients = [server.client(gateways[n % len(gateways)]) for n in range(THREADS)]

    def each(self, work, items):
        """What work(client, item) answers for each item, in no order; all the items at once."""
        items, answers, errors = list(items), [], []
        lock, barrier = threading.Lock(), threading.Barrier(THREADS)

        def run(client):
            barrier.wait()
            while True:
                with lock:
                    if not items:
                        return
                    item = items.pop()
                try:
                    answer = work(client, item)
                except Exception as error:  # a thread's exception would be lost
                    errors.append(error)
                    return
                with lock:
                    answers.append(answer)

        threads = [threading.Thread(target=run, args=(client,)) for client in self.clients]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        tap.is_(errors, [], "every client came through")
        return answers

    def statuses(self, work, items):
        """How many answers there were of each status."""
        found = {}
        for answer in self.each(work, items):
            found[answer.status] = found.get(answer.status, 0) + 1
        return found


def user(domain, n, **more):
    return dict({"address": "u%04d@%s" % (n, domain)}, **more)


def alias(domain, n):
    return {"address": "a%04d@%s" % (n, domain), "destinations": ["x@elsewhere.example"]}


def counts(client, domain):
    return client.get("/v1/domains/%s?include=counts" % domain).json["counts"]


def tally(server, domain):
    """What the gateways have counted, as the database has it."""
    for entry in server.slapcat("ou=journal," + server.base).split("\n\n"):
        if entry.startswith("dn: cn=%s," % domain):
            pairs = (line.split(": ", 1) for line in entry.split("\n") if ": " in line)
            return {name[len("provostTally"):]: value for name, value in pairs if name.startswith("provostTally")}
    return None


def numbers(server, domain):
    """Its counters alone; None without one."""
    found = tally(server, domain)
    return {name: int(value) for name, value in found.items() if name != "Of"} if found else None


def make(client, domain, **limits):
    reply = client.post("/v1/domains", dict({"name": domain}, **limits))
    tap.is_(reply.status, 201, "create %s with %s" % (domain, limits))


def crowded(crowd, admin, server):
    """A thousand creations at once, of each kind."""
    make(admin, "users.example", max_users=LIMIT)
    began = time.monotonic()
    found = crowd.statuses(lambda c, n: c.post("/v1/users", user("users.example", n)), range(REQUESTS))
    tap.note("%d creations against a limit of %d users: %.1f s" % (REQUESTS, LIMIT, time.monotonic() - began))
    tap.is_(found, {201: LIMIT, 409: REQUESTS - LIMIT}, "as many users are made as the domain may have, and not one more")
    tap.is_(counts(admin, "users.example"), {"users": LIMIT, "aliases": 0, "quota_bytes": 0}, "they are there")
    tap.is_(numbers(server, "users.example"), {"Users": LIMIT}, "and counted, and nothing else is")
    reply = admin.post("/v1/users", user("users.example", REQUESTS))
    tap.is_((reply.status, reply.json["code"], reply.json.get("counts")), (409, "limit_reached", {"users": LIMIT, "max_users": LIMIT}),
            "the problem names the limit and what there is")
    tap.is_(admin.post("/v1/aliases", alias("users.example", 1)).status, 201, "what is not limited goes on")

    make(admin, "aliases.example", max_aliases=LIMIT)
    found = crowd.statuses(lambda c, n: c.post("/v1/aliases", alias("aliases.example", n)), range(REQUESTS))
    tap.is_(found, {201: LIMIT, 409: REQUESTS - LIMIT}, "as many aliases as it may have")
    tap.is_(counts(admin, "aliases.example")["aliases"], LIMIT, "they are there")

    # Quotas of 1 to 9: every sum up to the limit can come about, none above.
    make(admin, "quota.example", quota_bytes=1000)
    found = crowd.each(lambda c, n: (c.post("/v1/users", user("quota.example", n, quota_bytes=n % 9 + 1)), n % 9 + 1), range(REQUESTS))
    given = sum(quota for reply, quota in found if reply.status == 201)
    refused = [quota for reply, quota in found if reply.status == 409]
    tap.is_(sorted({reply.status for reply, _ in found}), [201, 409], "creations under a domain's quota")
    tap.ok(given <= 1000 and all(quota > 1000 - given for quota in refused), "quotas are given until the rest does not do",
           "%d given, refused at least %d" % (given, min(refused)))
    tap.is_((counts(admin, "quota.example")["quota_bytes"], numbers(server, "quota.example")), (given, {"QuotaBytes": given}), "the sum is what is there")


def quotas_needed(admin):
    """Where users share a quota, each has one."""
    make(admin, "share.example", quota_bytes=100)
    for body in {}, {"quota_bytes": 0}, {"quota_bytes": None}:
        reply = admin.post("/v1/users", user("share.example", 1, **body))
        tap.is_((reply.status, [fault["pointer"] for fault in reply.json["errors"]]), (422, ["/quota_bytes"]), "no quota there: %s" % body)
    tap.is_(admin.post("/v1/users", user("share.example", 1, quota_bytes=101)).json["code"], "limit_reached", "nor more than there is")
    admin.patch("/v1/domains/share.example", {"default_user_quota_bytes": 40})
    tap.is_([admin.post("/v1/users", user("share.example", n)).status for n in range(3)], [201, 201, 409], "the domain's default counts")
    first = "/v1/users/u0000@share.example"
    tap.is_(admin.patch(first, {"quota_bytes": 61}).status, 409, "nobody grows beyond it")
    tap.is_(admin.patch(first, {"quota_bytes": 60}).status, 200, "but up to it")
    tap.is_(admin.patch(first, {"quota_bytes": 0}).status, 422, "and nobody gets rid of his quota")
    tap.is_(admin.patch(first, {"name": "x"}).status, 200, "other changes do not matter")
    tap.is_(admin.patch(first, {"quota_bytes": 20}).status, 200, "what is given back")
    tap.is_(admin.post("/v1/users", user("share.example", 2)).status, 201, "is there for others")
    tap.is_(admin.put("/v1/users/u0003@share.example", {"quota_bytes": 1}).status, 409, "a PUT that creates is held to it")


def included(admin):
    """What is shown on request only."""
    target = "/v1/domains/users.example"
    plain, shown = admin.get(target), admin.get(target + "?include=counts")
    tap.is_(shown.json, dict(plain.json, counts={"users": LIMIT, "aliases": 1, "quota_bytes": 0}), "a domain, and what is in it")
    tap.is_(shown.headers["ETag"], plain.headers["ETag"], "which does not change its tag")
    tap.is_(admin.get(target + "?include=counts,counts").json, shown.json, "asked for twice it is shown once")
    for word in "", "count", "counts,", ",counts", "counts,aliases", "COUNTS":
        reply = admin.get(target + "?include=" + word)
        tap.is_((reply.status, reply.json["code"]), (400, "parameter_malformed"), "include=" + word)
    tap.is_(admin.get("/v1/domains/none.example?include=counts").status, 404, "of what is not there nothing is shown")


def looking(admin, server):
    """Who may look, and no more, takes nobody's room, be it for a moment."""
    make(admin, "room.example", max_users=3, quota_bytes=100)
    admin.post("/v1/users", user("room.example", 0, quota_bytes=5, password="viewer"))
    login = user("room.example", 0)["address"]
    server.admin().modify_s(server.domain("room.example"), [(ldap.MOD_ADD, "provostViewer", [server.address(login).encode()])])
    viewer, before = admin.as_(login, "viewer"), server.slapcat("ou=journal," + server.base)
    tap.is_(viewer.get("/v1/domains/room.example?include=counts").json["counts"]["users"], 1, "a viewer looks")
    tap.is_(viewer.post("/v1/users", user("room.example", 1, quota_bytes=5)).status, 403, "and makes no user")
    tap.is_(viewer.patch("/v1/users/" + login, {"quota_bytes": 50}).status, 403, "nor room for himself")
    csn = [re.findall(r"dn: cn=room.example,.*?entryCSN: (\S+)", text, re.S) for text in (before, server.slapcat("ou=journal," + server.base))]
    tap.is_(csn[0], csn[1], "nothing was counted for that")
    tap.ok(csn[0], "as its tally shows")


def mixed(crowd, admin, server):
    """Users come and go, and their quotas change; never are there too many."""
    make(admin, "mixed.example", max_users=20, quota_bytes=200, default_user_quota_bytes=5)
    seen, stop = [], threading.Event()

    def watch():
        client = admin.as_(admin.login, admin.password)
        while not stop.is_set():
            seen.append(counts(client, "mixed.example"))

    def work(client, n):
        target = "/v1/users/" + user("mixed.example", n % 40)["address"]
        if n % 3 == 0:
            return client.post("/v1/users", user("mixed.example", n % 40, quota_bytes=n % 19 + 1))
        if n % 3 == 1:
            return client.patch(target, {"quota_bytes": n % 23 + 1})
        return client.delete(target)

    watcher = threading.Thread(target=watch)
    watcher.start()
    found = crowd.statuses(work, range(REQUESTS))
    stop.set()
    watcher.join()
    tap.note("mixed: %s" % found)
    tap.is_(sorted(found), [200, 201, 204, 404, 409], "users come, change and go")
    tap.ok(max(c["users"] for c in seen) <= 20 and max(c["quota_bytes"] for c in seen) <= 200, "never too much of them", seen[-1])
    there = counts(admin, "mixed.example")
    tap.is_(numbers(server, "mixed.example"), {"Users": there["users"], "QuotaBytes": there["quota_bytes"]}, "in the end all that is there is counted")


def renamed(admin, server):
    make(admin, "renames.example", max_users=1, max_aliases=1)
    admin.post("/v1/users", user("renames.example", 1))
    tap.is_(admin.patch("/v1/users/u0001@renames.example", {"address": "v@renames.example"}).status, 200, "a rename needs no room")
    tap.is_(numbers(server, "renames.example"), {"Users": 1, "Aliases": 0}, "and changes no counter")
    tap.is_(admin.patch("/v1/users/v@renames.example?keep_old_address=true", {"address": "w@renames.example"}).status, 200,
            "the old address as an alias")
    tap.is_(admin.patch("/v1/users/w@renames.example?keep_old_address=true", {"address": "x@renames.example"}).json["code"], "limit_reached",
            "is one of them")
    tap.is_(admin.post("/v1/aliases", alias("renames.example", 1)).status, 409, "and no other fits in")


def removed(admin, server):
    """A domain of the same name is another one."""
    make(admin, "gone.example", max_users=2)
    for n in range(2):
        admin.post("/v1/users", user("gone.example", n))
    of = tally(server, "gone.example")["Of"]
    tap.is_(admin.delete("/v1/domains/gone.example?recursive=true").status, 204, "delete a domain with all in it")
    tap.is_(tally(server, "gone.example"), None, "nothing is counted any more")
    make(admin, "gone.example", max_users=2)
    tap.is_([admin.post("/v1/users", user("gone.example", n)).status for n in range(3)], [201, 201, 409], "another of that name begins anew")
    tap.ok(tally(server, "gone.example")["Of"] != of, "with a tally of its own")
    for n in range(2):
        admin.delete("/v1/users/" + user("gone.example", n)["address"])
    tap.is_(admin.delete("/v1/domains/gone.example").status, 204, "delete it when it is empty")
    tap.is_(tally(server, "gone.example"), None, "nothing is left of that")


def changed(crowd, admin, server):
    """Limits may be changed, also to less than there is."""
    make(admin, "limits.example")
    tap.is_([admin.post("/v1/users", user("limits.example", n)).status for n in range(5)], [201] * 5, "users of a domain without limits")
    tap.is_(tally(server, "limits.example"), None, "are not counted")
    tap.is_(admin.patch("/v1/domains/limits.example", {"max_users": 3}).status, 200, "a limit below what there is may be set")
    tap.is_(admin.post("/v1/users", user("limits.example", 9)).status, 409, "and nothing is added")
    admin.patch("/v1/domains/limits.example", {"max_users": None})
    admin.post("/v1/users", user("limits.example", 5))
    admin.patch("/v1/domains/limits.example", {"max_users": 7})
    tap.is_([admin.post("/v1/users", user("limits.example", n)).status for n in (6, 7)], [201, 409], "limited again: what came meanwhile is counted")

    def work(client, n):
        if n % 50 == 0:
            return client.patch("/v1/domains/limits.example", {"max_users": 7 + n // 10})
        return client.post("/v1/users", user("limits.example", 100 + n))

    found = crowd.statuses(work, range(REQUESTS // 2))
    tap.ok(set(found) <= {200, 201, 409}, "limits change while users are made", found)
    highest = 7 + (REQUESTS // 2 - 1) // 50 * 5
    there = counts(admin, "limits.example")["users"]
    tap.ok(there <= highest, "never more than the highest of them", "%d of %d" % (there, highest))


def native(admin, server):
    """What LDAP tools write is not refused, but it counts."""
    make(admin, "native.example", max_users=5)
    tap.is_(admin.post("/v1/users", user("native.example", 0)).status, 201, "one user of five")
    tool = server.admin()
    for n in range(1, 8):
        address = user("native.example", n)["address"]
        tool.add_s(server.address(address), directory.add_list(directory.user_entry(address)))
    began = time.monotonic()
    gateway.until(lambda: numbers(server, "native.example") == {"Users": 8}, "what was added with LDAP tools to count", RAISED + PATIENT)
    tap.note("users added with LDAP tools count after %.1f s" % (time.monotonic() - began))
    reply = admin.post("/v1/users", user("native.example", 100))
    tap.is_((reply.status, reply.json["code"], reply.json["counts"]), (409, "limit_reached", {"users": 8, "max_users": 5}),
            "users beyond the limit, made with LDAP tools: none is made over HTTP")
    for n in range(1, 8):
        tool.delete_s(server.address(user("native.example", n)["address"]))
    began = time.monotonic()
    gateway.until(lambda: numbers(server, "native.example") == {"Users": 1}, "what was deleted with LDAP tools to count no more", EXACT + PATIENT)
    tap.note("and deleted, they no longer count after %.1f s" % (time.monotonic() - began))
    tap.is_(admin.post("/v1/users", user("native.example", 100)).status, 201, "and there is room again")


def killed(server, admin, victim):
    """What a gateway had counted when it was killed, and did not write."""
    make(admin, "killed.example", max_users=5000, quota_bytes=10 ** 6)
    admin.post("/v1/users", user("killed.example", 9999, quota_bytes=1))
    stop, leaked = threading.Event(), 0

    def work(client, n):
        while not stop.is_set():
            n += THREADS
            try:
                client.post("/v1/users", user("killed.example", n, quota_bytes=7))
            except (OSError, gateway.http.client.HTTPException):
                return

    threads = [threading.Thread(target=work, args=(server.client(victim), n)) for n in range(THREADS)]
    for thread in threads:
        thread.start()
    time.sleep(1)
    os.kill(victim.process.pid, signal.SIGKILL)
    victim.process.wait()
    stop.set()
    for thread in threads:
        thread.join()
    there, counted = counts(admin, "killed.example"), numbers(server, "killed.example")
    leaked = counted["Users"] - there["users"]
    tap.ok(leaked >= 0 and counted["QuotaBytes"] - there["quota_bytes"] == 7 * leaked, "a gateway is killed over creations: none of them is not counted",
           (counted, there))
    tap.note("%d were counted and not made" % leaked)
    began = time.monotonic()
    right = {"Users": there["users"], "QuotaBytes": there["quota_bytes"]}
    gateway.until(lambda: numbers(server, "killed.example") == right, "the counters to be put right", EXACT + PATIENT)
    tap.note("put right %.1f s after" % (time.monotonic() - began))
    tap.is_(counts(admin, "killed.example"), there, "and nothing came late")


def speed(crowd, admin):
    """What a limit costs."""
    make(admin, "free.example")
    make(admin, "held.example", max_users=100000, quota_bytes=2 ** 50)
    took = {"free.example": 0, "held.example": 0}
    for n in range(500):
        for domain in took:
            began = time.monotonic()
            admin.post("/v1/users", user(domain, n, quota_bytes=1))
            took[domain] += time.monotonic() - began
    tap.note("one after the other: %.2f ms a user, %.2f ms in a domain with limits" % (took["free.example"] * 2, took["held.example"] * 2))
    for domain in took:
        began = time.monotonic()
        crowd.statuses(lambda c, n: c.post("/v1/users", user(domain, n, quota_bytes=1)), range(1000, 3000))
        tap.note("%d clients: %.0f users/s in %s" % (THREADS, 2000 / (time.monotonic() - began), domain))


def main():
    with faults.Server() as server, server.gateway(*OPTIONS) as first, server.gateway(*OPTIONS) as second:
        admin = server.client(first)
        crowd = Crowd(server, [first, second])
        crowded(crowd, admin, server)
        included(admin)
        quotas_needed(admin)
        looking(admin, server)
        mixed(crowd, admin, server)
        renamed(admin, server)
        removed(admin, server)
        changed(crowd, admin, server)
        native(admin, server)
        if os.environ.get("MEASURE"):
            speed(crowd, admin)
        complaints = admin.complaints + [c for client in crowd.clients for c in client.complaints]
        killed(server, admin, second)
        tap.is_(complaints, [], "every reply was as described")
        for g in first, second:
            tap.ok("Sanitizer" not in g.log() and "job-failed" not in g.log(), "no sanitizer report, no job that failed", g.log()[-4000:])
    tap.done()


main()
