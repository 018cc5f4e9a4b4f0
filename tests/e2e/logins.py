#!/usr/bin/python3
"""Who can log in to Dovecot and who gets mail from it, whether it binds or looks passwords up; master users."""

import concurrent.futures
import ctypes
import grp
import os
import re
import smtplib
import subprocess
import sys

sys.path.insert(0, os.path.join(os.environ.get("top_srcdir") or os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))), "tests", "lib"))

import gateway
import mail
import tap

mail.skip_where_missing()

PASSWORD, CHANGED, WRONG = "correct horse", "another horse", "wrong horse"
MASTER, SECOND_MASTER = "master's word", "other master's word"
SETTINGS = {"yescrypt": "$y$j9T$abcdefgh$", "gost-yescrypt": "$gy$j9T$abcdefgh$", "scrypt": "$7$CU..../....abcdefgh",
            "bcrypt": "$2b$05$abcdefghijklmnopqrstuu", "bcrypt-y": "$2y$05$abcdefghijklmnopqrstuu",
            "sha512-crypt": "$6$abcdefgh$", "sha256-crypt": "$5$abcdefgh$"}
JOHN, MARY, DOMAIN_OFF = "john@example.org", "mary@example.org", "zed@off.example"
OFF, NO_LOGIN, BARE, ALIAS = "off@example.org", "nologin@example.org", "bare@example.org", "sales@example.org"

_crypt = ctypes.CDLL("libcrypt.so.1")
_crypt.crypt.restype = ctypes.c_char_p
_crypt.crypt.argtypes = [ctypes.c_char_p, ctypes.c_char_p]


def crypt(password, setting):
    return _crypt.crypt(password.encode(), setting.encode()).decode()


def config(g, program, *options):
    """Run the real client; where it wrote to, and how it ended."""
    target = os.path.join(g.top, program + str(gateway.free_port()))
    done = subprocess.run([os.path.join(gateway.BUILD, "provost"), "config", program, target, *options],
                          capture_output=True, text=True)
    return target, done


def refusals(g):
    """A directory that shows no hash, and what else cannot be."""
    ours = ["--state-dir", g.state]
    _, done = config(g, "dovecot", *ours, "--passdb", "lookup")
    tap.ok(done.returncode == 1 and "--dovecot-reads-passwords yes" in done.stderr, "lookup is refused where no hash can be read", done.stderr)
    _, done = config(g, "dovecot", *ours, "--passdb", "lookup", "--ldap-uri", g.ldap_url)
    tap.ok(done.returncode == 1 and "--dovecot-reads-passwords yes" in done.stderr, "also if the same directory is named", done.stderr)
    target, done = config(g, "dovecot", *ours, "--passdb", "lookup", "--ldap-uri", "ldap://elsewhere.example")
    tap.ok(done.returncode == 0 and "ldap://elsewhere.example" in done.stderr and os.path.exists(target + "/dovecot.conf"),
           "of another directory there is a warning", done.stderr)
    for options, said in [(["--passdb", "both"], "bind or lookup"), (["--master-users", "/nonexistent/file"], "/nonexistent/file"),
                          (["--master-users", g.top + "/with blank"], "one word")]:
        with open(g.top + "/with blank", "w", encoding="utf-8"):
            pass
        target, done = config(g, "dovecot", *ours, *options)
        tap.ok(done.returncode == 1 and said in done.stderr and not os.listdir(target), "provost config dovecot " + " ".join(options), done.stderr)
    for options, want in [([], "none"), (["--dovecot-reads-passwords", "no"], "none"), (["--dovecot-reads-passwords", "yes"], "read")]:
        target, done = config(g, "slapd", "--base", "dc=provost", *options)
        with open(target + "/database.ldif", encoding="utf-8") as file:
            rights = re.findall(r"(?m)^  by dn.exact=\"cn=dovecot,.*set=.* (\S+)$", file.read())
        tap.is_((done.returncode, rights), (0, [want]), "provost config slapd " + " ".join(options))
    _, done = config(g, "slapd", "--base", "dc=provost", "--dovecot-reads-passwords", "maybe")
    tap.ok(done.returncode == 1 and "yes or no" in done.stderr, "provost config slapd --dovecot-reads-passwords maybe", done.stderr)
    done = subprocess.run([g.binary, "--dovecot-reads-passwords", "maybe", "--check-config"], capture_output=True, text=True)
    tap.ok(done.returncode == 1 and "yes or no" in done.stderr, "provostd --dovecot-reads-passwords maybe", done.stderr)


def create(admin):
    made = [admin.post("/v1/domains", {"name": name}) for name in ("example.org", "off.example")]
    for name, setting in SETTINGS.items():
        made.append(admin.post("/v1/users", {"address": name + "@example.org", "password_hash": "{CRYPT}" + crypt(PASSWORD, setting)}))
    for address in (JOHN, MARY, OFF, NO_LOGIN, DOMAIN_OFF):
        made.append(admin.post("/v1/users", {"address": address, "password": PASSWORD}))
    made.append(admin.post("/v1/users", {"address": BARE}))
    made.append(admin.post("/v1/aliases", {"address": ALIAS, "destinations": [JOHN]}))
    tap.is_({reply.status for reply in made}, {201}, "domains, users and an alias")
    changed = [admin.patch("/v1/users/" + OFF, {"enabled": False}), admin.patch("/v1/users/" + NO_LOGIN, {"login_enabled": False}),
               admin.patch("/v1/domains/off.example", {"enabled": False})]
    tap.is_({reply.status for reply in changed}, {200}, "some of them disabled")


