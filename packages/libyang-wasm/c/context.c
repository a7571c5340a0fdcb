/** The context: its modules, its errors, the memory that it takes. */
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#include "ly_common.h"
#include "shim.h"

#define MAX_FEATURES 512

struct ly_ctx *lyw_ctx;

/**
 * Asks the host for a module or submodule. Returns its text, allocated with lyw_alloc(), or NULL; sets `*format` to a
 * LYS_INFORMAT.
 */
extern char *lyw_host_import(const char *module, const char *revision, const char *submodule, const char *submodule_revision,
        int *format) IMPORT(import_module);

EXPORT(lyw_alloc) void *lyw_alloc(size_t size)
{
    return malloc(size);
}

EXPORT(lyw_free) void lyw_free(void *memory)
{
    free(memory);
}

/** Where the struct with the results is. */
EXPORT(lyw_results) struct lyw_result *lyw_results(void)
{
    return &lyw_result;
}

/** Bytes that are allocated. */
EXPORT(lyw_memory_used) size_t lyw_memory_used(void)
{
    return (size_t)mallinfo().uordblks;
}

/** Ends the instance as a fault would, so that the recovery of the host can be seen to work. */
EXPORT(lyw_trap) void lyw_trap(void)
{
    __builtin_trap();
}

static void free_text(void *text, void *user)
{
    (void)user;
    free(text);
}

static LY_ERR import_module(const char *module, const char *revision, const char *submodule, const char *submodule_revision,
        void *user, LYS_INFORMAT *format, const char **text, ly_module_imp_data_free_clb *release)
{
    int given = LYS_IN_YANG;

    (void)user;
    *text = lyw_host_import(module, revision, submodule, submodule_revision, &given);
    if (!*text) {
        return LY_ENOTFOUND;
    }
    *format = (LYS_INFORMAT)given;
    *release = free_text;
    return LY_SUCCESS;
}

void lyw_clean(void)
{
    if (lyw_ctx) {
        ly_err_clean(lyw_ctx, NULL);
    }
    memset(&lyw_result, 0, sizeof lyw_result);
}

EXPORT(lyw_ctx_new) int lyw_ctx_new(void)
{
    const uint32_t options = LY_CTX_DISABLE_SEARCHDIRS | LY_CTX_DISABLE_SEARCHDIR_CWD | LY_CTX_SET_PRIV_PARSED |
            LY_CTX_EXPLICIT_COMPILE;
    LY_ERR rc;

    ly_log_options(LY_LOSTORE);
    ly_log_level(LY_LLWRN);
    rc = ly_ctx_new(NULL, options, &lyw_ctx);
    if (!rc) {
        ly_ctx_set_module_imp_clb(lyw_ctx, import_module, NULL);
    }
    return rc;
}

EXPORT(lyw_ctx_destroy) void lyw_ctx_destroy(void)
{
    ly_ctx_destroy(lyw_ctx);
    lyw_ctx = NULL;
}

/**
 * Loads and implements a module; it takes effect with lyw_ctx_compile(). `features` has one name in a line, is "*" for all,
 * or NULL to leave them as they are.
 */
EXPORT(lyw_ctx_load) int lyw_ctx_load(const char *name, const char *revision, char *features)
{
    const char *names[MAX_FEATURES + 1];
    char *name_at, *rest = NULL;
    uint32_t count = 0;

    lyw_clean();
    if (features) {
        for (name_at = strtok_r(features, "\n", &rest); name_at; name_at = strtok_r(NULL, "\n", &rest)) {
            if (count == MAX_FEATURES) {
                ly_log(lyw_ctx, LY_LLERR, LY_EINVAL, "More than %d features are enabled in module \"%s\".", MAX_FEATURES, name);
                return LY_EINVAL;
            }
            names[count++] = name_at;
        }
    }
    names[count] = NULL;
    return ly_ctx_load_module(lyw_ctx, name, revision, features ? names : NULL) ? LY_SUCCESS : LY_EINVAL;
}

EXPORT(lyw_ctx_compile) int lyw_ctx_compile(void)
{
    lyw_clean();
    return ly_ctx_compile(lyw_ctx);
}

