#!/usr/bin/python3
"""API keys, and that no credential is good any longer than who it is of, whoever changed him (R10, R11, R12, R46 and R49 of attacks.py)."""

import concurrent.futures
import os
import sys
import time

sys.path.insert(0, os.path.join(os.environ.get("top_srcdir") or os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))), "tests", "lib"))

import ldap

import gateway
import tap

DOMAIN = "provostDomainName=example.org,ou=domains,dc=provost"
ANN = "ann@example.org"
BORN = "{CRYPT}$6$rounds=1000$saltsalt$Vj4RgI7fdB7fNK6fI3iYmyFEIWOTD4p0hcI8PBEdHoAvPHnOAxJzbYt3hdfjMKeKCfZmyOEw2BRAJRFNuTfeQ1"
OPTIONS = ["--loops", "2", "--ldap-remember-millis", "60000"]
WITHIN = 1.0  # seconds after which no loop of any gateway takes what was changed; as a rule it is a tenth of that


def dn(address):
    return "mail=%s,%s" % (address, DOMAIN)


class Native:
    """Somebody with ldapmodify."""

    def __init__(self, g):
        self.connection = ldap.initialize(g.ldap_url)
        self.connection.simple_bind_s("uid=admin,ou=principals,dc=provost", g.secret("admin-password"))

    def set(self, name, attribute, value):
        self.connection.modify_s(name, [(ldap.MOD_REPLACE, attribute, value)])


def spread(clients, login, password):
    """Connections to all loops of all gateways, with somebody who is remembered there."""
    each = [gateway.Client(address, login, password) for address in clients for _ in range(6)]
    for _ in range(2):
        for client in each:
            if client.get("/v1/me").status != 200:
                return []
    return each


def refused(each, change):
    """Seconds after a change until every connection refuses."""
    change()
    began = time.monotonic()

    def last_good(ask):
        late = 0
        while True:
            asked = time.monotonic()
            if ask() == 401 or late > 30:
                return late
            late = asked - began
            time.sleep(0.01)

    with concurrent.futures.ThreadPoolExecutor(len(each)) as pool:
        return max(pool.map(last_good, each))


def forgotten(g, addresses):
    """With ldapmodify: what was verified is remembered for a minute, and yet refused at once."""
    admin, native = g.admin(), Native(g)
    for number, (what, change) in enumerate((
            ("his password", lambda name: native.set(name, "userPassword", BORN.encode())),
            ("that he is disabled", lambda name: native.set(name, "provostEnabled", b"FALSE")),
            ("that he may not log in", lambda name: native.set(name, "provostLoginEnabled", b"FALSE")),
            ("that his domain is disabled", lambda name: native.set(DOMAIN, "provostEnabled", b"FALSE")),
            ("that he is gone", lambda name: native.connection.delete_s(name)))):
        native.set(DOMAIN, "provostEnabled", b"TRUE")
        address = "user%d@example.org" % number  # another each time: who is refused too often waits
        admin.post("/v1/users", {"address": address, "password": "one"})
        each = spread(addresses, address, "one")
        if not tap.ok(each, "he is remembered by all loops of two gateways"):
            continue
        late = refused([lambda client=client: client.get("/v1/me").status for client in each], lambda: change(dn(address)))
        tap.ok(late < WITHIN, "R49: %s is known at once" % what)
        tap.note("last taken after %.3f s" % late)
        admin.delete("/v1/users/" + address)


def bearer(key):
    return {"Authorization": "Bearer " + key}


class Holder:
    """Somebody who has a key and nothing else."""

    def __init__(self, g, key):
        self.client, self.key = g.client(), key

    def request(self, method, target, body=None):
        return self.client.request(method, target, body, headers=bearer(self.key))

    def get(self, target):
        return self.request("GET", target)

    def status(self, method, target, body=None):
        return self.request(method, target, body).status


