/* Encodings: guesses, decoding in pieces, encoding. */
#include "text_test.h"

#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "core/text/text.h"

static const char simplified[] = "姓名,电话,城市,备注\n王伟,13800138000,杭州,老客户，下单前先打电话确认地址\n"
                                 "李娜,13900139000,上海,喜欢绿色的产品，要求开发票\n";
static const char traditional[] = "姓名,電話,城市,備註\n陳美玲,0912345678,臺北,老客戶，下單前先打電話確認地址\n"
                                  "林志偉,0922333444,高雄,喜歡綠色的產品，要求開發票\n";
static const char japanese[] = "氏名,電話,都市\n山田太郎,0312345678,東京\n鈴木花子,お客様です。電話で確認してください\n";
static const char korean[] = "이름,전화,도시\n김철수,0212345678,서울\n이영희,고객님의 주문을 확인해 주세요\n";
static const char western[] = "Name;City;Note\nJosé Müller;Köln;très bien, à bientôt – café\nÅse Ødegård;Malmö;\n";
static const char russian[] = "Имя;Город\nИван Петров;Москва\nКлиент просит перезвонить завтра после обеда\n";

static void encode(struct fixture *f, const char *encoding, const char *text, struct buf *out)
{
	int64_t lost;
	buf_init(out, 64 << 20);
	assert_int_equal(text_encode(&f->ctx, encoding, text, strlen(text), out, &lost), OK);
	assert_int_equal(lost, 0);
}

static void decode_whole(struct fixture *f, const char *encoding, const char *in, size_t n, size_t step, struct buf *out,
                         int64_t *ret_errors)
{
	struct text_decoder *dec;
	assert_int_equal(text_decoder_new(&f->ctx, encoding, &dec), OK);
	buf_init(out, 64 << 20);
	for (size_t at = 0; at < n; at += step) {
		size_t now = n - at < step ? n - at : step;
		assert_int_equal(text_decode(&f->ctx, dec, in + at, now, false, out), OK);
	}
	assert_int_equal(text_decode(&f->ctx, dec, "", 0, true, out), OK);
	*ret_errors = text_decoder_errors(dec);
	text_decoder_free(dec);
	for (size_t at = 0; at < out->len; at += strlen(out->data + at) + 1) /* NUL may stand in the input */
		assert_true(utf8_valid(out->data + at, strlen(out->data + at)));
}

static const struct {
	const char *text, *encoding;
} samples[] = {
	{simplified, "UTF-8"}, {simplified, "GB18030"}, {simplified, "UTF-16LE"}, {simplified, "UTF-16BE"},
	{simplified, "UTF-32LE"}, {simplified, "UTF-32BE"}, {traditional, "UTF-8"}, {traditional, "Big5"},
	{traditional, "GB18030"}, {traditional, "UTF-16LE"}, {japanese, "Shift_JIS"}, {japanese, "EUC-JP"},
	{japanese, "UTF-16BE"}, {korean, "EUC-KR"}, {korean, "UTF-8"}, {western, "windows-1252"}, {western, "UTF-8"},
	{western, "UTF-16LE"}, {western, "UTF-16BE"}, {russian, "windows-1251"}, {russian, "KOI8-R"},
	{japanese, "ISO-2022-JP"},
};

static void encodings_are_recognised(void **state)
{
	struct fixture *f = *state;
	for (size_t i = 0; i < sizeof samples / sizeof *samples; i++) {
		struct buf buf;
		size_t bom;
		encode(f, samples[i].encoding, samples[i].text, &buf);
		assert_string_equal(text_detect_encoding(buf.data, buf.len, &bom), samples[i].encoding);
		assert_int_equal(bom, 0);
		buf_release(&buf);
	}
}

