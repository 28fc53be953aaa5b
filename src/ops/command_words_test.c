#include "ops/command_words.h"

#include "base/mem.h"
#include "base/test.h"

#define S QUOTING_SYSTEMD
#define C QUOTING_CRON
#define H QUOTING_SHELL
#define P QUOTING_PLIST

/* All words of all commands, "[word][word] | [word]"; a ? before those that are not certain. */
static char *read_all(const char *text, enum quoting quoting)
{
    AUTO(buf_clear) struct buf out = BUF(64 * 1024);
    AUTO(command_words_clear) struct command_words command = { 0 };
    struct view rest = view_of(text);

    while (command_words_next(&rest, quoting, &command)) {
        buf_put_text(&out, out.len > 0 ? " | " : "");
        buf_put_text(&out, command.is_certain ? "" : "?");
        for (size_t i = 0; i < command.words.len; i++)
            buf_putf(&out, "[%s]", command.words.at[i]);
    }
    return buf_take(&out);
}

TEST(commands)
{
    static const struct {
        enum quoting quoting;
        const char *text, *want;
    } rows[] = {
        { H, "", "" },
        { H, "  ; ;\n", "" },
        { H, "evercert -q renew", "[evercert][-q][renew]" },
        { H, "exec evercert  renew # and more", "[exec][evercert][renew]" },
        { H, "test -x /a -a \\! -d /b && perl -e 'sleep 1' && certbot renew",
            "[test][-x][/a][-a][!][-d][/b] | [perl][-e][sleep 1] | [certbot][renew]" },
        { H, "evercert renew >/dev/null 2>&1", "[evercert][renew]" },
        { H, "evercert renew >> /var/log/x; echo done", "[evercert][renew] | [echo][done]" },
        { H, "evercert renew 2>/dev/null -q", "[evercert][renew][-q]" },
        { H, "evercert x2>y", "[evercert][x2]" },
        { H, "a 'b c'\"d e\"f\\ g ''", "[a][b cd ef g][]" },
        { H, "a \"\\$x \\q \\\" \\\\\"", "[a][$x \\q \" \\]" },
        { H, "a 'it'\\''s'", "[a][it's]" },
        { H, "a $HOME/x", "?[a][$HOME/x]" },
        { H, "a \"`b`\"", "?[a][`b`]" },
        { H, "a '$HOME'", "[a][$HOME]" },
        { H, "a 'without an end", "?[a][without an end]" },
        { H, "a%b", "[a%b]" },
        { C, "7 2-23/3 * * * root evercert renew", "[7][2-23/3][*][*][*][root][evercert][renew]" },
        { C, "a b%what it reads%more", "[a][b]" },
        { C, "a b\\%c 'd'\\%'e' 'f\\%g' \"h\\%i\"", "[a][b%c][d%e][f%g][h%i]" },
        { S, "/a \"b c\" 'd e' f\\ g", "[/a][b c][d e][f g]" },
        { S, "/a 100%% $$HOME \"%%x $$y\"", "[/a][100%][$HOME][%x $y]" },
        { S, "/a %h", "?[/a][%h]" },
        { S, "/a ${X}", "?[/a][${X}]" },
        { S, "/a \\x41", "?[/a][x41]" },
        { S, "/a 1 ; /b 2;3", "[/a][1] | [/b][2;3]" },
        { S, "/a it's", "[/a][it's]" },
        { S, "/a \"no end", "?[/a][no end]" },
        { P, "<dict><key>Label</key><string>x</string><array>\n<string>/a</string>\n<string>b &amp; c</string>",
            "[x][/a][b & c]" },
        { P, "<string>&#65;</string>", "?[&#65;]" },
        { P, "<string></string><string>x", "[][x]" },
        { P, "nothing", "" },
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        AUTO(free) char *got = read_all(rows[i].text, rows[i].quoting);

        CHECK_TEXT(got, rows[i].want, rows[i].text);
    }
}

/* What unit_command writes is read as it was. */
TEST(the_inverse)
{
    static const char *const words[] = { "/usr/bin/evercert", "-q", "/srv/a b", "100%", "50% of $HOME",
        "it's \"quoted\"", "back\\slash \\", "<&>", "a;b", "x#y", "*", "tab\tx" };
    static const enum quoting quotings[] = { S, C, H, P };
    struct list all = { 0 };

    for (size_t i = 0; i < COUNT(words); i++)
        list_add(&all, words[i]);
    for (size_t i = 0; i < COUNT(quotings); i++) {
        AUTO(free) char *text = unit_command(&all, quotings[i]);
        AUTO(command_words_clear) struct command_words command = { 0 };
        struct view rest = view_of(text);

        REQUIRE(command_words_next(&rest, quotings[i], &command) && command.words.len == COUNT(words), "%s", text);
        for (size_t k = 0; k < COUNT(words); k++)
            CHECK_TEXT(command.words.at[k], words[k], text);
        CHECK(command.is_certain, "%s", text);
    }
    list_clear(&all);
}

TEST_MAIN()
