#!/usr/bin/python3
"""Mail for an address that is being renamed is put off, and no other."""

import os
import re
import sys
import tempfile

sys.path.insert(0, os.path.join(os.environ.get("top_srcdir") or os.path.join(os.path.dirname(os.path.abspath(__file__)), "../.."), "tests/lib"))

import mail
import tap

mail.skip_where_missing()

import ldap
from directory import Directory, add_list, alias_entry, crypt_hash, domain_entry, ldif, user_entry

PASSWORD = "correct horse"
OLD, NEW = "john@example.org", "johnny@example.org"
LATER = (450, "4.2.1")

# recipient, code while it is being renamed, before, and afterwards
RECIPIENTS = [
    ("john@example.org", LATER, 250, 550),
    ("JOHN@Example.ORG", LATER, 250, 550),
    ("john+tag@example.org", LATER, 250, 550),
    ("john@alias.example", LATER, 250, 550),
    ("john+tag@alias.example", LATER, 250, 550),
    ("johnny@example.org", LATER, 550, 250),
    ("johnny+tag@example.org", LATER, 550, 250),
    ("johnny@alias.example", LATER, 550, 250),
    # Under way as well, with a local part before a plus sign that is nobody's, a domain and half an address.
    ("gone@example.org", LATER, 550, 550),
    ("any@catch.example", LATER, 250, 250),
    ("jane@example.org", 250, 250, 250),
    ("jane+john@example.org", 250, 250, 250),
    ("jane@alias.example", 250, 250, 250),
    ("other@catch.example", 250, 250, 250),
    ("nobody@example.org", 550, 550, 550),
    ("nobody@alias.example", 550, 550, 550),
    ("john@jane.example", 250, 250, 250),
    ("john@off.example", 554, 554, 554),
    ("far@out.example", 554, 554, 554),
]
NAMES = [OLD, NEW, "gone@example.org", "any@catch.example", "far@out.example", "john@off.example", "jane.example", "jane@", "@jane.example", "nobody"]


def entries(place):
    secret = {"userPassword": crypt_hash(PASSWORD)}
    rows = [(place.domain(name), domain_entry(name)) for name in ("example.org", "catch.example", "jane.example")]
    rows += [(place.domain("off.example"), domain_entry("off.example", enabled=False)),
             (place.domain("alias.example"), domain_entry("alias.example", "alias", provostTargetDomain="example.org"))]
    rows += [(place.address(name), user_entry(name, **secret)) for name in ("jane@example.org", "john@jane.example", "owner@catch.example", "john@off.example")]
    rows += [(place.address(OLD), user_entry(OLD, uid=None, **secret)),
             (place.address("@catch.example"), alias_entry("@catch.example", ["owner@catch.example"]))]
    return "".join(ldif(*row) for row in rows)


def journal(place, number):
    return place.dn("provostJournalId=%s" % number, "ou=journal")


def ask(postfix, moment, column, **more):
    """What each recipient is told; another sender each time, because smtpd remembers answers for the pair."""
    for row in RECIPIENTS:
        sender = "%s%d@out.example" % (moment.replace(" ", "-"), RECIPIENTS.index(row))
        (code, text), = postfix.send(sender, [row[0]], moment, **more).values()
        want = row[column]
        tap.is_((code, text.split()[0]) if want == LATER else code, want, "%s: %s" % (moment, row[0]))
        if want == LATER:
            tap.is_(text.count("being renamed"), 1, "%s: %s is told once why" % (moment, row[0]))


def map_answers(postfix, place):
    """The table by itself, before it is made an action."""
    for key, found in [(OLD, True), (NEW.upper(), True), ("gone@example.org", True), ("jane@example.org", False), ("jane.example", False),
                       ("jane@", False), ("@jane.example", False), ("*@example.org", False), ("nobody", False), ("john+tag@example.org", False),
                       ("*", False), ("john@example.org)(objectClass=*", False)]:
        tap.is_(postfix.postmap("being_renamed", key) is not None, found, "being_renamed: " + key)
    settings = mail.run("postconf", "-c", postfix.directory, "-hx", "provost_being_renamed").stdout.strip()
    tap.is_(postfix.postmap("pipemap:{%s}" % settings.replace("proxy:ldap:", "ldap:"), OLD), "450 4.2.1 The address is being renamed, try again in a moment",
            "of several names comes one action")


def rename(place):
    """The three steps, as an administrator makes them."""
    admin = place.admin()
    admin.modify_s(place.address(OLD), [(ldap.MOD_ADD, "provostLocalPart", [b"johnny"])])
    admin.rename_s(place.address(OLD), "mail=" + NEW, None, 1)
    admin.modify_s(place.address(NEW), [(ldap.MOD_DELETE, "provostLocalPart", [b"john"])])


def submission(postfix, code):
    reply = postfix.send("jane@example.org", [NEW, "jane@example.org"], "from within", login=("jane@example.org", PASSWORD))
    tap.is_((reply[NEW][0], reply["jane@example.org"][0]), (code, 250), "a user's mail to him is answered %d" % code)


def follow(place, postfix, dovecot):
    gateway = place.external()
    ask(postfix, "before", 2)
    submission(postfix, 550)
    entry = {"objectClass": ["provostJournal"], "provostJournalId": ["c1"], "provostJournalState": ["running"], "provostJournalName": NAMES}
    gateway.add_s(journal(place, "c1"), add_list(entry))
    map_answers(postfix, place)
    ask(postfix, "under way", 1)
    submission(postfix, 450)
    # Nobody else can begin to rename the same address.
    try:
        gateway.add_s(journal(place, "c2"), add_list(dict(entry, provostJournalId=["c2"])))
        tap.ok(False, "an address is claimed once")
    except ldap.CONSTRAINT_VIOLATION:
        tap.ok(True, "an address is claimed once")
    rename(place)
    ask(postfix, "renamed", 1)
    gateway.delete_s(journal(place, "c1"))
    ask(postfix, "done", 3)
    submission(postfix, 250)
    postfix.wait_queue_empty()
    subjects = dovecot.imap_messages(NEW, PASSWORD)
    tap.is_(sorted(subjects), sorted(["before"] * 5 + ["done"] * 3 + ["from within"]), "what was taken is in his mailbox, under both names")


def without_directory(place, postfix):
    place.stop()
    for recipient in (NEW, "jane@example.org", "nobody@example.org"):
        (code, text), = postfix.send("s@out.example", [recipient], "without").values()
        tap.ok(code == 451 and text.startswith("4.3.0"), "without the directory: %s is put off" % recipient, (code, text))


def main():
    place = Directory()
    place.entries = entries(place)
    with tempfile.TemporaryDirectory(prefix="provost-renames-", dir="/tmp") as top, place:
        os.chmod(top, 0o755)
        paths = [os.path.join(top, name) for name in ("postfix", "dovecot")]
        for path in paths:
            name = os.path.basename(path)
            mail.fill(name, path, BASE=place.base, LDAP_URI=place.url, PASSWORD=place.password(name), MAIL_DIR=top + "/mail")
        with mail.Postfix(paths[0]) as postfix, mail.Dovecot(paths[1], top + "/mail", postfix.queue) as dovecot:
            follow(place, postfix, dovecot)
            complaints = [line for line in postfix.log(10000).splitlines() if "warning" in line and not re.search(mail.OF_THE_MACHINE, line)]
            tap.is_(complaints, [], "Postfix has nothing to complain about")
            without_directory(place, postfix)
    tap.done()


main()
