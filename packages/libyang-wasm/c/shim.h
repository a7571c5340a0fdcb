/**
 * The functions of libyang as WebAssembly exports: numbers and pointers in, a return code out. What else a call yields
 * stands in one struct at a fixed address, which the host reads. One instance of the module holds one libyang context.
 */
#ifndef LYW_SHIM_H
#define LYW_SHIM_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "libyang.h"

#define EXPORT(name) __attribute__((export_name(#name), used))
#define IMPORT(name) __attribute__((import_module("host"), import_name(#name)))

/** What the last call yielded beside its return code. The host knows the layout: every member has 4 bytes, `number` 8. */
struct lyw_result {
    char *text;                     /**< printed text, valid until the next call */
    uint32_t length;                /**< bytes in `text` */
    struct lyd_node *tree;          /**< first top-level node of a data tree */
    struct lyd_node *operation;     /**< the RPC, action or notification in `tree` */
    uint32_t kind;                  /**< LY_XPATH_TYPE of an evaluated expression, or a truth value */
    uint32_t out_of_memory;         /**< set when the instance ended because memory ran out */
    double number;                  /**< number of an evaluated expression, or steps */
};

extern struct lyw_result lyw_result;

/** The context of this instance. */
extern struct ly_ctx *lyw_ctx;

/* output.c: one growing buffer that is the text of the result */

/** Empties the buffer. */
void lyw_begin(void);
/** Appends bytes; out of memory ends the instance. */
void lyw_put(const char *bytes, size_t length);
/** Sets text and length of the result to what the buffer holds. */
void lyw_end(void);

/* output.c: JSON. A comma is put where one is needed, so callers only say what comes. */

void lyw_json_open(char bracket);
void lyw_json_close(char bracket);
void lyw_json_name(const char *name);
void lyw_json_string(const char *value);
void lyw_json_bytes(const char *value, size_t length);
void lyw_json_int(int64_t value);
void lyw_json_bool(int value);
/** A member with a string; nothing when `value` is NULL. */
void lyw_json_member(const char *name, const char *value);

/* context.c */

/** The prefix that every entry point starts with: no errors and no result are left over. */
void lyw_clean(void);

/* data.c */

/** The first top-level node of the tree that `node` is in; NULL for NULL. */
struct lyd_node *lyw_top(struct lyd_node *node);

/* nodes.c */

/** A node with all that is below it as JSON, `with_paths` with its instance path. */
void lyw_json_node(const struct lyd_node *node, int with_paths);
/** A node and its following siblings, one after the other. */
void lyw_json_nodes(const struct lyd_node *first, int with_paths);

/* xpath.c */

int lyw_find_path(struct lyd_node *tree, const char *path, int output);

#endif
