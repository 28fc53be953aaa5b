#include "ops/schedule.h"

#include <errno.h>
#include <sys/stat.h>

#include "base/test.h"
#include "base/text.h"

#define DAY 86400

static const struct list none = { 0 };

struct scene {
    struct machine machine;
    struct schedule_wish wish;
};

/* things: directories that end in a slash, and programs, with blanks between. */
static void make(const char *things)
{
    struct view rest = view_of(things), thing;

    while (view_cut(&rest, ' ', &thing)) {
        AUTO(free) char *path = xprintf("%s%.*s", test_dir(), (int)thing.len, thing.at), *dir = file_dirname(path);
        struct error err = { 0 };

        REQUIRE(file_mkdirs(dir, 0755, &err), "%s", err.why);
        if (thing.at[thing.len - 1] != '/')
            REQUIRE(
                file_create(path, view_of("#!/bin/sh\n"), (struct file_access){ .mode = 0755 }, &err), "%s", err.why);
    }
}

static struct scene scene_of(const char *things, int64_t life_s)
{
    struct scene scene = { .wish = { .config_dir = "/etc/letsencrypt",
                               .work_dir = "/var/lib/letsencrypt",
                               .logs_dir = "/var/log/letsencrypt",
                               .config_files = &none,
                               .web_roots = &none,
                               .life_s = life_s } };
    struct error err = { 0 };

    make(things);
    REQUIRE(machine_open(test_dir(), &scene.machine, &err), "%s", err.why);
    return scene;
}

static struct schedule plan(struct scene *scene)
{
    struct schedule schedule = { 0 };
    struct error err = { 0 };

    REQUIRE(schedule_plan(&scene->machine, &scene->wish, &schedule, &err), "%s: %s", err.what, err.why);
    return schedule;
}

/* What was done, joined; NULL: it failed. */
static char *install(struct scene *scene, bool force, struct error *err)
{
    AUTO(schedule_clear) struct schedule schedule = plan(scene);
    AUTO(list_clear) struct list done = { 0 };

    return schedule_install(&scene->machine, &scene->wish, &schedule, force, &done, err) ? list_join(&done, "; ")
                                                                                         : NULL;
}

static char *read_text(const char *path)
{
    AUTO(free) char *whole = xprintf("%s%s", test_dir(), path);
    AUTO(buf_clear) struct buf text = BUF(FILE_MAX_TEXT);
    struct error err = { 0 };

    return file_read(whole, &text, &err) ? buf_take(&text) : xstrdup("(none)");
}

static void write_text(const char *path, const char *text)
{
    AUTO(free) char *whole = xprintf("%s%s", test_dir(), path), *dir = file_dirname(whole);
    struct error err = { 0 };

    REQUIRE(file_mkdirs(dir, 0755, &err) && file_replace(whole, view_of(text), FILE_PUBLIC, &err), "%s", err.why);
}

static bool is_there(const char *path)
{
    AUTO(free) char *whole = xprintf("%s%s", test_dir(), path);

    return file_is_link(whole) || file_exists(whole);
}

#define SYSTEMD "/run/systemd/system/ /etc/systemd/system/ /usr/bin/systemctl"
#define SERVICE "/etc/systemd/system/evercert-renew.service"
#define TIMER "/etc/systemd/system/evercert-renew.timer"
#define LINK "/etc/systemd/system/timers.target.wants/evercert-renew.timer"

