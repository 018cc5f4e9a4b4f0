#!/usr/bin/python3
"""Hold the conversations of tests/e2e/*/*.http with one provostd, each by itself; see tests/e2e/native/README."""

import concurrent.futures
import glob
import json
import os
import re
import shlex
import sys
import time

sys.path.insert(0, os.path.join(os.environ.get("top_srcdir") or os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))), "tests", "lib"))
sys.path.insert(1, os.path.dirname(os.path.abspath(__file__)))

import ldap

import gateway
import tap
from described import Client, admin, complaints_of_log, nobody, same_json, show

HERE = [os.path.join(gateway.TOP, "tests", "e2e", dialect) for dialect in ("native", "dinomail")]
AT_A_TIME = 4  # conversations; most of their time they wait for refused logins
HEADER = re.compile(r"([A-Za-z][A-Za-z0-9-]*): ?(.*)$")
BASE = "dc=provost"


class Mistake(Exception):
    """A conversation is not written as it should be."""


class Exchange:
    """A request, and the reply that is expected."""

    def __init__(self, line):
        self.line, self.asked, self.expected, self.within = line, [], [], 0

    def request(self, fill):
        """Method, target, headers, body (None: none)."""
        words = fill(self.asked[0]).split(" ")
        if len(words) != 2:
            raise Mistake("line %d: > METHOD PATH" % self.line)
        headers, rest = headers_of(self.asked[1:], fill)
        body = fill("\n".join(rest)) if rest else None
        if body is not None and "Content-Type" not in headers:
            headers["Content-Type"] = "application/json"
        return words[0], words[1], headers, body

    def complaint(self, reply, fill):
        """None if the reply is the expected one, else in what it differs."""
        status = int(self.expected[0])
        if reply.status != status:
            return "status %d, want %d: %s" % (reply.status, status, reply.text)
        headers, rest = headers_of(self.expected[1:], fill)
        for name, pattern in headers.items():
            if not fits(pattern, reply.headers.get(name)):
                return "%s: %s, want %s" % (name, reply.headers.get(name), pattern)
        text = "\n".join(rest)
        if text.startswith("text "):
            return None if reply.text == fill(text[5:]) else "got:  %s\nwant: %s" % (reply.text, fill(text[5:]))
        if text == "body absent":
            return "there is a body: " + reply.text if reply.text else None
        if text and not same_json(json.loads(fill(text)), reply.json):
            return "got:  %s\nwant: %s" % (show(reply.json), show(json.loads(fill(text))))
        return None


def headers_of(lines, fill):
    """The headers at the beginning of some lines, and the lines behind them; an empty line may part them."""
    headers = {}
    for number, line in enumerate(lines):
        header = HEADER.match(line)
        if not line:
            return headers, lines[number + 1:]
        if not header:
            return headers, lines[number:]
        headers[header.group(1)] = fill(header.group(2))
    return headers, []


def fits(pattern, value):
    """Whether a header is as wanted: "absent", "not TEXT", or TEXT in which * is anything."""
    if pattern == "absent" or value is None:
        return pattern == "absent" and value is None
    if pattern.startswith("not "):
        return not fits(pattern[4:], value)
    return re.fullmatch(".*".join(map(re.escape, pattern.split("*"))), value) is not None


