#!/usr/bin/python3
"""Keys that sign mail: made, imported, moved from state to state, and never shown."""

import base64
import datetime
import os
import re
import sys

sys.path.insert(0, os.path.join(os.environ.get("top_srcdir") or os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))), "tests", "lib"))
sys.path.insert(1, os.path.dirname(os.path.abspath(__file__)))

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
import ldap

import gateway
import tap

KEYS = "/v1/domains/example.org/dkim"


def pem(key, form=serialization.PrivateFormat.PKCS8):
    return key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()).decode()


def signer(g):
    """What cn=signer reads, by selector."""
    connection = ldap.initialize(g.ldap_url)
    connection.simple_bind_s("cn=signer,ou=services,dc=provost", g.secret("services/signer"))
    found = connection.search_s("ou=domains,dc=provost", ldap.SCOPE_SUBTREE, "(&(objectClass=provostDkimKey)(provostDkimDomain=example.org))")
    return {entry["provostDkimSelector"][0].decode(): {name: values[0].decode() for name, values in entry.items()} for _, entry in found}


def public(record):
    """The key within a TXT record."""
    return base64.b64decode(re.search(r"p=([^;]*)", record).group(1))


def matches(record, private):
    key = serialization.load_pem_private_key(private.encode(), None)
    if isinstance(key, rsa.RSAPrivateKey):
        return public(record) == key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return public(record) == key.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)


def making(g, boss):
    today = datetime.datetime.now(datetime.timezone.utc).strftime("%Y%m%d")
    for algorithm, bits in (("rsa-2048", 2048), ("rsa-3072", 3072), ("ed25519", 256)):
        made = boss.post(KEYS, {"algorithm": algorithm, "selector": algorithm})
        if not tap.is_(made.status, 201, "a key is made: %s" % algorithm):
            print("#", made)
            continue
        tap.is_((made.json["algorithm"], made.json["state"], made.json["next_step"]), (algorithm, "prepared", "publish"), "it is prepared, and to be published")
        private = signer(g)[algorithm]
        tap.ok(matches(private["provostDkimPublicKey"], private["provostDkimPrivateKey"]), "its record is that of its private key")
        loaded = serialization.load_pem_private_key(private["provostDkimPrivateKey"].encode(), None)
        tap.is_(getattr(loaded, "key_size", 256), bits, "of as many bits as were asked for")
        tap.is_("".join(made.json["txt"]), private["provostDkimPublicKey"], "the strings are the record")
        tap.ok(all(len(text) <= 255 for text in made.json["txt"]) and (len(made.json["txt"]) > 1) == (bits > 256), "cut where a string ends")
        tap.is_("".join(re.findall(r'"([^"]*)"', made.json["zone"])), private["provostDkimPublicKey"], "and so is the line of the zone file")
        tap.is_(private["provostDkimKeyName"], "%s._domainkey.example.org" % algorithm, "it has the name by which OpenDKIM joins its tables")
    dated = [boss.post(KEYS, {"algorithm": "ed25519"}).json["selector"] for _ in range(2)]
    tap.is_(dated, [today, today + "b"], "without a selector it gets one by the date")


def importing(g, boss):
    theirs = rsa.generate_private_key(65537, 2048)
    for selector, text in (("pkcs8", pem(theirs)), ("pkcs1", pem(theirs, serialization.PrivateFormat.TraditionalOpenSSL)), ("curve", pem(ed25519.Ed25519PrivateKey.generate()))):
        made = boss.post(KEYS, {"selector": selector, "private_key": text})
        if tap.is_(made.status, 201, "a key is imported: %s" % selector):
            private = signer(g)[selector]
            tap.ok(matches("".join(made.json["txt"]), text) and matches("".join(made.json["txt"]), private["provostDkimPrivateKey"]), "it is that one")
            tap.ok(private["provostDkimPrivateKey"].startswith("-----BEGIN PRIVATE KEY-----"), "and stored as PKCS#8")
    before = boss.get(KEYS).json
    weak = pem(rsa.generate_private_key(65537, 512))
    for what, body in (("what is no key", {"private_key": "x"}), ("one that is too short", {"private_key": weak}),
                       ("one of another sort", {"private_key": pem(ec.generate_private_key(ec.SECP256R1()))}),
                       ("a key with an algorithm", {"private_key": pem(theirs), "algorithm": "rsa-2048"}),
                       ("an algorithm there is not", {"algorithm": "rsa-512"}), ("a selector that is none", {"selector": "a_b"}),
                       ("one that is retired", {"private_key": pem(theirs), "state": "retired"}),
                       ("one that is made and signs", {"state": "active"}), ("a state there is not", {"state": "Active", "private_key": pem(theirs)})):
        tap.is_(boss.post(KEYS, body).status, 422, "refused: %s" % what)
    tap.is_(boss.post(KEYS, {"selector": "PKCS8"}).json["code"], "exists", "and a selector that is taken")
    tap.is_(boss.get(KEYS).json, before, "which changes nothing")


