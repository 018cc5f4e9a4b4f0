#!/usr/bin/python3
"""DinoMail's API beyond the conversations: the flow of its Android client, whose rights count, and what only options allow."""

import http.client
import os
import re
import subprocess
import sys

sys.path.insert(0, os.path.join(os.environ.get("top_srcdir") or os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))), "tests", "lib"))
sys.path.insert(1, os.path.dirname(os.path.abspath(__file__)))

import gateway
import tap
from described import complaints_of_log

JSON = {"Content-Type": "application/json; CHARSET=UTF-8"}


class App:
    """What dinomail_app 1.0.2 sends, and what it takes of the answers."""

    def __init__(self, g, login, password):
        self.client = g.client()
        reply = g.client().as_(login, password).get("/api/apikey/")
        self.key = reply.json["objects"][0]["key"] if reply.status == 200 else None
        self.headers = {"Authorization": "ApiKey %s:%s" % (login, self.key)}

    def ask(self, method, target, body=None):
        return self.client.request(method, target, body, headers=dict(self.headers, **(JSON if body is not None else {})))

    def objects(self, resource):
        reply = self.ask("GET", "/api/%s/" % resource)
        return reply.json["objects"] if reply.status == 200 else None

    def everything(self):
        return {resource: self.objects(resource) for resource in ("virtualdomain", "virtualuser", "virtualalias")}


def flow(g):
    """Page 3.11 of the reference, from the login on; the app looks at no answer, so what came of it is looked at."""
    app = App(g, "admin", g.secret("admin-password"))
    tap.is_(app.everything(), {"virtualdomain": [], "virtualuser": [], "virtualalias": []}, "it sees nothing yet")
    app.ask("POST", "/api/virtualdomain/", {"name": "app.example", "dkim_status": 0, "dmarc_status": 0, "spf_status": 0})
    (domain,) = app.objects("virtualdomain")
    # It cuts the number out of the text.
    tap.is_(domain["resource_uri"][:19] + domain["resource_uri"][19:-1], "/api/virtualdomain/%d" % domain["id"], "the number is where it cuts it out")
    tap.ok(isinstance(domain["id"], int) and domain["id"] < 2 ** 31, "it is an integer of 32 bits")
    app.ask("POST", "/api/virtualuser/", {"email": "ann@app.example", "quota": 0, "domain": domain["resource_uri"]})
    app.ask("POST", "/api/virtualalias/", {"source": "info@app.example", "destination": "ann@app.example", "domain": domain["resource_uri"]})
    (user,), (alias,) = app.objects("virtualuser"), app.objects("virtualalias")
    tap.is_([type(user["quota"]), user["domain"], alias["domain"]], [int, domain["resource_uri"]] + [domain["resource_uri"]], "it can compare quotas, and knows the domains")
    app.ask("PATCH", user["resource_uri"], {"email": "ann@app.example", "quota": 5000000, "domain": user["domain"]})
    app.ask("PATCH", alias["resource_uri"], {"source": "info@app.example", "destination": "bob@else.example", "domain": alias["domain"]})
    app.ask("PATCH", domain["resource_uri"], {"name": "app.example", "dkim_status": 4, "dmarc_status": 2, "spf_status": 1})
    app.ask("PATCH", "/api/changeuserpassword/%d/" % user["id"], {"password": "chosen in the app"})
    seen = app.everything()
    tap.is_([seen["virtualuser"][0]["quota"], seen["virtualalias"][0]["destination"], seen["virtualdomain"][0]["name"]],
            [5000000, "bob@else.example", "app.example"], "what it changed is changed")
    tap.is_(g.client().as_("ann@app.example", "chosen in the app").get("/v1/me").status, 200, "the password is good")
    app.ask("DELETE", alias["resource_uri"])
    app.ask("DELETE", user["resource_uri"])
    tap.is_(app.objects("virtualalias") + app.objects("virtualuser"), [], "what it deletes is gone")
    app.ask("DELETE", domain["resource_uri"])
    tap.is_(app.everything(), {"virtualdomain": [], "virtualuser": [], "virtualalias": []}, "all of it")
    return app


