/* SPDX-License-Identifier: Apache-2.0 */
/* Engines beside the reference: GnuTLS called, NSS modelled. */
#include "verify/engine.h"

#include "tap.h"
#include "verify/court.h"
#include "verify/model.h"

#define COURT CLEANUP(court_end) struct court court = court_begin()

/* The engine's verdict by the rule that it refuses by; NULL: it accepts. */
#define REFUSES(court, wanted_engine, wanted_error, wanted_depth, wanted_rule)                   \
	do {                                                                                     \
		(court)->verifier.engine = (wanted_engine);                                      \
		(void)court_judge(court);                                                        \
		if ((court)->verdict->error != (wanted_error))                                   \
			printf("# error %d at %u: %s\n", (court)->verdict->error,                \
				(court)->verdict->depth, (court)->verdict->text);                \
		CHECK_TEXT((court)->verdict->engine, wanted_engine);                             \
		CHECK((court)->verdict->error == (wanted_error) && !(court)->verdict->accepted); \
		CHECK((court)->verdict->depth == (wanted_depth));                                \
		CHECK_TEXT((court)->verdict->rule, wanted_rule);                                 \
	} while (0)

#define ACCEPTS(court, wanted_engine)                                                     \
	do {                                                                              \
		(court)->verifier.engine = (wanted_engine);                               \
		(void)court_judge(court);                                                 \
		if (!(court)->verdict->accepted)                                          \
			printf("# error %d at %u: %s\n", (court)->verdict->error,         \
				(court)->verdict->depth, (court)->verdict->text);         \
		CHECK_TEXT((court)->verdict->engine, wanted_engine);                      \
		CHECK((court)->verdict->accepted && (court)->verdict->error == 0);        \
		CHECK((court)->verdict->rule == NULL && !(court)->verdict->undetermined); \
	} while (0)

/* A root that is trusted, a CA below it and a client of that one, as the specs make them. */
static void
three(struct court *court, struct pki_spec root, struct pki_spec ca, struct pki_spec leaf)
{
	const struct pki_cert *made;

	root.subject = root.subject != NULL ? root.subject : "CN=Root";
	ca.subject = "CN=CA";
	leaf.subject = "CN=alice";
	root.ca = ca.ca = true;
	made = pki_issue(court->pki, &root);
	(void)court_trust(court, made);
	ca.issuer = made;
	made = pki_issue(court->pki, &ca);
	leaf.issuer = made;
	court_send(court, pki_issue(court->pki, &leaf));
	court_send(court, made);
}

/* GNUTLS_CERT_INVALID with GNUTLS_CERT_EXPIRED; secerr.h and sslerr.h. */
enum {
	GNUTLS_EXPIRED = 0x402,
	NSS_UNKNOWN_ISSUER = -8179,
	NSS_REVOKED = -8180,
	NSS_CERT_TYPE = -8101,
	NSS_NAME_SPACE = -8080,
	NSS_ALGORITHM_DISABLED = -8016,
	NSS_BAD_DOMAIN = -12276,
};

#define SPEC(...) ((struct pki_spec){ __VA_ARGS__ })

TEST(table, "an engine is called or modelled, and never both; every modelled rule has its source")
{
	const struct engine *engine;
	size_t count = 0;

	for (; (engine = engine_at(count)) != NULL; count++) {
		CHECK(engine->title != NULL && engine_find(engine->name) == engine);
		CHECK((engine->judge != NULL) != (engine->model != NULL));
		for (size_t i = 0; engine->model != NULL && i < engine->model->rule_count; i++) {
			const struct model_rule *row = &engine->model->rules[i];

			CHECK(row->rule->check != NULL && row->error != 0);
			CHECK(row->source != NULL && row->source[0] != '\0');
		}
	}
	CHECK(count >= 3 && engine_at(0)->is_reference);
	CHECK(engine_find("nsss") == engine_at(0) && engine_find(NULL) == engine_at(0));
}

TEST(sound, "all take a sound client")
{
	COURT;

	three(&court, SPEC(0), SPEC(0), SPEC(0));
	ACCEPTS(&court, "openssl");
	ACCEPTS(&court, "gnutls");
	ACCEPTS(&court, "nss");
}

TEST(gnutls_expired, "GnuTLS judges by the moment that is asked for, and its place is found")
{
	COURT;

	three(&court, SPEC(0), SPEC(.days = 30), SPEC(0));
	ACCEPTS(&court, "gnutls");
	court.at = PKI_NOW + INT64_C(60) * 86'400;
	REFUSES(&court, "gnutls", GNUTLS_EXPIRED, 1, "validity");
}

TEST(gnutls_partial, "to GnuTLS whatever is trusted ends a path")
{
	COURT;

	three(&court, SPEC(0), SPEC(0), SPEC(0));
	court.anchors[0].cert = &court.sent[1];
	REFUSES(&court, "openssl", X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT, 1, "anchor");
	ACCEPTS(&court, "gnutls");
}

