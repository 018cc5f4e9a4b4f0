#!/usr/bin/python3
"""Logins to Dovecot by SCRAM and CRAM-MD5, with what is stored beside the hash; who writes that, and who sees it."""

import base64
import concurrent.futures
import hashlib
import hmac
import os
import re
import subprocess
import sys

sys.path.insert(0, os.path.join(os.environ.get("top_srcdir") or os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))), "tests", "lib"))

import ldap

import gateway
import mail
import tap

ALL = "scram-sha-256 scram-sha-1 cram-md5"
ATTRIBUTES = ["provostScramSha256", "provostScramSha1", "provostCramMd5"]
JOHN, MARY = "john@example.org", "mary@example.org"
FIRST, SECOND, THIRD, LAST = "the first w\u00f6rd", "the second w\u00f6rd", "the third w\u00f6rd", "the last w\u00f6rd"
READY = "{CRYPT}$6$rounds=1000$saltsalt$Vj4RgI7fdB7fNK6fI3iYmyFEIWOTD4p0hcI8PBEdHoAvPHnOAxJzbYt3hdfjMKeKCfZmyOEw2BRAJRFNuTfeQ1"


def scram(kind, user, password):
    """RFC 5802, the client's side, for imaplib's authenticate(); the server has to prove itself, too."""
    nonce = base64.b64encode(os.urandom(18)).decode()
    bare = "n=%s,r=%s" % (user, nonce)
    told = {}

    def keyed(key, text):
        return hmac.new(key, text, kind).digest()

    def answer(data):
        if not data:
            return ("n,," + bare).encode()
        parts = dict(part.split("=", 1) for part in data.decode().split(","))
        if "v" in parts:
            told["proven"] = base64.b64decode(parts["v"]) == told["expected"]
            return b""
        told["iterations"] = int(parts["i"])
        salted = hashlib.pbkdf2_hmac(kind, password.encode(), base64.b64decode(parts["s"]), told["iterations"])
        last = "c=biws,r=" + parts["r"]
        whole = ("%s,%s,%s" % (bare, data.decode(), last)).encode()
        client = keyed(salted, b"Client Key")
        signature = keyed(hashlib.new(kind, client).digest(), whole)
        told["expected"] = keyed(keyed(salted, b"Server Key"), whole)
        return ("%s,p=%s" % (last, base64.b64encode(bytes(a ^ b for a, b in zip(client, signature))).decode())).encode()

    return answer, told


def login(dovecot, mechanism, user, password):
    """Whether Dovecot lets him in."""
    client = dovecot.imap()
    try:
        if mechanism == "CRAM-MD5":
            client.authenticate(mechanism, lambda data: ("%s %s" % (user, hmac.new(password.encode(), data, "md5").hexdigest())).encode())
            return True
        if mechanism == "PLAIN":
            client.authenticate(mechanism, lambda data: ("\0%s\0%s" % (user, password)).encode())
            return True
        answer, told = scram(mechanism[6:].replace("-", "").lower(), user, password)
        client.authenticate(mechanism, answer)
        return told.get("proven", False)
    except client.error:
        return False
    finally:
        client.logout()


MECHANISMS = ["SCRAM-SHA-256", "SCRAM-SHA-1", "CRAM-MD5", "PLAIN"]


def ways(dovecot, user, password):
    with concurrent.futures.ThreadPoolExecutor(len(MECHANISMS)) as pool:
        return [mechanism for mechanism, good in zip(MECHANISMS, pool.map(lambda name: login(dovecot, name, user, password), MECHANISMS)) if good]


def stored(g, address):
    """What the entry has, read by the owner of the database."""
    text = subprocess.run(["/usr/sbin/slapcat", "-o", "ldif-wrap=no", "-F", os.path.join(g.state, "slapd.d"), "-b", "dc=provost", "-a",
                           "(mail=%s)" % address], capture_output=True, text=True, check=True).stdout
    return {name: base64.b64decode(value).decode() if colon else value
            for name, colon, value in re.findall(r"(?m)^(userPassword|provost(?:Scram|Cram)\w+):(:?) (.*)$", text)}


def dn(address):
    return "mail=%s,provostDomainName=example.org,ou=domains,dc=provost" % address


def bound(g, who, password):
    connection = ldap.initialize(g.ldap_url)
    connection.simple_bind_s(who, password)
    return connection


