#!/usr/bin/python3
"""Die before every single write of a domain's new name: mail for old and new addresses comes to the same mailboxes all the time.

A program renames a domain, dies, and another one goes on for a write or two, until it is done.  After each death the
lookups of Postfix and Dovecot are asked, with the filters and the rights that they have.  Meanwhile LDAP tools write in
the domain, and nothing of that is lost.
"""

import os
import sys
import time

sys.path.insert(0, os.path.join(os.environ.get("top_srcdir") or os.path.join(os.path.dirname(os.path.abspath(__file__)), "../.."), "tests/lib"))
sys.path.insert(1, os.path.dirname(os.path.abspath(__file__)))
import ldap
import tap
from directory import Directory, add_list, alias_entry, domain_entry, user_entry
from lookups import MailServer
from steps import BASE, KILLED, Tally, carry, text

OLD, NEW, OTHER, BRAND = "old.example", "new.example", "other.example", "brand.example"
WRITTEN_DOWN = 1  # writes until the plan is in the journal
MANY = 100
BY_TOOLS = 4  # the death after which LDAP tools write
EXPIRES = "20990101000000Z"


def entries(directory):
    """A domain with something of everything, and others that have to do with it."""
    john, mary = directory.address("john@" + OLD), directory.address("mary@" + OLD)
    secret = {"userPassword": "{CRYPT}$6$abcdefgh$" + "a" * 86}
    return directory.in_place([
        domain_entry(OLD, description="first", provostOwner=john, provostMaxUsers="20", provostDefaultQuotaBytes="1000"),
        domain_entry(OTHER, provostViewer=mary), domain_entry(BRAND, kind="alias", provostTargetDomain=OLD),
        user_entry("john@" + OLD, provostDestination=["john@" + OLD, "j@far.example"], **secret),
        user_entry("mary@" + OLD), user_entry("off@" + OLD, False),
        alias_entry("sales@" + OLD, ["john@" + OLD, "mary@" + OLD, "x@far.example"], provostSenderAllowed="TRUE"),
        alias_entry("@" + OLD, ["mary@" + OLD]),
        user_entry("boss@" + OTHER, provostSender=["john@" + OLD, "@" + OLD]),
        alias_entry("both@" + OTHER, ["mary@" + OLD, "sales@" + OLD]),
    ])


def below(directory, connection):
    """What is measured of a user, a key of his for that domain, and an address that is held."""
    john = directory.address("john@" + OLD)
    for dn, entry in (
            ("cn=usage," + john, {"objectClass": ["provostUsage"], "cn": ["usage"], "provostUsageOf": ["box-john-old-example"], "provostUsedBytes": ["7"]}),
            ("provostKeyId=abcdefgh23456789," + john, {"objectClass": ["provostApiKey"], "provostKeyId": ["abcdefgh23456789"], "provostKeyDomain": [OLD],
                                                       "provostEnabled": ["TRUE"]}),
            ("mail=gone@%s,ou=retired,%s" % (OLD, BASE), {"objectClass": ["provostRetired"], "mail": ["gone@" + OLD], "provostExpires": [EXPIRES]})):
        connection.add_s(dn, add_list(entry))


JOHN, MARY = {"box-john-old-example", "j@far.example"}, {"box-mary-old-example"}
SALES = JOHN | MARY | {"x@far.example"}
LEADS = {"john": JOHN, "mary": MARY, "sales": SALES, "anybody": MARY, "off": MARY}
SEEN_BY_BRAND = ("john", "mary", "sales")


def wanted(keep):
    """Where mail for each address goes, and whether it may be refused for some time."""
    rows = [("both@" + OTHER, SALES, False)]
    rows += [("%s@%s" % (local, BRAND), LEADS[local], False) for local in SEEN_BY_BRAND]
    for local, leads in LEADS.items():
        rows += [("%s@%s" % (local, OLD), leads, not keep), ("%s@%s" % (local, NEW), leads, True)]
    return rows


class Watch:
    """What was accepted once stays accepted, and comes to the same mailboxes."""

    def __init__(self, server, connection, keep):
        self.server, self.connection, self.rows = server, connection, wanted(keep)
        # The very last to go before a domain that is not to stay.
        self.last = () if keep else ("anybody@" + OLD, "off@" + OLD)
        self.taken, self.tally = set(), Tally("mail for every address, old and new, comes where it did")
        self.senders = Tally("who sends as an address may go on to do so")

    def is_over(self):
        """Whether the old name is to go, and has been told so: then nobody has to be found by it."""
        return not self.connection.search_s("ou=domains," + BASE, 1, "(provostDomainName=%s)" % OLD, ["1.1"])

    def look(self, when):
        over = self.is_over()
        for address, leads, may_be_refused in self.rows:
            got = self.server.mailboxes(address)
            if got is None and (may_be_refused and (address not in self.taken or address in self.last) or over and address.endswith("@" + OLD)):
                continue
            self.taken.add(address)
            self.tally.check(got == leads, "%s: %s comes to %s" % (when, address, got))
        for local in ("john", "sales"):
            for domain in (OLD, NEW):
                if "%s@%s" % (local, domain) not in self.taken or over and domain == OLD:
                    continue
                got = {one.partition("@")[0] for one in self.server.senders("%s@%s" % (local, domain))}
                self.senders.check("john" in got, "%s: only %s as %s@%s" % (when, got, local, domain))


