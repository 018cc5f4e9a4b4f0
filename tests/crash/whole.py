#!/usr/bin/python3
"""Die before every single write of removing a user whom others lead to, of making a domain with its reserved names, and of what goes
into the trash and comes out of it.

What is half done is valid whenever it is looked at, and another gateway completes it, or it never began.
"""

import os
import sys
import time

sys.path.insert(0, os.path.join(os.environ.get("top_srcdir") or os.path.join(os.path.dirname(os.path.abspath(__file__)), "../.."), "tests/lib"))
sys.path.insert(1, os.path.dirname(os.path.abspath(__file__)))
import ldap
import tap
from directory import Directory, add_list, alias_entry, domain_entry, ldif, user_entry
from steps import BASE, KILLED, Tally, carry, text

DOMAIN = "provostDomainName=alpha.example,ou=domains," + BASE
NEW = "provostDomainName=new.example,ou=domains," + BASE
RESERVED = ["abuse@new.example", "postmaster@new.example"]


def there(connection, dn):
    """Every entry below, by its first RDN, with its attributes."""
    try:
        found = connection.search_s(dn, 2, "(objectClass=*)")
    except ldap.NO_SUCH_OBJECT:
        return {}
    return {name.split(",")[0].partition("=")[2]: entry for name, entry in found}


def values(entries, name, attribute):
    return sorted(map(text, entries.get(name, {}).get(attribute, [])))


def go_on(directory):
    """Another gateway completes it, or finds that it never began."""
    status, said = carry(directory, -1, "resume")
    if status and not said.startswith("there is no"):
        tap.ok(False, "another gateway goes on", said)


def leave(directory, gateway):
    connection = directory.admin()
    ann = "ann@alpha.example"
    valid, whole = Tally("no alias leads to who is gone"), Tally("removed as a whole or not at all")
    n, status = 0, KILLED
    while status == KILLED:
        for name, to in (("only", [ann]), ("both", [ann, "x@elsewhere.example"])):
            address = name + "@alpha.example"
            if address not in there(connection, DOMAIN):
                connection.add_s(directory.address(address), add_list(alias_entry(address, to)))
            connection.modify_s(directory.address(address), [(ldap.MOD_REPLACE, "provostDestination", [word.encode() for word in to])])
        if ann not in there(connection, DOMAIN):
            connection.add_s(directory.address(ann), add_list(user_entry(ann)))
        connection.modify_s(directory.address("bea@alpha.example"), [(ldap.MOD_REPLACE, "provostDestination", [ann.encode(), b"bea@alpha.example"])])
        status, said = carry(directory, n, "leave", ann)
        seen = there(connection, DOMAIN)
        leading = [name for name in seen if ann in values(seen, name, "provostDestination")]
        valid.check(ann in seen or not leading, "%d writes: %s" % (n, leading))
        go_on(directory)
        seen = there(connection, DOMAIN)
        gone = ann not in seen
        state = (values(seen, "both@alpha.example", "provostDestination"), "only@alpha.example" in seen, values(seen, "bea@alpha.example", "provostDestination"))
        want = (["x@elsewhere.example"], False, ["bea@alpha.example"]) if gone else (
            [ann, "x@elsewhere.example"], True, [ann, "bea@alpha.example"])
        whole.check(state == want, "%d writes: gone %s, %s" % (n, gone, state))
        whole.check(not gone or ann in there(gateway, "ou=retired," + BASE), "%d writes: the address is not held" % n)
        n += 1
    tap.is_((status, said), (0, ""), "in the end nobody dies, after %d writes" % n)
    tap.ok(n > 8, "there were writes to die before", "%d" % n)
    valid.tell()
    whole.tell()


def found(directory):
    connection = directory.admin()
    valid, whole = Tally("no domain takes mail without its reserved names"), Tally("made as a whole or not at all")
    n, status, made = 0, KILLED, 0

    def state():
        seen = there(connection, NEW)
        return values(seen, "new.example", "provostEnabled"), [name for name in RESERVED if name in seen]

    while status == KILLED:
        status, said = carry(directory, n, "found", "new.example", "admin@alpha.example")
        enabled, names = state()
        valid.check(enabled != ["TRUE"] or names == RESERVED, "%d writes: %s %s" % (n, enabled, names))
        go_on(directory)
        done = state()
        made += done[0] == ["TRUE"]
        whole.check(done in (([], []), (["TRUE"], RESERVED)), "%d writes: %s" % (n, done))
        for name in done[1]:
            connection.delete_s("mail=%s,%s" % (name, NEW))
        if done[0]:
            connection.delete_s(NEW)
        n += 1
    tap.is_((status, said), (0, ""), "in the end nobody dies, after %d writes" % n)
    tap.ok(n > 5 and made > 1, "some of the half done were completed", "%d of %d" % (made, n))
    valid.tell()
    whole.tell()


def kept(gateway):
    """The ids of what the trash holds, and the names of announcements that nothing followed."""
    found = gateway.search_s("ou=journal," + BASE, 1, "(objectClass=provostTrash)", ["provostJournalId", "hasSubordinates"])
    full = {text(entry["provostJournalId"][0]) for _, entry in found if entry["hasSubordinates"] == [b"TRUE"]}
    return full, {dn for dn, entry in found if entry["hasSubordinates"] != [b"TRUE"]}


