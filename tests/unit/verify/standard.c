/* SPDX-License-Identifier: Apache-2.0 */
/* The judgement by RFC 5280 itself, where no library decides. */
#include <openssl/x509_vfy.h>
#include <string.h>

#include "court.h"
#include "tap.h"

#define STANDARD                                               \
	CLEANUP(court_end) struct court court = court_begin(); \
	court.verifier.by_standard = true

/* The rules that fail on the best path, and that the verdict goes by them. */
#define FAILS(wanted)                                                    \
	do {                                                             \
		CHECK_TEXT(court_judge(&court), wanted);                 \
		CHECK(court.verdict->accepted == ((wanted)[0] == '\0')); \
		CHECK_TEXT(court.verdict->engine, "rfc5280");            \
		CHECK(!court.verdict->undetermined);                     \
	} while (0)

/* A chain whose CA and leaf have these further fields. */
#define SENT                       \
	court_trust(&court, root); \
	court_send(&court, leaf);  \
	court_send(&court, inter)
#define CHAIN(ca, end) \
	ROOT();        \
	INTER(ca);     \
	LEAF(end);     \
	SENT
#define NOTHING .digest = NULL

TEST(sound, "a sound chain is accepted, and by no library")
{
	STANDARD;
	ROOT();
	INTER();
	LEAF();
	SETTLED;

	FAILS("");
}

TEST(last_second, "the very second of notAfter is inside")
{
	STANDARD;
	ROOT();
	INTER();
	LEAF(.days = 10);
	SETTLED;

	court.at = leaf->cert.not_after;
	FAILS("");
	court.at++;
	FAILS("validity@0");
}

TEST(another_way, "a path that begins with a wrong issuer does not hide the right one")
{
	STANDARD;
	ROOT();
	const struct pki_cert *stale = ISSUE(.subject = "CN=Inter,O=Lab", .ca = true,
		.issuer = root, .days_from = -100, .days = 50);
	const struct pki_cert *inter =
		ISSUE(.subject = "CN=Inter,O=Lab", .ca = true, .issuer = root, .key_of = stale);
	LEAF();

	court_trust(&court, root);
	court_trust(&court, stale);
	court_send(&court, leaf);
	court_send(&court, inter);
	FAILS("");
}

TEST(key_identifier, "the key identifier helps to find an issuer and decides nothing")
{
	STANDARD;
	CHAIN(NOTHING, .authority_key_id = PKI_AKI_WRONG);

	FAILS("");
}

TEST(purposes, "anyExtendedKeyUsage stands for all, also in a CA; an anchor's usages bind nobody")
{
	STANDARD;
	ROOT(.extended_key_usage = "serverAuth");
	INTER(.extended_key_usage = "anyExtendedKeyUsage");
	LEAF();
	SETTLED;

	FAILS("");
}

TEST(nested_purpose, "a CA for servers issues no clients")
{
	STANDARD;
	CHAIN(.extended_key_usage = "serverAuth", NOTHING);

	FAILS("extended-key-usage@1");
	court.verifier.purpose = PURPOSE_ANY;
	FAILS("");
}

TEST(no_policy, "without a policy asked for, none is needed")
{
	STANDARD;
	CHAIN(.policies = "1.2.3.4", NOTHING);

	FAILS("");
}

static void
ask_policy(struct court *court, const char *text)
{
	struct span *policy = arena_alloc(court->arena, sizeof(*policy));

	court->verifier.policies = policy;
	court->verifier.policy_count = der_oid_encode(court->arena, text, policy) == 0 ? 1 : 0;
}

TEST(asked_policy, "the policy that is asked for must be valid all along the path")
{
	STANDARD;
	CHAIN(.policies = "1.2.3.4,1.2.3.5", .policies = "1.2.3.4");

	ask_policy(&court, "1.2.3.4");
	FAILS("");
	ask_policy(&court, "1.2.3.5");
	FAILS("policies@0");
	ask_policy(&court, "2.5.29.32.0");
	FAILS("");
}

TEST(any_policy, "anyPolicy of a CA allows every policy, until it is inhibited")
{
	STANDARD;
	ROOT();
	INTER(.policies = "2.5.29.32.0");
	const struct pki_cert *lower = ISSUE(.subject = "CN=Lower", .ca = true, .issuer = inter,
		.policies = "2.5.29.32.0");
	const struct pki_cert *leaf =
		ISSUE(.subject = "CN=alice", .issuer = lower, .policies = "1.2.3.4");

	court_trust(&court, root);
	court_send(&court, leaf);
	court_send(&court, lower);
	court_send(&court, inter);
	ask_policy(&court, "1.2.3.4");
	FAILS("");
	ask_policy(&court, "1.2.3.9");
	FAILS("policies@0");
}

