/* Which line a configuration test has refused. */
#include "base/test.h"
#include "web/refusal.h"

TEST(refused_lines)
{
    static const struct {
        const char *said, *line;
    } cases[] = {
        { "", NULL },
        { "nginx: configuration file /etc/nginx/nginx.conf test failed", NULL },
        { "nginx: [emerg] unknown directive \"x\" in /etc/nginx/nginx.conf:3\n"
          "nginx: configuration file /etc/nginx/nginx.conf test failed",
            "/etc/nginx/nginx.conf:3: unknown directive \"x\"" },
        { "2026/11/30 15:18:46 [emerg] 11022#11022: unexpected end of file, expecting \";\" in /tmp/n.conf:1",
            "/tmp/n.conf:1: unexpected end of file, expecting \";\"" },
        { "nginx: [warn] conflicting server name \"a\" on 0.0.0.0:80, ignored in /a:1\n"
          "nginx: [emerg] invalid parameter \" in /b:2\" in /etc/nginx/a b.conf:7",
            "/etc/nginx/a b.conf:7: invalid parameter \" in /b:2\"" },
        { "nginx: [emerg] cannot load certificate \"/x.pem\": BIO_new_file() failed", NULL },
        { "nginx: [emerg] no \"ssl_certificate\" is defined in /x:", NULL },
        { "nginx: [emerg] in /x:1", NULL }, /* nothing is said of it */
        { "AH00526: Syntax error on line 3 of /etc/apache2/sites-enabled/x.conf:\n"
          "Invalid command 'Foo', perhaps misspelled\nAction 'configtest' failed.",
            "/etc/apache2/sites-enabled/x.conf:3: Invalid command 'Foo', perhaps misspelled" },
        { "apache2: Syntax error on line 225 of /etc/apache2/apache2.conf: Syntax error on line 1 of /etc/apache2/x: "
          "Could not open configuration file /none: No such file or directory",
            "/etc/apache2/x:1: Could not open configuration file /none: No such file or directory" },
        { "[Mon Nov 30 15:08:07 2026] [so:warn] [pid 7] AH01574: module is already loaded\n"
          "AH00526: Syntax error on line 9 of C of D.conf:",
            "C of D.conf:9: " },
        { "Syntax error on line x of /y: z", NULL },
        { "Syntax error on line 3", NULL },
        { "Syntax OK", NULL },
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(free) char *line = web_refused_line(cases[i].said);

        CHECK_TEXT(line, cases[i].line, cases[i].said);
    }
}

TEST_MAIN()
