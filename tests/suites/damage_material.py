# SPDX-License-Identifier: Apache-2.0
"""What the stores of the damage test hold: certificates and a CRL that a seed alone determines, byte for byte.

openssl(1) takes neither its keys nor the dates and serial numbers of `req` from a seed, and signs by ECDSA with a number of
chance. So keys are drawn here and signatures are made here: what fails once fails again with the same seed. Nothing of it
keeps a secret.
"""
import base64
import hashlib
import random
import subprocess

BEGINS, ENDS = b"240101000000Z", b"491231235959Z"
RSA_BITS, RSA_EXPONENT = 2048, 65537
ROUNDS = 8  # of Miller and Rabin's test; numbers here are of chance and nobody's choice


def openssl(*words, given=None):
    done = subprocess.run(["openssl", *map(str, words)], input=given, capture_output=True, check=False)
    if done.returncode:
        raise RuntimeError(f"openssl {words[0]}: {done.stderr.decode()}")
    return done.stdout


def digest(der):
    return hashlib.sha256(der).hexdigest()


def pem(der, label=b"CERTIFICATE", width=64):
    text = base64.b64encode(der)
    lines = b"".join(text[at : at + width] + b"\n" for at in range(0, len(text), width))
    return b"-----BEGIN %s-----\n%s-----END %s-----\n" % (label, lines, label)


