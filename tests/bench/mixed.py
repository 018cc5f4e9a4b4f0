#!/usr/bin/env python3
"""What it costs those who read that passwords are hashed: the same readers alone, and while as many passwords wait as may.

Hashing takes whole processors for tens of milliseconds, so it has threads of its own, at a lower priority. The run ends with status 1
if the 99th percentile of the readers is more than doubled.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import bench  # noqa: E402

RATIO_MOST = 2.0
QUEUE = 80  # what passwd.queue is by default
FILL_SECONDS = 1  # until the queue is full
HASHING_SECONDS = 60  # what a last password may have waited


def hashing(one, millis, waiting):
    """Somebody who sets passwords, so many at a time."""
    return subprocess.Popen(one.load_command("password", waiting, millis), stdout=subprocess.PIPE, text=True)


def both(one, options):
    """Readers while passwords are hashed; and what became of the passwords."""
    length = options.millis + int(FILL_SECONDS * 1000)
    with hashing(one, length, options.waiting) as others:
        time.sleep(FILL_SECONDS)
        measured = one.through("get", options.connections, options.millis)
        said, _ = others.communicate(timeout=length / 1000 + HASHING_SECONDS)
    said = json.loads(said)
    if said["errors"] or not said["done"]:
        raise RuntimeError("passwords: %s" % said)
    return measured, said["done"] / said["seconds"]


def main():
    parser = argparse.ArgumentParser(prog="tools/bench mixed", description=__doc__)
    parser.add_argument("--users", type=int, default=10000)
    parser.add_argument("--connections", type=int, default=16, help="of readers")
    parser.add_argument("--waiting", type=int, default=QUEUE, help="passwords at a time")
    parser.add_argument("--millis", type=int, default=4000, help="of each measurement")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", metavar="FILE", help="write the figures there, too")
    options = parser.parse_args()
    rounds, load = [], os.getloadavg()[0]
    with bench.Bench(options.users) as one:
        one.through("get", options.connections, bench.WARM_MILLIS)
        for _ in range(options.rounds):
            one.first += 20011
            alone = one.through("get", options.connections, options.millis)
            beside, passwords = both(one, options)
            rounds.append({"alone": alone, "beside": beside, "passwords": passwords,
                           "ratio": beside["p99_micros"] / alone["p99_micros"]})
            print("alone p50 %.2f p99 %.2f ms, %.0f/s; beside %.0f passwords/s p50 %.2f p99 %.2f ms, %.0f/s"
                  % (alone["p50_micros"] / 1e3, alone["p99_micros"] / 1e3, alone["rate"], passwords,
                     beside["p50_micros"] / 1e3, beside["p99_micros"] / 1e3, beside["rate"]), flush=True)
    ratio = statistics.median(one["ratio"] for one in rounds)
    print("%d readers, %d passwords at a time: p99 %.2f times that alone; load of the machine before: %.1f"
          % (options.connections, options.waiting, ratio, load))
    if options.json:
        with open(options.json, "w", encoding="ascii") as file:
            json.dump({"load_before": load, "ratio": ratio, "rounds": rounds}, file, indent=1)
    return 0 if ratio <= RATIO_MOST else 1


if __name__ == "__main__":
    sys.exit(main())
