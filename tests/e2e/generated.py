#!/usr/bin/python3
"""Requests made up of the description of the API: none ends in a 5xx, none is answered but as described, and an error has written nothing.

generated.py [--seconds N] [--seed N]: each request is an example of the description with something else in it. A failure tells the seed."""

import argparse
import copy
import json
import os
import random
import sys
import time
import urllib.parse

sys.path.insert(0, os.path.join(os.environ.get("top_srcdir") or os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))), "tests", "lib"))
sys.path.insert(1, os.path.dirname(os.path.abspath(__file__)))

import ldap

import gateway
import tap
from described import Client, admin, complaints_of_log

SECONDS = 8  # in the suite; as long as one likes by hand
BASE = "dc=provost"
PLACES = ("ou=domains," + BASE, "ou=principals," + BASE)
# Who sends them: made up requests know of the other super administrator, and of the owner, and may do away with both.  Who was an owner is
# made one again before long.
DRIVER = "driver-4711", "correct horse battery staple"
OWNER = "carol", "correct horse battery staple"
OWNER_EACH = 5  # of his requests, and he is made one again
DOMAINS = ["one.example", "two.example", "brand.example", "nowhere.example", "One.EXAMPLE.", "b\u00fccher.example"]
ADDRESSES = ["%s@%s" % (local, domain) for local in ("john", "jane", "info", "postmaster", "nobody", "") for domain in DOMAINS[:4]]
STRINGS = ["", " ", "x", "*", "a\x00b", "a\nb", "\u202ex", "\ud83d\ude00", "x" * 255, "x" * 70000, "null", "0", "<b>", ")(uid=*", "\\", "../..", "admin", "a@b", "@", "{CRYPT}x",
           "2027-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "2027-13-01T00:00:00Z", *DOMAINS, *ADDRESSES]
NUMBERS = [0, 1, -1, 1.0, 0.5, 2**31, 2**53, 2**63 - 1, 2**63, -2**63 - 1, 10**400, 1e308]
WORDS = ["application/json", "application/merge-patch+json", "application/json-patch+json", "text/plain", "application/xml", ""]


class Maker:
    """Makes requests out of a description and of chance."""

    def __init__(self, description, seed):
        self.chance = random.Random(seed)
        self.description = description
        self.operations = [(path, method, operation) for path, item in description.document["paths"].items()
                           for method, operation in item.items() if method != "parameters" and "text/event-stream" not in json.dumps(operation["responses"])]
        self.shared = {path: item.get("parameters", []) for path, item in description.document["paths"].items()}
        self.members = sorted({name for schema in description.document["components"]["schemas"].values() for name in schema.get("properties", ())})
        self.tags, self.known = [], {}  # entity tags and keys that were seen

    def learn(self, reply):
        """Remember what is there, to ask for it again."""
        if reply.headers.get("ETag"):
            self.tags.append(reply.headers["ETag"])
        records = reply.json.get("items", [reply.json]) if isinstance(reply.json, dict) else []
        for record in records:
            for name in ("address", "name", "login", "id"):
                if reply.status < 300 and isinstance(record.get(name), str) and record[name] != DRIVER[0]:
                    self.known.setdefault(name, []).append(record[name])

    def junk(self, depth=0):
        """Any JSON value."""
        kind = self.chance.randrange(9 if depth < 3 else 6)
        if kind < 3:
            return self.chance.choice(STRINGS)
        if kind < 5:
            return self.chance.choice(NUMBERS)
        if kind == 5:
            return self.chance.choice([None, True, False])
        if kind == 6:
            return [self.junk(depth + 1) for _ in range(self.chance.randrange(4))]
        return {self.chance.choice(self.members): self.junk(depth + 1) for _ in range(self.chance.randrange(4))}

    def places(self, value, at=()):
        """Every place within a value."""
        yield at
        inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
        for key, part in inner:
            yield from self.places(part, (*at, key))

    def bend(self, value):
        """The value with something else at one of its places."""
        value = copy.deepcopy(value)
        at = self.chance.choice(list(self.places(value)))
        if not at:
            return self.junk() if self.chance.random() < 0.2 else value
        node = value
        for key in at[:-1]:
            node = node[key]
        what = self.chance.randrange(4)
        if what == 0:
            del node[at[-1]]
        elif what == 1 and isinstance(node, dict):
            node[self.chance.choice(self.members)] = self.junk()
        else:
            node[at[-1]] = self.chance.choice(STRINGS) if isinstance(node[at[-1]], str) and self.chance.random() < 0.8 else self.junk()
        return value

    def body(self, operation):
        """A body and its headers."""
        if "requestBody" not in operation:
            return (None, {}) if self.chance.random() < 0.9 else (json.dumps(self.junk()).encode(), {"Content-Type": "application/json"})
        content = self.description.resolve(operation["requestBody"])["content"]
        kind = self.chance.choice(sorted(content))
        examples = [self.description.resolve(example)["value"] for example in content[kind].get("examples", {}).values()]
        value = self.chance.choice(examples) if examples and self.chance.random() < 0.9 else self.junk()
        for _ in range(self.chance.choice([0, 1, 1, 2, 4])):
            value = self.bend(value) if value not in ({}, []) else self.junk()
        data = json.dumps(value).encode() if self.chance.random() < 0.97 else self.chance.choice([b"", b"{", b'{"a":1,"a":2}', b"[" * 40, b"\xff", b"nul"])
        return data, {"Content-Type": kind if self.chance.random() < 0.95 else self.chance.choice(WORDS)}

    def value_of(self, parameter):
        examples = [self.description.resolve(example).get("value") for example in parameter.get("examples", {}).values()]
        pool = [str(example) for example in examples if example is not None] + (ADDRESSES if "address" in parameter["name"] else DOMAINS)
        if parameter["in"] == "path" and parameter["name"] in self.known and self.chance.random() < 0.6:
            return self.chance.choice(self.known[parameter["name"]][-40:])
        return self.chance.choice(pool if self.chance.random() < 0.85 else [text for text in STRINGS if len(text) < 1000])

    def make(self):
        """Method, target, body and headers of a request."""
        path, method, operation = self.chance.choice(self.operations)
        query, headers = [], {}
        for parameter in map(self.description.resolve, [*self.shared[path], *operation.get("parameters", ())]):
            value = self.value_of(parameter)
            if parameter["in"] == "path":
                path = path.replace("{%s}" % parameter["name"], urllib.parse.quote(value.encode("utf-8", "surrogatepass"), safe=""))
            elif self.chance.random() < 0.3 and parameter["in"] == "query":
                query.append(urllib.parse.urlencode({parameter["name"]: value.encode("utf-8", "surrogatepass")}))
            elif self.chance.random() < 0.2 and parameter["in"] == "header":
                tag = self.chance.choice([*self.tags[-20:], '"x"', "*", "x", 'W/"x"'])
                headers[parameter["name"]] = tag if "Match" in parameter["name"] else value.encode("ascii", "replace").decode().translate({c: "?" for c in range(32)})[:200]
        data, kind = self.body(operation)
        return method.upper(), path + ("?" + "&".join(query) if query else ""), data, {**headers, **kind}


class State:
    """What the directory holds, as far as a request may change it."""

    def __init__(self, g):
        self.connection = ldap.initialize(g.ldap_url)
        self.connection.simple_bind_s("uid=%s,%s" % (DRIVER[0], PLACES[1]), DRIVER[1])

    def read(self):
        found = self.connection.search_s(BASE, ldap.SCOPE_SUBTREE, "(objectClass=*)", ["entryCSN"])
        return {dn: entry.get("entryCSN") for dn, entry in found if dn and dn.endswith(PLACES)}


def furnish(client):
    """Something to work on, and who works."""
    done = []
    for (login, password), rights in ((DRIVER, True), (OWNER, False)):
        done.append(client.post("/v1/principals", {"login": login, "password": password, "super_administrator": rights}))
    for name in ("one.example", "two.example"):
        done.append(client.post("/v1/domains", {"name": name}))
    done.append(client.post("/v1/domains", {"name": "brand.example", "kind": "alias", "target": "one.example"}))
    for address in ("john@one.example", "jane@one.example", "john@two.example"):
        done.append(client.post("/v1/users", {"address": address}))
    done.append(client.post("/v1/aliases", {"address": "info@one.example", "destinations": ["john@one.example", "jane@two.example"]}))
    done.append(client.put("/v1/domains/one.example/administrators/" + OWNER[0], {"role": "owner"}))
    tap.is_([reply for reply in done if reply.status >= 300], [], "there is something to work on")


def reinstate(client):
    """Whatever became of the owner, his password, his domain and his role: he is who he was."""
    client.delete("/v1/principals/" + OWNER[0])
    client.post("/v1/principals", {"login": OWNER[0], "password": OWNER[1]})
    client.post("/v1/domains", {"name": "one.example"})
    client.put("/v1/domains/one.example/administrators/" + OWNER[0], {"role": "owner"})


def strive(g, maker, seconds, callers):
    """Send what is made up until the time is over; what was wrong with the replies, and how often the owner was somebody."""
    state, wrong, count, seen, owner, known = State(g), [], 0, {}, callers[-1], [0, 0]
    before = state.read()
    until = time.monotonic() + seconds
    while time.monotonic() < until and len(wrong) < 5:
        client = maker.chance.choice(callers)
        if client is owner and known[0] % OWNER_EACH == 0:
            reinstate(callers[0])
            before = state.read()
        method, target, data, headers = maker.make()
        reply = client.request(method, target, headers=headers, raw=data)
        if client is owner:
            known = [known[0] + 1, known[1] + (reply.status != 401)]
        after = state.read()
        count += 1
        seen[reply.status] = seen.get(reply.status, 0) + 1
        maker.learn(reply)
        what = "%s %s %r %s -> %s" % (method, target, (data or b"")[:300], headers, reply)
        if reply.status >= 500:
            wrong.append(what)
        if (reply.status >= 400 or method == "GET") and after != before:
            wrong.append("it wrote %s: %s" % (sorted(dn for dn in {*before, *after} if before.get(dn) != after.get(dn))[:4], what))
        before = after
    return wrong, count, seen, known


def is_whole(client):
    """Whatever is left can be read, and resolved."""
    left = []
    for kind, key in (("domains", "name"), ("users", "address"), ("aliases", "address"), ("principals", "login")):
        reply = client.get("/v1/%s?limit=1000" % kind)
        for record in reply.json["items"]:
            one = client.get("/v1/%s/%s" % (kind, urllib.parse.quote(record[key], safe="")))
            if one.status != 200:
                left.append(one)
            if kind in ("users", "aliases") and not record[key].startswith("@") and client.get("/v1/resolve/" + urllib.parse.quote(record[key], safe="")).status != 200:
                left.append("resolve " + record[key])
    return left


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=SECONDS)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(2**32))
    options = parser.parse_args()
    with gateway.Gateway() as g:
        furnish(admin(g))
        client = Client(g.address, *DRIVER)
        maker = Maker(gateway.Description(), options.seed)
        wrong, count, seen, known = strive(g, maker, options.seconds, [client, client, client.as_(*OWNER)])
        tap.is_(wrong, [], "of %d requests none fails, and none that is refused writes (seed %d)" % (count, options.seed))
        tap.ok(sum(n for status, n in seen.items() if status < 300) > count / 20 and seen.get(422, 0) > 0, "many are done, and many are not: %s" % dict(sorted(seen.items())))
        tap.ok(known[1] > known[0] * 0.8, "the owner is known in most of his %d requests (seed %d)" % (known[0], options.seed), known)
        tap.is_(client.complaints, [], "every reply is as described (seed %d)" % options.seed)
        tap.is_(is_whole(client), [], "what is left can be read")
        tap.is_(complaints_of_log(g), [], "the log tells of no error of ours")
    tap.done()


if __name__ == "__main__":
    main()
