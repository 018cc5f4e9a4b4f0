#!/usr/bin/python3
"""Imports over HTTP: every format, what is told of each record, and whoever is killed: nothing twice, nothing left out."""

import base64
import http.client
import json
import os
import re
import signal
import subprocess
import sys
import threading

TOP = os.environ.get("top_srcdir") or os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(TOP, "tests", "lib"))

import ldap

import faults
import gateway
import tap

BASE = "dc=provost"
HASH = "{CRYPT}$6$rounds=1000$rights$jvF/IoKNuCtNI3HAWV9TssyIdu9RYaS1q2.fU1etfpbAaWysppn0WHpvZY6NAylpGdrEu8BD7PjOAWBKnjnWc."
PASSWORD = "the same for all of them"
MANY = 400
WIDE = 4000
WIDE_KIB = 32 * 1024

CSV = """type,name,address,destinations,quota_bytes,password_hash
domain,i.example,,,,
user,"Ann, the first",ann@i.example,,1000,%s
user,Bob,bob@i.example,,,{PLAIN}secret
alias,,sales@i.example,ann@i.example bob@i.example,,
alias,,'@i.example,ann@i.example,,
user,Nobody,x@elsewhere.example,,,
user,Wrong,wrong@i.example,,many,
user,'=1+1,formula@i.example,,,
""" % HASH
CREATED = {2, 3, 4, 5, 6, 9}  # lines


def send(client, text, query="", kind="text/csv", **headers):
    """The reply, its records, and the last line."""
    reply = client.request("POST", "/v1/imports" + query, raw=text.encode() if isinstance(text, str) else text, headers={"Content-Type": kind, **headers})
    if reply.status != 200:
        return reply, [], None
    lines = [json.loads(line) for line in reply.text.splitlines()]
    return reply, [line for line in lines if "result" in line], lines[-1].get("import")


def results(records):
    return [(record["line"], record["result"]) for record in records]


def a_file(admin):
    reply, records, job = send(admin, CSV, Prefer="dry-run")
    want = [(line, "created" if line in CREATED else "failed") for line in range(2, 10)]
    tap.is_((results(records), reply.headers["Preference-Applied"], job["id"]), (want, "dry-run", None), "a dry run tells of each line")
    tap.is_(admin.get("/v1/domains/i.example").status, 404, "and writes nothing")
    reply, records, job = send(admin, CSV, "?id=first")
    tap.is_((results(records), reply.headers["Location"]), (want, "/v1/imports/first"), "then it is done as told")
    tap.is_([record["error"]["code"] for record in records if "error" in record], ["invalid", "invalid"], "with what was wrong")
    tap.is_([record["key"] for record in records if "password_left_out" in record], ["bob@i.example"], "and whose hash was not taken")
    tap.is_("secret" in reply.text, False, "which is not told")
    tap.is_((job["state"], job["done"], job["created"], job["failed"], job["passwords_left_out"], len(job["problems"])), ("done", 8, 6, 2, 1, 3), "the whole is summed up")
    shown = admin.get("/v1/imports/first").json
    tap.is_({key: shown[key] for key in ("state", "done", "created", "failed", "problems")}, {key: job[key] for key in ("state", "done", "created", "failed", "problems")}, "and asked for later")
    tap.is_((admin.get("/v1/users/formula@i.example").json["name"], admin.get("/v1/users/ann@i.example").json["quota_bytes"], admin.get("/v1/aliases/@i.example").json["destinations"]),
            ("=1+1", 1000, ["ann@i.example"]), "values are those of the file")
    tap.is_(admin.as_("ann@i.example", PASSWORD).get("/v1/me").status, 200, "a ready-made hash opens")
    reply, records, job = send(admin, CSV, "?id=first")
    tap.is_((results(records), job["created"]), ([], 6), "sent again, it is done already")


def conflicts(admin):
    rows = "type,address,name,password_hash,destinations\nuser,ann@i.example,Ann,,\nuser,eva@i.example,Eva,,\nuser,sales@i.example,Sales,,\nalias,sales@i.example,,,bob@i.example\n"
    for how, want in (("fail", ["failed", "created", "failed", "failed"]), ("skip", ["skipped"] * 4), ("update", ["updated", "unchanged", "failed", "updated"])):
        _, records, _ = send(admin, rows, "?on_conflict=" + how)
        tap.is_([record["result"] for record in records], want, "on_conflict=" + how)
    tap.is_((admin.get("/v1/users/ann@i.example").json["name"], admin.get("/v1/users/ann@i.example").json["quota_bytes"], admin.get("/v1/aliases/sales@i.example").json["destinations"]),
            ("Ann", 1000, ["bob@i.example"]), "what is named is changed, the rest stays")
    tap.is_(send(admin, rows, "?id=first&on_conflict=skip")[0].json["code"], "other_settings", "an import is gone on with as it was begun")


