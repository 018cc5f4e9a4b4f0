#!/usr/bin/python3
"""Die before every single write of a rename and of a domain's deletion: what is half done is valid, and gets done.

A program carries the plan out, dies before its n-th write, and another one goes on. After each death the directory is
looked at as mail servers see it: no address is in force without its owner, no alias leads to a local address that
nobody answers to, and nothing of a domain is there when the domain is not.
"""

import os
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.environ.get("top_srcdir") or os.path.join(os.path.dirname(os.path.abspath(__file__)), "../.."), "tests/lib"))
import ldap
import tap
from directory import Directory, add_list, alias_entry, domain_entry, ldif, principal_entry, user_entry

CARRY = os.path.join(os.environ.get("top_builddir", "."), "tests/crash/carry")
BASE = "dc=provost"
ALIASES = 20
USERS = 200 if os.environ.get("SANITIZED") else 1000
KILLED = -9
LEASE = "60000"  # milliseconds
WRITTEN_DOWN = 2  # writes until a plan is in the journal: a trial that changes nothing, and the plan
ONE_STEP = 3  # writes until one more record is gone: the plan is taken over, its domain found to be not empty yet
DEADLINE = 60
CONVERGE = 30  # seconds


def text(value):
    return value.decode()


class View:
    """The directory at one moment, as mail servers see it, and what is wrong with it."""

    def __init__(self, connection, gateway):
        self.domains, self.users, self.aliases = set(), {}, {}
        for _, entry in connection.search_s("ou=domains," + BASE, 2, "(objectClass=*)", ["*", "entryUUID"]):
            if "provostDomainName" in entry and "provostDomain" in map(text, entry["objectClass"]):
                self.domains.add(text(entry["provostDomainName"][0]))
            elif "provostMailboxId" in entry:
                self.users[text(entry["mail"][0])] = entry
            elif "mail" in entry:
                self.aliases[text(entry["mail"][0])] = [text(to) for to in entry["provostDestination"]]
        # While it is being renamed, an entry answers to its former address, too.
        self.found = set(self.users) | set(self.aliases) | {text(entry["provostFormerAddress"][0]) for entry in self.users.values() if "provostFormerAddress" in entry}
        self.claims = set()
        for _, entry in gateway.search_s("ou=journal," + BASE, 1, "(provostJournalName=*)", ["provostJournalName"]):
            self.claims.update(map(text, entry["provostJournalName"]))

    def complaint(self):
        """None if all is well."""
        for address in list(self.users) + list(self.aliases):
            if address.partition("@")[2] not in self.domains:
                return "%s has no domain" % address
        for address, destinations in self.aliases.items():
            for to in destinations:
                here = to.partition("@")[2] in self.domains
                if here and to not in self.found:
                    return "%s leads to %s, which is nowhere" % (address, to)
        for address, entry in self.users.items():
            local = address.partition("@")[0]
            if local not in map(text, entry["provostLocalPart"]):
                return "%s has another local part" % address
            if "provostFormerAddress" in entry and not self.claims:
                return "%s has a former address" % address
            if "uid" not in entry and not self.claims:
                return "%s has no login" % address
            if [text(uid) for uid in entry.get("uid", [])] not in ([], [address]):
                return "%s has another login" % address
        return None


def carry(directory, writes, *words):
    """Run the program until it has made so many writes; how it ended, and what it said."""
    command = [CARRY, directory.ldapi, BASE, "admin", LEASE, str(writes), *words]
    run = subprocess.run(command, timeout=DEADLINE, check=False, stdout=subprocess.PIPE, text=True)
    return run.returncode, run.stdout.strip()


def finish(directory):
    """Another gateway goes on to the end; how long that took."""
    began = time.monotonic()
    status, said = carry(directory, -1, "resume")
    tap.ok(status == 0, "another gateway goes on", said) if status else None
    return time.monotonic() - began


