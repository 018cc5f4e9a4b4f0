#!/usr/bin/python3
"""Prefer: dry-run: everything is checked and nothing is written, and slapd's database takes no harm of it."""

import os
import re
import sys

sys.path.insert(0, os.path.join(os.environ.get("top_srcdir") or os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))), "tests", "lib"))
sys.path.insert(1, os.path.dirname(os.path.abspath(__file__)))

import faults
import gateway
import matrix
import tap
from described import Client, complaints_of_log

DRY = {"Prefer": "dry-run"}
PASSWORD = "correct horse battery staple"
TYPE = "application/vnd.provost.dry-run+json"
# One of each with every member that can be written.
FULL = [
    ("/v1/principals", {"login": "rosa", "name": "Rosa", "kind": "machine", "enabled": True, "recovery_address": "rosa@else.example", "password": PASSWORD, "certificates": ["subject:CN=rosa", "ab" * 32],
                        "reseller": {"max_domains": 3, "max_users": 30, "max_aliases": 30, "max_deputies": 3, "quota_bytes": 9000}}),
    ("/v1/domains", {"name": "full.example", "kind": "local", "enabled": True, "description": "d", "display_name": "Full", "short_display_name": "F", "imap_host": "i.example.org",
                     "pop3_host": "p.example.org", "smtp_host": "s.example.org", "default_user_quota_bytes": 7, "quota_bytes": 700, "max_users": 9, "max_aliases": 9, "sponsor": "rosa"}),
    ("/v1/domains", {"name": "other.example", "kind": "relay", "transport": "smtp:[mx.example.org]", "verify_recipients": True}),
    ("/v1/domains", {"name": "also.example", "kind": "alias", "target": "full.example"}),
    ("/v1/users", {"address": "john@full.example", "name": "John Doe", "given_name": "John", "family_name": "Doe", "enabled": True, "login_enabled": False, "quota_bytes": 8, "quota_messages": 9,
                   "forward_to": ["x@else.example"], "keep_copy": True, "send_as": ["y@full.example"], "send_only": True, "recovery_address": "r@else.example", "expires_at": "2099-01-01T00:00:00Z", "password": PASSWORD}),
    ("/v1/aliases", {"address": "sales@full.example", "destinations": ["john@full.example", "z@else.example"], "description": "s", "send_as_allowed": True, "expires_at": "2099-01-01T00:00:00Z"}),
    ("/v1/keys", {"label": "l", "owner": "rosa", "scopes": ["users:read"], "domains": ["full.example"], "networks": ["192.0.2.0/24"], "expires_at": "2099-01-01T00:00:00Z"}),
]
UNKNOWN = {"id", "created_at", "updated_at", "last_used_at", "last_used_from", "key", "generated_password"}


def dump(server):
    """All that is stored, but for what says which gateway is at work."""
    text = server.slapcat(server.base)
    entries = [entry for entry in text.split("\n\n") if not re.match(r"dn: (provostJournalId=(lease|job-)|provostWebhookId=[^,]*,ou=journal|ou=audit|provostSeal)", entry)]
    return entries, server.slapcat("cn=accesslog").split("\n\n")


def dry(client, method, target, body=None):
    reply = client.request(method, target, body, headers=DRY)
    if reply.status < 300:
        tap.is_((reply.status, reply.headers.get("Preference-Applied"), reply.headers.get("Content-Type"), reply.headers.get("ETag"), reply.headers.get("Location")),
                (200, "dry-run", TYPE, None, None), "dry: %s %s" % (method, target))
    return reply


def many_creations_before_any(admin, server):
    """On a database in which almost no attribute was ever stored."""
    before = dump(server)
    without = {"/v1/domains": ("sponsor",), "/v1/keys": ("owner",)}
    for _ in range(5):
        for target, body in FULL:
            free = {key: value for key, value in body.items() if key not in without.get(target, ())}
            if target in ("/v1/users", "/v1/aliases") or body.get("kind") == "alias":
                continue  # their domain is not there
            reply = admin.request("POST", target, free, headers=DRY)
            if reply.status != 200:
                tap.ok(False, "dry: POST %s" % target, reply)
    tap.is_(dump(server), before, "creations in dry runs leave the new database as it is")


