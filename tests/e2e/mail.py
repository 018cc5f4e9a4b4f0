#!/usr/bin/python3
"""The main job, end to end: what is created over HTTP gets its mail from real Postfix into a real Dovecot mailbox."""

import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.environ.get("top_srcdir") or os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))), "tests", "lib"))

import gateway
import mail
import tap

mail.skip_where_missing()

JOHN, EVE, GUEST = "john@example.org", "eve@example.org", "guest@example.org"
PASSWORD = "correct horse battery"
MANY = 600  # users of the domain that gets another name
FIRST_QUOTA, NEXT_QUOTA = 50000 * 1024, 70000 * 1024


def configure(g, program, *options):
    """Write configuration with the real client."""
    directory = os.path.join(g.top, program)
    done = subprocess.run([os.path.join(gateway.BUILD, "provost"), "config", program, directory, "--state-dir", g.state,
                           "--hostname", "mail.test", *options], capture_output=True, text=True)
    tap.ok(done.returncode == 0, "provost config " + program, done.stderr)
    secret = g.secret("services/" + program)
    for name in os.listdir(directory):
        path = os.path.join(directory, name)
        with open(path, encoding="utf-8") as file:
            if secret in file.read():
                tap.is_(oct(os.stat(path).st_mode & 0o777), "0o640", name + " is not for everybody")
    return directory


def create(admin):
    for path, body in [
            ("/v1/domains", {"name": "example.org"}),
            ("/v1/users", {"address": JOHN, "name": "John", "password": PASSWORD, "quota_bytes": FIRST_QUOTA}),
            ("/v1/users", {"address": EVE, "password": PASSWORD + "2"}),
            ("/v1/users", {"address": GUEST, "password": PASSWORD + "3"}),
            ("/v1/aliases", {"address": "sales@example.org", "destinations": [JOHN, EVE]}),
            ("/v1/aliases", {"address": "@example.org", "destinations": [EVE]})]:
        reply = admin.post(path, body)
        tap.is_(reply.status, 201, "create %s" % (body.get("address") or body["name"]))


def maps(postfix):
    """Every map answers what Postfix has to know."""
    for table, key, want in [
            ("virtual_mailbox_domains", "example.org", "example.org"),
            ("virtual_mailbox_domains", "other.example", None),
            ("virtual_alias_domains", "example.org", None),
            ("relay_domains", "example.org", None),
            ("transport_maps", "example.org", None),
            ("virtual_mailbox_maps", JOHN, JOHN),
            ("virtual_mailbox_maps", "JOHN@Example.ORG", JOHN),
            ("virtual_mailbox_maps", "sales@example.org", None),
            ("virtual_alias_maps", JOHN, JOHN),
            ("virtual_alias_maps", "@example.org", EVE),
            ("virtual_alias_maps", "nobody@example.org", None),
            ("sender_login_maps", JOHN, JOHN),
            ("domain_alias", JOHN, None),
            ("recipient_access", "example.org", None)]:
        tap.is_(postfix.postmap(table, key), want, "postmap %s %s" % (table, key))
    both = postfix.postmap("virtual_alias_maps", "sales@example.org") or ""
    tap.is_(sorted(both.split(",")), sorted([JOHN, EVE]), "postmap virtual_alias_maps sales")


def deliveries(postfix, dovecot):
    for rcpt, owner, password in [
            (JOHN, JOHN, PASSWORD), ("John+tag@Example.org", JOHN, PASSWORD), ("sales@example.org", JOHN, PASSWORD),
            ("sales@example.org", EVE, PASSWORD + "2"), ("nobody-special@example.org", EVE, PASSWORD + "2"),
            (GUEST, GUEST, PASSWORD + "3")]:
        subject = "to %s for %s" % (rcpt, owner)
        answers = postfix.send("sender@outside.example", [rcpt], subject)
        tap.is_([code for code, _ in answers.values()], [250], "accepted: " + subject)
        dovecot.wait_for_message(owner, password, subject, 20)
        tap.ok(True, "arrived: " + subject)
    tap.ok(not any("to guest" in s for s in dovecot.imap_messages(EVE, PASSWORD + "2")),
           "the catch-all takes nothing that is somebody's")


