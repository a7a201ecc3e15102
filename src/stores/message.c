/* SPDX-License-Identifier: Apache-2.0 */
#include "stores/message.h"

#include <stdlib.h>
#include <string.h>

#include "causes/causes.h"
#include "stores/format.h"
#include "stores/hash_links.h"
#include "stores/wire.h"

enum {
	NO_FILE = UINT32_MAX, /* the store itself */
	MILLISECONDS = 1000,  /* in a second */
};

/* Where bytes are: in a file of the task, or written out. */
enum whereabouts { IN_FILE, IN_DECODED, IN_MESSAGE };

enum entry_bit { ENTRY_IS_ENCLOSED = 1 << 0 };
enum trust_bit {
	TRUST_PRESENT = 1 << 0,
	TRUST_HAS_TRUST = 1 << 1,
	TRUST_HAS_REJECT = 1 << 2,
	TRUST_TRUSTS_CLIENT = 1 << 3,
	TRUST_REJECTS_CLIENT = 1 << 4,
	TRUST_TRUSTS_SERVER = 1 << 5,
	TRUST_REJECTS_SERVER = 1 << 6,
	TRUST_ALL = (1 << 7) - 1,
};
enum defect_bit { DEFECT_IS_BLOCK = 1 << 0, DEFECT_HARMLESS = 1 << 1 };

static int
compare_path(const void *key, const void *element)
{
	return strcmp(key, ((const struct directory_file *)element)->path);
}

static int
compare_name(const void *key, const void *element)
{
	return strcmp(key, ((const struct directory_file *)element)->name);
}

/* The files of a directory stand in the order of their names, and so of their paths. */
static uint32_t
file_number(const struct directory *directory, const char *key,
	int (*compare)(const void *key, const void *element))
{
	const struct directory_file *file = NULL;

	if (directory != NULL && key != NULL)
		file = bsearch(key, directory->files, directory->count, sizeof(*directory->files),
			compare);
	return file == NULL ? NO_FILE : (uint32_t)(file - directory->files);
}

static struct span
file_bytes(const struct parse_task *task, uint32_t number)
{
	return number == NO_FILE ? task->bytes : task->directory->files[number].bytes;
}

static const char *
file_path(const struct parse_task *task, uint32_t number)
{
	return number == NO_FILE ? task->path : task->directory->files[number].path;
}

static uint32_t
take_file(struct wire *in, const struct parse_task *task)
{
	uint32_t number = wire_take_small(in, UINT32_MAX);

	if (number != NO_FILE && (task->directory == NULL || number >= task->directory->count))
		in->is_false = true;
	return in->is_false ? NO_FILE : number;
}

/* The bytes that those of an entry or defect may lie in. */
struct around {
	struct span file, decoded;
};

static bool
add_place(struct buffer *out, enum whereabouts whereabouts, struct span whole, struct span bytes)
{
	uintptr_t begin = (uintptr_t)whole.data, at = (uintptr_t)bytes.data;

	if (bytes.length == 0 || at < begin || at - begin > whole.length ||
		bytes.length > whole.length - (at - begin))
		return false;
	wire_add_small(out, whereabouts);
	wire_add_number(out, at - begin);
	wire_add_number(out, bytes.length);
	return true;
}

static void
add_bytes(struct buffer *out, const struct around *around, struct span bytes)
{
	if (add_place(out, IN_FILE, around->file, bytes) ||
		add_place(out, IN_DECODED, around->decoded, bytes))
		return;
	wire_add_small(out, IN_MESSAGE);
	wire_add_number(out, bytes.length);
	buffer_add(out, bytes.data, bytes.length);
}

static struct span
take_bytes(struct wire *in, const struct around *around)
{
	enum whereabouts whereabouts = wire_take_small(in, IN_MESSAGE);
	struct span whole = whereabouts == IN_FILE ? around->file : around->decoded;
	uint64_t offset, length;

	if (whereabouts == IN_MESSAGE)
		return wire_take(in, wire_take_number(in));
	offset = wire_take_up_to(in, whole.length);
	length = wire_take_up_to(in, whole.length - offset);
	return in->is_false ? (struct span){} : span_of(whole.data + offset, (size_t)length);
}

