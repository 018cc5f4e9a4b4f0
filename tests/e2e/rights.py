#!/usr/bin/python3
"""Every route for everybody: who has no rights learns nothing and changes nothing, and nobody learns a secret (R05 of attacks.py)."""

import concurrent.futures
import os
import re
import sys
import urllib.parse

sys.path.insert(0, os.path.join(os.environ.get("top_srcdir") or os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))), "tests", "lib"))
sys.path.insert(1, os.path.dirname(os.path.abspath(__file__)))

import ldap
import ldap.modlist

import gateway
import tap
from described import Client, admin, complaints_of_log, nobody

BASE = "dc=provost"
PASSWORD = "the same for all of them"
# {CRYPT} of the same, with few rounds.
HASH = "{CRYPT}$6$rounds=1000$rights$jvF/IoKNuCtNI3HAWV9TssyIdu9RYaS1q2.fU1etfpbAaWysppn0WHpvZY6NAylpGdrEu8BD7PjOAWBKnjnWc."
PARTS = 3  # of the matrix, for those whom each refusal costs a quarter of a second
OPEN = {("GET", "/livez"), ("GET", "/readyz"), ("GET", "/docs"), ("GET", "/openapi.json"), ("GET", "/mail/config-v1.1.xml"),
        ("GET", "/.well-known/autoconfig/mail/config-v1.1.xml"), ("GET", "/.well-known/mta-sts.txt"), ("GET", "/mail/apple.mobileconfig"),
        ("POST", "/autodiscover/autodiscover.xml"), ("POST", "/Autodiscover/Autodiscover.xml"), ("GET", "/autodiscover/autodiscover.json"),
        ("GET", "/autodiscover/autodiscover.json/v1.0/{address}")}

