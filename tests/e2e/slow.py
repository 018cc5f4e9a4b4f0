#!/usr/bin/python3
"""Clients that send and read slowly, or announce more than they send: they keep nobody from being served."""

import concurrent.futures
import os
import re
import socket
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.environ.get("top_srcdir") or os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))), "tests", "lib"))
sys.path.insert(1, os.path.dirname(os.path.abspath(__file__)))

import crowd
import gateway
import tap
from described import complaints_of_log, nobody
from wire import MIB, Target, Wire, padded

# ---- Many bodies ----------------------------------------------------------------------------------------------------

TE = b"Transfer-Encoding: chunked\r\n"
BODIES_MOST = 64 * MIB  # room for all bodies of a loop


def resident(pid):
    with open("/proc/%d/status" % pid, encoding="utf-8") as file:
        return int(re.search(r"VmRSS:\s+(\d+) kB", file.read()).group(1)) * 1024


def announced(target, size, sent):
    """A connection on which a body is announced, and begun, by somebody who may be anybody."""
    wire = Wire(target.address, source="127.0.0.2")
    wire.send(b"POST /v1/domains HTTP/1.1\r\nHost: a\r\nAuthorization: x\r\nContent-Length: %d\r\n\r\n" % size + b" " * sent)
    return wire


def change(target, name):
    """Statuses of small requests and of a large one."""
    statuses = [target.admin.post("/v1/domains", {"name": name}).status, target.admin.patch("/v1/domains/" + name, {"description": "x"}).status]
    with Wire(target.address) as wire:
        wire.send(target.post(padded("large." + name, MIB)))
        reply = wire.reply()
        return statuses + [reply and reply.status]


