/*
 * Fuzz target: whatever configuration there is, a certificate and all enhancements are put into it without a broken
 * text, and a second time nothing is edited.
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "nginx/deploy.h"
#include "nginx/enhance.h"
#include "nginx/redirect.h"

struct texts {
    struct view main;
};

static bool read_text(
    void *arg, const char *path, struct view *text, struct stat *st __attribute__((unused)), struct error *err)
{
    const struct texts *texts = arg;

    *text = texts->main;
    return strcmp(path, "/n/nginx.conf") == 0 || error_set(err, ERROR_STORE, "no %s", path);
}

static void look(void *arg, const char *path, struct nginx_cert *out)
{
    (void)arg;
    *out = (struct nginx_cert){ .type = strlen(path) % 2 == 0 ? KEY_RSA : KEY_EC, .known = true, .covers = true };
}

static bool put_all(struct nginx_editing *editing, const struct nginx_task *task, struct error *err)
{
    return nginx_deploy(editing, task, err) && nginx_enhance(editing, task, ENHANCE_HSTS, err) &&
           nginx_redirect(editing, task, err) && nginx_enhance(editing, task, ENHANCE_STAPLE_OCSP, err) &&
           nginx_enhance(editing, task, ENHANCE_SECURITY_HEADERS, err);
}

/* Our own mistakes are the only errors that must not be. */
static void demand(bool ok, const struct error *err)
{
    if (!ok && err->kind == ERROR_INTERNAL)
        abort();
}

static void demand_rest(struct nginx_conf *conf, const struct nginx_task *task)
{
    AUTO(nginx_editing_clear) struct nginx_editing editing = { 0 };
    struct error err = { 0 };
    AUTO(free) char *before = NULL;

    nginx_editing_begin(&editing, conf);
    if (!put_all(&editing, task, &err)) {
        demand(false, &err);
        return;
    }
    before = view_dup(conf->files[0]->text);
    demand(put_all(&editing, task, &err), &err);
    if (strncmp(before, conf->files[0]->text.at, conf->files[0]->text.len) != 0)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct identifier names[] = { { IDENTIFIER_DNS, (char *)"a.test" }, { IDENTIFIER_DNS, (char *)"*.b.test" },
        { IDENTIFIER_IP, (char *)"10.0.0.1" } };
    struct texts texts = { { (const char *)data, size } };
    struct nginx_reader reader = { read_text, &texts };
    struct pair pair = { "/l/cert", "/l/key", "/l/chain", "/l/full" };

    if (memchr(data, '\0', size) != NULL) /* no configuration of anybody's; what is edited there is refused */
        return 0;
    for (size_t count = 1; count <= COUNT(names); count++) {
        AUTO(nginx_conf_free) struct nginx_conf *conf = NULL;
        struct identifiers some = { names + (count == COUNT(names) ? 0 : count - 1),
            count == COUNT(names) ? count : 1 };
        struct deployment deployment = { .names = &some, .pairs = &pair, .pair_count = 1, .keeps_other_type = true };
        struct nginx_task task = {
            .deployment = &deployment,
            .ports = { 80, 443 },
            .options_path = "/c/options",
            .dhparams_path = "/c/dh",
            .options = view_of("ssl_session_timeout 1440m;\nssl_protocols TLSv1.2;\n"),
            .live_dir = "/l/",
            .look = look,
        };
        struct error err = { 0 };

        if (nginx_conf_load("/n/nginx.conf", &reader, &conf, &err))
            demand_rest(conf, &task);
    }
    return 0;
}
