/** Data trees printed: as XML or JSON, and as plain data for the host. */
#include <stdlib.h>
#include <string.h>

#include "shim.h"

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

void lyw_json_node(const struct lyd_node *node, int with_paths)
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
    lyw_json_nodes(lyd_child(node), with_paths);
    lyw_json_close(']');
    lyw_json_close('}');
}

void lyw_json_nodes(const struct lyd_node *first, int with_paths)
{
    const struct lyd_node *node;

    for (node = first; node; node = node->next) {
        lyw_json_node(node, with_paths);
    }
}

EXPORT(lyw_nodes) int lyw_nodes(const struct lyd_node *tree)
{
    lyw_clean();
    lyw_begin();
    lyw_json_open('[');
    lyw_json_nodes(tree, 1);
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