class Thing:
    """What is deleted into the trash: a user, or a domain with its users."""

    def __init__(self, directory, gateway, word, key):
        self.directory, self.gateway, self.word, self.key = directory, gateway, word, key
        self.place = directory.address(key) if "@" in key else directory.domain(key)
        self.connection = directory.admin()
        self.whole = self.state()
        self.id = values(self.whole, key, "entryUUID")[0]

    def state(self):
        """All of it with ids, as long as it is where it was."""
        try:
            found = self.connection.search_s(self.place, 2, "(objectClass=*)", ["*", "entryUUID"])
        except ldap.NO_SUCH_OBJECT:
            return {}
        return {name.split(",")[0].partition("=")[2]: entry for name, entry in found}

    def either(self, tally, when):
        """It is there as it was, or in the trash; never both, never neither, never a part."""
        full, _ = kept(self.gateway)
        state = self.state()
        tally.check(state == (self.whole if self.id not in full else {}), "%s: %s, in the trash %s" % (when, sorted(state), self.id in full))
        return bool(state)

    def die(self, tally, *command):
        """At each write, while another goes on each time; how many deaths that took."""
        n, status, there = 0, KILLED, self.either(tally, "before")
        while status == KILLED:
            status, said = carry(self.directory, n, *command)
            self.either(tally, "%s, %d writes" % (command[0], n))
            go_on(self.directory)
            after = self.either(tally, "%s, %d writes, and gone on" % (command[0], n))
            if status == KILLED and after != there:  # another has completed it: once more from the start
                tap.is_(carry(self.directory, -1, *((self.word, self.key) if there is False else ("restore", self.id))), (0, ""), "and back again")
            n += 1
        tap.is_((status, said), (0, ""), "%s: in the end nobody dies, after %d writes" % (command[0], n))
        return n


def trash(directory, gateway, word, key, writes):
    thing = Thing(directory, gateway, word, key)
    tally = Tally("%s is there, as it was, or in the trash" % key)
    tap.ok(thing.die(tally, word, key) > writes, "there were writes to die before")
    tap.is_(thing.state(), {}, "%s is gone" % key)
    tap.ok(thing.die(tally, "restore", thing.id) > 4, "and others on the way back")
    tally.tell()
    tap.is_(thing.state(), thing.whole, "and all is as it was")
    tap.is_(gateway.search_s("ou=journal," + BASE, 1, "(&(provostJournalSteps=*)(!(provostExpires=*)))", ["1.1"]), [], "nothing is left to do in the journal")


def announced(directory, gateway):
    """What was announced an hour ago and did not follow is cleared away, and nothing else is."""
    long_ago = {"objectClass": ["provostTrash"], "provostTrashKind": ["user"], "provostTrashKey": ["ann@alpha.example"],
                "provostDomainName": ["alpha.example"], "provostExpires": ["20990101000000Z"]}
    ids = ["00000000-0000-4000-8000-00000000000%d" % n for n in range(2)]
    directory.stop()
    directory.slapadd(["-q", "-b", BASE], "".join(
        ldif("provostJournalId=%s,ou=journal,%s" % (one, BASE), dict(long_ago, provostJournalId=[one], modifyTimestamp=[stamp], createTimestamp=[stamp]))
        for one, stamp in zip(ids, ("20200101000000Z", time.strftime("%Y%m%d%H%M%SZ", time.gmtime())))))
    directory.start()
    gateway = directory.external()
    carry(directory, 1, "discard", "bea@alpha.example")
    tap.is_(kept(gateway)[0], set(), "what only was announced is not in the trash")
    tap.is_(carry(directory, -1, "restore", ids[1])[0], 1, "and cannot be restored")
    before = kept(gateway)[1]
    tap.is_(carry(directory, -1, "clear"), (0, ""), "the steward comes by")
    tap.is_(sorted(before - kept(gateway)[1]), ["provostJournalId=%s,ou=journal,%s" % (ids[0], BASE)], "the old announcement goes, young ones stay")
    tap.is_(carry(directory, -1, "discard", "bea@alpha.example"), (0, ""), "somebody deletes her after all")
    tap.is_(carry(directory, -1, "clear"), (0, ""), "the steward comes by once more")
    tap.is_(len(kept(gateway)[0]), 1, "and she is in the trash")


def main():
    first = ldif(DOMAIN, domain_entry("alpha.example")) + ldif("mail=bea@alpha.example," + DOMAIN, user_entry("bea@alpha.example"))
    with Directory(base=BASE, entries=first) as directory:
        leave(directory, directory.external())
        found(directory)
        connection = directory.admin()
        small = directory.domain("small.example")
        for dn, entry in ((small, domain_entry("small.example")), (directory.address("bob@small.example"), user_entry("bob@small.example")),
                          (directory.address("ann@alpha.example"), user_entry("ann@alpha.example"))):
            connection.add_s(dn, add_list(entry))
        gateway = directory.external()
        trash(directory, gateway, "discard", "ann@alpha.example", 2)
        trash(directory, gateway, "discard-domain", "small.example", 4)
        announced(directory, gateway)
    tap.done()


if __name__ == "__main__":
    main()
