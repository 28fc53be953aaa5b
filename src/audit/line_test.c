#include "audit/line.h"

#include "base/mem.h"
#include "base/test.h"
#include "base/text.h"
#include "json/doc.h"

#define ZEROS "0000000000000000000000000000000000000000000000000000000000000000"
#define HASH "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define TIME "2026-12-01T03:45:31Z"

static const struct audit_who root = { .login = UINT32_MAX, .pid = 7, .command = "renew" };

/* A line of its own chain, of the caller's. */
static char *line_of(const struct audit_said *said, struct audit_head *head)
{
    AUTO(buf_clear) struct buf body = BUF(AUDIT_LINE_MAX);
    AUTO(buf_clear) struct buf line = BUF(AUDIT_LINE_MAX);
    struct error err = { 0 };

    audit_line_body(said, &body);
    REQUIRE(audit_line_put(head, buf_view(&body), &line, &err), "%s", err.why);
    return buf_take(&line);
}

TEST(a_line_is_an_object_of_json)
{
    struct audit_said said = { .time = 1796096731,
        .act = ACT_CERTIFICATE_REVOKED,
        .lineage = "example.org",
        .facts = { { "serial", "0a" }, { "reason", NULL }, { "names", "example.org,www.example.org" } },
        .count = 3,
        .who = &(struct audit_who){ .login = 1000, .sudo = "alice", .pid = 7, .command = "revoke" } };
    struct audit_head head = AUDIT_NO_HEAD;
    AUTO(free) char *line = line_of(&said, &head);

    CHECK_TEXT(line,
        "{\"seq\":1,\"prev\":\"" ZEROS "\",\"time\":\"" TIME "\",\"act\":\"certificate-revoked\","
        "\"lineage\":\"example.org\",\"result\":\"done\",\"what\":{\"serial\":\"0a\","
        "\"names\":\"example.org,www.example.org\"},"
        "\"who\":{\"uid\":0,\"login\":1000,\"sudo\":\"alice\",\"pid\":7,\"command\":\"revoke\"}}\n",
        "line");
    CHECK_INT(head.seq, 1, "number");
}

TEST(the_hash_is_that_of_sha256sum)
{
    char hash[AUDIT_HASH_SIZE];
    struct error err = { 0 };

    REQUIRE(audit_hash(view_of("abc\n"), hash, &err), "%s", err.why);
    CHECK_TEXT(hash, "edeaaff3f1774ad2888673770c6d64097e391bc362d7d6fb34982ddf0efd18cb", "echo abc | sha256sum");
}

TEST(a_line_has_the_hash_of_the_one_before)
{
    struct audit_said said = { .act = ACT_KEY_MADE, .who = &root };
    struct audit_head head = AUDIT_NO_HEAD;
    AUTO(free) char *first = line_of(&said, &head);
    AUTO(free) char *second = NULL;
    char hash[AUDIT_HASH_SIZE];
    struct audit_link link;
    struct error err = { 0 };

    CHECK(audit_hash(view_of(first), hash, &err));
    CHECK_TEXT(head.hash, hash, "head");
    second = line_of(&said, &head);
    REQUIRE(audit_line_link(view_of(second), &link));
    CHECK_TEXT(link.prev, hash, "prev");
    CHECK_INT(link.seq, 2, "number");
    CHECK_INT(link.time, 0, "time");
    CHECK(view_is(link.act, "key-made"));
}

/* A CA's address may have a password in it, and so what is told of it when it fails. */
TEST(no_secret_of_a_url_is_written)
{
    struct audit_said said = { .act = ACT_CERTIFICATE_FAILED,
        .lineage = "a.test",
        .failure = "https://user:s3cret@ca.test/dir?eab=s3cret: no answer",
        .facts = { { "server", "https://user:s3cret@ca.test/dir?eab=s3cret" } },
        .count = 1,
        .who = &root };
    struct audit_head head = AUDIT_NO_HEAD;
    AUTO(free) char *line = line_of(&said, &head);

    CHECK(strstr(line, "s3cret") == NULL && strstr(line, "\"server\":\"https://...@ca.test/dir?...\"") != NULL &&
              strstr(line, "\"why\":\"https://...@ca.test/dir?... no answer\"") != NULL,
        "%s", line);
}

/* Whatever a name is, the line stays one line, and JSON. */
TEST(foreign_text_stays_within_its_string)
{
    static const char *const names[] = { "a\nb", "a\"},\"act\":\"lineage-deleted", "a\\", "\xff\xfe", "\x1b[31m",
        "\xe2\x80\xaegpj", "{\"seq\":9", "", "\x7f" };

    for (size_t i = 0; i < COUNT(names); i++) {
        struct audit_said said = { .act = ACT_KEY_MADE,
            .lineage = names[i],
            .failure = names[i],
            .facts = { { "file", names[i] } },
            .count = 1,
            .who = &(struct audit_who){ .sudo = names[i], .command = names[i] } };
        struct audit_head head = AUDIT_NO_HEAD;
        AUTO(free) char *line = line_of(&said, &head);
        AUTO(doc_free) struct doc *doc = NULL;
        struct audit_link link;
        struct error err = { 0 };

        CHECK(strchr(line, '\n') == line + strlen(line) - 1, "%s", line);
        CHECK(strchr(line, '\x1b') == NULL && strchr(line, '\x7f') == NULL, "%s", line);
        REQUIRE(doc_read(view_of(line), "line", &doc, &err), "%s: %s", line, err.why);
        CHECK_TEXT(node_text(node_member(doc_root(doc), "act")), "key-made", line);
        CHECK(audit_line_link(view_of(line), &link) && view_is(link.act, "key-made"), "%s", line);
    }
}

