#!/usr/bin/python3
"""The generated Postfix and Dovecot configuration on a directory.

Entries are written to slapd directly; Postfix and Dovecot are real.  First
each table is asked by itself, then mail is sent and read.  Tables and logins
are tried on a second directory too, one without access rules: what is
disabled must be refused by the configuration alone.
"""

import concurrent.futures
import contextlib
import imaplib
import os
import re
import smtplib
import socket
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))

import mail
import tap

try:
    import directory
except ImportError as error:
    directory = None
    why_not = f"needs {error.name}"
else:
    why_not = mail.missing()

PASSWORD = "correct horse"
MASTER = "master's horse"
MEGABYTE = 1048576


def entries(place, sink):
    """LDIF of a small mail system; place(name, entry) gives one entry."""
    domain, user, alias = (directory.domain_entry, directory.user_entry,
                           directory.alias_entry)
    secret = {"userPassword": directory.crypt_hash(PASSWORD)}
    return "".join(place(*one) for one in (
        ("example.org", domain("example.org")),
        ("john@example.org", user(
            "john@example.org", **secret, provostQuotaBytes=str(10 * MEGABYTE),
            provostQuotaMessages="1000")),
        # The login name is not needed, and the largest quota fits.
        ("jane@example.org", user(
            "jane@example.org", **secret, uid=None,
            provostQuotaBytes="9223372036854775807",
            provostSender=["press@example.org", "@catch.example"])),
        ("tiny@example.org", user(
            "tiny@example.org", **secret, provostQuotaBytes="2000")),
        ("free@example.org", user(
            "free@example.org", **secret, provostQuotaBytes="0")),
        ("off@example.org", user("off@example.org", False, **secret)),
        # Just renamed: for a moment both addresses are his.
        ("newname@example.org", user(
            "newname@example.org", **secret, provostLocalPart=["newname", "oldname"],
            provostFormerAddress="oldname@example.org")),
        ("nologin@example.org", user(
            "nologin@example.org", **secret, provostLoginEnabled="FALSE")),
        ("robot@example.org", user(
            "robot@example.org", **secret, provostSendOnly="TRUE")),
        ("away@example.org", user(
            "away@example.org", **secret, provostDestination="away@out.example")),
        ("copy@example.org", user(
            "copy@example.org", **secret,
            provostDestination=["copy@example.org", "copy@out.example"])),
        ("sales@example.org", alias(
            "sales@example.org", ["john@example.org", "jane@example.org"],
            provostSenderAllowed="TRUE")),
        ("quiet@example.org", alias("quiet@example.org", ["jane@example.org"])),
        ("info@example.org", alias("info@example.org", ["sales@example.org"])),
        ("mixed@example.org", alias(
            "mixed@example.org", ["john@example.org", "friend@out.example"])),
        ("closed@example.org", alias(
            "closed@example.org", ["john@example.org"], False,
            provostSenderAllowed="TRUE")),

        # What belongs to the other kinds means nothing here.
        ("catch.example", domain(
            "catch.example", provostTargetDomain="example.org",
            provostTransport="smtp:[192.0.2.1]", provostVerifyRecipients="TRUE")),
        ("owner@catch.example", user("owner@catch.example", **secret)),
        ("frank@catch.example", user("frank@catch.example", **secret)),
        ("@catch.example", alias("@catch.example", ["owner@catch.example"])),

        ("off.example", domain("off.example", enabled=False)),
        ("zed@off.example", user("zed@off.example", **secret)),

        ("alias.example", domain(
            "alias.example", "alias", provostTargetDomain="example.org")),
        ("catchalias.example", domain(
            "catchalias.example", "alias", provostTargetDomain="catch.example")),
        ("offalias.example", domain(
            "offalias.example", "alias", False, provostTargetDomain="example.org")),

        ("relay.example", domain(
            "relay.example", "relay", provostVerifyRecipients="TRUE",
            provostTransport="smtp:[%s]:%d" % sink.address)),
        # Split: who has a mailbox here gets his mail here.
        ("boss@relay.example", user("boss@relay.example", **secret)),
        ("former@relay.example", user("former@relay.example", False, **secret)),
        ("bosses@relay.example", alias(
            "bosses@relay.example", ["boss@relay.example", "known@relay.example"])),
        ("blind.example", domain("blind.example", "relay")),
        ("maid@blind.example", user(
            "maid@blind.example", **secret,
            provostDestination=["maid@blind.example", "maid@out.example"])),
        ("offrelay.example", domain(
            "offrelay.example", "relay", False, provostTransport="smtp:[192.0.2.1]",
            provostVerifyRecipients="TRUE")),
    ))


