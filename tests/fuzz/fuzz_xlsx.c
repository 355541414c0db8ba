/* The workbook parser as it runs in the helper process, without its cage: what
 * the cage contains must not be needed.  An input that is no ZIP archive becomes one:
 * its parts between U+001E are sheet, shared strings, styles and workbook, so that
 * the fuzzer reaches them; behind "ODS" the first is the content of an OpenDocument sheet.
 * What begins as a workbook of before 2007 goes to its reader.  What is sent to the parent keeps the form of its frames. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <zlib.h>

#include "base/str.h"
#include "core/files/xlsx.h"
#include "fuzz.h"

#define NS "http://schemas.openxmlformats.org/"

static const struct {
	const char *name, *text;
} parts[] = {
	{"xl/worksheets/sheet1.xml", "<worksheet xmlns=\"" NS "spreadsheetml/2006/main\"><sheetData/></worksheet>"},
	{"xl/sharedStrings.xml", "<sst xmlns=\"" NS "spreadsheetml/2006/main\"><si><t>one</t></si><si><t>two</t></si></sst>"},
	{"xl/styles.xml", "<styleSheet xmlns=\"" NS "spreadsheetml/2006/main\"><cellXfs><xf numFmtId=\"0\"/><xf numFmtId=\"14\"/></cellXfs></styleSheet>"},
	{"xl/workbook.xml", "<workbook xmlns=\"" NS "spreadsheetml/2006/main\" xmlns:r=\"" NS "officeDocument/2006/relationships\"><sheets>"
	                    "<sheet name=\"S\" sheetId=\"1\" r:id=\"rId1\"/></sheets></workbook>"},
	{"xl/_rels/workbook.xml.rels", "<Relationships xmlns=\"" NS "package/2006/relationships\">"
	                               "<Relationship Id=\"rId1\" Type=\"" NS "officeDocument/2006/relationships/worksheet\" Target=\"worksheets/sheet1.xml\"/>"
	                               "<Relationship Id=\"rId2\" Type=\"" NS "officeDocument/2006/relationships/sharedStrings\" Target=\"sharedStrings.xml\"/>"
	                               "<Relationship Id=\"rId3\" Type=\"" NS "officeDocument/2006/relationships/styles\" Target=\"styles.xml\"/></Relationships>"},
};
enum { PARTS_N = sizeof(parts) / sizeof(parts[0]), GIVEN_N = 4 };

static void require(bool ok)
{
	if (!ok)
		abort();
}

static void put(struct buf *out, uint32_t value, int bytes)
{
	for (int i = 0; i < bytes; i++)
		buf_putc(out, (char)(value >> (8 * i) & 0xff));
}

/* What the local header and the directory have in common. */
static void put_entry(struct buf *out, const char *name, const char *text, size_t n)
{
	put(out, 20, 2); /* version, flags, stored, time, date */
	put(out, 0, 2);
	put(out, 0, 2);
	put(out, 0, 2);
	put(out, 33, 2);
	put(out, (uint32_t)crc32(0, (const Bytef *)text, (uInt)n), 4);
	put(out, (uint32_t)n, 4);
	put(out, (uint32_t)n, 4);
	put(out, (uint32_t)strlen(name), 2);
	put(out, 0, 2);
}

static void pack(struct buf *out, bool ods, const char *const *texts, const size_t *sizes)
{
	size_t at[PARTS_N];
	const char *names[PARTS_N];
	for (size_t i = 0; i < PARTS_N; i++)
		names[i] = !ods ? parts[i].name : i == 0 ? "content.xml" : parts[i].name + 3;
	for (size_t i = 0; i < PARTS_N; i++) {
		at[i] = out->len;
		put(out, 0x04034b50, 4);
		put_entry(out, names[i], texts[i], sizes[i]);
		buf_puts(out, names[i]);
		buf_add(out, texts[i], sizes[i]);
	}
	size_t directory = out->len;
	for (size_t i = 0; i < PARTS_N; i++) {
		put(out, 0x02014b50, 4);
		put(out, 20, 2);
		put_entry(out, names[i], texts[i], sizes[i]);
		put(out, 0, 2); /* comment, disk, attributes */
		put(out, 0, 2);
		put(out, 0, 2);
		put(out, 0, 4);
		put(out, (uint32_t)at[i], 4);
		buf_puts(out, names[i]);
	}
	size_t n = out->len - directory;
	put(out, 0x06054b50, 4);
	put(out, 0, 4);
	put(out, PARTS_N, 2);
	put(out, PARTS_N, 2);
	put(out, (uint32_t)n, 4);
	put(out, (uint32_t)directory, 4);
	put(out, 0, 2);
}

