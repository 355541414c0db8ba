/* guanxi model logit. */
#include <math.h>

#include "model_cli/frame.h"
#include "model_cli/model.h"

void model_cli_terms(struct jsonw *w, const struct model_logit *fit, const char *const *terms)
{
	jsonw_key(w, "coefficients");
	jsonw_object(w);
	for (size_t j = 0; j < fit->p; j++)
		model_cli_number(w, terms[j], fit->coefficient[j]);
	jsonw_end_object(w);
	jsonw_key(w, "terms");
	jsonw_array(w);
	for (size_t j = 0; j < fit->p; j++) {
		double z = fit->coefficient[j] / fit->se[j];
		jsonw_object(w);
		jsonw_kv_text(w, "term", terms[j]);
		model_cli_number(w, "estimate", fit->coefficient[j]);
		model_cli_number(w, "standard_error", fit->se[j]);
		model_cli_number(w, "z", z);
		model_cli_number(w, "p", erfc(fabs(z) / M_SQRT2));
		model_cli_number(w, "odds_ratio", exp(fit->coefficient[j]));
		jsonw_end_object(w);
	}
	jsonw_end_array(w);
	jsonw_key(w, "aliased");
	jsonw_array(w);
	for (size_t j = 0; j < fit->p; j++) {
		if (isnan(fit->coefficient[j]))
			jsonw_text(w, terms[j]);
	}
	jsonw_end_array(w);
}

static void write_rows(struct jsonw *w, const struct frame *frame, const struct model_logit *fit)
{
	jsonw_key(w, "predictions");
	jsonw_array(w);
	for (size_t i = 0; i < frame->n; i++) {
		jsonw_object(w);
		jsonw_kv_int(w, "row", (int64_t)frame->row[i] + 1);
		jsonw_kv_int(w, "event", frame->event[i]);
		model_cli_number(w, "probability", fit->fitted[i]);
		jsonw_end_object(w);
	}
	jsonw_end_array(w);
}

static enum err fit_frame(struct cli *cli, struct jsonw *w, const struct frame *frame)
{
	struct model_logit fit;
	double *x, auc, ks;
	const char **terms;
	size_t p;
	enum err err = frame_design(cli->ctx, frame, true, &x, &terms, &p);
	if (err == OK)
		err = model_logit(cli->ctx, x, frame->event, frame->n, p, &fit);
	if (err == OK)
		err = model_auc(cli->ctx, fit.fitted, frame->event, frame->n, &auc, &ks);
	if (err != OK)
		return err;
	jsonw_kv_text(w, "model", "logit");
	frame_write(w, frame);
	model_cli_terms(w, &fit, terms);
	model_cli_number(w, "deviance", fit.deviance);
	model_cli_number(w, "null_deviance", fit.null_deviance);
	model_cli_number(w, "log_likelihood", fit.log_likelihood);
	model_cli_number(w, "aic", fit.deviance + 2 * (double)fit.rank);
	model_cli_number(w, "auc", fit.auc);
	model_cli_number(w, "ks", ks);
	jsonw_kv_int(w, "rank", (int64_t)fit.rank);
	jsonw_kv_int(w, "iterations", fit.iterations);
	jsonw_kv_bool(w, "converged", fit.converged);
	jsonw_kv_bool(w, "separated", fit.separated);
	if (command_value(cli, "predictions") != NULL)
		write_rows(w, frame, &fit);
	return OK;
}

static enum err logit(struct cli *cli, struct jsonw *w)
{
	struct frame frame;
	enum err err = frame_read(cli, true, &frame);
	if (err == OK)
		err = fit_frame(cli, w, &frame);
	frame_close(&frame);
	return err;
}

int model_cli_run_logit(struct cli *cli)
{
	return model_cli_run(cli, logit);
}

const struct command_option model_cli_logit_options[] = {
	MODEL_INPUT_OPTIONS,
	{"target", "COLUMN", true, "the outcome"},
	{"event", "VALUE", false, "its value that is the event (as usual 1, yes, true)"},
	{"columns", "A,B,…", false, "what explains it (as usual all others)"},
	{"exclude", "A,B,…", false, "all others but these"},
	{"factors", "A,B,…", false, "numbers that are names of kinds"},
	{"own-rows", NULL, false, "takes rows complete in these columns, not in all of the file"},
	{"predictions", NULL, false, "also lists the probability of every row"},
	{NULL, NULL, false, NULL},
};
