#!/usr/bin/python3
"""A proxy between a gateway and slapd's socket that misbehaves on order.

As a program it is the proxy: it runs as the system user that slapd knows the gateway by. As a module it has what
starts it. The order is a line of words in a file, read anew for each piece of data:

pass                    everything as it is
delay MILLISECONDS      what slapd answers comes later
refuse                  connections are closed, old and new
lose up|down|both WHEN  what goes that way on connections older than that vanishes
answer CODE OPERATION TEXT  whatever of that operation has the text in it is not for slapd, and gets that result code
lie CODE OPERATION TEXT  slapd does that operation, and what it says is replaced by that result code
reset WHEN OPERATION [TEXT]
                        once: close before, in the middle of, or after the reply to that operation, whose data
                        contain the text; "after" keeps the reply back
hold OPERATION TEXT     once: pass that operation on, and no reply on its connection any more
"""

import os
import socket
import subprocess
import sys
import threading
import time
import urllib.parse

OPERATIONS = {"bind": 0x60, "search": 0x63, "modify": 0x66, "add": 0x68, "delete": 0x4A, "rename": 0x6C}


def length_at(data, at):
    """The length that BER has there, and where what it counts begins."""
    first = data[at]
    if first < 0x80:
        return first, at + 1
    size = first & 0x7F
    return int.from_bytes(data[at + 1:at + 1 + size], "big"), at + 1 + size


def operation(data):
    """The tag of the operation in an LDAP message."""
    if len(data) < 7 or data[0] != 0x30:
        return None
    _, at = length_at(data, 1)
    size, at = length_at(data, at + 1)
    return data[at + size] if at + size < len(data) else None


def messages(data):
    """The LDAP messages in a piece of data; what is none of them is the last."""
    while len(data) > 6 and data[0] == 0x30:
        size, at = length_at(data, 1)
        yield data[:at + size]
        data = data[at + size:]
    if data:
        yield data


def number_of(message):
    """The number of an LDAP message, as it is encoded; None if it is not a whole one."""
    if len(message) < 7 or message[0] != 0x30:
        return None
    _, at = length_at(message, 1)
    return message[at:at + 2 + message[at + 1]]


def answer(message, code):
    """The result of an operation, in slapd's place."""
    _, at = length_at(message, 1)
    number = message[at:at + 2 + message[at + 1]]
    tag = {0x4A: 0x6B, 0x63: 0x65}.get(operation(message), operation(message) + 1)
    result = bytes([tag, 7, 0x0A, 1, code, 0x04, 0, 0x04, 0])
    return bytes([0x30, len(number) + len(result)]) + number + result


