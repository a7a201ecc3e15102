/* SPDX-License-Identifier: Apache-2.0 */
/* Stores that another tool makes: which, from what, and what of them is not made from anything. */
#include "stores/generated.h"

#include "forms.h"
#include "tap.h"

struct machine {
	struct arena *arena;
	struct stores *stores;
	struct world *host, *world;
	struct generated generated;
};

static struct machine
machine_new(void)
{
	struct machine machine = { arena_new(), stores_new(), world_below("/var/empty", NULL) };

	damage_setup();
	if (machine.host == NULL)
		machine.host = world_below("/tmp", NULL);
	machine.world = world_overlay(machine.host);
	return machine;
}

static void
machine_end(struct machine *machine)
{
	stores_free(machine->stores);
	world_free(machine->world);
	world_free(machine->host);
	arena_free(machine->arena);
}

static void
put(struct machine *machine, const char *path, const char *before, size_t first, size_t count)
{
	CLEANUP(buffer_free) struct buffer text = {};

	buffer_add_text(&text, before);
	for (size_t i = first; i < first + count; i++)
		pem_write(&text, "CERTIFICATE", damage_ders[i]);
	/* The world keeps no copy. */
	overlay_write(machine->world, path,
		span_of(arena_dup(machine->arena, text.data, text.length), text.length));
}

static bool
ask(struct machine *machine, const char *path)
{
	const struct store *store = stores_open(machine->stores, machine->world, path, LOADER_ANY);

	return store_is_generated(
		machine->stores, machine->world, store, machine->arena, &machine->generated);
}

TEST(generated_debian, "Debian's bundle is compared with the lists and folders it is made from")
{
	CLEANUP(machine_end) struct machine machine = machine_new();
	static const char bundle[] = "/etc/ssl/certs/ca-certificates.crt";

	put(&machine, bundle, "", 0, 3);
	CHECK(!ask(&machine, bundle));
	put(&machine, "/usr/share/ca-certificates/lab/one.crt", "", 0, 1);
	put(&machine, "/usr/share/ca-certificates/lab/two.crt", "", 1, 1);
	put(&machine, "/usr/local/share/ca-certificates/own/three.crt", "", 2, 1);
	put(&machine, "/etc/ca-certificates.conf", "# a comment\nlab/one.crt\n!lab/two.crt\n", 0,
		0);
	CHECK(ask(&machine, bundle));
	CHECK_TEXT(machine.generated.tool, "update-ca-certificates");
	CHECK_TEXT(machine.generated.run, "update-ca-certificates");
	/* It is left out of the list, and so will not be there again. */
	CHECK(machine.generated.stray_count == 1);
	CHECK(span_equal(machine.generated.stray->der, damage_ders[1]));
	put(&machine, "/etc/ca-certificates.conf", "lab/one.crt\nlab/two.crt\n", 0, 0);
	CHECK(ask(&machine, bundle) && machine.generated.stray_count == 0);
	overlay_link(machine.world, "/srv/ca.pem", bundle);
	CHECK(ask(&machine, "/srv/ca.pem"));
	CHECK(!ask(&machine, "/usr/local/share/ca-certificates/own/three.crt"));
}

TEST(generated_fedora, "what update-ca-trust extracts, by any of its names")
{
	CLEANUP(machine_end) struct machine machine = machine_new();
	static const char bundle[] = "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem";

	put(&machine, bundle, "", 0, 2);
	put(&machine, "/etc/pki/ca-trust/source/anchors/own.pem", "", 0, 1);
	overlay_link(machine.world, "/etc/pki/tls/certs/ca-bundle.crt", bundle);
	overlay_link(machine.world, "/srv/ca.pem", "/etc/pki/tls/certs/ca-bundle.crt");
	CHECK(ask(&machine, "/srv/ca.pem"));
	CHECK_TEXT(machine.generated.tool, "update-ca-trust");
	CHECK_TEXT(machine.generated.sources, "/etc/pki/ca-trust/source/anchors");
	CHECK(machine.generated.stray_count == 1);
	put(&machine, "/usr/share/pki/ca-trust-source/ca-bundle.trust.p11-kit",
		"[p11-kit-object-v1]\ntrusted: true\n", 1, 1);
	CHECK(ask(&machine, bundle) && machine.generated.stray_count == 0);
}

TEST(generated_volume, "a file of a Kubernetes volume is the kubelet's")
{
	CLEANUP(machine_end) struct machine machine = machine_new();

	put(&machine, "/trust/..2026_06_01_08_00_00.123456789/ca.crt", "", 0, 1);
	overlay_link(machine.world, "/trust/..data", "..2026_06_01_08_00_00.123456789");
	overlay_link(machine.world, "/trust/ca.crt", "..data/ca.crt");
	CHECK(ask(&machine, "/trust/ca.crt"));
	CHECK_TEXT(machine.generated.tool, "kubelet");
	CHECK(machine.generated.run == NULL);
	put(&machine, "/trust/..2x/ca.crt", "", 0, 1);
	CHECK(!ask(&machine, "/trust/..2x/ca.crt"));
}

TEST(generated_java, "the cacerts of a Java belong to its package")
{
	CLEANUP(machine_end) struct machine machine = machine_new();

	put(&machine, "/opt/jdk/lib/security/cacerts", "", 0, 1);
	CHECK(ask(&machine, "/opt/jdk/lib/security/cacerts"));
	CHECK_TEXT(machine.generated.tool, "the package of this Java");
	CHECK(!ask(&machine, "/opt/jdk/lib/security/own"));
}

TEST(generated_mark, "what a store says of itself, before its first block")
{
	CLEANUP(machine_end) struct machine machine = machine_new();

	put(&machine, "/srv/ca.pem", "# first\n# Managed by Puppet\n", 0, 1);
	CHECK(ask(&machine, "/srv/ca.pem") && machine.generated.tool == NULL);
	CHECK_TEXT(machine.generated.mark, "# Managed by Puppet");
	put(&machine, "/srv/other.pem", "# ours\n", 0, 1);
	CHECK(!ask(&machine, "/srv/other.pem"));
	CHECK(!ask(&machine, "/srv/absent.pem"));
}

TAP_MAIN()
