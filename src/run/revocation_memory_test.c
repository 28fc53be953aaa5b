/* Tests the memory of hosts and revocation lists, in one run and from one run to the next. */
#include "run/revocation_memory.h"

#include <poll.h>
#include <stdatomic.h>
#include <sys/stat.h>
#include <utime.h>

#include "base/file.h"
#include "base/log.h"
#include "base/parallel.h"
#include "base/test.h"

#define NOW 1800000000
#define HOST "http://crl.example"

/* A new run that remembers in that directory. */
static struct revocation_memory *run_at(const char *dir, int64_t now)
{
    struct revocation_memory *memory = revocation_memory_new();

    log_terminal_level(LOG_LEVEL_CRITICAL);
    revocation_memory_use(memory, dir, now);
    return memory;
}

TEST(hosts_of_urls)
{
    static const struct {
        const char *url, *host;
    } cases[] = {
        { "http://crl.example/7.crl", HOST },
        { "http://crl.example", HOST },
        { "http://crl.example?7", HOST },
        { "http://crl.example:81/a/b", "http://crl.example:81" },
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(free) char *host = revocation_host(cases[i].url);

        CHECK_TEXT(host, cases[i].host, cases[i].url);
    }
}

/* A time-out is remembered for hours; a refusal, which costs nothing, for the run. */
TEST(silence_from_run_to_run)
{
    AUTO(free) char *dir = test_path("silence");
    static const struct {
        const char *name;
        int64_t cost_ms, later_s;
        bool ask;
    } cases[] = {
        { "refused at once", 5, 60, true },
        { "timed out, a minute ago", 3000, 60, false },
        { "timed out, almost four hours ago", 3000, SILENCE_KEPT_S - 1, false },
        { "timed out, four hours ago", 3000, SILENCE_KEPT_S, true },
        { "by a clock that was ahead", 3000, -40 * 86400, true },
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(revocation_memory_free) struct revocation_memory *first = run_at(dir, NOW);
        AUTO(revocation_memory_free) struct revocation_memory *second = NULL;
        struct error err = { 0 };

        CHECK(revocation_may_ask(first, HOST), "%s: at first", cases[i].name);
        revocation_note_nothing(first, HOST);
        revocation_note_silence(first, HOST, 1000, 1000 + cases[i].cost_ms, NOW);
        CHECK(!revocation_may_ask(first, HOST), "%s: in the same run", cases[i].name);
        CHECK(revocation_may_ask(first, "http://other.example"), "%s: another host", cases[i].name);
        second = run_at(dir, NOW + cases[i].later_s);
        CHECK(revocation_may_ask(second, HOST) == cases[i].ask, "%s", cases[i].name);
        REQUIRE(file_remove_tree(dir, &err), "%s", err.why);
    }
}

/* Time that several wait at once counts once; who has answered is asked on. */
TEST(silence_has_a_budget)
{
    AUTO(revocation_memory_free) struct revocation_memory *memory = revocation_memory_new();

    revocation_note_answer(memory, "http://good.example");
    for (int i = 0; i < 10; i++) {
        AUTO(free) char *host = xprintf("http://silent-%d.example", i);

        revocation_note_silence(memory, host, 0, SILENCE_BUDGET_MS / 2, NOW);
    }
    CHECK(revocation_may_ask(memory, "http://next.example"), "ten hosts waited for at the same time");
    revocation_note_nothing(memory, "http://next.example");
    revocation_note_silence(memory, HOST, SILENCE_BUDGET_MS / 4, SILENCE_BUDGET_MS - 1, NOW);
    CHECK(revocation_may_ask(memory, "http://next.example"), "a millisecond is left");
    revocation_note_nothing(memory, "http://next.example");
    revocation_note_silence(memory, HOST, SILENCE_BUDGET_MS - 1, SILENCE_BUDGET_MS, NOW);
    CHECK(!revocation_may_ask(memory, "http://next.example"), "used up");
    CHECK(revocation_may_ask(memory, "http://good.example"), "who answers costs nothing");
}

struct crowd {
    struct revocation_memory *memory;
    bool answers;
    atomic_int asked;
};

/* Asks a host whose first answer takes a while. */
static void ask_slow_host(void *ctx, size_t index)
{
    struct crowd *crowd = ctx;

    (void)index;
    if (!revocation_may_ask(crowd->memory, HOST))
        return;
    if (atomic_fetch_add(&crowd->asked, 1) == 0) {
        (void)poll(NULL, 0, 100);
        CHECK_INT(crowd->asked, 1, "the others wait for the first");
    }
    if (crowd->answers)
        revocation_note_answer(crowd->memory, HOST);
    else
        revocation_note_silence(crowd->memory, HOST, 0, 100, NOW);
}

