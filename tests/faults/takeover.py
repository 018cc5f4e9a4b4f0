#!/usr/bin/python3
"""Gateways that die in the middle of large changes: another one completes them, and each thing is done once."""

import os
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.environ.get("top_srcdir") or os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))), "tests", "lib"))

import directory
import faults
import gateway
import tap

BASE = "dc=provost"
USERS = 2000 if os.environ.get("SANITIZED") else 10000
IN_TIME = 60  # seconds until what was left behind is done; usually less than half of it
CARRY = os.path.join(gateway.BUILD, "tests/crash/carry")


def dn(domain):
    return "provostDomainName=%s,ou=domains,%s" % (domain, BASE)


def large(domain, users):
    """A domain with many users, in LDIF."""
    parts = [directory.ldif(dn(domain), directory.domain_entry(domain))]
    for n in range(users):
        address = "u%05d@%s" % (n, domain)
        parts.append(directory.ldif("mail=%s,%s" % (address, dn(domain)), directory.user_entry(address)))
    return "".join(parts)


def entries():
    return large("large.example", USERS) + large("second.example", USERS) + large("small.example", 3)


def has(g, event):
    return lambda: "event=" + event in g.log()


def since(began):
    return time.monotonic() - began


def left_in_journal(server):
    """Entries of ou=journal, as the database has them."""
    return server.slapcat(BASE).count("provostJournalSteps:")


def killed(server, first, second):
    """The one that clears a large domain away is killed."""
    admin = server.client(first)
    began = time.monotonic()
    reply = admin.delete("/v1/domains/large.example?recursive=true")
    tap.is_(reply.status, 204, "a domain of %d users is deleted" % USERS)
    tap.note("DELETE of %d users: answered after %.2f s" % (USERS, since(began)))
    os.kill(first.process.pid, signal.SIGKILL)
    first.process.wait()
    tap.ok(left_in_journal(server) == 1, "who cleared it away was killed over that")
    began = time.monotonic()
    other = server.client(second)
    tap.is_(other.get("/v1/domains/large.example").status, 404, "it is gone all the same")
    tap.is_(other.get("/v1/users/u00007@large.example").status, 404, "with its users")
    tap.is_(other.post("/v1/domains", {"name": "large.example"}).status, 201, "it can be made anew at once")
    tap.is_(other.post("/v1/users", {"address": "u00007@large.example"}).status, 201, "and its users")
    gateway.until(has(second, "plan-completed"), "another gateway to clear it away", IN_TIME)
    tap.note("another gateway was done %.1f s after the death" % since(began))
    tap.ok(since(began) < IN_TIME, "in time")
    tap.is_(left_in_journal(server), 0, "nothing is left of it")
    tap.is_(other.get("/v1/users/u00007@large.example").status, 200, "and the new one is untouched")
    tap.is_(second.log().count("event=plan-resumed"), 1, "that was one plan, and was taken over once")


def carry(server, writes, *words):
    """A gateway that dies before a certain write."""
    become = ["setpriv", "--reuid=provost", "--regid=provost", "--clear-groups"] if faults.ROOT else []
    return subprocess.run(become + [CARRY, server.ldapi, BASE, "admin", "60000", str(writes), *words], check=False, timeout=60).returncode


def half_trashed(server, admin):
    """A deletion into the trash is left behind in its middle, and a restore; what shows that they are done."""
    gone, back = ("u%05d@small.example" % n for n in (0, 2))
    admin.post("/v1/aliases", {"address": "desk@small.example", "destinations": [gone]})
    id_of = lambda address: admin.get("/v1/users/" + address).json["id"]
    first, second = id_of(gone), id_of(back)
    tap.is_(carry(server, -1, "discard", back), 0, "one is in the trash")
    tap.is_(carry(server, 4, "discard", gone), -9, "a gateway dies over a deletion")
    tap.is_(carry(server, 4, "restore", second), -9, "and one over a restore")
    tap.is_(left_in_journal(server), 2, "both are left in the middle")

    def done():
        tap.is_((admin.get("/v1/users/" + gone).status, admin.get("/v1/aliases/desk@small.example").status), (404, 404), "the deletion is done")
        tap.is_((admin.get("/v1/users/" + back).json["id"], admin.get("/v1/trash/" + second).status), (second, 404), "so is the restore")
        tap.is_(admin.post("/v1/trash/%s/restore" % first, None).status, 200, "and who was deleted can be restored")

    return done


