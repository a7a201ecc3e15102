# SPDX-License-Identifier: Apache-2.0
"""The engines themselves, each asked about many files in one process: what does it load of each?

An answer is (number of certificates, whether the call is content, digests of what was loaded); where the engine does
not show what it holds, the digests are None. CRLs count where the engine's call takes them.
"""
import os
import pathlib
import re
import shutil
import subprocess

PASSWORD = "changeit"
BOUNCY_CASTLE = pathlib.Path("/usr/share/java/bcprov.jar")

# The server's side of a handshake that never ends: its CertificateRequest has a name for each certificate. In TLS 1.2
# that can be read (RFC 5246 7.4.4); the ClientHello is Node's own, sent again and again.
NODE = """
const tls = require('tls'), fs = require('fs'), { Duplex } = require('stream');
const key = fs.readFileSync(process.argv[2]), cert = fs.readFileSync(process.argv[3]);

function pipe(taken) {
  return new Duplex({ read() {}, write(data, _, done) { taken(data); done(); } });
}

function hello(use) {
  let sent = false;
  const client = pipe((data) => { if (!sent) { sent = true; use(data); } });
  tls.connect({ socket: client, maxVersion: 'TLSv1.2', rejectUnauthorized: false }).on('error', () => {});
}

function names(records) {
  let flight = Buffer.alloc(0);
  for (let at = 0; at + 5 <= records.length; at += 5 + records.readUInt16BE(at + 3))
    if (records[at] === 22) flight = Buffer.concat([flight, records.subarray(at + 5, at + 5 + records.readUInt16BE(at + 3))]);
  for (let at = 0; at + 4 <= flight.length;) {
    const type = flight[at], length = flight.readUIntBE(at + 1, 3);
    at += 4;
    if (type === 13) {
      let count = 0, here = at + 1 + flight[at];
      here += 2 + flight.readUInt16BE(here);
      const end = here + 2 + flight.readUInt16BE(here);
      for (here += 2; here < end; here += 2 + flight.readUInt16BE(here)) count++;
      return count;
    }
    at += length;
  }
  return -1;
}

hello(async (first) => {
  for (const file of fs.readFileSync(0, 'utf8').split('\\n').filter((name) => name)) {
    let count = 0, good = true;
    try {
      const secureContext = tls.createSecureContext({ key, cert, ca: fs.readFileSync(file), maxVersion: 'TLSv1.2' });
      count = await new Promise((resolve) => {
        let said = Buffer.alloc(0);
        const raw = pipe((data) => {
          said = Buffer.concat([said, data]);
          const found = names(said);
          if (found >= 0) resolve(found);
        });
        const server = new tls.TLSSocket(raw, { isServer: true, secureContext, requestCert: true, rejectUnauthorized: false });
        server.on('error', () => resolve(-2));
        raw.push(first);
      });
    } catch (error) { good = false; }
    console.log(file + '\\t' + count + '\\t' + good);
  }
  process.exit(0);
});
"""

GO = """package main

import (
	"bufio"
	"crypto/x509"
	"fmt"
	"os"
)

func main() {
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		name := lines.Text()
		data, _ := os.ReadFile(name)
		pool := x509.NewCertPool()
		good := pool.AppendCertsFromPEM(data)
		fmt.Printf("%s\\t%d\\t%v\\n", name, len(pool.Subjects()), good)
	}
}
"""

# What the programs in C begin with: each line of standard input is a file.
C_LINES = r"""
#include <stdio.h>
#include <string.h>

static void ask(const char *name);

static void
say(const char *name, int count, int good)
{
	printf("%s\t%d\t%s", name, count, good ? "true" : "false");
}

static void
say_digest(const unsigned char *digest)
{
	putchar('\t');
	for (int i = 0; i < 32; i++)
		printf("%02x", digest[i]);
}

int
main(void)
{
	char name[4096];

	while (fgets(name, sizeof(name), stdin) != NULL) {
		name[strcspn(name, "\n")] = '\0';
		ask(name);
		putchar('\n');
	}
	return 0;
}
"""

