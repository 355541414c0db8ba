/* What all writers share: the buffer, the encoding, the way out. */
#include <stdlib.h>

#include "base/str.h"
#include "core/files/table.h"

enum { OUT_MAX = 64 << 20 };

static const struct table_writer *const writers[FILE_FORMAT_COUNT] = {
	[FILE_CSV] = &csv_writer,
	[FILE_XLSX] = &xlsx_writer,
	[FILE_JSONL] = &jsonl_writer,
	[FILE_VCARD] = &vcard_writer,
};

bool file_format_writes(enum file_format format) { return writers[format] != NULL; }

enum err table_out_new(struct ctx *ctx, const struct table_out_options *options, const struct table_column *columns,
                       size_t n_columns, table_sink sink, void *arg, struct table_out **ret)
{
	*ret = NULL;
	if (writers[options->format] == NULL)
		return fail(ctx, ERR_INVALID, "format", "not_allowed");
	if (n_columns == 0 || n_columns > TABLE_COLUMNS_MAX)
		return fail(ctx, ERR_LIMIT, "columns", "too_many_columns");
	struct table_out *out = calloc(1, sizeof(*out));
	if (out == NULL)
		return fail(ctx, ERR_LIMIT, "", "no_memory");
	out->options = *options;
	/* UTF-8 needs no conversion. */
	if (str_empty(options->encoding) || str_equal_nocase(options->encoding, "utf-8"))
		out->options.encoding = NULL;
	out->writer = writers[options->format];
	out->columns = columns;
	out->n_columns = n_columns;
	out->sink = sink;
	out->arg = arg;
	buf_init(&out->buf, OUT_MAX);
	enum err err = out->writer->begin(ctx, out);
	if (err != OK) {
		table_out_free(out);
		return err;
	}
	*ret = out;
	return OK;
}

enum err table_flush(struct ctx *ctx, struct table_out *out, bool all)
{
	if (buf_failed(&out->buf))
		return fail(ctx, ERR_LIMIT, "", "row_too_large");
	if (out->buf.len == 0 || (!all && out->buf.len < FILE_CHUNK))
		return OK;
	enum err err;
	if (out->options.encoding == NULL) {
		err = out->sink(ctx, out->arg, out->buf.data, out->buf.len);
	} else {
		struct buf encoded;
		int64_t lost = 0;
		buf_init(&encoded, OUT_MAX * 2);
		err = text_encode(ctx, out->options.encoding, out->buf.data, out->buf.len, &encoded, &lost);
		if (err == OK && buf_failed(&encoded))
			err = fail(ctx, ERR_LIMIT, "", "no_memory");
		if (err == OK && encoded.len > 0)
			err = out->sink(ctx, out->arg, encoded.data, encoded.len);
		out->lost += lost;
		buf_release(&encoded);
	}
	buf_reset(&out->buf);
	return err;
}

enum err table_write(struct ctx *ctx, struct table_out *out, const struct cell *cells)
{
	return out->writer->row(ctx, out, cells);
}

enum err table_finish(struct ctx *ctx, struct table_out *out, int64_t *ret_lost)
{
	enum err err = out->writer->finish(ctx, out);
	if (err == OK)
		err = table_flush(ctx, out, true);
	if (ret_lost != NULL)
		*ret_lost = out->lost;
	return err;
}

void table_out_free(struct table_out *out)
{
	if (out == NULL)
		return;
	out->writer->free(out);
	buf_release(&out->buf);
	free(out);
}
