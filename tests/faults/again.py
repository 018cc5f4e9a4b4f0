#!/usr/bin/python3
"""Idempotency-Key: what is sent again with the same key is done once and answered as the first time, at any gateway, whatever
became of the first reply, of the directory's, and of the gateway."""

import base64
import concurrent.futures
import os
import signal
import subprocess
import sys
import time
import uuid

sys.path.insert(0, os.path.join(os.environ.get("top_srcdir") or os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))), "tests", "lib"))

import faults
import gateway
import proxy
import tap

BASE = "dc=provost"
# When a connection is lost, and over what; tools/torture has all of it, again and again.
RESETS = {"before": None, "middle": ("user", "key"), "after": ("user", "domain with reserved names", "key")}
GATEWAY = ("--loops", "1", "--daemon-lease-seconds", "1", "--ldap-remember-millis", "60000")


class World:
    """Two gateways of one directory; the first reaches it through the proxy."""

    def __enter__(self):
        self.server = faults.Server().__enter__()
        self.between = proxy.Between(self.server.place, self.server.socket_path()).__enter__()
        self.first = self.server.gateway(*GATEWAY, uri=self.between.uri).__enter__()
        self.second = self.server.gateway(*GATEWAY).__enter__()
        self.admin = self.server.client(self.first)
        self.other = self.server.client(self.second)
        self.admin.post("/v1/domains", {"name": "again.example"})
        self.admin.post("/v1/users", {"address": "somebody@again.example", "password": "very long and good"})
        return self

    def __exit__(self, *_):
        for g in (self.first, self.second):
            g.close()
        self.between.__exit__()
        self.server.remove()

    def restart(self):
        """The first gateway is killed, and another one takes its place."""
        os.kill(self.first.process.pid, signal.SIGKILL)
        self.first.process.wait()
        self.between.do("pass")
        self.first.start()
        self.admin.address = self.first.address
        self.admin.connection = None


def new_key():
    return str(uuid.uuid4())


def post(client, asked, key):
    """Send it with a key; (target, body, the text by which its entry is known in what goes to slapd)."""
    return client.post(asked[0], asked[1], headers={"Idempotency-Key": '"%s"' % key})


def replayed(reply):
    return reply.headers.get("Idempotent-Replayed") == "true"


def shown(reply):
    return reply.status, reply.json, reply.headers.get("Location"), reply.headers.get("ETag")


def everything(n):
    """One of all that can be made: its request, and a text that only its entry has in its name."""
    return {
        "user": ("/v1/users?generate_password=true", {"address": "u%s@again.example" % n}, "mail=u%s@" % n),
        "alias": ("/v1/aliases", {"address": "a%s@again.example" % n, "destinations": ["somebody@again.example"]}, "mail=a%s@" % n),
        "domain": ("/v1/domains", {"name": "d%s.example" % n}, "provostDomainName=d%s" % n),
        "domain with reserved names": ("/v1/domains", {"name": "r%s.example" % n, "reserved_to": ["somebody@again.example"]},
                                       "provostDomainName=r%s" % n),
        "principal": ("/v1/principals?generate_password=true", {"login": "p%s" % n, "super_administrator": True}, "uid=p%s" % n),
        "key": ("/v1/keys", {"label": "k%s" % n, "scopes": ["users:read"]}, "provostKeyId="),
    }


def works(w, what, reply):
    """A secret that was told opens what it should."""
    if "generated_password" in reply.json:
        login = reply.json.get("address") or reply.json.get("login")
        return w.second.client(login, reply.json["generated_password"]).get("/v1/me").status == 200
    if what == "key":
        client = w.second.client()
        return client.get("/v1/users?domain=again.example", headers={"Authorization": "Bearer " + reply.json["key"]}).status == 200
    return w.other.get(reply.headers["Location"]).status == 200


def keys_labelled(w, label):
    return [k for k in w.other.get("/v1/keys").json["items"] if k["label"] == label]


