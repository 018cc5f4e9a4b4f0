#!/usr/bin/python3
"""What make install puts into a system is complete: it runs from there, without the source tree."""

import os
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.environ.get("top_srcdir") or os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))), "tests", "lib"))

import gateway
import tap

FILES = ["sbin/provostd", "bin/provost", "share/provost/schema/provost.schema", "share/provost/schema/provost.ldif",
         "share/provost/ldif/server.ldif", "share/provost/ldif/database.ldif", "share/provost/ldif/base.ldif",
         "lib/systemd/system/provostd.service", "share/man/man8/provostd.8", "share/man/man1/provost.1",
         "share/man/man1/provost-user.1", "share/bash-completion/completions/provost",
         "share/zsh/site-functions/_provost", "share/fish/vendor_completions.d/provost.fish", "share/man/man5/provost.conf.5", "share/man/man7/provost-schema.7"]


# Of 100; what has a place in the network and opens sockets for its neighbours does not get below 11.
EXPOSURE = 12


def hardened(unit):
    """The unit starts what was installed, and lets it do as little as it needs."""
    with open(unit, encoding="utf-8") as file:
        text = file.read()
    tap.ok("ExecStart=/opt/provost/sbin/provostd --config /opt/provost/etc/" in text and "@" not in text.split("[Service]")[1].replace("@system-service", "").replace("@privileged", "").replace("@resources", ""),
           "the unit has the paths of the installation", text)
    done = subprocess.run(["systemd-analyze", "security", "--offline=yes", "--no-pager", "--threshold=%d" % EXPOSURE, unit], capture_output=True, text=True)
    tap.ok(done.returncode == 0, "its exposure is at most %.1f" % (EXPOSURE / 10), done.stdout[-1500:] + done.stderr)


def main():
    with tempfile.TemporaryDirectory(prefix="provost-install-") as root:
        os.chmod(root, 0o755)
        # A make of its own: the one that runs the tests must not hand its job server on.
        clean = {k: v for k, v in os.environ.items() if k not in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL", "DESTDIR")}
        done = subprocess.run(["make", "-s", "-C", gateway.BUILD, "install", "DESTDIR=" + root, "prefix=/opt/provost"],
                              capture_output=True, text=True, env=clean)
        tap.ok(done.returncode == 0, "make install", done.stderr[-2000:])
        prefix = os.path.join(root, "opt/provost")
        for name in FILES:
            path = os.path.join(prefix, name)
            tap.ok(os.path.isfile(path) and os.path.getsize(path) > 0, name)
        hardened(os.path.join(prefix, "lib/systemd/system/provostd.service"))
        with gateway.Gateway(binary=os.path.join(prefix, "sbin/provostd")) as g:
            tap.is_(g.admin().get("/v1/me").status, 200, "the installed provostd serves")
            target = os.path.join(g.top, "postfix")
            done = subprocess.run([os.path.join(prefix, "bin/provost"), "config", "postfix", target, "--state-dir", g.state],
                                  capture_output=True, text=True)
            tap.ok(done.returncode == 0 and os.path.exists(target + "/main.cf"), "the installed provost works", done.stderr)
    tap.done()


main()
