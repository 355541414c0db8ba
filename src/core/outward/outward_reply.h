/* Answers of SMTP, line by line. */
#ifndef GUANXI_CORE_OUTWARD_REPLY_H
#define GUANXI_CORE_OUTWARD_REPLY_H

#include <stdbool.h>
#include <stddef.h>

#include "core/outward/outward_letters.h"

struct outward_reply {
	int code;                     /* 0: nothing came */
	bool whole;                   /* its last line has come */
	char text[OUTWARD_REPLY_MAX]; /* the lines without their codes, with blanks between, as much as there is room for */
};

/* Any bytes, ended or not. A line behind a whole answer begins the next one; what is no line of an answer is passed over. */
void outward_reply_line(struct outward_reply *reply, const char *line, size_t n);

#endif
