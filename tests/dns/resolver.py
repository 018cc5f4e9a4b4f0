"""The resolver with a real server, and with one that forges, cuts off, runs in circles, is slow and talks rubbish."""

import json
import os
import socket
import struct
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.environ.get("top_srcdir", "."), "tests", "lib"))
import names
import tap

ASK = os.path.join(os.environ.get("top_builddir", "."), "tests", "dns", "ask")
LONG = "v=DKIM1; p=" + "A" * 380

ZONE = """
@ IN MX 10 mx1
@ IN MX 20 Mx2.Example.NET.
mx1 IN A 192.0.2.1
mx1 IN AAAA 2001:db8::1
@ IN TXT "v=spf1 mx" " -all"
key IN TXT "%s" "%s"
www IN CNAME mx1
here IN CNAME there
there IN CNAME here
gone IN CNAME nobody
_imaps._tcp IN SRV 0 1 993 imap
semi IN TXT "a;b\\"c\\\\d"
""" % (LONG[:255], LONG[255:]) + "".join("many IN TXT \"%s\"\n" % (chr(97 + i % 26) * 200 + str(i)) for i in range(100))


def ask(resolvers, *questions, trust="no", millis=8000):
    """Ask, and have the answers and how long all took."""
    words = [word for q in questions for word in q]
    run = subprocess.run([ASK, resolvers, trust, str(millis), *words], capture_output=True, timeout=30, check=False)
    if run.returncode:
        raise RuntimeError(run.stderr.decode())
    return [json.loads(line.replace("\\", "\\\\")) for line in run.stdout.decode().splitlines()]


def real():
    """What NSD says."""
    nsd = names.Nsd({"example.org": ZONE})
    try:
        mx, a, aaaa, txt, key = ask(nsd.address, ("example.org", "MX"), ("mx1.example.org", "A"), ("mx1.example.org", "AAAA"),
                                    ("example.org", "TXT"), ("key.example.org", "TXT"))
        tap.is_(sorted((r["numbers"][0], r["name"]) for r in mx["records"]), [(10, "mx1.example.org"), (20, "mx2.example.net")],
                "MX: preference and name, in lower case")
        tap.is_(a["records"][0]["address"] + " " + aaaa["records"][0]["address"], "192.0.2.1 2001:db8::1", "A and AAAA")
        tap.is_((txt["records"][0]["text"], txt["records"][0]["strings"]), ("v=spf1 mx -all", 2), "strings of TXT are joined")
        tap.is_(key["records"][0]["text"], LONG, "and so is a key of 391 characters")
        www, gone, none, nothing, srv, many = ask(
            nsd.address, ("www.example.org", "A"), ("gone.example.org", "A"), ("nobody.example.org", "A"), ("mx1.example.org", "TXT"),
            ("_imaps._tcp.example.org", "SRV"), ("many.example.org", "TXT"))
        tap.is_(www["records"][0]["address"], "192.0.2.1", "an alias is followed within the answer")
        tap.is_((gone["outcome"], none["outcome"], nothing["outcome"]), ("no-name", "no-name", "nothing"), "what is not there")
        tap.is_((srv["records"][0]["numbers"], srv["records"][0]["name"]), ([0, 1, 993], "imap.example.org"), "SRV")
        tap.is_((many["outcome"], len(many["records"])), ("found", 100), "20 kB come over TCP")
        loop, = ask(nsd.address, ("here.example.org", "A"))
        tap.is_(loop["outcome"], "failed", "aliases in a circle")
        cname, refused = ask(nsd.address, ("www.example.org", "CNAME"), ("example.com", "A"))
        tap.is_(cname["records"][0]["name"], "mx1.example.org", "an alias itself")
        tap.ok(refused["outcome"] == "failed" and "REFUSED" in refused["detail"], "a zone it has not", refused)
        second, = ask("127.0.0.1@%d %s" % (names.free_port(), nsd.address), ("mx1.example.org", "A"))
        tap.ok(second["outcome"] == "found" and second["millis"] < 500, "where the first resolver is down the second is asked", second)
    finally:
        nsd.stop()


GOOD = names.record("A", b"\xc0\x00\x02\x01")
FORGED = names.record("A", b"\xcb\x00\x71\x42")


def good(_evil, query, send, _stream, flags=0x8180):
    """As it should be."""
    send(names.reply_to(query, [GOOD], flags))


def other_id(_evil, query, send, stream):
    """A forged id first, then what is right."""
    send(names.reply_to(query, [FORGED], ident=struct.unpack("!H", query[:2])[0] ^ 1))
    good(None, query, send, stream)


def other_question(_evil, query, send, stream):
    """Another question, no question, two of them."""
    send(names.reply_to(query, [FORGED], asked=names.wire_name("example.net") + b"\0\1\0\1"))
    send(names.reply_to(query, [FORGED], asked=query[12:names.end_of_question(query)][:-4] + b"\0\x1c\0\1"))
    send(query[:2] + struct.pack("!5H", 0x8180, 0, 1, 0, 0) + names.wire_name("x") + FORGED[2:])
    send(query[:2] + struct.pack("!5H", 0x8180, 2, 1, 0, 0) + query[12:names.end_of_question(query)] * 2 + FORGED)
    good(None, query, send, stream)


def no_response(_evil, query, send, stream):
    """Marked as a question."""
    send(names.reply_to(query, [FORGED], flags=0x0100))
    good(None, query, send, stream)


