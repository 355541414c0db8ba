#include <stdlib.h>
#include <string.h>

#include "app/app.h"
#include "app/page_table.h"

static int by_path(const void *path, const void *entry)
{
	return strcmp(path, ((const struct page_entry *)entry)->path);
}

bool app_page(const char *path, struct http_page *ret)
{
	const struct page_entry *entry = bsearch(path, page_table, page_table_count, sizeof(*entry), by_path);
	if (entry == NULL)
		return false;
	*ret = entry->page;
	return true;
}
