#!/usr/bin/python3
"""Everybody who has a role against everything a role is about: the same answers to an LDAP tool and by way of the gateway."""

import os
import sys

sys.path.insert(0, os.path.join(os.environ.get("top_srcdir") or os.path.join(os.path.dirname(os.path.abspath(__file__)), "../.."), "tests/lib"))
import ldap
import tap
from directory import CREDENTIALS, NOOP_DONE, Directory, add_list, alias_entry, code, crypt_hash, domain_entry, ldif, noop, principal_entry, proxied, relax, user_entry

BASE = "dc=provost"
PASSWORD = "correct horse"
HASH = crypt_hash(PASSWORD)
DOMAINS, PRINCIPALS = "ou=domains," + BASE, "ou=principals," + BASE
PLAN = "provostJournalId=c1,ou=journal," + BASE


def domain(name):
    return "provostDomainName=%s.example,%s" % (name, DOMAINS)


def user(local, name="own"):
    return "mail=%s@%s.example,%s" % (local, name, domain(name))


def principal(login):
    return "uid=%s,%s" % (login, PRINCIPALS)


def key(number, owner):
    return "provostKeyId=k%d,%s" % (number, owner)


OWN, OTHER, TWIN, FREE = domain("own"), domain("other"), domain("twin"), domain("free")
REX, DAN, SUB, OLGA, VERA, RIVAL = (principal(login) for login in ("rex", "dan", "sub", "olga", "vera", "rival"))
JOHN, ADAM, BOSS, ROOT = (user(local) for local in ("john", "adam", "boss", "root"))
FORA, FOVI, PEER = (user(local) for local in ("fora", "fovi", "peer"))
MUTE, OLD, KID = user("mute"), principal("old"), principal("kid")
# Names that a filter cannot be made of.
TWO_PARTS, BADLY_NAMED = "mail=n\\3Dw@own.example+sn=x)(," + OWN, "mail=b\\3Dd@own.example+sn=x)(," + OWN
POST, INFO, FRED = user("postmaster"), user("info"), user("fred", "other")
ADMINISTRATORS = "cn=administrators,ou=roles," + BASE
KEY = {"objectClass": ["provostApiKey"], "provostKeyId": ["k1"], "provostEnabled": ["TRUE"], "provostKeyHash": ["x"], "provostKeyLabel": ["x"], "provostKeyScope": ["x"],
       "provostKeyDomain": ["own.example"], "provostKeyNetwork": ["127.0.0.1"], "provostExpires": ["20990101000000Z"]}
NEW_KEY = {"objectClass": ["provostApiKey"], "provostKeyId": ["k9"], "provostEnabled": ["TRUE"], "provostKeyScope": ["domains:read"], "provostKeyDomain": ["own.example"]}

ENTRIES = "".join(
    ldif(dn, entry)
    for dn, entry in (
        (OWN, domain_entry("own.example", provostOwner=[OLGA, BOSS, MUTE], provostAdministrator=[ADAM, PEER, BADLY_NAMED], provostViewer=[VERA, JOHN], provostSponsor=REX, provostMaxUsers="9")),
        (OTHER, domain_entry("other.example", provostOwner=RIVAL, provostAdministrator=FORA, provostViewer=[FOVI, OLGA])),
        (TWIN, domain_entry("twin.example", kind="alias", provostTargetDomain="own.example", provostSponsor=REX)),
        (FREE, domain_entry("free.example", provostSponsor=REX, provostTransport="smtp:x")),
        *((dn, user_entry(dn.partition(",")[0][5:], userPassword=HASH, provostDestination="x@else.example", provostRecoveryAddress="x@else.example",
                           provostEnabledWish="TRUE", provostLoginEnabled="TRUE", provostExpires="20990101000000Z", provostQuotaBytes="9", provostSendOnly="FALSE"))
          for dn in (JOHN, ADAM, BOSS, ROOT, FORA, FOVI, PEER, FRED)),
        (MUTE, user_entry("mute@own.example", uid=None)),
        (BADLY_NAMED, user_entry("b=d@own.example", sn="x)(", userPassword=HASH)),
        (OLD, principal_entry("old", userPassword=HASH)),
        (KID, principal_entry("kid", provostSponsor=OLD)),
        (POST, alias_entry("postmaster@own.example", ["john@own.example"])),
        (INFO, alias_entry("info@own.example", ["john@own.example"])),
        (REX, principal_entry("rex", userPassword=HASH, provostReseller="TRUE", provostMaxDomains="5", provostMaxUsers="5", provostMaxDeputies="5")),
        (DAN, principal_entry("dan", userPassword=HASH, provostSponsor=REX)),
        (SUB, principal_entry("sub", userPassword=HASH, provostSponsor=REX, provostReseller="TRUE")),
        *((dn, principal_entry(dn.partition(",")[0][4:], userPassword=HASH)) for dn in (OLGA, VERA, RIVAL)),
        (principal("boris"), principal_entry("boris", provostSponsor=REX)),
        *((principal(login), principal_entry(login, provostSponsor=REX)) for login in ("forba", "forca")),
        (key(1, JOHN), KEY),
        (key(2, DAN), dict(KEY, provostKeyId=["k2"])),
        (key(3, ROOT), dict(KEY, provostKeyId=["k3"])),
        (key(4, principal("boris")), dict(KEY, provostKeyId=["k4"])),
        (key(5, principal("forca")), dict(KEY, provostKeyId=["k5"])),
        (key(6, KID), dict(KEY, provostKeyId=["k6"])),
        (PLAN, {"objectClass": ["provostJournal"], "provostJournalId": ["c1"], "provostJournalState": ["running"]}),
    )
)

