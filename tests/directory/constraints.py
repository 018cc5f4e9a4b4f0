#!/usr/bin/python3
"""What the directory itself refuses to hold, whoever writes it."""

import os
import re
import sys
import threading

sys.path.insert(0, os.path.join(os.environ.get("top_srcdir") or os.path.join(os.path.dirname(os.path.abspath(__file__)), "../.."), "tests/lib"))
import ldap
import tap
from ldap.controls.readentry import PreReadControl
from directory import (
    NOOP_DONE, Directory, add_list, alias_entry, code, crypt_hash, domain_entry, ldif, noop, principal_entry, relax, user_entry,
)

BASE = "dc=provost"
DOMAINS = "ou=domains," + BASE
ALPHA = "provostDomainName=alpha.example," + DOMAINS
BETA = "provostDomainName=beta.example," + DOMAINS
PRINCIPALS = "ou=principals," + BASE
JOHN = "mail=john@alpha.example," + ALPHA
JACK = "mail=jack@alpha.example," + ALPHA
SALES = "mail=sales@alpha.example," + ALPHA
DKIM = "provostDkimSelector=s1," + ALPHA
ALICE = "uid=alice," + PRINCIPALS
HASH = crypt_hash("correct horse")
DKIM_ENTRY = {
    "objectClass": ["provostDkimKey"],
    "provostDkimSelector": ["s1"],
    "provostDkimDomain": ["alpha.example"],
    "provostDkimState": ["prepared"],
    "provostDkimKeyType": ["rsa"],
}
ENTRIES = "".join(
    ldif(dn, entry)
    for dn, entry in (
        (ALPHA, domain_entry("alpha.example")),
        (BETA, domain_entry("beta.example")),
        (JOHN, user_entry("john@alpha.example", userPassword=HASH, provostNumber="1")),
        (JACK, user_entry("jack@alpha.example", uid=None)),
        (SALES, alias_entry("sales@alpha.example", ["john@alpha.example"])),
        (DKIM, DKIM_ENTRY),
        (ALICE, principal_entry("alice")),
    )
)
OK, CONSTRAINT, SYNTAX, NAMING, CLASS, REFUSED = 0, 19, 21, 64, 65, 50

