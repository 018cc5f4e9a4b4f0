#!/usr/bin/python3
"""Every request by everybody (R04 of attacks.py): docs/rights.md says what comes of it, over HTTP and, where it can be said so, over LDAP."""

import concurrent.futures
import datetime
import itertools
import os
import re
import sys

sys.path.insert(0, os.path.join(os.environ.get("top_srcdir") or os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))), "tests", "lib"))
sys.path.insert(1, os.path.dirname(os.path.abspath(__file__)))

import ldap
import ldap.modlist

import gateway
import tap
from described import Client, complaints_of_log
from directory import add_list, address_dn, alias_entry, crypt_hash, domain_dn, domain_entry, principal_dn, principal_entry, user_entry

BASE = "dc=provost"
PASSWORD = "the same for all of them"
HASH = crypt_hash(PASSWORD)
OWN, FOREIGN, ELSEWHERE = "own.example", "foreign.example", "elsewhere.example"
# Who they are: columns of the table, and how each logs in.
LOGINS = {"user": "ulla@" + OWN, "viewer": "vera", "administrator": "adam", "owner": "olga", "reseller": "rita", "super": "sue"}
SIDES = ("own", "foreign", "absent")
numbers = itertools.count(1)
key_dns = {}
hooks = {}  # by side


def login_dn(login):
    return address_dn(login) if "@" in login else principal_dn(login)


def domain_of_pair(key):
    return domain_dn(key.partition("|")[0])


def dkim_dn(key):
    domain, _, selector = key.partition("|")
    return "provostDkimSelector=%s,%s" % (selector, domain_dn(domain))


def dkim_entry(domain, selector):
    return {"objectClass": ["provostDkimKey"], "provostDkimSelector": [selector], "provostDkimDomain": [domain], "provostDkimState": ["prepared"],
            "provostDkimKeyType": ["rsa"]}


def hashed(entry):
    return dict(entry, userPassword=[HASH])


