/* The table of both names, row by row; and that users are told of each habit that is not Certbot's. */
#include "voice/voice.h"

#include <ctype.h>

#include "base/bytes.h"
#include "base/test.h"
#include "base/text.h"

enum kind { A_WORD, AN_ERROR, A_HABIT };

static const struct row {
    enum kind kind;
    const char *name;
    const char *certbot, *own, *certbot_next, *own_next;
    bool certbot_does, we_do;
} rows[] = {
#define WORD(member, certbot, own) { A_WORD, #member, certbot, own, NULL, NULL, false, false },
#define ERROR(member, certbot, certbot_next, own, own_next)                                                            \
    { AN_ERROR, #member, certbot, own, certbot_next, own_next, false, false },
#define HABIT(member, certbot, own) { A_HABIT, #member, NULL, NULL, NULL, NULL, certbot, own },
#include "voice/table.h"
#undef WORD
#undef ERROR
#undef HABIT
};

TEST(each_row_has_a_reason_to_be_there)
{
    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct row *row = &rows[i];

        if (row->kind == A_HABIT)
            CHECK(row->certbot_does != row->we_do, "%s: both do the same", row->name);
        else
            CHECK(!text_equal(row->certbot, row->own) || !text_equal(row->certbot_next, row->own_next),
                "%s: both say the same", row->name);
        CHECK(
            row->kind != AN_ERROR || row->certbot_next == NULL || row->certbot != NULL, "%s: advice alone", row->name);
        CHECK(row->kind != AN_ERROR || row->own_next == NULL || row->own != NULL, "%s: advice alone", row->name);
    }
}

TEST(both_instances_are_the_table)
{
    CHECK_TEXT(voice_certbot.command, "certbot", "command");
    CHECK_TEXT(voice_own.command, "evercert", "command");
    CHECK(!voice_certbot.explains && voice_own.explains);
    CHECK_TEXT(voice_certbot.no_enhancements.why,
        "Please specify one or more enhancement types to configure. To list the "
        "available enhancement types, run:\n\ncertbot --help enhance\n\nNo enhancements requested, exiting.",
        "why");
    CHECK(voice_certbot.no_enhancements.next == NULL && voice_own.no_enhancements.next != NULL);
}

TEST(the_name_decides_by_its_beginning)
{
    static const struct {
        const char *argv0;
        const struct voice *voice;
    } names[] = {
        { "certbot", &voice_certbot },
        { "/usr/bin/certbot", &voice_certbot },
        { "./certbot-auto", &voice_certbot },
        { "letsencrypt", &voice_certbot },
        { "certbot.distrib", &voice_certbot },
        { "evercert", &voice_own },
        { "/opt/certbot/evercert", &voice_own },
        { "mycertbot", &voice_own },
        { "", &voice_own },
        { NULL, &voice_own },
    };

    for (size_t i = 0; i < COUNT(names); i++)
        CHECK(voice_of(names[i].argv0) == names[i].voice, "%s", names[i].argv0 == NULL ? "none" : names[i].argv0);
}

TEST(voice_fill_puts_values_in)
{
    static const struct {
        const char *text, *filled;
    } cases[] = {
        { "", "" },
        { "no place", "no place" },
        { "{1}", "one" },
        { "a {2} b {1} c {2}", "a two lines {1} b one c two lines {1}" },
        { "{3} has no value", "{3} has no value" },
        { "{9} {0} {x} {} {1", "{9} {0} {x} {} {1" },
        { "{{1}}", "{one}" },
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(free) char *filled = VOICE_FILL(cases[i].text, "one", "two\nlines {1}");

        CHECK_TEXT(filled, cases[i].filled, cases[i].text);
    }
}

TEST(voice_error_keeps_the_lines_of_the_table_alone)
{
    struct error err = { 0 };

    CHECK(!VOICE_ERROR(&err, ERROR_PLUGIN, voice_certbot.not_working, "x", "it\nbroke"));
    CHECK_TEXT(err.why,
        "The x plugin is not working; there may be problems with your existing configuration.\nThe error was: "
        "PluginError('it broke')",
        "why");
    CHECK(err.kind == ERROR_PLUGIN && err.next[0] == '\0');
    CHECK(!VOICE_ERROR(&err, ERROR_CONFIG, voice_own.not_working, "y", "z"));
    CHECK(err.kind == ERROR_PLUGIN && strstr(err.why, "The x plugin") != NULL, "nothing to say: it stays");
    CHECK(!VOICE_ERROR(&err, ERROR_CONFIG, voice_own.authenticator_only, "webroot"));
    CHECK(err.kind == ERROR_CONFIG && strstr(err.next, "`certonly -a webroot`") != NULL, "%s", err.next);
}

/* ---- docs/differences-from-certbot.md ---- */

