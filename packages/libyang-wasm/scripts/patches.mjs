/**
 * What is changed in the upstream sources, each change as an exact text that must occur `count` times (once unless told):
 * a source that does not fit fails the build instead of building something else.
 *
 * - parser_xml.c: `lydxml_envelope()` frees `*envp` on its error path although nothing has been stored there.
 * - xpath.c, pcre2_match.c: a budget of evaluation steps. Every node visited, compared, sorted or turned into text and
 *   every step of a regular expression takes from it; when it is used up, the loops end and the evaluation returns
 *   LY_EDENIED. `lyxp_steps` is the number left, set by the shim before each evaluation (and unlimited for the
 *   constraints of schemas).
 * - json.c: nesting as deep as it allows exhausts the engine's stack, which is a trap instead of an error.
 * - out.c: printing formats through `lyw_vasprintf()` of the shim.
 * - tree_data.h, tree_data_common.c, date_and_time.c: values of date-and-time are kept in `time_t`, which has 32 bits here,
 *   so that instants before 1901-12-13 or after 2038-01-19 become others. They have 64 bits instead, and a calendar of
 *   their own. Beyond that: nothing checks the form or the days of a month, the offset -00:30 counts as +00:30, the
 *   minutes of an offset are read on beyond the end of a value in a union, and the order of values far apart is that of
 *   an overflow.
 */
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';

const budget = `
/** Evaluation steps that are left; negative when an evaluation went over its budget. */
int64_t lyxp_steps = INT64_MAX;
/** The budget that the running evaluation began with, for the message. */
int64_t lyxp_budget = INT64_MAX;

static ly_bool
lyxp_spend(int64_t steps)
{
    if (lyxp_steps < 0) {
        return 1;
    }
    lyxp_steps = (steps > lyxp_steps) ? -1 : lyxp_steps - steps;
    return lyxp_steps < 0;
}

static LY_ERR
lyxp_over_budget(const struct ly_ctx *ctx)
{
    const struct ly_err_item *last = ly_err_last(ctx);

    if (!last || (last->err != LY_EDENIED)) {
        LOGERR(ctx, LY_EDENIED, "The XPath expression needs more than %" PRId64 " evaluation steps; narrow it: name the "
                "path instead of \\"//\\" and select list entries by their keys.", lyxp_budget);
    }
    return LY_EDENIED;
}

static LY_ERR reparse_or_expr(`;

const calendar = `
#define LY_TIME_DAY 86400

/**
 * @brief Days from 1970-01-01 to a date of the Gregorian calendar, for years from -399.
 */
static int64_t
ly_time_days(int64_t year, int64_t month, int64_t day)
{
    /* years that begin in March end with their leap day; 400 years more, to divide nothing negative */
    int64_t y = year + 400 - (month < 3), m = (month + 9) % 12;

    return y * 365 + y / 4 - y / 100 + y / 400 + (m * 153 + 2) / 5 + day - 1 - 719468 - 146097;
}

static int64_t
ly_time_days_of_month(int64_t year, int64_t month)
{
    return (month == 12) ? 31 : ly_time_days(year, month + 1, 1) - ly_time_days(year, month, 1);
}

LIBYANG_API_DEF int
ly_time_tz_offset(void)
`;

const printedTime = `    int64_t days, second, year, month;

    LY_CHECK_ARG_RET(NULL, str, LY_EINVAL);

    days = time / LY_TIME_DAY;
    second = time % LY_TIME_DAY;
    if (second < 0) {
        second += LY_TIME_DAY;
        --days;
    }
    if ((days < ly_time_days(0, 1, 1)) || (days >= ly_time_days(10000, 1, 1))) {
        return LY_EINVAL;
    }

    /* the average year gives one next to the right one */
    year = 1970 + days * 400 / 146097;
    while (ly_time_days(year, 1, 1) > days) {
        --year;
    }
    while (ly_time_days(year + 1, 1, 1) <= days) {
        ++year;
    }
    month = 1;
    while ((month < 12) && (ly_time_days(year, month + 1, 1) <= days)) {
        ++month;
    }

    if (asprintf(str, "%04d-%02d-%02dT%02d:%02d:%02d%s%s+00:00",
            (int)year, (int)month, (int)(days - ly_time_days(year, month, 1) + 1),
            (int)(second / 3600), (int)(second / 60 % 60), (int)(second % 60),
            fractions_s ? "." : "", fractions_s ? fractions_s : "") == -1) {
        return LY_EMEM;
    }
`;

