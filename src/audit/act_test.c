#include "audit/act.h"

#include "base/mem.h"
#include "base/test.h"

TEST(each_act_has_a_name_of_its_own)
{
    for (int i = 0; i < ACT_COUNT; i++) {
        enum audit_act found = ACT_COUNT;
        const char *name = audit_act_name((enum audit_act)i);

        CHECK(audit_act_of(view_of(name), &found), "%s", name);
        CHECK_INT(found, i, name);
        CHECK(audit_act_what((enum audit_act)i)[0] != '\0', "%s", name);
    }
}

TEST(other_names_are_none)
{
    static const char *const others[] = { "", "key", "key-made ", "KEY-MADE", "certificate-issued\n" };

    for (size_t i = 0; i < COUNT(others); i++) {
        enum audit_act found = ACT_KEY_MADE;

        CHECK(!audit_act_of(view_of(others[i]), &found), "\"%s\"", others[i]);
        CHECK_INT(found, ACT_KEY_MADE, others[i]);
    }
}

TEST(what_cannot_be_undone_is_told_at_once)
{
    CHECK(audit_act_is_urgent(ACT_CERTIFICATE_REVOKED));
    CHECK(audit_act_is_urgent(ACT_LINEAGE_DELETED));
    CHECK(audit_act_is_urgent(ACT_ACCOUNT_CLOSED));
    CHECK(!audit_act_is_urgent(ACT_CERTIFICATE_ISSUED), "a run may issue thousands");
    CHECK(!audit_act_is_urgent(ACT_HOOK_FAILED));
}

TEST_MAIN()
