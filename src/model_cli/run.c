#include <jansson.h>
#include <math.h>
#include <string.h>

#include "model_cli/model.h"

static const size_t json_max = (size_t)8 << 30, memory_max = (size_t)64 << 30;

int model_cli_run(struct cli *cli, enum err (*work)(struct cli *cli, struct jsonw *w))
{
	struct buf buf;
	struct jsonw w;
	int status = 1;
	/* a plain file may be larger than what a command on the data folder needs */
	if (cli->ctx->arena->cap < memory_max)
		cli->ctx->arena->cap = memory_max;
	buf_init(&buf, json_max);
	jsonw_init(&w, &buf);
	jsonw_object(&w);
	enum err err = work(cli, &w);
	jsonw_end_object(&w);
	if (err == OK && buf_failed(&buf))
		err = fail(cli->ctx, ERR_LIMIT, "", "memory");
	if (err != OK) {
		status = command_failed(cli);
	} else if (command_value(cli, "json") != NULL) {
		buf_putc(&buf, '\n');
		status = fwrite(buf_text(&buf), 1, buf.len, cli->out) == buf.len ? 0 : 1;
	} else {
		status = model_cli_print(cli->out, buf_text(&buf), buf.len) ? 0 : 1;
	}
	buf_release(&buf);
	return status;
}

void model_cli_number(struct jsonw *w, const char *key, double value)
{
	jsonw_key(w, key);
	jsonw_real(w, value);
}

void model_cli_fit(struct jsonw *w, const struct model_fit *fit)
{
	jsonw_key(w, "parameters");
	jsonw_object(w);
	for (size_t i = 0; i < fit->n; i++)
		model_cli_number(w, fit->names[i], fit->value[i]);
	jsonw_end_object(w);
	jsonw_key(w, "standard_errors");
	jsonw_object(w);
	for (size_t i = 0; i < fit->n; i++)
		model_cli_number(w, fit->names[i], fit->se[i]);
	jsonw_end_object(w);
	for (size_t i = 0; i < fit->n; i++)
		model_cli_number(w, fit->names[i], fit->value[i]);
	model_cli_number(w, "log_likelihood", fit->log_likelihood);
	model_cli_number(w, "aic", 2 * (double)fit->n - 2 * fit->log_likelihood);
	jsonw_kv_int(w, "iterations", fit->iterations);
	jsonw_kv_bool(w, "converged", fit->converged);
}

/* --- lines for people ---------------------------------------------------- */

enum { LIST_ROWS = 30 };

static void print_value(FILE *out, json_t *value) /* NOLINT(misc-no-recursion): as deep as our own output */
{
	json_t *part;
	const char *key;
	size_t i;
	if (json_is_string(value)) {
		fputs(json_string_value(value), out);
	} else if (json_is_real(value)) {
		fprintf(out, "%.7g", json_real_value(value));
	} else if (json_is_integer(value)) {
		fprintf(out, "%lld", (long long)json_integer_value(value));
	} else if (json_is_boolean(value)) {
		fputs(json_is_true(value) ? "yes" : "no", out);
	} else if (json_is_array(value) && json_is_object(json_array_get(value, 0))) {
		fprintf(out, "%zu (--json has them)", json_array_size(value));
	} else if (json_is_array(value)) {
		json_array_foreach(value, i, part) {
			fputs(i > 0 ? ", " : "", out);
			print_value(out, part);
		}
	} else if (json_is_object(value)) {
		json_object_foreach(value, key, part) {
			fprintf(out, " %s ", key);
			print_value(out, part);
		}
	} else {
		fputs("-", out);
	}
}

static void print_words(FILE *out, const char *key)
{
	for (; *key != '\0'; key++)
		fputc(*key == '_' ? ' ' : *key, out);
}

/* A list of objects as a table, its first rows only. */
static void print_rows(FILE *out, const json_t *list)
{
	json_t *row, *value;
	const char *key;
	size_t i;
	json_array_foreach(list, i, row) {
		if (i == LIST_ROWS) {
			fprintf(out, "  … %zu more (--json has them all)\n", json_array_size(list) - i);
			return;
		}
		fputs(" ", out);
		json_object_foreach(row, key, value) {
			fputs(" ", out);
			print_words(out, key);
			fputs(" ", out);
			print_value(out, value);
			fputs(";", out);
		}
		fputs("\n", out);
	}
}

static void print_object(FILE *out, json_t *object, int depth)
{
	const char *key;
	json_t *value;
	json_object_foreach(object, key, value) {
		if (strcmp(key, "parameters") == 0) /* they stand by themselves too */
			continue;
		fprintf(out, "%*s", depth * 2, "");
		print_words(out, key);
		if (json_is_object(value)) {
			fputs(":\n", out);
			print_object(out, value, depth + 1);
		} else if (json_is_array(value) && json_is_object(json_array_get(value, 0))) {
			fputs(":\n", out);
			print_rows(out, value);
		} else {
			fputs("  ", out);
			print_value(out, value);
			fputs("\n", out);
		}
	}
}

bool model_cli_print(FILE *out, const char *json, size_t n)
{
	json_error_t error;
	json_t *object = json_loadb(json, n, JSON_ALLOW_NUL, &error);
	if (object == NULL)
		return false;
	print_object(out, object, 0);
	json_decref(object);
	return ferror(out) == 0;
}