# file, key, answer (several in any order)
MAPS = (
    ("virtual_mailbox_domains", "example.org", "example.org"),
    ("virtual_mailbox_domains", "Example.ORG", "example.org"),
    ("virtual_mailbox_domains", "off.example", None),
    ("virtual_mailbox_domains", "alias.example", None),
    ("virtual_mailbox_domains", "relay.example", None),
    ("virtual_mailbox_domains", "absent.example", None),
    ("virtual_mailbox_domains", "*", None),

    ("virtual_alias_domains", "alias.example", "alias.example"),
    ("virtual_alias_domains", "offalias.example", None),
    ("virtual_alias_domains", "example.org", None),

    ("relay_domains", "relay.example", "relay.example"),
    ("relay_domains", "blind.example", "blind.example"),
    ("relay_domains", "offrelay.example", None),
    ("relay_domains", "example.org", None),

    ("transport_maps", "relay.example", "smtp:[127.0.0.1]:{sink}"),
    ("transport_maps", "blind.example", None),
    ("transport_maps", "offrelay.example", None),
    ("transport_maps", "catch.example", None),
    ("transport_maps", "*", None),

    ("relay_address", "boss@relay.example", "boss@relay.example"),
    ("relay_address", "anyone@blind.example", "anyone@blind.example"),
    ("relay_address", "john@example.org", None),
    ("relay_address", "known@offrelay.example", None),
    ("relay_address", "relay.example", None),
    ("relay_address", "*", None),
    ("user_transport", "boss@relay.example", "lmtp:unix:private/dovecot-lmtp"),
    ("user_transport", "former@relay.example", None),
    ("user_transport", "bosses@relay.example", None),
    ("user_transport", "relay.example", None),
    ("relay_address+user_transport", "boss@relay.example",
     "lmtp:unix:private/dovecot-lmtp"),
    ("relay_address+user_transport", "john@example.org", None),
    ("relay_address+user_transport", "known@relay.example", None),
    ("relay_address+user_transport", "zed@off.example", None),

    ("virtual_mailbox_maps", "john@example.org", "john@example.org"),
    ("virtual_mailbox_maps", "JOHN@example.org", "john@example.org"),
    ("virtual_mailbox_maps", "jane@example.org", "jane@example.org"),
    ("virtual_mailbox_maps", "nologin@example.org", "nologin@example.org"),
    ("virtual_mailbox_maps", "off@example.org", None),
    ("virtual_mailbox_maps", "newname@example.org", "newname@example.org"),
    ("virtual_mailbox_maps", "oldname@example.org", "newname@example.org"),
    ("virtual_alias_maps", "oldname@example.org", "newname@example.org"),
    ("virtual_mailbox_maps", "sales@example.org", None),
    ("virtual_mailbox_maps", "nobody@example.org", None),
    ("virtual_mailbox_maps", "*@example.org", None),
    ("virtual_mailbox_maps", "@catch.example", None),

    ("virtual_alias_maps", "john@example.org", "john@example.org"),
    ("virtual_alias_maps", "sales@example.org", "john@example.org,jane@example.org"),
    ("virtual_alias_maps", "info@example.org", "sales@example.org"),
    ("virtual_alias_maps", "mixed@example.org", "john@example.org,friend@out.example"),
    ("virtual_alias_maps", "away@example.org", "away@out.example"),
    ("virtual_alias_maps", "copy@example.org", "copy@example.org,copy@out.example"),
    ("virtual_alias_maps", "@catch.example", "owner@catch.example"),
    ("virtual_alias_maps", "frank@catch.example", "frank@catch.example"),
    ("virtual_alias_maps", "random@catch.example", None),
    ("virtual_alias_maps", "@example.org", None),
    ("virtual_alias_maps", "closed@example.org", None),
    ("virtual_alias_maps", "off@example.org", None),
    ("virtual_alias_maps", "nobody@example.org", None),
    ("virtual_alias_maps", "example.org", None),
    ("virtual_alias_maps", "*", None),
    ("virtual_alias_maps", "john@example.org)(mail=*", None),

    ("domain_alias", "john@alias.example", "john@example.org"),
    ("domain_alias", "nobody@alias.example", "nobody@example.org"),
    ("domain_alias", "@alias.example", None),
    ("domain_alias", "alias.example", None),
    ("domain_alias", "john@offalias.example", None),
    # A local domain with a target is just being renamed: what it lacks is there.
    ("domain_alias", "john@catch.example", "john@example.org"),
    ("domain_alias+virtual_alias_maps", "john@alias.example", "john@example.org"),
    ("domain_alias+virtual_alias_maps", "sales@alias.example",
     "john@example.org,jane@example.org"),
    ("domain_alias+virtual_alias_maps", "nobody@alias.example", None),
    ("domain_alias+virtual_alias_maps", "random@catchalias.example", None),

    ("sender_login_maps", "john@example.org", "john@example.org"),
    ("sender_login_maps", "press@example.org", "jane@example.org"),
    ("sender_login_maps", "random@catch.example", "jane@example.org"),
    ("sender_login_maps", "frank@catch.example", "frank@catch.example,jane@example.org"),
    ("sender_login_maps", "off@example.org", None),
    ("sender_login_maps", "nobody@example.org", None),
    ("sender_login_maps", "*@example.org", None),
    ("sender_alias_maps", "sales@example.org", "john@example.org,jane@example.org"),
    ("sender_alias_maps", "quiet@example.org", None),
    ("sender_alias_maps", "closed@example.org", None),
    ("sender_alias_maps", "john@example.org", None),

    ("recipient_access", "relay.example", "reject_unverified_recipient"),
    ("recipient_access", "blind.example", None),
    ("recipient_access", "offrelay.example", None),
    ("recipient_access", "catch.example", None),
    ("send_only", "robot@example.org", "550 5.2.1 Address takes no mail"),
    ("send_only", "john@example.org", None),
    ("send_only", "example.org", None),
)

