#!/usr/bin/python3
"""Every scheme of stored passwords: who verifies it, and who takes it. docs/passwords.md has the table that is measured here.

With --write the table is put there instead of compared.
"""

import base64
import concurrent.futures
import ctypes
import hashlib
import os
import re
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.environ.get("top_srcdir") or os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))), "tests", "lib"))

import ldap

import directory
import gateway
import mail
import tap

PASSWORD, WRONG = "password", "wrong password"
SALT = b"saltsalt"
PAGE = os.path.join(gateway.TOP, "docs", "passwords.md")
BEGIN, END = "<!-- measured by tests/mail/schemes.py -->\n", "<!-- end -->\n"
MODULES = ["pw-sha2", "argon2"]
FURTHER = "argon2id argon2i bcrypt-a md5-crypt des-crypt ssha ssha256 ssha512 smd5 sha sha256 sha512 md5"
OURS = {"yescrypt": "yescrypt", "gost-yescrypt": "gost-yescrypt", "scrypt": "scrypt", "BLF-CRYPT": "bcrypt-y", "CRYPT bcrypt": "bcrypt",
        "SHA512-CRYPT": "sha512-crypt", "SHA256-CRYPT": "sha256-crypt"}

_crypt = ctypes.CDLL("libcrypt.so.1")
_crypt.crypt.restype = ctypes.c_char_p
_crypt.crypt.argtypes = [ctypes.c_char_p, ctypes.c_char_p]


def crypt(setting):
    return _crypt.crypt(PASSWORD.encode(), setting.encode()).decode()


def dovecot_makes(scheme, *options):
    return mail.run("doveadm", "pw", "-s", scheme, "-p", PASSWORD, *options).stdout.strip()


def digest(kind, salt=b""):
    return base64.b64encode(hashlib.new(kind, PASSWORD.encode() + salt).digest() + salt).decode()


def rows():
    """Name -> stored text, address of its user -> made for that address."""
    argon2id = dovecot_makes("ARGON2ID").partition("}")[2]
    found = {"yescrypt": "{CRYPT}" + crypt("$y$j9T$abcdefgh$"), "gost-yescrypt": "{CRYPT}" + crypt("$gy$j9T$abcdefgh$"),
             "scrypt": "{CRYPT}" + crypt("$7$CU..../....abcdefgh$"), "CRYPT bcrypt": "{CRYPT}" + crypt("$2b$05$abcdefghijklmnopqrstuu"),
             "CRYPT bcrypt $2a$": "{CRYPT}" + crypt("$2a$05$abcdefghijklmnopqrstuu"), "CRYPT SHA-512": "{CRYPT}" + crypt("$6$abcdefgh$"),
             "CRYPT SHA-256": "{CRYPT}" + crypt("$5$abcdefgh$"), "CRYPT MD5": "{CRYPT}" + crypt("$1$abcdefgh$"),
             "CRYPT DES": "{CRYPT}" + crypt("ab"), "CRYPT NT": "{CRYPT}" + crypt("$3$"), "CRYPT sha1": "{CRYPT}" + crypt("$sha1$1000$abcdefgh$")}
    for scheme in ("PLAIN", "CLEARTEXT", "CLEAR", "SHA", "SHA1", "SSHA", "SHA256", "SSHA256", "SHA512", "SSHA512", "PLAIN-MD5", "LDAP-MD5", "SMD5",
                   "PLAIN-MD4", "CRYPT", "DES-CRYPT", "MD5-CRYPT", "SHA256-CRYPT", "SHA512-CRYPT", "BLF-CRYPT", "ARGON2I", "ARGON2ID", "PBKDF2",
                   "SCRAM-SHA-1", "SCRAM-SHA-256", "CRAM-MD5", "HMAC-MD5", "OTP"):
        found[scheme] = dovecot_makes(scheme)
    found["MD5 (Dovecot's)"] = dovecot_makes("MD5")
    found["MD5 (LDAP)"] = "{MD5}" + digest("md5")
    found["PLAIN-TRUNC"] = "{PLAIN-TRUNC}8-" + PASSWORD
    found["DIGEST-MD5"] = dovecot_makes("DIGEST-MD5", "-u", address("DIGEST-MD5"))
    found["ARGON2 (slapd's)"] = "{ARGON2}" + argon2id
    found["SSHA384"] = "{SSHA384}" + digest("sha384", SALT)
    found["PBKDF2-SHA256 (slapd's)"] = "{PBKDF2-SHA256}10000$" + ab64(SALT) + "$" + ab64(hashlib.pbkdf2_hmac("sha256", PASSWORD.encode(), SALT, 10000))
    # What nothing of today makes: of the password "password".
    found["LANMAN"] = "{LANMAN}E52CAC67419A9A224A3B108F3FA6CB6D"
    found["NTLM"] = "{NTLM}8846F7EAEE8FB117AD06BDD830B7586C"
    found["RPA"] = "{RPA}" + hashlib.md5(PASSWORD.encode("utf-16-be")).hexdigest()
    found["SKEY"] = "{SKEY}md4 1024 ab12345 2c3b4d5e6f708192"
    found["no scheme: $6$"] = crypt("$6$abcdefgh$")
    found["no scheme: $argon2id$"] = argon2id
    found["no scheme: clear text"] = PASSWORD
    return found


