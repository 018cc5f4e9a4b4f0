#!/usr/bin/python3
"""Who may do what: identity, operation and target against the expected outcome."""

import os
import sys

sys.path.insert(0, os.path.join(os.environ.get("top_srcdir") or os.path.join(os.path.dirname(os.path.abspath(__file__)), "../.."), "tests/lib"))
import ldap
import tap
from directory import (
    NOOP_DONE, Directory, add_list, alias_entry, code, crypt_hash, domain_entry, ldif, noop, principal_entry, proxied, user_entry,
)

BASE = "dc=provost"
PASSWORD = "correct horse"
HASH = crypt_hash(PASSWORD)
DOMAINS = "ou=domains," + BASE
ALPHA = "provostDomainName=alpha.example," + DOMAINS
BETA = "provostDomainName=beta.example," + DOMAINS
OFF = "provostDomainName=off.example," + DOMAINS
JOHN = "mail=john@alpha.example," + ALPHA
JANE = "mail=jane@alpha.example," + ALPHA
DAVE = "mail=dave@alpha.example," + ALPHA
JACK = "mail=jack@alpha.example," + ALPHA
CAROL = "mail=carol@alpha.example," + ALPHA
EVE = "mail=eve@alpha.example," + ALPHA
ZED = "mail=zed@off.example," + OFF
SALES = "mail=sales@alpha.example," + ALPHA
DKIM = "provostDkimSelector=2026a," + ALPHA
PRINCIPALS = "ou=principals," + BASE
ADMIN = "uid=admin," + PRINCIPALS
ALICE = "uid=alice," + PRINCIPALS
GONE = "uid=gone," + PRINCIPALS
KEY = "provostKeyId=k1," + ALICE
STRAY_KEY = "provostKeyId=k9," + JANE
SERVICES = "ou=services," + BASE
GATEWAY = "cn=gateway," + SERVICES
POSTFIX = "cn=postfix," + SERVICES
DOVECOT = "cn=dovecot," + SERVICES
ROLES = "ou=roles," + BASE
ADMINISTRATORS = "cn=administrators," + ROLES
JOURNAL = "ou=journal," + BASE
NUMBERS = "cn=numbers," + JOURNAL
CHANGE = "provostJournalId=c1," + JOURNAL
RETIRED = "ou=retired," + BASE
ROOT = "cn=manager," + BASE

USAGE = {"objectClass": ["provostUsage"], "cn": ["usage"], "provostUsedBytes": ["5"]}
KEY_ENTRY = {"objectClass": ["provostApiKey"], "provostKeyId": ["k1"], "provostEnabled": ["TRUE"], "provostKeyHash": ["hash"]}
DKIM_ENTRY = {
    "objectClass": ["provostDkimKey"],
    "provostDkimSelector": ["2026a"],
    "provostDkimDomain": ["alpha.example"],
    "provostDkimState": ["active"],
    "provostDkimKeyType": ["rsa"],
    "provostDkimPrivateKey": ["secret key"],
}
JOURNAL_ENTRY = {"objectClass": ["provostJournal"], "provostJournalId": ["c1"], "provostJournalState": ["running"],
                 "provostJournalName": ["john@alpha.example", "johnny@alpha.example"]}
SEAL = "provostSealNumber=1,ou=audit," + BASE
SEAL_ENTRY = {"objectClass": ["provostSeal"], "provostSealNumber": ["1"], "provostSealFrom": ["a"], "provostSealTo": ["b"], "provostSealCount": ["1"],
              "provostSealRecord": ["b c d"], "provostSealPrevious": ["0"], "provostSealDigest": ["0"], "provostSealTime": ["20260101000000Z"]}
RETIRED_ENTRY = {"objectClass": ["provostRetired"], "mail": ["old@alpha.example"], "provostExpires": ["20990101000000Z"]}

ENTRIES = "".join(
    ldif(dn, entry)
    for dn, entry in (
        (ALPHA, domain_entry("alpha.example", provostOwner="uid=owner," + PRINCIPALS)),
        (BETA, domain_entry("beta.example")),
        (OFF, domain_entry("off.example", enabled=False)),
        (JOHN, user_entry("john@alpha.example", userPassword=HASH, provostNumber="7", provostRecoveryAddress="j@else.example")),
        ("cn=usage," + JOHN, USAGE),
        (JANE, user_entry("jane@alpha.example", userPassword=HASH)),
        ("cn=usage," + JANE, USAGE),
        (STRAY_KEY, dict(KEY_ENTRY, provostKeyId=["k9"])),
        (DAVE, user_entry("dave@alpha.example", enabled=False, userPassword=HASH)),
        (JACK, user_entry("jack@alpha.example", uid=None, provostLocalPart=["jack", "jill"], userPassword=HASH)),
        (CAROL, user_entry("carol@alpha.example", userPassword=HASH, provostLoginEnabled="FALSE")),
        (ZED, user_entry("zed@off.example", userPassword=HASH)),
        (SEAL, SEAL_ENTRY),
        (SALES, alias_entry("sales@alpha.example", ["john@alpha.example"])),
        ("mail=old@alpha.example," + ALPHA, alias_entry("old@alpha.example", ["john@alpha.example"], enabled=False)),
        ("mail=@alpha.example," + ALPHA, alias_entry("@alpha.example", ["jane@alpha.example"])),
        (DKIM, DKIM_ENTRY),
        (EVE, user_entry("eve@alpha.example", provostExpires="20200101000000Z")),
        ("mail=ann@beta.example," + BETA, user_entry("ann@beta.example", userPassword=HASH)),
        (ALICE, principal_entry("alice", userPassword=HASH)),
        (KEY, KEY_ENTRY),
        (GONE, principal_entry("gone", enabled=False, userPassword=HASH)),
        (CHANGE, JOURNAL_ENTRY),
        ("mail=old@alpha.example," + RETIRED, RETIRED_ENTRY),
    )
)

