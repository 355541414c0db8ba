/* MBG/NBD: Batislam, Denizel and Filiztekin (2007).  As BG/NBD, with a chance to leave after the first purchase too: each of its
 * terms has b + 1 where BG/NBD has b, and the term of having left stands for x = 0 as well. */
#include "models/special.h"

enum err model_mbgnbd(struct ctx *ctx, const struct model_history *history, struct model_fit *ret)
{
	return model_bg_fit(ctx, history, 1, ret);
}

double model_mbgnbd_alive(const struct model_fit *fit, double x, double t_x, double age)
{
	return model_bg_alive(fit, 1, x, t_x, age);
}

double model_mbgnbd_expected(const struct model_fit *fit, double x, double t_x, double age, double t)
{
	return model_bg_expected(fit, 1, x, t_x, age, t);
}
