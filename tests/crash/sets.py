#!/usr/bin/python3
"""Die before every single write of a change set, and of its undoing: all of it is done, or nothing, whoever goes on.

A program carries the set out, dies before its n-th write, and others go on, each of which may die as well. After each
death the directory is looked at: what there is, is valid; in the end the set is whole or as if it had never been.
"""

import os
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.environ.get("top_srcdir") or os.path.join(os.path.dirname(os.path.abspath(__file__)), "../.."), "tests/lib"))
import ldap
import tap
from directory import Directory, add_list, alias_entry, domain_entry, ldif, user_entry

CARRY = os.path.join(os.environ.get("top_builddir", "."), "tests/crash/carry")
BASE = "dc=provost"
KILLED = -9
LEASE = "60000"
DEADLINE = 60
CONVERGE = 30  # seconds
DEATHS = 400
# Each single write with tools/torture; else every fifth, and other ones in the second round.
STEP = 1 if os.environ.get("TORTURE") else 5


def dn(domain, address=None):
    top = "provostDomainName=%s,ou=domains,%s" % (domain, BASE)
    return top if address is None else "mail=%s,%s" % (address, top)


def entries():
    return "".join([ldif(dn("alpha.example"), domain_entry("alpha.example")), ldif(dn("alpha.example", "ann@alpha.example"), user_entry("ann@alpha.example"))])


def carry(server, writes, *words):
    command = [CARRY, server.ldapi, BASE, "admin", LEASE, str(writes), *words]
    run = subprocess.run(command, timeout=DEADLINE, check=False, stdout=subprocess.PIPE, text=True)
    return run.returncode, run.stdout.strip()


class State:
    """What there is of the set, and what is wrong with the directory."""

    def __init__(self, admin, gateway):
        self.ids, self.complaint, domains, to = {}, None, set(), {}
        for name, entry in admin.search_s("ou=domains," + BASE, 2, "(|(mail=*)(provostDomainName=*))", ["*", "entryUUID"]):
            if "mail" in entry:
                key = entry["mail"][0].decode()
                to[key] = [value.decode() for value in entry.get("provostDestination", [])]
                self.name = entry["cn"][0].decode() if key == "ann@alpha.example" else getattr(self, "name", None)
            else:
                key = entry["provostDomainName"][0].decode()
                domains.add(key)
            if key in self.ids:
                self.complaint = "%s is there twice" % key
            self.ids[key] = entry["entryUUID"][0].decode()
        for address, destinations in to.items():
            if address.partition("@")[2] not in domains:
                self.complaint = "%s has no domain" % address
            if any(one.partition("@")[2] in domains and one not in to for one in destinations):
                self.complaint = "%s leads nowhere" % address
        self.journal = gateway.search_s("ou=journal," + BASE, 1, "(provostJournalSteps=*)", ["*"])
        self.claims = [entry for _, entry in self.journal if "provostJournalName" in entry]

    def whole(self):
        return self.name == "Ann the First" and set(self.ids) == {"alpha.example", "ann@alpha.example", "new.example", "carl@new.example", "team@new.example", "last@alpha.example"}

    def as_before(self, before, also=()):
        return self.name == before.name and {k: v for k, v in self.ids.items() if k not in also} == before.ids


def prepare(server):
    """From the same start each time."""
    admin = server.admin()
    for domain in ("new.example", "beta.example"):
        for name, _ in reversed(sorted(admin.search_s("ou=domains," + BASE, 2, "(|(mail=*@%s)(provostDomainName=%s))" % (domain, domain), ["1.1"]), key=lambda found: len(found[0]))):
            admin.delete_s(name)
    try:
        admin.delete_s(dn("alpha.example", "last@alpha.example"))
    except ldap.NO_SUCH_OBJECT:
        pass
    admin.modify_s(dn("alpha.example", "ann@alpha.example"), [(ldap.MOD_REPLACE, "cn", [b"ann"])])
    admin.add_s(dn("beta.example"), add_list(domain_entry("beta.example")))
    admin.add_s(dn("beta.example", "gone@beta.example"), add_list(user_entry("gone@beta.example")))
    admin.add_s(dn("beta.example", "old@beta.example"), add_list(alias_entry("old@beta.example", ["x@far.example"])))


