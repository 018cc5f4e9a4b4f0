#!/usr/bin/python3
"""What GET /v1/resolve says is what Postfix does: the same recipients in the end, the same addresses refused.

A real Postfix with the shipped maps gets one message for each address. All its deliveries, the ones to mailboxes too,
go to a server that notes the recipients; what it notes is compared with the reply.
"""

import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.environ.get("top_srcdir") or os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))), "tests", "lib"))
sys.path.insert(1, os.path.dirname(os.path.abspath(__file__)))

import ldap
import ldap.modlist

import gateway
import mail
import tap
from described import Client, admin, complaints_of_log

mail.skip_where_missing()

BASE = "dc=provost"
PASSWORD = "the same for all of them"
OUT = "friend@out.example"
EXPANSION = 150  # seconds for a circle of 1,000 lookups, on a machine that has other things to do

DOMAINS = [
    {"name": "a.example"}, {"name": "catch.example"}, {"name": "off.example"}, {"name": "out2.example"},
    {"name": "alias.example", "kind": "alias", "target": "a.example"},
    {"name": "catchalias.example", "kind": "alias", "target": "catch.example"},
    {"name": "offalias.example", "kind": "alias", "target": "a.example", "enabled": False},
]
USERS = ["john@a.example", "jane@a.example", "quiet@a.example", "gone@a.example", "away@a.example", "copy@a.example", "ping@a.example",
         "deaf@a.example", "owner@catch.example", "frank@catch.example", "ill@catch.example", "zed@off.example", "tag@a.example"]


def chain(name, length, end):
    """Aliases that lead one to the next, and the last one to the end."""
    return [("%s%d@a.example" % (name, i), ["%s%d@a.example" % (name, i + 1)] if i < length - 1 else [end]) for i in range(length)]


ALIASES = [
    ("sales@a.example", ["john@a.example", "jane@a.example"]),
    ("info@a.example", ["sales@a.example", "john@a.example"]),
    ("mixed@a.example", ["john@a.example", OUT, "john+box@a.example"]),
    ("closed@a.example", ["john@a.example"]),
    ("dangling@a.example", ["nobody@a.example", "jane@a.example"]),
    ("tooff@a.example", ["zed@off.example", "jane@a.example"]),
    ("toalias@a.example", ["sales@alias.example", "nobody@alias.example"]),
    ("tocatch@a.example", ["whoever@catch.example"]),
    ("todisabled@a.example", ["gone@a.example"]),
    ("inoff@off.example", ["john@a.example"]),
    ("viaoff@a.example", ["inoff@off.example"]),
    ("todeaf@a.example", ["deaf@a.example"]),
    ("ring1@a.example", ["ring2@a.example"]), ("ring2@a.example", ["ring3@a.example", "john@a.example"]),
    ("@catch.example", ["owner@catch.example", "all@out.example"]),
    ("wide@a.example", ["w%04d@out.example" % i for i in range(300)]),
    ("wider@a.example", ["wide@a.example", "john@a.example"]),
] + chain("short", 19, "john@a.example") + chain("long", 20, "john@a.example") + chain("out", 19, OUT) + chain("far", 20, OUT)