def creations_for_good(admin, server):
    """Each as the dry run before had said; everything is read back, also after a restart."""
    made = []
    for target, body in FULL:
        rehearsed = dry(admin, "POST", target, body).json
        reply = admin.post(target, body)
        tap.is_(reply.status, rehearsed["status"], "POST %s: the status is the one that the dry run told" % target)
        left = {key: value for key, value in reply.json.items() if key not in UNKNOWN}
        tap.is_({key: value for key, value in rehearsed["object"].items() if key not in UNKNOWN}, left, "POST %s: so is the object" % target)
        told = {change["member"]: change["after"] for change in rehearsed["changes"]}
        tap.is_(told, dict({key: value for key, value in left.items() if value is not None}, **({"password": "********"} if "password" in body else {})),
                "POST %s: the difference is what was not there" % target)
        tap.ok(PASSWORD not in str(rehearsed) and not re.search(r"\$6\$|\$y\$", str(rehearsed)), "POST %s: without secrets" % target)
        where = reply.headers["Location"]
        made.append((where, admin.get(where).json, body))
    for _, stored, body in made:
        wrong = {key: (stored.get(key), value) for key, value in body.items() if key not in ("password", "keep_copy", "certificates", "reseller") and stored.get(key) != value}
        tap.is_(wrong, {}, "stored is what was sent: %s" % list(body.values())[0])
    for where, _, _ in made:
        for member in ({"description": "d"}, {"name": "n"}, {"label": "l"}):
            if set(member) <= set(dict(made_body(made, where))):
                dry(admin, "PATCH", where, member)
    server.stop()
    server.restart()
    gateway.until(lambda: admin.get("/readyz").status == 200, "slapd again", 20)
    for where, stored, _ in made:
        tap.is_(admin.get(where).json, stored, "after a restart: %s" % where)


def made_body(made, where):
    return next(body for path, _, body in made if path == where)


def every_route(admin, server, world):
    """The recipes of the table of rights: of a route without one matrix.py tells."""
    asked = []
    for request, recipe in matrix.RECIPES.items():
        method = request.split()[0]
        if method != "GET" and "utodiscover" not in request:  # that is a question, too
            key = recipe.make(world, "own")
            asked.append((method, matrix.put_in(recipe.target, key), matrix.put_in(recipe.body, key), request))
    before = dump(server)
    for method, target, body, request in asked:
        reply = admin.request(method, target, body, headers=DRY)
        refused = reply.status in (400, 501) and reply.json["code"] == "dry_run_unsupported"
        tap.ok(refused or (reply.status == 200 and reply.headers.get("Preference-Applied") == "dry-run"), "dry: " + request, reply)
    tap.is_(dump(server), before, "dry runs of every request leave directory and log as they are")


def plans(admin, server):
    before = dump(server)
    renamed = dry(admin, "PATCH", "/v1/users/john@full.example", {"address": "jim@full.example"}).json
    tap.is_([step["step"] for step in renamed["steps"]], ["rename", "forward", "settle", "relink", "unforward", "hold"], "a rename tells its steps")
    tap.is_(renamed["changes"], [{"member": "address", "before": "john@full.example", "after": "jim@full.example"}], "... and what will be another")
    tap.ok("newrdn: mail=jim@full.example\n" in renamed["ldap"] and "add: provostDestination\nprovostDestination: jim@full.example\n" in renamed["ldap"], "... and what becomes of what named it", renamed["ldap"])
    gone = dry(admin, "DELETE", "/v1/users/john@full.example?aliases=remove").json
    tap.ok((gone["status"], gone["object"]) == (204, None) and "delete: provostDestination\nprovostDestination: john@full.example\n" in gone["ldap"], "a removal tells of aliases", gone)
    refused = dry(admin, "DELETE", "/v1/users/john@full.example")
    tap.is_((refused.status, refused.json["code"]), (409, "is_destination"), "what is refused is refused")
    domain = dry(admin, "DELETE", "/v1/domains/other.example?recursive=true").json
    tap.ok([step["step"] for step in domain["steps"]] == ["admit", "detach", "retire", "purge"] and "newsuperior: provostJournalId=" in domain["ldap"], "so is a domain rehearsed with what is in it", domain)
    target = dry(admin, "DELETE", "/v1/domains/full.example?recursive=true")
    tap.is_((target.status, target.json["code"]), (409, "is_target"), "... or refused")
    founded = dry(admin, "POST", "/v1/domains", {"name": "found.example", "reserved_to": ["x@else.example"]}).json
    tap.ok("dn: mail=postmaster@found.example,provostDomainName=found.example," in founded["ldap"] and founded["object"]["enabled"], "a domain is made with its reserved names", founded)
    generated = dry(admin, "POST", "/v1/users?generate_password=true", {"address": "gen@full.example"}).json
    tap.ok("generated_password" not in generated["object"], "no password is made up for a dry run", generated)
    tap.is_(dump(server), before, "dry runs of plans leave directory and log as they are")