def switched(g, app):
    """After an import of its dump a client of DinoMail finds the rows that it has left there; but that one leads to himself alone says nothing."""
    path = os.path.join(gateway.TOP, "tests", "import", "dinomail.sql")
    with open(path, encoding="utf-8") as file:
        text = file.read()
    rows = re.findall(r"^\d+\t(\S+@\S+)\t(\S+@\S+)\t\d+$", text, re.MULTILINE)
    tap.is_(g.admin().request("POST", "/v1/imports", raw=text.encode(), headers={"Content-Type": "application/sql"}).status, 200, "a dump of DinoMail")
    seen = app.everything()
    tap.is_(sorted((row["source"], row["destination"]) for row in seen["virtualalias"]),
            sorted({(source.lower(), to.lower()) for source, to in rows} - {("ann@dino.example", "ann@dino.example")}), "its rows are those of the dump")
    tap.is_(sorted((d["name"], d["short_display_name"], d["imap_address"], d["pop_address"]) for d in seen["virtualdomain"]),
            [("dino.example", "Dino", "imap.dino.example", ""), ("second.example", "", "", "")], "and so are its domains")
    tap.is_(len(seen["virtualuser"]), len(re.findall(r"^\d+\t\S+@\S+\t\{", text, re.MULTILINE)), "and its users")
    for domain in seen["virtualdomain"]:
        app.ask("DELETE", domain["resource_uri"])
    tap.is_(app.objects("virtualalias"), [], "all that goes with the domains")


def rights(g, app):
    """Everybody sees and does what he may over /v1."""
    admin = g.admin()
    for name in ("one.example", "two.example"):
        admin.post("/v1/domains", {"name": name})
        admin.post("/v1/users", {"address": "u@" + name, "password": "p"})
        admin.post("/v1/aliases", {"address": "al@" + name, "destinations": ["u@" + name]})
    for login in ("boss", "eyes", "nobody"):
        admin.post("/v1/principals", {"login": login, "password": "p"})
    admin.put("/v1/domains/one.example/administrators/boss", {"role": "administrator"})
    admin.put("/v1/domains/one.example/administrators/eyes", {"role": "viewer"})
    everything = app.everything()
    uri = {name: next(d["resource_uri"] for d in everything["virtualdomain"] if d["name"] == name) for name in ("one.example", "two.example")}
    foreign = next(u["resource_uri"] for u in everything["virtualuser"] if u["email"] == "u@two.example")
    own = next(u["resource_uri"] for u in everything["virtualuser"] if u["email"] == "u@one.example")
    for login, count in (("eyes", 1), ("nobody", 0), ("boss", 1)):
        his = App(g, login, "p")
        tap.is_([len(his.objects(r)) for r in ("virtualdomain", "virtualuser", "virtualalias")], [count] * 3, "%s sees what is his to see" % login)
        tap.is_(his.ask("GET", foreign).status, 404, "and nothing else")
        tap.is_(his.ask("PATCH", foreign, {"quota": 1}).status, 404, "nor does he change it")
        tap.is_(his.ask("PUT", "/api/virtualuser/%d/" % 4000, {"email": "x@two.example", "domain": uri["two.example"]}).status, 400, "or make it")
        tap.is_(his.ask("PATCH", own, {"quota": 77}).status, {"boss": 202, "eyes": 401, "nobody": 404}[login], "what %s may change" % login)
        tap.is_(his.ask("POST", "/api/virtualuser/", {"email": login + "@one.example", "domain": uri["one.example"]}).status,
                {"boss": 201, "eyes": 401, "nobody": 400}[login], "what he may make")
        tap.is_(his.ask("POST", "/api/virtualdomain/", {"name": login + ".example"}).status, 401, "no domain")
    reply = admin.post("/v1/keys", {"scopes": ["users:read"], "domains": ["two.example"]})
    bound = App(g, "admin", "x")
    bound.headers = {"Authorization": "ApiKey admin:" + reply.json["key"]}
    tap.is_([u["email"] for u in bound.objects("virtualuser")], ["u@two.example"], "a key for a domain sees that")
    tap.is_([bound.ask("GET", own).status, bound.ask("GET", "/api/virtualdomain/").status, bound.ask("DELETE", foreign).status], [404, 401, 401],
            "and is for nothing else")


