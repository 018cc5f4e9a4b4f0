#!/usr/bin/python3
"""What has been done to software of this kind before: one test for each sort of attack, here or where it is told."""

import os
import re
import socket
import sys

sys.path.insert(0, os.path.join(os.environ.get("top_srcdir") or os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))), "tests", "lib"))
sys.path.insert(1, os.path.dirname(os.path.abspath(__file__)))

import ldap
import ldap.controls.simple

import gateway
import tap
from described import Client, complaints_of_log
from directory import add_list, alias_entry, domain_entry, user_entry
from matrix import BASE, FOREIGN, LOGINS, OWN, PASSWORD, World, address_dn, domain_dn, hashed, principal_dn

ANOTHER = "another horse that is right"


def client(world, name):
    return Client(world.gateway.address, LOGINS.get(name, name), PASSWORD)


def below(world, name):
    """All that is in a domain, as it was last written."""
    return sorted((dn, entry["entryCSN"]) for dn, entry in world.directory.search_s(domain_dn(name), ldap.SCOPE_SUBTREE, "(objectClass=*)", ["entryCSN"]))


def refused(world, who, *requests, status=(403, 404, 422)):
    """Nobody of those may, and nothing is changed in the other domain."""
    before = below(world, FOREIGN)
    for name in who.split():
        for method, path, body in requests:
            reply = client(world, name).request(method, path, body)
            if reply.status not in status:
                return "%s: %s %s %s: %r" % (name, method, path, body, reply)
    return None if below(world, FOREIGN) == before else "something was changed"


def references(world):
    user, alias = world.new_user("own"), world.new_alias("own")
    return refused(world, "administrator owner reseller",
                   ("PATCH", "/v1/users/" + user, {"address": "moved@" + FOREIGN}), ("PATCH", "/v1/aliases/" + alias, {"address": "moved@" + FOREIGN}),
                   ("PATCH", "/v1/users/" + user, {"send_as": ["ann@" + FOREIGN]}), ("PATCH", "/v1/users/" + user, {"send_as": ["@" + FOREIGN]}),
                   ("PUT", "/v1/users/" + user, {"send_as": ["@" + FOREIGN]}), ("POST", "/v1/users", {"address": "new@" + FOREIGN}),
                   ("POST", "/v1/domains", {"name": "twin.example", "kind": "alias", "target": FOREIGN}))


def taken_along(world):
    """What leads to a user goes with him where the caller may write it, and nowhere else."""
    user = world.new_user("own")
    foreign = "leads-%s@%s" % (user.partition("@")[0], FOREIGN)
    world.add(address_dn(foreign), alias_entry(foreign, [user, "x@else.example"]))
    before = below(world, FOREIGN)
    reply = client(world, "owner").delete("/v1/users/%s?aliases=remove" % user)
    return None if reply.status == 204 and below(world, FOREIGN) == before else "%r, or the other domain was written" % reply


def higher(world):
    """Somebody with rights elsewhere lives in the domain of a deputy, who would like to be him."""
    wrong = []
    for what, dn, attribute in (("owner elsewhere", domain_dn(FOREIGN), "provostOwner"), ("viewer elsewhere", domain_dn(FOREIGN), "provostViewer"),
                                ("super administrator", "cn=administrators,ou=roles," + BASE, "member")):
        user = world.new_user("own")
        world.directory.modify_s(dn, [(ldap.MOD_ADD, attribute, [address_dn(user).encode()])])
        for name in ("administrator", "owner", "reseller"):
            for method, path, body in (("PUT", "/password", {"password": ANOTHER}), ("PATCH", "", {"password": ANOTHER}), ("PATCH", "", {"recovery_address": "x@else.example"}),
                                       ("PATCH", "", {"forward_to": ["x@else.example"]}), ("PATCH", "", {"send_as": ["@" + OWN]}),
                                       ("PATCH", "", {"address": "was-" + user}), ("DELETE", "", None)):
                reply = client(world, name).request(method, "/v1/users/" + user + path, body)
                if reply.status not in (403, 409):
                    wrong.append("%s, %s %s %s: %r" % (what, name, method, body, reply))
        if Client(world.gateway.address, user, PASSWORD).get("/v1/me").status != 200:
            wrong.append(what + ": has another password")
        world.directory.modify_s(dn, [(ldap.MOD_DELETE, attribute, [address_dn(user).encode()])])
    return "\n".join(wrong) or None


