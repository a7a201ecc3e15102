/* SPDX-License-Identifier: Apache-2.0 */
/* Each lint holds of a certificate that is like that, and not of a sound one. */
#include <string.h>

#include "pki.h"
#include "tap.h"
#include "verify/lint.h"

#define SPAN(text)                                        \
	{                                                 \
		(const uint8_t *)(text), sizeof(text) - 1 \
	}
#define PSS    "\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0a"
#define SHA256 "\x30\x0b\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01"
#define MGF1   "\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x08"
/* RSASSA-PSS with SHA-256, MGF1 of it, and a salt of so many octets. */
#define PSS_SHA256(salt)                                                        \
	"\x30\x3d" PSS "\x30\x30\xa0\x0d" SHA256 "\xa1\x1a\x30\x18" MGF1 SHA256 \
	"\xa2\x03\x02\x01" salt

static const struct span empty_name = SPAN("\x30\x00");

enum base { CLIENT, AUTHORITY, ROOT };

/* A certificate of a spec: what is changed of a sound one before it is issued. */
struct wrong_spec {
	const char *code;
	enum base base;
	struct pki_spec spec;
};

static const struct wrong_spec wrong_specs[] = {
	{ "authority.key-id-missing", AUTHORITY, { .subject_key_id = "-" } },
	{ "authority.key-usage-missing", AUTHORITY, { .key_usage = "-" } },
	{ "authority.no-cert-sign", AUTHORITY, { .key_usage = "critical,cRLSign" } },
	{ "authority.no-crl-sign", AUTHORITY, { .key_usage = "critical,keyCertSign" } },
	{ "authority.constraints-not-critical", AUTHORITY, { .basic_constraints = "CA:TRUE" } },
	{ "authority.not-marked", AUTHORITY, { .basic_constraints = "-" } },
	{ "authority.version-1", ROOT, { .version = 1 } },
	{ "extension.authority-key-id-missing", CLIENT, { .authority_key_id = PKI_AKI_NONE } },
	{ "extension.authority-serial", CLIENT, { .authority_key_id = PKI_AKI_ISSUER_SERIAL } },
	{ "extension.name-constraints-not-critical", AUTHORITY,
		{ .name_constraints = "permitted;DNS:lab.example" } },
	{ "extension.no-revocation-source", CLIENT, { .crl_points = "-" } },
	{ "extension.unknown-critical", CLIENT, { .unknown_critical = true } },
	{ "key.explicit-parameters", CLIENT, { .key = PKI_EC_EXPLICIT } },
	{ "key.rsa-short", CLIENT, { .key = PKI_RSA_1024 } },
	{ "name.common-name-alone", CLIENT, { .alt_names = "-" } },
	{ "name.dns-malformed", CLIENT, { .alt_names = "DNS:a b.example" } },
	{ "name.alternative-not-critical", CLIENT, { .subject = "" } },
	{ "name.subject-empty", CLIENT, { .subject = "" } },
	{ "name.mail-in-subject", CLIENT, { .subject = "CN=alice,emailAddress=a@lab.example" } },
	{ "name.common-name-long", CLIENT,
		{ .subject = "CN=123456789 123456789 123456789 123456789 123456789 123456789 "
			     "12345" } },
	{ "name.old-string-type", CLIENT, { .subject_type = V_ASN1_T61STRING } },
	{ "public.client-auth-ends", CLIENT, { .policies = "2.23.140.1.2.1" } },
	{ "public.issuer", CLIENT,
		{ .policies = "2.23.140.1.2.1", .extended_key_usage = "serverAuth" } },
	{ "serial.guessable", CLIENT, { .serial = 7 } },
	{ "signature.sha1", CLIENT, { .digest = "SHA1" } },
	{ "signature.unusual", CLIENT, { .digest = "SHA224" } },
	{ "usage.any-only", CLIENT, { .extended_key_usage = "anyExtendedKeyUsage" } },
	{ "usage.authority-lacks-client-auth", AUTHORITY, { .extended_key_usage = "serverAuth" } },
	{ "usage.cert-sign-without-ca", CLIENT,
		{ .basic_constraints = "critical,CA:FALSE",
			.key_usage = "critical,digitalSignature,keyCertSign" } },
	{ "usage.client-auth-missing", CLIENT, { .extended_key_usage = "serverAuth" } },
	{ "usage.extended-missing", CLIENT, { .extended_key_usage = "-" } },
	{ "usage.no-digital-signature", CLIENT, { .key_usage = "critical,keyEncipherment" } },
	{ "usage.server-auth-too", CLIENT, { .extended_key_usage = "serverAuth,clientAuth" } },
	{ "validity.ended", CLIENT, { .days_from = -20, .days = 10 } },
	{ "validity.ends-soon", CLIENT, { .days = 20 } },
	{ "validity.not-begun", CLIENT, { .days_from = 5, .days = 90 } },
	{ "validity.long", CLIENT, { .days = 1000 } },
};

/* What no CA issues, is changed in what was read. */
struct wrong_cert {
	const char *code;
	enum base base;
	void (*change)(struct cert *);
};