TEST(inhibited_any, "inhibitAnyPolicy ends it below")
{
	STANDARD;
	ROOT();
	INTER(.policies = "2.5.29.32.0", .inhibit_any = "critical,0");
	const struct pki_cert *lower = ISSUE(.subject = "CN=Lower", .ca = true, .issuer = inter,
		.policies = "2.5.29.32.0");
	const struct pki_cert *leaf =
		ISSUE(.subject = "CN=alice", .issuer = lower, .policies = "1.2.3.4");

	court_trust(&court, root);
	court_send(&court, leaf);
	court_send(&court, lower);
	court_send(&court, inter);
	ask_policy(&court, "1.2.3.4");
	FAILS("policies@1");
}

TEST(required_policy, "requireExplicitPolicy demands one though nobody asks")
{
	STANDARD;
	ROOT();
	INTER(.policies = "1.2.3.4", .policy_constraints = "critical,requireExplicitPolicy:0");
	LEAF();
	SENT;

	FAILS("policies@0");
}

TEST(mapped_policy, "a policy that is mapped goes on under its new name alone")
{
	STANDARD;
	ROOT();
	INTER(.policies = "1.2.3.4", .policy_mappings = "1.2.3.4:1.2.3.9");
	LEAF(.policies = "1.2.3.9");
	SETTLED;

	ask_policy(&court, "1.2.3.4");
	FAILS("");
	ask_policy(&court, "1.2.3.9");
	FAILS("policies@0");
}

TEST(inhibited_mapping, "a mapping that is inhibited takes the policy away")
{
	STANDARD;
	ROOT();
	INTER(.policies = "1.2.3.4", .policy_constraints = "critical,inhibitPolicyMapping:0");
	const struct pki_cert *lower = ISSUE(.subject = "CN=Lower", .ca = true, .issuer = inter,
		.policies = "1.2.3.4", .policy_mappings = "1.2.3.4:1.2.3.9");
	const struct pki_cert *leaf =
		ISSUE(.subject = "CN=alice", .issuer = lower, .policies = "1.2.3.9");

	court_trust(&court, root);
	court_send(&court, leaf);
	court_send(&court, lower);
	court_send(&court, inter);
	ask_policy(&court, "1.2.3.4");
	FAILS("policies@0");
}

TEST(host, "a host is one of the alternative names; a wildcard is the whole first label")
{
	static const struct {
		const char *host;
		bool matches;
	} hosts[] = { { "a.lab.example", true }, { "A.LAB.example.", true },
		{ "b.wild.example", true }, { "wild.example", false },
		{ "c.b.wild.example", false }, { "other.example", false }, { "alice", false },
		{ "192.0.2.1", true }, { "192.0.2.2", false }, { "2001:db8::1", true },
		{ "[2001:db8::1]", true }, { "x.com", false } };
	STANDARD;
	CHAIN(NOTHING, .alt_names = "DNS:a.lab.example,DNS:*.wild.example,DNS:*.com,IP:192.0.2.1,"
				    "IP:2001:db8::1");

	for (size_t i = 0; i < COUNT_OF(hosts); i++) {
		court.verifier.host = hosts[i].host;
		CHECK_TEXT(court_judge(&court), hosts[i].matches ? "" : "host-name@0");
	}
}

TEST(common_name, "a common name is no host, save at the lowest level (RFC 6125 6.4.4)")
{
	STANDARD;
	ROOT();
	INTER();
	const struct pki_cert *leaf = ISSUE(.subject = "CN=a.lab.example", .issuer = inter);

	SETTLED;
	court.verifier.host = "a.lab.example";
	FAILS("host-name@0");
	court.verifier.security_level = 0;
	FAILS("");
}

TEST(wildcard_constraint,
	"a wildcard reaches into an excluded subtree, and is outside of a permitted one")
{
	STANDARD;
	CHAIN(.name_constraints = "critical,excluded;DNS:a.lab.example",
		.alt_names = "DNS:*.lab.example");

	FAILS("name-constraints@0");
}

