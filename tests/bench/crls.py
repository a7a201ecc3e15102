#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""CRLs of 1,000 to 5,000,000 entries, beside what else reads them, and beside hashing the file.

For each size the list is made anew from the seed. All programs run in turn, each round; the medians, the
medians of the ratios per round, and peak memory are shown. --only takes a part of the rows by their names.
Results count first: each must say of the list what is so, or the exit status is 1. The figures themselves
fail nothing. What is not installed is said to be absent.
"""
import argparse
import importlib.util
import json
import os
import pathlib
import platform
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
BUILD = HERE.parents[1] / "build"

spec = importlib.util.spec_from_file_location("stores", HERE / "stores.py")
stores = importlib.util.module_from_spec(spec)
spec.loader.exec_module(stores)
Row, number = stores.Row, stores.number

CERTTOOL_MOST = 100_000  # once: it takes the square of the entries
JAVA_MOST = 1_000_000  # it takes more memory than many machines have
JAVA = """import java.io.*; import java.security.cert.*;
public class ReadList { public static void main(String[] a) throws Exception {
 CertificateFactory f = CertificateFactory.getInstance("X.509");
 X509CRL list = (X509CRL) f.generateCRL(new BufferedInputStream(new FileInputStream(a[0]), 1 << 20));
 list.verify(f.generateCertificate(new FileInputStream(a[1])).getPublicKey());
 System.out.println(list.getRevokedCertificates().size()); } }
"""


def options_read():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--program", default=str(BUILD / "src" / "cli" / "trustmend"))
    parser.add_argument("--tools", default=str(BUILD / "tests" / "bench"))
    parser.add_argument("--json", default=str(BUILD / "bench-crls.json"))
    parser.add_argument("--sizes", default="1000,100000,1000000,5000000")
    parser.add_argument("--lookups", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--only", default="", help="rows whose name has this in it; ours is always there")
    return parser.parse_args()


class OnceRow(Row):
    """One that takes minutes."""

    def run(self, measure):
        if not self.runs:
            super().run(measure)


def java_row(folder, here, count):
    if not shutil.which("javac"):
        print("javac is not there")
        return []
    if not (folder / "ReadList.class").exists():
        (folder / "ReadList.java").write_text(JAVA)
        subprocess.run(["javac", "-d", folder, folder / "ReadList.java"], check=True)
    return [Row("Java generateCRL + verify", ["java", "-cp", folder, "ReadList", here / "list.der", here / "ca.pem"],
                number(r"^(\d+)$"), count)]  # fmt: skip


def rows_of(folder, here, count, options):
    ours = [options.program, "--state", folder / "state"]
    judged = ["verify", "--trust", here / "ca.pem", "--crl-check", "leaf", here / "good.pem", here / "bad.pem"]
    on_list = min((options.lookups + 1) // 2, count)  # every other serial is
    loop = [here / "list.der", here / "ca.pem", options.seed, options.lookups]
    rows = [
        Row("verify two clients, DER", [*ours, *judged, "--crl", here / "list.der"], number(r"^accept .*good.pem|^refuse .*revoked since"), 2),
        Row("verify two clients, PEM", [*ours, *judged, "--crl", here / "list.pem"], number(r"^accept .*good.pem|^refuse .*revoked since"), 2),
        Row("inspect, DER", [*ours, "inspect", here / "list.der"], number(r", (\d+) revoked"), count),
        Row("reader, signature, lookups", [f"{options.tools}/crl_loop", "parts", *loop], number(r"^(\d+)$"), on_list),
        Row("openssl dgst -sha256", ["openssl", "dgst", "-sha256", here / "list.der"], number(r"= [0-9a-f]{64}$"), 1),
        Row("openssl dgst -sha256, PEM", ["openssl", "dgst", "-sha256", here / "list.pem"], number(r"= [0-9a-f]{64}$"), 1),
        Row("openssl crl -noout -CAfile", ["openssl", "crl", "-inform", "DER", "-in", here / "list.der", "-CAfile", here / "ca.pem", "-noout"],
            number(r"^$"), 1),
        Row("libcrypto, signature, lookups", [f"{options.tools}/crl_loop", "library", *loop], number(r"^(\d+)$"), on_list),
    ]  # fmt: skip
    if count <= CERTTOOL_MOST and shutil.which("certtool"):
        rows.append(OnceRow("certtool --crl-info", ["certtool", "--crl-info", "--inder", "--infile", here / "list.der"],
                        number(r"^\s*Revoked certificates \((\d+)\)"), count))  # fmt: skip
    if count <= JAVA_MOST:
        rows += java_row(folder, here, count)
    return [row for i, row in enumerate(rows) if i == 0 or options.only in row.name]


def main():
    options = options_read()
    folder = pathlib.Path(tempfile.mkdtemp(prefix="trustmend-bench-crls-"))
    results = []
    try:
        for size in map(int, options.sizes.split(",")):
            here = folder / str(size)
            subprocess.run([f"{options.tools}/crl_generate", here, str(size), str(options.seed)], check=True)
            results.append(stores.compare(f"a CRL of {size:,} entries, {(here / 'list.der').stat().st_size:,} bytes",
                                          rows_of(folder, here, size, options), options))  # fmt: skip
            shutil.rmtree(here)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    wrong = [text for result in results for text in result["wrong"]]
    for text in wrong:
        print("wrong: " + text)
    with open(options.json, "w") as file:
        json.dump({"machine": {"processors": os.cpu_count(), "kernel": platform.release(), "load": os.getloadavg()},
                   "seed": options.seed, "results": results}, file, indent=1)  # fmt: skip
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
