#!/usr/bin/env sh
# shellcheck disable=SC2034,SC2154
# A token by OAuth 2.0, kept with its end for later calls; lists that name their next page; sets of values in JSON.

dns_azure_add() {
  _az_open "$1" || return 1
  _az_values
  _contains "$_values" "\"$2\"" && return 0
  _az_write "$_values${_values:+,}\"$2\""
}

dns_azure_rm() {
  _az_open "$1" || return 1
  _az_values
  _kept="$(printf "%s" "$_values" | tr ',' '\n' | grep -v -e "^\"$2\"\$" | tr '\n' ',' | sed 's/,$//')"
  if [ -z "$_kept" ]; then
    _post "" "https://management.azure.com$_set" "" DELETE >/dev/null
  else
    _az_write "$_kept"
  fi
}

_az_values() {
  response="$(_get "https://management.azure.com$_set" | _normalizeJson)"
  _values="$(printf "%s" "$response" | _egrep_o '"value":\["[^"]*"\]' | _egrep_o '\["[^"]*"' | tr -d '[' | tr '\n' ',' | sed 's/,$//')"
}

_az_write() {
  _records="$(printf "%s" "$1" | sed 's/"[^"]*"/{"value":[&]}/g')"
  response="$(_post "{\"properties\":{\"TTL\":60,\"TXTRecords\":[$_records]}}" "https://management.azure.com$_set" "" PUT "application/json")"
  if _contains "$response" '"message"'; then
    _err "azure: $response"
    return 1
  fi
}

_az_open() {
  for _name in AZX_SUBSCRIPTION AZX_TENANT AZX_APP AZX_SECRET; do
    eval "_value=\"\${$_name:-\$(_readaccountconf_mutable $_name)}\""
    if [ -z "$_value" ]; then
      _clearaccountconf_mutable "$_name"
      _err "$_name is not set"
      return 1
    fi
    eval "$_name=\"\$_value\""
    _saveaccountconf_mutable "$_name" "$_value"
  done
  _az_token || return 1
  export _H1="authorization: Bearer $_token"
  export _H2="accept: application/json"
  _zones=""
  _url="https://management.azure.com/subscriptions/$AZX_SUBSCRIPTION/providers/Microsoft.Network/dnszones?api-version=2018-05-01"
  while [ -n "$_url" ]; do
    response="$(_get "$_url")" || return 1
    _zones="$_zones$response"
    _url="$(printf "%s" "$response" | _egrep_o '"nextLink": *"[^"]*"' | cut -d '"' -f 4)"
  done
  i=1
  while true; do
    _left="$(printf "%s" "$1" | cut -d . -f "1-$i")"
    i=$(_math "$i" + 1)
    _domain="$(printf "%s" "$1" | cut -d . -f "$i"-100)"
    [ -n "$_domain" ] || return 1
    _path="$(printf "%s" "$_zones" | _egrep_o "\"id\": *\"[^\"]*/dnszones/$_domain\",[^}]*}[^}]*\"zoneType\": *\"Public\"" | cut -d '"' -f 4)"
    [ -z "$_path" ] || break
  done
  _set="$_path/TXT/$_left?api-version=2018-05-01"
}

_az_token() {
  _token="$(_readaccountconf_mutable AZX_TOKEN)"
  _ends="$(_readaccountconf_mutable AZX_TOKEN_ENDS)"
  if [ -n "$_token" ] && [ "$(_time)" -lt "${_ends:-0}" ]; then
    _debug "the token of before"
    return 0
  fi
  response="$(_post "grant_type=client_credentials&client_id=$AZX_APP&client_secret=$(printf "%s" "$AZX_SECRET" | _url_encode)&scope=$(printf "%s" "https://management.azure.com/.default" | _url_encode)" \
    "https://login.microsoftonline.com/$AZX_TENANT/oauth2/v2.0/token" "" POST)"
  _token="$(printf "%s" "$response" | _egrep_o '"access_token": *"[^"]*"' | cut -d '"' -f 4)"
  if [ -z "$_token" ]; then
    _err "no token: $response"
    return 1
  fi
  _secure_debug3 token "$_token"
  _lasts="$(printf "%s" "$response" | _egrep_o '"expires_in": *[0-9]+' | tr -dc '0-9')"
  _saveaccountconf_mutable AZX_TOKEN "$_token"
  _saveaccountconf_mutable AZX_TOKEN_ENDS "$(_math "$(_time)" + "$_lasts" - 60)"
}
