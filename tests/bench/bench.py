#!/usr/bin/env python3
"""Measure the gateway, and in the same breath plain libldap on the same slapd.

Each row is the median of several rounds, in which the gateway and plain libldap take turns, so that whatever else the
machine does hits both. Any unexpected reply ends the run with an error.
"""

import argparse
import ctypes
import json
import os
import platform
import pwd
import shutil
import statistics
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

import directory  # noqa: E402
import gateway  # noqa: E402

BASE = "dc=provost"
HOUSEHOLD = 100  # users in a domain, as in names.h
PASSWORD = "correct horse"
OPERATIONS = ("get", "list", "create", "patch", "delete", "login")
GATEWAY_OPTIONS = (
    "--http-connections-source", "4096",
    "--ldap-logins-waiting", "512",  # all clients log in at the same time
    # With 256 writes under way on a slow disk the last ones wait for long; that is measured, and not refused.
    "--ldap-read-seconds", "20", "--ldap-write-seconds", "20",
)
IDLE_CONNECTIONS = 1000
LOGINS_MOST = 64  # at a time: with more the last ones wait longer for their bind than the gateway lets them
WARM_MILLIS = 300
GRACE_SECONDS = 40  # more than a load generator waits for the last replies

libc = ctypes.CDLL(None)


def cpu_seconds(pid):
    """The processor time of all threads of a process, to the nanosecond."""
    clock = ctypes.c_int()
    if libc.clock_getcpuclockid(pid, ctypes.byref(clock)) != 0:
        raise RuntimeError("no clock of process %d" % pid)
    return time.clock_gettime(clock.value)


def rss_kilobytes(pid):
    with open("/proc/%d/status" % pid, encoding="ascii") as status:
        return int(next(line for line in status if line.startswith("VmRSS:")).split()[1])


def slapd_of(pid):
    """The slapd that a gateway started."""
    with open("/proc/%d/task/%d/children" % (pid, pid), encoding="ascii") as children:
        for child in children.read().split():
            with open("/proc/%s/comm" % child, encoding="ascii") as comm:
                if comm.read().strip() == "slapd":
                    return int(child)
    raise RuntimeError("there is no slapd")