def once(w, what, asked, answers, note):
    """All that was answered is the same, and it was done once."""
    last = answers[-1]
    tap.is_(last.status, 201, "%s: told that it is there" % note)
    made = [a for a in answers if a.status == 201]
    tap.ok(all(shown(a) == shown(last) for a in made), "%s: the same each time" % note, answers)
    tap.ok(all(a.status in (201, 409, 503) for a in answers), "%s: nothing else is answered" % note, answers)
    tap.ok(works(w, what, last), "%s: what was told is so" % note, last)
    if what == "key":
        tap.is_(len(keys_labelled(w, asked[1]["label"])), 1, "%s: there is one" % note)


def resets(w):
    """The connection to slapd is lost over the write."""
    for n, (when, only) in enumerate(RESETS.items()):
        for what, asked in everything("r%d" % n).items():
            if only and what not in only:
                continue
            key, began = new_key(), time.monotonic()
            w.between.do("reset", when, "add", asked[2])
            answers = [post(w.admin, asked, key)]
            w.between.do("pass")
            gateway.until(lambda: w.admin.get("/v1/me").status == 200, "another connection", 15)
            answers += [post(w.other, asked, key), post(w.admin, asked, key)]
            once(w, what, asked, answers, "%s, reset %s the reply" % (what, when))
            tap.note("%s, reset %s the reply: %s, after %.2f s" % (what, when, [faults.code_of(a) for a in answers], time.monotonic() - began))
            tap.ok(replayed(answers[-1]), "and it is said that this was known")


def final(client, asked, key):
    """Its answer, once nobody else is answering it."""
    reply = post(client, asked, key)
    return None if reply.status == 503 or reply.status == 409 and reply.json["code"] in ("request_under_way", "under_way") else reply


def settled(w, asked, key):
    return gateway.until(lambda: final(w.other, asked, key), "it to be taken over", 20)


def killed(w, asked, key):
    """The gateway dies when the directory has done it, and before anybody knows."""
    w.between.do("hold", "add", asked[2])
    thread, _ = faults.in_background(swallowed, w.admin, asked, key)
    gateway.until(lambda: asked[2] in w.server.slapcat(BASE), "the write", 10)
    w.restart()
    thread.join()


def deaths(w):
    left = [(what, asked, new_key()) for what, asked in everything("k").items()]
    moved = everything("m")["user"], new_key()
    for asked, key in [moved] + [(asked, key) for _, asked, key in left]:
        killed(w, asked, key)
    reply = post(w.other, *left[-1][1:])
    tap.ok(reply.status == 409 and reply.json["code"] == "request_under_way" and reply.headers["Retry-After"],
           "for a while nobody knows that it is dead", reply)
    w.other.patch("/v1/users/um@again.example", {"address": "moved@again.example"})
    for what, asked, key in left:
        answers = [settled(w, asked, key), post(w.admin, asked, key)]
        once(w, what, asked, answers, "%s, and the gateway is killed" % what)
    tap.is_(w.other.get("/v1/principals/pk").json["super_administrator"], True, "a principal is what he was to be")
    tap.is_(w.other.get("/v1/aliases/postmaster@rk.example").status, 200, "a domain has its reserved names")
    reply = settled(w, *moved)
    tap.is_((reply.status, reply.json["address"]), (201, "moved@again.example"), "renamed since: told where it is")
    tap.is_(w.other.get("/v1/users/um@again.example").status, 404, "and not made again")


def swallowed(client, asked, key):
    try:
        return post(client, asked, key)
    except OSError:
        return None


def at_once(w):
    """Two gateways are asked the same at the same time."""
    for what, asked in everything("o").items():
        key = new_key()
        clients = [w.server.client(g) for g in (w.first, w.second) for _ in range(6)]
        with concurrent.futures.ThreadPoolExecutor(len(clients)) as pool:
            answers = list(pool.map(lambda client, asked=asked, key=key: post(client, asked, key), clients))
        tap.is_({a.status for a in answers} - {201, 409}, set(), "%s, twelve at once: made, or told to wait" % what)
        tap.ok(201 in {a.status for a in answers}, "%s, twelve at once: made" % what, answers)
        once(w, what, asked, answers + [settled(w, asked, key)], "%s, twelve at once" % what)


