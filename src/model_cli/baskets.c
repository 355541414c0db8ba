#include "model_cli/baskets.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "base/str.h"
#include "core/text/text.h"

enum { CHUNK = 1 << 16 };
static const size_t bytes_max = (size_t)64 << 30;

static enum err no_memory(struct ctx *ctx)
{
	return fail(ctx, ERR_LIMIT, "", "memory");
}

/* --- the text ---------------------------------------------------------------- */

static enum err decode_all(struct ctx *ctx, gzFile file, const char *encoding, struct buf *out)
{
	struct text_decoder *decoder = NULL;
	char *chunk = arena_alloc(ctx->arena, CHUNK);
	size_t bom = 0;
	enum err err = chunk != NULL ? text_open(ctx) : no_memory(ctx);
	for (bool first = true, more = true; err == OK && more; first = false) {
		int n = gzread(file, chunk, CHUNK);
		more = n > 0;
		if (n < 0)
			err = fail(ctx, ERR_INVALID, "--input", "file_damaged");
		if (err == OK && first) {
			const char *found = text_detect_encoding(chunk, (size_t)n, &bom);
			err = text_decoder_new(ctx, encoding != NULL ? encoding : found, &decoder);
		}
		size_t skip = first ? bom : 0;
		if (err == OK)
			err = text_decode(ctx, decoder, chunk + skip, (size_t)n - skip, !more, out);
	}
	if (decoder != NULL)
		text_decoder_free(decoder);
	return err == OK && buf_failed(out) ? no_memory(ctx) : err;
}

static enum err read_text(struct cli *cli, struct buf *out)
{
	struct ctx *ctx = cli->ctx;
	const char *input = command_value(cli, "input");
	if (input == NULL)
		return fail(ctx, ERR_INVALID, "--input", "model_needs_input");
	errno = 0;
	gzFile file = gzopen(command_path(cli, input), "rbe");
	if (file == NULL)
		return fail_arg(ctx, ERR_NOT_FOUND, "", "cannot_open", input);
	enum err err = decode_all(ctx, file, command_value(cli, "encoding"), out);
	gzclose(file);
	if (err == OK && out->len == 0)
		return fail(ctx, ERR_INVALID, input, "file_empty");
	if (err == OK && memchr(buf_text(out), '\0', out->len) != NULL)
		return fail(ctx, ERR_INVALID, input, "file_kind_binary");
	return err;
}

/* The sign that the first lines use; blanks if none of those that are never part of an item. */
static char find_separator(const char *text, size_t len)
{
	static const char signs[] = "\t;|,";
	size_t end = len < CHUNK ? len : CHUNK;
	for (const char *s = signs; *s != '\0'; s++) {
		if (memchr(text, *s, end) != NULL)
			return *s;
	}
	return ' ';
}

/* --- lines ------------------------------------------------------------------- */

struct reading {
	struct cli *cli;
	struct baskets *b;
	struct map known;
	struct buf seen; /* by item: the basket it was last in, plus 1 */
	struct buf cell;
	int32_t n_items;
	size_t n_baskets, in_basket;
};

static bool take_item(struct reading *r, const char *text, size_t len)
{
	int64_t item;
	const char *at = str_trim(text, len, &len);
	if (len == 0)
		return true;
	if (!map_get(&r->known, at, len, &item)) {
		const size_t never = 0;
		item = r->n_items++;
		if (r->n_items == INT32_MAX || !map_put(&r->known, at, len, item))
			return false;
		buf_add(&r->b->names, at, len);
		buf_putc(&r->b->names, '\0');
		buf_add(&r->seen, &never, sizeof(never));
	}
	size_t *last = (size_t *)(void *)r->seen.data + item;
	if (buf_failed(&r->seen) || *last == r->n_baskets + 1)
		return !buf_failed(&r->seen);
	*last = r->n_baskets + 1;
	int32_t number = (int32_t)item;
	buf_add(&r->b->items, &number, sizeof(number));
	r->in_basket++;
	return !buf_failed(&r->b->items) && !buf_failed(&r->b->names);
}

static bool close_basket(struct reading *r)
{
	size_t end = r->b->items.len / sizeof(int32_t);
	r->b->lines++;
	if (r->in_basket == 0) {
		r->b->blank++;
		return true;
	}
	r->in_basket = 0;
	r->n_baskets++;
	buf_add(&r->b->starts, &end, sizeof(end));
	return !buf_failed(&r->b->starts);
}

static bool is_end(char c, char separator)
{
	return c == '\n' || c == '\r' || c == separator || (separator == ' ' && c == '\t');
}

/* A cell in quotes from *at, which stands on the first quote; "" is one. False: what begins here is no such cell (5" nails). */
static bool unquote(struct buf *ret, const char *text, size_t len, char separator, size_t *at)
{
	buf_reset(ret);
	for (size_t i = *at + 1; i < len; i++) {
		if (text[i] != '"') {
			buf_putc(ret, text[i]);
		} else if (i + 1 < len && text[i + 1] == '"') {
			buf_putc(ret, text[++i]);
		} else {
			*at = i + 1 == len || is_end(text[i + 1], separator) ? i + 1 : *at;
			return *at == i + 1;
		}
	}
	return false;
}

