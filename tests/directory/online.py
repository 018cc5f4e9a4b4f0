#!/usr/bin/python3
"""The same files set up a server that is already running, by ldapadd."""

import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.environ.get("top_srcdir") or os.path.join(os.path.dirname(os.path.abspath(__file__)), "../.."), "tests/lib"))
import tap
from directory import Directory, fill, load_template

LDAPADD = os.environ.get("LDAPADD", "/usr/bin/ldapadd")


class Empty(Directory):
    """A server without any database, whose configuration has a password for the test."""

    def make(self):
        """Write the configuration of the server alone."""
        for name in ("config", "database", "accesslog"):
            os.mkdir(os.path.join(self.place, name), 0o700)
        config = load_template("ldif", "server.ldif").replace("olcRootDN: cn=config\n", "olcRootDN: cn=config\nolcRootPW: test\n")
        self.slapadd(["-n0"], fill(config, self.values()))

    def load(self, what, text):
        """Add entries to the running configuration."""
        command = [LDAPADD, "-x", "-H", self.url, "-D", "cn=config", "-w", "test"]
        run = subprocess.run(command, input=fill(text, self.values()), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=60, check=False)
        tap.ok(run.returncode == 0, "ldapadd takes " + what, run.stdout)


with Empty() as directory:
    directory.load("the schema", load_template("schema", "provost.ldif"))
    directory.load("the database", load_template("ldif", "database.ldif"))
    directory.stop()
    directory.slapadd(["-q", "-b", directory.base], fill(load_template("ldif", "base.ldif"), directory.values()))
    directory.start()
    tap.is_(directory.slaptest(), (0, ""), "slaptest finds nothing in the configuration")
    found = directory.admin().search_s(directory.base, 2, "(objectClass=provostPrincipal)", ["uid"])
    tap.is_(len(found), 1, "the first administrator can log in and search")
    tap.is_(directory.external().whoami_s(), "dn:" + directory.dn("cn=gateway", "ou=services"), "the gateway is known")
    with Directory() as other:
        def rules(one):
            text = one.slapcat("cn=config").replace(one.place, "").replace(one.place.replace("/", "%2F"), "")
            return sorted(line for line in text.splitlines() if line.startswith(("olcAccess", "olcConstraint", "olcUnique", "olcLimits", "olcDbIndex", "olcAccessLog")))
        tap.is_(rules(directory), rules(other), "both ways lead to the same rules")
tap.done()
