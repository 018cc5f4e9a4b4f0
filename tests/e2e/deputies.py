#!/usr/bin/python3
"""Owners, administrators and viewers of a domain, over HTTP: each does in it what is his, and nothing elsewhere."""

import os
import sys
import time

sys.path.insert(0, os.path.join(os.environ.get("top_srcdir") or os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))), "tests", "lib"))
sys.path.insert(1, os.path.dirname(os.path.abspath(__file__)))

import ldap
import ldap.modlist

import gateway
import tap
from described import Client, complaints_of_log
from directory import crypt_hash, principal_entry, user_entry

BASE = "dc=provost"
PASSWORD = "the same for all of them"
HASH = crypt_hash(PASSWORD)
OWN, OTHER, TWIN = "own.example", "other.example", "twin.example"
MANY = 1100  # more than the directory sends to who does not say how many he wants


def domain_dn(name):
    return "provostDomainName=%s,ou=domains,%s" % (name, BASE)


def user_dn(address):
    return "mail=%s,%s" % (address, domain_dn(address.partition("@")[2]))


def principal_dn(login):
    return "uid=%s,ou=principals,%s" % (login, BASE)


class Cast:
    """Who is who: an owner, an administrator who is a mail user, a viewer, and a super administrator."""

    def __init__(self, g):
        self.gateway = g
        self.admin = Client(g.address, "admin", g.secret("admin-password"))
        self.directory = ldap.initialize(g.ldap_url)
        self.directory.simple_bind_s(principal_dn("admin"), g.secret("admin-password"))
        for name in (OWN, OTHER):
            self.admin.post("/v1/domains", {"name": name})
            for local in ("ann", "bob"):
                self.admin.post("/v1/users", {"address": "%s@%s" % (local, name), "password": PASSWORD})
        self.admin.post("/v1/domains", {"name": TWIN, "kind": "alias", "target": OWN})
        self.admin.post("/v1/users", {"address": "adam@" + OWN, "password": PASSWORD})
        self.admin.post("/v1/aliases", {"address": "all@" + OTHER, "destinations": ["ann@" + OTHER]})
        for login in ("olga", "vera"):
            values = {name: [value.encode() for value in values] for name, values in principal_entry(login, userPassword=HASH).items()}
            self.directory.add_s(principal_dn(login), ldap.modlist.addModlist(values))
        self.give("provostOwner", principal_dn("olga"), OWN, TWIN)
        self.give("provostAdministrator", user_dn("adam@" + OWN), OWN)
        self.give("provostViewer", principal_dn("vera"), OWN)

    def give(self, role, dn, *domains):
        for name in domains:
            self.directory.modify_s(domain_dn(name), [(ldap.MOD_ADD, role, [dn.encode()])])

    def as_(self, login):
        return Client(self.gateway.address, login, PASSWORD)

    def value(self, dn, attribute):
        found = self.directory.search_s(dn, ldap.SCOPE_BASE, "(objectClass=*)", [attribute])
        return [value.decode() for value in found[0][1].get(attribute, [])]


def addresses(reply):
    return [item.get("address") or item["name"] for item in reply.json["items"]] if reply.status == 200 else reply


def reads(client, who, domains):
    """What each of the three sees, and what not."""
    tap.is_(client.get("/v1/me").json["super_administrator"], False, who + ": no super administrator")
    tap.is_(addresses(client.get("/v1/domains")), domains, who + ": the domains are those with a role")
    tap.is_(client.get("/v1/domains?limit=1").json["items"][0]["name"], domains[0], who + ": one at a time")
    tap.is_(addresses(client.get("/v1/users")), ["adam@" + OWN, "ann@" + OWN, "bob@" + OWN], who + ": so are the users")
    tap.is_(addresses(client.get("/v1/users?domain=" + OWN)), ["adam@" + OWN, "ann@" + OWN, "bob@" + OWN], who + ": users of the domain")
    tap.is_(addresses(client.get("/v1/aliases")), [], who + ": aliases")
    tap.is_(client.get("/v1/users?domain=" + OTHER).status, 404, who + ": no users of another")
    tap.is_(client.get("/v1/aliases?domain=" + OTHER).status, 404, who + ": no aliases of another")
    tap.is_(client.get("/v1/domains/" + OWN).json["name"], OWN, who + ": the domain")
    tap.is_(client.get("/v1/domains/" + OTHER).status, 404, who + ": no other")
    tap.is_(client.get("/v1/users/ann@" + OWN).json["address"], "ann@" + OWN, who + ": a user")
    tap.is_(client.get("/v1/users/ann@" + OTHER).status, 404, who + ": no other")
    tap.is_(client.get("/v1/aliases/all@" + OTHER).status, 404, who + ": no alias")
    tap.is_(client.get("/v1/resolve/ann@" + OWN).status, 200, who + ": where mail goes")
    tap.is_(client.get("/v1/resolve/ann@" + OTHER).status, 404, who + ": and not elsewhere")


