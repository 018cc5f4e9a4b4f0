#!/usr/bin/python3
"""Who may send as whom, by real submission: what is set over HTTP and with LDAP tools counts for the next message."""

import os
import smtplib
import subprocess
import sys

sys.path.insert(0, os.path.join(os.environ.get("top_srcdir") or os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))), "tests", "lib"))

import gateway
import mail
import tap

mail.skip_where_missing()

JOHN, MARY, EVE = "john@example.org", "mary@example.org", "eve@brand.example"
PASSWORD, MASTER = "correct horse", "master's horse"
MINE, NOT_MINE = 250, 553


def ldap_tool(g, tool, text):
    """Run ldapadd or ldapmodify as the administrator."""
    done = subprocess.run([tool, "-x", "-H", g.ldap_url, "-D", "uid=admin,ou=principals,dc=provost", "-w", g.secret("admin-password")],
                          input=text, capture_output=True, text=True)
    tap.ok(done.returncode == 0, "%s %s" % (tool, text.split("\n")[0]), done.stderr)


def domain_dn(name):
    return "provostDomainName=%s,ou=domains,dc=provost" % name


def dn(address):
    return "mail=%s,%s" % (address, domain_dn(address.split("@")[1]))


def modify(g, name, how, attribute, *values):
    lines = ["dn: " + name, "changetype: modify", "%s: %s" % (how, attribute)] + ["%s: %s" % (attribute, value) for value in values]
    ldap_tool(g, "ldapmodify", "\n".join(lines) + "\n")


def try_senders(postfix, moment, rows):
    """Rows of login, sender, what the submission service says."""
    for login, sender, want in rows:
        who, _, _ = login.partition("*")
        password = MASTER if "*" in login else PASSWORD
        (code, text), = postfix.send(sender, [EVE], "from " + sender, login=(login, password)).values()
        good = code == want and (code == MINE or text.startswith("5.7.1") and "not owned by user " + who in text)
        tap.ok(good, "%s: %s as %s: %d" % (moment, login, sender, want), "%d %s" % (code, text))


def create(g, admin):
    made = [admin.post("/v1/domains", {"name": name}) for name in ("example.org", "brand.example")]
    made += [admin.post("/v1/users", {"address": address, "password": PASSWORD}) for address in (JOHN, MARY, EVE)]
    made += [admin.post("/v1/aliases", {"address": "team@example.org", "destinations": [JOHN, MARY, "friend@outside.example"]}),
             admin.post("/v1/aliases", {"address": "all@example.org", "destinations": ["team@example.org"]})]
    tap.is_({reply.status for reply in made}, {201}, "domains, users and aliases")


def as_made(postfix):
    try_senders(postfix, "as made", [
        (JOHN, JOHN, MINE), (JOHN, "JOHN@Example.ORG", MINE), ("John@EXAMPLE.org", JOHN, MINE),
        (JOHN, "john+lists@example.org", MINE), (JOHN, "John+Lists@example.org", MINE), (MARY, MARY, MINE),
        (JOHN, MARY, NOT_MINE), (JOHN, "mary+x@example.org", NOT_MINE), (JOHN, "john-x@example.org", NOT_MINE),
        (JOHN, "nobody@example.org", NOT_MINE), (JOHN, "john@brand.example", NOT_MINE), (JOHN, "john@outside.example", NOT_MINE),
        (JOHN, "*@example.org", NOT_MINE), (JOHN, "team@example.org", NOT_MINE), (JOHN, "all@example.org", NOT_MINE),
        (JOHN, "press@example.org", NOT_MINE), (JOHN, "any@brand.example", NOT_MINE), (JOHN, "john@example.net", NOT_MINE),
        (JOHN + "*keeper", JOHN, MINE), (JOHN + "*keeper", MARY, NOT_MINE)])


def with_more(g, admin, postfix):
    """Further senders, an alias whose destinations may use it, an alias domain."""
    modify(g, dn(JOHN), "add", "provostSender", "press@example.org", "@brand.example")
    try_senders(postfix, "further senders", [
        (JOHN, "press@example.org", MINE), (JOHN, "Press@example.org", MINE), (JOHN, "press+x@example.org", MINE),
        (JOHN, "any@brand.example", MINE), (JOHN, EVE, MINE), (EVE, EVE, MINE), (JOHN, "any@sub.brand.example", NOT_MINE),
        (MARY, "press@example.org", NOT_MINE), (MARY, "any@brand.example", NOT_MINE), (EVE, "any@brand.example", NOT_MINE)])
    modify(g, dn("team@example.org"), "replace", "provostSenderAllowed", "TRUE")
    try_senders(postfix, "an alias allowed", [
        (JOHN, "team@example.org", MINE), (MARY, "Team+x@example.org", MINE), (EVE, "team@example.org", NOT_MINE),
        (JOHN, "all@example.org", NOT_MINE)])
    ldap_tool(g, "ldapadd", "dn: %s\nobjectClass: provostDomain\nprovostDomainName: example.net\nprovostDomainKind: alias\n"
              "provostTargetDomain: example.org\nprovostEnabled: TRUE\n" % domain_dn("example.net"))
    try_senders(postfix, "an alias domain", [
        (JOHN, "john@example.net", MINE), (JOHN, "John+x@Example.NET", MINE), (JOHN, "mary@example.net", NOT_MINE),
        (MARY, "team@example.net", MINE), (EVE, "team@example.net", NOT_MINE), (JOHN, "nobody@example.net", NOT_MINE)])


