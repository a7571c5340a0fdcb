/** XPath over data trees, within a budget of steps. */
#include <stdlib.h>
#include <string.h>

#include "shim.h"
#include "xml.h"

/* The evaluation budget in the patched xpath.c. */
extern int64_t lyxp_steps, lyxp_budget;

static void set_budget(double steps)
{
    lyxp_budget = (steps < 0) || (steps >= 9e18) ? INT64_MAX : (int64_t)steps;
    lyxp_steps = lyxp_budget;
}

/** Lifts the budget and notes what was used of it. */
static void end_budget(void)
{
    lyw_result.number = (double)(lyxp_budget - (lyxp_steps < 0 ? 0 : lyxp_steps));
    lyxp_budget = INT64_MAX;
    lyxp_steps = INT64_MAX;
}

/** Prefixes of an expression: "prefix\nuri\n" pairs become what libyang's XML parser would have collected. */
static LY_ERR parse_namespaces(char *text, struct ly_set *set)
{
    char *rest = NULL, *prefix = text ? strtok_r(text, "\n", &rest) : NULL;

    for (; prefix; prefix = strtok_r(NULL, "\n", &rest)) {
        char *uri = strtok_r(NULL, "\n", &rest);
        struct lyxml_ns *ns = uri ? calloc(1, sizeof *ns) : NULL;

        if (!ns) {
            return LY_EINVAL;
        }
        ns->prefix = prefix;
        ns->uri = uri;
        if (ly_set_add(set, ns, 1, NULL)) {
            free(ns);
            return LY_EMEM;
        }
    }
    return LY_SUCCESS;
}

/** How the nodes of a result are given. */
enum { RESULT_NODES = 0, RESULT_PATHS = 1, RESULT_COUNT = 2 };

static void dump_result(const struct ly_set *set, int how)
{
    uint32_t i;

    lyw_begin();
    lyw_json_open('[');
    for (i = 0; i < set->count; ++i) {
        if (how == RESULT_PATHS) {
            char *path = lyd_path(set->dnodes[i], LYD_PATH_STD, NULL, 0);

            lyw_json_string(path ? path : "");
            free(path);
        } else if (how == RESULT_NODES) {
            lyw_json_node(set->dnodes[i], 1);
        }
    }
    lyw_json_close(']');
    lyw_end();
    lyw_result.tree = (struct lyd_node *)(uintptr_t)set->count;
}

/**
 * Evaluates an expression within a budget of steps (negative: without one) from the node at `context` (NULL: the root).
 * The kind of the result says what it is: a node set and a string are in the text, a number and a boolean (as 0 or 1) in
 * the number. `namespaces` gives the prefixes their namespaces; without, they are names of modules.
 */
EXPORT(lyw_evaluate) int lyw_evaluate(struct lyd_node *tree, const char *context, const char *xpath, char *namespaces,
        double budget, int how)
{
    struct lyd_node *from = NULL, *implicit = NULL;
    struct ly_set *nodes = NULL, prefixes = {0};
    LY_XPATH_TYPE kind = LY_XPATH_NODE_SET;
    char *string = NULL;
    long double number = 0;
    ly_bool boolean = 0;
    LY_ERR rc;

    lyw_clean();
    if (!tree) {
        // An evaluation needs a tree; the one without data has the containers that always exist.
        if ((rc = lyd_new_implicit_all(&implicit, lyw_ctx, LYD_IMPLICIT_NO_DEFAULTS, NULL))) {
            goto cleanup;
        }
        tree = implicit;
    }
    if (context && (rc = lyd_find_path(tree, context, 0, &from))) {
        goto cleanup;
    }
    if ((rc = parse_namespaces(namespaces, &prefixes))) {
        goto cleanup;
    }
    set_budget(budget);
    rc = lyd_eval_xpath4(from, tree, NULL, xpath, namespaces ? LY_VALUE_XML : LY_VALUE_JSON, namespaces ? &prefixes : NULL,
            NULL, &kind, &nodes, &string, &number, &boolean);
    end_budget();
    if (rc) {
        goto cleanup;
    }
    lyw_result.kind = kind;
    switch (kind) {
    case LY_XPATH_NODE_SET:
        if (implicit) {
            nodes->count = 0;
        }
        dump_result(nodes, how);
        break;
    case LY_XPATH_STRING:
        lyw_begin();
        lyw_put(string, strlen(string));
        lyw_end();
        break;
    case LY_XPATH_NUMBER:
        lyw_result.number = (double)number;
        break;
    case LY_XPATH_BOOLEAN:
        lyw_result.number = boolean;
        break;
    }

cleanup:
    ly_set_free(nodes, NULL);
    free(string);
    ly_set_erase(&prefixes, free);
    lyd_free_all(implicit);
    return rc;
}

/** Finds the one node that a data path names; it is the operation of the result, NULL when there is none. */
EXPORT(lyw_find_path) int lyw_find_path(struct lyd_node *tree, const char *path, int output)
{
    struct lyd_node *match = NULL;
    LY_ERR rc;

    lyw_clean();
    if (!tree) {
        return LY_SUCCESS;
    }
    rc = lyd_find_path(tree, path, output, &match);
    if ((rc == LY_ENOTFOUND) || (rc == LY_EINCOMPLETE)) {
        ly_err_clean(lyw_ctx, NULL);
        return LY_SUCCESS;
    }
    lyw_result.operation = match;
    return rc;
}
