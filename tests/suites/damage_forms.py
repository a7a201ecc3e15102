# SPDX-License-Identifier: Apache-2.0
"""Every form of a store, made without trustmend where that can be, and what is whole in the bytes of one.

What is whole is found without any parser of the form: an entry is, where its DER stands in the bytes as it was, or in
what the bytes are an encoding of. Encrypted content is decrypted by what is known of it: its key, and where its
parameters stand.
"""
import base64
import binascii
import functools
import hashlib
import hmac
import json
import re
import shutil
import sqlite3
import struct
import subprocess

from askers import BOUNCY_CASTLE, java_program
from damage_material import digest, oid, openssl, pem, tlv

PASSWORD = b"changeit"
DATE = 1_700_000_000_000  # of Java's entries, milliseconds


# What is whole.

ALPHABET = bytes(range(65, 91)) + bytes(range(97, 123)) + b"0123456789+/"
BLANKS = bytes(range(33))
FILLED = [bytes(c if c in ALPHABET else fill for c in range(256)) for fill in b"A/"]


def decoded(text):
    """The bytes of base64, at each of the four places where it may begin; what is no digit is once all zeros and once
    all ones, so that nothing which was lost is there both times."""
    text = re.sub(rb"\\([nrt])", b"", text).replace(b"\\/", b"/").translate(None, BLANKS)
    for start in range(4):
        part = text[start:]
        part += b"=" * (-len(part) % 4)
        yield [binascii.a2b_base64(part.translate(table)) for table in FILLED]


def whole_binary(data, ders):
    return {der for der in ders for view in (data, *unwrapped(data)) if der in view}


def unwrapped(data):
    """What all of it is the base64 of."""
    compact = data.translate(None, BLANKS)
    if len(compact.strip(b"=").translate(None, ALPHABET)) == 0:
        compact = compact.rstrip(b"=")
        compact = compact[: -1 if len(compact) % 4 == 1 else None]
        yield binascii.a2b_base64(compact + b"=" * (-len(compact) % 4))


def views(data):
    """What a file may be hidden in, all of it: UTF-16, or base64 once more."""
    yield data
    if data[:2] == b"\xff\xfe" or data[:1] == b"\0":
        order = "utf-16-le" if data[:1] == b"\xff" else "utf-16-be"
        yield data.decode(order, "replace").encode("latin-1", "replace")
    yield from unwrapped(data)


def whole_text(data, ders):
    found = set()
    for view in views(data):
        for low, high in decoded(view):
            found |= {der for der in ders if der in low and der in high}
    return found


def whole_twice(data, ders):
    """Base64 of base64: a member of a Secret."""
    found = whole_text(data, ders)
    for view in (data, *unwrapped(data)):
        for low, high in decoded(view):
            same = bytes(a if a == b else 0x21 for a, b in zip(low, high))
            found |= whole_text(same, ders)
    return found


