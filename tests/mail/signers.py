#!/usr/bin/python3
"""A key is rotated as the DNS shows its record, while gateways die; and real signers sign with what is active: the DNS says whether that is right."""

import base64
import contextlib
import email.utils
import http.client
import json
import os
import signal
import socket
import struct
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.environ.get("top_srcdir") or os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))), "tests", "lib"))

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519
import dkim
import ldap

import gateway
import names
import tap

KEYS = "/v1/domains/example.org/dkim"
TOKEN = "a-token-that-nobody-guesses"
MESSAGE = ("From: John <john@example.org>\r\nTo: jane@example.net\r\nSubject: signed?\r\nDate: %s\r\nMessage-ID: <1@example.org>\r\n\r\nA line.\r\n" % email.utils.formatdate())


class Directory:
    """What a super administrator does with ldapmodify: letting time pass."""

    def __init__(self, g):
        self.connection = ldap.initialize(g.ldap_url)
        self.connection.simple_bind_s("uid=admin,ou=principals,dc=provost", g.secret("admin-password"))

    def set(self, selector, **values):
        dn = "provostDkimSelector=%s,provostDomainName=example.org,ou=domains,dc=provost" % selector
        self.connection.modify_s(dn, [(ldap.MOD_REPLACE, name, [value.encode()]) for name, value in values.items()])


def verify(text, nsd):
    """Which selectors of a message have signed it, by what the DNS has."""
    records = {}
    for line in nsd.zones["example.org"].splitlines():
        name, _, rest = line.partition(" IN TXT ")
        if rest:
            records[name] = "".join(rest.split('"')[1::2])

    def look(name, timeout=5):
        return records.get(name.decode().rstrip(".").removesuffix(".example.org") if name.decode().rstrip(".").endswith("example.org") else name.decode(), "").encode() or None
    good, parser = [], dkim.DKIM(text.encode())
    for index, (_, value) in enumerate(header for header in parser.headers if header[0].lower() == b"dkim-signature"):
        tags = dict(part.strip().split(b"=", 1) for part in value.replace(b"\r\n", b"").split(b";") if b"=" in part)
        if dkim.DKIM(text.encode()).verify(idx=index, dnsfunc=look):
            good.append((tags[b"s"].decode(), tags[b"a"].decode()))
    return sorted(good)


def publish(nsd, *keys):
    nsd.change("example.org", "\n".join(key["zone"].strip().replace(".example.org. ", " ").replace(" 3600 ", " ") for key in keys))


def state_of(boss, selector):
    reply = boss.get("%s/%s" % (KEYS, selector))
    return reply.json["state"] if reply.status == 200 else reply.status


def becomes(boss, selector, state, seconds=20):
    try:
        return gateway.until(lambda: state_of(boss, selector) == state, "%s %s" % (selector, state), seconds)
    except TimeoutError:
        print("#", boss.get("%s/%s" % (KEYS, selector)))
        return False


def rotation(g, boss, nsd, directory):
    """From nothing to the second key, by one request each; a gateway is killed on the way."""
    boss.post("/v1/domains", {"name": "example.org"})
    first = boss.post(KEYS + "/rotate", {"selector": "one", "rotate_after_days": 30}).json
    gateway.until(lambda: boss.get(KEYS + "/one").json["dns"], "a look at the DNS", 10)
    tap.is_((boss.get(KEYS + "/one").json["dns"], state_of(boss, "one")), ("absent", "prepared"), "a key is not published before the DNS shows it")
    publish(nsd, dict(first, zone=first["zone"].replace("p=MI", "p=XX")))
    gateway.until(lambda: boss.get(KEYS + "/one").json["dns"] == "different", "another look", 10)
    tap.is_(state_of(boss, "one"), "prepared", "nor with another key there")
    publish(nsd, first)
    tap.ok(becomes(boss, "one", "active"), "with its record it is published and signs")
    # As if it had signed for a month: its successor comes by itself.
    directory.set("one", provostDkimActivated="20200101000000Z", provostDkimDue="20200101000000Z")
    second = gateway.until(lambda: [key for key in boss.get(KEYS).json["items"] if key["selector"] != "one" and key["zone"]], "a successor", 20)[0]
    tap.is_((second["state"], second["staged"], second["algorithm"], second["rotate_after_days"]), ("prepared", True, "rsa-2048", 30), "a key that has signed for long enough gets a successor like it")
    tap.is_(len(boss.get(KEYS).json["items"]), 2, "one")
    publish(nsd, first, second)
    g.stop(signal.SIGKILL)
    g.start()
    boss, directory = g.admin(), Directory(g)
    tap.ok(becomes(boss, second["selector"], "active") and becomes(boss, "one", "retired"), "which takes its place, whatever gateway dies")
    return boss, directory, first, second