def try_logins(dovecot, rows, mode):
    """Rows of login, password, whether it opens; at once, because Dovecot takes half a second to say no."""
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        got = list(pool.map(lambda row: dovecot.imap_login(*row[:2]), rows))
    for (login, password, want), opened in zip(rows, got):
        tap.is_(opened, want, "%s: %s with %s" % (mode, login, password if len(password) < 30 else password[:12] + "…"))


def own_logins(dovecot, mode):
    rows = [(name + "@example.org", PASSWORD, True) for name in SETTINGS]
    rows += [(name + "@example.org", WRONG, False) for name in SETTINGS]
    for name, setting in SETTINGS.items():
        rows += [(name + "@example.org", crypt(PASSWORD, setting), False), (name + "@example.org", "{CRYPT}" + crypt(PASSWORD, setting), False)]
    rows += [(JOHN, PASSWORD, True), ("John@Example.ORG", PASSWORD, True), (JOHN, "", False), (JOHN, WRONG, False)]
    rows += [(login, PASSWORD, False) for login in (OFF, NO_LOGIN, DOMAIN_OFF, BARE, ALIAS, "nobody@example.org", "john")]
    rows += [(BARE, "", False), (BARE, "{CRYPT}", False)]
    try_logins(dovecot, rows, mode)


def master_logins(dovecot, mode, masters):
    """The master's password opens what the user's would, and nothing else."""
    rows = [(JOHN + "*keeper", MASTER, True), ("JOHN@example.org*Keeper", MASTER, True), (JOHN + "*keeper", WRONG, False),
            (JOHN + "*keeper", PASSWORD, False), (JOHN + "*keeper", "", False), (JOHN, MASTER, False), ("keeper", MASTER, False),
            ("*keeper", MASTER, False), ("keeper*keeper", MASTER, False), (JOHN + "*nobody", MASTER, False),
            (JOHN + "*" + MARY, PASSWORD, False), (JOHN + "*keeper*keeper", MASTER, False), (JOHN + "*second", SECOND_MASTER, False)]
    rows += [(login + "*keeper", MASTER, False) for login in (OFF, NO_LOGIN, DOMAIN_OFF, ALIAS, "nobody@example.org", "x@nowhere.example", "john")]
    try_logins(dovecot, rows, mode)
    with open(masters, "a", encoding="utf-8") as file:
        file.write("second:{CRYPT}%s\n" % crypt(SECOND_MASTER, SETTINGS["yescrypt"]))
    # Dovecot looks at the time of the file, in seconds.
    mail.wait(lambda: dovecot.imap_login(JOHN + "*second", SECOND_MASTER), "the second master", log=dovecot.log)
    tap.ok(True, mode + ": a master just added is let in")


def deliver(dovecot, recipient):
    """Hand a message over by LMTP; the code for its recipient."""
    with smtplib.LMTP(dovecot.queue + "/private/dovecot-lmtp") as lmtp:
        lmtp.ehlo("client.test")
        lmtp.mail("sender@outside.example")
        code, _ = lmtp.rcpt(recipient)
        return lmtp.data("Subject: to %s\r\n\r\n" % recipient)[0] if code == 250 else code


def deliveries(dovecot, mode):
    for recipient, want in [(JOHN, 250), ("JOHN+tag@example.org", 250), (NO_LOGIN, 250), (OFF, 550), (DOMAIN_OFF, 550),
                            (ALIAS, 550), ("nobody@example.org", 550)]:
        tap.is_(deliver(dovecot, recipient), want, "%s: LMTP to %s" % (mode, recipient))
    tap.is_(dovecot.imap_messages(JOHN + "*keeper", MASTER), ["to " + JOHN, "to JOHN+tag@example.org"], mode + ": the master reads John's mail")


