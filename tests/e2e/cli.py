#!/usr/bin/python3
"""The command-line client: every command against a real gateway, prompts and tables on a terminal of its own."""

import http.server
import json
import os
import pty
import re
import select
import shutil
import signal
import ssl
import subprocess
import sys
import tempfile
import termios
import threading
import time

sys.path.insert(0, os.path.join(os.environ.get("top_srcdir") or os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))), "tests", "lib"))

import authority
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
    tap.is_(c.good("user", "list", "--search", "ann*", "--columns", "address"), "ann@example.org\n", "--search")
    tap.is_((c.good("user", "list", "--enabled", "no"), c.good("domain", "list", "--kind", "alias", "--columns", "name")), ("", "example.net\n"), "--enabled, --kind")
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
    for url in "http://ann:topsecret@127.0.0.1:1", "http://ann:topsecret@127.0.0.1:99999", "https://c.example/?topsecret":
        tap.ok("topsecret" not in c.bad(MISUSED, "a login", "user", "list", "--url", url), "no login of a URL is told")
    for words in ("role", "remove", "example.org", ".."), ("role", "remove", "example.org", "."), ("user", "show", ""), ("role", "list", ""):
        c.bad(MISUSED, "names nothing", *words)
    tap.is_(c.good("domain", "show", "example.org", "--columns", "name"), "example.org\n", "and what is above it is still there")
    c.bad(MISUSED, "no member nosuch\n", "domain", "list", "--columns", "name,nosuch,kind")
    c.bad(MISUSED, "no member nosuch\n", "domain", "show", "example.org", "--columns", "nosuch")
    for names in "", "name,", "name,,kind":
        c.bad(MISUSED, "empty name", "domain", "list", "--columns", names)
    c.bad(MISUSED, "not both", "user", "set", "ann@example.org", "--forward-to", "bob@example.org", "--add-forward-to", "eve@example.org")
    for words in [("user",), ("user", "nonsense"), ("nonsense",), (), ("user", "show"), ("user", "show", "a@b.example", "c"), ("user", "list", "--nonsense"),
                  ("user", "set", "ann@example.org"), ("user", "add", "new@example.org", "--quota-bytes", "many"),
                  ("user", "add", "new@example.org", "--enabled", "perhaps"), ("user", "set", "ann@example.org", "--unset", "nonsense"),
                  ("user", "add", "new@example.org", "--generate-password", "--new-password-file", "-")]:
        c.bad(MISUSED, "provost", *words)


def full(c):
    """What cannot be written is no success."""
    for words in ("user", "list"), ("user", "list", "--json"), ("user", "add", "full@example.org", "--generate-password"), ("export",):
        with open("/dev/full", "wb") as to:
            done = subprocess.run([PROVOST, *words], stdout=to, stderr=subprocess.PIPE, text=True, timeout=SECONDS, env=c.env)
        tap.ok(done.returncode == FAILED and done.stderr.count("could not be written") == 1, "a full disk: " + " ".join(words), (done.returncode, done.stderr))
    c.good("user", "remove", "full@example.org")


def dry_runs(admin, c):
    done = c.run("user", "set", "ann@example.org", "--name", "Anna", "--dry-run")
    tap.is_((done.returncode, done.stdout), (DONE, "name\tann\tAnna\n"), "--dry-run tells what would be another")
    tap.ok("200" in done.stderr and admin.get("/v1/users/ann@example.org").json["name"] == "ann", "and changes nothing", done.stderr)
    done = c.run("domain", "remove", "example.net", "--recursive", "--dry-run")
    tap.is_((done.returncode, admin.get("/v1/domains/example.net").status), (DONE, 200), "nor deletes it")
    tap.ok("ldap" in json.loads(c.run("alias", "add", "new@example.org", "ann@example.org", "--dry-run", "--json").stdout), "--json has all that the API says")
    c.bad(CONFLICT, "in the way", "user", "add", "ann@example.org", "--dry-run")


def dkim(g, admin, c):
    """Keys that sign mail, from the first to the last."""
    got = c.record("dkim", "add", "example.org", "--selector", "one", "--algorithm", "ed25519", "--staged", "yes", "--description", "The first")
    tap.is_((got["selector"], got["algorithm"], got["state"], got["staged"], got["next_step"]), ("one", "ed25519", "prepared", "yes", "publish"), "dkim add")
    tap.ok("one._domainkey" in c.good("dkim", "show", "example.org", "one", "--columns", "zone"), "dkim show has the record, as a line of a zone")
    c.bad(CONFLICT, "not_published", "dkim", "set", "example.org", "one", "--state", "active")
    c.good("dkim", "set", "example.org", "one", "--state", "published")
    tap.is_(c.record("dkim", "set", "example.org", "one", "--state", "active", "--rotate-after-days", "90")["state"], "active", "dkim set moves it on")
    tap.is_(c.record("dkim", "rotate", "example.org", "--selector", "two")["rotate_after_days"], "90", "dkim rotate makes one like it")
    path = os.path.join(g.top, "private.pem")
    subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519", "-out", path], check=True, capture_output=True)
    c.good("dkim", "add", "example.org", "--selector", "three", "--private-key-file", path)
    c.bad(MISUSED, "no file that can be read", "dkim", "add", "example.org", "--private-key-file", path + "x")
    with open(path, "w", encoding="utf-8") as file:
        file.write("no key: topsecret")
    tap.ok("topsecret" not in c.bad(REFUSED, "--private-key-file: ", "dkim", "add", "example.org", "--private-key-file", path), "what is no key is not told")
    tap.is_(sorted(c.good("dkim", "list", "example.org", "--columns", "selector,state").splitlines()), ["one\tactive", "three\tprepared", "two\tprepared"], "dkim list")
    c.bad(CONFLICT, "(409", "dkim", "remove", "example.org", "one")
    done = c.run("dkim", "remove", "example.org", "two", "--dry-run")
    tap.is_((done.returncode, admin.get("/v1/domains/example.org/dkim/two").status), (DONE, 200), "dkim remove --dry-run")
    for selector in "two", "three":
        c.good("dkim", "remove", "example.org", selector)
    tap.is_(len(c.json("dkim", "list", "example.org")["items"]), 1, "dkim remove")
    c.good("dkim", "set", "example.org", "one", "--state", "retired")
    c.good("dkim", "remove", "example.org", "one")


