/* Whole pages: JSON with children, CSV.
 *
 * Children are read level by level, one statement for all parents of the page.  A
 * level's objects are written as text with holes where their own children belong;
 * the levels are put together at the end. */
#include <string.h>

#include "base/str.h"
#include "core/files/files.h"
#include "core/rest/query_internal.h"

enum { LEVEL_TEXT_MAX = 32 << 20, HOLES_FIRST = 64 };

struct hole {
	size_t at;      /* in the level's text */
	size_t slot;    /* which embed */
	size_t parent;  /* position among the embed's parents; SIZE_MAX: no parent */
};

struct slot {
	const struct query_node *node;
	struct level *level;
	int64_t *ids;
	size_t n, cap;
};

/* One statement's objects. */
struct level {
	struct buf text;
	struct hole *holes;
	size_t n_holes, cap_holes;
	struct slot slots[QUERY_EMBEDS_MAX];
	size_t n_slots;
	/* of each row: its parent, where its text ends, and where its holes end */
	struct row_end {
		size_t parent, text, holes;
	} *rows;
	size_t n_rows, cap_rows;
	struct level *next; /* all levels, to be freed */
};

struct page {
	struct ctx *ctx;
	const struct query *q;
	size_t child_rows;
	bool sensitive;
	struct level *levels;
	struct level *at;   /* being written */
	struct jsonw w;
	size_t rows, limit;
	const char *cursor;
	int64_t version;
	bool failed;
};

static bool grow(struct ctx *ctx, void **list, size_t *cap, size_t n, size_t size)
{
	if (n < *cap)
		return true;
	size_t more = *cap ? *cap * 2 : HOLES_FIRST;
	void *copy = arena_array(ctx->arena, more, size);
	if (!copy)
		return false;
	if (n)
		memcpy(copy, *list, n * size);
	*list = copy;
	*cap = more;
	return true;
}

static struct level *new_level(struct page *page)
{
	struct level *level = arena_alloc(page->ctx->arena, sizeof(*level));
	if (!level)
		return NULL;
	buf_init(&level->text, LEVEL_TEXT_MAX);
	level->next = page->levels;
	page->levels = level;
	return level;
}

/* --- writing one level ------------------------------------------------------------------ */

static struct slot *slot_of(struct level *level, const struct query_node *node)
{
	for (size_t i = 0; i < level->n_slots; i++)
		if (level->slots[i].node == node)
			return &level->slots[i];
	struct slot *slot = &level->slots[level->n_slots++];
	slot->node = node;
	return slot;
}

static void add_hole(void *arg, const struct query_node *node, int64_t id)
{
	struct page *page = arg;
	struct level *level = page->at;
	struct slot *slot = slot_of(level, node);
	void *holes = level->holes, *ids = slot->ids;
	if (!grow(page->ctx, &holes, &level->cap_holes, level->n_holes, sizeof(struct hole)) ||
	    !grow(page->ctx, &ids, &slot->cap, slot->n, sizeof(int64_t))) {
		page->failed = true;
		return;
	}
	level->holes = holes;
	slot->ids = ids;
	jsonw_raw(&page->w, "", 0); /* the value stands here later */
	level->holes[level->n_holes++] = (struct hole){.at = level->text.len, .slot = (size_t)(slot - level->slots), .parent = slot->n};
	slot->ids[slot->n++] = id;
}

static enum err add_row(struct page *page, struct query_sql *b, const struct value *values, size_t parent)
{
	struct level *level = page->at;
	void *rows = level->rows;
	if (!grow(page->ctx, &rows, &level->cap_rows, level->n_rows, sizeof(struct row_end)))
		return fail(page->ctx, ERR_LIMIT, "", "memory");
	level->rows = rows;
	jsonw_init(&page->w, &level->text);
	query_write_object(b, values, &page->w, add_hole, page);
	if (page->failed || buf_failed(&level->text))
		return fail(page->ctx, ERR_LIMIT, "", "answer_too_large");
	level->rows[level->n_rows++] = (struct row_end){.parent = parent, .text = level->text.len, .holes = level->n_holes};
	return OK;
}

/* --- children ------------------------------------------------------------------------------ */

static enum err read_children(struct page *page, struct query_sql *b, struct stmt *stmt)
{
	struct value *values = arena_array(page->ctx->arena, b->n_cols + 1, sizeof(*values));
	if (!values)
		return fail(page->ctx, ERR_LIMIT, "", "memory");
	size_t base = b->engine == ENGINE_POSTGRES ? 1 : 0; /* ordinality counts from 1 */
	for (;;) {
		bool row;
		enum err err = stmt_step(page->ctx, stmt, &row);
		if (err || !row)
			return err;
		if (++page->child_rows > QUERY_EMBED_ROWS_MAX)
			return fail_arg(page->ctx, ERR_LIMIT, b->top->key, QK_EMBED_ROWS, "20000");
		sqlb_read_row(b, stmt, values);
		err = sqlb_finish_row(b, values);
		if (!err)
			err = add_row(page, b, values, (size_t)stmt_i64(stmt, 0) - base);
		if (err)
			return err;
	}
}