MBEDTLS = (
    C_LINES
    + r"""
#include <mbedtls/x509_crt.h>
#include <mbedtls/sha256.h>

static void
ask(const char *name)
{
	unsigned char digest[32];
	mbedtls_x509_crt chain;
	int result, count = 0;

	mbedtls_x509_crt_init(&chain);
	result = mbedtls_x509_crt_parse_file(&chain, name);
	for (mbedtls_x509_crt *at = &chain; at != NULL && at->version != 0; at = at->next)
		count++;
	say(name, count, result >= 0);
	for (mbedtls_x509_crt *at = &chain; at != NULL && at->version != 0; at = at->next) {
		mbedtls_sha256(at->raw.p, at->raw.len, digest, 0);
		say_digest(digest);
	}
	mbedtls_x509_crt_free(&chain);
}
"""
)

# gnutls_certificate_get_trust_list(3): a duplicate is there once, and was counted twice.
GNUTLS = (
    C_LINES
    + r"""
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <gnutls/crypto.h>

static void
ask(const char *name)
{
	gnutls_x509_trust_list_iter_t at = NULL;
	gnutls_certificate_credentials_t credentials;
	gnutls_x509_trust_list_t list;
	gnutls_x509_crt_t cert;
	int result;

	gnutls_certificate_allocate_credentials(&credentials);
	result = gnutls_certificate_set_x509_trust_file(credentials, name, GNUTLS_X509_FMT_PEM);
	say(name, result < 0 ? 0 : result, result >= 0);
	gnutls_certificate_get_trust_list(credentials, &list);
	while (result >= 0 && list != NULL && gnutls_x509_trust_list_iter_get_ca(list, &at, &cert) >= 0) {
		unsigned char digest[32];
		gnutls_datum_t der;

		/* A fingerprint is of what it would write itself, not of the bytes that it was given. */
		if (gnutls_x509_crt_export2(cert, GNUTLS_X509_FMT_DER, &der) >= 0) {
			gnutls_hash_fast(GNUTLS_DIG_SHA256, der.data, der.size, digest);
			gnutls_free(der.data);
			say_digest(digest);
		}
		gnutls_x509_crt_deinit(cert);
	}
	gnutls_certificate_free_credentials(credentials);
}
"""
)

OPENSSL_DIGESTS = (
    C_LINES
    + r"""
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pkcs12.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>

static void
say_cert(const X509 *cert)
{
	unsigned char digest[32];

	X509_digest(cert, EVP_sha256(), digest, NULL);
	say_digest(digest);
}
"""
)

OPENSSL = (
    OPENSSL_DIGESTS
    + r"""
static void
ask(const char *name)
{
	X509_STORE *store = X509_STORE_new();
	X509_LOOKUP *lookup = X509_STORE_add_lookup(store, X509_LOOKUP_file());
	int count = X509_load_cert_crl_file(lookup, name, X509_FILETYPE_PEM);
	STACK_OF(X509_OBJECT) *objects = X509_STORE_get0_objects(store);

	say(name, count, count > 0);
	for (int i = 0; i < sk_X509_OBJECT_num(objects); i++) {
		const X509_OBJECT *object = sk_X509_OBJECT_value(objects, i);

		if (X509_OBJECT_get_type(object) == X509_LU_X509)
			say_cert(X509_OBJECT_get0_X509(object));
		if (X509_OBJECT_get_type(object) == X509_LU_CRL) {
			unsigned char digest[32];

			X509_CRL_digest(X509_OBJECT_get0_X509_CRL(object), EVP_sha256(), digest, NULL);
			say_digest(digest);
		}
	}
	X509_STORE_free(store);
	ERR_clear_error();
}
"""
)

