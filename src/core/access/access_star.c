/* Branches, teams and regions as dimensions. Users are not copied: their names are shown where a link leads to them. */
#include "core/access/access_internal.h"
#include "core/warehouse/star.h"

const struct star_table access_stars[] = {
	{.entity = "region"},
	{.entity = "branch", .texts = "city"},
	{.entity = "team"},
	{.entity = NULL},
};
