#!/usr/bin/python3
"""Change sets over HTTP: judged as a whole, done as a whole, undone as a whole; and jobs, whoever dies."""

import os
import signal
import sys
import time

sys.path.insert(0, os.path.join(os.environ.get("top_srcdir") or os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))), "tests", "lib"))

import directory
import faults
import gateway
import tap

BASE = "dc=provost"
MANY = 120
CONVERGE = 30  # seconds
SECRET = "correct horse battery staple"


def entries():
    top = "provostDomainName=here.example,ou=domains," + BASE
    return directory.ldif(top, directory.domain_entry("here.example")) + "".join(
        directory.ldif("mail=%s@here.example,%s" % (name, top), directory.user_entry(name + "@here.example")) for name in ("ann", "bob"))


def post(path, **body):
    return {"method": "POST", "path": "/v1/" + path, "body": body}


def patch(path, **body):
    return {"method": "PATCH", "path": "/v1/" + path, "body": body}


def delete(path):
    return {"method": "DELETE", "path": "/v1/" + path}


def send(client, *operations, **headers):
    return client.request("POST", "/v1/changesets", {"operations": list(operations)}, {"Content-Type": "application/json", **headers})


def errors(reply):
    return [(error["pointer"], error["code"]) for error in reply.json.get("errors", [])]


TEAM = (post("domains", name="team.example", max_users=2), post("users", address="carl@team.example", password=SECRET),
        post("aliases", address="all@team.example", destinations=["carl@team.example", "ann@here.example"]), patch("users/ann@here.example", name="Ann the First"),
        {"method": "PUT", "path": "/v1/users/dora@team.example", "body": {"name": "Dora"}}, delete("users/bob@here.example"))


def whole(g, client):
    reply = send(client, *TEAM, Prefer="dry-run")
    tap.is_((reply.status, [one["status"] for one in reply.json["operations"]]), (200, [201, 201, 201, 200, 201, 204]), "a dry run tells what would be done")
    tap.is_(client.get("/v1/domains/team.example").status, 404, "and does nothing")
    reply = send(client, *TEAM)
    tap.is_((reply.status, [one["status"] for one in reply.json["operations"]]), (200, [201, 201, 201, 200, 201, 204]), "a set is done")
    for one in reply.json["operations"][:5]:
        shown = client.get(one["location"])
        tap.is_((shown.headers["ETag"], shown.json), (one["etag"], one["body"]), "%s is as told" % one["location"])
    tap.is_(client.get("/v1/users/bob@here.example").status, 404, "who was deleted is gone")
    bob, = client.get("/v1/trash").json["items"]
    tap.is_((bob["name"], bob["deleted_by"]), ("bob@here.example", "admin"), "into the trash")
    tap.is_(client.post("/v1/trash/%s/restore" % bob["id"], None).status, 200, "and can be restored")
    tap.is_(client.delete("/v1/users/bob@here.example").status, 204, "and deleted")
    tap.is_(g.client("carl@team.example", SECRET).get("/v1/me").status, 200, "who got a password logs in")


def refused(client):
    reply = send(client, post("users", address="x@team.example", quota_bytes=-1, colour="red"), post("users", address="y@team.example"),
                 delete("users/nobody@here.example"), post("domains", name="other.example"), post("users", address="z@other.example"),
                 post("users", address="z@other.example"), {"method": "POST", "path": "/v1/principals", "body": {"login": "x"}},
                 {"method": "DELETE", "path": "/v1/domains/here.example"}, {"path": 7})
    tap.is_(reply.status, 422, "what the first says gives the status")
    tap.is_(sorted(errors(reply)), sorted([("/operations/0/body/quota_bytes", "range"), ("/operations/0/body/colour", "unknown"), ("/operations/1", "limit_reached"),
                                           ("/operations/2", "not_found"), ("/operations/5", "exists"), ("/operations/6", "not_in_a_set"), ("/operations/7", "not_empty"),
                                           ("/operations/8/path", "type"), ("/operations/8/method", "missing")]), "all faults of all operations are told")
    tap.is_(client.get("/v1/domains/other.example").status, 404, "and nothing is done")
    for operation, what in ((patch("users/ann@here.example", address="anna@here.example"), "a rename"), (patch("users/ann@here.example", password=SECRET), "another password"),
                            (delete("domains/here.example?recursive=true"), "a parameter"), (post("domains", name="q.example", reserved_to=["ann@here.example"]), "reserved names")):
        tap.is_((send(client, operation).status, send(client, operation).json["code"]), (409, "not_in_a_set"), "not in a set: " + what)
    stale = dict(patch("users/ann@here.example", name="A"), if_match='"other"')
    tap.is_((send(client, post("aliases", address="new@here.example", destinations=["x@far.example"]), stale).status), 412, "what is not in the state that was seen")
    tap.is_(client.get("/v1/aliases/new@here.example").status, 404, "keeps all else from being done")
    tag = client.get("/v1/users/ann@here.example").headers["ETag"]
    tap.is_(send(client, dict(stale, if_match=tag)).status, 200, "what is, is changed")
    for body in ({}, {"operations": []}, {"operations": 1}, {"operations": [1]}, {"operations": [delete("users/a@here.example")] * 1001}, {"operations": [], "more": 1}):
        tap.is_(client.request("POST", "/v1/changesets", body, {"Content-Type": "application/json"}).status, 422, "%.40s is no set" % body)
    tap.is_(client.request("POST", "/v1/changesets", None, {"Content-Type": "text/plain"}, raw=b"x").status, 415, "nor is text")