def formats(admin):
    lines = [{"type": "domain", "name": "n.example"}, {"type": "user", "address": "a@n.example", "forward_to": ["x@far.example"], "keep_copy": True},
             {"type": "user", "address": "b@n.example", "nonsense": 1}, {"type": "user", "address": "c@n.example", "change": True, "name": "C"}, {"type": "user", "address": "a@n.example", "change": True, "name": "A"}]
    _, records, _ = send(admin, "\n".join(map(json.dumps, lines)) + "\n{broken\n\n" + json.dumps({"type": "alias", "address": "d@n.example", "destinations": ["a@n.example"], "line": 77, "number": 90}), kind="application/x-ndjson")
    tap.is_([(record["number"], record["line"], record["result"]) for record in records],
            [(1, 1, "created"), (2, 2, "created"), (3, 3, "failed"), (4, 4, "failed"), (5, 5, "updated"), (6, 6, "failed"), (90, 77, "created")], "NDJSON, with faults of single lines")
    ldif = ("version: 1\n\n# a comment\n  that goes on\ndn: ou=people,o=x\nobjectClass: organizationalUnit\nou: people\n\n"
            "dn: provostDomainName=l.example,ou=domains,o=x\nobjectClass: provostDomain\nprovostDomainName: l.example\nprovostDomainKind: local\nprovostEnabled: TRUE\nprovostMaxUsers: 9\n\n"
            "dn: mail=u@l.example,provostDomainName=l.example\nobjectClass: inetOrgPerson\nobjectClass: provostUser\nmail: u@l.example\ncn:: VcO8w58=\nsn: U\nprovostEnabled: FALSE\n"
            "userPassword:: " + base64.b64encode(HASH.encode()).decode()[:40] + "\n " + base64.b64encode(HASH.encode()).decode()[40:] +
            "\nprovostDestination: u@l.example\nprovostDestination: x@far.example\nprovostExpires: 20991231235959Z\n\n"
            "dn: mail=al@l.example,provostDomainName=l.example\nobjectClass: provostAlias\nmail: al@l.example\nprovostDestination: u@l.example\nprovostEnabled: TRUE\n\n"
            "dn: cn=x\nchangetype: delete\n\n")
    _, records, _ = send(admin, ldif, kind="text/ldif")
    tap.is_(results(records), [(5, "ignored"), (9, "created"), (16, "created"), (29, "created"), (35, "failed")], "LDIF, with what is not brought in")
    user = admin.get("/v1/users/u@l.example").json
    tap.is_([user[key] for key in ("name", "enabled", "forward_to", "keep_copy", "expires_at")], ["Uüß", False, ["x@far.example"], True, "2099-12-31T23:59:59Z"], "values are those of the entry")
    for text, query, kind, code in (("name\nx\n", "", "text/csv", "type_missing"), ("type,nonsense\n", "", "text/csv", "column_unknown"), ("type,type\n", "", "text/csv", "column_twice"), ("", "", "text/csv", "empty"),
                                    ('type,"x\n', "", "text/csv", "csv_malformed"), ("type\x00", "", "text/csv", "not_text"), ("x", "?format=xml", "text/csv", "parameter_malformed"), ("x", "", "text/plain", "unsupported_media_type"),
                                    ("x", "?id=NO", "text/csv", "column_unknown"), ("type\n", "?id=NO", "text/csv", "parameter_malformed")):
        tap.is_(send(admin, text, query, kind)[0].json["code"], code, "%r is refused: %s" % (text[:12], code))
    _, records, _ = send(admin, "type,address,name\nuser,p@l.example\nuser,q@l.example,\xff\nuser,\"r@l.example,x\nuser,s@l.example,y\n".encode("latin-1"))
    tap.is_([record["error"]["code"] for record in records], ["columns_differ", "not_text", "csv_malformed"], "a missing quote makes the rest of no use, and is told")


