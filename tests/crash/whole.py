#!/usr/bin/python3
"""Die before every single write of removing a user whom others lead to, and of making a domain with its reserved names.

What is half done is valid whenever it is looked at, and another gateway completes it, or it never began.
"""

import os
import sys

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


def main():
    first = ldif(DOMAIN, domain_entry("alpha.example")) + ldif("mail=bea@alpha.example," + DOMAIN, user_entry("bea@alpha.example"))
    with Directory(base=BASE, entries=first) as directory:
        leave(directory, directory.external())
        found(directory)
    tap.done()


if __name__ == "__main__":
    main()
