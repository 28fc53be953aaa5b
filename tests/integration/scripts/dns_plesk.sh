#!/usr/bin/env sh
# shellcheck disable=SC2034,SC2154
# Packets of XML, made of a template in a file; the reply comes in base64.

dns_plesk_add() {
  _plesk_open "$1" || return 1
  _plesk '<dns><add_rec><site-id>ID</site-id><type>TXT</type><host>HOST</host><value>VALUE</value></add_rec></dns>' "$2"
}

dns_plesk_rm() {
  _plesk_open "$1" || return 1
  _plesk '<dns><get_rec><filter><site-id>ID</site-id></filter></get_rec></dns>' "" || return 1
  _id="$(printf "%s" "$response" | sed 's/<result>/\
/g' | grep "<host>$1\.</host>" | grep "<value>$2</value>" | sed 's/.*<status>ok<\/status><id>\([0-9]*\)<.*/\1/')"
  [ -z "$_id" ] || _plesk '<dns><del_rec><filter><id>ID</id></filter></del_rec></dns>' ""
}

_plesk_open() {
  for _name in PLESKX_Url PLESKX_User PLESKX_Password; do
    if eval "[ -z \"\$$_name\" ]"; then
      eval "$_name=\"\$(_readaccountconf_mutable $_name)\""
    fi
    if eval "[ -z \"\$$_name\" ]"; then
      _err "$_name is not set"
      return 1
    fi
    _saveaccountconf_mutable "$_name" "$(eval "printf '%s' \"\$$_name\"")"
  done
  _plesk '<site><get><filter/><dataset><gen_info/></dataset></get></site>' "" || return 1
  _sites="$(printf "%s" "$response" | sed 's/<result>/\
/g')"
  _domain="$1"
  while _contains "$_domain" "\."; do
    _domain="$(printf "%s" "$_domain" | sed 's/^[^.]*\.//')"
    _id="$(printf "%s\n" "$_sites" | grep "<name>$_domain</name>" | sed 's/.*<id>\([0-9]*\)<\/id>.*/\1/')"
    _left="${1%".$_domain"}"
    [ -z "$_id" ] || return 0
  done
  _err "no site for $1"
}

_plesk() {
  _packet="$(_mktemp)"
  printf '<?xml version="1.0" encoding="UTF-8"?><packet>%s</packet>\n' "$1" >"$_packet"
  _sed_i "s|ID</|$_id</|" "$_packet"
  _sed_i "s|HOST</|$_left</|" "$_packet"
  _sed_i "s|VALUE</|$2</|" "$_packet"
  export _H1="HTTP_AUTH_LOGIN: $PLESKX_User"
  export _H2="HTTP_AUTH_PASSWD: $PLESKX_Password"
  response="$(_post "$(cat "$_packet")" "$PLESKX_Url/enterprise/control/agent.php" "needbase64" "POST" "text/xml" | _dbase64 multiline)"
  rm -f "$_packet"
  _contains "$response" "<status>error</status>" || return 0
  _err "$(printf "%s" "$response" | _egrep_o '<errtext>[^<]*')"
}
