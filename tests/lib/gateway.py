"""A provostd of our own for the length of a test, and a client that holds it to its description."""

import base64
import http.client
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import urllib.parse

import jsonschema
import yaml

TOP = os.environ.get("top_srcdir") or os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.environ.get("top_builddir") or TOP
START_SECONDS = 60
FOREIGN = re.compile("/api(/|$)")
STOP_SECONDS = 20


def free_port():
    """A port nobody listens on at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def until(condition, what, seconds):
    """Wait for a condition to become true, and say what was waited for where it does not."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        value = condition()
        if value:
            return value
        time.sleep(0.02)
    raise TimeoutError("%s: not within %g s" % (what, seconds))


def described():
    """docs/api/openapi.yaml; as JSON, which the build makes of it, it is read in no time."""
    source, made = os.path.join(TOP, "docs", "api", "openapi.yaml"), os.path.join(BUILD, "docs", "api", "openapi.json")
    if os.path.exists(made) and os.path.getmtime(made) >= os.path.getmtime(source):
        with open(made, encoding="utf-8") as file:
            return json.load(file)
    with open(source, encoding="utf-8") as file:
        return yaml.safe_load(file)


class Description:
    """docs/api/openapi.yaml, and whether a reply is what it says."""

    def __init__(self):
        self.document = described()
        # One for all schemas, which are made once: it has to look through the whole document for what they refer to.
        self.resolver = jsonschema.RefResolver("", self.document)
        self.validators = {}
        self.patterns = []
        for path in self.document["paths"]:
            pattern = "/".join("[^/]+" if part.startswith("{") else re.escape(part) for part in path.split("/"))
            self.patterns.append((re.compile(pattern + "/?$"), path))

    def path_of(self, target):
        """The path template that a request's target belongs to, or None."""
        path = target.split("?")[0]
        for pattern, name in self.patterns:
            if pattern.match(path):
                return name
        return None

    def resolve(self, part):
        """Follow a reference within the document."""
        while "$ref" in part:
            node = self.document
            for step in part["$ref"].lstrip("#/").split("/"):
                node = node[step.replace("~1", "/").replace("~0", "~")]
            part = node
        return part

    def complaint(self, method, target, reply):
        """None if the reply is as described, else what is wrong with it."""
        path = self.path_of(target)
        if FOREIGN.match(target):
            return None  # of another product, which is described elsewhere
        if path is None:
            return None if reply.status in (400, 401, 404, 405, 413, 429, 431) else "%s is not described" % target
        operation = self.document["paths"][path].get("get" if method == "HEAD" else method.lower())
        if operation is None:
            return None if reply.status in (204, 400, 405) else "%s %s is not described" % (method, path)
        described = operation["responses"].get(str(reply.status)) or operation["responses"].get("default")
        if described is None:
            return "%s %s: status %d is not described" % (method, path, reply.status)
        return self.complain_of_body(self.resolve(described), "%s %s %d" % (method, path, reply.status), method, reply)

    def complain_of_body(self, described, what, method, reply):
        content = described.get("content")
        if not content:
            return "%s has a body" % what if reply.text else None
        if method == "HEAD":
            return None
        kind = (reply.headers.get("Content-Type") or "").split(";")[0]
        if kind not in content:
            return "%s: type %s is not described" % (what, kind)
        error = next(self.validator(content[kind]["schema"]).iter_errors(reply.json if is_json(kind) else reply.text), None)
        return "%s: %s" % (what, error.message) if error else None

    def validator(self, schema):
        if id(schema) not in self.validators:
            self.validators[id(schema)] = jsonschema.Draft202012Validator(schema, resolver=self.resolver)
        return self.validators[id(schema)]


def is_json(kind):
    """Whether a media type is JSON as a whole, and not one value a line."""
    return "json" in kind and "ndjson" not in kind


class Reply:
    """What came back: status, headers, body, the same as text, and json if it is that."""

    def __init__(self, response):
        self.status = response.status
        self.headers = response.headers
        self.body = response.read()
        binary = (response.headers.get("Content-Type") or "").startswith("application/x-")
        self.text = self.body.decode(errors="replace" if binary else "strict")
        kind = response.headers.get("Content-Type") or ""
        self.json = json.loads(self.text) if is_json(kind) and self.text else None

    def __repr__(self):
        return "%d %s" % (self.status, self.text)