DONE, REFUSED, NO_SUCH = 0, 50, 32
BORIS, FORBA, FORCA = (principal(login) for login in ("boris", "forba", "forca"))
WHO = {"super administrator": principal("admin"), "reseller": REX, "deputy": DAN, "owner": OLGA, "owner who is a user": BOSS, "administrator": ADAM, "viewer": VERA, "user": JOHN,
       "former reseller": OLD, "stranger": RIVAL, "administrator elsewhere": FORA}
ALL_OWNERS = ("owner", "owner who is a user")
SUPER = ("super administrator",)
DEPUTIES = ALL_OWNERS + ("administrator",)
GATEWAY = "by way of the gateway"


def replace(dn, attribute, *values):
    return lambda c, more: c.modify_ext_s(dn, [(ldap.MOD_REPLACE, attribute, [v.encode() for v in values] or None)], serverctrls=more)


def extend(dn, attribute, value):
    return lambda c, more: c.modify_ext_s(dn, [(ldap.MOD_ADD, attribute, [value.encode()])], serverctrls=more)


def shrink(dn, attribute, value):
    return lambda c, more: c.modify_ext_s(dn, [(ldap.MOD_DELETE, attribute, [value.encode()])], serverctrls=more)


def add(dn, entry):
    def call(c, more):
        return c.add_ext_s(dn, add_list(entry), serverctrls=more)
    call.adds = True
    return call


def delete(dn):
    return lambda c, more: c.delete_ext_s(dn, serverctrls=more)


def rename(dn, rdn, above=None, old=1):
    return lambda c, more: c.rename_s(dn, rdn, above, old, serverctrls=more)


def relaxed(call):
    """The same, past the constraints."""
    return lambda c, more: call(c, more + [relax()])


def sponsored(name, **more):
    return domain_entry(name + ".example", provostOwner=REX, provostSponsor=REX, **more)


