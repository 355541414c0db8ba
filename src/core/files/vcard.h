/* Inside core/files: what the vCard reader and writer share. */
#ifndef GUANXI_CORE_FILES_VCARD_H
#define GUANXI_CORE_FILES_VCARD_H

#include "core/files/table.h"

/* A phone and its type, an address and its type stand together: see vcard_read.c. */
enum vcard_part {
	VC_KIND, VC_NAME, VC_PREFIX, VC_GIVEN, VC_MIDDLE, VC_FAMILY, VC_SUFFIX, VC_NICKNAME, VC_ORG, VC_DEPARTMENT,
	VC_JOB, VC_PHONE, VC_PHONE_TYPE, VC_PHONE_2, VC_PHONE_2_TYPE, VC_PHONE_3, VC_PHONE_3_TYPE, VC_PHONE_4, VC_PHONE_4_TYPE,
	VC_PHONE_5, VC_PHONE_5_TYPE, VC_FAX, VC_EMAIL, VC_EMAIL_2, VC_EMAIL_3, VC_EMAIL_4, VC_STREET, VC_CITY, VC_REGION,
	VC_POSTAL_CODE, VC_COUNTRY, VC_ADDRESS_TYPE, VC_STREET_2, VC_CITY_2, VC_REGION_2, VC_POSTAL_CODE_2, VC_COUNTRY_2,
	VC_ADDRESS_2_TYPE, VC_BIRTHDAY, VC_ANNIVERSARY, VC_GENDER, VC_LANGUAGE, VC_URL, VC_NOTE, VC_CATEGORIES, VC_WECHAT, VC_QQ,
	VC_UID, VC_REVISED, VC_COUNT
};

enum { VCARD_NO_PREF = 101 };

/* One property line, unfolded: "item1.TEL;TYPE=CELL:+86 138". Pieces point into it. */
struct vcard_line {
	char *name;  /* upper case, group left out */
	char types[128]; /* TYPE values and bare 2.1 parameters, lower case, ",cell,pref," */
	char charset[32];
	int pref;      /* 1 to 100, the lower the better; VCARD_NO_PREF */
	char encoding; /* 'q' quoted-printable, 'b' base64, 0 none */
	char *value;
};

/* Takes a line apart in place; false if it is no property. */
bool vcard_parse_line(char *line, struct vcard_line *ret);
bool vcard_has_type(const struct vcard_line *line, const char *type);
/* Decodes quoted-printable in place. Returns the new length. */
size_t vcard_decode_qp(char *text);
/* Cuts the next component of a structured value off: ends at an unescaped `mark`. NULL after the last. */
char *vcard_component(char **rest, char mark);
/* Resolves \n \, \; \\ in place. */
void vcard_unescape(char *text);
/* "19630921" and "1963-09-21T…" to "1963-09-21"; others stay. The result lies in `text` or `room`. */
enum { VCARD_DATE_MAX = 12 };
const char *vcard_date(char *text, char room[VCARD_DATE_MAX]);

#endif