def patches(client):
    """JSON Patches see what those before them leave there."""
    what = lambda path, *operations: {"method": "PATCH", "path": "/v1/" + path, "body": list(operations)}
    named = lambda name, before: [{"op": "test", "path": "/name", "value": before}, {"op": "replace", "path": "/name", "value": name}]
    reply = send(client, post("aliases", address="p@here.example", destinations=["a@far.example"]), what("aliases/p@here.example", {"op": "add", "path": "/destinations/-", "value": "b@far.example"}),
                 what("users/ann@here.example", *named("One", client.get("/v1/users/ann@here.example").json["name"])), what("users/ann@here.example", *named("Two", "One")))
    tap.is_((reply.status, [one["status"] for one in reply.json["operations"]]), (200, [201, 200, 200, 200]), "JSON Patches are done")
    tap.is_((client.get("/v1/aliases/p@here.example").json["destinations"], client.get("/v1/users/ann@here.example").json["name"]), (["a@far.example", "b@far.example"], "Two"), "each on what was there then")
    reply = send(client, post("users", address="q@here.example"), what("users/ann@here.example", *named("Three", "One")), what("users/nobody@here.example", *named("x", "y")),
                 what("users/q@here.example", {"op": "replace", "path": "/quota_bytes", "value": -1}), what("users/q@here.example", {"op": "mess"}), what("users/q@here.example"))
    tap.is_((reply.status, sorted(errors(reply))[:2], {pointer.split("/")[2] for pointer, _ in errors(reply)} - {"5"}), (409, [("/operations/1/body/0", "test"), ("/operations/2", "not_found")], {"1", "2", "3", "4"}), "what is wrong with them is told")
    tap.ok(all(pointer.startswith("/operations/4/body/0") for pointer, _ in errors(reply) if pointer.startswith("/operations/4")), "at its place", errors(reply))
    tap.is_(client.get("/v1/users/q@here.example").status, 404, "and nothing is done")
    reply = send(client, what("users/ann@here.example", {"op": "test", "path": "/name", "value": "Two"}))
    tap.is_(reply.status, 200, "one that only tests")


def keys(g, client):
    key = client.post("/v1/keys", {"label": "x", "scopes": ["changesets:write", "users:write"], "domains": ["here.example"]}).json["key"]
    by = gateway.Client(g.address)
    def ask(*operations):
        return send(by, *operations, Authorization="Bearer " + key)
    tap.is_(ask(post("users", address="keyed@here.example")).status, 200, "a key may do what it is for")
    tap.is_(ask(post("aliases", address="keyed2@here.example", destinations=["x@far.example"])).json["code"], "scope", "and no other verbs")
    tap.is_(ask(post("users", address="keyed@team.example")).status, 403, "nor other domains")


def job(client, reply, states, seconds=CONVERGE):
    """What became of it."""
    seen = []
    def ended():
        seen.append(client.get(reply.headers["Location"]).json)
        return seen[-1]["state"] in states
    gateway.until(ended, "the job to end", seconds)
    return seen[-1]


def jobs(g, client, second):
    reply = send(client, post("users", address="eve@here.example", password=SECRET), Prefer="respond-async")
    tap.is_((reply.status, reply.json["state"], reply.headers["Preference-Applied"]), (202, "running", "respond-async"), "a set may be left to a job")
    tap.is_(g.client("ann@here.example", "wrong").get(reply.headers["Location"]).status, 401, "of which nobody is told without a login")
    told = job(second, reply, ("succeeded", "failed"))
    tap.is_((told["state"], told["operations"]), ("succeeded", [{"status": 201, "location": "/v1/users/eve@here.example"}]), "another gateway tells of it")
    tap.is_(g.client("eve@here.example", SECRET).get(reply.headers["Location"]).status, 404, "and not to others")
    tap.is_(client.get("/v1/users/eve@here.example").status, 200, "it is done")


def killed(server, first, second):
    """The one that does it is killed in the middle."""
    client, other = server.client(first), server.client(second)
    reply = send(client, post("domains", name="many.example"), *(post("users", address="u%d@many.example" % n) for n in range(MANY)), Prefer="respond-async")
    tap.is_(reply.status, 202, "a large one")
    gateway.until(lambda: other.get(reply.headers["Location"]).json["steps_done"] > 5, "it to be begun", 10)
    os.kill(first.process.pid, signal.SIGKILL)
    first.process.wait()
    began = time.monotonic()
    seen = other.get(reply.headers["Location"]).json
    tap.ok(seen["state"] == "running" and seen["steps_done"] <= MANY, "who did it was killed over it", seen)
    told = job(other, reply, ("succeeded", "failed"))
    tap.is_(told["state"], "succeeded", "another gateway completes it")
    tap.note("%d operations: killed after %d, completed %.1f s later" % (MANY + 1, seen["steps_done"], time.monotonic() - began))
    tap.is_(len(other.get("/v1/users?domain=many.example&limit=1000").json["items"]), MANY, "as a whole")
    dump = server.slapcat(BASE)
    left = [line for line in dump.splitlines() if line.startswith("provostJournalName") or "part-0000" in line]
    tap.is_(left, [], "nothing is claimed and no record left")
    tap.ok(all(SECRET not in g.log() for g in (first, second)), "no password is in a log")


def main():
    options = ("--daemon-lease-seconds", "3")
    with faults.Server(base=BASE, entries=entries()) as server, server.gateway(*options) as first, server.gateway(*options) as second:
        client, other = server.client(first), server.client(second)
        whole(first, client)
        refused(client)
        patches(client)
        keys(first, client)
        jobs(first, client, other)
        if "event=lease-taken" in second.log() and "event=lease-taken" not in first.log():
            first, second = second, first
        killed(server, first, second)
    tap.done()


if __name__ == "__main__":
    main()