# What is asked for: the operation's method and path, the request for something that is there, the same for something
# that is not, and the status it has for a user and for a principal, neither of whom has any rights.
MATRIX = [
    ("GET", "/livez", "/livez", None, None, 200, 200),
    ("GET", "/readyz", "/readyz", None, None, 200, 200),
    ("GET", "/metrics", "/metrics", None, None, 403, 403),
    ("GET", "/docs", "/docs", None, None, 200, 200),
    ("GET", "/openapi.json", "/openapi.json", None, None, 200, 200),
    ("GET", "/mail/config-v1.1.xml", "/mail/config-v1.1.xml?emailaddress=@NAME@%40there.example", None, None, 200, 200),
    ("GET", "/.well-known/autoconfig/mail/config-v1.1.xml", "/.well-known/autoconfig/mail/config-v1.1.xml?emailaddress=x%40there.example", None, None, 200, 200),
    ("GET", "/mail/apple.mobileconfig", "/mail/apple.mobileconfig?emailaddress=@NAME@%40there.example", None, None, 200, 200),
    ("POST", "/autodiscover/autodiscover.xml", "/autodiscover/autodiscover.xml", None, "<A><EMailAddress>@NAME@@there.example</EMailAddress></A>", 200, 200),
    ("POST", "/Autodiscover/Autodiscover.xml", "/Autodiscover/Autodiscover.xml", None, "<A><EMailAddress>@NAME@@there.example</EMailAddress></A>", 200, 200),
    ("GET", "/autodiscover/autodiscover.json", "/autodiscover/autodiscover.json?Protocol=AutodiscoverV1&Email=x@there.example", None, None, 200, 200),
    ("GET", "/autodiscover/autodiscover.json/v1.0/{address}", "/autodiscover/autodiscover.json/v1.0/x@there.example?Protocol=AutodiscoverV1", None, None, 200, 200),
    ("GET", "/.well-known/mta-sts.txt", "/.well-known/mta-sts.txt", None, None, 404, 404),
    ("GET", "/v1/me", "/v1/me", None, None, 200, 200),
    ("GET", "/v1/audit", "/v1/audit", None, None, 200, 200),
    ("GET", "/v1/changes", "/v1/changes", None, None, 200, 200),
    ("GET", "/v1/audit", "/v1/audit?object=@NAME@@there.example", "/v1/audit?object=@NAME@@there.example", None, 200, 200),
    ("GET", "/v1/audit", "/v1/audit?domain=@DOMAIN@", "/v1/audit?domain=@DOMAIN@", None, 200, 200),
    ("GET", "/v1/webhooks", "/v1/webhooks", None, None, 200, 200),
    ("GET", "/v1/webhooks", "/v1/webhooks?owner=@NAME@@there.example", "/v1/webhooks?owner=@NAME@@there.example", None, 200, 200),
    ("POST", "/v1/webhooks", "/v1/webhooks", None, {"url": "nowhere"}, 422, 422),
    ("GET", "/v1/webhooks/{id}", "/v1/webhooks/@NAME@", "/v1/webhooks/@NAME@", None, 404, 404),
    ("PATCH", "/v1/webhooks/{id}", "/v1/webhooks/@NAME@", "/v1/webhooks/@NAME@", {"enabled": False}, 404, 404),
    ("DELETE", "/v1/webhooks/{id}", "/v1/webhooks/@NAME@", "/v1/webhooks/@NAME@", None, 404, 404),
    ("POST", "/v1/webhooks/{id}/secret", "/v1/webhooks/@NAME@/secret", "/v1/webhooks/@NAME@/secret", None, 404, 404),
    ("POST", "/v1/webhooks/{id}/test", "/v1/webhooks/@NAME@/test", "/v1/webhooks/@NAME@/test", None, 404, 404),
    ("GET", "/v1/webhooks/{id}/deliveries", "/v1/webhooks/@NAME@/deliveries", "/v1/webhooks/@NAME@/deliveries", None, 404, 404),
    ("POST", "/v1/imports", "/v1/imports", None, {"type": "domain"}, 200, 200),  # what it tells is that the record failed
    ("GET", "/v1/exports", "/v1/exports", None, None, 403, 403),
    ("GET", "/v1/exports/hashes", "/v1/exports/hashes", None, None, 403, 403),
    ("GET", "/v1/imports/{id}", "/v1/imports/@NAME@", None, None, 404, 404),
    ("GET", "/v1/trash", "/v1/trash", None, None, 200, 200),
    ("GET", "/v1/trash", "/v1/trash?domain=@DOMAIN@", "/v1/trash?domain=@DOMAIN@", None, 200, 200),
    ("GET", "/v1/trash/{id}", "/v1/trash/@NAME@", "/v1/trash/@NAME@", None, 404, 404),
    ("DELETE", "/v1/trash/{id}", "/v1/trash/@NAME@", "/v1/trash/@NAME@", None, 404, 404),
    ("POST", "/v1/trash/{id}/restore", "/v1/trash/@NAME@/restore", "/v1/trash/@NAME@/restore", None, 404, 404),
    ("GET", "/v1/domains", "/v1/domains", None, None, 403, 403),
    ("GET", "/v1/domains", "/v1/domains?limit=1", None, None, 403, 403),
    ("POST", "/v1/domains", "/v1/domains", "/v1/domains", {"name": "@DOMAIN@"}, 403, 403),
    ("GET", "/v1/domains/{name}", "/v1/domains/@DOMAIN@", "/v1/domains/@DOMAIN@", None, 404, 404),
    ("GET", "/v1/domains/{name}", "/v1/domains/@DOMAIN@?as_of=2020-01-01T00:00:00Z", "/v1/domains/@DOMAIN@?as_of=2020-01-01T00:00:00Z", None, 404, 404),
    ("POST", "/v1/domains/{name}/revert", "/v1/domains/@DOMAIN@/revert", "/v1/domains/@DOMAIN@/revert", {"as_of": "2020-01-01T00:00:00Z"}, 404, 404),
    ("GET", "/v1/domains/{name}/checks", "/v1/domains/@DOMAIN@/checks", "/v1/domains/@DOMAIN@/checks", None, 404, 404),
    ("POST", "/v1/domains/{name}/checks", "/v1/domains/@DOMAIN@/checks", "/v1/domains/@DOMAIN@/checks", None, 404, 404),
    ("GET", "/v1/domains/{name}/dns", "/v1/domains/@DOMAIN@/dns", "/v1/domains/@DOMAIN@/dns", None, 404, 404),
    ("GET", "/v1/domains/{name}/autoconfig", "/v1/domains/@DOMAIN@/autoconfig", "/v1/domains/@DOMAIN@/autoconfig", None, 404, 404),
    ("PUT", "/v1/domains/{name}", "/v1/domains/@DOMAIN@", "/v1/domains/@DOMAIN@", {"description": "x"}, 403, 403),
    ("PATCH", "/v1/domains/{name}", "/v1/domains/@DOMAIN@", "/v1/domains/@DOMAIN@", {"description": "x"}, 404, 404),
    ("DELETE", "/v1/domains/{name}", "/v1/domains/@DOMAIN@", "/v1/domains/@DOMAIN@", None, 404, 404),
    ("GET", "/v1/domains/{name}/administrators", "/v1/domains/@DOMAIN@/administrators", "/v1/domains/@DOMAIN@/administrators", None, 404, 404),
    ("PUT", "/v1/domains/{name}/administrators/{login}", "/v1/domains/@DOMAIN@/administrators/plain", "/v1/domains/@DOMAIN@/administrators/plain", {"role": "owner"}, 404, 404),
    ("PUT", "/v1/domains/{name}/administrators/{login}", "/v1/domains/there.example/administrators/john@there.example", None, {"role": "owner"}, 404, 404),
    ("DELETE", "/v1/domains/{name}/administrators/{login}", "/v1/domains/@DOMAIN@/administrators/plain", "/v1/domains/@DOMAIN@/administrators/plain", None, 404, 404),
    ("GET", "/v1/principals", "/v1/principals", None, None, 403, 200),
    ("POST", "/v1/principals", "/v1/principals", "/v1/principals", {"login": "@NAME@", "password": "x"}, 403, 403),
    ("POST", "/v1/principals", "/v1/principals", None, {"login": "admin", "super_administrator": True}, 403, 403),
    ("GET", "/v1/principals/{login}", "/v1/principals/admin", "/v1/principals/nobody", None, 404, 404),
    ("GET", "/v1/principals/{login}", "/v1/principals/plain?include=usage", None, None, 404, 200),
    ("PUT", "/v1/principals/{login}", "/v1/principals/admin", "/v1/principals/nobody", {"name": "x"}, 403, 403),
    ("PUT", "/v1/principals/{login}", "/v1/principals/plain", None, {"super_administrator": True}, 403, 403),
    ("PATCH", "/v1/principals/{login}", "/v1/principals/admin", "/v1/principals/nobody", {"super_administrator": False}, 404, 404),
    ("PATCH", "/v1/principals/{login}", "/v1/principals/plain", None, {"super_administrator": True}, 404, 403),
    ("PATCH", "/v1/principals/{login}", "/v1/principals/plain", None, {"reseller": {}}, 404, 403),
    ("PATCH", "/v1/principals/{login}", "/v1/principals/plain", None, {"sponsor": "plain2"}, 404, 403),
    ("PATCH", "/v1/principals/{login}", "/v1/principals/plain", None, {}, 404, 403),
    ("DELETE", "/v1/principals/{login}", "/v1/principals/admin", "/v1/principals/nobody", None, 404, 404),
    ("DELETE", "/v1/principals/{login}", "/v1/principals/plain", None, None, 404, 403),
    ("PUT", "/v1/principals/{login}/password", "/v1/principals/admin/password", "/v1/principals/nobody/password", {"password": "x"}, 404, 404),
    ("PUT", "/v1/principals/{login}/password", "/v1/principals/plain/password", None, {"password": "x"}, 404, 403),
    ("GET", "/v1/users", "/v1/users", None, None, 403, 403),
    ("GET", "/v1/users", "/v1/users?domain=@DOMAIN@", "/v1/users?domain=@DOMAIN@", None, 404, 404),
    ("POST", "/v1/users", "/v1/users", "/v1/users", {"address": "jane@@DOMAIN@"}, 403, 403),
    ("POST", "/v1/users", "/v1/users", "/v1/users", {"address": "@NAME@@there.example"}, 403, 403),
    ("POST", "/v1/users", "/v1/users?generate_password=true", None, {"address": "jack@there.example"}, 403, 403),
    ("GET", "/v1/users/{address}", "/v1/users/@NAME@@there.example", "/v1/users/@NAME@@there.example", None, 404, 404),
    ("GET", "/v1/users/{address}", "/v1/users/@NAME@@there.example?as_of=2020-01-01T00:00:00Z", "/v1/users/@NAME@@there.example?as_of=2020-01-01T00:00:00Z", None, 404, 404),
    ("POST", "/v1/users/{address}/revert", "/v1/users/@NAME@@there.example/revert", "/v1/users/@NAME@@there.example/revert", {"as_of": "2020-01-01T00:00:00Z"}, 404, 404),
    ("GET", "/v1/users/{address}", "/v1/users/john@there.example?as_of=2020-01-01T00:00:00Z", None, None, 410, 404),
    ("POST", "/v1/users/{address}/revert", "/v1/users/john@there.example/revert", None, {"as_of": "2020-01-01T00:00:00Z"}, 410, 404),
    ("GET", "/v1/users/{address}", "/v1/users/jane@@DOMAIN@", "/v1/users/jane@@DOMAIN@", None, 404, 404),
    ("PUT", "/v1/users/{address}", "/v1/users/@NAME@@there.example", "/v1/users/@NAME@@there.example", {"name": "x"}, 403, 403),
    ("PUT", "/v1/users/{address}", "/v1/users/jane@@DOMAIN@", "/v1/users/jane@@DOMAIN@", {"name": "x"}, 403, 403),
    ("PATCH", "/v1/users/{address}", "/v1/users/@NAME@@there.example", "/v1/users/@NAME@@there.example", {"name": "x"}, 404, 404),
    ("DELETE", "/v1/users/{address}", "/v1/users/@NAME@@there.example", "/v1/users/@NAME@@there.example", None, 404, 404),
    ("PUT", "/v1/users/{address}/password", "/v1/users/@NAME@@there.example/password", "/v1/users/@NAME@@there.example/password", {"password": "x"}, 404, 404),
    ("PUT", "/v1/users/{address}/password", "/v1/users/admin/password", None, {"password": "x", "current": PASSWORD}, 404, 404),
    ("GET", "/v1/users/{address}", "/v1/users/john@there.example", None, None, 200, 404),
    ("PUT", "/v1/users/{address}", "/v1/users/john@there.example", None, {"name": "x"}, 403, 403),
    ("PUT", "/v1/users/{address}", "/v1/users/john@there.example", None, {"name": "x", "quota_bytes": 0, "password": "x"}, 403, 403),
    ("PATCH", "/v1/users/{address}", "/v1/users/john@there.example", None, {"name": "x"}, 403, 404),
    ("PATCH", "/v1/users/{address}", "/v1/users/john@there.example", None, {"quota_bytes": None}, 403, 404),
    ("PATCH", "/v1/users/{address}", "/v1/users/john@there.example", None, {}, 403, 404),
    ("PATCH", "/v1/users/{address}", "/v1/users/john@there.example", None, {"enabled": True, "name": "john"}, 403, 404),
    ("PATCH", "/v1/users/{address}", "/v1/users/john@there.example", None, {"password": "x"}, 403, 404),
    ("DELETE", "/v1/users/{address}", "/v1/users/john@there.example", None, None, 403, 404),
    ("PUT", "/v1/users/{address}/password", "/v1/users/john@there.example/password", None, {"password": "x"}, 403, 404),
    ("PUT", "/v1/users/{address}/password", "/v1/users/plain/password", None, {"password": "x"}, 404, 403),
    ("GET", "/v1/domains/{name}/dkim", "/v1/domains/@DOMAIN@/dkim", "/v1/domains/@DOMAIN@/dkim", None, 404, 404),
    ("POST", "/v1/domains/{name}/dkim", "/v1/domains/@DOMAIN@/dkim", "/v1/domains/@DOMAIN@/dkim", {"algorithm": "ed25519"}, 404, 404),
    ("POST", "/v1/domains/{name}/dkim/rotate", "/v1/domains/@DOMAIN@/dkim/rotate", "/v1/domains/@DOMAIN@/dkim/rotate", {"algorithm": "ed25519"}, 404, 404),
    ("GET", "/v1/domains/{name}/dkim/{selector}", "/v1/domains/@DOMAIN@/dkim/k", "/v1/domains/@DOMAIN@/dkim/k", None, 404, 404),
    ("PATCH", "/v1/domains/{name}/dkim/{selector}", "/v1/domains/@DOMAIN@/dkim/k", "/v1/domains/@DOMAIN@/dkim/k", {"state": "active"}, 404, 404),
    ("DELETE", "/v1/domains/{name}/dkim/{selector}", "/v1/domains/@DOMAIN@/dkim/k", "/v1/domains/@DOMAIN@/dkim/k", None, 404, 404),
    ("GET", "/v1/keys", "/v1/keys", None, None, 200, 200),
    ("POST", "/v1/keys", "/v1/keys", None, {"scopes": ["*"], "owner": "admin"}, 403, 403),
    ("GET", "/v1/keys/{id}", "/v1/keys/aaaaaaaaaaaaaaaa", None, None, 404, 404),
    ("PATCH", "/v1/keys/{id}", "/v1/keys/aaaaaaaaaaaaaaaa", None, {"label": "x"}, 404, 404),
    ("DELETE", "/v1/keys/{id}", "/v1/keys/aaaaaaaaaaaaaaaa", None, None, 404, 404),
    ("GET", "/v1/aliases", "/v1/aliases", None, None, 403, 403),
    ("GET", "/v1/aliases", "/v1/aliases?domain=@DOMAIN@", "/v1/aliases?domain=@DOMAIN@", None, 404, 404),
    ("POST", "/v1/aliases", "/v1/aliases", "/v1/aliases", {"address": "@@DOMAIN@", "destinations": ["john@there.example"]}, 403, 403),
    ("POST", "/v1/aliases", "/v1/aliases", "/v1/aliases", {"address": "@NAME@@there.example", "destinations": ["john@there.example"]}, 403, 403),
    ("GET", "/v1/aliases/{address}", "/v1/aliases/all@@DOMAIN@", "/v1/aliases/all@@DOMAIN@", None, 404, 404),
    ("GET", "/v1/aliases/{address}", "/v1/aliases/all@@DOMAIN@?as_of=2020-01-01T00:00:00Z", "/v1/aliases/all@@DOMAIN@?as_of=2020-01-01T00:00:00Z", None, 404, 404),
    ("POST", "/v1/aliases/{address}/revert", "/v1/aliases/all@@DOMAIN@/revert", "/v1/aliases/all@@DOMAIN@/revert", {"as_of": "2020-01-01T00:00:00Z"}, 404, 404),
    ("PUT", "/v1/aliases/{address}", "/v1/aliases/all@@DOMAIN@", "/v1/aliases/all@@DOMAIN@", {"destinations": ["john@there.example"]}, 403, 403),
    ("POST", "/v1/changesets", "/v1/changesets", None, {"operations": []}, 422, 422),
    ("GET", "/v1/jobs/{id}", "/v1/jobs/aaaabbbbccccdddd", None, None, 404, 404),
    ("GET", "/v1/resolve/{address}", "/v1/resolve/@NAME@@there.example", "/v1/resolve/@NAME@@there.example", None, 404, 404),
    ("GET", "/v1/resolve/{address}", "/v1/resolve/all@@DOMAIN@", "/v1/resolve/all@@DOMAIN@", None, 404, 404),
    ("GET", "/v1/resolve/{address}", "/v1/resolve/john@there.example", None, None, 200, 404),
    ("GET", "/v1/resolve/{address}", "/v1/resolve/john+tag@there.example", None, None, 200, 404),
    ("PATCH", "/v1/aliases/{address}", "/v1/aliases/all@@DOMAIN@", "/v1/aliases/all@@DOMAIN@", {"destinations": ["john@there.example"]}, 404, 404),
    ("DELETE", "/v1/aliases/{address}", "/v1/aliases/all@@DOMAIN@", "/v1/aliases/all@@DOMAIN@", None, 404, 404),
]