TEST(utf8_mailbox, "constraints of mail addresses are for SmtpUTF8Mailbox too")
{
	STANDARD;
	CHAIN(.name_constraints = "critical,permitted;email:good.example",
		.alt_names = "otherName:1.3.6.1.5.5.7.8.9;UTF8:a@bad.example");

	FAILS("name-constraints@0");
}

TEST(user_principal, "a user principal name is compared; another type of otherName cannot be")
{
	STANDARD;
	ROOT();
	INTER(.name_constraints =
			"critical,permitted;otherName:1.3.6.1.4.1.311.20.2.3;UTF8:good.example,"
			"permitted;otherName:1.2.3.4;UTF8:x");
	const struct pki_cert *good = ISSUE(.subject = "CN=good", .issuer = inter,
		.alt_names = "otherName:1.3.6.1.4.1.311.20.2.3;UTF8:a@good.example");
	const struct pki_cert *bad = ISSUE(.subject = "CN=bad", .issuer = inter,
		.alt_names = "otherName:1.3.6.1.4.1.311.20.2.3;UTF8:a@bad.example");
	const struct pki_cert *unknown = ISSUE(.subject = "CN=unknown", .issuer = inter,
		.alt_names = "otherName:1.2.3.4;UTF8:x");

	court_trust(&court, root);
	court_trust(&court, inter);
	court_send(&court, good);
	FAILS("");
	court.sent[0] = bad->cert;
	FAILS("name-constraints@0");
	court.sent[0] = unknown->cert;
	FAILS("name-constraints@0");
}

TEST(uri, "a URI's host is without user and port; an address is in no subtree")
{
	static const struct {
		const char *name;
		bool is_inside;
	} names[] = { { "URI:https://good.example/x", true },
		{ "URI:https://me@good.example:8443?x", true },
		{ "URI:https://good.example@bad.example/", false },
		{ "URI:https://192.0.2.1/", false }, { "URI:urn:x", false } };
	STANDARD;
	ROOT();
	INTER(.name_constraints = "critical,permitted;URI:good.example");

	court_trust(&court, root);
	court_trust(&court, inter);
	for (size_t i = 0; i < COUNT_OF(names); i++) {
		court.client.chain_length = 0;
		court_send(&court,
			ISSUE(.subject = "CN=x", .issuer = inter, .alt_names = names[i].name));
		CHECK_TEXT(court_judge(&court), names[i].is_inside ? "" : "name-constraints@0");
	}
}

TEST(leaf_constraints, "name constraints are of CAs alone")
{
	STANDARD;
	CHAIN(NOTHING, .name_constraints = "critical,excluded;DNS:a.lab.example");

	FAILS("name-constraints@0");
}

TEST(strict, "what issuers should have heeded is asked for in the strict profile alone")
{
	STANDARD;
	CHAIN(NOTHING, .authority_key_id = PKI_AKI_NONE);

	FAILS("");
	court.verifier.strict_profile = true;
	FAILS("encoding@0");
}

TEST(trusted_leaf, "with partial chain a leaf that is trusted is a path of its own")
{
	STANDARD;
	ROOT();
	INTER();
	LEAF();

	court_trust(&court, leaf);
	court_send(&court, leaf);
	FAILS("anchor@0");
	court.verifier.partial_chain = true;
	FAILS("");
}

TEST(mesh, "CAs that certify each other crosswise come to an end, and a root among them is found")
{
	enum { CAS = 10 };
	const struct pki_cert *keys[CAS], *leaf;
	STANDARD;

	for (unsigned i = 0; i < CAS; i++)
		keys[i] = ISSUE(.subject = arena_printf(court.arena, "CN=CA %u", i), .ca = true);
	leaf = ISSUE(.subject = "CN=alice", .issuer = keys[0]);
	court_send(&court, leaf);
	for (unsigned i = 0; i < CAS * CAS && court.client.chain_length < COURT_MAX; i++)
		if (i / CAS != i % CAS)
			court_send(&court,
				ISSUE(.subject = arena_printf(court.arena, "CN=CA %u", i / CAS),
					.ca = true, .key_of = keys[i / CAS],
					.issuer = keys[i % CAS]));
	(void)court_judge(&court);
	CHECK(!court.verdict->accepted && court.verdict->undetermined);
	CHECK(court.verdict->path_count <= PATH_MAX_PATHS);
	court_trust(&court, keys[5]);
	(void)court_judge(&court);
	CHECK(court.verdict->accepted && !court.verdict->undetermined);
}

