#include "notify/send.h"

#include <pwd.h>
#include <string.h>
#include <unistd.h>

#include "base/child.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/program.h"
#include "base/text.h"
#include "typed/names.h"
#include "crypto/key.h"
#include "notify/mail.h"
#include "notify/webhook.h"

#define JSON_ENV_MAX (96 * 1024) /* what one variable of the environment may hold (execve: 128 KiB) */
#define SAID_MAX 300             /* bytes of what a program says that its error shows */
#define NAME_SIZE 256

size_t send_limit(const struct target *target)
{
    int64_t limit = MESSAGE_TEXT_MAX;

    if (target->kind == TARGET_FORM)
        (void)!value_number(value_member(&target->form->top, "limit"), &limit);
    return (size_t)limit;
}

/* Judges what came of a program; its words go into the error, the end of them being what counts. */
static bool check_program(const char *shown, const struct child_result *result, struct error *err)
{
    struct view said = view_trim(buf_view(&result->err));
    AUTO(free) char *text = NULL;

    if (said.len > SAID_MAX)
        said = (struct view){ said.at + said.len - SAID_MAX, SAID_MAX };
    text = text_printable_dup(said, SAID_MAX, false);
    if (text[0] != '\0')
        log_debug("%s: %s", shown, text);
    return result->status == 0 || error_set(err, ERROR_HOOK, "%s ended with status %d%s%s", shown, result->status,
                                      text[0] != '\0' ? ": " : "", text);
}

static bool run_program(const char *shown, const struct child_program *program, struct error *err)
{
    AUTO(child_result_clear) struct child_result result = { 0 };

    return child_run(program, &result, err) && check_program(shown, &result, err);
}

/* ---- e-mail ---- */

/* The program: that of the settings, else where it usually lies. Of the caller's. */
static char *find_sendmail(const struct settings *settings, struct error *err)
{
    AUTO(free) char *directories = program_directories(), *all = xprintf("%s:/usr/lib", directories);
    char *found =
        text_is_given(settings->notify_sendmail) ? xstrdup(settings->notify_sendmail) : program_find("sendmail", all);

    if (found == NULL) {
        (void)error_set(err, ERROR_CONFIG, "there is no sendmail on this machine");
        (void)error_next(err, "install a mail transfer agent (msmtp-mta, dma, postfix ...), or name its program with "
                              "--notify-sendmail");
    }
    return found;
}

/* This user at this host, where that makes an address. */
static char *own_address(const char *host)
{
    struct passwd entry, *found = NULL;
    char text[4096];
    AUTO(free) char *address = NULL;
    struct error ignored = { 0 };

    if (getpwuid_r(geteuid(), &entry, text, sizeof text, &found) == 0 && found != NULL)
        address = xprintf("%s@%s", found->pw_name, host);
    return address != NULL && email_check(address, false, &ignored) ? TAKE(address) : xstrdup("root@localhost");
}

static bool make_id(const char *host, char **out, struct error *err)
{
    AUTO(buf_clear) struct buf hex = BUF(64);
    unsigned char bytes[16];

    TRY(random_bytes(bytes, sizeof bytes, err));
    buf_put_hex(&hex, (struct view){ (const char *)bytes, sizeof bytes });
    *out = xprintf("%s@%s", buf_text(&hex), host);
    return true;
}

static bool send_mail(
    struct context *context, const struct target *target, const struct message *message, struct error *err)
{
    const struct settings *settings = context->settings;
    const char *from = text_is_given(settings->notify_from) ? settings->notify_from : NULL;
    char host[NAME_SIZE] = "localhost";
    AUTO(free) char *program = find_sendmail(settings, err), *own = NULL, *id = NULL;
    AUTO(buf_clear) struct buf text = BUF(MAIL_MAX);
    char *argv[] = { (char[]){ "sendmail" }, (char[]){ "-t" }, (char[]){ "-i" }, (char[]){ "-f" }, (char *)from, NULL };
    struct mail mail = { .to = &target->words,
        .from = from,
        .from_name = "Evercert",
        .subject = message->title,
        .text = message->text,
        .severity = message->severity,
        .now = context_now(context) };

    if (program == NULL)
        return false;
    if (gethostname(host, sizeof host) != 0 || memchr(host, '\0', sizeof host) == NULL)
        (void)snprintf(host, sizeof host, "localhost");
    if (from == NULL) { /* whom the mail system takes for the sender is its own affair */
        argv[3] = NULL;
        mail.from = own = own_address(host);
    }
    TRY(make_id(strrchr(mail.from, '@') + 1, &id, err));
    mail.id = id;
    mail_put(&mail, &text);
    if (text.failed)
        return error_set(err, ERROR_INTERNAL, "the e-mail would be larger than %d bytes", MAIL_MAX);
    return run_program(program,
        &(struct child_program){ .path = program, .argv = argv, .limit_ms = SEND_MS, .input = buf_view(&text) }, err);
}

/* ---- commands ---- */

static void put_environment(const struct message *message, struct list *env)
{
    static const char *const names[] = { "event", "severity", "title", "host", "alarm", "time" };
    AUTO(free) char *json = message_json(message), *variable = xprintf("EVERCERT_JSON=%s", json);

    for (size_t i = 0; i < COUNT(names); i++) {
        AUTO(free) char *name = xprintf("EVERCERT_%s", names[i]), *entry = NULL;

        for (char *c = name; *c != '\0'; c++)
            if (*c >= 'a' && *c <= 'z')
                *c = (char)(*c - 'a' + 'A');
        entry = xprintf("%s=%s", name, value_text(vars_get(&message->vars, view_of(names[i]))));
        list_add(env, entry);
    }
    if (strlen(variable) < JSON_ENV_MAX)
        list_add(env, variable);
}

static bool send_command(const struct target *target, const struct message *message, struct error *err)
{
    AUTO(list_clear) struct list env = { 0 };
    AUTO(free) char **argv = xcalloc(target->words.len + 1, sizeof *argv);
    char *shell[] = { (char[]){ "sh" }, (char[]){ "-c" }, target->words.at[0], NULL };
    bool is_shell = target->kind == TARGET_SHELL;

    for (size_t i = 0; i < target->words.len; i++)
        argv[i] = target->words.at[i];
    put_environment(message, &env);
    return run_program(target->shown,
        &(struct child_program){ .path = is_shell ? "/bin/sh" : target->words.at[0],
            .argv = is_shell ? shell : argv,
            .env = &env,
            .limit_ms = SEND_MS,
            .input = view_of(message->text) },
        err);
}

/* ---- whichever it is ---- */

bool send_message(
    struct context *context, const struct target *target, const struct message *message, struct error *err)
{
    switch (target->kind) {
    case TARGET_MAIL:
        return send_mail(context, target, message, err);
    case TARGET_PROGRAM:
    case TARGET_SHELL:
        return send_command(target, message, err);
    case TARGET_FORM:
        return webhook_send(context, target, message, err);
    case TARGET_BROKEN:
        break;
    }
    return error_set(err, ERROR_CONFIG, "%s", target->why);
}