# recipient, answer, where it arrives
DELIVERIES = (
    ("john@example.org", 250, ["john@example.org"]),
    ("JOHN@Example.ORG", 250, ["john@example.org"]),
    ("john+tag@example.org", 250, ["john@example.org"]),
    ("jane@example.org", 250, ["jane@example.org"]),
    ("nologin@example.org", 250, ["nologin@example.org"]),
    ("sales@example.org", 250, ["john@example.org", "jane@example.org"]),
    ("sales+tag@example.org", 250, ["john@example.org", "jane@example.org"]),
    ("info@example.org", 250, ["john@example.org", "jane@example.org"]),
    ("mixed@example.org", 250, ["john@example.org", "friend@out.example"]),
    ("away@example.org", 250, ["away@out.example"]),
    ("copy@example.org", 250, ["copy@example.org", "copy@out.example"]),
    ("random@catch.example", 250, ["owner@catch.example"]),
    ("frank@catch.example", 250, ["frank@catch.example"]),
    ("frank+tag@catch.example", 250, ["frank@catch.example"]),
    ("john@alias.example", 250, ["john@example.org"]),
    ("john+tag@alias.example", 250, ["john@example.org"]),
    ("sales@alias.example", 250, ["john@example.org", "jane@example.org"]),
    ("frank@catchalias.example", 250, ["frank@catch.example"]),
    ("known@relay.example", 250, ["known@relay.example"]),
    ("anyone@blind.example", 250, ["anyone@blind.example"]),
    ("boss@relay.example", 250, ["boss@relay.example"]),
    ("Boss+tag@relay.example", 250, ["boss@relay.example"]),
    ("bosses@relay.example", 250, ["boss@relay.example", "known@relay.example"]),
    ("former@relay.example", 250, ["former@relay.example"]),
    ("maid@blind.example", 250, ["maid@blind.example", "maid@out.example"]),
    ("nobody@example.org", 550, []),
    ("off@example.org", 550, []),
    ("off+tag@example.org", 550, []),
    ("closed@example.org", 550, []),
    ("robot@example.org", 550, []),
    ("robot+tag@example.org", 550, []),
    ("robot@alias.example", 550, []),
    ("nobody@alias.example", 550, []),
    ("closed@alias.example", 550, []),
    ("random@catchalias.example", 550, []),
    ("unknown@relay.example", 550, []),
    ("zed@off.example", 554, []),
    ("john@offalias.example", 554, []),
    ("known@offrelay.example", 554, []),
    ("known@sub.relay.example", 554, []),
    ("john@sub.example.org", 554, []),
    ("friend@out.example", 554, []),
)

