/* PEM blocks: hostile and merely untidy files. */
#include "base/test.h"
#include "crypto/pem.h"

#define BEGIN "-----BEGIN X-----\n"
#define END "-----END X-----\n"

static const struct {
    const char *name, *text, *content; /* of the first block X */
    const char *why;
} cases[] = {
    { "nothing", "", NULL, "no PEM block \"X\" found" },
    { "another block only", "-----BEGIN Y-----\nYWI=\n-----END Y-----\n", NULL, "no PEM block \"X\" found" },
    { "not at the start of a line", "see -----BEGIN X-----\nYWI=\n" END, NULL, "no PEM block \"X\" found" },
    { "no end", BEGIN "YWI=\n", NULL, "has no end" },
    { "end of another", BEGIN "YWI=\n-----END Y-----\n", NULL, "has no end" },
    { "begin line cut", "-----BEGIN X\nYWI=\n" END, NULL, "does not end with" },
    { "empty", BEGIN END, NULL, "is empty" },
    { "not base64", BEGIN "Y*I=\n" END, NULL, "not valid base64" },
    { "padding in the middle", BEGIN "YW==YWI=\n" END, NULL, "not valid base64" },
    { "too large", BEGIN "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWYw\n" END, NULL, "too large" },
    { "plain", BEGIN "YWI=\n" END, "ab", NULL },
    { "no line end at the end", BEGIN "YWI=\n-----END X-----", "ab", NULL },
    { "CRLF", "-----BEGIN X-----\r\nYW\r\nI=\r\n-----END X-----\r\n", "ab", NULL },
    { "text and other blocks before it", "Bag\n  a: b\n-----BEGIN Y-----\nYQ==\n-----END Y-----\n\n" BEGIN "YWI=\n" END,
        "ab", NULL },
    { "a byte order mark", "\xef\xbb\xbf" BEGIN "YWI=\n" END, "ab", NULL },
    { "indented", "  -----BEGIN X-----\n  YW\n\tI=\n  -----END X-----\n", "ab", NULL },
    { "a byte order mark, indented", "\xef\xbb\xbf\t-----BEGIN X-----\n\tYWI=\n\t-----END X-----", "ab", NULL },
    { "half a byte order mark", "\xbb\xbf" BEGIN "YWI=\n" END, NULL, "no PEM block \"X\" found" },
    { "a word and blanks before it", "see   " BEGIN "YWI=\n" END, NULL, "no PEM block \"X\" found" },
    { "headers", BEGIN "Comment: one\nOther: two\n\nYWI=\n" END, "ab", NULL },
    { "headers without the empty line", BEGIN "Comment: one\nYWI=\n" END, NULL, "not valid base64" },
};

TEST(pem_find)
{
    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(buf_clear) struct buf der = BUF(32);
        struct view rest = view_of(cases[i].text);
        struct pem_block block;
        struct error err = { 0 };
        bool ok = pem_find(&rest, "X", NULL, &block, &err) && pem_decode(&block, &der, &err);

        CHECK(ok == (cases[i].why == NULL), "%s: %s", cases[i].name, err.why);
        CHECK(ok || strstr(err.why, cases[i].why) != NULL, "%s: %s", cases[i].name, err.why);
        CHECK(ok || der.len == 0, "%s: bytes were left", cases[i].name);
        if (ok)
            CHECK_TEXT(buf_text(&der), cases[i].content, cases[i].name);
    }
}

TEST(pem_next_walks_all_blocks)
{
    struct view rest = view_of(BEGIN "YWI=\n" END "\n-----BEGIN Y Z-----\nYQ==\n-----END Y Z-----\n" END);
    struct pem_block block;
    struct error err = { 0 };

    REQUIRE(pem_next(&rest, &block, &err), "%s", err.why);
    CHECK(view_is(block.label, "X"));
    REQUIRE(pem_next(&rest, &block, &err), "%s", err.why);
    CHECK(view_is(block.label, "Y Z"));
    REQUIRE(pem_next(&rest, &block, &err), "%s", err.why);
    CHECK(block.label.at == NULL);
}

TEST(pem_knows_encryption)
{
    static const struct {
        const char *name, *text;
        bool encrypted;
    } keys[] = {
        { "RFC 1421", "-----BEGIN X-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,00\n\nYQ==\n" END, true },
        { "PKCS#8", "-----BEGIN ENCRYPTED PRIVATE KEY-----\nYQ==\n-----END ENCRYPTED PRIVATE KEY-----\n", true },
        { "MIC-CLEAR", "-----BEGIN X-----\nProc-Type: 4,MIC-CLEAR\n\nYQ==\n" END, false },
        { "plain", BEGIN "YQ==\n" END, false },
    };

    for (size_t i = 0; i < COUNT(keys); i++) {
        struct view rest = view_of(keys[i].text);
        struct pem_block block = { .encrypted = false };
        struct error err = { 0 };

        CHECK(pem_next(&rest, &block, &err), "%s: %s", keys[i].name, err.why);
        CHECK(block.encrypted == keys[i].encrypted, "%s", keys[i].name);
    }
}

TEST(pem_put_lines)
{
    static const struct {
        size_t bytes, lines;
    } sizes[] = { { 1, 1 }, { 48, 1 }, { 49, 2 }, { 96, 2 }, { 97, 3 } };

    for (size_t i = 0; i < COUNT(sizes); i++) {
        AUTO(buf_clear) struct buf pem = BUF(4096), back = BUF(4096);
        char bytes[128];
        struct view rest, line;
        struct pem_block block;
        struct error err = { 0 };
        size_t lines = 0;

        memset(bytes, 'z', sizeof bytes);
        pem_put(&pem, "A B", (struct view){ bytes, sizes[i].bytes });
        rest = buf_view(&pem);
        while (view_cut(&rest, '\n', &line)) {
            CHECK(line.len <= 64, "%zu bytes: a line of %zu", sizes[i].bytes, line.len);
            lines += line.len > 0 && line.at[0] != '-';
        }
        CHECK_INT((int64_t)lines, (int64_t)sizes[i].lines, "lines");
        CHECK(pem.at[pem.len - 1] == '\n');
        rest = buf_view(&pem);
        CHECK(pem_find(&rest, "A B", NULL, &block, &err) && pem_decode(&block, &back, &err), "%s", err.why);
        CHECK(view_equal(buf_view(&back), (struct view){ bytes, sizes[i].bytes }));
    }
}

TEST_MAIN()