TEST(names)
{
    static const struct {
        const char *form, *store, *name, *older; /* older NULL: the same */
    } rows[] = {
        { "systemd", "/etc/letsencrypt", "evercert-renew", NULL },
        { "systemd", "/srv/tls", "evercert-renew-srv-tls", NULL },
        { "systemd", "/srv//tls/", "evercert-renew-srv-tls", "evercert-renew-srv-tls-" },
        { "systemd", "/srv/a/b", "evercert-renew-srv-a-b", NULL },
        { "systemd", "/srv/a-b", "evercert-renew-srv-a\\x2db", "evercert-renew-srv-a-b" },
        { "systemd", "/srv/a_b.c:d", "evercert-renew-srv-a_b.c:d", "evercert-renew-srv-a-b-c-d" },
        { "systemd", "/.tls/.x", "evercert-renew-\\x2etls-.x", "evercert-renew-tls-x" },
        { "systemd", "/a b\xc3\xa4", "evercert-renew-a\\x20b\\xc3\\xa4", "evercert-renew-a-b-" },
        { "daemon", "/srv/a-b", "evercert-srv-a\\x2db", "evercert-srv-a-b" },
        { "cron", "/srv/tls", "evercert-renew-srv-tls", NULL },
        { "cron", "/srv/a-b", "evercert-renew-srv-a_2db", "evercert-renew-srv-a-b" },
        { "cron", "/srv/a_2db", "evercert-renew-srv-a_5f2db", "evercert-renew-srv-a-2db" },
        { "cron", "/srv/tls.d", "evercert-renew-srv-tls_2ed", "evercert-renew-srv-tls-d" },
        { "launchd", "/srv/a-b", "org.evercert.renew-srv-a_2db", "org.evercert.renew-srv-a-b" },
    };
    AUTO(free) char *deep = xprintf("/%0*d", 300, 1), *deeper = xprintf("/%0*d", 300, 2);

    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct form *form = schedule_form(NULL, rows[i].form, 0);
        AUTO(free) char *name = schedule_name(form, rows[i].store);
        AUTO(free) char *older = schedule_older_name(form, rows[i].store);

        CHECK_TEXT(name, rows[i].name, rows[i].store);
        CHECK_TEXT(older, rows[i].older == NULL ? rows[i].name : rows[i].older, rows[i].store);
    }
    for (const struct form *form = schedule_forms; form->name != NULL; form++) {
        AUTO(free) char *one = schedule_name(form, deep), *other = schedule_name(form, deeper);

        CHECK(strlen(one) < 200 && strcmp(one, other) != 0, "%s and %s", one, other);
    }
}

/* Two stores that had one name: each gets its own, and what one of them had by the old name goes with it alone. */
TEST(a_schedule_by_an_older_name)
{
    static const char old[] = "/etc/systemd/system/evercert-renew-srv-a-b.";
    struct scene first = scene_of(SYSTEMD, 90 * DAY), second = scene_of("/srv/", 90 * DAY);
    AUTO(free) char *done = NULL, *again = NULL, *service = NULL, *timer = NULL;
    AUTO(schedule_clear) struct schedule before = { 0 }, after = { 0 }, other = { 0 };
    struct error err = { 0 };

    first.wish.config_dir = "/srv/a-b";
    second.wish.config_dir = "/srv/a/b";
    free(install(&first, false, &err)); /* and as the version of before has named them: */
    service = read_text("/etc/systemd/system/evercert-renew-srv-a\\x2db.service");
    timer = read_text("/etc/systemd/system/evercert-renew-srv-a\\x2db.timer");
    write_text("/etc/systemd/system/evercert-renew-srv-a-b.service", service);
    write_text("/etc/systemd/system/evercert-renew-srv-a-b.timer", timer);
    before = plan(&first);
    CHECK(text_starts(before.older, old), "%s", before.older);
    done = install(&first, false, &err);
    CHECK(done != NULL && strstr(done, "Removed /etc/systemd/system/evercert-renew-srv-a-b.timer") != NULL, "%s", done);
    after = plan(&first);
    CHECK(after.older == NULL && schedule_is_complete(&after), "its own name is left");
    again = install(&second, false, &err);
    CHECK(again != NULL && is_there("/etc/systemd/system/evercert-renew-srv-a-b.timer"), "%s", err.why);
    other = plan(&first);
    CHECK(other.older == NULL, "which is the other's: %s", other.older);
    free(install(&first, true, &err));
    CHECK(is_there("/etc/systemd/system/evercert-renew-srv-a-b.timer"), "and stays");
    machine_clear(&first.machine);
    machine_clear(&second.machine);
    test_drop_dir();
}

