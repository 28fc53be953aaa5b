#include "base/test.h"

#include "apache/layout.h"
#include "base/text.h"
#include "config/settings.h"

static const struct {
    const char *name, *os_release;
    const char *root, *vhosts, *control, *server, *restart, *enmod;
    bool links;
} systems[] = {
    { "Debian", "ID=debian\nVERSION_ID=\"12\"\n", "/etc/apache2", "/etc/apache2/sites-available", "apache2ctl", NULL,
        NULL, "a2enmod", true },
    { "Ubuntu", "NAME=\"Ubuntu\"\nID=ubuntu\nID_LIKE=debian\n", "/etc/apache2", "/etc/apache2/sites-available",
        "apache2ctl", NULL, NULL, "a2enmod", true },
    { "Red Hat 8", "ID=\"rhel\"\nID_LIKE=\"fedora\"\nVERSION_ID=\"8.9\"\n", "/etc/httpd", "/etc/httpd/conf.d",
        "apachectl", NULL, "apachectl", NULL, false },
    { "Red Hat 9", "ID=\"rhel\"\nVERSION_ID=\"9.3\"\n", "/etc/httpd", "/etc/httpd/conf.d", "apachectl", "httpd",
        "apachectl", NULL, false },
    { "Fedora 28", "ID=fedora\nVERSION_ID=28\n", "/etc/httpd", "/etc/httpd/conf.d", "apachectl", NULL, "apachectl",
        NULL, false },
    { "Fedora 40", "ID=fedora\nVERSION_ID=40\n", "/etc/httpd", "/etc/httpd/conf.d", "apachectl", "httpd", "apachectl",
        NULL, false },
    { "Gentoo", "ID=gentoo\n", "/etc/apache2", "/etc/apache2/vhosts.d", "apache2ctl", "apache2", "apache2ctl", NULL,
        false },
    { "SUSE", "ID='sles'\n", "/etc/apache2", "/etc/apache2/vhosts.d", "apachectl", NULL, NULL, NULL, false },
    { "Arch", "ID=arch\n", "/etc/httpd", "/etc/httpd/conf", "apachectl", NULL, NULL, NULL, false },
    { "Alpine", "ID=alpine\n", "/etc/apache2", "/etc/apache2/conf.d", "apachectl", NULL, NULL, NULL, false },
    { "FreeBSD", "ID=freebsd\n", "/usr/local/etc/apache24", "/usr/local/etc/apache24/Includes", "apachectl", NULL, NULL,
        NULL, false },
    { "unknown, like two: the last", "ID=mine\nID_LIKE=\"rhel ubuntu\"\n", "/etc/apache2",
        "/etc/apache2/sites-available", "apache2ctl", NULL, NULL, "a2enmod", true },
    { "unknown, the last word unknown", "ID=mine\nID_LIKE=\"rhel yours\"\n", "/etc/httpd", "/etc/httpd/conf.d",
        "apachectl", NULL, "apachectl", NULL, false },
    { "unknown", "ID=mine\n", "/etc/apache2", "/etc/apache2/sites-available", "apache2ctl", NULL, NULL, NULL, true },
    { "nothing", "", "/etc/apache2", "/etc/apache2/sites-available", "apache2ctl", NULL, NULL, NULL, true },
};

TEST(layouts_of_systems)
{
    for (size_t i = 0; i < COUNT(systems); i++) {
        AUTO(settings_free) struct settings *settings = settings_new(NULL);
        AUTO(apache_layout_clear) struct apache_layout layout = { 0 };
        const char *name = systems[i].name;

        apache_layout_choose(view_of(systems[i].os_release), settings, &layout);
        CHECK_TEXT(layout.root, systems[i].root, name);
        CHECK_TEXT(layout.vhost_dir, systems[i].vhosts, name);
        CHECK_TEXT(layout.control, systems[i].control, name);
        CHECK_TEXT(layout.server, systems[i].server, name);
        CHECK_TEXT(layout.restart, systems[i].restart, name);
        CHECK_TEXT(layout.enmod, systems[i].enmod, name);
        CHECK_INT(layout.has_links, systems[i].links, name);
        CHECK_TEXT(layout.extension, "-le-ssl.conf", name);
        CHECK_TEXT(layout.new_dir, NULL, name);
    }
}

