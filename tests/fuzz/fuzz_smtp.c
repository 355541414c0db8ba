/* Answers of a mail server, line by line: a code of three digits, words that fit and hold no line ends. */
#include <stdlib.h>
#include <string.h>

#include "core/outward/outward_reply.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct outward_reply reply = {0};
	for (size_t at = 0; at < size;) {
		const uint8_t *nl = memchr(data + at, '\n', size - at);
		size_t n = nl != NULL ? (size_t)(nl - data) - at + 1 : size - at;
		char *line = malloc(n); /* of its own, so that reading past it is seen */
		if (line == NULL)
			return 0;
		memcpy(line, data + at, n);
		outward_reply_line(&reply, line, n);
		free(line);
		if (reply.code < 0 || reply.code > 999 || memchr(reply.text, '\0', sizeof(reply.text)) == NULL || strpbrk(reply.text, "\r\n") != NULL)
			abort();
		at += n;
	}
	return 0;
}
