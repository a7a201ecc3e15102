/* SPDX-License-Identifier: Apache-2.0 */
/* The engines that are sets of rules: what divides them from each other and from RFC 5280. */
#include <openssl/x509_vfy.h>
#include <string.h>

#include "court.h"
#include "tap.h"
#include "verify/engines/constraints.h"

/* What each engine says: "" accepts, else the rule by which it refuses. */
struct sayings {
	const char *go, *jsse, *mbedtls, *boringssl, *rustls;
};

static bool
says(struct court *court, const char *engine, const char *rule)
{
	const struct verdict *verdict;

	court->verifier.engine = engine;
	(void)court_judge(court);
	verdict = court->verdict;
	if (!verdict->undetermined && verdict->accepted == (rule[0] == '\0') &&
		(verdict->accepted || (verdict->rule != NULL && strcmp(verdict->rule, rule) == 0)))
		return true;
	printf("# %s: wanted \"%s\", got %s%s by %s at %u: %s\n", engine, rule,
		verdict->undetermined ? "undetermined, " : "",
		verdict->accepted ? "accept" : "refuse",
		verdict->rule != NULL ? verdict->rule : "no rule", verdict->depth, verdict->text);
	return false;
}

#define SAY(...)                                                     \
	do {                                                         \
		const struct sayings wanted_ = { __VA_ARGS__ };      \
		court.verifier.security_level = 1;                   \
		CHECK(says(&court, "go", wanted_.go));               \
		CHECK(says(&court, "jsse", wanted_.jsse));           \
		CHECK(says(&court, "mbedtls", wanted_.mbedtls));     \
		CHECK(says(&court, "boringssl", wanted_.boringssl)); \
		CHECK(says(&court, "rustls", wanted_.rustls));       \
	} while (0)

/* The root is trusted; the leaf and what is between is sent. */
#define SENT                       \
	court_trust(&court, root); \
	court_send(&court, leaf);  \
	court_send(&court, inter)
#define FAULTLESS .digest = NULL
#define COMMA     ,
#define CHAIN(top, ca, end) \
	COURT;              \
	ROOT(top);          \
	INTER(ca);          \
	LEAF(end);          \
	SENT

TEST(sound, "a sound chain is accepted by all")
{
	CHAIN(FAULTLESS, FAULTLESS, FAULTLESS);

	SAY("", "", "", "", "");
}

TEST(wrong_key, "a signature by another key is accepted by none")
{
	COURT;
	ROOT();
	INTER();
	LEAF(.broken_signature = true);
	SENT;

	SAY("signature", "signature", "signature", "signature", "signature");
}

TEST(nested_usage, "an extended key usage of a CA binds what is below it, to some")
{
	CHAIN(FAULTLESS, .extended_key_usage = "serverAuth", FAULTLESS);

	SAY("extended-key-usage", "", "", "extended-key-usage", "extended-key-usage");
}

TEST(any_usage, "anyExtendedKeyUsage stands for clientAuth, to some")
{
	CHAIN(FAULTLESS, FAULTLESS, .extended_key_usage = "anyExtendedKeyUsage");

	SAY("", "", "", "extended-key-usage", "extended-key-usage");
}

TEST(anchor_usage, "an extended key usage of an anchor binds to Go alone")
{
	CHAIN(.extended_key_usage = "serverAuth", FAULTLESS, FAULTLESS);

	SAY("extended-key-usage", "", "", "", "");
}

TEST(leaf_key_usage, "a key usage without digitalSignature is nothing to Go and webpki")
{
	CHAIN(FAULTLESS, FAULTLESS, .key_usage = "critical,keyEncipherment");

	SAY("", "key-usage", "key-usage", "key-usage", "");
}

TEST(expired_anchor, "an anchor that has expired still is one, to JSSE and webpki")
{
	CHAIN(.days_from = -100 COMMA.days = 50, FAULTLESS, FAULTLESS);

	SAY("validity", "", "validity", "validity", "");
}

TEST(anchor_no_ca, "an anchor that is no CA is none, to most")
{
	CHAIN(.basic_constraints = "-", FAULTLESS, FAULTLESS);

	SAY("basic-constraints", "anchor", "anchor", "", "");
}

TEST(anchor_version_1, "an anchor of version 1 is taken by all")
{
	CHAIN(.version = 1, FAULTLESS, FAULTLESS);

	SAY("", "", "", "", "");
}

TEST(weak_digest, "SHA-1 is refused by some")
{
	CHAIN(FAULTLESS, FAULTLESS, .digest = "SHA1");

	SAY("security-level", "", "security-level", "", "security-level");
}

TEST(weak_key, "RSA of 1024 bits is too short for Mbed TLS and webpki")
{
	CHAIN(FAULTLESS, .key = PKI_RSA_1024, FAULTLESS);

	SAY("", "", "security-level", "", "security-level");
}