def put_in(value, domain, name):
    """The request for one domain and one name."""
    if isinstance(value, dict):
        return {key: put_in(inner, domain, name) for key, inner in value.items()}
    if isinstance(value, list):
        return [put_in(inner, domain, name) for inner in value]
    return value.replace("@DOMAIN@", domain).replace("@NAME@", name) if isinstance(value, str) else value


class Recorder(Client):
    """Keeps what it was told."""

    heard = []

    def request(self, *arguments, **more):
        reply = super().request(*arguments, **more)
        Recorder.heard.append((arguments, reply))
        return reply


class Directory:
    """What is there, by LDAP."""

    def __init__(self, g):
        self.connection = ldap.initialize(g.ldap_url)
        self.connection.set_option(ldap.OPT_NETWORK_TIMEOUT, 10)
        self.connection.set_option(ldap.OPT_TIMEOUT, 10)
        self.connection.simple_bind_s("uid=admin,ou=principals," + BASE, g.secret("admin-password"))

    def add_principal(self, login):
        entry = {"objectClass": ["inetOrgPerson", "provostPrincipal"], "uid": [login], "cn": [login], "sn": [login], "provostEnabled": ["TRUE"],
                 "provostPrincipalKind": ["person"], "userPassword": [HASH]}
        values = {name: [value.encode() for value in values] for name, values in entry.items()}
        self.connection.add_s("uid=%s,ou=principals,%s" % (login, BASE), ldap.modlist.addModlist(values))

    def dump(self):
        """Every entry, with all that an administrator may see; that a failed login is counted is no change, nor are seals."""
        found = self.connection.search_s(BASE, ldap.SCOPE_SUBTREE, "(objectClass=*)", ["*", "+"])
        volatile = {"pwdFailureTime", "entryCSN", "modifyTimestamp", "modifiersName", "contextCSN"}
        return {dn: {name: sorted(values) for name, values in attributes.items() if name not in volatile}
                for dn, attributes in found if dn and not dn.endswith("ou=audit," + BASE)}

    def mailboxes(self):
        found = self.connection.search_s("ou=domains," + BASE, ldap.SCOPE_SUBTREE, "(provostMailboxId=*)", ["provostMailboxId"])
        return [attributes["provostMailboxId"][0].decode() for _, attributes in found]


