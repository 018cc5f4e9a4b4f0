#!/usr/bin/python3
"""docker-mailserver with the files of provost config docker-mailserver, without the container.

What the container makes of the environment is done here again: in five tables of Postfix and one file of Dovecot, each with the keys
and defaults of its version 15, every key that the environment has by its prefix gets the value from there.  Each table is asked with
postmap -q, the rest by SMTP and IMAP: first with the environment alone, then with the other files.
"""

import contextlib
import os
import re
import shutil
import smtplib
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
JOHN, JANE = "john@example.org", "jane@example.org"

# The tables, the variable that has the filter of each, and their keys, each with a value that finds nothing.
TABLES = {"users": "USER", "groups": "GROUP", "aliases": "ALIAS", "domains": "DOMAIN", "senders": "SENDERS"}
TABLE_KEYS = {"bind": "yes", "bind_dn": "cn=nobody", "bind_pw": "none", "query_filter": "(mail=nowhere)", "result_attribute": "mail",
              "search_base": "dc=nowhere", "server_host": "nowhere", "start_tls": "no", "version": "3"}
DOVECOT_KEYS = {"base": "dc=nowhere", "default_pass_scheme": "SSHA", "dn": "cn=nobody", "dnpass": "none", "uris": "ldap://nowhere", "tls": "no",
                "ldap_version": "3", "pass_attrs": "uniqueIdentifier=user,userPassword=password", "pass_filter": "(uid=nowhere)",
                "user_attrs": "mailHomeDirectory=home", "user_filter": "(uid=nowhere)", "auth_bind": "no"}

# table, key, answer
ANSWERS = [
    ("domains", "example.org", "example.org"), ("domains", "Example.ORG", "example.org"), ("domains", "off.example", None),
    ("domains", "alias.example", None), ("domains", "relay.example", None), ("domains", "absent.example", None),
    ("users", JOHN, JOHN), ("users", "JOHN@example.org", JOHN), ("users", "off@example.org", None), ("users", "nologin@example.org", "nologin@example.org"),
    ("users", "sales@example.org", None), ("users", "nobody@example.org", None), ("users", "*@example.org", None),
    ("aliases", "sales@example.org", "jane@example.org,john@example.org"), ("aliases", "closed@example.org", None), ("aliases", JOHN, None),
    ("aliases", "@catch.example", "owner@catch.example"), ("aliases", "any@catch.example", None),
    ("groups", JOHN, JOHN), ("groups", "frank@catch.example", "frank@catch.example"), ("groups", "away@example.org", "away@example.org,away@out.example"),
    ("groups", "sales@example.org", None), ("groups", "off@example.org", None), ("groups", "@catch.example", None),
    ("senders", JOHN, JOHN), ("senders", "press@example.org", JANE), ("senders", "any@brand.example", JANE), ("senders", "@brand.example", JANE),
    ("senders", "sales@example.org", None), ("senders", "team@example.org", "jane@example.org,john@example.org"), ("senders", "off@example.org", None),
]
LOGINS = [(JOHN, PASSWORD, True), ("John@Example.ORG", PASSWORD, True), (JOHN, "wrong horse", False), ("off@example.org", PASSWORD, False),
          ("nologin@example.org", PASSWORD, False), ("zed@off.example", PASSWORD, False), ("sales@example.org", PASSWORD, False)]

# What the container has in its main.cf, as far as it matters here; @TABLES@ is where its tables are.
MAIN = """
compatibility_level = 2
mydestination = localhost
recipient_delimiter = +
smtpd_delay_reject = yes
smtpd_relay_restrictions = permit_mynetworks permit_sasl_authenticated defer_unauth_destination
smtpd_recipient_restrictions = permit_sasl_authenticated, permit_mynetworks, reject_unauth_destination, reject_unauth_pipelining
dms_smtpd_sender_restrictions = permit_sasl_authenticated, permit_mynetworks
mua_sender_restrictions = reject_authenticated_sender_login_mismatch, $dms_smtpd_sender_restrictions
mua_relay_restrictions = permit_sasl_authenticated, reject
mua_recipient_restrictions = permit_sasl_authenticated, reject
smtpd_sasl_type = dovecot
smtpd_sasl_path = private/auth
virtual_transport = lmtp:unix:private/dovecot-lmtp
smtputf8_enable = no
virtual_mailbox_domains = @TABLES@/vhost, ldap:@TABLES@/ldap-domains.cf
virtual_mailbox_maps = ldap:@TABLES@/ldap-users.cf
virtual_alias_maps = ldap:@TABLES@/ldap-aliases.cf, ldap:@TABLES@/ldap-groups.cf
smtpd_sender_login_maps = ldap:@TABLES@/ldap-senders.cf
"""
DOVECOT = """
protocols = imap lmtp
auth_mechanisms = plain login
mail_uid = 5000
mail_gid = 5000
first_valid_uid = 100
mail_location = maildir:@MAIL@/%d/%n
ssl_cert = </none
ssl_key = </none
passdb {
  driver = ldap
  args = @DIR@/dovecot-ldap.conf.ext
}
userdb {
  driver = ldap
  args = @DIR@/dovecot-ldap.conf.ext
}
!include_try override.conf
!include_try local.conf
"""


