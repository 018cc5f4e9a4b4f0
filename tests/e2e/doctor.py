#!/usr/bin/python3
"""provost doctor finds each thing that is wrong with a directory, and nothing in one that is well."""

import collections
import json
import os
import re
import socket
import subprocess
import sys
import tempfile
import time

TOP = os.environ.get("top_srcdir") or os.path.join(os.path.dirname(os.path.abspath(__file__)), "../..")
sys.path.insert(0, os.path.join(TOP, "tests/lib"))
import jsonschema
import tap
from directory import CREDENTIALS, Directory, alias_entry, crypt_hash, domain_entry, ldif, principal_entry, user_entry
from gateway import BUILD, Gateway

BASE = "dc=provost"
HASH = crypt_hash("secret")
PROVOST = os.path.join(BUILD, "provost")
DAY = 24 * 3600


def moment(days):
    """So many days from now, as slapd keeps it."""
    return time.strftime("%Y%m%d%H%M%SZ", time.gmtime(time.time() + days * DAY))


def doctor(*options):
    """Exit status and what was printed."""
    run = subprocess.run([PROVOST, "doctor", *options], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=120, check=False)
    return run.returncode, run.stdout, run.stderr


def schema():
    """The description of --json in the manual."""
    with open(os.path.join(TOP, "docs/doctor.md"), encoding="utf-8") as file:
        return json.loads(re.search(r"```json\n(\{\n.*?)```", file.read(), re.S).group(1))


def examine(*options):
    """Exit status and report, which is as described."""
    status, out, err = doctor("--json", *options)
    try:
        report = json.loads(out)
        jsonschema.validate(report, schema())
    except ValueError:
        tap.bail_out("no report: %s%s" % (out[-2000:], err))
    return status, report


def found(report):
    """How often each finding was made about each entry."""
    return collections.Counter((one["code"], one["entry"].split(",")[0].replace(PLACE, "")) for one in report["findings"])


class Patient(Directory):
    """A directory with everything wrong that there is."""

    def values(self):
        values = super().values()
        csns = "\n".join("contextCSN: 20260101000000.000000Z#000000#%03d#000000" % sid for sid in (1, 2))
        values["BASE_ENTRY"] += "\n" + csns
        return values


def break_rules(config):
    """Without an index and an overlay; Postfix sees quotas, and Dovecot the passwords of disabled domains."""
    config = config.replace("provostNumber,provostMailboxId eq", "provostNumber eq").replace("mail,provostDomainName eq,subinitial,subany", "mail,provostDomainName eq,subany")
    config = config.replace("olcIndexSubstrIfMinLen: 1", "olcIndexSubstrIfMinLen: 2")
    config = re.sub(r"(?s)dn: olcOverlay=unique,.*?\n\n", "", config)
    config, count = re.subn(r"(olcAccess: \{0\}to .*?attrs=entry,)", r"\1provostQuotaBytes,", config, count=1, flags=re.S)
    assert count == 1
    config, count = re.subn(r'(by dn.exact="cn=dovecot,[^"]*") set="[^"]*"( @DOVECOT_PASSWORDS@)', r"\1\2", config)
    assert count == 1
    return config


def lookups_shipped():
    """Every lookup that the doctor can try: file and setting."""
    for folder, setting in ("postfix", "query_filter"), ("dovecot", "(?:pass|user)_filter"):
        for name in sorted(os.listdir(os.path.join(TOP, "src/cli", folder))):
            with open(os.path.join(TOP, "src/cli", folder, name), encoding="utf-8") as file:
                for match in re.findall(r"(?m)^(%s)\s*=" % setting, file.read()):
                    yield folder + "/" + name, match


def lookups_tried():
    """Those of trial.c."""
    with open(os.path.join(TOP, "src/doctor/trial.c"), encoding="utf-8") as file:
        text = file.read()
    for name in re.findall(r'\{POSTFIX\("(.*?)"\)', text):
        yield "postfix/%s.cf" % name, "query_filter"
    for name, setting in re.findall(r'\{DOVECOT\("(.*?)", "(.*?)"\)', text):
        yield "dovecot/%s.conf.ext" % name, setting