OPENSSL_PKCS12 = (
    OPENSSL_DIGESTS
    + r"""
static void
ask(const char *name)
{
	FILE *file = fopen(name, "rb");
	PKCS12 *pkcs12 = file == NULL ? NULL : d2i_PKCS12_fp(file, NULL);
	STACK_OF(X509) *others = NULL;
	EVP_PKEY *key = NULL;
	X509 *cert = NULL;
	/* Without a MAC, OpenSSL 3.0 takes no password but none. */
	int good = pkcs12 != NULL && (PKCS12_parse(pkcs12, "changeit", &key, &cert, &others) == 1 ||
		(!PKCS12_mac_present(pkcs12) && PKCS12_parse(pkcs12, NULL, &key, &cert, &others) == 1));

	say(name, good ? (cert != NULL) + (others == NULL ? 0 : sk_X509_num(others)) : 0, good);
	for (int i = 0; good && i < sk_X509_num(others); i++)
		say_cert(sk_X509_value(others, i));
	if (good && cert != NULL)
		say_cert(cert);
	sk_X509_pop_free(others, X509_free);
	X509_free(cert);
	EVP_PKEY_free(key);
	PKCS12_free(pkcs12);
	if (file != NULL)
		fclose(file);
	ERR_clear_error();
}
"""
)

# A directory is asked for each name of the file "names" beside it, as the first handshake of a process asks it: what was
# loaded by another name does not count.
OPENSSL_DIRECTORY = (
    OPENSSL_DIGESTS
    + r"""
#include <openssl/pem.h>

static unsigned char digests[100][32];
static int count;

static void
take(const unsigned char *digest)
{
	for (int i = 0; i < count; i++)
		if (memcmp(digests[i], digest, 32) == 0)
			return;
	if (count < 100)
		memcpy(digests[count++], digest, 32);
}

static void
ask_name(const char *directory, X509_NAME *name)
{
	X509_STORE *store = X509_STORE_new();
	X509_STORE_CTX *context = X509_STORE_CTX_new();
	STACK_OF(X509) *certs;
	STACK_OF(X509_CRL) *crls;
	unsigned char digest[32];

	X509_LOOKUP_add_dir(X509_STORE_add_lookup(store, X509_LOOKUP_hash_dir()), directory, X509_FILETYPE_PEM);
	X509_STORE_CTX_init(context, store, NULL, NULL);
	certs = X509_STORE_CTX_get1_certs(context, name);
	for (int i = 0; i < sk_X509_num(certs); i++) {
		X509_digest(sk_X509_value(certs, i), EVP_sha256(), digest, NULL);
		take(digest);
	}
	crls = X509_STORE_CTX_get1_crls(context, name);
	for (int i = 0; i < sk_X509_CRL_num(crls); i++) {
		X509_CRL_digest(sk_X509_CRL_value(crls, i), EVP_sha256(), digest, NULL);
		take(digest);
	}
	sk_X509_pop_free(certs, X509_free);
	sk_X509_CRL_pop_free(crls, X509_CRL_free);
	X509_STORE_CTX_free(context);
	X509_STORE_free(store);
	ERR_clear_error();
}

static void
ask(const char *name)
{
	char path[4200];
	FILE *file;
	X509 *asked;

	snprintf(path, sizeof(path), "%s.names", name);
	file = fopen(path, "r");
	count = 0;
	while (file != NULL && (asked = PEM_read_X509(file, NULL, NULL, NULL)) != NULL) {
		ask_name(name, X509_get_subject_name(asked));
		X509_free(asked);
	}
	if (file != NULL)
		fclose(file);
	say(name, count, 1);
	for (int i = 0; i < count; i++)
		say_digest(digests[i]);
}
"""
)

