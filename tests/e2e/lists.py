#!/usr/bin/python3
"""Lists page by page while entries come and go: what is there all the time is on exactly one page, in order."""

import os
import random
import sys
import urllib.parse

sys.path.insert(0, os.path.join(os.environ.get("top_srcdir") or os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))), "tests", "lib"))
sys.path.insert(1, os.path.dirname(os.path.abspath(__file__)))

import gateway
import tap
from described import admin, complaints_of_log

SEED = 7


def walk(client, target, between=lambda page: None, by="cursor"):
    """Every page of a list; by its cursor or by its Link, with something done between the pages."""
    pages, path, query = [], target.partition("?")[0], target.partition("?")[2]
    following = target
    while following:
        reply = client.get(following)
        if reply.status != 200 or len(pages) > 200:
            raise RuntimeError("%s: %s" % (following, reply))
        pages.append(reply.json["items"])
        cursor, link = reply.json["next_cursor"], reply.headers["Link"]
        tap.ok((cursor is None) == (link is None), "%s: a cursor and a link, or neither" % following)
        between(len(pages))
        if cursor is None:
            return pages
        if by == "link":
            following = link[1:link.index(">")]
        else:
            following = path + "?" + "&".join(filter(None, [query, "cursor=" + urllib.parse.quote(cursor, safe="")]))
    return pages


def keys(pages, key="address"):
    return [item[key] for page in pages for item in page]


def fill(client, domain, count):
    client.post("/v1/domains", {"name": domain})
    made = ["u%02d@%s" % (number, domain) for number in range(count)]
    order = made[:]
    random.Random(SEED).shuffle(order)
    for address in order:
        client.post("/v1/users", {"address": address, "name": "N"})
        client.post("/v1/aliases", {"address": "a" + address, "destinations": ["x@elsewhere.example"]})
    return made


def undisturbed(client, domain, made):
    for limit in (1, 5, 10, 24, 25, 26, 100, 1000):
        target = "/v1/users?domain=%s&limit=%d" % (domain, limit)
        pages = walk(client, target)
        tap.is_(keys(pages), made, "by %d: everything, in order, once" % limit)
        tap.is_([len(page) for page in pages[:-1]], [limit] * (len(pages) - 1), "by %d: every page but the last is full" % limit)
        tap.is_(len(pages), (len(made) + limit - 1) // limit, "by %d: no page too many" % limit)
    tap.is_(keys(walk(client, "/v1/users?limit=10&domain=" + domain, by="link")), made, "by links")
    tap.is_(keys(walk(client, "/v1/users/?limit=10&domain=" + domain, by="link")), made, "by links, with a slash")
    tap.is_(keys(walk(client, "/v1/aliases?limit=10&domain=" + domain)), ["a" + address for address in made], "aliases")
    tap.is_([client.get("/v1/users/" + item["address"]).json for item in walk(client, "/v1/users?limit=10&domain=" + domain)[1]],
            walk(client, "/v1/users?limit=10&domain=" + domain)[1], "an item is what is read alone")
    tap.is_(len(client.get("/v1/users?domain=" + domain).json["items"]), len(made), "a page has up to 100 by default")


def disturbed(client, domain, made):
    """Insert and delete before, at and behind the cursor."""
    def disturb(page):
        if page == 1:  # u00 to u09 were shown
            client.post("/v1/users", {"address": "u03x@" + domain})
            client.post("/v1/users", {"address": "u15x@" + domain})
            client.delete("/v1/users/u09@" + domain)  # the one the cursor names
            client.delete("/v1/users/u02@" + domain)
            client.delete("/v1/users/u12@" + domain)
        if page == 2:
            client.post("/v1/users", {"address": "u99@" + domain})
            client.post("/v1/users", {"address": "a00@" + domain})
            client.patch("/v1/users/u24@" + domain, {"name": "Changed"})

    pages = walk(client, "/v1/users?limit=10&domain=" + domain, disturb)
    seen = keys(pages)
    stayed = [address for address in made if address[:3] not in ("u02", "u09", "u12")]
    tap.is_([address for address in seen if address in stayed], stayed, "what was there all the time was shown, in order")
    tap.is_(len(seen), len(set(seen)), "nothing was shown twice")
    tap.is_(seen, sorted(seen), "in order")
    tap.is_([address[:4] for address in seen if address not in made], ["u15x", "u99@"], "what came behind the cursor was shown")
    tap.ok("u12@" + domain not in seen, "what went from behind the cursor was not")
    tap.is_({item["address"][:3]: item["name"] for page in pages for item in page}["u24"], "Changed", "as it is when the page is read")


def emptied(client, domain):
    """Everything behind the cursor goes away."""
    cursor = client.get("/v1/users?limit=5&domain=" + domain).json["next_cursor"]
    for address in keys(walk(client, "/v1/users?domain=" + domain)):
        client.delete("/v1/users/" + address)
    reply = client.get("/v1/users?limit=5&domain=%s&cursor=%s" % (domain, urllib.parse.quote(cursor)))
    tap.is_((reply.status, reply.json, reply.headers["Link"]), (200, {"items": [], "next_cursor": None}, None), "nothing is left behind the cursor")


def all_domains(client):
    client.post("/v1/domains", {"name": "b.lists.example"})
    for name in ("zoe", "adam"):
        client.post("/v1/users", {"address": name + "@b.lists.example"})
    pages = walk(client, "/v1/users?limit=7")
    seen = keys(pages)
    tap.is_(seen, sorted(seen), "of all domains: sorted by address")
    tap.ok({"adam@b.lists.example", "zoe@b.lists.example", "u00@lists.example"} <= set(seen), "of all domains: everybody")
    domains = keys(walk(client, "/v1/domains?limit=1"), "name")
    tap.is_(domains, ["b.lists.example", "lists.example", "moving.lists.example"], "domains one by one")
    tap.is_(keys(walk(client, "/v1/users?limit=1&domain=b.lists.example")), ["adam@b.lists.example", "zoe@b.lists.example"], "a domain below another is another")


def main():
    with gateway.Gateway(ldap_port=False) as g:
        client = admin(g)
        made = fill(client, "lists.example", 25)
        undisturbed(client, "lists.example", made)
        made = fill(client, "moving.lists.example", 25)
        disturbed(client, "moving.lists.example", made)
        all_domains(client)
        emptied(client, "moving.lists.example")
        tap.is_(client.complaints, [], "every reply is as described")
        tap.is_(complaints_of_log(g), [], "the log tells of no error of ours")
        tap.is_(g.stop(), 0, "it ends well")
    tap.done()


if __name__ == "__main__":
    main()
