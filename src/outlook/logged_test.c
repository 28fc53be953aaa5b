/* Tests the reading of what services that search the logs tell. */
#include "outlook/logged.h"

#include "base/test.h"

struct took {
    size_t count;
    struct logged last; /* a copy of texts */
};

static void take(void *ctx, const struct logged *logged)
{
    struct took *took = ctx;

    logged_clear(&took->last);
    took->count++;
    took->last = *logged;
    took->last.serial = xstrdup(logged->serial);
    took->last.issuer = xstrdup(logged->issuer);
    took->last.issuer_cn = xstrdup(logged->issuer_cn);
    took->last.names = list_dup(&logged->names);
}

/* In pieces of so many bytes. */
static bool read_pieces(struct view text, size_t piece, struct took *took, size_t *unreadable, struct error *err)
{
    AUTO(logged_reader_clear) struct logged_reader reader;
    bool ok = true;

    logged_begin(&reader, take, took);
    for (size_t at = 0; ok && at < text.len; at += piece)
        ok = logged_take(&reader, (struct view){ text.at + at, text.len - at < piece ? text.len - at : piece }, err);
    *unreadable = reader.unreadable;
    return ok && logged_end(&reader, err);
}

#define ROW                                                                                                            \
    "{\"issuer_ca_id\":295815,\"issuer_name\":\"C=US, O=Let's Encrypt, CN=R11\",\"common_name\":\"a.example\","        \
    "\"name_value\":\"a.example\\nWWW.a.example\",\"id\":14000000001,\"entry_timestamp\":\"2026-11-07T16:46:43.456\"," \
    "\"not_before\":\"2026-11-07T15:46:43\",\"not_after\":\"2027-02-05T15:46:42\",\"serial_number\":"                  \
    "\"0003FFEEA57322e24cd6fd207682f59ead324f\",\"result_count\":3}"

TEST(one_certificate)
{
    AUTO(free) char *names = NULL;
    struct took took = { 0 };
    size_t unreadable;
    struct error err = { 0 };

    REQUIRE(read_pieces(view_of("[" ROW "]"), 1000, &took, &unreadable, &err), "%s", err.why);
    REQUIRE(took.count == 1 && unreadable == 0, "%zu", took.count);
    CHECK(took.last.id == 14000000001, "%" PRId64, took.last.id);
    CHECK_TEXT(took.last.serial, "3ffeea57322e24cd6fd207682f59ead324f", "no zeros in front, lower case");
    CHECK_TEXT(took.last.issuer, "C=US, O=Let's Encrypt, CN=R11", "issuer");
    CHECK_TEXT(took.last.issuer_cn, "R11", "its common name");
    CHECK_INT(took.last.not_before, 1794066403, "a time without zone is UTC");
    CHECK_INT(took.last.not_after, 1801842402, "end");
    CHECK_INT(took.last.count, 3, "count");
    names = list_join(&took.last.names, " ");
    CHECK_TEXT(names, "a.example www.a.example", "names, each once");
    logged_clear(&took.last);
}

TEST(answers_in_pieces_of_any_size)
{
    AUTO(buf_clear) struct buf text = BUF(1024 * 1024);

    buf_put_text(&text, " [ \n");
    for (int i = 0; i < 40; i++)
        buf_putf(&text, "%s" ROW, i > 0 ? " ,\r\n" : "");
    buf_put_text(&text, " ]\n\n");
    for (size_t piece = 1; piece < 700; piece += 37) {
        struct took took = { 0 };
        size_t unreadable;
        struct error err = { 0 };

        CHECK(read_pieces(buf_view(&text), piece, &took, &unreadable, &err), "%zu: %s", piece, err.why);
        CHECK_INT(took.count, 40, "all of them");
        logged_clear(&took.last);
    }
}

TEST(what_is_no_answer)
{
    static const struct {
        const char *text, *why; /* why NULL: it is one */
        size_t count, unreadable;
    } rows[] = {
        { "[]", NULL, 0, 0 },
        { " [ ] ", NULL, 0, 0 },
        { "", "empty", 0, 0 },
        { "   ", "ends too early", 0, 0 },
        { "[", "ends too early", 0, 0 },
        { "[" ROW, "ends too early", 1, 0 },
        { "[" ROW ",", "ends too early", 1, 0 },
        { "[" ROW ",]", "broken off", 1, 0 },
        { "[" ROW " " ROW "]", "broken off", 1, 0 },
        { "[" ROW "]]", "broken off", 1, 0 },
        { "[" ROW "] x", "broken off", 1, 0 },
        { "<!DOCTYPE html><html>", "a page for people", 0, 0 },
        { "[" ROW "<BR><BR>canceling statement due to statement timeout", "a page for people", 1, 0 },
        { "{\"error\":\"x\"}", "no JSON array", 0, 0 },
        { "null", "no JSON array", 0, 0 },
        { "[1]", "broken off", 0, 0 },
        { "[{\"id\":1,}]", "what the service tells", 0, 0 },
        { "[{\"a\":[}]", "what the service tells", 0, 0 },
        { "[{}]", NULL, 0, 1 },
        { "[{\"id\":1,\"serial_number\":\"a\",\"issuer_name\":\"CN=x\",\"not_after\":\"2027-02-05T15:46:42\","
          "\"name_value\":\" \\n\",\"common_name\":\"An organization\"}]",
            NULL, 0, 1 },
        { "[{\"}\":\"\\\"}\"}]", NULL, 0, 1 },
        { "[{\"id\":{\"a\":[{}]}}]", NULL, 0, 1 },
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct took took = { 0 };
        size_t unreadable;
        struct error err = { 0 };
        bool ok = read_pieces(view_of(rows[i].text), 7, &took, &unreadable, &err);

        CHECK(ok == (rows[i].why == NULL), "%s: %s", rows[i].text, err.why);
        CHECK(ok || strstr(err.why, rows[i].why) != NULL, "%s: %s", rows[i].text, err.why);
        CHECK(ok || err.kind == ERROR_NETWORK, "%s: kind %d", rows[i].text, (int)err.kind);
        CHECK_INT(took.count, rows[i].count, rows[i].text);
        CHECK_INT(unreadable, rows[i].unreadable, rows[i].text);
        logged_clear(&took.last);
    }
}

