/* When records have spread. Each address is a letter: A has all, L lacks, l lacks but has had a value, - says nothing,
 * all of a public address; small "a" and "p": has all and lacks at a private one. Servers are set apart by blanks. */
#include "dns/propagation_rule.h"

#include "base/test.h"

static size_t read_looks(const char *text, struct look *looks)
{
    size_t count = 0, server = 0;

    for (; *text != '\0'; text++) {
        if (*text == ' ') {
            server++;
            continue;
        }
        looks[count++] = (struct look){
            .server = server,
            .state = strchr("Aa", *text) != NULL    ? LOOK_HAS_ALL
                     : strchr("Llp", *text) != NULL ? LOOK_LACKS
                     : *text == '-'                 ? LOOK_USELESS
                                                    : LOOK_NOT_YET,
            .is_public = strchr("ALl", *text) != NULL,
            .some = strchr("Aal", *text) != NULL,
        };
    }
    return count;
}

TEST(verdicts)
{
    static const struct patience patience = { .limit = 600000, .grace = 15000, .private = 60000 };
    static const struct {
        const char *looks;
        int64_t elapsed_ms;
        enum verdict want;
    } cases[] = {
        { "A", 0, VERDICT_THERE },
        { "AA A", 0, VERDICT_THERE },
        { "A L", 0, VERDICT_WAIT },
        { "A L", 599999, VERDICT_WAIT },
        { "A L", 600000, VERDICT_BEHIND },
        { "AL A", 600000, VERDICT_BEHIND }, /* one address of a server */
        { "A l", 600000, VERDICT_BEHIND },
        { "L L", 600000, VERDICT_BEHIND },
        { "A- A", 0, VERDICT_THERE }, /* its other address has answered: no IPv6 here */
        { "A -", 0, VERDICT_WAIT },
        { "A -", 14999, VERDICT_WAIT },
        { "A -", 15000, VERDICT_THERE }, /* a dead server, whom the CA cannot ask, either */
        { "L -", 15000, VERDICT_WAIT },
        { "- -", 0, VERDICT_WAIT },
        { "- -", 15000, VERDICT_BLIND }, /* port 53 is closed */
        { "?? ?", 0, VERDICT_WAIT },
        { "", 0, VERDICT_BLIND },
        { "p p", 59999, VERDICT_WAIT },
        { "p p", 60000, VERDICT_ELSEWHERE }, /* split horizon */
        { "p a", 60000, VERDICT_WAIT },      /* a private network of one's own, one server is behind */
        { "p L", 60000, VERDICT_WAIT },
        { "p -", 60000, VERDICT_ELSEWHERE },
        { "a a", 0, VERDICT_THERE },
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct look looks[16];
        size_t count = read_looks(cases[i].looks, looks);
        enum verdict got = propagation_decide(looks, count, cases[i].elapsed_ms, &patience);

        CHECK(got == cases[i].want, "\"%s\" after %d ms: got %d, not %d", cases[i].looks, (int)cases[i].elapsed_ms,
            (int)got, (int)cases[i].want);
    }
}

TEST(a_short_limit_ends_all_of_it)
{
    static const struct patience patience = { .limit = 0, .grace = 15000, .private = 60000 };
    static const struct {
        const char *looks;
        enum verdict want;
    } cases[] = { { "A L", VERDICT_BEHIND }, { "A -", VERDICT_THERE }, { "- -", VERDICT_BLIND },
        { "A", VERDICT_THERE } };

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct look looks[16];
        size_t count = read_looks(cases[i].looks, looks);

        CHECK_INT(propagation_decide(looks, count, 0, &patience), cases[i].want, cases[i].looks);
    }
}

TEST(pauses_grow)
{
    for (unsigned i = 0; i < 20; i++)
        CHECK(propagation_pause_ms(i) >= 1000 && propagation_pause_ms(i) <= propagation_pause_ms(i + 1), "%u", i);
    CHECK_INT(propagation_pause_ms(1000), 10000, "the last");
}

TEST_MAIN()
