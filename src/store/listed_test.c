/*
 * Tests what is recalled of the last listing: that every change of a lineage's files is noticed, and that only what can
 * be relied on is recorded.
 */
#include "store/listed.h"

#include <errno.h>
#include <time.h>

#include "base/clock.h"
#include "store/fixture.h"
#include "store/lineage_verify.h"

enum { OLD_S = 60 }; /* the age that the files are taken to have */

/* Lists the one lineage "a" as a listing does; true when its last one is recalled. */
static bool list_it(const struct settings *settings, int64_t now, struct summary **out)
{
    AUTO(store_close) struct store *store = store_here(settings);
    AUTO(listed_close) struct listed *listed = NULL;
    AUTO(lineage_free) struct lineage *lineage = NULL;
    AUTO(buf_clear) struct buf record = BUF(4096);
    struct error err = { 0 };
    bool recalled;

    store_look_once(store);
    listed = listed_open(store, now);
    buf_put(&record, listed_find(listed, "a"));
    recalled = listed_recall(listed, "a", buf_view(&record), out);
    if (!recalled) {
        buf_cut(&record, 0);
        if (lineage_load(store, "a", &lineage, &err) && lineage_verify(lineage, &err)) {
            *out = summary_of(lineage);
            listed_record(listed, lineage, *out, &record);
        }
    }
    listed_keep(listed, buf_view(&record));
    listed_save(listed);
    return recalled;
}

static bool is_recalled(const struct settings *settings)
{
    AUTO(summary_free) struct summary *summary = NULL;

    return list_it(settings, clock_now() + OLD_S, &summary);
}

/* A store with the lineage "a", after a while in which a change would get another time. */
static struct settings *make(const char *layout)
{
    struct settings *settings = settings_of(layout);
    AUTO(store_close) struct store *store = NULL;
    struct error err = { 0 };

    REQUIRE(file_remove_tree(settings->config_dir, &err) && file_remove_tree(settings->work_dir, &err), "%s", err.why);
    store = store_here(settings);
    make_lineage(store, settings, "a");
    (void)nanosleep(&(struct timespec){ .tv_nsec = 20000000 }, NULL);
    return settings;
}

static bool is_versioned(void)
{
    return link_text(at("live/a/cert.pem"))[0] == '\0';
}

/* ---- changes ---- */

/* Writes the same bytes into the same file, and puts its time of modification back. */
static void touch(const char *path)
{
    AUTO(free) char *text = read_text(path);
    AUTO(close) int fd = open(path, O_WRONLY | O_CLOEXEC);
    struct stat st;

    REQUIRE(text != NULL && fd >= 0 && fstat(fd, &st) == 0, "%s: %s", path, strerror(errno));
    REQUIRE(file_write_all(fd, view_of(text)) && futimens(fd, (struct timespec[]){ st.st_atim, st.st_mtim }) == 0);
}

static void replace(const char *path)
{
    AUTO(free) char *text = read_text(path);

    REQUIRE(text != NULL, "%s", path);
    write_text(path, text);
}

static void conf_written(void)
{
    touch(at("renewal/a.conf"));
}

static void conf_replaced(void)
{
    replace(at("renewal/a.conf"));
}

static void conf_mode(void)
{
    REQUIRE(chmod(at("renewal/a.conf"), 0600) == 0);
}

static void conf_gone(void)
{
    REQUIRE(unlink(at("renewal/a.conf")) == 0);
}

static void cert_written(void)
{
    touch(at("live/a/cert.pem"));
}

static void key_written(void)
{
    touch(at("live/a/privkey.pem"));
}

static void chain_written(void)
{
    touch(at("live/a/chain.pem"));
}

static void fullchain_written(void)
{
    touch(at("live/a/fullchain.pem"));
}

static void key_mode(void)
{
    REQUIRE(chmod(at("live/a/privkey.pem"), 0640) == 0);
}

static void key_replaced(void)
{
    replace(is_versioned() ? at("live/a/privkey.pem") : at("archive/a/privkey1.pem"));
}

static void key_by_link(void)
{
    const char *path = is_versioned() ? at("live/a/privkey.pem") : at("archive/a/privkey1.pem");

    REQUIRE(rename(path, at("elsewhere")) == 0 && symlink(at("elsewhere"), path) == 0);
}

static void chain_gone(void)
{
    REQUIRE(unlink(at("live/a/chain.pem")) == 0);
}

static void file_in_archive(void)
{
    write_text(at("archive/a/cert2.pem"), pem_a);
}

static void leftover_in_live(void)
{
    REQUIRE(symlink("../../archive/a/fullchain1.pem", at("live/a/previous_fullchain.pem")) == 0);
}

static void links_made_anew(void)
{
    replace(at("live/a/cert.pem")); /* which makes a file of it */
}

static void live_by_link(void)
{
    REQUIRE(rename(at("live/a"), at("elsewhere")) == 0 && symlink("../elsewhere", at("live/a")) == 0);
}

