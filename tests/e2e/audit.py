#!/usr/bin/python3
"""Who changed what: over HTTP and LDAP alike, before and after, secrets never, and only for whom it concerns."""

import http.client
import json
import os
import re
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.environ.get("top_srcdir") or os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))), "tests", "lib"))
sys.path.insert(1, os.path.dirname(os.path.abspath(__file__)))

import ldap
import ldap.modlist

import gateway
import tap
from directory import SLAPADD, SLAPCAT, ldif, user_entry
from described import Client, admin, complaints_of_log
from directory import crypt_hash, domain_entry, principal_entry

BASE = "dc=provost"
DOMAINS = "ou=domains," + BASE
ALPHA = "provostDomainName=alpha.example," + DOMAINS
JOHN = "mail=john@alpha.example," + ALPHA
OWNER = "uid=owner,ou=principals," + BASE
VIEWER = "uid=viewer,ou=principals," + BASE
PASSWORD = "canary of a password"
HASH = crypt_hash(PASSWORD)
CANARIES = [PASSWORD, HASH, HASH.rpartition("$")[2], "canary-of-a-key", "Y2FuYXJ5", "canaryoption"]
PROXY = "127.0.0.3"
CREDENTIAL = "{CRAM-MD5}" + "c0ffee" * 10 + "0123"


def add(connection, dn, entry):
    """An entry by an LDAP tool."""
    connection.add_s(dn, ldap.modlist.addModlist({name: [value.encode() for value in values] for name, values in entry.items()}))


def replace(connection, dn, name, *values):
    connection.modify_s(dn, [(ldap.MOD_REPLACE, name, list(values))])


def items(client, query="", status=200):
    """The records of a page."""
    reply = client.get("/v1/audit" + query)
    if reply.status != status:
        tap.note("%s: %d %s" % (query, reply.status, reply.text[:300]))
        return []
    return reply.json["items"]


def every(client, query, limit):
    """All records, page by page."""
    found, cursor, pages = [], None, 0
    while pages < 200:
        reply = client.get("/v1/audit?limit=%d%s%s" % (limit, query, "&cursor=" + cursor if cursor else ""))
        found += reply.json["items"]
        cursor, pages = reply.json["next_cursor"], pages + 1
        if cursor is None:
            return found
    return None


def short(records):
    return [(one["action"], one["object"]) for one in records]


def change(record, attribute):
    """What became of an attribute."""
    found = [one for one in record["changes"] if one["attribute"] == attribute]
    return found[0] if found else None


def over_http(client):
    """What came over HTTP says by which request, from where and how."""
    made = client.post("/v1/users", {"address": "john@alpha.example", "password": PASSWORD, "name": "John"})
    request = made.headers["X-Request-Id"]
    found = items(client, "?request=" + request)
    tap.is_(short(found), [("create", "john@alpha.example")], "a write is found by its request id")
    one = found[0]
    tap.is_((one["actor"], one["actor_kind"], one["via"], one["source"], one["key"]), ("admin", "principal", "password", "127.0.0.1", None),
            "it says who it was, and from where")
    tap.is_((one["kind"], one["domain"]), ("user", "alpha.example"), "and what it was about")
    changed = client.patch("/v1/users/john@alpha.example", {"name": "Johnny", "enabled": False})
    one = items(client, "?object=John@Alpha.example&limit=1")[0]
    tap.is_(one["request"], changed.headers["X-Request-Id"], "the newest is the first")
    tap.is_(change(one, "cn"), {"attribute": "cn", "member": "name", "secret": False, "before": ["John"], "after": ["Johnny"]}, "before and after are told")
    tap.is_(change(one, "provostEnabled")["member"], "enabled", "by the names of the members")
    client.patch("/v1/users/john@alpha.example", {"enabled": True})
    client.put("/v1/users/john@alpha.example/password", {"password": PASSWORD})
    tap.is_(items(client, "?object=john@alpha.example&limit=1")[0]["changes"], [{"attribute": "userPassword", "member": "password", "secret": True}],
            "that a password changed is told, and no more")
    tap.is_(items(client, "?request=zzzz"), [], "no request has such an id")
    client.post("/v1/aliases", {"address": "all@alpha.example", "destinations": ["john@alpha.example"]})
    tap.is_(client.patch("/v1/aliases/all@alpha.example", {"address": "everybody@alpha.example"}).status, 200, "an address is renamed")
    found = items(client, "?domain=alpha.example")
    tap.ok(("rename", "all@alpha.example") in short(found), "a rename is told", short(found))
    tap.is_([one["renamed_to"] for one in found if one["action"] == "rename"], ["everybody@alpha.example"], "and its new name")


