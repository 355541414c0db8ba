/* The workbook parser as it runs in the helper process, without its cage: what
 * the cage contains must not be needed. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/files/xlsx.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static int null = -1;
	if (null < 0)
		null = open("/dev/null", O_WRONLY | O_CLOEXEC);
	void *copy = malloc(size + 1);
	if (copy == NULL || null < 0)
		abort();
	memcpy(copy, data, size);
	struct xlsx_book book = {.fd = null};
	buf_init(&book.out, XLSX_OUT_MAX);
	xlsx_run(&book, copy, size, "");
	xlsx_release_book(&book);
	free(copy);
	return 0;
}
