#!/usr/bin/python3
"""Guessing passwords: how often that may be done, and that whoever is refused learns nothing from it but that (R42 and R43 of attacks.py)."""

import base64
import concurrent.futures
import http.client
import itertools
import math
import os
import random
import re
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.environ.get("top_srcdir") or os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))), "tests", "lib"))

import ldap

import gateway
import tap

SAMPLES = int(os.environ.get("PROVOST_SAMPLES") or "40")  # of each sort of refusal; see tools/oracle
AT_ONCE = 16
PASSWORD, NEW = "correct horse", "another horse"
USERS = ["user%d@guess.example" % n for n in range(10)]
DISABLED = ["off%d@guess.example" % n for n in range(10)]
OUTSIDE = ["john%d@off.example" % n for n in range(10)]
LOCK, LOGIN_HOUR = 15, 60 + SAMPLES // 2
DECOY = "cn=decoy,ou=services,dc=provost"
MISTAKEN = ["once@guess.example", "once2@guess.example", "once3@guess.example", "once4@guess.example"]
LOCKED, ROLE, MANY = "locked@guess.example", "role@guess.example", "many@guess.example"
fresh = itertools.count(1)


def place():
    """An address nobody has come from: all of 127.0.0.0/8 is this machine."""
    n = next(fresh)
    return "127.%d.%d.%d" % (1 + n // 62500, n // 250 % 250, 1 + n % 250)


def send(g, login, password, source):
    """A request from there; status, headers that tell something, body, seconds."""
    host, port = g.address.rsplit(":", 1)
    pair = (login if isinstance(login, bytes) else login.encode()) + b":" + (password if isinstance(password, bytes) else password.encode())
    connection = http.client.HTTPConnection(host, int(port), timeout=40, source_address=(source, 0))
    connection.connect()
    began = time.monotonic()
    connection.request("GET", "/v1/me", headers={"Authorization": b"Basic " + base64.b64encode(pair)})
    reply = connection.getresponse()
    seconds = time.monotonic() - began
    headers = sorted((name, value) for name, value in reply.getheaders() if name not in ("Date", "X-Request-Id"))
    body = reply.read()
    connection.close()
    return reply.status, headers, body, seconds


def status(g, login, password, source):
    """Once more where the machine is too busy: what nobody has heard does not count."""
    for _ in range(10):
        code = send(g, login, password, source)[0]
        if code < 500:
            break
    return code


def wrong():
    return "guess %d" % next(fresh)


def create(g):
    admin = g.admin()
    made = [admin.post("/v1/domains", {"name": name}) for name in ("guess.example", "off.example")]
    for address in USERS + DISABLED + OUTSIDE + [LOCKED, "mute@guess.example", ROLE, MANY, *MISTAKEN, "old@guess.example"]:
        made.append(admin.post("/v1/users", {"address": address, "password": PASSWORD}))
    made.append(admin.post("/v1/users", {"address": "bare@guess.example"}))
    tap.is_({reply.status for reply in made}, {201}, "domains and users")
    made = [admin.patch("/v1/users/" + address, {"enabled": False}) for address in DISABLED]
    made += [admin.patch("/v1/users/mute@guess.example", {"login_enabled": False}),
            admin.patch("/v1/domains/off.example", {"enabled": False})]
    tap.is_({reply.status for reply in made}, {200}, "some of them disabled")
    root = bound(g, "uid=admin,ou=principals,dc=provost", g.secret("admin-password"))
    root.modify_s("provostDomainName=guess.example,ou=domains,dc=provost", [(ldap.MOD_ADD, "provostOwner", [dn(ROLE).encode()])])
    return admin, root


def dn(address):
    return "mail=%s,provostDomainName=%s,ou=domains,dc=provost" % (address, address.split("@")[1])


def bound(g, who, password):
    connection = ldap.initialize(g.ldap_url)
    connection.simple_bind_s(who, password)
    return connection


def recorded(root, name):
    """The moments at which slapd verified a wrong password of an entry: the last ten."""
    return set(root.search_s(name, ldap.SCOPE_BASE, "(objectClass=*)", ["pwdFailureTime"])[0][1].get("pwdFailureTime", []))


HEARD = [  # What is verified, once: a password of who has that login, or of nobody's.
    ("wrong", USERS[1], wrong(), True), ("another case", USERS[1].upper(), wrong(), True), ("unknown", "nobody@guess.example", PASSWORD, False),
    ("an unknown domain", "nobody@elsewhere.example", PASSWORD, False), ("an unknown principal", "nobody", PASSWORD, False),
    ("disabled", "off0@guess.example", PASSWORD, False), ("its domain disabled", "john0@off.example", PASSWORD, False),
    ("may not log in", "mute@guess.example", PASSWORD, False)]
UNHEARD = [
    ("full-width letters", "\uff55ser1@guess.example", PASSWORD), ("a Kelvin sign", "\u212aser@guess.example", PASSWORD),
    ("a blank", " " + USERS[1], PASSWORD), ("a blank at its end", USERS[1] + " ", PASSWORD), ("a NUL in it", b"user1\0@guess.example", PASSWORD),
    ("no UTF-8", b"\xff@guess.example", PASSWORD), ("a tag", "user1+tag@guess.example", PASSWORD), ("nobody at all", "", PASSWORD),
    ("no password", USERS[1], ""), ("a blank password", USERS[1], "  "), ("a password with a NUL first", USERS[1], "\0" + PASSWORD),
    ("a password with a NUL last", USERS[1], PASSWORD + "\0"), ("only a NUL", USERS[1], "\0"), ("a long password", USERS[1], "p" * 1025),
    ("a very long one", USERS[1], "p" * 9000)]


def looks(g, root):
    """Every refusal is the same, but for its time and its id; and slapd verified a password, or did not."""
    first = send(g, USERS[0], wrong(), place())[:3]
    tap.is_(first[0], 401, "a wrong password is refused")

    def noted():
        return recorded(root, dn(USERS[1])), recorded(root, DECOY)

    for what, login, password, his in HEARD:
        before = noted()
        got = send(g, login, password, place())
        after = noted()
        tap.is_(got[:3], first, "R43: %s: refused like any other" % what)
        tap.ok(0.24 < got[3] < 20, "%s: after 250 ms" % what, got[3])
        tap.is_((len(after[0] - before[0]), len(after[1] - before[1])), (1, 0) if his else (0, 1), what + ": one password was verified")
    log = root.search_s("cn=accesslog", ldap.SCOPE_ONELEVEL, "(&(reqType=modify)(reqDN=%s))" % dn(USERS[1]), ["reqMod"])
    mods = [{mod.split(b":")[0] for mod in record["reqMod"]} for _, record in log]
    tap.ok([{b"pwdFailureTime", b"entryCSN", b"modifiersName", b"modifyTimestamp"}] * 2 == mods, "in the log it is a failure and nothing else", mods)
    before = noted()
    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        for (what, _, _), got in zip(UNHEARD, pool.map(lambda row: send(g, row[1], row[2], place()), UNHEARD)):
            tap.is_(got[:3], first, "R43: %s: refused like any other" % what)
            tap.ok(0.24 < got[3] < 20, "%s: after 250 ms" % what, got[3])
    tap.is_(noted(), before, "and none of these was verified")


def mistaken(g, john, home, elsewhere):
    """Five failures and the right password: what became of that, or None if it came after the second in which it is not heard."""
    local, _, domain = john.partition("@")
    tap.is_(status(g, john, PASSWORD, home), 200, "he logs in at home")
    spellings = [john, john.upper(), john.title(), local.upper() + "@" + domain, local + "@" + domain.upper()]
    got = [status(g, spelling, wrong(), elsewhere) for spelling in spellings[:4]]
    began = time.monotonic()
    got.append(status(g, spellings[4], wrong(), elsewhere))
    tap.is_(got, [401] * 5, "five wrong ones from elsewhere, however he is spelt")
    code = status(g, john, PASSWORD, elsewhere)
    return code if code == 401 or time.monotonic() < began + 1 else None


def delays(g, root):
    for john in MISTAKEN:
        home, elsewhere, there = place(), place(), place()
        code = mistaken(g, john, home, elsewhere)
        if code:
            break
        tap.note("too slow")
    tap.is_(code, 401, "R42: then the right one is refused there, too")
    tap.is_(len(recorded(root, dn(john))), 5, "and nothing was verified")
    tap.is_(status(g, john, PASSWORD, home), 200, "at home it is not")
    tap.is_(status(g, john, PASSWORD, there), 200, "nor where nobody guessed")
    gateway.until(lambda: status(g, john, PASSWORD, elsewhere) == 200, "the end of the delay", 20)
    tap.ok(True, "later it is heard there")
    tap.is_([status(g, john, wrong(), elsewhere) for _ in range(8)] + [status(g, john, PASSWORD, elsewhere)], [401] * 8 + [200],
            "from then on mistakes are forgiven there")


def old_password(g, root):
    """A program that goes on with what was right once; its owner sits beside it."""
    source = place()
    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        got = list(pool.map(lambda _: status(g, "old@guess.example", "the old one", source), range(60)))
    tap.is_(set(got), {401}, "sixty times the same wrong password")
    before = recorded(root, dn("old@guess.example"))
    tap.is_({status(g, "old@guess.example", "the old one", source) for _ in range(4)}, {401}, "and then")
    tap.is_(recorded(root, dn("old@guess.example")), before, "it is refused without being verified")
    tap.is_(status(g, "old@guess.example", PASSWORD, source), 200, "its owner logs in from the same place")


def from_everywhere(g):
    """S13: many sources, one login."""
    login, home = MANY, place()
    tap.is_(status(g, login, PASSWORD, home), 200, "at home")
    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        got = list(pool.map(lambda n: status(g, [login, login.upper()][n % 2], wrong(), place()), range(LOGIN_HOUR)))
    tap.is_(set(got), {401}, "R42: as many guesses as there may be in an hour, each from another place")
    tap.is_(status(g, login, PASSWORD, place()), 401, "were too many at once: nowhere else he is let in")
    tap.is_(status(g, login, PASSWORD, home), 200, "but at home")
    tap.is_(status(g, ROLE, PASSWORD, place()), 200, "and everybody else everywhere")


def recipe():
    """What docs/security.md has slapd lock users by."""
    with open(os.path.join(gateway.TOP, "docs", "security.md"), encoding="utf-8") as file:
        return re.search(r"<<EOF\n(dn: cn=users,ou=policies,dc=provost\n.*?)EOF\n", file.read(), re.S).group(1)


def restart(g, admin, *options):
    g.stop()
    done = subprocess.run(["/usr/sbin/slapmodify", "-F", os.path.join(g.state, "slapd.d"), "-b", "dc=provost"], input=recipe(), text=True, capture_output=True,
                          user="provost" if os.geteuid() == 0 else None)
    tap.ok(done.returncode == 0, "slapmodify takes the recipe", done.stderr)
    g.options += options
    g.start()
    admin.address = g.address
    admin.connection = None


def locks(g, admin):
    restart(g, admin, "--guess-lock-failures", str(LOCK), "--guess-lock-seconds", "600")
    home = {login: place() for login in (LOCKED, ROLE)}
    tap.is_([status(g, login, PASSWORD, home[login]) for login in home], [200, 200], "nobody is locked out")
    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(lambda n: status(g, [LOCKED, ROLE][n % 2], wrong(), place()), range(2 * LOCK)))
    time.sleep(1.1)  # until it is remembered no more that he was right
    tap.is_(status(g, LOCKED, PASSWORD, home[LOCKED]), 401, "where it is wanted, failures lock a user out everywhere")
    tap.ok("event=guessing what=locked login=%s " % LOCKED in g.log(), "the log says so")
    tap.is_(status(g, ROLE, PASSWORD, home[ROLE]), 200, "but nobody who has a role")