PARTS = []
PLACE = "-"


def dn_of(*parts):
    return ",".join(parts + (BASE,))


def put(dn, entry):
    PARTS.append(ldif(dn, entry))


def domain(name, **more):
    put(dn_of("provostDomainName=" + name, "ou=domains"), domain_entry(name, **more))


def user(address, where=None, **more):
    place = dn_of("provostDomainName=" + (where or address.split("@")[1]), "ou=domains")
    entry = user_entry(address, **{"userPassword": HASH, **more})
    if where:  # a second one of this name
        entry["provostMailboxId"] = ["second-" + entry["provostMailboxId"][0]]
    put("mail=%s,%s" % (address, place), entry)


def alias(address, *destinations, **more):
    put(dn_of("mail=" + address, "provostDomainName=" + address.split("@")[1], "ou=domains"), alias_entry(address, destinations, **more))


# What is well in the same directory.
domain("good.example")
domain("other.example")
domain("off.example", enabled=False)
domain("alias.example", kind="alias", provostTargetDomain="good.example")
domain("relay.example", kind="relay", provostTransport="smtp:[127.0.0.1]")
user("ann@good.example", provostQuotaBytes="5")
user("bob@good.example", provostDestination=["ann@good.example", "bob@good.example", "far@elsewhere.example"])
user("shut@good.example", enabled=False)
user("boss@relay.example")
user("nologin@good.example", provostLoginEnabled="FALSE")
user("who@off.example")
user("strong@good.example", **CREDENTIALS)
user("strong@relay.example", provostScramSha256=CREDENTIALS["provostScramSha256"])
user("closed@good.example", enabled=False, **CREDENTIALS)
alias("team@good.example", "ann@alias.example", "bob+tag@good.example", "x@relay.example", "y@elsewhere.example", provostSenderAllowed="TRUE")
alias("@other.example", "ann@good.example")
alias("all@good.example", "anything@other.example")
alias("disabled@good.example", "nobody@good.example", enabled=False)

EXPECTED = collections.Counter()


def expect(code, entry):
    EXPECTED[code, entry] += 1


user("victim@good.example")
user("thief@good.example", provostLocalPart=["thief", "victim"], provostFormerAddress="victim@good.example")
expect("undeliverable", "victim@good.example")
alias("dead@good.example", "nobody1@good.example")
expect("alias_to_nowhere", "dead@good.example")
domain("catch.example")
alias("@catch.example", "nobody@catch.example")
expect("catch_all_to_nowhere", "@catch.example")
user("forward@good.example", provostDestination="nobody2@good.example")
expect("forward_to_nowhere", "forward@good.example")
domain("t1.example", kind="alias", provostTargetDomain="gone.example")
expect("target_missing", "t1.example")
domain("t2.example", kind="alias", provostTargetDomain="off.example")
expect("target_disabled", "t2.example")
domain("t3.example", kind="alias", provostTargetDomain="relay.example")
expect("target_kind", "t3.example")
domain("r1.example", kind="relay")
expect("relay_without_transport", "r1.example")
user("robot@good.example", provostSendOnly="TRUE")
expect("send_only", "robot@good.example")
# The first is disabled, and the lookups find the second.
user("double@good.example", enabled=False)
user("double@good.example", where="other.example")
for code in "still_delivered", "login_open", "login_refused", "address_twice":
    expect(code, "double@good.example")
# Two of one name, of which one is disabled: Dovecot denies it.
domain("shadow.example")
put(dn_of("provostDomainName=shadow.example", "provostDomainName=other.example", "ou=domains"), domain_entry("shadow.example", enabled=False))
for code in "login_refused", "undeliverable", "still_delivered":
    expect(code, "shadow.example")
# Each is found by one lookup alone, in a domain that is disabled.
for name in CREDENTIALS:
    user(name.lower() + "@off.example", **{name: CREDENTIALS[name]})
    expect("login_open", name.lower() + "@off.example")
