/* SPDX-License-Identifier: Apache-2.0 */
/* Pieces that several reports share. Only for this module. */
#pragma once

#include "causes/causes.h"
#include "report/report.h"
#include "services/product.h"

/* Colours of the terminal; empty where none are wanted. */
enum tone { TONE_PLAIN, TONE_BAD, TONE_WARN, TONE_GOOD, TONE_FAINT, TONE_BOLD };
const char *tone_begin(const struct style *, enum tone);
const char *tone_end(const struct style *);
/* A text that came from outside, as a terminal may have it; NULL stays NULL. */
const char *shown(const struct style *, const char *text);

void add_names_json(struct json *, const char *key, const char *const *names, size_t count);
void add_fingerprint_json(struct json *, const char *key, const struct digest *);
/* subject, issuer, serial in both forms, validity, key, signature … of a certificate, as members.
 */
void add_cert_json(struct arena *, struct json *, const struct cert *);
void add_crl_json(struct arena *, struct json *, const struct crl *);
void add_verdict_json(struct json *, const struct recorded_verdict *);
/* Who issued whom in a store; nothing where that was not asked. */
void text_relations(
	struct arena *, const struct inspected *, const struct style *, struct buffer *out);
void add_relation_json(const struct inspected *, size_t index, struct json *);
/* What was seen of a certificate's lints; notes on demand. */
void add_lints_text(const struct judged *, const struct style *, struct buffer *out);
void add_lints_json(const struct judged *, struct json *);
/* The paths of a verdict as a tree, and what would let each pass. */
void report_paths_text(
	struct arena *, const struct verdict *, const struct style *, struct buffer *out);
/* How many of the rows, from the first on, are of one certificate before several engines; 1: it is
 * before one. */
size_t report_division_length(const struct judged *, size_t count);
/* Who of these accepts it, who does not, and by which rules. */
void report_division_text(struct arena *, const struct judged *, size_t count, const struct style *,
	struct buffer *out);
/* What OCSP says of its certificates, as a member; and as a line each. */
void add_ocsp_json(struct arena *, const struct path *, struct json *);
void text_ocsp(struct arena *, const struct path *, const struct style *, struct buffer *out);
const char *state_name(enum state);
const char *mode_name(enum verify_mode);
const char *role_name(enum trust_role);
