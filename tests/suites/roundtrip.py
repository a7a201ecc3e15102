#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every form that a store is written in, into every other and back.

roundtrip.py [--program PATH] [-v]

Each pair must end with the same certificates and CRLs, trusted alike, as far as the form on the way has
a place for them; forms that are canonical give the same bytes again. What was written is read by keytool,
openssl, certtool, p11tool and certutil, each as far as it is installed, and they must find the same certificates;
and what NSS is to trust, certutil and vfychain must find trusted for the same uses.
"""
import argparse
import base64
import hashlib
import os
import pathlib
import re
import shutil
import sqlite3
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
FORMS = ("pem", "pkcs7", "pkcs12", "jks", "hashdir", "nss", "json", "kubernetes", "p11kit", "spiffe")
KEYSTORES = ("pkcs12", "jks")  # they hold salts and dates; all else is canonical
WITHOUT_CRLS = ("jks", "p11kit", "spiffe")
WITHOUT_ORDER = ("hashdir", "nss")  # they are written by digest
NAMED = ("nss", "p11kit")  # each entry has a name there, which another form may lose or give
CARRIERS = ("json", "kubernetes", "spiffe")  # an entry is called by the member that it stands in
PASSWORD = "s3cret"
SAME_NAME = 300  # CAs of one name: more than one byte can count


class Suite:
    def __init__(self, program, folder):
        self.program, self.folder = program, folder
        self.passed = self.failed = 0
        self.environment = {**os.environ, "ROUNDTRIP_PASSWORD": PASSWORD, "LC_ALL": "C.UTF-8"}

    def check(self, name, holds, *said):
        self.passed += bool(holds)
        self.failed += not holds
        if not holds:
            print(f"FAILED {name}", *(str(text)[:400] for text in said))

    def run(self, *words):
        return subprocess.run(
            [str(word) for word in words], cwd=self.folder, env=self.environment, capture_output=True, check=False,
            stdin=subprocess.DEVNULL, timeout=300,
        )  # fmt: skip

    def ours(self, *words):
        return self.run(self.program, "--state", "state", "--password-env", "ROUNDTRIP_PASSWORD", *words)

    def convert(self, source, target, form, statuses=(0,)):
        done = self.ours("convert", source, target, "--to", form, "--force")
        self.check(f"convert {source} to {target}", done.returncode in statuses, done.returncode, done.stderr.decode())

    def same(self, name, one, other, status=0):
        done = self.ours("diff", "--as", "stores", one, other)
        self.check(f"{name}: {one} and {other}", done.returncode == status, done.returncode, done.stdout.decode())


def openssl(suite, *words):
    done = suite.run("openssl", *words)
    if done.returncode:
        raise RuntimeError(f"openssl {words[0]}: {done.stderr.decode()}")
    return done.stdout.decode()


def make_ca(suite, name, subject):
    return openssl(
        suite, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout",
        f"{name}.key", "-subj", subject, "-days", "900", "-utf8",
    )  # fmt: skip


def make_inputs(suite):
    """CAs of odd names, two of one name, and a CRL; one CA with trust settings; many of one name."""
    texts = [
        make_ca(suite, f"ca{number}", subject)
        for number, subject in enumerate(["/CN=One", "/CN=Größe/O=Ünion", "/CN=One", "/O=No common name", "/CN=a,b=c\\+d"])
    ]
    (suite.folder / "ca.conf").write_text("[ca]\ndefault_ca=d\n[d]\ndatabase=index\ncrlnumber=number\ndefault_md=sha256\n")
    (suite.folder / "index").touch()
    (suite.folder / "number").write_text("01\n")
    (suite.folder / "ca0.pem").write_text(texts[0])
    crl = openssl(
        suite, "ca", "-config", "ca.conf", "-gencrl", "-crldays", "30", "-cert", "ca0.pem", "-keyfile", "ca0.key"
    )
    (suite.folder / "all.pem").write_text("".join(texts))
    (suite.folder / "crl.pem").write_text(texts[0] + crl)
    (suite.folder / "settings.pem").write_text(
        texts[1] + openssl(suite, "x509", "-in", "ca0.pem", "-trustout", "-addtrust", "clientAuth", "-addreject", "serverAuth")
    )
    (suite.folder / "many.pem").write_text("".join(make_ca(suite, "many", "/CN=Many") for _ in range(SAME_NAME)))


def digest(path):
    """Of a file; of a directory its names with their contents."""
    if path.is_file():
        return hashlib.sha256(path.read_bytes()).hexdigest()
    return [(name, (path / name).read_bytes()) for name in sorted(os.listdir(path))]


def check_pairs(suite, source, statuses=(0,), forms=FORMS):
    """From one form to another and back to the first."""
    for first in forms:
        start = f"{source}.{first}"
        suite.convert(f"{source}.pem", start, first, statuses)
        for second in forms:
            there, back = f"{source}.{first}.{second}", f"{source}.{first}.{second}.{first}"
            suite.convert(start, there, second)
            suite.convert(there, back, first)
            suite.same("there", start, there)
            suite.same("and back", start, back)
            if not set(KEYSTORES) & {first, second} and way_keeps(first, second):
                one, other = digest(suite.folder / start), digest(suite.folder / back)
                suite.check(f"{back}: the same bytes", one == other)


def way_keeps(first, second):
    """The order and the names that the first form has. A SET of PKCS#7 has an order of its own."""
    if first == second or first == "hashdir":
        return True
    if first in NAMED and second in CARRIERS:
        return False
    return first in WITHOUT_ORDER or second not in (*WITHOUT_ORDER, "pkcs7")