# What is tried, how, who may in any way, and who may by way of the gateway alone.
WRITES = [
    # A reseller and what he sponsors.
    ("a deputy", add(principal("new"), principal_entry("new", userPassword=HASH, provostSponsor=REX)), SUPER, ("reseller",)),
    ("a deputy with budgets", add(principal("new"), principal_entry("new", provostSponsor=REX, provostReseller="TRUE", provostMaxUsers="1")), SUPER, ("reseller",)),
    ("a deputy of another", add(principal("new"), principal_entry("new", provostSponsor=OLGA)), SUPER, ()),
    ("a principal without a sponsor", add(principal("new"), principal_entry("new")), SUPER, ()),
    ("a deputy of himself", replace(REX, "provostSponsor", REX), SUPER, ()),
    ("more for himself", replace(REX, "provostMaxDomains", "99"), SUPER, ()),
    ("no budget for himself", replace(REX, "provostMaxDomains"), SUPER, ()),
    ("a reseller of a deputy", replace(DAN, "provostReseller", "TRUE"), SUPER, ("reseller",)),
    ("a budget for a deputy", replace(SUB, "provostMaxUsers", "3"), SUPER, ("reseller",)),
    ("a deputy's name", replace(DAN, "cn", "Dan"), SUPER + ("reseller",), ()),
    ("a deputy's switch", replace(DAN, "provostEnabled", "FALSE"), SUPER + ("reseller",), ()),
    ("a deputy's password", replace(DAN, "userPassword", HASH), SUPER + ("reseller",), ()),
    ("a deputy's sponsor", replace(DAN, "provostSponsor", OLGA), SUPER, ()),
    ("a deputy's login", rename(DAN, "uid=dana"), SUPER, ()),
    ("the end of a deputy", delete(SUB), SUPER, ("reseller",)),
    ("the password of a deputy who is super administrator", replace(BORIS, "userPassword", HASH), SUPER, ()),
    ("his name", replace(BORIS, "cn", "x"), SUPER, ()),
    ("his budgets", replace(BORIS, "provostMaxUsers", "1"), SUPER, ("reseller",)),
    ("the password of a deputy with a role elsewhere", replace(FORBA, "userPassword", HASH), SUPER, ()),
    ("his recovery address", replace(FORBA, "provostRecoveryAddress", "y@else.example"), SUPER, ()),
    ("his switch", replace(FORBA, "provostEnabled", "FALSE"), SUPER, ()),
    ("the key of such a deputy", delete(key(5, FORCA)), SUPER, ()),
    ("that key's switch", replace(key(5, FORCA), "provostEnabled", "FALSE"), SUPER, ()),
    ("his end", delete(FORBA), SUPER, ()),
    ("somebody else's name", replace(OLGA, "cn", "x"), SUPER, ()),
    ("his own name", replace(REX, "cn", "x"), SUPER, ()),
    ("a domain", add(domain("new"), sponsored("new", provostMaxUsers="1")), SUPER, ("reseller",)),
    ("a domain of another's", add(domain("new"), domain_entry("new.example", provostOwner=REX, provostSponsor=SUB)), SUPER, ()),
    ("a domain of nobody's", add(domain("new"), domain_entry("new.example", provostOwner=REX)), SUPER, ()),
    ("a domain for a stranger", add(domain("new"), sponsored("new", provostAdministrator=RIVAL)), SUPER, ()),
    ("an alias of a domain of his", add(domain("new"), sponsored("new", provostDomainKind="alias", provostTargetDomain="own.example")), SUPER, ("reseller",)),
    ("an alias of another's domain", add(domain("new"), sponsored("new", provostDomainKind="alias", provostTargetDomain="other.example")), SUPER, ()),
    ("the limits of a domain", replace(OWN, "provostMaxUsers", "1"), SUPER, ("reseller",)),
    ("no limits", replace(OWN, "provostMaxUsers"), SUPER, ("reseller",)),
    ("a domain's sponsor", replace(OWN, "provostSponsor", SUB), SUPER, ()),
    ("no sponsor", replace(OWN, "provostSponsor"), SUPER, ()),
    # It may wait for a proof, which the gateway sees to.
    ("a domain's switch", replace(OWN, "provostEnabled", "FALSE"), SUPER, ("reseller",)),
    ("a domain's wish", replace(OWN, "provostEnabledWish", "TRUE"), SUPER, ("reseller",)),
    ("another target", replace(TWIN, "provostTargetDomain", "other.example"), SUPER, ()),
    ("a target of his", replace(TWIN, "provostTargetDomain", "free.example"), SUPER + ("reseller",), ()),
    ("a transport", replace(FREE, "provostTransport", "smtp:[mx.else.example]:25"), SUPER + ("reseller",), ()),
    ("a transport into the file system", replace(FREE, "provostTransport", "lmtp:unix:/run/x"), SUPER, ()),
    ("a transport that is a program", replace(FREE, "provostTransport", "pipe:x"), SUPER, ()),
    ("limits of a domain that is not his", replace(OTHER, "provostMaxUsers", "1"), SUPER, ()),
    ("the end of a domain that is not his", rename(OTHER, "provostDomainName=other.example", PLAN, 0), (), SUPER),
    ("the end of a domain", rename(FREE, "provostDomainName=free.example", PLAN, 0), (), SUPER + ("reseller",)),
    ("another name for a domain", rename(FREE, "provostDomainName=fred.example"), (), ()),
    ("himself as owner", extend(FREE, "provostOwner", REX), SUPER + ("reseller",), ()),
    ("his deputy as owner", extend(FREE, "provostOwner", DAN), SUPER + ("reseller",), ()),
    ("a stranger as owner", extend(FREE, "provostOwner", RIVAL), SUPER, ()),
    ("a user in a domain that he only sponsors", add(user("new", "free"), user_entry("new@free.example")), SUPER, ()),
    # Roles in a domain.
    ("an owner", extend(OWN, "provostOwner", JOHN), SUPER + ALL_OWNERS, ()),
    ("an administrator", extend(OWN, "provostAdministrator", JOHN), SUPER + DEPUTIES, ()),
    ("a viewer", extend(OWN, "provostViewer", ADAM), SUPER + DEPUTIES, ()),
    ("an owner from elsewhere", extend(OWN, "provostOwner", FRED), SUPER, ()),
    ("an administrator from elsewhere", extend(OWN, "provostAdministrator", FRED), SUPER, ()),
    ("a viewer from elsewhere", extend(OWN, "provostViewer", FRED), SUPER, ()),
    ("a principal whom he does not sponsor", extend(OWN, "provostViewer", RIVAL), SUPER, ()),
    ("a deputy of his sponsor", extend(OWN, "provostAdministrator", DAN), SUPER + ("reseller",), ()),
    ("nobody's name", extend(OWN, "provostAdministrator", "cn=x,ou=services," + BASE), SUPER, ()),
    ("a name that would be an expression", extend(OWN, "provostAdministrator", "uid=x]/uid | user,ou=principals," + BASE), (), ()),
    ("an owner no more", shrink(OWN, "provostOwner", OLGA), SUPER + ALL_OWNERS + ("reseller",), ()),
    ("another owner no more", shrink(OWN, "provostOwner", BOSS), SUPER + ALL_OWNERS + ("reseller",), ()),
    ("an administrator no more", shrink(OWN, "provostAdministrator", PEER), SUPER + ALL_OWNERS + ("reseller",), ()),
    ("himself administrator no more", shrink(OWN, "provostAdministrator", ADAM), SUPER + DEPUTIES + ("reseller",), ()),
    ("a viewer no more", shrink(OWN, "provostViewer", VERA), SUPER + DEPUTIES + ("reseller", "viewer"), ()),
    ("another viewer no more", shrink(OWN, "provostViewer", JOHN), SUPER + DEPUTIES + ("reseller", "user"), ()),
    ("no owners", replace(OWN, "provostOwner"), SUPER + ALL_OWNERS + ("reseller",), ()),
    ("no administrators", replace(OWN, "provostAdministrator"), SUPER + ALL_OWNERS + ("reseller",), ()),
    ("a role elsewhere", extend(OTHER, "provostOwner", OLGA), SUPER, ()),
    ("a role elsewhere for a user", extend(OTHER, "provostAdministrator", JOHN), SUPER, ()),
    ("a super administrator", extend(ADMINISTRATORS, "member", JOHN), SUPER, ()),
    # Names that would be more than a name in a filter.
    ("a name of two parts", add(TWO_PARTS, user_entry("n=w@own.example", sn="x)(")), (), ()),
    ("a name of two parts, relaxed", relaxed(add(TWO_PARTS, user_entry("n=w@own.example", sn="x)("))), (), ()),
    ("a name that is another filter, relaxed", relaxed(add(user("x*"), user_entry("x*@own.example"))), (), ()),
    ("an escaped name, relaxed", relaxed(add(user("x%2a"), user_entry("x%2a@own.example"))), (), ()),
    ("an address that is another filter, relaxed", relaxed(extend(JOHN, "mail", "x*@own.example")), SUPER, ()),
    ("a role for a name of two parts", extend(OWN, "provostAdministrator", TWO_PARTS), (), ()),
    ("ownership for it", extend(OWN, "provostOwner", TWO_PARTS), (), ()),
    ("sight for it", extend(OWN, "provostViewer", TWO_PARTS), (), ()),
    ("a role for an address with an equals sign", extend(OWN, "provostAdministrator", "mail=n\\3Dw@own.example," + OWN), SUPER + DEPUTIES, ()),
    ("a principal of two parts", add("uid=new+sn=x)(," + PRINCIPALS, principal_entry("new", sn="x)(", provostSponsor=REX)), (), ()),
    ("a domain of two parts", add("provostDomainName=new.example+description=x," + DOMAINS, sponsored("new", description="x")), (), ()),
    # Logins. One is the entry's own address, with any control.
    ("the login of an owner who has none, relaxed", relaxed(replace(JOHN, "uid", "mute@own.example")), SUPER, ()),
    ("his own login", replace(JOHN, "uid", "john@own.example"), SUPER + DEPUTIES, ()),
    # Who was a reseller.
    ("the key of a deputy of a former reseller", delete(key(6, KID)), SUPER, ()),
    ("that key's switch", replace(key(6, KID), "provostEnabled", "FALSE"), SUPER, ()),
    # Accounts that are above who asks.
    *((what, change(dn), SUPER + may, ())
      for whom, dn, may in (("a user", JOHN, DEPUTIES), ("an owner", BOSS, ALL_OWNERS), ("an administrator", ADAM, DEPUTIES), ("a super administrator", ROOT, ()),
                            ("an administrator elsewhere", FORA, ()), ("a viewer elsewhere", FOVI, ("owner",)))
      for what, change in ((whom + ": the password", lambda dn: replace(dn, "userPassword", HASH)),
                           (whom + ": the recovery address", lambda dn: replace(dn, "provostRecoveryAddress", "y@else.example")),
                           (whom + ": a forward", lambda dn: extend(dn, "provostDestination", "y@else.example")),
                           (whom + ": no forward", lambda dn: replace(dn, "provostDestination")),
                           (whom + ": a sender", lambda dn: extend(dn, "provostSender", "@own.example")),
                           (whom + ": the class", lambda dn: extend(dn, "objectClass", "extensibleObject")),
                           (whom + ": the switch", lambda dn: replace(dn, "provostEnabled", "FALSE")),
                           (whom + ": the wish", lambda dn: replace(dn, "provostEnabledWish", "FALSE")),
                           (whom + ": the login's switch", lambda dn: replace(dn, "provostLoginEnabled", "FALSE")),
                           (whom + ": the expiry", lambda dn: replace(dn, "provostExpires", "20200101000000Z")),
                           (whom + ": the quota", lambda dn: replace(dn, "provostQuotaBytes", "1")),
                           (whom + ": no mail in", lambda dn: replace(dn, "provostSendOnly", "TRUE")),
                           (whom + ": no login", lambda dn: replace(dn, "uid")),
                           (whom + ": the end", lambda dn: delete(dn)))
      if dn not in (JOHN, ROOT) or not what.endswith("the end")),
    ("an alias", add(user("new"), alias_entry("new@own.example", ["x@else.example"])), SUPER + DEPUTIES, ()),
    ("no alias", delete(INFO), SUPER + DEPUTIES, ()),
    ("no postmaster", delete(POST), SUPER + ALL_OWNERS, ()),
    ("another abuse", add(user("abuse"), alias_entry("abuse@own.example", ["x@else.example"])), SUPER + DEPUTIES, ()),
    # Keys.
    ("a key of a user's", add(key(9, JOHN), NEW_KEY), SUPER + ("user",), ()),
    ("a key of an owner's", add(key(9, OLGA), NEW_KEY), SUPER + ("owner",), ()),
    ("a key of a deputy's", add(key(9, DAN), NEW_KEY), SUPER + ("deputy",), ()),
    ("a key with its hash", add(key(9, JOHN), dict(NEW_KEY, provostKeyHash=["x"])), (), ()),
    ("another hash", replace(key(1, JOHN), "provostKeyHash", "y"), (), ()),
    ("another scope", replace(key(1, JOHN), "provostKeyScope", "users:read"), SUPER + ("user",), ()),
    ("a key's switch", replace(key(1, JOHN), "provostEnabled", "FALSE"), SUPER + ("user",), ()),
    ("no key", delete(key(1, JOHN)), SUPER + ("user",) + DEPUTIES, ()),
    ("no key of a super administrator", delete(key(3, ROOT)), SUPER, ()),
    ("no key of a deputy", delete(key(2, DAN)), SUPER + ("deputy", "reseller"), ()),
    ("a deputy's key off", replace(key(2, DAN), "provostEnabled", "FALSE"), SUPER + ("deputy", "reseller"), ()),
    ("a deputy's key on", replace(key(2, DAN), "provostEnabled", "TRUE"), SUPER + ("deputy",), ()),
    ("more for a deputy's key", replace(key(2, DAN), "provostKeyScope", "users:read"), SUPER + ("deputy",), ()),
    ("no key of a deputy who is super administrator", delete(key(4, BORIS)), SUPER, ()),
    ("a key that is somebody's", add("provostKeyId=k1," + OLGA, dict(NEW_KEY, provostKeyId=["k1"])), (), ()),
    ("an entry below him that is no key", add("cn=x," + JOHN, {"objectClass": ["organizationalRole"], "cn": ["x"]}), SUPER, ()),
    # Himself.
    *(("more for himself: " + attribute, replace(JOHN, attribute, value), SUPER + DEPUTIES, ())
      for attribute, value in (("provostQuotaBytes", "0"), ("cn", "x"), ("provostEnabled", "TRUE"))),
    ("a role in himself", replace(JOHN, "provostReseller", "TRUE"), (), ()),
    ("another number", replace(JOHN, "provostNumber", "5"), SUPER, ()),
]
# What each sees of an entry: an attribute that tells it, and who may.
SIGHT = [
    (OWN, "provostOwner", SUPER + ("reseller",) + DEPUTIES + ("viewer", "user")),
    (FREE, "provostTransport", SUPER + ("reseller",)),
    (DAN, "provostSponsor", SUPER + ("reseller", "deputy")),
    (REX, "provostMaxUsers", SUPER + ("reseller",)),
    (RIVAL, "uid", SUPER + ("stranger",)),
    (JOHN, "provostDestination", SUPER + DEPUTIES + ("viewer", "user")),
    (ROOT, "provostRecoveryAddress", SUPER + DEPUTIES + ("viewer", "user")),
    (FORA, "provostRecoveryAddress", SUPER + DEPUTIES + ("viewer", "user", "administrator elsewhere")),
    (key(1, JOHN), "provostKeyLabel", SUPER + ("user",)),
    (key(1, JOHN), "provostKeyHash", ()),
    (key(2, DAN), "provostKeyLabel", SUPER + ("reseller", "deputy")),
    (key(2, DAN), "provostKeyHash", ()),
]


