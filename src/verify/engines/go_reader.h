/* SPDX-License-Identifier: Apache-2.0 */
/* What Go's certificate reader refuses (src/crypto/x509/parser.go of Go 1.27). */
#pragma once

#include "x509/x509.h"

const char *go_unreadable(const struct cert *);
/* domainNameValid: no empty label, no last dot, printable ASCII; a constraint may begin with a
 * dot. */
bool go_domain_is_valid(struct span, bool is_constraint);
/* parseRFC2821Mailbox; ret_at is the offset of the at sign between local part and domain. */
bool go_mailbox_is_valid(struct span, size_t *ret_at);
/* url.Parse: ret_host is the host with its port, empty where there is none. */
bool go_uri_is_valid(struct span, struct span *ret_host);