def set_up(g, directory):
    client = Recorder(g.address, "admin", g.secret("admin-password"))
    for domain in ("there.example", "off.example"):
        client.post("/v1/domains", {"name": domain})
        for name in ("john", "jane"):
            client.post("/v1/users", {"address": "%s@%s" % (name, domain), "password": PASSWORD})
        client.post("/v1/aliases", {"address": "all@" + domain, "destinations": ["john@" + domain]})
    client.post("/v1/users", {"address": "disabled@there.example", "password": PASSWORD, "enabled": False})
    client.post("/v1/users", {"address": "mailonly@there.example", "password": PASSWORD, "login_enabled": False})
    client.post("/v1/aliases", {"address": "@there.example", "destinations": ["jane@there.example"]})
    client.patch("/v1/domains/off.example", {"enabled": False})
    for path in ("/v1/domains", "/v1/users", "/v1/aliases", "/v1/users/john@there.example"):
        client.get(path)
    directory.add_principal("plain")
    return client


def is_complete(description):
    """Every operation of the description stands in the matrix."""
    every = {(verb.upper(), path) for path, item in description.document["paths"].items() for verb in item
             if verb in ("get", "put", "post", "patch", "delete")}
    tap.is_(sorted(every - {row[:2] for row in MATRIX}), [], "every operation is asked for")


