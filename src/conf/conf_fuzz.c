/*
 * A document is written byte for byte as it was read; after a change it reads again with the new value.
 */
#include <stdlib.h>
#include <string.h>

#include "conf/conf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void ask_everything(const struct conf *conf, const char *section)
{
    AUTO(list_clear) struct list keys = { 0 };

    conf_keys(conf, section, &keys);
    for (size_t i = 0; i < keys.len && i < 100; i++) {
        AUTO(list_clear) struct list list = { 0 };

        if (conf_get(conf, section, keys.at[i]) == NULL || !conf_get_list(conf, section, keys.at[i], &list))
            abort();
    }
}

static void change(struct conf *conf, struct view value)
{
    AUTO(conf_free) struct conf *again = NULL;
    AUTO(buf_clear) struct buf out = BUF(4 * CONF_MAX);
    AUTO(list_clear) struct list values = { 0 };
    AUTO(list_clear) struct list got = { 0 };
    AUTO(free) char *text = view_dup(value);
    struct error err = { 0 };
    bool fits = conf_can_hold(text, false), fits_list = conf_can_hold(text, true);

    if (fits) {
        conf_set(conf, "renewalparams", "server", text);
        conf_set(conf, "new/section", "key", text);
    }
    list_add(&values, "first");
    list_add(&values, fits_list ? text : "second");
    conf_set_list(conf, "", "list", &values);
    conf_remove(conf, "renewalparams", "account");
    conf_remove_section(conf, "acme_renewal_info");
    conf_write(conf, &out);
    if (out.len > CONF_MAX)
        return;
    if (!conf_read(buf_view(&out), "again", &again, &err))
        abort();
    if (!conf_get_list(again, "", "list", &got) || (strstr(text, "%(") == NULL && !list_equal(&got, &values)))
        abort();
    if (fits && strstr(text, "%(") == NULL && strcmp(conf_get(again, "new/section", "key"), text) != 0)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO(conf_free) struct conf *conf = NULL;
    AUTO(buf_clear) struct buf out = BUF(2 * CONF_MAX);
    struct view text = { (const char *)data, size };
    struct error err = { 0 };

    if (!conf_read(text, "fuzz", &conf, &err))
        return 0;
    ask_everything(conf, "");
    ask_everything(conf, "renewalparams");
    ask_everything(conf, "renewalparams/webroot_map");
    conf_write(conf, &out);
    if (!view_equal(buf_view(&out), text))
        abort();
    change(conf, (struct view){ text.at, size < 64 ? size : 64 });
    return 0;
}
