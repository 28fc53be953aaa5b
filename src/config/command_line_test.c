#include "base/test.h"

#include "base/text.h"
#include "config/command_line.h"
#include "config/test_verbs.h"

static const struct verb *const verbs[] = { &verb_run, &verb_certonly, &verb_renew, &verb_certificates, &verb_history,
    NULL };

/* Reads a line of words split at blanks (an underscore stands for a blank inside a word), checks and all. */
static bool read_line(const char *text, bool as_certbot, struct command_line *out, struct error *err)
{
    AUTO(list_clear) struct list words = { 0 };
    struct view rest = view_of(text), word;
    bool ok;

    setenv("XDG_CONFIG_HOME", test_dir(), 1);
    list_add(&words, "evercert");
    while (text[0] != '\0' && view_cut(&rest, ' ', &word))
        list_add_view(&words, word);
    for (size_t i = 0; i < words.len; i++) {
        for (char *at = words.at[i]; *at != '\0'; at++)
            *at = *at == '^' ? ' ' : *at;
    }
    ok = command_line_read((int)words.len, words.at, verbs, as_certbot ? &voice_certbot : &voice_own, out, err);
    if (!ok)
        command_line_clear(out);
    if (ok && out->verb != NULL &&
        (!settings_check(out->settings, out->verb, err) || !settings_resolve(out->settings, out->verb, err))) {
        command_line_clear(out);
        return false;
    }
    return ok;
}

/* A short form of the parsed command line: "VERB domains=... cert_name=...", with what is set alone. */
static char *summary(const struct command_line *line)
{
    AUTO(buf_clear) struct buf out = BUF(4096);
    const struct settings *s = line->settings;
    AUTO(free) char *domains = list_join(&s->domains, ",");
    AUTO(free) char *addresses = list_join(&s->ip_addresses, ",");
    AUTO(free) char *challenges = list_join(&s->preferred_challenges, ",");

    if (line->help)
        buf_putf(&out, "help %s", line->help_topic == NULL ? "-" : line->help_topic);
    else if (line->version)
        buf_put_text(&out, "version");
    else
        buf_put_text(&out, line->verb->name);
    if (s->domains.len > 0)
        buf_putf(&out, " domains=%s", domains);
    if (s->ip_addresses.len > 0)
        buf_putf(&out, " ip=%s", addresses);
    if (s->preferred_challenges.len > 0)
        buf_putf(&out, " challenges=%s", challenges);
    if (s->cert_name != NULL)
        buf_putf(&out, " cert_name=%s", s->cert_name);
    if (s->authenticator != NULL)
        buf_putf(&out, " auth=%s", s->authenticator);
    if (s->installer != NULL)
        buf_putf(&out, " inst=%s", s->installer);
    if (s->operands.len > 0) {
        AUTO(free) char *operands = list_join(&s->operands, ",");

        buf_putf(&out, " operands=%s", operands);
    }
    if (s->non_interactive)
        buf_put_text(&out, s->quiet ? " -q" : " -n");
    if (s->verbose > 0)
        buf_putf(&out, " v=%d", s->verbose);
    if (s->deploy_hook != NULL)
        buf_putf(&out, " hook=%s", s->deploy_hook);
    if (strcmp(s->server, SERVER_PRODUCTION) != 0)
        buf_putf(&out, " server=%s", strcmp(s->server, SERVER_STAGING) == 0 ? "staging" : s->server);
    return buf_take(&out);
}