def ending(boss, directory, nsd, second):
    """The old key loses what signs, and goes when its record has gone."""
    directory.set("one", provostDkimDue="20200101000000Z")
    gateway.until(lambda: boss.get(KEYS + "/one").json["next_step"] == "remove", "the end of the time of grace", 20)
    tap.is_(boss.patch(KEYS + "/one", {"state": "active"}).json["code"], "no_private_key", "after the time of grace nobody signs with it any more")
    publish(nsd, second)
    directory.set("one", provostDkimDue="20200101000000Z")
    tap.ok(becomes(boss, "one", 404), "and it goes with its record")


def interrupted(boss, directory):
    """What a gateway leaves that ends between two writes."""
    parent = "provostDomainName=example.org,ou=domains,dc=provost"
    half = {"objectClass": [b"provostDkimKey"], "provostDkimDomain": [b"example.org"], "provostDkimKeyType": [b"ed25519"],
            "provostDkimState": [b"prepared"], "provostDkimDue": [b"20200101000000Z"]}
    for selector, more in (("made", {"provostDkimKeyBits": [b"256"]}), ("brought", {})):
        entry = dict(half, provostDkimSelector=[selector.encode()], **more)
        directory.connection.add_s("provostDkimSelector=%s,%s" % (selector, parent), list(entry.items()))
    gateway.until(lambda: boss.get(KEYS + "/made").json["zone"], "a key for what has none", 20)
    tap.is_(boss.get(KEYS + "/made").json["state"], "prepared", "a key that was being made is completed")
    tap.ok(becomes(boss, "brought", 404), "one that was brought, and is lost, is taken away")
    for selector, since in (("older", b"20200101000000Z"), ("newer", b"21000101000000Z")):
        entry = dict(half, provostDkimSelector=[selector.encode()], provostDkimState=[b"active"], provostDkimActivated=[since],
                     provostDkimPublicKey=[b"v=DKIM1; k=ed25519; p=x"], provostDkimKeyName=[selector.encode() + b"._domainkey.example.org"])
        directory.connection.add_s("provostDkimSelector=%s,%s" % (selector, parent), list(entry.items()))
    tap.ok(becomes(boss, "older", "retired"), "of two that sign the older one is retired")
    tap.is_(state_of(boss, "newer"), "active", "and the newer one stays")
    boss.patch(KEYS + "/newer", {"state": "retired"})


class Milter:
    """What an MTA says to a milter, as far as signing needs it, and the headers that it is told to insert."""

    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port), 10)
        self.socket.settimeout(10)

    def send(self, command, data=b""):
        self.socket.sendall(struct.pack("!I", len(data) + 1) + command + data)

    def read(self):
        def exactly(size):
            data = b""
            while len(data) < size:
                more = self.socket.recv(size - len(data))
                if not more:
                    raise EOFError("the milter has hung up")
                data += more
            return data
        data = exactly(struct.unpack("!I", exactly(4))[0])
        return data[:1], data[1:]

    def ask(self, command, data=b""):
        """Whether it wants to hear more."""
        self.send(command, data)
        return self.read()[0] == b"c"

    def sign(self, message):
        """The message with what the milter adds, or what it says instead of accepting it."""
        self.ask(b"O", struct.pack("!III", 6, 0x1f, 0))
        headers, _, body = message.partition("\r\n\r\n")
        steps = [(b"C", b"localhost\0" + b"4" + struct.pack("!H", 25) + b"127.0.0.1\0"), (b"H", b"localhost\0"),
                 (b"M", b"<john@example.org>\0"), (b"R", b"<jane@example.net>\0")]
        for line in headers.split("\r\n"):
            name, _, value = line.partition(":")
            steps.append((b"L", name.encode() + b"\0" + value.lstrip().encode() + b"\0"))
        if not all(self.ask(*step) for step in [*steps, (b"N", b""), (b"B", body.encode())]):
            return message
        self.send(b"E")
        added = []
        while True:
            what, data = self.read()
            if what in (b"h", b"i"):
                name, value = (data if what == b"h" else data[4:]).split(b"\0")[:2]
                added.append("%s: %s" % (name.decode(), value.decode().replace("\r\n", "\n").replace("\n", "\r\n")))
            elif what in (b"a", b"c"):
                return "\r\n".join(added + [headers]) + "\r\n\r\n" + body
            elif what in (b"r", b"d", b"t", b"y"):
                return what.decode()


