/* Which item of a list is the one that is looked for. Predicates over replies are in reply_test.c. */
#include "tree/predicate.h"

#include "base/test.h"
#include "base/text.h"

static const char item[] =
    "{\"type\":\"TXT\",\"Name\":\"_Acme-Challenge.Example.org.\",\"value\":\"\\\"Ab-1\\\"\",\"n\":7,"
    "\"list\":[{\"v\":\"one\"},{\"v\":\"two\"}],\"off\":false}";

static const struct {
    const char *where;
    int fits; /* -1: it does not expand */
} rows[] = {
    { "{}", 1 },
    { "{\"type\":\"TXT\"}", 1 },
    { "{\"type\":\"txt\"}", 1 },
    { "{\"type\":\"A\"}", 0 },
    { "{\"type\":[\"A\",\"TXT\"]}", 1 },
    { "{\"type\":[\"A\",\"MX\"]}", 0 },
    { "{\"type\":[]}", 0 },
    { "{\"Name\":\"{fqdn}\"}", 1 },
    { "{\"Name\":\"{fqdn}.\"}", 1 },
    { "{\"Name\":\"x{fqdn}\"}", 0 },
    { "{\"value\":\"{value}\"}", 1 },
    { "{\"value\":\"{value|quote}\"}", 1 },
    { "{\"value\":\"{other}\"}", 0 },
    { "{\"value\":\"{value|lower}\"}", 0 }, /* values keep their case */
    { "{\"value\":\"ab-1\"}", 1 },          /* what is no value does not */
    { "{\"n\":\"{n}\"}", 1 },
    { "{\"n\":7}", 1 },
    { "{\"n\":8}", 0 },
    { "{\"off\":\"false\"}", 1 },
    { "{\"list.*.v\":\"one\"}", 1 },
    { "{\"list.1.v\":\"one\"}", 0 },
    { "{\"missing\":\"\"}", 1 },
    { "{\"missing\":\"x\"}", 0 },
    { "{\"list\":\"one\"}", 0 },
    { "{\"type\":\"TXT\",\"n\":8}", 0 },
    { "{\"type\":\"A\",\"n\":\"{unknown}\"}", 0 }, /* the first that does not fit is enough */
    { "{\"type\":\"TXT\",\"n\":\"{unknown}\"}", -1 },
    { "{\"type\":[\"A\",\"{unknown}\"]}", -1 },
};

TEST(items)
{
    AUTO(vars_clear) struct vars vars = { 0 };
    AUTO(value_clear) struct value value = { 0 };
    struct error err = { 0 };
    bool fits = false;

    vars_set_text(&vars, "fqdn", "_acme-challenge.example.org");
    vars_set_text(&vars, "value", "Ab-1");
    vars_set_text(&vars, "other", "ab-1x");
    vars_set_number(&vars, "n", 7);
    REQUIRE(value_read_json(view_of(item), "item", &value, &err), "%s", err.why);
    for (size_t i = 0; i < COUNT(rows); i++) {
        AUTO(value_clear) struct value where = { 0 };
        struct error why = { 0 };
        bool ok;

        REQUIRE(value_read_json(view_of(rows[i].where), "where", &where, &err), "%s", err.why);
        ok = item_fits(&where, &value, &vars, &fits, &why);
        CHECK(ok == (rows[i].fits >= 0), "%s: %s", rows[i].where, why.why);
        CHECK(!ok || fits == (rows[i].fits == 1), "%s: fits %d", rows[i].where, fits);
    }
    CHECK(item_fits(NULL, &value, &vars, &fits, &err) && fits, "nothing is wanted of it");
}

TEST_MAIN()