def pkcs12_key(password, salt, rounds, purpose, size, name="sha1"):
    """RFC 7292 B.2."""
    block = 64

    def fill(data):
        wanted = block * -(-len(data) // block)
        return (data * (wanted // len(data) + 1))[:wanted]

    text = password.decode().encode("utf-16-be") + b"\0\0"
    state = bytearray(fill(salt) + fill(text))
    out = b""
    while len(out) < size:
        value = bytes([purpose]) * block + bytes(state)
        for _ in range(rounds):
            value = hashlib.new(name, value).digest()
        out += value
        addend = int.from_bytes(fill(value), "big") + 1
        for at in range(0, len(state), block):
            number = (int.from_bytes(state[at : at + block], "big") + addend) % (1 << 8 * block)
            state[at : at + block] = number.to_bytes(block, "big")
    return out[:size]


class Encrypted:
    """A part of a container: how it is encrypted. Where the vector is a part of the algorithm it is the last of it, and
    needed for the first block alone, in which there is no entry."""

    BLOCK = {"aes-256-cbc": 16, "des-ede3-cbc": 8, "rc2-40-cbc": 8}

    def __init__(self, algorithm, cipher, key, vector):
        self.needed = algorithm.removesuffix(vector)
        self.cipher, self.key, self.vector = cipher, key, vector

    def open(self, content):
        size = len(content) // self.BLOCK[self.cipher] * self.BLOCK[self.cipher]
        words = ["-provider", "legacy", "-provider", "default"] if self.cipher == "rc2-40-cbc" else []
        return openssl("enc", "-d", f"-{self.cipher}", "-nopad", "-K", self.key.hex(), "-iv", self.vector.hex(), *words,
                       given=content[:size])  # fmt: skip

    def plains(self, data):
        """What is behind each place where the algorithm stands: the content, and then what is none; from wherever a block
        may begin, one behind the other, since the first block of each comes out wrong and no other."""
        block, at = self.BLOCK[self.cipher], data.find(self.needed)
        while at >= 0:
            rest = data[at + len(self.needed) :]
            ends = [len(rest) - (len(rest) - start) % block for start in range(block)]
            yield self.open(b"".join(rest[start:end] for start, end in enumerate(ends)))
            at = data.find(self.needed, at + 1)


class Form:
    """make(ders) gives the bytes of a store of these; whole(data, ders) which of these are in such bytes."""

    is_text = is_directory = is_plain = has_integrity = is_opaque = False

    def __init__(self, name, ending, make, whole, engines, **more):
        self.name, self.ending, self.make, self.whole, self.engines = name, ending, make, whole, engines
        self.__dict__.update(more)

    def truth(self, data, ders):
        return self.whole(data, ders)

    @staticmethod
    def unread(data):
        """The bytes without those that mean nothing: no reader can see what happens to them."""
        return data


TEXT_ENGINES = ("openssl", "gnutls", "go", "node", "mbedtls")


# The forms.

def label_of(material, der):
    return b"X509 CRL" if der == material.crl else b"CERTIFICATE"


def make_pem(material, ders):
    return b"".join(pem(der, label_of(material, der)) for der in ders)


def make_commented(material, ders):
    return b"# Roots of the damage test\n\n" + b"".join(
        b"# number %d\nSubject: O = Damage\n%s\n" % (number, pem(der)) for number, der in enumerate(ders)
    )


def make_trusted(_material, ders):
    settings = tlv(0x30, tlv(0x30, oid("1.3.6.1.5.5.7.3.2")), tlv(0x0C, b"damage"))
    return b"".join(pem(der + settings, b"TRUSTED CERTIFICATE") for der in ders)


def make_pkcs7(material, ders):
    certs = b"".join(sorted(der for der in ders if der != material.crl))
    crls = b"".join(der for der in ders if der == material.crl)
    data = tlv(0x30, tlv(2, b"\1"), tlv(0x31), tlv(0x30, oid("1.2.840.113549.1.7.1")),
               tlv(0xA0, certs) if certs else b"", tlv(0xA1, crls) if crls else b"", tlv(0x31))  # fmt: skip
    return tlv(0x30, oid("1.2.840.113549.1.7.2"), tlv(0xA0, data))


def bags(ders, is_java):
    def attributes(number):
        name = tlv(0x30, oid("1.2.840.113549.1.9.20"), tlv(0x31, tlv(0x1E, f"ca{number}".encode("utf-16-be"))))
        usage = tlv(0x30, oid("2.16.840.1.113894.746875.1.1"), tlv(0x31, oid("2.5.29.37.0")))
        return tlv(0x31, name, usage if is_java else b"")

    return tlv(0x30, *(
        tlv(0x30, oid("1.2.840.113549.1.12.10.1.3"),
            tlv(0xA0, tlv(0x30, oid("1.2.840.113549.1.9.22.1"), tlv(0xA0, tlv(4, der)))), attributes(number))
        for number, der in enumerate(ders)
    ))  # fmt: skip


def data_info(content):
    return tlv(0x30, oid("1.2.840.113549.1.7.1"), tlv(0xA0, tlv(4, content)))


def mac_pkcs12(content, name="sha1", identifier="1.3.14.3.2.26"):
    """RFC 7292, 4 and B."""
    salt = hashlib.sha1(b"salt" + content).digest()[:8]
    size = hashlib.new(name).digest_size
    value = hmac.digest(pkcs12_key(PASSWORD, salt, 1000, 3, size, name), content, name)
    info = tlv(0x30, tlv(0x30, oid(identifier), tlv(5)), tlv(4, value))
    return tlv(0x30, info, tlv(4, salt), tlv(2, (1000).to_bytes(2, "big")))


def mac_pbmac1(content):
    """RFC 9579."""
    salt = hashlib.sha1(b"salt" + content).digest()[:16]
    sha256 = tlv(0x30, oid("1.2.840.113549.2.9"), tlv(5))
    derived = tlv(0x30, oid("1.2.840.113549.1.5.12"),
                  tlv(0x30, tlv(4, salt), tlv(2, (2048).to_bytes(2, "big")), tlv(2, b"\x20"), sha256))  # fmt: skip
    value = hmac.digest(hashlib.pbkdf2_hmac("sha256", PASSWORD, salt, 2048, 32), content, "sha256")
    info = tlv(0x30, tlv(0x30, oid("1.2.840.113549.1.5.14"), tlv(0x30, derived, sha256)), tlv(4, value))
    return tlv(0x30, info, tlv(4, b"\0" * 8), tlv(2, b"\1"))


def without_unread_salt(data):
    """RFC 9579 5: of MacData the salt and the number of iterations are not read; they end the file."""
    return data[:-11] + data[-3:-1]


def pfx(safe, mac):
    content = tlv(0x30, safe)
    return tlv(0x30, tlv(2, b"\3"), data_info(content), mac(content))


def sealed(plain, algorithm, cipher, key, vector):
    """EncryptedData in a ContentInfo."""
    words = ["-provider", "legacy", "-provider", "default"] if cipher == "rc2-40-cbc" else []
    content = openssl("enc", "-e", f"-{cipher}", "-K", key.hex(), "-iv", vector.hex(), *words, given=plain)
    info = tlv(0x30, oid("1.2.840.113549.1.7.1"), algorithm, tlv(0x80, content))
    return tlv(0x30, oid("1.2.840.113549.1.7.6"), tlv(0xA0, tlv(0x30, tlv(2, b"\0"), info)))


def make_legacy(identifier, cipher, size):
    def make(_material, ders):
        plain = bags(ders, True)
        salt = hashlib.sha1(plain).digest()[:8]
        algorithm = tlv(0x30, oid(identifier), tlv(0x30, tlv(4, salt), tlv(2, (1000).to_bytes(2, "big"))))
        key, vector = (pkcs12_key(PASSWORD, salt, 1000, purpose, length) for purpose, length in ((1, size), (2, 8)))
        info = sealed(plain, algorithm, cipher, key, vector)
        data = pfx(info, mac_pkcs12)
        return data, (algorithm, cipher, key, vector)

    return make


def make_modern(_material, ders):
    plain = bags(ders, True)
    seed = hashlib.sha256(plain).digest()
    salt, vector = seed[:16], seed[16:]
    derived = tlv(0x30, oid("1.2.840.113549.1.5.12"),
                  tlv(0x30, tlv(4, salt), tlv(2, (2048).to_bytes(2, "big")), tlv(0x30, oid("1.2.840.113549.2.9"), tlv(5))))  # fmt: skip
    scheme = tlv(0x30, oid("2.16.840.1.101.3.4.1.42"), tlv(4, vector))
    algorithm = tlv(0x30, oid("1.2.840.113549.1.5.13"), tlv(0x30, derived, scheme))
    key = hashlib.pbkdf2_hmac("sha256", PASSWORD, salt, 2048, 32)
    info = sealed(plain, algorithm, "aes-256-cbc", key, vector)
    return pfx(info, lambda it: mac_pkcs12(it, "sha256", "2.16.840.1.101.3.4.2.1")), (algorithm, "aes-256-cbc", key, vector)


class EncryptedForm(Form):
    """Whoever made it told how to open it."""

    def __init__(self, material, name, make, engines):
        self.parts = {}

        def remember(_material, ders):
            data, how = make(_material, ders)
            self.parts[how[0]] = Encrypted(*how)
            return data

        super().__init__(name, "p12", remember, None, engines, has_integrity=True)
        self.material = material

    def truth(self, data, ders):
        found = whole_binary(data, ders)
        for part in self.parts.values():
            for view in (data, *unwrapped(data)):
                for plain in part.plains(view):
                    found |= whole_binary(plain, ders)
        return found


def java_text(text):
    return struct.pack(">H", len(text)) + text


def make_java(magic):
    def make(_material, ders):
        body = struct.pack(">III", magic, 2, len(ders))
        for number, der in enumerate(ders):
            body += struct.pack(">I", 2) + java_text(b"ca%d" % number) + struct.pack(">Q", DATE) + java_text(b"X.509")
            body += struct.pack(">I", len(der)) + der
        return body + hashlib.sha1(PASSWORD.decode().encode("utf-16-be") + b"Mighty Aphrodite" + body).digest()

    return make


def make_bks(_material, ders):
    salt = hashlib.sha1(b"".join(ders)).digest()
    body = b""
    for number, der in enumerate(ders):
        body += b"\1" + java_text(b"ca%d" % number) + struct.pack(">Q", DATE) + struct.pack(">I", 0)
        body += java_text(b"X.509") + struct.pack(">I", len(der)) + der
    body += b"\0"
    key = pkcs12_key(PASSWORD, salt, 1024, 3, 20)
    return struct.pack(">II", 2, 20) + salt + struct.pack(">I", 1024) + body + hmac.digest(key, body, "sha1")


class BouncyForm(Form):
    """A keystore that BouncyCastle itself writes and encrypts as a whole, by a salt of its own chance. Nothing here decrypts
    it: of a damaged one it is not known what is whole, only that what is found in it must be what was put there."""

    is_opaque = True

    def __init__(self, material, name, program):
        super().__init__(name, name, self.written, None, ("java",), has_integrity=True)
        self.program, self.folder, self.made = program, material.folder, {}

    def written(self, _material, ders):
        key = tuple(ders)
        if key not in self.made:
            paths = [self.folder / f"bouncy-{digest(der)[:16]}.der" for der in ders]
            for path, der in zip(paths, ders):
                path.write_bytes(der)
            out = self.folder / f"bouncy.{self.name}"
            out.unlink(missing_ok=True)
            words = [*self.program, "make", out, self.name.upper(), *paths]
            subprocess.run([str(word) for word in words], check=False, capture_output=True)
            # A certificate that it cannot parse it does not take.
            self.made[key] = out.read_bytes() if out.exists() else self.made[tuple(self.ders)]
        return self.made[key]

    def truth(self, data, ders):
        found = {der for key, made in self.made.items() if made == data for der in key}
        return found & set(ders)


def make_p11kit(_material, ders):
    return b"# Trust of the damage test\n" + b"".join(
        b'[p11-kit-object-v1]\nlabel: "Damage %d"\nclass: certificate\ntrusted: true\ncertificate-category: authority\n%s\n'
        % (number, pem(der)) for number, der in enumerate(ders)
    )  # fmt: skip


def make_secret(material, ders):
    text = base64.b64encode(make_pem(material, ders)).decode()
    return f"apiVersion: v1\nkind: Secret\nmetadata:\n  name: trust\n  namespace: default\ntype: Opaque\ndata:\n  ca.crt: {text}\n".encode()


def make_configmap(material, ders):
    text = make_pem(material, ders).decode().replace("\n", "\n    ").rstrip(" ")
    return f"apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: trust\ndata:\n  ca.crt: |\n    {text}".encode()


def make_spiffe(_material, ders):
    keys = [{"use": "x509-svid", "kty": "EC", "crv": "P-256", "x": "AA", "y": "AA", "x5c": [base64.b64encode(der).decode()]}
            for der in ders]  # fmt: skip
    return json.dumps({"spiffe_sequence": 7, "spiffe_refresh_hint": 300, "keys": keys}, indent=1).encode() + b"\n"


def make_json(material, ders):
    return json.dumps([make_pem(material, [der]).decode() for der in ders], indent=1).encode() + b"\n"


@functools.cache
def name_hash(kind, der):
    try:
        return openssl(kind, "-inform", "DER", "-noout", "-hash", given=der).decode().strip()
    except RuntimeError:
        return "00000000"  # it cannot be read: no name is its own


def make_hashdir(material, ders):
    """Names and bytes of a directory's files, as openssl rehash would link them; a name may be a link."""
    files = {}
    for number, der in enumerate(ders):
        kind, flag = ("crl", "r") if der == material.crl else ("x509", "")
        value = name_hash(kind, der)
        files[f"ca{number}.pem"] = pem(der, label_of(material, der))
        files[f"{value}.{flag}0"] = f"ca{number}.pem"
    return files


def make_nss(material, ders):
    """certutil(1) makes it once for these; the bytes of its cert9.db. NSS wants the keys' file beside it."""
    folder = material.folder / f"nss-{hashlib.sha1(b''.join(ders)).hexdigest()[:8]}"
    if not folder.exists():
        folder.mkdir()
        subprocess.run(["certutil", "-N", "--empty-password", "-d", f"sql:{folder}"], check=True, capture_output=True)
        for number, der in enumerate(ders):
            # What it cannot parse it does not take.
            subprocess.run(["certutil", "-A", "-d", f"sql:{folder}", "-n", f"ca{number}", "-t", "CT,,"], input=der,
                           check=False, capture_output=True)  # fmt: skip
        with sqlite3.connect(folder / "cert9.db") as database:
            database.execute("PRAGMA journal_mode=DELETE")
    data = (folder / "cert9.db").read_bytes()
    material.nss_keys[data] = folder / "key4.db"
    return data


def streams(data):
    """The bytes in which entries may stand as they are: the file's own, and what they are the base64 of, once or twice."""
    yield data
    for view in views(data):
        for low, high in decoded(view):
            yield low
            for inner, _ in decoded(bytes(a if a == b else 0x21 for a, b in zip(low, high))):
                yield inner


def altered(data, fingerprint, ders):
    """The original of an entry with a changed byte or more, and the places where they differ; or None."""
    for stream in streams(data):
        for der in ders:
            at = stream.find(der[:4])
            while at >= 0:
                found = stream[at : at + len(der)]
                if digest(found) == fingerprint:
                    return der, [place for place in range(len(der)) if der[place] != found[place]]
                at = stream.find(der[:4], at + 1)
    return None


# Attributes of names, and what stands before them: a SET and a SEQUENCE; key ids, and before them a SEQUENCE.
NAMED_BY = ((oid("2.5.4.10"), 4), (oid("2.5.4.3"), 4), (oid("2.5.29.14"), 2), (oid("2.5.29.35"), 2))


def says_whose(der, place):
    """Whether a byte belongs to what names the issuer or the subject: then nobody can tell whose signature is on it."""
    for name, before in NAMED_BY:
        at = der.find(name)
        while at >= 0:
            value = at + len(name)
            if at - before <= place < value + 2 + der[value + 1]:
                return True
            at = der.find(name, at + 1)
    return False


def crlf(make):
    return lambda material, ders: make(material, ders).replace(b"\n", b"\r\n")


def armoured(make, label):
    return lambda material, ders: pem(make(material, ders), label)


def text_form(name, make, **more):
    return Form(name, "pem", make, whole_text, TEXT_ENGINES, is_text=True, **more)


def wanted_form(name, wanted):
    return wanted is None or name in wanted


def make_forms(material, wanted=None):
    certs = material.certs
    java, pkcs12 = ("java",), ("java", "openssl-pkcs12")
    forms = [
        text_form("pem", make_pem, is_plain=True),
        text_form("pem-comments", make_commented),
        text_form("pem-trusted", make_trusted),
        text_form("pem-crlf", crlf(make_pem)),
        text_form("pem-crl", make_pem, ders=[*certs, material.crl]),
        Form("der", "der", lambda _, ders: ders[0], whole_binary, TEXT_ENGINES, ders=certs[3:4]),
        Form("pkcs7", "p7b", make_pkcs7, whole_binary, (), ders=[*certs, material.crl]),
        Form("pkcs7-pem", "p7", armoured(make_pkcs7, b"PKCS7"), whole_text, (), is_text=True),
        EncryptedForm(material, "pkcs12-rc2", make_legacy("1.2.840.113549.1.12.1.6", "rc2-40-cbc", 5), pkcs12),
        EncryptedForm(material, "pkcs12-des", make_legacy("1.2.840.113549.1.12.1.3", "des-ede3-cbc", 24), pkcs12),
        EncryptedForm(material, "pkcs12-modern", make_modern, pkcs12),
        Form("pkcs12-pbmac1", "p12", lambda _, ders: pfx(data_info(bags(ders, True)), mac_pbmac1), whole_binary, (), has_integrity=True,
             unread=without_unread_salt),
        Form("pkcs12-plain", "p12", lambda _, ders: pfx(data_info(bags(ders, False)), mac_pkcs12), whole_binary, pkcs12, has_integrity=True),
        Form("pkcs12-no-mac", "p12", lambda _, ders: pfx(data_info(bags(ders, True)), lambda _: b""), whole_binary, pkcs12),
        Form("jks", "jks", make_java(0xFEEDFEED), whole_binary, java, has_integrity=True),
        Form("jceks", "jceks", make_java(0xCECECECE), whole_binary, java, has_integrity=True),
        Form("bks", "bks", make_bks, whole_binary, java, has_integrity=True),
        Form("hashdir", "d", make_hashdir, whole_text, ("openssl-directory",), is_text=True, is_directory=True,
             ders=[*certs, material.crl]),
        Form("p11kit", "p11-kit", make_p11kit, whole_text, ("p11-kit",), is_text=True),
        Form("secret", "yaml", make_secret, whole_twice, (), is_text=True),
        Form("configmap", "yaml", make_configmap, whole_text, (), is_text=True),
        Form("spiffe", "json", make_spiffe, whole_text, (), is_text=True),
        Form("json", "json", make_json, whole_text, (), is_text=True),
    ]  # fmt: skip
    if shutil.which("certutil"):
        forms.append(Form("nss", "nss", make_nss, whole_binary, ("nss",), is_directory=True))
    bouncy = java_program(material.folder) if BOUNCY_CASTLE.exists() and wanted_form("uber", wanted) else None
    if bouncy:
        forms.append(BouncyForm(material, "uber", bouncy))
    for form in forms:
        form.ders = getattr(form, "ders", certs)
    return [form for form in forms if wanted_form(form.name, wanted)]
