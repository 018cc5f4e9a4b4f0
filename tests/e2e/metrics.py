#!/usr/bin/python3
"""What a gateway tells of itself: metrics and who may read them, the rules and the dashboard made of them, readiness, traces."""

import json
import os
import re
import signal
import subprocess
import sys
import time

TOP = os.environ.get("top_srcdir") or os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(TOP, "tests", "lib"))
sys.path.insert(1, os.path.dirname(os.path.abspath(__file__)))

import yaml

import gateway
import tap
from described import Client, admin, complaints_of_log, nobody

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
PARENT = "00-%s-00f067aa0ba902b7-01" % TRACE
SAMPLE = re.compile(r'([a-z_]+)(?:\{((?:[a-z]+="[^"\\\n]*",?)*)\})? (-?[0-9]+(?:\.[0-9]+)?|\+Inf)$')
METRIC = re.compile(r"\b((?:provost|process)_[a-z_]+)")
ENDS = {"counter": ("_total",), "gauge": ("",), "histogram": ("_bucket", "_sum", "_count")}


def parse(text, openmetrics=False):
    """{name with labels: value} of an exposition; anything that is not to the letter raises."""
    found, kind, family, done, last = {}, None, None, set(), None
    lines = text.split("\n")
    assert lines.pop() == "", "the last line has an end"
    if openmetrics:
        assert lines.pop() == "# EOF", "OpenMetrics ends with EOF"
    for line in lines:
        if line.startswith("# HELP "):
            family = line.split(" ", 3)[2]
            assert family not in done and len(line.split(" ", 3)) == 4, line
            done.add(family)
            kind = None
        elif line.startswith("# TYPE "):
            assert line.split(" ")[2] == family and kind is None, line
            kind = line.split(" ")[3]
        else:
            name, labels, value = SAMPLE.match(line).groups()
            names = [family + ("" if kind == "counter" and not openmetrics else end) for end in ENDS[kind]]
            assert name in names and line.rsplit(" ", 1)[0] not in found, line
            assert len(set(re.findall(r'([a-z]+)="', labels or ""))) == (labels or "").count('="'), line
            found[line.rsplit(" ", 1)[0]] = float(value)
            if name.endswith("_bucket"):
                series = re.sub(r',?le="[^"]*"', "", line.rsplit(" ", 1)[0])
                assert last is None or last[0] != series or last[1] <= float(value), line
                last = (series, float(value))
    return found


def read(g, **more):
    reply = more.pop("client", None) or admin(g)
    reply = reply.get("/metrics", **more)
    return parse(reply.text, "openmetrics" in (reply.headers["Content-Type"] or "")) if reply.status == 200 else reply.status


def families(found):
    return {re.sub(r"\{.*", "", name) for name in found}


def total(found, name, **labels):
    return sum(value for key, value in found.items()
               if re.match(name + r"(\{|$)", key) and all('%s="%s"' % pair in key for pair in labels.items()))


def counts(g):
    client, before = admin(g), read(g)
    client.post("/v1/domains", {"name": "count.example"})
    client.post("/v1/users", {"address": "secret-name@count.example", "password": "a word nobody sees"})
    for _ in range(3):
        client.get("/v1/users/secret-name@count.example")
    client.get("/v1/users/nobody@count.example")
    nobody(g).get("/v1/users/secret-name@count.example")
    nobody(g).get("/no/such/secret-name")
    client.as_("secret-name@count.example", "wrong").get("/v1/me")
    after = read(g)

    def more(name, **labels):
        return total(after, name, **labels) - total(before, name, **labels)
    requests = "provost_http_requests_total"
    tap.is_([more(requests, method="GET", route="/v1/users/{address}", code=code) for code in ("200", "404", "401")], [3, 1, 1], "requests by route and status")
    tap.is_(more(requests, method="POST", route="/v1/users", code="201"), 1, "and method")
    tap.is_(more(requests, route="other", code="404"), 1, "what has no route is one route")
    tap.is_(more("provost_http_request_duration_seconds_count", route="/v1/users/{address}"), 5, "and how long they took")
    tap.ok(0 < more("provost_http_request_duration_seconds_sum", route="/v1/users/{address}") < 30, "in seconds")
    tap.ok(more("provost_directory_operations_total", operation="add", result="success") >= 2, "operations of the directory")
    tap.ok(more("provost_directory_operation_duration_seconds_count", operation="search") >= 3, "and how long they took")
    tap.is_(more("provost_pool_job_duration_seconds_count", pool="hashing"), 1, "a password was hashed")
    tap.is_(more("provost_password_attempts_total", result="wrong"), 1, "and one was wrong")
    tap.ok(total(after, "provost_directory_connections") >= 2 and total(after, "provost_http_connections") >= 1, "connections of both sides")
    tap.ok(total(after, "provost_fibers") >= 3 and total(after, "process_threads") >= 3, "fibers and threads")
    tap.ok(abs(total(after, "process_start_time_seconds") - time.time()) < 300, "when it started")
    tap.is_([name for name in after if "secret" in name or "count.example" in name or "127.0.0.1" in name or "wrong@" in name], [], "no name and no address is in a label")
    return after


