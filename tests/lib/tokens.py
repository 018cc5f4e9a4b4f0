"""A provider of tokens for tests: its keys, which are no secret, tokens of all sorts, and a place where it publishes keys."""

import base64
import collections
import datetime
import hashlib
import hmac
import http.server
import ipaddress
import json
import os
import ssl
import threading

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa, utils

ISSUER = "https://id.example.org/realms/mail"
AUDIENCE = "provost"
LOGIN = "john@example.org"
# Always the same keys, so that a corpus made with them stays good.
PRIMES = {
    "rsa": (
        "ef49d72c0d3a330cb0b6a3a5d9d764ddb992da03d3e79dbfb31954516e14d69bccc95d6d02d5c52e6e559c658c96cc87"
        "c727a7ad36b4205462a438b9f328ea129cf17225b71605c5fbdf31ed0334a15ac8155f485fb45a3044711eff0a4654ff"
        "0bad4de6e18ce99b6e5c0abeb07dd9877e099d0ff309778f98bb04ac44d6ebcf",
        "bd8979a25dbdc0829dfee2c01255948b078d808c7caa0b26f230c87a5fec20b2147b8a2e1f0c0d4fb7046c241f4b89b1"
        "8895dff9386cd88d9f88532521fa66efa29ead4ac56e17d167b793b16817da116853e07514016274f9a56f1c9999fdcd"
        "19f318de7525b6e73d239c5082c6cbe233e8bab0cf4ab3552eee071235978b6d"),
    "other-rsa": (
        "efa85b99d95a1e25abe8134aa59c05bc0e125de3e8b4bfb7479a2f8f6923e3adab26f624f3bc8dc381b54d34fbec5435"
        "d13ad9f86d831bf1f42f6f40eefcc9bfacabcb3d5ab55dc4aa9a528f871605bcfe7e3159d5b78ad3c3bc4632ea988053"
        "ab485c7660f47206021988145715a45c7325e19e77d77501333341afb1339967",
        "e914289d75bce787bd4948f388e69918e98b2c2ee71b4d560848c5719fc0504eddbb6636c77087c0440652d38c57a7c0"
        "aba473180248d8dad207691b053ed91418385afafb0644e75e8a90b793fbd207a4b24bf9d340098df9b3b61762e9c20e"
        "a61411df600c201165ec13cd67559c76dd5d2997a20852686b78f3de2da4fe9b"),
    "large-rsa": (
        "c5f6aac06acac3bf5e43a9f78382b866caddf1788b2798e0544f1c4358c204393a6c22e0c6668607ef15b3f2837723a6"
        "4beea3ae6dd6fb33f1b77dbcd229dd271a4f2f99546e69a4839500dd79803ae47050e76abc54a6cf91c078dc5f8a79fa"
        "249da4e03ec8a2807e13c2bb986ae77bf9f9c40eed0caf42f3492c9c8d9d4d916b845365e47fb054a9988f5873faf843"
        "973f9557678e19c4adc8b8dc012f0bfa2ba19166a8d1b06ad0e5da6ef91735b4c2d48ebfbf4416f5217a7fe4c97acdc1"
        "b6d336bcbf765eeefb9f20756343e97d0cdcbdad3d8ba4cb0f1a2b8cee4ee924e11b442c8e3cf35beda453082734b049"
        "c299f7809d4304f4c41032a8381a00bb",
        "b650814fa267ee117ecc9f436c4b3c13c10b363be4520575d9f8a9b0089ae98accd0a84772a03ae566901591c777b2c8"
        "52b2d3a578a4ec52e4534d47ecfb2f61a3d583b1263fbfe0c28f2fa7d7190f5f54fb79caf93305ed611d9a52a153ceab"
        "edf2e228eb5d4795cab48fc37d652ac8c44cca6a052c0206f553738977b873b6c296e8413ba99ef4f54ecb040afffabb"
        "c0e8ccc29eac9d8840e06dc8e3e09881cdb69cbd13a454bdcfb7423805799d90eea63bc5aa86ef99ebf178386e02e650"
        "4cbefb8814ed31200d8c11b809206a435b48a1d56204f17e7812730573ded20e5a7fa5e4f229e970077ef3821b52600b"
        "292aadf51a2dbd860d891f4739e18a77"),
}


def rsa_key(name):
    p, q = (int(text, 16) for text in PRIMES[name])
    d = pow(65537, -1, (p - 1) * (q - 1))
    return rsa.RSAPrivateNumbers(p, q, d, d % (p - 1), d % (q - 1), pow(q, -1, p),
                                 rsa.RSAPublicNumbers(65537, p * q)).private_key()


