#!/usr/bin/python3
"""One stored password is verified by slapd, by Dovecot and by us: every form we make or admit, and no other."""

import ctypes
import os
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.join(os.environ.get("top_srcdir") or os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))), "tests", "lib"))

import ldap

import gateway
import tap

SCHEMES = ["yescrypt", "gost-yescrypt", "scrypt", "bcrypt", "bcrypt-y", "sha512-crypt", "sha256-crypt"]
PASSWORD = "pässword with blanks"
SALT = "abcdefgh"
BCRYPT = "abcdefghijklmnopqrstuu"

_crypt = ctypes.CDLL("libcrypt.so.1")
_crypt.crypt.restype = ctypes.c_char_p
_crypt.crypt.argtypes = [ctypes.c_char_p, ctypes.c_char_p]


def crypt(setting):
    """A hash of PASSWORD, made by the system's own crypt(3)."""
    return _crypt.crypt(PASSWORD.encode(), setting.encode()).decode()


def ready_made():
    """What clients may bring along, and whether it is admitted: (sent, admitted)."""
    sha512, sha256, bcrypt = crypt("$6$" + SALT), crypt("$5$" + SALT), crypt("$2b$05$" + BCRYPT)
    yescrypt = crypt("$y$j9T$" + SALT)
    return [
        ("{CRYPT}" + sha512, True), ("{crypt}" + sha512, True), (sha512, True), ("{SHA512-CRYPT}" + sha512, True),
        ("{CRYPT}" + sha256, True), ("{SHA256-CRYPT}" + sha256, True), (crypt("$6$rounds=5000$" + SALT), True),
        ("{CRYPT}" + bcrypt, True), ("{BLF-CRYPT}" + bcrypt, True), (bcrypt, True), (crypt("$2y$04$" + BCRYPT), True),
        ("{CRYPT}" + yescrypt, True), (yescrypt, True), (crypt("$gy$j9T$" + SALT), True),
        (crypt("$7$CU..../....abcdefgh"), True),
        # Too costly to verify: each login would hold slapd up for long.
        ("{CRYPT}$6$rounds=10000000$" + sha512[3:], False), ("{CRYPT}$6$rounds=99$" + sha512[3:], False),
        ("{CRYPT}$2b$13$" + bcrypt[7:], False), ("{CRYPT}$2b$31$" + bcrypt[7:], False),
        ("{CRYPT}$y$jFT$" + yescrypt[7:], False), ("{CRYPT}$y$jzT$" + yescrypt[7:], False),
        ("{CRYPT}$7$GU..../....abcdefgh$" + "A" * 43, False),
        # Not verified by all three.
        ("{SSHA}9Gg25GbPz+frlkwhxxxxxxxxxxxxxxxx", False), ("{ARGON2ID}$argon2id$v=19$m=65536,t=3,p=1$c2FsdA$aGFzaA", False),
        ("{PLAIN}secret", False), ("{CLEARTEXT}secret", False), ("secret", False), ("{SHA512-CRYPT}" + bcrypt, False),
        ("{BLF-CRYPT}" + sha512, False), ("{CRYPT}$1$fWCO/RMv$mM6abcdefghijklmnopqrs", False), ("{CRYPT}ok4rbof3apmOU", False),
        ("$argon2id$v=19$m=65536,t=3,p=1$c2FsdA$aGFzaA", False),
        # Malformed.
        ("{CRYPT}", False), ("{CRYPT", False), ("", False), ("{CRYPT}" + sha512 + "x", False), ("{CRYPT}" + sha512[:-1], False),
        ("{CRYPT}" + sha512[:40] + "\u00e4" + sha512[41:], False), ("{CRYPT}{CRYPT}" + sha512, False), ("x" * 600, False),
    ]


def dn(address):
    return "mail=%s,provostDomainName=hash.example,ou=domains,dc=provost" % address