TEST(negative_serial,
	"a negative serial number is refused by Go, unless its setting of old lets it pass")
{
	CHAIN(FAULTLESS, FAULTLESS, .serial = -5);

	SAY("encoding", "", "", "", "");
	court.verifier.security_level = 0;
	CHECK(says(&court, "go", ""));
}

TEST(short_key,
	"RSA of 768 bits is too short for all but BoringSSL; Go's setting of old lets it pass")
{
	CHAIN(FAULTLESS, .key = PKI_RSA_768, FAULTLESS);

	SAY("security-level", "security-level", "security-level", "", "security-level");
	court.verifier.security_level = 0;
	CHECK(says(&court, "go", ""));
}

#define TEXT(text) span_of((const uint8_t *)(text), sizeof(text) - 1)

TEST(address_text, "an octet 0 ends no address")
{
	CHECK(text_is_ipv4(TEXT("10.0.0.1")));
	CHECK(!text_is_ipv4(TEXT("10.0.0.1\0")));
	CHECK(!text_is_address(TEXT("::1\0")));
	CHECK(text_is_address(TEXT("::1")) && !text_is_ipv4(TEXT("::1")));
}

TEST(ed25519, "Mbed TLS does not know Ed25519")
{
	CHAIN(FAULTLESS, .key = PKI_ED25519, FAULTLESS);

	SAY("", "", "encoding", "", "");
}

TEST(explicit_curve, "a curve that is given by its equation is read by nobody")
{
	CHAIN(FAULTLESS, FAULTLESS, .key = PKI_EC_EXPLICIT);

	SAY("encoding", "encoding", "encoding", "", "");
}

TEST(name_constraints, "Mbed TLS does not read what has critical name constraints")
{
	CHAIN(FAULTLESS, .name_constraints = "critical,permitted;DNS:lab.example",
		.alt_names = "DNS:a.lab.example");

	SAY("", "", "anchor", "", "");
}

TEST(broken_constraints, "a name outside the constraints is refused by all that look")
{
	CHAIN(FAULTLESS, .name_constraints = "permitted;DNS:lab.example",
		.alt_names = "DNS:a.other.example");

	SAY("name-constraints", "name-constraints", "", "name-constraints", "name-constraints");
}

TEST(anchor_constraints, "those of an anchor do not bind to JSSE")
{
	CHAIN(.name_constraints = "permitted;DNS:lab.example", FAULTLESS,
		.alt_names = "DNS:a.other.example");

	SAY("name-constraints", "", "", "name-constraints", "name-constraints");
}

TEST(address_constraints, "BoringSSL cannot compare addresses")
{
	CHAIN(FAULTLESS, .name_constraints = "permitted;IP:10.0.0.0/255.0.0.0",
		.alt_names = "IP:10.1.2.3");

	SAY("", "", "", "name-constraints", "");
}

TEST(mail_constraints, "webpki compares no mail addresses, and Go takes a host for itself alone")
{
	CHAIN(FAULTLESS, .name_constraints = "permitted;email:lab.example",
		.alt_names = "email:a@mail.lab.example");

	SAY("name-constraints", "name-constraints", "", "name-constraints", "name-constraints");
}

TEST(common_name, "JSSE takes a common name like a host for a name, and BoringSSL refuses it")
{
	COURT;
	ROOT();
	INTER(.name_constraints = "permitted;DNS:lab.example");
	const struct pki_cert *leaf = ISSUE(.subject = "CN=a.other.example", .issuer = inter);
	SENT;

	SAY("", "name-constraints", "", "name-constraints", "");
}

TEST(critical_policies, "critical policies are unknown to Mbed TLS and webpki")
{
	CHAIN(FAULTLESS, FAULTLESS, .policies = "critical,1.3.6.1.4.1.99999.1");

	SAY("", "", "encoding", "", "critical-extension");
}

TEST(explicit_policy, "where a policy is demanded and there is none, who looks refuses")
{
	CHAIN(FAULTLESS, .policy_constraints = "requireExplicitPolicy:0", FAULTLESS);

	SAY("policies", "policies", "", "policies", "");
}

TEST(leaf_is_ca, "a leaf that is a CA is no client to webpki")
{
	CHAIN(FAULTLESS, FAULTLESS, .basic_constraints = "critical,CA:TRUE");

	SAY("", "", "", "", "basic-constraints");
}

TEST(letter_case, "Go and webpki compare names octet by octet")
{
	COURT;
	ROOT();
	INTER();
	LEAF(.issuer_name = "CN=INTER,O=lab");
	SENT;

	SAY("anchor", "", "", "", "anchor");
}

