/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Kubernetes manifests in YAML or JSON: objects, one or more a document, single or in lists; and of
 * each the members that carry stores. libyaml reads them by events: no alias is ever followed, so
 * nothing grows beyond what stands in the file.
 */
#pragma once

#include "stores/format.h"

enum {
	MANIFEST_MAX_DEPTH = 64,
	MANIFEST_MAX_EVENTS = 4'000'000,
	MANIFEST_MAX_OBJECTS = 20'000,
	MANIFEST_MAX_MEMBERS = STORE_MAX_ENTRIES,
};

enum manifest_section {
	SECTION_DATA,        /* data: base64 in a Secret, text in a ConfigMap */
	SECTION_STRING_DATA, /* stringData of a Secret: text */
	SECTION_BINARY_DATA, /* binaryData of a ConfigMap: base64 */
	SECTION_TEXT,        /* inLine of a Bundle, trustBundle of a ClusterTrustBundle */
	SECTION_BASE64,      /* caBundle of webhooks and services, …-data of a kubeconfig */
};

struct manifest_object {
	const char *kind, *name, *namespace; /* sanitised; NULL where it has none */
};

struct manifest_member {
	size_t object; /* its number */
	enum manifest_section section;
	const char *key; /* sanitised */
	struct span value;
	struct place place;
};

struct manifest {
	struct manifest_object *objects;
	size_t object_count, object_capacity;
	struct manifest_member *members;
	size_t member_count, member_capacity;
	const char *fault; /* what is wrong with it, or NULL, and where; from the arena */
	size_t fault_offset;
};

/* All of it is from the arena. What stands before a fault is there. */
void manifest_read(struct arena *, struct span bytes, struct manifest *ret);
