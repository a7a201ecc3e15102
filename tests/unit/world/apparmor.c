/* SPDX-License-Identifier: Apache-2.0 */
#include "place.h"
#include "tap.h"
#include "world/labels.h"

static const char profile[] = "#include <tunables/global>\n"
			      "# a comment, with a comma /commented/** r,\n"
			      "profile web /usr/sbin/web flags=(attach_disconnected) {\n"
			      "  include <abstractions/base>\n"
			      "  include if exists <local>\n"
			      "  capability dac_override,\n"
			      "  network inet stream,\n"
			      "  signal (receive) peer=unconfined,\n"
			      "  /etc/web/** r,\n"
			      "  /etc/ssl/{certs,more{one,two}}/*.pem r, # why\n"
			      "  owner @{HOME}/web-[a-z]?.pem rw,\n"
			      "  /var/log/web.log w,\n"
			      "  audit allow file r \"/srv/with blank/ca\",\n"
			      "  deny /denied/** r,\n"
			      "  /usr/sbin/web mr,\n"
			      "  ^hat {\n"
			      "    /hat/* r,\n"
			      "  }\n"
			      "}\n";

static const struct {
	const char *path;
	bool permitted;
} cases[] = {
	{ "/etc/web/ca.pem", true },
	{ "/etc/web/deep/ca.pem", true },
	{ "/etc/ssl/certs/ca.pem", true },
	{ "/etc/ssl/moretwo/ca.pem", true },
	{ "/etc/ssl/more/ca.pem", false },
	{ "/etc/ssl/certs/deep/ca.pem", false },
	{ "/home/u/web-ab.pem", true },
	{ "/var/log/web.log", false },
	{ "/srv/with blank/ca", true },
	{ "/srv/with", false },
	{ "/lib/common", true },
	{ "/local/rule", true },
	{ "/hat/x", true },
	{ "/usr/sbin/web", true },
	{ "/commented/x", false },
	{ "/srv/ca.pem", false },
	{ "/denied/x", false },
};

static void
build(struct place *place)
{
	place_open(place);
	place_directory(place, "etc");
	place_directory(place, "etc/apparmor.d");
	place_directory(place, "etc/apparmor.d/abstractions");
	place_directory(place, "etc/apparmor.d/local");
	place_directory(place, "etc/apparmor.d/tunables");
	place_file(place, "etc/apparmor.d/tunables/global", "@{HOME}=/home/*/ /root/\n");
	place_file(place, "etc/apparmor.d/abstractions/base",
		"  /lib/** mr,\n  signal (receive) peer=unconfined,\n");
	place_file(place, "etc/apparmor.d/local/more", "/local/rule r,\n");
	place_file(place, "etc/apparmor.d/usr.sbin.web", profile);
}

TEST(rules, "only a path that no rule names is refused")
{
	CLEANUP(place_close) struct place place;
	CLEANUP(world_freep) struct world *world = NULL;

	build(&place);
	world = place_world(&place);
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		bool permitted = apparmor_may_read(world, "web", cases[i].path);

		if (permitted != cases[i].permitted) {
			printf("# %s\n", cases[i].path);
			*failed = true;
		}
	}
	CHECK(apparmor_may_read(world, "unknown", "/srv/ca.pem"));
}

TEST(modes, "a profile blames only where it is enforced")
{
	CLEANUP(place_close) struct place place;
	CLEANUP(world_freep) struct world *world = NULL;
	struct step step = { .path = "/srv/ca.pem" };
	const char *reason = NULL;

	build(&place);
	world = place_world(&place);
	CHECK(apparmor_refuses(world, "web (enforce)", &step, LABEL_READ, &reason));
	CHECK_TEXT(reason, "AppArmor profile web has no rule that lets it be read");
	CHECK(apparmor_refuses(world, "web//hat (enforce)", &step, LABEL_READ, &reason));
	CHECK(!apparmor_refuses(world, "web (enforce)", &step, LABEL_SEARCH, &reason));
	CHECK(!apparmor_refuses(world, "web (complain)", &step, LABEL_READ, &reason));
	CHECK(!apparmor_refuses(world, "unconfined", &step, LABEL_READ, &reason));
	CHECK(!apparmor_refuses(world, "web//&other (enforce)", &step, LABEL_READ, &reason));
}

TEST(doubt, "what cannot be understood permits")
{
	CLEANUP(place_close) struct place place;
	CLEANUP(world_freep) struct world *world = NULL;
	static char slow[4096] = "profile slow {\n /";

	build(&place);
	place_file(&place, "etc/apparmor.d/all", "profile all {\n file,\n}\n");
	place_file(
		&place, "etc/apparmor.d/again", "profile again {\n include <again>\n /x r,\n}\n");
	place_file(&place, "etc/apparmor.d/learns", "profile learns flags=(complain) {\n}\n");
	place_file(&place, "etc/apparmor.d/empty", "profile empty {\n}\n");
	place_file(&place, "etc/apparmor.d/open", "profile open {\n /{a,b r,\n}\n");
	for (unsigned i = 0; i < 60; i++)
		strcat(slow, "**a{b,c}");
	strcat(slow, " r,\n}\n");
	place_file(&place, "etc/apparmor.d/slow", slow);
	world = place_world(&place);
	CHECK(apparmor_may_read(world, "all", "/srv/ca.pem"));
	CHECK(apparmor_may_read(world, "again", "/srv/ca.pem"));
	CHECK(apparmor_may_read(world, "learns", "/srv/ca.pem"));
	CHECK(!apparmor_may_read(world, "empty", "/srv/ca.pem"));
	(void)apparmor_may_read(world, "open", "/srv/ca.pem");
	(void)apparmor_may_read(world, "slow", "/abacabacabacabacabacabacabacabacabacabacabacab");
}

TAP_MAIN()