# What a search can come to: a value, the entry without it, no entry, or a result code.
VALUE, BARE, NOTHING = "value", "entry without it", "nothing"
DONE = 0
NO_SUCH, REFUSED, CONSTRAINT, WRONG_CREDENTIALS, NOT_AUTHORIZED = 32, 50, 19, 49, 123
# Without an identity, a read is unwilling (53) and a write needs stronger authentication (8).
UNWILLING, STRONGER = 53, 8


class Who:
    """An identity: a connection, and controls that go with each of its operations."""

    def __init__(self, connection, controls=()):
        self.connection = connection
        self.controls = list(controls)


def read(who, dn, attribute):
    """Read one attribute of one entry."""
    try:
        found = who.connection.search_ext_s(dn, ldap.SCOPE_BASE, "(objectClass=*)", [attribute], serverctrls=who.controls)
    except ldap.LDAPError as error:
        return code(error)
    if not found:
        return NOTHING
    return VALUE if found[0][1] else BARE


def count(who, base, text):
    """Count the entries below a base that match a filter."""
    try:
        return len(who.connection.search_ext_s(base, ldap.SCOPE_SUBTREE, text, ["1.1"], serverctrls=who.controls))
    except ldap.LDAPError as error:
        return "code %d" % code(error)


def compare(who, dn, attribute, value):
    """Compare one value; the server answers with a code."""
    try:
        return who.connection.compare_ext_s(dn, attribute, value.encode(), serverctrls=who.controls) and 6 or 5
    except ldap.LDAPError as error:
        return code(error)


def _written(call, who):
    try:
        call(who.controls + [noop()])
    except ldap.LDAPError as error:
        return DONE if code(error) == NOOP_DONE else code(error)
    return "written in spite of no-op"


def replace(who, dn, attribute, *values):
    """Replace an attribute, without effect."""
    change = [(ldap.MOD_REPLACE, attribute, [value.encode() for value in values] or None)]
    return _written(lambda controls: who.connection.modify_ext_s(dn, change, serverctrls=controls), who)


def extend(who, dn, attribute, value):
    """Add a value to an attribute, without effect."""
    change = [(ldap.MOD_ADD, attribute, [value.encode()])]
    return _written(lambda controls: who.connection.modify_ext_s(dn, change, serverctrls=controls), who)


def add(who, dn, entry):
    """Add an entry, without effect."""
    return _written(lambda controls: who.connection.add_ext_s(dn, add_list(entry), serverctrls=controls), who)


def delete(who, dn):
    """Delete an entry, without effect."""
    return _written(lambda controls: who.connection.delete_ext_s(dn, serverctrls=controls), who)


def rename(who, dn, rdn, above=None):
    """Rename or move an entry, without effect."""
    return _written(lambda controls: who.connection.rename_s(dn, rdn, above, 1, serverctrls=controls), who)


def bind(directory, dn, password):
    """Bind; the server answers with a code."""
    connection = directory.unbound()
    try:
        connection.simple_bind_s(dn, password)
        return 0
    except ldap.LDAPError as error:
        return code(error)
    finally:
        connection.unbind_s()


NEW_USER = user_entry("new@alpha.example", userPassword=HASH)
NEW_USER_DN = "mail=new@alpha.example," + ALPHA
NEW_DOMAIN = domain_entry("new.example")
NEW_KEY = dict(KEY_ENTRY, provostKeyId=["k2"])
NEW_KEY_BARE = {name: values for name, values in NEW_KEY.items() if name != "provostKeyHash"}
BARE_DKIM = {name: values for name, values in DKIM_ENTRY.items() if name != "provostDkimPrivateKey"}
BARE_DKIM["provostDkimSelector"] = ["2026b"]

