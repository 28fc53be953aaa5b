# A CA on loopback, for scripts that source this: Pebble, and the DNS that it asks, where every name is 127.0.0.1.
#
# $home is a folder of the script's own, and fail MESSAGE ends it. $nonces_refused: how many of 100 the CA refuses, 5 by default. The script ends $ca_pid and $dns_pid.

# A CA that signs the CA server's own HTTPS certificate.
make_trust() {
    (
        cd "$home"
        cat >leaf.ext <<-END
		basicConstraints=critical,CA:FALSE
		keyUsage=critical,digitalSignature
		extendedKeyUsage=serverAuth
		subjectAltName=DNS:localhost,IP:127.0.0.1,IP:::1
		END
        openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout ca.key -out ca.pem -days 2 \
            -subj "/CN=Demonstration" -addext basicConstraints=critical,CA:TRUE \
            -addext keyUsage=critical,keyCertSign,cRLSign
        openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout leaf.key -out leaf.csr \
            -subj /CN=localhost
        openssl x509 -req -in leaf.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile leaf.ext -out leaf.pem
    ) >"$home/openssl.log" 2>&1 || { cat "$home/openssl.log" >&2; fail "openssl failed"; }
}

# Six different ports below those that the kernel gives to outgoing connections. Whether they are free shows when the
# servers bind them; the caller then tries others.
choose_ports() {
    set -- $(od -An -N2 -tu2 /dev/urandom)
    base=$((12000 + $1 % 3000 * 6))
    acme=$base management=$((base + 1)) http=$((base + 2)) tls=$((base + 3)) dns=$((base + 4)) dns_management=$((base + 5))
}

start_ca() {
    cat >"$home/pebble.json" <<-END
	{"pebble": {"listenAddress": "127.0.0.1:$acme", "managementListenAddress": "127.0.0.1:$management",
	 "certificate": "$home/leaf.pem", "privateKey": "$home/leaf.key", "httpPort": $http, "tlsPort": $tls,
	 "ocspResponderURL": "", "externalAccountBindingRequired": false}}
	END
    dns_flag=-dns01
    case $(pebble-challtestsrv -h 2>&1) in
        *-dnsserver*) dns_flag=-dnsserver ;;
    esac
    pebble-challtestsrv $dns_flag "127.0.0.1:$dns" -management "127.0.0.1:$dns_management" -defaultIPv6 "" \
        -http01 "" -https01 "" -tlsalpn01 "" >"$home/dns.log" 2>&1 &
    dns_pid=$!
    PEBBLE_VA_NOSLEEP=1 PEBBLE_WFE_NONCEREJECT=${nonces_refused:-5} pebble -config "$home/pebble.json" -dnsserver "127.0.0.1:$dns" \
        >"$home/ca.log" 2>&1 &
    ca_pid=$!
    waited=0
    until openssl s_client -connect "127.0.0.1:$acme" </dev/null >/dev/null 2>&1; do
        waited=$((waited + 1))
        if [ $waited -gt 100 ] || ! kill -0 $ca_pid 2>/dev/null || ! kill -0 $dns_pid 2>/dev/null; then
            kill $ca_pid $dns_pid 2>/dev/null || true
            wait $ca_pid $dns_pid 2>/dev/null || true
            ca_pid= dns_pid=
            return 1
        fi
        sleep 0.1
    done
}
