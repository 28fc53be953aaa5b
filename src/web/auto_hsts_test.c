#include "base/test.h"

#include "web/auto_hsts.h"

#define HOUR 3600

TEST(steps)
{
    static const struct {
        const char *name;
        int64_t step, at, now;
        bool renewed;
        enum auto_hsts_next want;
    } cases[] = {
        { "too early", 0, 1000, 1000 + 47 * HOUR, true, HSTS_WAIT },
        { "time", 0, 1000, 1000 + 48 * HOUR, false, HSTS_GROW },
        { "the last one", 5, 1000, 1000 + 50 * HOUR, false, HSTS_GROW },
        { "after the last one", 6, 1000, 1000 + 500 * HOUR, false, HSTS_WAIT },
        { "after the last one, renewed", 6, 1000, 1001, true, HSTS_MAKE_PERMANENT },
        { "a clock that went back a little", 2, 1000 + HOUR, 1000, false, HSTS_WAIT },
        { "a clock that went back far", 2, 1000 + 900 * HOUR, 1000, false, HSTS_GROW },
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct auto_hsts hsts = { NULL, cases[i].step, cases[i].at };

        CHECK_INT(auto_hsts_next(&hsts, cases[i].now, cases[i].renewed), cases[i].want, cases[i].name);
    }
    CHECK_INT(auto_hsts_age(0), 60, "first");
    CHECK_INT(auto_hsts_age(6), 86400, "last");
    CHECK_INT(auto_hsts_age(7), 31536000, "permanent");
}

/* What the file is before, the state that is read, and the file after one more host. */
static const struct {
    const char *name, *before, *read, *after;
} files[] = {
    { "none", NULL, "", "{\"apache\":{\"autohsts\":{\"new\":{\"laststep\":0,\"timestamp\":7}}}}" },
    { "empty", "\n", "", "{\"apache\":{\"autohsts\":{\"new\":{\"laststep\":0,\"timestamp\":7}}}}" },
    { "Certbot's, and others'",
        "{\"nginx\": {\"x\": [1.5, null]}, \"apache\": {\"y\": true, \"autohsts\": {\"ab\": {\"laststep\": 3, "
        "\"timestamp\": 1700000000.25}}}}",
        "ab 3 1700000000\n",
        "{\"nginx\":{\"x\":[1.5,null]},\"apache\":{\"y\":true,\"autohsts\":{\"ab\":{\"laststep\":3,\"timestamp\":"
        "1700000000},\"new\":{\"laststep\":0,\"timestamp\":7}}}}" },
};

TEST(state_in_its_file)
{
    AUTO(free) char *path = test_path(".pluginstorage.json");

    for (size_t i = 0; i < COUNT(files); i++) {
        AUTO(auto_hsts_clear) struct auto_hsts_state state = { 0 };
        AUTO(buf_clear) struct buf read = BUF(65536), after = BUF(65536);
        struct error err = { 0 };

        REQUIRE(file_remove(path, &err), "%s", err.why);
        if (files[i].before != NULL)
            REQUIRE(file_create(path, view_of(files[i].before), FILE_PRIVATE, &err), "%s", err.why);
        CHECK(auto_hsts_read(test_dir(), &state, &err), "%s: %s", files[i].name, err.why);
        for (size_t j = 0; j < state.count; j++)
            buf_putf(&read, "%s %" PRId64 " %" PRId64 "\n", state.at[j].id, state.at[j].step, state.at[j].at);
        CHECK_TEXT(buf_text(&read), files[i].read, files[i].name);
        auto_hsts_add(&state, "new", 0, 7);
        CHECK(auto_hsts_write(test_dir(), &state, &err), "%s: %s", files[i].name, err.why);
        REQUIRE(file_read(path, &after, &err), "%s", err.why);
        CHECK_TEXT(buf_text(&after), files[i].after, files[i].name);
    }
}

TEST(broken_state)
{
    AUTO(free) char *path = test_path(".pluginstorage.json");
    AUTO(auto_hsts_clear) struct auto_hsts_state state = { 0 };
    struct error err = { 0 };

    REQUIRE(file_create(path, view_of("{"), FILE_PRIVATE, &err), "%s", err.why);
    CHECK(!auto_hsts_read(test_dir(), &state, &err), "read");
    CHECK_INT(err.kind, ERROR_STORE, "kind");
    CHECK(!auto_hsts_write(test_dir(), &state, &err), "nothing of it is lost");
}

TEST_MAIN()
