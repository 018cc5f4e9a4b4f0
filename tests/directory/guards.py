#!/usr/bin/python3
"""Wrong writes, sent with ldapmodify by everybody there is: slapd itself refuses each, and says why."""

import os
import re
import subprocess
import sys

sys.path.insert(0, os.path.join(os.environ.get("top_srcdir") or os.path.join(os.path.dirname(os.path.abspath(__file__)), "../.."), "tests/lib"))
import tap
from directory import CREDENTIALS, Directory, alias_entry, crypt_hash, domain_entry, ldif, principal_entry, user_entry

LDAPMODIFY = os.environ.get("LDAPMODIFY", "/usr/bin/ldapmodify")
BASE = "dc=provost"
PASSWORD = "correct horse"
HASH = crypt_hash(PASSWORD)
DOMAINS, PRINCIPALS = "ou=domains," + BASE, "ou=principals," + BASE
OWN, OTHER, TWIN = ("provostDomainName=%s.example,%s" % (name, DOMAINS) for name in ("own", "other", "twin"))


def below(domain, local):
    return "mail=%s@%s,%s" % (local, domain.split(",")[0].partition("=")[2], domain)


JOHN, ADAM, DAVE, ROOT, BOSS, INFO, ANN, HALF, PART = (below(OWN, name) for name in ("john", "adam", "dave", "root", "boss", "info", "ann", "half", "part"))
# Named in roles, and nobody is there.
GONE_ADMIN, GONE_OWNER = below(OWN, "gone-admin"), below(OWN, "gone-owner")
FOREIGN = below(OTHER, "fred")
ADMINISTRATORS = "cn=administrators,ou=roles," + BASE
USAGE = {"objectClass": ["provostUsage"], "cn": ["usage"], "provostUsageOf": ["box-john-own-example"], "provostUsedBytes": ["5"]}
NUMBERED = {"provostNumber": "7", "provostScramSha256": "{SCRAM-SHA-256}secret"}

ENTRIES = "".join(
    ldif(dn, entry)
    for dn, entry in (
        (OWN, domain_entry("own.example", provostOwner=["uid=olga," + PRINCIPALS, BOSS, GONE_OWNER], provostAdministrator=ADAM.upper().replace("MAIL=", "mail= "), provostViewer="uid=vera," + PRINCIPALS)),
        (OTHER, domain_entry("other.example", provostOwner="uid=rival," + PRINCIPALS, provostViewer="uid=olga," + PRINCIPALS)),
        (TWIN, domain_entry("twin.example", kind="alias", provostTargetDomain="own.example", provostOwner="uid=OLGA, OU=principals," + BASE)),
        (JOHN, user_entry("john@own.example", userPassword=HASH, **NUMBERED)),
        ("cn=usage," + JOHN, USAGE),
        (ADAM, user_entry("adam@own.example", userPassword=HASH)),
        (DAVE, user_entry("dave@own.example", enabled=False, userPassword=HASH)),
        (ROOT, user_entry("root@own.example", userPassword=HASH)),
        (BOSS, user_entry("boss@own.example", userPassword=HASH)),
        (ANN, user_entry("ann@own.example")),
        (HALF, user_entry("half@own.example", uid=None, provostLocalPart=["half", "gone-admin"])),
        (PART, user_entry("part@own.example", uid=None, provostLocalPart=["part", "gone-owner"])),
        (INFO, alias_entry("info@own.example", ["john@own.example"])),
        (FOREIGN, user_entry("fred@other.example", userPassword=HASH, provostSender="press@other.example")),
        ("uid=olga," + PRINCIPALS, principal_entry("olga", userPassword=HASH)),
        ("uid=vera," + PRINCIPALS, principal_entry("vera", userPassword=HASH)),
        ("uid=rival," + PRINCIPALS, principal_entry("rival", userPassword=HASH)),
        ("cn=staff,ou=groups," + BASE, {"objectClass": ["groupOfNames"], "cn": ["staff"], "member": [ADAM]}),
    )
)

DONE, CONSTRAINT, SYNTAX, NO_SUCH, REFUSED, NAMING, CLASS, NONLEAF, TAKEN = 0, 19, 21, 32, 50, 64, 65, 66, 68
ROLES = ("admin", "owner", "administrator")
OTHERS = ("viewer", "user", "stranger", "postfix", "dovecot", "sso")
# Those who may write nothing are not always told the same: what overlays refuse they refuse before rights are asked.
NOTHING = {CONSTRAINT, SYNTAX, NO_SUCH, REFUSED, CLASS, NAMING, TAKEN}


