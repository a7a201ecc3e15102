#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Public path validation suites through `trustmend verify`: our own judgement against the suites' truth.

paths.py [--program PATH] [--suites DIR] [--tier core,rfc] [--only TEXT] [--list]

Nothing of the suites is in this tree: their archives are read where they are, and without them the
test is skipped, visibly. A case passes where the verdict is the suite's, and, where it is refused for
a reason that the suite names, a rule of ours that stands for it failed. What differs and may is in
DIFFERENCES, each with its reason; a difference that is there and does not happen fails too.

The suites also say which cases hold for whoever judges client certificates, and in which mode: as they
are, or without host and purpose. This client view is asked besides, and its verdicts compared.
"""

import argparse
import base64
import collections
import concurrent.futures
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
SUITES = ROOT.parent / "shared" / "suites"
ARCHIVES = ("paths.tar.zst", "bettertls.tar.zst", "engine-verdicts.tar.zst")
SECONDS = 60
SKIPPED = 77
PURPOSES = ("client", "server", "any")
VIEW = "client view: "
VERDICTS = {"accept": "accept", "refuse": "reject"}

# What cannot be asked of a tool that judges TLS peers: options that no option of ours stands for.
UNASKED = {
    "allow_proxy_certs": "proxy certificates (RFC 3820)",
}

# Where we differ and mean to: what the names begin with or are, and why. The first row is all of the
# core and rfc tiers; the others ask of an engine what is its own. What differs in the client view
# alone has its name behind VIEW.
DIFFERENCES = (
    (
        "its key usage allows nothing that a TLS server does with its key, and RFC 5280 4.2.1.3 and 4.2.1.12 forbid other uses; "
        "Chromium leaves the key usage to the handshake",
        "chromium/target-not-end-entity/main.test",
        "chromium/target-serverauth-various-keyusages/ec-decipherOnly.test",
        "chromium/target-serverauth-various-keyusages/rsa-decipherOnly.test",
    ),
    (
        "a purpose of Chromium's that demands an extended key usage, no anyExtendedKeyUsage, and none beside; RFC 5280 4.2.1.12 does not",
        "chromium/target-eku-any/clientauth-strict",
        "chromium/target-eku-any/serverauth-strict",
        "chromium/target-eku-many/clientauth-strict",
        "chromium/target-eku-many/serverauth-strict",
        "chromium/target-eku-none/clientauth-strict",
        "chromium/target-eku-none/serverauth-strict.test",
        "chromium/target-has-ca-basic-constraints/strict.test",
    ),
    (
        "Chromium's setting by which an anchor's own extensions bind; to RFC 5280 6.1 an anchor is a name and a key",
        "chromium/policies-inhibit-anypolicy-by-root-fail/ta-with-constraints.test",
        "chromium/policies-on-root-wrong/ta-with-constraints.test",
        "chromium/policy-mappings-on-root-fail/ta-with-constraints.test",
        "chromium/root-eku-clientauth/serverauth-ta-with-constraints",
        "chromium/root-eku-clientauth/serverauth-ta-with-expiration-and-constraints.test",
    ),
    (
        "an anchor of version 3 that says of itself that it is no CA, or no signer: Chromium trusts it all the same, and we do not (RFC 5280 4.2.1.3, 4.2.1.9)",
        "chromium/root-lacks-basic-constraints/main.test",
        "chromium/root-lacks-basic-constraints/ta-with-constraints.test",
        "chromium/root-lacks-basic-constraints/ta-with-require-basic-constraints.test",
        "chromium/root-lacks-keycertsign-key-usage/main.test",
    ),
    ("its signatures are of SHA-1, which is below 80 bits", "chromium/issuer-and-subject-not-byte-for-byte-equal/"),
    ("Microsoft's application policies are critical in it, and we do not process them", "chromium/target-msapplicationpolicies-and-eku/main.test"),
    (
        "Chromium's setting by which a trusted certificate must be an issuer, or prove that it signed itself",
        "chromium/target-selfissued/trusted_anchor.test",
        "chromium/target-selfissued/trusted_leaf_require_self_signed.test",
    ),
    (
        "an anchor whose extended key usage is for clients: OpenSSL holds it against the anchor, RFC 5280 6.1 has no such rule",
        "openssl-verify/011 ",
        "openssl-verify/020 ",
        "openssl-verify/048 ",
    ),
    (
        "another path is sound: OpenSSL takes what the store holds first and does not go back",
        "openssl-verify/032 ",
        "openssl-verify/033 ",
        "openssl-verify/065 ",
        "openssl-verify/072 ",
    ),
    ("OpenSSL's level 3, which is 128 bits; strict is 112", "openssl-verify/118 "),
    (
        "libcrypto 3.0 knows no ECDSA with SHA-3 in certificates",
        "openssl-verify/134 ",
        "openssl-verify/135 ",
        "openssl-verify/136 ",
        "openssl-verify/137 ",
    ),
    (
        "OpenSSL takes a common name for a DNS name; RFC 5280 4.2.1.10 constrains what is in the alternative names",
        "openssl-verify/147 ",
        "openssl-verify/153 ",
        "openssl-verify/154 ",
    ),
    (
        "what an anchor is trusted for is trusting servers, or not trusting them; without a purpose it must be for any (X509_check_trust)",
        f"{VIEW}openssl-verify/012 ",
        f"{VIEW}openssl-verify/013 ",
        f"{VIEW}openssl-verify/024 ",
        f"{VIEW}openssl-verify/025 ",
        f"{VIEW}openssl-verify/049 ",
        f"{VIEW}openssl-verify/054 ",
        f"{VIEW}openssl-verify/057 ",
        f"{VIEW}openssl-verify/060 ",
        f"{VIEW}openssl-verify/063 ",
        f"{VIEW}openssl-verify/067 ",
        f"{VIEW}openssl-verify/071 ",
        f"{VIEW}openssl-verify/073 ",
        f"{VIEW}openssl-verify/085 ",
        f"{VIEW}openssl-verify/086 ",
    ),
    ("OpenSSL counts names times constraints beforehand; those that are compared stay within the bound", "openssl-verify/167 ", "openssl-verify/169 "),
)

# The suite's words for a reason, and the rules of ours that say the same. The first that fits counts.
REASONS = (
    # Chromium says first what it only warns of.
    (r"ERROR: Basic Constraints|ERROR: Does not have Basic", ("basic-constraints",)),
    (r"ERROR: max_path_length", ("path-length",)),
    (r"ERROR: keyCertSign bit", ("key-usage",)),
    (r"ERROR: Time is", ("validity",)),
    (r"ERROR: VerifySignedData failed|ERROR: Couldn't parse SubjectPublicKeyInfo", ("signature",)),
    (r"ERROR: Unconsumed critical|ERROR: Unhandled critical", ("critical-extension",)),
    (r"ERROR: Policy qualifiers|ERROR: .*critical policy qualifier", ("critical-extension",)),
    (r"ERROR: Unacceptable public key", ("security-level",)),
    # Two leaves of it are refused by us already for what their keys may do.
    (r"ERROR: The extended key usage", ("extended-key-usage", "key-usage")),
    (r"ERROR: No valid policy", ("policies",)),
    # Botan. A CA that may not issue is one that says so in either place.
    (r"^CA certificate not allowed to issue certs", ("basic-constraints", "key-usage")),
    (r"differing algor", ("encoding",)),
    (r"^CERTIFICATE decoding failed|^Encountered extension in certificate with version", ("encoding",)),
    # Where nothing is said of names, an alternative name that Botan cannot read does not match either.
    (r"^Certificate extension encoding error", ("encoding", "host-name")),
    (r"^CRL |^X509 CRL|^No revocation data|^Certificate is revoked", ("revocation",)),
    (r"^Cannot establish trust", ("anchor", "self-signed-leaf")),
    (r"^Loop in certificate chain", ("anchor",)),
    (r"^Certificate chain too long", ("path-length",)),
    (r"^Certificate contains duplicate policy", ("policies",)),
    (r"^Certificate does not pass name constraint", ("name-constraints",)),
    (r"^Certificate has expired|^Certificate is not yet valid", ("validity",)),
    (r"^Certificate signed with unknown|^Signature error|^Certificate signature has invalid", ("signature",)),
    (r"^Hash function used is considered too weak", ("security-level",)),
    # Botan knows no policies: what it cannot process is a critical extension to it.
    (r"^Unknown critical extension encountered.*[Pp]olic", ("policies",)),
    (r"^Unknown critical extension encountered", ("critical-extension",)),
    (r"^Certificate does not allow the requested usage", ("extended-key-usage", "key-usage")),
    (r"^Certificate does not match provided name", ("host-name",)),
    # OpenSSL's recipe.
    (r"AKID is missing", ("encoding",)),
    (r"^Bad certificate policy", ("policies",)),
    (r"^CA producing regular PKCS", ("signature",)),
    (r"^CVE-2022-4203|^Name [Cc]onstraints|^Too many names", ("name-constraints",)),
    (r"^Reject PSS signature using SHA1|^reject (RSA|md5)", ("security-level",)),
    (r"^fail (\w+ )*non-[Cc][Aa]\b", ("basic-constraints",)),
    (r"^fail (client|server) leaf purpose", ("extended-key-usage",)),
    (r"^fail .*(mistrust|trust and|client trust|rejected EKU)|^reject direct match with client mistrust", ("trust-settings",)),
    (r"^fail expired|^reject expired", ("validity",)),
    (r"^fail .*direct leaf non-match|^fail untrusted partial", ("anchor",)),
    (r"^fail wrong (intermediate CA|root) DN", ("anchor", "name-chaining")),
    # Of one the authority key identifier names the serial number of another; the key is another one too.
    (r"^fail wrong (intermediate CA|root) (key|issuer)", ("signature", "key-identifier")),
    (r"^reject chain with verify_depth", ("depth",)),
    (r"^reject critical unknown|proxy cert without", ("critical-extension",)),
    (r"explicit curve", ("key-parameters",)),
)


def pem(label, der):
    """One PEM block."""
    text = base64.encodebytes(der).decode().replace("\n", "")
    lines = "\n".join(text[at : at + 64] for at in range(0, len(text), 64))
    return f"-----BEGIN {label}-----\n{lines}\n-----END {label}-----\n"


def label_of(der):
    """Whether something follows the certificate: OpenSSL's trust settings."""
    octets = der[1] & 0x7F if der[1] >= 0x80 else 0
    length = int.from_bytes(der[2 : 2 + octets], "big") if octets else der[1]
    return "TRUSTED CERTIFICATE" if len(der) > 2 + octets + length else "CERTIFICATE"


