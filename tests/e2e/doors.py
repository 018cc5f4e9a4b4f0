#!/usr/bin/python3
"""Who may not log in is refused alike at IMAP, at SMTP AUTH and at a bind, whoever verifies the password; and what of his mail is taken.

Dovecot runs twice, once with the passdb that binds and once with the one that reads hashes; Postfix asks the first.
"""

import os
import smtplib
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.environ.get("top_srcdir") or os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))), "tests", "lib"))

import gateway
import mail
import tap

mail.skip_where_missing()

PASSWORD = "correct horse battery"
USERS = ["good@a.example", "off@a.example", "mute@a.example", "late@a.example", "zed@b.example"]
# user, whether he may log in, what a sender of mail to him is told
DOORS = [("good@a.example", True, 250), ("off@a.example", False, 550), ("mute@a.example", False, 250), ("late@a.example", False, 550),
         ("zed@b.example", False, 554)]


def configure(g, program, name, *options):
    target = os.path.join(g.top, name)
    done = subprocess.run([os.path.join(gateway.BUILD, "provost"), "config", program, target, "--state-dir", g.state, "--hostname", "mail.test",
                           *options], capture_output=True, text=True)
    tap.ok(done.returncode == 0, "provost config %s %s" % (program, " ".join(options[:2])), done.stderr)
    return target


def bind(g, address):
    dn = "mail=%s,provostDomainName=%s,ou=domains,dc=provost" % (address, address.split("@")[1])
    return subprocess.run(["ldapwhoami", "-x", "-H", g.ldap_url, "-D", dn, "-w", PASSWORD], capture_output=True).returncode


def submit(postfix, address):
    """What the submission service says to the login."""
    with smtplib.SMTP(postfix.host, postfix.submission, "client.test", 30) as smtp:
        smtp.ehlo()
        smtp.starttls(context=mail.unverified())
        smtp.ehlo()
        try:
            return smtp.login(address, PASSWORD)[0]
        except smtplib.SMTPAuthenticationError as error:
            return error.smtp_code


def doors(g, postfix, dovecots, moment, rows):
    for number, (user, may, mail_code) in enumerate(rows):
        for how, dovecot in dovecots.items():
            tap.is_(dovecot.imap_login(user, PASSWORD), may, "%s: IMAP, %s, for %s" % (moment, how, user))
        tap.is_(submit(postfix, user), 235 if may else 535, "%s: SMTP AUTH for %s" % (moment, user))
        tap.is_(bind(g, user), 0 if may else 49, "%s: a bind of %s" % (moment, user))
        (code, text), = postfix.send("%s%d@sender.example" % (moment, number), [user], moment).values()
        tap.ok(code == mail_code, "%s: mail for %s: %d" % (moment, user, mail_code), "%d %s" % (code, text))


def close(admin):
    soon = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 2))
    for path, change in [("users/off@a.example", {"enabled": False}), ("users/mute@a.example", {"login_enabled": False}),
                         ("users/late@a.example", {"expires_at": soon}), ("domains/b.example", {"enabled": False})]:
        tap.is_(admin.patch("/v1/" + path, change).status, 200, "%s %s" % (path, change))
    late = gateway.until(lambda: admin.get("/v1/users/late@a.example").json.get("state") == "expired", "expiry", 90)
    tap.ok(late, "the time of the one comes")


def main():
    with gateway.Gateway("--dovecot-reads-passwords", "yes") as g:
        admin = g.admin()
        made = [admin.post("/v1/domains", {"name": name}).status for name in ("a.example", "b.example")]
        made += [admin.post("/v1/users", {"address": user, "password": PASSWORD}).status for user in USERS]
        tap.is_(set(made), {201}, "domains and users")
        where = ["--mail-dir", g.top + "/mail", "--mail-uid", "5000", "--mail-gid", "5000"]
        bound = configure(g, "dovecot", "bind", "--passdb", "bind", *where)
        looked = configure(g, "dovecot", "lookup", "--passdb", "lookup", *where)
        with mail.Postfix(configure(g, "postfix", "postfix")) as postfix, mail.Dovecot(bound, g.top + "/mail", postfix.queue) as first, \
                mail.Dovecot(looked, g.top + "/mail") as second:
            dovecots = {"by bind": first, "by lookup": second}
            doors(g, postfix, dovecots, "open", [(user, True, 250) for user in USERS])
            close(admin)
            postfix.reload()
            doors(g, postfix, dovecots, "closed", DOORS)
        tap.is_(admin.complaints, [], "every reply was as described")
        tap.ok("Sanitizer" not in g.log() and "runtime error" not in g.log(), "no sanitizer report", g.log()[-4000:])
    tap.done()


main()