def keeps_house(cast, client, who):
    """Users and aliases of the own domain, from their creation to their end."""
    new = "new@" + OWN
    made = client.post("/v1/users", {"address": new, "password": PASSWORD, "quota_bytes": 5000000000, "send_as": ["press@" + OWN]})
    tap.is_(made.status, 201, who + ": a user is made")
    tap.is_(client.post("/v1/users", {"address": new}).status, 409, who + ": and only once")
    tap.is_(cast.admin.get("/v1/users/" + new).json, made.json, who + ": as everybody sees him")
    tap.is_(cast.as_(new).get("/v1/me").status, 200, who + ": who can log in")
    tap.is_(client.put("/v1/users/%s/password" % new, {"password": "another horse"}).status, 204, who + ": who gets another password")
    tap.is_(Client(cast.gateway.address, new, "another horse").get("/v1/me").status, 200, who + ": which counts")
    tap.is_(client.patch("/v1/users/" + new, {"name": "New", "enabled": False, "forward_to": ["x@else.example"], "keep_copy": True}).status, 200, who + ": he is changed")
    tap.is_(client.patch("/v1/users/" + new, {"enabled": True}).json["enabled"], True, who + ": and enabled again")
    tap.is_(client.post("/v1/aliases", {"address": "info@" + OWN, "destinations": [new, "x@else.example"]}).status, 201, who + ": an alias is made")
    tap.is_(client.post("/v1/aliases", {"address": "@" + OWN, "destinations": [new]}).status, 201, who + ": so is the catch-all")
    renamed = client.patch("/v1/users/" + new, {"address": "newer@" + OWN})
    tap.is_(renamed.status, 200, who + ": he is renamed")
    tap.is_(client.get("/v1/aliases/info@" + OWN).json["destinations"], ["newer@" + OWN, "x@else.example"], who + ": the alias follows")
    tap.is_(addresses(client.get("/v1/aliases")), ["@" + OWN, "info@" + OWN], who + ": aliases are listed")
    for address in ("@" + OWN, "info@" + OWN):
        tap.is_(client.delete("/v1/aliases/" + address).status, 204, who + ": the alias %s goes" % address)
    gone = client.delete("/v1/users/newer@" + OWN)
    tap.is_(gone.status, 204, who + ": he goes")
    tap.is_(cast.admin.get("/v1/users/newer@" + OWN).status, 404, who + ": for everybody")


def stays_in(cast, client, who):
    """What is not his: other domains, what stands above him, what only super administrators decide."""
    for verb, path, body in (
            ("POST", "/v1/domains", {"name": "more.example"}), ("PATCH", "/v1/domains/" + OWN, {"enabled": False}), ("DELETE", "/v1/domains/" + OWN, None),
            ("DELETE", "/v1/domains/%s?recursive=true" % OWN, None),
            ("PATCH", "/v1/domains/" + OWN, {"quota_bytes": 1}), ("PATCH", "/v1/domains/" + OWN, {"max_users": 1}), ("PATCH", "/v1/domains/" + OWN, {"max_aliases": 1}),
            ("POST", "/v1/users", {"address": "new@" + OTHER}), ("POST", "/v1/users", {"address": "ann@" + OTHER}),
            ("PUT", "/v1/users/ann@" + OTHER, {"name": "x"}), ("PATCH", "/v1/users/ann@" + OTHER, {"name": "x"}), ("DELETE", "/v1/users/ann@" + OTHER, None),
            ("PUT", "/v1/users/ann@%s/password" % OTHER, {"password": "x"}),
            ("POST", "/v1/aliases", {"address": "new@" + OTHER, "destinations": ["ann@" + OWN]}),
            ("PATCH", "/v1/aliases/all@" + OTHER, {"destinations": ["ann@" + OWN]}), ("DELETE", "/v1/aliases/all@" + OTHER, None),
            ("PATCH", "/v1/users/ann@" + OWN, {"send_as": ["ann@" + OTHER]}), ("PATCH", "/v1/users/ann@" + OWN, {"send_as": ["@" + OTHER]}),
            ("POST", "/v1/users", {"address": "new@" + OWN, "send_as": ["@" + OTHER]})):
        reply = client.request(verb, path, body)
        # 409: an alias domain of his own leads to it.
        # 422: the gateway says which of the senders is not his to give.
        lends = body is not None and "send_as" in body
        tap.ok(reply.status in (403, 404) or (verb, reply.status) == ("DELETE", 409) or (lends, reply.status) == (True, 422), "%s: not %s %s %s" % (who, verb, path, body or ""), reply)
    tap.is_(cast.admin.get("/v1/users/new@" + OWN).status, 404, who + ": nothing of it was done")