def alias_domain(g, admin, postfix, dovecot):
    """Mail to and from an alias domain, from its creation over HTTP to its end."""
    tap.is_(admin.delete("/v1/aliases/@example.org").status, 204, "without the catch-all")
    tap.is_(admin.post("/v1/domains", {"name": "brand.example", "kind": "alias", "target": "example.org"}).status, 201, "create an alias domain")
    postfix.reload()
    for number, (rcpt, want, owner, password) in enumerate([
            ("john@brand.example", 250, JOHN, PASSWORD), ("John+tag@Brand.example", 250, JOHN, PASSWORD),
            ("sales@brand.example", 250, EVE, PASSWORD + "2"), ("nobody@brand.example", 550, None, None)]):
        answers = postfix.send("brand%d@outside.example" % number, [rcpt], "brand: to " + rcpt)
        tap.is_([code for code, _ in answers.values()], [want], "alias domain: %d for %s" % (want, rcpt))
        tap.is_(admin.get("/v1/resolve/" + rcpt.replace("+", "%2B")).json["deliverable"], want == 250, "and it is told so")
        if owner:
            dovecot.wait_for_message(owner, password, "brand: to " + rcpt, 20)
            tap.ok(True, "arrived: " + rcpt)
    for login, password, sender, want in [(JOHN, PASSWORD, "john@brand.example", 250), (EVE, PASSWORD + "2", "john@brand.example", 553),
                                          (EVE, PASSWORD + "2", "eve@brand.example", 250), (JOHN, PASSWORD, "sales@brand.example", 553)]:
        (code, text), = postfix.send(sender, [GUEST], "sent as " + sender, login=(login, password)).values()
        tap.is_(code, want, "%s as %s: %s" % (login, sender, text))
    tap.ok(not dovecot.imap_login("john@brand.example", PASSWORD), "nobody logs in with an address of it")
    tap.is_(admin.delete("/v1/domains/example.org").json["code"], "is_target", "its target is not deleted")
    tap.is_(admin.patch("/v1/domains/brand.example", {"enabled": False}).status, 200, "disable it")
    postfix.reload()
    (code, _), = postfix.send("brand9@outside.example", ["john@brand.example"], "disabled").values()
    tap.is_(code, 554, "mail for it is refused")
    (code, _), = postfix.send("brand10@outside.example", [JOHN], "to the target").values()
    tap.is_(code, 250, "not that for its target")
    (code, _), = postfix.send("john@brand.example", [GUEST], "sent as", login=(JOHN, PASSWORD)).values()
    tap.is_(code, 553, "nor can anybody send as it")
    tap.is_(admin.delete("/v1/domains/brand.example").status, 204, "delete it")
    tap.is_(admin.put("/v1/aliases/@example.org", {"destinations": [EVE]}).status, 201, "with the catch-all again")


