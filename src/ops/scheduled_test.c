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
    { "a store of one's own does not renew the usual one",
        { { "/usr/bin/evercert", NULL }, { "/etc/crontab", "1 1 * * * root evercert renew --config-dir /srv/tls\n" } },
        NULL, SCHEDULED_NOTHING, NULL },
    { "the usual store, named",
        { { "/usr/bin/evercert", NULL },
            { "/etc/crontab", "1 1 * * * root evercert renew --config-dir '/etc/letsencrypt/' -q\n" } },
        NULL, SCHEDULED_US, "/etc/crontab" },
    { "a store in whose path systemd sees a specifier",
        { { "/usr/bin/evercert", NULL },
            { "/etc/systemd/system/x.service",
                "ExecStart=/usr/bin/evercert renew \\\n  --config-dir \"/srv/50%% of it\"\n" },
            { "/etc/systemd/system/timers.target.wants/x.timer", "[Timer]\n" } },
        "/srv/50% of it", SCHEDULED_US, "x.timer" },
    { "a store in whose path cron sees an end",
        { { "/usr/bin/evercert", NULL },
            { "/etc/crontab", "1 1 * * * root evercert renew --config-dir '/srv/it'\\''s 50'\\%\n" } },
        "/srv/it's 50%", SCHEDULED_US, "/etc/crontab" },
    { "a program within a word",
        { { "/usr/bin/evercert", NULL }, { "/etc/crontab", "1 1 * * * root sh -c 'sleep 9; evercert renew'\n" } }, NULL,
        SCHEDULED_US, "/etc/crontab" },
    { "the other command of a line",
        { { "/usr/bin/evercert", NULL }, { "/etc/crontab", "1 1 * * * root evercert certificates; echo renew\n" } },
        NULL, SCHEDULED_NOTHING, NULL },
    { "a store whose path begins in the same way",
        { { "/usr/bin/evercert", NULL }, { "/etc/crontab", "1 1 * * * root evercert renew --config-dir=/srv/tls2\n" } },
        "/srv/tls", SCHEDULED_NOTHING, NULL },
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
        struct machine machine = { .root = test_dir(), .system = "Linux", .search = "/usr/bin", .self = self };
        bool named = rows[i].config_dir != NULL;

        put("/opt/evercert", NULL, NULL);
        for (size_t f = 0; f < COUNT(rows[i].files) && rows[i].files[f].path != NULL; f++)
            put(rows[i].files[f].path, rows[i].files[f].text, self);
        CHECK_INT(scheduled_find(&machine, named ? rows[i].config_dir : "/etc/letsencrypt", !named, &where),
            rows[i].found, rows[i].name);
        CHECK_TEXT(where, rows[i].where, rows[i].name);
        test_drop_dir();
    }
}

