#!/usr/bin/python3
"""The policy service: real Postfix asks it at RCPT, it asks the directory and Dovecot's quota-status; and what becomes of who abuses it."""

import os
import shutil
import signal
import smtplib
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.join(os.environ.get("top_srcdir") or os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))), "tests", "lib"))

import gateway
import mail
import tap

mail.skip_where_missing()

PASSWORD = "correct horse battery"
FULL, FULL_TOO, FREE = "full@example.org", "full2@example.org", "free@example.org"
SPLIT = "boss@relay.example"
SMALL = 50 * 1024
CONNECTIONS = 30
REQUEST_SECONDS = 2
DUNNO = "DUNNO"


class Options:
    """The file of options, of which some change while provostd runs."""

    def __init__(self, place, port, quota_status):
        self.file = os.path.join(place, "provostd.conf")
        self.socket = os.path.join(place, "policy")
        self.port = port
        self.always = "listen = 127.0.0.1:%d unix:%s\nconnections = %d\nrequest_seconds = %d\nidle_seconds = 60\nquota_status = %s\n" % (
            port, self.socket, CONNECTIONS, REQUEST_SECONDS, quota_status)
        self.write()

    def write(self, more=""):
        with open(self.file, "w", encoding="utf-8") as file:
            file.write("[policy]\n%s%s\n" % (self.always, more))

    def change(self, g, more=""):
        """From now on those, on every loop."""
        before = g.log().count("event=reloaded")
        self.write(more)
        g.process.send_signal(signal.SIGHUP)
        gateway.until(lambda: g.log().count("event=reloaded") > before, "the options are read again", 10)
        time.sleep(0.2)  # each loop takes them over by itself

    def connect(self, local=False):
        if not local:
            return socket.create_connection(("127.0.0.1", self.port), 20)
        peer = socket.socket(socket.AF_UNIX)
        peer.settimeout(20)
        peer.connect(self.socket)
        return peer


def request(recipient, state="RCPT", size=0):
    return ("request=smtpd_access_policy\nprotocol_state=%s\nprotocol_name=ESMTP\nclient_address=192.0.2.1\nsender=a@outside.example\n"
            "recipient=%s\nsize=%d\nsasl_username=\n\n" % (state, recipient, size)).encode()


def reply(peer):
    """The action of the next reply, or None if there is none any more."""
    text = b""
    try:
        while not text.endswith(b"\n\n"):
            byte = peer.recv(1)
            if not byte:
                return None
            text += byte
    except (ConnectionResetError, BrokenPipeError):
        return None
    return text.decode().removeprefix("action=").rstrip("\n")


def ask(peer, recipient, **more):
    peer.sendall(request(recipient, **more))
    return reply(peer)


def configure(g, program, place, *options):
    directory = os.path.join(place, program)
    subprocess.run([os.path.join(gateway.BUILD, "provost"), "config", program, directory, "--state-dir", g.state, "--hostname", "mail.test",
                    *options], check=True, stdout=subprocess.DEVNULL)
    return directory


def must(done, status=201):
    if done.status != status:
        raise RuntimeError(repr(done))