void
message_add_task(struct buffer *out, const struct parse_task *task)
{
	const struct directory *directory = task->directory;

	wire_add_text(out, task->path);
	wire_add_small(out, task->loader);
	wire_add_small(out, task->loading_only);
	wire_add_small(out, task->losses_only);
	wire_add_number(out, task->bytes.length);
	wire_add_small(out, directory != NULL);
	if (directory == NULL)
		return;
	wire_add_text(out, directory->path);
	wire_add_small(out, directory->more);
	wire_add_number(out, directory->count);
	for (size_t i = 0; i < directory->count; i++) {
		const struct directory_file *file = &directory->files[i];

		wire_add_text(out, file->name);
		wire_add_text(out, file->path);
		wire_add_text(out, file->target);
		wire_add_text(out, file->real);
		wire_add_small(out, file->is_regular);
		wire_add_small(out, file->is_skipped);
		wire_add_number(out, file->bytes.length);
	}
}

static const struct directory *
take_directory(struct arena *arena, struct wire *in)
{
	struct directory *directory = arena_alloc(arena, sizeof(*directory));

	directory->path = wire_take_text(in, UINT32_MAX - 1);
	directory->more = wire_take_small(in, true) != 0;
	directory->count = (size_t)wire_take_up_to(in, STORE_MAX_FILES);
	directory->files = arena_alloc(arena, (directory->count + 1) * sizeof(*directory->files));
	for (size_t i = 0; i < directory->count; i++) {
		struct directory_file *file = &directory->files[i];

		file->name = wire_take_text(in, UINT32_MAX - 1);
		file->path = wire_take_text(in, UINT32_MAX - 1);
		file->target = wire_take_text(in, UINT32_MAX - 1);
		file->real = wire_take_text(in, UINT32_MAX - 1);
		file->is_regular = wire_take_small(in, true) != 0;
		file->is_skipped = wire_take_small(in, true) != 0;
		file->bytes.length = (size_t)wire_take_number(in);
	}
	for (size_t i = 0; i < directory->count; i++)
		directory->files[i].bytes = wire_take(in, directory->files[i].bytes.length);
	return directory;
}

void
message_read_task(struct arena *arena, struct span message, struct parse_task *ret)
{
	struct wire in = { .bytes = message };
	uint64_t length;

	ret->path = wire_take_text(&in, UINT32_MAX - 1);
	ret->loader = (enum store_loader)wire_take_small(&in, LOADER__COUNT - 1);
	ret->loading_only = wire_take_small(&in, true) != 0;
	ret->losses_only = wire_take_small(&in, true) != 0;
	length = wire_take_number(&in);
	ret->directory = wire_take_small(&in, true) != 0 ? take_directory(arena, &in) : NULL;
	ret->bytes = wire_take(&in, length);
}

/* Writing a result. */

static uint32_t
trust_bits(const struct trust_settings *trust)
{
	return (uint32_t)(trust->present * TRUST_PRESENT | trust->has_trust * TRUST_HAS_TRUST |
			  trust->has_reject * TRUST_HAS_REJECT |
			  trust->trusts_client * TRUST_TRUSTS_CLIENT |
			  trust->rejects_client * TRUST_REJECTS_CLIENT |
			  trust->trusts_server * TRUST_TRUSTS_SERVER |
			  trust->rejects_server * TRUST_REJECTS_SERVER);
}

static void
add_entry(struct buffer *out, const struct parse_task *task, struct span decoded,
	const struct entry *entry)
{
	uint32_t number = file_number(task->directory, entry->path, compare_path);
	const struct around around = { file_bytes(task, number), decoded };

	wire_add_small(out, entry->kind);
	wire_add_small(out, number);
	wire_add_small(out, file_number(task->directory, entry->link, compare_name));
	wire_add_small(out, trust_bits(&entry->trust));
	wire_add_small(out, entry->line);
	wire_add_number(out, entry->offset);
	wire_add_number(out, entry->length);
	wire_add_number(out, entry->text_offset);
	wire_add_text(out, entry->label);
	wire_add_small(out, entry->role);
	wire_add_small(out, entry->is_enclosed * ENTRY_IS_ENCLOSED);
	wire_add_number(out, (uint64_t)entry->created);
	wire_add_text(out, entry->alias);
	add_bytes(out, &around, entry->key_id);
	add_bytes(out, &around, entry->der);
	add_bytes(out, &around, entry->trust.bytes);
}

