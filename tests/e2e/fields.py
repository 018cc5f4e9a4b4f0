#!/usr/bin/python3
"""Every member of every body with values of every kind: what the description allows is taken, everything else refused."""

import copy
import os
import re
import sys

sys.path.insert(0, os.path.join(os.environ.get("top_srcdir") or os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))), "tests", "lib"))
sys.path.insert(1, os.path.dirname(os.path.abspath(__file__)))

import jsonschema

import gateway
import tap
from described import admin, complaints_of_log, show

# Values of every JSON type.
KINDS = {
    "string": ["", "x", "null", "true", "0"],
    "integer": [0, 1, -1, 2 ** 62],
    "number": [1.5, 1e300, -0.5],
    "boolean": [True, False],
    "null": [None],
    "array": [[], [1], [None], [True], [[]], [{}], [["x"]], ["a@elsewhere.example", 7]],
    "object": [{}, {"a": 1}, {"value": "x"}, {"$ref": "x"}],
}

# Values on both sides of what each member may be.
NAMES = ["f.example", "F.Example", "a.b.f.example", "x", "f.example.", ".f.example", "a..f.example", "a_b.f.example", "f.1example",
         "1f.example", "a-.f.example", "-a.f.example", "a--b.f.example", "f.x", "xn--bcher-kva.f.example", "b\u00fccher.f.example",
         "a" * 63 + ".f.example", "a" * 64 + ".f.example", "f.example\n", " f.example", "f.example/x", "f.exampl\u0435", "", "*", "@f.example",
         "127.0.0.1", "f.example:80", "[::1]", "f.1", "f.a1", "f.a-", "f.ab", ".".join(["a" * 63] * 3 + ["a" * 57, "ab"])]
PROSE = ["x", "a b", "\u00e9", "\U0001f600", "a\tb", "a\nb", "\r", "a\u0000b"[:1], "a\u007fb", "a\u0085b", "a\u2028b", "a\u2029b", "\u00a0", "\u200b",
         "a" * 1024, "a" * 1025, "", " ", "<script>alert(1)</script>", "${jndi:ldap://x}", "{{7*7}}", "=1+1", "%s%n", "\\", "\"", "*)(uid=*", "\u202e"]
LOCALS = ["x@f.example", "X@F.Example", "x.y@f.example", "x..y@f.example", ".x@f.example", "x.@f.example", "-x@f.example", "x-@f.example",
          "x_y=z@f.example", "x+y@f.example", "x'y@f.example", "x y@f.example", "\"x\"@f.example", "x@y@f.example", "x", "@", "x@", "@f.example", "x@f",
          "a" * 64 + "@f.example", "a" * 65 + "@f.example", "j\u00fcrgen@f.example", "x@f.example\n", "x@[192.0.2.1]", "a%b@f.example", "a!b@f.example",
          "=?utf-8?q?a?=@f.example", "(c)x@f.example", "x@f.example,y@f.example", "x;y@f.example", "*@f.example", "x\\@f.example", "x/y@f.example"]
VALUES = {
    "DomainNameInput": NAMES, "HostNameInput": NAMES, "Prose": PROSE, "AddressInput": LOCALS, "AliasAddressInput": LOCALS, "DestinationInput": LOCALS,
    "LimitInput": [0, 1, -1, 2 ** 63 - 1, -2 ** 63],
    "TransportInput": ["smtp:[mx.f.example]:25", "smtp:x", "smtp", ":x", "smtp:", "SMTP:x", "smtp:x y", "smtp:\u00e9", "lmtp:" + "x" * 250, "lmtp:" + "x" * 251],
    "SenderInput": LOCALS,
    "QuotaInput": [0, 1, -1, 2 ** 31, 2 ** 53 + 1, 2 ** 63 - 1, -2 ** 63, -2 ** 63 + 1],
    "Password": [text for text in PROSE if len(text) < 1000] + ["p" * 256, "p" * 257],
}

READ_ONLY = ["id", "created_at", "updated_at"]
UNKNOWN = ["userPassword", "objectClass", "entryUUID", "memberOf", "isAdmin", "is_admin", "role", "roles", "pwdReset", "createTimestamp", "provostEnabled",
           "mailbox_id", "provostMailboxId", "owner", "dn", "_id", "__proto__", "constructor", "$set", "Name", "ADDRESS", "enabled ", " enabled", "",
           "n\u0430me", "enab\u0142ed", "address.name", "/name", "name~1", "*"]

# A body that is taken, where it goes, and to what it may be sent as a change.
SUBJECTS = {
    "Domain": ("/v1/domains", "name", {"name": "subject.f.example"}, "/v1/domains/subject.f.example"),
    "User": ("/v1/users", "address", {"address": "subject@f.example"}, "/v1/users/subject@f.example"),
    "Alias": ("/v1/aliases", "address", {"address": "subject-alias@f.example", "destinations": ["x@elsewhere.example"]},
              "/v1/aliases/subject-alias@f.example"),
}

