#include "base/identifier.h"

#include "base/test.h"

TEST(identifiers_of)
{
    char *dns_at[] = { (char[]){ "b.org" }, (char[]){ "a.org" } }, *ip_at[] = { (char[]){ "::1" } };
    const struct list dns = { dns_at, 2 }, ips = { ip_at, 1 };
    AUTO(identifiers_clear) struct identifiers all = identifiers_of(&dns, &ips);
    AUTO(identifiers_clear) struct identifiers none = identifiers_of(NULL, NULL);

    REQUIRE(all.len == 3, "%zu", all.len);
    CHECK_TEXT(all.at[0].value, "b.org", "order is kept");
    CHECK_TEXT(identifier_type_name(all.at[0].type), "dns", "first");
    CHECK_TEXT(all.at[2].value, "::1", "addresses come last");
    CHECK_TEXT(identifier_type_name(all.at[2].type), "ip", "last");
    CHECK_INT((int64_t)none.len, 0, "none");
}

static struct list words(const char *text)
{
    struct list list = { 0 };
    struct view rest = view_of(text), word;

    while (*text != '\0' && view_cut(&rest, ' ', &word))
        list_add_view(&list, word);
    return list;
}

TEST(types_are_found_again)
{
    static const struct {
        const char *names, *typed;
    } cases[] = {
        { "", "" },
        { "a.test", "dns:a.test" },
        { "192.0.2.1 a.test 2001:db8::1 *.a.test", "dns:a.test wild:*.a.test ip:192.0.2.1 ip:2001:db8::1" },
        { "1.2.3.4.test 1.2.3 1.2.3.400", "dns:1.2.3.4.test dns:1.2.3 dns:1.2.3.400" },
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(list_clear) struct list names = words(cases[i].names), again = { 0 };
        AUTO(identifiers_clear) struct identifiers read = identifiers_typed(&names);
        AUTO(buf_clear) struct buf typed = BUF(1000);

        for (size_t k = 0; k < read.len; k++)
            buf_putf(&typed, "%s%s:%s", k > 0 ? " " : "",
                identifier_is_wildcard(&read.at[k]) ? "wild" : identifier_type_name(read.at[k].type), read.at[k].value);
        CHECK_TEXT(buf_text(&typed), cases[i].typed, cases[i].names);
        identifiers_names(&read, &again);
        CHECK(list_same_set(&again, &names), "%s", cases[i].names);
    }
}

TEST(sets)
{
    static const struct {
        const char *part, *whole;
        bool is_part, is_same, has_first;
    } cases[] = {
        { "", "", true, true, false },
        { "", "a.test", true, false, false },
        { "a.test", "", false, false, false },
        { "a.test b.test", "b.test a.test a.test", true, true, true },
        { "::1", "a.test ::1", true, false, true },
        { "a.test 192.0.2.1", "a.test", false, false, true },
    };
    const struct identifier as_name = { IDENTIFIER_DNS, (char[]){ "192.0.2.1" } };

    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(list_clear) struct list part = words(cases[i].part), whole = words(cases[i].whole);
        AUTO(identifiers_clear)
        struct identifiers a = identifiers_typed(&part), b = identifiers_typed(&whole), copy = identifiers_dup(&b);

        CHECK_INT(identifiers_is_subset(&a, &b), cases[i].is_part, cases[i].part);
        CHECK_INT(identifiers_same_set(&a, &b), cases[i].is_same, cases[i].part);
        CHECK(copy.len == b.len && identifiers_same_set(&copy, &b), "%s", cases[i].whole);
        CHECK(!identifiers_has(&a, &as_name), "a name that reads like an address is another one");
        CHECK_INT(a.len > 0 && identifiers_has(&b, &a.at[0]), cases[i].has_first, cases[i].part);
    }
}

TEST(removing)
{
    AUTO(list_clear) struct list names = words("a b c"), left = { 0 };
    AUTO(identifiers_clear) struct identifiers all = identifiers_typed(&names);

    identifiers_remove(&all, 1);
    identifiers_remove(&all, 1);
    identifiers_names(&all, &left);
    CHECK(left.len == 1 && strcmp(left.at[0], "a") == 0);
    identifiers_remove(&all, 0);
    CHECK(all.len == 0);
}

TEST_MAIN()
