/* Calls out of the house over HTTPS: several at a time, each to an address that may be called (core/machine), asked of the address
 * the connection is made to. No redirects, no proxies, no cookies, no credentials in addresses; a bounded answer, a total timeout.
 * Plain HTTP, and ports other than 443 and 8443, are for addresses alone that the machine's own list names. */
#ifndef GUANXI_CORE_OUTWARD_OUTWARD_H
#define GUANXI_CORE_OUTWARD_OUTWARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/ctx.h"

enum { OUTWARD_PARALLEL_MAX = 64, OUTWARD_ANSWER_MAX = 64 * 1024, OUTWARD_URL_MAX = 2000 };

/* Whether a URL is one that may be called, as far as can be said without asking for its name's addresses: those are asked at each call.
 * ERR_INVALID with `field` and what is wrong. */
enum err outward_check_url(struct ctx *ctx, const char *field, const char *url) MUST_CHECK;

struct outward;
/* `machine` must outlive it. */
enum err outward_open_new(struct ctx *ctx, const struct machine *machine, struct outward **ret) MUST_CHECK;
/* Cuts what runs. */
void outward_free(struct outward *outward);

struct outward_call {
	const char *url;
	const void *body; /* copied */
	size_t n;
	const char *const *headers; /* "Name: value", ended by NULL; copied */
	int64_t timeout_ms;         /* in all */
	void *user;
};

struct outward_answer {
	void *user;
	int status;        /* of HTTP; 0: none came */
	const char *error; /* NULL, or a key: "outward_name", "outward_barred", "outward_connect", "outward_tls", "outward_timeout", "outward_large", "outward_broken" */
	int64_t took_ms;
};

/* POSTs. ERR_LIMIT: OUTWARD_PARALLEL_MAX run already, or no memory. */
enum err outward_post(struct ctx *ctx, struct outward *outward, const struct outward_call *call) MUST_CHECK;
/* Works on what runs until something has ended or `ms` have gone by; returns how many answers were written. */
size_t outward_wait(struct outward *outward, int ms, struct outward_answer *answers, size_t max);
size_t outward_running(const struct outward *outward);

#endif
