"""Sites as nginx has them in the wild, each with the names that a certificate is for, and what is there to be seen."""

OWN = "ssl_certificate HOME/own.pem; ssl_certificate_key HOME/own.key;"
# Files, names to install, probes {(name, path): answer before and after} of names that are not concerned.
SITES = {
    "plain": ({"a": """\
server {
    listen ADDR:80;
    server_name a.test www.a.test;
    root HOME/www;
}
"""}, ["a.test", "www.a.test"], []),
    "several blocks": ({"a": """\
server {
    listen ADDR:80;
    server_name a.test;
    root HOME/www;
}

server {
    listen ADDR:80;
    server_name b.test;
    root HOME/www;
}
""", "c": """\
server {
    listen ADDR:80;
    server_name c.test;
    return 200 "c";
}
"""}, ["a.test", "b.test"], ["c.test"]),
    "one line, no newline at the end": ({"a": "server { listen ADDR:80; server_name a.test; root HOME/www; }"}, ["a.test"], []),
    "comment without newline at the end": ({"a": "server {\n    listen ADDR:80;\n    server_name a.test;\n    root HOME/www;\n}\n# end"},
                                           ["a.test"], []),
    "TLS already": ({"a": f"""\
server {{
    listen ADDR:80;
    server_name a.test;
    root HOME/www;
}}
server {{
    listen ADDR:443 ssl;
    server_name a.test;
    {OWN}
    root HOME/www;
}}
"""}, ["a.test"], []),
    "default of the address": ({"a": """\
server {
    listen ADDR:80 default_server;
    server_name _;
    root HOME/www;
}
"""}, ["a.test", "b.test"], ["other.test"]),
    "regex of PCRE": ({"a": """\
server {
    listen ADDR:80;
    server_name ~^(?<sub>[a-z]+)\\.a\\.test$;
    return 200 "$sub";
}
server {
    listen ADDR:80;
    server_name b.test;
    return 200 "b";
}
"""}, ["x.a.test"], ["b.test", "y.a.test"]),
    "names that are not in the certificate": ({"a": """\
server {
    listen ADDR:80;
    server_name a.test b.test;
    root HOME/www;
}
"""}, ["a.test"], ["b.test"]),
    "redirects by itself": ({"a": """\
server {
    listen ADDR:80;
    server_name a.test;
    root HOME/www;
    return 301 https://$host$request_uri;
}
"""}, ["a.test"], []),
    "redirects by itself, TLS by default": ({"a": f"""\
server {{
    listen ADDR:80;
    server_name a.test;
    return 301 https://a.test$request_uri;
}}
server {{
    listen ADDR:443 ssl default_server;
    server_name b.test;
    {OWN}
    root HOME/www;
}}
"""}, ["a.test"], []),
    "included listen and names": ({"a": """\
server {
    include HOME/nginx/snippets/listen;
    root HOME/www;
}
""", "../snippets/listen": "listen ADDR:80;\nserver_name a.test;\n"}, ["a.test"], []),
    "certificate in a shared snippet": ({"a": """\
server {
    listen ADDR:80;
    listen ADDR:443 ssl;
    server_name a.test;
    include HOME/nginx/snippets/own;
    root HOME/www;
}
server {
    listen ADDR:443 ssl;
    server_name b.test;
    include HOME/nginx/snippets/own;
    root HOME/www;
}
""", "../snippets/own": OWN + "\n"}, ["a.test"], []),
    "own TLS options": ({"a": """\
server {
    listen ADDR:80;
    server_name a.test;
    root HOME/www;
    ssl_protocols TLSv1.3;
    ssl_session_timeout 5m;
}
"""}, ["a.test"], []),
    "CR LF and Latin-1": ({"a": "server {\r\n\tlisten ADDR:80;\r\n\tserver_name a.test;\r\n\t# caf\u00e9\r\n\troot HOME/www;\r\n}\r\n"},
                          ["a.test"], []),
    "as Debian has it": ({"default": """\
# Default server configuration
#
server {
	listen 80 default_server;
	listen [::]:80 default_server;

	# SSL configuration
	#
	# listen 443 ssl default_server;
	# listen [::]:443 ssl default_server;

	root HOME/www;

	# Add index.php to the list if you are using PHP
	index index.html index.htm index.nginx-debian.html;

	server_name _;

	location / {
		# First attempt to serve request as file, then
		# as directory, then fall back to displaying a 404.
		try_files $uri $uri/ =404;
	}
}

# Virtual Host configuration for example.com
#server {
#	listen 80;
#}
"""}, ["a.test", "www.a.test"], ["other.test"]),
    "as Debian has it, with a name": ({"default": """\
server {
	listen 80 default_server;
	listen [::]:80 default_server;
	root HOME/www;
	server_name a.test;
	location / { try_files $uri $uri/ =404; }
}
"""}, ["a.test"], ["other.test"]),
    "in nginx.conf, with tabs": ({"../nginx.conf": """\
pid HOME/nginx.pid;
error_log HOME/error.log info;
events {}
http {
	access_log off;
	client_body_temp_path HOME/tmp-body;
	proxy_temp_path HOME/tmp-proxy;
	fastcgi_temp_path HOME/tmp-fastcgi;
	uwsgi_temp_path HOME/tmp-uwsgi;
	scgi_temp_path HOME/tmp-scgi;
	server {
		listen ADDR:80;
		server_name a.test; root HOME/www;
	}
	server { listen ADDR:80; server_name b.test; return 200 b; }
}"""}, ["a.test"], ["b.test"]),
    "a default that refuses TLS": ({"a": """\
server {
    listen ADDR:80 default_server;
    root HOME/www;
}
server {
    listen ADDR:443 ssl default_server;
    ssl_reject_handshake on;
    root HOME/www;
}
"""}, ["a.test"], ["other.test"]),
    "wildcard": ({"a": """\
server {
    listen ADDR:80;
    server_name a.w.test b.w.test;
    root HOME/www;
}
server {
    listen ADDR:80;
    server_name w.test;
    return 200 "w";
}
"""}, ["*.w.test"], ["w.test"]),
    "another redirects by itself": ({"a": """\
server {
    listen ADDR:80;
    server_name a.test;
    root HOME/www;
}
server {
    listen ADDR:80;
    server_name b.test;
    location / { return 301 https://$host$request_uri; }
    location = /up { return 200 "up"; }
}
"""}, ["a.test"], ["b.test"]),
}
