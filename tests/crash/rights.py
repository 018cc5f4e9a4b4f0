#!/usr/bin/python3
"""Whoever loses his rights, or is held up, in the middle of a plan: nothing is told that is not so, and nobody else is hurt.

Unlike a death, that is no accident that another gateway could repair. A plan whose caller may no longer do it stays in
the journal, says that it is stuck, and claims no names; when he may again, it is done. Whoever was held up so long that
another went on in his place writes nothing more.
"""

import os
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.environ.get("top_srcdir") or os.path.join(os.path.dirname(os.path.abspath(__file__)), "../.."), "tests/lib"))
import ldap
import tap
from directory import Directory, add_list, alias_entry, domain_entry, ldif, user_entry

CARRY = os.path.join(os.environ.get("top_builddir", "."), "tests/crash/carry")
BASE = "dc=provost"
ADMINISTRATORS = "cn=administrators,ou=roles," + BASE
KILLED, DEADLINE = -9, 60
LONG, SHORT = 60000, 3000  # milliseconds of a lease
ADMIN, BOSS = "admin", "boss@beta.example"
# Writes of a rename: a trial, the plan, the parts of the name, the name. Of a deletion: a trial, the plan, another trial.
HALF, RENAMED, ADMITTED = 3, 4, 3


def domain(name):
    return "provostDomainName=%s,ou=domains,%s" % (name, BASE)


def mail(address):
    return "mail=%s,%s" % (address, domain(address.partition("@")[2]))


def start(directory, caller, lease, writes, *words):
    return subprocess.Popen([CARRY, directory.ldapi, BASE, caller, str(lease), str(writes), *words], stdout=subprocess.PIPE, text=True)


def end(process):
    """How it ended, and what it said."""
    said, _ = process.communicate(timeout=DEADLINE)
    return process.returncode, said.strip()


def carry(directory, caller, writes, *words):
    return end(start(directory, caller, LONG, writes, *words))


def wait_stopped(process):
    until = time.monotonic() + DEADLINE
    while time.monotonic() < until:
        with open("/proc/%d/stat" % process.pid, encoding="ascii") as stat:
            if stat.read().rsplit(")", 1)[1].split()[0] == "T":
                return
        time.sleep(0.01)
    raise RuntimeError("it does not stop")


class Here:
    """A directory, and what is in it."""

    def __init__(self, directory):
        self.directory, self.admin, self.gateway = directory, directory.admin(), directory.external()

    def entry(self, dn):
        try:
            return self.admin.search_s(dn, ldap.SCOPE_BASE, "(objectClass=*)", ["*", "entryUUID"])[0][1]
        except ldap.NO_SUCH_OBJECT:
            return None

    def user(self, address):
        """Login, local parts and former address, or None."""
        entry = self.entry(mail(address))
        return entry and tuple(sorted(value.decode() for value in entry.get(name, [])) for name in ("uid", "provostLocalPart", "provostFormerAddress"))

    def leads(self, address):
        entry = self.entry(mail(address))
        return entry and [to.decode() for to in entry["provostDestination"]]

    def journal(self):
        """State and number of claimed names of each plan."""
        found = self.gateway.search_s("ou=journal," + BASE, ldap.SCOPE_ONELEVEL, "(provostJournalSteps=*)")
        return [(entry["provostJournalState"][0].decode(), len(entry.get("provostJournalName", []))) for _, entry in found]

    def role(self, how):
        self.admin.modify_s(ADMINISTRATORS, [(how, "member", [mail(BOSS).encode()])])


def whole(address):
    return [address], [address.partition("@")[0]], []


def oneself(here):
    """He would lose his rights in the middle."""
    status, said = carry(here.directory, BOSS, -1, "rename", BOSS, "chief@beta.example")
    tap.ok(status == 1 and "another administrator" in said and here.user(BOSS) == whole(BOSS), "nobody renames himself", said)
    status, said = carry(here.directory, BOSS, -1, "remove", "beta.example")
    tap.ok(status == 1 and "another administrator" in said and here.user(BOSS), "or deletes the domain he is in", said)
    tap.is_(here.journal(), [], "and nothing was begun")


def demoted_at(here, writes, old, new, what):
    """He may no longer rename when another gateway goes on; then he may again."""
    status, _ = carry(here.directory, BOSS, writes, "rename", old, new)
    here.role(ldap.MOD_DELETE)
    tap.is_(status, KILLED, "a gateway dies " + what)
    status, said = carry(here.directory, ADMIN, -1, "resume")
    tap.ok(status == 1 and "stuck" in said, "the next is not allowed to go on", said)
    tap.is_(here.journal(), [("stuck", 0)], "the plan is kept, and keeps nobody's mail")
    here.role(ldap.MOD_ADD)
    tap.is_(carry(here.directory, ADMIN, -1, "resume")[0], 0, "allowed again, it is done")
    tap.is_((here.user(new), here.user(old), here.leads("to-%s@beta.example" % old.partition("@")[0]), here.journal()),
            (whole(new), None, [new], []), "wholly")


