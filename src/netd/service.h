#pragma once
/*
 * The network process at work: takes questions from the privileged process and has them answered, until that one goes.
 */
#include "net/message.h"

/* Serves on fd, which it takes over; ready is what the first answer says. True when the other side closed in good
 * order, false when it sent what it must not. */
bool service_run(int fd, const struct message_ready *ready);
