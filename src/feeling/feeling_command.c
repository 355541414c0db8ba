/* `guanxi feeling`: how the writers of texts feel, a text a line. */
#include <stdlib.h>
#include <string.h>

#include "base/jsonw.h"
#include "base/str.h"
#include "core/command/command.h"
#include "core/text/text.h"
#include "feeling/feeling.h"

enum { INPUT_MAX = 256 << 20, LINE_MAX_OUT = 1 << 20 };

static void put_json(struct jsonw *w, const struct feeling *f)
{
	jsonw_object(w);
	jsonw_kv_text(w, "feeling", feeling_name(f->kind));
	jsonw_key(w, "score");
	jsonw_real(w, (double)(long)(f->score * 10000) / 10000);
	jsonw_key(w, "reasons");
	jsonw_array(w);
	for (size_t i = 0; i < f->n; i++) {
		jsonw_object(w);
		jsonw_kv_text(w, "word", f->reasons[i].word);
		jsonw_key(w, "weight");
		jsonw_real(w, (double)(long)(f->reasons[i].weight * 1000) / 1000);
		jsonw_kv_bool(w, "denied", f->reasons[i].negated);
		jsonw_end_object(w);
	}
	jsonw_end_array(w);
	jsonw_end_object(w);
}

static void put_words(struct buf *out, const struct feeling *f)
{
	buf_printf(out, "%s\t%+.2f\t", feeling_name(f->kind), f->score);
	for (size_t i = 0; i < f->n; i++)
		buf_printf(out, "%s%s%s", i > 0 ? ", " : "", f->reasons[i].negated ? "not " : "", f->reasons[i].word);
}

/* How much of it is UTF-8: the characters up to the first that is none. */
static size_t valid_part(const char *line, size_t n)
{
	size_t at = 0, k = 1;
	if (utf8_valid(line, n))
		return n;
	for (; at + k <= n && k <= 4; k++) {
		if (utf8_valid(line + at, k)) {
			at += k;
			k = 0;
		}
	}
	return at;
}

/* A line that is no UTF-8 is read as far as it is. */
static enum err one_line(struct cli *cli, const char *line, size_t n, bool json, struct buf *out)
{
	struct feeling f;
	struct jsonw w;
	enum err err = feeling_read(cli->ctx, line, valid_part(line, n), &f);
	buf_reset(out);
	jsonw_init(&w, out);
	if (err == OK && json)
		put_json(&w, &f);
	else if (err == OK)
		put_words(out, &f);
	buf_putc(out, '\n');
	if (err == OK && fwrite(buf_text(out), 1, out->len, cli->out) != out->len)
		err = fail(cli->ctx, ERR_UPSTREAM, "", "output");
	arena_reset(cli->ctx->arena);
	return err;
}

static bool read_all(struct cli *cli, struct buf *in)
{
	char piece[65536];
	size_t n;
	if (!str_equal(cli->files[0], "-"))
		return command_read_file(cli, cli->files[0], in);
	while ((n = fread(piece, 1, sizeof(piece), cli->in)) > 0)
		buf_add(in, piece, n);
	if (!buf_failed(in))
		return true;
	fprintf(cli->err, "guanxi: too much input\n");
	return false;
}

static int feeling(struct cli *cli)
{
	struct buf in, out;
	int status = 1;
	if (cli->n_files != 1) {
		fprintf(cli->err, "guanxi: 'feeling' needs one FILE, or -\n");
		return 2;
	}
	buf_init(&in, INPUT_MAX);
	buf_init(&out, LINE_MAX_OUT);
	if (text_open(cli->ctx) == OK && read_all(cli, &in)) {
		bool json = command_value(cli, "json") != NULL;
		const char *at = buf_text(&in), *end = at + in.len;
		enum err err = OK;
		if (in.len >= 3 && memcmp(at, "\xef\xbb\xbf", 3) == 0)
			at += 3;
		while (at < end && err == OK) {
			const char *stop = memchr(at, '\n', (size_t)(end - at));
			size_t n = (size_t)((stop != NULL ? stop : end) - at);
			err = one_line(cli, at, n > 0 && at[n - 1] == '\r' ? n - 1 : n, json, &out);
			at += n + (size_t)(stop != NULL);
			at = stop == NULL ? end : stop + 1;
		}
		status = err == OK ? 0 : command_failed(cli);
	}
	buf_release(&in);
	buf_release(&out);
	return status;
}

static const struct command_option options[] = {
	{"json", NULL, false, "One JSON object a line: feeling, score from -1 to 1, reasons"},
	{.name = NULL},
};

extern const struct command feeling_commands[];
const struct command feeling_commands[] = {
	{"feeling", NEEDS_FILES, options, "FILE", "Says how the writer of each line feels, in Chinese or English; - reads what is typed.", feeling, "guanxi feeling reviews.txt --json"},
	{.name = NULL},
};
