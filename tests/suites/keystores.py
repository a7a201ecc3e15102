#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every keystore of a public collection, as Java's own providers see it and as `inspect` does.

keystores.py [--program PATH] [--archive PATH] [--results DIR] [-v]

The archive is no part of this tree: it is looked for in ../shared/suites beside it, and where it is
absent that is said, and nothing is tested. Its oracle lists for each file what the providers of the
JDK (SUN, SunJCE, SunJSSE) and of BouncyCastle made of it: each entry with its alias, its kind and
the SHA-256 of its certificates, or the error.

What must hold, for each file:
- where a provider opens it, so do we, and each entry that the provider has is among ours, with the
  same certificates in the same order; and what JSSE would take as anchors is what we say of Java;
- where none opens it, a defect that is not harmless says why.
"""
import argparse
import collections
import json
import os
import pathlib
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
ARCHIVE = ROOT.parent / "shared" / "suites" / "keystores.tar.zst"
SUN = ("JKS", "JCEKS", "PKCS12")


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--program", type=pathlib.Path, default=ROOT / "build" / "src" / "cli" / "trustmend")
    parser.add_argument("--archive", type=pathlib.Path, default=ARCHIVE)
    parser.add_argument("--results", type=pathlib.Path, help="folder for keystores.json")
    parser.add_argument("-v", "--verbose", action="store_true")
    return parser.parse_args()


def inspect(program, scratch, path, password):
    """The one store of `inspect --json`, and its exit status."""
    command = [program, "--state", scratch / "state", "--json", "inspect"]
    environment = dict(os.environ)
    if password is not None:
        environment["SUITE_PASSWORD"] = password
        command += ["--password-env", "SUITE_PASSWORD"]
    done = subprocess.run([*command, path], capture_output=True, env=environment, timeout=60, check=False)
    if done.returncode not in (0, 1, 2):
        raise ValueError(f"exit {done.returncode}: {done.stderr.decode(errors='replace').strip()}")
    return json.loads(done.stdout)["stores"][0]


def chains(store):
    """Our entries as Java groups them: (alias, kind) and certificates. In PKCS#12 a key's chain is
    told by names, as Java does it: the leaf first, then issuer by issuer."""
    groups, key = [], None
    for entry in store["entries"]:
        role = entry.get("role")
        if role == "key":
            key = {"alias": entry["alias"], "kind": "secret", "certs": []}
            groups.append(key)
        elif role == "chain":
            key["kind"] = "key"
            key["certs"].append(entry["fingerprint"])
        elif role == "trusted":
            groups.append({"alias": entry["alias"], "kind": "trusted", "certs": [entry["fingerprint"]]})
    if store["format"] == "pkcs12":
        chain_by_names(store, groups)
    # PKCS12KeyStore.getUnfriendlyName: what has no name gets a number.
    for number, group in enumerate((group for group in groups if group["alias"] is None), 1):
        group["alias"] = str(number)
    return groups


def chain_by_names(store, groups):
    certificates = [e for e in store["entries"] if e["kind"] == "certificate"]
    leaves = [e for e in certificates if e["role"] == "unassigned" and "java" in e["loaded_by"]]
    keys = [group for group in groups if group["kind"] == "secret"]
    for group, leaf in zip(keys, leaves):
        at, seen = leaf, []
        while at is not None and at["fingerprint"] not in seen:
            seen.append(at["fingerprint"])
            if at["subject"] == at["issuer"]:
                break
            at = next((e for e in certificates if e["subject"] == at["issuer"]), None)
        group["kind"], group["certs"] = "key", seen


def normal(entries):
    return collections.Counter((e["alias"].lower(), e["kind"], tuple(e["certs"])) for e in entries)


def last_of_each_name(groups):
    return list({group["alias"].lower(): group for group in groups}.values())


def differences_of_sun(store, view):
    wrong = []
    ours, theirs = last_of_each_name(chains(store)), view["entries"]
    if normal(ours) != normal(theirs):
        wrong.append(f"entries: {sorted(normal(ours))} where Java has {sorted(normal(theirs))}")
    anchors = {e["fingerprint"] for e in store["entries"] if "java" in e["loaded_by"]}
    expected = {e["certs"][0] for e in theirs if e["certs"]}
    if anchors != expected:
        wrong.append(f"anchors: {sorted(anchors)} where Java has {sorted(expected)}")
    if store["read_by"]["java"]["error"] is not None:
        wrong.append(f"Java opens it, and we say: {store['read_by']['java']['error']}")
    return wrong


def differences_of_bouncycastle(store, view):
    """BouncyCastle's PKCS#12 takes every certificate that has a name for a trusted one."""
    ours = {e["fingerprint"] for e in store["entries"] if e["kind"] == "certificate"}
    missing = [c for e in view["entries"] for c in e["certs"] if c not in ours]
    wrong = [f"certificates that BouncyCastle has and we have not: {missing}"] if missing else []
    names = {(e.get("alias") or "").lower() for e in store["entries"]}
    wrong += [f"no entry {e['alias']}" for e in view["entries"]
              if e["alias"].lower() not in names and not is_made_up(e["alias"])]
    if view["type"] != "BC:PKCS12" and normal(chains(store)) != normal(view["entries"]):
        wrong.append(f"entries: {sorted(normal(chains(store)))} where BouncyCastle has {sorted(normal(view['entries']))}")
    return wrong


