/* Tests what is thought of a certificate, at each moment of its life and of whatever else is known. */
#include "status/cert.h"

#include "base/test.h"
#include "lifecycle/upcoming.h"

#define DAY 86400
#define HOUR 3600
#define BORN 1800000000

static const struct thresholds usual = { 25, 12 };

static struct cert_status living(int64_t life_s, int64_t due_s)
{
    return (struct cert_status){ .is_known = true,
        .not_before = BORN,
        .not_after = BORN + life_s,
        .due = due_s == UPCOMING_NEVER ? UPCOMING_NEVER : BORN + due_s };
}

TEST(its_life_goes_by)
{
    static const struct {
        const char *name;
        int64_t life_s, due_s, at_s;
        enum cert_state want;
    } rows[] = {
        { "90 days: not due yet", 90 * DAY, 60 * DAY, 60 * DAY - 1, CERT_VALID },
        { "due", 90 * DAY, 60 * DAY, 60 * DAY, CERT_DUE },
        { "a second before a quarter of it is left", 90 * DAY, 60 * DAY, 90 * DAY * 3 / 4 - 1, CERT_DUE },
        { "a quarter is left", 90 * DAY, 60 * DAY, 90 * DAY * 3 / 4, CERT_LATE },
        { "little is left", 90 * DAY, 60 * DAY, 90 * DAY / 100 * 88 + 1, CERT_ENDING },
        { "nothing is left", 90 * DAY, 60 * DAY, 90 * DAY, CERT_EXPIRED },
        { "six days: half of it is over", 6 * DAY, 3 * DAY, 3 * DAY, CERT_DUE },
        { "six days: five hours later nobody is alarmed", 6 * DAY, 3 * DAY, 3 * DAY + 5 * HOUR, CERT_DUE },
        { "six days: a day and a half are left", 6 * DAY, 3 * DAY, 6 * DAY * 3 / 4, CERT_LATE },
        { "six days: seventeen hours are left", 6 * DAY, 3 * DAY, 6 * DAY - 17 * HOUR, CERT_ENDING },
        { "renewed late on purpose: the end is near, and it is not due", 90 * DAY, 85 * DAY, 84 * DAY, CERT_VALID },
        { "and due", 90 * DAY, 85 * DAY, 85 * DAY, CERT_DUE },
        { "a quarter of the rest is over", 90 * DAY, 85 * DAY, 85 * DAY + 5 * DAY / 4, CERT_LATE },
        { "half of the rest is over", 90 * DAY, 85 * DAY, 85 * DAY + 5 * DAY / 2, CERT_ENDING },
        { "not renewed by itself", 90 * DAY, UPCOMING_NEVER, 66 * DAY, CERT_VALID },
        { "not renewed by itself, and late", 90 * DAY, UPCOMING_NEVER, 68 * DAY, CERT_LATE },
        { "a clock before its birth", 90 * DAY, 60 * DAY, -DAY, CERT_VALID },
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct cert_status cert = living(rows[i].life_s, rows[i].due_s);

        CHECK_INT(cert_judge(&cert, &usual, BORN + rows[i].at_s), rows[i].want, rows[i].name);
    }
}

TEST(thresholds_are_the_callers)
{
    struct cert_status cert = living(100 * DAY, 50 * DAY);
    const struct thresholds patient = { 5, 1 };

    CHECK_INT(cert_judge(&cert, &usual, BORN + 94 * DAY), CERT_ENDING, "usual ones");
    CHECK_INT(cert_judge(&cert, &patient, BORN + 94 * DAY), CERT_DUE, "others");
    CHECK_INT(cert_judge(&cert, &patient, BORN + 96 * DAY), CERT_LATE, "others, later");
}

static struct cert_status with_served(struct served *served, const char *installer)
{
    struct cert_status cert = living(90 * DAY, 60 * DAY);

    cert.served = served;
    cert.served_len = 1;
    cert.installer = (char *)(uintptr_t)installer;
    return cert;
}

TEST(what_servers_show_counts)
{
    static const struct {
        const char *name, *installer;
        enum serving how;
        enum cert_state want;
    } rows[] = {
        { "the right one", "nginx", SERVING_RIGHT, CERT_VALID },
        { "an older one", NULL, SERVING_OLDER, CERT_SERVED_WRONG },
        { "one for other names", NULL, SERVING_FOREIGN, CERT_SERVED_WRONG },
        { "one that has expired", NULL, SERVING_EXPIRED, CERT_SERVED_EXPIRED },
        { "another's for that name, by an installer of ours", "nginx", SERVING_OTHER, CERT_SERVED_WRONG },
        { "another's for that name, by whomever", NULL, SERVING_OTHER, CERT_VALID },
        { "none, by an installer of ours", "nginx", SERVING_NONE, CERT_SERVED_WRONG },
        { "none, where nobody said that there is a server", NULL, SERVING_NONE, CERT_VALID },
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct served served = { .how = rows[i].how };
        struct cert_status cert = with_served(&served, rows[i].installer);

        CHECK_INT(cert_judge(&cert, &usual, BORN + DAY), rows[i].want, rows[i].name);
    }
}

TEST(the_gravest_holds)
{
    struct served served = { .how = SERVING_OLDER };
    struct cert_status cert = with_served(&served, NULL);
    struct cert_status unread = { .is_denied = true }, broken = { 0 };

    cert.is_undelivered = true;
    CHECK_INT(cert_judge(&cert, &usual, BORN), CERT_SERVED_WRONG, "served and undelivered");
    cert.failures = 1;
    CHECK_INT(cert_judge(&cert, &usual, BORN), CERT_FAILING, "and failing");
    CHECK_INT(cert_judge(&cert, &usual, BORN + 70 * DAY), CERT_LATE, "and late");
    served.how = SERVING_EXPIRED;
    CHECK_INT(cert_judge(&cert, &usual, BORN + 70 * DAY), CERT_SERVED_EXPIRED, "an expired one is served");
    CHECK_INT(cert_judge(&cert, &usual, BORN + 85 * DAY), CERT_ENDING, "its own end is near");
    cert.is_revoked = true;
    CHECK_INT(cert_judge(&cert, &usual, BORN + 85 * DAY), CERT_REVOKED, "and it is revoked");
    CHECK_INT(cert_judge(&cert, &usual, BORN + 90 * DAY), CERT_EXPIRED, "and it has expired");
    cert.served_len = 0;
    cert.failures = 0;
    cert.is_revoked = false;
    CHECK_INT(cert_judge(&cert, &usual, BORN), CERT_UNDELIVERED, "undelivered alone");
    CHECK_INT(cert_judge(&unread, &usual, BORN), CERT_UNREADABLE, "not readable");
    CHECK_INT(cert_judge(&broken, &usual, BORN), CERT_BROKEN, "broken");
}

TEST(levels_are_ordered_as_monitoring_has_them)
{
    CHECK_INT(level_worse(LEVEL_OK, LEVEL_UNKNOWN), LEVEL_UNKNOWN, "unknown is worse than well");
    CHECK_INT(level_worse(LEVEL_WARNING, LEVEL_UNKNOWN), LEVEL_WARNING, "a warning is worse than unknown");
    CHECK_INT(level_worse(LEVEL_UNKNOWN, LEVEL_CRITICAL), LEVEL_CRITICAL, "critical is worst");
    for (enum cert_state state = 0; state < CERT_STATE_COUNT; state++)
        CHECK(cert_state_name(state) != NULL && cert_state_name(state)[0] != '\0', "%d", state);
}

TEST_MAIN()
