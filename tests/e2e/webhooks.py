#!/usr/bin/python3
"""Webhooks: signed messages to real receivers, each change once it is taken, whatever becomes of receivers, gateways and rights."""

import base64
import collections
import contextlib
import hashlib
import hmac
import http.server
import json
import os
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.join(os.environ.get("top_srcdir") or os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))), "tests", "lib"))
sys.path.insert(1, os.path.dirname(os.path.abspath(__file__)))

import ldap

import faults
import gateway
import tap
from authority import Authority
from directory import crypt_hash, domain_entry, ldif, principal_entry, user_entry

BASE = "dc=provost"
PASSWORD = "canary of a password"
OPEN, SHUT = "127.0.0.2", "127.0.0.3"  # where messages may be posted to, and where not
NAME = "receiver.example"  # leads to both, by turns
HASH = crypt_hash(PASSWORD)

# Answers for the name above: an address that is allowed, and then one that is not, over and over.
RESOLVER = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <netdb.h>
#include <stdatomic.h>
#include <string.h>
int getaddrinfo(const char *node, const char *service, const struct addrinfo *hints, struct addrinfo **ret)
{
	static atomic_uint turn;
	int (*real)(const char *, const char *, const struct addrinfo *, struct addrinfo **) = dlsym(RTLD_NEXT, "getaddrinfo");
	if (node && strcmp(node, "receiver.example") == 0)
		node = atomic_fetch_add(&turn, 1) %% 2 ? "%s" : "%s";
	return real(node, service, hints, ret);
}
"""


class Receiver(http.server.ThreadingHTTPServer):
    """Takes messages over https, and answers each path in its own way."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, address, files):
        super().__init__((address, 0), Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*files)
        self.socket = context.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)
        self.taken = collections.defaultdict(list)  # by path
        self.answers = {}
        self.connections = 0
        self.lock = threading.Lock()
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()

    def verify_request(self, request, client_address):
        self.connections += 1
        return True

    def handle_error(self, request, client_address):
        pass

    def url(self, path, host=None):
        return "https://%s:%d%s" % (host or self.server_address[0], self.server_address[1], path)

    def wait(self, path, count, seconds=10):
        with contextlib.suppress(TimeoutError):
            gateway.until(lambda: len(self.taken[path]) >= count, path, seconds)
        return [one.short for one in list(self.taken[path])]


class Message:
    def __init__(self, headers, body):
        self.id, self.at = headers["webhook-id"], time.monotonic()
        self.timestamp, self.signatures = headers["webhook-timestamp"], headers["webhook-signature"].split(" ")
        self.body, self.type = body, headers["Content-Type"]
        self.json = json.loads(body)
        self.short = (self.json["type"], self.json["data"].get("key"))

    def is_signed(self, secret):
        """As Standard Webhooks 1.0.0 says."""
        assert secret.startswith("whsec_")
        key = base64.b64decode(secret[6:], validate=True)
        content = b".".join((self.id.encode(), self.timestamp.encode(), self.body))
        want = "v1," + base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode()
        return 24 <= len(key) <= 64 and want in self.signatures and abs(time.time() - int(self.timestamp)) < 30


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        message = Message(self.headers, self.rfile.read(int(self.headers["Content-Length"])))
        with self.server.lock:
            self.server.taken[self.path].append(message)
            answers = self.server.answers.get(self.path, [])
            answer = answers.pop(0) if len(answers) > 1 else answers[0] if answers else 204
        if callable(answer):
            answer(self)
            return
        self.send_response(answer)
        if answer in (301, 302, 307, 308):
            self.send_header("Location", self.server.url("/elsewhere"))
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_GET = do_POST

    def log_message(self, *_):
        pass


def hang(_):
    time.sleep(7)


def trickle(handler):
    """The head at once, and the body never."""
    handler.send_response(200)
    handler.send_header("Content-Length", "100")
    handler.end_headers()
    for _ in range(70):
        with contextlib.suppress(OSError):
            handler.wfile.write(b"x")
            handler.wfile.flush()
        time.sleep(0.1)
    handler.close_connection = True