def state(g, admin, address):
    return admin.get("/v1/users/%s?include=login_state" % address).json["login_state"]


def forgiveness(g, admin, root):
    """What administrators see of it, and what a new password does."""
    known = state(g, admin, LOCKED)
    tap.ok(known["failures"] == LOCK and known["last_failure_at"] and known["locked_at"] is None, "failures are shown to who may do something", known)
    tap.ok(known["gateway"]["failures"] > 0 and known["gateway"]["locked_until"], "and that he is locked out", known)
    tags = [admin.get("/v1/users/%s%s" % (LOCKED, more)).headers["ETag"] for more in ("", "?include=login_state")]
    tap.is_(tags[0], tags[1], "the entity tag does not depend on it")
    tap.ok(state(g, admin.as_(LOCKED.replace("locked", "once"), PASSWORD), "once@guess.example") is None, "nobody is shown his own")
    root.modify_s("provostDomainName=guess.example,ou=domains,dc=provost", [(ldap.MOD_ADD, "provostViewer", [dn("once@guess.example").encode()])])
    viewer = bound(g, dn("once@guess.example"), PASSWORD)
    tap.ok(state(g, admin.as_("once@guess.example", PASSWORD), LOCKED) is None, "nor a viewer anybody's")
    tap.is_([recorded(who, dn(LOCKED)) == set() for who in (viewer, root)], [True, False], "over LDAP neither")
    owner = admin.as_(ROLE, PASSWORD)
    tap.is_(owner.put("/v1/users/%s/password" % LOCKED, {"password": NEW}).status, 204, "an owner gives him a new password")
    tap.is_(status(g, LOCKED, NEW, place()), 200, "and he is let in")
    known = state(g, owner, LOCKED)
    tap.is_((known["failures"], known["gateway"]), (0, {"failures": 0, "delayed_until": None, "locked_until": None}), "nothing is left of it")
    tap.is_(owner.put("/v1/users/%s/password" % DISABLED[0], {"password": NEW}).status, 204, "a new password for a disabled user")
    tap.is_((status(g, DISABLED[0], NEW, place()), owner.get("/v1/users/" + DISABLED[0]).json["enabled"]), (401, False), "does not enable him")


