#!/usr/bin/env python3
"""Measure lists: page after page through the gateway, and as many entries by ldapsearch of the same slapd, in turns.

Each row is the median of several rounds. Processor time is that of the whole process for each record that came.
ldapsearch takes entries as slapd has them, unsorted and in one go: less cannot be asked of it.
"""

import argparse
import http.client
import json
import os
import re
import statistics
import subprocess
import sys
import time
from base64 import b64encode

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from bench import BASE, HOUSEHOLD, Bench, as_provost, cpu_seconds, rss_kilobytes, sizes  # noqa: E402

CURSOR = re.compile(rb'"next_cursor":(?:null|"([^"]*)")\}$')
# What a list shows of a user.
WANTED = ("mail", "cn", "sn", "givenName", "provostEnabled", "provostEnabledWish", "provostLoginEnabled", "provostQuotaBytes", "provostQuotaMessages", "provostDestination",
          "provostSender", "provostSendOnly", "provostRecoveryAddress", "provostExpires", "provostMailboxId", "entryUUID", "createTimestamp", "modifyTimestamp", "entryCSN")
# What is asked for, how many pages of it in a round, and the same for ldapsearch: below which domain, and which filter.
LISTS = (
    ("50 of a domain", "/v1/users?domain={domain}&limit=50", 1, True, "(objectClass=provostUser)"),
    ("first 50 of all", "/v1/users?limit=50", 1, False, "(objectClass=provostUser)"),
    ("50 of all, on and on", "/v1/users?limit=50", 40, False, "(objectClass=provostUser)"),
    ("1,000 of all, on and on", "/v1/users?limit=1000", 20, False, "(objectClass=provostUser)"),
    ("50 that begin alike", "/v1/users?limit=50&q=u0012*", 1, False, "(&(objectClass=provostUser)(mail=u0012*))"),
    ("what contains 00123", "/v1/users?limit=50&q=00123", 1, False, "(&(objectClass=provostUser)(mail=*00123*))"),
    ("50 domains of all", "/v1/domains?limit=50", 2, False, "(objectClass=provostDomain)"),
    ("all of them, streamed", "/v1/exports", 1, False, "(|(objectClass=provostUser)(objectClass=provostDomain))"),
)
EXPORT_SECONDS = 1800


class Lists(Bench):
    """Pages of one gateway, and what its slapd sends by itself."""

    def get(self, connection, target):
        login = "admin:" + self.gateway.secret("admin-password")
        connection.request("GET", target, headers={"Authorization": "Basic " + b64encode(login.encode()).decode()})
        reply = connection.getresponse()
        body = reply.read()
        if reply.status != 200:
            raise RuntimeError("%s: %d %s" % (target, reply.status, body[:200]))
        if target == "/v1/exports":
            if body.endswith(b'"incomplete"}\n'):
                raise RuntimeError("%s: incomplete" % target)
            return body.count(b"\n"), None
        cursor = CURSOR.search(body).group(1)
        return body.count(b'"updated_at":'), cursor.decode().replace("+", "%2B") if cursor else None

    def spent(self):
        return cpu_seconds(self.gateway_pid), cpu_seconds(self.slapd_pid), time.monotonic()

    def pages(self, target, most):
        """So many pages, one after the other."""
        connection = http.client.HTTPConnection(self.gateway.address, timeout=EXPORT_SECONDS)
        self.get(connection, "/v1/domains?limit=1")  # logged in
        before, records, following = self.spent(), 0, target
        for number in range(1, most + 1):
            count, cursor = self.get(connection, following)
            records += count
            following = "%s&cursor=%s" % (target, cursor)
            if cursor is None:
                break
        after = self.spent()
        return {"records": records, "pages": number, "gateway_micros": (after[0] - before[0]) / records * 1e6, "slapd_micros": (after[1] - before[1]) / records * 1e6,
                "page_millis": (after[2] - before[2]) / number * 1e3, "rate": records / (after[2] - before[2]), "rss_kilobytes": rss_kilobytes(self.gateway_pid)}

    def plain(self, domain, which, count):
        """As many entries, by ldapsearch."""
        place = "%sou=domains,%s" % ("provostDomainName=%s," % domain if domain else "", BASE)
        command = ["ldapsearch", "-LLL", "-Y", "EXTERNAL", "-Q", "-H", self.gateway.ldapi, "-e", "!authzid=dn:uid=admin,ou=principals," + BASE, "-b", place,
                   "-z", str(count), which, *WANTED]
        before = self.spent()
        run = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=300, check=False, **as_provost())
        after = self.spent()
        found = run.stdout.count(b"\ndn: ") + run.stdout.startswith(b"dn: ")
        if run.returncode not in (0, 4) or found != count:
            raise RuntimeError("ldapsearch ended with %d and found %d of %d" % (run.returncode, found, count))
        return {"slapd_micros": (after[1] - before[1]) / found * 1e6, "rate": found / (after[2] - before[2])}

    def turn(self, target, most, within, which):
        self.first += 20011
        domain = "d%04d.example" % (self.first % (self.users // HOUSEHOLD))
        paged = self.pages(target.format(domain=domain), most)
        return paged, self.plain(domain if within else None, which, paged["records"])


def row_of(users, name, rounds):
    middle = [{key: statistics.median(one[side][key] for one in rounds) for key in rounds[0][side]} for side in (0, 1)]
    return {"users": users, "list": name, "gateway": middle[0], "ldapsearch": middle[1]}


def show(row):
    g, r = row["gateway"], row["ldapsearch"]
    print("| %s | %s | %.1f | %s | %.0f | %.0f | %s | %.0f | %.0f |" % (
        "{:,}".format(row["users"]), row["list"], g["page_millis"], "{:,.0f}".format(g["rate"]), g["gateway_micros"], g["slapd_micros"],
        "{:,.0f}".format(r["rate"]), r["slapd_micros"], g["rss_kilobytes"] / 1024), flush=True)


def parse_options():
    parser = argparse.ArgumentParser(prog="tools/bench lists", description=__doc__.splitlines()[0])
    parser.add_argument("--users", type=sizes, metavar="LIST", default=[10000, 100000], help="numbers of users; a million takes ten minutes to load [10000,100000]")
    parser.add_argument("--rounds", type=int, metavar="N", default=7, help="whose median counts [7]")
    parser.add_argument("--json", metavar="FILE", help="write the figures there, too")
    return parser.parse_args()


def main():
    options = parse_options()
    rows = []
    print("load of the machine %.1f; microseconds of processor time a record" % os.getloadavg()[0])
    print("| users | list | ms a page | records/s | gateway | slapd | ldapsearch: entries/s | slapd | memory of the gateway, MB |")
    try:
        for users in options.users:
            with Lists(users) as bench:
                for name, target, most, within, which in LISTS:
                    bench.turn(target, most, within, which)
                    rows.append(row_of(users, name, [bench.turn(target, most, within, which) for _ in range(options.rounds)]))
                    show(rows[-1])
    except (RuntimeError, subprocess.SubprocessError) as error:
        sys.exit("bench: %s" % error)
    print("load of the machine afterwards %.1f" % os.getloadavg()[0])
    if options.json:
        with open(options.json, "w", encoding="ascii") as file:
            json.dump({"processors": os.cpu_count(), "rows": rows}, file, indent=1)


if __name__ == "__main__":
    main()