def hook(client, url, **more):
    return client.post("/v1/webhooks", dict({"url": url}, **more))


def signed(receiver, server, client):
    """What a message is, and that the secret is told once."""
    made = hook(client, receiver.url("/all"), description="everything")
    tap.is_((made.status, made.json["status"], made.json["owner"]), (201, "active", "admin"), "a webhook is made")
    secret, path = made.json["secret"], "/v1/webhooks/" + made.json["id"]
    user = client.post("/v1/users", {"address": "john@alpha.example", "password": PASSWORD})
    client.patch("/v1/users/john@alpha.example", {"name": "John"})
    client.patch("/v1/domains/alpha.example", {"description": "x"})
    want = [("user.created", "john@alpha.example"), ("user.changed", "john@alpha.example"), ("domain.changed", "alpha.example")]
    tap.is_(receiver.wait("/all", 3), want, "it is told of changes, in order, and of nothing else")
    taken = receiver.taken["/all"]
    tap.ok(all(one.is_signed(secret) for one in taken), "each is signed as anybody can verify")
    tap.is_(len({one.id for one in taken}), 3, "and has an id of its own")
    first = taken[0].json
    tap.is_((first["timestamp"], first["data"]["request_id"], first["data"]["id"], taken[0].type),
            (first["data"]["time"], user.headers["X-Request-Id"], user.json["id"], "application/json"), "it says what the feed says")
    feed = client.get("/v1/changes?cursor=" + made.json.get("cursor", first["data"]["cursor"])).json["items"]
    tap.is_([one.json["data"] for one in taken[1:]], feed, "with the cursors of the feed")
    shown = [client.get(path), client.get("/v1/webhooks"), client.patch(path, {"description": "all"}), client.get(path + "/deliveries")]
    tap.ok(all(reply.status == 200 and "whsec_" not in reply.text for reply in shown), "nobody is shown the secret again", shown)
    gateway.until(lambda: len(client.get(path + "/deliveries").json["items"]) == 3, "deliveries", 5)
    newest = client.get(path + "/deliveries").json["items"][0]
    tap.is_((newest["message_id"], newest["event"], newest["status"], newest["attempt"], newest["error"]),
            (taken[2].id, "domain.changed", 204, 1, None), "what was tried last is told")
    tested = client.post(path + "/test", None)
    tap.is_((tested.status, tested.json["status"], receiver.wait("/all", 4)[-1]), (200, 204, ("webhook.test", None)), "it can be tried")
    dump = server.slapcat("cn=accesslog") + server.slapcat(BASE)
    tap.ok(secret not in dump and base64.b64encode(secret.encode()).decode()[:40] not in dump, "with a key file the directory has the secret sealed alone")
    return path, secret


def rotated(receiver, client, path, secret):
    reply = client.post(path + "/secret", None)
    new = reply.json["secret"]
    tap.ok(reply.status == 200 and new != secret and reply.json["old_secret_until"], "another secret is made", reply)
    had = len(receiver.taken["/all"])
    client.patch("/v1/domains/alpha.example", {"description": "rotated"})
    receiver.wait("/all", had + 1)
    gateway.until(lambda: len(receiver.taken["/all"][-1].signatures) == 2, "the new one", 5)
    last = receiver.taken["/all"][-1]
    tap.ok(last.is_signed(new) and last.is_signed(secret), "and both sign for a while")
    sort = [one["kind"] for one in client.get("/v1/audit?limit=20").json["items"] if one["object"] == path.rsplit("/", 1)[1]]
    tap.is_(sort, ["webhook"] * 3, "what is done to webhooks is in the trail")
    refused = [client.request(*one, headers={"Prefer": "dry-run"}).status for one in (("POST", path + "/secret"), ("POST", path + "/test"))]
    rehearsed = client.request("POST", "/v1/webhooks", {"url": receiver.url("/never")}, headers={"Prefer": "dry-run"})
    tap.is_((refused, rehearsed.status, len(client.get("/v1/webhooks").json["items"])), ([400, 400], 200, 1), "rehearsals do nothing")


