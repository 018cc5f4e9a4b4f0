#!/usr/bin/python3
"""What mail clients and other mail servers are told without a login: the forms that are published, and nothing of users."""

import os
import plistlib
import shutil
import signal
import socket
import subprocess
import sys
import uuid
import xml.etree.ElementTree as tree

sys.path.insert(0, os.path.join(os.environ.get("top_srcdir") or os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))), "tests", "lib"))

import gateway
import tap

PASSWORD = "the same for all of them"
OPTIONS = ["--checks-mx", "mx1.host.example mx2.host.example", "--checks-mta-sts-host", "ac.host.example", "--checks-mta-sts-mode", "enforce",
           "--checks-mta-sts-mx", "*.host.example", "--checks-autoconfig-host", "ac.host.example", "--checks-smtp-host", "smtp.host.example",
           "--checks-proof", "yes"]
CONFIG = "/mail/config-v1.1.xml"
WELL_KNOWN = "/.well-known/autoconfig/mail/config-v1.1.xml"
PROFILE = "/mail/apple.mobileconfig"
POLICY = "/.well-known/mta-sts.txt"
# The structure of the examples at https://wiki.mozilla.org/Thunderbird:Autoconfiguration:ConfigFileFormat
SCHEMA = """<?xml version="1.0"?>
<grammar xmlns="http://relaxng.org/ns/structure/1.0" datatypeLibrary="http://www.w3.org/2001/XMLSchema-datatypes">
  <start><element name="clientConfig"><attribute name="version"><value>1.1</value></attribute>
    <element name="emailProvider"><attribute name="id"/>
      <oneOrMore><element name="domain"><text/></element></oneOrMore>
      <element name="displayName"><text/></element><element name="displayShortName"><text/></element>
      <oneOrMore><element name="incomingServer">
        <attribute name="type"><choice><value>imap</value><value>pop3</value></choice></attribute><ref name="server"/></element></oneOrMore>
      <oneOrMore><element name="outgoingServer"><attribute name="type"><value>smtp</value></attribute><ref name="server"/></element></oneOrMore>
    </element></element></start>
  <define name="server">
    <element name="hostname"><data type="NMTOKEN"/></element><element name="port"><data type="unsignedShort"/></element>
    <element name="socketType"><choice><value>SSL</value><value>STARTTLS</value></choice></element>
    <element name="authentication"><value>password-cleartext</value></element>
    <element name="username"><value>%EMAILADDRESS%</value></element>
  </define>
</grammar>
"""
# That of https://learn.microsoft.com/en-us/openspecs/exchange_server_protocols/ms-oxdscli
OUTLOOK_NAMES = "{http://schemas.microsoft.com/exchange/autodiscover/outlook/responseschema/2006a}"
OUTLOOK = """<?xml version="1.0"?>
<element name="Autodiscover" ns="http://schemas.microsoft.com/exchange/autodiscover/responseschema/2006" xmlns="http://relaxng.org/ns/structure/1.0"
  datatypeLibrary="http://www.w3.org/2001/XMLSchema-datatypes">
  <element name="Response" ns="http://schemas.microsoft.com/exchange/autodiscover/outlook/responseschema/2006a">
    <element name="User"><element name="DisplayName"><text/></element></element>
    <element name="Account">
      <element name="AccountType"><value>email</value></element><element name="Action"><value>settings</value></element>
      <oneOrMore><element name="Protocol">
        <element name="Type"><choice><value>IMAP</value><value>POP3</value><value>SMTP</value></choice></element>
        <element name="Server"><data type="NMTOKEN"/></element><element name="Port"><data type="unsignedShort"/></element>
        <element name="LoginName"><text/></element><element name="DomainRequired"><value>off</value></element>
        <element name="SPA"><value>off</value></element><element name="SSL"><value>on</value></element>
        <element name="Encryption"><value>SSL</value></element><element name="AuthRequired"><value>on</value></element>
      </element></oneOrMore>
    </element>
  </element>
</element>
"""