const formOfTime = `
/**
 * @brief Whether a text has the form of date-and-time: nothing else checks its pattern.
 */
static ly_bool
lyplg_type_date_and_time_has_form(const char *text, size_t len)
{
    static const char form[] = "0000-00-00T00:00:00";
    size_t i;

    if (len < sizeof form) {
        return 0;
    }
    for (i = 0; form[i]; ++i) {
        if ((form[i] == '0') ? !isdigit((unsigned char)text[i]) : (text[i] != form[i])) {
            return 0;
        }
    }
    if (text[i] == '.') {
        ++i;
        if ((i == len) || !isdigit((unsigned char)text[i])) {
            return 0;
        }
        while ((i < len) && isdigit((unsigned char)text[i])) {
            ++i;
        }
    }
    if (len - i == 1) {
        return text[i] == 'Z';
    }
    return (len - i == 6) && ((text[i] == '+') || (text[i] == '-')) && isdigit((unsigned char)text[i + 1]) &&
           isdigit((unsigned char)text[i + 2]) && (text[i + 3] == ':') && isdigit((unsigned char)text[i + 4]) &&
           isdigit((unsigned char)text[i + 5]);
}

/**
 * @brief Implementation of ::lyplg_type_store_clb for ietf-yang-types date-and-time type.
 */`;

