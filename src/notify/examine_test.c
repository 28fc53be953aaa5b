/* What doctor says of targets; which commands look as if there were a secret in them. */
#include "notify/examine.h"

#include "base/test_files.h"
#include "config/cli_ini.h"
#include "notify/keep.h"

TEST(secrets_by_their_looks)
{
    static const struct {
        const char *text;
        bool secret;
    } rows[] = {
        { "", false },
        { "/usr/bin/logger", false },
        { "-t", false },
        { "certificates", false },
        { "cat >>/var/log/certificates-2026-12-01.log", false },
        { "mail -s 'certificates of the front-end' root@host.test", false },
        { "curl -d @- http://127.0.0.1:8080/alarms/certificates", false },
        { "/srv/a_very_long_name_of_a_program_without_digits", false },
        { "--token=x", true },
        { "-u admin:PASSWORD=1", true },
        { "curl -H 'Authorization: x' https://a.test/", true },
        { "https://user:pw@a.test/hook", true },
        { "https://a.test/hook?key=1", true },
        { "https://hooks.a.test/services/T00000000/B00000000/aB3dE5gH7jK9mN1pQ3sT5vX7", true },
        { "0123456789abcdef0123456789abcdef", true },
        { "tk_AgQdq7mVBoFD37zQVN29RhuMzNIz2", true },
    };

    for (size_t i = 0; i < COUNT(rows); i++)
        CHECK(looks_secret(rows[i].text) == rows[i].secret, "%s", rows[i].text);
}

/* The findings of one file of settings with these targets, and this mode. */
static char *codes_of(const char *target, unsigned mode)
{
    AUTO(free) char *path = test_path("cli.ini"), *config_dir = test_path("conf");
    AUTO(settings_free) struct settings *settings = settings_new(NULL);
    AUTO(targets_clear) struct targets targets = { 0 };
    AUTO(findings_clear) struct findings findings = { 0 };
    AUTO(list_clear) struct list codes = { 0 };
    AUTO(free) char *text = xprintf("notify = %s\n", target);
    struct error err = { 0 };

    REQUIRE(file_replace(path, view_of(text), (struct file_access){ .mode = mode }, &err), "%s", err.why);
    xreplace(&settings->config_dir, config_dir);
    REQUIRE(cli_ini_read(view_of(text), path, settings, &err), "%s", err.why);
    targets_read(settings, &targets);
    notify_examine(settings, &targets, &findings);
    for (size_t i = 0; i < findings.len; i++)
        list_add(&codes, findings.at[i].code);
    return list_join(&codes, ", ");
}

TEST(files_with_secrets)
{
    static const struct {
        const char *target;
        unsigned mode;
        const char *codes;
    } rows[] = {
        { "mailto:a@b.test", 0644, "" },
        { "command:/usr/bin/logger -t certificates", 0644, "" },
        { "command:/usr/bin/send --token x", 0644, "alarm-secret-open" },
        { "command:/usr/bin/send --token x", 0600, "" },
        { "command:/usr/bin/send --token x", 0604, "alarm-secret-open" },
        { "command:/opt/token/send alarms", 0644, "" }, /* its name is no secret */
        { "shell:curl -u me:passwd -d @- http://a.test/", 0644, "alarm-secret-open" },
        { "shell:cat >>/var/log/x", 0644, "" },
        { "no-such-form:x", 0644, "alarm-target-wrong" },
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        AUTO(free) char *codes = codes_of(rows[i].target, rows[i].mode);

        CHECK_TEXT(codes, rows[i].codes, rows[i].target);
    }
}

TEST_MAIN()