def demoted_removing(here):
    status, _ = carry(here.directory, BOSS, ADMITTED + 2, "remove", "alpha.example")
    here.role(ldap.MOD_DELETE)
    tap.is_(status, KILLED, "a gateway dies deleting a domain")
    status, said = carry(here.directory, ADMIN, -1, "resume")
    tap.ok(status == 1 and "stuck" in said and here.entry(domain("alpha.example")), "nobody says that it was done", said)
    tap.is_(here.journal(), [("stuck", 0)], "it is stuck")
    here.role(ldap.MOD_ADD)
    tap.is_(carry(here.directory, ADMIN, -1, "resume")[0], 0, "allowed again, it is done")
    tap.is_((here.entry(domain("alpha.example")), here.journal()), (None, []), "wholly")
    tap.ok("provostSender" not in here.entry(mail("sue@beta.example")), "and nobody may send as what comes after it")


def unreadable(here):
    """What a newer gateway has written keeps nobody from the rest."""
    dn = "provostJournalId=new,ou=journal," + BASE
    steps = b'{"steps":[{"verb":"rename","kind":"user","key":"a@b.example","new":1}]}'
    here.gateway.add_s(dn, [("objectClass", [b"provostJournal"]), ("provostJournalId", [b"new"]),
                            ("provostJournalState", [b"running"]), ("provostJournalSteps", [steps])])
    carry(here.directory, ADMIN, HALF, "rename", "fay@alpha.example", "faye@alpha.example")
    carry(here.directory, ADMIN, -1, "resume")
    tap.is_(here.user("faye@alpha.example"), whole("faye@alpha.example"), "a plan that cannot be read keeps nobody from the others")
    here.gateway.delete_s(dn)


def held_up(here):
    """He comes back when all is done, and somebody else has the old address."""
    late = start(here.directory, ADMIN, SHORT, "%ds" % HALF, "rename", "ann@alpha.example", "anna@alpha.example")
    wait_stopped(late)
    tap.is_(carry(here.directory, ADMIN, -1, "resume")[0], 0, "a gateway is held up, and another goes on")
    tap.is_(here.user("anna@alpha.example"), whole("anna@alpha.example"), "to the end")
    here.admin.add_s(mail("ann@alpha.example"), add_list(user_entry("ann@alpha.example", provostMailboxId="box-another")))
    time.sleep(SHORT / 1000)
    os.kill(late.pid, signal.SIGCONT)
    status, said = end(late)
    tap.ok(status == 1 and "another gateway" in said, "he says that another goes on", said)
    tap.is_((here.user("ann@alpha.example"), here.user("anna@alpha.example")), (whole("ann@alpha.example"), whole("anna@alpha.example")),
            "and leaves the new owner of the address alone")
    here.admin.delete_s(mail("ann@alpha.example"))


def in_between(here):
    """He comes back before another's first write; that one finds the work done."""
    first = start(here.directory, ADMIN, LONG, "%ds" % HALF, "rename", "anna@alpha.example", "ann@alpha.example")
    wait_stopped(first)
    second = start(here.directory, ADMIN, LONG, "1s", "resume")
    wait_stopped(second)
    os.kill(first.pid, signal.SIGCONT)
    end(first)
    os.kill(second.pid, signal.SIGCONT)
    tap.is_(end(second), (0, ""), "two meet in one step, and one goes on")
    tap.is_((here.user("ann@alpha.example"), here.leads("to-ann@beta.example"), here.journal()), (whole("ann@alpha.example"), ["ann@alpha.example"], []), "to the end")


def entries():
    users = ["ann@alpha.example", "eve@alpha.example", "fay@alpha.example", "gus@alpha.example", BOSS, "x@beta.example"]
    parts = [ldif(domain(name), domain_entry(name)) for name in ("alpha.example", "beta.example")]
    parts += [ldif(mail(address), user_entry(address)) for address in users]
    parts.append(ldif(mail("sue@beta.example"), user_entry("sue@beta.example", provostSender="@alpha.example")))
    for address in users[:4]:
        to = "to-%s@beta.example" % address.partition("@")[0]
        parts.append(ldif(mail(to), alias_entry(to, [address])))
    return "".join(parts)


def main():
    with Directory(base=BASE, entries=entries()) as directory:
        here = Here(directory)
        here.role(ldap.MOD_ADD)
        oneself(here)
        demoted_at(here, HALF, "eve@alpha.example", "eva@alpha.example", "in the middle of a renaming")
        demoted_at(here, RENAMED, "gus@alpha.example", "guy@alpha.example", "after it")
        unreadable(here)
        held_up(here)
        in_between(here)
        demoted_removing(here)
        tap.ok(directory.alive(), "slapd is still there")
    tap.done()


main()
