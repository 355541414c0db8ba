#include "core/outward/outward_reply.h"

#include <string.h>

static bool digit(char c)
{
	return c >= '0' && c <= '9';
}

/* "250 …", "250-…", "250" */
static bool is_answer(const char *line, size_t n)
{
	return n >= 3 && digit(line[0]) && digit(line[1]) && digit(line[2]) && (n == 3 || line[3] == ' ' || line[3] == '-');
}

void outward_reply_line(struct outward_reply *reply, const char *line, size_t n)
{
	while (n > 0 && (line[n - 1] == '\r' || line[n - 1] == '\n'))
		n--;
	if (!is_answer(line, n))
		return;
	size_t used = reply->whole ? 0 : strlen(reply->text), words = n > 4 ? n - 4 : 0;
	if (used > 0 && used < sizeof(reply->text) - 1)
		reply->text[used++] = ' ';
	size_t room = sizeof(reply->text) - 1 - used;
	words = words < room ? words : room;
	for (size_t i = 0; i < words; i++)
		reply->text[used + i] = (unsigned char)line[4 + i] < ' ' ? ' ' : line[4 + i];
	reply->text[used + words] = '\0';
	reply->code = (line[0] - '0') * 100 + (line[1] - '0') * 10 + (line[2] - '0');
	reply->whole = n == 3 || line[3] == ' ';
}