def by_key(g, client):
    """With an API key and behind a proxy: which key, and who is behind it."""
    key = client.post("/v1/keys", {"scopes": ["*"]}).json
    host, port = g.address.rsplit(":", 1)
    connection = http.client.HTTPConnection(host, int(port), timeout=40, source_address=(PROXY, 0))
    connection.request("PATCH", "/v1/users/john@alpha.example", json.dumps({"name": "Jon"}), {
        "Authorization": "Bearer " + key["key"], "Content-Type": "application/json", "X-Forwarded-For": "198.51.100.7, 203.0.113.9"})
    reply = connection.getresponse()
    tap.is_(reply.status, 200, "a write with a key, through a proxy")
    connection.close()
    found = items(client, "?request=" + reply.headers["X-Request-Id"])
    tap.is_([(one["via"], one["key"], one["actor"], one["actor_kind"], one["source"]) for one in found], [("key", key["id"], "admin", "principal", "203.0.113.9")],
            "it says which key, and the source behind the proxy")


def expiring(client):
    """Somebody whose time comes soon."""
    soon = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 1))
    tap.is_(client.post("/v1/users", {"address": "late@alpha.example", "expires_at": soon}).status, 201, "a user who expires")


def by_job(client):
    """What nobody asked for has the name of the job that did it."""
    found = gateway.until(lambda: [one for one in items(client, "?object=late@alpha.example") if one["via"] == "job"], "the job", 60)
    tap.is_([(one["request"], one["actor"], one["actor_kind"], one["source"], one["key"]) for one in found], [("job:expiry", "gateway", "service", None, None)], "a job is told by its name")


def anew(g, client, directory):
    """A domain that was there before, with another owner and other users."""
    past, heir = (Client(g.address, name, PASSWORD) for name in ("past", "heir"))
    for name in ("past", "heir"):
        add(directory, "uid=%s,ou=principals,%s" % (name, BASE), principal_entry(name, userPassword=HASH))
    place = "/v1/domains/again.example"
    client.post("/v1/domains", {"name": "again.example"})
    client.put(place + "/administrators/past", {"role": "owner"})
    tap.is_(past.post("/v1/users", {"address": "old@again.example"}).status, 201, "its first owner makes a user")
    tap.ok(("create", "old@again.example") in short(items(past)), "and sees that")
    client.delete(place + "?recursive=true")
    tap.is_(short(items(past, "?domain=again.example")), [], "not when it is gone")
    time.sleep(1.1)  # slapd keeps the second in which an entry was made
    client.post("/v1/domains", {"name": "again.example"})
    client.put(place + "/administrators/heir", {"role": "owner"})
    client.post("/v1/users", {"address": "new@again.example"})
    tap.is_(short(items(heir)), [("create", "new@again.example"), ("change", "again.example"), ("create", "again.example")], "its next owner sees nothing of the time before it was made anew")
    tap.is_(items(heir, "?object=old@again.example"), [], "whatever he asks for")
    tap.is_(short(items(past, "?domain=again.example")), [], "and who owned it before nothing of the time since")
    return [past, heir]