def each_way_to_set(g, admin, dovecot):
    """POST, PATCH, PUT by himself, PUT by an administrator: the new word opens everything, the old one nothing."""
    admin.post("/v1/users", {"address": JOHN, "password": FIRST})
    tap.is_(ways(dovecot, JOHN, FIRST), MECHANISMS, "POST: all mechanisms")
    tap.is_(ways(dovecot, "John@Example.ORG", FIRST), MECHANISMS, "in any case of letters")
    tap.is_(ways(dovecot, JOHN, SECOND), [], "no other password")
    for what, request, word, old in (
            ("PATCH", lambda: admin.patch("/v1/users/" + JOHN, {"password": SECOND}), SECOND, FIRST),
            ("his own", lambda: admin.as_(JOHN, SECOND).put("/v1/users/%s/password" % JOHN, {"password": THIRD, "current": SECOND}), THIRD, SECOND),
            ("an administrator's", lambda: admin.put("/v1/users/%s/password" % JOHN, {"password": FIRST}), FIRST, THIRD),
            ("PUT", lambda: admin.put("/v1/users/" + JOHN, {"password": LAST}), LAST, FIRST)):
        tap.ok(request().status in (200, 204), what + ": is done")
        tap.is_((ways(dovecot, JOHN, word), ways(dovecot, JOHN, old)), (MECHANISMS, []), what + ": the new one opens, the old one does not")
    made = admin.post("/v1/users?generate_password=true", {"address": "new@example.org"})
    tap.is_(ways(dovecot, "new@example.org", made.json["generated_password"]), MECHANISMS, "one that was made up")


def other_changes(g, admin, dovecot):
    before = stored(g, JOHN)
    tap.is_(sorted(before), sorted(ATTRIBUTES + ["userPassword"]), "all of it is stored")
    tap.is_(admin.patch("/v1/users/" + JOHN, {"name": "John"}).status, 200, "another change")
    tap.is_(stored(g, JOHN), before, "leaves it alone")
    tap.is_(admin.patch("/v1/users/" + JOHN, {"address": "jack@example.org"}).status, 200, "a new address")
    tap.is_(ways(dovecot, "jack@example.org", LAST), MECHANISMS, "the same password, by all mechanisms")
    admin.patch("/v1/users/jack@example.org", {"address": JOHN})
    tap.is_(admin.patch("/v1/users/" + JOHN, {"password_hash": READY}).status, 200, "a ready-made hash")
    tap.is_((sorted(stored(g, JOHN)), ways(dovecot, JOHN, LAST)), (["userPassword"], []), "takes away the forms of the old password")
    admin.patch("/v1/users/" + JOHN, {"password": LAST})
    tap.is_(admin.put("/v1/users/admin/password", {"password": "another of admin", "current": g.secret("admin-password")}).status, 204,
            "a principal changes his password, too")
    admin.password = "another of admin"


def refusals(admin, dovecot):
    for what, path, on, off in (("a disabled user", "/v1/users/" + JOHN, {"enabled": True}, {"enabled": False}),
                                ("a user who may not log in", "/v1/users/" + JOHN, {"login_enabled": True}, {"login_enabled": False}),
                                ("a disabled domain", "/v1/domains/example.org", {"enabled": True}, {"enabled": False})):
        tap.is_(admin.patch(path, off).status, 200, what)
        tap.is_(ways(dovecot, JOHN, LAST), [], what + ": by no mechanism")
        admin.patch(path, on)
    tap.is_(ways(dovecot, JOHN, LAST), MECHANISMS, "then again by all")
    tap.is_(ways(dovecot, "nobody@example.org", LAST), [], "who does not exist is refused")


