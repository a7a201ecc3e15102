/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/conversion.h"

static int
convert_run(struct session *session)
{
	CLEANUP(stores_freep) struct stores *source = stores_new();
	CLEANUP(stores_freep) struct stores *written = stores_new();
	struct conversion conversion = {};

	stores_use_passwords(source, session->passwords);
	TRY(conversion_make(session, source, written, &conversion));
	if (session->options.json)
		report_conversion_json(session->arena, &conversion, &session->json);
	else
		report_conversion_text(session->arena, &conversion, &session->style, &session->out);
	return conversion.transfer->left_count > 0 || conversion.is_damaged ? 1 : 0;
}

const struct command command_convert = {
	.name = "convert",
	.arguments = "IN OUT --to FORMAT",
	.summary = "writes a store in another form, and proves that it holds the same",
	.groups = OPTIONS_CONVERT | OPTIONS_FORCE,
	.examples = "  trustmend convert roots.pem roots.d --to hashdir\n"
		    "  trustmend convert roots.pem sql:nssdb --to nss\n"
		    "  trustmend convert --new-password-file trust.pass roots.pem trust.p12 --to "
		    "pkcs12\n",
	.run = convert_run,
};