def ab64(data):
    return base64.b64encode(data).decode().rstrip("=").replace("+", ".")


def address(name):
    return re.sub("[^a-z0-9]+", "-", name.lower()).strip("-") + "@pw.example"


def binds(url, dn, password):
    connection = ldap.initialize(url)
    connection.set_option(ldap.OPT_NETWORK_TIMEOUT, 10)
    try:
        connection.simple_bind_s(dn, password)
        return True
    except ldap.INVALID_CREDENTIALS:
        return False
    finally:
        connection.unbind_s()


def entries(stored):
    """A directory that was loaded offline takes whatever is in a file."""
    place = directory.Directory(dovecot_passwords="read")
    place.entries = directory.ldif(place.domain("pw.example"), directory.domain_entry("pw.example"))
    for name, value in stored.items():
        place.entries += directory.ldif(place.address(address(name)), directory.user_entry(address(name), userPassword=value))
    return place


def with_modules(place, names):
    plain = place.values()
    place.values = lambda: {**plain, "PASSWORD_MODULES": "".join("\nolcModuleLoad: " + name for name in names)}
    return place


def by_slapd(stored):
    """Which module slapd needs to verify each: "yes" for none, "no"; and whose hash opens the account itself."""
    found, opened = {}, []
    for module in [None] + MODULES:
        with with_modules(entries(stored), [module] if module else []) as place:
            for name in stored:
                dn = place.address(address(name))
                if name not in found and binds(place.url, dn, PASSWORD):
                    found[name] = "yes" if module is None else "`%s`" % module
                    tap.ok(not binds(place.url, dn, WRONG), name + ": slapd refuses another password")
                if module is None and binds(place.url, dn, stored[name]):
                    opened.append(name)
    return {name: found.get(name, "no") for name in stored}, opened


def by_dovecot(conf, mail_dir, names):
    """Whom Dovecot lets in when it looks the stored text up, with the password and with another."""
    with mail.Dovecot(conf, mail_dir) as dovecot:
        def ask(name):
            right, wrong = (dovecot.doveadm("auth", "test", address(name), word).returncode == 0 for word in (PASSWORD, WRONG))
            return name, "yes" if right and not wrong else "no" if not right and not wrong else "any"
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            return dict(pool.map(ask, names))


def lookup(stored, top):
    with entries(stored) as place:
        conf = os.path.join(top, "as-it-is")
        mail.fill("dovecot", conf, BASE=place.base, LDAP_URI=place.url, PASSWORD=place.password("dovecot"), MAIL_DIR=top + "/mail",
                  AUTH_BIND="no", PASSWORD_ATTRIBUTE=",userPassword=password")
        return by_dovecot(conf, top + "/mail", stored)


def tested(stored):
    """doveadm pw -t, which has no limits of a login."""
    return {name: mail.run("doveadm", "pw", "-t", value, "-p", PASSWORD, "-u", address(name), check=False).returncode == 0
            for name, value in stored.items() if value.startswith("{")}


def taken(g, stored):
    """What becomes of each as password_hash, and by ldapmodify: whether it is taken, else which word would have it taken."""
    admin, api, native = g.admin(), {}, {}
    admin.post("/v1/domains", {"name": "pw.example"})
    admin.post("/v1/users", {"address": "native@pw.example"})
    connection = ldap.initialize(g.ldap_url)
    connection.simple_bind_s("uid=admin,ou=principals,dc=provost", g.secret("admin-password"))
    for name, value in stored.items():
        reply = admin.post("/v1/users", {"address": address(name), "password_hash": value})
        word = re.search(r'"detail":"(\S+) hashes are not taken here', reply.text)
        api[name] = "yes" if reply.status == 201 else "`%s`" % word.group(1) if word else "no"
        tap.ok(reply.status == 201 or value[0] not in "{$" or value not in reply.text, name + ": a refusal does not repeat it", reply.text)
        try:
            connection.modify_s("mail=native@pw.example,provostDomainName=pw.example,ou=domains,dc=provost",
                                [(ldap.MOD_REPLACE, "userPassword", [value.encode()])])
            native[name] = "yes"
        except (ldap.CONSTRAINT_VIOLATION, ldap.INSUFFICIENT_ACCESS):
            native[name] = "no"
    return admin, api, native