def open_dkim(g, boss, nsd, first):
    """OpenDKIM, which reads the directory itself."""
    with tempfile.TemporaryDirectory(prefix="provost-opendkim-") as place:
        os.chmod(place, 0o755)
        subprocess.run([os.path.join(gateway.BUILD, "provost"), "config", "opendkim", place, "--state-dir", g.state], check=True, capture_output=True)
        port, path = gateway.free_port(), os.path.join(place, "opendkim.conf")
        with open(path, encoding="utf-8") as file:
            text = file.read()
        with open(path, "w", encoding="utf-8") as file:
            file.write(text.replace("inet:8891@", "inet:%d@" % port).replace("Syslog\t\t\tyes", "Syslog\t\t\tno"))
        process = subprocess.Popen(["/usr/sbin/opendkim", "-f", "-x", path, "-P", os.path.join(place, "pid")], stderr=subprocess.PIPE)
        try:
            gateway.until(lambda: answers(port), "OpenDKIM", 10)
            tap.is_(verify(Milter(port).sign(MESSAGE), nsd), [(first["selector"], "rsa-sha256")], "OpenDKIM signs with the RSA key that is active, out of the directory")
            # An Ed25519 key beside it is not for OpenDKIM; another RSA key takes over with the next message.
            # Its base64 begins with '/', which rspamd takes for a file's name, unless it is told in another way.
            seed = ed25519.Ed25519PrivateKey.from_private_bytes(b"\xff" + os.urandom(31))
            text = seed.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()).decode()
            curve = boss.post(KEYS, {"selector": "curve", "private_key": text}).json
            other = boss.post(KEYS, {"selector": "other", "algorithm": "rsa-3072"}).json
            publish(nsd, first, curve, other)
            for selector in ("curve", "other"):
                boss.patch("%s/%s" % (KEYS, selector), {"state": "published"})
                boss.patch("%s/%s" % (KEYS, selector), {"state": "active"})
            tap.is_(verify(Milter(port).sign(MESSAGE), nsd), [("other", "rsa-sha256")], "and with another as soon as that is active, whatever else is")
            tap.is_(verify(Milter(port).sign(MESSAGE.replace("example.org", "example.com")), nsd), [], "what is not ours is not signed")
        finally:
            process.kill()  # it takes its time to end
            process.wait(10)
            process.stderr.close()
        return curve, other


def answers(port):
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
        return True
    except OSError:
        return False


def contents(place):
    found = {}
    for name in os.listdir(place):
        with contextlib.suppress(FileNotFoundError), open(os.path.join(place, name), encoding="ascii") as file:
            found[name] = file.read()
    return found