def by_ldap(client, directory):
    """What an LDAP tool wrote is told as well, whatever way it spells a secret."""
    replace(directory, JOHN, "initials", b"J")
    one = items(client, "?object=john@alpha.example&limit=1")[0]
    tap.is_((one["via"], one["actor"], one["request"], one["source"]), ("ldap", "admin", None, None), "a write by an LDAP tool is told")
    tap.is_(change(one, "initials")["after"], ["J"], "with what it wrote")
    for name in ("userPassword", "USERPASSWORD", "2.5.4.35"):
        replace(directory, JOHN, name, HASH.encode())
        tap.is_([one["secret"] for one in items(client, "?object=john@alpha.example&limit=1")[0]["changes"]], [True], "a secret as %s" % name)
    directory.modify_s(JOHN, [(ldap.MOD_ADD, "userPassword;lang-de", HASH.replace("$6$", "$6$", 1).encode())])
    directory.modify_s(JOHN, [(ldap.MOD_DELETE, "userPassword;lang-de", None)])
    replace(directory, JOHN, "provostCramMd5", CREDENTIAL.encode())
    one = items(client, "?object=john@alpha.example&limit=1")[0]
    tap.is_(one["changes"], [{"attribute": None, "member": None, "secret": True}], "one of another sort")
    key = {"objectClass": ["provostDkimKey"], "provostDkimSelector": ["k"], "provostDkimDomain": ["alpha.example"], "provostDkimState": ["active"],
           "provostDkimKeyType": ["rsa"], "provostDkimPrivateKey": ["canary-of-a-key"]}
    try:
        add(directory, "provostDkimSelector=k," + ALPHA, key)
    except ldap.INSUFFICIENT_ACCESS:
        tap.ok(True, "an administrator writes no private key")
    add(directory, "provostDomainName=beta.example," + DOMAINS, domain_entry("beta.example"))
    tap.is_(short(items(client, "?object=beta.example")), [("create", "beta.example")], "a domain by its name")
    tap.is_(short(items(client, "?domain=beta.example")), [("create", "beta.example")], "and what is in it")


def deletion(client):
    """A domain that is deleted with all that is in it is told as that, with everything that was there."""
    client.post("/v1/domains", {"name": "gone.example"})
    client.post("/v1/users", {"address": "jane@gone.example", "password": PASSWORD, "name": "Jane"})
    client.post("/v1/aliases", {"address": "all@gone.example", "destinations": ["jane@gone.example"]})
    place = "/v1/trash/" + client.get("/v1/domains/gone.example").json["id"]
    deleted = client.delete("/v1/domains/gone.example?recursive=true")
    tap.is_(deleted.status, 204, "a domain is deleted")
    tap.is_(client.delete(place).status, 204, "for good")
    gone = lambda: [one for one in items(client, "?domain=gone.example") if one["action"] == "delete"]
    found = gateway.until(lambda: gone() if len(gone()) == 4 else None, "all of the deletion", 20)
    first = found[-1]
    tap.is_((first["action"], first["kind"], first["object"], first["renamed_to"]), ("delete", "domain", "gone.example", None), "first of all it goes")
    tap.is_((first["actor"], first["request"]), ("admin", deleted.headers["X-Request-Id"]), "and who did that is told")
    tap.is_([one for one in items(client, "?domain=gone.example") if one["action"] == "rename"], [], "it is not renamed to itself")
    rest = {(one["kind"], one["object"]): one for one in found[:-1]}
    tap.is_(set(rest), {("user", "jane@gone.example"), ("alias", "all@gone.example"), ("domain", "gone.example")}, "then what was in it")
    tap.is_({one["actor"] for one in rest.values()}, {"gateway"}, "by the gateway")
    jane, whole = rest["user", "jane@gone.example"], rest["alias", "all@gone.example"]
    tap.is_(change(jane, "cn")["before"], ["Jane"], "with what it was")
    tap.is_(change(whole, "provostDestination")["before"], ["jane@gone.example"], "all of it")
    tap.is_([one["object"] for one in items(client, "?limit=1000") if one["kind"] == "other" and one["domain"] is None], [], "plans are nobody's news")


# What an older version did not index.
UNINDEXED = r"(?m)^olcDbIndex: (\{\d+\})?(provostExpires|reqDN|objectClass,entryCSN|objectClass|entryUUID|mail).*\n"


