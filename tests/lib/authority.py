"""Certificate authorities, and certificates of every sort that they would sign."""

import os
import subprocess

CONFIG = """
[req]
distinguished_name = name
[name]
[authority]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
[ca]
default_ca = here
[here]
dir = {dir}
database = {dir}/index
new_certs_dir = {dir}
rand_serial = yes
default_md = sha256
policy = anything
unique_subject = no
string_mask = utf8only
[anything]
commonName = optional
organizationName = optional
domainComponent = optional
"""


def openssl(*args):
    """Run openssl; what it said is in the exception where it fails."""
    run = subprocess.run(["openssl", *args], capture_output=True, text=True, check=False)
    if run.returncode:
        raise RuntimeError("openssl %s: %s" % (" ".join(args), run.stderr))
    return run.stdout


def key_options(key):
    """A new key: P-256, or RSA with that many bits."""
    return ["-newkey", "rsa:%d" % key] if key else ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"]


def fingerprint(path):
    """The SHA-256 of the first certificate in a file, in lower-case hex."""
    return openssl("x509", "-in", path, "-noout", "-fingerprint", "-sha256").split("=")[1].strip().replace(":", "").lower()


class Authority:
    """One authority in a directory of its own below `place`."""

    def __init__(self, place, name, key=0):
        self.place = os.path.join(place, name)
        os.mkdir(self.place)
        os.chmod(self.place, 0o755)
        self.config = self.path("config")
        with open(self.config, "w", encoding="utf-8") as file:
            file.write(CONFIG.format(dir=self.place))
        with open(self.path("index"), "w", encoding="utf-8"):
            pass
        self.certificate = self.path("authority.pem")
        openssl("req", "-x509", *key_options(key), "-nodes", "-days", "3", "-subj", "/CN=" + name, "-config", self.config,
                "-extensions", "authority", "-keyout", self.path("authority.key"), "-out", self.certificate)

    def path(self, name):
        return os.path.join(self.place, name)

    def issue(self, name, subject=None, usage="clientAuth", alternative=None, valid=None, key=0, authority=False):
        """A certificate and its key; `valid` is from when to when, as YYMMDDHHMMSSZ."""
        secret, request, certificate, extensions = (self.path(name + end) for end in (".key", ".csr", ".pem", ".ext"))
        with open(extensions, "w", encoding="utf-8") as file:
            file.write("basicConstraints = critical, CA:%s\n" % ("TRUE" if authority else "FALSE"))
            file.write("extendedKeyUsage = %s\n" % usage if usage else "")
            file.write("subjectAltName = %s\n" % alternative if alternative else "")
        openssl("req", "-new", "-utf8", *key_options(key), "-nodes", "-subj", subject or "/CN=" + name, "-config", self.config,
                "-keyout", secret, "-out", request)
        openssl("ca", "-batch", "-notext", "-utf8", "-preserveDN", "-config", self.config, "-cert", self.certificate, "-keyfile", self.path("authority.key"),
                "-in", request, "-out", certificate, "-extfile", extensions,
                *(["-startdate", valid[0], "-enddate", valid[1]] if valid else ["-days", "2"]))
        return certificate, secret

    def server(self, name="localhost", **more):
        """A certificate of a server on this machine."""
        return self.issue(name, usage="serverAuth", alternative="DNS:localhost,IP:127.0.0.1", **more)


EXPIRED = ("200101000000Z", "200201000000Z")
NOT_YET = ("400101000000Z", "400201000000Z")


def self_signed(place, name, usage="clientAuth", alternative=None):
    """A certificate that nobody else has signed, and its key."""
    certificate, secret = os.path.join(place, name + ".pem"), os.path.join(place, name + ".key")
    openssl("req", "-x509", *key_options(0), "-nodes", "-days", "2", "-subj", "/CN=" + name, "-addext", "extendedKeyUsage=" + usage,
            *(["-addext", "subjectAltName=" + alternative] if alternative else []), "-keyout", secret, "-out", certificate)
    return certificate, secret