def made(client, **wanted):
    """A new key of the caller's, and what the reply said."""
    reply = client.post("/v1/keys", dict({"scopes": ["*"]}, **wanted))
    return (reply.json or {}).get("key", ""), reply


def life(g, admin):
    """One key from its beginning to its end."""
    key, reply = made(admin, label="all", scopes=["*"])
    tap.is_((reply.status, len(key), key[:4], key.split("_")[1]), (201, 78, "pvt_", reply.json["id"]), "a key is made, and its text told")
    holder = Holder(g, key)
    tap.is_(holder.get("/v1/me").json["login"], "admin", "it is its owner")
    path = "/v1/keys/" + reply.json["id"]
    read = admin.get(path)
    tap.ok("key" not in read.json and key.split("_")[2] not in read.text + admin.get("/v1/keys").text, "nobody is told its text again")
    gateway.until(lambda: admin.get(path).json["last_used_at"], "its last use", 5)
    used = admin.get(path)
    tap.is_((used.json["last_used_from"], used.headers["ETag"]), ("127.0.0.1", read.headers["ETag"]), "where it was used is told, and is no change of it")
    refusals = [holder.client.get("/v1/me", headers={"Authorization": value}) for value in (
        "Bearer " + key[:-1] + ("a" if key[-1] != "a" else "b"), "Bearer " + "pvt_" + "a" * 16 + key[20:], "Bearer " + key.upper(), "Bearer pvt_",
        "Bearer " + key + "a")]
    other = holder.client.get("/v1/me", headers={"Authorization": "Basic YWRtaW46eA=="})
    tap.is_({(reply.status, reply.text) for reply in refusals}, {(401, other.text)}, "what is no key of ours looks like a wrong password")
    tap.is_(admin.as_("admin", key).get("/v1/me").status, 401, "R12: a key is no password")
    tap.is_(admin.patch(path, {"label": "another", "enabled": False}).json["label"], "another", "it is changed")
    gateway.until(lambda: holder.status("GET", "/v1/me") == 401, "a refusal", 10)
    tap.ok(True, "and good no more")
    tap.is_(admin.patch(path, {"enabled": True}).status, 200, "until it is enabled")
    tap.is_(holder.status("GET", "/v1/me"), 200, "again")
    tap.is_(admin.request("DELETE", path, headers={"If-Match": '"x"'}).status, 412, "not in another state")
    tap.is_((admin.delete(path).status, admin.delete(path).status, admin.get(path).status), (204, 404, 404), "it is revoked")
    gateway.until(lambda: holder.status("GET", "/v1/me") == 401, "a refusal", 10)
    tap.is_(holder.client.get("/v1/me", headers={"Authorization": "ApiKey admin:" + key}).status, 401, "that scheme is for another dialect")


def faults(admin):
    """What is no key is refused, with all that is wrong with it."""
    reply = admin.post("/v1/keys", {"scopes": ["users:fly", "users"], "domains": ["-"], "networks": ["10.0.0.1/8"], "expires_at": "soon"})
    tap.is_((reply.status, {fault["pointer"] for fault in reply.json["errors"]}), (422, {"/scopes", "/domains", "/networks", "/expires_at"}), "all faults at once")
    for body in ({}, {"scopes": []}, {"scopes": ["*"], "domains": []}, {"scopes": ["*"], "id": "aaaaaaaaaaaaaaaa"}, {"scopes": ["*"], "key": "x"},
                 {"scopes": ["*"], "owner": "nobody", "label": "x" * 201}):
        tap.is_(admin.post("/v1/keys", body).status, 422, "no key: %s" % sorted(body))
    tap.is_(admin.post("/v1/keys", {"scopes": ["*"], "owner": "nobody"}).status, 403, "nor of who is not there")
    tap.is_(admin.get("/v1/keys?owner=nobody").status, 404, "whose keys cannot be listed")


