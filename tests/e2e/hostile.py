#!/usr/bin/python3
"""What attackers send: injections, malformed and oversized requests, slow and half-open connections. And no secret gets out."""

import base64
import concurrent.futures
import json
import os
import re
import socket
import struct
import subprocess
import sys
import threading
import time
import urllib.parse

sys.path.insert(0, os.path.join(os.environ.get("top_srcdir") or os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))), "tests", "lib"))
sys.path.insert(1, os.path.dirname(os.path.abspath(__file__)))

import ldap
import ldap.dn

import gateway
import tap
from described import Client, admin, complaints_of_log, nobody

BASE = "dc=provost"
ANSWER_SECONDS = 10  # a reply takes no longer, even on a busy machine
MIB = 1 << 20

# ---- Raw connections ------------------------------------------------------------------------------------------------


class RawReply:
    """A reply as it came over the wire."""

    def __init__(self, head, body):
        lines = head.decode("latin-1").split("\r\n")
        self.status = int(lines[0].split(" ")[1])
        self.headers = [tuple(line.split(": ", 1)) for line in lines[1:]]
        self.body = body

    def header(self, name):
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)

    @property
    def ours(self):
        """Whether it is of the gateway, and not of libmicrohttpd itself."""
        return self.header("X-Request-Id") is not None


class Wire:
    """A connection on which anything can be sent."""

    said = []  # everything that any server ever said
    ids = []

    def __init__(self, address, source=None, receive=None):
        host, port = address.rsplit(":", 1)
        self.socket = socket.socket()
        if receive:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive)
        if source:
            self.socket.bind((source, 0))
        self.socket.settimeout(ANSWER_SECONDS)
        self.socket.connect((host, int(port)))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.data = b""
        self.ended = False

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, data):
        """Send as much as is taken: a server that has refused reads no more."""
        try:
            self.socket.sendall(data)
            return True
        except (ConnectionError, socket.timeout):
            return False

    def half_close(self):
        self.socket.shutdown(socket.SHUT_WR)

    def reset(self):
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()

    def fill(self, seconds):
        """Wait for more; False if there is none."""
        self.socket.settimeout(max(seconds, 0.001))
        try:
            data = self.socket.recv(1 << 16)
        except socket.timeout:
            return False
        except ConnectionError:
            data = b""
        self.ended = self.ended or not data
        self.data += data
        Wire.said.append(data)
        return bool(data)

    def reply(self, seconds=ANSWER_SECONDS):
        """The next reply; None if there is none in that time, or the connection has ended."""
        deadline = time.monotonic() + seconds
        while True:
            head, found, rest = self.data.partition(b"\r\n\r\n")
            if found:
                length = re.search(rb"(?i)\r\ncontent-length: (\d+)", head)
                size = int(length.group(1)) if length else 0
                if len(rest) >= size or self.ended:
                    self.data = rest[size:]
                    reply = RawReply(head, rest[:size])
                    if reply.ours:
                        Wire.ids.append(reply.header("X-Request-Id"))
                    return reply
            left = deadline - time.monotonic()
            if self.ended or left <= 0:
                return None
            self.fill(left)

    def end(self, seconds):
        """How long it takes until the server closes; None if it does not."""
        began = time.monotonic()
        while not self.ended and time.monotonic() - began < seconds:
            self.fill(seconds - (time.monotonic() - began))
        return time.monotonic() - began if self.ended else None


def ask(address, data, seconds=ANSWER_SECONDS):
    """Send bytes on a connection of their own; the replies, and whether the connection was closed then."""
    with Wire(address) as wire:
        wire.send(data)
        replies = []
        while True:
            reply = wire.reply(seconds)
            if reply is None:
                return replies, wire.ended
            replies.append(reply)


def basic(login, password):
    pair = (login if isinstance(login, bytes) else login.encode()) + b":" + (password if isinstance(password, bytes) else password.encode())
    return b"Authorization: Basic " + base64.b64encode(pair) + b"\r\n"


class Recorder(Client):
    """Keeps what it was told with what was told over the wire."""

    def request(self, *arguments, **more):
        reply = super().request(*arguments, **more)
        Wire.said.append((reply.text + str(reply.headers)).encode())
        return reply


class Target:
    """A gateway to be attacked, and what is known of it."""

    def __init__(self, g):
        self.g, self.address = g, g.address
        self.login = basic("admin", g.secret("admin-password"))
        self.admin = self.as_("admin", g.secret("admin-password"))

    def as_(self, login, password):
        return Recorder(self.address, login, password)

    def get(self, target=b"/livez", extra=b"", version=b"1.1"):
        return b"GET " + target + b" HTTP/" + version + b"\r\nHost: a\r\n" + extra + b"\r\n"

    def post(self, body, extra=b"", target=b"/v1/domains", length=True, verb=b"POST"):
        head = verb + b" " + target + b" HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n" + self.login + extra
        return head + (b"Content-Length: %d\r\n" % len(body) if length else b"") + b"\r\n" + body

    def chunked(self, body, size=16384, **more):
        return self.post(b"", extra=b"Transfer-Encoding: chunked\r\n", length=False, **more) + chunks(body, size)

    def is_alive(self):
        """Whether it serves somebody else."""
        with Wire(self.address) as wire:
            wire.send(self.get(extra=b"Connection: close\r\n"))
            reply = wire.reply()
            return reply is not None and reply.status == 200


def chunks(body, size):
    parts = [body[i:i + size] for i in range(0, len(body), size)]
    return b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"


