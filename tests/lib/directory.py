"""A private slapd, set up from the shipped templates, for the length of a test."""

import atexit
import ctypes
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse

import ldap
import ldap.controls
from ldap.controls import RequestControl

TOP = os.environ.get("top_srcdir") or os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SLAPD = os.environ.get("SLAPD", "/usr/sbin/slapd")
SLAPADD = os.environ.get("SLAPADD", "/usr/sbin/slapadd")
SLAPCAT = os.environ.get("SLAPCAT", "/usr/sbin/slapcat")
SLAPTEST = os.environ.get("SLAPTEST", "/usr/sbin/slaptest")
MODULES = os.environ.get("SLAPD_MODULES", "/usr/lib/ldap")
SCHEMAS = os.environ.get("SLAPD_SCHEMAS", "/etc/ldap/schema")
PASSWORD_FORMS = r"^\{CRYPT\}\$(y|gy|7|2[by]|5|6)\$[./A-Za-z0-9$=,]{8,200}$"
START_DEADLINE = 20
STOP_DEADLINE = 20

PROXY = "2.16.840.1.113730.3.4.18"
NOOP = "1.3.6.1.4.1.4203.666.5.2"
RELAX = "1.3.6.1.4.1.4203.666.5.12"
ASSERTION = "1.3.6.1.1.12"
NOOP_DONE = 0x410E

_libcrypt = ctypes.CDLL("libcrypt.so.1")
_libcrypt.crypt.restype = ctypes.c_char_p
_libcrypt.crypt.argtypes = [ctypes.c_char_p, ctypes.c_char_p]


def crypt_hash(password, setting="$6$rounds=1000$provosttestsalt$"):
    """The stored form of a password. Few rounds: these tests bind often and guard nothing."""
    hashed = _libcrypt.crypt(password.encode(), setting.encode())
    return "{CRYPT}" + hashed.decode()


def code(error):
    """The LDAP result code of a python-ldap exception."""
    return error.args[0].get("result", -1)


def proxied(dn):
    """The proxied authorization control (RFC 4370) for a DN."""
    return RequestControl(PROXY, True, ("dn:" + dn).encode())


def noop():
    """The no-op control: everything is checked and nothing is written."""
    return RequestControl(NOOP, True, None)


def relax():
    """The relax rules control, which switches slapo-constraint off."""
    return RequestControl(RELAX, True, None)


def load_template(*parts):
    """The text of a shipped file."""
    with open(os.path.join(TOP, *parts), encoding="utf-8") as file:
        return file.read()


def fill(text, values):
    """Put values for the placeholders; one that stays is an error of the template or of the caller."""
    for name, value in values.items():
        text = text.replace("@%s@" % name, value)
    left = re.search(r"@[A-Z]+(_[A-Z]+)*@", re.sub(r"(?m)^#.*$", "", text))
    if left:
        raise ValueError("unfilled placeholder " + left.group(0))
    return text


# Further forms of a user's password, well-formed, and of no password at all.
CREDENTIALS = {"provostScramSha256": "{SCRAM-SHA-256}4096,%s,%s=,%s=" % ("c2FsdA" * 3, "A" * 43, "A" * 43),
               "provostScramSha1": "{SCRAM-SHA-1}4096,%s,%s=,%s=" % ("c2FsdA" * 3, "A" * 27, "A" * 27),
               "provostCramMd5": "{CRAM-MD5}" + "0" * 64}


def _terminated(*_):
    sys.exit(128 + signal.SIGTERM)


# A test that is told to end takes its slapd with it.
if threading.current_thread() is threading.main_thread() and signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
    signal.signal(signal.SIGTERM, _terminated)


