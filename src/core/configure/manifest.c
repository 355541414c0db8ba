/* `guanxi configure check`: what a feature model of somebody else allows, for modellers. */
#include "core/manifest/manifest.h"

#include <stdlib.h>
#include <string.h>

#include "base/jsonw.h"
#include "base/str.h"
#include "core/command/command.h"
#include "core/configure/configure.h"

enum { OUT_MAX = 512 << 20 };
static const size_t arena_max = (size_t)4 << 30;

static void put_names(struct jsonw *w, const char *key, const struct configure_model *model, const bool *which)
{
	jsonw_key(w, key);
	jsonw_array(w);
	for (size_t i = 0; i < model->n; i++) {
		if (which[i])
			jsonw_text(w, model->features[i].name);
	}
	jsonw_end_array(w);
}

static void put_not_read(struct jsonw *w, const struct configure_model *model)
{
	const char *p = buf_text(&model->not_read), *end;
	jsonw_key(w, "not_read");
	jsonw_array(w);
	for (; (end = strchr(p, '\n')) != NULL; p = end + 1)
		jsonw_textn(w, p, (size_t)(end - p));
	jsonw_end_array(w);
}

static void write_json(const struct configure_model *model, const struct configure_facts *facts, struct buf *out)
{
	struct jsonw w;
	jsonw_init(&w, out);
	jsonw_object(&w);
	jsonw_kv_int(&w, "features", (int64_t)model->n);
	jsonw_kv_bool(&w, "void", facts->is_void);
	jsonw_kv_int(&w, "constraints", (int64_t)model->constraints);
	put_names(&w, "core", model, facts->core);
	put_names(&w, "dead", model, facts->dead);
	if (model->tree)
		put_names(&w, "false_optional", model, facts->false_optional);
	put_not_read(&w, model);
	jsonw_end_object(&w);
	buf_putc(out, '\n');
}

static void write_text(const struct configure_model *model, const struct configure_facts *facts, struct buf *out)
{
	buf_printf(out, "%zu features, %zu constraints\n", model->n, model->constraints);
	if (facts->is_void) {
		buf_puts(out, "Nothing can be chosen: the constraints contradict each other.\n");
	} else {
		buf_printf(out, "core (in every choice): %zu\ndead (in none): %zu\n", facts->n_core, facts->n_dead);
		for (size_t i = 0; i < model->n; i++) {
			if (facts->dead[i])
				buf_printf(out, "  dead: %s\n", model->features[i].name);
		}
		for (size_t i = 0; i < model->n; i++) {
			if (facts->false_optional[i])
				buf_printf(out, "  never missing, though optional: %s\n", model->features[i].name);
		}
	}
	if (model->n_not_read > 0)
		buf_printf(out, "not read, so not looked at:\n%s", buf_text(&model->not_read));
}

static enum err check(struct ctx *ctx, const char *name, const struct buf *in, bool json, struct buf *out)
{
	struct configure_model model;
	struct configure_facts facts;
	configure_model_init(ctx, &model);
	enum err err;
	if (str_ends(name, ".uvl"))
		err = configure_read_uvl(ctx, buf_text(in), in->len, &model);
	else if (str_ends(name, ".dimacs") || str_ends(name, ".cnf"))
		err = configure_read_dimacs(ctx, buf_text(in), in->len, &model);
	else
		err = fail(ctx, ERR_INVALID, name, "configure_format");
	if (err == OK)
		err = configure_check(ctx, &model, &facts);
	if (err == OK)
		(json ? write_json : write_text)(&model, &facts, out);
	configure_model_free(&model);
	return err;
}

static int configure_check_file(struct cli *cli)
{
	struct arena arena;
	struct ctx ctx;
	struct buf in, out;
	int status = 1;
	if (cli->n_files != 1) {
		fprintf(cli->err, "guanxi: 'configure check' needs one MODEL\n");
		return 2;
	}
	arena_init(&arena, arena_max);
	ctx_init(&ctx, &arena, cli->ctx->clock);
	ctx.locale = cli->ctx->locale;
	buf_init(&in, CONFIGURE_BYTES_MAX);
	buf_init(&out, OUT_MAX);
	if (command_read_file(cli, cli->files[0], &in)) {
		if (check(&ctx, cli->files[0], &in, command_value(cli, "json") != NULL, &out) == OK)
			status = fwrite(buf_text(&out), 1, out.len, cli->out) == out.len && !buf_failed(&out) ? 0 : 1;
		else
			cli->print_faults(&ctx, cli->err);
	}
	buf_release(&in);
	buf_release(&out);
	arena_release(&arena);
	return status;
}

static const struct command_option check_options[] = {
	{"json", NULL, false, "One JSON object: features, void, core, dead, false_optional, not_read"},
	{.name = NULL},
};

static const struct command configure_commands[] = {
	{"configure check", NEEDS_FILES, check_options, "MODEL", "Says what a feature model (.uvl, .dimacs) allows: what is in every choice, what in none, or nothing at all.",
	 configure_check_file, "guanxi configure check shop.uvl --json"},
	{.name = NULL},
};

extern const struct manifest configure_manifest;
const struct manifest configure_manifest = {.name = "configure", .commands = configure_commands};