def create(g, admin):
    for name, more in ("example.org", {}), ("catch.example", {}), ("brand.example", {"kind": "alias", "target": "example.org"}):
        must(admin.post("/v1/domains", {"name": name, **more}))
    must(admin.post("/v1/domains", {"name": "relay.example", "kind": "relay", "transport": "smtp:[127.0.0.1]:1"}))
    for user in FULL, FULL_TOO, FREE, SPLIT:
        must(admin.post("/v1/users", {"address": user, "password": PASSWORD, "quota_bytes": SMALL}))
    must(admin.post("/v1/users", {"address": "away@example.org", "password": PASSWORD, "forward_to": ["x@elsewhere.example"], "keep_copy": False}))
    must(admin.post("/v1/users", {"address": "robot@example.org", "password": PASSWORD, "send_only": True}))
    for address, *to in [
            ("tofull@example.org", FULL), ("mixed@example.org", FULL, FREE), ("list@example.org", "tofull@example.org", FULL_TOO),
            ("lost@example.org", "gone@example.org"), ("outward@example.org", FULL, "x@elsewhere.example"),
            ("@catch.example", "gone@brand.example")]:
        if address == "lost@example.org":
            must(admin.post("/v1/users", {"address": to[0], "password": PASSWORD}))
        must(admin.post("/v1/aliases", {"address": address, "destinations": to}))
    # What only LDAP tools can make.
    entry = ("dn: mail=@brand.example,provostDomainName=brand.example,ou=domains,dc=provost\nobjectClass: provostAlias\nmail: @brand.example\n"
             "provostDestination: gone@example.org\nprovostEnabled: TRUE\n\n"
             "dn: mail=gone@example.org,provostDomainName=example.org,ou=domains,dc=provost\nchangetype: delete\n")
    subprocess.run(["ldapmodify", "-a", "-x", "-H", g.ldap_url, "-D", "uid=admin,ou=principals,dc=provost", "-w", g.secret("admin-password")],
                   input=entry, text=True, check=True, stdout=subprocess.DEVNULL)


def fill(admin, postfix, dovecot):
    """Give both a message, and then less room than that."""
    for user in FULL, FULL_TOO:
        (code, text), = postfix.send("a@outside.example", [user], "first").values()
        tap.is_(code, 250, "while there is room %s gets mail: %s" % (user, text))
        dovecot.wait_for_message(user, PASSWORD, "first")
        must(admin.patch("/v1/users/" + user, {"quota_bytes": 100}), 200)


def rcpt(postfix, recipient, size=None, login=None):
    """"250", or code and status of the refusal."""
    with smtplib.SMTP(postfix.host, postfix.port if login is None else postfix.submission, "client.test", 30) as smtp:
        smtp.ehlo()
        if login is not None:
            smtp.starttls(context=mail.unverified())
            smtp.login(login, PASSWORD)
        smtp.mail(login or "a@outside.example", ["SIZE=%d" % size] if size else [])
        code, text = smtp.rcpt(recipient)
        return str(code) if code == 250 else "%d %s" % (code, text.decode().split()[0])


CASES = [
    (FREE, "250"), (FULL, "552 5.2.2"), ("Full+tag@Example.org", "552 5.2.2"), ("tofull@example.org", "552 5.2.2"),
    ("tofull+tag@example.org", "552 5.2.2"), ("list@example.org", "552 5.2.2"), ("mixed@example.org", "250"),
    ("full@brand.example", "552 5.2.2"), ("tofull+tag@brand.example", "552 5.2.2"), ("free@brand.example", "250"),
    ("away@example.org", "250"), ("outward@example.org", "250"), ("robot@example.org", "550 5.2.1"),
    # Postfix alone takes all of these, and returns them later.
    ("lost@example.org", "550 5.1.1"), ("whoever@catch.example", "550 5.1.1"), ("unknown@brand.example", "550 5.1.1"),
    ("nobody@example.org", "550 5.1.1"), ("x@elsewhere.example", "554 5.7.1")]


def by_smtp(g, options, postfix):
    for recipient, want in CASES:
        tap.is_(rcpt(postfix, recipient), want, "%s: %s" % (recipient, want))
    tap.is_(rcpt(postfix, FREE, size=SMALL * 2), "552 5.2.2", "what is announced as too large is refused, too")
    tap.is_(rcpt(postfix, SPLIT, size=SMALL * 2), "552 5.2.2", "and for a user in a relay domain, whose mailbox is here")
    tap.is_(rcpt(postfix, "other@relay.example", size=SMALL * 2), "250", "but not for others there")
    tap.is_(rcpt(postfix, FULL, login=FREE), "552 5.2.2", "also to who has logged in")
    tap.is_(rcpt(postfix, "x@elsewhere.example", login=FREE), "250", "who may write elsewhere")
    options.change(g, "overquota = 452 4.2.2 Mailbox is full\noverquota_if = any")
    tap.is_(rcpt(postfix, FULL), "452 4.2.2", "put off instead, after SIGHUP")
    tap.is_(rcpt(postfix, "mixed@example.org"), "452 4.2.2", "and if any mailbox is full")
    options.change(g)
    tap.is_(rcpt(postfix, FULL), "552 5.2.2", "and back")