def dns(admin, c):
    """What should be in the DNS, what is found there, and what clients are told."""
    for words in ("domain", "check", "example.org"), ("domain", "checks", "example.org"):
        got = {line.split("\t")[0] for line in c.good(*words).splitlines()}
        tap.ok({"mx", "spf"} <= got, "%s %s is a list of findings" % words[:2], got)
    tap.is_(c.json("domain", "checks", "example.org"), admin.get("/v1/domains/example.org/checks").json, "--json has all that the API says")
    c.bad(MISUSED, "no member nosuch\n", "domain", "checks", "example.org", "--columns", "name,nosuch")
    wanted = admin.get("/v1/domains/example.org/dns").json["records"]
    tap.is_(c.good("domain", "dns", "example.org", "--columns", "name,type").splitlines(), ["%s\t%s" % (r["name"], r["type"]) for r in wanted], "domain dns")
    tap.is_(c.good("domain", "dns", "example.org", "--zone"), admin.get("/v1/domains/example.org/dns?format=zone").text, "and as lines of a zone")
    tap.is_(c.good("domain", "autoconfig", "example.org"), admin.get("/v1/domains/example.org/autoconfig").text, "domain autoconfig")
    tap.ok("ann@example.org" in c.good("domain", "autoconfig", "example.org", "--format", "mobileconfig", "--address", "ann@example.org"), "for devices of Apple")
    c.bad(NOT_FOUND, "404", "domain", "dns", "none.example")


def reverts(c):
    """What was changed is taken back, by the change or by the time."""
    for kind, name, key, first in ("user", "ann@example.org", "name", "Anna"), ("alias", "sales@example.org", "description", "Sellers"), ("domain", "example.org", "description", "Us"):
        before = c.record(kind, "show", name)[key]
        c.good(kind, "set", name, "--" + key, first)
        c.good(kind, "set", name, "--" + key, "Something else")
        ident = c.good("audit", "list", "--object", name, "--columns", "id").splitlines()[0]
        done = c.run(kind, "revert", name, "--before", ident, "--dry-run")
        tap.is_((done.returncode, done.stdout), (DONE, "%s\tSomething else\t%s\n" % (key, first)), "%s revert --dry-run" % kind)
        tap.is_(c.record(kind, "revert", name, "--before", ident)[key], first, "%s revert" % kind)
        ident = c.good("audit", "list", "--object", name, "--columns", "id").splitlines()[2]
        tap.is_(c.record(kind, "revert", name, "--before", ident)[key], before, "to before the first change, too")
    c.bad(MISUSED, "say what is to be changed", "user", "revert", "ann@example.org")
    c.bad(REFUSED, "--as-of: ", "user", "revert", "ann@example.org", "--as-of", "yesterday")


def webhooks(c):
    got = c.record("webhook", "add", "https://receiver.example/x", "--event", "user", "--event", "alias.created", "--domain", "example.org")
    ident, secret = got["id"], got["secret"]
    tap.is_((got["events"], got["domains"]), ("alias.created,user", "example.org"), "webhook add")
    tap.is_(c.good("webhook", "list", "--columns", "id,url"), ident + "\thttps://receiver.example/x\n", "webhook list")
    tap.ok("secret" not in c.record("webhook", "show", ident), "webhook show has no secret")
    got = c.record("webhook", "set", ident, "--url", "https://receiver.example/y", "--enabled", "no", "--unset", "domain")
    tap.is_((got["url"], got["enabled"], got["domains"]), ("https://receiver.example/y", "no", ""), "webhook set")
    tap.ok(c.record("webhook", "rotate", ident)["secret"] not in ("", secret), "webhook rotate has another secret")
    got = c.record("webhook", "test", ident)
    tap.ok(got["event"] == "webhook.test" and got["error"], "webhook test tells what came of it", got)
    tap.is_(c.good("webhook", "deliveries", ident), "", "webhook deliveries")
    c.bad(REFUSED, "/url: ", "webhook", "add", "nowhere")
    c.good("webhook", "remove", ident)
    c.bad(NOT_FOUND, "404", "webhook", "show", ident)