def owner(cast):
    client = cast.as_("olga")
    reads(client, "owner", [OWN, TWIN])
    keeps_house(cast, client, "owner")
    stays_in(cast, client, "owner")
    changed = client.patch("/v1/domains/" + OWN, {"description": "ours", "imap_host": "imap.own.example", "default_user_quota_bytes": 7000000000})
    tap.is_(changed.status, 200, "owner: describes the domain")
    tap.is_(cast.admin.get("/v1/domains/" + OWN).json["description"], "ours", "owner: for everybody")
    tap.is_(client.patch("/v1/users/ann@" + OWN, {"send_as": ["@" + TWIN, "press@" + TWIN]}).status, 200, "owner: senders in his alias domain")
    tap.is_(client.delete("/v1/domains/" + TWIN).status, 403, "owner: his alias domain stays, too")
    # Who may not give such a sender may take it away, and leave it alone.
    other = cast.as_("adam@" + OWN)
    tap.is_(other.patch("/v1/users/ann@" + OWN, {"send_as": ["press@" + TWIN, "x@" + TWIN]}).status, 422, "administrator: gives no sender that is not his")
    tap.is_(other.patch("/v1/users/ann@" + OWN, {"name": "Anna"}).json["send_as"], ["@" + TWIN, "press@" + TWIN], "administrator: leaves the senders alone")
    tap.is_(other.patch("/v1/users/ann@" + OWN, {"send_as": [], "name": "ann"}).json["send_as"], [], "administrator: takes them away")
    tap.is_(client.complaints, [], "owner: every reply is as described")


def administrator(cast):
    client = cast.as_("adam@" + OWN)
    reads(client, "administrator", [OWN])
    keeps_house(cast, client, "administrator")
    stays_in(cast, client, "administrator")
    tap.is_(client.patch("/v1/users/ann@" + OWN, {"send_as": ["@" + TWIN]}).status, 422, "administrator: no senders in a domain that is not his")
    tap.is_(client.put("/v1/users/adam@%s/password" % OWN, {"password": "x"}).status, 403, "administrator: his own password takes the current one")
    # Those above him: an owner among the users, and a super administrator.
    cast.give("provostOwner", user_dn("bob@" + OWN), OWN)
    for who in ("bob@" + OWN,):
        tap.is_(client.put("/v1/users/%s/password" % who, {"password": "x"}).status, 403, "administrator: not the password of an owner")
        tap.is_(client.delete("/v1/users/" + who).status, 403, "administrator: no end of an owner")
        tap.is_(client.patch("/v1/users/" + who, {"address": "rob@" + OWN}).status, 403, "administrator: no other name for an owner")
        for change in ({"enabled": False}, {"login_enabled": False}, {"expires_at": "2020-01-01T00:00:00Z"}, {"quota_bytes": 1}, {"send_only": True}):
            tap.is_(client.patch("/v1/users/" + who, change).status, 403, "administrator: does not make an owner %s" % change)
        tap.is_(client.patch("/v1/users/" + who, {"name": "Bob"}).status, 200, "administrator: may call him as he likes")
    tap.is_(cast.admin.get("/v1/users/bob@" + OWN).json["address"], "bob@" + OWN, "administrator: the owner is who he was")
    cast.directory.modify_s(domain_dn(OWN), [(ldap.MOD_DELETE, "provostOwner", [user_dn("bob@" + OWN).encode()])])
    tap.is_(client.put("/v1/users/bob@%s/password" % OWN, {"password": PASSWORD}).status, 204, "administrator: the password of who is owner no longer")
    tap.is_(client.complaints, [], "administrator: every reply is as described")


