/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/exchange_events.h"

#include <string.h>

enum { ALERT_SIZE = 2, MESSAGE_HEADER = 4, LENGTH_SIZE = 3 };

struct message_name {
	int type; /* of a message or an alert */
	const char *name;
};

/* RFC 5246 7.4 and RFC 8446 4. */
static const struct message_name message_names[] = {
	{ SSL3_MT_HELLO_REQUEST, "HelloRequest" },
	{ SSL3_MT_CLIENT_HELLO, "ClientHello" },
	{ SSL3_MT_SERVER_HELLO, "ServerHello" },
	{ SSL3_MT_NEWSESSION_TICKET, "NewSessionTicket" },
	{ SSL3_MT_ENCRYPTED_EXTENSIONS, "EncryptedExtensions" },
	{ SSL3_MT_CERTIFICATE, "Certificate" },
	{ SSL3_MT_SERVER_KEY_EXCHANGE, "ServerKeyExchange" },
	{ SSL3_MT_CERTIFICATE_REQUEST, "CertificateRequest" },
	{ SSL3_MT_SERVER_DONE, "ServerHelloDone" },
	{ SSL3_MT_CERTIFICATE_VERIFY, "CertificateVerify" },
	{ SSL3_MT_CLIENT_KEY_EXCHANGE, "ClientKeyExchange" },
	{ SSL3_MT_FINISHED, "Finished" },
	{ SSL3_MT_CERTIFICATE_STATUS, "CertificateStatus" },
	{ SSL3_MT_KEY_UPDATE, "KeyUpdate" },
};

/* RFC 8446 6.2; OpenSSL 3.0 has no text for these. */
static const struct message_name newer_alerts[] = {
	{ TLS13_AD_MISSING_EXTENSION, "missing extension" },
	{ TLS13_AD_CERTIFICATE_REQUIRED, "certificate required" },
};

static const char *
alert_name(int alert)
{
	for (size_t i = 0; i < COUNT_OF(newer_alerts); i++)
		if (newer_alerts[i].type == alert)
			return newer_alerts[i].name;
	return SSL_alert_desc_string_long(alert);
}

const char *
alert_text(struct arena *arena, int alert)
{
	return arena_printf(arena, "alert %d (%s)", alert, alert_name(alert));
}

static const char *
message_name(int type)
{
	for (size_t i = 0; i < COUNT_OF(message_names); i++)
		if (message_names[i].type == type)
			return message_names[i].name;
	return "handshake message of another kind";
}

/* RFC 5246 7.4.2; RFC 8446 4.4.2 puts a context, with a length of one octet, before the list. */
static bool
is_empty_certificate(const uint8_t *message, size_t length, bool has_context)
{
	size_t at = MESSAGE_HEADER;

	if (has_context && at < length)
		at += 1 + (size_t)message[at];
	return at + LENGTH_SIZE <= length && message[at] == 0 && message[at + 1] == 0 &&
	       message[at + 2] == 0;
}

static void
note_certificate_sent(struct exchange *exchange, const uint8_t *message, size_t length)
{
	exchange->sent_empty =
		is_empty_certificate(message, length, SSL_version(exchange->ssl) >= TLS1_3_VERSION);
	if (!exchange->sent_empty)
		transcript_add(&exchange->transcript, "-> Certificate, %zu in it",
			exchange->client != NULL ? exchange->client->chain_length : 0);
	else if (exchange->client == NULL)
		transcript_add(&exchange->transcript, "-> Certificate, empty");
	else
		transcript_add(&exchange->transcript,
			"-> Certificate, empty: the server takes no signature that the client's "
			"key can make");
}

static void
note_handshake(struct exchange *exchange, bool sent, const uint8_t *message, size_t length)
{
	int type = length > 0 ? message[0] : -1;

	if (!sent)
		exchange->server_spoke = true;
	if (!sent && type == SSL3_MT_CERTIFICATE_REQUEST)
		exchange->probe->asked = true;
	if (sent && type == SSL3_MT_CERTIFICATE)
		note_certificate_sent(exchange, message, length);
	else
		transcript_add(
			&exchange->transcript, "%s %s", sent ? "->" : "<-", message_name(type));
}

/* RFC 8446 6: all but two are fatal, whatever their level says; RFC 5246 7.2: the level says. */
static bool
is_fatal(const struct exchange *exchange, int level, int alert)
{
	if (alert == SSL_AD_CLOSE_NOTIFY || alert == SSL_AD_USER_CANCELLED)
		return false;
	return level == SSL3_AL_FATAL || SSL_version(exchange->ssl) >= TLS1_3_VERSION;
}

static void
note_alert(struct exchange *exchange, bool sent, int level, int alert)
{
	transcript_add(&exchange->transcript, "%s %s", sent ? "->" : "<-",
		alert_text(exchange->arena, alert));
	if (sent)
		return;
	exchange->server_spoke = true;
	if (is_fatal(exchange, level, alert))
		exchange->probe->alert = alert;
}

static void
message_callback(int sent, int, int content, const void *bytes, size_t length, SSL *, void *owner)
{
	const uint8_t *octets = bytes;

	if (content == SSL3_RT_HANDSHAKE)
		note_handshake(owner, sent != 0, octets, length);
	if (content == SSL3_RT_ALERT && length >= ALERT_SIZE)
		note_alert(owner, sent != 0, octets[0], octets[1]);
}

/* TLS 1.3 tickets come after the handshake, and more than one: the newest is kept. 1: it is ours.
 */
static int
session_callback(SSL *ssl, SSL_SESSION *session)
{
	struct exchange *exchange = SSL_get_app_data(ssl);

	SSL_SESSION_free(exchange->session);
	exchange->session = session;
	return 1;
}

void
exchange_listen_context(struct exchange *exchange)
{
	(void)SSL_CTX_set_session_cache_mode(
		exchange->context, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
	SSL_CTX_sess_set_new_cb(exchange->context, session_callback);
}

void
exchange_listen(struct exchange *exchange)
{
	(void)SSL_set_app_data(exchange->ssl, exchange);
	SSL_set_msg_callback(exchange->ssl, message_callback);
	SSL_set_msg_callback_arg(exchange->ssl, exchange);
}
