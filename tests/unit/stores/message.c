/* SPDX-License-Identifier: Apache-2.0 */
/* What a box answers is believed only where it can be true. */
#include "tap.h"

#include "stores/damage.h"
#include "stores/message.h"
#include "stores/wire.h"

/* A store of one certificate, a key and a damaged block, as an honest child writes it. */
struct honest {
	struct arena *arena;
	struct openssl_reader *openssl;
	struct buffer text, message;
	struct parse_task task;
	struct parsed parsed;
};

static void
honest_end(struct honest *honest)
{
	buffer_free(&honest->text);
	buffer_free(&honest->message);
	openssl_reader_free(honest->openssl);
	arena_free(honest->arena);
}

static void
honest_write(struct honest *honest)
{
	buffer_clear(&honest->message);
	message_add_parsed(&honest->message, &honest->task, &honest->parsed, NULL);
}

static struct honest
honest_make(void)
{
	struct honest honest = {
		.arena = arena_new(),
		.openssl = openssl_reader_new(),
	};
	struct parser parser = { honest.openssl };

	damage_setup();
	pem_write(&honest.text, "CERTIFICATE", damage_ders[0]);
	buffer_add_text(&honest.text, damage_key);
	pem_write(&honest.text, "X509 CRL", damage_crl);
	pem_write(&honest.text, "CERTIFICATE", span_of(damage_ders[1].data, 100));
	honest.task = (struct parse_task){
		.path = "store.pem",
		.bytes = buffer_span(&honest.text),
		.loader = LOADER_OPENSSL_FILE,
	};
	parse(honest.arena, &parser, &honest.task, &honest.parsed);
	honest_write(&honest);
	return honest;
}

static bool
is_believed(struct honest *honest)
{
	struct parsed again = {};

	return message_read_parsed(honest->arena, &honest->task, buffer_span(&honest->message),
		       NULL, &again) == 0;
}

/* X509_CERT_AUX: clientAuth is trusted, or rejected; and serverAuth is trusted. */
static struct span
settings(bool is_trusted)
{
	return trust_settings_bytes(&(struct trust_settings){ .has_trust = is_trusted,
		.trusts_client = is_trusted,
		.rejects_client = !is_trusted });
}

static struct span
settings_of_servers(void)
{
	static const char bytes[] = "\x30\x0c\x30\x0a\x06\x08\x2b\x06\x01\x05\x05\x07\x03\x01";

	return span_of(bytes, sizeof(bytes) - 1);
}

/* With one thing of what was read made another one. */
#define LIE(name, ...)                                                    \
	static bool name(void)                                            \
	{                                                                 \
		CLEANUP(honest_end) struct honest honest = honest_make(); \
		struct parsed *parsed = &honest.parsed;                   \
                                                                          \
		__VA_ARGS__;                                              \
		honest_write(&honest);                                    \
		return is_believed(&honest);                              \
	}

