#!/usr/bin/python3
"""Tokens of an OpenID provider: who gets in with one, who does not, and what becomes of that when the provider changes its keys or is away."""

import concurrent.futures
import os
import re
import shutil
import signal
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.environ.get("top_srcdir") or os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))), "tests", "lib"))

import ldap

import gateway
import tap
import tokens
from tokens import EC, EC_STRANGER, ED, ISSUER, PSS, RSA, claims, coded, good, header, token, with_mac

PAUSE = 10.5  # seconds between two times that the keys are fetched
SETTINGS = ["--oidc-issuer", ISSUER, "--oidc-audience", tokens.AUDIENCE]
NEW = tokens.Key("new", "ES256", EC_STRANGER.private)


def now():
    return int(time.time())


def ask(g, text, target="/v1/me", method="GET", **more):
    return g.client().request(method, target, headers={"Authorization": "Bearer " + text}, **more)


def let_in(g):
    for key in (EC, RSA, PSS, ED, tokens.LARGE, tokens.TWIN, tokens.SECOND_TWIN):
        said = ask(g, good(now(), key))
        tap.is_((said.status, said.json.get("login") or said.json.get("address")), (200, tokens.LOGIN), "%s with %s" % (key.algorithm, key.kid))
    text = good(now())
    tap.is_([ask(g, text).status for _ in range(20)], [200] * 20, "one token many times, on all loops")
    tap.is_(ask(g, text, "/v1/users/" + tokens.LOGIN).status, 200, "he sees himself")
    tap.is_(ask(g, text, "/v1/users/mary@tokens.example").status, 404, "and nobody else")
    tap.is_(ask(g, text, "/v1/domains", "POST", body={"name": "more.example"}).status, 403, "and may do no more than with his password")
    tap.is_(ask(g, good(now(), preferred_username="viewer")).status, 200, "a principal")


def bad_ones():
    """A few of what tests/tokens/vectors.py has, through everything."""
    first, said, sig = good(now()).split(".")
    secret = tokens.key_set().encode()
    return {
        "of a stranger": good(now(), EC_STRANGER), "expired": good(now(), exp=now() - 31), "not valid yet": good(now(), nbf=now() + 60),
        "of another issuer": good(now(), iss="https://id.example.org/"), "for another": good(now(), aud="other"), "unsigned": first + "." + said + ".",
        "alg none": coded('{"alg":"none"}') + "." + said + ".", "an HMAC": with_mac(secret, header(EC, alg="HS256"), claims(now())),
        "crit": token(EC, header(EC, crit=["exp"]), claims(now())), "jwk": token(EC_STRANGER, header(EC, jwk=EC_STRANGER.jwk()), claims(now())),
        "jku": token(EC_STRANGER, header(EC, jku="https://127.0.0.1:1/keys"), claims(now())), "two dots more": good(now()) + "..", "no token": "a",
        "padded": good(now()) + "==", "too long": good(now(), x="a" * 8192), "endless": good(now(), exp=2**63 - 1), "nobody": good(now(), preferred_username="nobody@tokens.example"),
        "no such domain": good(now(), preferred_username="john@elsewhere.example"), "a login with a wildcard": good(now(), preferred_username="*"),
        "a name with commas": good(now(), preferred_username="admin,ou=principals"), "a service": good(now(), preferred_username="cn=gateway"),
        "no login": good(now(), preferred_username=None), "disabled": good(now(), preferred_username="gone@tokens.example"),
        "may not log in": good(now(), preferred_username="silent@tokens.example"), "a super administrator": good(now(), preferred_username="admin")}


def keep_out(g):
    bad = bad_ones()
    with concurrent.futures.ThreadPoolExecutor(len(bad)) as pool:
        said = dict(zip(bad, pool.map(lambda text: ask(g, text), bad.values())))
    for name, reply in said.items():
        tap.is_(reply.status, 401, name)
    bodies = {re.sub(r'"(instance|request_id)": ?"[^"]*"', "", reply.text) for reply in said.values()}
    tap.is_(len(bodies), 1, "all of these are refused in the same words")
    tap.is_({reply.headers.get("WWW-Authenticate") for reply in said.values()}, {'Bearer realm="provost", error="invalid_token"'}, "and by the same header")
    log = g.log()
    for reason in ("its signature is wrong", "it has expired", "another issuer", "algorithm", "may not log in", "super administrator"):
        tap.ok(re.search(r'event=token-refused .*reason="[^"]*%s' % reason, log), "the log says why: " + reason)
    before = log.count("event=token-refused")
    tap.is_(ask(g, "pvt_abcdefgh_secret").status, 401, "a key of ours that is none")
    tap.is_(g.log().count("event=token-refused"), before, "was not tried as a token")
    tap.is_(g.client(tokens.LOGIN, good(now())[:256]).get("/v1/me").status, 401, "a token is no password")


