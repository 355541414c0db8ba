/* guanxi model kmeans: clusters of rows. */
#include <math.h>

#include "base/str.h"
#include "model_cli/frame.h"
#include "model_cli/model.h"

struct clustering {
	struct cli *cli;
	const struct frame *frame;
	struct model_points points;
	double k, k_max, starts, seed;
	bool gower;
};

static enum err cluster(struct clustering *c, size_t k, struct model_clusters *ret)
{
	return (c->gower ? model_kmedoids : model_kmeans)(c->cli->ctx, &c->points, k, (int)c->starts, (uint64_t)c->seed, ret);
}

static enum err make_points(struct clustering *c)
{
	const struct frame *f = c->frame;
	struct arena *arena = c->cli->ctx->arena;
	size_t p = 0, q = 0;
	for (size_t i = 0; i < f->n_columns; i++)
		*(f->columns[i].factor ? &q : &p) += 1;
	double *number = arena_array(arena, f->n * p + 1, sizeof(*number));
	int32_t *kind = arena_array(arena, f->n * q + 1, sizeof(*kind)), *kinds = arena_array(arena, q + 1, sizeof(*kinds));
	if (number == NULL || kind == NULL || kinds == NULL)
		return fail(c->cli->ctx, ERR_LIMIT, "", "memory");
	for (size_t i = 0, at = 0, at_kind = 0; i < f->n_columns; i++) {
		const struct frame_column *column = &f->columns[i];
		for (size_t row = 0; !column->factor && row < f->n; row++)
			number[row * p + at] = column->number[row];
		for (size_t row = 0; column->factor && row < f->n; row++)
			kind[row * q + at_kind] = (int32_t)column->number[row];
		if (column->factor)
			kinds[at_kind++] = (int32_t)column->n_levels;
		else
			at++;
	}
	c->points.number = number;
	c->points.kind = kind;
	c->points.kinds = kinds;
	c->points.n = f->n;
	c->points.p = p;
	c->points.q = q;
	return OK;
}

static void write_profile(struct jsonw *w, const struct clustering *c, const struct model_clusters *found, size_t cluster)
{
	const struct frame *f = c->frame;
	jsonw_object(w);
	jsonw_kv_int(w, "cluster", (int64_t)cluster + 1);
	jsonw_kv_int(w, "size", (int64_t)found->size[cluster]);
	if (found->medoid != NULL)
		jsonw_kv_int(w, "medoid_row", (int64_t)f->row[found->medoid[cluster]] + 1);
	jsonw_key(w, "center");
	jsonw_object(w);
	for (size_t i = 0, at = 0, at_kind = 0; i < f->n_columns; i++) {
		const struct frame_column *column = &f->columns[i];
		if (column->factor)
			jsonw_kv_text(w, column->name, column->level[found->mode[cluster * c->points.q + at_kind++]]);
		else
			model_cli_number(w, column->name, found->center[cluster * c->points.p + at++]);
	}
	jsonw_end_object(w);
	jsonw_end_object(w);
}

static void write_found(struct jsonw *w, const struct clustering *c, const struct model_clusters *found)
{
	jsonw_kv_int(w, "k", (int64_t)found->k);
	model_cli_number(w, "within", found->within);
	model_cli_number(w, "total", found->total);
	model_cli_number(w, "explained", 1 - found->within / found->total);
	model_cli_number(w, "silhouette", found->silhouette);
	jsonw_key(w, "clusters");
	jsonw_array(w);
	for (size_t i = 0; i < found->k; i++)
		write_profile(w, c, found, i);
	jsonw_end_array(w);
	if (command_value(c->cli, "rows") == NULL)
		return;
	jsonw_key(w, "assignments");
	jsonw_array(w);
	for (size_t i = 0; i < c->frame->n; i++) {
		jsonw_object(w);
		jsonw_kv_int(w, "row", (int64_t)c->frame->row[i] + 1);
		jsonw_kv_int(w, "cluster", found->cluster[i] + 1);
		jsonw_end_object(w);
	}
	jsonw_end_array(w);
}