static void
add_defect(struct buffer *out, const struct parse_task *task, struct span decoded,
	const struct defect *defect)
{
	uint32_t number = file_number(task->directory, defect->path, compare_path);
	const struct around around = { file_bytes(task, number), decoded };

	wire_add_small(out, defect->cause);
	wire_add_small(out, number);
	wire_add_small(out, (uint32_t)(defect->is_block * DEFECT_IS_BLOCK |
				       defect->harmless * DEFECT_HARMLESS));
	wire_add_small(out, defect->role);
	wire_add_small(out, defect->line);
	wire_add_number(out, defect->offset);
	wire_add_number(out, defect->length);
	wire_add_text(out, defect->text);
	add_bytes(out, &around, defect->salvage);
}

static void
add_loading(struct buffer *out, const struct loading *loading, size_t entries)
{
	wire_add_small(out, loading->loads);
	wire_add_text(out, loading->error);
	wire_add_number(out, loading->certificates);
	wire_add_number(out, loading->crls);
	for (size_t i = 0; i < entries; i++)
		buffer_add(out, loading->loaded[i] ? "\1" : "\0", 1);
}

static void
add_keystore(struct buffer *out, const struct parsed *parsed)
{
	wire_add_text(out, parsed->profile);
	wire_add_small(out, parsed->integrity);
	wire_add_text(out, parsed->password_source);
	wire_add_small(out, parsed->password_is_empty);
}

static size_t
format_number(const char *name)
{
	size_t number = 0;

	while (format_get(number) != NULL && strcmp(format_get(number)->name, name) != 0)
		number++;
	return number;
}

void
message_add_parsed(struct buffer *out, const struct parse_task *task, const struct parsed *parsed,
	void (*hand_on)(struct buffer *))
{
	size_t first = task->loading_only ? parsed->own_defects : 0;

	wire_add_number(out, format_number(parsed->format));
	wire_add_number(out, parsed->entry_count);
	for (size_t i = 0; !task->loading_only && i < parsed->entry_count; i++) {
		add_entry(out, task, parsed->decoded, &parsed->entries[i]);
		if (hand_on != NULL)
			hand_on(out);
	}
	wire_add_number(out, parsed->own_defects - first);
	wire_add_number(out, parsed->defect_count - first);
	for (size_t i = first; i < parsed->defect_count; i++)
		add_defect(out, task, parsed->decoded, &parsed->defects[i]);
	add_keystore(out, parsed);
	if (task->loader != LOADER_ANY)
		add_loading(out, &parsed->loading, parsed->entry_count);
}

/* Reading a result. */

/* [offset, offset + length) of the file. */
static void
take_place(struct wire *in, struct span file, size_t *ret_offset, size_t *ret_length)
{
	*ret_offset = (size_t)wire_take_up_to(in, file.length);
	*ret_length = (size_t)wire_take_up_to(in, file.length - *ret_offset);
}

/* Keys are neither kept nor shown. */
static bool
is_key(enum entry_kind kind)
{
	return kind == ENTRY_PRIVATE_KEY || kind == ENTRY_SECRET_KEY;
}

static void
read_object(struct wire *in, struct entry *entry)
{
	const char *fault;
	size_t offset;
	int result = 0;

	if (in->is_false)
		return;
	if (entry->kind == ENTRY_CERTIFICATE && ahead_has(entry))
		return;
	entry->cert = (struct cert){};
	if (entry->kind == ENTRY_CERTIFICATE)
		result = cert_read(entry->der, &entry->cert, &fault, &offset);
	else if (entry->kind == ENTRY_CRL)
		result = crl_read(entry->der, &entry->crl, &fault, &offset);
	else if (is_key(entry->kind) && entry->der.length > 0)
		result = -1;
	if (result < 0)
		in->is_false = true;
}

static void
take_keystore_entry(struct wire *in, const struct around *around, struct entry *ret)
{
	ret->role = (enum entry_role)wire_take_small(in, ENTRY_IS_UNASSIGNED);
	ret->is_enclosed = wire_take_small(in, ENTRY_IS_ENCLOSED) != 0;
	ret->created = (int64_t)wire_take_number(in);
	ret->alias = wire_take_safe_text(in, UINT32_MAX - 1);
	ret->key_id = take_bytes(in, around);
	/* As far as milliseconds go, in which keystores write it. */
	if (ret->created != MOMENT_NEVER &&
		(ret->created < 0 || ret->created > INT64_MAX / MILLISECONDS))
		in->is_false = true;
}

/*
 * Settings that stand in the file come as their bytes, and are read again, whole or not. Where
 * trust is marked in another way, the marks come alone, or with the settings that say just that.
 */
