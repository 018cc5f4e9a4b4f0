#!/usr/bin/python3
"""provostd and the slapd it runs: first start, one at a time, killed, hung, stopped in order, and as whom they run."""

import os
import re
import signal
import socket
import stat
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.environ.get("top_srcdir") or os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))), "tests", "lib"))

import faults
import gateway
import tap

PROVOSTD = os.path.join(gateway.BUILD, "provostd")
ROOT = os.geteuid() == 0


def gone(pid):
    try:
        with open("/proc/%d/stat" % pid, encoding="utf-8", errors="replace") as file:
            return file.read().rsplit(")", 1)[1].split()[0] == "Z"
    except OSError:
        return True


def run(*options):
    """Run provostd to its end: exit status and what it said."""
    done = subprocess.run([PROVOSTD, *options], capture_output=True, text=True, timeout=60)
    return done.returncode, done.stdout + done.stderr


def mode(path):
    return stat.S_IMODE(os.stat(path).st_mode)


def first_start(g):
    for name in ["admin-password", "services/postfix", "services/dovecot", "services/signer", "services/sso"]:
        tap.is_(oct(mode(os.path.join(g.state, name))), "0o600", name + " is for its owner alone")
    secrets = {g.secret(name) for name in ["admin-password", "services/postfix", "services/dovecot"]}
    tap.ok(len(secrets) == 3 and min(map(len, secrets)) >= 20, "passwords are long and differ")
    tap.is_(oct(mode(g.state)), "0o700", "the state directory is for its owner alone")
    me = g.admin().get("/v1/me")
    tap.is_((me.status, me.json and me.json["super_administrator"]), (200, True), "admin is super administrator")
    for who, secret in [("uid=admin,ou=principals", "admin-password"), ("cn=postfix,ou=services", "services/postfix")]:
        done = subprocess.run(["ldapwhoami", "-x", "-H", g.ldap_url, "-D", who + ",dc=provost", "-w", g.secret(secret)],
                              capture_output=True)
        tap.is_(done.returncode, 0, who + " can bind over LDAP")
    everything = g.log()
    tap.ok(not any(secret in everything for secret in secrets), "no password is in the log")
    if ROOT:
        provost = int(subprocess.run(["id", "-u", "provost"], capture_output=True, text=True).stdout)
        for pid, name in [(g.process.pid, "provostd"), (faults.slapd_of(g), "slapd")]:
            tap.is_(os.stat("/proc/%d" % pid).st_uid in (provost, 0) and uid_of(pid), provost, name + " is not root")


def uid_of(pid):
    with open("/proc/%d/status" % pid, encoding="utf-8") as file:
        ids = re.search(r"^Uid:\s+(\d+)\s+(\d+)\s+(\d+)\s+(\d+)", file.read(), re.M).groups()
    return int(ids[0]) if len(set(ids)) == 1 else ids


def one_at_a_time(g):
    status, said = run("--state-dir", g.state, "--listen", "127.0.0.1:0")
    tap.ok(status == 1 and "another provostd uses" in said, "a second one on the same state refuses", said)
    status, said = run("--state-dir", g.top + "/other", "--listen", g.address)
    tap.ok(status == 1 and "cannot listen" in said, "a second one on the same port refuses", said)
    tap.is_(g.admin().get("/readyz").status, 200, "the first one goes on")


def slapd_killed(g):
    admin = g.admin()
    tap.is_(admin.post("/v1/domains", {"name": "kill.example"}).status, 201, "a domain is made")
    old = faults.slapd_of(g)
    os.kill(old, signal.SIGKILL)
    gateway.until(lambda: gone(old), "the end of slapd", 5)
    seen = set()

    def back():
        seen.add(g.client().get("/livez").status)
        reply = admin.get("/v1/domains/kill.example")
        seen.add(reply.status)
        return reply.status == 200

    gateway.until(back, "slapd again", 15)
    tap.ok(seen <= {200, 503}, "meanwhile 503, and alive", seen)
    tap.ok(faults.slapd_of(g) != old, "slapd was started again, and holds what it held")


def slapd_hung(g):
    admin = g.admin()
    # Each loop finds its way back by itself; ask often enough to meet them all.
    gateway.until(lambda: {g.admin().get("/v1/me").status for _ in range(8)} == {200}, "every loop's logins", 10)
    with faults.Stopped(faults.slapd_of(g)):
        began = time.monotonic()
        reply = g.admin().get("/v1/domains")
        tap.ok(reply.status in (503, 504) and time.monotonic() - began < 12, "a hung directory is told in time", reply)
        tap.ok(reply.headers["Retry-After"], "with the advice to come again")
        tap.is_(g.client().get("/livez").status, 200, "the health check does not care")
    gateway.until(lambda: admin.get("/v1/domains").status == 200, "recovery", 10)
    tap.ok(True, "it recovers by itself")