# Two of one login: no system takes either.
user("twin@good.example", uid="twin@good.example")
user("twin2@good.example", uid="twin@good.example")
expect("login_refused", "twin@good.example")
user("old@good.example", provostExpires=moment(-3))
expect("expired_in_force", "old@good.example")
user("soon@good.example", provostExpires=moment(3))
expect("expires", "soon@good.example")
user("later@good.example", provostExpires=moment(100))
user("weak@good.example", userPassword="{SSHA}DkMTwBl+a/3DQTxCYEApdUtNXGgdUac3")
expect("password_form", "weak@good.example")
user("clear@good.example", userPassword="$6$abcdefgh$clear")
expect("password_form", "clear@good.example")
user("none@good.example", userPassword=None)
expect("no_password", "none@good.example")
put(dn_of("uid=gone", "ou=principals"), principal_entry("gone", enabled=False))
domain("d1.example", provostOwner=dn_of("uid=gone", "ou=principals"), provostViewer=dn_of("mail=ann@good.example", "provostDomainName=good.example", "ou=domains"))
expect("role_disabled", "d1.example")
domain("d2.example", provostAdministrator=dn_of("uid=nobody", "ou=principals"))
expect("role_missing", "d2.example")
alias("some@good.example", "ann@good.example", "nobody3@good.example")
expect("destination_missing", "some@good.example")
alias("half@good.example", "ann@good.example", "shut@good.example")
expect("destination_disabled", "half@good.example")
user("forger@good.example", provostSender=["x@good.example", "@elsewhere.example"])
expect("sender_foreign", "forger@good.example")
# Under his own domain and what stands for it anybody may send, under another one by somebody's leave.
user("guest@good.example", provostSender=["y@good.example", "@alias.example", "desk@other.example"])
expect("sender_elsewhere", "guest@good.example")
alias("a@good.example", "b+x@good.example")
user("b@good.example", provostDestination=["c@alias.example", "b@good.example"])
alias("c@good.example", "a@good.example")
expect("loop", "a@good.example")
domain("l1.example", provostMaxUsers="1", provostMaxAliases="1", provostQuotaBytes="10")
for number in 1, 2:
    user("u%d@l1.example" % number, provostQuotaBytes="6")
    alias("a%d@l1.example" % number, "u1@l1.example")
for code in "too_many_users", "too_many_aliases", "quota_exceeded":
    expect(code, "l1.example")
domain("l2.example", provostMaxUsers="5", entryUUID="00000000-1111-2222-3333-444444444444")
put(dn_of("cn=l2.example", "ou=journal"),
    {"objectClass": ["provostTally"], "cn": ["l2.example"], "provostTallyOf": ["00000000-1111-2222-3333-444444444444"], "provostTallyUsers": ["1"],
     "provostTallyAliases": ["7"], "modifyTimestamp": [moment(-1)]})
expect("tally_wrong", "l2.example")
# Only what is limited is counted.
domain("l3.example", entryUUID="00000000-1111-2222-3333-555555555555")
user("u@l3.example", provostQuotaBytes="6")
put(dn_of("cn=l3.example", "ou=journal"),
    {"objectClass": ["provostTally"], "cn": ["l3.example"], "provostTallyOf": ["00000000-1111-2222-3333-555555555555"], "provostTallyUsers": ["1"]})
for name, state, age in ("stuck", "stuck", 0), ("slow", "running", -1), ("new", "running", 0):
    put(dn_of("provostJournalId=" + name, "ou=journal"),
        {"objectClass": ["provostJournal"], "provostJournalId": [name], "provostJournalState": [state], "provostJournalSteps": ["[]"],
         "modifyTimestamp": [moment(age)]})
expect("plan_stuck", "provostJournalId=stuck")
expect("plan_old", "provostJournalId=slow")
for address, box in ("ann@good.example", "box-ann-good-example"), ("shut@good.example", "box-of-somebody"):
    put(dn_of("cn=usage", "mail=" + address, "provostDomainName=good.example", "ou=domains"),
        {"objectClass": ["provostUsage"], "cn": ["usage"], "provostUsageOf": [box]})
