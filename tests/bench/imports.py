#!/usr/bin/env python3
"""Measure imports of users with ready-made hashes, and concurrent adds of the very same entries by plain libldap, in turns.

Each figure is the median of several rounds; in each, one half is POST /v1/imports and the other as many adds of as many
users in the same domains, as many of them under way at a time, to the same slapd, which answers each when it is on disk.
Who goes first changes from round to round.
"""

import argparse
import http.client
import json
import os
import statistics
import subprocess
import sys
import time
from base64 import b64encode

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import ldap  # noqa: E402

from bench import BASE, HOUSEHOLD, Bench, as_provost, cpu_seconds, rss_kilobytes, sizes  # noqa: E402

AT_ONCE = 32  # records that an import has under way, RUN_AT_ONCE in src/import/run.h
STRIDE = 7919  # as in names.c
NAME = "Somebody New"  # as in raw.c
PART = 5000  # records of one request
PATIENCE = 600
# What slapd makes by itself, and what is another's in each.
OWN = {"entryUUID", "entryCSN", "createTimestamp", "modifyTimestamp", "entryDN", "provostMailboxId", "mail", "uid", "provostLocalPart", "structuralObjectClass"}
MARK = "provostRequestId"


class Imports(Bench):
    """Users that come in many at a time, and the same by plain adds."""

    def names(self, tag, count):
        for i in range(count):
            yield "%s-%d@d%04d.example" % (tag, i, (self.first + i) * STRIDE % self.users // HOUSEHOLD)

    def spent(self):
        return cpu_seconds(self.gateway_pid), cpu_seconds(self.slapd_pid), time.monotonic()

    def figures(self, count, before, rate=None):
        after = self.spent()
        return {"rate": rate or count / (after[2] - before[2]), "gateway_micros": (after[0] - before[0]) / count * 1e6, "slapd_micros": (after[1] - before[1]) / count * 1e6}

    def send(self, names, first, more, import_id):
        body = "address,name,password_hash\n" + "".join("%s,%s,%s\n" % (name, NAME, self.hashed) for name in names)
        login = "admin:" + self.gateway.secret("admin-password")
        connection = http.client.HTTPConnection(self.gateway.address, timeout=PATIENCE)
        connection.request("POST", "/v1/imports?type=user&report=problems&id=%s&first=%d&more=%s" % (import_id, first, "true" if more else "false"), body.encode(),
                           {"Content-Type": "text/csv", "Authorization": "Basic " + b64encode(login.encode()).decode()})
        reply = connection.getresponse()
        lines = reply.read().decode().splitlines()
        connection.close()
        job = json.loads(lines[-1]).get("import") if reply.status == 200 else None
        if job is None or job["state"] != ("waiting" if more else "done") or job["created"] != first - 1 + len(names):
            raise RuntimeError("an import ended with %d %s" % (reply.status, lines[-1]))

    def bring(self, tag, count):
        names = list(self.names(tag, count))
        before = self.spent()
        for at in range(0, count, PART):
            self.send(names[at:at + PART], at + 1, at + PART < count, tag)
        return self.figures(count, before)

    def add(self, tag, count):
        before = self.spent()
        run = subprocess.run(self.raw_command("create", AT_ONCE, PATIENCE * 1000, tag, count), stdout=subprocess.PIPE, text=True, timeout=PATIENCE, check=False, **as_provost())
        said = json.loads(run.stdout) if run.stdout else {}
        if run.returncode != 0 or said.get("done") != count:
            raise RuntimeError("adds ended with %s" % said)
        return self.figures(count, before, count / said["seconds"])

    def turn(self, number, count):
        self.first += 20011
        tags = "g%d" % self.first, "r%d" % self.first
        halves = [(0, self.bring), (1, self.add)]
        ret = [None, None]
        for side, half in halves if number % 2 == 0 else halves[::-1]:
            ret[side] = half(tags[side], count)
        if number == 0:
            self.compare([next(self.names(tag, 1)) for tag in tags])
        return ret

    def compare(self, names):
        """That both have made the same; an import leaves its mark besides."""
        directory = ldap.initialize(self.gateway.ldapi)
        directory.simple_bind_s("uid=admin,ou=principals," + BASE, self.gateway.secret("admin-password"))
        found = []
        for name in names:
            dn = "mail=%s,provostDomainName=%s,ou=domains,%s" % (name, name.partition("@")[2], BASE)
            _, values = directory.search_s(dn, ldap.SCOPE_BASE, "(objectClass=*)", ["*"])[0]
            found.append({key: sorted(value) for key, value in values.items() if key not in OWN and key != MARK})
        if found[0] != found[1]:
            raise RuntimeError("they do not make the same: %s" % found)


def parse_options():
    parser = argparse.ArgumentParser(prog="tools/bench import", description=__doc__.splitlines()[0])
    parser.add_argument("--users", type=sizes, metavar="LIST", default=[10000, 100000], help="users that are there before [10000,100000]")
    parser.add_argument("--count", type=int, metavar="N", default=4000, help="users of each half of a round [4000]")
    parser.add_argument("--rounds", type=int, metavar="N", default=7, help="whose median counts [7]")
    parser.add_argument("--json", metavar="FILE", help="write the figures there, too")
    return parser.parse_args()


def row_of(users, rounds, memory):
    middle = [{key: statistics.median(one[side][key] for one in rounds) for key in rounds[0][side]} for side in (0, 1)]
    ratios = sorted(one[0]["rate"] / one[1]["rate"] for one in rounds)
    return {"users": users, "import": middle[0], "raw": middle[1], "ratio": statistics.median(ratios), "ratio_least": ratios[0], "ratio_most": ratios[-1], "rss_kilobytes": memory}


def show(row):
    one, other = row["import"], row["raw"]
    print("| %s | %.0f | %.0f | %.0f | %.0f | %.0f | **%.2f** | %.2f to %.2f | %.0f |" % (
        "{:,}".format(row["users"]), one["rate"], one["gateway_micros"], one["slapd_micros"], other["rate"], other["slapd_micros"], row["ratio"], row["ratio_least"], row["ratio_most"],
        row["rss_kilobytes"] / 1024), flush=True)


def main():
    options = parse_options()
    rows = []
    print("load of the machine %.1f; microseconds of processor time a record" % os.getloadavg()[0])
    print("| users before | import/s | gateway | slapd | adds/s | slapd | ratio | of the rounds | memory of the gateway, MB |", flush=True)
    try:
        for users in options.users:
            with Imports(users) as bench:
                bench.turn(0, min(options.count, 500))
                rounds = [bench.turn(number, options.count) for number in range(options.rounds)]
                rows.append(row_of(users, rounds, rss_kilobytes(bench.gateway_pid)))
                show(rows[-1])
    except (RuntimeError, subprocess.SubprocessError, OSError, ldap.LDAPError) as error:
        sys.exit("bench: %s" % error)
    print("load of the machine afterwards %.1f" % os.getloadavg()[0])
    if options.json:
        with open(options.json, "w", encoding="ascii") as file:
            json.dump({"processors": os.cpu_count(), "count": options.count, "rounds": options.rounds, "rows": rows}, file, indent=1)


if __name__ == "__main__":
    main()