# Members that only some domains have.
PLACES = {"target": "/v1/domains/alias.f.example", "transport": "/v1/domains/relay.f.example", "verify_recipients": "/v1/domains/relay.f.example"}


class Schemas:
    """The schemas of the description, and what they think of values."""

    def __init__(self):
        self.document = gateway.Description().document
        # In a pattern of ECMAScript "$" is the end; for Python a line may end before it.
        for part in self.document["components"]["schemas"].values():
            if "pattern" in part:
                part["pattern"] = re.sub(r"\$$", r"\\Z", part["pattern"])

    def properties(self, name):
        return self.document["components"]["schemas"][name]["properties"]

    def allows(self, schema, value):
        whole = dict(schema, components=self.document["components"])
        return jsonschema.Draft202012Validator(whole).is_valid(value)

    def types(self, schema):
        """The JSON types that a schema allows."""
        if "$ref" in schema:
            return self.types(self.document["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]])
        if "anyOf" in schema:
            return set().union(*map(self.types, schema["anyOf"]))
        return set([schema["type"]] if isinstance(schema["type"], str) else schema["type"])

    def names(self, schema):
        """The schemas that a schema refers to."""
        found = {schema["$ref"].rsplit("/", 1)[1]} if "$ref" in schema else set()
        for part in schema.get("anyOf", []) + ([schema["items"]] if "items" in schema else []):
            found |= self.names(part)
        return found


def wrong_kinds(schemas, schema):
    """Values of the types that a schema does not allow."""
    allowed = schemas.types(schema)
    for kind, values in KINDS.items():
        if kind not in allowed and not (kind == "null" and "null" not in allowed):
            yield from values
    if "array" in allowed:
        yield from KINDS["array"][1:]


def faults(reply):
    """[(pointer, code)] of a problem."""
    return [(fault["pointer"], fault["code"]) for fault in (reply.json or {}).get("errors", [])]


def send(client, verb, target, body):
    return client.request(verb, target, body)


def wrong_types(client, schemas, name, verb, target, base):
    """Each member with each value of a wrong type, and all of them at once (R17 of attacks.py)."""
    for key, schema in schemas.properties(name).items():
        wrong = []
        for value in wrong_kinds(schemas, schema):
            reply = send(client, verb, target, dict(base, **{key: value}))
            if reply.status != 422 or ("/" + key, "type") not in faults(reply):
                wrong.append("%s -> %s" % (show(value), reply))
        tap.is_(wrong, [], "R17: %s %s: %s is of no other type" % (verb, name, key))
    every = {key: {"a": 1} for key in schemas.properties(name)}
    reply = send(client, verb, target, every)
    tap.is_((reply.status, sorted(faults(reply))), (422, sorted(("/" + key, "type") for key in every)),
            "%s %s: everything is of a wrong type, and everything is told" % (verb, name))


def wrong_keys(client, name, verb, target, base):
    body = dict(base, **{key: "x" for key in UNKNOWN})
    if name.startswith(("User", "Alias", "Domain")) and not name.endswith("Put"):
        body.update({key: None for key in READ_ONLY})
        want = [("/" + key, "read_only") for key in READ_ONLY]
    else:
        want = []
    want += [("/" + key.replace("~", "~0").replace("/", "~1"), "unknown") for key in UNKNOWN]
    reply = send(client, verb, target, body)
    tap.is_((reply.status, sorted(faults(reply))), (422, sorted(want)), "%s %s: no other members" % (verb, name))
    one = send(client, verb, target, dict(base, **{UNKNOWN[0]: "x"}))
    tap.is_((one.status, faults(one)), (422, [("/" + UNKNOWN[0], "unknown")]), "%s %s: one other member" % (verb, name))


def as_described(client, schemas, name, target, key, schema):
    """On a change, a value is taken if and only if the description allows it."""
    wrong = []
    for value in sum((VALUES.get(part, []) for part in sorted(schemas.names(schema))), []):
        sent = [value] if "array" in schema.get("type", "") else value
        allowed = schemas.allows(schema, sent) and len(str(value).encode()) <= 1024
        renames = (name, key) == ("DomainPatch", "name")
        reply = send(client, "PATCH", target + "?keep_alias=false" * renames, {key: sent})
        if renames and reply.status == 200 and allowed:
            # Unless that was its name: take it back.
            send(client, "PATCH", "/v1/domains/%s?keep_alias=false" % reply.json["name"], {"name": target.rpartition("/")[2]})
        elif renames and allowed and reply.status == 409:
            tap.is_(reply.json["code"], "exists", "%s is there already" % sent)
        elif key in ("name", "address") and name in ("DomainPatch", "UserPatch", "AliasPatch") and not (name == "UserPatch" and key == "name"):
            # The identity: a good one is another one, and that is another fault.
            # One that is well formed and too long to be stored has a fault of its own.
            told = {code for pointer, code in faults(reply) if pointer == "/" + key}
            if reply.status == 200 and allowed and key == "address":
                # In the same domain that is a new name: take it back.
                send(client, "PATCH", reply.headers["Content-Location"], {"address": target.rpartition("/")[2]})
            elif not told & ({"read_only", "range"} if allowed else {"format", "range"}):
                wrong.append("%s -> %s" % (show(sent), reply))
        elif key == "target":
            # A good one has to be the name of another domain that is there.
            told = {200} if reply.status == 200 else {code for pointer, code in faults(reply) if pointer == "/target"}
            if not told & ({200, "reference"} if allowed else {"format", "reference"}):
                wrong.append("%s -> %s" % (show(sent), reply))
        elif (reply.status == 200) != allowed or (reply.status != 200 and (reply.status, [pointer for pointer, _ in faults(reply)]) != (422, ["/" + key])):
            wrong.append("%s -> %s" % (show(sent), reply))
    tap.is_(wrong, [], "%s: %s takes what the description allows, and nothing else" % (name, key))


def defaults(client, schemas, name, collection, base):
    """null, and nothing at all, is the default."""
    key = "name" if "name" in base else "address"
    absent = dict(base, **{key: base[key].replace("subject", "absent")})
    null = {member: None for member in schemas.properties(name)}
    null.update(dict(base, **{key: base[key].replace("subject", "null")}))
    replies = [client.post(collection, body) for body in (absent, null)]
    tap.is_([reply.status for reply in replies], [201, 201], "%s: members that are absent, members that are null" % name)
    for member, schema in schemas.properties(name).items():
        for reply in replies:
            if "default" in schema and member in reply.json and schema["default"] is not None:
                tap.is_(reply.json[member], schema["default"], "%s: the default of %s" % (name, member))
    shown = [{member: value for member, value in reply.json.items() if member not in READ_ONLY} for reply in replies]
    tap.is_(show(shown[0]).replace("absent", "null"), show(shown[1]), "%s: null is the same as nothing" % name)


def main():
    schemas = Schemas()
    with gateway.Gateway(ldap_port=False) as g:
        client = admin(g)
        client.post("/v1/domains", {"name": "f.example"})
        client.post("/v1/domains", {"name": "alias.f.example", "kind": "alias", "target": "f.example"})
        client.post("/v1/domains", {"name": "relay.f.example", "kind": "relay", "transport": "smtp:[mx.f.example]"})
        for kind, (collection, key, base, subject) in SUBJECTS.items():
            before = [client.get(path + "?limit=1000").json for path in ("/v1/domains", "/v1/users", "/v1/aliases")]
            wrong_types(client, schemas, kind + "Create", "POST", collection, base)
            wrong_keys(client, kind + "Create", "POST", collection, base)
            after = [client.get(path + "?limit=1000").json for path in ("/v1/domains", "/v1/users", "/v1/aliases")]
            tap.is_(after, before, "%s: what was refused has changed nothing" % kind)
            tap.is_(client.post(collection, base).status, 201, "%s: without all that it is taken" % kind)
            seen = client.get(subject).json
            wrong_types(client, schemas, kind + "Patch", "PATCH", subject, {})
            wrong_keys(client, kind + "Patch", "PATCH", subject, {})
            tap.is_(client.get(subject).json, seen, "%s: what was refused has changed nothing" % kind)
            whole = {member: value for member, value in base.items() if member != key}
            wrong_types(client, schemas, kind + "Put", "PUT", subject, whole)
            wrong_keys(client, kind + "Put", "PUT", subject, whole)
            tap.is_(client.get(subject).json, seen, "%s: what was refused has changed nothing" % kind)
            reply = client.put(subject, seen)
            tap.is_((reply.status, reply.json), (200, seen), "%s: what is shown can be sent back" % kind)
            for member, schema in schemas.properties(kind + "Patch").items():
                if member == "reserved_to":
                    continue  # refused, whatever it is
                as_described(client, schemas, kind + "Patch", PLACES.get(member, subject), member, schema)
            defaults(client, schemas, kind + "Create", collection, copy.deepcopy(base))
        wrong_types(client, schemas, "NewPassword", "PUT", "/v1/users/subject@f.example/password", {"password": "x"})
        wrong_keys(client, "NewPassword", "PUT", "/v1/users/subject@f.example/password", {"password": "x"})
        tap.is_(client.complaints, [], "every reply is as described")
        tap.is_(complaints_of_log(g), [], "the log tells of no error of ours")
        tap.is_(g.stop(), 0, "it ends well")
    tap.done()


if __name__ == "__main__":
    main()
