#include "base/named.h"

#include <stdatomic.h>

#include "base/parallel.h"
#include "base/test.h"

#define THREADS 8

struct thing {
    struct named named;
    int made, value;
};

static int cleared;

static void clear_thing(void *item)
{
    cleared += ((struct thing *)item)->made;
}

static bool make_thing(void *item, void *arg, struct error *err __attribute__((unused)))
{
    struct thing *thing = item;

    thing->made++;
    thing->value = *(int *)arg;
    return true;
}

static void use(void *ctx, size_t index)
{
    struct thing *thing = named_get(ctx, index % 2 == 0 ? "even" : "odd", sizeof *thing);
    int value = (int)index % 2 + 10;
    struct error err = { 0 };
    MUTEX_HOLD(&thing->named.lock);

    CHECK(named_make(&thing->named, make_thing, &value, &err) && thing->value == value, "%zu: %d", index, thing->value);
}

TEST(many_threads_make_each_thing_once)
{
    struct named_table table = { .first = NULL };

    mutex_init(&table.lock);
    cleared = 0;
    parallel_wait_for((size_t)100 * THREADS, THREADS, use, &table);
    named_clear(&table, clear_thing);
    CHECK(cleared == 2, "%d were made", cleared);
    CHECK(table.first == NULL);
    named_clear(&table, NULL);
    mutex_destroy(&table.lock);
}

static bool refuse(void *item, void *arg, struct error *err)
{
    ((struct thing *)item)->made++;
    return error_set(err, *(enum error_kind *)arg, "attempt %d", ((struct thing *)item)->made);
}

TEST(a_failure_is_remembered_but_not_an_interrupt)
{
    static struct named_table table = { .lock = MUTEX_INIT };
    struct thing *thing = named_get(&table, "it", sizeof *thing);
    enum error_kind kind = ERROR_CANCELED;
    int value = 5;

    for (int i = 1; i <= 2; i++) { /* interrupted: tried again */
        struct error err = { 0 };

        CHECK(!named_make(&thing->named, refuse, &kind, &err) && err.kind == ERROR_CANCELED && thing->made == i);
    }
    kind = ERROR_NETWORK;
    for (int i = 0; i < 2; i++) { /* told again, not tried again */
        struct error err = { 0 };

        CHECK(!named_make(&thing->named, refuse, &kind, &err) && err.kind == ERROR_NETWORK && thing->made == 3);
        CHECK_TEXT(err.why, "attempt 3", "the reason");
    }
    thing = named_get(&table, "another", sizeof *thing);
    for (int i = 0; i < 2; i++) { /* an interrupt is forgotten once it is made */
        struct error err = { 0 };

        kind = ERROR_CANCELED;
        CHECK(i > 0 || !named_make(&thing->named, refuse, &kind, &err));
        error_clear(&err);
        CHECK(named_make(&thing->named, make_thing, &value, &err) && thing->value == 5, "%s", err.why);
    }
    named_clear(&table, clear_thing);
}

TEST_MAIN()
