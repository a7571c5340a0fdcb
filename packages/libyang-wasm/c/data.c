/** Data trees: parsing, validating, printing, editing, XPath. A tree is the pointer to its first top-level node. */
#include <stdlib.h>
#include <string.h>

#include "shim.h"
#include "ly_common.h"
#include "tree_data_internal.h"
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

static struct lyd_node *top_of(struct lyd_node *node)
{
    while (node && node->parent) {
        node = lyd_parent(node);
    }
    return node ? lyd_first_sibling(node) : NULL;
}

/* Parsing */

/** How a parsed tree is to be validated. */
enum { VALIDATE_NOT = 0, VALIDATE_ALL = 1 };

/**
 * Parses data. Validation reports every error: with that option inside of the parser libyang uses memory that it freed.
 */
EXPORT(lyw_parse_data) int lyw_parse_data(const char *text, int format, uint32_t parse_options, int validation,
        uint32_t validate_options)
{
    struct lyd_node *tree = NULL;
    LY_ERR rc;

    lyw_clean();
    rc = lyd_parse_data_mem(lyw_ctx, text, (LYD_FORMAT)format, parse_options | LYD_PARSE_ONLY, 0, &tree);
    if (!rc && (validation == VALIDATE_ALL)) {
        rc = lyd_validate_all(&tree, lyw_ctx, validate_options | LYD_VALIDATE_MULTI_ERROR, NULL);
    }
    if (rc) {
        lyd_free_all(tree);
        tree = NULL;
    }
    lyw_result.tree = tree;
    return rc;
}

static int is_operation(const struct lyd_attr *attribute)
{
    const char *module = attribute->format == LY_VALUE_JSON ? "ietf-netconf" : "urn:ietf:params:xml:ns:netconf:base:1.0";

    return !strcmp(attribute->name.name, "operation") && attribute->name.module_ns &&
           !strcmp(attribute->name.module_ns, module);
}

/** Whether a node without a schema is a leaf without a value whose one attribute is that it is to be deleted. */
static int is_edit_of_nothing(const struct lyd_node *node)
{
    const struct lyd_node_opaq *opaque = (const struct lyd_node_opaq *)node;
    const struct lysc_node *schema = lyd_node_schema(node);

    return schema && (schema->nodetype & LYD_NODE_TERM) && !opaque->child &&
           (opaque->value[strspn(opaque->value, " \t\r\n")] == '\0') && opaque->attr && !opaque->attr->next &&
           is_operation(opaque->attr) &&
           (!strcmp(opaque->attr->value, "delete") || !strcmp(opaque->attr->value, "remove"));
}

/** Whether every node without a schema in the tree is a leaf without a value that is to be deleted. */
static int is_edit(const struct lyd_node *first)
{
    const struct lyd_node *node;

    for (node = first; node; node = node->next) {
        if (!node->schema ? !is_edit_of_nothing(node) : !is_edit(lyd_child(node))) {
            return 0;
        }
    }
    return 1;
}

/**
 * Parses the content of an edit: strictly, without validation; a leaf that is to be deleted need have no value and becomes
 * an opaque node then.
 */
EXPORT(lyw_parse_edit) int lyw_parse_edit(const char *text, int format)
{
    const uint32_t options = LYD_PARSE_ONLY | LYD_PARSE_STRICT;
    struct lyd_node *tree = NULL;
    LY_ERR rc;

    lyw_clean();
    rc = lyd_parse_data_mem(lyw_ctx, text, (LYD_FORMAT)format, options, 0, &lyw_result.tree);
    if (!rc) {
        return rc;
    }
    // Strict and opaque: unknown nodes and attributes are errors still, only values and keys are let through.
    if (lyd_parse_data_mem(lyw_ctx, text, (LYD_FORMAT)format, options | LYD_PARSE_OPAQ, 0, &tree) || !is_edit(tree)) {
        lyd_free_all(tree);
        lyw_result.tree = NULL;
        return rc;
    }
    ly_err_clean(lyw_ctx, NULL);
    lyw_result.tree = tree;
    return LY_SUCCESS;
}

static void dump_siblings(const struct lyd_node *first, int with_paths);