static const struct {
    const char *name, *line, *want;
} good[] = {
    { "nothing", "", "run" },
    { "alias", "auth", "certonly" },
    { "options in front", "-n certonly", "certonly -n" },
    { "two forms", "certonly --cert-name x --cert-name=y", "certonly cert_name=y" },
    { "domains add up", "certonly -d a.test,^B.test. --domains c.test --domain a.test",
        "certonly domains=a.test,b.test,c.test" },
    { "IP addresses", "certonly --ip-address 0::1 --ip-address 1.2.3.4 --ip-address ::1", "certonly ip=::1,1.2.3.4" },
    { "challenges", "certonly --preferred-challenges dns,^http --preferred-challenges http-01",
        "certonly challenges=dns-01,http-01,http-01" },
    { "challenges of drafts", "certonly --preferred-challenges dns-account,dns-persist-01",
        "certonly challenges=dns-account-01,dns-persist-01" },
    { "challenges of ours", "certonly --preferred-challenges tls-alpn,tls-alpn-01",
        "certonly challenges=tls-alpn-01,tls-alpn-01" },
    { "prefix", "certonly --cert-na x", "certonly cert_name=x" },
    { "prefix with equals sign", "certonly --cert-na=x", "certonly cert_name=x" },
    { "prefix that an option of ours shares", "--lo /tmp", "run" },
    { "cluster", "-nq", "run -q" },
    { "cluster with value behind", "-nd a.test", "run domains=a.test -n" },
    { "value glued with equals sign", "-d=a.test", "run domains=a.test" },
    { "value glued", "-da.test", "run domains=a.test" },
    { "counter", "-vv -v --verbose", "run v=4" },
    { "value that starts with a dash and has a blank", "--deploy-hook -x^y", "run hook=-x y" },
    { "value that is a dash", "--deploy-hook -", "run hook=-" },
    { "value that starts with a dash", "--deploy-hook=--x", "run hook=--x" },
    { "negative number is a value", "--checkpoints -3", "run" },
    { "empty value", "--cert-name x --deploy-hook=", "run cert_name=x hook=" },
    { "subcommand stolen from an option, as Certbot does", "--cert-name renew certonly",
        "renew cert_name=certonly -n" },
    { "subcommand as glued value", "--cert-name=renew certonly", "certonly cert_name=renew" },
    { "subcommand as value, no other sense", "--cert-name renew", "run cert_name=renew" },
    { "subcommand as value behind the subcommand", "certonly --cert-name certonly", "certonly cert_name=certonly" },
    { "renew never asks", "renew", "renew -n" },
    { "quiet never asks", "certonly -q", "certonly -q" },
    { "plugin flag", "certonly --standalone", "certonly auth=standalone" },
    { "plugin flag and the same by name", "certonly --standalone -a standalone", "certonly auth=standalone" },
    { "nginx does both", "certonly --nginx", "certonly auth=nginx inst=nginx" },
    { "a configurator that installs nothing", "certonly --configurator standalone", "certonly auth=standalone" },
    { "configurator does both", "--configurator apache", "run auth=apache inst=apache" },
    { "DNS plugin", "certonly --dns-rfc2136", "certonly auth=dns-rfc2136" },
    { "a script chooses its plugin", "certonly --dns-script /x/dns_y.sh", "certonly auth=dns-script" },
    { "a script of a plugin that is named", "certonly -a dns-script --dns-script /x/dns_y.sh",
        "certonly auth=dns-script" },
    { "last name wins", "certonly -a x -a y", "certonly auth=y" },
    { "staging", "certonly --staging", "certonly server=staging" },
    { "dry run", "certonly --dry-run", "certonly server=staging" },
    { "dry run, own server", "certonly --dry-run --server https://ca.test/d", "certonly server=https://ca.test/d" },
    { "staging, named", "certonly --test-cert --server https://acme-staging-v02.api.letsencrypt.org/directory",
        "certonly server=staging" },
    { "operands", "history restore a.test 5", "history operands=restore,a.test,5" },
    { "operands between options", "-n history restore --json a.test -v 5", "history operands=restore,a.test,5 -n v=1" },
    { "an operand like a subcommand", "history renew", "history operands=renew" },
    { "an option's value and an operand like subcommands", "history restore --cert-name renew certonly",
        "history cert_name=renew operands=restore,certonly" },
    { "a subcommand that Certbot does not have, as a value", "--cert-name history certonly",
        "certonly cert_name=history" },
    { "no operands", "history", "history" },
    { "help", "--help", "help -" },
    { "help of a topic", "--help renew", "help renew" },
    { "help word", "help renew", "help renew" },
    { "help anywhere, nothing else read", "--bogus -h --rsa-key-size", "help -" },
    { "help beside a subcommand", "renew --help", "help renew" },
    { "help in a cluster", "-nh", "help - -n" },
    { "version", "--version", "version" },
    { "version by prefix", "--vers", "version" },
};

