/* Keys of faults: PostgREST's codes where it has one, so that clients written for it
 * understand them; our own words otherwise. */
#ifndef GUANXI_CORE_REST_QUERY_KEYS_H
#define GUANXI_CORE_REST_QUERY_KEYS_H

#define QK_SYNTAX "PGRST100"          /* a parameter can't be read; arg: from where */
#define QK_BODY "PGRST102"            /* the body is empty or not of its type */
#define QK_RANGE "PGRST103"           /* the range is not there */
#define QK_MEDIA "PGRST107"           /* content type not known */
#define QK_NOT_EMBEDDED "PGRST108"    /* a filter or order for what is not in select; arg: name */
#define QK_SINGLE "PGRST116"          /* not exactly one row; arg: how many */
#define QK_ORDER_MANY "PGRST118"      /* order by an embed of several rows; arg: name */
#define QK_EMBED_FILTER "PGRST120"    /* an embed can only be tested for null */
#define QK_PREFER "PGRST122"          /* unknown preference with handling=strict; arg: it */
#define QK_AFFECTED "PGRST124"        /* more rows than max-affected; arg: how many */
#define QK_RELATION "PGRST200"        /* no such relation; arg: name */
#define QK_AMBIGUOUS "PGRST201"       /* several relations; arg: the hints */
#define QK_FUNCTION "PGRST202"        /* no such function; arg: name */
#define QK_COLUMNS "PGRST204"         /* a name in columns= does not exist; arg: name */
#define QK_ENTITY "PGRST205"          /* no such entity; arg: name */
#define QK_COLUMN "42703"             /* no such field; arg: name */
#define QK_OPERATOR "42883"           /* the operator does not fit the field; arg: it */
#define QK_VALUE "22P02"              /* the value does not fit the field; arg: it */
#define QK_FORBIDDEN "42501"          /* the actor may not */
#define QK_GROUPING "42803"           /* can't be grouped or summed; arg: name */

#define QK_MASKED "masked_field"      /* no conditions or order on what one may not see; arg: name */
#define QK_CURRENCIES "mixed_currencies" /* a sum over several currencies; arg: the currency field to group by */
#define QK_TOO_MANY "query_too_large" /* over a limit of query.h; arg: the number allowed */
#define QK_OFFSET "offset_too_far"    /* go on with cursor; arg: the number allowed */
#define QK_CURSOR "cursor_invalid"    /* not one of ours, or of another order */
#define QK_PATTERN "pattern_refused"  /* a regular expression beyond the plain ones */
#define QK_PATTERNS "patterns_too_many" /* over QUERY_PATTERNS_MAX; arg: it */
#define QK_PATTERN_BYTES "patterns_too_long" /* over QUERY_PATTERN_BYTES_MAX; arg: it */
#define QK_CHILDREN "children_refused" /* flat answers can't hold children; arg: name */
#define QK_EMBED_ROWS "embed_too_large" /* over QUERY_EMBED_ROWS_MAX */
#define QK_NEEDS_FILTER "filter_needed" /* changes of every row are refused */
#define QK_CAST "cast_refused"        /* only ::text; arg: the cast */

#endif