def old_keys(g):
    """The keys of DinoMail's own database, for what their owners might do there."""
    admin, old = g.admin(), {"Root": "0123456789abcdef0123456789abcdef01234567", "clerk": "89abcdef0123456789abcdef0123456789abcdef", "gone": "f" * 40}
    admin.post("/v1/principals", {"login": "root", "password": "p", "super_administrator": True})
    dump = os.path.join(gateway.TOP, "tests", "import", "dinomail.sql")
    env = {"PATH": os.environ["PATH"], "PROVOST_URL": "http://" + g.address, "PROVOST_LOGIN": "admin", "PROVOST_PASSWORD": g.secret("admin-password")}

    def bring(*words):
        return subprocess.run([os.path.join(gateway.BUILD, "provost"), "import", "--keys", *(words or [dump])], env=env, capture_output=True, text=True, timeout=60, check=False)

    def ask(login, key, method="GET", target="/api/virtualdomain/", body=None):
        return g.client().request(method, target, body, headers=dict(JSON, Authorization="ApiKey %s:%s" % (login, key))).status

    tap.is_(ask("root", old["Root"]), 401, "a key of DinoMail is none before")
    first = bring()
    tap.is_((first.stdout, first.returncode, first.stderr.splitlines()), ("done\t1\nskipped\t2\nfailed\t1\n", 5, ["clerk: you may not make keys for clerk", "gone: is switched off there", "nobody: may do nothing there"]),
            "keys are brought in for who is here")
    admin.post("/v1/principals", {"login": "clerk", "password": "p"})
    tap.is_((bring().stdout, bring().stdout), ("done\t2\nskipped\t2\nfailed\t0\n", "done\t2\nskipped\t2\nfailed\t0\n"), "and the same again")
    twins = os.path.join(g.top, "twins.sql")
    with open(twins, "w", encoding="utf-8") as file:
        file.write("INSERT INTO auth_user (id, username, is_superuser, is_active) VALUES (1, 'Clerk', '1', '1'), (2, 'clerk', '0', '1');\n"
                   "INSERT INTO tastypie_apikey (user_id, key) VALUES (1, '%s');\n" % ("a1" * 20))
        for table in ("auth_permission (id, codename)", "auth_group_permissions (group_id, permission_id)", "auth_user_user_permissions (user_id, permission_id)", "auth_user_groups (user_id, group_id)"):
            file.write("INSERT INTO %s VALUES ('9', '9');\n" % table)
    done = bring(twins)
    tap.is_((done.stdout, done.returncode, ask("clerk", "a1" * 20)), ("done\t0\nskipped\t0\nfailed\t1\n", 5, 401), "of two logins that differ by case alone none gets the other's key: " + done.stderr)
    tap.is_([ask(login, key) for login, key in (("Root", old["Root"]), ("root", old["Root"]), ("clerk", old["clerk"]), ("clerk", old["Root"]), ("root", old["clerk"]), ("root", "0" * 40), ("gone", old["gone"]))],
            [200, 200, 200, 401, 401, 401, 401], "each is good for its owner, and nobody else")
    tap.is_([ask("root", old["Root"], "POST", body={"name": "old.example"}), ask("clerk", old["clerk"], "POST", body={"name": "none.example"}), ask("clerk", old["clerk"], target="/api/virtualalias/")], [201, 401, 401],
            "for what he might do there")
    keys = {login: admin.get("/v1/keys?owner=" + login) for login in ("root", "clerk")}
    tap.is_([sorted(reply.json["items"][0]["scopes"]) for reply in keys.values()],
            [["aliases:read", "aliases:write", "domains:read", "domains:write", "passwords:write", "users:read", "users:write"], ["domains:read", "passwords:write", "users:read", "users:write"]], "which is its scopes")
    tap.is_([len(reply.json["items"]) for reply in keys.values()], [1, 1], "and each is there once")
    tap.is_([old["Root"] in reply.text or "pvt_" in reply.text for reply in keys.values()], [False, False], "and nobody is told its text")
    target = "/v1/keys/" + keys["root"].json["items"][0]["id"]
    replies = [admin.post("/v1/keys", {"scopes": ["*"], "dinomail_key": text}) for text in ("0" * 40, "G" + old["Root"][1:], old["Root"][1:])] + [admin.patch(target, {"dinomail_key": old["clerk"]})]
    tap.is_([(reply.status, old["Root"][1:] in reply.text) for reply in replies], [(422, False)] * 4, "what no such key can be is refused, and not repeated")
    admin.delete(target)
    gateway.until(lambda: ask("root", old["Root"]) == 401, "revoked, it is good no more", 30)
    tap.is_([complaint for complaint in admin.complaints], [], "every reply is as described")