TEST(good_lines)
{
    for (size_t i = 0; i < COUNT(good); i++) {
        AUTO(command_line_clear) struct command_line line = { 0 };
        AUTO(free) char *got = NULL;
        struct error err = { 0 };

        if (!read_line(good[i].line, false, &line, &err)) {
            CHECK(false, "%s: %s", good[i].name, err.why);
            continue;
        }
        got = summary(&line);
        CHECK_TEXT(got, good[i].want, good[i].name);
    }
}

static const struct {
    const char *name, *line;
    enum error_kind kind;
    const char *why, *next; /* next: NULL for none */
} bad[] = {
    { "unknown option", "--domian x", ERROR_USAGE, "unrecognized arguments: --domian x", "did you mean --domain?" },
    { "unknown option with value", "--bogus=1", ERROR_USAGE, "unrecognized arguments: --bogus=1", NULL },
    { "unknown letter", "-Z", ERROR_USAGE, "unrecognized arguments: -Z", NULL },
    { "unknown subcommand", "renw", ERROR_USAGE, "unrecognized arguments: renw", "did you mean renew?" },
    { "too many operands", "history a b c d e", ERROR_USAGE, "unrecognized arguments: d e", NULL },
    { "an operand that is an option", "history a -- -x", ERROR_USAGE, "unrecognized arguments: -- -x", NULL },
    { "operands of nobody", "certonly history", ERROR_USAGE, "unrecognized arguments: history", NULL },
    { "an unknown letter beside operands", "history a -Z", ERROR_USAGE, "unrecognized arguments: -Z", NULL },
    { "two subcommands", "renew certonly", ERROR_USAGE, "unrecognized arguments: certonly", NULL },
    { "help not first", "-n help", ERROR_USAGE, "unrecognized arguments: help", NULL },
    { "behind two dashes", "certonly -- -d x", ERROR_USAGE, "unrecognized arguments: -- -d x", NULL },
    { "ambiguous", "--dom x", ERROR_USAGE, "ambiguous option: --dom could match --domains, --domain", NULL },
    { "value missing", "certonly --cert-name", ERROR_USAGE, "argument --cert-name: expected one argument", NULL },
    { "value missing, option follows", "-d -n", ERROR_USAGE, "argument -d/--domains/--domain: expected one argument",
        NULL },
    { "flag with a value", "--quiet=1", ERROR_USAGE, "argument -q/--quiet: ignored explicit argument '1'", NULL },
    { "flag with a letter that is none", "-nZ", ERROR_USAGE,
        "argument -n/--non-interactive/--noninteractive: ignored explicit argument 'Z'", NULL },
    { "no number", "--rsa-key-size abc", ERROR_USAGE, "argument --rsa-key-size: invalid int value: 'abc'", NULL },
    { "empty number", "--rsa-key-size=", ERROR_USAGE, "argument --rsa-key-size: invalid int value: ''", NULL },
    { "number and more", "--http-01-port 80x", ERROR_USAGE, "argument --http-01-port: invalid int value: '80x'", NULL },
    { "huge number", "--http-01-port 99999999999999999999", ERROR_USAGE, "value must be between 1 and 65535", NULL },
    { "port", "--http-01-port 65536", ERROR_USAGE, "argument --http-01-port: value must be between 1 and 65535", NULL },
    { "negative count", "--max-log-backups -1", ERROR_USAGE, "argument --max-log-backups: value must be non-negative",
        NULL },
    { "no count", "--max-log-backups x", ERROR_USAGE, "argument --max-log-backups: value must be an integer", NULL },
    { "no choice", "--key-type dsa", ERROR_USAGE,
        "argument --key-type: invalid choice: 'dsa' (choose from 'rsa', 'ecdsa')", NULL },
    { "choice in capitals", "--key-type RSA", ERROR_USAGE, "invalid choice: 'RSA'", NULL },
    { "no reason", "--reason fun", ERROR_USAGE, "argument --reason: invalid choice: 'fun'", NULL },
    { "no challenge", "--preferred-challenges dns,bogus", ERROR_USAGE,
        "argument --preferred-challenges: Unrecognized challenges: bogus",
        "http (http-01) and dns (dns-01) are known, and tls-alpn (tls-alpn-01), dns-account (dns-account-01), "
        "dns-persist "
        "(dns-persist-01)" },
    { "no file", "certonly --csr /nonexistent", ERROR_USAGE, "argument --csr: No such file or directory", NULL },
    { "no config file", "-c /nonexistent", ERROR_USAGE,
        "Unable to open config file: /nonexistent. Error: No such file or directory", NULL },
    { "a directory for a file", "certonly -c /", ERROR_USAGE, "Unable to open config file: /. Error: Is a directory",
        NULL },
    { "a file without an end", "certonly -c /dev/zero", ERROR_USAGE,
        "Unable to open config file: /dev/zero. Error: File too large", NULL },
    { "parentheses", "--user-agent-comment a(b)", ERROR_USAGE,
        "argument --user-agent-comment: may not contain parentheses", NULL },
    { "removed by Certbot", "--manual-public-ip-logging-ok", ERROR_USAGE, "unrecognized arguments", NULL },
    { "quotes that no file can hold", "--deploy-hook '''\"\"\"'", ERROR_USAGE, "renewal file cannot hold", NULL },
    { "a variable that is not set", "certificates --domains=", ERROR_CONFIG, "contains an empty label", NULL },
    { "bad domain", "-d a..test", ERROR_CONFIG, "contains an empty label", NULL },
    { "bad address", "--ip-address 1.2.3", ERROR_CONFIG, "'1.2.3' does not appear to be an IPv4 or IPv6 address",
        NULL },
    { "bad e-mail", "-m nobody", ERROR_CONFIG, "nobody is not a valid e-mail address", "--register" },
    { "second e-mail bad", "-m a@b.test,x", ERROR_CONFIG, "x is not a valid e-mail address", "--register" },
    { "small key", "--rsa-key-size 1024", ERROR_CONFIG, "Unsupported RSA key length: 1024", "2048" },
    { "huge key", "--rsa-key-size 16384", ERROR_CONFIG, "Unsupported RSA key length: 16384", "8192" },
    { "same port twice", "--http-01-port 443", ERROR_CONFIG,
        "Trying to run http-01 and https-port on the same port (443)", NULL },
    { "same port for both challenges", "--http-01-port 8443 --tls-alpn-01-port 8443", ERROR_CONFIG,
        "Trying to run http-01 and tls-alpn-01 on the same port (8443)", NULL },
    { "asking in renew", "renew --force-interactive", ERROR_CONFIG, "--force-interactive cannot be used with renew",
        NULL },
    { "asking and not", "-n --force-interactive", ERROR_CONFIG,
        "Flag for non-interactive mode and --force-interactive conflict", NULL },
    { "staging elsewhere", "--staging --server https://ca.test/d", ERROR_CONFIG,
        "--server value conflicts with --staging", NULL },
    { "server is no URL", "certonly --server ca.test", ERROR_CONFIG, "The server 'ca.test' is not a URL",
        "directory URL" },
    { "dry run of run", "--dry-run", ERROR_CONFIG,
        "--dry-run currently only works with the 'certonly' or 'renew' subcommands ('run')", NULL },
    { "CSR with run", "--csr /dev/null", ERROR_CONFIG, "Currently, a CSR file may only be specified when", NULL },
    { "CSR and subset", "certonly --csr /dev/null --allow-subset-of-names", ERROR_CONFIG,
        "--allow-subset-of-names cannot be used with --csr", NULL },
    { "subset and wildcard", "certonly --allow-subset-of-names -d *.a.test", ERROR_CONFIG,
        "Using --allow-subset-of-names with a wildcard domain is not supported.", NULL },
    { "hsts twice", "--hsts --auto-hsts", ERROR_CONFIG,
        "Parameters --hsts and --auto-hsts cannot be used simultaneously.", NULL },
    { "two plugins", "certonly --webroot --standalone", ERROR_PLUGIN,
        "Too many flags setting configurators/installers/authenticators 'standalone' -> 'webroot'", NULL },
    { "plugin by name and flag", "certonly -a manual --nginx", ERROR_PLUGIN, "'manual' -> 'nginx'", NULL },
    { "names in renew", "renew -d a.test", ERROR_CONFIG, "Currently, the renew verb is capable of either renewing all",
        NULL },
    { "name with a slash", "certonly --cert-name a/b", ERROR_CONFIG, "contains an illegal character", NULL },
    { "half of an external account", "--eab-kid x", ERROR_CONFIG, "--eab-kid and --eab-hmac-key belong together",
        NULL },
    { "no directory", "-w /nonexistent", ERROR_PLUGIN, "/nonexistent does not exist or is not a directory", NULL },
    { "names in front of two directories", "-d a.test -w / -d b.test -w /tmp", ERROR_PLUGIN,
        "If you specify multiple webroot paths, one of them must precede all --domain and --ip-address flags",
        "-w DIR" },
    { "map is no JSON", "--webroot-map {", ERROR_USAGE, "argument --webroot-map: the map is not valid JSON", NULL },
    { "map is a list", "--webroot-map []", ERROR_USAGE, "argument --webroot-map: the map is not an object", NULL },
    { "map of numbers", "--webroot-map {\"a.test\":1}", ERROR_USAGE, "the directory of a.test is not a string", NULL },
    { "map to nowhere", "--webroot-map {\"a.test\":\"/nonexistent\"}", ERROR_PLUGIN, "does not exist", NULL },
    { "map of a bad name", "--webroot-map {\"a..test\":\"/\"}", ERROR_CONFIG, "empty label", NULL },
};

