/**
 * The compiled schema of every module in the context as one JSON text. The host's reader adds what can be derived: paths,
 * transitive identities, the text of scaled bounds.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shim.h"
#include "ly_common.h"
#include "tree_schema_internal.h"
#include "xpath.h"

static void dump_nodes(const struct lysc_node *first);

static void open_member(const char *name, char bracket)
{
    lyw_json_name(name);
    lyw_json_open(bracket);
}

static void member_int(const char *name, int64_t value)
{
    lyw_json_name(name);
    lyw_json_int(value);
}

static void member_bool(const char *name, int value)
{
    lyw_json_name(name);
    lyw_json_bool(value);
}

static void qualified(const char *module, const char *name)
{
    char *text = NULL;

    if (asprintf(&text, "%s:%s", module, name) < 0) {
        __builtin_trap();
    }
    lyw_json_string(text);
    free(text);
}

static void dump_status(uint16_t flags)
{
    const char *status = (flags & LYS_STATUS_OBSLT) ? "obsolete" : (flags & LYS_STATUS_DEPRC) ? "deprecated" : "current";

    lyw_json_member("status", status);
}

/* XPath expressions: prefixes become module names. */

struct expression {
    char *text;
    size_t used;
};

static void expression_add(struct expression *to, const char *bytes, size_t length)
{
    memcpy(to->text + to->used, bytes, length);
    to->used += length;
}

/** Appends a token, with the module's name in place of its prefix when it has one that resolves. */
static void expression_token(struct expression *to, const char *token, size_t length, size_t quote, const void *prefixes)
{
    const char *name = token + quote, *colon = memchr(name, ':', length - quote);
    const struct lys_module *module = NULL;

    if (colon && (colon > name) && (colon + 1 < token + length) && (colon[1] != ':')) {
        module = ly_resolve_prefix(lyw_ctx, name, (size_t)(colon - name), LY_VALUE_SCHEMA_RESOLVED, (void *)prefixes);
    }
    if (!module) {
        expression_add(to, token, length);
        return;
    }
    expression_add(to, token, quote);
    expression_add(to, module->name, strlen(module->name));
    expression_add(to, colon, (size_t)(token + length - colon));
}

static void dump_expression(const struct lyxp_expr *expression, const struct lysc_prefix *prefixes)
{
    struct expression out = {0};
    size_t longest = 0, from = 0, size = strlen(expression->expr);
    LY_ARRAY_COUNT_TYPE u;
    uint32_t i;

    LY_ARRAY_FOR(prefixes, u) {
        size_t length = strlen(prefixes[u].mod->name);

        longest = length > longest ? length : longest;
    }
    if (!(out.text = malloc(size + expression->used * longest + 1))) {
        __builtin_trap();
    }
    for (i = 0; i < expression->used; ++i) {
        size_t at = expression->tok_pos[i], length = expression->tok_len[i];

        expression_add(&out, expression->expr + from, at - from);
        if (expression->tokens[i] == LYXP_TOKEN_NAMETEST) {
            expression_token(&out, expression->expr + at, length, 0, prefixes);
        } else if (expression->tokens[i] == LYXP_TOKEN_LITERAL) {
            expression_token(&out, expression->expr + at, length, 1, prefixes);
        } else {
            expression_add(&out, expression->expr + at, length);
        }
        from = at + length;
    }
    expression_add(&out, expression->expr + from, size - from);
    lyw_json_bytes(out.text, out.used);
    free(out.text);
}

static void dump_extensions(const struct lysc_ext_instance *extensions)
{
    LY_ARRAY_COUNT_TYPE u;

    open_member("extensions", '[');
    LY_ARRAY_FOR(extensions, u) {
        lyw_json_open('{');
        lyw_json_member("module", extensions[u].def->module->name);
        lyw_json_member("name", extensions[u].def->name);
        lyw_json_member("argument", extensions[u].argument);
        lyw_json_close('}');
    }
    lyw_json_close(']');
}

static void dump_musts(const struct lysc_must *musts)
{
    LY_ARRAY_COUNT_TYPE u;

    open_member("must", '[');
    LY_ARRAY_FOR(musts, u) {
        lyw_json_open('{');
        lyw_json_name("xpath");
        dump_expression(musts[u].cond, musts[u].prefixes);
        lyw_json_member("errorMessage", musts[u].emsg);
        lyw_json_member("errorAppTag", musts[u].eapptag);
        lyw_json_close('}');
    }
    lyw_json_close(']');
}