def complaint_of_xml(text, schema=None):
    """What xmllint has against it, by a RELAX NG schema; None if nothing."""
    with open(os.path.join(WORK, "schema.rng"), "w", encoding="utf-8") as file:
        file.write(schema or SCHEMA)
    done = subprocess.run(["/usr/bin/xmllint", "--nonet", "--noout", "--relaxng", os.path.join(WORK, "schema.rng"), "-"],
                          input=text, capture_output=True, text=True, check=False)
    return done.stderr if done.returncode else None


def servers(text):
    return [(s.get("type"), s.findtext("hostname"), int(s.findtext("port")), s.findtext("socketType")) for s in tree.fromstring(text)[0] if s.get("type")]


def as_host(name):
    return {"headers": {"Host": name}}


def thunderbird(admin, nobody):
    got = nobody.get(CONFIG + "?emailaddress=john%40d.example")
    tap.is_((got.status, got.headers["Content-Type"]), (200, "application/xml"), "who has no login is told how to come to his mail")
    tap.is_(complaint_of_xml(got.text), None, "in the form that is published")
    both = [("imap", "imap.d.example", 993, "SSL"), ("imap", "imap.d.example", 143, "STARTTLS")]
    smtp = [("smtp", "smtp.host.example", 465, "SSL"), ("smtp", "smtp.host.example", 587, "STARTTLS")]
    tap.is_(servers(got.text), both + smtp, "the site's host for what the domain does not name, imap.DOMAIN where the site does not either, and no POP3")
    tap.is_([nobody.get(path).text for path in (WELL_KNOWN + "?emailaddress=JOHN%40D.Example", CONFIG + "?emailaddress=nobody%40d.example",
                                                 CONFIG + "?emailaddress=%40d.example")], [got.text] * 3,
            "wherever it is asked for, and whether or not there is such an address")
    tap.is_([nobody.get(CONFIG, **as_host(name)).text for name in ("autoconfig.d.example", "autoconfig.D.example:443", "d.example")], [got.text] * 3,
            "the name of the server says which domain, if nothing else does")
    tap.is_([nobody.get(CONFIG + q).status for q in ("?emailaddress=john%40nowhere.example", "?emailaddress=john%40late.example",
                                                      "?emailaddress=john%40relay.example", "?emailaddress=john", "?emailaddress=john%40..", "", "?x=y")],
            [404, 404, 404, 400, 404, 404, 400], "of other domains, and those that are not in force, or whose mail is elsewhere, nothing is told")
    tap.is_((got.headers["Cache-Control"], nobody.get(CONFIG + "?emailaddress=x%40nowhere.example").headers["Cache-Control"]), ("public, max-age=3600", "no-store"), "it may be kept, a refusal may not")
    again = nobody.get(CONFIG + "?emailaddress=john%40d.example", headers={"If-None-Match": got.headers["ETag"]})
    tap.is_((again.status, again.text, again.headers["ETag"]), (304, "", got.headers["ETag"]), "who has it is told so")
    change = {"display_name": "A <b> & \"c\" ]]> \u00e9 \uffff \U0001f4ee", "imap_host": "mail.d.example", "pop3_host": "pop.d.example"}
    tap.is_(admin.patch("/v1/domains/d.example", change).status, 200, "a domain gets hosts of its own")
    new = nobody.get(CONFIG + "?emailaddress=john%40d.example", headers={"If-None-Match": got.headers["ETag"]})
    tap.is_((new.status, complaint_of_xml(new.text)), (200, None), "and that is another document")
    provider = tree.fromstring(new.text)[0]
    tap.is_([provider.findtext("displayName"), provider.findtext("displayShortName"), provider.get("id")], [change["display_name"].replace("\uffff", "???")] * 2 + ["d.example"], "no name ends its element")
    tap.is_(servers(new.text)[:4], [("imap", "mail.d.example", 993, "SSL"), ("imap", "mail.d.example", 143, "STARTTLS"), ("pop3", "pop.d.example", 995, "SSL"),
                                    ("pop3", "pop.d.example", 110, "STARTTLS")], "POP3 where it is named")
    tap.is_(nobody.request("HEAD", CONFIG + "?emailaddress=john%40d.example").headers["ETag"], new.headers["ETag"], "HEAD tells the same")
    tap.is_([nobody.post(CONFIG, {}).status, nobody.get(CONFIG + "?emailaddress=a%40d.example&token=x").status], [405, 400], "nothing can be written there, and no secret stands in a URL")


