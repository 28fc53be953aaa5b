#!/usr/bin/env sh
# shellcheck disable=SC2034,SC2154
# A session whose number is in each body, and which is ended whatever became of it.

dns_netcup_add() {
  _nc_open "$1" || return 1
  _nc updateDnsRecords ",\"domainname\":\"$_domain\",\"dnsrecordset\":{\"dnsrecords\":[{\"hostname\":\"$_left\",\"type\":\"TXT\",\"destination\":\"$2\"}]}"
  _ret="$?"
  _nc logout ""
  return "$_ret"
}

dns_netcup_rm() {
  _nc_open "$1" || return 1
  _nc infoDnsRecords ",\"domainname\":\"$_domain\""
  # each record in a line of its own
  _id="$(printf "%s" "$response" | tr '{' '\n' | grep "\"destination\": *\"$2\"" | _egrep_o '"id": *"[0-9]*"' | tr -dc '0-9')"
  _ret=0
  if [ -n "$_id" ]; then
    _nc updateDnsRecords ",\"domainname\":\"$_domain\",\"dnsrecordset\":{\"dnsrecords\":[{\"id\":\"$_id\",\"hostname\":\"$_left\",\"type\":\"TXT\",\"destination\":\"$2\",\"deleterecord\":true}]}"
    _ret="$?"
  fi
  _nc logout ""
  return "$_ret"
}

_nc_open() {
  NCX_CID="${NCX_CID:-$(_readaccountconf_mutable NCX_CID)}"
  NCX_Key="${NCX_Key:-$(_readaccountconf_mutable NCX_Key)}"
  NCX_Password="${NCX_Password:-$(_readaccountconf_mutable NCX_Password)}"
  if [ -z "$NCX_CID" ] || [ -z "$NCX_Key" ] || [ -z "$NCX_Password" ]; then
    _err "settings are missing"
    return 1
  fi
  _saveaccountconf_mutable NCX_CID "$NCX_CID"
  _saveaccountconf_mutable NCX_Key "$NCX_Key"
  _saveaccountconf_mutable NCX_Password "$NCX_Password"
  _sid=""
  _nc login ",\"apipassword\":\"$NCX_Password\"" || return 1
  _sid="$(printf "%s" "$response" | _egrep_o '"apisessionid": *"[^"]*"' | cut -d : -f 2 | tr -d '" ')"
  _debug3 "session" "$_sid"
  _domain="$1"
  while _contains "$_domain" "\..*\."; do
    _domain="$(printf "%s" "$_domain" | cut -d . -f 2-)"
    if _nc infoDnsZone ",\"domainname\":\"$_domain\"" 2>/dev/null; then
      _left="${1%".$_domain"}"
      return 0
    fi
  done
  _nc logout ""
  return 1
}

_nc() {
  response="$(_post "{\"action\":\"$1\",\"param\":{\"customernumber\":\"$NCX_CID\",\"apikey\":\"$NCX_Key\"${_sid:+,\"apisessionid\":\"$_sid\"}$2}}" \
    "https://ccp.netcup.net/run/webservice/servers/endpoint.php?JSON" "" "POST" "application/json")"
  _contains "$response" '"statuscode": *2000' && return 0
  _err "$1: $(printf "%s" "$response" | _egrep_o '"longmessage": *"[^"]*"')"
}