def bundle(directory, name, items, label=None):
    """A file of the objects, each in base64."""
    path = directory / name
    objects = [base64.b64decode(item) for item in items]
    path.write_text("".join(pem(label or label_of(der), der) for der in objects))
    return path


def command_of(case, directory, program):
    """How the case is asked."""
    options = case["options"]
    words = [program, "--json", "--at", f"@{case['time']}", "verify"]
    words += ["--trust", bundle(directory, "trust.pem", case["trusted"])]
    if case["untrusted"]:
        words += ["--untrusted", bundle(directory, "untrusted.pem", case["untrusted"], "CERTIFICATE")]
    if case["crls"]:
        words += ["--crl", bundle(directory, "crls.pem", case["crls"], "X509 CRL")]
    words += ["--purpose", case["peer_kind"] if case["peer_kind"] in PURPOSES else "any"]
    words += ["--crl-check", case["crl_check"], "--crl-missing", case["crl_missing"], "--security", case["security"]]
    if case["partial_chain"]:
        words.append("--partial-chain")
    if case["host"] is not None:
        words += ["--name", case["host"]["value"]]
    if options.get("max_depth") is not None:
        words += ["--depth", str(options["max_depth"])]
    if options.get("x509_strict"):
        words.append("--strict")
    for policy in options.get("policy_set", ()):
        words += ["--policy", policy]
    leaf = directory / "leaf.pem"
    leaf.write_text(pem("CERTIFICATE", base64.b64decode(case["leaf"])))
    return [*words, leaf]


