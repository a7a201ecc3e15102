/* SPDX-License-Identifier: Apache-2.0 */
/* In a child of its own: p11-kit and its modules, who say what tokens hold. */
#define P11_KIT_FUTURE_UNSTABLE_API /* iter.h, as it is since 0.23 */

#include <stdlib.h>
#include <string.h>

#include <p11-kit/iter.h>
#include <p11-kit/p11-kit.h>
#include <p11-kit/pkcs11x.h>
#include <p11-kit/uri.h>

#include "base/base.h"
#include "base/library.h"
#include "stores/token.h"

/* libp11-kit, loaded when a token is asked for: each function by its own name less p11_kit_. */
static struct {
#define P11KIT_CALL(name) typeof(p11_kit_##name) *name;
#include "stores/p11kit_calls.def"
#undef P11KIT_CALL
} p11kit;

static const struct library_call p11kit_calls[] = {
#define P11KIT_CALL(name) { "p11_kit_" #name, offsetof(typeof(p11kit), name) },
#include "stores/p11kit_calls.def"
#undef P11KIT_CALL
};

struct listing {
	struct buffer out;
	P11KitUri *uri;
	size_t tokens, objects;
};

static void
put_quoted(struct buffer *out, const char *name, const void *bytes, size_t length)
{
	const uint8_t *data = bytes;

	buffer_addf(out, "%s: \"", name);
	for (size_t i = 0; i < length; i++)
		if (data[i] >= ' ' && data[i] < 0x7f && data[i] != '"' && data[i] != '%')
			buffer_add(out, &data[i], 1);
		else
			buffer_addf(out, "%%%02x", data[i]);
	buffer_add_text(out, "\"\n");
}

static bool
is_there(const CK_ATTRIBUTE *attribute)
{
	return attribute->pValue != NULL && attribute->ulValueLen != (CK_ULONG)-1 &&
	       attribute->ulValueLen > 0 && attribute->ulValueLen <= TOKEN_MAX_VALUE;
}

static bool
is_true(const CK_ATTRIBUTE *attribute)
{
	return is_there(attribute) && *(const CK_BBOOL *)attribute->pValue == CK_TRUE;
}

static CK_ULONG
number_of(const CK_ATTRIBUTE *attribute)
{
	CK_ULONG number = 0;

	if (is_there(attribute) && attribute->ulValueLen == sizeof(number))
		memcpy(&number, attribute->pValue, sizeof(number));
	return number;
}

enum wanted {
	WANTED_LABEL,
	WANTED_VALUE,
	WANTED_TRUSTED,
	WANTED_DISTRUSTED,
	WANTED_CATEGORY,
	WANTED_OBJECT_ID,
	WANTED_KEY,
	WANTED_ISSUER,
	WANTED_SERIAL,
	WANTED_CLIENT,
	WANTED_CLASS,
	WANTED_TYPE,
	WANTED__COUNT
};

static const CK_ATTRIBUTE_TYPE wanted_types[WANTED__COUNT] = { CKA_LABEL, CKA_VALUE, CKA_TRUSTED,
	CKA_X_DISTRUSTED, CKA_CERTIFICATE_CATEGORY, CKA_OBJECT_ID, CKA_PUBLIC_KEY_INFO, CKA_ISSUER,
	CKA_SERIAL_NUMBER, CKA_TRUST_CLIENT_AUTH, CKA_CLASS, CKA_CERTIFICATE_TYPE };

/* Fixed fields of PKCS#11 are filled up with blanks. */
static size_t
field_length(const unsigned char *field, size_t size)
{
	while (size > 0 && field[size - 1] == ' ')
		size--;
	return size;
}

static void
put_label(struct buffer *out, const CK_TOKEN_INFO *token, const CK_ATTRIBUTE *label)
{
	struct buffer both = {};

	if (token != NULL)
		buffer_add(&both, token->label, field_length(token->label, sizeof(token->label)));
	if (is_there(label)) {
		buffer_add_text(&both, ": ");
		buffer_add(&both, label->pValue, label->ulValueLen);
	}
	put_quoted(out, "label", both.data, both.length);
	buffer_free(&both);
}

