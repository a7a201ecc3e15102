# SPDX-License-Identifier: Apache-2.0
"""nginx: the master is root, its workers are www-data; HTTP 400 is a refusal."""

from server import Server

VERIFY = {"on": "on", "optional": "optional", "optional-no-ca": "optional_no_ca", "off": "off"}


class Nginx(Server):
    product = "nginx"
    config_name = "nginx.conf"

    def command(self, path):
        return ["nginx", "-c", path]

    def verify_lines(self, settings):
        lines = []
        if settings.anchors:
            directive = "trusted" if settings.names_only else "client"
            lines.append(f"ssl_{directive}_certificate {settings.anchors};")
        lines.append(f"ssl_verify_client {VERIFY[settings.verify]};")
        if settings.crls:
            lines.append(f"ssl_crl {settings.crls};")
        if settings.depth is not None:
            lines.append(f"ssl_verify_depth {settings.depth};")
        if settings.ciphers:
            lines.append(f"ssl_ciphers {settings.ciphers};")
        return lines

    def text(self, settings, lines):
        run = self.running
        if settings.included:
            lines = [f"include {self.included.parent}/*.inc;"]
        outer = f"    ssl_crl {settings.outer_crls};\n" if settings.outer_crls else ""
        body = "\n".join("        " + line for line in lines)
        return f"""# made by the lab
daemon off;
{'' if self.as_worker else 'user www-data;'}
pid {run}/nginx.pid;
error_log {run}/error.log info;
worker_processes 1;
events {{ worker_connections 64; }}
http {{
    access_log {run}/access.log;
    client_body_temp_path {run}/body;
    proxy_temp_path {run}/proxy;
    fastcgi_temp_path {run}/fastcgi;
    uwsgi_temp_path {run}/uwsgi;
    scgi_temp_path {run}/scgi;
{outer}    server {{
        listen 127.0.0.1:{self.port} ssl;
        server_name localhost;
        ssl_protocols TLSv1.2 TLSv1.3;
        ssl_certificate {self.room}/srv/server.pem;
        ssl_certificate_key {self.room}/srv/server.key;
{body}
        location / {{ return 200 "hello\\n"; }}
    }}
}}
"""

    def count_refusals(self):
        log = self.running / "error.log"
        return log.read_bytes().count(b"[emerg]") if log.exists() else 0