def a_set(n):
    """A change set: a domain with two users, one of whom is changed."""
    names = ["one@s%s.example" % n, "two@s%s.example" % n]
    made = [{"method": "POST", "path": "/v1/domains", "body": {"name": "s%s.example" % n}}]
    made += [{"method": "POST", "path": "/v1/users", "body": {"address": name}} for name in names]
    changed = {"method": "PATCH", "path": "/v1/users/" + names[0], "body": {"name": "One"}}
    return "/v1/changesets", {"operations": made + [changed]}, "mail=" + names[1]


def set_done(w, asked, answers, note):
    last, domain = answers[-1], asked[1]["operations"][0]["body"]["name"]
    tap.is_((last.status, [one["status"] for one in last.json["operations"]]), (200, [201, 201, 201, 200]), "%s: told that it is done" % note)
    tap.ok(all(a.status == 409 or a.status == 503 or shown(a) == shown(last) for a in answers), "%s: the same each time" % note, answers)
    tap.is_(sorted(user["address"] for user in w.other.get("/v1/users?domain=" + domain).json["items"]), ["one@" + domain, "two@" + domain], "%s: as a whole, once" % note)


def sets(w):
    """Change sets, and what comes out of the trash: their plans are the trace."""
    for when in ("before", "middle", "after"):
        for over in ("provostJournalId=", None):
            asked, key = a_set(when + ("p" if over else "r")), new_key()
            w.between.do("reset", when, "add", over or asked[2])
            answers = [post(w.admin, asked, key)]
            w.between.do("pass")
            gateway.until(lambda: w.admin.get("/v1/me").status == 200, "another connection", 15)
            answers += [settled(w, asked, key), post(w.admin, asked, key)]
            set_done(w, asked, answers, "a set, reset %s the reply over %s" % (when, over or "a record"))
    asked, key = a_set("at-once"), new_key()
    clients = [w.server.client(g) for g in (w.first, w.second) for _ in range(6)]
    with concurrent.futures.ThreadPoolExecutor(len(clients)) as pool:
        answers = list(pool.map(lambda client: post(client, asked, key), clients))
    set_done(w, asked, answers + [settled(w, asked, key)], "a set, twelve at once")
    asked, key = a_set("killed"), new_key()
    killed(w, asked, key)
    answers = [post(w.other, asked, key), settled(w, asked, key), post(w.admin, asked, key)]
    set_done(w, asked, answers, "a set, and the gateway is killed in it")
    refused = "/v1/changesets", {"operations": asked[1]["operations"][1:2]}
    key = new_key()
    replies = [post(client, refused, key) for client in (w.admin, w.other)]
    tap.is_([(reply.status, reply.json["code"], replayed(reply)) for reply in replies], [(409, "exists", False), (409, "exists", True)], "a refusal is the same each time")
    reply = w.admin.post(asked[0], a_set("job")[1], headers={"Idempotency-Key": key + "j", "Prefer": "respond-async"})
    again = w.other.post(asked[0], a_set("job")[1], headers={"Idempotency-Key": key + "j", "Prefer": "respond-async"})
    tap.is_((reply.status, again.status, again.headers["Location"]), (202, 202, reply.headers["Location"]), "a job is one job")


def restores(w):
    def deleted(n):
        made = w.other.post("/v1/users", {"address": "t%s@again.example" % n}).json
        w.other.delete("/v1/users/t%s@again.example" % n)
        return ("/v1/trash/%s/restore" % made["id"], None), made["id"]

    for when in ("before", "middle", "after"):
        asked, found = deleted(when)
        key = new_key()
        w.between.do("reset", when, "rename", "t%s@" % when)
        answers = [post(w.admin, asked, key)]
        w.between.do("pass")
        gateway.until(lambda: w.admin.get("/v1/me").status == 200, "another connection", 15)
        answers += [settled(w, asked, key), post(w.admin, asked, key)]
        tap.ok(all(a.status in (409, 503) or (a.status, a.json["id"]) == (200, found) for a in answers) and answers[-1].status == 200,
               "restored, reset %s the reply: told so each time" % when, answers)
    asked, found = deleted("killed")
    key = new_key()
    w.between.do("hold", "rename", "tkilled@")
    thread, _ = faults.in_background(swallowed, w.admin, asked, key)
    gateway.until(lambda: w.other.get("/v1/users/tkilled@again.example").status == 200, "the move", 10)
    w.restart()
    thread.join()
    reply = settled(w, asked, key)
    tap.is_((reply.status, reply.json["id"]), (200, found), "restored, and the gateway is killed: told so")
    tap.is_(post(w.other, asked, new_key()).status, 404, "to others it is not in the trash")
    asked, found = deleted("twice")
    key = new_key()
    first = post(w.admin, asked, key)
    w.other.delete("/v1/users/ttwice@again.example")
    second = post(w.other, asked, key)
    tap.ok(first.status == 200 and shown(first) == shown(second) and replayed(second), "deleted since: answered as before", (first, second))
    tap.is_(w.other.get("/v1/users/ttwice@again.example").status, 404, "and not restored again")