# What is added to those; the last ones have names that are known already.
ADDITIONS = [(what, call) for what, call, *_ in WRITES if getattr(call, "adds", False)] + [
    ("%s, %s" % (where.split(",")[0], what), add(where, dict(user_entry("%s@%s.example" % (local, domain)), **more)))
    for local, domain in (("new", "own"), ("new", "other"), ("gone", "own"), ("lost", "own"), ("past", "own"), ("abuse", "own"))
    for where in (user(local, domain),)
    for what, more in (
        ("with all there is", {"givenName": ["x"], "displayName": ["x"], "description": ["x"], "provostEnabledWish": ["TRUE"], "provostLoginEnabled": ["FALSE"],
                               "provostExpires": ["20990101000000Z"], "provostQuotaBytes": ["1"], "provostQuotaMessages": ["1"], "provostSendOnly": ["TRUE"],
                               "provostDestination": ["x@else.example"], "provostRecoveryAddress": ["x@else.example"]}),
        ("with a password", {"userPassword": [HASH]}),
        ("with a password in clear", {"userPassword": [PASSWORD]}),
        ("with a credential", {"provostScramSha256": [CREDENTIALS["provostScramSha256"]]}),
        ("with what is none", {"provostScramSha256": ["{SCRAM-SHA-256}x"]}),
        ("with another login", {"uid": ["nobody@own.example"]}),
        ("with another address", {"mail": ["%s@%s.example" % (local, domain), "x@rival.example"]}),
        ("with another sender", {"provostSender": ["x@rival.example"]}),
        ("with a former address", {"provostFormerAddress": ["x@rival.example"]}),
        ("with a number", {"provostNumber": ["77"]}),
        ("with more classes", {"objectClass": ["inetOrgPerson", "provostUser", "extensibleObject"]}),
        ("disabled", {"provostEnabled": ["FALSE"]}))
]


