#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What --json prints is what the schemas and the interface say, from every command.

schemas.py, with TRUSTMEND set to the program. Certificates are made on the spot, in a scratch folder;
nginx is not started: its configuration is examined, and mended, while it is down.
"""

import copy
import json
import os
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time

import jsonschema

ROOT = pathlib.Path(__file__).resolve().parent.parent
SCHEMAS = ROOT / "data" / "schemas"
PROGRAM = os.environ.get("TRUSTMEND", str(ROOT / "build-check-gcc" / "src" / "cli" / "trustmend"))
ENVELOPE = ["schema", "kind", "tool", "host", "generated_at", "exit"]
# The members that the interface promises, by kind; [] is "in each one of the list".
PROMISED = {
    "diagnose": [
        *["summary", "services", "verifiers", "stores", "verdicts", "findings"],
        *[f"findings[].{name}" for name in "code severity confidence states service verifier".split()],
        *[f"findings[].{name}" for name in "subject evidence refuses repair".split()],
        *["findings[].subject.path", "findings[].repair.action", "findings[].repair.applicability"],
        *[f"verdicts[].{name}" for name in "client expected verifier state verdict causes".split()],
        *[f"verdicts[].reason.{name}" for name in "engine error text depth".split()],
    ],
    "inventory": ["services", "verifiers", "stores"],
    "repair": [
        *["plan", "plan.steps", "verdicts_after"],
        *[f"plan.trust_change.{name}" for name in "added removed clients_let_in clients_shut_out".split()],
    ],
    "rollback": ["transaction", "result"],
    "verify": [
        *[f"results[].{name}" for name in "subject source verdict reason paths".split()],
        "results[].paths[].certificates",
        *[f"results[].paths[].failures[].{name}" for name in "depth rule code text".split()],
    ],
    "inspect": [
        *[f"stores[].{name}" for name in "path format entries defects read_by".split()],
        *[f"stores[].defects[].{name}" for name in "code line offset length text".split()],
        *["stores[].read_by.openssl.loaded", "stores[].read_by.openssl.error"],
    ],
    "convert": [
        *["from.path", "from.format", "from.sha256", "to.path", "to.format", "to.sha256"],
        *["certificates", "crls", "left_out", "lost", "proved", "left_out[].kind", "left_out[].why"],
    ],
    "diff": [
        *["what", "a", "b", "sections", "sections[].fields", "sections[].entries", "sections[].common"],
        *[f"sections[].fields[].{name}" for name in "field a b why".split()],
        *[f"sections[].entries[].{name}" for name in "what kind fingerprint".split()],
    ],
    "history": ["transactions"],
    "explain": ["code", "title", "playbook"],
    "probe": ["probes"],
}

passed = 0
failed = 0
validators = {}
promises_seen = set()


def check(name, holds, *said):
    """One test."""
    global passed, failed
    if holds:
        passed += 1
        return
    failed += 1
    print(f"FAILED {name}")
    for text in said:
        print("   ", str(text)[:600])


def read_schemas():
    """Each schema is one itself; references are to files beside it."""
    store = {}
    for path in SCHEMAS.glob("*.schema.json"):
        store[path.as_uri()] = json.loads(path.read_text(encoding="utf-8"))
    for path in sorted(SCHEMAS.glob("*.schema.json")):
        schema = store[path.as_uri()]
        try:
            jsonschema.Draft202012Validator.check_schema(schema)
            check(path.name, True)
        except jsonschema.SchemaError as error:
            check(path.name, False, error)
        resolver = jsonschema.RefResolver(path.as_uri(), schema, store=store)
        kind = path.name.split(".")[0]
        validators[kind] = jsonschema.Draft202012Validator(schema, resolver=resolver)


def places(document, path):
    """Each object that holds the last member of a promised path, with that member's name."""
    found = [document]
    *way, last = path.split(".")
    for name in way:
        is_list = name.endswith("[]")
        found = [value.get(name.removesuffix("[]")) for value in found]
        found = [item for value in found for item in (value or [] if is_list else [value])]
    return [(value, last) for value in found if isinstance(value, dict)]


