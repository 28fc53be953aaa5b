/*
 * A renewal that will fail without the CA's doing is found before it is due: each row is a change to a renewal file, or
 * to this machine.
 */
#include "lifecycle/rehearse.h"

#include "lifecycle/stage_certs.h"
#include "plugin/builtin.h"

#define NAME "a.test"

static void no_hook(struct stage *stage)
{
    (void)stage;
    put_program(at("renewal-hooks/pre/open"), "#!/bin/sh\n");
    REQUIRE(chmod(at("renewal-hooks/pre/open"), 0777) == 0);
}

static void no_key(struct stage *stage)
{
    (void)stage;
    (void)unlink(at("archive/%s/privkey1.pem", NAME));
    REQUIRE(symlink("/nonexistent", at("archive/%s/privkey1.pem", NAME)) == 0);
}

static void no_conf(struct stage *stage)
{
    (void)stage;
    (void)unlink(at("renewal/%s.conf", NAME));
}

static const struct {
    const char *name;
    const char *section, *key, *value; /* set in the renewal file; value NULL: removed */
    void (*damage)(struct stage *stage);
    const char *why; /* NULL: well */
} rows[] = {
    { "all is well", NULL, NULL, NULL, NULL, NULL },
    { "an interval", "", "renew_before_expiry", "20 days", NULL, NULL },
    { "an interval that is none", "", "renew_before_expiry", "twenty days", NULL, "twenty days" },
    { "an empty one is none", "", "renew_before_expiry", "", NULL, NULL },
    { "when to ask the CA again", "acme_renewal_info", "ari_retry_after", "soon", NULL, "soon" },
    { "no authenticator", "renewalparams", "authenticator", NULL, NULL, "authenticator" },
    { "an authenticator that is not here", "renewalparams", "authenticator", "dns-elsewhere", NULL, "dns-elsewhere" },
    { "a word where a number belongs", "renewalparams", "rsa_key_size", "large", NULL, "rsa_key_size" },
    { "a challenge that its plugin does not have", "renewalparams", "pref_challs", "dns-01", NULL,
        "None of the preferred challenges are supported" },
    { "an owner who is gone", "evercert", "key_owner", "no-such-user-here", NULL, "no user no-such-user-here" },
    { "a hook that everybody may write", NULL, NULL, NULL, no_hook, "renewal-hooks/pre/open" },
    { "a key that is made anew is not missed", NULL, NULL, NULL, NULL, NULL },
    { "a key that is used again, and is not there", "renewalparams", "reuse_key", "True", no_key, "privkey" },
    { "a key that is used again, and is", "renewalparams", "reuse_key", "True", NULL, NULL },
    { "no renewal file", NULL, NULL, NULL, no_conf, "renewal" },
};

static void write_conf(const char *section, const char *key, const char *value)
{
    AUTO(buf_clear) struct buf text = BUF(CONF_MAX);
    AUTO(conf_free) struct conf *conf = NULL;
    AUTO(free) char *before = read_text(at("renewal/%s.conf", NAME));
    struct error err = { 0 };

    REQUIRE(conf_read(view_of(before), "conf", &conf, &err), "%s", err.why);
    if (value == NULL)
        conf_remove(conf, section, key);
    else
        conf_set(conf, section, key, value);
    conf_write(conf, &text);
    write_text(at("renewal/%s.conf", NAME), buf_text(&text));
}

TEST(what_is_found)
{
    static const struct plugin *const table[] = { &plugin_manual, &plugin_standalone, &plugin_webroot, NULL };

    plugins_use(table);
    for (size_t i = 0; i < COUNT(rows); i++) {
        AUTO(stage_clear) struct stage stage = stage_new("renew", false);
        AUTO(free) char *before = NULL, *after = NULL;
        AUTO(settings_free) struct settings *settings = NULL;
        struct error err = { 0 };
        bool ok;

        put_lineage(&stage, NAME, &(struct made){ 0 });
        if (rows[i].section != NULL)
            write_conf(rows[i].section, rows[i].key, rows[i].value);
        if (rows[i].damage != NULL)
            rows[i].damage(&stage);
        settings = settings_new(&voice_own); /* as `doctor` was called: with none of its own */
        xreplace(&settings->plugin_dir, stage.settings->plugin_dir);
        stage.context.settings = settings;
        before = read_text(at("renewal/%s.conf", NAME));
        ok = lineage_rehearse(&stage.context, NAME, NULL, &err);
        CHECK(ok == (rows[i].why == NULL), "%s: %s", rows[i].name, err.why);
        CHECK(ok || strstr(err.why, rows[i].why) != NULL || strstr(err.what, rows[i].why) != NULL, "%s: %s: %s",
            rows[i].name, err.what, err.why);
        after = read_text(at("renewal/%s.conf", NAME));
        CHECK_TEXT(after, before, rows[i].name);
        CHECK(settings->authenticator == NULL, "%s: the command's settings became the lineage's", rows[i].name);
    }
}

TEST_MAIN()