def other(w):
    """Result 80 says that something went wrong in the middle: it may have been done, or not."""
    for order in ("answer", "lie"):
        for what, asked in everything("80" + order).items():
            if what not in ("user", "principal", "key"):
                continue
            key = new_key()
            w.between.do(order, 80, "add", asked[2])
            answers = [post(w.admin, asked, key)]
            w.between.do("pass")
            answers += [settled(w, asked, key), post(w.admin, asked, key)]
            once(w, what, asked, answers, "%s, result 80 %s" % (what, "though it is done" if order == "lie" else "and it is not done"))
            tap.note("%s, %s: %s" % (what, order, [faults.code_of(a) for a in answers]))


def told_apart(w):
    """Who asks, what he asks, and with what key."""
    key = new_key()
    one, two = everything("t1")["user"], everything("t2")["user"]
    first = post(w.admin, one, key)
    for target, body in ((one[0], two[1]), (one[0].split("?")[0], one[1]), ("/v1/domains", {"name": "t1.example"})):
        reply = post(w.other, (target, body), key)
        tap.is_((reply.status, reply.json["code"]), (422, "idempotency_key_reused"), "another request with that key is refused")
    tap.is_(w.other.get("/v1/users/" + two[1]["address"]).status, 404, "and nothing is done")
    owner = w.other.post("/v1/users", {"address": "owner@again.example", "password": "very long and good"})
    tap.is_(owner.status, 201, "somebody else")
    w.other.put("/v1/domains/again.example/administrators/owner@again.example", {"role": "owner"})
    owner = w.second.client("owner@again.example", "very long and good")
    reply = post(owner, two, key)
    tap.is_((reply.status, replayed(reply)), (201, False), "may use that key for himself")
    text = w.other.post("/v1/keys", {"label": "apart", "scopes": ["*"]}).json["key"]
    reply = w.second.client().post(one[0], one[1], headers={"Idempotency-Key": key, "Authorization": "Bearer " + text})
    tap.is_((reply.status, replayed(reply)), (409, False), "nor is an API key of his told what he was himself")
    reply = w.admin.post(one[0], one[1], headers={"Idempotency-Key": key})
    tap.ok(shown(reply) == shown(first) and replayed(reply), "a key without quotes is the same key", reply)


def refusals(w):
    asked = everything("f")["user"]
    for value in ('""', '"', '"a" b', 'a b', '"a";x=1', '"\\a"', "x" * 256, '"%s"' % ("x" * 256), '"\u00e9"'.encode("latin-1"), "a,b"):
        reply = w.admin.post(asked[0], asked[1], headers={"Idempotency-Key": value})
        tap.is_((reply.status, reply.json["code"]), (400, "idempotency_key_malformed"), "refused as a key: %s" % repr(value)[:40])
    tap.is_(w.admin.get("/v1/users/" + asked[1]["address"]).status, 404, "and nothing is done")
    tap.is_(w.admin.post(asked[0], asked[1], headers={"Idempotency-Key": "x" * 255}).status, 201, "of 255 characters it is taken")
    key = new_key()
    first, second = post(w.admin, asked, key), post(w.other, asked, key)
    tap.ok(shown(first) == shown(second) and first.status == 409 and replayed(second), "a refusal is an answer, too", (first, second))
    reply = w.admin.post("/v1/users", {"address": "f2@again.example"}, headers={"Idempotency-Key": key, "Prefer": "dry-run"})
    tap.ok(not replayed(reply) and reply.status != 422, "a dry run does not count", reply)