def check_promises(kind, document):
    """Each promised member is there, and the schema asks for it: without it, it does not hold."""
    for path in ENVELOPE + PROMISED.get(kind, []):
        holders = places(document, path)
        if not holders:
            continue
        missing = [holder for holder, name in holders if name not in holder]
        if missing:
            check(f"{kind}: {path} is there", False, missing[0])
            continue
        if (kind, path) in promises_seen:
            continue
        promises_seen.add((kind, path))
        without = copy.deepcopy(document)
        holder, name = places(without, path)[0]
        del holder[name]
        check(f"{kind}.schema.json requires {path}", not validators[kind].is_valid(without))


def run(*words, state, cwd):
    """One command with --json."""
    return subprocess.run(
        [PROGRAM, "--json", "--state", str(state), *map(str, words)],
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        timeout=120,
        check=False,
    )


def check_document(name, kind, text, status):
    """One document of that kind, whole and clean; returns it."""
    try:
        document = json.loads(text)
    except ValueError as error:
        check(f"{name}: one document", False, error, text)
        return {}
    errors = sorted(validators[kind].iter_errors(document), key=str)
    said = [f"{'/'.join(map(str, error.absolute_path))}: {error.message}" for error in errors[:4]]
    check(f"{name}: as {kind}.schema.json says", not errors, *said)
    if status is not None:
        check(f"{name}: exit is the exit status", document.get("exit") == status, document.get("exit"), status)
    check(f"{name}: no control characters", not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]", text))
    check_promises(kind, document)
    return document


def command(name, kind, statuses, *words, state, cwd):
    """Runs a command that must print its document and end in one of these ways."""
    done = run(*words, state=state, cwd=cwd)
    said = done.stderr.decode("utf-8", "replace")
    check(f"{name}: exit status {statuses}", done.returncode in statuses, done.returncode, said)
    document = check_document(name, kind, done.stdout.decode("utf-8"), done.returncode)
    return document


def error(name, status, *words, state, cwd):
    """Runs a command that cannot do it: says why on standard error; what it prints, if it does, is a document."""
    done = run(*words, state=state, cwd=cwd)
    said = done.stderr.decode("utf-8", "replace")
    check(f"{name}: exit status {status}", done.returncode == status, done.returncode, said)
    check(f"{name}: says why", said.startswith("trustmend: ") and not re.search(r"[\x00-\x09\x0b-\x1f]", said), said)
    if done.stdout:
        document = json.loads(done.stdout)
        check(f"{name}: as the envelope says", all(key in document for key in ENVELOPE), document)
        check(f"{name}: exit is the exit status", document.get("exit") == status, document)
    else:
        check(f"{name}: nothing on standard output", True)