def without_login(g, login, password, part):
    """A part of the routes for somebody who is not let in: what he was answered, where it should not have been that."""
    client = nobody(g) if login is None else Recorder(g.address, login, password)
    wrong = []
    for verb, path, target, _, body, found, _ in MATRIX[part::PARTS]:
        want = found if (verb, path) in OPEN else 401
        reply = client.request(verb, put_in(target, "there.example", "jane"), put_in(body, "there.example", "jane"))
        if reply.status != want:
            wrong.append("%s %s -> %s, want %d" % (verb, target, reply, want))
        if login is None and verb == "GET" and client.request("HEAD", put_in(target, "there.example", "jane")).status != want:
            wrong.append("HEAD %s" % target)
    return wrong, client.complaints


def comparable(reply):
    """A reply without the names in it and without what is another each time."""
    text = re.sub(r"(there|none)\.example", "DOMAIN", reply.text)
    text = re.sub(r"(jane|none)@|\b(jane|none|admin|nobody)\b", "NAME@", text)
    headers = {name: value for name, value in reply.headers.items() if name not in ("X-Request-Id", "Date", "Content-Length", "RateLimit")}
    return reply.status, headers, text


def without_rights(client, column, who):
    """Every route for somebody who is let in and may do nothing."""
    for row in MATRIX:
        verb, _, target, absent, body = row[:5]
        there = client.request(verb, put_in(target, "there.example", "jane"), put_in(body, "there.example", "jane"))
        tap.is_(there.status, row[column], "%s: %s %s %s" % (who, verb, target, body or ""))
        slash = put_in(target, "there.example", "jane").partition("?")
        other = client.request(verb, slash[0] + "/" + slash[1] + slash[2], put_in(body, "there.example", "jane"))
        tap.is_(other.status, row[column], "%s: %s %s, with a slash" % (who, verb, target))
        if verb == "GET":
            tap.is_(client.request("HEAD", put_in(target, "there.example", "jane")).status, row[column], "%s: HEAD %s" % (who, target))
        if absent is None:
            continue
        missing = client.request(verb, put_in(absent, "none.example", "none"), put_in(body, "none.example", "none"))
        tap.is_(comparable(missing), comparable(there), "%s: %s %s %s: the same where there is none" % (who, verb, target, body or ""))


