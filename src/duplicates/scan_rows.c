/* Customers as the scan compares them: about 60 bytes a row and each text once, whatever there are. */
#include "duplicates/scan.h"

#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "core/store/store.h"
#include "duplicates_sql.h"
#include "linkage/intern.h"

enum { READ_PAGE = 2000 };

static const struct {
	const char *name;
	enum linkage_kind person, company;
} columns[SCAN_COLUMNS] = {
	{"name", LINKAGE_NAME, LINKAGE_COMPANY},
	{"phone", LINKAGE_PHONE, LINKAGE_PHONE},
	{"email", LINKAGE_EMAIL, LINKAGE_EMAIL},
	{"birthday", LINKAGE_DATE, LINKAGE_IGNORE},
	{"city", LINKAGE_NAME, LINKAGE_NAME},
	{"employer", LINKAGE_COMPANY, LINKAGE_IGNORE},
	{"registration_no", LINKAGE_IGNORE, LINKAGE_CODE},
	{"website", LINKAGE_IGNORE, LINKAGE_TEXT},
	{"street", LINKAGE_ADDRESS, LINKAGE_ADDRESS},
	{"postcode", LINKAGE_CODE, LINKAGE_CODE},
};

struct scan_rows {
	struct intern texts[SCAN_COLUMNS];
	struct buf codes[SCAN_COLUMNS]; /* int32_t each */
	struct buf ids;                 /* int64_t each */
	const char **lists[SCAN_COLUMNS];
	struct linkage_column columns[SCAN_COLUMNS];
	bool company;
	size_t n;
};

const char *scan_column_name(size_t column)
{
	return columns[column].name;
}

void scan_rows_free(struct scan_rows *rows)
{
	if (rows == NULL)
		return;
	for (size_t i = 0; i < SCAN_COLUMNS; i++) {
		intern_release(&rows->texts[i]);
		buf_release(&rows->codes[i]);
		free(rows->lists[i]);
	}
	buf_release(&rows->ids);
	free(rows);
}

size_t scan_rows_count(const struct scan_rows *rows)
{
	return rows->n;
}

int64_t scan_row_id(const struct scan_rows *rows, size_t row)
{
	int64_t id;
	memcpy(&id, rows->ids.data + row * sizeof(id), sizeof(id));
	return id;
}

static enum err add_row(struct ctx *ctx, struct scan_rows *rows, const struct stmt *stmt)
{
	const int64_t id = stmt_i64(stmt, 0);
	bool failed = false;
	buf_add(&rows->ids, &id, sizeof(id));
	for (size_t i = 0; i < SCAN_COLUMNS; i++) {
		const char *text = stmt_text(stmt, (int)i + 1);
		int32_t code = LINKAGE_MISSING;
		if (!str_empty(text)) {
			uint32_t put = intern_put(&rows->texts[i], text, stmt_bytes(stmt, (int)i + 1));
			failed = failed || put >= (uint32_t)LINKAGE_MISSING;
			code = (int32_t)put;
		}
		buf_add(&rows->codes[i], &code, sizeof(code));
		failed = failed || buf_failed(&rows->codes[i]);
	}
	rows->n++;
	return failed || buf_failed(&rows->ids) ? fail(ctx, ERR_LIMIT, "", "memory") : OK;
}

static enum err read_page(struct ctx *ctx, struct scan_rows *rows, int64_t *after, size_t *ret_n)
{
	struct stmt *stmt;
	bool row = true;
	*ret_n = 0;
	enum err err = db_prepare(ctx, ctx->db, &sql_scan_read, &stmt);
	if (err != OK)
		return err;
	stmt_bind_i64(stmt, 1, *after);
	stmt_bind_text(stmt, 2, rows->company ? "company" : "person");
	stmt_bind_i64(stmt, 3, READ_PAGE);
	while (err == OK && (err = stmt_step(ctx, stmt, &row)) == OK && row) {
		*after = stmt_i64(stmt, 0);
		err = add_row(ctx, rows, stmt);
		++*ret_n;
	}
	stmt_done(stmt);
	return err;
}

static enum err settle(struct ctx *ctx, struct scan_rows *rows)
{
	for (size_t i = 0; i < SCAN_COLUMNS; i++) {
		struct intern *in = &rows->texts[i];
		size_t len;
		rows->lists[i] = malloc((in->n + 1) * sizeof(*rows->lists[i]));
		if (rows->lists[i] == NULL)
			return fail(ctx, ERR_LIMIT, "", "memory");
		for (uint32_t code = 0; code < in->n; code++)
			rows->lists[i][code] = intern_text(in, code, &len);
		intern_settle(in);
		rows->columns[i] = (struct linkage_column){
			.name = columns[i].name, .kind = rows->company ? columns[i].company : columns[i].person,
			.code = (const int32_t *)(const void *)rows->codes[i].data, .texts = rows->lists[i], .n_texts = in->n,
		};
	}
	return OK;
}

enum err scan_rows_new(struct ctx *ctx, const struct job *job, const char *kind, struct scan_rows **ret)
{
	struct scan_rows *rows = calloc(1, sizeof(*rows));
	int64_t after = 0;
	size_t n = READ_PAGE;
	*ret = NULL;
	if (rows == NULL)
		return fail(ctx, ERR_LIMIT, "", "memory");
	rows->company = str_equal(kind, "company");
	buf_init(&rows->ids, (size_t)1 << 34);
	for (size_t i = 0; i < SCAN_COLUMNS; i++) {
		intern_init(&rows->texts[i]);
		buf_init(&rows->codes[i], (size_t)1 << 34);
	}
	enum err err = OK;
	while (err == OK && n == READ_PAGE) {
		struct arena_mark mark = arena_mark(ctx->arena);
		err = read_page(ctx, rows, &after, &n);
		if (err == OK)
			err = job_beat(ctx, job, 0, 100, NULL);
		if (err == OK)
			arena_rewind(ctx->arena, mark);
	}
	if (err == OK)
		err = settle(ctx, rows);
	if (err != OK)
		scan_rows_free(rows);
	else
		*ret = rows;
	return err;
}

const struct linkage_column *scan_rows_columns(struct scan_rows *rows)
{
	return rows->columns;
}
