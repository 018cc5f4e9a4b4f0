#!/usr/bin/python3
"""What the DNS says of domains: a real server of it, what is found, what should be there, and who is told."""

import os
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.environ.get("top_srcdir") or os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))), "tests", "lib"))

import ldap
import directory
import gateway
import names
import tap

PASSWORD = "the same for all of them"
HOST = """
mx1 IN A 192.0.2.1
mx2 IN AAAA 2001:db8::2
_spf IN TXT "v=spf1 ip4:192.0.2.0/24 -all"
ac IN A 192.0.2.3
"""
OPTIONS = ["--checks-mx", "mx1.host.example mx2.host.example", "--checks-mx-networks", "192.0.2.0/24 2001:db8::/32",
           "--checks-spf", "include:_spf.host.example", "--checks-dmarc", "v=DMARC1; p=quarantine; rua=mailto:d@host.example",
           "--checks-tls-rpt", "mailto:tls@host.example", "--checks-mta-sts-host", "ac.host.example",
           "--checks-autoconfig-host", "ac.host.example", "--checks-imap-host", "imap.host.example", "--checks-smtp-host", "smtp.host.example", "--checks-proof", "yes"]


def results(checks):
    return {(r["name"], r["about"]): (r["result"], r["code"], r["actor"]) for r in checks["results"]}


def is_a_zone(text, domain):
    """What named-checkzone says of it, with what a zone has besides."""
    with tempfile.NamedTemporaryFile("w", suffix=".zone") as file:
        file.write("$TTL 60\n%s. IN SOA ns.%s. h.%s. 1 60 60 60 60\n%s. IN NS ns.host.example.\n%s" % (domain, domain, domain, domain, text))
        file.flush()
        done = subprocess.run(["/usr/bin/named-checkzone", "-i", "none", "-k", "fail", domain, file.name], capture_output=True, text=True, check=False)
    return done.returncode == 0, done.stdout


def by_itself(g, admin):
    """Whoever has the lease looks at domains that nobody has asked for."""
    admin.post("/v1/domains", {"name": "alone.example"})
    gateway.until(lambda: admin.get("/v1/domains/alone.example/checks").json["checked_at"], "a check by itself", 15)
    got = admin.get("/v1/domains/alone.example/checks").json
    tap.is_(got["state"], "enabled", "a new domain is looked at by itself")
    tap.ok(got["next_check_at"] > got["checked_at"], "and will be again", got)
    tap.is_(results(got)[("mx", "alone.example")], ("unknown", "not_answered", None), "this server does not know of such a domain")
    tap.is_(admin.delete("/v1/domains/alone.example").status, 204, "what was found of a domain does not keep it")


def wanted(admin, nsd):
    """What is published as told is what is wanted."""
    tap.is_(admin.post("/v1/domains/d.example/dkim", {"selector": "s1", "algorithm": "rsa-2048"}).status, 201, "it has a key")
    nothing = admin.post("/v1/domains/d.example/checks", None).json
    tap.is_(nothing["state"], "action_required", "nothing is there yet")
    tap.is_(results(nothing)[("spf", "d.example")], ("error", "spf_missing", "you"), "no SPF")
    records = admin.get("/v1/domains/d.example/dns").json["records"]
    tap.is_(sorted({r["check"] for r in records}), ["autoconfig", "autodiscover", "dkim", "dmarc", "mta_sts", "mx", "spf", "srv", "tls_rpt"], "what is wanted")
    tap.is_({r["value"] for r in records if r["check"] == "mx"}, {"10 mx1.host.example", "20 mx2.host.example"}, "the servers")
    tap.is_([r["state"] for r in records if r["check"] == "spf"], ["error"], "each with what was found")
    tap.is_([(r["key_state"], r["state"], r["code"], len(r["strings"])) for r in records if r["check"] == "dkim"],
            [("prepared", "warning", "dkim_missing", 2)], "its key, in two strings, which nobody misses yet")
    zone = admin.get("/v1/domains/d.example/dns", headers={"Accept": "text/dns"})
    tap.is_(zone.headers["Content-Type"], "text/dns", "as a zone")
    tap.is_(admin.get("/v1/domains/d.example/dns?format=zone").text, zone.text, "however that is asked for")
    good, words = is_a_zone(zone.text, "d.example")
    tap.ok(good, "named-checkzone takes it", words + zone.text)
    nsd.change("d.example", zone.text)
    got = admin.post("/v1/domains/d.example/checks", None).json
    tap.is_({k: v for k, v in results(got).items() if v[0] != "ok"}, {}, "published like that, all is well")
    tap.is_(got["state"], "enabled", "and the domain is so")
    tap.is_(admin.get("/v1/domains/d.example/checks").json, got, "that is kept")
    tap.is_({r["state"] for r in admin.get("/v1/domains/d.example/dns").json["records"]}, {"ok"}, "beside each record")
    return zone.text