TEST(gnutls_profile, "the profile goes by the security level")
{
	COURT;

	three(&court, SPEC(0), SPEC(.key = PKI_RSA_1024), SPEC(0));
	court.verifier.security_level = 1;
	ACCEPTS(&court, "gnutls");
	court.verifier.security_level = 2;
	(void)court_judge(&court);
	CHECK(!court.verdict->accepted);
	CHECK_TEXT(court.verdict->rule, "security-level");
}

TEST(gnutls_purpose, "GnuTLS is asked for the verifier's purpose, or for none")
{
	COURT;

	three(&court, SPEC(0), SPEC(0), SPEC(.extended_key_usage = "serverAuth"));
	court.verifier.engine = "gnutls";
	(void)court_judge(&court);
	CHECK(!court.verdict->accepted);
	CHECK_TEXT(court.verdict->rule, "extended-key-usage");
	court.verifier.purpose = PURPOSE_SERVER;
	ACCEPTS(&court, "gnutls");
	court.verifier.purpose = PURPOSE_ANY;
	ACCEPTS(&court, "gnutls");
}

TEST(gnutls_revoked, "GnuTLS looks at the lists where they are checked, and misses none")
{
	const struct pki_cert *root, *alice;
	COURT;

	root = pki_issue(court.pki, &SPEC(.subject = "CN=Root", .ca = true));
	alice = pki_issue(court.pki, &SPEC(.subject = "CN=alice", .issuer = root));
	(void)court_trust(&court, root);
	court_send(&court, alice);
	court.verifier.crl_check = CRL_CHECK_CHAIN;
	ACCEPTS(&court, "gnutls");
	court_crl(&court,
		pki_crl(court.pki, &(struct pki_crl_spec){ .issuer = root, .revoked = alice }));
	court.verifier.engine = "gnutls";
	(void)court_judge(&court);
	CHECK(!court.verdict->accepted);
	CHECK_TEXT(court.verdict->rule, "revocation");
	court.verifier.crl_check = CRL_CHECK_NONE;
	ACCEPTS(&court, "gnutls");
}

TEST(difference, "what a library takes and RFC 5280 does not is said")
{
	COURT;

	three(&court, SPEC(0), SPEC(0), SPEC(.key_usage = "critical,keyEncipherment"));
	ACCEPTS(&court, "gnutls");
	CHECK(court.verdict->difference != NULL);
	CHECK(strstr(court.verdict->difference, "key-usage") != NULL);
}

TEST(nss_usage, "NSS takes no anyExtendedKeyUsage, and of a CA either TLS purpose")
{
	COURT;

	three(&court, SPEC(0), SPEC(0), SPEC(.extended_key_usage = "anyExtendedKeyUsage"));
	REFUSES(&court, "nss", NSS_CERT_TYPE, 0, "extended-key-usage");
	CHECK(court.verdict->paths[0].failures[0].source != NULL);
}

TEST(nss_ca_usage, "NSS asks one TLS purpose of a CA")
{
	COURT;

	three(&court, SPEC(0), SPEC(.extended_key_usage = "serverAuth"), SPEC(0));
	ACCEPTS(&court, "nss");
}

TEST(nss_ca_other_usage, "a CA for code alone issues no client to NSS")
{
	COURT;

	three(&court, SPEC(0), SPEC(.extended_key_usage = "codeSigning"), SPEC(0));
	REFUSES(&court, "nss", NSS_CERT_TYPE, 1, "extended-key-usage");
}

TEST(nss_names, "NSS finds a CA by the bytes of its name, and compares that of an anchor")
{
	COURT;

	three(&court, SPEC(.subject_type = V_ASN1_PRINTABLESTRING), SPEC(.issuer_name = "CN=Root"),
		SPEC(0));
	ACCEPTS(&court, "nss");
}

TEST(nss_spelling, "another spelling is another name to NSS")
{
	COURT;

	three(&court, SPEC(0), SPEC(0), SPEC(.issuer_name = "CN=ca"));
	ACCEPTS(&court, "openssl");
	court.verifier.engine = "nss";
	(void)court_judge(&court);
	CHECK(!court.verdict->accepted);
	CHECK_TEXT(court.verdict->rule, "name-chaining");
}

TEST(nss_trusted_leaf, "a leaf among the anchors is nothing to NSS")
{
	COURT;

	three(&court, SPEC(0), SPEC(0), SPEC(0));
	court.anchors[0].cert = &court.sent[0];
	REFUSES(&court, "nss", NSS_UNKNOWN_ISSUER, 1, "anchor");
}

TEST(nss_edwards, "NSS knows no Edwards curves")
{
	COURT;

	three(&court, SPEC(0), SPEC(0), SPEC(.key = PKI_ED25519));
	REFUSES(&court, "nss", NSS_ALGORITHM_DISABLED, 0, "security-level");
}