/** Makes the tree of an operation, down to the node that `path` names. */
static LY_ERR new_operation(const char *path, struct lyd_node **operation)
{
    struct lyd_node *top = NULL, *node = NULL;
    LY_ERR rc;

    rc = lyd_new_path2(NULL, lyw_ctx, path, NULL, 0, LYD_ANYDATA_STRING, 0, &top, &node);
    if (!rc && (!node->schema || !(node->schema->nodetype & (LYS_RPC | LYS_ACTION)))) {
        ly_log(lyw_ctx, LY_LLERR, LY_EINVAL, "Path \"%s\" does not lead to an RPC or action.", path);
        rc = LY_EINVAL;
    }
    if (rc) {
        lyd_free_all(top);
        return rc;
    }
    *operation = node;
    return LY_SUCCESS;
}

static int has_parent_operation(enum lyd_type type)
{
    return (type == LYD_TYPE_REPLY_YANG) || (type == LYD_TYPE_REPLY_NETCONF) || (type == LYD_TYPE_RPC_RESTCONF) ||
           (type == LYD_TYPE_REPLY_RESTCONF);
}

/**
 * Parses an operation or notification; `type` is a LYD_TYPE. For a reply and for RESTCONF bodies, which do not name their
 * operation, `path` does. What envelops a message is printed as JSON into the text of the result.
 */
EXPORT(lyw_parse_op) int lyw_parse_op(const char *text, int format, int type, const char *path)
{
    struct lyd_node *tree = NULL, *operation = NULL, *parent = NULL;
    struct ly_in *in = NULL;
    LY_ERR rc;
    int appended = has_parent_operation((enum lyd_type)type);
    int enveloped = type >= LYD_TYPE_RPC_NETCONF;

    lyw_clean();
    if (appended && (rc = new_operation(path, &parent))) {
        return rc;
    }
    if ((rc = ly_in_new_memory(text, &in))) {
        lyd_free_all(top_of(parent));
        return rc;
    }
    rc = lyd_parse_op(parent ? NULL : lyw_ctx, parent, in, (LYD_FORMAT)format, (enum lyd_type)type,
            &tree, appended ? NULL : &operation);
    ly_in_free(in, 0);
    if (enveloped) {
        lyw_begin();
        lyw_json_open('[');
        if (!rc) {
            dump_siblings(tree, 0);
        }
        lyw_json_close(']');
        lyw_end();
        lyd_free_all(tree);
        tree = NULL;
    }
    if (rc) {
        lyd_free_all(tree);
        lyd_free_all(top_of(parent));
        return rc;
    }
    if (appended) {
        operation = parent;
    }
    lyw_result.operation = operation;
    lyw_result.tree = top_of(operation);
    return LY_SUCCESS;
}

/* Validating */

EXPORT(lyw_validate) int lyw_validate(struct lyd_node *tree, uint32_t options)
{
    LY_ERR rc;

    lyw_clean();
    rc = lyd_validate_all(&tree, lyw_ctx, options | LYD_VALIDATE_MULTI_ERROR, NULL);
    lyw_result.tree = tree;
    return rc;
}

/** Validates an operation; references outside of it are looked up in `datastore`. `type` is LYD_TYPE_{RPC,NOTIF,REPLY}_YANG. */
EXPORT(lyw_validate_op) int lyw_validate_op(struct lyd_node *operation, struct lyd_node *datastore, int type)
{
    lyw_clean();
    return lyd_validate_op(operation, datastore, (enum lyd_type)type, NULL);
}

/** Whether `value` is a valid value of the leaf or leaf-list at `path`; its canonical form is the text of the result. */
EXPORT(lyw_validate_value) int lyw_validate_value(const char *path, int output, const char *value, size_t length)
{
    const struct lysc_node *node;
    const char *canonical = NULL;
    LY_ERR rc;

    lyw_clean();
    node = lys_find_path(lyw_ctx, NULL, path, output);
    if (!node || !(node->nodetype & (LYS_LEAF | LYS_LEAFLIST))) {
        if (!ly_err_first(lyw_ctx)) {
            ly_log(lyw_ctx, LY_LLERR, LY_EINVAL, "Path \"%s\" does not lead to a leaf or leaf-list.", path);
        }
        return LY_EINVAL;
    }
    rc = lyd_value_validate(lyw_ctx, node, value, length, NULL, NULL, &canonical);
    lyw_begin();
    if (canonical) {
        lyw_put(canonical, strlen(canonical));
        lydict_remove(lyw_ctx, canonical);
    }
    lyw_end();
    // A leafref or instance-identifier whose target is not looked up is incomplete, not wrong.
    return rc == LY_EINCOMPLETE ? LY_SUCCESS : rc;
}

