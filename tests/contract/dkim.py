#!/usr/bin/python3
"""The contract of where DKIM keys are kept, put to a real directory."""

import os
import sys

sys.path.insert(0, os.path.join(os.environ.get("top_srcdir") or os.path.join(os.path.dirname(os.path.abspath(__file__)), "../.."), "tests/lib"))
from directory import hold_contract

hold_contract("dkim")