static void dump_whens(const struct lysc_node *node)
{
    struct lysc_when **whens = lysc_node_when(node);
    LY_ARRAY_COUNT_TYPE u;

    open_member("when", '[');
    LY_ARRAY_FOR(whens, u) {
        dump_expression(whens[u]->cond, whens[u]->prefixes);
    }
    lyw_json_close(']');
}

/* Types */

static const char *base_name(LY_DATA_TYPE base)
{
    static const char *const names[] = {
        [LY_TYPE_BINARY] = "binary", [LY_TYPE_UINT8] = "uint8", [LY_TYPE_UINT16] = "uint16", [LY_TYPE_UINT32] = "uint32",
        [LY_TYPE_UINT64] = "uint64", [LY_TYPE_STRING] = "string", [LY_TYPE_BITS] = "bits", [LY_TYPE_BOOL] = "boolean",
        [LY_TYPE_DEC64] = "decimal64", [LY_TYPE_EMPTY] = "empty", [LY_TYPE_ENUM] = "enumeration",
        [LY_TYPE_IDENT] = "identityref", [LY_TYPE_INST] = "instance-identifier", [LY_TYPE_LEAFREF] = "leafref",
        [LY_TYPE_UNION] = "union", [LY_TYPE_INT8] = "int8", [LY_TYPE_INT16] = "int16", [LY_TYPE_INT32] = "int32",
        [LY_TYPE_INT64] = "int64"
    };

    return names[base];
}

static void dump_range(const char *member, const struct lysc_range *range, LY_DATA_TYPE base)
{
    LY_ARRAY_COUNT_TYPE u;
    char text[24];

    open_member(member, '[');
    if (range) {
        LY_ARRAY_FOR(range->parts, u) {
            lyw_json_open('{');
            snprintf(text, sizeof text, base < LY_TYPE_DEC64 ? "%llu" : "%lld", (long long)range->parts[u].min_64);
            lyw_json_member("min", text);
            snprintf(text, sizeof text, base < LY_TYPE_DEC64 ? "%llu" : "%lld", (long long)range->parts[u].max_64);
            lyw_json_member("max", text);
            lyw_json_close('}');
        }
    }
    lyw_json_close(']');
}

static void dump_items(const char *member, const char *number, const struct lysc_type_bitenum_item *items, int is_enum)
{
    LY_ARRAY_COUNT_TYPE u;

    open_member(member, '[');
    LY_ARRAY_FOR(items, u) {
        lyw_json_open('{');
        lyw_json_member("name", items[u].name);
        member_int(number, is_enum ? (int64_t)items[u].value : (int64_t)items[u].position);
        dump_status(items[u].flags);
        lyw_json_member("description", items[u].dsc);
        lyw_json_close('}');
    }
    lyw_json_close(']');
}

static int is_builtin(const char *name)
{
    LY_DATA_TYPE base;

    for (base = LY_TYPE_BINARY; base <= LY_TYPE_INT64; ++base) {
        if (!strcmp(base_name(base), name)) {
            return 1;
        }
    }
    return 0;
}

/** The name that a parsed type refers to, when it is a typedef: with the module that the prefix stands for. */
static void dump_typedef(const struct lysc_type *type, const struct lysp_type *parsed)
{
    const char *colon, *module = NULL;
    LY_ARRAY_COUNT_TYPE u;

    if (!parsed || !parsed->name || !parsed->pmod) {
        lyw_json_member("typedef", type->name);
        return;
    }
    if (!(colon = strchr(parsed->name, ':'))) {
        if (is_builtin(parsed->name)) {
            return;
        }
        module = parsed->pmod->mod->name;
        colon = parsed->name - 1;
    } else {
        size_t length = (size_t)(colon - parsed->name);

        LY_ARRAY_FOR(parsed->pmod->imports, u) {
            if (!ly_strncmp(parsed->pmod->imports[u].prefix, parsed->name, length)) {
                module = parsed->pmod->imports[u].module->name;
            }
        }
        if (!module) {
            module = parsed->pmod->mod->name;
        }
    }
    lyw_json_name("typedef");
    qualified(module, colon + 1);
}

static void dump_type(const struct lysc_type *type, const struct lysp_type *parsed);

static void dump_string(const struct lysc_type_str *type)
{
    LY_ARRAY_COUNT_TYPE u;

    dump_range("lengths", type->length, LY_TYPE_STRING);
    open_member("patterns", '[');
    LY_ARRAY_FOR(type->patterns, u) {
        lyw_json_open('{');
        lyw_json_member("pattern", type->patterns[u]->expr);
        member_bool("invert", type->patterns[u]->inverted);
        lyw_json_close('}');
    }
    lyw_json_close(']');
}

