/* One name is found the same while it waits, when it was taken in, and after all was made anew: however it is
 * written, and however it is asked for. */
#include "search_test.h"

#include "core/search/search_internal.h"

static enum engine engine;

static int setup(void **state)
{
	(void)state;
	open_index(engine);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	close_index();
	return 0;
}

static enum err merge_job(struct ctx *ctx, void *arg)
{
	bool more;
	(void)arg;
	return search_optimize(ctx, 1000, true, &more);
}

static enum err clear_job(struct ctx *ctx, void *arg)
{
	(void)arg;
	return search_clear(ctx);
}

static void take_in(void)
{
	assert_int_equal(store_write(&w.ctx, w.store, merge_job, NULL), OK);
}

/* A record, and what finds it, one by one. */
static const struct {
	struct put put;
	const char *typed[12];
} known[] = {
	/* blanks and dots in what is written without them, either way */
	{{CUSTOMER, 1, "孟　非", NULL, NULL, NULL, 0, 0, 0, 0}, {"孟非", "孟　非", "孟 非", "孟·非", "非", "mengfei", "mf", "meng fei", "fei"}},
	{{CUSTOMER, 2, "林 俊杰", NULL, NULL, NULL, 0, 0, 0, 0}, {"林俊杰", "林俊 杰", "俊杰", "linjunjie", "junjie", "ljj", "林 俊杰"}},
	{{CUSTOMER, 3, "阿凡提·买买提", NULL, NULL, NULL, 0, 0, 0, 0}, {"阿凡提买买提", "提买", "阿凡提・买买提", "阿凡提 买买提", "afanti", "maimaiti", "afantimaimaiti"}},
	{{CUSTOMER, 4, "ジョン・スミス", NULL, NULL, NULL, 0, 0, 0, 0}, {"ジョンスミス", "ジョン・スミス", "ジョン スミス", "ｼﾞｮﾝ･ｽﾐｽ", "ンス"}},
	{{CUSTOMER, 5, "尼古拉•特斯拉", NULL, NULL, NULL, 0, 0, 0, 0}, {"尼古拉特斯拉", "尼古拉·特斯拉", "nigulatesila", "tesila", "nigula"}},
	{{CUSTOMER, 6, "김 민준", NULL, NULL, NULL, 0, 0, 0, 0}, {"김민준", "김 민준", "민준"}},
	{{CUSTOMER, 7, "田中（東京）支店", NULL, NULL, NULL, 0, 0, 0, 0}, {"田中东京", "东京支店", "田中 支店"}},
	{{NOTE, 8, NULL, NULL, NULL, "杭州市 西湖区", 0, 0, 0, 0}, {"杭州市西湖区", "市西", "西湖区"}},
	{{NOTE, 9, NULL, NULL, NULL, "孟非来电", 0, 0, 0, 0}, {"孟 非来电", "孟 非"}},
	/* family names, wherever they can stand */
	{{CUSTOMER, 10, "曾国豪 Tom", NULL, NULL, NULL, 0, 0, 0, 0}, {"zengguohao", "zengguo", "zgh", "tom"}},
	{{CUSTOMER, 11, "曾国藩先生", NULL, NULL, NULL, 0, 0, 0, 0}, {"zengguofan", "guofan", "zengguofanxiansheng", "zgf"}},
	{{CUSTOMER, 12, "老曾", NULL, NULL, NULL, 0, 0, 0, 0}, {"zeng", "laozeng", "lz"}},
	{{CUSTOMER, 13, "曾", NULL, NULL, NULL, 0, 0, 0, 0}, {"zeng"}},
	{{CUSTOMER, 14, "单于明", NULL, NULL, NULL, 0, 0, 0, 0}, {"chanyuming", "ming"}},
	{{CUSTOMER, 15, "万俟卨", NULL, NULL, NULL, 0, 0, 0, 0}, {"moqixie", "moqi"}},
	{{CUSTOMER, 16, "尉遲恭", NULL, NULL, NULL, 0, 0, 0, 0}, {"yuchigong", "ycg", "yuchi"}},
	{{CUSTOMER, 17, "尉迟", NULL, NULL, NULL, 0, 0, 0, 0}, {"yuchi", "weichi"}},
	{{CUSTOMER, 18, "长孙 无忌", NULL, NULL, NULL, 0, 0, 0, 0}, {"zhangsunwuji", "wuji", "zhangsun", "长孙无忌"}},
	{{CUSTOMER, 19, "欧阳 修", NULL, NULL, NULL, 0, 0, 0, 0}, {"ouyangxiu", "oyx", "xiu"}},
	{{CUSTOMER, 20, "仇经理", NULL, NULL, NULL, 0, 0, 0, 0}, {"qiu", "qiujingli"}},
	{{CUSTOMER, 21, "Piao 朴 信惠", NULL, NULL, NULL, 0, 0, 0, 0}, {"piaoxinhui", "朴信惠"}},
	{{CUSTOMER, 22, "盖伦（老客户）", NULL, NULL, NULL, 0, 0, 0, 0}, {"gelun", "gl"}},
	{{CUSTOMER, 23, "上海单氏木业有限公司", NULL, NULL, NULL, 0, 0, 0, 0}, {"shanghaishanshi"}},
	{{PRODUCT, 24, "查记茶具 礼盒", NULL, NULL, NULL, 0, 0, 0, 0}, {"zhaji", "zhajichaju", "chajichaju", "查记茶具礼盒"}},
	{{CUSTOMER, 25, "解 晓东", NULL, NULL, NULL, 0, 0, 0, 0}, {"xiexiaodong", "xxd", "jiexiaodong"}},
	/* words whose characters are read otherwise than by themselves */
	{{CUSTOMER, 30, "重庆火锅店", NULL, NULL, NULL, 0, 0, 0, 0}, {"chongqing", "chongqinghuoguo", "cqhg", "cq", "chong qing huo guo"}},
	{{CUSTOMER, 31, "長沙銀行大廈", NULL, NULL, NULL, 0, 0, 0, 0}, {"changsha", "changshayinhangdasha", "csyh"}},
	{{CUSTOMER, 32, "厦门音乐 Café", NULL, NULL, NULL, 0, 0, 0, 0}, {"xiamenyinyue", "xiamen", "xmyy"}},
	{{PRODUCT, 33, "六安瓜片", NULL, NULL, NULL, 0, 0, 0, 0}, {"luanguapian", "luan", "lagp"}},
	{{CUSTOMER, 34, "番禺 会计 事务所", NULL, NULL, NULL, 0, 0, 0, 0}, {"panyukuaiji", "panyu", "pykj", "番禺会计事务所"}},
	{{CUSTOMER, 35, "国贸大厦", NULL, NULL, NULL, 0, 0, 0, 0}, {"guomaodasha", "guomaodaxia", "gmds"}},
	/* letters and digits, together or not; numbers as they are pasted */
	{{PRODUCT, 40, "iPhone 15 Pro 256 GB", NULL, NULL, NULL, 0, 0, 0, 0}, {"iphone15pro", "15pro", "256GB", "iphone15 pro 256gb", "IPHONE 15PRO"}},
	{{PRODUCT, 41, "iPhone15Pro 256GB", NULL, NULL, NULL, 0, 0, 0, 0}, {"iphone 15 pro", "15 Pro", "256 GB", "256gb", "iph"}},
	{{CUSTOMER, 42, NULL, "+442079460958", NULL, NULL, 0, 0, 0, 0}, {"+44 (0)20 7946 0958", "+44 (0)20-7946–0958", "0044 20 7946 0958", "0044 (0)20 79460958", "020 7946 0958", "+44 20·7946·0958"}},
	{{CUSTOMER, 43, NULL, "+8613900139123", NULL, NULL, 0, 0, 0, 0}, {"139‑0013‑9123", "139/0013/9123", "139・0013・9123", "☎ 139 0013 9123", "１３９００１３９１２３", "+86-139-0013-9123", "(+86) 139.0013.9123"}},
	{{CUSTOMER, 44, NULL, "+8657188887777;ext=8001", NULL, NULL, 0, 0, 0, 0}, {"0571-88887777转8001", "0571-88887777 ext. 8001", "057188887777", "+86 571 8888 7777", "8888 7777"}},
	{{ORDER, 45, NULL, "SO-2024-000123", NULL, NULL, 0, 0, 0, 0}, {"SO2024000123", "so 2024 000123", "SO–2024–000123", "SO_2024_000123", "so-2024000123"}},
	{{CUSTOMER, 46, NULL, "+390612345678", NULL, NULL, 0, 0, 0, 0}, {"+39 06 1234 5678", "06 12345678"}},
	/* one to readers, several to Unicode */
	{{CUSTOMER, 50, "葛\U000E0100饰", NULL, NULL, NULL, 0, 0, 0, 0}, {"葛饰", "葛飾", "葛\U000E0101饰", "geshi"}},
	{{CUSTOMER, 51, "髙﨑吉良", NULL, NULL, NULL, 0, 0, 0, 0}, {"高崎吉良", "髙﨑𠮷良", "高﨑"}},
	{{CUSTOMER, 52, "渡邉 沢子", NULL, NULL, NULL, 0, 0, 0, 0}, {"渡辺沢子", "渡邊澤子", "渡边泽子", "渡邉沢子"}},
	{{CUSTOMER, 53, "佐々木桜", NULL, NULL, NULL, 0, 0, 0, 0}, {"佐佐木櫻", "佐々木樱"}},
	{{CUSTOMER, 54, "ｶﾞﾘﾊﾞｰ ﾎﾟﾝ", NULL, NULL, NULL, 0, 0, 0, 0}, {"ガリバー", "ガリバーポン", "カ゛リハ゛ー", "garibapon"}},
	{{CUSTOMER, 55, "裡見着", NULL, NULL, NULL, 0, 0, 0, 0}, {"裏見著", "里见着"}},
	{{CUSTOMER, 56, "戶田國際", NULL, NULL, NULL, 0, 0, 0, 0}, {"户田国际", "戸田国際"}},
	{{CUSTOMER, 57, "Straße Øyvind Đặng İpek ﬁt", NULL, NULL, NULL, 0, 0, 0, 0}, {"strasse", "STRASSE", "oyvind", "dang", "ipek", "ıpek", "fit"}},
	{{CUSTOMER, 58, "O´Brien ㈱ ① 20㎡", NULL, NULL, NULL, 0, 0, 0, 0}, {"o'brien", "obrien", "o’brien", "(株)", "株", "20m2", "㎡"}},
	{{CUSTOMER, 59, "霞ヶ関", NULL, NULL, NULL, 0, 0, 0, 0}, {"霞ケ関", "霞ヶ關"}},
	{{CUSTOMER, 60, "\u1100\u1175\u11B7\u1106\u1175\u11AB", NULL, NULL, NULL, 0, 0, 0, 0}, {"김민", "gimmin", "kimmin"}},
	{{CUSTOMER, 61, "すずき ゆうき", NULL, NULL, NULL, 0, 0, 0, 0}, {"suzuki", "yuuki", "yuki", "suzukiyuuki", "suzuki yuki", "すずきゆうき"}},
	{{CUSTOMER, 62, "최 지우", NULL, NULL, NULL, 0, 0, 0, 0}, {"choi jiu", "choejiu", "jiu", "최지우"}},
	{{CUSTOMER, 26, "小单", NULL, NULL, NULL, 0, 0, 0, 0}, {"xiaoshan", "shan"}},
};