ADDRESSES = [
    "john@a.example", "John+Tag@A.example", "john+one+two@a.example", "quiet@a.example", "nobody@a.example", "nobody+tag@a.example",
    "sales@a.example", "sales+tag@a.example", "info@a.example", "mixed@a.example", "mixed+tag@a.example", "closed@a.example",
    "closed+tag@a.example", "dangling@a.example", "tooff@a.example", "toalias@a.example", "tocatch@a.example", "tocatch+tag@a.example",
    "todisabled@a.example", "viaoff@a.example", "todeaf@a.example", "deaf@a.example", "deaf+tag@a.example", "deaf@alias.example",
    "gone@a.example", "away@a.example", "away+tag@a.example", "copy@a.example", "copy+tag@a.example", "ping@a.example", "tag@a.example",
    "grow@a.example", "ring1@a.example", "ring2+tag@a.example", "anything@catch.example", "anything+tag@catch.example",
    "frank@catch.example", "ill@catch.example", "ill+tag@catch.example", "self@a.example", "self+tag@a.example", "selfish@a.example",
    "john@alias.example", "john+tag@alias.example", "sales@alias.example", "sales+tag@alias.example", "copy@alias.example",
    "away@alias.example", "nobody@alias.example", "closed@alias.example", "own@alias.example", "ownoff@alias.example", "stuck@alias.example",
    "anything@catchalias.example", "frank@catchalias.example", "ill@catchalias.example", "john@offalias.example",
    "stray@catchalias2.example", "john@catchalias2.example", "john+tag@catchalias2.example", "stray+tag@catchalias2.example",
    "john@tonowhere.example", "frank@twice.example", "known@relay.example", "known+tag@relay.example", "boss@relay.example",
    "zed@off.example", "inoff@off.example", "x@offrelay.example", OUT, "a@b.nowhere.example", "wide@a.example", "wider@a.example",
    "short0@a.example", "long0@a.example", "out0@a.example", "far0@a.example",
]


class Directory:
    """What only LDAP tools make."""

    def __init__(self, g):
        self.connection = ldap.initialize(g.ldap_url)
        self.connection.simple_bind_s("uid=admin,ou=principals," + BASE, g.secret("admin-password"))

    def dn(self, name):
        domain = "provostDomainName=%s,ou=domains,%s" % (name.rpartition("@")[2], BASE)
        return "mail=%s,%s" % (name, domain) if "@" in name else domain

    def add(self, name, **attributes):
        values = {key: [v.encode() for v in (value if isinstance(value, list) else [value])] for key, value in attributes.items()}
        self.connection.add_s(self.dn(name), ldap.modlist.addModlist(values))

    def domain(self, name, kind, enabled="TRUE", **more):
        self.add(name, objectClass="provostDomain", provostDomainName=name, provostDomainKind=kind, provostEnabled=enabled, **more)

    def alias(self, address, to, enabled="TRUE"):
        local = {"provostLocalPart": address.partition("@")[0]} if address[0] != "@" else {}
        self.add(address, objectClass="provostAlias", mail=address, provostEnabled=enabled, provostDestination=to, **local)

    def user(self, address):
        local = address.partition("@")[0]
        self.add(address, objectClass=["inetOrgPerson", "provostUser"], mail=address, cn=local, sn=local, provostLocalPart=local,
                 provostEnabled="TRUE", provostMailboxId="box-" + local + "-0001")

    def set(self, name, **attributes):
        self.connection.modify_s(self.dn(name), [(ldap.MOD_REPLACE, key, [v.encode() for v in (value if isinstance(value, list) else [value])])
                                                 for key, value in attributes.items()])


def populate(client, directory):
    made = [client.post("/v1/domains", body).status for body in DOMAINS]
    made += [client.post("/v1/users", {"address": address, "password": PASSWORD, "quota_bytes": 1000}).status for address in USERS]
    made += [client.post("/v1/aliases", {"address": address, "destinations": to}).status for address, to in ALIASES]
    made = [status for status in made if status != 201]
    tap.is_(made, [], "all that was created")
    client.patch("/v1/users/quiet@a.example", {"login_enabled": False, "quota_bytes": 0})
    for path in ("/v1/users/gone@a.example", "/v1/users/ill@catch.example", "/v1/aliases/closed@a.example", "/v1/domains/off.example"):
        client.patch(path, {"enabled": False})
    directory.set("away@a.example", provostDestination="away@out.example")
    directory.set("copy@a.example", provostDestination=["copy@a.example", "copy@out.example"])
    directory.set("ping@a.example", provostDestination=["jane@a.example", "away@a.example"])
    directory.set("tag@a.example", provostDestination=["tag+kept@a.example", "tag@a.example"])
    directory.set("deaf@a.example", provostSendOnly="TRUE")
    directory.alias("ring3@a.example", ["ring1@a.example"])
    directory.alias("grow@a.example", ["grow+x@a.example"])
    directory.alias("self@a.example", ["self@a.example", "john@a.example"])
    directory.alias("selfish@a.example", ["selfish@a.example"])
    directory.alias("own@alias.example", ["jane@a.example"])
    directory.alias("ownoff@alias.example", ["jane@a.example"], "FALSE")
    directory.user("stuck@alias.example")
    directory.domain("catchalias2.example", "alias", provostTargetDomain="a.example")
    directory.alias("@catchalias2.example", ["jane@a.example", "all@out.example"])
    directory.domain("tonowhere.example", "alias", provostTargetDomain="nowhere.example")
    directory.domain("twice.example", "alias", provostTargetDomain="catchalias.example")
    directory.domain("relay.example", "relay")
    directory.alias("boss@relay.example", ["john@a.example", "boss@relay.example"])
    directory.domain("offrelay.example", "relay", "FALSE")