class World:
    """What is there before anybody asks; made by LDAP, which is quick."""

    def __init__(self, g):
        self.gateway = g
        self.directory = ldap.initialize(g.ldap_url)
        self.directory.simple_bind_s(principal_dn("admin"), g.secret("admin-password"))
        for login in sorted(LOGINS.values()):
            if "@" not in login:
                more = {"provostReseller": "TRUE"} if login == "rita" else {}
                self.add(principal_dn(login), hashed(principal_entry(login, **more)))
        self.directory.modify_s("cn=administrators,ou=roles," + BASE, [(ldap.MOD_ADD, "member", [principal_dn("sue").encode()])])
        for name in (OWN, FOREIGN, ELSEWHERE):
            self.domain(name, "own" if name == OWN else "foreign")
        self.add(address_dn(LOGINS["user"]), hashed(user_entry(LOGINS["user"])))
        self.add(address_dn("fred@" + FOREIGN), hashed(user_entry("fred@" + FOREIGN)))

    def add(self, dn, entry):
        self.directory.add_s(dn, add_list(entry))
        return dn

    def domain(self, name, side):
        roles = {"provostOwner": [principal_dn("olga"), principal_dn("rita")], "provostAdministrator": [principal_dn("adam")],
                 "provostViewer": [principal_dn("vera")], "provostSponsor": [principal_dn("rita")]} if side == "own" else {}
        return self.add(domain_dn(name), domain_entry(name, **roles))

    # One of each, new for every request, so that no request spoils another.

    def new_domain(self, side):
        name = "d%d.example" % next(numbers)
        if side != "absent":
            self.domain(name, side)
        return name

    def new_user(self, side, there=True):
        address = "u%d@%s" % (next(numbers), FOREIGN if side == "foreign" else OWN)
        if side != "absent" and there:
            self.add(address_dn(address), hashed(user_entry(address)))
        return address

    def new_alias(self, side, there=True):
        address = "a%d@%s" % (next(numbers), FOREIGN if side == "foreign" else OWN)
        if side != "absent" and there:
            self.add(address_dn(address), alias_entry(address, ["x@else.example"]))
        return address


    def new_trash(self, side):
        """A user whom a super administrator has deleted."""
        if side == "absent":
            return "00000000-0000-4000-8000-000000000000"
        address = self.new_user(side)
        sue = Client(self.gateway.address, LOGINS["super"], PASSWORD)
        made = sue.get("/v1/users/" + address).json["id"]
        sue.delete("/v1/users/" + address)
        return made

    def new_webhook(self, side):
        """One of a user's; nobody has many, so it is the same as long as it is there."""
        if side == "absent":
            return "aaaaaaaaaaaaaaaa"
        owner = LOGINS["user"] if side == "own" else "fred@" + FOREIGN
        client = Client(self.gateway.address, owner, PASSWORD)
        if client.get("/v1/webhooks/" + hooks.get(side, "none")).status != 200:
            hooks[side] = client.post("/v1/webhooks", {"url": "https://127.0.0.1:1/"}).json["id"]
        return hooks[side]

    def new_principal(self, side, there=True):
        login = "p%d" % next(numbers)
        if side != "absent" and there:
            self.add(principal_dn(login), hashed(principal_entry(login, **({"provostSponsor": principal_dn("rita")} if side == "own" else {}))))
        return login

    def new_key(self, side):
        name = "mmtrax" + ("%010d" % next(numbers)).replace("0", "z")
        owner = "fred@" + FOREIGN if side == "foreign" else LOGINS["user"]
        key_dns[name] = "provostKeyId=%s,%s" % (name, address_dn(owner))
        if side != "absent":
            self.add(key_dns[name], {"objectClass": ["provostApiKey"], "provostKeyId": [name], "provostEnabled": ["TRUE"], "provostKeyScope": ["users:read"]})
        return name

    def new_dkim(self, side, there=True):
        """A domain, and the selector of a key of it."""
        domain, selector = {"own": OWN, "foreign": FOREIGN, "absent": "absent.example"}[side], "s%d" % next(numbers)
        if side != "absent" and there:
            self.add(dkim_dn(domain + "|" + selector), dkim_entry(domain, selector))
        return domain + "|" + selector

    def manager(self, role):
        """A domain, and a user of ours who has that role there, or none."""
        def make(side):
            name, user = self.new_domain(side), self.new_user("own")
            if role and side != "absent":
                self.directory.modify_s(domain_dn(name), [(ldap.MOD_ADD, role, [address_dn(user).encode()])])
            return name + "|" + user
        return make

    def key_of_super(self, **more):
        """An API key that sue has made."""
        body = dict({"label": "for the table", "scopes": ["*"]}, **more)
        return Client(self.gateway.address, LOGINS["super"], PASSWORD).post("/v1/keys", body).json


def read(c, dn, _):
    found = c.search_s(dn, ldap.SCOPE_BASE, "(objectClass=*)", ["objectClass"])
    if not found:
        raise ldap.NO_SUCH_OBJECT()


def change(attribute, value):
    return lambda c, dn, _: c.modify_s(dn, [(ldap.MOD_REPLACE, attribute, [value.encode()])])


def remove(c, dn, _):
    c.delete_s(dn)


def create(entry):
    return lambda c, dn, key: c.add_s(dn, add_list(entry(key)))


def give(role):
    return lambda c, dn, key: c.modify_s(dn, [(ldap.MOD_ADD, role, [address_dn(key.partition("|")[2]).encode()])])


def take(role):
    return lambda c, dn, key: c.modify_s(dn, [(ldap.MOD_DELETE, role, [address_dn(key.partition("|")[2]).encode()])])


class Recipe:
    """How a row of the table is asked for: `make` says the key of what it is about, and sees to it that it is there."""

    def __init__(self, make, target, body=None, dn=None, ldap=None, is_new=False):
        self.make, self.target, self.body, self.dn, self.ldap, self.is_new = make, target, body, dn, ldap, is_new


