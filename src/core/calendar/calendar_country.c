/* Public holidays by country. */
#include "base/str.h"
#include "core/calendar/cn_days.h"

const struct calendar_public_day *calendar_country(const char *country, size_t *ret_n, int *ret_first_year, int *ret_last_year)
{
	*ret_n = 0;
	if (!str_equal_nocase(country, "CN"))
		return NULL;
	*ret_n = calendar_cn_days_count;
	*ret_first_year = calendar_cn_first_year;
	*ret_last_year = calendar_cn_last_year;
	return calendar_cn_days;
}