expect("usage_orphan", "cn=usage")
for address, days in ("kept@good.example", 5), ("past@good.example", -5):
    put(dn_of("mail=" + address, "ou=retired"), {"objectClass": ["provostRetired"], "mail": [address], "provostExpires": [moment(days)]})
expect("retired_expired", "mail=past@good.example")
# Of a mailbox's name, and of how addresses and domains begin.
for _ in "index", "index", "index", "overlay":
    expect(_ + "_missing", "olcDatabase={1}mdb")
expect("index_missing", "cn=config")
expect("slapd_exposed", "ldap://0.0.0.0:389")
expect("several_writers", BASE)
expect("readable", "provostDomainName=l1.example")
expect("service_login", "cn=signer")


# A role under a name that no filter can hold, as slapadd takes it.
odd = dn_of("mail=odd@good.example+sn=x)(", "provostDomainName=good.example", "ou=domains")
entry = user_entry("odd@good.example", userPassword=HASH)
put(odd, dict(entry, sn=["x)("]))
domain("d3.example", provostViewer=odd)
domain("d4.example", provostSponsor=odd)
put(dn_of("uid=rex", "ou=principals"), dict(principal_entry("rex"), provostSponsor=[odd]))
put(dn_of("cn=odd", "ou=groups"), {"objectClass": ["groupOfNames"], "cn": ["odd"], "member": [odd]})
for entry in "d3.example", "d4.example", "uid=rex", "cn=odd":
    expect("role_name", entry)


def dkim(selector, where="signed.example", state="active", kind="rsa", **more):
    """A key of a domain, well but for what is said."""
    values = {"objectClass": "provostDkimKey", "provostDkimSelector": selector, "provostDkimDomain": where, "provostDkimState": state, "provostDkimKeyType": kind,
              "provostDkimKeyName": "%s._domainkey.%s" % (selector, where), "provostDkimPrivateKey": "of " + selector, "provostDkimDns": "published",
              "provostDkimActivated": moment(-30), "createTimestamp": moment(-40), **more}
    put(dn_of("provostDkimSelector=" + selector, "provostDomainName=" + (more.pop("below", None) or where), "ou=domains"),
        {name: [value] for name, value in values.items() if value is not None and name != "below"})


for name in "signed", "signed2", "signed3", "shown", "signoff":
    domain(name + ".example", enabled=name != "signoff")
dkim("good")
dkim("good2", kind="ed25519", provostDkimActivated=moment(-3000), provostDkimRotateDays="30", provostDkimDue=moment(1))
dkim("next", state="prepared", createTimestamp=moment(-3), provostDkimDns="absent", provostDkimDue=moment(0))
dkim("past", state="retired", provostDkimKeyName=None, provostDkimPrivateKey=None, provostDkimActivated=moment(-900))
dkim("two", where="signed2.example", provostDkimActivated=moment(-2))
dkim("three", where="signed2.example", provostDkimActivated=moment(-1))
expect("dkim_several", "provostDkimSelector=three")
# Two that have just been exchanged are settled soon.
dkim("four", where="signed3.example", provostDkimActivated=moment(-2))
dkim("five", where="signed3.example", provostDkimActivated=moment(0))
dkim("taken", where="signed3.example", state="published", provostDkimKeyName="good._domainkey.signed.example")
for _ in "called as another", "and that is there":
    expect("dkim_conflict", "provostDkimSelector=taken")
dkim("strange", where="signed.example", below="signed3.example", state="retired")
expect("dkim_conflict", "provostDkimSelector=strange")
dkim("unseen", where="shown.example", provostDkimDns="different")
dkim("unseen2", where="shown.example", kind="ed25519")
put(dn_of("cn=check", "provostDomainName=shown.example", "ou=domains"),
    {"objectClass": ["provostCheck"], "cn": ["check"],
     "provostCheckResult": ['{"name":"dkim","about":"unseen2._domainkey.shown.example","result":"error","code":"dkim_missing","actor":"you"}', '{"name":"mx","result":"error","code":"mx_missing"}', "{"]})
for name in "unseen", "unseen2":
    expect("dkim_not_shown", "provostDkimSelector=" + name)