static bool take_cell(struct reading *r, const char *text, size_t len, char separator, size_t *at)
{
	if (text[*at] == '"' && unquote(&r->cell, text, len, separator, at))
		return take_item(r, buf_text(&r->cell), r->cell.len);
	size_t from = *at;
	while (*at < len && !is_end(text[*at], separator))
		(*at)++;
	return take_item(r, text + from, *at - from);
}

static enum err split_lines(struct reading *r, const char *text, size_t len, char separator, size_t skip)
{
	size_t at = 0;
	for (; skip > 0 && at < len; skip--) {
		const char *end = memchr(text + at, '\n', len - at);
		at = end != NULL ? (size_t)(end - text) + 1 : len;
	}
	while (at < len) {
		char c = text[at];
		if (c == '\n' || c == '\r') {
			at += c == '\r' && at + 1 < len && text[at + 1] == '\n' ? 2 : 1;
			if (!close_basket(r))
				return no_memory(r->cli->ctx);
		} else if (is_end(c, separator)) {
			at++;
		} else if (!take_cell(r, text, len, separator, &at)) {
			return no_memory(r->cli->ctx);
		}
	}
	return r->in_basket == 0 || close_basket(r) ? OK : no_memory(r->cli->ctx);
}

static enum err name_items(struct ctx *ctx, struct baskets *b, size_t n)
{
	const char *at = buf_text(&b->names);
	b->name = arena_array(ctx->arena, n + 1, sizeof(*b->name));
	for (size_t i = 0; b->name != NULL && i < n; i++) {
		b->name[i] = at;
		at += strlen(at) + 1;
	}
	return b->name != NULL ? OK : no_memory(ctx);
}

static enum err read_lines(struct reading *r)
{
	struct cli *cli = r->cli;
	struct buf text;
	double skip;
	const char *said = command_value(cli, "separator");
	enum err err = sheet_option_number(cli, "skip", 0, 0, 1e9, &skip);
	buf_init(&text, bytes_max);
	if (err == OK)
		err = read_text(cli, &text);
	char separator = said == NULL ? find_separator(buf_text(&text), text.len) : strcmp(said, "\\t") == 0 ? '\t' : *said;
	if (err == OK && said != NULL && (*said == '\0' || (strlen(said) > 1 && strcmp(said, "\\t") != 0)))
		err = fail_arg(cli->ctx, ERR_INVALID, "--separator", "model_separator", said);
	if (err == OK)
		err = split_lines(r, buf_text(&text), text.len, separator, (size_t)skip);
	buf_release(&text);
	return err;
}

/* --- rows of transaction and item ---------------------------------------------- */

struct pair {
	int32_t transaction, item;
};

static int by_transaction(const void *a, const void *b)
{
	const struct pair *p = a, *q = b;
	if (p->transaction != q->transaction)
		return p->transaction < q->transaction ? -1 : 1;
	return (p->item > q->item) - (p->item < q->item);
}

static enum err group_rows(struct reading *r, struct sheet *sheet, int transaction, int item)
{
	struct ctx *ctx = r->cli->ctx;
	struct pair *pairs = arena_array(ctx->arena, sheet->n_rows + 1, sizeof(*pairs));
	if (pairs == NULL)
		return no_memory(ctx);
	const struct sheet_column *t = &sheet->columns[transaction], *c = &sheet->columns[item];
	for (size_t i = 0; i < sheet->n_rows; i++)
		pairs[i] = (struct pair){t->code[i], c->code[i]};
	qsort(pairs, sheet->n_rows, sizeof(*pairs), by_transaction);
	for (size_t i = 0; i < sheet->n_rows; i++) {
		if (i > 0 && pairs[i].transaction != pairs[i - 1].transaction && !close_basket(r))
			return no_memory(ctx);
		const char *text = c->texts[pairs[i].item];
		bool unnamed = *t->texts[pairs[i].transaction] == '\0';
		if (!unnamed && !take_item(r, text, strlen(text)))
			return no_memory(ctx);
	}
	return r->in_basket == 0 || close_basket(r) ? OK : no_memory(ctx);
}

static enum err read_rows(struct reading *r)
{
	struct sheet sheet;
	int transaction = -1, item = -1;
	enum err err = sheet_open(r->cli, &sheet);
	if (err == OK)
		err = sheet_need(&sheet, "--transaction", command_value(r->cli, "transaction"), NULL, &transaction);
	if (err == OK)
		err = sheet_need(&sheet, "--item", command_value(r->cli, "item"), NULL, &item);
	if (err == OK)
		err = sheet_load(&sheet);
	if (err == OK)
		err = group_rows(r, &sheet, transaction, item);
	sheet_close(&sheet);
	return err;
}