def foreign(admin):
    """What other mail systems write; the same again changes nothing."""
    for name, kind in (("dinomail.sql", "application/sql"), ("postfixadmin.sql", "application/octet-stream")):
        with open(os.path.join(TOP, "tests", "import", name), encoding="utf-8") as file:
            text = file.read()
        _, records, job = send(admin, text, kind=kind)
        tap.is_(([record["error"]["errors"] for record in records if record["result"] != "created"], job["state"], job["passwords_left_out"]), ([], "done", 2 if name[0] == "d" else 1), name)
        _, records, _ = send(admin, text, "?on_conflict=update", kind=kind)
        tap.is_({record["result"] for record in records if record["type"] != "user"}, {"unchanged"}, "and once more")
    users = {address: admin.get("/v1/users/" + address).json for address in ("bob@dino.example", "dora@admin.example", "zoe@off.example")}
    tap.is_([(user["forward_to"], user["keep_copy"], user["enabled"], user["quota_bytes"]) for user in users.values()],
            [(["bob@far.example"], True, True, 5000000000), (["dora@far.example"], True, False, 50 << 20), ([], True, True, 0)], "users forward as they did")
    domains = {name: admin.get("/v1/domains/" + name).json for name in ("admin.example", "off.example", "backup.example", "other.example")}
    tap.is_([(domain["kind"], domain["enabled"], domain["quota_bytes"]) for domain in domains.values()], [("local", True, 2147483648), ("local", False, None), ("relay", True, None), ("alias", True, None)],
            "domains are what they were, also one that is switched off, and has users")
    tap.is_(admin.as_("ann@dino.example", PASSWORD).get("/v1/me").status, 200, "a hash of a dump opens")
    rows = "domain;modo.example;0;100M;False\naccount;u@modo.example;%s;U;V;True;SimpleUsers;u@modo.example;;modo.example\nforward;u@modo.example;True;x@far.example\nalias;all@modo.example;True;u@modo.example\n" % HASH
    _, records, _ = send(admin, rows)
    user = admin.get("/v1/users/u@modo.example").json
    tap.is_((results(records), [user[key] for key in ("name", "forward_to", "quota_bytes")], admin.get("/v1/domains/modo.example").json["enabled"]),
            ([(1, "created"), (2, "created"), (4, "created")], ["U V", ["x@far.example"], 100 << 20], False), "Modoboa's rows, told by how they begin")
    files = ("ann@dms.example|%s\n" % HASH, "team@dms.example ann@dms.example\n@alias.example @dms.example\n", "ann@dms.example:1G\n")
    told = [results(send(admin, text, "?format=docker-mailserver", kind="application/octet-stream")[1]) for text in files]
    tap.is_(told, [[(1, "created"), (1, "created")], [(1, "skipped"), (1, "created"), (2, "created")], [(1, "updated")]], "the files of docker-mailserver, one by one")
    tap.is_(admin.get("/v1/users/ann@dms.example").json["quota_bytes"], 1 << 30, "and a quota is of the user who is there")
    both = "root:x:0:0::/root:/bin/sh\nkim:x:1000:1000:Kim,,,:/home/kim:/bin/sh\nlee:x:1001:1001::/home/lee:/bin/sh\nkim:%s:1:0:99999:7:::\nlee:$9$none:1:0:99999:7:::\n" % HASH.removeprefix("{CRYPT}")
    _, records, job = send(admin, both, "?domain=unix.example", kind="application/octet-stream")
    tap.is_((results(records), job["ignored"], job["passwords_left_out"]), ([(1, "ignored"), (2, "created"), (2, "created"), (3, "created")], 1, 1), "passwd and shadow, without the system's own")
    tap.is_(admin.as_("kim@unix.example", PASSWORD).get("/v1/me").status, 200, "and a hash that opens")
    for text, query, code in (("COPY domain (domain) FROM stdin;\nx", "?format=sql", "sql_malformed"), ("SELECT 1;", "?format=sql", "sql_foreign"), (both, "", "domain_missing"), (rows, "?first=2", "no_parts"), (rows, "?more=true", "no_parts")):
        tap.is_(send(admin, text, query, kind="application/octet-stream")[0].json["code"], code, "%s is refused: %s" % (query, code))


def no_quota(admin):
    """Who has none does not get the domain's default by being brought in again."""
    admin.post("/v1/domains", {"name": "q.example"})
    admin.post("/v1/users", {"address": "u@q.example"})
    admin.patch("/v1/domains/q.example", {"default_user_quota_bytes": 5000})
    record = json.dumps({"type": "user", "address": "u@q.example", "quota_bytes": None})
    _, records, _ = send(admin, record, "?on_conflict=update", kind="application/x-ndjson")
    tap.is_((records[0]["result"], admin.get("/v1/users/u@q.example").json["quota_bytes"]), ("unchanged", None), "a user without a quota has none when he comes again")


