/*
 * One object for each key of a plugin, whatever thread asks first.
 */
#include "run/shares.h"

#include <pthread.h>

#include "base/mem.h"
#include "base/test.h"
#include "base/text.h"

static struct log_of_calls {
    struct buf text;
} calls;
static bool fails; /* the next one that is made */
static enum error_kind failure;

static char *by_email(const struct plugin *plugin, const struct settings *settings)
{
    (void)plugin;
    return xstrdup(settings->email != NULL ? settings->email : "");
}

static bool make(const struct plugin_context *context, void **shared, struct error *err)
{
    char *name = by_email(context->plugin, context->settings);

    buf_putf(&calls.text, "make %s\n", name);
    if (fails) {
        free(name);
        return error_set(err, failure, "not now");
    }
    *shared = name;
    return true;
}

static void end(void *shared)
{
    buf_putf(&calls.text, "end %s\n", (char *)shared);
    free(shared);
}

static const struct plugin_share kind = { .key = by_email, .make = make, .end = end };
static const struct plugin one = { .name = "one", .share = &kind }, two = { .name = "two", .share = &kind },
                           lonely = { .name = "lonely" };

static void *get(struct shares *shares, const struct plugin *plugin, const char *key, struct error *err)
{
    AUTO(settings_free) struct settings *settings = settings_new(&voice_own);
    struct plugin_context context = { .plugin = plugin, .settings = settings, .shared = &context };

    xreplace(&settings->email, key);
    return shares_get(shares, &context, err) ? context.shared : NULL;
}

TEST(by_plugin_and_key)
{
    struct shares *shares = shares_new();
    struct error err = { 0 };
    void *a, *b;

    calls.text = BUF(1000);
    a = get(shares, &one, "a", &err);
    CHECK_TEXT(a, "a", "made");
    b = get(shares, &one, "b", &err);
    CHECK(b != a && get(shares, &one, "a", &err) == a && get(shares, &two, "a", &err) != a, "one for each");
    CHECK(get(shares, &lonely, "a", &err) == NULL && err.kind == ERROR_NONE, "nothing to share");
    shares_free(shares);
    CHECK_TEXT(buf_text(&calls.text), "make a\nmake b\nmake a\nend a\nend b\nend a\n", "the last one ends first");
    buf_clear(&calls.text);
}

TEST(one_that_fails)
{
    static const struct {
        enum error_kind kind;
        const char *calls;
    } cases[] = {
        { ERROR_PLUGIN, "make a\n" },                  /* remembered */
        { ERROR_CANCELED, "make a\nmake a\nend a\n" }, /* the user's doing */
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct shares *shares = shares_new();
        struct error err = { 0 }, again = { 0 };

        calls.text = BUF(1000);
        fails = true;
        failure = cases[i].kind;
        CHECK(get(shares, &one, "a", &err) == NULL && err.kind == cases[i].kind, "row %zu", i);
        fails = false;
        (void)get(shares, &one, "a", &again);
        CHECK(again.kind == (cases[i].kind == ERROR_CANCELED ? ERROR_NONE : cases[i].kind), "row %zu", i);
        shares_free(shares);
        CHECK_TEXT(buf_text(&calls.text), cases[i].calls, "calls");
        buf_clear(&calls.text);
    }
}

static void *get_in_a_thread(void *shares)
{
    struct error err = { 0 };

    return get(shares, &one, "a", &err);
}

TEST(many_threads_share_one)
{
    struct shares *shares = shares_new();
    struct error err = { 0 };
    pthread_t threads[16];
    void *object;

    calls.text = BUF(1000);
    for (size_t i = 0; i < COUNT(threads); i++)
        REQUIRE(pthread_create(&threads[i], NULL, get_in_a_thread, shares) == 0, "thread %zu", i);
    object = get(shares, &one, "a", &err);
    for (size_t i = 0; i < COUNT(threads); i++) {
        void *theirs = NULL;

        REQUIRE(pthread_join(threads[i], &theirs) == 0, "thread %zu", i);
        CHECK(theirs == object, "thread %zu", i);
    }
    shares_free(shares);
    CHECK_TEXT(buf_text(&calls.text), "make a\nend a\n", "made once");
    buf_clear(&calls.text);
}

TEST_MAIN()
