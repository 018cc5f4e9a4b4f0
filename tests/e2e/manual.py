#!/usr/bin/python3
"""The examples of provost-schema(7) do what they say, as they stand there."""

import os
import re
import subprocess
import sys

sys.path.insert(0, os.path.join(os.environ.get("top_srcdir") or os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))), "tests", "lib"))

import gateway
import tap

JOHN, MARY = "john@example.org", "mary@example.org"


def examples():
    """What stands between fences below EXAMPLES; the first of it is the options that "..." stands for."""
    with open(os.path.join(gateway.TOP, "docs/man/provost-schema.7.scd"), encoding="utf-8") as file:
        text = file.read().partition("\n# EXAMPLES\n")[2].partition("\n# ")[0]
    return re.findall(r"(?ms)^```\n(.*?)^```$", text)


def shell(g, options, example):
    options = options.strip().replace("ldap://127.0.0.1:3890", g.ldap_url).replace("/var/lib/provost", g.state)
    # Nobody is there to be asked for the new password.
    script = example.replace(" ... ", " %s " % options).replace(" -S ", " -s 'a new horse' ")
    done = subprocess.run(["/bin/sh", "-eu", "-c", script], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)
    tap.ok(done.returncode == 0, "example: " + " ".join(example.split()[:3]), done.stdout + done.stderr)
    return done.stdout


def read(g, options, name, attribute):
    shown = shell(g, options, "ldapsearch ... -LLL -b ou=domains,dc=provost '(|(mail=%s)(provostDomainName=%s))' %s\n" % (name, name, attribute))
    return sorted(re.findall(r"(?m)^%s: (.*)$" % attribute, shown))


def main():
    options, *rest = examples()
    tap.ok(len(rest) >= 5 and options.startswith("-x -H"), "there are examples", rest)
    with gateway.Gateway() as g:
        admin = g.admin()
        for path, body in [("/v1/domains", {"name": "example.org"}), ("/v1/domains", {"name": "off.example", "enabled": False}),
                           ("/v1/users", {"address": JOHN}), ("/v1/aliases", {"address": "sales@example.org", "destinations": [JOHN]})]:
            tap.is_(admin.post(path, body).status, 201, "made: %s" % body)
        said = [shell(g, options, example) for example in rest]
        tap.ok("off.example" in said[0] and "provostDomainName: example.org" not in said[0], "the search finds who is disabled", said[0])
        tap.is_(read(g, options, "example.net", "provostTargetDomain"), ["example.org"], "the alias domain is there")
        tap.is_(admin.as_(MARY, "a new horse").get("/v1/me").status, 200, "Mary is there, and logs in")
        tap.is_(read(g, options, JOHN, "provostSender"), ["@example.com", "press@example.org"], "John has further senders")
        tap.is_(read(g, options, JOHN, "provostDestination"), ["john@example.com", JOHN], "and a copy goes out")
        tap.is_(read(g, options, "sales@example.org", "provostSenderAllowed"), ["TRUE"], "the alias may be sent as")
    tap.done()


main()