def bounds(g, admin):
    """Faults that hide nothing behind them, and nobody's secrets or megabytes in what is kept."""
    faulty = "dn:: !!!bad\n\nno colon here\n\ndn:< file:///x\nmail: x\n\n: x\n\ndn: mail=f@l.example\nobjectClass: provostUser\nmail: f@l.example\n"
    _, records, _ = send(admin, faulty, kind="text/ldif", Prefer="dry-run")
    tap.is_(results(records), [(1, "failed"), (3, "failed"), (5, "failed"), (8, "failed"), (10, "created")], "a fault in the first line of an entry ends with that")
    places = [{"number": 2 ** 63 - 1}, {"line": 2 ** 63 - 1}, {"number": 10 ** 9 + 1}, {"number": 10 ** 9}]
    _, records, job = send(admin, "\n".join(json.dumps({"type": "user", "address": "n%d@l.example" % n, **place}) for n, place in enumerate(places)), kind="application/x-ndjson")
    tap.is_(([record["number"] for record in records], [record["result"] for record in records], job["state"]), ([1, 2, 3, 10 ** 9], ["failed"] * 3 + ["created"], "done"), "numbers and lines have a bound")
    word = "Ganz! geheimes Wort"
    lines = [{"type": "user", "address": word}, {"type": "user", "address": word, "change": True}, {"type": "user", "address": "x" * 10000 + "@l.example"},
             {"type": "alias", "address": "faults@l.example", "destinations": ["no address"] * 2000}]
    reply, records, job = send(admin, "\n".join(map(json.dumps, lines)), "?id=bounds", kind="application/x-ndjson")
    shown = admin.get("/v1/imports/bounds")
    tap.is_([(record["key"], record["result"]) for record in records], [(None, "failed")] * 3 + [("faults@l.example", "failed")], "what is no name is not told")
    tap.is_((word.lower() in (reply.text + shown.text).lower(), len(shown.json["problems"])), (False, 4), "nor kept")
    tap.ok(max(len(json.dumps(problem)) for problem in shown.json["problems"]) <= 2500 and "errors" in records[3]["error"], "a problem is kept in 2 KiB", len(shown.text))
    _, records, _ = send(admin, "dn: ou=" + "ü" * 5000 + ",o=x\nobjectClass: x\n", kind="text/ldif")
    tap.is_([(record["result"], record["key"]) for record in records], [("ignored", "ou=" + "ü" * 158)], "a long name is cut")
    _, records, _ = send(admin, "type,address,destinations\nalias,m@l.example,%s\n" % ("a " * 12001), Prefer="dry-run")
    tap.is_([record["error"]["code"] for record in records], ["record_too_large"], "a list has no more items than one in JSON")
    rows = "type,name,kind,target\ndomain,before.example,alias,target.example\ndomain,target.example,,\n"
    tap.is_([[record["result"] for record in send(admin, rows, "?on_conflict=skip")[1]] for _ in range(2)], [["failed", "created"], ["created", "skipped"]], "an alias domain before its target is mended by a second import")


def peak(g):
    """The most memory that the gateway had since it was last asked, in KiB."""
    with open("/proc/%d/status" % g.process.pid, encoding="ascii") as file:
        size = next(int(line.split()[1]) for line in file if line.startswith("VmHWM"))
    with open("/proc/%d/clear_refs" % g.process.pid, "w", encoding="ascii") as file:
        file.write("5")
    return size


def wide(g, admin):
    """An alias that leads to very many takes memory once, and not for each of them; and log lines tell which request it was."""
    admin.post("/v1/domains", {"name": "wide.example"})
    reply, records, _ = send(admin, json.dumps({"type": "alias", "address": "all@wide.example", "destinations": ["someone.%04d@far.example" % n for n in range(WIDE)]}), kind="application/x-ndjson")
    tap.is_([record["result"] for record in records], ["created"], "an alias leads to many")
    admin.get("/v1/aliases/all@wide.example")
    before = [peak(g), peak(g)][1]
    export = admin.get("/v1/exports?format=csv&domain=wide.example")
    grown = peak(g) - before
    tap.is_(export.text.count("@far.example"), WIDE, "all of them are taken out")
    tap.ok(grown < WIDE_KIB or os.environ.get("SANITIZED"), "in little memory", grown)
    for event, answer in (("import-ended", reply), ("export-ended", export)):
        gateway.until(lambda: "event=%s id=%s " % (event, answer.headers["X-Request-Id"]) in g.log(), "the log has %s with the request's id" % event, 30)