# login, envelope sender, answer
SENDERS = (
    ("john@example.org", "john@example.org", 250),
    ("John@Example.org", "john@example.org", 250),
    ("john@example.org", "JOHN@Example.org", 250),
    ("john@example.org", "john+tag@example.org", 250),
    ("john@example.org", "john@alias.example", 250),
    ("john@example.org", "sales@example.org", 250),
    ("john@example.org", "sales@alias.example", 250),
    ("john@example.org", "jane@example.org", 553),
    ("john@example.org", "info@example.org", 553),
    ("john@example.org", "copy@example.org", 553),
    ("john@example.org", "nobody@example.org", 553),
    ("john@example.org", "john@catch.example", 553),
    ("john@example.org", "stranger@out.example", 553),
    ("jane@example.org", "press@example.org", 250),
    ("jane@example.org", "random@catch.example", 250),
    ("jane@example.org", "frank@catch.example", 250),
    ("jane@example.org", "quiet@example.org", 553),
    ("owner@catch.example", "owner@catch.example", 250),
    ("owner@catch.example", "random@catch.example", 553),
    ("robot@example.org", "robot@example.org", 250),
    ("boss@relay.example", "boss@relay.example", 250),
    ("frank@catch.example", "frank@catchalias.example", 250),
)

# user, password, whether it logs in
LOGINS = (
    ("john@example.org", PASSWORD, True),
    ("JOHN@Example.Org", PASSWORD, True),
    ("jane@example.org", PASSWORD, True),
    ("robot@example.org", PASSWORD, True),
    ("boss@relay.example", PASSWORD, True),
    ("former@relay.example", PASSWORD, False),
    ("john@example.org", "wrong horse", False),
    ("john@example.org", "", False),
    ("john@example.org", "*", False),
    ("john", PASSWORD, False),
    ("*@example.org", PASSWORD, False),
    ("nobody@example.org", PASSWORD, False),
    ("sales@example.org", PASSWORD, False),
    ("john@alias.example", PASSWORD, False),
    ("off@example.org", PASSWORD, False),
    ("nologin@example.org", PASSWORD, False),
    ("zed@off.example", PASSWORD, False),
    ("john@example.org*keeper", MASTER, True),
    ("John@Example.org*keeper", MASTER, True),
    ("john@example.org*keeper", PASSWORD, False),
    ("john@example.org*jane@example.org", PASSWORD, False),
    ("keeper", MASTER, False),
    ("nobody@example.org*keeper", MASTER, False),
    ("off@example.org*keeper", MASTER, False),
    ("nologin@example.org*keeper", MASTER, False),
    ("zed@off.example*keeper", MASTER, False),
)

USERS = sorted("john jane tiny free nologin robot away copy".split())
USERS = [f"{user}@example.org" for user in USERS]
USERS += ["frank@catch.example", "owner@catch.example", "boss@relay.example",
          "maid@blind.example"]


def test_maps(postfix, sink, where):
    for table, key, wanted in MAPS:
        if "+" in table:
            first, second = (f"ldap:{postfix.directory}/{name}.cf"
                             for name in table.split("+"))
            got = postfix.postmap(f"pipemap:{{{first},{second}}}", key)
        else:
            got = postfix.postmap(table, key)
        if wanted is not None:
            wanted = sorted(wanted.format(sink=sink.address[1]).split(","))
        tap.is_(got and sorted(got.split(",")), wanted, f"{table}: {key}{where}")


