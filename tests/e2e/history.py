#!/usr/bin/python3
"""Records as they were, and back to that: whoever changed them, for whom it is to know, and only where the log knows."""

import base64
import os
import subprocess
import sys
import urllib.parse

sys.path.insert(0, os.path.join(os.environ.get("top_srcdir") or os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))), "tests", "lib"))
sys.path.insert(1, os.path.dirname(os.path.abspath(__file__)))

import ldap

import gateway
import tap
from described import Client, admin, complaints_of_log
from directory import add_list, address_dn, crypt_hash, domain_dn, ldif, principal_dn, principal_entry, user_entry

BASE = "dc=provost"
PASSWORD = "canary of a password"
HASH = crypt_hash(PASSWORD)
ANN = "ann@alpha.example"
VOLATILE = ("updated_at",)


def told(reply):
    return (reply.status, (reply.json or {}).get("code"))


def quoted(moment):
    return urllib.parse.quote(moment, safe="")


def as_of(client, path, moment):
    return client.get("/v1/%s?as_of=%s" % (path, quoted(moment)))


class Past:
    """A place in the log: behind the last change, however many come within a second."""

    def __init__(self, client):
        self.client = client

    def now(self):
        return self.client.get("/v1/audit?limit=1").json["items"][0]["id"]


def shown(record):
    return {name: value for name, value in record.items() if name not in VOLATILE}


def every_state(g, client, directory):
    """A record at every point of its life, by HTTP and by LDAP."""
    states, dn = [], address_dn(ANN)

    def note():
        states.append((past.now(), client.get("/v1/users/" + ANN).json))

    past = Past(client)
    begin = past.now()
    client.post("/v1/users", {"address": ANN, "password": PASSWORD, "name": "Ann", "quota_bytes": 5000000})
    note()
    client.patch("/v1/users/" + ANN, {"forward_to": ["x@far.example", "y@far.example"], "send_as": ["other@alpha.example"]})
    note()
    directory.modify_s(dn, [(ldap.MOD_DELETE, "provostDestination", [b"x@far.example"]), (ldap.MOD_ADD, "givenName", [b"Anna"])])
    note()
    directory.modify_s(dn, [(ldap.MOD_REPLACE, "provostQuotaBytes", [b"7000000"]), (ldap.MOD_DELETE, "givenName", None)])
    note()
    client.put("/v1/users/%s/password" % ANN, {"password": "another " + PASSWORD})
    note()
    client.patch("/v1/users/" + ANN, {"enabled": False, "forward_to": [], "expires_at": "2099-01-01T00:00:00Z"})
    note()
    directory.modify_s(dn, [(ldap.MOD_INCREMENT, "provostQuotaBytes", [b"1"])])
    note()
    got = [as_of(client, "users/" + ANN, place) for place, _ in states]
    tap.is_([reply.json for reply in got], [record for _, record in states], "a user is told as he was after each change of his, whoever made it")
    tap.is_([reply.headers["ETag"] for reply in got], [None] * len(got), "without an entity tag")
    tap.is_(told(as_of(client, "users/" + ANN, begin)), (404, "not_found"), "before there was none")
    cursor = base64.b64encode(states[2][0].encode()).decode()
    tap.is_(as_of(client, "users/" + ANN, cursor).json, states[2][1], "the cursor of a change says the same as its id")
    csn = states[2][0]
    moment = "%s-%s-%sT%s:%s:%s" % (csn[:4], csn[4:6], csn[6:8], csn[8:10], csn[10:12], csn[12:21])
    tap.is_(as_of(client, "users/" + ANN, moment + "Z").json, states[2][1], "so does its time, to the microsecond")
    return states


