#!/usr/bin/python3
"""Let allocations of provostd fail, one after the other, and look what becomes of requests, process and directory.

For every allocation that a request makes, the request is sent with that one failing (mode "at"), and with all failing
from it on ("from"). Then it has to be true that

- there is a reply before the deadline, or the connection is closed;
- a reply is one of success, whole and as without the failure, or a refusal that says 5xx;
- the process lives, or has ended with a word why; its slapd has ended with it, and it can be started again;
- what was acknowledged is there, what was refused is not, and what is unknown is there wholly or not at all;
- no secret is in the log.

The same for the start of the process, with a state directory and without one. Use it by tools/torture.
"""

import argparse
import base64
import http.client
import json
import mmap
import os
import random
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import time

TOP = os.environ.get("top_srcdir") or os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(TOP, "tests", "lib"))

import gateway

PLACE_SIZE = 4000
ORDER_SIZE = 32 + 2 * PLACE_SIZE
REPLY_SECONDS = 15   # a request has 8, see OPTIONS
START_SECONDS = 30
REMEMBERED = 1.1     # seconds after which a changed password is no longer remembered
RARE = 8             # every so manieth place for "from", which mostly ends the process, unless it is to be all of them
MARGIN = 3           # allocations beyond those of the run that was counted
STORED_HASH = "$6$saltsalt$" + "x" * 86
OPTIONS = ["--loops", "1", "--http-request-seconds", "8"]

# Words that the log must not have.
ANN, BOB, NEW, MADE = "ann-s-pass-word", "bob-s-pass-word", "new-s-pass-word", "made-s-pass-word"

BASE = {
    "domains": [{"name": "t.example", "description": "d"}, {"name": "empty.example"}],
    "users": [{"address": "ann@t.example", "password": ANN, "quota_bytes": 5000},
              {"address": "bob@t.example", "password": BOB}],
    "aliases": [{"address": "all@t.example", "destinations": ["ann@t.example", "x@elsewhere.example"]}],
}
KEYS = {"domains": "name", "users": "address", "aliases": "address"}
VARIABLE = ("id", "created_at", "updated_at", "generated_password")

SEED = [1]           # of the order in which places are tried

MERGE = {"Content-Type": "application/merge-patch+json"}
# name, login, method, target, body, headers
STEPS = [
    ("create a domain", "admin", "POST", "/v1/domains", {"name": "new.example", "display_name": "N"}, {}),
    ("create a user", "admin", "POST", "/v1/users", {"address": "c@t.example", "password": MADE, "name": "C \u00c4"}, {}),
    ("create a user with a hash", "admin", "POST", "/v1/users", {"address": "h@t.example", "password_hash": STORED_HASH}, {}),
    ("create a user with a generated password", "admin", "POST", "/v1/users?generate_password=true", {"address": "g@t.example"}, {}),
    ("create an alias", "admin", "POST", "/v1/aliases", {"address": "many@t.example", "destinations": ["u%d@x.example" % n for n in range(40)]}, {}),
    ("change a domain", "admin", "PATCH", "/v1/domains/t.example", {"default_user_quota_bytes": 7}, MERGE),
    ("change a user", "admin", "PATCH", "/v1/users/ann@t.example", {"enabled": False, "name": "Changed"}, dict(MERGE, **{"If-Match": "*"})),
    ("change an alias", "admin", "PATCH", "/v1/aliases/all@t.example", {"destinations": ["bob@t.example"]}, MERGE),
    ("change nothing", "admin", "PATCH", "/v1/users/ann@t.example", {"quota_bytes": 5000}, MERGE),
    ("remove a domain", "admin", "DELETE", "/v1/domains/empty.example", None, {}),
    ("remove a user", "admin", "DELETE", "/v1/users/bob@t.example", None, {}),
    ("remove an alias", "admin", "DELETE", "/v1/aliases/all@t.example", None, {"If-Match": "*"}),
    ("read a user", "admin", "GET", "/v1/users/ann@t.example", None, {"If-None-Match": '"x"'}),
    ("list users", "admin", "GET", "/v1/users?limit=1&domain=t.example", None, {}),
    ("list aliases", "admin", "GET", "/v1/aliases", None, {}),
    ("who am I", "ann@t.example", "GET", "/v1/me", None, {}),
    ("a password of one's own", "ann@t.example", "PUT", "/v1/users/ann@t.example/password", {"password": NEW, "current": ANN}, {}),
    ("a password by the administrator", "admin", "PUT", "/v1/users/ann@t.example/password", {"password": NEW}, {}),
    ("a wrong password", "bob@t.example:wrong", "GET", "/v1/me", None, {}),
    ("many faults", "admin", "POST", "/v1/users", {"address": 1, "unknown": 2, "quota_bytes": "x"}, {}),
    ("an address that is taken", "admin", "POST", "/v1/aliases", {"address": "ann@t.example", "destinations": ["a@b.example"]}, {}),
    ("what is not there", "admin", "GET", "/v1/users/nobody@t.example", None, {}),
    ("the description", None, "GET", "/openapi.json", None, {}),
    ("whether it is ready", None, "GET", "/readyz", None, {}),
]


