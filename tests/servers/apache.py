# SPDX-License-Identifier: Apache-2.0
"""Apache httpd: the parent is root, its children are www-data; the depth counts the root as well."""

import signal

from server import Server

VERIFY = {"on": "require", "optional": "optional", "optional-no-ca": "optional_no_ca", "off": "none"}
MODULES = "/usr/lib/apache2/modules"


class Apache(Server):
    product = "apache"
    config_name = "apache2.conf"
    reload_signal = signal.SIGUSR1

    def command(self, path):
        return ["apache2", "-f", path, "-DFOREGROUND"]

    def verify_lines(self, settings):
        lines = [f"SSLVerifyClient {VERIFY[settings.verify]}"]
        if settings.anchors:
            kind = "CADNRequest" if settings.names_only else "CACertificate"
            lines.append(f"SSL{kind}{'Path' if settings.directory else 'File'} {settings.anchors}")
        if settings.crls:
            kind = "Path" if settings.crl_directory else "File"
            lines.append(f"SSLCARevocation{kind} {settings.crls}")
            if not settings.unchecked_crls:
                lines.append("SSLCARevocationCheck chain")
        if settings.depth is not None:
            lines.append(f"SSLVerifyDepth {settings.depth + 1}")
        if settings.ciphers:
            lines.append(f"SSLCipherSuite {settings.ciphers}")
        return lines

    def text(self, settings, lines):
        run, srv = self.running, self.room / "srv"
        if settings.included:
            lines = [f"Include {self.included.parent}/*.inc"]
        body = "\n".join("  " + line for line in lines)
        outer = ""
        if settings.outer_crls:
            outer = f"SSLCARevocationFile {settings.outer_crls}\nSSLCARevocationCheck chain\n"
        mpm, spare = "event", "MinSpareThreads 1\nMaxSpareThreads 25"
        if settings.chroot:
            # The threads of others end by a library that would have to be in there as well.
            mpm, spare = "prefork", "MinSpareServers 1\nMaxSpareServers 1"
            outer += f"ChrootDir {settings.chroot}\n"
        return f"""# made by the lab
ServerRoot {run}
PidFile {run}/httpd.pid
ServerName localhost
Listen 127.0.0.1:{self.port} https
LoadModule mpm_{mpm}_module {MODULES}/mod_mpm_{mpm}.so
LoadModule dir_module {MODULES}/mod_dir.so
LoadModule authz_core_module {MODULES}/mod_authz_core.so
LoadModule socache_shmcb_module {MODULES}/mod_socache_shmcb.so
LoadModule ssl_module {MODULES}/mod_ssl.so
User www-data
Group www-data
StartServers 1
{spare}
ErrorLog {run}/error.log
LogLevel info
DocumentRoot {srv}/htdocs
SSLRandomSeed startup builtin
Mutex file:{run} default
<Directory {srv}/htdocs>
  Require all granted
</Directory>
{outer}<VirtualHost 127.0.0.1:{self.port}>
  ServerName localhost
  SSLEngine on
  SSLCertificateFile {srv}/server.pem
  SSLCertificateKeyFile {srv}/server.key
{body}
</VirtualHost>
"""
