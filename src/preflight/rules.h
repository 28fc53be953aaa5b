#pragma once
/*
 * Rules: from facts to findings. They ask nobody.
 */
#include "preflight/facts.h"

/* Adds what there is to say about the names together, and then about each. total: how many names there are, of which
 * count were looked at. */
void rules_apply(const struct surroundings *surroundings, const struct facts *facts, size_t count, size_t total,
    struct preflight *out);

/* The ruling of the name's CAA records, where there are any that were read. */
void rules_judge_caa(const struct surroundings *surroundings, const struct facts *facts, struct caa_ruling *out);

/* Whether a finding about it would be a failure if the servers of the zone said the same (lookup.confirmed). */
bool rules_want_addresses_confirmed(const struct facts *facts);
bool rules_want_caa_confirmed(const struct surroundings *surroundings, const struct facts *facts);

/* An extended DNS error (RFC 8914) in words, "" for what is not known or says nothing of a cause. */
const char *rules_extended_error(int code);
