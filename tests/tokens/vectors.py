#!/usr/bin/python3
"""Hundreds of tokens, in the spirit of Wycheproof's vectors for JWS (R48 of tests/e2e/attacks.py): which are good, which are not, and for which reason."""

import base64
import json
import os
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.environ.get("top_srcdir") or os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))), "tests", "lib"))

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, utils

import tap
from tokens import (AUDIENCE, EC, EC384, EC521, EC_STRANGER, ED, ED_STRANGER, ISSUER, LARGE, LOGIN, PSS, PUBLISHED, RSA, SECOND_TWIN, STRANGER,
                    TWIN, Key, as_text, claims, coded, good, header, key_set, parts, token, with_mac)

BUILD = os.environ.get("top_builddir") or os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
NOW = 1900000000
KEYS = [EC, RSA, PSS, ED]  # one for each algorithm that is taken
DEFAULT = "RS256 PS256 ES256 EdDSA"
ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551  # of P-256
ED_ORDER = 2**252 + 27742317777372353535851937790883648493
cases = []  # name, token, login or None, reason


def yes(name, text, login=LOGIN):
    cases.append((name, text, login, None))


def no(name, text, reason=""):
    cases.append((name, text, None, reason))


def raw(head, said, signature):
    return parts(head, said) + "." + coded(signature)


def good_ones():
    for key in PUBLISHED + [PSS]:
        if key.algorithm in DEFAULT:
            yes("%s with %s" % (key.algorithm, key.kid), good(NOW, key))
    for key in KEYS:
        yes("%s without a key id" % key.algorithm, token(key, header(key, kid=None), claims(NOW)))
        for kind in (None, "jwt", "at+jwt", "AT+JWT", "application/at+jwt", "application/jwt"):
            yes("%s, typ %s" % (key.algorithm, kind), token(key, header(key, typ=kind), claims(NOW)))
    yes("the second of two keys with one name", good(NOW, SECOND_TWIN))
    for name, change in {
            "several audiences": {"aud": ["account", AUDIENCE]}, "one in an array": {"aud": [AUDIENCE]},
            "ends in a second": {"exp": NOW + 1}, "ended 29 s ago": {"exp": NOW - 29}, "valid since long": {"nbf": 0},
            "valid since now": {"nbf": NOW}, "valid in 30 s": {"nbf": NOW + 30}, "issued in 30 s": {"iat": NOW + 30},
            "without a time of issue": {"iat": None}, "ends in the year 9999": {"exp": 253402300799},
            "Keycloak's type": {"typ": "Bearer"}, "other claims": {"azp": "cli", "realm_access": {"roles": ["a", "b"]}, "x": 1e300},
            "other languages": {"name": "J\u00f6hn \u4e2d\u6587 \U0001f600"}}.items():
        yes(name, good(NOW, **change))
    yes("upper case in the login", good(NOW, preferred_username="John@Example.ORG"))
    yes("a principal", good(NOW, preferred_username="admin"), "admin")
    said = json.dumps(claims(NOW), indent=2) + "\n"
    yes("blanks and line ends in the JSON", token(EC, json.dumps(header(EC), indent=1), said))
    yes("escaped letters", token(EC, as_text(header(EC)).replace("ES256", "\\u0045S256"), as_text(claims(NOW)).replace("aud", "\\u0061ud")))
    yes("what the header says besides", token(EC, header(EC, x5t="abc", foo=[1, 2]), claims(NOW)))
    yes("16 levels", token(EC, header(EC), claims(NOW, deep=json.loads("[" * 15 + "]" * 15))))
    size = 8192 - len(good(NOW, x=""))
    longest = good(NOW, x="a" * (size * 3 // 4 - 1))
    yes("nearly 8 KiB", longest)


def algorithms():
    real = good(NOW).split(".")
    names = ["none", "None", "NONE", "nOnE", "none ", " none", "none\t", "", "null", "NULL", "false", "0", None, 0, 1, True, [], {}, ["none"], ["ES256"],
             {"alg": "ES256"}, "HS256", "HS384", "HS512", "es256", "Es256", "ES256 ", " ES256", "ES256\n", "ES256,none", "ES256 RS256", "RS256 PS256 ES256 EdDSA",
             "ES256K", "ES", "ES2567", "E\u017f256", "ES256\u200b", "RSA1_5", "RSA-OAEP", "dir", "A128KW", "A256GCMKW", "PBES2-HS256+A128KW", "ECDH-ES",
             "Ed25519", "ed25519", "eddsa", "EDDSA", "SHA256", "RS1", "HS1", "http://www.w3.org/2000/09/xmldsig#hmac-sha1"]
    for name in names:
        head = dict(header(EC), alg=name)
        no("alg %r, no signature" % (name,), parts(head, claims(NOW)) + ".", "signature is not")
        no("alg %r, another's signature" % (name,), parts(head, claims(NOW)) + "." + real[2], "algorithm")
        no("alg %r, signed" % (name,), token(EC, head, claims(NOW), "ES256"), "algorithm")
    no("no alg", token(EC, header(EC, alg=None), claims(NOW), "ES256"), "algorithm")
    for name in ("RS384", "RS512", "PS384", "PS512", "ES384", "ES512"):
        key = {"ES384": EC384, "ES512": EC521}.get(name, RSA)
        no("%s, which is not allowed" % name, token(key, header(key, alg=name), claims(NOW), name), "algorithm")


def confusion():
    """The public key as the secret of an HMAC, in every form somebody may have it."""
    for key in (RSA, EC, ED):
        public = key.private.public_key()
        forms = {"PEM": public.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo),
                 "DER": public.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo),
                 "JWK": json.dumps(key.jwk()).encode(), "bare JWK": as_text(key.jwk()).encode(),
                 "key set": key_set().encode(), "name": key.kid.encode(), "nothing": b"", "zeros": bytes(32)}
        if key is RSA:
            forms["PKCS#1"] = public.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.PKCS1)
            forms["modulus"] = base64.urlsafe_b64decode(key.jwk()["n"] + "==")
        forms["PEM without its last line end"] = forms["PEM"].rstrip()
        for form, secret in forms.items():
            for name in ("HS256", "HS512"):
                no("%s with %s's key as %s" % (name, key.kid, form), with_mac(secret, header(key, alg=name), claims(NOW)), "algorithm")
    wrong = [(EC, RSA), (RSA, EC), (ED, EC), (EC, ED), (RSA, ED), (PSS, EC), (EC, EC384), (EC, EC521), (EC384, EC)]
    for signer, named in wrong:
        if signer.algorithm in DEFAULT:
            no("%s, and a key for %s" % (signer.algorithm, named.algorithm), token(signer, header(signer, kid=named.kid), claims(NOW)), "no key fits")
    no("PS256's signature as RS256", token(RSA, header(RSA), claims(NOW), "PS256"), "signature is wrong")
    no("RS256's signature as PS256", token(RSA, header(PSS), claims(NOW), "RS256"), "signature is wrong")
    no("RS512's signature as RS256", token(RSA, header(RSA), claims(NOW), "RS512"), "signature is wrong")
    no("RS384's signature as RS256", token(RSA, header(RSA), claims(NOW), "RS384"), "signature is wrong")
    no("PS384's signature as PS256", token(RSA, header(PSS), claims(NOW), "PS384"), "signature is wrong")
    no("ES384's signature as ES256", token(EC384, header(EC384, alg="ES256"), claims(NOW), "ES384"), "no key fits")


