#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The directory of the anchors is closed to the users of Apache, who read it at handshakes.
. "$CASES/lib.sh"

healthy_with_directory apache
chmod 700 srv/trust