def test_deliveries(postfix, dovecot, place, sink):
    """Each message's subject is its recipient; all must arrive, no other."""
    for number, (recipient, wanted, _) in enumerate(DELIVERIES):
        # Another sender each time: smtpd remembers answers for the pair.
        sender = f"s{number}@out.example"
        (code, text), = postfix.send(sender, [recipient], recipient).values()
        tap.ok(code == wanted, f"{wanted} for {recipient}", f"{code} {text}")
    postfix.wait_queue_empty()

    arrivals = {}
    for recipient, _, ends in DELIVERIES:
        for end in ends:
            arrivals.setdefault(end, []).append(recipient)
    for mailbox, subjects in sorted(arrivals.items()):
        if mailbox not in USERS:
            continue
        with can_log_in(place, mailbox):
            tap.is_(sorted(dovecot.imap_messages(mailbox, PASSWORD)),
                    sorted(subjects), f"mailbox of {mailbox}")
    tap.is_(sink.recipients(),
            sorted(end for _, _, ends in DELIVERIES for end in ends
                   if end not in USERS), "what went outside")


@contextlib.contextmanager
def can_log_in(place, address):
    """Let a user whose login is disabled read his mail for a moment."""
    if address != "nologin@example.org":
        yield
        return
    dn = place.address(address)
    replace(place, dn, provostLoginEnabled="TRUE")
    yield
    replace(place, dn, provostLoginEnabled="FALSE")


def replace(place, dn, **values):
    """Change attributes of an entry as an administrator does with LDAP."""
    connection = place.admin()
    connection.modify_s(dn, [(directory.ldap.MOD_REPLACE, name, [value.encode()])
                             for name, value in values.items()])
    connection.unbind_s()


def test_senders(postfix, dovecot):
    for login, sender, wanted in SENDERS:
        (code, text), = postfix.send(sender, ["frank@catch.example"], "sent",
                                     login=(login, PASSWORD)).values()
        tap.ok(code == wanted, f"{wanted} for {login} as {sender}", f"{code} {text}")
    replies = postfix.send("john@example.org",
                           ["nobody@example.org", "robot@example.org",
                            "friend@out.example"],
                           "sent", login=("john@example.org", PASSWORD))
    tap.is_([replies[name][0] for name in sorted(replies)], [250, 550, 550],
            "a user sends outside, not to unknown addresses")
    postfix.wait_queue_empty()
    subjects = dovecot.imap_messages("frank@catch.example", PASSWORD)
    tap.is_(subjects.count("sent"), sum(code == 250 for *_, code in SENDERS),
            "what was sent arrives")


def test_logins(dovecot, where):
    # At once: Dovecot takes half a second to say no.
    with concurrent.futures.ThreadPoolExecutor(len(LOGINS)) as pool:
        answers = list(pool.map(lambda row: dovecot.imap_login(*row[:2]), LOGINS))
    for (user, password, wanted), got in zip(LOGINS, answers):
        tap.is_(got, wanted, f"login of {user} with {password!r}{where}")


def test_doors(postfix, dovecot):
    """Who may come in where."""
    me = ("john@example.org", PASSWORD)
    with smtplib.SMTP(postfix.host, postfix.port, "client.test", 30) as smtp:
        smtp.ehlo()
        tap.ok(smtp.has_extn("starttls"), "port 25 offers TLS")
        smtp.starttls(context=mail.unverified())
        smtp.ehlo()
        tap.ok(not smtp.has_extn("auth"), "but no login")
    with smtplib.SMTP(postfix.host, postfix.submission, "client.test", 30) as smtp:
        smtp.ehlo()
        tap.ok(not smtp.has_extn("auth"), "submission offers no login in clear")
        tap.is_(smtp.mail("john@example.org")[0], 530, "and no mail")
        smtp.starttls(context=mail.unverified())
        smtp.ehlo()
        smtp.mail("john@example.org")
        tap.is_(smtp.rcpt("john@example.org")[0], 554, "nor mail without login")
    with smtplib.SMTP_SSL(postfix.host, postfix.submissions, "client.test",
                          context=mail.unverified()) as smtp:
        smtp.ehlo()
        smtp.mail("john@example.org")
        tap.is_(smtp.rcpt("john@example.org")[0], 554,
                "submissions takes no mail without login")
        smtp.rset()
        tap.is_(smtp.login(*me)[0], 235, "submissions takes the login")
    for login in ("off@example.org", "nologin@example.org", "zed@off.example"):
        try:
            postfix.send(login, ["john@example.org"], "no", login=(login, PASSWORD))
            code = 235
        except smtplib.SMTPAuthenticationError as error:
            code = error.smtp_code
        tap.is_(code, 535, f"{login} cannot submit")
    with imaplib.IMAP4(dovecot.host, dovecot.port, timeout=30) as imap:
        tap.ok("LOGINDISABLED" in imap.capabilities, "imap has no login in clear")
    with imaplib.IMAP4_SSL(dovecot.host, dovecot.imaps, timeout=30,
                           ssl_context=mail.unverified()) as imap:
        tap.is_(imap.login(*me)[0], "OK", "imaps takes the login")
        tap.is_(sorted(line.split(b" ")[-1] for line in imap.list()[1]),
                [b"Drafts", b"INBOX", b"Junk", b"Sent", b"Trash"], "mailboxes")
        tap.ok(b"STORAGE" in imap.getquotaroot("INBOX")[1][1][0],
               "the client is shown the quota")