# What nobody but a super administrator may do, and he not all of it; each must come out the same for every one of
# those who have no business there.
SECRETS = [
    (read, JANE, "userPassword"),
    (read, ADMIN, "userPassword"),
    (read, POSTFIX, "userPassword"),
    (read, DKIM, "provostDkimPrivateKey"),
    (read, KEY, "provostKeyHash"),
    (read, STRAY_KEY, "provostKeyHash"),
    (compare, JANE, "userPassword", HASH),
    (count, BASE, "(userPassword=*)"),
    (count, BASE, "(provostDkimPrivateKey=*)"),
]
FOREIGN = SECRETS + [
    (read, JANE, "mail"),
    (read, ALPHA, "provostOwner"),
    (read, SALES, "mail"),
    (read, ADMINISTRATORS, "member"),
    (read, ALICE, "uid"),
    (read, GATEWAY, "authzTo"),
    (read, POSTFIX, "cn"),
    (read, CHANGE, "provostJournalState"),
    (read, "mail=old@alpha.example," + RETIRED, "mail"),
    (read, "cn=users,ou=policies," + BASE, "pwdLockout"),
    (compare, JANE, "mail", "jane@alpha.example"),
    (count, DOMAINS, "(mail=jane@alpha.example)"),
    (count, DOMAINS, "(provostOwner=*)"),
    (count, BASE, "(objectClass=provostJournal)"),
]
INVASIONS = [
    (replace, JANE, "cn", "x"),
    (replace, JANE, "userPassword", HASH),
    (replace, ALPHA, "provostOwner", JOHN),
    (extend, ADMINISTRATORS, "member", JOHN),
    (extend, JANE, "authzTo", "dn:" + ROOT),
    (extend, GATEWAY, "authzTo", "dn:" + ROOT),
    (extend, JOHN, "authzFrom", "dn:" + ALICE),
    (add, NEW_USER_DN, NEW_USER),
    (add, "provostDomainName=new.example," + DOMAINS, NEW_DOMAIN),
    (add, "uid=new," + PRINCIPALS, principal_entry("new")),
    (add, "provostKeyId=k2," + GONE, NEW_KEY_BARE),
    (add, "provostJournalId=c2," + JOURNAL, dict(JOURNAL_ENTRY, provostJournalId=["c2"], provostJournalName=["c2@alpha.example"])),
    (delete, JANE),
    (delete, SALES),
    (delete, DKIM),
    (delete, ADMINISTRATORS),
    (rename, JACK, "mail=jill@alpha.example"),
    (rename, KEY, "provostKeyId=k1", PRINCIPALS),
    (rename, BETA, "provostDomainName=gamma.example"),
    (replace, NUMBERS, "provostNextNumber", "9"),
]
OWN = [
    (replace, JOHN, "cn", "x"),
    (replace, JOHN, "userPassword", HASH),
    (replace, JOHN, "provostQuotaBytes", "0"),
    (replace, JOHN, "provostEnabled", "TRUE"),
    (extend, JOHN, "authzTo", "dn:" + ADMIN),
    (extend, JOHN, "pwdPolicySubentry", "cn=services,ou=policies," + BASE),
    (delete, JOHN),
    (add, "cn=more," + JOHN, dict(USAGE, cn=["more"])),
]


def log_write(who):
    """The name of a write's entry in the log, so that there is one."""
    who["admin"].connection.modify_s(JANE, [(ldap.MOD_REPLACE, "userPassword", [HASH.encode()])])
    return who["gateway"].connection.search_s("cn=accesslog", ldap.SCOPE_SUBTREE, "(&(objectClass=auditModify)(reqDN=%s))" % JANE, ["1.1"])[0][0]