def half_renamed(server, g):
    """A rename is left behind in its middle."""
    admin = server.client(g)
    trash = half_trashed(server, admin)
    admin.post("/v1/aliases", {"address": "info@small.example", "destinations": ["u00001@small.example"]})
    ended = carry(server, 5, "rename", "u00001@small.example", "one@small.example")
    tap.is_(ended, -9, "a gateway dies over a rename")
    began = time.monotonic()
    tap.is_(admin.get("/v1/users/one@small.example").status, 200, "he has his new address")
    reply = admin.post("/v1/users", {"address": "u00001@small.example"})
    tap.is_((reply.status, reply.json["code"]), (409, "under_way"), "nobody gets the old one")
    reply = admin.patch("/v1/users/one@small.example", {"address": "two@small.example"})
    tap.is_((reply.status, reply.json["code"]), (409, "under_way"), "nor can he be renamed again")
    gateway.until(lambda: admin.get("/v1/aliases/info@small.example").json["destinations"] == ["one@small.example"], "the alias to follow", IN_TIME)
    gateway.until(lambda: left_in_journal(server) == 0, "the journal to be empty", IN_TIME)
    tap.ok(since(began) < IN_TIME, "what was left is done in time")
    trash()
    tap.note("a rename left behind: done after %.1f s" % since(began))
    tap.is_(admin.get("/v1/aliases/u00001@small.example").status, 404, "the old address is free")
    tap.is_(admin.post("/v1/users", {"address": "u00001@small.example"}).status, 201, "for anybody")


def paused(server, first, second):
    """The one that has the lease hangs, is taken for dead, and comes back."""
    admin = server.client(first)
    done = first.log().count("event=plan-completed")
    admin.delete("/v1/domains/second.example?recursive=true")
    with faults.Stopped(first.process.pid):
        tap.is_(left_in_journal(server), 1, "it hangs over clearing a domain away")
        began = time.monotonic()
        gateway.until(has(second, "plan-completed"), "another gateway", IN_TIME)
        tap.note("who hung was replaced, and all done, %.1f s later" % since(began))
    gateway.until(has(first, "lease-lost"), "it to notice", IN_TIME)
    time.sleep(1.5)
    tap.is_(first.log().count("event=plan-completed"), done, "who comes back does not go on with it")
    tap.is_(left_in_journal(server), 0, "nothing is left")
    tap.is_(admin.get("/v1/domains/small.example").status, 200, "and it serves")


def handed_over(first, others):
    """One that is stopped in order hands the lease over."""
    began = time.monotonic()
    taken = [g.log().count("event=lease-taken") for g in others]
    tap.is_(first.stop(), 0, "it ends in order")
    gateway.until(lambda: [g.log().count("event=lease-taken") for g in others] != taken, "another to have the lease", 5)
    tap.ok(True, "another has the lease at once")
    tap.note("the lease was handed over in %.1f s" % since(began))


def main():
    with faults.Server(base=BASE, entries=entries()) as server:
        with server.gateway("--mail-trash-days", "0") as one:
            gateway.until(has(one, "lease-taken"), "the lease", 5)
            with server.gateway("--mail-trash-days", "0") as two:
                tap.ok(not has(two, "lease-taken")(), "one of two has the lease")
                killed(server, one, two)
                half_renamed(server, two)
                with server.gateway("--mail-trash-days", "0") as three:
                    paused(server, two, three)
                    handed_over(three, [two])
        tap.ok(server.alive(), "slapd is still there")
    tap.done()


main()
