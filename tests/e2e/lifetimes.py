#!/usr/bin/python3
"""What ends by itself, what is kept from reuse, and what two clients must not close together."""

import os
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.environ.get("top_srcdir") or os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))), "tests", "lib"))

import ldap

import gateway
import tap

BASE = "dc=provost"
DOMAIN = "provostDomainName=l.example,ou=domains," + BASE
LAG = 60  # seconds until what has expired must be out of force
ROUNDS = 40


def instant(seconds):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + seconds))


def generalized(seconds):
    return time.strftime("%Y%m%d%H%M%SZ", time.gmtime(time.time() + seconds)).encode()


def binds(g, dn, password):
    """Whether the directory lets him in."""
    try:
        ldap.initialize(g.ldap_url).simple_bind_s(dn, password)
    except ldap.INVALID_CREDENTIALS:
        return False
    return True


def expiry(g, admin, directory):
    user = g.client("short@l.example", "open sesame")
    admin.post("/v1/users", {"address": "short@l.example", "password": "open sesame", "expires_at": instant(5)})
    admin.post("/v1/aliases", {"address": "info@l.example", "destinations": ["short@l.example"], "expires_at": instant(5)})
    admin.post("/v1/users", {"address": "native@l.example"})
    tap.is_(user.get("/v1/me").status, 200, "before his time is over he logs in")
    directory.modify_s("mail=native@l.example," + DOMAIN, [(ldap.MOD_REPLACE, "provostExpires", [generalized(-100)])])
    began = time.monotonic()
    for path in ("/v1/users/short@l.example", "/v1/aliases/info@l.example", "/v1/users/native@l.example"):
        gateway.until(lambda path=path: admin.get(path).json["state"] == "expired", path + " expires", LAG)
        tap.is_(admin.get(path).json["enabled"], True, path + ": it is still wanted")
    tap.ok(True, "it took %.0f s" % (time.monotonic() - began))
    gateway.until(lambda: user.get("/v1/me").status == 401, "his login is refused", 5)
    found = directory.search_s("mail=short@l.example," + DOMAIN, ldap.SCOPE_BASE)[0][1]
    tap.is_((found["provostEnabled"], found["provostEnabledWish"]), ([b"FALSE"], [b"TRUE"]), "as mail servers see it")
    tap.ok(not binds(g, "mail=short@l.example," + DOMAIN, "open sesame"), "nor can he bind")
    tap.is_(admin.patch("/v1/users/short@l.example", {"expires_at": instant(3600)}).json["state"], "enabled", "prolonged, he is back")
    tap.is_(user.get("/v1/me").status, 200, "and logs in")
    seen = admin.get("/v1/users/native@l.example")
    reply = admin.put("/v1/users/native@l.example", seen.json)
    tap.is_((reply.status, reply.json["state"]), (200, "expired"), "what is shown can be sent back")


def held(g, admin, directory):
    admin.post("/v1/users", {"address": "gone@l.example"})
    tap.is_(admin.delete("/v1/users/gone@l.example").status, 204, "a user is removed")
    for path, body in (("/v1/users", {"address": "gone@l.example"}), ("/v1/aliases", {"address": "gone@l.example", "destinations": ["x@elsewhere.example"]})):
        reply = admin.post(path, body)
        tap.is_((reply.status, reply.json["code"]), (409, "held"), "%s: nobody gets the address" % path)
    admin.post("/v1/users", {"address": "before@l.example"})
    tap.is_(admin.patch("/v1/users/before@l.example", {"address": "after@l.example"}).status, 200, "a user is renamed")
    reply = admin.post("/v1/users", {"address": "before@l.example"})
    tap.is_((reply.status, reply.json["code"]), (409, "held"), "his former address is held")
    reply = admin.patch("/v1/users/after@l.example", {"address": "gone@l.example"})
    tap.is_((reply.status, reply.json["code"]), (409, "held"), "and nobody is given one that is")
    found = directory.search_s("ou=retired," + BASE, ldap.SCOPE_ONELEVEL, attrlist=["mail"])
    tap.is_(sorted(entry["mail"] for _, entry in found), [[b"before@l.example"], [b"gone@l.example"]], "a super administrator sees them")
    directory.delete_s("mail=gone@l.example,ou=retired," + BASE)
    tap.is_(admin.post("/v1/users", {"address": "gone@l.example"}).status, 201, "and frees one")
    directory.modify_s("mail=before@l.example,ou=retired," + BASE, [(ldap.MOD_REPLACE, "provostExpires", [generalized(-1)])])
    tap.is_(admin.post("/v1/users", {"address": "before@l.example"}).status, 201, "its time is over")


def circles(g, admin):
    """Two clients, each closing its half: at most one may remain."""
    ends = ["left@l.example", "right@l.example"]
    clients = [g.admin(), g.admin()]
    both, told = 0, []
    for _ in range(ROUNDS):
        barrier, answers = threading.Barrier(2), [None, None]

        def close(n, barrier=barrier, answers=answers):
            barrier.wait()
            answers[n] = clients[n].post("/v1/aliases", {"address": ends[n], "destinations": [ends[1 - n]]})

        threads = [threading.Thread(target=close, args=(n,)) for n in (0, 1)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        told.append(sorted(answer.status for answer in answers))
        there = [admin.get("/v1/aliases/" + end).status for end in ends]
        both += there == [200, 200]
        made = [answer.status == 201 for answer in answers]
        if made != [status == 200 for status in there]:
            tap.ok(False, "what was told is what there is", "%s %s" % (answers, there))
        for end in ends:
            admin.delete("/v1/aliases/%s?aliases=keep" % end)
    tap.is_(both, 0, "no circle in %d rounds" % ROUNDS)
    tap.ok(all(pair in ([201, 409], [409, 409]) for pair in told), "one or both were refused", str(told))
    tap.is_([complaint for client in clients for complaint in client.complaints], [], "as described")


def main():
    with gateway.Gateway("--mail-hold-days", "1", "--daemon-lease-seconds", "2") as g:
        admin = g.admin()
        directory = ldap.initialize(g.ldap_url)
        directory.simple_bind_s("uid=admin,ou=principals," + BASE, g.secret("admin-password"))
        admin.post("/v1/domains", {"name": "l.example"})
        expiry(g, admin, directory)
        held(g, admin, directory)
        tap.is_(g.stop(), 0, "it ends well")
        complaints = admin.complaints
    with gateway.Gateway(ldap_port=False) as g:
        admin = g.admin()
        admin.post("/v1/domains", {"name": "l.example"})
        circles(g, admin)
        tap.is_(admin.complaints + complaints, [], "every reply is as described")
    tap.done()


if __name__ == "__main__":
    main()
