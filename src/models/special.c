#include "models/special.h"

#include <math.h>

double model_log_gamma(double x)
{
	int sign;
	return lgamma_r(x, &sign);
}

/* Recurrence up to 10, then the asymptotic series (Abramowitz and Stegun 6.3.18). */
double model_digamma(double x)
{
	double sum = 0;
	while (x < 10) {
		sum -= 1 / x;
		x += 1;
	}
	double f = 1 / (x * x);
	return sum + log(x) - 0.5 / x -
	       f * (1.0 / 12 - f * (1.0 / 120 - f * (1.0 / 252 - f * (1.0 / 240 - f * (1.0 / 132 - f * (691.0 / 32760 - f / 12))))));
}

double model_log_beta(double a, double b)
{
	return model_log_gamma(a) + model_log_gamma(b) - model_log_gamma(a + b);
}

double model_log_add(double a, double b)
{
	if (a < b) {
		double t = a;
		a = b;
		b = t;
	}
	return isinf(b) && b < 0 ? a : a + log1p(exp(b - a));
}

double model_normal_cdf(double z)
{
	return 0.5 * erfc(-z / M_SQRT2);
}

/* Acklam's rational approximation, made exact by two steps of Halley. */
double model_normal_quantile(double p)
{
	static const double a[] = {-39.69683028665376, 220.9460984245205, -275.9285104469687, 138.3577518672690, -30.66479806614716, 2.506628277459239};
	static const double b[] = {-54.47609879822406, 161.5858368580409, -155.6989798598866, 66.80131188771972, -13.28068155288572};
	static const double c[] = {-0.007784894002430293, -0.3223964580411365, -2.400758277161838, -2.549732539343734, 4.374664141464968, 2.938163982698783};
	static const double d[] = {0.007784695709041462, 0.3224671290700398, 2.445134137142996, 3.754408661907416};
	double low = p < 0.5 ? p : 1 - p, x;
	if (low < 0.02425) {
		double q = sqrt(-2 * log(low));
		x = (((((c[0] * q + c[1]) * q + c[2]) * q + c[3]) * q + c[4]) * q + c[5]) / ((((d[0] * q + d[1]) * q + d[2]) * q + d[3]) * q + 1);
	} else {
		double q = low - 0.5, r = q * q;
		x = (((((a[0] * r + a[1]) * r + a[2]) * r + a[3]) * r + a[4]) * r + a[5]) * q /
		    (((((b[0] * r + b[1]) * r + b[2]) * r + b[3]) * r + b[4]) * r + 1);
	}
	for (int i = 0; i < 2; i++) {
		double e = model_normal_cdf(x) - low, u = e * sqrt(2 * M_PI) * exp(x * x / 2);
		x -= u / (1 + x * u / 2);
	}
	return p < 0.5 ? x : -x;
}

/* Upper incomplete gamma: series below a + 1, Lentz's continued fraction above (Press et al. 2007, 6.2). */
double model_chi2_upper(double chi2, double degrees)
{
	double a = degrees / 2, x = chi2 / 2;
	if (!(x > 0))
		return 1;
	double front = exp(-x + a * log(x) - model_log_gamma(a));
	if (x < a + 1) {
		double term = 1 / a, sum = term;
		for (double k = a + 1; term > sum * 1e-17; k++) {
			term *= x / k;
			sum += term;
		}
		return 1 - sum * front;
	}
	double b = x + 1 - a, c = 1e300, d = 1 / b, h = d;
	for (int i = 1; i < 10000; i++) {
		double an = -i * (i - a);
		b += 2;
		d = 1 / (an * d + b);
		c = b + an / c;
		h *= d * c;
		if (fabs(d * c - 1) < 1e-16)
			break;
	}
	return front * h;
}

/* Continued fraction of the incomplete beta function (Press et al. 2007, 6.4). */
static double beta_fraction(double a, double b, double x)
{
	const double tiny = 1e-300;
	double c = 1, d = 1 - (a + b) * x / (a + 1);
	d = 1 / (fabs(d) < tiny ? tiny : d);
	double h = d;
	for (int m = 1; m < 10000; m++) {
		double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
		double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
		d = 1 + even * d;
		d = 1 / (fabs(d) < tiny ? tiny : d);
		c = 1 + even / c;
		h *= d * c;
		d = 1 + odd * d;
		d = 1 / (fabs(d) < tiny ? tiny : d);
		c = 1 + odd / c;
		h *= d * c;
		if (fabs(d * c - 1) < 1e-16)
			break;
	}
	return h;
}

