/* SPDX-License-Identifier: Apache-2.0 */
#include "trustmend.h"

#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"

const char *
trustmend_version(void)
{
	return TRUSTMEND_VERSION;
}

int
trustmend_run(int argument_count, const char *const *arguments, char **ret_document)
{
	CLEANUP(buffer_free) struct buffer out = { 0 };
	int status = cli_run(argument_count, arguments, true, &out);

	*ret_document = out.length > 0 ? strndup((const char *)out.data, out.length) : NULL;
	return status;
}
