/* The built page inside the program, made by tools/page2c.py; sorted by path. */
#ifndef GUANXI_APP_PAGE_TABLE_H
#define GUANXI_APP_PAGE_TABLE_H

#include <stddef.h>

#include "core/http/http.h"

struct page_entry {
	const char *path;
	struct http_page page;
};

extern const struct page_entry page_table[];
extern const size_t page_table_count;

#endif
