#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What `inspect` says that each engine loads of a file, beside what the engine itself loads.

engines.py [--program PATH] [--seed N] [--count N] [-v]

Files of certificates are damaged in many ways, all of the frame and none within the DER (what a parser
makes of a certificate that is odd in itself is its own affair), and each is given to Node, Go, Mbed TLS and GnuTLS as a
server of theirs would take it: how many certificates they end up with must be what we say. An engine
that is not installed is said to be absent, and not asked; where none is, nothing is tested.
"""
import argparse
import json
import pathlib
import random
import re
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
SKIPPED = 77
CERTIFICATES = 6

NODE = """
const tls = require('tls'), fs = require('fs');
const key = fs.readFileSync(process.argv[2]), cert = fs.readFileSync(process.argv[3]);
const files = process.argv.slice(4);
const { spawn } = require('child_process');
(async () => {
  for (const name of files) {
    let names = 0, good = true;
    try {
      const server = tls.createServer({key, cert, ca: fs.readFileSync(name), requestCert: true,
        rejectUnauthorized: false, maxVersion: 'TLSv1.2'});
      server.on('tlsClientError', () => {});
      await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
      const port = server.address().port;
      names = await new Promise((resolve) => {
        const child = spawn('openssl',
          ['s_client', '-connect', '127.0.0.1:' + port, '-tls1_2'], {stdio: ['pipe', 'pipe', 'ignore']});
        let said = '';
        child.stdout.on('data', (data) => {
          said += data;
          if (said.includes('SSL handshake has read')) child.stdin.end('Q\\n');
        });
        child.on('close', () => resolve((said.match(/^CN = Engine test/gm) || []).length));
      });
      await new Promise((resolve) => server.close(resolve));
    } catch (error) { good = false; }
    console.log(name + ' ' + names + ' ' + good);
  }
})();
"""

GO = """package main

import (
	"crypto/x509"
	"fmt"
	"os"
)