def refusals(g, receiver, shut, client):
    """Where nothing is posted to."""
    bad = ["http://example.org/", "https://user:secret@example.org/", "https:///x", "ftp://example.org/", "https://a b/", "https://x/\\y", "https://" + "x" * 1001]
    tap.is_([hook(client, url).status for url in bad], [422] * len(bad), "addresses of another form are refused")
    worse = [hook(client, receiver.url("/x"), events=["cat"]), hook(client, receiver.url("/x"), events=["user.eaten"]), hook(client, receiver.url("/x"), domains=[])]
    tap.is_([reply.status for reply in worse], [422] * 3, "and events and domains that there are not")
    near = {"shut": shut.url("/x"), "localhost": shut.url("/x", "localhost"), "v6": "https://[::1]:1/", "mapped": "https://[::ffff:127.0.0.1]:1/",
            "number": "https://2130706433:1/", "private": "https://10.0.0.1:1/", "link": "https://169.254.169.254/", "zero": "https://0.0.0.0:1/",
            "nat64": "https://[64:ff9b::a00:1]:1/", "unique": "https://[fd00::1]:1/"}
    path = "/v1/webhooks/" + hook(client, receiver.url("/x"), enabled=False).json["id"]
    errors = {}
    for what, url in near.items():
        client.patch(path, {"url": url})
        errors[what] = client.post(path + "/test", None).json["error"]
    tap.is_(errors, dict.fromkeys(near, "that address may not be posted to"), "nothing is posted to addresses that are not public")
    tap.is_(shut.connections, 0, "and nothing connected to")
    client.patch(path, {"url": receiver.url("/x", NAME)})
    said = [client.post(path + "/test", None).json["error"]]
    client.patch(path, {"url": refusals.untrusted.url("/x", NAME)})
    said.append(client.post(path + "/test", None).json["error"])
    tap.is_((said, shut.connections), ([None, "that address may not be posted to"], 0), "nor when a name leads there the next time it is looked up")
    client.patch(path, {"url": refusals.untrusted.url("/x")})
    tap.ok("certificate" in (client.post(path + "/test", None).json["error"] or ""), "nor to who has no certificate for his name")
    receiver.answers["/moved"] = [307]
    client.patch(path, {"url": receiver.url("/moved")})
    said = client.post(path + "/test", None).json
    tap.is_((said["status"], said["error"], receiver.taken["/elsewhere"]), (307, "status 307", []), "no redirection is followed")
    client.delete(path)


def failing(receiver, client):
    """Who does not take a message gets it again, and holds up nobody."""
    answers = {"/500": [500, 204], "/hangs": [hang, 204], "/trickles": [trickle, 204], "/gone": [410]}
    receiver.answers.update(answers)
    paths = {name: "/v1/webhooks/" + hook(client, receiver.url(name), events=["user.created"]).json["id"] for name in answers}
    dead = socket.create_server((OPEN, 0))
    hook(client, "https://%s:%d/" % dead.getsockname())
    had = len(receiver.taken["/all"])
    time.sleep(1.1)  # they are looked for each second
    began = time.monotonic()
    client.post("/v1/users", {"address": "again@alpha.example"})
    receiver.wait("/all", had + 1)
    took = time.monotonic() - began
    tap.ok(took < (4 if os.environ.get("SANITIZED") else 2.8), "who does not answer holds up nobody else", took)
    tap.note("a message while others do not answer: %.2f s" % took)
    return paths