/* Printing */

static ssize_t put(void *user, const void *bytes, size_t length)
{
    (void)user;
    lyw_put(bytes, length);
    return (ssize_t)length;
}

/** What lyw_print() prints. */
enum { PRINT_SIBLINGS = 0, PRINT_TREE = 1, PRINT_CHILDREN = 2 };

EXPORT(lyw_print) int lyw_print(struct lyd_node *tree, int format, uint32_t options, int what)
{
    LY_ERR rc;

    lyw_clean();
    lyw_begin();
    rc = lyd_print_clb(put, NULL, what == PRINT_CHILDREN ? lyd_child(tree) : tree, (LYD_FORMAT)format,
            options | (what == PRINT_TREE ? 0 : LYD_PRINT_WITHSIBLINGS));
    lyw_end();
    return rc;
}

/* Trees as plain data */

static const char *kind_of(const struct lyd_node *node)
{
    if (!node->schema) {
        return "opaque";
    }
    switch (node->schema->nodetype) {
    case LYS_CONTAINER:
        return "container";
    case LYS_LIST:
        return "list";
    case LYS_LEAF:
        return "leaf";
    case LYS_LEAFLIST:
        return "leaf-list";
    case LYS_ANYXML:
        return "anyxml";
    case LYS_ANYDATA:
        return "anydata";
    case LYS_RPC:
        return "rpc";
    case LYS_ACTION:
        return "action";
    default:
        return "notification";
    }
}

/** The module of an opaque name: by namespace when it comes from XML. */
static void dump_opaque_module(const struct ly_opaq_name *name, LY_VALUE_FORMAT format)
{
    const struct lys_module *module = NULL;

    if (!name->module_ns) {
        return;
    }
    if (format == LY_VALUE_JSON) {
        lyw_json_member("module", name->module_name);
        return;
    }
    module = ly_ctx_get_module_implemented_ns(lyw_ctx, name->module_ns);
    if (module) {
        lyw_json_member("module", module->name);
    } else {
        lyw_json_member("namespace", name->module_ns);
    }
}

static void dump_metadata(const struct lyd_node *node)
{
    const struct lyd_meta *meta;
    const struct lyd_attr *attribute;

    lyw_json_name("metadata");
    lyw_json_open('[');
    for (meta = node->meta; meta; meta = meta->next) {
        if (lyd_meta_is_internal(meta)) {
            continue;
        }
        lyw_json_open('{');
        lyw_json_member("name", meta->name);
        lyw_json_member("module", meta->annotation->module->name);
        lyw_json_member("value", lyd_get_meta_value(meta));
        lyw_json_close('}');
    }
    if (!node->schema) {
        for (attribute = ((const struct lyd_node_opaq *)node)->attr; attribute; attribute = attribute->next) {
            lyw_json_open('{');
            lyw_json_member("name", attribute->name.name);
            dump_opaque_module(&attribute->name, attribute->format);
            lyw_json_member("value", attribute->value);
            lyw_json_close('}');
        }
    }
    lyw_json_close(']');
}

/** The content of an anydata or anyxml node, as JSON text of its members. */
static void dump_any(const struct lyd_node *node)
{
    char *text = NULL;

    if (!lyd_any_value_str(node, &text) && text) {
        lyw_json_member("value", text);
    }
    free(text);
}

static void dump_node(const struct lyd_node *node, int with_paths)
{
    lyw_json_open('{');
    lyw_json_member("kind", kind_of(node));
    lyw_json_member("name", LYD_NAME(node));
    if (node->schema) {
        lyw_json_member("module", node->schema->module->name);
    } else {
        dump_opaque_module(&((const struct lyd_node_opaq *)node)->name, ((const struct lyd_node_opaq *)node)->format);
    }
    if (with_paths) {
        char *path = lyd_path(node, LYD_PATH_STD, NULL, 0);

        lyw_json_member("path", path ? path : "");
        free(path);
    }
    if (node->schema && (node->schema->nodetype & LYD_NODE_ANY)) {
        dump_any(node);
    } else {
        lyw_json_member("value", lyd_get_value(node));
    }
    lyw_json_name("isDefault");
    lyw_json_bool(node->flags & LYD_DEFAULT);
    dump_metadata(node);
    lyw_json_name("children");
    lyw_json_open('[');
    dump_siblings(lyd_child(node), with_paths);
    lyw_json_close(']');
    lyw_json_close('}');
}