def viewer(cast):
    client = cast.as_("vera")
    reads(client, "viewer", [OWN])
    stays_in(cast, client, "viewer")
    for verb, path, body in (
            ("POST", "/v1/users", {"address": "new@" + OWN}), ("PATCH", "/v1/users/ann@" + OWN, {"name": "x"}), ("DELETE", "/v1/users/ann@" + OWN, None),
            ("PUT", "/v1/users/ann@%s/password" % OWN, {"password": "x"}), ("PATCH", "/v1/domains/" + OWN, {"description": "x"}),
            ("POST", "/v1/aliases", {"address": "new@" + OWN, "destinations": ["ann@" + OWN]})):
        tap.is_(client.request(verb, path, body).status, 403, "viewer: not %s %s" % (verb, path))
    tap.is_(client.complaints, [], "viewer: every reply is as described")


def super_administrator_among_users(cast):
    """Who owns a domain does not get at a super administrator who has his mailbox there."""
    address = "root@" + OWN
    cast.admin.post("/v1/users", {"address": address, "password": PASSWORD})
    cast.directory.modify_s("cn=administrators,ou=roles," + BASE, [(ldap.MOD_ADD, "member", [user_dn(address).encode()])])
    tap.is_(cast.as_(address).get("/v1/me").json["super_administrator"], True, "a user is a super administrator")
    for login in ("olga", "adam@" + OWN):
        client = cast.as_(login)
        tap.is_(client.put("/v1/users/%s/password" % address, {"password": "x"}).status, 403, login + ": not his password")
        tap.is_(client.delete("/v1/users/" + address).status, 403, login + ": nor his end")
        tap.is_(client.patch("/v1/users/" + address, {"password": "x"}).status, 403, login + ": nor by another way")
    cast.directory.delete_s(user_dn(address))
    made = cast.as_("olga").post("/v1/users", {"address": address, "password": PASSWORD})
    tap.is_(made.status, 409, "nobody gets the name that is still in the role")
    cast.directory.modify_s("cn=administrators,ou=roles," + BASE, [(ldap.MOD_DELETE, "member", [user_dn(address).encode()])])
    tap.is_(cast.as_("olga").post("/v1/users", {"address": address, "password": PASSWORD}).status, 201, "until it is not")
    tap.is_(cast.as_(address).get("/v1/me").json["super_administrator"], False, "and then he is nobody special")
    cast.as_("olga").delete("/v1/users/" + address)


def has_role(reply, what):
    tap.is_((reply.status, reply.json.get("code") if reply.json else None), (409, "has_role"), what)
    tap.ok(OTHER not in str(reply.json) and "secret-group" not in str(reply.json), what + ": and not where", reply.json)