def changesets(g, admin, c):
    """A set is done as a job, which can be waited for later."""
    def put(*operations):
        path = os.path.join(g.top, "set.json")
        with open(path, "w", encoding="utf-8") as file:
            json.dump({"operations": [dict(zip(("method", "path", "body"), operation)) for operation in operations]}, file)
        return path

    path = put(("POST", "/v1/users", {"address": "carl@example.org"}), ("PATCH", "/v1/users/ann@example.org", {"name": "Anne"}))
    done = c.run("changeset", "apply", path, "--dry-run")
    tap.ok(done.returncode == DONE and "Nothing was done" in done.stderr and admin.get("/v1/users/carl@example.org").status == 404, "changeset apply --dry-run", done)
    tap.is_(c.good("changeset", "apply", path, "--columns", "status,location"), "201\t/v1/users/carl@example.org\n200\t/v1/users/ann@example.org\n", "changeset apply")
    tap.is_(admin.get("/v1/users/ann@example.org").json["name"], "Anne", "all of it is done")
    c.bad(CONFLICT, "/operations/0", "changeset", "apply", path)
    with open(put(("DELETE", "/v1/users/carl@example.org"), ("PATCH", "/v1/users/ann@example.org", {"name": "ann"})), encoding="utf-8") as file:
        job = json.loads(c.good("changeset", "apply", "-", "--no-wait", "--json", given=file.read()))
    tap.is_((c.record("job", "wait", job["id"])["state"], c.record("job", "show", job["id"])["kind"]), ("succeeded", "changeset"), "--no-wait, job wait and show")
    tap.is_(admin.get("/v1/users/carl@example.org").status, 404, "and it is done")
    c.bad(REFUSED, "(400", "changeset", "apply", "-", given="no JSON")
    c.bad(MISUSED, "cannot be read", "changeset", "apply", path + "x")
    for words in ("job", "show"), ("job", "wait"), ("job", "import"):
        c.bad(NOT_FOUND, "404", *words, "nosuchjob")


def changes(c):
    """What becomes of records, behind a place or as it happens."""
    place = c.good("change", "show", "--columns", "cursor").strip()
    follower = subprocess.Popen([PROVOST, "change", "follow", "--after", place, "--kind", "user", "--count", "2", "--json"], stdout=subprocess.PIPE, text=True, env=c.env)
    for name in "One", "Two":
        c.good("user", "set", "bob@example.org", "--name", name)
    c.good("alias", "set", "sales@example.org", "--description", "Who sells much")
    told = [json.loads(line) for line in follower.communicate(timeout=SECONDS)[0].splitlines()]
    tap.is_(([(e["event"], e["key"], e["changed"]) for e in told], follower.returncode), ([("user.changed", "bob@example.org", ["name"])] * 2, DONE), "change follow")
    gateway.until(lambda: c.good("change", "list", "--after", place).count("\n") == 3, "all of them", SECONDS)
    tap.is_(c.good("change", "list", "--after", told[0]["cursor"], "--columns", "event,key", "--domain", "example.org"),
            "user.changed\tbob@example.org\nalias.changed\tsales@example.org\n", "change list, behind one of them")
    for verb in "list", "follow":
        c.bad(REFUSED, "cursor_malformed", "change", verb, "--after", "nonsense")


def keys(g, c):
    """A key in a file or the environment is enough, and does what it is for."""
    got = c.record("key", "add", "--scope", "users:read", "--domain", "example.org", "--label", "lists")
    path = os.path.join(g.top, "key")
    with open(path, "w", encoding="utf-8") as file:
        file.write(got["key"] + "\n")
    nobody = Caller(g)
    tap.ok("ann@example.org" in nobody.good("user", "list", "--key-file", path), "--key-file")
    by_key = Caller(g, PROVOST_KEY=got["key"])
    tap.ok("ann@example.org" in by_key.good("user", "list"), "PROVOST_KEY")
    by_key.bad(DENIED, "403", "user", "remove", "ann@example.org")
    tap.is_(c.good("status", "--columns", "login,authenticated_by").splitlines()[-1], "admin\tpassword", "status says who one is")
    c.bad(MISUSED, "not both", "user", "list", "--key-file", path, "--login", "admin")
    c.good("key", "set", got["id"], "--enabled", "no")
    gateway.until(lambda: by_key.run("user", "list").returncode == DENIED, "the key is not good any more", SECONDS)
    tap.ok(got["id"] in c.good("key", "list"), "key list")
    c.good("key", "remove", got["id"])
    c.bad(NOT_FOUND, "404", "key", "show", got["id"])


def from_files(g, admin, c):
    """Passwords and hashes come from files, too; whoever changes his own sends the one he has."""
    ann = "ann@example.org"
    tap.is_(c.good("user", "password", ann, "--new-password-file", "-", given="first of all\nsecond line\n"), "", "user password, from the standard input")
    tap.is_(admin.as_(ann, "first of all").get("/v1/me").status, 200, "it is the first line")
    tap.is_(Caller(g).good("user", "password", ann, "--password-file", "-", "--new-password-file", "-", given=admin.password + "\nfirst of all\n"), "", "or the second")
    path = os.path.join(g.top, "new")
    with open(path, "w", encoding="utf-8") as file:
        file.write("second to none")
    hers = Caller(g, PROVOST_LOGIN=ann.upper(), PROVOST_PASSWORD="first of all")
    hers.good("user", "password", ann, "--new-password-file", path)
    tap.is_(admin.as_(ann, "second to none").get("/v1/me").status, 200, "her own, with the one she has")
    hash_file = os.path.join(g.top, "hash")
    with open(hash_file, "w", encoding="utf-8") as file:
        file.write("{CRYPT}" + subprocess.run(["openssl", "passwd", "-6", "from a hash"], capture_output=True, text=True, check=True).stdout)
    c.good("user", "set", ann, "--password-hash-file", hash_file)
    tap.is_(admin.as_(ann, "from a hash").get("/v1/me").status, 200, "--password-hash-file")
    c.bad(MISUSED, "No such file", "user", "password", ann, "--new-password-file", path + "x")
    with open(path, "wb") as file:
        file.write(b"caf\xe9 au lait, please\n")
    for words in ("user", "password", ann, "--new-password-file", path), ("user", "set", ann, "--password-hash-file", path):
        c.bad(MISUSED, "is not UTF-8", *words)
    hers.bad(MISUSED, "is not UTF-8", "user", "password", ann, "--new-password-file", "-", given="third of all\n", env={"PROVOST_PASSWORD": "caf\udce9"})
    if os.path.exists(os.path.join(g.state, "admin-password")):
        tap.is_(hers.good("status", "--state-dir", g.state, "--columns", "login").splitlines()[-1], "admin", "--state-dir counts, whatever the environment says")
        tap.ok("ann@" in Caller(g).good("user", "list", "--state-dir", g.state), "--state-dir: the password of admin is there")


