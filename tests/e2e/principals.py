#!/usr/bin/python3
"""Principals, the roles they have in domains, and the budgets of resellers, of which nobody gives more than there is (R08 of attacks.py)."""

import os
import sys
import threading

sys.path.insert(0, os.path.join(os.environ.get("top_srcdir") or os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))), "tests", "lib"))
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import ldap

import gateway
import tap

BUDGET = 20
WANTED = 200
CLIENTS = 10
LIMITS = {"max_users": 10, "max_aliases": 10, "quota_bytes": 1000}


def directory(g):
    """The directory as its administrator sees it."""
    connection = ldap.initialize(g.ldap_url)
    connection.simple_bind_s("uid=admin,ou=principals,dc=provost", g.secret("admin-password"))
    return connection


def reseller(admin, login, **budgets):
    """A reseller, and a client of his."""
    wanted = {"max_domains": None, "max_users": None, "max_aliases": None, "max_deputies": None, "quota_bytes": None, **budgets}
    reply = admin.post("/v1/principals", {"login": login, "password": "pw-" + login, "reseller": wanted})
    tap.is_((reply.status, reply.json.get("reseller")), (201, wanted), "make the reseller %s" % login)
    return admin.as_(login, "pw-" + login)


def super_administrators(g, admin):
    ida = {"login": "ida", "password": "first", "super_administrator": True}
    made = admin.post("/v1/principals", ida)
    tap.is_((made.status, made.json.get("super_administrator")), (201, True), "make another super administrator")
    second = admin.as_("ida", "first")
    tap.is_(second.get("/v1/principals").status, 200, "she sees all principals")
    entry = directory(g).search_s("uid=ida,ou=principals,dc=provost", ldap.SCOPE_BASE, attrlist=["pwdPolicySubentry"])
    tap.is_([e[1].get("pwdPolicySubentry") for e in entry], [[b"cn=services,ou=policies,dc=provost"]], "nobody locks her out")
    tag = made.headers["ETag"]
    down = admin.patch("/v1/principals/ida", {"super_administrator": False}, headers={"If-Match": tag})
    tap.is_((down.status, down.json.get("super_administrator")), (200, False), "she is demoted")
    tap.ok(down.headers["ETag"] != tag, "that is another state")
    tap.is_(admin.get("/v1/principals/ida").headers["ETag"], down.headers["ETag"], "whose tag is the one that was told")
    tap.is_(admin.patch("/v1/principals/ida", {"name": "Ida"}, headers={"If-Match": tag}).status, 412, "the old one holds no more")
    tap.is_(second.patch("/v1/principals/ida", {"super_administrator": True}).status, 403, "nobody raises himself")
    tap.is_(second.get("/v1/principals/ida").status, 200, "but he sees himself")
    tap.is_([p["login"] for p in second.get("/v1/principals").json["items"]], ["ida"], "and nobody else")
    for change in ({"super_administrator": False}, {"enabled": False}, {"super_administrator": False, "enabled": False}):
        reply = admin.patch("/v1/principals/admin", change)
        tap.is_((reply.status, reply.json.get("code")), (409, "last_administrator"), "the last one stays: %r" % change)
    both = admin.patch("/v1/principals/ida", {"super_administrator": True, "name": "Ida"})
    tap.is_((both.status, both.json.get("super_administrator"), both.json["name"]), (200, True, "Ida"), "raised and renamed")
    race(admin, second, "admin", "ida")
    tap.is_(admin.delete("/v1/principals/ida").status, 204, "she goes, and her rights with her")
    tap.is_(admin.post("/v1/principals", {"login": "ida", "password": "x"}).json.get("super_administrator"), False, "a successor has none")
    tap.is_(admin.delete("/v1/principals/ida").status, 204, "she goes, too")


def place_of(login):
    return ("/v1/users/" if "@" in login else "/v1/principals/") + login


