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
