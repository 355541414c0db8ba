/* What every page needs beside the records themselves: tags, saved views, files. */
#ifndef GUANXI_WORKSPACE_WORKSPACE_H
#define GUANXI_WORKSPACE_WORKSPACE_H

#include "core/entity/entity.h"
#include "core/files/blob.h"
#include "core/http/http.h"

extern const struct entity tag_entity, saved_view_entity, attachment_entity;

/* Views that others share; upload and download of attachments. */
extern const struct route workspace_routes[];
enum err workspace_views(struct ctx *ctx, const struct http_request *req, struct http_response *res) MUST_CHECK;

/* Supplied by the program (src/app): where attachments are kept. */
struct blob_store *app_blobs(const struct app *app);

#endif
