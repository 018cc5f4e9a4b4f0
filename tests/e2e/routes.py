#!/usr/bin/python3
"""The description of the native API: it has what the code has, its examples work, and what differs from it is noticed."""

import base64
import glob
import hashlib
import html.parser
import http.server
import os
import re
import subprocess
import sys
import tempfile
import threading
import urllib.parse

sys.path.insert(0, os.path.join(os.environ.get("top_srcdir") or os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))), "tests", "lib"))
sys.path.insert(1, os.path.dirname(os.path.abspath(__file__)))

import jsonschema

import gateway
import tap
from described import Client, admin, complaint_of_headers, complaints_of_log, nobody

VERBS = {"get", "put", "post", "delete", "patch", "head", "options", "trace"}
VOLATILE = {"id", "created_at", "updated_at", "generated_password", "detail"}
# What the sources call it, and the schemas that describe it: on its way out, on creation, on change, in place of another.
CODECS = {"domain": ("Domain", "DomainCreate", "DomainPatch", "DomainPut"), "user": ("User", "UserCreate", "UserPatch", "UserPut"),
          "principal": ("Principal", "PrincipalCreate", "PrincipalPatch", "PrincipalPut"),
          "alias": ("Alias", "AliasCreate", "AliasPatch", "AliasPut"), "password": (None, "NewPassword", None, None),
          "dkim": ("DkimKey", "DkimKeyCreate", "DkimKeyPatch", None), "rotation": (None, "DkimRotation", None, None),
          "key": ("Key", "KeyCreate", "KeyPatch", None)}
OWN_BODY = {("POST", "/v1/changesets"), ("POST", "/v1/imports"), ("POST", "/autodiscover/autodiscover.xml"), ("POST", "/Autodiscover/Autodiscover.xml")}  # read by the handler itself
KEYS = {"name", "address", "login"}  # PUT has them in the path


def read(*parts):
    with open(os.path.join(gateway.TOP, *parts), encoding="utf-8") as file:
        return file.read()


def sources():
    """The text of every source file by its path within src/."""
    top = os.path.join(gateway.TOP, "src")
    return {os.path.relpath(path, top): read(path) for path in glob.glob(os.path.join(top, "**", "*.c"), recursive=True)}


def routes_of_code(files):
    """{(method, path): (body, right, query parameters)} out of the tables of routes."""
    found = {}
    for text in files.values():
        table = re.search(r"struct route (\w*routes)\[\] = \{(.*?)\n\};", text, re.S)
        if not table:
            continue
        # A table of its own file is named in the dialect's.
        prefix = next(filter(None, (re.search(r'\.prefix = "(/[^"]*)"', other) for other in ([text] + list(files.values())) if re.search(r"\*const tables\[\] =\s*\{[^}]*\b%s\b" % table.group(1), other) and (other is text or table.group(1) != "routes"))))
        for row in re.findall(r'\{"([A-Z]+)",\s*"([^"]+)",\s*(NULL|&\w+),\s*\w+,\s*"([^"]+)",\s*\w+,\s*\{([^}]*)\}\}', table.group(2)):
            found[row[0], prefix.group(1) + row[1]] = (row[2].lstrip("&"), row[3], re.findall(r'"(\w+)"', row[4]))
        rows = len(re.findall(r"^\t\{\"", table.group(2), re.M))
        tap.is_(len([path for _, path in found if path.startswith(prefix.group(1))]) >= rows, True, "every row of a table of routes was understood")
    return found


def operations(document):
    """{(method, path): operation} with the parameters of its path."""
    found = {}
    for path, item in document["paths"].items():
        for verb in VERBS & set(item):
            found[verb.upper(), path] = dict(item[verb], parameters=item.get("parameters", []) + item[verb].get("parameters", []))
    return found


def same_routes(description, files):
    code, described = routes_of_code(files), operations(description.document)
    tap.is_(sorted(described), sorted(code), "the routes of the code are the operations of the description")
    words = set(re.findall(r"`([a-z]+:[a-z]+)`", read("docs", "security.md")))
    tap.is_(sorted({right for _, right, _ in code.values()} - words - {"none"}), [], "docs/security.md tells what each scope is for")
    for route in sorted(set(code) & set(described)):
        takes, right, query = code[route]
        operation = described[route]
        parameters = [description.resolve(parameter) for parameter in operation["parameters"]]
        tap.is_(sorted(p["name"] for p in parameters if p["in"] == "query"), sorted(query), "%s %s: its query parameters" % route)
        tap.is_("requestBody" in operation, takes != "NULL" or route in OWN_BODY, "%s %s: whether it takes a body" % route)
        tap.is_(operation.get("security") == [], right == "none", "%s %s: whether it asks for credentials" % route)
        placeholders = re.findall(r"\{(\w+)\}", route[1])
        tap.is_([p["name"] for p in parameters if p["in"] == "path"], placeholders, "%s %s: its path parameters" % route)