export const patches = [
  {
    file: 'libyang/src/parser_xml.c',
    edits: [
      {
        find: `    const char *prefix;
    size_t prefix_len;

    if (xmlctx->status != LYXML_ELEMENT) {
        /* nothing to parse */`,
        replace: `    const char *prefix;
    size_t prefix_len;

    *envp = NULL;

    if (xmlctx->status != LYXML_ELEMENT) {
        /* nothing to parse */`,
      },
    ],
  },
  {
    file: 'libyang/src/xpath.c',
    edits: [
      { find: '\nstatic LY_ERR reparse_or_expr(', replace: budget },
      // one node of any axis
      {
        find: `    enum lyxp_node_type next_type = 0;

    if (!*iter_type) {
        /* first returned node */
        return moveto_axis_node_next_first(`,
        replace: `    enum lyxp_node_type next_type = 0;

    if (lyxp_spend(1)) {
        *iter = NULL;
        *iter_type = 0;
        return LY_ENOTFOUND;
    }

    if (!*iter_type) {
        /* first returned node */
        return moveto_axis_node_next_first(`,
      },
      // one node below "//"
      {
        find: `            rc = moveto_node_check(elem, LYXP_NODE_ELEM, set, ncname, moveto_mod, options);
            if (!rc) {
                /* add matching node into result set */`,
        replace: `            if (lyxp_spend(1)) {
                lyxp_set_free_content(&ret_set);
                return lyxp_over_budget(set->ctx);
            }
            rc = moveto_node_check(elem, LYXP_NODE_ELEM, set, ncname, moveto_mod, options);
            if (!rc) {
                /* add matching node into result set */`,
      },
      // one child found by its hash
      {
        find: `    for (i = 0; i < set->used; ++i) {
        siblings = NULL;
`,
        replace: `    for (i = 0; i < set->used; ++i) {
        if (lyxp_spend(1)) {
            ret = lyxp_over_budget(set->ctx);
            goto cleanup;
        }
        siblings = NULL;
`,
      },
      // one node counted on the way to another's position
      {
        find: `dfs_search:
            LYD_TREE_DFS_continue = 0;
`,
        replace: `dfs_search:
            if (lyxp_spend(1)) {
                return pos;
            }
            LYD_TREE_DFS_continue = 0;
`,
      },
      // one pass of a sort
      {
        find: `        inverted = 0;
        change = 0;
`,
        replace: `        if (lyxp_spend((set->used - i) / 8 + 1)) {
            break;
        }
        inverted = 0;
        change = 0;
`,
      },
      // a union
      {
        find: `    /* sort, remove duplicates */
    rc = set_sorted_merge(set1, set2);`,
        replace: `    if (lyxp_spend((int64_t)set1->used + set2->used)) {
        return lyxp_over_budget(set1->ctx);
    }

    /* sort, remove duplicates */
    rc = set_sorted_merge(set1, set2);`,
      },
      {
        find: `copy_nodes:
`,
        replace: `copy_nodes:
            lyxp_spend((trg->used - j) / 64);
`,
      },
      // a node taken out of the middle of a set
      {
        find: `        if (!replaced) {
            /* no match */
            set_remove_node(set, i);`,
        count: 2,
        replace: `        if (!replaced) {
            /* no match */
            lyxp_spend((set->used - i) / 64 + 1);
            set_remove_node(set, i);`,
      },
      // one comparison of a node with a value
      {
        find: `    assert(set1->type == LYXP_SET_NODE_SET);

    /* cast set1 */`,
        replace: `    assert(set1->type == LYXP_SET_NODE_SET);

    if (lyxp_spend(1)) {
        return lyxp_over_budget(set1->ctx);
    }

    /* cast set1 */`,
      },
      // a node as text
      {
        find: `    struct lyd_node_any *any;
    LY_ERR rc;

    if ((set->root_type == LYXP_NODE_ROOT_CONFIG) && node && node->schema && (node->schema->flags & LYS_CONFIG_R)) {`,
        replace: `    struct lyd_node_any *any;
    LY_ERR rc;

    if (lyxp_spend(1)) {
        return lyxp_over_budget(set->ctx);
    }

    if ((set->root_type == LYXP_NODE_ROOT_CONFIG) && node && node->schema && (node->schema->flags & LYS_CONFIG_R)) {`,
      },
      {
        find: `{
    if (*size - (unsigned)*used < needed) {
        do {`,
        replace: `{
    if (lyxp_spend(needed / 8)) {
        return lyxp_over_budget(ctx);
    }
    if (*size - (unsigned)*used < needed) {
        do {`,
      },
      {
        find: `            line = strtok_r(buf, "\\n", &ptr);
            do {`,
        replace: `            line = strtok_r(buf, "\\n", &ptr);
            if (!line) {
                /* nothing but line ends */
                free(buf);
                break;
            }
            do {`,
      },
      {
        find: `    new = malloc((strlen(args[0]->val.str) + 1) * sizeof(char));
    LY_CHECK_ERR_RET(!new, LOGMEM(set->ctx), LY_EMEM);
    new_used = 0;

    have_removed = 0;`,
        replace: `    if (lyxp_spend((int64_t)strlen(args[0]->val.str) * (strlen(args[1]->val.str) + 1) / 16)) {
        return lyxp_over_budget(set->ctx);
    }

    new = malloc((strlen(args[0]->val.str) + 1) * sizeof(char));
    LY_CHECK_ERR_RET(!new, LOGMEM(set->ctx), LY_EMEM);
    new_used = 0;

    have_removed = 0;`,
      },
      // a regular expression to be compiled
      {
        find: `    LY_ARRAY_NEW_RET(set->ctx, patterns, pattern, LY_EMEM);
`,
        replace: `    if (lyxp_spend(100 + strlen(args[1]->val.str))) {
        return lyxp_over_budget(set->ctx);
    }

    LY_ARRAY_NEW_RET(set->ctx, patterns, pattern, LY_EMEM);
`,
      },
      // one (sub)expression; whatever loop ended early, the result does not leave this function
      {
        find: `    enum lyxp_expr_type next_etype;
    LY_ERR rc;

    /* process operator repeats */`,
        replace: `    enum lyxp_expr_type next_etype;
    LY_ERR rc;

    if (lyxp_spend(1)) {
        return lyxp_over_budget(set->ctx);
    }

    /* process operator repeats */`,
      },
      {
        find: `    default:
        LOGINT_RET(set->ctx);
    }

    return rc;
}

/**
 * @brief Get root type.`,
        replace: `    default:
        LOGINT_RET(set->ctx);
    }

    if (lyxp_steps < 0) {
        rc = lyxp_over_budget(set->ctx);
    }
    return rc;
}

/**
 * @brief Get root type.`,
      },
    ],
  },
  {
    file: 'libyang/src/json.c',
    edits: [{ find: 'LY_MAX_BLOCK_DEPTH * 10', count: 2, replace: 'LY_MAX_BLOCK_DEPTH * 2' }],
  },
  {
    file: 'libyang/src/out.c',
    edits: [
      {
        find: 'vasprintf(&msg, format, ap)',
        count: 2,
        replace: 'lyw_vasprintf(&msg, format, ap)',
      },
      {
        find: '#include "out.h"\n',
        replace:
          '#include "out.h"\n\n#include <stdarg.h>\n\nint lyw_vasprintf(char **text, const char *format, va_list ap);\n',
      },
    ],
  },
  {
    file: 'libyang/src/tree_data.h',
    edits: [
      {
        find: '    time_t time;        /**< UNIX timestamp */',
        replace: '    int64_t time;       /**< UNIX timestamp */',
      },
      {
        find: 'ly_time_str2time(const char *value, time_t *time,',
        replace: 'ly_time_str2time(const char *value, int64_t *time,',
      },
      { find: 'ly_time_time2str(time_t time,', replace: 'ly_time_time2str(int64_t time,' },
    ],
  },
  {
    file: 'libyang/src/tree_data_common.c',
    edits: [
      { find: '\nLIBYANG_API_DEF int\nly_time_tz_offset(void)\n', replace: calendar },
      {
        find: 'ly_time_str2time(const char *value, time_t *time,',
        replace: 'ly_time_str2time(const char *value, int64_t *time,',
      },
      {
        find: '    int64_t shift, shift_m;\n    time_t t;\n',
        replace: '    int64_t shift, shift_m, t;\n    ly_bool west;\n',
      },
      {
        find: `    if (tm.tm_mon > 11) {
        LOGERR(NULL, LY_EINVAL, "Invalid date-and-time month \\"%d\\".", tm.tm_mon);`,
        replace: `    if ((tm.tm_mon < 0) || (tm.tm_mon > 11)) {
        LOGERR(NULL, LY_EINVAL, "Invalid date-and-time month \\"%d\\".", tm.tm_mon + 1);`,
      },
      {
        find: 'if ((tm.tm_mday < 1) || (tm.tm_mday > 31)) {',
        replace: 'if ((tm.tm_mday < 1) || (tm.tm_mday > ly_time_days_of_month(tm.tm_year + 1900, tm.tm_mon + 1))) {',
      },
      {
        find: '    t = timegm(&tm);\n',
        replace: `    t = ly_time_days(tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday) * LY_TIME_DAY +
            tm.tm_hour * 3600 + tm.tm_min * 60 + tm.tm_sec;
`,
      },
      {
        find: `        shift = strtol(value, &ptr, 10);
        if (shift > 23) {`,
        replace: `        west = value[0] == '-';
        shift = strtol(value, &ptr, 10);
        if ((shift < -23) || (shift > 23)) {`,
      },
      {
        find: `        shift_m = strtol(value, NULL, 10);
`,
        replace: `        /* nothing may end the text here, as in a union */
        shift_m = (isdigit(value[0]) && isdigit(value[1])) ? (value[0] - '0') * 10 + value[1] - '0' : -1;
`,
      },
      {
        find: `        if (shift < 0) {
            shift_m *= -1;`,
        replace: `        if (west) {
            shift_m *= -1;`,
      },
      {
        find: `    t -= shift;

    *time = t;`,
        replace: `    t -= shift;
    if ((t < ly_time_days(0, 1, 1) * LY_TIME_DAY) || (t >= ly_time_days(10000, 1, 1) * LY_TIME_DAY)) {
        LOGERR(NULL, LY_EINVAL, "Invalid date-and-time outside of the years 0000 to 9999 of UTC.");
        return LY_EINVAL;
    }

    *time = t;`,
      },
      {
        find: `ly_time_time2str(time_t time, const char *fractions_s, char **str)
{
    struct tm tm;
    char zoneshift[12];
    int zonediff_s, zonediff_h, zonediff_m;

    LY_CHECK_ARG_RET(NULL, str, LY_EINVAL);

    /* convert */
    if (!localtime_r(&time, &tm)) {
        return LY_ESYS;
    }

    /* get timezone offset (do not use tm_gmtoff to avoid portability problems),
     * zonediff_h may be negative, zonediff_m MUST NOT */
    zonediff_s = ly_time_tz_offset_at(time);
    zonediff_h = zonediff_s / 60 / 60;
    zonediff_m = zonediff_s / 60 % 60;
    sprintf(zoneshift, "%+03d:%02d", zonediff_h, zonediff_m < 0 ? -zonediff_m : zonediff_m);

    /* print */
    if (asprintf(str, "%04d-%02d-%02dT%02d:%02d:%02d%s%s%s",
            tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec,
            fractions_s ? "." : "", fractions_s ? fractions_s : "", zoneshift) == -1) {
        return LY_EMEM;
    }
`,
        replace: `ly_time_time2str(int64_t time, const char *fractions_s, char **str)
{
${printedTime}`,
      },
      {
        find: '    char *fractions_s, frac_buf[10];\n    int frac_len;\n',
        replace: '    char *fractions_s, frac_buf[10];\n    int frac_len;\n    int64_t seconds;\n',
      },
      {
        find: `    rc = ly_time_str2time(value, &ts->tv_sec, &fractions_s);
    LY_CHECK_RET(rc);
`,
        replace: `    rc = ly_time_str2time(value, &seconds, &fractions_s);
    LY_CHECK_RET(rc);
    ts->tv_sec = seconds;
    if (ts->tv_sec != seconds) {
        free(fractions_s);
        return LY_EINVAL;
    }
`,
      },
    ],
  },
  {
    file: 'libyang/src/plugins_types/date_and_time.c',
    edits: [
      {
        find: `
/**
 * @brief Implementation of ::lyplg_type_store_clb for ietf-yang-types date-and-time type.
 */`,
        replace: formOfTime,
      },
      {
        find: `    /* convert to UNIX time and fractions of second, function must check for all the possible errors */
    if (ly_time_str2time(value, &val->time, &val->fractions_s)) {
        ret = ly_err_new(err, LY_EVALID, 0, NULL, NULL, "%s", ly_last_logmsg());`,
        replace: `    if (!lyplg_type_date_and_time_has_form(value, value_len)) {
        ret = ly_err_new(err, LY_EVALID, LYVE_DATA, NULL, NULL, "Invalid date-and-time \\"%.*s\\".",
                (int)value_len, (const char *)value);
        goto cleanup;
    }

    /* convert to UNIX time and fractions of second, function must check for all the possible errors */
    if (ly_time_str2time(value, &val->time, &val->fractions_s)) {
        ret = ly_err_new(err, LY_EVALID, LYVE_DATA, NULL, NULL, "%s", ly_last_logmsg());`,
      },
      {
        find: `    double dt;

    LYD_VALUE_GET(val1, v1);
    LYD_VALUE_GET(val2, v2);

    /* compare timestamps */
    dt = difftime(v1->time, v2->time);
    if (dt != 0) {
        return dt;
    }
`,
        replace: `
    LYD_VALUE_GET(val1, v1);
    LYD_VALUE_GET(val2, v2);

    /* compare timestamps */
    if (v1->time != v2->time) {
        return (v1->time < v2->time) ? -1 : 1;
    }
`,
      },
      {
        find: `    struct lyd_value_date_and_time *val;
    struct tm tm;
    char *ret;
`,
        replace: `    struct lyd_value_date_and_time *val;
    char *ret;
`,
      },
      {
        find: `        if (val->unknown_tz) {
            /* ly_time_time2str but always using GMT */
            if (!gmtime_r(&val->time, &tm)) {
                return NULL;
            }
            if (asprintf(&ret, "%04d-%02d-%02dT%02d:%02d:%02d%s%s-00:00",
                    tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec,
                    val->fractions_s ? "." : "", val->fractions_s ? val->fractions_s : "") == -1) {
                return NULL;
            }
        } else {
            if (ly_time_time2str(val->time, val->fractions_s, &ret)) {
                return NULL;
            }
        }
`,
        replace: `        if (ly_time_time2str(val->time, val->fractions_s, &ret)) {
            return NULL;
        }
        if (val->unknown_tz) {
            ret[strlen(ret) - strlen("+00:00")] = '-';
        }
`,
      },
    ],
  },
  {
    file: 'pcre2/src/pcre2_match.c',
    edits: [
      {
        find: 'if (mb->match_call_count++ >= mb->match_limit) return PCRE2_ERROR_MATCHLIMIT;',
        replace: `if (mb->match_call_count++ >= mb->match_limit || lyxp_steps < 0) return PCRE2_ERROR_MATCHLIMIT;
if ((mb->match_call_count & 7) == 0) lyxp_steps--;`,
      },
      {
        find: '#include "pcre2_internal.h"\n',
        replace: '#include "pcre2_internal.h"\n\n#include <stdint.h>\n\nextern int64_t lyxp_steps;\n',
      },
    ],
  },
];

function occurrences(text, part) {
  return text.split(part).length - 1;
}

/** Applies every patch to the sources unpacked below `directory`. */
export async function applyPatches(directory) {
  for (const { file, edits } of patches) {
    const name = path.join(directory, file);
    let text = await readFile(name, 'utf8');
    for (const { find, replace, count = 1 } of edits) {
      const found = occurrences(text, find);
      if (found !== count) {
        throw new Error(`${file}: found ${found} times instead of ${count}, so the patch does not fit:\n${find}`);
      }
      text = text.split(find).join(replace);
    }
    await writeFile(name, text);
  }
}