def add(dn, entry):
    return "dn: %s\nchangetype: add\n%s" % (dn, ldif(dn, entry).partition("\n")[2])


def modify(dn, verb, attribute, *values):
    return "dn: %s\nchangetype: modify\n%s: %s\n%s" % (dn, verb, attribute, "".join("%s: %s\n" % (attribute, value) for value in values))


def rename(dn, rdn, parent=None):
    return "dn: %s\nchangetype: modrdn\nnewrdn: %s\ndeleteoldrdn: 1\n%s" % (dn, rdn, "newsuperior: %s\n" % parent if parent else "")


def delete(dn):
    return "dn: %s\nchangetype: delete\n" % dn


def new_user(local="new", domain="own.example", **more):
    return user_entry("%s@%s" % (local, domain), **dict({"provostMailboxId": "0123456789abcdef"}, **more))


NEW = below(OWN, "new")
# What is wrong, how it is written, and what becomes of it for a super administrator, an owner and an administrator of
# the domain; None: it is right for him. "relaxed" is sent with the relax control.
WRONG = [
    ("a malformed address", add("mail=a b@own.example," + OWN, alias_entry("a b@own.example", ["x@else.example"])), CONSTRAINT, CONSTRAINT, CONSTRAINT),
    ("an address in capitals", add("mail=New@own.example," + OWN, new_user("New")), CONSTRAINT, CONSTRAINT, CONSTRAINT),
    ("an address of another domain", add("mail=new@other.example," + OWN, new_user(domain="other.example")), CONSTRAINT, CONSTRAINT, CONSTRAINT),
    ("an address of no domain of ours", add("mail=new@else.example," + OWN, new_user(domain="else.example")), CONSTRAINT, CONSTRAINT, CONSTRAINT),
    ("a user in another domain", add("mail=new@other.example," + OTHER, new_user(domain="other.example")), None, REFUSED, REFUSED),
    ("an alias in another domain", add("mail=new@other.example," + OTHER, alias_entry("new@other.example", ["x@else.example"])), None, REFUSED, REFUSED),
    ("the address changed to another domain's", modify(JOHN, "add", "mail", "john@other.example"), CONSTRAINT, CONSTRAINT, CONSTRAINT),
    ("the same, relaxed", modify(JOHN, "add", "mail", "john@other.example"), None, REFUSED, REFUSED),
    ("an address renamed to another domain's", rename(JOHN, "mail=john@other.example"), CONSTRAINT, CONSTRAINT, CONSTRAINT),
    ("an address renamed without its local part", rename(JOHN, "mail=jim@own.example"), CONSTRAINT, CONSTRAINT, CONSTRAINT),
    ("a name that a super administrator's role still has", rename(HALF, "mail=gone-admin@own.example"), None, REFUSED, REFUSED),
    ("the same, relaxed", rename(HALF, "mail=gone-admin@own.example"), None, REFUSED, REFUSED),
    ("a name that an owner's role still has", rename(PART, "mail=gone-owner@own.example"), None, None, REFUSED),
    ("the same, relaxed", rename(PART, "mail=gone-owner@own.example"), None, None, REFUSED),
    ("a new user of that name", add(GONE_ADMIN, new_user("gone-admin")), None, REFUSED, REFUSED),
    ("an alias of that name", add(GONE_ADMIN, alias_entry("gone-admin@own.example", ["x@else.example"])), None, REFUSED, REFUSED),
    ("an alias that is a user as well", add(GONE_OWNER, alias_entry("gone-owner@own.example", ["x@else.example"], objectClass=["provostAlias", "provostUser"],
                                                                    provostMailboxId="0123456789abcdef")), None, None, REFUSED),
    ("a user moved to another domain", rename(INFO, "mail=info@own.example", OTHER), CONSTRAINT, CONSTRAINT, CONSTRAINT),
    ("a user moved with his address", rename(INFO, "mail=info@other.example", OTHER), None, REFUSED, REFUSED),
    ("a user moved below another", rename(INFO, "mail=info@own.example", ANN), CONSTRAINT, CONSTRAINT, CONSTRAINT),
    ("an address that is taken", add(JOHN, new_user("john")), {TAKEN, CONSTRAINT}, {TAKEN, CONSTRAINT}, {TAKEN, CONSTRAINT}),
    ("a taken address under another name", add("cn=john," + OWN, new_user("john")), CONSTRAINT, CONSTRAINT, CONSTRAINT),
    ("a free one under another name", add("cn=new," + OWN, new_user()), CONSTRAINT, CONSTRAINT, CONSTRAINT),
    ("an alias under another name", add("provostLocalPart=new," + OWN, alias_entry("new@own.example", ["x@else.example"])), CONSTRAINT, CONSTRAINT, CONSTRAINT),
    ("a name of two parts", add("mail=new@own.example+cn=new," + OWN, new_user()), CONSTRAINT, CONSTRAINT, CONSTRAINT),
    ("the mailbox of another", add(NEW, new_user(provostMailboxId="box-john-own-example")), CONSTRAINT, CONSTRAINT, CONSTRAINT),
    ("a mailbox that is a path", add(NEW, new_user(provostMailboxId="../../etc/passwd")), CONSTRAINT, CONSTRAINT, CONSTRAINT),
    ("another mailbox", modify(JOHN, "replace", "provostMailboxId", "0123456789abcdef"), None, REFUSED, REFUSED),
    ("a path for a mailbox, relaxed", modify(JOHN, "replace", "provostMailboxId", "../../../etc"), REFUSED, REFUSED, REFUSED),
    ("no mailbox", modify(JOHN, "delete", "provostMailboxId"), CLASS, REFUSED, REFUSED),
    ("a hash without its scheme", modify(JOHN, "replace", "userPassword", HASH[7:]), CONSTRAINT, CONSTRAINT, CONSTRAINT),
    ("a clear-text password", modify(JOHN, "replace", "userPassword", "secret"), CONSTRAINT, CONSTRAINT, CONSTRAINT),
    ("a clear-text password, relaxed", modify(JOHN, "replace", "userPassword", "secret"), REFUSED, REFUSED, REFUSED),
    ("junk for SCRAM, relaxed", modify(JOHN, "replace", "provostScramSha256", "{SCRAM-SHA-256}4096,junk"), REFUSED, REFUSED, REFUSED),
    ("too many rounds for SCRAM, relaxed", modify(JOHN, "replace", "provostScramSha1", CREDENTIALS["provostScramSha1"].replace("4096", "999999999")), REFUSED, REFUSED, REFUSED),
    ("a clear-text form for CRAM-MD5, relaxed", modify(JOHN, "replace", "provostCramMd5", "{PLAIN}secret"), REFUSED, REFUSED, REFUSED),
    ("a second password", modify(JOHN, "add", "userPassword", crypt_hash("other")), CONSTRAINT, CONSTRAINT, CONSTRAINT),
    ("a new user's clear-text password", add(NEW, new_user(userPassword="secret")), CONSTRAINT, CONSTRAINT, CONSTRAINT),
    ("a negative quota", modify(JOHN, "replace", "provostQuotaBytes", "-1"), CONSTRAINT, CONSTRAINT, CONSTRAINT),
    ("a quota that is too large", modify(JOHN, "replace", "provostQuotaBytes", "9223372036854775808"), CONSTRAINT, CONSTRAINT, CONSTRAINT),
    ("a quota that is no number", modify(JOHN, "replace", "provostQuotaBytes", "1G"), SYNTAX, SYNTAX, SYNTAX),
    ("a malformed destination", modify(JOHN, "replace", "provostDestination", "|/bin/sh"), CONSTRAINT, CONSTRAINT, CONSTRAINT),
    ("a malformed expiry", modify(JOHN, "replace", "provostExpires", "tomorrow"), SYNTAX, SYNTAX, SYNTAX),
    ("a malformed boolean", modify(JOHN, "replace", "provostEnabled", "yes"), SYNTAX, SYNTAX, SYNTAX),
    ("a login that is not the address", modify(JOHN, "replace", "uid", "john"), CONSTRAINT, CONSTRAINT, CONSTRAINT),
    ("another's login, relaxed", modify(JOHN, "replace", "uid", "fred@other.example"), CONSTRAINT, CONSTRAINT, CONSTRAINT),
    ("a login in another domain, relaxed", modify(JOHN, "replace", "uid", "new@other.example"), None, REFUSED, REFUSED),
    ("a former address of another domain", modify(JOHN, "add", "provostFormerAddress", "fred@other.example"), CONSTRAINT, CONSTRAINT, CONSTRAINT),
    ("the same, relaxed", modify(JOHN, "add", "provostFormerAddress", "fred@other.example"), None, REFUSED, REFUSED),
    ("a former address he never had", modify(JOHN, "add", "provostFormerAddress", "ceo@own.example"), CONSTRAINT, CONSTRAINT, CONSTRAINT),
    ("the same in his domain, relaxed", modify(JOHN, "add", "provostFormerAddress", "boss@own.example"), None, REFUSED, REFUSED),
    ("a former address he may be given", modify(PART, "add", "provostFormerAddress", "gone-owner@own.example"), CONSTRAINT, CONSTRAINT, CONSTRAINT),
    ("a malformed sender", modify(JOHN, "add", "provostSender", "press"), CONSTRAINT, CONSTRAINT, CONSTRAINT),
    ("a sender of another domain", modify(JOHN, "add", "provostSender", "press@other.example"), None, REFUSED, REFUSED),
    ("all senders of another domain", modify(JOHN, "add", "provostSender", "@other.example"), None, REFUSED, REFUSED),
    ("a sender of a domain that is not ours", modify(JOHN, "add", "provostSender", "@else.example"), None, REFUSED, REFUSED),
    ("a sender below a domain of his", modify(JOHN, "add", "provostSender", "x@sub.own.example"), None, REFUSED, REFUSED),
    ("senders of which one is foreign", modify(JOHN, "replace", "provostSender", "@own.example", "@other.example"), None, REFUSED, REFUSED),
    ("a new user with a foreign sender", add(NEW, new_user(provostSender="@other.example")), None, REFUSED, REFUSED),
    ("a foreign sender, relaxed", modify(JOHN, "add", "provostSender", "@other.example"), None, REFUSED, REFUSED),
    ("a kind there is not", modify(OWN, "replace", "provostDomainKind", "virtual"), CONSTRAINT, CONSTRAINT, CONSTRAINT),
    ("another kind", modify(OWN, "replace", "provostDomainKind", "relay"), None, REFUSED, REFUSED),
    ("a malformed transport", modify(OWN, "replace", "provostTransport", "smtp"), CONSTRAINT, CONSTRAINT, CONSTRAINT),
    ("a transport", modify(OWN, "replace", "provostTransport", "smtp:[mx.else.example]:25"), None, REFUSED, REFUSED),
    ("another target", modify(TWIN, "replace", "provostTargetDomain", "other.example"), None, REFUSED, {REFUSED, NO_SUCH}),
    ("another name for a domain", rename(OWN, "provostDomainName=new.example"), REFUSED, REFUSED, REFUSED),
    ("a domain's switch", modify(OWN, "replace", "provostEnabled", "FALSE"), None, REFUSED, REFUSED),
    ("a domain's quota", modify(OWN, "replace", "provostQuotaBytes", "0"), None, REFUSED, REFUSED),
    ("a domain's limits", modify(OWN, "replace", "provostMaxUsers", "0"), None, REFUSED, REFUSED),
    ("a domain", add("provostDomainName=new.example," + DOMAINS, domain_entry("new.example")), None, REFUSED, REFUSED),
    ("a domain below a domain", add("provostDomainName=new.example," + OWN, domain_entry("new.example")), None, REFUSED, REFUSED),
    ("a user who is a domain as well", add(NEW, new_user(objectClass=["provostDomain", "provostUser"], uid=None, cn=None, sn=None, provostDomainName="new.example",
                                                         provostDomainKind="local")), None, REFUSED, REFUSED),
    ("the end of a domain", delete(OTHER), NONLEAF, REFUSED, REFUSED),
    ("the end of his domain", delete(OWN), NONLEAF, REFUSED, REFUSED),
    ("an owner for another domain", modify(OTHER, "add", "provostOwner", "uid=olga," + PRINCIPALS), None, REFUSED, {REFUSED, NO_SUCH}),
    ("an owner for the domain", modify(OWN, "add", "provostOwner", ADAM), None, None, REFUSED),
    ("an administrator for the domain", modify(OWN, "add", "provostAdministrator", JOHN), None, None, None),
    ("a viewer for the domain", modify(OWN, "add", "provostViewer", JOHN), None, None, None),
    ("a role in a user", modify(JOHN, "add", "provostOwner", JOHN), CLASS, {CLASS, REFUSED}, {CLASS, REFUSED}),
    ("a super administrator", modify(ADMINISTRATORS, "add", "member", ADAM), None, REFUSED, REFUSED),
    ("a member of a group", modify("cn=staff,ou=groups," + BASE, "add", "member", JOHN), None, REFUSED, REFUSED),
    ("the password of a super administrator", modify(ROOT, "replace", "userPassword", HASH), None, REFUSED, REFUSED),
    ("the end of a super administrator", delete(ROOT), None, REFUSED, REFUSED),
    ("the password of an owner", modify(BOSS, "replace", "userPassword", HASH), None, None, REFUSED),
    ("the end of an owner", delete(BOSS), None, None, REFUSED),
    ("a password in another domain", modify(FOREIGN, "replace", "userPassword", HASH), None, REFUSED, {REFUSED, NO_SUCH}),
    ("a user in another domain changed", modify(FOREIGN, "replace", "provostQuotaBytes", "0"), None, REFUSED, {REFUSED, NO_SUCH}),
    ("the end of a user in another domain", delete(FOREIGN), None, REFUSED, {REFUSED, NO_SUCH}),
    ("another identity for a user", modify(JOHN, "add", "authzTo", "dn:uid=admin," + PRINCIPALS), REFUSED, REFUSED, REFUSED),
    ("another policy for a user", modify(JOHN, "replace", "pwdPolicySubentry", "cn=services,ou=policies," + BASE), None, REFUSED, REFUSED),
    ("a number", modify(INFO, "add", "provostNumber", "9"), None, REFUSED, REFUSED),
    ("a number that is taken", modify(INFO, "add", "provostNumber", "7"), CONSTRAINT, CONSTRAINT, CONSTRAINT),
    ("a number of a destination", modify(INFO, "add", "provostRowNumber", "9"), None, REFUSED, REFUSED),
    ("which number is whose", modify(INFO, "add", "provostRows", "9 x@else.example"), None, REFUSED, REFUSED),
    ("usage that was not measured", modify("cn=usage," + JOHN, "replace", "provostUsedBytes", "0"), None, REFUSED, REFUSED),
    ("a usage entry", add("cn=usage," + INFO.replace("info", "adam"), USAGE), None, REFUSED, REFUSED),
    ("a user who was disabled", modify(DAVE, "replace", "provostEnabled", "TRUE"), None, None, None),
    ("a key below a user", add("provostKeyId=k1," + ANN, {"objectClass": ["provostApiKey"], "provostKeyId": ["k1"], "provostEnabled": ["TRUE"]}), None, REFUSED, REFUSED),
    ("a hash of a key", add("provostKeyId=k1,uid=olga," + PRINCIPALS, {"objectClass": ["provostApiKey"], "provostKeyId": ["k1"], "provostEnabled": ["TRUE"],
                                                                       "provostKeyHash": ["x"]}), REFUSED, {REFUSED, NO_SUCH}, {REFUSED, NO_SUCH}),
    ("a principal with the login of a user", add("uid=john@own.example," + PRINCIPALS, principal_entry("john@own.example")), CONSTRAINT, CONSTRAINT, CONSTRAINT),
    ("a principal", add("uid=new," + PRINCIPALS, principal_entry("new")), None, {REFUSED, NO_SUCH}, {REFUSED, NO_SUCH}),
    ("a service", modify("cn=postfix,ou=services," + BASE, "replace", "userPassword", HASH), REFUSED, {REFUSED, NO_SUCH}, {REFUSED, NO_SUCH}),
    ("the counter", modify("cn=numbers,ou=journal," + BASE, "replace", "provostNextNumber", "1"), REFUSED, REFUSED, REFUSED),
    ("a tally", add("cn=own.example,ou=journal," + BASE, {"objectClass": ["provostTally"], "cn": ["own.example"], "provostTallyOf": ["x"]}),
     {REFUSED, NO_SUCH}, {REFUSED, NO_SUCH}, {REFUSED, NO_SUCH}),
    ("a retired address", add("mail=x@own.example,ou=retired," + BASE, {"objectClass": ["provostRetired"], "mail": ["x@own.example"], "provostExpires": ["20990101000000Z"]}),
     None, {REFUSED, NO_SUCH}, {REFUSED, NO_SUCH}),
]