static void dump_siblings(const struct lyd_node *first, int with_paths)
{
    const struct lyd_node *node;

    for (node = first; node; node = node->next) {
        dump_node(node, with_paths);
    }
}

EXPORT(lyw_nodes) int lyw_nodes(const struct lyd_node *tree)
{
    lyw_clean();
    lyw_begin();
    lyw_json_open('[');
    dump_siblings(tree, 1);
    lyw_json_close(']');
    lyw_end();
    return LY_SUCCESS;
}

/** Name, module and path of one node. */
EXPORT(lyw_describe) int lyw_describe(const struct lyd_node *node)
{
    char *path;

    lyw_clean();
    path = lyd_path(node, LYD_PATH_STD, NULL, 0);
    lyw_begin();
    lyw_json_open('{');
    lyw_json_member("kind", kind_of(node));
    lyw_json_member("name", LYD_NAME(node));
    lyw_json_member("module", node->schema ? node->schema->module->name : NULL);
    lyw_json_member("path", path ? path : "");
    lyw_json_close('}');
    lyw_end();
    free(path);
    return LY_SUCCESS;
}

/* XPath */

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
            dump_node(set->dnodes[i], 1);
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

/* Editing */

/** Makes the node at `path`, with what leads there. An existing leaf gets the new value when `update` is set. */
EXPORT(lyw_new_path) int lyw_new_path(struct lyd_node *tree, const char *path, const char *value, size_t length, int any_type,
        int update, int output)
{
    struct lyd_node *top = NULL, *node = NULL;
    uint32_t options = (update ? LYD_NEW_PATH_UPDATE : 0) | (output ? LYD_NEW_VAL_OUTPUT : 0);
    LY_ERR rc;

    lyw_clean();
    rc = lyd_new_path2(tree, lyw_ctx, path, value, length, (LYD_ANYDATA_VALUETYPE)any_type, options, &top, &node);
    if (!rc && !tree) {
        tree = top;
    }
    lyw_result.tree = top_of(tree);
    lyw_result.operation = node;
    return rc;
}

/** Removes the node at `path` with what is below it; the kind of the result tells whether there was one. */
EXPORT(lyw_remove) int lyw_remove(struct lyd_node *tree, const char *path)
{
    struct lyd_node *match = NULL;
    LY_ERR rc = lyw_find_path(tree, path, 0);

    match = lyw_result.operation;
    lyw_result.operation = NULL;
    lyw_result.kind = match != NULL;
    if (match && (match == tree)) {
        tree = match->next;
    }
    if (match) {
        lyd_free_tree(match);
    }
    lyw_result.tree = tree;
    return rc;
}

EXPORT(lyw_duplicate) int lyw_duplicate(const struct lyd_node *tree)
{
    lyw_clean();
    return tree ? lyd_dup_siblings(tree, NULL, LYD_DUP_RECURSIVE | LYD_DUP_WITH_FLAGS, &lyw_result.tree) : LY_SUCCESS;
}

EXPORT(lyw_merge) int lyw_merge(struct lyd_node *target, const struct lyd_node *source, uint32_t options)
{
    LY_ERR rc;

    lyw_clean();
    rc = source ? lyd_merge_siblings(&target, source, options) : LY_SUCCESS;
    lyw_result.tree = target;
    return rc;
}

EXPORT(lyw_diff) int lyw_diff(const struct lyd_node *before, const struct lyd_node *after, uint32_t options)
{
    lyw_clean();
    return lyd_diff_siblings(before, after, options, &lyw_result.tree);
}

EXPORT(lyw_diff_apply) int lyw_diff_apply(struct lyd_node *tree, const struct lyd_node *difference)
{
    LY_ERR rc;

    lyw_clean();
    rc = difference ? lyd_diff_apply_all(&tree, difference) : LY_SUCCESS;
    lyw_result.tree = tree;
    return rc;
}

/** The data of ietf-yang-library about this context. */
EXPORT(lyw_yang_library) int lyw_yang_library(const char *content_id)
{
    lyw_clean();
    return ly_ctx_get_yanglib_data(lyw_ctx, &lyw_result.tree, "%s", content_id);
}

EXPORT(lyw_free_tree) void lyw_free_tree(struct lyd_node *tree)
{
    lyd_free_all(tree);
}
