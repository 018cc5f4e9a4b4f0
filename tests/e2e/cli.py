#!/usr/bin/python3
"""The command-line client: every command against a real gateway, prompts and tables on a terminal of its own."""

import csv
import json
import os
import pty
import re
import select
import signal
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.environ.get("top_srcdir") or os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))), "tests", "lib"))

import gateway
import tap

PROVOST = os.path.join(gateway.BUILD, "provost")
DONE, FAILED, MISUSED, NOT_FOUND, CONFLICT, REFUSED, DENIED, UNAVAILABLE, UNKNOWN = range(9)
SECONDS = 60


class Caller:
    """Runs provost for somebody, without a terminal."""

    def __init__(self, g, **variables):
        self.g = g
        self.env = {k: v for k, v in os.environ.items() if not k.startswith("PROVOST_")}
        self.env.update({"PROVOST_URL": "http://" + g.address}, **variables)

    def run(self, *words, given=None, env=None):
        return subprocess.run([PROVOST, *words], capture_output=True, text=True, timeout=SECONDS, input=given or "",
                              env=dict(self.env, **(env or {})), start_new_session=True)

    def good(self, *words, given=None):
        """What it prints; it has to end well."""
        done = self.run(*words, given=given)
        if done.returncode != DONE or done.stderr:
            tap.ok(False, "provost " + " ".join(words), (done.returncode, done.stdout, done.stderr))
        return done.stdout

    def bad(self, status, said, *words, given=None, env=None):
        done = self.run(*words, given=given, env=env)
        tap.ok(done.returncode == status and said in done.stderr and done.stdout == "", "%d: %s" % (status, " ".join(words)),
               (done.returncode, done.stdout, done.stderr))
        return done.stderr

    def record(self, *words):
        """The members that it prints, a line each."""
        return dict(line.split("\t", 1) for line in self.good(*words).splitlines())

    def json(self, *words):
        return json.loads(self.good(*words, "--json"))


class Terminal:
    """Runs provost on a terminal, and types there."""

    def __init__(self, caller, *words):
        self.child, self.fd = pty.fork()
        if self.child == 0:
            os.environ.clear()
            os.environ.update(caller.env, TERM="xterm", COLUMNS="200", LC_ALL="C.UTF-8")
            os.execv(PROVOST, [PROVOST, *words])
        self.said = ""

    def read(self, until=None):
        """What it has said, up to those words, or all of it."""
        deadline = time.monotonic() + SECONDS
        while until is None or until not in self.said:
            ready, _, _ = select.select([self.fd], [], [], max(0, deadline - time.monotonic()))
            try:
                got = os.read(self.fd, 65536).decode() if ready else ""
            except OSError:
                got = ""
            if not got:
                break
            self.said += got
        said, self.said = self.said, ""
        return said

    def type(self, prompt, text):
        said = self.read(prompt)
        os.write(self.fd, text.encode())
        return said

    def end(self):
        said = self.read()
        _, status = os.waitpid(self.child, 0)
        os.close(self.fd)
        return os.waitstatus_to_exitcode(status), said.replace("\r\n", "\n")


