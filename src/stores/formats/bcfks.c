/* SPDX-License-Identifier: Apache-2.0 */
/* BouncyCastle's FIPS keystore (org.bouncycastle.asn1.bc.ObjectStore): recognised, so that the
 * cause can be named. Its keys come from scrypt or PBKDF2, its cipher is AES-CCM. */
#include "stores/ber.h"
#include "stores/format.h"

/* ObjectStore ::= SEQUENCE { SEQUENCE { AlgorithmIdentifier, OCTET STRING }, integrityCheck }: no
 * certificate or CRL has an OCTET STRING there. */
static bool
bcfks_sniff(struct span bytes)
{
	struct ber cursor = ber_of(bytes), inside, algorithm;
	struct ber_element outer, data, identifier, oid, octets;

	if (!ber_take(&cursor, DER_SEQUENCE, &outer))
		return false;
	inside = ber_enter(&outer);
	if (!ber_take(&inside, DER_SEQUENCE, &data))
		return false;
	inside = ber_enter(&data);
	if (!ber_take(&inside, DER_SEQUENCE, &identifier) ||
		!ber_take(&inside, DER_OCTET_STRING, &octets))
		return false;
	algorithm = ber_enter(&identifier);
	return ber_take(&algorithm, DER_OID, &oid);
}

static void
bcfks_read(struct store_builder *builder)
{
	builder->profile = "BCFKS";
	builder->integrity = INTEGRITY_UNKNOWN;
	(void)builder_defect(builder, CAUSE_STORE_KEYSTORE_TYPE, 0, builder->bytes.length,
		"the file is a BouncyCastle FIPS keystore (BCFKS): only that provider opens it, "
		"and "
		"none of its content is read here");
}

const struct store_format store_bcfks = {
	.name = "bcfks",
	.title = "BouncyCastle FIPS keystore",
	.family = FAMILY_KEYSTORE,
	.container = "BouncyCastle FIPS keystore",
	.sniff = bcfks_sniff,
	.read = bcfks_read,
};