class Directory:
    """A directory of its own in a temporary place. Use it in a with statement."""

    def __init__(self, base="dc=provost", level="0", without_access_rules=False, entries="", threads=4, edit=None,
                 dovecot_passwords="none"):
        self.base = base
        self.level = level
        self.without_access_rules = without_access_rules
        self.entries = entries
        self.threads = threads
        self.edit = edit
        self.dovecot_passwords = dovecot_passwords
        self.process = None
        self.place = tempfile.mkdtemp(prefix="provost-directory-")
        self.log = os.path.join(self.place, "slapd.log")
        atexit.register(self.remove)

    def __enter__(self):
        try:
            self.make()
            self.start()
        except BaseException:
            self.remove()
            raise
        return self

    def __exit__(self, *_):
        self.remove()

    def values(self):
        """What stands for the placeholders."""
        rdn = self.base.split(",")[0].split("=")
        kind = {"dc": "domain", "o": "organization", "ou": "organizationalUnit"}[rdn[0]]
        values = {
            "BASE": self.base,
            "BASE_ENTRY": "dn: %s\nobjectClass: %s\n%s: %s" % (self.base, kind, rdn[0], rdn[1]),
            "STATE": self.place,
            "DATABASE": os.path.join(self.place, "database"),
            "ACCESSLOG": os.path.join(self.place, "accesslog"),
            "MODULES": MODULES,
            "SCHEMAS": SCHEMAS,
            "THREADS": str(self.threads),
            "UID": str(os.getuid()),
            "GID": str(os.getgid()),
            "PASSWORD_FORMS": PASSWORD_FORMS,
            "PASSWORD_MODULES": "",
            "DOVECOT_PASSWORDS": self.dovecot_passwords,
            "READING": self.socket("read"),
            "ADDING": self.socket("add"),
            "AUDIT_DAYS": "30",
        }
        for name in ("admin", "postfix", "dovecot", "signer", "sso"):
            values[name.upper() + "_HASH"] = crypt_hash(self.password(name))
        return values

    @staticmethod
    def password(name):
        """The password of a service or of the first administrator."""
        return "secret of " + name

    def make(self):
        """Write configuration and first entries as the gateway does."""
        config = "\n".join(
            (load_template("ldif", "server.ldif"), load_template("schema", "provost.ldif"), load_template("ldif", "database.ldif"))
        )
        if self.without_access_rules:
            config = re.sub(r"(?m)^olcAccess: .*\n(?: .*\n)*", "", config)
        if self.edit:
            config = self.edit(config)
        for name in ("config", "database", "accesslog"):
            os.mkdir(os.path.join(self.place, name), 0o700)
        self.setup_output = self.slapadd(["-n0"], fill(config, self.values()))
        base = fill(load_template("ldif", "base.ldif"), self.values())
        self.setup_output += self.slapadd(["-q", "-b", self.base], base + "\n" + self.entries)

    def slapadd(self, options, text):
        """Load text into the stopped directory; returns what slapadd had to say."""
        path = os.path.join(self.place, "load.ldif")
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        command = [SLAPADD, "-F", os.path.join(self.place, "config"), "-l", path] + options
        run = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=120, check=False)
        if run.returncode:
            raise RuntimeError("%s: %s" % (" ".join(command), run.stdout))
        return run.stdout

    def slapcat(self, base):
        """A database in LDIF, one line for each value."""
        command = [SLAPCAT, "-o", "ldif-wrap=no", "-F", os.path.join(self.place, "config"), "-b", base]
        run = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=120, check=False)
        if run.returncode:
            raise RuntimeError("%s: %s" % (" ".join(command), run.stdout))
        return run.stdout

    def slaptest(self):
        """Return code and output of slaptest over the configuration."""
        command = [SLAPTEST, "-Q", "-u", "-F", os.path.join(self.place, "config")]
        run = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=60, check=False)
        return run.returncode, run.stdout

    def socket(self, name):
        """The URL of a socket of slapd."""
        return "ldapi://" + urllib.parse.quote(os.path.join(self.place, name), safe="")

    def start(self):
        """Start slapd and wait until it answers. Another program may take the free port first: then try another."""
        self.ldapi, self.reading, self.adding = (self.socket(name) for name in ("ldapi", "read", "add"))
        deadline = time.monotonic() + START_DEADLINE
        while True:
            with socket.socket() as probe:
                probe.bind(("127.0.0.1", 0))
                port = probe.getsockname()[1]
            self.url = "ldap://127.0.0.1:%d" % port
            command = [SLAPD, "-F", os.path.join(self.place, "config"), "-d", self.level, "-h", " ".join((self.url, self.ldapi, self.reading, self.adding))]
            with open(self.log, "ab") as log:
                self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)
            while self.process.poll() is None and time.monotonic() < deadline:
                try:
                    self.external().unbind_s()
                    return
                except ldap.SERVER_DOWN:
                    try:
                        self.process.wait(0.02)
                    except subprocess.TimeoutExpired:
                        pass
            self.stop()
            if time.monotonic() >= deadline:
                with open(self.log, encoding="utf-8", errors="replace") as log:
                    raise RuntimeError("slapd does not answer: " + log.read()[-2000:])

    def stop(self):
        """End slapd by its process id."""
        if self.process is None:
            return
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(STOP_DEADLINE)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.process = None

    def remove(self):
        """End slapd and take everything away."""
        atexit.unregister(self.remove)
        self.stop()
        shutil.rmtree(self.place, ignore_errors=True)

    def alive(self):
        """Whether slapd is still running."""
        return self.process is not None and self.process.poll() is None

    def dn(self, *parts):
        """A DN below the base."""
        return ",".join(parts + (self.base,))

    def unbound(self, url=None):
        """A connection that has not said who it is."""
        connection = ldap.initialize(url or self.url)
        connection.protocol_version = 3
        connection.set_option(ldap.OPT_REFERRALS, 0)
        connection.set_option(ldap.OPT_NETWORK_TIMEOUT, 5)
        connection.set_option(ldap.OPT_TIMEOUT, 60)
        return connection

    def connect(self, dn, password):
        """A connection bound with a DN and a password."""
        connection = self.unbound()
        connection.simple_bind_s(dn, password)
        return connection

    def service(self, name):
        """A connection of a service."""
        return self.connect(self.dn("cn=" + name, "ou=services"), self.password(name))

    def admin(self):
        """A connection of the first administrator."""
        return self.connect(self.dn("uid=admin", "ou=principals"), self.password("admin"))

    def external(self, reading=False, adding=False):
        """A connection of the gateway, known by its system user; reading, adding: on the socket where it does so for others."""
        connection = self.unbound(self.reading if reading else self.adding if adding else self.ldapi)
        connection.sasl_external_bind_s()
        return connection

    def domain(self, name):
        """The DN of a domain."""
        return self.dn("provostDomainName=" + name, "ou=domains")

    def address(self, address):
        """The DN of a user or an alias."""
        return "mail=%s,%s" % (address, self.domain(address.rpartition("@")[2]))

    def in_place(self, entries):
        """Domains, users and aliases in LDIF, each where it belongs."""
        rows = [(self.domain(one["provostDomainName"][0]) if "provostDomainName" in one else self.address(one["mail"][0]), one) for one in entries]
        return "".join(ldif(*row) for row in rows)