static void marks_are_recognised(void **state)
{
	(void)state;
	static const struct {
		const char *bytes;
		size_t n;
		const char *encoding;
		size_t bom;
	} list[] = {
		{"\xEF\xBB\xBFname", 7, "UTF-8", 3}, {"\xFF\xFEn\0", 4, "UTF-16LE", 2}, {"\xFE\xFF\0n", 4, "UTF-16BE", 2},
		{"\xFF\xFE\0\0n\0\0\0", 8, "UTF-32LE", 4}, {"\0\0\xFE\xFF\0\0\0n", 8, "UTF-32BE", 4},
		{"\x84\x31\x95\x33n", 5, "GB18030", 4}, {"", 0, "UTF-8", 0}, {"plain", 5, "UTF-8", 0},
		{"a,b\nc\0d,e\n", 10, "UTF-8", 0}, {"\0", 1, "UTF-8", 0}, {"caf\xE9", 4, "windows-1252", 0},
		{"\xE4\xBD\xA0\xE5\xA5", 5, "UTF-8", 0}, {"\xC4\xE3\xBA\xC3", 4, "GB18030", 0}, {"\xFF", 1, "windows-1252", 0},
	};
	for (size_t i = 0; i < sizeof list / sizeof *list; i++) {
		size_t bom = 99;
		assert_string_equal(text_detect_encoding(list[i].bytes, list[i].n, &bom), list[i].encoding);
		assert_int_equal(bom, list[i].bom);
	}
}

/* Lists of bare names are the hardest: few characters, few of them common. */
static void name_lists_are_recognised(void **state)
{
	struct fixture *f = *state;
	size_t n;
	char *data = shared_data_new("chinese_names/Ancient_Names_Corpus_25W.txt.gz", &n);
	if (!data)
		skip();
	int simplified_ok = 0, traditional_ok = 0, rounds = 0;
	char *line = data;
	for (; rounds < 400; rounds++) {
		char *start = line;
		for (int i = 0; i < 40 && line; i++)
			line = strchr(line + 1, '\n');
		for (int i = 0; i < 560 && line; i++)
			line = strchr(line + 1, '\n');
		if (!line)
			break;
		char *end = start;
		for (int i = 0; i < 40; i++)
			end = strchr(end + 1, '\n');
		const char *folded, *hant;
		size_t n_folded, bom;
		struct buf buf;
		int64_t lost;
		assert_int_equal(text_fold(&f->ctx, start, (size_t)(end - start), &folded, &n_folded), OK);
		buf_init(&buf, 1 << 20);
		assert_int_equal(text_encode(&f->ctx, "GB18030", folded, n_folded, &buf, &lost), OK);
simplified_ok += str_equal(text_detect_encoding(buf.data, buf.len, &bom), "GB18030");
		buf_reset(&buf);
		assert_int_equal(text_to_hant(&f->ctx, folded, &hant), OK);
		assert_int_equal(text_encode(&f->ctx, "Big5", hant, strlen(hant), &buf, &lost), OK);
		traditional_ok += str_equal(text_detect_encoding(buf.data, buf.len, &bom), "Big5");
		buf_release(&buf);
	}
	print_message("of %d lists of 40 names: GB18030 %d, Big5 %d recognised\n", rounds, simplified_ok, traditional_ok);
	assert_true(rounds >= 300);
	assert_true(simplified_ok * 100 >= rounds * 99);
	assert_true(traditional_ok * 100 >= rounds * 99);
	free(data);
}

