/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A verifier is one place in a service where client certificates are judged: an nginx server block,
 * a HAProxy bind line, an Apache virtual host or directory. It is the narrow waist: every product
 * reader ends in verifiers, and all that comes after knows no product.
 */
#pragma once

#include "stores/store.h"

enum verify_mode {
	MODE_NONE,           /* no certificate is asked for */
	MODE_OPTIONAL,       /* asked for; one that is sent must verify */
	MODE_OPTIONAL_NO_CA, /* asked for; an unknown CA is let through (nginx, Apache) */
	MODE_REQUIRED,
};

enum trust_role {
	ROLE_ANCHORS,        /* trusted, and its names are sent to clients */
	ROLE_ANCHORS_UNSENT, /* trusted, names not sent */
	ROLE_NAMES,          /* only its names are sent */
	ROLE_CRLS,
};

/* Whose certificate is judged; 0 is a TLS client's. */
enum verify_purpose { PURPOSE_CLIENT, PURPOSE_SERVER, PURPOSE_ANY };

enum crl_check { CRL_CHECK_NONE, CRL_CHECK_LEAF, CRL_CHECK_CHAIN };

/* How a text is set in the configuration: in the place of the one at where, or, where that is
 * empty, by a line of its own. No path: not known. */
struct text_setting {
	struct locus where;
	const char *format; /* what is written, with the text for its one %s */
};

/* How a verifier asks about certificates by OCSP (RFC 6960). All zero: it does not. */
struct ocsp_policy {
	enum crl_check check;
	struct locus where;
	const char *directive;    /* "ssl_ocsp" */
	const char *responder;    /* URL that it is set to ask, or NULL */
	bool responder_overrides; /* that one, whatever certificates name */
	bool without_resolver;    /* it cannot look up the names of responders (nginx) */
	bool nonce_demanded;      /* an answer must repeat the nonce (httpd) */
	bool no_url_ok;           /* a certificate without responder passes (httpd
				     no_ocsp_for_cert_ok) */
	bool missing_ok;          /* where no answer can be believed, the certificate passes */
	bool signer_unchecked;    /* whoever signed it (httpd SSLOCSPNoVerify) */
	const char *proxy;        /* URL by which responders are asked (httpd), or NULL */
	const char *signers;      /* file of certificates that may sign answers, or NULL */
	struct text_setting set_responder; /* to the URL that is asked */
	struct text_setting set_resolver;  /* to the addresses of name servers (nginx) */
	bool has_skew, has_max_age;
	int64_t skew, max_age; /* seconds */
};

/* When the server opens the path, and so as whom. Bits. */
enum read_time { READ_AT_LOAD = 1 << 0, READ_AT_HANDSHAKE = 1 << 1 };

/* One path that a verifier reads trust or revocation from. */
struct trust_source {
	enum trust_role role;
	enum store_loader loader;
	unsigned read_times;
	const char *path;      /* absolute in the service's world */
	const char *directive; /* "ssl_client_certificate" */
	struct locus where;    /* the value in the configuration */
	bool inherited;        /* set at an outer level */
	/* Of ROLE_CRLS: certificates in it are dropped (HAProxy crl-file). nginx and Apache load
	 * them into the store, where they are trusted. */
	bool crls_only;
};

/* A number that the configuration sets, or that has a default; and how it can be set. */
struct setting {
	int value; /* in the terms of RFC 5280; see the field that uses it */
	bool is_default;
	struct locus where;        /* of the number itself, where it is set */
	struct locus insert;       /* where a line that sets it may be inserted, where it is not */
	const char *insert_format; /* such as "\tssl_verify_depth %d;\n" */
	int bias;                  /* written number = value + bias */
	const char *directive;
};

enum { VERIFIER_MAX_SOURCES = 64, VERIFIER_IGNORED_ERRORS = 128, VERIFIER_MAX_POLICIES = 256 };

/* Where it can be reached. */
struct endpoint {
	const char *address; /* "127.0.0.1"; a wildcard address is kept as it is configured */
	unsigned port;
	const char *server_name; /* SNI to send, or NULL */
	bool speaks_http;      /* a request must be sent and its answer read, to know the verdict */
	const char *http_path; /* "/" or the location that demands the certificate */
};

struct verifier {
	const char *name; /* "127.0.0.1:8443 localhost": unique in its service */
	enum verify_mode mode;
	struct locus mode_where;
	const char *mode_directive;
	const struct trust_source *sources;
	size_t source_count;
	struct setting depth; /* value: number of intermediates allowed; -1: no limit */
	/* Its callback counts: all certificates above the leaf, and allows one more than the value
	 * (Apache). The library counts those between leaf and anchor. */
	bool depth_counts_all;
	/* Its callback lets all errors pass, and the last one decides (nginx). */
	bool last_error_decides;
	const char *engine;  /* "openssl" */
	bool partial_chain;  /* any certificate in the store ends a path (X509_V_FLAG_PARTIAL_CHAIN)
			      */
	bool strict_profile; /* the strict profile of RFC 5280 (X509_V_FLAG_X509_STRICT) */
	enum verify_purpose purpose;
	enum crl_check crl_check;
	struct locus crl_check_where;
	bool crl_missing_ok; /* error 3 is forgiven (Apache no_crl_for_cert_ok) */
	struct ocsp_policy ocsp;
	bool names_required; /* the server does not start where the names cannot be read from its
				store (nginx, Apache) */
	int security_level;  /* OpenSSL's, 0 to 5; 1 or 2 by default of the library */
	struct locus security_where;
	/* OpenSSL error numbers below 128 that are ignored, at the leaf and at CAs (HAProxy
	 * crt-ignore-err, ca-ignore-err). */
	bool ignored_leaf_errors[VERIFIER_IGNORED_ERRORS];
	bool ignored_ca_errors[VERIFIER_IGNORED_ERRORS];
	bool ignores_all_leaf_errors, ignores_all_ca_errors;
	struct locus ignored_where;
	const struct endpoint *endpoints;
	size_t endpoint_count;
	/* RFC 5280 itself decides and no library: nothing that one of them leaves out or adds. */
	bool by_standard;
	const char *host; /* the name that the leaf must be for (RFC 9525), or NULL */
	/* The leaf must be valid for one of these: contents of OBJECT IDENTIFIERs (RFC 5280 6.1.1
	 * (c), (e)). None: any, and there need be none. */
	const struct span *policies;
	size_t policy_count;
};