def is_told_back(g, client, states):
    """A user goes back, member by member, as by a change."""
    path, body = "/v1/users/%s/revert" % ANN, {"as_of": states[1][0]}
    now = client.get("/v1/users/" + ANN)
    rehearsed = client.post(path, body, headers={"Prefer": "dry-run"})
    tap.is_(sorted(change["member"] for change in rehearsed.json["changes"]), ["enabled", "expires_at", "forward_to", "quota_bytes", "state"], "a dry run tells what would be changed back")
    tap.is_(client.get("/v1/users/" + ANN).json, now.json, "and does not do it")
    tap.is_(told(client.post(path, body, headers={"If-Match": '"0"'})), (412, "precondition_failed"), "a condition that does not hold refuses it")
    key = {"Idempotency-Key": '"back"', "If-Match": now.headers["ETag"]}
    done = client.post(path, body, headers=key)
    tap.is_((done.status, shown(done.json)), (200, shown(states[1][1])), "he is as he was")
    tap.is_((client.get("/v1/users/" + ANN).json, client.get("/v1/users/" + ANN).headers["ETag"]), (done.json, done.headers["ETag"]), "and so it is stored")
    tap.is_([g.client(ANN, word).get("/v1/me").status for word in (PASSWORD, "another " + PASSWORD)], [401, 200], "but for the password, which stays")
    again = client.post(path, body, headers=key)
    tap.is_((again.status, again.headers["Idempotent-Replayed"], again.json), (200, "true", done.json), "asked again with the same key it answers as before")
    last = client.get("/v1/audit?limit=1&actor=admin&object=" + ANN).json["items"][0]
    tap.is_((last["action"], last["object"], last["actor"]), ("change", ANN, "admin"), "the trail has it as a change like any other")
    undone = client.post(path, {"before": last["id"]})
    tap.is_((undone.status, shown(undone.json)), (200, shown(states[-1][1])), "before it he was as he had been")
    tap.is_(told(client.post(path, {"as_of": states[-1][0]})), (200, None), "nothing to change is fine")
    tap.is_(told(client.post(path, {"as_of": states[1][0]})), (200, None), "there and back")
    for body, pointer in (({}, "/as_of"), ({"as_of": "yesterday"}, "/as_of"), ({"before": "2026-11-21T09:12:00Z"}, "/before"), ({"as_of": states[0][0], "before": states[0][0]}, "/as_of"),
                          ({"as_of": "2999-01-01T00:00:00Z"}, "/as_of")):
        reply = client.post(path, body)
        tap.is_((reply.status, [error["pointer"] for error in reply.json.get("errors", [])]), (422, [pointer]), "%s is refused" % body)
    tap.is_(told(client.post(path, {"as_of": "#"})), (400, "change_malformed"), "and so is what is no change")
    tap.is_(told(client.post(path, {"as_of": states[0][0], "colour": "red"})), (422, "invalid"), "and a member that is not known")
    tap.is_(told(client.post("/v1/users/nobody@alpha.example/revert", {"as_of": states[0][0]})), (404, "not_found"), "who is not there is not found")
    tap.is_(told(client.post(path, {"before": states[0][0]})), (409, "not_there_then"), "before he was made he was not there")
    for query in ("2026-11-21", "2026-11-21T09:12:00", "2026-11-21T09:12:00+01:00", "2026-02-30T09:12:00Z", "2026-11-21T09:12:00.1234567Z", "2026-11-21T09:12:00.Z", "2999-01-01T00:00:00Z", "now", "", "7"):
        tap.is_(as_of(client, "users/" + ANN, query).status, 400, "as_of=%s is refused" % query)
    tap.is_(told(as_of(client, "users/" + ANN, "29990101000000.000000Z#000000#000#000000")), (400, "change_malformed"), "and so is a change to come")
    tap.is_(told(client.get("/v1/users/%s?as_of=%s&include=aliases" % (ANN, quoted(states[0][0])))), (400, "parameter_malformed"), "what is now goes not with it")
    tap.is_([client.get("/v1/%s?as_of=%s" % (path, quoted(states[0][0]))).status for path in ("users", "aliases", "domains")], [400] * 3, "lists know no past")