def coded(data):
    """base64url without padding."""
    if isinstance(data, str):
        data = data.encode()
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def number(value, size=None):
    return coded(value.to_bytes(size or (value.bit_length() + 7) // 8, "big"))


class Key:
    """A key pair that signs in one way, and its public half as a JWK."""

    def __init__(self, kid, algorithm, private):
        self.kid, self.algorithm, self.private = kid, algorithm, private

    def jwk(self, **more):
        public = self.private.public_key()
        if isinstance(public, rsa.RSAPublicKey):
            numbers = public.public_numbers()
            jwk = {"kty": "RSA", "n": number(numbers.n), "e": number(numbers.e)}
        elif isinstance(public, ec.EllipticCurvePublicKey):
            numbers, size = public.public_numbers(), (public.key_size + 7) // 8
            jwk = {"kty": "EC", "crv": "P-%d" % public.key_size, "x": number(numbers.x, size), "y": number(numbers.y, size)}
        else:
            raw = public.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
            jwk = {"kty": "OKP", "crv": "Ed25519", "x": coded(raw)}
        jwk.update(kid=self.kid, use="sig", **more)
        return jwk

    def sign(self, data, algorithm=None):
        """The signature's bytes, as RFC 7518 and 8037 have them."""
        algorithm = algorithm or self.algorithm
        if algorithm == "EdDSA":
            return self.private.sign(data)
        kind = {"256": hashes.SHA256, "384": hashes.SHA384, "512": hashes.SHA512}[algorithm[2:]]()
        if algorithm[:2] == "RS":
            return self.private.sign(data, padding.PKCS1v15(), kind)
        if algorithm[:2] == "PS":
            return self.private.sign(data, padding.PSS(padding.MGF1(kind), kind.digest_size), kind)
        size = (self.private.key_size + 7) // 8
        r, s = utils.decode_dss_signature(self.private.sign(data, ec.ECDSA(kind)))
        return r.to_bytes(size, "big") + s.to_bytes(size, "big")


RSA = Key("rsa", "RS256", rsa_key("rsa"))
PSS = Key("rsa", "PS256", RSA.private)
LARGE = Key("large", "RS256", rsa_key("large-rsa"))
EC = Key("ec", "ES256", ec.derive_private_key(0x1234567890abcdef << 128 | 0x42, ec.SECP256R1()))
EC384 = Key("ec384", "ES384", ec.derive_private_key(0x1234567890abcdef << 256 | 0x43, ec.SECP384R1()))
EC521 = Key("ec521", "ES512", ec.derive_private_key(0x1234567890abcdef << 384 | 0x44, ec.SECP521R1()))
ED = Key("ed", "EdDSA", ed25519.Ed25519PrivateKey.from_private_bytes(b"a key of tests, known to anybody"))
# Published under the same name as another one: both have to be tried.
TWIN = Key("twin", "ES256", ec.derive_private_key(0x777, ec.SECP256R1()))
SECOND_TWIN = Key("twin", "ES256", ec.derive_private_key(0x778, ec.SECP256R1()))
# Not published.
STRANGER = Key("rsa", "RS256", rsa_key("other-rsa"))
EC_STRANGER = Key("ec", "ES256", ec.derive_private_key(0x999, ec.SECP256R1()))
ED_STRANGER = Key("ed", "EdDSA", ed25519.Ed25519PrivateKey.from_private_bytes(b"another key of tests, known, too"))
PUBLISHED = [RSA, LARGE, EC, EC384, EC521, ED, TWIN, SECOND_TWIN]


def key_set(keys=None):
    return json.dumps({"keys": [key.jwk() for key in keys or PUBLISHED]})


def claims(now, **changes):
    """What a good token says; a change to None leaves that out."""
    said = {"iss": ISSUER, "aud": AUDIENCE, "exp": now + 300, "iat": now, "sub": "f3b1", "preferred_username": LOGIN}
    said.update(changes)
    return {name: value for name, value in said.items() if value is not None}


def header(key, **changes):
    said = {"alg": key.algorithm, "typ": "JWT", "kid": key.kid}
    said.update(changes)
    return {name: value for name, value in said.items() if value is not None}


def as_text(value):
    """JSON of anything that is not text already."""
    return value if isinstance(value, (str, bytes)) else json.dumps(value, separators=(",", ":"))


def parts(head, said):
    return coded(as_text(head)) + "." + coded(as_text(said))


def token(key, head, said, algorithm=None):
    """A signed one; header and claims may also be text that is no JSON."""
    what = parts(head, said)
    return what + "." + coded(key.sign(what.encode(), algorithm))


def good(now, key=EC, **changes):
    return token(key, header(key), claims(now, **changes))


def with_mac(secret, head, said):
    """HS256, HS384 or HS512 with that secret."""
    kind = {"256": hashlib.sha256, "384": hashlib.sha384, "512": hashlib.sha512}[head["alg"][2:]]
    what = parts(head, said)
    return what + "." + coded(hmac.new(secret, what.encode(), kind).digest())


def certificate(place, name):
    """One for 127.0.0.1 that is its own authority: the paths of certificate and key."""
    key = ec.generate_private_key(ec.SECP256R1())
    whose = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = datetime.datetime.utcnow()
    made = (x509.CertificateBuilder().subject_name(whose).issuer_name(whose).public_key(key.public_key())
            .serial_number(x509.random_serial_number()).not_valid_before(now - datetime.timedelta(days=1))
            .not_valid_after(now + datetime.timedelta(days=2))
            .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), False)
            .add_extension(x509.BasicConstraints(True, None), True).sign(key, hashes.SHA256()))
    paths = [os.path.join(place, name + end) for end in (".pem", ".key")]
    for path, data in zip(paths, (made.public_bytes(serialization.Encoding.PEM),
                                  key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))):
        with open(path, "wb") as file:
            file.write(data)
        os.chmod(path, 0o644)
    return paths


class Publisher:
    """An https server on loopback that serves `text` and counts who asks."""

    def __init__(self, cert, key):
        self.text, self.status, self.count = key_set(), 200, collections.Counter()
        publisher = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                publisher.count[self.path] += 1
                publisher.headers = dict(self.headers)
                body = publisher.text.encode()
                self.send_response(publisher.status)
                if publisher.status == 302:
                    self.send_header("Location", "/elsewhere")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(cert, key)
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.url = "https://127.0.0.1:%d/keys" % self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()
