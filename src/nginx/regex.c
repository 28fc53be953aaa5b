#include "nginx/regex.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include <string.h>

#include "base/auto.h"

#define STEPS_MAX 100000 /* of one match: a host name needs some hundred */

DEFINE_AUTO(pcre2_code, pcre2_code_free)
DEFINE_AUTO(pcre2_match_data, pcre2_match_data_free)
DEFINE_AUTO(pcre2_match_context, pcre2_match_context_free)

static bool has_capitals(const char *text)
{
    for (; *text != '\0'; text++)
        if (*text >= 'A' && *text <= 'Z')
            return true;
    return false;
}

bool nginx_regex_matches(const char *pattern, const char *name)
{
    int error;
    PCRE2_SIZE at;
    uint32_t options = has_capitals(pattern) ? PCRE2_CASELESS : 0;
    AUTO(pcre2_code_free)
    pcre2_code *code = pcre2_compile((PCRE2_SPTR)pattern, strlen(pattern), options, &error, &at, NULL);
    AUTO(pcre2_match_data_free) pcre2_match_data *match = NULL;
    AUTO(pcre2_match_context_free) pcre2_match_context *context = NULL;

    if (code == NULL)
        return false;
    match = pcre2_match_data_create_from_pattern(code, NULL);
    context = pcre2_match_context_create(NULL);
    if (match == NULL || context == NULL)
        return false;
    pcre2_set_match_limit(context, STEPS_MAX);
    return pcre2_match(code, (PCRE2_SPTR)name, strlen(name), 0, 0, match, context) >= 0;
}