class Everybody:
    """Who sends, and with which name and password."""

    def __init__(self, directory):
        self.directory = directory
        self.names = {"admin": "uid=admin," + PRINCIPALS, "owner": "uid=olga," + PRINCIPALS, "administrator": ADAM, "viewer": "uid=vera," + PRINCIPALS, "user": JOHN,
                      "stranger": "uid=rival," + PRINCIPALS}
        self.names.update((name, "cn=%s,ou=services,%s" % (name, BASE)) for name in ("postfix", "dovecot", "sso"))

    def password(self, who):
        return self.directory.password(who) if who in ("admin", "postfix", "dovecot", "sso") else PASSWORD

    def run(self, who, changes, *options):
        command = [LDAPMODIFY, "-x", "-H", self.directory.url, "-D", self.names[who], "-w", self.password(who), *options]
        return subprocess.run(command, input=changes, capture_output=True, text=True, timeout=60, check=False)

    def connect(self, who):
        return self.directory.connect(self.names[who], self.password(who))

    def send(self, who, changes, relaxed=False):
        """The result of ldapmodify: that of the directory."""
        return self.run(who, changes, *(["-e", "relax"] if relaxed else [])).returncode

    def send_all(self, who, changes, relaxed):
        """The results of several, one after the other; none for what was done."""
        done = self.run(who, "\n\n".join(changes) + "\n", "-c", *(["-e", "relax"] if relaxed else []))
        return [int(code) for code in re.findall(r"(?m)^ldap_\w+: .*\((\d+)\)$", done.stderr)]


