# SPDX-License-Identifier: Apache-2.0
"""PKIs for the lab: each shape is made once a run, by a few hundred calls of the openssl tool.

A shape has a chain of CAs from the one that issues to the anchor, clients, and *variants*: CA
certificates and CRLs that differ from the good ones in the one thing that a fault needs.
"""

import base64
import itertools
import os
import subprocess
import threading
import time
from pathlib import Path

DAY = 86400
CA_EXTENSIONS = (
    "basicConstraints=critical,CA:TRUE",
    "keyUsage=critical,keyCertSign,cRLSign",
    "subjectKeyIdentifier=hash",
)
LEAF_EXTENSIONS = (
    "basicConstraints=CA:FALSE",
    "keyUsage=critical,digitalSignature",
    "extendedKeyUsage=clientAuth",
    "subjectKeyIdentifier=hash",
    "subjectAltName=DNS:client.lab.example",
)
NO_KEY_IDS = ("subjectKeyIdentifier=none", "authorityKeyIdentifier=none")
BY_KEY_ID = ("authorityKeyIdentifier=keyid",)

# shape: what stands in the good store, from the issuing CA to the anchor, with its key's algorithm
SHAPES = {
    "single": (("issuing", "rsa"), ("root", "rsa")),
    "deep": (("issuing", "ec"), ("middle", "ec"), ("upper", "rsa"), ("root", "ec")),
    "cross": (("issuing", "ec"), ("new-cross", "ec"), ("old-root", "rsa")),
    "long-cross": (("issuing", "rsa"), ("middle", "ec"), ("new-cross", "ec"), ("old-root", "ec")),
}


def openssl(*arguments, given=None):
    """Runs the tool; what it printed, or an exception with what it complained about."""
    done = subprocess.run(["openssl", *map(str, arguments)], input=given, capture_output=True)
    if done.returncode != 0:
        raise RuntimeError(f"openssl {' '.join(map(str, arguments))}: {done.stderr.decode()}")
    return done.stdout


def stamp(offset):
    """A moment, seconds from now, as `openssl ca` takes it."""
    return time.strftime("%Y%m%d%H%M%SZ", time.gmtime(time.time() + offset))


