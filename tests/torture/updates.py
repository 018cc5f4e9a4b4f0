#!/usr/bin/python3
"""Clients of two gateways change the same users with If-Match, while an LDAP tool does, too: what was acknowledged is there."""

import argparse
import os
import sys
import time

sys.path.insert(0, os.path.join(os.environ.get("top_srcdir") or os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))), "tests", "lib"))

import ldap

import gateway
import updates


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--attempts", type=int, default=10000, help="changes that are tried in all")
    parser.add_argument("--users", type=int, default=100, help="whom they are about")
    parser.add_argument("--clients", type=int, default=16, help="clients of each gateway")
    options = parser.parse_args()
    race = updates.Updates(options.users, options.attempts)
    with gateway.Gateway() as first, gateway.Gateway("--ldap-uri", first.ldapi) as second:
        admin = first.admin()
        directory = ldap.initialize(first.ldap_url)
        directory.simple_bind_s("uid=admin,ou=principals,dc=provost", admin.password)
        race.prepare(admin)
        clients = [gateway.Client(g.address, "admin", admin.password) for _ in range(options.clients) for g in (first, second)]
        began = time.monotonic()
        race.run(clients, directory)
        seconds = time.monotonic() - began
        lost = race.lost(admin)
    print("%s in %.1f s; lost: %s; wrong: %s" % (race.statuses, seconds, lost or "none", race.wrong or "none"))
    sys.exit(1 if lost or race.wrong or not race.statuses.get(200) else 0)


main()