def entries(place):
    secret = {"userPassword": crypt_hash(PASSWORD)}
    domains = [domain_entry(name) for name in ("example.org", "catch.example", "brand.example")] + [
        domain_entry("off.example", enabled=False), domain_entry("alias.example", "alias", provostTargetDomain="example.org"),
        domain_entry("relay.example", "relay")]
    users = [user_entry(JOHN, provostQuotaBytes="1048576", **secret), user_entry("off@example.org", False, **secret),
             user_entry(JANE, provostSender=["press@example.org", "@brand.example"], **secret),
             user_entry("nologin@example.org", provostLoginEnabled="FALSE", **secret), user_entry("tiny@example.org", provostQuotaBytes="2000", **secret),
             user_entry("away@example.org", provostDestination="away@out.example", **secret), user_entry("zed@off.example", **secret),
             user_entry("robot@example.org", provostSendOnly="TRUE", **secret),
             user_entry("owner@catch.example", **secret), user_entry("frank@catch.example", **secret), user_entry("boss@relay.example", **secret)]
    aliases = [alias_entry("sales@example.org", [JOHN, JANE]), alias_entry("team@example.org", [JOHN, JANE], provostSenderAllowed="TRUE"),
               alias_entry("closed@example.org", [JOHN], False), alias_entry("@catch.example", ["owner@catch.example"])]
    return place.in_place(domains + users + aliases)


def generate(place, top):
    """What the client writes, and the variables in it."""
    words = []
    for service, option in (("postfix", "--password-file"), ("dovecot", "--dovecot-password-file")):
        path = os.path.join(top, service + "-password")
        with open(path, "w", encoding="utf-8") as file:
            file.write(place.password(service) + "\n")
        words += [option, path]
    directory = os.path.join(top, "config")
    done = subprocess.run([PROVOST, "config", "docker-mailserver", directory, "--base", place.base, "--ldap-uri", place.url, *words],
                          capture_output=True, text=True, check=False)
    tap.is_(done.returncode, 0, "provost config docker-mailserver")
    tap.ok("within the container" in done.stderr, "it warns of an address that a container does not reach", done.stderr)
    tap.is_(oct(os.stat(directory + "/mailserver.env").st_mode & 0o777), "0o640", "the variables are not for everybody")
    variables = {}
    with open(directory + "/mailserver.env", encoding="utf-8") as file:
        for line in file.read().splitlines():
            if line and line[0] != "#":
                key, _, value = line.partition("=")
                variables[key] = value
    tap.is_([key for key, value in variables.items() if re.search(r"[$'\"]|@[A-Z]+@", value)], [], "no variable needs quotes, which env_file would keep")
    return directory, variables


def render(keys, prefix, variables, path):
    """A file of "key = value" lines: each key that there is a variable of gets its value."""
    with open(path, "w", encoding="utf-8") as file:
        for key, value in keys.items():
            file.write("%s = %s\n" % (key, variables.get(prefix + key.upper(), value)))