static void
put_certificate(struct buffer *out, const CK_ATTRIBUTE *values, const CK_TOKEN_INFO *token)
{
	buffer_add_text(out, "class: certificate\ncertificate-type: x-509\n");
	put_label(out, token, &values[WANTED_LABEL]);
	buffer_addf(out, "trusted: %s\n", is_true(&values[WANTED_TRUSTED]) ? "true" : "false");
	if (is_true(&values[WANTED_DISTRUSTED]))
		buffer_add_text(out, "x-distrusted: true\n");
	buffer_addf(out, "certificate-category: %lu\n", number_of(&values[WANTED_CATEGORY]));
	put_quoted(out, "value", values[WANTED_VALUE].pValue, values[WANTED_VALUE].ulValueLen);
}

/* CK_TRUST values, by the names that p11-kit has for them. */
static void
put_trust(struct buffer *out, const CK_ATTRIBUTE *values)
{
	const CK_ULONG client = number_of(&values[WANTED_CLIENT]);
	const char *name = client == CKT_NSS_TRUSTED_DELEGATOR ? "nss-trusted-delegator"
			   : client == CKT_NSS_NOT_TRUSTED     ? "nss-not-trusted"
							       : "nss-trust-unknown";

	if (!is_there(&values[WANTED_ISSUER]) || !is_there(&values[WANTED_SERIAL]))
		return;
	buffer_addf(out, "[p11-kit-object-v1]\nclass: nss-trust\ntrust-client-auth: %s\n", name);
	put_quoted(out, "issuer", values[WANTED_ISSUER].pValue, values[WANTED_ISSUER].ulValueLen);
	put_quoted(out, "serial-number", values[WANTED_SERIAL].pValue,
		values[WANTED_SERIAL].ulValueLen);
}

static void
put_object(struct listing *listing, const CK_ATTRIBUTE *values, const CK_TOKEN_INFO *token)
{
	struct buffer *out = &listing->out;
	CK_OBJECT_CLASS class = number_of(&values[WANTED_CLASS]);

	if (class == CKO_CERTIFICATE && number_of(&values[WANTED_TYPE]) == CKC_X_509 &&
		is_there(&values[WANTED_VALUE])) {
		buffer_add_text(out, "[p11-kit-object-v1]\n");
		put_certificate(out, values, token);
		listing->objects++;
	} else if (class == CKO_X_CERTIFICATE_EXTENSION && is_there(&values[WANTED_VALUE]) &&
		   is_there(&values[WANTED_KEY])) {
		buffer_add_text(out, "[p11-kit-object-v1]\nclass: x-certificate-extension\n");
		put_quoted(
			out, "value", values[WANTED_VALUE].pValue, values[WANTED_VALUE].ulValueLen);
		put_quoted(out, "public-key-info", values[WANTED_KEY].pValue,
			values[WANTED_KEY].ulValueLen);
	} else if (class == CKO_NSS_TRUST) {
		put_trust(out, values);
	}
}

static void
list_objects(struct listing *listing, CK_FUNCTION_LIST **modules)
{
	P11KitIter *iter = p11kit.iter_new(listing->uri, 0);

	p11kit.iter_begin(iter, modules);
	while (p11kit.iter_next(iter) == CKR_OK && listing->out.length < TOKEN_MAX_LISTING) {
		CK_ATTRIBUTE values[WANTED__COUNT];

		for (size_t i = 0; i < WANTED__COUNT; i++)
			values[i] = (CK_ATTRIBUTE){ wanted_types[i], NULL, 0 };
		if (p11kit.iter_load_attributes(iter, values, WANTED__COUNT) == CKR_OK)
			put_object(listing, values, p11kit.iter_get_token(iter));
		for (size_t i = 0; i < WANTED__COUNT; i++)
			free(values[i].pValue);
	}
	p11kit.iter_free(iter);
}

