/*
 * A document that doc_read accepts is written by out, and a second reading gives the same text. Whatever bytes out is
 * given as text, doc_read accepts what it wrote.
 */
#include <stdlib.h>
#include <string.h>

#include "json/doc.h"
#include "json/out.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define LEVELS (OUT_DEPTH - 1) /* documents may nest deeper than what we write */

static void copy(struct out *out, const char *name, const struct node *node, int level)
{
    const struct node *value;
    const char *key;
    int64_t number;

    if (level > LEVELS) {
        out_null(out, name);
    } else if (node_is_object(node)) {
        out_object(out, name);
        for (size_t i = 0; node_each(node, i, &key, &value); i++)
            copy(out, key, value, level + 1);
        out_end(out);
    } else if (node_is_array(node)) {
        out_array(out, name);
        for (size_t i = 0; i < node_count(node); i++)
            copy(out, NULL, node_at(node, i), level + 1);
        out_end(out);
    } else if (node_number(node, &number)) {
        out_number(out, name, number);
    } else if (node_is_string(node)) {
        out_text(out, name, node_text(node));
    } else {
        out_bool(out, name, node_is_true(node));
    }
}

static void get_everything(const struct node *object)
{
    static const char *const choices[] = { "valid", "pending", NULL };
    AUTO(list_clear) struct list texts = { 0 };
    AUTO(list_clear) struct list urls = { 0 };
    AUTO(free) char *text = NULL;
    AUTO(free) char *url = NULL;
    struct error err = { 0 };
    int64_t at;
    bool value;
    int choice;

    (void)!node_get_text(object, "status", &text, &err);
    (void)!node_get_url(object, "finalize", &url, &err);
    (void)!node_get_texts_or_none(object, "contact", &texts, &err);
    (void)!node_get_urls(object, "authorizations", &urls, &err);
    (void)!node_get_time_or_zero(object, "expires", &at, &err);
    (void)!node_get_bool_or(object, "wildcard", false, &value, &err);
    (void)!node_get_choice(object, "status", choices, &choice, &err);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO(doc_free) struct doc *first = NULL;
    AUTO(doc_free) struct doc *second = NULL;
    AUTO(doc_free) struct doc *string = NULL;
    AUTO(buf_clear) struct buf once = BUF(1 << 26);
    AUTO(buf_clear) struct buf twice = BUF(1 << 26);
    AUTO(buf_clear) struct buf text = BUF(1 << 26);
    struct out to_once = out_to(&once), to_twice = out_to(&twice), to_text = out_to(&text);
    struct view input = { (const char *)data, size };
    struct error err = { 0 };

    out_view(&to_text, NULL, input);
    if (memchr(input.at == NULL ? "" : input.at, '\0', size) == NULL && size < DOC_MAX / 8 &&
        !doc_read(buf_view(&text), "own", &string, &err))
        abort();
    if (!doc_read(input, "fuzz", &first, &err))
        return 0;
    get_everything(doc_root(first));
    copy(&to_once, NULL, doc_root(first), 1);
    if (!doc_read(buf_view(&once), "own", &second, &err))
        abort();
    copy(&to_twice, NULL, doc_root(second), 1);
    if (!view_equal(buf_view(&once), buf_view(&twice)))
        abort();
    return 0;
}
