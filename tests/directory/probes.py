#!/usr/bin/python3
"""What the gateway only tries leaves nothing behind, also in a directory in which nothing was stored before."""

import os
import sys

sys.path.insert(0, os.path.join(os.environ.get("top_srcdir") or os.path.join(os.path.dirname(os.path.abspath(__file__)), "../.."), "tests/lib"))
import faults
import tap


def main():
    # slapd's mdb of 2.5 takes an attribute for known that it first met in an add with the no-op control, and then stores
    # it under the number of another one.
    with faults.Server() as server, server.gateway() as g:
        admin = server.client(g)
        for name in "one.example", "two.example":
            tap.is_(admin.post("/v1/domains", {"name": name}).status, 201, "create " + name)
        body = {"address": "ann@one.example", "send_as": ["x@two.example", "@two.example"], "quota_bytes": 7}
        tap.is_(admin.post("/v1/users", body).status, 201, "the first user, who may send from another domain")
        reply = admin.get("/v1/users/ann@one.example")
        tap.is_((reply.status, reply.json["address"], reply.json.get("quota_bytes")), (200, "ann@one.example", 7), "he is as he was made")
        tap.is_(admin.post("/v1/aliases", {"address": "a@two.example", "destinations": ["ann@one.example"]}).status, 201, "the first alias")
        body["address"] = "bob@one.example"
        tap.is_(admin.post("/v1/users", body).status, 201, "another user")
        tap.is_(admin.get("/v1/aliases/a@two.example").json["destinations"], ["ann@one.example"], "the alias is as it was made")
        stored = server.slapcat("mail=ann@one.example," + server.domain("one.example"))
        tap.ok("\nmail: ann@one.example\n" in stored and "\nprovostLocalPart: ann\n" in stored and "Tally" not in stored, "and so they are stored", stored)
        tap.is_(admin.complaints, [], "every reply was as described")
    tap.done()


main()