dkim("hollow", where="shown.example", provostDkimKeyName=None, provostDkimPrivateKey=None)
expect("dkim_without_key", "provostDkimSelector=hollow")
dkim("waits", where="shown.example", state="prepared", createTimestamp=moment(-8), provostDkimDns="absent", provostDkimDue=moment(-1))
for code in "dkim_waits", "dkim_late":
    expect(code, "provostDkimSelector=waits")
dkim("off", where="signoff.example", provostDkimActivated=moment(-400))
for code in "dkim_domain_off", "dkim_old":
    expect(code, "provostDkimSelector=off")
expect("key_file_open", "/keys/a.pem")


def write(path, text):
    with open(path, "w", encoding="ascii") as file:
        file.write(text)
    return path


def state_of(directory):
    """What a provostd would have around this directory."""
    state = os.path.join(directory.place, "state")
    os.makedirs(os.path.join(state, "services"))
    os.symlink(os.path.join(directory.place, "config"), os.path.join(state, "slapd.d"))
    os.symlink(os.path.join(directory.place, "ldapi"), os.path.join(state, "ldapi"))
    write(os.path.join(state, "base"), BASE + "\n")
    write(os.path.join(state, "ldap-uri"), "ldap://0.0.0.0:389\n")
    write(os.path.join(state, "dovecot-reads-passwords"), "yes\n")
    for name in "postfix", "dovecot", "sso", "signer":
        os.chmod(write(os.path.join(state, "services", name), directory.password("sso" if name == "signer" else name) + "\n"), 0o640)
    return state


