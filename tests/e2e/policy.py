#!/usr/bin/python3
"""Which new passwords are refused over HTTP, with which words, and what may change while provostd runs."""

import hashlib
import os
import re
import signal
import sys

sys.path.insert(0, os.path.join(os.environ.get("top_srcdir") or os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))), "tests", "lib"))

import gateway
import tap

GOOD, BETTER, STOLEN = "kx7vbq9m wq3", "four words in a row", "Tr0ub4dor&3 stolen"
DOMAIN, JOHN, MARY = "policy.example", "john@policy.example", "mary@policy.example"
REFUSED = [("short1!", "password_too_short"), ("p\u00e4ssw\u00f6r", "password_too_short"), (JOHN, "password_is_name"),
           ("John Quagmire", "password_is_name"), ("QUAGMIRE", "password_is_name"), ("policy.example", "password_is_name"),
           ("password1", "password_too_weak"), ("quagmire1", "password_too_weak"), ("12345678", "password_too_weak"),
           (STOLEN, "password_breached")]


def sha1(clear):
    return hashlib.sha1(clear.encode()).hexdigest().upper()


def write_list(path, words):
    """As Have I Been Pwned gives it out, in place at once."""
    lines = sorted("%s:%d\r\n" % (sha1(word), 7) for word in [str(n) for n in range(5000)] + words)
    with open(path + ".new", "w", encoding="ascii") as file:
        file.write("".join(lines))
    os.chmod(path + ".new", 0o644)
    os.rename(path + ".new", path)


def is_refused(reply, code, clear, what):
    tap.is_((reply.status, reply.json and reply.json.get("code")), (422, code), what)
    tap.is_([(f["pointer"], f["code"]) for f in reply.json.get("errors", [])], [("/password", "policy")], what + ": the fault names the member")
    tap.ok(clear not in reply.text, what + ": and not the password", reply.text)


def everywhere(admin):
    """On creation, by PATCH, by PUT of the record, of the password, of one's own."""
    for clear, code in REFUSED:
        new = {"address": "new@policy.example", "name": "John Quagmire", "family_name": "Quagmire", "password": clear}
        if clear != JOHN:
            is_refused(admin.post("/v1/users", new), code, clear, "POST: %s" % code)
        is_refused(admin.patch("/v1/users/" + JOHN, {"password": clear}), code, clear, "PATCH: %s" % code)
        is_refused(admin.put("/v1/users/%s/password" % JOHN, {"password": clear}), code, clear, "PUT by an administrator: %s" % code)
        is_refused(admin.as_(JOHN, GOOD).put("/v1/users/%s/password" % JOHN, {"password": clear, "current": GOOD}), code, clear,
                   "PUT by himself: %s" % code)
        is_refused(admin.put("/v1/users/" + JOHN, {"name": "John Quagmire", "family_name": "Quagmire", "password": clear}), code, clear,
                   "PUT: %s" % code)
    tap.is_(admin.get("/v1/users/new@policy.example").status, 404, "nobody was made")
    tap.is_(admin.as_(JOHN, GOOD).get("/v1/me").status, 200, "the password is what it was")


def what_passes(admin):
    reply = admin.patch("/v1/users/" + JOHN, {"password": BETTER})
    tap.is_(reply.status, 200, "a better password is taken")
    tap.is_(admin.as_(JOHN, BETTER).get("/v1/me").status, 200, "and counts")
    reply = admin.patch("/v1/users/" + JOHN, {"password_hash": "$6$saltsalt$" + "a" * 86})
    tap.is_(reply.status, 200, "of a ready-made hash nobody knows the password")
    made = [admin.post("/v1/users?generate_password=true", {"address": "g%d@policy.example" % n}) for n in range(5)]
    tap.ok(all(reply.status == 201 and len(reply.json["generated_password"]) == 23 for reply in made), "generated ones satisfy the strictest policy")
    reply = admin.post("/v1/users", {"address": MARY, "password": "j8.Kq, 4 lamps & 1 chair"})
    tap.is_(reply.status, 201, "what nobody would guess passes there, too")


def reload(g, path, text):
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    os.chmod(path, 0o644)
    count = len(re.findall("event=(?:not-)?reloaded", g.log()))
    g.process.send_signal(signal.SIGHUP)
    gateway.until(lambda: len(re.findall("event=(?:not-)?reloaded", g.log())) > count, "reload", 10)


def main():
    with gateway.Gateway("--passwd-min-length", "20", "--passwd-min-bits", "60", "--passwd-scheme", "sha256-crypt") as g:
        admin = g.admin()
        admin.post("/v1/domains", {"name": DOMAIN})
        admin.post("/v1/users", {"address": JOHN, "name": "John Quagmire"})
        what_strict = admin.patch("/v1/users/" + JOHN, {"password": GOOD})
        tap.is_(what_strict.json.get("code"), "password_too_short", "the length is an option")
        what_passes_strictly = admin.post("/v1/users?generate_password=true", {"address": "g@policy.example"})
        tap.is_(what_passes_strictly.status, 201, "a generated one passes")
    with gateway.Gateway("--passwd-scheme", "sha256-crypt") as g:
        conf, listed = os.path.join(g.top, "provost.conf"), os.path.join(g.top, "breached")
        write_list(listed, [STOLEN])
        # The defaults are what is tested here, not what other tests have.
        g.stop()
        g.options = [o for o in g.options if not o.startswith("--passwd-min") and o not in ("0", "1")] + ["--config", conf]
        rules = "[passwd]\nbreached_file = %s\n" % listed
        with open(conf, "w", encoding="utf-8") as file:
            file.write(rules)
        os.chmod(conf, 0o644)
        g.start()
        admin = g.admin()
        admin.post("/v1/domains", {"name": DOMAIN})
        user = {"address": JOHN, "name": "John Quagmire", "family_name": "Quagmire", "password": GOOD}
        tap.is_(admin.post("/v1/users", user).status, 201, "a good password")
        everywhere(admin)
        what_passes(admin)

        reload(g, conf, "[passwd]\nmin_length = 5\nmin_bits = 0\n")
        tap.is_(admin.patch("/v1/users/" + JOHN, {"password": STOLEN}).status, 200, "no list any more")
        tap.is_(admin.patch("/v1/users/" + JOHN, {"password": "12345"}).status, 200, "five characters, however weak")
        reload(g, conf, "[passwd]\nbreached_file = /nonexistent\n")
        tap.ok("event=not-reloaded" in g.log() and "/nonexistent" in g.log(), "a list that is not there is not taken")
        tap.is_(admin.patch("/v1/users/" + JOHN, {"password": "12345"}).status, 200, "all stays as it was")
        reload(g, conf, rules)
        tap.is_(admin.patch("/v1/users/" + JOHN, {"password": STOLEN}).json.get("code"), "password_breached", "the list again")
        os.unlink(listed)
        reply = admin.patch("/v1/users/" + JOHN, {"password": BETTER})
        tap.is_((reply.status, reply.json.get("code")), (503, "unavailable"), "without its list no password passes")
        write_list(listed, [BETTER])
        tap.is_(admin.patch("/v1/users/" + JOHN, {"password": BETTER}).json.get("code"), "password_breached", "a new list counts at once")
        log = g.log()
        tap.is_([word for word, _ in REFUSED if word in log and word not in (JOHN, DOMAIN)] + [w for w in (GOOD, BETTER) if w in log], [],
                "no password in the log")
        tap.is_(admin.complaints, [], "every reply is as described")
    tap.done()


main()
