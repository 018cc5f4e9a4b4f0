#!/bin/bash
# user-patches.sh - what docker-mailserver runs when all is set up and nothing
# has been started yet
#
# Puts Provost's tables where Postfix can read them, and adds the checks of
# recipients that postfix-main.cf cannot add to a list: mail for an address that
# is being renamed is put off, send-only users take none, relay domains may have
# their recipients verified, and full mailboxes are refused at once.  That is
# asked of the container's Dovecot, which does not know aliases; provost config
# --policy inet:ADDRESS:PORT asks provostd, which does.
set -e

FROM=${PROVOST_FROM:-/tmp/docker-mailserver/provost} TO=${PROVOST_TO:-/etc/postfix/provost}
install -d -m 0750 -o root -g postfix "$TO"
install -m 0640 -o root -g postfix "$FROM"/* "$TO"

P='proxy:ldap:'$TO
RENAMED=$P'/being_renamed.cf,static:{450 4.2.1 The address is being renamed, try again in a moment}'
CHECKS="check_recipient_access pipemap:{$RENAMED}, check_recipient_access pipemap:{$P/domain_alias.cf,$RENAMED}"
CHECKS+=", check_recipient_access $P/send_only.cf, check_recipient_access pipemap:{$P/domain_alias.cf,$P/send_only.cf}"
WERE=$(postconf ${PROVOST_CONFIG:+-c "$PROVOST_CONFIG"} -h smtpd_recipient_restrictions)
LAST="check_recipient_access $P/recipient_access.cf, check_policy_service @POLICY_SERVICE@"
postconf ${PROVOST_CONFIG:+-c "$PROVOST_CONFIG"} "smtpd_recipient_restrictions = $CHECKS, $WERE, $LAST"
