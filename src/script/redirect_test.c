/* Tests where redirects lead. */
#include "base/test.h"
#include "base/text.h"
#include "script/redirect.h"

static const struct {
    const char *name, *base, *location, *target;
} targets[] = {
    { "absolute", "https://a.example/x", "https://b.example/y?z", "https://b.example/y?z" },
    { "of another scheme", "https://a.example/x", "ftp://b.example/y", NULL },
    { "a script", "https://a.example/x", "javascript:alert(1)", NULL },
    { "a path", "https://a.example:8443/x/y?q", "/z", "https://a.example:8443/z" },
    { "beside", "https://a.example/x/y?q=/1", "z?w", "https://a.example/x/z?w" },
    { "beside, at the root", "http://a.example", "z", "http://a.example/z" },
    { "a query alone", "https://a.example/x/y?q", "?r", "https://a.example/x/y?r" },
    { "another host, the same scheme", "https://a.example/x", "//b.example/y", "https://b.example/y" },
    { "a fragment goes", "https://a.example/x", "/y#part", "https://a.example/y" },
    { "nothing", "https://a.example/x?y", "", "https://a.example/x" },
    { "no host", "https://a.example/x", "https:///y", NULL },
    { "a line end", "https://a.example/x", "/y\r\nHost: b", NULL },
    { "a backslash", "https://a.example/x", "https://a.example\\@b.example/", NULL },
    { "a base that is none", "a.example", "/y", NULL },
};

TEST(redirect_targets)
{
    for (size_t i = 0; i < COUNT(targets); i++) {
        AUTO(free) char *target = redirect_target(targets[i].base, targets[i].location);

        CHECK(text_equal(target, targets[i].target), "%s: %s", targets[i].name, target == NULL ? "none" : target);
    }
}

static const struct {
    const char *a, *b;
    bool same;
} origins[] = {
    { "https://a.example/x", "https://a.example?y", true },
    { "https://a.example/x", "https://a.example.b.example/x", false },
    { "https://a.example/x", "https://a.example:8443/x", false },
    { "https://a.example/x", "http://a.example/x", false },
    { "https://a.example/x", "https://a.example@b.example/x", false },
    { "x", "x", false },
};

TEST(redirect_origins)
{
    for (size_t i = 0; i < COUNT(origins); i++)
        CHECK(redirect_same_origin(origins[i].a, origins[i].b) == origins[i].same, "%s and %s", origins[i].a,
            origins[i].b);
}

TEST_MAIN()
