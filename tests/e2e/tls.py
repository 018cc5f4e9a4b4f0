#!/usr/bin/python3
"""HTTP over TLS: what is agreed upon, what is refused, new certificates at run time, and all that holds without TLS."""

import os
import re
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import warnings

import ldap

sys.path.insert(0, os.path.join(os.environ.get("top_srcdir") or os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))), "tests", "lib"))
sys.path.insert(1, os.path.dirname(os.path.abspath(__file__)))

import framing
import gateway
import slow
import tap
from authority import EXPIRED, NOT_YET, Authority, fingerprint, self_signed
from described import complaints_of_log
from directory import add_list, crypt_hash, principal_entry
from wire import MIB, Directory, Sealed, Target, Wire, padded


warnings.simplefilter("ignore", DeprecationWarning)  # old versions are tried on purpose


class Place:
    """The files of a gateway: what it reads is a copy, which is renewed."""

    def __init__(self):
        self.top = tempfile.mkdtemp(prefix="provost-tls-")
        os.chmod(self.top, 0o755)
        self.ca = Authority(self.top, "right")
        self.clients = Authority(self.top, "clients")
        self.first, self.second = self.ca.server("first"), self.ca.server("second")
        self.certificate, self.key, self.client_ca = (os.path.join(self.top, name) for name in ("in-force.pem", "in-force.key", "client-ca.pem"))
        self.use(*self.first)
        self.trust(self.clients.certificate)

    def put(self, source, to, mode):
        """In one step, as programs do that renew certificates."""
        shutil.copyfile(source, to + ".new")
        os.chmod(to + ".new", mode)
        if os.geteuid() == 0:
            shutil.chown(to + ".new", "provost")
        os.rename(to + ".new", to)

    def use(self, certificate, key, mode=0o600):
        self.put(certificate, self.certificate, 0o644)
        self.put(key, self.key, mode)

    def trust(self, authorities):
        self.put(authorities, self.client_ca, 0o644)

    def options(self):
        return ["--tls-certificate", self.certificate, "--tls-key", self.key]

    def context(self):
        return ssl.create_default_context(cafile=self.ca.certificate)


def number_of(certificate):
    """Its serial number, by which certificates are told apart."""
    return subprocess.run(["openssl", "x509", "-in", certificate, "-noout", "-serial"], capture_output=True, text=True, check=True).stdout.split("=")[1].strip()


def connected(g, context):
    host, port = g.address.rsplit(":", 1)
    plain = socket.create_connection((host, int(port)), 10)
    try:
        return context.wrap_socket(plain, server_hostname="localhost")
    except BaseException:
        plain.close()
        raise


# ---- What is agreed upon --------------------------------------------------------------------------------------------