def scoped(g, admin):
    """Verbs, collections, networks, times; and keys that keys make. Who holds one that soon ends."""
    users = Holder(g, made(admin, scopes=["users:read", "domains:read"])[0])
    tap.is_([users.status("GET", "/v1/" + what) for what in ("users", "domains", "aliases", "me", "keys")], [200, 200, 403, 403, 403], "scopes are collections")
    tap.is_(users.status("POST", "/v1/users", {"address": "x@example.org"}), 403, "and verbs")
    passwords = Holder(g, made(admin, scopes=["passwords:write"])[0])
    tap.is_([passwords.status("PUT", "/v1/%s/password" % whose, {"password": "an entirely new one"}) for whose in ("principals/admin", "principals/nobody", "users/nobody@example.org")],
            [403, 403, 404], "users' passwords are not those of administrators")
    read = Holder(g, made(admin, scopes=["*:read"])[0])
    tap.is_([read.status("GET", "/v1/" + what) for what in ("users", "aliases", "me", "keys")] + [read.status("DELETE", "/v1/users/" + ANN)], [200] * 4 + [403], "all that only reads")
    tap.is_(Holder(g, made(admin, networks=["192.0.2.0/24", "2001:db8::/32"])[0]).status("GET", "/v1/me"), 401, "from another network")
    tap.is_(Holder(g, made(admin, networks=["127.0.0.0/8"])[0]).status("GET", "/v1/me"), 200, "from its own")
    tap.is_(Holder(g, made(admin, expires_at="2020-01-01T00:00:00Z")[0]).status("GET", "/v1/me"), 401, "expired")
    soon = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 8))
    brief = Holder(g, made(admin, expires_at=soon)[0])
    tap.is_(brief.status("GET", "/v1/me"), 200, "not yet expired")
    maker = Holder(g, made(admin, scopes=["keys:write", "users:read", "keys:read"], networks=["127.0.0.0/8"], expires_at="2040-01-01T00:00:00Z")[0])
    good = {"scopes": ["users:read"], "networks": ["127.0.0.1"], "expires_at": "2039-01-01T00:00:00Z"}
    less = maker.request("POST", "/v1/keys", good)
    tap.is_(less.status, 201, "a key makes one that can do less")
    for change, pointer in (({"scopes": ["*"]}, "/scopes"), ({"scopes": ["*:read"]}, "/scopes"), ({"networks": []}, "/networks"), ({"networks": ["126.0.0.0/7"]}, "/networks"),
                            ({"expires_at": None}, "/expires_at"), ({"expires_at": "2041-01-01T00:00:00Z"}, "/expires_at")):
        for reply in (maker.request("POST", "/v1/keys", dict(good, **change)), maker.request("PATCH", "/v1/keys/" + less.json["id"], change)):
            tap.is_((reply.status, [fault["pointer"] for fault in (reply.json or {}).get("errors", [])]), (422, [pointer]), "and none that can do more: %s" % change)
    return brief