class Conversation:
    """One file: what it says, and what came of it."""

    def __init__(self, path, g):
        self.name, self.g = os.path.basename(path), g
        self.results = []
        self.clients = {}
        self.client, self.always = self.as_("admin"), {}
        self.reply = None
        self.values = {}
        self.directory = None
        with open(path, encoding="utf-8") as file:
            self.lines = file.read().splitlines()

    def run(self):
        """Hold it from beginning to end."""
        try:
            for step in self.steps():
                step()
        except Exception as error:  # the others go on; this one has failed
            self.result(False, "it came to its end", repr(error))
        finally:
            if self.directory is not None:
                self.directory.unbind_s()
            for client in self.clients.values():
                if client.connection is not None:
                    client.connection.close()
        return self

    def result(self, passed, what, detail=None):
        self.results.append((passed, "%s: %s" % (self.name, what), detail))

    def steps(self):
        """What is to be done, in order."""
        if not self.lines or not self.lines[0].startswith("# "):
            raise Mistake("the first line is a title")
        exchange, within = None, 0
        for number, line in enumerate(self.lines, 1):
            asks, tells = line.startswith(">"), line.startswith("<")
            if exchange and not tells and (exchange.expected or not asks):
                yield self.exchanging(exchange)
                exchange = None
            if asks:
                if exchange is None:
                    exchange, within = Exchange(number), within
                    exchange.within, within = within, 0
                exchange.asked.append(line[2:])
            elif tells and exchange:
                exchange.expected.append(line[2:])
            elif line.startswith("within "):
                within = float(line.split()[1])
            elif line and not line.startswith("#"):
                yield self.step(number, line)
        if exchange:
            yield self.exchanging(exchange)

    def step(self, number, line):
        word, _, rest = line.partition(" ")
        known = {"as": self.becoming, "ldap:": self.looking, "remember": self.remembering}
        if word not in known:
            raise Mistake("line %d: what is %s?" % (number, word))
        return lambda: known[word](number, rest)

    def fill(self, text):
        """Put in what was remembered."""
        return re.sub(r"\$\{(\w+)\}", lambda found: str(self.values[found.group(1)]), text)

    def as_(self, login, password=None):
        if (login, password) not in self.clients:
            self.clients[login, password] = {"admin": admin, "nobody": nobody}[login](self.g) if password is None \
                else Client(self.g.address, login, password)
        return self.clients[login, password]

    def becoming(self, number, rest):
        words = self.fill(rest).split(" ", 1)
        self.always = {}
        if words[0] == "apikey":
            self.always, words = {"Authorization": "ApiKey " + words[1]}, ["nobody"]
        self.client = self.as_(*words)

    def remembering(self, number, rest):
        name, _, place = rest.partition(" = ")
        kind, _, where = place.partition(" ")
        if kind == "header":
            value = self.reply.headers[where]
        else:
            value = self.reply.json
            for key in where.split("/")[1:]:
                value = value[int(key) if isinstance(value, list) else key]
        self.values[name] = value

    def exchanging(self, exchange):
        return lambda: self.exchange(exchange)

    def exchange(self, exchange):
        if not exchange.expected:
            raise Mistake("line %d: no reply is expected" % exchange.line)
        method, target, headers, body = exchange.request(self.fill)
        headers = dict(self.always, **headers)
        deadline = time.monotonic() + exchange.within
        while True:
            self.client.complaints.clear()
            self.reply = self.client.request(method, target, headers=headers, raw=body and body.encode())
            complaint = exchange.complaint(self.reply, self.fill)
            if complaint is None or time.monotonic() >= deadline:
                break
            time.sleep(0.05)
        if self.client.complaints:
            complaint = "%s\nnot as described: %s" % (complaint or "", "; ".join(self.client.complaints))
        self.result(complaint is None, "line %d: %s %s -> %s" % (exchange.line, method, target, exchange.expected[0]), complaint)

    def connect(self):
        if self.directory is None:
            self.directory = ldap.initialize(self.g.ldap_url)
            self.directory.set_option(ldap.OPT_NETWORK_TIMEOUT, 10)
            self.directory.set_option(ldap.OPT_TIMEOUT, 10)
            self.directory.simple_bind_s("uid=admin,ou=principals," + BASE, self.g.secret("admin-password"))
        return self.directory

    def looking(self, number, rest):
        """ldap: FILTER -> no entry | ldap: FILTER -> attr=value !attr ... | ldap: FILTER := attr=value attr= ..."""
        parts = re.split(r" (->|:=) ", self.fill(rest), maxsplit=1)
        if len(parts) != 3:
            raise Mistake("line %d: ldap: FILTER -> or := what?" % number)
        found = self.connect().search_s("ou=domains," + BASE, ldap.SCOPE_SUBTREE, parts[0])
        what = "line %d: ldap: %s" % (number, rest)
        if parts[1] == ":=":
            self.result(len(found) == 1 and self.write(found[0][0], shlex.split(parts[2])), what, found)
        elif parts[2] == "no entry":
            self.result(not found, what, found)
        else:
            wrong = [want for want in shlex.split(parts[2]) if len(found) != 1 or not holds(found[0][1], want, shlex.split(parts[2]))]
            self.result(not wrong, what, "wrong: %s\n%s" % (wrong, found))

    def write(self, dn, wanted):
        changes = {}
        for want in wanted:
            name, _, value = want.partition("=")
            changes.setdefault(name, []).extend([value.encode()] if value else [])
        self.connect().modify_s(dn, [(ldap.MOD_REPLACE, name, values or None) for name, values in changes.items()])
        return True


def holds(attributes, want, all_wanted):
    """Whether an entry has attr=value, and no other values than the wanted ones; or, for !attr, none."""
    if want.startswith("!"):
        return want[1:] not in attributes
    name, _, value = want.partition("=")
    values = sorted(value.decode() for value in attributes.get(name, []))
    if value == "*":
        return bool(values)
    return values == sorted(other.partition("=")[2] for other in all_wanted if other.partition("=")[0] == name)


def main():
    wanted = sys.argv[1:]
    paths = sorted(path for here in HERE for path in glob.glob(os.path.join(here, "*.http")))
    paths = [path for path in paths if not wanted or any(word in path for word in wanted)]
    with gateway.Gateway("--api-dinomail", "yes") as g:
        with concurrent.futures.ThreadPoolExecutor(AT_A_TIME) as pool:
            for conversation in pool.map(lambda path: Conversation(path, g).run(), paths):
                tap.note("%s %s" % (conversation.name, conversation.lines[0][2:]))
                for passed, what, detail in conversation.results:
                    tap.ok(passed, what, detail)
        tap.is_(complaints_of_log(g), [], "the log tells of no error of ours")
        tap.is_(g.stop(), 0, "it ends well")
    tap.done()


if __name__ == "__main__":
    main()