def over_tcp(options, postfix):
    """The same over TCP: the other half of the listeners."""
    for name in "smtpd_recipient_restrictions", "mua_recipient_restrictions":
        value = postfix.postconf("-h", name).strip()
        postfix.postconf("-e", "%s=%s" % (name, value.replace("unix:" + options.socket, "inet:127.0.0.1:%d" % options.port)))
    postfix.reload()
    tap.ok("inet:127.0.0.1" in postfix.postconf("-h", "smtpd_recipient_restrictions"), "Postfix asks over TCP")
    for recipient, want in CASES[:4]:
        tap.is_(rcpt(postfix, recipient), want, "%s: %s" % (recipient, want))


def under_way(g, options):
    """An address of a plan that is being carried out, as another gateway would have it."""
    entry = "provostJournalId=test,ou=journal,dc=provost"
    text = ("dn: %s\nobjectClass: provostJournal\nprovostJournalId: test\nprovostJournalState: running\nprovostJournalName: %s\n"
            "provostJournalName: gone@example.org\nprovostJournalName: old@example.org\n") % (entry, FREE)
    as_gateway = ["runuser", "-u", "provost", "--"]
    if os.stat(g.state).st_uid == os.geteuid():
        as_gateway = []
    subprocess.run([*as_gateway, "ldapadd", "-Q", "-Y", "EXTERNAL", "-H", g.ldapi], input=text, text=True, check=True, stdout=subprocess.DEVNULL)
    with options.connect() as peer:
        for recipient in "free+tag@example.org", "old@example.org", "lost@example.org":
            tap.is_((ask(peer, recipient) or "")[:9], "450 4.2.1", "%s is under way, or all it leads to" % recipient)
        subprocess.run([*as_gateway, "ldapdelete", "-Q", "-Y", "EXTERNAL", "-H", g.ldapi, entry], check=True)
        tap.is_(ask(peer, "lost@example.org"), "550 5.1.1 User unknown", "and is not any more")


def loops(options):
    """Both kinds of socket, on every loop."""
    for local in False, True:
        for _ in range(8):
            with options.connect(local) as peer:
                got = [ask(peer, FULL), ask(peer, FREE), ask(peer, FULL, state="DATA")]
            if got != ["552 5.2.2 Mailbox is full", DUNNO, DUNNO]:
                tap.is_(got, [], "an answer")
    tap.ok(True, "eight connections each answer as they should")


def cut_off(peer, seconds):
    """Whether it is closed in time."""
    peer.settimeout(seconds)
    try:
        return reply(peer) is None
    except TimeoutError:
        return False


def hostile(options):
    for what, sent in [
            ("a line that is too long", b"request=smtpd_access_policy\nhelo_name=" + b"x" * 5000 + b"\n\n"),
            ("a line that never ends", b"x" * 100000), ("many short lines", b"a=b\n" * 10000), ("too many lines", b"request=x\n" + b"a=b\n" * 200 + b"\n"),
            ("no name", b"=x\n\n"), ("no request", b"sender=a\n\n"), ("NUL", b"request=smtpd_access_policy\nsender=\0\n\n"), ("HTTP", b"GET / HTTP/1.1\r\n\r\n")]:
        with options.connect() as peer:
            try:
                peer.sendall(sent)
            except (ConnectionResetError, BrokenPipeError):
                pass
            tap.ok(cut_off(peer, 5), what + " is cut off")
    with options.connect() as peer:
        began = time.monotonic()
        peer.sendall(b"request=smtpd_access_policy\n")
        tap.ok(cut_off(peer, REQUEST_SECONDS + 5) and time.monotonic() - began >= REQUEST_SECONDS * 0.8, "who does not go on is cut off in time")
    with options.connect() as peer:
        began = time.monotonic()
        for byte in request(FREE):
            try:
                peer.sendall(bytes([byte]))
            except (ConnectionResetError, BrokenPipeError):
                break
            time.sleep(0.05)
        tap.ok(cut_off(peer, 5) and time.monotonic() - began < REQUEST_SECONDS + 5, "nor does it help to send a byte now and then")


