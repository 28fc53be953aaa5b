/*
 * Reading a configuration of one file ends, within its bounds, and every item lies in its section. The first part of
 * the input, up to a NUL byte, is what the server says of itself.
 */
#include <stdlib.h>

#include "webconf/apache_conf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct one_file {
    struct view text;
};

/* The same text for all files, so that includes lead back to it. */
static bool read_text(void *arg, const char *path, struct view *text, struct error *err)
{
    (void)path;
    (void)err;
    *text = ((struct one_file *)arg)->text;
    return true;
}

static void check_items(const struct apache_conf *conf)
{
    for (size_t i = 0; i < conf->item_count; i++) {
        const struct apache_item *item = &conf->items[i];

        if (item->word_count == 0 || item->end <= i || item->end > conf->item_count)
            abort();
        if (item->section != APACHE_TOP && (item->section >= i || item->end > conf->items[item->section].end))
            abort();
        if (apache_conf_within(conf, i, apache_item_word(item, 0)) == i)
            abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO(apache_conf_free) struct apache_conf *conf = NULL;
    AUTO(apache_facts_clear) struct apache_facts facts = { 0 };
    struct view all = { (const char *)data, size }, said;
    struct one_file file = { all };
    struct apache_source source = { .main_file = "/none/x", .facts = &facts, .reader = { &file, read_text } };
    struct error err = { 0 };

    if (size > 2048)
        return 0;
    if (view_has(all, '\0') && view_cut(&file.text, '\0', &said)) {
        (void)apache_facts_read(&facts, said);
        apache_facts_read_environment(&facts, said);
    }
    if (!apache_conf_load(&source, &conf, &err))
        return 0;
    check_items(conf);
    if (!apache_conf_set_text(conf, conf->files, file.text, &err) || !apache_conf_update(conf, &err))
        abort();
    check_items(conf);
    return 0;
}
