#!/usr/bin/python3
"""Login systems, as docs/sso.md tells them: find the user, bind as him, see his groups, and nothing else of him."""

import os
import re
import subprocess
import sys

sys.path.insert(0, os.path.join(os.environ.get("top_srcdir") or os.path.join(os.path.dirname(os.path.abspath(__file__)), "../.."), "tests/lib"))
import ldap
import ldap.filter
import tap
from directory import Directory, code, crypt_hash, domain_entry, ldif, load_template, principal_entry, user_entry

BASE = "dc=provost"
DOMAINS = "ou=domains," + BASE
PASSWORD = "correct horse"
HASH = crypt_hash(PASSWORD)
OPEN, OFF = "provostDomainName=example.org," + DOMAINS, "provostDomainName=off.example," + DOMAINS
GROUPS = "ou=groups," + BASE
STAFF, CREW = "cn=staff," + GROUPS, "cn=crew," + GROUPS
JOHN = "mail=john@example.org," + OPEN
MARY = "mail=mary@example.org," + OPEN
# Who cannot log in, and whom everybody finds all the same.
REFUSED = {
    "a disabled user": ("dave@example.org", OPEN, {"enabled": False}),
    "one who may not log in": ("lars@example.org", OPEN, {"provostLoginEnabled": "FALSE"}),
    "one who has expired": ("eve@example.org", OPEN, {"enabled": False, "provostEnabledWish": "TRUE", "provostExpires": "20200101000000Z"}),
    "one without a password": ("nora@example.org", OPEN, {"userPassword": None}),
    "a user of a disabled domain": ("zed@off.example", OFF, {}),
}
SECRETS = ("userPassword", "provostQuotaBytes", "provostQuotaMessages", "provostRecoveryAddress", "provostDestination", "provostSender", "provostMailboxId",
           "provostNumber", "provostScramSha256", "provostExpires", "provostLoginEnabled")
FULL = dict(userPassword=HASH, provostQuotaBytes="5", provostQuotaMessages="6", provostRecoveryAddress="j@else.example", provostDestination="j@else.example",
            provostSender="press@example.org", provostNumber="7", provostScramSha256="x", provostExpires="20990101000000Z", provostLoginEnabled="TRUE")
ENTRIES = "".join(
    [ldif(OPEN, domain_entry("example.org")), ldif(OFF, domain_entry("off.example", enabled=False)),
     ldif(JOHN, user_entry("john@example.org", **FULL)), ldif(MARY, user_entry("mary@example.org", uid=None, userPassword=HASH)),
     ldif("uid=alice,ou=principals," + BASE, principal_entry("alice", userPassword=HASH))]
    + [ldif("mail=%s,%s" % (address, domain), user_entry(address, **dict({"userPassword": HASH}, **more))) for address, domain, more in REFUSED.values()])


def group(name, *members):
    return {"objectClass": [b"groupOfNames"], "cn": [name.encode()], "member": [member.encode() for member in members]}


def examples():
    """The commands of the page, each with what it has to bring."""
    for block in re.findall(r"```sh\n(.*?)```", load_template("docs", "sso.md"), re.S):
        lines = block.splitlines()
        yield "\n".join(line for line in lines if not line.startswith("# ")), [line[2:] for line in lines if line.startswith("# ")]


