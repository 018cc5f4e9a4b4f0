#!/usr/bin/python3
"""What attackers send: injections (R20, R21), malformed and oversized bodies (R18), odd logins (R22). And no secret gets out (R45).

The numbers are those of tests/e2e/attacks.py."""

import base64
import concurrent.futures
import json
import os
import re
import subprocess
import sys
import urllib.parse

sys.path.insert(0, os.path.join(os.environ.get("top_srcdir") or os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))), "tests", "lib"))
sys.path.insert(1, os.path.dirname(os.path.abspath(__file__)))

import ldap
import ldap.dn

import gateway
import tap
from described import admin, complaints_of_log
from wire import ANSWER_SECONDS, BASE, MIB, Directory, Target, Wire, ask, basic, changes, padded

# ---- Injections -----------------------------------------------------------------------------------------------------

# None of them is a login, a domain name, what stands before "@", or a number.
INJECTIONS = [
    "*", "**", "a*", "*a", "*)(uid=*", ")(uid=*", "*)(uid=*))(|(uid=*", "admin)(&)", "admin)(|(a=b", ")(|(a=b", "(", ")", "()", "!(a=b)", "|", "&",
    "\\", "\\\\", "\\2a", "\\00", "\\2A\\29", "a\\", "\\,", "admin\\20", "a(b", "a)b", "(objectClass=*)", "*)(objectClass=*",
    ",", "a,b", "+", "a+b", "a+mail=b", "\"", "\"a\"", "<", ">", "<a>", ";", "a;b", "#", "#61", " ", " a", "a ", "a\\,b", "a,ou=domains",
    "a,provostDomainName=inj.example", "a\\2cprovostDomainName=inj.example", "x,ou=principals,dc=provost", "uid=admin,ou=principals,dc=provost",
    "2.5.4.3=x,", "OID.2.5.4.3=x,", "ldap:///ou=domains,dc=provost??sub", "dn:uid=admin,ou=principals,dc=provost", "u:admin",
    "/", "/etc/passwd", "../x", "..\\x", "a/../b", "....//", "%", "%s%s%n", "%2a", "%00", "${jndi:ldap://127.0.0.1/x}", "${7*7}", "{{7*7}}", "$(id)", "`id`", "|id",
    "'; drop table users; --", "\" or 1=1", "<script>alert(1)</script>", "<!--#exec cmd=\"id\"-->", "%{env:HOME}", "~root", "a:b", "a@b@c",
    "\uff41dmin", "\u24d0dmin", "adm\u0131n", "adm\u0130n", "\u212a", "\u017f", "\u00df", "\ufb01", "\u00e9", "e\u0301", "a\u00adb", "a\u200bb", "\u202eadmin", "\ufeffadmin",
    "\ufffd", "\uffff", "\U0001f600", "\U0010ffff", "x" * 300, "*" * 300, "\u00e9" * 200, "(" * 300,
]
CONTROLS = ["\x00", "a\x00", "\x00a", "a\x01b", "a\tb", "a\nb", "a\rb", "a\r\nb", "\n", "a\x1bb", "a\x7fb", "a\x80b", "a\x85b", "a\x9fb", "a\u2028b", "a\u2029b"]
INVALID = [b"\xff", b"a\x80", b"\xc3", b"\xc3(", b"\xc0\xaf", b"\xc1\xbf", b"\xe0\x80\xaf", b"\xe2\x82", b"\xed\xa0\x80", b"\xf0\x80\x80\xaf", b"\xf4\x90\x80\x80",
           b"\xf8\x88\x80\x80\x80", b"\xfe", b"a\xe9b"]
# These are what may stand before "@", whatever they look like.
ODD_LOCALS = ["=", "a=b", "mail=x", "uid=admin", "ou=domains", "_", "a-", "0", "xn--", "=2a", "a.b.c", "2.5.4.3=x"]


def encoded(text):
    data = text if isinstance(text, bytes) else text.encode()
    return "".join("%%%02x" % byte for byte in data)