/* The sentence of docs/differences-from-certbot.md on a habit. NULL: it is covered by a sentence about several. */
static const struct {
    const char *habit, *told;
} told[] = {
    { "explains", NULL },
    { "hints", "Called as `evercert`, questions are in our own words, told again with what can be answered" },
    { "tells_more", "under our own name say what was done" },
    { "fits_terminal", "and fit the width of the terminal" },
    { "reads_first_letter", NULL },
    { "reads_pasted_lines", "Lines that are pasted together at the question for names are one answer" },
    { "names_log", NULL },
    { "numbers_errors", NULL },
    { "announces_hooks", NULL },
    { "logs_challenges_as_python", NULL },
    { "tells_unusual_dirs", NULL },
    { "lists_entry_points", NULL },
    { "has_certbot_defaults", NULL },
    { "takes_international_names", "take international names as they are typed" },
    { "holds_email_to_rules", "called as `evercert`, so is one that public CAs refuse" },
    { "refuses_reserved_addresses", "Called as `evercert`, private, reserved and other addresses that no public CA" },
    { "picks_short_profile", "Called as `evercert`, an order with IP addresses asks for the profile `shortlived`" },
    { "finds_addresses", "Called as `evercert`, `--ip-address auto` stands for the public addresses" },
    { "refuses_names_without_dot", NULL },
    { "helps_with_subcommand", NULL },
    { "prefers_own_types", "Called as `certbot`, `--preferred-challenges` refuses it" },
    { "tries_reconfigure_anywhere", "As `evercert` it works for every lineage, and is a trial alone" },
    { "changes_account_keys", NULL },
    { "refuses_shared_code",
        "Evercert refuses to go on and names the command that ends it. Called as `certbot` it warns" },
    { "shares_store", "Called as `evercert`, several runs work in one store at once" },
    { "reads_without_writing",
        "commands that only read (`certificates`, `status`, `history`, `show_account`, `doctor`) work" },
    { "guards_deletion", "Called as `evercert`, `delete` refuses, without `--force`" },
    { "keeps_key_owner", NULL },
    { "repairs_on_renew", "Called as `evercert`, `renew` repairs a lineage that does not load" },
    { "has_rsa_accounts", "Called as `evercert`, account keys are P-256; as `certbot`, RSA" },
    { "asks_account_first", NULL },
    { "asks_webroot_late", NULL },
    { "renews_for_other_options", "renew it and say why; so does `--key-type` without a terminal" },
    { "leaves_out_unpresented",
        "Called as `evercert` with `--allow-subset-of-names`, a name whose proof cannot be presented is left out" },
    { "takes_instant_windows", "is invalid (RFC 9773, section 4.2) and ignored; called as `certbot`, it is obeyed" },
    { "obeys_endless_renewal", "`renew_before_expiry` that is no shorter than the certificate lives" },
    { "preflights", "Called as `evercert`, names are looked at before an order is placed" },
    { "backs_off", "an unattended `renew` tries a certificate whose orders keep failing less and less often" },
    { "redelivers", "Called as `evercert`, those that failed are run again" },
    { "misses_renewal_files",
        "Called as `evercert`, `renew` fails where there are certificates and no renewal file at all" },
    { "lists_to_revoke", "Called as `evercert`, `revoke` without a name lists the certificates" },
    { "takes_revoked_for_done", "`revoke` takes what the CA has revoked already for revoked" },
    { "installs_for_addresses", "take IP addresses, where the installer does" },
    { "refuses_enhancements", "as `certbot` we refuse the former and pass over the latter" },
    { "keeps_other_type", "one of ours with the other type of key is leaves that one in place" },
    { "looks_for_schedule", "Called as `evercert`, `preconfigured-renewal` promises nothing" },
    { "looks_for_records",
        "Called as `evercert`, the name servers of a zone are asked until all have the TXT records" },
    { "reads_credentials_late",
        "Called as `evercert`, credentials that are given are read before the CA hears of anything" },
};

/* In one line, as the page wraps where it likes. */
static char *read_page(void)
{
    AUTO(free) char *room = file_dirname(__FILE__);
    AUTO(free) char *path = file_join(room, "../../docs/differences-from-certbot.md");
    AUTO(buf_clear) struct buf text = BUF(FILE_MAX_TEXT);
    AUTO(buf_clear) struct buf line = BUF(FILE_MAX_TEXT);
    struct error err = { 0 };

    REQUIRE(file_read(path, &text, &err), "%s", err.why);
    for (size_t i = 0; i < text.len; i++) {
        bool is_space = isspace((unsigned char)text.at[i]) != 0;

        if (!is_space)
            buf_put_char(&line, text.at[i]);
        else if (line.len > 0 && line.at[line.len - 1] != ' ')
            buf_put_char(&line, ' ');
    }
    return buf_take(&line);
}

TEST(users_are_told_of_habits)
{
    AUTO(free) char *page = read_page();
    size_t next = 0;

    for (size_t i = 0; i < COUNT(rows); i++) {
        if (rows[i].kind != A_HABIT)
            continue;
        REQUIRE(next < COUNT(told) && strcmp(told[next].habit, rows[i].name) == 0, "%s: say where users are told of it",
            rows[i].name);
        CHECK(told[next].told == NULL || strstr(page, told[next].told) != NULL, "%s: \"%s\" is not on the page",
            rows[i].name, told[next].told);
        next++;
    }
    CHECK(next == COUNT(told), "%s is no habit", told[next < COUNT(told) ? next : 0].habit);
}

TEST_MAIN()
