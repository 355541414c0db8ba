/* Knowledge, and what of it is offered while a case is read. */
#ifndef GUANXI_SERVICE_ARTICLE_H
#define GUANXI_SERVICE_ARTICLE_H

#include "core/entity/entity.h"
#include "core/http/http.h"

extern const struct entity article_entity, article_version_entity;
extern const struct route article_routes[];

/* Words and pairs of characters of title and text, apart by blanks, in the arena; `body` may be NULL. */
enum err article_terms(struct ctx *ctx, const char *title, const char *body, const char **ret) MUST_CHECK;

#endif
