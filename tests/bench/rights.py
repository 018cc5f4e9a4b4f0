#!/usr/bin/env python3
"""Measure what the same requests cost for somebody with a role in the domain and for a super administrator.

All take turns with each request, several rounds. What counts is processor time of gateway and slapd for a request, the
least of the rounds, which suffers least from what else the machine does; the run ends with status 1 if somebody's is
dearer by more than a quarter.
"""

import argparse
import http.client
import json
import os
import platform
import statistics
import subprocess
import sys
import time
from base64 import b64encode

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import directory  # noqa: E402
from bench import BASE, HOUSEHOLD, PASSWORD, Bench, cpu_seconds, sizes, user_ldif  # noqa: E402

DEAREST = 1.25
ROLES = ("owner", "administrator", "reseller")
ADMIN = "super administrator"
LARGE = "large.example"  # with as many users as a page of a list may have
PAGE = 1000
WORKS = ("get", "list", "list1000", "create", "patch", "delete")
OUTSTANDING = 8


def principal(login):
    return "uid=%s,ou=principals,%s" % (login, BASE)


def domain_dn(name):
    return "provostDomainName=%s,ou=domains,%s" % (name, BASE)


class Roles(Bench):
    """A directory in which each of them has his role in every domain."""

    def fill(self, path):
        roles = {"provostOwner": [principal("owner"), principal("reseller")], "provostAdministrator": principal("administrator"), "provostSponsor": principal("reseller")}
        with open(path, "w", encoding="ascii") as file:
            for login in ROLES:
                more = {"provostReseller": "TRUE"} if login == "reseller" else {}
                file.write(directory.ldif(principal(login), directory.principal_entry(login, userPassword=self.hashed, **more)))
            for name in ["d%04d.example" % number for number in range(self.users // HOUSEHOLD)] + [LARGE]:
                file.write(directory.ldif(domain_dn(name), directory.domain_entry(name, **roles)))
            for number in range(self.users):
                file.write(user_ldif(number, self.hashed))
            for number in range(PAGE):
                entry = directory.user_entry("u%04d@%s" % (number, LARGE), userPassword=self.hashed, provostQuotaBytes="1073741824")
                file.write(directory.ldif("mail=u%04d@%s,%s" % (number, LARGE, domain_dn(LARGE)), entry))
        os.chmod(path, 0o644)

    def login(self, who):
        return "admin:" + self.gateway.secret("admin-password") if who == ADMIN else "%s:%s" % (who, PASSWORD)

    def page(self, who, count):
        """Whole pages of a list, one after the other; as measure() has it."""
        connection = http.client.HTTPConnection(self.gateway.address, timeout=60)
        before = cpu_seconds(self.gateway_pid) + cpu_seconds(self.slapd_pid), time.monotonic()
        for _ in range(count):
            connection.request("GET", "/v1/users?domain=%s&limit=%d" % (LARGE, PAGE), headers={"Authorization": "Basic " + b64encode(self.login(who).encode()).decode()})
            reply = connection.getresponse()
            body = reply.read()
            if reply.status != 200 or len(json.loads(body)["items"]) != PAGE:
                raise RuntimeError("%s: a page of %d came with %d" % (who, PAGE, reply.status))
        return cpu_seconds(self.gateway_pid) + cpu_seconds(self.slapd_pid) - before[0], count / (time.monotonic() - before[1])

    def work(self, what, who, millis):
        """Microseconds of processor time a request, and requests a second."""
        if what == "list1000":
            count = max(2, millis // 150)
            spent, rate = self.page(who, count)
            return {what: (spent / count * 1e6, rate)}
        self.first += 20011
        tag = "t%d" % self.first
        said = {what: self.one(what, who, millis, tag)}
        if what == "create":
            said["delete"] = self.one("delete", who, millis * 4, tag, said["create"]["done"])
        return {name: (one["gateway_cpu_micros"] + one["slapd_cpu_micros"], one["rate"]) for name, one in said.items()}

    def one(self, what, who, millis, tag, count=0):
        return self.measure(self.load_command(what, OUTSTANDING, millis, tag, count, login=self.login(who)), millis)

    def compare(self, what, rounds, millis):
        """Rows of a request, and of the one that clears up behind it."""
        taken = {}
        for number in range(-1, rounds):  # the first is for warming up
            for who in (ADMIN, *ROLES):
                for name, figures in self.work(what, who, millis).items():
                    if number >= 0:
                        taken.setdefault(name, {}).setdefault(who, []).append(figures)
        rows = []
        for name, by_who in taken.items():
            least = {who: min(one[0] for one in figures) for who, figures in by_who.items()}
            rows.append({"operation": name, **{who: {"micros": least[who], "ratio": least[who] / least[ADMIN], "rate": statistics.median(one[1] for one in figures)}
                                               for who, figures in by_who.items()}})
        return rows


def show(row):
    cells = ["%.0f" % row[ADMIN]["micros"]] + ["%.0f | **%.2f**" % (row[who]["micros"], row[who]["ratio"]) for who in ROLES]
    print("| %s | %s |" % (row["operation"], " | ".join(cells)), flush=True)


def parse_options():
    parser = argparse.ArgumentParser(prog="tools/bench rights", description=__doc__.splitlines()[0])
    parser.add_argument("--users", type=sizes, metavar="N", default=[100000], help="in the directory [100000]")
    parser.add_argument("--rounds", type=int, metavar="N", default=5, help="the least counts [5]")
    parser.add_argument("--millis", type=int, metavar="N", default=1500, help="length of each turn [1500]")
    parser.add_argument("--operations", metavar="LIST", default=",".join(work for work in WORKS if work != "delete"), help="[%(default)s]")
    parser.add_argument("--json", metavar="FILE", help="write the figures there, too")
    return parser.parse_args()


def main():
    options = parse_options()
    rows = []
    print("%d users, load of the machine %.1f; microseconds of gateway and slapd a request" % (options.users[0], os.getloadavg()[0]))
    print("| request | %s | %s |" % (ADMIN, " | ".join(who + " | ratio" for who in ROLES)))
    try:
        with Roles(options.users[0]) as bench:
            for what in options.operations.split(","):
                for row in bench.compare(what, options.rounds, options.millis):
                    rows.append(row)
                    show(row)
    except (RuntimeError, subprocess.SubprocessError) as error:
        sys.exit("bench: %s" % error)
    if options.json:
        with open(options.json, "w", encoding="ascii") as file:
            json.dump({"kernel": platform.release(), "processors": os.cpu_count(), "users": options.users[0], "rows": rows}, file, indent=1)
    dear = ["%s of %s" % (who, row["operation"]) for row in rows for who in ROLES if row[who]["ratio"] > DEAREST]
    if dear:
        sys.exit("bench: too dear for %s" % ", ".join(dear))


if __name__ == "__main__":
    main()