def is_made_up(alias):
    """BouncyCastle names what has no name by its key id."""
    return len(alias) >= 16 and all(c in "0123456789abcdef" for c in alias.lower())


def differences(program, scratch, path, row):
    """What differs, over all views that opened the file."""
    opened = [view for view in row["views"] if "error" not in view]
    # Without a password, a view of PKCS#12 has only what is not encrypted.
    opened = [v for v in opened if v["password"] is not None or not v["type"].endswith("PKCS12")] or opened
    if not opened:
        store = inspect(program, scratch, path, None)
        harm = [defect["code"] for defect in store["defects"] if not defect["harmless"]]
        return [] if harm else ["no provider opens it, and no defect says why"]
    wrong = []
    for view in opened:
        store = inspect(program, scratch, path, view["password"])
        compare = differences_of_sun if view["type"] in SUN else differences_of_bouncycastle
        wrong += [f"{view['type']}: {text}" for text in compare(store, view)]
        # An empty password is none to BouncyCastle: it checks nothing then.
        if (view["password"] or (view["password"] is not None and not view["type"].startswith("BC:BKS"))) \
                and store.get("integrity") not in ("good", None):
            wrong.append(f"{view['type']}: integrity is {store['integrity']} with the right password")
    return wrong


def unpack(archive, scratch):
    subprocess.run(["tar", "--zstd", "-xf", archive, "-C", scratch], check=True)
    return scratch / "keystores"


def main():
    options = arguments()
    if not options.archive.exists():
        print(f"SKIPPED: the collection is not at {options.archive}")
        print("0 passed, 0 failed")
        return 0
    passed, failed = 0, []
    with tempfile.TemporaryDirectory(prefix="trustmend-keystores-") as folder:
        scratch = pathlib.Path(folder)
        suite = unpack(options.archive, scratch)
        rows = [json.loads(line) for line in (suite / "oracle_java.jsonl").read_text().splitlines()]
        for row in rows:
            try:
                wrong = differences(options.program, scratch, suite / "files" / row["file"], row)
            except (ValueError, KeyError, subprocess.TimeoutExpired) as error:
                wrong = [f"{type(error).__name__}: {error}"]
            passed += not wrong
            if wrong:
                failed.append({"file": row["file"], "wrong": wrong})
                print(f"{row['file']}: {'; '.join(wrong)}")
            elif options.verbose:
                print(f"{row['file']}: as Java has it")
    if options.results:
        options.results.mkdir(parents=True, exist_ok=True)
        (options.results / "keystores.json").write_text(json.dumps({"passed": passed, "failed": failed}, indent=1))
    print(f"{passed} passed, {len(failed)} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
