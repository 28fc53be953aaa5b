#include "notify/examine.h"

#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/mem.h"
#include "notify/keep.h"

static const char why_silent[] = "nobody hears of it there when a certificate is not renewed";

/* ---- secrets ---- */

#define TOKEN_LEN 20   /* letters and digits in a row, */
#define TOKEN_DIGITS 3 /* among which there are so many digits, are no word of any language */

static bool has_token(const char *text)
{
    size_t len = 0, digits = 0;

    for (; *text != '\0'; text++) {
        bool digit = *text >= '0' && *text <= '9';
        bool letter = (*text >= 'a' && *text <= 'z') || (*text >= 'A' && *text <= 'Z');

        len = digit || letter || *text == '_' ? len + 1 : 0;
        digits = len == 0 ? 0 : digits + digit;
        if (len >= TOKEN_LEN && digits >= TOKEN_DIGITS)
            return true;
    }
    return false;
}

bool looks_secret(const char *text)
{
    static const char *const words[] = { "token", "passw", "secret", "apikey", "api_key", "api-key", "bearer",
        "authorization", "credential" };
    const char *address = strstr(text, "://");

    for (size_t i = 0; i < COUNT(words); i++)
        if (strcasestr(text, words[i]) != NULL)
            return true;
    return has_token(text) || (address != NULL && (strchr(address, '@') != NULL || strchr(address, '=') != NULL));
}

static void look_at_target(const struct settings *settings, const struct target *target, struct findings *out)
{
    AUTO(memory_clear) struct memory memory = { 0 };
    struct finding *finding;
    char since[CLOCK_TEXT_SIZE];

    if (target->kind == TARGET_BROKEN) {
        finding = findings_add(out, "alarm-target-wrong", HEALTH_WARNING, NULL, why_silent, "%s is told nothing: %s",
            target->shown, target->why);
        finding_answer(finding, "mend it, where --notify or --notify-file is given, and try it with `notify test`");
        return;
    }
    keep_read(settings->config_dir, target->id, &memory);
    if (memory.failing.times == 0)
        return;
    clock_format_rfc3339(memory.failing.since, since);
    finding = findings_add(out, "alarm-target-failing", HEALTH_WARNING, NULL, why_silent,
        "%s has taken none of the last %u alarm(s), since %s: %s", target->shown, memory.failing.times, since,
        memory.failing.why);
    finding_answer(finding, "try it with `notify test`, and mend what that says; the next `renew` tells it again");
}

/* Of what programs are given nobody knows what it means: as far as it can be told from its looks. */
static bool words_look_secret(const struct target *target)
{
    for (size_t i = target->kind == TARGET_PROGRAM; i < target->words.len; i++)
        if (looks_secret(target->words.at[i]))
            return true;
    return false;
}

static bool has_secret(const struct targets *targets)
{
    for (size_t i = 0; i < targets->len; i++) {
        const struct target *target = &targets->at[i];

        if ((target->kind == TARGET_PROGRAM || target->kind == TARGET_SHELL) && words_look_secret(target))
            return true;
        for (size_t k = 0; k < target->keys.len; k++)
            if (target->keys.at[k].secret)
                return true;
    }
    return false;
}

/* A configuration file with secrets in it. The one of --notify-file is a broken target when it is open to others. */
static void look_at_file(const struct settings *settings, struct findings *out)
{
    AUTO(targets_clear) struct targets targets = { 0 };
    const char *path = settings_place(settings, offsetof(struct settings, notify), &(unsigned){ 0 });
    struct finding *finding;
    struct stat st;

    if (path == NULL || SETTING_ORIGIN(settings, notify) != ORIGIN_FILE || stat(path, &st) != 0 ||
        (st.st_mode & (S_IRWXG | S_IRWXO)) == 0 || ((st.st_mode & S_IRWXO) == 0 && st.st_gid == 0))
        return;
    for (size_t i = 0; i < settings->notify.len; i++)
        targets_add(&targets, settings->config_dir, settings->notify.at[i]);
    if (!has_secret(&targets))
        return;
    finding = findings_add(out, "alarm-secret-open", HEALTH_ERROR, NULL, "who reads it can send there in our name",
        "%s can be read by other users, and there is a target of alarms with a secret in it", path);
    finding->path = xstrdup(path);
    finding_answer(finding, "chmod 600 '%s', or give that target in a file of its own with --notify-file", path);
}

void notify_examine(const struct settings *settings, const struct targets *targets, struct findings *out)
{
    look_at_file(settings, out);
    if (targets->left_out > 0)
        finding_answer(
            findings_add(out, "alarm-target-wrong", HEALTH_WARNING, NULL, why_silent,
                "%zu target(s) are told nothing, as no more than %d are possible", targets->left_out, TARGETS_MAX),
            "have one of them pass it on to the others");
    for (size_t i = 0; i < targets->len; i++)
        look_at_target(settings, &targets->at[i], out);
}
