#!/usr/bin/python3
"""A large domain gets another name, or is deleted, while whoever does it dies again and again; see tools/torture.

Of all addresses some are asked for after each death, as mail servers ask.
"""

import argparse
import os
import sys
import time

TOP = os.environ.get("top_srcdir") or os.path.join(os.path.dirname(os.path.abspath(__file__)), "../..")
sys.path.insert(0, os.path.join(TOP, "tests/lib"))
sys.path.insert(1, os.path.join(TOP, "tests/crash"))
import steps
import tap
from directory import Directory, alias_entry, domain_entry, user_entry
from lookups import MailServer
from steps import BASE, KILLED, Tally, carry

OLD, NEW, OTHER = "old.example", "new.example", "other.example"
SAMPLES = 20
steps.DEADLINE = 1800  # seconds, of one process


def entries(directory, users):
    """Every tenth is led to by an alias elsewhere and has a role there."""
    names = ["u%05d@%s" % (i, OLD) for i in range(users)]
    tenth = names[::10]
    rows = [domain_entry(OLD), domain_entry(OTHER, provostViewer=[directory.address(name) for name in tenth[:100]])]
    rows += [user_entry(name) for name in names]
    rows += [alias_entry("a" + name, [name]) for name in tenth]
    rows += [alias_entry(name.replace(OLD, OTHER), [name, "x@far.example"]) for name in tenth]
    return directory.in_place(rows)


def sample(users):
    """Addresses and where their mail comes to."""
    rows = {}
    for i in range(0, users, max(users // SAMPLES // 10, 1) * 10):
        name = "u%05d@%s" % (i, OLD)
        box = {"box-u%05d-old-example" % i}
        rows[name] = rows["a" + name] = rows[name.replace(OLD, NEW)] = box
        rows[name.replace(OLD, OTHER)] = box | {"x@far.example"}
    return rows


def look(server, rows, tally, when, gone):
    for address, leads in rows.items():
        got = server.mailboxes(address)
        if address.endswith(NEW) and (got is None or gone):
            tally.check(when == 0 or gone, "death %d: %s is refused" % (when, address))
        else:
            tally.check(got == leads or gone, "death %d: %s comes to %s" % (when, address, got))


def go_on(directory, status, said):
    """It takes longer than a request, or one process, may: others go on."""
    gateway = directory.external()
    while gateway.search_s("ou=journal," + BASE, 2, "(&(provostJournalSteps=*)(!(provostExpires=*)))", ["1.1"]):
        status, said = carry(directory, -1, "resume")
    return status, said


def rename(directory, users, writes):
    server, rows = MailServer(directory), sample(users)
    tally = Tally("mail for every address that was asked for comes where it did")
    look(server, rows, tally, 0, False)
    began, working, longest = time.monotonic(), 0, 0
    # The plan is written, the new domain made, and its first addresses are there.
    status, said = carry(directory, 50 if writes > 0 else -1, "rename-domain", OLD, NEW)
    deaths = 0
    while status == KILLED:
        deaths += 1
        look(server, rows, tally, deaths, False)
        once = time.monotonic()
        status, said = carry(directory, writes + deaths % 7, "resume")
        working += time.monotonic() - once
        longest = max(longest, time.monotonic() - once)
    status, said = go_on(directory, status, said)
    look(server, rows, tally, 1, False)
    tally.tell()
    tap.ok(status == 0, "it gets done", (status, said))
    left = directory.admin().search_s("ou=domains," + BASE, 2, "(|(provostFormerAddress=*)(provostDestination=*@%s))" % OLD, ["1.1"])
    tap.is_([dn for dn, _ in left][:10], [], "nothing names the old addresses")
    tap.note("%d users, %d deaths: %.1f s in all, %.1f s at work" % (users, deaths, time.monotonic() - began, working))


def delete(directory, users, writes):
    server = MailServer(directory)
    began, deaths = time.monotonic(), 0
    apart = Tally("it is there with all its users, or not at all")
    status, said = carry(directory, 2 if writes > 0 else -1, "remove", OLD)
    while status == KILLED:
        deaths += 1
        there = bool(server.ask("virtual_mailbox_domains", OLD))
        boxes = [bool(server.box("u%05d@%s" % (i, OLD))) for i in range(0, users, max(users // SAMPLES, 1))]
        apart.check(all(boxes) if there else not any(boxes), "death %d" % deaths)
        status, said = carry(directory, writes + deaths % 7, "resume")
    status, said = go_on(directory, status, said)
    apart.check(not server.ask("virtual_mailbox_domains", OLD), "it is there")
    apart.tell()
    tap.ok(status == 0, "it gets done", (status, said))
    tap.is_(directory.external().search_s("ou=journal," + BASE, 2, "(&(provostJournalSteps=*)(!(provostExpires=*)))", ["1.1"]), [], "nothing is left to do in the journal")
    tap.note("%d users, %d deaths: %.1f s" % (users, deaths, time.monotonic() - began))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=("rename", "delete"))
    parser.add_argument("users", nargs="?", type=int, default=10000)
    parser.add_argument("writes", nargs="?", type=int, default=500, help="from one death to the next; 0: nobody dies")
    args = parser.parse_args()
    with Directory(base=BASE) as directory:
        directory.stop()
        directory.slapadd(["-q", "-b", BASE], entries(directory, args.users))
        directory.start()
        (rename if args.what == "rename" else delete)(directory, args.users, args.writes)
        tap.ok(directory.alive(), "slapd is still there")
    tap.done()


if __name__ == "__main__":
    main()
