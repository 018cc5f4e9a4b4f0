#!/usr/bin/python3
"""What Dovecot tells of users: who logged in and how full mailboxes are, over HTTP; and what is done to those who do not."""

import datetime
import json
import os
import re
import signal
import smtplib
import socket
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.environ.get("top_srcdir") or os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))), "tests", "lib"))

import gateway
import mail
import tap

ANN, BOB, PASSWORD = "ann@example.org", "bob@example.org", "correct horse battery"
HELLO = "H3\t2\t0\t\tx\n"
YEARS_AGO, LONG_AGO = "20200101000000Z", "20210101000000Z"


def path_of(g):
    return os.path.join(g.top, "dict")


def tell(g, text, answers=0):
    """Say something as Dovecot does; what comes back until the end or so many lines."""
    with socket.socket(socket.AF_UNIX) as peer:
        peer.settimeout(20)
        peer.connect(path_of(g))
        heard = b""
        try:
            peer.sendall(text.encode())
            if not answers:
                peer.shutdown(socket.SHUT_WR)
            while not answers or heard.count(b"\n") < answers:
                part = peer.recv(65536)
                if not part:
                    break
                heard += part
        except ConnectionError:
            pass
        return heard.decode()


def login(g, user, when):
    return tell(g, HELLO + "B1\t%s\nS1\tshared/last-login/%s\t%d\nC1\n" % (user, user, when), 1)


def quota(g, user, size, messages):
    return tell(g, HELLO + "B1\t%s\nS1\tpriv/quota/storage\t%d\nS1\tpriv/quota/messages\t%d\nC1\n" % (user, size, messages), 1)


def shown(admin, user):
    """What was measured of him; nothing while the directory comes to itself again."""
    got = admin.get("/v1/users/" + user).json
    return {key: got.get(key) for key in ("quota_used_bytes", "quota_used_messages", "quota_measured_at", "last_login_at")}


def awaited(admin, user, what, seconds=10, **want):
    """Wait until a user is shown so."""
    def there():
        got = shown(admin, user)
        return all(got.get(key) == value for key, value in want.items())
    try:
        gateway.until(there, what, seconds)
        tap.ok(True, what)
    except TimeoutError:
        tap.ok(False, what, shown(admin, user))


def rfc3339(seconds):
    return datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def told_by_hand(g, admin):
    before = admin.get("/v1/users/" + ANN)
    tap.is_({key: before.json[key] for key in ("quota_used_bytes", "last_login_at")}, {"quota_used_bytes": None, "last_login_at": None},
            "at first nothing is known")
    now = int(time.time())
    tap.is_(login(g, ANN.upper(), now - 100), "O1\n", "a login is taken")
    tap.is_(quota(g, ANN, 4096, 3), "O1\n", "and what is used")
    awaited(admin, ANN, "both are shown", quota_used_bytes=4096, quota_used_messages=3, last_login_at=rfc3339(now - 100))
    after = admin.get("/v1/users/" + ANN)
    tap.is_(after.headers["ETag"], before.headers["ETag"], "and are no part of the entity tag")
    tap.is_(after.json["updated_at"], before.json["updated_at"], "nor a change of the user")
    listed = {user["address"]: user for user in admin.get("/v1/users?domain=example.org").json["items"]}
    tap.is_((listed[ANN]["quota_used_bytes"], listed[BOB]["quota_used_bytes"]), (4096, None), "a list shows it, too")
    tap.is_(g.client(ANN, PASSWORD).get("/v1/users/" + ANN).json["quota_used_bytes"], 4096, "and so does he himself see it")
    login(g, ANN, now - 5000)
    quota(g, ANN, 8192, 4)
    awaited(admin, ANN, "an older login does not count", quota_used_bytes=8192, last_login_at=rfc3339(now - 100))
    put = {key: value for key, value in admin.get("/v1/users/" + ANN).json.items() if key != "name"}
    tap.is_(admin.put("/v1/users/" + ANN, {**put, "name": "Ann", "quota_used_bytes": 1}).status, 200, "what is sent back is not looked at")
    tap.is_(shown(admin, ANN)["quota_used_bytes"], 8192, "and stays")
    tap.is_(admin.patch("/v1/users/" + ANN, {"last_login_at": None}).status, 422, "nobody writes it over HTTP")


