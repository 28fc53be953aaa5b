#include "ops/scheduled.h"

#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/test.h"

#define SERVICE "[Service]\nExecStart=/usr/bin/certbot -q renew\n"
#define DEBIAN_CRON                                                                                                    \
    "SHELL=/bin/sh\n# certbot renew\n0 */12 * * * root test -x /usr/bin/certbot -a \\! -d /run/systemd/system && "     \
    "perl "                                                                                                            \
    "-e 'sleep 1' && certbot -q renew --no-random-sleep-on-renew\n"

static const struct {
    const char *name;
    struct {
        const char *path, *text;
    } files[5]; /* ended by NULL; without a text: a program */
    const char *config_dir;
    enum scheduled found;
    const char *where;
} rows[] = {
    { "an empty machine", { { NULL, NULL } }, NULL, SCHEDULED_NOTHING, NULL },
    { "Debian's timer for Certbot",
        { { "/usr/bin/certbot", NULL }, { "/lib/systemd/system/certbot.service", SERVICE },
            { "/etc/systemd/system/timers.target.wants/certbot.timer", "[Timer]\n" } },
        NULL, SCHEDULED_CERTBOT, "certbot.timer" },
    { "a timer that is not switched on",
        { { "/usr/bin/certbot", NULL }, { "/lib/systemd/system/certbot.service", SERVICE },
            { "/lib/systemd/system/certbot.timer", "[Timer]\n" } },
        NULL, SCHEDULED_NOTHING, NULL },
    { "a program that is gone",
        { { "/lib/systemd/system/certbot.service", SERVICE },
            { "/etc/systemd/system/timers.target.wants/certbot.timer", "[Timer]\n" } },
        NULL, SCHEDULED_NOTHING, NULL },
    { "certbot is this program",
        { { "/usr/bin/certbot", "self" }, { "/lib/systemd/system/certbot.service", SERVICE },
            { "/etc/systemd/system/timers.target.wants/certbot.timer", "[Timer]\n" } },
        NULL, SCHEDULED_US, "certbot.timer" },
    { "the administrator's unit wins over the package's",
        { { "/usr/bin/certbot", NULL }, { "/usr/bin/evercert", NULL },
            { "/etc/systemd/system/certbot.service", "[Service]\nExecStart=/usr/bin/evercert -q renew\n" },
            { "/lib/systemd/system/certbot.service", SERVICE },
            { "/etc/systemd/system/timers.target.wants/certbot.timer", "[Timer]\n" } },
        NULL, SCHEDULED_US, "certbot.timer" },
    { "a timer that names its unit",
        { { "/usr/bin/evercert", NULL }, { "/etc/systemd/system/tls.service", "ExecStart=-/usr/bin/evercert renew\n" },
            { "/etc/systemd/system/night.timer", "[Timer]\nUnit=tls.service\n" },
            { "/etc/systemd/system/timers.target.wants/night.timer", "" } },
        NULL, SCHEDULED_US, "night.timer" },
    { "Debian's cron", { { "/usr/bin/certbot", NULL }, { "/etc/cron.d/certbot", DEBIAN_CRON } }, NULL,
        SCHEDULED_CERTBOT, "/etc/cron.d/certbot" },
    { "a comment and another command",
        { { "/usr/bin/evercert", NULL },
            { "/etc/crontab", "# 1 1 * * * root evercert renew\n2 2 * * * root evercert certificates\n" } },
        NULL, SCHEDULED_NOTHING, NULL },
    { "ours wins",
        { { "/usr/bin/certbot", NULL }, { "/usr/local/bin/evercert", NULL }, { "/etc/cron.d/certbot", DEBIAN_CRON },
            { "/var/spool/cron/crontabs/root", "5 4 * * * evercert -q renew\n" } },
        NULL, SCHEDULED_US, "/var/spool/cron/crontabs/root" },
    { "a store of one's own, not named",
        { { "/usr/bin/evercert", NULL }, { "/etc/crontab", "1 1 * * * root evercert renew\n" } }, "/srv/tls",
        SCHEDULED_NOTHING, NULL },
    { "a store of one's own, named",
        { { "/usr/bin/evercert", NULL }, { "/etc/crontab", "1 1 * * * root evercert renew --config-dir=/srv/tls\n" } },
        "/srv/tls", SCHEDULED_US, "/etc/crontab" },
};

static void write_text(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");

    REQUIRE(file != NULL && fputs(text, file) >= 0 && fclose(file) == 0, "cannot write %s", path);
}

static void put(const char *path, const char *text, const char *self)
{
    AUTO(free) char *whole = xprintf("%s%s", test_dir(), path), *dir = file_dirname(whole);
    struct error err = { 0 };

    REQUIRE(file_mkdirs(dir, 0755, &err), "%s", err.why);
    if (text != NULL && strcmp(text, "self") == 0)
        REQUIRE(symlink(self, whole) == 0, "no link");
    else if (text != NULL)
        write_text(whole, text);
    else
        write_text(whole, "#!/bin/sh\n");
    REQUIRE(text != NULL || chmod(whole, 0755) == 0, "no mode");
}

TEST(scheduled_find)
{
    for (size_t i = 0; i < COUNT(rows); i++) {
        AUTO(free) char *self = xprintf("%s/opt/evercert", test_dir()), *where = NULL;

        put("/opt/evercert", NULL, NULL);
        for (size_t f = 0; f < COUNT(rows[i].files) && rows[i].files[f].path != NULL; f++)
            put(rows[i].files[f].path, rows[i].files[f].text, self);
        CHECK_INT(scheduled_find(test_dir(), self, rows[i].config_dir, &where), rows[i].found, rows[i].name);
        CHECK_TEXT(where, rows[i].where, rows[i].name);
        test_drop_dir();
    }
}

TEST_MAIN()