def dinomail(g, admin, postfix, dovecot):
    """Who is made by a client of DinoMail gets mail, and logs in with the password that it sets."""
    key = admin.get("/api/apikey/").json["objects"][0]["key"]
    client, header = g.client(), {"Authorization": "ApiKey admin:" + key}
    domain = client.get("/api/virtualdomain/?name=example.org", headers=header).json["objects"][0]["resource_uri"]
    reply = client.post("/api/virtualuser/", {"email": "dino@example.org", "quota": 50000000, "domain": domain}, headers=header)
    number = reply.headers["Location"].split("/")[3]
    for source in ("rex@example.org", "info@example.org"):
        client.post("/api/virtualalias/", {"source": source, "destination": "dino@example.org", "domain": domain}, headers=header)
    tap.is_(client.patch("/api/changeuserpassword/%s/" % number, {"password": PASSWORD + "4"}, headers=header).status, 202, "DinoMail: a password")
    for rcpt in ("dino@example.org", "rex@example.org"):
        answers = postfix.send("dinomail@outside.example", [rcpt], "DinoMail: to " + rcpt)
        tap.is_([code for code, _ in answers.values()], [250], "DinoMail: accepted for " + rcpt)
        dovecot.wait_for_message("dino@example.org", PASSWORD + "4", "DinoMail: to " + rcpt, 20)
        tap.ok(True, "DinoMail: arrived: " + rcpt)
    tap.ok(not dovecot.imap_login("dino@example.org", PASSWORD), "DinoMail: no other password is good")
    tap.is_(client.delete("/api/virtualuser/%s/" % number, headers=header).status, 204, "DinoMail: he goes")
    (code, _), = postfix.send("dinomail@outside.example", ["dino@example.org"], "DinoMail: gone").values()
    tap.is_(code, 250, "DinoMail: the catch-all takes what is for him")


def logins(g, dovecot):
    tap.ok(dovecot.imap_login(JOHN, PASSWORD), "IMAP login with the password set over HTTP")
    tap.ok(not dovecot.imap_login(JOHN, PASSWORD + "x"), "refused with another")
    tap.is_(whoami(g, JOHN, PASSWORD), 0, "simple bind, as an SSO system does it")
    tap.is_(whoami(g, JOHN, PASSWORD + "x"), 49, "refused with another")
    listed = dovecot.doveadm("user", "*").stdout.split()
    tap.is_(sorted(listed), sorted([JOHN, EVE, GUEST]), "doveadm user '*'")


def dn(address):
    return "mail=%s,provostDomainName=%s,ou=domains,dc=provost" % (address, address.split("@")[1])


def whoami(g, address, password):
    return subprocess.run(["ldapwhoami", "-x", "-H", g.ldap_url, "-D", dn(address), "-w", password],
                          capture_output=True).returncode


