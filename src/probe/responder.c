/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/responder.h"

#include <assert.h>
#include <curl/curl.h>
#include <pthread.h>
#include <string.h>

#include "base/library.h"

enum { HTTP_OK = 200 };

/* Of libcurl, which is loaded when a responder is asked: with what it draws in, it would cost every
 * command several milliseconds. */
static struct {
	typeof(curl_global_init) *global_init;
	typeof(curl_easy_init) *easy_init;
	typeof(curl_easy_cleanup) *easy_cleanup;
	typeof(curl_easy_setopt) *easy_setopt;
	typeof(curl_easy_perform) *easy_perform;
	typeof(curl_easy_getinfo) *easy_getinfo;
	typeof(curl_easy_strerror) *easy_strerror;
	typeof(curl_slist_append) *slist_append;
	typeof(curl_slist_free_all) *slist_free_all;
} curl;
static bool is_loaded;

static void
load(void)
{
#define CALL(name)                                          \
	{                                                   \
		"curl_" #name, offsetof(typeof(curl), name) \
	}
	static const struct library_call calls[] = {
		CALL(global_init),
		CALL(easy_init),
		CALL(easy_cleanup),
		CALL(easy_setopt),
		CALL(easy_perform),
		CALL(easy_getinfo),
		CALL(easy_strerror),
		CALL(slist_append),
		CALL(slist_free_all),
	};
#undef CALL
	static_assert(sizeof(curl) == COUNT_OF(calls) * sizeof(void (*)(void)));

	is_loaded = library_load("libcurl.so.4", calls, COUNT_OF(calls), &curl) == 0 &&
		    curl.global_init(CURL_GLOBAL_NOTHING) == CURLE_OK;
}

struct reception {
	struct buffer body;
	bool is_too_large;
};

static void
end_handle(CURL **handle)
{
	if (*handle != NULL)
		curl.easy_cleanup(*handle);
}

static void
end_list(struct curl_slist **list)
{
	if (*list != NULL)
		curl.slist_free_all(*list);
}

static void
end_reception(struct reception *reception)
{
	buffer_free(&reception->body);
}

/* What is larger than any answer is not read to its end. */
static size_t
receive(char *bytes, size_t size, size_t count, void *owner)
{
	struct reception *reception = owner;
	size_t length = size * count;

	reception->is_too_large = length > OCSP_MAX_SIZE - reception->body.length;
	if (reception->is_too_large)
		return 0;
	buffer_add(&reception->body, bytes, length);
	return length;
}

/* The first failure of them: a libcurl that does not know one of these bounds is asked nothing. */
static CURLcode
set_options(CURL *handle, const struct ocsp_call *call, struct reception *reception,
	struct curl_slist *headers)
{
	const CURLcode codes[] = {
		curl.easy_setopt(handle, CURLOPT_URL, call->url),
		curl.easy_setopt(handle, CURLOPT_PROTOCOLS_STR, "http"),
		curl.easy_setopt(handle, CURLOPT_FOLLOWLOCATION, 0L),
		/* "" is none: neither that of the environment. */
		curl.easy_setopt(handle, CURLOPT_PROXY, call->proxy != NULL ? call->proxy : ""),
		curl.easy_setopt(handle, CURLOPT_NOSIGNAL, 1L),
		curl.easy_setopt(handle, CURLOPT_TIMEOUT_MS, (long)RESPONDER_TIMEOUT),
		curl.easy_setopt(
			handle, CURLOPT_CONNECTTIMEOUT_MS, (long)RESPONDER_CONNECT_TIMEOUT),
		curl.easy_setopt(handle, CURLOPT_HTTPHEADER, headers),
		curl.easy_setopt(handle, CURLOPT_POSTFIELDSIZE, (long)call->request.length),
		curl.easy_setopt(handle, CURLOPT_POSTFIELDS, call->request.data),
		curl.easy_setopt(handle, CURLOPT_WRITEFUNCTION, receive),
		curl.easy_setopt(handle, CURLOPT_WRITEDATA, reception),
	};

	for (size_t i = 0; i < COUNT_OF(codes); i++)
		if (codes[i] != CURLE_OK)
			return codes[i];
	return CURLE_OK;
}

static int
say_failure(
	struct arena *arena, const struct ocsp_call *call, const char *text, const char **ret_why)
{
	*ret_why = arena_printf(arena, "the responder %s gives no answer: %s", call->url,
		text_sanitize(arena, text, strlen(text)));
	return -1;
}

/* nginx refuses other types; httpd does not look. */
static int
check_answer(struct arena *arena, const struct ocsp_call *call, CURL *handle, const char **ret_why)
{
	const char *type = NULL;
	long status = 0;

	(void)curl.easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &status);
	(void)curl.easy_getinfo(handle, CURLINFO_CONTENT_TYPE, &type);
	if (status != HTTP_OK)
		return say_failure(
			arena, call, arena_printf(arena, "HTTP status %ld", status), ret_why);
	if (type == NULL || strncasecmp(type, "application/ocsp-response",
				    strlen("application/ocsp-response")) != 0)
		return say_failure(arena, call,
			arena_printf(arena, "it sends %s, not application/ocsp-response",
				type != NULL ? type : "no type"),
			ret_why);
	return 0;
}

int
responder_ask(struct arena *arena, const struct ocsp_call *call, struct span *ret_answer,
	const char **ret_why)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	CLEANUP(end_handle) CURL *handle = NULL;
	CLEANUP(end_list) struct curl_slist *headers = NULL;
	CLEANUP(end_reception) struct reception reception = {};
	CURLcode code;

	(void)pthread_once(&once, load);
	if (is_loaded) {
		handle = curl.easy_init();
		headers = curl.slist_append(NULL, "Content-Type: application/ocsp-request");
	}
	if (handle == NULL || headers == NULL)
		return say_failure(arena, call, "libcurl cannot be loaded", ret_why);
	code = set_options(handle, call, &reception, headers);
	if (code == CURLE_OK)
		code = curl.easy_perform(handle);
	if (reception.is_too_large)
		return say_failure(arena, call,
			arena_printf(arena, "it sends more than %d bytes", OCSP_MAX_SIZE), ret_why);
	if (code != CURLE_OK)
		return say_failure(arena, call, curl.easy_strerror(code), ret_why);
	if (check_answer(arena, call, handle, ret_why) < 0)
		return -1;
	*ret_answer = span_of(arena_dup(arena, reception.body.data, reception.body.length),
		reception.body.length);
	return 0;
}