def configure(g):
    path = os.path.join(g.top, "postfix")
    done = subprocess.run([os.path.join(gateway.BUILD, "provost"), "config", "postfix", path, "--state-dir", g.state,
                           "--hostname", "mail.test"], capture_output=True, text=True)
    tap.is_(done.returncode, 0, "provost config postfix")
    return path


def deliver(g, sink):
    """Send a message to each address: {address: whether it was taken, the recipients in the end}."""
    postfix = mail.Postfix(configure(g), outside=sink.address)
    with postfix:
        # A circle is given up at this limit: the usual one, which distribution.py tries, takes a quarter of a minute to reach.
        postfix.postconf("-e", "virtual_alias_expansion_limit=1000", "virtual_transport=smtp:[%s]:%d" % sink.address, "lmtp_destination_recipient_limit=1000")
        postfix.reload()
        taken = {}
        for number, address in enumerate(ADDRESSES):
            # Another sender each time: smtpd remembers answers for the pair.
            (code, text), = postfix.send("s%d@sender.example" % number, [address], address, patience=EXPANSION).values()
            taken[address] = code, text
        postfix.wait_queue_empty(120)
    ends = {address: set() for address in ADDRESSES}
    for sender, recipients, text in sink.messages:
        if sender:
            ends[ADDRESSES[int(sender[1:].partition("@")[0])]].update(recipients)
    return taken, ends


def mailbox_of(address):
    local, _, domain = address.rpartition("@")
    return local.partition("+")[0] + "@" + domain


def compare(client, taken, ends):
    boxes = set(USERS)
    for address in ADDRESSES:
        reply = client.get("/v1/resolve/" + address.replace("+", "%2B"))
        tap.is_(reply.status, 200, "resolve " + address)
        code, text = taken[address]
        got = reply.json
        here = {mailbox_of(end) for end in ends[address] if mailbox_of(end) in boxes}
        away = {end for end in ends[address] if mailbox_of(end) not in boxes}
        if code != 250:
            tap.is_(got["deliverable"], False, "%s is refused: %d %s" % (address, code, text))
            continue
        if got["deliverable"]:
            tap.is_({box["address"] for box in got["mailboxes"]}, here & {b for b in boxes if b not in GONE}, "%s: the mailboxes" % address)
            tap.is_(set(got["external"]), away - BOUNCED, "%s: what leaves" % address)
        else:
            tap.ok(not (here - GONE) and not (away - BOUNCED), "%s: taken, and nobody gets it" % address, (here, away, got))


# Postfix hands these to the mail store or to the world, which refuse them: nobody is there.
GONE = {"gone@a.example", "zed@off.example"}
BOUNCED = {"nobody@a.example", "zed@off.example", "self@a.example", "selfish@a.example", "self+tag@a.example"}


def main():
    with gateway.Gateway() as g:
        client, directory = admin(g), Directory(g)
        populate(client, directory)
        sink = mail.Sink()
        try:
            taken, ends = deliver(g, sink)
        finally:
            sink.close()
        if os.environ.get("SHOW"):
            for address in ADDRESSES:
                print("#", address, taken[address], sorted(ends[address])[:5])
        compare(client, taken, ends)
        tap.is_(client.complaints, [], "every reply was as described")
        tap.is_(complaints_of_log(g), [], "the log tells of no error of ours")
        tap.is_(g.stop(), 0, "it ends well")
    tap.done()


main()