def ask(case, program):
    """Our verdict, the rules that failed on our best path, and the text."""
    with tempfile.TemporaryDirectory(prefix="trustmend-suite-") as place:
        command = command_of(case, pathlib.Path(place), program)
        try:
            done = subprocess.run(command, capture_output=True, timeout=SECONDS, check=False)
        except subprocess.TimeoutExpired:
            return "hang", [], ""
    if done.returncode not in (0, 2, 3):
        return f"status {done.returncode}", [], done.stderr.decode(errors="replace").strip()
    result = json.loads(done.stdout)["results"][0]
    failures = [failure for path in result["paths"] for failure in path["failures"]]
    verdict = VERDICTS.get(result["verdict"], result["verdict"])
    if (verdict == "accept") != (done.returncode == 0):
        return f"{verdict} with status {done.returncode}", [], ""
    return verdict, failures, result["reason"]["text"]


def read_cases(folder):
    """All cases, with their tier."""
    tiers = {}
    with open(folder / "engine-verdicts" / "annotations.jsonl", encoding="utf-8") as lines:
        for line in lines:
            note = json.loads(line)
            tiers[note["id"]] = note["tier"]
    for path in sorted([*folder.glob("paths/*.jsonl"), *folder.glob("bettertls/*.jsonl")]):
        with open(path, encoding="utf-8") as lines:
            for line in lines:
                case = json.loads(line)
                case["tier"] = tiers.get(case["id"], "specific")
                yield case