class PlainDirectory(Directory):
    """Its passwords are one word, as those in files that the client writes have to be."""

    @staticmethod
    def password(name):
        return "secret-of-" + name


def domain_dn(name, base="dc=provost"):
    return "provostDomainName=%s,ou=domains,%s" % (name, base)


def address_dn(address, base="dc=provost"):
    return "mail=%s,%s" % (address, domain_dn(address.partition("@")[2], base))


def principal_dn(login, base="dc=provost"):
    return "uid=%s,ou=principals,%s" % (login, base)


def domain_entry(name, kind="local", enabled=True, **more):
    """The attributes of a domain."""
    entry = {
        "objectClass": ["provostDomain"],
        "provostDomainName": [name],
        "provostDomainKind": [kind],
        "provostEnabled": ["TRUE" if enabled else "FALSE"],
    }
    return _with(entry, more)


def user_entry(address, enabled=True, **more):
    """The attributes of a user."""
    local = address.partition("@")[0]
    entry = {
        "objectClass": ["inetOrgPerson", "provostUser"],
        "mail": [address],
        "uid": [address],
        "cn": [local or "nobody"],
        "sn": [local or "nobody"],
        "provostLocalPart": [local or "nobody"],
        "provostEnabled": ["TRUE" if enabled else "FALSE"],
        "provostMailboxId": ["box-%s" % re.sub(r"[^a-z0-9]", "-", address)],
    }
    return _with(entry, more)


def alias_entry(address, destinations, enabled=True, **more):
    """The attributes of an alias or, without a local part, of a catch-all."""
    local = address.partition("@")[0]
    entry = {
        "objectClass": ["provostAlias"],
        "mail": [address],
        "provostDestination": list(destinations),
        "provostEnabled": ["TRUE" if enabled else "FALSE"],
    }
    if local:
        entry["provostLocalPart"] = [local]
    return _with(entry, more)


def principal_entry(uid, enabled=True, **more):
    """The attributes of a principal."""
    entry = {
        "objectClass": ["inetOrgPerson", "provostPrincipal"],
        "uid": [uid],
        "cn": [uid],
        "sn": [uid],
        "provostEnabled": ["TRUE" if enabled else "FALSE"],
    }
    return _with(entry, more)


def _with(entry, more):
    for name, value in more.items():
        if value is None:
            entry.pop(name, None)
        else:
            entry[name] = list(value) if isinstance(value, (list, tuple)) else [value]
    return entry


def add_list(entry):
    """An entry as python-ldap wants it for an add."""
    return [(name, [value if isinstance(value, bytes) else value.encode() for value in values]) for name, values in entry.items()]


def ldif(dn, entry):
    """An entry in LDIF."""
    lines = ["dn: " + dn]
    for name, values in entry.items():
        lines += ["%s: %s" % (name, value) for value in values]
    return "\n".join(lines) + "\n\n"


def hold_contract(which):
    """Put a contract of tests/contract to a directory, and end as it ended."""
    base = "o=mail,dc=contract"
    guest = ldif("uid=guest,ou=principals," + base, principal_entry("guest"))
    guest += ldif("cn=ghosts,ou=groups," + base, {"objectClass": ["groupOfNames"], "cn": ["ghosts"],
                                                  "member": ["uid=guest,ou=principals," + base,
                                                             "mail=ghost@plans.example,provostDomainName=plans.example,ou=domains," + base]})
    with Directory(base=base, entries=guest) as directory:
        command = [os.path.join(os.environ.get("top_builddir", "."), "tests/contract/directory"), directory.ldapi, base, which]
        sys.stdout.flush()
        status = subprocess.run(command, timeout=120, check=False).returncode
        if not directory.alive():
            print("Bail out! slapd has ended")
            status = 1
    sys.exit(1 if status else 0)
