/* SPDX-License-Identifier: Apache-2.0 */
#define CONSTRUCTS
#include "bench.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	BENCH_LIFE = 60,
	BENCH_BACKLOG = 16,
	BENCH_REQUEST = 4'096,
	BENCH_LINE = 512,
	BENCH_PEEKS = 8
};

static void
must(bool condition, const char *what)
{
	if (condition)
		return;
	perror(what);
	abort();
}

struct bench
bench_begin(void)
{
	char directory[] = "/tmp/trustmend-probe-XXXXXX";
	struct bench bench = { .pki = pki_new(), .arena = arena_new() };

	must(mkdtemp(directory) != NULL, "mkdtemp");
	bench.directory = arena_strdup(bench.arena, directory);
	bench.root = pki_issue(bench.pki, &(struct pki_spec){ .subject = "CN=Root", .ca = true });
	bench.server = pki_issue(bench.pki, &(struct pki_spec){ .subject = "CN=localhost",
						    .extended_key_usage = "serverAuth" });
	return bench;
}

static void
empty_directory(const char *path)
{
	DIR *directory = opendir(path);
	char name[BENCH_LINE];

	for (struct dirent *entry = directory != NULL ? readdir(directory) : NULL; entry != NULL;
		entry = readdir(directory)) {
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		(void)snprintf(name, sizeof(name), "%s/%s", path, entry->d_name);
		if (unlink(name) < 0) {
			empty_directory(name);
			(void)rmdir(name);
		}
	}
	if (directory != NULL)
		(void)closedir(directory);
}

void
bench_end(struct bench *bench)
{
	empty_directory(bench->directory);
	(void)rmdir(bench->directory);
	arena_free(bench->arena);
	pki_free(bench->pki);
}

const char *
bench_path(struct bench *bench, const char *name)
{
	return path_join(bench->arena, bench->directory, name);
}

const char *
bench_write(struct bench *bench, const char *name, const char *text)
{
	const char *path = bench_path(bench, name);
	FILE *file = fopen(path, "w");

	must(file != NULL && fputs(text, file) >= 0 && fclose(file) == 0, path);
	return path;
}

const char *
bench_pem(struct bench *bench, const struct pki_cert *cert)
{
	CLEANUP(mem_freep) char *text = pki_pem("CERTIFICATE", cert->der);

	return arena_strdup(bench->arena, text);
}

const struct client *
bench_client(struct bench *bench, const char *name, const struct pki_cert *leaf,
	const struct pki_cert *sent, bool with_key)
{
	CLEANUP(mem_freep) char *key = pki_key_pem(leaf);
	const char *text = arena_printf(bench->arena, "%s%s%s", bench_pem(bench, leaf),
		sent != NULL ? bench_pem(bench, sent) : "", with_key ? key : "");
	struct clients clients = {};
	struct err err = {};

	must(clients_read_one(
		     bench->arena, bench_write(bench, name, text), true, NULL, &clients, &err) == 0,
		"client");
	return &clients.list[0];
}

static SSL_CTX *
make_context(const struct bench *bench, const struct server_spec *spec)
{
	SSL_CTX *context = SSL_CTX_new(TLS_server_method());
	int mode = SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT;

	must(SSL_CTX_use_certificate(context, bench->server->x509) == 1 &&
			SSL_CTX_use_PrivateKey(context, bench->server->key) == 1 &&
			SSL_CTX_set_min_proto_version(context, spec->protocol) == 1 &&
			SSL_CTX_set_max_proto_version(context, spec->protocol) == 1 &&
			SSL_CTX_set_session_id_context(context, (const uint8_t *)"t", 1) == 1,
		"context");
	if (spec->trusted != NULL) {
		must(X509_STORE_add_cert(SSL_CTX_get_cert_store(context), spec->trusted->x509) ==
					1 &&
				SSL_CTX_add_client_CA(context, spec->trusted->x509) == 1,
			"trust");
		if (spec->manner != MANNER_ASKS_LATE)
			SSL_CTX_set_verify(context, mode, NULL);
	}
	return context;
}

/* Asks for the certificate as httpd does for a directory (ssl_engine_kernel.c,
 * ssl_hook_Access_classic and _modern): TLS 1.2 by a second handshake. */
static bool
ask_late(SSL *ssl, const struct server_spec *spec)
{
	int mode = SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT;
	bool modern = spec->protocol == TLS1_3_VERSION;
	char byte;

	(void)SSL_clear_mode(ssl, SSL_MODE_AUTO_RETRY);
	(void)SSL_set_options(ssl, SSL_OP_NO_SESSION_RESUMPTION_ON_RENEGOTIATION);
	SSL_set_verify(ssl, modern ? mode | SSL_VERIFY_POST_HANDSHAKE : mode, NULL);
	if ((modern ? SSL_verify_client_post_handshake(ssl) : SSL_renegotiate(ssl)) != 1 ||
		SSL_do_handshake(ssl) != 1)
		return false;
	for (int i = 0; i < BENCH_PEEKS && SSL_get0_peer_certificate(ssl) == NULL; i++)
		(void)SSL_peek(ssl, &byte, 0);
	while (SSL_in_init(ssl) && SSL_peek(ssl, &byte, 0) < 0 &&
		SSL_get_error(ssl, -1) == SSL_ERROR_WANT_READ)
		continue;
	return SSL_get0_peer_certificate(ssl) != NULL && SSL_get_verify_result(ssl) == X509_V_OK;
}