def names_that_have_roles(cast):
    """Who has the address has its roles: nobody gets one that is left in any."""
    olga, adam = cast.as_("olga"), cast.as_("adam@" + OWN)
    group = "cn=secret-group,ou=groups," + BASE
    alice, carl, dora = ("%s@%s" % (name, OWN) for name in ("alice", "carl", "dora"))

    def roles(address):
        dn = user_dn(address)
        found = cast.directory.search_s(BASE, ldap.SCOPE_SUBTREE, "(|(member=%s)(provostOwner=%s)(provostAdministrator=%s)(provostViewer=%s))" % (dn, dn, dn, dn), ["1.1"])
        return sorted(name for name, _ in found)

    for address in (alice, carl):
        tap.is_(olga.post("/v1/users", {"address": address, "password": PASSWORD}).status, 201, "a user is made: " + address)
    cast.give("provostAdministrator", user_dn(carl), OWN)
    cast.directory.add_s(group, [("objectClass", [b"groupOfNames"]), ("cn", [b"secret-group"]), ("member", [user_dn(alice).encode()])])
    for who, client in (("owner", olga), ("administrator", adam)):
        has_role(client.delete("/v1/users/" + alice), who + ": who is in a group cannot be deleted")
        has_role(client.patch("/v1/users/" + alice, {"address": dora}), who + ": nor renamed")
    tap.is_(cast.as_("vera").delete("/v1/users/" + alice).status, 403, "a viewer is not told")
    cast.give("provostOwner", user_dn(alice), OTHER)
    for who, client in (("owner", olga), ("administrator", adam)):
        for verb, path, body in (("DELETE", "", None), ("PATCH", "", {"address": dora}), ("PUT", "/password", {"password": PASSWORD}), ("PATCH", "", {"password": PASSWORD}),
                                 ("PATCH", "", {"forward_to": ["x@else.example"]}), ("PATCH", "", {"send_as": ["press@" + OWN]}),
                                 ("PATCH", "", {"recovery_address": "x@else.example"})):
            reply = client.request(verb, "/v1/users/" + alice + path, body)
            tap.ok(reply.status == 403 and OTHER not in reply.text, "%s: not %s %s of who owns another domain" % (who, verb, body or path), reply)
        tap.is_(client.patch("/v1/users/" + alice, {"name": "Alice"}).status, 200, who + ": but his name")
    has_role(adam.delete("/v1/users/" + carl), "administrator: nor can an administrator whose role only the owner takes away")
    tap.is_(roles(alice), sorted([group, domain_dn(OTHER)]), "the roles are as they were")
    tap.is_(olga.delete("/v1/users/" + carl).status, 204, "owner: he can delete him")
    tap.is_(roles(carl), [], "owner: with the role")
    refused = cast.admin.delete("/v1/users/" + alice)
    tap.is_((refused.status, refused.json["code"]), (409, "has_role"), "super administrator: the last member of a group stays")
    tap.is_(roles(alice), sorted([group, domain_dn(OTHER)]), "super administrator: and nothing is done")
    tap.is_(cast.admin.patch("/v1/users/" + alice, {"address": dora}).status, 200, "super administrator: he is renamed")
    tap.is_((roles(alice), roles(dora)), ([], sorted([group, domain_dn(OTHER)])), "super administrator: his roles follow")
    cast.directory.modify_s(group, [(ldap.MOD_ADD, "member", [principal_dn("admin").encode()])])
    tap.is_(cast.admin.delete("/v1/users/" + dora).status, 204, "super administrator: he is deleted")
    tap.is_(roles(dora), [], "super administrator: with his roles")
    # By an LDAP tool, which takes only the entry.
    tap.is_(olga.post("/v1/users", {"address": alice}).status, 201, "the address is free again")
    cast.give("provostOwner", user_dn(alice), OTHER)
    cast.directory.delete_s(user_dn(alice))
    has_role(olga.post("/v1/users", {"address": alice}), "owner: what is left in a role is nobody's")
    has_role(adam.patch("/v1/users/bob@" + OWN, {"address": alice}), "administrator: nor by a rename")
    tap.is_(cast.admin.post("/v1/users", {"address": alice}).json["code"], "has_role", "super administrator: nor by him")
    tap.is_(cast.as_("vera").post("/v1/users", {"address": alice}).status, 403, "a viewer is not told of it")
    cast.directory.modify_s(domain_dn(OTHER), [(ldap.MOD_DELETE, "provostOwner", [user_dn(alice).encode()])])
    tap.is_(olga.post("/v1/users", {"address": alice}).status, 201, "owner: once it is taken out it is")
    tap.is_(olga.delete("/v1/users/" + alice).status, 204, "owner: and he goes as anybody")
    cast.directory.delete_s(group)


def places_of_mailboxes(cast):
    """Where a mailbox is shows to nobody with a role; what was measured of it does."""
    ann = "ann@" + OWN
    place = cast.value(user_dn(ann), "provostMailboxId")[0]
    cast.directory.add_s("cn=usage," + user_dn(ann), [("objectClass", [b"provostUsage"]), ("cn", [b"usage"]), ("provostUsageOf", [place.encode()]), ("provostUsedBytes", [b"7"])])
    for login in ("vera", "adam@" + OWN, "olga", "admin"):
        client = cast.admin if login == "admin" else cast.as_(login)
        deadline = time.monotonic() + 10
        while client.get("/v1/users/" + ann).json["quota_used_bytes"] is None and time.monotonic() < deadline:
            time.sleep(0.1)
        used = {item["address"]: item["quota_used_bytes"] for item in client.get("/v1/users?domain=" + OWN).json["items"]}
        tap.is_((client.get("/v1/users/" + ann).json["quota_used_bytes"], used[ann], used["bob@" + OWN]), (7, 7, None), login + ": what a mailbox holds, one by one and in a list")
    tags = {client.get("/v1/users/" + ann).headers["ETag"] for client in (cast.admin, cast.as_("olga"), cast.as_(ann))}
    tap.is_(len(tags), 1, "the entity tag is the same for who sees the place and who does not")
    olga = ldap.initialize(cast.gateway.ldap_url)
    olga.simple_bind_s(principal_dn("olga"), PASSWORD)
    tap.is_(olga.search_s(domain_dn(OWN), ldap.SCOPE_SUBTREE, "(provostMailboxId=%s)" % place, ["1.1"]), [], "and over LDAP nobody asks for it")
    olga.unbind_s()
    cast.directory.delete_s("cn=usage," + user_dn(ann))