def flood(options, g):
    """10,000 requests on one connection, sent without waiting for a reply."""
    waits, count, done = [], 10000, threading.Event()

    def look():
        client = g.client()
        while not done.is_set():
            began = time.monotonic()
            client.get("/livez")
            waits.append(time.monotonic() - began)
            time.sleep(0.01)

    watcher = threading.Thread(target=look)
    with options.connect() as peer:
        watcher.start()
        sender = threading.Thread(target=lambda: [peer.sendall(request("%d@elsewhere.example" % n, state="DATA") * 100) for n in range(count // 100)])
        began = time.monotonic()
        sender.start()
        got = b""
        while got.count(b"\n\n") < count:
            more = peer.recv(65536)
            if not more:
                break
            got += more
        seconds = time.monotonic() - began
        sender.join()
    done.set()
    watcher.join()
    tap.is_(got, b"action=DUNNO\n\n" * count, "10,000 requests at once have 10,000 replies")
    tap.note("in %.1f s; /livez meanwhile: median %.1f ms, longest %.1f ms" % (seconds, statistics.median(waits) * 1000, max(waits) * 1000))
    tap.ok(max(waits) < 2, "others are served meanwhile")


def crowd(options):
    peers = [options.connect() for _ in range(CONNECTIONS + 20)]
    good = []
    for peer in peers:
        try:
            good.append(ask(peer, FREE) == DUNNO)
        except OSError:
            good.append(False)
    for peer in peers:
        peer.close()
    # Postfix has some of them.
    tap.ok(CONNECTIONS - 15 <= sum(good) <= CONNECTIONS, "no more than %d connections are served: %d" % (CONNECTIONS, sum(good)))
    time.sleep(0.2)
    with options.connect() as peer:
        tap.is_(ask(peer, FREE), DUNNO, "and others when these have gone")


def speed(options, dovecot):
    """Roughly: over all loops, by four clients that wait for each reply."""
    for what, recipient in ("a mailbox", FREE), ("an alias of a full one", "tofull@example.org"), \
            ("not a recipient of ours", "x@elsewhere.example"), ("quota-status itself", FREE):
        def client(n, recipient=recipient, what=what):
            with socket.create_connection((dovecot.host, dovecot.quota_status)) if what.startswith("quota") else options.connect() as peer:
                for _ in range(n):
                    ask(peer, recipient)
        threads = [threading.Thread(target=client, args=(100,)) for _ in range(4)]
        began = time.monotonic()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        tap.note("%s: %d requests/s" % (what, 400 / (time.monotonic() - began)))


def stopped(pid):
    """Whether all its threads stand still."""
    tasks = os.listdir("/proc/%d/task" % pid)
    states = [open("/proc/%d/task/%s/stat" % (pid, task), encoding="latin-1").read().rpartition(")")[2].split()[0] for task in tasks]
    return set(states) == {"T"}


def elsewhere(g):
    """With the directory of another one: as whom it reads has to be said."""
    port = gateway.free_port()
    told = ["--ldap-uri", g.ldapi, "--policy-listen", "127.0.0.1:%d" % port]
    done = subprocess.run([g.binary, *told, "--check-config"], capture_output=True, text=True)
    tap.ok(done.returncode == 1 and "policy.password_file" in done.stderr, "it asks for a password", done.stderr)
    with gateway.Gateway(*told, "--policy-password-file", os.path.join(g.state, "services/postfix")):
        with socket.create_connection(("127.0.0.1", port), 20) as peer:
            tap.is_([ask(peer, FREE), ask(peer, "lost@example.org")], [DUNNO, "550 5.1.1 User unknown"], "and reads with that")


def failures(g, options, postfix, dovecot):
    dovecot.stop()
    tap.is_(rcpt(postfix, FULL), "250", "without quota-status mail is accepted")
    tap.is_(rcpt(postfix, "lost@example.org"), "550 5.1.1", "but for what is unknown")
    options.change(g, "on_failure = DEFER_IF_PERMIT")
    tap.is_(rcpt(postfix, FULL), "450 4.3.0", "or put off, if that is wanted")
    with socket.create_server(("127.0.0.1", 0)) as hole:
        options.always = options.always.replace("quota_status = ", "quota_status = inet:127.0.0.1:%d\n;" % hole.getsockname()[1])
        options.change(g)
        with options.connect() as peer:
            began = time.monotonic()
            tap.is_(ask(peer, FULL), DUNNO, "a quota-status that hangs is given up")
            tap.ok(1.5 < time.monotonic() - began < 4, "after two seconds")
    slapd = int(subprocess.run(["pgrep", "-P", str(g.process.pid), "slapd"], capture_output=True, text=True, check=True).stdout)
    os.kill(slapd, signal.SIGSTOP)
    gateway.until(lambda: stopped(slapd), "slapd stands still", 10)
    try:
        with options.connect() as peer:
            began = time.monotonic()
            tap.is_(ask(peer, "lost@example.org"), DUNNO, "a directory that hangs makes nobody unknown")
            tap.ok(time.monotonic() - began < 5, "and is not waited for long")
    finally:
        os.kill(slapd, signal.SIGCONT)
    with options.connect() as peer:
        gateway.until(lambda: ask(peer, "lost@example.org") != DUNNO, "it is asked again", 10)
    with options.connect() as peer:
        ask(peer, FREE)
        began = time.monotonic()
        tap.is_(g.stop(), 0, "it stops in order with Postfix connected")
        tap.ok(time.monotonic() - began < 8, "at once")
        tap.is_(reply(peer), None, "which is told so")


def main():
    place, port = tempfile.mkdtemp(prefix="provost-policy-"), gateway.free_port()
    os.chmod(place, 0o755)  # provost reads the options, and Postfix finds the socket
    dovecot = mail.Dovecot(os.path.join(place, "dovecot"), place + "/mail")
    options = Options(place, port, "inet:%s:%d" % (dovecot.host, dovecot.quota_status))
    try:
        with gateway.Gateway("--config", options.file, "--loops", "2") as g:
            admin = g.admin()
            configure(g, "postfix", place, "--policy", "unix:" + options.socket)
            configure(g, "dovecot", place, "--mail-dir", place + "/mail", "--mail-uid", "5000", "--mail-gid", "5000")
            create(g, admin)
            with mail.Postfix(place + "/postfix", outside=("127.0.0.1", port)) as postfix:
                dovecot.queue = postfix.queue
                with dovecot:
                    fill(admin, postfix, dovecot)
                    by_smtp(g, options, postfix)
                    over_tcp(options, postfix)
                    loops(options)
                    under_way(g, options)
                    elsewhere(g)
                    speed(options, dovecot)
                    hostile(options)
                    flood(options, g)
                    crowd(options)
                    failures(g, options, postfix, dovecot)
            tap.is_(admin.complaints, [], "every reply was as described")
            tap.ok("Sanitizer" not in g.log() and "runtime error" not in g.log(), "no sanitizer report", g.log()[-4000:])
    finally:
        dovecot.stop()
        shutil.rmtree(place, ignore_errors=True)
    tap.done()


main()
