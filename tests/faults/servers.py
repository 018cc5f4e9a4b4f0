#!/usr/bin/python3
"""A directory that is killed, restarts, is read-only, full, out of descriptors: what clients are told, and that it recovers by itself."""

import os
import re
import signal
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.environ.get("top_srcdir") or os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))), "tests", "lib"))

import directory
import faults
import gateway
import tap

WELL = 15  # seconds for what takes one


class Watcher:
    """Asks all the time; afterwards: what it was told, how long that took, and for how long nothing was answered well."""

    def __init__(self, ask):
        self.ask = ask
        self.told = []
        self.stop = threading.Event()
        self.thread = threading.Thread(target=self.watch, daemon=True)

    def watch(self):
        while not self.stop.is_set():
            reply, seconds = faults.timed(self.ask)
            self.told.append((time.monotonic(), faults.code_of(reply), seconds))
            time.sleep(0.005)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.stop.set()
        self.thread.join(20)

    def codes(self):
        return {code for _, code, _ in self.told}

    def away(self):
        """The seconds from the last good answer before the first bad one to the next good one."""
        bad = [n for n, (_, code, _) in enumerate(self.told) if code[0] != 200]
        if not bad:
            return 0.0
        last = max(bad)
        return (self.told[last + 1][0] if last + 1 < len(self.told) else time.monotonic()) - self.told[max(bad[0] - 1, 0)][0]

    def longest(self):
        return max(seconds for _, _, seconds in self.told)


def killed(what, g, admin, kill, revive):
    """kill -9, and a start; nothing acknowledged is lost."""
    admin.post("/v1/domains", {"name": "kill.example"})
    watched = admin.as_("admin", admin.password)
    with Watcher(lambda: watched.get("/v1/domains/kill.example")) as watcher:
        time.sleep(0.2)
        kill()
        # What fails is refused at once, once the first moment is over.
        time.sleep(0.05)
        revive()
        gateway.until(lambda: watcher.told[-1][1][0] == 200 and time.monotonic() - watcher.told[0][0] > 1.5, "recovery", WELL)
        alive = g.client().get("/livez").status
    tap.ok(watcher.codes() <= {(200, None), (503, "directory_down"), (503, "directory_busy")}, "%s: 503 meanwhile" % what, watcher.codes())
    tap.note("%s: not answered for %.2f s; the longest answer took %.3f s" % (what, watcher.away(), watcher.longest()))
    tap.ok(watcher.longest() < 3, "%s: nothing waits long" % what)
    tap.is_(alive, 200, "%s: /livez" % what)


def killed_own():
    with gateway.Gateway("--loops", "2", ldap_port=False) as g:
        killed("killed, own", g, g.admin(), lambda: os.kill(faults.slapd_of(g), signal.SIGKILL), lambda: None)


def killed_and_restarted():
    with faults.Server() as server, server.gateway("--loops", "2") as g:
        admin = server.client(g)
        killed("killed, external", g, admin, server.kill, server.restart)

        def restart():
            server.stop()
            server.restart()
        killed("restarted in order", g, admin, restart, lambda: None)
        server.kill()
        time.sleep(1.5)
        reply, seconds = faults.timed(admin.get, "/v1/domains/kill.example")
        tap.is_(faults.code_of(reply), (503, "directory_down"), "gone for longer: told so")
        tap.ok(seconds < 0.5, "at once", seconds)
        tap.note("gone for longer: 503 after %.4f s" % seconds)
        tap.is_(g.client().get("/readyz").status, 503, "/readyz says so")
        server.restart()
        began = time.monotonic()
        gateway.until(lambda: admin.get("/v1/domains/kill.example").status == 200, "recovery", WELL)
        tap.note("well %.2f s after its start" % (time.monotonic() - began))
        tap.is_(g.stop(), 0, "it ends in order")


def set_option(server, line):
    server.stop()
    server.modify("dn: olcDatabase={1}mdb,cn=config\nchangetype: modify\nreplace: %s\n%s\n" % (line.split(":")[0], line))
    server.restart()


def read_only():
    with faults.Server() as server, server.gateway("--loops", "1") as g:
        admin = server.client(g)
        admin.post("/v1/domains", {"name": "ro.example"})
        set_option(server, "olcReadOnly: TRUE")
        gateway.until(lambda: admin.get("/v1/domains/ro.example").status == 200, "reading", WELL)
        for what, reply in [("a creation", admin.post("/v1/domains", {"name": "ro2.example"})),
                            ("a change", admin.patch("/v1/domains/ro.example", {"description": "x"})),
                            ("a deletion", admin.delete("/v1/domains/ro.example"))]:
            tap.is_(faults.code_of(reply), (503, "read_only"), "read-only: %s is refused" % what)
            tap.ok(reply.headers["Retry-After"], "read-only: it may be tried again")
        tap.is_(admin.get("/v1/domains/ro.example").status, 200, "read-only: reading goes on")
        set_option(server, "olcReadOnly: FALSE")
        gateway.until(lambda: admin.post("/v1/domains", {"name": "ro2.example"}).status == 201, "writing", WELL)
        tap.ok(True, "read-only no more: writing goes on")


