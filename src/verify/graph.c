/* SPDX-License-Identifier: Apache-2.0 */
#include "verify/graph.h"

#include <string.h>

/* Index 0 ends a list; object n stands as n + 1. */
enum { GRAPH_END = 0, GRAPH_MIN_BUCKETS = 16 };

static uint8_t
settings_octet(const struct trust_settings *settings)
{
	return (uint8_t)(settings->present | settings->has_trust << 1 | settings->has_reject << 2 |
			 settings->trusts_client << 3 | settings->rejects_client << 4 |
			 settings->trusts_server << 5 | settings->rejects_server << 6);
}

void
trust_seal(struct trust *trust)
{
	CLEANUP(buffer_free) struct buffer content = {};
	static const uint8_t crls_follow = 0xff;

	for (size_t i = 0; i < trust->anchor_count; i++) {
		uint8_t settings = settings_octet(&trust->anchors[i].settings);

		buffer_add(&content, trust->anchors[i].cert->fingerprint.bytes, DIGEST_SIZE);
		buffer_add(&content, &settings, 1);
	}
	buffer_add(&content, &crls_follow, 1);
	for (size_t i = 0; i < trust->crl_count; i++)
		buffer_add(&content, trust->crls[i]->identity.bytes, DIGEST_SIZE);
	trust->content = digest_of(buffer_span(&content));
}

static void
table_begin(struct graph_table *table, size_t count)
{
	size_t buckets = GRAPH_MIN_BUCKETS;

	while (buckets < 2 * count)
		buckets *= 2;
	table->mask = buckets - 1;
	table->heads = mem_zalloc(buckets * sizeof(table->heads[0]));
	table->next = mem_zalloc((count + 1) * sizeof(table->next[0]));
	table->hashes = mem_zalloc((count + 1) * sizeof(table->hashes[0]));
}

static void
table_end(struct graph_table *table)
{
	mem_free(table->heads);
	mem_free(table->next);
	mem_free(table->hashes);
}

/* Objects are added from the last to the first, so that each list runs in the trust's order. */
static void
table_add(struct graph_table *table, size_t index, uint64_t hash)
{
	uint32_t *head = &table->heads[hash & table->mask];

	table->hashes[index] = hash;
	table->next[index] = *head;
	*head = (uint32_t)index + 1;
}

static uint64_t
key_id_hash(struct span key_id)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325); /* FNV-1a; what collides is compared */

	for (size_t i = 0; i < key_id.length; i++)
		hash = (hash ^ key_id.data[i]) * UINT64_C(0x100000001b3);
	return hash ^ hash >> 32;
}

static struct graph *
graph_build(const struct trust *trust)
{
	struct graph *graph = mem_zalloc(sizeof(*graph));

	graph->content = trust->content;
	table_begin(&graph->subjects, trust->anchor_count);
	table_begin(&graph->key_ids, trust->anchor_count);
	table_begin(&graph->crl_issuers, trust->crl_count);
	for (size_t i = trust->anchor_count; i-- > 0;) {
		const struct cert *cert = trust->anchors[i].cert;

		graph->has_settings |= trust->anchors[i].settings.present;
		table_add(&graph->subjects, i, name_hash(cert->subject));
		if (cert->subject_key_id.length > 0)
			table_add(&graph->key_ids, i, key_id_hash(cert->subject_key_id));
	}
	for (size_t i = trust->crl_count; i-- > 0;)
		table_add(&graph->crl_issuers, i, name_hash(trust->crls[i]->issuer));
	return graph;
}

const struct graph *
graph_of(struct graph **list, const struct trust *trust)
{
	struct graph *built;

	for (const struct graph *graph = *list; graph != NULL; graph = graph->older)
		if (digest_equal(&graph->content, &trust->content))
			return graph;
	built = graph_build(trust);
	built->older = *list;
	*list = built;
	return built;
}

void
graph_free_all(struct graph *list)
{
	while (list != NULL) {
		struct graph *older = list->older;

		table_end(&list->subjects);
		table_end(&list->key_ids);
		table_end(&list->crl_issuers);
		mem_free(list);
		list = older;
	}
}

static struct graph_walk
walk_begin(const struct graph_table *table, uint64_t hash)
{
	return (struct graph_walk){ table, hash, table->heads[hash & table->mask] };
}

/* The next index of equal hash plus one, or GRAPH_END. */
static uint32_t
walk_next(struct graph_walk *walk)
{
	while (walk->at != GRAPH_END) {
		uint32_t found = walk->at;

		walk->at = walk->table->next[found - 1];
		if (walk->table->hashes[found - 1] == walk->hash)
			return found;
	}
	return GRAPH_END;
}

struct graph_walk
graph_by_subject(const struct graph *graph, struct span name)
{
	return walk_begin(&graph->subjects, name_hash(name));
}

struct graph_walk
graph_by_key_id(const struct graph *graph, struct span key_id)
{
	return walk_begin(&graph->key_ids, key_id_hash(key_id));
}

struct graph_walk
graph_crls(const struct graph *graph, struct span issuer)
{
	return walk_begin(&graph->crl_issuers, name_hash(issuer));
}

const struct trusted *
graph_next_subject(struct graph_walk *walk, const struct trust *trust, struct span name)
{
	uint32_t found;

	while ((found = walk_next(walk)) != GRAPH_END)
		if (name_equal(trust->anchors[found - 1].cert->subject, name))
			return &trust->anchors[found - 1];
	return NULL;
}

const struct trusted *
graph_next_key_id(struct graph_walk *walk, const struct trust *trust, struct span key_id)
{
	uint32_t found;

	while ((found = walk_next(walk)) != GRAPH_END)
		if (span_equal(trust->anchors[found - 1].cert->subject_key_id, key_id))
			return &trust->anchors[found - 1];
	return NULL;
}

const struct crl *
graph_next_crl(struct graph_walk *walk, const struct trust *trust, struct span issuer)
{
	uint32_t found;

	while ((found = walk_next(walk)) != GRAPH_END)
		if (name_equal(trust->crls[found - 1]->issuer, issuer))
			return trust->crls[found - 1];
	return NULL;
}

const struct trusted *
graph_find(const struct graph *graph, const struct trust *trust, const struct cert *cert)
{
	struct graph_walk walk = graph_by_subject(graph, cert->subject);
	const struct trusted *trusted;

	while ((trusted = graph_next_subject(&walk, trust, cert->subject)) != NULL)
		if (cert_same(trusted->cert, cert))
			return trusted;
	return NULL;
}