# Values of single attributes, tried by replacing them in an entry that may have them.
VALUES = [
    (JOHN, "provostQuotaBytes", ["0", "1", "1073741824", "9223372036854775807", "9223372036854775806", "8999999999999999999", "999999999999999999"],
     ["-1", "01", "9223372036854775808", "9300000000000000000", "10000000000000000000"]),
    (JOHN, "provostQuotaMessages", ["0", "100000"], ["-5"]),
    (JOHN, "provostNumber", ["1", "2", "4294967295"], ["0", "-1", "99999999999"]),
    (JOHN, "provostMailboxId", ["0123456789abcdef", "6f1c2a8e-52a5-4a9d-9c0e-0f4a8f9f7d11"],
     ["short", "../../../../etc/passwd", "box/other-box", "a" * 65, "-leading-dash", "box john"]),
    (JOHN, "provostDestination", ["x@else.example", "x+tag@else.example", "o'brien@else.example", "john@alpha.example"],
     ["x", "@else.example", "X@else.example", "x@Else.example", "x@else", "a b@else.example", "x@else.example ", "x@-else.example", "x@else..example",
      "x@else.example,y@else.example", ".x@else.example", "x.@else.example", "x..y@else.example", "|cat@else.example,z", "x@[127.0.0.1]", "x@else.123",
      "x@" + "a" * 64 + ".example", "x" * 320 + "@else.example"]),
    (JOHN, "provostSender", ["press@alpha.example", "@alpha.example"], ["press", "@", "PRESS@alpha.example", "press@alpha"]),
    (JOHN, "provostRecoveryAddress", ["j+x@else.example"], ["@else.example", "else.example"]),
    (JOHN, "uid", ["john@alpha.example"], ["jack@alpha.example", "john", "admin"]),
    (JOHN, "userPassword", [HASH, "{CRYPT}$y$j9T$F5Jx5fExrKuPp53xLKQ..1$tnSYvahCwPBHKZUspmcxMfb0.WiB9W.zEaKlOBL35rC", "{CRYPT}$2y$05$abcdefghijklmnopqrstuuJ0D1.p5DkTXQqbXK2BDx9nW8YQ6vIiO"],
     ["secret", HASH[7:], "{SSHA}7zCKPOXpEgtJ0O2jQyaTSxVTNdA9n9Wp", "{CLEARTEXT}secret", "{CRYPT}abJnggxhB/yWI", "{CRYPT}$1$fWCO/RMv$mM6", "{CRYPT}secret",
      "{CRYPT}$6$short", "{SASL}john@else.example", " " + HASH, HASH + " ", HASH + "\n{CRYPT}"]),
    (ALICE, "userPassword", [HASH], ["secret", HASH[7:]]),
    (ALICE, "provostPrincipalKind", ["person", "machine"], ["Person", "robot"]),
    (ALICE, "mail", ["Alice.Smith+work@else.example"], []),
    (ALPHA, "provostDomainKind", ["local", "alias", "relay"], ["Local", "virtual", "local "]),
    (ALPHA, "provostTargetDomain", ["beta.example", "xn--bcher-kva.example"], ["beta", "Beta.example", "beta.example.", "b_ta.example", "-a.example", "a..example", ".example"]),
    (ALPHA, "provostTransport", ["smtp:[mx.else.example]:25", "relay:", ":"], ["smtp", "smtp:a b", "smtp:a\nb:c"]),
    (ALPHA, "provostImapHost", ["imap.alpha.example"], ["imap alpha.example", "https://alpha.example"]),
    (ALPHA, "provostDefaultQuotaBytes", ["5"], ["5G"]),
    (ALPHA, "provostMaxUsers", ["5"], ["-5"]),
    (DKIM, "provostDkimState", ["prepared", "published", "active", "retired"], ["Active", "revoked"]),
    (DKIM, "provostDkimKeyType", ["rsa", "ed25519"], ["dsa"]),
    (DKIM, "provostDkimDomain", ["alpha.example"], ["beta.example"]),
]
BAD_ADDRESSES = ["-@alpha.example", "-x@alpha.example",
    "John2@alpha.example", "jo hn@alpha.example", "jo+hn@alpha.example", "jo'hn@alpha.example", ".john2@alpha.example", "john2.@alpha.example",
    "jo..hn@alpha.example", "j" * 65 + "@alpha.example", "jo*hn@alpha.example", "jo/hn@alpha.example", "j@hn@alpha.example", "john2@beta.example",
    "john2@sub.alpha.example", "john2@alpha.exampl", "john2@ALPHA.example", "john2", "@",
]
GOOD_ADDRESSES = ["john2@alpha.example", "a.b-c_d=e@alpha.example", "0@alpha.example", "j" * 64 + "@alpha.example", "_-@alpha.example"]


def attempt(call):
    """The result code of a write."""
    try:
        call()
        return OK
    except ldap.LDAPError as error:
        return OK if code(error) == NOOP_DONE else code(error)


def one_name(turn, _):
    """An address under the name it must have."""
    return "mail=race%d@alpha.example,%s" % (turn, ALPHA), alias_entry("race%d@alpha.example" % turn, ["x@else.example"])


def several_names(turn, number):
    """An address under a name of the writer's own; the rule on names does not hold for such an address."""
    name = "n%d-%d" % (turn, number)
    entry = user_entry("crowd=%d@alpha.example" % turn, uid=None, cn=name, provostMailboxId="box-crowd-" + name)
    return "cn=%s,%s" % (name, ALPHA), entry


def race(directory, what, make, rounds=60, writers=8):
    """Writers who send at the same time, before any has an answer: one wins."""
    connections = [directory.admin() for _ in range(writers)]
    winners, others = [], set()
    for turn in range(rounds):
        sent = []
        for number, connection in enumerate(connections):
            dn, entry = make(turn, number)
            sent.append((connection, connection.add_ext(dn, add_list(entry))))
        results = [attempt(lambda: connection.result3(message, timeout=30)) for connection, message in sent]
        winners.append(results.count(OK))
        others |= set(results) - {OK}
    tap.is_(winners, [1] * rounds, "%s: one winner of %d in each of %d rounds" % (what, writers, rounds))
    tap.ok(others and others <= {68, CONSTRAINT}, "%s: the others are told why" % what, others)