LIE(nothing, (void)parsed)
LIE(offset, parsed->entries[0].offset = honest.text.length + 1)
LIE(length, parsed->entries[0].length = honest.text.length + 1)
LIE(wrapped, parsed->entries[0].length = SIZE_MAX)
LIE(comment, parsed->entries[0].text_offset = parsed->entries[0].offset + 1)
LIE(kind, parsed->entries[0].kind = ENTRY_CRL)
LIE(kind_beyond, parsed->entries[0].kind = ENTRY_OTHER + 1)
LIE(key, parsed->entries[1].der = damage_ders[0])
LIE(secret, parsed->entries[1].kind = ENTRY_SECRET_KEY; parsed->entries[1].der = damage_ders[0])
LIE(role, parsed->entries[0].role = ENTRY_IS_UNASSIGNED + 1)
LIE(alias, parsed->entries[0].alias = "a\x1b]0;b")
LIE(created, parsed->entries[0].created = -1)
LIE(created_beyond, parsed->entries[0].created = INT64_MAX - 1)
LIE(profile, parsed->profile = "\r")
LIE(integrity, parsed->integrity = INTEGRITY_BAD + 1)
LIE(source, parsed->password_source = "a\tb\n")
LIE(no_certificate, parsed->entries[0].der.length--)
LIE(label, parsed->entries[0].label = "a\x1b[31m")
LIE(label_bytes, parsed->entries[0].label = "a\xff")
LIE(cause, parsed->defects[0].cause = CAUSE_CHAIN_UNKNOWN_CA)
LIE(cause_beyond, parsed->defects[0].cause = CAUSE__COUNT)
LIE(defect_place, parsed->defects[0].offset = honest.text.length + 1)
LIE(text, parsed->defects[0].text = "line one\nline two")
LIE(no_text, parsed->defects[0].text = NULL)
LIE(error, parsed->loading.error = "\xe2\x80\xae")
/* Of a certificate without settings. */
LIE(marks, parsed->entries[0].trust = (struct trust_settings){ .present = true,
		   .has_trust = true,
		   .trusts_client = true,
		   .trusts_server = true,
		   .has_reject = true })
LIE(mark_of_nothing, parsed->entries[0].trust.trusts_client = true)
LIE(mark_without_list, parsed->entries[0].trust = (struct trust_settings){
			       .present = true, .trusts_client = true })
LIE(rejection_without_list, parsed->entries[0].trust = (struct trust_settings){
				    .present = true, .rejects_server = true })
LIE(bytes_of_nothing, parsed->entries[0].trust.bytes = damage_crl)
LIE(other_marks, parsed->entries[0].trust = (struct trust_settings){ .present = true,
			 .has_trust = true,
			 .trusts_client = true,
			 .bytes = settings(false) })
LIE(marks_in_settings, parsed->entries[0].trust = (struct trust_settings){ .present = true,
			       .has_trust = true,
			       .trusts_client = true,
			       .bytes = settings(true) })
LIE(settings_alone, parsed->entries[0].trust = (struct trust_settings){ .present = true,
			    .has_trust = true,
			    .trusts_server = true,
			    .bytes = settings_of_servers() })
LIE(more_than_settings, parsed->entries[0].trust = (struct trust_settings){ .present = true,
				.has_trust = true,
				.trusts_client = true,
				.trusts_server = true,
				.has_reject = true,
				.bytes = settings_of_servers() })
LIE(token_cause, parsed->defects[0].cause = CAUSE_TOKEN_MODULE)
LIE(count, parsed->own_defects = parsed->defect_count + 1)

TEST(lies, "what cannot be true is not believed")
{
	CHECK(nothing());
	CHECK(!offset() && !length() && !wrapped() && !comment());
	CHECK(!kind() && !kind_beyond() && !key() && !no_certificate());
	CHECK(!secret() && !role() && !alias() && !created() && !created_beyond());
	CHECK(!profile() && !integrity() && !source());
	CHECK(!label() && !label_bytes());
	CHECK(!cause() && !cause_beyond() && !defect_place() && !text() && !no_text());
	CHECK(!error() && !count() && token_cause());
}

TEST(trust,
	"marks of trust are believed that agree with each other and with the settings beside them")
{
	CHECK(marks() && marks_in_settings() && settings_alone());
	CHECK(!mark_of_nothing() && !mark_without_list() && !rejection_without_list());
	CHECK(!bytes_of_nothing() && !other_marks() && !more_than_settings());
}

TEST(cut, "a message that ends anywhere too early, or goes on, is not believed")
{
	CLEANUP(honest_end) struct honest honest = honest_make();
	size_t whole = honest.message.length;

	CHECK(honest.parsed.entry_count == 3 && honest.parsed.defect_count > 0);
	for (honest.message.length = 0; honest.message.length < whole; honest.message.length++)
		CHECK(!is_believed(&honest));
	CHECK(is_believed(&honest));
	buffer_add_text(&honest.message, "x");
	CHECK(!is_believed(&honest));
}

