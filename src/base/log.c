#include "base/log.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/ctx.h"
#include "base/timeutil.h"

enum { LINE_MAX_BYTES = 4096 };

static _Atomic int threshold = LOG_INFO;

void log_set_level(enum log_level level)
{
	atomic_store(&threshold, (int)level);
}

static void put_value(struct buf *buf, const char *text)
{
	static const char hex[] = "0123456789abcdef";
	buf_putc(buf, '"');
	/* room for the rest of the line is kept, so that one long value cannot hide the others */
	size_t n = strnlen(text, 512);
	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)text[i];
		if (c == '"' || c == '\\') {
			buf_putc(buf, '\\');
			buf_putc(buf, (char)c);
		} else if (c < 0x20 || c == 0x7F) {
			char out[4] = {'\\', 'x', hex[c >> 4], hex[c & 15]};
			buf_add(buf, out, sizeof(out));
		} else {
			buf_putc(buf, (char)c);
		}
	}
	buf_putc(buf, '"');
}

void log_event(enum log_level level, const char *message, ...)
{
	static const char *const names[] = {"debug", "info", "warn", "error"};
	if ((int)level < atomic_load(&threshold))
		return;
	char when[TIME_TEXT_MAX];
	time_format(clock_system()->now_ms(NULL), when);
	struct buf line;
	buf_init(&line, LINE_MAX_BYTES);
	buf_printf(&line, "time=%s level=%s msg=", when, names[level]);
	put_value(&line, message);
	va_list args;
	va_start(args, message);
	const char *key;
	while ((key = va_arg(args, const char *)) != NULL) {
		const char *value = va_arg(args, const char *);
		buf_putc(&line, ' ');
		buf_puts(&line, key);
		buf_putc(&line, '=');
		put_value(&line, value != NULL ? value : "");
	}
	va_end(args);
	line.failed = false;
	if (line.len == line.max)
		buf_truncate(&line, line.max - 1);
	buf_putc(&line, '\n');
	/* one write, so that lines of several threads do not mix */
	ssize_t written = write(STDERR_FILENO, buf_text(&line), line.len);
	(void)written; /* nowhere left to report it */
	buf_release(&line);
}
