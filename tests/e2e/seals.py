#!/usr/bin/python3
"""The log of changes is sealed, and whoever edits, removes or adds a record afterwards is found out."""

import os
import re
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.join(os.environ.get("top_srcdir") or os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))), "tests", "lib"))

import ldap

import gateway
import tap
from directory import domain_entry, ldif, user_entry
from faults import ROOT, Server

BASE = "dc=provost"
DOMAIN = "provostDomainName=alpha.example,ou=domains," + BASE
JOHN = "mail=john@alpha.example," + DOMAIN
ADMIN = "uid=admin,ou=principals," + BASE
PROVOST = os.path.join(gateway.BUILD, "provost")


def verify(server, *options, as_gateway=False):
    """Exit status and what it says: to a super administrator, or to the gateway's own user."""
    if "--keep-days" not in options:
        options = ("--keep-days", "30", *options)
    login = [] if as_gateway else ["--bind-dn", ADMIN, "--password-file", os.path.join(server.place, "password")]
    who = {"user": "provost", "group": "provost", "extra_groups": []} if as_gateway and ROOT else {}
    run = subprocess.run([PROVOST, "audit", "verify", "--ldap-uri", server.ldapi, "--base", BASE, *login, *options], stdout=subprocess.PIPE,
                         stderr=subprocess.STDOUT, text=True, timeout=60, check=False, **who)
    return run.returncode, run.stdout


def write(server, words):
    connection = server.admin()
    for word in words:
        connection.modify_s(JOHN, [(ldap.MOD_REPLACE, "description", word.encode())])
    connection.unbind_s()


def seals(server):
    connection = server.admin()
    try:
        return len(connection.search_s("ou=audit," + BASE, 1, "(objectClass=provostSeal)", ["1.1"]))
    except ldap.NO_SUCH_OBJECT:
        return 0
    finally:
        connection.unbind_s()


def entries_of(text):
    return [one for one in text.split("\n\n") if one.strip()]


def load(server, base, place, text):
    """Put another database in the place of one that is there."""
    server.stop()
    where = os.path.join(server.place, place)
    shutil.rmtree(where)
    os.mkdir(where, 0o700)
    server.slapadd(["-q", "-b", base], text)
    server.start()


def csn(entry):
    return re.search(r"(?m)^entryCSN: (\S+)", entry).group(1)


def cases(records):
    """What somebody does to the log, the text of it, and what is said of it."""
    head, rows = records[0], records[1:-1]  # the last one is not sealed
    joined = lambda some: "\n\n".join([head] + some) + "\n"
    ids = [csn(row) for row in rows]
    edited = [re.sub(r"(?m)^reqAuthzID: .*", "reqAuthzID: uid=nobody,ou=principals," + BASE, row) if i == 3 else row for i, row in enumerate(rows)]
    stranger = rows[4].replace(ids[4], ids[4].replace("#000000#", "#000001#", 1))
    stranger = re.sub(r"(?m)^(dn: reqStart|reqStart)([=:] ?)(\d{14})\.(\d{6})Z", lambda m: "%s%s%s.999999Z" % (m.group(1), m.group(2), m.group(3)), stranger)
    stranger = re.sub(r"(?m)^entryUUID: ........", "entryUUID: ffffffff", stranger)
    ancient = re.sub(r"(?m)^(dn: reqStart=|reqStart: |reqEnd: |entryCSN: )2\d{3}", r"\g<1>2001", stranger)
    swapped = list(rows)
    mods = [re.search(r"(?m)^reqMod:: .*|^reqMod: description.*", rows[i]).group(0) for i in (5, 6)]
    swapped[5], swapped[6] = rows[5].replace(mods[0], mods[1]), rows[6].replace(mods[1], mods[0])
    gone = "record %s, written in alpha.example, was removed"
    return [
        ("a record is edited", joined(edited), ["record %s of %s was changed" % (ids[3], JOHN)]),
        ("two exchange what they say", joined(swapped), ["record %s of %s was changed" % (ids[i], JOHN) for i in (5, 6)]),
        ("the first, one in the middle and the last are removed", joined(rows[1:2] + rows[3:-1]), [gone % ids[i] for i in (0, 2, -1)]),
        ("the end is cut off", joined(rows[:-3]), [gone % one for one in ids[-3:]]),
        ("one is added from long ago", joined([ancient] + rows), ["record %s of %s was added" % (csn(ancient), JOHN)]),
        ("one is added", joined(rows[:5] + [stranger] + rows[5:]), ["record %s of %s was added" % (csn(stranger), JOHN)]),
    ]