def make_older(g):
    """An entry and a record as a version wrote them that had fewer indexes."""
    with tempfile.TemporaryDirectory() as place:
        run = lambda *words, text=None: subprocess.run(words, input=text, stdout=subprocess.PIPE, text=True, timeout=60, check=True).stdout
        config = run(SLAPCAT, "-o", "ldif-wrap=no", "-F", os.path.join(g.state, "slapd.d"), "-n", "0")
        run(SLAPADD, "-F", place, "-n", "0", text=re.sub(UNINDEXED, "", config))
        late = user_entry("overdue@alpha.example", provostExpires="20200101000000Z")
        run(SLAPADD, "-F", place, "-b", BASE, text=ldif("mail=overdue@alpha.example," + ALPHA, late))
        now = time.strftime("%Y%m%d%H%M%S.000001Z", time.gmtime(time.time() - 600))
        record = {"objectClass": ["auditDelete"], "reqStart": [now], "reqEnd": [now], "reqType": ["delete"],
                  "reqSession": ["1"], "reqAuthzID": [OWNER], "reqDN": ["mail=older@alpha.example," + ALPHA], "reqResult": ["0"]}
        run(SLAPADD, "-F", place, "-b", "cn=accesslog", text=ldif("reqStart=%s,cn=accesslog" % now, record))
    with open(os.path.join(g.state, "indexes"), "w", encoding="utf-8") as file:
        file.write("olcDbIndex: objectClass eq\n")
    os.unlink(os.path.join(g.state, "accesslog-indexes"))


def upgrade(g):
    """A directory of an older version: what is in it is found by indexes that it did not have."""
    told = g.log()
    tap.ok("event=indexes-building" not in told, "at first there is nothing to index")
    make_older(g)
    g.start()
    tap.is_(re.findall(r"event=indexes-built database=(\S+)", g.log()), ["indexes", "accesslog-indexes"], "an update builds the indexes")
    directory = ldap.initialize(g.ldap_url)
    directory.simple_bind_s("uid=admin,ou=principals," + BASE, g.secret("admin-password"))
    found = lambda base, form: len(directory.search_s(base, 2, form, ["1.1"]))
    tap.is_(found(DOMAINS, "(provostExpires<=20210101000000Z)"), 1, "an old entry is found by a new index")
    tap.is_(found(DOMAINS, "(mail=overdue@alpha.example)"), 1, "also by another")
    tap.is_(found("cn=accesslog", "(reqDN=mail=older@alpha.example,%s)" % ALPHA), 1, "and an old record")
    directory.unbind_s()
    verify = lambda: subprocess.run([os.path.join(gateway.BUILD, "provost"), "audit", "verify", "--state-dir", g.state], stdout=subprocess.PIPE,
                                    stderr=subprocess.STDOUT, text=True, timeout=60, check=False)
    kept = os.path.join(g.state, "audit-keep-days")
    with open(kept, encoding="utf-8") as file:
        tap.is_(file.read(), "20\n", "how long records are kept is written down")
    verified = verify()
    tap.is_(verified.returncode, 0, "the log is verified by that")
    os.unlink(kept)
    verified = verify()
    tap.ok(verified.returncode == 3 and "--keep-days" in verified.stdout, "without it that is not guessed", verified.stdout)
    tap.is_(g.stop(), 0, "it ends well")
    g.start()
    tap.is_(len(re.findall("event=indexes-building", g.log())), 2, "they are built once")


def filters(client):
    """Each narrows the list; pages are together what one page is."""
    whole = items(client, "?limit=1000")
    tap.is_(short(every(client, "", 3)), short(whole), "pages have everything once")
    ids = [one["id"] for one in whole]
    tap.is_(ids, sorted(ids, reverse=True), "newest first")
    tap.is_(every(client, "&domain=alpha.example", 2), [one for one in whole if one["domain"] == "alpha.example"], "those of a domain")
    tap.is_(every(client, "&actor=admin", 4), [one for one in whole if one["actor"] == "admin"], "those of an actor")
    tap.is_(items(client, "?actor=gateway&limit=1000"), [one for one in whole if one["actor"] == "gateway"], "those of a service")
    tap.is_(items(client, "?until=2020-01-01T00:00:00Z"), [], "those before")
    tap.is_(items(client, "?since=2020-01-01T00:00:00Z&limit=1000"), whole, "those since")
    for query in ("since=yesterday", "limit=0", "cursor=7", "object=", "colour=red"):
        tap.is_(client.get("/v1/audit?" + query).status, 400, "%s is refused" % query)


