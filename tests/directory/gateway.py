#!/usr/bin/python3
"""What the gateway relies on: proxied authorization together with assertion and read-back, and what is recorded."""

import base64
import os
import re
import sys

sys.path.insert(0, os.path.join(os.environ.get("top_srcdir") or os.path.join(os.path.dirname(os.path.abspath(__file__)), "../.."), "tests/lib"))
import ldap
import tap
from directory import Directory, add_list, code, crypt_hash, domain_entry, ldif, proxied, user_entry
from ldap.controls.readentry import PostReadControl
from ldap.controls.libldap import AssertionControl

BASE = "dc=provost"
ALPHA = "provostDomainName=alpha.example,ou=domains," + BASE
JOHN = "mail=john@alpha.example," + ALPHA
ADMIN = "uid=admin,ou=principals," + BASE
PASSWORD = "correct horse"
ENTRIES = ldif(ALPHA, domain_entry("alpha.example")) + ldif(JOHN, user_entry("john@alpha.example", userPassword=crypt_hash(PASSWORD)))


def change(connection, controls, value, name="cn"):
    """Replace an attribute; the result code and what the read-back control brought."""
    try:
        message = connection.modify_ext(JOHN, [(ldap.MOD_REPLACE, name, [value.encode()])], serverctrls=controls)
        _, _, _, answers = connection.result3(message, timeout=30)
    except ldap.LDAPError as error:
        return code(error), None
    return 0, answers[0].entry if answers else None


with Directory(base=BASE, entries=ENTRIES) as directory:
    gateway = directory.external()
    back = PostReadControl(criticality=True, attrList=["entryCSN", "cn", "userPassword", "modifiersName", "entryUUID", "modifyTimestamp"])
    csn = gateway.search_s(JOHN, 0, "(objectClass=*)", ["entryCSN"])[0][1]["entryCSN"][0].decode()
    for identity, want in ((ADMIN, 0), (JOHN, 50)):
        got, entry = change(gateway, [proxied(identity), AssertionControl(True, "(entryCSN=%s)" % csn), back], "John Q.")
        tap.is_(got, want, "change of the entry as it was read, for %s" % identity.split(",")[0])
        if want == 0:
            tap.is_(entry["cn"], [b"John Q."], "the answer brings the new state")
            tap.ok(entry["entryCSN"][0].decode() != csn, "the answer brings a new entryCSN")
            tap.is_(entry["modifiersName"], [ADMIN.encode()], "the change is the administrator's, not the gateway's")
            tap.ok("userPassword" not in entry, "the answer brings no password")
            tap.is_(change(gateway, [proxied(identity), AssertionControl(True, "(entryCSN=%s)" % csn), back], "late")[0], 122, "a change of what has changed since is refused")
            csn = entry["entryCSN"][0].decode()
    tap.is_(change(gateway, [proxied(ADMIN), AssertionControl(True, "(userPassword=*)")], "guess")[0], 122, "an assertion cannot feel for a password")

    got, _ = change(gateway, [AssertionControl(True, "(entryCSN=%s)" % csn)], crypt_hash("new word"), "userPassword")
    tap.is_(got, 0, "the gateway itself sets a password, guarded by the entryCSN")
    tap.is_(change(gateway, [AssertionControl(True, "(entryCSN=%s)" % csn)], crypt_hash("x"), "userPassword")[0], 122, "the same guard refuses the second")
    tap.ok(directory.connect(JOHN, "new word"), "the new password opens the account")

    new = "mail=new@alpha.example," + ALPHA
    message = gateway.add_ext(new, add_list(user_entry("new@alpha.example", userPassword=crypt_hash("n"))), serverctrls=[proxied(ADMIN), PostReadControl(criticality=True, attrList=["*", "+"])])
    entry = gateway.result3(message, timeout=30)[3][0].entry
    tap.ok("entryUUID" in entry and "entryCSN" in entry and "userPassword" not in entry, "an add for an administrator brings back all but the password", entry)

    # A native password change comes out in the common form, and only an administrator may make it.
    for old, want in ((None, 50), ("new word", 53)):
        try:
            directory.connect(JOHN, "new word").passwd_s(JOHN, old, "own word")
            got = 0
        except ldap.LDAPError as error:
            got = code(error)
        tap.is_(got, want, "a user changes no password behind the gateway's back, old one %sgiven" % ("" if old else "not "))
    directory.admin().passwd_s(JOHN, None, "native word")
    tap.ok(directory.connect(JOHN, "native word"), "an administrator's ldappasswd sets a password")
    stored = re.search(r"(?m)^dn: %s\n(?:.+\n)*?userPassword:: (\S+)" % re.escape(JOHN), directory.slapcat(BASE))
    tap.ok(base64.b64decode(stored.group(1)).startswith(b"{CRYPT}$6$"), "and slapd stores it as {CRYPT}$6$")

    # Failed logins: counted for users, locked for nobody, nothing recorded for services.
    for _ in range(15):
        for dn in (JOHN, directory.dn("cn=dovecot", "ou=services")):
            try:
                directory.connect(dn, "wrong")
            except ldap.INVALID_CREDENTIALS:
                pass
    admin = directory.admin()
    failures = admin.search_s(JOHN, 0, "(objectClass=*)", ["pwdFailureTime", "pwdAccountLockedTime"])[0][1]
    tap.is_(sorted(failures), ["pwdFailureTime"], "failed logins of a user are recorded and lock nothing")
    tap.is_(len(failures.get("pwdFailureTime", [])), 10, "the last ten failures are kept")
    tap.ok(directory.connect(JOHN, "native word"), "after 15 failures the right password still opens the account")
    failures = admin.search_s(directory.dn("cn=dovecot", "ou=services"), 0, "(objectClass=*)", ["pwdFailureTime", "pwdAccountLockedTime"])[0][1]
    tap.is_(failures, {}, "failed logins of a service are not even recorded")

    dump = directory.slapcat("cn=accesslog")
    tap.ok(("reqDN: " + new) in dump and ("reqAuthzID: " + ADMIN) in dump, "the log of writes has who and what")
    tap.ok("reqType: bind" not in dump and "reqType: search" not in dump, "the log of writes has writes only")
    tap.ok(directory.alive(), "slapd is still there")
tap.done()