/* A thousand names, and more of them than fit: the line says that it was cut. */
TEST(long_facts_are_cut)
{
    AUTO(free) char *quotes = xcalloc(1, 5000);
    struct audit_said said = { .act = ACT_KEY_MADE, .lineage = quotes, .failure = quotes, .who = &root };
    struct audit_head head = AUDIT_NO_HEAD;
    AUTO(free) char *line = NULL;
    AUTO(free) char *without = NULL;

    memset(quotes, '"', 4999);
    said.facts[said.count++] = (struct audit_fact){ "names", quotes };
    line = line_of(&said, &head);
    CHECK(strlen(line) > 8000 && strlen(line) < AUDIT_LINE_MAX, "%zu", strlen(line));
    CHECK(strstr(line, "...\"") != NULL, "it is seen that a text was cut");
    while (said.count < AUDIT_FACTS_MAX)
        said.facts[said.count++] = (struct audit_fact){ "names", quotes };
    without = line_of(&said, &head);
    CHECK(strlen(without) <= AUDIT_LINE_MAX, "%zu", strlen(without));
    CHECK(strstr(without, "\"cut\":true") != NULL || strstr(without, "\"what\"") != NULL, "%s", without);
}

TEST(a_link_is_read_strictly)
{
    static const struct {
        const char *line;
        bool ok;
    } cases[] = {
        { "{\"seq\":1,\"prev\":\"" HASH "\",\"time\":\"" TIME "\",\"act\":\"key-made\"}\n", true },
        { "{\"seq\":1,\"prev\":\"" HASH "\",\"time\":\"" TIME "\",\"act\":\"key-made\"}", true },
        { "{\"seq\":9223372036854775807,\"prev\":\"" HASH "\",\"time\":\"" TIME "\",\"act\":\"new-act\",\"x\":1}\n",
            true },
        { "{\"seq\":9223372036854775808,\"prev\":\"" HASH "\",\"time\":\"" TIME "\",\"act\":\"key-made\"}\n", false },
        { "{\"seq\":0,\"prev\":\"" HASH "\",\"time\":\"" TIME "\",\"act\":\"key-made\"}\n", false },
        { "{\"seq\":01,\"prev\":\"" HASH "\",\"time\":\"" TIME "\",\"act\":\"key-made\"}\n", false },
        { "{\"seq\":-1,\"prev\":\"" HASH "\",\"time\":\"" TIME "\",\"act\":\"key-made\"}\n", false },
        { "{\"seq\": 1,\"prev\":\"" HASH "\",\"time\":\"" TIME "\",\"act\":\"key-made\"}\n", false },
        { "{\"seq\":1,\"prev\":\"0" HASH "\",\"time\":\"" TIME "\",\"act\":\"key-made\"}\n", false },
        { "{\"seq\":1,\"prev\":\"0123456789ABCDEF0123456789abcdef0123456789abcdef0123456789abcdef\",\"time\":\"" TIME
          "\",\"act\":\"key-made\"}\n",
            false },
        { "{\"seq\":1,\"prev\":\"" HASH "\",\"time\":\"2026-13-01T03:45:31Z\",\"act\":\"key-made\"}\n", false },
        { "{\"seq\":1,\"prev\":\"" HASH "\",\"time\":\"" TIME "\",\"act\":\"\"}\n", false },
        { "{\"seq\":1,\"prev\":\"" HASH "\",\"time\":\"" TIME "\",\"act\":\"Key\"}\n", false },
        { "{\"seq\":1,\"prev\":\"" HASH "\",\"time\":\"" TIME "\",\"act\":\"key-made}\n", false },
        { "{\"seq\":1,\"prev\":\"" HASH "\",\"time\":\"" TIME "\",\"act\":\"key-made\"}x\n", false },
        { "{\"seq\":1,\"prev\":\"" HASH "\",\"time\":\"" TIME "\",\"act\":\"key-made\"}\n\n", false },
        { "{\"seq\":1,\"prev\":\"" HASH "\"}\n", false },
        { "{\"seq\":1}\n", false },
        { "{}\n", false },
        { "\n", false },
        { "", false },
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct audit_link link;
        bool ok = audit_line_link(view_of(cases[i].line), &link);

        CHECK(ok == cases[i].ok, "%s", cases[i].line);
        /* Each byte counts: a line that breaks off anywhere is none. */
        for (size_t len = 0; cases[i].ok && len + 2 < strlen(cases[i].line); len++) {
            struct view part = { cases[i].line, len };

            CHECK(!audit_line_link(part, &link) || cases[i].line[len - 1] == '}', "%.*s", (int)len, cases[i].line);
        }
    }
}

TEST(a_link_has_no_nul_and_a_longest)
{
    char text[] = "{\"seq\":1,\"prev\":\"" HASH "\",\"time\":\"" TIME "\",\"act\":\"key-made\",\"x\":\" \"}\n";
    AUTO(buf_clear) struct buf line = BUF(2 * AUDIT_LINE_MAX);
    struct audit_link link;

    CHECK(audit_line_link((struct view){ text, sizeof text - 1 }, &link));
    text[sizeof text - 5] = '\0';
    CHECK(!audit_line_link((struct view){ text, sizeof text - 1 }, &link));
    buf_putf(&line, "{\"seq\":1,\"prev\":\"" HASH "\",\"time\":\"" TIME "\",\"act\":\"key-made\",\"x\":\"");
    while (line.len < AUDIT_LINE_MAX)
        buf_put_char(&line, 'x');
    buf_put_text(&line, "\"}\n");
    CHECK(!audit_line_link(buf_view(&line), &link));
}

TEST_MAIN()
