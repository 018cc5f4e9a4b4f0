"""Clients of several gateways that change the same users with If-Match, while an LDAP tool does, too: what they were told is what is there."""

import random
import threading

import ldap

JSON_PATCH = {"Content-Type": "application/json-patch+json"}
DOMAIN = "updates.example"
FIELD = "quota_messages"


def address(number):
    return "u%d@%s" % (number, DOMAIN)


def amend(client, target, operations, headers=None):
    """Send a JSON Patch."""
    return client.request("PATCH", target, operations, dict(JSON_PATCH, **(headers or {})))


class Updates:
    """So many attempts to add one to a number, each at a random user's."""

    def __init__(self, users, attempts):
        self.users, self.left = users, attempts
        self.lock = threading.Lock()
        self.acknowledged = {address(i): 0 for i in range(users)}
        self.unknown = dict.fromkeys(self.acknowledged, 0)
        self.statuses, self.wrong = {}, []

    def prepare(self, client):
        client.post("/v1/domains", {"name": DOMAIN})
        for user in self.acknowledged:
            client.put("/v1/users/" + user, {FIELD: 0})

    def take(self):
        with self.lock:
            self.left -= 1
            return self.left >= 0

    def tell(self, user, status, wrong):
        with self.lock:
            self.statuses[status] = self.statuses.get(status, 0) + 1
            self.acknowledged[user] += status in (200, "ldap")
            self.wrong += wrong

    def one(self, client, chance):
        """Read, add one, and write if it is still what was read."""
        user = address(chance.randrange(self.users))
        target = "/v1/users/" + user
        seen = client.get(target)
        if seen.status in (503, 504):  # a busy machine
            self.tell(user, seen.status, [])
            return
        condition = {"If-Match": seen.headers["ETag"]}
        number = seen.json[FIELD]
        if chance.random() < 0.5:
            reply = client.patch(target, {FIELD: number + 1}, headers=condition)
        else:
            reply = amend(client, target, [{"op": "test", "path": "/" + FIELD, "value": number},
                                           {"op": "replace", "path": "/" + FIELD, "value": number + 1}], condition)
        wrong = []
        if reply.status == 412 and reply.headers.get("ETag") in (None, condition["If-Match"]):
            wrong.append("412 with the tag %s" % reply.headers.get("ETag"))
        elif reply.status == 200 and reply.json[FIELD] < number + 1:  # it may have been written again by now
            wrong.append("from %d to %d" % (number, reply.json[FIELD]))
        elif reply.status not in (200, 412, 503, 504):
            wrong.append("%d %s" % (reply.status, reply.text))
        if reply.status == 503 and reply.json["code"] == "outcome_unknown":
            self.unknown[user] += 1
        self.tell(user, reply.status, wrong)

    def client(self, client, seed):
        chance = random.Random(seed)
        try:
            while self.take():
                self.one(client, chance)
        except Exception as error:  # a thread's exception would be lost
            self.tell(address(0), "died", [repr(error)])

    def tool(self, directory, base, stop):
        """An LDAP tool that knows nothing of tags, and adds as LDAP does (RFC 4525)."""
        chance = random.Random(0)
        try:
            while not stop.wait(0.01):
                user = address(chance.randrange(self.users))
                dn = "mail=%s,provostDomainName=%s,ou=domains,%s" % (user, DOMAIN, base)
                directory.modify_s(dn, [(ldap.MOD_INCREMENT, "provostQuotaMessages", b"1")])
                self.tell(user, "ldap", [])
        except Exception as error:
            self.tell(address(0), "died", [repr(error)])

    def run(self, clients, directory, base="dc=provost"):
        stop = threading.Event()
        tool = threading.Thread(target=self.tool, args=(directory, base, stop))
        threads = [threading.Thread(target=self.client, args=(client, seed)) for seed, client in enumerate(clients, 1)]
        for thread in [tool] + threads:
            thread.start()
        for thread in threads:
            thread.join()
        stop.set()
        tool.join()

    def lost(self, client):
        """Users whose number is not what was acknowledged: it, and what was."""
        found = {user: (client.get("/v1/users/" + user).json[FIELD], count) for user, count in self.acknowledged.items()}
        return {user: pair for user, pair in found.items() if not 0 <= pair[0] - pair[1] <= self.unknown[user]}
