/* Tests which questions are asked about names, and which certificates concern them. */
#include "outlook/lookups.h"

#include "base/test.h"

#define NOW 1800000000
#define HOUR 3600

/* Words with blanks between them. */
static struct list words(const char *text)
{
    struct view rest = view_of(text), word;
    struct list list = { 0 };

    while (view_cut(&rest, ' ', &word))
        if (word.len > 0)
            list_add_view(&list, word);
    return list;
}

/* "a.example *.example=" of lookups; "=": exactly. */
static char *shown(const struct lookups *lookups)
{
    AUTO(buf_clear) struct buf text = BUF(65536);

    for (size_t i = 0; i < lookups->len; i++)
        buf_putf(&text, "%s%s%s", i > 0 ? " " : "", lookups->at[i].name, lookups->at[i].exact ? "=" : "");
    return buf_take(&text);
}

TEST(few_questions_for_many_names)
{
    static const char *const rows[][2] = {
        { "", "" },
        { "a.example", "a.example" },
        { "a.example a.example", "a.example" },
        { "a.example www.a.example mail.a.example", "a.example" },
        { "a.example x.y.a.example", "a.example" },
        { "*.a.example a.example", "a.example" },
        { "*.a.example", "a.example" },
        { "*.x.a.example", "x.a.example" },
        { "www.a.example", "*.a.example= www.a.example" },
        { "www.a.example mail.a.example", "*.a.example= mail.a.example www.a.example" },
        { "x.www.a.example www.a.example", "*.a.example= www.a.example" },
        { "x.y.a.example a.example", "a.example" },
        { "xa.example a.example", "a.example xa.example" },
        { "192.0.2.1 2001:db8::1 a.example", "192.0.2.1= 2001:db8::1= a.example" },
        { "localhost a.example", "a.example" },
    };
    struct ct_record record = { 0 };

    for (size_t i = 0; i < COUNT(rows); i++) {
        AUTO(list_clear) struct list names = words(rows[i][0]);
        AUTO(lookups_clear) struct lookups lookups = { 0 };
        AUTO(free) char *got = NULL;

        lookups_plan(&names, &record, NOW, HOUR, &lookups);
        got = shown(&lookups);
        CHECK_TEXT(got, rows[i][1], rows[i][0]);
        CHECK(lookups.all == lookups.len, "%s: all are due", rows[i][0]);
    }
}

TEST(those_that_have_waited_longest_come_first)
{
    AUTO(ct_record_clear) struct ct_record record = { 0 };
    AUTO(list_clear) struct list names = words("a.example b.example c.example d.example");
    AUTO(lookups_clear) struct lookups lookups = { 0 };
    AUTO(free) char *got = NULL;

    ct_record_note_look(&record, "a.example", NOW - HOUR);
    ct_record_note_look(&record, "b.example", NOW - 9 * HOUR);
    ct_record_note_look(&record, "c.example", NOW - HOUR + 1);
    lookups_plan(&names, &record, NOW, HOUR, &lookups);
    got = shown(&lookups);
    CHECK_TEXT(got, "d.example b.example a.example", "never, long ago, just due");
    CHECK_INT(lookups.all, 4, "one of them is not due");
}

TEST(urls)
{
    static const struct {
        const char *form, *name;
        bool exact;
        const char *want;
    } rows[] = {
        { "https://s/?q={name}&match={match}", "a.example", false, "https://s/?q=a.example&match=ILIKE" },
        { "https://s/?q={name}&match={match}", "*.a.example", true, "https://s/?q=%2A.a.example&match=%3D" },
        { "https://s/{name}/x{name}", "2001:db8::1", true, "https://s/2001%3Adb8%3A%3A1/x2001%3Adb8%3A%3A1" },
        { "https://s/{names}{", "a&b= c", true, "https://s/{names}{" },
        { "{name}", "a&b= c", true, "a%26b%3D%20c" },
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct lookup_name lookup = { (char *)rows[i].name, rows[i].exact, 0 };
        AUTO(free) char *got = lookup_url(rows[i].form, &lookup);

        CHECK_TEXT(got, rows[i].want, rows[i].form);
    }
}

TEST(what_concerns_our_names)
{
    static const struct {
        const char *ours, *theirs;
        bool concerns, below; /* without names below, and with them */
    } rows[] = {
        { "a.example", "a.example", true, true },
        { "A.Example", "a.example", true, true },
        { "a.example", "b.example", false, false },
        { "a.example", "b.example a.example", true, true },
        { "a.example", "xa.example", false, false },
        { "a.example", "a.example.com", false, false },
        { "a.example", "www.a.example", false, true },
        { "a.example", "*.a.example", false, true },
        { "a.example", "x.y.a.example", false, true },
        { "a.example", "*.example", true, true },
        { "www.a.example", "*.a.example", true, true },
        { "www.a.example", "*.www.a.example", false, true },
        { "www.a.example", "*.example", false, false },
        { "*.a.example", "*.a.example", true, true },
        { "*.a.example", "www.a.example", true, true },
        { "*.a.example", "a.example", false, false },
        { "*.a.example", "x.www.a.example", false, true },
        { "192.0.2.1", "192.0.2.1", true, true },
        { "192.0.2.1", "192.0.2.10", false, false },
        { "2001:db8::1", "2001:DB8:0:0:0:0:0:1", true, true },
        { "a.example", "", false, false },
        { "a.example", "example", false, false },
        { "a.example", "someone@a.example", false, false },
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        AUTO(list_clear) struct list ours = words(rows[i].ours), theirs = words(rows[i].theirs);
        AUTO(wanted_clear) struct wanted exactly = { 0 }, below = { 0 };

        wanted_set(&exactly, &ours, false);
        wanted_set(&below, &ours, true);
        CHECK(wanted_concerns(&exactly, &theirs) == rows[i].concerns, "%s: %s", rows[i].ours, rows[i].theirs);
        CHECK(wanted_concerns(&below, &theirs) == rows[i].below, "%s: %s, and below", rows[i].ours, rows[i].theirs);
    }
}

TEST_MAIN()
