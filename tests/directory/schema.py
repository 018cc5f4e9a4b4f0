#!/usr/bin/python3
"""Both forms of the schema say the same, and both load."""

import os
import re
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.environ.get("top_srcdir") or os.path.join(os.path.dirname(os.path.abspath(__file__)), "../.."), "tests/lib"))
import tap
from directory import SCHEMAS, SLAPTEST, Directory, load_template
from ldap.schema.models import AttributeType, ObjectClass

ARC = "2.25.141614563517026167447208273370186237191"


def expand(text, macros):
    """Put numbers for the macros in front of a definition."""
    def number(name):
        head, _, tail = name.partition(":")
        return (number(macros[head]) if head in macros else head) + ("." + tail if tail else "")

    return re.sub(r"^\(\s*(\S+)", lambda match: "( " + number(match.group(1)), text)


def definitions(words, keys):
    """Attributes and classes by number, from (keyword, value) pairs."""
    macros = {}
    found = {}
    for key, value in words:
        value = " ".join(value.split())
        if key == keys[0]:
            name, number = value.split()
            macros[name] = number
            continue
        model = {keys[1]: AttributeType, keys[2]: ObjectClass}.get(key)
        if model is None:
            continue
        definition = model(expand(value, macros))
        if definition.oid in found:
            raise ValueError("number %s is given twice" % definition.oid)
        found[definition.oid] = definition
    return found


def from_schema(text):
    """The definitions of the slapd.conf form."""
    text = re.sub(r"(?m)^#.*\n", "", text)
    text = re.sub(r"\n[ \t]+", " ", text)
    words = [line.split(None, 1) for line in text.splitlines() if line.strip()]
    return definitions(words, ("objectIdentifier", "attributetype", "objectclass"))


def from_ldif(text):
    """The definitions of the cn=config form."""
    text = re.sub(r"(?m)^#.*\n(?: .*\n)*", "", text)
    text = text.replace("\n ", "")
    words = [line.split(": ", 1) for line in text.splitlines() if line.strip()]
    return definitions(words, ("olcObjectIdentifier", "olcAttributeTypes", "olcObjectClasses"))


first = from_schema(load_template("schema", "provost.schema"))
second = from_ldif(load_template("schema", "provost.ldif"))
tap.ok(len(first) > 70, "provost.schema has all definitions", len(first))
tap.is_(sorted(first), sorted(second), "both forms give out the same numbers")
for oid in sorted(first, key=lambda oid: [int(part) for part in oid.split(".")]):
    name = first[oid].names[0]
    tap.is_(str(second[oid]) if oid in second else None, str(first[oid]), "both forms define %s alike" % name)
    tap.ok(oid.startswith(ARC + (".1." if isinstance(first[oid], AttributeType) else ".2.")), "%s has a number of our arc" % name, oid)
    tap.ok(name.startswith("provost"), "%s has our prefix" % name)
    tap.ok(first[oid].desc and len(first[oid].desc) > 10, "%s has a description" % name, first[oid].desc)
names = [definition.names[0] for definition in first.values()]
tap.is_(len(set(names)), len(names), "no name is given twice")
used = set()
for definition in first.values():
    if isinstance(definition, ObjectClass):
        used |= set(definition.must) | set(definition.may)
    else:
        used |= set(definition.sup)  # what only unites others is in no entry
for definition in first.values():
    if isinstance(definition, AttributeType):
        tap.ok(definition.names[0] in used, "%s is allowed in some class" % definition.names[0])

with tempfile.TemporaryDirectory() as place:
    path = os.path.join(place, "slapd.conf")
    with open(path, "w", encoding="utf-8") as file:
        for name in ("core", "cosine", "inetorgperson"):
            file.write("include %s/%s.schema\n" % (SCHEMAS, name))
        schema = os.path.join(place, "provost.schema")
        with open(schema, "w", encoding="utf-8") as copy:
            copy.write(load_template("schema", "provost.schema"))
        file.write("include %s\n" % schema)
    run = subprocess.run([SLAPTEST, "-Q", "-u", "-f", path], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=60, check=False)
    tap.is_((run.returncode, run.stdout), (0, ""), "slapd loads provost.schema without a word")

for base in ("dc=provost", "o=mail,dc=example,dc=org"):
    with Directory(base=base) as directory:
        tap.is_(directory.setup_output, "", "slapadd loads configuration and tree of %s without a word" % base)
        tap.is_(directory.slaptest(), (0, ""), "slaptest finds nothing in the configuration of %s" % base)
        admin = directory.admin()
        result = admin.search_s(directory.base, 2, "(objectClass=provostPrincipal)", ["uid"])
        tap.is_([entry["uid"] for _, entry in result], [[b"admin"]], "the first administrator of %s can log in and search" % base)
        admin.unbind_s()
tap.done()