def refused(everybody):
    """Every wrong write by everybody for whom it is wrong."""
    for what, changes, *wanted in WRONG:
        relaxed = what.endswith("relaxed")
        for who, want in zip(ROLES, wanted):
            if want is None:
                continue
            got = everybody.send(who, changes, relaxed)
            tap.ok(got in (want if isinstance(want, set) else {want}), "%s: %s" % (who, what), "got %d, want %s" % (got, want))
    for who in OTHERS:
        for relaxed in (False, True):
            # What is in another domain is right for the owner of that.
            changes = [text for what, text, *_ in WRONG
                       if what.endswith("relaxed") == relaxed and (who != "stranger" or "other.example" not in text.split("\n")[0])]
            got = everybody.send_all(who, changes, relaxed)
            tap.is_(len(got), len(changes), "%s: none of it%s" % (who, ", relaxed" if relaxed else ""))
            tap.ok(set(got) <= NOTHING, "%s: and for a reason" % who, got)


RIGHT = [
    ("a user", add(NEW, new_user(userPassword=HASH, provostQuotaBytes="5", provostSender="@own.example", provostDestination="x@else.example"))),
    ("a quota", modify(NEW, "replace", "provostQuotaBytes", "9223372036854775807")),
    ("a password", modify(NEW, "replace", "userPassword", crypt_hash("other"))),
    ("forms of it", modify(NEW, "replace", "provostScramSha256", CREDENTIALS["provostScramSha256"])),
    ("another", modify(NEW, "replace", "provostScramSha1", CREDENTIALS["provostScramSha1"])),
    ("a third", modify(NEW, "replace", "provostCramMd5", CREDENTIALS["provostCramMd5"])),
    ("which go again", modify(NEW, "delete", "provostCramMd5")),
    ("an expiry", modify(NEW, "replace", "provostExpires", "20990101000000Z")),
    ("the first step of a rename", "dn: %s\nchangetype: modify\nadd: provostLocalPart\nprovostLocalPart: newer\n-\ndelete: uid\n-\nadd: provostFormerAddress\nprovostFormerAddress: new@own.example\n" % NEW),
    ("the second", rename(NEW, "mail=newer@own.example")),
    ("the third", "dn: %s\nchangetype: modify\ndelete: provostLocalPart\nprovostLocalPart: new\n-\ndelete: provostFormerAddress\n-\nadd: uid\nuid: newer@own.example\n" % below(OWN, "newer")),
    ("a disabled user", modify(below(OWN, "newer"), "replace", "provostEnabled", "FALSE")),
    ("an alias", add(below(OWN, "team"), alias_entry("team@own.example", ["newer@own.example", "x@else.example"]))),
    ("a catch-all", add("mail=@own.example," + OWN, alias_entry("@own.example", ["newer@own.example"]))),
    ("other destinations", modify(below(OWN, "team"), "replace", "provostDestination", "y@else.example")),
    ("no alias", delete(below(OWN, "team"))),
    ("no catch-all", delete("mail=@own.example," + OWN)),
    ("no sender", modify(below(OWN, "newer"), "delete", "provostSender")),
    ("the domain's description", modify(OWN, "replace", "description", "ours")),
    ("the domain's hosts", modify(OWN, "replace", "provostImapHost", "imap.own.example")),
    ("no user", delete(below(OWN, "newer"))),
]
OWNERS = [
    ("an administrator", modify(OWN, "add", "provostAdministrator", JOHN)),
    ("who is none any more", modify(OWN, "delete", "provostAdministrator", JOHN)),
    ("a sender in an alias domain of his, whose role is spelt in another way", modify(ANN, "add", "provostSender", "@twin.example")),
    ("which goes again", modify(ANN, "delete", "provostSender")),
    ("what was measured of a user", delete("cn=usage," + JOHN)),
]