TEST(bad_lines)
{
    for (size_t i = 0; i < COUNT(bad); i++) {
        AUTO(command_line_clear) struct command_line line = { 0 };
        struct error err = { 0 };

        CHECK(!read_line(bad[i].line, false, &line, &err), "%s was taken", bad[i].name);
        CHECK(strstr(err.why, bad[i].why) != NULL, "%s: %s", bad[i].name, err.why);
        CHECK_INT(err.kind, bad[i].kind, bad[i].name);
        CHECK(bad[i].next == NULL || strstr(err.next, bad[i].next) != NULL, "%s: %s", bad[i].name, err.next);
    }
}

TEST(called_as_certbot)
{
    AUTO(command_line_clear) struct command_line line = { 0 };
    struct error err = { 0 };

    REQUIRE(read_line("renew --help", true, &line, &err), "%s", err.why);
    CHECK(line.help && line.help_topic == NULL, "the overview, as Certbot");
}

TEST(certbot_knows_two_types)
{
    static const char *const types[] = { "tls-alpn-01", "dns-account-01", "dns-persist-01" };

    for (size_t i = 0; i < COUNT(types); i++) {
        AUTO(command_line_clear) struct command_line line = { 0 };
        AUTO(free) char *text = xprintf("certonly --preferred-challenges http,%s", types[i]);
        struct error err = { 0 };

        CHECK(!read_line(text, true, &line, &err) &&
                  strstr(err.why, "argument --preferred-challenges: Unrecognized challenges: ") != NULL &&
                  strstr(err.why, types[i]) != NULL,
            "%s", err.why);
        CHECK_TEXT(err.next, "http (http-01) and dns (dns-01) are known", "advice");
    }
}

