#include "notify/target.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/text.h"
#include "typed/code_path.h"
#include "typed/names.h"
#include "crypto/hmac.h"

#define FILE_MOST (64 * 1024)
#define ID_DIGITS 8
#define WHY_MAX 512

static void target_clear(struct target *target)
{
    free(target->id);
    free(target->shown);
    for (size_t i = 0; i < target->words.len; i++)
        wipe(target->words.at[i], strlen(target->words.at[i]));
    list_clear(&target->words);
    vars_clear(&target->keys);
    free(target->why);
    *target = (struct target){ 0 };
}

void targets_clear(struct targets *targets)
{
    for (size_t i = 0; i < targets->len; i++)
        target_clear(&targets->at[i]);
    targets->len = targets->left_out = 0;
}

bool targets_any(const struct settings *settings)
{
    return settings->notify.len > 0 || text_is_given(settings->notify_file);
}

/* ---- one target ---- */

static bool split_words(const char *value, struct list *out)
{
    struct view rest = view_of(value), word = { 0 };

    while (view_cut(&rest, ' ', &word))
        if (view_trim(word).len > 0)
            list_add_view(out, view_trim(word));
    return out->len > 0;
}

static bool read_mail(struct target *target, const char *value, struct error *err)
{
    struct view rest = view_of(value), part = { 0 };

    target->kind = TARGET_MAIL;
    while (view_cut(&rest, ',', &part)) {
        AUTO(free) char *address = view_dup(view_trim(part));

        TRY(email_check(address, false, err));
        for (const char *c = address; *c != '\0'; c++)
            if ((unsigned char)*c >= 0x7f)
                return error_set(err, ERROR_CONFIG, "an address of e-mail must be of ASCII letters here");
        if (address[0] == '-')
            return error_set(err, ERROR_CONFIG, "an address of e-mail must not begin with a dash");
        list_add(&target->words, address);
    }
    free(target->shown);
    target->shown = xprintf("mailto:%s", value);
    return true;
}

static bool read_program(struct target *target, const char *value, struct error *err)
{
    target->kind = TARGET_PROGRAM;
    if (!split_words(value, &target->words) || target->words.at[0][0] != '/')
        return error_set(err, ERROR_CONFIG, "command: needs the whole path of a program, beginning with a slash");
    free(target->shown);
    target->shown = xprintf("command:%s", target->words.at[0]);
    return true;
}

static bool read_shell(struct target *target, const char *value, struct error *err)
{
    target->kind = TARGET_SHELL;
    list_add(&target->words, value);
    return view_trim(view_of(value)).len > 0 || error_set(err, ERROR_CONFIG, "shell: needs a command");
}

/* "URL" for slack, "TOKEN CHAT [SERVER]" for telegram. */
static char *usage_of(const struct description *form)
{
    const struct value *keys = value_member(&form->top, "keys");
    AUTO(buf_clear) struct buf out = BUF(4096);

    for (size_t i = 0; keys != NULL && i < keys->len; i++) {
        bool optional =
            value_truth(value_member(&keys->at[i], "optional")) || value_member(&keys->at[i], "default") != NULL;

        buf_putf(&out, " %s%s%s", optional ? "[" : "", keys->at[i].key, optional ? "]" : "");
    }
    return buf_take(&out);
}

static bool set_key(struct target *target, const struct value *key, const char *word, struct error *err)
{
    AUTO(value_clear) struct value value = { 0 };

    if (word == NULL)
        word = value_member_text(key, "default");
    if (word == NULL)
        return value_truth(value_member(key, "optional")) ||
               error_set(err, ERROR_CONFIG, "%s is missing: %s", key->key,
                   value_member_text(key, "help") != NULL ? value_member_text(key, "help") : key->key);
    value_set_text(&value, view_of(word));
    vars_set(&target->keys, key->key, &value, !value_truth(value_member(key, "public")));
    return true;
}

/* Parts of a secret address that messages may show apart from it: its path. */
static void hide_path(struct target *target)
{
    for (size_t i = 0, len = target->keys.len; i < len; i++) {
        const char *text = value_text(&target->keys.at[i].value), *start = text == NULL ? NULL : strstr(text, "://");
        const char *path = start == NULL ? NULL : strchr(start + 3, '/');
        AUTO(value_clear) struct value value = { 0 };

        if (!target->keys.at[i].secret || path == NULL)
            continue;
        value_set_text(&value, view_of(path));
        vars_set(&target->keys, "path-of-address", &value, true);
    }
}

static bool read_form(
    struct target *target, const char *config_dir, const char *name, const char *value, struct error *err)
{
    AUTO(list_clear) struct list words = { 0 };
    const struct value *keys;
    AUTO(free) char *usage = NULL;

