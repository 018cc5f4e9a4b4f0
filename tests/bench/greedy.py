#!/usr/bin/env python3
"""What clients that hold on to everything do to others: idle connections, slow headers and slow bodies, and good clients beside them.

Good clients are measured alone and with the crowd, in turns. The run ends with status 1 if their 99th percentile is more than
doubled, if a slow header lives for longer than it may, or if the gateway takes too much memory.
"""

import argparse
import base64
import json
import os
import signal
import statistics
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import bench  # noqa: E402

CROWD = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib", "crowd.py")
RATIO_MOST = 2.0
HEADERS_SECONDS = 10.5
MEGABYTES_MOST = 100
READY_SECONDS = 60
SETTLE_SECONDS = 12  # until the first of them are cut off, and come back
GATEWAY_OPTIONS = ("--http-connections", "20000", "--ldap-logins-waiting", "512")


class Crowd:
    """The others, in a process of their own."""

    def __init__(self, gateway, options):
        login = "Basic " + base64.b64encode(("admin:" + gateway.secret("admin-password")).encode()).decode()
        counts = [word for kind in ("idle", "headers", "bodies") for word in ("--" + kind, str(getattr(options, kind)))]
        self.wanted = options.idle + options.headers + options.bodies
        self.process = subprocess.Popen([sys.executable, CROWD, "--address", gateway.address, "--login", login, *counts],
                                        stdout=subprocess.PIPE, text=True)

    def wait(self):
        """Until nearly all are there: some are always about to come back."""
        deadline = time.monotonic() + READY_SECONDS
        while time.monotonic() < deadline:
            state = json.loads(self.process.stdout.readline())
            if sum(state["open"].values()) >= self.wanted * 0.98:
                time.sleep(SETTLE_SECONDS)
                return
        raise RuntimeError("the crowd did not get in: %s" % state)

    def end(self):
        self.process.send_signal(signal.SIGTERM)
        said, _ = self.process.communicate(timeout=30)
        return json.loads(said.splitlines()[-1])


def loaded(one, options):
    """The same again among the crowd; with what the crowd tells, and the gateway's memory in kilobytes."""
    crowd = Crowd(one.gateway, options)
    try:
        crowd.wait()
        measured = one.through("get", options.connections, options.millis)
        memory = bench.rss_kilobytes(one.gateway_pid)
    finally:
        state = crowd.end()
    return measured, state, memory


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--idle", type=int, default=9500, help="connections that ask nothing")
    parser.add_argument("--headers", type=int, default=2000, help="those that send a byte of their headers a second")
    parser.add_argument("--bodies", type=int, default=200, help="those that send a body as slowly as they may")
    parser.add_argument("--connections", type=int, default=8, help="of good clients")
    parser.add_argument("--millis", type=int, default=5000, help="of each measurement")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    alone, among, states, memories = [], [], [], []
    with bench.Bench(1000, GATEWAY_OPTIONS) as one:
        one.through("get", options.connections, bench.WARM_MILLIS)
        before = bench.rss_kilobytes(one.gateway_pid)
        for _ in range(options.rounds):
            alone.append(one.through("get", options.connections, options.millis))
            measured, state, memory = loaded(one, options)
            among.append(measured)
            states.append(state)
            memories.append(memory)
            time.sleep(2)
            print("alone p50 %.2f p99 %.2f ms, %.0f/s; among them p50 %.2f p99 %.2f ms, %.0f/s; memory %.1f MB; %s"
                  % (alone[-1]["p50_micros"] / 1e3, alone[-1]["p99_micros"] / 1e3, alone[-1]["rate"], measured["p50_micros"] / 1e3,
                     measured["p99_micros"] / 1e3, measured["rate"], memory / 1024, json.dumps(state)), flush=True)
    ratio = statistics.median(b["p99_micros"] / a["p99_micros"] for a, b in zip(alone, among))
    longest = max(state["longest_seconds"]["headers"] for state in states)
    print("%d idle, %d slow headers, %d slow bodies; %d good connections: p99 %.2f times that alone; the longest-lived slow header %.1f s; memory %.1f MB, "
          "before %.1f MB" % (options.idle, options.headers, options.bodies, options.connections, ratio, longest, max(memories) / 1024, before / 1024))
    return 0 if ratio <= RATIO_MOST and longest <= HEADERS_SECONDS and max(memories) <= MEGABYTES_MOST * 1024 else 1


if __name__ == "__main__":
    sys.exit(main())