def table(logged):
    """The cases: identity, operation with its arguments, expected outcome."""
    cases = []

    def case(who, want, operation, *arguments):
        cases.append((who, operation, arguments, want))

    for who in ("user", "principal", "user for the gateway"):
        for operation, *arguments in FOREIGN:
            if who == "principal" and (operation, arguments[0]) in ((read, ALICE), (read, KEY)):
                continue
            want = 0 if arguments[0] == DOMAINS else "code 32" if operation is count else NO_SUCH
            case(who, want, operation, *arguments)
    for who in ("user", "principal", "user for the gateway", "postfix", "dovecot", "sso", "signer"):
        for operation, *arguments in INVASIONS:
            case(who, {NO_SUCH, REFUSED}, operation, *arguments)
    for who in ("user", "user for the gateway"):
        for operation, *arguments in OWN:
            case(who, REFUSED, operation, *arguments)
        for attribute in ("mail", "cn", "entryUUID", "entryCSN", "provostRecoveryAddress", "provostMailboxId"):
            case(who, VALUE, read, JOHN, attribute)
        case(who, BARE, read, JOHN, "userPassword")
        case(who, VALUE, read, "cn=usage," + JOHN, "provostUsedBytes")
        case(who, NO_SUCH, read, "cn=usage," + JANE, "provostUsedBytes")
        case(who, 1, count, JOHN, "(objectClass=provostUser)")
        case(who, NO_SUCH, read, ALPHA, "entryUUID")
        case(who, NO_SUCH, read, BASE, "objectClass")
        case(who, NO_SUCH, read, "cn=config", "olcAuthzPolicy")
        case(who, NOTHING if who == "user for the gateway" else NO_SUCH, read, "cn=accesslog", "objectClass")
        case(who, NO_SUCH, read, "cn=monitor", "objectClass")
        case(who, VALUE, read, "", "supportedControl")
        case(who, VALUE, read, "cn=subschema", "attributeTypes")
    case("principal", VALUE, read, ALICE, "uid")
    case("principal", BARE, read, ALICE, "userPassword")
    case("principal", VALUE, read, KEY, "provostKeyId")
    case("principal", BARE, read, KEY, "provostKeyHash")
    case("principal", REFUSED, replace, ALICE, "cn", "x")
    case("principal", DONE, add, "provostKeyId=k2," + ALICE, NEW_KEY_BARE)
    case("principal", REFUSED, add, "provostKeyId=k2," + ALICE, NEW_KEY)
    case("principal", REFUSED, replace, ALICE, "provostReseller", "TRUE")
    case("principal", REFUSED, replace, ALICE, "userPassword", HASH)
    case("user", NO_SUCH, read, KEY, "provostKeyId")

    for dn in (JOHN, ALPHA, ADMIN, DOVECOT, DKIM, KEY, ADMINISTRATORS, CHANGE, "cn=config", "cn=accesslog"):
        case("nobody", UNWILLING, read, dn, "objectClass")
    case("nobody", UNWILLING, compare, JOHN, "userPassword", HASH)
    case("nobody", UNWILLING, compare, JOHN, "mail", "john@alpha.example")
    case("nobody", "code 53", count, BASE, "(objectClass=*)")
    for operation, *arguments in INVASIONS:
        case("nobody", STRONGER, operation, *arguments)

    for who in ("admin", "admin for the gateway"):
        for dn in (ALPHA, OFF, JOHN, DAVE, SALES, DKIM, ADMIN, ALICE, KEY, ADMINISTRATORS, "cn=usage," + JANE, DOMAINS, PRINCIPALS, ROLES):
            for attribute in ("objectClass", "entryUUID", "entryCSN", "createTimestamp", "modifyTimestamp", "modifiersName"):
                case(who, VALUE, read, dn, attribute)
        case(who, VALUE, read, BASE, "objectClass")
        case(who, VALUE, read, POSTFIX, "cn")
        for dn, attribute in ((JANE, "userPassword"), (ADMIN, "userPassword"), (POSTFIX, "userPassword"), (GATEWAY, "authzTo")):
            case(who, BARE, read, dn, attribute)
        case(who, BARE, read, DKIM, "provostDkimPrivateKey")
        case(who, BARE, read, KEY, "provostKeyHash")
        case(who, BARE, read, STRAY_KEY, "provostKeyHash")
        case(who, REFUSED, replace, STRAY_KEY, "provostKeyHash", "x")
        case(who, 0, count, BASE, "(userPassword=*)")
        case(who, 0, count, BASE, "(provostDkimPrivateKey=*)")
        case(who, 0, count, BASE, "(authzTo=*)")
        case(who, REFUSED, compare, JANE, "userPassword", HASH)
        case(who, NO_SUCH, read, CHANGE, "provostJournalState")
        case(who, NO_SUCH, read, NUMBERS, "provostNextNumber")
        case(who, NO_SUCH, read, "cn=config", "olcAuthzPolicy")
        case(who, VALUE, read, "cn=accesslog", "objectClass")
        case(who, NO_SUCH, read, "cn=monitor", "objectClass")
        case(who, 1, count, DOMAINS, "(mail=jane@alpha.example)")
        case(who, DONE, replace, JANE, "cn", "x")
        case(who, DONE, replace, JANE, "userPassword", HASH)
        case(who, DONE, replace, DAVE, "userPassword", HASH)
        case(who, DONE, replace, ZED, "userPassword", HASH)
        case(who, DONE, replace, ALICE, "userPassword", HASH)
        case(who, DONE, replace, GONE, "userPassword", HASH)
        case(who, DONE, replace, JANE, "userPassword")
        case(who, DONE, replace, JANE, "provostNumber", "8")
        case(who, DONE, replace, ALPHA, "provostOwner", JOHN)
        case(who, DONE, replace, ALPHA, "provostEnabled", "FALSE")
        case(who, DONE, replace, "cn=usage," + JANE, "provostUsedBytes", "6")
        case(who, VALUE, read, "mail=old@alpha.example," + RETIRED, "mail")
        case(who, DONE, add, "mail=x@alpha.example," + RETIRED, dict(RETIRED_ENTRY, mail=["x@alpha.example"]))
        case(who, DONE, delete, "mail=old@alpha.example," + RETIRED)
        case(who, VALUE, read, logged, "reqDN")
        case(who, REFUSED, delete, logged)
        case(who, DONE, extend, ADMINISTRATORS, "member", ALICE)
        case(who, DONE, add, NEW_USER_DN, NEW_USER)
        case(who, DONE, add, "provostDomainName=new.example," + DOMAINS, NEW_DOMAIN)
        case(who, DONE, add, "uid=new," + PRINCIPALS, principal_entry("new", userPassword=HASH))
        case(who, DONE, add, "provostKeyId=k2," + ALICE, NEW_KEY_BARE)
        case(who, REFUSED, add, "provostKeyId=k2," + ALICE, NEW_KEY)
        case(who, DONE, add, "provostDkimSelector=2026b," + ALPHA, BARE_DKIM)
        case(who, REFUSED, add, "provostDkimSelector=2026b," + ALPHA, dict(BARE_DKIM, provostDkimPrivateKey=["x"]))
        case(who, REFUSED, add, NEW_USER_DN, dict(NEW_USER, authzTo=["dn:" + ROOT]))
        case(who, REFUSED, extend, JANE, "authzTo", "dn:" + ROOT)
        case(who, REFUSED, extend, ADMIN, "authzTo", "dn:" + GATEWAY)
        case(who, REFUSED, extend, GATEWAY, "authzTo", "dn:" + ROOT)
        case(who, REFUSED, extend, GATEWAY, "authzFrom", "dn:" + ADMIN)
        case(who, REFUSED, replace, DKIM, "provostDkimPrivateKey", "x")
        case(who, REFUSED, replace, KEY, "provostKeyHash", "x")
        case(who, REFUSED, replace, POSTFIX, "userPassword", HASH)
        case(who, REFUSED, replace, POSTFIX, "description", "x")
        case(who, REFUSED, replace, GATEWAY, "userPassword", HASH)
        case(who, REFUSED, replace, NUMBERS, "provostNextNumber", "9")
        case(who, REFUSED, replace, CHANGE, "provostJournalState", "done")
        case(who, REFUSED, add, "cn=evil," + SERVICES, {"objectClass": ["organizationalRole"], "cn": ["evil"]})
        case(who, {NO_SUCH, REFUSED}, add, "provostJournalId=c2," + JOURNAL, dict(JOURNAL_ENTRY, provostJournalId=["c2"], provostJournalName=["c2@alpha.example"]))
        case(who, REFUSED, delete, POSTFIX)
        case(who, {REFUSED, 66}, delete, DOMAINS)
        case(who, REFUSED, rename, ROLES, "ou=rules")
        case(who, DONE, rename, JACK, "mail=jill@alpha.example")
        case(who, CONSTRAINT, rename, JANE, "mail=jane@alpha.example", SERVICES)
        case(who, REFUSED, rename, ALICE, "uid=alice", SERVICES)
        case(who, DONE, delete, SALES)
        case(who, DONE, delete, DKIM)
        case(who, DONE, delete, KEY)
        case(who, DONE, delete, GONE)
        case(who, REFUSED, rename, BETA, "provostDomainName=gamma.example")

    case("gateway", VALUE, read, GATEWAY, "authzTo")
    case("gateway", REFUSED, extend, GATEWAY, "authzTo", "dn:" + ROOT)
    case("gateway", REFUSED, replace, GATEWAY, "userPassword", HASH)
    for dn in (JOHN, JANE, DAVE, ZED, ALICE, GONE, ADMIN):
        case("gateway", BARE, read, dn, "userPassword")
        case("gateway", VALUE, read, dn, "entryCSN")
        case("gateway", VALUE, read, dn, "provostEnabled")
        case("gateway", BARE, read, dn, "cn")
        case("gateway", DONE, replace, dn, "userPassword", HASH)
        case("gateway", DONE, replace, dn, "provostNumber", "99")
        case("gateway", REFUSED, replace, dn, "cn", "x")
        case("gateway", REFUSED, replace, dn, "provostEnabled", "TRUE")
        case("gateway", REFUSED, delete, dn)
        case("gateway", REFUSED, compare, dn, "userPassword", HASH)
    case("gateway", DONE, replace, SALES, "provostRowNumber", "99")
    case("gateway", DONE, replace, SALES, "provostRows", "99 john@alpha.example")
    case("gateway", 0, count, DOMAINS, "(userPassword=*)")
    case("gateway", 0, count, PRINCIPALS, "(userPassword=*)")
    case("gateway", NO_SUCH, read, POSTFIX, "cn")
    case("gateway", NO_SUCH, read, POSTFIX, "userPassword")
    case("gateway", REFUSED, replace, POSTFIX, "userPassword", HASH)
    case("gateway", BARE, read, DKIM, "provostDkimPrivateKey")
    case("gateway", DONE, replace, DKIM, "provostDkimPrivateKey", "x")
    case("gateway", REFUSED, replace, JANE, "provostDkimPrivateKey", "x")
    case("gateway", DONE, add, "provostDkimSelector=2026b," + ALPHA, BARE_DKIM)
    case("gateway", DONE, replace, DKIM, "provostDkimState", "retired")
    case("gateway", DONE, delete, DKIM)
    case("gateway", VALUE, read, KEY, "provostKeyHash")
    case("gateway", VALUE, read, KEY, "provostEnabled")
    case("gateway", 1, count, PRINCIPALS, "(provostKeyId=k1)")
    case("gateway", DONE, replace, KEY, "provostKeyHash", "x")
    case("gateway", REFUSED, replace, KEY, "provostKeyScope", "*")
    case("gateway", REFUSED, add, "provostKeyId=k2," + ALICE, NEW_KEY)
    case("gateway", REFUSED, add, NEW_USER_DN, NEW_USER)
    case("gateway", REFUSED, add, "provostDomainName=new.example," + DOMAINS, NEW_DOMAIN)
    case("gateway", REFUSED, extend, ADMINISTRATORS, "member", JOHN)
    case("gateway", "nothing", read, ADMINISTRATORS, "cn")
    case("gateway", 1, count, ADMINISTRATORS, "(member=*)")
    case("gateway", 0, count, ADMINISTRATORS, "(description=*)")
    case("gateway", 0, count, ADMINISTRATORS, "(objectClass=*)")
    case("gateway", REFUSED, replace, ALPHA, "provostOwner", JOHN)
    case("gateway", VALUE, read, ALPHA, "provostOwner")
    for attribute in ("description", "provostTransport"):
        case("gateway", BARE, read, ALPHA, attribute)
    case("gateway", VALUE, read, CHANGE, "provostJournalState")
    case("gateway", DONE, replace, CHANGE, "provostJournalState", "done")
    case("gateway", DONE, add, "provostJournalId=c2," + JOURNAL, dict(JOURNAL_ENTRY, provostJournalId=["c2"], provostJournalName=["c2@alpha.example"]))
    case("gateway", DONE, delete, CHANGE)
    case("gateway", DONE, replace, NUMBERS, "provostNextNumber", "9")
    case("gateway", DONE, add, "mail=x@alpha.example," + RETIRED, dict(RETIRED_ENTRY, mail=["x@alpha.example"]))
    case("gateway", DONE, delete, "mail=old@alpha.example," + RETIRED)
    for attribute in ("objectClass", "reqDN", "reqType", "reqStart", "reqEnd", "reqResult", "reqAuthzID", "entryCSN"):
        case("gateway", VALUE, read, logged, attribute)
    for attribute in ("reqMod", "reqOld", "reqEntryUUID"):
        case("gateway", VALUE, read, logged, attribute)
    case("gateway", BARE, read, logged, "reqSession")
    case("gateway", 0, count, "cn=accesslog", "(reqMod=*)")
    case("gateway", REFUSED, delete, logged)
    # It adds seals, and changes none; nor does anybody else.
    case("gateway", DONE, add, SEAL.replace("=1,", "=2,"), dict(SEAL_ENTRY, provostSealNumber=["2"]))
    for who in ("gateway", "admin"):
        case(who, VALUE, read, SEAL, "provostSealDigest")
        case(who, REFUSED, replace, SEAL, "provostSealDigest", "1" * 64)
        case(who, REFUSED, replace, SEAL, "provostSealRecord")
        case(who, REFUSED, delete, SEAL)
    case("admin", REFUSED, add, SEAL.replace("=1,", "=2,"), dict(SEAL_ENTRY, provostSealNumber=["2"]))
    for who in ("user", "principal", "postfix"):
        case(who, NO_SUCH, read, SEAL, "provostSealDigest")
    case("gateway", NO_SUCH, read, "cn=config", "olcAuthzPolicy")
    case("gateway", DONE, replace, EVE, "provostEnabled", "FALSE")
    case("gateway", REFUSED, replace, EVE, "provostEnabled", "TRUE")
    case("gateway", DONE, replace, EVE, "provostEnabledWish", "TRUE")
    case("gateway", DONE, replace, EVE, "provostEnabledWish")
    case("gateway", REFUSED, replace, EVE, "provostExpires")
    case("gateway", 1, count, DOMAINS, "(provostExpires<=20250101000000Z)")
    case("gateway", REFUSED, replace, JANE, "provostEnabled", "FALSE")
    case("gateway", REFUSED, replace, JANE, "provostEnabledWish", "TRUE")
    case("gateway", VALUE, read, JANE, "provostMailboxId")
    case("gateway", REFUSED, replace, JANE, "provostMailboxId", "0123456789")
    case("gateway", VALUE, read, "cn=usage," + JANE, "provostUsedBytes")
    case("gateway", DONE, replace, "cn=usage," + JANE, "provostUsedBytes", "6")
    case("gateway", DONE, replace, "cn=usage," + JANE, "provostLastLogin", "20250101000000Z")
    case("gateway", DONE, delete, "cn=usage," + JANE)
    case("gateway", DONE, add, "cn=usage," + EVE, dict(USAGE, provostUsageOf=["box-eve-alpha-example"]))
    case("gateway", REFUSED, add, "cn=usage," + ALPHA, USAGE)
    case("gateway", REFUSED, add, "cn=usage," + SALES, USAGE)
    case("gateway", REFUSED, add, "provostKeyId=k8," + EVE, dict(NEW_KEY_BARE, provostKeyId=["k8"]))
    case("gateway", REFUSED, rename, "cn=usage," + JANE, "cn=usage", ALPHA)
    for name in ("root of the database", "dovecot", "gateway itself", "base", "container of principals", "key of a principal", "config", "nobody"):
        who = "gateway as " + name
        case(who, NOT_AUTHORIZED, read, JOHN, "mail")
        case(who, NOT_AUTHORIZED, replace, JOHN, "cn", "x")
    for who in ("user as admin", "admin as user", "postfix as user"):
        case(who, NOT_AUTHORIZED, read, JOHN, "mail")

    case("postfix", 1, count, DOMAINS, "(&(objectClass=provostDomain)(provostDomainName=alpha.example)(provostDomainKind=local)(provostEnabled=TRUE))")
    case("postfix", 1, count, DOMAINS, "(&(mail=john@alpha.example)(provostEnabled=TRUE))")
    case("postfix", 1, count, DOMAINS, "(&(mail=@alpha.example)(provostEnabled=TRUE))")
    case("postfix", 0, count, DOMAINS, "(provostEnabled=FALSE)")
    case("postfix", 0, count, DOMAINS, "(objectClass=provostDkimKey)")
    case("postfix", 0, count, DOMAINS, "(objectClass=provostUsage)")
    case("postfix", VALUE, read, SALES, "provostDestination")
    case("postfix", VALUE, read, JOHN, "mail")
    for dn in (OFF, DAVE, DKIM, "cn=usage," + JOHN, "mail=old@alpha.example," + ALPHA, ALICE, POSTFIX, ADMINISTRATORS, "mail=old@alpha.example," + RETIRED):
        case("postfix", VALUE if dn == POSTFIX else NO_SUCH, read, dn, "objectClass")
    for attribute in ("cn", "userPassword", "entryUUID", "provostNumber", "provostMailboxId", "provostRecoveryAddress"):
        case("postfix", BARE, read, JOHN, attribute)
    case("postfix", BARE, read, ALPHA, "provostOwner")
    case("postfix", 1, count, JOURNAL, "(provostJournalName=johnny@alpha.example)")
    case("postfix", 0, count, JOURNAL, "(provostJournalState=running)")
    case("postfix", VALUE, read, CHANGE, "provostJournalName")
    for attribute in ("provostJournalId", "provostJournalState", "provostJournalCaller", "provostJournalSteps", "entryUUID", "createTimestamp"):
        case("postfix", BARE, read, CHANGE, attribute)
    case("postfix", BARE, read, NUMBERS, "provostNextNumber")
    case("postfix", REFUSED, replace, CHANGE, "provostJournalName", "x@alpha.example")
    case("postfix", REFUSED, delete, CHANGE)
    for who in ("dovecot", "sso", "signer", "user", "principal", "admin"):
        case(who, NO_SUCH, read, CHANGE, "provostJournalName")
        case(who, "code 32", count, JOURNAL, "(provostJournalName=johnny@alpha.example)")

    case("dovecot", 1, count, DOMAINS, "(&(objectClass=provostDomain)(provostDomainName=off.example)(provostEnabled=FALSE))")
    case("dovecot", 1, count, DOMAINS, "(&(objectClass=provostUser)(mail=dave@alpha.example))")
    case("dovecot", VALUE, read, JOHN, "provostMailboxId")
    for attribute in ("userPassword", "cn", "provostNumber", "provostRecoveryAddress", "provostDestination"):
        case("dovecot", BARE, read, JOHN, attribute)
    for dn in (DKIM, "cn=usage," + JOHN, ALICE, POSTFIX, ADMINISTRATORS, CHANGE):
        case("dovecot", NO_SUCH, read, dn, "objectClass")

    case("sso", 1, count, DOMAINS, "(&(objectClass=provostUser)(|(uid=john@alpha.example)(mail=john@alpha.example)))")
    for attribute in ("objectClass", "mail", "uid", "cn", "sn", "entryUUID", "provostEnabled"):
        case("sso", VALUE, read, JOHN, attribute)
    for attribute in ("userPassword", "provostMailboxId", "provostRecoveryAddress", "provostNumber"):
        case("sso", BARE, read, JOHN, attribute)
    case("sso", VALUE, read, ADMINISTRATORS, "member")
    for dn in (ALPHA, SALES, DKIM, ALICE, POSTFIX, CHANGE, "cn=usage," + JOHN):
        case("sso", NO_SUCH, read, dn, "objectClass")

    case("signer", 1, count, DOMAINS, "(&(objectClass=provostDkimKey)(provostDkimDomain=alpha.example)(provostDkimState=active))")
    case("signer", VALUE, read, DKIM, "provostDkimPrivateKey")
    case("signer", VALUE, read, DKIM, "provostDkimDomain")
    case("signer", REFUSED, replace, DKIM, "provostDkimPrivateKey", "x")
    for dn in (ALPHA, JOHN, SALES, ALICE, POSTFIX, ADMINISTRATORS, CHANGE):
        case("signer", NO_SUCH, read, dn, "objectClass")
    return cases


