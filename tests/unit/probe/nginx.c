/* SPDX-License-Identifier: Apache-2.0 */
/* Against a real nginx, where there is one: it refuses with HTTP 400 after a handshake that
 * succeeded. */
#include <fcntl.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <sys/wait.h>
#include <time.h>

#include "bench.h"
#include "probe/stand_in.h"
#include "tap.h"

#define NGINX "/usr/sbin/nginx"

enum { START_TRIES = 100, START_PAUSE = 50'000'000 };

static const char configuration[] =
	"daemon off; master_process off; pid %1$s/nginx.pid; error_log %1$s/error.log;\n"
	"events {}\n"
	"http { access_log off; client_body_temp_path %1$s/a; proxy_temp_path %1$s/b;\n"
	"fastcgi_temp_path %1$s/c; uwsgi_temp_path %1$s/d; scgi_temp_path %1$s/e;\n"
	"server { listen 127.0.0.1:%2$u ssl; ssl_protocols TLSv1.2 TLSv1.3;\n"
	"ssl_certificate %1$s/server.pem; ssl_certificate_key %1$s/server.pem;\n"
	"ssl_client_certificate %1$s/ca.pem; ssl_verify_client on;\n"
	"location / { return 200 ok; } } }\n";

static pid_t
start(const char *directory, const char *path)
{
	pid_t child;

	(void)fflush(stdout);
	child = fork();
	if (child != 0)
		return child;
	(void)alarm(60);
	execl(NGINX, NGINX, "-p", directory, "-e", "stderr", "-c", path, (char *)NULL);
	_exit(127);
}

static struct server
start_nginx(struct bench *bench)
{
	CLEANUP(mem_freep) char *key = pki_key_pem(bench->server);
	struct server server = { .port = port_free() };
	struct endpoint endpoint = { .address = "127.0.0.1", .port = server.port };
	const struct timespec pause = { .tv_nsec = START_PAUSE };

	bench_write(bench, "server.pem",
		arena_printf(bench->arena, "%s%s", bench_pem(bench, bench->server), key));
	bench_write(bench, "ca.pem", bench_pem(bench, bench->root));
	server.child = start(bench->directory,
		bench_write(bench, "nginx.conf",
			arena_printf(bench->arena, configuration, bench->directory, server.port)));
	for (int i = 0; i < START_TRIES; i++) {
		if (probe_endpoint(bench->arena, &endpoint, NULL, NULL)->layer != LAYER_CONNECT)
			break;
		(void)nanosleep(&pause, NULL);
	}
	return server;
}

TEST(nginx, "a real nginx accepts, resumes and refuses by HTTP 400")
{
	static const int protocols[] = { TLS1_2_VERSION, TLS1_3_VERSION };
	CLEANUP(bench_end) struct bench bench = bench_begin();
	CLEANUP(server_stop) struct server server = {};
	const struct pki_cert *stranger =
		pki_issue(bench.pki, &(struct pki_spec){ .subject = "CN=Stranger", .ca = true });
	const struct client *good = bench_client(&bench, "good.pem",
		pki_issue(bench.pki,
			&(struct pki_spec){ .subject = "CN=good", .issuer = bench.root }),
		NULL, true);
	const struct client *bad = bench_client(&bench, "bad.pem",
		pki_issue(bench.pki, &(struct pki_spec){ .subject = "CN=bad", .issuer = stranger }),
		NULL, true);

	if (access(NGINX, X_OK) < 0) {
		printf("# there is no nginx here\n");
		return;
	}
	server = start_nginx(&bench);
	for (size_t i = 0; i < COUNT_OF(protocols); i++) {
		struct endpoint endpoint = { .address = "0.0.0.0",
			.port = server.port,
			.server_name = "localhost",
			.speaks_http = true,
			.http_path = "/" };
		struct probe_session *session = NULL;
		struct probe_options options = { .maximum_protocol = protocols[i],
			.ret_session = &session };
		const struct probe *probe = probe_endpoint(bench.arena, &endpoint, good, &options);

		printf("# %s\n", probe->text);
		CHECK(probe->accepted && probe->status == 200 && probe->asked);
		CHECK_TEXT(probe->ca_names[0], "CN=Root");
		CHECK_TEXT(probe->protocol, i == 0 ? "TLSv1.2" : "TLSv1.3");
		CHECK(session != NULL);
		options = (struct probe_options){ .resume = session };
		probe = probe_endpoint(bench.arena, &endpoint, good, &options);
		probe_session_free(session);
		CHECK(probe->accepted && probe->resumed);
		options = (struct probe_options){ .maximum_protocol = protocols[i] };
		probe = probe_endpoint(bench.arena, &endpoint, bad, &options);
		CHECK(!probe->accepted && probe->layer == LAYER_HTTP && probe->status == 400);
		CHECK_TEXT(probe->text, "refused by HTTP 400 (The SSL certificate error)");
		probe = probe_endpoint(bench.arena, &endpoint, NULL, &options);
		CHECK_TEXT(
			probe->text, "refused by HTTP 400 (No required SSL certificate was sent)");
	}
}

TAP_MAIN()