TEST(flips, "with any byte of it changed it does no harm")
{
	CLEANUP(honest_end) struct honest honest = honest_make();
	size_t believed = 0;

	for (size_t at = 0; at < honest.message.length; at++) {
		uint8_t kept = honest.message.data[at];

		for (unsigned bit = 0; bit < 8; bit++) {
			honest.message.data[at] = kept ^ (uint8_t)(1U << bit);
			believed += is_believed(&honest);
		}
		honest.message.data[at] = kept;
	}
	/* Within certificates, and where a number is as good as the next. */
	CHECK(believed > 0);
}

TEST(counts, "a number of entries takes no memory that the message does not account for")
{
	CLEANUP(honest_end) struct honest honest = honest_make();
	uint64_t many = STORE_MAX_ENTRIES;

	memcpy(honest.message.data + sizeof(many), &many, sizeof(many));
	CHECK(!is_believed(&honest));
}

static bool
links_are_believed(const char *name, const char *target)
{
	CLEANUP(arena_freep) struct arena *arena = arena_new();
	CLEANUP(buffer_free) struct buffer message = {};
	struct directory_file files[] = { { .name = "a.pem" }, { .name = "b.pem" } };
	struct directory directory = { .files = files, .count = COUNT_OF(files) };
	struct hash_link link = { name, target };
	const struct hash_link *links;
	size_t count;

	message_add_links(&message, &link, 1);
	return message_read_links(arena, &directory, buffer_span(&message), &links, &count) == 0 &&
	       count == 1 && strcmp(links[0].target, target) == 0;
}

TEST(links, "links are made by hash alone, and to what is in the directory")
{
	CHECK(links_are_believed("0a1b2c3d.0", "b.pem"));
	CHECK(links_are_believed("0a1b2c3d.r12", "a.pem"));
	CHECK(!links_are_believed("../../etc/passwd", "b.pem"));
	CHECK(!links_are_believed("c.pem", "b.pem"));
	CHECK(!links_are_believed("0a1b2c3d.0", "/etc/shadow"));
	CHECK(!links_are_believed("0a1b2c3d.0", "c.pem"));
}

TEST(decoded, "bytes that were decoded before are taken from there, and none beyond them")
{
	CLEANUP(honest_end) struct honest honest = honest_make();
	struct parsed again = { .decoded = damage_ders[0] };
	struct span whole = damage_ders[0], decoded, message;
	CLEANUP(buffer_free) struct buffer answer = {};

	honest.parsed.decoded = whole;
	honest.parsed.entries[0].der = whole;
	honest_write(&honest);
	CHECK(message_read_parsed(honest.arena, &honest.task, buffer_span(&honest.message), NULL,
		      &again) == 0 &&
		again.entries[0].der.data == whole.data &&
		again.entries[0].der.length == whole.length);
	again = (struct parsed){ .decoded = span_of(whole.data, whole.length - 1) };
	CHECK(message_read_parsed(
		      honest.arena, &honest.task, buffer_span(&honest.message), NULL, &again) < 0);
	CHECK(!is_believed(&honest));
	buffer_add_text(&answer, "decodedmessage");
	message_add_length(&answer, 7);
	CHECK(message_split(buffer_span(&answer), &decoded, &message) == 0 && decoded.length == 7 &&
		message.length == 7 && message.data[0] == 'm');
	answer.length -= 8;
	message_add_length(&answer, 14);
	CHECK(message_split(buffer_span(&answer), &decoded, &message) == 0 &&
		decoded.length == 14 && message.length == 0);
	answer.length -= 8;
	message_add_length(&answer, 15);
	CHECK(message_split(buffer_span(&answer), &decoded, &message) < 0);
	CHECK(message_split(span_of(answer.data, 7), &decoded, &message) < 0);
}

TAP_MAIN()
