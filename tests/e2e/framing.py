#!/usr/bin/python3
"""What is no HTTP, or only nearly: framing, smuggled requests, connections that end in the middle, and too many of them."""

import os
import sys
import threading

sys.path.insert(0, os.path.join(os.environ.get("top_srcdir") or os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))), "tests", "lib"))
sys.path.insert(1, os.path.dirname(os.path.abspath(__file__)))

import gateway
import tap
from described import complaints_of_log
from wire import MIB, Directory, Target, Wire, ask, basic, changes, chunks, padded

# ---- Framing --------------------------------------------------------------------------------------------------------

BODY = b'{"name":"smuggled.frame.example"}'
CHUNKED = chunks(BODY, 100)
LENGTH = b"Content-Length: %d\r\n" % len(BODY)
TE = b"Transfer-Encoding: chunked\r\n"
HOST = b"Host: a\r\n"


def framing(target):
    """What it is, the bytes, and the statuses it may be answered with; 0 is a connection that is closed without a word."""
    post = b"POST /v1/domains HTTP/1.1\r\n" + HOST + b"Content-Type: application/json\r\n" + target.login
    get = b"GET /livez HTTP/1.1\r\n"
    last = HOST + target.login + b"Connection: close\r\n"
    return [
        ("Content-Length and Transfer-Encoding", post + LENGTH + TE + b"\r\n" + CHUNKED, {400}),
        ("Transfer-Encoding and Content-Length", post + TE + LENGTH + b"\r\n" + CHUNKED, {400}),
        ("Transfer-Encoding and Content-Length: 0", post + TE + b"Content-Length: 0\r\n\r\n" + CHUNKED, {400}),
        ("Content-Length twice, the same", post + LENGTH + LENGTH + b"\r\n" + BODY, {400}),
        ("Content-Length twice, another", post + LENGTH + b"Content-Length: 3\r\n\r\n" + BODY, {400}),
        ("Content-Length twice in one line", post + b"Content-Length: %d, %d\r\n\r\n" % (len(BODY), len(BODY)) + BODY, {400}),
        ("Content-Length: -1", post + b"Content-Length: -1\r\n\r\n" + BODY, {400}),
        ("Content-Length: +33", post + b"Content-Length: +%d\r\n\r\n" % len(BODY) + BODY, {400}),
        ("Content-Length: 0x21", post + b"Content-Length: 0x21\r\n\r\n" + BODY, {400}),
        ("Content-Length: 33.0", post + b"Content-Length: 33.0\r\n\r\n" + BODY, {400}),
        ("Content-Length: 3 3", post + b"Content-Length: 3 3\r\n\r\n" + BODY, {400}),
        ("Content-Length without a value", post + b"Content-Length:\r\n\r\n" + BODY, {400}),
        ("Content-Length: 2^63-1", post + b"Content-Length: 9223372036854775807\r\n\r\n" + BODY, {413}),
        ("Content-Length: 2^63", post + b"Content-Length: 9223372036854775808\r\n\r\n" + BODY, {400, 413}),
        ("Content-Length: 2^64", post + b"Content-Length: 18446744073709551616\r\n\r\n" + BODY, {400, 413}),
        ("Content-Length: 2^64+33", post + b"Content-Length: 18446744073709551649\r\n\r\n" + BODY, {400, 413}),
        ("Content-Length : 33", post + b"Content-Length : %d\r\n\r\n" % len(BODY) + BODY, {400}),
        ("Transfer-Encoding twice", post + TE + TE + b"\r\n" + CHUNKED, {400}),
        ("Transfer-Encoding: chunked, identity", post + b"Transfer-Encoding: chunked, identity\r\n\r\n" + CHUNKED, {400}),
        ("Transfer-Encoding: identity, chunked", post + b"Transfer-Encoding: identity, chunked\r\n\r\n" + CHUNKED, {400}),
        ("Transfer-Encoding: gzip, chunked", post + b"Transfer-Encoding: gzip, chunked\r\n\r\n" + CHUNKED, {400}),
        ("Transfer-Encoding: identity", post + b"Transfer-Encoding: identity\r\n\r\n" + CHUNKED, {400}),
        ("Transfer-Encoding: chunked, chunked", post + b"Transfer-Encoding: chunked, chunked\r\n\r\n" + CHUNKED, {400}),
        ("Transfer-Encoding: xchunked", post + b"Transfer-Encoding: xchunked\r\n\r\n" + CHUNKED, {400}),
        ("Transfer-Encoding: chunkedx", post + b"Transfer-Encoding: chunkedx\r\n\r\n" + CHUNKED, {400}),
        ("Transfer-Encoding: \"chunked\"", post + b"Transfer-Encoding: \"chunked\"\r\n\r\n" + CHUNKED, {400}),
        ("Transfer-Encoding: chunked;q=1", post + b"Transfer-Encoding: chunked;q=1\r\n\r\n" + CHUNKED, {400}),
        ("Transfer-Encoding without a value", post + b"Transfer-Encoding:\r\n\r\n" + CHUNKED, {400}),
        ("Transfer-Encoding : chunked", post + b"Transfer-Encoding : chunked\r\n\r\n" + CHUNKED, {400}),
        ("Transfer-Encoding: chunked, and a blank behind it", post + b"Transfer-Encoding: chunked \r\n\r\n" + CHUNKED, {400}),
        ("Content-Length: 33, and a blank behind it", post + b"Content-Length: %d \r\n\r\n" % len(BODY) + BODY, {400}),
        ("Transfer-Encoding behind a vertical tab", post + b"Transfer-Encoding: \x0bchunked\r\n\r\n" + CHUNKED, {400}),
        ("Transfer-Encoding folded", post + b"Transfer-Encoding:\r\n chunked\r\n\r\n" + CHUNKED, {400}),
        ("Transfer-Encoding folded in the middle", post + b"Transfer-Encoding: chun\r\n ked\r\n\r\n" + CHUNKED, {400}),
        ("Content-Length folded", post + b"Content-Length: 3\r\n 3\r\n\r\n" + BODY, {400}),
        ("another header folded before Transfer-Encoding", post + b"X-A: b\r\n Transfer-Encoding: chunked\r\n\r\n" + CHUNKED, {400}),
        ("Transfer-Encoding in HTTP/1.0", post.replace(b"HTTP/1.1", b"HTTP/1.0") + TE + b"\r\n" + CHUNKED, {400}),
        ("a chunk of size -1", post + TE + b"\r\n-1\r\n" + BODY, {400}),
        ("a chunk of size +21", post + TE + b"\r\n+21\r\n" + BODY + b"\r\n0\r\n\r\n", {400}),
        ("a chunk of size 0x21", post + TE + b"\r\n0x21\r\n" + BODY + b"\r\n0\r\n\r\n", {400}),
        ("a chunk of size \" 21\"", post + TE + b"\r\n 21\r\n" + BODY + b"\r\n0\r\n\r\n", {400}),
        ("a chunk of size \"21 \"", post + TE + b"\r\n21 \r\n" + BODY + b"\r\n0\r\n\r\n", {400}),
        ("a chunk of size 2^68", post + TE + b"\r\n100000000000000000\r\n" + BODY, {400, 413}),
        ("a chunk without size", post + TE + b"\r\n\r\n" + BODY, {400}),
        ("a chunk of size 2g", post + TE + b"\r\n2g\r\n" + BODY, {400}),
        ("a chunk without its end", post + TE + b"\r\n21\r\n" + BODY + b"0\r\n\r\n", {400}),
        ("a chunk longer than it says", post + TE + b"\r\n20\r\n" + BODY + b"\r\n0\r\n\r\n", {400}),
        ("no Host", get + b"\r\n", {400}),
        ("Host without a value", get + b"Host:\r\n\r\n", {400}),
        ("two Hosts", get + HOST + HOST + b"\r\n", {400}),
        ("two Hosts, another", get + HOST + b"Host: b\r\n\r\n", {400}),
        ("Host : a", get + b"Host : a\r\n\r\n", {400}),
        ("Host: a, b", get + b"Host: a, b\r\n\r\n", {400}),
        ("Host: a@b", get + b"Host: a@b\r\n\r\n", {400}),
        ("Host: a/b", get + b"Host: a/b\r\n\r\n", {400}),
        ("two Authorizations", b"GET /v1/me HTTP/1.1\r\n" + HOST + target.login + target.login + b"\r\n", {400}),
        ("two Content-Types", post + b"Content-Type: text/plain\r\n" + LENGTH + b"\r\n" + BODY, {400}),
        ("two If-Matches", b"GET /livez HTTP/1.1\r\n" + HOST + b"If-Match: \"a\"\r\nIf-Match: \"b\"\r\n\r\n", {400}),
        ("65 headers", get + HOST + b"".join(b"X-%d: 1\r\n" % i for i in range(64)) + b"\r\n", {431}),
        ("1,000 headers", get + HOST + b"".join(b"X-%d: 1\r\n" % i for i in range(1000)) + b"\r\n", {431}),
        ("17 KiB of headers", get + HOST + b"X: " + b"a" * 17 * 1024 + b"\r\n\r\n", {431}),
        ("17 KiB in many headers", get + HOST + b"".join(b"X-%02d: " % i + b"a" * 340 + b"\r\n" for i in range(50)) + b"\r\n", {431}),
        ("17 KiB of target", b"GET /" + b"a" * 17 * 1024 + b" HTTP/1.1\r\n" + HOST + b"\r\n", {414, 431}),
        ("100 KiB of headers", get + HOST + b"X: " + b"a" * 100 * 1024 + b"\r\n\r\n", {431, 0}),
        ("100 KiB of a header's name", get + HOST + b"X" * 100 * 1024 + b": a\r\n\r\n", {431, 0}),
        ("100 KiB of target", b"GET /" + b"a" * 100 * 1024 + b" HTTP/1.1\r\n" + HOST + b"\r\n", {414, 431, 0}),
        ("100 KiB of method", b"G" * 100 * 1024 + b" / HTTP/1.1\r\n" + HOST + b"\r\n", {400, 414, 431, 501, 0}),
        ("HTTP/0.9", b"GET /livez\r\n\r\n", {400, 505, 0}),
        ("HTTP/0.9, without more", b"GET /livez\r\n", {400, 505, 0}),
        ("HTTP/1.2", get.replace(b"1.1", b"1.2") + HOST + b"\r\n", {505}),
        ("HTTP/2.0", get.replace(b"1.1", b"2.0") + HOST + b"\r\n", {505}),
        ("the preface of HTTP/2", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", {400, 505}),
        ("http/1.1", get.replace(b"HTTP", b"http") + HOST + b"\r\n", {400, 505}),
        ("HTTP/1.10", get.replace(b"1.1", b"1.10") + HOST + b"\r\n", {400, 505}),
        ("HTTP/1.1x", get.replace(b"1.1", b"1.1x") + HOST + b"\r\n", {400, 505}),
        ("HTP/1.1", get.replace(b"HTTP", b"HTP") + HOST + b"\r\n", {400, 505}),
        ("a blank behind the version", get.replace(b"1.1\r", b"1.1 \r") + HOST + b"\r\n", {400, 505, 0}),
        ("two blanks before the version", get.replace(b" HTTP", b"  HTTP") + HOST + b"\r\n", {400, 0}),
        ("a blank before the method", b" " + get + HOST + b"\r\n", {400, 0}),
        ("tabs for blanks", get.replace(b" ", b"\t") + HOST + b"\r\n", {400, 0}),
        ("a blank in the target", b"GET /live z HTTP/1.1\r\n" + HOST + b"\r\n", {400, 0}),
        ("bytes that are not ASCII in the target", b"GET /v1/users/\xc3\xa9 HTTP/1.1\r\n" + HOST + b"\r\n", {400}),
        ("DEL in the target", b"GET /livez\x7f HTTP/1.1\r\n" + HOST + b"\r\n", {400}),
        ("ESC in the target", b"GET /livez\x1b[2J HTTP/1.1\r\n" + HOST + b"\r\n", {400}),
        ("a fragment", b"GET /livez#x HTTP/1.1\r\n" + HOST + b"\r\n", {400}),
        ("the target in absolute form", b"GET http://a/livez HTTP/1.1\r\n" + HOST + b"\r\n", {400}),
        ("another scheme", b"GET file:///etc/passwd HTTP/1.1\r\n" + HOST + b"\r\n", {400}),
        ("CONNECT", b"CONNECT a:25 HTTP/1.1\r\n" + HOST + b"\r\n", {400, 405}),
        ("OPTIONS *", b"OPTIONS * HTTP/1.1\r\n" + HOST + b"\r\n", {400}),
        ("a target that is no path", b"GET livez HTTP/1.1\r\n" + HOST + b"\r\n", {400}),
        ("no target", b"GET HTTP/1.1\r\n" + HOST + b"\r\n", {400, 505, 0}),
        ("a method that is no token", b"G@T /livez HTTP/1.1\r\n" + HOST + b"\r\n", {400}),
        ("a header whose name is no token", get + HOST + b"X Y: b\r\n\r\n", {400}),
        ("a header whose name is not ASCII", get + HOST + b"X\xe9: b\r\n\r\n", {400}),
        ("a line that is no header", get + HOST + b"XY\r\n\r\n", {400, 0}),
        ("a header that begins with a blank", get + b" X: b\r\n" + HOST + b"\r\n", {400, 0}),
        ("NUL in a header's name", get + HOST + b"X\0Y: b\r\n\r\n", {400, 0}),
        ("CR alone in a header", get + HOST + b"X: b\rY: c\r\n\r\n", {400, 0}),
        ("CR alone for a line's end", get.replace(b"\r\n", b"\r") + HOST + b"\r\n", {400, 0}),
        ("ESC in a header", get + HOST + b"X: \x1b[2J\r\n\r\n", {400}),
        ("a compressed body", post + b"Content-Encoding: gzip\r\n" + LENGTH + b"\r\n" + BODY, {415}),
        ("TLS", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(range(256)), {400, 0}),
        ("SSH", b"SSH-2.0-OpenSSH_9.2\r\n\r\n", {400, 0}),
        ("SMTP", b"EHLO a\r\nMAIL FROM:<a@b>\r\n", {400, 505, 0}),
        ("1,000 arguments", b"GET /v1/me?" + b"&".join([b"a=1"] * 1000) + b" HTTP/1.1\r\n" + last + b"\r\n", {0}),
        ("7,000 arguments", b"GET /v1/me?" + b"&".join([b"a"] * 7000) + b" HTTP/1.1\r\n" + last + b"\r\n", {0}),
        ("60 arguments behind a long path", b"GET /" + b"a" * 15000 + b"?" + b"&".join([b"a=1"] * 60) + b" HTTP/1.1\r\n" + last + b"\r\n", {404}),
        ("20,000 arguments", b"GET /v1/me?" + b"&".join([b"a=1"] * 20000) + b" HTTP/1.1\r\n" + last + b"\r\n", {400, 414, 431, 0}),
    ]


CANARY = b"GET /v1/smuggled HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"

# What a strict server would refuse and libmicrohttpd hides from us; docs/security.md has the list.
HIDDEN = [
    ("a bare LF behind every line", b"GET /livez HTTP/1.1\nHost: a\n\n"),
    ("a bare LF behind a header", b"GET /livez HTTP/1.1\r\nHost: a\nX: b\r\n\r\n"),
    ("a bare LF behind the headers", b"GET /livez HTTP/1.1\r\nHost: a\r\n\n"),
    ("bare LFs in a chunked body", b"POST /livez HTTP/1.1\r\nHost: a\r\n" + TE + b"\r\n1\nx\n0\n\n"),
    ("NUL in the target", b"GET /livez\0/../v1/users HTTP/1.1\r\nHost: a\r\n\r\n"),
    ("NUL in the method", b"GET\0X /livez HTTP/1.1\r\nHost: a\r\n\r\n"),
    ("NUL in a header", b"GET /livez HTTP/1.1\r\nHost: a\0b\r\n\r\n"),
    ("a header without a name", b"GET /livez HTTP/1.1\r\nHost: a\r\n: b\r\n\r\n"),
    ("a folded header", b"GET /livez HTTP/1.1\r\nHost: a\r\nX-A: b\r\n c\r\n\r\n"),
    ("two blanks behind the method", b"GET  /livez HTTP/1.1\r\nHost: a\r\n\r\n"),
    ("empty lines before the request", b"\r\n\r\n\r\nGET /livez HTTP/1.1\r\nHost: a\r\n\r\n"),
    ("a chunk's extension", b"POST /livez HTTP/1.1\r\nHost: a\r\n" + TE + b"\r\n1;a=\"b\x01\"\r\nx\r\n0\r\n\r\n"),
    ("trailers that mean something", b"POST /livez HTTP/1.1\r\nHost: a\r\n" + TE + b"\r\n1\r\nx\r\n0\r\nContent-Length: 5\r\nHost: b\r\n\r\n"),
    ("an expectation that is not known", b"GET /livez HTTP/1.1\r\nHost: a\r\nExpect: the-unexpected\r\n\r\n"),
]


def verdicts(target, directory):
    before = directory.dump()
    for what, data, allowed in framing(target):
        replies, ended = ask(target.address, data + CANARY, 3)
        statuses = [reply.status for reply in replies]
        good = ended and len(statuses) <= 1 and (statuses[0] if statuses else 0) in allowed
        tap.ok(good, "framing: %s -> %s" % (what, "/".join(str(status or "closed") for status in sorted(allowed))),
               "got %s%s: %s" % (statuses, ", closed" if ended else "", [reply.body[:200] for reply in replies]))
        if not target.is_alive():
            tap.ok(False, "framing: %s: others are served" % what)
    tap.is_(changes(before, directory.dump()), [], "what was refused has changed nothing")
    at_limits(target)
    for what, data in HIDDEN:
        replies, ended = ask(target.address, data, 0.3)
        said = ", ".join("%d%s" % (reply.status, "" if reply.ours else " (of libmicrohttpd)") for reply in replies) or "nothing"
        tap.note("hidden: %s: %s%s" % (what, said, ", closed" if ended else ""))
        tap.ok(len(replies) <= 1 and target.is_alive(), "hidden: %s: one reply at most, and others are served" % what)


def at_limits(target):
    """What a strict server takes, and just so."""
    many = b"".join(b"X-%d: 1\r\n" % i for i in range(63))
    good = [
        ("64 headers", target.get(extra=many), 200),
        ("16,000 bytes of headers", target.get(extra=b"X: " + b"a" * 16000 + b"\r\n"), 200),
        ("16,000 bytes of target", target.get(b"/v1/" + b"a" * 16000), 404),
        ("HTTP/1.0 without a Host", b"GET /livez HTTP/1.0\r\n\r\n", 200),
        ("names of headers in any letter case", b"GET /v1/me HTTP/1.1\r\nhOST: a\r\n" + target.login.replace(b"Authorization", b"aUTHORIZATION") + b"\r\n", 200),
        ("blanks before a value", b"GET /livez HTTP/1.1\r\nHost:  \t a\r\n\r\n", 200),
        ("bytes that are not ASCII in a header", target.get(extra=b"X: \xc3\xa9\xff\r\n"), 200),
        ("Transfer-Encoding: Chunked", target.post(CHUNKED.replace(b"smuggled", b"chunking"), extra=b"Transfer-Encoding: Chunked\r\n", length=False), 201),
        ("a tab before the value", target.post(CHUNKED.replace(b"smuggled", b"tabulate"), extra=b"Transfer-Encoding:\tchunked\r\n", length=False), 201),
        ("an encoded path", target.get(b"/v1/%6de", extra=target.login), 200),
        ("a method in other letter case", b"get /livez HTTP/1.1\r\n" + HOST + b"\r\n", 405),
        ("a method nobody knows", b"FROBNICATE /livez HTTP/1.1\r\n" + HOST + b"\r\n", 405),
    ]
    for what, data, status in good:
        with Wire(target.address) as wire:
            wire.send(data)
            reply = wire.reply()
            wire.send(target.get())
            second = wire.reply()
            closes = data.startswith(b"GET /livez HTTP/1.0")
            tap.is_((reply and reply.status, second and second.status), (status, None if closes else 200), "at its limit: %s" % what)


# ---- Connections ----------------------------------------------------------------------------------------------------


def after_errors(target):
    """After a refusal of ours the connection goes on."""
    wrong_login = basic("admin", "wrong")
    requests = [
        (400, target.get(b"/v1/users/%zz", extra=target.login)),
        (400, target.post(b"{")),
        (401, target.get(b"/v1/me")),
        (401, target.get(b"/v1/me", extra=wrong_login)),
        (401, target.post(b'{"name":"keep.frame.example"}').replace(target.login, wrong_login)),
        (403, None),
        (404, target.get(b"/nothing")),
        (404, target.get(b"/v1/users/nobody@keep.example", extra=target.login)),
        (404, target.post(b'{"x":1}' * 100, target=b"/nothing")),
        (405, target.post(b"x" * 10000, target=b"/livez")),
        (405, b"DELETE /livez HTTP/1.1\r\nHost: a\r\n\r\n"),
        (409, target.post(b'{"name":"keep.example"}')),
        (412, target.post(b'{"description":"x"}', target=b"/v1/domains/keep.example", extra=b'If-Match: "x"\r\n', verb=b"PATCH")),
        (413, target.chunked(padded("above.keep.example", MIB + 1))),
        (415, target.post(b"{}").replace(b"application/json", b"text/plain")),
        (422, target.post(b"{}")),
        (422, target.chunked(b"{}", 1)),
    ]
    target.admin.post("/v1/domains", {"name": "keep.example"})
    target.admin.post("/v1/users", {"address": "john@keep.example", "password": "a plain man"})
    requests[5] = (403, target.get(b"/v1/users", extra=basic("john@keep.example", "a plain man")))
    with Wire(target.address) as wire:
        for status, data in requests:
            wire.send(data)
            reply = wire.reply()
            wire.send(target.get())
            after = wire.reply()
            tap.is_((reply and reply.status, after and after.status), (status, 200), "after %d the connection goes on" % status)
            if after is None:
                return


def pipelined(target):
    """Many requests at once, some of them slow, are answered in order."""
    wanted, data = [], b""
    for number in range(60):
        kind = number % 4
        if kind == 0:
            wanted.append((404, b"order%d" % number))
            data += target.get(b"/v1/users/order%d@order.example" % number, extra=target.login)
        elif kind == 1:
            wanted.append((200, b'"ok"'))
            data += target.get()
        elif kind == 2:
            wanted.append((422, b"not%d.order.example" % number))
            data += target.post(b'{"address":"x@not%d.order.example"}' % number, target=b"/v1/users")
        else:
            wanted.append((401, b"wrong") if number % 20 == 3 else (405, b"only"))
            data += target.get(b"/v1/me", extra=basic("admin", "wrong")) if number % 20 == 3 else b"PUT /livez HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc"
    with Wire(target.address) as wire:
        sender = threading.Thread(target=wire.send, args=(data,))
        sender.start()
        got = []
        for _ in wanted:
            reply = wire.reply()
            got.append(reply and (reply.status, reply.body))
        sender.join()
    wrong = [(number, one, two) for number, (one, two) in enumerate(zip(got, wanted)) if one is None or one[0] != two[0] or two[1] not in one[1]]
    tap.is_(wrong, [], "60 requests at once are answered in order")
    with Wire(target.address) as wire:
        wire.send(target.get(extra=b"Connection: close\r\n") + target.get())
        first, second = wire.reply(), wire.reply(3)
        tap.ok(first is not None and first.status == 200 and second is None and wire.ended, "what stands behind a last request is not read")


def ends_of_clients(target):
    """Clients that go away in the middle of things."""
    whole = target.post(b'{"name":"away.example"}')
    for cut in range(0, len(whole), 7):
        with Wire(target.address) as wire:
            wire.send(whole[:cut])
            if cut % 2:
                wire.reset()
    slow = target.get(b"/v1/me", extra=basic("admin", "wrong"))
    for _ in range(20):
        wire = Wire(target.address)
        wire.send(slow)
        wire.reset()
    for _ in range(20):
        with Wire(target.address) as wire:
            wire.send(target.get(b"/openapi.json") * 5)
    # libmicrohttpd begins such requests more than once; what they took is to be given back, or the end shows it.
    for size, arguments in [(14, 1000)] * 20 + [(size, 60) for size in range(23000, 29000, 100)]:
        with Wire(target.address) as wire:
            wire.send(b"GET /" + b"a" * (size - 5) + b"?" + b"&".join([b"a"] * arguments) + b" HTTP/1.1\r\nHost: a\r\n\r\n")
            wire.reply(0.01)
    with Wire(target.address) as wire:
        wire.send(target.get())
        wire.half_close()
        reply = wire.reply()
        tap.is_(reply and reply.status, 200, "who has closed his half after a request is answered")
    tap.ok(target.is_alive(), "clients that went away have left no harm")
    tap.is_(target.admin.get("/v1/domains/away.example").status, 404, "half a request is none")


def too_many(target):
    """As many connections as one address may have, and one more. (Others come from 127.0.0.1.)"""
    held = []
    try:
        for _ in range(256):
            wire = Wire(target.address, source="127.0.0.2")
            wire.send(target.get())
            held.append((wire, wire.reply()))
        tap.is_({reply and reply.status for _, reply in held}, {200}, "256 connections from one address are served")
        refused = 0
        for _ in range(5):
            try:
                with Wire(target.address, source="127.0.0.2") as wire:
                    refused += not wire.send(target.get()) or wire.reply() is None
            except ConnectionError:
                refused += 1
        tap.is_(refused, 5, "the 257th is refused")
        tap.ok(target.is_alive(), "others are served")
        held.pop()[0].socket.close()
        tap.ok(gateway.until(lambda: one_more(target), "a free place", 5), "when one has gone, one may come")
    finally:
        for wire, _ in held:
            wire.socket.close()


def one_more(target):
    try:
        with Wire(target.address, source="127.0.0.2") as wire:
            wire.send(target.get())
            reply = wire.reply()
            return reply is not None and reply.status == 200
    except ConnectionError:
        return False


def main():
    with gateway.Gateway("--log-level", "debug") as g:
        target = Target(g)
        directory = Directory(g)
        verdicts(target, directory)
        after_errors(target)
        pipelined(target)
        too_many(target)
        ends_of_clients(target)
        directory.connection.unbind_s()
        tap.is_(complaints_of_log(g), [], "the log tells of no error of ours")
        tap.is_(g.stop(), 0, "it ends well")
    tap.done()


if __name__ == "__main__":
    main()
