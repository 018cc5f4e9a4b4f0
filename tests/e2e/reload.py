#!/usr/bin/python3
"""SIGHUP: the options are read again; what can change does, on every loop, and a bad file changes nothing; also with all of them in use at once."""

import os
import shutil
import signal
import socket
import ssl
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.join(os.environ.get("top_srcdir") or os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))), "tests", "lib"))

import ldap

import directory
import faults
import gateway
import tap
import tokens
from authority import Authority, fingerprint

LOOPS = 2
EVERYTHING = """[http]
tls_certificate = {place}/in-force.pem
tls_key = {place}/in-force.key
tls_client_ca = {authority}
trusted_proxies = 127.0.0.3
connections_idle = 500
[rate]
source = {rate}
caller = {rate}
key = {rate}
[passwd]
accept = ssha argon2id
credentials = scram-sha-256
[guess]
failures = 10
lock_failures = 50
lock_seconds = 60
[dict]
listen = {place}/sockets/dict
group = {group}
write_seconds = 1
[mail]
recipient_delimiter = -
hold_days = 1
[policy]
listen = 127.0.0.1:{port} unix:{place}/sockets/policy
group = {group}
[oidc]
issuer = {issuer}
audience = {audience}
keys = {place}/keys.json
administrators = yes
[embedded]
dovecot_reads_passwords = yes
[audit]
keep_days = 7
[daemon]
loops = {loops}
lease_seconds = 5
log_level = {level}
"""


class Configured:
    """A gateway with a file of options on a slapd of its own."""

    def __init__(self, server):
        self.server = server
        self.file = os.path.join(server.place, "provostd.conf")

    def write(self, http="", ldap="", log_level="info"):
        with open(self.file, "w", encoding="utf-8") as file:
            file.write("[http]\n%s\n[ldap]\nuri = %s\n%s\n[daemon]\nloops = %d\nlog_level = %s\n" % (
                http, self.server.ldapi, ldap, LOOPS, log_level))

    def start(self):
        # The option --ldap-uri only keeps the test from asking for a state directory.
        self.gateway = gateway.Gateway("--config", self.file, "--ldap-uri", self.server.ldapi).__enter__()
        return self.gateway

    def reload(self):
        """SIGHUP, and what the log says of it."""
        before = len(self.gateway.log())
        self.gateway.process.send_signal(signal.SIGHUP)
        gateway.until(lambda: "reloaded" in self.gateway.log()[before:], "what became of it", 10)
        return self.gateway.log()[before:]


def on_all_loops(c, ask):
    return {ask(c.server.client(c.gateway)) for _ in range(LOOPS * 8)}


def body(size):
    return lambda client: client.request("POST", "/v1/domains", raw="x" * size, headers={"Content-Type": "application/json"}).status


def changes(c):
    tap.is_(on_all_loops(c, body(1500)), {413}, "the file's limit of bodies counts")
    c.write(http="body_bytes = 4096\nconnections = 500", log_level="debug")
    said = c.reload()
    tap.ok("event=reloaded" in said and "event=not-reloaded" not in said, "it is read again", said)
    tap.ok('event=restart-needed options=http.connections\n' in said, "what only a restart changes is named, and nothing else", said)
    # Each lane takes it over by itself.
    gateway.until(lambda: on_all_loops(c, body(1500)) == {400}, "every loop", 10)
    tap.ok(True, "a larger body is taken, on every loop")
    c.gateway.client().get("/livez")
    gateway.until(lambda: "path=/livez" in c.gateway.log(), "a line of level debug", 5)
    tap.ok(True, "the log tells more")