def test_users(dovecot, mail_dir):
    listed = dovecot.doveadm("user", "*")
    tap.is_(sorted(listed.stdout.split()), sorted([*USERS, "newname@example.org", "zed@off.example"]),
            "doveadm user '*'")
    shown = dovecot.doveadm("user", "john@example.org").stdout
    fields = dict(line.split("\t", 1) for line in shown.splitlines()[1:])
    tap.is_(fields.get("home"), f"{mail_dir}/box-john-example-org",
            "the home is named by the mailbox id")
    for user in ("off@example.org", "zed@off.example", "nobody@example.org",
                 "sales@example.org", "@catch.example"):
        tap.is_(dovecot.doveadm("user", user).returncode, 67,
                f"no mailbox for {user}")
    tap.is_(dovecot.doveadm("user", "nologin@example.org").returncode, 0,
            "a mailbox for who may not log in")
    for user in ("newname@example.org", "oldname@example.org"):
        tap.ok(f"{mail_dir}/box-newname-example-org" in dovecot.doveadm("user", user).stdout,
               f"while he is being renamed, one mailbox for {user}")


def quota(dovecot, user):
    """{kind: limit} as doveadm shows them; None is unlimited."""
    shown = dovecot.doveadm("-f", "tab", "quota", "get", "-u", user).stdout
    rows = [line.split("\t") for line in shown.splitlines()[1:]]
    return {kind: None if limit == "-" else int(limit)
            for _, kind, _, limit, _ in rows}


def has_room(dovecot, recipient, size):
    """What quota-status answers Postfix."""
    with socket.create_connection((dovecot.host, dovecot.quota_status), 10) as peer:
        peer.sendall(f"request=smtpd_access_policy\nrecipient={recipient}\n"
                     f"size={size}\n\n".encode())
        return peer.recv(512).decode().strip()


def test_quota(postfix, dovecot, sink):
    for user, wanted in (
            ("john@example.org", {"STORAGE": 10240, "MESSAGE": 1000}),
            ("jane@example.org", {"STORAGE": 9007199254740992, "MESSAGE": None}),
            ("free@example.org", {"STORAGE": None, "MESSAGE": None}),
            ("owner@catch.example", {"STORAGE": None, "MESSAGE": None})):
        tap.is_(quota(dovecot, user), wanted, f"quota of {user}, KiB")
    for recipient, size, wanted in (
            ("tiny@example.org", 1000, "DUNNO"),
            ("tiny@example.org", 3000, "552 5.2.2 Mailbox is full"),
            ("nobody@example.org", 3000, "DUNNO"),
            ("john@example.org", 3000, "DUNNO")):
        tap.is_(has_room(dovecot, recipient, size), f"action={wanted}",
                f"room for {size} bytes with {recipient}")
    before = len(sink.messages)
    postfix.send("big@out.example", ["tiny@example.org"], "too big", "x" * 3000)
    postfix.wait_queue_empty()
    tap.is_(dovecot.imap_messages("tiny@example.org", PASSWORD), [],
            "what exceeds the quota does not arrive")
    returned = [message for message in sink.messages[before:]
                if message[1] == ["big@out.example"]]
    tap.ok(len(returned) == 1 and "552 5.2.2" in returned[0][2],
           "and is returned to the sender", returned)


