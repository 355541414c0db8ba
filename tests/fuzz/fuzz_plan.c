/* Import plans: the JSON of a plan, or of the wizard's answers, for a file with a few
 * columns; then rows are made ready by it.  A plan that was taken points only at
 * columns, fields and records that are there. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../import/world.h"
#include "base/str.h"
#include "core/exchange/plan.h"
#include "fuzz.h"

static struct world world;

static const char *const column_names[] = {"Name", "电话", "Email", "City", "InvoiceNo", "InvoiceDate", "Quantity", "UnitPrice", "Country", "Tags",
                                           "StockCode", "Description", "CustomerID"};
enum { COLUMNS_N = sizeof(column_names) / sizeof(column_names[0]) };

static const char *const rows[][COLUMNS_N] = {
	{"王芳", "138 0013 8000", "Wang@Example.com", "杭州", "A-1", "12/1/2010 8:26", "6", "2.55", "China", "a; b", "POST", "<b>tea</b>", "17850.0"},
	{"", "", "", "", "", "", "", "", "", "", "", "", ""},
	{"=1+1", "x", "@", "\xef\xbf\xbd", "C536379", "31/31/2010", "-1", "1e3", "Unspecified", ";;", "D", "", "x"},
};

static void require(bool ok, const char *what)
{
	if (ok)
		return;
	(void)fprintf(stderr, "%s\n", what);
	abort();
}

static void check_value(const struct plan *plan, const struct plan_value *v, int depth)
{
	require(depth < 100, "a value without end");
	require(v->source != PLAN_COLUMN || v->column >= -1, "column");
	require(v->source != PLAN_RECORD || (v->record >= 0 && (size_t)v->record < plan->n_records), "record");
	require(v->n_pieces <= PLAN_PIECES_MAX, "pieces");
	for (size_t i = 0; i < v->n_rules; i++)
		check_value(plan, &v->rules[i].value, depth + 1);
	if (v->otherwise != NULL)
		check_value(plan, v->otherwise, depth + 1);
}

static void check_plan(const struct plan *plan)
{
	require(plan->n_records >= 1 && plan->n_records <= PLAN_RECORDS_MAX && plan->main < plan->n_records, "records");
	for (size_t r = 0; r < plan->n_records; r++) {
		const struct plan_record *record = &plan->records[r];
		require(record->info != NULL && record->n_fields <= PLAN_FIELDS_MAX && record->n_keys <= PLAN_KEYS_MAX, "record");
		require(record->counted < (int)plan->n_records && record->only_new < (int)plan->n_records, "other records");
		for (size_t i = 0; i < record->n_fields; i++) {
			require(record->fields[i].at >= 0 && (size_t)record->fields[i].at < record->info->n_fields, "field");
			check_value(plan, &record->fields[i].value, 0);
		}
		for (size_t i = 0; i < record->n_keys; i++)
			require(record->keys[i] >= 0 && (size_t)record->keys[i] < record->n_fields, "key");
	}
}

static void try_rows(struct ctx *ctx, const struct plan *plan)
{
	struct prepare *prepare = NULL;
	if (prepare_new(ctx, plan, &prepare) != OK)
		return;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct cell cells[COLUMNS_N];
		memset(cells, 0, sizeof(cells));
		for (size_t c = 0; c < COLUMNS_N; c++) {
			cells[c].text = rows[i][c];
			cells[c].len = strlen(rows[i][c]);
		}
		/* the last row is shorter than the others */
		struct table_row row = {.number = (int64_t)i + 2, .cells = cells, .n = i == 2 ? 3 : COLUMNS_N};
		struct ready_row ready;
		memset(&ready, 0, sizeof(ready));
		if (prepare_row(ctx, prepare, &row, &ready) != OK)
			continue;
		for (size_t r = 0; r < plan->n_records; r++)
			for (size_t f = 0; ready.records[r].active && f < plan->records[r].n_fields; f++) {
				const struct value *value = &ready.records[r].values[f];
				require(value->kind != VALUE_TEXT || utf8_valid(value->t.p, value->t.n), "text");
			}
	}
	prepare_free(prepare);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct plan_columns columns = {column_names, COLUMNS_N};
	if (world.store == NULL)
		world_open(&world, NULL, NULL, NULL);
	world_reset(&world);
	struct ctx *ctx = &world.ctx;
	char *text = size <= PLAN_TEXT_MAX ? arena_strndup(ctx->arena, (const char *)data, size) : NULL;
	json_t *json = NULL, *whole = NULL;
	struct plan *plan = NULL;
	if (text == NULL || plan_parse(ctx, text, &json) != OK)
		return 0;
	enum err err = OK;
	if (json_object_get(json, "mapping") != NULL)
		err = plan_expand(ctx, json, &columns, &whole);
	else
		whole = json_incref(json);
	if (err == OK)
		err = plan_compile(ctx, whole, &columns, &plan);
	require(err == OK || ctx->faults.count > 0, "refused without a word");
	if (err == OK) {
		check_plan(plan);
		try_rows(ctx, plan);
	}
	json_decref(whole);
	json_decref(json);
	return 0;
}