class Order:
    """The file through which the library in provostd is told what fails."""

    def __init__(self, path):
        self.path = path
        with open(path, "wb") as file:
            file.write(bytes(ORDER_SIZE))
        self.file = open(path, "r+b")
        self.map = mmap.mmap(self.file.fileno(), ORDER_SIZE)

    def give(self, mode=None, n=0):
        self.map[8:24] = bytes(16)
        self.map[0:8] = self.map[24:32] = bytes(8)
        self.map[32:ORDER_SIZE] = bytes(ORDER_SIZE - 32)
        if mode == "at":
            self.map[8:16] = struct.pack("=q", n)
        elif mode == "from":
            self.map[16:24] = struct.pack("=q", n)

    def stop(self):
        self.map[8:24] = bytes(16)

    def count(self):
        return struct.unpack("=q", self.map[0:8])[0]

    def failed(self):
        return struct.unpack("=q", self.map[24:32])[0]

    def where(self):
        """The functions that the failing allocation was made for, innermost first, and those where the process ended."""
        texts = [self.map[place:place + PLACE_SIZE].split(b"\0")[0].decode() for place in (32, 32 + PLACE_SIZE)]
        return Where(*[text.splitlines() for text in texts]) if self.failed() else Where()


class Where:
    """Places in programs, whose names are looked up only when they are wanted: that takes a second."""

    def __init__(self, failed=(), died=()):
        self.failed, self.died = failed, died

    def names(self):
        found = [self.name(frame) for frame in self.failed]
        return found + ["ended in"] + [self.name(frame) for frame in self.died] if self.died else found

    @staticmethod
    def name(frame):
        file, _, offset = frame.rpartition("+")
        tool = ["addr2line", "-f", "-e", file, hex(int(offset, 16) - 1)]
        out = subprocess.run(tool, capture_output=True, text=True, check=False).stdout.splitlines()
        name = out[0] if out and out[0] != "??" else "?"
        return name if file.endswith("/provostd") else "%s:%s" % (os.path.basename(file), name)


class Answer:
    """A reply without what differs from one to the next; status None: the connection was lost."""

    def __init__(self, status=None, names=(), text="", late=False):
        self.status, self.names, self.text, self.late = status, set(names), text, late

    def is_like(self, other):
        return self.status == other.status and self.names == other.names and steady(self.text) == steady(other.text)

    def refuses_like(self, other):
        """A failure of ours, or the refusal that was to be; what is in the way may not have been found out."""
        return self.status >= 500 or (self.status >= 400 and (self.status, self.code()) == (other.status, other.code()))

    def code(self):
        try:
            return json.loads(self.text).get("code")
        except (ValueError, AttributeError):
            return None

    def __repr__(self):
        return "%s %s %s" % (self.status, sorted(self.names), self.text[:400])


def steady(text):
    try:
        return bare(json.loads(text))
    except ValueError:
        return text


def bare(value):
    """Without the members that are new each time."""
    if isinstance(value, dict):
        return {key: bare(each) if key not in VARIABLE else each is None for key, each in value.items()}
    return [bare(each) for each in value] if isinstance(value, list) else value


def difference(one, other):
    """What is not the same in two snapshots."""
    parts = []
    for key in sorted(set(one) | set(other)):
        mine, its = one.get(key), other.get(key)
        if mine != its and isinstance(mine, dict) and isinstance(its, dict):
            parts.append("%s: %s" % (key, difference(mine, its)))
        elif mine != its:
            parts.append("%s: %r instead of %r" % (key, mine, its))
    return "; ".join(parts)


def ask(address, login, method, target, body, headers):
    """One request on a connection of its own, sent once."""
    host, port = address.rsplit(":", 1)
    connection = http.client.HTTPConnection(host, int(port), timeout=REPLY_SECONDS)
    sent = {"Connection": "close"}
    if login:
        sent["Authorization"] = "Basic " + base64.b64encode(login.encode()).decode()
    if body is not None:
        sent["Content-Type"] = "application/json"
    sent.update(headers)
    try:
        connection.request(method, target, None if body is None else json.dumps(body), sent)
        response = connection.getresponse()
        return Answer(response.status, [name for name, _ in response.getheaders()], response.read().decode())
    except TimeoutError:
        return Answer(late=True)
    except (http.client.HTTPException, OSError):
        return Answer()
    finally:
        connection.close()