static void archive_by_link(void)
{
    REQUIRE(rename(at("archive/a"), at("elsewhere")) == 0 && symlink("../elsewhere", at("archive/a")) == 0);
}

static void hidden_beside_live(void)
{
    REQUIRE(mkdir(at("live/.a.next"), 0700) == 0);
}

static const struct {
    const char *name;
    void (*change)(void);
} changes[] = {
    { "the renewal file is written to", conf_written },
    { "the renewal file is replaced", conf_replaced },
    { "the renewal file's mode", conf_mode },
    { "the renewal file is gone", conf_gone },
    { "the certificate is written to", cert_written },
    { "the key is written to", key_written },
    { "the chain is written to", chain_written },
    { "the fullchain is written to", fullchain_written },
    { "the key's mode", key_mode },
    { "the key is replaced", key_replaced },
    { "the key is behind a link", key_by_link },
    { "the chain is gone", chain_gone },
    { "a further file in the archive", file_in_archive },
    { "a leftover in the live directory", leftover_in_live },
    { "a live file is replaced", links_made_anew },
    { "the live directory is behind a link", live_by_link },
    { "the archive is behind a link", archive_by_link },
    { "a leftover beside the live directory", hidden_beside_live },
};

TEST(every_change_is_noticed)
{
    OVER_LAYOUTS(layout)
    for (size_t i = 0; i < COUNT(changes); i++) {
        AUTO(settings_free) struct settings *settings = make(*layout);

        CHECK(!is_recalled(settings), "%s: nothing is there yet", changes[i].name);
        CHECK(is_recalled(settings) && is_recalled(settings), "%s, %s", *layout, changes[i].name);
        changes[i].change();
        CHECK(!is_recalled(settings), "%s, %s", *layout, changes[i].name);
    }
}

TEST(what_is_recalled_is_what_was_found)
{
    OVER_LAYOUTS(layout)
    {
        AUTO(settings_free) struct settings *settings = make(*layout);
        AUTO(summary_free) struct summary *found = NULL, *recalled = NULL;

        CHECK(!list_it(settings, clock_now() + OLD_S, &found));
        REQUIRE(list_it(settings, clock_now() + OLD_S, &recalled));
        CHECK_TEXT(recalled->fullchain, at("live/a/fullchain.pem"), *layout);
        CHECK_TEXT(recalled->fullchain, found->fullchain, *layout);
        CHECK_TEXT(recalled->privkey, found->privkey, *layout);
        CHECK_TEXT(recalled->serial, found->serial, *layout);
        CHECK_TEXT(recalled->server, found->server, *layout);
        CHECK(list_equal(&recalled->names, &found->names) && recalled->not_after == found->not_after, "%s", *layout);
    }
}

/* ---- what is not recorded ---- */

static void nothing(void)
{
}

static void later_version(void)
{
    AUTO(free) char *text = read_text(at("renewal/a.conf"));
    AUTO(free) char *later = xprintf("version = 99.0.0\n%s", strchr(text, '\n') + 1);

    write_text(at("renewal/a.conf"), later);
}

static void conf_by_link(void)
{
    REQUIRE(rename(at("renewal/a.conf"), at("elsewhere")) == 0 && symlink("../elsewhere", at("renewal/a.conf")) == 0);
}

static void live_elsewhere(void)
{
    AUTO(free) char *text = read_text(at("renewal/a.conf"));
    AUTO(buf_clear) struct buf moved = BUF(8192);
    struct view rest = view_of(text), line;

    REQUIRE(rename(at("live/a"), at("live/b")) == 0);
    while (view_cut(&rest, '\n', &line)) {
        const char *found = memmem(line.at, line.len, "/live/a/", 8);

        buf_put(&moved, line);
        if (found != NULL)
            moved.at[moved.len - line.len + (size_t)(found - line.at) + 6] = 'b';
        buf_put_char(&moved, '\n');
    }
    write_text(at("renewal/a.conf"), buf_text(&moved));
}

TEST(what_cannot_be_relied_on_is_not_recorded)
{
    static const struct {
        const char *name;
        void (*prepare)(void);
        int age_s;
        bool recorded;
    } cases[] = {
        { "as most are", nothing, OLD_S, true },
        { "it has changed a moment ago", nothing, 0, false },
        { "a later Certbot's, of which each run says so", later_version, OLD_S, false },
        { "a renewal file behind a link", conf_by_link, OLD_S, false },
        { "live files in another directory than usual", live_elsewhere, OLD_S, false },
        { "a link in the archive", key_by_link, OLD_S, false },
        { "leftovers beside it", hidden_beside_live, OLD_S, false },
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(settings_free) struct settings *settings = make("certbot");
        AUTO(summary_free) struct summary *first = NULL, *second = NULL;

        cases[i].prepare();
        CHECK(!list_it(settings, clock_now() + cases[i].age_s, &first) && first != NULL, "%s", cases[i].name);
        CHECK(list_it(settings, clock_now() + OLD_S, &second) == cases[i].recorded, "%s", cases[i].name);
    }
}

