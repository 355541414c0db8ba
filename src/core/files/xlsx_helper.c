/* The helper process: takes a hostile workbook apart with nothing but an open
 * file, a pipe, and bounded memory and time. */
#include <errno.h>
#include <seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/files/xlsx.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED 1
#endif
#endif
#ifndef SANITIZED
#define SANITIZED 0
#endif

const char xlsx_helper_name[] = "guanxi-workbook-reader";

bool file_helper(int argc, char **argv, int *ret_status)
{
	if (argc < 1 || argv[0] == NULL || strcmp(argv[0], xlsx_helper_name) != 0)
		return false;
	*ret_status = xlsx_helper(argc > 1 ? argv[1] : "");
	return true;
}

/* --- frames out -------------------------------------------------------- */

void xlsx_put_u32(struct buf *buf, uint32_t value)
{
	const unsigned char bytes[4] = {(unsigned char)value, (unsigned char)(value >> 8), (unsigned char)(value >> 16),
	                                (unsigned char)(value >> 24)};
	buf_add(buf, bytes, sizeof(bytes));
}

void xlsx_send(struct xlsx_book *book)
{
	size_t at = 0;
	while (at < book->out.len) {
		ssize_t n = write(book->fd, book->out.data + at, book->out.len - at);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			xlsx_refuse(book, ERR_BUG, "pipe", NULL); /* nobody reads any more */
			break;
		}
		at += (size_t)n;
	}
	buf_reset(&book->out);
}

void xlsx_frame(struct xlsx_book *book, char letter, const void *payload, size_t n)
{
	buf_putc(&book->out, letter);
	xlsx_put_u32(&book->out, (uint32_t)n);
	buf_add(&book->out, payload, n);
	if (buf_failed(&book->out))
		xlsx_refuse(book, ERR_LIMIT, "no_memory", NULL);
	if (book->out.len >= FILE_CHUNK)
		xlsx_send(book);
}

/* --- the cage ---------------------------------------------------------- */

static bool limit(__rlimit_resource_t what, rlim_t value)
{
	const struct rlimit r = {value, value};
	return setrlimit(what, &r) == 0;
}

/* Memory, reading and writing of open files, the end: nothing else. `only_file`: who opens a file gets descriptor 0,
 * the workbook itself (0 is the error number, and so what the call returns). */
static bool filter_calls(bool only_file)
{
	static const int allowed[] = {
		SCMP_SYS(read), SCMP_SYS(write), SCMP_SYS(close), SCMP_SYS(lseek), SCMP_SYS(fstat), SCMP_SYS(brk), SCMP_SYS(mmap),
		SCMP_SYS(munmap), SCMP_SYS(mremap), SCMP_SYS(madvise), SCMP_SYS(exit), SCMP_SYS(exit_group), SCMP_SYS(futex),
		SCMP_SYS(rt_sigreturn), SCMP_SYS(clock_gettime), SCMP_SYS(getrandom), SCMP_SYS(gettimeofday), SCMP_SYS(time),
		SCMP_SYS(restart_syscall),
	};
	/* Asked for by libraries that look for conversion tables: refused, not deadly. */
	static const int refused[] = {SCMP_SYS(openat), SCMP_SYS(open), SCMP_SYS(newfstatat), SCMP_SYS(stat),
	                              SCMP_SYS(access), SCMP_SYS(readlink), SCMP_SYS(fcntl), SCMP_SYS(ioctl)};
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_KILL_PROCESS);
	if (filter == NULL)
		return false;
	bool ok = true;
	for (size_t i = 0; i < sizeof(allowed) / sizeof(allowed[0]); i++)
		ok &= seccomp_rule_add(filter, SCMP_ACT_ALLOW, allowed[i], 0) == 0;
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
		ok &= seccomp_rule_add(filter, SCMP_ACT_ERRNO(only_file && i < 2 ? 0 : EPERM), refused[i], 0) == 0;
	ok = ok && seccomp_load(filter) == 0;
	seccomp_release(filter);
	return ok;
}

static bool lock_up(bool only_file)
{
	bool ok = limit(RLIMIT_CPU, 1800) && limit(RLIMIT_CORE, 0) && limit(RLIMIT_FSIZE, 0);
	ok = ok && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0;
	if (!SANITIZED) /* sanitizers need their own memory and calls */
		ok = ok && limit(RLIMIT_AS, XLSX_MEMORY_MAX) && limit(RLIMIT_NOFILE, 3) && filter_calls(only_file);
	return ok;
}

/* --- the work ---------------------------------------------------------- */

static void send_fault(struct xlsx_book *book)
{
	struct buf frame;
	buf_init(&frame, 256);
	buf_putc(&frame, (char)book->fault.code);
	buf_add(&frame, book->fault.key, strlen(book->fault.key) + 1);
	buf_add(&frame, book->fault.arg, strlen(book->fault.arg) + 1);
	xlsx_frame(book, 'F', frame.data, frame.len);
	buf_release(&frame);
}