def hostile(g, admin):
    for what, text in [("nonsense", "GET / HTTP/1.0\r\n\r\n"), ("no greeting", "B1\t" + ANN + "\nC1\n"),
                       ("an endless line", "H" + "x" * 100000 + "\n"), ("a NUL", "H3\t2\0\n"), ("a version to come", "H9\t0\t0\t\tx\nB1\tx\nC1\n"),
                       ("begun too often", HELLO + "".join("B%d\t%s\n" % (i, ANN) for i in range(100)))]:
        tap.is_(tell(g, text), "", what + " gets no answer, and the end")
    tap.is_(tell(g, HELLO + "Lpriv/quota/storage\n", 1), "N\n", "nothing is found")
    tap.is_(login(g, "nobody@example.org", 5), "O1\n", "somebody we do not know is taken, and forgotten")
    tap.is_(login(g, "*)(mail=*", 5), "O1\n", "as is what is no address")
    quota(g, BOB, 10**30, 5)
    awaited(admin, BOB, "a number too large is none", quota_used_bytes=None, quota_used_messages=5)
    silent = []
    for _ in range(12):
        peer = socket.socket(socket.AF_UNIX)
        peer.connect(path_of(g))
        peer.sendall(b"H3\t2")
        silent.append(peer)
    for peer in silent[:10]:
        peer.close()
    tap.is_(quota(g, BOB, 7, 7), "O1\n", "more connections than allowed wait until others end")
    for peer in silent:
        peer.close()
    awaited(admin, BOB, "and are served then", quota_used_bytes=7)
    tap.is_(admin.get("/readyz").status, 200, "the gateway is as well as before")


def comes_and_goes(g, admin):
    tap.is_(admin.patch("/v1/users/" + BOB, {"address": "rob@example.org"}).status, 200, "a user is renamed")
    tap.is_(shown(admin, "rob@example.org")["quota_used_bytes"], 7, "what is known of him stays his")
    quota(g, "rob@example.org", 8, 8)
    awaited(admin, "rob@example.org", "and goes on", quota_used_bytes=8)
    tap.is_(admin.delete("/v1/users/rob@example.org").status, 204, "he is deleted")
    tap.is_(admin.post("/v1/users", {"address": "rob@example.org"}).json["quota_used_bytes"], None, "another one begins anew")
    admin.post("/v1/domains", {"name": "gone.example"})
    for name in "a", "b", "c":
        admin.post("/v1/users", {"address": name + "@gone.example"})
        quota(g, name + "@gone.example", 1, 1)
    awaited(admin, "c@gone.example", "users of a domain are measured", quota_used_bytes=1)
    tap.is_(admin.delete("/v1/domains/gone.example").json["counts"], {"users": 3, "aliases": 0}, "only they are counted")
    tap.is_(admin.delete("/v1/domains/gone.example?recursive=true").status, 204, "and go with it")
    left = subprocess.run(["ldapsearch", "-LLL", "-x", "-H", g.ldap_url, "-D", "uid=admin,ou=principals,dc=provost", "-w",
                           g.secret("admin-password"), "-b", "dc=provost", "(|(mail=*@gone.example)(provostUsedBytes=1))", "dn"],
                          capture_output=True, text=True)
    tap.is_(left.stdout, "", "with what was known of them")


def while_it_hangs(g, admin):
    """What cannot be written waits."""
    slapd = int(re.findall(r"event=slapd-started pid=(\d+)", g.log())[-1])
    os.kill(slapd, signal.SIGSTOP)
    try:
        began = time.monotonic()
        tap.is_(quota(g, ANN, 31337, 1), "O1\n", "Dovecot is answered while the directory hangs")
        tap.ok(time.monotonic() - began < 1, "at once")
        gateway.until(lambda: "event=usage-not-written" in g.log(), "a failed write", 20)
    finally:
        os.kill(slapd, signal.SIGCONT)
    awaited(admin, ANN, "what it told is written afterwards", 20, quota_used_bytes=31337)


def flushed_at_the_end(g):
    """A stop loses nothing, whatever the period."""
    now = int(time.time())
    g.stop()
    at = g.options.index("--dict-write-seconds") + 1
    g.options[at] = "3600"
    g.start()
    tap.is_(login(g, ANN, now), "O1\n", "a login just before the end")
    tap.is_(g.stop(), 0, "a stop")
    tap.ok(not os.path.exists(path_of(g)) or os.geteuid() == 0, "the socket is gone, where it may go")
    g.options[at] = "1"
    g.start()
    tap.is_(shown(g.admin(), ANN)["last_login_at"], rfc3339(now), "has written what was told")