def rights(g, admin):
    admin.post("/v1/domains", {"name": "other.example"})
    for name in ("owner@l.example", "plain@l.example"):
        admin.post("/v1/users", {"address": name, "password": PASSWORD})
    admin.put("/v1/domains/l.example/administrators/owner@l.example", {"role": "owner"})
    owner, rows = admin.as_("owner@l.example", PASSWORD), "address\nz%s@l.example\nz@other.example\n"
    tap.is_([record["result"] for record in send(owner, rows % 1, "?type=user&id=hers")[1]], ["created", "failed"], "an owner brings in what he might make")
    tap.is_([record["result"] for record in send(admin.as_("plain@l.example", PASSWORD), rows % 2, "?type=user")[1]], ["failed", "failed"], "a user brings in nothing")
    tap.is_((admin.as_("plain@l.example", PASSWORD).get("/v1/imports/hers").status, admin.get("/v1/imports/hers").status), (404, 200), "nor does he hear of others' imports")
    tap.is_(send(admin, rows % 3, "?type=user&id=hers")[0].json["code"], "id_taken", "nobody goes on with somebody else's")
    key = owner.post("/v1/keys", {"label": "k", "scopes": ["imports:write", "aliases:write"]}).json["key"]
    bearer = gateway.Client(g.address)
    _, records, _ = send(bearer, "type,address,destinations\nuser,k@l.example,\nalias,k@l.example,u@l.example\n", Authorization="Bearer " + key)
    tap.is_([record["result"] for record in records], ["failed", "created"], "a key brings in what it is for")
    bound = [{"Authorization": "Bearer " + owner.post("/v1/keys", {"label": "b", "scopes": ["imports:read", "imports:write", "users:write"], "domains": ["l.example"]}).json["key"]} for _ in range(2)]
    tap.is_((bearer.request("GET", "/v1/imports/hers", headers=bound[0]).status, send(bearer, rows % 4, "?type=user&id=hers", **bound[0])[0].json["code"]), (404, "id_taken"), "one for a domain has nothing to do with imports of its owner's")
    tap.is_([record["result"] for record in send(bearer, rows % 4, "?type=user&id=its", **bound[0])[1]], ["created", "failed"], "but brings in its own")
    tap.is_([bearer.request("GET", "/v1/imports/its", headers=one).status for one in bound] + [owner.get("/v1/imports/its").status], [200, 404, 200], "of which it knows, and its owner, and no other key")
    admin.complaints.extend(bearer.complaints)


def cut_off(g, text, query, lines):
    """Send an import, read so many lines of its report, and hang up."""
    host, port = g.address.rsplit(":", 1)
    connection = http.client.HTTPConnection(host, int(port), timeout=60)
    login = base64.b64encode(("admin:" + g.secret("admin-password")).encode()).decode()
    connection.request("POST", "/v1/imports" + query, text.encode(), {"Content-Type": "text/csv", "Authorization": "Basic " + login})
    response = connection.getresponse()
    for _ in range(lines):
        response.readline()
    return connection, response


def hung_up(g, admin):
    """Whoever hangs up takes nothing of what he has sent away from whom reads it still."""
    admin.post("/v1/domains", {"name": "h.example"})
    text = "address,password_hash\n" + "".join("u%03d@h.example,%s\n" % (n, HASH) for n in range(300))
    for _ in range(30):
        host, port = g.address.rsplit(":", 1)
        connection = http.client.HTTPConnection(host, int(port), timeout=60)
        login = base64.b64encode(("admin:" + g.secret("admin-password")).encode()).decode()
        connection.request("POST", "/v1/imports?id=hungup&type=user", text.encode(), {"Content-Type": "text/csv", "Authorization": "Basic " + login})
        connection.close()
    gateway.until(lambda: admin.get("/v1/imports/hungup").status == 200, "one of them has begun", 60)
    job = gateway.until(lambda: (lambda job: job if job and job["state"] == "done" else None)(send(admin, text, "?id=hungup&type=user")[2]), "it is done", 60)
    tap.is_((job["state"], job["created"], job["failed"]), ("done", 300, 0), "what was sent is whole until it is read, whoever hangs up")


def made(g):
    """Who is there, by LDAP."""
    directory = ldap.initialize(g.ldap_url)
    directory.simple_bind_s("uid=admin,ou=principals," + BASE, g.secret("admin-password"))
    return [values["mail"][0].decode() for _, values in directory.search_s("provostDomainName=k.example,ou=domains," + BASE, ldap.SCOPE_ONELEVEL, "(objectClass=provostUser)", ["mail"])]


