#!/usr/bin/env sh
# shellcheck disable=SC2034,SC2154
# A cookie is the session.

dns_inwx_add() {
  _inwx_open "$1" || return 1
  _inwx nameserver.createRecord "\"domain\":\"$_domain\",\"name\":\"$1\",\"type\":\"TXT\",\"content\":\"$2\",\"ttl\":300"
}

dns_inwx_rm() {
  _inwx_open "$1" || return 1
  _inwx nameserver.info "\"domain\":\"$_domain\",\"name\":\"$1\",\"type\":\"TXT\"" || return 1
  _id="$(printf "%s" "$response" | _egrep_o "\"id\": *\"[0-9]+\", [^{]*\"content\": *\"$2\"" | cut -d , -f 1 | tr -dc '0-9')"
  if [ "$_id" ]; then
    _inwx nameserver.deleteRecord "\"id\":\"$_id\""
  fi
}

_inwx_open() {
  INWXX_User="${INWXX_User:-$(_readaccountconf_mutable INWXX_User)}"
  INWXX_Password="${INWXX_Password:-$(_readaccountconf_mutable INWXX_Password)}"
  if [ -z "$INWXX_User" ] || [ -z "$INWXX_Password" ]; then
    _err "settings are missing"
    return 1
  fi
  _saveaccountconf_mutable INWXX_User "$INWXX_User"
  _saveaccountconf_mutable INWXX_Password "$INWXX_Password"
  _resethttp
  export ACME_HTTP_NO_REDIRECTS=1
  _H1=""
  _inwx account.login "\"user\":\"$INWXX_User\",\"pass\":\"$INWXX_Password\"" || return 1
  _H1="$(sed -n 's/^[Ss]et-[Cc]ookie: *\([^;]*\);.*/Cookie: \1/p' "$HTTP_HEADER" | _tail_n 1)"
  export _H1
  _page=1
  _domain="$1"
  _list=""
  while _inwx nameserver.list "\"page\":$_page,\"pagelimit\":100"; do
    _contains "$response" '"domain":' || break
    _list="$_list$response"
    _page=$(_math "$_page" + 1)
  done
  until _contains "$_list" "\"domain\": *\"$_domain\""; do
    _domain="$(printf "%s" "$_domain" | cut -s -d . -f 2-)"
    [ "$_domain" ] || return 1
  done
}

_inwx() {
  response="$(_post "{\"method\":\"$1\",\"params\":{$2}}" "https://api.domrobot.com/jsonrpc/" "" POST "application/json")" || return 1
  _contains "$response" '"code": *1000' && return 0
  _err "$1: $(printf "%s" "$response" | _egrep_o '"msg": *"[^"]*"')"
}
