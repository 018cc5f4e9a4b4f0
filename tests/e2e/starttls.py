#!/usr/bin/python3
"""A directory elsewhere: StartTLS with a certificate that must be right, whatever libldap's own configuration says."""

import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.environ.get("top_srcdir") or os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))), "tests", "lib"))

import directory
import gateway
import tap

PASSWORD = "secret of the gateway"


def openssl(*args):
    subprocess.run(["openssl", *args], check=True, capture_output=True)


def authority(place, name):
    """A certificate authority; returns its certificate."""
    key, cert = os.path.join(place, name + ".key"), os.path.join(place, name + ".pem")
    openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=" + name, "-keyout", key,
            "-out", cert)
    return cert


def certificate(place, name, ca):
    """A server's certificate for that host name, signed by an authority; returns certificate and key."""
    key, request, cert = (os.path.join(place, name + end) for end in (".key", ".csr", ".crt"))
    extensions = os.path.join(place, name + ".ext")
    with open(extensions, "w", encoding="utf-8") as file:
        file.write("subjectAltName=%s:%s" % ("IP" if name[0].isdigit() else "DNS", name))
    openssl("req", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=" + name, "-keyout", key, "-out", request)
    openssl("x509", "-req", "-in", request, "-CA", ca, "-CAkey", ca.replace(".pem", ".key"), "-CAcreateserial",
            "-days", "2", "-extfile", extensions, "-out", cert)
    return cert, key


def start(ca, name):
    """A slapd with a certificate for that name, whose gateway entry has a password.

    libldap takes "localhost" for the name of this machine, so that an address serves better here.
    """
    d = directory.Directory()
    cert, key = certificate(d.place, name, ca)
    tls = "olcTLSCertificateFile: %s\nolcTLSCertificateKeyFile: %s\nolcPidFile:" % (cert, key)
    d.edit = lambda config: config.replace("olcPidFile:", tls, 1)
    d.make()
    change = "dn: cn=gateway,ou=services,%s\nchangetype: modify\nadd: userPassword\nuserPassword: %s\n-\nadd: objectClass\nobjectClass: simpleSecurityObject\n" % (
        d.base, directory.crypt_hash(PASSWORD))
    subprocess.run(["/usr/sbin/slapmodify", "-F", os.path.join(d.place, "config"), "-b", d.base], input=change, text=True,
                   check=True, capture_output=True)
    d.start()
    return d


def options(d, top, ca):
    secret = os.path.join(top, "password")
    with open(secret, "w", encoding="utf-8") as file:
        file.write(PASSWORD + "\n")
    return ["--ldap-uri", d.url, "--ldap-bind-dn", "cn=gateway,ou=services,dc=provost",
            "--ldap-password-file", secret, "--ldap-ca-file", ca]


def refused(what, *given, env=None):
    """provostd must not get through: it runs, is never ready and says why."""
    g = gateway.Gateway(*given, env=env)
    try:
        g.process = subprocess.Popen([g.binary, *g.options], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                     stderr=open(g.log_file, "ab"), env=g.env, cwd=g.top)
        gateway.until(lambda: "event=directory-unreachable" in g.log(), what, 15)
        g.address = gateway.re.findall(r"listen=(\S+)", g.log())[-1]
        tap.is_(g.client().get("/readyz").status, 503, what)
        tap.is_(g.client("admin", "secret of admin").get("/v1/me").status, 503, what + ": nobody is let in")
        tap.ok(PASSWORD not in g.log(), "and the log does not tell the password")
    finally:
        g.close()


def by_default(d, top, ca):
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
    with gateway.Gateway(*options(d, top, ca)[:-2], binary=binary) as g:
        tap.is_(g.client("admin", "secret of admin").get("/v1/me").status, 200, "by default the system's authorities count")


def main():
    gateway.ensure_user()
    place = gateway.tempfile.mkdtemp(prefix="provost-tls-")
    os.chmod(place, 0o755)
    ca, stranger = authority(place, "right"), authority(place, "stranger")
    for name in os.listdir(place):
        os.chmod(os.path.join(place, name), 0o644)
    good, other_name = start(ca, "127.0.0.1"), start(ca, "elsewhere.example")
    try:
        with gateway.Gateway(*options(good, place, ca)) as g:
            admin = g.client("admin", "secret of admin")
            tap.is_(admin.get("/v1/me").status, 200, "a certificate of the right authority and name")
            tap.is_(admin.post("/v1/domains", {"name": "tls.example"}).status, 201, "it works over TLS")
            good.stop()
            gateway.until(lambda: admin.get("/v1/domains").status == 503, "the loss", 10)
            good.process = subprocess.Popen([directory.SLAPD, "-F", os.path.join(good.place, "config"), "-d", "0",
                                             "-h", good.url], stdin=subprocess.DEVNULL)
            gateway.until(lambda: admin.get("/v1/domains/tls.example").status == 200, "the return", 15)
            tap.ok(True, "it reconnects by itself")
        refused("an unknown authority", *options(good, place, stranger))
        refused("authorities that are not there", *options(good, place, "/nonexistent"))
        by_default(good, place, ca)
        refused("the right authority, another name", *options(other_name, place, ca))
        # A trap for libldap: it would read this from the working directory and the environment.
        trap = {"LDAPTLS_REQCERT": "never", "LDAPTLS_CACERT": ca, "LDAPCONF": os.path.join(place, "ldap.conf")}
        with open(trap["LDAPCONF"], "w", encoding="utf-8") as file:
            file.write("TLS_REQCERT never\n")
        refused("no check is turned off by the environment", *options(good, place, stranger), env=trap)
    finally:
        good.remove()
        other_name.remove()
        gateway.shutil.rmtree(place)
    tap.done()


main()
