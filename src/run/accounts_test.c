/*
 * An account's life: made, shown, changed, given up; lost or ended by the CA; and a change of its key that is cut short
 * anywhere. Rows are stories told in letters: what they mean stands at play.
 */
#include "run/accounts.h"

#include "fixture.h"
#include "config/test_verbs.h"
#include "run/account_key.h"
#include "store/fixture.h"
#include "store/lineage_conf.h"

/* Faults of the CA while a key is changed. */
static const struct ca_fault answer_lost = { .at = CA_KEY_CHANGE, .times = 1, .done = true },
                             away = { .at = CA_KEY_CHANGE, .times = 1 },
                             refused = { .at = CA_KEY_CHANGE, .status = 403, .problem = "unauthorized" },
                             silent = { .at = CA_NEW_ACCOUNT };

static bool update_key(struct fixture *fixture, struct error *err)
{
    fixture->settings->new_key = true;
    return accounts_update(&fixture->context, err);
}

static bool show(struct fixture *fixture, struct error *err)
{
    AUTO(account_view_clear) struct account_view view = { 0 };

    TRY(accounts_show(&fixture->context, &view, err));
    CHECK(view.url != NULL && view.thumbprint != NULL && view.status == ACCOUNT_VALID, "%s", view.url);
    return true;
}

static bool use(struct fixture *fixture, struct error *err)
{
    struct ca *ca;

    return context_account(&fixture->context, &ca, err);
}

/* Of the one account that there is. */
static char *account_dir(struct fixture *fixture)
{
    AUTO(list_clear) struct list ids = { 0 };
    struct error err = { 0 };

    REQUIRE(account_store_ids(fixture->store, CA_DIRECTORY, &ids, &err) && ids.len == 1, "%s", err.why);
    return xprintf("%s/accounts/ca.test/dir/%s", store_config_dir(fixture->store), ids.at[0]);
}

static void lose_file(struct fixture *fixture, const char *file)
{
    AUTO(free) char *dir = account_dir(fixture), *path = file_join(dir, file);

    REQUIRE(unlink(path) == 0, "%s", path);
}

static bool play(struct fixture *fixture, char letter, struct error *err)
{
    struct ca_fault *faults = fixture->ca.ways.faults;

    memset(faults, 0, CA_FAULTS * sizeof *faults);
    switch (letter) {
    case 'n':
        fixture_next_run(fixture);
        return true;
    case 'R': /* register */
        return accounts_register(&fixture->context, err);
    case 'A': /* a command that needs an account */
        return use(fixture, err);
    case 'S':
        return show(fixture, err);
    case 'X': /* unregister */
        return accounts_unregister(&fixture->context, err);
    case 'L':
        acme_ca_lose_accounts(&fixture->ca);
        return true;
    case 'E':
        acme_ca_end_accounts(&fixture->ca);
        return true;
    case 'u': /* the account's address is lost here */
        lose_file(fixture, "regr.json");
        return true;
    case 'K': /* update_account --new-key: */
        return update_key(fixture, err);
    case 'a': /* ... the CA does it, and its answer is lost */
        faults[0] = answer_lost;
        return update_key(fixture, err);
    case 'b': /* ... the same, and then it cannot be asked what it did */
        faults[0] = answer_lost;
        faults[1] = silent;
        return update_key(fixture, err);
    case 'c': /* ... it is not there */
        faults[0] = away;
        faults[1] = silent;
        return update_key(fixture, err);
    case 'r': /* ... it says no */
        faults[0] = refused;
        return update_key(fixture, err);
    default:
        fail_msg("%c", letter);
        return false;
    }
}