/* One member of a good row is another. */
TEST(what_may_be_missing)
{
    static const struct {
        const char *member, *value; /* value "": the member is not there */
        bool readable;
    } rows[] = {
        { "id", "", false },
        { "id", "0", false },
        { "id", "-1", false },
        { "id", "\"1\"", false },
        { "id", "1.5", false },
        { "serial_number", "", false },
        { "serial_number", "\"\"", false },
        { "serial_number", "\"12 34\"", false },
        { "serial_number", "17", false },
        { "not_after", "", false },
        { "not_after", "null", false },
        { "not_after", "\"soon\"", false },
        { "not_after", "\"2027-02-05T15:46:42Z\"", true },
        { "not_after", "\"2027-02-05T15:46:42.1234\"", true },
        { "not_before", "", true },
        { "not_before", "null", true },
        { "entry_timestamp", "null", true },
        { "issuer_name", "", false },
        { "issuer_name", "7", false },
        { "name_value", "", true }, /* the common name is left */
        { "name_value", "\"\\n \\n\"", true },
        { "common_name", "null", true },
        { "common_name", "\"Example Inc. of A\"", true },
        { "result_count", "", true },
        { "result_count", "-4", true },
        { "more", "[1,{\"a\":\"]}\"}]", true },
    };
    static const char *const members[][2] = { { "issuer_name", "\"CN=R11\"" }, { "common_name", "\"a.example\"" },
        { "name_value", "\"a.example\"" }, { "id", "7" }, { "entry_timestamp", "\"2026-11-07T16:46:43.456\"" },
        { "not_before", "\"2026-11-07T15:46:43\"" }, { "not_after", "\"2027-02-05T15:46:42\"" },
        { "serial_number", "\"04ab\"" }, { "result_count", "1" }, { "more", "0" } };

    for (size_t i = 0; i < COUNT(rows); i++) {
        AUTO(buf_clear) struct buf text = BUF(4096);
        struct took took = { 0 };
        size_t unreadable;
        struct error err = { 0 };

        for (size_t k = 0; k < COUNT(members); k++) {
            bool is_it = strcmp(members[k][0], rows[i].member) == 0;
            const char *value = is_it ? rows[i].value : members[k][1];

            if (value[0] != '\0')
                buf_putf(&text, "%s\"%s\":%s", text.len > 0 ? "," : "[{", members[k][0], value);
        }
        buf_put_text(&text, "}]");
        CHECK(read_pieces(buf_view(&text), 9, &took, &unreadable, &err), "%s: %s", buf_text(&text), err.why);
        CHECK((took.count == 1) == rows[i].readable && took.count + unreadable == 1, "%s = %s: %zu", rows[i].member,
            rows[i].value, took.count);
        logged_clear(&took.last);
    }
}

TEST(bounds_of_an_answer)
{
    AUTO(buf_clear) struct buf text = BUF(LOGGED_OBJECT_MAX + 1024);
    struct took took = { 0 };
    size_t unreadable;
    struct error err = { 0 };

    buf_put_text(&text, "[{\"x\":\"");
    while (text.len < LOGGED_OBJECT_MAX + 10)
        buf_put_char(&text, 'y');
    CHECK(!read_pieces(buf_view(&text), 4096, &took, &unreadable, &err), "an object without an end");
    CHECK(strstr(err.why, "more of one certificate than") != NULL, "%s", err.why);
}

TEST(common_names_of_issuers)
{
    static const char *const rows[][2] = {
        { "C=US, O=Let's Encrypt, CN=R11", "R11" },
        { "CN=R11", "R11" },
        { "C=US,O=\"DigiCert, Inc.\",CN=DigiCert TLS CA", "DigiCert TLS CA" },
        { "O=\"A, CN=evil\", CN=good", "good" },
        { "O=A\\, CN=evil, CN=good", "good" },
        { "CN=\"with \\\"quotes\\\", and more\"", "with \"quotes\", and more" },
        { "C=DE, O=No common name", "" },
        { "CN = spaced , O=x", "spaced" },
        { "OU=a + CN=b, CN=c", "b" },
        { "O=A/B, CN=c/d", "c/d" },
        { "", "" },
        { "CN", "" },
        { "CN=", "" },
        { "CN=\"open", "open" },
        { "CN=a\\", "a\\" },
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        AUTO(free) char *got = logged_common_name(rows[i][0]);

        CHECK_TEXT(got, rows[i][1], rows[i][0]);
    }
}

TEST_MAIN()