def entry(name, created, login=None):
    """A user from long ago, as slapadd takes him."""
    dn = "mail=%s@old.example,provostDomainName=old.example,ou=domains,dc=provost" % name
    text = ("dn: %s\nobjectClass: inetOrgPerson\nobjectClass: provostUser\nmail: %s@old.example\nuid: %s@old.example\n"
            "provostLocalPart: %s\nprovostMailboxId: mailbox-%s\ncn: x\nsn: x\nprovostEnabled: TRUE\ncreateTimestamp: %s\n\n"
            % (dn, name, name, name, name, created))
    if login:
        text += ("dn: cn=usage,%s\nobjectClass: provostUsage\ncn: usage\nprovostUsageOf: mailbox-%s\nprovostLastLogin: %s\ncreateTimestamp: %s\n\n"
                 % (dn, name, login, created))
    return text


def old_times(g):
    """Users that have been there for years."""
    admin = g.admin()
    admin.post("/v1/domains", {"name": "old.example"})
    admin.post("/v1/aliases", {"address": "all@old.example", "destinations": ["new@old.example"]})
    admin.post("/v1/users", {"address": "new@old.example"})
    tap.is_(admin.get("/v1/users?inactive_days=30").json["code"], "logins_unknown",
            "while logins were not told for that long nobody is called inactive")
    g.stop()
    recent = time.strftime("%Y%m%d%H%M%SZ", time.gmtime(time.time() - 5 * 86400))
    ldif = os.path.join(g.top, "old.ldif")
    with open(ldif, "w", encoding="utf-8") as file:
        file.write("".join([entry("never1", YEARS_AGO), entry("never2", YEARS_AGO), entry("idle1", YEARS_AGO, LONG_AGO),
                            entry("idle2", YEARS_AGO, LONG_AGO), entry("recent", YEARS_AGO, recent)]))
    command = ["/usr/sbin/slapadd", "-F", os.path.join(g.state, "slapd.d"), "-b", "dc=provost", "-l", ldif]
    done = subprocess.run(command, capture_output=True, text=True)
    if os.geteuid() == 0:
        subprocess.run(["chown", "-R", "provost:", g.state], check=True)
    tap.is_(done.returncode, 0, "users from long ago")
    g.start()
    return g.admin()


def names(reply):
    return [user["address"].partition("@")[0] for user in reply.json["items"]]


def inactive(g):
    admin = old_times(g)
    for query, want in [("inactive_days=30", ["idle1", "idle2", "never1", "never2"]), ("inactive_days=30&never=only", ["never1", "never2"]),
                        ("inactive_days=30&never=exclude", ["idle1", "idle2"]),
                        ("inactive_days=3", ["idle1", "idle2", "never1", "never2", "recent"]), ("inactive_days=36500&never=exclude", [])]:
        for domain in "&domain=old.example", "":
            tap.is_(names(admin.get("/v1/users?" + query + domain)), want, query + domain)
    for query in "inactive_days=0", "inactive_days=x", "never=only", "inactive_days=3&never=sometimes":
        tap.is_(admin.get("/v1/users?" + query).status, 400, query + " is refused")
    found, target = [], "/v1/users?inactive_days=30&limit=1"
    while target:
        reply = admin.get(target)
        found += names(reply)
        target = re.sub(r"^<(.*)>.*", r"\1", reply.headers["Link"]) if "Link" in reply.headers else None
    tap.is_(found, ["idle1", "idle2", "never1", "never2"], "page by page, as the links lead")


def provost(g, *options):
    return subprocess.run([os.path.join(gateway.BUILD, "provost"), "user", "inactive", "--url", "http://" + g.address, "--state-dir", g.state,
                           *options], capture_output=True, text=True, timeout=60)


