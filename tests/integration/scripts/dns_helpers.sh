#!/usr/bin/env sh
# shellcheck disable=SC2034,SC3043
# Calls every function that acme.sh's surroundings have, and says which one does not do what scripts rely on. What they do
# is described in docs/dns-scripts.md. TEST_URL is a service of peers/dns_service.py, TEST_KEYS a folder with keys.

dns_helpers_add() {
  [ "$1" = "_acme-challenge.example.com" ] || echo "name: $1"
  [ "$2" = "a-value_1" ] || echo "value: $2"
  _check_text
  _check_said
  _check_settings
  _check_codecs
  _check_crypto
  _check_system
  _check_http
  echo "all was called"
}

# is WHAT GOT WANTED
is() { [ "$2" = "$3" ] || printf '%s: [%s] for [%s]\n' "$1" "$2" "$3"; }
# yes/no WHAT COMMAND...
yes() {
  _what="$1"
  shift
  "$@" || echo "$_what: false"
}
no() {
  _what="$1"
  shift
  ! "$@" || echo "$_what: true"
}

_check_text() {
  yes "_contains: a pattern" _contains 'ab"id": 12' '"id": *[0-9]'
  no "_contains: case" _contains 'abc' 'B'
  yes "_contains: a dash" _contains 'a -b' '-b'
  yes "_contains: any line" _contains 'one
two' '^two'
  yes "_contains: a backslash" _contains 'a\nb' 'a\\nb'
  yes _startswith _startswith 'abc' 'a.'
  no _startswith _startswith 'abc' 'b'
  yes _endswith _endswith 'abc' 'bc'
  no _endswith _endswith 'abc' 'ab'
  is _lower_case "$(echo 'ABc-1' | _lower_case)" 'abc-1'
  is _upper_case "$(echo 'ABc-1' | _upper_case)" 'ABC-1'
  is _head_n "$(printf '1\n2\n3\n' | _head_n 2)" '1
2'
  is _tail_n "$(printf '1\n2\n3\n' | _tail_n 1)" '3'
  is _egrep_o "$(echo '{"id":12,"id":345}' | _egrep_o '"id":[0-9]+' | _tail_n 1)" '"id":345'
  is "_egrep_o: a dash" "$(echo 'x -a' | _egrep_o '-a')" '-a'
  is _getfield "$(_getfield 'a,b,c' 2)" 'b'
  is "_getfield: a separator" "$(_getfield 'a=b&c=d' 2 '&')" 'c=d'
  is "_getfield: an empty one" "$(_getfield 'a,b,,d' 3)" 'b'
  is _normalizeJson "$(printf '{\r\n  "a" : "b : c",\n  "l" :  [ 1 ],\n  "n" : 2\n}\n' | _normalizeJson)" \
    '{"a":"b : c","l":[ 1 ],"n" : 2}'
  is _json_decode "$(printf '"a\\/b"' | _json_decode)" '"a/b"'
  is _url_replace "$(printf 'a+b/c== ' | _url_replace)" 'a-b_c'
  is _idn "$(_idn '_acme-challenge.example.com')" '_acme-challenge.example.com'
  is "_idn: a foreign name" "$(_idn 'bücher.example')" 'xn--bcher-kva.example'
  printf 'a\nb\n' >"$TMPDIR/lines"
  _sed_i '/^a/d' "$TMPDIR/lines"
  is _sed_i "$(cat "$TMPDIR/lines")" 'b'
}

_check_said() {
  is _info "$(_info one)" 'one'
  is "_info: two" "$(_info one two)" "one='two'"
  is _err "$(_err one 2>&1)" 'one'
  no "_err: the status" _err one 2>/dev/null
  is _usage "$(_usage one 2>&1)" 'one'
  is __green "$(__green 'a\tb')" 'a	b'
  is __red "$(__red a)" 'a'
  DEBUG=0
  is "no debugging" "$(_debug a 2>&1 && _debug2 a 2>&1 && _debug3 a 2>&1 && _log a 2>&1 && _secure_debug a 2>&1)" ''
  DEBUG=2
  is _debug "$(_debug a b 2>&1)" "a='b'"
  is _debug2 "$(_debug2 a 2>&1)" 'a'
  is _debug3 "$(_debug3 a 2>&1)" ''
  is _log "$(_log a 2>&1)" 'a'
  is _secure_debug "$(_secure_debug a secret 2>&1)" "a='[hidden]'"
  is _secure_debug2 "$(_secure_debug2 a secret 2>&1)" "a='[hidden]'"
  is _secure_debug3 "$(_secure_debug3 a secret 2>&1)" ''
  DEBUG=0
}

_check_settings() {
  is "a setting that is not there" "$(_readaccountconf_mutable K)" ''
  _saveaccountconf_mutable K 'a b&c|d$e\f'
  is "a saved setting" "$(_readaccountconf_mutable K)" 'a b&c|d$e\f'
  _saveaccountconf_mutable K "it's"
  is "a quote" "$(_readaccountconf_mutable K)" "it's"
  _saveaccountconf_mutable K 'two
lines' base64
  is "base64" "$(_readaccountconf_mutable K)" 'two
lines'
  is "its name in the file" "$(_readaccountconf SAVED_K)" 'two
lines'
  _clearaccountconf_mutable K
  is "a cleared setting" "$(_readaccountconf_mutable K)" ''
  _saveaccountconf P plain
  is _saveaccountconf "$(_readaccountconf P)" 'plain'
  _saveaccountconf Q 'for later'
  _clearaccountconf P
  is _clearaccountconf "$(_readaccountconf P)" ''
  _savedomainconf D 'of a domain'
  is _savedomainconf "$(_readdomainconf D)" 'of a domain'
  _cleardomainconf D
  is _cleardomainconf "$(_readdomainconf D)" ''
  _saveaccountconf_mutable TEST_URL 'copied'
  is "what the user gives is not copied" "$(_readaccountconf_mutable TEST_URL)" ''
}

