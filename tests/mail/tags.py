#!/usr/bin/python3
"""Tags in addresses: the delimiter that provost config was told, and whether a tagged address may send.

For each choice real Postfix and Dovecot run with what the client wrote; mail arrives by SMTP, and is sent with a login of Dovecot.
"""

import os
import re
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.environ.get("top_srcdir") or os.path.join(os.path.dirname(os.path.abspath(__file__)), "../.."), "tests/lib"))

import mail
import tap

mail.skip_where_missing()

from directory import PlainDirectory, alias_entry, crypt_hash, domain_entry, user_entry

PROVOST = os.path.join(os.environ.get("top_builddir", "."), "provost")
PASSWORD = "correct horse"
JOHN, MARY, ANN = "john@example.org", "mary-ann@example.org", "mary@example.org"

# Options; recipient and whose mailbox it is (None: 550); sender and what John is told.
CHOICES = [
    ([], [("john+x@example.org", JOHN), ("JOHN+X+y@example.org", JOHN), ("sales+x@example.org", JOHN), ("john+x@alias.example", JOHN),
          ("john-x@example.org", None), ("nobody+x@example.org", None), ("boss+x@relay.example", "boss@relay.example")],
     [(JOHN, 250), ("john+x@example.org", 250), ("john+x@alias.example", 250), ("mary+x@example.org", 553), ("press+x@example.org", 250)]),
    (["--tagged-senders", "no"], [("john+x@example.org", JOHN), (JOHN, JOHN)],
     [(JOHN, 250), ("john+x@example.org", 553), ("john+x@alias.example", 553), ("john@alias.example", 250), ("mary+x@example.org", 553),
      ("press@example.org", 250), ("press+x@example.org", 553), ("granted+x@example.org", 250), ("granted+y@example.org", 553)]),
    (["--delimiter", "-"], [("john-x@example.org", JOHN), ("john-x-y@example.org", JOHN), ("mary-ann@example.org", MARY), ("mary-x@example.org", ANN),
                            ("john-x@alias.example", JOHN), ("sales-x@example.org", JOHN), ("mary-ann@alias.example", MARY),
                            ("owner-x@example.org", "owner@example.org"), ("boss-x@relay.example", "boss@relay.example"),
                            ("john+x@example.org", None), ("nobody-x@example.org", None)],
     [(JOHN, 250), ("john-x@example.org", 250), ("mary-ann@example.org", 553), ("john+x@example.org", 553)]),
    (["--delimiter", "-", "--tagged-senders", "no"], [], [(JOHN, 250), ("john-x@example.org", 553), ("granted-x@example.org", 250)]),
    (["--delimiter", "off"], [("john+x@example.org", None), (JOHN, JOHN), ("john-x@example.org", None), (MARY, MARY)],
     [(JOHN, 250), ("john+x@example.org", 553), ("granted+x@example.org", 250)]),
]


def entries(place):
    secret = {"userPassword": crypt_hash(PASSWORD)}
    domains = [domain_entry("example.org"), domain_entry("alias.example", "alias", provostTargetDomain="example.org"), domain_entry("relay.example", "relay")]
    users = [user_entry(name, **secret) for name in (MARY, ANN, "owner@example.org", "boss@relay.example")]
    users.append(user_entry(JOHN, provostSender=["press@example.org", "granted+x@example.org", "granted-x@example.org"], **secret))
    return place.in_place([*domains, *users, alias_entry("sales@example.org", [JOHN])])


def config(place, program, top, *options):
    password, directory = os.path.join(top, program + "-password"), os.path.join(top, program)
    with open(password, "w", encoding="utf-8") as file:
        file.write(place.password(program))
    done = subprocess.run([PROVOST, "config", program, directory, "--base", place.base, "--ldap-uri", place.url, "--password-file", password,
                           "--hostname", "mail.test", "--mail-dir", os.path.join(top, "mail"), "--mail-uid", "5000", "--mail-gid", "5000", *options],
                          capture_output=True, text=True, check=False)
    tap.is_((done.returncode, done.stderr), (0, ""), "provost config %s %s" % (program, " ".join(options)))
    return directory


