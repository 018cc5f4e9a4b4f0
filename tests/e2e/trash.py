#!/usr/bin/python3
"""What was deleted: who may see it, that it is nowhere else, and what comes back of it."""

import os
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.environ.get("top_srcdir") or os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))), "tests", "lib"))

import ldap

import gateway
import tap

BASE = "dc=provost"
DOMAIN = "provostDomainName=%s,ou=domains," + BASE
OLD = "the old password"


def binds(g, dn, password):
    """Whether the directory lets him in."""
    try:
        ldap.initialize(g.ldap_url).simple_bind_s(dn, password)
    except (ldap.INVALID_CREDENTIALS, ldap.INSUFFICIENT_ACCESS):
        return False
    return True


def as_gateway(g, command, *more):
    """An LDAP tool with the gateway's own rights; what it says, or None."""
    become = ["runuser", "-u", "provost", "--"] if os.geteuid() == 0 else []
    arguments, text = (list(more), None) if command == "ldapsearch" else ([], more[0])
    done = subprocess.run([*become, command, "-Q", "-Y", "EXTERNAL", "-H", g.ldapi, *arguments], input=text, text=True, capture_output=True, check=False)
    return done.stdout if done.returncode == 0 else None


def told(reply):
    return (reply.status, (reply.json or {}).get("code"))


def items(client, query=""):
    reply = client.get("/v1/trash" + query)
    return [(item["kind"], item["name"]) for item in reply.json["items"]]


def a_user(g, admin, directory):
    """The whole way of one user."""
    ann, dn = "ann@t.example", "mail=ann@t.example," + DOMAIN % "t.example"
    made = admin.post("/v1/users", {"address": ann, "password": OLD, "name": "Ann", "quota_bytes": 5000000, "forward_to": ["x@far.example"], "keep_copy": True}).json
    key = g.client(ann, OLD).post("/v1/keys", {"label": "hers", "scopes": ["*"]}).json
    hers = gateway.Client(g.address)
    hers.headers = {"Authorization": "Bearer " + key["key"]}
    tap.is_(hers.get("/v1/me", headers=hers.headers).status, 200, "her key is good")
    before = directory.search_s(dn, ldap.SCOPE_BASE, attrlist=["*", "entryUUID", "provostMailboxId"])[0][1]
    owner = g.client("owner@t.example", OLD)
    tap.is_(owner.delete("/v1/users/" + ann, headers={"If-Match": '"0"'}).status, 412, "a condition holds")
    tap.is_(owner.delete("/v1/users/" + ann).status, 204, "an owner deletes a user")
    tap.is_(admin.get("/v1/users/" + ann).status, 404, "she is gone")
    tap.is_(g.client(ann, OLD).get("/v1/me").status, 401, "and cannot log in")
    gateway.until(lambda: hers.get("/v1/me", headers=hers.headers).status == 401, "nor with her key", 5)
    tap.ok(not binds(g, dn, OLD), "nor bind where she was")
    kept = "mail=ann@t.example,provostJournalId=%s,ou=journal,%s" % (made["id"], BASE)
    tap.ok(not binds(g, kept, OLD), "nor where she is")
    tap.is_(directory.search_s(BASE, ldap.SCOPE_SUBTREE, "(mail=ann@t.example)"), [], "a super administrator finds her nowhere")
    tap.is_(ann in [item["address"] for item in admin.get("/v1/users?domain=t.example").json["items"]], False, "she is in no list")
    item = owner.get("/v1/trash").json["items"][0]
    tap.is_((item["id"], item["kind"], item["name"], item["deleted_by"]), (made["id"], "user", ann, "owner@t.example"), "the owner finds her in the trash")
    seen = owner.get("/v1/trash/" + made["id"]).json
    tap.is_(seen["record"], dict(made, updated_at=seen["record"]["updated_at"]), "as she was")
    tap.is_([item["action"] for item in admin.get("/v1/audit?object=" + ann).json["items"] if item["actor"] == "owner@t.example"], ["delete"], "the trail tells it as a deletion by the owner")
    for name, client in (("a user", g.client("bob@t.example", OLD)), ("a viewer", g.client("viewer@t.example", OLD)), ("an owner elsewhere", g.client("owner@u.example", OLD))):
        tap.is_((items(client), client.get("/v1/trash/" + made["id"]).status, client.post("/v1/trash/%s/restore" % made["id"], None).status, client.delete("/v1/trash/" + made["id"]).status), ([], 404, 404, 404), name + " finds nothing there")
    # Her address is free, and then in the way.
    tap.is_(owner.post("/v1/aliases", {"address": ann, "destinations": ["bob@t.example"]}).status, 201, "her address is free")
    reply = owner.post("/v1/trash/%s/restore" % made["id"], None)
    tap.is_((told(reply), reply.json.get("conflicts_with")), ((409, "exists"), "/v1/aliases/" + ann), "who has it is in the way")
    owner.delete("/v1/aliases/" + ann)
    admin.patch("/v1/domains/t.example", {"max_users": 4})
    reply = owner.post("/v1/trash/%s/restore" % made["id"], None)
    tap.is_(told(reply), (409, "limit_reached"), "a limit that was set meanwhile holds")
    admin.patch("/v1/domains/t.example", {"max_users": 5})
    reply = owner.post("/v1/trash/%s/restore" % made["id"], None)
    tap.is_((reply.status, reply.headers.get("content-location")), (200, "/v1/users/" + ann), "she is restored")
    after = directory.search_s(dn, ldap.SCOPE_BASE, attrlist=["*", "entryUUID", "provostMailboxId"])[0][1]
    tap.is_(after, before, "the entry is the same, mailbox and all")
    tap.is_((g.client(ann, OLD).get("/v1/me").status, hers.get("/v1/me", headers=hers.headers).status), (200, 200), "she logs in with the old password, and with her key")
    tap.ok(binds(g, dn, OLD), "and binds")
    trail = [(item["action"], item["actor"], item["domain"]) for item in owner.get("/v1/audit?domain=t.example").json["items"] if item["object"] == ann]
    tap.ok(("restore", "owner@t.example", "t.example") in trail, "the trail tells that the owner restored her: %s" % trail[:4])
    tap.is_(told(owner.post("/v1/trash/%s/restore" % made["id"], None)), (404, "not_found"), "once")
    tap.is_(told(owner.post("/v1/users", {"address": "more@t.example"})), (409, "limit_reached"), "she counts again")
    admin.patch("/v1/domains/t.example", {"max_users": 0})


