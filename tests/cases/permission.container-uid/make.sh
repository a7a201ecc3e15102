#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# nginx runs as www-data in a container, where the mounted store has come to be root's alone.
. "$CASES/lib.sh"

NGINX_USER=
healthy nginx
chown -R www-data run
chown www-data srv/server.key
# What is mounted in the container is seen there only.
cat >run/container <<'END'
mount -t tmpfs none srv/trust
cp known/ca.pem srv/trust/ca.pem
exec setpriv --reuid www-data --regid www-data --clear-groups nginx -c "$PWD/srv/nginx.conf"
END
run_server unshare --mount sh -e run/container
nsenter --target="$(cat run/nginx.pid)" --mount chmod 400 "$ANCHORS"