def fingerprints(text):
    """SHA-256 of each PEM certificate."""
    blocks = re.findall(r"-----BEGIN CERTIFICATE-----(.*?)-----END CERTIFICATE-----", text, re.DOTALL)
    return sorted(hashlib.sha256(base64.b64decode("".join(block.split()))).hexdigest() for block in blocks)


def readers(suite, source):
    """What each tool makes of each form: a command whose output has PEM blocks."""
    store = ["-storepass:env", "ROUNDTRIP_PASSWORD"]
    return [
        ("keytool", ["keytool", "-list", "-rfc", "-keystore", f"{source}.jks", *store]),
        ("keytool", ["keytool", "-list", "-rfc", "-storetype", "PKCS12", "-keystore", f"{source}.pkcs12", *store]),
        ("keytool", ["keytool", "-printcert", "-rfc", "-file", f"{source}.pem"]),
        ("keytool", ["keytool", "-printcert", "-rfc", "-file", f"{source}.pkcs7"]),
        ("openssl", ["openssl", "pkcs12", "-nokeys", "-in", f"{source}.pkcs12", "-passin", "env:ROUNDTRIP_PASSWORD"]),
        ("openssl", ["openssl", "pkcs7", "-inform", "DER", "-print_certs", "-in", f"{source}.pkcs7"]),
        ("openssl", ["openssl", "storeutl", "-certs", f"{source}.pem"]),
        ("certtool", ["certtool", "-i", "--infile", f"{source}.pem"]),
        ("certtool", ["certtool", "--p7-info", "--inder", "--infile", f"{source}.pkcs7"]),
        ("certtool", ["certtool", "--p12-info", "--inder", "--password", PASSWORD, "--infile", f"{source}.pkcs12"]),
    ]


def check_readers(suite, source):
    wanted = fingerprints((suite.folder / f"{source}.pem").read_text())
    for tool, command in readers(suite, source):
        if shutil.which(tool) is None:
            print(f"# {tool} is not there: SKIPPED")
            continue
        found = fingerprints(suite.run(*command).stdout.decode("utf-8", "replace"))
        suite.check(f"{' '.join(command[:4])}: the same certificates", found == wanted, len(found), len(wanted))
    check_certutil(suite, source, wanted)
    for path in sorted((suite.folder / f"{source}.hashdir").glob("*.pem")):
        done = suite.run("openssl", "verify", "-CApath", f"{source}.hashdir", path)
        suite.check(f"openssl finds {path.name}", done.returncode == 0, done.stderr.decode())