def client_view(folder, cases):
    """The cases that hold for a judge of clients, asked in their mode."""
    with open(folder / "engine-verdicts" / "client_view.jsonl", encoding="utf-8") as lines:
        modes = {row["id"]: row["mode"] for row in map(json.loads, lines)}
    for case in cases:
        mode = modes.get(case["id"])
        if mode == "as-is":
            yield case
        elif mode == "any-nohost":
            yield {**case, "peer_kind": "any", "host": None}
        elif mode is not None:
            raise ValueError(f"{case['id']}: unknown mode {mode}")


def unasked(case):
    """Why the case cannot be asked, or None."""
    if case["peer_kind"] not in PURPOSES:
        return "another purpose than TLS"
    return next((why for option, why in UNASKED.items() if case["options"].get(option)), None)


def wanted_rules(case):
    """The rules that may stand for the suite's reason; None where it names none."""
    for pattern, rules in REASONS:
        if re.search(pattern, case["expected_detail"], re.DOTALL | re.MULTILINE):
            return rules
    return None


def excuse_of(name):
    """Why we differ and mean to, or None."""
    for why, *names in DIFFERENCES:
        if any(name.startswith(known) for known in names):
            return why
    return None


def complaint(case, answer):
    """What is wrong with our answer, or None."""
    verdict, failures, text = answer
    if verdict != case["expected"]:
        return f"{case['expected']} wanted, {verdict}: {text}"
    rules = wanted_rules(case) if verdict == "reject" else None
    found = sorted({failure["rule"] for failure in failures})
    if rules is not None and not set(rules) & set(found):
        return f"refused by {found}, not by {rules}: {text}"
    return None


def judge(cases, program):
    """Each case with what is wrong."""
    with concurrent.futures.ThreadPoolExecutor(max_workers=min(os.cpu_count() or 1, 4)) as pool:
        answers = pool.map(lambda case: ask(case, program), cases)
        return [(case, complaint(case, answer), answer) for case, answer in zip(cases, answers)]