def admitted(everybody):
    for who, writes in (("admin", RIGHT), ("owner", RIGHT + OWNERS), ("administrator", RIGHT)):
        for what, changes in writes:
            tap.is_(everybody.send(who, changes), DONE, "%s may: %s" % (who, what))
    tap.is_(everybody.send("administrator", modify(ANN, "add", "provostSender", "@twin.example")), REFUSED, "administrator: no sender in a domain of the owner's")


def keep_secrets(everybody):
    """What each can read of all there is; the roles show, and no form of a password does."""
    for who, name in everybody.names.items():
        found = everybody.connect(who).search_s(name if who == "user" else DOMAINS, 2, "(objectClass=*)", ["*", "+"])
        seen = {attribute.lower() for _, entry in found for attribute in entry}
        tap.is_(seen & {"userpassword", "provostscramsha256", "provostcredential", "pwdhistory"}, set(), "%s: reads no password" % who)
        places = {"provostmailboxid", "provostusageof"} if who in ("admin", "dovecot") else {"provostmailboxid"} if who in ("user", "administrator") else set()
        tap.is_(seen & {"provostmailboxid", "provostusageof"}, places if who != "dovecot" else {"provostmailboxid"}, "%s: where mailboxes are, if he may know" % who)
        if who in ("owner", "administrator", "viewer"):
            for text in ("(provostMailboxId=box-john-own-example)", "(provostMailboxId=*)", "(provostMailboxId=b*)", "(provostUsageOf=*)"):
                others = [dn for dn, _ in everybody.connect(who).search_s(DOMAINS, 2, text, ["1.1"]) if dn != name]
                tap.is_(others, [], "%s: nor by asking for %s" % (who, text))
        tap.is_(JOHN in {dn for dn, _ in found}, who != "stranger", "%s: sees a user if he may" % who)


with Directory(base=BASE, entries=ENTRIES) as directory:
    people = Everybody(directory)
    tap.is_(people.send("admin", modify(ADMINISTRATORS, "add", "member", ROOT)), DONE, "a user is a super administrator")
    tap.is_(people.send("admin", modify(ADMINISTRATORS, "add", "member", GONE_ADMIN)), DONE, "so was one who is gone")
    before = directory.slapcat(BASE)
    refused(people)
    tap.is_(directory.slapcat(BASE), before, "nothing of it was done")
    keep_secrets(people)
    admitted(people)
    for dn, changes in (("cn=staff,ou=groups," + BASE, modify("cn=staff,ou=groups," + BASE, "add", "member", JOHN)),
                        ("mail=x@own.example,ou=retired," + BASE, WRONG[-1][1])):
        tap.is_(people.send("admin", changes), DONE, "a super administrator writes " + dn)
        tap.is_(len(directory.external().search_s("cn=accesslog", 2, "(reqDN=%s)" % dn, ["1.1"])), 1, "and that is logged")
    tap.ok(directory.alive(), "slapd is still there")
tap.done()