def certutil_list(suite, folder):
    """Names and trust of a database, by certutil: {name: "CT,C,C"}."""
    said = suite.run("certutil", "-L", "-d", f"sql:{folder}").stdout.decode()
    return dict(re.findall(r"^(\S.*?) {2,}([a-zA-Z]*,[a-zA-Z]*,[a-zA-Z]*) *$", said, re.MULTILINE))


def check_certutil(suite, source, wanted):
    if shutil.which("certutil") is None:
        print("# certutil is not there: SKIPPED")
        return
    names = certutil_list(suite, f"{source}.nss")
    suite.check("certutil: a name each", len(names) == len(wanted), names)
    suite.check("certutil: all are trusted for all", set(names.values()) == {"CT,C,C"}, names)
    # By the name of one it finds all of that subject.
    found = [suite.run("certutil", "-L", "-d", f"sql:{source}.nss", "-a", "-n", name).stdout.decode() for name in names]
    suite.check("certutil: the same certificates", sorted(set(fingerprints("".join(found)))) == wanted, len(found))


def make_client(suite, name, number):
    """A client of the CA of this number."""
    text = openssl(
        suite, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", f"{name}.key",
        "-subj", f"/CN={name}", "-days", "90", "-CA", f"ca{number}.pem", "-CAkey", f"ca{number}.key",
        "-addext", "basicConstraints=CA:FALSE", "-addext", "extendedKeyUsage=clientAuth,serverAuth",
    )  # fmt: skip
    (suite.folder / f"{name}.pem").write_text(text)


def vfychain(suite, folder, name, usage):
    """Whether NSS takes the certificate: 0 as a TLS client's, 1 as a server's."""
    return suite.run("vfychain", "-d", f"sql:{folder}", "-u", usage, "-a", f"{name}.pem").returncode == 0


FLAGS = ["CT,C,C", "T,,", "C,,", "CT,,", ",C,", ",,C", "T,C,", "p,,", "p,p,p", "T,p,C", ",,p", "T,,p"]
UNTRUSTED = [",,", "c,c,c"]  # no anchor: it has no place where all that is there is one
PEER = ["P,,"]  # trusted for itself, and not to issue: nothing else has a word for that


def check_nss(suite):
    """What NSS trusts goes to PEM and back; what is written is NSS's to work on; what it guards is left alone."""
    make_client(suite, "client", 0)
    wanted = {}
    (suite.folder / "made").mkdir()
    suite.run("certutil", "-N", "-d", "sql:made", "--empty-password")
    for number, flags in enumerate(FLAGS + UNTRUSTED + PEER):
        (suite.folder / "flag.pem").write_text(make_ca(suite, "flag", f"/CN=Flag {number}"))
        suite.run("certutil", "-A", "-d", "sql:made", "-n", f"Flag {number}", "-t", flags, "-i", "flag.pem")
        wanted[f"Flag {number}"] = flags
    suite.check("certutil made them", certutil_list(suite, "made") == wanted, certutil_list(suite, "made"), wanted)
    suite.convert("sql:made", "flags.pem", "pem", (1,))
    suite.convert("flags.pem", "sql:flags.nss", "nss")
    found, anchors = certutil_list(suite, "flags.nss"), dict(list(wanted.items())[: len(FLAGS)])
    suite.check("certutil finds them trusted alike", found == anchors, found, anchors)
    suite.convert("sql:flags.nss", "flags.again.pem", "pem")
    suite.same("what NSS trusts", "flags.pem", "flags.again.pem")
    suite.convert("sql:made", "copy.nss", "nss", (1,))
    untrusted = {f"Flag {len(FLAGS) + number}": ",," for number in range(len(UNTRUSTED))}
    suite.check("a copy has those that are not trusted, too", certutil_list(suite, "copy.nss") == {**anchors, **untrusted})
    suite.convert("copy.nss", "copy.p11kit", "p11kit", (1,))
    suite.convert("copy.p11kit", "copy.again.nss", "nss")
    found = certutil_list(suite, "copy.again.nss")
    suite.check("p11-kit's form keeps them apart", found.items() >= untrusted.items() and found["Flag 0"] == "CT,C,C", found)
    check_nss_use(suite)
    done = suite.ours("convert", "all.pem", "sql:made", "--to", "nss", "--force")
    suite.check("a guarded database is left alone", done.returncode == 73 and b"certutil -A" in done.stderr, done.stderr)
    suite.check("with all that is in it", certutil_list(suite, "made") == wanted)