static enum err fill_slots(struct page *page, struct level *level);

static enum err fill_slot(struct page *page, struct slot *slot)
{
	struct query_sql b;
	struct stmt *stmt = NULL;
	slot->level = new_level(page);
	if (!slot->level)
		return fail(page->ctx, ERR_LIMIT, "", "memory");
	sqlb_begin(&b, page->ctx, page->q, slot->node);
	enum err err = sqlb_children(&b, slot->ids, slot->n);
	if (!err)
		err = sqlb_open(&b, &stmt);
	if (!err) {
		page->at = slot->level;
		err = read_children(page, &b, stmt);
	}
	if (stmt)
		stmt_done(stmt);
	sqlb_release(&b);
	page->sensitive |= b.saw_sensitive;
	return err ? err : fill_slots(page, slot->level);
}

static enum err fill_slots(struct page *page, struct level *level)
{
	for (size_t i = 0; i < level->n_slots; i++) {
		enum err err = fill_slot(page, &level->slots[i]);
		if (err)
			return err;
	}
	return OK;
}

/* --- putting together ------------------------------------------------------------------------- */

static void put_row(const struct level *level, size_t row, struct buf *out);

/* Rows come sorted by parent; finds the first of this one. */
static size_t first_row(const struct level *level, size_t parent)
{
	size_t low = 0, high = level->n_rows;
	while (low < high) {
		size_t mid = (low + high) / 2;
		if (level->rows[mid].parent < parent)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static void put_children(const struct level *level, size_t parent, struct buf *out)
{
	bool any = false;
	buf_putc(out, '[');
	for (size_t i = first_row(level, parent); i < level->n_rows && level->rows[i].parent == parent; i++) {
		if (any)
			buf_putc(out, ',');
		put_row(level, i, out);
		any = true;
	}
	buf_putc(out, ']');
}

static void put_row(const struct level *level, size_t row, struct buf *out)
{
	size_t at = row ? level->rows[row - 1].text : 0, hole = row ? level->rows[row - 1].holes : 0;
	const char *text = buf_text(&level->text);
	for (; hole < level->rows[row].holes; hole++) {
		const struct hole *h = &level->holes[hole];
		buf_add(out, text + at, h->at - at);
		put_children(level->slots[h->slot].level, h->parent, out);
		at = h->at;
	}
	buf_add(out, text + at, level->rows[row].text - at);
}

static void put_page(const struct level *level, bool single, struct buf *out)
{
	if (!single)
		buf_putc(out, '[');
	for (size_t i = 0; i < level->n_rows; i++) {
		if (i)
			buf_putc(out, ',');
		put_row(level, i, out);
	}
	if (!single)
		buf_putc(out, ']');
}

/* --- JSON ----------------------------------------------------------------------------------------- */

static bool has_children(const struct query_node *node)
{
	for (const struct query_node *child = node->first; child; child = child->next)
		if (child->items && (child->rel != REL_ONE || has_children(child)))
			return true;
	return false;
}

bool query_has_children(const struct query *query)
{
	return has_children(query->root);
}

/* Counts a row; false when it is the one after the page. */
static bool take_row(struct page *page)
{
	return ++page->rows <= page->limit;
}

static enum err note_row(struct page *page, struct query_sql *b, const struct value *values)
{
	if (b->version_col != NO_COL)
		page->version = values[b->version_col].i;
	if (page->rows != page->limit || b->top->grouped || page->q->only_ids)
		return OK;
	return query_make_cursor(page->ctx, page->q, b, values, &page->cursor);
}

static enum err level_row(struct query_sql *b, const struct value *values, void *arg)
{
	struct page *page = arg;
	if (!take_row(page))
		return OK;
	enum err err = add_row(page, b, values, 0);
	return err ? err : note_row(page, b, values);
}

/* Without children the rows go straight into the answer. */
static enum err direct_row(struct query_sql *b, const struct value *values, void *arg)
{
	struct page *page = arg;
	if (!take_row(page))
		return OK;
	query_write_object(b, values, &page->w, NULL, NULL);
	if (page->w.buf->failed)
		return fail(page->ctx, ERR_LIMIT, "", "answer_too_large");
	return note_row(page, b, values);
}

int64_t query_page_max(const struct query *q)
{
	if (q->only_ids || q->root->limit < 0)
		return q->root->limit;
	return q->root->limit + 1;
}

static void finish_page(struct page *page, size_t rows, struct query_page *ret)
{
	*ret = (struct query_page){.offset = page->q->root->offset, .masked = page->q->masked, .rows = rows, .version = page->version,
	                            .embeds = page->q->root->first != NULL, .sensitive = page->sensitive};
	if (rows > page->limit) {
		ret->rows = page->limit;
		ret->more = true;
		ret->next_cursor = page->cursor;
	}
}

static enum err json_direct(struct page *page, bool single, struct buf *out, size_t *rows)
{
	size_t start = out->len;
	jsonw_init(&page->w, out);
	if (!single)
		jsonw_array(&page->w);
	enum err err = query_each(page->ctx, page->q, query_page_max(page->q), direct_row, page, rows, &page->sensitive);
	if (err)
		return err;
	if (!single)
		jsonw_end_array(&page->w);
	else if (*rows != 1)
		buf_truncate(out, start);
	return OK;
}

static enum err json_levels(struct page *page, bool single, struct buf *out, size_t *rows)
{
	struct level *level = new_level(page);
	if (!level)
		return fail(page->ctx, ERR_LIMIT, "", "memory");
	page->at = level;
	enum err err = query_each(page->ctx, page->q, query_page_max(page->q), level_row, page, rows, &page->sensitive);
	if (!err && (!single || *rows == 1))
		err = fill_slots(page, level);
	if (!err && (!single || *rows == 1))
		put_page(level, single, out);
	if (!err && buf_failed(out))
		err = fail(page->ctx, ERR_LIMIT, "", "answer_too_large");
	return err;
}

enum err query_json(struct ctx *ctx, struct query *query, bool single, struct buf *out, struct query_page *ret)
{
	struct page page = {.ctx = ctx, .q = query};
	size_t rows = 0;
	enum err err;
	page.limit = query->root->limit < 0 ? SIZE_MAX : (size_t)query->root->limit;
	if (has_children(query->root))
		err = json_levels(&page, single, out, &rows);
	else
		err = json_direct(&page, single, out, &rows);
	for (struct level *level = page.levels; level; level = level->next)
		buf_release(&level->text);
	if (!err)
		finish_page(&page, rows, ret);
	return err;
}

/* --- CSV ------------------------------------------------------------------------------------------------ */

/* A cell that a spreadsheet would run gets the apostrophe that exports give it too. */
static void put_csv(struct buf *out, const char *text, size_t n)
{
	bool plain = true, guard = table_guarded(text, n);
	for (size_t i = 0; i < n && plain; i++)
		plain = text[i] != '"' && text[i] != ',' && text[i] != '\n' && text[i] != '\r';
	if (!plain)
		buf_putc(out, '"');
	if (guard)
		buf_putc(out, '\'');
	if (plain) {
		buf_add(out, text, n);
		return;
	}
	for (size_t i = 0; i < n; i++) {
		if (text[i] == '"')
			buf_putc(out, '"');
		buf_putc(out, text[i]);
	}
	buf_putc(out, '"');
}

struct csv {
	struct page page;
	struct buf cell, *out;
};

static enum err csv_row(struct query_sql *b, const struct value *values, void *arg)
{
	struct csv *csv = arg;
	const struct query *q = b->query;
	if (!take_row(&csv->page))
		return OK;
	for (size_t i = 0; i < q->n_columns; i++) {
		buf_reset(&csv->cell);
		query_text_cell(b, q->column_items[i], values, &csv->cell);
		if (i)
			buf_putc(csv->out, ',');
		put_csv(csv->out, buf_text(&csv->cell), csv->cell.len);
	}
	buf_putc(csv->out, '\n');
	if (buf_failed(csv->out) || buf_failed(&csv->cell))
		return fail(b->ctx, ERR_LIMIT, "", "answer_too_large");
	return note_row(&csv->page, b, values);
}

enum err query_csv(struct ctx *ctx, struct query *query, struct buf *out, struct query_page *ret)
{
	struct csv csv = {.page = {.ctx = ctx, .q = query}, .out = out};
	size_t rows = 0;
	if (has_children(query->root))
		return fail_arg(ctx, ERR_INVALID, "select", QK_CHILDREN, "text/csv");
	enum err err = query_flat(ctx, query);
	if (err)
		return err;
	csv.page.limit = query->root->limit < 0 ? SIZE_MAX : (size_t)query->root->limit;
	buf_init(&csv.cell, 4 << 20);
	for (size_t i = 0; i < query->n_columns; i++) {
		if (i)
			buf_putc(out, ',');
		put_csv(out, query->columns[i].path, strlen(query->columns[i].path));
	}
	buf_putc(out, '\n');
	err = query_each(ctx, query, query_page_max(query), csv_row, &csv, &rows, &csv.page.sensitive);
	buf_release(&csv.cell);
	if (!err)
		finish_page(&csv.page, rows, ret);
	return err;
}