TEST(many_wait_for_the_first_answer_of_a_host)
{
    for (int answers = 0; answers < 2; answers++) {
        AUTO(revocation_memory_free) struct revocation_memory *memory = revocation_memory_new();
        struct crowd crowd = { .memory = memory, .answers = answers == 1 };

        parallel_wait_for(16, 16, ask_slow_host, &crowd);
        CHECK_INT(crowd.asked, answers == 1 ? 16 : 1, "asked");
    }
}

TEST(what_is_no_file_of_silent_hosts)
{
    AUTO(free) char *dir = test_path("strange");
    AUTO(free) char *path = file_join(dir, "silent");
    static const char *const texts[] = { "", "\n\n", ("tomorrow " HOST "\n"), "2027-01-15T09:00:00Z\n",
        "2027-01-15T09:00:00Z \n", "\xff\xfe\n", ("2037-01-15T09:00:00Z " HOST) };
    struct error err = { 0 };

    REQUIRE(file_mkdirs(dir, 0755, &err), "%s", err.why);
    for (size_t i = 0; i < COUNT(texts); i++) {
        AUTO(revocation_memory_free) struct revocation_memory *memory = NULL;

        REQUIRE(file_replace(path, view_of(texts[i]), FILE_PUBLIC, &err), "%s", err.why);
        memory = run_at(dir, NOW);
        CHECK(revocation_may_ask(memory, HOST), "text %zu", i);
    }
}

static bool kept(const struct revocation_memory *memory, const char *url, int64_t now, int64_t max_age_s)
{
    AUTO(buf_clear) struct buf list = BUF(LISTS_KEPT_BYTES);

    return revocation_list_kept(memory, url, now, max_age_s, &list) && strcmp(buf_text(&list), url) == 0;
}

/* Gives every list the age that its number says, so that the order of writing is known. */
static void set_time(const char *dir, const char *name, time_t when)
{
    AUTO(free) char *path = file_join(dir, name);
    struct utimbuf times = { when, when };

    REQUIRE(utime(path, &times) == 0, "%s", path);
}

TEST(lists_from_run_to_run)
{
    AUTO(free) char *dir = test_path("lists");
    AUTO(revocation_memory_free) struct revocation_memory *memory = run_at(dir, NOW);
    AUTO(list_clear) struct list names = { 0 };
    AUTO(free) char *large = xcalloc(LISTS_KEPT_BYTES + 2, 1);
    struct error err = { 0 };

    for (int i = 0; i < LISTS_KEPT + 5; i++) {
        AUTO(free) char *url = xprintf(HOST "/%d.crl", i);
        AUTO(list_clear) struct list before = { 0 };

        REQUIRE(file_list_dir(dir, &before, &err), "%s", err.why);
        revocation_keep_list(memory, url, view_of(url));
        REQUIRE(file_list_dir(dir, &names, &err), "%s", err.why);
        for (size_t k = 0; k < names.len; k++)
            if (!list_has(&before, names.at[k]))
                set_time(dir, names.at[k], NOW - 10000 + i);
    }
    CHECK_INT(names.len, LISTS_KEPT, "files");
    CHECK(!kept(memory, HOST "/4.crl", NOW, INT64_MAX), "the oldest went");
    CHECK(kept(memory, HOST "/5.crl", NOW, INT64_MAX), "the others stay");
    CHECK(kept(memory, HOST "/36.crl", NOW, 10000), "young enough");
    CHECK(!kept(memory, HOST "/36.crl", NOW, 9000), "too old");
    CHECK(!kept(memory, HOST "/36.crl", NOW - 20000, INT64_MAX), "by a clock that was ahead");
    CHECK(!kept(memory, HOST "/none.crl", NOW, INT64_MAX), "never seen");
    memset(large, 'x', LISTS_KEPT_BYTES + 1);
    revocation_keep_list(memory, HOST "/large.crl", view_of(large));
    REQUIRE(file_list_dir(dir, &names, &err), "%s", err.why);
    CHECK(names.len == LISTS_KEPT && kept(memory, HOST "/5.crl", NOW, INT64_MAX), "a large one is not kept");
}

/* Where nothing can be kept the run goes on. */
TEST(without_a_directory)
{
    AUTO(revocation_memory_free) struct revocation_memory *without = revocation_memory_new();
    AUTO(revocation_memory_free) struct revocation_memory *nowhere = run_at("/proc/nothing/here", NOW);
    struct revocation_memory *const both[] = { without, nowhere };

    for (size_t i = 0; i < COUNT(both); i++) {
        revocation_keep_list(both[i], HOST "/1.crl", view_of("x"));
        CHECK(!kept(both[i], HOST "/1.crl", NOW, INT64_MAX), "list");
        revocation_note_silence(both[i], HOST, 0, 3000, NOW);
        CHECK(!revocation_may_ask(both[i], HOST), "silent");
    }
}

TEST_MAIN()