def objects(path):
    """The objects of a database with all their attributes, but for their numbers and names."""
    with sqlite3.connect(path) as database:
        columns = [row[1] for row in database.execute("PRAGMA table_info(nssPublic)")]
        rows = [dict(zip(columns, row)) for row in database.execute("SELECT * FROM nssPublic")]
    return columns, sorted(sorted((key, value) for key, value in row.items() if value is not None and key not in ("id", "a3")) for row in rows)


def check_nss_objects(suite):
    """Table, objects and attributes are those that NSS makes itself of the same certificates and CRL."""
    (suite.folder / "own").mkdir()
    suite.run("certutil", "-N", "-d", "sql:own", "--empty-password")
    blocks = re.findall(r"-----BEGIN CERT.*?-----END CERTIFICATE-----\n", (suite.folder / "all.pem").read_text(), re.DOTALL)
    rsa = openssl(suite, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "rsa.key", "-subj", "/CN=RSA", "-days", "9")
    text = "".join(blocks) + rsa + (suite.folder / "crl.pem").read_text()
    for number, block in enumerate([*blocks, rsa]):
        (suite.folder / "block.pem").write_text(block)
        suite.run("certutil", "-A", "-d", "sql:own", "-n", f"n{number}", "-t", "CT,C,C", "-i", "block.pem")
    (suite.folder / "objects.pem").write_text(text)
    openssl(suite, "crl", "-in", "crl.pem", "-outform", "DER", "-out", "crl.der")
    done = suite.run("crlutil", "-I", "-B", "-d", "sql:own", "-i", "crl.der")
    suite.check("crlutil takes the CRL", done.returncode == 0, done.stderr)
    suite.convert("objects.pem", "objects.nss", "nss")
    for name in ("cert9.db", "key4.db"):
        schemas = []
        for folder in ("own", "objects.nss"):
            with sqlite3.connect(suite.folder / folder / name) as database:
                schemas.append(sorted(row[0] or "" for row in database.execute("SELECT sql FROM sqlite_master")))
        suite.check(f"{name}: the same tables", schemas[0] == schemas[1], *schemas)
    own, ours = (objects(suite.folder / folder / "cert9.db") for folder in ("own", "objects.nss"))
    suite.check("the same objects", own == ours and len(own[1]) == 2 * (len(blocks) + 1) + 1, own[1], ours[1])