def over_ldap(g, admin):
    """slapd's own lock, as the manual sets it up."""
    victim = USERS[9]

    def lets_in(password):
        try:
            bound(g, dn(victim), password)
            return True
        except ldap.INVALID_CREDENTIALS:
            return False

    tap.ok(lets_in(PASSWORD), "over LDAP: not locked")
    tap.is_([lets_in(wrong()) for _ in range(20)], [False] * 20, "over LDAP: twenty wrong passwords")
    tap.ok(not lets_in(PASSWORD), "over LDAP: lock him out")
    tap.ok(state(g, admin, victim)["locked_at"], "which administrators see")
    tap.is_(admin.patch("/v1/users/" + victim, {"password": NEW}).status, 200, "a new password")
    tap.ok(lets_in(NEW), "unlocks")


def log_is_clean(g):
    lines = [line for line in g.log().splitlines() if "event=guessing" in line]
    tap.ok(lines and len(lines) < 60 + SAMPLES, "the log tells of guessing, and not of every guess", len(lines))
    tap.is_([line for line in lines if "nobody" in line or "guess " in line or PASSWORD in line], [], "and not what was typed")
    tap.ok(PASSWORD not in g.log() and "guess %d" % 7 not in g.log(), "nor does any other line")


# ---- How long it takes ---------------------------------------------------------------------------------------------