def in_paths_and_queries(client, text, wrong):
    """One string in every place of every path and query: none of them is taken for anything."""
    code = encoded(text)
    places = [("GET", "/v1/%s", None)]
    for collection in ("domains", "users", "aliases"):
        places += [(verb, "/v1/%s/%%s" % collection, body) for verb, body in (("GET", None), ("PATCH", {}), ("DELETE", None))]
        places += [("GET", "/v1/%s?limit=%%s" % collection, None), ("GET", "/v1/%s?%%s=1" % collection, None)]
    places += [("GET", "/v1/users/%s@inj.example", None), ("GET", "/v1/users/john@%s", None), ("GET", "/v1/aliases/%s@inj.example", None),
               ("DELETE", "/v1/users/%s@inj.example", None), ("PATCH", "/v1/users/john@inj.example%s", {}), ("GET", "/v1/users/john%s@inj.example", None),
               ("PUT", "/v1/users/%s/password", {"password": "x"}), ("PUT", "/v1/users/%s@inj.example/password", {"password": "x"}),
               ("GET", "/v1/users?domain=%s", None), ("GET", "/v1/aliases?domain=inj.example%s", None), ("POST", "/v1/users?generate_password=%s", {"address": "new@inj.example"})]
    for verb, place, body in places:
        reply = client.request(verb, place.replace("%s", code), body)
        if reply.status not in (400, 404) or (reply.status == 404 and "?" in place and "domain=" not in place):
            wrong.append("%s %s with %r: %s" % (verb, place, text, reply))
    for cursor in (code, encoded(base64.b64encode(text if isinstance(text, bytes) else text.encode()))):
        reply = client.get("/v1/users?domain=inj.example&limit=5&cursor=" + cursor)
        # A cursor is a place in an order, and no more: it finds what is behind it, or is refused.
        if reply.status != 400 and not (reply.status == 200 and {item["address"] for item in reply.json["items"]} <= {"jane@inj.example", "john@inj.example"}):
            wrong.append("cursor %s of %r: %s" % (cursor, text, reply))


def in_identities(client, text, wrong):
    """One string where a name is asked for."""
    bodies = [("/v1/domains", {"name": text}), ("/v1/domains", {"name": text + ".inj.example"}), ("/v1/domains", {"name": "inj.example" + text}),
              ("/v1/domains", {"name": "host.inj.example", "imap_host": text, "smtp_host": text + ".example"}),
              ("/v1/users", {"address": text}), ("/v1/users", {"address": text + "@inj.example"}), ("/v1/users", {"address": "new@" + text}),
              ("/v1/users", {"address": "new@inj.example" + text}), ("/v1/users", {"address": "new@inj.example", "password_hash": text}),
              ("/v1/users", {"address": "new@inj.example", "password_hash": "{CRYPT}" + text}),
              ("/v1/aliases", {"address": text, "destinations": ["x@elsewhere.example"]}),
              ("/v1/aliases", {"address": text + "@inj.example", "destinations": ["x@elsewhere.example"]}),
              ("/v1/aliases", {"address": "new@inj.example", "destinations": [text]}),
              ("/v1/aliases", {"address": "new@inj.example", "destinations": ["x@" + text]}),
              ("/v1/users", {"address": "new@inj.example", text: "x"})]
    for target, body in bodies:
        reply = client.post(target, body)
        if reply.status not in ((400, 422) if "\x00" in text else (422,)):
            wrong.append("POST %s %r: %s" % (target, body, reply))


def in_prose(client, directory, text, number, wrong):
    """One string where people may write what they want: it comes back as it is, and is in one place."""
    address = "prose%d@inj.example" % number
    reply = client.post("/v1/users", {"address": address, "name": text, "given_name": text, "family_name": text})
    if reply.status == 422:
        return 0
    found = directory.find("cn", text)
    same = reply.status == 201 and [reply.json[key] for key in ("name", "given_name", "family_name")] == [text] * 3
    stored = len(found) == 1 and all(found[0][1][name] == [text.encode()] for name in ("cn", "sn", "givenName")) and found[0][1]["mail"] == [address.encode()]
    read = client.get("/v1/users/" + address).json
    if not same or not stored or read["name"] != text:
        wrong.append("%r: %s, %s" % (text, reply, found))
    client.delete("/v1/users/" + address)
    return 1