# sun.security.validator.TrustStoreUtil: what JSSE takes of a keystore for its anchors.
JAVA = r"""
import java.io.*;
import java.security.*;
import java.security.cert.*;
import java.util.*;

public class Anchors {
	static String digest(java.security.cert.Certificate cert) throws Exception {
		StringBuilder text = new StringBuilder();
		for (byte b : MessageDigest.getInstance("SHA-256").digest(cert.getEncoded()))
			text.append(String.format("%02x", b));
		return text.toString();
	}

	static KeyStore open(String name, char[] password) throws Exception {
		String end = name.substring(name.lastIndexOf('.') + 1);
		boolean isBouncy = end.equals("bks") || end.equals("uber");
		KeyStore store;

		if (!isBouncy)
			try {
				return KeyStore.getInstance(new File(name), password);
			} catch (KeyStoreException unknown) {
				/* The type must be named then. */
			}
		store = isBouncy ? KeyStore.getInstance(end.toUpperCase(), "BC")
			: KeyStore.getInstance(end.equals("p12") ? "PKCS12" : end.toUpperCase());
		try (InputStream in = new FileInputStream(name)) {
			store.load(in, password);
		}
		return store;
	}

	static Set<java.security.cert.Certificate> anchors(KeyStore store) throws Exception {
		Set<java.security.cert.Certificate> found = new LinkedHashSet<>();
		for (String alias : Collections.list(store.aliases())) {
			if (store.isCertificateEntry(alias)) {
				found.add(store.getCertificate(alias));
			} else if (store.isKeyEntry(alias)) {
				java.security.cert.Certificate[] chain = store.getCertificateChain(alias);
				if (chain != null && chain.length > 0)
					found.add(chain[0]);
			}
		}
		found.remove(null);
		return found;
	}

	/* java Anchors make OUT TYPE CERT…: a keystore of these certificates. */
	static void make(String[] words, char[] password) throws Exception {
		KeyStore store = KeyStore.getInstance(words[2], words[2].equals("UBER") ? "BC" : "SUN");
		store.load(null, password);
		for (int i = 3; i < words.length; i++)
			try (InputStream in = new FileInputStream(words[i])) {
				store.setCertificateEntry("ca" + (i - 3), CertificateFactory.getInstance("X.509").generateCertificate(in));
			}
		try (OutputStream out = new FileOutputStream(words[1])) {
			store.store(out, password);
		}
	}

	public static void main(String[] words) throws Exception {
		char[] password = "changeit".toCharArray();
		try {
			Security.addProvider((Provider) Class.forName("org.bouncycastle.jce.provider.BouncyCastleProvider")
				.getDeclaredConstructor().newInstance());
		} catch (ReflectiveOperationException none) {
			/* not installed */
		}
		if (words.length > 0) {
			make(words, password);
			return;
		}
		BufferedReader lines = new BufferedReader(new InputStreamReader(System.in));
		for (String name; (name = lines.readLine()) != null;) {
			String file = name, said[] = new String[1];
			Thread asking = new Thread(() -> said[0] = answer(file, password));
			asking.setDaemon(true);
			asking.start();
			asking.join(PATIENCE);
			/* A count of iterations that is damaged keeps it busy for hours: that is no answer. */
			if (said[0] != null)
				System.out.println(said[0]);
			else
				asking.stop();
		}
		System.out.flush();
		Runtime.getRuntime().halt(0);
	}

	static final int PATIENCE = 5000;

	static String answer(String name, char[] password) {
		StringBuilder said = new StringBuilder();
		int count = 0;
		boolean good = true;
		try {
			for (java.security.cert.Certificate cert : anchors(open(name, password))) {
				said.append('\t').append(digest(cert));
				count++;
			}
		} catch (Exception | OutOfMemoryError | StackOverflowError error) {
			good = false;
			count = 0;
			said.setLength(0);
		}
		return name + "\t" + count + "\t" + good + said;
	}
}
"""