def failed(receiver, client, paths):
    """What became of these meanwhile."""
    for name, count in {"/500": 2, "/hangs": 2, "/trickles": 2}.items():
        receiver.wait(name, count, 15)
        taken = receiver.taken[name]
        tap.is_((len(taken) >= count, {one.id for one in taken[:count]}), (True, {taken[0].id}), "%s: the same message comes again, by the same id" % name)
    gap = receiver.taken["/500"][1].at - receiver.taken["/500"][0].at
    tap.ok(0.7 < gap < 3, "after a pause", gap)
    gateway.until(lambda: client.get(paths["/500"]).json["status"] == "active", "the end of it", 5)
    tried = client.get(paths["/500"] + "/deliveries").json["items"]
    tap.is_([(one["attempt"], one["status"], one["error"]) for one in tried][-2:], [(2, 204, None), (1, 500, "status 500")], "and all of it is told")
    gateway.until(lambda: client.get(paths["/gone"]).json["status"] == "given_up", "410", 5)
    seen = client.get(paths["/gone"]).json
    tap.is_((seen["failure"], seen["enabled"], seen["next_attempt_at"]), ("status 410", True, None), "who says 410 is given up, with the reason")
    receiver.answers["/gone"] = [204]
    tap.is_(client.patch(paths["/gone"], {"enabled": True}).json["status"], "active", "until its owner enables it")
    tap.is_(receiver.wait("/gone", 2)[1], ("user.created", "again@alpha.example"), "then nothing is missing")
    for name in paths.values():
        client.delete(name)

def rights(g, server, receiver, client, directory):
    """Who has a webhook hears of what he may see, and sees no other's."""
    for name in ("viewer", "owner"):
        client.put("/v1/domains/alpha.example/administrators/" + name, {"role": name})
    viewer, owner = g.client("viewer", PASSWORD), g.client("owner", PASSWORD)
    path = "/v1/webhooks/" + hook(viewer, receiver.url("/viewer")).json["id"]
    some = hook(owner, receiver.url("/some"), events=["alias", "user.deleted"], domains=["alpha.example"]).json["id"]
    key = client.post("/v1/keys", {"scopes": ["webhooks:write", "changes:read"], "domains": ["other.example"]}).json["key"]
    keyed = {"Authorization": "Bearer " + key}
    wide = g.client().request("POST", "/v1/webhooks", {"url": receiver.url("/key")}, headers=keyed)
    narrow = g.client().request("POST", "/v1/webhooks", {"url": receiver.url("/key"), "domains": ["other.example"]}, headers=keyed)
    tap.is_((wide.status, narrow.status), (422, 201), "who came with a key for some domains makes none for others")
    tap.is_([(reply.status, len(reply.json["items"])) for reply in (viewer.get("/v1/webhooks"), owner.get("/v1/webhooks?owner=viewer"), client.get("/v1/webhooks?owner=viewer"))],
            [(200, 1), (200, 0), (200, 1)], "everybody sees his own, and super administrators all")
    tap.is_([owner.get(path).status, owner.patch(path, {"url": "https://x.example/"}).status, owner.delete(path).status, owner.post(path + "/secret", None).status,
             owner.post(path + "/test", None).status, owner.get(path + "/deliveries").status], [404] * 6, "to others they are not there")
    time.sleep(1.1)
    client.post("/v1/users", {"address": "hidden@other.example"})
    client.post("/v1/users", {"address": "seen@alpha.example"})
    client.post("/v1/aliases", {"address": "many@alpha.example", "destinations": ["seen@alpha.example"]})
    client.delete("/v1/aliases/many@alpha.example")
    client.delete("/v1/users/seen@alpha.example")
    want = [("user.created", "seen@alpha.example"), ("alias.created", "many@alpha.example"), ("alias.deleted", "many@alpha.example"), ("user.deleted", "seen@alpha.example")]
    tap.is_(receiver.wait("/viewer", 4), want, "of his domain alone")
    tap.is_({one.json["data"]["actor"] for one in receiver.taken["/viewer"]}, {None}, "and not who did it, if he may not know")
    tap.is_(receiver.wait("/some", 3), want[1:], "of the events and domains that he has named")
    tap.is_(receiver.wait("/key", 1), [("user.created", "hidden@other.example")], "or that his key is for")
    client.delete("/v1/domains/alpha.example/administrators/viewer")
    client.post("/v1/users", {"address": "later@alpha.example"})
    directory.modify_s("uid=owner,ou=principals," + BASE, [(ldap.MOD_REPLACE, "provostEnabled", [b"FALSE"])])
    client.post("/v1/aliases", {"address": "latest@alpha.example", "destinations": ["later@alpha.example"]})
    receiver.wait("/all", len(receiver.taken["/all"]) + 1, 0.6)
    time.sleep(0.5)
    tap.is_([one.short for one in receiver.taken["/viewer"]][4:], [("administrators.changed", "alpha.example")], "who loses his role hears that, and nothing more")
    tap.is_(len(receiver.taken["/some"]), 3, "who may not log in any more hears nothing")
    directory.modify_s("uid=owner,ou=principals," + BASE, [(ldap.MOD_REPLACE, "provostEnabled", [b"TRUE"])])
    tap.is_(client.get("/v1/webhooks/" + some).json["owner"], "owner", "it is kept for him")
    made = [hook(viewer, receiver.url("/many"), enabled=False).status for _ in range(20)]
    tap.is_(made, [201] * 19 + [409], "nobody has more than twenty")


