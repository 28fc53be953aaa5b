#pragma once
/*
 * For tests: a configuration of some texts. Included by test programs only.
 */
#include "base/test.h"

#include "nginx/editing.h"
#include "nginx/task.h"

#define TEST_FILES_MAX 6
#define TEST_MAIN_FILE "/n/nginx.conf"

struct test_conf {
    const char *paths[TEST_FILES_MAX], *texts[TEST_FILES_MAX];
    size_t count;
};

static bool test_conf_read(
    void *arg, const char *path, struct view *text, struct stat *st __attribute__((unused)), struct error *err)
{
    const struct test_conf *files = arg;

    for (size_t i = 0; i < files->count; i++) {
        if (strcmp(files->paths[i], path) == 0) {
            *text = view_of(files->texts[i]);
            return true;
        }
    }
    return error_set(err, ERROR_STORE, "no %s", path);
}

/* nginx.conf has an http block with the text, or includes /n/site with it and /n/more. */
__attribute__((unused)) static struct nginx_conf *test_conf_load(const char *site, const char *more)
{
    static struct test_conf files;
    static struct nginx_reader reader = { test_conf_read, &files };
    struct nginx_conf *conf = NULL;
    struct error err = { 0 };

    files = (struct test_conf){ { TEST_MAIN_FILE, "/n/site", "/n/more", "/c/options" },
        { "events {}\nhttp {\n    include site;\n}\n", site, more != NULL ? more : "",
            "ssl_session_timeout 1440m;\nssl_protocols TLSv1.2 TLSv1.3;\n" },
        4 };
    REQUIRE(nginx_conf_load(TEST_MAIN_FILE, &reader, &conf, &err), "%s", err.why);
    return conf;
}

__attribute__((unused)) static const char *test_conf_text(const struct nginx_conf *conf, const char *path)
{
    static char text[2][65536];
    static int turn;
    const struct nginx_file *file = nginx_conf_find(conf, path);

    if (file == NULL)
        return NULL;
    turn = !turn;
    snprintf(text[turn], sizeof text[turn], "%.*s", (int)file->text.len, file->text.at);
    return text[turn];
}

/* A deployment of names with blanks between, with one pair, or with two for a '+' in front. */
struct test_task {
    struct identifiers names;
    struct pair pairs[2];
    struct deployment deployment;
    struct nginx_task task;
};

static void test_look(void *arg, const char *path, struct nginx_cert *out)
{
    (void)arg;
    out->known = strstr(path, "rsa") != NULL || strstr(path, "ecdsa") != NULL;
    out->type = strstr(path, "ecdsa") != NULL ? KEY_EC : KEY_RSA;
    out->covers = strstr(path, "old") == NULL;
}

__attribute__((unused)) static void test_task_init(struct test_task *test, const char *names)
{
    struct view rest = view_of(names + (names[0] == '+')), name;

    *test = (struct test_task){
        .pairs = { { "/l/ecdsa/cert", "/l/ecdsa/key", "/l/ecdsa/chain", "/l/ecdsa/full" },
            { "/l/rsa/cert", "/l/rsa/key", "/l/rsa/chain", "/l/rsa/full" } },
    };
    while (view_cut(&rest, ' ', &name)) {
        AUTO(free) char *text = view_dup(name);
        bool ip = strchr(text, ':') != NULL || (text[0] >= '0' && text[0] <= '9');

        identifiers_add(&test->names, ip ? IDENTIFIER_IP : IDENTIFIER_DNS, text);
    }
    test->deployment = (struct deployment){
        .names = &test->names,
        .pairs = test->pairs,
        .pair_count = names[0] == '+' ? 2 : 1,
        .keeps_other_type = true,
    };
    test->task = (struct nginx_task){
        .deployment = &test->deployment,
        .ports = { 80, 443 },
        .options_path = "/c/options",
        .dhparams_path = "/c/dhparams",
        .options = view_of("ssl_session_timeout 1440m;\nssl_protocols TLSv1.2 TLSv1.3;\n"),
        .live_dir = "/l/",
        .look = test_look,
    };
}

__attribute__((unused)) static void test_task_clear(struct test_task *test)
{
    identifiers_clear(&test->names);
}

/* '@' stands for the mark, with a blank in front. Of the caller's. */
__attribute__((unused)) static char *test_marked(const char *text)
{
    struct buf out = BUF(100000);

    for (; *text != '\0'; text++) {
        if (*text == '@')
            buf_put_text(&out, " " NGINX_MARK);
        else
            buf_put_char(&out, *text);
    }
    return buf_take(&out);
}
