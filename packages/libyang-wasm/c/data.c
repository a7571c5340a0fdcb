/** Data trees validated and changed. */
#include <string.h>

#include "shim.h"
#include "ly_common.h"

struct lyd_node *lyw_top(struct lyd_node *node)
{
    while (node && node->parent) {
        node = lyd_parent(node);
    }
    return node ? lyd_first_sibling(node) : NULL;
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
    lyw_result.tree = lyw_top(tree);
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