static ssize_t put(void *user, const void *bytes, size_t length)
{
    (void)user;
    lyw_put(bytes, length);
    return (ssize_t)length;
}

/** The implemented module of that name, else the newest; with a revision exactly that one. */
static const struct lys_module *find_module(const char *name, const char *revision)
{
    const struct lys_module *module;

    if (revision) {
        return ly_ctx_get_module(lyw_ctx, name, revision);
    }
    module = ly_ctx_get_module_implemented(lyw_ctx, name);
    return module ? module : ly_ctx_get_module_latest(lyw_ctx, name);
}

static const struct lysp_submodule *find_submodule(const char *name, const char *revision)
{
    return revision ? ly_ctx_get_submodule(lyw_ctx, name, revision) : ly_ctx_get_submodule_latest(lyw_ctx, name);
}

/** Prints the schema of a module or submodule; `format` is a LYS_OUTFORMAT. */
EXPORT(lyw_ctx_module_text) int lyw_ctx_module_text(const char *name, const char *revision, int format)
{
    const struct lys_module *module;
    const struct lysp_submodule *submodule = NULL;
    struct ly_out *out;
    LY_ERR rc;

    lyw_clean();
    if (!(module = find_module(name, revision)) && !(submodule = find_submodule(name, revision))) {
        ly_log(lyw_ctx, LY_LLERR, LY_ENOTFOUND, "There is no module \"%s%s%s\" in the context.", name, revision ? "@" : "",
                revision ? revision : "");
        return LY_ENOTFOUND;
    }
    lyw_begin();
    if ((rc = ly_out_new_clb(put, NULL, &out))) {
        return rc;
    }
    rc = module ? lys_print_module(out, module, (LYS_OUTFORMAT)format, 0, 0) :
            lys_print_submodule(out, submodule, (LYS_OUTFORMAT)format, 0, 0);
    ly_out_free(out, NULL, 0);
    lyw_end();
    return rc;
}

/** A number that changes whenever the set of modules or their features do. */
EXPORT(lyw_ctx_change_count) uint32_t lyw_ctx_change_count(void)
{
    return ly_ctx_get_change_count(lyw_ctx);
}

/** The errors of the last call as JSON; `warnings` adds the warnings. */
EXPORT(lyw_errors) void lyw_errors(int warnings)
{
    const struct ly_err_item *item;

    lyw_begin();
    lyw_json_open('[');
    for (item = ly_err_first(lyw_ctx); item; item = item->next) {
        if ((item->level != LY_LLERR) && !warnings) {
            continue;
        }
        lyw_json_open('{');
        lyw_json_name("code");
        lyw_json_int(item->err & ~LY_EPLUGIN);
        lyw_json_name("validation");
        lyw_json_int(item->vecode);
        lyw_json_name("warning");
        lyw_json_bool(item->level != LY_LLERR);
        lyw_json_member("message", item->msg ? item->msg : "");
        lyw_json_member("appTag", item->apptag);
        lyw_json_member("dataPath", item->data_path);
        lyw_json_member("schemaPath", item->schema_path);
        if (item->line) {
            lyw_json_name("line");
            lyw_json_int((int64_t)item->line);
        }
        lyw_json_close('}');
    }
    lyw_json_close(']');
    lyw_end();
}

/*
 * Out of memory. Not every allocation in libyang is checked, and writing through a null pointer is no fault here, so an
 * allocation that fails ends the instance. The linker puts these functions in the place of the C library's.
 */

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *memory, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *memory, size_t size);

static void *checked(void *memory, size_t size)
{
    if (!memory && size) {
        lyw_result.out_of_memory = 1;
        __builtin_trap();
    }
    return memory;
}

void *__wrap_malloc(size_t size)
{
    return checked(__real_malloc(size), size);
}

void *__wrap_calloc(size_t count, size_t size)
{
    return checked(__real_calloc(count, size), count && size);
}

void *__wrap_realloc(void *memory, size_t size)
{
    return checked(__real_realloc(memory, size), size);
}
