#include "models/test/read.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

void make_ctx(struct ctx *ctx, struct arena *arena)
{
	arena_init(arena, (size_t)1 << 30);
	ctx_init(ctx, arena, clock_system());
}

const char *fault_of(struct ctx *ctx)
{
	static char key[64];
	snprintf(key, sizeof(key), "%s", ctx->faults.count > 0 ? ctx->faults.list[0].key : "");
	faults_clear(ctx);
	return key;
}

void check_near(double value, double wanted, double distance, const char *what, const char *file, int line)
{
	if (fabs(value - wanted) <= distance)
		return;
	print_error("%s is %.9g, not %.9g\n", what, value, wanted);
	_fail(file, line);
}

bool read_table(struct ctx *ctx, const char *name, struct table *ret)
{
	char path[512], line[512];
	const char *folder = getenv("GUANXI_SHARED_DATA");
	snprintf(path, sizeof(path), "%s/%s", folder != NULL ? folder : "", name);
	gzFile file = gzopen(path, "rb");
	*ret = (struct table){0};
	if (file == NULL) {
		print_message("no public data at %s, set GUANXI_SHARED_DATA: skipped\n", path);
		return false;
	}
	size_t room = 4096;
	for (int c = 0; c < READ_COLUMNS; c++)
		assert_non_null(ret->column[c] = arena_array(ctx->arena, room, sizeof(double)));
	(void)gzgets(file, line, sizeof(line));
	while (gzgets(file, line, sizeof(line)) != NULL) {
		char *at = line;
		assert_true(ret->n < room);
		for (int c = 0; c < READ_COLUMNS && at != NULL; c++) {
			ret->column[c][ret->n] = strtod(at, NULL);
			at = strchr(at, ',');
			at = at != NULL ? at + 1 : NULL;
		}
		ret->n++;
	}
	gzclose(file);
	return true;
}