def at_gateways(stored, top):
    """What two gateways take, one as it comes and one that takes all it can; who then lets in whom."""
    with gateway.Gateway() as g:
        _, api, native = taken(g, stored)
    with gateway.Gateway("--passwd-accept", FURTHER, "--dovecot-reads-passwords", "yes") as g:
        admin, all_api, all_native = taken(g, stored)
        tap.is_([name for name in stored if (all_api[name] == "yes") != (api[name] != "no")], [], "with all of passwd.accept every word is kept")
        there = [name for name in stored if all_api[name] == "yes"]
        http = {name: "yes" if admin.as_(address(name), PASSWORD).get("/v1/me").status == 200 else "no" for name in there}
        conf = os.path.join(top, "stored")
        mail.run(os.path.join(gateway.BUILD, "provost"), "config", "dovecot", conf, "--state-dir", g.state, "--passdb", "lookup", "--mail-dir",
                 top + "/mail", "--mail-uid", "5000", "--mail-gid", "5000")
        dovecot = by_dovecot(conf, top + "/mail", there)
        tap.ok(not [name for name in stored if stored[name] in g.log()], "no hash in the log")
    return api, {name: native[name] if native[name] == "yes" or all_native[name] == "no" else api[name] for name in stored}, http, dovecot


def is_made(name):
    word = OURS.get(name)
    if word is None:
        return "no"
    done = subprocess.run([os.path.join(gateway.BUILD, "provostd"), "--passwd-scheme", word, "--check-config"], capture_output=True, check=False)
    return "`%s`" % word if done.returncode == 0 else "no"


def spelt(value):
    """How one is told by looking at it."""
    form = re.match(r"(\{[^}]*\})?(\$[a-z0-9-]+\$|_)?", value)
    return "`%s…`" % form.group(0) if form.group(0) else "`%s…`" % value[:2]


def table(stored, top):
    slapd, opened = by_slapd(stored)
    tap.is_(sorted(opened), sorted(name for name in stored if name.startswith("no scheme")), "whose stored text opens the account itself")
    dovecot = lookup(stored, top)
    tap.is_([name for name, good in tested(stored).items() if good != (dovecot[name] == "yes")], [], "doveadm pw -t says the same")
    api, native, http, after = at_gateways(stored, top)
    lines = ["| scheme | begins | slapd's bind | Dovecot's lookup | we make it | `password_hash` | ldapmodify | then: HTTP, bind | then: lookup |\n",
             "|---|---|---|---|---|---|---|---|---|\n"]
    for name in stored:
        lines.append("| %s |\n" % " | ".join([name, spelt(stored[name]), slapd[name], dovecot[name], is_made(name), api[name], native[name],
                                              http.get(name, ""), after.get(name, "")]))
    return "".join(lines)


def compare(measured):
    with open(PAGE, encoding="utf-8") as file:
        head, begin, rest = file.read().partition(BEGIN)
    old, end, tail = rest.partition(END)
    tap.ok(begin and end, "docs/passwords.md has a place for the table")
    if "--write" in sys.argv:
        with open(PAGE, "w", encoding="utf-8") as file:
            file.write(head + BEGIN + measured + END + tail)
        return
    tap.is_([line for line in old.splitlines() if line not in measured.splitlines()], [], "docs/passwords.md says nothing else")
    tap.is_([line for line in measured.splitlines() if line not in old.splitlines()], [], "docs/passwords.md says all of it")


def main():
    if mail.missing():
        print("1..0 # SKIP " + mail.missing())
        return
    stored = rows()
    known = mail.run("doveadm", "pw", "-l").stdout.split()
    tap.is_([name for name in known if not any(row == name or row.startswith(name + " (") for row in stored)], [], "every scheme of doveadm pw -l")
    with tempfile.TemporaryDirectory(prefix="provost-schemes-", dir="/tmp") as top:
        os.chmod(top, 0o755)
        measured = table(stored, top)
    compare(measured)
    tap.done()


main()