# The module itself, with each file alone in a directory for its source, since it takes a file that is named for one of
# anchors. An extension that stands apart from its certificate is not looked at: files with such are not for this.
P11KIT = (
    C_LINES
    + r"""
#include <dlfcn.h>
#include <stdlib.h>
#include <unistd.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <p11-kit/pkcs11.h>
#include <p11-kit/pkcs11x.h>

static CK_BBOOL
is(CK_FUNCTION_LIST *module, CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type)
{
	CK_BBOOL value = CK_FALSE;
	CK_ATTRIBUTE attribute = { type, &value, sizeof(value) };

	return module->C_GetAttributeValue(session, object, &attribute, 1) == CKR_OK && value;
}

static int
take(CK_FUNCTION_LIST *module, CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object, unsigned char *digest)
{
	static unsigned char value[1 << 16];
	CK_ATTRIBUTE attribute = { CKA_VALUE, value, sizeof(value) };

	if (!is(module, session, object, CKA_TRUSTED) || is(module, session, object, CKA_X_DISTRUSTED) ||
		module->C_GetAttributeValue(session, object, &attribute, 1) != CKR_OK)
		return 0;
	/* It does not look into them; those that ask it do. */
	const unsigned char *at = value;
	X509 *cert = d2i_X509(NULL, &at, (long)attribute.ulValueLen);
	int good = cert != NULL && X509_digest(cert, EVP_sha256(), digest, NULL) == 1;

	X509_free(cert);
	return good;
}

static void
ask(const char *name)
{
	static unsigned char digests[1000][32];
	CK_OBJECT_CLASS class = CKO_CERTIFICATE;
	CK_ATTRIBUTE wanted = { CKA_CLASS, &class, sizeof(class) };
	char words[4200], folder[] = "/tmp/trustmend-p11kit-XXXXXX", link[64];
	CK_C_INITIALIZE_ARGS arguments = { .flags = CKF_OS_LOCKING_OK, .pReserved = words };
	void *library = dlopen(TRUST_MODULE, RTLD_NOW);
	CK_C_GetFunctionList list = library == NULL ? NULL : (CK_C_GetFunctionList)dlsym(library, "C_GetFunctionList");
	CK_FUNCTION_LIST *module;
	CK_SESSION_HANDLE session;
	CK_OBJECT_HANDLE object;
	CK_SLOT_ID slots[8];
	CK_ULONG count = 8, found;
	int taken = 0;

	if (mkdtemp(folder) == NULL)
		return;
	snprintf(link, sizeof(link), "%s/store.p11-kit", folder);
	if (symlink(name, link) != 0)
		return;
	snprintf(words, sizeof(words), "paths='%s'", folder);
	if (list == NULL || list(&module) != CKR_OK || module->C_Initialize(&arguments) != CKR_OK) {
		say(name, 0, 0);
		return;
	}
	module->C_GetSlotList(CK_TRUE, slots, &count);
	for (CK_ULONG i = 0; i < count; i++) {
		if (module->C_OpenSession(slots[i], CKF_SERIAL_SESSION, NULL, NULL, &session) != CKR_OK)
			continue;
		module->C_FindObjectsInit(session, &wanted, 1);
		while (module->C_FindObjects(session, &object, 1, &found) == CKR_OK && found == 1 && taken < 1000)
			taken += take(module, session, object, digests[taken]);
		module->C_FindObjectsFinal(session);
		module->C_CloseSession(session);
	}
	module->C_Finalize(NULL);
	unlink(link);
	rmdir(folder);
	say(name, taken, 1);
	for (int i = 0; i < taken; i++)
		say_digest(digests[i]);
}
"""
)


def run(*words, **options):
    return subprocess.run([str(word) for word in words], capture_output=True, check=False, timeout=600, **options)


def compiled(folder, name, source, *options):
    """A program of C, or None where the library is not there to be linked."""
    (folder / f"{name}.c").write_text(source, encoding="utf-8")
    done = run("cc", "-Wno-deprecated-declarations", "-o", folder / name, folder / f"{name}.c", *options)
    return [folder / name] if done.returncode == 0 else None