def quota(g, admin, dovecot):
    tap.ok(str(FIRST_QUOTA // 1024) in dovecot.doveadm("quota", "get", "-u", JOHN).stdout, "doveadm knows the quota")
    before = admin.get("/v1/users/" + JOHN)
    change = "dn: %s\nchangetype: modify\nreplace: provostQuotaBytes\nprovostQuotaBytes: %d\n" % (dn(JOHN), NEXT_QUOTA)
    done = subprocess.run(["ldapmodify", "-x", "-H", g.ldap_url, "-D", "uid=admin,ou=principals,dc=provost",
                           "-w", g.secret("admin-password")], input=change, capture_output=True, text=True)
    tap.is_(done.returncode, 0, "ldapmodify changes the quota")
    after = admin.get("/v1/users/" + JOHN)
    tap.is_(after.json["quota_bytes"], NEXT_QUOTA, "it is seen over HTTP at once")
    tap.ok(after.headers["ETag"] != before.headers["ETag"], "and the ETag changes with it")
    tap.ok(str(NEXT_QUOTA // 1024) in dovecot.doveadm("quota", "get", "-u", JOHN).stdout, "doveadm sees it, too")


def new_password(g, admin, dovecot):
    """He changes it himself; old and new are told apart everywhere."""
    himself = admin.as_(JOHN, PASSWORD)
    reply = himself.put("/v1/users/%s/password" % JOHN, {"password": "another one", "current": PASSWORD})
    tap.is_(reply.status, 204, "a user changes his own password")
    tap.ok(dovecot.imap_login(JOHN, "another one"), "IMAP takes the new one")
    tap.ok(not dovecot.imap_login(JOHN, PASSWORD), "and not the old one")
    tap.is_(whoami(g, JOHN, PASSWORD), 49, "nor does a bind")


def renamed(admin, postfix, dovecot):
    """Guest gets another address over HTTP: his mailbox stays, and what led to him follows."""
    new, password = "visitor@example.org", PASSWORD + "3"
    tap.is_(admin.post("/v1/aliases", {"address": "desk@example.org", "destinations": [GUEST]}).status, 201, "an alias that leads to him")
    reply = admin.patch("/v1/users/%s?keep_old_address=true" % GUEST, {"address": new})
    tap.is_(reply.status, 200, "rename him and keep the old address")
    tap.ok(dovecot.imap_login(new, password), "he logs in with the new address")
    tap.ok(not dovecot.imap_login(GUEST, password), "and not with the old one")
    tap.ok(any("to guest" in subject for subject in dovecot.imap_messages(new, password)), "what he had is there")
    for rcpt in (new, GUEST, "desk@example.org"):
        answers = postfix.send("sender@outside.example", [rcpt], "renamed: to " + rcpt)
        tap.is_([code for code, _ in answers.values()], [250], "accepted for " + rcpt)
        dovecot.wait_for_message(new, password, "renamed: to " + rcpt, 20)
        tap.ok(True, "arrived: " + rcpt)
    tap.is_(admin.delete("/v1/aliases/" + GUEST).status, 204, "take the old address away")
    tap.is_(admin.delete("/v1/aliases/desk@example.org").status, 204, "and the alias")
    tap.is_(admin.patch("/v1/users/" + new, {"address": GUEST}).status, 200, "rename him back")
    tap.ok(dovecot.imap_login(GUEST, password), "he logs in as before")


def found(postfix, address):
    """What Postfix makes of it: what the first of its tables says that knows it."""
    tables = ("virtual_alias_maps", "virtual_mailbox_maps", "domain_alias")
    return next((said for said in (postfix.postmap(table, address) for table in tables) if said), None)


def domain_renamed(g, admin, postfix):
    """A domain gets another name, for longer than its request may take: Postfix finds its addresses all the time."""
    operations = [{"method": "POST", "path": "/v1/domains", "body": {"name": "large.example"}}]
    operations += [{"method": "POST", "path": "/v1/users", "body": {"address": "u%03d@large.example" % n}} for n in range(MANY)]
    tap.is_(admin.post("/v1/changesets", {"operations": operations}).status, 200, "a domain of %d users" % MANY)
    with gateway.Gateway("--ldap-uri", g.ldapi, "--http-request-seconds", "1") as other:
        hasty = other.client("admin", g.secret("admin-password"))
        reply = hasty.patch("/v1/domains/large.example", {"name": "larger.example"})
        job = reply.headers.get("Location", "")
        tap.ok(reply.status == 202 and job.startswith("/v1/jobs/"), "it gets another name, and a job tells how far it is", reply)
        lost, looks, taken = [], 0, set()
        while (state := admin.get(job).json)["state"] == "running" or not looks:
            for local in ("u000", "u%03d" % (MANY - 1)):
                for domain in ("large.example", "larger.example"):
                    said = found(postfix, local + "@" + domain)
                    if said:
                        taken.add(local + domain)
                    elif domain == "large.example" or local + domain in taken:
                        lost.append("%s@%s in look %d" % (local, domain, looks))
            looks += 1
        tap.is_((state["kind"], state["state"], state["error"]), ("rename", "succeeded", None), "until it is done")
        tap.is_(lost, [], "each address was found in each of %d looks, by its old name and, from its move on, by the new one" % looks)
        tap.is_(found(postfix, "u000@larger.example"), "u000@larger.example", "in the end by the new one")
        tap.is_(hasty.complaints, [], "every reply was as described")


def disable(g, admin, postfix, dovecot):
    tap.is_(admin.patch("/v1/users/" + JOHN, {"login_enabled": False}).status, 200, "refuse John's logins only")
    tap.ok(not dovecot.imap_login(JOHN, "another one"), "IMAP refuses him")
    answers = postfix.send("one@outside.example", [JOHN], "while login is refused")
    tap.is_([code for code, _ in answers.values()], [250], "his mail is still taken")
    postfix.wait_queue_empty()

    tap.is_(admin.patch("/v1/users/" + JOHN, {"login_enabled": True, "enabled": False}).status, 200, "disable John")
    tap.ok(not dovecot.imap_login(JOHN, "another one"), "IMAP refuses him")
    tap.is_(whoami(g, JOHN, "another one"), 49, "bind refuses him")
    reply = gateway.until(lambda: refused(g, JOHN, "another one"), "HTTP refuses him", 5)
    tap.is_(reply.status, 401, "HTTP refuses him")
    tap.is_(admin.delete("/v1/aliases/@example.org").status, 204, "delete the catch-all")
    answers = postfix.send("two@outside.example", [JOHN], "while disabled")
    tap.is_([code for code, _ in answers.values()], [550], "mail for him is refused at RCPT")

    tap.is_(admin.patch("/v1/users/" + JOHN, {"enabled": True}).status, 200, "enable him again")
    dovecot.wait_for_message(JOHN, "another one", "while login is refused", 20)
    tap.ok(True, "what came meanwhile is there")


def trashed(g, admin, postfix, dovecot):
    """Who is deleted is gone for everybody, and back as he was when he is restored."""
    found = admin.get("/v1/users/" + JOHN).json["id"]
    tap.is_(admin.delete("/v1/users/%s?aliases=keep" % JOHN).status, 200, "delete John")
    tap.ok(not dovecot.imap_login(JOHN, "another one"), "IMAP refuses him")
    tap.is_(whoami(g, JOHN, "another one"), 49, "bind refuses him")
    (code, _), = postfix.send("three@outside.example", [JOHN], "while deleted").values()
    tap.is_(code, 550, "mail for him is refused at RCPT")
    tap.is_(admin.post("/v1/trash/%s/restore" % found, None).status, 200, "restore him")
    tap.ok(dovecot.imap_login(JOHN, "another one"), "he logs in with the password he had")
    tap.is_(whoami(g, JOHN, "another one"), 0, "and binds")
    (code, _), = postfix.send("four@outside.example", [JOHN], "after all").values()
    tap.is_(code, 250, "his mail is taken")
    dovecot.wait_for_message(JOHN, "another one", "after all", 20)
    tap.ok("while login is refused" in dovecot.imap_messages(JOHN, "another one"), "into the mailbox that he had")


def disable_domain(g, admin, dovecot):
    tap.is_(admin.patch("/v1/domains/example.org", {"enabled": False}).status, 200, "disable the domain")
    tap.ok(not dovecot.imap_login(EVE, PASSWORD + "2"), "its users cannot log in")
    tap.is_(whoami(g, EVE, PASSWORD + "2"), 49, "nor bind")


def refused(g, login, password):
    reply = g.client(login, password).get("/v1/me")
    return reply if reply.status == 401 else None


def main():
    with gateway.Gateway("--api-dinomail", "yes") as g:
        admin = g.admin()
        postfix_dir = configure(g, "postfix")
        dovecot_dir = configure(g, "dovecot", "--mail-dir", g.top + "/mail", "--mail-uid", "5000",
                                "--mail-gid", "5000")
        create(admin)
        with mail.Postfix(postfix_dir) as postfix, mail.Dovecot(dovecot_dir, g.top + "/mail", postfix.queue) as dovecot:
            maps(postfix)
            deliveries(postfix, dovecot)
            alias_domain(g, admin, postfix, dovecot)
            logins(g, dovecot)
            quota(g, admin, dovecot)
            new_password(g, admin, dovecot)
            dinomail(g, admin, postfix, dovecot)
            renamed(admin, postfix, dovecot)
            domain_renamed(g, admin, postfix)
            disable(g, admin, postfix, dovecot)
            trashed(g, admin, postfix, dovecot)
            disable_domain(g, admin, dovecot)
        tap.is_(admin.complaints, [], "every reply was as described")
        tap.ok("Sanitizer" not in g.log() and "runtime error" not in g.log(), "no sanitizer report", g.log()[-4000:])
    tap.done()


main()