static void
answer_http(SSL *ssl, const struct server_spec *spec)
{
	char request[BENCH_REQUEST], text[BENCH_LINE];
	const char *body = spec->body != NULL ? spec->body : "";

	if (SSL_read(ssl, request, sizeof(request)) <= 0)
		return;
	if (spec->manner == MANNER_ASKS_LATE && !ask_late(ssl, spec))
		return;
	(void)snprintf(text, sizeof(text),
		"HTTP/1.1 103 Early\r\nLink: x\r\n\r\nHTTP/1.1 %d Words\r\nContent-Length: "
		"%zu\r\n\r\n%s",
		spec->status != 0 ? spec->status : 200, strlen(body), body);
	(void)SSL_write(ssl, text, (int)strlen(text));
	(void)SSL_shutdown(ssl);
}

static void
reset(int descriptor)
{
	struct linger linger = { .l_onoff = 1 };

	(void)setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
}

static void
behave(SSL *ssl, int descriptor, const struct server_spec *spec)
{
	char byte;

	switch (spec->manner) {
	case MANNER_STUTTERS:
		(void)SSL_write(ssl, "HTTP/1.1 4", 10);
		(void)SSL_shutdown(ssl);
		break;
	case MANNER_FLOODS:
		while (SSL_new_session_ticket(ssl) == 1 && SSL_do_handshake(ssl) == 1)
			continue;
		break;
	case MANNER_GREETS:
		(void)SSL_write(ssl, "220 hello\r\n", 11);
		(void)SSL_shutdown(ssl);
		break;
	case MANNER_SILENT:
		while (SSL_read(ssl, &byte, 1) > 0)
			continue;
		break;
	case MANNER_CLOSES:
		(void)SSL_shutdown(ssl);
		break;
	case MANNER_RESETS:
		reset(descriptor);
		break;
	case MANNER_TRUNCATES:
		break;
	default:
		answer_http(ssl, spec);
		break;
	}
}

static void
serve(SSL_CTX *context, int descriptor, const struct server_spec *spec)
{
	SSL *ssl;
	char byte;

	if (spec->manner == MANNER_HANGS) {
		while (read(descriptor, &byte, 1) > 0)
			continue;
		return;
	}
	if (spec->manner == MANNER_GARBAGE) {
		(void)!write(descriptor, "220 mail.example ESMTP\r\n", 24);
		return;
	}
	if (spec->manner == MANNER_DROPS)
		return;
	ssl = SSL_new(context);
	(void)SSL_set_fd(ssl, descriptor);
	if (SSL_accept(ssl) == 1)
		behave(ssl, descriptor, spec);
	SSL_free(ssl);
}

static _Noreturn void
serve_all(const struct bench *bench, const struct server_spec *spec, int listener)
{
	SSL_CTX *context = make_context(bench, spec);

	(void)signal(SIGPIPE, SIG_IGN);
	(void)alarm(BENCH_LIFE);
	for (;;) {
		int descriptor = accept(listener, NULL, NULL);

		if (descriptor < 0)
			_exit(1);
		if (spec->forgets) {
			SSL_CTX_free(context);
			context = make_context(bench, spec);
		}
		serve(context, descriptor, spec);
		(void)close(descriptor);
	}
}

static int
listen_somewhere(bool ipv6, unsigned *ret_port)
{
	struct sockaddr_in6 six = { .sin6_family = AF_INET6, .sin6_addr = in6addr_loopback };
	struct sockaddr_in four = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct sockaddr *address = ipv6 ? (struct sockaddr *)&six : (struct sockaddr *)&four;
	socklen_t size = ipv6 ? sizeof(six) : sizeof(four);
	int descriptor = socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	must(descriptor >= 0 && bind(descriptor, address, size) == 0 &&
			listen(descriptor, BENCH_BACKLOG) == 0 &&
			getsockname(descriptor, address, &size) == 0,
		"listen");
	*ret_port = ntohs(ipv6 ? six.sin6_port : four.sin_port);
	return descriptor;
}

struct server
server_start(struct bench *bench, const struct server_spec *spec)
{
	struct server server = {};
	CLEANUP(fd_close) int listener = listen_somewhere(spec->ipv6, &server.port);

	(void)fflush(stdout);
	server.child = fork();
	must(server.child >= 0, "fork");
	if (server.child == 0)
		serve_all(bench, spec, listener);
	return server;
}

void
server_stop(struct server *server)
{
	if (server->child <= 0)
		return;
	(void)kill(server->child, SIGKILL);
	(void)waitpid(server->child, NULL, 0);
	server->child = 0;
}

unsigned
port_free(void)
{
	unsigned port;
	int descriptor = listen_somewhere(false, &port);

	(void)close(descriptor);
	return port;
}
