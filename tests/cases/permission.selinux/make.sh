#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The label of the store keeps nginx from it. The kernel's part is played by files.
. "$CASES/lib.sh"

healthy nginx
start
domain=system_u:system_r:httpd_t:s0 type=unconfined_u:object_r:user_home_t:s0
python3 -c 'import os, sys; os.setxattr(sys.argv[1], "security.selinux", sys.argv[2].encode())' \
	"$ANCHORS" $type || skip "no SELinux labels can be set here"
mkdir -p run/fs/selinux/class/file/perms run/fs/selinux/class/dir/perms
printf 1 >run/fs/selinux/enforce
printf 6 >run/fs/selinux/class/file/index
printf 2 >run/fs/selinux/class/file/perms/read
printf 7 >run/fs/selinux/class/dir/index
printf 22 >run/fs/selinux/class/dir/perms/search
# The answer is read behind the question, which has this length: only getattr is allowed.
{ printf '%s %s 6' $domain $type && printf ' 10 ffffffff 0 ffffffff 1 0'; } >run/fs/selinux/access
mount --bind run/fs /sys/fs
label $domain