def same_deprecations(description, files):
    """What is to go is marked in the description, and told in the headers of each reply."""
    table = re.search(r"struct deprecation deprecations\[\] = \{(.*?)\n\};", files["api/deprecation.c"], re.S).group(1)
    told = re.findall(r'\{"([A-Z]+)",\s*"([^"]+)",', table)
    tap.is_(len(re.findall(r"^\t\{\"", table, re.M)), len(told), "every row of the table of deprecations was understood")
    marked = {route: operation for route, operation in operations(description.document).items() if operation.get("deprecated")}
    tap.is_(sorted(marked), sorted(told), "the routes that are to go are those which are deprecated in the description")
    bare = [(route, status) for route, operation in marked.items() for status, reply in operation["responses"].items()
            if not {"Deprecation", "Link"} <= set(description.resolve(reply).get("headers", {}))]
    tap.is_(bare, [], "and every reply there has their headers")


def same_fields(document, files):
    schemas = document["components"]["schemas"]
    for name, (shown, created, changed, replaced) in CODECS.items():
        table = next(filter(None, (re.search(r"struct codec_field %s_fields\[\] = \{(.*?)\n\};" % name, text, re.S) for text in files.values()))).group(1)
        table = re.sub(r"\{[^}]*CODEC_INSIDE\}", "", table)
        rows = re.findall(r'\{"(\w+)",\s*F\(\w+\),\s*([A-Z_0 |]+)\}', table)
        taken = {key for key, flags in rows if "READ_ONLY" not in flags}
        tap.is_(set(schemas[created]["properties"]), taken, "%s: the members of the code" % created)
        tap.is_(set(schemas[created]["required"]), {key for key, flags in rows if "REQUIRED" in flags}, "%s: what is required" % created)
        if changed:
            tap.is_((set(schemas[changed]["properties"]), schemas[changed].get("required")), (taken, None), "%s: the members of the code" % changed)
        if replaced:
            kept = {key for key, flags in rows if "READ_ONLY" in flags and "OMIT_NULL" not in flags}
            tap.is_(set(schemas[replaced]["properties"]), taken | kept, "%s: the members of the code" % replaced)
            needed = {key for key, flags in rows if "REQUIRED" in flags} - KEYS
            tap.is_(set(schemas[replaced].get("required", [])), needed, "%s: what is required" % replaced)
        if shown:
            told = {key for key, flags in rows if "WRITE_ONLY" not in flags and "OMIT_NULL" not in flags}
            asked = set(re.findall(r'\{"(\w+)", KIND_%s,' % name.upper(), files["api/include.c"]))
            tap.is_((set(schemas[shown]["properties"]), set(schemas[shown]["required"])), (told | asked, told), "%s: the members of the code" % shown)


def codes_of_code(files):
    """What `code` can be, as the sources have it."""
    found = set()
    for name, text in files.items():
        found |= set(re.findall(r'err_code\([^;]*?ERR_[A-Z_]+,\s*"(\w+)"', text))
        if name == "ldap/result.c":
            found |= set(re.findall(r'ERR_\w+, "(\w+)"\}', text))
        if name == "http/status.c":
            found |= set(re.findall(r'\{\d+, "[^"]*", "(\w+)"\}', text))
        if name == "api/problem.c":
            found |= set(re.findall(r'return "([a-z_]+)";', text))
        if name == "http/server.c":
            found |= set(re.findall(r'"([a-z]+_[a-z_]+|busy)"', text))
    return found


def codes_of(part):
    """What `code` can be, as the description has it."""
    if isinstance(part, list):
        return set().union(*map(codes_of, part)) if part else set()
    if not isinstance(part, dict):
        return set()
    found = set().union(*map(codes_of, part.values())) if part else set()
    code = part.get("code")
    if isinstance(code, dict):
        found |= set(code.get("enum", [])) | ({code["const"]} if "const" in code else set())
    return found


def same_codes(document, files):
    code, described = codes_of_code(files), codes_of(document["components"])
    tap.is_(sorted(code - described), [], "every code of the code is described")
    tap.is_(sorted(described - code), [], "every code that is described is in the code")