void xlsx_send_sheets(struct xlsx_book *book)
{
	struct buf frame;
	buf_init(&frame, TABLE_SHEETS_MAX * 512);
	for (size_t i = 0; i < book->n_sheets; i++)
		buf_add(&frame, book->sheets[i].name, strlen(book->sheets[i].name) + 1);
	xlsx_frame(book, 'S', buf_text(&frame), frame.len);
	buf_release(&frame);
}

void xlsx_send_number(struct xlsx_book *book, char letter, uint32_t number)
{
	struct buf frame;
	buf_init(&frame, 16);
	xlsx_put_u32(&frame, number);
	xlsx_frame(book, letter, frame.data, frame.len);
	buf_release(&frame);
}

void xlsx_send_row(struct xlsx_book *book, uint32_t number, const struct cell *cells, size_t n)
{
	struct buf frame;
	if (n == 0 || xlsx_wrong(book))
		return;
	buf_init(&frame, TABLE_ROW_MAX * 2);
	xlsx_put_u32(&frame, number);
	xlsx_put_u32(&frame, (uint32_t)n);
	for (size_t i = 0; i < n; i++) {
		buf_putc(&frame, (char)(cells[i].len > 0 ? cells[i].kind : CELL_EMPTY));
		xlsx_put_u32(&frame, (uint32_t)cells[i].len);
		buf_add(&frame, cells[i].text, cells[i].len);
	}
	if (buf_failed(&frame))
		xlsx_refuse(book, ERR_LIMIT, "row_too_large", NULL);
	else
		xlsx_frame(book, 'R', frame.data, frame.len);
	buf_release(&frame);
}

/* The sheet that was asked for, or the first visible one that has rows. */
static void read_sheets(struct xlsx_book *book, const char *wanted)
{
	bool found = false;
	for (size_t i = 0; i < book->n_sheets && !xlsx_wrong(book); i++) {
		bool any = false;
		if (wanted[0] == '\0' ? book->sheets[i].hidden : strcmp(wanted, book->sheets[i].name) != 0)
			continue;
		found = true;
		xlsx_send_number(book, 'U', (uint32_t)i);
		if (!xlsx_read_sheet(book, i, &any) || any)
			return;
	}
	if (!found && !xlsx_wrong(book))
		xlsx_refuse(book, ERR_INVALID, "xlsx_no_such_sheet", wanted);
}

static bool map_file(int fd, void **ret_map, size_t *ret_size)
{
	struct stat st;
	if (fstat(fd, &st) != 0 || st.st_size <= 0)
		return false;
	*ret_size = (size_t)st.st_size;
	*ret_map = mmap(NULL, *ret_size, PROT_READ, MAP_PRIVATE, fd, 0);
	return *ret_map != MAP_FAILED;
}

static zip_t *open_archive(void *map, size_t size)
{
	zip_error_t error;
	zip_error_init(&error);
	zip_source_t *source = zip_source_buffer_create(map, size, 0, &error);
	if (source == NULL)
		return NULL;
	zip_t *zip = zip_open_from_source(source, ZIP_RDONLY, &error);
	if (zip == NULL)
		zip_source_free(source);
	return zip;
}

void xlsx_run(struct xlsx_book *book, void *map, size_t size, const char *sheet)
{
	book->zip = open_archive(map, size);
	if (book->zip == NULL) {
		xlsx_refuse(book, ERR_INVALID, "xlsx_damaged", "zip");
	} else if (ods_is_one(book)) {
		ods_run(book, sheet);
	} else if (xlsx_open_book(book)) {
		xlsx_send_sheets(book);
		read_sheets(book, sheet);
	}
}

int xlsx_helper(const char *sheet)
{
	struct xlsx_book book = {.fd = STDOUT_FILENO};
	void *map = MAP_FAILED;
	size_t size = 0;
	buf_init(&book.out, XLSX_OUT_MAX);
	bool mapped = map_file(STDIN_FILENO, &map, &size), old = mapped && xls_is_one(map, size);
	if (old)
		xls_prepare();
	if (!lock_up(old))
		xlsx_refuse(&book, ERR_BUG, "xlsx_helper_limits", NULL);
	else if (!mapped || lseek(STDIN_FILENO, 0, SEEK_SET) != 0)
		xlsx_refuse(&book, ERR_INVALID, "xlsx_damaged", NULL);
	else if (old)
		xls_run(&book, "/proc/self/fd/0", sheet);
	else
		xlsx_run(&book, map, size, sheet);
	if (xlsx_wrong(&book))
		send_fault(&book);
	else
		xlsx_frame(&book, 'E', "", 0);
	xlsx_send(&book);
	xlsx_release_book(&book);
	if (mapped)
		(void)munmap(map, size);
	return 0;
}
