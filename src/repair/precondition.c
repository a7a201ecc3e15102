/* SPDX-License-Identifier: Apache-2.0 */
#include "repair/precondition.h"

#include <string.h>

struct gathering {
	struct diagnosis *diagnosis;
	struct world *world;
	struct precondition *list;
	size_t count, capacity;
};

static struct digest
digest_of_file(struct world *world, const char *path)
{
	struct err ignored = { 0 };
	struct span bytes = span_of("", 0);

	/* One that cannot be read is the same as long as it cannot be. */
	if (world_read(world, path, WORLD_MAX_FILE, &bytes, &ignored) < 0)
		bytes = span_of("", 0);
	return digest_of(bytes);
}

static struct digest
digest_of_directory(struct arena *arena, struct world *world, const char *path)
{
	CLEANUP(buffer_free) struct buffer all = { 0 };
	const char *const *names;
	struct err ignored = { 0 };
	size_t count;

	if (world_list(world, path, &names, &count, &ignored) < 0)
		count = 0;
	for (size_t i = 0; i < count; i++) {
		struct digest digest = digest_of_file(world, path_join(arena, path, names[i]));

		buffer_add(&all, names[i], strlen(names[i]) + 1);
		buffer_add(&all, digest.bytes, DIGEST_SIZE);
	}
	return digest_of(buffer_span(&all));
}

static void
add(struct gathering *gathering, const char *path)
{
	struct arena *arena = gathering->diagnosis->arena;
	struct precondition *item;
	struct err ignored = { 0 };

	for (size_t i = 0; i < gathering->count; i++)
		if (strcmp(gathering->list[i].path, path) == 0)
			return;
	gathering->list = arena_grow(arena, gathering->list, gathering->count, &gathering->capacity,
		sizeof(*gathering->list));
	item = &gathering->list[gathering->count++];
	*item = (struct precondition){ .path = path };
	item->exists = world_stat(gathering->world, path, &item->identity, &ignored) == 0;
	item->digest = item->identity.type == FILE_DIRECTORY
			       ? digest_of_directory(arena, gathering->world, path)
			       : digest_of_file(gathering->world, path);
}

const struct precondition *
preconditions_of(struct diagnosis *diagnosis, const struct service *service, size_t *ret_count)
{
	struct gathering gathering = { .diagnosis = diagnosis, .world = service->world };

	for (size_t i = 0; i < service->config_file_count; i++)
		add(&gathering, service->config_files[i]);
	for (size_t i = 0; i < service->verifier_count; i++)
		for (size_t j = 0; j < service->verifiers[i].source_count; j++)
			add(&gathering, service->verifiers[i].sources[j].path);
	*ret_count = gathering.count;
	return gathering.list;
}

struct digest
precondition_clients(const struct diagnosis *diagnosis)
{
	CLEANUP(buffer_free) struct buffer all = { 0 };

	for (size_t i = 0; i < diagnosis->clients.count; i++) {
		const struct client *client = &diagnosis->clients.list[i];

		buffer_add(&all, client->name, strlen(client->name) + 1);
		buffer_addf(&all, "%d %d %zu", client->must_be_accepted, client->key_path != NULL,
			client->chain_length);
		for (size_t j = 0; j < client->chain_length; j++)
			buffer_add(&all, client->chain[j].fingerprint.bytes, DIGEST_SIZE);
	}
	return digest_of(buffer_span(&all));
}

struct digest
precondition_material(const struct diagnosis *diagnosis)
{
	const struct material *material = &diagnosis->material;
	CLEANUP(buffer_free) struct buffer all = { 0 };

	/* What the ledger saw grows with each run, and is there for what nobody vouched for. */
	for (size_t i = 0; i < material->cert_count; i++)
		if (material->certs[i].source != MATERIAL_LEDGER)
			buffer_add(&all, material->certs[i].cert->fingerprint.bytes, DIGEST_SIZE);
	for (size_t i = 0; i < material->crl_count; i++)
		if (material->crls[i].source != MATERIAL_LEDGER)
			buffer_add(&all, material->crls[i].crl->fingerprint.bytes, DIGEST_SIZE);
	return digest_of(buffer_span(&all));
}
