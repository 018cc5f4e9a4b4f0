#!/usr/bin/python3
"""Eight clients on two gateways create, replace and delete the same addresses: each answer is true, and what is stored is a winner's."""

import os
import sys
import threading

sys.path.insert(0, os.path.join(os.environ.get("top_srcdir") or os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))), "tests", "lib"))

import gateway
import tap

CLIENTS = 8
ADDRESSES = 1000
CONTESTED = 40
REPLACED = 25
TURNS = 6


class Racer(threading.Thread):
    """One client that creates every address, in its own order, with values of its own."""

    def __init__(self, client, number, barrier):
        super().__init__()
        self.client, self.number, self.barrier = client, number, barrier
        self.won, self.answers, self.error = {}, {}, None

    def run(self):
        try:
            self.barrier.wait()
            for i in range(ADDRESSES):
                self.create(i)
        except Exception as error:  # a thread's exception would be lost
            self.error = error

    def create(self, i):
        address = "u%04d@race.example" % i
        # Every third address is wanted as a user by some and as an alias by others.
        if i % 3 == 0 and self.number % 2:
            path, body = "/v1/aliases", {"address": address, "description": "by %d" % self.number,
                                         "destinations": ["d%d@elsewhere.example" % self.number]}
        else:
            path, body = "/v1/users", {"address": address, "name": "By %d" % self.number,
                                       "family_name": "F%d" % i, "quota_bytes": self.number * 1000 + i}
        reply = self.client.post(path, body)
        self.answers[reply.status] = self.answers.get(reply.status, 0) + 1
        if reply.status == 201:
            self.won[address] = (path, body)


def race(clients):
    barrier = threading.Barrier(len(clients))
    racers = [Racer(client, number, barrier) for number, client in enumerate(clients)]
    for racer in racers:
        racer.start()
    for racer in racers:
        racer.join()
        tap.ok(racer.error is None, "client %d came through" % racer.number, repr(racer.error))
    return racers


def walk(client, path):
    """Everything a collection lists, page by page."""
    found, cursor = [], ""
    while cursor is not None:
        reply = client.get("%s?limit=300&domain=race.example%s" % (path, cursor and "&cursor=" + cursor))
        found += reply.json["items"]
        cursor = reply.json["next_cursor"]
    return found


def creations(client, clients):
    tap.is_(client.post("/v1/domains", {"name": "race.example"}).status, 201, "create the domain")
    racers = race(clients)
    wins = {}
    for racer in racers:
        for address, what in racer.won.items():
            wins.setdefault(address, []).append(what)
    tap.is_(len(wins), ADDRESSES, "every address was given")
    tap.is_([a for a, winners in wins.items() if len(winners) != 1], [], "each to exactly one")
    answers = {}
    for racer in racers:
        for status, count in racer.answers.items():
            answers[status] = answers.get(status, 0) + count
    tap.is_(answers, {201: ADDRESSES, 409: ADDRESSES * (CLIENTS - 1)}, "all others were told so")
    stored = {item["address"]: ("/v1/users", item) for item in walk(client, "/v1/users")}
    stored.update({item["address"]: ("/v1/aliases", item) for item in walk(client, "/v1/aliases")})
    tap.is_(len(stored), ADDRESSES, "the directory holds as many")
    wrong = []
    for address, winners in wins.items():
        path, sent = winners[0]
        held_path, held = stored.get(address, (None, {}))
        if held_path != path or any(held.get(key) != value for key, value in sent.items()):
            wrong.append((address, sent, held))
    tap.is_(wrong, [], "each reads back as its winner sent it")


def lost_updates(clients):
    """Conditional changes: as many increments are seen as were acknowledged."""
    target = "/v1/users/u0001@race.example"
    clients[0].patch(target, {"quota_bytes": 0})
    done, failed = [], []

    def work(client):
        mine = 0
        while mine < CONTESTED:
            seen = client.get(target)
            reply = client.patch(target, {"quota_bytes": seen.json["quota_bytes"] + 1},
                                 headers={"If-Match": seen.headers["ETag"]})
            if reply.status == 200:
                mine += 1
            elif reply.status != 412:
                failed.append(reply)
                return
        done.append(mine)

    threads = [threading.Thread(target=work, args=(client,)) for client in clients[:4]]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    tap.is_(failed, [], "a change that comes too late is 412 and nothing else")
    tap.is_(clients[0].get(target).json["quota_bytes"], 4 * CONTESTED, "no acknowledged increment is lost")


def at_once(clients, work):
    """What work(client, number) answers for each client, all at the same time."""
    barrier, answers = threading.Barrier(len(clients)), [None] * len(clients)

    def one(number, client):
        barrier.wait()
        answers[number] = work(client, number)

    threads = [threading.Thread(target=one, args=pair) for pair in enumerate(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def replacements(clients):
    """PUT of all at the same place at once: one creates, and the others replace, or are told that they came too late."""
    for condition, others in ((None, 200), ("*", 412)):
        headers = {"If-None-Match": condition} if condition else {}
        wrong = []
        for i in range(REPLACED):
            target = "/v1/users/p%d-%d@race.example" % (others, i)
            answers = at_once(clients, lambda client, number: client.put(target, {"name": "By %d" % number, "quota_bytes": number}, headers=headers))
            statuses = sorted(reply.status for reply in answers)
            held = clients[0].get(target).json
            whole = held["name"] == "By %d" % held["quota_bytes"]
            if statuses != sorted([201] + [others] * (CLIENTS - 1)) or not whole:
                wrong.append((target, statuses, held))
        tap.is_(wrong, [], "If-None-Match %s: one creates, for the others it is %d, and nothing is mixed" % (condition, others))


def deletions(clients):
    """PUT against DELETE: as many were made as were deleted, but for the one that is there in the end."""
    wrong = []
    for i in range(REPLACED):
        target = "/v1/aliases/d%d@race.example" % i
        body = {"destinations": ["x@elsewhere.example"]}

        def work(client, number):
            return [(client.put(target, body) if (number + turn) % 2 else client.delete(target)).status for turn in range(TURNS)]

        statuses = sum(at_once(clients, work), [])
        there = clients[0].get(target).status == 200
        if statuses.count(201) - statuses.count(204) != there or set(statuses) - {200, 201, 204, 404, 503}:
            wrong.append((target, statuses, there))
    tap.is_(wrong, [], "what was created and what was deleted add up")


def main():
    with gateway.Gateway() as first:
        with gateway.Gateway("--ldap-uri", first.ldapi) as second:
            admin = first.admin()
            clients = [gateway.Client((first, second)[i % 2].address, "admin", admin.password) for i in range(CLIENTS)]
            creations(admin, clients)
            lost_updates(clients)
            replacements(clients)
            deletions(clients)
            complaints = admin.complaints + [c for client in clients for c in client.complaints]
            tap.is_(complaints, [], "every reply was as described")
            for g in first, second:
                tap.ok("Sanitizer" not in g.log() and "runtime error" not in g.log(), "no sanitizer report",
                       g.log()[-4000:])
    tap.done()


main()