def tools(directory, connection):
    """An LDAP tool adds a user, an alias and an alias domain, and describes the domain."""
    for one in (user_entry("late@" + OLD), alias_entry("later@" + OLD, ["late@" + OLD])):
        connection.add_s(directory.address(one["mail"][0]), add_list(one))
    connection.modify_s(directory.domain(OLD), [(ldap.MOD_REPLACE, "description", b"second")])
    connection.add_s(directory.domain("brand2.example"), add_list(domain_entry("brand2.example", kind="alias", provostTargetDomain=OLD)))


def attribute(connection, dn, name):
    try:
        return sorted(map(text, connection.search_s(dn, 0, "(objectClass=*)", [name])[0][1].get(name, [])))
    except ldap.NO_SUCH_OBJECT:
        return None


def afterwards(directory, connection, gateway, before, keep):
    """All that was there is there by the new name."""
    at = lambda local: directory.address("%s@%s" % (local, NEW))
    new, old = directory.domain(NEW), directory.domain(OLD)
    for local, identity in before.items():
        tap.is_(attribute(connection, at(local), "entryUUID"), identity, "%s@%s is who he was" % (local, NEW))
    tap.is_(attribute(connection, at("john"), "uid"), ["john@" + NEW], "he logs in by the new address")
    tap.is_(attribute(connection, at("john"), "provostMailboxId"), ["box-john-old-example"], "and has his mailbox")
    tap.is_(attribute(connection, "cn=usage," + at("john"), "provostUsedBytes"), ["7"], "what was measured of him")
    tap.is_(attribute(connection, "provostKeyId=abcdefgh23456789," + at("john"), "provostKeyDomain"), [NEW], "and his key, for the new domain")
    tap.is_(attribute(connection, new, "provostOwner"), [at("john")], "his role in it")
    tap.is_(attribute(connection, directory.domain(OTHER), "provostViewer"), [at("mary")], "and hers elsewhere")
    tap.is_(attribute(connection, directory.address("boss@" + OTHER), "provostSender"), ["@" + NEW, "john@" + NEW], "rights to send")
    tap.is_([attribute(connection, new, name) for name in ("provostMaxUsers", "provostDefaultQuotaBytes", "description", "provostTargetDomain")],
            [["20"], ["1000"], ["second"], []], "what is said of the domain, until the last moment")
    for brand in (BRAND, "brand2.example"):
        tap.is_(attribute(connection, directory.domain(brand), "provostTargetDomain"), [NEW], "%s leads there" % brand)
    tap.is_(attribute(connection, "mail=gone@%s,ou=retired,%s" % (NEW, BASE), "provostExpires"), [EXPIRES], "what is held is held there")
    tap.is_([attribute(connection, old, name) for name in ("provostDomainKind", "provostTargetDomain", "provostMaxUsers")],
            [["alias"], [NEW], []] if keep else [None] * 3, "the old name %s" % ("stands for it" if keep else "is gone"))
    left = connection.search_s("ou=domains," + BASE, 2, "(|(provostFormerAddress=*)(provostDestination=*@%s)(provostSender=*@%s))" % (OLD, OLD), ["1.1"])
    tap.is_([dn for dn, _ in left], [], "nothing names the old addresses")
    tap.is_(gateway.search_s("ou=journal," + BASE, 1, "(&(provostJournalSteps=*)(!(provostExpires=*)))", ["1.1"]), [], "nothing is left to do in the journal")
    without = connection.search_s("ou=domains," + BASE, 2, "(&(objectClass=provostUser)(!(uid=*)))", ["1.1"])
    tap.is_([dn for dn, _ in without], [], "everybody has his login")


def rename(directory, keep):
    """Whoever carries it out dies after a write or two."""
    connection, gateway = directory.admin(), directory.external()
    below(directory, connection)
    before = {local: attribute(connection, directory.address("%s@%s" % (local, OLD)), "entryUUID") for local in ("john", "mary", "off", "sales", "")}
    watch = Watch(MailServer(directory), connection, keep)
    watch.look("before")
    began, deaths = time.monotonic(), 1
    status, said = carry(directory, WRITTEN_DOWN, "rename-domain", OLD, NEW, *([] if keep else ["drop"]))
    while status == KILLED and deaths < MANY:
        watch.look("death %d" % deaths)
        if deaths == BY_TOOLS:
            tools(directory, connection)
        status, said = carry(directory, 2 + deaths % 3, "resume")
        deaths += 1
    watch.look("at the end")
    watch.tally.tell()
    watch.senders.tell()
    tap.ok(status == 0 and deaths > 20, "it gets done though everybody dies who tries", (status, said, deaths))
    tap.note("%d deaths, %.1f s" % (deaths - 1, time.monotonic() - began))
    afterwards(directory, connection, gateway, before, keep)


def main():
    with Directory(base=BASE) as directory:
        connection = directory.admin()
        directory.stop()
        directory.slapadd(["-q", "-b", BASE], entries(directory))
        directory.start()
        del connection
        rename(directory, "drop" not in sys.argv)
        tap.ok(directory.alive(), "slapd is still there")
    tap.done()


if __name__ == "__main__":
    main()