def synced(g, boss, nsd, first, curve, other):
    """Files for signers that read no directory, which follow what changes."""
    with tempfile.TemporaryDirectory(prefix="provost-dkim-") as place:
        command = [os.path.join(gateway.BUILD, "provost"), "dkim", "sync", "--dir", place, "--state-dir", g.state]
        run = subprocess.run(command, check=False, capture_output=True)
        tap.ok(run.returncode == 0, "provost dkim sync", run.stderr)
        names_ = {"other._domainkey.example.org.pem", "curve._domainkey.example.org.pem", "key.table", "signing.table", "selectors.map", "paths.map", "keys.map"}
        files = contents(place)
        tap.is_(set(files), names_, "writes the keys that sign, and tables of them")
        tap.is_([oct(os.stat(os.path.join(place, name)).st_mode & 0o777) for name in sorted(names_) if name.endswith(".pem")], ["0o640"] * 2, "which not everybody reads")
        tap.is_((files["signing.table"], files["selectors.map"]), ("*@example.org other._domainkey.example.org\n", "example.org other\n"), "the tables have the one RSA key")
        with open(files["key.table"].split(":")[2].strip(), "rb") as file:
            signature = dkim.sign(MESSAGE.encode(), b"other", b"example.org", rsa_to_pkcs1(file.read()), include_headers=[b"from", b"subject"])
        tap.is_(verify(signature.decode() + MESSAGE, nsd), [("other", "rsa-sha256")], "what is signed with the file is good")
        before = {name: os.stat(os.path.join(place, name)).st_mtime_ns for name in files}
        subprocess.run(command, check=True, capture_output=True)
        tap.is_({name: os.stat(os.path.join(place, name)).st_mtime_ns for name in contents(place)}, before, "what has not changed is left alone")
        process = subprocess.Popen([*command, "--follow", "1"], stdout=subprocess.DEVNULL)
        try:
            boss.patch("%s/%s" % (KEYS, first["selector"]), {"state": "active"})
            gateway.until(lambda: first["selector"] in contents(place).get("selectors.map", "") and "other._domainkey.example.org.pem" not in os.listdir(place), "the files", 10)
            tap.ok(first["selector"] + "._domainkey.example.org.pem" in os.listdir(place), "a change is followed, and what signs no more is taken away")
        finally:
            process.terminate()
            process.wait(10)
        wrong = subprocess.run([*command, "--ldap-uri", "ldap://127.0.0.1:1"], check=False, capture_output=True)
        tap.is_((wrong.returncode, set(contents(place)) >= {"key.table"}), (1, True), "where the directory does not answer it says so, and leaves what is there")


def ask_vault(port, path, token=TOKEN, method="GET"):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request(method, path, headers={"X-Vault-Token": token} if token else {})
    reply = connection.getresponse()
    text = reply.read().decode()
    connection.close()
    return reply.status, json.loads(text)


def keys_of_vault(port):
    """What rspamd gets, as soon as the gateway has connected."""
    _, body = gateway.until(lambda: (lambda r: r if r[0] == 200 else None)(ask_vault(port, "/v1/dkim/example.org")), "the keys", 10)
    return {key["selector"]: key for key in body["data"]["selectors"]}


def vault(g, boss, nsd, port):
    """What rspamd asks for, and who gets it."""
    def ask(*more, **named):
        return ask_vault(port, *more, **named)

    keys = keys_of_vault(port)
    active = {key["selector"]: key for key in boss.get(KEYS).json["items"] if key["state"] == "active"}
    tap.is_((set(keys), {key["alg"] for key in keys.values()}), (set(active), {"rsa", "ed25519"}), "rspamd gets the keys that sign, of both types")
    tap.ok(all(key["domain"] == "example.org" for key in keys.values()), "with their domain")
    for selector, key in sorted(keys.items()):
        if key["alg"] == "rsa":
            private, algorithm = rsa_to_pkcs1(key["key"].encode()), b"rsa-sha256"
        else:
            private, algorithm = key["key"].encode(), b"ed25519-sha256"
        signature = dkim.sign(MESSAGE.encode(), selector.encode(), b"example.org", private, include_headers=[b"from", b"subject"], signature_algorithm=algorithm)
        tap.is_(verify(signature.decode() + MESSAGE, nsd), [(selector, algorithm.decode())], "what is signed with it is good: " + algorithm.decode())
    for what, want, got in (("a wrong token", 403, ask("/v1/dkim/example.org", TOKEN[:-1])), ("no token", 403, ask("/v1/dkim/example.org", None)),
                            ("a domain there is not", 404, ask("/v1/dkim/example.com")), ("what is no domain", 404, ask("/v1/dkim/*")),
                            ("something else", 404, ask("/v1/domains")), ("another method", 405, ask("/v1/dkim/example.org", method="DELETE"))):
        tap.is_((got[0], "data" in got[1]), (want, False), "and nobody gets anything with " + what)
    tap.is_(boss.get("/v1/dkim/example.org").status, 404, "nor where everybody else asks")
    tap.ok(TOKEN not in g.log(), "the token is in no log")


