/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What OpenSSL's own configuration (openssl.cnf, config(5)) says for every server that uses it: the
 * security level of ssl_conf's system_default (SSL_CONF_cmd(3)), which stands until a server's
 * ciphers name another one.
 */
#pragma once

#include "services/service.h"

/* Gives it to the verifiers that have no level of their own. */
void library_set_security(struct arena *, struct service *);
/* The last @SECLEVEL=N of a cipher string; -1 where it names none. */
int library_security_level(const char *ciphers);
