#!/usr/bin/env python3
"""Measure every lookup of Postfix and Dovecot in a small directory and in a large one, and whether it stays indexed.

Both directories run at the same time and take turns, lookup by lookup, so that whatever else the machine does hits
both. A lookup is good if the large one answers it at 75 % of the small one's speed at least, and looks at 10 entries at
most; else the run ends with status 1.
"""

import argparse
import json
import os
import platform
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import directory  # noqa: E402
import mail  # noqa: E402
from bench import cpu_seconds  # noqa: E402

BUILD = os.environ.get("top_builddir") or directory.TOP
PROGRAM = os.path.join(BUILD, "tests", "bench", "lookups")
BASE = "dc=provost"
HOUSEHOLD = 100  # users in a domain, as in names.h
SLOWEST = 0.75
MOST = 10  # candidates
GRACE_SECONDS = 40
TAKES_ANY = {"provostEnabled", "provostLoginEnabled", "provostDomainKind", "provostVerifyRecipients", "provostSendOnly", "provostSenderAllowed",
             "provostScramSha256", "provostScramSha1", "provostCramMd5", "provostTargetDomain"}

USER, DOMAIN, NOBODY = "u%u@d%h.example", "d%h.example", "x%u@d%h.example"
# What is asked: service, file, setting, key, and how many entries it finds. Every file with a lookup is in here.
LOOKUPS = [
    ("postfix", "virtual_mailbox_domains.cf", "query_filter", DOMAIN, 1),
    ("postfix", "virtual_alias_domains.cf", "query_filter", "al%h.example", 1),
    ("postfix", "relay_domains.cf", "query_filter", "r%h.example", 1),
    ("postfix", "transport_maps.cf", "query_filter", "r%h.example", 1),
    ("postfix", "transport_maps.cf", "query_filter", USER, 0),
    ("postfix", "relay_address.cf", "query_filter", "u%u@r%h.example", 1),
    ("postfix", "user_transport.cf", "query_filter", USER, 1),
    ("postfix", "recipient_access.cf", "query_filter", "r%h.example", 1),
    ("postfix", "domain_alias.cf", "query_filter", "u%u@al%h.example", 1),
    ("postfix", "virtual_mailbox_maps.cf", "query_filter", USER, 1),
    ("postfix", "virtual_mailbox_maps.cf", "query_filter", NOBODY, 0),
    ("postfix", "virtual_alias_maps.cf", "query_filter", USER, 1),
    ("postfix", "virtual_alias_maps.cf", "query_filter", "sales@d%h.example", 1),
    ("postfix", "virtual_alias_maps.cf", "query_filter", "@d%h.example", 0),
    ("postfix", "sender_login_maps.cf", "query_filter", USER, 1),
    ("postfix", "sender_login_maps.cf", "query_filter", "s%u@d%h.example", 1),
    ("postfix", "sender_alias_maps.cf", "query_filter", "sales@d%h.example", 1),
    ("postfix", "send_only.cf", "query_filter", USER, 0),
    ("postfix", "being_renamed.cf", "query_filter", USER, 0),
    ("dovecot", "ldap-deny-domain.conf.ext", "pass_filter", USER, 0),
    ("dovecot", "ldap-deny-domain.conf.ext", "user_filter", USER, 0),
    ("dovecot", "ldap-passdb.conf.ext", "pass_filter", USER, 1),
    ("dovecot", "ldap-scram-sha-256.conf.ext", "pass_filter", USER, 1),
    ("dovecot", "ldap-scram-sha-1.conf.ext", "pass_filter", USER, 1),
    ("dovecot", "ldap-cram-md5.conf.ext", "pass_filter", USER, 1),
    ("dovecot", "ldap-cram-md5.conf.ext", "pass_filter", NOBODY, 0),
    ("dovecot", "ldap-userdb.conf.ext", "user_filter", USER, 1),
    ("dovecot", "ldap-userdb.conf.ext", "user_filter", NOBODY, 0),
]


