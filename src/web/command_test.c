/*
 * Changes that a program makes (a2enmod), and what takes them back.
 */
#include "web/test_scene.h"

/* touch etc/module, and rm etc/module. */
static void enable(struct changes *changes, const char *program)
{
    AUTO(list_clear) struct list command = { 0 }, undo = { 0 };

    list_add(&command, program);
    list_add(&command, at("etc/module, with a \"comma\""));
    list_add(&undo, "rm");
    list_add(&undo, at("etc/module, with a \"comma\""));
    changes_command(changes, &command, &undo);
}

static bool is_enabled(void)
{
    return file_exists(at("etc/module, with a \"comma\""));
}

static bool rm_to_touch(const struct list *undo, struct list *out)
{
    list_add(out, "touch");
    list_add(out, undo->at[undo->len - 1]);
    return strcmp(undo->at[0], "rm") == 0;
}

TEST(a_module)
{
    AUTO(changes_free) struct changes *changes = changes_new();
    AUTO(free) char *before = NULL, *now = NULL, *commands = NULL, *names = NULL;
    struct error err = { 0 };

    make_scene();
    before = scene();
    enable(changes, "touch");
    set(changes, "etc/main.conf", "uses the module\n");
    REQUIRE(commit(changes, &err), "%s: %s", err.what, err.why);
    CHECK(is_enabled(), "enabled");
    names = names_in(at("work/backups"));
    commands = read_text(at("work/backups/%s/COMMANDS", names));
    CHECK(commands != NULL && strncmp(commands, "rm,\"", 4) == 0, "%s", commands);
    server.refuses_test = 4;
    CHECK(!web_rollback(&service, 1, rm_to_touch, NULL, &err), "refused");
    CHECK(is_enabled(), "enabled again");
    CHECK(web_rollback(&service, 1, rm_to_touch, NULL, &err), "%s", err.why);
    now = scene();
    CHECK_TEXT(now, before, "all is back");
}

static const struct {
    const char *name;
    const char *program;
    int refuses_test;
} failures[] = {
    { "no such program", "no-such-program-at-all", 0 },
    { "it fails", "false", 0 },
    { "the server refuses", "touch", 2 },
};

TEST(a_module_that_is_taken_back)
{
    for (size_t i = 0; i < COUNT(failures); i++) {
        AUTO(changes_free) struct changes *changes = changes_new();
        AUTO(free) char *before = NULL, *now = NULL;
        struct error err = { 0 };

        make_scene();
        before = scene();
        enable(changes, failures[i].program);
        set(changes, "etc/main.conf", "uses the module\n");
        server.refuses_test = failures[i].refuses_test;
        CHECK(!commit(changes, &err) && err.kind == ERROR_PLUGIN, "%s: %s", failures[i].name, err.why);
        now = scene();
        CHECK_TEXT(now, before, failures[i].name);
        CHECK(!web_is_unfinished(&service), "%s", failures[i].name);
    }
}

/* Programs that others choose are not run, though all else is taken back. */
TEST(commands_that_others_may_write)
{
    struct error err = { 0 };

    make_scene();
    REQUIRE(file_mkdirs(at("work/IN_PROGRESS"), 0755, &err), "%s", err.why);
    write_text(at("work/IN_PROGRESS/COMMANDS"), "touch,/tmp/evercert-must-not-be-there\r\n");
    REQUIRE(chmod(at("work/IN_PROGRESS/COMMANDS"), 0666) == 0, "chmod");
    CHECK(web_recover(&service, &err), "%s", err.why);
    CHECK(!file_exists("/tmp/evercert-must-not-be-there"), "it was run");
    CHECK(!web_is_unfinished(&service), "done");
}

/* A link that a rollback had removed comes back, and as a link. */
TEST(links_come_back)
{
    AUTO(changes_free) struct changes *changes = changes_new();
    AUTO(free) char *after = NULL, *now = NULL;
    struct error err = { 0 };

    make_scene();
    changes_create(changes, at("etc/new.conf"), view_of("new\n"), 0644);
    changes_link(changes, at("etc/enabled/new"), "../new.conf");
    changes_link(changes, at("etc/enabled/new"), "../new.conf");
    CHECK(changes_has(changes, at("etc/enabled/new")), "to be made");
    REQUIRE(commit(changes, &err), "%s", err.why);
    after = scene();
    server.refuses_reload = 2;
    CHECK(!web_rollback(&service, 1, NULL, NULL, &err), "refused");
    now = scene();
    CHECK_TEXT(now, after, "as it was");
}

TEST_MAIN()