def killed(g, admin):
    """The client, the gateway and slapd, in turn, in the middle of one import; and somebody else makes one of its users."""
    admin.post("/v1/domains", {"name": "k.example"})
    names = ["u%04d@k.example" % n for n in range(MANY)]
    text = "address,password_hash\n" + "".join("%s,%s\n" % (name, HASH) for name in names)
    admin.post("/v1/users", {"address": names[-1]})
    query = "?id=long&type=user"
    connection, _ = cut_off(g, text, query, 40)
    connection.sock.shutdown(2)  # the client is gone
    connection.close()
    gateway.until(lambda: admin.get("/v1/imports/long").json["state"] == "interrupted", "the gateway notes that nobody reads", 30)
    connection, response = cut_off(g, text, query, 40)
    os.kill(g.process.pid, signal.SIGKILL)
    try:
        tap.is_(b'"import"' in response.read(), False, "of a gateway that is killed the report has no end")
    except (http.client.HTTPException, OSError):
        tap.ok(True, "of a gateway that is killed the report has no end")
    g.process.wait()
    g.start()
    admin = admin.as_("admin", g.secret("admin-password"))
    admin.address = g.address
    before = admin.get("/v1/imports/long").json
    tap.ok(0 < before["done"] < MANY, "it is known how far it came", before["done"])
    slapd = threading.Timer(0.1, lambda: os.kill(faults.slapd_of(g), signal.SIGKILL))
    slapd.start()
    _, records, job = send(admin, text, query)
    for _ in range(5):
        if job is not None and job["state"] == "done":
            break
        tap.ok(job is None or job["error"]["code"] == "proof_expired", "interrupted, or slapd was gone before it began", job)
        gateway.until(lambda: admin.get("/readyz").status == 200, "slapd is back", 60)
        _, more, job = send(admin, text, query)
        records += more
    slapd.join()
    tap.is_((job["state"], job["done"], job["created"], job["failed"]), ("done", MANY, MANY - 1, 1), "it ends with all done and nothing twice")
    tap.is_([record["key"] for record in records if record["result"] == "failed"], [names[-1]], "but the one that somebody else has made")
    tap.is_(sorted(made(g)), names, "all are there")
    return admin


def exported(g, admin):
    """What is taken out and brought in again is the same."""
    for kind, name, media in (("csv", "csv", "text/csv"), ("ndjson", "ndjson", "application/x-ndjson")):
        text = admin.get("/v1/exports?format=" + name).text
        tap.ok("rounds=1000" not in text and "incomplete" not in text, "%s has all, and no hash" % kind)
        with gateway.Gateway() as other:
            there = other.admin()
            _, records, job = send(there, text, kind=media)
            tap.is_([record for record in records if record["result"] != "created"], [], kind + ": it is brought in elsewhere")
            tap.is_(there.get("/v1/exports?format=" + name).text, text, kind + ": and is the same there")
    tap.ok("'@i.example" in admin.get("/v1/exports?format=csv&domain=i.example").text and "'=1+1" in admin.get("/v1/exports?format=csv&domain=i.example").text, "no spreadsheet runs it")
    owner = admin.as_("owner@l.example", PASSWORD).get("/v1/exports").text
    tap.is_({json.loads(line)["type"] + " " + (json.loads(line).get("address") or json.loads(line)["name"]).rpartition("@")[2] for line in owner.splitlines()}, {"domain l.example", "user l.example", "alias l.example"}, "an owner takes out what is his")


FORMATS = (("csv", "text/csv"), ("ndjson", "application/x-ndjson"), ("ldif", "text/ldif"))


def may_read_hashes(g):
    """Give admin the right, as docs/import.md says, by LDAP."""
    directory = ldap.initialize(g.ldap_url)
    admin = "uid=admin,ou=principals," + BASE
    directory.simple_bind_s(admin, g.secret("admin-password"))
    directory.add_s("cn=hash-readers,ou=roles," + BASE, [("objectClass", [b"groupOfNames"]), ("cn", [b"hash-readers"]), ("member", [admin.encode()])])
    found = directory.search_s("ou=domains," + BASE, ldap.SCOPE_SUBTREE, "(objectClass=provostUser)", ["userPassword"])
    tap.is_([dn for dn, values in found if values], [], "by LDAP he reads none all the same")


