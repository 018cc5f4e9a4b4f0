#!/usr/bin/python3
"""Conditions: no acknowledged change is lost, patches of one list at once are all done, and writes without a condition are refused where that is wanted."""

import os
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.environ.get("top_srcdir") or os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))), "tests", "lib"))

import ldap

import gateway
import tap
import updates

CLIENTS = 16  # of each gateway
USERS = 4
ATTEMPTS = 300
ROUNDS = 2
PATCHERS = 8
PATIENCE = 20  # times that a client tries again


def lost_updates(admin, clients, directory):
    race = updates.Updates(USERS, ATTEMPTS)
    race.prepare(admin)
    began = time.monotonic()
    race.run(clients, directory)
    tap.is_(race.wrong, [], "who comes too late is told so, with the tag that holds")
    tap.ok(race.statuses.get(200, 0) > 20 and race.statuses.get(412, 0) > 20 and race.statuses.get("ldap", 0) > 5,
           "some were in time, some not, and an LDAP tool came between", race.statuses)
    tap.is_(race.lost(admin), {}, "every acknowledged increment is there, and no other")
    tap.note("%s in %.1f s" % (race.statuses, time.monotonic() - began))


def at_once(clients, work):
    """What work(client, number) answers, all at the same time."""
    answers = [None] * len(clients)
    barrier = threading.Barrier(len(clients))

    def one(number, client):
        barrier.wait()
        answers[number] = work(client, number)

    threads = [threading.Thread(target=one, args=pair) for pair in enumerate(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def patiently(work):
    """A client that comes again when too many are there."""
    for _ in range(PATIENCE):
        reply = work()
        if reply.status not in (409, 503):
            break
        time.sleep(0.05)
    return reply


def lists(admin, clients):
    target = "/v1/aliases/all@updates.example"
    first = "first@elsewhere.example"
    tap.is_(admin.put(target, {"destinations": [first]}).status, 201, "an alias")
    mine = ["c%d@elsewhere.example" % i for i in range(len(clients))]
    wrong, now = [], admin.get(target).json
    for _ in range(ROUNDS):
        added = at_once(clients, lambda client, i: patiently(lambda: updates.amend(client, target, [
            {"op": "test", "path": "/enabled", "value": True}, {"op": "add", "path": "/destinations/-", "value": mine[i]}])))
        now = admin.get(target).json["destinations"]
        wrong += [reply.text for reply in added if reply.status != 200] + ([now] if now != sorted(mine + [first]) else [])

        def take(client, i):
            held = client.get(target).json["destinations"].index(mine[i])
            return updates.amend(client, target, [{"op": "test", "path": "/destinations/%d" % held, "value": mine[i]},
                                                  {"op": "remove", "path": "/destinations/%d" % held}])

        taken = at_once(clients, lambda client, i: patiently(lambda: take(client, i)))
        now = admin.get(target).json["destinations"]
        wrong += [reply.text for reply in taken if reply.status != 200] + ([now] if now != [first] else [])
    tap.is_(wrong, [], "patches that add or remove other destinations of one alias at once are all done")


def unseen(admin, directory):
    """What the tag leaves out can be tested all the same."""
    target = "/v1/users/" + updates.address(0)
    seen = admin.get(target)
    dn = "mail=%s,provostDomainName=%s,ou=domains,dc=provost" % (updates.address(0), updates.DOMAIN)
    time.sleep(1.1)  # its time has seconds
    directory.modify_s(dn, [(ldap.MOD_REPLACE, "cn", seen.json["name"].upper().encode())])
    directory.modify_s(dn, [(ldap.MOD_REPLACE, "cn", seen.json["name"].encode())])
    tap.is_(admin.get(target).headers["ETag"], seen.headers["ETag"], "it is again what it was")
    late = updates.amend(admin, target, [{"op": "test", "path": "/updated_at", "value": seen.json["updated_at"]}, {"op": "add", "path": "/name", "value": "late"}])
    tap.is_((late.status, late.json["code"]), (409, "test_failed"), "but at another time")


def bodies(client):
    """Writes to what is there, each with what it is then."""
    client.post("/v1/users", {"address": "ann@updates.example"})
    client.post("/v1/aliases", {"address": "x@updates.example", "destinations": ["y@elsewhere.example"]})
    client.post("/v1/principals", {"login": "pat"})
    client.put("/v1/domains/updates.example/administrators/ann@updates.example", {"role": "viewer"})
    key = "/v1/keys/" + client.post("/v1/keys", {"scopes": ["users:read"]}).json["id"]
    ann, alias, pat = "/v1/users/ann@updates.example", "/v1/aliases/x@updates.example", "/v1/principals/pat"
    role = "/v1/domains/updates.example/administrators/ann@updates.example"
    return [
        ("PUT", "/v1/domains/updates.example", {"description": "x"}, 200),
        ("PATCH", "/v1/domains/updates.example", {"description": "y"}, 200),
        ("PUT", ann, {"name": "Ann"}, 200), ("PATCH", ann, {"name": "Anna"}, 200),
        ("PUT", ann + "/password", {"password": "a new one of hers"}, 204),
        ("PUT", alias, {"destinations": ["z@elsewhere.example"]}, 200), ("PATCH", alias, {"enabled": False}, 200),
        ("DELETE", alias, None, 204),
        ("PUT", role, {"role": "owner"}, 200), ("DELETE", role, None, 204),
        ("PUT", pat, {"name": "Pat"}, 200), ("PATCH", pat, {"name": "Patty"}, 200),
        ("PUT", pat + "/password", {"password": "a new one of his"}, 204), ("DELETE", pat, None, 204),
        ("PATCH", key, {"label": "x"}, 200), ("DELETE", key, None, 204),
        ("DELETE", ann, None, 204),
    ]


def demanded(client):
    for method, target, body, status in bodies(client):
        reply = client.request(method, target, body)
        tap.is_((reply.status, reply.json and reply.json.get("code")), (428, "precondition_required"), "%s %s without a condition" % (method, target))
        tap.is_(client.request(method, target, body, {"If-Match": '"x"'}).status, 412, "with one that does not hold")
        reply = patiently(lambda: client.request(method, target, body, {"If-Match": "*"}))
        tap.is_((reply.status, reply.text if reply.status != status else ""), (status, ""), "with one that does")
    patched = updates.amend(client, "/v1/domains/updates.example", [{"op": "add", "path": "/description", "value": "z"}])
    tap.is_(patched.status, 428, "a JSON Patch is no other")
    tap.is_(client.put("/v1/users/new@updates.example", {}).status, 201, "what is not there may be made")
    tap.is_(client.put("/v1/users/new@updates.example", {}, headers={"If-None-Match": "*"}).status, 412, "once")
    tap.is_(client.put("/v1/domains/updates.example/administrators/new@updates.example", {"role": "viewer"}).status, 201, "nor had he a role")


def main():
    with gateway.Gateway() as first, gateway.Gateway("--ldap-uri", first.ldapi) as second, \
            gateway.Gateway("--ldap-uri", first.ldapi, "--api-require-if-match", "yes") as strict:
        admin = first.admin()
        directory = ldap.initialize(first.ldap_url)
        directory.simple_bind_s("uid=admin,ou=principals,dc=provost", admin.password)
        clients = [gateway.Client(g.address, "admin", admin.password) for _ in range(CLIENTS) for g in (first, second)]
        lost_updates(admin, clients, directory)
        lists(admin, clients[:PATCHERS])
        unseen(admin, directory)
        careful = gateway.Client(strict.address, "admin", admin.password)
        demanded(careful)
        complaints = [text for client in clients + [admin, careful] for text in client.complaints]
        tap.is_(complaints, [], "every reply was as described")
        for g in first, second, strict:
            tap.ok("Sanitizer" not in g.log() and "runtime error" not in g.log(), "no sanitizer report", g.log()[-4000:])
    tap.done()


main()
