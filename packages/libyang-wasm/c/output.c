/** The text of a result: a growing buffer, JSON on top of it, and the formatting that libyang's printers go through. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shim.h"

/** A buffer that grew beyond this is given back before the next use. */
#define KEEP (4u << 20)

struct lyw_result lyw_result;

static char *buffer;
static size_t used, capacity;
static int comma;

static void reserve(size_t more)
{
    size_t size = capacity ? capacity : 4096;
    char *grown;

    if (used + more <= capacity) {
        return;
    }
    while (size < used + more) {
        size *= 2;
    }
    if (!(grown = realloc(buffer, size))) {
        __builtin_trap();
    }
    buffer = grown;
    capacity = size;
}

void lyw_begin(void)
{
    if (capacity > KEEP) {
        free(buffer);
        buffer = NULL;
        capacity = 0;
    }
    used = 0;
    comma = 0;
}

void lyw_put(const char *bytes, size_t length)
{
    reserve(length + 1);
    memcpy(buffer + used, bytes, length);
    used += length;
}

void lyw_end(void)
{
    reserve(1);
    buffer[used] = '\0';
    lyw_result.text = buffer;
    lyw_result.length = used;
}

static void put_char(char c)
{
    lyw_put(&c, 1);
}

static void separate(void)
{
    if (comma) {
        put_char(',');
    }
    comma = 1;
}

void lyw_json_open(char bracket)
{
    separate();
    put_char(bracket);
    comma = 0;
}

void lyw_json_close(char bracket)
{
    put_char(bracket);
    comma = 1;
}

void lyw_json_bytes(const char *value, size_t length)
{
    static const char hex[] = "0123456789abcdef";
    size_t from = 0, i;

    separate();
    put_char('"');
    for (i = 0; i < length; ++i) {
        unsigned char c = (unsigned char)value[i];

        if ((c >= 0x20) && (c != '"') && (c != '\\')) {
            continue;
        }
        lyw_put(value + from, i - from);
        from = i + 1;
        if (c < 0x20) {
            char escape[] = {'\\', 'u', '0', '0', hex[c >> 4], hex[c & 15]};
            lyw_put(escape, sizeof escape);
        } else {
            char escape[] = {'\\', (char)c};
            lyw_put(escape, sizeof escape);
        }
    }
    lyw_put(value + from, length - from);
    put_char('"');
}

void lyw_json_string(const char *value)
{
    lyw_json_bytes(value, strlen(value));
}

void lyw_json_name(const char *name)
{
    lyw_json_string(name);
    put_char(':');
    comma = 0;
}

void lyw_json_int(int64_t value)
{
    char digits[24];

    separate();
    lyw_put(digits, (size_t)snprintf(digits, sizeof digits, "%lld", (long long)value));
}

void lyw_json_bool(int value)
{
    separate();
    lyw_put(value ? "true" : "false", value ? 4 : 5);
}

void lyw_json_member(const char *name, const char *value)
{
    if (value) {
        lyw_json_name(name);
        lyw_json_string(value);
    }
}

/* Formatting. The data printers use few conversions and print many short pieces; musl's vasprintf() formats twice. */

struct text {
    char *bytes;
    size_t used;
    size_t size;
};

static int append(struct text *text, const char *bytes, size_t length, size_t padding)
{
    size_t need = text->used + padding + length + 1;

    if (need > text->size) {
        size_t size = need > 2 * text->size ? need : 2 * text->size;
        char *grown = realloc(text->bytes, size);

        if (!grown) {
            return -1;
        }
        text->bytes = grown;
        text->size = size;
    }
    memset(text->bytes + text->used, ' ', padding);
    memcpy(text->bytes + text->used + padding, bytes, length);
    text->used += padding + length;
    return 0;
}

/** Whether every conversion in `format` is one that convert() knows. */
static int is_simple(const char *format)
{
    const char *p = format;

    while ((p = strchr(p, '%'))) {
        ++p;
        if (!strncmp(p, ".*s", 3)) {
            p += 3;
        } else if (!strncmp(p, "*s", 2)) {
            p += 2;
        } else if (*p && strchr("scdu%", *p)) {
            ++p;
        } else {
            return 0;
        }
    }
    return 1;
}

/** Formats one conversion that begins at `*p`, behind the percent sign, and moves `*p` behind it. */
static int convert(struct text *text, const char **p, va_list *args)
{
    char scratch[16];
    const char *value = scratch;
    size_t length, padding = 0;
    int width = 0, precision = -1;

    if (**p == '.') {
        precision = va_arg(*args, int);
        *p += 2;
    } else if (**p == '*') {
        width = va_arg(*args, int);
        *p += 1;
    }
    switch (*(*p)++) {
    case 'd':
        length = (size_t)snprintf(scratch, sizeof scratch, "%d", va_arg(*args, int));
        break;
    case 'u':
        length = (size_t)snprintf(scratch, sizeof scratch, "%u", va_arg(*args, unsigned));
        break;
    case 'c':
        scratch[0] = (char)va_arg(*args, int);
        length = 1;
        break;
    case '%':
        value = "%";
        length = 1;
        break;
    default:
        value = va_arg(*args, const char *);
        if (!value) {
            value = "(null)";
        }
        length = precision < 0 ? strlen(value) : strnlen(value, (size_t)precision);
        break;
    }
    if ((width > 0) && ((size_t)width > length)) {
        padding = (size_t)width - length;
    }
    return append(text, value, length, padding);
}

int lyw_vasprintf(char **result, const char *format, va_list args);

int lyw_vasprintf(char **result, const char *format, va_list args)
{
    struct text text = {malloc(128), 0, 128};
    const char *p = format;
    va_list copy;
    int failed = text.bytes ? 0 : -1;

    if (!is_simple(format)) {
        free(text.bytes);
        return vasprintf(result, format, args);
    }
    va_copy(copy, args);
    while (!failed && *p) {
        size_t plain = strcspn(p, "%");

        failed = append(&text, p, plain, 0);
        p += plain;
        if (!failed && *p) {
            ++p;
            failed = convert(&text, &p, &copy);
        }
    }
    va_end(copy);
    if (failed) {
        free(text.bytes);
        return -1;
    }
    text.bytes[text.used] = '\0';
    *result = text.bytes;
    return (int)text.used;
}