static void dump_identityref(const struct lysc_type_identityref *type)
{
    LY_ARRAY_COUNT_TYPE u;

    open_member("identities", '[');
    LY_ARRAY_FOR(type->bases, u) {
        qualified(type->bases[u]->module->name, type->bases[u]->name);
    }
    lyw_json_close(']');
}

static void dump_union(const struct lysc_type_union *type, const struct lysp_type *parsed)
{
    // The members' own typedefs are known only where the union is written out, not behind a typedef of the union.
    int listed = parsed && (LY_ARRAY_COUNT(parsed->types) == LY_ARRAY_COUNT(type->types));
    LY_ARRAY_COUNT_TYPE u;

    open_member("types", '[');
    LY_ARRAY_FOR(type->types, u) {
        dump_type(type->types[u], listed ? &parsed->types[u] : NULL);
    }
    lyw_json_close(']');
}

static void dump_type(const struct lysc_type *type, const struct lysp_type *parsed)
{
    lyw_json_open('{');
    dump_typedef(type, parsed);
    lyw_json_member("base", base_name(type->basetype));
    switch (type->basetype) {
    case LY_TYPE_DEC64:
        member_int("fractionDigits", ((const struct lysc_type_dec *)type)->fraction_digits);
        dump_range("ranges", ((const struct lysc_type_dec *)type)->range, type->basetype);
        break;
    case LY_TYPE_STRING:
        dump_string((const struct lysc_type_str *)type);
        break;
    case LY_TYPE_BINARY:
        dump_range("lengths", ((const struct lysc_type_bin *)type)->length, type->basetype);
        break;
    case LY_TYPE_ENUM:
        dump_items("enums", "value", ((const struct lysc_type_enum *)type)->enums, 1);
        break;
    case LY_TYPE_BITS:
        dump_items("bits", "position", ((const struct lysc_type_bits *)type)->bits, 0);
        break;
    case LY_TYPE_IDENT:
        dump_identityref((const struct lysc_type_identityref *)type);
        break;
    case LY_TYPE_INST:
        member_bool("requireInstance", ((const struct lysc_type_instanceid *)type)->require_instance);
        break;
    case LY_TYPE_LEAFREF: {
        const struct lysc_type_leafref *leafref = (const struct lysc_type_leafref *)type;

        lyw_json_name("path");
        dump_expression(leafref->path, leafref->prefixes);
        member_bool("requireInstance", leafref->require_instance);
        lyw_json_name("target");
        dump_type(leafref->realtype, NULL);
        break;
    }
    case LY_TYPE_UNION:
        dump_union((const struct lysc_type_union *)type, parsed);
        break;
    case LY_TYPE_BOOL:
    case LY_TYPE_EMPTY:
        break;
    default:
        dump_range("ranges", ((const struct lysc_type_num *)type)->range, type->basetype);
        break;
    }
    lyw_json_close('}');
}

/* Nodes */

static void dump_header(const struct lysc_node *node, const char *kind)
{
    lyw_json_member("kind", kind);
    lyw_json_member("name", node->name);
    lyw_json_member("module", node->module->name);
    dump_status(node->flags);
    lyw_json_member("description", node->dsc);
    lyw_json_member("reference", node->ref);
    dump_whens(node);
    dump_extensions(node->exts);
}

static void dump_data_header(const struct lysc_node *node, const char *kind)
{
    dump_header(node, kind);
    member_bool("config", node->flags & LYS_CONFIG_W);
    member_bool("mandatory", node->flags & LYS_MAND_TRUE);
}

static void dump_bounds(uint32_t min, uint32_t max, uint16_t flags)
{
    lyw_json_member("orderedBy", (flags & LYS_ORDBY_USER) ? "user" : "system");
    member_int("minElements", min);
    if (max && (max != UINT32_MAX)) {
        member_int("maxElements", max);
    }
}

static void dump_inout(const char *member, const struct lysc_node_action_inout *inout)
{
    open_member(member, '{');
    dump_musts(inout->musts);
    open_member("children", '[');
    dump_nodes(inout->child);
    lyw_json_close(']');
    lyw_json_close('}');
}

static void dump_actions(const char *member, const char *kind, const struct lysc_node_action *first)
{
    const struct lysc_node_action *action;

    open_member(member, '[');
    for (action = first; action; action = action->next) {
        lyw_json_open('{');
        dump_header(&action->node, kind);
        dump_inout("input", &action->input);
        dump_inout("output", &action->output);
        lyw_json_close('}');
    }
    lyw_json_close(']');
}

