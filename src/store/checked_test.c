/* Tests the facts kept from run to run, their bound, and which files are trusted. */
#include "store/checked.h"

#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/test.h"

enum { FOREIGN = 12345 };

static void digest_of(unsigned number, uint8_t out[CHECKED_DIGEST])
{
    struct error err = { 0 };

    REQUIRE(
        checked_name("number", (struct view){ (const char *)&number, sizeof number }, view_of("of a test"), out, &err),
        "%s", err.why);
}

static bool has(struct checked *checked, unsigned number)
{
    uint8_t digest[CHECKED_DIGEST];

    digest_of(number, digest);
    return checked_has(checked, digest);
}

static void add(struct checked *checked, unsigned number)
{
    uint8_t digest[CHECKED_DIGEST];

    digest_of(number, digest);
    checked_add(checked, digest);
}

static struct checked *loaded(const char *path)
{
    struct checked *checked = checked_new();

    checked_load(checked, path);
    return checked;
}

/* Those in [first, end), in a file. */
static char *saved(unsigned first, unsigned end)
{
    AUTO(checked_free) struct checked *checked = checked_new();
    char *path = test_path("checked");

    (void)unlink(path);
    for (unsigned i = first; i < end; i++)
        add(checked, i);
    checked_save(checked, path);
    return path;
}

TEST(whatever_differs_has_another_name)
{
    static const struct {
        const char *what, *cert, *chain;
    } cases[] = { { "x", "a", "b" }, { "x", "a", "c" }, { "x", "c", "b" }, { "x", "b", "a" }, { "x", "ab", "" },
        { "x", "", "ab" }, { "y", "a", "b" } };
    uint8_t digests[COUNT(cases)][CHECKED_DIGEST];
    struct error err = { 0 };

    for (size_t i = 0; i < COUNT(cases); i++) {
        REQUIRE(checked_name(cases[i].what, view_of(cases[i].cert), view_of(cases[i].chain), digests[i], &err), "%s",
            err.why);
        for (size_t k = 0; k < i; k++)
            CHECK(memcmp(digests[i], digests[k], CHECKED_DIGEST) != 0, "%zu and %zu", i, k);
    }
}

TEST(what_was_added_is_known_in_this_run_and_in_later_ones)
{
    enum { MANY = 5000 }; /* the table grows */
    AUTO(checked_free) struct checked *checked = checked_new();
    AUTO(checked_free) struct checked *later = NULL;
    AUTO(free) char *path = test_path("checked");
    struct stat st;

    CHECK(!has(checked, 1));
    for (unsigned i = 0; i < MANY; i++)
        add(checked, i);
    checked_save(checked, path);
    later = loaded(path);
    for (unsigned i = 0; i < MANY; i++)
        CHECK(has(checked, i) && has(later, i), "%u", i);
    CHECK(!has(checked, MANY) && !has(later, MANY));
    REQUIRE(stat(path, &st) == 0);
    CHECK((st.st_mode & 07777) == 0600, "%o", st.st_mode);
}

TEST(nothing_new_writes_nothing)
{
    AUTO(free) char *path = saved(0, 3);
    AUTO(checked_free) struct checked *checked = loaded(path);

    REQUIRE(unlink(path) == 0);
    CHECK(has(checked, 2) && !has(checked, 3));
    add(checked, 1);
    checked_save(checked, path);
    CHECK(!file_exists(path));
    add(checked, 3);
    checked_save(checked, path);
    CHECK(file_exists(path));
}

/* The store of another --config-dir may have the same work directory. */
TEST(what_this_run_did_not_ask_for_is_kept_as_long_as_there_is_room)
{
    AUTO(free) char *path = saved(0, 10);
    AUTO(checked_free) struct checked *checked = loaded(path);
    AUTO(checked_free) struct checked *later = NULL;

    add(checked, 10);
    checked_save(checked, path);
    later = loaded(path);
    for (unsigned i = 0; i <= 10; i++)
        CHECK(has(later, i), "%u", i);
}

TEST(the_file_is_bounded_and_what_was_asked_for_goes_first)
{
    enum { OVER = 100 };
    AUTO(free) char *path = saved(0, CHECKED_KEPT);
    AUTO(checked_free) struct checked *checked = loaded(path);
    AUTO(checked_free) struct checked *later = NULL;
    struct stat st, again;
    unsigned lost = 0;

    REQUIRE(stat(path, &st) == 0);
    CHECK(has(checked, 7));
    for (unsigned i = 0; i < OVER; i++)
        add(checked, (unsigned)CHECKED_KEPT + i);
    checked_save(checked, path);
    REQUIRE(stat(path, &again) == 0);
    CHECK(st.st_size == again.st_size, "%lld bytes became %lld", (long long)st.st_size, (long long)again.st_size);
    later = loaded(path);
    CHECK(has(later, 7));
    for (unsigned i = 0; i < OVER; i++)
        CHECK(has(later, (unsigned)CHECKED_KEPT + i), "%u", i);
    for (unsigned i = 0; i < CHECKED_KEPT; i++)
        lost += !has(later, i);
    CHECK(lost == OVER, "%u are lost", lost);
}

/* Another user with write permission there could enter facts that were never checked. */
TEST(a_file_that_others_may_write_is_not_believed)
{
    AUTO(free) char *path = saved(0, 3);
    static const struct {
        const char *name;
        mode_t mode;
        uid_t uid;
        bool believed;
    } cases[] = {
        { "as it was written", 0600, 0, true },
        { "others may read it", 0644, 0, true },
        { "others may write it", 0602, 0, false },
        { "another user's", 0600, FOREIGN, false },
    };

    if (geteuid() != 0)
        skip();
    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(checked_free) struct checked *checked = NULL;

        REQUIRE(chmod(path, cases[i].mode) == 0 && chown(path, cases[i].uid, 0) == 0);
        checked = loaded(path);
        CHECK(has(checked, 2) == cases[i].believed, "%s", cases[i].name);
    }
}

TEST(a_damaged_file_says_nothing)
{
    AUTO(free) char *path = saved(0, 3);
    AUTO(buf_clear) struct buf whole = BUF(1024);
    struct error err = { 0 };

    REQUIRE(file_read(path, &whole, &err), "%s", err.why);
    for (size_t len = 0; len < whole.len; len++) {
        AUTO(checked_free) struct checked *checked = NULL;

        REQUIRE(truncate(path, (off_t)len) == 0);
        checked = loaded(path);
        CHECK(!has(checked, 2) || whole.len - len >= CHECKED_DIGEST, "%zu bytes", len);
        REQUIRE(file_replace(path, buf_view(&whole), FILE_PRIVATE, &err), "%s", err.why);
    }
    whole.at[0] ^= 1;
    REQUIRE(file_replace(path, buf_view(&whole), FILE_PRIVATE, &err), "%s", err.why);
    {
        AUTO(checked_free) struct checked *checked = loaded(path);

        CHECK(!has(checked, 0));
    }
}

TEST(what_cannot_be_written_is_no_loss)
{
    AUTO(checked_free) struct checked *checked = checked_new();
    AUTO(free) char *path = test_path("not/there/checked");

    add(checked, 1);
    checked_save(checked, path);
    CHECK(has(checked, 1));
}

TEST_MAIN()