static void
take_trust(struct wire *in, uint32_t bits, struct span bytes, struct trust_settings *ret)
{
	struct trust_settings said = {};
	struct span alias;

	*ret = (struct trust_settings){
		.present = (bits & TRUST_PRESENT) != 0,
		.has_trust = (bits & TRUST_HAS_TRUST) != 0,
		.has_reject = (bits & TRUST_HAS_REJECT) != 0,
		.trusts_client = (bits & TRUST_TRUSTS_CLIENT) != 0,
		.rejects_client = (bits & TRUST_REJECTS_CLIENT) != 0,
		.trusts_server = (bits & TRUST_TRUSTS_SERVER) != 0,
		.rejects_server = (bits & TRUST_REJECTS_SERVER) != 0,
		.bytes = bytes,
	};
	if ((!ret->present && (bits != 0 || bytes.length > 0)) ||
		(!ret->has_trust && (ret->trusts_client || ret->trusts_server)) ||
		(!ret->has_reject && (ret->rejects_client || ret->rejects_server)))
		in->is_false = true;
	if (in->is_false || bytes.length == 0 || span_equal(bytes, trust_settings_bytes(ret)))
		return;
	(void)trust_settings_read(bytes, &said, &alias);
	if (trust_bits(&said) != bits)
		in->is_false = true;
}

static void
take_entry(struct wire *in, const struct parse_task *task, struct span decoded, struct entry *ret)
{
	struct around around = { .decoded = decoded };
	uint32_t number, link, trust;

	ret->kind = (enum entry_kind)wire_take_small(in, ENTRY_OTHER);
	number = take_file(in, task);
	link = take_file(in, task);
	trust = wire_take_small(in, TRUST_ALL);
	ret->line = wire_take_small(in, UINT32_MAX);
	around.file = file_bytes(task, number);
	take_place(in, around.file, &ret->offset, &ret->length);
	ret->text_offset = (size_t)wire_take_up_to(in, ret->offset);
	ret->label = wire_take_safe_text(in, WIRE_MAX_TEXT);
	take_keystore_entry(in, &around, ret);
	ret->der = take_bytes(in, &around);
	ret->path = file_path(task, number);
	ret->link = link == NO_FILE ? NULL : task->directory->files[link].name;
	take_trust(in, trust, take_bytes(in, &around), &ret->trust);
	read_object(in, ret);
}

static bool
is_of_stores(enum cause_code cause)
{
	const char *code = cause_get(cause)->code;

	return text_starts(code, "store.") || text_starts(code, "crl.") ||
	       text_starts(code, "token.");
}

static void
take_defect(struct wire *in, const struct parse_task *task, struct span decoded, struct defect *ret)
{
	struct around around = { .decoded = decoded };
	uint32_t number, bits;

	ret->cause = (enum cause_code)wire_take_small(in, CAUSE__COUNT - 1);
	number = take_file(in, task);
	bits = wire_take_small(in, DEFECT_IS_BLOCK | DEFECT_HARMLESS);
	ret->role = (enum entry_role)wire_take_small(in, ENTRY_IS_UNASSIGNED);
	ret->line = wire_take_small(in, UINT32_MAX);
	around.file = file_bytes(task, number);
	take_place(in, around.file, &ret->offset, &ret->length);
	ret->text = wire_take_safe_text(in, WIRE_MAX_TEXT);
	ret->salvage = take_bytes(in, &around);
	ret->path = file_path(task, number);
	ret->is_block = (bits & DEFECT_IS_BLOCK) != 0;
	ret->harmless = (bits & DEFECT_HARMLESS) != 0;
	if (ret->text == NULL || !is_of_stores(ret->cause))
		in->is_false = true;
}

static void
take_loading(struct wire *in, struct arena *arena, size_t entries, struct loading *ret)
{
	bool *loaded = arena_alloc(arena, entries + 1);
	struct span bits;

	ret->loads = wire_take_small(in, true) != 0;
	ret->error = wire_take_safe_text(in, WIRE_MAX_TEXT);
	ret->certificates = (size_t)wire_take_up_to(in, UINT32_MAX);
	ret->crls = (size_t)wire_take_up_to(in, UINT32_MAX);
	bits = wire_take(in, entries);
	for (size_t i = 0; i < bits.length; i++)
		loaded[i] = bits.data[i] != 0;
	ret->loaded = loaded;
}

static void
take_keystore(struct wire *in, struct parsed *ret)
{
	ret->profile = wire_take_safe_text(in, WIRE_MAX_TEXT);
	ret->integrity = (enum store_integrity)wire_take_small(in, INTEGRITY_BAD);
	ret->password_source = wire_take_safe_text(in, WIRE_MAX_TEXT);
	ret->password_is_empty = wire_take_small(in, true) != 0;
}