def closed(g):
    """Somebody who is disabled is out, whatever his token says."""
    short = good(now(), exp=now() - 25)
    tap.is_(ask(g, short).status, 200, "a token that ends in 5 s, with the 30 s by which clocks may differ")
    text = good(now(), preferred_username="mary@tokens.example")
    tap.is_(ask(g, text).status, 200, "Mary gets in")
    g.admin().patch("/v1/users/mary@tokens.example", {"enabled": False})
    time.sleep(1.1)
    tap.is_(ask(g, text).status, 401, "disabled, she is out after a second")
    gateway.until(lambda: ask(g, short).status == 401, "its end", 20)
    tap.ok(True, "is remembered no longer than that")


def raised(g, place):
    """Who becomes a super administrator is out, however long what he came with is remembered."""
    root = ldap.initialize(g.ldap_url)
    root.simple_bind_s("uid=admin,ou=principals,dc=provost", g.secret("admin-password"))
    member = ("mail=%s,provostDomainName=%s,ou=domains,dc=provost" % (tokens.LOGIN, tokens.LOGIN.split("@")[1])).encode()
    file = os.path.join(place, "raised.json")
    with open(file, "w", encoding="utf-8") as to:
        to.write(tokens.key_set([EC]))
    os.chmod(file, 0o644)
    with gateway.Gateway("--ldap-uri", g.ldapi, *SETTINGS, "--oidc-keys", file, "--daemon-loops", "1", "--ldap-remember-millis", "60000") as other:
        text = good(now())
        tap.is_([ask(other, text).status for _ in range(8)], [200] * 8, "he gets in")
        root.modify_s("cn=administrators,ou=roles,dc=provost", [(ldap.MOD_ADD, "member", [member])])
        time.sleep(0.5)
        tap.is_({ask(other, text).status for _ in range(8)}, {401}, "a super administrator now, he is out")
        root.modify_s("cn=administrators,ou=roles,dc=provost", [(ldap.MOD_DELETE, "member", [member])])


def rotated(g, publisher, fetched):
    tap.is_(publisher.count["/keys"], 1, "so far the keys were fetched once")
    publisher.text = tokens.key_set([NEW, ED])
    time.sleep(max(0, fetched + PAUSE - time.monotonic()))
    with concurrent.futures.ThreadPoolExecutor(20) as pool:
        said = list(pool.map(lambda _: ask(g, good(now(), NEW)).status, range(20)))
    tap.is_(said, [200] * 20, "a new key counts at once")
    with concurrent.futures.ThreadPoolExecutor(20) as pool:
        said = set(pool.map(lambda i: ask(g, token(EC, header(EC, kid="k%d" % i), claims(now()))).status, range(60)))
    tap.is_((said, publisher.count["/keys"]), ({401}, 2), "many unknown ones have the keys fetched no more often")
    tap.is_(ask(g, good(now(), RSA)).status, 401, "a key that was withdrawn does not count")


def away(g, publisher):
    publisher.status = 500
    tap.is_((ask(g, good(now(), NEW)).status, publisher.count["/keys"]), (200, 2), "a known key, and the provider is away")