def result(call, connection, controls):
    """What comes of a write, which is not done."""
    try:
        call(connection, controls + [noop()])
    except ldap.LDAPError as error:
        return DONE if code(error) == NOOP_DONE else code(error)
    return "written in spite of no-op"


def sees(connection, dn, attribute, controls):
    try:
        found = connection.search_ext_s(dn, ldap.SCOPE_BASE, "(objectClass=*)", [attribute], serverctrls=controls)
    except ldap.LDAPError:
        return False
    return bool(found and found[0][1])


def readable(found):
    """What was found, but for what only names a key."""
    return [(dn, entry) for dn, entry in found if "provostKeyId" not in dn]


def sees_principals(connection, dn):
    try:
        return bool(connection.search_ext_s(PRINCIPALS, ldap.SCOPE_SUBTREE, "(objectClass=*)", ["1.1"], serverctrls=[proxied(dn)]))
    except ldap.LDAPError:
        return False


with Directory(base=BASE, entries=ENTRIES) as directory:
    admin = directory.admin()
    for member in (ROOT, BORIS):
        admin.modify_s(ADMINISTRATORS, [(ldap.MOD_ADD, "member", [member.encode()])])
    admin.modify_s(OTHER, [(ldap.MOD_ADD, "provostViewer", [FORBA.encode(), FORCA.encode()])])
    for role, dn in (("provostOwner", user("gone")), ("provostAdministrator", user("lost"))):
        admin.modify_s(OTHER, [(ldap.MOD_ADD, role, [dn.encode()])])
    admin.modify_s(ADMINISTRATORS, [(ldap.MOD_ADD, "member", [user("past").encode()])])
    before = directory.slapcat(BASE)
    gateway, reading, adding = directory.external(), directory.external(reading=True), directory.external(adding=True)
    secrets = {"super administrator": directory.password("admin")}
    for who, dn in WHO.items():
        direct = directory.connect(dn, secrets.get(who, PASSWORD))
        for what, call, may, by_gateway in WRITES:
            for way, connection, controls in ((GATEWAY, gateway, [proxied(dn)]), ("himself", direct, [])):
                got = result(call, connection, controls)
                good = who in may or (who in by_gateway and (way == GATEWAY or who in SUPER))
                tap.ok(got == DONE if good else got in (REFUSED, NO_SUCH, 19, 20, 65), "%s, %s: %s%s" % (who, way, "" if good else "not ", what), "got %r" % got)
        for dn_seen, attribute, may in SIGHT:
            got = [sees(gateway, dn_seen, attribute, [proxied(dn)]), sees(direct, dn_seen, attribute, []), sees(reading, dn_seen, attribute, [proxied(dn)])]
            tap.is_(got, [who in may] * 3, "%s: %s %s of %s" % (who, "sees" if who in may else "does not see", attribute, dn_seen.split(",")[0]))
        # Where the gateway reads for him he finds the same, and can write nothing that he could not write elsewhere.
        found = [c.search_ext_s(DOMAINS, ldap.SCOPE_SUBTREE, "(objectClass=*)", ["*", "+"], serverctrls=[proxied(dn)]) for c in (gateway, reading)]
        tap.is_(readable(found[1]), readable(found[0]), who + ": sees the same on the socket for reading")
        found = [c.search_ext_s(PRINCIPALS, ldap.SCOPE_SUBTREE, "(objectClass=*)", ["*", "+"], serverctrls=[proxied(dn)]) if sees_principals(c, dn) else None for c in (gateway, reading)]
        tap.is_(found[1], found[0], who + ": the same principals")
        beyond = [what for what, call, may, by_gateway in WRITES if who not in may + by_gateway and result(call, reading, [proxied(dn)]) == DONE]
        tap.is_(beyond, [], who + ": writes nothing there that is not his")
        # Where it adds for him he can add the same.
        elsewhere = [[result(call, c, [proxied(dn)]) for _, call in ADDITIONS] for c in (gateway, adding)]
        tap.is_([one for one in zip((what for what, _ in ADDITIONS), *elsewhere) if one[1] != one[2]], [], who + ": adds the same on the socket for adding")
        done = {what for (what, _), got in zip(ADDITIONS, elsewhere[1]) if got == DONE}
        named = [what for what in done if what.startswith(("mail=gone", "mail=lost", "mail=past"))]
        tap.is_((named, "mail=new@own.example, with all there is" in done), (named if who in SUPER else [], who in SUPER + DEPUTIES), who + ": nor anybody who would be above him")
        direct.unbind_s()
    # A name that cannot be asked for keeps nobody from being found above him: then he writes no account.
    badly_named = directory.connect(BADLY_NAMED, PASSWORD)
    for dn in (BOSS, ROOT, FORA):
        for what, call in (("the password", replace(dn, "userPassword", HASH)), ("the recovery address", replace(dn, "provostRecoveryAddress", "y@else.example")),
                           ("the switch", replace(dn, "provostEnabled", "FALSE")), ("the end", delete(dn))):
            tap.is_(result(call, badly_named, []), REFUSED, "an administrator with a bad name: not %s of %s" % (what, dn.split(",")[0]))
    own = [c.search_s(BASE, ldap.SCOPE_SUBTREE, "(|(mail=*)(provostDomainName=*)(uid=*)(cn=*))", ["*", "+"]) for c in (gateway, reading)]
    tap.is_(own[1], own[0], "the gateway itself sees the same there")
    tap.is_(directory.slapcat(BASE), before, "nothing of it was done")
    # Whoever may make addresses that every domain must have may not be their owner's elsewhere.
    admin.modify_s(OTHER, [(ldap.MOD_ADD, "provostOwner", [user("abuse").encode()])])
    for who in DEPUTIES:
        got = [result(add(user("abuse"), user_entry("abuse@own.example", userPassword=HASH)), c, [proxied(WHO[who])]) for c in (gateway, adding)]
        tap.is_(got, [REFUSED] * 2, who + ": not abuse, who is an owner elsewhere")
    for service in ("postfix", "dovecot", "sso", "signer"):
        found = directory.service(service).search_s(DOMAINS, ldap.SCOPE_SUBTREE, "(objectClass=*)", ["*", "+"]) if service != "signer" else []
        tap.is_([name for name, _ in found if "provostKeyId" in name], [], service + ": sees no keys")
    for number, owner in ((1, JOHN), (2, DAN)):
        tap.ok(sees(gateway, key(number, owner), "provostKeyHash", []), "the gateway reads the hash of a key of " + owner.split(",")[0])
        tap.is_(result(replace(key(number, owner), "provostKeyHash", "y"), gateway, []), DONE, "and writes it")
        tap.is_(result(replace(key(number, owner), "provostKeyScope", "y"), gateway, []), REFUSED, "but not what the key may")
        tap.is_(result(delete(key(number, owner)), gateway, []), DONE, "and takes it away")
    tap.is_(result(add(key(9, JOHN), NEW_KEY), gateway, []), REFUSED, "the gateway makes no keys")
    # A lesser role that comes and goes leaves him where he is. What is named in two attributes of one entry stays to be found by either.
    adam, admin = directory.connect(ADAM, PASSWORD), directory.connect(WHO["super administrator"], secrets["super administrator"])
    for giver, attribute in ((adam, "provostViewer"), (adam, "provostViewer;lang-de"), (admin, "provostAdministrator")):
        for value in ([BOSS.encode()], None):
            giver.modify_s(OWN, [(ldap.MOD_ADD, attribute, [BOSS.encode()])])
            giver.modify_s(OWN, [(ldap.MOD_DELETE, attribute, value)] if value or ";" in attribute else [(ldap.MOD_REPLACE, attribute, [ADAM.encode()])])
            for what, call in (("the password", replace(BOSS, "userPassword", HASH)), ("no password", replace(BOSS, "userPassword")), ("the switch", replace(BOSS, "provostEnabled", "FALSE")),
                               ("the recovery address", replace(BOSS, "provostRecoveryAddress", "y@else.example")), ("the end", delete(BOSS))):
                tap.is_(result(call, adam, []), REFUSED, "%s given to an owner and taken again: not %s of his for an administrator" % (attribute, what))
    # A name that is refused tells nothing of where it might be, and nobody takes it away for it.
    for dn, attribute in ((OWN, "provostOwner"), (OTHER, "provostOwner"), (RIVAL, "provostSponsor"), (ADMINISTRATORS, "member")):
        stranger = directory.connect(JOHN if dn != OWN else FRED, PASSWORD)
        tap.ok(result(shrink(dn, attribute, "mail=a b,dc=provost"), stranger, []) in (REFUSED, NO_SUCH), "a name with a blank: not taken out of %s of %s" % (attribute, dn.split(",")[0]))
    tap.ok(directory.alive(), "slapd is still there")
tap.done()
