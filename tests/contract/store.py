#!/usr/bin/python3
"""The contract of the store, put to a real directory."""

import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.environ.get("top_srcdir") or os.path.join(os.path.dirname(os.path.abspath(__file__)), "../.."), "tests/lib"))
from directory import Directory, ldif, principal_entry

BUILD = os.environ.get("top_builddir", ".")
BASE = "o=mail,dc=contract"
DEADLINE = 120

guest = ldif("uid=guest,ou=principals," + BASE, principal_entry("guest"))
with Directory(base=BASE, entries=guest) as directory:
    command = [os.path.join(BUILD, "tests/contract/directory"), directory.ldapi, BASE, "store"]
    sys.stdout.flush()
    status = subprocess.run(command, timeout=DEADLINE, check=False).returncode
    if not directory.alive():
        print("Bail out! slapd has ended")
        status = 1
sys.exit(1 if status else 0)