with Directory(base=BASE, entries=ENTRIES) as directory:
    admin = directory.admin()

    def change(dn, *changes, controls=()):
        return attempt(lambda: admin.modify_ext_s(dn, [(op, name, value and [v.encode() for v in value]) for op, name, value in changes], serverctrls=[noop(), *controls]))

    def add(dn, entry, controls=()):
        return attempt(lambda: admin.add_ext_s(dn, add_list(entry), serverctrls=[noop(), *controls]))

    def rename(dn, rdn, above=None, controls=()):
        return attempt(lambda: admin.rename_s(dn, rdn, above, 1, serverctrls=[noop(), *controls]))

    for dn, name, good, bad in VALUES:
        for value in good:
            tap.is_(change(dn, (ldap.MOD_REPLACE, name, [value])), OK, "%s may be %r" % (name, value[:60]))
        for value in bad:
            got = change(dn, (ldap.MOD_REPLACE, name, [value]))
            tap.ok(got in (CONSTRAINT, SYNTAX), "%s may not be %r" % (name, value[:60]), got)

    for address in GOOD_ADDRESSES:
        dn = "mail=%s,%s" % (address, ALPHA)
        tap.is_(add(dn, user_entry(address, provostMailboxId="0123456789abcdef")), OK, "a user may be %r" % address[:60])
        tap.is_(add(dn, alias_entry(address, ["john@alpha.example"])), OK, "an alias may be %r" % address[:60])
    for address in BAD_ADDRESSES:
        dn = "mail=%s,%s" % (address.replace("+", "\\+"), ALPHA)
        for local in {address.partition("@")[0] or "x", address.rpartition("@")[0] or "x", "john2"}:
            tap.is_(add(dn, user_entry(address, provostLocalPart=local, provostMailboxId="0123456789abcdef")), CONSTRAINT, "a user %r may not be %r" % (local[:60], address[:60]))
            tap.is_(add(dn, alias_entry(address, ["john@alpha.example"], provostLocalPart=local)), CONSTRAINT, "an alias %r may not be %r" % (local[:60], address[:60]))
    everyone = "mail=@alpha.example," + ALPHA
    tap.is_(add(everyone, alias_entry("@alpha.example", ["john@alpha.example"])), OK, "a catch-all is an alias")
    tap.is_(add(everyone, user_entry("@alpha.example", provostLocalPart="x", uid=None)), CONSTRAINT, "a catch-all is not a user")
    tap.is_(add("mail=@beta.example," + ALPHA, alias_entry("@beta.example", ["x@else.example"])), CONSTRAINT, "no catch-all for another domain")
    stranger = {"objectClass": ["inetOrgPerson"], "cn": ["x"], "sn": ["x"], "mail": ["ceo@beta.example"]}
    tap.is_(add("mail=ceo@beta.example," + ALPHA, stranger), CONSTRAINT, "no address of another domain in an entry of another class")
    tap.is_(add("cn=usage," + JOHN, {"objectClass": ["inetOrgPerson"], "cn": ["usage"], "sn": ["x"], "mail": ["x@alpha.example"]}), CONSTRAINT, "no address below a user")

    tap.is_(change(JOHN, (ldap.MOD_ADD, "mail", ["other@alpha.example"])), CONSTRAINT, "one address for each entry")
    tap.is_(change(JOHN, (ldap.MOD_REPLACE, "provostLocalPart", ["jack"])), CONSTRAINT, "the local part follows the address")
    tap.is_(change(JOHN, (ldap.MOD_ADD, "provostLocalPart", ["jim"])), OK, "a second local part while renaming")
    tap.is_(change(JOHN, (ldap.MOD_ADD, "provostLocalPart", ["jim", "joe"])), CONSTRAINT, "no third local part")
    tap.is_(change(JOHN, (ldap.MOD_ADD, "provostFormerAddress", ["jim@alpha.example"])), CONSTRAINT, "no former address that it never had")
    tap.is_(change(JOHN, (ldap.MOD_ADD, "provostFormerAddress", ["john@beta.example"])), CONSTRAINT, "nor one of another domain")
    tap.is_(change(JOHN, (ldap.MOD_ADD, "provostFormerAddress", ["john@alpha.example"])), OK, "one that it is about to lose")
    tap.is_(change(JOHN, (ldap.MOD_ADD, "userPassword", [crypt_hash("other")])), CONSTRAINT, "one password for each entry")
    tap.is_(change(JACK, (ldap.MOD_ADD, "uid", ["jack@alpha.example"])), OK, "a user gets the login he lacked")
    tap.is_(change(JACK, (ldap.MOD_ADD, "uid", ["john2@alpha.example"])), CONSTRAINT, "a user gets no other login")
    tap.is_(change(JOHN, (ldap.MOD_DELETE, "uid", None)), OK, "a user may lose his login name")
    tap.is_(rename(JOHN, "mail=jim@alpha.example"), CONSTRAINT, "no rename without the new local part")
    tap.is_(rename(JOHN, "mail=john@beta.example"), CONSTRAINT, "no rename to another domain")
    tap.is_(rename(JOHN, "mail=john@alpha.example", BETA), CONSTRAINT, "no move of a user to another domain")
    tap.is_(rename(SALES, "mail=sales@alpha.example", BETA), CONSTRAINT, "no move of an alias to another domain")
    tap.is_(rename(SALES, "mail=sales@beta.example", BETA), OK, "an alias may move with its address")
    tap.is_(rename(DKIM, "provostDkimSelector=s1", BETA), CONSTRAINT, "no move of a key to another domain")
    tap.is_(rename(DKIM, "provostDkimSelector=S 2"), CONSTRAINT, "a selector is a name")
    tap.is_(add("provostDkimSelector=s2," + BETA, dict(DKIM_ENTRY, provostDkimSelector=["s2"])), CONSTRAINT, "a key signs for its own domain")
    tap.is_(rename(ALICE, "uid=alice@alpha.example"), CONSTRAINT, "no login of a principal looks like an address")
    tap.is_(add("uid=x@y," + PRINCIPALS, principal_entry("x@y")), CONSTRAINT, "no principal with @")
    tap.is_(add("cn=x," + PRINCIPALS, {"objectClass": ["inetOrgPerson"], "cn": ["x"], "sn": ["x"], "uid": ["john2@alpha.example"]}), CONSTRAINT, "no @ in another class either")
    for name in ("new.example", "xn--bcher-kva.example", "a-b.c-d.example", "1.example"):
        tap.is_(add("provostDomainName=%s,%s" % (name, DOMAINS), domain_entry(name)), OK, "a domain may be %r" % name)
    for name in ("New.example", "new", "new.example.", "ne_w.example", "-new.example", "new-.example", "new..example", "a" * 64 + ".example", "new.123", "new example.org", ".".join(["a" * 49] * 5) + ".example"):
        tap.is_(add("provostDomainName=%s,%s" % (name, DOMAINS), domain_entry(name)), CONSTRAINT, "a domain may not be %r" % name[:60])
    tap.is_(change(JOHN, (ldap.MOD_ADD, "description", ["x"])), OK, "other attributes are free")
    for name in ("provostEnabled", "provostMailboxId", "provostLocalPart"):
        tap.is_(change(JOHN, (ldap.MOD_DELETE, name, None)), CLASS, "a user keeps %s" % name)

    # The relax control switches the constraints off for a change; what matters most, access rules hold.
    lax = [relax()]
    tap.is_(change(JOHN, (ldap.MOD_REPLACE, "provostQuotaBytes", ["-1"]), controls=lax), OK, "relaxed: constraints are indeed switched off")
    tap.is_(change(JOHN, (ldap.MOD_REPLACE, "userPassword", ["secret"]), controls=lax), REFUSED, "relaxed: no clear-text password")
    tap.is_(change(JOHN, (ldap.MOD_REPLACE, "userPassword", [HASH]), controls=lax), OK, "relaxed: a good password")
    tap.is_(change(JOHN, (ldap.MOD_REPLACE, "provostMailboxId", ["../../../../etc"]), controls=lax), REFUSED, "relaxed: no path for a mailbox")
    tap.is_(add("mail=ceo@beta.example," + ALPHA, alias_entry("ceo@beta.example", ["x@else.example"]), controls=lax), REFUSED, "relaxed: no add")
    tap.is_(rename(SALES, "mail=sales@alpha.example", BETA, controls=lax), REFUSED, "relaxed: no move")

    # From here on, writes are real.
    def modify(dn, *changes):
        return attempt(lambda: admin.modify_s(dn, [(op, name, value and [v.encode() for v in value]) for op, name, value in changes]))

    def put(dn, entry):
        return attempt(lambda: admin.add_s(dn, add_list(entry)))

    steps = [
        ("first", lambda: modify(JOHN, (ldap.MOD_ADD, "provostLocalPart", ["jim"]), (ldap.MOD_DELETE, "uid", None))),
        ("second", lambda: attempt(lambda: admin.rename_s(JOHN, "mail=jim@alpha.example", None, 1))),
        ("third", lambda: modify("mail=jim@alpha.example," + ALPHA, (ldap.MOD_DELETE, "provostLocalPart", ["john"]), (ldap.MOD_ADD, "uid", ["jim@alpha.example"]))),
    ]
    for what, step in steps:
        tap.is_(step(), OK, "rename inside the domain: %s step" % what)
    found = admin.search_s("mail=jim@alpha.example," + ALPHA, 0, "(objectClass=*)", ["mail", "uid", "provostLocalPart", "userPassword", "provostMailboxId"])
    tap.is_(found[0][1], {"mail": [b"jim@alpha.example"], "uid": [b"jim@alpha.example"], "provostLocalPart": [b"jim"], "provostMailboxId": [b"box-john-alpha-example"]}, "the renamed user has one address and his old mailbox")
    tap.is_(directory.connect("mail=jim@alpha.example," + ALPHA, "correct horse") is not None, True, "the renamed user has his old password")
    tap.is_(put(SALES, user_entry("sales@alpha.example")), 68, "a taken address is refused by its name")
    tap.is_(put("mail=SALES@Alpha.Example," + ALPHA, alias_entry("sales@alpha.example", ["x@else.example"])), 68, "letter case makes no other address")
    tap.is_(put("cn=x," + ALPHA, {"objectClass": ["inetOrgPerson"], "cn": ["x"], "sn": ["x"], "mail": ["jack@alpha.example"]}), CONSTRAINT, "a taken address is refused under another name")
    tap.is_(modify(JACK, (ldap.MOD_REPLACE, "provostNumber", ["1"])), CONSTRAINT, "a number is given once")
    tap.is_(modify(JACK, (ldap.MOD_REPLACE, "provostMailboxId", ["box-john-alpha-example"])), CONSTRAINT, "a mailbox has one owner")
    drawn = []
    lock = threading.Lock()

    def draw():
        connection = directory.external()
        for _ in range(20):
            control = PreReadControl(criticality=True, attrList=["provostNextNumber"])
            message = connection.modify_ext("cn=numbers,ou=journal," + BASE, [(ldap.MOD_INCREMENT, "provostNextNumber", [b"1"])], serverctrls=[control])
            _, _, _, controls = connection.result3(message, timeout=30)
            with lock:
                drawn.append(controls[0].entry["provostNextNumber"][0])

    threads = [threading.Thread(target=draw) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    tap.is_((len(drawn), len(set(drawn))), (80, 80), "four gateways draw eighty different numbers")

    race(directory, "one address", one_name)
    race(directory, "one address under several names", several_names)
    tap.ok(directory.alive(), "slapd is still there")


def without_log(config):
    """The log of writes takes one write at a time and so hides what happens without it."""
    return re.sub(r"(?m)^dn: olcOverlay=accesslog,.*\n(?:.+\n)*", "", config)


with Directory(base=BASE, entries=ENTRIES, edit=without_log) as directory:
    race(directory, "one address, without the log of writes", one_name)
    race(directory, "one address under several names, without the log of writes", several_names)
tap.done()