def sources(world):
    return refused(world, "user viewer administrator owner reseller", ("POST", "/v1/aliases", {"address": "sales@" + FOREIGN, "destinations": ["adam@" + OWN]}),
                   ("PUT", "/v1/aliases/sales@" + FOREIGN, {"destinations": ["adam@" + OWN]}), ("POST", "/v1/aliases", {"address": "@" + FOREIGN, "destinations": ["adam@" + OWN]}))


def must_be_there(world):
    """postmaster and abuse of a domain: an administrator does not take them away."""
    wrong = []
    for local in ("postmaster", "abuse"):
        address = "%s@%s" % (local, OWN)
        world.add(address_dn(address), alias_entry(address, ["x@else.example"]))
        reply = client(world, "administrator").delete("/v1/aliases/" + address)
        mine = ldap.initialize(world.gateway.ldap_url)
        mine.simple_bind_s(principal_dn("adam"), PASSWORD)
        try:
            mine.delete_s(address_dn(address))
            wrong.append("by LDAP")
        except ldap.INSUFFICIENT_ACCESS:
            pass
        if reply.status != 403 or client(world, "owner").delete("/v1/aliases/" + address).status != 204:
            wrong.append("%s: %r" % (address, reply))
    return "\n".join(wrong) or None


def good_passwords(world):
    """Whichever way a password comes in, it is judged."""
    with gateway.Gateway("--passwd-min-length", "8", "--passwd-min-bits", "20") as g:
        admin = g.admin()
        admin.post("/v1/domains", {"name": OWN})
        admin.post("/v1/users", {"address": "ann@" + OWN, "password": PASSWORD})
        admin.post("/v1/principals", {"login": "paul", "password": PASSWORD})
        for asker, method, path, body in ((admin, "POST", "/v1/users", {"address": "bob@" + OWN}), (admin, "PUT", "/v1/users/bob@" + OWN, {}), (admin, "PATCH", "/v1/users/ann@" + OWN, {}),
                                          (admin, "PUT", "/v1/users/ann@%s/password" % OWN, {}), (admin, "POST", "/v1/principals", {"login": "pete"}),
                                          (admin, "PUT", "/v1/principals/pete", {}), (admin, "PATCH", "/v1/principals/paul", {}), (admin, "PUT", "/v1/principals/paul/password", {}),
                                          (g.client("ann@" + OWN, PASSWORD), "PUT", "/v1/users/ann@%s/password" % OWN, {"current": PASSWORD})):
            reply = asker.request(method, path, dict(body, password="12345678"))
            if reply.status != 422:
                return "%s %s: %r" % (method, path, reply)
    return None


def no_first(world):
    """Who is there first is nobody for that."""
    with gateway.Gateway() as g:
        admin = g.admin()
        admin.post("/v1/domains", {"name": OWN})
        admin.post("/v1/users", {"address": "first@" + OWN, "password": PASSWORD})
        reply = Client(g.address, "first@" + OWN, PASSWORD).get("/v1/me")
        return None if reply.json["super_administrator"] is False else repr(reply)


def stays_disabled(world):
    address = world.new_user("own")
    owner = client(world, "owner")
    for body in ({"enabled": False}, {"enabled": True, "login_enabled": False}):
        owner.patch("/v1/users/" + address, body)
        if owner.put("/v1/users/%s/password" % address, {"password": ANOTHER}).status != 204:
            return "no password was set"
        if Client(world.gateway.address, address, ANOTHER).get("/v1/me").status != 401:
            return "a new password has let him in: %s" % body
    return None


