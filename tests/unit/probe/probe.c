/* SPDX-License-Identifier: Apache-2.0 */
/* Probes against servers that accept, refuse and misbehave, in both protocols. */
#include "probe/probe.h"

#include <openssl/ssl.h>
#include <signal.h>

#include "bench.h"
#include "tap.h"

enum { BRIEF = 700 };

#define BENCH CLEANUP(bench_end) struct bench bench = bench_begin()
#define SERVER(its_manner, its_protocol, ...)                                                      \
	CLEANUP(server_stop)                                                                       \
	struct server server = server_start(&bench, &(struct server_spec){ .manner = (its_manner), \
							    .protocol = (its_protocol),            \
							    .trusted = bench.root,                 \
							    __VA_ARGS__ })
#define TLS12 TLS1_2_VERSION
#define TLS13 TLS1_3_VERSION
#define HTTP  endpoint_at(&bench, &server, "127.0.0.1", true)
#define QUIET endpoint_at(&bench, &server, "127.0.0.1", false)

static const struct endpoint *
endpoint_at(struct bench *bench, const struct server *server, const char *address, bool http)
{
	const struct endpoint endpoint = {
		.address = address,
		.port = server->port,
		.server_name = "localhost",
		.speaks_http = http,
		.http_path = "/",
	};

	return arena_dup(bench->arena, &endpoint, sizeof(endpoint));
}

static const struct client *
make_client(struct bench *bench, const struct pki_cert *issuer)
{
	return bench_client(bench, "alice.pem",
		pki_issue(
			bench->pki, &(struct pki_spec){ .subject = "CN=alice", .issuer = issuer }),
		NULL, true);
}

static const struct pki_cert *
make_stranger(struct bench *bench)
{
	return pki_issue(bench->pki, &(struct pki_spec){ .subject = "CN=Stranger", .ca = true });
}

/* A verdict in one word: "alert 48", "http 400", "closed". */
static const char *
ask_with(struct bench *bench, const struct endpoint *endpoint, const struct client *client,
	const struct probe_options *options)
{
	const struct probe *probe = probe_endpoint(bench->arena, endpoint, client, options);

	printf("# %s: %s\n", probe->endpoint, probe->text);
	return arena_printf(bench->arena, "%s%s%s %d", probe->accepted ? "yes, " : "no, ",
		probe->resumed ? "resumed, " : "", probe_layer_name(probe->layer),
		probe->alert != 0 ? probe->alert : probe->status);
}