/* Whether the ids, separated by blanks, have this one. */
static bool has(const char *ids, int64_t id)
{
	char text[32];
	size_t n = (size_t)snprintf(text, sizeof text, "%lld", (long long)id);
	for (const char *p = ids; (p = strstr(p, text)) != NULL; p++)
		if ((p == ids || p[-1] == ' ') && (p[n] == ' ' || p[n] == 0))
			return true;
	return false;
}

static void names_are_found_as_people_type_them(void **state)
{
	(void)state;
	for (int round = 0; round < 3; round++) {
		int wrong = 0;
		if (round != 1)
			for (size_t i = 0; i < sizeof known / sizeof *known; i++)
				put_all(&known[i].put, 1);
		if (round > 0)
			take_in();
		for (size_t i = 0; i < sizeof known / sizeof *known; i++)
			for (size_t k = 0; k < 12 && known[i].typed[k]; k++) {
				const char *ids = found(known[i].typed[k]), *rows = listed(known[i].put.entity, known[i].typed[k]);
				if (has(ids, known[i].put.id) && has(rows, known[i].put.id))
					continue;
				print_error("round %d: \"%s\" does not find %lld: %s; listed: %s\n", round, known[i].typed[k],
				            (long long)known[i].put.id, ids, rows);
				wrong++;
			}
		assert_int_equal(wrong, 0);
		assert_whole();
		if (round == 1)
			assert_int_equal(store_write(&w.ctx, w.store, clear_job, NULL), OK);
	}
}