def with_less(g, admin, postfix):
    modify(g, dn(JOHN), "delete", "provostSender", "@brand.example")
    modify(g, domain_dn("example.net"), "replace", "provostEnabled", "FALSE")
    tap.is_(admin.patch("/v1/aliases/team@example.org", {"destinations": [MARY]}).status, 200, "John leaves the team")
    try_senders(postfix, "taken back", [
        (JOHN, "any@brand.example", NOT_MINE), (JOHN, "press@example.org", MINE), (JOHN, "john@example.net", NOT_MINE),
        (JOHN, "team@example.org", NOT_MINE), (MARY, "team@example.org", MINE), (JOHN, JOHN, MINE)])
    tap.is_(admin.patch("/v1/aliases/team@example.org", {"enabled": False}).status, 200, "the alias is disabled")
    try_senders(postfix, "the alias disabled", [(MARY, "team@example.org", NOT_MINE)])


def disabled(admin, postfix):
    """Whoever is disabled sends nothing: not after a new login, and not in a session that is open."""
    with smtplib.SMTP(postfix.host, postfix.submission, "client.test", 30) as smtp:
        smtp.ehlo()
        smtp.starttls(context=mail.unverified())
        smtp.login(JOHN, PASSWORD)
        for enabled, want in ((True, 250), (False, 553), (True, 250)):
            tap.is_(admin.patch("/v1/users/" + JOHN, {"enabled": enabled}).status, 200, "John enabled: %s" % enabled)
            smtp.rset()
            smtp.mail(JOHN)
            tap.is_(smtp.rcpt(EVE)[0], want, "in his open session he is told %d" % want)
    for path, change, back in [("/v1/users/" + JOHN, {"enabled": False}, {"enabled": True}),
                               ("/v1/users/" + JOHN, {"login_enabled": False}, {"login_enabled": True}),
                               ("/v1/domains/example.org", {"enabled": False}, {"enabled": True})]:
        tap.is_(admin.patch(path, change).status, 200, "%s %s" % (path, change))
        for login, password in ((JOHN, PASSWORD), (JOHN + "*keeper", MASTER)):
            try:
                postfix.send(JOHN, [EVE], "never", login=(login, password))
                code = 235
            except smtplib.SMTPAuthenticationError as error:
                code = error.smtp_code
            tap.is_(code, 535, "%s cannot log in to submit" % login)
        tap.is_(admin.patch(path, back).status, 200, "%s %s" % (path, back))
    try_senders(postfix, "enabled again", [(JOHN, JOHN, MINE)])


def configure(g, program, *options):
    target = os.path.join(g.top, program)
    done = subprocess.run([os.path.join(gateway.BUILD, "provost"), "config", program, target, "--state-dir", g.state, "--hostname", "mail.test",
                           *options], capture_output=True, text=True)
    tap.ok(done.returncode == 0, "provost config " + program, done.stderr)
    return target


def main():
    with gateway.Gateway() as g:
        admin = g.admin()
        create(g, admin)
        masters = os.path.join(g.top, "masters")
        with open(masters, "w", encoding="utf-8") as file:
            file.write("keeper:{PLAIN}%s\n" % MASTER)
        os.chmod(masters, 0o644)
        dovecot_dir = configure(g, "dovecot", "--master-users", masters, "--mail-dir", g.top + "/mail", "--mail-uid", "5000", "--mail-gid", "5000")
        with mail.Postfix(configure(g, "postfix")) as postfix, mail.Dovecot(dovecot_dir, g.top + "/mail", postfix.queue) as dovecot:
            as_made(postfix)
            with_more(g, admin, postfix)
            with_less(g, admin, postfix)
            disabled(admin, postfix)
            postfix.wait_queue_empty()
            subjects = dovecot.imap_messages(EVE, PASSWORD)
            tap.ok("from " + JOHN in subjects and "from john@example.net" in subjects and "never" not in subjects, "what was sent arrives", subjects)
        tap.is_(admin.complaints, [], "every reply was as described")
        tap.ok("Sanitizer" not in g.log() and "runtime error" not in g.log(), "no sanitizer report", g.log()[-4000:])
    tap.done()


main()
