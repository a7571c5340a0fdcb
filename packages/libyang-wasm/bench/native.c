/**
 * The same work as bench/main.ts with the same patched libyang, compiled for this machine. Arguments: the module, the
 * directory of the modules that it imports, the RPC and the bulk data as XML and as JSON. Prints one JSON object of
 * operations per second.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "libyang.h"

int lyw_vasprintf(char **text, const char *format, va_list args);

int lyw_vasprintf(char **text, const char *format, va_list args)
{
    return vasprintf(text, format, args);
}

static double now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec + t.tv_nsec / 1e9;
}

static void demand(int condition, const char *what)
{
    if (!condition) {
        fprintf(stderr, "%s failed\n", what);
        exit(1);
    }
}

static char *slurp(const char *name)
{
    FILE *f = fopen(name, "rb");
    long size;
    char *text;

    demand(f != NULL, name);
    fseek(f, 0, SEEK_END);
    size = ftell(f);
    rewind(f);
    text = malloc(size + 1);
    demand(fread(text, 1, size, f) == (size_t)size, name);
    text[size] = '\0';
    fclose(f);
    return text;
}

static struct ly_ctx *ctx;
static struct lyd_node *tree;
static char *rpc_xml, *rpc_json, *bulk_xml, *bulk_json;
static char *printed;
static size_t printed_size, printed_used;

static ssize_t keep(void *user, const void *bytes, size_t length)
{
    (void)user;
    if (printed_used + length > printed_size) {
        printed_size = 2 * (printed_used + length);
        printed = realloc(printed, printed_size);
    }
    memcpy(printed + printed_used, bytes, length);
    printed_used += length;
    return (ssize_t)length;
}

static void rpc(const char *text, LYD_FORMAT format, enum lyd_type type)
{
    struct lyd_node *envelope = NULL, *operation = NULL;
    struct ly_in *in;

    ly_in_new_memory(text, &in);
    demand(!lyd_parse_op(ctx, NULL, in, format, type, &envelope, &operation), "parsing an RPC");
    ly_in_free(in, 0);
    demand(!lyd_validate_op(operation, NULL, LYD_TYPE_RPC_YANG, NULL), "validating an RPC");
    if (type == LYD_TYPE_RPC_NETCONF) {
        lyd_free_all(envelope);
    }
    lyd_free_all(operation);
}

static void run_rpc_xml(void)
{
    rpc(rpc_xml, LYD_XML, LYD_TYPE_RPC_NETCONF);
}

static void run_rpc_json(void)
{
    rpc(rpc_json, LYD_JSON, LYD_TYPE_RPC_YANG);
}

static void bulk(const char *text, LYD_FORMAT format)
{
    struct lyd_node *data = NULL;

    demand(!lyd_parse_data_mem(ctx, text, format, LYD_PARSE_ONLY | LYD_PARSE_STRICT, 0, &data), "parsing data");
    printed_used = 0;
    demand(!lyd_print_clb(keep, NULL, data, format, LYD_PRINT_WITHSIBLINGS | LYD_PRINT_SHRINK), "printing data");
    lyd_free_all(data);
}

static void run_bulk_xml(void)
{
    bulk(bulk_xml, LYD_XML);
}

static void run_bulk_json(void)
{
    bulk(bulk_json, LYD_JSON);
}

static void run_validate(void)
{
    demand(!lyd_validate_all(&tree, ctx, LYD_VALIDATE_PRESENT | LYD_VALIDATE_MULTI_ERROR, NULL), "validating data");
}

static char *entry_path(char *path, const char *format)
{
    static int id;

    id = (id + 7919) % 10000;
    sprintf(path, format, id);
    return path;
}

static void run_xpath(void)
{
    char path[100];
    struct ly_set *set;

    demand(!lyd_find_xpath(tree, entry_path(path, "/example-bench:bulk/entry[id='%d']/name"), &set), "an XPath");
    demand(set->count == 1, "finding by XPath");
    ly_set_free(set, NULL);
}

static void run_path(void)
{
    char path[100];
    struct lyd_node *node;

    demand(!lyd_find_path(tree, entry_path(path, "/example-bench:bulk/entry[id='%d']"), 0, &node), "finding by path");
}

static void run_count(void)
{
    struct ly_set *set;

    demand(!lyd_find_xpath(tree, "//entry[on='true']", &set), "an XPath");
    ly_set_free(set, NULL);
}

static void measure(const char *name, void (*work)(void))
{
    double best = 0;
    int round;

    for (round = 0; round < 5; ++round) {
        double started = now(), seconds;
        long done = 0;

        do {
            work();
            ++done;
        } while ((seconds = now() - started) < 0.2);
        best = done / seconds > best ? done / seconds : best;
    }
    printf("%s\"%s\": %.1f", strcmp(name, "rpc-xml") ? ", " : "", name, best);
}

int main(int argc, char **argv)
{
    struct lys_module *module;
    char *text;

    demand(argc == 7, "usage");
    text = slurp(argv[1]);
    rpc_xml = slurp(argv[3]);
    rpc_json = slurp(argv[4]);
    bulk_xml = slurp(argv[5]);
    bulk_json = slurp(argv[6]);
    ly_log_options(LY_LOSTORE);
    demand(!ly_ctx_new(argv[2], LY_CTX_DISABLE_SEARCHDIR_CWD, &ctx), "making a context");
    demand(ly_ctx_load_module(ctx, "ietf-netconf", NULL, NULL) != NULL, "loading ietf-netconf");
    demand(!lys_parse_mem(ctx, text, LYS_IN_YANG, &module), "loading the module");
    demand(!lyd_parse_data_mem(ctx, bulk_json, LYD_JSON, LYD_PARSE_STRICT, LYD_VALIDATE_PRESENT, &tree), "parsing the data");
    printf("{");
    measure("rpc-xml", run_rpc_xml);
    measure("rpc-json", run_rpc_json);
    measure("bulk-xml", run_bulk_xml);
    measure("bulk-json", run_bulk_json);
    measure("validate", run_validate);
    measure("xpath-key", run_xpath);
    measure("path-key", run_path);
    measure("xpath-scan", run_count);
    printf("}\n");
    return 0;
}