def postfix_of(top, name, variables, *more):
    """A configuration for Postfix like the container's, and what overrides it."""
    directory = os.path.join(top, name)
    mail.fill("postfix", directory, BASE="dc=nowhere", LDAP_URI="ldap://nowhere", PASSWORD="none")
    for file in os.listdir(directory):
        if file not in ("main.cf", "master.cf"):
            os.remove(os.path.join(directory, file))
    for table, filter_of in TABLES.items():
        own = dict(variables, LDAP_QUERY_FILTER=variables["LDAP_QUERY_FILTER_" + filter_of])
        render(TABLE_KEYS, "LDAP_", own, "%s/ldap-%s.cf" % (directory, table))
    with open(directory + "/vhost", "w", encoding="utf-8") as file:
        file.write("mail.test\n")
    text = MAIN.replace("@TABLES@", directory) + "".join(more).replace("/etc/postfix/vhost", directory + "/vhost")
    with open(directory + "/main.cf", "w", encoding="utf-8") as file:
        file.write(text)
    return directory


def dovecot_of(top, name, variables, *more):
    directory, mail_dir = os.path.join(top, name), os.path.join(top, name + "-mail")
    os.mkdir(directory)
    render(DOVECOT_KEYS, "DOVECOT_", {key: value.replace("/var/mail", mail_dir) for key, value in variables.items()}, directory + "/dovecot-ldap.conf.ext")
    with open(directory + "/dovecot.conf", "w", encoding="utf-8") as file:
        file.write(DOVECOT.replace("@DIR@", directory).replace("@MAIL@", mail_dir))
    with open(directory + "/override.conf", "w", encoding="utf-8") as file:
        file.write("".join(more))
    return directory, mail_dir


def arrive(postfix, dovecot, where, rows):
    """Rows of a recipient, what is answered, and who has the message."""
    for number, (recipient, want, owners) in enumerate(rows):
        (code, text), = postfix.send("%s%d@sender.example" % (where[:4], number), [recipient], where + recipient).values()
        tap.ok(code == want, "%s: %d for %s" % (where, want, recipient), "%d %s" % (code, text))
        for owner in owners:
            dovecot.wait_for_message(owner, PASSWORD, where + recipient)
            tap.ok(True, "%s: %s has what was sent to %s" % (where, owner, recipient))


def sent(postfix, where, rows):
    for login, sender, want in rows:
        (code, text), = postfix.send(sender, ["owner@catch.example"], "sent", login=(login, PASSWORD)).values()
        tap.ok(code == want, "%s: %s as %s: %d" % (where, login, sender, want), "%d %s" % (code, text))


def environment_alone(top, variables):
    directory, mail_dir = dovecot_of(top, "dovecot-1", variables)
    with mail.Postfix(postfix_of(top, "postfix-1", variables)) as postfix, mail.Dovecot(directory, mail_dir, postfix.queue) as dovecot:
        for table, key, want in ANSWERS:
            got = postfix.postmap("ldap-" + table, key)
            tap.is_(got and ",".join(sorted(got.split(","))), want, "%s: %s" % (table, key))
        for user, password, want in LOGINS:
            tap.is_(dovecot.imap_login(user, password), want, "login of %s with %r" % (user, password))
        shown = dovecot.doveadm("user", "JOHN@example.org").stdout
        for want in (r"home\t%s/box-\S+/home" % mail_dir, r"mail\tmaildir:%s/box-\S+/mail" % mail_dir, r"quota_rule\t\*:bytes=1048576", r"uid\t5000"):
            tap.ok(re.search(want, shown), "doveadm user: " + want.partition("\\t")[0], shown)
        tap.ok("quota_rule" not in dovecot.doveadm("user", JANE).stdout, "who has no quota has no rule")
        arrive(postfix, dovecot, "alone: ", [
            (JOHN, 250, [JOHN]), ("John+tag@Example.org", 250, [JOHN]), ("sales@example.org", 250, [JOHN, JANE]),
            ("any@catch.example", 250, ["owner@catch.example"]), ("frank@catch.example", 250, ["frank@catch.example"]),
            ("nobody@example.org", 550, []), ("off@example.org", 550, []), ("closed@example.org", 550, []), ("zed@off.example", 554, [])])
        sent(postfix, "alone", [(JOHN, JOHN, 250), (JOHN, "john+x@example.org", 250), (JOHN, JANE, 553), (JANE, "press@example.org", 250),
                                (JANE, "any@brand.example", 250), (JOHN, "team@example.org", 250), (JOHN, "sales@example.org", 553)])
        postfix.wait_queue_empty()