def states(boss):
    def of(selector):
        return boss.get("%s/%s" % (KEYS, selector)).json

    def move(selector, state):
        return boss.patch("%s/%s" % (KEYS, selector), {"state": state})

    tap.is_(move("rsa-2048", "active").json["code"], "not_published", "what was not published does not sign")
    tap.is_([move("rsa-2048", state).json["state"] for state in ("published", "active")], ["published", "active"], "a key goes from state to state")
    tap.is_(boss.delete(KEYS + "/rsa-2048").json["code"], "key_signs", "one that signs is not deleted")
    tap.is_(move("rsa-2048", "published").json["code"], "key_signs", "nor does it go back")
    move("rsa-3072", "published")
    tap.is_(move("rsa-3072", "active").status, 200, "another begins to sign")
    tap.is_((of("rsa-3072")["state"], of("rsa-2048")["state"]), ("active", "retired"), "in its place: one of a type signs")
    move("ed25519", "published")
    move("ed25519", "active")
    tap.is_((of("rsa-3072")["state"], of("ed25519")["state"]), ("active", "active"), "besides one of another type")
    tap.ok(of("rsa-2048")["due_at"] > of("rsa-2048")["retired_at"] and of("rsa-2048")["next_step"] == "keep", "what is retired is kept for a while")
    tap.is_(move("rsa-2048", "active").status, 200, "and may sign again")
    tap.is_((of("rsa-3072")["state"], of("rsa-2048")["state"]), ("retired", "active"), "in the place of the other")
    key = boss.get(KEYS + "/pkcs8")
    tap.is_(boss.patch(KEYS + "/pkcs8", {"description": "theirs"}, headers={"If-Match": key.headers["ETag"]}).json["description"], "theirs", "a change in the state that was seen")
    tap.is_(boss.patch(KEYS + "/pkcs8", {"description": "mine"}, headers={"If-Match": key.headers["ETag"]}).status, 412, "and in no other")
    tap.is_(boss.request("GET", KEYS + "/pkcs1", headers={"If-None-Match": boss.get(KEYS + "/pkcs1").headers["ETag"]}).status, 304, "what was seen is not sent again")
    tap.is_(boss.patch(KEYS + "/pkcs8", {"algorithm": "ed25519"}).status, 422, "the algorithm stays")
    tap.is_(boss.delete(KEYS + "/pkcs8").status, 204, "one that does not sign is deleted")
    tap.is_((boss.get(KEYS + "/pkcs8").status, boss.delete(KEYS + "/pkcs8").status), (404, 404), "and gone")


def rehearsing(g, boss):
    before = boss.get(KEYS).json
    reply = gateway.until(lambda: (lambda r: r if r.status == 200 else None)(boss.post(KEYS, {"selector": "never"}, headers={"Prefer": "dry-run"})), "a dry run", 40)
    tap.is_((reply.json["object"]["state"], reply.json["object"]["algorithm"]), ("prepared", "rsa-2048"), "a dry run tells what would be made")
    secret = pem(ed25519.Ed25519PrivateKey.generate())
    reply = boss.post(KEYS, {"selector": "never", "private_key": secret}, headers={"Prefer": "dry-run"})
    tap.ok(reply.status == 200 and secret.split("\n")[1] not in reply.text, "of a key that is brought, too, without showing it")
    tap.is_(boss.patch(KEYS + "/rsa-2048", {"state": "retired"}, headers={"Prefer": "dry-run"}).json["object"]["state"], "retired", "and of a change")
    tap.is_(boss.delete(KEYS + "/pkcs1", headers={"Prefer": "dry-run"}).status, 200, "and of a deletion")
    tap.is_((boss.get(KEYS).json, "never" in signer(g)), (before, False), "and nothing is done")


def again(boss):
    headers = {"Idempotency-Key": '"one key only"'}
    first = boss.post(KEYS, {"selector": "once", "algorithm": "ed25519"}, headers=headers)
    second = boss.post(KEYS, {"selector": "once", "algorithm": "ed25519"}, headers=headers)
    tap.is_((first.status, second.status, second.json), (201, 201, first.json), "a request that comes again is answered as before")


def secrecy(g, boss, cursor):
    """Nothing that was ever told or logged has any of the keys."""
    private = [entry["provostDkimPrivateKey"] for entry in signer(g).values()]
    pieces = {line for text in private for line in text.split("\n") if len(line) > 40}
    changes = boss.get("/v1/changes?limit=200&cursor=" + cursor)
    shown = [boss.get(KEYS).text, boss.get("/v1/audit?limit=200").text, changes.text, g.log()]
    tap.ok(pieces and not [text for text in shown if "PRIVATE KEY" in text or any(piece in text for piece in pieces)], "no reply, no trail, no change and no log shows a private key")
    trail = boss.get("/v1/audit?limit=200").json["items"]
    tap.ok(any(entry.get("kind") == "dkim_key" for entry in trail) or "dkim_key" in str(trail), "the trail of changes tells that there are keys")


