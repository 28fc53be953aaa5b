/* Tests what is remembered of looks into the logs. */
#include "outlook/ct_record.h"

#include "base/test_files.h"

#define DAY 86400
#define NOW 1800000000

static struct logged logged_of(int64_t id, const char *serial, const char *issuer, const char *name, int64_t end)
{
    struct logged logged = { .id = id,
        .serial = xstrdup(serial),
        .issuer = xstrdup(issuer),
        .issuer_cn = xstrdup(""),
        .not_before = NOW - DAY,
        .not_after = end,
        .count = 1 };

    list_add(&logged.names, name);
    return logged;
}

static struct found *add(struct ct_record *record, int64_t id, const char *serial, const char *issuer, const char *name)
{
    AUTO(logged_clear) struct logged logged = logged_of(id, serial, issuer, name, NOW + 9 * DAY);

    return ct_record_add_found(record, &logged, NOW);
}

TEST(what_is_written_is_read)
{
    AUTO(ct_record_clear) struct ct_record record = { 0 }, again = { 0 };
    AUTO(buf_clear) struct buf text = BUF(RECORD_MAX);
    struct found *found;

    ct_record_note_look(&record, "b.example", NOW - 5);
    ct_record_note_look(&record, "a.example", NOW - 7);
    ct_record_note_look(&record, "b.example", NOW - 3);
    ct_record_add_own(&record, "4ab", "R11", NOW + DAY);
    ct_record_add_own(&record, "4ab", "R11", NOW + DAY);
    ct_record_add_own(&record, "4ab", "R12", NOW + DAY);
    ct_record_settle(&record);
    found = add(&record, 14, "9", "C=US, CN=\"X, Inc.\"\tand\nmore", "a.example");
    REQUIRE(found != NULL, "found");
    found->acknowledged = NOW;
    found->by = xstrdup("root");
    found->note = xstrdup("ours\nlong ago\t");
    REQUIRE(add(&record, 15, "a", "CN=Y", "*.a.example") != NULL, "second");
    ct_record_format(&record, &text);
    ct_record_parse(buf_view(&text), &again);
    CHECK_INT(again.looked_len, 2, "lookups");
    CHECK_INT(ct_record_looked_at(&again, "b.example"), NOW - 3, "the last look");
    CHECK_INT(ct_record_looked_at(&again, "c.example"), 0, "never");
    CHECK_INT(again.own_len, 2, "own ones, each once");
    CHECK(ct_record_has_own(&again, "4ab", "R12") && !ct_record_has_own(&again, "4ab", "R13"), "by serial and issuer");
    REQUIRE(again.found_len == 2, "%zu", again.found_len);
    CHECK_TEXT(again.found[0].issuer, "C=US, CN=\"X, Inc.\" and more", "on one line");
    CHECK_TEXT(again.found[0].note, "ours long ago ", "so is the note");
    CHECK(again.found[0].acknowledged == NOW && again.found[1].acknowledged == 0, "who is known");
    CHECK_TEXT(again.found[1].names.at[0], "*.a.example", "name");
    CHECK(again.found[1].not_after == NOW + 9 * DAY && again.found[1].seen == NOW, "times");
    CHECK(record.found[0].is_new && !again.found[0].is_new, "new ones are those of this run");
}

TEST(lines_that_cannot_be_read)
{
    static const char *const lines[] = { "", "looked", "looked\tsoon\ta", "looked\t-\t", "looked\t-\ta\tb",
        "own\t-\tab", "own\t-\t0ab\tR", "own\t-\tAB\tR", "own\tx\tab\tR", "found\t1\tab\t-\t-\t-\tR",
        "found\t0\tab\t-\t-\t-\tR\ta", "found\t-1\tab\t-\t-\t-\tR\ta", "found\t1\tab\t-\tx\t-\tR\ta",
        "found\t1\tab\t-\t-\t-\tR\ta\tb", "acknowledged\t1\t2026-11-20T10:00:00Z\tme\t", "unknown\tx" };

    for (size_t i = 0; i < COUNT(lines); i++) {
        AUTO(ct_record_clear) struct ct_record record = { 0 };
        AUTO(free) char *text = xprintf("%s\nlooked\t2026-11-20T10:00:00Z\tgood.example\n", lines[i]);

        ct_record_parse(view_of(text), &record);
        CHECK(record.looked_len == 1 && record.own_len == 0 &&
                  (record.found_len == 0 || strstr(lines[i], "a\tb") != NULL),
            "%s", lines[i]);
    }
}