def changes(admin, nsd, zone):
    """What goes wrong is seen, and who has to act is told."""
    nsd.change("d.example", zone.replace("10 mx1.host.example.", "10 mx.elsewhere.example."))
    got = admin.post("/v1/domains/d.example/checks", None).json
    tap.is_(results(got)[("mx", "d.example")], ("warning", "mx_others", "you"), "another server")
    nsd.change("d.example", zone + 'd.example. IN TXT "v=spf1 +all"\n')
    got = admin.post("/v1/domains/d.example/checks", None).json
    tap.is_((results(got)[("spf", "d.example")], got["state"]), (("error", "spf_several", "you"), "action_required"), "two SPF records")
    nsd.change("d.example", zone)
    nsd.change("host.example", HOST.replace("192.0.2.1\n", "127.0.0.1\n"))
    got = admin.post("/v1/domains/d.example/checks", None).json
    tap.is_((results(got)[("mx_address", "mx1.host.example")], got["state"]), (("error", "mx_address_private", "operator"), "failed"),
            "what only the operator can put right")
    nsd.change("host.example", HOST)


def dinomail(g, admin, nsd, zone):
    """The same in the numbers of DinoMail."""
    header = {"Authorization": "ApiKey admin:" + admin.get("/api/apikey/").json["objects"][0]["key"]}

    def numbers():
        admin.post("/v1/domains/d.example/checks", None)
        (found,) = g.client().get("/api/virtualdomain/?name=d.example", headers=header).json["objects"]
        return [found[check + "_status"] for check in ("dkim", "dmarc", "spf")]

    nsd.change("d.example", "\n".join(line for line in zone.split("\n") if "spf1" not in line and "DMARC1" not in line))
    tap.is_(numbers(), [0, 0, 0], "DinoMail: no key signs, no policies")
    nsd.change("d.example", zone + '_dmarc.d.example. IN TXT "v=DMARC1; p=none"\nd.example. IN TXT "v=spf1 +all"\n')
    tap.is_(numbers(), [0, 1, 1], "DinoMail: too many of them")
    for state in ("published", "active"):
        admin.patch("/v1/domains/d.example/dkim/s1", {"state": state})
    nsd.change("d.example", zone)
    tap.is_(numbers(), [4, 2, 1], "DinoMail: all is well")


def others(g, admin):
    """Who sees the domain; a domain that goes; one that gets another name."""
    admin.post("/v1/principals", {"login": "vera", "name": "Vera", "password": PASSWORD})
    admin.put("/v1/domains/d.example/administrators/vera", {"role": "viewer"})
    vera = g.client("vera", PASSWORD)
    tap.is_([vera.get("/v1/domains/d.example/checks").status, vera.post("/v1/domains/d.example/checks", None).status,
             vera.get("/v1/domains/d.example/dns").status], [200, 200, 200], "who sees a domain sees this")
    tap.is_([vera.get("/v1/domains/other.example/checks").status, vera.post("/v1/domains/other.example/checks", None).status,
             vera.get("/v1/domains/other.example/dns").status], [404, 404, 404], "and who does not sees nothing")
    before = admin.get("/v1/domains/d.example")
    admin.post("/v1/domains/d.example/checks", None)
    tap.is_(admin.get("/v1/domains/d.example").headers["ETag"], before.headers["ETag"], "a check does not change the domain")
    tap.is_(admin.patch("/v1/domains/d.example", {"name": "e.example"}).status, 200, "it gets another name")
    tap.is_(admin.get("/v1/domains/e.example/checks").json["results"], [], "of which nothing is known")
    admin.post("/v1/domains/e.example/checks", None)
    tap.is_([admin.delete("/v1/domains/d.example?recursive=true").status, admin.delete("/v1/domains/e.example?recursive=true").status], [204, 204],
            "both go, with all that is in them")