def as_gateway(server, program, *words, **more):
    become = ["setpriv", "--reuid=provost", "--regid=provost", "--clear-groups"] if faults.ROOT else []
    return subprocess.run([*become, program, "-Q", "-Y", "EXTERNAL", "-H", server.ldapi, *words], stdout=subprocess.PIPE, text=True, timeout=30, check=True, **more).stdout


def crowded(g, server, receiver, client):
    """The mailboxes of one domain do not take the places of others."""
    ids = {}
    for address in ("greedy@alpha.example", "next@alpha.example", "far@other.example"):
        ids[address] = client.post("/v1/users", {"address": address, "password": PASSWORD}).json["id"]
    greedy = "mail=greedy@alpha.example,provostDomainName=alpha.example,ou=domains," + BASE
    names = ["provostWebhookId=y%015d,ou=webhooks,%s" % (number, BASE) for number in range(111111111111111, 111111111111111 + 200)]
    form = "dn: %s\nchangetype: add\nobjectClass: provostWebhook\nprovostWebhookOwner: " + ids["greedy@alpha.example"] + "\nprovostEnabled: FALSE\nprovostWebhookUrl: https://x.example/\n"
    as_gateway(server, "ldapmodify", "-e", "!authzid=dn:" + greedy, input="\n".join(form % name for name in names))
    made = [hook(g.client(address, PASSWORD), receiver.url("/x"), enabled=False) for address in ("next@alpha.example", "far@other.example")]
    rehearsed = g.client("next@alpha.example", PASSWORD).post("/v1/webhooks", {"url": receiver.url("/x")}, headers={"Prefer": "dry-run"})
    tap.is_([(reply.status, reply.json.get("code")) for reply in [*made, rehearsed]], [(409, "too_many_webhooks"), (201, None), (409, "too_many_webhooks")], "a domain has two hundred at most")
    mine = hook(client, receiver.url("/x"), enabled=False)
    tap.is_(mine.status, 201, "which does not bind super administrators")
    as_gateway(server, "ldapdelete", "-e", "!authzid=dn:" + greedy, *names)
    tap.is_(hook(g.client("next@alpha.example", PASSWORD), receiver.url("/x"), enabled=False).status, 201, "when they are gone there is room again")


