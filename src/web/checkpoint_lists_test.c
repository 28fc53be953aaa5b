#include "web/checkpoint_lists.h"

#include "base/test.h"

static const struct {
    const char *name;
    const char *text; /* as Certbot writes it */
    bool rewrites;    /* and as we do */
    size_t count;
    const char *words; /* of all commands: words with | between, commands with ; between */
} commands[] = {
    { "one", "a2dismod,-f,ssl\r\n", true, 1, "a2dismod|-f|ssl" },
    { "two", "a2dismod,ssl\r\na2dismod,headers\r\n", true, 2, "a2dismod|ssl;a2dismod|headers" },
    { "a comma and a quote", "echo,\"a,b\",\"say \"\"hi\"\"\"\r\n", true, 1, "echo|a,b|say \"hi\"" },
    { "a line feed", "echo,\"a\nb\"\r\n", true, 1, "echo|a\nb" },
    { "an empty word", "echo,\"\",x\r\n", true, 1, "echo||x" },
    { "unquoted empty", "echo,,x\r\n", false, 1, "echo||x" },
    { "LF alone", "a,b\nc\n", false, 2, "a|b;c" },
    { "no line end", "a,b", false, 1, "a|b" },
    { "empty lines", "\r\n\r\na\r\n\r\n", false, 1, "a" },
    { "nothing", "", true, 0, "" },
    { "text behind a quote", "\"a\"b,c\r\n", false, 1, "ab|c" },
};

TEST(commands_are_read_and_written)
{
    for (size_t i = 0; i < COUNT(commands); i++) {
        AUTO(commands_clear) struct commands found = { 0 };
        AUTO(buf_clear) struct buf words = BUF(1000), again = BUF(1000);

        CHECK(commands_parse(view_of(commands[i].text), &found), "%s", commands[i].name);
        CHECK_INT((int64_t)found.len, (int64_t)commands[i].count, commands[i].name);
        for (size_t j = 0; j < found.len; j++) {
            AUTO(free) char *joined = list_join(&found.at[j], "|");

            buf_putf(&words, "%s%s", j > 0 ? ";" : "", joined);
            command_put(&found.at[j], &again);
        }
        CHECK_TEXT(buf_text(&words), commands[i].words, commands[i].name);
        if (commands[i].rewrites)
            CHECK_TEXT(buf_text(&again), commands[i].text, commands[i].name);
    }
}

TEST(what_is_no_list_of_commands)
{
    AUTO(commands_clear) struct commands found = { 0 };
    AUTO(buf_clear) struct buf many = BUF(10000);

    CHECK(!commands_parse(view_of("a,\"b\r\n"), &found), "an open quote");
    for (int i = 0; i < CHECKPOINT_WORDS_MAX; i++)
        buf_put_text(&many, "w,");
    CHECK(!commands_parse(buf_view(&many), &found), "too many words");
}

TEST(paths)
{
    AUTO(list_clear) struct list found = { 0 };
    AUTO(free) char *joined = NULL;

    paths_parse(view_of("/etc/a b\n/etc/c\r\n\n/etc/d"), &found);
    joined = list_join(&found, "|");
    CHECK_TEXT(joined, "/etc/a b|/etc/c|/etc/d", "three");
    CHECK(path_fits_line("/etc/x y"), "a blank is fine");
    CHECK(!path_fits_line("/etc/x\ny") && !path_fits_line("/x\r") && !path_fits_line("etc/x"), "others are not");
}

TEST_MAIN()
