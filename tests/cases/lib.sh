# SPDX-License-Identifier: Apache-2.0
# What the make.sh of every case stands on: it is read, not run. Given by the runner: ROOM, an empty
# directory that the case fills, PKI, what pki.sh made, and PORT, where a server of this case may listen.
# Certificates are named by their files in PKI: root, issuing, alice …
# shellcheck shell=sh
set -eu
umask 022
cd "$ROOM"

SRV=$ROOM/srv
ANCHORS=$SRV/trust/ca.pem
LISTS=
DEPTH=1
mkdir -p srv/trust srv/htdocs clients/accept clients/reject known run state

# Certificates and CRLs.

certs() { # NAME…: the certificates, one after the other
	for each in "$@"; do
		cat "$PKI/$each.pem"
	done
}

lists() { # NAME…: the CRLs
	for each in "$@"; do
		cat "$PKI/$each.crl"
	done
}

key() { # NAME: the private key of a certificate
	cat "$PKI/$(cat "$PKI/$1.key-of").key"
}

client() { # accept|reject NAME [INTERMEDIATE…]: a client's file: certificate, what it sends with it, key
	kind=$1 name=$2
	shift 2
	{ certs "$name" "$@" && key "$name"; } >"clients/$kind/$name.pem"
}

# Configurations: LINE… are those that say how clients are verified.

nginx_config() {
	cat >srv/nginx.conf <<-END
		# made by a case
		daemon off;
		${NGINX_USER-user www-data;}
		pid $ROOM/run/nginx.pid;
		error_log $ROOM/run/error.log info;
		worker_processes 1;
		events { worker_connections 64; }
		http {
		    access_log off;
		    client_body_temp_path $ROOM/run/body;
		    proxy_temp_path $ROOM/run/proxy;
		    fastcgi_temp_path $ROOM/run/fastcgi;
		    uwsgi_temp_path $ROOM/run/uwsgi;
		    scgi_temp_path $ROOM/run/scgi;
		    ${OUTER-}
		    server {
		        listen 127.0.0.1:$PORT ssl;
		        server_name localhost;
		        ssl_certificate $SRV/server.pem;
		        ssl_certificate_key $SRV/server.key;
		$(printf '        %s\n' "$@")
		        location / { return 200 "hello\n"; }
		    }
		}
	END
}

apache_config() {
	cat >srv/apache2.conf <<-END
		# made by a case
		ServerRoot $ROOM/run
		PidFile $ROOM/run/httpd.pid
		ServerName localhost
		Listen 127.0.0.1:$PORT https
		$(for module in mpm_event dir authz_core socache_shmcb ssl; do
			echo "LoadModule ${module}_module /usr/lib/apache2/modules/mod_$module.so"
		done)
		User www-data
		Group www-data
		StartServers 1
		MinSpareThreads 1
		MaxSpareThreads 25
		ErrorLog $ROOM/run/error.log
		DocumentRoot $SRV/htdocs
		Mutex file:$ROOM/run default
		<Directory $SRV/htdocs>
		  Require all granted
		</Directory>
		<VirtualHost 127.0.0.1:$PORT>
		  ServerName localhost
		  SSLEngine on
		  SSLCertificateFile $SRV/server.pem
		  SSLCertificateKeyFile $SRV/server.key
		$(printf '  %s\n' "$@")
		</VirtualHost>
	END
}

haproxy_config() { # WORD…: of the bind line
	cat >srv/haproxy.cfg <<-END
		# made by a case
		global
		    ${HAPROXY_USER-user haproxy}
		    stats socket $ROOM/run/haproxy.sock mode 600 level admin
		    log stdout format raw local0
		defaults
		    mode http
		    log global
		    timeout client 5s
		    timeout server 5s
		    timeout connect 5s
		frontend fe
		    bind 127.0.0.1:$PORT ssl crt $SRV/server-both.pem $*
		    http-request return status 200 content-type text/plain string "hello"
	END
}

configure() { # the configuration of $PRODUCT by ANCHORS, LISTS and DEPTH; LINE… are added
	case $PRODUCT in
	nginx)
		nginx_config "ssl_client_certificate $ANCHORS;" 'ssl_verify_client on;' \
			"ssl_verify_depth $DEPTH;" ${LISTS:+"ssl_crl $LISTS;"} "$@"
		;;
	apache)
		if [ -d "$ANCHORS" ]; then kind=Path; else kind=File; fi
		if [ -d "${LISTS:-/dev/null}" ]; then list_kind=Path; else list_kind=File; fi
		apache_config "SSLCACertificate$kind $ANCHORS" 'SSLVerifyClient require' \
			"SSLVerifyDepth $((DEPTH + 1))" ${LISTS:+"SSLCARevocation$list_kind $LISTS"} \
			${LISTS:+'SSLCARevocationCheck chain'} "$@"
		;;
	haproxy)
		haproxy_config "ca-file $ANCHORS" 'verify required' ${LISTS:+"crl-file $LISTS"} "$@"
		;;
	esac
}

# Worlds that are well; a case then spoils them.

healthy() { # PRODUCT: two clients get in, three do not; known-good material holds the same store
	PRODUCT=$1
	certs server server-ca >srv/server.pem
	key server >srv/server.key
	cat srv/server.pem srv/server.key >srv/server-both.pem
	chmod 600 srv/server.key srv/server-both.pem
	echo hello >srv/htdocs/index.html
	certs issuing root >"$ANCHORS"
	cp "$ANCHORS" known/ca.pem
	client accept alice
	client accept bob issuing
	client reject rogue false-issuing impostor
	client reject expired issuing
	client reject server-only issuing
	configure
}