def patch(place, config, directory, postfix_dir, quota_status):
    """Run what the container runs at last."""
    environment = {**os.environ, "PATH": mail.PATH, "PROVOST_FROM": config + "/provost", "PROVOST_TO": directory, "PROVOST_CONFIG": postfix_dir}
    done = subprocess.run(["/bin/bash", config + "/user-patches.sh"], env=environment, capture_output=True, text=True, check=False)
    tap.is_((done.returncode, done.stderr), (0, ""), "user-patches.sh")
    text = mail.run("postconf", "-c", postfix_dir, "-h", "smtpd_recipient_restrictions").stdout.strip()
    tap.ok(text.startswith("check_recipient_access pipemap") and text.endswith("check_policy_service inet:127.0.0.1:12340"), "the checks stand around what was there", text)
    mail.run("postconf", "-c", postfix_dir, "smtpd_recipient_restrictions = " + text.replace("127.0.0.1:12340", quota_status))


def all_files(place, top, config, variables):
    with open(config + "/postfix-main.cf", encoding="utf-8") as file:
        main = file.read()
    with open(config + "/dovecot.cf", encoding="utf-8") as file:
        override = file.read()
    if not os.path.exists("/usr/lib/dovecot/modules/lib90_sieve_plugin.so"):
        override = override.replace(" sieve", "")
    tables = os.path.join(top, "provost")
    postfix_dir = postfix_of(top, "postfix-2", variables, main.replace("/etc/postfix/provost", tables))
    kept = mail.run("postconf", "-c", postfix_dir, "-n").stdout
    with open(postfix_dir + "/main.cf", "w", encoding="utf-8") as file:
        file.write(kept)
    directory, mail_dir = dovecot_of(top, "dovecot-2", variables, override)
    postfix = mail.Postfix(postfix_dir)
    dovecot = mail.Dovecot(directory, mail_dir, postfix.queue)
    patch(place, config, tables, postfix_dir, "%s:%d" % (dovecot.host, dovecot.quota_status))
    with open(tables + "/user_transport.cf", encoding="utf-8") as file:
        text = file.read()
    tap.ok("result_format = lmtp:unix:/var/run/dovecot/lmtp\n" in text, "users of relay domains go where the container has its Dovecot")
    with open(tables + "/user_transport.cf", "w", encoding="utf-8") as file:
        file.write(text.replace("/var/run/dovecot/lmtp", "private/dovecot-lmtp"))
    with contextlib.ExitStack() as stack:
        stack.callback(shutil.rmtree, tables, ignore_errors=True)
        stack.enter_context(dovecot)
        stack.enter_context(postfix)
        arrive(postfix, dovecot, "files: ", [
            (JOHN, 250, [JOHN]), ("sales@example.org", 250, [JOHN, JANE]), ("john@alias.example", 250, [JOHN]), ("nobody@alias.example", 550, []),
            ("frank@catch.example", 250, ["frank@catch.example"]), ("any@catch.example", 250, ["owner@catch.example"]),
            ("boss@relay.example", 250, ["boss@relay.example"]), ("robot@example.org", 550, []), ("off@example.org", 550, [])])
        sent(postfix, "files", [(JOHN, JOHN, 250), (JOHN, "john@alias.example", 250), (JOHN, "team@example.org", 250), (JOHN, JANE, 553),
                                ("away@example.org", "away@example.org", 250)])
        with smtplib.SMTP(postfix.host, postfix.port, "client.test", 30) as smtp:
            smtp.ehlo()
            for size, want in ((1000, 250), (3000, 552)):
                smtp.mail("size%d@sender.example" % size, ["SIZE=%d" % size])
                tap.is_(smtp.rcpt("tiny@example.org")[0], want, "%d bytes for a mailbox of 2,000: %d" % (size, want))
                smtp.rset()
        got = dovecot.doveadm("quota", "get", "-u", JOHN).stdout
        tap.ok(re.search(r"STORAGE\s+\d+\s+1024\s", got), "the quota is in force", got)
        text = "".join(postfix.log(2000) + dovecot.log(2000))
        tap.ok(not re.search("secret-of|fatal|panic", text), "no secret and no failure in the logs", text[-2000:])


def main():
    place = PlainDirectory()
    place.entries = entries(place)
    with place, tempfile.TemporaryDirectory(prefix="provost-containers-", dir="/tmp") as top:
        os.chmod(top, 0o755)
        config, variables = generate(place, top)
        environment_alone(top, variables)
        all_files(place, top, config, variables)
    tap.done()


main()