def test_change(postfix, dovecot, place):
    """A change in the directory counts at once."""
    frank = ("frank@catch.example", PASSWORD)
    user, domain = place.address(frank[0]), place.domain("catch.example")
    replace(place, user, provostEnabled="FALSE")
    tap.is_(dovecot.imap_login(*frank), False, "a user just disabled is refused")
    replace(place, user, provostEnabled="TRUE")
    tap.is_(dovecot.imap_login(*frank), True, "and let in once enabled")
    replace(place, domain, provostEnabled="FALSE")
    tap.is_(dovecot.imap_login(*frank), False, "so are the users of a domain")
    postfix.reload()
    replies = postfix.send("new@out.example", [frank[0]], "late")
    tap.is_(replies[frank[0]][0], 554, "whose mail is refused after a reload")
    replace(place, domain, provostEnabled="TRUE")
    tap.is_(dovecot.imap_login(*frank), True, "until it is enabled again")


def test_secrets(postfix, dovecot):
    for name, server in (("Postfix", postfix), ("Dovecot", dovecot)):
        with open(server.log_file, errors="replace") as file:
            text = file.read()
        found = re.findall("|".join((re.escape(PASSWORD), MASTER, "wrong horse",
                                     "secret of", r"\$6\$")), text)
        tap.is_(found, [], f"no password in the log of {name}")
        complaints = [line for line in text.splitlines() if re.search(
            "warning|fatal|panic|error", line, re.I)
            and not re.search("SASL (PLAIN|LOGIN) authentication failed|" + mail.OF_THE_MACHINE, line)]
        tap.is_(complaints, [], f"{name} has nothing to complain about")


def entries_below(place, sink):
    return entries(
        lambda name, entry: directory.ldif(
            place.address(name) if "@" in name else place.domain(name), entry), sink)


def configure(place, top, **more):
    """Write both configurations below top; answers their paths."""
    paths = [os.path.join(top, name) for name in ("postfix", "dovecot", "mail")]
    masters = os.path.join(top, "masters")
    for path in paths[:2]:
        name = os.path.basename(path)
        mail.fill(name, path, BASE=place.base, LDAP_URI=place.url,
                  PASSWORD=place.password(name), MAIL_DIR=paths[2],
                  MASTER="", MASTER_USERS=masters, **more)
    with open(masters, "w") as file:
        file.write(f"keeper:{directory.crypt_hash(MASTER)}\n")
    return paths


LOOKUP = {"AUTH_BIND": "no", "PASSWORD_ATTRIBUTE": ",userPassword=password"}


def test_without_access_rules(top, sink):
    where = ", without access rules"
    bare = directory.Directory(base="o=mail", without_access_rules=True)
    bare.entries = entries_below(bare, sink)
    with bare:
        conf, dovecot_conf, mail_dir = configure(bare, top)
        postfix = mail.Postfix(conf)
        test_maps(postfix, sink, where)
        postfix.stop()
        with mail.Dovecot(dovecot_conf, mail_dir) as dovecot:
            test_logins(dovecot, where)
        _, dovecot_conf, mail_dir = configure(bare, top + "-lookup", **LOOKUP)
        with mail.Dovecot(dovecot_conf, mail_dir) as dovecot:
            test_logins(dovecot, where + ", by lookup")


def main():
    if why_not:
        print(f"1..0 # SKIP {why_not}")
        return
    with contextlib.ExitStack() as stack:
        tmp = stack.enter_context(tempfile.TemporaryDirectory(
            prefix="provost-maps-", dir="/tmp"))
        os.chmod(tmp, 0o755)
        sink = mail.Sink(refuse=["unknown@relay.example"])
        stack.callback(sink.close)
        place = directory.Directory()
        place.entries = entries_below(place, sink)
        stack.enter_context(place)
        conf, dovecot_conf, mail_dir = configure(place, os.path.join(tmp, "one"))
        postfix = stack.enter_context(mail.Postfix(conf, outside=sink.address))
        dovecot = stack.enter_context(
            mail.Dovecot(dovecot_conf, mail_dir, postfix.queue))

        test_maps(postfix, sink, "")
        test_logins(dovecot, "")
        test_without_access_rules(os.path.join(tmp, "two"), sink)
        test_deliveries(postfix, dovecot, place, sink)
        test_senders(postfix, dovecot)
        test_doors(postfix, dovecot)
        test_users(dovecot, mail_dir)
        test_quota(postfix, dovecot, sink)
        test_change(postfix, dovecot, place)
        test_secrets(postfix, dovecot)
    tap.done()


if __name__ == "__main__":
    main()