def limits(admin, server):
    admin.post("/v1/domains", {"name": "room.example", "max_users": 1})
    before = dump(server)
    body = {"address": "one@room.example"}
    tap.is_([dry(admin, "POST", "/v1/users", body).json["status"] for _ in range(3)], [201] * 3, "what a dry run needs is not taken")
    tap.is_(dump(server), before, "... nor counted")
    admin.post("/v1/users", body)
    full = dry(admin, "POST", "/v1/users", {"address": "two@room.example"})
    real = admin.post("/v1/users", {"address": "two@room.example"})
    tap.is_((full.status, full.json), (real.status, real.json), "a limit that is reached is told in the same words")
    taken = dry(admin, "POST", "/v1/users", body)
    again = admin.post("/v1/users", body)
    tap.is_((taken.status, taken.json), (again.status, again.json), "and so is an address that is taken")


def others_see_less(admin, server, world):
    """What the gateway does under its own name may be nobody else's business."""
    address = world.new_user("own")
    admin.put("/v1/users/%s/password" % address, {"password": PASSWORD})
    key = admin.post("/v1/keys", {"owner": address, "scopes": ["users:read"]}).json["id"]
    adam = Client(admin.address, "adam", matrix.PASSWORD)
    adam.complaints = admin.complaints
    mine, his = (dry(one, "DELETE", "/v1/users/" + address).json["ldap"] for one in (admin, adam))
    tap.ok(key in mine and key not in his and "dn: mail=%s," % address in his, "keys that he may not see an administrator of the domain is not shown", (mine, his))
    himself = Client(admin.address, address, PASSWORD)
    himself.complaints = admin.complaints
    wrong = dry(himself, "PUT", "/v1/users/%s/password" % address, {"password": PASSWORD + "!", "current": "no"})
    tap.is_((wrong.status, wrong.json["code"]), (403, "current_password_wrong"), "a dry run of one's own password needs the current one")
    right = dry(himself, "PUT", "/v1/users/%s/password" % address, {"password": PASSWORD + "!", "current": PASSWORD})
    tap.is_((right.json["changes"], right.json["ldap"]), ([{"member": "password", "before": None, "after": "********"}], ""), "... and is told")


def conditions(admin):
    stale = admin.request("PATCH", "/v1/domains/full.example", {"description": "x"}, headers=dict(DRY, **{"If-Match": '"%s"' % ("0" * 32)}))
    tap.is_(stale.status, 412, "a condition is judged")
    bad = admin.request("PATCH", "/v1/domains/full.example", {"description": "x"}, headers={"Prefer": 'dry-run="'})
    tap.is_((bad.status, bad.json["code"]), (400, "prefer_malformed"), "a header that cannot be read writes nothing")
    tap.is_(admin.get("/v1/domains/full.example", headers=DRY).headers.get("Preference-Applied"), None, "a read is a read")


def unprepared(admin, server):
    """An attribute that may never have been stored is never sent with the no-op control."""
    with_host, without = {"name": "n.example", "imap_host": "i.example.org"}, {"name": "n.example"}
    server.stop()
    server.modify("dn: %s\nchangetype: modify\ndelete: provostImapHost\n" % server.dn("cn=attributes", "ou=journal"), "1")
    server.restart()
    gateway.until(lambda: admin.get("/readyz").status == 200, "slapd again", 20)
    late = admin.request("POST", "/v1/domains", with_host, headers=DRY)
    # By then the gateway may have put it back, as it does every half minute.
    back = "provostImapHost" in server.slapcat("cn=attributes,ou=journal," + server.base)
    tap.ok((late.status, late.json.get("code")) == (503, "dry_run_unprepared") or (back and late.status == 200), "what was never stored is not tried", late)
    tap.is_(dry(admin, "POST", "/v1/domains", without).json["status"], 201, "... and all else is")
    tap.is_(admin.post("/v1/domains", with_host).status, 201, "... and done for good")


def main():
    with faults.Server() as server, server.gateway("--mail-hold-days", "30") as g:
        g.ldap_url, g.secret = server.url, lambda name: server.password("admin")
        admin = Client(g.address, "admin", server.password("admin"))
        many_creations_before_any(admin, server)
        creations_for_good(admin, server)
        world = matrix.World(g)
        every_route(admin, server, world)
        plans(admin, server)
        limits(admin, server)
        others_see_less(admin, server, world)
        conditions(admin)
        unprepared(admin, server)
        tap.is_(admin.complaints, [], "every reply is as described")
        tap.is_([line for line in complaints_of_log(g) if "status=503" not in line], [], "the log tells of no error of ours")
    tap.done()


if __name__ == "__main__":
    main()
