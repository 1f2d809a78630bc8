#!/bin/sh
# Appends a line to ~/sandglass-sessions.log for each session that starts or ends.
set -eu
now=$(date -u +%Y-%m-%dT%H:%M:%SZ)
# A test event has no session, and only an end has a reason.
line="$now ${SANDGLASS_SESSION_ID:--} $SANDGLASS_EVENT ${SANDGLASS_REASON:--}"
echo "$line" >>"$HOME/sandglass-sessions.log"
