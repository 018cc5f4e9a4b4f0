#!/usr/bin/python3
"""A directory elsewhere: StartTLS with a certificate that must be right, whatever libldap's own configuration says (R50 of attacks.py)."""

import concurrent.futures
import os
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import threading

sys.path.insert(0, os.path.join(os.environ.get("top_srcdir") or os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))), "tests", "lib"))

import directory
import gateway
import tap
from authority import EXPIRED, NOT_YET, Authority, self_signed

PASSWORD = "secret of the gateway"


class Impostor:
    """What claims to be the directory: it says yes to whatever it understands, and keeps what it heard."""

    def __init__(self, starttls=0, pair=None):
        self.starttls = starttls  # the result of StartTLS
        self.context = None
        if pair:
            self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.context.load_cert_chain(*pair)
        self.heard, self.asked = b"", 0
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.url = "ldap://127.0.0.1:%d" % self.socket.getsockname()[1]
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            threading.Thread(target=self.answer, args=(connection,), daemon=True).start()

    def answer(self, connection):
        try:
            with connection:
                connection.settimeout(10)
                self.talk(connection)
        except OSError:
            pass

    def talk(self, connection):
        while True:
            data = connection.recv(65536)
            if not data:
                return
            # Whoever leaves may say so.
            if b"1.3.6.1.4.1.1466.20037" not in data and data[5:6] != b"\x42" and not self.context:
                self.heard += data
            elif isinstance(connection, ssl.SSLSocket):
                self.heard += data
            # A short message: its number stands behind two tags and two lengths, and then what is asked.
            number, kind = data[4:5], data[5:6]
            result = self.starttls if kind == b"\x77" else 0
            reply = {b"\x77": b"\x78", b"\x60": b"\x61", b"\x63": b"\x65"}.get(kind)
            if reply is None:
                continue
            connection.sendall(b"\x30\x0c\x02\x01" + number + reply + b"\x07\x0a\x01" + bytes([result]) + b"\x04\x00\x04\x00")
            if kind == b"\x77":
                self.asked += 1
                if self.context and result == 0:
                    connection = self.context.wrap_socket(connection, server_side=True)


def start(ca, name):
    """A slapd with a certificate for that name, whose gateway entry has a password.

    libldap takes "localhost" for the name of this machine, so that an address serves better here.
    """
    d = directory.Directory()
    cert, key = ca.issue(name, usage="serverAuth", alternative="IP:" + name)
    tls = "olcTLSCertificateFile: %s\nolcTLSCertificateKeyFile: %s\nolcPidFile:" % (cert, key)
    d.edit = lambda config: config.replace("olcPidFile:", tls, 1)
    d.make()
    change = "dn: cn=gateway,ou=services,%s\nchangetype: modify\nadd: userPassword\nuserPassword: %s\n-\nadd: objectClass\nobjectClass: simpleSecurityObject\n" % (
        d.base, directory.crypt_hash(PASSWORD))
    subprocess.run(["/usr/sbin/slapmodify", "-F", os.path.join(d.place, "config"), "-b", d.base], input=change, text=True,
                   check=True, capture_output=True)
    d.start()
    return d


def options(url, top, ca):
    secret = os.path.join(top, "password")
    if not os.path.exists(secret):
        with open(secret, "w", encoding="utf-8") as file:
            file.write(PASSWORD + "\n")
    return ["--ldap-uri", url, "--ldap-bind-dn", "cn=gateway,ou=services,dc=provost",
            "--ldap-password-file", secret, "--ldap-ca-file", ca, "--loops", "1"]