def slow_bodies(target):
    """As many as would have all room if they got what they announce, and hardly send anything."""
    before, held, statuses = resident(target.g.process.pid), [], set()
    try:
        held += [announced(target, MIB, 1) for _ in range(BODIES_MOST // MIB)]
        for number in range(4):
            statuses.add(tuple(change(target, "slow%d.example" % number)))
            for wire in held:
                wire.send(b" " * 2048)
            time.sleep(1)
        tap.is_(statuses, {(201, 200, 201)}, "64 slow bodies of 1 MiB keep nobody from sending")
        grown = resident(target.g.process.pid) - before
        tap.ok(grown < BODIES_MOST // 2, "and take memory for what they sent only", "%d bytes" % grown)
        tap.is_([wire for wire in held if wire.ended or wire.fill(0)], [], "they are still at it")
    finally:
        for wire in held:
            wire.socket.close()


def large_bodies(target):
    """One source, with as many as would have all room, and all that they announced but a byte: it gets a half."""
    held = []
    try:
        held += [announced(target, MIB, MIB - 1) for _ in range(BODIES_MOST // MIB + 16)]
        greedy = Wire(target.address, source="127.0.0.2")
        held.append(greedy)

        def refused():
            greedy.send(target.post(padded("greedy.example", MIB)) + target.get())
            return (greedy.reply().status, greedy.reply().status)

        gateway.until(lambda: refused() == (503, 200), "no room for this source", 10)
        tap.ok(True, "a source that takes half of the room gets no more of it, and can go on with other requests")
        tap.is_(change(target, "crowded.example"), [201, 200, 201], "others get through, with large bodies, too")
        held.remove(greedy)
        greedy.socket.close()
        for wire in held:
            wire.send(b" ")
        replies = [wire.reply() for wire in held]
        statuses = [reply and reply.status for reply in replies]
        tap.ok(set(statuses) == {401, 503} and statuses.count(401) <= 32, "those who had room are answered, those who had none are 503", statuses)
    finally:
        for wire in held:
            wire.socket.close()
    tap.is_(change(target, "roomy.example"), [201, 200, 201], "when they have gone, there is room again")


def many_bodies():
    """All on one loop."""
    with gateway.Gateway("--loops", "1", ldap_port=False) as g:
        target = Target(g)
        slow_bodies(target)
        large_bodies(target)
        tap.is_(complaints_of_log(g), [], "many bodies: the log tells of no error of ours")
        tap.is_(g.stop(), 0, "many bodies: it ends well")


# ---- Slow clients ---------------------------------------------------------------------------------------------------

TIMED = True  # or, where others keep the machine busy meanwhile, not
PATIENCE = {"http-header-seconds": 2, "http-idle-seconds": 3, "http-request-seconds": 8}


def drip(wire, data, pause, seconds):
    """Send bytes with pauses until the server has had enough; after how long that was, None if it never was."""
    began = time.monotonic()
    for i in range(len(data)):
        if time.monotonic() - began > seconds:
            return None
        if not wire.send(data[i:i + 1]):
            return time.monotonic() - began
        if wire.end(pause) is not None:
            return time.monotonic() - began
    return None


def closed_in(what, took, least, most):
    if not TIMED:
        return took is not None, "slow: %s: closed" % what, None
    return (took is not None and least <= took <= most, "slow: %s: closed after %g to %g s" % (what, least, most), "after %s s" % took)


def slow_headers(t):
    with Wire(t.address) as wire:
        return closed_in("headers, byte by byte", drip(wire, t.get(extra=b"X: " + b"a" * 1000 + b"\r\n"), 0.4, 8), 1.5, 3.5)


def slow_request_line(t):
    with Wire(t.address) as wire:
        return closed_in("empty lines", drip(wire, b"\r\n" * 100, 0.4, 8), 1.5, 3.5)


def nothing_at_all(t):
    with Wire(t.address) as wire:
        return closed_in("nothing at all", wire.end(8), 1.5, 3.5)


def idle_connection(t):
    with Wire(t.address) as wire:
        wire.send(t.get())
        reply = wire.reply()
        passed, what, detail = closed_in("nothing more after a reply", wire.end(10), 2, 5.5)
        return passed and reply.status == 200, what, detail


def slow_next_headers(t):
    with Wire(t.address) as wire:
        wire.send(t.get())
        wire.reply()
        return closed_in("the headers of a second request", drip(wire, t.get(extra=b"X: " + b"a" * 1000 + b"\r\n"), 0.4, 12), 1.5, 6.5)


def slow_body(t):
    with Wire(t.address) as wire:
        wire.send(t.post(b"", extra=b"Content-Length: 100000\r\n", length=False))
        return closed_in("a body of less than 1 KiB a second", drip(wire, b" " * 1000, 0.1, 12), 4, 7)


def slow_chunks(t):
    with Wire(t.address) as wire:
        wire.send(t.post(b"", extra=TE, length=False))
        return closed_in("a chunked body of less than 1 KiB a second", drip(wire, b"1\r\n \r\n" * 500, 0.1, 12), 4, 7)


def long_extension(t):
    with Wire(t.address) as wire:
        wire.send(t.post(b"", extra=TE, length=False) + b"1;")
        return closed_in("a chunk's extension without end", drip(wire, b"a" * 1000, 0.1, 12), 2, 9.5)


def endless_extension(t):
    with Wire(t.address) as wire:
        wire.send(t.post(b"", extra=TE, length=False) + b"1;" + b"a" * 200000)
        return closed_in("a chunk's extension of 200,000 bytes", wire.end(12) if not wire.ended else 0.0, 0, 9.5)


def no_body(t):
    with Wire(t.address) as wire:
        wire.send(t.post(b"", extra=b"Content-Length: 10\r\n", length=False))
        return closed_in("a body that does not come", wire.end(12), 2, 6.5)


def long_body(t):
    """Fast enough, and never at its end."""
    with Wire(t.address) as wire:
        wire.send(t.post(b"", extra=TE, length=False))
        began = time.monotonic()
        while time.monotonic() - began < 14:
            if not wire.send(b"200\r\n" + b" " * 512 + b"\r\n") or wire.end(0.1) is not None:
                break
        return closed_in("a body that goes on and on", time.monotonic() - began if wire.ended else None, 6.5, 10.5)


def half_closed(t):
    with Wire(t.address) as wire:
        wire.send(t.post(b"", extra=b"Content-Length: 100\r\n", length=False) + b"{")
        wire.half_close()
        return closed_in("an upload that was closed half-way", wire.end(10), 0, 6.5)


def half_closed_after(t):
    with Wire(t.address) as wire:
        wire.send(t.get())
        wire.half_close()
        reply = wire.reply()
        passed, what, detail = closed_in("a connection that was closed half-way after a request", wire.end(10), 0, 5.5)
        return passed and reply is not None and reply.status == 200, what, detail


def half_closed_headers(t):
    with Wire(t.address) as wire:
        wire.send(b"GET /livez HTTP/1.1\r\nHost: a\r\n")
        wire.half_close()
        return closed_in("headers that were closed half-way", wire.end(10), 0, 3.5)


def slow_reader(t):
    """He asks for megabytes and reads nothing."""
    with Wire(t.address, receive=4096) as wire:
        wire.socket.settimeout(1)
        asked = t.get(b"/openapi.json") * 200
        began = time.monotonic()
        sent = wire.send(asked)
        time.sleep(max(0, began + 11 - time.monotonic()))  # he is to be cut off meanwhile
        got = 0
        while True:
            wire.socket.settimeout(2)
            try:
                data = wire.socket.recv(1 << 16)
            except socket.timeout:
                return False, "slow: a reader who reads nothing is cut off", "still open after %d bytes" % got
            except ConnectionError:
                data = b""
            got += len(data)
            if not data:
                break
        whole = 200 * len(t.g_openapi)
        return got < whole or not sent, "slow: a reader who reads nothing is cut off", "he got %d of %d bytes" % (got, whole)


def greedy(t):
    """Some hundreds of all sorts, who come again when they are closed."""
    them = crowd.Crowd(t.address, {crowd.IDLE: 300, crowd.HEADERS: 100, crowd.BODIES: 20})
    deadline = time.monotonic() + 9
    while time.monotonic() < deadline:
        them.turn()
    state = them.state()
    them.close()
    held = sum(state["open"].values())
    cut = state["ended"][crowd.IDLE] >= 300 and state["ended"][crowd.HEADERS] >= 100
    return held > 300 and cut and not state["refused"], "slow: hundreds are let in, and cut off again and again", state


def good_client(t):
    """Meanwhile others are served as ever."""
    slowest, deadline = 0.0, time.monotonic() + 8
    while time.monotonic() < deadline:
        began = time.monotonic()
        if not t.is_alive():
            return False, "slow: meanwhile others are served", "not at %s" % time.monotonic()
        slowest = max(slowest, time.monotonic() - began)
        time.sleep(0.05)
    return slowest < 2 or not TIMED, "slow: meanwhile others are served", "one took %.3f s" % slowest


SLOW = [slow_headers, slow_request_line, nothing_at_all, idle_connection, slow_next_headers, slow_body, slow_chunks, long_extension, endless_extension, no_body,
        long_body, half_closed, half_closed_after, half_closed_headers, slow_reader, greedy,
        good_client]


def slow_clients(results):
    """All of them at once, with a gateway of little patience; the results are told later."""
    options = [word for name, seconds in PATIENCE.items() for word in ("--" + name, str(seconds))]
    with gateway.Gateway(*options, ldap_port=False) as g:
        target = Target(g)
        target.g_openapi = nobody(g).get("/openapi.json").text.encode()
        with concurrent.futures.ThreadPoolExecutor(len(SLOW)) as pool:
            results += pool.map(lambda one: one(target), SLOW)
        results.append((complaints_of_log(g) == [], "slow: the log tells of no error of ours", complaints_of_log(g)))
        results.append((g.stop() == 0, "slow: it ends well", g.log()[-3000:]))


def main():
    results = []
    slow = threading.Thread(target=slow_clients, args=(results,))
    slow.start()  # most of its time it waits
    many_bodies()
    slow.join()
    for result in results:
        tap.ok(*result)
    tap.is_(len(results), len(SLOW) + 2, "all of the slow ones came to their end")
    tap.done()


if __name__ == "__main__":
    main()