static void
put_token(struct buffer *out, const char *mark, const CK_TOKEN_INFO *token)
{
	size_t length = field_length(token->label, sizeof(token->label));

	buffer_addf(out, TOKEN_LISTING_MARK "%s", mark);
	for (size_t i = 0; i < length; i++)
		buffer_addf(out, "%c",
			token->label[i] >= ' ' && token->label[i] < 0x7f ? token->label[i] : '?');
	buffer_add_text(out, "\n");
}

/* Tokens that hold the system's own anchors are always there, and are nobody's mistake. */
static bool
is_of_system(CK_FUNCTION_LIST *module)
{
	char *option = module == NULL ? NULL : p11kit.config_option(module, "trust-policy");
	bool is_policy = option != NULL && strcmp(option, "yes") == 0;

	free(option);
	return is_policy;
}

static void
list_tokens(struct listing *listing, CK_FUNCTION_LIST **modules)
{
	P11KitIter *iter =
		p11kit.iter_new(NULL, P11_KIT_ITER_WITH_TOKENS | P11_KIT_ITER_WITHOUT_OBJECTS);
	struct buffer others = {};
	size_t seen = 0;

	p11kit.iter_begin(iter, modules);
	while (p11kit.iter_next(iter) == CKR_OK && seen++ < TOKEN_MAX_TOKENS) {
		CK_TOKEN_INFO *token = p11kit.iter_get_token(iter);

		if (token == NULL || !(token->flags & CKF_TOKEN_INITIALIZED))
			continue;
		if (p11kit.uri_match_token_info(listing->uri, token)) {
			listing->tokens++;
			if (token->flags & CKF_USER_PIN_LOCKED)
				put_token(&listing->out, TOKEN_MARK_LOCKED, token);
		} else if (!is_of_system(p11kit.iter_get_module(iter))) {
			put_token(&others, TOKEN_MARK_OTHER, token);
		}
	}
	p11kit.iter_free(iter);
	if (listing->tokens == 0)
		buffer_add(&listing->out, others.data, others.length);
	buffer_free(&others);
}

static bool
write_all(int fd, const struct buffer *bytes)
{
	for (size_t at = 0; at < bytes->length;) {
		ssize_t written = write(fd, bytes->data + at, bytes->length - at);

		if (written <= 0)
			return false;
		at += (size_t)written;
	}
	return true;
}

const char *
token_write_objects(const char *name, int fd)
{
	struct listing listing = {};
	CK_FUNCTION_LIST **modules;
	bool done;

	if (library_load("libp11-kit.so.0", p11kit_calls, COUNT_OF(p11kit_calls), &p11kit) < 0)
		return "there is no libp11-kit here";
	listing.uri = p11kit.uri_new();
	if (p11kit.uri_parse(name, P11_KIT_URI_FOR_ANY, listing.uri) != P11_KIT_URI_OK ||
		p11kit.uri_any_unrecognized(listing.uri))
		return "it is no name of PKCS#11 objects (RFC 7512)";
	modules = p11kit.modules_load_and_initialize(0);
	if (modules == NULL)
		return "p11-kit loads no module";
	list_tokens(&listing, modules);
	list_objects(&listing, modules);
	if (listing.objects == 0)
		buffer_add_text(&listing.out, listing.tokens == 0
						      ? TOKEN_LISTING_MARK TOKEN_MARK_NOTHING
						      "no token fits this name\n"
						      : TOKEN_LISTING_MARK TOKEN_MARK_NOTHING
						      "the token is there, and no public "
						      "certificate of it fits this name\n");
	done = write_all(fd, &listing.out);
	buffer_free(&listing.out);
	p11kit.modules_finalize_and_release(modules);
	p11kit.uri_free(listing.uri);
	return done ? NULL : "it has more objects than are read";
}