def bound(g, admin):
    """A key for one domain: what is elsewhere is not there."""
    admin.post("/v1/domains", {"name": "other.org"})
    admin.post("/v1/domains", {"name": "alias.org", "kind": "alias", "target": "example.org"})
    for address in ("bob@other.org", "zoe@other.org"):
        admin.post("/v1/users", {"address": address})
    admin.post("/v1/users", {"address": "eve@example.org"})
    admin.post("/v1/aliases", {"address": "far@other.org", "destinations": ["eve@example.org"]})
    admin.post("/v1/aliases", {"address": "near@example.org", "destinations": ["eve@example.org", "bob@other.org"]})
    key, reply = made(admin, domains=["example.org", "absent.org"])
    k = Holder(g, key)
    tap.is_([[item[name] for item in k.get("/v1/" + what).json["items"]] for what, name in (("domains", "name"), ("users", "address"), ("aliases", "address"))],
            [["example.org"], [ANN, "eve@example.org"], ["near@example.org"]], "lists show its domains alone")
    tap.is_(k.get("/v1/users?limit=1").json["items"][0]["address"], ANN, "page by page")
    tap.is_(k.get("/v1/me").json["super_administrator"], False, "with it nobody is a super administrator")
    for method, target, body in (
            ("GET", "/v1/domains/other.org", None), ("GET", "/v1/domains/other.org?include=counts", None), ("GET", "/v1/users/bob@other.org", None), ("GET", "/v1/users/bob@other.org?include=aliases", None),
            ("GET", "/v1/users?domain=other.org", None), ("PATCH", "/v1/users/bob@other.org", {"name": "x"}), ("PATCH", "/v1/users/bob@other.org", {"address": "rob@other.org"}),
            ("DELETE", "/v1/users/zoe@other.org", None), ("DELETE", "/v1/users/bob@other.org?aliases=remove", None), ("DELETE", "/v1/domains/other.org", None),
            ("DELETE", "/v1/domains/other.org?recursive=true", None), ("PUT", "/v1/users/bob@other.org/password", {"password": "a new one"}), ("GET", "/v1/resolve/bob@other.org", None),
            ("DELETE", "/v1/aliases/far@other.org", None)):
        tap.is_(k.status(method, target, body), 404, "%s %s: it is not there" % (method, target))
    for method, target, body in (
            ("POST", "/v1/users", {"address": "new@other.org"}), ("PUT", "/v1/users/new@other.org", {}), ("PUT", "/v1/aliases/new@other.org", {"destinations": [ANN]}),
            ("POST", "/v1/domains", {"name": "new.org"}), ("PUT", "/v1/domains/new.org", {})):
        tap.is_(k.status(method, target, body), 403, "%s %s: it is not for that" % (method, target))
    tap.is_(k.status("POST", "/v1/domains", {"name": "absent.org", "kind": "alias", "target": "other.org"}), 422, "nor does it lead there")
    tap.is_(k.status("PATCH", "/v1/users/" + ANN, {"send_as": ["x@other.org"]}), 422, "nor send as somebody there")
    tap.is_(k.status("PATCH", "/v1/users/" + ANN, {"address": "ann@other.org"}) in (403, 404, 422), True, "nor is anybody moved there")
    tap.is_(k.get("/v1/users/eve@example.org?include=aliases").json["aliases"], ["near@example.org"], "who else leads there is not told")
    hops = k.get("/v1/resolve/near@example.org").text
    tap.ok("mailboxes" in hops and '"bob@other.org","kind":"user"' not in hops.replace(" ", ""), "nor what is at the other end", hops)
    tap.is_(k.status("DELETE", "/v1/domains/example.org?recursive=true"), 409, "an alias domain elsewhere is in the way")
    tap.ok("alias.org" not in k.request("DELETE", "/v1/domains/example.org?recursive=true").text, "and not named")
    tap.is_(k.status("DELETE", "/v1/users/eve@example.org?aliases=remove"), 204, "what names a user goes with him")
    tap.is_(admin.get("/v1/aliases/near@example.org").json["destinations"], ["bob@other.org"], "where the key is for that")
    tap.is_(admin.get("/v1/aliases/far@other.org").json["destinations"], ["eve@example.org"], "and nowhere else")
    roles(g, admin)
    tap.is_(k.status("POST", "/v1/keys", {"scopes": ["*"]}), 422, "it makes no key for everywhere")
    tap.is_(k.status("POST", "/v1/keys", {"scopes": ["*"], "domains": ["example.org"]}), 201, "and one for the same")
    tap.is_(k.status("GET", "/v1/keys?owner=bob@other.org"), 404, "it knows no keys of others elsewhere")