class Tally:
    """Many checks, of which only those that fail are told one by one."""

    def __init__(self, what):
        self.what, self.count, self.bad = what, 0, []

    def check(self, good, detail):
        self.count += 1
        if not good:
            self.bad.append(detail)

    def tell(self):
        tap.ok(self.count > 0 and not self.bad, "%s (%d times)" % (self.what, self.count), "\n".join(map(str, self.bad[:10])))


def rename(directory, gateway):
    """From a fresh start for each write; then the same with a death at each step of whoever goes on."""
    alpha = "provostDomainName=alpha.example,ou=domains," + BASE
    valid, whole, longest = Tally("valid after a death"), Tally("done as a whole or not at all"), 0
    connection = directory.admin()
    owner = "provostDomainName=beta.example,ou=domains," + BASE
    n, status, names = 0, KILLED, ("ann@alpha.example", "bea@alpha.example")
    done = 0
    while status == KILLED:
        old, new = names
        user = View(connection, gateway).users[old]
        status, said = carry(directory, n, "rename", old, new)
        view = View(connection, gateway)
        valid.check(view.complaint() is None, "%d writes: %s" % (n, view.complaint()))
        longest = max(longest, finish(directory))
        view = View(connection, gateway)
        now = new if new in view.users else old
        leads = [to for to in view.aliases.values() if sorted(to) != [now, "x@far.example"]]
        roles = [text(dn) for dn in connection.search_s(owner, 0, "(objectClass=*)", ["provostOwner"])[0][1]["provostOwner"]]
        good = (view.complaint() is None and not leads and len(view.aliases) == ALIASES and not view.claims
                and roles == ["mail=%s,%s" % (now, alpha)] and view.users[now]["entryUUID"] == user["entryUUID"]
                and view.users[now]["provostMailboxId"] == user["provostMailboxId"]
                and [text(uid) for uid in view.users[now]["uid"]] == [now]
                and list(map(text, view.users[now]["provostLocalPart"])) == [now.partition("@")[0]])
        whole.check(good, "%d writes: %s %s %s" % (n, now, roles, view.complaint() or leads[:2]))
        whole.check(status == KILLED or (status == 0 and now == new), "%d writes: %s" % (n, said))
        done += now == new
        if now == new:
            names = (new, old)
        n += 1
    valid.tell()
    whole.tell()
    tap.ok(n > ALIASES + 5 and done > ALIASES, "each of the %d writes was the last before a death" % (n - 1), (n, done))
    tap.ok(longest < CONVERGE, "and what was left was done in time")
    tap.note("a rename with %d aliases and a role: %d writes; the longest way to the end %.2f s" % (ALIASES, n - 1, longest))

    # Whoever goes on dies as well, after one step more each time.
    valid = Tally("valid after each of many deaths")
    old, new = names
    status, _ = carry(directory, WRITTEN_DOWN + 1, "rename", old, new)  # whether his role can follow is tried as well
    deaths = 1
    while status == KILLED and deaths < 200:
        view = View(connection, gateway)
        valid.check(view.complaint() is None, "death %d: %s" % (deaths, view.complaint()))
        status, said = carry(directory, 1 + deaths, "resume")
        deaths += 1
    valid.tell()
    view = View(connection, gateway)
    tap.ok(status == 0 and new in view.users and old not in view.users and view.complaint() is None and not view.claims,
           "a rename gets done though everybody dies who tries", (status, view.complaint()))
    tap.note("%d deaths" % (deaths - 1))
    tap.is_(gateway.search_s("ou=journal," + BASE, 1, "(provostJournalSteps=*)", ["1.1"]), [], "the journal is empty")