static const char *
ask(struct bench *bench, const struct endpoint *endpoint, const struct client *client)
{
	return ask_with(bench, endpoint, client, &(struct probe_options){ .timeout = 5'000 });
}

TEST(accepted_13, "TLS 1.3: accepted, and what was seen is told")
{
	BENCH;
	SERVER(MANNER_HTTP, TLS13);
	const struct client *client = make_client(&bench, bench.root);
	const struct probe *probe = probe_endpoint(bench.arena, HTTP, client, NULL);

	CHECK(probe->accepted && probe->layer == LAYER_ACCEPTED);
	CHECK(probe->status == 200 && probe->alert == 0 && !probe->resumed && probe->asked);
	CHECK_TEXT(probe->protocol, "TLSv1.3");
	CHECK_TEXT(probe->client, "alice.pem");
	CHECK(probe->ca_name_count == 1);
	CHECK_TEXT(probe->ca_names[0], "CN=Root");
	CHECK(strstr(probe->transcript, "<- CertificateRequest\n") != NULL);
	CHECK(strstr(probe->transcript, "-> Certificate, 1 in it\n") != NULL);
	CHECK(strstr(probe->transcript, "certificate is not verified\n") != NULL);
}

TEST(accepted_12, "TLS 1.2: accepted")
{
	BENCH;
	SERVER(MANNER_HTTP, TLS12);

	CHECK_TEXT(ask(&bench, HTTP, make_client(&bench, bench.root)), "yes, accepted 200");
}

TEST(maximum_protocol, "a maximum of TLS 1.2 is kept, and a server of 1.3 alone refuses it")
{
	BENCH;
	SERVER(MANNER_HTTP, TLS13);
	const struct client *client = make_client(&bench, bench.root);

	CHECK_TEXT(ask_with(&bench, HTTP, client,
			   &(struct probe_options){ .maximum_protocol = TLS1_2_VERSION }),
		"no, alert 70");
}

TEST(alert_13, "TLS 1.3: the alert that comes at the first read is the verdict")
{
	BENCH;
	SERVER(MANNER_HTTP, TLS13);
	const struct client *client = make_client(&bench, make_stranger(&bench));

	CHECK_TEXT(ask(&bench, HTTP, client), "no, alert 48");
	CHECK_TEXT(ask(&bench, QUIET, client), "no, alert 48");
}

TEST(alert_12, "TLS 1.2: the alert ends the handshake")
{
	BENCH;
	SERVER(MANNER_HTTP, TLS12);
	const struct client *client = make_client(&bench, make_stranger(&bench));

	CHECK_TEXT(ask(&bench, HTTP, client), "no, alert 48");
	CHECK_TEXT(ask(&bench, QUIET, client), "no, alert 48");
}

TEST(without_certificate, "no client: certificate required")
{
	BENCH;
	SERVER(MANNER_HTTP, TLS13);

	CHECK_TEXT(ask(&bench, HTTP, NULL), "no, alert 116");
}

TEST(http_400, "HTTP 400 after a real success is a refusal, and its page is quoted")
{
	BENCH;
	SERVER(MANNER_HTTP, TLS13, .status = 400,
		.body = "<title>400 The SSL certificate error</title>");
	const struct probe *probe =
		probe_endpoint(bench.arena, HTTP, make_client(&bench, bench.root), NULL);

	CHECK(!probe->accepted && probe->layer == LAYER_HTTP && probe->status == 400);
	CHECK_TEXT(probe->text, "refused by HTTP 400 (The SSL certificate error)");
}

TEST(http_statuses, "403, 421, 495 and 496 refuse; 404 and 503 do not")
{
	static const struct {
		int status;
		const char *wanted;
	} rows[] = {
		{ 403, "no, http 403" },
		{ 421, "no, http 421" },
		{ 495, "no, http 495" },
		{ 496, "no, http 496" },
		{ 404, "yes, accepted 404" },
		{ 503, "yes, accepted 503" },
	};
	BENCH;
	const struct client *client = make_client(&bench, bench.root);

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		SERVER(MANNER_HTTP, TLS13, .status = rows[i].status, .body = "sorry");

		CHECK_TEXT(ask(&bench, HTTP, client), rows[i].wanted);
	}
}

TEST(closed, "close_notify, end of file and reset before any byte refuse")
{
	static const enum manner manners[] = { MANNER_CLOSES, MANNER_TRUNCATES, MANNER_RESETS };
	static const int protocols[] = { TLS1_2_VERSION, TLS1_3_VERSION };
	BENCH;
	const struct client *client = make_client(&bench, bench.root);

	for (size_t i = 0; i < COUNT_OF(manners) * COUNT_OF(protocols); i++) {
		SERVER(manners[i / 2], protocols[i % 2]);

		CHECK_TEXT(ask(&bench, HTTP, client), "no, closed 0");
		CHECK_TEXT(ask(&bench, QUIET, client), "no, closed 0");
	}
}

TEST(no_http, "a server that does not speak HTTP accepts by data and by silence")
{
	static const enum manner manners[] = { MANNER_GREETS, MANNER_SILENT };
	BENCH;
	const struct client *client = make_client(&bench, bench.root);

	for (size_t i = 0; i < COUNT_OF(manners); i++) {
		SERVER(manners[i], TLS13);

		CHECK_TEXT(ask(&bench, QUIET, client), "yes, accepted 0");
	}
}

TEST(no_answer, "half a status line is no answer; something else than HTTP is one")
{
	BENCH;
	const struct client *client = make_client(&bench, bench.root);
	SERVER(MANNER_STUTTERS, TLS13);

	CHECK_TEXT(ask(&bench, HTTP, client), "no, closed 0");
	server_stop(&server);
	server = server_start(
		&bench, &(struct server_spec){ .manner = MANNER_GREETS, .protocol = TLS12 });
	CHECK_TEXT(ask(&bench, HTTP, client), "yes, accepted 0");
}

TEST(floods, "a server that sends tickets without end meets the deadline")
{
	BENCH;
	SERVER(MANNER_FLOODS, TLS13);

	CHECK_TEXT(ask_with(&bench, HTTP, make_client(&bench, bench.root),
			   &(struct probe_options){ .timeout = BRIEF }),
		"no, local 0");
}

TEST(hangs, "a server that says nothing leaves the verdict open when the time is up")
{
	static const enum manner manners[] = { MANNER_HANGS, MANNER_SILENT };
	BENCH;
	const struct client *client = make_client(&bench, bench.root);

	for (size_t i = 0; i < COUNT_OF(manners); i++) {
		SERVER(manners[i], TLS13);
		const struct probe *probe = probe_endpoint(
			bench.arena, HTTP, client, &(struct probe_options){ .timeout = BRIEF });

		CHECK(!probe->accepted && probe->layer == LAYER_LOCAL);
		CHECK(strstr(probe->text, "did not answer in time") != NULL);
	}
}

TEST(no_tls, "a server that speaks no TLS is no verdict; one that drops the connection is closed")
{
	BENCH;
	const struct client *client = make_client(&bench, bench.root);
	SERVER(MANNER_GARBAGE, TLS13);

	CHECK_TEXT(ask(&bench, HTTP, client), "no, local 0");
	server_stop(&server);
	server = server_start(&bench,
		&(struct server_spec){ .manner = MANNER_DROPS, .protocol = TLS1_3_VERSION });
	CHECK_TEXT(ask(&bench, HTTP, client), "no, closed 0");
}

TEST(nobody, "nobody listens: no connection")
{
	BENCH;
	struct server server = { .port = port_free() };

	CHECK_TEXT(ask(&bench, HTTP, NULL), "no, connect 0");
	CHECK_TEXT(ask(&bench, endpoint_at(&bench, &server, "not an address", true), NULL),
		"no, connect 0");
}

TEST(wildcards, "wildcard addresses are reached by the loopback")
{
	static const char *const addresses[] = { "0.0.0.0", "*", "", "::", "[::]", "127.0.0.1",
		NULL };
	BENCH;
	const struct client *client = make_client(&bench, bench.root);
	SERVER(MANNER_HTTP, TLS13);

	for (size_t i = 0; i < COUNT_OF(addresses); i++)
		CHECK_TEXT(ask(&bench, endpoint_at(&bench, &server, addresses[i], true), client),
			"yes, accepted 200");
	CHECK_TEXT(ask_with(&bench, endpoint_at(&bench, &server, "192.0.2.1", true), client,
			   &(struct probe_options){ .host = "localhost" }),
		"yes, accepted 200");
}

TEST(ipv6, "IPv6, with and without brackets")
{
	static const char *const addresses[] = { "::", "::1", "[::1]" };
	BENCH;
	const struct client *client = make_client(&bench, bench.root);
	SERVER(MANNER_HTTP, TLS13, .ipv6 = true);

	for (size_t i = 0; i < COUNT_OF(addresses); i++)
		CHECK_TEXT(ask(&bench, endpoint_at(&bench, &server, addresses[i], true), client),
			"yes, accepted 200");
}

TEST(resumed, "a session is resumed where the server keeps its keys, and not where it forgets them")
{
	static const int protocols[] = { TLS1_2_VERSION, TLS1_3_VERSION };
	BENCH;
	const struct client *client = make_client(&bench, bench.root);

	for (size_t i = 0; i < COUNT_OF(protocols) * 2; i++) {
		bool forgets = i % 2 != 0;
		struct probe_session *session = NULL;
		const char *answer;
		SERVER(MANNER_HTTP, protocols[i / 2], .forgets = forgets);

		CHECK_TEXT(ask_with(&bench, HTTP, client,
				   &(struct probe_options){ .ret_session = &session }),
			"yes, accepted 200");
		CHECK(session != NULL);
		/* Twice: offering a session does not spend our copy of it. */
		for (int round = 0; round < 2; round++) {
			answer = ask_with(
				&bench, HTTP, client, &(struct probe_options){ .resume = session });
			CHECK_TEXT(answer,
				forgets ? "yes, accepted 200" : "yes, resumed, accepted 200");
		}
		probe_session_free(session);
	}
}

TEST(asked_late, "a server that asks after the request is answered, and its alert is read")
{
	static const int protocols[] = { TLS1_2_VERSION, TLS1_3_VERSION };
	BENCH;
	const struct pki_cert *stranger = make_stranger(&bench);

	for (size_t i = 0; i < COUNT_OF(protocols); i++) {
		SERVER(MANNER_ASKS_LATE, protocols[i]);

		CHECK_TEXT(ask(&bench, HTTP, make_client(&bench, bench.root)), "yes, accepted 200");
		CHECK_TEXT(ask(&bench, HTTP, make_client(&bench, stranger)), "no, alert 48");
	}
}

TEST(exact_chain, "exactly what is in the file is sent: an issuer that is left out stays out")
{
	BENCH;
	SERVER(MANNER_HTTP, TLS13);
	const struct pki_cert *issuing = pki_issue(bench.pki,
		&(struct pki_spec){ .subject = "CN=Issuing", .ca = true, .issuer = bench.root });
	const struct pki_cert *leaf =
		pki_issue(bench.pki, &(struct pki_spec){ .subject = "CN=bob", .issuer = issuing });

	CHECK_TEXT(ask(&bench, HTTP, bench_client(&bench, "short.pem", leaf, NULL, true)),
		"no, alert 48");
	CHECK_TEXT(ask(&bench, HTTP, bench_client(&bench, "long.pem", leaf, issuing, true)),
		"yes, accepted 200");
}

TEST(weak_client, "a weak certificate is sent all the same, and the server refuses it")
{
	BENCH;
	SERVER(MANNER_HTTP, TLS13);
	const struct pki_cert *leaf = pki_issue(bench.pki,
		&(struct pki_spec){
			.subject = "CN=weak", .issuer = bench.root, .key = PKI_RSA_1024 });
	const struct probe *probe = probe_endpoint(
		bench.arena, HTTP, bench_client(&bench, "weak.pem", leaf, NULL, true), NULL);

	CHECK(!probe->accepted && probe->layer == LAYER_ALERT);
	CHECK(strstr(probe->transcript, "-> Certificate, 1 in it\n") != NULL);
}

TEST(keys, "a client without its key, or with another one's, makes no handshake")
{
	BENCH;
	SERVER(MANNER_HTTP, TLS13);
	const struct pki_cert *leaf = pki_issue(
		bench.pki, &(struct pki_spec){ .subject = "CN=bob", .issuer = bench.root });
	CLEANUP(mem_freep) char *key = pki_key_pem(bench.root);
	const char *path = bench_write(&bench, "other.pem",
		arena_printf(bench.arena, "%s%s", bench_pem(&bench, leaf), key));
	struct clients clients = {};
	struct err err = {};

	CHECK_TEXT(ask(&bench, HTTP, bench_client(&bench, "bare.pem", leaf, NULL, false)),
		"no, local 0");
	CHECK(clients_read_one(bench.arena, path, true, NULL, &clients, &err) == 0);
	CHECK_TEXT(ask(&bench, HTTP, &clients.list[0]), "no, local 0");
}

static volatile sig_atomic_t pipes;

static void
count_pipe(int)
{
	pipes = pipes + 1;
}

TEST(pipe_signal, "a server that resets raises no SIGPIPE, and the thread's mask stays")
{
	BENCH;
	SERVER(MANNER_RESETS, TLS13);
	const struct client *client = make_client(&bench, bench.root);
	sigset_t mask;

	(void)signal(SIGPIPE, count_pipe);
	for (int i = 0; i < 10; i++)
		CHECK_TEXT(ask(&bench, HTTP, client), "no, closed 0");
	(void)signal(SIGPIPE, SIG_DFL);
	CHECK(pipes == 0);
	CHECK(pthread_sigmask(SIG_SETMASK, NULL, &mask) == 0);
	CHECK(sigismember(&mask, SIGPIPE) == 0);
}

TAP_MAIN()