def is_a_change(client, directory):
    """What refuses a change refuses the way back, and nobody's change is lost on it."""
    path, past = "/v1/users/rich@alpha.example", Past(client)
    client.post("/v1/users", {"address": "rich@alpha.example", "quota_bytes": 9000000, "name": "Rich"})
    rich = past.now()
    client.patch(path, {"quota_bytes": 1000000, "name": "Poor"})
    client.patch("/v1/domains/alpha.example", {"quota_bytes": 12000000})
    reply = client.post(path + "/revert", {"as_of": rich})
    tap.is_((told(reply), reply.json.get("counts") is not None, client.get(path).json["name"]), ((409, "limit_reached"), True, "Poor"), "a limit refuses it, and nothing of it is done")
    client.patch("/v1/domains/alpha.example", {"quota_bytes": None})
    seen = client.get(path).headers["ETag"]
    directory.modify_s(address_dn("rich@alpha.example"), [(ldap.MOD_ADD, "givenName", [b"Dick"])])
    tap.is_(told(client.post(path + "/revert", {"as_of": rich}, headers={"If-Match": seen})), (412, "precondition_failed"), "what an LDAP tool wrote meanwhile is not lost, where that is asked for")
    back = client.post(path + "/revert", {"as_of": rich}).json
    tap.is_((back["quota_bytes"], back["name"], back["given_name"]), (9000000, "Rich", None), "else it goes, too")
    client.post("/v1/aliases", {"address": "one@alpha.example", "destinations": ["two@alpha.example"]})
    looped = past.now()
    client.patch("/v1/aliases/one@alpha.example", {"destinations": ["x@far.example"]})
    client.post("/v1/aliases", {"address": "two@alpha.example", "destinations": ["one@alpha.example"]})
    tap.is_(told(client.post("/v1/aliases/one@alpha.example/revert", {"as_of": looped})), (409, "loop"), "an alias that would lead to itself does not go back")
    client.delete("/v1/aliases/two@alpha.example?aliases=remove")
    tap.is_(client.post("/v1/aliases/one@alpha.example/revert", {"as_of": looped}).json["destinations"], ["two@alpha.example"], "else it does")


def renamed_and_gone(client, directory):
    """Whatever became of an address since."""
    past, old, new = Past(client), "bob@alpha.example", "rob@alpha.example"
    made = client.post("/v1/users", {"address": old, "name": "Bob", "forward_to": ["x@far.example"]}).json
    first = past.now()
    client.patch("/v1/users/" + old, {"address": new})
    second, renamed = past.now(), client.get("/v1/users/" + new).json
    client.patch("/v1/users/" + new, {"name": "Rob"})
    tap.is_(shown(as_of(client, "users/" + old, first).json), shown(made), "he is told by the address he had")
    tap.is_(told(as_of(client, "users/" + old, second)), (404, "not_found"), "which he had no more, later")
    tap.is_(as_of(client, "users/" + new, second).json, renamed, "then by the new one")
    tap.is_(shown(as_of(client, "users/" + new, first).json), shown(made), "nobody else had that before: he is told as he was")
    back = client.post("/v1/users/%s/revert" % new, {"as_of": first}).json
    tap.is_((back["address"], back["name"], back["forward_to"], back["keep_copy"]), (new, "Bob", ["x@far.example"], True), "going back he keeps his address, and his own copy")
    # Somebody else gets the old address, and both are deleted, in two ways.
    client.post("/v1/aliases", {"address": old, "destinations": ["y@far.example"]})
    third, alias = past.now(), client.get("/v1/aliases/" + old).json
    directory.modify_s(address_dn(old), [(ldap.MOD_ADD, "provostDestination", [b"z@far.example"])])
    directory.delete_s(address_dn(old))
    client.delete("/v1/users/" + new)
    trashed = past.now()
    tap.is_(as_of(client, "aliases/" + old, third).json, alias, "an alias that an LDAP tool has deleted is told as it was")
    tap.is_(told(as_of(client, "users/" + old, third)), (404, "not_found"), "it was no user")
    tap.is_(shown(as_of(client, "users/" + old, first).json), shown(made), "who had the address before is still known, from the trash")
    tap.is_((as_of(client, "users/" + new, second).json, told(as_of(client, "users/" + new, trashed))), (renamed, (404, "not_found")), "by either, until he was deleted")
    client.delete("/v1/trash/" + made["id"])
    gateway.until(lambda: not directory.search_s(BASE, ldap.SCOPE_SUBTREE, "(entryUUID=%s)" % made["id"], ["1.1"]), "he is gone", 10)
    tap.is_((shown(as_of(client, "users/" + old, first).json), as_of(client, "users/" + new, second).json), (shown(made), renamed), "and when nothing is left of him")
    again = client.post("/v1/users", {"address": new, "name": "Another"}).json
    tap.is_((as_of(client, "users/" + new, second).json["id"], as_of(client, "users/" + new, past.now()).json["id"]), (made["id"], again["id"]), "each at his time")
    tap.is_(told(client.post("/v1/users/%s/revert" % new, {"as_of": second})), (409, "not_there_then"), "nobody becomes somebody else")