static double incomplete_beta(double a, double b, double x)
{
	if (x <= 0 || x >= 1)
		return x <= 0 ? 0 : 1;
	double front = exp(a * log(x) + b * log1p(-x) - model_log_beta(a, b));
	return x < (a + 1) / (a + b + 2) ? front * beta_fraction(a, b, x) / a : 1 - front * beta_fraction(b, a, 1 - x) / b;
}

double model_t_cdf(double t, double degrees)
{
	double tail = 0.5 * incomplete_beta(degrees / 2, 0.5, degrees / (degrees + t * t));
	return t < 0 ? tail : 1 - tail;
}

double model_t_quantile(double p, double degrees)
{
	double low = -1e6, high = 1e6;
	for (int i = 0; i < 200; i++) {
		double middle = (low + high) / 2;
		if (model_t_cdf(middle, degrees) < p)
			low = middle;
		else
			high = middle;
	}
	return (low + high) / 2;
}

double model_hyp2f1(double a, double b, double c, double z)
{
	double term = 1, sum = 1;
	for (int i = 0; i < 2000000; i++) {
		double k = i;
		term *= (a + k) * (b + k) / ((c + k) * (1 + k)) * z;
		sum += term;
		if (fabs(term) <= fabs(sum) * 1e-17)
			break;
	}
	return sum;
}

static size_t find_pivot(const double *a, size_t n, size_t k)
{
	size_t best = k;
	for (size_t i = k + 1; i < n; i++) {
		if (fabs(a[i * n + k]) > fabs(a[best * n + k]))
			best = i;
	}
	return best;
}

static void swap_rows(double *a, double *b, size_t n, size_t i, size_t k)
{
	for (size_t j = 0; j < n; j++) {
		double t = a[i * n + j];
		a[i * n + j] = a[k * n + j];
		a[k * n + j] = t;
	}
	double t = b[i];
	b[i] = b[k];
	b[k] = t;
}

bool model_solve(double *a, double *b, size_t n)
{
	for (size_t k = 0; k < n; k++) {
		size_t pivot = find_pivot(a, n, k);
		if (!(fabs(a[pivot * n + k]) > 1e-300))
			return false;
		if (pivot != k)
			swap_rows(a, b, n, pivot, k);
		for (size_t i = k + 1; i < n; i++) {
			double f = a[i * n + k] / a[k * n + k];
			for (size_t j = k; f != 0 && j < n; j++)
				a[i * n + j] -= f * a[k * n + j];
			b[i] -= f * b[k];
		}
	}
	for (size_t k = n; k-- > 0;) {
		for (size_t j = k + 1; j < n; j++)
			b[k] -= a[k * n + j] * b[j];
		b[k] /= a[k * n + k];
	}
	return true;
}

static bool cholesky(double *a, size_t n)
{
	for (size_t j = 0; j < n; j++) {
		double *row = a + j * n, d = row[j];
		for (size_t k = 0; k < j; k++)
			d -= row[k] * row[k];
		if (!(d > 0) || !isfinite(d))
			return false;
		row[j] = sqrt(d);
		for (size_t i = j + 1; i < n; i++) {
			double s = a[i * n + j];
			for (size_t k = 0; k < j; k++)
				s -= a[i * n + k] * row[k];
			a[i * n + j] = s / row[j];
		}
	}
	return true;
}

bool model_invert_spd(double *a, size_t n)
{
	if (!cholesky(a, n))
		return false;
	/* the inverse of the lower triangle, in its place */
	for (size_t j = 0; j < n; j++) {
		a[j * n + j] = 1 / a[j * n + j];
		for (size_t i = j + 1; i < n; i++) {
			double s = 0;
			for (size_t k = j; k < i; k++)
				s -= a[i * n + k] * a[k * n + j];
			a[i * n + j] = s / a[i * n + i];
		}
	}
	for (size_t i = 0; i < n; i++) {
		for (size_t j = 0; j <= i; j++) {
			double s = 0;
			for (size_t k = i; k < n; k++)
				s += a[k * n + i] * a[k * n + j];
			a[j * n + i] = s;
		}
	}
	for (size_t i = 0; i < n; i++) {
		for (size_t j = 0; j < i; j++)
			a[i * n + j] = a[j * n + i];
	}
	return true;
}