def sealed(g, nsd, port, place):
    """Keys that are sealed from now on: who reads the directory alone cannot sign."""
    os.chmod(place, 0o755)
    seal = os.path.join(place, "seal")
    with open(seal, "w", encoding="ascii") as file:
        file.write(base64.b64encode(os.urandom(32)).decode() + "\n")
    os.chmod(seal, 0o644)
    g.stop()
    g.options += ["--dkim-seal-key-file", seal]
    g.start()
    boss = g.admin()
    boss.post(KEYS, {"selector": "sealed", "algorithm": "ed25519"})
    boss.patch(KEYS + "/sealed", {"state": "published"})
    key = boss.patch(KEYS + "/sealed", {"state": "active"}).json
    connection = ldap.initialize(g.ldap_url)
    connection.simple_bind_s("cn=signer,ou=services,dc=provost", g.secret("services/signer"))
    (_, entry), = connection.search_s("ou=domains,dc=provost", ldap.SCOPE_SUBTREE, "(provostDkimKeyName=sealed._domainkey.example.org)")
    tap.ok(entry["provostDkimPrivateKey"][0].startswith(b"{AES-256-GCM}"), "a key is sealed in the directory")
    publish(nsd, key)
    signature = dkim.sign(MESSAGE.encode(), b"sealed", b"example.org", keys_of_vault(port)["sealed"]["key"].encode(), include_headers=[b"from", b"subject"], signature_algorithm=b"ed25519-sha256")
    tap.is_(verify(signature.decode() + MESSAGE, nsd), [("sealed", "ed25519-sha256")], "rspamd gets it opened, beside those that are not sealed")
    with tempfile.TemporaryDirectory(prefix="provost-dkim-") as files:
        command = [os.path.join(gateway.BUILD, "provost"), "dkim", "sync", "--dir", files, "--state-dir", g.state]
        subprocess.run([*command, "--seal-key-file", seal], check=True, capture_output=True)
        tap.ok(contents(files)["sealed._domainkey.example.org.pem"].startswith("-----BEGIN PRIVATE KEY-----"), "provost dkim sync writes it as it is with what opens it")
        whole = contents(files)
        too_long(boss)
        os.unlink(os.path.join(files, "keys.map"))
        run = subprocess.run([*command, "--seal-key-file", seal], check=False, capture_output=True, text=True)
        tap.ok(run.returncode == 1 and "s" * 63 in run.stderr, "of a key whose name no file can have it says so", run.stderr)
        tap.is_(contents(files), whole, "and leaves out that one, and nobody else")
        run = subprocess.run(command, check=False, capture_output=True, text=True)
        found = contents(files)
        tap.ok(run.returncode == 1 and "sealed._domainkey.example.org is sealed" in run.stderr, "so it does of one that nothing opens", run.stderr)
        tap.is_(set(whole) - set(found), {"sealed._domainkey.example.org.pem"}, "which is taken away")
        tap.ok("sealed" not in found["keys.map"] and "sealed" in whole["keys.map"] and found["key.table"] == whole["key.table"], "and out of the tables")
    return boss


def too_long(boss):
    """A key that signs, whose name the DNS can have, and no file can with what comes behind it."""
    domain = ".".join(("d" * 58, "e" * 58, "f" * 52, "example"))
    boss.post("/v1/domains", {"name": domain})
    secret = ed25519.Ed25519PrivateKey.generate().private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()).decode()
    keys = "/v1/domains/%s/dkim" % domain
    tap.is_(boss.post(keys, {"selector": "s" * 63, "private_key": secret, "state": "active"}).status, 201, "a key with a long name")
    tap.is_(boss.post("/v1/domains", {"name": "x." + domain}).status, 201, "and a domain with a longer one")
    refused = boss.post("/v1/domains/x.%s/dkim" % domain, {"selector": "s" * 63})
    tap.ok(refused.status == 422 and "253" in refused.text, "whose keys may not have such a name", refused.text)


RSPAMD = """
options {
  filters = "dkim"; url_tld = "%(place)s/tld"; disable_hyperscan = true; tempdir = "%(place)s"; pidfile = "%(place)s/pid"; hs_cache_dir = "%(place)s"; control_socket = "%(place)s/control mode=0600";
  dns { nameserver = ["127.0.0.1:%(dns)d"]; timeout = 1s; }
}
logging { type = "file"; filename = "%(place)s/log"; level = "info"; }
modules { path = "/usr/share/rspamd/plugins/dkim_signing.lua"; }
lang_detection { languages = "%(place)s/none"; }
dkim { }
dkim_signing {
  use_vault = true; vault_url = "http://127.0.0.1:%(vault)d"; vault_path = "dkim"; vault_token = "%(token)s";
  allow_username_mismatch = true; use_milter_headers = true;
}
worker "normal" { bind_socket = "127.0.0.1:%(port)d"; count = 1; }
"""


