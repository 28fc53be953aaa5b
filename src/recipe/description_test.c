/* Each description that comes with the program is one; what is wrong in one is told with line and column. */
#include "recipe/description.h"

#include "base/test.h"

static bool write_text(const char *path, const char *text)
{
    struct error err = { 0 };

    return file_create(path, view_of(text), FILE_PUBLIC, &err);
}

TEST(all_that_come_with_the_program)
{
    AUTO(list_clear) struct list names = { 0 };
    struct error err = { 0 };

    REQUIRE(description_names(DESCRIBES_DNS, NULL, &names, &err), "%s", err.why);
    CHECK(names.len > 0, "found");
    for (size_t i = 0; i < names.len; i++) {
        const struct description *found = NULL;

        CHECK(description_find(DESCRIBES_DNS, NULL, names.at[i], &found, &err) && found != NULL, "%s: %s", names.at[i],
            err.why);
    }
}

#define GOOD                                                                                                           \
    "\"name\":\"x\",\"title\":\"X\",\"ttl\":60,\"wait\":10,\"keys\":{\"token\":{}},\n"                                 \
    "\"add\":{\"do\":\"PUT /{rel}\"},\n\"del\":{\"do\":\"DELETE /{rel}\"}"

TEST(what_is_wrong_is_told)
{
    static const struct {
        const char *text, *why;
    } rows[] = {
        { "{" GOOD "}", NULL },
        { "{" GOOD ",\"#why\":1}", NULL },
        { "{" GOOD ",\"adds\":1}", "line 3, column 37 (adds): there is no 'adds' here" },
        { "{" GOOD ",\"find\":{\"do\":\"GET /\",\n \"where\":{\"a\":1,\"b\":{}}}}",
            "line 4, column 21 (find.where.b): this must be a text" },
        { "{" GOOD ",\"headers\":{\"A\":\"{tokn}\"}}", "line 3, column 45 (headers.A): there is no variable 'tokn'" },
        { "{" GOOD ",\"headers\":{\"A\":\"{token|b65}\"}}", "there is no filter 'b65'" },
        { "{" GOOD ",\"headers\":{\"A\":\"{token\"}}", "a brace is not closed" },
        { "{" GOOD ",\"headers\":{\"A\":\"{ token}\"}}", "'{ token}' is no variable" },
        { "{" GOOD ",\"zone\":{\"do\":\"FETCH /\"}}", "this must be a method" },
        { "{" GOOD ",\"zone\":{}}", "'zone' needs 'do', 'of' or 'fixed'" },
        { "{" GOOD ",\"pause\":-1}", "this must be a number" },
        { "{" GOOD ",\"pause\":1.5}", "this must be a number" },
        { "{" GOOD ",\"plain\":\"yes\"}", "this must be true or false" },
        { "{" GOOD ",\"reply\":\"yaml\"}", "this must be one of json|xml|xmlrpc|form|lines|text" },
        { "{" GOOD ",\"ok\":[{\"path\":\"a\",\"is\":[{}]}]}", "(ok.0.is.0): this must be a text or a number" },
        { "{" GOOD ",\"finish\":{\"do\":\"PUT /\",\"json\":{},\"text\":\"\"}}", "a step has one body" },
        { "{" GOOD ",\"edit\":{}}", "'edit' needs 'read', 'entry' and 'write'" },
        { "{" GOOD ",\"edit\":{\"read\":{\"do\":\"GET /\"},\"entry\":1,\"write\":{},\"whole\":true,\"blind\":{}}}",
            "'blind' is for sets of one name" },
        { "{\"name\":\"x\",\"title\":\"X\",\"ttl\":60,\"wait\":10}", "either 'edit' or both 'add' and 'del'" },
        { "{\"name\":\"x\",\"title\":\"X\",\"ttl\":60}", "'wait' is missing" },
        { "{\"name\":\"../x\",\"title\":\"X\",\"ttl\":60,\"wait\":10}", "the name must be of lower case letters" },
        { "[]", "this must be an object" },
        { "{", "is not valid JSON" },
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        AUTO(free) char *name = xprintf("%zu.json", i), *path = test_path(name);
        AUTO(description_free) struct description *description = NULL;
        struct error err = { 0 };
        bool ok;

        REQUIRE(write_text(path, rows[i].text), "write");
        ok = description_read(DESCRIBES_DNS, path, &description, &err);
        CHECK(ok == (rows[i].why == NULL), "row %zu: %s", i, err.why);
        CHECK(rows[i].why == NULL || strstr(err.why, rows[i].why) != NULL, "row %zu: %s", i, err.why);
    }
}

#define LONG_NAME "a2345678901234567890123456789012345678901"

/* The administrator's wins, and is not used when others may write it. */
TEST(those_of_the_administrator)
{
    AUTO(free) char *dir = test_path("dns-providers"), *path = file_join(dir, "x.json");
    AUTO(free) char *other = file_join(dir, "linode.json"), *long_path = file_join(dir, LONG_NAME ".json");
    AUTO(list_clear) struct list names = { 0 };
    const struct description *found = NULL;
    struct error err = { 0 };

    REQUIRE(file_mkdirs(dir, 0755, &err), "%s", err.why);
    REQUIRE(write_text(path, "{" GOOD "}") && write_text(other, "{" GOOD "}"), "write");
    REQUIRE(description_find(DESCRIBES_DNS, test_dir(), "x", &found, &err), "%s", err.why);
    REQUIRE(found != NULL && found->overrides, "found");
    CHECK_INT(found->wait_s, 10, "wait");
    CHECK(description_exists(DESCRIBES_DNS, test_dir(), "x") && !description_exists(DESCRIBES_DNS, NULL, "x"),
        "only there");
    CHECK(description_find(DESCRIBES_DNS, NULL, "x", &found, &err) && found == NULL, "not built in");
    CHECK(description_find(DESCRIBES_DNS, test_dir(), "../dns-providers/x", &found, &err) && found == NULL, "no path");
    REQUIRE(write_text(long_path, "{" GOOD "}"), "write");
    CHECK(!description_exists(DESCRIBES_DNS, test_dir(), LONG_NAME), "a name that is too long");
    CHECK(!description_find(DESCRIBES_DNS, test_dir(), "linode", &found, &err), "another name");
    CHECK(strstr(err.why, "describes 'x'") != NULL, "%s", err.why);
    CHECK(description_names(DESCRIBES_DNS, test_dir(), &names, &err) && list_has(&names, "x"), "listed");
    REQUIRE(file_remove(path, &err) && write_text(path, "{" GOOD "}") && chmod(path, 0666) == 0, "writable");
    CHECK(description_find(DESCRIBES_DNS, test_dir(), "x", &found, &err), "read once in a run");
    REQUIRE(rename(path, other) == 0, "rename");
    REQUIRE(chmod(other, 0666) == 0, "chmod");
}

TEST_MAIN()
