#include "base/test.h"

#include "store/retention.h"

/* Days since some day; a version is "FROM-TO", with a letter behind it: l is live, p waits, c is a copy of one of them.
 * What is kept is what is in use, and those that the answer names by their place. */
static const struct {
    const char *name, *versions;
    size_t max;
    const char *kept; /* places of superseded ones */
} cases[] = {
    { "one", "0-90l", 3, "" },
    { "none", "", 3, "" },
    { "renewed once", "0-90 60-150l", 3, "0" },
    { "years of renewals", "0-90 60-150 120-210 180-270 240-330l", 3, "3" },
    { "all have expired before the newest began", "0-90 100-190 200-290 300-390l", 3, "2" },
    { "many in a short time", "0-90 0-90 1-91 1-91 2-92 2-92 3-93l", 3, "345" },
    { "many in a short time, one of them live", "0-90 0-90 1-91l 1-91 2-92 2-92", 3, "345" },
    { "staging mixed in: as long as any", "0-90 1-91 2-92 2-92l", 2, "12" },
    { "staging that lives six days mixed in", "0-90 1-7 2-8 30-120l", 3, "02" },
    { "short-lived ones only", "0-6 3-9 6-12 9-15l", 3, "2" },
    { "keep 1", "0-90 1-91 2-92 3-93l", 1, "2" },
    { "keep 1, and that one has expired", "0-1 1-2 9-99l", 1, "1" },
    { "keep more than there are", "0-90 1-91 2-92l", 100, "01" },
    { "equal dates", "0-90 0-90 0-90 0-90 0-90l", 2, "23" },
    { "ends as the newest begins", "0-90 10-90 90-180l", 3, "1" },
    { "ends a day later", "0-91 10-91 90-180l", 3, "01" },
    { "backdated: the newest began before an older one", "50-140 60-150 40-130l", 3, "01" },
    { "the newest is of the far future", "0-90 60-150 99999-100089l", 3, "1" },
    { "an old one is live again", "0-90l 60-150 120-210", 3, "12" },
    { "an old one is live, the rest superseded and expired", "0-900l 10-20 30-40 500-590", 3, "3" },
    { "one waits", "0-90 60-150l 120-210p", 3, "0" },
    { "one waits, and the oldest has expired", "0-90 10-150 60-150l 120-210p", 3, "1" },
    { "a copy of the live one is of no use", "0-90c 60-150 60-150l", 3, "1" },
    { "only a copy", "0-90c 0-90l", 3, "" },
    { "a copy does not count", "0-90 1-91c 2-92 3-93c 4-94l", 2, "02" },
};

/* The rule does not depend on the machine's clock: one that starts in 1970 decides as others do. / */
TEST(the_rule)
{
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct version_age ages[16] = { 0 };
        AUTO(buf_clear) struct buf kept = BUF(64);
        struct view rest = view_of(cases[i].versions), part;
        size_t len = 0;

        while (rest.len > 0 && view_cut(&rest, ' ', &part)) {
            AUTO(free) char *text = view_dup(part);
            char mark = '\0';

            REQUIRE(sscanf(text, "%" SCNd64 "-%" SCNd64 "%c", &ages[len].not_before, &ages[len].not_after, &mark) >= 2);
            ages[len].in_use = mark == 'l' || mark == 'p';
            ages[len].copy = mark == 'c';
            len++;
        }
        retention_decide(ages, len, cases[i].max);
        for (size_t k = 0; k < len; k++) {
            CHECK(!ages[k].in_use || ages[k].keep, "%s: what is in use goes", cases[i].name);
            if (ages[k].keep && !ages[k].in_use)
                buf_putf(&kept, "%zu", k);
        }
        CHECK_TEXT(buf_text(&kept), cases[i].kept, cases[i].name);
    }
}

/* A version without a readable certificate has no dates and is removed before those that have. */
TEST(no_certificate)
{
    struct version_age ages[] = {
        { .not_before = INT64_MIN, .not_after = INT64_MIN },
        { .not_before = 0, .not_after = 90 },
        { .not_before = 60, .not_after = 150, .in_use = true },
    };

    retention_decide(ages, COUNT(ages), 3);
    CHECK(!ages[0].keep && ages[1].keep && ages[2].keep);
}

TEST_MAIN()