healthy_with_lists() { # PRODUCT: CRLs of the whole chain are checked, and a revoked client is shut out
	LISTS=$SRV/trust/crl.pem
	healthy "$1"
	lists issuing root >"$LISTS"
	cp "$LISTS" known/crl.pem
	client reject revoked issuing
}

healthy_with_directory() { # PRODUCT: the anchors stand in a directory, each in a file of its own
	ANCHORS=$SRV/trust/ca.d
	mkdir "$ANCHORS"
	for name in issuing root; do
		certs $name >"$ANCHORS/$name.pem"
	done
	certs issuing root >known/ca.pem
	ANCHORS=$SRV/trust/unused.pem
	healthy "$1"
	rm "$ANCHORS"
	ANCHORS=$SRV/trust/ca.d
	[ "$1" != apache ] || openssl rehash "$ANCHORS"
	configure
}

# Edits.

swap() { # NAME OTHER [FILE]: another certificate, or none (-), in the place of one of the store
	file=${3-$ANCHORS}
	python3 - "$file" "$PKI/$1.pem" "$2" "$PKI/$2.pem" <<-'END'
		import sys
		path, old, name, new = sys.argv[1:]
		data, old = open(path, "rb").read(), open(old, "rb").read()
		assert old in data
		open(path, "wb").write(data.replace(old, b"" if name == "-" else open(new, "rb").read()))
	END
}

victim() { # NAME [INTERMEDIATE…]: a client that should get in and by its own fault does not
	rm -f "clients/reject/$1.pem"
	client accept "$@"
}

rewrite() { # FILE COMMAND…: the file as the command rewrites it
	file=$1
	shift
	"$@" <"$file" >"$file.new"
	cat "$file.new" >"$file"
	rm "$file.new"
}

# Servers. Their process ids stand in run/pids: the runner ends them, and they end by themselves at last.

start() { # the server of $PRODUCT, with what it has now [; another configuration]
	case $PRODUCT in
	nginx) set -- nginx -c "${1-$SRV/nginx.conf}" ;;
	apache) set -- apache2 -f "${1-$SRV/apache2.conf}" -DFOREGROUND ;;
	haproxy) set -- haproxy -W -f "${1-$SRV/haproxy.cfg}" ;;
	esac
	run_server "$@"
}

launch() { # COMMAND…: in a session of its own
	setsid timeout -k 5 300 "$@" </dev/null >>run/output 2>&1 &
	echo $! >>run/pids
}

run_server() { # COMMAND…: returns when it answers
	launch "$@"
	python3 - "$PORT" $! <<-'END'
		import os, socket, sys, time
		port, pid = map(int, sys.argv[1:])
		for _ in range(1000):
		    with socket.socket() as probe:
		        if probe.connect_ex(("127.0.0.1", port)) == 0:
		            sys.exit(0)
		    os.kill(pid, 0)
		    time.sleep(0.01)
		sys.exit("the server does not answer")
	END
}

responder() { # SIGNER: answers for the issuing CA at $PORT, and knows alice and bob
	for each in alice bob; do
		printf 'V\t491231000000Z\t\t%s\tunknown\t/CN=%s\n' "$(cat "$PKI/$each.serial")" "$each"
	done >run/index
	key "$1" >run/responder.key
	launch openssl ocsp -index run/index -CA "$PKI/issuing.pem" -rsigner "$PKI/$1.pem" \
		-rkey run/responder.key -port "$PORT" -ndays 30
	# A connection without a request would be waited for.
	for _ in $(seq 1000); do
		! grep -q ^ACCEPT run/output || return 0
		sleep 0.01
	done
	echo "the responder does not listen"
	exit 1
}

answer_about() { # NAME: run/answer.der says that the issuing CA's certificate is good
	printf 'V\t491231000000Z\t\t%s\tunknown\t/CN=x\n' "$(cat "$PKI/$1.serial")" >run/index
	key issuing >run/responder.key
	openssl ocsp -index run/index -CA "$PKI/issuing.pem" -rsigner "$PKI/issuing.pem" -rkey run/responder.key \
		-issuer "$PKI/issuing.pem" -cert "$PKI/$1.pem" -no_nonce -noverify -ndays 30 -respout run/answer.der
}

answer_ahead() { # NAME: the same answer about a certificate at $PORT, whatever is asked
	answer_about "$1"
	run_server "$CASES/replay.py" "$PORT" run/answer.der
}

reload_nginx_in_vain() { # and waits for its complaint
	kill -HUP "$(cat run/nginx.pid)"
	for _ in $(seq 1000); do
		! grep -q '\[emerg\]' run/error.log || return 0
		sleep 0.01
	done
	echo "nginx did not complain"
	exit 1
}

# What a kernel says, where it is built without that. It is seen in the case's mount namespace only.

skip() { # WHY: for the runner, which shows it
	echo "$*"
	exit 77
}

label() { # TEXT: of every process of the server that runs
	echo "$1" >run/label
	for pid in $(cat run/nginx.pid) $(pgrep -P "$(cat run/nginx.pid)"); do
		mount --bind run/label "/proc/$pid/attr/current"
	done
}