#define CHANGE(name, ...)                            \
	static void change_##name(struct cert *cert) \
	{                                            \
		__VA_ARGS__;                         \
	}

CHANGE(akid, cert->extensions = (struct span)SPAN(
		     "\x30\x0c\x06\x03\x55\x1d\x23\x01\x01\xff\x04\x02\x30\x00"))
CHANGE(skid, cert->extensions = (struct span)SPAN(
		     "\x30\x0c\x06\x03\x55\x1d\x0e\x01\x01\xff\x04\x02\x04\x00"))
CHANGE(version, cert->version = 2)
CHANGE(curve, cert->key.curve = "secp256k1")
CHANGE(dsa, cert->key.kind = KEY_DSA)
CHANGE(ed448, cert->key.kind = KEY_ED448)
CHANGE(pss, cert->key = (struct key_info){ .kind = KEY_RSA_PSS, .bits = 2'048 })
CHANGE(rsa_long, cert->key = (struct key_info){ .kind = KEY_RSA, .bits = 16'384 })
CHANGE(key_unknown, cert->key.kind = KEY_OTHER)
CHANGE(alternative_empty, cert->subject_alt_names = (struct span){})
CHANGE(address, cert->subject_alt_names = (struct span)SPAN("\x87\x03\x0a\x00\x01"))
CHANGE(control, cert->subject = (struct span)SPAN(
			"\x30\x0f\x31\x0d\x30\x0b\x06\x03\x55\x04\x03\x0c\x04\x61\x00\x62\x63"))
CHANGE(issuer_empty, cert->issuer = empty_name)
CHANGE(multi_valued,
	cert->subject = (struct span)SPAN("\x30\x18\x31\x16"
					  "\x30\x09\x06\x03\x55\x04\x03\x0c\x02\x61\x62"
					  "\x30\x09\x06\x03\x55\x04\x0a\x0c\x02\x61\x62"))
CHANGE(serial_long, cert->serial = (struct span)SPAN("123456789012345678901"))
CHANGE(serial_negative, cert->serial = (struct span)SPAN("\xff\x34\x56\x78\x90\x12\x34\x56"))
CHANGE(serial_zero, cert->serial = (struct span)SPAN("\x00"))
CHANGE(differs, cert->inner_algorithm.length--)
CHANGE(md5, cert->signature_algorithm = (struct span)SPAN(
		    "\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x04\x05\x00"))
CHANGE(pss_odd, cert->signature_algorithm = (struct span)SPAN(PSS_SHA256("\x00")))
CHANGE(signature_unknown, cert->signature_algorithm = (struct span)SPAN("\x30\x04\x06\x02\x2a\x03"))
CHANGE(path_length, cert->path_length = 0)
CHANGE(never, cert->not_after = INT64_C(253402300799))
CHANGE(reversed, cert->not_after = cert->not_before - 1)

static const struct wrong_cert wrong_certs[] = {
	{ "extension.authority-key-id-critical", CLIENT, change_akid },
	{ "extension.subject-key-id-critical", CLIENT, change_skid },
	{ "extension.version", CLIENT, change_version },
	{ "key.curve-unusual", CLIENT, change_curve },
	{ "key.dsa", CLIENT, change_dsa },
	{ "key.ed448", CLIENT, change_ed448 },
	{ "key.rsa-pss", CLIENT, change_pss },
	{ "key.rsa-long", CLIENT, change_rsa_long },
	{ "key.unknown", CLIENT, change_key_unknown },
	{ "name.alternative-empty", CLIENT, change_alternative_empty },
	{ "name.address-malformed", CLIENT, change_address },
	{ "name.control-character", CLIENT, change_control },
	{ "name.issuer-empty", CLIENT, change_issuer_empty },
	{ "name.multi-valued", CLIENT, change_multi_valued },
	{ "serial.long", CLIENT, change_serial_long },
	{ "serial.negative", CLIENT, change_serial_negative },
	{ "serial.zero", CLIENT, change_serial_zero },
	{ "signature.algorithms-differ", CLIENT, change_differs },
	{ "signature.md5", CLIENT, change_md5 },
	{ "signature.pss-parameters", CLIENT, change_pss_odd },
	{ "signature.unknown", CLIENT, change_signature_unknown },
	{ "usage.path-length-without-ca", CLIENT, change_path_length },
	{ "validity.never-ends", CLIENT, change_never },
	{ "validity.reversed", CLIENT, change_reversed },
};

struct office {
	struct pki *pki;
	const struct pki_cert *root, *authority;
};

static void
office_end(struct office *office)
{
	pki_free(office->pki);
}

/* Issues what the spec says, and for the rest what is sound. */
static const struct cert *
issue(struct office *office, enum base base, struct pki_spec spec)
{
	const struct pki_cert *above = base == ROOT        ? NULL
				       : base == AUTHORITY ? office->root
							   : office->authority;

	spec.issuer = above;
	spec.ca = base != CLIENT;
	spec.subject = spec.subject != NULL ? spec.subject : "CN=somebody,O=Lab";
	spec.serial = spec.serial != 0 ? spec.serial : INT64_C(0x1234567812345678);
	spec.days = spec.days != 0 ? spec.days : 400;
	if (base != ROOT && spec.crl_points == NULL)
		spec.crl_points = "URI:http://crl.lab.example/a.crl";
	if (base == CLIENT && spec.alt_names == NULL)
		spec.alt_names = "DNS:somebody.lab.example";
	if (base == CLIENT && spec.extended_key_usage == NULL)
		spec.extended_key_usage = "clientAuth";
	return &pki_issue(office->pki, &spec)->cert;
}

static void
office_begin(struct office *office)
{
	office->pki = pki_new();
	office->root = pki_issue(office->pki, &(struct pki_spec){ .subject = "CN=R", .ca = true });
	office->authority = pki_issue(office->pki,
		&(struct pki_spec){ .subject = "CN=I", .ca = true, .issuer = office->root });
}

#define OFFICE                                         \
	CLEANUP(office_end) struct office office = {}; \
	office_begin(&office)

static bool
has(const struct cert *cert, const char *code)
{
	const struct lint *lints[LINT_MAX];
	size_t count = lint_cert(cert, PKI_NOW, lints);

	for (size_t i = 0; i < count; i++)
		if (strcmp(lints[i]->code, code) == 0)
			return true;
	return false;
}

/* The code, or that of the first other lint that holds. */
static const char *
found(const struct cert *cert, const char *code)
{
	const struct lint *lints[LINT_MAX];

	if (has(cert, code))
		return code;
	return lint_cert(cert, PKI_NOW, lints) > 0 ? lints[0]->code : "(none)";
}

static size_t
count_of(const struct cert *cert)
{
	const struct lint *lints[LINT_MAX];

	return lint_cert(cert, PKI_NOW, lints);
}

TEST(sound, "of a sound client, CA and root no lint holds")
{
	OFFICE;

	CHECK(count_of(issue(&office, CLIENT, (struct pki_spec){})) == 0);
	CHECK(count_of(issue(&office, CLIENT, (struct pki_spec){ .key = PKI_RSA_2048 })) == 0);
	CHECK(count_of(issue(&office, CLIENT, (struct pki_spec){ .key = PKI_ED25519 })) == 0);
	CHECK(count_of(issue(&office, AUTHORITY, (struct pki_spec){})) == 0);
	CHECK(count_of(issue(&office, ROOT, (struct pki_spec){})) == 0);
}

TEST(issued, "a lint holds of a certificate that was issued with its fault")
{
	OFFICE;

	for (size_t i = 0; i < COUNT_OF(wrong_specs); i++) {
		const struct wrong_spec *wrong = &wrong_specs[i];

		CHECK_TEXT(
			found(issue(&office, wrong->base, wrong->spec), wrong->code), wrong->code);
	}
}

TEST(changed, "a lint holds of a certificate that libcrypto would not issue")
{
	OFFICE;

	for (size_t i = 0; i < COUNT_OF(wrong_certs); i++) {
		const struct wrong_cert *wrong = &wrong_certs[i];
		struct cert cert = *issue(&office, wrong->base, (struct pki_spec){});

		CHECK(!has(&cert, wrong->code));
		wrong->change(&cert);
		CHECK_TEXT(found(&cert, wrong->code), wrong->code);
	}
}

TEST(parameters, "RSASSA-PSS as TLS has it is usual")
{
	struct cert cert;
	OFFICE;

	cert = *issue(&office, CLIENT, (struct pki_spec){});
	cert.signature_algorithm = (struct span)SPAN(PSS_SHA256("\x20"));
	CHECK(!has(&cert, "signature.pss-parameters") && !has(&cert, "signature.unusual"));
	cert.signature_algorithm = (struct span)SPAN("\x30\x0d" PSS "\x30\x00");
	CHECK(has(&cert, "signature.pss-parameters") && has(&cert, "signature.sha1"));
}

static bool
is_tested(const char *code)
{
	for (size_t i = 0; i < COUNT_OF(wrong_specs); i++)
		if (strcmp(wrong_specs[i].code, code) == 0)
			return true;
	for (size_t i = 0; i < COUNT_OF(wrong_certs); i++)
		if (strcmp(wrong_certs[i].code, code) == 0)
			return true;
	return false;
}

TEST(table, "every lint is among these, has a family, says who refuses and where it is written")
{
	for (size_t i = 0; lint_get(i) != NULL; i++) {
		const struct lint *lint = lint_get(i);

		CHECK_TEXT(is_tested(lint->code) ? lint->code : "(untested)", lint->code);
		CHECK(strchr(lint->code, '.') != NULL);
		CHECK(lint->refused_by[0] != '\0' && lint->source[0] != '\0' &&
			lint->text[0] != '\0');
		for (size_t j = 0; j < i; j++)
			CHECK(strcmp(lint_get(j)->code, lint->code) != 0);
	}
}

TAP_MAIN()