def trap(place, authority):
    """What libldap would read: every place and variable of it says that nothing need be checked."""
    for name in ("ldap.conf", "ldaprc", ".ldaprc", "named"):
        with open(os.path.join(place, name), "w", encoding="utf-8") as file:
            file.write("TLS_REQCERT never\nTLS_REQSAN never\nTLS_CACERT %s\nURI ldap://127.0.0.1:1\nREFERRALS on\n" % authority)
        os.chmod(os.path.join(place, name), 0o644)
    return {"LDAPTLS_REQCERT": "never", "LDAPTLS_REQSAN": "never", "LDAPTLS_CACERT": authority, "LDAPCONF": os.path.join(place, "ldap.conf"),
            "LDAPRC": "named", "HOME": place, "LDAPURI": "ldap://127.0.0.1:1", "LDAPTLS_PROTOCOL_MIN": "0.0", "LDAPREFERRALS": "on"}


def refused(what, given, env, impostor=None):
    """provostd must not get through: it runs, is never ready and says why. In a directory full of traps."""
    results = []
    g = gateway.Gateway(*given, env=env)
    for name in ("ldaprc", ".ldaprc", "named"):
        shutil.copy(os.path.join(env["HOME"], name), g.top)
    try:
        with open(g.log_file, "ab") as log:
            g.process = subprocess.Popen([g.binary, *g.options], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                         stderr=log, env=g.env, cwd=g.top)
        gateway.until(lambda: "event=directory-unreachable" in g.log(), what, 30)
        g.address = gateway.re.findall(r"event=serving listen=(\S+)", g.log())[-1]
        results.append((g.client().get("/readyz").status == 503, "R50: " + what, g.log()[-500:]))
        results.append((g.client("admin", "secret of admin").get("/v1/me").status == 503, what + ": nobody is let in", None))
        results.append((PASSWORD not in g.log(), what + ": the log does not tell the password", None))
        if impostor:
            results.append((impostor.asked > 0, what + ": StartTLS was asked for", None))
            heard = impostor.heard
            # A greeting of TLS is all that the last of them hears.
            results.append((PASSWORD.encode() not in heard and (heard == b"" or heard[:2] == b"\x16\x03" and b"cn=gateway" not in heard),
                            what + ": nobody logs in there", heard[:200]))
    finally:
        g.close()
    return results


def impostors(place, ca, stranger):
    """Whoever is in the way of the directory."""
    right = lambda name, **more: ca.issue(name, usage="serverAuth", alternative="IP:127.0.0.1", **more)
    for what, impostor in [
            ("a certificate that nobody has signed", Impostor(pair=self_signed(place, "self", "serverAuth", "IP:127.0.0.1"))),
            ("a certificate of another authority", Impostor(pair=stranger.issue("strange", usage="serverAuth", alternative="IP:127.0.0.1"))),
            ("a certificate for another address", Impostor(pair=ca.issue("elsewhere", usage="serverAuth", alternative="IP:127.0.0.9,DNS:elsewhere.example"))),
            ("a certificate for another name", Impostor(pair=ca.issue("named", subject="/CN=elsewhere.example", usage="serverAuth"))),
            ("a certificate that has expired", Impostor(pair=right("expired", valid=EXPIRED))),
            ("a certificate that is not yet valid", Impostor(pair=right("future", valid=NOT_YET))),
            ("a server that knows no StartTLS", Impostor(starttls=2)), ("a server that has no TLS now", Impostor(starttls=52)),
            ("a server that agrees, and goes on in clear", Impostor())]:
        yield what, impostor


def refusals(place, ca, stranger, good):
    """All of them at once: most of the time they wait."""
    env = trap(place, stranger.certificate)
    with concurrent.futures.ThreadPoolExecutor(5) as pool:
        under_way = [pool.submit(refused, what, options(one.url, place, ca.certificate), env, one) for what, one in impostors(place, ca, stranger)]
        under_way.append(pool.submit(refused, "an unknown authority", options(good.url, place, stranger.certificate), env))
        under_way.append(pool.submit(refused, "authorities that are not there", options(good.url, place, "/nonexistent"), env))
        for one in under_way:
            for result in one.result():
                tap.ok(*result)


