/* Values: paths, comparisons, changes, and JSON both ways. */
#include "tree/value.h"

#include "base/test.h"
#include "base/text.h"

static struct value value_from(const char *json)
{
    struct value value = { 0 };
    struct error err = { 0 };

    REQUIRE(value_read_json(view_of(json), "json", &value, &err), "%s", err.why);
    return value;
}

/* What it is in JSON; of the caller's. "(none)" for NULL. */
static char *shown(const struct value *value)
{
    AUTO(buf_clear) struct buf text = BUF(65536);

    if (value == NULL)
        return xstrdup("(none)");
    value_put_json(value, &text);
    return buf_take(&text);
}

TEST(paths)
{
    static const char json[] = "{\"a\":{\"b\":[{\"n\":\"x\",\"v\":1},{\"n\":\"y\",\"v\":2,\"w\":3},{\"n\":\"z\"}]},"
                               "\"one\":{\"c\":\"d\"},\"0\":\"zero\",\"e\":[],\"null\":null,\"t\":\"text\","
                               "\"m\":[[1,2],[3]]}";
    static const struct {
        const char *path, *found;
    } rows[] = {
        { "t", "\"text\"" },
        { "a.b.0.n", "\"x\"" },
        { "a.b.2.n", "\"z\"" },
        { "a.b.3", "(none)" },
        { "a.b.3.n", "(none)" },
        { "a.b.-1.n", "\"z\"" },
        { "a.b.-2", "(none)" },
        { "a.b.*.w", "3" },
        { "a.b.*w.n", "\"y\"" },
        { "a.b.*q.n", "(none)" },
        { "a.b.*.q", "(none)" },
        { "a.b.n", "(none)" },
        { "*.b.0.v", "1" },
        { "one.0.c", "\"d\"" },
        { "one.-1.c", "\"d\"" },
        { "one.1.c", "(none)" },
        { "0", "\"zero\"" },
        { "e", "[]" },
        { "e.0", "(none)" },
        { "e.-1", "(none)" },
        { "null", "(none)" },
        { "nothing", "(none)" },
        { "t.x", "(none)" },
        { "t.0", "\"text\"" },
        { "t.*", "(none)" },
        { "m.0.1", "2" },
        { "m.-1.-1", "3" },
        { "m.01.0", "3" },
        { "m.x", "(none)" },
        { "m.4294967296", "(none)" },
    };
    AUTO(value_clear) struct value value = value_from(json);

    for (size_t i = 0; i < COUNT(rows); i++) {
        AUTO(free) char *found = shown(value_walk(&value, rows[i].path));

        CHECK_TEXT(found, rows[i].found, rows[i].path);
    }
    CHECK(value_walk(&value, "") == &value && value_walk(&value, ".") == &value, "itself");
    CHECK(value_walk(NULL, "a") == NULL, "of nothing");
    CHECK(value_walk_to(&value, "one.c") == value_member(value_member(&value, "one"), "c"), "a place");
}

TEST(what_values_say)
{
    static const struct {
        const char *json, *text; /* text NULL: it has none */
        bool is_set, truth, is_number;
        int64_t number;
    } rows[] = {
        { "null", NULL, false, false, false, 0 },
        { "true", "true", true, true, false, 0 },
        { "false", "false", true, false, false, 0 },
        { "0", "0", true, false, true, 0 },
        { "-7", "-7", true, true, true, -7 },
        { "1.5", "1.5", true, true, false, 0 },
        { "9223372036854775807", "9223372036854775807", true, true, true, INT64_MAX },
        { "\"9223372036854775808\"", "9223372036854775808", true, true, false, 0 },
        { "\"\"", "", false, false, false, 0 },
        { "\"0\"", "0", true, false, true, 0 },
        { "\"No\"", "No", true, false, false, 0 },
        { "\"FALSE\"", "FALSE", true, false, false, 0 },
        { "\"yes\"", "yes", true, true, false, 0 },
        { "\"-\"", "-", true, true, false, 0 },
        { "\"--1\"", "--1", true, true, false, 0 },
        { "\" 1\"", " 1", true, true, false, 0 },
        { "[]", NULL, true, true, false, 0 },
        { "{}", NULL, true, true, false, 0 },
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        AUTO(value_clear) struct value value = value_from(rows[i].json);
        int64_t number = 0;

        CHECK_TEXT(value_text(&value), rows[i].text, rows[i].json);
        CHECK(value_is_set(&value) == rows[i].is_set, "%s: set", rows[i].json);
        CHECK(value_truth(&value) == rows[i].truth, "%s: truth", rows[i].json);
        CHECK(
            value_number(&value, &number) == rows[i].is_number && number == rows[i].number, "%s: number", rows[i].json);
        CHECK(value_is_list(&value) == (rows[i].json[0] == '['), "%s: list", rows[i].json);
        CHECK(value_is_object(&value) == (rows[i].json[0] == '{'), "%s: object", rows[i].json);
    }
    CHECK(value_text(NULL) == NULL && !value_is_set(NULL) && !value_truth(NULL), "nothing");
    CHECK(!value_is_list(NULL) && !value_is_object(NULL) && !value_number(NULL, &(int64_t){ 0 }), "nothing");
}