TEST(no_way_back, "Mbed TLS and BoringSSL take the first issuer and do not go back")
{
	COURT;
	ROOT();
	const struct pki_cert *wrong =
		ISSUE(.subject = "CN=Inter,O=Lab", .ca = true, .issuer = root);
	INTER();
	LEAF(.authority_key_id = PKI_AKI_NONE);
	court_trust(&court, root);
	court_send(&court, leaf);
	court_send(&court, wrong);
	court_send(&court, inter);

	SAY("", "", "signature", "signature", "");
}

TEST(trusted_leaf, "a leaf that is in the store itself")
{
	COURT;
	ROOT();
	INTER();
	LEAF(.days_from = -100, .days = 50);
	court_trust(&court, leaf);
	court_send(&court, leaf);

	SAY("validity", "", "validity", "validity", "validity");
}

TEST(many_intermediates,
	"JSSE's path builder takes five intermediates, and a chain in order is not built")
{
	COURT;
	ROOT();
	const struct pki_cert *cas[6], *above = root;

	for (size_t i = 0; i < COUNT_OF(cas); i++) {
		static const char *const names[] = { "CN=A", "CN=B", "CN=C", "CN=D", "CN=E",
			"CN=F" };

		above = cas[i] = ISSUE(.subject = names[i], .ca = true, .issuer = above);
	}
	const struct pki_cert *leaf = ISSUE(.subject = "CN=alice", .issuer = above);
	court_trust(&court, root);
	court_send(&court, leaf);
	for (size_t i = COUNT_OF(cas); i-- > 0;)
		court_send(&court, cas[i]);
	SAY("", "", "", "", "");
	for (size_t i = 0; i < COUNT_OF(cas); i++)
		court.sent[i + 1] = cas[i]->cert;
	CHECK(says(&court, "jsse", "depth"));
	CHECK(says(&court, "go", ""));
	CHECK(says(&court, "mbedtls", "anchor"));
}

TEST(order_sent, "Mbed TLS looks for an issuer only behind what it issued")
{
	COURT;
	ROOT();
	INTER();
	const struct pki_cert *lower = ISSUE(.subject = "CN=Lower", .ca = true, .issuer = inter);
	const struct pki_cert *leaf = ISSUE(.subject = "CN=alice", .issuer = lower);
	court_trust(&court, root);
	court_send(&court, leaf);
	court_send(&court, inter);
	court_send(&court, lower);

	SAY("", "", "anchor", "", "");
}

TEST(chance, "which of two anchors JSSE takes is chance: nobody can tell")
{
	COURT;
	ROOT();
	const struct pki_cert *other = ISSUE(.subject = "CN=Root,O=Lab", .key_of = root,
		.basic_constraints = "-", .ca = true);
	const struct pki_cert *leaf = ISSUE(.subject = "CN=alice", .issuer = root);
	court_trust(&court, root);
	court_trust(&court, other);
	court_send(&court, leaf);

	court.verifier.engine = "jsse";
	(void)court_judge(&court);
	CHECK(court.verdict->undetermined);
}

TEST(lists, "Mbed TLS looks at the lists that are there and misses none")
{
	CHAIN(FAULTLESS, FAULTLESS, FAULTLESS);

	court.verifier.crl_check = CRL_CHECK_CHAIN;
	CHECK(says(&court, "mbedtls", ""));
	CHECK(says(&court, "jsse", "revocation"));
	court_crl(&court,
		pki_crl(court.pki, &(struct pki_crl_spec){ .issuer = inter, .revoked = leaf }));
	CHECK(says(&court, "mbedtls", "revocation"));
	court.verifier.crl_check = CRL_CHECK_NONE;
	CHECK(says(&court, "mbedtls", ""));
}

TEST(hosts, "each compares host names in its own way")
{
	COURT;
	ROOT();
	INTER();
	const struct pki_cert *leaf = ISSUE(.subject = "CN=a.lab.example", .issuer = inter,
		.extended_key_usage = "serverAuth,clientAuth");
	SENT;

	court.verifier.host = "a.lab.example";
	SAY("host-name", "", "", "host-name", "host-name");
	court.verifier.host = "b.lab.example";
	SAY("host-name", "host-name", "host-name", "host-name", "host-name");
}

TEST(wildcards, "a wildcard within a label is one to JSSE alone")
{
	CHAIN(FAULTLESS, FAULTLESS, .alt_names = "DNS:a*.lab.example");

	court.verifier.host = "abc.lab.example";
	SAY("host-name", "", "host-name", "host-name", "host-name");
}

TEST(any_purpose, "without a purpose JSSE's path builder alone decides")
{
	CHAIN(FAULTLESS, FAULTLESS, .key_usage = "critical,keyEncipherment");

	court.verifier.purpose = PURPOSE_ANY;
	SAY("", "", "", "", "");
}

TEST(supposed, "a supposed client is judged as well")
{
	COURT;
	ROOT();
	INTER();
	court_trust(&court, root);
	court_send(&court, inter);
	court.client.supposed_issuer = &inter->cert;

	SAY("", "", "", "", "");
}

TAP_MAIN()