def tamper_with_log(server):
    text = server.slapcat("cn=accesslog")
    for what, tampered, want in cases(entries_of(text)):
        load(server, "cn=accesslog", "accesslog", tampered)
        status, said = verify(server)
        lines = [line for line in said.splitlines() if line.startswith("record ")]
        tap.is_((status, [re.sub(r" \(seal \d+\)$", "", line) for line in lines]), (2, want), what)
    load(server, "cn=accesslog", "accesslog", text)
    tap.is_(verify(server)[0], 0, "as it was, all is well again")


def tamper_with_seals(server, anchor):
    """The seals themselves."""
    text = server.slapcat(BASE)
    rows = entries_of(text)
    at = {int(re.search(r"(?m)^provostSealNumber: (\d+)", row).group(1)): row for row in rows if row.startswith("dn: provostSealNumber=")}
    newest = max(at)
    for what, tampered, options, want in (
            ("a seal is removed", [row for row in rows if row != at[2]], [], "seal 2 is missing"),
            ("one is changed", [row.replace("alpha.example", "gamma.example") if row == at[2] else row for row in rows], [], "seal 2 was changed"),
            ("the newest is cut off", [row for row in rows if row != at[newest]], ["--anchor", anchor], "seal %d, the anchor, is missing" % newest)):
        load(server, BASE, "database", "\n\n".join(tampered) + "\n")
        status, said = verify(server, *options)
        tap.ok(status == 2 and want in said.splitlines(), what, said)
    tap.is_(verify(server)[0], 0, "without an anchor nobody knows of a seal that is no more")
    load(server, BASE, "database", text)


def main():
    # As an older directory, without a place for seals.
    entries = ldif(DOMAIN, domain_entry("alpha.example")) + ldif(JOHN, user_entry("john@alpha.example"))
    # Where slapd deletes nothing, what somebody added from long ago stays to be found.
    keep = lambda config: re.sub(r"(?m)^olcAccessLogPurge: .*\n", "", config)
    with Server(entries=entries, edit=keep) as server:
        with open(os.path.join(server.place, "password"), "w", encoding="utf-8") as file:
            file.write(server.password("admin"))
        tap.is_(verify(server)[0], 1, "nothing is sealed as yet")
        root = server.slapcat(BASE)
        load(server, BASE, "database", "\n\n".join(row for row in entries_of(root) if not row.startswith("dn: ou=audit,")) + "\n")
        tap.is_(verify(server)[0], 3, "an older directory has no place for seals")
        with gateway.Gateway("--ldap-uri", server.ldapi, "--loops", "1") as g:
            for number in range(1, 4):
                write(server, ["word %d of %d" % (i, number) for i in range(4)])
                gateway.until(lambda: seals(server) >= number, "seal %d" % number, 20)
            told = lambda: re.findall(r"event=sealed number=(\d+) digest=(\w+)", g.log())
            found = gateway.until(lambda: told() if len(told()) >= seals(server) else None, "the log to tell of all of them", 20)
            tap.is_(g.stop(), 0, "the gateway makes it, and seals")
        anchor = "%s:%s" % found[-1]
        status, said = verify(server, "--anchor", anchor)
        tap.is_(status, 0, "all is as it was sealed")
        tap.ok("of 12 sealed records 12 are as they were" in said and "anchor " + anchor in said, "it says how much that is", said)
        write(server, ["one more"])
        tap.ok("1 are not yet sealed" in verify(server)[1], "what is newer is not sealed yet")
        tap.is_(verify(server, "--anchor", "1:" + "0" * 64)[0], 2, "another anchor is found out")
        tap.is_(verify(server, "--anchor", "1")[0], 3, "an anchor that is none is refused")
        unsaid = subprocess.run([PROVOST, "audit", "verify", "--ldap-uri", server.ldapi, "--base", BASE], capture_output=True, text=True, timeout=60,
                                check=False)
        tap.ok(unsaid.returncode == 3 and "--keep-days" in unsaid.stderr, "how long another directory keeps its log has to be said", unsaid.stderr)
        tap.is_(verify(server, as_gateway=True)[0], 0, "the gateway's user verifies, too")
        tamper_with_log(server)
        tamper_with_seals(server, anchor)
    tap.done()


if __name__ == "__main__":
    main()