def events(client, cursor, what=""):
    items = client.get("/v1/changes?limit=200%s&cursor=%s" % (what, cursor)).json["items"]
    return [(one["event"], one["domain"], one["key"], one["changed"]) for one in items]


def following(g, boss):
    """Who follows changes hears of keys, as far as he sees the domain."""
    boss.post("/v1/domains", {"name": "heard.example"})
    boss.post("/v1/domains", {"name": "other.example"})
    for login in "vera", "carl":
        boss.post("/v1/principals", {"login": login, "password": "the same for all of them"})
    boss.put("/v1/domains/heard.example/administrators/vera", {"role": "viewer"})
    vera, carl = (g.client(login, "the same for all of them") for login in ("vera", "carl"))
    path = "/v1/domains/heard.example/dkim"
    cursor = boss.get("/v1/changes?limit=0").json["cursor"]
    boss.post(path, {"selector": "carl", "algorithm": "ed25519"})
    boss.patch(path + "/carl", {"state": "published", "description": "x"})
    boss.post("/v1/domains/other.example/dkim", {"selector": "vera", "algorithm": "ed25519"})
    boss.delete(path + "/carl")
    boss.patch("/v1/domains/heard.example", {"description": "the last"})
    want = [("dkim_key.created", "heard.example", "carl", []), ("dkim_key.changed", "heard.example", "carl", ["next_step", "txt"]),
            ("dkim_key.changed", "heard.example", "carl", ["description", "state"]), ("dkim_key.deleted", "heard.example", "carl", [])]

    def heard(client, what=""):
        return [(event, domain, key, sorted(name for name in changed if name[-3:] != "_at")) for event, domain, key, changed in events(client, cursor, what) if event.startswith("dkim_key")]

    gateway.until(lambda: ("domain.changed", "heard.example", "heard.example", ["description"]) in events(boss, cursor), "the last change", 20)
    tap.is_(heard(vera), want, "who sees a domain hears of its keys, and of no others")
    tap.is_(heard(boss, "&kind=dkim_key&domain=heard.example"), want, "by kind, and by domain")
    tap.is_(heard(boss, "&kind=domain"), [], "and not by another")
    tap.is_(heard(carl), [], "a key that is called as somebody is none of his affair")
    tap.is_(boss.post("/v1/webhooks", {"url": "https://hooks.example/x", "events": ["dkim_key", "dkim_key.changed"]}).status, 201, "a webhook may be for keys alone")
    member = [change["member"] for entry in boss.get("/v1/audit?domain=heard.example&limit=50").json["items"] if entry["kind"] == "dkim_key" for change in entry["changes"]]
    tap.ok({"state", "description", "txt"} <= set(member), "the trail calls what changed by its name", member)


def rotating(boss):
    boss.post("/v1/domains", {"name": "turn.example"})
    first = boss.post("/v1/domains/turn.example/dkim/rotate", {"selector": "one", "algorithm": "rsa-3072"})
    tap.is_((first.status, first.json["staged"], first.json["next_step"]), (201, True, "publish"), "a rotation begins with a key that is staged")
    tap.is_(boss.post("/v1/domains/turn.example/dkim/rotate", {"algorithm": "rsa-2048"}).json["code"], "rotation_under_way", "another does not begin meanwhile")
    tap.is_(boss.post("/v1/domains/turn.example/dkim/rotate", {"algorithm": "ed25519"}).status, 201, "but for another type")


def deleting(g, boss):
    """A domain goes with its keys, and comes back with them."""
    boss.post("/v1/domains", {"name": "gone.example"})
    boss.post("/v1/domains/gone.example/dkim", {"selector": "k", "algorithm": "ed25519"})
    tap.is_(boss.delete("/v1/domains/gone.example?recursive=true").status, 204, "a domain is deleted with its keys")
    tap.is_(boss.get("/v1/domains/gone.example/dkim").status, 404, "which are not there any more")
    found = [item for item in boss.get("/v1/trash").json["items"] if item["name"] == "gone.example"]
    if tap.is_(len(found), 1, "it is in the trash"):
        tap.is_(boss.post("/v1/trash/%s/restore" % found[0]["id"], None).status, 200, "and restored")
        tap.is_([key["selector"] for key in boss.get("/v1/domains/gone.example/dkim").json["items"]], ["k"], "with its keys")


def main():
    # No look into the DNS comes in between.
    with gateway.Gateway("--loops", "2", "--dkim-wait-seconds", "0", "--dkim-poll-seconds", "3600") as g:
        boss = g.admin()
        cursor = boss.get("/v1/changes?limit=0").json["cursor"]
        boss.post("/v1/domains", {"name": "example.org"})
        making(g, boss)
        importing(g, boss)
        states(boss)
        rotating(boss)
        again(boss)
        deleting(g, boss)
        following(g, boss)
        rehearsing(g, boss)
        secrecy(g, boss, cursor)
        tap.is_(boss.complaints, [], "every reply is as described")
    tap.done()


main()