TEST(one_certificate_is_found_once)
{
    AUTO(ct_record_clear) struct ct_record record = { 0 };
    struct found *first = add(&record, 14, "9", "CN=X", "a.example");

    CHECK(add(&record, 15, "9", "CN=X", "b.example") == first, "the certificate of a precertificate");
    CHECK_INT(first->id, 14, "the ID that was told first");
    CHECK_INT(first->names.len, 2, "names of both");
    CHECK(add(&record, 16, "9", "CN=Z", "a.example") != first, "the same number of another issuer");
    CHECK(ct_record_find(&record, 16) != NULL && ct_record_find(&record, 15) == NULL, "by ID");
}

TEST(there_is_a_bound)
{
    AUTO(ct_record_clear) struct ct_record record = { 0 };
    struct found *last = NULL;

    for (int i = 0; i <= RECORD_FOUND_MAX; i++) {
        AUTO(free) char *serial = xprintf("%x", i + 1);

        last = add(&record, i + 1, serial, "CN=X", "a.example");
    }
    CHECK(last == NULL, "no more");
    CHECK_INT(record.left_out, 1, "counted");
}

static bool is_known(void *ctx, const struct found *found)
{
    return strcmp(found->serial, ctx) == 0;
}

TEST(what_is_forgotten)
{
    AUTO(ct_record_clear) struct ct_record record = { 0 };
    char forgotten[] = "b";
    AUTO(logged_clear) struct logged expired = logged_of(3, "c", "CN=X", "a.example", NOW);

    ct_record_add_own(&record, "1", "R", NOW);
    ct_record_add_own(&record, "2", "R", NOW + 1);
    ct_record_note_look(&record, "old", NOW - 11);
    ct_record_note_look(&record, "new", NOW - 10);
    REQUIRE(add(&record, 1, "a", "CN=X", "a.example") != NULL && add(&record, 2, "b", "CN=X", "a.example") != NULL &&
                ct_record_add_found(&record, &expired, NOW) != NULL,
        "added");
    ct_record_sweep(&record, NOW, 10, is_known, forgotten);
    CHECK(record.own_len == 1 && strcmp(record.own[0].serial, "2") == 0, "own ones that have expired");
    CHECK(record.looked_len == 1 && ct_record_looked_at(&record, "new") != 0, "lookups of long ago");
    CHECK(record.found_len == 1 && record.found[0].id == 1, "those that have expired, or are known by now");
}

TEST(the_file)
{
    AUTO(ct_record_clear) struct ct_record record = { 0 }, again = { 0 };
    AUTO(range_lock_release) struct range_lock *lock = NULL;
    struct error err = { 0 };

    REQUIRE(ct_record_load(at("."), &record, &err) && record.looked_len == 0, "not there: %s", err.why);
    REQUIRE(ct_record_lock(at("."), &lock, &err), "%s", err.why);
    ct_record_note_look(&record, "a.example", NOW);
    REQUIRE(ct_record_save(at("."), &record, &err) && ct_record_load(at("."), &again, &err), "%s", err.why);
    CHECK_INT(ct_record_looked_at(&again, "a.example"), NOW, "it is there");
    CHECK(mode_of(at("transparency/record.txt")) == 0600 && mode_of(at("transparency")) == 0700, "for its owner");
    REQUIRE(
        unlink(at("transparency/record.txt")) == 0 && mkdir(at("transparency/record.txt"), 0700) == 0, "a directory");
    CHECK(!ct_record_load(at("."), &again, &err) && err.kind == ERROR_STORE, "what cannot be read is no empty record");
}

TEST_MAIN()
