#!/usr/bin/env python3
"""The measuring instrument: it runs through, its figures make sense, and what goes wrong does not pass for a figure."""

import json
import os
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

import gateway  # noqa: E402
import tap  # noqa: E402

PROGRAM = os.path.join(gateway.TOP, "tests", "bench", "bench.py")
LOAD = os.path.join(gateway.BUILD, "tests", "bench", "load")
OPERATIONS = ["get", "list", "create", "delete", "patch", "login"]


def run_through():
    """Everything once, with few users and for a moment."""
    with tempfile.TemporaryDirectory() as place:
        path = os.path.join(place, "figures.json")
        run = subprocess.run([sys.executable, PROGRAM, "--users", "200", "--connections", "1,8", "--rounds", "1",
                              "--millis", "150", "--json", path], capture_output=True, text=True, timeout=300, check=False)
        if not tap.is_(run.returncode, 0, "it runs through"):
            tap.note(run.stdout + run.stderr)
            return
        with open(path, encoding="ascii") as file:
            size = json.load(file)["sizes"][0]
    rows = size["rows"]
    tap.is_([(row["operation"], row["connections"]) for row in rows],
            [(operation, n) for pair in (["get"], ["list"], ["create", "delete"], ["patch"], ["login"])
             for n in (1, 8) for operation in pair], "a row for each operation and number of connections")
    for row in rows:
        good = row["ratio"] > 0 and all(
            side["done"] > 0 and side["rate"] > 0 and 0 < side["p50_micros"] <= side["p99_micros"]
            and side["slapd_cpu_micros"] > 0 for side in (row["gateway"], row["raw"]))
        tap.ok(good and row["gateway"]["gateway_cpu_micros"] > 0, "%(operation)s, %(connections)d connections" % row, row)
    memory = size["idle"]
    tap.ok(1000 < memory["rss_none"] <= memory["rss_silent"] <= memory["rss_asked"], "connections cost memory", memory)


def unexpected():
    """A reply of another status is an error, and said."""
    with gateway.Gateway(ldap_port=False) as served:
        command = [LOAD, "--work", "get", "--outstanding", "4", "--millis", "50", "--users", "100", "--password", "x",
                   "--hash", "x", "--address", served.address, "--login"]
        for login, status in (("admin:" + served.secret("admin-password"), "404"), ("admin:wrong", "401")):
            run = subprocess.run(command + [login], capture_output=True, text=True, timeout=60, check=False)
            said = json.loads(run.stdout)
            tap.ok(run.returncode == 1 and said["done"] == 0 and said["errors"] > 0 and status in said["first_error"],
                   "a %s is an error" % status, run.stdout)
    run = subprocess.run(command + ["x:y"], capture_output=True, text=True, timeout=60, check=False)
    tap.ok(run.returncode == 1 and "connect" in run.stderr, "so is no server", run.stderr)


def lookups():
    """The same of what mail servers ask."""
    program = os.path.join(gateway.TOP, "tests", "bench", "lookups.py")
    with tempfile.TemporaryDirectory() as place:
        path = os.path.join(place, "figures.json")
        run = subprocess.run([sys.executable, program, "--users", "100,200", "--connections", "2", "--rounds", "1", "--millis", "20", "--keys", "5",
                              "--json", path], capture_output=True, text=True, timeout=300, check=False)
        if not tap.ok(os.path.exists(path) and run.returncode in (0, 1), "lookups are measured", run.stdout + run.stderr):
            return
        with open(path, encoding="ascii") as file:
            report = json.load(file)
    # Moments say nothing about speed; what slapd looks at is the same however many there are.
    tap.is_(report["good"], run.returncode == 0, "the verdict is the exit status")
    for row in report["rows"]:
        good = row["ratio"] > 0 and all(row[side]["rate"] > 0 for side in ("small", "large")) and 0 <= row["candidates"] <= 10
        tap.ok(good, "%(lookup)s %(setting)s %(key)s by %(by)s" % row, row)


def rights():
    """What they cost; moments say nothing about that, but that all of them get what they ask for."""
    program = os.path.join(gateway.TOP, "tests", "bench", "rights.py")
    with tempfile.TemporaryDirectory() as place:
        path = os.path.join(place, "figures.json")
        run = subprocess.run([sys.executable, program, "--users", "100", "--rounds", "1", "--millis", "20", "--operations", "get,create", "--json", path], capture_output=True, text=True, timeout=300, check=False)
        if not tap.ok(os.path.exists(path) and run.returncode in (0, 1), "what rights cost is measured", run.stdout + run.stderr):
            return
        with open(path, encoding="ascii") as file:
            rows = json.load(file)["rows"]
    tap.is_([row["operation"] for row in rows], ["get", "create", "delete"], "of each request")
    for row in rows:
        tap.ok(all(row[who]["rate"] > 0 and row[who]["ratio"] > 0 for who in ("owner", "administrator", "reseller")), "%s: for each" % row["operation"], row)


def imports():
    """And what is brought in, beside plain adds of the same."""
    program = os.path.join(gateway.TOP, "tests", "bench", "imports.py")
    with tempfile.TemporaryDirectory() as place:
        path = os.path.join(place, "figures.json")
        run = subprocess.run([sys.executable, program, "--users", "100", "--rounds", "1", "--count", "40", "--json", path], capture_output=True, text=True, timeout=300, check=False)
        if not tap.is_(run.returncode, 0, "imports are measured"):
            tap.note(run.stdout + run.stderr)
            return
        with open(path, encoding="ascii") as file:
            row = json.load(file)["rows"][0]
    tap.ok(row["ratio"] > 0 and all(row[side]["rate"] > 0 and row[side]["slapd_micros"] > 0 for side in ("import", "raw")), "and both made the same", row)


def main():
    if os.environ.get("SANITIZED"):
        print("1..0 # SKIP measured without sanitizers; what is measured is tried by the other tests")
        return
    unexpected()
    run_through()
    lookups()
    rights()
    imports()
    tap.done()


main()
