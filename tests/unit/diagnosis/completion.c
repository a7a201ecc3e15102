/* SPDX-License-Identifier: Apache-2.0 */
/* What is missing of a path, as OpenSSL builds it: of what was sent nothing counts behind the first
 * certificate from the store. */
#include "diagnosis/completion.h"

#include "diagnosis/town.h"
#include "tap.h"

/* A store with issuing CA and root, a client that sends all of its chain: OpenSSL takes the issuing
 * CA from the store, and then asks the store alone. */
TEST(behind_the_store, "an intermediate that is sent in vain is missing all the same")
{
	const struct pki_cert *middle, *issuing, *carol;
	TOWN;

	middle = ISSUE(.subject = "CN=Middle,O=Lab", .ca = true, .issuer = town.root);
	issuing = ISSUE(.subject = "CN=Issuing,O=Lab", .ca = true, .issuer = middle);
	carol = ISSUE(.subject = "CN=carol,O=Lab", .issuer = issuing);
	town_put(&town, TOWN_STORE, TOWN_PEM(&town, town.root, town.inter, issuing));
	town_client(&town, "accept/carol", carol, TOWN_PEM(&town, issuing, middle));
	town_vouch(&town, "middle.pem", TOWN_PEM(&town, middle));
	CHECK_TEXT(town_findings(&town),
		"chain.intermediate-missing critical proved accept/carol.pem");
}

TEST(before_the_store, "an intermediate that is sent is not missing where no stored one hides it")
{
	const struct pki_cert *middle, *carol;
	TOWN;

	middle = ISSUE(.subject = "CN=Middle,O=Lab", .ca = true, .issuer = town.root);
	carol = ISSUE(.subject = "CN=carol,O=Lab", .issuer = middle);
	town_client(&town, "accept/carol", carol, TOWN_PEM(&town, middle));
	town_put(&town, TOWN_STORE, TOWN_PEM(&town, town.inter));
	town_vouch(&town, "root.pem", TOWN_PEM(&town, town.root));
	CHECK_TEXT(town_findings(&town),
		"chain.root-missing critical proved accept/alice.pem accept/carol.pem");
}

TAP_MAIN()
