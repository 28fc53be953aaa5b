#include "recipe/aws_keys.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/text.h"

static const struct {
    const char *variable, *env, *key;
} keys[] = {
    { "key", "AWS_ACCESS_KEY_ID", "aws_access_key_id" },
    { "secret", "AWS_SECRET_ACCESS_KEY", "aws_secret_access_key" },
    { "token", "AWS_SESSION_TOKEN", "aws_session_token" },
};

static void set_secret(struct vars *out, const char *name, struct view text)
{
    AUTO(value_clear) struct value value = { 0 };

    value_set_text(&value, text);
    vars_set(out, name, &value, true);
}

static bool is_whole(const struct vars *vars)
{
    return vars_is_set(vars, "key") && vars_is_set(vars, "secret");
}

/* "[name]", "[profile name]". */
static bool is_section(struct view line, const char *profile, bool in_config)
{
    struct view name = view_trim((struct view){ line.at + 1, line.len - 1 });

    if (name.len > 0 && name.at[name.len - 1] == ']')
        name.len--;
    name = view_trim(name);
    if (in_config && view_starts(name, "profile ") && strcmp(profile, "default") != 0)
        name = view_trim((struct view){ name.at + 8, name.len - 8 });
    return view_is(name, profile);
}

bool aws_keys_read(struct view text, const char *profile, bool in_config, struct vars *out)
{
    struct view rest = text, line = { 0 }, name = { 0 };
    bool inside = false;

    while (view_cut(&rest, '\n', &line)) {
        line = view_trim(line);
        if (line.len == 0 || line.at[0] == '#' || line.at[0] == ';')
            continue;
        if (line.at[0] == '[') {
            inside = is_section(line, profile, in_config);
            continue;
        }
        if (!inside || !view_cut(&line, '=', &name) || line.at == NULL)
            continue;
        for (size_t i = 0; i < COUNT(keys); i++)
            if (view_is(view_trim(name), keys[i].key))
                set_secret(out, keys[i].variable, view_trim(line));
    }
    return is_whole(out);
}

static bool from_environment(struct vars *out)
{
    for (size_t i = 0; i < COUNT(keys); i++)
        if (text_is_given(getenv(keys[i].env)))
            set_secret(out, keys[i].variable, view_of(getenv(keys[i].env)));
    return is_whole(out);
}

/* The file that a variable names, else the usual one in the home directory; NULL: none. Of the caller's. */
static char *shared_file(const char *variable, const char *usual)
{
    const char *named = getenv(variable), *home = getenv("HOME");

    if (text_is_given(named))
        return xstrdup(named);
    return home != NULL ? file_join(home, usual) : NULL;
}

static bool from_file(const char *path, bool in_config, struct vars *out, bool *found, struct error *err)
{
    AUTO(buf_clear) struct buf text = BUF_SECRET(FILE_MAX_TEXT);
    const char *profile = getenv("AWS_PROFILE");

    if (profile == NULL || profile[0] == '\0')
        profile = "default";
    *found = false;
    if (path == NULL || !file_exists(path))
        return true;
    if (!file_read(path, &text, err))
        return error_as(err, ERROR_PLUGIN);
    vars_clear(out);
    *found = aws_keys_read(buf_view(&text), profile, in_config, out);
    return true;
}

/* Whether a server near the machine may have keys, or Amazon's token service for the token of a web identity. */
static bool may_be_asked_for(void)
{
    static const char *const places[] = { "AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
        "AWS_CONTAINER_CREDENTIALS_FULL_URI" };
    const char *off = getenv("AWS_EC2_METADATA_DISABLED");

    for (size_t i = 0; i < COUNT(places); i++)
        if (text_is_given(getenv(places[i])))
            return true;
    return off == NULL || strcasecmp(off, "true") != 0;
}

static bool from_files(struct vars *out, char **where, bool *found, struct error *err)
{
    AUTO(free) char *credentials = shared_file("AWS_SHARED_CREDENTIALS_FILE", ".aws/credentials");
    AUTO(free) char *config = shared_file("AWS_CONFIG_FILE", ".aws/config");

    TRY(from_file(credentials, false, out, found, err));
    if (*found) {
        *where = TAKE(credentials);
        return true;
    }
    TRY(from_file(config, true, out, found, err));
    if (*found)
        *where = TAKE(config);
    return true;
}

bool aws_keys(struct vars *out, char **where, struct error *err)
{
    AUTO(vars_clear) struct vars got = { 0 };
    bool found = !text_is_given(getenv("AWS_PROFILE")) && from_environment(&got);

    if (found)
        *where = xstrdup("the environment");
    else if (text_is_given(getenv("AWS_WEB_IDENTITY_TOKEN_FILE")) && text_is_given(getenv("AWS_ROLE_ARN")))
        return true;
    else
        TRY(from_files(&got, where, &found, err));
    if (found) {
        vars_set_all(out, &got);
        return true;
    }
    if (may_be_asked_for())
        return true;
    (void)error_set(err, ERROR_PLUGIN, "Unable to locate credentials");
    return error_next(err, "give AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or a profile in ~/.aws/credentials; the "
                           "instance is not asked, as AWS_EC2_METADATA_DISABLED says");
}