def distance(one, other):
    """Kolmogorov's and Smirnov's: how far two distributions are apart, and how likely equal ones are that far."""
    values = sorted([(value, 0) for value in one] + [(value, 1) for value in other])
    counts, far = [0, 0], 0.0
    for n, (value, which) in enumerate(values):
        counts[which] += 1
        if n + 1 == len(values) or values[n + 1][0] != value:
            far = max(far, abs(counts[0] / len(one) - counts[1] / len(other)))
    root = math.sqrt(len(one) * len(other) / (len(one) + len(other)))
    scaled = (root + 0.12 + 0.11 / root) * far
    p = 2 * sum((-1) ** (k - 1) * math.exp(-2 * k * k * scaled * scaled) for k in range(1, 101)) if scaled > 0.2 else 1.0
    return far, min(1.0, p)


def sample(g):
    """Each sort as often, shuffled, under the same load: that of each other."""
    sorts = {
        "wrong": lambda: (random.choice(USERS), wrong(), place()),
        "unknown": lambda: ("x%d@guess.example" % next(fresh), wrong(), place()),
        "an unknown domain": lambda: ("x@x%d.example" % next(fresh), wrong(), place()),
        "disabled": lambda: (random.choice(DISABLED), wrong(), place()),
        "its domain disabled": lambda: (random.choice(OUTSIDE), wrong(), place()),
        "delayed": lambda: (MANY, wrong(), place()),
    }
    tasks = [name for name in sorts for _ in range(SAMPLES)]
    random.shuffle(tasks)
    took = {name: [] for name in sorts}

    def one(name):
        got = send(g, *sorts[name]())
        return name, got[0], got[3]

    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        for name, code, seconds in pool.map(one, tasks):
            if code == 401:
                took[name].append(seconds)
            elif code < 500:  # else the machine is too busy to say
                raise AssertionError("%s: %d" % (name, code))
    return took


def times(g):
    """A real difference is there in each of two runs; what a busy machine makes of equal ones is not."""
    suspects = None
    for run in range(2):
        took = sample(g)
        apart = {name: distance(took["wrong"], took[name]) for name in took if name != "wrong"}
        for name, (far, p) in apart.items():
            median = sorted(took[name])[len(took[name]) // 2]
            print("# %s: median %.1f ms, %.1f ms for wrong; D = %.3f, p = %.3f" % (
                name, median * 1000, sorted(took["wrong"])[len(took["wrong"]) // 2] * 1000, far, p))
        found = {name for name, (far, p) in apart.items() if p < (0.01 if SAMPLES >= 500 else 0.001)}
        suspects = found if suspects is None else suspects & found
        if not suspects:
            break
    tap.is_(suspects, set(), "R43: %d refusals of each sort take as long as each other" % SAMPLES)


def main():
    with gateway.Gateway("--guess-login-hour", str(LOGIN_HOUR), "--guess-source-hour", "1000000", "--http-connections-source", "1000") as g:
        admin, root = create(g)
        looks(g, root)
        delays(g, root)
        old_password(g, root)
        from_everywhere(g)
        times(g)
        locks(g, admin)
        forgiveness(g, admin, bound(g, "uid=admin,ou=principals,dc=provost", g.secret("admin-password")))
        over_ldap(g, admin)
        log_is_clean(g)
        tap.is_(admin.complaints, [], "every reply is as described")
        tap.ok("Sanitizer" not in g.log() and "runtime error" not in g.log(), "no sanitizer report", g.log()[-4000:])
    tap.done()


main()