class Directory:
    """What is there, by LDAP."""

    def __init__(self, g):
        self.connection = ldap.initialize(g.ldap_url)
        self.connection.set_option(ldap.OPT_NETWORK_TIMEOUT, 10)
        self.connection.set_option(ldap.OPT_TIMEOUT, 10)
        self.connection.simple_bind_s("uid=admin,ou=principals," + BASE, g.secret("admin-password"))

    def dump(self):
        """Everything; that a failed login is counted is no change."""
        volatile = {"pwdFailureTime", "entryCSN", "modifyTimestamp", "modifiersName", "contextCSN"}
        found = self.connection.search_s(BASE, ldap.SCOPE_SUBTREE, "(objectClass=*)", ["*", "+"])
        return {dn: {name: sorted(values) for name, values in attributes.items() if name not in volatile} for dn, attributes in found if dn}

    def find(self, attribute, value):
        """Entries that have exactly this value; an injection would be escaped here, too."""
        every = self.connection.search_s("ou=domains," + BASE, ldap.SCOPE_SUBTREE, "(objectClass=*)")
        return [(dn, attributes) for dn, attributes in every if value.encode() in attributes.get(attribute, [])]


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
    tap.is_(wrong, [], "injections in paths and queries: 400 or 404")
    wrong = []
    for data in INVALID:
        in_paths_and_queries(client, data, wrong)
    tap.is_(wrong, [], "malformed UTF-8 in paths and queries: 400")
    wrong = []
    for text in INJECTIONS + CONTROLS:
        in_identities(client, text, wrong)
    tap.is_(wrong, [], "injections in names and addresses: 422")
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
    tap.is_(odd, [], "what only looks like a DN is one name under its domain")
    wrong, taken = [], 0
    for number, text in enumerate(INJECTIONS):
        taken += in_prose(client, directory, text, number, wrong)
    tap.is_(wrong, [], "injections in text for people: as they are, in one place")
    tap.ok(taken > len(INJECTIONS) // 2, "most of them are text like any other")
    tap.is_(changes(before, directory.dump()), [], "the directory is as it was")
    tap.is_(client.complaints, [], "every reply is as described")


def changes(before, after):
    return sorted(dn for dn in set(before) | set(after) if before.get(dn) != after.get(dn))


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
    tap.is_(wrong, [], "%d logins that are not quite right: 401" % len(tries))
    good = [ask(target.address, target.get(b"/v1/me", extra=basic(name, secret) + b"Connection: close\r\n"))[0][0].status for name in ("admin", "ADMIN", "aDmIn")]
    tap.is_(good, [200, 200, 200], "in ASCII, letter case does not matter")


# ---- Bodies ---------------------------------------------------------------------------------------------------------


def padded(name, size):
    body = b'{"name":"%s"}' % name.encode()
    return body + b" " * (size - len(body))


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
    ("a key that stands there twice", b'{"name":"x.body.example","name":"y.body.example"}', 400, "json_malformed"),
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


# ---- Framing --------------------------------------------------------------------------------------------------------

BODY = b'{"name":"smuggled.frame.example"}'
CHUNKED = chunks(BODY, 100)
LENGTH = b"Content-Length: %d\r\n" % len(BODY)
TE = b"Transfer-Encoding: chunked\r\n"
HOST = b"Host: a\r\n"


def framing(target):
    """What it is, the bytes, and the statuses it may be answered with; 0 is a connection that is closed without a word."""
    post = b"POST /v1/domains HTTP/1.1\r\n" + HOST + b"Content-Type: application/json\r\n" + target.login
    get = b"GET /livez HTTP/1.1\r\n"
    last = HOST + target.login + b"Connection: close\r\n"
    return [
        ("Content-Length and Transfer-Encoding", post + LENGTH + TE + b"\r\n" + CHUNKED, {400}),
        ("Transfer-Encoding and Content-Length", post + TE + LENGTH + b"\r\n" + CHUNKED, {400}),
        ("Transfer-Encoding and Content-Length: 0", post + TE + b"Content-Length: 0\r\n\r\n" + CHUNKED, {400}),
        ("Content-Length twice, the same", post + LENGTH + LENGTH + b"\r\n" + BODY, {400}),
        ("Content-Length twice, another", post + LENGTH + b"Content-Length: 3\r\n\r\n" + BODY, {400}),
        ("Content-Length twice in one line", post + b"Content-Length: %d, %d\r\n\r\n" % (len(BODY), len(BODY)) + BODY, {400}),
        ("Content-Length: -1", post + b"Content-Length: -1\r\n\r\n" + BODY, {400}),
        ("Content-Length: +33", post + b"Content-Length: +%d\r\n\r\n" % len(BODY) + BODY, {400}),
        ("Content-Length: 0x21", post + b"Content-Length: 0x21\r\n\r\n" + BODY, {400}),
        ("Content-Length: 33.0", post + b"Content-Length: 33.0\r\n\r\n" + BODY, {400}),
        ("Content-Length: 3 3", post + b"Content-Length: 3 3\r\n\r\n" + BODY, {400}),
        ("Content-Length without a value", post + b"Content-Length:\r\n\r\n" + BODY, {400}),
        ("Content-Length: 2^63-1", post + b"Content-Length: 9223372036854775807\r\n\r\n" + BODY, {413}),
        ("Content-Length: 2^63", post + b"Content-Length: 9223372036854775808\r\n\r\n" + BODY, {400, 413}),
        ("Content-Length: 2^64", post + b"Content-Length: 18446744073709551616\r\n\r\n" + BODY, {400, 413}),
        ("Content-Length: 2^64+33", post + b"Content-Length: 18446744073709551649\r\n\r\n" + BODY, {400, 413}),
        ("Content-Length : 33", post + b"Content-Length : %d\r\n\r\n" % len(BODY) + BODY, {400}),
        ("Transfer-Encoding twice", post + TE + TE + b"\r\n" + CHUNKED, {400}),
        ("Transfer-Encoding: chunked, identity", post + b"Transfer-Encoding: chunked, identity\r\n\r\n" + CHUNKED, {400}),
        ("Transfer-Encoding: identity, chunked", post + b"Transfer-Encoding: identity, chunked\r\n\r\n" + CHUNKED, {400}),
        ("Transfer-Encoding: gzip, chunked", post + b"Transfer-Encoding: gzip, chunked\r\n\r\n" + CHUNKED, {400}),
        ("Transfer-Encoding: identity", post + b"Transfer-Encoding: identity\r\n\r\n" + CHUNKED, {400}),
        ("Transfer-Encoding: chunked, chunked", post + b"Transfer-Encoding: chunked, chunked\r\n\r\n" + CHUNKED, {400}),
        ("Transfer-Encoding: xchunked", post + b"Transfer-Encoding: xchunked\r\n\r\n" + CHUNKED, {400}),
        ("Transfer-Encoding: chunkedx", post + b"Transfer-Encoding: chunkedx\r\n\r\n" + CHUNKED, {400}),
        ("Transfer-Encoding: \"chunked\"", post + b"Transfer-Encoding: \"chunked\"\r\n\r\n" + CHUNKED, {400}),
        ("Transfer-Encoding: chunked;q=1", post + b"Transfer-Encoding: chunked;q=1\r\n\r\n" + CHUNKED, {400}),
        ("Transfer-Encoding without a value", post + b"Transfer-Encoding:\r\n\r\n" + CHUNKED, {400}),
        ("Transfer-Encoding : chunked", post + b"Transfer-Encoding : chunked\r\n\r\n" + CHUNKED, {400}),
        ("Transfer-Encoding: chunked, and a blank behind it", post + b"Transfer-Encoding: chunked \r\n\r\n" + CHUNKED, {400}),
        ("Content-Length: 33, and a blank behind it", post + b"Content-Length: %d \r\n\r\n" % len(BODY) + BODY, {400}),
        ("Transfer-Encoding behind a vertical tab", post + b"Transfer-Encoding: \x0bchunked\r\n\r\n" + CHUNKED, {400}),
        ("Transfer-Encoding folded", post + b"Transfer-Encoding:\r\n chunked\r\n\r\n" + CHUNKED, {400}),
        ("Transfer-Encoding folded in the middle", post + b"Transfer-Encoding: chun\r\n ked\r\n\r\n" + CHUNKED, {400}),
        ("Content-Length folded", post + b"Content-Length: 3\r\n 3\r\n\r\n" + BODY, {400}),
        ("another header folded before Transfer-Encoding", post + b"X-A: b\r\n Transfer-Encoding: chunked\r\n\r\n" + CHUNKED, {400}),
        ("Transfer-Encoding in HTTP/1.0", post.replace(b"HTTP/1.1", b"HTTP/1.0") + TE + b"\r\n" + CHUNKED, {400}),
        ("a chunk of size -1", post + TE + b"\r\n-1\r\n" + BODY, {400}),
        ("a chunk of size +21", post + TE + b"\r\n+21\r\n" + BODY + b"\r\n0\r\n\r\n", {400}),
        ("a chunk of size 0x21", post + TE + b"\r\n0x21\r\n" + BODY + b"\r\n0\r\n\r\n", {400}),
        ("a chunk of size \" 21\"", post + TE + b"\r\n 21\r\n" + BODY + b"\r\n0\r\n\r\n", {400}),
        ("a chunk of size \"21 \"", post + TE + b"\r\n21 \r\n" + BODY + b"\r\n0\r\n\r\n", {400}),
        ("a chunk of size 2^68", post + TE + b"\r\n100000000000000000\r\n" + BODY, {400, 413}),
        ("a chunk without size", post + TE + b"\r\n\r\n" + BODY, {400}),
        ("a chunk of size 2g", post + TE + b"\r\n2g\r\n" + BODY, {400}),
        ("a chunk without its end", post + TE + b"\r\n21\r\n" + BODY + b"0\r\n\r\n", {400}),
        ("a chunk longer than it says", post + TE + b"\r\n20\r\n" + BODY + b"\r\n0\r\n\r\n", {400}),
        ("no Host", get + b"\r\n", {400}),
        ("Host without a value", get + b"Host:\r\n\r\n", {400}),
        ("two Hosts", get + HOST + HOST + b"\r\n", {400}),
        ("two Hosts, another", get + HOST + b"Host: b\r\n\r\n", {400}),
        ("Host : a", get + b"Host : a\r\n\r\n", {400}),
        ("Host: a, b", get + b"Host: a, b\r\n\r\n", {400}),
        ("Host: a@b", get + b"Host: a@b\r\n\r\n", {400}),
        ("Host: a/b", get + b"Host: a/b\r\n\r\n", {400}),
        ("two Authorizations", b"GET /v1/me HTTP/1.1\r\n" + HOST + target.login + target.login + b"\r\n", {400}),
        ("two Content-Types", post + b"Content-Type: text/plain\r\n" + LENGTH + b"\r\n" + BODY, {400}),
        ("two If-Matches", b"GET /livez HTTP/1.1\r\n" + HOST + b"If-Match: \"a\"\r\nIf-Match: \"b\"\r\n\r\n", {400}),
        ("65 headers", get + HOST + b"".join(b"X-%d: 1\r\n" % i for i in range(64)) + b"\r\n", {431}),
        ("1,000 headers", get + HOST + b"".join(b"X-%d: 1\r\n" % i for i in range(1000)) + b"\r\n", {431}),
        ("17 KiB of headers", get + HOST + b"X: " + b"a" * 17 * 1024 + b"\r\n\r\n", {431}),
        ("17 KiB in many headers", get + HOST + b"".join(b"X-%02d: " % i + b"a" * 340 + b"\r\n" for i in range(50)) + b"\r\n", {431}),
        ("17 KiB of target", b"GET /" + b"a" * 17 * 1024 + b" HTTP/1.1\r\n" + HOST + b"\r\n", {414, 431}),
        ("100 KiB of headers", get + HOST + b"X: " + b"a" * 100 * 1024 + b"\r\n\r\n", {431, 0}),
        ("100 KiB of a header's name", get + HOST + b"X" * 100 * 1024 + b": a\r\n\r\n", {431, 0}),
        ("100 KiB of target", b"GET /" + b"a" * 100 * 1024 + b" HTTP/1.1\r\n" + HOST + b"\r\n", {414, 431, 0}),
        ("100 KiB of method", b"G" * 100 * 1024 + b" / HTTP/1.1\r\n" + HOST + b"\r\n", {400, 414, 431, 501, 0}),
        ("HTTP/0.9", b"GET /livez\r\n\r\n", {400, 505, 0}),
        ("HTTP/0.9, without more", b"GET /livez\r\n", {400, 505, 0}),
        ("HTTP/1.2", get.replace(b"1.1", b"1.2") + HOST + b"\r\n", {505}),
        ("HTTP/2.0", get.replace(b"1.1", b"2.0") + HOST + b"\r\n", {505}),
        ("the preface of HTTP/2", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", {400, 505}),
        ("http/1.1", get.replace(b"HTTP", b"http") + HOST + b"\r\n", {400, 505}),
        ("HTTP/1.10", get.replace(b"1.1", b"1.10") + HOST + b"\r\n", {400, 505}),
        ("HTTP/1.1x", get.replace(b"1.1", b"1.1x") + HOST + b"\r\n", {400, 505}),
        ("HTP/1.1", get.replace(b"HTTP", b"HTP") + HOST + b"\r\n", {400, 505}),
        ("a blank behind the version", get.replace(b"1.1\r", b"1.1 \r") + HOST + b"\r\n", {400, 505, 0}),
        ("two blanks before the version", get.replace(b" HTTP", b"  HTTP") + HOST + b"\r\n", {400, 0}),
        ("a blank before the method", b" " + get + HOST + b"\r\n", {400, 0}),
        ("tabs for blanks", get.replace(b" ", b"\t") + HOST + b"\r\n", {400, 0}),
        ("a blank in the target", b"GET /live z HTTP/1.1\r\n" + HOST + b"\r\n", {400, 0}),
        ("bytes that are not ASCII in the target", b"GET /v1/users/\xc3\xa9 HTTP/1.1\r\n" + HOST + b"\r\n", {400}),
        ("DEL in the target", b"GET /livez\x7f HTTP/1.1\r\n" + HOST + b"\r\n", {400}),
        ("ESC in the target", b"GET /livez\x1b[2J HTTP/1.1\r\n" + HOST + b"\r\n", {400}),
        ("a fragment", b"GET /livez#x HTTP/1.1\r\n" + HOST + b"\r\n", {400}),
        ("the target in absolute form", b"GET http://a/livez HTTP/1.1\r\n" + HOST + b"\r\n", {400}),
        ("another scheme", b"GET file:///etc/passwd HTTP/1.1\r\n" + HOST + b"\r\n", {400}),
        ("CONNECT", b"CONNECT a:25 HTTP/1.1\r\n" + HOST + b"\r\n", {400, 405}),
        ("OPTIONS *", b"OPTIONS * HTTP/1.1\r\n" + HOST + b"\r\n", {400}),
        ("a target that is no path", b"GET livez HTTP/1.1\r\n" + HOST + b"\r\n", {400}),
        ("no target", b"GET HTTP/1.1\r\n" + HOST + b"\r\n", {400, 505, 0}),
        ("a method that is no token", b"G@T /livez HTTP/1.1\r\n" + HOST + b"\r\n", {400}),
        ("a header whose name is no token", get + HOST + b"X Y: b\r\n\r\n", {400}),
        ("a header whose name is not ASCII", get + HOST + b"X\xe9: b\r\n\r\n", {400}),
        ("a line that is no header", get + HOST + b"XY\r\n\r\n", {400, 0}),
        ("a header that begins with a blank", get + b" X: b\r\n" + HOST + b"\r\n", {400, 0}),
        ("NUL in a header's name", get + HOST + b"X\0Y: b\r\n\r\n", {400, 0}),
        ("CR alone in a header", get + HOST + b"X: b\rY: c\r\n\r\n", {400, 0}),
        ("CR alone for a line's end", get.replace(b"\r\n", b"\r") + HOST + b"\r\n", {400, 0}),
        ("ESC in a header", get + HOST + b"X: \x1b[2J\r\n\r\n", {400}),
        ("a compressed body", post + b"Content-Encoding: gzip\r\n" + LENGTH + b"\r\n" + BODY, {415}),
        ("TLS", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(range(256)), {400, 0}),
        ("SSH", b"SSH-2.0-OpenSSH_9.2\r\n\r\n", {400, 0}),
        ("SMTP", b"EHLO a\r\nMAIL FROM:<a@b>\r\n", {400, 505, 0}),
        ("1,000 arguments", b"GET /v1/me?" + b"&".join([b"a=1"] * 1000) + b" HTTP/1.1\r\n" + last + b"\r\n", {0}),
        ("7,000 arguments", b"GET /v1/me?" + b"&".join([b"a"] * 7000) + b" HTTP/1.1\r\n" + last + b"\r\n", {0}),
        ("60 arguments behind a long path", b"GET /" + b"a" * 15000 + b"?" + b"&".join([b"a=1"] * 60) + b" HTTP/1.1\r\n" + last + b"\r\n", {404}),
        ("20,000 arguments", b"GET /v1/me?" + b"&".join([b"a=1"] * 20000) + b" HTTP/1.1\r\n" + last + b"\r\n", {400, 414, 431, 0}),
    ]


CANARY = b"GET /v1/smuggled HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"

# What a strict server would refuse and libmicrohttpd hides from us; docs/security.md has the list.
HIDDEN = [
    ("a bare LF behind every line", b"GET /livez HTTP/1.1\nHost: a\n\n"),
    ("a bare LF behind a header", b"GET /livez HTTP/1.1\r\nHost: a\nX: b\r\n\r\n"),
    ("a bare LF behind the headers", b"GET /livez HTTP/1.1\r\nHost: a\r\n\n"),
    ("bare LFs in a chunked body", b"POST /livez HTTP/1.1\r\nHost: a\r\n" + TE + b"\r\n1\nx\n0\n\n"),
    ("NUL in the target", b"GET /livez\0/../v1/users HTTP/1.1\r\nHost: a\r\n\r\n"),
    ("NUL in the method", b"GET\0X /livez HTTP/1.1\r\nHost: a\r\n\r\n"),
    ("NUL in a header", b"GET /livez HTTP/1.1\r\nHost: a\0b\r\n\r\n"),
    ("a header without a name", b"GET /livez HTTP/1.1\r\nHost: a\r\n: b\r\n\r\n"),
    ("a folded header", b"GET /livez HTTP/1.1\r\nHost: a\r\nX-A: b\r\n c\r\n\r\n"),
    ("two blanks behind the method", b"GET  /livez HTTP/1.1\r\nHost: a\r\n\r\n"),
    ("empty lines before the request", b"\r\n\r\n\r\nGET /livez HTTP/1.1\r\nHost: a\r\n\r\n"),
    ("a chunk's extension", b"POST /livez HTTP/1.1\r\nHost: a\r\n" + TE + b"\r\n1;a=\"b\x01\"\r\nx\r\n0\r\n\r\n"),
    ("trailers that mean something", b"POST /livez HTTP/1.1\r\nHost: a\r\n" + TE + b"\r\n1\r\nx\r\n0\r\nContent-Length: 5\r\nHost: b\r\n\r\n"),
    ("an expectation that is not known", b"GET /livez HTTP/1.1\r\nHost: a\r\nExpect: the-unexpected\r\n\r\n"),
]


def verdicts(target, directory):
    before = directory.dump()
    for what, data, allowed in framing(target):
        replies, ended = ask(target.address, data + CANARY, 3)
        statuses = [reply.status for reply in replies]
        good = ended and len(statuses) <= 1 and (statuses[0] if statuses else 0) in allowed
        tap.ok(good, "framing: %s -> %s" % (what, "/".join(str(status or "closed") for status in sorted(allowed))),
               "got %s%s: %s" % (statuses, ", closed" if ended else "", [reply.body[:200] for reply in replies]))
        if not target.is_alive():
            tap.ok(False, "framing: %s: others are served" % what)
    tap.is_(changes(before, directory.dump()), [], "what was refused has changed nothing")
    at_limits(target)
    for what, data in HIDDEN:
        replies, ended = ask(target.address, data, 0.3)
        said = ", ".join("%d%s" % (reply.status, "" if reply.ours else " (of libmicrohttpd)") for reply in replies) or "nothing"
        tap.note("hidden: %s: %s%s" % (what, said, ", closed" if ended else ""))
        tap.ok(len(replies) <= 1 and target.is_alive(), "hidden: %s: one reply at most, and others are served" % what)


def at_limits(target):
    """What a strict server takes, and just so."""
    many = b"".join(b"X-%d: 1\r\n" % i for i in range(63))
    good = [
        ("64 headers", target.get(extra=many), 200),
        ("16,000 bytes of headers", target.get(extra=b"X: " + b"a" * 16000 + b"\r\n"), 200),
        ("16,000 bytes of target", target.get(b"/v1/" + b"a" * 16000), 404),
        ("HTTP/1.0 without a Host", b"GET /livez HTTP/1.0\r\n\r\n", 200),
        ("names of headers in any letter case", b"GET /v1/me HTTP/1.1\r\nhOST: a\r\n" + target.login.replace(b"Authorization", b"aUTHORIZATION") + b"\r\n", 200),
        ("blanks before a value", b"GET /livez HTTP/1.1\r\nHost:  \t a\r\n\r\n", 200),
        ("bytes that are not ASCII in a header", target.get(extra=b"X: \xc3\xa9\xff\r\n"), 200),
        ("Transfer-Encoding: Chunked", target.post(CHUNKED.replace(b"smuggled", b"chunking"), extra=b"Transfer-Encoding: Chunked\r\n", length=False), 201),
        ("a tab before the value", target.post(CHUNKED.replace(b"smuggled", b"tabulate"), extra=b"Transfer-Encoding:\tchunked\r\n", length=False), 201),
        ("an encoded path", target.get(b"/v1/%6de", extra=target.login), 200),
        ("a method in other letter case", b"get /livez HTTP/1.1\r\n" + HOST + b"\r\n", 405),
        ("a method nobody knows", b"FROBNICATE /livez HTTP/1.1\r\n" + HOST + b"\r\n", 405),
    ]
    for what, data, status in good:
        with Wire(target.address) as wire:
            wire.send(data)
            reply = wire.reply()
            wire.send(target.get())
            second = wire.reply()
            closes = data.startswith(b"GET /livez HTTP/1.0")
            tap.is_((reply and reply.status, second and second.status), (status, None if closes else 200), "at its limit: %s" % what)


# ---- Connections ----------------------------------------------------------------------------------------------------


def after_errors(target):
    """After a refusal of ours the connection goes on."""
    wrong_login = basic("admin", "wrong")
    requests = [
        (400, target.get(b"/v1/users/%zz", extra=target.login)),
        (400, target.post(b"{")),
        (401, target.get(b"/v1/me")),
        (401, target.get(b"/v1/me", extra=wrong_login)),
        (401, target.post(b'{"name":"keep.frame.example"}').replace(target.login, wrong_login)),
        (403, None),
        (404, target.get(b"/nothing")),
        (404, target.get(b"/v1/users/nobody@keep.example", extra=target.login)),
        (404, target.post(b'{"x":1}' * 100, target=b"/nothing")),
        (405, target.post(b"x" * 10000, target=b"/livez")),
        (405, b"DELETE /livez HTTP/1.1\r\nHost: a\r\n\r\n"),
        (409, target.post(b'{"name":"keep.example"}')),
        (412, target.post(b'{"description":"x"}', target=b"/v1/domains/keep.example", extra=b'If-Match: "x"\r\n', verb=b"PATCH")),
        (413, target.chunked(padded("above.keep.example", MIB + 1))),
        (415, target.post(b"{}").replace(b"application/json", b"text/plain")),
        (422, target.post(b"{}")),
        (422, target.chunked(b"{}", 1)),
    ]
    target.admin.post("/v1/domains", {"name": "keep.example"})
    target.admin.post("/v1/users", {"address": "john@keep.example", "password": "a plain man"})
    requests[5] = (403, target.get(b"/v1/users", extra=basic("john@keep.example", "a plain man")))
    with Wire(target.address) as wire:
        for status, data in requests:
            wire.send(data)
            reply = wire.reply()
            wire.send(target.get())
            after = wire.reply()
            tap.is_((reply and reply.status, after and after.status), (status, 200), "after %d the connection goes on" % status)
            if after is None:
                return


def pipelined(target):
    """Many requests at once, some of them slow, are answered in order."""
    wanted, data = [], b""
    for number in range(60):
        kind = number % 4
        if kind == 0:
            wanted.append((404, b"order%d" % number))
            data += target.get(b"/v1/users/order%d@order.example" % number, extra=target.login)
        elif kind == 1:
            wanted.append((200, b'"ok"'))
            data += target.get()
        elif kind == 2:
            wanted.append((422, b"not%d.order.example" % number))
            data += target.post(b'{"address":"x@not%d.order.example"}' % number, target=b"/v1/users")
        else:
            wanted.append((401, b"wrong") if number % 20 == 3 else (405, b"only"))
            data += target.get(b"/v1/me", extra=basic("admin", "wrong")) if number % 20 == 3 else b"PUT /livez HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc"
    with Wire(target.address) as wire:
        sender = threading.Thread(target=wire.send, args=(data,))
        sender.start()
        got = []
        for _ in wanted:
            reply = wire.reply()
            got.append(reply and (reply.status, reply.body))
        sender.join()
    wrong = [(number, one, two) for number, (one, two) in enumerate(zip(got, wanted)) if one is None or one[0] != two[0] or two[1] not in one[1]]
    tap.is_(wrong, [], "60 requests at once are answered in order")
    with Wire(target.address) as wire:
        wire.send(target.get(extra=b"Connection: close\r\n") + target.get())
        first, second = wire.reply(), wire.reply(3)
        tap.ok(first is not None and first.status == 200 and second is None and wire.ended, "what stands behind a last request is not read")


def ends_of_clients(target):
    """Clients that go away in the middle of things."""
    whole = target.post(b'{"name":"away.example"}')
    for cut in range(0, len(whole), 7):
        with Wire(target.address) as wire:
            wire.send(whole[:cut])
            if cut % 2:
                wire.reset()
    slow = target.get(b"/v1/me", extra=basic("admin", "wrong"))
    for _ in range(20):
        wire = Wire(target.address)
        wire.send(slow)
        wire.reset()
    for _ in range(20):
        with Wire(target.address) as wire:
            wire.send(target.get(b"/openapi.json") * 5)
    # libmicrohttpd begins such requests more than once; what they took is to be given back, or the end shows it.
    for size, arguments in [(14, 1000)] * 20 + [(size, 60) for size in range(23000, 29000, 100)]:
        with Wire(target.address) as wire:
            wire.send(b"GET /" + b"a" * (size - 5) + b"?" + b"&".join([b"a"] * arguments) + b" HTTP/1.1\r\nHost: a\r\n\r\n")
            wire.reply(0.01)
    with Wire(target.address) as wire:
        wire.send(target.get())
        wire.half_close()
        reply = wire.reply()
        tap.is_(reply and reply.status, 200, "who has closed his half after a request is answered")
    tap.ok(target.is_alive(), "clients that went away have left no harm")
    tap.is_(target.admin.get("/v1/domains/away.example").status, 404, "half a request is none")


def too_many(target):
    """As many connections as one address may have, and one more. (Others come from 127.0.0.1.)"""
    held = []
    try:
        for _ in range(256):
            wire = Wire(target.address, source="127.0.0.2")
            wire.send(target.get())
            held.append((wire, wire.reply()))
        tap.is_({reply and reply.status for _, reply in held}, {200}, "256 connections from one address are served")
        refused = 0
        for _ in range(5):
            try:
                with Wire(target.address, source="127.0.0.2") as wire:
                    refused += not wire.send(target.get()) or wire.reply() is None
            except ConnectionError:
                refused += 1
        tap.is_(refused, 5, "the 257th is refused")
        tap.ok(target.is_alive(), "others are served")
        held.pop()[0].socket.close()
        tap.ok(gateway.until(lambda: one_more(target), "a free place", 5), "when one has gone, one may come")
    finally:
        for wire, _ in held:
            wire.socket.close()


def one_more(target):
    try:
        with Wire(target.address, source="127.0.0.2") as wire:
            wire.send(target.get())
            reply = wire.reply()
            return reply is not None and reply.status == 200
    except ConnectionError:
        return False


# ---- Many bodies ----------------------------------------------------------------------------------------------------

BODIES_MOST = 64 * MIB  # room for all bodies of a loop


def resident(pid):
    with open("/proc/%d/status" % pid, encoding="utf-8") as file:
        return int(re.search(r"VmRSS:\s+(\d+) kB", file.read()).group(1)) * 1024


def announced(target, size, sent):
    """A connection on which a body is announced, and begun, by somebody who may be anybody."""
    wire = Wire(target.address, source="127.0.0.2")
    wire.send(b"POST /v1/domains HTTP/1.1\r\nHost: a\r\nAuthorization: x\r\nContent-Length: %d\r\n\r\n" % size + b" " * sent)
    return wire


def change(target, name):
    """Statuses of small requests and of a large one."""
    statuses = [target.admin.post("/v1/domains", {"name": name}).status, target.admin.patch("/v1/domains/" + name, {"description": "x"}).status]
    with Wire(target.address) as wire:
        wire.send(target.post(padded("large." + name, MIB)))
        reply = wire.reply()
        return statuses + [reply and reply.status]


def slow_bodies(target):
    """As many as would have all room if they got what they announce, and hardly send anything."""
    before, held, statuses = resident(target.g.process.pid), [], set()
    try:
        held += [announced(target, MIB, 1) for _ in range(BODIES_MOST // MIB)]
        for number in range(4):
            statuses.add(tuple(change(target, "slow%d.example" % number)))
            for wire in held:
                wire.send(b" " * 2048)
            time.sleep(1)
        tap.is_(statuses, {(201, 200, 201)}, "64 slow bodies of 1 MiB keep nobody from sending")
        grown = resident(target.g.process.pid) - before
        tap.ok(grown < BODIES_MOST // 2, "and take memory for what they sent only", "%d bytes" % grown)
        tap.is_([wire for wire in held if wire.ended or wire.fill(0)], [], "they are still at it")
    finally:
        for wire in held:
            wire.socket.close()


def large_bodies(target):
    """As many as have all room, with all that they announced but a byte."""
    held = []
    try:
        held += [announced(target, MIB, MIB - 1) for _ in range(BODIES_MOST // MIB + 16)]
        gateway.until(lambda: change(target, "full.example")[2] == 503, "no room", 10)
        tap.is_(change(target, "crowded.example"), [201, 200, 503], "when there is no room left, small bodies get through")
        with Wire(target.address) as wire:
            wire.send(target.post(padded("another.example", MIB)) + target.get())
            reply, second = wire.reply(), wire.reply()
            tap.ok(reply.status == 503 and b"too much is being sent" in reply.body, "large ones are 503", reply.body)
            tap.is_(second and second.status, 200, "after which the connection goes on")
        for wire in held:
            wire.send(b" ")
        replies = [wire.reply() for wire in held]
        statuses = sorted({reply and reply.status for reply in replies}, key=str)
        tap.is_(statuses, [401, 503], "those who had room are answered, those who had none are 503")
    finally:
        for wire in held:
            wire.socket.close()
    tap.is_(change(target, "roomy.example"), [201, 200, 201], "when they have gone, there is room again")


def many_bodies():
    """All on one loop."""
    with gateway.Gateway("--loops", "1", ldap_port=False) as g:
        target = Target(g)
        slow_bodies(target)
        large_bodies(target)
        tap.is_(complaints_of_log(g), [], "many bodies: the log tells of no error of ours")
        tap.is_(g.stop(), 0, "many bodies: it ends well")


# ---- Slow clients ---------------------------------------------------------------------------------------------------

PATIENCE = {"http-header-seconds": 2, "http-idle-seconds": 3, "http-request-seconds": 8}


def drip(wire, data, pause, seconds):
    """Send bytes with pauses until the server has had enough; after how long that was, None if it never was."""
    began = time.monotonic()
    for i in range(len(data)):
        if time.monotonic() - began > seconds:
            return None
        if not wire.send(data[i:i + 1]):
            return time.monotonic() - began
        if wire.end(pause) is not None:
            return time.monotonic() - began
    return None


def closed_in(what, took, least, most):
    return (took is not None and least <= took <= most, "slow: %s: closed after %g to %g s" % (what, least, most), "after %s s" % took)


def slow_headers(t):
    with Wire(t.address) as wire:
        return closed_in("headers, byte by byte", drip(wire, t.get(extra=b"X: " + b"a" * 1000 + b"\r\n"), 0.4, 8), 1.5, 3.5)


def slow_request_line(t):
    with Wire(t.address) as wire:
        return closed_in("empty lines", drip(wire, b"\r\n" * 100, 0.4, 8), 1.5, 3.5)


def nothing_at_all(t):
    with Wire(t.address) as wire:
        return closed_in("nothing at all", wire.end(8), 1.5, 3.5)


def idle_connection(t):
    with Wire(t.address) as wire:
        wire.send(t.get())
        reply = wire.reply()
        passed, what, detail = closed_in("nothing more after a reply", wire.end(10), 2, 5.5)
        return passed and reply.status == 200, what, detail


def slow_next_headers(t):
    with Wire(t.address) as wire:
        wire.send(t.get())
        wire.reply()
        return closed_in("the headers of a second request", drip(wire, t.get(extra=b"X: " + b"a" * 1000 + b"\r\n"), 0.4, 12), 1.5, 6.5)


def slow_body(t):
    with Wire(t.address) as wire:
        wire.send(t.post(b"", extra=b"Content-Length: 100000\r\n", length=False))
        return closed_in("a body of less than 1 KiB a second", drip(wire, b" " * 1000, 0.1, 12), 4, 7)


def slow_chunks(t):
    with Wire(t.address) as wire:
        wire.send(t.post(b"", extra=TE, length=False))
        return closed_in("a chunked body of less than 1 KiB a second", drip(wire, b"1\r\n \r\n" * 500, 0.1, 12), 4, 7)


def long_extension(t):
    with Wire(t.address) as wire:
        wire.send(t.post(b"", extra=TE, length=False) + b"1;")
        return closed_in("a chunk's extension without end", drip(wire, b"a" * 1000, 0.1, 12), 2, 9.5)


def endless_extension(t):
    with Wire(t.address) as wire:
        wire.send(t.post(b"", extra=TE, length=False) + b"1;" + b"a" * 200000)
        return closed_in("a chunk's extension of 200,000 bytes", wire.end(12) if not wire.ended else 0.0, 0, 9.5)


def no_body(t):
    with Wire(t.address) as wire:
        wire.send(t.post(b"", extra=b"Content-Length: 10\r\n", length=False))
        return closed_in("a body that does not come", wire.end(12), 2, 6.5)


def long_body(t):
    """Fast enough, and never at its end."""
    with Wire(t.address) as wire:
        wire.send(t.post(b"", extra=TE, length=False))
        began = time.monotonic()
        while time.monotonic() - began < 14:
            if not wire.send(b"200\r\n" + b" " * 512 + b"\r\n") or wire.end(0.1) is not None:
                break
        return closed_in("a body that goes on and on", time.monotonic() - began if wire.ended else None, 6.5, 10.5)


def half_closed(t):
    with Wire(t.address) as wire:
        wire.send(t.post(b"", extra=b"Content-Length: 100\r\n", length=False) + b"{")
        wire.half_close()
        return closed_in("an upload that was closed half-way", wire.end(10), 0, 6.5)


def half_closed_after(t):
    with Wire(t.address) as wire:
        wire.send(t.get())
        wire.half_close()
        reply = wire.reply()
        passed, what, detail = closed_in("a connection that was closed half-way after a request", wire.end(10), 0, 5.5)
        return passed and reply is not None and reply.status == 200, what, detail


def half_closed_headers(t):
    with Wire(t.address) as wire:
        wire.send(b"GET /livez HTTP/1.1\r\nHost: a\r\n")
        wire.half_close()
        return closed_in("headers that were closed half-way", wire.end(10), 0, 3.5)


def slow_reader(t):
    """He asks for megabytes and reads nothing."""
    with Wire(t.address, receive=4096) as wire:
        wire.socket.settimeout(1)
        asked = t.get(b"/openapi.json") * 200
        began = time.monotonic()
        sent = wire.send(asked)
        time.sleep(max(0, began + 11 - time.monotonic()))  # he is to be cut off meanwhile
        got = 0
        while True:
            wire.socket.settimeout(2)
            try:
                data = wire.socket.recv(1 << 16)
            except socket.timeout:
                return False, "slow: a reader who reads nothing is cut off", "still open after %d bytes" % got
            except ConnectionError:
                data = b""
            got += len(data)
            if not data:
                break
        whole = 200 * len(t.g_openapi)
        return got < whole or not sent, "slow: a reader who reads nothing is cut off", "he got %d of %d bytes" % (got, whole)


def good_client(t):
    """Meanwhile others are served as ever."""
    slowest, deadline = 0.0, time.monotonic() + 8
    while time.monotonic() < deadline:
        began = time.monotonic()
        if not t.is_alive():
            return False, "slow: meanwhile others are served", "not at %s" % time.monotonic()
        slowest = max(slowest, time.monotonic() - began)
        time.sleep(0.05)
    return slowest < 2, "slow: meanwhile others are served", "one took %.3f s" % slowest


SLOW = [slow_headers, slow_request_line, nothing_at_all, idle_connection, slow_next_headers, slow_body, slow_chunks, long_extension, endless_extension, no_body,
        long_body, half_closed, half_closed_after, half_closed_headers, slow_reader, good_client]


def slow_clients(results):
    """All of them at once, with a gateway of little patience; the results are told later."""
    options = [word for name, seconds in PATIENCE.items() for word in ("--" + name, str(seconds))]
    with gateway.Gateway(*options, ldap_port=False) as g:
        target = Target(g)
        target.g_openapi = nobody(g).get("/openapi.json").text.encode()
        with concurrent.futures.ThreadPoolExecutor(len(SLOW)) as pool:
            results += pool.map(lambda one: one(target), SLOW)
        results.append((complaints_of_log(g) == [], "slow: the log tells of no error of ours", complaints_of_log(g)))
        results.append((g.stop() == 0, "slow: it ends well", g.log()[-3000:]))


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
    tap.is_(statuses, [200, 401, 403, 401, 401, 401, 422, 400, 422, 422, 422, 204], "secrets were sent to every place")
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

    tap.is_([(line, has(line)) for line in g.log().splitlines() if has(line)], [], "no secret is in the log")
    tap.is_(has(b"".join(Wire.said).decode(errors="replace")), [], "no secret is in a reply")
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
    results = []
    slow = threading.Thread(target=slow_clients, args=(results,))
    with gateway.Gateway("--log-level", "debug") as g:
        target = Target(g)
        directory = Directory(g)
        verdicts(target, directory)
        bodies(target, directory)
        sizes(target)
        after_errors(target)
        pipelined(target)
        too_many(target)
        ends_of_clients(target)
        words = secrets(target)
        logins(target)
        ids = Wire.ids[:]
        many_bodies()
        slow.start()  # most of its time it waits
        injections(target, directory)
        ids_are_logged(g, ids)
        no_secret_is_out(g, words)
        directory.connection.unbind_s()
        tap.is_(complaints_of_log(g), [], "the log tells of no error of ours")
        tap.is_(g.stop(), 0, "it ends well")
        slow.join()
    for result in results:
        tap.ok(*result)
    tap.is_(len(results), len(SLOW) + 2, "all of the slow ones came to their end")
    tap.done()


if __name__ == "__main__":
    main()