def identities(directory):
    """Every identity of the table."""
    john = directory.connect(JOHN, PASSWORD)
    admin = directory.admin()
    gateway = directory.external()

    def as_gateway(dn):
        return Who(gateway, [proxied(dn)])

    return {
        "nobody": Who(directory.unbound()),
        "user": Who(john),
        "principal": Who(directory.connect(ALICE, PASSWORD)),
        "admin": Who(admin),
        "postfix": Who(directory.service("postfix")),
        "dovecot": Who(directory.service("dovecot")),
        "signer": Who(directory.service("signer")),
        "sso": Who(directory.service("sso")),
        "gateway": Who(gateway),
        "admin for the gateway": as_gateway(ADMIN),
        "user for the gateway": as_gateway(JOHN),
        "gateway as root of the database": as_gateway(ROOT),
        "gateway as dovecot": as_gateway(DOVECOT),
        "gateway as gateway itself": as_gateway("cn=signer," + SERVICES),
        "gateway as base": as_gateway(BASE),
        "gateway as container of principals": as_gateway(PRINCIPALS),
        "gateway as key of a principal": as_gateway(KEY),
        "gateway as config": as_gateway("cn=config"),
        "gateway as nobody": as_gateway("cn=nobody," + BASE),
        "user as admin": Who(john, [proxied(ADMIN)]),
        "admin as user": Who(admin, [proxied(JOHN)]),
        "postfix as user": Who(directory.service("postfix"), [proxied(JOHN)]),
    }


