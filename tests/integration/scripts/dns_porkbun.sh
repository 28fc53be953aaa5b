#!/usr/bin/env sh
# shellcheck disable=SC2034,SC2154
# Both keys are in the body of each request, and an error has a word in the reply.

dns_porkbun_add() {
  _pork_open "$1" || return 1
  _pork "dns/create/$_domain" ",\"type\":\"TXT\",\"name\":\"$_left\",\"content\":\"$2\",\"ttl\":\"600\"" || return 1
  _info "id" "$(printf "%s" "$response" | _egrep_o '"id": *[0-9]*' | _egrep_o '[0-9]*')"
}

dns_porkbun_rm() {
  _pork_open "$1" || return 1
  _pork "dns/retrieve/$_domain" || return 1
  _id="$(echo "$response" | _normalizeJson | tr '{' '\n' | grep "\"name\":\"$1\"" | grep "\"content\":\"$2\"" | _egrep_o '"id":"[0-9]*"' | cut -d '"' -f 4)"
  [ -z "$_id" ] || _pork "dns/delete/$_domain/$_id"
}

_pork_open() {
  PORKX_KEY="${PORKX_KEY:-$(_readaccountconf_mutable PORKX_KEY)}"
  PORKX_SECRET="${PORKX_SECRET:-$(_readaccountconf_mutable PORKX_SECRET)}"
  if [ -z "$PORKX_KEY" ] || [ -z "$PORKX_SECRET" ]; then
    _err "no keys"
    return 1
  fi
  # keys with odd characters are saved in base64
  _saveaccountconf_mutable PORKX_KEY "$PORKX_KEY" 1
  _saveaccountconf_mutable PORKX_SECRET "$PORKX_SECRET" base64
  i=1
  while [ "$i" -lt 10 ]; do
    i=$(_math "$i" + 1)
    _domain="$(printf "%s" "$1" | cut -d . -f "$i"-100)"
    _left="$(printf "%s" "$1" | cut -d . -f "1-$(_math "$i" - 1)")"
    [ -n "$_domain" ] || break
    _pork "dns/retrieve/$_domain" 2>/dev/null && return 0
  done
  _err "no domain for $1"
}

_pork() {
  _H1="Content-Type: application/json"
  response="$(_post "{\"apikey\":\"$PORKX_KEY\",\"secretapikey\":\"$PORKX_SECRET\"$2}" "https://api.porkbun.com/api/json/v3/$1")"
  _contains "$response" '"status": *"SUCCESS"' && return 0
  _err "$(printf "%s" "$response" | _egrep_o '"message": *"[^"]*"')"
}
