#!/usr/bin/python3
"""A directory that hangs: the first answers come in time, the later ones at once, on every loop, and it recovers."""

import os
import sys
import time

sys.path.insert(0, os.path.join(os.environ.get("top_srcdir") or os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))), "tests", "lib"))

import faults
import gateway
import tap

LOOPS = 4
FIRST = 3.0  # seconds; 2.1 on a machine with nothing else to do
LATER = 0.25
RECOVERY = 3.0


def search(client):
    return client.get("/v1/domains/hung.example")


def many(g, login, password, seconds):
    """Answers on all loops for a while: statuses with codes, and times."""
    return faults.on_every_loop(lambda: g.client(login, password), search, LOOPS, seconds)


def first_answers(g, admin):
    """One that reads, one that changes and one that logs in anew, at the same time, on different connections."""
    fresh = g.client("admin", "wrong")
    return [faults.in_background(faults.timed, function) for function in (
        lambda: search(admin),
        lambda: admin.as_("admin", admin.password).patch("/v1/domains/hung.example", {"description": "x"}),
        lambda: fresh.get("/v1/me"))]


def hang(g):
    admin = g.admin()
    admin.post("/v1/domains", {"name": "hung.example"})
    # Every loop knows who the administrator is, so that searches meet the trouble.
    gateway.until(lambda: {reply.status for (reply, _) in many(g, "admin", admin.password, 5)} == {200}, "every loop", 20)
    with faults.Stopped(faults.slapd_of(g)) as slapd:
        waiting = first_answers(g, admin)
        for (thread, answers), what in zip(waiting, ["a search", "a change", "a login"]):
            thread.join(20)
            reply, seconds = answers[0]
            tap.ok(reply.status in (503, 504) and seconds < FIRST, "%s is given up" % what, (reply, seconds))
            tap.note("%s: %s after %.2f s" % (what, faults.code_of(reply), seconds))
        for login, password, what in [("admin", admin.password, "who is remembered"), ("admin", "unknown", "who is not")]:
            later = many(g, login, password, 10)
            codes = {faults.code_of(reply) for reply, _ in later}
            times = [seconds for _, seconds in later]
            tap.note("%s, later: %s; %s" % (what, codes, faults.millis(times)))
            tap.is_(codes, {(503, "directory_slow")}, "%s: later answers say that it is slow, on every loop" % what)
            tap.ok(sorted(times)[len(times) // 2] < LATER and max(times) < FIRST / 2, "%s: at once" % what, times)
        health = faults.on_every_loop(g.client, lambda client: client.get("/livez"), LOOPS)
        tap.is_({reply.status for reply, _ in health}, {200}, "/livez says that we live")
        tap.note("/livez: " + faults.millis([seconds for _, seconds in health]))
        tap.ok(max(seconds for _, seconds in health) < LATER, "at once")
        ready = faults.on_every_loop(g.client, lambda client: client.get("/readyz"), LOOPS)
        tap.is_({reply.status for reply, _ in ready}, {503}, "/readyz says that nothing can be done, on every loop")
        time.sleep(longer())  # connections are closed and opened anew meanwhile
        reply, seconds = faults.timed(search, g.admin())
        tap.ok(faults.code_of(reply) == (503, "directory_slow") and seconds < FIRST / 2, "and so after a while", (reply, seconds))
        began = time.monotonic()
        slapd.resume()
        gateway.until(lambda: search(g.admin()).status == 200, "recovery", 10)
        once = time.monotonic() - began
        gateway.until(lambda: {reply.status for reply, _ in many(g, "admin", admin.password, 5)} == {200}, "recovery", 10)
        all_of_them = time.monotonic() - began
        tap.note("recovery: the first answer after %.3f s, every loop after %.3f s" % (once, all_of_them))
        tap.ok(all_of_them < RECOVERY, "then all is well at once", all_of_them)
    tap.is_(g.client().get("/readyz").status, 200, "/readyz says so")


def longer():
    return float(os.environ.get("FAULTS_HANG_SECONDS", "7"))


def readiness(g):
    """Nobody but /readyz asks anything: it finds out all the same."""
    with faults.Stopped(faults.slapd_of(g)):
        began = time.monotonic()
        gateway.until(lambda: {r.status for r, _ in faults.on_every_loop(g.client, lambda c: c.get("/readyz"), LOOPS)} == {503},
                      "/readyz", 10)
        tap.note("/readyz alone: all loops say 503 after %.1f s" % (time.monotonic() - began))
        tap.ok(True, "/readyz finds out by itself")
    gateway.until(lambda: {r.status for r, _ in faults.on_every_loop(g.client, lambda c: c.get("/readyz"), LOOPS)} == {200},
                  "/readyz again", 10)


def stop_meanwhile(g):
    """It can be stopped while the directory hangs."""
    with faults.Stopped(faults.slapd_of(g)):
        time.sleep(0.2)
        faults.in_background(search, g.admin())
        time.sleep(2.5)
        status, seconds = faults.timed(g.stop)
        tap.is_(status, 0, "it ends in order while the directory hangs")
        tap.note("stopped after %.1f s" % seconds)
        tap.ok(seconds < 13, "within its limit", seconds)


def main():
    with gateway.Gateway("--loops", str(LOOPS), "--ldap-remember-millis", "60000") as g:
        hang(g)
        readiness(g)
        stop_meanwhile(g)
        tap.ok("Sanitizer" not in g.log() and "runtime error" not in g.log(), "no sanitizer report", g.log()[-4000:])
    tap.done()


main()