def roles(g, admin):
    """What ends with a user does not come back."""
    made = admin.post("/v1/users", {"address": "chief@t.example", "password": OLD}).json
    admin.put("/v1/domains/u.example/administrators/chief@t.example", {"role": "owner"})
    admin.post("/v1/aliases", {"address": "desk@t.example", "destinations": ["chief@t.example", "bob@t.example"]})
    tap.is_(admin.delete("/v1/users/chief@t.example?aliases=remove").status, 204, "who has roles and aliases is deleted")
    tap.is_(admin.post("/v1/trash/%s/restore" % made["id"], None).status, 200, "and restored")
    tap.is_((g.client("chief@t.example", OLD).get("/v1/domains/u.example").status, admin.get("/v1/aliases/desk@t.example").json["destinations"]), (404, ["bob@t.example"]), "without his role and without the mail of others")


def aliases(g, admin):
    owner = g.client("owner@t.example", OLD)
    made = owner.post("/v1/aliases", {"address": "one@t.example", "destinations": ["two@t.example"]}).json
    owner.delete("/v1/aliases/one@t.example")
    owner.post("/v1/aliases", {"address": "two@t.example", "destinations": ["one@t.example"]})
    tap.is_(told(owner.post("/v1/trash/%s/restore" % made["id"], None)), (409, "loop"), "what closes a loop is not restored")
    owner.patch("/v1/aliases/two@t.example", {"destinations": ["bob@t.example"]})
    reply = owner.post("/v1/trash/%s/restore" % made["id"], None)
    tap.is_((reply.status, owner.get("/v1/aliases/one@t.example").json["id"]), (200, made["id"]), "an alias is restored")
    owner.delete("/v1/aliases/one@t.example")
    tap.is_(owner.delete("/v1/trash/" + made["id"]).status, 204, "or purged")
    tap.is_((told(owner.get("/v1/trash/" + made["id"])), told(owner.post("/v1/trash/%s/restore" % made["id"], None))), ((404, "not_found"), (404, "not_found")), "for good")
    for name in ("p1", "p2", "p3"):
        owner.post("/v1/aliases", {"address": name + "@t.example", "destinations": ["bob@t.example"]})
        owner.delete("/v1/aliases/%s@t.example" % name)
    found, query = [], "?limit=2&kind=alias&domain=T.example"
    while query is not None:
        page = owner.get("/v1/trash" + query).json
        found += [item["name"] for item in page["items"]]
        query = "?limit=2&kind=alias&domain=t.example&cursor=" + page["next_cursor"] if page["next_cursor"] else None
    tap.is_(sorted(found), ["ann@t.example", "p1@t.example", "p2@t.example", "p3@t.example"], "pages have each once")
    tap.is_(items(admin, "?kind=domain"), [], "and what is asked for")
    tap.is_(told(admin.get("/v1/trash?kind=key")), (400, "parameter_malformed"), "of a kind that can be there")