def label(who, operation, arguments):
    """What a case is called in the output."""
    shown = [a.replace("," + BASE, "").replace(HASH, "HASH") if isinstance(a, str) else "…" for a in arguments]
    return "%s: %s %s" % (who, operation.__name__, " ".join(shown))


BINDS = [
    (JOHN, PASSWORD, 0, "an enabled user"),
    (JOHN.upper().replace("PROVOSTDOMAINNAME", "provostDomainName"), PASSWORD, 0, "an enabled user in capitals"),
    (JOHN, "wrong", WRONG_CREDENTIALS, "a user with a wrong password"),
    (JOHN, HASH, WRONG_CREDENTIALS, "a user with the stored text of his password"),
    (JOHN, HASH[7:], WRONG_CREDENTIALS, "a user with the hash of his password"),
    (DAVE, PASSWORD, WRONG_CREDENTIALS, "a disabled user"),
    (CAROL, PASSWORD, WRONG_CREDENTIALS, "a user whose login is disabled"),
    (ZED, PASSWORD, WRONG_CREDENTIALS, "a user of a disabled domain"),
    (ALICE, PASSWORD, 0, "an enabled principal"),
    (GONE, PASSWORD, WRONG_CREDENTIALS, "a disabled principal"),
    (GATEWAY, PASSWORD, WRONG_CREDENTIALS, "the gateway by a password"),
    (ROOT, PASSWORD, WRONG_CREDENTIALS, "the root of the database"),
    ("cn=config", PASSWORD, WRONG_CREDENTIALS, "the root of the configuration"),
    (SALES, PASSWORD, WRONG_CREDENTIALS, "an alias"),
    ("mail=none@alpha.example," + ALPHA, PASSWORD, WRONG_CREDENTIALS, "a user who does not exist"),
    (JOHN, "", 53, "a user with an empty password"),
    ("", "", 48, "an anonymous bind"),
]