def records(admin, c):
    """Make, read, list, change, remove."""
    got = c.record("domain", "add", "example.org", "--description", "Ours", "--default-user-quota-bytes", "10G")
    tap.is_((got["name"], got["kind"], got["default_user_quota_bytes"]), ("example.org", "local", str(10 << 30)), "domain add tells what was made")
    c.good("domain", "add", "example.net", "--kind", "alias", "--target", "example.org")
    tap.is_(c.good("domain", "list"), "example.net\talias\tenabled\texample.org\t\t\nexample.org\tlocal\tenabled\t\t\tOurs\n", "domain list, with tabs")
    got = c.record("user", "add", "john@example.org", "--name", "John Doe", "--quota-bytes", "1G", "--generate-password", "--send-as", "@example.org")
    tap.is_((got["name"], got["quota_bytes"], got["send_as"]), ("John Doe", str(1 << 30), "@example.org"), "user add")
    tap.is_(admin.as_("john@example.org", got["generated_password"]).get("/v1/me").status, 200, "with the password that it tells")
    for name in "ann", "bob", "eve":
        c.good("user", "add", name + "@example.org")
    tap.is_(c.good("user", "list", "--domain", "example.org", "--columns", "address,enabled"),
            "ann@example.org\tyes\nbob@example.org\tyes\neve@example.org\tyes\njohn@example.org\tyes\n", "user list, and the columns that are wanted")
    tap.is_(c.json("user", "show", "john@example.org"), admin.get("/v1/users/john@example.org").json, "--json is what the API says")
    got = c.record("user", "set", "john@example.org", "--name", "Johnny", "--unset", "quota-bytes", "--enabled", "no")
    tap.is_((got["name"], got["quota_bytes"], got["state"]), ("Johnny", str(10 << 30), "disabled"), "user set, and --unset")
    got = c.record("user", "set", "john@example.org", "--address", "jim@example.org", "--keep-old-address")
    tap.is_((got["address"], admin.get("/v1/aliases/john@example.org").status), ("jim@example.org", 200), "another address")
    got = c.record("alias", "add", "sales@example.org", "ann@example.org", "bob@example.org")
    tap.is_(got["destinations"], "ann@example.org,bob@example.org", "alias add takes destinations as words")
    got = c.record("alias", "set", "sales@example.org", "--add-destination", "eve@example.org", "--remove-destination", "Ann@example.org",
                   "--description", "Who sells")
    tap.is_((got["destinations"], got["description"]), ("bob@example.org,eve@example.org", "Who sells"), "alias set adds and removes")
    got = c.record("alias", "set", "sales@example.org", "--destination", "ann@example.org", "--send-as-allowed", "yes")
    tap.is_((got["destinations"], got["send_as_allowed"]), ("ann@example.org", "yes"), "or has others in their place")
    tap.is_(c.good("alias", "list", "--domain", "example.org").count("\n"), 2, "alias list")
    tap.is_(c.good("alias", "remove", "sales@example.org"), "", "alias remove says nothing")
    tap.is_(c.good("trash", "list", "--columns", "kind,name"), "alias\tsales@example.org\n", "trash list")
    ident = c.good("trash", "list", "--columns", "id").strip()
    c.good("trash", "restore", ident)
    tap.is_(admin.get("/v1/aliases/sales@example.org").status, 200, "trash restore")
    got = c.record("principal", "add", "rex", "--reseller-max-domains", "3", "--reseller-quota-bytes", "1T", "--generate-password")
    tap.is_((got["reseller.max_domains"], got["reseller.quota_bytes"]), ("3", str(1 << 40)), "principal add, with budgets")
    got = c.record("principal", "set", "rex", "--reseller-max-domains", "5")
    tap.is_((got["reseller.max_domains"], got["reseller.quota_bytes"]), ("5", str(1 << 40)), "principal set leaves the others")
    c.good("role", "set", "example.org", "rex", "administrator")
    tap.is_(c.good("role", "list", "example.org", "--columns", "login,role"), "rex\tadministrator\n", "role set and list")
    c.good("role", "remove", "example.org", "rex")
    tap.is_(c.good("role", "list", "example.org"), "", "role remove")
    c.good("principal", "remove", "rex")
    tap.ok("rex" not in c.good("principal", "list"), "principal remove")
    tap.is_(c.good("audit", "list", "--object", "rex", "--columns", "action").splitlines()[0], "delete", "audit list has it")


def errors(c):
    c.bad(NOT_FOUND, "404", "user", "show", "none@example.org")
    c.bad(CONFLICT, "in the way: /v1/users/ann", "user", "add", "ann@example.org")
    c.bad(CONFLICT, "(409", "domain", "remove", "example.org")
    said = c.bad(REFUSED, "--expires-at: ", "user", "add", "new@example.org", "--expires-at", "tomorrow", "--recovery-address", "x")
    tap.ok("--recovery-address: " in said, "all faults are told, by the names of options", said)
    c.bad(NOT_FOUND, "not among destinations", "alias", "set", "sales@example.org", "--remove-destination", "nobody@example.org")
    c.bad(DENIED, "401", "user", "list", env={"PROVOST_PASSWORD": "wrong"})
    c.bad(UNAVAILABLE, "127.0.0.1:1", "user", "list", "--url", "http://127.0.0.1:1")
    c.bad(MISUSED, "https://", "user", "list", "--url", "http://192.0.2.1:8080")
    for words in [("user",), ("user", "nonsense"), ("nonsense",), (), ("user", "show"), ("user", "show", "a@b.example", "c"), ("user", "list", "--nonsense"),
                  ("user", "set", "ann@example.org"), ("user", "add", "new@example.org", "--quota-bytes", "many"),
                  ("user", "add", "new@example.org", "--enabled", "perhaps"), ("user", "set", "ann@example.org", "--unset", "nonsense"),
                  ("user", "add", "new@example.org", "--generate-password", "--new-password-file", "-")]:
        c.bad(MISUSED, "provost", *words)


def main():
    with gateway.Gateway() as g:
        admin = g.admin()
        c = Caller(g, PROVOST_PASSWORD=admin.password)
        records(admin, c)
        errors(c)
    tap.done()


main()
