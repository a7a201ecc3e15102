#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The AppArmor profile of nginx has no rule for the store. The kernel's part is played by files.
. "$CASES/lib.sh"

healthy nginx
start
[ -d /sys/kernel/security ] || skip "there is no /sys/kernel/security to mount on"
if ! [ -d /etc/apparmor.d ]; then
	cp -a /etc run/etc
	mkdir run/etc/apparmor.d
	mount --bind run/etc /etc
fi
mkdir -p run/kernel/security/apparmor run/apparmor.d
mount --bind run/kernel/security /sys/kernel/security
echo 'profile nginx /usr/sbin/nginx { /usr/** r, /etc/** r, }' >run/apparmor.d/nginx
mount --bind run/apparmor.d /etc/apparmor.d
label 'nginx (enforce)'