def secrecy(g, admin):
    """Nobody but Dovecot reads any of it; an administrator writes what is well-formed."""
    values = stored(g, JOHN)
    services = [bound(g, "cn=%s,ou=services,dc=provost" % name, g.secret("services/" + name)) for name in ("postfix", "sso", "signer")]
    root = bound(g, "uid=admin,ou=principals,dc=provost", "another of admin")
    for who, connection in [("postfix", services[0]), ("sso", services[1]), ("signer", services[2]), ("admin", root), ("he", bound(g, dn(JOHN), LAST))]:
        found = connection.search_s("ou=domains,dc=provost", ldap.SCOPE_SUBTREE, "(mail=%s)" % JOHN, ATTRIBUTES + ["provostCredential", "cn"])
        tap.ok(not [name for _, entry in found for name in entry if name != "cn"], who + " reads nothing", found)
        found = connection.search_s("ou=domains,dc=provost", ldap.SCOPE_SUBTREE, "(|(provostCramMd5=*)(provostCredential=*))", ["mail"])
        tap.is_(found, [], who + " does not find who has it")
    reader = bound(g, "cn=dovecot,ou=services,dc=provost", g.secret("services/dovecot"))
    found = reader.search_s(dn(JOHN), ldap.SCOPE_BASE, "(objectClass=*)", ATTRIBUTES)
    tap.is_(sorted(found[0][1]), sorted(ATTRIBUTES), "Dovecot reads it")
    for attribute, value, good in ((ATTRIBUTES[0], values[ATTRIBUTES[0]], True), (ATTRIBUTES[0], "{PLAIN}secret", False),
                                   (ATTRIBUTES[0], values[ATTRIBUTES[1]], False), (ATTRIBUTES[0], "{SCRAM-SHA-256}1" + values[ATTRIBUTES[0]][20:], False),
                                   (ATTRIBUTES[0], "{SCRAM-SHA-256}999999" + values[ATTRIBUTES[0]][20:], False),
                                   (ATTRIBUTES[1], values[ATTRIBUTES[1]], True), (ATTRIBUTES[2], values[ATTRIBUTES[2]], True),
                                   (ATTRIBUTES[2], "{CRAM-MD5}abc", False), (ATTRIBUTES[2], "secret", False)):
        try:
            root.modify_s(dn(JOHN), [(ldap.MOD_REPLACE, attribute, [value.encode()])])
            done = True
        except (ldap.CONSTRAINT_VIOLATION, ldap.INSUFFICIENT_ACCESS):
            done = False
        tap.is_(done, good, "%s: %.24s" % (attribute, value))
    for body in (admin.get("/v1/users/" + JOHN).text, admin.get("/v1/users").text, g.log()):
        tap.is_([value for value in values.values() if value in body or value[-40:] in body], [], "not in replies, not in the log")


def config(g, *options):
    target = os.path.join(g.top, "dovecot%d" % gateway.free_port())
    done = subprocess.run([os.path.join(gateway.BUILD, "provost"), "config", "dovecot", target, "--state-dir", g.state, "--mail-dir", g.top + "/mail",
                           "--mail-uid", "5000", "--mail-gid", "5000", *options], capture_output=True, text=True)
    return target, done


def log_is_clean(g, dovecot):
    with open(dovecot.log_file, encoding="utf-8", errors="replace") as file:
        text = file.read()
    words = [FIRST, SECOND, THIRD, LAST, "{SCRAM", "{CRAM", "{CRYPT}"] + list(stored(g, JOHN).values())
    tap.is_([word for word in words if word in text], [], "no password and no form of one in Dovecot's log")
    tap.is_([line for line in text.splitlines() if re.search("error|fatal|panic|warning", line, re.I)], [], "and no complaint")


def main():
    if mail.missing():
        print("1..0 # SKIP " + mail.missing())
        return
    with gateway.Gateway("--passwd-credentials", ALL, "--dovecot-reads-passwords", "yes") as g:
        admin = g.admin()
        admin.post("/v1/domains", {"name": "example.org"})
        target, done = config(g, "--passdb", "lookup", "--credentials", ALL)
        tap.is_((done.returncode, done.stderr), (0, ""), "provost config dovecot --credentials")
        with mail.Dovecot(target, g.top + "/mail") as dovecot:
            client = dovecot.imap()
            tap.is_([m for m in MECHANISMS if "AUTH=" + m not in client.capabilities], [], "all are offered")
            client.logout()
            each_way_to_set(g, admin, dovecot)
            other_changes(g, admin, dovecot)
            refusals(admin, dovecot)
            secrecy(g, admin)
            log_is_clean(g, dovecot)
        target, done = config(g, "--credentials", "scram-sha-256")
        with mail.Dovecot(target, g.top + "/mail") as dovecot:
            tap.is_(ways(dovecot, JOHN, LAST), ["SCRAM-SHA-256", "PLAIN"], "with --passdb bind, and one of them")
        _, done = config(g, "--credentials", "digest-md5")
        tap.ok(done.returncode == 1 and "digest-md5" in done.stderr, "DIGEST-MD5 is none", done.stderr)
        g.stop()
        g.options[g.options.index(ALL)] = ""
        g.start()
        tap.is_(sorted(stored(g, JOHN)), sorted(ATTRIBUTES + ["userPassword"]), "without the option what there is stays")
        again = gateway.Client(g.address, "admin", "another of admin")
        tap.is_(again.patch("/v1/users/" + JOHN, {"password": FIRST}).status, 200, "until a password is set")
        tap.is_(sorted(stored(g, JOHN)), ["userPassword"], "then only the hash is stored")
        tap.is_(admin.complaints + again.complaints, [], "every reply is as described")
        g.stop()
        g.options[g.options.index("yes")] = "no"
        g.start()
        _, done = config(g, "--credentials", "cram-md5")
        tap.ok(done.returncode == 1 and "--dovecot-reads-passwords yes" in done.stderr, "refused where Dovecot may not read", done.stderr)
    tap.done()


main()