def judge_view(view, results, program):
    """Each case of the view with our answer. One that it leaves as it is has been answered."""
    answers = {case["id"]: (case, answer) for case, _, answer in results}
    known = [case for case in view if case == answers.get(case["id"], (None,))[0]]
    others = [case for case in view if case != answers.get(case["id"], (None,))[0]]
    rows = [(case, answers[case["id"]][1]) for case in known]
    return rows + [(case, answer) for case, _, answer in judge(others, program)]


def differs_in_view(rows):
    """Tells of each case of the view whose verdict is not the suite's, and nobody says why; how many."""
    failed = 0
    for case, answer in rows:
        name = f"{VIEW}{case['id']}"
        differs = answer[0] != case["expected"]
        excused = excuse_of(name) is not None or (differs and excuse_of(case["id"]) is not None)
        if differs == excused:
            continue
        failed += 1
        print(f"  FAILED {case['tier']} {name}: {case['expected']} wanted, {answer[0]}: {answer[2]}")
    return failed


def unpack(suites, folder):
    """The archives below a folder of ours."""
    for name in ARCHIVES:
        subprocess.run(["tar", "--zstd", "-C", folder, "-xf", suites / name], check=True)


def summary(results, view):
    """A line a tier: agreement, and wrong accepts; and what of the client view is in it."""
    for tier in ("core", "rfc", "specific"):
        rows = [(case, answer) for case, _, answer in results if case["tier"] == tier]
        same = sum(answer[0] == case["expected"] for case, answer in rows)
        false = sum(answer[0] == "accept" and case["expected"] == "reject" for case, answer in rows)
        if rows:
            print(f"{tier}: {same} of {len(rows)} verdicts are the suite's ({100 * same / len(rows):.2f} %), {false} false accepts")
        rows = [(case, answer) for case, answer in view if case["tier"] == tier]
        if rows:
            print(f"{tier}: client view: {sum(answer[0] == case['expected'] for case, answer in rows)} of {len(rows)}")


def main():
    """Runs the suites."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", default=ROOT / "build" / "src" / "cli" / "trustmend", type=pathlib.Path)
    parser.add_argument("--suites", default=SUITES, type=pathlib.Path)
    parser.add_argument("--tier", default="core,rfc,specific")
    parser.add_argument("--only", default="")
    parser.add_argument("--list", action="store_true", help="every case with our answer")
    arguments = parser.parse_args()
    missing = [name for name in ARCHIVES if not (arguments.suites / name).exists()]
    if missing:
        print(f"SKIPPED: {', '.join(missing)} not in {arguments.suites}")
        return SKIPPED
    with tempfile.TemporaryDirectory(prefix="trustmend-suites-") as place:
        folder = pathlib.Path(place)
        unpack(arguments.suites, folder)
        cases = [case for case in read_cases(folder) if case["tier"] in arguments.tier.split(",") and arguments.only in case["id"]]
        skipped = collections.Counter(why for case in cases if (why := unasked(case)) is not None)
        results = judge([case for case in cases if unasked(case) is None], arguments.program)
        view = [case for case in client_view(folder, cases) if unasked(case) is None]
        seen = judge_view(view, results, arguments.program)
    for why, count in sorted(skipped.items()):
        print(f"not asked: {count} of {why}")
    failed = 0
    for case, wrong, answer in results:
        excuse = excuse_of(case["id"])
        if arguments.list:
            rules = ",".join(f"{failure['rule']}@{failure['depth']}" for failure in answer[1])
            print(f"{case['tier']} {case['id']}: {case['expected']} {answer[0]} {rules}")
        if (wrong is None) == (excuse is None):
            continue
        failed += 1
        print(f"  FAILED {case['tier']} {case['id']}: {wrong or 'agrees, and DIFFERENCES says that it does not'}")
        print(f"    {case['expected_detail'].splitlines()[0][:150] if case['expected_detail'] else '(no words)'}")
    failed += differs_in_view(seen)
    summary(results, seen)
    print(f"{len(results) + len(seen) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