def large_domain(cast):
    """More users than the directory gives to who does not say how many he wants."""
    sent = []
    for number in range(MANY):
        address = "u%04d@%s" % (number, OTHER)
        entry = {"objectClass": ["provostAlias"], "mail": [address], "provostLocalPart": ["u%04d" % number], "provostDestination": ["ann@" + OTHER], "provostEnabled": ["TRUE"]}
        sent.append(cast.directory.add_ext(user_dn(address), ldap.modlist.addModlist({name: [value.encode() for value in values] for name, values in entry.items()})))
    for message in sent:
        cast.directory.result3(message, timeout=30)
    cast.give("provostOwner", principal_dn("vera"), OTHER)
    client = cast.as_("vera")
    tap.is_(addresses(client.get("/v1/domains")), [OTHER, OWN], "a second role shows at once")
    seen, target = [], "/v1/aliases?limit=1000"
    while target:
        reply = client.get(target)
        seen += addresses(reply)
        target = "/v1/aliases?limit=1000&cursor=" + reply.json["next_cursor"] if reply.json.get("next_cursor") else None
    tap.is_((len(seen), seen == sorted(seen)), (MANY + 1, True), "all of a large domain are listed, page after page")
    gone = client.delete("/v1/users/bob@" + OTHER)
    tap.is_(gone.status, 204, "and a user of it is deleted")


def with_ldap_tools(cast):
    """What an owner writes with LDAP tools shows over HTTP at once."""
    client, address = cast.as_("olga"), "native@" + OWN
    olga = ldap.initialize(cast.gateway.ldap_url)
    olga.simple_bind_s(principal_dn("olga"), PASSWORD)
    entry = user_entry(address, userPassword=HASH, provostMailboxId="0123456789abcdef", provostQuotaBytes="5000000000")
    olga.add_s(user_dn(address), ldap.modlist.addModlist({name: [value.encode() for value in values] for name, values in entry.items()}))
    tap.is_(client.get("/v1/users/" + address).json["quota_bytes"], 5000000000, "a user made with LDAP tools shows at once")
    tap.is_(cast.as_(address).get("/v1/me").status, 200, "and can log in")
    olga.modify_s(user_dn(address), [(ldap.MOD_REPLACE, "provostEnabled", [b"FALSE"])])
    tap.is_(client.get("/v1/users/" + address).json["enabled"], False, "so does what is changed")
    olga.delete_s(user_dn(address))
    tap.is_(client.get("/v1/users/" + address).status, 404, "and what is deleted")
    olga.modify_s(domain_dn(OWN), [(ldap.MOD_ADD, "provostViewer", [user_dn("ann@" + OWN).encode()])])
    tap.is_(addresses(cast.as_("ann@" + OWN).get("/v1/domains")), [OWN], "who was given a role has it at once")
    olga.modify_s(domain_dn(OWN), [(ldap.MOD_DELETE, "provostViewer", [user_dn("ann@" + OWN).encode()])])
    tap.is_(cast.as_("ann@" + OWN).get("/v1/domains").status, 403, "until it is taken away")
    olga.unbind_s()


def main():
    with gateway.Gateway() as g:
        cast = Cast(g)
        owner(cast)
        administrator(cast)
        viewer(cast)
        super_administrator_among_users(cast)
        with_ldap_tools(cast)
        names_that_have_roles(cast)
        places_of_mailboxes(cast)
        large_domain(cast)
        cast.directory.unbind_s()
        tap.is_(complaints_of_log(g), [], "the log tells of no error of ours")
        tap.is_(g.stop(), 0, "it ends well")
    tap.done()


if __name__ == "__main__":
    main()