class Torture:
    """One provostd that is started again whenever it has ended."""

    def __init__(self, library, allowed):
        self.top = tempfile.mkdtemp(prefix="provost-torture-")
        self.order = Order(os.path.join(self.top, "order"))
        self.env = {"LD_PRELOAD": library, "TORTURE_FILE": self.order.path}
        self.allowed = allowed
        self.gateway = gateway.Gateway(*OPTIONS, state=self.top, ldap_port=False, env=self.env)
        self.passwords = {"ann@t.example": ANN, "bob@t.example": BOB}
        self.findings, self.done, self.ends, self.known = [], 0, 0, {}
        self.log_text = ""

    def find(self, what, where, detail):
        self.findings.append(what)
        print("FOUND %s: %s\n  log: %s\n  at: %s" % (what, detail, self.gateway.log()[self.gateway.told:][-700:], " < ".join(where.names())),
              flush=True)

    def credentials(self, login):
        if login is None or ":" in login:
            return login
        return "%s:%s" % (login, self.gateway.secret("admin-password") if login == "admin" else self.passwords[login])

    def admin(self, method, target, body=None, headers=None):
        answer = ask(self.gateway.address, self.credentials("admin"), method, target, body, headers or {})
        if answer.status is None:
            raise RuntimeError("%s %s: no answer\n%s" % (method, target, self.gateway.log()[-2000:]))
        return answer

    def snapshot(self):
        """All that there is."""
        found = {}
        for kind in KEYS:
            answer = self.admin("GET", "/v1/%s?limit=1000" % kind)
            if answer.status != 200:
                raise RuntimeError("cannot list %s: %r" % (kind, answer))
            found[kind] = {item[KEYS[kind]]: bare(item) for item in json.loads(answer.text)["items"]}
        found["password"] = self.password_of_ann()
        return found

    def password_of_ann(self):
        for word in (self.passwords["ann@t.example"], ANN, NEW):
            if ask(self.gateway.address, "ann@t.example:" + word, "GET", "/v1/me", None, {}).status == 200:
                return word
        return None

    def restore(self, base):
        """Bring back what was there at first."""
        now = self.snapshot()
        for kind in ("aliases", "users", "domains"):
            for key, item in now[kind].items():
                if base is None or base[kind].get(key) != item:
                    self.admin("DELETE", "/v1/%s/%s" % (kind, key))
        for kind in KEYS:
            for item in BASE[kind]:
                key = item[KEYS[kind]]
                if base is None or now[kind].get(key) != base[kind][key]:
                    answer = self.admin("POST", "/v1/" + kind, item)
                    if answer.status == 409 and base is not None:
                        self.admin("PATCH", "/v1/%s/%s" % (kind, key), {"default_user_quota_bytes": None}, MERGE)
                    elif answer.status != 201:
                        raise RuntimeError("cannot create %s: %r" % (key, answer))
        if base is not None and now["password"] != ANN:
            self.admin("PUT", "/v1/users/ann@t.example/password", {"password": ANN})
            time.sleep(REMEMBERED)
        self.passwords["ann@t.example"] = ANN

    def same_as(self, base):
        found = self.snapshot()
        if found != base:
            raise RuntimeError("cannot restore: %r is not %r" % (found, base))

    def slapds(self):
        """Process ids of slapd on our state directory."""
        found = []
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open("/proc/%s/cmdline" % pid, "rb") as file:
                    words = file.read().decode(errors="replace").split("\0")
            except OSError:
                continue
            if words[0].endswith("slapd") and any(self.gateway.state in word for word in words):
                found.append(int(pid))
        return found

    def is_known(self, kind, where):
        """Whether that place is in the list of those that we cannot help."""
        names = where.names()
        for what, pattern, reason in self.allowed:
            if what == kind and any(pattern.search(name) for name in names):
                self.known[reason] = self.known.get(reason, 0) + 1
                return True
        return False

    def judge_end(self, what, where):
        """It has ended: with a word why, and slapd with it? True if that is as it should be."""
        code = self.gateway.process.wait()
        told = self.gateway.log()[self.gateway.told:]
        self.ends += 1
        good = (code == -6 and re.search("out of memory|no SHA-256", told)) or (code == 1 and re.search(r"^provostd: .", told, re.M))
        good = good or self.is_known("ends", where)
        if not good:
            self.find(what, where, "it ended with %d and no word" % code)
        try:
            gateway.until(lambda: not self.slapds(), "the end of slapd", 10)
        except TimeoutError:
            self.find(what, where, "slapd was left behind")
        return good

    def settle(self, what):
        """Back to normal: whether it lived or not."""
        self.order.stop()
        where = self.order.where()
        deadline = time.monotonic() + START_SECONDS
        while self.gateway.process.poll() is None and time.monotonic() < deadline:
            try:
                if gateway.Client(self.gateway.address).get("/readyz").status == 200:
                    return where
            except OSError:
                pass
            time.sleep(0.02)
        if self.gateway.process.poll() is None:
            self.find(what, where, "it did not become ready again")
            self.gateway.process.kill()
            self.gateway.process.wait()
        else:
            self.judge_end(what, where)
        self.order.give()
        self.gateway.start()
        return where

    def send(self, step):
        _, login, method, target, body, headers = step
        return ask(self.gateway.address, self.credentials(login), method, target, body, headers)

    @staticmethod
    def forget(step):
        """Wait until no login is remembered that this step may have made wrong."""
        if step[2] != "GET" and step[3].startswith("/v1/users/"):
            time.sleep(REMEMBERED)

    def reference(self, step, base):
        """What it answers and leaves behind, and how many allocations it takes."""
        self.order.give()
        answer = self.send(step)
        time.sleep(0.05)
        count = self.order.count()
        self.forget(step)
        if answer.status is None or answer.status >= 500:
            raise RuntimeError("%s: %r" % (step[0], answer))
        after = self.snapshot()
        self.restore(base)
        self.same_as(base)
        return answer, after, count

    def attempt(self, step, mode, n, reference, base):
        expected, after, _ = reference
        what = "%s, %s %d" % (step[0], mode, n)
        self.order.give(mode, n)
        answer = self.send(step)
        where = self.settle(what)
        self.done += 1
        self.forget(step)
        if answer.late:
            self.find(what, where, "no answer within %d s" % REPLY_SECONDS)
        now = self.snapshot()
        success = answer.is_like(expected)
        unknown = answer.status is None or answer.code() == "outcome_unknown"
        if success and now != after:
            self.find(what, where, "acknowledged and not done: %s" % difference(now, after))
        elif unknown and now not in (base, after):
            self.find(what, where, "half done: %s" % difference(now, after))
        elif not success and not unknown and now != base:
            self.find(what, where, "refused (%r) and done: %s" % (answer, difference(now, base)))
        elif not success and not unknown and not answer.refuses_like(expected) and not self.is_known("refuses", where):
            self.find(what, where, "a wrong reply: %r instead of %r" % (answer, expected))
        if now != base:
            self.restore(base)
            self.same_as(base)

    def is_ready(self):
        """Whether it serves; None: it has ended."""
        if self.gateway.process.poll() is not None:
            return None
        found = re.findall(r"event=serving listen=(\S+)", self.gateway.log()[self.gateway.told:])
        try:
            return bool(found) and gateway.Client(found[-1]).get("/readyz").status == 200
        except (http.client.HTTPException, OSError):
            return False

    def start_with(self, what, mode, n):
        """Start it with a failing allocation; it serves, or ends with a word why. It may wait for better times."""
        self.order.give(mode, n)
        self.done += 1
        try:
            self.gateway.start()
        except (RuntimeError, http.client.HTTPException, OSError):
            pass
        self.order.stop()
        where = self.order.where()
        deadline = time.monotonic() + START_SECONDS
        while self.is_ready() is False and time.monotonic() < deadline:
            time.sleep(0.05)
        ready = self.is_ready()
        if ready is None:
            self.judge_end(what, where)
        elif not ready:
            self.find(what, where, "it neither serves nor ends")
            self.gateway.process.kill()
            self.gateway.process.wait()
        else:
            self.gateway.stop()

    def close(self):
        self.gateway.close()
        shutil.rmtree(self.top, ignore_errors=True)