class Client:
    """Requests to one gateway; every reply is checked against the description."""

    description = None
    context = None  # of TLS, for gateways that speak it

    def __init__(self, address, login=None, password=None):
        if Client.description is None:
            Client.description = Description()
        self.address = address
        self.login = login
        self.password = password
        self.complaints = []
        self.connection = None

    def as_(self, login, password):
        """The same gateway for somebody else."""
        other = Client(self.address, login, password)
        other.complaints = self.complaints
        return other

    def request(self, method, target, body=None, headers=None, raw=None):
        """Send a request, over the connection of the last one where that is still open."""
        sent = {}
        if self.login is not None:
            pair = ("%s:%s" % (self.login, self.password)).encode()
            sent["Authorization"] = "Basic " + base64.b64encode(pair).decode()
        data = raw
        if isinstance(body, str) and body.startswith("<"):
            data, sent["Content-Type"] = body, "text/xml"
        elif body is not None:
            data = json.dumps(body)
            sent["Content-Type"] = "application/json"
        sent.update(headers or {})
        reply = self._exchange(method, target, data, sent)
        complaint = self.description.complaint(method, target, reply)
        if complaint:
            self.complaints.append(complaint)
        return reply

    def _exchange(self, method, target, data, headers):
        for last in (False, True):
            if self.connection is None:
                host, port = self.address.rsplit(":", 1)
                self.connection = (http.client.HTTPSConnection(host, int(port), timeout=40, context=self.context) if self.context
                                   else http.client.HTTPConnection(host, int(port), timeout=40))
            try:
                self.connection.request(method, target, data, headers)
                return Reply(self.connection.getresponse())
            except (http.client.RemoteDisconnected, ConnectionError):
                # An idle connection may have been closed meanwhile.
                self.connection.close()
                self.connection = None
                if last:
                    raise

    def get(self, target, **more):
        return self.request("GET", target, **more)

    def post(self, target, body, **more):
        return self.request("POST", target, body, **more)

    def patch(self, target, body, **more):
        return self.request("PATCH", target, body, **more)

    def put(self, target, body, **more):
        return self.request("PUT", target, body, **more)

    def delete(self, target, **more):
        return self.request("DELETE", target, **more)


class Gateway:
    """Run provostd: by default with a directory of its own in a temporary place."""

    def __init__(self, *options, state=None, ldap_port=True, binary=None, env=None):
        self.top = state or tempfile.mkdtemp(prefix="provost-")
        self.owned = state is None
        os.chmod(self.top, 0o755)  # the system user provost has to get in
        self.state = os.path.join(self.top, "state")
        self.log_file = os.path.join(self.top, "provostd-%d.log" % free_port())
        self.ldap_url = None
        # Most tests are not about passwords, and theirs are short, nor about how often they are refused, nor about the DNS,
        # which nobody answers; what is given last counts.
        self.options = ["--listen", "127.0.0.1:0", "--passwd-min-length", "1", "--passwd-min-bits", "0", "--rate-refused", "0",
                        "--dns-resolvers", "127.0.0.1@1", *options]
        if "--state-dir" in options:
            self.state = options[options.index("--state-dir") + 1]
        elif "--ldap-uri" not in options:
            self.options += ["--state-dir", self.state]
        if "--ldap-uri" not in options:
            if ldap_port:
                self.ldap_url = "ldap://127.0.0.1:%d" % free_port()
                self.options += ["--ldap-listen", self.ldap_url]
        self.binary = binary or os.path.join(BUILD, "provostd")
        self.env = dict(os.environ, **(env or {}))
        self.process = None
        self.address = None
        self.told = 0

    def __enter__(self):
        try:
            self.start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_):
        self.close()

    def start(self):
        """Start it and wait until it can serve."""
        ensure_user()
        self.told = len(self.log())
        log = open(self.log_file, "ab")
        self.process = subprocess.Popen([self.binary, *self.options], stdin=subprocess.DEVNULL, stdout=log,
                                        stderr=log, env=self.env)
        log.close()
        try:
            until(self._is_ready, "provostd", START_SECONDS)
        except TimeoutError as late:
            raise RuntimeError("%s\n%s" % (late, self.log()[-4000:])) from None

    def _is_ready(self):
        if self.process.poll() is not None:
            raise RuntimeError("provostd ended with %d\n%s" % (self.process.returncode, self.log()[-4000:]))
        found = re.findall(r"event=serving listen=(\S+)", self.log()[self.told:])
        if not found:
            return False
        self.address = found[-1]
        # Each loop connects by itself, and a new connection goes to any of them.
        return all(Client(self.address).get("/readyz").status == 200 for _ in range(8))

    def stop(self, how=signal.SIGTERM):
        """Stop it and say how it ended."""
        if self.process is None:
            return None
        if self.process.poll() is None:
            self.process.send_signal(how)
            try:
                self.process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
                raise
        return self.process.returncode

    def close(self):
        """Stop it and remove what it left."""
        try:
            self.stop()
        finally:
            if self.owned:
                shutil.rmtree(self.top, ignore_errors=True)

    def log(self):
        if not os.path.exists(self.log_file):
            return ""
        with open(self.log_file, encoding="utf-8", errors="replace") as file:
            return file.read()

    def secret(self, name):
        """A password from the state directory: "admin-password", "services/postfix"."""
        with open(os.path.join(self.state, name), encoding="utf-8") as file:
            return file.read().strip()

    @property
    def ldapi(self):
        return "ldapi://" + urllib.parse.quote(os.path.join(self.state, "ldapi"), safe="")

    def admin(self):
        return Client(self.address, "admin", self.secret("admin-password"))

    def client(self, login=None, password=None):
        return Client(self.address, login, password)


def ensure_user():
    """As root provostd becomes the system user provost; make him where there is none."""
    if os.geteuid() == 0 and subprocess.run(["id", "-u", "provost"], capture_output=True).returncode != 0:
        subprocess.run(["useradd", "--system", "--home-dir", "/nonexistent", "--shell", "/usr/sbin/nologin",
                        "provost"], check=True)