class Scene:
    """A root, an intermediate, clients, and an nginx that trusts the intermediate alone."""

    def __init__(self, folder):
        self.folder = folder
        (folder / "ca.conf").write_text(
            "[req]\ndistinguished_name = n\nprompt = no\n[n]\nCN = n\n"
            "[ca]\nbasicConstraints = critical, CA:TRUE\nkeyUsage = critical, keyCertSign, cRLSign\n"
            "subjectKeyIdentifier = hash\n"
            "[leaf]\nbasicConstraints = CA:FALSE\nextendedKeyUsage = clientAuth, serverAuth\n"
            "subjectAltName = DNS:localhost\n[crl]\ndatabase = index\ncrlnumber = number\n"
            "default_md = sha256\ndefault_crl_days = 30\n[ca_section]\n[default]\n",
            encoding="utf-8",
        )
        (folder / "index").touch()
        (folder / "number").write_text("01\n", encoding="utf-8")
        self.make_certificate("root", None, "ca")
        self.make_certificate("issuing", "root", "ca")
        self.make_certificate("server", "root", "leaf")
        self.make_certificate("alice", "issuing", "leaf", subject="/CN=Ali\u0107e\u001b[31m/O=a\tb")
        self.make_certificate("stranger", None, "ca")
        self.make_certificate("mallory", "stranger", "leaf")
        self.openssl(
            "ca", "-config", "ca.conf", "-name", "crl", "-gencrl", "-cert", "root.pem", "-keyfile", "root.key",
            "-out", "root.crl",
        )  # fmt: skip
        self.lay_out()

    def openssl(self, *words):
        subprocess.run(["openssl", *words], cwd=self.folder, check=True, capture_output=True)

    def make_certificate(self, name, issuer, extensions, subject=None):
        subject = subject or f"/O=Schemas/CN={name}"
        key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", f"{name}.key"]
        signer = ["-CA", f"{issuer}.pem", "-CAkey", f"{issuer}.key"] if issuer else ["-x509"]
        self.openssl("req", "-config", "ca.conf", *key, "-subj", subject, "-utf8", "-out", f"{name}.csr", "-new")
        if issuer:
            self.openssl(
                "x509", "-req", "-in", f"{name}.csr", *signer, "-extfile", "ca.conf", "-extensions", extensions,
                "-days", "300", "-out", f"{name}.pem",
            )  # fmt: skip
        else:
            self.openssl(
                "req", "-x509", "-config", "ca.conf", "-key", f"{name}.key", "-subj", subject, "-extensions",
                extensions, "-days", "400", "-out", f"{name}.pem",
            )  # fmt: skip

    def text(self, *names):
        return "".join((self.folder / name).read_text(encoding="utf-8") for name in names)

    def write(self, name, text):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    def lay_out(self):
        self.write("clients/accept/alice.pem", self.text("alice.pem", "issuing.pem", "alice.key"))
        self.write("clients/reject/mallory.pem", self.text("mallory.pem", "mallory.key"))
        self.write("good/root.pem", self.text("root.pem"))
        self.write("trust.pem", self.text("issuing.pem"))
        self.write("damaged.pem", self.text("root.pem")[:-40] + "\n" + self.text("issuing.pem", "root.crl"))
        self.write("bundle.pem", self.text("alice.pem", "mallory.pem"))
        self.write("junk", "\x00\x1b[31m junk \u202e")
        self.folder.chmod(0o755)
        folder = self.folder
        self.write(
            "nginx.conf",
            f"pid {folder}/nginx.pid;\nerror_log {folder}/error.log;\nevents {{}}\nhttp {{\n"
            f"access_log off;\nclient_body_temp_path {folder}/body;\nproxy_temp_path {folder}/proxy;\n"
            f"fastcgi_temp_path {folder}/fastcgi;\nuwsgi_temp_path {folder}/uwsgi;\nscgi_temp_path {folder}/scgi;\n"
            f"server {{\n\tlisten 127.0.0.1:{free_port()} ssl;\n\tssl_certificate {folder}/server.pem;\n"
            f"\tssl_certificate_key {folder}/server.key;\n\tssl_verify_client on;\n\tssl_verify_depth 3;\n"
            f"\tssl_client_certificate {folder}/trust.pem;\n}}\n}}\n",
        )
        self.target = f"nginx:{folder}/nginx.conf"


