#include "demo/person.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

void demo_random_init(struct demo_random *r, uint64_t seed)
{
	r->state = seed;
}

uint64_t demo_random_next(struct demo_random *r)
{
	uint64_t z = (r->state += 0x9e3779b97f4a7c15u);
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

uint32_t demo_random_below(struct demo_random *r, uint32_t n)
{
	return (uint32_t)(((demo_random_next(r) >> 32) * n) >> 32);
}

double demo_random_unit(struct demo_random *r)
{
	return (double)(demo_random_next(r) >> 11) * 0x1.0p-53;
}

uint32_t demo_random_skewed(struct demo_random *r, double mean)
{
	double n = floor(log1p(-demo_random_unit(r)) / log(mean / (1.0 + mean)));
	return n > 100000.0 ? 100000u : (uint32_t)n;
}

/* The weight of the i-th of n falls slowly, as with real surnames. */
static uint32_t skewed_index(struct demo_random *r, uint32_t n)
{
	double u = demo_random_unit(r);
	return (uint32_t)(u * u * n);
}

static const char *const surnames[] = {
	"王", "李", "张", "刘", "陈", "杨", "黄", "赵", "吴", "周", "徐", "孙", "马", "朱", "胡", "郭", "何", "林", "高", "罗",
	"郑", "梁", "谢", "宋", "唐", "许", "韩", "邓", "冯", "曹", "彭", "曾", "肖", "田", "董", "潘", "袁", "蔡", "蒋", "余",
	"于", "杜", "叶", "程", "苏", "魏", "吕", "丁", "任", "卢", "姚", "沈", "钟", "姜", "崔", "谭", "陆", "范", "汪", "廖",
	"石", "金", "韦", "贾", "夏", "付", "方", "邹", "熊", "白", "孟", "秦", "邱", "侯", "江", "尹", "薛", "闫", "段", "雷",
	"龙", "黎", "史", "陶", "贺", "毛", "郝", "顾", "龚", "邵", "万", "覃", "武", "钱", "戴", "严", "莫", "孔", "向", "欧阳",
	"司马", "上官", "诸葛"};
static const char *const given_female[] = {"芳", "娜", "敏", "静", "丽", "秀英", "桂英", "丹", "洁", "玲", "燕", "红", "婷", "雪梅",
	"雅琴", "欣怡", "梓涵", "诗涵", "雨桐", "佳怡", "晓燕", "玉兰", "春梅", "海燕", "思琪", "美玲", "文静", "嘉欣", "若曦", "语嫣",
	"慧", "倩", "琳", "颖", "莹", "蕾", "菲", "露", "萍", "莉"};
static const char *const given_male[] = {"伟", "强", "磊", "军", "洋", "勇", "杰", "涛", "超", "明", "刚", "平", "辉", "鹏", "华",
	"志强", "建国", "建华", "子轩", "浩然", "宇轩", "浩宇", "俊杰", "天佑", "文博", "一鸣", "国强", "海涛", "晓东", "志明", "嘉豪",
	"俊熙", "思源", "立新", "永康", "振华", "家辉", "泽宇", "梓豪", "睿"};
static const char *const first_female[] = {"Olivia", "Amelia", "Isla", "Ava", "Mia", "Grace", "Freya", "Lily", "Emily", "Sophie",
	"Charlotte", "Ella", "Alice", "Ruby", "Jessica", "Hannah", "Laura", "Rachel", "Sarah", "Emma", "Chloé", "Zoë", "Ingrid", "Marta",
	"Lucía", "Anna", "Julia", "Katherine", "Margaret", "Susan"};
static const char *const first_male[] = {"Oliver", "George", "Noah", "Arthur", "Harry", "Leo", "Jack", "Charlie", "Oscar", "Jacob",
	"Thomas", "James", "William", "Henry", "Edward", "Daniel", "Matthew", "Andrew", "Peter", "Simon", "José", "Jürgen", "Søren", "Pieter",
	"Luca", "Mark", "Paul", "Stephen", "David", "Michael"};
static const char *const last_names[] = {"Smith", "Jones", "Taylor", "Brown", "Williams", "Wilson", "Johnson", "Davies", "Patel",
	"Robinson", "Wright", "Thompson", "Evans", "Walker", "White", "Roberts", "Green", "Hall", "Wood", "Harris", "Martin", "Clarke",
	"Jackson", "Lewis", "Hughes", "Edwards", "Turner", "Hill", "Moore", "Cooper", "Ward", "Morris", "King", "Watson", "Baker",
	"Harrison", "Morgan", "Allen", "Mitchell", "Phillips", "Müller", "García", "O'Brien", "van Dijk", "Kowalski", "Rossi", "Dubois",
	"Nielsen", "Whitfield", "Ashworth"};

static const struct demo_city cities[] = {
	{"CN", "上海市", "上海", "徐汇区", 24}, {"CN", "北京市", "北京", "海淀区", 22}, {"CN", "广东省", "深圳", "南山区", 18},
	{"CN", "广东省", "广州", "天河区", 18}, {"CN", "四川省", "成都", "武侯区", 20}, {"CN", "浙江省", "杭州", "西湖区", 12},
	{"CN", "重庆市", "重庆", "渝中区", 16}, {"CN", "湖北省", "武汉", "洪山区", 13}, {"CN", "陕西省", "西安", "雁塔区", 12},
	{"CN", "江苏省", "苏州", "姑苏区", 12}, {"CN", "江苏省", "南京", "鼓楼区", 9}, {"CN", "天津市", "天津", "和平区", 13},
	{"CN", "湖南省", "长沙", "岳麓区", 10}, {"CN", "河南省", "郑州", "金水区", 12}, {"CN", "山东省", "青岛", "市南区", 10},
	{"CN", "浙江省", "宁波", "海曙区", 9}, {"CN", "福建省", "厦门", "思明区", 5}, {"CN", "辽宁省", "大连", "中山区", 7},
	{"CN", "云南省", "昆明", "五华区", 8}, {"CN", "黑龙江省", "哈尔滨", "南岗区", 10}, {"TW", "台灣", "台北", "大安區", 5},
	{"HK", "香港", "香港", "九龍", 5},
	{"GB", "England", "London", "Camden", 18}, {"GB", "England", "Manchester", NULL, 6}, {"GB", "England", "Birmingham", NULL, 6},
	{"GB", "England", "Leeds", NULL, 4}, {"GB", "Scotland", "Glasgow", NULL, 4}, {"GB", "Scotland", "Edinburgh", NULL, 3},
	{"GB", "England", "Bristol", NULL, 3}, {"GB", "Wales", "Cardiff", NULL, 2}, {"GB", "England", "Liverpool", NULL, 3},
	{"IE", "Leinster", "Dublin", NULL, 3}, {"DE", "Bayern", "München", NULL, 3}, {"FR", "Île-de-France", "Paris", NULL, 4},
	{"ES", "Cataluña", "Barcelona", NULL, 2}, {"NL", "Noord-Holland", "Amsterdam", NULL, 2},
};
enum { CITIES = sizeof(cities) / sizeof(cities[0]), CHINESE_CITIES = 22 };

#define COUNT(a) ((uint32_t)(sizeof(a) / sizeof((a)[0])))

static const struct demo_city *pick_city(struct demo_random *r, bool chinese)
{
	uint32_t from = chinese ? 0 : CHINESE_CITIES, to = chinese ? CHINESE_CITIES : CITIES, total = 0;
	for (uint32_t i = from; i < to; i++)
		total += cities[i].weight;
	uint32_t at = demo_random_below(r, total);
	for (uint32_t i = from; i < to; i++) {
		if (at < cities[i].weight)
			return &cities[i];
		at -= cities[i].weight;
	}
	return &cities[from];
}

static void chinese_person(struct demo_random *r, struct demo_person *p)
{
	static const char *const hosts[] = {"example.com", "mail.example.com", "shop.example.net"};
	const char *given = p->female ? given_female[demo_random_below(r, COUNT(given_female))]
	                              : given_male[demo_random_below(r, COUNT(given_male))];
	snprintf(p->name, sizeof(p->name), "%s%s", surnames[skewed_index(r, COUNT(surnames))], given);
	/* 12x is not given to any mobile network */
	snprintf(p->phone, sizeof(p->phone), "+8612%09llu", (unsigned long long)(p->number * 7919u % 1000000000u));
	snprintf(p->email, sizeof(p->email), "user%llu@%s", (unsigned long long)(p->number + 10000), hosts[demo_random_below(r, COUNT(hosts))]);
}

static void put_ascii(char *out, size_t size, const char *name)
{
	size_t n = 0;
	for (; *name != '\0' && n + 1 < size; name++) {
		char c = *name >= 'A' && *name <= 'Z' ? (char)(*name + 32) : *name;
		if (c >= 'a' && c <= 'z')
			out[n++] = c;
	}
	out[n] = '\0';
}

static void western_person(struct demo_random *r, struct demo_person *p)
{
	static const char *const hosts[] = {"example.com", "example.org", "post.example.net"};
	const char *first = p->female ? first_female[skewed_index(r, COUNT(first_female))] : first_male[skewed_index(r, COUNT(first_male))];
	const char *last = last_names[skewed_index(r, COUNT(last_names))];
	char first_ascii[32], last_ascii[32];
	snprintf(p->name, sizeof(p->name), "%s %s", first, last);
	/* 555-01xx is set aside for fiction in the North American plan */
	snprintf(p->phone, sizeof(p->phone), "+1%03u55501%02u", (unsigned)(201 + p->number / 100 % 700), (unsigned)(p->number % 100));
	put_ascii(first_ascii, sizeof(first_ascii), first);
	put_ascii(last_ascii, sizeof(last_ascii), last);
	snprintf(p->email, sizeof(p->email), "%s.%s%llu@%s", first_ascii, last_ascii, (unsigned long long)p->number,
	         hosts[demo_random_below(r, COUNT(hosts))]);
}

void demo_person_make(uint64_t seed, uint64_t number, double chinese_share, struct demo_person *ret)
{
	struct demo_random r;
	demo_random_init(&r, seed ^ (number * 0xd1342543de82ef95u));
	ret->number = number;
	ret->chinese = demo_random_unit(&r) < chinese_share;
	ret->female = demo_random_below(&r, 100) < 58;
	ret->city = pick_city(&r, ret->chinese);
	ret->birth_year = 1950 + (int)demo_random_below(&r, 30) + (int)demo_random_below(&r, 27);
	ret->birth_month = 1 + (int)demo_random_below(&r, 12);
	ret->birth_day = 1 + (int)demo_random_below(&r, 28);
	if (ret->chinese)
		chinese_person(&r, ret);
	else
		western_person(&r, ret);
}

void demo_company_make(uint64_t seed, uint64_t number, bool chinese, char *out, size_t size)
{
	static const char *const places[] = {"华东", "江南", "岭南", "巴蜀", "滨海", "中原", "北辰", "云岭"};
	static const char *const words[] = {"晨曦", "远山", "锦程", "百川", "星河", "青禾", "鼎新", "瑞和", "同舟", "明德"};
	static const char *const trades[] = {"贸易有限公司", "家居用品有限公司", "电子商务有限公司", "礼品有限公司", "百货商行"};
	static const char *const heads[] = {"Bramble", "Harbour", "Kestrel", "Larkfield", "Marlow", "Northgate", "Orchard", "Pennine"};
	static const char *const tails[] = {"Gifts Ltd", "Interiors Ltd", "Trading Co", "Home & Garden", "Wholesale Ltd"};
	struct demo_random r;
	demo_random_init(&r, seed + number * 0xaf251af3b0f025b5u);
	if (chinese)
		snprintf(out, size, "%s%s%s", places[demo_random_below(&r, COUNT(places))], words[demo_random_below(&r, COUNT(words))],
		         trades[demo_random_below(&r, COUNT(trades))]);
	else
		snprintf(out, size, "%s %s", heads[demo_random_below(&r, COUNT(heads))], tails[demo_random_below(&r, COUNT(tails))]);
}
