#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/str.h"
#include "core/text/text.h"
#include "fuzz.h"

static void read_table(struct ctx *ctx, const char *path, const struct table_options *options)
{
	struct table *table = NULL;
	if (table_open_new(ctx, path, options, &table) != OK)
		return;
	int64_t last = 0;
	for (;;) {
		struct table_row row;
		bool more = false;
		if (table_next(ctx, table, &row, &more) != OK || !more)
			break;
		/* what the interface promises */
		if (row.number <= last || row.n > TABLE_COLUMNS_MAX)
			abort();
		last = row.number;
		for (size_t i = 0; i < row.n; i++)
			if (strlen(row.cells[i].text) != row.cells[i].len || !utf8_valid(row.cells[i].text, row.cells[i].len))
				abort();
	}
	table_free(table);
}

void fuzz_table(const uint8_t *data, size_t size, enum file_format format)
{
	static struct arena arena;
	static struct ctx ctx;
	static int fd = -1;
	if (fd < 0) {
		arena_init(&arena, (size_t)64 << 20);
		ctx_init(&ctx, &arena, clock_system());
		fd = memfd_create("fuzz", MFD_CLOEXEC);
		if (fd < 0 || text_open(&ctx) != OK)
			abort();
	}
	char path[64];
	if (ftruncate(fd, 0) != 0 || pwrite(fd, data, size, 0) != (ssize_t)size)
		abort();
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	struct table_options options = {.format = format, .header_row = HEADER_DETECT};
	read_table(&ctx, path, &options);
	faults_clear(&ctx);
	arena_reset(&arena);
}
