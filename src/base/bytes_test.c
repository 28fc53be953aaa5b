#include "base/bytes.h"

#include "base/test.h"

TEST(view_to_number)
{
    static const struct {
        const char *name, *text;
        uint64_t min, max;
        bool ok;
        uint64_t number;
    } cases[] = {
        { "empty", "", 0, 10, false, 0 },
        { "sign", "+1", 0, 10, false, 0 },
        { "minus", "-1", 0, UINT64_MAX, false, 0 },
        { "blank in front", " 1", 0, 10, false, 0 },
        { "blank behind", "1 ", 0, 10, false, 0 },
        { "letter", "1a", 0, 100, false, 0 },
        { "hex", "0x10", 0, 100, false, 0 },
        { "one over 64 bits", "18446744073709551616", 0, UINT64_MAX, false, 0 },
        { "far over 64 bits", "99999999999999999999999999", 0, UINT64_MAX, false, 0 },
        { "above max", "11", 0, 10, false, 0 },
        { "below min", "1", 2, 10, false, 0 },
        { "largest", "18446744073709551615", 0, UINT64_MAX, true, UINT64_MAX },
        { "zeros in front", "0007", 0, 10, true, 7 },
        { "zero", "0", 0, 0, true, 0 },
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        uint64_t number = 12345;
        bool ok = view_to_number(view_of(cases[i].text), cases[i].min, cases[i].max, &number);

        CHECK(ok == cases[i].ok, "%s", cases[i].name);
        CHECK(number == (cases[i].ok ? cases[i].number : 12345), "%s: %" PRIu64, cases[i].name, number);
    }
}

TEST(view_cut)
{
    static const struct {
        const char *name, *text, *parts; /* joined by "|" */
    } cases[] = {
        { "empty", "", "|" },
        { "one", "a", "a|" },
        { "two", "a,b", "a|b|" },
        { "end", "a,", "a||" },
        { "front", ",a", "|a|" },
        { "only", ",", "||" },
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(buf_clear) struct buf seen = BUF(100);
        struct view rest = view_of(cases[i].text), part;

        while (view_cut(&rest, ',', &part)) {
            buf_put(&seen, part);
            buf_put_char(&seen, '|');
        }
        CHECK_TEXT(buf_text(&seen), cases[i].parts, cases[i].name);
        CHECK(rest.at == NULL, "%s: not used up", cases[i].name);
    }
}

TEST(view_compares_bytes)
{
    struct view with_nul = { "a\0b", 3 };

    CHECK(!view_is(with_nul, "a"), "NUL ended the comparison");
    CHECK(view_has(with_nul, '\0') && !view_has((struct view){ "a", 0 }, 'a'), "has");
    CHECK(view_is(view_of(NULL), "") && view_equal((struct view){ NULL, 0 }, view_of("")), "empty");
    CHECK(view_starts(view_of("abc"), "ab") && !view_starts(view_of("a"), "ab") && view_starts(view_of(""), ""));
    CHECK(view_is(view_trim(view_of(" \t\r\n a b \v\f")), "a b") && view_trim(view_of("  ")).len == 0, "trim");
}

TEST(buf_is_bounded)
{
    AUTO(buf_clear) struct buf buf = BUF(5);

    CHECK_TEXT(buf_text(&buf), "", "before anything");
    buf_put_text(&buf, "abc");
    buf_put_text(&buf, "def");
    CHECK(buf.failed, "six bytes went into five");
    buf_put_char(&buf, 'd');
    CHECK_TEXT(buf_text(&buf), "abc", "appends after a failure are ignored");
    CHECK(buf_room(&buf, 1) == NULL, "room after a failure");
    buf_clear(&buf);
    buf_put_text(&buf, "12345");
    CHECK(!buf.failed && buf.max == 5, "full is not too full");
    CHECK_TEXT(buf_text(&buf), "12345", "full");
    buf_putf(&buf, "%d", 6);
    CHECK(buf.failed, "formatted");
    CHECK_TEXT(buf_text(&buf), "12345", "what does not fit leaves nothing behind");
    buf_clear(&buf);
    buf_putf(&buf, "%s", "123");
    buf_putf(&buf, "%d", 45);
    CHECK(!buf.failed, "formatted, and full");
    CHECK_TEXT(buf_text(&buf), "12345", "formatted, and full");
    buf_clear(&buf);
    CHECK(buf_room(&buf, SIZE_MAX) == NULL && buf.failed, "SIZE_MAX");
}

TEST(buf_without_limit_refuses_overflow)
{
    AUTO(buf_clear) struct buf buf = BUF(SIZE_MAX);

    buf_put_text(&buf, "a");
    CHECK(buf_room(&buf, SIZE_MAX - 1) == NULL && buf.failed, "the NUL must fit, too");
}