def forgotten(server, receiver, client, directory):
    """Of what is deleted the log keeps no secret; and if another tool deletes it, nobody reads that."""
    gone = hook(client, receiver.url("/x"), enabled=False).json["id"]
    left = "provostWebhookId=zzzzzzzzzzzzzzzz,ou=journal," + BASE
    as_gateway(server, "ldapmodify", input="dn: %s\nchangetype: add\nobjectClass: provostWebhook\nprovostWebhookState: whsec_left\n\ndn: %s\nchangetype: delete\n" % (left, left))
    tap.is_(client.delete("/v1/webhooks/" + gone).status, 204, "a webhook is deleted")
    dump = server.slapcat("cn=accesslog")
    records = {dn: [one for one in dump.split("\n\n") if "reqDN: %s\n" % dn in one] for dn in (left, "provostWebhookId=%s,ou=journal,%s" % (gone, BASE))}
    tap.is_([["reqOld: provostWebhookState" in one for one in found] for found in records.values()], [[True], [False]], "the gateway leaves nothing of its state in the log")
    for dn in records:
        seen = directory.search_s("cn=accesslog", ldap.SCOPE_ONELEVEL, "(reqDN=%s)" % dn, ["reqOld"])
        told = [value.partition(b":")[0] for _, entry in seen for value in entry["reqOld"]]
        tap.ok(b"provostWebhookId" in told and b"provostWebhookState" not in told, "and nobody reads what is there", told)


def owners(g, server, receiver, client):
    """A webhook goes with its owner, whatever he is called; and says so where the log does not go back to where it was."""
    client.post("/v1/users", {"address": "owner@alpha.example", "password": PASSWORD})
    mine = hook(g.client("owner@alpha.example", PASSWORD), receiver.url("/mine")).json["id"]
    time.sleep(1.1)
    client.patch("/v1/users/owner@alpha.example", {"address": "renamed@alpha.example"})
    client.patch("/v1/users/renamed@alpha.example", {"name": "R."})
    with contextlib.suppress(TimeoutError):
        gateway.until(lambda: ("user.changed", "renamed@alpha.example") in receiver.wait("/mine", 1), "his change", 10)
    tap.is_((receiver.taken["/mine"][-1].short, client.get("/v1/webhooks/" + mine).json["owner"]),
            (("user.changed", "renamed@alpha.example"), "renamed@alpha.example"), "who is renamed keeps his webhooks")
    tap.is_(g.client("renamed@alpha.example", PASSWORD).get("/v1/webhooks/" + mine).status, 200, "and sees them")
    entry = "provostWebhookId=%s,ou=journal,%s" % (mine, BASE)

    def state():
        found = as_gateway(server, "ldapsearch", "-LLL", "-o", "ldif-wrap=no", "-b", entry, "-s", "base", "provostWebhookState")
        return json.loads(found.partition("provostWebhookState: ")[2].partition("\n")[0])

    gateway.until(lambda: len(state()["attempts"]) == len(receiver.taken["/mine"]), "what was sent to be noted", 5)
    old = dict(state(), place="20200101000000.000000Z#000000#000#000000")
    as_gateway(server, "ldapmodify", input="dn: %s\nchangetype: modify\nreplace: provostWebhookState\nprovostWebhookState: %s\n" % (entry, json.dumps(old)))
    client.patch("/v1/users/renamed@alpha.example", {"name": "S."})
    with contextlib.suppress(TimeoutError):
        gateway.until(lambda: ("changes.lost", None) in receiver.wait("/mine", 1), "the loss", 10)
    tap.ok(("changes.lost", None) in receiver.wait("/mine", 1), "where the log does not go back to where it was, that is told", receiver.wait("/mine", 1))
    client.delete("/v1/users/renamed@alpha.example")
    kept = client.get("/v1/webhooks/" + mine).json
    tap.is_((kept["owner"], "whsec_" in json.dumps(kept)), (None, False), "who is gone leaves it to super administrators")
    client.post("/v1/users", {"address": "renamed@alpha.example", "password": PASSWORD})
    tap.is_(g.client("renamed@alpha.example", PASSWORD).get("/v1/webhooks").json["items"], [], "and not to the next of his name")