def kept(gateway):
    """The ids of what is in the trash."""
    found = gateway.search_s("ou=journal," + BASE, 1, "(&(objectClass=provostTrash)(hasSubordinates=TRUE))", ["provostJournalId"])
    return {entry["provostJournalId"][0].decode() for _, entry in found}


def over(state):
    """Whether nothing is left to do or claimed."""
    return not state.claims and all(entry["provostJournalState"][0] in (b"done", b"undone") for _, entry in state.journal)


def die(server, gateway, word, also, first):
    """At each write, then whoever goes on at each of his."""
    admin, n, status, bad, done, undone, longest, deaths = server.admin(), first % STEP, KILLED, [], 0, 0, 0.0, 0
    while status == KILLED and n < DEATHS:
        prepare(server)
        before = State(admin, gateway)
        status, said = carry(server, n, word)
        state = State(admin, gateway)
        if state.complaint:
            bad.append("%d: %s" % (n, state.complaint))
        # The next dies after a few more writes, the one after him goes on to the end.
        began, third = time.monotonic(), 2 + n % 5
        if carry(server, third, "resume")[0] == KILLED and State(admin, gateway).complaint:
            bad.append("%d, and %d: %s" % (n, third, State(admin, gateway).complaint))
        carry(server, -1, "resume")
        longest = max(longest, time.monotonic() - began)
        state = State(admin, gateway)
        whole, nothing = state.whole(), state.as_before(before, also)
        if word.endswith("-trash"):
            # Those who went on have no trash of their own: what they put aside is deleted in the end.
            deleted = {before.ids[key] for key in ("gone@beta.example", "old@beta.example", "beta.example")}
            if whole and status != KILLED and not deleted <= kept(gateway) or nothing and deleted & kept(gateway):
                bad.append("%d: in the trash %s" % (n, deleted & kept(gateway)))
        done, undone = done + whole, undone + nothing
        if state.complaint or not over(state) or not (whole or nothing) or (word.startswith("clash") and whole and also[0] not in before.ids and "taken" in said):
            bad.append("%d: %s %s %s %s" % (n, said, state.complaint, sorted(state.ids), state.journal and state.journal[0][1].get("provostJournalState")))
        n, deaths = n + STEP, deaths + (status == KILLED)
    tap.ok(not bad and status != KILLED, "%s: valid after each death, and whole or nothing in the end (%d deaths)" % (word, deaths), "\n".join(bad[:8]))
    tap.ok(longest < CONVERGE, "what was left was completed or undone in time")
    tap.note("%s: %d deaths; %d times done, %d times undone; the longest way to the end %.2f s" % (word, deaths, done, undone, longest))
    return status, said


def main():
    with Directory(base=BASE, entries=entries()) as server:
        gateway = server.external()
        status, said = die(server, gateway, "set", (), 1)
        tap.ok(status == 0, "nobody dies: it is done", said)
        status, said = die(server, gateway, "clash", ("last@alpha.example",), 3)
        tap.ok(status == 1 and "exists" in said, "somebody takes an address meanwhile: it is refused", said)
        for word, also in (("set-trash", ()), ("clash-trash", ("last@alpha.example",)))[STEP > 1:]:
            status, said = die(server, gateway, word, also, 2)
            tap.is_(status, 0 if word == "set-trash" else 1, "with the trash: %s" % said)
        state = State(server.admin(), gateway)
        tap.ok("beta.example" in state.ids and "gone@beta.example" in state.ids and "new.example" not in state.ids, "and all else is undone", sorted(state.ids))
        dump = server.slapcat(BASE)
        tap.ok("provostJournalPart" in dump and "part-0000" not in dump, "no record stays in the journal")
        tap.ok(server.alive(), "slapd is still there")
    tap.done()


if __name__ == "__main__":
    main()
