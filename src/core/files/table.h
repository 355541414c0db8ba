/* Inside core/files: what the formats' readers and writers share. */
#ifndef GUANXI_CORE_FILES_TABLE_H
#define GUANXI_CORE_FILES_TABLE_H

#include <zlib.h>

#include "core/files/files.h"
#include "core/text/text.h"

enum { FILE_CHUNK = 64 * 1024 };

/* --- bytes in ---------------------------------------------------------- */

/* A file's content, unpacked if it is gzip, decoded to UTF-8 if asked.  The first
 * FILE_CHUNK bytes stay at hand, so that the kind and encoding can be guessed. */
struct file_input {
	int fd;
	gzFile gz;
	bool packed; /* it is gzip */
	unsigned char *head;
	size_t head_len, head_at;
	struct text_decoder *decoder;
	int64_t size, total; /* bytes of the file; bytes unpacked so far */
	bool ended;
};

enum err file_input_open(struct ctx *ctx, const char *path, struct file_input *in) MUST_CHECK;
void file_input_close(struct file_input *in);
/* Chooses the decoder: `encoding` or what the head looks like. Returns its name. */
enum err file_input_decode(struct ctx *ctx, struct file_input *in, const char *encoding, const char **ret) MUST_CHECK;
/* Raw bytes; *ret_n 0 at the end. */
enum err file_input_read(struct ctx *ctx, struct file_input *in, void *out, size_t cap, size_t *ret_n) MUST_CHECK;
/* Appends the next chunk as UTF-8 without NUL (each becomes nothing); *ret_more false when that was the last. */
enum err file_input_text(struct ctx *ctx, struct file_input *in, struct buf *out, bool *ret_more) MUST_CHECK;
int64_t file_input_done(const struct file_input *in);

/* The kind of a file by its first bytes; fails with the key that says what it is instead. */
enum err file_sniff(struct ctx *ctx, const struct file_input *in, enum file_format *ret) MUST_CHECK;

/* --- readers ----------------------------------------------------------- */

/* A batch of rows whose cells lie in one growing block of text. */
struct table_span {
	size_t at, len;
	enum cell_kind kind;
};

struct table;

/* One format.  `next` gives every row the file has, title and header rows too. */
struct table_reader {
	enum err (*next)(struct ctx *ctx, struct table *table, struct table_row *ret, bool *ret_more);
	void (*free)(struct table *table);
};

struct table {
	const struct table_reader *reader;
	void *state; /* the reader's */
	struct table_info info;
	struct file_input in;
	bool guards;     /* take the apostrophes away */
	bool own_header; /* the reader knows its columns (JSON Lines, vCard) */
	/* rows read ahead to find the header, given out again */
	struct arena memory;
	struct table_row *ahead;
	size_t n_ahead, next_ahead;
	bool ahead_end;
	struct cell *cells; /* scratch of n_cells for `next` */
	size_t n_cells;
};

/* A CSV cell as it is meant: without the guard, without what keeps a number text
 * (="00123", '00123); a spreadsheet's error ("#N/A") is empty. The text may lose its last byte's place. */
void table_unwrap(struct cell *cell);
bool table_error_word(const char *text, size_t len);

/* Scratch cells for n; NULL without memory. */
struct cell *table_cells(struct table *table, size_t n) MUST_CHECK;

enum err csv_open(struct ctx *ctx, struct table *table, const struct table_options *options) MUST_CHECK;
enum err xlsx_open(struct ctx *ctx, struct table *table, const struct table_options *options) MUST_CHECK;
enum err jsonl_open(struct ctx *ctx, struct table *table, const struct table_options *options) MUST_CHECK;
enum err vcard_open(struct ctx *ctx, struct table *table, const struct table_options *options) MUST_CHECK;

/* The delimiter that splits this text most evenly. ' ' stands for runs of blanks. */
char csv_detect_delimiter(const char *text, size_t len);
/* The row of the header among the first rows (their `number`), 0 if there is none. */
int64_t table_detect_header(const struct table_row *rows, size_t n);

/* --- writers ----------------------------------------------------------- */

struct table_writer {
	enum err (*begin)(struct ctx *ctx, struct table_out *out);
	enum err (*row)(struct ctx *ctx, struct table_out *out, const struct cell *cells);
	enum err (*finish)(struct ctx *ctx, struct table_out *out);
	void (*free)(struct table_out *out);
};

struct table_out {
	const struct table_writer *writer;
	struct table_out_options options;
	const struct table_column *columns;
	size_t n_columns;
	table_sink sink;
	void *arg;
	struct buf buf; /* what waits to go to the sink, in UTF-8 */
	int64_t lost;
	void *state;
	bool finished;
};

extern const struct table_writer csv_writer, xlsx_writer, jsonl_writer, vcard_writer;
/* Hands the buffer on, encoded, once it is large enough (or `all`). */
enum err table_flush(struct ctx *ctx, struct table_out *out, bool all) MUST_CHECK;

#endif
