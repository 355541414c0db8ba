/* Error codes and how a function reports one.  Detail is recorded once, in the
 * context, where it is known; callers only pass the code on. */
#ifndef GUANXI_BASE_ERR_H
#define GUANXI_BASE_ERR_H

#include <stdbool.h>
#include <stddef.h>

enum err {
	OK = 0,
	ERR_INVALID,   /* the input is wrong: 400 or 422 */
	ERR_NOT_FOUND, /* absent, or not visible to this actor: 404 */
	ERR_DENIED,    /* who are you: 401 */
	ERR_FORBIDDEN, /* known, but may not: 403 */
	ERR_CONFLICT,  /* version, uniqueness or reference: 409 or 412 */
	ERR_RETRY,     /* try again as it is: 503 */
	ERR_LIMIT,     /* too large, too many, too long, disk full: 413, 429, 507 */
	ERR_UPSTREAM,  /* another system failed: 502 */
	ERR_BUG,       /* our fault: 500 */
};

#define MUST_CHECK __attribute__((warn_unused_result))
#define PRINTF_LIKE(fmt, first) __attribute__((format(printf, fmt, first)))

struct ctx;

/* One reported problem.  `field` is a path such as "order.paid_at" or "" ;
 * `key` is a message key such as "date_in_past", translated at the edge;
 * `arg` fills the message's one placeholder, or NULL. */
struct fault {
	const char *field;
	const char *key;
	const char *arg;
};

enum { FAULTS_MAX = 64 };
/* Between the parts of an argument that has several ({1}, {2} … of a message): no reader sees it. */
#define FAULT_PART "\xe2\x81\xa3"

struct faults {
	enum err code; /* of the first fault */
	size_t count;
	bool more; /* there were over FAULTS_MAX */
	struct fault list[FAULTS_MAX];
};

/* Records a fault and returns `code`, so that `return fail(...)` reads as one.
 * The texts are copied into the context's arena. */
enum err fail(struct ctx *ctx, enum err code, const char *field, const char *key) MUST_CHECK;
enum err fail_arg(struct ctx *ctx, enum err code, const char *field, const char *key, const char *arg) MUST_CHECK;

/* Records a fault and goes on: for validation that reports all errors together. */
void fault_add(struct ctx *ctx, enum err code, const char *field, const char *key, const char *arg);

/* Copies the texts of all faults into the context's arena: before the arena is released that it had when they were added. */
void faults_keep(struct ctx *ctx);

/* Forgets all faults, for instance before a retry. */
void faults_clear(struct ctx *ctx);

/* The code of the first fault, or OK. */
enum err faults_code(const struct ctx *ctx) MUST_CHECK;

#endif