def xml_request(address, schema="outlook/responseschema/2006a", before=""):
    return ('<?xml version="1.0" encoding="utf-8"?>%s<Autodiscover xmlns="http://schemas.microsoft.com/exchange/autodiscover/outlook/requestschema/2006"><Request>'
            "<EMailAddress> %s\n</EMailAddress><AcceptableResponseSchema>http://schemas.microsoft.com/exchange/autodiscover/%s</AcceptableResponseSchema>"
            "</Request></Autodiscover>" % (before, address, schema))


def outlook(nobody):
    got = nobody.post("/autodiscover/autodiscover.xml", xml_request("John@d.example"))
    tap.is_((got.status, got.headers["Content-Type"], got.headers["Cache-Control"]), (200, "application/xml", "no-store"), "Outlook is told, too")
    tap.is_(complaint_of_xml(got.text, OUTLOOK), None, "in its form")
    tap.is_([[p.findtext(OUTLOOK_NAMES + name) for name in ("Type", "Server", "Port", "LoginName")] for p in tree.fromstring(got.text).iter(OUTLOOK_NAMES + "Protocol")],
            [["IMAP", "mail.d.example", "993", "John@d.example"], ["POP3", "pop.d.example", "995", "John@d.example"], ["SMTP", "smtp.host.example", "465", "John@d.example"]],
            "one server of each protocol")
    tap.is_(nobody.post("/Autodiscover/Autodiscover.xml", xml_request("nobody@d.example")).text, got.text.replace("John", "nobody"), "whoever asks")
    odd = nobody.post("/autodiscover/autodiscover.xml", xml_request("&lt;/LoginName&gt;&amp;&#34;@d.example"))
    tap.is_((complaint_of_xml(odd.text, OUTLOOK), '<LoginName>&lt;/LoginName&gt;&amp;' in odd.text), (None, True), "what he says he is called ends no element")
    tap.is_(nobody.post("/autodiscover/autodiscover.xml", None, raw=xml_request("John@d.example").replace("utf-8", "utf-16").encode("utf-16"), ).text, got.text, "in whatever encoding")
    where = nobody.get("/autodiscover/autodiscover.json?Protocol=autodiscoverv1&Email=a%40d.example&RedirectCount=1")
    tap.is_((where.json, where.headers["Cache-Control"]), ({"Protocol": "AutodiscoverV1", "Url": "https://ac.host.example/autodiscover/autodiscover.xml"}, "public, max-age=3600"), "and where to ask")
    tap.is_(nobody.get("/autodiscover/autodiscover.json/v1.0/b@d.example?Protocol=AutodiscoverV1", **as_host("evil.example")).text, where.text, "which no header changes")
    tap.is_([nobody.get("/autodiscover/autodiscover.json" + q).status for q in ("?Protocol=ActiveSync&Email=a%40d.example", "?Protocol=AutodiscoverV1", "?Email=a%40d.example",
                                                                              "?Protocol=AutodiscoverV1&Email=a%40late.example")], [400, 400, 400, 404], "other protocols there are none")
    tap.is_(nobody.post("/autodiscover/autodiscover.xml", xml_request("a@d.example"), headers={"Prefer": "dry-run"}).status, 200, "a question is no write")