def bad_files(c):
    empty = os.path.join(c.server.place, "empty")
    with open(empty, "w", encoding="utf-8") as file:
        file.write("\n")
    os.chmod(empty, 0o644)
    for name, change in [("a number out of range", {"http": "body_bytes = 1"}), ("an unknown key", {"http": "bodies = 1"}),
                         ("an unknown level", {"log_level": "loud"}),
                         ("a name without a password", {"ldap": "bind_dn = cn=x"}),
                         ("a password file that is not there", {"ldap": "bind_dn = cn=x\npassword_file = /nonexistent"}),
                         ("an empty password", {"ldap": "bind_dn = cn=x\npassword_file = " + empty})]:
        c.write(**change)
        said = c.reload()
        tap.ok("event=not-reloaded error=" in said and said.count("event=") == 1, "%s: refused, and it says why" % name, said)
    os.unlink(c.file)
    tap.ok("event=not-reloaded" in c.reload(), "no file at all: refused")
    tap.is_(on_all_loops(c, body(1500)), {400}, "and nothing has changed")


def new_password(c):
    """Whom to bind as changes for new connections: those that are open stay."""
    server = c.server
    secret = os.path.join(server.place, "password")

    def password_is(word):
        with open(secret, "w", encoding="utf-8") as file:
            file.write(word + "\n")
        os.chmod(secret, 0o644)

    password_is("wrong")
    named = "bind_dn = cn=gateway,ou=services,dc=provost\npassword_file = " + secret
    c.write(http="body_bytes = 4096", ldap=named)
    tap.ok("event=reloaded" in c.reload(), "another name and password")
    tap.is_(on_all_loops(c, lambda client: client.get("/v1/me").status), {200}, "open connections stay")
    server.kill()
    server.restart()
    gateway.until(lambda: "Invalid credentials" in c.gateway.log(), "a new connection with the wrong password", 10)
    tap.is_(c.server.client(c.gateway).get("/v1/domains").status, 503, "new ones need the right password")
    password_is("right word")
    c.reload()
    gateway.until(lambda: on_all_loops(c, lambda client: client.get("/v1/domains").status) == {200}, "the right one", 10)
    tap.ok(True, "with it they come")
    tap.ok("right word" not in c.gateway.log(), "no password is in the log")


def under_load(c):
    """Again and again, while others ask: nobody notices."""
    stop, statuses = threading.Event(), []

    def ask():
        client = c.server.client(c.gateway)
        while not stop.is_set():
            statuses.append(client.get("/v1/domains?limit=1").status)

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for n in range(30):
        c.write(http="body_bytes = %d" % (2000 + n), ldap="bind_dn = cn=gateway,ou=services,dc=provost\npassword_file = %s/password\nread_seconds = %d"
                % (c.server.place, 2 + n % 3))
        c.reload()
        if n % 10 == 5:
            c.server.kill()
            c.server.restart()
    time.sleep(0.5)
    stop.set()
    for thread in threads:
        thread.join(20)
    tap.note("%d requests during 30 reloads and 3 restarts of the directory" % len(statuses))
    tap.ok(set(statuses) <= {200, 503} and statuses.count(200) > 20, "requests go on", {s: statuses.count(s) for s in set(statuses)})


def successor(c):
    """Who stops takes his sockets away before another one can have put his there."""
    place = os.path.join(c.server.place, "sockets")
    os.mkdir(place)
    if os.geteuid() == 0:
        shutil.chown(place, "provost")  # who made a socket as root cannot take it away as somebody else
    path = os.path.join(place, "policy")
    secret = os.path.join(c.server.place, "reader")
    with open(secret, "w", encoding="utf-8") as file:
        file.write("unused\n")
    options = ["--ldap-uri", c.server.ldapi, "--policy-listen", "unix:" + path, "--policy-password-file", secret]

    def dials():
        with socket.socket(socket.AF_UNIX) as peer:
            return peer.connect_ex(path) == 0

    with gateway.Gateway(*options) as first, socket.socket(socket.AF_UNIX) as busy:
        busy.connect(path)
        busy.sendall(b"request=smtpd_access_policy\n")  # it waits for the rest before it ends
        time.sleep(0.2)
        first.process.send_signal(signal.SIGTERM)
        gateway.until(lambda: not dials(), "nobody listens", 10)
        with gateway.Gateway(*options) as second:
            tap.ok(dials() and first.process.poll() is None, "the next one listens while the last one still stops")
            busy.close()
            tap.is_(first.process.wait(20), 0, "the last one ends")
            tap.ok(dials(), "and the next one can still be reached")
            tap.is_(second.stop(), 0, "it ends, too")
        tap.ok(not os.path.exists(path), "its socket is gone")