class Link:
    """One connection through the proxy."""

    def __init__(self, proxy, client):
        self.proxy = proxy
        self.client = client
        self.slapd = socket.socket(socket.AF_UNIX)
        self.born = time.time()
        self.doomed = None
        self.held = False
        self.lies = {}

    def start(self):
        try:
            self.slapd.connect(self.proxy.target)
        except OSError:
            self.close()
            return
        for way in (self.up, self.down):
            threading.Thread(target=way, daemon=True).start()

    def close(self):
        for end in (self.client, self.slapd):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass  # it is closed already

    def lost(self, order, way):
        return order[0] == "lose" and order[1] in (way, "both") and self.born < float(order[2])

    def take(self, data, code, wanted, text):
        """Answer what is ordered; what is left of the data."""
        left = b""
        for message in messages(data):
            if operation(message) == wanted and text in message:
                self.client.sendall(answer(message, code))
            else:
                left += message
        return left

    def promise(self, data, code, wanted, text):
        """Remember what is to be said of operations that slapd gets."""
        for message in messages(data):
            if operation(message) == wanted and text in message:
                self.lies[number_of(message)] = answer(message, code)

    def lied(self, data):
        """What slapd says, but for that."""
        return b"".join(self.lies.pop(number_of(message), message) for message in messages(data)) if self.lies else data

    @staticmethod
    def meant(order, what, data):
        """Whether that is the operation that an order is about."""
        if order[0] != what:
            return False
        words = order[2:] if what == "reset" else order[1:]
        return operation(data) == OPERATIONS[words[0]] and (len(words) == 1 or words[1].encode() in data)

    def up(self):
        """From the gateway to slapd."""
        try:
            while data := self.client.recv(65536):
                order = self.proxy.order()
                if self.lost(order, "up"):
                    continue
                if self.meant(order, "hold", data) and self.proxy.once():
                    self.held = True
                if self.meant(order, "reset", data) and self.proxy.once():
                    self.doomed = order[1]
                    if self.doomed == "before":
                        break
                if order[0] == "answer":
                    data = self.take(data, int(order[1]), OPERATIONS[order[2]], order[3].encode())
                if order[0] == "lie":
                    self.promise(data, int(order[1]), OPERATIONS[order[2]], order[3].encode())
                self.slapd.sendall(data)
        except OSError:
            pass
        self.close()

    def down(self):
        """From slapd to the gateway."""
        try:
            while data := self.slapd.recv(65536):
                order = self.proxy.order()
                if self.held or self.lost(order, "down"):
                    continue
                if order[0] == "delay":
                    time.sleep(float(order[1]) / 1000)
                if self.doomed == "middle":
                    self.client.sendall(data[:len(data) // 2])
                if self.doomed:
                    break
                self.client.sendall(self.lied(data))
        except OSError:
            pass
        self.close()


class Proxy:
    """Accepts connections and carries out orders."""

    def __init__(self, listen, target, orders):
        self.listen, self.target, self.orders = listen, target, orders
        self.lock = threading.Lock()
        self.spent = None
        self.links = []

    def order(self):
        try:
            with open(self.orders, encoding="utf-8") as file:
                return file.read().split() or ["pass"]
        except FileNotFoundError:
            return ["pass"]

    def once(self):
        """Whether this order was not carried out yet."""
        with self.lock:
            stamp = os.stat(self.orders).st_mtime_ns
            fresh = stamp != self.spent
            self.spent = stamp
            return fresh

    def watch(self):
        while True:
            if self.order()[0] == "refuse":
                for link in self.links:
                    link.close()
                self.links.clear()
            time.sleep(0.01)

    def run(self):
        server = socket.socket(socket.AF_UNIX)
        server.bind(self.listen)
        os.chmod(self.listen, 0o777)
        server.listen(64)
        threading.Thread(target=self.watch, daemon=True).start()
        while True:
            client, _ = server.accept()
            if self.order()[0] == "refuse":
                client.close()
                continue
            link = Link(self, client)
            self.links.append(link)
            link.start()


class Between:
    """A running proxy in front of a slapd's socket; `uri` leads to it."""

    def __init__(self, top, target):
        self.orders = os.path.join(top, "orders")
        self.listen = os.path.join(top, "proxy")
        self.target = target
        self.uri = "ldapi://" + urllib.parse.quote(self.listen, safe="")
        os.chmod(top, 0o777)
        self.process = None

    def __enter__(self):
        become = ["setpriv", "--reuid=provost", "--regid=provost", "--clear-groups"] if os.geteuid() == 0 else []
        self.process = subprocess.Popen(become + ["/usr/bin/python3", os.path.abspath(__file__), self.listen, self.target,
                                                  self.orders])
        deadline = time.monotonic() + 10
        while not os.path.exists(self.listen) and time.monotonic() < deadline:
            time.sleep(0.01)
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()

    def do(self, *order):
        """Give an order; it counts from the next piece of data on."""
        new = self.orders + ".new"
        with open(new, "w", encoding="utf-8") as file:
            file.write(" ".join(str(word) for word in order))
        os.chmod(new, 0o644)
        os.rename(new, self.orders)


if __name__ == "__main__":
    Proxy(*sys.argv[1:4]).run()