def binds(g, address, password):
    connection = ldap.initialize(g.ldap_url)
    try:
        connection.simple_bind_s(dn(address), password)
        return True
    except ldap.INVALID_CREDENTIALS:
        return False
    finally:
        connection.unbind_s()


def stored(g, address):
    """The hash, read by the one who owns the database's files."""
    config = os.path.join(g.state, "slapd.d")
    text = subprocess.run(["/usr/sbin/slapcat", "-o", "ldif-wrap=no", "-F", config, "-b", "dc=provost", "-a", "(mail=%s)" % address],
                          capture_output=True, text=True, check=True).stdout
    for line in text.splitlines():
        if line.startswith("userPassword:: "):
            return gateway.base64.b64decode(line.split()[1]).decode()
    return None


def dovecot_verifies(hashed):
    done = subprocess.run(["doveadm", "pw", "-t", hashed, "-p", PASSWORD], capture_output=True, text=True)
    return done.returncode == 0 and "verified" in done.stdout


def by_everybody(g, admin, address, what):
    """HTTP, slapd and Dovecot take the password, and none takes another or the hash itself."""
    hashed = stored(g, address)
    tap.ok(hashed and hashed.startswith("{CRYPT}$"), what + ": stored as {CRYPT}", hashed)
    tap.is_(admin.as_(address, PASSWORD).get("/v1/me").status, 200, what + ": HTTP login")
    tap.ok(binds(g, address, PASSWORD), what + ": simple bind")
    tap.ok(not binds(g, address, PASSWORD + "x"), what + ": no bind with another")
    tap.ok(not binds(g, address, hashed), what + ": no bind with the hash")
    if shutil.which("doveadm"):
        tap.ok(dovecot_verifies(hashed), what + ": Dovecot verifies it")


def new_hashes():
    for scheme in SCHEMES:
        with gateway.Gateway("--passwd-scheme", scheme) as g:
            admin = g.admin()
            admin.post("/v1/domains", {"name": "hash.example"})
            reply = admin.post("/v1/users", {"address": "u@hash.example", "password": PASSWORD})
            tap.is_(reply.status, 201, scheme + ": a user is made")
            by_everybody(g, admin, "u@hash.example", scheme)


def native(g):
    connection = ldap.initialize(g.ldap_url)
    connection.simple_bind_s("uid=admin,ou=principals,dc=provost", g.secret("admin-password"))
    return connection


def takes(connection, address, value):
    """Whether slapd's constraint lets an administrator write that value."""
    try:
        connection.modify_s(dn(address), [(ldap.MOD_REPLACE, "userPassword", [value.encode()])])
        return True
    except (ldap.CONSTRAINT_VIOLATION, ldap.INSUFFICIENT_ACCESS, ldap.INVALID_SYNTAX):
        return False


def ready_hashes(g):
    admin, connection = g.admin(), native(g)
    admin.post("/v1/domains", {"name": "hash.example"})
    admin.post("/v1/users", {"address": "native@hash.example"})
    for i, (sent, admitted) in enumerate(ready_made()):
        address, what = "u%d@hash.example" % i, "%.40r" % sent
        reply = admin.post("/v1/users", {"address": address, "password_hash": sent})
        tap.is_(reply.status, 201 if admitted else 422, what + (" is admitted" if admitted else " is refused"))
        if admitted:
            by_everybody(g, admin, address, what)
            tap.ok(takes(connection, "native@hash.example", stored(g, address)), what + ": slapd admits what we store")
        else:
            faults = [f["pointer"] for f in reply.json.get("errors", [])]
            tap.is_(faults, ["/password_hash"], what + ": the reason names it")
            tap.ok(sent == "" or sent not in reply.text, what + ": and does not repeat it")
            tap.ok(sent == "" or not takes(connection, "native@hash.example", sent), what + ": slapd refuses it, too")


def main():
    with gateway.Gateway() as g:
        ready_hashes(g)
        tap.ok("Sanitizer" not in g.log() and "runtime error" not in g.log(), "no sanitizer report", g.log()[-4000:])
    new_hashes()
    tap.done()


main()
