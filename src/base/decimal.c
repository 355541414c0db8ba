#include "base/decimal.h"

#include <string.h>

static const int64_t powers[] = {1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000, 1000000000};
enum { SCALE_MAX = 9 };

bool decimal_parse(const char *text, int scale, int64_t *ret)
{
	if (text == NULL || scale < 0 || scale > SCALE_MAX)
		return false;
	bool negative = *text == '-';
	const char *p = text + (negative || *text == '+' ? 1 : 0);
	int64_t value = 0;
	int fraction = -1; /* digits after the point, -1 before it */
	bool any = false;
	for (; *p != '\0'; p++) {
		if (*p == '.' && fraction < 0) {
			fraction = 0;
			continue;
		}
		if (*p < '0' || *p > '9')
			return false;
		any = true;
		if (fraction >= scale) {
			if (*p != '0')
				return false;
			continue;
		}
		if (fraction >= 0)
			fraction++;
		if (__builtin_mul_overflow(value, 10, &value) || __builtin_sub_overflow(value, *p - '0', &value))
			return false;
	}
	if (!any || __builtin_mul_overflow(value, powers[scale - (fraction < 0 ? 0 : fraction)], &value))
		return false;
	/* counted downwards, so that the most negative number can be read */
	if (!negative && __builtin_sub_overflow(0, value, &value))
		return false;
	*ret = value;
	return true;
}

size_t decimal_format(int64_t value, int scale, char out[DECIMAL_TEXT_MAX])
{
	char digits[24];
	size_t n = 0;
	uint64_t rest = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
	if (scale < 0 || scale > SCALE_MAX)
		scale = 0;
	do {
		digits[n++] = (char)('0' + rest % 10);
		rest /= 10;
	} while (rest > 0 || n <= (size_t)scale);
	char *p = out;
	if (value < 0)
		*p++ = '-';
	while (n > 0) {
		*p++ = digits[--n];
		if (n == (size_t)scale && n > 0)
			*p++ = '.';
	}
	*p = '\0';
	return (size_t)(p - out);
}

bool decimal_mul(int64_t a, int64_t b, int scale_b, int64_t *ret)
{
	if (scale_b < 0 || scale_b > SCALE_MAX)
		return false;
	__int128 product = (__int128)a * b;
	__int128 unit = powers[scale_b];
	__int128 quotient = product / unit, rest = product % unit;
	__int128 twice = (rest < 0 ? -rest : rest) * 2;
	if (twice > unit || (twice == unit && quotient % 2 != 0))
		quotient += product < 0 ? -1 : 1;
	if (quotient > INT64_MAX || quotient < INT64_MIN)
		return false;
	*ret = (int64_t)quotient;
	return true;
}

bool decimal_rescale(int64_t value, int from, int to, int64_t *ret)
{
	if (to < from)
		return decimal_mul(value, 1, from - to, ret);
	for (; from < to; from++) {
		if (__builtin_mul_overflow(value, 10, &value))
			return false;
	}
	*ret = value;
	return true;
}

bool decimal_add(int64_t a, int64_t b, int64_t *ret)
{
	return !__builtin_add_overflow(a, b, ret);
}

int currency_scale(const char *code)
{
	/* ISO 4217, those that do not have two decimals */
	static const char zero[][4] = {"BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF",
	                               "UGX", "UYI", "VND", "VUV", "XAF", "XOF", "XPF"};
	static const char three[][4] = {"BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"};
	if (code == NULL || strlen(code) != 3)
		return -1;
	for (int i = 0; i < 3; i++) {
		if (code[i] < 'A' || code[i] > 'Z')
			return -1;
	}
	for (size_t i = 0; i < sizeof(zero) / sizeof(zero[0]); i++) {
		if (memcmp(code, zero[i], 3) == 0)
			return 0;
	}
	for (size_t i = 0; i < sizeof(three) / sizeof(three[0]); i++) {
		if (memcmp(code, three[i], 3) == 0)
			return 3;
	}
	return 2;
}

/* ISO 4217, with those of countries that went over to the euro: their old orders are still about. */
static const char codes[] =
	"AED AFN ALL AMD ANG AOA ARS ATS AUD AWG AZN BAM BBD BDT BEF BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CLF CLP "
	"CNY COP CRC CUP CVE CYP CZK DEM DJF DKK DOP DZD EEK EGP ERN ESP ETB EUR FIM FJD FKP FRF GBP GEL GHS GIP GMD GNF GRD GTQ GYD HKD HNL "
	"HRK HTG HUF IDR IEP ILS INR IQD IRR ISK ITL JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LTL LUF LVL LYD MAD "
	"MDL MGA MKD MMK MNT MOP MRU MTL MUR MVR MWK MXN MYR MZN NAD NGN NIO NLG NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PTE PYG QAR RON RSD "
	"RUB RWF SAR SBD SCR SDG SEK SGD SHP SIT SKK SLE SLL SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD UYI "
	"UYU UZS VED VES VND VUV WST XAF XCD XCG XDR XOF XPF YER ZAR ZMW ZWG ZWL";

bool currency_known(const char *code)
{
	if (code == NULL || strlen(code) != 3)
		return false;
	for (const char *p = codes; *p != '\0'; p += p[3] == ' ' ? 4 : 3)
		if (memcmp(p, code, 3) == 0)
			return true;
	return false;
}

bool currency_normal(const char *in, char out[4])
{
	/* What is written for them everywhere and is no code. */
	static const char other[][2][4] = {{"RMB", "CNY"}, {"CNH", "CNY"}, {"NTD", "TWD"}, {"UKP", "GBP"}, {"RUR", "RUB"}};
	if (in == NULL || strlen(in) != 3)
		return false;
	for (int i = 0; i < 3; i++)
		out[i] = (char)(in[i] >= 'a' && in[i] <= 'z' ? in[i] - 'a' + 'A' : in[i]);
	out[3] = '\0';
	for (size_t i = 0; i < sizeof(other) / sizeof(other[0]); i++)
		if (memcmp(other[i][0], out, 4) == 0)
			memcpy(out, other[i][1], 4);
	return currency_known(out);
}
