#!/usr/bin/python3
"""API keys, and that no credential is good any longer than who it is of, whoever changed him."""

import os
import sys
import time

sys.path.insert(0, os.path.join(os.environ.get("top_srcdir") or os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))), "tests", "lib"))

import ldap

import gateway
import tap

DOMAIN = "provostDomainName=example.org,ou=domains,dc=provost"
ANN = "ann@example.org"
BORN = "{CRYPT}$6$rounds=1000$saltsalt$Vj4RgI7fdB7fNK6fI3iYmyFEIWOTD4p0hcI8PBEdHoAvPHnOAxJzbYt3hdfjMKeKCfZmyOEw2BRAJRFNuTfeQ1"
WITHIN = 0.3  # seconds after which no loop of any gateway takes what was changed


def dn(address):
    return "mail=%s,%s" % (address, DOMAIN)


class Native:
    """Somebody with ldapmodify."""

    def __init__(self, g):
        self.connection = ldap.initialize(g.ldap_url)
        self.connection.simple_bind_s("uid=admin,ou=principals,dc=provost", g.secret("admin-password"))

    def set(self, name, attribute, value):
        self.connection.modify_s(name, [(ldap.MOD_REPLACE, attribute, value)])


def spread(clients, login, password):
    """Connections to all loops of all gateways, with somebody who is remembered there."""
    each = [gateway.Client(address, login, password) for address in clients for _ in range(6)]
    for _ in range(2):
        for client in each:
            if client.get("/v1/me").status != 200:
                return []
    return each


def refused(each, change):
    """Seconds after a change until every connection refuses; each is asked once a moment before and after that."""
    change()
    began = time.monotonic()
    late = 0
    for client in each:
        while True:
            asked = time.monotonic()
            if client.get("/v1/me").status == 401:
                break
            late = asked - began
            time.sleep(0.01)
    return late


def forgotten(g, addresses):
    """With ldapmodify: what was verified is remembered for a minute, and yet refused at once."""
    admin, native = g.admin(), Native(g)
    admin.post("/v1/users", {"address": ANN, "password": "one"})
    for what, change, back in (
            ("his password", lambda: native.set(dn(ANN), "userPassword", BORN.encode()), lambda: admin.put("/v1/users/%s/password" % ANN, {"password": "one"})),
            ("that he is disabled", lambda: native.set(dn(ANN), "provostEnabled", b"FALSE"), lambda: native.set(dn(ANN), "provostEnabled", b"TRUE")),
            ("that he may not log in", lambda: native.set(dn(ANN), "provostLoginEnabled", b"FALSE"), lambda: native.set(dn(ANN), "provostLoginEnabled", None)),
            ("that his domain is disabled", lambda: native.set(DOMAIN, "provostEnabled", b"FALSE"), lambda: native.set(DOMAIN, "provostEnabled", b"TRUE")),
            ("that he is gone", lambda: native.connection.delete_s(dn(ANN)), lambda: None)):
        each = spread(addresses, ANN, "one")
        tap.ok(each, "he is remembered by all loops of two gateways")
        late = refused(each, change)
        tap.ok(late < WITHIN, "%s is known at once" % what, "%.3f s" % late)
        back()


def main():
    with gateway.Gateway("--loops", "2", "--ldap-remember-millis", "60000") as g:
        g.admin().post("/v1/domains", {"name": "example.org"})
        with gateway.Gateway("--loops", "2", "--ldap-remember-millis", "60000", "--ldap-uri", g.ldapi) as other:
            forgotten(g, [g.address, other.address])
    tap.done()


main()