/* --- names nobody thought of ------------------------------------------------------ */

static uint64_t seed;

static size_t any(size_t n)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (size_t)(seed >> 33) % n;
}

static const char *const bits[] = {
	"孟", "非", "曾", "单", "国", "歐", "阳", "髙", "﨑", "𠮷", "葛\U000E0100", "か", "ガ", "ｶﾞ", "ー", "김", "민", "\u1100\u1161\u11A8", "ไท", "ย",
	"John", "o'Brien", "ﬁn", "Straße", "İstanbul", "ø", "đ", "É", "e\u0301", "Ж", "ع", "256", "GB", "15pro", "①", "㎡", "㈱", "１２",
};
static const char *const joints[] = {"", "", "", "", "·", "・", "•", " ", "\u3000", "-", "‐", ".", ", ", "（", "）", "/", "\u200B", "'", "😀", "\n"};

static void put_random(char *out, size_t size)
{
	size_t len = 0;
	for (size_t i = 0, n = 1 + any(6); i < n && len + 40 < size; i++) {
		const char *bit = bits[any(sizeof bits / sizeof *bits)], *joint = i > 0 ? joints[any(sizeof joints / sizeof *joints)] : "";
		len += (size_t)snprintf(out + len, size - len, "%s%s", joint, bit);
	}
}