def from_file(g, place):
    """The same directory, and a file with the keys; super administrators may come with a token."""
    file = os.path.join(place, "keys.json")

    def write(text):
        with open(file, "w", encoding="utf-8") as to:
            to.write(text)
        os.chmod(file, 0o644)

    def reload(other, word):
        before = len(other.log())
        other.process.send_signal(signal.SIGHUP)
        gateway.until(lambda: word in other.log()[before:], word, 10)

    write(tokens.key_set([EC]))
    conf = os.path.join(place, "provost.conf")
    with open(conf, "w", encoding="utf-8") as to:
        to.write("[oidc]\nissuer = %s\naudience = %s\nkeys = %s\nadministrators = yes\n" % (ISSUER, tokens.AUDIENCE, file))
    with gateway.Gateway("--config", conf, "--ldap-uri", g.ldapi, "--daemon-loops", "1") as other:
        tap.is_(ask(other, good(now(), preferred_username="admin"), "/v1/domains", "POST", body={"name": "made.example"}).status, 201, "a super administrator, where that is allowed")
        tap.is_(ask(other, good(now(), NEW)).status, 401, "a key that is not in the file")
        write(tokens.key_set([EC, NEW]))
        reload(other, "event=reloaded")
        tap.is_(ask(other, good(now(), NEW)).status, 200, "is taken once it is")
        write("{")
        reload(other, "event=not-reloaded")
        tap.is_(ask(other, good(now(), NEW)).status, 200, "a bad file changes nothing")
        write(tokens.key_set([EC]))
        with open(conf, "w", encoding="utf-8") as to:
            to.write("[daemon]\n")
        reload(other, "event=reloaded")
        tap.ok("event=restart-needed" in other.log() and "oidc.issuer oidc.audience oidc.keys" in other.log(), "to end it needs a restart")
        tap.is_(ask(other, good(now(), preferred_username="admin")).status, 401, "super administrators are out at once")
        tap.is_(ask(other, good(now())).status, 200, "the others are not")


def not_trusted(g, publisher, stranger):
    """Whoever else answers at the provider's address is not believed."""
    publisher.status = 200
    for what, url, ca in (("an authority that we do not trust", publisher.url + "2", stranger), ("a redirection", publisher.url + "3", None)):
        publisher.status = 200 if ca else 302
        with gateway.Gateway("--ldap-uri", g.ldapi, *SETTINGS, "--oidc-keys", url, "--oidc-keys-ca-file", ca or publisher.ca, "--daemon-loops", "1") as other:
            said = ask(other, good(now(), NEW))
            tap.is_((said.status, said.headers.get("Retry-After")), (503, "1"), what)
            tap.is_(ask(other, "a.b.c").status, 401, what + ": what is no token is refused as ever")
            tap.is_(other.log().count("event=token-keys-missing"), 1, what + ": the log says so, once")
    tap.is_(publisher.count["/elsewhere"], 0, "it was not followed")
    publisher.status = 200


def off(g):
    with gateway.Gateway("--ldap-uri", g.ldapi, "--daemon-loops", "1") as other:
        tap.is_(ask(other, good(now(), NEW)).status, 401, "without an issuer no token is taken")


def prepare(g):
    admin = g.admin()
    for name in ("example.org", "tokens.example"):
        admin.post("/v1/domains", {"name": name})
    for address, more in ((tokens.LOGIN, {}), ("mary@tokens.example", {}), ("gone@tokens.example", {"enabled": False}), ("silent@tokens.example", {"login_enabled": False})):
        tap.is_(admin.post("/v1/users", dict(more, address=address, password="correct horse")).status, 201, address)
    change = "dn: uid=viewer,ou=principals,dc=provost\nchangetype: add\nobjectClass: account\nobjectClass: provostPrincipal\nuid: viewer\nprovostEnabled: TRUE\n"
    gateway.subprocess.run(["ldapmodify", "-x", "-H", g.ldap_url, "-D", "uid=admin,ou=principals,dc=provost", "-w", g.secret("admin-password")], input=change, text=True, check=True,
                           capture_output=True)


def main():
    place = tempfile.mkdtemp(prefix="provost-tokens-")
    os.chmod(place, 0o755)
    cert, key = tokens.certificate(place, "provider")
    stranger, _ = tokens.certificate(place, "stranger")
    publisher = tokens.Publisher(cert, key)
    publisher.ca = cert
    try:
        with gateway.Gateway(*SETTINGS, "--oidc-keys", publisher.url, "--oidc-keys-ca-file", cert, "--daemon-loops", "2") as g:
            prepare(g)
            let_in(g)
            fetched = time.monotonic()
            sent = re.fullmatch(r"00-([0-9a-f]{32})-[0-9a-f]{16}-00", publisher.headers.get("traceparent", ""))
            tap.ok(sent and "trace=" + sent.group(1) in g.log(), "the keys are fetched by a trace that the log names", publisher.headers)
            keep_out(g)
            closed(g)
            raised(g, place)
            from_file(g, place)
            not_trusted(g, publisher, stranger)
            off(g)
            rotated(g, publisher, fetched)
            away(g, publisher)
            log = g.log()
            tap.ok(not re.search(r"eyJ[A-Za-z0-9_-]{8}", log), "no token is in the log")
            tap.is_(g.client().complaints, [], "all replies are as described")
    finally:
        publisher.close()
        shutil.rmtree(place)
    tap.done()


main()