def peak(g):
    """The most memory that it ever had, in MiB."""
    with open("/proc/%d/status" % g.process.pid, encoding="ascii") as file:
        return int(re.search(r"VmHWM:\s+(\d+)", file.read()).group(1)) // 1024


def raw(g, app, headers, body):
    """The status of a POST with just these headers."""
    connection = http.client.HTTPConnection(g.address, timeout=30)
    connection.request("POST", "/api/virtualdomain/", body.encode("latin-1"), dict(app.headers, **headers))
    status = connection.getresponse().status
    connection.close()
    return status


def bounds(g, app):
    """What somebody sends costs what it is long, and no more."""
    before = peak(g)
    reply = app.ask("POST", "/api/virtualdomain/", {"name": "q.example", "dkim_status": "\"" + "'" * 40000})
    tap.ok(reply.status == 400 and len(reply.text) < 400, "of what is no number it shows the beginning", reply.text[:400])
    reply = app.ask("POST", "/api/virtualdomain/", {"name": "q.example", "dkim_status": "a" * 79 + "\u00e9"})
    tap.ok(reply.status == 400 and "a?\u201d value" in reply.json["error"], "be it cut within a character", reply.text)
    uri = app.objects("virtualdomain")[0]["resource_uri"]
    tap.is_(raw(g, app, {}, "{\"name\": \"raw.example\"}"), 201, "without a type it is taken for JSON")
    tap.is_(raw(g, app, {}, "{\"name\": \"raw\xff.example\"}"), 400, "but not what is no UTF-8")
    reply = app.ask("POST", "/api/virtualuser/", {"email": "\"" + "'<" * 20000 + "@long.example", "domain": uri})
    tap.is_(reply.status, 400, "an address that is none, and long")
    tap.ok("\"" + "\\'&lt;" * 20000 + "@long" in reply.json["error"], "is told as Python and HTML would have it")
    tap.is_(app.ask("GET", "/api/virtualuser/?limit=" + "a" * 79 + "%C3%A9").status, 400, "a number that is cut within a character")
    tap.ok(peak(g) - before < 100 or os.environ.get("SANITIZED"), "all that takes little memory", peak(g) - before)
    reply = app.ask("POST", "/api/virtualdomain/", {"name": "q.example", "id": 2147483647})
    tap.is_(reply.status, 201, "a number far beyond all others")
    number = int(reply.headers["Location"].split("/")[3])
    tap.ok(number < 200000, "is not given", number)
    tap.is_(app.ask("DELETE", reply.headers["Location"]).status, 204, "but another")


