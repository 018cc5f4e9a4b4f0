"""What the tests of faults share: processes to hurt, times to tell, a proxy that misbehaves."""

import glob
import os
import pwd
import signal
import statistics
import subprocess
import threading
import time

import directory
import gateway

ROOT = os.geteuid() == 0


def children(pid):
    """The processes that pid started and that still run."""
    found = []
    for path in glob.glob("/proc/[0-9]*/stat"):
        try:
            with open(path, encoding="utf-8", errors="replace") as file:
                fields = file.read().rsplit(")", 1)[1].split()
        except OSError:
            continue  # it ended meanwhile
        if int(fields[1]) == pid and fields[0] != "Z":
            found.append(int(path.split("/")[2]))
    return found


def slapd_of(g):
    """The slapd that a gateway runs."""
    return gateway.until(lambda: children(g.process.pid), "slapd", 10)[0]


def timed(function, *args, **more):
    """What a function returned, and the seconds it took."""
    began = time.monotonic()
    result = function(*args, **more)
    return result, time.monotonic() - began


def code_of(reply):
    """Status and error code of a reply."""
    return reply.status, reply.json.get("code") if isinstance(reply.json, dict) else None


def millis(values):
    """Median, 99th percentile and maximum of some seconds, in milliseconds."""
    ordered = sorted(values)
    return "median %.1f ms, p99 %.1f ms, max %.1f ms, of %d" % (
        statistics.median(ordered) * 1000, ordered[int(len(ordered) * 0.99)] * 1000, ordered[-1] * 1000, len(ordered))


def on_every_loop(make, function, loops, seconds=10):
    """Ask over new connections, which go to any loop, often enough to meet all of them: the results and times."""
    results = []
    deadline = time.monotonic() + seconds
    while len(results) < loops * 8 and time.monotonic() < deadline:
        results.append(timed(function, make()))
    return results


def in_background(function, *args):
    """Run it on a thread; its result goes into the list."""
    answers = []
    thread = threading.Thread(target=lambda: answers.append(function(*args)), daemon=True)
    thread.start()
    return thread, answers


def threads(pid):
    """The states that a process's threads are in."""
    states = set()
    for path in glob.glob("/proc/%d/task/*/stat" % pid):
        with open(path, encoding="utf-8", errors="replace") as file:
            states.add(file.read().rsplit(")", 1)[1].split()[0])
    return states


class Stopped:
    """A process that hangs as long as the block lasts."""

    def __init__(self, pid):
        self.pid = pid

    def __enter__(self):
        os.kill(self.pid, signal.SIGSTOP)
        gateway.until(lambda: threads(self.pid) == {"T"}, "every thread to stop", 10)
        return self

    def __exit__(self, *_):
        self.resume()

    def resume(self):
        try:
            if self.pid:
                os.kill(self.pid, signal.SIGCONT)
        except ProcessLookupError:
            pass  # it was ended as it hung
        self.pid = 0


class Server(directory.Directory):
    """A slapd that knows provostd by its system user, and that can be set up before it is started."""

    def __init__(self, **more):
        super().__init__(**more)
        gateway.ensure_user()
        os.chmod(self.place, 0o755)

    def values(self):
        values = super().values()
        if ROOT:
            user = pwd.getpwnam("provost")
            values.update(UID=str(user.pw_uid), GID=str(user.pw_gid))
        return values

    def modify(self, changes, database="0"):
        """Change the configuration, or a database by its number, while slapd is stopped."""
        done = subprocess.run(["/usr/sbin/slapmodify", "-F", os.path.join(self.place, "config"), "-n", database],
                              input=changes, text=True, capture_output=True, check=False)
        if done.returncode:
            raise RuntimeError("slapmodify: " + done.stderr)

    def socket_path(self):
        return os.path.join(self.place, "ldapi")

    def kill(self):
        """End it without a chance to tidy up."""
        self.process.kill()
        self.process.wait()
        self.process = None

    def restart(self):
        """Start it again at the same addresses."""
        # slapd makes tables as large as the limit of descriptors.
        command = ["prlimit", "--nofile=4096:", directory.SLAPD, "-F", os.path.join(self.place, "config"), "-d", self.level, "-h",
                   self.url + " " + self.ldapi]
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)

    def gateway(self, *options, uri=None, env=None):
        """A provostd that works on it."""
        return gateway.Gateway("--ldap-uri", uri or self.ldapi, *options, env=env)

    def client(self, g):
        return g.client("admin", self.password("admin"))