    target->kind = TARGET_FORM;
    TRY(description_find(DESCRIBES_FORM, config_dir, name, &target->form, err));
    if (target->form == NULL)
        return error_set(err, ERROR_CONFIG, "there is no form '%s'; `notify list` shows those there are", name);
    keys = value_member(&target->form->top, "keys");
    usage = usage_of(target->form);
    (void)split_words(value, &words);
    if (words.len > keys->len)
        return error_set(err, ERROR_CONFIG, "more words than a target of this form has: %s:%s", name, usage + 1);
    for (size_t i = 0; i < keys->len; i++)
        TRY(set_key(target, &keys->at[i], i < words.len ? words.at[i] : NULL, err));
    hide_path(target);
    for (size_t i = 0; i < words.len; i++)
        wipe(words.at[i], strlen(words.at[i]));
    return true;
}

static bool read_target(
    struct target *target, const char *config_dir, const char *kind, const char *value, struct error *err)
{
    if (strcmp(kind, "mailto") == 0)
        return read_mail(target, value, err);
    if (strcmp(kind, "command") == 0)
        return read_program(target, value, err);
    if (strcmp(kind, "shell") == 0)
        return read_shell(target, value, err);
    return read_form(target, config_dir, kind, value, err);
}

/* "slack-1a2b3c4d": the digits are those of a digest of the whole text. */
static char *make_id(const char *kind, const char *text)
{
    AUTO(buf_clear) struct buf digest = BUF(64), hex = BUF(256);
    struct error ignored = { 0 };

    if (!digest_of(DIGEST_SHA256, view_of(text), &digest, &ignored))
        return xstrdup(kind);
    buf_put_hex(&hex, buf_view(&digest));
    return xprintf("%s-%.*s", kind, ID_DIGITS, buf_text(&hex));
}

/* The word in front of the colon, where it is one that may be shown and be part of a file's name. */
static char *kind_of(const char *text)
{
    size_t len = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-");

    return len > 0 && len <= 40 && text[len] == ':' ? xstrndup(text, len) : NULL;
}

static struct target *next_place(struct targets *targets, const char *kind, const char *text)
{
    AUTO(free) char *id = make_id(kind, text);
    struct target *target = &targets->at[targets->len];

    for (size_t i = 0; i < targets->len; i++)
        if (strcmp(targets->at[i].id, id) == 0)
            return NULL;
    if (targets->len == TARGETS_MAX) {
        targets->left_out++;
        return NULL;
    }
    targets->len++;
    *target = (struct target){ .id = xstrdup(id), .shown = TAKE(id) };
    return target;
}

static void set_broken(struct target *target, const struct error *err)
{
    target->kind = TARGET_BROKEN;
    free(target->why);
    target->why = text_printable_dup(view_of(err->why), WHY_MAX, false);
}

void targets_add(struct targets *targets, const char *config_dir, const char *text)
{
    AUTO(free) char *kind = kind_of(text);
    struct target *target = next_place(targets, kind != NULL ? kind : "target", text);
    struct error err = { 0 };

    if (target == NULL)
        return;
    if (kind == NULL)
        (void)error_set(
            &err, ERROR_CONFIG, "a target begins with mailto:, command:, shell: or the name of a form and a colon");
    if (kind == NULL || !read_target(target, config_dir, kind, text + strlen(kind) + 1, &err)) {
        vars_redact_error(&target->keys, &err);
        set_broken(target, &err);
    }
}

/* ---- the file ---- */

bool targets_check_file(const char *path, struct error *err)
{
    struct stat st;

    TRY(code_path_check(path, true, err)); /* it may name commands */
    if (stat(path, &st) != 0 || S_ISCHR(st.st_mode) ||
        ((st.st_mode & S_IRWXO) == 0 && ((st.st_mode & S_IRWXG) == 0 || st.st_gid == 0)))
        return true;
    (void)error_set(
        err, ERROR_CONFIG, "%s can be read by other users, and what is in it would let them send in our name", path);
    return error_next(err, "chmod 600 '%s'", path);
}

static bool read_file(const struct settings *settings, struct targets *out, struct error *err)
{
    AUTO(buf_clear) struct buf text = BUF_SECRET(FILE_MOST);
    struct view rest, line = { 0 };

    TRY(targets_check_file(settings->notify_file, err));
    TRY(file_read_given(settings->notify_file, &text, err));
    rest = buf_view(&text);
    while (view_cut(&rest, '\n', &line)) {
        AUTO(wipe_free) char *target = NULL;

        line = view_trim(line);
        if (line.len == 0 || line.at[0] == '#')
            continue;
        target = view_dup(line);
        targets_add(out, settings->config_dir, target);
    }
    return true;
}

void targets_read(const struct settings *settings, struct targets *out)
{
    struct error err = { 0 };
    struct target *target;

    for (size_t i = 0; i < settings->notify.len; i++)
        targets_add(out, settings->config_dir, settings->notify.at[i]);
    if (!text_is_given(settings->notify_file) || read_file(settings, out, &err))
        return;
    target = next_place(out, "file", settings->notify_file);
    if (target == NULL)
        return;
    set_broken(target, &err);
    free(target->shown);
    target->shown = xprintf("the targets in %s", settings->notify_file);
}
