#!/usr/bin/python3
"""Lists of more than can be looked through at once: the same order, the same pages, whatever is looked for and whoever asks."""

import base64
import bisect
import os
import random
import subprocess
import sys

sys.path.insert(0, os.path.join(os.environ.get("top_srcdir") or os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))), "tests", "lib"))
sys.path.insert(1, os.path.dirname(os.path.abspath(__file__)))

import directory
import gateway
import tap
from described import Client, admin, complaints_of_log
from lists import keys, walk

class Plain(gateway.Client):
    """Long replies are not compared with the description once more: that takes a hundred times as long as to get them."""

    description = type("Nothing", (), {"complaint": lambda *_: None})()


BASE = "dc=provost"
CROWD, SMALL = "crowd.example", "small.example"
DOMAINS, LOGINS = 300, 2100  # as many as cannot be looked through at once
PASSWORD = "the same for all of them"
# Letters of every sort next to each other, names that begin with others, and many that begin alike for long.
NAMES = ["a", "a-b", "a.b", "a=b", "a_b", "aa", "ab", "0", "0.0", "_", "_a", "z", "zz", "n", "na"]
ALIKE = "newsletter-of-customer-number-"


def domain_dn(name):
    return "provostDomainName=%s,ou=domains,%s" % (name, BASE)


def local_parts():
    """Sorted as addresses are."""
    dice = random.Random(11)
    found = set(NAMES) | {"%s%04d" % (ALIKE, number) for number in range(1400)}
    while len(found) < 2600:
        found.add("".join(dice.choice("aeinst") for _ in range(dice.randint(2, 6))))
    return sorted(found, key=lambda name: name + "@")


def is_disabled(number):
    return number % 7 == 3


def fill(g, names):
    """Put them into the directory while it does not run."""
    hashed = directory.crypt_hash(PASSWORD)
    owner = "uid=olga,ou=principals," + BASE
    text = [directory.ldif(owner, directory.principal_entry("olga", userPassword=hashed))]
    for name, kind in ((CROWD, "local"), (SMALL, "local"), ("relay.example", "relay")):
        more = {"provostOwner": owner} if name != "relay.example" else {"provostTransport": "smtp:[mx.example]"}
        text.append(directory.ldif(domain_dn(name), directory.domain_entry(name, kind, name != SMALL, **more)))
    order = list(enumerate(names))
    random.Random(5).shuffle(order)
    for number, name in order:
        address = "%s@%s" % (name, CROWD)
        more = {"cn": "Zaphod %d" % number} if number % 100 == 0 else {"cn": "N"}
        entry = directory.user_entry(address, not is_disabled(number), provostMailboxId="box-%08d" % number, **more)
        rdn = address.replace("=", "\\3D")
        text.append(directory.ldif("mail=%s,%s" % (rdn, domain_dn(CROWD)), entry))
    address = "aa@" + SMALL
    text.append(directory.ldif("mail=%s,%s" % (address, domain_dn(SMALL)), directory.user_entry(address)))
    load(g, text)


def load(g, text):
    who = {}
    if os.geteuid() == 0:
        import pwd
        provost = pwd.getpwnam("provost")
        who = {"user": provost.pw_uid, "group": provost.pw_gid, "extra_groups": []}
    subprocess.run([directory.SLAPADD, "-q", "-F", os.path.join(g.state, "slapd.d"), "-b", BASE], input="".join(text), text=True, check=True, timeout=120, **who)


def whole(clients, everybody):
    for who, client, limits in clients:
        for limit in limits:
            pages = walk(client, "/v1/users?domain=%s&limit=%d" % (CROWD, limit))
            tap.is_(keys(pages), everybody, "%s, by %d: everybody, in order, once" % (who, limit))
            # A page is short when its time is over: on a busy machine there are more of them.
            tap.ok(all(len(page) <= limit for page in pages), "%s, by %d: no page is longer" % (who, limit), [len(page) for page in pages])
        beyond = sorted(everybody + ["aa@" + SMALL])
        tap.is_(keys(walk(client, "/v1/users?limit=700")), beyond, "%s: of all domains" % who)


def follows(everybody, after, limit, items, on):
    """Whether a page has what comes behind a place, and leads on from there: all of it unless its time was over before."""
    begin = bisect.bisect_right(everybody, after)
    if items != everybody[begin:begin + len(items)] or len(items) > limit:
        return False
    if on is not None:
        return on > after and bisect.bisect_right(everybody, on) == begin + len(items)
    return begin + len(items) == len(everybody)