def rights(g, client):
    """Who sees what."""
    owner, viewer = Client(g.address, "owner", PASSWORD), Client(g.address, "viewer", PASSWORD)
    whole = items(client, "?limit=1000")
    since = [one["id"] for one in whole if short([one]) == [("create", "alpha.example")]][0]
    seen = every(owner, "", 5)
    want = [one for one in whole if one["domain"] == "alpha.example" and one["id"] >= since]
    tap.is_(short(seen), short(want), "an owner sees what is written in his domain")
    tap.is_([one for one in seen if one["via"] == "password"][0]["source"], "127.0.0.1", "and where it came from")
    tap.is_(items(owner, "?object=beta.example"), [], "of another domain he sees nothing")
    tap.is_(items(owner, "?domain=beta.example"), [], "in whatever way he asks")
    tap.is_(items(owner, "?object=viewer"), [], "nor of others")
    tap.is_(set(short(items(viewer))), {("create", "viewer")}, "a viewer sees nothing of it, and what was written to himself")
    tap.is_(items(viewer, "?domain=alpha.example"), [], "also when he asks for it")
    john = Client(g.address, "john@alpha.example", PASSWORD)
    own = items(john)
    tap.is_({one["object"] for one in own}, {"john@alpha.example"}, "a user sees what is written to his entry")
    tap.is_({one["source"] for one in own}, {None}, "and not where that came from")
    tap.is_(items(john, "?object=all@alpha.example"), [], "nor anything else")
    return [owner, viewer, john]


def no_secret(g, clients, directory):
    """Nobody reads a secret, over HTTP or LDAP."""
    heard = "".join(client.get("/v1/audit?limit=1000").text for client in clients)
    heard += str(directory.search_s("cn=accesslog", 2, "(objectClass=*)", ["*", "+"]))
    own = ldap.initialize(g.ldapi)
    heard += str(directory.search_s("ou=audit," + BASE, 2, "(objectClass=*)", ["*", "+"]))
    own.unbind_s()
    tap.is_([word for word in CANARIES + [CREDENTIAL[10:]] if word in heard], [], "no secret is in what anybody reads")
    tap.is_([word for word in CANARIES + [CREDENTIAL[10:]] if word in g.log()], [], "nor in the log")
    for form in ("(reqMod=userPassword*)", "(reqMod=userPassword:= %s)" % HASH.replace("*", "\\2a"), "(reqOld=*)"):
        tap.is_(directory.search_s("cn=accesslog", 2, form, ["1.1"]), [], "nobody searches for %s" % form[:20])
    for name in ("owner", "viewer"):
        one = ldap.initialize(g.ldap_url)
        one.simple_bind_s("uid=%s,ou=principals,%s" % (name, BASE), PASSWORD)
        try:
            found = one.search_s("cn=accesslog", 2)
        except ldap.NO_SUCH_OBJECT:
            found = []
        tap.is_(found, [], "%s reads no log by an LDAP tool" % name)


def main():
    with gateway.Gateway("--http-trusted-proxies", PROXY, "--audit-keep-days", "20") as g:
        client = admin(g)
        directory = ldap.initialize(g.ldap_url)
        directory.simple_bind_s("uid=admin,ou=principals," + BASE, g.secret("admin-password"))
        client.post("/v1/domains", {"name": "alpha.example"})
        for name, role in (("owner", "provostOwner"), ("viewer", "provostViewer")):
            dn = "uid=%s,ou=principals,%s" % (name, BASE)
            add(directory, dn, principal_entry(name, userPassword=HASH))
            replace(directory, ALPHA, role, dn.encode())
        expiring(client)
        over_http(client)
        by_key(g, client)
        by_ldap(client, directory)
        clients = anew(g, client, directory)
        by_job(client)
        deletion(client)
        before = every(client, "", 1000)
        seals = lambda: [dn for dn, _ in directory.search_s("ou=audit," + BASE, 1)]
        gateway.until(seals, "a seal", 20)
        time.sleep(3.5)
        tap.is_(every(client, "", 7), before, "the list is the same when all is sealed")
        filters(client)
        clients += rights(g, client)
        no_secret(g, [client] + clients, directory)
        tap.is_([one.complaints for one in [client] + clients], [[]] * 6, "every reply is as described")
        tap.is_(complaints_of_log(g), [], "the log tells of no error of ours")
        tap.is_(g.stop(), 0, "it ends well")
        upgrade(g)
    tap.done()


if __name__ == "__main__":
    main()
