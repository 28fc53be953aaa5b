#include "lifecycle/choice.h"

#include "base/test.h"

static struct identifiers names(const char *text)
{
    struct view rest = view_of(text), part;
    AUTO(list_clear) struct list list = { 0 };

    while (*text != '\0' && view_cut(&rest, ' ', &part))
        list_add_view(&list, part);
    return identifiers_typed(&list);
}

TEST(the_lineage_that_fits_is_chosen)
{
    static const struct {
        const char *name, *wanted, *cert_name;
        bool duplicate;
        enum choice_kind want;
        size_t index;
    } cases[] = {
        { "exactly these names, in another order", "b a", NULL, false, CHOICE_SAME, 1 },
        { "the last of two equal ones", "z", NULL, false, CHOICE_SAME, 4 },
        { "the largest part of what is wanted", "a b c", NULL, false, CHOICE_EXPAND, 1 },
        { "a request for fewer names is a new certificate", "b", NULL, false, CHOICE_NEW, 0 },
        { "nothing in common", "q", NULL, false, CHOICE_NEW, 0 },
        { "an overlap is no part", "x q", NULL, false, CHOICE_NEW, 0 },
        { "duplicate makes a new one", "a b", NULL, true, CHOICE_NEW, 0 },
        { "named, same names", "a b", "two", false, CHOICE_SAME, 1 },
        { "named, no names", "", "two", false, CHOICE_SAME, 1 },
        { "named, other names", "a", "two", false, CHOICE_NEW_NAMES, 1 },
        { "named but unknown: the others do not count", "a b", "nine", false, CHOICE_NEW, 0 },
        { "named beats duplicate", "a b", "two", true, CHOICE_SAME, 1 },
    };
    static const char *const lineages[][2] = {
        { "one", "a" },
        { "two", "a b" },
        { "three", "x y" },
        { "four", "z" },
        { "five", "z" },
    };
    struct candidate candidates[COUNT(lineages)];

    for (size_t i = 0; i < COUNT(lineages); i++) {
        candidates[i] = (struct candidate){ lineages[i][0], names(lineages[i][1]) };
    }
    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(identifiers_clear) struct identifiers wanted = names(cases[i].wanted);
        struct choice got =
            choose_lineage(candidates, COUNT(candidates), &wanted, cases[i].cert_name, cases[i].duplicate);

        CHECK_INT(got.kind, cases[i].want, cases[i].name);
        CHECK_INT((int64_t)got.index, (int64_t)cases[i].index, cases[i].name);
    }
    for (size_t i = 0; i < COUNT(lineages); i++)
        identifiers_clear(&candidates[i].names);
}

TEST_MAIN()