def anywhere(client, everybody):
    """Pages of any size, from anywhere, in any order: what one of them learnt is of no use to the next, or is."""
    dice, wrong = random.Random(3), []
    for _ in range(60):
        after, limit = dice.choice(everybody), dice.choice((1, 2, 7, 50, 50, 100, 333))
        after = dice.choice((after, after + "x", after[:dice.randint(1, len(after))]))
        for _ in range(dice.choice((1, 1, 4))):
            cursor = base64.b64encode(after.encode()).decode()
            reply = client.get("/v1/users?domain=%s&limit=%d&cursor=%s" % (CROWD, limit, cursor.replace("+", "%2B").replace("=", "%3D")))
            on = reply.json["next_cursor"]
            on = base64.b64decode(on).decode() if on is not None else None
            if not follows(everybody, after, limit, [item["address"] for item in reply.json["items"]], on):
                wrong.append((after, limit))
            if on is None:
                break
            after = on
    tap.is_(wrong, [], "pages of any size from anywhere have what follows, in order, once")


def searched(client, names, texts):
    def find(query):
        return keys(walk(client, "/v1/users?domain=%s&limit=300&%s" % (CROWD, query)))

    def expect(wanted):
        return ["%s@%s" % (name, CROWD) for number, name in enumerate(names) if wanted(number, name)]

    for text in texts:
        tap.is_(find("q=" + text), expect(lambda _, name, text=text: text in name + "@" + CROWD), "what contains %s" % text)
        tap.is_(find("q=%s*" % text), expect(lambda _, name, text=text: name.startswith(text)), "what begins with %s" % text)
    tap.is_(find("q=" + ALIKE + "*"), expect(lambda _, name: name.startswith(ALIKE)), "what begins with much of the same")
    tap.is_(find("q=SIN*"), find("q=sin*"), "in capitals, too")
    tap.is_(find("q=zaphod"), expect(lambda number, _: number % 100 == 0), "by name")
    tap.is_(find("q=zaphod*"), [], "what begins is the address")
    tap.is_(find("q=nobody%29%28mail"), [], "what a filter consists of means nothing")
    tap.is_(find("enabled=false"), expect(lambda number, _: is_disabled(number)), "who is disabled")
    tap.is_(find("enabled=true"), expect(lambda number, _: not is_disabled(number)), "who is enabled")
    tap.is_(find("enabled=false&q=sin"), expect(lambda number, name: is_disabled(number) and "sin" in name), "both")
    tap.is_(keys(walk(client, "/v1/users?q=aa*&limit=10")), sorted(expect(lambda _, name: name.startswith("aa")) + ["aa@" + SMALL]), "in all domains")
    link = client.get("/v1/users?limit=3&q=a%26%C3%A4&enabled=false").headers["Link"]
    tap.is_(link, None, "there is no next page of nothing")
    link = client.get("/v1/users?limit=3&q=a&enabled=true").headers["Link"]
    tap.ok("&q=a&enabled=true>" in link, "a link has what was looked for in it", link)
    tap.is_(keys(walk(client, "/v1/users?limit=500&q=e%26*&enabled=true", by="link")), [], "also what has to be encoded")


def domains(clients):
    for who, client in clients.items():
        def find(query):
            return [item["name"] for item in client.get("/v1/domains?" + query).json["items"]]

        every = [SMALL, CROWD] if who == "an owner" else [SMALL, CROWD, "relay.example"]
        tap.is_(sorted(find("")), sorted(every), "%s: domains" % who)
        tap.is_(find("kind=local"), [CROWD, SMALL], "%s: domains of a kind" % who)
        tap.is_(find("kind=alias"), [], "%s: domains of a kind that there is not" % who)
        tap.is_(find("enabled=false"), [SMALL], "%s: disabled domains" % who)
        tap.is_(find("q=row"), [CROWD], "%s: domains by a part of the name" % who)
        tap.is_(find("q=row*"), [], "%s: that is not how it begins" % who)
        tap.is_(find("q=example&enabled=true&kind=local"), [CROWD], "%s: domains by all of that" % who)


def refused(client):
    for query, path in (("q=", "users"), ("q=*", "users"), ("q=a*b", "users"), ("q=" + "x" * 256, "users"), ("enabled=yes", "users"), ("enabled=", "aliases"),
                        ("kind=remote", "domains"), ("kind=", "domains"), ("ok=maybe", "aliases"), ("q=%00", "users"), ("q=a&q=b", "users")):
        reply = client.get("/v1/%s?%s" % (path, query))
        tap.ok(reply.status == 400 and reply.json["code"].startswith("parameter_"), "%s?%s is refused" % (path, query[:20]), repr(reply))
    for query, path in (("kind=local", "users"), ("domain=" + CROWD, "domains"), ("ok=true", "users"), ("q=a", "principals")):
        reply = client.get("/v1/%s?%s" % (path, query))
        tap.is_((reply.status, reply.json["code"]), (400, "parameter_unknown"), "%s have no %s" % (path, query))
    for path in ("users", "aliases"):
        reply = client.get("/v1/%s?domain=none.example" % path)
        tap.is_((reply.status, reply.json["detail"]), (404, "there is no domain none.example"), "%s of a domain that is not there" % path)


