#include "access/access.h"

#include <string.h>

#include "base/mem.h"
#include "base/test.h"
#include "base/text.h"
#include "config/option_apply.h"
#include "config/option_find.h"

/* "key-mode=640 key-group=54321" */
static struct settings *settings_for(const char *words)
{
    struct settings *settings = settings_new(&voice_own);
    struct view rest = view_of(words), word;

    while (words[0] != '\0' && view_cut(&rest, ' ', &word)) {
        AUTO(free) char *name = view_dup(word);
        char *value = strchr(name, '=');
        struct error err = { 0 };

        *value++ = '\0';
        REQUIRE(option_apply(settings, option_find(name), value, ORIGIN_COMMAND_LINE, &err), "%s: %s", words, err.why);
    }
    return settings;
}

static const struct {
    const char *name, *words, *why;
} refused[] = {
    { "no such user", "key-owner=no-such-user-here", "no user no-such-user-here" },
    { "no such group", "key-group=no-such-group-here", "no group no-such-group-here" },
    { "no such owner of certificates", "cert-owner=no-such-user-here", "no user" },
    { "a number that means nobody", "key-owner=4294967295", "no user 4294967295" },
    { "a negative number", "cert-group=-1", "no group -1" },
};

TEST(wishes_that_cannot_be)
{
    for (size_t i = 0; i < COUNT(refused); i++) {
        AUTO(settings_free) struct settings *settings = settings_for(refused[i].words);
        struct wishes wishes;
        struct error err = { 0 };

        CHECK(!access_wishes(settings, &wishes, &err), "%s", refused[i].name);
        CHECK(err.kind == ERROR_CONFIG && strstr(err.why, refused[i].why) != NULL, "%s: %s", refused[i].name, err.why);
    }
}

/* A renewal file that somebody edited does not pass the option's check. */
TEST(a_mode_from_a_renewal_file)
{
    AUTO(settings_free) struct settings *settings = settings_for("");
    struct wishes wishes;
    struct error err = { 0 };

    xreplace(&settings->key_mode, "666");
    CHECK(
        !access_wishes(settings, &wishes, &err) && strstr(err.why, "key-mode is 666: it must not let everybody write"),
        "%s", err.why);
    xreplace(&settings->key_mode, "");
    xreplace(&settings->key_group, "");
    CHECK(access_wishes(settings, &wishes, &err), "nothing is asked for: %s", err.why);
}

TEST(names_before_numbers)
{
    AUTO(settings_free)
    struct settings *settings = settings_for("key-owner=root key-group=root cert-owner=0");
    struct wishes wishes;
    struct error err = { 0 };

    REQUIRE(access_wishes(settings, &wishes, &err), "%s", err.why);
    CHECK(wishes.key.uid == 0 && wishes.key.gid == 0 && wishes.cert.uid == 0 && wishes.cert.gid == (gid_t)-1, "ids");
}

TEST_MAIN()