def many(client, directory):
    """More writes than are taken back one by one, and a renaming among them."""
    past, names, states = Past(client), ("many@alpha.example", "more@alpha.example"), []
    client.post("/v1/users", {"address": names[0]})
    for name in names:
        for number in range(45):
            directory.modify_s(address_dn(name), [(ldap.MOD_REPLACE, "cn", [b"%d" % number]), (ldap.MOD_ADD, "provostSender", [b"s%d@far.example" % (number + 45 * names.index(name))])])
            if number in (0, 20, 44):
                states.append((name, past.now(), shown(client.get("/v1/users/" + name).json)))
        if name == names[0]:
            client.patch("/v1/users/" + name, {"address": names[1]})
    tap.is_([shown(as_of(client, "users/" + name, place).json) for name, place, _ in states], [state for _, _, state in states], "many writes are taken back one after the other")
    tap.is_(len(states[-1][2]["send_as"]), 90, "which were all different")


def domains(client, directory):
    """A domain, and what is in it, through all that becomes of it."""
    past = Past(client)
    client.post("/v1/domains", {"name": "old.example", "description": "one", "max_users": 5})
    user = client.post("/v1/users", {"address": "eve@old.example"}).json
    first, domain = past.now(), client.get("/v1/domains/old.example").json
    directory.modify_s(domain_dn("old.example"), [(ldap.MOD_REPLACE, "description", [b"two"]), (ldap.MOD_DELETE, "provostMaxUsers", None)])
    tap.is_(as_of(client, "domains/old.example", first).json, domain, "a domain is told as it was")
    tap.is_(shown(client.post("/v1/domains/old.example/revert", {"as_of": first}).json), shown(domain), "and goes back to that")
    client.patch("/v1/domains/old.example?keep_alias=false", {"name": "new.example"})
    gateway.until(lambda: client.get("/v1/domains/old.example").status == 404, "the domain has its new name", 20)
    tap.is_(shown(as_of(client, "users/eve@old.example", first).json), shown(user), "under the name it had is who was there")
    tap.is_(as_of(client, "domains/old.example", first).json, domain, "and it itself")
    moved, there = past.now(), client.get("/v1/users/eve@new.example").json
    client.delete("/v1/domains/new.example?recursive=true")
    tap.is_(as_of(client, "users/eve@new.example", moved).json, there, "from a domain in the trash, too")
    client.delete("/v1/trash/" + as_of(client, "domains/new.example", moved).json["id"])
    gateway.until(lambda: not directory.search_s(BASE, ldap.SCOPE_SUBTREE, "(entryUUID=%s)" % there["id"], ["1.1"]), "all of it is gone", 10)
    tap.is_(as_of(client, "users/eve@new.example", moved).json, there, "and of one that is gone")
    client.post("/v1/domains", {"name": "new.example"})
    client.post("/v1/users", {"address": "eve@new.example", "name": "Another Eve"})
    tap.is_(as_of(client, "users/eve@new.example", moved).json, there, "also when there are others of those names")


def rights(g, client, directory, early):
    """Who may read the record and the trail."""
    for login, role in (("olga", "provostOwner"), ("vera", "provostViewer")):
        directory.add_s(principal_dn(login), add_list(dict(principal_entry(login), userPassword=[HASH])))
        for name in ("alpha.example", "new.example"):
            directory.modify_s(domain_dn(name), [(ldap.MOD_ADD, role, [principal_dn(login).encode()])])
    olga, vera, ann = g.client("olga", PASSWORD), g.client("vera", PASSWORD), g.client(ANN, "another " + PASSWORD)
    now = Past(client).now()
    tap.is_([as_of(one, "users/" + ANN, now).status for one in (olga, vera, ann)], [200, 403, 200], "an owner and he himself read how a user was, a viewer does not")
    tap.is_(as_of(olga, "users/" + ANN, now).json, client.get("/v1/users/" + ANN).json, "and they read the same")
    tap.is_([as_of(ann, "aliases/all@alpha.example", now).status, as_of(ann, "domains/alpha.example", now).status], [404, 404], "a user reads nothing else")
    tap.is_(told(as_of(olga, "users/eve@new.example", early)), (410, "history_out_of_reach"), "what was there in a domain of the same name is not for its owner")
    tap.is_(told(as_of(ann, "users/" + ANN, "2020-01-01T00:00:00Z")), (410, "history_out_of_reach"), "nor who had a user's address before him")
    tap.is_([one.post("/v1/users/%s/revert" % ANN, {"as_of": now}).status for one in (olga, vera, ann)], [200, 403, 403], "who may write him takes him back")
    keys = [client.post("/v1/keys", {"scopes": scopes}).json["key"] for scopes in (["users:read", "users:write"], ["users:read", "users:write", "audit:read"])]
    got = []
    for key in keys:
        one = gateway.Client(g.address)
        got += [one.get("/v1/users/%s?as_of=%s" % (ANN, quoted(now)), headers={"Authorization": "Bearer " + key}).status,
                one.post("/v1/users/%s/revert" % ANN, {"as_of": now}, headers={"Authorization": "Bearer " + key}).status]
    tap.is_(got, [403, 403, 200, 200], "a key that is not for the trail does not read it that way")
    return [olga, vera, ann]