TEST(paths_are_absolute)
{
    AUTO(command_line_clear) struct command_line line = { 0 };
    AUTO(free) char *cwd = getcwd(NULL, 0);
    AUTO(free) char *want = xprintf("%s/x/y", cwd);
    AUTO(free) char *cert = xprintf("%s/cert.pem", cwd);
    AUTO(free) char *chain = xprintf("%s/chain.pem", cwd);
    struct error err = { 0 };

    REQUIRE(read_line("certonly --config-dir x//y", false, &line, &err), "%s", err.why);
    CHECK_TEXT(line.settings->config_dir, want, "config_dir");
    CHECK_TEXT(line.settings->cert_path, cert, "cert_path");
    CHECK_TEXT(line.settings->fullchain_path, chain, "fullchain_path, a quirk");
    CHECK(!SETTING_IS_SET(line.settings, cert_path), "a default is not set");
}

TEST(origins)
{
    AUTO(command_line_clear) struct command_line line = { 0 };
    struct error err = { 0 };

    REQUIRE(read_line("certonly -q --nginx --no-reuse-key", false, &line, &err), "%s", err.why);
    CHECK_INT(SETTING_ORIGIN(line.settings, authenticator), ORIGIN_COMMAND_LINE, "authenticator by flag");
    CHECK_INT(SETTING_ORIGIN(line.settings, installer), ORIGIN_COMMAND_LINE, "installer by flag");
    CHECK_INT(SETTING_ORIGIN(line.settings, reuse_key), ORIGIN_COMMAND_LINE, "reuse_key");
    CHECK_INT(SETTING_ORIGIN(line.settings, non_interactive), ORIGIN_RUNTIME, "non_interactive by -q");
    CHECK_INT(SETTING_ORIGIN(line.settings, server), ORIGIN_DEFAULT, "server");
}