def options(g, app):
    """What somebody has to want."""
    plain = g.client()
    target = "/api/virtualuser/?limit=1&username=admin&api_key=" + app.key
    reply = plain.get(target)
    tap.is_(reply.status, 200, "credentials in the URL, where an option allows them")
    tap.ok(reply.json["meta"]["next"] and "api_key" not in reply.json["meta"]["next"] and "username" not in reply.json["meta"]["next"],
           "they are not repeated: %s" % reply.json["meta"]["next"])
    tap.is_(plain.get(target, headers={"Authorization": "ApiKey admin:wrong"}).status, 401, "a header comes first")
    tap.is_(plain.get(target, headers={"Authorization": "Basic d3Jvbmc6d3Jvbmc="}).status, 200, "but for one of another scheme")
    tap.is_(plain.get("/api/apikey/?username=admin&api_key=" + app.key).status, 401, "keys are told to who has a password")
    tap.ok(app.key.split("_")[2] not in g.log(), "the log has no key")
    for order, reverse in (("", False), ("?order_by=id", False), ("?sort_by=-id", True)):
        numbers = [u["id"] for u in app.ask("GET", "/api/virtualuser/" + order).json["objects"]]
        tap.ok(len(numbers) > 2 and numbers == sorted(numbers, reverse=reverse), "in the order of the numbers: " + order)
    domain = next(d for d in app.objects("virtualdomain") if d["name"] == "one.example")
    kept = next(u for u in app.objects("virtualuser") if u["email"] == "boss@one.example")
    count = len(app.objects("virtualalias"))
    row = {"source": "al@one.example", "destination": "u@one.example", "domain": domain["resource_uri"]}
    tap.is_(app.ask("PUT", "/api/virtualalias/", {"objects": [row, dict(row, source="not one")]}).status, 400, "a list with something wrong in it")
    tap.is_(len(app.objects("virtualalias")), count, "replaces nothing")
    for query in ("domain=two.example", "source=al@two.example", "emial=x", "limit=1", "destination__in=a&format=json"):
        tap.is_([app.ask("DELETE", "/api/virtualalias/?" + query).status, app.ask("PUT", "/api/virtualalias/?" + query, {"objects": []}).status], [400, 400],
                "a list that looks like a part: " + query)
    tap.is_(len(app.objects("virtualalias")), count, "is left alone")
    many = [app.ask("PATCH", "/api/virtualalias/", {"objects": [0] * 501}), app.ask("PUT", "/api/virtualalias/", {"objects": [0] * 501}),
            app.ask("PATCH", "/api/virtualalias/", {"objects": [], "deleted_objects": ["/api/virtualalias/999999/"] * 501})]
    tap.is_([(reply.status, "At most 500" in reply.text) for reply in many], [(400, True)] * 3, "too many are counted before any of them is looked at")
    before = next(a["id"] for a in app.objects("virtualalias") if a["source"] == row["source"])
    tap.is_(app.ask("PUT", "/api/virtualalias/", {"objects": [row]}).status, 204, "a list in the place of another")
    tap.is_([(a["id"], a["source"]) for a in app.objects("virtualalias")], [(before, "al@one.example")], "what stays is what it was")
    tap.is_(app.ask("DELETE", "/api/virtualalias/?format=json").status, 204, "DELETE of a list")
    tap.is_(app.objects("virtualalias"), [], "which is empty then")
    reply = app.ask("PUT", "/api/virtualuser/", {"objects": [{"email": kept["email"], "quota": 9, "domain": domain["resource_uri"]}]})
    tap.is_(reply.status, 204, "the same of users")
    tap.is_([(u["id"], u["quota"]) for u in app.objects("virtualuser")], [(kept["id"], 9)], "who stays keeps number and mailbox")
    tap.is_(app.ask("DELETE", "/api/virtualdomain/").status, 204, "all domains")
    tap.is_(app.everything(), {"virtualdomain": [], "virtualuser": [], "virtualalias": []}, "and all that is in them")


def main():
    with gateway.Gateway("--api-dinomail", "yes", "--api-dinomail-url-keys", "yes", "--api-dinomail-whole-lists", "yes") as g:
        app = flow(g)
        switched(g, app)
        rights(g, app)
        old_keys(g)
        bounds(g, app)
        options(g, app)
        tap.is_(complaints_of_log(g), [], "the log tells of no error of ours")
        tap.is_(g.stop(), 0, "it ends well")
    with gateway.Gateway() as g:
        tap.is_([g.client().get("/api/").status, g.admin().get("/api/virtualuser/").status], [404, 404], "it is there for who wants it")
        g.stop()
    tap.done()


if __name__ == "__main__":
    main()