def race(first, second, one, other):
    """Two who disable each other: one of them is left."""
    statuses = {}

    def disable(client, whom):
        statuses[whom] = client.patch(place_of(whom), {"enabled": False}).status

    threads = [threading.Thread(target=disable, args=pair) for pair in ((first, other), (second, one))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    tap.is_(sum(status == 200 for status in statuses.values()), 1, "two disable each other, and one stays: %r" % statuses)
    left = second if statuses[one] == 200 else first
    for whom in (other, one):
        tap.is_(left.patch(place_of(whom), {"enabled": True}).status, 200, "%s is enabled" % whom)


def users_too(g, admin):
    """A super administrator may be a user, whom more can keep out than being disabled."""
    una, place = "una@last.example", "/v1/users/una@last.example"
    tap.is_(admin.post("/v1/domains", {"name": "last.example"}).status, 201, "a domain")
    tap.is_(admin.post("/v1/users", {"address": una, "password": "pw"}).status, 201, "with a user")
    member = [(ldap.MOD_ADD, "member", [b"mail=una@last.example,provostDomainName=last.example,ou=domains,dc=provost"])]
    directory(g).modify_s("cn=administrators,ou=roles,dc=provost", member)
    past = "2020-01-01T00:00:00Z"
    ways = ((place, {"enabled": False}, {"enabled": True}), (place, {"login_enabled": False}, {"login_enabled": True}),
            (place, {"expires_at": past}, {"expires_at": None}), ("/v1/domains/last.example", {"enabled": False}, {"enabled": True}))
    for where, off, on in ways:
        tap.is_(admin.patch(where, off).status, 200, "she cannot log in: %r" % off)
        refused(admin.patch("/v1/principals/admin", {"super_administrator": False}), "last_administrator", "then the principal stays")
        tap.is_(admin.patch(where, on).status, 200, "and back")
    her = admin.as_(una, "pw")
    race(admin, her, "admin", una)
    tap.is_(her.patch("/v1/principals/admin", {"enabled": False}).status, 200, "with her there the principal is disabled")
    for where, off, _ in ways:
        refused(her.patch(where, off), "last_administrator", "then she stays: %r" % off)
    refused(her.delete("/v1/domains/last.example?recursive=true"), "last_administrator", "and so does her domain")
    tap.is_(her.patch("/v1/principals/admin", {"enabled": True}).status, 200, "he is back")
    tap.is_(admin.patch(place, {"address": "unna@last.example"}).status, 200, "another renames her")
    tap.is_(admin.delete("/v1/domains/last.example?recursive=true").status, 204, "with him there her domain goes")
    left = directory(g).search_s("cn=administrators,ou=roles,dc=provost", ldap.SCOPE_BASE)[0][1]["member"]
    tap.is_(left, [b"uid=admin,ou=principals,dc=provost"], "and her right")


def circle(admin):
    """Two resellers who are to become each other's sponsors at once."""
    statuses = []
    for login in ("east", "west"):
        reseller(admin, login)

    def give(login, sponsor):
        statuses.append(admin.as_("admin", admin.password).patch("/v1/principals/" + login, {"sponsor": sponsor}).status)

    threads = [threading.Thread(target=give, args=pair) for pair in (("east", "west"), ("west", "east"))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    tap.is_(sorted(statuses), [200, 422], "one of them does")
    for login in ("east", "west"):
        tap.is_(admin.patch("/v1/principals/" + login, {"sponsor": None}).status, 200, "nobody sponsors %s" % login)
    for login in ("east", "west"):
        tap.is_(admin.delete("/v1/principals/" + login).status, 204, "delete %s" % login)


def certificates(g, admin):
    """What clients may log in with: super administrators say so, and each is that of one."""
    digest, subject = "0" * 63 + "a", "subject:CN=Müller\\, Jo+OU=x,O=A\\2C b,2.5.4.5=#1303"
    admin.post("/v1/principals", {"login": "cleo", "password": "her password"})
    path = "/v1/principals/cleo"
    tap.is_(admin.get(path).json["certificates"], [], "nobody has certificates at first")
    written = admin.patch(path, {"certificates": [subject, digest, digest]})
    tap.is_((written.status, written.json.get("certificates")), (200, [digest, subject]), "they are written, each once")
    tap.is_(directory(g).search_s("uid=cleo,ou=principals,dc=provost", ldap.SCOPE_BASE, attrlist=["provostCertificate"])[0][1],
            {"provostCertificate": sorted([digest.encode(), subject.encode()])}, "where the gateway looks for them")
    for method, target, body in (("PATCH", "/v1/principals/admin", {"certificates": [digest]}), ("POST", "/v1/principals", {"login": "dora", "certificates": ["subject:CN=x", subject]})):
        reply = admin.request(method, target, body)
        tap.is_((reply.status, reply.json["code"]), (409, "certificate_taken"), "%s: another has it" % method)
    for value in (digest.upper(), digest[1:], "", "x", "subject:", "subject:CN", "subject:CN=a,", "subject:=a", "subject:CN=a, O=b", "subject:CN=a;b", "subject:CN=a\\", "subject:CN=\\2", "subject:CN=a\n",
                  "subject:CN=" + "a" * 1100, "Subject:CN=a"):
        reply = admin.patch(path, {"certificates": [value]})
        tap.is_((reply.status, [fault["pointer"] for fault in reply.json["errors"]]), (422, ["/certificates"]), "%r is no certificate" % value[:20])
    tap.is_(admin.patch(path, {"certificates": ["subject:CN=%d" % n for n in range(101)]}).status, 422, "there are at most 100")
    rita = reseller(admin, "rudi")
    tap.is_(rita.post("/v1/principals", {"login": "dolf"}).status, 201, "a reseller makes a deputy")
    tap.is_([rita.patch("/v1/principals/dolf", {"certificates": [value]}).status for value in ("subject:CN=dolf", digest)], [403, 403], "and gives him no certificate, taken or not")
    tap.is_(admin.as_("cleo", "her password").patch(path, {"certificates": ["subject:CN=more"]}).status, 403, "nor does anybody to himself")
    tap.is_((rita.get("/v1/principals/dolf").json["certificates"], admin.get(path).json["certificates"]), ([], [digest, subject]), "nothing is changed")
    tap.is_(admin.put(path, {}).json["certificates"], [], "PUT without them takes them away")
    for login in ("dolf", "rudi", "cleo"):
        tap.is_(admin.delete("/v1/principals/" + login).status, 204, "%s goes" % login)


def principals(admin):
    body = {"login": "Carl", "name": "Carl C.", "kind": "machine", "password": "one", "recovery_address": "c@elsewhere.example"}
    made = admin.post("/v1/principals", body)
    tap.is_((made.status, made.json["login"], made.json["kind"], made.json["reseller"]), (201, "carl", "machine", None), "a machine")
    tap.is_(admin.post("/v1/principals", body).status, 409, "a login is taken once")
    carl = admin.as_("carl", "one")
    tap.is_(carl.put("/v1/principals/carl/password", {"password": "two"}).status, 403, "his own password needs the current one")
    tap.is_(carl.put("/v1/principals/carl/password", {"password": "two", "current": "one"}).status, 204, "with it he changes it")
    carl = admin.as_("carl", "two")
    me = carl.get("/v1/me").json
    tap.is_((me["login"], me["kind"], me["super_administrator"], me["reseller"], me["roles"], me["key"], me["authenticated_by"]),
            ("carl", "principal", False, None, [], None, "password"), "he is told who he is")
    tap.is_(admin.put("/v1/principals/carl/password", {"password": "three"}).status, 204, "a super administrator gives him another")
    carl = admin.as_("carl", "three")
    tap.is_(carl.post("/v1/principals", {"login": "dora"}).status, 403, "he makes nobody")
    tap.is_(carl.patch("/v1/principals/carl", {"reseller": {}}).status, 403, "nor himself a reseller")
    tap.is_(carl.get("/v1/principals/admin").status, 404, "he sees nobody else")
    bad = admin.post("/v1/principals", {"login": "-x", "reseller": {"max_users": -1, "max_cars": 1}, "kind": "cat"})
    tap.is_((bad.status, sorted(f["pointer"] for f in bad.json["errors"])), (422, ["/kind", "/login", "/max_cars", "/reseller/max_users"]),
            "every fault is told, those inside, too")
    whole = admin.put("/v1/principals/carl", {"login": "carl"})
    tap.is_((whole.status, whole.json["kind"], whole.json["recovery_address"]), (200, "person", None), "PUT replaces him")
    made = admin.post("/v1/principals?generate_password=true", {"login": "gen"})
    tap.is_(admin.as_("gen", made.json["generated_password"]).get("/v1/me").status, 200, "a generated password works")
    page = admin.get("/v1/principals?limit=2")
    tap.is_([p["login"] for p in page.json["items"]], ["admin", "carl"], "a page of them")
    more = admin.get("/v1/principals?limit=2&cursor=" + page.json["next_cursor"])
    tap.is_([p["login"] for p in more.json["items"]], ["gen"], "and the next")
    tap.is_(admin.delete("/v1/principals/admin").status, 409, "nobody deletes himself")
    tap.is_(admin.patch("/v1/principals/carl", {"enabled": False}).status, 200, "he is disabled")
    gateway.until(lambda: carl.get("/v1/me").status != 200, "the end of what is remembered of him", 10)
    tap.is_(carl.get("/v1/me").status, 401, "and let in no more")
    for login in ("carl", "gen"):
        tap.is_(admin.delete("/v1/principals/" + login).status, 204, "delete %s" % login)
    tap.is_(admin.get("/v1/principals/carl").status, 404, "he is gone")


def roles(admin):
    tap.is_(admin.post("/v1/domains", {"name": "roles.example"}).status, 201, "a domain")
    tap.is_(admin.post("/v1/domains", {"name": "other.example"}).status, 201, "and another")
    for user in ("ann@roles.example", "bob@roles.example", "eve@other.example"):
        tap.is_(admin.post("/v1/users", {"address": user, "password": "pw", "name": user[:3]}).status, 201, "the user %s" % user)
    place = "/v1/domains/roles.example/administrators"
    ann, bob = admin.as_("ann@roles.example", "pw"), admin.as_("bob@roles.example", "pw")
    tap.is_(admin.put(place + "/ann@roles.example", {"role": "administrator"}).status, 201, "a role is given")
    tap.is_(admin.put(place + "/ann@roles.example", {"role": "owner"}).status, 200, "and another in its place")
    again = admin.put(place + "/Ann@roles.example", {"role": "owner"})
    tap.is_((again.status, again.json), (200, {"login": "ann@roles.example", "role": "owner", "name": "ann"}), "and once more")
    held = admin.get(place)
    tap.is_(held.json["items"], [{"login": "ann@roles.example", "role": "owner", "name": "ann"}], "all that there are")
    tap.is_(admin.get(place, headers={"If-None-Match": held.headers["ETag"]}).status, 304, "nothing new")
    tap.is_(ann.put(place + "/bob@roles.example", {"role": "viewer"}, headers={"If-Match": '"x"'}).status, 412, "only in the state that was seen")
    tap.is_(ann.put(place + "/bob@roles.example", {"role": "viewer"}, headers={"If-Match": held.headers["ETag"]}).status, 201, "an owner gives roles")
    foreign, nobody = (ann.put(place + "/" + who, {"role": "viewer"}) for who in ("eve@other.example", "nix@other.example"))
    tap.is_((foreign.status, foreign.json["code"]), (422, "unknown_login"), "not to whom he does not see")
    tap.is_(foreign.json["detail"].replace("eve", "nix"), nobody.json["detail"], "and is told the same of nobody")
    tap.is_(bob.put(place + "/bob@roles.example", {"role": "owner"}).status, 403, "a viewer gives none")
    tap.is_(bob.get(place).status, 200, "but sees them")
    tap.is_(admin.put(place + "/bob@roles.example", {"role": "king"}).status, 422, "there is no such role")
    tap.is_(bob.get("/v1/me").json["roles"], [{"domain": "roles.example", "role": "viewer"}], "and they are his")
    tap.is_(ann.delete(place + "/bob@roles.example").status, 204, "it is taken")
    tap.is_(ann.delete(place + "/bob@roles.example").status, 404, "once")
    tap.is_(admin.get("/v1/domains/nix.example/administrators").status, 404, "no domain, no roles")
    tap.is_(admin.post("/v1/principals", {"login": "max", "password": "pw"}).status, 201, "a principal")
    tap.is_(admin.put(place + "/max", {"role": "owner"}).status, 201, "has a role as well")
    tap.is_(admin.delete("/v1/principals/max").status, 204, "which goes with him")
    tap.is_([m["login"] for m in admin.get(place).json["items"]], ["ann@roles.example"], "as it should")


def refused(reply, code, what):
    tap.is_((reply.status, reply.json.get("code")), (409, code), what)


def budgets(admin):
    rex = reseller(admin, "rex", max_domains=3, max_users=30, max_deputies=2, quota_bytes=3000)
    bare = rex.post("/v1/domains", {"name": "rex.example"})
    tap.is_((bare.status, sorted(f["pointer"] for f in bare.json["errors"])), (422, ["/max_users", "/quota_bytes"]),
            "who has limits gives none without")
    one = rex.post("/v1/domains", {"name": "rex.example", **LIMITS})
    tap.is_((one.status, one.json.get("sponsor")), (201, "rex"), "he makes a domain, out of his budgets")
    tap.is_([(m["login"], m["role"]) for m in rex.get("/v1/domains/rex.example/administrators").json["items"]], [("rex", "owner")], "and owns it")
    two = rex.post("/v1/domains", {"name": "two.example", "reserved_to": ["x@rex.example"], **LIMITS})
    tap.is_((two.status, two.json.get("state"), two.json.get("sponsor")), (201, "enabled", "rex"), "another one, with its reserved names")
    used = rex.get("/v1/me").json
    tap.is_(used["usage"], {"domains": 2, "users": 20, "aliases": 20, "deputies": 0, "quota_bytes": 2000}, "what he has given")
    tap.is_(used["reseller"], {"max_domains": 3, "max_users": 30, "max_aliases": None, "max_deputies": 2, "quota_bytes": 3000}, "of what he has")
    tap.is_(admin.get("/v1/principals/rex?include=usage").json["usage"], used["usage"], "others are told, too")
    more = rex.patch("/v1/domains/two.example", {"max_users": 21})
    refused(more, "budget_exceeded", "no domain gets more than is left")
    tap.is_(more.json["counts"], {"users": 10, "max_users": 30}, "with the numbers")
    tap.is_(rex.patch("/v1/domains/two.example", {"max_users": 20}).status, 200, "but all that is left")
    refused(admin.patch("/v1/domains/two.example", {"max_users": 21}), "budget_exceeded", "nor from a super administrator")
    refused(rex.post("/v1/domains", {"name": "three.example", **LIMITS}), "budget_exceeded", "nothing is left of users")
    tap.is_(rex.delete("/v1/domains/two.example?recursive=true").status, 204, "what is deleted")
    tap.is_(rex.get("/v1/me").json["usage"]["users"], 10, "is free again")
    refused(admin.patch("/v1/principals/rex", {"reseller": {"max_users": 9}}), "budget_exceeded", "no budget below what is used")
    refused(admin.patch("/v1/principals/rex", {"reseller": None}), "budget_exceeded", "nor none at all")
    tap.is_(admin.patch("/v1/principals/rex", {"reseller": {"max_users": 10}}).json["reseller"]["max_users"], 10, "down to that it goes")
    refused(admin.delete("/v1/principals/rex"), "is_sponsor", "nobody goes who has given something")
    kept = rex.patch("/v1/domains/rex.example", {"sponsor": None})
    tap.is_((kept.status, kept.json.get("sponsor")), (200, "rex"), "his domains stay his")
    tap.is_(admin.get("/v1/domains/rex.example").json["sponsor"], "rex", "whatever he says")
    tap.is_(rex.patch("/v1/principals/rex", {"reseller": {"max_users": None}}).status, 403, "he gives himself nothing")
    deputies(admin, rex)
    tap.is_(admin.patch("/v1/domains/rex.example", {"sponsor": None}).json["sponsor"], None, "a super administrator takes it over")
    tap.is_(rex.get("/v1/me").json["usage"]["domains"], 0, "and the budget is free")
    refused(admin.patch("/v1/domains/rex.example", {"sponsor": "rex", "max_users": 11}), "budget_exceeded", "it comes back in its size only")
    tap.is_(admin.patch("/v1/domains/rex.example", {"sponsor": "nix"}).status, 422, "a sponsor is a reseller")
    tap.is_(admin.delete("/v1/principals/rex").status, 204, "now he may go")


def deputies(admin, rex):
    sub = {"max_domains": 1, "max_users": 0, "max_aliases": 0, "max_deputies": 1, "quota_bytes": 0}
    tap.is_(rex.post("/v1/principals", {"login": "sub", "password": "pw", "reseller": {"max_domains": 1}}).status, 422, "without limit only who has none")
    refused(rex.post("/v1/principals", {"login": "sub", "reseller": {**sub, "max_deputies": 2}}), "budget_exceeded", "a reseller takes what he may give")
    made = rex.post("/v1/principals", {"login": "sub", "password": "pw", "reseller": sub})
    tap.is_((made.status, made.json.get("sponsor")), (201, "rex"), "his own reseller")
    tap.is_(rex.get("/v1/me").json["usage"]["deputies"], 2, "who counts with what he has")
    refused(rex.post("/v1/principals", {"login": "dep"}), "budget_exceeded", "then nobody is left")
    tap.is_([p["login"] for p in rex.get("/v1/principals").json["items"]], ["rex", "sub"], "he sees himself and his own")
    refused(rex.patch("/v1/principals/sub", {"reseller": {"max_domains": 3}}), "budget_exceeded", "he raises them within his own")
    tap.is_(rex.patch("/v1/principals/sub", {"reseller": {"max_deputies": 0}}).status, 200, "and lowers them")
    tap.is_(rex.post("/v1/principals", {"login": "dep", "password": "pw", "sponsor": "admin"}).status, 403, "out of his own budgets")
    tap.is_(rex.post("/v1/principals", {"login": "dep", "password": "pw", "super_administrator": True}).status, 403, "no super administrator")
    tap.is_(rex.get("/v1/principals/dep").status, 404, "not even half of one")
    tap.is_(rex.post("/v1/principals", {"login": "dep", "password": "pw"}).status, 201, "a deputy")
    tap.is_(rex.put("/v1/principals/dep/password", {"password": "other"}).status, 204, "whose password he sets")
    tap.is_(admin.as_("dep", "other").post("/v1/keys", {"scopes": ["*"]}).status, 201, "a key of his goes with him")
    tap.is_(admin.patch("/v1/principals/rex", {"sponsor": "sub"}).status, 422, "nobody comes out of his own budgets")
    for login in ("dep", "sub"):
        tap.is_(rex.delete("/v1/principals/" + login).status, 204, "%s goes" % login)


def suffixes(admin):
    sue, tom = (reseller(admin, login) for login in ("sue", "tom"))
    bad = sue.post("/v1/domains", {"name": "co.uk"})
    tap.is_((bad.status, [f["pointer"] for f in bad.json["errors"]]), (422, ["/name"]), "R08: nobody sells a public suffix")
    tap.is_(sue.post("/v1/domains", {"name": "sue.co.uk"}).status, 201, "but what is below it")
    refused(tom.post("/v1/domains", {"name": "mail.sue.co.uk"}), "domain_overlaps", "R08: what is below it is hers")
    tap.is_(sue.post("/v1/domains", {"name": "mail.sue.co.uk"}).status, 201, "and she makes it")
    tap.is_(tom.post("/v1/domains", {"name": "a.tom.org.uk"}).status, 201, "a name below one that is not there")
    refused(sue.post("/v1/domains", {"name": "tom.org.uk"}), "domain_overlaps", "R08: keeps others from that")
    tap.is_(admin.post("/v1/domains", {"name": "tom.org.uk"}).status, 201, "not a super administrator")
    tap.is_(admin.post("/v1/domains", {"name": "org.uk"}).status, 201, "who may make a suffix, too")


def concurrency(first, second, admin):
    """Many want what is enough for a few, on two gateways."""
    reseller(admin, "lou", max_domains=BUDGET, max_deputies=5)
    answers, lock = {}, threading.Lock()

    def work(number):
        client = gateway.Client((first, second)[number % 2].address, "lou", "pw-lou")
        for i in range(number, WANTED, CLIENTS):
            reply = client.post("/v1/domains", {"name": "d%d.example" % i})
            what = (reply.status, reply.json.get("code"))
            with lock:
                answers[what] = answers.get(what, 0) + 1
        with lock:
            admin.complaints.extend(client.complaints)

    threads = [threading.Thread(target=work, args=(i,)) for i in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    tap.is_(answers, {(201, None): BUDGET, (409, "budget_exceeded"): WANTED - BUDGET}, "exactly as many as there may be are made")
    tap.is_(admin.get("/v1/principals/lou?include=usage").json["usage"]["domains"], BUDGET, "and counted")
    held = directory(first).search_s("ou=domains,dc=provost", ldap.SCOPE_ONELEVEL, "(provostSponsor=uid=lou,ou=principals,dc=provost)", ["1.1"])
    tap.is_(len(held), BUDGET, "and there")


def main():
    with gateway.Gateway() as first:
        with gateway.Gateway("--ldap-uri", first.ldapi) as second:
            admin = first.admin()
            super_administrators(first, admin)
            users_too(first, admin)
            circle(admin)
            principals(admin)
            certificates(first, admin)
            roles(admin)
            budgets(admin)
            suffixes(admin)
            concurrency(first, second, admin)
            tap.is_(admin.complaints, [], "every reply was as described")
            for g in first, second:
                tap.ok("Sanitizer" not in g.log() and "runtime error" not in g.log(), "no sanitizer report", g.log()[-4000:])
    tap.done()


main()