def nothing_readable(w):
    """What is kept is of no use to who reads it in a copy of the directory."""
    asked = everything("s")
    key = new_key()
    password = post(w.admin, asked["user"], key).json["generated_password"]
    text = post(w.admin, asked["key"], new_key()).json["key"]
    dump = w.server.slapcat(BASE)
    raw = decoded(dump)
    tap.ok(not any(secret in raw for secret in (password, text.split("_")[2], key)), "neither secrets nor keys are in the directory")
    tap.ok("provostRequestAnswer" in dump, "though what was answered is")
    tap.ok(password not in w.first.log() + w.second.log() and key not in w.first.log(), "nor in a log")


def decoded(dump):
    """LDIF, and what its base64 says."""
    lines = dump.replace("\n ", "").splitlines()
    return "\n".join(line if ":: " not in line else base64.b64decode(line.split(":: ", 1)[1]).decode("latin-1") for line in lines)


def as_gateway(w, program, text):
    become = ["setpriv", "--reuid=provost", "--regid=provost", "--clear-groups"] if faults.ROOT else []
    subprocess.run(become + [program, "-QY", "EXTERNAL", "-H", w.server.ldapi], check=True, text=True, stdout=subprocess.DEVNULL, input=text)


def forgotten(w):
    """After its time it is as if it had never come; the steward takes it away."""
    asked = everything("g")["alias"]
    key = new_key()
    tap.is_(post(w.admin, asked, key).status, 201, "something is kept")
    names = [line.split(" ", 1)[1] for line in w.server.slapcat(BASE).replace("\n ", "").splitlines()
             if line.startswith("dn: provostRequestId=") and "=secret," not in line]
    as_gateway(w, "ldapmodify", "".join("dn: %s\nchangetype: modify\nreplace: provostExpires\nprovostExpires: 20200101000000Z\n\n" % name
                                        for name in names))
    reply = post(w.other, asked, key)
    tap.is_((reply.status, replayed(reply)), (201, False), "what has expired is not known any more, and what it made still is")
    asked[1]["description"] = "another"
    tap.is_(post(w.other, asked, new_key()).status, 409, "to others it is there already")
    w.first.stop()
    # A job that fails, because the machine is busy, say, has its next turn in an hour.
    tap.ok(any(swept(w) for _ in range(3)), "and is taken away", w.second.log()[-2000:])


def swept(w):
    """Whether the steward takes away what has expired, when it is due."""
    as_gateway(w, "ldapmodify", "dn: %s\nchangetype: modify\nreplace: provostJournalPosition\nprovostJournalPosition: 0\n\n" %
               w.server.dn("provostJournalId=job-requests", "ou=journal"))
    w.second.stop()
    w.second.start()
    w.other.address, w.other.connection = w.second.address, None
    try:
        return gateway.until(lambda: w.server.slapcat(BASE).count("dn: provostRequestId=") == 3, "the rest to be taken away", 10)
    except TimeoutError:
        return False


def bounded(w):
    w.second.stop()
    w.second.options += ["--idempotency-most", "4"]
    w.second.start()
    w.other.address, w.other.connection = w.second.address, None
    answers = [post(w.other, everything("b%d" % n)["alias"], new_key()) for n in range(4)]
    tap.is_([a.status for a in answers], [201, 201, 429, 429], "nobody has more of them than he may")
    tap.ok(answers[3].json["code"] == "too_many_keys_kept" and answers[3].headers["Retry-After"], "and is told so", answers[3])
    tap.is_(w.other.post("/v1/aliases", everything("b9")["alias"][1]).status, 201, "without a key all goes on")


def main():
    with World() as w:
        for part in (told_apart, refusals, nothing_readable, resets, sets, restores, other, at_once, deaths, forgotten, bounded):
            began = time.monotonic()
            part(w)
            tap.note("%s: %.1f s" % (part.__name__, time.monotonic() - began))
        tap.ok(w.server.alive(), "slapd lives")
        tap.is_(w.admin.complaints + w.other.complaints, [], "every reply is as described")
        tap.ok(all("Sanitizer" not in g.log() and "runtime error" not in g.log() for g in (w.first, w.second)), "no sanitizer report")
    tap.done()


main()
