#include "core/exchange/import.h"
enum err import_undo(struct ctx *ctx, int64_t run_id, const struct job *job){(void)run_id;(void)job;return fail(ctx,ERR_BUG,"","x");}