def echoes(fd):
    return bool(termios.tcgetattr(fd)[3] & termios.ECHO)


def prompts(g, admin, c):
    """Passwords are asked for without echo, and where nobody can be asked that is said."""
    nobody = Caller(g, HOME=os.path.join(g.top, "no-home"), XDG_STATE_HOME=os.path.join(g.top, "no-state"), PROVOST_LOGIN="ann@example.org")
    nobody.bad(MISUSED, "no terminal", "user", "list")
    t = Terminal(nobody, "status", "--columns", "login")
    said = t.type("Password of ann@example.org", "from a hash\n")
    said += t.read("\n")
    status, rest = t.end()
    tap.ok(status == DONE and "ann@example.org" in rest and "from a hash" not in said + rest, "a password is asked for", (status, said, rest))
    t = Terminal(c, "user", "password", "ann@example.org")
    t.type("New password of ann@example.org: ", "one of these\n")
    quiet = not echoes(t.fd)
    with open("/proc/%d/environ" % t.child, "rb") as file:
        shown = admin.password.encode() in file.read()
    tap.is_((quiet, shown), (True, False), "it is not shown, and the environment has no password any more")
    t.type("Again: ", "another one\n")
    said = t.type("New password", "typed\x7f\x7f\x7f\x7f\x7f\x7fmistyped\x15typed twiceä\u674e\x7f\x7f\n")
    said += t.type("Again: ", "typed twice\n")
    status, rest = t.end()
    tap.ok(status == DONE and "not the same" in said and "typed" not in said + rest, "twice, until both are the same", (status, said, rest))
    tap.is_(admin.as_("ann@example.org", "typed twice").get("/v1/me").status, 200, "and it is her password")
    t = Terminal(c, "user", "password", "ann@example.org")
    t.type("New password", "abc")
    gateway.until(lambda: not echoes(t.fd), "no echo", SECONDS)
    os.write(t.fd, b"\x03")
    _, status = os.waitpid(t.child, 0)
    tap.is_((os.WTERMSIG(status), echoes(t.fd)), (signal.SIGINT, True), "Ctrl-C ends it, and the terminal shows again what is typed")
    os.close(t.fd)
    for words, prompt in (("user", "password", "eve@example.org"), "New password"), (("status", "--login", "ann@example.org"), "Password of"):
        t = Terminal(Caller(g, PROVOST_KEY="pvt_1_topsecret", **({"PROVOST_PASSWORD": "topsecret"} if words[0] == "user" else {})), *words)
        t.read(prompt)
        with open("/proc/%d/environ" % t.child, "rb") as file:
            shown = file.read()
        os.kill(t.child, signal.SIGKILL)
        t.end()
        tap.ok(b"PROVOST_URL" in shown and b"topsecret" not in shown, "no secret stays in the environment, used or not: " + words[0])


def tables(c):
    c.good("user", "set", "eve@example.org", "--name", "Zoë \u674e")
    t = Terminal(c, "user", "list", "--columns", "address,enabled,name")
    status, said = t.end()
    lines = said.splitlines()
    tap.ok(status == DONE and lines[0].split() == ["ADDRESS", "ENABLED", "NAME"] and len({line.find("yes") for line in lines[1:4]}) == 1
           and lines[0].find("ENABLED") == lines[1].find("yes"), "on a terminal a list is a table", said)
    tap.ok("Zoë \u674e" in said, "in which names are as they are", said)
    status, said = Terminal(c, "user", "show", "ann@example.org").end()
    tap.ok(status == DONE and re.search(r"(?m)^quota_bytes +10737418240$", said), "and a record", said)