class Everything:
    """A gateway with every listener and every way to log in at once, with a directory of its own."""

    def __init__(self, place):
        os.chmod(place, 0o755)
        self.place, self.port = place, gateway.free_port()
        os.mkdir(os.path.join(place, "sockets"))
        self.group = str(os.getgid())
        if os.geteuid() == 0:
            gateway.ensure_user()
            shutil.chown(os.path.join(place, "sockets"), "provost")
            self.group = "provost"
        self.authority = Authority(place, "right")
        os.chmod(self.authority.certificate, 0o644)
        self.servers = [self.authority.server(name) for name in ("first", "second")]
        self.client = self.authority.issue("robot")
        self.context = ssl.create_default_context(cafile=self.authority.certificate)
        self.write(self.servers[0], tokens.EC, 1000, "info")

    def put(self, name, text, mode=0o644):
        path = os.path.join(self.place, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(path, mode)
        if os.geteuid() == 0:
            shutil.chown(path, "provost")
        return path

    def write(self, server, key, rate, level):
        for path, name, mode in zip(server, ("in-force.pem", "in-force.key"), (0o644, 0o600)):
            with open(path, encoding="utf-8") as file:
                self.put(name, file.read(), mode)
        self.put("keys.json", tokens.key_set([key]))
        self.conf = self.put("provostd.conf", EVERYTHING.format(place=self.place, authority=self.authority.certificate, port=self.port, group=self.group, rate=rate, level=level, loops=LOOPS,
                                                                issuer=tokens.ISSUER, audience=tokens.AUDIENCE))

    def prepare(self, g):
        admin = g.admin()
        made = [admin.post("/v1/domains", {"name": "example.org"}), admin.post("/v1/users", {"address": tokens.LOGIN, "password": "one"})]
        tap.is_([reply.status for reply in made], [201, 201], "everything at once: a domain and a user")
        self.key = admin.post("/v1/keys", {"scopes": ["*"]}).json["key"]
        connection = ldap.initialize(g.ldap_url)
        connection.simple_bind_s("uid=admin,ou=principals,dc=provost", g.secret("admin-password"))
        connection.modify_s("uid=admin,ou=principals,dc=provost", [(ldap.MOD_REPLACE, "provostCertificate", [fingerprint(self.client[0]).encode()])])
        connection.unbind_s()

    def who(self, g, authorization=None, pair=None):
        """Whom each loop takes somebody for, and how he has shown it."""
        headers, said = {"Authorization": authorization} if authorization else {}, set()
        for _ in range(LOOPS * 4):
            client = g.client()
            client.context = ssl.create_default_context(cafile=self.authority.certificate)
            if pair:
                client.context.load_cert_chain(*pair)
            reply = client.get("/v1/me", headers=headers)
            said.add((reply.status, (reply.json or {}).get("login"), (reply.json or {}).get("authenticated_by")))
        return said

    def try_all(self, g, server, key, rate, when):
        """Every door is open, on every loop."""
        admin, now = g.admin(), int(time.time())
        host, port = g.address.rsplit(":", 1)
        with open(server[0], encoding="utf-8") as file:
            tap.is_(ssl.get_server_certificate((host, int(port))).strip(), file.read().strip(), when + ": the certificate")
        reply = admin.get("/v1/me")
        tap.ok(reply.status == 200 and 'q=200' in reply.headers.get("RateLimit-Policy", "") and "w=%d" % max(1, 200 // rate) in reply.headers["RateLimit-Policy"],
               when + ": a password, and the rule of how often", reply.headers)
        for what, given, want in (("a key", {"authorization": "Bearer " + self.key}, ("admin", "key")), ("a token", {"authorization": "Bearer " + tokens.good(now, key)}, (tokens.LOGIN, "token")),
                                  ("a certificate", {"pair": self.client}, ("admin", "certificate"))):
            tap.is_(self.who(g, **given), {(200, *want)}, "%s: %s" % (when, what))
        tap.is_(g.client("admin", "wrong").get("/v1/me").status, 401, when + ": a wrong password")
        tap.ok(admin.get("/v1/audit?limit=1").json["items"], when + ": the trail of changes")
        for family, address in ((socket.AF_INET, ("127.0.0.1", self.port)), (socket.AF_UNIX, self.place + "/sockets/policy")):
            with socket.socket(family) as peer:
                peer.settimeout(20)
                peer.connect(address)
                peer.sendall(b"request=smtpd_access_policy\nprotocol_state=RCPT\nrecipient=%s\n\n" % tokens.LOGIN.encode())
                tap.is_(peer.recv(100), b"action=DUNNO\n\n", when + ": the policy service, %s" % family.name)
        with socket.socket(socket.AF_UNIX) as peer:
            peer.settimeout(20)
            peer.connect(self.place + "/sockets/dict")
            peer.sendall(b"H3\t2\t0\t\tx\nB1\t%s\nS1\tpriv/quota/storage\t%d\nC1\n" % (tokens.LOGIN.encode(), rate))
            tap.ok(peer.recv(100).startswith(b"O1"), when + ": what Dovecot tells is taken")
        gateway.until(lambda: admin.get("/v1/users/" + tokens.LOGIN).json["quota_used_bytes"] == rate, "the usage", 20)
        tap.ok(True, when + ": and shown")


def everything():
    with tempfile.TemporaryDirectory(prefix="provost-everything-") as place:
        e = Everything(place)
        gateway.Client.context = e.context
        try:
            with gateway.Gateway("--config", e.conf) as g:
                e.prepare(g)
                e.try_all(g, e.servers[0], tokens.EC, 1000, "everything at once")
                e.write(e.servers[1], tokens.RSA, 100, "debug")
                before = len(g.log())
                g.process.send_signal(signal.SIGHUP)
                gateway.until(lambda: "reloaded" in g.log()[before:], "what became of it", 20)
                said = g.log()[before:]
                tap.ok("event=reloaded" in said and "not-reloaded" not in said and "restart-needed" not in said, "everything at once: it is read again", said)
                old = "Bearer " + tokens.good(int(time.time()), tokens.EC)
                gateway.until(lambda: e.who(g, old) == {(401, None, None)}, "every loop", 20)
                e.try_all(g, e.servers[1], tokens.RSA, 100, "read again")
                tap.is_(g.stop(), 0, "everything at once: it ends in order")
                tap.is_([line for line in g.log().splitlines() if "Sanitizer" in line or "runtime error" in line or "level=error" in line], [], "everything at once: the log tells of no error of ours")
        finally:
            gateway.Client.context = None


def main():
    entry = "dn: cn=gateway,ou=services,dc=provost\nchangetype: modify\nadd: userPassword\nuserPassword: %s\n-\nadd: objectClass\nobjectClass: simpleSecurityObject\n" % (
        directory.crypt_hash("right word"))
    with faults.Server() as server:
        server.stop()
        server.modify(entry, "1")
        server.restart()
        c = Configured(server)
        c.write(http="body_bytes = 1024")
        g = c.start()
        try:
            changes(c)
            bad_files(c)
            new_password(c)
            under_load(c)
            tap.is_(g.stop(), 0, "it ends in order")
            tap.ok("Sanitizer" not in g.log() and "runtime error" not in g.log(), "no sanitizer report", g.log()[-4000:])
        finally:
            g.close()
        successor(c)
    everything()
    tap.done()


main()