TEST(equal_values)
{
    static const struct {
        const char *a, *b;
        bool equal;
    } rows[] = {
        { "1", "1", true },
        { "1", "\"1\"", false },
        { "1", "2", false },
        { "null", "null", true },
        { "null", "false", false },
        { "[1,2]", "[1,2]", true },
        { "[1,2]", "[2,1]", false },
        { "[1,2]", "[1]", false },
        { "{\"a\":1,\"b\":[2]}", "{\"b\":[2],\"a\":1}", true },
        { "{\"a\":1,\"b\":[2]}", "{\"b\":[3],\"a\":1}", false },
        { "{\"a\":1}", "{\"b\":1}", false },
        { "{\"a\":1}", "{\"a\":1,\"b\":1}", false },
        { "{}", "[]", false },
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        AUTO(value_clear) struct value a = value_from(rows[i].a), b = value_from(rows[i].b);

        CHECK(value_equal(&a, &b) == rows[i].equal && value_equal(&b, &a) == rows[i].equal, "%s and %s", rows[i].a,
            rows[i].b);
    }
}

TEST(changes)
{
    AUTO(value_clear) struct value value = value_from("{\"a\":[1,{\"b\":\"c\"},3],\"n\":null}");
    AUTO(free) char *text = NULL, *copied = NULL;
    struct value *list = value_walk_to(&value, "a");

    CHECK(value_member(&value, "n") == NULL, "null is none");
    value_set_number(value_member_for(&value, "n"), -5);
    CHECK_INT((int64_t)value.len, 2, "the member that there was");
    value_set_bool(value_member_for(&value, "yes"), true);
    list = value_walk_to(&value, "a");
    value_remove(list, 0);
    value_copy(value_add(list), &list->at[0]); /* a part of itself */
    value_set_text(value_walk_to(list, "0.b"), view_of("changed"));
    text = shown(&value);
    CHECK_TEXT(text, "{\"a\":[{\"b\":\"changed\"},3,{\"b\":\"c\"}],\"n\":-5,\"yes\":true}", "changed");
    value_copy(&value, value_walk(&value, "a.0"));
    copied = shown(&value);
    CHECK_TEXT(copied, "{\"b\":\"changed\"}", "a part takes the place of the whole");
    value_set_object(value_walk_to(&value, "b"));
    CHECK(value.at[0].key != NULL && value_is_object(&value.at[0]), "the key stays");
    value_set_list(&value);
    CHECK(value_is_list(&value) && value.len == 0, "empty");
}

TEST(members_of_others)
{
    AUTO(value_clear) struct value list = value_from("[{\"a\":1}]");

    CHECK(value_member(&list, "a") == NULL && value_member(NULL, "a") == NULL, "none");
    CHECK_TEXT(value_member_text(&list.at[0], "a"), "1", "of the element");
    CHECK_TEXT(value_member_text(&list.at[0], "b"), NULL, "no such");
}

TEST(json)
{
    static const struct {
        const char *text, *again; /* NULL: it cannot be read */
    } rows[] = {
        { " { \"a\" : [ 1 , -2 ] } ", "{\"a\":[1,-2]}" },
        { "{\"a\":[1,true,false,null,\"\\u00e9\\n\\\"\"]}", "{\"a\":[1,true,false,null,\"\xc3\xa9\\n\\\"\"]}" },
        { "12345678901234567", "12345678901234567" },
        { "{\"a\":1,\"a\":2}", "{\"a\":2}" },
        { "18446744073709551616", NULL }, /* more than any id */
        { "{\"a\":1} x", NULL },
        { "", NULL },
        { "[1,]", NULL },
        { "\"a\\u0000b\"", NULL },
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        AUTO(value_clear) struct value value = { 0 };
        AUTO(free) char *again = NULL;
        struct error err = { 0 };
        bool ok = value_read_json(view_of(rows[i].text), "json", &value, &err);

        CHECK(ok == (rows[i].again != NULL), "%s: %s", rows[i].text, err.why);
        again = shown(&value);
        if (ok)
            CHECK_TEXT(again, rows[i].again, rows[i].text);
    }
}

TEST(numbers_keep_their_digits)
{
    AUTO(value_clear) struct value value = value_from("[1000000000000000000,-2.5,0]");

    CHECK(value.len == 3 && value.at[1].type == VALUE_NUMBER, "a number");
    CHECK_TEXT(value_text(&value.at[1]), "-2.5", "a fraction");
    CHECK_TEXT(value_text(&value.at[2]), "0", "nothing");
}

TEST_MAIN()