def tlv(tag, *parts):
    content = b"".join(parts)
    size = len(content)
    octets = size.to_bytes((size.bit_length() + 7) // 8, "big") if size > 127 else b""
    return bytes([tag]) + (bytes([0x80 | len(octets)]) + octets if octets else bytes([size])) + content


def oid(text):
    first, second, *rest = map(int, text.split("."))
    out = bytes([40 * first + second])
    for number in rest:
        part = [number & 0x7F]
        while number := number >> 7:
            part.append(0x80 | number & 0x7F)
        out += bytes(reversed(part))
    return tlv(6, out)


def integer(number):
    return tlv(2, number.to_bytes(number.bit_length() // 8 + 1, "big"))


def bits(content):
    return tlv(3, b"\0", content)


class EcKey:
    """P-256 (SEC 2, 2.4.2), and ECDSA (SEC 1, 4.1.3)."""

    P = 2**256 - 2**224 + 2**192 + 2**96 - 1
    N = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
    G = (0x6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296,
         0x4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5)  # fmt: skip
    ALGORITHM = tlv(0x30, oid("1.2.840.10045.4.3.2"))

    def __init__(self, chance):
        self.secret = chance.randrange(1, self.N)
        x, y = self.times(self.secret)
        self.point = b"\4" + x.to_bytes(32, "big") + y.to_bytes(32, "big")
        self.kind = tlv(0x30, oid("1.2.840.10045.2.1"), oid("1.2.840.10045.3.1.7"))
        self.info = tlv(0x30, self.kind, bits(self.point))

    def add(self, one, other):
        if one is None or other is None:
            return one or other
        (x1, y1), (x2, y2) = one, other
        if x1 == x2 and (y1 + y2) % self.P == 0:
            return None
        slope = (3 * x1 * x1 - 3) * pow(2 * y1, -1, self.P) if one == other else (y2 - y1) * pow(x2 - x1, -1, self.P)
        x = (slope * slope - x1 - x2) % self.P
        return x, (slope * (x1 - x) - y1) % self.P

    def times(self, number):
        total, power = None, self.G
        while number:
            total = self.add(total, power) if number & 1 else total
            power, number = self.add(power, power), number >> 1
        return total

    def private(self):
        """RFC 5958 around RFC 5915."""
        inner = tlv(0x30, integer(1), tlv(4, self.secret.to_bytes(32, "big")), tlv(0xA1, bits(self.point)))
        return pem(tlv(0x30, integer(0), self.kind, tlv(4, inner)), b"PRIVATE KEY")

    def sign(self, content):
        value = hashlib.sha256(content).digest()
        number = int.from_bytes(hashlib.sha512(self.secret.to_bytes(32, "big") + value).digest(), "big") % self.N
        r = self.times(number)[0] % self.N
        s = pow(number, -1, self.N) * (int.from_bytes(value, "big") + r * self.secret) % self.N
        return tlv(0x30, integer(r), integer(s))


def is_prime(number, chance):
    if any(number % small == 0 for small in (3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37)):
        return False
    twos = (number - 1 & 1 - number).bit_length() - 1
    for _ in range(ROUNDS):
        value = pow(chance.randrange(2, number - 1), number >> twos, number)
        if value != 1 and all(pow(value, 1 << power, number) != number - 1 for power in range(twos)):
            return False
    return True


class RsaKey:
    """RFC 8017, with the signatures of its 8.2.1."""

    ALGORITHM = tlv(0x30, oid("1.2.840.113549.1.1.11"), tlv(5))

    def __init__(self, chance):
        p, q = self.prime(chance), self.prime(chance)
        self.modulus, self.secret = p * q, pow(RSA_EXPONENT, -1, (p - 1) * (q - 1))
        self.point = tlv(0x30, integer(self.modulus), integer(RSA_EXPONENT))
        self.info = tlv(0x30, tlv(0x30, oid("1.2.840.113549.1.1.1"), tlv(5)), bits(self.point))

    @staticmethod
    def prime(chance):
        half = RSA_BITS // 2
        while True:
            number = chance.getrandbits(half) | 3 << half - 2 | 1
            if number % RSA_EXPONENT != 1 and is_prime(number, chance):
                return number

    def sign(self, content):
        info = tlv(0x30, tlv(0x30, oid("2.16.840.1.101.3.4.2.1"), tlv(5)), tlv(4, hashlib.sha256(content).digest()))
        size = RSA_BITS // 8
        padded = b"\0\1" + b"\xff" * (size - len(info) - 3) + b"\0" + info
        return pow(int.from_bytes(padded, "big"), self.secret, self.modulus).to_bytes(size, "big")


class Authority:
    """A name and a key, and what they sign."""

    def __init__(self, chance, common, is_rsa=False, organisation="Damage"):
        self.chance, self.key = chance, (RsaKey if is_rsa else EcKey)(chance)
        parts = ([("2.5.4.10", organisation)] if organisation else []) + [("2.5.4.3", common)]
        self.name = tlv(0x30, *(tlv(0x31, tlv(0x30, oid(kind), tlv(0x0C, text.encode()))) for kind, text in parts))
        self.key_id = hashlib.sha1(self.key.point).digest()

    def signed(self, *parts):
        content = tlv(0x30, *parts)
        return tlv(0x30, content, self.key.ALGORITHM, bits(self.key.sign(content)))

    def authority_key_id(self):
        return tlv(0x30, oid("2.5.29.35"), tlv(4, tlv(0x30, tlv(0x80, self.key_id))))

    def issue(self, other):
        """A CA's certificate; its own where it is this one."""
        extensions = tlv(0x30, tlv(0x30, oid("2.5.29.14"), tlv(4, tlv(4, other.key_id))), self.authority_key_id(),
                         tlv(0x30, oid("2.5.29.19"), tlv(1, b"\xff"), tlv(4, tlv(0x30, tlv(1, b"\xff")))))  # fmt: skip
        serial = tlv(2, bytes([self.chance.randrange(1, 128)]) + self.chance.randbytes(19))
        return self.signed(tlv(0xA0, integer(2)), serial, self.key.ALGORITHM, self.name,
                           tlv(0x30, tlv(0x17, BEGINS), tlv(0x17, ENDS)), other.name, other.key.info,
                           tlv(0xA3, extensions))  # fmt: skip

    def revoke_nothing(self):
        extensions = tlv(0x30, self.authority_key_id(), tlv(0x30, oid("2.5.29.20"), tlv(4, integer(1))))
        return self.signed(integer(1), self.key.ALGORITHM, self.name, tlv(0x17, BEGINS), tlv(0x17, ENDS), tlv(0xA0, extensions))


class Material:
    """Roots, one CA below the first of them, its CRL, a key; and a root of somebody else."""

    def __init__(self, folder, seed):
        chance = random.Random(f"{seed} material")
        self.folder = folder
        self.nss_keys = {}  # by database
        roots = [Authority(chance, f"Damage test {number}", number == 2) for number in range(5)]
        own = [root.issue(root) for root in roots]
        below = roots[0].issue(Authority(chance, "Damage test below"))
        somebody = Authority(chance, "Somebody else", organisation=None)
        self.certs = [own[0], own[1], below, own[2], own[3]]
        self.foreign, self.later = somebody.issue(somebody), own[4]
        self.key = roots[1].key.private()
        self.crl = roots[0].revoke_nothing()

    def all(self):
        return [*self.certs, self.crl, self.foreign, self.later]