TEST(each_machine_has_its_form)
{
    static const struct {
        const char *name, *things, *system;
        int64_t life_s;
        const char *form, *file; /* form NULL: none */
        const char *has;
    } cases[] = {
        { "systemd", SYSTEMD " /etc/cron.d/ /usr/sbin/cron", "Linux", 90 * DAY, "systemd", TIMER,
            "OnCalendar=*-*-* 00/12:00:00\nRandomizedDelaySec=14400\nPersistent=true\n" },
        { "six days", SYSTEMD, "Linux", 6 * DAY, "systemd", TIMER,
            "OnCalendar=*-*-* 00/3:00:00\nRandomizedDelaySec=3600\n" },
        { "its service", SYSTEMD, "Linux", 0, "systemd", SERVICE, " -q renew --no-random-sleep-on-renew\n" },
        { "systemd installed, but not running", "/etc/systemd/system/ /etc/cron.d/ /usr/sbin/cron", "Linux", 90 * DAY,
            "cron", "/etc/cron.d/evercert-renew", " root /" },
        { "cron every three hours", "/etc/cron.d/ /usr/sbin/crond", "Linux", 6 * DAY, "cron",
            "/etc/cron.d/evercert-renew", "-23/3 * * * root /" },
        { "a folder for cron without one", "/etc/cron.d/", "Linux", 90 * DAY, NULL, NULL, NULL },
        { "Alpine", "/etc/periodic/hourly/ /etc/periodic/15min/ /usr/sbin/crond", "Linux", 90 * DAY, "hourly",
            "/etc/periodic/hourly/evercert-renew", "#!/bin/sh\n# Written by" },
        { "Alpine, certificates of a day", "/etc/periodic/hourly/ /etc/periodic/15min/ /usr/sbin/crond", "Linux", DAY,
            "15min", "/etc/periodic/15min/evercert-renew", "exec /" },
        { "FreeBSD", "/usr/local/etc/cron.d/ /usr/sbin/cron", "FreeBSD", 90 * DAY, "bsd-cron",
            "/usr/local/etc/cron.d/evercert-renew", " root /" },
        { "macOS", "/Library/LaunchDaemons/", "Darwin", 6 * DAY, "launchd",
            "/Library/LaunchDaemons/org.evercert.renew.plist", "<integer>10800</integer>" },
        { "nothing", "/etc/", "Linux", 90 * DAY, NULL, NULL, NULL },
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct scene scene = scene_of(cases[i].things, cases[i].life_s);
        const char *own = scene.machine.system;
        struct schedule unused = { 0 };
        struct error err = { 0 };

        scene.machine.system = cases[i].system;
        if (cases[i].form == NULL) {
            CHECK(!schedule_plan(&scene.machine, &scene.wish, &unused, &err), "%s", cases[i].name);
            CHECK(strstr(err.next, "-q renew") != NULL, "%s: %s", cases[i].name, err.next);
        } else {
            AUTO(schedule_clear) struct schedule schedule = plan(&scene);
            AUTO(free) char *done = install(&scene, false, &err), *text = read_text(cases[i].file);

            CHECK_TEXT(schedule.form->name, cases[i].form, cases[i].name);
            CHECK(done != NULL, "%s: %s", cases[i].name, err.why);
            CHECK(strstr(text, cases[i].has) != NULL, "%s: %s", cases[i].name, text);
        }
        scene.machine.system = own;
        machine_clear(&scene.machine);
        test_drop_dir();
    }
}

TEST(twice_changes_nothing_and_remove_removes_ours)
{
    struct scene scene = scene_of(SYSTEMD, 90 * DAY);
    AUTO(list_clear) struct list removed = { 0 };
    struct error err = { 0 };
    AUTO(free) char *first = install(&scene, false, &err), *second = install(&scene, false, &err);
    AUTO(schedule_clear) struct schedule schedule = plan(&scene);

    CHECK_TEXT(first, "Wrote " SERVICE "; Wrote " TIMER "; Switched it on (" LINK ")", "first");
    CHECK_TEXT(second, "", "second");
    CHECK(schedule_is_current(&schedule) && schedule_is_complete(&schedule), "it is there");
    write_text("/etc/systemd/system/other.timer", "x");
    write_text("/etc/systemd/system/evercert-renew.timer.d/own.conf", "x");
    CHECK(schedule_remove(&scene.machine, &scene.wish, false, &removed, &err), "%s", err.why);
    CHECK_INT(removed.len, 2, "both");
    CHECK(!is_there(SERVICE) && !is_there(TIMER) && !is_there(LINK), "they are gone");
    CHECK(
        is_there("/etc/systemd/system/other.timer") && is_there("/etc/systemd/system/evercert-renew.timer.d/own.conf"),
        "nothing else is");
    machine_clear(&scene.machine);
}

TEST(a_shorter_life)
{
    struct scene scene = scene_of(SYSTEMD, 90 * DAY);
    struct error err = { 0 };
    AUTO(free) char *first = install(&scene, false, &err), *second = NULL;

    CHECK(first != NULL, "%s", err.why);
    scene.wish.life_s = 6 * DAY;
    {
        AUTO(schedule_clear) struct schedule schedule = plan(&scene);

        CHECK(!schedule_is_current(&schedule), "it is to be otherwise");
        CHECK_INT(schedule.files[0].state, SCHEDULE_SAME, "the service is the same");
        CHECK_INT(schedule.files[1].state, SCHEDULE_OLD, "the timer is not");
    }
    second = install(&scene, false, &err);
    CHECK_TEXT(second, "Replaced " TIMER, "install mends it");
    machine_clear(&scene.machine);
}

