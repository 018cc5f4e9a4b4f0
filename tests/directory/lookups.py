#!/usr/bin/python3
"""Every lookup of a reader finds few candidates among many entries, in the order of microseconds and not of scans."""

import os
import re
import sys

sys.path.insert(0, os.path.join(os.environ.get("top_srcdir") or os.path.join(os.path.dirname(os.path.abspath(__file__)), "../.."), "tests/lib"))
import ldap
import tap
from directory import CREDENTIALS, Directory, alias_entry, code, crypt_hash, domain_entry, ldif, principal_entry, proxied, user_entry
from ldap.controls.libldap import SimplePagedResultsControl

BASE = "dc=provost"
DOMAINS = "ou=domains," + BASE
JOURNAL = "ou=journal," + BASE
PERSON = "uid=paul,ou=principals," + BASE
# More on request: lookups.py 100000.
USERS, PER_DOMAIN = int(sys.argv[1]) if len(sys.argv) > 1 else 2000, 200
MOST = 10

parts = []
for number in range(USERS):
    name = "d%d.example" % (number // PER_DOMAIN)
    domain = "provostDomainName=%s,%s" % (name, DOMAINS)
    if number % PER_DOMAIN == 0:
        parts.append(ldif(domain, domain_entry(name)))
        parts.append(ldif("mail=sales@%s,%s" % (name, domain), alias_entry("sales@" + name, ["u%d@%s" % (number, name)], provostRowNumber=str(number + 1))))
        key = {"objectClass": ["provostDkimKey"], "provostDkimSelector": ["s1"], "provostDkimDomain": [name], "provostDkimState": ["active"],
               "provostDkimKeyType": ["rsa"], "provostDkimKeyName": ["s1." + name], "provostDkimPrivateKey": ["key"]}
        parts.append(ldif("provostDkimSelector=s1," + domain, key))
    address = "u%d@%s" % (number, name)
    parts.append(ldif("mail=%s,%s" % (address, domain), user_entry(address, provostNumber=str(number + 1), provostSender="s%d@%s" % (number, name), **CREDENTIALS)))
for number in range(USERS):
    names = [kind + "%d@d%d.example" % (number, number // PER_DOMAIN) for kind in ("old", "new")]
    entry = {"objectClass": ["provostJournal"], "provostJournalId": ["c%d" % number], "provostJournalState": ["running"], "provostJournalName": names}
    parts.append(ldif("provostJournalId=c%d,%s" % (number, JOURNAL), entry))
parts.append(ldif("provostDomainName=other.example," + DOMAINS, domain_entry("other.example", kind="alias", provostTargetDomain="d1.example")))
parts.append(ldif("provostDomainName=relay.example," + DOMAINS, domain_entry("relay.example", kind="relay", provostTransport="smtp:[mx]")))

USER = "u300@d1.example"
LOOKUPS = [
    ("postfix", "(&(objectClass=provostDomain)(provostDomainName=d1.example)(provostDomainKind=local)(provostEnabled=TRUE))", 1),
    ("postfix", "(&(objectClass=provostDomain)(provostDomainName=other.example)(provostDomainKind=alias)(provostEnabled=TRUE))", 1),
    ("postfix", "(&(objectClass=provostDomain)(provostDomainName=relay.example)(provostDomainKind=relay)(provostEnabled=TRUE))", 1),
    ("postfix", "(&(objectClass=provostUser)(|(mail=%s)(provostFormerAddress=%s))(provostEnabled=TRUE))" % (USER, USER), 1),
    ("postfix", "(&(objectClass=provostUser)(|(mail=nobody@d1.example)(provostFormerAddress=nobody@d1.example))(provostEnabled=TRUE))", 0),
    ("postfix", "(&(|(mail=%s)(provostFormerAddress=%s))(provostEnabled=TRUE))" % (USER, USER), 1),
    ("postfix", "(&(|(mail=sales@d1.example)(provostFormerAddress=sales@d1.example))(provostEnabled=TRUE))", 1),
    ("postfix", "(&(|(mail=@d1.example)(provostFormerAddress=@d1.example))(provostEnabled=TRUE))", 0),
    ("postfix", "(&(|(mail=%s)(provostSender=%s)(provostSender=@d1.example))(provostEnabled=TRUE))" % (USER, USER), 1),
    ("postfix", "(&(|(mail=s5@d0.example)(provostSender=s5@d0.example)(provostSender=@d0.example))(provostEnabled=TRUE))", 1),
    ("dovecot", "(&(objectClass=provostUser)(mail=%s)(provostEnabled=TRUE)(!(provostLoginEnabled=FALSE)))" % USER, 1),
    ("dovecot", "(&(objectClass=provostUser)(|(mail=%s)(provostFormerAddress=%s))(provostEnabled=TRUE))" % (USER, USER), 1),
    ("dovecot", "(&(objectClass=provostDomain)(provostDomainName=d1.example)(provostEnabled=FALSE))", 0),
    *[("dovecot", "(&(objectClass=provostUser)(mail=%s)(provostEnabled=TRUE)(!(provostLoginEnabled=FALSE))(%s=*))" % (address, name), count)
      for name in CREDENTIALS for address, count in ((USER, 1), ("nobody@d1.example", 0))],
    ("signer", "(&(objectClass=provostDkimKey)(provostDkimDomain=d1.example)(provostDkimState=active))", 1),
    ("signer", "(&(objectClass=provostDkimKey)(provostDkimKeyName=s1.d1.example))", 1),
    ("sso", "(&(objectClass=provostUser)(|(uid=%s)(mail=%s)))" % (USER, USER), 1),
    ("admin", "(provostDestination=u200@d1.example)", 1),
    ("admin", "(&(provostTargetDomain=d1.example)(provostDomainKind=alias))", 1),
    ("admin", "(|(mail=%s)(provostDomainName=d1.example)(mail=@d1.example)(mail=sales@d1.example)(mail=nobody@d1.example))" % USER, 3),
    ("admin", "(provostNumber=42)", 1),
    ("admin", "(provostRowNumber=1)", 1),
    ("admin", "(provostMailboxId=box-u300-d1-example)", 1),
    ("admin", "(entryUUID=00000000-0000-0000-0000-000000000000)", 0),
    ("admin", "(provostOwner=uid=admin,ou=principals,dc=provost)", 0),
    ("admin", "(provostAdministrator=uid=admin,ou=principals,dc=provost)", 0),
    ("admin", "(provostViewer=uid=admin,ou=principals,dc=provost)", 0),
    ("admin", "(owner=uid=admin,ou=principals,dc=provost)", 0),
    ("gateway", "(provostKeyId=k1)", 0),
    ("postfix", "(provostJournalName=new300@d1.example)", 1, JOURNAL),
    ("postfix", "(provostJournalName=%s)" % USER, 0, JOURNAL),
]
# What must be seen as a scan, or the log is read wrongly.
SCANS = ["(provostTransport=*)", "(mail=*@d1.example)", "(cn=u300)"]


def candidates(directory, connection, text, base=DOMAINS):
    """Search, and read from the log how many entries slapd looked at."""
    before = os.path.getsize(directory.log)
    try:
        found = len(connection.search_s(base, ldap.SCOPE_SUBTREE, text, ["objectClass"]))
    except ldap.LDAPError as error:
        found = error
    with open(directory.log, encoding="utf-8", errors="replace") as log:
        log.seek(before)
        lines = log.read()
    counts = [int(count) for count in re.findall(r"mdb_search_candidates: id=(-?\d+)", lines)]
    return found, counts, lines


def everything(connection, controls=()):
    """How many users a search for all of them brings, or that the list was cut."""
    try:
        return len(connection.search_ext_s(DOMAINS, ldap.SCOPE_SUBTREE, "(objectClass=provostUser)", ["1.1"], serverctrls=list(controls)))
    except ldap.SIZELIMIT_EXCEEDED:
        return "size limit exceeded"


# Level "trace" has the number of candidates, level "filter" what was not indexed.
with Directory(base=BASE, entries="".join(parts), level="trace,filter", dovecot_passwords="read") as directory:
    connections = {name: directory.service(name) for name in ("postfix", "dovecot", "signer", "sso")}
    connections["admin"] = directory.admin()
    connections["gateway"] = directory.external()
    for who, text, want, *base in LOOKUPS:
        found, counts, lines = candidates(directory, connections[who], text, *base)
        tap.is_(found, want, "%s finds %d: %s" % (who, want, text))
        # One of them may be the overlay's own, which looks for dynamic groups.
        tap.ok(0 < len(counts) <= 2 and min(counts) >= 0 and max(counts) <= MOST, "few candidates: %s" % text, counts or lines[:500])
        missing = set(re.findall(r"\((\w+)\) not indexed", lines)) - {"provostEnabled", "provostLoginEnabled", "provostDomainKind", "provostDkimState", *CREDENTIALS}
        tap.is_(missing, set(), "what it searches by is indexed: %s" % text)
    for text in SCANS:
        found, counts, lines = candidates(directory, connections["admin"], text)
        tap.ok(counts and max(counts) > MOST or "-1" in str(counts), "a scan is seen as one: %s" % text, counts or lines[:500])

    # Limits: what a person gets, and what services and administrators get.
    tap.is_(everything(connections["admin"]), USERS, "an administrator gets every entry")
    tap.is_(everything(connections["dovecot"]), USERS, "a service gets every entry")

# A person sees too little to meet a limit, so the limits are tried where everybody sees everything.
with Directory(base=BASE, entries="".join(parts) + ldif(PERSON, principal_entry("paul", userPassword=crypt_hash("p"))), without_access_rules=True) as directory:
    person = directory.connect(PERSON, "p")
    tap.is_(everything(person), "size limit exceeded", "a person is told that the list was cut")
    for size, want in ((1000, USERS), (1001, 11)):
        total, cookie = 0, ""
        try:
            while True:
                page = SimplePagedResultsControl(True, size=size, cookie=cookie)
                _, entries, _, controls = person.result3(person.search_ext(DOMAINS, 2, "(objectClass=provostUser)", ["1.1"], serverctrls=[page]), timeout=30)
                total += len(entries)
                cookie = controls[0].cookie
                if not cookie:
                    break
        except ldap.LDAPError as error:
            total = code(error)
        tap.is_(total, want, "a person reads in pages of %d" % size)
    gateway = directory.external()
    for dn, want in ((PERSON, "size limit exceeded"), (directory.dn("uid=admin", "ou=principals"), USERS)):
        tap.is_(everything(gateway, [proxied(dn)]), want, "the limits are those of %s, for whom the gateway asks" % dn.split(",")[0])
tap.done()
