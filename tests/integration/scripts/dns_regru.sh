#!/usr/bin/env sh
# shellcheck disable=SC2034,SC2154
# JSON as a part of a form, and two places in the reply that say how it went.

dns_regru_add() {
  _regru_open "$1" || return 1
  _regru zone/add_txt "{\"domains\":[{\"dname\":\"$_domain\"}],\"subdomain\":\"$_left\",\"text\":\"$2\"}"
}

dns_regru_rm() {
  _regru_open "$1" || return 1
  _regru zone/remove_record "{\"domains\":[{\"dname\":\"$_domain\"}],\"subdomain\":\"$_left\",\"content\":\"$2\",\"record_type\":\"TXT\"}"
}

_regru_open() {
  REGRUX_User="${REGRUX_User:-$(_readaccountconf_mutable REGRUX_User)}"
  REGRUX_Password="${REGRUX_Password:-$(_readaccountconf_mutable REGRUX_Password)}"
  if [ -z "$REGRUX_User" ] || [ -z "$REGRUX_Password" ]; then
    _err "no user"
    return 1
  fi
  _saveaccountconf_mutable REGRUX_User "$REGRUX_User"
  _saveaccountconf_mutable REGRUX_Password "$REGRUX_Password"
  _regru service/get_list '{"servtype":"domain"}' || return 1
  _names="$(printf "%s" "$response" | _egrep_o '"dname": *"[^"]*"' | cut -d '"' -f 4)"
  _domain=""
  # the longest name that fits
  for _name in $_names; do
    case "$1" in
    *".$_name") [ "${#_name}" -le "${#_domain}" ] || _domain="$_name" ;;
    esac
  done
  if [ -z "$_domain" ]; then
    _err "none of them is $1's: $_names"
    return 1
  fi
  _left="${1%".$_domain"}"
}

_regru() {
  _data="$(printf "%s" "$2" | _url_encode upper-hex)"
  response="$(_post "input_format=json&output_content_type=plain&username=$REGRUX_User&password=$REGRUX_Password&input_data=$_data" \
    "https://api.reg.ru/api/regru2/$1" | _json_decode)"
  if [ -z "$response" ] || _contains "$response" '"result": *"error"'; then
    _err "regru: $response"
    return 1
  fi
}
