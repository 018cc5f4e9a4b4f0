#!/usr/bin/python3
"""Distribution lists of up to 10,000 destinations: over HTTP, as /v1/resolve sees them, and taken by real Postfix.

With DELIVER=1 in the environment the message to 12,000 recipients is delivered, too, which takes half a minute; without, the
queue is asked for its recipients.
"""

import os
import re
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.environ.get("top_srcdir") or os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))), "tests", "lib"))

import gateway
import mail
import tap

mail.skip_where_missing()

MOST = 10000
EVERYBODY = ["member.number.%05d@department-%d.example.net" % (i, i % 7) for i in range(MOST)]
HALF = ["outside.%05d@elsewhere.example" % i for i in range(1998)]


def measured(what, call):
    before = time.monotonic()
    answer = call()
    print("# %s: %.2f s" % (what, time.monotonic() - before))
    return answer


def lists(admin):
    """As many as there may be, and one more."""
    tap.is_(admin.post("/v1/domains", {"name": "lists.example"}).status, 201, "a domain")
    tap.is_(admin.post("/v1/users", {"address": "john@lists.example", "password": "correct horse"}).status, 201, "a user")
    body = {"address": "all@lists.example", "destinations": EVERYBODY}
    tap.is_(measured("create", lambda: admin.post("/v1/aliases", body)).status, 201, "an alias with 10,000 destinations")
    reply = measured("read", lambda: admin.get("/v1/aliases/all@lists.example"))
    tap.is_(len(reply.json["destinations"]), MOST, "it is read back with all of them")
    changed = EVERYBODY[1:] + ["john@lists.example"]
    reply = measured("replace", lambda: admin.put("/v1/aliases/all@lists.example", {"destinations": changed}))
    tap.is_((reply.status, len(reply.json["destinations"])), (200, MOST), "one of them is replaced")
    reply = admin.post("/v1/aliases", {"address": "more@lists.example", "destinations": EVERYBODY + ["one@more.example"]})
    tap.is_((reply.status, reply.json["code"]), (422, "invalid"), "10,001 are refused")
    tap.ok("10,000" in str(reply.json), "with a reason", reply.json)
    for address, to in [("outside@lists.example", HALF), ("both@lists.example", ["all@lists.example", "outside@lists.example"]),
                        ("extra@lists.example", ["both@lists.example", "one@more.example", "two@more.example", "three@more.example"])]:
        tap.is_(admin.post("/v1/aliases", {"address": address, "destinations": to}).status, 201, "a list " + address)
    return set(changed)


def resolved(admin, members):
    reply = measured("resolve 10,000", lambda: admin.get("/v1/resolve/all@lists.example"))
    got = reply.json
    tap.is_((reply.status, got["deliverable"], got["complete"]), (200, True, True), "the list is resolved")
    tap.is_(set(got["external"]) | {box["address"] for box in got["mailboxes"]}, members, "to all of its members")
    got = measured("resolve nested", lambda: admin.get("/v1/resolve/both@lists.example")).json
    tap.is_((got["deliverable"], len(got["external"])), (True, MOST - 1 + len(HALF)), "lists in a list")
    got = admin.get("/v1/resolve/extra@lists.example").json
    tap.is_((got["deliverable"], [p["code"] for p in got["problems"]]), (False, ["too_many"]), "more than 12,000 in all")


def held(postfix):
    """The recipients of the message that is on hold."""
    (name,) = os.listdir(os.path.join(postfix.queue, "hold"))
    text = mail.run("postcat", "-c", postfix.directory, "-q", "-e", name).stdout
    return re.findall(r"(?m)^recipient: (\S+)", text)


def delivered(g, members):
    """Postfix has every one of them, once."""
    sink = mail.Sink()
    directory = os.path.join(g.top, "postfix")
    done = subprocess.run([os.path.join(gateway.BUILD, "provost"), "config", "postfix", directory, "--state-dir", g.state, "--hostname", "mail.test"],
                          capture_output=True, text=True)
    tap.is_(done.returncode, 0, "provost config postfix")
    postfix = mail.Postfix(directory, outside=sink.address)
    postfix.postconf("-e", "virtual_transport=smtp:[%s]:%d" % sink.address)
    if not os.environ.get("DELIVER"):
        # Before it starts: a process that has begun to serve would not know of it.
        postfix.postconf("-e", "smtpd_data_restrictions=check_sender_access static:HOLD")
    with postfix:
        answers = measured("accept", lambda: postfix.send("s1@sender.example", ["both@lists.example"], "to everybody", patience=120))
        tap.is_([code for code, _ in answers.values()], [250], "mail for all of them is taken")
        if os.environ.get("DELIVER"):
            measured("deliver", lambda: postfix.wait_queue_empty(180))
            got = [r for _, some, _ in sink.messages for r in some]
        else:
            got = held(postfix)
        want = members | set(HALF)
        tap.is_((len(got), set(got)), (len(want), want), "every one of them has it, once")
        answers = measured("refuse", lambda: postfix.send("s2@sender.example", ["extra@lists.example"], "to too many"))
        tap.is_([code for code, _ in answers.values()], [451], "what resolve calls too many is put off: %s" % answers)
    sink.close()


def main():
    with gateway.Gateway() as g:
        admin = g.admin()
        members = lists(admin)
        resolved(admin, members)
        delivered(g, members)
        tap.is_(admin.delete("/v1/aliases/all@lists.example?aliases=remove").status, 204, "the list is deleted")
        tap.is_(admin.complaints, [], "every reply was as described")
        tap.ok("Sanitizer" not in g.log() and "runtime error" not in g.log(), "no sanitizer report", g.log()[-4000:])
    tap.done()


main()