def fill(admin, what, names):
    """Create until it is refused; the names that were acknowledged, and the refusal."""
    made = []
    for n in range(names):
        name = "full%05d.example" % n
        reply, seconds = faults.timed(admin.post, "/v1/domains", {"name": name, "description": "x" * 1000})
        if reply.status != 201:
            tap.is_(reply.status, 503, "%s: refused with 503" % what)
            tap.note("%s: after %d creations %s in %.3f s" % (what, n, faults.code_of(reply), seconds))
            return made
        made.append(name)
    tap.ok(False, "%s: it was never full" % what)
    return made


def all_there(admin, made):
    lost = [name for name in made if admin.get("/v1/domains/" + name).status != 200]
    return tap.is_(lost, [], "nothing that was acknowledged is lost")


def map_full():
    small = lambda config: config.replace("olcDbMaxSize: 8589934592", "olcDbMaxSize: 1048576", 1)
    with faults.Server(edit=small) as server, server.gateway("--loops", "1") as g:
        admin = server.client(g)
        made = fill(admin, "map full", 2000)
        tap.ok(admin.get("/v1/domains/" + made[0]).status == 200, "map full: reading goes on")
        tap.is_(g.client().get("/readyz").status, 200, "map full: /readyz")
        set_option(server, "olcDbMaxSize: 104857600")
        gateway.until(lambda: admin.post("/v1/domains", {"name": "room.example"}).status == 201, "writing", WELL)
        tap.ok(True, "with a larger map writing goes on")
        all_there(admin, made)


def can_mount(place):
    if not faults.ROOT:
        return "not root"
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m,mode=700", "provost-test", place], capture_output=True, text=True)
    return done.stderr.strip() if done.returncode else None


class OnSmallDisk(faults.Server):
    """Its database is on a file system of 4 MB."""

    refusal = None

    def slapadd(self, options, text):
        if "-n0" in options:
            self.refusal = can_mount(os.path.join(self.place, "database"))
        return super().slapadd(options, text)

    def remove(self):
        self.stop()
        if not self.refusal:
            subprocess.run(["umount", os.path.join(self.place, "database")], capture_output=True)
        super().remove()


def disk_full():
    with OnSmallDisk() as server:
        if server.refusal:
            tap.skip("disk full", server.refusal)
            return
        with server.gateway("--loops", "1") as g:
            admin = server.client(g)
            made = fill(admin, "disk full", 4000)
            tap.is_(admin.get("/v1/domains/" + made[0]).status, 200, "disk full: reading goes on")
            reply = admin.delete("/v1/domains/" + made[-1])
            tap.ok(reply.status in (204, 503), "disk full: a deletion is done or refused", reply)
            if reply.status == 204:
                made.pop()
            subprocess.run(["mount", "-o", "remount,size=64m", os.path.join(server.place, "database")], check=True)
            began = time.monotonic()
            gateway.until(lambda: admin.post("/v1/domains", {"name": "room.example"}).status == 201, "writing", WELL)
            tap.note("with room again: writing after %.2f s, without a restart" % (time.monotonic() - began))
            all_there(admin, made)


class Waiting(gateway.Gateway):
    """One that is not waited for until it is ready."""

    def _is_ready(self):
        found = re.findall(r"event=serving listen=(\S+)", self.log()[self.told:])
        if found:
            self.address = found[-1]
        return bool(found)


def out_of_descriptors():
    """slapd can take no more connections: who has one goes on, who has none is told."""
    with faults.Server() as server:
        with server.gateway("--loops", "1", "--ldap-remember-millis", "60000") as g:
            admin = server.client(g)
            admin.post("/v1/domains", {"name": "fds.example"})
            used = len(os.listdir("/proc/%d/fd" % server.process.pid))
            subprocess.run(["prlimit", "--pid", str(server.process.pid), "--nofile=%d:" % (used + 8)], check=True)
            hogs = []
            try:
                for _ in range(40):
                    hog = gateway.socket.socket(gateway.socket.AF_UNIX)
                    hog.connect(server.socket_path())
                    hogs.append(hog)
                time.sleep(0.5)
                tap.is_(admin.get("/v1/domains/fds.example").status, 200, "out of descriptors: who is connected goes on")
                with Waiting("--ldap-uri", server.ldapi, "--loops", "1") as other:
                    tap.is_(other.client().get("/livez").status, 200, "out of descriptors: a new one lives")
                    tap.is_(other.client().get("/readyz").status, 503, "out of descriptors: and is not ready")
                    time.sleep(2.5)
                    reply, seconds = faults.timed(server.client(other).get, "/v1/domains/fds.example")
                    tap.is_(reply.status, 503, "out of descriptors: it says so")
                    tap.ok(seconds < 3, "out of descriptors: in time", seconds)
                    tap.note("out of descriptors: %s after %.4f s" % (faults.code_of(reply), seconds))
                    for hog in hogs:
                        hog.close()
                    began = time.monotonic()
                    gateway.until(lambda: server.client(other).get("/v1/domains/fds.example").status == 200, "recovery", WELL)
                    tap.note("with descriptors again: well after %.2f s" % (time.monotonic() - began))
                    tap.ok(True, "with descriptors again all is well")
            finally:
                for hog in hogs:
                    hog.close()


def main():
    killed_own()
    killed_and_restarted()
    read_only()
    map_full()
    disk_full()
    out_of_descriptors()
    tap.done()


main()