def parts(value, path=""):
    """Every object in the description, and where it is."""
    if isinstance(value, dict):
        yield path, value
        for key, inner in value.items():
            yield from parts(inner, "%s/%s" % (path, key))
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from parts(inner, "%s/%d" % (path, number))


def is_well_formed(description):
    document = description.document
    missing = []
    for path, part in parts(document):
        if isinstance(part.get("$ref"), str):
            try:
                description.resolve(part)
            except KeyError:
                missing.append(path)
    tap.is_(missing, [], "every reference leads somewhere")
    for name, schema in document["components"]["schemas"].items():
        jsonschema.Draft202012Validator.check_schema(schema)
        tap.ok(schema.get("description"), "%s has a description" % name)
        if schema["type"] == "object":
            tap.is_(schema.get("additionalProperties"), False, "%s has no other properties" % name)
            bare = [key for key, value in schema["properties"].items() if not description.resolve(value).get("description")]
            tap.is_(bare, [], "%s: every property is described" % name)
    for route, operation in operations(document).items():
        bare = [status for status, reply in operation["responses"].items()
                if "X-Request-Id" not in description.resolve(reply).get("headers", {}) or not description.resolve(reply).get("description")]
        tap.is_(bare, [], "%s %s: every reply has a description and a request id" % route)
    names = [operation["operationId"] for operation in operations(document).values()]
    tap.is_(len(names), len(set(names)), "the names of the operations differ")


class Story:
    """Sends the examples of the description, one after another."""

    def __init__(self, g, description):
        self.g, self.description = g, description
        self.operations = {operation["operationId"]: (verb, path, operation)
                           for (verb, path), operation in operations(description.document).items()}
        self.passwords = {"admin": g.secret("admin-password")}
        self.complaints = []

    def client(self, login):
        client = nobody(self.g) if login == "nobody" else Client(self.g.address, login, self.passwords[login])
        client.complaints = self.complaints
        return client

    def examples(self, operation):
        """The examples of an operation's parameters and bodies by name."""
        found = {}
        for parameter in map(self.description.resolve, operation["parameters"]):
            for name, example in parameter.get("examples", {}).items():
                found.setdefault(name, {})[parameter["in"], parameter["name"]] = example["value"]
        for kind, content in operation.get("requestBody", {}).get("content", {}).items():
            for name, example in content.get("examples", {}).items():
                found.setdefault(name, {})["body", kind] = example["value"]
        return found

    def build(self, operation, path, example):
        """Target, headers and body of one example."""
        values = self.examples(operation).get(example, {})
        query, headers, body = {}, {}, None
        for (place, name), value in values.items():
            if place == "path":
                path = path.replace("{%s}" % name, value)
            elif place == "query":
                query[name] = value
            elif place == "header":
                headers[name] = value
            else:
                headers["Content-Type"], body = name, value
        return path + ("?" + urllib.parse.urlencode({key: str(value).lower() if isinstance(value, bool) else value for key, value in query.items()}) if query else ""), headers, body

    def tell(self, step):
        verb, path, operation = self.operations[step["operation"]]
        target, headers, body = self.build(operation, path, step["example"])
        what = "%s, %s: %s %s -> %d" % (step["operation"], step["example"], verb, target, step["status"])
        if "{" in target:
            tap.ok(False, what, "the example does not say what stands in the path")
            return
        reply = self.client(step.get("as", "admin")).request(verb, target, body, headers)
        tap.is_(reply.status, step["status"], what)
        self.compare(operation, step, reply)
        if reply.status < 300 and isinstance(body, dict):
            self.valid(operation, step, headers["Content-Type"], body)
            if "password" in body:
                self.passwords[(body.get("address") or body.get("login") or urllib.parse.unquote(path_value(path, target))).lower()] = body["password"]

    def valid(self, operation, step, kind, body):
        schema = dict(operation["requestBody"]["content"][kind]["schema"], components=self.description.document["components"])
        errors = [error.message for error in jsonschema.Draft202012Validator(schema).iter_errors(body)]
        tap.is_(errors, [], "%s, %s: the example is as described" % (step["operation"], step["example"]))

    def compare(self, operation, step, reply):
        """A reply that is in the description is the one that comes."""
        content = self.description.resolve(operation["responses"][str(step["status"])]).get("content", {})
        for media in content.values():
            if step["example"] in media.get("examples", {}):
                want = media["examples"][step["example"]]["value"]
                tap.is_(steady(reply.json), steady(want), "%s, %s: the reply is the one described" % (step["operation"], step["example"]))