func main() {
	for _, name := range os.Args[1:] {
		data, _ := os.ReadFile(name)
		pool := x509.NewCertPool()
		good := pool.AppendCertsFromPEM(data)
		fmt.Println(name, len(pool.Subjects()), good)
	}
}
"""

MBEDTLS = r"""
#include <mbedtls/x509_crt.h>
#include <stdio.h>

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		mbedtls_x509_crt chain;
		int result, count = 0;

		mbedtls_x509_crt_init(&chain);
		result = mbedtls_x509_crt_parse_file(&chain, argv[i]);
		for (mbedtls_x509_crt *at = &chain; at != NULL && at->version != 0; at = at->next)
			count++;
		printf("%s %d %s\n", argv[i], count, result < 0 ? "false" : "true");
		mbedtls_x509_crt_free(&chain);
	}
	return 0;
}
"""

GNUTLS = r"""
#include <gnutls/gnutls.h>
#include <stdio.h>

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		gnutls_certificate_credentials_t credentials;
		int result;

		gnutls_certificate_allocate_credentials(&credentials);
		result = gnutls_certificate_set_x509_trust_file(credentials, argv[i], GNUTLS_X509_FMT_PEM);
		printf("%s %d %s\n", argv[i], result < 0 ? 0 : result, result < 0 ? "false" : "true");
		gnutls_certificate_free_credentials(credentials);
	}
	return 0;
}
"""


def run(*words, **options):
    return subprocess.run([str(word) for word in words], capture_output=True, check=False, timeout=300, **options)


def make_certificates(folder):
    """Self-signed CAs of different names, as PEM texts."""
    texts = []
    for number in range(CERTIFICATES):
        done = run(
            "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout",
            folder / "key", "-subj", f"/CN=Engine test {number}", "-days", "3650",
        )  # fmt: skip
        texts.append(done.stdout.decode())
    return texts


# Each takes the texts of the certificates and a source of chance, and gives bytes.
def whole(texts, _):
    return "".join(texts)


def with_comments(texts, _):
    return "".join(f"# number {number}: a comment\nSubject: CN = x\n{text}" for number, text in enumerate(texts))


def crlf(texts, _):
    return "".join(texts).replace("\n", "\r\n")


def fused(texts, chance):
    at = chance.randrange(1, len(texts))
    return "".join(texts[:at]).rstrip("\n") + "".join(texts[at:])


def truncated(texts, chance):
    text = "".join(texts)
    return text[: chance.randrange(len(text))]


def lost_line(texts, chance):
    lines = "".join(texts).splitlines(keepends=True)
    del lines[chance.randrange(len(lines))]
    return "".join(lines)


def doubled_line(texts, chance):
    lines = "".join(texts).splitlines(keepends=True)
    at = chance.randrange(len(lines))
    return "".join(lines[:at] + [lines[at]] + lines[at:])


def changed_byte(texts, chance):
    text = list("".join(texts))
    text[chance.randrange(len(text))] = chance.choice("=- \t:!\n")
    return "".join(text)


def label(name):
    def relabelled(texts, chance):
        return "".join(text.replace("CERTIFICATE", name) if chance.randrange(2) else text for text in texts)

    return relabelled


def indented(texts, chance):
    return "".join(text if chance.randrange(3) else re.sub("(?m)^", "  ", text) for text in texts)


def trailing_blanks(texts, _):
    return "".join(texts).replace("\n", " \n")


def headers(texts, chance):
    return "".join(
        text.replace("-----\n", "-----\nFriendly: name\n\n", 1) if chance.randrange(2) else text for text in texts
    )


def one_line(texts, _):
    return "".join(
        "-----BEGIN CERTIFICATE-----\n" + "".join(text.splitlines()[1:-1]) + "\n-----END CERTIFICATE-----\n" for text in texts
    )


def empty_block(texts, chance):
    at = chance.randrange(len(texts))
    return "".join([*texts[:at], "-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n", *texts[at:]])


def no_last_newline(texts, _):
    return "".join(texts).rstrip("\n")


def leading_text(texts, _):
    return "some words -----BEGIN CERTIFICATE-----\n" + "".join(texts)


DAMAGES = [
    whole, with_comments, crlf, fused, truncated, lost_line, doubled_line, changed_byte, indented, trailing_blanks,
    headers, one_line, empty_block, no_last_newline, leading_text, label("TRUSTED CERTIFICATE"),
    label("X509 CERTIFICATE"), label("certificate"),
]  # fmt: skip


def make_files(folder, seed, count):
    """Each damage some times, with other certificates and places."""
    chance, texts = random.Random(seed), make_certificates(folder)
    files = []
    for damage in DAMAGES:
        for number in range(count):
            path = folder / f"{len(files):03}-{damage.__name__}-{number}.pem"
            chosen = texts[: chance.randrange(2, CERTIFICATES + 1)]
            path.write_bytes(damage(chosen, chance).encode())
            files.append(path)
    return files


def compiled(folder, name, source, *libraries):
    """A program of C, or None where the library is not there to be linked."""
    (folder / f"{name}.c").write_text(source, encoding="utf-8")
    done = run("cc", "-o", folder / name, folder / f"{name}.c", *libraries)
    return folder / name if done.returncode == 0 else None


def go_program(folder):
    if shutil.which("go") is None:
        return None
    (folder / "pool.go").write_text(GO, encoding="utf-8")
    environment = {"HOME": str(folder), "PATH": "/usr/local/bin:/usr/bin:/bin", "GO111MODULE": "off"}
    done = run("go", "build", "-o", folder / "pool", folder / "pool.go", env=environment)
    return folder / "pool" if done.returncode == 0 else None


def answers(program, files):
    """By file: certificates, and whether the call was content."""
    found = {}
    for line in run(program, *files).stdout.decode().splitlines():
        name, count, good = line.rsplit(" ", 2)
        found[pathlib.Path(name)] = (int(count), good == "true")
    return found


def node_answers(folder, files):
    """Node does not say what it holds: a server of its own is asked, by the names that it sends."""
    script = folder / "pool.js"
    script.write_text(NODE, encoding="utf-8")
    run("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", folder / "server.key", "-out",
        folder / "server.crt", "-subj", "/CN=localhost")  # fmt: skip
    found = {}
    done = run("node", script, folder / "server.key", folder / "server.crt", *files)
    for line in done.stdout.decode().splitlines():
        name, count, good = line.rsplit(" ", 2)
        found[pathlib.Path(name)] = (int(count), good == "true")
    return found


def said_by_us(program, folder, path):
    done = run(program, "--state", folder / "state", "--json", "inspect", path)
    return json.loads(done.stdout)["stores"][0]["read_by"]


def engines(folder, files):
    """What each engine that is here makes of the files."""
    makers = {
        "go": go_program(folder),
        "mbedtls": compiled(folder, "pool-mbedtls", MBEDTLS, "-lmbedx509", "-lmbedcrypto"),
        "gnutls": compiled(folder, "pool-gnutls", GNUTLS, "-lgnutls"),
    }
    found = {name: answers(program, files) for name, program in makers.items() if program}
    if shutil.which("node"):
        found["node"] = node_answers(folder, files)
    for name in ("go", "mbedtls", "gnutls", "node"):
        print(f"# {name} {'was asked' if name in found else 'is not there: SKIPPED'}")
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--program", type=pathlib.Path, default=ROOT / "build" / "src" / "cli" / "trustmend")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=6, help="files of each kind of damage")
    parser.add_argument("-v", "--verbose", action="store_true")
    options = parser.parse_args()
    passed = failed = 0
    with tempfile.TemporaryDirectory(prefix="trustmend-engines-") as name:
        folder = pathlib.Path(name)
        files = make_files(folder, options.seed, options.count)
        found = engines(folder, files)
        for path in files:
            ours = said_by_us(options.program, folder, path)
            for engine, theirs in found.items():
                wanted, good = theirs.get(path, (None, None))
                loaded, error = ours[engine]["loaded"], ours[engine]["error"]
                if (loaded, error is None) == (wanted, good):
                    passed += 1
                    continue
                failed += 1
                print(f"FAILED {engine}, {path.name}: loads {wanted}, {good}; we say {loaded}, {error}")
                if options.verbose:
                    print(path.read_text(encoding="utf-8", errors="replace"))
        if not found:
            print("no engine is there to be asked")
            return SKIPPED
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


sys.exit(main())