def command(g):
    admin = g.admin()
    done = provost(g, "--days", "30")
    tap.is_((done.returncode, [line.split("\t")[0] for line in done.stdout.splitlines()], done.stderr),
            (0, ["idle1@old.example", "idle2@old.example", "never1@old.example", "never2@old.example"], ""), "provost user inactive names them")
    tap.ok("never1@old.example\tnever logged in\tenabled" in done.stdout and "last login 2021-01-01T00:00:00Z" in done.stdout, "and says why", done.stdout)
    done = provost(g, "--days", "30", "--disable")
    tap.ok(done.returncode == 2 and "--yes" in done.stderr and admin.get("/v1/users/idle1@old.example").json["enabled"], "nothing is done without --yes")
    done = provost(g, "--days", "30", "--disable", "--dry-run")
    tap.ok(done.returncode == 0 and "to be disabled" in done.stdout and admin.get("/v1/users/idle1@old.example").json["enabled"], "nor by --dry-run")
    done = provost(g, "--days", "30", "--never", "exclude", "--disable", "--yes", "--json", "--domain", "old.example")
    got = json.loads(done.stdout)
    tap.is_((done.returncode, [(user["address"], user["outcome"], user["error"]) for user in got["users"]], got["failed"]),
            (0, [("idle1@old.example", "disabled", None), ("idle2@old.example", "disabled", None)], 0), "--disable")
    tap.is_([admin.get("/v1/users/%s@old.example" % name).json["enabled"] for name in ("idle1", "idle2", "never1", "recent")],
            [False, False, True, True], "they are disabled, and others are not")
    done = provost(g, "--days", "30", "--never", "exclude", "--disable", "--yes")
    tap.is_((done.returncode, done.stdout.count("disabled already")), (0, 2), "once more there is nothing to do")
    admin.post("/v1/aliases", {"address": "only@old.example", "destinations": ["never1@old.example"]})
    done = provost(g, "--days", "30", "--delete", "--yes")
    tap.is_((done.returncode, done.stdout.count("\tdeleted"), "never1@old.example\tnever logged in\tfailed: 409" in done.stdout, "1 of 4" in done.stderr),
            (1, 3, True, True), "--delete, but not whom an alias leads to")
    done = provost(g, "--days", "30", "--delete", "--aliases", "remove", "--yes")
    tap.is_((done.returncode, done.stdout.count("\tdeleted"), admin.get("/v1/aliases/only@old.example").status), (0, 1, 404), "--aliases remove")
    tap.is_(names(admin.get("/v1/users?domain=old.example")), ["new", "recent"], "they are gone, and others are not")
    tap.is_(provost(g, "--days", "30", "--delete", "--yes").returncode, 0, "once more there is nobody")
    to_whom(g)


# Somebody else who has taken the port.
THIEF = """
import os, socket, sys
s = socket.socket()
os.setuid(65534)
s = socket.create_server(("127.0.0.1", 0))
print(s.getsockname()[1], flush=True)
s.settimeout(20)
try:
    print(s.accept()[0].recv(1000), flush=True)
except OSError:
    pass
"""


def to_whom(g):
    """The password goes to nobody else, and over no network in the clear."""
    done = provost(g, "--days", "30", "--url", "http://192.0.2.1:8080")
    tap.ok(done.returncode == 2 and "https://" in done.stderr, "no password goes over the network in the clear", done.stderr)
    for url in "http://localhost:%s" % g.address.rpartition(":")[2], "http://127.0.0.1:%s/" % g.address.rpartition(":")[2]:
        tap.is_(provost(g, "--days", "30", "--url", url).returncode, 0, "%s is here" % url)
    if os.geteuid() != 0:
        return
    thief = subprocess.Popen([sys.executable, "-c", THIEF], stdout=subprocess.PIPE, text=True)
    try:
        done = provost(g, "--days", "30", "--url", "http://127.0.0.1:%s" % thief.stdout.readline().strip())
    finally:
        thief.kill()
        heard = thief.communicate()[0]
    tap.ok(done.returncode == 2 and "user 65534 listens" in done.stderr, "who has taken the port is named", done.stderr)
    tap.is_(heard, "", "and hears nothing")