static const struct {
    const char *name, *letters;
    const char *why; /* of the last step; NULL: it succeeds */
    unsigned at_ca;  /* accounts that were ever made there */
    size_t here;
    const char *said; /* in the last run; NULL: anything */
} rows[] = {
    { "register", "R", NULL, 1, 1, "Account registered." },
    { "once", "RnR", "There is an existing account", 1, 1, NULL },
    { "made when it is needed", "A", NULL, 1, 1, "Account registered." },
    { "and then used", "AnAnA", NULL, 1, 1, NULL },
    { "shown", "RnS", NULL, 1, 1, NULL },
    { "none to be shown", "S", "Could not find an existing account for server", 0, 0, NULL },
    { "none to be changed", "K", "Could not find an existing account for server", 0, 0, NULL },
    { "none to be given up", "X", "Could not find existing account for server", 0, 0, NULL },
    { "given up", "RnX", NULL, 1, 0, "Account deactivated." },
    { "given up, and another one made", "RnXnR", NULL, 2, 1, "Account registered." },
    { "its address is lost: the CA finds it by the key", "RunS", NULL, 1, 1, NULL },
    { "its address is lost, and it is needed", "RunA", NULL, 1, 1, NULL },

    { "the CA has lost it", "RLnS", "the CA does not know the account", 1, 1, NULL },
    { "register puts it right", "RLnR", NULL, 2, 1, "its key is registered again" },
    { "and it is the same one, by its key", "RLnRnS", NULL, 2, 1, NULL },
    { "what the CA has lost can be given up", "RLnX", NULL, 1, 0, "The CA does not know the account" },
    { "the same without its address", "RuLnX", NULL, 1, 0, "The CA does not know the account" },
    { "the CA has ended it", "REnS", "the CA has ended the account", 1, 1, NULL },
    { "register makes another in its place", "REnR", NULL, 2, 1, "another one takes its place" },
    { "what the CA has ended can be given up", "REnX", NULL, 1, 0, NULL },
    { "lost, without its address, and needed", "RuLnA", NULL, 2, 1, "its key is registered again" },

    { "a new key", "RnK", NULL, 1, 1, "Your account has a new key" },
    { "by which it is used", "RnKnS", NULL, 1, 1, NULL },
    { "and another one", "RnKnKnS", NULL, 1, 1, NULL },
    { "the answer was lost: the CA is asked", "Rna", NULL, 1, 1, "Your account has a new key" },
    { "the CA cannot be asked", "Rnb", "", 1, 1, NULL },
    { "the next command finds the key that it has", "RnbnS", NULL, 1, 1, NULL },
    { "or the same one, repeated", "RnbnK", NULL, 1, 1, "Your account has a new key" },
    { "or register", "RnbnR", NULL, 1, 1, NULL },
    { "the CA was away", "Rnc", "", 1, 1, NULL },
    { "the old key is good all the while", "RncnS", NULL, 1, 1, NULL },
    { "and the change can be repeated", "RncnKnS", NULL, 1, 1, NULL },
    { "the CA said no", "Rnr", "", 1, 1, NULL },
    { "the old key is good", "RnrnS", NULL, 1, 1, NULL },
    { "and may be changed later", "RnrnKnS", NULL, 1, 1, NULL },
};

/* A new key that the CA may have, or may yet be asked to take, is kept; one that it has refused is not. */
static void check_prepared(struct fixture *fixture, const struct list *ids, const char *letters, const char *name)
{
    char last = letters[strlen(letters) - 1];
    AUTO(list_clear) struct list dirs = { 0 };
    struct error err = { 0 };

    if (ids->len != 1)
        return;
    REQUIRE(account_store_prepared(fixture->store, CA_DIRECTORY, ids->at[0], &dirs, &err), "%s: %s", name, err.why);
    CHECK_INT((int64_t)dirs.len, last == 'b' || last == 'c' || strcmp(letters, "RncnS") == 0, name);
}

TEST(the_life_of_an_account)
{
    for (size_t i = 0; i < COUNT(rows); i++) {
        static const struct setup setup = { .verb = "register" };
        AUTO(fixture_clear) struct fixture fixture;
        AUTO(list_clear) struct list ids = { 0 };
        struct error err = { 0 };

        fixture_open(&fixture, &setup);
        for (const char *letter = rows[i].letters; *letter != '\0'; letter++) {
            bool last = letter[1] == '\0';
            bool ok;

            error_clear(&err);
            fixture.context.verb = test_verb(*letter == 'X' ? "unregister" : "register");
            ok = play(&fixture, *letter, &err);
            CHECK(!last || ok == (rows[i].why == NULL), "%s: %s: %s", rows[i].name, err.what, err.why);
            CHECK(!last || ok || rows[i].why == NULL || strstr(err.why, rows[i].why) != NULL, "%s: %s", rows[i].name,
                err.why);
        }
        CHECK_INT((int64_t)fixture.ca.account_count, rows[i].at_ca, rows[i].name);
        error_clear(&err);
        CHECK(account_store_ids(fixture.store, CA_DIRECTORY, &ids, &err), "%s: %s", rows[i].name, err.why);
        CHECK_INT((int64_t)ids.len, (int64_t)rows[i].here, rows[i].name);
        CHECK(rows[i].said == NULL || fixture_has_said(&fixture, rows[i].said), "%s: %s", rows[i].name,
            buf_text(&fixture.said));
        check_prepared(&fixture, &ids, rows[i].letters, rows[i].name);
    }
}

/* ---- contacts ---- */

