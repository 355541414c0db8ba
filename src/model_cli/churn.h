/* Inside model_cli: a forecast learnt from some rows and tested on others, with its reasons, whatever the rows were made of. */
#ifndef GUANXI_MODEL_CLI_CHURN_H
#define GUANXI_MODEL_CLI_CHURN_H

#include "model_cli/frame.h"
#include "models/models.h"

struct churn {
	struct cli *cli;
	struct frame *frame; /* the rows to learn from first, then those to test on */
	size_t n_learn;
	const char **name;   /* by row; NULL: rows have numbers only */
	bool refit;          /* what is told of customers is learnt from all rows, once the test is done */
	bool unknown;        /* what became of the later rows is not known yet: no test */
	const double *rival; /* a plain score of the tested rows to compare with; NULL: none */
	const char *rival_name;
	double reasons;      /* how many to give for each customer */
};

/* Fits, tests, and writes: auc, lift, calibration (of the test), coefficients, in_sample, model_card, and with --customers everyone with what
 * raised or lowered their chance. */
enum err churn_write(struct churn *c, struct jsonw *w) MUST_CHECK;
/* The form on transactions. */
enum err churn_of_purchases(struct cli *cli, struct jsonw *w, double reasons) MUST_CHECK;

#endif