/* How often each runs, and which others there are: all of them, in a machine that has much. */
static const struct {
    const char *path, *text;
} busy[] = {
    { "/usr/bin/certbot", NULL },
    { "/usr/bin/evercert", NULL },
    { "/run/systemd/system/x", "" },
    { "/lib/systemd/system/certbot.service", SERVICE },
    { "/lib/systemd/system/certbot.timer", "[Timer]\nOnCalendar=*-*-* 00,12:00:00\nRandomizedDelaySec=43200\n" },
    { "/etc/systemd/system/timers.target.wants/certbot.timer", "" },
    { "/usr/lib/systemd/system/own.service", "[Service]\nExecStart=/usr/bin/evercert -q renew\n" },
    { "/usr/lib/systemd/system/own.timer", "[Timer]\nOnCalendar=daily\nRandomizedDelaySec=1h 30min\n" },
    { "/etc/systemd/system/own.timer.d/more.conf", "[Timer]\nOnCalendar=\nOnCalendar=*-*-* 00/3:00:00\n" },
    { "/etc/systemd/system/timers.target.wants/own.timer", "" },
    { "/etc/systemd/system/stopped.service", "[Service]\nExecStart=/usr/bin/evercert renew\n" },
    { "/etc/systemd/system/stopped.service.d/off.conf", "[Service]\nExecStart=\nExecStart=/bin/true\n" },
    { "/etc/systemd/system/timers.target.wants/stopped.timer", "[Timer]\nOnCalendar=daily\n" },
    { "/lib/systemd/system/evercert.service", "[Service]\nExecStart=/usr/bin/evercert daemon\n" },
    { "/etc/systemd/system/multi-user.target.wants/evercert.service", "" },
    { "/etc/cron.d/certbot", DEBIAN_CRON },
    { "/etc/cron.d/evercert-renew", "7 2-23/3 * * * root /usr/bin/evercert -q renew\n" },
    { "/etc/cron.d/nightly",
        "1 1 * * * root sleep 9; evercert renew --deploy-hook 'systemctl reload nginx' >/dev/null\n"
        "2 2 * * * root evercert renew $MORE\n" },
    { "/etc/periodic/hourly/evercert-renew", "#!/bin/sh\nexec /usr/bin/evercert -q renew\n" },
    { "/Library/LaunchDaemons/org.evercert.renew.plist",
        "<plist><dict>\n<key>ProgramArguments</key><array>\n<string>/usr/bin/evercert</string>\n<string>-q</string>\n"
        "<string>renew</string></array>\n<key>StartInterval</key>\n<integer>10800</integer>\n</dict></plist>\n" },
};

static const struct {
    const char *where;
    enum scheduled who;
    bool is_daemon;
    int64_t interval_s;
    const char *words; /* from the program on */
} found[] = {
    { "certbot.timer", SCHEDULED_CERTBOT, false, 24 * 3600, "/usr/bin/certbot -q renew" },
    { "own.timer", SCHEDULED_US, false, 3 * 3600 + 5400, "/usr/bin/evercert -q renew" },
    { "evercert.service", SCHEDULED_US, true, 0, "/usr/bin/evercert daemon" },
    { "/etc/cron.d/evercert-renew", SCHEDULED_US, false, 3 * 3600, "/usr/bin/evercert -q renew" },
    { "/etc/cron.d/nightly", SCHEDULED_US, false, 24 * 3600, "evercert renew --deploy-hook systemctl reload nginx" },
    { "/etc/cron.d/nightly", SCHEDULED_US, false, 24 * 3600, "" },
    { "/etc/periodic/hourly/evercert-renew", SCHEDULED_US, false, 3600, "/usr/bin/evercert -q renew" },
    { "/Library/LaunchDaemons/org.evercert.renew.plist", SCHEDULED_US, false, 10800, "/usr/bin/evercert -q renew" },
};

TEST(scheduled_all)
{
    AUTO(free) char *self = xprintf("%s/usr/bin/evercert", test_dir());
    AUTO(scheduled_entries_clear) struct scheduled_entries all = { 0 };
    struct machine machine = { .root = test_dir(), .system = "Linux", .search = "/usr/bin", .self = self };

    for (size_t i = 0; i < COUNT(busy); i++)
        put(busy[i].path, busy[i].text, self);
    scheduled_all(&machine, "/etc/letsencrypt", true, &all);
    CHECK_INT(all.len, COUNT(found), "all of them; Debian's line leaves it to systemd");
    for (size_t i = 0; i < all.len && i < COUNT(found); i++) {
        AUTO(free) char *words = list_join(&all.at[i].words, " ");

        CHECK_TEXT(words, found[i].words, found[i].where);
        CHECK_TEXT(all.at[i].where, found[i].where, found[i].where);
        CHECK_INT(all.at[i].who, found[i].who, found[i].where);
        CHECK_INT(all.at[i].is_daemon, found[i].is_daemon, found[i].where);
        CHECK_INT(all.at[i].interval_s, found[i].interval_s, found[i].where);
    }
}

TEST_MAIN()