def with_hashes(admin, name):
    """All of it: an export ends when rights may have changed, as they just have."""
    def whole():
        text = admin.get("/v1/exports/hashes?format=" + name).text
        return text if "incomplete" not in text else None
    return gateway.until(whole, "a whole export", 60)


def hashes(g, admin):
    """With the right to them, what is taken out has the hashes, and is the same when it is brought in."""
    refused = [admin, admin.as_("owner@l.example", PASSWORD), admin.as_("plain@l.example", PASSWORD)]
    tap.is_([who.get("/v1/exports/hashes").status for who in refused], [403] * 3, "nobody gets hashes unless it was said that he may")
    admin.post("/v1/domains", {"name": "bare.example"})
    admin.post("/v1/users", {"address": "bare@bare.example"})
    may_read_hashes(g)
    tap.is_([who.get("/v1/exports/hashes").status for who in refused], [200, 403, 403], "then a super administrator does")
    whole = gateway.until(lambda: [line for line in [admin.get("/v1/exports/hashes?domain=bare.example").text.splitlines()] if "incomplete" not in line[-1]], "a whole export", 60)
    tap.is_([json.loads(line)["type"] for line in whole[0]], ["domain", "user"], "also of a domain in which nobody has a password")
    gateway.until(lambda: "event=export-hashes" in g.log(), "it is in the log", 30)
    bearer = gateway.Client(g.address)
    for scopes, status in ((["exports:read", "domains:read", "users:read", "aliases:read"], 403), (["exports:hashes", "domains:read", "users:read", "aliases:read"], 200)):
        key = admin.post("/v1/keys", {"scopes": scopes}).json["key"]
        tap.is_(bearer.request("GET", "/v1/exports/hashes", headers={"Authorization": "Bearer " + key}).status, status, "a key for %s" % scopes[0])
    admin.complaints.extend(bearer.complaints)
    tap.ok("rounds=1000" not in admin.get("/v1/exports?format=ldif").text + admin.get("/v1/exports").text, "any other export has none")
    for name, media in FORMATS:
        text = with_hashes(admin, name)
        plain = base64.b64decode(re.search("userPassword:: (.*)", text).group(1)).decode() if "userPassword:: " in text else text
        tap.ok("rounds=1000" in plain and "incomplete" not in text, "%s has hashes" % name)
        with gateway.Gateway() as other:
            there = other.admin()
            _, records, _ = send(there, text, kind=media)
            tap.is_([record for record in records if record["result"] != "created"], [], name + ": with hashes it is brought in elsewhere")
            may_read_hashes(other)
            same = [with_hashes(one, name) for one in (admin, there)]
            tap.is_("provostMailboxId" in same[0], False, "nobody is told names of mailboxes")
            tap.is_(same[1], same[0], name + ": and is the same there, hashes and all")
            tap.is_(there.as_("ann@i.example", PASSWORD).get("/v1/me").status, 200, "passwords open")


def told(done):
    return dict(line.split("\t") for line in done.stdout.splitlines())