def domains(g, admin, directory):
    """With all that is in it."""
    admin.post("/v1/domains", {"name": "gone.example"})
    for name in ("a", "b"):
        admin.post("/v1/users", {"address": name + "@gone.example", "password": OLD})
    admin.put("/v1/domains/gone.example/administrators/a@gone.example", {"role": "owner"})
    first = admin.get("/v1/users/b@gone.example").json
    admin.delete("/v1/users/b@gone.example")
    domain = admin.get("/v1/domains/gone.example").json
    tap.is_(admin.delete("/v1/domains/gone.example?recursive=true").status, 204, "a domain is deleted")
    tap.is_((g.client("a@gone.example", OLD).get("/v1/me").status, sorted(items(admin, "?domain=gone.example"))), (401, [("domain", "gone.example"), ("user", "b@gone.example")]), "with who is in it")
    tap.is_(told(admin.post("/v1/trash/%s/restore" % first["id"], None)), (409, "no_domain"), "nobody comes back without his domain")
    admin.post("/v1/domains", {"name": "gone.example"})
    admin.post("/v1/users", {"address": "new@gone.example", "password": OLD})
    admin.put("/v1/domains/gone.example/administrators/new@gone.example", {"role": "owner"})
    new = g.client("new@gone.example", OLD)
    tap.is_((items(new), told(new.get("/v1/trash/" + first["id"]))), ([], (404, "not_found")), "who has the name now sees nothing of it")
    tap.is_(told(admin.post("/v1/trash/%s/restore" % first["id"], None)), (409, "no_domain"), "nor does anybody come back into another")
    tap.is_(told(admin.post("/v1/trash/%s/restore" % domain["id"], None)), (409, "exists"), "the name is taken")
    admin.delete("/v1/domains/gone.example?recursive=true")
    tap.is_(told(g.client("owner@t.example", OLD).post("/v1/trash/%s/restore" % domain["id"], None)), (404, "not_found"), "no owner elsewhere restores it")
    tap.is_(admin.post("/v1/trash/%s/restore" % domain["id"], None).status, 200, "it comes back")
    tap.is_((admin.get("/v1/domains/gone.example").json["id"], g.client("a@gone.example", OLD).get("/v1/domains/gone.example").status), (domain["id"], 200), "with its users and their roles")
    tap.is_(g.client("a@gone.example", OLD).post("/v1/trash/%s/restore" % first["id"], None).status, 200, "and then who was deleted before")


def overdue(g, admin, directory):
    """The steward clears away what was kept long enough."""
    made = admin.post("/v1/users", {"address": "late@t.example"}).json
    admin.delete("/v1/users/late@t.example")
    place = "provostJournalId=%s,ou=journal,%s" % (made["id"], BASE)
    past = time.strftime("%Y%m%d%H%M%SZ", time.gmtime(time.time() - 5))
    as_gateway(g, "ldapmodify", "dn: %s\nchangetype: modify\nreplace: provostExpires\nprovostExpires: %s\n" % (place, past))
    tap.is_((told(admin.get("/v1/trash/" + made["id"])), told(admin.post("/v1/trash/%s/restore" % made["id"], None))), ((404, "not_found"), (404, "not_found")), "what is over time is told no more")
    as_gateway(g, "ldapmodify", "dn: provostJournalId=job-trash,ou=journal,%s\nchangetype: delete\n" % BASE)
    g.stop()
    g.start()
    search = ["ldapsearch", "-LLL", "-s", "base", "-b", place, "1.1"]
    gateway.until(lambda: as_gateway(g, *search) is None, "the steward clears it away", 20)
    tap.ok(True, "and cleared away by the steward")


def natives(g):
    """By a connection of one's own nothing goes there or comes from there."""
    own = ldap.initialize(g.ldap_url)
    own.simple_bind_s("uid=admin,ou=principals," + BASE, g.secret("admin-password"))
    made = g.admin().post("/v1/users", {"address": "native@t.example"}).json
    g.admin().delete("/v1/users/native@t.example")
    place = "provostJournalId=%s,ou=journal,%s" % (made["id"], BASE)
    code = None
    try:
        own.rename_s("mail=native@t.example," + place, "mail=native@t.example", DOMAIN % "t.example", 0)
    except ldap.LDAPError as error:
        code = type(error)
    tap.is_(code in (ldap.INSUFFICIENT_ACCESS, ldap.NO_SUCH_OBJECT), True, "nobody brings it back by an LDAP tool")


def main():
    with gateway.Gateway() as g:
        admin = g.admin()
        directory = ldap.initialize(g.ldap_url)
        directory.simple_bind_s("uid=admin,ou=principals," + BASE, g.secret("admin-password"))
        for name in ("t.example", "u.example"):
            admin.post("/v1/domains", {"name": name})
            admin.post("/v1/users", {"address": "owner@" + name, "password": OLD})
            admin.put("/v1/domains/%s/administrators/owner@%s" % (name, name), {"role": "owner"})
        for name in ("bob", "viewer"):
            admin.post("/v1/users", {"address": name + "@t.example", "password": OLD})
        admin.put("/v1/domains/t.example/administrators/viewer@t.example", {"role": "viewer"})
        admin.post("/v1/users", {"address": "fourth@t.example"})
        a_user(g, admin, directory)
        roles(g, admin)
        aliases(g, admin)
        domains(g, admin, directory)
        natives(g)
        overdue(g, admin, directory)
        tap.is_(admin.complaints, [], "every reply is as described")
    tap.done()


if __name__ == "__main__":
    main()