def hashing_is_bounded():
    """More passwords than can be hashed: some are refused at once, and reading goes on."""
    with gateway.Gateway("--passwd-workers", "1", "--passwd-queue", "2", "--loops", "1") as g:
        admin = g.admin()
        admin.post("/v1/domains", {"name": "hash.example"})
        statuses, reads = [], []

        def create(i):
            reply = admin.as_("admin", admin.password).post(
                "/v1/users", {"address": "u%d@hash.example" % i, "password": "p%d" % i})
            statuses.append((reply.status, bool(reply.headers["Retry-After"])))

        threads = [threading.Thread(target=create, args=(i,)) for i in range(40)]
        for thread in threads:
            thread.start()
        while any(thread.is_alive() for thread in threads):
            reads.append(admin.get("/v1/domains/hash.example").status)
        for thread in threads:
            thread.join()
        tap.is_({status for status, _ in statuses}, {201, 503}, "what exceeds the queue is refused")
        tap.ok(all(retry for status, retry in statuses if status == 503), "with Retry-After")
        tap.is_(set(reads), {200}, "reading goes on")
        made = len(admin.get("/v1/users?limit=100").json["items"])
        tap.is_(made, sum(status == 201 for status, _ in statuses), "what was refused has made nothing")


def killed_and_stopped():
    with gateway.Gateway() as g:
        slapd = faults.slapd_of(g)
        g.admin().post("/v1/domains", {"name": "again.example"})
        g.stop(signal.SIGKILL)
        gateway.until(lambda: gone(slapd), "the end of slapd", 5)
        tap.ok(True, "slapd does not survive a killed provostd")
        g.start()
        tap.is_(g.admin().get("/v1/domains/again.example").status, 200, "a new one finds everything")
        slapd = faults.slapd_of(g)
        finishing(g)
        tap.ok(gone(slapd), "slapd is stopped with it")
        status, said = run("--state-dir", g.state, "--listen", "127.0.0.1:0", "--base", "dc=other")
        tap.ok(status == 1 and "dc=provost" in said, "another base is refused", said)


def finishing(g):
    """SIGTERM while a request is under way: it is answered."""
    reply = []
    admin = g.admin()
    admin.get("/v1/me")
    pid = faults.slapd_of(g)
    os.kill(pid, signal.SIGSTOP)
    thread = threading.Thread(target=lambda: reply.append(admin.get("/v1/domains/again.example")))
    thread.start()
    gateway.until(lambda: under_way(pid), "the request", 5)
    g.process.send_signal(signal.SIGTERM)
    gateway.until(lambda: "event=stopping" in g.log(), "the stop", 5)
    os.kill(pid, signal.SIGCONT)
    thread.join(20)
    tap.is_([r.status for r in reply], [200], "a request under way is finished")
    tap.is_(g.process.wait(20), 0, "and then it ends in order")


def under_way(slapd):
    """Whether something waits in a socket for slapd."""
    done = subprocess.run(["ss", "-xH", "state", "connected"], capture_output=True, text=True).stdout
    return any(line.split()[2] != "0" and "ldapi" in line for line in done.splitlines() if len(line.split()) > 4)


def other_ways():
    with gateway.Gateway("--base", "o=mail,dc=example,dc=org", "--passwd-scheme", "sha512-crypt") as g:
        admin = g.admin()
        tap.is_(admin.post("/v1/domains", {"name": "base.example"}).status, 201, "with another base")
        tap.is_(admin.post("/v1/users", {"address": "u@base.example", "password": "x"}).status, 201, "and scheme")
        tap.is_(admin.as_("u@base.example", "x").get("/v1/me").status, 200, "its users log in")
        tap.is_(g.stop(), 0, "it ends in order")
    if ROOT:
        as_nobody()
    top = gateway.tempfile.mkdtemp(prefix="provost-")
    os.chmod(top, 0o755)
    with open(top + "/something", "w", encoding="utf-8"):
        pass
    status, said = run("--state-dir", top, "--listen", "127.0.0.1:0")
    tap.ok(status == 1 and "holds something else" in said, "a directory with other things in it is left alone", said)
    tap.is_(oct(mode(top)), "0o755", "and as it was")
    with gateway.Gateway("--state-dir", top + "/deep/below/state") as g:
        tap.is_(g.admin().get("/v1/me").status, 200, "directories above are made")
    gateway.shutil.rmtree(top)
    with socket.socket() as busy:
        busy.bind(("127.0.0.1", 0))
        busy.listen()
        top = gateway.tempfile.mkdtemp(prefix="provost-")
        os.chmod(top, 0o755)
        status, said = run("--state-dir", top + "/state", "--listen", "127.0.0.1:0", "--ldap-listen",
                           "ldap://127.0.0.1:%d" % busy.getsockname()[1])
        gateway.shutil.rmtree(top)
    tap.ok(status == 1 and "giving-up" in said and "errno=98" in said, "a busy LDAP port is told", said)