class Pki:
    """One shape: keys, certificates and CRLs by name, as PEM files in a directory."""

    def __init__(self, directory, shape):
        self.directory = Path(directory)
        self.directory.mkdir(parents=True)
        self.shape = shape
        self.chain = [name for name, _ in SHAPES[shape]]
        self.subjects, self.keys, self.serials = {}, {}, {}
        self._numbers = itertools.count(1)
        self._make_chain()
        self._make_strangers()
        self._make_variants()
        self._make_clients()
        self._make_crls()

    # What others ask for.

    def path(self, name):
        return self.directory / name

    def pem(self, name):
        """The certificate of that name."""
        return self.path(name + ".pem").read_bytes()

    def der(self, name):
        return openssl("x509", "-in", self.path(name + ".pem"), "-outform", "DER")

    def crl(self, name):
        return self.path(name + ".crl").read_bytes()

    def key(self, name):
        return self.path(name + ".key").read_bytes()

    def crls(self, kind="good"):
        """The names of the CRLs that the chain needs."""
        return [f"{kind}-{name}" for name in self.chain]

    @property
    def top(self):
        return self.chain[-1]

    @property
    def depth(self):
        """Intermediates on the path of a client."""
        return len(self.chain) - 1

    def client(self, name, sends=None, key=None):
        """The file of a client: its certificate, what it sends with it, its key."""
        sent = self.chain[:-1] if sends is None else sends
        return (self.pem(name) + b"".join(self.pem(ca) for ca in sent) +
                self.key(key or self.keys[name]))

    # How they are made.

    def _key(self, name, algorithm):
        options = {
            "rsa": ("RSA", "-pkeyopt", "rsa_keygen_bits:2048"),
            "weak": ("RSA", "-pkeyopt", "rsa_keygen_bits:1024"),
            "ec": ("EC", "-pkeyopt", "ec_paramgen_curve:P-256"),
            "explicit": ("EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-pkeyopt",
                         "ec_param_enc:explicit"),
        }[algorithm]
        openssl("genpkey", "-algorithm", *options, "-out", self.path(name + ".key"))

    def _request(self, key):
        path = self.path(key + ".csr")
        if not path.exists():
            openssl("req", "-new", "-key", self.path(key + ".key"), "-subj", "/CN=x", "-out", path)
        return path

    def _ca_config(self, number, extensions, digest="sha256", section="x509_extensions"):
        """The directory and configuration of one call of `openssl ca`."""
        room = self.path(f"ca-{number}")
        room.mkdir()
        (room / "index").touch()
        (room / "serial").write_text(f"{0x100000 + number:06X}\n")
        lines = ["[ca]", "default_ca=d", "[d]", f"database={room}/index", f"new_certs_dir={room}",
                 f"serial={room}/serial", f"crlnumber={room}/number", f"default_md={digest}",
                 "policy=p", "unique_subject=no", "default_days=1", "default_crl_days=1"]
        if extensions:
            lines.append(f"{section}=e")
        lines += ["[p]", "organizationName=optional", "commonName=optional", "[e]", *extensions, ""]
        (room / "config").write_text("\n".join(lines))
        return room

    def certificate(self, name, subject, key, issuer=None, extensions=(), start=-30 * DAY,
                    end=700 * DAY, digest="sha256"):
        """A certificate; self-signed where it has no issuer."""
        number = next(self._numbers)
        room = self._ca_config(number, extensions, digest)
        signer = ("-selfsign", "-keyfile", self.path(key + ".key")) if issuer is None else (
            "-cert", self.path(issuer + ".pem"), "-keyfile",
            self.path(self.keys[issuer] + ".key"))
        openssl("ca", "-batch", "-notext", "-config", room / "config", *signer, "-in",
                self._request(key), "-subj", subject, "-startdate", stamp(start), "-enddate",
                stamp(end), "-out", self.path(name + ".pem"))
        self.subjects[name], self.keys[name] = subject, key
        self.serials[name] = f"{0x100000 + number:06X}"

    def list_of(self, name, ca, revoked=(), number=1, start=-DAY, end=60 * DAY, extensions=(),
                by_key_id=True):
        """A CRL of this CA."""
        room = self._ca_config(next(self._numbers), (*(BY_KEY_ID if by_key_id else ()),
                                                     *extensions), section="crl_extensions")
        (room / "number").write_text(f"{number:04X}\n")
        (room / "index").write_text("".join(
            f"R\t{stamp(700 * DAY)[2:]}\t{stamp(-2 * DAY)[2:]}\t{self.serials[client]}\tunknown\t"
            f"/CN=x\n" for client in revoked))
        openssl("ca", "-gencrl", "-config", room / "config", "-cert", self.path(ca + ".pem"),
                "-keyfile", self.path(self.keys[ca] + ".key"), "-crl_lastupdate", stamp(start),
                "-crl_nextupdate", stamp(end), "-out", self.path(name + ".crl"))

    def _subject(self, name):
        return f"/O=Lab {self.shape}/CN={name}"

    def _make_chain(self):
        for name, algorithm in SHAPES[self.shape]:
            self._key(name, algorithm)
        self._key("leaf-rsa", "rsa")
        self._key("leaf-ec", "ec")
        self.certificate(self.top, self._subject(self.top), self.top, extensions=CA_EXTENSIONS,
                         end=4000 * DAY)
        for name, issuer in reversed(list(zip(self.chain, self.chain[1:]))):
            self.certificate(name, self._subject(name), name, issuer, CA_EXTENSIONS + BY_KEY_ID,
                             end=2000 * DAY)

    def _make_strangers(self):
        """CAs that are not of the chain: impostors of its names, a partner, the server's own."""
        for name in ("impostor", "false-issuing", "partner", "server-ca", "server"):
            self._key(name, "ec")
        self.certificate("impostor", self.subjects[self.top], "impostor",
                         extensions=CA_EXTENSIONS)
        self.certificate("false-issuing", self.subjects["issuing"], "false-issuing", "impostor",
                         CA_EXTENSIONS + BY_KEY_ID)
        self.certificate("partner", "/O=Partner/CN=Partner root", "partner",
                         extensions=CA_EXTENSIONS)
        self.certificate("server-ca", "/O=Servers/CN=Server CA", "server-ca",
                         extensions=CA_EXTENSIONS)
        self.certificate("server", "/O=Servers/CN=localhost", "server", "server-ca",
                         ("basicConstraints=CA:FALSE", "extendedKeyUsage=serverAuth",
                          "subjectAltName=DNS:localhost,IP:127.0.0.1") + BY_KEY_ID)

    def _variant(self, name, ca, extensions=CA_EXTENSIONS, **others):
        """The certificate of a CA of the chain, other than it should be, of the same key."""
        issuer = None if ca == self.top else self.chain[self.chain.index(ca) + 1]
        if issuer is not None and extensions:
            extensions += BY_KEY_ID
        self.certificate(name, self.subjects[ca], ca, issuer, extensions, **others)

    def _make_variants(self):
        basic, usage, key_id = CA_EXTENSIONS
        self._variant("issuing-expired", "issuing", start=-700 * DAY, end=-2 * DAY)
        self._variant("issuing-usage", "issuing", (basic, "keyUsage=critical,cRLSign", key_id))
        self._variant("issuing-no-ca", "issuing", ("basicConstraints=CA:FALSE", key_id))
        self._variant("issuing-purpose", "issuing", CA_EXTENSIONS + ("extendedKeyUsage=serverAuth",))
        self._variant("issuing-names", "issuing", CA_EXTENSIONS + (
            "nameConstraints=critical,permitted;DNS:other.example",))
        self._variant("issuing-critical", "issuing", CA_EXTENSIONS + (
            "1.3.6.1.4.1.99999.7=critical,DER:05:00",))
        self._variant("issuing-sha1", "issuing", digest="sha1")
        self._variant("issuing-version-1", "issuing", ())
        self._variant("issuing-no-crl-sign", "issuing",
                      (basic, "keyUsage=critical,keyCertSign", key_id))
        self._variant("issuing-key-id", "issuing", (basic, usage, "subjectKeyIdentifier=0102030405"))
        self._variant("top-expired", self.top, start=-4000 * DAY, end=-2 * DAY)
        self._variant("top-path-length", self.top, (basic + ",pathlen:0", usage, key_id))
        self._variant("top-lax", self.top, ("basicConstraints=CA:TRUE",) + NO_KEY_IDS)
        if "new-cross" in self.chain:
            self.certificate("new-root", self.subjects["new-cross"], "new-cross",
                             extensions=CA_EXTENSIONS)
            self._variant("cross-expired", "new-cross", start=-700 * DAY, end=-2 * DAY)
        self._make_extra_authorities()

    def _make_extra_authorities(self):
        for name, algorithm in (("renewed", "ec"), ("weak", "weak"), ("explicit", "explicit"),
                                ("twin", "ec"), ("false-twin", "ec")):
            self._key(name, algorithm)
        issuer = self.chain[1]
        self.certificate("renewed", self.subjects["issuing"], "renewed", issuer,
                         CA_EXTENSIONS + BY_KEY_ID)
        self.certificate("weak", self._subject("weak"), "weak", issuer, CA_EXTENSIONS + BY_KEY_ID)
        self.certificate("explicit", self._subject("explicit"), "explicit", issuer,
                         CA_EXTENSIONS + BY_KEY_ID)
        # Two roots of one name, and no key identifier tells them apart.
        for name in ("twin", "false-twin"):
            self.certificate(name, self._subject("twin"), name, extensions=CA_EXTENSIONS[:2] + NO_KEY_IDS)

    def _leaf(self, name, issuer="issuing", key="leaf-ec", extensions=LEAF_EXTENSIONS, **others):
        self.certificate(name, f"/O=Lab/CN={name}", key, issuer, extensions + BY_KEY_ID, **others)

    def _make_clients(self):
        def but(**changed):
            return tuple(changed.get(e.split("=")[0], e) for e in LEAF_EXTENSIONS)

        self._leaf("alice", key="leaf-rsa")
        self._leaf("bob")
        self._leaf("carol", key="leaf-rsa")
        self._leaf("rogue", "false-issuing")
        self._leaf("expired", start=-700 * DAY, end=-2 * DAY)
        self._leaf("future", start=100 * DAY)
        self._leaf("fresh", start=DAY // 2)
        self._leaf("revoked")
        self._leaf("server-only", extensions=but(
            extendedKeyUsage="extendedKeyUsage=serverAuth"))
        self._leaf("any-purpose", extensions=but(
            extendedKeyUsage="extendedKeyUsage=anyExtendedKeyUsage"))
        self._leaf("no-signature", key="leaf-rsa", extensions=but(
            keyUsage="keyUsage=critical,keyEncipherment"))
        self._leaf("of-partner", "partner")
        self._leaf("of-renewed", "renewed")
        self._leaf("of-weak", "weak")
        self._leaf("of-explicit", "explicit")
        self.certificate("of-twin", "/O=Lab/CN=of-twin", "leaf-ec", "twin",
                         LEAF_EXTENSIONS[:3] + NO_KEY_IDS)
        self.certificate("self-signed", "/O=Lab/CN=self-signed", "leaf-ec",
                         extensions=LEAF_EXTENSIONS)

    def _make_crls(self):
        for ca in self.chain:
            revoked = ("revoked",) if ca == "issuing" else ()
            self.list_of(f"good-{ca}", ca, revoked, number=5)
            self.list_of(f"old-{ca}", ca, (), number=2, start=-20 * DAY)
            self.list_of(f"late-{ca}", ca, revoked, number=4, start=-90 * DAY,
                         end=-DAY)
            self.list_of(f"early-{ca}", ca, revoked, number=6, start=30 * DAY)
            self.list_of(f"fresh-{ca}", ca, revoked, number=6, start=DAY // 2)
        self.list_of("scope-issuing", "issuing", ("revoked",), 5, extensions=(
            "issuingDistributionPoint=critical,onlyCA:TRUE",))
        self.list_of("delta-issuing", "issuing", (), 6, extensions=(
            "2.5.29.27=critical,DER:02:01:01",))
        self.list_of("critical-issuing", "issuing", ("revoked",), 5, extensions=(
            "1.3.6.1.4.1.99999.8=critical,DER:05:00",))
        self.list_of("listed-issuing", "issuing", ("revoked", "alice", "bob"), 4,
                     start=-3 * DAY)
        self.list_of("false-issuing", "false-issuing", ("revoked",), 7, by_key_id=False)
        for ca in ("partner", "weak", "explicit", "renewed", "twin"):
            self.list_of(ca, ca, by_key_id=ca != "twin")
        self.list_of("soon-issuing", "issuing", ("revoked",), number=6, end=7200)
        self._spoil("good-issuing", "spoilt-issuing")
        self._strip("soon-issuing", "unsigned-issuing")

    def _spoil(self, name, spoilt):
        """The same CRL with another last byte: its signature is bad."""
        der = bytearray(openssl("crl", "-in", self.path(name + ".crl"), "-outform", "DER"))
        der[-1] ^= 0x5a
        self.path(spoilt + ".crl").write_bytes(openssl("crl", "-inform", "DER", given=bytes(der)))


    def _strip(self, name, stripped):
        """The same CRL with an empty signature."""
        der = openssl("crl", "-in", self.path(name + ".crl"), "-outform", "DER")
        outer = der_element(der, 0)
        content = der[outer[0]:outer[1]]
        algorithm = der_element(content, der_element(content, 0)[1])
        content = content[:algorithm[1]] + b"\x03\x01\x00"
        der = b"\x30\x82" + len(content).to_bytes(2, "big") + content
        self.path(stripped + ".crl").write_bytes(
            b"-----BEGIN X509 CRL-----\n" + base64.encodebytes(der) + b"-----END X509 CRL-----\n")


def der_element(der, at):
    """Where the content of the element that begins there begins and ends."""
    length, begin = der[at + 1], at + 2
    if length > 0x80:
        begin += length - 0x80
        length = int.from_bytes(der[at + 2:begin], "big")
    return begin, begin + length


def make_all(directory, shapes):
    """All shapes at once, each in a thread: the work is done by the openssl tool."""
    made, failed = {}, []

    def make(shape):
        try:
            made[shape] = Pki(os.path.join(directory, shape), shape)
        except (RuntimeError, OSError) as error:
            failed.append(error)

    threads = [threading.Thread(target=make, args=(shape,)) for shape in shapes]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failed:
        raise failed[0]
    return made
