#!/usr/bin/python3
"""A large file is brought in while client, gateway and slapd are killed in turn: at the end nothing is there twice, and nothing is missing."""

import argparse
import base64
import itertools
import os
import random
import re
import signal
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.environ.get("top_srcdir") or os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))), "tests", "lib"))

import directory
import faults
import gateway

HASH = "{CRYPT}$6$rounds=1000$rights$jvF/IoKNuCtNI3HAWV9TssyIdu9RYaS1q2.fU1etfpbAaWysppn0WHpvZY6NAylpGdrEu8BD7PjOAWBKnjnWc."
HOUSEHOLD = 1000  # users of a domain
WHOM = ("client", "gateway", "slapd")
MOST_KILOBYTES = {"gateway": 100 * 1024, "client": 50 * 1024}
GIVE_UP = 3 * 3600


def user(number):
    """Address, name and quota of one; each differs from the others."""
    return "u%06d@t%03d.example" % (number, number // HOUSEHOLD), "User %d" % number, 1000000 + number


def write_file(path, users):
    with open(path, "w", encoding="ascii") as file:
        file.write("type,name,address,quota_bytes,password_hash\n")
        for number in range(users):
            if number % HOUSEHOLD == 0:
                file.write("domain,t%03d.example,,,\n" % (number // HOUSEHOLD))
            address, name, quota = user(number)
            file.write("user,%s,%s,%d,%s\n" % (name, address, quota, HASH))


class Import:
    """One import, whoever dies meanwhile."""

    def __init__(self, g, port, path):
        self.gateway = g
        self.words = [os.path.join(gateway.BUILD, "provost"), "import", path]
        self.env = {**{key: value for key, value in os.environ.items() if not key.startswith("PROVOST_")},
                    "PROVOST_URL": "http://127.0.0.1:%d" % port, "PROVOST_LOGIN": "admin", "PROVOST_PASSWORD": g.secret("admin-password")}
        self.client = None
        self.told = None
        self.kills = dict.fromkeys(WHOM, 0)
        self.most = dict.fromkeys(MOST_KILOBYTES, 0)
        self.over = False

    def start(self):
        self.client = subprocess.Popen(self.words, env=self.env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def watch(self):
        """The most memory that both had at any time."""
        while not self.over:
            for name, process in (("gateway", self.gateway.process), ("client", self.client)):
                try:
                    with open("/proc/%d/status" % process.pid, encoding="ascii") as status:
                        found = re.search(r"VmRSS:\s+(\d+)", status.read())
                except OSError:
                    continue
                if found:
                    self.most[name] = max(self.most[name], int(found.group(1)))
            time.sleep(0.1)

    def kill(self, whom):
        self.kills[whom] += 1
        if whom == "client":
            self.client.kill()
        elif whom == "slapd":
            os.kill(faults.slapd_of(self.gateway), signal.SIGKILL)
        else:
            self.gateway.process.kill()
            self.gateway.process.wait()
            self.gateway.start()

    def ended(self, seconds):
        """Whether the import is over within that time; a client that is gone comes again."""
        until = time.monotonic() + seconds
        while True:
            try:
                out, err = self.client.communicate(timeout=max(0.1, until - time.monotonic()))
            except subprocess.TimeoutExpired:
                return False
            if self.client.returncode == 0:
                self.told = dict(line.split("\t") for line in out.splitlines())
                return True
            if self.client.returncode != -signal.SIGKILL:
                print("the client ended with %d: %s" % (self.client.returncode, err.strip()), flush=True)
                time.sleep(1)
            self.start()

    def run(self, every):
        self.start()
        watcher = threading.Thread(target=self.watch)
        watcher.start()
        try:
            deadline = time.monotonic() + GIVE_UP
            for whom in itertools.cycle(WHOM):
                if self.ended(every * random.uniform(0.3, 1.7)):
                    break
                if time.monotonic() > deadline:
                    raise TimeoutError("it never ends")
                self.kill(whom)
        finally:
            self.over = True
            watcher.join()
            if self.client.poll() is None:
                self.client.kill()
                self.client.wait()


def entries(g):
    """Address, name, quota and hash of everybody in the database, as slapcat writes them."""
    command = [directory.SLAPCAT, "-F", os.path.join(g.state, "slapd.d"), "-b", "dc=provost", "-o", "ldif-wrap=no", "-a", "(objectClass=provostUser)"]
    found = []
    for block in subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout.split("\n\n"):
        values = dict(re.findall(r"^(mail|cn|provostQuotaBytes|userPassword)::? (.*)$", block, re.M))
        if values:
            found.append((values["mail"], values["cn"], int(values["provostQuotaBytes"]), values["userPassword"]))
    return found


def compare(found, users):
    """What is missing, there twice or more, and not as in the file."""
    wanted = {user(number)[0]: user(number)[1:] for number in range(users)}
    counts = {}
    for mail, *_ in found:
        counts[mail] = counts.get(mail, 0) + 1
    stored = base64.b64encode(HASH.encode()).decode()
    return {"missing": len(set(wanted) - set(counts)), "twice": sum(1 for n in counts.values() if n > 1), "foreign": len(set(counts) - set(wanted)),
            "wrong": sum(1 for mail, name, quota, _ in found if wanted.get(mail) != (name, quota)), "hashes": sum(1 for *_, hashed in found if hashed != stored)}


def main():
    parser = argparse.ArgumentParser(prog="tools/torture import", description=__doc__)
    parser.add_argument("--users", type=int, default=100000, help="that are brought in [100000]")
    parser.add_argument("--every", type=float, default=10, help="seconds between kills, about [10]")
    parser.add_argument("--seed", type=int, default=1, help="of their times [1]")
    options = parser.parse_args()
    random.seed(options.seed)
    port = gateway.free_port()
    with gateway.Gateway("--listen", "127.0.0.1:%d" % port) as g:
        path = os.path.join(g.top, "users.csv")
        write_file(path, options.users)
        one = Import(g, port, path)
        began = time.monotonic()
        one.run(options.every)
        seconds = time.monotonic() - began
        g.stop()
        differences = compare(entries(g), options.users)
    domains = (options.users + HOUSEHOLD - 1) // HOUSEHOLD
    print("%d users in %.0f s; killed: %s; told: %s" % (options.users, seconds, one.kills, one.told))
    print("differences: %s; most memory in MB: %s" % (differences, {name: round(size / 1024, 1) for name, size in one.most.items()}))
    good = (not any(differences.values()) and one.told["created"] == str(options.users + domains) and one.told["failed"] == "0"
            and min(one.kills.values()) > 0 and all(one.most[name] < most for name, most in MOST_KILOBYTES.items()))
    sys.exit(0 if good else 1)


main()