def roles(g, admin):
    """Those of a domain with a key for it."""
    admin.post("/v1/principals", {"login": "paul", "name": "Paul"})
    admin.put("/v1/domains/example.org/administrators/paul", {"role": "viewer"})
    k = Holder(g, made(admin, scopes=["administrators:read", "administrators:write"], domains=["example.org"])[0])
    here, there = ("/v1/domains/%s/administrators" % name for name in ("example.org", "other.org"))
    tap.is_(k.status("PUT", "%s/%s" % (here, ANN), {"role": "administrator"}), 201, "a key for roles gives one in its domain")
    tap.is_([(item["login"], item["role"], item["name"] is None) for item in k.get(here).json["items"]],
            [(ANN, "administrator", False), ("paul", "viewer", True)], "and lists them, with no names of who is elsewhere")
    for login in ("bob@other.org", "paul", "nobody", "admin"):
        tap.is_(k.request("PUT", "%s/%s" % (here, login), {"role": "owner"}).json["code"], "unknown_login", "%s is not there for it" % login)
    tap.is_([k.status("GET", there), k.status("PUT", "%s/%s" % (there, ANN), {"role": "viewer"}), k.status("DELETE", "%s/%s" % (there, ANN))], [404] * 3, "nor is another domain")
    tap.is_((k.status("GET", "/v1/principals"), k.status("GET", "/v1/users")), (403, 403), "and it is for nothing else")
    tap.is_([k.status("DELETE", "%s/%s" % (here, login)) for login in ("paul", ANN)], [204, 204], "what was given is taken again")
    tap.is_(admin.delete("/v1/principals/paul").status, 204, "and its holder goes")