with Patient(base=BASE, entries="".join(PARTS), edit=break_rules, dovecot_passwords="read") as directory:
    state = state_of(directory)
    slapd = write(os.path.join(directory.place, "slapd"), "..@(#) $OpenLDAP: slapd 2.5.13+dfsg-5 (now) $")
    PLACE = directory.place
    keys = os.path.join(directory.place, "keys")
    os.mkdir(keys)
    for name, mode in ("a.pem", 0o644), ("b.pem", 0o640), ("key.table", 0o644):
        os.chmod(write(os.path.join(keys, name), "x"), mode)
    options = ["--state-dir", state, "--slapd", slapd, "--key-dir", keys]
    status, report = examine(*options)
    got = found(report)
    for key in sorted(set(EXPECTED) | set(got)):
        tap.is_(got[key], EXPECTED[key], "%s of %s" % key)
    tap.is_(status, 2, "there are errors")
    tap.is_(report["status"], 2, "the report says the same")
    tap.is_(report["examined"]["users"], sum("provostUser\n" in part for part in PARTS), "all users were seen")
    tap.is_(report["not_examined"], [], "everything was examined")
    with open(os.path.join(TOP, "docs/doctor.md"), encoding="utf-8") as file:
        described = set(re.findall(r"(?m)^\| `(\w+)` \|", file.read()))
    tap.is_(described, {code for code, _ in EXPECTED}, "the manual describes each finding, and each is tried here")
    tap.is_(sorted(lookups_tried()), sorted(lookups_shipped()), "each lookup of the mail servers is tried")
    secrets = [directory.password(name) for name in ("admin", "postfix", "dovecot")] + ["DkMTwBl", "$clear", HASH.split("$")[-1]]
    tap.ok(not any(secret in json.dumps(report) for secret in secrets), "no secret is told")

    status, out, _ = doctor(*options)
    tap.is_(status, 2, "in lines: the same status")
    lines = re.findall(r"(?m)^(?:info|warning|error) (\w+) (\S+): .* -- \S.*$", out)
    tap.is_(collections.Counter(code for code, _ in lines), collections.Counter(one["code"] for one in report["findings"]), "in lines: the same findings")
    tap.ok(out.splitlines()[-1].endswith("%d errors, %d warnings, %d remarks" % tuple(report[what] for what in ("errors", "warnings", "infos"))),
           "the last line counts them", out[-300:])

    status, part = examine(*options, "--domain", "L1.example")
    tap.is_(found(part), collections.Counter({key: 1 for key in EXPECTED if key[1] == "l1.example"} | {("service_login", "cn=signer"): 1}), "--domain tells of one alone")
    status, part = examine(*options, "--domain", "none.example")
    tap.is_(status, 3, "a domain that is not there cannot be examined")
    _, part = examine(*options, "--delimiter", "off")
    tap.ok(found(part)["destination_missing", "team@good.example"] and not found(part)["loop", "a@good.example"], "without a delimiter a tag is none")
    _, part = examine(*options, "--expiring", "200")
    tap.ok(found(part)["expires", "later@good.example"], "--expiring looks further ahead")
    _, part = examine(*options, "--sample", "5")
    tap.ok(part["examined"]["looked_up"] in (4, 5), "--sample looks up as many")

    other = ["--ldap-uri", directory.ldapi, "--base", BASE, "--password-dir", os.path.join(state, "services")]
    status, part = examine(*other)
    missing = {key for key in EXPECTED if key not in found(part)}
    tap.is_({code for code, _ in missing}, {"index_missing", "overlay_missing", "slapd_exposed", "password_form", "no_password", "key_file_open"},
            "of another directory less is seen")
    tap.ok(len(part["not_examined"]) == 3 and found(part)["readable", "provostDomainName=l1.example"], "and is told to be unseen", part["not_examined"])
    tap.ok(any("cn=dovecot" in one["problem"] for one in part["findings"] if one["code"] == "readable"), "Dovecot may not read hashes everywhere")

    write(os.path.join(state, "services", "postfix"), "wrong\n")
    status, part = examine(*options)
    tap.ok(found(part)["service_login", "cn=postfix"] and status == 2, "a service whose password is wrong is an error")
    password = write(os.path.join(directory.place, "password"), directory.password("admin") + "\n")
    status, part = examine(*other, "--password-file", password)
    tap.ok(found(part)["loop", "a@good.example"], "an administrator's password does as well")
    for bad in ["--nonsense"], ["--delimiter", "ab"], ["word"], ["--sample", "-1"], ["--ldap-uri", "ldapi://%2Fnowhere", "--base", BASE], ["--state-dir", "/nonexistent"]:
        status, out, err = doctor(*bad)
        tap.is_(status, 3, "exit status 3: " + " ".join(bad))
    directory.stop()
    tap.is_(doctor(*options)[0], 3, "without a directory nothing can be examined")

    # One that takes connections and says nothing.
    with socket.socket(socket.AF_UNIX) as mute:
        path = os.path.join(directory.place, "mute")
        mute.bind(path)
        mute.listen()
        began = time.monotonic()
        tap.is_(doctor("--ldap-uri", "ldapi://" + path.replace("/", "%2F"), "--base", BASE)[0], 3, "a directory that is mute is given up")
        tap.ok(time.monotonic() - began < 40, "soon", time.monotonic() - began)


# What the gateway made itself is well.
with Gateway() as gateway:
    admin = gateway.admin()
    for path, body in [
            ("domains", {"name": "example.org"}), ("domains", {"name": "alias.example", "kind": "alias", "target": "example.org"}),
            ("users", {"address": "john@example.org", "password": "a good long password"}),
            ("users", {"address": "jane@example.org", "password": "a good long password"}),
            ("users", {"address": "off@example.org", "password": "a good long password", "enabled": False}),
            ("aliases", {"address": "sales@example.org", "destinations": ["john@example.org", "jane@alias.example", "x@elsewhere.example"]}),
            ("aliases", {"address": "@example.org", "destinations": ["jane@example.org"]})]:
        reply = admin.post("/v1/" + path, body)
        tap.is_(reply.status, 201, "%s is made" % list(body.values())[0])
    status, report = examine("--state-dir", gateway.state)
    tap.is_((status, report["findings"]), (0, []), "nothing is wrong with what the gateway made")
    tap.ok(report["examined"]["lookups"] > 25 and report["examined"]["looked_up"] == 5, "and everything was looked up", report["examined"])
    tap.is_([why for why in report["not_examined"] if "passwords" not in why], [], "nothing but passwords is unseen")
tap.done()