static void public_files_are_recognised(void **state)
{
	struct fixture *f = *state;
	static const struct {
		const char *path, *encoding;
		int64_t errors;
	} list[] = {
		{"crm_imports/salesforce_dataloader/csvtext_BOM_UTF16LE.csv", "UTF-16LE", 0},
		{"crm_imports/salesforce_dataloader/csvtext_BOM_UTF16BE.csv", "UTF-16BE", 0},
		{"crm_imports/salesforce_dataloader/csvtext_BOM_UTF32BE.csv", "UTF-16BE", 0}, /* in odd byte order */
		{"crm_imports/odoo/res.partner.csv", "UTF-8", 0},
		{"crm_imports/mautic/fakeleaddata.csv", "UTF-8", 0},
		{"messy_tables/csvkit/test_utf8.csv", "UTF-8", 0},
		{"messy_tables/csvkit/test_utf8_bom.csv", "UTF-8", 0},
		{"messy_tables/csvkit/test_utf16_little.csv", "UTF-16LE", 0},
		{"messy_tables/csvkit/null_byte.csv", "UTF-8", 0},
		{"messy_tables/csvkit/empty.csv", "UTF-8", 0},
		{"messy_tables/messytables/spanish_chars.csv", "windows-1252", 0},
		{"email/ruby-mail/multi_charset/japanese_shift_jis.eml", "Shift_JIS", 0},
		{"email/freescout/message-5-iso-2022-jp.eml", "ISO-2022-JP", 0},
		{"chinese_reviews_waimai10k/waimai_10k.csv.gz", "UTF-8", 0},
	};
	for (size_t i = 0; i < sizeof list / sizeof *list; i++) {
		size_t n, bom;
		char *data = shared_data_new(list[i].path, &n);
		if (!data)
			continue;
		const char *encoding = text_detect_encoding(data, n, &bom);
		if (!str_equal(encoding, list[i].encoding))
			print_message("%s: %s\n", list[i].path, encoding);
		assert_string_equal(encoding, list[i].encoding);
		struct buf out;
		int64_t errors;
		decode_whole(f, encoding, data + bom, n - bom, 1000, &out, &errors);
		assert_int_equal(errors, list[i].errors);
		if (strstr(list[i].path, "csvtext_BOM"))
			assert_true(str_starts(buf_text(&out), "\"column1\",\"column2\""));
		buf_release(&out);
		free(data);
	}
}

/* Cut anywhere, the text is the same. */
static void decoding_in_pieces(void **state)
{
	struct fixture *f = *state;
	static const char extra[] = "王𠮷😀é\n";
	static const char *const encodings[] = {"UTF-8", "UTF-16LE", "UTF-16BE", "UTF-32LE", "GB18030"};
	for (size_t i = 0; i < sizeof encodings / sizeof *encodings; i++)
		for (size_t step = 1; step <= 9; step++) {
			struct buf bytes, out;
			int64_t errors;
			encode(f, encodings[i], extra, &bytes);
			decode_whole(f, encodings[i], bytes.data, bytes.len, step, &out, &errors);
			assert_string_equal(buf_text(&out), extra);
			assert_int_equal(errors, 0);
			buf_release(&bytes);
			buf_release(&out);
		}
	for (size_t i = 0; i < sizeof samples / sizeof *samples; i++) {
		struct buf bytes, out;
		int64_t errors;
		encode(f, samples[i].encoding, samples[i].text, &bytes);
		decode_whole(f, samples[i].encoding, bytes.data, bytes.len, 7, &out, &errors);
		assert_string_equal(buf_text(&out), samples[i].text);
		assert_int_equal(errors, 0);
		buf_release(&bytes);
		buf_release(&out);
	}
}