static const struct {
    const char *name, *options;
    const char *answers; /* NULL: nobody is there */
    const char *want;    /* with blanks between */
    const char *why, *said;
} contacts[] = {
    { "given", "email=me@here.test", NULL, "me@here.test", NULL, "was updated to me@here.test" },
    { "two", "email=me@here.test,you@here.test", NULL, "me@here.test you@here.test", NULL, NULL },
    { "none any more", "register-unsafely-without-email", NULL, "", NULL, "has been removed" },
    { "no address", "email=nobody", NULL, "old@here.test", "nobody", NULL },
    { "typed", "", "me@here.test\n", "me@here.test", NULL, "was updated" },
    { "typed again, as it was none", "", "nobody\nme@here.test\n", "me@here.test", NULL, NULL },
    { "Enter alone", "", "\n", "", NULL, "has been removed" },
};

static char *emails(struct fixture *fixture)
{
    AUTO(account_view_clear) struct account_view view = { 0 };
    struct error err = { 0 };

    REQUIRE(accounts_show(&fixture->context, &view, &err), "%s", err.why);
    return list_join(&view.emails, " ");
}

TEST(contacts_are_replaced_as_a_whole)
{
    for (size_t i = 0; i < COUNT(contacts); i++) {
        const struct setup setup = { .verb = "update_account", .answers = contacts[i].answers };
        AUTO(fixture_clear) struct fixture fixture;
        AUTO(free) char *got = NULL;
        struct error err = { 0 };
        bool ok;

        fixture_open(&fixture, &setup);
        fixture.settings->register_without_email = false;
        xreplace(&fixture.settings->email, "old@here.test");
        REQUIRE(accounts_register(&fixture.context, &err), "%s", err.why);
        xreplace(&fixture.settings->email, NULL);
        fixture_set(fixture.settings, contacts[i].options, ORIGIN_COMMAND_LINE);
        ok = accounts_update(&fixture.context, &err);
        CHECK(ok == (contacts[i].why == NULL), "%s: %s", contacts[i].name, err.why);
        got = emails(&fixture);
        CHECK_TEXT(got, contacts[i].want, contacts[i].name);
        CHECK(contacts[i].said == NULL || fixture_has_said(&fixture, contacts[i].said), "%s: %s", contacts[i].name,
            buf_text(&fixture.said));
    }
}

TEST(giving_up_is_asked_for)
{
    static const struct {
        const char *answers;
        bool gone;
    } cases[] = { { "d\n", true }, { "a\n", false }, { NULL, true } };

    for (size_t i = 0; i < COUNT(cases); i++) {
        const struct setup setup = { .verb = "unregister", .answers = cases[i].answers };
        AUTO(fixture_clear) struct fixture fixture;
        struct error err = { 0 };
        const char *name = cases[i].answers == NULL ? "nobody is there" : cases[i].answers;

        fixture_open(&fixture, &setup);
        REQUIRE(use(&fixture, &err), "%s", err.why);
        CHECK(accounts_unregister(&fixture.context, &err) == cases[i].gone, "%s: %s", name, err.why);
        CHECK(cases[i].gone || (err.kind == ERROR_CANCELED && err.expected), "%s: %s", name, err.why);
        CHECK(account_store_is_empty(fixture.store) == cases[i].gone, "%s", name);
    }
}

/* ---- renewal files follow ---- */

static char *account_of(struct fixture *fixture, const char *name)
{
    AUTO(conf_free) struct conf *conf = NULL;
    struct error err = { 0 };

    REQUIRE(lineage_read_conf(fixture->store, name, &conf, &err), "%s", err.why);
    return xstrdup_or_null(conf_get(conf, "renewalparams", "account"));
}

TEST(renewal_files_follow_a_change_of_key)
{
    static const struct setup setup = { .verb = "update_account" };
    AUTO(fixture_clear) struct fixture fixture;
    AUTO(free) char *before = NULL, *ours = NULL, *others = NULL;
    struct error err = { 0 };

    fixture_open(&fixture, &setup);
    REQUIRE(use(&fixture, &err), "%s", err.why); /* answers.account */
    lineage_free(fixture_lineage(&fixture, "a.test", "a.test", 0));
    before = account_of(&fixture, "a.test");
    CHECK_TEXT(before, fixture.answers.account, "before");
    xreplace(&fixture.answers.account, "0123456789abcdef0123456789abcdef");
    lineage_free(fixture_lineage(&fixture, "b.test", "b.test", 0));
    xreplace(&fixture.answers.account, before);
    REQUIRE(update_key(&fixture, &err), "%s", err.why);
    ours = account_of(&fixture, "a.test");
    CHECK_TEXT(ours, fixture.answers.account, "the account's new name");
    CHECK(strcmp(ours, before) != 0, "it is another");
    others = account_of(&fixture, "b.test");
    CHECK_TEXT(others, "0123456789abcdef0123456789abcdef", "of another account");
}

TEST_MAIN()