def evil(g, nobody):
    """Requests that are made to hurt who reads them."""
    laughs = "<!DOCTYPE x [<!ENTITY a0 'ha'>%s]>" % "".join("<!ENTITY a%d '%s'>" % (i, "&a%d;" % (i - 1) * 10) for i in range(1, 12))
    secret = os.path.join(WORK, "secret")
    with open(secret, "w", encoding="utf-8") as file:
        file.write("s3cret@d.example")
    wire = socket.create_server(("127.0.0.1", 0))
    wire.settimeout(0.2)
    outside = "<!DOCTYPE x SYSTEM 'http://127.0.0.1:%d/x.dtd'>" % wire.getsockname()[1]
    for what, body in (
            ("a billion laughs", xml_request("&a11;@d.example", before=laughs)),
            ("parameter entities", xml_request("a@d.example", before="<!DOCTYPE x [<!ENTITY % a '<!ENTITY b \"c\">'> %a; %a;]>")),
            ("an external entity", xml_request("&x;", before="<!DOCTYPE x [<!ENTITY x SYSTEM 'file://%s'>]>" % secret)),
            ("an external document type", xml_request("a@d.example", before=outside)),
            ("an empty document type", xml_request("a@d.example", before="<!DOCTYPE Autodiscover>")),
            ("an entity nobody declared", xml_request("&x;@d.example")),
            ("elements too deep", "<a>" * 17 + "<EMailAddress>a@d.example</EMailAddress>" + "</a>" * 17),
            ("elements very deep", "<a>" * 5000),
            ("half of it", xml_request("a@d.example")[:-5]),
            ("something behind it", xml_request("a@d.example") + "<x/>"),
            ("no address", "<Autodiscover/>"), ("an empty one", xml_request("")), ("no domain", xml_request("a@")), ("a control character", xml_request("a&#127;@d.example")),
            ("bytes that are no UTF-8", b"<EMailAddress>\xff\xfe@d.example</EMailAddress>"),
            ("another encoding than it says", b"<?xml version='1.0' encoding='us-ascii'?><EMailAddress>" + b"\xff\xfe" * 200 + b"@d.example</EMailAddress>"),
            ("JSON", b"{}"), ("nothing", b"")):
        reply = nobody.post("/autodiscover/autodiscover.xml", body if isinstance(body, str) else None, raw=body if isinstance(body, bytes) else None)
        tap.is_((reply.status, "s3cret" in reply.text), (400, False), what)
    at_most = xml_request("a@d.example")
    tap.is_([nobody.post("/autodiscover/autodiscover.xml", at_most + " " * (size - len(at_most))).status for size in (16384, 16385, 163840)], [200, 413, 413], "16 KiB, and no more")
    tap.is_([nobody.post("/autodiscover/autodiscover.xml", xml_request(*args)).status for args in (("a@nowhere.example",), ("a@late.example",), ("a@d.example", "mobilesync/responseschema/2006"))],
            [404, 404, 404], "other domains, and other forms")
    tap.is_(nobody.get("/autodiscover/autodiscover.xml").status, 405, "it is not for browsers")
    try:
        wire.accept()
        tap.ok(False, "nothing was fetched")
    except TimeoutError:
        tap.ok(True, "nothing was fetched")
    wire.close()
    tap.ok("s3cret" not in g.log() and " error :" not in g.log(), "nor is any of it logged")