def raises_himself(world):
    user = LOGINS["user"]
    before = world.directory.search_s(address_dn(user), ldap.SCOPE_BASE, "(objectClass=*)", ["entryCSN"])
    for body in ({"role": "owner"}, {"is_admin": True}, {"super_administrator": True}, {"reseller": {}}, {"memberOf": ["x"]}, {"objectClass": ["provostPrincipal"]},
                 {"entryUUID": "x"}, {"id": "x"}, {"userPassword": "x"}, {"pwdReset": False}, {"created_at": "2020-01-01T00:00:00Z"}, {"quota_bytes": 0}, {"enabled": True},
                 {"send_as": ["@" + OWN]}, {"recovery_address": "x@else.example"}, {"expires_at": None}, {"login_enabled": True}, {"sponsor": "rita"}):
        for method in ("PATCH", "PUT"):
            reply = client(world, "user").request(method, "/v1/users/" + user, body)
            if not 400 <= reply.status < 500:
                return "%s %s: %r" % (method, body, reply)
    for login in ("vera", "adam", "olga", "rita"):
        mine = ldap.initialize(world.gateway.ldap_url)
        mine.simple_bind_s(principal_dn(login), PASSWORD)
        for attribute, value in (("provostReseller", "TRUE"), ("provostMaxDomains", "1000"), ("provostSponsor", principal_dn("sue")), ("provostPrincipalKind", "machine"), ("provostCertificate", "0" * 64)):
            try:
                mine.modify_s(principal_dn(login), [(ldap.MOD_REPLACE, attribute, [value.encode()])])
                return "%s has %s now" % (login, attribute)
            except (ldap.INSUFFICIENT_ACCESS, ldap.UNDEFINED_TYPE, ldap.OBJECT_CLASS_VIOLATION):
                pass
    return None if world.directory.search_s(address_dn(user), ldap.SCOPE_BASE, "(objectClass=*)", ["entryCSN"]) == before else "it was written"


def referral(world):
    """A referral in the directory leads to somebody who would like credentials; nobody goes there."""
    address = "elsewhere@" + OWN
    with socket.create_server(("127.0.0.1", 0)) as trap:
        trap.settimeout(0.5)
        entry = {"objectClass": ["referral", "extensibleObject"], "mail": [address], "provostLocalPart": ["elsewhere"],
                 "ref": ["ldap://127.0.0.1:%d/%s" % (trap.getsockname()[1], address_dn(address))]}
        manage = ldap.controls.simple.ManageDSAITControl()
        world.directory.add_ext_s(address_dn(address), add_list(entry), serverctrls=[manage])
        try:
            replies = [client(world, "super").request(method, "/v1/users/" + address, body) for method, body in (("GET", None), ("PATCH", {"name": "x"}), ("DELETE", None))]
            replies.append(Client(world.gateway.address, address, PASSWORD).get("/v1/me"))
            try:
                trap.accept()
                return "somebody came"
            except socket.timeout:
                pass
        finally:
            world.directory.delete_ext_s(address_dn(address), serverctrls=[manage])
    return None if all(reply.status >= 400 for reply in replies) else repr(replies)


def no_questions(world):
    """There is no language of filters: what looks like one is refused."""
    admin = client(world, "super")
    for query in ("q=" + "(" * 500, "filter=(uid=*)", "search=*", "q=(|" + "(mail=*)" * 400 + ")"):
        for path in ("/v1/users", "/v1/domains", "/v1/aliases"):
            reply = admin.get("%s?%s" % (path, query))
            if reply.status != 400:
                return "%s?%s: %r" % (path, query[:40], reply.status)
    return None


def known_passwords(world):
    for login in ("admin", "root", "manager", "postmaster"):
        for password in ("admin", "password", "provost", "secret", "changeme", ""):
            if Client(world.gateway.address, login, password).get("/v1/me").status != 401:
                return "%s:%s" % (login, password)
    return None


def shown_once(world):
    admin = client(world, "super")
    made = admin.post("/v1/users?generate_password=true", {"address": "once@" + OWN})
    told = made.json["generated_password"]
    again = [admin.get(path).text for path in ("/v1/users/once@" + OWN, "/v1/users?domain=" + OWN)]
    again.append(admin.patch("/v1/users/once@" + OWN, {"name": "Once"}).text)
    return "it is told again" if any(told in text for text in again) else None