_check_codecs() {
  is _base64 "$(printf 'hello' | _base64)" 'aGVsbG8='
  is "_base64: lines" "$(printf '%060d' 0 | _base64 multiline | wc -l | tr -d ' ')" '2'
  is "_base64: one line" "$(printf '%060d' 0 | _base64 | wc -l | tr -d ' ')" '0'
  is _dbase64 "$(printf 'aGVsbG8=' | _dbase64)" 'hello'
  is "_dbase64: lines" "$(printf 'aGVs\nbG8=\n' | _dbase64 multiline)" 'hello'
  is _hex_dump "$(printf 'aZ\001' | _hex_dump)" ' 61 5a 01'
  is _h2b "$(printf '61 5a' | tr -d ' ' | _h2b)" 'aZ'
  is _url_encode "$(printf 'a b/c~é' | _url_encode)" 'a%20b%2fc~%c3%a9'
  is "_url_encode: upper" "$(printf 'b/c' | _url_encode upper-hex)" 'b%2Fc'
}

_check_crypto() {
  is _digest "$(printf abc | _digest sha256 hex)" 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'
  is "_digest: base64" "$(printf abc | _digest sha1)" 'qZk+NkcGgWq6PiVxeFDCbJzQ2J0='
  is "_digest: sha3" "$(printf abc | _digest sha3-256 hex)" '3a985da74fe225b2045c172d6bd390bd855f086e3e9d525b46bfe24511431532'
  is "_digest: md5" "$(printf abc | _digest md5 hex)" '900150983cd24fb0d6963f7d28e17f72'
  is _hmac "$(printf 'what do ya want for nothing?' | _hmac sha256 4a656665 hex)" \
    '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843'
  is "_hmac: bytes" "$(printf abc | _hmac sha1 6b | _base64)" '+b7wkf4A2fUShZODbbqZ4ZPwgXQ='
  printf abc | _sign "$TEST_KEYS/rsa.pem" sha256 | _dbase64 >"$TMPDIR/signature"
  is _sign "$(printf abc | openssl dgst -sha256 -verify "$TEST_KEYS/rsa.pub" -signature "$TMPDIR/signature" 2>&1)" 'Verified OK'
  printf abc | _sign "$TEST_KEYS/rsa.pem" "sha256 -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:-1" |
    _dbase64 >"$TMPDIR/signature"
  is "_sign: PSS" "$(printf abc | openssl dgst -sha256 -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:-1 \
    -verify "$TEST_KEYS/rsa.pub" -signature "$TMPDIR/signature" 2>&1)" 'Verified OK'
  is "_sign: two numbers" "$(printf abc | _sign "$TEST_KEYS/ec.pem" sha256 | _dbase64 | wc -c | tr -d ' ')" '64'
  yes _isRSA _isRSA "$TEST_KEYS/rsa.pem"
  no _isRSA _isRSA "$TEST_KEYS/ec.pem"
}

_check_system() {
  is _math "$(_math 7 % 4 + 2)" '5'
  is "_math: one text" "$(_math '2 * 3')" '6'
  yes _time [ "$(_time)" -gt 1700000000 ]
  yes _utc_date _contains "$(_utc_date)" '^[0-9]\{4\}-[0-9][0-9]-[0-9][0-9] [0-9:]\{8\}$'
  yes _sleep _sleep 0
  _file="$(_mktemp)"
  yes _mktemp [ -f "$_file" ]
  yes _exists _exists sed
  yes "_exists: a function" _exists _math
  no _exists _exists no-such-program
}

_check_http() {
  is "the state of a request" "$_H1$_H2$_H3$_H4$_H5" ''
  response="$(_get "$TEST_URL/zones")"
  is "_get: an error is an answer" "$?" '0'
  yes "_get: its body" _contains "$response" '"success": false'
  is "_get: its status" "$(grep '^HTTP' "$HTTP_HEADER" | cut -d ' ' -f 2)" '401'
  is "_get: the head" "$(_get "$TEST_URL/zones" onlyheader | _head_n 1 | cut -d ' ' -f 2)" '501'
  response="$(_get "$TEST_URL/old")"
  is "redirects" "$(grep '^HTTP' "$HTTP_HEADER" | cut -d ' ' -f 2 | tr '\n' ' ')" '302 403 '
  ACME_HTTP_NO_REDIRECTS=1
  response="$(_get "$TEST_URL/old")"
  is "no redirects" "$(grep '^HTTP' "$HTTP_HEADER" | cut -d ' ' -f 2)" '302'
  yes "the fields" grep -q '^Location: /v1/login' "$HTTP_HEADER"
  _resethttp
  is _resethttp "$ACME_HTTP_NO_REDIRECTS" ''
  export _H1="X-Signature: 1 none" _H3="X-Other: b"
  is _post "$(_post 'a=b&c' "$TEST_URL/login" | _normalizeJson | _egrep_o 'wrong [a-z]*')" 'wrong signature'
  is "_post: base64" "$(_post '' "$TEST_URL/login" 1 PUT 'text/plain' | _dbase64 | _egrep_o 'wrong [a-z]*')" 'wrong signature'
  no "no answer" _get "http://127.0.0.1:1/" 2>/dev/null
  is _ns_lookup "$(_ns_lookup no-such-name.invalid TXT 2>/dev/null)" ''
  _H1="" _H3=""
}

dns_helpers_rm() {
  is "what was saved is a variable" "$Q" 'for later'
  is "nothing is left over" "$(ls "$TMPDIR" | tr '\n' ' ')" 'header '
  echo "all was called"
}