def out_of_reach(g, client, directory):
    """What the log does not know is not made up."""
    tap.is_(told(as_of(client, "users/nobody@alpha.example", "2020-01-01T00:00:00Z")), (410, "history_out_of_reach"), "of what was before the log nobody knows that it was not there")
    tap.is_(told(as_of(client, "users/nobody@alpha.example", Past(client).now())), (404, "not_found"), "later that is known")
    now = Past(client).now()
    directory.unbind_s()
    g.stop()
    offline(g, "slapadd", ldif(address_dn("old@alpha.example"), dict(user_entry("old@alpha.example"), entryCSN=["20200101000000.000000Z#000000#000#000000"],
                                                                     createTimestamp=["20200101000000Z"], modifyTimestamp=["20200101000000Z"])))
    offline(g, "slapmodify", "dn: %s\nchangetype: modify\nreplace: cn\ncn: unheard of\n" % address_dn(ANN))
    g.start()
    client = admin(g)
    was = client.get("/v1/users/old@alpha.example").json
    tap.is_(as_of(client, "users/old@alpha.example", "2021-01-01T00:00:00Z").json, was, "what nobody wrote since is as it was, without a log")
    client.patch("/v1/users/old@alpha.example", {"name": "Young"})
    tap.is_(shown(as_of(client, "users/old@alpha.example", "2021-01-01T00:00:00Z").json), shown(was), "also from before the log, where all that was written is in it")
    tap.is_(told(as_of(client, "users/" + ANN, now)), (410, "history_out_of_reach"), "where a write is missing that is told")
    client.patch("/v1/users/" + ANN, {"name": "Ann"})
    tap.is_([told(as_of(client, "users/" + ANN, now)), told(client.post("/v1/users/%s/revert" % ANN, {"as_of": now}))], [(410, "history_out_of_reach")] * 2, "whatever came behind it")
    return client


def offline(g, tool, text):
    become = ["runuser", "-u", "provost", "--"] if os.geteuid() == 0 else []
    done = subprocess.run([*become, "/usr/sbin/" + tool, "-F", os.path.join(g.state, "slapd.d"), "-b", BASE], input=text, text=True, capture_output=True, check=False)
    tap.ok(done.returncode == 0, "%s, while slapd is off" % tool, done.stderr)


def main():
    with gateway.Gateway("--mail-hold-days", "0") as g:
        client = admin(g)
        directory = ldap.initialize(g.ldap_url)
        directory.simple_bind_s(principal_dn("admin"), g.secret("admin-password"))
        client.post("/v1/domains", {"name": "alpha.example"})
        states = every_state(g, client, directory)
        is_told_back(g, client, states)
        is_a_change(client, directory)
        renamed_and_gone(client, directory)
        many(client, directory)
        domains(client, directory)
        clients = rights(g, client, directory, states[0][0]) + [client, out_of_reach(g, client, directory)]
        tap.is_([one.complaints for one in clients], [[]] * len(clients), "every reply is as described")
        tap.is_([word for word in (PASSWORD, HASH, HASH.rpartition("$")[2]) if word in g.log()], [], "no secret is in the log")
        tap.is_(complaints_of_log(g), [], "the log tells of no error of ours")
    tap.done()


if __name__ == "__main__":
    main()