def changing(client):
    """Nothing is lost or shown twice where some come and go between pages."""
    def disturb(page):
        if page == 2:
            last = shown[-1]
            client.delete("/v1/users/" + last)
            client.post("/v1/users", {"address": ALIKE + "0000x@" + CROWD})
            client.delete("/v1/users/zz@" + CROWD)

    shown = []
    reply = client.get("/v1/users?domain=%s&limit=400" % CROWD)
    number = 0
    while True:
        shown += [item["address"] for item in reply.json["items"]]
        number += 1
        disturb(number)
        if reply.json["next_cursor"] is None:
            break
        reply = client.get("/v1/users?domain=%s&limit=400&cursor=%s" % (CROWD, reply.json["next_cursor"]))
    tap.ok(shown == sorted(set(shown)), "in order, and once")
    tap.ok("zz@" + CROWD not in shown, "who went is not shown")
    tap.is_(len(shown), 2600 if ALIKE + "0000x@" + CROWD in shown else 2599, "everybody else is")


def principal_dn(login):
    return "uid=%s,ou=principals,%s" % (login, BASE)


def logins():
    """Some are what others begin with."""
    return ["sv", "svc"] + ["svc%04d" % number for number in range(LOGINS)]


def fill_more(g):
    """Many domains of one owner, and many logins that begin alike."""
    entry = directory.principal_entry("otto", userPassword=directory.crypt_hash(PASSWORD))
    text = [directory.ldif(principal_dn("otto"), entry)]
    text += [directory.ldif(principal_dn(login), directory.principal_entry(login)) for login in logins()]
    for number in range(DOMAINS):
        name = "d%03d.example" % number
        address = "u@" + name
        text.append(directory.ldif(domain_dn(name), directory.domain_entry(name, provostOwner=principal_dn("otto"))))
        text.append(directory.ldif("mail=%s,%s" % (address, domain_dn(name)), directory.user_entry(address)))
    load(g, text)


def many(plain, otto):
    pages = walk(otto, "/v1/users?limit=1000")
    tap.is_(keys(pages), ["u@d%03d.example" % number for number in range(DOMAINS)], "who has a role in many domains finds what is in each of them")
    tap.ok(max(map(len, pages)) > 50, "how many domains they are does not make the pages short", [len(page) for page in pages])
    found = keys(walk(plain, "/v1/principals?limit=500"), "login")
    tap.is_([login for login in found if login.startswith("sv")], logins(), "a login that others begin with is not left out")


def hurried(client):
    """No time is left to look through a list before it begins."""
    gateway.until(lambda: client.get("/v1/users?domain=%s" % SMALL).status == 200, "a page within a second", 60)
    tap.ok(True, "who asks when there is hardly any time is told what is found first")


def main():
    names = local_parts()
    everybody = ["%s@%s" % (name, CROWD) for name in names]
    with gateway.Gateway(ldap_port=False) as g:
        g.stop()
        fill(g, names)
        g.start()
        client = admin(g)
        owner = Client(g.address, "olga", PASSWORD)
        # Their replies are those of other lists: here they are not compared with the description again.
        plain, deputy = Plain(g.address, "admin", g.secret("admin-password")), Plain(g.address, "olga", PASSWORD)
        whole((("a super administrator", plain, (130, 1000)), ("an owner", deputy, (1000,))), everybody)
        anywhere(plain, everybody)
        searched(plain, names, ("na", "sin", "a-b", "number-00", "999"))
        searched(deputy, names, ("sin",))
        domains({"a super administrator": client, "an owner": owner})
        refused(client)
        changing(plain)
        tap.is_(client.complaints + owner.complaints, [], "every reply is as described")
        tap.is_(complaints_of_log(g), [], "the log tells of no error of ours")
        tap.is_(g.stop(), 0, "it ends well")
        fill_more(g)
        g.start()
        many(Plain(g.address, "admin", g.secret("admin-password")), Plain(g.address, "otto", PASSWORD))
        tap.is_(g.stop(), 0, "again")
        g.options += ["--http-request-seconds", "1"]
        g.start()
        hurried(admin(g))
    tap.done()


if __name__ == "__main__":
    main()