static void dump_notifications(const struct lysc_node_notif *first)
{
    const struct lysc_node_notif *notification;

    open_member("notifications", '[');
    for (notification = first; notification; notification = notification->next) {
        lyw_json_open('{');
        dump_header(&notification->node, "notification");
        dump_musts(notification->musts);
        open_member("children", '[');
        dump_nodes(notification->child);
        lyw_json_close(']');
        lyw_json_close('}');
    }
    lyw_json_close(']');
}

static void dump_inner(const struct lysc_node *node)
{
    dump_musts(lysc_node_musts(node));
    open_member("children", '[');
    dump_nodes(lysc_node_child(node));
    lyw_json_close(']');
    dump_actions("actions", "action", lysc_node_actions(node));
    dump_notifications(lysc_node_notifs(node));
}

static void dump_unique(const struct lysc_node_list *list)
{
    LY_ARRAY_COUNT_TYPE u, v;

    open_member("unique", '[');
    LY_ARRAY_FOR(list->uniques, u) {
        lyw_json_open('[');
        LY_ARRAY_FOR(list->uniques[u], v) {
            const struct lysc_node *node = &list->uniques[u][v]->node;
            const struct lysc_node *parents[64];
            char path[2048] = "";
            uint32_t count = 0;

            for (; node && (node != &list->node) && (count < 64); node = node->parent) {
                if (!(node->nodetype & (LYS_CHOICE | LYS_CASE))) {
                    parents[count++] = node;
                }
            }
            while (count--) {
                strncat(path, parents[count]->name, sizeof path - strlen(path) - 1);
                if (count) {
                    strncat(path, "/", sizeof path - strlen(path) - 1);
                }
            }
            lyw_json_string(path);
        }
        lyw_json_close(']');
    }
    lyw_json_close(']');
}

static void dump_list(const struct lysc_node_list *list)
{
    const struct lysc_node *child;

    dump_data_header(&list->node, "list");
    open_member("keys", '[');
    for (child = list->child; child && lysc_is_key(child); child = child->next) {
        lyw_json_string(child->name);
    }
    lyw_json_close(']');
    dump_unique(list);
    dump_bounds(list->min, list->max, list->flags);
    dump_inner(&list->node);
}

static void dump_leaf(const struct lysc_node_leaf *leaf)
{
    const struct lysp_node_leaf *parsed = leaf->priv;

    dump_data_header(&leaf->node, "leaf");
    lyw_json_name("type");
    dump_type(leaf->type, parsed ? &parsed->type : NULL);
    lyw_json_member("units", leaf->units);
    if (leaf->dflt) {
        lyw_json_member("default", lyd_value_get_canonical(lyw_ctx, leaf->dflt));
    }
    member_bool("isKey", leaf->flags & LYS_KEY);
    dump_musts(leaf->musts);
}

static void dump_leaflist(const struct lysc_node_leaflist *leaflist)
{
    const struct lysp_node_leaflist *parsed = leaflist->priv;
    LY_ARRAY_COUNT_TYPE u;

    dump_data_header(&leaflist->node, "leaf-list");
    lyw_json_name("type");
    dump_type(leaflist->type, parsed ? &parsed->type : NULL);
    lyw_json_member("units", leaflist->units);
    open_member("defaults", '[');
    LY_ARRAY_FOR(leaflist->dflts, u) {
        lyw_json_string(lyd_value_get_canonical(lyw_ctx, leaflist->dflts[u]));
    }
    lyw_json_close(']');
    dump_bounds(leaflist->min, leaflist->max, leaflist->flags);
    dump_musts(leaflist->musts);
}

static void dump_choice(const struct lysc_node_choice *choice)
{
    const struct lysc_node *one;

    dump_data_header(&choice->node, "choice");
    if (choice->dflt) {
        lyw_json_member("default", choice->dflt->name);
    }
    open_member("cases", '[');
    for (one = &choice->cases->node; one; one = one->next) {
        lyw_json_open('{');
        dump_header(one, "case");
        member_bool("config", one->flags & LYS_CONFIG_W);
        open_member("children", '[');
        dump_nodes(lysc_node_child(one));
        lyw_json_close(']');
        lyw_json_close('}');
    }
    lyw_json_close(']');
}