def read_allowed(path):
    """What happens, a pattern for a function, and the reason why we cannot help it."""
    rows = []
    with open(path, encoding="utf-8") as file:
        for line in file:
            if line.strip() and not line.startswith("#"):
                what, pattern, reason = line.strip().split(" ", 2)
                rows.append((what, re.compile(pattern), reason))
    return rows


def sample(jobs, seconds, run):
    """Run the jobs in an order that is the same for each seed, as many as there is time for."""
    random.Random(SEED[0]).shuffle(jobs)
    until, ran = time.monotonic() + seconds, 0
    for job in jobs:
        if time.monotonic() >= until:
            break
        run(*job)
        ran += 1
    return ran


def requests(torture, seconds):
    torture.order.give()
    torture.gateway.start()
    torture.restore(None)
    base = torture.snapshot()
    jobs, references, rare = [], {}, 1 if seconds > 10**8 else RARE
    for step in STEPS:
        references[step[0]] = torture.reference(step, base)
        count = references[step[0]][2]
        jobs += [(step, "at", n) for n in range(1, count + MARGIN + 1)]
        jobs += [(step, "from", n) for n in range(1, count + MARGIN + 1, rare)]
    ran = sample(jobs, seconds, lambda step, mode, n: torture.attempt(step, mode, n, references[step[0]], base))
    print("requests: %d of %d places of %d requests" % (ran, len(jobs), len(STEPS)), flush=True)
    torture.gateway.stop()