def other_port(evil, query, send, stream):
    """From another port of the same address, and from another address."""
    for host in ("127.0.0.1", "127.0.0.2"):
        with socket.socket(type=socket.SOCK_DGRAM) as s:
            s.bind((host, 0))
            s.sendto(names.reply_to(query, [FORGED]), evil.last)
    time.sleep(0.1)
    good(None, query, send, stream)


def flood(_evil, query, send, stream):
    """A guesser: then only TCP will do."""
    if stream:
        good(None, query, send, stream)
        return
    for i in range(50):
        send(names.reply_to(query, [FORGED], ident=i))


def silent(_evil, _query, _send, _stream):
    """Nothing at all."""


def slow(_evil, query, send, stream):
    """Too late."""
    time.sleep(5)
    good(None, query, send, stream)


def cut_off(_evil, query, send, stream):
    """The rest of it over TCP."""
    if stream:
        good(None, query, send, stream)
    else:
        send(names.reply_to(query, [], flags=0x8380))


def cut_off_for_ever(_evil, query, send, _stream):
    """Over TCP, too."""
    send(names.reply_to(query, [], flags=0x8380))


def drip(_evil, query, send, stream):
    """A stream that gives a byte now and then."""
    if not stream:
        send(names.reply_to(query, [], flags=0x8380))
        return
    send.__closure__[0].cell_contents.request.sendall(b"\xff\xff")
    for _ in range(40):
        time.sleep(0.2)
        try:
            send.__closure__[0].cell_contents.request.sendall(b"x")
        except OSError:
            return


def junk(_evil, query, send, _stream):
    """Not a packet; what looks like one; one with names that point at themselves."""
    send(b"")
    send(b"\0" * 5)
    send(os.urandom(400))
    send(query[:2] + struct.pack("!5H", 0x8180, 1, 200, 0, 0) + query[12:names.end_of_question(query)] + b"\xc0" * 300)


def circle(_evil, query, send, _stream):
    """Two aliases of each other."""
    send(names.reply_to(query, [names.record("CNAME", names.wire_name("a.b")),
                                names.record("CNAME", b"\xc0\x0c", owner=names.wire_name("a.b"))]))


def chain(_evil, query, send, _stream):
    """A hundred of them."""
    send(names.reply_to(query, [names.record("CNAME", names.wire_name("n0"))] +
                        [names.record("CNAME", names.wire_name("n%d" % (i + 1)), owner=names.wire_name("n%d" % i))
                         for i in range(30)]))


def stranger(_evil, query, send, _stream):
    """Records of another name, and of another class."""
    send(names.reply_to(query, [names.record("A", b"\xcb\x00\x71\x42", owner=names.wire_name("bank.example"))]))


def failing(_evil, query, send, _stream):
    """SERVFAIL."""
    send(names.reply_to(query, [], flags=0x8182))


def signed(_evil, query, send, stream):
    """It claims to have validated it."""
    good(None, query, send, stream, flags=0x81a0)


def evil():
    """A server that does not mean well."""
    how = {f.__name__.replace("_", "-"): f for f in (
        good, other_id, other_question, no_response, other_port, flood, silent, slow, cut_off, cut_off_for_ever, drip, junk, circle,
        chain, stranger, failing, signed)}
    server = names.Evil(how)
    try:
        for name in ("good", "other-id", "other-question", "no-response", "other-port", "flood", "cut-off"):
            got, = ask(server.address, (name + ".test", "A"))
            tap.is_([r["address"] for r in got["records"]], ["192.0.2.1"], "%s: only the answer counts" % name)
        tap.ok(any(a[0] == "flood.test" and a[3] for a in server.asked), "who is sent many forged answers asks over TCP")
        began = time.monotonic()
        bad = ask(server.address, *[(n + ".test", "A") for n in (
            "silent", "slow", "cut-off-for-ever", "drip", "junk", "circle", "chain", "failing")])
        took = time.monotonic() - began
        for got in bad:
            tap.ok(got["outcome"] == "failed" and got["detail"] and not got["records"], "%s: failed, with a reason" % got["name"], got)
        tap.ok(1.5 < took < 2.9, "none of them is waited for longer than 2 seconds", took)
        strange, = ask(server.address, ("stranger.test", "A"))
        tap.is_(strange["outcome"], "nothing", "records of others are none of ours")
        tap.is_([ask(server.address, ("signed.test", "A"), trust=t)[0]["secure"] for t in ("no", "yes")], [False, True],
                "the word of a resolver on DNSSEC counts where it is to")
        server.asked.clear()
        ask(server.address, *[("good.x%d.test" % i, "A") for i in range(40)])
        tap.ok(len({a[1] for a in server.asked}) > 35 and len({a[2] for a in server.asked}) > 35, "a port and an id for each query",
               server.asked)
        began = time.monotonic()
        late = ask(server.address, *[("silent.x%d.test" % i, "A") for i in range(200)], millis=2500)
        tap.ok(2.4 < time.monotonic() - began < 3.2 and all(x["outcome"] == "failed" for x in late), "and there is an end to all of them together",
               time.monotonic() - began)
    finally:
        server.stop()


def settings():
    """What may be written as resolvers."""
    for text in ("", "localhost", "127.0.0.1@0", "127.0.0.1@x", "1.1.1.1 1.1.1.2 1.1.1.3 1.1.1.4 1.1.1.5", "127.0.0.1:53"):
        run = subprocess.run([ASK, text, "no", "1"], capture_output=True, timeout=10, check=False)
        tap.is_(run.returncode, 1, "no resolvers: %r" % text)


real()
evil()
settings()
tap.done()