def user_ldif(number, hashed):
    local, domain = "u%06d" % number, "d%04d.example" % (number // HOUSEHOLD)
    entry = directory.user_entry("%s@%s" % (local, domain), userPassword=hashed, provostQuotaBytes="1073741824")
    return directory.ldif("mail=%s@%s,provostDomainName=%s,ou=domains,%s" % (local, domain, domain, BASE), entry)


def write_ldif(path, users, hashed):
    with open(path, "w", encoding="ascii") as file:
        for domain in range(users // HOUSEHOLD):
            name = "d%04d.example" % domain
            file.write(directory.ldif("provostDomainName=%s,ou=domains,%s" % (name, BASE), directory.domain_entry(name)))
        for number in range(users):
            file.write(user_ldif(number, hashed))
    os.chmod(path, 0o644)


def as_provost():
    """What makes a child of root run as the gateway does: slapd knows the gateway by its user."""
    if os.geteuid() != 0:
        return {}
    user = pwd.getpwnam("provost")
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


class Bench:
    """One gateway over one directory with a number of users."""

    def __init__(self, users, options=GATEWAY_OPTIONS):
        self.users = users
        self.hashed = directory.crypt_hash(PASSWORD, "$y$j9T$F5Jx5fExrKuPp53xLKQ..1$")  # yescrypt, as for new ones
        self.gateway = gateway.Gateway(*options, ldap_port=False)
        self.first = 0  # user of the next round

    def __enter__(self):
        try:
            self.prepare()
        except BaseException:
            self.gateway.close()
            raise
        return self

    def __exit__(self, *_):
        self.gateway.close()

    def fill(self, path):
        """What is in the directory."""
        write_ldif(path, self.users, self.hashed)

    def prepare(self):
        """Let the gateway make its directory, load it while nobody serves it, and start again."""
        self.gateway.start()
        self.gateway.stop()
        ldif = os.path.join(self.gateway.top, "users.ldif")
        self.fill(ldif)
        command = [directory.SLAPADD, "-q", "-F", os.path.join(self.gateway.state, "slapd.d"), "-b", BASE, "-l", ldif]
        subprocess.run(command, check=True, timeout=600 + self.users // 500, **as_provost())
        os.unlink(ldif)
        # The gateway's user need not be able to enter the place it was built in.
        self.raw_program = shutil.copy(os.path.join(gateway.BUILD, "tests", "bench", "raw"), self.gateway.top)
        self.gateway.start()
        self.gateway_pid = self.gateway.process.pid
        self.slapd_pid = slapd_of(self.gateway_pid)

    def common(self, work, outstanding, millis, tag="x", count=0):
        return ["--work", work, "--outstanding", str(outstanding), "--millis", str(millis), "--count", str(count),
                "--users", str(self.users), "--from", str(self.first), "--tag", tag,
                "--password", PASSWORD, "--hash", self.hashed]

    def load_command(self, *what, login=None):
        return [os.path.join(gateway.BUILD, "tests", "bench", "load"), *self.common(*what),
                "--address", self.gateway.address, "--login", login or "admin:" + self.gateway.secret("admin-password")]

    def raw_command(self, *what):
        return [self.raw_program, *self.common(*what), "--uri", self.gateway.ldapi, "--base", BASE, "--caller", "admin",
                "--threads", str(os.cpu_count())]

    def measure(self, command, millis, **more):
        """Run a load generator; what it says and what the servers spent meanwhile."""
        before = cpu_seconds(self.gateway_pid), cpu_seconds(self.slapd_pid)
        run = subprocess.run(command, stdout=subprocess.PIPE, text=True, timeout=millis / 1000 + GRACE_SECONDS, check=False,
                             **more)
        spent = cpu_seconds(self.gateway_pid) - before[0], cpu_seconds(self.slapd_pid) - before[1]
        said = json.loads(run.stdout) if run.stdout else {}
        if run.returncode != 0 or not said or said["errors"]:
            told = [line for line in self.gateway.log().splitlines() if " level=info " not in line]
            raise RuntimeError("\n".join([" ".join(command[:9]), str(said), *told[-20:]]))
        done = said["done"]
        return {"done": done, "rate": done / said["seconds"], "p50_micros": said["p50_micros"],
                "p99_micros": said["p99_micros"], "client_cpu_micros": said["cpu_seconds"] / done * 1e6,
                "gateway_cpu_micros": spent[0] / done * 1e6, "slapd_cpu_micros": spent[1] / done * 1e6}

    def through(self, *what):
        return self.measure(self.load_command(*what), what[2])

    def raw(self, *what):
        return self.measure(self.raw_command(*what), what[2], **as_provost())

    def round(self, work, outstanding, millis):
        """One round of some work for both, about the same users; what is created is deleted again."""
        self.first += 20011
        if work not in ("create", "delete"):
            return {work: (self.through(work, outstanding, millis), self.raw(work, outstanding, millis))}
        made, gone = [], []
        for side, tag in ((self.through, "g%d" % self.first), (self.raw, "r%d" % self.first)):
            made.append(side("create", outstanding, millis, tag))
            gone.append(side("delete", outstanding, millis * 40, tag, made[-1]["done"]))
            if gone[-1]["done"] != made[-1]["done"]:
                raise RuntimeError("%d were created and %d deleted" % (made[-1]["done"], gone[-1]["done"]))
        return {"create": tuple(made), "delete": tuple(gone)}

    def held(self, millis, seconds):
        """Memory with many connections: silent ones, or some that asked once, a while later."""
        command = self.load_command("get", IDLE_CONNECTIONS, millis, "x", IDLE_CONNECTIONS) + ["--hold", "yes"]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as client:
            said = json.loads(client.stdout.readline())
            time.sleep(seconds)
            kilobytes = rss_kilobytes(self.gateway_pid)
            client.stdin.close()
        if client.returncode != 0 or said["done"] != (IDLE_CONNECTIONS if millis else 0):
            raise RuntimeError("idle connections: %s" % said)
        return kilobytes

    def idle(self):
        """In kilobytes. What was needed for all the requests at once is given back after a second or two."""
        return {"connections": IDLE_CONNECTIONS, "rss_none": rss_kilobytes(self.gateway_pid),
                "rss_silent": self.held(0, 1), "rss_asked": self.held(5000, 4)}


def median(rounds, side):
    return {key: statistics.median(one[side][key] for one in rounds) for key in rounds[0][side]}


def summary(users, work, outstanding, rounds):
    return {"operation": work, "users": users, "connections": outstanding, "rounds": len(rounds),
            "ratio": statistics.median(one[0]["rate"] / one[1]["rate"] for one in rounds),
            "gateway": median(rounds, 0), "raw": median(rounds, 1)}


HEAD = ("users", "operation", "conn.", "req/s", "p50 ms", "p99 ms", "gateway", "slapd",
        "raw/s", "p50 ms", "p99 ms", "client", "slapd", "ratio")
WIDTHS = (7, 9, 6, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 6)


def show(cells):
    print(" ".join(str(cell).rjust(width) for cell, width in zip(cells, WIDTHS)), flush=True)


def show_head():
    print("Latencies in ms; processor time in microseconds of each process for a request.")
    show(HEAD)


def show_row(row):
    g, r = row["gateway"], row["raw"]
    show((row["users"], row["operation"], row["connections"], "%.0f" % g["rate"], "%.2f" % (g["p50_micros"] / 1e3),
          "%.2f" % (g["p99_micros"] / 1e3), "%.1f" % g["gateway_cpu_micros"], "%.1f" % g["slapd_cpu_micros"],
          "%.0f" % r["rate"], "%.2f" % (r["p50_micros"] / 1e3), "%.2f" % (r["p99_micros"] / 1e3),
          "%.1f" % r["client_cpu_micros"], "%.1f" % r["slapd_cpu_micros"], "%.2f" % row["ratio"]))


def measure_all(users, options):
    rows = []
    with Bench(users) as bench:
        idle = bench.idle()
        print("%d users: memory of the gateway %.1f MB; with %d connections that never asked %.1f MB, that asked once %.1f MB"
              % (users, idle["rss_none"] / 1024, IDLE_CONNECTIONS, idle["rss_silent"] / 1024, idle["rss_asked"] / 1024),
              flush=True)
        for work in OPERATIONS:
            done = [row["operation"] for row in rows]
            if work not in options.operations or work in done:
                continue
            for outstanding in options.connections:
                if work == "login" and outstanding > LOGINS_MOST:
                    continue
                bench.round(work, outstanding, WARM_MILLIS)
                rounds = [bench.round(work, outstanding, options.millis) for _ in range(options.rounds)]
                for measured in rounds[0]:
                    if measured in options.operations:
                        rows.append(summary(users, measured, outstanding, [one[measured] for one in rounds]))
                        show_row(rows[-1])
        return {"users": users, "idle": idle, "rows": rows, "rss_kilobytes_after": rss_kilobytes(bench.gateway_pid)}


def words(known):
    def parse(text):
        chosen = text.split(",")
        for word in chosen:
            if word not in known:
                raise argparse.ArgumentTypeError("%s is none of %s" % (word, ", ".join(known)))
        return chosen
    return parse


def numbers(text):
    chosen = [int(word) for word in text.split(",")]
    if min(chosen) < 1 or max(chosen) > 1024:
        raise argparse.ArgumentTypeError("from 1 to 1024")
    return chosen


def sizes(text):
    chosen = [int(word) for word in text.split(",")]
    if any(size < HOUSEHOLD or size % HOUSEHOLD or size % 7919 == 0 for size in chosen):
        raise argparse.ArgumentTypeError("multiples of %d" % HOUSEHOLD)
    return chosen


def parse_options():
    parser = argparse.ArgumentParser(prog="tools/bench", description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="10,000 users, 1 and 64 connections, short rounds")
    parser.add_argument("--users", type=sizes, metavar="LIST", help="numbers of users [10000,100000]")
    parser.add_argument("--connections", type=numbers, metavar="LIST", help="connections at a time [1,16,64,256]")
    parser.add_argument("--operations", type=words(OPERATIONS), metavar="LIST", default=list(OPERATIONS),
                        help="of %s [all]" % ",".join(OPERATIONS))
    parser.add_argument("--rounds", type=int, metavar="N", help="whose median counts [5]")
    parser.add_argument("--millis", type=int, metavar="N", help="length of each half of a round [1500]")
    parser.add_argument("--json", metavar="FILE", help="write the figures there, too")
    options = parser.parse_args()
    default = ([10000], [1, 64], 3, 700) if options.quick else ([10000, 100000], [1, 16, 64, 256], 5, 1500)
    options.users = options.users or default[0]
    options.connections = options.connections or default[1]
    options.rounds = options.rounds or default[2]
    options.millis = options.millis or default[3]
    return options


def main():
    options = parse_options()
    began = time.monotonic()
    report = {"kernel": platform.release(), "processors": os.cpu_count(), "load_before": os.getloadavg(),
              "rounds": options.rounds, "millis": options.millis, "sizes": []}
    show_head()
    try:
        for users in options.users:
            report["sizes"].append(measure_all(users, options))
    except (RuntimeError, subprocess.SubprocessError) as error:
        sys.exit("bench: %s" % error)
    report["minutes"] = (time.monotonic() - began) / 60
    print("%.1f minutes; load of the machine before: %.2f" % (report["minutes"], report["load_before"][0]))
    if options.json:
        with open(options.json, "w", encoding="ascii") as file:
            json.dump(report, file, indent=1)


if __name__ == "__main__":
    main()