static void
take_entries(struct wire *in, struct arena *arena, const struct parse_task *task,
	const struct ahead *ahead, struct parsed *ret)
{
	size_t count = (size_t)wire_take_up_to(in, STORE_MAX_ENTRIES);

	if (task->loading_only) {
		if (count != ret->entry_count)
			in->is_false = true;
		return;
	}
	/* Each takes more than a byte of the message. */
	if (in->is_false || count > in->bytes.length) {
		in->is_false = true;
		return;
	}
	ret->entry_count = count;
	if (ahead != NULL && count <= ahead->capacity)
		ret->entries = ahead->entries;
	else
		ret->entries = arena_alloc(arena, (count + 1) * sizeof(*ret->entries));
	for (size_t i = 0; i < count && !in->is_false; i++)
		take_entry(in, task, ret->decoded, &ret->entries[i]);
}

int
message_read_parsed(struct arena *arena, const struct parse_task *task, struct span message,
	const struct ahead *ahead, struct parsed *ret)
{
	struct wire in = { .bytes = message };
	size_t format = (size_t)wire_take_number(&in);

	take_entries(&in, arena, task, ahead, ret);
	ret->own_defects = (size_t)wire_take_up_to(&in, STORE_MAX_DEFECTS + 1);
	ret->defect_count = (size_t)wire_take_up_to(&in, STORE_MAX_DEFECTS + 1);
	if (in.is_false || format_get(format) == NULL || ret->own_defects > ret->defect_count)
		return -1;
	ret->format = format_get(format)->name;
	ret->defects = arena_alloc(arena, (ret->defect_count + 1) * sizeof(*ret->defects));
	for (size_t i = 0; i < ret->defect_count && !in.is_false; i++)
		take_defect(&in, task, ret->decoded, &ret->defects[i]);
	take_keystore(&in, ret);
	if (task->loader != LOADER_ANY)
		take_loading(&in, arena, ret->entry_count, &ret->loading);
	return in.is_false || in.at != message.length ? -1 : 0;
}

int
message_split(struct span answer, struct span *ret_decoded, struct span *ret_message)
{
	struct wire in = { .bytes = answer };
	uint64_t length;

	if (answer.length < sizeof(length))
		return -1;
	in.at = answer.length - sizeof(length);
	length = wire_take_number(&in);
	if (length > answer.length - sizeof(length))
		return -1;
	*ret_decoded = span_of(answer.data, (size_t)length);
	*ret_message =
		span_of(answer.data + length, answer.length - sizeof(length) - (size_t)length);
	return 0;
}

void
message_add_length(struct buffer *out, size_t length)
{
	wire_add_number(out, length);
}

bool
message_take_next(struct span *rest, struct span *ret)
{
	struct wire in = { .bytes = *rest };
	uint64_t length = wire_take_number(&in);

	*ret = wire_take(&in, length);
	if (in.is_false)
		return false;
	*rest = span_of(rest->data + in.at, rest->length - in.at);
	return true;
}

void
message_add_links(struct buffer *out, const struct hash_link *links, size_t count)
{
	wire_add_number(out, count);
	for (size_t i = 0; i < count; i++) {
		wire_add_text(out, links[i].name);
		wire_add_text(out, links[i].target);
	}
}

int
message_read_links(struct arena *arena, const struct directory *directory, struct span message,
	const struct hash_link **ret, size_t *ret_count)
{
	struct wire in = { .bytes = message };
	size_t count = (size_t)wire_take_up_to(&in, STORE_MAX_ENTRIES);
	struct hash_link *links;

	if (in.is_false || count > message.length)
		return -1;
	links = arena_alloc(arena, (count + 1) * sizeof(*links));
	for (size_t i = 0; i < count; i++) {
		const char *name = wire_take_text(&in, WIRE_MAX_TEXT);
		uint32_t target =
			file_number(directory, wire_take_text(&in, WIRE_MAX_TEXT), compare_name);

		/* Nothing is made but links by hash, to files that are in the directory. */
		if (name == NULL || target == NO_FILE || !hash_name_is_slot(name))
			return -1;
		links[i] = (struct hash_link){ name, directory->files[target].name };
	}
	*ret = links;
	*ret_count = count;
	return in.at == message.length ? 0 : -1;
}
