/*
 * One row for each act that the audit trail knows: its name in the program, its name in the trail, what it is, and how
 * urgently it is told to the system's log: NOW, by itself; LATER, together with all others of the run, at its end.
 * Included several times, by act.h and act.c, with other meanings of the word:
 *
 *     ACT(name in the program, name in the trail, what it is, NOW or LATER)
 *
 * docs/audit.md lists them with what each one says.
 */

/* ---- of the trail itself ---- */

ACT(TRAIL_BEGUN, "trail-begun", "the first line of a trail, as none was found before it", NOW)
ACT(TRAIL_ROTATED, "trail-rotated", "the trail goes on in a new file", LATER)
ACT(LINE_TORN, "line-torn", "the line before was cut short by a crash or a full disk", NOW)
ACT(ACTS_LOST, "acts-lost", "there were acts that could not be written", NOW)

/* ---- keys and certificates ---- */

ACT(KEY_MADE, "key-made", "a private key for a certificate was made", LATER)
ACT(CERTIFICATE_ISSUED, "certificate-issued", "the CA issued a certificate, and it was accepted", LATER)
ACT(CERTIFICATE_REFUSED, "certificate-refused", "what the CA issued was not what had been asked for", NOW)
ACT(CERTIFICATE_FAILED, "certificate-failed", "a certificate could not be obtained or renewed", LATER)
ACT(CERTIFICATE_LIVE, "certificate-live", "a certificate became the live one of its lineage", LATER)
ACT(CERTIFICATE_DELIVERED, "certificate-delivered", "its hooks ran, and its server has it", LATER)
ACT(CERTIFICATE_REVOKED, "certificate-revoked", "a certificate was revoked", NOW)
ACT(VERSION_RESTORED, "version-restored", "an old version was made live", NOW)
ACT(VERSIONS_REMOVED, "versions-removed", "superseded versions were removed, with their keys", LATER)
ACT(LINEAGE_DELETED, "lineage-deleted", "a certificate's files were deleted", NOW)
ACT(HOOK_FAILED, "hook-failed", "a hook failed", LATER)

/* ---- settings and files ---- */

ACT(RENEWAL_CHANGED, "renewal-settings-changed", "what a certificate is renewed by was changed", NOW)
ACT(SETTINGS_CHANGED, "settings-changed", "a file of settings was changed", NOW)
ACT(ACCESS_CHANGED, "access-changed", "owner, group or mode of files were changed", NOW)
ACT(STORE_REPAIRED, "store-repaired", "a damage of the store was repaired", NOW)
ACT(STORE_CONVERTED, "store-converted", "a certificate's files were laid out otherwise", NOW)
ACT(SERVER_CHANGED, "server-changed", "the configuration of a web server was changed", NOW)
ACT(SERVER_ROLLED_BACK, "server-rolled-back", "changes of a web server's configuration were taken back", NOW)

/* ---- accounts ---- */

ACT(ACCOUNT_REGISTERED, "account-registered", "an account was registered at a CA", NOW)
ACT(ACCOUNT_CHANGED, "account-changed", "the contacts of an account were changed", NOW)
ACT(ACCOUNT_KEY_CHANGED, "account-key-changed", "an account has a new key", NOW)
ACT(ACCOUNT_CLOSED, "account-closed", "an account was closed at its CA", NOW)

/* ---- the machine ---- */

ACT(SCHEDULE_INSTALLED, "schedule-installed", "renewals are run by this machine", NOW)
ACT(SCHEDULE_REMOVED, "schedule-removed", "what had renewals run was removed", NOW)
ACT(ALARM_TESTED, "alarm-tested", "an alarm was sent as a test", NOW)
ACT(COMMAND_FAILED, "command-failed", "a command that changes something failed", NOW)

/* ---- backups and emergencies ---- */

ACT(BACKUP_MADE, "backup-made", "a backup was made", NOW)
ACT(BACKUP_REMOVED, "backup-removed", "an old backup was removed", NOW)
ACT(BACKUP_RESTORED, "backup-restored", "certificates were restored from a backup", NOW)
ACT(EMERGENCY, "emergency-step", "a step of an emergency was taken", NOW)
ACT(INCIDENT_COLLECTED, "incident-collected", "evidence of an incident was collected", NOW)
ACT(KEY_COMPROMISED, "key-compromised", "a key was treated as one that others know", NOW)
