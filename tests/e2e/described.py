"""A client that holds a reply's headers and secrets to the description, too, not only status and body."""

import json
import re

import jsonschema

import gateway

# What the server adds to every message; RFC 9110 and RFC 9112 describe it.
TRANSPORT = {"date", "connection", "content-length", "content-type"}
# Keys and values that no reply may ever have.
SECRET_KEYS = {"password", "password_hash", "current", "userpassword", "private_key", "mailbox_id", "provostmailboxid", "clear", "hash"}
CRYPT = re.compile(r"\$(y|gy|7|2[aby]|5|6)\$[./A-Za-z0-9$=]")


def operation(description, method, target):
    """The path template and the operation that a request belongs to; None for what is not described."""
    path = description.path_of(target)
    if path is None:
        return None, None
    return path, description.document["paths"][path].get("get" if method == "HEAD" else method.lower())


def described_reply(description, method, target, status):
    """The response object that a reply has to follow, or None."""
    path, known = operation(description, method, target)
    if known is not None:
        response = known["responses"].get(str(status))
    elif path is not None and method == "OPTIONS" and status == 204:
        response = {"$ref": "#/components/responses/Methods"}
    else:
        names = {400: "Malformed", 404: "NotFound", 405: "MethodNotAllowed", 413: "TooLarge", 429: "RateLimited", 431: "HeadersTooLarge"}
        response = {"$ref": "#/components/responses/" + names[status]} if status in names else None
    return response and description.resolve(response)


def complaint_of_headers(description, method, target, reply):
    """None if a reply's headers are as described, else what is wrong with them."""
    response = described_reply(description, method, target, reply.status)
    if response is None:
        return None if reply.status == 401 else "%s %s: %d is not described" % (method, target, reply.status)
    wanted = {name.lower(): (name, description.resolve(header)) for name, header in response.get("headers", {}).items()}
    for name, header in wanted.values():
        value = reply.headers.get(name)
        if value is None and (header.get("required") or (header.get("x-required-unless-dry-run") and "Preference-Applied" not in reply.headers)
                              or (header.get("x-required-unless-past") and "as_of=" not in target)):
            return "%s %s %d: there is no %s" % (method, target, reply.status, name)
        if value is not None and header.get("x-required-unless-past") and "as_of=" in target:
            return "%s %s %d: what was has %s" % (method, target, reply.status, name)
        if value is not None and not jsonschema.Draft202012Validator(header["schema"]).is_valid(value):
            return "%s %s %d: %s: %s" % (method, target, reply.status, name, value)
    for name in reply.headers.keys():
        if name.lower() not in TRANSPORT and name.lower() not in wanted:
            return "%s %s %d: %s is not described" % (method, target, reply.status, name)
    if len(set(map(str.lower, reply.headers.keys()))) != len(reply.headers.keys()):
        return "%s %s %d: a header stands there twice" % (method, target, reply.status)
    return None


def keys_of(value):
    """All keys in a JSON value, however deep."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield key
            yield from keys_of(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from keys_of(inner)


def complaint_of_secrets(target, reply):
    """None if nothing in a reply is a secret, else what is."""
    if target.split("?")[0].rstrip("/") in ("/openapi.json", "/docs"):
        return None
    found = SECRET_KEYS.intersection(key.lower() for key in keys_of(reply.json))
    if found:
        return "%s: the reply has %s" % (target, ", ".join(sorted(found)))
    return "%s: the reply has a hash" % target if CRYPT.search(reply.text) else None


class Client(gateway.Client):
    """As the one of tests/lib, and stricter."""

    def as_(self, login, password):
        other = Client(self.address, login, password)
        other.complaints = self.complaints
        return other

    def request(self, method, target, body=None, headers=None, raw=None):
        reply = super().request(method, target, body, headers, raw)
        if gateway.FOREIGN.match(target):
            return reply
        for complaint in (complaint_of_headers(gateway.Client.description, method, target, reply),
                          complaint_of_secrets(target, reply)):
            if complaint:
                self.complaints.append(complaint)
        return reply


def admin(g):
    """The first administrator."""
    return Client(g.address, "admin", g.secret("admin-password"))


def nobody(g):
    """Somebody without credentials."""
    return Client(g.address)


def complaints_of_log(g):
    """Lines of the log that tell of an error of ours; that it is not ready while it starts is none."""
    return [line for line in g.log().splitlines()
            if "Sanitizer" in line or "runtime error" in line or (re.search(r" status=5(?!01)\d\d ", line) and " path=/readyz " not in line)]


def same_json(want, got):
    """Whether got has all that want has: "*" is anything, arrays are exact, objects may have more."""
    if want == "*":
        return True
    if isinstance(want, dict):
        return isinstance(got, dict) and all(key in got and same_json(value, got[key]) for key, value in want.items())
    if isinstance(want, list):
        return isinstance(got, list) and len(want) == len(got) and all(map(same_json, want, got))
    return type(want) is type(got) and want == got


def show(value):
    """A JSON value on one line."""
    return json.dumps(value, ensure_ascii=False)