def shipped():
    """The files that have a lookup, with its settings."""
    found = set()
    for service, setting in ("postfix", "query_filter"), ("dovecot", "(?:pass|user)_filter"):
        folder = os.path.join(directory.TOP, "src", "cli", service)
        for name in os.listdir(folder):
            with open(os.path.join(folder, name), encoding="utf-8") as file:
                found |= {(service, name, match) for match in re.findall(r"(?m)^(%s)\s*=" % setting, file.read())}
    return found


def entries(users):
    """Domains of users, each with an alias, an alias domain and a relay domain, as LDIF."""
    hashed = directory.crypt_hash("secret")
    parts = []
    for household in range(users // HOUSEHOLD):
        name, relay = "d%04d.example" % household, "r%04d.example" % household
        place = "provostDomainName=%s,ou=domains," + BASE
        parts.append(directory.ldif(place % name, directory.domain_entry(name)))
        alias = "al%04d.example" % household
        parts.append(directory.ldif(place % alias, directory.domain_entry(alias, kind="alias", provostTargetDomain=name)))
        parts.append(directory.ldif(place % relay, directory.domain_entry(relay, kind="relay", provostTransport="smtp:[mx]", provostVerifyRecipients="TRUE")))
        sales = directory.alias_entry("sales@" + name, ["u%06d@%s" % (household * HOUSEHOLD, name)], provostSenderAllowed="TRUE")
        parts.append(directory.ldif("mail=sales@%s,%s" % (name, place % name), sales))
        for number in range(household * HOUSEHOLD, (household + 1) * HOUSEHOLD):
            address = "u%06d@%s" % (number, name)
            entry = directory.user_entry(address, userPassword=hashed, provostQuotaBytes="1073741824", provostSender="s%06d@%s" % (number, name), **directory.CREDENTIALS)
            parts.append(directory.ldif("mail=%s,%s" % (address, place % name), entry))
    return "".join(parts)


class Side:
    """A directory of that many users, and what is asked of it."""

    def __init__(self, users):
        self.users = users
        self.directory = directory.Directory(base=BASE, entries=entries(users), dovecot_passwords="read")
        self.first = 0

    def open(self):
        self.directory.make()
        self.directory.entries = ""
        self.directory.start()

    def command(self, lookup, connections, millis):
        service, file, setting, key, finds = lookup
        self.first += 20011
        place = self.directory
        return [PROGRAM, place.ldapi, place.dn("cn=" + service, "ou=services"), place.password(service), BASE, "%s/%s" % (service, file), setting, key,
                str(self.users), str(self.first), str(connections), str(millis), str(finds)]

    def ask(self, lookup, connections, millis):
        """Answers a second, how long half of them took at most, and what slapd spent on each."""
        before = cpu_seconds(self.directory.process.pid)
        run = subprocess.run(self.command(lookup, connections, millis), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                             timeout=millis / 1000 + GRACE_SECONDS, check=False)
        said = json.loads(run.stdout) if run.stdout else {"errors": 1, "first_error": run.stderr}
        if run.returncode or said["errors"]:
            raise RuntimeError("%d users: %s" % (self.users, said["first_error"]))
        spent = cpu_seconds(self.directory.process.pid) - before
        return said["done"] / said["seconds"], said["p50_micros"], spent / said["done"] * 1e6

    def filter_of(self, lookup):
        """As it is sent."""
        return subprocess.run(self.command(lookup, 1, 0), stdout=subprocess.PIPE, text=True, timeout=GRACE_SECONDS, check=True).stdout.strip()

    def candidates(self, lookups):
        """How many entries slapd looks at for each, and what was not indexed; it starts again to tell."""
        self.directory.stop()
        self.directory.level = "trace,filter"
        self.directory.start()
        seen, connections = [], {name: self.directory.service(name) for name in ("postfix", "dovecot")}
        for lookup in lookups:
            before = os.path.getsize(self.directory.log)
            base = "ou=journal," + BASE if lookup[1] == "being_renamed.cf" else "ou=domains," + BASE
            connections[lookup[0]].search_s(base, 2, self.filter_of(lookup), ["1.1"])
            with open(self.directory.log, encoding="utf-8", errors="replace") as log:
                log.seek(before)
                lines = log.read()
            counts = [int(count) for count in re.findall(r"mdb_search_candidates: id=(-?\d+)", lines)]
            missing = set(re.findall(r"\((\w+)\) not indexed", lines)) - TAKES_ANY
            seen.append(-1 if missing or not counts or min(counts) < 0 else max(counts))
        return seen


class Postmap:
    """postmap -q - with Postfix's own reader of LDAP."""

    def __init__(self, side):
        self.side = side
        self.place = tempfile.mkdtemp(prefix="provost-lookups-")
        self.conf = os.path.join(self.place, "postfix")
        values = {"BASE": BASE, "LDAP_URI": side.directory.url, "PASSWORD": side.directory.password("postfix")}
        mail.fill("postfix", self.conf, **values)
        with open(os.path.join(self.conf, "main.cf"), "w", encoding="ascii") as file:
            file.write("compatibility_level = 3.6\n")

    def ask(self, lookup, keys):
        """Answers a second, the start of the program included."""
        _, file, _, key, finds = lookup
        numbers = [(self.side.first + i) * 7919 % self.side.users for i in range(keys)]
        text = "".join(key.replace("%u", "%06d" % n).replace("%h", "%04d" % (n // HOUSEHOLD)) + "\n" for n in numbers)
        before, began = cpu_seconds(self.side.directory.process.pid), time.monotonic()
        run = subprocess.run(["postmap", "-c", self.conf, "-q", "-", "ldap:" + os.path.join(self.conf, file)], input=text, stdout=subprocess.PIPE,
                             stderr=subprocess.PIPE, text=True, timeout=GRACE_SECONDS + keys / 100, check=False, env=dict(os.environ, PATH=mail.PATH))
        spent = time.monotonic() - began
        # One that is found answers by the line; what has no attribute to show answers nothing.
        if run.stderr or len(run.stdout.splitlines()) not in (keys if finds else 0, 0):
            raise RuntimeError("postmap: %s%s" % (run.stdout[:200], run.stderr[:500]))
        return keys / spent, None, (cpu_seconds(self.side.directory.process.pid) - before) / keys * 1e6

    def close(self):
        shutil.rmtree(self.place, ignore_errors=True)


HEAD = ("lookup", "asked for", "conn.", "small/s", "large/s", "p50 us", "p50 us", "slapd us", "slapd us", "ratio", "looks at")
WIDTHS = (41, 18, 7, 8, 8, 7, 7, 8, 8, 6, 8)


def show(cells):
    print(" ".join(str(cell).ljust(width) if i < 2 else str(cell).rjust(width) for i, (cell, width) in enumerate(zip(cells, WIDTHS))), flush=True)


def middle(rounds, side, what):
    """Of small or large: the rate, a latency, or processor time."""
    values = [one[side][what] for one in rounds]
    return None if None in values else statistics.median(values)


def ratio_of(rounds):
    return statistics.median(one[1][0] / one[0][0] for one in rounds)


def summary(lookup, how, rounds, candidates):
    """rounds: pairs of small and large."""
    sides = [{"rate": middle(rounds, side, 0), "p50_micros": middle(rounds, side, 1), "slapd_cpu_micros": middle(rounds, side, 2)} for side in (0, 1)]
    return {"lookup": "%s/%s" % lookup[:2], "setting": lookup[2], "key": lookup[3], "by": how, "rounds": len(rounds), "candidates": candidates,
            "small": sides[0], "large": sides[1], "ratio": ratio_of(rounds)}


def show_row(row):
    def number(value):
        return "-" if value is None else "%.0f" % value

    pairs = [number(row[side][what]) for what in ("rate", "p50_micros", "slapd_cpu_micros") for side in ("small", "large")]
    show((row["lookup"] + (" user" if row["setting"] == "user_filter" and "deny" in row["lookup"] else ""), row["key"], row["by"], *pairs,
          "%.2f" % row["ratio"], row["candidates"]))


def take_turns(sides, rounds, ask):
    """Who begins changes, so that neither always comes second. What looks too slow is measured again, up to four times as often,
    unless one round is all that is wanted."""
    done = []
    for number in range((rounds if rounds == 1 else rounds * 4) + 1):
        order = sides if number % 2 == 0 else sides[::-1]
        got = {side: ask(side) for side in order}
        if number > 0:  # the first warms up
            done.append((got[sides[0]], got[sides[1]]))
        if number >= rounds and number % rounds == 0 and ratio_of(done) >= SLOWEST:
            break
    return done


def measure(sides, options, candidates):
    rows = []
    for lookup, seen in zip(LOOKUPS, candidates):
        for connections in options.connections:
            rounds = take_turns(sides, options.rounds, lambda side: side.ask(lookup, connections, options.millis))
            rows.append(summary(lookup, str(connections), rounds, seen))
            show_row(rows[-1])
    if shutil.which("postmap", path=mail.PATH) is None or not options.keys:
        return rows
    maps = [Postmap(side) for side in sides]
    try:
        for lookup, seen in zip(LOOKUPS, candidates):
            if lookup[0] == "postfix":
                rounds = take_turns(maps, options.rounds, lambda side: side.ask(lookup, options.keys))
                rows.append(summary(lookup, "postmap", rounds, seen))
                show_row(rows[-1])
    finally:
        for one in maps:
            one.close()
    return rows


def verdict(rows):
    """What is too slow, and what looks at too many entries."""
    slow = [row for row in rows if row["ratio"] < SLOWEST]
    wide = [row for row in rows if not 0 <= row["candidates"] <= MOST]
    for row in slow:
        print("slower by more than a quarter: %(lookup)s %(key)s %(by)s: %(ratio).2f" % row)
    for row in wide:
        print("not indexed: %(lookup)s %(key)s" % row)
    return not slow and not wide


def numbers(text):
    chosen = [int(word) for word in text.split(",")]
    if min(chosen) < 1 or max(chosen) > 64:
        raise argparse.ArgumentTypeError("from 1 to 64")
    return chosen


def sizes(text):
    chosen = [int(word) for word in text.split(",")]
    if len(chosen) != 2 or any(size < HOUSEHOLD or size % HOUSEHOLD or size % 7919 == 0 for size in chosen):
        raise argparse.ArgumentTypeError("two multiples of %d" % HOUSEHOLD)
    return chosen


def parse_options():
    parser = argparse.ArgumentParser(prog="tools/bench lookups", description=__doc__.splitlines()[0])
    parser.add_argument("--users", type=sizes, metavar="SMALL,LARGE", default=[10000, 100000], help="users in each directory [10000,100000]")
    parser.add_argument("--connections", type=numbers, metavar="LIST", default=[1, 8], help="connections at a time [1,8]")
    parser.add_argument("--rounds", type=int, metavar="N", default=5, help="whose median counts [5]")
    parser.add_argument("--millis", type=int, metavar="N", default=400, help="length of each half of a round [400]")
    parser.add_argument("--keys", type=int, metavar="N", default=2000, help="that postmap is given at once; 0: without postmap [2000]")
    parser.add_argument("--json", metavar="FILE", help="write the figures there, too")
    return parser.parse_args()


def main():
    options = parse_options()
    unknown = shipped() ^ {lookup[:3] for lookup in LOOKUPS}
    if unknown:
        sys.exit("lookups: not the files that are shipped: %s" % sorted(unknown))
    began, load = time.monotonic(), os.getloadavg()
    sides = [Side(users) for users in options.users]
    try:
        for side in sides:
            side.open()
        print("%d and %d users. Searches a second by plain libldap on as many connections, one under way on each, and by postmap." % tuple(options.users))
        candidates = sides[1].candidates(LOOKUPS)
        sides[1].directory.stop()
        sides[1].directory.level = "0"
        sides[1].directory.start()
        show(HEAD)
        rows = measure(sides, options, candidates)
    except (RuntimeError, subprocess.SubprocessError) as error:
        sys.exit("lookups: %s" % error)
    finally:
        for side in sides:
            side.directory.remove()
    good = verdict(rows)
    minutes = (time.monotonic() - began) / 60
    print("%.1f minutes; load of the machine before: %.2f; slowest ratio %.2f" % (minutes, load[0], min(row["ratio"] for row in rows)))
    if options.json:
        report = {"kernel": platform.release(), "processors": os.cpu_count(), "load_before": load, "users": options.users, "millis": options.millis,
                  "minutes": minutes, "good": good, "rows": rows}
        with open(options.json, "w", encoding="ascii") as file:
            json.dump(report, file, indent=1)
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