def injections(target, directory):
    client = target.admin
    client.post("/v1/domains", {"name": "inj.example"})
    for name in ("jane", "john"):
        client.post("/v1/users", {"address": name + "@inj.example"})
    before = directory.dump()
    wrong = []
    for text in INJECTIONS + CONTROLS:
        if text not in ("/",):  # that one parts a path, and is nothing then
            in_paths_and_queries(client, text, wrong)
    tap.is_(wrong, [], "R20: injections in paths and queries: 400 or 404")
    wrong = []
    for data in INVALID:
        in_paths_and_queries(client, data, wrong)
    tap.is_(wrong, [], "malformed UTF-8 in paths and queries: 400")
    wrong = []
    for text in INJECTIONS + CONTROLS:
        in_identities(client, text, wrong)
    tap.is_(wrong, [], "R21: injections in names and addresses: 422")
    tap.is_(changes(before, directory.dump()), [], "the directory is as it was")
    odd = []
    for local in ODD_LOCALS:
        address = local + "@inj.example"
        created = client.post("/v1/users", {"address": address})
        found = directory.find("mail", address)
        parsed = ldap.dn.str2dn(found[0][0]) if found else None
        parents = [[("provostDomainName", "inj.example", 1)], [("ou", "domains", 1)], [("dc", "provost", 1)]]
        good = created.status == 201 and len(found) == 1 and parsed[0] == [("mail", address, 1)] and parsed[1:] == parents \
            and client.get("/v1/users/" + encoded(address)).status == 200 and client.get("/v1/users/" + address).json["address"] == address \
            and client.delete("/v1/users/" + encoded(address)).status == 204
        if not good:
            odd.append((address, created, found))
    tap.is_(odd, [], "R21: what only looks like a DN is one name under its domain")
    wrong, taken = [], 0
    for number, text in enumerate(INJECTIONS):
        taken += in_prose(client, directory, text, number, wrong)
    tap.is_(wrong, [], "injections in text for people: as they are, in one place")
    tap.ok(taken > len(INJECTIONS) // 2, "most of them are text like any other")
    tap.is_(changes(before, directory.dump()), [], "the directory is as it was")
    tap.is_(client.complaints, [], "every reply is as described")


def logins(target):
    """Names that are not quite the administrator's, and passwords that are not quite his."""
    secret = target.g.secret("admin-password")
    names = [name for name in INJECTIONS + CONTROLS if ":" not in name]
    names += [name + "@inj.example" for name in INJECTIONS if ":" not in name] + ["admin" + name for name in INJECTIONS + CONTROLS if ":" not in name and name != "-"]
    tries = [(name, secret) for name in names] + [(name, "") for name in ("admin", "john@inj.example", "", "cn=manager,dc=provost")]
    tries += [("admin", password) for password in ("", " ", "\x00", "\x00" + secret, secret + "\x00", secret + " ", " " + secret, secret[:-1], secret + "x", secret.upper(),
                                                    "*", "p" * 1024, "p" * 1025, "p" * 9000)]
    tries += [(data, secret) for data in INVALID] + [("admin", data) for data in INVALID]

    def attempt(one):
        replies, _ = ask(target.address, target.get(b"/v1/me", extra=basic(*one) + b"Connection: close\r\n"))
        return one, [reply.status for reply in replies]

    with concurrent.futures.ThreadPoolExecutor(32) as pool:
        wrong = [(one, statuses) for one, statuses in pool.map(attempt, tries) if statuses != [401]]
    tap.is_(wrong, [], "R22: %d logins that are not quite right: 401" % len(tries))
    good = [ask(target.address, target.get(b"/v1/me", extra=basic(name, secret) + b"Connection: close\r\n"))[0][0].status for name in ("admin", "ADMIN", "aDmIn")]
    tap.is_(good, [200, 200, 200], "in ASCII, letter case does not matter")


# ---- Bodies ---------------------------------------------------------------------------------------------------------


def nested(depth):
    """Objects and arrays within each other."""
    return b'{"x":' + b"[" * (depth - 1) + b"]" * (depth - 1) + b"}"


def with_keys(count):
    return b"{" + b",".join(b'"k%d":1' % i for i in range(count)) + b"}"


def with_elements(count):
    """So many values: the object, the array, and what is in it."""
    return b'{"destinations":[' + b",".join([b'"x"'] * (count - 2)) + b"]}"


BODIES = [
    # What it is, the body, its status and code.
    ("depth 16", nested(16), 422, "invalid"),
    ("depth 17", nested(17), 400, "json_too_deep"),
    ("depth 100,000", nested(100000), 400, "json_too_deep"),
    ("depth 100,000, never closed", b'{"x":' + b"[" * 100000, 400, "json_too_deep"),
    ("objects 100,000 deep", b'{"x":' * 100000, 400, "json_too_deep"),
    ("brackets in a string", b'{"x":"' + b"[" * 5000 + b'"}', 422, "invalid"),
    ("quotes and brackets in a string", b'{"x":"' + b'\\"[' * 3000 + b'\\\\"}', 422, "invalid"),
    ("256 keys", with_keys(256), 422, "invalid"),
    ("257 keys", with_keys(257), 400, "json_too_large"),
    ("60,000 keys", with_keys(60000), 400, "json_too_large"),
    ("257 keys further down", b'{"a":' + with_keys(257) + b"}", 400, "json_too_large"),
    ("12,000 values", with_elements(12000), 422, "invalid"),
    ("12,001 values", with_elements(12001), 400, "json_too_large"),
    ("100,000 values", with_elements(100000), 400, "json_too_large"),
    ("R18: a key that stands there twice", b'{"name":"x.body.example","name":"y.body.example"}', 400, "json_malformed"),
    ("the same key written otherwise", b'{"name":"x.body.example","n\\u0061me":"y.body.example"}', 400, "json_malformed"),
    ("a byte order mark", b'\xef\xbb\xbf{"name":"x.body.example"}', 400, "json_malformed"),
    ("UTF-16", '{"name":"x.body.example"}'.encode("utf-16"), 400, "json_malformed"),
    ("UTF-32", '{"name":"x.body.example"}'.encode("utf-32-be"), 400, "json_malformed"),
    ("NUL in a string", b'{"name":"x.body\0.example"}', 400, "json_malformed"),
    ("NUL escaped", b'{"name":"x.body.example","description":"a\\u0000b"}', 400, "json_malformed"),
    ("NUL escaped in a key", b'{"name":"x.body.example","desc\\u0000ription":"b"}', 400, "json_malformed"),
    ("NUL behind the object", b'{"name":"x.body.example"}\0', 400, "json_malformed"),
    ("NUL behind the object, and more", b'{"name":"x.body.example"}\0{"kind":"x"}', 400, "json_malformed"),
    ("NUL alone", b"\0", 400, "json_malformed"),
    ("nothing", b"", 400, "json_malformed"),
    ("blanks", b" \n\t ", 400, "json_malformed"),
    ("a line feed in a string", b'{"name":"x.body.example","description":"a\nb"}', 400, "json_malformed"),
    ("a lone surrogate", b'{"name":"x.body.example","description":"\\udc00"}', 400, "json_malformed"),
    ("half a pair", b'{"name":"x.body.example","description":"\\ud800x"}', 400, "json_malformed"),
    ("an unknown escape", b'{"name":"x.body.example","description":"\\q"}', 400, "json_malformed"),
    ("half an escape", b'{"name":"x.body.example","description":"\\u12"}', 400, "json_malformed"),
    ("a string without end", b'{"name":"x.body.example', 400, "json_malformed"),
    ("a backslash at the end", b'{"name":"x.body.example\\', 400, "json_malformed"),
    ("two objects", b'{"name":"x.body.example"}{"name":"y.body.example"}', 400, "json_malformed"),
    ("a comment", b'{"name":"x.body.example"/*c*/}', 400, "json_malformed"),
    ("closing brackets", b"}" * 10000, 400, "json_malformed"),
    ("colons", b":" * 300, 400, None),
    ("commas", b"," * 20000, 400, "json_too_large"),
    ("a number without end", b'{"default_user_quota_bytes":' + b"9" * 500000 + b"}", 400, None),
    ("a fraction without end", b'{"default_user_quota_bytes":0.' + b"9" * 500000 + b"}", (400, 422), None),
    ("1e400", b'{"name":"x.body.example","default_user_quota_bytes":1e400}', 400, None),
    ("1e999999999999", b'{"name":"x.body.example","default_user_quota_bytes":1e999999999999}', 400, None),
    ("2^63", b'{"name":"x.body.example","default_user_quota_bytes":9223372036854775808}', 400, None),
    ("-2^63", b'{"name":"x.body.example","default_user_quota_bytes":-9223372036854775808}', 422, "invalid"),
    ("-2^63-1", b'{"name":"x.body.example","default_user_quota_bytes":-9223372036854775809}', 400, None),
    ("Infinity", b'{"name":"x.body.example","default_user_quota_bytes":Infinity}', 400, "json_malformed"),
    ("0x10", b'{"name":"x.body.example","default_user_quota_bytes":0x10}', 400, "json_malformed"),
    ("+1", b'{"name":"x.body.example","default_user_quota_bytes":+1}', 400, "json_malformed"),
    ("a name of 1,000,000 bytes", b'{"name":"' + b"a" * 1000000 + b'"}', 422, "invalid"),
    ("a key of 1,000,000 bytes", b'{"name":"x.body.example","' + b"k" * 1000000 + b'":1}', 422, "invalid"),
    ("text of 1,000,000 bytes", b'{"name":"x.body.example","description":"' + b"d" * 1000000 + b'"}', 422, "invalid"),
    ("text of line separators", '{"name":"x.body.example","description":"\u2028"}'.encode(), 422, "invalid"),
    ("form data", b"name=x.body.example", 400, "json_malformed"),
    ("XML with an entity", b'<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>', 400, "json_malformed"),
    ("YAML", b"name: x.body.example", 400, "json_malformed"),
]
BODIES += [("malformed UTF-8 %r" % data, b'{"name":"x.body.example","description":"' + data + b'"}', 400, "json_malformed") for data in INVALID]
BODIES += [("malformed UTF-8 %r in a key" % data, b'{"name":"x.body.example","' + data + b'":1}', 400, "json_malformed") for data in INVALID]


def bodies(target, directory):
    before = directory.dump()
    for what, body, status, code in BODIES:
        for how, data in (("", target.post(body)), (" in chunks", target.chunked(body, 1000) if len(body) > 1 else None)):
            if data is None or (how and len(body) > 20000):
                continue
            with Wire(target.address) as wire:
                wire.send(data)
                reply = wire.reply()
                wanted = status if isinstance(status, tuple) else (status,)
                got = json.loads(reply.body) if reply is not None and reply.body else {}
                good = reply is not None and reply.status in wanted and (code is None or got.get("code") == code)
                wire.send(target.get(extra=b"Connection: close\r\n"))
                after = wire.reply()
                tap.ok(good and after is not None and after.status == 200, "body: %s%s -> %s" % (what, how, status),
                       "got %s, then %s" % (reply and (reply.status, reply.body[:300]), after and after.status))
    tap.is_(changes(before, directory.dump()), [], "bodies that were refused have changed nothing")


def sizes(target):
    """Bodies at the limit, above it, and ten times as large."""
    def one(name, data):
        with Wire(target.address) as wire:
            wire.send(data)
            reply = wire.reply()
            return reply, wire.end(ANSWER_SECONDS) is not None if reply is None or reply.status == 413 and reply.header("Connection") == "close" else False

    reply, _ = one("limit", target.post(padded("limit.body.example", MIB)))
    tap.is_(reply and reply.status, 201, "a body of 1 MiB")
    reply, _ = one("limit", target.chunked(padded("limit-chunked.body.example", MIB)))
    tap.is_(reply and reply.status, 201, "a body of 1 MiB in chunks")
    reply, ended = one("above", target.post(padded("above.body.example", MIB + 1)))
    tap.ok(reply is not None and reply.status == 413 and json.loads(reply.body)["code"] == "too_large" and ended, "a byte more: 413, and closed", reply and reply.body)
    reply, _ = one("above", target.chunked(padded("above.body.example", MIB + 1)))
    tap.ok(reply is not None and reply.status == 413 and json.loads(reply.body)["code"] == "too_large", "a byte more in chunks: 413", reply and reply.body)
    # Who sends on and on may find the connection closed before he reads the reply.
    for what, data in (("", target.post(padded("ten.body.example", 10 * MIB))), (" in chunks", target.chunked(padded("ten.body.example", 10 * MIB)))):
        with Wire(target.address) as wire:
            wire.send(data)
            reply = wire.reply()
            tap.ok((reply is None and wire.ended) or (reply is not None and reply.status == 413), "ten times as much%s: 413 or closed" % what, reply and reply.status)
            tap.ok(target.is_alive(), "ten times as much%s: others are served" % what)
    announced = target.post(b"", extra=b"Content-Length: %d\r\nExpect: 100-continue\r\n" % (MIB + 1), length=False)
    with Wire(target.address) as wire:
        wire.send(announced)
        reply = wire.reply()
        tap.is_(reply and reply.status, 413, "who asks before sending too much is told so")
    with Wire(target.address) as wire:
        body = b'{"name":"asked.body.example"}'
        wire.send(target.post(b"", extra=b"Content-Length: %d\r\nExpect: 100-continue\r\n" % len(body), length=False))
        first = wire.reply()
        wire.send(body)
        second = wire.reply()
        tap.is_((first and first.status, second and second.status), (100, 201), "who asks before sending a good one is told to go on")
    reply, _ = one("bytes", target.chunked(padded("bytes.body.example", 5000), size=1))
    tap.is_(reply and reply.status, 201, "a body in chunks of one byte")
    for name in ("above", "ten"):
        tap.is_(target.admin.get("/v1/domains/%s.body.example" % name).status, 404, "%s.body.example was not created" % name)
    many = ["d%05d@elsewhere.example" % number for number in range(10001)]
    target.admin.post("/v1/domains", {"name": "many.body.example"})
    tap.is_(target.admin.post("/v1/aliases", {"address": "a@many.body.example", "destinations": many[:10000]}).status, 201, "an alias with 10,000 destinations")
    tap.is_(target.admin.post("/v1/aliases", {"address": "b@many.body.example", "destinations": many}).status, 422, "an alias with 10,001 destinations")


# ---- Secrets --------------------------------------------------------------------------------------------------------

SECRETS = ["canary-created-7f3a", "canary-changed-81bc", "canary-set-92cd", "canary-wrong-a3de", "canary-current-b4ef", "canary-query-c5f0", "canary-bearer-d601",
           "canary-basic-e712", "canary-refused-f823", "canary-malformed-0934", "canary-member-1a45", "canary-hash-2b56", "canary-own-3c67"]


def secrets(target):
    """Passwords in every place where one may put them, the wrong ones included."""
    client = target.admin
    client.post("/v1/domains", {"name": "secret.example"})
    client.post("/v1/users", {"address": "john@secret.example", "password": SECRETS[0]})
    client.patch("/v1/users/john@secret.example", {"password": SECRETS[1]})
    client.put("/v1/users/john@secret.example/password", {"password": SECRETS[2]})
    john = target.as_("john@secret.example", SECRETS[2])
    statuses = [john.get("/v1/me").status,
                target.as_("john@secret.example", SECRETS[3]).get("/v1/me").status,
                john.put("/v1/users/john@secret.example/password", {"password": SECRETS[12], "current": SECRETS[4]}).status,
                target.as_(None, None).get("/v1/me?api_key=" + SECRETS[5]).status,
                target.as_(None, None).get("/v1/me", headers={"Authorization": "Bearer " + SECRETS[6]}).status,
                target.as_(None, None).get("/v1/me", headers={"Authorization": "Basic " + SECRETS[7]}).status,
                client.post("/v1/users", {"address": "new@secret.example", "password": SECRETS[8] + "\n"}).status,
                client.request("POST", "/v1/users", raw='{"address": "new@secret.example", "password": "%s"' % SECRETS[9], headers={"Content-Type": "application/json"}).status,
                client.post("/v1/users", {"address": "new@secret.example", "passwort": SECRETS[10]}).status,
                client.post("/v1/users", {"address": "new@secret.example", "password_hash": SECRETS[11]}).status,
                client.post("/v1/users", {"address": "new@secret.example", "password": [SECRETS[0]]}).status,
                john.put("/v1/users/john@secret.example/password", {"password": SECRETS[12], "current": SECRETS[2]}).status]
    tap.is_(statuses, [200, 401, 403, 400, 401, 401, 422, 400, 422, 422, 422, 204], "secrets were sent to every place")
    # The one reply that has a password in it, and is not recorded.
    generated = admin(target.g).post("/v1/users?generate_password=true", {"address": "made@secret.example"}).json["generated_password"]
    return SECRETS + [generated]


def processes(pid):
    """The process and its children."""
    found = [pid]
    for name in os.listdir("/proc"):
        try:
            with open("/proc/%s/stat" % name, encoding="utf-8", errors="replace") as file:
                if int(file.read().rsplit(")", 1)[1].split()[1]) == pid:
                    found.append(int(name))
        except (OSError, ValueError, IndexError):
            continue
    return found


def stored(g):
    """The whole database as slapd would back it up."""
    done = subprocess.run([os.environ.get("SLAPCAT", "/usr/sbin/slapcat"), "-F", os.path.join(g.state, "slapd.d"), "-b", BASE], capture_output=True, timeout=60, check=False)
    text = done.stdout.decode(errors="replace").replace("\n ", "")
    return text + "\n".join(base64.b64decode(value).decode(errors="replace") for value in re.findall(r"^\S+:: (\S+)$", text, re.M))


def no_secret_is_out(g, words):
    words = words + [g.secret("admin-password"), g.secret("services/postfix"), g.secret("services/dovecot"), g.secret("services/signer")]
    forms = set(words) | {base64.b64encode(word.encode()).decode().rstrip("=") for word in words} | {urllib.parse.quote(word) for word in words}
    forms |= {base64.b64encode(("%s:%s" % (login, word)).encode()).decode().rstrip("=") for word in words for login in ("admin", "john@secret.example")}

    def has(text):
        return sorted(form for form in forms if form in text)

    tap.is_([(line, has(line)) for line in g.log().splitlines() if has(line)], [], "R45: no secret is in the log")
    tap.is_(has(b"".join(Wire.said).decode(errors="replace")), [], "R45: no secret is in a reply")
    for pid in processes(g.process.pid):
        for name in ("cmdline", "environ"):
            try:
                with open("/proc/%d/%s" % (pid, name), "rb") as file:
                    tap.is_(has(file.read().decode(errors="replace")), [], "no secret is in /proc/%s of process %d" % (name, processes(g.process.pid).index(pid)))
            except PermissionError:
                tap.ok(True, "nobody can read /proc/%s" % name)
    text = stored(g)
    tap.ok("mail: john@secret.example" in text, "the directory can be dumped")
    tap.is_([word for word in words if word in text], [], "no secret is in the directory")
    tap.ok(re.search(r"\{CRYPT\}\$y\$", text), "their hashes are")


def ids_are_logged(g, ids):
    """Every reply's id is in the log, once."""
    log = g.log()
    logged = re.findall(r" event=(?:request|refused) id=(\S+)", log)
    tap.ok(len(ids) > 300 and len(set(ids)) == len(ids), "every reply has an id of its own")
    tap.is_([one for one in ids if logged.count(one) != 1][:5], [], "every id is in the log, once")
    # The sanitizer says at the start that it does not know fibers.
    odd = [line for line in log.splitlines() if "swapcontext functions" not in line and not re.fullmatch(r'time=\S+ level=\w+ event=[\w-]+( \w+=("([^"\\]|\\.)*"|[^\s"=\\]+))*', line)]
    tap.is_(odd[:5], [], "every line of the log is one record")
    tap.is_([line for line in log.splitlines() if re.search(r"[^\x20-\x7e]", line)][:5], [], "no line of the log has a character of control")


def main():
    with gateway.Gateway("--log-level", "debug", "--mail-trash-days", "0") as g:
        target = Target(g)
        directory = Directory(g)
        bodies(target, directory)
        sizes(target)
        words = secrets(target)
        logins(target)
        ids = Wire.ids[:]
        injections(target, directory)
        ids_are_logged(g, ids)
        no_secret_is_out(g, words)
        directory.connection.unbind_s()
        tap.is_(complaints_of_log(g), [], "the log tells of no error of ours")
        tap.is_(g.stop(), 0, "it ends well")
    tap.done()


if __name__ == "__main__":
    main()
