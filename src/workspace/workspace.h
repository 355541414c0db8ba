/* What every page needs beside the records themselves: tags, saved views, files. */
#ifndef GUANXI_WORKSPACE_WORKSPACE_H
#define GUANXI_WORKSPACE_WORKSPACE_H

#include "core/entity/entity.h"
#include "core/http/http.h"

extern const struct entity tag_entity, saved_view_entity, attachment_entity;

/* Upload and download of attachments. */
extern const struct route workspace_routes[];

/* The fault keys of src/app's services this folder needs. */
const char *app_data_dir(const struct app *app);

/* Compares the files on disk with the attachments' rows; problems as lines. */
enum err workspace_check_files(struct ctx *ctx, const char *data_dir, bool deep, struct buf *report, int64_t *ret_files) MUST_CHECK;

#endif