class Fake:
    """A gateway of a few replies: status, headers, body; or a function of the request."""

    def __init__(self, *replies, context=None):
        self.replies, self.seen = list(replies), []
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle_one_request(self):
                self.raw_requestline = self.rfile.readline(65537)
                if not self.raw_requestline or not self.parse_request():
                    self.close_connection = True
                    return
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                outer.seen.append((self.command, self.path, dict(self.headers), body))
                reply = outer.replies.pop(0) if outer.replies else None
                if reply is None:
                    self.close_connection = True
                    return
                status, headers, text = reply
                text = text if isinstance(text, bytes) else json.dumps(text).encode()
                self.send_response(status)
                for name, value in {"Content-Type": "application/json", "Content-Length": str(len(text)), **headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(text)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        if context is not None:
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.address = "localhost:%d" % self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()


SECRET = {"PROVOST_LOGIN": "ann", "PROVOST_PASSWORD": "pass word"}


def replies():
    """What a gateway may answer, and ours seldom does."""
    pages = [(200, {}, {"items": [{"address": "a%d" % n}, {"address": "b\x1b[31m\u2028"}], "next_cursor": "c&%d" % n if n < 3 else None}) for n in (1, 2, 3)]
    with Fake(*pages) as f:
        tap.is_(Caller(f, **SECRET).good("user", "list", "--columns", "address"),
                "a1\nb?[31m???\na2\nb?[31m???\na3\nb?[31m???\n", "a list has all pages, and no control characters")
        tap.is_([path for _, path, _, _ in f.seen], ["/v1/users?limit=500" + more for more in ("", "&cursor=c%261", "&cursor=c%262")], "by the cursors")
        tap.is_(f.seen[0][2]["Authorization"], "Basic YW5uOnBhc3Mgd29yZA==", "with a login")
    with Fake(*pages) as f:
        tap.is_(len(Caller(f, **SECRET).json("user", "list")["items"]), 6, "--json is one object")
    with Fake(pages[0], (503, {"Retry-After": "7", "X-Request-Id": "abc"}, {"title": "Unavailable", "status": 503, "detail": "not\nnow", "code": "down"})) as f:
        done = Caller(f, **SECRET).run("user", "list", "--json")
        tap.ok(done.returncode == UNAVAILABLE and "not?now (503 Unavailable, down)" in done.stderr and "in 7 s" in done.stderr and "request abc" in done.stderr
               and not done.stdout.strip().endswith("]}") and "next_cursor" not in done.stdout, "a list that is broken off is no JSON", (done.returncode, done.stdout, done.stderr))
    with Fake((503, {}, {"status": 503, "detail": "who knows", "code": "outcome_unknown"})) as f:
        Caller(f, **SECRET).bad(UNKNOWN, "who knows", "user", "remove", "a@b.example")
    with Fake() as f:
        Caller(f, **SECRET).bad(UNKNOWN, "may have been done", "user", "remove", "a@b.example")
        tap.is_(len(f.seen), 1, "a change whose answer is lost is not sent again")
    with Fake(None, None, (201, {}, {"name": "b.example"})) as f:
        tap.is_(Caller(f, **SECRET).good("domain", "add", "b.example"), "name\tb.example\n", "what is made is asked for again")
        tap.is_(len({headers["Idempotency-Key"] for _, _, headers, _ in f.seen}), 1, "by the same Idempotency-Key")
    moved = (409, {}, {"status": 409, "code": "test_failed", "detail": "it moved"})
    with Fake((200, {}, {"destinations": ["a@x", "b@x", "c@x"]}), moved, (200, {}, {"destinations": ["b@x", "c@x"]}), (200, {}, {"address": "s@x"})) as f:
        Caller(f, **SECRET).good("alias", "set", "s@x", "--remove-destination", "c@x", "--remove-destination", "b@x")
        tap.is_(json.loads(f.seen[3][3]), [{"op": "test", "path": "/destinations/1", "value": "c@x"}, {"op": "remove", "path": "/destinations/1"},
                                           {"op": "test", "path": "/destinations/0", "value": "b@x"}, {"op": "remove", "path": "/destinations/0"}],
                "values are taken from a list where they are, and looked for again if that was changed")
    with Fake((200, {"Content-Type": "text/html"}, b"<html>")) as f:
        Caller(f, **SECRET).bad(FAILED, "is that a gateway?", "user", "show", "a@b.example")
    for words, answer in [(("user", "show", "x"), b""), (("user", "show", "x"), []), (("user", "list"), b""), (("user", "list"), []), (("user", "list"), {"items": {}}),
                          (("user", "inactive", "--days", "3"), {"items": {}})]:
        with Fake((200, {}, answer)) as f:
            Caller(f, **SECRET).bad(FAILED, "is that a gateway?", *words)
    page = (502, {"Content-Type": "text/html"}, b"<html>Bad gateway</html>")
    with Fake(page, page) as f:
        Caller(f, **SECRET).bad(UNKNOWN, "may have been done", "user", "remove", "x@b.example")
        Caller(f, **SECRET).bad(UNAVAILABLE, "502", "user", "list")
    with Fake((200, {}, {"address": "x"})) as f:
        Caller(f, **SECRET, PROVOST_URL="http://%s/a/../b/" % f.address).good("user", "show", "x")
        tap.is_(f.seen[0][1], "/a/../b/v1/users/x", "a path goes as it is")
    with Fake((200, {}, {"address": "x"})) as f:
        Caller(f, PROVOST_KEY="pvt_1_2").good("user", "show", "a/b?c@d.example")
        tap.is_((f.seen[0][1], f.seen[0][2]["Authorization"]), ("/v1/users/a%2Fb%3Fc%40d.example", "Bearer pvt_1_2"), "a key goes as a bearer's token, words are escaped")


def cut_short():
    """What finds no room to be put together is not sent in part."""
    with Fake((200, {}, {})) as f:
        full = subprocess.run(["sh", "-c", "trap '' XFSZ; ulimit -f 16; exec \"$0\" import - --format csv", PROVOST], capture_output=True, text=True, timeout=SECONDS,
                              input="type,name\n" + "domain,d.example\n" * 4000, env=Caller(f, **SECRET).env, check=False)
        tap.ok(full.returncode == FAILED and "no room" in full.stderr and f.seen == [], "an import that does not fit where it is kept is none", (full.returncode, full.stderr, f.seen))


def exports():
    """The last line tells whether it is all of them; nothing else does."""
    with Fake((200, {"Content-Type": "text/ldif"}, b"version: 1\n\nincomplete\n")) as f:
        done = Caller(f, **SECRET).run("export", "--hashes", "--format", "ldif")
        tap.is_((done.returncode, f.seen[0][1]), (FAILED, "/v1/exports/hashes?format=ldif"), "with hashes")
    for ending, status in [('{"type":"alias","address":"incomplete@b.example"}\n', DONE), ('{"type":"incomplete"}\n', FAILED),
                           ("alias,incomplete@b.example,,\r\n", DONE), ("alias,a@b.example,,incomplete\r\n", DONE), ("incomplete,,,\r\n", FAILED)]:
        with Fake((200, {"Content-Type": "text/plain"}, ("x" * 400 + "\n" + ending).encode())) as f:
            done = Caller(f, **SECRET).run("export")
            tap.is_((done.returncode, "not complete" in done.stderr), (status, status != DONE), "export ends with " + ending.strip())


def jobs():
    job = lambda state, done, **more: (200, {}, {"id": "j", "state": state, "steps_done": done, "steps_total": 4, "error": None, **more})
    begun = (202, {"Location": "/v1/jobs/j"}, {"name": "b.example"})
    with Fake(begun, job("running", 1), job("succeeded", 4)) as f:
        got = Caller(f, **SECRET).record("domain", "set", "a.example", "--name", "b.example")
        tap.is_((got["state"], f.seen[-1][1]), ("succeeded", "/v1/jobs/j"), "what takes its time is waited for")
    with Fake(begun, job("running", 2), job("failed", 2, error={"code": "exists", "detail": "it is taken", "pointer": ""})) as f:
        done = Caller(f, **SECRET).run("domain", "set", "a.example", "--name", "b.example")
        tap.ok(done.returncode == CONFLICT and "it is taken (exists)" in done.stderr, "and what became of it is told", (done.returncode, done.stderr))
    with Fake(begun) as f:
        tap.is_(Caller(f, **SECRET).good("domain", "set", "a.example", "--name", "b.example", "--no-wait"), "name\tb.example\n", "--no-wait")
    with Fake(begun, *[job("running", 1)] * 20) as f:
        tap.is_(Caller(f, **SECRET).run("domain", "set", "a.example", "--name", "b.example", "--wait", "1").returncode, UNKNOWN, "--wait ends the waiting")
    down = (503, {}, {"status": 503, "detail": "it starts", "code": "unavailable"})
    with Fake(begun, down, None, (502, {"Content-Type": "text/html"}, b"<html>"), job("succeeded", 4)) as f:
        tap.is_(Caller(f, **SECRET).record("domain", "set", "a.example", "--name", "b.example")["state"], "succeeded", "nor does a gateway that starts anew")
    for name, answers, seconds in [("it does not come back", [down] * 20, "1"), ("it does not say", [(401, {}, {"status": 401, "detail": "who"})], "60")]:
        with Fake(begun, *answers) as f:
            done = Caller(f, **SECRET).run("domain", "set", "a.example", "--name", "b.example", "--wait", seconds)
            tap.ok(done.returncode == UNKNOWN and done.stderr.count("may have been done") == 1, "what is under way stays so: " + name, (done.returncode, done.stderr))
    for place in "@127.0.0.1:1/v1/jobs/j", "//127.0.0.1:1/j", "":
        with Fake((202, {"Location": place}, {"name": "b.example"}), job("succeeded", 4)) as f:
            done = Caller(f, **SECRET).run("domain", "set", "a.example", "--name", "b.example")
            tap.is_((done.returncode, len(f.seen)), (UNKNOWN, 1), "a job is at the gateway, not at " + place)
    with Fake(begun, *[job("running", n) for n in (1, 2, 3)], job("succeeded", 4)) as f:
        status, said = Terminal(Caller(f, **SECRET), "domain", "set", "a.example", "--name", "b.example").end()
        tap.ok(status == DONE and re.search(r"running \[#+ +\] 50%", said), "on a terminal with a bar", said)


def tls(place):
    """https:// is verified, against the authorities that are named."""
    ours, others = authority.Authority(place, "ours"), authority.Authority(place, "others")
    certificate, key = ours.server("localhost")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    with Fake(*[(200, {}, {"address": "x"})] * 4, context=context) as f:
        url = "https://" + f.address
        c = Caller(f, **SECRET, PROVOST_URL=url)
        tap.is_(c.good("user", "show", "x@b.example", "--ca-file", ours.certificate), "address\tx\n", "--ca-file")
        c.bad(UNAVAILABLE, "certificate", "user", "show", "x@b.example", "--ca-file", others.certificate)
        c.bad(UNAVAILABLE, "certificate", "user", "show", "x@b.example")
        tap.is_(c.run("user", "show", "x@b.example", env={"PROVOST_CA_FILE": ours.certificate}).returncode, DONE, "PROVOST_CA_FILE")
        tap.is_(len(f.seen), 2, "nobody else hears the password")
        # Those of the system are replaced for the one process.
        system = os.path.join(place, "system")
        os.mkdir(system)
        shutil.copyfile(ours.certificate, os.path.join(system, "ca-certificates.crt"))
        if not os.path.isdir("/etc/ssl/certs") or subprocess.run(["unshare", "-rm", "true"], capture_output=True, check=False).returncode:
            tap.note("the system's authorities cannot be replaced here")
            return
        as_system = ["unshare", "-rm", "sh", "-c", 'mount --bind "$0" /etc/ssl/certs && exec "$@"', system, PROVOST, "user", "show", "x@b.example"]
        got = [subprocess.run([*as_system, *more], capture_output=True, timeout=SECONDS, env=c.env).returncode for more in ([], ["--ca-file", others.certificate])]
        tap.is_(got, [DONE, UNAVAILABLE], "the system's authorities count unless a file names others")


def streams():
    """Who follows changes goes on behind what he was told, whatever becomes of the stream."""
    event = lambda n: "id: c%d\nevent: user.changed\ndata: %s\n\n" % (n, json.dumps({"event": "user.changed", "key": "u%d" % n, "changed": []}))
    stream = lambda text: (200, {"Content-Type": "text/event-stream"}, (": changes\nretry: 1000\n" + text).encode())
    down = (503, {}, {"status": 503, "detail": "it starts", "code": "unavailable"})
    half = event(2)[:-30]
    with Fake(stream(event(1) + half), None, down, stream("id: c9\n\n"), stream(event(2) + event(3) + event(4))) as f:
        done = Caller(f, **SECRET).run("change", "follow", "--count", "3", "--columns", "key")
        tap.is_((done.returncode, done.stdout, done.stderr), (DONE, "u1\nu2\nu3\n", ""), "change follow goes on where it was cut off")
        tap.is_([path for _, path, _, _ in f.seen], ["/v1/changes"] + ["/v1/changes?cursor=c1"] * 3 + ["/v1/changes?cursor=c9"], "behind what came as a whole")
    with Fake(stream(event(1)), (410, {}, {"status": 410, "detail": "too old", "code": "cursor_expired"})) as f:
        done = Caller(f, **SECRET).run("change", "follow")
        tap.ok(done.returncode == NOT_FOUND and done.stdout and "cursor_expired" in done.stderr, "until it cannot", done)
    with Fake(*[down] * 20) as f:
        Caller(f, **SECRET).bad(UNAVAILABLE, "it starts", "change", "follow", "--wait", "1")
    with Fake(stream(event(1)), *[down] * 20) as f:
        with open("/dev/full", "wb") as to:
            done = subprocess.run([PROVOST, "change", "follow"], stdout=to, stderr=subprocess.PIPE, text=True, timeout=SECONDS, env=Caller(f, **SECRET).env)
        tap.is_(done.returncode, FAILED, "nor where nobody can read it")


# What provost does not ask for, and why: a route, or a parameter (?) or member (+) of one.
CLIENTS = "for mail programs and mail servers, without a login; domain autoconfig and domain dns show the same"
UNASKED = {
    "PUT /v1/domains/%": "domain add and domain set", "PUT /v1/users/%": "user add and user set", "PUT /v1/aliases/%": "alias add and alias set",
    "PUT /v1/principals/%": "principal add and principal set",
    "GET /mail/config-v1.1.xml": CLIENTS, "GET /.well-known/autoconfig/mail/config-v1.1.xml": CLIENTS, "GET /mail/apple.mobileconfig": CLIENTS,
    "GET /.well-known/mta-sts.txt": CLIENTS, "POST /autodiscover/autodiscover.xml": CLIENTS, "POST /Autodiscover/Autodiscover.xml": CLIENTS,
    "GET /autodiscover/autodiscover.json": CLIENTS, "GET /autodiscover/autodiscover.json/v1.0/%": CLIENTS,
    "GET /livez": "for what starts the gateway; status asks /readyz", "GET /metrics": "for Prometheus, which asks by itself", "GET /docs": "a page for a browser",
    "GET /openapi.json": "for programs that are made of it", "+password": "of set: user password, principal password", "+dinomail_key": "import brings it, out of what it was made for",
    "PATCH /v1/keys/% +owner": "it cannot be changed", "PATCH /v1/principals/% +login": "nor can this", "PATCH /v1/domains/%/dkim/% +selector": "nor this", "PATCH /v1/domains/%/dkim/% +algorithm": "nor this",
    "PATCH /v1/domains/%/dkim/% +private_key": "nor this", "PATCH /v1/domains/% +reserved_to": "at its creation alone",
}


def inventory():
    """Whatever the API offers there is a command for, or a reason why not."""
    asked, unknown, missing = {}, [], []
    for line in subprocess.run([PROVOST, "--requests"], capture_output=True, text=True, check=True).stdout.splitlines():
        command, method, path, *more = line.split("\t")
        has = asked.setdefault("%s %s" % (method, path.split("?")[0]), (set(), set()))
        for names, said in zip(has, more):
            names.update(name.split(".")[0] for name in said.split(",") if name)
    description = gateway.Description()
    for path, methods in description.document["paths"].items():
        for method, operation in methods.items():
            if method == "parameters":
                continue
            name = "%s %s" % (method.upper(), re.sub("{[^}]*}", "%", path))
            if name not in asked:
                missing += [name] if name not in UNASKED else []
                continue
            parameters = [description.resolve(p) for p in operation.get("parameters", []) + methods.get("parameters", [])]
            offered = [{p["name"] for p in parameters if p["in"] == "query"}, set()]
            for content in description.resolve(operation.get("requestBody", {})).get("content", {}).values():
                offered[1] |= set(description.resolve(content["schema"]).get("properties", {}))
            for mark, has, offers in zip("?+", asked.pop(name), offered):
                unknown += ["%s %s%s" % (name, mark, member) for member in has - offers]
                missing += ["%s %s%s" % (name, mark, member) for member in offers - has if not {mark + member, "%s %s%s" % (name, mark, member)} & set(UNASKED)]
    tap.is_((list(asked), unknown), ([], []), "provost asks for nothing that the API has not")
    tap.is_(sorted(missing), [], "and for all that it has, but for what is not for it")
    tap.ok(not [line for line in UNASKED if line in asked], "with a reason for each")


def pages():
    """Each option is in the manual page of its command."""
    shown = subprocess.run([PROVOST, "--help"], capture_output=True, text=True, check=True).stdout
    with open(os.path.join(gateway.TOP, "docs/man/provost.1.scd"), encoding="utf-8") as file:
        common = file.read()
    bad = []
    for command in re.findall(r"(?m)^  ([a-z]+(?: [a-z]+)?)  ", shown):
        options = re.findall(r"(?m)^  --([a-z0-9-]+)", subprocess.run([PROVOST, *command.split(), "--help"], capture_output=True, text=True, check=True).stdout)
        with open(os.path.join(gateway.TOP, "docs/man/provost-%s.1.scd" % command.split()[0]), encoding="utf-8") as file:
            page = file.read()
        words = "".join(r"\*%s\* " % word for word in command.split())
        bad += ["%s --%s" % (command, o) for o in options if not re.search(r"(?m)^[^\t\n]*\*--%s\*" % o, page + common)]
        bad += [command] if not re.search(r"(?m)^\*provost\* " + words.strip(), page) else []
    tap.is_(bad, [], "the manual pages have all commands and options")


COMPLETIONS = os.path.join(gateway.TOP, "src/cli/completion")
LINES = [(["u"], {"user"}), (["user", ""], {"list", "show", "add", "set", "remove", "password", "revert", "inactive"}), (["user", "set", "a", "--ena"], {"--enabled"}),
         (["user", "set", "--enabled", ""], {"yes", "no"}), (["config", "dove"], {"dovecot"}), (["role", "set", "a.example", "jane", "o"], {"owner"})]

BASH = """
source "$1" && shift
COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
_provost
printf '%s\\n' "${COMPREPLY[@]}"
"""
ZSH = """
_files() { print files }
_describe() { print -l -- ${(P)2%%:*} }
complete_it() { source $script }
script=$1; shift
words=("$@") CURRENT=$#
complete_it
"""


def ask_shell(shell, words, home):
    if shell == "fish":
        path = "%s/fish/provost.fish" % COMPLETIONS
        command = ["fish", "--no-config", "-c", "source %s; complete -C '%s'" % (path, " ".join(["provost", *words]))]
    else:
        script, path = (BASH, "bash/provost") if shell == "bash" else (ZSH, "zsh/_provost")
        command = [shell, *(["-f"] if shell == "zsh" else ["--norc"]), "-c", script, shell, os.path.join(COMPLETIONS, path), "provost", *words]
    done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, env=dict(os.environ, PATH=gateway.BUILD + ":" + os.environ["PATH"], HOME=home,
                                                                                                       XDG_CONFIG_HOME=home, XDG_DATA_HOME=home, XDG_CACHE_HOME=home))
    return {line.split("\t")[0] for line in done.stdout.splitlines()}, done.stderr