TEST(buf_grows_and_shrinks)
{
    AUTO(buf_clear) struct buf buf = BUF(100000), secret = BUF_SECRET(100000);
    AUTO(free) char *taken = NULL, *empty = NULL;

    for (int i = 0; i < 1000; i++) {
        buf_putf(&buf, "%d,", i);
        buf_putf(&secret, "%d,", i);
    }
    CHECK(view_equal(buf_view(&buf), buf_view(&secret)) && buf.len == 3890, "%zu bytes", buf.len);
    buf_cut(&buf, 5000);
    CHECK_INT(buf.len, 3890, "cut beyond the end");
    buf_cut(&secret, 4);
    CHECK_TEXT(buf_text(&secret), "0,1,", "cut");
    for (size_t i = 4; i < 3890; i++)
        REQUIRE(secret.at[i] == '\0', "secret byte %zu stayed", i);
    taken = buf_take(&secret);
    empty = buf_take(&secret);
    CHECK_TEXT(taken, "0,1,", "taken");
    CHECK_TEXT(empty, "", "taken again");
    CHECK(secret.secret && secret.max == 100000, "limits stay");
}

TEST(list_owns_strings)
{
    AUTO(list_clear) struct list list = { 0 }, copy = { 0 };
    AUTO(free) char *joined = NULL, *nothing = list_join(&copy, ",");

    for (int i = 20; i > 0; i--) {
        AUTO(free) char *text = xprintf("%02d", i);

        list_add(&list, text);
    }
    list_sort(&list);
    list_remove(&list, 0);
    list_remove(&list, 99);
    while (list.len > 3)
        list_remove(&list, list.len - 1);
    list_add_view(&list, (struct view){ "xyz", 2 });
    copy = list_dup(&list);
    list_add_all(&list, &list);
    joined = list_join(&list, ", ");
    CHECK_TEXT(joined, "02, 03, 04, xy, 02, 03, 04, xy", "joined");
    CHECK_TEXT(nothing, "", "joined nothing");
    CHECK(list_same_set(&list, &copy) && !list_equal(&list, &copy), "repetition does not matter to a set");
    CHECK(list_has(&copy, "xy") && !list_has(&copy, "x"), "has");
}

TEST(list_subset)
{
    static const struct {
        const char *name, *a, *b;
        bool subset, same;
    } cases[] = {
        { "both empty", "", "", true, true },
        { "empty in some", "", "a", true, false },
        { "some in empty", "a", "", false, false },
        { "part", "b", "a b c", true, false },
        { "order", "c a b", "a b c", true, true },
        { "case counts", "A", "a", false, false },
        { "one more", "a d", "a b c", false, false },
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(list_clear) struct list a = { 0 }, b = { 0 };
        struct view rest = view_of(cases[i].a), part;

        while (view_cut(&rest, ' ', &part))
            if (part.len > 0)
                list_add_view(&a, part);
        rest = view_of(cases[i].b);
        while (view_cut(&rest, ' ', &part))
            if (part.len > 0)
                list_add_view(&b, part);
        CHECK(list_is_subset(&a, &b) == cases[i].subset, "%s", cases[i].name);
        CHECK(list_same_set(&a, &b) == cases[i].same, "%s", cases[i].name);
    }
}

/* Bytes of each place, the length and the start are all in it, and consecutive words fill a table. */
TEST(view_hash_quick)
{
    static const char text[] = "0123456789abcdefghijklmn";
    char changed[sizeof text];
    bool taken[1024] = { false };
    int used = 0;

    for (size_t len = 0; len < sizeof text; len++) {
        uint64_t hash = view_hash_quick((struct view){ text, len }, 7);

        CHECK(hash != view_hash_quick((struct view){ text, len }, 8), "start, %zu bytes", len);
        CHECK(hash != view_hash_quick((struct view){ text, len + 1 }, 7), "length, %zu bytes", len);
        for (size_t i = 0; i < len; i++) {
            memcpy(changed, text, sizeof text);
            changed[i] ^= 1;
            CHECK(hash != view_hash_quick((struct view){ changed, len }, 7), "byte %zu of %zu", i, len);
        }
    }
    CHECK(view_hash_quick((struct view){ "a\0", 2 }, 7) != view_hash_quick((struct view){ "a", 1 }, 7), "a zero byte");
    for (int i = 0; i < 512; i++) {
        char name[32];

        (void)snprintf(name, sizeof name, "/etc/nginx/sites/n%d.test", i);
        taken[view_hash_quick(view_of(name), HASH_START) % COUNT(taken)] = true;
    }
    for (size_t i = 0; i < COUNT(taken); i++)
        used += taken[i];
    CHECK(used > 350, "%d slots for 512 words", used); /* 403 are to be expected of chance */
}

TEST(view_hash_is_fnv_1a)
{
    /* the test vectors of the hash's authors */
    CHECK(view_hash(view_of(""), HASH_START) == 0xcbf29ce484222325);
    CHECK(view_hash(view_of("a"), HASH_START) == 0xaf63dc4c8601ec8c);
    CHECK(view_hash(view_of("foobar"), HASH_START) == 0x85944171f73967e8);
    CHECK(view_hash(view_of("bar"), view_hash(view_of("foo"), HASH_START)) == 0x85944171f73967e8, "in parts");
}

TEST_MAIN()