def agreed(g, place, newest=None, ciphers=None, alpn=None):
    """Version and suite of a connection, or None if there is none."""
    context = place.context()
    context.minimum_version = ssl.TLSVersion.TLSv1
    context.set_ciphers((ciphers or "ALL") + ":@SECLEVEL=0")
    if newest:
        context.maximum_version = newest
    if alpn:
        context.set_alpn_protocols(alpn)
    try:
        with connected(g, context) as sealed:
            sealed.sendall(b"GET /livez HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            assert sealed.recv(12) == b"HTTP/1.1 200"
            return sealed.version(), sealed.cipher()[0]
    except (ssl.SSLError, ConnectionError):
        return None


def suites(g, place):
    old = ssl.TLSVersion.TLSv1_2
    tap.is_(agreed(g, place)[0], "TLSv1.3", "TLS 1.3")
    tap.is_(agreed(g, place, old)[0], "TLSv1.2", "TLS 1.2")
    for version in (ssl.TLSVersion.TLSv1_1, ssl.TLSVersion.TLSv1):
        tap.is_(agreed(g, place, version), None, "not %s" % version.name)
    for suite in ("ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-ECDSA-AES256-GCM-SHA384", "ECDHE-ECDSA-CHACHA20-POLY1305"):
        tap.is_(agreed(g, place, old, suite), ("TLSv1.2", suite), suite)
    # The certificate would suit all of these.
    for suite in ("ECDHE-ECDSA-AES128-SHA", "ECDHE-ECDSA-AES256-SHA384", "ECDHE-ECDSA-AES128-SHA256", "ECDHE-ECDSA-AES128-CCM8", "ECDHE-ECDSA-NULL-SHA",
                  "AECDH-AES128-SHA", "ADH-AES128-GCM-SHA256", "kRSA", "DHE"):
        tap.is_(agreed(g, place, old, suite), None, "not " + suite)
    tap.is_(agreed(g, place, alpn=["h2", "http/1.1"])[0], "TLSv1.3", "who can speak HTTP/2 as well is served")
    tap.is_(agreed(g, place, alpn=["imap"]), None, "who wants to speak to another sort of server is not")


def other_doors(g, place):
    """HTTP where TLS is spoken, a server's name that is not ours, and bytes that are nothing."""
    for what, data in [("plain HTTP", b"GET /livez HTTP/1.1\r\nHost: a\r\n\r\n"), ("an old greeting", b"\x80\x2e\x01\x03\x01" + b"a" * 43),
                       ("a record without end", b"\x16\x03\x01\xff\xff" + b"a" * 70000), ("a message without end", b"\x16\x03\x01\x40\x00\x01\xff\xff\xff" + b"a" * 16380 + (b"\x16\x03\x01\x40\x00" + b"a" * 16384) * 4),
                       ("data before the handshake", b"\x17\x03\x03\x00\x04abcd"), ("an alert", b"\x15\x03\x03\x00\x02\x02\x28")]:
        with Wire(g.address, plain=True) as wire:
            wire.send(data)
            wire.end(3)
            tap.ok(wire.ended and b"HTTP" not in wire.data, "%s: closed" % what, (wire.ended, wire.data[:100]))
    stranger = ssl.create_default_context()
    try:
        connected(g, stranger).close()
        tap.ok(False, "a client that does not know our authority finds out")
    except ssl.SSLError:
        tap.ok(True, "a client that does not know our authority finds out")


def used(pid):
    """Seconds of processor time."""
    with open("/proc/%d/stat" % pid, encoding="utf-8") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def resident(pid):
    with open("/proc/%d/statm" % pid, encoding="utf-8") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def greeting(context):
    """What a client says first."""
    outgoing = ssl.MemoryBIO()
    tls = context.wrap_bio(ssl.MemoryBIO(), outgoing, server_hostname="localhost")
    try:
        tls.do_handshake()
    except ssl.SSLWantReadError:
        pass
    return outgoing.read()


def dripping(t):
    with Wire(t.address, plain=True) as wire:
        return slow.closed_in("a handshake, byte by byte", slow.drip(wire, greeting(Wire.context), 0.4, 8), 1.5, 3.5)


def half_a_handshake(t):
    with Wire(t.address, plain=True) as wire:
        wire.send(greeting(Wire.context))
        return slow.closed_in("half a handshake", wire.end(8), 1.5, 3.5)


def no_request(t):
    with Wire(t.address) as wire:
        return slow.closed_in("a handshake and nothing more", wire.end(8), 1.5, 3.5)


def truncated(t):
    """The end of the stream without a word: whatever was cut off is not carried out."""
    with Wire(t.address) as wire:
        wire.send(t.post(b'{"name":"cut.example"}'[:-1], length=False, extra=b"Content-Length: 22\r\n"))
        wire.socket.plain.shutdown(socket.SHUT_WR)
        passed, what, detail = slow.closed_in("a stream that was cut off", wire.end(8), 0, 3.5)
        return passed and t.admin.get("/v1/domains/cut.example").status == 404, what, detail


def waiting_costs_nothing(t):
    """Handshakes that are not completed must not keep the loop busy; the others wait as well."""
    wires = [Wire(t.address, plain=True) for _ in range(20)]
    for number, wire in enumerate(wires):
        wire.send(greeting(Wire.context)[:1 + number * 20])
    before = used(t.g.process.pid)
    time.sleep(1)
    spent = used(t.g.process.pid) - before
    for wire in wires:
        wire.socket.close()
    return spent < 0.7, "slow: 20 handshakes that wait cost next to nothing", "%.2f s of a second" % spent


def slow_clients(place, started, results):
    """Those of slow.py, and some that only TLS makes possible, at once; the rest of this file keeps the machine busy meanwhile."""
    slow.TIMED = False
    options = [word for name, seconds in slow.PATIENCE.items() for word in ("--" + name, str(seconds))]
    with gateway.Gateway(*options, *place.options(), ldap_port=False) as g:
        started.set()
        target = Target(g)
        target.g_openapi = target.as_(None, None).get("/openapi.json").text.encode()
        ones = [*slow.SLOW, dripping, half_a_handshake, no_request, truncated]
        threads = [threading.Thread(target=lambda one=one: results.append(one(target))) for one in ones]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        results.append(waiting_costs_nothing(target))
        results.append((complaints_of_log(g) == [], "slow: the log tells of no error of ours", complaints_of_log(g)))
        waiting = [Wire(g.address, plain=True) for _ in range(10)]
        for wire in waiting:
            wire.send(greeting(Wire.context)[:50])
        began = time.monotonic()
        results.append((g.stop() == 0 and time.monotonic() - began < 15, "slow: it ends well, with handshakes under way", g.log()[-3000:]))
        results.append((len(results) == len(ones) + 3, "slow: all of them came to their end", len(results)))


# ---- What holds without TLS holds with it -----------------------------------------------------------------------------


def large(target):
    """Bodies of 1 MiB in, long replies out, one after the other on one connection."""
    with Wire(target.address) as wire:
        for name, data in [("long", target.post(padded("long.example", MIB))), ("chunky", target.chunked(padded("chunky.example", MIB)))]:
            sender = threading.Thread(target=wire.send, args=(data,))
            sender.start()
            reply = wire.reply()
            sender.join()
            tap.is_(reply and reply.status, 201, "a %s body of 1 MiB" % name)
        whole = target.as_(None, None).get("/openapi.json").text.encode()
        sender = threading.Thread(target=wire.send, args=(target.get(b"/openapi.json") * 30,))
        sender.start()
        replies = [wire.reply() for _ in range(30)]
        sender.join()
        tap.ok(all(reply is not None and reply.body == whole for reply in replies), "30 replies of %d bytes at once" % len(whole))


def idle(target):
    """Connections that wait take memory, and only so much; and no time."""
    pid = target.g.process.pid
    with Wire(target.address) as wire:
        wire.send(target.get())
        wire.reply()
    before, wires = resident(pid), []
    for _ in range(200):
        wires.append(Wire(target.address, source="127.0.0.3"))
        wires[-1].send(target.get())
        wires[-1].reply()
    each = (resident(pid) - before) / len(wires)
    began = used(pid)
    time.sleep(0.5)
    spent = used(pid) - began
    for wire in wires:
        wire.socket.close()
    tap.ok(each < 160 * 1024, "an idle connection takes %d KiB" % (each / 1024))
    tap.ok(spent < 0.2, "200 of them cost no time", "%.2f s in half a second" % spent)


# ---- New certificates -----------------------------------------------------------------------------------------------


def reload(g):
    """SIGHUP, and what the log says of it."""
    before = len(g.log())
    g.process.send_signal(signal.SIGHUP)
    gateway.until(lambda: "reloaded" in g.log()[before:], "what became of it", 10)
    return g.log()[before:]


def shown(g, place):
    """The number of the certificate that new connections get."""
    with connected(g, place.context()) as sealed:
        der = sealed.getpeercert(binary_form=True)
    run = subprocess.run(["openssl", "x509", "-inform", "DER", "-noout", "-serial"], input=der, capture_output=True, check=True)
    return run.stdout.decode().split("=")[1].strip()


def renewed(g, place):
    with Wire(g.address) as wire:
        target = Target(g)
        wire.send(target.get())
        wire.reply()
        place.use(*place.second)
        said = reload(g)
        tap.ok("event=reloaded" in said and "event=certificate until=" in said, "a new certificate is read", said)
        tap.is_(shown(g, place), number_of(place.second[0]), "new connections get it")
        end = subprocess.run(["openssl", "x509", "-in", place.second[0], "-noout", "-enddate"], capture_output=True, text=True, check=True).stdout.split("=")[1].strip()
        told = re.search(r"^provost_tls_certificate_not_after_timestamp_seconds (\d+)", g.admin().get("/metrics").text, re.M)
        tap.is_(told and int(told.group(1)), ssl.cert_time_to_seconds(end), "the metrics tell when it expires")
        wire.send(target.get())
        reply = wire.reply()
        tap.is_(reply and reply.status, 200, "those that were open stay")


def broken(g, place):
    """What cannot work changes nothing, and the log says why."""
    other, junk = self_signed(place.top, "other"), os.path.join(place.top, "junk")
    with open(junk, "w", encoding="utf-8") as file:
        file.write("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
    for what, change, words in [
            ("a key of another certificate", lambda: place.use(place.first[0], other[1]), "key"),
            ("no certificate at all", lambda: place.use(junk, place.first[1]), place.certificate),
            ("a key that everybody may read", lambda: place.use(*place.first, mode=0o604), "chmod"),
            ("a key that is not there", lambda: os.unlink(place.key), "cannot open")]:
        change()
        said = reload(g)
        tap.ok("event=not-reloaded" in said and words in said, "%s: refused, and it says why" % what, said)
        tap.is_(shown(g, place), number_of(place.second[0]), "%s: the old one is still shown" % what)
    place.use(*place.second)
    for what, change in [("no authorities of clients", lambda: place.trust(junk)), ("one that is no authority", lambda: place.trust(place.first[0])),
                         ("no file of them", lambda: os.unlink(place.client_ca))]:
        change()
        tap.ok("event=not-reloaded" in reload(g), "%s: refused" % what)
    place.trust(place.clients.certificate)
    place.use(*place.ca.server("expired", valid=EXPIRED))
    tap.ok("event=certificate-expired" in reload(g), "one that has expired is taken, with a warning")
    place.use(*place.second)
    reload(g)


def under_load(g, place):
    """Again and again while others connect and ask: nobody notices."""
    stop, statuses, certificates = threading.Event(), [], set()

    def ask(often):
        client = Target(g).as_("admin", g.secret("admin-password"))
        while not stop.is_set():
            statuses.append(client.get("/v1/me").status)
            certificates.add(client.connection.sock.getpeercert()["serialNumber"])
            if often:
                client.connection.close()

    threads = [threading.Thread(target=ask, args=(often,)) for often in (False, False, True, True)]
    for thread in threads:
        thread.start()
    for n in range(20):
        place.use(*(place.first if n % 2 else place.second))
        reload(g)
    stop.set()
    for thread in threads:
        thread.join(20)
    tap.note("%d requests during 20 reloads" % len(statuses))
    tap.is_(set(statuses), {200}, "every one of them was answered")
    tap.is_({number.lstrip("0") for number in certificates}, {number_of(one[0]).lstrip("0") for one in (place.first, place.second)}, "with one certificate or the other")


# ---- Certificates of clients ----------------------------------------------------------------------------------------

HASH = crypt_hash("robot's password")


class Clients:
    """Principals, and certificates of every sort for them."""

    def __init__(self, g, place, directory):
        self.g, self.place, self.ldap = g, place, directory.connection
        ca, self.stranger = place.clients, Authority(place.top, "stranger")
        below = ca.issue("below", usage=None, authority=True)
        self.below = Authority.__new__(Authority)
        self.below.__dict__.update(ca.__dict__, certificate=below[0])
        shutil.copyfile(below[1], ca.path("below-as-authority.key"))
        self.files = {
            "good": ca.issue("good"), "other": ca.issue("other"), "renewed": ca.issue("renewed", subject='/O=\xc4rger "Mail", Inc/CN=a \\+ b'),
            "rsa": ca.issue("rsa", key=2048), "admin": ca.issue("admin"),
            "expired": ca.issue("expired", valid=EXPIRED), "not yet valid": ca.issue("future", valid=NOT_YET),
            "self-signed": self_signed(place.top, "me"), "of another authority": self.stranger.issue("strange"),
            "for servers": ca.issue("server", usage="serverAuth"), "for mail": ca.issue("mail", usage="emailProtection"),
            "for nothing in particular": ca.issue("aimless", usage=None), "with a key of 1,024 bits": ca.issue("weak", key=1024)}
        self.chained = self.issue_below()
        for login in ("robot", "second"):
            self.ldap.add_s("uid=%s,ou=principals,dc=provost" % login, add_list(principal_entry(login, userPassword=HASH)))

    def issue_below(self):
        """A certificate of an authority below ours, with the one between them."""
        ca = self.place.clients
        key = ca.path("authority.key")
        os.rename(key, key + ".kept")
        shutil.copyfile(ca.path("below-as-authority.key"), key)
        try:
            certificate, secret = self.below.issue("chained")
        finally:
            os.rename(key + ".kept", key)
        both = ca.path("chained-both.pem")
        with open(both, "w", encoding="utf-8") as file:
            for path in (certificate, self.below.certificate):
                with open(path, encoding="utf-8") as part:
                    file.write(part.read())
        return both, secret

    def context(self, pair, newest=None):
        context = self.place.context()
        context.set_ciphers("ALL:@SECLEVEL=0")
        context.load_cert_chain(*pair)
        if newest:
            context.maximum_version = newest
        return context

    def client(self, pair, login=None, password=None, newest=None):
        client = gateway.Client(self.g.address, login, password)
        client.context = self.context(pair, newest)
        return client

    def who(self, pair, **more):
        """Whose the certificate is to the gateway, or the status of its refusal."""
        reply = self.client(pair, **more).get("/v1/me")
        return reply.json["login"] if reply.status == 200 else reply.status

    def map(self, login, *values):
        self.ldap.modify_s("uid=%s,ou=principals,dc=provost" % login, [(ldap.MOD_REPLACE, "provostCertificate", [value.encode() for value in values] or None)])

    def refused(self, what, result, *change):
        try:
            self.ldap.modify_s("uid=second,ou=principals,dc=provost", list(change))
            tap.ok(False, what)
        except result:
            tap.ok(True, what)


def soon(want, ask):
    """Whether something comes true within the second that anything is remembered for."""
    try:
        gateway.until(lambda: ask() == want, "", 3)
        return True
    except TimeoutError:
        return False


def judged(c):
    """All of these are the robot's, by their digests; what else they are decides."""
    c.map("robot", *[fingerprint(pair[0]) for name, pair in c.files.items() if name not in ("other", "renewed", "admin")], fingerprint(c.chained[0]))
    tap.is_(gateway.Client(c.g.address).get("/v1/me").status, 401, "no certificate")
    for name in ("good", "rsa"):
        tap.is_(c.who(c.files[name]), "robot", "a certificate (%s)" % name)
    tap.is_(c.who(c.files["good"], newest=ssl.TLSVersion.TLSv1_2), "robot", "over TLS 1.2")
    tap.is_(c.who(c.chained), "robot", "of an authority below ours, with that one's certificate")
    for name, words in [("expired", "expired"), ("not yet valid", "not yet"), ("self-signed", "issuer"), ("of another authority", "issuer"), ("for servers", "purpose"),
                        ("for mail", "purpose"), ("for nothing in particular", "clientAuth"), ("with a key of 1,024 bits", "security level|insecure algorithm")]:
        before = len(c.g.log())
        tap.is_(c.who(c.files[name]), 401, "one that is %s" % name)
        tap.ok(re.search("event=certificate-refused .*reason=.*(%s)" % words, c.g.log()[before:]), "%s: the log says why" % name, c.g.log()[before:])
    tap.is_(c.who(c.files["other"]), 401, "one that nobody has")
    digest = fingerprint(c.files["other"][0])
    tap.ok(re.search(r'certificate-refused id=\S+ source=\S+ sha256=%s subject="?CN=other"? reason="no principal has it"' % digest, c.g.log()), "the log has what to map")


def whose(c):
    tap.is_(c.who(c.files["renewed"]), 401, "a subject that nobody has")
    c.map("second", 'subject:CN=a \\+ b,O=\xc4rger \\"Mail\\"\\, Inc')
    tap.ok(soon("second", lambda: c.who(c.files["renewed"])), "a subject, escaped and with a letter that is not ASCII")
    c.map("second", 'subject:CN=a \\+ b,O=\xe4rger \\"mail\\"\\, inc')
    tap.ok(soon(401, lambda: c.who(c.files["renewed"])), "the same in other letter case is another")
    c.map("second", "subject:CN=good")
    tap.is_(c.who(c.files["good"]), "robot", "its digest counts more than its subject")
    held = c.client(c.files["good"])
    tap.is_(held.get("/v1/me").json["login"], "robot", "on a connection that stays")
    socket_before = held.connection.sock
    c.map("robot")
    tap.ok(soon("second", lambda: held.get("/v1/me").json.get("login")), "taken from one, it is the other's at once")
    c.map("second")
    tap.ok(soon(401, lambda: held.get("/v1/me").status), "taken from both, it opens nothing")
    c.map("robot", fingerprint(c.files["good"][0]))
    tap.ok(soon(200, lambda: held.get("/v1/me").status), "given back, it opens again")
    robot = "uid=robot,ou=principals,dc=provost"
    c.ldap.modify_s(robot, [(ldap.MOD_REPLACE, "provostEnabled", [b"FALSE"])])
    tap.ok(soon(401, lambda: held.get("/v1/me").status), "a principal who is disabled is not let in")
    c.ldap.modify_s(robot, [(ldap.MOD_REPLACE, "provostEnabled", [b"TRUE"])])
    tap.ok(soon(200, lambda: held.get("/v1/me").status), "and enabled again he is")
    c.place.trust(c.stranger.certificate)
    reload(c.g)
    tap.ok(soon(401, lambda: held.get("/v1/me").status), "without its authority no connection is let in any more")
    c.place.trust(c.place.clients.certificate)
    reload(c.g)
    tap.ok(soon(200, lambda: held.get("/v1/me").status), "and with it again")
    tap.ok(held.connection.sock is socket_before, "all that on one connection")


def besides(c):
    """What else comes with a request, and what he may do then."""
    good = c.files["good"]
    tap.is_(c.who(good, login="admin", password=c.g.secret("admin-password")), "admin", "a password counts before a certificate")
    tap.is_(c.who(good, login="admin", password="wrong"), 401, "a wrong one as well")
    client = c.client(good)
    for headers, status in [({"Authorization": "Nonsense x"}, 401), ({"Authorization": ""}, 401), ({"Origin": "https://elsewhere.example"}, 401), ({"Sec-Fetch-Site": "cross-site"}, 401),
                            ({"Sec-Fetch-Site": "same-site"}, 401), ({"Sec-Fetch-Site": "none"}, 200), ({"Sec-Fetch-Site": "same-origin"}, 200)]:
        tap.is_(client.get("/v1/me", headers=headers).status, status, "with %s" % headers)
    tap.is_(client.post("/v1/domains", {"name": "robot.example"}).status, 403, "who comes with a certificate has his own rights and no others")
    c.map("admin", fingerprint(c.files["admin"][0]))
    client = c.client(c.files["admin"])
    tap.is_(client.request("POST", "/v1/domains", raw=padded("certified.example", MIB), headers={"Content-Type": "application/json"}).status, 201, "a body of 1 MiB, with a certificate")
    tap.is_(client.get("/v1/domains/certified.example").status, 200, "it is there")


def behind(c):
    """A proxy's own certificate is not of those whose words it passes on, wherever they are."""
    c.map("robot", fingerprint(c.files["good"][0]))
    with gateway.Gateway("--ldap-uri", c.g.ldapi, "--loops", "1", *c.place.options(), "--tls-client-ca", c.place.client_ca, "--http-trusted-proxies", "127.0.0.1") as other:
        client = gateway.Client(other.address)
        client.context = c.context(c.files["good"])
        tap.is_([client.get("/v1/me", headers=headers).status for headers in ({}, {"X-Forwarded-For": "127.0.0.1"}, {"Forwarded": "for=127.0.0.1"}, {"X-Forwarded-For": "192.0.2.1"})],
                [401] * 4, "what a proxy has to show is nobody's")


def values(c):
    """What provostCertificate may be, and who writes it."""
    good = fingerprint(c.files["good"][0]).encode()
    add = lambda value: (ldap.MOD_ADD, "provostCertificate", [value])
    c.refused("what another principal has is refused", ldap.CONSTRAINT_VIOLATION, add(good))
    for value in (good.upper(), good[:63], b"subject:", b"CN=good", b"subject:CN=" + b"a" * 1100):
        c.refused("%s is refused" % value[:20], ldap.CONSTRAINT_VIOLATION, add(value))
    robot = ldap.initialize(c.g.ldap_url)
    robot.simple_bind_s("uid=robot,ou=principals,dc=provost", "robot's password")
    found = robot.search_s("uid=robot,ou=principals,dc=provost", ldap.SCOPE_BASE, attrlist=["provostCertificate"])
    tap.is_(found[0][1].get("provostCertificate"), [good], "a principal reads his own")
    for what, change in [("add", add(b"subject:CN=mine")), ("take", (ldap.MOD_DELETE, "provostCertificate", None))]:
        try:
            robot.modify_s("uid=robot,ou=principals,dc=provost", [change])
            tap.ok(False, "he can %s none" % what)
        except ldap.INSUFFICIENT_ACCESS:
            tap.ok(True, "he can %s none" % what)
    robot.unbind_s()
    admin = c.g.admin()
    reply = admin.patch("/v1/principals/second", {"certificates": [fingerprint(c.files["other"][0]), "subject:CN=admin"]})
    tap.is_((reply.status, c.who(c.files["other"])), (200, "second"), "written over HTTP it counts as well")
    tap.is_(admin.patch("/v1/principals/second", {"certificates": [good.decode()]}).json["code"], "certificate_taken", "and is that of one there, too")
    tap.is_(admin.patch("/v1/principals/second", {"certificates": None}).json["certificates"], [], "it is taken away")
    tap.ok(soon(401, lambda: c.who(c.files["other"])), "and opens nothing more")


def certificates(g, place, directory):
    c = Clients(g, place, directory)
    for part in (judged, whose, besides, behind, values):
        part(c)


def options(place):
    """What --check-config says; nothing is started."""
    readable = os.path.join(place.top, "readable.key")
    shutil.copyfile(place.first[1], readable)
    os.chmod(readable, 0o644)
    both = ["--tls-certificate", place.first[0], "--tls-key", place.first[1]]
    for what, given, good, words in [
            ("certificate and key", both, True, "good"),
            ("authorities besides", [*both, "--tls-client-ca", place.clients.certificate], True, "good"),
            ("a certificate alone", both[:2], False, "belong together"), ("a key alone", both[2:], False, "belong together"),
            ("authorities alone", ["--tls-client-ca", place.clients.certificate], False, "belong together"),
            ("a key that everybody may read", [*both, "--tls-key", readable], False, "chmod"),
            ("a key of another certificate", [*both, "--tls-key", place.second[1]], False, "key"),
            ("files that are not there", [*both, "--tls-certificate", "/nonexistent"], False, "cannot open"),
            ("an authority that is none", [*both, "--tls-client-ca", place.first[0]], False, "not that of an authority")]:
        run = subprocess.run([os.path.join(gateway.BUILD, "provostd"), "--check-config", *given], capture_output=True, text=True, check=False)
        tap.ok((run.returncode == 0) == good and words in run.stdout + run.stderr, "--check-config: %s" % what, (run.returncode, run.stdout, run.stderr))


def main():
    gateway.ensure_user()
    place, started, results = Place(), threading.Event(), []
    gateway.Client.context = Wire.context = place.context()
    background = threading.Thread(target=slow_clients, args=(place, started, results))
    try:
        background.start()  # most of its time it waits
        options(place)
        with gateway.Gateway("--loops", "2", "--log-level", "debug", *place.options(), "--tls-client-ca", place.client_ca) as g:
            tap.ok(" tls=yes " in g.log() and "http-on-network" not in g.log(), "the log says that it is TLS")
            target = Target(g)
            directory = Directory(g)
            suites(g, place)
            other_doors(g, place)
            framing.verdicts(target, directory)
            framing.after_errors(target)
            framing.pipelined(target)
            framing.ends_of_clients(target)
            framing.too_many(target)
            large(target)
            idle(target)
            started.wait(60)  # the files change now
            certificates(g, place, directory)
            renewed(g, place)
            broken(g, place)
            under_load(g, place)
            directory.connection.unbind_s()
            tap.is_([line for line in complaints_of_log(g) if "not-reloaded" not in line and "certificate-expired" not in line], [], "the log tells of no error of ours")
            tap.ok(b"PRIVATE" not in g.log().encode(), "no key is in the log")
            tap.is_(g.stop(), 0, "it ends well")
    finally:
        background.join()
        shutil.rmtree(place.top)
    for result in results:
        tap.ok(*result)
    tap.done()


main()
