/* Where values stand in a text: lines and columns for messages. */
#include "tree/place.h"

#include "base/test.h"

static const char text[] = "{\"a\": 1,\n"
                           " \"b\": [true, {\"c\\\"d\": \"x,y]}\"},\n"
                           "\t-1.5e3 ,null],\n"
                           "  \"e\":{\n"
                           "  },\n"
                           "\"f\":\"\"}\n";

TEST(places)
{
    static const struct {
        const char *path; /* with blanks between */
        unsigned line, column;
    } rows[] = {
        { "", 1, 1 },
        { "a", 1, 7 },
        { "b", 2, 7 },
        { "b 0", 2, 8 },
        { "b 1", 2, 14 },
        { "b 1 c\\\"d", 2, 23 },
        { "b 2", 3, 2 },
        { "b 3", 3, 10 },
        { "e", 4, 7 },
        { "f", 6, 5 },
        { "b 4", 0, 0 },
        { "b x", 0, 0 },
        { "g", 0, 0 },
        { "e g", 0, 0 },
        { "a 0", 0, 0 },
        { "f 0", 0, 0 },
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        AUTO(list_clear) struct list path = { 0 };
        struct view rest = view_of(rows[i].path), step;
        unsigned line = 0, column = 0;
        bool ok;

        while (rows[i].path[0] != '\0' && view_cut(&rest, ' ', &step))
            list_add_view(&path, step);
        ok = place_find(view_of(text), &path, &line, &column);
        CHECK(ok == (rows[i].line > 0), "%s", rows[i].path);
        CHECK(line == rows[i].line && column == rows[i].column, "%s: line %u, column %u", rows[i].path, line, column);
    }
}

/* It is asked of texts that were JSON before, and must end with those that are none. */
TEST(texts_that_are_none)
{
    static const char *const odd[] = { "", " ", "{", "{\"", "{\"a\"", "{\"a\":", "[", "[1", "[\"\\", "[[[", "{]", "}" };
    AUTO(list_clear) struct list path = { 0 };

    list_add(&path, "a");
    list_add(&path, "1");
    for (size_t i = 0; i < COUNT(odd); i++) {
        unsigned line, column;

        CHECK(!place_find(view_of(odd[i]), &path, &line, &column), "%s", odd[i]);
    }
}

TEST(paths_have_an_end)
{
    AUTO(list_clear) struct list path = { 0 };
    AUTO(buf_clear) struct buf deep = BUF(1000);
    unsigned line, column;

    for (int i = 0; i < 65; i++) {
        buf_put_char(&deep, '[');
        if (i < 64)
            list_add(&path, "0");
    }
    CHECK(place_find(buf_view(&deep), &path, &line, &column) && column == 65, "as deep as it goes");
    list_add(&path, "0");
    CHECK(!place_find(buf_view(&deep), &path, &line, &column), "deeper");
}

TEST_MAIN()