def free_port():
    """A port that nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def check_plan(scene, known, at):
    """Written, carried out no more once anything has changed."""
    plan = scene.folder / "plan.json"
    error("repair --plan, not there", 66, "repair", "--plan", plan, "--yes", **at)
    command("repair --dry-run --plan", "repair", [0], "repair", scene.target, *known, "--dry-run", "--plan", plan, **at)
    document = json.loads(plan.read_text(encoding="utf-8"))
    check_document("the file of --plan", "repair", plan.read_text(encoding="utf-8"), None)
    for name in ("options", "inputs", "preconditions"):
        check(f"the file of --plan: has {name}", document.get(name))
    writes = [step for step in document["plan"]["steps"] if step["kind"] == "write"]
    check("the file of --plan: digests", all(step["before"]["sha256"] != step["after"]["sha256"] for step in writes))
    check("the file of --plan: writes", writes)
    error("repair --plan, no plan", 65, "repair", "--plan", scene.folder / "junk", "--yes", **at)
    error("repair --plan over what is none", 73, "repair", scene.target, *known, "--dry-run", "--plan", "junk", **at)
    trust = scene.folder / "trust.pem"
    before = trust.read_bytes()
    trust.write_bytes(before + b"# one line more\n")
    error("repair --plan, stale", 75, "repair", "--plan", plan, "--yes", **at)
    check("repair --plan, stale: nothing is written", trust.read_bytes() == before + b"# one line more\n")
    trust.write_bytes(before)


def check_repair(scene, at):
    """From refused to mended and back."""
    known = ["--clients", scene.folder / "clients", "--known-good", scene.folder / "good"]
    command("inventory", "inventory", [0], "inventory", scene.target, **at)
    document = command("diagnose", "diagnose", [2], "diagnose", scene.target, *known, **at)
    check("diagnose: has findings", document.get("findings"), document.get("summary"))
    check("diagnose: has verdicts", document.get("verdicts"))
    command("diagnose without clients", "diagnose", [0, 1, 2, 3], "diagnose", scene.target, **at)
    command("diagnose --at", "diagnose", [1, 2], "--at", "+350d", "diagnose", scene.target, *known, **at)
    error("repair without an answer", 64, "repair", scene.target, *known, **at)
    check_plan(scene, known, at)
    command("repair --dry-run", "repair", [0], "repair", scene.target, *known, "--dry-run", **at)
    command("baseline save, refused", "baseline", [2], "baseline", "save", scene.target, *known, **at)
    command("baseline list, empty", "baseline", [0], "baseline", "list", **at)
    document = command("repair", "repair", [0], "repair", scene.target, *known, "--yes", **at)
    check("repair: is applied", document.get("result") == "applied", document.get("result"), document.get("text"))
    check("repair: says what it added", document.get("plan", {}).get("trust_change", {}).get("added"))
    check("repair: shows verdicts", document.get("verdicts_after"))
    document = command("repair, again", "repair", [0], "repair", scene.target, *known, "--yes", **at)
    check("repair, again: nothing", document.get("result") == "nothing", document.get("result"))
    command("diagnose, mended", "diagnose", [0, 1], "diagnose", scene.target, *known, **at)
    check_baseline(scene, known, at)
    document = command("history", "history", [0], "history", **at)
    states = [transaction["state"] for transaction in document.get("transactions", [])]
    check("history: what was applied and what was tried only", states == ["closed", "rolled-back", "rolled-back"], states)
    document = command("rollback", "rollback", [0], "rollback", "--yes", **at)
    check("rollback: rolled back", document.get("result") == "rolled-back", document)
    command("rollback, by its number again", "rollback", [0], "rollback", document.get("transaction"), "--yes", **at)
    error("rollback, nothing left", 66, "rollback", "--yes", **at)
    command("history, rolled back", "history", [0], "history", **at)


def check_baseline(scene, known, at):
    """Saved, compared, and compared once more after a change."""
    command("baseline save", "baseline", [0], "baseline", "save", scene.target, *known, "--name", "spring", **at)
    document = command("baseline list", "baseline", [0], "baseline", "list", **at)
    check("baseline list: has it", document.get("baselines"), document)
    command("baseline check", "baseline", [0], "baseline", "check", scene.target, **at)
    trust = scene.folder / "trust.pem"
    before = trust.read_bytes()
    trust.write_bytes(before + b"# one line more\n")
    document = command("baseline check, changed", "baseline", [1], "baseline", "check", scene.target, **at)
    check("baseline check, changed: says what", document.get("drift"), document)
    trust.write_bytes(before)


def check_files(scene, at):
    """Commands about loose files."""
    trust = ["--trust", "root.pem", "--untrusted", "issuing.pem"]
    command("verify, accepted", "verify", [0], "verify", *trust, "alice.pem", **at)
    document = command("verify, a bundle", "verify", [2], "verify", *trust, "bundle.pem", **at)
    check("verify, a bundle: a row each", len(document.get("results", [])) == 2)
    command("verify --chain", "verify", [0], "verify", "--trust", "root.pem", "--chain", "clients/accept/alice.pem", **at)
    command("verify --crl", "verify", [2], "verify", *trust, "--crl", "root.crl", "alice.pem", **at)
    document = command("verify --engine all", "verify", [2], "verify", *trust, "--engine", "all", "bundle.pem", **at)
    check("verify --engine all: a division each", [division["source"] for division in document.get("divisions", [])]
          == list(dict.fromkeys(row["source"] for row in document["results"])))
    check("verify --engine all: every engine stands on one side", all(
        sorted(division["accepted_by"] + division["refused_by"] + division["unknown_to"])
        == sorted(row["reason"]["engine"] for row in document["results"] if row["source"] == division["source"])
        for division in document.get("divisions", [])))
    check("verify --engine all: who refuses says by which rule", all(
        sorted(name for rule in division["rules"] for name in rule["engines"]) == sorted(division["refused_by"])
        for division in document.get("divisions", [])))
    command("verify, by a target", "verify", [2], "verify", scene.target, "alice.pem", **at)
    command("inspect", "inspect", [0], "inspect", "root.pem", "root.crl", **at)
    command("inspect, a directory without links", "inspect", [2], "inspect", "good", **at)
    document = command("inspect, damaged", "inspect", [2], "inspect", "damaged.pem", **at)
    check("inspect, damaged: has defects", document.get("stores", [{}])[0].get("defects"))
    command("inspect, junk", "inspect", [0, 1, 2], "inspect", "junk", **at)
    document = command("inspect --scan", "inspect", [1], "inspect", "--scan", ".", **at)
    found = {store["path"].rsplit("/", 1)[-1] for store in document.get("found", [])}
    check("inspect --scan: what it finds", {"root.pem", "root.crl", "damaged.pem"} <= found, found)
    check("inspect --scan: and what not", not found & {"junk", "ca.conf", "root.key", "root.csr"}, found)
    error("inspect --scan, not there", 66, "inspect", "--scan", "nowhere", **at)
    check_pairs(scene, at)
    error("inspect, not there", 66, "inspect", "no\x1bwhere", **at)
    error("verify, not there", 66, "verify", *trust, "nowhere.pem", **at)
    error("verify, no certificate", 65, "verify", *trust, "junk", **at)
    error("verify, wrong word", 64, "verify", *trust, "--purpose", "cleint", "alice.pem", **at)


def check_pairs(scene, at):
    """Two stores, clients, services; and a store in another form."""
    command("diff, the same", "diff", [0], "diff", "root.pem", "good/root.pem", **at)
    document = command("diff, stores", "diff", [1], "diff", "root.pem", "trust.pem", **at)
    check("diff, stores: each side has one", len(document["sections"][0]["entries"]) == 2, document)
    document = command("diff, clients", "diff", [1], "diff", "alice.pem", "mallory.pem", **at)
    fields = {field["field"] for field in document["sections"][0]["fields"]}
    check("diff, clients: by their issuers", document["what"] == "clients" and "issuer" in fields, document)
    command("diff, a service with itself", "diff", [0], "diff", scene.target, scene.target, **at)
    error("diff, one alone", 64, "diff", "root.pem", **at)
    error("diff, not there", 66, "diff", "root.pem", "nowhere.pem", **at)
    error("diff --as, wrong word", 64, "diff", "--as", "shops", "root.pem", "root.pem", **at)
    scene.write("mixed.pem", scene.text("root.pem", "root.crl", "root.key"))
    scene.write("password", "s3cret\n")
    new = ["--new-password-file", "password"]
    document = command("convert", "convert", [1], "convert", "mixed.pem", "out.jks", "--to", "jks", *new, **at)
    kinds = sorted(left["kind"] for left in document.get("left_out", []))
    check("convert: says what it leaves out", kinds == ["CRL", "private key"], document)
    error("convert, already there", 73, "convert", "root.pem", "out.jks", "--to", "jks", *new, **at)
    command("convert --force", "convert", [0], "convert", "root.pem", "out.jks", "--to", "jks", "--force", *new, **at)
    command("convert to NSS", "convert", [0], "convert", "root.pem", "sql:nssdb", "--to", "nss", **at)
    command("diff with NSS", "diff", [0], "diff", "root.pem", "sql:nssdb", **at)
    document = command("diff with what is damaged", "diff", [1], "diff", "damaged.pem", "root.pem", **at)
    damage = [document["sections"][0][side] for side in ("damage_a", "damage_b")]
    check("diff: says what cannot be read", damage[0] and damage[1] is None, document)
    error("convert to a token", 64, "convert", "root.pem", "pkcs11:token=x", "--to", "pem", **at)
    error("convert, no password", 64, "convert", "root.pem", "new.p12", "--to", "pkcs12", **at)
    error("convert, wrong form", 64, "convert", "root.pem", "new", "--to", "pmm", **at)
    error("convert, nothing in it", 65, "convert", "junk", "new", "--to", "pem", **at)
    check("convert: what fails writes nothing", not list(scene.folder.glob("new*")))


def check_words(scene, at):
    """Codes, and command lines that are wrong."""
    rows = re.findall(r'^CAUSE\(\w+, "([^"]+)"', (ROOT / "src/causes/causes.def").read_text(encoding="utf-8"), re.M)
    for code in rows:
        command(f"explain {code}", "explain", [0], "explain", code, **at)
    error("explain, mistyped", 64, "explain", "chain.rot-missing", **at)
    error("a mistyped command", 64, "diagnoze", **at)
    error("a mistyped option", 64, "diagnose", "--cleints", "x", **at)
    error("a wrong time", 64, "--at", "tomorrow-ish", "diagnose", scene.target, **at)
    error("baseline, no verb", 64, "baseline", **at)
    error("a target that is not there", 66, "diagnose", f"nginx:{scene.folder}/none.conf", **at)
    error("a product that is not known", 64, "inventory", "kafka:/etc/kafka", **at)
    error("a root that is not there", 66, "--root", scene.folder / "none", "inventory", **at)


def check_probe(scene, at):
    """A server that is there, openssl's own, and one that is not."""
    port = free_port()
    clients = ["--clients", scene.folder / "clients"]
    command("probe, nobody there", "probe", [3], "probe", f"127.0.0.1:{port}", *clients, **at)
    server = subprocess.Popen(
        ["openssl", "s_server", "-accept", f"127.0.0.1:{port}", "-www", "-quiet", "-cert", "server.pem",
         "-key", "server.key", "-Verify", "3", "-verify_return_error", "-CAfile", "root.pem"],
        cwd=scene.folder, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        wait_for(port)
        document = command("probe", "probe", [0], "probe", f"127.0.0.1:{port}", *clients, **at)
        verdicts = {(probe["client"], probe["verdict"]) for probe in document.get("probes", [])}
        wanted = {("accept/alice.pem", "accept"), ("reject/mallory.pem", "refuse")}
        check("probe: who gets in", verdicts == wanted, verdicts)
        command("probe, no certificate", "probe", [0], "probe", f"127.0.0.1:{port}", **at)
    finally:
        server.kill()
        server.wait()


def wait_for(port):
    """Until someone listens there; at most ten seconds."""
    for _ in range(200):
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=1):
                return
        except OSError:
            time.sleep(0.05)


def main():
    folder = pathlib.Path(tempfile.mkdtemp(prefix="trustmend-schemas-"))
    at = {"state": folder / "state", "cwd": folder}
    try:
        read_schemas()
        scene = Scene(folder)
        check_repair(scene, at)
        check_files(scene, at)
        check_words(scene, at)
        check_probe(scene, at)
        for kind, paths in PROMISED.items():
            for path in paths:
                check(f"{kind}: {path} was seen in a document", (kind, path) in promises_seen)
    finally:
        if failed and "-k" in sys.argv:
            print(f"kept: {folder}")
        else:
            shutil.rmtree(folder)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or passed == 0 else 0


sys.exit(main())