/* A list of the issuer's name, signed by another certificate of that name. */
TEST(other_signer, "a list may be signed by a certificate with a path of its own to the anchor")
{
	STANDARD;
	CHAIN(NOTHING, NOTHING);
	const struct pki_cert *signer =
		ISSUE(.subject = "CN=Inter,O=Lab", .issuer = root, .key_usage = "critical,cRLSign");
	const struct pki_cert *stranger = ISSUE(.subject = "CN=Root,O=Lab", .ca = true);
	const struct pki_cert *forger = ISSUE(.subject = "CN=Inter,O=Lab", .issuer = stranger,
		.key_usage = "critical,cRLSign");
	const struct pki_cert *clerk = ISSUE(.subject = "CN=Inter,O=Lab", .issuer = root);

	court.verifier.crl_check = CRL_CHECK_LEAF;
	court_send(&court, signer);
	court_send(&court, stranger);
	court_send(&court, forger);
	court_send(&court, clerk);
	FAILS("revocation@0");
	court_crl(&court,
		pki_crl(court.pki, &(struct pki_crl_spec){ .issuer = inter, .signer = forger }));
	FAILS("revocation@0");
	court.crls[0] =
		pki_crl(court.pki, &(struct pki_crl_spec){ .issuer = inter, .signer = clerk });
	FAILS("revocation@0");
	court_crl(&court, pki_crl(court.pki, &(struct pki_crl_spec){ .issuer = root }));
	court.crls[0] =
		pki_crl(court.pki, &(struct pki_crl_spec){ .issuer = inter, .signer = signer });
	FAILS("");
	court.crls[0] = pki_crl(court.pki,
		&(struct pki_crl_spec){ .issuer = inter, .signer = signer, .revoked = leaf });
	FAILS("revocation@0");
	CHECK(court.verdict->error == X509_V_ERR_CERT_REVOKED);
}

TEST(deltas, "a delta adds to its base, and counts for nothing without it")
{
	STANDARD;
	CHAIN(NOTHING, NOTHING);

	court.verifier.crl_check = CRL_CHECK_LEAF;
	court_crl(
		&court, pki_crl(court.pki, &(struct pki_crl_spec){ .issuer = inter, .number = 5 }));
	FAILS("");
	court_crl(&court,
		pki_crl(court.pki,
			&(struct pki_crl_spec){
				.issuer = inter, .number = 7, .delta_of = 5, .revoked = leaf }));
	FAILS("revocation@0");
	CHECK(court.verdict->error == X509_V_ERR_CERT_REVOKED);
	court.crls[0] = court.crls[--court.trust.crl_count];
	FAILS("revocation@0");
	CHECK(court.verdict->error == X509_V_ERR_UNABLE_TO_GET_CRL);
}

TEST(some_reasons, "a list for some reasons leaves the others open, until another covers them")
{
	STANDARD;
	CHAIN(NOTHING, NOTHING);

	court.verifier.crl_check = CRL_CHECK_LEAF;
	court_crl(&court,
		pki_crl(court.pki, &(struct pki_crl_spec){ .issuer = inter,
					   .scope = "critical,onlysomereasons:keyCompromise" }));
	FAILS("revocation@0");
	CHECK(court.verdict->error == X509_V_ERR_UNABLE_TO_GET_CRL);
	court_crl(
		&court, pki_crl(court.pki, &(struct pki_crl_spec){ .issuer = inter, .number = 2 }));
	FAILS("");
}

TEST(oid_text, "an object identifier is read from its text, and nothing else is")
{
	static const char *const bad[] = { "", "1", "1.", ".1", "3.1", "1.40", "1.2..3", "1.02",
		"1.2.x", "1.2.99999999999999999999" };
	CLEANUP(arena_freep) struct arena *arena = arena_new();
	char text[DER_OID_TEXT_SIZE];
	struct span oid;

	CHECK(der_oid_encode(arena, "1.3.6.1.4.1.311.20.2.3", &oid) == 0);
	der_oid_text(oid, text);
	CHECK_TEXT(text, "1.3.6.1.4.1.311.20.2.3");
	CHECK(der_oid_encode(arena, "2.999.1", &oid) == 0);
	der_oid_text(oid, text);
	CHECK_TEXT(text, "2.999.1");
	for (size_t i = 0; i < COUNT_OF(bad); i++)
		CHECK(der_oid_encode(arena, bad[i], &oid) < 0);
}

TAP_MAIN()