TEST(dry_run_with_an_account)
{
    AUTO(command_line_clear) struct command_line line = { 0 };
    AUTO(command_line_clear) struct command_line without = { 0 };
    AUTO(free) char *accounts = test_path("accounts/ca");
    AUTO(free) char *text = xprintf("certonly --dry-run --config-dir %s", test_dir());
    struct error err = { 0 };

    REQUIRE(read_line(text, false, &without, &err), "%s", err.why);
    CHECK(!without.settings->agree_tos && without.settings->break_my_certs && without.settings->staging,
        "no account yet");
    REQUIRE(file_mkdirs(accounts, 0700, &err), "%s", err.why);
    REQUIRE(read_line(text, false, &line, &err), "%s", err.why);
    CHECK(line.settings->agree_tos && line.settings->register_without_email, "an account");
}

TEST(webroot_map)
{
    static const struct {
        const char *name, *line, *want;
    } cases[] = {
        { "one directory", "-d a.test -w / -d b.test", "a.test=/ b.test=/ " },
        { "a directory for the names behind it", "-w / -d a.test,b.test -w /tmp -d c.test",
            "a.test=/ b.test=/ c.test=/tmp " },
        { "map alone", "--webroot-map {\"a.test,^B.test\":\"/tmp\",\"::1\":\"/\"}", "a.test=/tmp b.test=/tmp ::1=/ " },
        { "map wins", "-w / -d a.test -w /usr --webroot-map {\"a.test\":\"/tmp\"}", "a.test=/tmp " },
        { "map, then names", "--webroot-map {\"a.test\":\"/tmp\"} -d b.test -w /", "a.test=/tmp b.test=/ " },
        { "renew of names in the map", "renew --webroot-map {\"a.test\":\"/tmp\"}", "a.test=/tmp " },
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(command_line_clear) struct command_line line = { 0 };
        AUTO(buf_clear) struct buf got = BUF(1024);
        struct error err = { 0 };

        REQUIRE(read_line(cases[i].line, false, &line, &err), "%s: %s", cases[i].name, err.why);
        for (size_t k = 0; k < line.settings->webroot_map.names.len; k++)
            buf_putf(&got, "%s=%s ", line.settings->webroot_map.names.at[k], line.settings->webroot_map.roots.at[k]);
        CHECK_TEXT(buf_text(&got), cases[i].want, cases[i].name);
    }
}

/* ---- files ---- */

static void put_file(const char *name, const char *text)
{
    AUTO(free) char *path = test_path(name);
    AUTO(free) char *dir = file_dirname(path);
    struct error err = { 0 };

    REQUIRE(file_mkdirs(dir, 0755, &err), "%s", err.why);
    REQUIRE(file_replace(path, view_of(text), FILE_PRIVATE, &err), "%s", err.why);
}

