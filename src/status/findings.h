#pragma once
/*
 * What a status with --online tells of servers and CAs, as findings of doctor's.
 */
#include "status/status.h"

/* Adds findings; codes are in docs/doctor.md. */
void status_find(const struct status *status, struct findings *findings);