def nothing(world, side):
    return ""


def fixed(own, foreign=None, absent=None):
    return lambda world, side: {"own": own, "foreign": foreign, "absent": absent, "": own}[side]


def key_of(kind):
    """Something new of that kind, on that side."""
    return lambda world, side: getattr(world, "new_" + kind)(side)


def free(kind):
    """The same, which is not there yet."""
    return lambda world, side: getattr(world, "new_" + kind)(side, there=False)


def then(make):
    """What make makes, and a moment at which it is there."""
    return lambda world, side: "%s|%s" % (make(world, side), datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ"))


DOMAIN_OF = fixed(OWN, FOREIGN, "absent.example")
ROLES = {"viewer": "provostViewer", "administrator": "provostAdministrator", "owner": "provostOwner"}
NEW_PASSWORD = {"password": "another horse that is right"}
RECIPES = {
    "GET /livez": Recipe(nothing, "/livez"),
    "GET /readyz": Recipe(nothing, "/readyz"),
    "GET /metrics": Recipe(nothing, "/metrics"),
    "GET /docs": Recipe(nothing, "/docs"),
    "GET /openapi.json": Recipe(nothing, "/openapi.json"),
    "GET /mail/config-v1.1.xml": Recipe(DOMAIN_OF, "/mail/config-v1.1.xml?emailaddress=x%40$"),
    "GET /.well-known/autoconfig/mail/config-v1.1.xml": Recipe(DOMAIN_OF, "/.well-known/autoconfig/mail/config-v1.1.xml?emailaddress=x%40$"),
    "GET /mail/apple.mobileconfig": Recipe(DOMAIN_OF, "/mail/apple.mobileconfig?emailaddress=x%40$"),
    "POST /autodiscover/autodiscover.xml": Recipe(DOMAIN_OF, "/autodiscover/autodiscover.xml", "<A><EMailAddress>x@$</EMailAddress></A>"),
    "POST /Autodiscover/Autodiscover.xml": Recipe(DOMAIN_OF, "/Autodiscover/Autodiscover.xml", "<A><EMailAddress>x@$</EMailAddress></A>"),
    "GET /autodiscover/autodiscover.json": Recipe(DOMAIN_OF, "/autodiscover/autodiscover.json?Protocol=AutodiscoverV1&Email=x%40$"),
    "GET /autodiscover/autodiscover.json/v1.0/{address}": Recipe(DOMAIN_OF, "/autodiscover/autodiscover.json/v1.0/x@$?Protocol=AutodiscoverV1"),
    "GET /.well-known/mta-sts.txt": Recipe(nothing, "/.well-known/mta-sts.txt"),
    "GET /v1/me": Recipe(nothing, "/v1/me"),
    "GET /v1/domains": Recipe(nothing, "/v1/domains"),
    "POST /v1/domains": Recipe(lambda world, side: world.new_domain("absent"), "/v1/domains", {"name": "$"}, domain_dn, create(domain_entry), True),
    "GET /v1/domains/{name}": Recipe(DOMAIN_OF, "/v1/domains/$", None, domain_dn, read),
    "GET /v1/domains/{name}/checks": Recipe(DOMAIN_OF, "/v1/domains/$/checks"),
    "POST /v1/domains/{name}/checks": Recipe(DOMAIN_OF, "/v1/domains/$/checks"),
    "GET /v1/domains/{name}/dns": Recipe(DOMAIN_OF, "/v1/domains/$/dns"),
    "GET /v1/domains/{name}/autoconfig": Recipe(DOMAIN_OF, "/v1/domains/$/autoconfig"),
    "PUT /v1/domains/{name}": Recipe(key_of("domain"), "/v1/domains/$", {"description": "x"}, domain_dn, change("description", "x")),
    "PATCH /v1/domains/{name} description": Recipe(key_of("domain"), "/v1/domains/$", {"description": "x"}, domain_dn, change("description", "x")),
    "PATCH /v1/domains/{name} max_users": Recipe(key_of("domain"), "/v1/domains/$", {"max_users": 5}, domain_dn, change("provostMaxUsers", "5")),
    "PATCH /v1/domains/{name} enabled": Recipe(key_of("domain"), "/v1/domains/$", {"enabled": False}, domain_dn, change("provostEnabled", "FALSE")),
    "PATCH /v1/domains/{name} name": Recipe(key_of("domain"), "/v1/domains/$", {"name": "renamed-$"}),
    "DELETE /v1/domains/{name}": Recipe(key_of("domain"), "/v1/domains/$", None, domain_dn, remove),
    "GET /v1/users": Recipe(nothing, "/v1/users"),
    "GET /v1/users ?domain=": Recipe(DOMAIN_OF, "/v1/users?domain=$"),
    "POST /v1/users": Recipe(free("user"), "/v1/users", {"address": "$"}, address_dn, create(user_entry), True),
    "GET /v1/users/{address}": Recipe(key_of("user"), "/v1/users/$", None, address_dn, read),
    "GET /v1/users/{address} himself": Recipe(fixed(LOGINS["user"]), "/v1/users/" + LOGINS["user"], None, address_dn, read),
    "PUT /v1/users/{address}": Recipe(key_of("user"), "/v1/users/$", {"name": "x"}, address_dn, change("cn", "x")),
    "PATCH /v1/users/{address}": Recipe(key_of("user"), "/v1/users/$", {"name": "x"}, address_dn, change("cn", "x")),
    "PATCH /v1/users/{address} himself": Recipe(fixed(LOGINS["user"]), "/v1/users/" + LOGINS["user"], {"quota_bytes": 7}, address_dn, change("provostQuotaBytes", "7")),
    "DELETE /v1/users/{address}": Recipe(key_of("user"), "/v1/users/$", None, address_dn, remove),
    "PUT /v1/users/{address}/password": Recipe(key_of("user"), "/v1/users/$/password", NEW_PASSWORD, address_dn, change("userPassword", HASH)),
    "GET /v1/aliases": Recipe(nothing, "/v1/aliases"),
    "GET /v1/aliases ?domain=": Recipe(DOMAIN_OF, "/v1/aliases?domain=$"),
    "POST /v1/aliases": Recipe(free("alias"), "/v1/aliases", {"address": "$", "destinations": ["x@else.example"]}, address_dn,
                               create(lambda address: alias_entry(address, ["x@else.example"])), True),
    "GET /v1/aliases/{address}": Recipe(key_of("alias"), "/v1/aliases/$", None, address_dn, read),
    "PUT /v1/aliases/{address}": Recipe(key_of("alias"), "/v1/aliases/$", {"destinations": ["y@else.example"]}, address_dn, change("provostDestination", "y@else.example")),
    "PATCH /v1/aliases/{address}": Recipe(key_of("alias"), "/v1/aliases/$", {"destinations": ["y@else.example"]}, address_dn, change("provostDestination", "y@else.example")),
    "DELETE /v1/aliases/{address}": Recipe(key_of("alias"), "/v1/aliases/$", None, address_dn, remove),
    "POST /v1/changesets": Recipe(free("user"), "/v1/changesets", {"operations": [{"method": "POST", "path": "/v1/users", "body": {"address": "$"}}]}),
    "GET /v1/jobs/{id}": Recipe(nothing, "/v1/jobs/aaaabbbbccccdddd"),
    "GET /v1/resolve/{address}": Recipe(key_of("alias"), "/v1/resolve/$"),
}


RECIPES.update({
    "GET /v1/principals": Recipe(nothing, "/v1/principals"),
    "POST /v1/principals": Recipe(free("principal"), "/v1/principals", {"login": "$"}, principal_dn, create(principal_entry), True),
    "GET /v1/principals/{login}": Recipe(key_of("principal"), "/v1/principals/$", None, principal_dn, read),
    "PUT /v1/principals/{login}": Recipe(key_of("principal"), "/v1/principals/$", {"name": "x"}, principal_dn, change("cn", "x")),
    "PATCH /v1/principals/{login} name": Recipe(key_of("principal"), "/v1/principals/$", {"name": "x"}, principal_dn, change("cn", "x")),
    "PATCH /v1/principals/{login} reseller": Recipe(key_of("principal"), "/v1/principals/$", {"reseller": {"max_domains": 1}}, principal_dn, change("provostReseller", "TRUE")),
    "PATCH /v1/principals/{login} super_administrator": Recipe(key_of("principal"), "/v1/principals/$", {"super_administrator": True}),
    "DELETE /v1/principals/{login}": Recipe(key_of("principal"), "/v1/principals/$", None, principal_dn, remove),
    "PUT /v1/principals/{login}/password": Recipe(key_of("principal"), "/v1/principals/$/password", NEW_PASSWORD, principal_dn, change("userPassword", HASH)),
    "GET /v1/domains/{name}/administrators": Recipe(DOMAIN_OF, "/v1/domains/$/administrators"),
    "GET /v1/domains/{name}/dkim": Recipe(DOMAIN_OF, "/v1/domains/$/dkim"),
    "POST /v1/domains/{name}/dkim": Recipe(free("dkim"), "/v1/domains/$1/dkim", {"selector": "$2", "algorithm": "ed25519"}, dkim_dn,
                                           create(lambda key: dkim_entry(*key.split("|"))), True),
    "POST /v1/domains/{name}/dkim/rotate": Recipe(lambda world, side: world.new_domain(side), "/v1/domains/$/dkim/rotate", {"algorithm": "ed25519"}),
    "GET /v1/domains/{name}/dkim/{selector}": Recipe(key_of("dkim"), "/v1/domains/$1/dkim/$2", None, dkim_dn, read),
    "PATCH /v1/domains/{name}/dkim/{selector}": Recipe(key_of("dkim"), "/v1/domains/$1/dkim/$2", {"description": "x"}, dkim_dn, change("description", "x")),
    "DELETE /v1/domains/{name}/dkim/{selector}": Recipe(key_of("dkim"), "/v1/domains/$1/dkim/$2", None, dkim_dn, remove),
    "GET /v1/keys": Recipe(nothing, "/v1/keys"),
    "POST /v1/keys": Recipe(nothing, "/v1/keys", {"label": "x", "scopes": ["users:read"]}),
    "GET /v1/keys/{id}": Recipe(key_of("key"), "/v1/keys/$", None, key_dns.get, read),
    "PATCH /v1/keys/{id}": Recipe(key_of("key"), "/v1/keys/$", {"label": "y"}, key_dns.get, change("provostKeyLabel", "y")),
    "DELETE /v1/keys/{id}": Recipe(key_of("key"), "/v1/keys/$", None, key_dns.get, remove),
    "GET /v1/webhooks": Recipe(nothing, "/v1/webhooks"),
    "POST /v1/webhooks": Recipe(nothing, "/v1/webhooks", {"url": "https://127.0.0.1:1/"}),
    "GET /v1/webhooks/{id}": Recipe(key_of("webhook"), "/v1/webhooks/$"),
    "GET /v1/webhooks/{id}/deliveries": Recipe(key_of("webhook"), "/v1/webhooks/$/deliveries"),
    "PATCH /v1/webhooks/{id}": Recipe(key_of("webhook"), "/v1/webhooks/$", {"description": "x"}),
    "POST /v1/webhooks/{id}/secret": Recipe(key_of("webhook"), "/v1/webhooks/$/secret"),
    "POST /v1/webhooks/{id}/test": Recipe(key_of("webhook"), "/v1/webhooks/$/test"),
    "DELETE /v1/webhooks/{id}": Recipe(key_of("webhook"), "/v1/webhooks/$"),
    "POST /v1/imports": Recipe(nothing, "/v1/imports?format=ndjson", {"type": "user", "address": "x@absent.example"}),
    "GET /v1/exports": Recipe(nothing, "/v1/exports"),
    "GET /v1/exports/hashes": Recipe(nothing, "/v1/exports/hashes"),
    "GET /v1/imports/{id}": Recipe(nothing, "/v1/imports/none"),
    "GET /v1/trash": Recipe(nothing, "/v1/trash?limit=1"),
    "GET /v1/trash/{id}": Recipe(key_of("trash"), "/v1/trash/$"),
    "POST /v1/trash/{id}/restore": Recipe(key_of("trash"), "/v1/trash/$/restore"),
    "DELETE /v1/trash/{id}": Recipe(key_of("trash"), "/v1/trash/$"),
    "GET /v1/audit": Recipe(nothing, "/v1/audit?limit=1"),
    "GET /v1/changes": Recipe(nothing, "/v1/changes?limit=1"),
    "GET /v1/audit ?domain=": Recipe(DOMAIN_OF, "/v1/audit?limit=1&domain=$"),
})
for path, kind in (("domains/{name}", "domain"), ("users/{address}", "user"), ("aliases/{address}", "alias")):
    RECIPES["GET /v1/%s ?as_of=" % path] = Recipe(then(key_of(kind)), "/v1/%s/$1?as_of=$2" % path.partition("/")[0])
    RECIPES["POST /v1/%s/revert" % path] = Recipe(then(key_of(kind)), "/v1/%s/$1/revert" % path.partition("/")[0], {"as_of": "$2"})
RECIPES["GET /v1/users/{address} himself ?as_of="] = Recipe(then(fixed(LOGINS["user"])), "/v1/users/$1?as_of=$2")
RECIPES["POST /v1/users/{address}/revert himself"] = Recipe(then(fixed(LOGINS["user"])), "/v1/users/$1/revert", {"as_of": "$2"})
for word, attribute in ROLES.items():
    RECIPES["PUT /v1/domains/{name}/administrators/{login} " + word] = Recipe(
        lambda world, side: world.manager(None)(side), "/v1/domains/$1/administrators/$2", {"role": word}, domain_of_pair, give(attribute))
    RECIPES["DELETE /v1/domains/{name}/administrators/{login} " + word] = Recipe(
        lambda world, side, role=attribute: world.manager(role)(side), "/v1/domains/$1/administrators/$2", None, domain_of_pair, take(attribute))


def read_table():
    """[(request, side, {identity: status}, LDAP)] of docs/rights.md."""
    rows, names = [], None
    with open(os.path.join(gateway.TOP, "docs", "rights.md"), encoding="utf-8") as file:
        for line in file:
            cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
            if cells[0] == "request" and "super" in cells:
                names = cells
            elif names and re.match(r"`(GET|PUT|POST|PATCH|DELETE) /", cells[0]):
                known = dict(zip(names, cells))
                statuses = {name: int(known[name]) for name in names[2:-1]}
                rows.append((known["request"].replace("`", ""), known["of"], statuses, known["LDAP"]))
    return rows


def put_in(value, key):
    if isinstance(value, dict):
        return {name: put_in(inner, key) for name, inner in value.items()}
    if isinstance(value, list):
        return [put_in(inner, key) for inner in value]
    if isinstance(value, str):
        first, _, second = key.partition("|")
        return value.replace("$1", first).replace("$2", second).replace("$", key)
    return value


class Caller:
    """An identity of the table: how it logs in to either."""

    def __init__(self, g, name, authorization=None):
        self.gateway, self.name, self.authorization = g, name, authorization
        self.connection = None
        if name in LOGINS:
            self.connection = ldap.initialize(g.ldap_url)
            self.connection.simple_bind_s(login_dn(LOGINS[name]), PASSWORD)

    def client(self):
        if self.name == "wrong":
            return Client(self.gateway.address, LOGINS["super"], "not that")
        return Client(self.gateway.address, LOGINS.get(self.name), PASSWORD if self.name in LOGINS else None)

    def ask(self, method, target, body, **more):
        headers = dict({"Authorization": self.authorization} if self.authorization else {}, **more)
        return self.client().request(method, target, body, headers=headers)


def state(world, recipe, key):
    """What would change with a write."""
    try:
        return world.directory.search_s(recipe.dn(key), ldap.SCOPE_BASE, "(objectClass=*)", ["entryCSN"]) if recipe.dn and key else None
    except ldap.NO_SUCH_OBJECT:
        return "absent"


def over_http(world, recipe, request, side, caller, want):
    """None, or what is wrong: another status, or a refusal that changed something."""
    method = request.split()[0]
    key = recipe.make(world, side)
    before = state(world, recipe, key)
    target, body = put_in(recipe.target, key), put_in(recipe.body, key)
    if method != "GET":
        reply = caller.ask(method, target, body, Prefer="dry-run")
        refused = reply.status == 400 and reply.json["code"] == "dry_run_unsupported"
        if not refused and (reply.json.get("status", reply.status) if reply.status < 300 and reply.json else reply.status) != want:
            return "%s: %d in a dry run instead of %d %s" % (caller.name, reply.status, want, reply.text[:200])
        if state(world, recipe, key) != before:
            return "%s: a dry run has done it" % caller.name
    reply = caller.ask(method, target, body)
    if reply.status != want:
        return "%s: %d instead of %d %s" % (caller.name, reply.status, want, reply.text[:200])
    if want >= 400 and state(world, recipe, key) != before:
        return "%s: refused, and done" % caller.name
    return None


def over_ldap(world, recipe, side, caller, allowed):
    """The same question to the directory itself."""
    key = recipe.make(world, side)
    try:
        recipe.ldap(caller.connection, recipe.dn(key), key)
        done = True
    except (ldap.INSUFFICIENT_ACCESS, ldap.NO_SUCH_OBJECT):
        done = False
    except ldap.LDAPError as error:
        return "%s over LDAP: %r" % (caller.name, error)
    return None if done == allowed else "%s over LDAP: %s" % (caller.name, "done" if done else "refused")


def ldap_allowed(rule, name, status):
    """Whether LDAP does it, by the last column: the same as HTTP, or what it says."""
    for word in re.findall(r"[a-z]+", rule.partition("not ")[2]):
        if word == name:
            return False
    for word in re.findall(r"[a-z]+", rule.partition("also ")[2]):
        if word == name:
            return True
    return status < 300


def try_row(world, callers, row):
    request, side, statuses, rule = row
    recipe = RECIPES[request]
    wrong = []
    for name, want in statuses.items():
        wrong.append(over_http(world, recipe, request, side, callers[name], want))
        if rule.startswith("same") and name in LOGINS:
            wrong.append(over_ldap(world, recipe, side, callers[name], ldap_allowed(rule, name, want)))
    return list(filter(None, wrong))


def is_complete(rows):
    """A new route without rows fails here, and so does one for which somebody or some side was left out."""
    description = Client.description or gateway.Description()
    for path, item in sorted(description.document["paths"].items()):
        for method in sorted({"get", "put", "post", "patch", "delete"} & set(item)):
            name = "%s %s" % (method.upper(), path)
            mine = [row for row in rows if " ".join(row[0].split()[:2]) == name]
            sides = {side for _, side, _, _ in mine}
            tap.ok("" in sides or sides >= (set(SIDES) - ({"absent"} if method == "post" else set())), "docs/rights.md has rows for %s" % name, sides)
    for request, _, statuses, _ in rows:
        tap.ok(request in RECIPES and set(statuses) == set(CALLERS), "a row for everybody, and a recipe: " + request, sorted(set(CALLERS) ^ set(statuses)))


LISTS = (  # what, the member that names one; where, and which entries they are in the directory, and what names them there
    ("/v1/domains", "name", "ou=domains," + BASE, "(objectClass=provostDomain)", "provostDomainName"),
    ("/v1/users", "address", "ou=domains," + BASE, "(objectClass=provostUser)", "mail"),
    ("/v1/aliases", "address", "ou=domains," + BASE, "(objectClass=provostAlias)", "mail"),
    ("/v1/principals", "login", "ou=principals," + BASE, "(objectClass=provostPrincipal)", "uid"))


def whole_list(caller, target, member):
    """All that somebody is shown, page by page."""
    found, more = [], ""
    while more is not None:
        reply = caller.ask("GET", "%s?limit=20%s" % (target, more), None)
        if reply.status != 200:
            return reply.status
        found += [item[member] for item in reply.json["items"]]
        more = "&cursor=" + reply.json["next_cursor"] if reply.json["next_cursor"] else None
    return found


def searched(caller, where, form, attribute):
    """The same with ldapsearch; who does not see the place itself can still be in it, and find himself by his name."""
    try:
        found = caller.connection.search_s(where, ldap.SCOPE_SUBTREE, form, [attribute])
    except ldap.NO_SUCH_OBJECT:
        own = login_dn(LOGINS[caller.name])
        found = caller.connection.search_s(own, ldap.SCOPE_BASE, form, [attribute]) if own.endswith("," + where) else []
    return sorted(entry[attribute][0].decode().lower() for _, entry in found if attribute in entry)


def same_lists(world, callers):
    """A list has for each what he finds with ldapsearch, and nothing else."""
    lengths = {}
    for target, member, where, form, attribute in LISTS:
        for name in LOGINS:
            want, got = searched(callers[name], where, form, attribute), whole_list(callers[name], target, member)
            lengths[target, name] = len(want)
            if got == 403:  # who may not list at all
                tap.ok(name == "user" and set(want) <= {LOGINS["user"]}, "%s is refused to a user, who finds nobody but himself with ldapsearch" % target, want)
            else:
                tap.is_(sorted(got), want, "%s has for %s what ldapsearch has" % (target, name))
    for target, *_ in LISTS:
        tap.ok(lengths[target, "super"] > lengths[target, "reseller"] >= lengths[target, "user"], "%s: not the same for all" % target, lengths)


CALLERS = ["nobody", "wrong", "expired", "user", "viewer", "administrator", "owner", "reseller", "super", "reading", "elsewhere"]


def everybody(world):
    """Who asks; the last ones with keys of the super administrator."""
    g = world.gateway
    expired = world.key_of_super()
    world.directory.modify_s("provostKeyId=%s,%s" % (expired["id"], principal_dn(LOGINS["super"])), [(ldap.MOD_REPLACE, "provostExpires", [b"20200101000000Z"])])
    keys = {"expired": expired["key"], "reading": world.key_of_super(scopes=["*:read"])["key"], "elsewhere": world.key_of_super(domains=[ELSEWHERE])["key"]}
    return {name: Caller(g, name, "Bearer " + keys[name] if name in keys else None) for name in CALLERS}


def main():
    rows = read_table()
    with gateway.Gateway() as g:
        world = World(g)
        is_complete(rows)
        callers = everybody(world)
        # One thread a row: what a row changes is its own.
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            for row, wrong in zip(rows, pool.map(lambda row: try_row(world, callers, row), rows)):
                tap.ok(not wrong, "R04: %s %s" % row[:2], "\n".join(wrong))
        same_lists(world, callers)
        tap.is_(complaints_of_log(g), [], "the log tells of no error of ours")
    tap.done()


if __name__ == "__main__":
    main()