def remove(directory, gateway):
    """Each of many processes makes one step of the deletion."""
    connection = directory.admin()
    valid, apart = Tally("valid after a death"), Tally("a domain is there with all its users, or not at all")
    status, _ = carry(directory, WRITTEN_DOWN, "remove", "large.example")
    deaths, began, gone = 1, time.monotonic(), None
    while status == KILLED and deaths < 3 * USERS:
        # Once the domain is gone, what is in force changes no more: then every tenth look is enough.
        if gone is None or deaths % 10 == 0:
            view = View(connection, gateway)
            there = [address for address in view.users if address.endswith("@large.example")]
            valid.check(view.complaint() is None, "death %d: %s" % (deaths, view.complaint()))
            apart.check(len(there) in (0, USERS) and ("large.example" in view.domains) == bool(there), "death %d: %d users" % (deaths, len(there)))
            apart.check(gone is None or not there, "death %d: they came back" % deaths)
            gone = deaths if gone is None and not there else gone
        status, said = carry(directory, ONE_STEP, "resume")
        deaths += 1
    valid.tell()
    apart.tell()
    view = View(connection, gateway)
    tap.ok(status == 0 and "large.example" not in view.domains and view.complaint() is None, "it gets done though everybody dies who tries", (status, said))
    tap.ok(deaths > USERS, "there was a death at every step", deaths)
    tap.is_(view.aliases.get("one@beta.example"), ["x@far.example"], "what led there does so no more")
    tap.ok("two@beta.example" not in view.aliases, "what would lead nowhere is gone")
    tap.is_(gateway.search_s("ou=journal," + BASE, 2, "(provostJournalSteps=*)", ["1.1"]), [], "the journal is empty")
    tap.note("a domain of %d users: %d deaths, one a step, in %.0f s; it was gone after the %sth" % (USERS, deaths - 1, time.monotonic() - began, gone))


def entries():
    """Two domains for the rename, one for the deletion."""
    alpha, beta, large = ("provostDomainName=%s.example,ou=domains,%s" % (name, BASE) for name in ("alpha", "beta", "large"))
    ann = "mail=ann@alpha.example," + alpha
    parts = [ldif(alpha, domain_entry("alpha.example")), ldif(beta, domain_entry("beta.example", provostOwner=ann)),
             ldif(ann, user_entry("ann@alpha.example"))]
    for i in range(ALIASES):
        domain, dn = ("alpha.example", alpha) if i % 2 else ("beta.example", beta)
        address = "a%02d@%s" % (i, domain)
        parts.append(ldif("mail=%s,%s" % (address, dn), alias_entry(address, ["ann@alpha.example", "x@far.example"])))
    return "".join(parts), large


def large_domain(directory, dn):
    """Offline, because it is large."""
    parts = [ldif(dn, domain_entry("large.example"))]
    for i in range(USERS):
        address = "u%04d@large.example" % i
        parts.append(ldif("mail=%s,%s" % (address, dn), user_entry(address)))
    directory.stop()
    directory.slapadd(["-q", "-b", BASE], "".join(parts))
    directory.start()
    beta = "provostDomainName=beta.example,ou=domains," + BASE
    admin = directory.admin()
    for address, to in (("one@beta.example", ["u0001@large.example", "x@far.example"]), ("two@beta.example", ["u0002@large.example"])):
        admin.add_s("mail=%s,%s" % (address, beta), add_list(alias_entry(address, to)))


def control(directory, gateway):
    """The look at the directory sees what is wrong."""
    connection = directory.admin()
    beta = "provostDomainName=beta.example,ou=domains," + BASE
    tap.is_(View(connection, gateway).complaint(), None, "nothing is wrong to begin with")
    connection.add_s("mail=bad@beta.example," + beta, add_list(alias_entry("bad@beta.example", ["nobody@alpha.example"])))
    tap.ok(View(connection, gateway).complaint(), "an alias that leads nowhere is noticed")
    connection.delete_s("mail=bad@beta.example," + beta)


def main():
    first, large = entries()
    with Directory(base=BASE, entries=first) as directory:
        gateway = directory.external()
        control(directory, gateway)
        rename(directory, gateway)
        large_domain(directory, large)
        remove(directory, directory.external())
        tap.ok(directory.alive(), "slapd is still there")
    tap.done()


if __name__ == "__main__":
    main()
