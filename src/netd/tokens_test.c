/* The table of tokens: thousands, taken out in another order, replaced, and never there. */
#include "netd/tokens.h"

#include "base/test.h"

#define MANY 5000

static bool has(const struct tokens *tokens, const char *token, const char *content)
{
    struct view found;

    return tokens_find(tokens, view_of(token), &found) && view_is(found, content);
}

TEST(tokens_few)
{
    AUTO(tokens_free) struct tokens *tokens = tokens_new();
    struct view found;

    CHECK(!tokens_find(tokens, view_of("a"), &found), "empty");
    tokens_remove(tokens, view_of("a"));
    tokens_add(tokens, view_of("a"), view_of("1"));
    tokens_add(tokens, view_of("a"), view_of("2"));
    CHECK(has(tokens, "a", "2"), "replaced");
    CHECK(!tokens_find(tokens, view_of("ab"), &found), "a prefix is another token");
    CHECK(!tokens_find(tokens, view_of(""), &found), "nothing is another token");
    tokens_remove(tokens, view_of("a"));
    CHECK(!tokens_find(tokens, view_of("a"), &found), "removed, and not there a second time");
}

TEST(tokens_content_is_bytes)
{
    AUTO(tokens_free) struct tokens *tokens = tokens_new();
    const struct view content = { "a\0b and what follows", 21 };
    struct view found = { "", 0 };

    tokens_add(tokens, view_of("t"), content);
    tokens_add(tokens, view_of("empty"), (struct view){ "", 0 });
    REQUIRE(tokens_find(tokens, view_of("t"), &found), "there");
    CHECK(view_equal(found, content), "%zu bytes", found.len);
    CHECK(has(tokens, "empty", ""), "no content");
}

TEST(tokens_many)
{
    AUTO(tokens_free) struct tokens *tokens = tokens_new();
    char token[32], content[32];

    for (int i = 0; i < MANY; i++) {
        (void)snprintf(token, sizeof token, "token-%d", i);
        (void)snprintf(content, sizeof content, "content-%d", i);
        tokens_add(tokens, view_of(token), view_of(content));
    }
    for (int i = 0; i < MANY; i += 2) {
        (void)snprintf(token, sizeof token, "token-%d", i);
        tokens_remove(tokens, view_of(token));
    }
    for (int i = 0; i < MANY; i++) {
        (void)snprintf(token, sizeof token, "token-%d", i);
        (void)snprintf(content, sizeof content, "content-%d", i);
        CHECK(has(tokens, token, content) == (i % 2 == 1), "%s", token);
    }
}

TEST_MAIN()