def lent(g, admin):
    """S1: who reaches further than the key is not taken over with it."""
    native = Native(g)
    admin.post("/v1/users", {"address": "top@example.org", "password": "one"})
    admin.post("/v1/users", {"address": "low@example.org", "password": "one"})
    k = Holder(g, made(admin, domains=["example.org"])[0])
    changes = [("PUT", "/password", {"password": "mine now"}), ("PATCH", "", {"password": "mine now"}), ("PATCH", "", {"password_hash": BORN}),
               ("PUT", "", {"password": "mine now"}), ("PATCH", "", {"recovery_address": "me@evil.example"}), ("PATCH", "", {"forward_to": ["me@evil.example"]}),
               ("PATCH", "", {"send_as": ["low@example.org"]})]
    for what, name, attribute in (("owns another domain", "provostDomainName=other.org,ou=domains,dc=provost", "provostOwner"),
                                  ("is a super administrator", "cn=administrators,ou=roles,dc=provost", "member")):
        native.connection.modify_s(name, [(ldap.MOD_ADD, attribute, [dn("top@example.org").encode()])])
        tap.is_([k.status(method, "/v1/users/top@example.org" + place, body) for method, place, body in changes], [403] * len(changes), "who %s is not lent to the key" % what)
        tap.is_(admin.as_("top@example.org", "one").get("/v1/me").status, 200, "his password is what it was")
        native.connection.modify_s(name, [(ldap.MOD_DELETE, attribute, [dn("top@example.org").encode()])])
    tap.is_([k.status(method, "/v1/users/low@example.org" + place, body) // 100 for method, place, body in changes[:-1]], [2] * (len(changes) - 1), "who does not is changed with it")
    for address in ("top@example.org", "low@example.org"):
        admin.delete("/v1/users/" + address)


def owners(g, admin):
    """Keys of users, and what becomes of them."""
    ann = admin.as_(ANN, "one")
    key, reply = made(ann, scopes=["*"])
    holder = Holder(g, key)
    tap.is_(holder.get("/v1/me").json["login"], ANN, "a user has keys, too")
    tap.is_([item["id"] for item in admin.get("/v1/keys?owner=" + ANN).json["items"]][-1], reply.json["id"], "which an administrator sees")
    revoked(g, admin, ann)
    tap.is_((ann.get("/v1/keys?owner=admin").status, ann.post("/v1/keys", {"scopes": ["*"], "owner": "admin"}).status), (404, 403), "and she not his")
    tap.is_(ann.put("/v1/users/%s/password" % ANN, {"password": "two", "current": "one"}).status, 204, "she changes her password")
    tap.is_(holder.status("GET", "/v1/me"), 200, "and keeps her keys")
    tap.is_(admin.put("/v1/users/%s/password?keys=keep" % ANN, {"password": "three"}).status, 204, "somebody else does, and says so")
    tap.is_(holder.status("GET", "/v1/me"), 200, "she keeps them")
    tap.is_(admin.put("/v1/users/%s/password?keys=lose" % ANN, {"password": "x"}).status, 400, "what becomes of them is said clearly")
    tap.is_(admin.patch("/v1/users/" + ANN, {"password": "four"}).status, 200, "somebody else does")
    gateway.until(lambda: holder.status("GET", "/v1/me") != 200, "a refusal", 10)
    tap.is_(holder.status("GET", "/v1/me"), 401, "R10: with a password from somebody else her keys are gone")
    key, _ = made(admin.as_(ANN, "four"), scopes=["*"])
    tap.is_(admin.as_(ANN, "four").put("/v1/users/%s/password?keys=revoke" % ANN, {"password": "five", "current": "four"}).status, 204, "she revokes them herself")
    tap.is_(Holder(g, key).status("GET", "/v1/me"), 401, "and they are gone")
    key, _ = made(admin.as_(ANN, "five"), scopes=["*"])
    tap.is_(admin.patch("/v1/users/" + ANN, {"address": "anna@example.org"}).status, 200, "with another address")
    tap.is_(Holder(g, key).get("/v1/me").json["login"], "anna@example.org", "her key is hers still")
    tap.is_(admin.delete("/v1/users/anna@example.org").status, 204, "she is removed, with her keys")
    gateway.until(lambda: Holder(g, key).status("GET", "/v1/me") == 401, "a refusal", 10)


def revoked(g, admin, ann):
    """Who may remove her may take her keys, which he does not see."""
    admin.post("/v1/principals", {"login": "adam", "password": "a horse that is right"})
    adam = admin.as_("adam", "a horse that is right")
    key, reply = made(ann, scopes=["*"])
    path = "/v1/keys/" + reply.json["id"]
    own = "/v1/keys/" + made(admin, scopes=["me:read"])[1].json["id"]
    tap.is_(adam.delete(path).status, 404, "somebody without a role finds no key to revoke")
    admin.put("/v1/domains/example.org/administrators/adam", {"role": "viewer"})
    tap.is_(adam.delete(path).status, 404, "nor does a viewer")
    admin.put("/v1/domains/example.org/administrators/adam", {"role": "administrator"})
    tap.is_((adam.get(path).status, adam.patch(path, {"enabled": False}).status, adam.request("DELETE", path, headers={"If-Match": "*"}).status), (404, 404, 404), "an administrator does not see it")
    elsewhere = Holder(g, made(adam, scopes=["*"], domains=["other.org"])[0])
    tap.is_((elsewhere.status("DELETE", path), adam.delete(own).status), (404, 404), "nor takes it from elsewhere, nor those of others")
    tap.is_(Holder(g, key).status("GET", "/v1/me"), 200, "it is good still")
    tap.is_((adam.delete(path).status, adam.delete(path).status), (204, 404), "and revokes it")
    gateway.until(lambda: Holder(g, key).status("GET", "/v1/me") == 401, "a refusal", 1)
    tap.is_(admin.delete("/v1/principals/adam").status, 204, "he is removed")


def principals(g, admin):
    """The same of a principal without a password, who has nothing but keys."""
    tap.is_(admin.post("/v1/principals", {"login": "backup", "kind": "machine"}).status, 201, "a machine")
    key, reply = made(admin, scopes=["*:read"], owner="backup")
    tap.is_((reply.status, Holder(g, key).get("/v1/me").json["login"]), (201, "backup"), "gets its key from an administrator")
    tap.is_(admin.delete("/v1/principals/backup").status, 204, "it is removed, with its keys")
    gateway.until(lambda: Holder(g, key).status("GET", "/v1/me") == 401, "a refusal", 10)


def native(g, addresses):
    """What LDAP tools do to a key counts at once, and what they copy opens nothing."""
    admin, native = g.admin(), Native(g)
    admin.post("/v1/users", {"address": ANN, "password": "one"})
    for what, change in (
            ("disabled", lambda name, owner: native.set(name, "provostEnabled", b"FALSE")), ("bound to a network", lambda name, owner: native.set(name, "provostKeyNetwork", b"192.0.2.1")),
            ("expired", lambda name, owner: native.set(name, "provostExpires", b"20200101000000Z")), ("removed", lambda name, owner: native.connection.delete_s(name)),
            ("of a disabled owner", lambda name, owner: native.set(owner, "provostEnabled", b"FALSE"))):
        key, reply = made(admin, scopes=["*"], owner="admin")
        owner = "uid=admin,ou=principals,dc=provost"
        if "owner" in what:
            key, reply = made(admin.as_(ANN, "one"), scopes=["*"])
            owner = dn(ANN)
        each = [gateway.Client(address) for address in addresses for _ in range(4)]
        for client in each * 2:
            if client.get("/v1/me", headers=bearer(key)).status != 200:
                tap.ok(False, "it is good")
        late = refused([lambda client=client: client.get("/v1/me", headers=bearer(key)).status for client in each],
                       lambda: change("provostKeyId=%s,%s" % (reply.json["id"], owner), owner))
        tap.ok(late < WITHIN, "R49: a key that is %s is refused at once by all" % what)
        tap.note("last taken after %.3f s" % late)
    native.set(dn(ANN), "provostEnabled", b"TRUE")


def answers(g, login, password):
    """What all loops say, each of which remembers for itself."""
    return {(reply.status, (reply.json or {}).get("login")) for reply in [g.client(login, password).get("/v1/me") for _ in range(8)]}


def confused(g, admin):
    """What is remembered of one is not taken for anything of another."""
    for name in ("mix.example", "mix.example.org"):
        admin.post("/v1/domains", {"name": name})
    long = "p" * 200
    for address, password in (("kim@mix.example", ".org-secret"), ("kim@mix.example.org", "another"), ("kimberley@mix.example", long + "a")):
        tap.is_(admin.post("/v1/users", {"address": address, "password": password}).status, 201, address)
    no = {(401, None)}
    tap.is_(answers(g, "kim@mix.example", ".org-secret"), {(200, "kim@mix.example")}, "one is remembered")
    tap.is_(answers(g, "kim@mix.example.org", "-secret"), no, "R11: not for whose login and password together read the same")
    tap.is_(answers(g, "kimberley@mix.example", ".org-secret"), no, "R11: nor for whose login begins the same")
    tap.is_(answers(g, "kimberley@mix.example", long + "a"), {(200, "kimberley@mix.example")}, "a long password is remembered")
    tap.is_(answers(g, "kimberley@mix.example", long + "b"), no, "R11: and none that begins the same")
    kim = admin.as_("kim@mix.example", ".org-secret")
    key, reply = made(kim, scopes=["*"])
    tap.is_(kim.put("/v1/users/kim@mix.example/password", {"password": key, "current": ".org-secret"}).status, 204, "her key's text is her password, too")
    tap.is_((answers(g, "kim@mix.example", key), Holder(g, key).status("GET", "/v1/me")), ({(200, "kim@mix.example")}, 200), "and both are remembered")
    tap.is_(admin.delete("/v1/keys/" + reply.json["id"]).status, 204, "the key is revoked")
    gateway.until(lambda: Holder(g, key).status("GET", "/v1/me") == 401, "its end", 10)
    tap.is_({Holder(g, key).status("GET", "/v1/me") for _ in range(8)}, {401}, "R11: as a key it is good no more")
    tap.is_(answers(g, "kim@mix.example", key), {(200, "kim@mix.example")}, "R11: as a password it is")
    tap.is_(admin.delete("/v1/users/kim@mix.example").status, 204, "she is removed")
    tap.is_(admin.post("/v1/users", {"address": "kim@mix.example", "password": "of her successor"}).status, 201, "and her address given to another")
    time.sleep(WITHIN)
    tap.is_(answers(g, "kim@mix.example", key), no, "R11: which her old password does not open")
    tap.is_(answers(g, "kim@mix.example", "of her successor"), {(200, "kim@mix.example")}, "and the new one does")


def nowhere(g, admin):
    """No credential stands in a URL, and none of a key's text in the log."""
    key, _ = made(admin, scopes=["*"])
    for name in ("api_key", "access_token", "key", "token", "API_KEY", "%61pi_key"):
        reply = Holder(g, key).get("/v1/me?%s=%s" % (name, key))
        tap.is_((reply.status, (reply.json or {}).get("code")), (400, "credential_in_url"), "R46: %s in a URL is refused" % name)
    tap.is_(admin.get("/v1/keys/" + key).status, 404, "nor is a key found by its text")
    tap.is_(admin.get("/livez").headers["Referrer-Policy"], "no-referrer", "no browser tells where it was")
    tap.is_([line for line in g.log().splitlines() if key.split("_")[2][:20] in line], [], "the log has nothing of it")


def beyond(g, admin, client):
    """What is there already stays when it is brought in again, be it one too many by now."""
    adopted = {"scopes": ["me:read"], "dinomail_key": "0123456789abcdef0123456789abcdef01234567"}
    admin.delete("/v1/keys/" + client.get("/v1/keys").json["items"][0]["id"])
    first = client.post("/v1/keys", adopted)
    tap.is_((first.status, "key" in first.json), (201, False), "one is adopted")
    name = "z" * 16
    Native(g).connection.add_s("provostKeyId=%s,%s" % (name, dn("many@example.org")), [(attribute, [value.encode()]) for attribute, value in (
        ("objectClass", "provostApiKey"), ("provostKeyId", name), ("provostEnabled", "TRUE"), ("provostKeyScope", "me:read"))])
    tap.is_((client.post("/v1/keys", adopted).status, client.get("/v1/keys/" + first.json["id"]).status), (201, 200), "and again where there are too many, and is there as before")


def many(g, admin):
    """An owner has at most 100."""
    admin.post("/v1/users", {"address": "many@example.org", "password": "one"})
    client = admin.as_("many@example.org", "one")
    statuses = [client.post("/v1/keys", {"scopes": ["me:read"]}).status for _ in range(101)]
    tap.is_(statuses, [201] * 100 + [409], "an owner has at most 100 keys")
    tap.is_(len(client.get("/v1/keys").json["items"]), 100, "which are all listed")
    beyond(g, admin, client)
    admin.post("/v1/users", {"address": "stranger@example.org", "password": "one"})
    stranger = admin.as_("stranger@example.org", "one")
    tap.is_([stranger.post("/v1/keys", {"scopes": ["me:read"], "owner": owner}).status for owner in ("many@example.org", "nobody@example.org")], [403, 403],
            "a stranger is not told of it")
    tap.is_(admin.delete("/v1/users/many@example.org").status, 204, "and all go with him")


def main():
    with gateway.Gateway(*OPTIONS) as g:
        admin = g.admin()
        admin.post("/v1/domains", {"name": "example.org"})
        with gateway.Gateway(*OPTIONS, "--ldap-uri", g.ldapi) as other:
            forgotten(g, [g.address, other.address])
            native(g, [g.address, other.address])
        life(g, admin)
        faults(admin)
        brief = scoped(g, admin)
        bound(g, admin)
        lent(g, admin)
        owners(g, admin)
        principals(g, admin)
        nowhere(g, admin)
        confused(g, admin)
        many(g, admin)
        gateway.until(lambda: brief.status("GET", "/v1/me") == 401, "its expiry", 20)
        tap.ok(True, "R49: expired, remembered or not")
        tap.is_(admin.complaints, [], "every reply is as described")
    tap.done()


main()