static void make_archive(struct buf *out, const char *data, size_t size)
{
	const char *texts[PARTS_N];
	size_t sizes[PARTS_N];
	bool ods = size >= 3 && memcmp(data, "ODS", 3) == 0;
	data += ods ? 3 : 0;
	size -= ods ? 3 : 0;
	for (size_t i = 0; i < PARTS_N; i++) {
		texts[i] = parts[i].text;
		sizes[i] = strlen(parts[i].text);
	}
	for (size_t i = 0; i < GIVEN_N && size > 0; i++) {
		const char *end = memchr(data, 0x1e, size);
		size_t n = end != NULL ? (size_t)(end - data) : size;
		if (n > 0) {
			texts[i] = data;
			sizes[i] = n;
		}
		data += n + (end != NULL);
		size -= n + (end != NULL);
	}
	pack(out, ods, texts, sizes);
}

static uint32_t u32(const uint8_t *p)
{
	return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static void check_row(const uint8_t *p, uint32_t n, uint32_t *last)
{
	require(n >= 8 && u32(p) > *last && u32(p) <= XLSX_ROWS_MAX);
	*last = u32(p);
	uint32_t cells = u32(p + 4), at = 8;
	require(cells <= TABLE_COLUMNS_MAX);
	for (uint32_t i = 0; i < cells; i++) {
		require(n - at >= 5 && n - at - 5 >= u32(p + at + 1));
		require(utf8_valid((const char *)p + at + 5, u32(p + at + 1)));
		at += 5 + u32(p + at + 1);
	}
	require(at == n);
}

static void check_frames(int fd)
{
	off_t size = lseek(fd, 0, SEEK_END);
	if (size == 0)
		return;
	uint8_t *all = mmap(NULL, (size_t)size, PROT_READ, MAP_PRIVATE, fd, 0), *p = all, *end = all + size;
	require(all != MAP_FAILED);
	uint32_t last = 0;
	while (p < end) {
		require(end - p >= 5);
		char letter = (char)p[0];
		uint32_t n = u32(p + 1);
		p += 5;
		require((uint32_t)(end - p) >= n && strchr("SURP", letter) != NULL);
		if (letter == 'R')
			check_row(p, n, &last);
		p += n;
	}
	(void)munmap(all, (size_t)size);
}

#if defined(__SANITIZE_ADDRESS__)
enum { LIBRARY_IS_WATCHED = 1 };
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
enum { LIBRARY_IS_WATCHED = 1 };
#else
enum { LIBRARY_IS_WATCHED = 0 };
#endif
#else
enum { LIBRARY_IS_WATCHED = 0 };
#endif

/* The library opens files by name. It reads beyond its own buffers on damaged workbooks, which is why it runs in the cage
 * only; under AddressSanitizer that would end the target before our own code is reached. */
static void run_old(struct xlsx_book *book, const void *data, size_t size)
{
	if (LIBRARY_IS_WATCHED)
		return;
	char path[64];
	int fd = memfd_create("old", MFD_CLOEXEC);
	require(fd >= 0 && write(fd, data, size) == (ssize_t)size);
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	xls_run(book, path, "");
	(void)close(fd);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static int out = -1;
	if (out < 0)
		out = memfd_create("frames", MFD_CLOEXEC);
	require(out >= 0 && ftruncate(out, 0) == 0 && lseek(out, 0, SEEK_SET) == 0);
	struct buf archive;
	buf_init(&archive, 64 << 20);
	if ((size >= 2 && data[0] == 'P' && data[1] == 'K') || xls_is_one(data, size))
		buf_add(&archive, (const char *)data, size);
	else
		make_archive(&archive, (const char *)data, size);
	/* a copy of its own size, so that a read beyond it is seen */
	size_t n = archive.len;
	void *copy = malloc(n > 0 ? n : 1);
	require(copy != NULL && !buf_failed(&archive));
	memcpy(copy, buf_text(&archive), n);
	buf_release(&archive);
	struct xlsx_book book = {.fd = out};
	buf_init(&book.out, XLSX_OUT_MAX);
	if (xls_is_one(copy, n))
		run_old(&book, copy, n);
	else
		xlsx_run(&book, copy, n, "");
	xlsx_send(&book); /* the frame of the end is the helper's */
	xlsx_release_book(&book);
	check_frames(out);
	free(copy);
	return 0;
}
