/* What a target was told, as lines of a file. */
#include "base/test.h"

#include "notify/memory.h"

static const char lines[] = "sent 2026-11-30T06:00:00Z\nsent 2026-12-01T06:00:00Z\n"
                            "failing 2026-11-30T06:00:00Z 2 cannot connect to x.example: refused\n"
                            "failed 2026-12-01T05:00:00Z\n"
                            "target told 2026-11-29T00:00:00Z 2026-12-01T06:00:00Z 0 2 /target/slack-1\n"
                            "renewal untold 2026-12-01T06:00:00Z - 0 1 a b.example\n"
                            "late told 2026-11-30T06:00:00Z 2026-12-01T06:00:00Z 3 4 b.example\n"
                            "delivery well 2026-11-30T06:00:00Z 2026-12-01T06:00:00Z 0 4 c.example\n";

TEST(reads_what_it_writes)
{
    AUTO(memory_clear) struct memory memory = { 0 }, again = { 0 };
    AUTO(buf_clear) struct buf text = BUF(MEMORY_MAX);

    memory_parse(view_of(lines), &memory);
    CHECK_INT((int)memory.len, 4, "entries");
    CHECK_INT((int)memory.sent_len, 2, "instants");
    CHECK_TEXT(memory.at[1].name, "a b.example", "a name with a blank");
    CHECK(memory.at[1].standing == STANDING_UNTOLD && memory.at[1].told == 0 && memory.at[1].runs == 1, "untold");
    CHECK(
        memory.at[2].trouble == TROUBLE_LATE && memory.at[2].level == 3 && memory.at[2].since == 1764482400 + 31536000,
        "%lld", (long long)memory.at[2].since);
    CHECK_TEXT(memory.failing.why, "cannot connect to x.example: refused", "why it takes none");
    memory_format(&memory, &text);
    CHECK_TEXT(buf_text(&text), lines, "as it was");
    again = memory_dup(&memory);
    buf_clear(&text);
    memory_format(&again, &text);
    CHECK_TEXT(buf_text(&text), lines, "a copy");
}

TEST(passes_over_what_it_cannot_read)
{
    static const char *const bad[] = { "", "renewal", "renewal told", "none told - - 0 1 a", "other told - - 0 1 a",
        "renewal gone - - 0 1 a", "renewal told yesterday - 0 1 a", "renewal told - - -1 1 a", "renewal told - - 0 x a",
        "renewal told - - 0 1", "renewal told - - 0 1 ", "sent yesterday", "failing - 1 x",
        "failing 2026-11-30T06:00:00Z 0 x", "failing 2026-11-30T06:00:00Z 1", "renewal told - - 0 9999999999 a" };

    for (size_t i = 0; i < COUNT(bad); i++) {
        AUTO(memory_clear) struct memory memory = { 0 };
        AUTO(free) char *text = xprintf("%s\nrenewal told - - 0 1 good\n", bad[i]);

        memory_parse(view_of(text), &memory);
        CHECK(memory.len == 1 && memory.sent_len == 0 && memory.failing.times == 0 &&
                  strcmp(memory.at[0].name, "good") == 0,
            "%s", bad[i]);
    }
}

TEST(is_in_order_and_has_each_name_once)
{
    AUTO(memory_clear) struct memory memory = { 0 };

    memory_parse(view_of("renewal told - - 0 1 b\nlate told - - 0 1 a\nlate told - - 0 1 b"), &memory);
    CHECK_INT((int)memory.len, 2, "two names");
    CHECK_TEXT(memory.at[0].name, "a", "order");
    CHECK_TEXT(memory.at[1].name, "b", "order");
}

TEST(an_attempt_that_failed_was_no_message)
{
    AUTO(memory_clear) struct memory memory = { 0 };

    memory_note_sent(&memory, 10);
    memory_note_result(&memory, 10, NULL);
    memory_note_sent(&memory, 20);
    memory_note_result(&memory, 20, "no way");
    memory_note_sent(&memory, 30);
    CHECK_INT((int)memory.sent_len, 2, "the one that may have been taken counts");
    memory_note_result(&memory, 30, "no way still");
    CHECK(memory.sent_len == 1 && memory.sent[0] == 10, "those that were not do not");
    CHECK(memory.failing.since == 20 && memory.failing.last == 30 && memory.failing.times == 2, "they are remembered");
    CHECK_TEXT(memory.failing.why, "no way still", "with the latest reason");
    memory_note_sent(&memory, 40);
    memory_note_result(&memory, 40, NULL);
    CHECK(memory.failing.times == 0 && memory.failing.last == 0 && memory.sent_len == 2, "until one is taken");
}

TEST(keeps_the_last_instants)
{
    AUTO(memory_clear) struct memory memory = { 0 };

    for (int64_t i = 1; i <= MEMORY_SENT + 3; i++)
        memory_note_sent(&memory, i);
    CHECK_INT((int)memory.sent_len, MEMORY_SENT, "so many");
    CHECK(memory.sent[0] == 4 && memory.sent[MEMORY_SENT - 1] == MEMORY_SENT + 3, "the oldest goes first");
}

TEST_MAIN()