def starts(torture, seconds):
    """With a state directory that is there."""
    torture.order.give()
    torture.gateway.start()
    count, base = torture.order.count(), torture.snapshot()
    torture.gateway.stop()
    jobs = [(mode, n) for mode in ("at", "from") for n in range(1, count + 1)]
    ran = sample(jobs, seconds, lambda mode, n: torture.start_with("start, %s %d" % (mode, n), mode, n))
    print("starts: %d of %d places" % (ran, len(jobs)), flush=True)
    torture.order.give()
    torture.gateway.start()
    if torture.snapshot() != base:
        torture.find("starts", Where(), "what was there is not there any more")
    torture.gateway.stop()


def first_starts(torture, seconds):
    """Without one; what was left by the failure is taken up by the next start."""
    kept = torture.gateway.state

    def again(mode, n):
        torture.gateway.state = os.path.join(torture.top, "fresh")
        torture.gateway.options[torture.gateway.options.index("--state-dir") + 1] = torture.gateway.state
        shutil.rmtree(torture.gateway.state, ignore_errors=True)
        torture.start_with("first start, %s %d" % (mode, n), mode, n)
        torture.order.give()
        torture.gateway.start()
        if torture.admin("GET", "/v1/domains").status != 200:
            torture.find("first start, %s %d" % (mode, n), Where(), "the next start does not make it good")
        torture.gateway.stop()

    torture.gateway.state = os.path.join(torture.top, "fresh")
    torture.gateway.options[torture.gateway.options.index("--state-dir") + 1] = torture.gateway.state
    torture.order.give()
    torture.gateway.start()
    count = torture.order.count()
    torture.gateway.stop()
    jobs = [(mode, n) for mode in ("at", "from") for n in range(1, count + 1)]
    ran = sample(jobs, seconds, again)
    print("first starts: %d of %d places" % (ran, len(jobs)), flush=True)
    if os.path.isdir(kept):
        torture.gateway.state = kept


def secrets(torture):
    log = torture.gateway.log()
    words = [ANN, BOB, NEW, MADE, STORED_HASH, torture.gateway.secret("admin-password")]
    for name in ("postfix", "dovecot"):
        words.append(torture.gateway.secret("services/" + name))
    for word in words:
        if word in log:
            torture.findings.append("a secret is in the log")
            print("FOUND a secret in the log: %s..." % word[:4])


PARTS = {"requests": (requests, 0.7), "starts": (starts, 0.2), "first-starts": (first_starts, 0.1)}


def main():
    gateway.START_SECONDS = START_SECONDS
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--library", required=True)
    parser.add_argument("--seconds", type=int, default=300, help="how long in all, about")
    parser.add_argument("--full", action="store_true", help="every allocation, however long that takes")
    parser.add_argument("--seed", type=int, default=1, help="another one takes another sample")
    parser.add_argument("--part", choices=sorted(PARTS), action="append", help="only this; may be given twice")
    options = parser.parse_args()
    SEED[0] = options.seed
    torture = Torture(options.library, read_allowed(os.path.join(TOP, "tests", "torture", "allowed")))
    seconds = 10**9 if options.full else options.seconds
    began = time.monotonic()
    try:
        for name in options.part or PARTS:
            part, share = PARTS[name]
            part(torture, seconds * (1 if options.part else share))
        secrets(torture)
    finally:
        torture.close()
    for reason, count in sorted(torture.known.items()):
        print("known, %d times: %s" % (count, reason))
    print("%d failures in %d s: it ended %d times, %d findings" %
          (torture.done, time.monotonic() - began, torture.ends, len(torture.findings)))
    sys.exit(1 if torture.findings or not torture.done else 0)


if __name__ == "__main__":
    main()