/* The number of clusters that lie apart best, from 2 to k_max or as many as there are different rows. */
static enum err choose_k(struct clustering *c, struct jsonw *w, struct model_clusters *ret)
{
	struct ctx *ctx = c->cli->ctx;
	enum err err = OK;
	ret->k = 0;
	jsonw_key(w, "choices");
	jsonw_array(w);
	for (size_t k = 2; err == OK && k <= (size_t)c->k_max; k++) {
		struct model_clusters found;
		err = cluster(c, k, &found);
		if (err != OK)
			break;
		jsonw_object(w);
		jsonw_kv_int(w, "k", (int64_t)k);
		model_cli_number(w, "within", found.within);
		model_cli_number(w, "silhouette", found.silhouette);
		jsonw_end_object(w);
		if (ret->k == 0 || found.silhouette > ret->silhouette)
			*ret = found;
	}
	jsonw_end_array(w);
	if (err == ERR_INVALID && ret->k > 0) {
		/* no more different rows than that */
		faults_clear(ctx);
		err = OK;
	}
	return err;
}

static enum err find_clusters(struct clustering *c, struct jsonw *w)
{
	struct model_clusters found;
	enum err err = make_points(c);
	if (err != OK)
		return err;
	jsonw_kv_text(w, "model", "kmeans");
	jsonw_kv_text(w, "distance", c->gower ? "gower" : "euclid");
	jsonw_kv_text(w, "method", c->gower ? "k-medoids" : c->points.q > 0 ? "k-prototypes" : "k-means");
	frame_write(w, c->frame);
	if (c->k > 0)
		err = cluster(c, (size_t)c->k, &found);
	else
		err = choose_k(c, w, &found);
	if (err == OK)
		write_found(w, c, &found);
	return err;
}

static enum err kmeans(struct cli *cli, struct jsonw *w)
{
	struct frame frame;
	struct clustering c = {.cli = cli, .frame = &frame, .points.scale = command_value(cli, "raw") == NULL};
	const struct {
		const char *option;
		double fallback, least, most, *ret;
	} options[] = {{"k", 0, 1, 1000, &c.k}, {"k-max", 10, 2, 100, &c.k_max}, {"starts", 10, 1, 1000, &c.starts}, {"seed", 1, 0, 1e15, &c.seed},
	               {"kind-weight", 0.5, 0, 1e9, &c.points.kind_weight}};
	const char *distance = command_value(cli, "distance");
	c.gower = str_equal(distance, "gower");
	enum err err = OK;
	if (distance != NULL && !c.gower && !str_equal(distance, "euclid"))
		err = fail_arg(cli->ctx, ERR_INVALID, "--distance", "model_distance", distance);
	for (size_t i = 0; err == OK && i < sizeof(options) / sizeof(options[0]); i++)
		err = sheet_option_number(cli, options[i].option, options[i].fallback, options[i].least, options[i].most, options[i].ret);
	if (err != OK)
		return err;
	err = frame_read(cli, false, &frame);
	if (err == OK)
		err = find_clusters(&c, w);
	frame_close(&frame);
	return err;
}

int model_cli_run_kmeans(struct cli *cli)
{
	return model_cli_run(cli, kmeans);
}

const struct command_option model_cli_kmeans_options[] = {
	MODEL_INPUT_OPTIONS,
	{"columns", "A,B,…", false, "what rows are alike in (as usual all)"},
	{"exclude", "A,B,…", false, "all but these"},
	{"factors", "A,B,…", false, "numbers that are names of kinds"},
	{"own-rows", NULL, false, "takes rows complete in these columns, not in all of the file"},
	{"distance", "WORD", false, "euclid (as usual), or gower: each column counts the same, clusters around rows of the file"},
	{"k", "N", false, "clusters (as usual as many as lie apart best)"},
	{"k-max", "N", false, "most clusters to choose from (as usual 10)"},
	{"raw", NULL, false, "numbers as they are; as usual each is divided by its standard deviation"},
	{"kind-weight", "N", false, "squared distance of two kinds that differ (as usual .5)"},
	{"starts", "N", false, "tries, of which the best counts (as usual 10)"},
	{"seed", "N", false, "the same seed gives the same clusters (as usual 1)"},
	{"rows", NULL, false, "also lists the cluster of every row"},
	{NULL, NULL, false, NULL},
};