def rspamd(boss, nsd, port):
    """rspamd signs with all keys that are active."""
    with tempfile.TemporaryDirectory(prefix="provost-rspamd-") as place:
        own, conf = gateway.free_port(), os.path.join(place, "rspamd.conf")
        with open(conf, "w", encoding="ascii") as file:
            file.write(RSPAMD % {"place": place, "dns": nsd.port, "vault": port, "token": TOKEN, "port": own})
        with open(os.path.join(place, "tld"), "w", encoding="ascii") as file:
            file.write("org\nnet\n")
        process = subprocess.Popen(["/usr/bin/rspamd", "-i", "-f", "-c", conf], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            gateway.until(lambda: answers(own), "rspamd", 20)
            connection = http.client.HTTPConnection("127.0.0.1", own, timeout=15)
            connection.request("POST", "/checkv2", MESSAGE.encode(), {"From": "john@example.org", "Rcpt": "jane@example.net", "User": "john@example.org", "IP": "127.0.0.1"})
            reply = json.loads(connection.getresponse().read())
            connection.close()
            added = (reply.get("milter") or {}).get("add_headers", {}).get("DKIM-Signature", [])
            added = added if isinstance(added, list) else [added]
            text = "".join("DKIM-Signature: %s\r\n" % header["value"].replace("\r\n", "\n").replace("\n", "\r\n") for header in added) + MESSAGE
            active = sorted((key["selector"], key["algorithm"].split("-")[0] + "-sha256") for key in boss.get(KEYS).json["items"] if key["state"] == "active")
            if not tap.is_(verify(text, nsd), active, "rspamd signs with them"):
                print("#", reply)
                with open(os.path.join(place, "log"), encoding="utf-8", errors="replace") as file:
                    print("#", file.read()[-3000:].replace("\n", "\n# "))
        finally:
            process.terminate()  # its workers end with it
            process.wait(20)


def rsa_to_pkcs1(text):
    key = serialization.load_pem_private_key(text, None)
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption())


def vault_options(place, port):
    token = os.path.join(place, "token")
    with open(token, "w", encoding="ascii") as file:
        file.write(TOKEN + "\n")
    return ["--dkim-vault-listen", "127.0.0.1:%d" % port, "--dkim-vault-token-file", token]


def options(g, place):
    """What would hand out keys to others is refused before anything is served."""
    token, empty = os.path.join(place, "token"), os.path.join(place, "empty")
    open(empty, "w", encoding="ascii").close()
    for what, words in (("an address of the network", ["--dkim-vault-listen", "0.0.0.0:8201", "--dkim-vault-token-file", token]),
                        ("no token", ["--dkim-vault-listen", "127.0.0.1:8201"]),
                        ("an empty one", ["--dkim-vault-listen", "127.0.0.1:8201", "--dkim-vault-token-file", empty]),
                        ("another directory without a password", ["--dkim-vault-listen", "127.0.0.1:8201", "--dkim-vault-token-file", token, "--ldap-uri", "ldap://192.0.2.1"])):
        run = subprocess.run([g.binary, *words, "--check-config"], check=False, capture_output=True, text=True)
        tap.ok(run.returncode == 1 and "dkim" in run.stderr, "for rspamd, refused: " + what, run.stderr)


def main():
    nsd = names.Nsd({"example.org": ""})
    try:
        port = gateway.free_port()
        with tempfile.TemporaryDirectory(prefix="provost-vault-") as place, gateway.Gateway(*vault_options(place, port), "--loops", "2", "--dns-resolvers", nsd.address, "--dkim-poll-seconds", "1", "--dkim-wait-seconds", "0", "--daemon-lease-seconds", "1") as g:
            boss, directory, _, second = rotation(g, g.admin(), nsd, Directory(g))
            ending(boss, directory, nsd, second)
            curve, other = open_dkim(g, boss, nsd, second)
            synced(g, boss, nsd, second, curve, other)
            vault(g, boss, nsd, port)
            rspamd(boss, nsd, port)
            boss = sealed(g, nsd, port, place)
            options(g, place)
            interrupted(boss, Directory(g))
            tap.is_(boss.complaints, [], "every reply is as described")
    finally:
        nsd.stop()
    tap.done()


main()