def formats(g):
    plain = admin(g).get("/metrics")
    tap.is_(plain.headers["Content-Type"], "text/plain; version=0.0.4; charset=utf-8", "the format of Prometheus")
    reply = admin(g).get("/metrics", headers={"Accept": "application/openmetrics-text;version=1.0.0,text/plain;q=0.5"})
    tap.is_(reply.headers["Content-Type"], "application/openmetrics-text; version=1.0.0; charset=utf-8", "OpenMetrics for who asks for it")
    tap.is_(families(parse(reply.text, True)), families(parse(plain.text)), "with the same in it")


def readers(g, port):
    client = admin(g)
    client.post("/v1/users", {"address": "user@count.example", "password": "x"})
    client.post("/v1/principals", {"login": "metrics-rex", "password": "y", "reseller": {"max_domains": 1}})
    made = {scope: client.post("/v1/keys", {"label": "x", "scopes": [scope]}) for scope in ("metrics:read", "users:read")}
    tap.is_([reply.status for reply in made.values()], [201, 201], "two keys: %s" % made)
    keys = {scope: reply.json["key"] for scope, reply in made.items()}

    def with_key(scope, target="/metrics"):
        return nobody(g).get(target, headers={"Authorization": "Bearer " + keys[scope]}).status
    tap.is_(nobody(g).get("/metrics").status, 401, "nobody reads it without a login")
    tap.is_(client.as_("user@count.example", "x").get("/metrics").status, 403, "a user does not")
    tap.is_(client.as_("metrics-rex", "y").get("/metrics").status, 403, "nor does a reseller")
    tap.is_((with_key("metrics:read"), with_key("users:read")), (200, 403), "a key for that does, and no other")
    tap.is_(with_key("metrics:read", "/v1/users/user@count.example"), 403, "and it is for nothing else")
    aside = Client("127.0.0.1:%d" % port)
    tap.is_([aside.get(path).status for path in ("/metrics", "/readyz", "/livez")], [200] * 3, "metrics.listen asks nobody")
    tap.is_([gateway.Client(aside.address, "admin", g.secret("admin-password")).get(path).status for path in ("/v1/me", "/v1/users", "/nothing")],
            [404] * 3, "and has nothing else, whoever asks")
    tap.is_(aside.request("POST", "/metrics", {}).status, 405, "nor is anything done there")


def made_of_them(found):
    """Every metric that the rules, the dashboard and the page name is there."""
    where = os.path.join(TOP, "docs", "monitoring")
    with open(os.path.join(TOP, "src", "util", "meter.c"), encoding="utf-8") as file:
        rows = re.findall(r'\{"((?:provost|process)_[a-z_]+)", (COUNTER|GAUGE|HISTOGRAM),', file.read())
    known = {name + end for name, kind in rows for end in ENDS[kind.lower()]}
    tap.is_(sorted(families(found) - known), [], "what a gateway tells is in the table")
    known_and_seen = families(found)
    rare = known - known_and_seen
    tap.note("not seen in this test: " + ", ".join(sorted(rare)))
    tap.is_(sorted(name for name in rare if not re.match(r"provost_(http_refused_total|tls_certificate_.*)$", name)), [],
            "and nearly all of the table is told")
    with open(os.path.join(where, "alerts.yaml"), encoding="utf-8") as file:
        rules = [rule for group in yaml.safe_load(file)["groups"] for rule in group["rules"]]
    with open(os.path.join(where, "dashboard.json"), encoding="utf-8") as file:
        panels = json.load(file)["panels"]
    expressions = [rule["expr"] for rule in rules] + [target["expr"] for panel in panels for target in panel["targets"]]
    tap.ok(len(rules) >= 10 and len(panels) >= 10, "there are rules and panels")
    tap.is_(sorted(set(METRIC.findall(" ".join(expressions))) - known), [], "every metric that they name is there")
    labels = {name: set() for name in known}
    for key in found:
        labels[re.sub(r"\{.*", "", key)] |= set(re.findall(r'([a-z]+)="', key))
    wrong = [(name, label) for e in expressions for name, given in re.findall(r"\b((?:provost|process)_[a-z_]+)\{([^}]*)\}", e)
             for label in re.findall(r"([a-z]+)[!=]?[=~]", given) if label not in labels[name] | {"instance", "job"} and labels[name]]
    tap.is_(wrong, [], "with the labels that they name")
    tap.is_([rule["alert"] for rule in rules if not rule["annotations"]["summary"] or rule["labels"]["severity"] not in ("warning", "critical")], [],
            "every rule says what it is about")
    with open(os.path.join(TOP, "docs", "monitoring.md"), encoding="utf-8") as file:
        page = file.read()
    tap.is_(sorted(name for name, kind in rows if name.startswith("provost_") and "`%s`" % (name + ("_total" if kind == "COUNTER" else "")) not in page), [],
            "docs/monitoring.md has every one")