with Directory(base=BASE, entries=ENTRIES) as directory:
    for dn, password, want, what in BINDS:
        tap.is_(bind(directory, dn, password), want, "bind: " + what)
    who = identities(directory)
    whoami = who["gateway"].connection.whoami_s()
    tap.is_(whoami, "dn:" + GATEWAY, "the system user of the gateway is the gateway")
    for name, operation, arguments, want in table(log_write(who)):
        got = operation(who[name], *arguments)
        if isinstance(want, set):
            tap.ok(got in want, label(name, operation, arguments), "got: %r, want one of %r" % (got, want))
        else:
            tap.is_(got, want, label(name, operation, arguments))
    seen = who["admin"].connection.search_s(BASE, 2, "(objectClass=*)", ["*", "+"])
    leaks = [(dn, name) for dn, entry in seen for name in entry if name.lower() in ("userpassword", "pwdhistory", "provostdkimprivatekey", "provostkeyhash", "authzto")]
    tap.is_(leaks, [], "no secret is among all that a super administrator can read")
    seen = who["gateway"].connection.search_s("cn=accesslog", 2, "(objectClass=*)", ["*", "+"])
    leaks = {name for _, entry in seen for name in entry}
    leaks -= {"objectClass", "reqDN", "reqType", "reqStart", "reqEnd", "reqResult", "reqAuthzID", "entryCSN", "entryUUID", "reqEntryUUID"}
    tap.is_(leaks, {"reqMod", "reqOld"}, "of the log the gateway reads who wrote what, and what it was before")
    leaks = [value for _, entry in seen for value in entry.get("reqMod", []) + entry.get("reqOld", []) if value.lower().startswith((b"userpassword", b"provostscram", b"provostcram", b"provostdkimprivatekey", b"provostkeyhash"))]
    tap.is_(leaks, [], "no secret is in what it reads there")
    seen = who["gateway"].connection.search_s(DOMAINS, 2, "(objectClass=*)", ["*", "+"]) + who["gateway"].connection.search_s(PRINCIPALS, 2, "(objectClass=*)", ["*", "+"])
    leaks = [(dn, name) for dn, entry in seen for name in entry if name.lower() in ("userpassword", "pwdhistory", "provostdkimprivatekey")]
    tap.is_(leaks, [], "no password and no private key is among all that the gateway can read")
    tap.ok(directory.alive(), "slapd is still there")