def as_nobody():
    """Started as a user it needs no root and no system user."""
    top = gateway.tempfile.mkdtemp(prefix="provost-")
    os.chown(top, 65534, 65534)
    wrapper = os.path.join(top, "wrapper")
    with open(wrapper, "w", encoding="utf-8") as file:
        file.write("#!/bin/sh\nexec setpriv --reuid=65534 --regid=65534 --clear-groups %s \"$@\"\n"
                   % os.path.join(top, "provostd"))
    gateway.shutil.copy(PROVOSTD, os.path.join(top, "provostd"))
    os.chmod(wrapper, 0o755)
    try:
        with gateway.Gateway(state=top, binary=wrapper) as g:
            tap.is_(uid_of(faults.slapd_of(g)), 65534, "as a user: slapd runs as he")
            tap.is_(g.admin().get("/v1/me").status, 200, "as a user: it serves")
    finally:
        gateway.shutil.rmtree(top, ignore_errors=True)


def options():
    for given, want in [(["--check-config"], 0), (["--help"], 0), (["--version"], 0), (["--nonsense", "1"], 1),
                        (["--http-connections", "many"], 1), (["--http-connections", "5"], 1), (["--base", "dc=A b"], 1),
                        (["--ldap-uri", "ldaps://x"], 1), (["--ldap-uri", "ldap://x"], 1), (["--passwd-scheme", "md5"], 1),
                        (["--config", "/nonexistent"], 1), (["--ldap-listen", "ldap://a ldap://b"], 1), (["--listen"], 1),
                        (["--log-level", "loud"], 1)]:
        status, said = run(*given, *([] if given[0].startswith(("--help", "--version")) else ["--check-config"]))
        tap.is_(status, want, "provostd " + " ".join(given))
        tap.ok(said.strip(), "it says something: " + said.strip().splitlines()[0])


def memory():
    """What was verified a moment ago is known; what was wrong never is."""
    with gateway.Gateway("--ldap-remember-millis", "60000") as g:
        admin = g.admin()
        admin.post("/v1/domains", {"name": "memory.example"})
        admin.post("/v1/users", {"address": "u@memory.example", "password": "right"})
        user = admin.as_("u@memory.example", "right")
        tap.is_(admin.as_("u@memory.example", "wrong").get("/v1/me").status, 401, "a wrong password is refused")
        tap.is_(user.get("/v1/me").status, 200, "the right one is not")
        tap.is_(admin.as_("u@memory.example", "right ").get("/v1/me").status, 401, "one like it is")
        os.kill(faults.slapd_of(g), signal.SIGSTOP)
        tap.is_(g.client("u@memory.example", "right").get("/livez").status, 200, "slapd is not asked")
        os.kill(faults.slapd_of(g), signal.SIGCONT)
    with gateway.Gateway("--ldap-remember-millis", "0") as g:
        admin = g.admin()
        admin.post("/v1/domains", {"name": "memory.example"})
        admin.post("/v1/users", {"address": "u@memory.example", "password": "right"})
        user = admin.as_("u@memory.example", "right")
        tap.is_(user.get("/v1/me").status, 200, "without a memory: logged in")
        admin.patch("/v1/users/u@memory.example", {"enabled": False})
        tap.is_(user.get("/v1/me").status, 401, "and refused as soon as he is disabled")


def main():
    options()
    with gateway.Gateway() as g:
        first_start(g)
        one_at_a_time(g)
        slapd_killed(g)
        slapd_hung(g)
        tap.is_(g.stop(), 0, "it ends in order")
        tap.ok("Sanitizer" not in g.log() and "runtime error" not in g.log(), "no sanitizer report", g.log()[-4000:])
    killed_and_stopped()
    hashing_is_bounded()
    memory()
    other_ways()
    tap.done()


main()