TEST(options_come_first)
{
    AUTO(settings_free) struct settings *settings = settings_new(NULL);
    AUTO(apache_layout_clear) struct apache_layout layout = { 0 };

    xreplace(&settings->apache_server_root, "/srv/apache/");
    xreplace(&settings->apache_vhost_root, "/srv/vhosts");
    xreplace(&settings->apache_ctl, "/srv/bin/ctl");
    xreplace(&settings->apache_enmod, "/srv/bin/enmod");
    xreplace(&settings->apache_le_vhost_ext, "-x.conf");
    apache_layout_choose(view_of("ID=rhel\nVERSION_ID=9"), settings, &layout);
    CHECK_TEXT(layout.root, "/srv/apache", "root");
    CHECK_TEXT(layout.vhost_dir, "/srv/apache/conf.d", "vhosts follow the root");
    CHECK_TEXT(layout.new_dir, "/srv/vhosts", "new vhosts");
    CHECK_TEXT(layout.control, "/srv/bin/ctl", "control");
    CHECK_TEXT(layout.server, NULL, "the user's control answers all");
    CHECK_TEXT(layout.restart, "/srv/bin/ctl", "restart");
    CHECK_TEXT(layout.enmod, "/srv/bin/enmod", "enmod");
    CHECK_TEXT(layout.extension, "-x.conf", "extension");
    CHECK(layout.unit == NULL, "no unit of the system's runs it");
}

TEST(main_file)
{
    static const char *const names[] = { "conf/httpd.conf", "httpd.conf", "apache2.conf" }; /* last: first choice */
    AUTO(free) char *conf = test_path("conf");
    struct apache_layout layout = { .root = test_path("") };
    struct error err = { 0 };

    CHECK(!apache_layout_find(&layout, &err) && err.kind == ERROR_PLUGIN, "none");
    REQUIRE(file_mkdirs(conf, 0755, &err), "%s", err.why);
    for (size_t i = 0; i < COUNT(names); i++) {
        AUTO(free) char *path = test_path(names[i]);

        REQUIRE(file_create(path, view_of(""), FILE_PUBLIC, &err), "%s", err.why);
        CHECK(apache_layout_find(&layout, &err), "%s: %s", names[i], err.why);
        CHECK(text_ends(layout.main_file, names[i]), "%s: %s", names[i], layout.main_file);
    }
    apache_layout_clear(&layout);
}

TEST(handling_of_modules_is_a_yes_or_no)
{
    static const struct {
        const char *given;
        bool want;
    } cases[] = { { NULL, true }, { "True", true }, { "yes", true }, { "1", true }, { "False", false }, { "no", false },
        { "0", false }, { "", false } };

    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(settings_free) struct settings *settings = settings_new(NULL);

        xreplace(&settings->apache_handle_modules, cases[i].given);
        CHECK_INT(apache_handles_modules(settings), cases[i].want, cases[i].given != NULL ? cases[i].given : "unset");
    }
}

TEST(defines_of_a_start_script)
{
    static const struct {
        const char *name, *text, *want;
    } cases[] = {
        { "Gentoo", "# x\nAPACHE2_OPTS=\"-D DEFAULT_VHOST -D INFO -DSSL\"\n", "DEFAULT_VHOST INFO SSL" },
        { "the last counts", "APACHE2_OPTS=\"-D A\"\nAPACHE2_OPTS='-D B'\n", "B" },
        { "comment", "#APACHE2_OPTS=\"-D A\"\n", "" },
        { "other words", "APACHE2_OPTS=\"-f x -D A  -k\"\n", "A" },
        { "word missing", "APACHE2_OPTS=\"-D\"\n", "" },
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(list_clear) struct list defines = { 0 };
        AUTO(free) char *joined = NULL;

        apache_options_read(view_of(cases[i].text), "APACHE2_OPTS", &defines);
        joined = list_join(&defines, " ");
        CHECK_TEXT(joined, cases[i].want, cases[i].name);
    }
}

TEST_MAIN()