def run(directory, command):
    """Run a command of the page against our directory."""
    for name, shown in (("sso", "/var/lib/provost/services/sso"), ("admin", "/var/lib/provost/admin-password")):
        path = os.path.join(directory.place, "password-" + name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(directory.password(name))
        command = command.replace(shown, path)
    command = command.replace("ldap://127.0.0.1:3890", directory.url)
    return subprocess.run(["/bin/sh", "-c", command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=60, check=False)


def holds_what_it_says(directory):
    """The page, from top to bottom; the group it asks for is made further down."""
    every = list(examples())
    every.sort(key=lambda one: "ldapmodify" not in one[0])
    tap.ok(len(every) >= 6, "there are examples", every)
    for command, wanted in every:
        done = run(directory, command)
        tap.ok(done.returncode == 0, "it runs: " + command.splitlines()[-1][:90], done.stdout)
        for line in wanted:
            tap.ok(line in re.sub(r"\n ", "", done.stdout).splitlines(), "and brings " + line[:60], done.stdout)


def find(sso, login, wanted):
    return sso.search_s(DOMAINS, ldap.SCOPE_SUBTREE, "(&(objectClass=provostUser)(|(uid=%s)(mail=%s)))" % (login, login), wanted)


def bind(directory, dn, password=PASSWORD):
    try:
        directory.connect(dn, password).unbind_s()
        return 0
    except ldap.LDAPError as error:
        return code(error)


def logs_in(directory, sso):
    for login, dn in (("john@example.org", JOHN), ("JOHN@example.org", JOHN), ("mary@example.org", MARY)):
        found = find(sso, login, ["mail"])
        tap.is_([name for name, _ in found], [dn], "one user is found as " + login)
        tap.is_(bind(directory, dn), 0, "and his password is right")
        tap.is_(bind(directory, dn, "wrong"), 49, "another is not")
    for what, (address, domain, _) in REFUSED.items():
        found = find(sso, address, ["mail"])
        tap.is_([name for name, _ in found], ["mail=%s,%s" % (address, domain)], what + " is found")
        tap.is_(bind(directory, found[0][0]), 49, what + " is refused")
    shown = sso.search_s(DOMAINS, ldap.SCOPE_SUBTREE, "(&(objectClass=provostUser)(provostEnabled=TRUE))", ["mail"])
    tap.ok({JOHN, MARY} <= {dn for dn, _ in shown} and not any("dave" in dn or "eve" in dn for dn, _ in shown), "lists have who is enabled", shown)
    for login in ("alice", "*", "nobody@example.org", "example.org"):
        tap.is_(find(sso, ldap.filter.escape_filter_chars(login), ["mail"]), [], "nobody is found as " + login)


def sees_no_secret(directory, sso):
    for name in SECRETS:
        tap.is_(sso.search_s(JOHN, ldap.SCOPE_BASE, "(objectClass=*)", [name])[0][1], {}, "%s cannot be read" % name)
        tap.is_(sso.search_s(DOMAINS, ldap.SCOPE_SUBTREE, "(%s=*)" % name, ["mail"]), [], "nor searched by")
    everything = {name for dn, entry in sso.search_s(BASE, ldap.SCOPE_SUBTREE, "(objectClass=*)", ["*", "+"]) for name in entry if not dn.startswith("cn=sso,")}
    tap.is_(everything, {"objectClass", "mail", "uid", "cn", "sn", "entryUUID", "entryDN", "provostEnabled", "memberOf", "member"}, "what it can read is this")
    stable = find(sso, "john@example.org", ["entryUUID"])[0][1]
    tap.is_(stable, directory.admin().search_s(JOHN, ldap.SCOPE_BASE, "(objectClass=*)", ["entryUUID"])[0][1], "the stable id is everybody's")
    for what, change in (("a user", (JOHN, [(ldap.MOD_REPLACE, "cn", [b"x"])])), ("a group", (STAFF, [(ldap.MOD_ADD, "member", [MARY.encode()])]))):
        try:
            sso.modify_s(*change)
            tap.ok(False, "it writes no " + what)
        except ldap.INSUFFICIENT_ACCESS:
            tap.ok(True, "it writes not " + what)


def member_of(sso, dn):
    found = sso.search_s(dn, ldap.SCOPE_BASE, "(objectClass=*)", ["memberOf"])
    return sorted(value.decode() for value in found[0][1].get("memberOf", []))


def belongs(directory, sso):
    admin = directory.admin()
    admin.add_s(CREW, list(group("crew", JOHN, MARY).items()))
    tap.is_(member_of(sso, JOHN), [CREW, STAFF], "memberOf has every group")
    tap.is_(member_of(sso, MARY), [CREW], "and of each his own")
    found = sso.search_s(DOMAINS, ldap.SCOPE_SUBTREE, "(&(objectClass=provostUser)(|(uid=mary@example.org)(mail=mary@example.org))(memberOf=%s))" % CREW, ["mail"])
    tap.is_([dn for dn, _ in found], [MARY], "a filter by login and group")
    both = sso.search_s(DOMAINS, ldap.SCOPE_SUBTREE, "(&(objectClass=provostUser)(memberOf=%s))" % CREW, ["mail"])
    tap.is_(sorted(dn for dn, _ in both), [JOHN, MARY], "a filter by group alone")
    tap.is_(sso.search_s(DOMAINS, ldap.SCOPE_SUBTREE, "(&(mail=mary@example.org)(memberOf=%s))" % STAFF, ["mail"]), [], "who is not in it is not found")
    plain = sso.search_s(JOHN, ldap.SCOPE_BASE, "(objectClass=*)", ["*"])[0][1]
    tap.ok("memberOf" not in plain, "all attributes do not bring it", plain)
    admin.modify_s(CREW, [(ldap.MOD_DELETE, "member", [JOHN.encode()])])
    tap.is_(member_of(sso, JOHN), [STAFF], "who leaves a group has left it")
    admin.modify_s("cn=administrators,ou=roles," + BASE, [(ldap.MOD_ADD, "member", [MARY.encode()])])
    tap.is_(member_of(sso, MARY), ["cn=administrators,ou=roles," + BASE, CREW], "super administrators are a group, too")
    tap.is_(member_of(directory.connect(JOHN, PASSWORD), JOHN), [], "a user does not see the groups")
    for who, dn in (("a user", JOHN), ("cn=postfix", "cn=postfix,ou=services," + BASE)):
        try:
            directory.connect(dn, directory.password("postfix") if who == "cn=postfix" else PASSWORD).search_s(GROUPS, ldap.SCOPE_SUBTREE, "(objectClass=*)")
            tap.ok(False, who + " reads no groups")
        except ldap.NO_SUCH_OBJECT:
            tap.ok(True, who + " reads no groups")
    admin.delete_s(MARY)
    admin.delete_s(CREW)
    tap.ok(directory.alive(), "slapd is still there")


with Directory(base=BASE, entries=ENTRIES) as directory:
    holds_what_it_says(directory)
    sso = directory.service("sso")
    logs_in(directory, sso)
    sees_no_secret(directory, sso)
    belongs(directory, sso)
tap.done()
