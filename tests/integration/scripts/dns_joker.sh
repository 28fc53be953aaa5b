#!/usr/bin/env sh
# shellcheck disable=SC2034,SC2154
# Forms, each part of which is encoded; what the removal needs is kept by the record's name.

dns_joker_add() {
  JOKERX_User="${JOKERX_User:-$(_readaccountconf_mutable JOKERX_User)}"
  JOKERX_Password="${JOKERX_Password:-$(_readaccountconf_mutable JOKERX_Password)}"
  if [ -z "$JOKERX_User" ] || [ -z "$JOKERX_Password" ]; then
    _err "No credentials"
    return 1
  fi
  _saveaccountconf_mutable JOKERX_User "$JOKERX_User"
  _saveaccountconf_mutable JOKERX_Password "$JOKERX_Password"
  _zone="$(printf "%s" "$1" | sed 's/.*\.\([^.]*\.[^.]*\)$/\1/')"
  _savedomainconf Joker_Zone "$_zone"
  _joker "$1" "$2" || return 1
  _info "added"
}

dns_joker_rm() {
  JOKERX_User="$(_readaccountconf_mutable JOKERX_User)"
  JOKERX_Password="$(_readaccountconf_mutable JOKERX_Password)"
  _zone="$(_readdomainconf Joker_Zone)"
  if [ -z "$_zone" ]; then
    _err "nothing is known of $1"
    return 1
  fi
  _joker "$1" "" && _cleardomainconf Joker_Zone
}

_joker() {
  _form="username=$(printf "%s" "$JOKERX_User" | _url_encode)&password=$(printf "%s" "$JOKERX_Password" | _url_encode)"
  _form="$_form&zone=$_zone&label=$(printf "%s" "${1%".$_zone"}" | _url_encode)&type=TXT&value=$(printf "%s" "$2" | _url_encode)"
  response="$(_post "$_form" "https://svc.joker.com/nic/replace")"
  _debug2 response "$response"
  if ! _startswith "$response" OK; then
    _err "$response"
    return 1
  fi
}