def try_choice(place, top, options, arrivals, senders):
    where = " ".join(options) or "by default"
    dovecot_options = options[:2] if options[:1] == ["--delimiter"] else []
    with mail.Postfix(config(place, "postfix", top, *options)) as postfix, \
            mail.Dovecot(config(place, "dovecot", top, *dovecot_options), os.path.join(top, "mail"), postfix.queue) as dovecot:
        for number, (recipient, owner) in enumerate(arrivals):
            (code, text), = postfix.send("s%d@out.example" % number, [recipient], recipient).values()
            tap.is_(code, 250 if owner else 550, "%s: mail for %s (%s)" % (where, recipient, text))
        postfix.wait_queue_empty()
        for owner in sorted({owner for _, owner in arrivals if owner}):
            tap.is_(sorted(dovecot.imap_messages(owner, PASSWORD)), sorted(rcpt for rcpt, whose in arrivals if whose == owner),
                    "%s: what %s has" % (where, owner))
        for sender, want in senders:
            (code, text), = postfix.send(sender, [ANN], "sent", login=(JOHN, PASSWORD)).values()
            tap.is_(code, want, "%s: John as %s (%s)" % (where, sender, text))
        postfix.wait_queue_empty()
        tap.is_([line for line in postfix.log(1000).splitlines() if "warning" in line and "clock" not in line and "time stamps" not in line], [],
                "%s: Postfix has nothing to complain about" % where)


def refusals(place, top):
    for program, options in [("postfix", ["--delimiter", "++"]), ("postfix", ["--delimiter", ""]), ("postfix", ["--delimiter", "a"]),
                             ("postfix", ["--delimiter", "#"]), ("dovecot", ["--delimiter", "."]), ("postfix", ["--tagged-senders", "maybe"]),
                             ("postfix", ["--delivery", "dovecot"]), ("postfix", ["--delivery", "lmtp:unix: x"]), ("dovecot", ["--dict", "a:b"]),
                             ("dovecot", ["--dovecot-version", "2.2"]), ("exim", [])]:
        done = subprocess.run([PROVOST, "config", program, os.path.join(top, "never"), "--base", place.base, "--ldap-uri", place.url,
                               "--password-file", "/dev/null", *options], capture_output=True, text=True, check=False)
        tap.ok(done.returncode == 1 and done.stderr.startswith("provost: ") and done.stderr.count("\n") == 1, "refused: " + " ".join(options), done.stderr)


def other_form(place, top):
    """No Dovecot 2.4 is here to read its form: what can be seen in it without one."""
    with open(config(place, "dovecot", top, "--dovecot-version", "2.4", "--dict", "/run/provost/dict", "--delimiter", "~") + "/dovecot.conf",
              encoding="utf-8") as file:
        lines = [line.strip() for line in file.read().splitlines()]
    settings = [line for line in lines if line and line[0] != "#"]
    tap.is_(settings[:2], ["dovecot_config_version = 2.4.0", "dovecot_storage_version = 2.4.0"], "the versions come first")
    depth, wrong = 0, []
    for line in settings:
        depth += line.endswith("{") - (line == "}")
        wrong += [line] if depth < 0 or not (line.endswith("{") or line == "}" or " = " in line or line.startswith("!include_try ")) else []
    tap.is_((depth, wrong), (0, []), "every line is a setting or a section, and all are closed")
    text = "\n".join(settings)
    tap.is_([word for word in ("driver = ldap", "ldap_auth_dn_password = secret-of-dovecot", "recipient_delimiter = ~", "quota_clone = yes",
                               "dict_proxy_socket_path = /run/provost/dict") if word not in text], [], "it says what it was told")
    old = re.findall(r"%[a-zA-Z$]|^plugin|^args =|pass_attrs|user_attrs|quota_rule|disable_plaintext_auth|mail_location|@[A-Z_]+@", text, re.M)
    tap.is_(old, [], "nothing in it is of the form for 2.3")


def main():
    place = PlainDirectory()
    place.entries = entries(place)
    with place, tempfile.TemporaryDirectory(prefix="provost-tags-", dir="/tmp") as top:
        os.chmod(top, 0o755)
        for number, (options, arrivals, senders) in enumerate(CHOICES):
            here = os.path.join(top, str(number))
            os.mkdir(here)
            try_choice(place, here, options, arrivals, senders)
        other_form(place, top)
        refusals(place, top)
    tap.done()


main()
