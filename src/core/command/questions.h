/* Commands that answer questions on plain files: `guanxi tax ask`, `price ask`, `calendar ask`. */
#ifndef GUANXI_CORE_COMMAND_QUESTIONS_H
#define GUANXI_CORE_COMMAND_QUESTIONS_H

#include <jansson.h>

#include "base/buf.h"
#include "base/ctx.h"

/* Writes the answer to `out`, without an end of line. What it takes of ctx's arena is given back after it. */
typedef enum err command_answer(struct ctx *ctx, const json_t *question, void *arg, struct buf *out);

/* A JSON text with a list of questions, or one alone: a line of `out` for each, in their order, up to the first that fails, of which
 * nothing is left there and whose number stands before its fault's field: "[2].kind". What is no JSON object or list is ERR_INVALID
 * with the key `not_json` and line:column. */
enum err command_questions(struct ctx *ctx, const char *json, size_t n, const char *not_json, command_answer *answer, void *arg, struct buf *out) MUST_CHECK;

#endif