/* Asked for: the whole, without what stands between, or a part from one character to another. */
static const char *ask_random(const char *name)
{
	const char *from = name, *to = name + strlen(name);
	size_t how = any(3);
	if (how == 2) {
		from += any((size_t)(to - from));
		to = from + any((size_t)(to - from)) + 1;
		while (((unsigned char)*from & 0xC0) == 0x80)
			from--;
		while (((unsigned char)*to & 0xC0) == 0x80)
			to++;
	}
	char *out = arena_alloc(&w.arena, (size_t)(to - from) + 1);
	size_t len = 0;
	assert_non_null(out);
	for (const char *p = from; p < to;) {
		size_t skip = 0;
		for (size_t i = 0; how == 1 && i < sizeof joints / sizeof *joints; i++)
			if (*joints[i] && strncmp(p, joints[i], strlen(joints[i])) == 0)
				skip = strlen(joints[i]);
		if (skip == 0)
			out[len++] = *p++;
		p += skip;
	}
	out[len] = 0;
	return out;
}

enum { NAMES = 120, ASKED = 300 };

static struct {
	const char *typed, *found, *listed;
} asked[ASKED];

/* How many answers are others than at first. */
static int changed_answers(const char *when)
{
	int changed = 0;
	for (size_t i = 0; i < ASKED; i++) {
		const char *now = found_in(CUSTOMER, asked[i].typed, NAMES), *rows = listed(CUSTOMER, asked[i].typed);
		if (strcmp(now, asked[i].found) == 0 && strcmp(rows, asked[i].listed) == 0)
			continue;
		print_error("\"%s\": %s | %s, and %s: %s | %s\n", asked[i].typed, asked[i].found, asked[i].listed, when, now, rows);
		changed++;
	}
	return changed;
}

static void tending_changes_no_answer(void **state)
{
	(void)state;
	static char names[NAMES][400];
	static struct put list[NAMES];
	size_t nothing = 0;
	seed = 20261129;
	for (size_t i = 0; i < NAMES; i++) {
		put_random(names[i], sizeof names[i]);
		list[i] = (struct put){.entity = i % 5 ? CUSTOMER : NOTE, .id = (int64_t)i + 1, .name = i % 5 == 1 ? NULL : names[i],
		                       .text = i % 5 == 1 ? names[i] : NULL};
	}
	put_all(list, NAMES);
	take_in();
	/* Changed and removed ones wait too: the table has their old terms. */
	for (size_t i = 0; i < NAMES - 1; i += 3) {
		put_random(names[i], sizeof names[i]);
		put_all(&list[i], 1);
	}
	remove_id(NAMES);
	for (size_t i = 0; i < ASKED; i++) {
		asked[i].typed = ask_random(names[any(NAMES)]);
		asked[i].found = found_in(CUSTOMER, asked[i].typed, NAMES);
		asked[i].listed = listed(CUSTOMER, asked[i].typed);
		nothing += !*asked[i].found;
	}
	assert_true(nothing < ASKED / 4);
	take_in();
	assert_int_equal(changed_answers("after tending"), 0);
	assert_whole();
	assert_int_equal(store_write(&w.ctx, w.store, clear_job, NULL), OK);
	for (size_t i = 0; i < NAMES - 1; i += 20)
		put_all(&list[i], i + 20 < NAMES ? 20 : NAMES - 1 - i);
	assert_int_equal(changed_answers("made anew"), 0);
	take_in();
	assert_int_equal(changed_answers("made anew and tended"), 0);
}

int run_same_tests(enum engine on)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(names_are_found_as_people_type_them, setup, teardown),
		cmocka_unit_test_setup_teardown(tending_changes_no_answer, setup, teardown),
	};
	engine = on;
	return cmocka_run_group_tests_name(on == ENGINE_SQLITE ? "search: the same, SQLite" : "search: the same, PostgreSQL", tests, NULL, NULL);
}
