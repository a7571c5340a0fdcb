/** Text to data trees: data, edits, operations. A tree is the pointer to its first top-level node. */
#include <string.h>

#include "shim.h"
#include "ly_common.h"
#include "tree_data_internal.h"

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
        lyd_free_all(lyw_top(parent));
        return rc;
    }
    rc = lyd_parse_op(parent ? NULL : lyw_ctx, parent, in, (LYD_FORMAT)format, (enum lyd_type)type,
            &tree, appended ? NULL : &operation);
    ly_in_free(in, 0);
    if (enveloped) {
        lyw_begin();
        lyw_json_open('[');
        if (!rc) {
            lyw_json_nodes(tree, 0);
        }
        lyw_json_close(']');
        lyw_end();
        lyd_free_all(tree);
        tree = NULL;
    }
    if (rc) {
        lyd_free_all(tree);
        lyd_free_all(lyw_top(parent));
        return rc;
    }
    if (appended) {
        operation = parent;
    }
    lyw_result.operation = operation;
    lyw_result.tree = lyw_top(operation);
    return LY_SUCCESS;
}