enum err baskets_read(struct cli *cli, struct baskets *ret)
{
	const size_t zero = 0;
	struct reading r = {.cli = cli, .b = ret};
	*ret = (struct baskets){0};
	buf_init(&ret->items, bytes_max);
	buf_init(&ret->starts, bytes_max);
	buf_init(&ret->names, bytes_max);
	buf_init(&r.seen, bytes_max);
	buf_init(&r.cell, bytes_max);
	map_init(&r.known, 0xba5e, 0x7);
	buf_add(&ret->starts, &zero, sizeof(zero));
	bool rows = command_value(cli, "transaction") != NULL || command_value(cli, "item") != NULL;
	enum err err = rows ? read_rows(&r) : read_lines(&r);
	map_release(&r.known);
	buf_release(&r.seen);
	buf_release(&r.cell);
	if (err == OK)
		err = name_items(cli->ctx, ret, (size_t)r.n_items);
	ret->data = (struct model_baskets){(const int32_t *)(void *)ret->items.data, (const size_t *)(void *)ret->starts.data, r.n_baskets, r.n_items};
	return err;
}

void baskets_close(struct baskets *baskets)
{
	buf_release(&baskets->items);
	buf_release(&baskets->starts);
	buf_release(&baskets->names);
}

/* --- sequences --------------------------------------------------------------- */

struct step {
	int32_t customer, day, item;
};

static int by_step(const void *a, const void *b)
{
	const struct step *p = a, *q = b;
	if (p->customer != q->customer)
		return p->customer < q->customer ? -1 : 1;
	if (p->day != q->day)
		return p->day < q->day ? -1 : 1;
	return (p->item > q->item) - (p->item < q->item);
}

static enum err build_sequences(struct ctx *ctx, const struct step *steps, size_t n, struct baskets_sequences *ret)
{
	int32_t *item = arena_array(ctx->arena, n + 1, sizeof(*item));
	size_t *element = arena_array(ctx->arena, n + 1, sizeof(*element)), *start = arena_array(ctx->arena, n + 1, sizeof(*start));
	size_t items = 0, elements = 0, sequences = 0;
	if (item == NULL || element == NULL || start == NULL)
		return no_memory(ctx);
	for (size_t i = 0; i < n; i++) {
		bool other = i == 0 || steps[i].customer != steps[i - 1].customer, later = other || steps[i].day != steps[i - 1].day;
		if (!later && steps[i].item == steps[i - 1].item)
			continue;
		if (other)
			start[sequences++] = elements;
		if (later)
			element[elements++] = items;
		item[items++] = steps[i].item;
	}
	element[elements] = items;
	start[sequences] = elements;
	ret->data.item = item;
	ret->data.element = element;
	ret->data.start = start;
	ret->data.n = sequences;
	return OK;
}

static enum err take_steps(struct cli *cli, struct sheet *sheet, const int at[3], struct baskets_sequences *ret)
{
	struct ctx *ctx = cli->ctx;
	int32_t *days;
	size_t n = 0;
	enum err err = sheet_days(sheet, at[1], command_value(cli, "date-order"), &days);
	const struct sheet_column *customer = &sheet->columns[at[0]], *date = &sheet->columns[at[1]], *item = &sheet->columns[at[2]];
	struct step *steps = err == OK ? arena_array(ctx->arena, sheet->n_rows + 1, sizeof(*steps)) : NULL;
	ret->name = err == OK ? arena_array(ctx->arena, item->n_texts + 1, sizeof(*ret->name)) : NULL;
	if (err != OK || steps == NULL || ret->name == NULL)
		return err != OK ? err : no_memory(ctx);
	for (size_t i = 0; i < sheet->n_rows; i++) {
		struct step step = {customer->code[i], days[date->code[i]], item->code[i]};
		if (*customer->texts[step.customer] == '\0' || *item->texts[step.item] == '\0' || step.day == INT32_MIN)
			ret->left_out++;
		else
			steps[n++] = step;
	}
	for (size_t i = 0; i < item->n_texts; i++)
		ret->name[i] = arena_strdup(ctx->arena, item->texts[i]);
	qsort(steps, n, sizeof(*steps), by_step);
	ret->rows = sheet->n_rows;
	ret->data.n_items = (int32_t)item->n_texts;
	return build_sequences(ctx, steps, n, ret);
}

enum err baskets_read_sequences(struct cli *cli, struct baskets_sequences *ret)
{
	static const char *const options[] = {"customer", "date", "item"};
	struct sheet sheet;
	int at[3] = {-1, -1, -1};
	*ret = (struct baskets_sequences){0};
	enum err err = sheet_open(cli, &sheet);
	for (int i = 0; err == OK && i < 3; i++)
		err = sheet_need(&sheet, options[i], command_value(cli, options[i]), NULL, &at[i]);
	if (err == OK)
		err = sheet_load(&sheet);
	if (err == OK)
		err = take_steps(cli, &sheet, at, ret);
	sheet_close(&sheet);
	return err;
}