def made_certificate():
    """That of an authority, and below it one that signs, with its key."""
    def openssl(*words):
        subprocess.run(["/usr/bin/openssl", *words], cwd=WORK, check=True, capture_output=True)

    with open(os.path.join(WORK, "ext"), "w", encoding="utf-8") as file:
        file.write("extendedKeyUsage=emailProtection\nkeyUsage=digitalSignature\n")
    openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "ca.key", "-out", "ca.pem", "-subj", "/CN=Authority", "-days", "2")
    openssl("req", "-newkey", "rsa:2048", "-nodes", "-keyout", "middle.key", "-out", "middle.req", "-subj", "/CN=Between")
    with open(os.path.join(WORK, "middle.ext"), "w", encoding="utf-8") as file:
        file.write("basicConstraints=critical,CA:true\n")
    openssl("x509", "-req", "-in", "middle.req", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-out", "middle.pem", "-days", "2", "-extfile", "middle.ext")
    for kind, words in (("rsa", ["rsa:2048"]), ("ec", ["ec", "-pkeyopt", "ec_paramgen_curve:P-256"])):
        openssl("req", "-newkey", *words, "-nodes", "-keyout", kind + ".key", "-out", kind + ".req", "-subj", "/CN=Profiles")
        openssl("x509", "-req", "-in", kind + ".req", "-CA", "middle.pem", "-CAkey", "middle.key", "-CAcreateserial", "-out", kind + ".pem", "-days", "2", "-extfile", "ext")
        with open(os.path.join(WORK, kind + ".pem"), "a", encoding="utf-8") as chain, open(os.path.join(WORK, "middle.pem"), encoding="utf-8") as middle:
            chain.write(middle.read())
        os.chmod(os.path.join(WORK, kind + ".key"), 0o640)
        if os.getuid() == 0:
            shutil.chown(os.path.join(WORK, kind + ".key"), group="provost")  # who reads it at SIGHUP
    shutil.copy(os.path.join(WORK, "ec.key"), os.path.join(WORK, "open.key"))
    os.chmod(os.path.join(WORK, "open.key"), 0o644)
    os.chmod(os.path.join(WORK, "ca.pem"), 0o640)


def opened(reply):
    """What was signed, if it is good."""
    with open(os.path.join(WORK, "signed"), "wb") as file:
        file.write(reply.body)
    done = subprocess.run(["/usr/bin/openssl", "smime", "-verify", "-inform", "DER", "-in", "signed", "-CAfile", "ca.pem", "-binary"],
                          cwd=WORK, capture_output=True, check=False)
    return done.stdout if done.returncode == 0 else done.stderr


def account_of(profile):
    account, = profile["PayloadContent"]
    return account


def apple(admin, nobody):
    got = nobody.get(PROFILE + "?emailaddress=John%40d.example")
    tap.is_((got.status, got.headers["Content-Type"], got.headers["Cache-Control"]), (200, "application/x-apple-aspen-config", "public, max-age=3600"), "devices of Apple are told, too")
    profile = plistlib.loads(got.body)
    tap.is_({k: v for k, v in account_of(profile).items() if not k.startswith("Payload")},
            {"EmailAccountDescription": "A <b> & \"c\" ]]> \u00e9 ??? \U0001f4ee", "EmailAccountType": "EmailTypeIMAP", "EmailAddress": "John@d.example",
             "IncomingMailServerAuthentication": "EmailAuthPassword", "IncomingMailServerHostName": "mail.d.example", "IncomingMailServerPortNumber": 993,
             "IncomingMailServerUseSSL": True, "IncomingMailServerUsername": "John@d.example",
             "OutgoingMailServerAuthentication": "EmailAuthPassword", "OutgoingMailServerHostName": "smtp.host.example", "OutgoingMailServerPortNumber": 465,
             "OutgoingMailServerUseSSL": True, "OutgoingMailServerUsername": "John@d.example", "OutgoingPasswordSameAsIncomingPassword": True},
            "one account with IMAP and submission, and no password")
    tap.is_([(p["PayloadType"], p["PayloadVersion"], p["PayloadIdentifier"] == "d.example.mail." + p["PayloadUUID"]) for p in (profile, account_of(profile))],
            [("Configuration", 1, True), ("com.apple.mail.managed", 1, True)], "in a profile")
    ids = [p["PayloadUUID"] for q in ("John%40d.example", "john%40D.example", "nobody%40d.example") for p in [plistlib.loads(nobody.get(PROFILE + "?emailaddress=" + q).body)]
           for p in (p, account_of(p))]
    tap.is_([len(set(ids)), ids[:2] == ids[2:4], [str(uuid.UUID(i)).upper() for i in ids] == ids, {uuid.UUID(i).variant for i in ids}],
            [4, True, True, {uuid.RFC_4122}], "an address has the same identifiers always, and another address others")
    tap.is_(nobody.get(PROFILE + "?emailaddress=nobody%40d.example").text.replace("nobody", "John").splitlines()[5:9], got.text.splitlines()[5:9], "whether or not there is such an address")
    odd = account_of(plistlib.loads(nobody.get(PROFILE + "?emailaddress=%26%27%7B%7D%40d.example").body))
    tap.is_(odd["EmailAddress"], "&'{}@d.example", "what he says he is called ends nothing")
    for text in ("%3C%2Fstring%3E", "Your%20account%20is%20LOCKED.%20Call", "%22a%22", "%EF%BF%BF", "a..b"):
        reply = nobody.get(PROFILE + "?emailaddress=" + text + "%40d.example")
        tap.is_((reply.status, reply.json and reply.json["code"]), (400, "parameter_malformed"), "nobody has a text of his own signed: " + text)
    asks = account_of(plistlib.loads(nobody.get(PROFILE, **as_host("autoconfig.d.example")).body))
    tap.is_([sorted(k for k in asks if "Username" in k or "EmailAddress" in k), asks["IncomingMailServerHostName"]], [[], "mail.d.example"], "without an address the device asks for it")
    tap.is_([nobody.get(PROFILE + q).status for q in ("?emailaddress=john%40nowhere.example", "?emailaddress=john%40late.example", "?emailaddress=john%40relay.example",
                                                       "?emailaddress=john", "?emailaddress=%40d.example", "?emailaddress=a%C2%85%40d.example",
                                                       "?emailaddress=" + "a" * 250 + "%40d.example", "")], [404, 404, 404, 400, 400, 400, 400, 404], "it is told of the same domains as other clients")
    tap.is_(nobody.get(PROFILE + "?emailaddress=John%40d.example", headers={"If-None-Match": got.headers["ETag"]}).status, 304, "who has it is told so")
    mine = admin.get("/v1/domains/d.example/autoconfig?format=mobileconfig&emailaddress=John%40d.example")
    tap.is_((mine.status, mine.text, mine.headers["Content-Disposition"]), (200, got.text, 'attachment; filename="mail.mobileconfig"'), "administrators download it")
    tap.is_([admin.get("/v1/domains/%s/autoconfig%s" % q).status for q in (("late.example", "?format=mobileconfig"), ("late.example", "?format=clientconfig"), ("late.example", "?format=x"),
             ("d.example", "?format=mobileconfig&emailaddress=a%40late.example"), ("d.example", "?format=mobileconfig&emailaddress=x"), ("d.example", "?emailaddress=a%40d.example"))],
            [200, 200, 400, 400, 400, 400], "of a domain that is not in force, too, and for its own addresses alone")


def renew(g, config, kind):
    with open(config, "w", encoding="utf-8") as file:
        file.write("[api]\nprofile_certificate = %s/%s.pem\nprofile_key = %s/%s.key\n" % (WORK, kind, WORK, kind))
    before = len(g.log())
    g.process.send_signal(signal.SIGHUP)
    gateway.until(lambda: "reloaded" in g.log()[before:], "what became of it", 20)
    tap.ok("event=reloaded" in g.log()[before:], "a certificate is taken at run time", g.log()[before:])


def signed(g, admin, nobody, config):
    """The same with a signature, once there is a certificate."""
    plain = nobody.get(PROFILE + "?emailaddress=John%40d.example")
    was = plain.headers["ETag"]
    for kind in ("rsa", "ec"):
        renew(g, config, kind)
        got = nobody.get(PROFILE + "?emailaddress=John%40d.example")
        for _ in range(200):  # each loop takes the new options over when it comes to that
            if got.headers["ETag"] != was:
                break
            got = nobody.get(PROFILE + "?emailaddress=John%40d.example")
        tap.is_((got.status, got.headers["Content-Type"], opened(got)), (200, "application/x-apple-aspen-config", plain.body), "with a certificate (%s) it is signed" % kind)
        was = got.headers["ETag"]
    tap.ok(got.body.count(b"Between") > 0, "with the certificates up to its authority")
    again = nobody.get(PROFILE + "?emailaddress=John%40d.example")
    tap.is_((again.headers["ETag"], admin.get("/v1/domains/d.example/autoconfig?format=mobileconfig").body[:1]), (got.headers["ETag"], b"\x30"), "the tag is of what was signed")
    for what, certificate, key, said in (("the key of another", "rsa.pem", "ec.key", "not that of the certificate"), ("no certificate", "ec.key", "ec.key", "no certificates"),
                                         ("no key", "ec.pem", "ca.pem", "no private key"), ("no certificate at all", None, "ec.key", "belong together"),
                                         ("a key that everybody may read", "ec.pem", "open.key", "by everybody"), ("no file", "none.pem", "ec.key", "none.pem")):
        done = subprocess.run([os.path.join(gateway.BUILD, "provostd"), "--check-config", "--api-profile-key", os.path.join(WORK, key)] +
                              (["--api-profile-certificate", os.path.join(WORK, certificate)] if certificate else []), capture_output=True, text=True, check=False)
        tap.ok(done.returncode == 1 and said in done.stderr, "refused at the start: " + what, done.stderr)


def download(g, admin, nobody):
    got = admin.get("/v1/domains/d.example/autoconfig")
    tap.is_((got.status, got.headers["Content-Disposition"], got.headers["Cache-Control"]), (200, 'attachment; filename="config-v1.1.xml"', "no-store"), "administrators download it")
    tap.is_(got.text, nobody.get(CONFIG + "?emailaddress=john%40d.example").text, "and it is what clients get")
    tap.is_([admin.get("/v1/domains/%s/autoconfig" % name).status for name in ("late.example", "nowhere.example")], [200, 404], "of a domain that is not in force, too")
    vera = g.client("vera", PASSWORD)
    tap.is_([vera.get("/v1/domains/d.example/autoconfig").status, vera.get("/v1/domains/late.example/autoconfig").status, nobody.get("/v1/domains/d.example/autoconfig").status],
            [200, 404, 401], "who sees the domain sees this")


def policy(admin, nobody):
    got = nobody.get(POLICY, **as_host("mta-sts.d.example"))
    tap.is_((got.status, got.headers["Content-Type"].split(";")[0], got.text), (200, "text/plain", "version: STSv1\r\nmode: enforce\r\nmx: *.host.example\r\nmax_age: 604800\r\n"),
            "other mail servers are told that mail comes with TLS")
    tap.is_(nobody.get(POLICY, headers={"Host": "mta-sts.D.Example", "If-None-Match": got.headers["ETag"]}).status, 304, "and whether they know that already")
    tap.is_([nobody.get(POLICY, **as_host(name)).status for name in ("d.example", "mta-sts.nowhere.example", "mta-sts.late.example", "mta-sts.", "mta-sts.relay.example", "[::1]:80")],
            [404, 404, 404, 404, 200, 404], "it is told of domains in force alone, by the name that RFC 8461 has for that")
    record = [r["value"] for r in admin.get("/v1/domains/d.example/dns").json["records"] if r["name"] == "_mta-sts.d.example"]
    tap.is_(record, ["v=STSv1; id=" + got.headers["ETag"].strip('"')], "the record in the DNS changes with the policy")


def visits(nobody_of):
    """Who needs no login pays out of the bucket of those who prove none."""
    with gateway.Gateway("--rate-refused", "1", "--rate-refused-burst", "5", "--metrics-listen", "127.0.0.1:%d" % PORT, ldap_port=False) as g:
        client = g.client()
        seen = [client.get(CONFIG + "?emailaddress=a%40nowhere.example") for _ in range(8)]
        tap.is_((seen[0].status, seen[-1].status), (404, 429), "too many questions from one address are refused")
        tap.ok(int(seen[-1].headers["Retry-After"]) >= 1, "until some time later", seen[-1].headers)
        tap.is_([client.get("/livez").status, client.get(POLICY).status, client.get(PROFILE).status], [200, 429, 429], "whatever is asked; health is not")
        aside = gateway.Client("127.0.0.1:%d" % PORT)
        tap.is_([aside.get(CONFIG).status, aside.get("/livez").status], [404, 200], "the listener for monitoring tells of the gateway alone")


def main():
    os.chmod(WORK, 0o755)
    config = os.path.join(WORK, "provost.conf")
    with open(config, "w", encoding="utf-8"):
        pass
    with gateway.Gateway("--config", config, *OPTIONS) as g:
        admin, nobody = g.admin(), g.client()
        admin.post("/v1/principals", {"login": "vera", "password": PASSWORD})
        for name in ("d.example", "late.example"):
            tap.is_(admin.post("/v1/domains", {"name": name, "enabled": name != "late.example"}).status, 201, "%s is made" % name)
        tap.is_(admin.post("/v1/domains", {"name": "relay.example", "kind": "relay", "transport": "smtp:[192.0.2.1]"}).status, 201, "relay.example, too")
        admin.put("/v1/domains/d.example/administrators/vera", {"role": "viewer"})
        admin.post("/v1/users", {"address": "john@d.example"})
        thunderbird(admin, nobody)
        download(g, admin, nobody)
        outlook(nobody)
        apple(admin, nobody)
        made_certificate()
        signed(g, admin, nobody, config)
        evil(g, nobody)
        policy(admin, nobody)
        tap.ok("john" not in g.log().replace("john@d.example", "", 0) or "emailaddress" not in g.log(), "who asks for whom is not logged")
    visits(None)
    tap.done()


if __name__ == "__main__":
    import tempfile
    PORT = gateway.free_port()
    with tempfile.TemporaryDirectory() as WORK:
        main()
