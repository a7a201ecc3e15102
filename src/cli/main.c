/* SPDX-License-Identifier: Apache-2.0 */
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "cli/cli.h"

int
main(int argc, char **argv)
{
	CLEANUP(buffer_free) struct buffer out = { 0 };
	int status;

	/* A peer that closes, or a reader that leaves, is an error of a call and no end of the
	 * program. */
	(void)signal(SIGPIPE, SIG_IGN);
	/* Who ignores its children, and starts us, would have the kernel forget how ours end. */
	(void)signal(SIGCHLD, SIG_DFL);
	status = cli_run_to(STDOUT_FILENO, argc - 1, (const char *const *)argv + 1, &out);
	if (out.length > 0 &&
		(fwrite(out.data, 1, out.length, stdout) != out.length || fflush(stdout) != 0)) {
		(void)fprintf(stderr, "trustmend: standard output cannot be written\n");
		return err_exit_status(ERR_IO);
	}
	return status;
}