# A stored hash: whoever asks, in whatever way, whether Dovecot binds or looks passwords up. Only Dovecot gets one, only
# where it looks up, and only of a user who may log in.
HOLDERS = [JOHN, JANE, DAVE, JACK, CAROL, ZED, ADMIN, ALICE, GONE, POSTFIX, DOVECOT]
READABLE = [JOHN, JANE, JACK]


def hashes(who):
    """The entries whose hash this identity gets at by reading, by comparing, and by searching."""
    read_of = [dn for dn in HOLDERS if read(who, dn, "userPassword") == VALUE]
    compared = [dn for dn in HOLDERS if compare(who, dn, "userPassword", HASH) in (5, 6)]
    searched = [dn for dn in HOLDERS if count(who, dn, "(userPassword=*)") == 1]
    return read_of, compared, searched


for mode in ("none", "read"):
    with Directory(base=BASE, entries=ENTRIES, dovecot_passwords=mode) as directory:
        for name, identity in identities(directory).items():
            want = READABLE if (mode, name) == ("read", "dovecot") else []
            tap.is_(hashes(identity), (want, want, want), "Dovecot's right \"%s\": whose hash there is for %s" % (mode, name))
        dovecot = directory.service("dovecot")
        replaced = [(ldap.MOD_REPLACE, "provostEnabled", [b"FALSE"])]
        directory.admin().modify_s(ALPHA, replaced)
        tap.is_(hashes(Who(dovecot)), ([], [], []), "Dovecot's right \"%s\": none in a domain just disabled" % mode)
        tap.is_(bind(directory, "mail=ann@beta.example," + BETA, PASSWORD), 0, "Dovecot's right \"%s\": binding goes on" % mode)

# The same probes where there are no rules: each must now succeed, or it could never have failed.
with Directory(base=BASE, entries=ENTRIES, without_access_rules=True) as directory:
    user = Who(directory.connect(JOHN, PASSWORD))
    for operation, *arguments in FOREIGN:
        got = operation(user, *arguments)
        ok = {read: got == VALUE, compare: got == 6, count: isinstance(got, int) and got > 0}[operation]
        tap.ok(ok, "without rules: " + label("user", operation, arguments), got)
    for dn, what in ((DAVE, "a disabled user"), (CAROL, "a user whose login is disabled"), (ZED, "a user of a disabled domain"), (GONE, "a disabled principal")):
        tap.is_(bind(directory, dn, PASSWORD), 0, "without rules: bind: " + what)
tap.done()