def go_program(folder):
    if shutil.which("go") is None:
        return None
    (folder / "pool.go").write_text(GO, encoding="utf-8")
    home = {"HOME": str(folder), "GOFLAGS": "", "GO111MODULE": "off"}
    kept = {name: os.environ[name] for name in ("PATH", "GOCACHE") if name in os.environ}
    done = run("go", "build", "-o", folder / "pool", folder / "pool.go", env={**home, **kept})
    return [folder / "pool"] if done.returncode == 0 else None


def node_program(folder):
    if shutil.which("node") is None:
        return None
    script = folder / "pool.js"
    script.write_text(NODE, encoding="utf-8")
    run("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", folder / "server.key", "-out",
        folder / "server.crt", "-subj", "/CN=localhost")  # fmt: skip
    return ["node", script, folder / "server.key", folder / "server.crt"]


def java_program(folder):
    if shutil.which("javac") is None or shutil.which("java") is None:
        return None
    (folder / "Anchors.java").write_text(JAVA, encoding="utf-8")
    if run("javac", "-nowarn", "-d", folder, folder / "Anchors.java").returncode:
        return None
    return ["java", "-XX:+UseSerialGC", "-Xmx512m", "-cp", f"{folder}:{BOUNCY_CASTLE}", "Anchors"]


def p11kit_program(folder):
    flags = run("pkg-config", "--cflags", "p11-kit-1").stdout.decode().split()
    module = run("pkg-config", "--variable=p11_module_path", "p11-kit-1").stdout.decode().strip()
    path = pathlib.Path(module or "/usr/lib/pkcs11") / "p11-kit-trust.so"
    if not path.exists():
        return None
    return compiled(folder, "pool-p11kit", P11KIT, *flags, f'-DTRUST_MODULE="{path}"', "-lcrypto", "-ldl")


MAKERS = {
    "openssl": lambda folder: compiled(folder, "pool-openssl", OPENSSL, "-lcrypto"),
    "openssl-directory": lambda folder: compiled(folder, "pool-directory", OPENSSL_DIRECTORY, "-lcrypto"),
    "openssl-pkcs12": lambda folder: compiled(folder, "pool-pkcs12", OPENSSL_PKCS12, "-lcrypto"),
    "gnutls": lambda folder: compiled(folder, "pool-gnutls", GNUTLS, "-lgnutls"),
    "go": go_program,
    "node": node_program,
    "mbedtls": lambda folder: compiled(folder, "pool-mbedtls", MBEDTLS, "-lmbedx509", "-lmbedcrypto"),
    "java": java_program,
    "p11-kit": p11kit_program,
}


def ask(program, paths):
    """By path: certificates, whether the call was content, and the digests of what it holds or None."""
    found = {}
    lines = "".join(f"{path}\n" for path in paths).encode()
    for line in run(*program, input=lines).stdout.decode("utf-8", "replace").splitlines():
        name, count, good, *digests = line.split("\t")
        shown = set(digests) if digests or count == "0" else None
        found[pathlib.Path(name)] = (int(count), good == "true", shown)
    return found


def make_askers(folder, names):
    """The programs of those engines that are here; of the others it is said."""
    programs = {name: MAKERS[name](folder) for name in names}
    for name, program in programs.items():
        print(f"# {name} {'is asked' if program else 'is not there: SKIPPED'}", flush=True)
    return {name: program for name, program in programs.items() if program}


def nss_answer(path):
    """certutil(1) of a database's directory: those with "T" for TLS clients. They are told by name alone."""
    done = run("certutil", "-L", "-d", f"sql:{path}")
    if done.returncode:
        return 0, False, None
    flags = re.findall(r"\s([a-zA-Z]*),[a-zA-Z]*,[a-zA-Z]*\s*$", done.stdout.decode("utf-8", "replace"), re.MULTILINE)
    return sum("T" in word for word in flags), True, None