def senders(world):
    """Whatever is asked for, nobody may send as an address of a domain that is not his."""
    user = world.new_user("own")
    wrong = refused(world, "administrator owner reseller", ("PATCH", "/v1/users/" + user, {"send_as": ["ok@" + OWN, "boss@" + FOREIGN]}),
                    ("POST", "/v1/users", {"address": "s1@" + OWN, "send_as": ["@" + FOREIGN]}))
    found = world.directory.search_s("ou=domains," + BASE, ldap.SCOPE_SUBTREE, "(|(provostSender=boss@%s)(provostSender=@%s))" % (FOREIGN, FOREIGN), ["mail"])
    return wrong or ("found: %r" % found if found else None)


# A sort of attack; what the test is, or the file that has it and says so.
ATTACKS = [
    ("R01", "ids of another domain in every field that refers to something", references),
    ("R02", "what is done to many at once reaches into other domains", taken_along),
    ("R03", "a deputy takes over an account with more rights that lives in his domain", higher),
    ("R04", "a route that asks nobody who he is", "matrix.py"),
    ("R05", "settings and secrets are readable", "rights.py"),
    ("R06", "aliases in the domain of somebody else", sources),
    ("R07", "addresses that every domain must have are taken away", must_be_there),
    ("R08", "somebody claims a suffix, or what is above or below the domain of another", "principals.py"),
    ("R09", "who comes first is the administrator", no_first),
    ("R10", "what somebody let in by himself survives a new password", "keys.py"),
    ("R11", "what is remembered of one is taken for another", "keys.py"),
    ("R12", "a token of one sort is taken as another", "keys.py"),
    ("R13", "a new password revives a disabled account", stays_disabled),
    # R14, steps of resetting a password by mail out of their order: there is no such thing here, so nothing to test.
    ("R15", "weak passwords, by a way where nobody looks", good_passwords),
    ("R16", "somebody gives himself rights by changing his own record", raises_himself),
    ("R17", "an array or object where a text is expected", "fields.py"),
    ("R18", "a key that stands in a body twice", "hostile.py"),
    ("R19", "an X-Forwarded-For that nobody can read passes by the rules", "rates.py"),
    ("R20", "filters with something injected", "hostile.py"),
    ("R21", "names with something injected", "hostile.py"),
    ("R22", "empty passwords, which bind as nobody", "hostile.py"),
    ("R23", "the directory sends the gateway elsewhere with its credentials", referral),
    ("R24", "mangled replies and controls of a directory", "fuzz/fuzz_reply.c"),
    ("R25", "filters nested without end", no_questions),
    ("R41", "passwords everybody knows", known_passwords),
    ("R42", "passwords are guessed, in every spelling of a login", "guessing.py"),
    ("R43", "the way of refusing tells whether there is somebody", "guessing.py"),
    ("R44", "comparing tells a secret bit by bit", "lint/banned.sh"),
    ("R45", "secrets in replies, logs, and memory", "hostile.py"),
    ("R46", "credentials in a URL", "keys.py"),
    ("R47", "what is told once is told again", shown_once),
    ("R48", "tokens that are signed by nobody, or by somebody else", "tokens/vectors.py"),
    ("R49", "who is disabled goes on with what he has", "keys.py"),
    ("R50", "a directory that is another", "starttls.py"),
    ("R55", "the map of senders names addresses of others", senders),
]


def told_elsewhere(name, number):
    """A result of that file, or the row that names it, must begin with the number; of a fuzzer, which has one result, its comment."""
    with open(os.path.join(gateway.TOP, "tests", name if "/" in name else os.path.join("e2e", name)), encoding="utf-8") as file:
        found = re.search(r"\b%s\b" % number if name.endswith(".c") else r'^ *(tap\.|results\.append\(|result |\().*"%s: ' % number, file.read(), re.M)
        return None if found else "%s has no result for %s" % (name, number)


def main():
    with gateway.Gateway() as g:
        world = World(g)
        for number, what, test in ATTACKS:
            wrong = told_elsewhere(test, number) if isinstance(test, str) else test(world)
            tap.ok(wrong is None, "%s: %s" % (number, what), wrong)
        # A directory that refers to others is not as it should be, and the log says so.
        complaints = [line for line in complaints_of_log(g) if "Referral" not in line]
        tap.is_(complaints, [], "the log tells of no error of ours")
    tap.done()


if __name__ == "__main__":
    main()