static void dump_node(const struct lysc_node *node)
{
    switch (node->nodetype) {
    case LYS_CONTAINER:
        dump_data_header(node, "container");
        member_bool("presence", node->flags & LYS_PRESENCE);
        dump_inner(node);
        break;
    case LYS_LIST:
        dump_list((const struct lysc_node_list *)node);
        break;
    case LYS_LEAF:
        dump_leaf((const struct lysc_node_leaf *)node);
        break;
    case LYS_LEAFLIST:
        dump_leaflist((const struct lysc_node_leaflist *)node);
        break;
    case LYS_CHOICE:
        dump_choice((const struct lysc_node_choice *)node);
        break;
    default:
        dump_data_header(node, node->nodetype == LYS_ANYXML ? "anyxml" : "anydata");
        dump_musts(lysc_node_musts(node));
        break;
    }
}

static void dump_nodes(const struct lysc_node *first)
{
    const struct lysc_node *node;

    for (node = first; node; node = node->next) {
        lyw_json_open('{');
        dump_node(node);
        lyw_json_close('}');
    }
}

/* Modules */

static void dump_features(const struct lysp_module *parsed)
{
    const struct lysp_feature *feature = NULL;
    uint32_t index = 0;

    open_member("features", '[');
    while ((feature = lysp_feature_next(feature, parsed, &index))) {
        lyw_json_open('{');
        lyw_json_member("name", feature->name);
        member_bool("enabled", feature->flags & LYS_FENABLED);
        dump_status(feature->flags);
        lyw_json_member("description", feature->dsc);
        lyw_json_close('}');
    }
    lyw_json_close(']');
}

/** Identities with those derived directly from them. One that a feature disables is left out. */
static void dump_identities(const struct lysc_ident *identities)
{
    LY_ARRAY_COUNT_TYPE u, v;

    open_member("identities", '[');
    LY_ARRAY_FOR(identities, u) {
        if (lys_identity_iffeature_value(&identities[u])) {
            continue;
        }
        lyw_json_open('{');
        lyw_json_member("name", identities[u].name);
        open_member("derived", '[');
        LY_ARRAY_FOR(identities[u].derived, v) {
            if (!lys_identity_iffeature_value(identities[u].derived[v])) {
                qualified(identities[u].derived[v]->module->name, identities[u].derived[v]->name);
            }
        }
        lyw_json_close(']');
        dump_status(identities[u].flags);
        lyw_json_member("description", identities[u].dsc);
        lyw_json_close('}');
    }
    lyw_json_close(']');
}

static void dump_submodules(const struct lysp_module *parsed)
{
    LY_ARRAY_COUNT_TYPE u;

    open_member("submodules", '[');
    LY_ARRAY_FOR(parsed->includes, u) {
        const struct lysp_submodule *submodule = parsed->includes[u].submodule;

        lyw_json_open('{');
        lyw_json_member("name", submodule->name);
        lyw_json_member("revision", LY_ARRAY_COUNT(submodule->revs) ? submodule->revs[0].date : NULL);
        lyw_json_close('}');
    }
    lyw_json_close(']');
}

static void dump_module(const struct lys_module *module)
{
    const struct lysc_module *compiled = module->compiled;
    LY_ARRAY_COUNT_TYPE u;

    lyw_json_open('{');
    lyw_json_member("name", module->name);
    lyw_json_member("namespace", module->ns);
    lyw_json_member("prefix", module->prefix);
    lyw_json_member("revision", module->revision);
    lyw_json_member("yangVersion", module->parsed->version >= LYS_VERSION_1_1 ? "1.1" : "1");
    member_bool("implemented", module->implemented);
    lyw_json_member("organization", module->org);
    lyw_json_member("contact", module->contact);
    lyw_json_member("description", module->dsc);
    lyw_json_member("reference", module->ref);
    dump_features(module->parsed);
    dump_identities(module->identities);
    dump_submodules(module->parsed);
    open_member("deviatedBy", '[');
    LY_ARRAY_FOR(module->deviated_by, u) {
        lyw_json_string(module->deviated_by[u]->name);
    }
    lyw_json_close(']');
    dump_extensions(compiled ? compiled->exts : NULL);
    open_member("data", '[');
    dump_nodes(compiled ? compiled->data : NULL);
    lyw_json_close(']');
    dump_actions("rpcs", "rpc", compiled ? compiled->rpcs : NULL);
    dump_notifications(compiled ? compiled->notifs : NULL);
    lyw_json_close('}');
}

/** All modules of the context. */
EXPORT(lyw_schema) int lyw_schema(void)
{
    const struct lys_module *module;
    uint32_t index = 0;

    lyw_clean();
    lyw_begin();
    lyw_json_open('[');
    while ((module = ly_ctx_get_module_iter(lyw_ctx, &index))) {
        dump_module(module);
    }
    lyw_json_close(']');
    lyw_end();
    return LY_SUCCESS;
}