TEST(nss_goes_back, "NSS leaves an issuer that has expired for another one of the same key")
{
	const struct pki_cert *root, *old, *new, *alice;
	COURT;

	root = pki_issue(court.pki, &SPEC(.subject = "CN=Root", .ca = true));
	old = pki_issue(court.pki, &SPEC(.subject = "CN=CA", .ca = true, .issuer = root,
					   .days_from = -20, .days = 10));
	new = pki_issue(
		court.pki, &SPEC(.subject = "CN=CA", .ca = true, .issuer = root, .key_of = old));
	alice = pki_issue(court.pki, &SPEC(.subject = "CN=alice", .issuer = old));
	(void)court_trust(&court, root);
	court_send(&court, alice);
	court_send(&court, old);
	court_send(&court, new);
	ACCEPTS(&court, "nss");
}

TEST(nss_host, "to NSS a common name is a host where no alternative name is of its kind")
{
	COURT;

	three(&court, SPEC(0), SPEC(0), SPEC(.alt_names = "IP:192.0.2.1"));
	court.verifier.host = "ALICE";
	ACCEPTS(&court, "nss");
	court.verifier.host = "bob";
	REFUSES(&court, "nss", NSS_BAD_DOMAIN, 0, "host-name");
	court.verifier.host = "192.0.2.1";
	ACCEPTS(&court, "nss");
}

TEST(nss_lists, "to NSS the newest list speaks, whatever its times, and a bad one spoils it")
{
	const struct pki_cert *root, *other, *alice;
	COURT;

	root = pki_issue(court.pki, &SPEC(.subject = "CN=Root", .ca = true));
	other = pki_issue(court.pki, &SPEC(.subject = "CN=Other", .ca = true));
	alice = pki_issue(court.pki, &SPEC(.subject = "CN=alice", .issuer = root));
	(void)court_trust(&court, root);
	court_send(&court, alice);
	court.verifier.crl_check = CRL_CHECK_CHAIN;
	REFUSES(&court, "nss", NSS_REVOKED, 0, "revocation");
	court.verifier.crl_missing_ok = true;
	ACCEPTS(&court, "nss");
	court.verifier.crl_missing_ok = false;
	court_crl(&court,
		pki_crl(court.pki,
			&(struct pki_crl_spec){ .issuer = root, .days_from = -20, .days = 10 }));
	REFUSES(&court, "openssl", X509_V_ERR_CRL_HAS_EXPIRED, 0, "revocation");
	ACCEPTS(&court, "nss");
	court_crl(&court,
		pki_crl(court.pki, &(struct pki_crl_spec){ .issuer = root, .revoked = alice }));
	REFUSES(&court, "nss", NSS_REVOKED, 0, "revocation");
	court_crl(&court,
		pki_crl(court.pki, &(struct pki_crl_spec){ .issuer = root, .signer = other }));
	court.verifier.crl_missing_ok = true;
	ACCEPTS(&court, "nss");
}

TEST(nss_constraints, "NSS compares each form of name in its own way")
{
	static const struct {
		const char *constraints, *names;
		bool is_inside;
	} rows[] = {
		{ "permitted;DNS:.a.example", "DNS:b.a.example", true },
		{ "permitted;DNS:.a.example", "DNS:a.example", false },
		{ "permitted;DNS:a.example", "DNS:ba.example", false },
		{ "excluded;DNS:b.a.example", "DNS:*.a.example", true },
		{ "permitted;email:x@a.example", "email:X@a.example", true },
		{ "permitted;email:.a.example", "email:x@a.example", false },
		{ "permitted;URI:a.example", "URI:https://u@a.example:8/x", true },
		{ "excluded;URI:a.example", "URI:urn:x:y", false },
		{ "permitted;IP:192.0.2.0/255.0.255.0", "IP:192.9.2.9", true },
		{ "excluded;IP:192.0.2.0/255.255.255.0", "IP:192.0.2.9", false },
		{ "excluded;RID:1.2.3.4", "RID:1.2.3.4", true },
		{ "permitted;otherName:1.2.3.4;UTF8:x", "otherName:1.2.3.5;UTF8:x", false },
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		COURT;

		three(&court, SPEC(.name_constraints = rows[i].constraints), SPEC(0),
			SPEC(.alt_names = rows[i].names));
		if (rows[i].is_inside)
			ACCEPTS(&court, "nss");
		else
			REFUSES(&court, "nss", NSS_NAME_SPACE, 0, "name-constraints");
	}
}

TEST(supposed, "GnuTLS says that it cannot tell of a client that is only supposed")
{
	const struct pki_cert *root;
	COURT;

	root = pki_issue(court.pki, &SPEC(.subject = "CN=Root", .ca = true));
	(void)court_trust(&court, root);
	court.client.supposed_issuer = &root->cert;
	court.verifier.engine = "gnutls";
	(void)court_judge(&court);
	CHECK(!court.verdict->accepted && court.verdict->undetermined);
	CHECK(court.verdict->rule == NULL && court.verdict->difference == NULL);
	ACCEPTS(&court, "nss");
}

TAP_MAIN()
