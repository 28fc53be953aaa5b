#include "web/changes.h"

#include <errno.h>

#include "base/clock.h"
#include "base/test_files.h"
#include "web/changes_write.h"

static struct view text_of(struct changes *changes, const char *name)
{
    struct error err = { 0 };
    struct view text = { NULL, 0 };

    if (!changes_read(changes, at("%s", name), &text, &err))
        fail_msg("%s", err.why);
    return text;
}

static void set(struct changes *changes, const char *name, const char *text)
{
    (void)text_of(changes, name);
    changes_set(changes, at("%s", name), view_of(text));
}

static void make_files(void)
{
    struct error err = { 0 };

    if (!file_mkdirs(at("etc"), 0755, &err))
        fail_msg("%s", err.why);
    write_text(at("etc/a"), "a");
    write_text(at("etc/b"), "b");
    if (symlink("a", at("etc/link")) != 0 || link(at("etc/a"), at("etc/hard")) != 0)
        fail_msg("links");
}

TEST(one_file_by_all_its_names)
{
    AUTO(changes_free) struct changes *changes = changes_new();

    make_files();
    CHECK(view_is(text_of(changes, "etc/link"), "a"), "by its link");
    changes_set(changes, at("etc/link"), view_of("new"));
    CHECK(view_is(text_of(changes, "etc/a"), "new"), "by its name");
    CHECK(view_is(text_of(changes, "etc/hard"), "new"), "by its other name");
    changes_set(changes, at("etc/hard"), view_of("newer"));
    CHECK(view_is(text_of(changes, "etc/link"), "newer"), "by its link");
    changes_set(changes, at("etc/a"), view_of("a"));
    CHECK(changes_are_empty(changes), "as it was");
}

TEST(what_cannot_be_read)
{
    AUTO(changes_free) struct changes *changes = changes_new();
    struct error err = { 0 };
    struct view text;

    make_files();
    CHECK(!changes_read(changes, at("etc/none"), &text, &err) && err.sys == ENOENT, "missing: %s", err.why);
    CHECK(!changes_has(changes, at("etc/none")), "missing");
    CHECK(!changes_read(changes, at("etc"), &text, &err), "a directory");
    changes_create(changes, at("etc/none"), view_of("new"), 0644);
    CHECK(changes_has(changes, at("etc/none")) && view_is(text_of(changes, "etc/none"), "new"), "to be created");
    changes_undo_to(changes, 0);
    CHECK(!changes_has(changes, at("etc/none")), "no more");
    CHECK(changes_are_empty(changes), "no more");
    write_text(at("etc/none"), "there");
    CHECK(view_is(text_of(changes, "etc/none"), "there"), "created by somebody else");
}

TEST(marks)
{
    AUTO(changes_free) struct changes *changes = changes_new();
    size_t mark;

    make_files();
    set(changes, "etc/a", "a1");
    for (int i = 0; i < 5; i++) {
        mark = changes_mark(changes);
        set(changes, "etc/a", "a2");
        set(changes, "etc/a", "a3");
        set(changes, "etc/b", "b1");
        changes_stage(changes, "Add enhancement redirect");
        set(changes, "etc/a", "a4");
        changes_create(changes, at("etc/new"), view_of("n"), 0644);
        changes_undo_to(changes, mark);
        CHECK(view_is(text_of(changes, "etc/a"), "a1"), "the first stays");
        CHECK(view_is(text_of(changes, "etc/b"), "b"), "back");
        CHECK(!changes_has(changes, at("etc/new")), "not to be created");
        (void)changes_mark(changes);
        set(changes, "etc/a", "a0");
        (void)changes_mark(changes);
        set(changes, "etc/a", "a1");
    }
    changes_undo_to(changes, 0);
    CHECK(changes_are_empty(changes), "all back");
}

/* "TITLE: files changed, new files, commands;" of each stage; of the caller's. */
static char *stages_of(const struct changes *changes)
{
    struct checkpoint_stage *stages;
    size_t count = changes_stages(changes, &stages);
    AUTO(buf_clear) struct buf out = BUF(10000);

    for (size_t i = 0; i < count; i++) {
        buf_putf(&out, "%s:", stages[i].title);
        for (size_t j = 0; j < stages[i].before.file_count; j++)
            buf_putf(&out, " %s=%.*s", file_basename(stages[i].before.files[j].path),
                (int)stages[i].before.files[j].content.len, stages[i].before.files[j].content.at);
        for (size_t j = 0; j < stages[i].before.new_files.len; j++)
            buf_putf(&out, " +%s", file_basename(stages[i].before.new_files.at[j]));
        for (size_t j = 0; j < stages[i].before.commands.len; j++)
            buf_putf(&out, " !%s", stages[i].before.commands.at[j].at[0]);
        buf_put_text(&out, "; ");
    }
    changes_stages_free(stages, count);
    return buf_take(&out);
}

TEST(stages)
{
    AUTO(changes_free) struct changes *changes = changes_new();
    AUTO(free) char *text = NULL;
    char *enmod[] = { (char *)(uintptr_t) "a2enmod", (char *)(uintptr_t) "ssl" };
    char *dismod[] = { (char *)(uintptr_t) "a2dismod", (char *)(uintptr_t) "ssl" };

    make_files();
    changes_command(changes, &(struct list){ enmod, 2 }, &(struct list){ dismod, 2 });
    set(changes, "etc/link", "a1");
    changes_create(changes, at("etc/new"), view_of("n0"), 0600);
    changes_stage(changes, "nothing");
    changes_stage(changes, "Add enhancement redirect");
    set(changes, "etc/a", "a2");
    (void)changes_mark(changes);
    set(changes, "etc/a", "a3");
    (void)changes_mark(changes);
    set(changes, "etc/a", "a4");
    set(changes, "etc/new", "n1");
    changes_stage(changes, "Add enhancement staple-ocsp");
    set(changes, "etc/b", "b1");
    set(changes, "etc/b", "b");
    set(changes, "etc/new", "n2");
    text = stages_of(changes);
    CHECK_TEXT(text,
        "Deployed ACME Certificate: link=a +new !a2dismod; Add enhancement redirect: link=a1 new=n0; "
        "Add enhancement staple-ocsp: new=n1; ",
        "stages");
}

TEST(thousands_of_files)
{
    AUTO(changes_free) struct changes *changes = changes_new();
    struct error err = { 0 };
    struct view text;
    int64_t start;

    make_files();
    for (int i = 0; i < 2000; i++) {
        int fd = open(at("etc/site%d", i), O_WRONLY | O_CREAT | O_CLOEXEC, 0644);

        REQUIRE(fd >= 0 && write(fd, "server {}\n", 10) == 10 && close(fd) == 0, "site%d", i);
    }
    start = clock_monotonic_ms();
    for (int i = 0; i < 2000; i++)
        CHECK(changes_read(changes, at("etc/site%d", i), &text, &err) && text.len == 10, "site%d: %s", i, err.why);
    CHECK(clock_monotonic_ms() - start < 1000, "%d ms", (int)(clock_monotonic_ms() - start));
}

TEST_MAIN()
