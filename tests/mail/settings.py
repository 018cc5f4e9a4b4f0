#!/usr/bin/python3
"""The settings that an operator takes over into a Postfix of his own are those of the generated main.cf.

The command in the head of main.cf is run on the main.cf of a fresh Debian, as a
shell runs it.  Then both have the same settings, but for those named here with a
reason.  So have docker-mailserver's, as far as the container has none of its own.
"""

import os
import re
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))

import mail
import tap

# What is found where Debian has a main.cf, and what its installation adds.
DEBIAN = "/usr/share/postfix/main.cf.debian"
INSTALLED = """
smtpd_relay_restrictions = permit_mynetworks permit_sasl_authenticated defer_unauth_destination
myhostname = mail.test
alias_maps = hash:/etc/aliases
alias_database = hash:/etc/aliases
mydestination = $myhostname, localhost
relayhost =
mynetworks = 127.0.0.0/8
mailbox_size_limit = 0
recipient_delimiter = +
inet_interfaces = all
"""

# What the operator has decided for this machine, and what is no matter of the directory.
OF_THE_MACHINE = {
    "compatibility_level", "myhostname", "myorigin", "mydestination", "mynetworks", "inet_interfaces", "inet_protocols",
    "alias_maps", "alias_database", "biff", "append_dot_mydomain", "message_size_limit", "smtpd_helo_required",
    "disable_vrfy_command", "smtpd_forbid_bare_newline", "smtpd_data_restrictions", "smtpd_relay_restrictions",
    "smtpd_sasl_auth_enable", "smtpd_sasl_security_options", "smtpd_tls_auth_only", "smtpd_tls_cert_file",
    "smtpd_tls_key_file", "smtpd_tls_security_level", "smtp_tls_security_level", "smtp_tls_CApath",
    "smtp_tls_session_cache_database", "unverified_recipient_reject_reason"}
# What is put into lists of his own by hand, as the head and docs/postfix.md say.
BY_HAND = {
    "provost_senders", "provost_being_renamed", "smtpd_sender_restrictions", "smtpd_recipient_restrictions",
    "mua_sender_restrictions", "mua_relay_restrictions", "mua_recipient_restrictions",
    "smtpd_policy_service_default_action", "smtpd_policy_service_timeout"}
# The container has these, or others for the same.
OF_THE_CONTAINER = {"provost", "virtual_mailbox_domains", "virtual_transport", "smtpd_sasl_type", "smtpd_sasl_path", "smtputf8_enable"}


def settings(directory):
    """{name: value} of main.cf there, with what values stand for in place of names."""
    values = {}
    for line in mail.run("postconf", "-c", directory, "-nx").stdout.splitlines():
        name, _, value = line.partition("=")
        values[name.strip()] = " ".join(value.split())
    values.pop("config_directory", None)  # where the file is
    return values


def value_in(directory, name):
    """Set or not."""
    return " ".join(mail.run("postconf", "-c", directory, "-hx", name).stdout.split())


def command_of(path):
    """The command in the head of main.cf, as it stands there, and the names it sets."""
    with open(path, encoding="ascii") as file:
        found = re.search(r"^#   postconf -c /etc/postfix.new -e (.*?[^\\])\n", file.read(), re.M | re.S)
    text = re.sub(r"^#", "", found.group(1), flags=re.M)
    return text, set(re.findall(r"'(\w+) =", text))


def fresh(directory):
    os.mkdir(directory)
    with open(DEBIAN, encoding="ascii") as source, open(directory + "/main.cf", "w", encoding="ascii") as file:
        file.write(source.read() + INSTALLED)


def test_command(top, name, **values):
    """Answers what the generated main.cf sets."""
    generated, own = os.path.join(top, name), os.path.join(top, name + "-own")
    mail.fill("postfix", generated, BASE="dc=test", LDAP_URI="ldap://127.0.0.1:3890", PASSWORD="secret", **values)
    fresh(own)
    command, names = command_of(generated + "/main.cf")
    mail.run("sh", "-c", "postconf -c '%s' -e %s" % (own, command))
    wanted = settings(generated)
    tap.is_(sorted(names - set(wanted)), [], name + ": the command sets nothing that main.cf does not")
    for setting, value in sorted(wanted.items()):
        if setting not in OF_THE_MACHINE | BY_HAND:
            tap.is_(value_in(own, setting), value, "%s: %s" % (name, setting))
    return wanted


def test_container(wanted):
    with open(os.path.join(mail.SOURCE, "docker-mailserver/postfix-main.cf"), encoding="ascii") as file:
        lines = [line.partition("=") for line in file if not line.startswith("#")]
    there = {name.strip(): value.strip() for name, _, value in lines}
    for setting, value in sorted(wanted.items()):
        if setting in OF_THE_MACHINE | BY_HAND | OF_THE_CONTAINER:
            continue
        if re.fullmatch(r"\w*", value):
            got = re.sub("@DELIMITER@", "+", there.get(setting, "none"))
            tap.is_(got, value, "docker-mailserver: " + setting)
        else:
            tap.ok(setting in there, "docker-mailserver: " + setting)


def main():
    if not os.path.exists(DEBIAN):
        print("1..0 # SKIP needs postfix as Debian has it")
        return
    with tempfile.TemporaryDirectory(prefix="provost-settings-") as top:
        wanted = test_command(top, "usual")
        test_command(top, "other", DELIMITER="-", PROPAGATE="", DELIVERY="lmtp:inet:127.0.0.1:24",
                     TAGGED=", regexp:/etc/postfix/tagged_senders.regexp")
        test_container(wanted)
    tap.done()


main()