def check_nss_use(suite):
    """NSS judges by what was written, adds to it and guards it."""
    suite.run("cp", "ca0.pem", "anchor.pem")
    uses = {"anchor.pem": (True, True), "client-only.pem": (True, False), "server-only.pem": (False, True), "ca3.pem": (False, False)}
    for name, use in (("client-only.pem", "clientAuth"), ("server-only.pem", "serverAuth")):
        (suite.folder / name).write_text(openssl(suite, "x509", "-in", "ca0.pem", "-trustout", "-addtrust", use))
    (suite.folder / "ca3.pem").write_text(make_ca(suite, "stranger", "/CN=Stranger"))
    for source, (as_client, as_server) in uses.items():
        suite.convert(source, f"{source}.use", "nss")
        suite.check(f"NSS: clients by {source}", vfychain(suite, f"{source}.use", "client", "0") == as_client)
        suite.check(f"NSS: servers by {source}", vfychain(suite, f"{source}.use", "client", "1") == as_server)
    (suite.folder / "anchor.pem.use" / "pin.txt").write_text("mine\n")
    (suite.folder / "anchor.pem.use" / "cert9.db").chmod(0o640)
    suite.convert("all.pem", "anchor.pem.use", "nss")
    suite.check("what else is there stays", (suite.folder / "anchor.pem.use" / "pin.txt").read_text() == "mine\n")
    suite.check("and the mode", (suite.folder / "anchor.pem.use" / "cert9.db").stat().st_mode & 0o777 == 0o640)
    suite.same("replaced", "all.pem", "sql:anchor.pem.use")
    done = suite.run("certutil", "-A", "-d", "sql:anchor.pem.use", "-n", "Stranger", "-t", "T,,", "-i", "ca3.pem")
    suite.check("certutil adds to it", done.returncode == 0, done.stderr)
    names = certutil_list(suite, "anchor.pem.use")
    suite.check("and finds the rest as trusted as it was", sorted(names.values()) == ["CT,C,C"] * 5 + ["T,,"], names)
    done = suite.ours("diff", "--as", "stores", "all.pem", "sql:anchor.pem.use")
    suite.check("and so do we", done.returncode == 1 and done.stdout.count(b"\n+ ") == 1, done.stdout)


def check_p11tool(suite, source):
    """Each file of a directory goes onto a token, and is there."""
    if shutil.which("p11tool") is None or shutil.which("softhsm2-util") is None:
        print("# p11tool or SoftHSM is not there: SKIPPED")
        return
    (suite.folder / "tokens").mkdir()
    (suite.folder / "softhsm.conf").write_text(f"directories.tokendir = {suite.folder}/tokens\n")
    suite.environment["SOFTHSM2_CONF"] = str(suite.folder / "softhsm.conf")
    token = "pkcs11:token=roundtrip"
    suite.run("softhsm2-util", "--init-token", "--free", "--label", "roundtrip", "--pin", "1234", "--so-pin", "1234")
    for number, path in enumerate(sorted((suite.folder / f"{source}.hashdir").glob("*.pem"))):
        suite.run("p11tool", "--login", "--set-pin=1234", "--write", "--load-certificate", path, "--label", f"n{number}", token)
    urls = re.findall(r"URL: (\S+)", suite.run("p11tool", "--list-all-certs", "--login", "--set-pin=1234", token).stdout.decode())
    found = fingerprints("".join(suite.run("p11tool", "--export", url).stdout.decode() for url in urls))
    wanted = fingerprints((suite.folder / f"{source}.pem").read_text())
    suite.check("p11tool: the same certificates", found == wanted, len(found), len(wanted))


def check_forms(suite):
    """These are all the forms that are written, and help, manual and completion name each of them."""
    said = suite.ours("convert").stderr.decode()
    forms = re.search(r"one of (.*)", said)[1].split(", ")
    suite.check("all forms are tried here", forms == sorted((*FORMS, "der")), said)
    help_text = suite.ours("convert", "--help").stdout.decode()
    completion = (ROOT / "data" / "completions" / "trustmend.bash").read_text()
    manual = (ROOT / "man" / "trustmend-convert.1").read_text()
    named = re.search(r"--to FORMAT +(.*)", help_text)[1].replace(" or ", ", ").split(", ")
    suite.check("help names them", sorted(named) == forms, named)
    suite.check("completion names them", sorted(re.search(r"--to\) echo (.*) ;;", completion)[1].split()) == forms)
    for form in forms:
        suite.check(f"the manual names {form}", re.search(rf"\.It Cm (\w+ , Cm )?{form}\b", manual))