def withdrawn(g, admin, good, place, ca, stranger):
    """An authority that is no longer trusted: from the next connection on."""
    in_force = os.path.join(place, "authorities.pem")
    shutil.copyfile(stranger.certificate, in_force)
    g.process.send_signal(signal.SIGHUP)
    gateway.until(lambda: "event=reloaded" in g.log(), "the new authorities", 10)
    tap.is_(admin.get("/v1/domains/tls.example").status, 200, "connections that are open stay")
    again(good)
    gateway.until(lambda: "event=directory-unreachable" in g.log(), "the refusal", 15)
    tap.is_(admin.get("/v1/domains/tls.example").status, 503, "without its authority the directory is not spoken to again")
    shutil.copyfile(ca.certificate, in_force)
    g.process.send_signal(signal.SIGHUP)
    gateway.until(lambda: admin.get("/v1/domains/tls.example").status == 200, "the return", 20)
    tap.ok(True, "with it, it is")


def again(d):
    """Another slapd at the same place."""
    d.stop()
    d.process = subprocess.Popen([directory.SLAPD, "-F", os.path.join(d.place, "config"), "-d", "0", "-h", d.url], stdin=subprocess.DEVNULL)


def by_default(url, top, ca):
    """Without a file of authorities those of the system count; here they are replaced for the one process."""
    system = "/etc/ssl/certs/ca-certificates.crt"
    if not os.path.exists(system) or subprocess.run(["unshare", "-m", "true"], capture_output=True, check=False).returncode:
        tap.note("the system's authorities cannot be replaced here")
        return
    binary = os.path.join(top, "provostd-with-authorities")
    with open(binary, "w", encoding="utf-8") as file:
        file.write("#!/bin/sh\nexec unshare -m sh -c 'mount --bind %s %s && exec \"$0\" \"$@\"' %s \"$@\"\n" % (
            ca, system, os.path.join(gateway.BUILD, "provostd")))
    os.chmod(binary, 0o755)
    with gateway.Gateway(*options(url, top, ca)[:-4], binary=binary) as g:
        tap.is_(g.client("admin", "secret of admin").get("/v1/me").status, 200, "by default the system's authorities count")


def main():
    gateway.ensure_user()
    place = gateway.tempfile.mkdtemp(prefix="provost-tls-")
    os.chmod(place, 0o755)
    ca, stranger = Authority(place, "right"), Authority(place, "stranger")
    in_force = os.path.join(place, "authorities.pem")
    shutil.copyfile(ca.certificate, in_force)
    os.chmod(in_force, 0o644)
    good = start(ca, "127.0.0.1")
    try:
        with gateway.Gateway(*options(good.url, place, in_force)) as g:
            admin = g.client("admin", "secret of admin")
            tap.is_(admin.get("/v1/me").status, 200, "a certificate of the right authority and name")
            tap.is_(admin.post("/v1/domains", {"name": "tls.example"}).status, 201, "it works over TLS")
            good.stop()
            gateway.until(lambda: admin.get("/v1/domains").status == 503, "the loss", 10)
            again(good)
            gateway.until(lambda: admin.get("/v1/domains/tls.example").status == 200, "the return", 15)
            tap.ok(True, "it reconnects by itself")
        with gateway.Gateway(*options(good.url, place, in_force)) as g:
            withdrawn(g, g.client("admin", "secret of admin"), good, place, ca, stranger)
        refusals(place, ca, stranger, good)
        by_default(good.url, place, ca.certificate)
        run = subprocess.run([os.path.join(gateway.BUILD, "provostd"), "--check-config", *options(good.url.replace("ldap:", "ldaps:"), place, ca.certificate)],
                             capture_output=True, text=True, check=False)
        tap.ok(run.returncode and "StartTLS" in run.stderr, "ldaps: is refused at the start", run.stderr)
    finally:
        good.remove()
        shutil.rmtree(place)
    tap.done()


main()