def path_value(path, target):
    """What stands in the place of a path's parameter."""
    return re.match(re.sub(r"\{\w+\}", "([^/]+)", path), target).group(1)


def steady(value):
    """Without what is another each time."""
    if isinstance(value, dict):
        return {key: steady(inner) for key, inner in value.items() if key not in VOLATILE}
    return [steady(inner) for inner in value] if isinstance(value, list) else value


def tell_story(g, description):
    story = Story(g, description)
    steps = description.document["x-story"]
    for step in steps:
        story.tell(step)
    told = {(step["operation"], step["example"]) for step in steps}
    left, left_parameters = [], set()
    for name, (_, _, operation) in story.operations.items():
        for example, values in story.examples(operation).items():
            if any(place == "body" for place, _ in values) and (name, example) not in told:
                left.append((name, example))
    for _, part in parts(description.document):
        if "in" in part and "schema" in part:
            left_parameters |= set(part.get("examples", {})) - {example for _, example in told}
    tap.is_((left, sorted(left_parameters)), ([], []), "every example has its place in the story")
    untold = [name for name in story.operations if name not in {operation for operation, _ in told}]
    tap.is_(untold, [], "every operation has its place in the story")
    tap.is_(story.complaints, [], "every reply is as described")


class Liar(http.server.BaseHTTPRequestHandler):
    """Answers with whatever it is told to."""

    reply = None

    def answer(self):
        status, headers, body = Liar.reply
        self.send_response_only(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    do_GET = do_DELETE = do_HEAD = answer

    def log_message(self, format, *args):
        pass


GOOD = {"X-Request-Id": "abcdefgh12345678", "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
ME = b'{"login": "admin", "kind": "principal", "super_administrator": true, "authenticated_by": "password", "reseller": null, "usage": null, "roles": [], "more_roles": false, "key": null}'
PROBLEM = '{"type": "about:blank", "title": "%s", "status": %d, "detail": "x", "code": "%s"}'
LIES = [
    ("a member that is not described", "/v1/me", 200, {}, ME.replace(b', "key": null}', b', "key": null, "more": 1}')),
    ("a member that is missing", "/v1/me", 200, {}, b'{"login": "admin", "kind": "principal"}'),
    ("a member of another type", "/v1/me", 200, {}, ME.replace(b"true", b'"true"')),
    ("a value out of range", "/v1/me", 200, {}, ME.replace(b'"principal"', b'"king"')),
    ("another type of content", "/v1/me", 200, {"Content-Type": "text/html"}, ME),
    ("a status that is not described", "/v1/me", 202, {}, ME),
    ("a code that is not described", "/v1/domains/a.example", 404, {"Content-Type": "application/problem+json"}, (PROBLEM % ("Not Found", 404, "gone")).encode()),
    ("another status in the body", "/v1/domains/a.example", 404, {"Content-Type": "application/problem+json"}, (PROBLEM % ("Not Found", 403, "not_found")).encode()),
    ("no entity tag", "/v1/domains", 200, {"ETag": '"x"'}, b'{"items": [], "next_cursor": null}'),
    ("no request id", "/v1/me", 200, {"X-Request-Id": None}, ME),
    ("a malformed request id", "/v1/me", 200, {"X-Request-Id": "7"}, ME),
    ("a header that is not described", "/v1/me", 200, {"Server": "x"}, ME),
    ("no challenge", "/v1/me", 401, {"Content-Type": "application/problem+json"}, (PROBLEM % ("Unauthorized", 401, "unauthenticated")).encode()),
    ("no time to wait for", "/readyz", 503, {"Content-Type": "application/problem+json"}, (PROBLEM % ("Service Unavailable", 503, "directory_down")).encode()),
    ("a path that is not described", "/v1/secrets", 200, {}, ME),
    ("a hash", "/v1/me", 200, {}, ME.replace(b"admin", b"{CRYPT}$6$abc$x")),
]


def notices_lies():
    """The control: were a reply wrong, we would know."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Liar)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        client = Client("127.0.0.1:%d" % server.server_address[1])
        for what, target, status, headers, body in [("the truth", "/v1/me", 200, {}, ME)] + LIES:
            sent = dict(GOOD, **{"Content-Type": "application/json"}, **headers) if "Content-Type" not in headers else dict(GOOD, **headers)
            sent.update(headers)
            Liar.reply = (status, {name: value for name, value in sent.items() if value is not None}, body)
            client.complaints.clear()
            client.get(target)
            tap.is_(bool(client.complaints), what != "the truth", "noticed: " + what)
        Liar.reply = (204, dict(GOOD), b"not empty")
        client.complaints.clear()
        fake = type("Reply", (), {"status": 204, "headers": GOOD, "text": "not empty", "json": None})()
        tap.ok(gateway.Client.description.complaint("DELETE", "/v1/domains/a.example", fake), "noticed: a body with 204")
        fake.headers = dict(GOOD, Allow="x")
        tap.ok(complaint_of_headers(gateway.Client.description, "DELETE", "/v1/domains/a.example", fake), "noticed: a header too many with 204")
    finally:
        server.shutdown()
        server.server_close()


def has_no_repetition():
    """Of two equal keys PyYAML takes the last; what makes JSON of the description does not."""
    with tempfile.TemporaryDirectory() as place:
        source, made = os.path.join(place, "api.yaml"), os.path.join(place, "api.json")
        for text, good in (("a: {b: 1, c: 2}\nd: [{e: 3}]\n", True), ("a: {b: 1, b: 1}\n", False), ("d: [{e: 3, e: 4}]\n", False)):
            with open(source, "w", encoding="utf-8") as file:
                file.write(text)
            script = os.path.join(gateway.TOP, "src", "assets", "openapi.py")
            tap.is_(subprocess.run([sys.executable, script, source, made], stderr=subprocess.DEVNULL, check=False).returncode == 0, good, "JSON is made of %r" % text if good else "none of %r" % text)


class Page(html.parser.HTMLParser):
    """What a page names, leads to and loads, and its style."""

    VOID = ("meta", "br", "hr", "img", "link", "input")

    def __init__(self, text):
        super().__init__()
        self.ids, self.links, self.loads, self.open, self.crossed = set(), set(), [], [], []
        self.style = self.policy = ""
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        if tag not in self.VOID:
            self.open.append(tag)
        if "id" in given:
            self.ids.add(given["id"])
        if tag == "a":
            self.links.add(given["href"])
        if given.get("http-equiv") == "Content-Security-Policy":
            self.policy = given["content"]
        if tag in ("script", "link", "img", "iframe", "object", "form") or any(name.startswith("on") or name in ("src", "style") for name in given):
            self.loads.append(tag)

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.crossed.append(tag)

    def handle_data(self, data):
        if self.open[-1:] == ["style"]:
            self.style += data


def has_a_page(g, description):
    """/docs, for people: all is in it, and nothing is elsewhere."""
    reply = nobody(g).get("/docs")
    page = Page(reply.text)
    document = description.document
    tap.is_((reply.status, reply.headers["Content-Type"], "frame-ancestors 'none'" in reply.headers["Content-Security-Policy"]), (200, "text/html; charset=utf-8", True), "/docs is a page that nobody frames")
    tap.is_((page.open, page.crossed), ([], []), "it is well-formed")
    wanted = {operation["operationId"] for item in document["paths"].values() for method, operation in item.items() if method != "parameters"}
    wanted |= {"schema-" + name for name in document["components"]["schemas"]}
    tap.is_(sorted(wanted - page.ids), [], "it has every request and every schema")
    tap.is_(sorted(link for link in page.links if not link.startswith("#") and link != "openapi.json"), [], "it leads nowhere else")
    tap.is_(sorted(link for link in page.links if link.startswith("#") and link[1:] not in page.ids), [], "and nowhere that is not")
    tap.is_(page.loads, [], "it loads nothing, and runs nothing")
    digest = base64.b64encode(hashlib.sha256(page.style.encode()).digest()).decode()
    tap.is_(page.policy, "default-src 'none'; style-src 'sha256-%s'" % digest, "nor would a browser do so")


def main():
    description = gateway.Description()
    has_no_repetition()
    files = sources()
    is_well_formed(description)
    same_routes(description, files)
    same_deprecations(description, files)
    same_fields(description.document, files)
    same_codes(description.document, files)
    with gateway.Gateway(ldap_port=False) as g:
        tap.is_(nobody(g).get("/openapi.json").json == description.document, True, "/openapi.json is the description")
        has_a_page(g, description)
        tell_story(g, description)
        tap.is_(complaints_of_log(g), [], "the log tells of no error of ours")
        tap.is_(g.stop(), 0, "it ends well")
    notices_lies()
    tap.done()


if __name__ == "__main__":
    main()
