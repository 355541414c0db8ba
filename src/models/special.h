/* Inside models: functions of mathematics that libm lacks, and the climb to a maximum. */
#ifndef GUANXI_MODELS_SPECIAL_H
#define GUANXI_MODELS_SPECIAL_H

#include "models/models.h"

double model_log_gamma(double x); /* x > 0; no global is touched */
double model_digamma(double x);   /* x > 0 */
double model_log_beta(double a, double b);
double model_log_add(double a, double b); /* log(e^a + e^b) */
double model_normal_cdf(double z);
double model_normal_quantile(double p);             /* 0 < p < 1 */
double model_t_cdf(double t, double degrees);
double model_t_quantile(double p, double degrees);
double model_chi2_upper(double chi2, double degrees); /* P(X > chi2) */
/* Gauss's series 2F1(a, b; c; z) for |z| < 1 and c > 0; meant for c + 1 > a + b, where it converges well up to 1. */
double model_hyp2f1(double a, double b, double c, double z);
/* Solves a (n x n, by rows, destroyed) times x = b (becomes x); false: singular. */
bool model_solve(double *a, double *b, size_t n);
/* Inverse of a symmetric positive definite matrix in place, by Cholesky; false: it is none. */
bool model_invert_spd(double *a, size_t n);

struct model_problem {
	size_t n;
	const char *names[MODEL_PARAMETERS_MAX];
	double start[MODEL_PARAMETERS_MAX];
	double (*value)(const double *at, void *arg); /* the log-likelihood; all parameters are positive */
	void (*slope)(const double *at, double *ret, void *arg); /* its derivatives; NULL: by differences */
	void *arg;
};
/* BFGS on the logarithms of the parameters (Nocedal and Wright 2006, algorithm 6.1), from several starts if need be.
 * ERR_INVALID "model_no_optimum" if a parameter runs away or no start ends in a top. */
enum err model_maximise(struct ctx *ctx, const struct model_problem *problem, struct model_fit *ret) MUST_CHECK;

/* Checks a history: "model_few_customers", "model_not_finite", "model_bad_history", "model_no_repeat", "model_no_time". */
enum err model_check_history(struct ctx *ctx, const struct model_history *history) MUST_CHECK;
/* Entries of the same x, t_x and age become one with a weight, ordered by x. */
struct model_group {
	double x, t_x, age, n;
};
enum err model_group_history(struct ctx *ctx, const struct model_history *history, struct model_group **ret, size_t *ret_n) MUST_CHECK;

/* BG/NBD (shift 0) and MBG/NBD (shift 1) differ in this only. */
enum err model_bg_fit(struct ctx *ctx, const struct model_history *history, double shift, struct model_fit *ret) MUST_CHECK;
double model_bg_alive(const struct model_fit *fit, double shift, double x, double t_x, double age);
double model_bg_expected(const struct model_fit *fit, double shift, double x, double t_x, double age, double t);

#endif