def completion(home):
    for shell in "bash", "zsh", "fish":
        if shutil.which(shell) is None:
            tap.skip("completion in " + shell, "it is not there")
            continue
        for words, want in LINES:
            got, errors = ask_shell(shell, words, home)
            tap.ok(got == want, "%s completes: %s" % (shell, " ".join(words)), (got, errors))
    got, errors = ask_shell("bash", ["user", "add", "x", "--new-password-file", COMPLETIONS + "/ba"], home)
    tap.is_(got, {COMPLETIONS + "/bash"}, "and files")


def helps():
    """Every command has its help, and every option in it a text."""
    shown = subprocess.run([PROVOST, "--help"], capture_output=True, text=True).stdout
    commands = re.findall(r"(?m)^  ([a-z]+(?: [a-z]+)?)  ", shown)
    bad = []
    for command in commands:
        done = subprocess.run([PROVOST, *command.split(), "--help"], capture_output=True, text=True)
        options = re.findall(r"(?m)^  (--.*(?:\n {26}.*)*)", done.stdout)
        if done.returncode or not options or any(len(line) > 80 for line in done.stdout.splitlines()) or any(len(o.split()) < 2 for o in options):
            bad.append(command)
    tap.ok(len(commands) > 60 and not bad, "all commands have --help", (len(commands), bad))


def main():
    with gateway.Gateway() as g:
        admin = g.admin()
        c = Caller(g, PROVOST_PASSWORD=admin.password)
        records(admin, c)
        errors(c)
        full(c)
        dry_runs(admin, c)
        dkim(g, admin, c)
        dns(admin, c)
        reverts(c)
        webhooks(c)
        changesets(g, admin, c)
        changes(c)
        keys(g, c)
        from_files(g, admin, c)
        prompts(g, admin, c)
        tables(c)
        tap.is_(c.good("resolve", "sales@example.org", "--columns", "deliverable,external"), "yes\t\n", "resolve")
        tap.ok(c.good("domain", "set", "example.org", "--name", "example.com", "--columns", "state").strip() in ("enabled", "succeeded"), "a domain gets another name")
        tap.is_(c.run("status").returncode, DONE, "status")
        tls(g.top)
    replies()
    cut_short()
    exports()
    jobs()
    streams()
    with tempfile.TemporaryDirectory(prefix="provost-home-") as home:
        completion(home)
    helps()
    inventory()
    pages()
    tap.done()


main()