def check_der(suite):
    suite.convert("ca0.pem", "one.der", "der")
    suite.convert("one.der", "one.pem", "pem")
    suite.same("DER", "ca0.pem", "one.der")
    suite.check("DER and back: the same bytes", digest(suite.folder / "ca0.pem") == digest(suite.folder / "one.pem"))
    done = suite.ours("convert", "all.pem", "two.der", "--to", "der")
    suite.check("a DER holds one", done.returncode == 65 and not (suite.folder / "two.der").exists(), done.stderr)


def check_settings(suite):
    """What is bound by trust settings goes where these can go, and nowhere else."""
    suite.convert("settings.pem", "settings.nss", "nss")
    suite.same("trust settings", "settings.pem", "sql:settings.nss")
    suite.convert("settings.pem", "settings.d", "hashdir")
    suite.same("trust settings", "settings.pem", "settings.d")
    suite.convert("settings.d", "settings.again.pem", "pem")
    suite.same("trust settings", "settings.pem", "settings.again.pem")
    suite.convert("settings.pem", "settings.p12", "pkcs12", (1,))
    suite.same("trust settings are missed", "settings.pem", "settings.p12", 1)
    suite.same("a plain one is not one with settings", "settings.pem", "all.pem", 1)


def check_many(suite):
    """All of one name are found, past 256 of them too."""
    suite.convert("many.pem", "many.d", "hashdir")
    suite.same("many of one name", "many.pem", "many.d")
    links = [name for name in os.listdir(suite.folder / "many.d") if re.fullmatch(r"[0-9a-f]{8}\.\d+", name)]
    suite.check("a link each", len(links) == SAME_NAME and len({name[:8] for name in links}) == 1, len(links))
    last = sorted((suite.folder / "many.d").glob("*.pem"))[-1]
    done = suite.run("openssl", "verify", "-CApath", "many.d", last)
    suite.check("openssl finds the last", done.returncode == 0, done.stderr.decode())


def check_care(suite):
    """Nothing is replaced unasked, and nothing is left lying about."""
    before = digest(suite.folder / "all.pem")
    done = suite.ours("convert", "ca0.pem", "all.pem", "--to", "pem")
    suite.check("nothing is replaced unasked", done.returncode == 73 and digest(suite.folder / "all.pem") == before)
    (suite.folder / "others").mkdir()
    (suite.folder / "others" / "README").write_text("mine\n")
    done = suite.ours("convert", "all.pem", "others", "--to", "hashdir", "--force")
    suite.check("nor a directory of others", done.returncode == 73 and os.listdir(suite.folder / "others") == ["README"])
    (suite.folder / "link.pem").symlink_to("target.pem")
    (suite.folder / "target.pem").write_text("old\n")
    (suite.folder / "target.pem").chmod(0o640)
    suite.convert("ca0.pem", "link.pem", "pem")
    suite.check("a link stays one", (suite.folder / "link.pem").is_symlink())
    suite.check("and the mode of its file", (suite.folder / "target.pem").stat().st_mode & 0o777 == 0o640)
    suite.check("nothing is left behind", not list(suite.folder.glob(".trustmend-*")))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--program", type=pathlib.Path, default=ROOT / "build" / "src" / "cli" / "trustmend")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="trustmend-roundtrip-") as name:
        suite = Suite(options.program.resolve(), pathlib.Path(name))
        make_inputs(suite)
        check_pairs(suite, "all")
        check_pairs(suite, "crl", (0,), [form for form in FORMS if form not in WITHOUT_CRLS])
        check_readers(suite, "all")
        check_p11tool(suite, "all")
        check_forms(suite)
        check_der(suite)
        check_settings(suite)
        if all(shutil.which(tool) for tool in ("certutil", "crlutil", "vfychain")):
            check_nss(suite)
            check_nss_objects(suite)
        else:
            print("# the tools of NSS are not there: SKIPPED")
        check_many(suite)
        check_care(suite)
    print(f"{suite.passed} passed, {suite.failed} failed")
    return 1 if suite.failed or not suite.passed else 0


sys.exit(main())
