/* SPDX-License-Identifier: Apache-2.0 */
/* From an nginx configuration to verifiers: levels, inheritance, and what it shows by itself. */
#pragma once

#include "services/grammars/nginx.h"
#include "services/product.h"

/* Fills config_files, verifiers, problems, findings, log and pid_file. */
void nginx_read(struct arena *, struct service *);
/* The text of its -g option, or NULL. */
const char *nginx_given_directives(const struct service *);
/* Directories that relative names are below: of TLS files, and of logs and the pid file. */
const char *nginx_conf_prefix(struct arena *, const struct service *);
/* "daemon off": it stays with whoever starts it. */
bool nginx_stays_in_foreground(struct arena *, const struct service *);