def no_secrets(g, directory):
    """Nothing that was said is a secret."""
    ids = directory.mailboxes()
    tap.ok(len(ids) >= 6, "there are mailboxes")
    words = ids + [PASSWORD, HASH[7:], g.secret("admin-password"), g.secret("services/postfix"), g.secret("services/dovecot")]
    said = [(arguments[:2], word) for arguments, reply in Recorder.heard for text in [reply.text + str(reply.headers)] for word in words if word in text]
    tap.is_(said, [], "R05: no reply has a password, a hash, or the name of a mailbox")
    quoted = {urllib.parse.quote(word) for word in words} | set(words)
    tap.is_([line for line in g.log().splitlines() if any(word in line for word in quoted)], [], "nor has the log")


def main():
    description = gateway.Description()
    is_complete(description)
    with gateway.Gateway() as g:
        directory = Directory(g)
        client = set_up(g, directory)
        before = directory.dump()
        outside = [(None, None), ("admin", "wrong"), ("admin", ""), ("john@there.example", "wrong"), ("nobody@there.example", PASSWORD),
                   ("disabled@there.example", PASSWORD), ("mailonly@there.example", PASSWORD), ("john@off.example", PASSWORD), ("all@there.example", PASSWORD)]
        asked = [(login, password, part) for login, password in outside for part in range(PARTS)]
        with concurrent.futures.ThreadPoolExecutor(len(asked)) as pool:
            for (login, password, part), (wrong, complaints) in zip(asked, pool.map(lambda one: without_login(g, *one), asked)):
                tap.is_(wrong, [], "without login: %s with %s, part %d" % (login, password, part + 1))
                tap.is_(complaints, [], "%s with %s, part %d: every reply is as described" % (login, password, part + 1))
        for login, column in [("john@there.example", 5), ("plain", 6)]:
            limited = Recorder(g.address, login, PASSWORD)
            without_rights(limited, column, login)
            tap.is_(limited.complaints, [], "%s: every reply is as described" % login)
        after = directory.dump()
        tap.is_([dn for dn in set(before) | set(after) if before.get(dn) != after.get(dn)], [], "nothing was changed by any of them")
        tap.is_(client.get("/v1/me").json["super_administrator"], True, "the administrator is who he was")
        for login in ("john@there.example", "jane@there.example", "plain"):
            tap.is_(Client(g.address, login, PASSWORD).get("/v1/me").status, 200, "%s has the password he had" % login)
        no_secrets(g, directory)
        directory.connection.unbind_s()
        tap.is_(complaints_of_log(g), [], "the log tells of no error of ours")
        tap.is_(g.stop(), 0, "it ends well")
    tap.done()


if __name__ == "__main__":
    main()