def changes(admin, dovecot, mode):
    """What is changed over HTTP counts for the next login."""
    himself = admin.as_(JOHN, PASSWORD)
    reply = himself.put("/v1/users/%s/password" % JOHN, {"password": CHANGED, "current": PASSWORD})
    tap.is_(reply.status, 204, mode + ": John changes his password")
    try_logins(dovecot, [(JOHN, CHANGED, True), (JOHN, PASSWORD, False), (JOHN + "*keeper", MASTER, True)], mode + ", then")
    for path, change in [("/v1/users/" + JOHN, {"enabled": False}), ("/v1/users/" + JOHN, {"enabled": True, "login_enabled": False}),
                         ("/v1/domains/example.org", {"enabled": False})]:
        tap.is_(admin.patch(path, change).status, 200, "%s: PATCH %s %s" % (mode, path, change))
        try_logins(dovecot, [(JOHN, CHANGED, False), (JOHN + "*keeper", MASTER, False)], mode + ", then")
        tap.is_(deliver(dovecot, JOHN), 250 if "login_enabled" in change else 550, mode + ", then: LMTP")
        tap.is_(admin.patch("/v1/users/" + JOHN, {"enabled": True, "login_enabled": True}).status, 200, mode + ": the user back again")
    try_logins(dovecot, [(MARY, PASSWORD, False), (MARY + "*keeper", MASTER, False), ("yescrypt@example.org", PASSWORD, False)], mode + ", domain disabled")
    tap.is_(dovecot.doveadm("user", MARY).returncode, 67, mode + ", domain disabled: no such user")
    tap.is_(admin.patch("/v1/domains/example.org", {"enabled": True}).status, 200, mode + ": the domain back again")
    try_logins(dovecot, [(JOHN, CHANGED, True), (JOHN + "*keeper", MASTER, True)], mode + ", then")


def log_is_clean(dovecot, mode):
    with open(dovecot.log_file, encoding="utf-8", errors="replace") as file:
        text = file.read()
    for who in (JOHN, "keeper", "second"):
        tap.ok("Login: user=<%s>, by=<%s>" % (JOHN, who) in text, "%s: the log tells of %s" % (mode, who), text[-2000:])
    words = [PASSWORD, CHANGED, WRONG, MASTER, SECOND_MASTER] + [setting[:8] for setting in SETTINGS.values()] + ["{CRYPT}"]
    tap.is_([word for word in words if word in text], [], mode + ": no password and no hash")
    tap.is_([line for line in text.splitlines() if re.search("error|fatal|panic", line, re.I)], [], mode + ": and no error")


def serve(mode, allowed):
    """All of it, with Dovecot in one of its two ways."""
    with gateway.Gateway("--dovecot-reads-passwords", allowed) as g:
        admin = g.admin()
        if allowed == "no":
            refusals(g)
        create(admin)
        masters = os.path.join(g.top, "masters")
        # As the manual says: for Dovecot's group, and as doveadm pw prints it.
        with open(masters, "w", encoding="utf-8") as file:
            file.write("keeper:{SHA512-CRYPT}%s\n" % crypt(MASTER, SETTINGS["sha512-crypt"]))
        os.chown(masters, 0, grp.getgrnam("dovecot").gr_gid)
        os.chmod(masters, 0o640)
        directory, done = config(g, "dovecot", "--state-dir", g.state, "--passdb", mode, "--master-users", masters, "--hostname", "mail.test",
                                 "--mail-dir", g.top + "/mail", "--mail-uid", "5000", "--mail-gid", "5000")
        tap.ok(done.returncode == 0 and done.stderr == "", "provost config dovecot --passdb " + mode, done.stderr)
        with mail.Dovecot(directory, g.top + "/mail") as dovecot:
            own_logins(dovecot, mode)
            deliveries(dovecot, mode)
            master_logins(dovecot, mode, masters)
            changes(admin, dovecot, mode)
            log_is_clean(dovecot, mode)
            os.remove(masters)
            try_logins(dovecot, [(JOHN, CHANGED, True)], mode + ", the file of masters gone")
        tap.is_(admin.complaints, [], "every reply was as described")
        tap.ok("Sanitizer" not in g.log() and "runtime error" not in g.log(), "no sanitizer report", g.log()[-4000:])


def allowed_no_more():
    """The right is taken back at the next start; Dovecot then lets nobody in, and says nothing of a hash."""
    with gateway.Gateway("--dovecot-reads-passwords", "yes") as g:
        admin = g.admin()
        create(admin)
        directory, done = config(g, "dovecot", "--state-dir", g.state, "--passdb", "lookup", "--mail-dir", g.top + "/mail", "--mail-uid", "5000",
                                 "--mail-gid", "5000")
        tap.is_(done.returncode, 0, "lookup while it is allowed")
        with mail.Dovecot(directory, g.top + "/mail") as dovecot:
            tap.ok(dovecot.imap_login(JOHN, PASSWORD), "a login")
            tap.ok(not dovecot.imap_login(JOHN + "*keeper", MASTER), "there is no master unless one was asked for")
            g.stop()
            g.options[g.options.index("yes")] = "no"
            g.start()
            mail.wait(lambda: "UNAVAILABLE" not in said(dovecot), "Dovecot's way back", log=dovecot.log)
            tap.ok(not dovecot.imap_login(JOHN, PASSWORD), "no login any more")
            log_has_none = [word for word in (PASSWORD, "$y$") if word in dovecot.log(1000)]
            tap.is_(log_has_none, [], "no password and no hash in the log")
        _, done = config(g, "dovecot", "--state-dir", g.state, "--passdb", "lookup")
        tap.is_(done.returncode, 1, "and provost config refuses")


def said(dovecot):
    client = dovecot.imap()
    try:
        client.login(JOHN, PASSWORD)
        return "welcome"
    except client.error as error:
        return str(error)
    finally:
        client.logout()


def main():
    serve("bind", "no")
    serve("lookup", "yes")
    allowed_no_more()
    tap.done()


main()