TEST(order_of_files)
{
    AUTO(command_line_clear) struct command_line line = { 0 };
    AUTO(free)
    char *text = xprintf("certonly -c %s/one.ini --config %s/two.ini --no-reuse-key -d z.test", test_dir(), test_dir());
    struct error err = { 0 };

    put_file("letsencrypt/cli.ini", "cert-name = user\nrsa-key-size = 3072\nemail = a@b.test\nverbose = 2\n");
    put_file("one.ini", "cert-name = one\npre-hook = one\n");
    put_file("two.ini", "cert-name = two\nreuse-key = true\ndomains = x.test\nallow-subset-of-names = false\n");
    REQUIRE(read_line(text, false, &line, &err), "%s", err.why);
    CHECK_TEXT(line.settings->cert_name, "two", "over the user's file");
    CHECK_INT(line.settings->rsa_key_size, 3072, "of the user's file");
    CHECK(line.settings->pre_hook == NULL, "only the last -c is read");
    CHECK(!line.settings->reuse_key, "the command line beats a file");
    CHECK_INT(line.settings->domains.len, 1, "the command line's alone");
    CHECK_INT(line.settings->verbose, 2, "verbose");
    CHECK_INT(SETTING_ORIGIN(line.settings, allow_subset_of_names), ORIGIN_FILE, "false counts as set");
    CHECK_INT(SETTING_ORIGIN(line.settings, cert_name), ORIGIN_FILE, "origin");
}

TEST(renew_ignores_domains_of_files)
{
    AUTO(command_line_clear) struct command_line line = { 0 };
    struct error err = { 0 };

    put_file("letsencrypt/cli.ini", "domains = x.test\n");
    REQUIRE(read_line("renew", false, &line, &err), "%s", err.why);
    CHECK(line.settings->domains.len == 0 && !SETTING_IS_SET(line.settings, domains), "domains");
}

TEST(errors_in_files)
{
    AUTO(command_line_clear) struct command_line line = { 0 };
    struct error err = { 0 };

    put_file("letsencrypt/cli.ini", "# x\nbogus-key = 1\n");
    CHECK(!read_line("renew", false, &line, &err) && strstr(err.why, "unrecognized arguments: --bogus-key=1") != NULL,
        "%s", err.why);
    CHECK(strstr(err.what, "cli.ini, line 2") != NULL, "%s", err.what);
    error_clear(&err);
    CHECK(read_line("--help", false, &line, &err), "help reads no file: %s", err.why);
}

static const struct {
    const char *name, *line, *shown;
} described[] = {
    { "a secret behind its option", "--eab-hmac-key c2VjcmV0 -n", "['--eab-hmac-key', '(secret)', '-n']" },
    { "a secret in one word", "--eab-hmac-key=c2VjcmV0 -n", "['--eab-hmac-key=(secret)', '-n']" },
    { "a secret behind a prefix", "--eab-hmac-k c2VjcmV0", "['--eab-hmac-k', '(secret)']" },
    { "a secret in one word with a prefix", "--eab-hmac-k=c2Vj=cmV0", "['--eab-hmac-k=(secret)']" },
    { "a secret like an option", "--eab-hmac-key --eab-hmac-key x", "['--eab-hmac-key', '(secret)', '(secret)']" },
    { "an option of a plugin's", "--my-key c2VjcmV0 --my-key=c2VjcmV0",
        "['--my-key', '(secret)', '--my-key=(secret)']" },
    { "its neighbours", "--eab-kid k --eab-hmac-alg HS512", "['--eab-kid', 'k', '--eab-hmac-alg', 'HS512']" },
    { "nothing secret", "renew --dry-run --deploy-hook=x", "['renew', '--dry-run', '--deploy-hook=x']" },
    { "nothing", "", "[]" },
};

TEST(arguments_for_the_log)
{
    for (size_t i = 0; i < COUNT(described); i++) {
        char *argv[9] = { NULL };
        int argc = 1;
        AUTO(free) char *words = xstrdup(described[i].line), *shown = NULL;

        for (char *word = strtok(words, " "); word != NULL; word = strtok(NULL, " "))
            argv[argc++] = word;
        shown = command_line_describe(argc, argv);
        CHECK_TEXT(shown, described[i].shown, described[i].name);
    }
}

TEST_MAIN()
