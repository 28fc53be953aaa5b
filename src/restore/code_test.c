/* What becomes code: who may change it, and that all of it is shown. */
#include "restore/world.h"

#include "restore/show.h"

static bool has(const struct list *list, const char *words)
{
    for (size_t i = 0; i < list->len; i++)
        if (strstr(list->at[i], words) != NULL)
            return true;
    return false;
}

static const struct {
    const char *path;
    bool told; /* it is taken over by root */
    int mode;
} files[] = {
    { "renewal-hooks/deploy/x.sh", true, 0755 },
    { "renewal-hooks/deploy/ours.sh", false, 0755 },
    { "renewal-hooks/deploy/open.sh", true, 0755 },
    { "cli.ini", true, 0644 },
    { "renewal/a.conf", true, -1 },
};

TEST(whose_code)
{
    AUTO(world_clear) struct world world = world_new("certbot");
    AUTO(restoration_clear) struct restoration it = { 0 };
    struct error err = { 0 };
    struct stat st;

    if (geteuid() != 0)
        skip();
    shell("cp -a conf backup && mkdir -p backup/renewal-hooks/deploy && cd backup && for i in x ours open; do "
          "echo '#!/bin/sh' >renewal-hooks/deploy/$i.sh; done && echo 'key-type = rsa' >cli.ini && "
          "chmod 755 renewal-hooks/deploy/* && chmod 777 renewal-hooks/deploy/open.sh && chmod 644 cli.ini && "
          "chown 12345 renewal-hooks/deploy/x.sh cli.ini renewal/a.conf && chown -R 12345 archive/a && cd .. && rm -r "
          "conf/live/a conf/archive/a");
    REQUIRE(prepare(&world, "backup", "", &it, &err) && put_in_place(&it, &err), "%s", err.why);
    for (size_t i = 0; i < COUNT(files); i++) {
        REQUIRE(stat(at("%s", files[i].path), &st) == 0, "%s", files[i].path);
        CHECK_INT(st.st_uid, 0, files[i].path);
        CHECK(files[i].mode < 0 || (st.st_mode & 07777) == (mode_t)files[i].mode, "%s: %o", files[i].path,
            (unsigned)st.st_mode);
        CHECK_INT(has(&it.stage.told, files[i].path), files[i].told, files[i].path);
    }
    REQUIRE(stat(at("archive/a/privkey1.pem"), &st) == 0);
    CHECK_INT(st.st_uid, 12345, "a key keeps its owner");
}

TEST(all_of_it_is_shown)
{
    AUTO(world_clear) struct world world = world_new("certbot");
    AUTO(restoration_clear) struct restoration it = { 0 };
    AUTO(buf_clear) struct buf text = BUF(SHOW_MAX);
    struct error err = { 0 };

    shell("echo 'renew_hook = touch /tmp/x' >>conf/renewal/a.conf && cp -a conf backup && mkdir -p "
          "backup/renewal-hooks/deploy && i=100 && while [ $i -lt 140 ]; do echo : "
          ">backup/renewal-hooks/deploy/hook-$i; i=$((i + 1)); done && printf 'pre-hook = id\\nkey-type = rsa\\n' "
          ">backup/cli.ini && mkdir backup/scripts && echo : >backup/scripts/run && chmod 700 backup/scripts/run && "
          "echo : >backup/scripts/text && rm -r conf/live/a");
    REQUIRE(prepare(&world, "backup", "", &it, &err), "%s", err.why);
    CHECK_INT(it.plan.programs.len, 44, "programs");
    CHECK(has(&it.plan.programs, "renewal/a.conf: renew_hook = touch /tmp/x"), "the hook of a certificate");
    CHECK(has(&it.plan.programs, "cli.ini: pre-hook = id") && has(&it.plan.programs, "holds for all"), "settings");
    CHECK(has(&it.plan.programs, "scripts/run") && !has(&it.plan.programs, "scripts/text"), "what can be run");
    show_plan("backup", &it.stage, &it.plan, 0, &text);
    for (int i = 100; i < 140; i++) {
        AUTO(free) char *hook = xprintf("  renewal-hooks/deploy/hook-%d\n", i);

        CHECK(strstr(buf_text(&text), hook) != NULL, "%s is not shown", hook);
    }
}

TEST_MAIN()