def signatures():
    for key in KEYS:
        text = good(NOW, key)
        head, said, sig = text.split(".")
        first = head + "." + said
        number = base64.urlsafe_b64decode(sig + "==")
        name = key.algorithm
        no("%s: no signature" % name, first + ".", "signature is not")
        for what, other in {"one byte": number[:1], "a byte less": number[:-1], "first byte missing": number[1:], "a byte more": number + b"\0",
                            "a zero before": b"\0" + number, "half": number[:len(number) // 2], "twice": number * 2, "zeros": bytes(len(number)),
                            "ones": b"\xff" * len(number), "one": b"\1", "backwards": number[::-1], "2,000 bytes": number + bytes(2000),
                            "the number 1": bytes(len(number) - 1) + b"\1"}.items():
            no("%s: %s" % (name, what), first + "." + coded(other), "signature is wrong")
        for at in (0, 1, len(number) // 2, len(number) - 1):
            flipped = bytearray(number)
            flipped[at] ^= 1
            no("%s: a bit of byte %d" % (name, at), first + "." + coded(bytes(flipped)), "signature is wrong")
        no("%s: the signature of another" % name, first + "." + good(NOW, key, jti="2").split(".")[2], "signature is wrong")
        no("%s: the claims of another" % name, head + "." + coded(as_text(claims(NOW, preferred_username="admin"))) + "." + sig, "signature is wrong")
        no("%s: the header of another" % name, coded(as_text(header(key, x=1))) + "." + said + "." + sig, "signature is wrong")
        for what, other in {"padded": sig + "=" * (-len(sig) % 4 or 4), "with a blank": sig + " ", "with a line end": sig + "\n", "a blank in it": sig[:9] + " " + sig[9:],
                            "one letter more": sig + "A" * (1 if len(sig) % 4 != 0 else 2), "a plus": "+" + sig[1:], "a slash": "/" + sig[1:], "per cent": sig[:-2] + "%41",
                            "not ASCII": sig[:-1] + "\u00e4", "full width": sig[:-1] + "\uff21", "hexadecimal": number.hex() + "!"}.items():
            no("%s: signature %s" % (name, what), first + "." + other, "signature is" if what == "one letter more" else "signature is not")
        if len(sig) % 4:
            last = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
            no("%s: bits left over" % name, first + "." + sig[:-1] + last[last.index(sig[-1]) ^ 1], "signature is not")


def strangers():
    for key, ours in ((STRANGER, RSA), (EC_STRANGER, EC), (ED_STRANGER, ED)):
        no("%s of a stranger" % key.algorithm, good(NOW, key), "signature is wrong")
        no("%s of a stranger without a name" % key.algorithm, token(key, header(key, kid=None), claims(NOW)), "signature is wrong")
        for name, value in {"jwk": key.jwk(), "jku": "https://evil.example/keys", "x5u": "https://evil.example/cert", "x5c": ["MIIB"]}.items():
            no("%s of a stranger who brings his %s" % (key.algorithm, name), token(key, header(key, **{name: value}), claims(NOW)), "header has")
        no("%s with our own key as jwk" % ours.algorithm, token(ours, header(ours, jwk=ours.jwk()), claims(NOW)), "header has")
    for name, value in {"crit": ["exp"], "b64": False, "zip": "DEF", "enc": "A128GCM", "jku": "", "jwk": None, "x5u": 0, "x5c": []}.items():
        head = dict(header(EC), **{name: value})
        no("%s: %r" % (name, value), token(EC, head, claims(NOW)), "header has")
    no("crit, empty", token(EC, header(EC, crit=[]), claims(NOW)), "header has")
    no("crit, a word", token(EC, header(EC, crit="exp"), claims(NOW)), "header has")
    no("crit with b64", token(EC, header(EC, crit=["b64"], b64=True), claims(NOW)), "header has")
    head = as_text(header(EC, crit=["b64"], b64=False))
    what = coded(head) + "." + as_text(claims(NOW, iss="x"))
    no("b64 false, and claims as they are", what + "." + coded(EC.sign(what.encode())))


def key_names():
    unknown = ["../../../../dev/null", "/dev/null", "/etc/passwd", "file:///dev/null", "https://evil.example/keys", "' OR 1=1 --", "*", "*)(uid=*", "$(id)", "`id`",
               "|id", "%00", "ec%00", "EC", "ec ", " ec", "ec\u200b", "\u0435c", "0", "null", "undefined", "none", "__proto__", "ec,rsa", "%s%n", "a" * 256]
    for kid in unknown:
        no("kid %.20r" % kid, token(EC, header(EC, kid=kid), claims(NOW)), "no key fits")
        no("kid %.20r, stranger" % kid, token(STRANGER, header(STRANGER, kid=kid), claims(NOW)), "no key fits")
    for kid in ("", "a" * 257, "a" * 4000, "ec\n", "ec\x7f", "\u2028", 0, 1, True, [], ["ec"], {}, {"kid": "ec"}, 1.5):
        no("kid %.20r" % (kid,), token(EC, header(EC, kid=kid), claims(NOW)), "key id")
    no("kid null", token(EC, dict(header(EC), kid=None), claims(NOW)), "key id")


def ecdsa():
    first = parts(header(EC), claims(NOW))
    whole = EC.sign(first.encode())
    r, s = int.from_bytes(whole[:32], "big"), int.from_bytes(whole[32:], "big")

    def pair(a, b, size=32):
        return first + "." + coded(a.to_bytes(size, "big") + b.to_bytes(size, "big"))

    yes("r and s as they are", pair(r, s))
    for name, a, b in (("r = 0", 0, s), ("s = 0", r, 0), ("r = s = 0", 0, 0), ("r = n", ORDER, s), ("s = n", r, ORDER), ("r = s = n", ORDER, ORDER),
                       ("r = s = 1", 1, 1), ("r = 1, s = 0", 1, 0), ("r = 0, s = 1", 0, 1), ("r and s changed round", s, r), ("r = n - 1, s = 1", ORDER - 1, 1),
                       ("r = n + 1", ORDER + 1, s), ("r = n - r", ORDER - r, s), ("r = p", 2**256 - 2**224 + 2**192 + 2**96 - 1, s), ("all ones", 2**256 - 1, 2**256 - 1),
                       ("s + 1", r, (s + 1) % ORDER), ("r + 1", (r + 1) % ORDER, s)):
        no("ES256: " + name, pair(a, b), "signature is wrong")
    no("ES256: in 48 bytes each", pair(r, s, 48), "signature is wrong")
    no("ES256: in 33 bytes each", pair(r, s, 33), "signature is wrong")
    no("ES256: in 66 bytes each", pair(r, s, 66), "signature is wrong")
    for name, a, b in (("", r, s), (" of zeros", 0, 0), (" of ones", 1, 1)):
        no("ES256: DER" + name, first + "." + coded(utils.encode_dss_signature(a, b)), "signature is wrong")
    no("ES256: DER of another hash", first + "." + coded(EC.private.sign(first.encode(), __import__("cryptography").hazmat.primitives.asymmetric.ec.ECDSA(hashes.SHA512()))), "signature is wrong")
    no("ES256: of another hash", token(EC, header(EC), claims(NOW), "ES512"), "signature is wrong")


def eddsa():
    first = parts(header(ED), claims(NOW))
    whole = ED.sign(first.encode())
    s = int.from_bytes(whole[32:], "little")
    no("EdDSA: S + L", first + "." + coded(whole[:32] + (s + ED_ORDER).to_bytes(32, "little")), "signature is wrong")
    no("EdDSA: S = 0", first + "." + coded(whole[:32] + bytes(32)), "signature is wrong")
    no("EdDSA: S = L", first + "." + coded(whole[:32] + ED_ORDER.to_bytes(32, "little")), "signature is wrong")
    for name, point in (("neutral", b"\1" + bytes(31)), ("of order 2", b"\xec" + b"\xff" * 30 + b"\x7f"), ("of order 4", bytes(32)), ("no point", b"\2" + bytes(31))):
        no("EdDSA: R %s" % name, first + "." + coded(point + whole[32:]), "signature is wrong")
        no("EdDSA: R %s, S = 0" % name, first + "." + coded(point + bytes(32)), "signature is wrong")


def rsa_tricks():
    first = parts(header(RSA), claims(NOW)).encode()
    numbers = RSA.private.private_numbers()
    n, d = numbers.public_numbers.n, numbers.d
    digest = __import__("hashlib").sha256(first).digest()
    info = bytes.fromhex("3031300d060960864801650304020105000420")

    def encrypted(block):
        return first.decode() + "." + coded(pow(int.from_bytes(block, "big"), d, n).to_bytes(256, "big"))

    def block(info_, padding_=b"\xff", kind=b"\1", tail=b"", fill=None):
        length = 256 - 3 - len(info_) - len(digest) - len(tail) if fill is None else fill
        return (b"\0" + kind + padding_ * length + b"\0" + info_ + digest + tail).ljust(256, b"\0")

    yes("RS256: made by hand", encrypted(block(info)))
    for name, made in (("short padding and what follows", block(info, tail=b"x" * 100)), ("no padding", block(info, fill=0)), ("8 bytes of padding", block(info, fill=8)),
                       ("zeros as padding", block(info, b"\0")), ("block type 2", block(info, b"\xaa", b"\2")), ("block type 0", block(info, b"\xff", b"\0")),
                       ("no hash named", block(b"")), ("SHA-1 named", block(bytes.fromhex("3021300906052b0e03021a05000414"))),
                       ("SHA-512 named", block(bytes.fromhex("3051300d060960864801650304020305000440"))),
                       ("parameters of the hash missing", block(bytes.fromhex("302f300b0609608648016503040201") + b"\4\x20")),
                       ("a long form of length", block(bytes.fromhex("308131300d060960864801650304020105000420"))),
                       ("digest bare", digest.rjust(256, b"\0"))):
        no("RS256: " + name, encrypted(made), "signature is wrong")
    whole = int.from_bytes(RSA.sign(first), "big")
    for name, value in (("n", n), ("n - 1", n - 1), ("n + 1", n + 1), ("minus", n - whole), ("2", 2), ("plus 1", whole + 1)):
        no("RS256: " + name, first.decode() + "." + coded(value.to_bytes(256, "big")), "signature is wrong")
    if whole + n < 2**2048:
        no("RS256: plus n", first.decode() + "." + coded((whole + n).to_bytes(256, "big")), "signature is wrong")
    pss = parts(header(PSS), claims(NOW)).encode()
    for name, mask in (("SHA-1 in MGF1", hashes.SHA1()), ("SHA-512 in MGF1", hashes.SHA512())):
        no("PS256: " + name, pss.decode() + "." + coded(RSA.private.sign(pss, padding.PSS(padding.MGF1(mask), 32), hashes.SHA256())), "signature is wrong")
    no("large RSA: another's size", token(RSA, header(LARGE), claims(NOW)), "signature is wrong")


def broken_json():
    usual = as_text(header(EC)), as_text(claims(NOW))
    for which, part in ((0, "header"), (1, "payload")):
        text = usual[which]
        faults = {"empty": "", "null": "null", "an array": "[" + text + "]", "a string": json.dumps(text), "a number": "1", "true": "true", "cut off": text[:-1],
                  "junk behind": text + "x", "another behind": text + text, "a comma at the end": text[:-1] + ",}", "a comment": text + "/**/", "single quotes": text.replace('"', "'"),
                  "a byte order mark": b"\xef\xbb\xbf" + text.encode(), "UTF-16": text.encode("utf-16-le"), "NaN": text[:-1] + ',"x":NaN}', "Infinity": text[:-1] + ',"x":Infinity}',
                  "a leading zero": text[:-1] + ',"x":01}', "hexadecimal": text[:-1] + ',"x":0x1}', "plus": text[:-1] + ',"x":+1}', "too large a number": text[:-1] + ',"x":9223372036854775808}',
                  "an endless number": text[:-1] + ',"x":1e400}', "many digits": text[:-1] + ',"x":' + "9" * 400 + "}", "NUL in a string": text[:-1] + ',"x":"\\u0000"}',
                  "NUL in a key": text[:-1] + ',"\\u0000":1}', "NUL behind": text + "\0", "NUL in it": text[:1] + "\0" + text[1:], "a lone surrogate": text[:-1] + ',"x":"\\ud800"}',
                  "bad UTF-8": text[:-1].encode() + b',"x":"\xff"}', "overlong UTF-8": text[:-1].encode() + b',"x":"\xc0\xaf"}', "UTF-8 surrogate": text[:-1].encode() + b',"x":"\xed\xa0\x80"}',
                  "a control character": text[:-1] + ',"x":"\n"}', "17 levels": text[:-1] + ',"x":' + "[" * 16 + "]" * 16 + "}", "1,000 levels": text[:-1] + ',"x":' + "[" * 1000 + "]" * 1000 + "}",
                  "open brackets": "[" * 3000, "257 keys": text[:-1] + "".join(',"k%d":1' % i for i in range(257)) + "}", "a key without quotes": text[:-1] + ",x:1}",
                  "a key twice": text[:-1] + ',"x":1,"x":1}', "a key twice, one escaped": text[:-1] + ',"x":1,"\\u0078":1}', "a key twice, deeper": text[:-1] + ',"x":{"y":1,"y":2}}',
                  "a key twice, in an array": text[:-1] + ',"x":[{"y":1,"y":2}]}'}
        for name, fault in faults.items():
            both = list(usual)
            both[which] = fault
            no("%s: %s" % (part, name), token(EC, *both), "its %s is no" % part)
        coded_ = [coded(text) for text in usual]
        for name, change in {"padded": lambda t: t + "=" * (-len(t) % 4 or 4), "with a blank": lambda t: t + " ", "a line end": lambda t: t + "\n", "a tab in it": lambda t: t[:5] + "\t" + t[5:],
                             "plus": lambda t: t[:4] + "+" + t[5:], "slash": lambda t: t[:4] + "/" + t[5:], "per cent": lambda t: t + "%3D", "not ASCII": lambda t: t + "\u00e9",
                             "NUL as text": lambda t: t + "\\0", "one letter": lambda t: "e"}.items():
            both = list(coded_)
            both[which] = change(both[which])
            what = ".".join(both)
            no("%s %s" % (part, name), what + "." + coded(EC.sign(what.encode())), "its %s is no" % part)


def repeated():
    """A claim that stands there twice, whichever is the good one."""
    for part, usual, others in ((0, header(EC), {"alg": "none", "kid": "rsa", "typ": "ID"}),
                                (1, claims(NOW), {"iss": "https://evil.example", "aud": "other", "exp": 1, "iat": 9 * NOW, "sub": "x", "preferred_username": "admin"})):
        for name, value in others.items():
            for first in (True, False):
                text = as_text(usual)
                more = '"%s":%s' % (name, json.dumps(value))
                text = "{" + more + "," + text[1:] if first else text[:-1] + "," + more + "}"
                both = [header(EC), claims(NOW)]
                both[part] = text
                no("%s twice, the wrong one %s" % (name, "first" if first else "last"), token(EC, *both), "repeated keys")


def moments():
    strange = {"text": "1900000300", "a fraction": NOW + 0.5, "an exponent": 1.9e9, "empty": "", "true": True, "array": [NOW + 300], "object": {}, "negative": -1, "very negative": -2**63,
               "milliseconds": (NOW + 300) * 1000000, "the year 10000": 253402300800, "2^53": 2**53, "2^62": 2**62, "2^63 - 1": 2**63 - 1, "a date": "2030-01-01T00:00:00Z", "NaN as text": "NaN"}
    for claim in ("exp", "nbf", "iat"):
        for name, value in strange.items():
            no("%s: %s" % (claim, name), good(NOW, **{claim: value}), "no moment")
        no("%s: null" % claim, token(EC, header(EC), dict(claims(NOW), **{claim: None})), "no moment")
        for digits in ("9223372036854775808", "18446744073709551616", "18446744075609551916", "-9223372036854775809", "1e400", "1E10", "1900000300.0", "-0.0"):
            text = as_text({name: value for name, value in claims(NOW).items() if name != claim})
            no("%s: %s" % (claim, digits), token(EC, header(EC), text[:-1] + ',"%s":%s}' % (claim, digits)))
    no("exp missing", good(NOW, exp=None), "no end")
    for ago in (30, 31, 3600, 10**9, NOW):
        no("exp %d s ago" % ago, good(NOW, exp=NOW - ago), "expired")
    for later in (31, 3600, 10**9):
        no("nbf in %d s" % later, good(NOW, nbf=NOW + later), "not valid yet")
        no("iat in %d s" % later, good(NOW, iat=NOW + later), "in the future")
    no("exp below 2^32", good(NOW, exp=(NOW + 300) % 2**30), "expired")


def names():
    for issuer in (None, "", "https://id.example.org/realms/mail/", "https://id.example.org/realms/mai", "https://id.example.org/realms/Mail", "HTTPS://id.example.org/realms/mail",
                   "http://id.example.org/realms/mail", "https://id.example.org/realms/mail ", "https://id.example.org/realms/other", "https://evil.example", [ISSUER], {"iss": ISSUER}, 1, True,
                   "https://id.example.org/realms/mail#", "https://id.example.org/realms/mail?x", "https://id.example.org%2frealms/mail", "https://id.example.org:443/realms/mail"):
        no("iss %r" % (issuer,), good(NOW, iss=issuer), "another issuer")
    no("iss null", token(EC, header(EC), dict(claims(NOW), iss=None)), "another issuer")
    for audience in (None, "", "other", "Provost", "provost ", "provost,other", "other provost", [], ["other"], [[AUDIENCE]], [AUDIENCE, 1], [1, AUDIENCE], [AUDIENCE, None], [{}],
                     {"aud": AUDIENCE}, {AUDIENCE: True}, 1, True, ["x"] * 64 + [AUDIENCE], "*", "provos", "provost1"):
        no("aud %.30r" % (audience,), good(NOW, aud=audience), "another audience")
    no("aud null", token(EC, header(EC), dict(claims(NOW), aud=None)), "another audience")
    for login in (None, "", 1, True, ["john@example.org"], {}, "a" * 321, "john@example.org\n", "john\u2028@example.org", "\x1b[0m", "john\x7f"):
        no("login %.30r" % (login,), good(NOW, preferred_username=login), "claim with the login")
    for kind in ("ID", "Refresh", "Offline", "Logout", "Bearer ", "", 1, ["Bearer"], True):
        no("claim typ %r" % (kind,), good(NOW, typ=kind), "no access token")
    for kind in ("", "ID", "JWE", "JOSE", "JWT ", "at+jw", "at+jwt+x", "logout+jwt", "secevent+jwt", "dpop+jwt", "id_token", "application/", "application/application/jwt", "text/jwt", 1, True, [], ["JWT"], {}):
        no("typ %r" % (kind,), token(EC, header(EC, typ=kind), claims(NOW)), "another type")
    no("typ null", token(EC, dict(header(EC), typ=None), claims(NOW)), "another type")


def forms():
    head, said, sig = good(NOW).split(".")
    whole = ".".join((head, said, sig))
    for name, text in {"no dot": head + said + sig, "a dot": head + "." + said, "one part": head, "three dots": whole + ".", "four parts": whole + "." + sig, "an encrypted one": whole + ".AA.AA",
                       "a dot first": "." + whole, "only dots": "..", "one dot": ".", "a comma": whole.replace(".", ","), "full width dots": whole.replace(".", "\uff0e"),
                       "ideographic stops": whole.replace(".", "\u3002"), "dots per cent": whole.replace(".", "%2e"), "two dots": head + ".." + sig, "detached": head + ".." + sig,
                       "header missing": "." + said + "." + sig, "claims first": said + "." + head + "." + sig, "quoted": '"' + whole + '"', "with its scheme": "Bearer " + whole,
                       "a blank before": " " + whole, "a blank behind": whole + " ", "a line end behind": whole + "\n", "a line end before": "\n" + whole, "two tokens": whole + " " + whole,
                       "two glued": whole + whole, "braces": "{}.{}.{}", "JSON": json.dumps({"protected": head, "payload": said, "signature": sig}),
                       "JSON with signatures": json.dumps({"payload": said, "signatures": [{"protected": head, "signature": sig}]}), "a number": "1", "empty": "", "one letter": "a",
                       "a key of ours": "pvt_abc_def", "much": "a" * 9000, "many dots": "." * 8000, "a letter": whole + "\u00e4", "zero width": whole[:9] + "\u200b" + whole[9:]}.items():
        no("form: " + name, text)
    no("form: beyond 8 KiB", good(NOW, x="a" * 8192), "too long")
    no("form: a byte beyond", good(NOW) + "A" * (8193 - len(good(NOW))), "too long")


def run(keys, wanted, algorithms_=DEFAULT, claim="preferred_username", scope=None):
    """What the judge says of each."""
    lines = "".join("%d %s\n" % (NOW, base64.b64encode(text.encode()).decode()) for _, text, _, _ in wanted)
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        file.write(keys)
        file.flush()
        said = subprocess.run([os.path.join(BUILD, "tests", "tokens", "judge"), file.name, algorithms_, claim] + ([scope] if scope else []), input=lines, text=True,
                              capture_output=True, check=False)
    return said.stdout.splitlines()


def check(what, keys, wanted, **more):
    """All in one line, so that the output stays short; what is wrong is told of one by one."""
    wrong = 0
    answers = run(keys, wanted, **more)
    tap.is_(len(answers), len(wanted), "%s: each of %d is judged" % (what, len(wanted)))
    for (name, text, login, reason), answer in zip(wanted, answers):
        right = answer.startswith("yes %s " % login) if login else answer.startswith("no ") and (reason or "") in answer
        if not right:
            wrong += 1
            tap.note("%s: %s, wanted %s: %s" % (name, answer, login or reason, text[:300].encode("unicode_escape").decode()))
    tap.is_(wrong, 0, "R48: %s: all of them rightly" % what)


def other_settings():
    def taken(what, text, login=LOGIN, **more):
        check(what, key_set(), [(what, text, login, None)], **more)

    def refused(what, text, reason, **more):
        check(what, key_set(), [(what, text, None, reason)], **more)

    for key, name in ((RSA, "RS384"), (RSA, "RS512"), (RSA, "PS384"), (RSA, "PS512"), (EC384, "ES384"), (EC521, "ES512")):
        taken(name + " where it is allowed", token(key, header(key, alg=name), claims(NOW), name), algorithms_="ES256 " + name)
    refused("ES256 where only EdDSA is", good(NOW), "algorithm", algorithms_="EdDSA")
    taken("by address", good(NOW, email="mary@example.org", email_verified=True), "mary@example.org", claim="email")
    for value in (None, False, "true", 1):
        refused("by an address that is not verified: %r" % (value,), good(NOW, email="mary@example.org", email_verified=value), "not verified", claim="email")
    taken("by sub", good(NOW), "f3b1", claim="sub")
    for scope in ("mail", "openid mail", "mail openid", ["openid", "mail"], "a  mail b"):
        taken("scope %r" % (scope,), good(NOW, scope=scope), scope="mail")
    for scope in (None, "", "openid", "mailbox", "Mail", "mail,openid", ["openid"], [1, "mail"], 1, {"mail": True}):
        refused("scope %r" % (scope,), good(NOW, scope=scope), "scope", scope="mail")


def key_sets():
    small = Key("ec", "ES256", EC.private)
    for what, keys in {"no JSON": "x", "no set": "{}", "keys are no array": '{"keys":{}}', "empty": '{"keys":[]}', "an array": "[]", "a secret": '{"keys":[{"kty":"oct","k":"AAAA","kid":"ec"}]}',
                       "for encrypting": json.dumps({"keys": [dict(EC.jwk(), use="enc")]}), "for signing only": json.dumps({"keys": [dict(EC.jwk(), key_ops=["sign"])]}),
                       "use is no text": json.dumps({"keys": [dict(EC.jwk(), use=1)]}), "another curve": json.dumps({"keys": [dict(EC.jwk(), crv="P-384")]}), "an unknown curve": json.dumps({"keys": [dict(EC.jwk(), crv="secp256k1")]}),
                       "short x": json.dumps({"keys": [dict(EC.jwk(), x="AAAA")]}), "no y": json.dumps({"keys": [{k: v for k, v in EC.jwk().items() if k != "y"}]}), "padded x": json.dumps({"keys": [dict(EC.jwk(), x=EC.jwk()["x"] + "=")]}),
                       "short RSA": json.dumps({"keys": [dict(RSA.jwk(), n=coded(b"\xc1" * 128))]}), "even RSA": json.dumps({"keys": [dict(RSA.jwk(), n=coded(b"\xc2" * 256))]}), "huge RSA": json.dumps({"keys": [dict(RSA.jwk(), n=coded(b"\xc1" * 2048))]}),
                       "e = 1": json.dumps({"keys": [dict(RSA.jwk(), e="AQ")]}), "e even": json.dumps({"keys": [dict(RSA.jwk(), e="BA")]}), "e long": json.dumps({"keys": [dict(RSA.jwk(), e=coded(b"\xc1" * 64))]}),
                       "kid no text": json.dumps({"keys": [dict(EC.jwk(), kid=1)]}), "only a certificate": json.dumps({"keys": [{"kty": "RSA", "kid": "rsa", "x5c": ["MIIB"], "x5u": "https://127.0.0.1:1/"}]}),
                       "a key twice": '{"keys":[],"keys":[%s]}' % json.dumps(EC.jwk()), "no kty": json.dumps({"keys": [{k: v for k, v in EC.jwk().items() if k != "kty"}]})}.items():
        answers = run(keys, [("", good(NOW), None, None)])
        tap.ok(answers and answers[0].startswith("none "), "key set: " + what)
    mixed = json.dumps({"keys": [1, None, {}, {"kty": "oct", "k": "AAAA"}, dict(EC.jwk(), use="enc"), {"kty": "new"}, dict(EC.jwk(), x5c=["x"], x5u="https://127.0.0.1:1/", alg="ES256")]})
    check("a good key among others", mixed, [("it", good(NOW), LOGIN, None)])
    check("a key for another algorithm", json.dumps({"keys": [EC.jwk(alg="ES384"), ED.jwk()]}), [("it", good(NOW), None, "no key fits")])
    check("a key without a name", json.dumps({"keys": [{k: v for k, v in EC.jwk().items() if k not in ("kid", "use")}]}),
          [("named", good(NOW, small), None, "no key fits"), ("not named", token(EC, header(EC, kid=None), claims(NOW)), LOGIN, None)])
    check("a point that is not on the curve", json.dumps({"keys": [dict(EC.jwk(), y=EC.jwk()["x"])]}), [("it", good(NOW), None, "signature is wrong")])
    # None may be tried with a hundred keys.
    many = [Key("k%d" % i, "ES256", TWIN.private) for i in range(20)] + [EC]
    check("the ninth key that fits is not tried", key_set(many), [("it", token(EC, header(EC, kid=None), claims(NOW)), None, "signature is wrong"), ("named", good(NOW), LOGIN, None)])


def main():
    for part in (good_ones, algorithms, confusion, signatures, strangers, key_names, ecdsa, eddsa, rsa_tricks, broken_json, repeated, moments, names, forms):
        del cases[:]
        part()
        check(part.__name__, key_set(), cases)
    other_settings()
    key_sets()
    tap.done()


main()