def traces(g):
    client = admin(g)
    client.post("/v1/domains", {"name": "trace.example"})
    reply = client.post("/v1/aliases", {"address": "t@trace.example", "destinations": ["x@else.example"]}, headers={"traceparent": PARENT, "tracestate": "a=1"})
    timing = reply.headers["Server-Timing"]
    tap.ok(re.fullmatch(r'traceparent;desc="00-%s-[0-9a-f]{16}-01"' % TRACE, timing or "") and "00f067aa0ba902b7" not in timing, "a trace is followed: %s" % timing)
    name = reply.headers["X-Request-Id"]
    tap.ok("id=%s trace=%s " % (name, TRACE) in g.log(), "the log has it")
    plain = client.patch("/v1/aliases/t@trace.example", {"destinations": ["y@else.example"]})
    tap.is_(plain.headers["Server-Timing"], None, "none is begun for who has none")
    found = client.get("/v1/audit?object=t@trace.example").json["items"]
    tap.is_([(one["request"], one["trace"], one["key"], one["via"]) for one in found],
            [(plain.headers["X-Request-Id"], None, None, "password"), (name, TRACE, None, "password")], "the trail of changes shows it")
    for what, sent in [("too short", PARENT[:-1]), ("in capitals", PARENT.upper()), ("of a version that is none", "ff" + PARENT[2:]), ("all zero", PARENT.replace(TRACE, "0" * 32))]:
        timing = client.get("/v1/me", headers={"traceparent": sent}).headers["Server-Timing"]
        tap.ok(timing and TRACE not in timing.lower() and "0" * 32 not in timing, "%s: another is begun" % what)


def slow(g):
    lines = re.findall(r"event=directory-slow id=(\S+) (?:trace=(\S+) )?operation=(\w+) what=\S+ millis=(\d+)", g.log())
    tap.ok(any(trace == TRACE and operation == "add" and int(millis) >= 1 for _, trace, operation, millis in lines), "slow operations are told of, with their trace: %s" % lines[:3])


def readiness(g, port):
    client = Client(g.address)
    reply = client.get("/readyz")
    checks = {check["name"]: check for check in reply.json["checks"]}
    tap.is_((reply.status, reply.json["status"], len(checks)), (200, "ok", 11), "ready, and what was looked at")
    gateway.until(lambda: all(check["status"] == "ok" for check in client.get("/readyz").json["checks"]), "all checks", 10)
    tap.ok(True, "all is well")
    tap.is_(sorted(name for name, check in checks.items() if check["required"]), ["directory_read", "login", "schema"], "what is required")
    gateway.until(lambda: total(read(g), "provost_lease_held") == 1, "the lease", 10)
    gateway.until(lambda: total(read(g), "provost_duty_last_success_timestamp_seconds", duty="seal") > 0, "a duty", 20)
    found = read(g)
    tap.ok(abs(total(found, "provost_change_log_read_timestamp_seconds") - time.time()) < 5, "the log of changes is read")
    tap.is_(total(found, "provost_ready"), 1, "the metrics say so, too")
    slapd = int(subprocess.run(["pgrep", "-P", str(g.process.pid), "slapd"], capture_output=True, text=True, check=True).stdout.split()[0])
    os.kill(slapd, signal.SIGSTOP)
    try:
        def failed():
            return {check["name"]: check.get("reason") for check in client.get("/readyz").json["checks"] if check["status"] == "failed"}
        gateway.until(lambda: {"directory_read", "directory_write", "directory_read_socket", "directory_add_socket", "login"} <= set(failed()), "the checks", 10)
        reply = client.get("/readyz")
        tap.ok(reply.status == 503 and all(failed().values()), "without a directory it says what is wrong: %s" % failed())
        tap.is_((reply.json["code"], reply.headers["Retry-After"]), ("directory_down", "1"), "as a problem")
        tap.is_(client.get("/livez").json, {"status": "ok"}, "it lives all the same")
        aside = Client("127.0.0.1:%d" % port)
        gateway.until(lambda: total(read(g, client=aside), "provost_check_failed", check="directory_read") == 1, "the first loop", 10)
        aside = read(g, client=aside)
        tap.is_((total(aside, "provost_ready"), total(aside, "provost_check_failed", check="directory_read")), (0, 1), "the metrics are told without the directory")
    finally:
        os.kill(slapd, signal.SIGCONT)
    gateway.until(lambda: client.get("/readyz").status == 200, "200", 20)
    return client


def main():
    port = gateway.free_port()
    with gateway.Gateway("--loops", "2", "--metrics-listen", "127.0.0.1:%d" % port, "--ldap-slow-millis", "1") as g:
        tap.ok("event=metrics-serving listen=127.0.0.1:%d" % port in g.log(), "it says where")
        counts(g)
        formats(g)
        readers(g, port)
        traces(g)
        slow(g)
        client = readiness(g, port)
        made_of_them(read(g))
        tap.is_(client.complaints, [], "all is as described")
        tap.is_(complaints_of_log(g), [], "nothing went wrong")
    tap.done()


main()