/* A newer version that must not be made live is spoken of in each run. */
TEST(a_lineage_that_is_behind_is_not_recorded)
{
    AUTO(settings_free) struct settings *settings = make("certbot");

    for (enum kind kind = 0; kind < KIND_COUNT; kind++)
        write_text(at("archive/a/%s2.pem", kind_name(kind)), kind == KIND_PRIVKEY ? key_b : pem_other_ca);
    CHECK(!is_recalled(settings) && !is_recalled(settings));
}

/* ---- the file ---- */

TEST(only_a_file_that_is_whole_and_ours_is_believed)
{
    AUTO(settings_free) struct settings *settings = make("certbot");
    AUTO(free) char *path = test_path("work/listed");
    AUTO(buf_clear) struct buf whole = BUF(4096);
    struct error err = { 0 };
    struct stat st;

    CHECK(!is_recalled(settings) && is_recalled(settings));
    REQUIRE(stat(path, &st) == 0 && file_read(path, &whole, &err), "%s", err.why);
    CHECK((st.st_mode & 07777) == 0600, "%o", st.st_mode);
    REQUIRE(chmod(path, 0602) == 0);
    CHECK(!is_recalled(settings), "others could have written it");
    CHECK(is_recalled(settings), "written anew");
    for (size_t i = 0; i < whole.len; i += i < whole.len - 9 ? 9 : 1) {
        struct view part = { whole.at, i };

        REQUIRE(file_replace(path, part, FILE_PRIVATE, &err), "%s", err.why);
        CHECK(!is_recalled(settings), "%zu of %zu bytes", i, whole.len);
        whole.at[i] ^= 1;
        REQUIRE(file_replace(path, buf_view(&whole), FILE_PRIVATE, &err), "%s", err.why);
        CHECK(!is_recalled(settings), "byte %zu is another", i);
        whole.at[i] ^= 1;
    }
}

TEST(another_store_has_records_of_its_own)
{
    AUTO(settings_free) struct settings *settings = make("certbot");
    AUTO(free) char *other = test_path("other");

    (void)unlink(other);
    REQUIRE(symlink("conf", other) == 0); /* the same files: but what is shown are other paths */
    CHECK(!is_recalled(settings) && is_recalled(settings));
    xreplace(&settings->config_dir, other);
    CHECK(!is_recalled(settings));
}

TEST(nothing_new_writes_nothing)
{
    AUTO(settings_free) struct settings *settings = make("certbot");
    AUTO(free) char *path = test_path("work/listed");
    struct stat first, second;

    CHECK(!is_recalled(settings));
    REQUIRE(stat(path, &first) == 0);
    CHECK(is_recalled(settings));
    REQUIRE(stat(path, &second) == 0);
    CHECK(first.st_ino == second.st_ino);
}

static void put_record(struct store *store, struct listed *listed, struct view view)
{
    AUTO(free) char *name = view_dup(view);
    AUTO(lineage_free) struct lineage *lineage = NULL;
    AUTO(summary_free) struct summary *summary = NULL;
    AUTO(buf_clear) struct buf record = BUF(4096);
    struct error err = { 0 };

    REQUIRE(lineage_load(store, name, &lineage, &err), "%s: %s", name, err.why);
    summary = summary_of(lineage);
    listed_record(listed, lineage, summary, &record);
    CHECK(record.len > 0, "%s", name);
    listed_keep(listed, buf_view(&record));
}

static bool has_word(const char *text, const char *word)
{
    struct view rest = view_of(text), part;

    while (view_cut(&rest, ' ', &part))
        if (view_is(part, word))
            return true;
    return false;
}

/* Those of lineages that are gone, or are not there yet, do not keep the others from being found. */
TEST(each_finds_its_own)
{
    static const struct {
        const char *kept, *found; /* names in the order of renewal files */
    } cases[] = { { "a-b a b", "a-b a b" }, { "a b c d", "b d" }, { "b", "a b c" }, { "", "a" } };
    AUTO(settings_free) struct settings *settings = make("certbot");
    static const char *const more[] = { "a-b", "b", "c", "d" };

    {
        AUTO(store_close) struct store *store = store_here(settings);

        for (size_t i = 0; i < COUNT(more); i++)
            make_lineage(store, settings, more[i]);
    }
    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(store_close) struct store *store = store_here(settings);
        AUTO(listed_close) struct listed *listed = NULL;
        struct view kept = view_of(cases[i].kept), found = view_of(cases[i].found), name;

        store_look_once(store);
        listed = listed_open(store, clock_now() + OLD_S);
        while (kept.len > 0 && view_cut(&kept, ' ', &name))
            put_record(store, listed, name);
        listed_save(listed);
        listed_close(TAKE(listed));
        listed = listed_open(store, clock_now() + OLD_S);
        while (view_cut(&found, ' ', &name)) {
            AUTO(free) char *one = view_dup(name);
            bool is = listed_find(listed, one).len > 0;

            CHECK(is == has_word(cases[i].kept, one), "%zu: %s", i, one);
        }
    }
}

TEST_MAIN()