def killed(server, first, second, receiver):
    """The gateway that delivers is killed, and the other goes on from there."""
    client, other = server.client(first), server.client(second)
    had = len(receiver.taken["/all"])
    for i in range(6):
        client.post("/v1/users", {"address": "k%d@alpha.example" % i})
    receiver.wait("/all", had + 3)
    os.kill(first.process.pid, signal.SIGKILL)
    first.process.wait()
    for i in range(6, 10):
        other.post("/v1/users", {"address": "k%d@alpha.example" % i})
    want = {"k%d@alpha.example" % i for i in range(10)}

    def taken():
        return [one for one in receiver.taken["/all"][had:] if one.json["data"].get("key") in want]

    def keys():
        return [one.json["data"]["key"] for one in taken()]

    with contextlib.suppress(TimeoutError):
        gateway.until(lambda: want <= set(keys()), "all", 20)
    seen = keys()
    tap.is_(want - set(seen), set(), "nothing is missing when the gateway was killed and another delivers")
    ids = {(one.json["data"]["key"], one.id) for one in taken()}
    tap.is_(len(ids), len(set(seen)), "what came twice has the id that it had")
    once = list(dict.fromkeys(seen))
    tap.is_(once, sorted(once), "in order")
    tap.note("%d of %d came twice" % (len(seen) - len(once), len(once)))


def timed(name, *args):
    began = time.monotonic()
    ret = globals()[name](*args)
    tap.note("%s: %.1f s" % (name, time.monotonic() - began))
    return ret


def main():
    entries = "".join(ldif("uid=%s,ou=principals,%s" % (name, BASE), principal_entry(name, userPassword=HASH)) for name in ("viewer", "owner"))
    for name in ("alpha.example", "other.example"):
        entries += ldif("provostDomainName=%s,ou=domains,%s" % (name, BASE), domain_entry(name))
    with tempfile.TemporaryDirectory() as place:
        os.chmod(place, 0o755)
        authority, other = Authority(place, "trusted"), Authority(place, "untrusted")
        names = "DNS:%s,IP:%s,IP:%s" % (NAME, OPEN, SHUT)
        files = authority.issue("receiver", usage="serverAuth", alternative=names)
        receiver, shut = Receiver(OPEN, files), Receiver(SHUT, files)
        refusals.untrusted = Receiver(OPEN, other.issue("stranger", usage="serverAuth", alternative=names))
        key = os.path.join(place, "key")
        with open(key, "w", encoding="utf-8") as file:
            file.write("something that only gateways know\n")
        os.chmod(key, 0o644)
        source, resolver = os.path.join(place, "resolver.c"), os.path.join(place, "resolver.so")
        with open(source, "w", encoding="utf-8") as file:
            file.write(RESOLVER % (SHUT, OPEN))
        subprocess.run([os.environ.get("CC", "gcc"), "-shared", "-fPIC", "-o", resolver, source, "-ldl"], check=True)
        options = ("--daemon-lease-seconds", "2", "--webhooks-ca-file", authority.certificate, "--webhooks-allow-networks", OPEN, "--webhooks-key-file", key,
                   "--webhooks-retry-seconds", "1", "--webhooks-timeout-seconds", "3")
        env = {"LD_PRELOAD": resolver, "ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0"}
        with faults.Server(base=BASE, entries=entries) as server, server.gateway(*options, env=env) as first, server.gateway(*options, env=env) as second:
            if "event=lease-taken" in second.log() and "event=lease-taken" not in first.log():
                first, second = second, first
            client = server.client(first)
            path, secret = timed("signed", receiver, server, client)
            timed("rotated", receiver, client, path, secret)
            timed("refusals", first, receiver, shut, client)
            failing_ones = timed("failing", receiver, client)
            timed("rights", first, server, receiver, client, server.admin())
            timed("owners", first, server, receiver, client)
            timed("crowded", first, server, receiver, client)
            timed("forgotten", server, receiver, client, server.admin())
            timed("failed", receiver, client, failing_ones)
            timed("killed", server, first, second, receiver)
            began = time.monotonic()
            tap.is_(second.stop(), 0, "a gateway that posts ends well")
            tap.ok(time.monotonic() - began < 5, "and soon", time.monotonic() - began)
            tap.ok(all("whsec_" not in g.log() for g in (first, second)), "no secret is in a log")
            tap.is_(client.complaints, [], "every reply is as described")
    tap.done()


if __name__ == "__main__":
    main()