TEST(what_others_have_changed)
{
    struct scene scene = scene_of(SYSTEMD, 90 * DAY);
    AUTO(list_clear) struct list removed = { 0 };
    struct error err = { 0 };
    AUTO(free) char *first = install(&scene, false, &err), *text = read_text(TIMER);
    AUTO(free) char *edited = xprintf("%s# mine\n", text), *refused = NULL, *after = NULL, *forced = NULL;

    CHECK(first != NULL, "%s", err.why);
    write_text(TIMER, edited);
    scene.wish.life_s = 6 * DAY;
    refused = install(&scene, false, &err);
    CHECK(refused == NULL && strstr(err.why, "was edited") != NULL, "%s", err.why);
    after = read_text(TIMER);
    CHECK_TEXT(after, edited, "it is as it was");
    CHECK(schedule_remove(&scene.machine, &scene.wish, false, &removed, &err), "%s", err.why);
    CHECK(is_there(TIMER) && !is_there(SERVICE), "it stays, what was not edited goes");
    CHECK(removed.len == 2 && strstr(removed.at[1], "Left " TIMER) != NULL, "and that is said");
    forced = install(&scene, true, &err);
    CHECK(forced != NULL, "%s", err.why);
    CHECK(schedule_remove(&scene.machine, &scene.wish, true, &removed, &err) && !is_there(TIMER), "%s", err.why);
    machine_clear(&scene.machine);
}

TEST(what_is_not_ours)
{
    struct scene scene = scene_of("/etc/cron.d/ /usr/sbin/cron", 90 * DAY);
    AUTO(list_clear) struct list removed = { 0 };
    struct error err = { 0 };
    AUTO(free) char *refused = NULL, *text = NULL;

    write_text("/etc/cron.d/evercert-renew", "1 1 * * * root evercert renew # by hand\n");
    refused = install(&scene, false, &err);
    CHECK(refused == NULL && strstr(err.why, "is not ours") != NULL, "%s", err.why);
    CHECK(schedule_remove(&scene.machine, &scene.wish, true, &removed, &err), "%s", err.why);
    text = read_text("/etc/cron.d/evercert-renew");
    CHECK_TEXT(text, "1 1 * * * root evercert renew # by hand\n", "never");
    machine_clear(&scene.machine);
}

TEST(the_daemon_takes_the_timers_place)
{
    struct scene scene = scene_of(SYSTEMD, 90 * DAY);
    struct error err = { 0 };
    AUTO(free) char *timer = install(&scene, false, &err), *daemon = NULL, *text = NULL;

    CHECK(timer != NULL, "%s", err.why);
    scene.wish.form = "daemon";
    daemon = install(&scene, false, &err);
    REQUIRE(daemon != NULL, "%s", err.why);
    CHECK(!is_there(TIMER) && !is_there(SERVICE) && !is_there(LINK), "the timer is gone");
    CHECK(is_there("/etc/systemd/system/multi-user.target.wants/evercert.service"), "switched on");
    text = read_text("/etc/systemd/system/evercert.service");
    CHECK(strstr(text, "Type=notify\n") != NULL && strstr(text, " daemon\n") != NULL, "%s", text);
    machine_clear(&scene.machine);
}

TEST(a_store_of_ones_own)
{
    struct scene scene = scene_of(SYSTEMD, 90 * DAY);
    AUTO(list_clear) struct list roots = { 0 };
    struct error err = { 0 };
    AUTO(free) char *done = NULL, *text = NULL;

    list_add(&roots, "/home/a b/www");
    list_add(&roots, "/var/www/html");
    scene.wish.web_roots = &roots;
    scene.wish.config_dir = "/srv/tls.d/a";
    scene.wish.work_dir = "/data/work";
    done = install(&scene, false, &err);
    REQUIRE(done != NULL, "%s", err.why);
    text = read_text("/etc/systemd/system/evercert-renew-srv-tls.d-a.service");
    CHECK(strstr(text, "--config-dir /srv/tls.d/a --work-dir /data/work\n") != NULL, "%s", text);
    CHECK(strstr(text, "ReadWritePaths=-/etc -/opt -/run -/srv -/var -/data/work \"-/home/a b/www\"\n") != NULL, "%s",
        text);
    machine_clear(&scene.machine);
}

/* systemd has "%" twice: the files are known as ours all the same. */
TEST(a_path_that_is_written_otherwise)
{
    struct scene scene = scene_of(SYSTEMD, 90 * DAY);
    AUTO(schedule_clear) struct schedule schedule = { 0 };
    struct error err = { 0 };
    AUTO(free) char *done = NULL;

    scene.wish.config_dir = "/srv/100%";
    done = install(&scene, false, &err);
    REQUIRE(done != NULL, "%s", err.why);
    schedule = plan(&scene);
    CHECK(schedule_is_current(&schedule), "%s", schedule_file_state_name(schedule.files[0].state));
    machine_clear(&scene.machine);
}

TEST_MAIN()
