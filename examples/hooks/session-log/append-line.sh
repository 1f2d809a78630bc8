#!/bin/sh
# Appends a line to ~/sandglass-sessions.log for each session that starts or ends.
set -eu
now=$(date -u +%Y-%m-%dT%H:%M:%SZ)
echo "$now $SANDGLASS_SESSION_ID $SANDGLASS_EVENT ${SANDGLASS_REASON:-}" >>"$HOME/sandglass-sessions.log"