def command(g):
    """provost import: in parts, killed and called again."""
    names = ["c%03d@k.example" % n for n in range(150)]
    path = os.path.join(g.top, "users.csv")
    with open(path, "w", encoding="utf-8") as file:
        odd = {70: "y" * 2000, 99: '"in two\nlines"'}
        file.write("address,name,password_hash\n" + "".join("%s,%s,%s\n" % (name, odd.get(n, "User"), HASH) for n, name in enumerate(names)))
    env = {**{key: value for key, value in os.environ.items() if not key.startswith("PROVOST_")}, "PROVOST_URL": "http://" + g.address, "PROVOST_LOGIN": "admin", "PROVOST_PASSWORD": g.secret("admin-password")}
    words = [os.path.join(gateway.BUILD, "provost"), "import", path, "--type", "user", "--part-bytes", "4000"]
    first = subprocess.Popen(words, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    gateway.until(lambda: names[0] in made(g), "it has begun", 60)
    first.kill()
    first.wait()
    done = subprocess.run(words, env=env, capture_output=True, text=True, timeout=120, check=False)
    tap.ok("going on" in done.stderr, "the command goes on where it was killed", done.stderr)
    faulty = {int(line[len(path) + 1:].split(":")[0]) for line in done.stderr.splitlines() if line.startswith(path)}
    tap.ok(faulty <= {72, 101}, "lines are those of the file", faulty)
    counts = told(done)
    tap.is_((counts["created"], counts["failed"], done.returncode), ("148", "2", 5), "it tells of all, and that some failed")
    tap.is_(len([name for name in made(g) if name in names]), 148, "all are there")
    out = subprocess.run([words[0], "export", "--format", "csv", "--domain", "l.example"], env=env, capture_output=True, text=True, timeout=60, check=False)
    tap.is_((out.returncode, out.stdout), (0, g.admin().get("/v1/exports?format=csv&domain=l.example").text.replace("\r\n", "\n")), "provost export takes out the same")
    done = subprocess.run([*words, "--on-conflict", "skip"], env=env, capture_output=True, text=True, timeout=120, check=False)
    tap.is_((told(done)["skipped"], told(done)["failed"]), ("148", "2"), "another way is another import")


def read_here(g):
    """provost import: what is read whole, in parts all the same, and several files as one."""
    env = {**{key: value for key, value in os.environ.items() if not key.startswith("PROVOST_")}, "PROVOST_URL": "http://" + g.address, "PROVOST_LOGIN": "admin", "PROVOST_PASSWORD": g.secret("admin-password")}

    def bring(*words, **files):
        for name, text in files.items():
            with open(os.path.join(g.top, name.replace("__", ".").replace("_", "-")), "w", encoding="utf-8") as file:
                file.write(text)
        return subprocess.run([os.path.join(gateway.BUILD, "provost"), "import", *words], env=env, cwd=g.top, capture_output=True, text=True, timeout=120, check=False)

    dump = os.path.join(TOP, "tests", "import", "postfixadmin-mysql.sql")
    done = bring(dump, "--on-conflict", "update", "--part-bytes", "300")
    tap.is_((told(done)["created"], told(done)["failed"], done.returncode), ("0", "0", 0), "a dump of MySQL, a record a request: all of it is there from PostgreSQL's")
    done = bring("postfix-accounts.cf", "postfix-virtual.cf", "dovecot-quotas.cf", "--part-bytes", "100", postfix_accounts__cf="# all\nann@dms2.example|%s\n" % HASH,
                 postfix_virtual__cf="team@dms2.example ann@dms2.example\nann@dms2.example ann@dms2.example,x@far.example\nnonsense\n", dovecot_quotas__cf="ann@dms2.example:2G\n")
    user = g.admin().get("/v1/users/ann@dms2.example").json
    tap.is_((told(done)["created"], told(done)["failed"], done.returncode, user["quota_bytes"], user["forward_to"]), ("3", "1", 5, 2 << 30, ["x@far.example"]), "three files are one")
    tap.ok("postfix-virtual.cf:3: the line is none" in done.stderr, "what is wrong is told by its own file and line", done.stderr)
    words = ("passwd", "shadow", "--domain", "unix2.example")
    files = {"passwd": "root:x:0:0::/root:/bin/sh\nkim:x:1000:1000::/:/bin/sh\n", "shadow": "root:*:1:0:9:7:::\nkim:%s:1:0:9:7:::\n" % HASH.removeprefix("{CRYPT}")}
    done = bring(*words, "--dry-run", **files)
    tap.is_((done.stdout, done.returncode), ("failed\t0\n", 0), "a dry run")
    done = bring(*words, **files)
    tap.is_((told(done)["created"], told(done)["ignored"], g.admin().as_("kim@unix2.example", PASSWORD).get("/v1/me").status), ("2", "1", 200), "passwd and shadow on one command line")
    done = bring("cut.sql", cut__sql="COPY domain (domain) FROM stdin;\ncut.example\n")
    tap.is_((done.returncode, g.admin().get("/v1/domains/cut.example").status), (5, 404), "what is cut off is refused before anything is done")
    tap.is_("line 3: the dump ends within rows" in done.stderr, True, "and told where")
    tap.is_(bring("a.csv", "b.csv", a__csv="type\n", b__csv="type\n").returncode != 0, True, "of other formats several are not one")


def main():
    with gateway.Gateway() as g:
        admin = g.admin()
        a_file(admin)
        conflicts(admin)
        formats(admin)
        foreign(admin)
        rights(g, admin)
        bounds(g, admin)
        admin.post("/v1/domains", {"name": "a.example", "kind": "alias", "target": "l.example", "description": "Some; \"quotes\", and so on"})
        admin.patch("/v1/users/u@l.example", {"send_as": ["al@l.example", "b@n.example"]})
        exported(g, admin)
        hashes(g, admin)
        no_quota(admin)
        wide(g, admin)
        hung_up(g, admin)
        admin = killed(g, admin)
        command(g)
        read_here(g)
        tap.is_(admin.complaints, [], "every reply is as described")
    tap.done()


if __name__ == "__main__":
    main()
