#include "text_test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "core/text/text.h"

int fixture_open(void **state)
{
	struct fixture *f = calloc(1, sizeof *f);
	if (!f)
		return -1;
	arena_init(&f->arena, (size_t)256 << 20);
	ctx_init(&f->ctx, &f->arena, clock_system());
	*state = f;
	return text_open(&f->ctx) == OK ? 0 : -1;
}

int fixture_close(void **state)
{
	struct fixture *f = *state;
	arena_release(&f->arena);
	free(f);
	return 0;
}

char *shared_data_new(const char *path, size_t *ret_n)
{
	char full[512];
	const char *root = getenv("GUANXI_SHARED_DATA");
	snprintf(full, sizeof full, "%s/%s", root ? root : "../shared/data", path);
	gzFile file = gzopen(full, "rb"); /* reads plain files too */
	if (!file) {
		print_message("no public data at %s, set GUANXI_SHARED_DATA: skipped\n", full);
		return NULL;
	}
	struct buf buf;
	buf_init(&buf, (size_t)64 << 20);
	char chunk[65536];
	int n;
	while ((n = gzread(file, chunk, sizeof chunk)) > 0)
		buf_add(&buf, chunk, (size_t)n);
	gzclose(file);
	assert_false(buf_failed(&buf));
	buf_putc(&buf, 0);
	*ret_n = buf.len - 1;
	return buf.data;
}

int main(void)
{
	int failed = run_clean_tests() + run_name_tests() + run_contact_tests() + run_encoding_tests();
	text_close();
	return failed;
}