def command_in_trouble(g):
    wrong = os.path.join(g.top, "wrong")
    with open(wrong, "w", encoding="utf-8") as file:
        file.write("nonsense\n")
    for what, status, options, said in [("a wrong password", 6, ["--login", "admin", "--password-file", wrong], "401"),
                                        ("nobody there", 7, ["--url", "http://127.0.0.1:1"], "127.0.0.1:1"),
                                        ("no file", 2, ["--password-file", wrong + "x"], "wrongx"),
                                        ("another protocol", 2, ["--url", "file:///etc/passwd#"], "the URL of the gateway is none"),
                                        ("no such domain", 3, ["--domain", "none.example"], "404")]:
        done = provost(g, "--days", "30", *options)
        tap.ok(done.returncode == status and said in done.stderr and "nonsense" not in done.stderr and done.stdout == "", "%s: %d, and why" % (what, status),
               (done.returncode, done.stderr, done.stdout))
    done = provost(g, "--days", "30", "--json", "--url", "http://127.0.0.1:1")
    tap.ok(done.returncode == 7 and json.loads(done.stdout)["error"], "with --json, too")


def real_dovecot(g, admin):
    """Dovecot's own plugins tell it."""
    directory = os.path.join(g.top, "dovecot")
    done = subprocess.run([os.path.join(gateway.BUILD, "provost"), "config", "dovecot", directory, "--state-dir", g.state, "--hostname", "mail.test",
                           "--mail-dir", os.path.join(g.top, "mail"), "--dict", path_of(g)], capture_output=True, text=True)
    tap.is_(done.returncode, 0, "provost config dovecot")
    dovecot = mail.Dovecot(directory, os.path.join(g.top, "mail"))
    before = int(time.time())
    with dovecot:
        tap.ok(not dovecot.imap_login(ANN, "wrong"), "a wrong password")
        time.sleep(1.5)
        tap.ok(shown(admin, ANN)["last_login_at"] < rfc3339(before), "is no login")
        tap.ok(dovecot.imap_login(ANN.upper(), PASSWORD), "somebody logs in by IMAP")
        gateway.until(lambda: shown(admin, ANN)["last_login_at"] >= rfc3339(before), "login", 10)
        tap.ok(True, "and that is shown within the period")
        login_at = shown(admin, ANN)["last_login_at"]
        time.sleep(1)
        with smtplib.LMTP(os.path.join(dovecot.queue, "private", "dovecot-lmtp")) as lmtp:
            lmtp.sendmail("x@out.example", [ANN], "Subject: a\r\n\r\n" + "x" * 1000 + "\r\n")
        awaited(admin, ANN, "mail is delivered, and counted", quota_used_messages=1)
        first = shown(admin, ANN)["quota_used_bytes"]
        tap.ok(1000 < first < 3000, "with its bytes", first)
        time.sleep(1.5)
        tap.is_(shown(admin, ANN)["last_login_at"], login_at, "a delivery is no login")
        client = dovecot.imap()
        client.login(ANN, PASSWORD)
        client.append("INBOX", None, None, b"Subject: b\r\n\r\n" + b"y" * 2000 + b"\r\n")
        client.logout()
        awaited(admin, ANN, "another one by IMAP, when the session ends", quota_used_messages=2)
        tap.ok(shown(admin, ANN)["quota_used_bytes"] >= first + 2000, "with its bytes, too")
        client = dovecot.imap()
        client.login(ANN, PASSWORD)
        client.select("INBOX")
        client.store("1:*", "+FLAGS", "\\Deleted")
        client.expunge()
        client.logout()
        awaited(admin, ANN, "all are deleted again", quota_used_messages=0, quota_used_bytes=0)


def main():
    options = ["--dict-write-seconds", "1", "--dict-login-seconds", "1", "--dict-connections", "4", "--ldap-write-seconds", "1", "--dict-group", str(mail.MAIL_UID) if
               os.geteuid() == 0 else str(os.getegid())]
    g = gateway.Gateway(*options)
    g.options += ["--dict-listen", path_of(g)]
    with g:
        admin = g.admin()
        admin.post("/v1/domains", {"name": "example.org"})
        for address in ANN, BOB:
            admin.post("/v1/users", {"address": address, "password": PASSWORD})
        tap.is_(oct(os.stat(path_of(g)).st_mode & 0o777), "0o660", "the socket is for a group")
        told_by_hand(g, admin)
        hostile(g, admin)
        comes_and_goes(g, admin)
        if mail.missing():
            tap.skip("Dovecot itself", mail.missing())
        else:
            real_dovecot(g, admin)
        while_it_hangs(g, admin)
        flushed_at_the_end(g)
        inactive(g)
        command(g)
        command_in_trouble(g)
        tap.is_(admin.complaints, [], "replies are as described")
        tap.ok("ERROR" not in g.log(), "no sanitizer complained")
    tap.done()


main()