def proved(g, admin, nsd):
    """A reseller's domain waits until the DNS says that it is his."""
    admin.post("/v1/principals", {"login": "rita", "name": "Rita", "password": PASSWORD, "reseller": {}})
    rita = g.client("rita", PASSWORD)
    made = rita.post("/v1/domains", {"name": "r.example"})
    tap.is_((made.status, made.json["state"]), (201, "pending"), "it waits")
    tap.is_(rita.post("/v1/domains", {"name": "s.example", "reserved_to": ["rita@far.example"]}).json["state"], "pending", "so does one with addresses")
    rita.patch("/v1/domains/r.example", {"enabled": False})
    tap.is_(rita.patch("/v1/domains/r.example", {"enabled": True}).json["state"], "pending", "disabling and enabling it is no way around")
    rita.patch("/v1/domains/r.example", {"enabled": False})
    rita.post("/v1/changesets", {"operations": [{"method": "PATCH", "path": "/v1/domains/r.example", "body": {"enabled": True}}]})
    tap.is_(rita.get("/v1/domains/r.example").json["state"], "pending", "nor is a change set")
    tool = ldap.initialize(g.ldap_url)
    tool.simple_bind_s(directory.principal_dn("rita"), PASSWORD)
    for name, value in (("provostEnabled", b"TRUE"), ("provostEnabledWish", b"FALSE")):
        for controls in [], [directory.relax()]:
            try:
                tool.modify_ext_s(directory.domain_dn("r.example"), [(ldap.MOD_REPLACE, name, [value])], serverctrls=controls)
                tap.ok(False, "nor is an LDAP tool: " + name)
            except ldap.INSUFFICIENT_ACCESS:
                tap.ok(True, "nor is an LDAP tool: " + name)
    tool.modify_s(directory.domain_dn("r.example"), [(ldap.MOD_REPLACE, "description", [b"by a tool"])])
    got = rita.post("/v1/domains/r.example/checks", None).json
    tap.is_((got["state"], results(got)[("proof", "_provost-challenge.r.example")]), ("pending", ("error", "proof_missing", "you")), "it is told why")
    nsd.change("r.example", '_provost-challenge IN TXT "%s"\n' % got["proof"]["value"][:-1])
    tap.is_(rita.post("/v1/domains/r.example/checks", None).json["state"], "pending", "what is nearly it does not do")
    nsd.change("r.example", '_provost-challenge IN TXT "%s"\n' % got["proof"]["value"])
    tap.is_(rita.post("/v1/domains/r.example/checks", None).json["state"], "action_required", "it is there, and the rest is still wrong")
    tap.is_(rita.get("/v1/domains/r.example").json["state"], "enabled", "the domain is in force")
    rita.patch("/v1/domains/r.example", {"enabled": False})
    tap.is_(rita.patch("/v1/domains/r.example", {"enabled": True}).json["state"], "enabled", "once is enough")
    tap.is_(admin.post("/v1/domains", {"name": "q.example"}).json["state"], "enabled", "super administrators prove nothing")


def often(admin, rita):
    """One login does not have the DNS asked for him any number of times."""
    for _ in range(100):
        reply = rita.post("/v1/domains/r.example/checks", None)
        if reply.status == 429:
            break
    tap.is_((reply.status, int(reply.headers["Retry-After"]) >= 1, '"checks";r=0' in reply.headers["RateLimit"]), (429, True, True), "too many checks with one login are refused")
    tap.is_((rita.get("/v1/domains/r.example/checks").status, admin.post("/v1/domains/r.example/checks", None).status), (200, 200), "nothing else is, and nobody else")


def broken(admin, nsd):
    """Nobody answers."""
    nsd.stop()
    began = time.monotonic()
    admin.post("/v1/domains", {"name": "late.example"})
    reply = admin.post("/v1/domains/late.example/checks", None)
    tap.is_((reply.status, {r["result"] for r in reply.json["results"]}), (200, {"unknown"}), "nobody answers: that is no error of theirs")
    took = time.monotonic() - began
    tap.ok(took < 9, "in time", took)


nsd = names.Nsd({"host.example": HOST, "d.example": "", "r.example": ""})
try:
    with gateway.Gateway("--api-dinomail", "yes", "--dns-resolvers", nsd.address, *OPTIONS) as g:
        admin = g.admin()
        admin.post("/v1/domains", {"name": "d.example"})
        admin.post("/v1/domains", {"name": "other.example"})
        by_itself(g, admin)
        zone = wanted(admin, nsd)
        changes(admin, nsd, zone)
        dinomail(g, admin, nsd, zone)
        others(g, admin)
        proved(g, admin, nsd)
        often(admin, g.client("rita", PASSWORD))
        broken(admin, nsd)
finally:
    if nsd.process.poll() is None:
        nsd.stop()
tap.done()