static void bad_bytes_are_counted(void **state)
{
	struct fixture *f = *state;
	static const struct {
		const char *encoding, *in;
		size_t n;
		const char *out;
		int64_t errors;
	} list[] = {
		{"UTF-8", "a\xFF" "b", 3, "a\uFFFDb", 1},
		{"UTF-8", "\xE4\xBD", 2, "\uFFFD", 1},
		{"UTF-8", "\xEF\xBB\xBFx", 4, "x", 0},
		{"UTF-8", "\xEF\xBF\xBD", 3, "\uFFFD", 0},
		{"UTF-8", "x\xED\xA0\x80y", 5, "x\uFFFD\uFFFD\uFFFDy", 3},
		{"UTF-16LE", "a\0\0\xD8" "b\0", 6, "a\uFFFDb", 1},
		{"UTF-16LE", "a\0\x3D\xD8", 4, "a\uFFFD", 1},
		{"UTF-16LE", "a\0b", 3, "a\uFFFD", 1},
		{"GB18030", "\xC4\xE3\xFF" "a", 4, "你\uFFFD" "a", 1},
		{"GB18030", "\xC4", 1, "\uFFFD", 1},
		{"gb2312", "\xC4\xE3", 2, "你", 0},
		{"Big5", "\xA7\x41\xFF", 3, "你\uFFFD", 1},
		{"latin1", "\x80\xE9", 2, "€é", 0},
	};
	for (size_t i = 0; i < sizeof list / sizeof *list; i++)
		for (size_t step = 1; step <= 10; step += 9) {
			struct buf out;
			int64_t errors;
			decode_whole(f, list[i].encoding, list[i].in, list[i].n, step, &out, &errors);
			assert_string_equal(buf_text(&out), list[i].out);
			assert_int_equal(errors, list[i].errors);
			buf_release(&out);
		}
	struct text_decoder *dec;
	assert_int_equal(text_decoder_new(&f->ctx, "no-such", &dec), ERR_INVALID);
	assert_int_equal(text_decoder_new(&f->ctx, "", &dec), ERR_INVALID);
	assert_int_equal(text_decoder_new(&f->ctx, "UTF-8,version=1", &dec), ERR_INVALID);
	assert_int_equal(text_decoder_new(&f->ctx, "../../etc/x", &dec), ERR_INVALID);
	text_decoder_free(NULL);
}

static void what_cannot_be_written_is_counted(void **state)
{
	struct fixture *f = *state;
	struct buf out;
	int64_t lost;
	buf_init(&out, 1000);
	assert_int_equal(text_encode(&f->ctx, "windows-1252", "é王😀€", strlen("é王😀€"), &out, &lost), OK);
	assert_int_equal(lost, 2);
	assert_string_equal(buf_text(&out), "\xE9??\x80");
	buf_reset(&out);
	assert_int_equal(text_encode(&f->ctx, "Big5", "张a", 4, &out, &lost), OK);
	assert_int_equal(lost, 1);
	assert_string_equal(buf_text(&out), "?a");
	buf_reset(&out);
	assert_int_equal(text_encode(&f->ctx, "UTF-8", "王", 3, &out, &lost), OK);
	assert_string_equal(buf_text(&out), "王");
	assert_int_equal(text_encode(&f->ctx, "nonsense", "x", 1, &out, &lost), ERR_INVALID);
	buf_release(&out);
}

static void detection_survives_any_bytes(void **state)
{
	struct fixture *f = *state;
	uint64_t seed = 7;
	for (int round = 0; round < 400; round++) {
		char bytes[3000];
		size_t n = (size_t)(round * 7 % 3000), bom;
		for (size_t i = 0; i < n; i++) {
			seed = seed * 6364136223846793005u + 1442695040888963407u;
			bytes[i] = (char)(seed >> (round & 1 ? 56 : 58));
		}
		const char *encoding = text_detect_encoding(bytes, n, &bom);
		assert_non_null(encoding);
		assert_true(bom <= n);
		struct buf out;
		int64_t errors;
		decode_whole(f, encoding, bytes, n, 100, &out, &errors);
		buf_release(&out);
	}
}

int run_encoding_tests(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(encodings_are_recognised, fixture_open, fixture_close),
		cmocka_unit_test_setup_teardown(marks_are_recognised, fixture_open, fixture_close),
		cmocka_unit_test_setup_teardown(name_lists_are_recognised, fixture_open, fixture_close),
		cmocka_unit_test_setup_teardown(public_files_are_recognised, fixture_open, fixture_close),
		cmocka_unit_test_setup_teardown(decoding_in_pieces, fixture_open, fixture_close),
		cmocka_unit_test_setup_teardown(bad_bytes_are_counted, fixture_open, fixture_close),
		cmocka_unit_test_setup_teardown(what_cannot_be_written_is_counted, fixture_open, fixture_close),
		cmocka_unit_test_setup_teardown(detection_survives_any_bytes, fixture_open, fixture_close),
	};
	return cmocka_run_group_tests_name("text: encodings", tests, NULL, NULL);
}
